"""Our own people as rows."""

from __future__ import annotations

from sqlalchemy import and_, delete, func, select
from sqlalchemy.engine import Connection

from billing.access import Actor
from billing.ids import TeamId, UserId
from billing.roles import Role
from billing.storage.statements import insert, insert_or_ignore
from billing.storage.tables import staff, staff_roles


class StaffRows:
    """`billing.access.Staff` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, team: TeamId, user: UserId) -> Actor | None:
        person = select(staff).where(staff.c.team == team, staff.c.user_id == user)
        row = self._connection.execute(person).one_or_none()
        if row is None:
            return None
        granted = select(staff_roles.c.role).where(staff_roles.c.team == team, staff_roles.c.user_id == user).distinct()
        return Actor(
            team=team,
            user=user,
            name=row.name,
            roles=frozenset(Role(role) for role in self._connection.scalars(granted)),
            locale=row.locale,
            timezone=row.timezone,
        )

    def save(self, actor: Actor) -> None:
        said = {"name": actor.name, "locale": actor.locale, "timezone": actor.timezone}
        statement = insert(self._connection, staff).values(team=actor.team, user_id=actor.user, **said)
        self._connection.execute(statement.on_conflict_do_update(index_elements=["team", "user_id"], set_=said))

    def grant(self, team: TeamId, user: UserId, role: Role, source: str) -> None:
        self._grant_all(team, {user}, role, source)

    def replace_group(self, team: TeamId, handle: str, role: Role, users: frozenset[UserId]) -> None:
        theirs = and_(staff_roles.c.team == team, staff_roles.c.source == handle, staff_roles.c.role == role.value)
        self._connection.execute(delete(staff_roles).where(theirs, staff_roles.c.user_id.not_in(users)))
        self._grant_all(team, users, role, handle)

    def dismiss(self, team: TeamId, user: UserId) -> None:
        theirs = and_(staff_roles.c.team == team, staff_roles.c.user_id == user)
        self._connection.execute(delete(staff_roles).where(theirs))

    def list(self) -> tuple[Actor, ...]:
        """Somebody who was granted a role but never seen is listed under the Slack id."""
        column = staff_roles.c
        statement = (
            select(
                column.team,
                column.user_id,
                column.role,
                func.coalesce(staff.c.name, column.user_id).label("name"),
                func.coalesce(staff.c.locale, "en").label("locale"),
                func.coalesce(staff.c.timezone, "UTC").label("timezone"),
            )
            .outerjoin_from(staff_roles, staff, and_(staff.c.team == column.team, staff.c.user_id == column.user_id))
            .distinct()
        )
        people: dict[tuple[str, str], Actor] = {}
        for row in self._connection.execute(statement):
            before = people.get((row.team, row.user_id))
            people[row.team, row.user_id] = Actor(
                team=TeamId(row.team),
                user=UserId(row.user_id),
                name=row.name,
                roles=(before.roles if before else frozenset()) | {Role(row.role)},
                locale=row.locale,
                timezone=row.timezone,
            )
        return tuple(sorted(people.values(), key=lambda actor: (actor.name.casefold(), actor.team, actor.user)))

    def _grant_all(self, team: TeamId, users: set[UserId] | frozenset[UserId], role: Role, source: str) -> None:
        rows = [{"team": team, "user_id": user, "role": role.value, "source": source} for user in sorted(users)]
        if rows:
            self._connection.execute(insert_or_ignore(self._connection, staff_roles), rows)
