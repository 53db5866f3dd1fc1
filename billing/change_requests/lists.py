"""What waits for whom: lists of change requests, one request as a card, and the export as CSV (A27)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import datetime, timedelta

from billing.change_requests.model import Act, ChangeRequest, Decision, RequestFilter, RequestPage
from billing.change_requests.rights import offered, possible
from billing.contacts import Account
from billing.csvs import harmless
from billing.errors import UnknownRequest
from billing.ids import RequestId, UserId
from billing.models import Frozen
from billing.plans import Cadence, Excess, cadence_of, excess
from billing.ports import Job, UnitOfWork
from billing.roles import Permission
from billing.steps import NOBODY

ON_A_PAGE = 8
EXPORTED = 5_000  # requests, the newest
EXPORT = "change_request_export"  # the pipeline that sends the file; argument: team:user:filter


class RequestList(Frozen):
    """A page of requests under a filter, with what the reader may do."""

    wanted: RequestFilter
    page: RequestPage
    waiting: int  # how many wait for the reader, under whatever filter
    reader: UserId
    may_export: bool
    now: datetime  # UTC


class RequestView(Frozen):
    """One request as it stands now: what its card shows to everybody, and what it offers to the reader."""

    request: ChangeRequest
    may: tuple[Act, ...]  # by the reader, now
    cadence: Cadence | None  # of the subscription; None: nobody knows it any more
    above: tuple[Excess, ...]  # usage above the new limits as it is now (A4)
    account: Account
    now: datetime  # UTC
    escalates_after: timedelta


def listing(uow: UnitOfWork, wanted: RequestFilter, after: str | None = None) -> RequestList:
    """A page of what the actor asks for. Everybody who sees customers may look."""
    uow.actor.require(Permission.SEE_CONTACT)
    actor = uow.actor
    return RequestList(
        wanted=wanted,
        page=uow.requests.page(wanted, actor.team, actor.user, limit=ON_A_PAGE, after=after),
        waiting=uow.requests.page(RequestFilter.WAITING_FOR_ME, actor.team, actor.user, limit=1).total,
        reader=actor.user,
        may_export=actor.may(Permission.EXPORT_CHANGE_REQUESTS),
        now=uow.now,
    )


def first_filter(uow: UnitOfWork) -> RequestFilter:
    """What the actor has most to do with: what waits for them, else what they may decide, else what they filed."""
    uow.actor.require(Permission.SEE_CONTACT)
    waiting = uow.requests.page(RequestFilter.WAITING_FOR_ME, uow.actor.team, uow.actor.user, limit=1)
    if waiting.total:
        return RequestFilter.WAITING_FOR_ME
    decides = uow.actor.may(Permission.DECIDE_CHANGE_REQUEST)
    return RequestFilter.UNDECIDED if decides else RequestFilter.FILED_BY_ME


def view(uow: UnitOfWork, request_id: RequestId) -> RequestView:
    """One request, for the actor or, if that is nobody in particular, for all who read a channel.

    Raises UnknownRequest for another team's, NotStaff.
    """
    request = uow.requests.get(request_id)
    is_shared = uow.actor.team == NOBODY.team
    if not is_shared:
        uow.actor.require(Permission.SEE_CONTACT)
        if uow.actor.team != request.team:
            raise UnknownRequest(request=request_id)
    about = (one for one in uow.mirror.subscriptions(request.contact) if one.id == request.subscription)
    account = uow.contacts.get(request.contact).account
    return RequestView(
        request=request,
        may=offered(request) if is_shared else possible(uow.actor, request),
        cadence=next(map(cadence_of, about), None),
        above=excess(request.before, request.after, account) if request.state.undecided else (),
        account=account,
        now=uow.now,
        escalates_after=timedelta(hours=uow.catalogue.plan_changes.escalate_after_hours),
    )


def ask_for_export(uow: UnitOfWork, wanted: RequestFilter, key: str) -> None:
    """Have the file made and sent to the actor; the same key again is the same file. Raises NotPermitted."""
    uow.actor.require(Permission.EXPORT_CHANGE_REQUESTS)
    uow.enqueue(Job(id=f"export:{key}", name=EXPORT, argument=f"{uow.actor.team}:{uow.actor.user}:{wanted.value}"))


def export(uow: UnitOfWork, wanted: RequestFilter) -> str:
    """The requests under that filter as CSV, in English, amounts in minor units, instants in UTC.

    Raises NotPermitted without the permission to export.
    """
    uow.actor.require(Permission.EXPORT_CHANGE_REQUESTS)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(_COLUMNS)
    writer.writerows(_row(request) for request in _all(uow, wanted))
    return out.getvalue()


_COLUMNS = (
    "request", "state", "customer", "subscription", "filed_at", "filed_by", "requester", "reason", "remark", "wished",
    "plan_before", "limit_before", "seats_before", "add_ons_before", "plan", "limit", "seats", "add_ons",
    "per_cycle_before", "per_cycle", "currency", "approvals_needed", "approved_by", "decided_at", "decided_by", "note",
    "override", "effective_at", "offer_declined",
)  # fmt: skip


def _all(uow: UnitOfWork, wanted: RequestFilter) -> Iterator[ChangeRequest]:
    after, count = None, 0
    while count < EXPORTED:
        page = uow.requests.page(wanted, uow.actor.team, uow.actor.user, limit=500, after=after)
        yield from page.requests
        after, count = page.following, count + len(page.requests)
        if after is None:
            return


def _row(request: ChangeRequest) -> list[str]:
    impact, decided = request.impact, _decision(request)
    values = (
        request.id, request.state.value, request.contact_name, request.subscription, request.filed_at.isoformat(),
        request.filed_by.name, request.requester_name, request.reason.value, request.remark, request.wished,
        request.before.plan, request.before.limit, request.before.seats, _counts(request.before.add_ons),
        request.after.plan, request.after.limit, request.after.seats, _counts(request.after.add_ons),
        impact.before.amount, impact.after.amount, impact.after.currency, request.approvals_needed,
        "; ".join(one.by.name for one in request.approvals if one.by),
        decided.at.isoformat() if decided else None, decided.by.name if decided and decided.by else None,
        decided.note if decided else None, any(one.override for one in request.decisions),
        request.effective_at.isoformat() if request.effective_at else None, request.offer_declined,
    )  # fmt: skip
    return [harmless("" if value is None else str(value)) for value in values]


def _decision(request: ChangeRequest) -> Decision | None:
    """What decided it: the last approval, the rejection or the withdrawal; None while nobody did."""
    if request.state.undecided:
        return None
    deciding = (Act.APPROVE, Act.REJECT, Act.WITHDRAW)
    return next((one for one in reversed(request.decisions) if one.act in deciding), None)


def _counts(add_ons: dict[str, int]) -> str:
    return "; ".join(f"{name} {quantity}" for name, quantity in add_ons.items())
