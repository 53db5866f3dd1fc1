"""The customer's own ways: a link to edit "Bill to" (G14, G15), and one that says "this was not me"."""

from __future__ import annotations

import secrets
from datetime import date, datetime, timedelta

from billing.billing_contacts.changing import ChangeBillTo, accept, usable_link
from billing.billing_contacts.model import (
    ATTEMPTS_PER_LINK,
    LINKS_A_DAY,
    BillTo,
    Link,
    Purpose,
    bill_to,
    billing_contact,
)
from billing.billing_contacts.rules import changeable, with_self_service
from billing.billing_contacts.verifying import MAIL, alert_managers
from billing.contacts import Contact
from billing.desk import Desk
from billing.errors import LinkExpired, LinkUnknown, LinkUsed, NoEmailAddress, TooManyAttempts, TooManyLinks
from billing.ids import LinkId
from billing.models import Frozen
from billing.operations import Action, Command, Context, Operation, Receipt, State
from billing.ports import Job, Payments, UnitOfWork
from billing.roles import Permission
from billing.steps import NOBODY
from billing.timeline import Entry, Happening


class SendLink(Command):
    """Send the billing contact a link to edit "Bill to"."""

    kind = "send_billing_contact_link"


class Sendable(Frozen):
    contact: Contact


class Nothing(Frozen):
    """Stripe has no part in it."""


class LinkSent(Receipt):
    name: str
    email: str
    expires_at: datetime  # UTC


class OpenedLink(Frozen):
    """What a page shows. `state` is where the change stands that the link was used for."""

    link: Link
    contact: Contact
    before: BillTo
    state: State | None = None


class ReportedChange(Frozen):
    """What the former billing contact is asked about."""

    link: Link
    changed_on: date  # in the business's time zone


# Sending


def check_send(uow: UnitOfWork, command: SendLink) -> Sendable:
    """Only to the address on file, so it does not matter who asks for it; but not again and again."""
    uow.actor.require(Permission.CHANGE_BILLING_CONTACT)
    contact = changeable(uow, command.contact)
    with_self_service(uow, contact)
    if not billing_contact(contact).email:
        raise NoEmailAddress(contact=contact.name)
    if uow.billing_contacts.links_since(contact.id, uow.now - timedelta(days=1)) >= LINKS_A_DAY:
        raise TooManyLinks
    return Sendable(contact=contact)


def perform_send(payments: Payments, context: Context, checked: Sendable) -> Nothing:
    del payments, context, checked
    return Nothing()


def record_send(uow: UnitOfWork, context: Context, checked: Sendable, outcome: Nothing) -> LinkSent:
    del outcome
    to = billing_contact(checked.contact)
    link = Link(
        id=LinkId(f"bcl_{context.operation}"),
        contact=checked.contact.id,
        purpose=Purpose.EDIT,
        name=to.name,
        email=to.email,
        team=context.actor.team,
        user=context.actor.user,
        operation=context.operation,
        created_at=uow.now,
        expires_at=uow.now + timedelta(hours=uow.catalogue.billing_contact.link_hours),
    )
    uow.billing_contacts.add_link(link)
    uow.enqueue(Job(id=f"{link.id}:edit", name=MAIL, argument=f"edit:{link.id}"))
    uow.timeline.append(
        Entry(
            id=f"{context.operation}:{Happening.BILLING_CONTACT_LINK_SENT}",
            contact=checked.contact.id,
            at=uow.now,
            what=Happening.BILLING_CONTACT_LINK_SENT,
            by=context.actor.name,
            operation=context.operation,
            parameters={"name": to.name, "until": link.expires_at.isoformat()},
        )
    )
    return LinkSent(name=to.name, email=to.email, expires_at=link.expires_at)


SEND = Action(
    command=SendLink,
    checked=Sendable,
    outcome=Nothing,
    receipt=LinkSent,
    check=check_send,
    perform=perform_send,
    record=record_send,
)


def new_token(uow: UnitOfWork, link: LinkId) -> str:
    """256 random bits for the address in one mail."""
    token = secrets.token_urlsafe(32)
    uow.billing_contacts.add_token(token, link)
    return token


# Using the link to edit


def open_edit(uow: UnitOfWork, token: str) -> OpenedLink:
    """What the page shows; uses nothing. Raises LinkUnknown, LinkExpired, NoSelfService or what stops any change."""
    link = uow.billing_contacts.by_token(token)
    if link.purpose is not Purpose.EDIT:
        raise LinkUnknown
    contact = uow.contacts.get(link.contact)
    if link.used_by is not None:
        state = uow.operations.get(link.used_by).state
        return OpenedLink(link=link, contact=contact, before=bill_to(contact), state=state)
    contact = changeable(uow, usable_link(uow, link, link.contact).contact)
    return OpenedLink(link=link, contact=contact, before=bill_to(contact))


def hand_in(desk: Desk, token: str, fields: dict[str, str], reply_to: str) -> Operation:
    """The form was saved (G20). The attempt counts also when it is refused; the link is used only when it is not.

    `reply_to` is where the staff hears of it. Raises what `changing.accept` raises, and TooManyAttempts.
    """
    with desk.writing(NOBODY) as uow:
        link = uow.billing_contacts.by_token(token)
        attempts = uow.billing_contacts.attempt(link.id)
    if attempts > ATTEMPTS_PER_LINK:
        raise TooManyAttempts
    command = ChangeBillTo(contact=link.contact, link=link.id, **fields)
    with desk.writing(NOBODY) as uow:
        link = uow.billing_contacts.link(link.id)
        if link.used_by is not None:
            raise LinkUsed
        return accept(
            uow,
            command,
            key=f"{link.id}:{link.uses}",
            reply_to=reply_to,
        )


# Reporting


def open_report(uow: UnitOfWork, token: str) -> ReportedChange:
    """Raises LinkUnknown, LinkExpired, or LinkUsed when it was reported already."""
    link = uow.billing_contacts.by_token(token)
    if link.purpose is not Purpose.REPORT:
        raise LinkUnknown
    if link.used_at is not None:
        raise LinkUsed
    if link.expires_at <= uow.now:
        raise LinkExpired
    return ReportedChange(link=link, changed_on=link.created_at.astimezone(uow.catalogue.business.zone).date())


def report(uow: UnitOfWork, token: str, *, freeze: bool) -> Link:
    """This was not me: managers are told at once and, if wished, nothing more is changed until one has looked.

    What was under way by then, or could be begun with a link or a proof, is over also when a manager lifts the freeze.
    """
    link = open_report(uow, token).link
    if not uow.billing_contacts.use_link(link.id, None, uow.now):
        raise LinkUsed
    happened = [Happening.BILLING_CONTACT_REPORTED]
    if freeze:
        uow.billing_contacts.freeze(link.contact, uow.now)
        uow.billing_contacts.close_links(link.contact, uow.now)
        uow.billing_contacts.void_proofs(link.contact)
        happened.append(Happening.BILLING_CONTACT_FROZEN)
    for what in happened:
        uow.timeline.append(
            Entry(
                id=f"{link.id}:{what}",
                contact=link.contact,
                at=uow.now,
                what=what,
                by=link.name,
                operation=link.operation,
            )
        )
    alert_managers(uow, f"reported:{link.id}")
    return link
