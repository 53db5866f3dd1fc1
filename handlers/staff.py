"""Who is acting: the person behind a Slack user id, with roles from our rows, and name and language from Slack."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from time import monotonic

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from billing.access import Actor
from billing.desk import Desk
from billing.ids import TeamId, UserId
from billing.roles import Role
from billing.steps import NOBODY

REMEMBER_SECONDS = 30.0

log = structlog.get_logger(__name__)


class Directory:
    """Answers from memory for half a minute, then from our rows; asks Slack only about people it has not met."""

    def __init__(self, desk: Desk, client: Callable[[], WebClient], groups: Mapping[str, Role]) -> None:
        self._desk = desk
        self._client = client
        self._groups = groups
        self._known: dict[tuple[str, str], tuple[float, Actor]] = {}
        self._lock = threading.Lock()

    def actor(self, team: TeamId, user: UserId) -> Actor:
        """The person; without any role when nobody gave one."""
        remembered = self._known.get((team, user))
        if remembered and monotonic() < remembered[0]:
            return remembered[1]
        with self._desk.reading(NOBODY) as uow:
            actor = uow.staff.get(team, user)
        if actor is None:
            actor = self._meet(team, user)
        self._remember(actor)
        return actor

    def forget(self) -> None:
        """Read everybody anew: roles have changed."""
        self._known.clear()

    def refresh(self) -> int:
        """Make roles equal to the user groups' members, and profiles equal to Slack's; who was deactivated there has
        left, and keeps no role. Answers with how many people.
        """
        client = self._client()
        handles = {group["handle"]: group["id"] for group in client.usergroups_list()["usergroups"] or []}
        team = TeamId(client.auth_test()["team_id"])
        for handle, role in self._groups.items():
            members = client.usergroups_users_list(usergroup=handles[handle])["users"] if handle in handles else []
            users = frozenset(UserId(user) for user in members or [])
            with self._desk.writing(NOBODY) as uow:
                uow.staff.replace_group(team, handle, role, users)
        with self._desk.reading(NOBODY) as uow:
            people = uow.staff.list()
        for person in people:
            try:
                self._save_profile(person.team, person.user)
            except SlackApiError as error:  # granted by a mistyped id, or gone: the others are refreshed all the same
                log.warning("profile not read", user=person.user, error=error.response.get("error"))
        self.forget()
        return len(people)

    def _meet(self, team: TeamId, user: UserId) -> Actor:
        self._save_profile(team, user)
        with self._desk.reading(NOBODY) as uow:
            return uow.staff.get(team, user) or Actor(team=team, user=user, name=user, roles=frozenset())

    def _save_profile(self, team: TeamId, user: UserId) -> None:
        found = self._client().users_info(user=user, include_locale=True)["user"] or {}
        actor = Actor(
            team=team,
            user=user,
            name=found.get("real_name") or found.get("name") or user,
            roles=frozenset(),
            locale=found.get("locale") or "en",
            timezone=found.get("tz") or "UTC",
        )
        with self._desk.writing(actor) as uow:
            uow.staff.save(actor)
            if found.get("deleted"):  # what the command line gave would stay for ever
                uow.staff.dismiss(team, user)

    def _remember(self, actor: Actor) -> None:
        with self._lock:
            if len(self._known) > 10_000:
                self._known.clear()
            self._known[actor.team, actor.user] = (monotonic() + REMEMBER_SECONDS, actor)
