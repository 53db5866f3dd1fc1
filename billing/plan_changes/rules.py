"""Every rule about a change, and the order that comes of it (A1, A4, A8, A13, A15, A24, GX9, HX3)."""

from __future__ import annotations

from datetime import datetime

from billing.accounts import billable
from billing.catalogue import Proration
from billing.contacts import Contact, Subscription, SubscriptionStatus
from billing.errors import (
    ChangeWaits,
    NoPlan,
    NotChangeable,
    NothingChanges,
    PlanEnds,
    RequestScheduled,
    SeatsInUse,
    UsageAboveLimits,
)
from billing.ids import SubscriptionId
from billing.plan_changes.model import Assessment, PlanChangeDraft, Way
from billing.plans import (
    Difference,
    Dimension,
    Direction,
    Impact,
    Item,
    Package,
    cadence_of,
    differences,
    entitled,
    has_plan,
    impact,
    items_of,
    lowers,
    needs_decision,
    package_of,
    package_sold,
)
from billing.ports import ChangeOrder, UnitOfWork
from billing.roles import Permission

CHANGEABLE = (SubscriptionStatus.ACTIVE, SubscriptionStatus.TRIALING)


def assess(uow: UnitOfWork, draft: PlanChangeDraft) -> Assessment:
    """Every rule about the change, in the order in which a person would want to hear of them; what it would mean."""
    uow.actor.require(Permission.CHANGE_PLAN)
    contact = billable(uow, draft.contact)
    subscription = chosen_subscription(uow, contact, plan_subscriptions(uow, contact), draft.subscription)
    changeable(uow, subscription)
    requester = entitled(contact, draft.requester)
    cadence = cadence_of(subscription, uow.catalogue)
    before = package_of(uow.catalogue, subscription)
    after = package_sold(uow.catalogue, items_of(uow.catalogue, draft.package, cadence))
    changes = differences(uow.catalogue, before, after)
    if not changes:
        raise NothingChanges(contact=contact.name)
    meaning = impact(uow.catalogue, subscription, after, contact.account)
    way = _way(uow, changes)
    _leaves_room(meaning, way)
    if way is not Way.REQUEST and all(one.direction is Direction.DOWN for one in changes):
        _calls_nothing_off(uow, subscription)
    return Assessment(
        contact=contact,
        requester=requester,
        subscription=subscription,
        draft=PlanChangeDraft.model_validate(draft.model_dump(include=set(PlanChangeDraft.model_fields))),
        before=before,
        after=after,
        differences=changes,
        impact=meaning,
        way=way,
        cadence=cadence,
    )


def order_for(
    uow: UnitOfWork, subscription: Subscription, contact: Contact, after: Package, at: datetime
) -> ChangeOrder:
    """The change in the terms of the port. `at` is when it is prorated."""
    cadence = cadence_of(subscription, uow.catalogue)
    product = after.plan.partition("/")[0]
    taxes = uow.catalogue.taxes_for(contact.address.country, contact.tax_id, product)
    return ChangeOrder(
        customer=contact.customer,
        subscription=subscription.id,
        before=known_items(uow, subscription),
        after=items_of(uow.catalogue, after, cadence),
        tax_rates=tuple(rate.name for rate in taxes),
        prorated_at=whole_second(at),
        credits_unused=uow.catalogue.plan_changes.proration is Proration.DIFFERENCE,
    )


def known_items(uow: UnitOfWork, subscription: Subscription) -> tuple[Item, ...]:
    """The items that the catalogue knows; others are none of ours to change."""
    return tuple(
        Item(price=item.price, quantity=item.quantity)
        for item in subscription.items
        if item.price and uow.catalogue.sold(item.price)
    )


def plan_subscriptions(uow: UnitOfWork, contact: Contact) -> tuple[Subscription, ...]:
    """The running subscriptions to plans of the catalogue. Raises NoPlan."""
    found = tuple(
        one
        for one in uow.mirror.subscriptions(contact.id)
        if one.status.runs and one.status is not SubscriptionStatus.SCHEDULED and has_plan(uow.catalogue, one)
    )
    if not found:
        raise NoPlan(contact=contact.name)
    return found


def chosen_subscription(
    uow: UnitOfWork, contact: Contact, mine: tuple[Subscription, ...], wanted: SubscriptionId | None
) -> Subscription:
    """The one that is wanted, which must be the contact's (a form can be forged); else that of the account's plan."""
    if wanted is not None:
        found = next((one for one in mine if one.id == wanted), None)
        if found is None:
            raise NoPlan(contact=contact.name)
        return found
    of_account = (one for one in mine if package_of(uow.catalogue, one).plan == contact.account.plan)
    return next(of_account, mine[0])


def changeable(uow: UnitOfWork, subscription: Subscription) -> None:
    if subscription.status not in CHANGEABLE:
        raise NotChangeable(subscription_status=subscription.status.value)
    goes_on(uow, subscription)


def goes_on(uow: UnitOfWork, subscription: Subscription) -> None:
    """Refuse what is cancelled for a day to come: changing it would take the cancellation back (GX9)."""
    if subscription.cancel_at:
        last = subscription.cancel_at.astimezone(uow.catalogue.business.zone).date()
        raise PlanEnds(last=last.isoformat())


def _way(uow: UnitOfWork, changes: tuple[Difference, ...]) -> Way:
    if needs_decision(uow.catalogue, changes):
        return Way.REQUEST
    return Way.PERIOD_END if lowers(changes) else Way.AT_ONCE


def _leaves_room(meaning: Impact, way: Way) -> None:
    """What is done without a decision must hold what the customer uses (A15, A4); a manager may decide otherwise."""
    for one in meaning.above if way is not Way.REQUEST else ():
        if one.what is Dimension.SEATS:
            raise SeatsInUse(used=one.used, seats=one.allowed)
        above = UsageAboveLimits(used=one.used, allowed=one.allowed)
        above.field = "limit"  # here there is nobody who could override it
        raise above


def _calls_nothing_off(uow: UnitOfWork, subscription: Subscription) -> None:
    """An upgrade takes the place of what waits at Stripe (HX17); nobody who wants less has asked for that."""
    request = uow.requests.open_for(subscription.id)
    if request and request.effective_at:
        day = request.effective_at.astimezone(uow.catalogue.business.zone).date()
        raise RequestScheduled(day=day.isoformat())
    if subscription.schedule:
        raise ChangeWaits


def whole_second(at: datetime) -> datetime:
    """Stripe counts in whole seconds."""
    return at.replace(microsecond=0)
