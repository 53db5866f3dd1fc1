"""Issuing an invoice at Stripe under its number, and mailing it, also once more (H28, HX19)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import ClassVar

from billing.contacts import Invoice
from billing.errors import DraftGone, NotNow, Reason
from billing.ids import ContactId, InvoiceId, OperationId, SalesInvoiceId, UserId
from billing.invoices import telling
from billing.invoices.model import InvoiceState, SalesInvoice, Stage
from billing.invoices.sheets import Act, require
from billing.invoices.telling import News, What
from billing.models import Frozen
from billing.operations import Action, Command, Context, Receipt
from billing.ports import Payments, UnitOfWork
from billing.timeline import Entry, Happening

RECENT = 20  # entries of the history in which the mails of an operation are looked for


class IssueInvoice(Command):
    """It has its number: finalise it at Stripe, and mail it."""

    kind: ClassVar[str] = "issue_invoice"

    invoice: SalesInvoiceId


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
                "not_sent": None,
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


def not_issued(uow: UnitOfWork, command: IssueInvoice, reason: Reason) -> None:
    """It has its number and waits: whoever may send it can try again, and is told. A lost draft is forgotten."""
    invoice = uow.invoices.find(command.invoice)
    if invoice and invoice.stage is Stage.SENDING:
        telling.not_sent(uow, invoice, reason)
        known: dict[str, object] = {"stripe": None} if reason.key == DraftGone.__name__ else {}
        after = invoice.model_copy(update={"version": invoice.version + 1, "not_sent": reason.key} | known)
        uow.invoices.save(after)


ISSUE = Action(
    command=IssueInvoice,
    checked=Numbered,
    outcome=Issued,
    receipt=InvoiceSent,
    check=check_issue,
    perform=perform_issue,
    record=record_issue,
    refused=not_issued,
    subject=lambda _uow, command: command.invoice,
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


# What did not arrive


def not_mailed(
    uow: UnitOfWork, invoice: SalesInvoice, mail: str, addresses: Iterable[str], by: UserId | None = None
) -> None:
    """The history says to whom a mail could not be sent, and so are those told who are to know of it (HX15).

    `mail` is the operation's id, or the reminder's; `by`: who asked for it, and has the answer.
    """
    missing = tuple(addresses)
    telling.tell(uow, f"{mail}:not_mailed", News(what=What.NOT_MAILED, invoice=invoice.id, addresses=missing, by=by))
    uow.timeline.append(
        Entry(
            id=f"{mail}:{Happening.INVOICE_NOT_MAILED}",
            contact=invoice.contact,
            at=uow.now,
            what=Happening.INVOICE_NOT_MAILED,
            operation=OperationId(mail),
            stripe_id=invoice.stripe,
            parameters={"number": invoice.number, "recipients": ", ".join(missing)},
        )
    )


def undelivered(uow: UnitOfWork, contact: ContactId, operation: OperationId) -> str:
    """To whom the mails of that operation could not be sent; empty when all could."""
    for entry in uow.timeline.page(contact, limit=RECENT).entries:
        if entry.what is Happening.INVOICE_NOT_MAILED and entry.operation == operation:
            return str(entry.parameters.get("recipients") or "")
    return ""
