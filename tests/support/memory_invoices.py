"""Our invoices in memory. What the tables hold is frozen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from billing.change_requests.model import Place, RequestFilter
from billing.errors import NotFound, UnknownInvoice
from billing.ids import ContactId, InvoiceId, SalesInvoiceId, TeamId, UserId
from billing.invoices.model import AskedPage, Conflict, InvoiceCard, SalesInvoice, Stage, Template


@dataclass
class InvoiceTables:
    sales_invoices: dict[SalesInvoiceId, SalesInvoice] = field(default_factory=dict)
    invoice_numbers: dict[tuple[str, int], int] = field(default_factory=dict)
    invoice_templates: dict[str, Template] = field(default_factory=dict)
    invoice_cards: dict[tuple[SalesInvoiceId, str], InvoiceCard] = field(default_factory=dict)


@dataclass(frozen=True)
class MemoryInvoices:
    rows: InvoiceTables

    def add(self, invoice: SalesInvoice) -> bool:
        if invoice.id in self.rows.sales_invoices:
            return False
        self.rows.sales_invoices[invoice.id] = invoice
        return True

    def get(self, invoice: SalesInvoiceId) -> SalesInvoice:
        found = self.find(invoice)
        if found is None:
            raise UnknownInvoice(invoice=invoice)
        return found

    def find(self, invoice: SalesInvoiceId) -> SalesInvoice | None:
        return self.rows.sales_invoices.get(invoice)

    def by_stripe(self, invoice: InvoiceId) -> SalesInvoice | None:
        return self.of_stripe([invoice]).get(invoice)

    def save(self, invoice: SalesInvoice) -> None:
        there = self.find(invoice.id)
        if there is None or there.version != invoice.version - 1:
            raise Conflict(invoice.id)
        self.rows.sales_invoices[invoice.id] = invoice

    def delete(self, invoice: SalesInvoice) -> None:
        there = self.find(invoice.id)
        if there is None or there.version != invoice.version or there.number or there.stage is not Stage.DRAFT:
            raise Conflict(invoice.id)
        del self.rows.sales_invoices[invoice.id]
        for place in [one for one in self.rows.invoice_cards if one[0] == invoice.id]:
            del self.rows.invoice_cards[place]

    def drafts_of(
        self, contact: ContactId, limit: int, before: SalesInvoiceId | None = None, *, team: TeamId | None = None
    ) -> tuple[SalesInvoice, ...]:
        theirs = [one for one in self._all() if one.contact == contact and team in (None, one.team)]
        return self._behind((one for one in theirs if one.stage is not Stage.ISSUED), limit, before)

    def count_drafts(self, contact: ContactId, team: TeamId) -> int:
        return len(self.drafts_of(contact, 10_000, team=team))

    def drafts(self, team: TeamId, limit: int, before: SalesInvoiceId | None = None) -> tuple[SalesInvoice, ...]:
        return self._behind(
            (one for one in self._all() if one.team == team and one.stage is Stage.DRAFT), limit, before
        )

    def _behind(
        self, those: Iterable[SalesInvoice], limit: int, before: SalesInvoiceId | None
    ) -> tuple[SalesInvoice, ...]:
        found = self._newest(those, 10_000)
        ids = [one.id for one in found]
        if before is not None and before not in ids:
            raise NotFound(before)
        first = ids.index(before) + 1 if before else 0
        return found[first : first + limit]

    def waiting(self, limit: int, after: Place | None = None) -> tuple[SalesInvoice, ...]:
        found = (one for one in self._all() if one.awaits_approval)
        return _page(found, limit, after, oldest_first=True).invoices

    def asked(
        self, wanted: RequestFilter, team: TeamId, user: UserId, *, limit: int, after: Place | None = None
    ) -> AskedPage:
        found = (one for one in self._all() if one.team == team and _is_in(wanted, one, user))
        return _page(found, limit, after, oldest_first=wanted.oldest_first)

    def for_deputy(self, team: TeamId, user: UserId, *, limit: int, after: Place | None = None) -> AskedPage:
        found = (one for one in self._all() if one.team == team and one.awaits_approval and _is_deputy(user, one))
        return _page(found, limit, after, oldest_first=True)

    def of_stripe(self, invoices: Iterable[InvoiceId]) -> dict[InvoiceId, SalesInvoice]:
        wanted = set(invoices)
        return {one.stripe: one for one in self._all() if one.stripe in wanted and one.stripe}

    def to_remind(self, today: date, limit: int) -> tuple[SalesInvoice, ...]:
        found = [one for one in self._all() if one.reminds_on and one.reminds_on <= today]
        return tuple(sorted(found, key=lambda one: (one.reminds_on or today, one.id))[:limit])

    def next_number(self, series: str, year: int) -> int:
        last = self.rows.invoice_numbers.get((series, year), 0) + 1
        self.rows.invoice_numbers[series, year] = last
        return last

    def last_number(self, series: str, year: int) -> int:
        return self.rows.invoice_numbers.get((series, year), 0)

    def templates(self, team: TeamId) -> tuple[Template, ...]:
        mine = [one for one in self.rows.invoice_templates.values() if one.team == team]
        return tuple(sorted(mine, key=lambda one: (one.name, one.id)))

    def save_template(self, template: Template) -> None:
        self.rows.invoice_templates[template.id] = template

    def delete_template(self, team: TeamId, template: str) -> None:
        there = self.rows.invoice_templates.get(template)
        if there and there.team == team:
            del self.rows.invoice_templates[template]

    def cards(self, invoice: SalesInvoiceId) -> tuple[InvoiceCard, ...]:
        mine = [one for one in self.rows.invoice_cards.values() if one.invoice == invoice]
        return tuple(sorted(mine, key=lambda one: one.place))

    def save_card(self, card: InvoiceCard) -> None:
        self.rows.invoice_cards[card.invoice, card.place] = card

    def _all(self) -> tuple[SalesInvoice, ...]:
        return tuple(self.rows.sales_invoices.values())

    def _newest(self, found: Iterable[SalesInvoice], limit: int) -> tuple[SalesInvoice, ...]:
        return tuple(sorted(found, key=lambda one: (one.changed_at, one.id), reverse=True)[:limit])


def _page(found: Iterable[SalesInvoice], limit: int, after: Place | None, *, oldest_first: bool) -> AskedPage:
    listed = {one.place: one for one in found}
    rest = sorted(listed, reverse=not oldest_first)
    if after is not None:
        rest = [one for one in rest if (one > after if oldest_first else one < after)]
    shown = rest[:limit]
    following = shown[-1] if len(rest) > limit else None
    return AskedPage(invoices=tuple(listed[one] for one in shown), total=len(listed), following=following)


def _is_deputy(user: UserId, invoice: SalesInvoice) -> bool:
    return invoice.approval is not None and any(one.user == user for one in invoice.approval.deputies)


def _is_in(wanted: RequestFilter, invoice: SalesInvoice, user: UserId) -> bool:
    if invoice.approval is None:
        return False
    is_mine = invoice.approval.filed_by.user == user
    match wanted:
        case RequestFilter.WAITING_FOR_ME:
            return invoice.awaits_approval and not is_mine
        case RequestFilter.FILED_BY_ME:
            return is_mine
        case RequestFilter.UNDECIDED:
            return invoice.awaits_approval
        case RequestFilter.SCHEDULED:
            return False
        case RequestFilter.ALL:
            return True
