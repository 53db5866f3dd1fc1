"""Telling admins and managers what the comparison with Stripe found."""

from __future__ import annotations

from billing.desk import Desk
from billing.ids import TeamId, UserId
from billing.roles import Role
from billing.steps import NOBODY
from blocks import reconciliations as views
from blocks.texts import Translator
from handlers.managers import Managers
from handlers.posts import Posted, Posts


class ReconciliationNews:
    """One message in the managers' channel; without one, to every manager and admin."""

    def __init__(self, desk: Desk, posts: Posts) -> None:
        self._desk = desk
        self._posts = posts
        self._managers = Managers(desk, posts)

    def readers(self, run_id: str, _: str) -> str:
        """Who is told, as a list: kept, so that a repetition tells nobody else."""
        del run_id
        if self._posts.managers:
            return self._posts.managers
        with self._desk.reading(NOBODY) as uow:
            told = [one for one in uow.staff.list() if not one.roles.isdisjoint({Role.MANAGER, Role.ADMIN})]
        return ",".join(f"{one.team}:{one.user}" for one in told)

    def tell(self, run_id: str, readers: str) -> str:
        for reader in filter(None, readers.split(",")):
            self._tell(run_id, reader)
        return readers

    def _tell(self, run_id: str, reader: str) -> None:
        team, _, place = reader.rpartition(":")
        with self._desk.reading(NOBODY) as uow:
            run = uow.reconciliations.get(run_id)
            known = uow.contacts.known([one.contact for one in run.differences[: views.SHOWN]])
            person = uow.staff.get(TeamId(team), UserId(place)) if team else None
        names = {str(contact): one.name for contact, one in known.items()}

        def show(where: str, t: Translator) -> Posted | None:
            return self._posts.post(where, views.report(run, names, t))

        if person:
            show(place, Translator(person.locale, person.timezone))
        else:
            self._managers.tell(show)
