"""The timeline as rows: they are added and read, never changed; triggers in the database see to that."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, or_, select
from sqlalchemy.engine import Connection

from billing.errors import NotFound
from billing.ids import ContactId, OperationId
from billing.money import Money
from billing.storage.statements import add
from billing.storage.tables import PAYMENT, timeline
from billing.timeline import EVERYTHING, Entry, Happening, Page, Wanted, happenings


class TimelineRows:
    """`billing.timeline.Timeline` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def append(self, entry: Entry) -> bool:
        return bool(add(self._connection, timeline, _row(entry)))

    def append_all(self, entries: Sequence[Entry]) -> None:
        """Those that are there already stay as they are."""
        if entries:
            add(self._connection, timeline, *map(_row, entries))

    def received(self, invoice: str) -> int:
        column = timeline.c
        theirs = (PAYMENT, column.what == Happening.PAYMENT_SUCCEEDED.value, column.stripe_id == invoice)
        return int(self._connection.scalar(select(func.sum(column.amount)).where(*theirs)) or 0)

    def page(self, contact: ContactId, limit: int = 10, before: str | None = None, wanted: Wanted = EVERYTHING) -> Page:
        column = timeline.c
        statement = select(timeline).where(column.contact == contact)
        if wanted.topic is not None:
            statement = statement.where(column.what.in_(sorted(happenings(wanted.topic))))
        if wanted.since is not None:
            statement = statement.where(column.happened_at >= wanted.since)
        if before is not None:
            at, position = _read_cursor(before)
            statement = statement.where(
                column.happened_at <= at, or_(column.happened_at < at, column.position < position)
            )
        statement = statement.order_by(column.happened_at.desc(), column.position.desc()).limit(limit + 1)
        rows = self._connection.execute(statement).all()
        shown = rows[:limit]
        return Page(
            entries=tuple(_entry(row) for row in shown),
            older=_cursor(shown[-1].happened_at, shown[-1].position) if len(rows) > limit else None,
        )


def _cursor(at: datetime, position: int) -> str:
    """Two entries may have the same instant, so the place among them is part of it."""
    return base64.urlsafe_b64encode(f"{at.isoformat()}/{position}".encode()).decode()


def _read_cursor(cursor: str) -> tuple[datetime, int]:
    try:
        at, position = base64.urlsafe_b64decode(cursor.encode()).decode().split("/")
        instant, number = datetime.fromisoformat(at), int(position)
    except (binascii.Error, UnicodeError, ValueError) as error:
        raise NotFound(cursor) from error
    if instant.tzinfo is None:
        raise NotFound(cursor)
    return instant, number


def _row(entry: Entry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "contact": entry.contact,
        "happened_at": entry.at,
        "what": entry.what.value,
        "done_by": entry.by,
        "on_behalf_of": entry.on_behalf_of,
        "amount": entry.amount.amount if entry.amount is not None else None,
        "currency": entry.amount.currency if entry.amount is not None else None,
        "operation": entry.operation,
        "stripe_id": entry.stripe_id,
        "parameters": entry.parameters,
    }


def _entry(row: Row[*tuple[Any, ...]]) -> Entry:
    return Entry(
        id=row.id,
        contact=ContactId(row.contact),
        at=row.happened_at,
        what=Happening(row.what),
        by=row.done_by,
        on_behalf_of=row.on_behalf_of,
        amount=Money(amount=row.amount, currency=row.currency) if row.amount is not None else None,
        operation=OperationId(row.operation) if row.operation is not None else None,
        stripe_id=row.stripe_id,
        parameters=row.parameters,
    )
