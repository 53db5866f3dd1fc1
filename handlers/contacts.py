"""Finding a contact, and its card."""

from __future__ import annotations

import re
from difflib import get_close_matches

from slack_bolt import Ack

from billing import cards as domain
from billing.access import Actor
from billing.contacts import Found
from billing.desk import Desk
from billing.ids import ContactId
from billing.ports import UnitOfWork
from billing.roles import Permission
from blocks import cards, finder, ways
from blocks.kit import REMARK, Modal
from blocks.texts import Translator
from handlers.conversation import Screen
from handlers.payloads import Call
from handlers.router import Kind, Router

SHORTCUT = "bill_customer"
_LOOKED_UP = 10  # addresses of one message
_MAIL = re.compile(r"[\w.+'-]+@[\w-]+(?:\.[\w-]+)+")


def register(router: Router) -> None:
    router.command("")(by_command)
    router.shortcut(SHORTCUT)(from_message)
    router.options(finder.Id.CONTACT)(search)
    router.action(finder.Id.CONTACT)(chosen)
    router.action(finder.Id.OPEN)(opened_finder)
    router.action(ways.TO_CARD)(opened)
    router.action(cards.Id.OLDER)(turned_to_older)
    router.action(cards.Id.NEWER)(turned_to_newer)


def by_command(call: Call, actor: Actor, desk: Desk, screen: Screen, router: Router, t: Translator) -> None:
    """`/billing` alone, or with a name: the finder, the card, or a choice."""
    with desk.reading(actor) as uow:
        found = choose(uow, call, t, router)
        view = found if isinstance(found, Modal) else _card(uow, found, t)
    screen.show(view)


def from_message(call: Call, actor: Actor, desk: Desk, screen: Screen, router: Router, t: Translator) -> None:
    """The message shortcut: whoever's e-mail address stands in the message; else a modal that asks."""
    with desk.reading(actor) as uow:
        found = choose_in_message(uow, call, t, router)
        view = found if isinstance(found, Modal) else _card(uow, found, t)
    screen.show(view)


def search(call: Call, ack: Ack, actor: Actor, desk: Desk, t: Translator) -> None:
    """What the search field offers while the person types."""
    with desk.reading(actor) as uow:
        actor.require(Permission.FIND_CONTACTS)
        found = uow.contacts.find(call.text)
    ack(**finder.choices(found, call.text, t).to_dict())


def chosen(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    if call.value != REMARK:
        opened(call, actor, desk, screen, t)


def opened_finder(actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    with desk.reading(actor) as uow:
        actor.require(Permission.FIND_CONTACTS)
        view = finder.finder(uow.contacts.recent(actor.user), t)
    screen.replace(view)


def opened(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    """A button with a contact: its card takes the place of what the person looks at."""
    with desk.reading(actor) as uow:
        view = _card(uow, ContactId(call.value), t)
    screen.replace(view)


def turned_to_older(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    _turn(call, [*_trail(call), call.value], actor, desk, screen, t)


def turned_to_newer(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    _turn(call, _trail(call)[:-1], actor, desk, screen, t)


def choose(
    uow: UnitOfWork,
    call: Call,
    t: Translator,
    router: Router,
    name: str | None = None,
    onward: finder.Onward | None = None,
) -> ContactId | Modal:
    """The one contact that fits; else a modal that asks, or says that nobody does. The finder for an empty text.

    `name` is the part of the call's text that says who is meant; without it all of the text does. `onward` is where a
    choice leads to, where that is not the command of the call.
    """
    uow.actor.require(Permission.FIND_CONTACTS)
    text = call.text if name is None else name
    onward = onward or _onward(call, text)
    if not text:
        return finder.finder(uow.contacts.recent(uow.actor.user), t, onward)
    if call.view_id and uow.contacts.known([ContactId(text)]):  # it was chosen in the modal that asked
        return ContactId(text)
    found = uow.contacts.find(text)
    if meant := found.meant(text):
        return meant.id
    if found.matches:
        return finder.choice(found, t, text, onward)
    near = get_close_matches(text.partition(" ")[0].casefold(), filter(None, router.ids(Kind.COMMAND)), n=1)
    return finder.nobody(text, near[0] if near else None, t).modal(t)


def choose_in_message(
    uow: UnitOfWork, call: Call, t: Translator, router: Router, onward: finder.Onward | None = None
) -> ContactId | Modal:
    """The one contact whose address stands in the message or sent it; with none or several a modal that asks."""
    uow.actor.require(Permission.FIND_CONTACTS)
    addresses = _addresses(call)
    if len(addresses) == 1:
        return choose(uow, call, t, router, addresses[0], onward)
    tried = addresses[:_LOOKED_UP]
    found = [one for one in map(uow.contacts.find, tried) if not one.guessed]
    matches = tuple({match.id: match for one in found for match in one.matches}.values())
    if len(matches) == 1:
        return matches[0].id
    if matches:
        shown = Found(matches=matches, more=any(one.more for one in found))
        return finder.named(shown, t, onward, left=len(addresses) - len(tried))
    return finder.unnamed(uow.contacts.recent(uow.actor.user), tried, t, onward)


def _addresses(call: Call) -> list[str]:
    """Each once, in their order; Slack writes an address that can be clicked twice."""
    found: dict[str, str] = {}
    for one in (call.sender or "", *_MAIL.findall(call.text)):
        found.setdefault(one.casefold(), one)
    return [one for one in found.values() if one]


def _onward(call: Call, name: str) -> finder.Onward | None:
    """`/billing NAME` is for the card, and so are shortcuts."""
    if call.kind != Kind.COMMAND or not call.id:
        return None
    if name and name not in call.text:  # it was read from a link
        return finder.Onward(call.id, finder.PLACE)
    if not name:
        return finder.Onward(call.id, f"{finder.PLACE} {call.text}".strip())
    head, _, tail = call.text.partition(name) if call.text.startswith(name) else call.text.rpartition(name)
    return finder.Onward(call.id, f"{head}{finder.PLACE}{tail}")


def _card(uow: UnitOfWork, contact: ContactId, t: Translator, trail: list[str] | None = None) -> Modal:
    shown = domain.card(uow, contact, older=trail[-1] if trail else None)
    return cards.card(shown, uow.catalogue, t, trail or ())


def _turn(call: Call, trail: list[str], actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    with desk.reading(actor) as uow:
        view = _card(uow, ContactId(call.metadata["contact"]), t, trail)
    screen.replace(view)


def _trail(call: Call) -> list[str]:
    return [str(one) for one in call.metadata.get("trail", [])]
