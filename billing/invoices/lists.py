"""A customer's invoices, split into drafts, open and closed ones, and the drafts of everybody (GX12, G25, H6)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from enum import StrEnum

from billing.contacts import Contact, Invoice, InvoiceStatus
from billing.ids import ContactId, InvoiceId, SalesInvoiceId
from billing.invoices.drafting import shown_amounts
from billing.invoices.model import InvoiceState, SalesInvoice, Stage, Template, state
from billing.models import Frozen
from billing.money import Money
from billing.ports import UnitOfWork
from billing.roles import Permission

ON_A_PAGE = 10
_LOOKED_AT = 50  # drafts of the team, for those of one person


class Part(StrEnum):
    """What a list shows."""

    OPEN = "open"
    CLOSED = "closed"  # paid, void, written off
    DRAFTS = "drafts"


class Row(Frozen):
    """One line of a list."""

    ref: str
    number: str | None
    customer: str
    state: InvoiceState
    total: Money
    due: Money
    day: date  # due, or issued where nothing is due, or last changed of a draft
    url: str | None = None
    overdue: bool = False


class InvoiceList(Frozen):
    """A page of a customer's invoices."""

    contact: Contact
    part: Part
    rows: tuple[Row, ...]
    following: str | None  # give it back to read the next page; None: this is the end
    drafts: int
    open_count: int
    open_total: Money  # of the contact's currency
    may_draft: bool


class DraftList(Frozen):
    """A page of everybody's drafts and, on the first one, the templates."""

    rows: tuple[Row, ...]
    following: str | None
    templates: tuple[Template, ...] = ()


def of_contact(uow: UnitOfWork, contact_id: ContactId, part: Part, after: str | None = None) -> InvoiceList:
    """A page of that customer's invoices, ours and those that Stripe made for subscriptions."""
    uow.actor.require(Permission.SEE_CONTACT)
    contact = uow.contacts.get(contact_id)
    waiting = uow.mirror.open_sums(contact_id)
    rows, following = _page(uow, contact, part, after)
    return InvoiceList(
        contact=contact,
        part=part,
        rows=rows,
        following=following,
        drafts=uow.invoices.count_drafts(contact_id, uow.actor.team),
        open_count=sum(many for many, _ in waiting.values()),
        open_total=waiting[contact.currency][1] if contact.currency in waiting else Money.zero(contact.currency),
        may_draft=uow.actor.may(Permission.DRAFT_INVOICE),
    )


def drafts(uow: UnitOfWork, after: SalesInvoiceId | None = None) -> DraftList:
    """A page of the team's drafts, last changed first; the first one when the draft to go on from is gone."""
    uow.actor.require(Permission.DRAFT_INVOICE)
    known = uow.invoices.find(after) if after else None
    after = known.id if known and known.team == uow.actor.team else None
    found = uow.invoices.drafts(uow.actor.team, ON_A_PAGE + 1, after)
    shown = found[:ON_A_PAGE]
    return DraftList(
        rows=tuple(_draft(uow, one) for one in shown),
        following=shown[-1].id if len(found) > ON_A_PAGE else None,
        templates=() if after else uow.invoices.templates(uow.actor.team),
    )


def mine(uow: UnitOfWork, most: int) -> tuple[Row, ...]:
    """The reader's own among the team's newest drafts, last changed first; none for those who may not draft."""
    if not uow.actor.may(Permission.DRAFT_INVOICE):
        return ()
    newest = uow.invoices.drafts(uow.actor.team, _LOOKED_AT, None)
    own = [one for one in newest if one.created_by.user == uow.actor.user]
    return tuple(_draft(uow, one) for one in own[:most])


def _page(
    uow: UnitOfWork,
    contact: Contact,
    part: Part,
    after: str | None,
) -> tuple[tuple[Row, ...], str | None]:
    match part:
        case Part.DRAFTS:
            return _drafts(uow, contact, after)
        case Part.OPEN:
            last = uow.mirror.invoice(contact.id, InvoiceId(after)) if after else None
            found = uow.mirror.open_invoices(contact.id, ON_A_PAGE + 1, last.id if last else None)
            page = found[:ON_A_PAGE]
            return _rows(uow, contact, page), page[-1].id if len(found) > ON_A_PAGE else None
        case Part.CLOSED:
            return _closed(uow, contact, after)


def _drafts(uow: UnitOfWork, contact: Contact, after: str | None) -> tuple[tuple[Row, ...], str | None]:
    """The team's, last changed first; the first page when the one to go on from is gone."""
    team = uow.actor.team
    known = uow.invoices.find(SalesInvoiceId(after)) if after else None
    last = known.id if known and (known.contact, known.team) == (contact.id, team) else None
    found = uow.invoices.drafts_of(contact.id, ON_A_PAGE + 1, last, team=team)
    shown = found[:ON_A_PAGE]
    return tuple(_draft(uow, one) for one in shown), shown[-1].id if len(found) > ON_A_PAGE else None


def _closed(uow: UnitOfWork, contact: Contact, after: str | None) -> tuple[tuple[Row, ...], str | None]:
    """Those that nothing is asked for any more, newest first."""
    last = InvoiceId(after) if after else None
    found = uow.mirror.invoices(contact.id, ON_A_PAGE + 1, last, _CLOSED)
    shown = found[:ON_A_PAGE]
    return _rows(uow, contact, shown), shown[-1].id if len(found) > ON_A_PAGE else None


_CLOSED = frozenset({InvoiceStatus.PAID, InvoiceStatus.VOID, InvoiceStatus.UNCOLLECTIBLE})


def _rows(uow: UnitOfWork, contact: Contact, invoices: Iterable[Invoice]) -> tuple[Row, ...]:
    page = tuple(invoices)
    ours = uow.invoices.of_stripe(one.id for one in page)
    zone = uow.catalogue.business.zone
    rows = []
    for one in page:
        mine = ours.get(one.id)
        day = one.due_at if one.status is InvoiceStatus.OPEN and one.due_at else one.created_at
        rows.append(
            Row(
                ref=mine.id if mine else one.id,
                number=(mine.number if mine else None) or one.number,
                customer=contact.name,
                state=state(Stage.ISSUED, one, uow.now),
                total=one.total,
                due=one.due,
                day=day.astimezone(zone).date(),
                url=one.url,
                overdue=one.overdue(uow.now),
            )
        )
    return tuple(rows)


def _draft(uow: UnitOfWork, one: SalesInvoice) -> Row:
    sum_ = shown_amounts(uow, uow.contacts.get(one.contact), one).total
    return Row(
        ref=one.id,
        number=one.number,
        customer=one.contact_name,
        state=state(one.stage, None, uow.now),
        total=sum_,
        due=sum_,
        day=_day(uow, one.changed_at),
    )


def _day(uow: UnitOfWork, at: datetime) -> date:
    return at.astimezone(uow.catalogue.business.zone).date()
