"""The operation that asks Stripe what a change costs; its receipt is what a person reviews (AX1, AX5, AX14)."""

from __future__ import annotations

from datetime import datetime, timedelta

from billing.contacts import Contact, PaymentMethod, Subscription
from billing.errors import NeedsDecision, NotFound, PriceChanged, SubscriptionChanged
from billing.ids import OperationId
from billing.operations import Action, Context, Operation, State
from billing.payment_methods import seen_in
from billing.plan_changes.model import (
    Assessment,
    ChangePlan,
    PlanChangeDraft,
    PlanChangeReviewed,
    PreviewPlanChange,
    Quote,
    RaiseLimit,
    ResumePlanChange,
    Way,
)
from billing.plan_changes.rules import assess, order_for, whole_second
from billing.ports import ChangePreview, Payments, UnitOfWork
from billing.roles import Permission

# A reviewed price is charged within that time, or reviewed again.
REVIEW_HOLDS = timedelta(hours=1)
_PREVIEWS = (PreviewPlanChange.kind, RaiseLimit.kind)
_CHANGES = (ChangePlan.kind, ResumePlanChange.kind)


def check_preview(uow: UnitOfWork, command: PreviewPlanChange) -> Quote:
    """Refuse what may not be done at once (NeedsDecision)."""
    assessment = assess(uow, command)
    if assessment.way is Way.REQUEST:
        raise NeedsDecision
    return quote_of(uow, assessment, uow.now)


def perform_preview(payments: Payments, context: Context, quote: Quote) -> ChangePreview:
    """The moment is the one at which it was asked, also when the answer takes long."""
    return payments.preview_change(quote.order.model_copy(update={"prorated_at": whole_second(context.created_at)}))


def record_preview(uow: UnitOfWork, context: Context, quote: Quote, preview: ChangePreview) -> PlanChangeReviewed:
    del context  # nothing happened that would have to be written down
    return PlanChangeReviewed(
        assessment=quote.assessment,
        preview=preview,
        method=quote.method,
        supersedes=uow.requests.open_for(quote.assessment.subscription.id),
    )


PREVIEW = Action(
    command=PreviewPlanChange,
    checked=Quote,
    outcome=ChangePreview,
    receipt=PlanChangeReviewed,
    check=check_preview,
    perform=perform_preview,
    record=record_preview,
)


# What was asked for before


def draft_of(uow: UnitOfWork, operation_id: OperationId) -> PlanChangeDraft:
    """What was asked for by an operation of this person: a preview, or the change that followed it."""
    try:
        asked = uow.operations.get(operation_id)
        if asked.kind in _CHANGES:
            asked = uow.operations.get(change_of(uow, asked).preview)
    except NotFound:
        raise SubscriptionChanged from None
    is_theirs = (asked.team, asked.user) == (uow.actor.team, uow.actor.user)
    if not is_theirs or asked.kind not in _PREVIEWS:
        raise SubscriptionChanged
    wanted = PreviewPlanChange.model_validate_json(asked.command)
    return PlanChangeDraft.model_validate(wanted.model_dump())


def declined_operation(uow: UnitOfWork, operation_id: OperationId) -> Operation:
    """A change of this person's that the bank declined. Raises SubscriptionChanged for anything else."""
    uow.actor.require(Permission.CHANGE_PLAN)
    try:
        found = uow.operations.get(operation_id)
    except NotFound:
        raise SubscriptionChanged from None
    is_theirs = (found.team, found.user) == (uow.actor.team, uow.actor.user)
    if not is_theirs or found.kind not in _CHANGES or found.state is not State.DECLINED:
        raise SubscriptionChanged
    return found


def reviewed(uow: UnitOfWork, preview: OperationId) -> PlanChangeReviewed:
    """A review that this person asked for and that still holds. Raises PriceChanged."""
    uow.actor.require(Permission.CHANGE_PLAN)
    asked = review_of(uow, preview)
    if asked is None:
        raise PriceChanged
    return review_in(uow, asked)


def review_in(uow: UnitOfWork, asked: Operation) -> PlanChangeReviewed:
    """What came of a preview, as the reader may see it."""
    return seen_in(uow, PlanChangeReviewed.model_validate_json(asked.result or ""))


def change_of(uow: UnitOfWork, operation: Operation) -> ChangePlan:
    """The command of a change, also if the operation is the one that finished it after a link."""
    if operation.kind == ResumePlanChange.kind:
        operation = uow.operations.get(ResumePlanChange.model_validate_json(operation.command).waiting)
    return ChangePlan.model_validate_json(operation.command)


# Helpers


def review_of(uow: UnitOfWork, preview: OperationId, kinds: tuple[str, ...] = _PREVIEWS) -> Operation | None:
    """The preview that this person asked for, within the last hour; None for anything else, however it came here."""
    try:
        asked = uow.operations.get(preview)
    except NotFound:
        return None
    is_theirs = (asked.team, asked.user) == (uow.actor.team, uow.actor.user)
    is_good = asked.kind in kinds and asked.state is State.DONE
    return asked if is_theirs and is_good and uow.now - asked.created_at <= REVIEW_HOLDS else None


def quote_of(uow: UnitOfWork, assessment: Assessment, at: datetime) -> Quote:
    order = order_for(uow, assessment.subscription, assessment.contact, assessment.after, at)
    return Quote(assessment=assessment, order=order, method=method_of(uow, assessment.subscription, assessment.contact))


def method_of(uow: UnitOfWork, subscription: Subscription, contact: Contact) -> PaymentMethod | None:
    """What will be charged: the subscription's own method, else the customer's standard one."""
    if subscription.by_invoice:
        return None
    methods = uow.mirror.payment_methods(contact.id)
    own = next((one for one in methods if one.id == subscription.payment_method), None)
    return own or next((one for one in methods if one.default), None)
