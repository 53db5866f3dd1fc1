"""`/billing help`, what holds for one customer, and whether it helped."""

from __future__ import annotations

import structlog
from slack_bolt import Ack, Respond

from billing.access import Actor
from billing.billing_contacts.explaining import Topic
from billing.desk import Desk
from blocks import help as views
from blocks import topics
from blocks.kit import Modal
from blocks.texts import Translator
from handlers.billing_contacts import explanation
from handlers.contacts import choose
from handlers.conversation import Screen
from handlers.payloads import Call
from handlers.router import Router

log = structlog.get_logger(__name__)


def register(router: Router) -> None:
    for word in ("help", "hilfe"):
        router.command(word)(by_command)
    router.action(views.Id.TOPIC)(topic)
    router.action(views.Id.HELPFUL)(helpful)
    router.action(views.Id.NOT_HELPFUL)(not_helpful)


def by_command(call: Call, ack: Ack, actor: Actor, desk: Desk, screen: Screen, router: Router, t: Translator) -> None:
    """`/billing help`, with a topic or, for what depends on the account, a topic and a name (G22 to G31)."""
    word, _, name = call.text.partition(" ")
    topic = topics.about_account(word) if name.strip() else None
    if topic is None:
        ack(**views.help_message(call.text, t).to_dict())
        return
    with desk.reading(actor) as uow:
        chosen = choose(uow, call, t, router, name.strip())
    if isinstance(chosen, Modal):
        screen.show(chosen)
        return
    answer = explanation(Topic(topic), chosen, actor, desk, t)
    if call.view_id:  # who is meant was asked in a modal
        screen.show(answer.modal(t))
    else:
        ack(**answer.message().to_dict())


def topic(call: Call, respond: Respond, t: Translator) -> None:
    """Another topic was chosen: it takes the place of the one shown."""
    respond(**views.help_message(call.value, t).to_dict(), replace_original=True)


def helpful(call: Call, respond: Respond, t: Translator) -> None:
    _thank(call, respond, t, helpful=True)


def not_helpful(call: Call, respond: Respond, t: Translator) -> None:
    _thank(call, respond, t, helpful=False)


def _thank(call: Call, respond: Respond, t: Translator, *, helpful: bool) -> None:
    """C25; what was said is counted in the log by topic."""
    log.info("help feedback", topic=call.value, helpful=helpful)
    respond(**views.thanks(t, helpful=helpful).to_dict(), replace_original=True)
