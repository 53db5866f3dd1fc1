"""What waits for whom: lists of change requests, one request as a card, and the export as CSV (A27)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import datetime, timedelta

from billing.change_requests.model import Act, ChangeRequest, Decision, RequestFilter, RequestPage
from billing.contacts import Account
from billing.csvs import harmless
from billing.errors import UnknownRequest
from billing.ids import RequestId, UserId
from billing.models import Frozen
from billing.plans import Excess, excess
from billing.ports import UnitOfWork
from billing.roles import Permission

ON_A_PAGE = 8
EXPORTED = 5_000  # requests, the newest


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


def view(uow: UnitOfWork, request_id: RequestId) -> RequestView:
    """One request. Raises UnknownRequest for another team's."""
    request = uow.requests.get(request_id)
    if uow.actor.team not in ("", request.team):
        raise UnknownRequest(request=request_id)
    account = uow.contacts.get(request.contact).account
    return RequestView(
        request=request,
        above=excess(request.before, request.after, account) if request.state.undecided else (),
        account=account,
        now=uow.now,
        escalates_after=timedelta(hours=uow.catalogue.plan_changes.escalate_after_hours),
    )


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
    "override", "effective_at",
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
        request.effective_at.isoformat() if request.effective_at else None,
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
