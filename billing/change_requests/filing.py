"""Filing a change request: what the customer wants less of, why, and who will decide (A24 to A30, HX17)."""

from __future__ import annotations

import hashlib
from datetime import date
from typing import ClassVar

from pydantic import Field

from billing.absences import deputies, is_away
from billing.access import Actor
from billing.catalogue import ChangePolicy, Coupon, ReasonCode, TakesEffect
from billing.change_requests import deciding
from billing.change_requests.model import (
    Act,
    ChangeRequest,
    Conflict,
    Decision,
    Note,
    Origin,
    Person,
)
from billing.contacts import MemberRight
from billing.errors import (
    ChangeWaits,
    NeedsNoDecision,
    NotReadable,
    OnlyManager,
    ReasonMissing,
    RequestPending,
    TicketOfAnother,
    TooFewApprovers,
)
from billing.ids import RequestId, SubscriptionId
from billing.models import Frozen
from billing.plan_changes import Assessment, PlanChangeDraft, Way, assess
from billing.plans import Impact, per_month
from billing.ports import UnitOfWork
from billing.roles import Permission

LONGEST_ADDRESS = 254


class RequestDraft(PlanChangeDraft):
    """What the form holds: the package that is wanted, and what people need to decide."""

    kind: ClassVar[str] = "request_draft"

    reason: ReasonCode | None = None
    remark: Note = ""
    wished: date | None = None
    reply_to: str = Field(default="", max_length=LONGEST_ADDRESS)
    origin: Origin = Origin.FORM


class FileRequest(RequestDraft):
    """The form, submitted."""

    kind: ClassVar[str] = "file_change_request"

    reason: ReasonCode
    reply_to: str = Field(max_length=LONGEST_ADDRESS)
    offered: str | None = None  # the code of the coupon that was shown instead (HX17)


class RequestForm(Frozen):
    """What the form shows before anything is filed: what will be lost (A4), and who decides."""

    assessment: Assessment
    approvers: tuple[Person, ...]
    approvals_needed: int
    today: date
    draft: RequestDraft
    at_once: bool  # K7: it takes effect as soon as it is approved, unless a later day is wished for
    offer: Coupon | None = None  # what is offered instead, for the reason that was chosen (HX17)


def request_form(uow: UnitOfWork, draft: RequestDraft) -> RequestForm:
    """The form for a change that needs a decision.

    Raises NeedsNoDecision for one that does not, TicketOfAnother for a ticket that is not the requester's (A30).
    """
    assessment, approvers, needed = _allowed(uow, draft)
    return RequestForm(
        assessment=assessment,
        approvers=approvers,
        approvals_needed=needed,
        today=uow.today,
        draft=draft.model_copy(update={"reply_to": draft.reply_to or assessment.requester.email}),
        at_once=is_at_once(uow.catalogue.plan_changes, assessment.impact),
    )


def file(uow: UnitOfWork, command: FileRequest, key: str) -> ChangeRequest:
    """Write the request down and have everybody told, in this transaction. The same key again gives the same request.

    Raises everything that `assess` raises, RequestPending when one about this subscription is open, ChangeWaits while
    Stripe has another change of it, TooFewApprovers, OnlyManager, TicketOfAnother, ReasonMissing for "other" without
    words.
    """
    known = deciding.find(uow, request_id(key))
    if known:
        return known
    assessment, approvers, needed = _allowed(uow, command)
    if command.reason is ReasonCode.OTHER and not command.remark.strip():
        raise ReasonMissing("remark")
    if "@" not in command.reply_to.strip("@"):
        raise NotReadable("reply_to")
    me = Person(user=uow.actor.user, name=uow.actor.name)
    instead = deputies(uow, uow.actor.team, approvers, uow.actor.user)
    nobody_is_there = all(is_away(uow, uow.actor.team, one.user) for one in approvers)
    request = ChangeRequest(
        id=request_id(key),
        team=uow.actor.team,
        contact=assessment.contact.id,
        contact_name=assessment.contact.name,
        subscription=assessment.subscription.id,
        filed_by=me,
        filed_at=uow.now,
        origin=command.origin,
        requester_name=assessment.requester.name,
        requester_email=assessment.requester.email,
        reply_to=command.reply_to.strip(),
        reason=command.reason,
        remark=command.remark.strip(),
        wished=command.wished if command.wished and command.wished > uow.today else None,
        offer_declined=_declined(uow, command),
        before=assessment.before,
        after=assessment.after,
        differences=assessment.differences,
        impact=assessment.impact,
        approvers=approvers,
        deputies=instead,
        approvals_needed=needed,
        decisions=(Decision(number=1, act=Act.FILE, by=me, at=uow.now, note=command.remark.strip()),),
        nudged_at=uow.now,
        escalated_at=uow.now if instead and nobody_is_there else None,
    )
    try:
        is_new = uow.requests.add(request)
    except Conflict:
        raise pending(uow, assessment.subscription.id) from None
    if is_new:
        deciding.told(uow, request)
    return request


def is_at_once(policy: ChangePolicy, impact: Impact) -> bool:
    """K7: whether it is made when it is approved. What costs more in all waits for the period's end all the same.

    Nobody has confirmed a price, so nothing may be charged for it (A17).
    """
    return policy.downgrade is TakesEffect.AT_ONCE and impact.difference.amount <= 0


def is_filed(uow: UnitOfWork, key: str) -> bool:
    """Whether the submission with that key was filed before."""
    return deciding.find(uow, request_id(key)) is not None


def request_id(key: str) -> RequestId:
    """The same key always gives the same id."""
    return RequestId("chr_" + hashlib.sha256(key.encode()).hexdigest()[:24])


def pending(uow: UnitOfWork, subscription: SubscriptionId) -> RequestPending:
    """The refusal that says who has filed a request about it, and when."""
    there = uow.requests.open_for(subscription)
    return RequestPending(
        request=there.id if there else None,
        by=there.filed_by.name if there else None,
        since=there.filed_at.date().isoformat() if there else None,
    )


def _allowed(uow: UnitOfWork, draft: RequestDraft) -> tuple[Assessment, tuple[Person, ...], int]:
    uow.actor.require(Permission.FILE_CHANGE_REQUEST)
    assessment = assess(uow, draft)
    if assessment.way is not Way.REQUEST:
        raise NeedsNoDecision
    if draft.origin is Origin.TICKET and MemberRight.PRIMARY_ADMIN not in assessment.requester.rights:
        raise TicketOfAnother(name=assessment.requester.name)
    if uow.requests.open_for(assessment.subscription.id):
        raise pending(uow, assessment.subscription.id)
    if assessment.subscription.schedule:
        raise ChangeWaits
    lost = per_month(-assessment.impact.difference, assessment.cadence)
    needed = uow.catalogue.plan_changes.approvals_for(lost)
    approvers = tuple(Person(user=one.user, name=one.name) for one in uow.staff.list() if _may_decide(one, uow.actor))
    if needed == 1 and not approvers and uow.actor.may(Permission.DECIDE_CHANGE_REQUEST):
        raise OnlyManager
    if len(approvers) < needed:
        raise TooFewApprovers(needed=needed, there=len(approvers))
    return assessment, approvers, needed


def _declined(uow: UnitOfWork, command: FileRequest) -> str | None:
    """The offer that was shown, if it is one of the house's for that reason (a form can be forged)."""
    offered = uow.catalogue.plan_changes.offered_for(command.reason)
    return command.offered if command.offered in offered else None


def _may_decide(one: Actor, filer: Actor) -> bool:
    return one.team == filer.team and one.user != filer.user and one.may(Permission.DECIDE_CHANGE_REQUEST)
