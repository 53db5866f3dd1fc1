"""Nothing stalls: reminders, deputies for those who are away, and never an automatic yes or no."""

from __future__ import annotations

from datetime import timedelta

from billing.absences import deputies, is_away
from billing.change_requests.cards import refresh
from billing.change_requests.model import ChangeRequest, Conflict, Person, RequestState
from billing.change_requests.rights import current, may_decide, waited_for
from billing.errors import UnknownRequest
from billing.ids import RequestId, UserId
from billing.ports import Job, Store, UnitOfWork
from billing.roles import Permission
from billing.steps import NOBODY

PIPELINE = "change_request_reminder"  # a message to one person; argument: request:user

AT_ONCE = 200  # requests that are reminded of in one transaction


def remind(store: Store) -> int:
    """Have everybody reminded who was last told longer ago than the policy's hours; how many requests that were.

    A request that lies longer than the policy allows, or whose approvers are away, is shown to their deputies, who may
    decide it from then on. Where too few of the approvers may still decide, those who may now stand in for them.
    """
    with store.writing(NOBODY) as uow:
        policy = uow.catalogue.plan_changes
        lying = uow.requests.undecided_since(uow.now - timedelta(hours=policy.remind_after_hours), AT_ONCE)
        return sum(_nudge(uow, request) for request in lying)


def _nudge(uow: UnitOfWork, lying: ChangeRequest) -> bool:
    request = current(uow, lying)
    stand_ins = _stand_ins(uow, request)
    others = _together((*_deputies(uow, request), *stand_ins))
    is_due = bool(stand_ins) or _is_due(uow, request)
    escalated = request.escalated_at or (uow.now if others and is_due else None)
    after = request.model_copy(update={"nudged_at": uow.now, "deputies": others, "escalated_at": escalated})
    try:
        uow.requests.note(after)
    except Conflict:
        return False  # somebody has just decided
    stamp = int(uow.now.timestamp())
    for user in _reminded(uow, after):
        id_ = f"{request.id}:{request.version}:{user}:{stamp}"
        uow.enqueue(Job(id=id_, name=PIPELINE, argument=f"{request.id}:{user}"))
    refresh(uow, after, f"reminder:{stamp}")
    return True


def _reminded(uow: UnitOfWork, request: ChangeRequest) -> tuple[UserId, ...]:
    """Who can move it on, those who are away only if everybody is; where nobody can, those who can change that."""
    people = waited_for(uow, request)
    there = tuple(user for user in people if not is_away(uow, request.team, user))
    return there or people or _helpers(uow, request)


def _helpers(uow: UnitOfWork, request: ChangeRequest) -> tuple[UserId, ...]:
    """Who has to know that nobody may decide any more: who filed it, and those who give the right."""
    admins = (one.user for one in uow.staff.list() if one.team == request.team and one.may(Permission.MANAGE_STAFF))
    return tuple(dict.fromkeys((request.filed_by.user, *admins)))


def _is_due(uow: UnitOfWork, request: ChangeRequest) -> bool:
    """It lies too long, or nobody of those who were asked is there."""
    if request.state is not RequestState.FILED:
        return False
    too_long = timedelta(hours=uow.catalogue.plan_changes.escalate_after_hours)
    return request.age(uow.now) >= too_long or all(is_away(uow, request.team, one.user) for one in request.approvers)


def _deputies(uow: UnitOfWork, request: ChangeRequest) -> tuple[Person, ...]:
    """Those whom the approvers have named by now, and those who were asked before: it stays with them."""
    asked = request.deputies if request.escalated_at else ()
    return (*asked, *deputies(uow, request.team, request.approvers, request.filed_by.user))


def _stand_ins(uow: UnitOfWork, request: ChangeRequest) -> tuple[Person, ...]:
    """Those who may decide by now, where too few of those who were asked still may: nobody else could ever do it."""
    asked = {one.user: one for one in request.approvers}
    lost = [one for one in request.approvers if not may_decide(uow, request, one.user)]
    if request.state is not RequestState.FILED or len(asked) - len(lost) >= request.approvals_needed:
        return ()
    return tuple(
        Person(user=one.user, name=one.name, instead_of=lost[0].name)
        for one in uow.staff.list()
        if one.user not in (*asked, request.filed_by.user) and may_decide(uow, request, one.user)
    )


def _together(people: tuple[Person, ...]) -> tuple[Person, ...]:
    """Each once: a person for each colleague in whose place they are, and by their own right."""
    return tuple({(one.user, one.deputy_of): one for one in people}.values())


def still_waiting(uow: UnitOfWork, request_id: RequestId, user: UserId) -> ChangeRequest | None:
    """The request, if they are still to be reminded of it: a reminder may come late."""
    try:
        request = uow.requests.get(request_id)
    except UnknownRequest:
        return None
    return request if request.state.undecided and user in _reminded(uow, request) else None
