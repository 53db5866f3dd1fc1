"""Deciding a change request: who may, what it needs, and that one decision wins (A24, A4).

A decision is one transaction: the request moves on, an audit row and a line in the timeline are written, and the engine
gets the jobs that tell everybody and, after the last approval, Stripe. When it returns, a power cut loses nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from billing.accounts import billable
from billing.change_requests.model import Act, ChangeRequest, Conflict, Person
from billing.change_requests.rights import BY_PEOPLE, current, entitled
from billing.change_requests.states import already_decided, move
from billing.change_requests.telling import news_for
from billing.errors import ChangeWaits, ReasonMissing, UnknownRequest, UsageAboveLimits
from billing.ids import ContactId, OperationId, RequestId, SubscriptionId
from billing.models import Frozen
from billing.operations import Command, Operation
from billing.plans import Dimension, excess, purchasing
from billing.ports import Job, UnitOfWork
from billing.timeline import Entry, Happening

PIPELINE = "change_request"  # its cards, and the mail to the customer; argument: request:version
NEWS = "change_request_news"  # a message to one person; argument: request:version:user

_HAPPENED = {
    Act.FILE: Happening.REQUEST_FILED,
    Act.APPROVE: Happening.REQUEST_APPROVED,
    Act.REJECT: Happening.REQUEST_REJECTED,
    Act.ASK: Happening.REQUEST_ASKED,
    Act.ANSWER: Happening.REQUEST_ANSWERED,
    Act.WITHDRAW: Happening.REQUEST_WITHDRAWN,
    Act.SCHEDULE: Happening.REQUEST_SCHEDULED,
    Act.TAKE_EFFECT: Happening.REQUEST_EFFECTIVE,
    Act.KEEP: Happening.REQUEST_KEPT,
    Act.SUPERSEDE: Happening.REQUEST_SUPERSEDED,
    Act.FAIL: Happening.REQUEST_FAILED,
}


class ApplyRequest(Command):
    """The last approval was given: tell Stripe. See `billing.change_requests.applying`."""

    kind = "apply_change_request"

    request: RequestId


class Words(Frozen):
    """What somebody says about a request: why not, what is unclear, the answer, why all the same."""

    request: RequestId
    note: str = ""


def decide(
    uow: UnitOfWork, request_id: RequestId, act: Act, note: str = "", *, override: bool = False
) -> ChangeRequest:
    """Approve, reject, ask back, answer or withdraw, as the actor.

    Raises what `rights.entitled` raises, ReasonMissing, or UsageAboveLimits unless `override` comes with a reason. An
    approval needs an account that can be billed (GX3) and the requester's right, as the filing did (A1): whoever lost
    it since is refused, with who has it. It raises ChangeWaits while Stripe has another change of the subscription. The
    same act by the same person again changes nothing. What Stripe has to be told first (KEEP) is an operation.
    """
    assert act in BY_PEOPLE, act

    def decided(known: ChangeRequest) -> ChangeRequest:
        request = current(uow, known)
        by = entitled(uow, request, act)
        if act is Act.APPROVE:
            purchasing.entitled(billable(uow, request.contact), request.requester_email)
            _nothing_waits(uow, request)
            _holds_the_usage(uow, request, override=override, note=note)
        return move(request, act, by, uow.now, note, override=override and act is Act.APPROVE)

    request = _moved(uow, request_id, act, decided)
    if act is Act.APPROVE and request.last.number == request.version and not request.state.undecided:
        _apply(uow, request)
    return request


def supersede(uow: UnitOfWork, subscription: SubscriptionId) -> bool:
    """Another change took the place of whatever was asked for. False when nothing was."""
    request = uow.requests.open_for(subscription)
    if request is None:
        return False
    carry_on(uow, request.id, Act.SUPERSEDE, by=Person(user=uow.actor.user, name=uow.actor.name))
    return True


def carry_on(
    uow: UnitOfWork, request_id: RequestId, act: Act, *, by: Person | None = None, note: str = "", **facts: Any
) -> ChangeRequest:
    """What Stripe or an operation did with the request. Raises AlreadyDecided when it is past that."""
    return _moved(uow, request_id, act, lambda request: move(request, act, by, uow.now, note, **facts))


def told(uow: UnitOfWork, request: ChangeRequest) -> None:
    """What follows from the last act: a line in the timeline, and the jobs that tell the people concerned."""
    last = request.last
    uow.timeline.append(
        Entry(
            id=f"{request.id}:{last.number}",
            contact=request.contact,
            at=last.at,
            what=_HAPPENED[last.act],
            by=last.by.name if last.by else None,
            on_behalf_of=request.requester_name if last.act is Act.FILE else None,
            parameters={
                "request": request.id,
                "plan_before": request.before.plan,
                "plan": request.after.plan,
                "limit": request.after.limit,
                "seats": request.after.seats,
                "note": last.note or None,
                "day": request.effective_at.date().isoformat() if request.effective_at else None,
            },
        )
    )
    version = f"{request.id}:{request.version}"
    uow.enqueue(Job(id=version, name=PIPELINE, argument=version))
    for user in news_for(request):
        uow.enqueue(Job(id=f"{version}:{user}", name=NEWS, argument=f"{version}:{user}"))


def find(uow: UnitOfWork, request_id: RequestId) -> ChangeRequest | None:
    try:
        return uow.requests.get(request_id)
    except UnknownRequest:
        return None


def person(uow: UnitOfWork) -> Person:
    """The actor, as a request remembers them."""
    return Person(user=uow.actor.user, name=uow.actor.name)


def _moved(
    uow: UnitOfWork, request_id: RequestId, act: Act, moved: Callable[[ChangeRequest], ChangeRequest]
) -> ChangeRequest:
    """Read, move, save; once more when somebody was quicker, and then it shows who."""
    for _ in range(3):
        before = uow.requests.get(request_id)
        if _is_repetition(before, act, uow):
            return before
        after = moved(before)
        try:
            uow.requests.save(after)
        except Conflict:
            continue
        told(uow, after)
        return after
    raise already_decided(uow.requests.get(request_id))


def _is_repetition(request: ChangeRequest, act: Act, uow: UnitOfWork) -> bool:
    """A double click, or Slack's repetition: the last act was this one, by this person."""
    last = request.last
    return last.act is act and last.by is not None and last.by.user == uow.actor.user


def _nothing_waits(uow: UnitOfWork, request: ChangeRequest) -> None:
    mine = uow.mirror.subscriptions(request.contact)
    if any(one.schedule for one in mine if one.id == request.subscription):
        raise ChangeWaits


def _holds_the_usage(uow: UnitOfWork, request: ChangeRequest, *, override: bool, note: str) -> None:
    """An approval is blocked while the customer uses more than the new limits allow, unless somebody says why (A4)."""
    above = excess(request.before, request.after, uow.contacts.get(request.contact).account)
    if not above:
        return
    if not override:
        used = {one.what: one for one in above}
        first = used.get(Dimension.LIMIT) or above[0]
        raise UsageAboveLimits(used=first.used, allowed=first.allowed, what=first.what.value)
    if not note.strip():
        raise ReasonMissing


def _apply(uow: UnitOfWork, request: ChangeRequest) -> None:
    """The operation that tells Stripe, in the name of who gave the last approval. Its id is the request's version."""
    command = ApplyRequest(contact=ContactId(request.contact), request=request.id)
    uow.accept(
        Operation(
            id=OperationId(f"op_{request.id}_{request.version}"),
            key=f"{request.id}:{request.version}",
            kind=command.kind,
            contact=request.contact,
            team=uow.actor.team,
            user=uow.actor.user,
            command=command.model_dump_json(),
            reply_to="{}",
            created_at=uow.now,
            updated_at=uow.now,
        )
    )
