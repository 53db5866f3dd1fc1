"""Payments by card and by hand, credits, refunds, cancelling, writing off (HX9, HX10, HX20)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from billing.contacts import PaymentMethod
from billing.dunning.collecting import PayInvoice
from billing.errors import Declined, Transient
from billing.ids import PaymentMethodId
from billing.invoices.crediting import CreditInvoice
from billing.invoices.model import InvoiceState
from billing.invoices.payments import ChargeInvoice, RecordPayment
from billing.invoices.voiding import EndInvoice
from billing.money import Money
from billing.operations import Command, Operation, State
from billing.ports import GiveBack, PaidBy
from tests.support.invoicing import MIA, PETRA, REF, InvoiceShop
from tests.support.shop import ADA, ADAS_CARD, BENS_CARD, SAM, TODAY, contact, method


@pytest.fixture
def shop() -> InvoiceShop:
    """With an invoice of 535.50 out of the house: two lines of 300.00 and 150.00, and 19 %."""
    shop = InvoiceShop()
    shop.adds(quantity="2")
    shop.adds(quantity="1", description="Travel")
    shop.does(shop.confirms())
    return shop


def charge(**changes: Any) -> ChargeInvoice:
    fields = {"contact": ADA, "invoice": REF, "payment_method": ADAS_CARD, "due": 53550}
    return ChargeInvoice(**(fields | changes))


def payment(**changes: Any) -> RecordPayment:
    fields = {
        "contact": ADA,
        "invoice": REF,
        "due": 53550,
        "by": PaidBy.CHECK,
        "amount": "535.50",
        "received_on": TODAY,
        "reference": "4711",
    }
    return RecordPayment(**(fields | changes))


def credit(**changes: Any) -> CreditInvoice:
    return CreditInvoice(
        **({"contact": ADA, "invoice": REF, "due": 53550, "left": 53550, "reason": "Too much"} | changes)
    )


def reason(operation: Operation) -> str | None:
    assert operation.state is State.REFUSED
    return operation.reason.key if operation.reason else None


# By card


def test_the_card_on_file_is_charged(shop: InvoiceShop) -> None:
    assert shop.does(charge()).state is State.DONE
    assert shop.payments.invoices.charges == [(shop.invoice().stripe, ADAS_CARD)]
    assert shop.sheet().state is InvoiceState.PAID
    assert shop.happened()[-1] == "invoice_charged"


def test_a_declined_card_leaves_it_open_and_is_written_down(shop: InvoiceShop) -> None:
    """HX20: failed attempts are tracked."""
    shop.payments.invoices.fails.append(Declined("insufficient_funds"))
    operation = shop.does(charge())
    assert operation.state is State.DECLINED
    assert shop.sheet().state is InvoiceState.SENT
    (entry,) = [one for one in shop.rows.timeline if one.what == "payment_declined"]
    assert entry.parameters["decline"] == "insufficient_funds"


def test_only_a_good_card_of_that_customer(shop: InvoiceShop) -> None:
    """A forged menu, and a card that ran out."""
    assert reason(shop.does(charge(payment_method=BENS_CARD))) == "ForeignPaymentMethod"
    shop.rows.mirror[ADA] = type(shop.rows.mirror[ADA])(
        methods=(method(exp_month=1, exp_year=2026),), invoices=shop.rows.mirror[ADA].invoices
    )
    assert reason(shop.does(charge())) == "ForeignPaymentMethod"
    assert shop.payments.invoices.charges == []


def test_what_is_due_must_be_what_was_seen(shop: InvoiceShop) -> None:
    """Two people who record the same check, one after the other, record it once."""
    assert shop.does(payment(amount="100")).state is State.DONE
    assert reason(shop.does(payment(amount="100"), person=PETRA)) == "AmountDueChanged"
    assert reason(shop.does(charge())) == "AmountDueChanged"
    assert len(shop.payments.invoices.payments) == 1


def test_cards_know_two_decimals_also_in_dinars() -> None:
    """1.500 KWD and 19 % are 1.785, which no card is charged with; cash can pay it."""
    shop = InvoiceShop()
    shop.sells(business=shop.catalogue.business.model_copy(update={"currencies": ("EUR", "USD", "KWD")}))
    shop.knows(contact(currency="KWD"), method(default=True))
    shop.adds(price="1.500", quantity="1")
    shop.does(shop.confirms())
    assert shop.sheet().due == Money(amount=1785, currency="KWD")
    assert reason(shop.does(charge(due=1785))) == "CannotCharge"
    assert shop.does(payment(due=1785, amount="1,785", by=PaidBy.CASH)).state is State.DONE


def test_yen_have_no_decimals() -> None:
    """3 x 1,500 less 33.33 % (1,499.85 -> 1,500) are 3,000; 19 % are 570."""
    shop = InvoiceShop()
    shop.knows(contact(currency="JPY"), method(default=True))
    shop.adds(price="1,500", discount="33.33 %")
    shop.does(shop.confirms())
    assert shop.sheet().due == Money(amount=3570, currency="JPY")
    assert reason(shop.does(payment(due=3570, amount="10.5"))) == "NotAnAmount"
    assert shop.does(charge(due=3570)).state is State.DONE


@pytest.mark.parametrize("second", [payment(amount="100"), charge(), credit(amount="100")])
def test_two_at_the_same_moment_take_turns(shop: InvoiceShop, second: Command) -> None:
    """Both have seen 535.50, and both were accepted before either was done: the later one is refused."""
    first = shop.accepts(payment(amount="100"), key="first")
    shop.clock.goes_on(seconds=1)
    later = shop.accepts(second, person=PETRA, key="second")
    performed = shop.performs(first)
    with pytest.raises(Transient):
        shop.steps.check(later, "")
    assert shop.records(first, performed) == "done"
    shop.walks(later)
    assert reason(shop.rows.operations[later]) == "AmountDueChanged"
    assert len(shop.payments.invoices.payments) == 1


def test_one_that_was_asked_for_earlier_but_written_down_later_waits(shop: InvoiceShop) -> None:
    """By another web process, whose connection was lost for a moment, or whose clock is behind."""
    first = shop.accepts(payment(amount="100"), key="first")
    assert "checked" in shop.steps.check(first, "")
    shop.clock.goes_on(seconds=-1)
    earlier = shop.accepts(payment(amount="100"), person=PETRA, key="second")
    with pytest.raises(Transient):
        shop.steps.check(earlier, "")
    performed = shop.performs(first)  # a crash does not cost the turn: the check runs again, and waits for nobody
    assert shop.records(first, performed) == "done"
    shop.walks(earlier)
    assert reason(shop.rows.operations[earlier]) == "AmountDueChanged"
    assert len(shop.payments.invoices.payments) == 1


@pytest.mark.parametrize("swapped", [False, True], ids=["by Stripe's id second", "by Stripe's id first"])
def test_one_invoice_by_two_names_is_one_invoice(shop: InvoiceShop, swapped: bool) -> None:
    """A card in a channel knows it by Stripe's id, a page of ours by our own."""
    stripe = shop.invoice().stripe
    assert stripe
    both = [payment(amount="100"), PayInvoice(contact=ADA, invoice=stripe, due=53550, payment_method=ADAS_CARD)]
    former, latter = reversed(both) if swapped else both
    first = shop.accepts(former, key="first")
    shop.clock.goes_on(seconds=1)
    later = shop.accepts(latter, person=PETRA, key="second")
    assert "checked" in shop.steps.check(first, "")
    with pytest.raises(Transient):
        shop.steps.check(later, "")


def test_another_invoice_waits_for_nobody(shop: InvoiceShop) -> None:
    first = shop.accepts(payment(amount="100", invoice="inv_other"), key="first")
    shop.clock.goes_on(seconds=1)
    assert shop.walks(shop.accepts(payment(amount="100"), key="second")) is State.DONE
    assert shop.rows.operations[first].state is State.ACCEPTED


def test_two_who_give_back_the_same_part_give_it_back_once(shop: InvoiceShop) -> None:
    """HX20: nothing is due of a paid invoice, so what is left of it must be what was seen: 535.50 - 100.00."""
    shop.does(charge())
    assert shop.does(credit(due=0, amount="100"), person=PETRA).state is State.DONE
    again = shop.does(credit(due=0, amount="100"), person=PETRA)
    assert reason(again) == "LeftToCreditChanged"
    assert again.reason.parameters == {"left": 43550, "currency": "EUR", "invoice": REF}


# By hand


def test_a_check_pays_a_part_and_a_transfer_the_rest(shop: InvoiceShop) -> None:
    shop.does(payment(amount="135.50"))
    sheet = shop.sheet()
    assert (sheet.state, sheet.due.amount) == (InvoiceState.PARTLY_PAID, 40000)
    shop.does(payment(due=40000, amount="400", by=PaidBy.TRANSFER, reference="Ada 12"))
    assert shop.sheet().state is InvoiceState.PAID
    first, second = shop.payments.invoices.payments
    assert (first.by, first.reference, second.amount.amount) == (PaidBy.CHECK, "4711", 40000)
    entries = [one for one in shop.rows.timeline if one.what == "payment_recorded"]
    assert [one.parameters["paid_by"] for one in entries] == ["check", "transfer"]


def test_cash_needs_no_reference(shop: InvoiceShop) -> None:
    assert shop.does(payment(by=PaidBy.CASH, reference="")).state is State.DONE


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        ({"amount": "535.51"}, "PaymentTooHigh"),
        ({"amount": "0"}, "NotAnAmount"),
        ({"amount": "abc"}, "NotAnAmount"),
        ({"amount": "10 USD"}, "NotAnAmount"),
        ({"reference": " "}, "ReferenceMissing"),
        ({"by": PaidBy.TRANSFER, "reference": ""}, "ReferenceMissing"),
        ({"received_on": TODAY + timedelta(days=1)}, "PaidDayOutOfRange"),
        ({"received_on": date(2025, 1, 1)}, "PaidDayOutOfRange"),
    ],
)
def test_what_a_payment_refuses(shop: InvoiceShop, fields: dict[str, Any], key: str) -> None:
    assert reason(shop.does(payment(**fields))) == key
    assert shop.payments.invoices.payments == []


def test_an_agent_takes_no_money(shop: InvoiceShop) -> None:
    for command in (charge(), payment()):
        assert reason(shop.does(command, person=MIA)) == "NotPermitted"


def test_every_step_of_a_payment_may_run_twice(shop: InvoiceShop) -> None:
    operation = shop.accepts(payment(amount="100"), key="pay")
    performed = shop.performs(operation)
    assert shop.performs(operation) == performed
    for _ in range(2):
        shop.records(operation, performed)
    assert len(shop.payments.invoices.payments) == 1
    assert shop.happened().count("payment_recorded") == 1


# Credits and refunds


def test_less_is_asked_for(shop: InvoiceShop) -> None:
    assert shop.does(credit(amount="35.50"), person=PETRA).state is State.DONE
    sheet = shop.sheet()
    assert (sheet.due.amount, sheet.stripe.reduced, sheet.state) == (50000, 3550, InvoiceState.SENT)
    assert shop.happened()[-1] == "invoice_credited"


def test_a_line_with_its_tax(shop: InvoiceShop) -> None:
    """Travel is 150.00 and 19 %: 178.50."""
    shop.does(credit(lines=("l2",)), person=PETRA)
    assert shop.sheet().due.amount == 53550 - 17850


def test_everything_that_is_left(shop: InvoiceShop) -> None:
    shop.does(credit(amount="35.50"), person=PETRA)
    shop.does(credit(due=50000, left=50000), person=PETRA)
    assert shop.sheet().due.amount == 0
    assert shop.sheet().state is InvoiceState.PAID


def test_what_was_paid_goes_back_to_the_card(shop: InvoiceShop) -> None:
    """HX20: in part, then the rest."""
    shop.does(charge())
    assert shop.does(credit(due=0, amount="100"), person=PETRA).state is State.DONE
    assert shop.sheet().state is InvoiceState.PAID
    shop.does(credit(due=0, left=43550), person=PETRA)
    assert shop.sheet().state is InvoiceState.REFUNDED
    assert shop.happened()[-1] == "invoice_refunded"


def test_what_came_by_check_goes_back_by_another_way(shop: InvoiceShop) -> None:
    """HX20: the attempt that failed is tracked; what was refused before Stripe was asked is none."""
    shop.does(payment())
    assert reason(shop.does(credit(due=0), person=PETRA)) == "CannotRefund"
    (tried,) = [one for one in shop.rows.timeline if one.what == "invoice_not_refunded"]
    assert (tried.by, tried.parameters["number"]) == (PETRA.name, "INV-2026-00001")
    assert shop.does(credit(due=0, give_back=GiveBack.OUTSIDE), person=PETRA).state is State.DONE


@pytest.mark.parametrize(
    "fields",
    [
        {"amount": "535.51"},
        {"amount": "0"},
        {"amount": "x"},
        {"amount": "1", "lines": ("l1",)},
        {"lines": ("l9",)},
    ],
)
def test_what_a_credit_refuses(shop: InvoiceShop, fields: dict[str, Any]) -> None:
    assert reason(shop.does(credit(**fields), person=PETRA)) == "NothingToCredit"


def test_no_line_is_credited_twice(shop: InvoiceShop) -> None:
    """HX20: not as a whole, and not where amounts have taken so much that less than the line is left."""
    assert shop.does(credit(lines=("l2",)), person=PETRA).state is State.DONE
    assert reason(shop.does(credit(due=35700, left=35700, lines=("l2",)), person=PETRA)) == "LineCreditedBefore"
    assert shop.does(credit(due=35700, left=35700, amount="0.01"), person=PETRA).state is State.DONE
    assert reason(shop.does(credit(due=35699, left=35699, lines=("l1", "l2")), person=PETRA)) == "NothingToCredit"
    assert reason(shop.does(credit(due=35699, left=35699, lines=("l1",)), person=PETRA)) == "NothingToCredit"


def test_only_managers_give_money_back_or_cancel(shop: InvoiceShop) -> None:
    """H16."""
    for command in (
        credit(),
        EndInvoice(contact=ADA, invoice=REF, reason="Typed twice"),
        EndInvoice(contact=ADA, invoice=REF, write_off=True, reason="Insolvent"),
    ):
        for person in (MIA, SAM):
            assert reason(shop.does(command, person=person)) == "NotPermitted"


def test_only_cards_are_charged(shop: InvoiceShop) -> None:
    """A debit is under way for days, and nothing may be said to be paid before (HX9); also when it is forged."""
    debit = PaymentMethod(id=PaymentMethodId("pm_debit"), brand="sepa_debit", last4="3000", default=True)
    with shop.store.writing(SAM) as uow:
        known = uow.mirror.payment_methods(ADA)
    shop.rows.mirror[ADA] = replace(shop.rows.mirror[ADA], methods=(debit, *known))
    assert shop.sheet().methods == known
    command = ChargeInvoice(contact=ADA, invoice=REF, payment_method=debit.id, due=53550)
    assert reason(shop.does(command)) == "ForeignPaymentMethod"
    assert shop.payments.invoices.charges == []


# The end


def test_it_is_cancelled_and_keeps_its_number(shop: InvoiceShop) -> None:
    shop.does(EndInvoice(contact=ADA, invoice=REF, reason="Typed twice"), person=PETRA)
    assert shop.rows.timeline[-1].parameters["note"] == "Typed twice"
    sheet = shop.sheet()
    assert (sheet.state, sheet.number, sheet.due.amount) == (InvoiceState.VOID, "INV-2026-00001", 0)
    assert reason(shop.does(EndInvoice(contact=ADA, invoice=REF, reason="Typed twice"), person=PETRA)) == "NotNow"
    assert reason(shop.does(payment(due=0, amount="1"))) == "NotNow"


@pytest.mark.parametrize("write_off", [True, False])
def test_neither_is_done_without_a_reason(shop: InvoiceShop, write_off: bool) -> None:
    """HX9: the history says why."""
    refused = shop.does(EndInvoice(contact=ADA, invoice=REF, write_off=write_off, reason=" "), person=PETRA)
    assert (reason(refused), refused.reason.field) == ("ReasonMissing", "reason")
    assert shop.sheet().state is InvoiceState.SENT


def test_it_is_written_off_and_can_still_be_paid(shop: InvoiceShop) -> None:
    shop.does(EndInvoice(contact=ADA, invoice=REF, write_off=True, reason="Insolvent"), person=PETRA)
    assert shop.sheet().state is InvoiceState.UNCOLLECTIBLE
    assert shop.does(payment()).state is State.DONE
    assert shop.sheet().state is InvoiceState.PAID


def test_what_is_partly_paid_is_not_cancelled(shop: InvoiceShop) -> None:
    shop.does(payment(amount="1"))
    assert reason(shop.does(EndInvoice(contact=ADA, invoice=REF, reason="Typed twice"), person=PETRA)) == "NotNow"
