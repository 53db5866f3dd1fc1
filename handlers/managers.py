"""Telling managers: in their channel or, where there is no way into it, by direct message."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from billing import managers
from billing.access import Actor
from billing.desk import Desk
from billing.managers import CHANNEL, JobAt
from billing.steps import NOBODY
from blocks.kit import Message
from blocks.texts import Translator
from handlers.posts import Posts

Show = Callable[[str, Translator], object]  # at a place, in a language; false where there is no way there


class Managers:
    """Customers' data goes to nobody but the channel, managers and, where there are none, admins."""

    def __init__(self, desk: Desk, posts: Posts) -> None:
        self._desk = desk
        self._posts = posts

    def deliver(
        self, place: str, compose: Callable[[Translator], Message], job: JobAt, people: Iterable[Actor] | None = None
    ) -> None:
        """Post what one job of `billing.managers` tells, in the reader's language; a repetition posts it again.

        Where there is no way into the channel, each of `people` gets a job; they are `responsible` if nobody says
        otherwise.
        """

        def show(where: str, t: Translator) -> object:
            return self._posts.post(where, compose(t))

        if place != CHANNEL:
            show(place, self._speaks(place))
        elif not self.in_channel(show):
            with self._desk.writing(NOBODY) as uow:
                managers.tell_each(uow, job, managers.responsible(uow) if people is None else people)

    def in_channel(self, show: Show) -> bool:
        """Show it there. False where none is set, the app is not in it or it is archived."""
        there = self._posts.managers
        return bool(there and show(there, self._speaks(there)))

    def _speaks(self, place: str) -> Translator:
        """The person's language; in a channel that of the business."""
        with self._desk.reading(NOBODY) as uow:
            person = next((one for one in uow.staff.list() if one.user == place), None)
            business = uow.catalogue.business
        return (
            Translator(person.locale, person.timezone) if person else Translator(business.language, business.timezone)
        )
