"""Calling off a lower limit that waits at Stripe without a decision (K3, HX17); a request's is `change_requests`'."""

from __future__ import annotations

from typing import ClassVar

from billing.contacts import Contact, Subscription
from billing.errors import SubscriptionChanged
from billing.ids import ScheduleId, SubscriptionId
from billing.models import Frozen
from billing.operations import Action, Command, Context, Receipt
from billing.plan_changes.changing import described, follow, in_turn
from billing.plan_changes.rules import chosen_subscription, plan_subscriptions
from billing.plans import Package, package_of
from billing.ports import Payments, UnitOfWork
from billing.roles import Permission
from billing.timeline import Entry, Happening


class CallOffChange(Command):
    """The customer keeps the limit after all."""

    kind: ClassVar[str] = "call_off_plan_change"

    subscription: SubscriptionId


class ToCallOff(Frozen):
    contact: Contact
    subscription: SubscriptionId
    schedule: ScheduleId
    package: Package


class LetGo(Frozen):
    subscription: Subscription


class ChangeCalledOff(Receipt):
    """`too_late`: it was effective before Stripe could be told."""

    contact: Contact
    too_late: bool = False


def check(uow: UnitOfWork, command: CallOffChange) -> ToCallOff:
    """Refuse what does not wait (any more), and what waits for a request: that is kept by its own button."""
    uow.actor.require(Permission.CHANGE_PLAN)
    contact = uow.contacts.get(command.contact)
    one = chosen_subscription(uow, contact, plan_subscriptions(uow, contact), command.subscription)
    if one.schedule is None or uow.requests.open_for(one.id):
        raise SubscriptionChanged
    return ToCallOff(
        contact=contact, subscription=one.id, schedule=one.schedule, package=package_of(uow.catalogue, one)
    )


def perform(payments: Payments, context: Context, checked: ToCallOff) -> LetGo:
    del context
    return LetGo(subscription=payments.release_schedule(checked.subscription, checked.schedule))


def record(uow: UnitOfWork, context: Context, checked: ToCallOff, outcome: LetGo) -> ChangeCalledOff:
    """If the day had come before Stripe was told, the lower limit is effective, and the account follows."""
    uow.mirror.add_subscription(checked.contact.id, outcome.subscription, None)
    now_so = package_of(uow.catalogue, outcome.subscription)
    if now_so != checked.package:
        follow(uow, uow.contacts.get(checked.contact.id))
        return ChangeCalledOff(contact=checked.contact, too_late=True)
    what = Happening.PLAN_CHANGE_CALLED_OFF
    uow.timeline.append(
        Entry(
            id=f"{context.operation}:{what}",
            contact=checked.contact.id,
            at=uow.now,
            what=what,
            by=context.actor.name,
            operation=context.operation,
            stripe_id=checked.subscription,
            parameters=described(checked.package, now_so),
        )
    )
    return ChangeCalledOff(contact=checked.contact)


CALL_OFF = Action(
    command=CallOffChange,
    checked=ToCallOff,
    outcome=LetGo,
    receipt=ChangeCalledOff,
    check=check,
    perform=perform,
    record=record,
    subject=in_turn,
)
