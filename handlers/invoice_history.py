"""All invoices of a customer: open, paid, turned over."""

from __future__ import annotations

from billing import invoice_history as domain
from billing.access import Actor
from billing.desk import Desk
from billing.ids import ContactId, InvoiceId
from billing.invoice_history import Shelf
from blocks import invoice_history as views
from blocks.invoice_history import Id
from blocks.texts import Translator
from handlers.conversation import Screen
from handlers.payloads import Call
from handlers.router import Router


def register(router: Router) -> None:
    router.action(Id.OPEN)(opened)
    router.action(Id.SHELF)(chose_shelf)
    router.action(Id.OLDER)(turned_to_older)
    router.action(Id.NEWER)(turned_to_newer)


def opened(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    """Open ones first, if there are any."""
    with desk.reading(actor) as uow:
        contact = ContactId(call.value)
        view = views.listing(domain.listing(uow, contact, domain.first_shelf(uow, contact)), t)
    screen.show(view)


def chose_shelf(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    _show(call, Shelf(call.value), [], actor, desk, screen, t)


def turned_to_older(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    _show(call, Shelf(call.metadata["shelf"]), [*_trail(call), call.value], actor, desk, screen, t)


def turned_to_newer(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    _show(call, Shelf(call.metadata["shelf"]), _trail(call)[:-1], actor, desk, screen, t)


def _show(call: Call, shelf: Shelf, trail: list[str], actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    with desk.reading(actor) as uow:
        before = InvoiceId(trail[-1]) if trail else None
        view = views.listing(domain.listing(uow, ContactId(call.metadata["contact"]), shelf, before), t, trail)
    screen.replace(view)


def _trail(call: Call) -> list[str]:
    return [str(one) for one in call.metadata.get("trail", [])]
