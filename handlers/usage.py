"""The notice near the contact limit (A3): a mail to the customer's primary admin and billing contact."""

from __future__ import annotations

from functools import partial

from billing import usage as domain
from billing.desk import Desk
from billing.ids import ContactId, UserId
from billing.steps import NOBODY
from blocks import letters
from handlers.mails import Outbox
from handlers.payloads import ReplyTo


class UsageNotices:
    """A step that may be repeated: a mail that is sent again is the same mail."""

    def __init__(self, desk: Desk, outbox: Outbox) -> None:
        self._desk = desk
        self._outbox = outbox

    def send(self, argument: str, _: str = "") -> str:
        """`argument` is `contact:percent:moment`, as `billing.usage` makes it."""
        contact_id, percent, moment = argument.rsplit(":", 2)
        with self._desk.reading(NOBODY) as uow:
            contact = uow.contacts.get(ContactId(contact_id))
            rises = domain.rises_by_itself(uow, contact.id)
            business = uow.catalogue.business
        for number, member in enumerate(domain.told_of(contact)):
            compose = partial(letters.near_limit, member, contact, int(percent), business, rises_by_itself=rises)
            self._outbox.send(f"{contact.id}.{percent}.{moment}.{number}", compose, contact=contact.id)
        return ""


def reply_to(user: UserId) -> str:
    """Where a limit that was raised by itself (AX5) is told: to who confirmed its terms, by direct message."""
    return ReplyTo(user=user).model_dump_json()
