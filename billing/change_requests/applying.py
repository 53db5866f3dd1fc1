"""Telling Stripe of an approved request, and letting it go again while its day has not come (AX2, HX17, GX9)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta

from dateutil.relativedelta import relativedelta

from billing.accounts import billable
from billing.change_requests.deciding import ApplyRequest, carry_on, person
from billing.change_requests.filing import is_at_once
from billing.change_requests.model import Act, ChangeRequest, RequestState
from billing.change_requests.states import already_decided
from billing.contacts import Contact, Subscription
from billing.errors import AlreadyDecided, Declined, NotApprover, Reason, SubscriptionChanged
from billing.ids import RequestId
from billing.models import Frozen
from billing.operations import Action, Command, Context, Receipt
from billing.plan_changes import goes_on, in_turn, keep_account, order_for
from billing.plans import cadence_of, has_plan, package_of
from billing.ports import ChangedSubscription, ChangeOrder, Payments, ScheduledChange, UnitOfWork
from billing.roles import PERMISSIONS, Permission


class Approved(Frozen):
    """What Stripe is told."""

    request: RequestId
    order: ChangeOrder
    effective_at: datetime | None  # UTC; None: at once


class Applied(Frozen):
    changed: ChangedSubscription | None = None
    scheduled: ScheduledChange | None = None


class RequestApplied(Receipt):
    request: RequestId


class KeepPlan(Command):
    """The customer keeps the plan after all: let the waiting change go (HX17)."""

    kind = "keep_plan"

    request: RequestId


class Keeping(Frozen):
    request: ChangeRequest


class Kept(Frozen):
    subscription: Subscription


class PlanKept(Receipt):
    """`too_late`: it was effective before Stripe could be told."""

    request: RequestId
    too_late: bool = False


# Approved


def check(uow: UnitOfWork, command: ApplyRequest) -> Approved:
    """Refuse what is no longer approved, an account that is not billed any more (GX3), and a subscription that is no
    longer what was asked about, or ends (GX9).
    """
    request = uow.requests.get(command.request)
    if request.state is not RequestState.APPROVED:
        raise already_decided(request)
    contact = billable(uow, request.contact)
    subscription = subscription_of(uow, request)
    if subscription is None or package_of(uow.catalogue, subscription) != request.before:
        raise SubscriptionChanged
    goes_on(uow, subscription)
    at_once = is_at_once(uow.catalogue.plan_changes, request.impact) and not _is_early(uow, request)
    return Approved(
        request=request.id,
        order=order_for(uow, subscription, contact, request.after, uow.now),
        effective_at=None if at_once else effective_at(uow, request, subscription),
    )


def perform(payments: Payments, context: Context, checked: Approved) -> Applied:
    order, id_, at = checked.order, context.operation, context.created_at
    if checked.effective_at is None:
        return Applied(changed=payments.change_subscription(order, None, id_, at))
    return Applied(scheduled=payments.schedule_change(order, checked.effective_at, id_, at))


def record(uow: UnitOfWork, context: Context, checked: Approved, outcome: Applied) -> RequestApplied:
    del context
    request = uow.requests.get(checked.request)
    if outcome.changed:
        uow.mirror.add_subscription(request.contact, outcome.changed.subscription, outcome.changed.invoice)
        keep_account(uow, request.contact, request.before, request.after)
        carry_on(uow, request.id, Act.TAKE_EFFECT, effective_at=uow.now)
    elif outcome.scheduled:
        uow.mirror.add_subscription(request.contact, outcome.scheduled.subscription, None)
        carry_on(
            uow,
            request.id,
            Act.SCHEDULE,
            effective_at=outcome.scheduled.effective_at,
            schedule=outcome.scheduled.schedule,
        )
    return RequestApplied(request=request.id)


def declined(uow: UnitOfWork, context: Context, checked: Approved, error: Declined) -> None:
    del context
    carry_on(uow, checked.request, Act.FAIL, note=error.code)


def refused(uow: UnitOfWork, command: ApplyRequest, reason: Reason) -> None:
    """Stripe does not do it, or there is nothing to do it with: everybody concerned is told."""
    try:
        carry_on(uow, command.request, Act.FAIL, note=reason.key)
    except AlreadyDecided:
        return  # superseded, or ended otherwise, meanwhile


APPLY = Action(
    command=ApplyRequest,
    checked=Approved,
    outcome=Applied,
    receipt=RequestApplied,
    check=check,
    perform=perform,
    record=record,
    declined=declined,
    refused=refused,
    subject=in_turn,
)


# Kept after all


def check_keep(uow: UnitOfWork, command: KeepPlan) -> Keeping:
    """Who files requests may keep the plan, until the change is effective."""
    uow.actor.require(Permission.FILE_CHANGE_REQUEST)
    request = uow.requests.get(command.request)
    if request.contact != command.contact:
        raise NotApprover(who_can=PERMISSIONS[Permission.FILE_CHANGE_REQUEST])
    if request.state is not RequestState.SCHEDULED or request.schedule is None:
        raise already_decided(request)
    return Keeping(request=request)


def perform_keep(payments: Payments, context: Context, checked: Keeping) -> Kept:
    del context
    request = checked.request
    assert request.schedule, "what is scheduled has a schedule"
    return Kept(subscription=payments.release_schedule(request.subscription, request.schedule))


def record_keep(uow: UnitOfWork, context: Context, checked: Keeping, outcome: Kept) -> PlanKept:
    """If the day had come before Stripe was told, the change is effective, and that is what is recorded."""
    request = checked.request
    uow.mirror.add_subscription(request.contact, outcome.subscription, None)
    too_late = is_made(uow, request, outcome.subscription)
    if uow.requests.get(request.id).state is RequestState.SCHEDULED:
        if too_late:
            take_effect(uow, request)
        else:
            carry_on(uow, request.id, Act.KEEP, by=person(uow))
    del context
    return PlanKept(request=request.id, too_late=too_late)


KEEP = Action(
    command=KeepPlan,
    checked=Keeping,
    outcome=Kept,
    receipt=PlanKept,
    check=check_keep,
    perform=perform_keep,
    record=record_keep,
    subject=in_turn,
)


# What Stripe tells


def settle(uow: UnitOfWork, contact: Contact) -> None:
    """After the mirror was renewed: whatever became of this customer's requests at Stripe (GX9).

    A schedule that is gone while one of our operations is at work is that operation's doing, which records it itself.
    """
    for request in uow.requests.of_contact(contact.id, limit=50):
        if request.state.open:
            _settle(uow, request)


def _settle(uow: UnitOfWork, request: ChangeRequest) -> None:
    subscription = subscription_of(uow, request)
    if subscription is None:
        carry_on(uow, request.id, Act.FAIL, note="SubscriptionEnded")
    elif request.state is RequestState.SCHEDULED and is_made(uow, request, subscription):
        take_effect(uow, request)
    elif request.state is RequestState.SCHEDULED and _is_released(uow, request, subscription):
        carry_on(uow, request.id, Act.FAIL, note="ScheduleReleased")


def _is_released(uow: UnitOfWork, request: ChangeRequest, subscription: Subscription) -> bool:
    return subscription.schedule is None and not uow.operations.under_way(request.contact)


def take_effect(uow: UnitOfWork, request: ChangeRequest) -> None:
    keep_account(uow, request.contact, request.before, request.after)
    carry_on(uow, request.id, Act.TAKE_EFFECT)


def is_made(uow: UnitOfWork, request: ChangeRequest, subscription: Subscription) -> bool:
    """Whether the subscription is what was asked for."""
    return has_plan(uow.catalogue, subscription) and package_of(uow.catalogue, subscription) == request.after


def subscription_of(uow: UnitOfWork, request: ChangeRequest) -> Subscription | None:
    """The running subscription that it is about; None when it ended."""
    mine = uow.mirror.subscriptions(request.contact)
    return next((one for one in mine if one.id == request.subscription and one.status.runs), None)


# When


def _is_early(uow: UnitOfWork, request: ChangeRequest) -> bool:
    """The customer wished for a later day."""
    return request.wished is not None and request.wished > uow.today


def effective_at(uow: UnitOfWork, request: ChangeRequest, subscription: Subscription) -> datetime:
    """The first end of a period on the wished day or after it; without a wish the end of the running one (AX2)."""
    zone = uow.catalogue.business.zone
    not_before = datetime.combine(request.wished, time(), zone).astimezone(UTC) if request.wished else uow.now
    return next(end for end in period_ends(subscription) if end >= not_before)


def period_ends(subscription: Subscription) -> Iterator[datetime]:
    """The ends of this period and of those after it, counted from the subscription's own day: 31 January, 28 February.

    Follows "Set the subscription billing renewal date". While the mirror does not know that day, it is the one on which
    the subscription started, unless the running period says otherwise: then it is counted from that one's end.
    """
    running = subscription.current_period_end
    assert running, "what is billed has a period"
    cadence = cadence_of(subscription)
    one = relativedelta(**{f"{cadence.interval}s": cadence.count})  # type: ignore[arg-type]  # days, weeks, months, years
    own = subscription.anchor or subscription.started_at
    guess = round((running - own) / timedelta(days=_DAYS[cadence.interval] * cadence.count))
    aligned = next((n for n in range(max(guess - 1, 0), guess + 2) if own + n * one == running), None)
    number = 0
    while True:
        yield running + number * one if aligned is None else own + (aligned + number) * one
        number += 1


_DAYS = {"day": 1.0, "week": 7.0, "month": 30.436875, "year": 365.2425}
