"""Nothing stalls: reminders, deputies for those who are away, and never an automatic yes or no."""

from __future__ import annotations

from datetime import timedelta

from billing.change_requests.deciding import PIPELINE
from billing.change_requests.model import ChangeRequest, Conflict, Person, RequestState
from billing.ids import RequestId
from billing.ports import Job, Store, UnitOfWork
from billing.steps import NOBODY

AT_ONCE = 200  # requests that are reminded of in one transaction


def remind(store: Store) -> int:
    """Have everybody reminded who was last told longer ago than the policy's hours; how many requests that were.

    A request that lies longer than the policy allows, or whose approvers are away, is shown to their deputies, who may
    decide it from then on.
    """
    with store.writing(NOBODY) as uow:
        policy = uow.catalogue.plan_changes
        lying = uow.requests.undecided_since(uow.now - timedelta(hours=policy.remind_after_hours), AT_ONCE)
        return sum(_nudge(uow, request) for request in lying)


def _nudge(uow: UnitOfWork, request: ChangeRequest) -> bool:
    deputies = _deputies(uow, request)
    escalated = request.escalated_at or (uow.now if deputies and _is_due(uow, request) else None)
    after = request.model_copy(update={"nudged_at": uow.now, "deputies": deputies, "escalated_at": escalated})
    try:
        uow.requests.note(after)
    except Conflict:
        return False  # somebody has just decided
    stamp = int(uow.now.timestamp())
    uow.enqueue(
        Job(id=f"{request.id}:{request.version}:{stamp}", name=f"{PIPELINE}_reminder", argument=str(request.id))
    )
    return True


def _is_due(uow: UnitOfWork, request: ChangeRequest) -> bool:
    """It lies too long, or nobody of those who were asked is there."""
    if request.state is not RequestState.FILED:
        return False
    too_long = timedelta(hours=uow.catalogue.plan_changes.escalate_after_hours)
    return request.age(uow.now) >= too_long or all(_is_away(uow, request, one) for one in request.approvers)


def _is_away(uow: UnitOfWork, request: ChangeRequest, approver: Person) -> bool:
    absence = uow.absences.get(request.team, approver.user)
    return absence is not None and absence.covers(uow.today)


def _deputies(uow: UnitOfWork, request: ChangeRequest) -> tuple[Person, ...]:
    """Those noted when it was filed, and those whom an approver has named since."""
    known = {one.user: one for one in request.deputies}
    asked = {one.user: one.name for one in request.approvers}
    people = {one.user: one.name for one in uow.staff.list() if one.team == request.team}
    for absence in uow.absences.of_team(request.team):
        deputy = absence.deputy
        if absence.user in asked and deputy in people and deputy not in (*asked, request.filed_by.user):
            known.setdefault(deputy, Person(user=deputy, name=people[deputy], instead_of=asked[absence.user]))
    return tuple(known.values())


def waiting_request(uow: UnitOfWork, request_id: RequestId) -> ChangeRequest | None:
    """The request, if it still waits for somebody: a reminder may come late."""
    request = uow.requests.get(request_id)
    return request if request.state.undecided else None
