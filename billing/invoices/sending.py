"""Sending an invoice: reviewed, numbered without a gap, issued at Stripe for exactly the reviewed total (H28).

Two operations. The first prepares a draft at Stripe and compares its total with ours; only when they agree to the cent
a number is given, in the transaction that also accepts the second operation, which finalises the draft under that
number. So no number is given for an invoice that Stripe would refuse, and a number that was given belongs to its
invoice for ever, whatever breaks in between: the second operation can be repeated.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import ClassVar

from billing.errors import NeedsApproval, PriceChanged, Reason
from billing.ids import InvoiceId, OperationId, SalesInvoiceId
from billing.invoices import telling
from billing.invoices.billed import Billed, billed_to
from billing.invoices.issuing import IssueInvoice
from billing.invoices.model import Conflict, SalesInvoice, Stage
from billing.invoices.reviewing import InvoiceReview, order_for, sendable
from billing.invoices.sheets import Act, Sheet, require
from billing.models import Frozen
from billing.operations import Action, Command, Context, Operation, Receipt, State
from billing.ports import InvoiceOrder, Payments, UnitOfWork


class SendInvoice(Command):
    """The review, confirmed. `fingerprint` is that of what the person saw."""

    kind: ClassVar[str] = "send_invoice"

    invoice: SalesInvoiceId
    fingerprint: str


class Sendable(Frozen):
    """What may be sent. `order` is None when Stripe has the draft already."""

    invoice: SalesInvoiceId
    written: str  # on the draft, as a digest
    due_on: date  # as reviewed, and as Stripe is told
    order: InvoiceOrder | None
    billed: Billed | None = None  # what the order says, as the document says it


class AtStripe(Frozen):
    prepared: InvoiceId | None


class InvoiceNumbered(Receipt):
    invoice: SalesInvoiceId
    number: str


def check(uow: UnitOfWork, command: SendInvoice) -> Sendable:
    """Refuse what may not be sent: rights, state, what changed since the review, what a manager has to grant."""
    sheet = require(uow, command.invoice, command.contact, Act.SEND)
    invoice = sheet.ours
    assert invoice, "only invoices of ours are sent"
    if invoice.stage is Stage.SENDING:
        order = None if invoice.stripe else _anew(uow, sheet)
        return Sendable(invoice=invoice.id, written=invoice.written, due_on=invoice.due(uow.today), order=order)
    reviewed = sendable(uow, command.contact, command.invoice)
    if reviewed.fingerprint != command.fingerprint:
        raise PriceChanged(contact=reviewed.contact.name)
    if reviewed.exceeds:
        raise NeedsApproval
    billed = Billed(to=billed_to(reviewed.contact), totals=reviewed.totals, reverse_charge=reviewed.reverse_charge)
    return Sendable(
        invoice=invoice.id,
        written=invoice.written,
        due_on=reviewed.due_on,
        order=order_for(uow, reviewed),
        billed=billed,
    )


def _anew(uow: UnitOfWork, sheet: Sheet) -> InvoiceOrder:
    """What was billed when it got its number, for a draft that was deleted at Stripe."""
    invoice, billed = sheet.ours, sheet.billed
    assert invoice, "only invoices of ours are sent"
    assert billed, "what has a number was billed"
    as_it_was = InvoiceReview(
        contact=sheet.contact,
        invoice=invoice,
        totals=billed.totals,
        due_on=invoice.due(uow.today),
        reverse_charge=billed.reverse_charge,
        exceeds=None,
        approval=invoice.approval,
        may_send=True,
    )
    return order_for(uow, as_it_was)


def perform(payments: Payments, context: Context, checked: Sendable) -> AtStripe:
    if checked.order is None:
        return AtStripe(prepared=None)
    return AtStripe(prepared=payments.invoices.prepare(checked.order, context.operation, context.created_at))


def record(uow: UnitOfWork, context: Context, checked: Sendable, outcome: AtStripe) -> InvoiceNumbered:
    """The number, and the operation that issues the invoice under it: both or neither.

    Whoever pressed at the same moment finds that it has its number, and gives it none. A draft on which something else
    was written since the check is refused: Stripe was told of another one.
    """
    invoice = uow.invoices.get(checked.invoice)
    if invoice.stage is Stage.DRAFT and outcome.prepared:
        if invoice.written != checked.written:
            return InvoiceNumbered(state=State.REFUSED, invoice=invoice.id, number="")
        invoice = _numbered(uow, context, invoice, outcome.prepared, checked)
        _accept_issue(uow, context, invoice)
    elif invoice.stage is Stage.SENDING and invoice.stripe is None and outcome.prepared:
        invoice = invoice.model_copy(update={"version": invoice.version + 1, "stripe": outcome.prepared})
        uow.invoices.save(invoice)
        _accept_issue(uow, context, invoice)
    elif invoice.stage is Stage.SENDING and checked.order is None:
        _accept_issue(uow, context, invoice)
    return InvoiceNumbered(invoice=invoice.id, number=invoice.number or "")


def _numbered(
    uow: UnitOfWork, context: Context, invoice: SalesInvoice, stripe: InvoiceId, checked: Sendable
) -> SalesInvoice:
    series, year = uow.catalogue.invoices.series, uow.today.year
    after = invoice.model_copy(
        update={
            "version": invoice.version + 1,
            "stage": Stage.SENDING,
            "number": number(series, year, uow.invoices.next_number(series, year)),
            "issued_on": uow.today,
            "due_on": checked.due_on,
            "billed": checked.billed.model_dump_json() if checked.billed else None,
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
    """The draft says why it was not sent, and so are those told who are to know of it.

    Its version grows, so that Stripe is asked anew the next time.
    """
    invoice = uow.invoices.find(command.invoice)
    if invoice is None or invoice.stage is not Stage.DRAFT or invoice.contact != command.contact:
        return
    try:
        uow.invoices.save(invoice.model_copy(update={"version": invoice.version + 1, "not_sent": reason.key}))
    except Conflict:
        return  # somebody has changed it: what was refused is not what stands there now
    telling.not_sent(uow, invoice, reason)


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
