"""A contact limit that rises by itself, as was agreed (AX5, K4), and who is told where it does not."""

from __future__ import annotations

from dataclasses import replace

from billing import managers
from billing.contacts import Contact
from billing.errors import HighestLimit, NotFound, Reason
from billing.ids import ContactId, OperationId, TeamId
from billing.models import Frozen
from billing.operations import Context, Operation, State, operation_id
from billing.plan_changes.model import ChangePlan, PlanChangeReviewed, PreviewPlanChange, Quote, RaiseLimit
from billing.plan_changes.pricing import PREVIEW, record_preview
from billing.plan_changes.rules import chosen_subscription, plan_subscriptions
from billing.plans import cadence_of, limits_for, package_of, purchasers
from billing.ports import ChangePreview, Job, UnitOfWork

PIPELINE = "limit_not_raised"  # argument: a `NotRaised`
CUSTOMER = "customer"  # beside the places of `billing.managers`: the account's people, by mail


class NotRaised(Frozen):
    """A reached limit that should have risen by itself stays as it is."""

    contact: ContactId
    team: TeamId = TeamId("")  # only in jobs of an earlier version
    place: str = managers.CHANNEL
    moment: int  # seconds since 1970: tells one time from the next
    reason: Reason

    def told_at(self, place: str) -> Job:
        argument = self.model_copy(update={"place": place}).model_dump_json()
        return Job(id=f"{self.contact}:{PIPELINE}:{self.moment}:{place}", name=PIPELINE, argument=argument)


def next_limit(uow: UnitOfWork, contact: Contact) -> RaiseLimit:
    """The change to the next higher contact limit that holds what the account uses (AX5). Raises HighestLimit."""
    subscription = chosen_subscription(uow, contact, plan_subscriptions(uow, contact), None)
    package = package_of(uow.catalogue, subscription)
    limits = limits_for(uow.catalogue, package.plan, cadence_of(subscription, uow.catalogue))
    higher = (limit for limit in sorted(limits) if limit > max(package.limit or 0, contact.account.active_contacts))
    limit = next(higher, None)
    who_may = purchasers(contact)
    if limit is None or not who_may:
        raise HighestLimit(contact=contact.name)
    return RaiseLimit(
        contact=contact.id,
        subscription=subscription.id,
        requester=who_may[0].email,
        plan=package.plan,
        limit=limit,
        seats=package.seats,
        add_ons=package.add_ons,
    )


def record_raise(uow: UnitOfWork, context: Context, quote: Quote, preview: ChangePreview) -> PlanChangeReviewed:
    """The terms were confirmed when it was switched on, so the change itself is accepted in the same transaction."""
    command = ChangePlan(contact=quote.assessment.contact.id, preview=context.operation)
    key = _key(context.operation)
    uow.accept(
        Operation(
            id=operation_id(key),
            key=key,
            kind=command.kind,
            contact=command.contact,
            team=context.actor.team,
            user=context.actor.user,
            command=command.model_dump_json(),
            reply_to=uow.operations.get(context.operation).reply_to,
            created_at=uow.now,
            updated_at=uow.now,
        )
    )
    return record_preview(uow, context, quote, preview)


def refused_raise(uow: UnitOfWork, command: PreviewPlanChange, reason: Reason) -> None:
    not_raised(uow, command.contact, reason)


RAISE = replace(PREVIEW, command=RaiseLimit, record=record_raise, refused=refused_raise)


def not_made(uow: UnitOfWork, command: ChangePlan, reason: Reason) -> None:
    """A change that nobody waits for in a form was not made: say so. Any other answers where it was asked for."""
    if _is_by_itself(uow, command.preview):
        not_raised(uow, command.contact, reason)


def not_raised(uow: UnitOfWork, contact: ContactId, reason: Reason, *, to_customer: bool = True) -> None:
    """Have managers told, in their channel and each by direct message, and the account's people by mail."""
    told = NotRaised(contact=contact, moment=int(uow.now.timestamp()), reason=reason)
    managers.tell(uow, told.told_at, each=True)
    if to_customer:
        uow.enqueue(told.told_at(CUSTOMER))


def _is_by_itself(uow: UnitOfWork, preview: OperationId) -> bool:
    """Whether the change that followed a preview by itself is at work."""
    try:
        return uow.operations.get(operation_id(_key(preview))).state is State.ACCEPTED
    except NotFound:
        return False


def _key(preview: OperationId) -> str:
    return f"{preview}:change"
