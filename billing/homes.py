"""Home: what a person did and what waits for them, and for managers how the business stands (H6, H9)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from dateutil.relativedelta import relativedelta

from billing import approvals
from billing.approvals import Asked, AskedInvoice
from billing.change_requests.deciding import ApplyRequest
from billing.change_requests.model import RequestFilter, RequestState
from billing.contacts import Contact, Invoice
from billing.ids import ContactId
from billing.invoices.lists import Row, mine
from billing.invoices.model import Stage
from billing.invoices.sending import SendInvoice
from billing.models import Frozen
from billing.money import Money
from billing.operations import Operation, State
from billing.overviews import Sum
from billing.plan_changes.model import PreviewPlanChange, ResumePlanChange
from billing.ports import UnitOfWork
from billing.roles import Permission, Role
from billing.subscriptions import ResumeSubscription

SHOWN = 5  # of each list
FILED = 50  # of what the reader filed that are looked at, the newest
WORKED_ON = 20  # contacts whose open invoices are looked at
DAYS = 14  # of the chart
_PREPARING = frozenset({SendInvoice.kind})  # once it is done, the operation that it led to says so: one act, one line
_NO_DEEDS = frozenset(
    {
        PreviewPlanChange.kind,  # asking for a price does nothing
        ResumePlanChange.kind,  # how it ended is said by the operation that waited for the customer
        ResumeSubscription.kind,
    }
)


class Owed(Frozen):
    """An invoice that is not paid."""

    contact: ContactId
    name: str
    invoice: Invoice


class Did(Frozen):
    """An operation of the reader's, with the contact it was about."""

    operation: Operation
    name: str
    request: RequestState | None = None  # how things stand with the change request that it was about


class Day(Frozen):
    """What was paid on a day, in the currency that books are kept in."""

    on: date  # in the business's time zone
    received: Money


class Business(Frozen):
    """How the business stands; amounts are sums over all contacts."""

    overdue: tuple[Sum, ...]  # one for each currency
    failing: tuple[Sum, ...]
    expiring: int  # payment methods that run out this month or next
    worst: tuple[Owed, ...]  # the largest failing payments
    days: tuple[Day, ...]  # oldest first


class Home(Frozen):
    """What one person sees."""

    name: str
    may: frozenset[Permission]
    did: tuple[Did, ...]
    waiting: tuple[Did, ...]  # for the customer
    waiting_count: int
    to_decide: tuple[Asked, ...]  # oldest first
    to_decide_count: int
    filed: tuple[Asked, ...]  # of mine: requests that are undecided, and invoices that are not sent yet
    filed_count: int
    drafts: tuple[Row, ...]  # invoices that the reader has not sent yet
    open_invoices: tuple[Owed, ...]  # of contacts whom the reader works with
    business: Business | None
    now: datetime  # UTC


def home(uow: UnitOfWork) -> Home:
    """For anybody; somebody without a role sees only that."""
    actor = uow.actor
    sees = actor.may(Permission.SEE_CONTACT)
    may = frozenset(permission for permission in Permission if actor.may(permission))
    if not sees:
        return _nothing(uow, may)
    waiting_count, waiting = uow.overview.waiting(actor.team, actor.user, SHOWN)
    to_decide = approvals.page(uow, RequestFilter.WAITING_FOR_ME, SHOWN)
    filed = approvals.page(uow, RequestFilter.FILED_BY_ME, FILED)
    pending = tuple(one for one in filed.shown if _is_pending(one))
    return Home(
        name=actor.name,
        may=may,
        did=tuple(
            _did(uow, one)
            for one in uow.overview.latest(actor.team, actor.user, SHOWN, preparing=_PREPARING, without=_NO_DEEDS)
        ),
        waiting=tuple(_did(uow, one) for one in waiting),
        waiting_count=waiting_count,
        to_decide=to_decide.shown,
        to_decide_count=to_decide.total,
        filed=pending[:SHOWN],
        filed_count=len(pending),
        drafts=mine(uow, SHOWN),
        open_invoices=_open_invoices(uow) if Role.SALES in actor.roles else (),
        business=_business(uow) if actor.may(Permission.SEE_BUSINESS) else None,
        now=uow.now,
    )


def _nothing(uow: UnitOfWork, may: frozenset[Permission]) -> Home:
    return Home(
        name=uow.actor.name, may=may, did=(), waiting=(), waiting_count=0,
        to_decide=(), to_decide_count=0, filed=(), filed_count=0,
        drafts=(), open_invoices=(), business=None, now=uow.now,
    )  # fmt: skip


def _is_pending(one: Asked) -> bool:
    """Whether something is still to be done about it: by whoever decides or, with an invoice, by the reader."""
    return one.invoice.stage is Stage.DRAFT if isinstance(one, AskedInvoice) else one.state.undecided


def _did(uow: UnitOfWork, operation: Operation) -> Did:
    """What a command says about its contact may be forged, and then there is none."""
    known = uow.contacts.known([operation.contact])
    name = known[operation.contact].name if operation.contact in known else ""
    return Did(operation=operation, name=name, request=_request(uow, operation))


def _request(uow: UnitOfWork, operation: Operation) -> RequestState | None:
    """Telling Stripe of an approved change is done long before the change is."""
    if operation.kind != ApplyRequest.kind or operation.state is not State.DONE:
        return None
    return uow.requests.get(ApplyRequest.model_validate_json(operation.command).request).state


def _open_invoices(uow: UnitOfWork) -> tuple[Owed, ...]:
    """Of the contacts whom the reader worked on last; overdue ones first, then by age."""
    owed = [
        Owed(contact=contact.id, name=contact.name, invoice=invoice)
        for contact in uow.contacts.recent(uow.actor.user, WORKED_ON)
        for invoice in uow.mirror.open_invoices(contact.id, SHOWN)
    ]
    return tuple(sorted(owed, key=lambda one: (not one.invoice.overdue(uow.now), one.invoice.created_at))[:SHOWN])


def _business(uow: UnitOfWork) -> Business:
    worst = uow.overview.worst_failing(SHOWN)
    names: dict[ContactId, Contact] = uow.contacts.known([contact for contact, _ in worst])
    return Business(
        overdue=uow.overview.overdue(uow.now),
        failing=uow.overview.failing(),
        expiring=uow.overview.expiring(uow.today, uow.today + relativedelta(months=1)),
        worst=tuple(Owed(contact=contact, name=names[contact].name, invoice=one) for contact, one in worst),
        days=days(uow, uow.today),
    )


def days(uow: UnitOfWork, last: date) -> tuple[Day, ...]:
    """What was paid on each day of the chart that ends with `last`, oldest first. Sums only, so for anybody."""
    return tuple(_day(uow, last - timedelta(days=back)) for back in reversed(range(DAYS)))


def _day(uow: UnitOfWork, on: date) -> Day:
    business = uow.catalogue.business
    first, last = (datetime.combine(day, time(), business.zone).astimezone(UTC) for day in (on, on + timedelta(days=1)))
    return Day(on=on, received=uow.overview.received(first, last, business.currency))
