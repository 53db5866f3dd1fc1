"""What is sent: a hello to Bolt's example, `/billing help`, and the confirmation of a review as Slack submits it."""

from __future__ import annotations

import json
from urllib.parse import urlencode

from billing import subscriptions as domain
from billing.contacts import Contact
from billing.ids import LookupKey, PaymentMethodId, TeamId, UserId
from billing.subscriptions import SubscriptionDraft
from blocks import subscriptions as views
from blocks.subscriptions import Id
from blocks.texts import Translator
from bot.sandbox.workspace import TEAM_ID
from tests.benchmarks.load import FRESH
from tests.support import forged
from tests.support.world import World


def command(world: World, command: str, text: str = "") -> str:
    """A slash command as a form."""
    return urlencode(
        {
            "token": "verification",
            "team_id": TEAM_ID,
            "team_domain": "bench",
            "channel_id": "C0BENCH",
            "channel_name": "billing",
            "user_id": world.person("agent").id,
            "user_name": "agent",
            "command": command,
            "text": text,
            "api_app_id": "A0",
            "is_enterprise_install": "false",
            "response_url": "http://127.0.0.1:9/unused",
            "trigger_id": "1.2.3",
        }
    )


def confirmation(world: World, contact: Contact) -> str:
    """The confirmed review of a new subscription, each time from a new modal."""
    agent = world.person("agent").id
    actor = world.app.directory.actor(TeamId(TEAM_ID), UserId(agent))
    with world.app.desk.reading(actor) as uow:
        draft = SubscriptionDraft(
            contact=contact.id,
            price=LookupKey("desk-team-month-eur"),
            quantity=3,
            start=uow.today,
            payment_method=PaymentMethodId(world.methods(contact)[0]),
        )
        shown = views.review(domain.review(uow, draft), Translator(actor.locale, actor.timezone)).to_dict()
    sent = json.loads(forged.submission(agent, TEAM_ID, Id.REVIEW, view_id=FRESH, metadata={}))
    sent["view"] |= shown  # Slack sends the whole view back
    return urlencode({"payload": json.dumps(sent)})
