"""Our own people: who acts, with which roles."""

from __future__ import annotations

from typing import Protocol

from billing.errors import NotPermitted, NotStaff
from billing.ids import TeamId, UserId
from billing.models import Frozen
from billing.roles import PERMISSIONS, Permission, Role


class Actor(Frozen):
    """A member of staff who does something now."""

    team: TeamId
    user: UserId
    name: str
    roles: frozenset[Role]
    locale: str = "en"  # from the Slack profile: `de-DE`, `en-GB`; decides language and the way of writing dates
    timezone: str = "UTC"  # IANA name, from the Slack profile

    def may(self, permission: Permission) -> bool:
        return not self.roles.isdisjoint(PERMISSIONS[permission])

    def require(self, permission: Permission) -> None:
        """Raise NotStaff or NotPermitted, which name who can (H16)."""
        if not self.roles:
            raise NotStaff
        if not self.may(permission):
            raise NotPermitted(permission, PERMISSIONS[permission])


class Staff(Protocol):
    """The rows about our own people."""

    def get(self, team: TeamId, user: UserId) -> Actor | None:
        """The person with the roles granted so far, or None if never seen."""

    def save(self, actor: Actor) -> None:
        """Remember name, locale and time zone; roles are granted, not saved."""

    def grant(self, team: TeamId, user: UserId, role: Role, source: str) -> None:
        """Give a role; `source` is `cli` or the user group's handle."""

    def replace_group(self, team: TeamId, handle: str, role: Role, users: frozenset[UserId]) -> None:
        """Make the role's holders by that group exactly these; grants of other sources stay."""

    def dismiss(self, team: TeamId, user: UserId) -> None:
        """Take all roles away, whoever gave them; the person stays known."""

    def list(self) -> tuple[Actor, ...]:
        """Everyone who has a role, by name."""
