"""What happens at Stripe alone is seen in Slack: in the history, on Home, and after events were lost (H6, H9, H10)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import requests
import stripe

from billing.ports import StripeEvent
from billing.steps import NOBODY
from billing.stripe.customers import StripeCustomers
from billing.stripe.event_log import StripeEventLog
from billing.syncs import reconcile
from tests.flows.test_subscriptions import STARTED, VISA, ends_with, to_review
from tests.support.slack import Json
from tests.support.world import STRIPE_KEY, World


class WholeLog:
    """Also what happened just now: in a test nothing is on its way."""

    def __init__(self, client: stripe.StripeClient) -> None:
        self._log = StripeEventLog(client)

    def between(self, since: datetime, until: datetime) -> Iterator[tuple[StripeEvent, ...]]:
        yield from self._log.between(since, until.replace(year=until.year + 1))


def elsewhere(world: World) -> Any:
    """Somebody who works at Stripe, past Kontor."""
    return stripe.StripeClient(STRIPE_KEY, base_addresses={"api": world.stripe_url}).v1


def test_a_change_in_the_dashboard_is_in_the_history_and_on_the_card(world: World) -> None:
    """H6, H10"""
    ada = world.contact(VISA)
    mia = to_review(world, ada)
    assert mia.submits().ok
    ends_with(mia, STARTED)
    (subscription,) = world.subscriptions(ada)
    elsewhere(world).subscriptions.update(subscription.id, {"cancel_at_period_end": True})
    world.eventually(lambda: "changed_at_stripe" in world.timeline(ada))
    mia.closes(everything=True)
    mia.types(f"/billing verlauf {ada.email}")
    assert "Ende des Abos bei Stripe geändert: Desk Team" in mia.text
    assert "nicht in Kontor" in mia.text
    assert "Abo gestartet" in mia.text
    mia.presses("timeline.topic", "at_stripe")
    assert "Abo gestartet" not in mia.text
    mia.presses("card.open")
    assert "endet am" in mia.text
    assert world.workspace.refused == []


def test_managers_get_the_history_as_a_file(world: World) -> None:
    ada = world.contact(VISA)
    priya = world.person("manager")
    priya.types(f"/billing history {ada.email}")
    priya.presses("timeline.export")
    message = priya.waits_for(lambda one: next((m for m in one.direct_messages if m.get("files")), None))
    (file,) = message["files"]
    assert file["name"] == f"history-{ada.id}.csv"
    assert world.workspace.refused == []


def test_invoices_are_listed_with_their_documents(world: World) -> None:
    """G25"""
    ada = world.contact(VISA)
    mia = to_review(world, ada)
    mia.submits()
    ends_with(mia, STARTED)
    mia.presses("card.open")
    world.eventually(lambda: "payment_succeeded" in world.timeline(ada))
    mia.closes(everything=True)
    mia.types(f"/billing {ada.email}")
    mia.presses("invoices.open")
    assert "Nichts ist offen." in mia.text
    mia.presses("invoices.part.closed")
    assert "71,40" in mia.text
    mia.presses("invoice.open")
    assert "/pdf|PDF>" in str(mia.view)


def pictures(home: Json | None) -> list[Json]:
    assert home
    return [block for block in home["blocks"] if block["type"] == "image"]


def test_home_is_there_for_everybody_and_its_buttons_work(world: World) -> None:
    """H9"""
    ada = world.contact(VISA)
    mia = to_review(world, ada)
    mia.submits()
    ends_with(mia, STARTED)
    mia.closes(everything=True)
    assert mia.opens_home().ok
    assert ada.name in mia.home_text
    assert pictures(mia.home) == []
    mia.presses("home.refresh", surface="home")
    mia.presses("finder.open", surface="home")
    assert "Um wen geht es?" in mia.text
    priya = world.person("manager")
    assert priya.opens_home().ok
    [picture] = pictures(priya.home)
    assert "Received in the last 14 days" in picture["alt_text"]
    fetched = requests.get(picture["image_url"], timeout=10)
    assert (fetched.status_code, fetched.headers["Content-Type"]) == (200, "image/png")
    assert fetched.content.startswith(b"\x89PNG")
    stranger = world.bystander()
    assert stranger.opens_home().ok
    assert ada.name not in stranger.home_text
    assert world.workspace.refused == []


def test_what_was_never_delivered_is_found_mended_and_told(world: World) -> None:
    """The webhook was off for a while: the comparison mends the mirror, and the history has what was missed."""
    ada = world.contact(VISA)
    world.eventually(lambda: set(world.jobs().values()) == {"SUCCESS"})
    customers = StripeCustomers(world.stripe, world.app.catalogue)
    log = WholeLog(world.stripe)
    reconcile(world.app.database, NOBODY, customers, log, tell=False)
    (endpoint,) = world.stripe.v1.webhook_endpoints.list().data
    world.stripe.v1.webhook_endpoints.update(endpoint.id, {"disabled": True})
    price = world.stripe.v1.prices.list({"lookup_keys": ["desk-team-month-eur"]}).data[0].id
    elsewhere(world).subscriptions.create(
        {
            "customer": ada.customer,
            "items": [{"price": price, "quantity": 3}],
            "default_payment_method": world.methods(ada)[0],
        }
    )
    world.stripe.v1.webhook_endpoints.update(endpoint.id, {"disabled": False})
    found = reconcile(world.app.database, NOBODY, customers, log, tell=True)
    assert [one.contact for one in found.differences] == [ada.id]
    assert found.missed_events > 0
    with world.app.desk.reading(NOBODY) as uow:
        assert [one.status.value for one in uow.mirror.subscriptions(ada.id)] == ["active"]
    world.eventually(lambda: {"changed_at_stripe", "payment_succeeded"} <= set(world.timeline(ada)))
    place = world.settings.kontor_managers_channel
    told = [one for one in world.person("manager").messages if one["channel"] == place]
    world.person("manager").waits_for(
        lambda one: any(ada.name in str(m) and "comparison" in str(m) for m in one.messages if m["channel"] == place)
    )
    assert not any("comparison" in str(one) for one in told[:-1]), "one message"
