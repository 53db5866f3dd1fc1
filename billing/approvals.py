"""What waits for whom: change requests, and invoices above their sender's limit, in one list (A27, H16)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import datetime, timedelta

from billing.change_requests.model import Act, ChangeRequest, Decision, Place, RequestFilter
from billing.csvs import harmless
from billing.ids import UserId
from billing.invoices.billed import billed
from billing.invoices.drafting import shown_amounts
from billing.invoices.model import Approval, AskedPage, SalesInvoice
from billing.models import Frozen
from billing.money import Money
from billing.ports import Job, UnitOfWork
from billing.roles import Permission

ON_A_PAGE = 8
EXPORTED = 5_000  # requests and invoices, the first of the list
EXPORT = "change_request_export"  # the pipeline that sends the file; argument: team:user:filter


class AskedInvoice(Frozen):
    """An invoice that a manager was asked about."""

    invoice: SalesInvoice
    approval: Approval
    total: Money  # with tax

    @property
    def is_undecided(self) -> bool:
        return self.invoice.awaits_approval

    @property
    def is_outdated(self) -> bool:
        """The draft is no longer what was asked about, or was sent before anybody had decided."""
        if self.approval.fingerprint != self.invoice.content:
            return True
        return self.approval.state.undecided and not self.is_undecided

    @property
    def place(self) -> Place:
        return self.invoice.place

    def age(self, now: datetime) -> timedelta:
        return now - self.approval.filed_at


Asked = ChangeRequest | AskedInvoice


class ApprovalPage(Frozen):
    """A page of a list: oldest first of what waits, newest first of everything else."""

    shown: tuple[Asked, ...] = ()
    total: int = 0
    following: str | None = None  # give it back to read the next page; None: this is the end


class ApprovalList(Frozen):
    """A page under a filter, with what the reader may do."""

    wanted: RequestFilter
    page: ApprovalPage
    waiting: int  # how many wait for the reader, under whatever filter
    reader: UserId
    may_export: bool
    now: datetime  # UTC


def page(uow: UnitOfWork, wanted: RequestFilter, limit: int, after: str | None = None) -> ApprovalPage:
    """Both kinds together, for the actor. Raises NotFound for an `after` that no page gave."""
    actor, place = uow.actor, Place.read(after) if after is not None else None
    requests = uow.requests.page(wanted, actor.team, actor.user, limit=limit, after=place)
    invoices = _invoices(uow, wanted, limit, place)
    both: list[ChangeRequest | AskedInvoice] = [*requests.requests, *(_asked(uow, one) for one in invoices.invoices)]
    both.sort(key=lambda one: one.place, reverse=not wanted.oldest_first)
    is_more = len(both) > limit or requests.following or invoices.following
    return ApprovalPage(
        shown=tuple(both[:limit]),
        total=requests.total + invoices.total,
        following=both[limit - 1].place.code if is_more else None,
    )


def listing(uow: UnitOfWork, wanted: RequestFilter, after: str | None = None) -> ApprovalList:
    """A page of what the actor asks for. Everybody who sees customers may look."""
    uow.actor.require(Permission.SEE_CONTACT)
    return ApprovalList(
        wanted=wanted,
        page=page(uow, wanted, ON_A_PAGE, after),
        waiting=_waiting(uow),
        reader=uow.actor.user,
        may_export=uow.actor.may(Permission.EXPORT_CHANGE_REQUESTS),
        now=uow.now,
    )


def first_filter(uow: UnitOfWork) -> RequestFilter:
    """What the actor has most to do with: what waits for them, else what they may decide, else what they filed."""
    uow.actor.require(Permission.SEE_CONTACT)
    if _waiting(uow):
        return RequestFilter.WAITING_FOR_ME
    decides = uow.actor.may(Permission.DECIDE_CHANGE_REQUEST)
    return RequestFilter.UNDECIDED if decides else RequestFilter.FILED_BY_ME


def ask_for_export(uow: UnitOfWork, wanted: RequestFilter, key: str) -> None:
    """Have the file made and sent to the actor; the same key again is the same file. Raises NotPermitted."""
    uow.actor.require(Permission.EXPORT_CHANGE_REQUESTS)
    uow.enqueue(Job(id=f"export:{key}", name=EXPORT, argument=f"{uow.actor.team}:{uow.actor.user}:{wanted.value}"))


def export(uow: UnitOfWork, wanted: RequestFilter) -> str:
    """The list under that filter as CSV, in English, amounts in minor units, instants in UTC.

    Raises NotPermitted without the permission to export.
    """
    uow.actor.require(Permission.EXPORT_CHANGE_REQUESTS)
    out = io.StringIO()
    writer = csv.DictWriter(out, _COLUMNS)
    writer.writeheader()
    for one in _all(uow, wanted):
        row = _invoice_row(one, uow.now) if isinstance(one, AskedInvoice) else _request_row(one, uow.now)
        writer.writerow({name: harmless("" if value is None else str(value)) for name, value in row.items()})
    return out.getvalue()


_COLUMNS = (
    "request", "state", "customer", "subscription", "filed_at", "filed_by", "requester", "reason", "remark", "wished",
    "plan_before", "limit_before", "seats_before", "add_ons_before", "plan", "limit", "seats", "add_ons",
    "per_cycle_before", "per_cycle", "currency", "approvals_needed", "approved_by", "decided_at", "decided_by", "note",
    "override", "effective_at", "offer_declined", "kind", "invoice_number", "invoice_total", "hours_undecided",
)  # fmt: skip


def _waiting(uow: UnitOfWork) -> int:
    return page(uow, RequestFilter.WAITING_FOR_ME, 1).total


def _invoices(uow: UnitOfWork, wanted: RequestFilter, limit: int, after: Place | None) -> AskedPage:
    """For those who may not grant invoices wait only those that they were asked about as a deputy."""
    actor = uow.actor
    if wanted is RequestFilter.WAITING_FOR_ME and not actor.may(Permission.APPROVE_INVOICE):
        return uow.invoices.for_deputy(actor.team, actor.user, limit=limit, after=after)
    return uow.invoices.asked(wanted, actor.team, actor.user, limit=limit, after=after)


def _asked(uow: UnitOfWork, invoice: SalesInvoice) -> AskedInvoice:
    assert invoice.approval, "the list has only those"
    return AskedInvoice(invoice=invoice, approval=invoice.approval, total=_total(uow, invoice))


def _total(uow: UnitOfWork, invoice: SalesInvoice) -> Money:
    """What was billed, or what the draft comes to."""
    known = billed(invoice)
    return known.totals.total if known else shown_amounts(uow, uow.contacts.get(invoice.contact), invoice).total


def _all(uow: UnitOfWork, wanted: RequestFilter) -> Iterator[Asked]:
    after, count = None, 0
    while count < EXPORTED:
        found = page(uow, wanted, 500, after)
        yield from found.shown
        after, count = found.following, count + len(found.shown)
        if after is None:
            return


def _request_row(request: ChangeRequest, now: datetime) -> dict[str, object]:
    impact, before, after = request.impact, request.before, request.after
    return {
        "kind": "change_request",
        "request": request.id,
        "state": request.state.value,
        "customer": request.contact_name,
        "subscription": request.subscription,
        "filed_at": request.filed_at.isoformat(),
        "filed_by": request.filed_by.name,
        "requester": request.requester_name,
        "reason": request.reason.value,
        "remark": request.remark,
        "wished": request.wished,
        "plan_before": before.plan,
        "limit_before": before.limit,
        "seats_before": before.seats,
        "add_ons_before": _counts(before.add_ons),
        "plan": after.plan,
        "limit": after.limit,
        "seats": after.seats,
        "add_ons": _counts(after.add_ons),
        "per_cycle_before": impact.before.amount,
        "per_cycle": impact.after.amount,
        "currency": impact.after.currency,
        "effective_at": request.effective_at.isoformat() if request.effective_at else None,
        "offer_declined": request.offer_declined,
        "hours_undecided": _hours(request.age(now)) if request.state.undecided else None,
        **_decided(request),
    }


def _invoice_row(one: AskedInvoice, now: datetime) -> dict[str, object]:
    invoice, approval = one.invoice, one.approval
    return {
        "kind": "invoice",
        "request": invoice.id,
        "state": "outdated" if one.is_outdated else approval.state.value,
        "customer": invoice.contact_name,
        "filed_at": approval.filed_at.isoformat(),
        "filed_by": approval.filed_by.name,
        "remark": approval.decisions[0].note,
        "currency": invoice.currency,
        "invoice_number": invoice.number,
        "invoice_total": one.total.amount,
        "hours_undecided": _hours(one.age(now)) if one.is_undecided else None,
        **_decided(approval),
    }


def _decided(one: ChangeRequest | Approval) -> dict[str, object]:
    decided = _decision(one)
    return {
        "approvals_needed": one.approvals_needed,
        "approved_by": "; ".join(done.by.name for done in one.approvals if done.by),
        "decided_at": decided.at.isoformat() if decided else None,
        "decided_by": decided.by.name if decided and decided.by else None,
        "note": decided.note if decided else None,
        "override": any(done.override for done in one.decisions),
    }


def _decision(one: ChangeRequest | Approval) -> Decision | None:
    """What decided it: the last approval, the rejection or the withdrawal; None while nobody did."""
    if one.state.undecided:
        return None
    deciding = (Act.APPROVE, Act.REJECT, Act.WITHDRAW)
    return next((done for done in reversed(one.decisions) if done.act in deciding), None)


def _hours(passed: timedelta) -> int:
    """Whole ones."""
    return passed // timedelta(hours=1)


def _counts(add_ons: dict[str, int]) -> str:
    return "; ".join(f"{name} {quantity}" for name, quantity in add_ons.items())
