"""Comparisons with Stripe as rows."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.engine import Connection

from billing.errors import NotFound
from billing.reconciliations import Difference, Reconciliation
from billing.storage.statements import upsert
from billing.storage.tables import reconciliations


class ReconciliationRows:
    """`billing.reconciliations.Reconciliations` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, run: str) -> Reconciliation:
        row = self._connection.execute(select(reconciliations).where(reconciliations.c.id == run)).one_or_none()
        if row is None:
            raise NotFound(run)
        return _run(row)

    def under_way(self) -> Reconciliation | None:
        last = self._last(finished=False)
        return last if last and last.finished_at is None else None

    def last_finished(self) -> Reconciliation | None:
        return self._last(finished=True)

    def save(self, run: Reconciliation) -> None:
        row = {
            "id": run.id,
            "began_at": run.began_at,
            "finished_at": run.finished_at,
            "customers": run.customers,
            "created": run.created,
            "differing": run.differing,
            "missed_events": run.missed_events,
            "differences": [one.model_dump(mode="json") for one in run.differences],
        }
        self._connection.execute(upsert(self._connection, reconciliations, "id"), row)

    def _last(self, *, finished: bool) -> Reconciliation | None:
        column = reconciliations.c
        statement = select(reconciliations).order_by(column.began_at.desc(), column.id.desc()).limit(1)
        if finished:
            statement = statement.where(column.finished_at.is_not(None))
        row = self._connection.execute(statement).one_or_none()
        return _run(row) if row else None


def _run(row: Row[*tuple[Any, ...]]) -> Reconciliation:
    return Reconciliation(
        id=row.id,
        began_at=row.began_at,
        finished_at=row.finished_at,
        customers=row.customers,
        created=row.created,
        differing=row.differing,
        missed_events=row.missed_events,
        differences=tuple(Difference.model_validate(one) for one in row.differences),
    )
