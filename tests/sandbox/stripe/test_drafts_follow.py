"""Until an invoice is finalized it says of the customer what the customer says (docs: "The Invoice object")."""

from __future__ import annotations

from tests.sandbox.stripe.local import Local


def test_a_draft_follows_name_email_and_address(local: Local) -> None:
    customer = local.v1.customers.create({"name": "Ada", "email": "ada@example.com"})
    draft = local.v1.invoices.create({"customer": customer.id, "currency": "eur"})
    local.v1.customers.update(customer.id, {"name": "Nora", "address": {"city": "Berlin", "country": "DE"}})
    found = local.v1.invoices.retrieve(draft.id)
    assert (found.customer_name, found.customer_email) == ("Nora", "ada@example.com")
    assert found.customer_address.city == "Berlin"


def test_a_draft_follows_tax_ids_that_come_and_go(local: Local) -> None:
    customer = local.v1.customers.create({"name": "Ada"})
    draft = local.v1.invoices.create({"customer": customer.id, "currency": "eur"})
    tax_id = local.v1.customers.tax_ids.create(customer.id, {"type": "eu_vat", "value": "DE136695976"})
    assert [one.value for one in local.v1.invoices.retrieve(draft.id).customer_tax_ids] == ["DE136695976"]
    local.v1.customers.tax_ids.delete(customer.id, tax_id.id)
    assert local.v1.invoices.retrieve(draft.id).customer_tax_ids == []


def test_a_finalized_invoice_stays_as_it_is(local: Local) -> None:
    customer = local.v1.customers.create({"name": "Ada"})
    draft = local.v1.invoices.create({"customer": customer.id, "currency": "eur"})
    local.v1.invoices.finalize_invoice(draft.id)
    local.v1.customers.update(customer.id, {"name": "Nora"})
    assert local.v1.invoices.retrieve(draft.id).customer_name == "Ada"


def test_other_customers_drafts_are_left_alone(local: Local) -> None:
    ada, ben = (local.v1.customers.create({"name": name}) for name in ("Ada", "Ben"))
    draft = local.v1.invoices.create({"customer": ben.id, "currency": "eur"})
    local.v1.customers.update(ada.id, {"name": "Nora"})
    assert local.v1.invoices.retrieve(draft.id).customer_name == "Ben"
