"""`/billing approvals`, one request as a page, and the export (A27)."""

from __future__ import annotations

from billing import approvals
from billing.access import Actor
from billing.change_requests import lists
from billing.change_requests.model import RequestFilter
from billing.desk import Desk
from billing.ids import RequestId
from billing.ports import UnitOfWork
from blocks import change_requests as views
from blocks.change_requests import Id
from blocks.kit import Modal
from blocks.texts import Translator
from handlers.conversation import Screen
from handlers.payloads import Call
from handlers.router import Router


def register(router: Router) -> None:
    for word in ("approvals", "genehmigungen", "freigaben"):
        router.command(word)(by_command)
    router.action(Id.OPEN)(opened)
    router.action(Id.LISTED)(listed)
    router.action(Id.FILTER)(filtered)
    router.action(Id.FURTHER)(turned_further)
    router.action(Id.BACK)(turned_back)
    router.action(Id.EXPORT)(exported)


def by_command(actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    """What waits for the person, or else what they have most to do with."""
    with desk.reading(actor) as uow:
        view = _page(uow, approvals.first_filter(uow), t)
    screen.show(view)


def opened(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    with desk.reading(actor) as uow:
        view = views.page(lists.view(uow, RequestId(call.value)), uow.catalogue, t)
    screen.show(view)


def listed(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    """From Home or a message."""
    with desk.reading(actor) as uow:
        view = _page(uow, RequestFilter(call.value), t)
    screen.show(view)


def filtered(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    with desk.reading(actor) as uow:
        view = _page(uow, RequestFilter(call.value), t)
    screen.replace(view)


def turned_further(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    _turn(call, [*_trail(call), call.value], actor, desk, screen, t)


def turned_back(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    _turn(call, _trail(call)[:-1], actor, desk, screen, t)


def exported(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    """The file is made and sent by the engine: it may be long."""
    with desk.writing(actor) as uow:
        approvals.ask_for_export(uow, RequestFilter(call.value), call.key())
    screen.show(views.exporting(t).modal(t))


def _turn(call: Call, trail: list[str], actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    with desk.reading(actor) as uow:
        view = _page(uow, RequestFilter(call.metadata["filter"]), t, trail)
    screen.replace(view)


def _page(uow: UnitOfWork, wanted: RequestFilter, t: Translator, trail: list[str] | None = None) -> Modal:
    shown = approvals.listing(uow, wanted, trail[-1] if trail else None)
    return views.listing(shown, uow.catalogue, t, trail or ())


def _trail(call: Call) -> list[str]:
    return [str(one) for one in call.metadata.get("trail", [])]
