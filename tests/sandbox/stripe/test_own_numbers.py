"""Invoices with the seller's own numbers, and many lines at once (docs: "Create an invoice", "Add lines")."""

from __future__ import annotations

import pytest
import stripe


def draft(local, **params):
    customer = local.v1.customers.create({"name": "Ada"})
    return local.v1.invoices.create({"customer": customer.id, "currency": "eur", **params})


def test_a_number_of_ones_own_stays(local):
    invoice = draft(local)
    local.v1.invoices.update(invoice.id, {"number": "INV-2026-00001"})
    assert local.v1.invoices.finalize_invoice(invoice.id).number == "INV-2026-00001"


def test_without_one_it_is_the_customers_next(local):
    first = draft(local, number="INV-1")
    local.v1.invoices.finalize_invoice(first.id)
    second = local.v1.invoices.create({"customer": first.customer, "currency": "eur"})
    assert local.v1.invoices.finalize_invoice(second.id).number.endswith("-0001")


def test_custom_fields_stay_on_the_invoice(local):
    fields = [{"name": "N" * 40, "value": "v" * 140}, *({"name": f"n{n}", "value": "v"} for n in range(3))]
    assert [one.to_dict() for one in draft(local, custom_fields=fields).custom_fields] == fields


@pytest.mark.parametrize(
    "fields",
    [
        [{"name": f"n{n}", "value": "v"} for n in range(5)],
        [{"name": "N" * 41, "value": "v"}],
        [{"name": "n", "value": "v" * 141}],
        [{"name": "n", "value": ""}],
    ],
)
def test_custom_fields_have_limits(local, fields):
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        draft(local, custom_fields=fields)
    assert refusal.value.param.startswith("custom_fields")


def test_a_number_is_one_invoices_only(local):
    draft(local, number="INV-1")
    with pytest.raises(stripe.InvalidRequestError, match="exists already"):
        draft(local, number="INV-1")
    other = draft(local)
    with pytest.raises(stripe.InvalidRequestError, match="exists already"):
        local.v1.invoices.update(other.id, {"number": "INV-1"})


def test_a_finalized_invoice_keeps_its_number(local):
    invoice = draft(local, number="INV-1")
    local.v1.invoices.finalize_invoice(invoice.id)
    with pytest.raises(stripe.InvalidRequestError):
        local.v1.invoices.update(invoice.id, {"number": "INV-2"})


def test_lines_are_added_at_once_and_in_order(local):
    """1.00 + 2.00 + 3.00; each is an invoice item of the draft."""
    invoice = draft(local)
    lines = [{"amount": n * 100, "description": f"Line {n}", "metadata": {"n": str(n)}} for n in (1, 2, 3)]
    filled = local.v1.invoices.add_lines(invoice.id, {"lines": lines})
    assert [(line.description, line.amount, line.metadata["n"]) for line in filled.lines.data] == [
        ("Line 1", 100, "1"),
        ("Line 2", 200, "2"),
        ("Line 3", 300, "3"),
    ]
    assert filled.total == 600
    assert len(local.v1.invoice_items.list({"invoice": invoice.id}).data) == 3


def test_what_is_not_known_of_added_lines_is_refused(local):
    invoice = draft(local)
    with pytest.raises(stripe.InvalidRequestError, match="does not know"):
        local.v1.invoices.add_lines(invoice.id, {"lines": [{"amount": 1, "discounts": [{"coupon": "TEN"}]}]})
    with pytest.raises(stripe.InvalidRequestError, match="250"):
        local.v1.invoices.add_lines(invoice.id, {"lines": [{"amount": 1}] * 251})
    local.v1.invoices.add_lines(invoice.id, {"lines": [{"amount": 100}]})
    local.v1.invoices.finalize_invoice(invoice.id)
    with pytest.raises(stripe.InvalidRequestError):
        local.v1.invoices.add_lines(invoice.id, {"lines": [{"amount": 100}]})
