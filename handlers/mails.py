"""Mails: handed in once, and those that belong to an operation: the link to Stripe's page, for the customer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from email.message import EmailMessage

import structlog

from billing.catalogue import Catalogue
from billing.contacts import Contact
from billing.desk import Desk
from billing.dunning.collecting import InvoiceLinkSent, SendInvoiceLink
from billing.errors import Undeliverable
from billing.ids import OperationId
from billing.operations import Operation, State
from billing.payment_links import not_mailed
from billing.plan_changes import ChangePlan, PlanChanged
from billing.steps import NOBODY
from billing.subscriptions import CreateSubscription, SubscriptionStarted
from blocks import mails

log = structlog.get_logger(__name__)


class Outbox:
    """Hands mails to the server. Without one (`send` is None) nothing is sent, and the log says so."""

    def __init__(self, send: Callable[[EmailMessage], None] | None) -> None:
        self._send = send

    @property
    def sends(self) -> bool:
        """Whether there is a server at all."""
        return self._send is not None

    def send(self, id_: str, compose: Callable[[], EmailMessage], **about: str) -> bool:
        """Compose and hand in one mail; False, with a line in the log, when that is not possible for good.

        `id_` is the same for every try, so that a mail that was handed in twice is shown once. `about` is for the log:
        ids, never addresses. Raises Transient while the server is busy.
        """
        if self._send is None:
            log.warning("no mail server is set, the mail was not sent", setting="SMTP_URL", **about)
            return False
        try:
            mail = compose()
        except ValueError:
            log.warning("the e-mail address is none, the mail was not sent", **about)
            return False
        mail["Message-ID"] = f"<{id_}@{mail['From'].addresses[0].domain}>"
        try:
            self._send(mail)
        except Undeliverable as error:
            log.warning("the mail server refused the mail", error=error, **about)
            return False
        return True


class Mails:
    """A step of every operation; most need no mail. A link that cannot be mailed is only shown to the staff."""

    def __init__(
        self, desk: Desk, outbox: Outbox, done: Mapping[str, Callable[[Operation], None]] | None = None
    ) -> None:
        """`done`: by the kind of operation, what sends the mails of one that is done."""
        self._desk = desk
        self._outbox = outbox
        self._done = done or {}

    def send(self, operation_id: str, state: str) -> str:
        """Send what belongs to that state of the operation; hands the state on."""
        if state == State.WAITING:
            self._send_link(OperationId(operation_id))
        elif state == State.DONE:
            self._send_what_is_done(OperationId(operation_id))
        return state

    def _send_link(self, operation_id: OperationId) -> None:
        with self._desk.reading(NOBODY) as uow:
            operation = uow.operations.get(operation_id)
            contact = uow.contacts.get(operation.contact)
            catalogue = uow.catalogue
        compose = _mail_with_link(operation, contact, catalogue)
        if compose:
            self._hand_in(operation, compose)

    def _send_what_is_done(self, operation_id: OperationId) -> None:
        with self._desk.reading(NOBODY) as uow:
            operation = uow.operations.get(operation_id)
        if operation.kind == SendInvoiceLink.kind:
            self._send_invoice_link(operation)
        elif send := self._done.get(operation.kind):
            send(operation)

    def _send_invoice_link(self, operation: Operation) -> None:
        with self._desk.reading(NOBODY) as uow:
            contact = uow.contacts.get(operation.contact)
            business = uow.catalogue.business
        receipt = InvoiceLinkSent.model_validate_json(operation.result or "")
        self._hand_in(operation, lambda: mails.invoice_link(contact, receipt.invoice, receipt.url, business))

    def _hand_in(self, operation: Operation, compose: Callable[[], EmailMessage]) -> None:
        """The mail with the operation's link; the history says so when that is not possible."""
        if not self._outbox.send(operation.id, compose, contact=operation.contact):
            with self._desk.writing(NOBODY) as uow:
                not_mailed(uow, operation)


def _mail_with_link(operation: Operation, contact: Contact, catalogue: Catalogue) -> Callable[[], EmailMessage] | None:
    """The mail for what waits; None where no link was made."""
    result = operation.result or ""
    if operation.kind == ChangePlan.kind:
        changed = PlanChanged.model_validate_json(result)
        link = changed.link
        return (lambda: mails.plan_change_link(contact, changed, link, catalogue)) if link else None
    if operation.kind == CreateSubscription.kind:
        started = SubscriptionStarted.model_validate_json(result)
        page = started.link
        return (lambda: mails.payment_link(contact, started.preview, page, catalogue.business)) if page else None
    return None
