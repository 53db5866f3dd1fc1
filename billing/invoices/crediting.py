"""Taking back an invoice or a part of it: as a whole, by line or by amount (HX20).

What was not paid yet is no longer asked for; what was paid goes back to the card, to the customer's balance, or was
given back by hand. Stripe's credit note holds it together; the document of one that takes back an invoice of ours is
ours too, and its record is the operation.
"""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from billing.catalogue import Label
from billing.errors import CannotRefund, LeftToCreditChanged, LineCreditedBefore, NothingToCredit, Reason
from billing.ids import ContactId, InvoiceId, OperationId, SalesInvoiceId
from billing.invoices import typed
from billing.invoices.amounts import InvoiceTotals, LineTotal
from billing.invoices.model import LONGEST_REASON, InvoiceState, SalesInvoice
from billing.invoices.payments import seen
from billing.invoices.sheets import Act, Sheet, require, settled, sheet
from billing.invoices.taking_back import Taken, are_whole, taken
from billing.models import Frozen
from billing.money import Money, total
from billing.operations import Action, Command, Context, Receipt
from billing.ports import CreditIssued, CreditLine, CreditOrder, GiveBack, Payments, UnitOfWork
from billing.timeline import Entry, Happening

_A_PART = Label(en="Part of invoice", de="Anteilig zu Rechnung")


class CreditInvoice(Command):
    """The form. Without amount and lines everything that is left is taken back. `due` and `left` are what the person
    saw, in minor units: still to be paid, and still to be taken back."""

    kind: ClassVar[str] = "credit_invoice"

    invoice: str  # ours, or Stripe's
    due: int
    left: int
    amount: str = Field("", max_length=40)
    lines: tuple[str, ...] = ()  # ids of our lines
    give_back: GiveBack = GiveBack.REFUND
    reason: str = Field(max_length=LONGEST_REASON)


class Creditable(Frozen):
    ref: str
    contact: ContactId
    invoice: InvoiceId
    number: str | None
    order: CreditOrder
    billed: InvoiceTotals | None = None  # of an invoice of ours, as the person was shown it


class Credited(Frozen):
    note: CreditIssued


class InvoiceCredited(Receipt):
    ref: str
    number: str | None
    note: str  # the credit note's number
    total: Money
    given_back: Money
    give_back: GiveBack
    recipients: tuple[str, ...] = ()  # who gets our document
    taken: Taken | None = None  # None: there is no document of ours, for the invoice is Stripe's


class IssuedNote(Frozen):
    """A credit note, by the operation that issued it."""

    id: OperationId
    receipt: InvoiceCredited


def notes(uow: UnitOfWork, contact: ContactId, ref: str) -> tuple[IssuedNote, ...]:
    """The credit notes of an invoice of ours that have a document, oldest first."""
    done = uow.operations.done(contact, CreditInvoice.kind, ref)
    found = (IssuedNote(id=one.id, receipt=InvoiceCredited.model_validate_json(one.result or "")) for one in done)
    return tuple(one for one in found if one.receipt.taken)


def act_for(shown: Sheet) -> Act:
    """Of a paid invoice money goes back, of an open one less is asked for."""
    return Act.REFUND if shown.state in (InvoiceState.PAID, InvoiceState.REFUNDED) else Act.CREDIT


def check(uow: UnitOfWork, command: CreditInvoice) -> Creditable:
    """Raise what `require` raises, AmountDueChanged, LeftToCreditChanged, NothingToCredit for more than is left, or
    LineCreditedBefore."""
    act = act_for(sheet(uow, command.invoice))
    found = require(uow, command.invoice, command.contact, act)
    seen(found, command.due)
    assert found.stripe, "what was issued is at Stripe"
    left = found.stripe.left_to_credit
    if left.amount != command.left:
        raise LeftToCreditChanged(left=left.amount, currency=left.currency, invoice=found.ref)
    order = order_for(command, found)
    before = _before(uow, found.contact.id, found.ref)
    if found.totals and order.lines and not are_whole(found.totals, before, command.lines):
        raise LineCreditedBefore
    return Creditable(
        ref=found.ref,
        contact=found.contact.id,
        invoice=found.stripe_id,
        number=found.number,
        order=order,
        billed=found.totals,
    )


def _before(uow: UnitOfWork, contact: ContactId, ref: str) -> list[LineTotal]:
    """What earlier credit notes of that invoice have taken back."""
    earlier = notes(uow, contact, ref)
    return [line for one in earlier if one.receipt.taken for line in one.receipt.taken.lines]


def order_for(command: CreditInvoice, shown: Sheet) -> CreditOrder:
    """What was typed: an amount, lines, or all that is left."""
    assert shown.stripe, "what was issued is at Stripe"
    left = shown.stripe.left_to_credit
    lines = _lines(command, shown)
    typed_ = typed.amount(command.amount, left.currency, NothingToCredit) if command.amount.strip() else left
    whole = total((one.total for one in lines), left.currency) if lines else typed_
    if (lines and command.amount.strip()) or not 0 < whole.amount <= left.amount:
        raise NothingToCredit(left=left.amount, currency=left.currency)
    return CreditOrder(
        total=whole,
        lines=tuple(CreditLine(id=one.line.id, amount=one.amount) for one in lines),
        give_back=command.give_back,
        reason=" ".join(command.reason.split()),
    )


def _lines(command: CreditInvoice, shown: Sheet) -> tuple[LineTotal, ...]:
    """The lines that were chosen, with what they come to; they must be this invoice's own."""
    known = {one.line.id: one for one in shown.totals.lines} if shown.totals else {}
    if not known.keys() >= set(command.lines):
        raise NothingToCredit
    return tuple(known[one] for one in dict.fromkeys(command.lines))


def perform(payments: Payments, context: Context, checked: Creditable) -> Credited:
    return Credited(
        note=payments.invoices.credit(checked.invoice, checked.order, context.operation, context.created_at)
    )


def record(uow: UnitOfWork, context: Context, checked: Creditable, outcome: Credited) -> InvoiceCredited:
    note = outcome.note
    ours = uow.invoices.find(SalesInvoiceId(checked.ref))
    uow.mirror.add_invoice(checked.contact, note.invoice)
    uow.timeline.append(
        Entry(
            id=f"{context.operation}:{Happening.INVOICE_CREDITED}",
            contact=checked.contact,
            at=uow.now,
            what=Happening.INVOICE_REFUNDED if note.given_back else Happening.INVOICE_CREDITED,
            by=context.actor.name,
            amount=note.total,
            operation=context.operation,
            stripe_id=note.id,
            parameters={"number": checked.number, "credit_note": note.number, "note": checked.order.reason or None},
        )
    )
    return InvoiceCredited(
        ref=checked.ref,
        number=checked.number,
        note=note.number,
        total=note.total,
        given_back=note.given_back,
        give_back=checked.order.give_back,
        recipients=ours.details.recipients if ours else (),
        taken=_taken(uow, ours, checked, note.total) if ours else None,
    )


def _taken(uow: UnitOfWork, ours: SalesInvoice, checked: Creditable, amount: Money) -> Taken | None:
    """What the document says; asks nothing that could refuse, for the money has gone its way."""
    if checked.billed is None:
        return None
    order = checked.order.model_copy(update={"total": amount})
    before = _before(uow, ours.contact, ours.id)
    lines = taken(checked.billed, before, order, f"{_A_PART.in_(ours.details.language)} {ours.number}")
    return Taken(issued_on=uow.today, lines=lines) if lines else None


def refused(uow: UnitOfWork, command: CreditInvoice, reason: Reason) -> None:
    """A refund that was tried at Stripe and did not work stands in the history, too (HX20)."""
    found = uow.mirror.whose_invoice(_at_stripe(uow, command))
    if reason.key not in _TRIED or found is None or found[0] != command.contact:
        return
    try_ = reason.parameters.get("reference") or uow.now.isoformat()
    uow.timeline.append(
        Entry(
            id=f"{found[1].id}:{Happening.INVOICE_NOT_REFUNDED}:{try_}",
            contact=command.contact,
            at=uow.now,
            what=Happening.INVOICE_NOT_REFUNDED,
            by=uow.actor.name,
            stripe_id=found[1].id,
            parameters={"number": found[1].number},
        )
    )


def _at_stripe(uow: UnitOfWork, command: CreditInvoice) -> InvoiceId:
    ours = uow.invoices.find(SalesInvoiceId(command.invoice))
    return (ours.stripe if ours else None) or InvoiceId(command.invoice)


_TRIED = (CannotRefund.__name__, "Failed")


CREDIT = Action(
    command=CreditInvoice,
    checked=Creditable,
    outcome=Credited,
    receipt=InvoiceCredited,
    check=check,
    perform=perform,
    record=record,
    refused=refused,
    subject=lambda uow, command: settled(uow, command.invoice),
)
