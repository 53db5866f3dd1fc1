"""What is told about failed payments, as rows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, or_, select, update
from sqlalchemy.engine import Connection

from billing.dunning.model import Notice, NoticePage
from billing.ids import ContactId, InvoiceId, TeamId
from billing.money import Money
from billing.storage.statements import add
from billing.storage.tables import UNTOLD, failure_notices


class FailureRows:
    """`billing.dunning.model.Notices` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, notice: Notice) -> bool:
        return bool(add(self._connection, failure_notices, _row(notice)))

    def due(self, quiet_since: datetime, oldest: datetime) -> tuple[str, ...]:
        column = failure_notices.c
        quiet, long = func.max(column.noted_at) <= quiet_since, func.min(column.noted_at) <= oldest
        places = select(column.place).where(UNTOLD).group_by(column.place).having(or_(quiet, long))
        return tuple(sorted(self._connection.scalars(places)))

    def gather(self, place: str) -> str:
        column = failure_notices.c
        last = self._connection.scalar(select(func.max(column.position)).where(UNTOLD, column.place == place))
        batch = f"failures:{place}:{last}"
        self._connection.execute(
            update(failure_notices).where(UNTOLD, column.place == place, column.position <= last).values(batch=batch)
        )
        return batch

    def page(self, batch: str, limit: int, after: int = 0) -> NoticePage:
        column = failure_notices.c
        statement = select(failure_notices).where(column.batch == batch, column.position > after)
        rows = self._connection.execute(statement.order_by(column.position).limit(limit + 1)).all()
        shown = rows[:limit]
        return NoticePage(
            notices=tuple(_notice(row) for row in shown),
            following=shown[-1].position if len(rows) > limit else None,
        )

    def totals(self, batch: str) -> tuple[int, tuple[Money, ...]]:
        column = failure_notices.c
        count, amount = func.count(), func.sum(column.amount)
        statement = (
            select(column.currency, amount.label("amount"), count.label("many"))
            .where(column.batch == batch)
            .group_by(column.currency)
            .order_by(count.desc(), column.currency)
        )
        rows = self._connection.execute(statement).all()
        sums = tuple(Money(amount=int(row.amount), currency=row.currency) for row in rows)
        return sum(row.many for row in rows), sums


def _row(notice: Notice) -> dict[str, Any]:
    return {
        "failure": notice.failure,
        "place": notice.place,
        "team": notice.team,
        "contact": notice.contact,
        "invoice": notice.invoice,
        "amount": notice.amount.amount,
        "currency": notice.amount.currency,
        "failed_at": notice.failed_at,
        "noted_at": notice.noted_at,
        "batch": None,
    }


def _notice(row: Row[*tuple[Any, ...]]) -> Notice:
    return Notice(
        failure=row.failure,
        place=row.place,
        team=TeamId(row.team),
        contact=ContactId(row.contact),
        invoice=InvoiceId(row.invoice),
        amount=Money(amount=row.amount, currency=row.currency),
        failed_at=row.failed_at,
        noted_at=row.noted_at,
    )
