"""Telling managers: in their channel or, where there is no way into it, by direct message."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from billing.access import Actor
from billing.desk import Desk
from billing.roles import Role
from billing.steps import NOBODY
from blocks.texts import Translator
from handlers.posts import Posts

Show = Callable[[str, Translator], object]  # at a place, in a language; false where there is no way there


class Managers:
    """Customers' data goes to nobody but the channel, managers and, where there are none, admins."""

    def __init__(self, desk: Desk, posts: Posts) -> None:
        self._desk = desk
        self._posts = posts

    def tell(self, show: Show, people: Iterable[Actor] | None = None) -> None:
        """Show it in the channel. Where none is set, the app is not in it or it is archived, to each of `people`.

        `people` are all managers if nobody says otherwise; if they are nobody, the admins.
        """
        with self._desk.reading(NOBODY) as uow:
            business, staff = uow.catalogue.business, uow.staff.list()
        if self._posts.managers and show(self._posts.managers, Translator(business.language, business.timezone)):
            return
        managers = _with(Role.MANAGER, staff) if people is None else tuple(people)
        for one in managers or _with(Role.ADMIN, staff):
            show(one.user, Translator(one.locale, one.timezone))


def _with(role: Role, staff: Iterable[Actor]) -> tuple[Actor, ...]:
    return tuple(one for one in staff if role in one.roles)
