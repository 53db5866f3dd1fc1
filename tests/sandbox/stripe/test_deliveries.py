"""Deliveries of events: signed, repeated until they are taken, late, twice, in any order, and over a restart."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
import stripe

from bot.sandbox.server import running
from bot.sandbox.stripe import create_app
from bot.sandbox.stripe.webhooks import back_off
from tests.sandbox.stripe.local import Local, utc
from tests.sandbox.stripe.receiver import Receiver


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


def listen(local: Local, receiver: Receiver, *kinds: str) -> str:
    """Register the endpoint; returns its secret."""
    made = local.v1.webhook_endpoints.create({"url": receiver.url, "enabled_events": list(kinds)})
    return str(made.secret)


def manners(local: Local, **wanted: object) -> None:
    answer = requests.post(f"{local.url}/control/deliveries", json=wanted, timeout=10)
    assert answer.status_code == 200


def test_each_delivery_of_each_type_verifies(local: Local, receiver: Receiver) -> None:
    secret = listen(local, receiver, "*")
    local.subscribe(local.customer(name="Änne ‘Ö’"), local.price(1000))
    types = {event.type for event in local.v1.events.list({"limit": 100}).data}
    assert {"customer.subscription.created", "invoice.paid", "charge.succeeded"} <= types
    receiver.wait_for(len(local.v1.events.list({"limit": 100}).data))
    for body, signature in receiver.bodies:
        stripe.Webhook.construct_event(body, signature, secret)
    assert {event["type"] for event in receiver.events} >= types
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(body, signature, "whsec_another")
    with pytest.raises(stripe.SignatureVerificationError):  # an old one, sent again
        stripe.Webhook.construct_event(body, f"t=1,{signature.partition(',')[2]}", secret)


def test_the_event_that_is_delivered_is_the_event_that_is_read(local: Local, receiver: Receiver) -> None:
    listen(local, receiver, "customer.created")
    local.v1.customers.create({"name": "Anna"})
    receiver.wait_for(1)
    (sent,) = receiver.events
    read = local.v1.events.retrieve(sent["id"]).to_dict()
    assert {**read, "pending_webhooks": 1} == {**sent, "pending_webhooks": 1}


def test_it_waits_longer_after_each_refusal() -> None:
    assert [back_off(attempt) for attempt in range(9)] == [0.5, 1, 2, 4, 8, 16, 32, 60, 60]
    assert back_off(10**6) == 60


def test_what_is_refused_comes_again_until_it_is_taken(local: Local, receiver: Receiver) -> None:
    receiver.refuse = 2
    listen(local, receiver, "customer.created")
    began = time.monotonic()
    local.v1.customers.create({"name": "Anna"})
    receiver.wait_for(1)
    assert receiver.calls == 3
    assert time.monotonic() - began >= back_off(0) + back_off(1)
    until = time.monotonic() + 10
    while local.v1.events.list({"type": "customer.created"}).data[0].pending_webhooks and time.monotonic() < until:
        time.sleep(0.02)
    assert local.v1.events.list({"type": "customer.created"}).data[0].pending_webhooks == 0


def test_only_what_was_asked_for_is_delivered(local: Local, receiver: Receiver) -> None:
    endpoint = local.v1.webhook_endpoints.create({"url": receiver.url, "enabled_events": ["product.created"]})
    local.v1.customers.create({"name": "Anna"})
    local.v1.products.create({"name": "Team"})
    receiver.wait_for(1)
    local.v1.webhook_endpoints.update(endpoint.id, {"disabled": True})
    local.v1.products.create({"name": "Unseen"})
    local.v1.webhook_endpoints.update(endpoint.id, {"disabled": False})
    local.v1.products.create({"name": "Seen"})
    receiver.wait_for(2)
    assert [event["data"]["object"]["name"] for event in receiver.events] == ["Team", "Seen"]


def test_late_on_request(local: Local, receiver: Receiver) -> None:
    listen(local, receiver, "customer.created")
    manners(local, delay=1)
    began = time.monotonic()
    local.v1.customers.create({"name": "Anna"})
    receiver.wait_for(1)
    assert time.monotonic() - began >= 1


def test_twice_on_request(local: Local, receiver: Receiver) -> None:
    listen(local, receiver, "customer.created")
    manners(local, twice=True)
    local.v1.customers.create({"name": "Anna"})
    receiver.wait_for(2)
    first, second = receiver.events
    assert first["id"] == second["id"]


def test_in_any_order_on_request(local: Local, receiver: Receiver) -> None:
    listen(local, receiver, "customer.created")
    manners(local, shuffle=True)
    names = [str(number) for number in range(16)]
    for name in names:
        local.v1.customers.create({"name": name})
    receiver.wait_for(16)
    arrived = [event["data"]["object"]["name"] for event in receiver.events]
    assert sorted(arrived, key=int) == names
    assert arrived != names


def test_what_was_not_delivered_is_delivered_after_a_restart(tmp_path: Path, receiver: Receiver) -> None:
    receiver.refuse = 1_000_000
    app = create_app(path=tmp_path / "stripe.db", start_at=utc("2026-01-15"))
    with running(app) as url:
        local = Local(app, url, stripe.StripeClient("sk_test_x", base_addresses={"api": url}).v1)
        secret = listen(local, receiver, "customer.created")
        made = [local.v1.customers.create({"name": str(number)}).id for number in range(3)]
        receiver.wait_for_calls(3)
    app.close()
    assert receiver.bodies == []
    receiver.refuse = 0
    app = create_app(path=tmp_path / "stripe.db")
    with running(app) as url:
        requests.get(f"{url}/control/clock", timeout=10)  # the first request starts the deliveries
        receiver.wait_for(3)
    app.close()
    assert {event["data"]["object"]["id"] for event in receiver.events} == set(made)
    for body, signature in receiver.bodies:
        stripe.Webhook.construct_event(body, signature, secret)
