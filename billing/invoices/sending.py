"""Sending an invoice: reviewed, numbered without a gap, issued at Stripe for exactly the reviewed total (H28).

Two operations. The first prepares a draft at Stripe and compares its total with ours; only when they agree to the cent
a number is given, in the transaction that also accepts the second operation, which finalises the draft under that
number. So no number is given for an invoice that Stripe would refuse, and a number that was given belongs to its
invoice for ever, whatever breaks in between: the second operation can be repeated.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, time, timedelta
from typing import ClassVar

from billing.accounts import billable
from billing.contacts import Contact, Invoice
from billing.errors import (
    DueDateOutOfRange,
    EmptyInvoice,
    NeedsApproval,
    NotNow,
    PriceChanged,
    Reason,
    RecipientNotReadable,
    UnknownInvoice,
)
from billing.ids import ContactId, InvoiceId, OperationId, SalesInvoiceId
from billing.invoices.amounts import InvoiceTotals, LineTotal
from billing.invoices.approving import Exceeded, exceeded, is_granted
from billing.invoices.drafting import amounts
from billing.invoices.model import Approval, Conflict, InvoiceState, SalesInvoice, Stage
from billing.invoices.sheets import Act, require
from billing.models import Frozen
from billing.money import minor_digits
from billing.operations import Action, Command, Context, Operation, Receipt, State
from billing.ports import InvoiceOrder, InvoiceOrderLine, Payments, UnitOfWork
from billing.roles import Permission
from billing.timeline import Entry, Happening


class InvoiceReview(Frozen):
    """The page before an invoice is sent: everything that the customer will get, and what the house says to it."""

    contact: Contact
    invoice: SalesInvoice
    totals: InvoiceTotals
    due_on: date
    reverse_charge: bool
    exceeds: Exceeded | None  # what the person may not grant alone
    approval: Approval | None  # of this very content
    may_send: bool

    @property
    def fingerprint(self) -> str:
        """A digest of everything the person saw; it changes when any word, amount, tax or date does."""
        seen = (
            self.contact.model_dump_json(include={"name", "company", "address", "tax_id"}),
            *(line.model_dump_json(exclude={"version"}) for line in self.invoice.lines),
            self.invoice.details.model_dump_json(),
            self.totals.model_dump_json(exclude={"lines"}),
            self.due_on.isoformat(),
        )
        return hashlib.sha256("\n".join(seen).encode()).hexdigest()[:32]


class SendInvoice(Command):
    """The review, confirmed. `fingerprint` is that of what the person saw."""

    kind: ClassVar[str] = "send_invoice"

    invoice: SalesInvoiceId
    fingerprint: str


class IssueInvoice(Command):
    """It has its number: finalise it at Stripe, and mail it."""

    kind: ClassVar[str] = "issue_invoice"

    invoice: SalesInvoiceId


class Sendable(Frozen):
    """What may be sent. `order` is None when Stripe has the draft already."""

    invoice: SalesInvoiceId
    version: int
    order: InvoiceOrder | None


class AtStripe(Frozen):
    prepared: InvoiceId | None


class InvoiceNumbered(Receipt):
    invoice: SalesInvoiceId
    number: str


class Numbered(Frozen):
    invoice: SalesInvoiceId
    number: str
    stripe: InvoiceId


class Issued(Frozen):
    invoice: Invoice


class InvoiceSent(Receipt):
    invoice: SalesInvoiceId
    number: str
    contact_name: str
    recipients: tuple[str, ...]


# Before it is sent


def review(uow: UnitOfWork, contact_id: ContactId, invoice_id: SalesInvoiceId) -> InvoiceReview:
    """The page before sending. Raises what keeps anybody from sending it; rights and limits are shown on the page."""
    uow.actor.require(Permission.DRAFT_INVOICE)
    return _reviewed(uow, contact_id, invoice_id)


def _reviewed(uow: UnitOfWork, contact_id: ContactId, invoice_id: SalesInvoiceId) -> InvoiceReview:
    contact = billable(uow, contact_id)
    invoice = uow.invoices.get(invoice_id)
    if invoice.contact != contact_id or invoice.team != uow.actor.team:
        raise UnknownInvoice(invoice=invoice_id)
    if invoice.stage is Stage.ISSUED:
        raise NotNow(invoice_state=InvoiceState.SENT.value, number=invoice.number)
    if not invoice.lines:
        raise EmptyInvoice
    if not invoice.details.recipients:
        raise RecipientNotReadable
    due_on = invoice.due(uow.today)
    if due_on < uow.today:
        raise DueDateOutOfRange(first=uow.today.isoformat())
    totals = amounts(uow, contact, invoice)
    return InvoiceReview(
        contact=contact,
        invoice=invoice,
        totals=totals,
        due_on=due_on,
        reverse_charge=uow.catalogue.reverse_charge(contact.address.country, contact.tax_id),
        exceeds=None if is_granted(invoice) else exceeded(uow, totals),
        approval=invoice.approval,
        may_send=uow.actor.may(Permission.SEND_INVOICE),
    )


# The operation that prepares it and gives the number


def check(uow: UnitOfWork, command: SendInvoice) -> Sendable:
    """Refuse what may not be sent: rights, state, what changed since the review, what a manager has to grant."""
    sheet = require(uow, command.invoice, command.contact, Act.SEND)
    invoice = sheet.ours
    assert invoice, "only invoices of ours are sent"
    if invoice.stage is Stage.SENDING:
        return Sendable(invoice=invoice.id, version=invoice.version, order=None)
    reviewed = _reviewed(uow, command.contact, command.invoice)
    if reviewed.fingerprint != command.fingerprint:
        raise PriceChanged(contact=reviewed.contact.name)
    if reviewed.exceeds:
        raise NeedsApproval
    return Sendable(invoice=invoice.id, version=invoice.version, order=order_for(uow, reviewed))


def order_for(uow: UnitOfWork, reviewed: InvoiceReview) -> InvoiceOrder:
    """What Stripe is told. It is due when the due day ends in the business's time zone."""
    invoice, zone = reviewed.invoice, uow.catalogue.business.zone
    return InvoiceOrder(
        invoice=invoice.id,
        key=f"{invoice.id}-{invoice.version}",
        customer=reviewed.contact.customer,
        currency=invoice.currency,
        lines=tuple(_order_line(one) for one in reviewed.totals.lines),
        discount=invoice.details.discount,
        due_at=datetime.combine(reviewed.due_on, time(23, 59, 59), zone).astimezone(UTC),
        memo=invoice.details.memo,
        order_number=invoice.details.order_number,
        total=reviewed.totals.total,
    )


def _order_line(one: LineTotal) -> InvoiceOrderLine:
    """Stripe's line has the amount; how it came about stands in its words: `3 × Onboarding (150.00 USD, -10 %)`."""
    line, currency = one.line, one.amount.currency
    price = f"{line.unit.decimal():.{minor_digits(currency)}f} {currency}"
    if line.discount and line.discount.percent is not None:
        price += f", -{line.discount.percent.normalize():f} %"
    elif line.discount:
        price += f", -{one.discount.decimal():.{minor_digits(currency)}f} {currency}"
    is_plain = line.quantity == 1 and line.discount is None
    return InvoiceOrderLine(
        id=line.id,
        description=line.description if is_plain else f"{line.quantity.normalize():f} × {line.description} ({price})",
        amount=one.amount,
        tax_rates=tuple(tax.name for tax in one.taxes),
    )


def perform(payments: Payments, context: Context, checked: Sendable) -> AtStripe:
    if checked.order is None:
        return AtStripe(prepared=None)
    return AtStripe(prepared=payments.invoices.prepare(checked.order, context.operation, context.created_at))


def record(uow: UnitOfWork, context: Context, checked: Sendable, outcome: AtStripe) -> InvoiceNumbered:
    """The number, and the operation that issues the invoice under it: both or neither.

    Whoever pressed at the same moment finds that it has its number, and gives it none. A draft that was changed since
    the check is refused: Stripe was told of another one.
    """
    invoice = uow.invoices.get(checked.invoice)
    if invoice.stage is Stage.DRAFT and outcome.prepared:
        if invoice.version != checked.version:
            return InvoiceNumbered(state=State.REFUSED, invoice=invoice.id, number="")
        invoice = _numbered(uow, context, invoice, outcome.prepared)
        _accept_issue(uow, context, invoice)
    elif invoice.stage is Stage.SENDING and checked.order is None:
        _accept_issue(uow, context, invoice)
    return InvoiceNumbered(invoice=invoice.id, number=invoice.number or "")


def _numbered(uow: UnitOfWork, context: Context, invoice: SalesInvoice, stripe: InvoiceId) -> SalesInvoice:
    series, year = uow.catalogue.invoices.series, uow.today.year
    due_on = invoice.due(uow.today)
    after = invoice.model_copy(
        update={
            "version": invoice.version + 1,
            "stage": Stage.SENDING,
            "number": number(series, year, uow.invoices.next_number(series, year)),
            "issued_on": uow.today,
            "due_on": due_on,
            "stripe": stripe,
            "sent_by": context.operation,
            "not_sent": None,
        }
    )
    uow.invoices.save(after)
    return after


def number(series: str, year: int, count: int) -> str:
    """`INV-2026-00042`: in the order of the series."""
    return f"{series}-{year}-{count:05}"


def _accept_issue(uow: UnitOfWork, context: Context, invoice: SalesInvoice) -> None:
    """The second operation answers where the first one would have: whoever waits sees its result."""
    first = uow.operations.get(context.operation)
    command = IssueInvoice(contact=invoice.contact, invoice=invoice.id)
    uow.accept(
        Operation(
            id=OperationId(f"{context.operation}_i"),
            key=f"{context.operation}:issue",
            kind=command.kind,
            contact=invoice.contact,
            team=first.team,
            user=first.user,
            command=command.model_dump_json(),
            reply_to=first.reply_to,
            trace=first.trace,
            created_at=max(uow.now, first.created_at + timedelta(microseconds=1)),
            updated_at=uow.now,
        )
    )


def refused(uow: UnitOfWork, command: SendInvoice, reason: Reason) -> None:
    """The draft says why it was not sent. Its version grows, so that Stripe is asked anew the next time."""
    invoice = uow.invoices.find(command.invoice)
    if invoice is None or invoice.stage is not Stage.DRAFT or invoice.contact != command.contact:
        return
    try:
        uow.invoices.save(invoice.model_copy(update={"version": invoice.version + 1, "not_sent": reason.key}))
    except Conflict:
        return  # somebody has changed it: what was refused is not what stands there now


SEND = Action(
    command=SendInvoice,
    checked=Sendable,
    outcome=AtStripe,
    receipt=InvoiceNumbered,
    check=check,
    perform=perform,
    record=record,
    refused=refused,
)


# The operation that issues it under its number


def check_issue(uow: UnitOfWork, command: IssueInvoice) -> Numbered:
    """No rights are asked: whoever sent it had them when the number was given."""
    invoice = uow.invoices.get(command.invoice)
    if invoice.stage is not Stage.SENDING or not invoice.number or not invoice.stripe:
        raise NotNow(invoice_state=InvoiceState.SENT.value, number=invoice.number)
    return Numbered(invoice=invoice.id, number=invoice.number, stripe=invoice.stripe)


def perform_issue(payments: Payments, context: Context, checked: Numbered) -> Issued:
    return Issued(invoice=payments.invoices.issue(checked.stripe, checked.number, context.operation))


def record_issue(uow: UnitOfWork, context: Context, checked: Numbered, outcome: Issued) -> InvoiceSent:
    """Mirror, timeline, and when the customer is reminded (HX19)."""
    invoice = uow.invoices.get(checked.invoice)
    if invoice.stage is Stage.SENDING:
        due_on = invoice.due(uow.today)
        reminders = tuple(
            days for days in uow.catalogue.invoices.remind if date.fromordinal(due_on.toordinal() + days) > uow.today
        )
        first = date.fromordinal(due_on.toordinal() + reminders[0]) if reminders else None
        invoice = invoice.model_copy(
            update={
                "version": invoice.version + 1,
                "stage": Stage.ISSUED,
                "reminders": reminders,
                "reminds_on": first,
            }
        )
        uow.invoices.save(invoice)
    uow.mirror.add_invoice(invoice.contact, outcome.invoice)
    uow.timeline.append(
        Entry(
            id=f"{invoice.id}:{Happening.INVOICE_SENT}",
            contact=invoice.contact,
            at=uow.now,
            what=Happening.INVOICE_SENT,
            by=context.actor.name,
            amount=outcome.invoice.total,
            operation=context.operation,
            stripe_id=outcome.invoice.id,
            parameters={
                "number": checked.number,
                "day": invoice.due(uow.today).isoformat(),
                "recipients": ", ".join(invoice.details.recipients),
            },
        )
    )
    return InvoiceSent(
        invoice=invoice.id,
        number=checked.number,
        contact_name=invoice.contact_name,
        recipients=invoice.details.recipients,
    )


ISSUE = Action(
    command=IssueInvoice,
    checked=Numbered,
    outcome=Issued,
    receipt=InvoiceSent,
    check=check_issue,
    perform=perform_issue,
    record=record_issue,
)


# Sending it again


class SendAgain(Command):
    """Mail the document once more, to the recipients that the invoice has now."""

    kind: ClassVar[str] = "send_invoice_again"

    invoice: SalesInvoiceId


class Nothing(Frozen):
    """Stripe has no part in it."""


def check_again(uow: UnitOfWork, command: SendAgain) -> Numbered:
    invoice = require(uow, command.invoice, command.contact, Act.SEND_AGAIN).ours
    if invoice is None or not invoice.number or not invoice.stripe:
        raise NotNow(invoice_state=InvoiceState.DRAFT.value)
    return Numbered(invoice=invoice.id, number=invoice.number, stripe=invoice.stripe)


def record_again(uow: UnitOfWork, context: Context, checked: Numbered, outcome: Nothing) -> InvoiceSent:
    del outcome
    invoice = uow.invoices.get(checked.invoice)
    uow.timeline.append(
        Entry(
            id=f"{context.operation}:{Happening.INVOICE_SENT_AGAIN}",
            contact=invoice.contact,
            at=uow.now,
            what=Happening.INVOICE_SENT_AGAIN,
            by=context.actor.name,
            operation=context.operation,
            stripe_id=invoice.stripe,
            parameters={"number": checked.number, "recipients": ", ".join(invoice.details.recipients)},
        )
    )
    return InvoiceSent(
        invoice=invoice.id,
        number=checked.number,
        contact_name=invoice.contact_name,
        recipients=invoice.details.recipients,
    )


SEND_AGAIN = Action(
    command=SendAgain,
    checked=Numbered,
    outcome=Nothing,
    receipt=InvoiceSent,
    check=check_again,
    perform=lambda _payments, _context, _checked: Nothing(),
    record=record_again,
)
