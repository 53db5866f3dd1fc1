"""Changing who and what stands on invoices, at Stripe (G20)."""

from __future__ import annotations

from typing import Any

import pytest

from billing.billing_contacts.model import BillTo
from billing.billing_contacts.places import checked_tax_id
from billing.contacts import Address
from billing.errors import TaxIdWrong, Transient, UnknownContact
from billing.ids import OperationId
from billing.ports import Origin
from billing.stripe.events import from_event

BERLIN = Address(line1="Weg 2", postal_code="10115", city="Berlin", country="DE")
NORA = BillTo(name="Nora New", email="nora@engines.example", address=BERLIN, tax_id="DE136695976")
OPERATION = OperationId("op_1")


def tax_ids(local: Any, customer: str) -> list[tuple[str, str]]:
    return [(one.type, one.value) for one in local.v1.customers.tax_ids.list(customer).data]


def test_the_customer_is_another_one(local, payments):
    ada = local.customer(phone="+49 30 1", metadata={"company": "Engines"})
    snapshot = payments.change_bill_to(ada.id, NORA.name, NORA, None, OPERATION)
    found = local.v1.customers.retrieve(ada.id)
    assert (found.name, found.email, found.phone) == ("Nora New", "nora@engines.example", "+49 30 1")
    assert found.metadata.to_dict() == {"company": "Engines", "bill_to_by": OPERATION}
    assert found.address.to_dict() == {
        "line1": "Weg 2", "line2": None, "postal_code": "10115", "city": "Berlin", "state": None, "country": "DE",
    }  # fmt: skip
    assert tax_ids(local, ada.id) == [("eu_vat", "DE136695976")]
    assert (snapshot.name, snapshot.email, snapshot.address) == ("Nora New", "nora@engines.example", BERLIN)
    assert [one.last4 for one in snapshot.payment_methods] == ["4242"]


def test_a_part_that_the_new_address_lacks_is_gone(local, payments):
    ada = local.customer(address={"line1": "Weg 1", "line2": "2nd floor", "state": "Berlin", "country": "DE"})
    snapshot = payments.change_bill_to(ada.id, NORA.name, NORA, None, OPERATION)
    assert snapshot.address == BERLIN


def test_open_drafts_follow_and_finalized_invoices_stay(local, payments):
    """ "The Invoice object": until it is finalized, it says what the customer says."""
    ada = local.customer()
    draft = local.v1.invoices.create({"customer": ada.id, "currency": "eur"})
    done = local.v1.invoices.finalize_invoice(local.v1.invoices.create({"customer": ada.id, "currency": "eur"}).id)
    payments.change_bill_to(ada.id, NORA.name, NORA, None, OPERATION)
    draft, done = (local.v1.invoices.retrieve(one.id) for one in (draft, done))
    assert (draft.customer_name, draft.customer_email) == ("Nora New", "nora@engines.example")
    assert draft.customer_address.city == "Berlin"
    assert [(one.type, one.value) for one in draft.customer_tax_ids] == [("eu_vat", "DE136695976")]
    assert (done.customer_name, done.customer_email) == ("Ada", "ada@example.com")
    following = local.v1.invoices.create({"customer": ada.id, "currency": "eur"})
    assert following.customer_name == "Nora New"


def test_the_same_again_changes_nothing(local, payments):
    """The connection broke on the way back, and the step is repeated."""
    ada = local.customer()
    local.fault("cut_after", f"/v1/customers/{ada.id}/tax_ids")
    with pytest.raises(Transient):
        payments.change_bill_to(ada.id, NORA.name, NORA, None, OPERATION)
    for _ in range(2):
        payments.change_bill_to(ada.id, NORA.name, NORA, None, OPERATION)
    assert tax_ids(local, ada.id) == [("eu_vat", "DE136695976")]


def test_another_tax_id_takes_the_place_of_the_former_and_of_no_other(local, payments):
    ada = local.customer()
    local.v1.customers.tax_ids.create(ada.id, {"type": "eu_vat", "value": "FR40303265045"})
    payments.change_bill_to(ada.id, NORA.name, NORA, None, OPERATION)
    after = NORA.model_copy(update={"tax_id": "DE129273398"})
    payments.change_bill_to(ada.id, after.name, after, NORA.tax_id, OPERATION)
    assert sorted(tax_ids(local, ada.id)) == [("eu_vat", "DE129273398"), ("eu_vat", "FR40303265045")]
    payments.change_bill_to(ada.id, after.name, after.model_copy(update={"tax_id": None}), after.tax_id, OPERATION)
    assert tax_ids(local, ada.id) == [("eu_vat", "FR40303265045")]


def test_the_former_tax_id_goes_also_when_it_is_written_otherwise(local, payments):
    """Stripe kept what somebody typed there; what only the way of writing tells apart is one id."""
    ada, at = local.customer(), BERLIN.model_copy(update={"country": "CH"})
    local.v1.customers.tax_ids.create(ada.id, {"type": "ch_vat", "value": "CHE-107.787.577 IVA"})
    known = NORA.model_copy(update={"address": at, "tax_id": "CHE-107.787.577 IVA"})
    payments.change_bill_to(ada.id, known.name, known, "CHE107787577IVA", OPERATION)
    assert tax_ids(local, ada.id) == [("ch_vat", "CHE-107.787.577 IVA")]
    payments.change_bill_to(ada.id, NORA.name, NORA, "CHE107787577IVA", OPERATION)
    assert tax_ids(local, ada.id) == [("eu_vat", "DE136695976")]


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/tax_ids"), ("POST", ""), ("DELETE", "/tax_ids")], ids=["added", "told", "removed"]
)
def test_after_a_crash_between_any_two_calls_the_repetition_ends_well(local, payments, method, path):
    ada = local.customer(name="Ada")
    payments.change_bill_to(ada.id, NORA.name, NORA, None, OPERATION)
    after = BillTo(name="Eve Next", email="eve@engines.example", address=BERLIN, tax_id="DE129273398")
    local.fault("cut_after", f"/v1/customers/{ada.id}{path}", method=method)
    with pytest.raises(Transient):
        payments.change_bill_to(ada.id, after.name, after, NORA.tax_id, OPERATION)
    payments.change_bill_to(ada.id, after.name, after, NORA.tax_id, OPERATION)
    assert tax_ids(local, ada.id) == [("eu_vat", "DE129273398")]
    assert local.v1.customers.retrieve(ada.id).name == "Eve Next"


def test_a_tax_id_that_stripe_refuses_leaves_everything_as_it_was(local, payments):
    """GX6: the change is refused as a whole, at the field."""
    ada = local.customer()
    payments.change_bill_to(ada.id, NORA.name, NORA, None, OPERATION)
    before = local.v1.customers.retrieve(ada.id)
    after = BillTo(name="Eve Next", email="eve@engines.example", address=BERLIN, tax_id="DE123")
    with pytest.raises(TaxIdWrong) as refused:
        payments.change_bill_to(ada.id, after.name, after, NORA.tax_id, OPERATION)
    assert (refused.value.reason.field, refused.value.reason.parameters) == ("tax_id", {"country": "DE"})
    payments.take_back_tax_id(ada.id, OPERATION)
    assert local.v1.customers.retrieve(ada.id) == before
    assert tax_ids(local, ada.id) == [("eu_vat", "DE136695976")]


@pytest.mark.parametrize(
    ("country", "typed", "kind"),
    [
        ("AU", "51824753556", "au_abn"),
        ("BR", "16727230000197", "br_cnpj"),
        ("CA", "123026635", "ca_bn"),
        ("CA", "123026635RT0001", "ca_gst_hst"),
        ("CH", "CHE107787577IVA", "ch_vat"),
        ("CN", "91110000600037341L", "cn_tin"),
        ("GB", "980780684", "gb_vat"),
        ("GR", "EL094259216", "eu_vat"),
        ("IN", "27AAPFU0939F1ZV", "in_gst"),
        ("IS", "IS00621", "is_vat"),
        ("JP", "5835678256246", "jp_cn"),
        ("KR", "1168200276", "kr_brn"),
        ("LI", "CHE107787577", "li_uid"),
        ("LI", "12345", "li_vat"),
        ("MX", "GODE561231GR8", "mx_rfc"),
        ("NO", "995525828MVA", "no_vat"),
        ("NZ", "49091850", "nz_gst"),
        ("SG", "00192200M", "sg_uen"),
        ("TR", "4540536920", "tr_tin"),
        ("US", "911144442", "us_ein"),
        ("ZA", "4123456789", "za_vat"),
        ("UG", "1000", None),
    ],
)
def test_a_tax_id_has_the_type_of_its_country_and_is_written_as_stripe_wants_it(local, payments, country, typed, kind):
    """ "Customer tax IDs". A country whose ids Stripe does not know keeps them with us."""
    ada, tax_id = local.customer(), checked_tax_id(typed, country)
    at = BERLIN.model_copy(update={"country": country})
    after = NORA.model_copy(update={"address": at, "tax_id": tax_id})
    payments.change_bill_to(ada.id, NORA.name, after, None, OPERATION)
    assert tax_ids(local, ada.id) == ([(kind, tax_id)] if kind else [])


def test_our_own_change_is_not_taken_for_one_in_the_dashboard(local, payments):
    ada = local.customer()
    payments.change_bill_to(ada.id, NORA.name, NORA, None, OPERATION)
    event = local.v1.events.list({"type": "customer.updated", "limit": 1}).data[0]
    assert from_event(event.to_dict()).origin is Origin.OURS


def test_a_customer_that_is_gone_is_a_refusal(local, payments):
    ada = local.customer()
    local.v1.customers.delete(ada.id)
    for customer in (ada.id, "cus_never"):
        with pytest.raises(UnknownContact):
            payments.change_bill_to(customer, NORA.name, NORA, None, OPERATION)


def test_a_busy_stripe_is_tried_again(local, payments):
    ada = local.customer()
    local.fault("429", f"/v1/customers/{ada.id}")
    with pytest.raises(Transient):
        payments.change_bill_to(ada.id, NORA.name, NORA, None, OPERATION)
