"""Cancelling an invoice, and giving up on one: it keeps its number, and the history says who and why (HX9)."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from billing.contacts import Invoice
from billing.errors import ReasonMissing
from billing.ids import ContactId, InvoiceId
from billing.invoices.model import LONGEST_REASON
from billing.invoices.sheets import Act, require, settled
from billing.models import Frozen
from billing.operations import Action, Command, Context, Receipt
from billing.ports import Payments, UnitOfWork
from billing.timeline import Entry, Happening


class EndInvoice(Command):
    """`write_off`: the money will not come, but it may still; else the invoice is cancelled for good."""

    kind: ClassVar[str] = "end_invoice"

    invoice: str  # ours, or Stripe's
    write_off: bool = False
    reason: str = Field("", max_length=LONGEST_REASON)


class Endable(Frozen):
    ref: str
    contact: ContactId
    invoice: InvoiceId
    number: str | None
    write_off: bool
    reason: str


class Ended(Frozen):
    invoice: Invoice


class InvoiceEnded(Receipt):
    ref: str
    number: str | None
    write_off: bool


def check(uow: UnitOfWork, command: EndInvoice) -> Endable:
    """Raise what `require` raises, or ReasonMissing."""
    sheet = require(uow, command.invoice, command.contact, Act.WRITE_OFF if command.write_off else Act.VOID)
    reason = " ".join(command.reason.split())
    if not reason:
        raise ReasonMissing("reason")
    return Endable(
        ref=sheet.ref,
        contact=sheet.contact.id,
        invoice=sheet.stripe_id,
        number=sheet.number,
        write_off=command.write_off,
        reason=reason,
    )


def perform(payments: Payments, context: Context, checked: Endable) -> Ended:
    end = payments.invoices.write_off if checked.write_off else payments.invoices.void
    return Ended(invoice=end(checked.invoice, context.operation))


def record(uow: UnitOfWork, context: Context, checked: Endable, outcome: Ended) -> InvoiceEnded:
    uow.mirror.add_invoice(checked.contact, outcome.invoice)
    uow.timeline.append(
        Entry(
            id=f"{context.operation}:{Happening.INVOICE_VOIDED}",
            contact=checked.contact,
            at=uow.now,
            what=Happening.INVOICE_WRITTEN_OFF if checked.write_off else Happening.INVOICE_VOIDED,
            by=context.actor.name,
            amount=outcome.invoice.total,
            operation=context.operation,
            stripe_id=checked.invoice,
            parameters={"number": checked.number, "note": checked.reason or None},
        )
    )
    return InvoiceEnded(ref=checked.ref, number=checked.number, write_off=checked.write_off)


END = Action(
    command=EndInvoice,
    checked=Endable,
    outcome=Ended,
    receipt=InvoiceEnded,
    check=check,
    perform=perform,
    record=record,
    subject=lambda uow, command: settled(uow, command.invoice),
)
