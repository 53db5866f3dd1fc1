"""`/billing away`: out of office, and who decides meanwhile (A24)."""

from __future__ import annotations

from slack_bolt import Ack

from billing import absences as domain
from billing.access import Actor
from billing.desk import Desk
from blocks import absences as views
from blocks.absences import Id
from blocks.texts import Translator
from handlers.conversation import Screen
from handlers.payloads import Call
from handlers.router import Router


def register(router: Router) -> None:
    for word in ("away", "abwesend"):
        router.command(word)(by_command)
    router.view(Id.FORM)(begun)
    router.action(Id.END)(ended)


def by_command(actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    """The form, with what is noted already."""
    with desk.reading(actor) as uow:
        view = views.form(domain.current(uow), uow.today, t)
    screen.show(view)


def begun(call: Call, ack: Ack, actor: Actor, desk: Desk, t: Translator) -> None:
    with desk.writing(actor) as uow:
        absence = domain.begin(uow, call.parse(domain.Away))
    ack(response_action="update", view=views.noted(absence, t).modal(t).to_dict())


def ended(actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    with desk.writing(actor) as uow:
        domain.end(uow)
    screen.replace(views.ended(t).modal(t))
