"""The cards of a request in Slack: every copy shows the state of now, whoever is killed in between (A24)."""

from __future__ import annotations

from collections.abc import Iterator

from slack_sdk.errors import SlackClientError

from billing.change_requests import cards, lists
from billing.change_requests.model import Card, places
from billing.desk import Desk
from billing.errors import KontorError
from billing.ids import RequestId
from billing.steps import NOBODY
from blocks import change_requests as views
from blocks import readers
from blocks.kit import Message
from blocks.texts import Translator
from handlers.posts import Posted, Posts


class Cards:
    """A step that may be repeated: it posts what is not there yet, and changes what is."""

    def __init__(self, desk: Desk, posts: Posts) -> None:
        self._desk = desk
        self._posts = posts

    def show(self, argument: str, _: str = "") -> str:
        """`argument` is `request:number`, the number that of the job. Where one place fails, the others get theirs."""
        request, _, number = argument.partition(":")
        failed: list[Exception] = []
        for place in self._places(RequestId(request)):
            try:
                self._show_at(RequestId(request), place, int(number))
            except (KontorError, SlackClientError) as error:
                failed.append(error)
        if failed:
            raise failed[0]
        return ""

    def _places(self, request_id: RequestId) -> Iterator[str]:
        """Where it belongs, and where there are copies of it."""
        with self._desk.reading(NOBODY) as uow:
            request = uow.requests.get(request_id)
            known = [card.place for card in uow.requests.cards(request_id)]
        yield from dict.fromkeys((*places(request, self._posts.managers), *known))

    def _show_at(self, request: RequestId, place: str, job: int) -> None:
        with self._desk.writing(NOBODY) as uow:
            card = cards.claim(uow, request, place, job)
        if card is None:
            return  # another job is posting it, and looks at the state of now when it has
        while True:
            message, version = self._drawn(card)
            card = self._put(card, message, version)
            with self._desk.writing(NOBODY) as uow:
                latest = cards.shown(uow, card)
            if latest == version:
                return

    def _drawn(self, card: Card) -> tuple[Message, int]:
        """The card of now for who reads it there: a person in their language, a channel in the business's."""
        with self._desk.reading(NOBODY) as uow:
            team = uow.requests.get(card.request).team
            business = uow.catalogue.business
            user = cards.reader_of(card)
            person = uow.staff.get(team, user) if user else None
        t = Translator(person.locale, person.timezone) if person else readers.channel(business)
        with self._desk.reading(person if person and person.roles else NOBODY) as uow:
            view = lists.view(uow, card.request)
            return views.card(view, uow.catalogue, t), view.request.version

    def _put(self, card: Card, message: Message, version: int) -> Card:
        """Post or change it. Where there is no way, the next change of the request tries again."""
        if card.channel and card.ts:
            is_there = self._posts.update(Posted(card.channel, card.ts), message)
            return card.model_copy(update={"shown": version} if is_there else _NOWHERE)
        posted = self._posts.post(cards.address_of(card), message)
        where = {"channel": posted.channel, "ts": posted.ts, "shown": version} if posted else _NOWHERE
        return card.model_copy(update=where)


_NOWHERE: dict[str, str | int | None] = {"channel": None, "ts": None, "shown": 0}
