"""Paying an invoice: the card on file is charged, or money that came by another way is recorded (HX10)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import ClassVar

from pydantic import Field

from billing.contacts import Invoice, PaymentMethod
from billing.errors import (
    AmountDueChanged,
    CannotCharge,
    Declined,
    ForeignPaymentMethod,
    NotAnAmount,
    PaidDayOutOfRange,
    PaymentTooHigh,
    ReferenceMissing,
    refuse_all,
)
from billing.ids import ContactId, InvoiceId, PaymentMethodId, SalesInvoiceId
from billing.invoices import telling, typed
from billing.invoices.sheets import CHARGING, Act, Sheet, require, settled
from billing.invoices.telling import News, What
from billing.models import Frozen
from billing.money import Money, minor_digits
from billing.operations import Action, Command, Context, Receipt
from billing.ports import ManualPayment, PaidBy, Payments, UnitOfWork
from billing.timeline import Entry, Happening

EARLIEST = timedelta(days=366)  # that long ago a payment may have been received


class ChargeInvoice(Command):
    """Charge what remains to that card. `due` is what the person saw, in minor units."""

    kind: ClassVar[str] = CHARGING

    invoice: str  # ours, or Stripe's
    payment_method: PaymentMethodId
    due: int


class RecordPayment(Command):
    """Money has come by another way: all that is missing, or a part of it."""

    kind: ClassVar[str] = "record_payment"

    invoice: str
    due: int
    by: PaidBy
    amount: str = Field(max_length=40)
    received_on: date  # in the business's time zone
    reference: str = Field("", max_length=100)


class Chargeable(Frozen):
    ref: str
    contact: ContactId
    invoice: InvoiceId
    number: str | None
    amount: Money
    method: PaymentMethod | None = None
    payment: ManualPayment | None = None


class Settled(Frozen):
    invoice: Invoice


class InvoicePaid(Receipt):
    """What came of it. `left` is what is still missing."""

    ref: str
    number: str | None
    amount: Money
    left: Money


def seen(sheet: Sheet, due: int) -> None:
    """Raise AmountDueChanged when the amount is no longer what the person saw: two people record one check once."""
    if sheet.due.amount != due:
        raise AmountDueChanged(due=sheet.due.amount, currency=sheet.due.currency, invoice=sheet.ref)


# The card on file


def check_charge(uow: UnitOfWork, command: ChargeInvoice) -> Chargeable:
    """The card must be the customer's own and good, and the amount one that cards are charged with."""
    sheet = require(uow, command.invoice, command.contact, Act.CHARGE)
    seen(sheet, command.due)
    method = next((one for one in sheet.methods if one.id == command.payment_method), None)
    if method is None:
        raise ForeignPaymentMethod(contact=sheet.contact.name)
    if minor_digits(sheet.due.currency) == 3 and sheet.due.amount % 10:  # card networks know two decimals
        raise CannotCharge(due=sheet.due.amount, currency=sheet.due.currency)
    return Chargeable(
        ref=sheet.ref,
        contact=sheet.contact.id,
        invoice=sheet.stripe_id,
        number=sheet.number,
        amount=sheet.due,
        method=method,
    )


def perform_charge(payments: Payments, context: Context, checked: Chargeable) -> Settled:
    assert checked.method, "a charge has its card"
    return Settled(
        invoice=payments.invoices.charge(checked.invoice, checked.method.id, checked.amount, context.operation)
    )


def record_charge(uow: UnitOfWork, context: Context, checked: Chargeable, outcome: Settled) -> InvoicePaid:
    """Stripe's own event writes the payment into the timeline; here it is who asked for it."""
    assert checked.method, "a charge has its card"
    _told(uow, context, checked, outcome, What.CHARGED)
    card: dict[str, str | int | None] = {"brand": checked.method.brand, "last4": checked.method.last4}
    return _recorded(uow, context, checked, outcome, Happening.INVOICE_CHARGED, card)


def declined(uow: UnitOfWork, context: Context, checked: Chargeable, error: Declined) -> None:
    """The bank said no; the history says so (HX20)."""
    uow.timeline.append(
        Entry(
            id=f"{context.operation}:{Happening.PAYMENT_DECLINED}",
            contact=checked.contact,
            at=uow.now,
            what=Happening.PAYMENT_DECLINED,
            by=context.actor.name,
            amount=checked.amount,
            operation=context.operation,
            stripe_id=checked.invoice,
            parameters={"decline": error.code, "number": checked.number},
        )
    )
    ours = uow.invoices.by_stripe(checked.invoice)
    if ours:
        news = _news(What.FAILED, ours.id, context, checked)
        telling.tell(uow, f"{context.operation}:failed", news.model_copy(update={"decline": error.code}))


CHARGE = Action(
    command=ChargeInvoice,
    checked=Chargeable,
    outcome=Settled,
    receipt=InvoicePaid,
    check=check_charge,
    perform=perform_charge,
    record=record_charge,
    declined=declined,
    subject=lambda uow, command: settled(uow, command.invoice),
)


# By another way


def check_payment(uow: UnitOfWork, command: RecordPayment) -> Chargeable:
    """Not for subscriptions (HX10), not more than is due, a check with its number, a transfer with its reference."""
    sheet = require(uow, command.invoice, command.contact, Act.RECORD)
    seen(sheet, command.due)
    payment = manual_payment(uow, command, sheet)
    return Chargeable(
        ref=sheet.ref,
        contact=sheet.contact.id,
        invoice=sheet.stripe_id,
        number=sheet.number,
        amount=payment.amount,
        payment=payment,
    )


def manual_payment(uow: UnitOfWork, command: RecordPayment, sheet: Sheet) -> ManualPayment:
    """What was typed. Raises what its fields refuse, at their fields."""
    refuse_all(partial(_given, command, sheet), partial(_possible_day, uow, command), partial(_with_reference, command))
    noon = datetime.combine(command.received_on, time(12), uow.catalogue.business.zone).astimezone(UTC)
    return ManualPayment(
        by=command.by,
        amount=_given(command, sheet),
        received_at=min(noon, uow.now),
        reference=command.reference.strip(),
    )


def _given(command: RecordPayment, sheet: Sheet) -> Money:
    given = typed.amount(command.amount, sheet.due.currency, NotAnAmount)
    if not given:
        raise NotAnAmount(text=command.amount[:40], currency=sheet.due.currency)
    if sheet.due < given:
        raise PaymentTooHigh(due=sheet.due.amount, currency=sheet.due.currency)
    return given


def _possible_day(uow: UnitOfWork, command: RecordPayment) -> None:
    if not uow.today - EARLIEST <= command.received_on <= uow.today:
        raise PaidDayOutOfRange(first=(uow.today - EARLIEST).isoformat(), last=uow.today.isoformat())


def _with_reference(command: RecordPayment) -> None:
    if command.by is not PaidBy.CASH and not command.reference.strip():
        raise ReferenceMissing


def perform_payment(payments: Payments, context: Context, checked: Chargeable) -> Settled:
    assert checked.payment, "a payment was recorded"
    return Settled(
        invoice=payments.invoices.record_payment(
            checked.invoice, checked.payment, context.operation, context.created_at
        )
    )


def record_payment(uow: UnitOfWork, context: Context, checked: Chargeable, outcome: Settled) -> InvoicePaid:
    assert checked.payment, "a payment was recorded"
    _told(uow, context, checked, outcome, What.PAID)
    about: dict[str, str | int | None] = {
        "paid_by": checked.payment.by.value,
        "reference": checked.payment.reference or None,
        "day": checked.payment.received_at.astimezone(uow.catalogue.business.zone).date().isoformat(),
    }
    return _recorded(uow, context, checked, outcome, Happening.PAYMENT_RECORDED, about)


RECORD = Action(
    command=RecordPayment,
    checked=Chargeable,
    outcome=Settled,
    receipt=InvoicePaid,
    check=check_payment,
    perform=perform_payment,
    record=record_payment,
    subject=lambda uow, command: settled(uow, command.invoice),
)


def _recorded(
    uow: UnitOfWork,
    context: Context,
    checked: Chargeable,
    outcome: Settled,
    what: Happening,
    about: dict[str, str | int | None],
) -> InvoicePaid:
    uow.mirror.add_invoice(checked.contact, outcome.invoice)
    uow.timeline.append(
        Entry(
            id=f"{context.operation}:{what}",
            contact=checked.contact,
            at=uow.now,
            what=what,
            by=context.actor.name,
            amount=checked.amount,
            operation=context.operation,
            stripe_id=checked.invoice,
            parameters={"number": checked.number, **about},
        )
    )
    return InvoicePaid(ref=checked.ref, number=checked.number, amount=checked.amount, left=outcome.invoice.due)


def _told(uow: UnitOfWork, context: Context, checked: Chargeable, outcome: Settled, what: What) -> None:
    """Those who are to know of it, if the invoice is ours."""
    ours = uow.invoices.by_stripe(checked.invoice)
    if ours:
        telling.paid(uow, checked.invoice, outcome.invoice.paid, _news(what, ours.id, context, checked))


def _news(what: What, invoice: SalesInvoiceId, context: Context, checked: Chargeable) -> News:
    return News(
        what=what,
        invoice=invoice,
        amount=checked.amount,
        brand=checked.method.brand if checked.method else None,
        last4=checked.method.last4 if checked.method else None,
        by=context.actor.user,
    )
