"""Credit notes: by amount and by line, before and after payment, with amounts worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.sandbox.stripe.local import Local


def open_invoice(local: Local, amount: int = 10000, customer: Any = None, **fields: Any) -> Any:
    """An invoice that waits for a transfer."""
    customer = customer or local.customer(card=None)
    draft = local.v1.invoices.create(
        {
            "customer": customer.id,
            "collection_method": "send_invoice",
            "days_until_due": 14,
            "currency": "eur",
            **fields,
        }
    )
    item = {"customer": customer.id, "invoice": draft.id, "amount": amount, "currency": "eur", "description": "Work"}
    local.v1.invoice_items.create(item)
    return local.v1.invoices.finalize_invoice(draft.id)


def paid_invoice(local: Local, amount: int = 10000, **fields: Any) -> Any:
    """An invoice that a card has paid."""
    invoice = open_invoice(local, amount, local.customer(), **fields)
    return local.v1.invoices.pay(invoice.id)


def credit(local: Local, invoice: Any, **fields: Any) -> Any:
    return local.v1.credit_notes.create({"invoice": invoice.id, **fields})


def refused(local: Local, invoice: Any, message: str, **fields: Any) -> stripe.InvalidRequestError:
    with pytest.raises(stripe.InvalidRequestError, match=message) as error:
        credit(local, invoice, **fields)
    return error.value


def balance(local: Local, invoice: Any) -> int:
    return int(local.v1.customers.retrieve(invoice.customer).balance)


def test_before_payment_less_is_asked_for(local: Local) -> None:
    # 100.00 asked for, 30.00 credited: 70.00 remain
    invoice = open_invoice(local)
    note = credit(local, invoice, amount=3000, memo="Sorry", reason="order_change", metadata={"case": "7"})
    assert (note.number, note.status, note.type) == (f"{invoice.number}-CN-01", "issued", "pre_payment")
    assert (note.total, note.pre_payment_amount, note.post_payment_amount) == (3000, 3000, 0)
    assert (note.memo, note.reason, note.metadata["case"]) == ("Sorry", "order_change", "7")
    after = local.v1.invoices.retrieve(invoice.id)
    assert (after.status, after.total, after.amount_due, after.amount_remaining) == ("open", 10000, 7000, 7000)
    assert (after.pre_payment_credit_notes_amount, after.post_payment_credit_notes_amount) == (3000, 0)
    (intent,) = local.v1.payment_intents.list({"customer": invoice.customer}).data
    assert intent.amount == 7000
    assert {"credit_note.created", "invoice.updated"} <= set(local.events())


def test_what_remains_is_what_the_card_pays(local: Local) -> None:
    invoice = open_invoice(local, customer=local.customer())
    credit(local, invoice, amount=3000)
    paid = local.v1.invoices.pay(invoice.id)
    (charge,) = local.v1.charges.list({"customer": invoice.customer}).data
    assert (paid.status, paid.amount_paid, paid.amount_remaining, charge.amount) == ("paid", 7000, 0, 7000)


def test_crediting_all_of_an_open_invoice_settles_it(local: Local) -> None:
    invoice = open_invoice(local)
    credit(local, invoice, amount=4000)
    second = credit(local, invoice, amount=6000)
    after = local.v1.invoices.retrieve(invoice.id)
    assert second.number == f"{invoice.number}-CN-02"
    assert (after.status, after.amount_due, after.amount_paid, after.amount_remaining) == ("paid", 0, 0, 0)
    (intent,) = local.v1.payment_intents.list({"customer": invoice.customer}).data
    assert intent.status == "canceled"
    assert local.events().count("invoice.paid") == 1


def test_never_more_than_the_invoice(local: Local) -> None:
    invoice = open_invoice(local)
    assert refused(local, invoice, "greater than what can still be credited", amount=10001).param == "amount"
    credit(local, invoice, amount=9999)
    refused(local, invoice, r"\(1\)", amount=2)
    credit(local, invoice, amount=1)
    refused(local, invoice, r"\(0\)", amount=1)


def test_after_payment_the_parts_must_add_up(local: Local) -> None:
    # 50.00 of 100.00 paid: 20.00 to the card, 25.00 as credit, 5.00 in cash
    invoice = paid_invoice(local)
    refused(local, invoice, r"\(4000\) must equal .* \(5000\)", amount=5000, refund_amount=2000, credit_amount=2000)
    refused(local, invoice, r"\(0\) must equal", amount=5000)
    parts = {"refund_amount": 2000, "credit_amount": 2500, "out_of_band_amount": 500}
    note = credit(local, invoice, amount=5000, **parts)
    assert (note.type, note.post_payment_amount, note.out_of_band_amount) == ("post_payment", 5000, 500)
    (linked,) = note.refunds
    (refund,) = local.v1.refunds.list().data
    assert (linked.refund, linked.amount_refunded, refund.amount) == (refund.id, 2000, 2000)
    assert balance(local, invoice) == -2500
    transaction = local.v1.customers.balance_transactions.retrieve(invoice.customer, note.customer_balance_transaction)
    assert (transaction.type, transaction.amount, transaction.credit_note) == ("credit_note", -2500, note.id)
    after = local.v1.invoices.retrieve(invoice.id)
    assert (after.status, after.amount_due, after.amount_paid) == ("paid", 10000, 10000)
    assert (after.pre_payment_credit_notes_amount, after.post_payment_credit_notes_amount) == (0, 5000)


def test_no_way_of_giving_back_is_negative(local: Local) -> None:
    invoice = paid_invoice(local)
    refused(local, invoice, "credit_amount is not negative", amount=1000, refund_amount=2000, credit_amount=-1000)
    refused(local, invoice, "positive integer", amount=0, credit_amount=0)


def test_a_refund_is_given_once(local: Local) -> None:
    # 100.00 paid, 80.00 refunded by hand. A note over 100.00 names those 80.00 and refunds the last 20.00.
    invoice = paid_invoice(local)
    (charge,) = local.v1.charges.list({"customer": invoice.customer}).data
    refund = local.v1.refunds.create({"charge": charge.id, "amount": 8000})
    refused(local, invoice, "only 2000 of what was paid is left", amount=10000, credit_amount=10000)
    refused(local, invoice, "between 1 and", amount=9000, refunds=[{"refund": refund.id, "amount_refunded": 9000}])
    note = credit(local, invoice, amount=10000, refund_amount=2000, refunds=[{"refund": refund.id}])
    assert [entry.amount_refunded for entry in note.refunds] == [8000, 2000]
    assert local.v1.charges.retrieve(charge.id).amount_refunded == 10000
    refused(local, invoice, "can still be credited", amount=1, refunds=[{"refund": refund.id}])


def test_a_named_refund_belongs_to_the_invoice_and_to_one_note(local: Local) -> None:
    invoice, other = paid_invoice(local), paid_invoice(local)
    foreign = local.v1.charges.list({"customer": other.customer}).data[0]
    refund = local.v1.refunds.create({"charge": foreign.id, "amount": 1000})
    refused(local, invoice, "does not belong", amount=1000, refunds=[{"refund": refund.id}])
    credit(local, other, amount=600, refunds=[{"refund": refund.id, "amount_refunded": 600}])
    refused(local, other, r"no credit note has of this refund \(400\)", amount=500, refunds=[
        {"refund": refund.id, "amount_refunded": 500}
    ])  # fmt: skip
    assert credit(local, other, amount=400, refunds=[{"refund": refund.id}]).refunds[0].amount_refunded == 400


def test_an_invoice_that_credit_paid_can_only_be_credited_as_credit(local: Local) -> None:
    customer = local.customer(card=None)
    local.v1.customers.balance_transactions.create(customer.id, {"amount": -10000, "currency": "eur"})
    invoice = open_invoice(local, customer=customer)
    assert (invoice.status, invoice.amount_due) == ("paid", 0)
    refused(local, invoice, "not paid by a charge", amount=4000, refund_amount=4000)
    credit(local, invoice, amount=4000, credit_amount=4000)
    assert balance(local, invoice) == -4000


def test_partly_paid_means_mixed(local: Local) -> None:
    # 100.00, of which 60.00 are paid: a note over 70.00 takes the 40.00 that remain and gives 30.00 back
    invoice = open_invoice(local)
    record = local.v1.payment_records.report_payment({
        "amount_requested": {"currency": "eur", "value": 6000},
        "initiated_at": local.now(),
        "payment_method_details": {"type": "custom", "custom": {"display_name": "Check"}},
        "outcome": "guaranteed",
        "guaranteed": {"guaranteed_at": local.now()},
    })  # fmt: skip
    local.v1.invoices.attach_payment(invoice.id, {"payment_record": record.id})
    note = credit(local, invoice, amount=7000, out_of_band_amount=3000)
    assert (note.type, note.pre_payment_amount, note.post_payment_amount) == ("mixed", 4000, 3000)
    after = local.v1.invoices.retrieve(invoice.id)
    assert (after.status, after.amount_due, after.amount_paid, after.amount_remaining) == ("paid", 6000, 6000, 0)


def with_tax(local: Local, inclusive: bool, quantity: int = 3, **fields: Any) -> Any:
    """Seats at 9.99 with 19 % tax, charged."""
    rate = local.v1.tax_rates.create({"display_name": "VAT", "percentage": 19, "inclusive": inclusive})
    subscription = local.subscribe(local.customer(), local.price(999), quantity, default_tax_rates=[rate.id], **fields)
    return local.invoices(subscription)[0]


def test_a_line_takes_its_exclusive_tax_with_it(local: Local) -> None:
    # 3 × 9.99 = 29.97, 19 % = 5.6943, 5.69; total 35.66. One seat: 9.99, and a third of the tax 1.8967, 1.90: 11.89.
    # Two more: 19.98 and what is left of the tax, 3.79: 23.77. Together 35.66.
    invoice = with_tax(local, inclusive=False)
    assert invoice.total == 3566
    line = invoice.lines.data[0].id
    wanted = {"type": "invoice_line_item", "invoice_line_item": line}
    one = credit(local, invoice, lines=[{**wanted, "quantity": 1}], credit_amount=1189)
    assert (one.subtotal, one.total, one.total_excluding_tax) == (999, 1189, 999)
    assert [(tax.amount, tax.tax_behavior) for tax in one.total_taxes] == [(190, "exclusive")]
    assert (one.lines.data[0].quantity, one.lines.data[0].unit_amount) == (1, 999)
    two = credit(local, invoice, lines=[{**wanted, "quantity": 2}], refund_amount=2377)
    assert [tax.amount for tax in two.total_taxes] == [379]
    assert one.total + two.total == invoice.total


def test_a_line_keeps_its_inclusive_tax_inside(local: Local) -> None:
    # 3 × 9.99 = 29.97 with 19 % inside: 29.97 × 19 / 119 = 4.7851, 4.79. Half up for 10.00 of it: 4.79 × 1000 / 2997
    # = 1.5983, 1.60.
    invoice = with_tax(local, inclusive=True)
    entry = {"type": "invoice_line_item", "invoice_line_item": invoice.lines.data[0].id, "amount": 1000}
    note = credit(local, invoice, lines=[entry], credit_amount=1000)
    assert (note.total, note.total_excluding_tax) == (1000, 840)
    assert [(tax.amount, tax.tax_behavior) for tax in note.total_taxes] == [(160, "inclusive")]


def test_a_line_takes_its_discount_with_it(local: Local) -> None:
    # 3 × 9.99 = 29.97, 15 % off is 4.4955, 4.50; 25.47 + 19 % (4.84) = 30.31.
    # One of three seats: 9.99 − 1.50 + 1.61 (4.84 / 3 = 1.6133) = 10.10
    coupon = local.v1.coupons.create({"percent_off": 15, "duration": "forever"})
    invoice = with_tax(local, inclusive=False, discounts=[{"coupon": coupon.id}])
    assert invoice.total == 3031
    line = invoice.lines.data[0].id
    entry = {"type": "invoice_line_item", "invoice_line_item": line, "quantity": 1}
    note = credit(local, invoice, lines=[entry], refund_amount=1010)
    assert (note.subtotal, note.discount_amount, note.total) == (999, 150, 1010)
    rest = {"type": "invoice_line_item", "invoice_line_item": line, "quantity": 2}
    assert credit(local, invoice, lines=[rest], refund_amount=2021).total == 3031 - 1010


def test_a_custom_line_is_taxed_by_its_own_rates(local: Local) -> None:
    # 2 × 5.00 = 10.00 + 19 % = 11.90
    invoice = paid_invoice(local)
    rate = local.v1.tax_rates.create({"display_name": "VAT", "percentage": 19, "inclusive": False})
    entry = {
        "type": "custom_line_item",
        "description": "Goodwill",
        "quantity": 2,
        "unit_amount": 500,
        "tax_rates": [rate.id],
    }
    note = credit(local, invoice, lines=[entry], amount=1190, refund_amount=1190)
    assert (note.subtotal, note.total, note.lines.data[0].description) == (1000, 1190, "Goodwill")
    refused(local, invoice, "not what the lines add up to", lines=[entry], amount=1000, refund_amount=1000)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"quantity": 4}, "between 1 and 3"),
        ({"quantity": 0}, "between 1 and 3"),
        ({"amount": 3001}, r"left of the line \(3000\)"),
        ({"amount": 100, "quantity": 1}, "exactly one of"),
        ({}, "exactly one of"),
        ({"amount": 100, "unit_amount": 100}, "only valid with type=custom_line_item"),
        ({"amount": 100, "invoice_line_item": "il_other"}, "No such line item"),
        ({"amount": 100, "tax_amounts": [{"amount": 1, "tax_rate": "txr_1", "taxable_amount": 5}]}, "automatic tax"),
    ],
)
def test_lines_that_cannot_be_credited(local: Local, change: dict[str, Any], message: str) -> None:
    subscription = local.subscribe(local.customer(), local.price(1000), 3)
    invoice = local.invoices(subscription)[0]
    entry = {"type": "invoice_line_item", "invoice_line_item": invoice.lines.data[0].id, **change}
    refused(local, invoice, message, lines=[entry], credit_amount=100)


def test_amounts_and_quantities_of_a_line_do_not_mix(local: Local) -> None:
    subscription = local.subscribe(local.customer(), local.price(1000), 3)
    invoice = local.invoices(subscription)[0]
    wanted = {"type": "invoice_line_item", "invoice_line_item": invoice.lines.data[0].id}
    credit(local, invoice, lines=[{**wanted, "amount": 500}], credit_amount=500)
    refused(local, invoice, "in that way again", lines=[{**wanted, "quantity": 1}], credit_amount=1000)
    # one after the other within one note counts as well: 15.00 + 15.00 + 5.00 are more than 30.00
    twice = [{**wanted, "amount": 1500}, {**wanted, "amount": 1500}]
    refused(local, invoice, r"left of the line \(1000\)", lines=twice, credit_amount=3000)


def test_a_preview_leaves_nothing(local: Local) -> None:
    invoice = open_invoice(local)
    before = local.events()
    shown = local.v1.credit_notes.preview({"invoice": invoice.id, "amount": 2500})
    assert (shown.total, shown.pre_payment_amount) == (2500, 2500)
    lines = local.v1.credit_notes.preview_lines.list({"invoice": invoice.id, "amount": 2500})
    assert [line.amount for line in lines.data] == [2500]
    assert local.v1.credit_notes.list({"invoice": invoice.id}).data == []
    assert local.v1.invoices.retrieve(invoice.id).amount_remaining == 10000
    assert local.events() == before


def test_read_change_and_list(local: Local) -> None:
    invoice = open_invoice(local)
    note = credit(local, invoice, amount=1000)
    credit(local, open_invoice(local), amount=1000)
    assert local.v1.credit_notes.retrieve(note.id).number == note.number
    changed = local.v1.credit_notes.update(note.id, {"memo": "Corrected", "metadata": {"a": "b"}})
    assert (changed.memo, changed.metadata["a"]) == ("Corrected", "b")
    assert [entry.id for entry in local.v1.credit_notes.list({"invoice": invoice.id}).data] == [note.id]
    assert [entry.id for entry in local.v1.credit_notes.list({"customer": invoice.customer}).data] == [note.id]
    assert [line.amount for line in local.v1.credit_notes.line_items.list(note.id).data] == [1000]
    assert "credit_note.updated" in local.events()
    with pytest.raises(stripe.InvalidRequestError, match="No such credit_note"):
        local.v1.credit_notes.retrieve("cn_nothing")


def test_voiding_asks_for_the_money_again(local: Local) -> None:
    invoice = open_invoice(local)
    note = credit(local, invoice, amount=3000)
    void = local.v1.credit_notes.void_credit_note(note.id)
    assert (void.status, void.voided_at) == ("void", void.voided_at)
    assert void.voided_at is not None
    after = local.v1.invoices.retrieve(invoice.id)
    assert (after.amount_due, after.amount_remaining, after.pre_payment_credit_notes_amount) == (10000, 10000, 0)
    with pytest.raises(stripe.InvalidRequestError, match="void already"):
        local.v1.credit_notes.void_credit_note(note.id)
    assert credit(local, invoice, amount=10000).number == f"{invoice.number}-CN-02"
    assert "credit_note.voided" in local.events()


def test_what_was_given_back_cannot_be_voided(local: Local) -> None:
    note = credit(local, paid_invoice(local), amount=1000, refund_amount=1000)
    with pytest.raises(stripe.InvalidRequestError, match="open invoices"):
        local.v1.credit_notes.void_credit_note(note.id)


@pytest.mark.parametrize("state", ["draft", "void", "uncollectible"])
def test_only_open_and_paid_invoices_are_credited(local: Local, state: str) -> None:
    customer = local.customer(card=None)
    if state == "draft":
        invoice = local.v1.invoices.create({"customer": customer.id})
    else:
        invoice = open_invoice(local, customer=customer)
        end = local.v1.invoices.void_invoice if state == "void" else local.v1.invoices.mark_uncollectible
        end(invoice.id)
    refused(local, invoice, f"this one is {state}", amount=100)


def test_without_amount_and_lines_and_with_shipping_it_is_refused(local: Local) -> None:
    invoice = open_invoice(local)
    assert refused(local, invoice, "one of: amount, lines").code == "parameter_missing"
    refused(local, invoice, "does not know shipping_cost", amount=100, shipping_cost={"shipping_rate": "shr_1"})
    refused(local, invoice, "Received unknown parameter: colour", amount=100, colour="red")


def test_yen_and_dinars(local: Local) -> None:
    # 10 % of ¥1000 = 100; one of two lines of ¥500 back: ¥550
    rate = local.v1.tax_rates.create({"display_name": "CT", "percentage": 10, "inclusive": False})
    subscription = local.subscribe(local.customer(), local.price(500, currency="jpy"), 2, default_tax_rates=[rate.id])
    invoice = local.invoices(subscription)[0]
    entry = {"type": "invoice_line_item", "invoice_line_item": invoice.lines.data[0].id, "quantity": 1}
    note = credit(local, invoice, lines=[entry], refund_amount=550)
    assert (note.currency, note.total) == ("jpy", 550)
