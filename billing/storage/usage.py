"""Usage near the contact limit as rows: what was noted last, and whose limit is raised by itself."""

from __future__ import annotations

from sqlalchemy import case, delete, exists, func, literal, select, union_all
from sqlalchemy.engine import Connection

from billing.change_requests.model import UsageLevel
from billing.ids import ContactId, TeamId, UserId
from billing.storage.statements import upsert
from billing.storage.tables import NEAR_LIMIT, automatic_raises, contacts, usage_levels

_USED, _LIMIT = contacts.c.active_contacts, contacts.c.contact_limit
_NOTED = func.coalesce(usage_levels.c.percent, 0)
# 80 percent are four fifths: whole numbers on both sides, so nothing is rounded.
_LEVEL = case(
    (_USED >= _LIMIT, literal(100)),
    (_USED * 10 >= _LIMIT * 9, literal(90)),
    (_USED * 5 >= _LIMIT * 4, literal(80)),
    else_=literal(0),
)
# Who is near the limit is in an index that holds nobody else; who was noted and is not in it is below. So nobody reads
# the contacts who are far below, and they are most of them.
_NEAR = (
    select(contacts.c.id, _LEVEL.label("percent"), _NOTED.label("noted"))
    .outerjoin_from(contacts, usage_levels, usage_levels.c.contact == contacts.c.id)
    .where(NEAR_LIMIT, _LEVEL != _NOTED)
)
_IS_NEAR = exists().where(contacts.c.id == usage_levels.c.contact, NEAR_LIMIT)
_NO_LONGER_NEAR = select(usage_levels.c.contact, literal(0), usage_levels.c.percent).where(~_IS_NEAR)
_CROSSED = union_all(_NEAR, _NO_LONGER_NEAR)


class UsageRows:
    """`billing.change_requests.model.UsageNotices` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def crossed(self, limit: int) -> tuple[UsageLevel, ...]:
        """Any so many of them: whoever is noted is no longer among them."""
        rows = self._connection.execute(_CROSSED.limit(limit))
        levels = (UsageLevel(contact=ContactId(id_), percent=now, before=noted) for id_, now, noted in rows)
        return tuple(sorted(levels, key=_contact))

    def save(self, level: UsageLevel) -> None:
        if level.percent == 0:
            self._connection.execute(delete(usage_levels).where(usage_levels.c.contact == level.contact))
            return
        row = {"contact": level.contact, "percent": level.percent}
        self._connection.execute(upsert(self._connection, usage_levels, "contact"), row)

    def raises_by_itself(self, contact: ContactId) -> tuple[TeamId, UserId] | None:
        column = automatic_raises.c
        confirmed = select(column.team, column.user_id).where(column.contact == contact)
        row = self._connection.execute(confirmed).one_or_none()
        return (TeamId(row.team), UserId(row.user_id)) if row else None

    def switch(self, contact: ContactId, team: TeamId, user: UserId | None) -> None:
        if user is None:
            self._connection.execute(delete(automatic_raises).where(automatic_raises.c.contact == contact))
            return
        row = {"contact": contact, "team": team, "user_id": user}
        self._connection.execute(upsert(self._connection, automatic_raises, "contact"), row)


def _contact(level: UsageLevel) -> ContactId:
    return level.contact
