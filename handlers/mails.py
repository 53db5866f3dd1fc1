"""Mails that belong to an operation: the link to Stripe's page, for the customer."""

from __future__ import annotations

from collections.abc import Callable
from email.message import EmailMessage

import structlog

from billing.desk import Desk
from billing.errors import Undeliverable
from billing.ids import OperationId
from billing.operations import State
from billing.steps import NOBODY
from billing.subscriptions import CreateSubscription, SubscriptionStarted
from blocks import mails

log = structlog.get_logger(__name__)


class Mails:
    """A step of every operation; most need no mail. Without a mail server the link is only shown to the staff."""

    def __init__(self, desk: Desk, send: Callable[[EmailMessage], None] | None) -> None:
        self._desk = desk
        self._send = send

    def send(self, operation_id: str, state: str) -> str:
        """Send what belongs to that state of the operation; hands the state on."""
        if state == State.WAITING:
            self._send_link(OperationId(operation_id))
        return state

    def _send_link(self, operation_id: OperationId) -> None:
        with self._desk.reading(NOBODY) as uow:
            operation = uow.operations.get(operation_id)
            contact = uow.contacts.get(operation.contact)
            business = uow.catalogue.business
        receipt = SubscriptionStarted.model_validate_json(operation.result or "")
        if operation.kind != CreateSubscription.kind or receipt.link is None:
            return
        if self._send is None:
            log.warning("no mail server is set, the link was not sent", setting="SMTP_URL")
            return
        try:
            mail = mails.payment_link(contact, receipt.preview, receipt.link, business)
        except ValueError:
            log.warning("the customer's e-mail address is none, the link was not sent", contact=contact.id)
            return
        # The same for every try, so that a mail that was handed in twice is shown once.
        mail["Message-ID"] = f"<{operation.id}@{business.support_email.rpartition('@')[2]}>"
        try:
            self._send(mail)
        except Undeliverable as error:
            log.warning("the mail server refused the mail, the link was not sent", contact=contact.id, error=error)
