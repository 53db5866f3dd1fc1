"""Tax ids are refused when they are not written as in Stripe's examples (docs: "Customer tax IDs")."""

from __future__ import annotations

import pytest
import stripe

from tests.sandbox.stripe.local import Local


@pytest.mark.parametrize(
    ("kind", "value"),
    [("eu_vat", "DE123"), ("eu_vat", "136695976"), ("gb_vat", "980780684"), ("us_ein", "911144442"),
     ("li_uid", "1234"), ("ch_vat", "CHE107787577IVA"), ("za_vat", "0001339050"), ("br_cnpj", "16727230000197")],
)  # fmt: skip
def test_what_is_not_written_so_is_refused(local: Local, kind: str, value: str) -> None:
    customer = local.v1.customers.create({"name": "Ada"})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        local.v1.customers.tax_ids.create(customer.id, {"type": kind, "value": value})
    assert (refused.value.code, refused.value.param) == ("tax_id_invalid", "value")
    assert local.v1.customers.tax_ids.list(customer.id).data == []


@pytest.mark.parametrize(
    ("kind", "value"),
    [("eu_vat", "ATU12345678"), ("eu_vat", "NL123456789B12"), ("gb_vat", "GB123456789"), ("us_ein", "12-3456789"),
     ("li_uid", "CHE123456789"), ("ch_vat", "CHE-123.456.789 MWST"), ("za_vat", "4123456789"),
     ("in_gst", "12ABCDE3456FGZH"), ("mx_rfc", "ABC010203AB9"), ("sg_uen", "123456789F"), ("ae_trn", "1")],
)  # fmt: skip
def test_the_examples_of_the_docs_are_taken(local: Local, kind: str, value: str) -> None:
    customer = local.v1.customers.create({"name": "Ada"})
    assert local.v1.customers.tax_ids.create(customer.id, {"type": kind, "value": value}).value == value
