"""Near the contact limit (A3, AX5): the mails to the customer's people, and what managers are told."""

from __future__ import annotations

from functools import partial

from billing import usage as domain
from billing.catalogue import Business
from billing.contacts import Contact
from billing.desk import Desk
from billing.ids import ContactId, UserId
from billing.plan_changes.raising import CUSTOMER, NotRaised
from billing.steps import NOBODY
from blocks import letters
from blocks import plan_changes as views
from handlers.mails import Outbox
from handlers.managers import Managers
from handlers.payloads import ReplyTo
from handlers.posts import Posts


class UsageNotices:
    """Steps that may be repeated: a mail that is sent again is the same mail."""

    def __init__(self, desk: Desk, posts: Posts, outbox: Outbox) -> None:
        self._desk = desk
        self._outbox = outbox
        self._managers = Managers(desk, posts)

    def send(self, argument: str, _: str = "") -> str:
        """`argument` is `contact:percent:moment:rises`, as `billing.usage` makes it; without `rises` it does not."""
        contact_id, percent, moment, *rises = argument.split(":")
        with self._desk.reading(NOBODY) as uow:
            contact = uow.contacts.get(ContactId(contact_id))
            business = uow.catalogue.business
        for number, member in enumerate(domain.told_of(contact)):
            compose = partial(
                letters.near_limit, member, contact, int(percent), business, rises_by_itself=rises == ["1"]
            )
            self._outbox.send(f"{contact.id}.{percent}.{moment}.{number}", compose, contact=contact.id)
        return ""

    def not_raised(self, argument: str, _: str = "") -> str:
        """`argument` is a `NotRaised`: to whom."""
        told = NotRaised.model_validate_json(argument)
        with self._desk.reading(NOBODY) as uow:
            contact, business = uow.contacts.get(told.contact), uow.catalogue.business
        if told.place == CUSTOMER:
            self._write(told, contact, business)
        else:
            self._managers.deliver(told.place, partial(views.not_raised, contact, told.reason), told.told_at)
        return ""

    def _write(self, told: NotRaised, contact: Contact, business: Business) -> None:
        for number, member in enumerate(domain.told_of(contact)):
            compose = partial(letters.limit_not_raised, member, contact, told.reason, business)
            self._outbox.send(f"{contact.id}.not_raised.{told.moment}.{number}", compose, contact=contact.id)


def reply_to(user: UserId) -> str:
    """Where a limit that was raised by itself (AX5) is told: to who confirmed its terms, by direct message."""
    return ReplyTo(user=user).model_dump_json()
