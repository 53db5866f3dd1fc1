"""Mails about invoices: the document for every recipient, reminders, credit notes, and what became of payments."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage
from functools import partial

from billing.billing_contacts.rules import user_id
from billing.catalogue import Business, InvoicePolicy
from billing.contacts import called_at
from billing.desk import Desk
from billing.documents import Document
from billing.documents.sharing import LIFETIME, issue
from billing.errors import NotFound
from billing.ids import OperationId, SalesInvoiceId, UserId
from billing.invoices import issuing, printing, reminding, sheets
from billing.invoices.crediting import CreditInvoice, InvoiceCredited
from billing.invoices.issuing import InvoiceSent, IssueInvoice, SendAgain
from billing.invoices.sheets import Sheet
from billing.invoices.telling import News, What
from billing.operations import Operation
from billing.ports import UnitOfWork
from billing.steps import NOBODY
from blocks.documents import mails
from blocks.documents.mails import Recipient
from handlers.mails import Outbox

Compose = Callable[[Document, Recipient, str], EmailMessage]


class InvoiceMails:
    """Sends what belongs to an operation or to a reminder. `address` is that under which documents are
    shown, `lifetime` that of the links to them."""

    def __init__(self, desk: Desk, outbox: Outbox, address: str, lifetime: timedelta = LIFETIME) -> None:
        self._desk = desk
        self._outbox = outbox
        self._address = address
        self._lifetime = lifetime

    @property
    def done(self) -> dict[str, Callable[[Operation], None]]:
        """What is sent when an operation of that kind is done."""
        return dict.fromkeys((IssueInvoice.kind, SendAgain.kind, CreditInvoice.kind), self.of_operation)

    def of_operation(self, operation: Operation) -> None:
        """What an operation that is done brings to the customer; a new invoice where the house wants it mailed."""
        result = operation.result or ""
        if operation.kind == CreditInvoice.kind:
            self._send(
                operation.id,
                InvoiceCredited.model_validate_json(result).ref,
                lambda document, to, link: mails.credit_note(document, self._business, to, link),
                note=operation.id,
                by=operation.user,
            )
        elif operation.kind == SendAgain.kind or self._policy.tell_customer.received:
            self._send(
                operation.id,
                InvoiceSent.model_validate_json(result).invoice,
                lambda document, to, link: mails.invoice(document, self._business, to, link),
                by=operation.user,
            )

    def of_news(self, id_: str, news: News) -> None:
        """What became of a payment. `id_` is that of what happened."""
        self._send(
            id_.replace(":", "-"),
            news.invoice,
            lambda document, to, link: _about_payment(news, document, self._business, to, link),
        )

    def remind(self, argument: str, _: str = "") -> str:
        """A reminder that is due; `argument` is the invoice and the day of the schedule. Nothing for what was paid
        since it was planned.
        """
        invoice, _, days = argument.partition(":")
        with self._desk.reading(NOBODY) as uow:
            sheet, today = reminding.still_due(uow, SalesInvoiceId(invoice)), uow.today
        if sheet is None or sheet.ours is None:
            return ""
        self._send(
            f"{invoice}-{days}-reminder",
            invoice,
            lambda document, to, link: mails.reminder(document, self._business, to, link, today),
        )
        with self._desk.writing(NOBODY) as uow:
            reminding.was_reminded(uow, sheet.ours, int(days))
        return "reminded"

    @property
    def _business(self) -> Business:
        with self._desk.reading(NOBODY) as uow:
            return uow.catalogue.business

    @property
    def _policy(self) -> InvoicePolicy:
        with self._desk.reading(NOBODY) as uow:
            return uow.catalogue.invoices

    def _send(
        self, id_: str, ref: str, compose: Compose, note: OperationId | None = None, by: UserId | None = None
    ) -> None:
        """One mail for each recipient, each with its own link and its own Message-ID, the same at every try.

        The document is that of the invoice or, if there is one, of the credit note `note`. `by` has asked for it.
        """
        with self._desk.writing(NOBODY) as uow:
            sheet = sheets.as_it_stands(uow, ref)
            document = _document(uow, sheet, note)
            if document is None or sheet.ours is None:
                return
            links = [
                issue(uow, document.kind, note or sheet.ours.id, sheet.contact.id, self._lifetime)
                for _ in sheet.ours.details.recipients
            ]
        refused = []
        for number, (address, token) in enumerate(zip(sheet.ours.details.recipients, links, strict=True), 1):
            to = Recipient(called_at(sheet.contact, address), address, user_id(sheet.contact, address))
            mail = partial(compose, document, to, f"{self._address}/{token}")
            if not self._outbox.send(f"{id_}-{number}", mail, contact=sheet.contact.id) and self._outbox.sends:
                refused.append(address)
        if refused:
            with self._desk.writing(NOBODY) as uow:
                issuing.not_mailed(uow, sheet.ours, id_, refused, by)


def _about_payment(news: News, document: Document, business: Business, to: Recipient, link: str) -> EmailMessage:
    """Raise NotFound for news that customers are not mailed."""
    match news.what:
        case What.PAID:
            return mails.payment_received(document, news.amount, business, to, link)
        case What.CHARGED if news.amount:
            return mails.card_charged(document, news.amount, (news.brand or "", news.last4 or ""), business, to, link)
        case What.FAILED:
            return mails.payment_failed(document, business, to, link)
        case _:
            raise NotFound(news.what)


def _document(uow: UnitOfWork, sheet: Sheet, note: OperationId | None) -> Document | None:
    """None for an invoice that Stripe made: its customer hears of it from Stripe."""
    try:
        return printing.credit_note(uow, note) if note else printing.document(uow, sheet)
    except NotFound:
        return None
