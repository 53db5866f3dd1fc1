"""Questions over all contacts, as Home asks them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, not_, select
from sqlalchemy.engine import Connection

from billing.contacts import Invoice
from billing.ids import ContactId, TeamId, UserId
from billing.money import Money
from billing.operations import Operation, State
from billing.overviews import Sum
from billing.storage.mirror import invoice_of
from billing.storage.operations import operation_of
from billing.storage.tables import OPEN_INVOICE, PAYMENT, invoices, operations, payment_methods, timeline
from billing.timeline import Happening

_FAILING: tuple[ColumnElement[bool], ...] = (invoices.c.by_invoice.is_(False), invoices.c.attempts > 0)


class OverviewRows:
    """`billing.overviews.Overview` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def latest(
        self,
        team: TeamId,
        user: UserId,
        limit: int,
        *,
        preparing: Collection[str] = (),
        without: Collection[str] = (),
    ) -> tuple[Operation, ...]:
        column = operations.c
        has_led_on = and_(column.kind.in_(sorted(preparing)), column.state == State.DONE.value)
        theirs = select(operations).where(
            column.user_id == user, column.team == team, column.kind.not_in(sorted(without)), not_(has_led_on)
        )
        newest_first = theirs.order_by(column.created_at.desc(), column.id).limit(limit)
        return tuple(operation_of(row) for row in self._connection.execute(newest_first))

    def waiting(self, team: TeamId, user: UserId, limit: int) -> tuple[int, tuple[Operation, ...]]:
        column = operations.c
        theirs = (column.user_id == user, column.team == team, column.state == State.WAITING.value)
        oldest_first = select(operations).where(*theirs).order_by(column.created_at, column.id).limit(limit)
        count = self._connection.scalar(select(func.count()).select_from(operations).where(*theirs)) or 0
        return count, tuple(operation_of(row) for row in self._connection.execute(oldest_first))

    def overdue(self, now: datetime) -> tuple[Sum, ...]:
        return self._sums(invoices.c.due_at < now)

    def failing(self) -> tuple[Sum, ...]:
        return self._sums(*_FAILING)

    def worst_failing(self, limit: int) -> tuple[tuple[ContactId, Invoice], ...]:
        largest_first = invoices.c.due.desc(), invoices.c.id
        statement = select(invoices).where(OPEN_INVOICE, *_FAILING).order_by(*largest_first).limit(limit)
        return tuple((ContactId(row.contact), invoice_of(row)) for row in self._connection.execute(statement))

    def expiring(self, first: date, last: date) -> int:
        column = payment_methods.c
        months = {(first.year, first.month), (last.year, last.month)}
        counts = (
            select(func.count()).select_from(payment_methods).where(column.exp_year == year, column.exp_month == month)
            for year, month in sorted(months)
        )
        return sum(self._connection.scalar(count) or 0 for count in counts)

    def received(self, since: datetime, until: datetime, currency: str) -> Money:
        column = timeline.c
        paid = select(func.sum(column.amount)).where(
            PAYMENT,
            column.happened_at >= since,
            column.happened_at < until,
            column.what == Happening.PAYMENT_SUCCEEDED.value,
            column.currency == currency,
        )
        return Money(amount=int(self._connection.scalar(paid) or 0), currency=currency)

    def _sums(self, *wanted: ColumnElement[bool]) -> tuple[Sum, ...]:
        column = invoices.c
        count: Any = func.count()
        statement = (
            select(column.currency, func.sum(column.due).label("amount"), count.label("many"))
            .where(OPEN_INVOICE, *wanted)
            .group_by(column.currency)
            .order_by(count.desc(), column.currency)
        )
        return tuple(
            Sum(count=row.many, amount=Money(amount=int(row.amount), currency=row.currency))
            for row in self._connection.execute(statement)
        )
