"""The whole history of a customer: turned over, filtered, exported."""

from __future__ import annotations

from billing import histories as domain
from billing.access import Actor
from billing.desk import Desk
from billing.histories import Export, HistoryFilter, Period
from billing.ids import ContactId
from billing.steps import NOBODY
from billing.timeline import Topic
from blocks import histories as views
from blocks import notices
from blocks.histories import Id
from blocks.kit import Modal
from blocks.texts import Translator
from handlers.contacts import choose
from handlers.conversation import Screen
from handlers.payloads import Call
from handlers.posts import Posts
from handlers.router import Router

BYTE_ORDER_MARK = "\ufeff"  # without it spreadsheets take UTF-8 for something older


def register(router: Router) -> None:
    for word in ("history", "verlauf"):
        router.command(word)(by_command)
    router.action(Id.OPEN)(opened)
    router.action(Id.TOPIC)(filtered_by_topic)
    router.action(Id.PERIOD)(filtered_by_period)
    router.action(Id.OLDER)(turned_to_older)
    router.action(Id.NEWER)(turned_to_newer)
    router.action(Id.EXPORT)(exported)


def by_command(call: Call, actor: Actor, desk: Desk, screen: Screen, router: Router, t: Translator) -> None:
    """`/billing history NAME`."""
    with desk.reading(actor) as uow:
        chosen = choose(uow, call, t, router)
        view = chosen if isinstance(chosen, Modal) else views.history(domain.history(uow, chosen), uow.catalogue, t)
    screen.show(view)


def opened(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    with desk.reading(actor) as uow:
        view = views.history(domain.history(uow, ContactId(call.value)), uow.catalogue, t)
    screen.show(view)


def filtered_by_topic(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    topic = None if call.value == views.EVERYTHING else Topic(call.value)
    _show(call, _wanted(call).model_copy(update={"topic": topic}), [], actor, desk, screen, t)


def filtered_by_period(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    _show(call, _wanted(call).model_copy(update={"period": Period(call.value)}), [], actor, desk, screen, t)


def turned_to_older(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    _show(call, _wanted(call), [*_trail(call), call.value], actor, desk, screen, t)


def turned_to_newer(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    _show(call, _wanted(call), _trail(call)[:-1], actor, desk, screen, t)


def exported(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    """The file is made by the engine and comes as a direct message."""
    with desk.writing(actor) as uow:
        domain.order(uow, ContactId(call.value), _wanted(call), call.key())
    screen.show(notices.file_follows(t).modal(t))


class Exports:
    """Makes the files that were asked for."""

    def __init__(self, desk: Desk, posts: Posts) -> None:
        self._desk = desk
        self._posts = posts

    def make(self, argument: str, _: str) -> str:
        """Who lost the permission meanwhile, or left, gets nothing. Answers with how many entries the file has."""
        wanted = Export.model_validate_json(argument)
        with self._desk.reading(NOBODY) as uow:
            actor = uow.staff.get(wanted.team, wanted.user)
        if actor is None or not domain.may_export(actor):
            return ""
        with self._desk.reading(actor) as uow:
            made = domain.export(uow, wanted.contact, wanted.wanted)
        t = Translator(actor.locale, actor.timezone)
        posted = self._posts.post(actor.user, views.file(made, t))
        if posted:
            self._posts.upload(posted.channel, f"history-{wanted.contact}.csv", BYTE_ORDER_MARK + made.csv)
        return str(made.entries)


def _show(
    call: Call, wanted: HistoryFilter, trail: list[str], actor: Actor, desk: Desk, screen: Screen, t: Translator
) -> None:
    with desk.reading(actor) as uow:
        shown = domain.history(uow, ContactId(call.metadata["contact"]), wanted, trail[-1] if trail else None)
        view = views.history(shown, uow.catalogue, t, trail)
    screen.replace(view)


def _wanted(call: Call) -> HistoryFilter:
    return HistoryFilter.model_validate({name: call.metadata.get(name) for name in ("topic", "period")})


def _trail(call: Call) -> list[str]:
    return [str(one) for one in call.metadata.get("trail", [])]
