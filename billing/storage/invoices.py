"""Our invoices as rows: the frozen invoice as JSON, and beside it what it is found by. A version is saved once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, delete, func, select, tuple_, update
from sqlalchemy.engine import Connection

from billing.change_requests.model import Place, RequestFilter
from billing.errors import NotFound, UnknownInvoice
from billing.ids import ContactId, InvoiceId, SalesInvoiceId, TeamId, UserId
from billing.invoices.model import AskedPage, Conflict, InvoiceCard, SalesInvoice, Stage, Template
from billing.storage.statements import add, insert, upsert
from billing.storage.tables import (
    ASKED,
    DRAFTS,
    WAITS,
    invoice_cards,
    invoice_deputies,
    invoice_numbers,
    invoice_templates,
    sales_invoices,
)

_BODY = sales_invoices.c.body
_Asked = Select[str, Any, str]  # the body, and what the list is ordered by
_UNSENT = (Stage.DRAFT.value, Stage.SENDING.value, Stage.CANCELLED.value)


class SalesInvoiceRows:
    """`billing.invoices.model.SalesInvoices` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, invoice: SalesInvoice) -> bool:
        is_new = bool(add(self._connection, sales_invoices, _row(invoice)))
        if is_new:
            self._await_deputies(invoice)
        return is_new

    def get(self, invoice: SalesInvoiceId) -> SalesInvoice:
        found = self.find(invoice)
        if found is None:
            raise UnknownInvoice(invoice=invoice)
        return found

    def find(self, invoice: SalesInvoiceId) -> SalesInvoice | None:
        return self._one(select(_BODY).where(sales_invoices.c.id == invoice))

    def by_stripe(self, invoice: InvoiceId) -> SalesInvoice | None:
        return self._one(select(_BODY).where(sales_invoices.c.stripe == invoice))

    def save(self, invoice: SalesInvoice) -> None:
        """Whoever else replaces that version waits for this transaction, and then finds another one there."""
        column = sales_invoices.c
        statement = update(sales_invoices).where(column.id == invoice.id, column.version == invoice.version - 1)
        if self._connection.execute(statement.values(_row(invoice))).rowcount == 0:
            raise Conflict(invoice.id)
        self._await_deputies(invoice)

    def delete(self, invoice: SalesInvoice) -> None:
        column = sales_invoices.c
        for table in (invoice_cards, invoice_deputies):
            self._connection.execute(delete(table).where(table.c.invoice == invoice.id))
        statement = delete(sales_invoices).where(
            column.id == invoice.id, column.version == invoice.version, column.number.is_(None), DRAFTS
        )
        if self._connection.execute(statement).rowcount == 0:
            raise Conflict(invoice.id)

    def drafts_of(
        self, contact: ContactId, limit: int, before: SalesInvoiceId | None = None, *, team: TeamId | None = None
    ) -> tuple[SalesInvoice, ...]:
        column = sales_invoices.c
        theirs = column.contact == contact if team is None else and_(column.contact == contact, column.team == team)
        return self._newest(select(_BODY).where(theirs, column.stage.in_(_UNSENT)), theirs, limit, before)

    def count_drafts(self, contact: ContactId, team: TeamId) -> int:
        column = sales_invoices.c
        counted = select(func.count()).where(column.contact == contact, column.team == team, column.stage.in_(_UNSENT))
        return int(self._connection.execute(counted).scalar_one())

    def drafts(self, team: TeamId, limit: int, before: SalesInvoiceId | None = None) -> tuple[SalesInvoice, ...]:
        theirs = sales_invoices.c.team == team
        return self._newest(select(_BODY).where(theirs, DRAFTS), theirs, limit, before)

    def _newest(
        self, statement: Select[str], whose: ColumnElement[bool], limit: int, before: SalesInvoiceId | None
    ) -> tuple[SalesInvoice, ...]:
        """Last changed first, behind that one of theirs."""
        column = sales_invoices.c
        if before is not None:
            last = select(column.changed_at, column.id).where(whose, column.id == before)
            row = self._connection.execute(last).one_or_none()
            if row is None:
                raise NotFound(before)
            statement = statement.where(tuple_(column.changed_at, column.id) < tuple_(row.changed_at, row.id))
        return tuple(self._read(statement.order_by(column.changed_at.desc(), column.id.desc()).limit(limit)))

    def waiting(self, limit: int, after: Place | None = None) -> tuple[SalesInvoice, ...]:
        column = sales_invoices.c
        listed = select(_BODY).where(WAITS)
        if after is not None:
            listed = listed.where(tuple_(column.waits_since, column.id) > tuple_(*after))
        return tuple(self._read(listed.order_by(column.waits_since, column.id).limit(limit)))

    def asked(
        self, wanted: RequestFilter, team: TeamId, user: UserId, *, limit: int, after: Place | None = None
    ) -> AskedPage:
        if wanted is RequestFilter.SCHEDULED:
            return AskedPage()
        return self._page(_asked(wanted, team, user), limit, after, oldest_first=wanted.oldest_first)

    def for_deputy(self, team: TeamId, user: UserId, *, limit: int, after: Place | None = None) -> AskedPage:
        column = invoice_deputies.c
        listed = select(_BODY, column.waits_since, column.invoice).join_from(invoice_deputies, sales_invoices)
        return self._page(listed.where(column.team == team, column.user_id == user), limit, after, oldest_first=True)

    def of_stripe(self, invoices: Iterable[InvoiceId]) -> dict[InvoiceId, SalesInvoice]:
        wanted = tuple(invoices)
        found = self._read(select(_BODY).where(sales_invoices.c.stripe.in_(wanted))) if wanted else ()
        return {one.stripe: one for one in found if one.stripe}

    def to_remind(self, today: date, limit: int) -> tuple[SalesInvoice, ...]:
        column = sales_invoices.c
        statement = select(_BODY).where(column.reminds_on <= today).order_by(column.reminds_on, column.id)
        return tuple(self._read(statement.limit(limit)))

    def next_number(self, series: str, year: int) -> int:
        statement = insert(self._connection, invoice_numbers)
        counted = statement.on_conflict_do_update(
            index_elements=("series", "year"), set_={"last": invoice_numbers.c.last + 1}
        ).returning(invoice_numbers.c.last)
        number: int = self._connection.execute(counted, {"series": series, "year": year, "last": 1}).scalar_one()
        return number

    def last_number(self, series: str, year: int) -> int:
        column = invoice_numbers.c
        last = select(column.last).where(column.series == series, column.year == year)
        return self._connection.scalar(last) or 0

    def templates(self, team: TeamId) -> tuple[Template, ...]:
        column = invoice_templates.c
        statement = select(column.body).where(column.team == team).order_by(column.name, column.id).limit(100)
        return tuple(map(Template.model_validate_json, self._connection.scalars(statement)))

    def save_template(self, template: Template) -> None:
        row = {"id": template.id, "team": template.team, "name": template.name, "body": template.model_dump_json()}
        self._connection.execute(upsert(self._connection, invoice_templates, "id"), row)

    def delete_template(self, team: TeamId, template: str) -> None:
        column = invoice_templates.c
        self._connection.execute(delete(invoice_templates).where(column.team == team, column.id == template))

    def cards(self, invoice: SalesInvoiceId) -> tuple[InvoiceCard, ...]:
        column = invoice_cards.c
        rows = self._connection.execute(select(invoice_cards).where(column.invoice == invoice).order_by(column.place))
        return tuple(
            InvoiceCard(invoice=SalesInvoiceId(row.invoice), place=row.place, channel=row.channel, ts=row.ts)
            for row in rows
        )

    def save_card(self, card: InvoiceCard) -> None:
        self._connection.execute(upsert(self._connection, invoice_cards, "invoice", "place"), card.model_dump())

    def _page(self, listed: _Asked, limit: int, after: Place | None, *, oldest_first: bool) -> AskedPage:
        total = self._connection.scalar(listed.with_only_columns(func.count(), maintain_column_froms=True)) or 0
        _, at, id_ = listed.selected_columns
        if after is not None:
            seen = tuple_(*after)
            listed = listed.where(tuple_(at, id_) > seen if oldest_first else tuple_(at, id_) < seen)
        order = (at, id_) if oldest_first else (at.desc(), id_.desc())
        found = tuple(self._read(listed.order_by(*order).limit(limit + 1)))
        shown = found[:limit]
        return AskedPage(invoices=shown, total=total, following=shown[-1].place if len(found) > limit else None)

    def _await_deputies(self, invoice: SalesInvoice) -> None:
        """Those who may decide about this version; none who could about the one before."""
        if invoice.approval is None:
            return
        self._connection.execute(delete(invoice_deputies).where(invoice_deputies.c.invoice == invoice.id))
        since = invoice.approval.filed_at
        rows = [
            {"invoice": invoice.id, "user_id": one.user, "team": invoice.team, "waits_since": since}
            for one in invoice.approval.deputies
            if invoice.awaits_approval
        ]
        if rows:
            add(self._connection, invoice_deputies, *rows)

    def _one(self, statement: Select[*tuple[Any, ...]]) -> SalesInvoice | None:
        body = self._connection.scalar(statement)
        return SalesInvoice.model_validate_json(body) if body is not None else None

    def _read(self, statement: Select[*tuple[Any, ...]]) -> Iterator[SalesInvoice]:
        return map(SalesInvoice.model_validate_json, self._connection.scalars(statement))


def _asked(wanted: RequestFilter, team: TeamId, user: UserId) -> _Asked:
    """What is in that list, and what it is ordered by."""
    column = sales_invoices.c
    waiting = select(_BODY, column.waits_since, column.id).where(column.team == team, WAITS)
    every = select(_BODY, column.asked_at, column.id).where(column.team == team, ASKED)
    match wanted:
        case RequestFilter.WAITING_FOR_ME:
            return waiting.where(column.asked_by != user)
        case RequestFilter.UNDECIDED:
            return waiting
        case RequestFilter.FILED_BY_ME:
            return every.where(column.asked_by == user)
        case _:
            return every


def _row(invoice: SalesInvoice) -> dict[str, Any]:
    approval = invoice.approval
    return {
        "id": invoice.id,
        "version": invoice.version,
        "team": invoice.team,
        "contact": invoice.contact,
        "stage": invoice.stage.value,
        "number": invoice.number,
        "stripe": invoice.stripe,
        "changed_at": invoice.changed_at,
        "reminds_on": invoice.reminds_on,
        "asked_by": approval.filed_by.user if approval else None,
        "asked_at": approval.filed_at if approval else None,
        "waits_since": approval.filed_at if approval and invoice.awaits_approval else None,
        "body": invoice.model_dump_json(),
    }
