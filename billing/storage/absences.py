"""Who is out of office, and who decides meanwhile, as rows."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, delete, select
from sqlalchemy.engine import Connection

from billing.change_requests.model import Absence
from billing.ids import TeamId, UserId
from billing.storage.statements import upsert
from billing.storage.tables import absences


class AbsenceRows:
    """`billing.change_requests.model.Absences` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, team: TeamId, user: UserId) -> Absence | None:
        theirs = select(absences).where(absences.c.team == team, absences.c.user_id == user)
        row = self._connection.execute(theirs).one_or_none()
        return _absence(row) if row else None

    def save(self, absence: Absence) -> None:
        row = {
            "team": absence.team,
            "user_id": absence.user,
            "first": absence.first,
            "last": absence.last,
            "deputy": absence.deputy,
        }
        self._connection.execute(upsert(self._connection, absences, "team", "user_id"), row)

    def end(self, team: TeamId, user: UserId) -> None:
        self._connection.execute(delete(absences).where(absences.c.team == team, absences.c.user_id == user))

    def of_team(self, team: TeamId) -> tuple[Absence, ...]:
        statement = select(absences).where(absences.c.team == team).order_by(absences.c.user_id)
        return tuple(_absence(row) for row in self._connection.execute(statement))


def _absence(row: Row[*tuple[Any, ...]]) -> Absence:
    return Absence(
        team=TeamId(row.team), user=UserId(row.user_id), first=row.first, last=row.last, deputy=UserId(row.deputy)
    )
