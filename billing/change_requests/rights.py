"""Who may do what with a change request: the rights of now, and the list of approvers of then (A24)."""

from __future__ import annotations

from billing.change_requests.model import Act, ChangeRequest, Person, RequestState
from billing.change_requests.states import LEADS_TO, already_decided
from billing.errors import AlreadyAgreed, FilerGone, NotApprover, NotFiler, OwnRequest, Refusal, UnknownRequest
from billing.ids import UserId
from billing.ports import UnitOfWork
from billing.roles import Permission

BY_APPROVERS = (Act.APPROVE, Act.REJECT, Act.ASK)
BY_FILER = (Act.ANSWER, Act.WITHDRAW)
BY_PEOPLE = (*BY_APPROVERS, *BY_FILER)


def entitled(uow: UnitOfWork, request: ChangeRequest, act: Act) -> Person:
    """The actor, if that act is theirs and still possible.

    Raises NotStaff, UnknownRequest for another team's, AlreadyDecided, NotFiler, OwnRequest, NotApprover, AlreadyAgreed
    or NotPermitted, and FilerGone for a question that nobody is left to answer.
    """
    actor = uow.actor
    actor.require(Permission.SEE_CONTACT)
    if request.team != actor.team:
        raise UnknownRequest(request=request.id)
    if (request.state, act) not in LEADS_TO:
        raise already_decided(request)
    if act is Act.KEEP:
        actor.require(Permission.FILE_CHANGE_REQUEST)
        return Person(user=actor.user, name=actor.name)
    return _filer(uow, request) if act in BY_FILER else _decider(uow, request, act)


def possible(uow: UnitOfWork, request: ChangeRequest) -> tuple[Act, ...]:
    """What the actor may do with it now, in the order in which it is offered."""
    return tuple(act for act in _OFFERED if _is_entitled(uow, request, act))


def offered(uow: UnitOfWork, request: ChangeRequest) -> tuple[Act, ...]:
    """What is offered where several people read it: what can be done now by those who decide."""
    acts = (*BY_APPROVERS, Act.KEEP) if _is_answered(uow, request) else (Act.APPROVE, Act.REJECT, Act.KEEP)
    return tuple(act for act in acts if (request.state, act) in LEADS_TO)


def current(uow: UnitOfWork, request: ChangeRequest) -> ChangeRequest:
    """As it stands by the rights of now: a question that nobody is left to answer waits for a decision again."""
    if request.state is RequestState.ASKED and not _is_answered(uow, request):
        return request.model_copy(update={"state": RequestState.FILED})
    return request


def waited_for(uow: UnitOfWork, request: ChangeRequest) -> tuple[UserId, ...]:
    """Who can move it on now, by the rights of now; nobody when all of them have lost theirs."""
    request = current(uow, request)
    if request.state is RequestState.ASKED:
        return (request.filed_by.user,)
    if request.state is not RequestState.FILED:
        return ()
    people = filter(request.may_agree, request.deciders)
    return tuple(dict.fromkeys(one.user for one in people if _still_decides(uow, request, one)))


def may_decide(uow: UnitOfWork, request: ChangeRequest, user: UserId) -> bool:
    """Whether they have the right to decide about requests now."""
    one = uow.staff.get(request.team, user)
    return one is not None and one.may(Permission.DECIDE_CHANGE_REQUEST)


_OFFERED = (*BY_PEOPLE, Act.KEEP)


def _still_decides(uow: UnitOfWork, request: ChangeRequest, person: Person) -> bool:
    if person.deputy_of is None:
        return may_decide(uow, request, person.user)
    return _is_here(uow, request, person.user)


def _is_answered(uow: UnitOfWork, request: ChangeRequest) -> bool:
    """Whether somebody is there to answer a question."""
    return _is_here(uow, request, request.filed_by.user)


def _is_here(uow: UnitOfWork, request: ChangeRequest, user: UserId) -> bool:
    one = uow.staff.get(request.team, user)
    return one is not None and bool(one.roles)


def _filer(uow: UnitOfWork, request: ChangeRequest) -> Person:
    if uow.actor.user != request.filed_by.user:
        raise NotFiler(by=request.filed_by.name)
    return request.filed_by


def _decider(uow: UnitOfWork, request: ChangeRequest, act: Act) -> Person:
    actor = uow.actor
    if actor.user == request.filed_by.user:
        raise OwnRequest
    decider = request.decider(actor.user)
    if decider is None:
        raise NotApprover(approvers=tuple(dict.fromkeys(one.name for one in request.deciders)))
    if decider.deputy_of is None:
        actor.require(Permission.DECIDE_CHANGE_REQUEST)
    if act is Act.APPROVE and not request.may_agree(decider):
        raise _already_agreed(request, decider)
    if act is Act.ASK and not _is_answered(uow, request):
        raise FilerGone(by=request.filed_by.name, requester=request.requester_name)
    return decider


def _already_agreed(request: ChangeRequest, decider: Person) -> AlreadyAgreed:
    """The refusal that says whose agreement counts as theirs, if it was not their own."""
    people = [one.by for one in request.approvals if one.by]
    if any(one.user == decider.user for one in people):
        return AlreadyAgreed()
    same = {decider.user, decider.deputy_of}
    return AlreadyAgreed(name=next(one.name for one in people if {one.user, one.deputy_of} & same))


def _is_entitled(uow: UnitOfWork, request: ChangeRequest, act: Act) -> bool:
    try:
        entitled(uow, request, act)
    except Refusal:
        return False
    return True
