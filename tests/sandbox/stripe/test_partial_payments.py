"""Invoices paid in parts: by payment intents, by reported checks and transfers; and what is too little to charge."""

from __future__ import annotations

from typing import Any

import pytest
import requests
import stripe

from tests.sandbox.stripe.local import Local


def sent_invoice(local: Local, customer: Any, amount: int = 10000, **fields: Any) -> Any:
    sent = {"collection_method": "send_invoice", "days_until_due": 14, "currency": "eur"} | fields
    draft = local.v1.invoices.create({"customer": customer.id, **sent})
    item = {"customer": customer.id, "invoice": draft.id, "amount": amount, "description": "Work"}
    local.v1.invoice_items.create({**item, "currency": sent["currency"]})
    return local.v1.invoices.finalize_invoice(draft.id)


def intent(local: Local, customer: Any, amount: int, currency: str = "eur", **fields: Any) -> Any:
    return local.v1.payment_intents.create({"amount": amount, "currency": currency, "customer": customer.id, **fields})


def record(
    local: Local, value: int, *, outcome: str | None = "guaranteed", currency: str = "eur", **fields: Any
) -> Any:
    ended = {"outcome": outcome, outcome: {f"{outcome}_at": local.now()}} if outcome else {}
    return local.v1.payment_records.report_payment({
        "amount_requested": {"currency": currency, "value": value},
        "initiated_at": local.now(),
        "payment_method_details": {"type": "custom", "custom": {"display_name": "Check"}},
        "processor_details": {"type": "custom", "custom": {"payment_reference": "check 1042"}},
        **ended,
        **fields,
    })  # fmt: skip


def attach(local: Local, invoice: Any, **payment: str) -> Any:
    return local.v1.invoices.attach_payment(invoice.id, payment)


def refused(local: Local, invoice: Any, message: str, **payment: str) -> None:
    with pytest.raises(stripe.InvalidRequestError, match=message):
        attach(local, invoice, **payment)


def test_a_check_pays_a_part_and_the_invoice_stays_open(local: Local) -> None:
    # 100.00 asked for, a check over 40.00: 60.00 remain, and the default payment asks for those
    customer = local.customer(card=None)
    invoice = sent_invoice(local, customer)
    check = record(local, 4000, customer_details={"customer": customer.id})
    assert (check.amount_guaranteed.value, check.reported_by, check.payment_method_details.custom.display_name) == (
        4000, "self", "Check",
    )  # fmt: skip
    after = attach(local, invoice, payment_record=check.id)
    assert (after.status, after.amount_due, after.amount_paid, after.amount_remaining) == ("open", 10000, 4000, 6000)
    assert (after.amount_paid_off_stripe, after.amount_overpaid) == (4000, 0)
    by_record = {"payment": {"type": "payment_record", "payment_record": check.id}}
    (payment,) = local.v1.invoice_payments.list(by_record).data
    assert (payment.status, payment.amount_paid, payment.is_default) == ("paid", 4000, False)
    (default,) = local.v1.payment_intents.list({"customer": customer.id}).data
    assert (default.amount, default.status) == (6000, "requires_payment_method")
    assert "invoice_payment.paid" in local.events()
    assert "invoice.paid" not in local.events()


def test_a_card_pays_the_rest(local: Local) -> None:
    customer = local.customer()
    invoice = sent_invoice(local, customer)
    attach(local, invoice, payment_record=record(local, 4000).id)
    paid = local.v1.invoices.pay(invoice.id)
    assert (paid.status, paid.amount_paid, paid.amount_remaining, paid.amount_paid_off_stripe) == (
        "paid",
        10000,
        0,
        4000,
    )
    (charge,) = local.v1.charges.list({"customer": customer.id}).data
    assert charge.amount == 6000
    assert local.events().count("invoice.paid") == 1
    assert "60.00" not in requests.get(invoice.hosted_invoice_url, timeout=10).text.partition("Still to pay")[2][:60]


def test_the_hosted_page_asks_for_the_rest(local: Local) -> None:
    invoice = sent_invoice(local, local.customer(card=None))
    attach(local, invoice, payment_record=record(local, 4000).id)
    text = requests.get(invoice.hosted_invoice_url, timeout=10).text
    assert "Pay 60.00 EUR" in text
    assert "-40.00 EUR" in text


def test_three_parts_settle_an_invoice(local: Local) -> None:
    # 25.00 by a confirmed intent, 25.00 by one that is confirmed later, 50.00 by transfer
    customer = local.customer()
    invoice = sent_invoice(local, customer)
    card = local.method_of(customer)
    done = intent(local, customer, 2500, payment_method=card, confirm=True)
    assert attach(local, invoice, payment_intent=done.id).amount_paid == 2500
    later = intent(local, customer, 2500)
    assert attach(local, invoice, payment_intent=later.id).amount_paid == 2500
    local.v1.payment_intents.confirm(later.id, {"payment_method": card})
    assert local.v1.invoices.retrieve(invoice.id).amount_remaining == 5000
    settled = attach(local, invoice, payment_record=record(local, 5000).id)
    assert (settled.status, settled.amount_paid, settled.amount_paid_off_stripe) == ("paid", 10000, 5000)
    payments = local.v1.invoice_payments.list({"invoice": invoice.id}).data
    assert sorted((entry.status, entry.is_default, entry.amount_paid) for entry in payments if entry.amount_paid) == [
        ("paid", False, 2500), ("paid", False, 2500), ("paid", False, 5000),
    ]  # fmt: skip
    assert [entry.status for entry in payments if entry.is_default] == ["canceled"]


def test_the_cardholder_confirms_a_part(local: Local) -> None:
    customer = local.customer("pm_card_authenticationRequired")
    invoice = sent_invoice(local, customer)
    part = intent(local, customer, 4000, payment_method=local.method_of(customer), confirm=True)
    attach(local, invoice, payment_intent=part.id)
    assert local.v1.invoices.retrieve(invoice.id).amount_paid == 0
    requests.post(part.next_action.redirect_to_url.url, data={"answer": "approve"}, timeout=10)
    assert local.v1.invoices.retrieve(invoice.id).amount_paid == 4000


def test_a_transfer_on_its_way_counts_when_it_has_arrived(local: Local) -> None:
    invoice = sent_invoice(local, local.customer(card=None))
    transfer = record(local, 3000, outcome=None)
    assert attach(local, invoice, payment_record=transfer.id).amount_paid == 0
    sure = local.v1.payment_records.report_payment_attempt_guaranteed(transfer.id, {"guaranteed_at": local.now()})
    assert sure.amount_guaranteed.value == 3000
    assert local.v1.invoices.retrieve(invoice.id).amount_paid == 3000
    with pytest.raises(stripe.InvalidRequestError, match="reported already"):
        local.v1.payment_records.report_payment_attempt_failed(transfer.id, {"failed_at": local.now()})


@pytest.mark.parametrize("end", ["failed", "canceled"])
def test_a_transfer_that_does_not_arrive_is_dropped(local: Local, end: str) -> None:
    invoice = sent_invoice(local, local.customer(card=None))
    transfer = record(local, 3000, outcome=None)
    attach(local, invoice, payment_record=transfer.id)
    report = getattr(local.v1.payment_records, f"report_payment_attempt_{end}")
    assert getattr(report(transfer.id, {f"{end}_at": local.now()}), f"amount_{end}").value == 3000
    (payment,) = [p for p in local.v1.invoice_payments.list({"invoice": invoice.id}).data if not p.is_default]
    assert payment.status == "canceled"
    assert local.v1.invoices.retrieve(invoice.id).amount_remaining == 10000
    refused(local, invoice, "failed or was canceled", payment_record=record(local, 100, outcome=end).id)


def test_a_canceled_intent_is_dropped_and_the_invoice_can_be_voided(local: Local) -> None:
    customer = local.customer(card=None)
    invoice = sent_invoice(local, customer)
    part = intent(local, customer, 1000)
    attach(local, invoice, payment_intent=part.id)
    for end in (local.v1.invoices.void_invoice, local.v1.invoices.mark_uncollectible):
        with pytest.raises(stripe.InvalidRequestError, match="open"):
            end(invoice.id)
    local.v1.payment_intents.cancel(part.id)
    assert local.v1.invoices.void_invoice(invoice.id).status == "void"
    refused(local, invoice, "this one is void", payment_intent=intent(local, customer, 1000).id)


def test_too_much_becomes_credit(local: Local) -> None:
    # 100.00 asked for, a transfer over 130.00: 30.00 are credit and pay for a part of the next 80.00
    customer = local.customer(card=None)
    paid = attach(local, sent_invoice(local, customer), payment_record=record(local, 13000).id)
    assert (paid.status, paid.amount_paid, paid.amount_overpaid, paid.amount_remaining) == ("paid", 10000, 3000, 0)
    assert local.v1.customers.retrieve(customer.id).balance == -3000
    assert local.v1.customers.balance_transactions.list(customer.id).data[0].type == "invoice_overpaid"
    assert "invoice.overpaid" in local.events()
    assert sent_invoice(local, customer, 8000).amount_due == 5000


def test_two_parts_that_together_are_too_much(local: Local) -> None:
    # both were attached while 100.00 remained: 70.00 + 70.00 leave 40.00 as credit
    customer = local.customer()
    invoice = sent_invoice(local, customer)
    parts = [intent(local, customer, 7000) for _ in range(2)]
    for part in parts:
        attach(local, invoice, payment_intent=part.id)
    for part in parts:
        local.v1.payment_intents.confirm(part.id, {"payment_method": local.method_of(customer)})
    after = local.v1.invoices.retrieve(invoice.id)
    assert (after.status, after.amount_paid, after.amount_overpaid) == ("paid", 10000, 4000)
    assert local.v1.customers.retrieve(customer.id).balance == -4000
    assert local.events().count("invoice.paid") == 1


def test_parts_that_do_not_fit_are_refused(local: Local) -> None:
    customer, other = local.customer(), local.customer()
    invoice = sent_invoice(local, customer)
    refused(local, invoice, "greater than the amount remaining", payment_intent=intent(local, customer, 10001).id)
    refused(local, invoice, "same customer", payment_intent=intent(local, other, 100).id)
    refused(local, invoice, "same currency|same customer", payment_intent=intent(local, customer, 100, "usd").id)
    refused(local, invoice, "same currency", payment_record=record(local, 100, currency="usd").id)
    foreign = record(local, 100, customer_details={"customer": other.id})
    refused(local, invoice, "another customer", payment_record=foreign.id)
    refused(local, invoice, "exactly one of")
    refused(local, invoice, "No such payment_record", payment_record="pr_nothing")
    check = record(local, 100)
    attach(local, invoice, payment_record=check.id)
    refused(local, invoice, "attached to an invoice already", payment_record=check.id)
    gone = local.v1.payment_intents.cancel(intent(local, customer, 100).id)
    refused(local, invoice, "canceled cannot be attached", payment_intent=gone.id)
    default = local.v1.invoice_payments.list({"invoice": invoice.id}).data[-1].payment.payment_intent
    refused(local, invoice, "attached to an invoice already", payment_intent=default)
    with pytest.raises(stripe.InvalidRequestError, match="paid payments"):
        local.v1.invoices.void_invoice(invoice.id)


def test_subscriptions_that_are_charged_are_not_paid_in_parts(local: Local) -> None:
    customer = local.customer("pm_card_chargeCustomerFail")
    subscription = local.subscribe(customer, local.price(5000))
    (invoice,) = local.invoices(subscription)
    refused(local, invoice, "charged automatically", payment_record=record(local, 100).id)


def test_a_sent_subscription_invoice_is_paid_in_parts_and_goes_on(local: Local) -> None:
    sub = local.subscribe(
        local.customer(card=None), local.price(5000), collection_method="send_invoice", days_until_due=30
    )
    (invoice,) = local.invoices(sub)
    attach(local, invoice, payment_record=record(local, 2000).id)
    local.advance_to("2026-02-15 02:00")
    assert local.v1.invoices.retrieve(invoice.id).amount_remaining == 3000
    assert [entry.status for entry in local.invoices(sub)] == ["open", "open"]
    assert attach(local, invoice, payment_record=record(local, 3000).id).status == "paid"


def test_the_rest_is_paid_out_of_band(local: Local) -> None:
    invoice = sent_invoice(local, local.customer(card=None))
    attach(local, invoice, payment_record=record(local, 4000).id)
    paid = local.v1.invoices.pay(invoice.id, {"paid_out_of_band": True})
    assert (paid.status, paid.amount_paid, paid.amount_paid_off_stripe) == ("paid", 10000, 10000)


def test_refunds_of_parts(local: Local) -> None:
    # a card part of 30.00: 10.00 back, then at most 20.00. A check of 70.00: 50.00 back, then at most 20.00.
    customer = local.customer()
    invoice = sent_invoice(local, customer)
    part = intent(local, customer, 3000, payment_method=local.method_of(customer), confirm=True)
    attach(local, invoice, payment_intent=part.id)
    check = record(local, 7000)
    attach(local, invoice, payment_record=check.id)
    local.v1.refunds.create({"payment_intent": part.id, "amount": 1000})
    with pytest.raises(
        stripe.InvalidRequestError, match=r"\(2001\) is greater than unrefunded amount on charge \(2000\)"
    ):
        local.v1.refunds.create({"payment_intent": part.id, "amount": 2001})

    def give_back(value: int) -> Any:
        return local.v1.payment_records.report_refund(check.id, {
            "outcome": "refunded",
            "amount": {"currency": "eur", "value": value},
            "processor_details": {"type": "custom", "custom": {"refund_reference": "transfer 7"}},
            "refunded": {"refunded_at": local.now()},
        })  # fmt: skip

    assert give_back(5000).amount_refunded.value == 5000
    with pytest.raises(stripe.InvalidRequestError, match=r"greater than what is left \(2000\)"):
        give_back(2001)
    # a credit note can name both: 10.00 + 50.00
    note = local.v1.credit_notes.create({
        "invoice": invoice.id,
        "amount": 6000,
        "refunds": [
            {"refund": local.v1.refunds.list().data[0].id},
            {
                "type": "payment_record_refund",
                "payment_record_refund": {"payment_record": check.id, "refund_group": "transfer 7"},
            },
        ],
    })  # fmt: skip
    assert [entry.amount_refunded for entry in note.refunds] == [1000, 5000]


def test_payment_records_are_read_and_listed(local: Local) -> None:
    first = record(local, 100, description="Cash", metadata={"till": "3"})
    again = local.v1.payment_records.retrieve(first.id)
    assert (again.description, again.metadata["till"], again.processor_details.custom.payment_reference) == (
        "Cash", "3", "check 1042",
    )  # fmt: skip
    record(local, 200)
    assert [entry.amount.value for entry in local.v1.payment_records.list().data] == [200, 100]
    assert local.v1.payment_records.list({"created_before": local.now() - 1000}).data == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"amount_requested": {"currency": "eur", "value": 0}}, "positive integer"),
        ({"amount_requested": {"currency": "xxx", "value": 1}}, "Invalid currency"),
        ({"outcome": None, "failed": {"failed_at": 1}}, "together with outcome=failed"),
        ({"initiated_at": 4_000_000_000}, "in the future"),
        ({"shipping_details": {"name": "A"}}, "does not know shipping_details"),
        ({"payment_method_details": {"type": "custom"}}, "display_name"),
        ({"customer_details": {"customer": "cus_nobody"}}, "No such customer"),
    ],
)
def test_reports_that_make_no_sense(local: Local, change: dict[str, Any], message: str) -> None:
    with pytest.raises(stripe.InvalidRequestError, match=message):
        record(local, 100, **change)


@pytest.mark.parametrize(
    ("currency", "amount", "message"),
    [
        ("usd", 49, "at least 0.50 USD"), ("eur", 49, "at least 0.50 EUR"), ("gbp", 29, "at least 0.30 GBP"),
        ("jpy", 49, "at least 50 JPY"), ("huf", 17499, "at least 175.00 HUF"), ("czk", 1499, "at least 15.00 CZK"),
    ],
)  # fmt: skip
def test_less_than_the_smallest_charge_is_refused(local: Local, currency: str, amount: int, message: str) -> None:
    with pytest.raises(stripe.InvalidRequestError, match=message) as error:
        intent(local, local.customer(), amount, currency)
    assert error.value.code == "amount_too_small"
    assert intent(local, local.customer(), amount + 1, currency).amount == amount + 1


@pytest.mark.parametrize(("currency", "wrong", "right"), [("kwd", 5124, 5120), ("isk", 550, 500), ("ugx", 550, 500)])
def test_amounts_in_the_smallest_unit_in_use(local: Local, currency: str, wrong: int, right: int) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="must be divisible by"):
        intent(local, local.customer(), wrong, currency)
    assert intent(local, local.customer(), right, currency).amount == right


def test_too_much_for_a_card(local: Local) -> None:
    with pytest.raises(stripe.InvalidRequestError) as error:
        intent(local, local.customer(), 1_000_000_000_000)
    assert error.value.code == "amount_too_large"


def test_an_invoice_that_is_too_small_waits_for_the_next(local: Local) -> None:
    # 0.30 are not charged but wait; the next 9.00 ask for 9.30
    customer = local.customer()
    small = sent_invoice(local, customer, 30)
    assert (small.status, small.amount_due, small.amount_paid, small.ending_balance) == ("paid", 0, 0, 30)
    (transaction,) = local.v1.customers.balance_transactions.list(customer.id).data
    assert (transaction.type, transaction.amount) == ("invoice_too_small", 30)
    assert local.v1.charges.list({"customer": customer.id}).data == []
    following = sent_invoice(local, customer, 900)
    assert (following.amount_due, following.starting_balance, following.ending_balance) == (930, 30, 0)


def test_a_rest_that_is_too_small_cannot_be_charged(local: Local) -> None:
    # 100.00, of which 99.80 are paid by check: 0.20 are less than 0.50
    invoice = sent_invoice(local, local.customer())
    attach(local, invoice, payment_record=record(local, 9980).id)
    with pytest.raises(stripe.InvalidRequestError) as error:
        local.v1.invoices.pay(invoice.id)
    assert error.value.code == "amount_too_small"
    assert local.v1.invoices.retrieve(invoice.id).status == "open"
    assert local.v1.credit_notes.create({"invoice": invoice.id, "amount": 20}).type == "pre_payment"
    assert local.v1.invoices.retrieve(invoice.id).status == "paid"


def test_shillings_are_charged_whole(local: Local) -> None:
    # UGX 12.50 (1250) rounds half up to 13.00; the 0.50 too much are the customer's credit
    customer = local.customer(card=None)
    invoice = sent_invoice(local, customer, 1250, currency="ugx")
    assert (invoice.total, invoice.amount_due, invoice.ending_balance) == (1250, 1300, -50)
    assert "13.00 UGX" in requests.get(invoice.hosted_invoice_url, timeout=10).text
