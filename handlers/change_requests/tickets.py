"""The message shortcut on a help ticket: the primary admin's e-mail becomes a change request (A29, A30)."""

from __future__ import annotations

from slack_bolt import Ack

from billing.access import Actor
from billing.change_requests import tickets as domain
from billing.change_requests.tickets import AccountChoice
from billing.desk import Desk
from blocks import plan_changes as views
from blocks.texts import Translator
from handlers import plan_changes
from handlers.conversation import Screen
from handlers.payloads import Call
from handlers.router import Router

SHORTCUT = "request_from_message"


def register(router: Router) -> None:
    router.shortcut(SHORTCUT)(from_message)
    router.view(views.Id.ACCOUNT)(chose_account)


def from_message(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    """Whoever wrote it must be the customer's primary admin; then the form opens with what they wrote."""
    with desk.reading(actor) as uow:
        found = domain.accepted(uow, domain.read(call.text, call.sender))
        view = plan_changes.ticket_form(uow, found[0], t) if len(found) == 1 else views.accounts(found, t)
    screen.show(view)


def chose_account(call: Call, ack: Ack, actor: Actor, desk: Desk, t: Translator) -> None:
    """One address is the primary admin's of several customers: the form opens for the one that was chosen."""
    with desk.reading(actor) as uow:
        view = plan_changes.ticket_form(uow, domain.chosen(uow, call.parse(AccountChoice)), t)
    ack(response_action="update", view=view.to_dict())
