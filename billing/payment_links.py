"""A link to Stripe's page, on which a customer adds a payment method, and what waits until it was used (H30, H31).

What waits is an operation of its capability. When Stripe tells that the method was added, a second operation, a
`Resumption`, finishes the first one; when nobody used the link in time, the first one expires, visibly.
"""

from __future__ import annotations

from typing import Literal

from billing.contacts import Contact, PaymentMethod
from billing.errors import NoEmailAddress, NotWaiting, Reason
from billing.ids import OperationId
from billing.operations import Command, Operation, State
from billing.ports import Payments, UnitOfWork
from billing.roles import Permission
from billing.timeline import Entry, Happening, Topic, Wanted

SEND_LINK: Literal["link"] = "link"  # instead of a payment method: the customer adds one on Stripe's page


RECENT = 100  # entries of the history about mails in which one of an operation is looked for


class Resumption(Command):
    """The customer added a payment method on Stripe's page: go on with what waited for it. Subclasses say with what."""

    waiting: OperationId
    session: str  # Stripe's Checkout session


def may_be_sent(uow: UnitOfWork, contact: Contact) -> None:
    """Refuse who may not send links, and where there is no address to which one could go."""
    uow.actor.require(Permission.SEND_PAYMENT_LINK)
    if not contact.email:
        raise NoEmailAddress(contact=contact.name)


def not_mailed(uow: UnitOfWork, operation: Operation) -> None:
    """The mail with the operation's link could not be sent, for good: somebody has to pass the link on."""
    uow.timeline.append(
        Entry(
            id=f"{operation.id}:{Happening.LINK_NOT_MAILED}",
            contact=operation.contact,
            at=uow.now,
            what=Happening.LINK_NOT_MAILED,
            operation=operation.id,
        )
    )


def was_mailed(uow: UnitOfWork, operation: Operation) -> bool:
    """Whether the history does not say that the operation's link could not be mailed."""
    wanted = Wanted(topic=Topic.MAILS, since=operation.created_at)
    mails = uow.timeline.page(operation.contact, limit=RECENT, wanted=wanted).entries
    return not any(one.what is Happening.LINK_NOT_MAILED and one.operation == operation.id for one in mails)


def still_waiting(uow: UnitOfWork, command: Resumption, kind: str) -> Operation:
    """The operation of that kind, if it still waits and is this contact's. Raises NotWaiting."""
    waiting = uow.operations.get(command.waiting)
    is_meant = waiting.contact == command.contact and waiting.kind == kind
    if waiting.state is not State.WAITING or not is_meant or waiting.result is None:
        raise NotWaiting(state=waiting.state.value)
    return waiting


def added_method(payments: Payments, session: str) -> PaymentMethod:
    """The method that the customer added. Raises NotWaiting while there is none."""
    method = payments.method_from_setup(session)
    if method is None:
        raise NotWaiting(state=State.WAITING.value)
    return method


def end_waiting(uow: UnitOfWork, command: Resumption, reason: Reason) -> None:
    """The link is used up, so nothing else would end the waiting: it ends with the same reason.

    Unless it was not for this contact, or has no method yet (NotWaiting): then it is left alone.
    """
    if reason.key != NotWaiting.__name__:
        uow.operations.finish(command.waiting, State.REFUSED, reason=reason)


def expire(uow: UnitOfWork, waiting: Operation) -> None:
    """The customer did not use the link in time (Stripe closes it): nothing was done, and somebody is told."""
    uow.operations.finish(waiting.id, State.EXPIRED)
    uow.timeline.append(
        Entry(
            id=f"{waiting.id}:{Happening.PAYMENT_LINK_EXPIRED}",
            contact=waiting.contact,
            at=uow.now,
            what=Happening.PAYMENT_LINK_EXPIRED,
            operation=waiting.id,
        )
    )
