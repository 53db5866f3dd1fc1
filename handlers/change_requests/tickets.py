"""The message shortcut on a help ticket: the primary admin's e-mail becomes a change request (A29, A30)."""

from __future__ import annotations

from billing.access import Actor
from billing.change_requests import tickets as domain
from billing.desk import Desk
from blocks.texts import Translator
from handlers import plan_changes
from handlers.conversation import Screen
from handlers.payloads import Call
from handlers.router import Router

SHORTCUT = "request_from_message"


def register(router: Router) -> None:
    router.shortcut(SHORTCUT)(from_message)


def from_message(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    """Whoever wrote it must be the customer's primary admin; then the form opens with what they wrote."""
    with desk.reading(actor) as uow:
        asked = domain.accepted(uow, domain.read(call.text, call.sender))
    plan_changes.open_form(actor, desk, screen, t, asked)
