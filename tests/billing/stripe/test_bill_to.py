"""Changing who and what stands on invoices, at Stripe (G20)."""

from __future__ import annotations

from typing import Any

import pytest

from billing.billing_contacts.model import BillTo
from billing.contacts import Address
from billing.errors import Transient, UnknownContact

BERLIN = Address(line1="Weg 2", postal_code="10115", city="Berlin", country="DE")
NORA = BillTo(name="Nora New", email="nora@engines.example", address=BERLIN, tax_id="DE136695976")


def tax_ids(local: Any, customer: str) -> list[tuple[str, str]]:
    return [(one.type, one.value) for one in local.v1.customers.tax_ids.list(customer).data]


def test_the_customer_is_another_one(local, payments):
    ada = local.customer(phone="+49 30 1", metadata={"company": "Engines"})
    snapshot = payments.change_bill_to(ada.id, NORA, None)
    found = local.v1.customers.retrieve(ada.id)
    assert (found.name, found.email, found.phone) == ("Nora New", "nora@engines.example", "+49 30 1")
    assert found.metadata.to_dict() == {"company": "Engines"}
    assert found.address.to_dict() == {
        "line1": "Weg 2", "line2": None, "postal_code": "10115", "city": "Berlin", "state": None, "country": "DE",
    }  # fmt: skip
    assert tax_ids(local, ada.id) == [("eu_vat", "DE136695976")]
    assert (snapshot.name, snapshot.email, snapshot.address) == ("Nora New", "nora@engines.example", BERLIN)
    assert [one.last4 for one in snapshot.payment_methods] == ["4242"]


def test_a_part_that_the_new_address_lacks_is_gone(local, payments):
    ada = local.customer(address={"line1": "Weg 1", "line2": "2nd floor", "state": "Berlin", "country": "DE"})
    snapshot = payments.change_bill_to(ada.id, NORA, None)
    assert snapshot.address == BERLIN


def test_open_drafts_follow_and_finalized_invoices_stay(local, payments):
    """ "The Invoice object": until it is finalized, it says what the customer says."""
    ada = local.customer()
    draft = local.v1.invoices.create({"customer": ada.id, "currency": "eur"})
    done = local.v1.invoices.finalize_invoice(local.v1.invoices.create({"customer": ada.id, "currency": "eur"}).id)
    payments.change_bill_to(ada.id, NORA, None)
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
        payments.change_bill_to(ada.id, NORA, None)
    for _ in range(2):
        payments.change_bill_to(ada.id, NORA, None)
    assert tax_ids(local, ada.id) == [("eu_vat", "DE136695976")]


def test_another_tax_id_takes_the_place_of_the_former_and_of_no_other(local, payments):
    ada = local.customer()
    local.v1.customers.tax_ids.create(ada.id, {"type": "eu_vat", "value": "FR40303265045"})
    payments.change_bill_to(ada.id, NORA, None)
    after = NORA.model_copy(update={"tax_id": "DE129273398"})
    payments.change_bill_to(ada.id, after, NORA.tax_id)
    assert sorted(tax_ids(local, ada.id)) == [("eu_vat", "DE129273398"), ("eu_vat", "FR40303265045")]
    payments.change_bill_to(ada.id, after.model_copy(update={"tax_id": None}), after.tax_id)
    assert tax_ids(local, ada.id) == [("eu_vat", "FR40303265045")]


@pytest.mark.parametrize(
    ("country", "tax_id", "kind"),
    [
        ("GB", "980780684", "gb_vat"),
        ("GR", "EL094259216", "eu_vat"),
        ("US", "911144442", "us_ein"),
        ("UG", "1000", None),
    ],
)
def test_a_tax_id_has_the_type_of_its_country(local, payments, country, tax_id, kind):
    """A country whose ids Stripe does not know keeps them with us."""
    ada = local.customer()
    at = BERLIN.model_copy(update={"country": country})
    payments.change_bill_to(ada.id, NORA.model_copy(update={"address": at, "tax_id": tax_id}), None)
    assert tax_ids(local, ada.id) == ([(kind, tax_id)] if kind else [])


def test_a_customer_that_is_gone_is_a_refusal(local, payments):
    ada = local.customer()
    local.v1.customers.delete(ada.id)
    for customer in (ada.id, "cus_never"):
        with pytest.raises(UnknownContact):
            payments.change_bill_to(customer, NORA, None)


def test_a_busy_stripe_is_tried_again(local, payments):
    ada = local.customer()
    local.fault("429", f"/v1/customers/{ada.id}")
    with pytest.raises(Transient):
        payments.change_bill_to(ada.id, NORA, None)
