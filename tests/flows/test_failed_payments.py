"""A renewal fails at Stripe: people are told once, collect it, or let Stripe try again (H30, H31, H35, HX1)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests
import stripe

from billing.contacts import Contact
from billing.dunning import failures
from billing.steps import NOBODY
from tests.flows.test_subscriptions import MASTERCARD, STARTED, VISA, ends_with, to_review
from tests.support.person import Person
from tests.support.world import STRIPE_KEY, World

TEAM, MAIL = "desk-team-month-eur", "mail-basic-500-month-eur"


@pytest.fixture(autouse=True)
def alone(world: World) -> Iterator[None]:
    """The clock is everybody's: what one test leaves running would fail in the next one."""
    yield
    for one in world.stripe.v1.subscriptions.list({"limit": 100}).auto_paging_iter():
        world.stripe.v1.subscriptions.cancel(one.id)
    for invoice in world.stripe.v1.invoices.list({"status": "open", "limit": 100}).auto_paging_iter():
        world.stripe.v1.invoices.void_invoice(invoice.id)
    control(world, "settings", after_retries="cancel", retry_days=[3, 5, 7])


def control(world: World, what: str, **body: Any) -> Any:
    answer = requests.post(f"{world.stripe_url}/control/{what}", json=body, timeout=120)
    answer.raise_for_status()
    return answer.json()


def starts(world: World, contact: Contact, price: str = TEAM, who: str = "agent", **fields: Any) -> Person:
    person = to_review(world, contact, who, price=price, **fields)
    assert person.submits().ok
    ends_with(person, STARTED if who != "manager" else "now runs")
    person.closes(everything=True)
    return person


def breaks(world: World, method: str, behaviour: str = "insufficient_funds") -> None:
    control(world, "card", payment_method=method, behaviour=behaviour)


def a_month_on(world: World) -> None:
    """And two hours: a renewal is charged an hour after it was made."""
    control(world, "clock", by_months=1)
    hours_on(world, 2)


def hours_on(world: World, hours: int) -> None:
    now = requests.get(f"{world.stripe_url}/control/clock", timeout=10).json()["now"]
    control(world, "clock", advance_to=now + hours * 3600)


def told(world: World, person: Person, contact: Contact) -> list[dict[str, Any]]:
    """The direct messages about that contact's failed payments."""
    return [one for one in person.direct_messages if contact.name in str(one) and "collect.open" in str(one)]


def has_failed(world: World, contact: Contact, times: int = 1) -> bool:
    return world.timeline(contact).count("payment_failed") >= times


def collects(world: World) -> int:
    return failures.collect(world.app.database, quiet=timedelta(0))


def test_whoever_started_it_is_told_once_and_another_card_pays(world: World) -> None:
    """H35, HX1: why, when it is tried again, and the ways on; the new card is kept for the subscription."""
    ada = world.contact(VISA, MASTERCARD)
    first = world.stripe_methods(ada)[1].id
    other = world.stripe_methods(ada)[0].id
    mia = starts(world, ada, payment_method=first)
    breaks(world, first)
    a_month_on(world)
    world.eventually(lambda: has_failed(world, ada))
    world.eventually(lambda: collects(world))
    message = mia.waits_for(lambda one: told(world, one, ada))[0]
    assert "Konto" in str(message), "why: there is not enough money"
    assert "Stripe versucht es am" in str(message)
    assert world.subscriptions(ada)[0].status == "past_due"

    mia.presses("collect.open", message=message)
    # 3 × 20.00 = 60.00, and 19 % VAT: 71.40
    assert "71,40" in mia.text
    assert mia.submits({"payment_method": other}).ok
    ends_with(mia, "hat 71,40")
    (subscription,) = world.subscriptions(ada)
    assert (subscription.status, subscription.default_payment_method) == ("active", other)
    assert len(world.payments(ada)) == 2
    assert "invoice_charged" in world.timeline(ada)
    mia.closes(everything=True)
    mia.types(f"/billing {ada.email}")
    assert "läuft" in mia.text
    assert "schlägt fehl" not in mia.text
    assert collects(world) == 0


def test_a_declined_collection_keeps_the_invoice_open_and_offers_the_other_ways(world: World) -> None:
    """H30: the bank says no again. One charge at most, and no new alarm for who just saw it."""
    ada = world.contact(VISA, MASTERCARD)
    other, first = (one.id for one in world.stripe_methods(ada))
    mia = starts(world, ada, payment_method=first)
    breaks(world, first)
    breaks(world, other, "lost_card")
    a_month_on(world)
    world.eventually(lambda: has_failed(world, ada))
    world.eventually(lambda: collects(world))
    message = mia.waits_for(lambda one: told(world, one, ada))[0]
    mia.presses("collect.open", message=message)
    mia.submits({"payment_method": other})
    ends_with(mia, "abgelehnt")
    assert "payment_declined" in world.timeline(ada)
    assert len(world.payments(ada)) == 1
    assert other not in str(mia.view)
    breaks(world, first, "succeed")
    mia.submits({"payment_method": first})
    ends_with(mia, "hat 71,40")
    assert len(world.payments(ada)) == 2
    world.eventually(world.is_quiet)
    assert collects(world) == 0
    assert len(told(world, mia, ada)) == 1


@pytest.mark.parametrize("fault", ["500_after", "cut_after", "429"])
def test_whatever_stripe_does_there_is_one_charge(world: World, fault: str) -> None:
    ada = world.contact(VISA, MASTERCARD)
    other, first = (one.id for one in world.stripe_methods(ada))
    mia = starts(world, ada, payment_method=first)
    breaks(world, first)
    a_month_on(world)
    world.eventually(lambda: has_failed(world, ada))
    mia.types(f"/billing {ada.email}")
    assert "schlägt fehl" in mia.text
    mia.presses("collect.open")
    world.stripe_fails(fault, path="/v1/invoices/", method="POST", retry_after=1)
    mia.submits({"payment_method": other})
    ends_with(mia, "hat 71,40", 30)
    assert len(world.payments(ada)) == 2


def test_the_customer_gets_a_link_and_pays_with_a_new_card(world: World) -> None:
    """HX1: the invoice is sent, a new card pays it and becomes the subscription's; then that runs again."""
    ada = world.contact(VISA, language="de")
    (card,) = world.methods(ada)
    mia = starts(world, ada)
    breaks(world, card)
    a_month_on(world)
    world.eventually(lambda: has_failed(world, ada))
    mia.types(f"/billing {ada.email}")
    mia.presses("collect.open")
    mia.presses("collect.send_link", confirmed=True)
    ends_with(mia, "unterwegs")
    mail = world.eventually(lambda: next((one for one in world.mails() if ada.email in str(one["to"])), None))
    assert "71,40" in mail["text"]
    assert "invoice_link_sent" in world.timeline(ada)
    typed = {"number": "4242 4242 4242 4242", "expiry": "12 / 34", "cvc": "123", "name": "Ada"}
    requests.post(world.link_in(mail), data=typed, timeout=30).raise_for_status()
    (subscription,) = world.subscriptions(ada)
    assert subscription.status == "active"
    assert subscription.default_payment_method not in (None, card)
    world.eventually(lambda: world.timeline(ada).count("payment_succeeded") == 2)
    world.eventually(lambda: subscription.default_payment_method in world.methods(ada))
    a_month_on(world)
    world.eventually(lambda: world.timeline(ada).count("payment_succeeded") == 3)
    assert "changed_at_stripe" not in world.timeline(ada)


@pytest.mark.parametrize(("wish", "status"), [("unpaid", "unpaid"), ("cancel", "canceled")])
def test_after_the_last_try_people_are_told_once_more_and_another_subscription_goes_on(
    world: World, wish: str, status: str
) -> None:
    """HX1: four attempts, told when it begins and when Stripe gives up; what is paid by another card runs on."""
    control(world, "settings", after_retries=wish)
    ada = world.contact(VISA, MASTERCARD)
    good, bad = (one.id for one in world.stripe_methods(ada))
    mia = starts(world, ada, payment_method=bad)
    starts(world, ada, MAIL, quantity=1, payment_method=good)
    breaks(world, bad)
    a_month_on(world)
    world.eventually(lambda: has_failed(world, ada))
    world.eventually(lambda: collects(world))
    mia.waits_for(lambda one: len(told(world, one, ada)) == 1)
    control(world, "clock", by_days=20)
    world.eventually(lambda: has_failed(world, ada, times=4))
    world.eventually(lambda: collects(world))
    mia.waits_for(lambda one: len(told(world, one, ada)) == 2)
    assert "versucht es nicht mehr" in str(told(world, mia, ada)[-1])
    assert sorted(one.status for one in world.subscriptions(ada)) == sorted(["active", status])
    with world.app.desk.reading(NOBODY) as uow:
        running = {one.product: one.status.value for one in uow.mirror.subscriptions(ada.id)}
    assert sorted(running.values()) == sorted(["active", status])


def test_other_retry_settings_hold_for_those_under_way_and_giving_up_is_told(world: World) -> None:
    """HX1: the day of the next try moves with the settings; with fewer tries Stripe gives up without another one."""
    control(world, "settings", after_retries="unpaid")
    ada = world.contact(VISA)
    mia = starts(world, ada)
    breaks(world, world.methods(ada)[0])
    a_month_on(world)
    world.eventually(lambda: has_failed(world, ada))

    def invoice() -> Any:
        with world.app.desk.reading(NOBODY) as uow:
            (one,) = uow.mirror.open_invoices(ada.id)
        return one

    before = invoice().next_attempt_at
    control(world, "settings", retry_days=[1, 7])
    world.eventually(lambda: invoice().next_attempt_at == before - timedelta(days=2))
    world.eventually(lambda: collects(world))
    mia.waits_for(lambda one: len(told(world, one, ada)) == 1)
    control(world, "clock", by_days=2)
    world.eventually(lambda: has_failed(world, ada, times=2))
    control(world, "settings", retry_days=[1])
    world.eventually(lambda: invoice().next_attempt_at is None)
    world.eventually(lambda: collects(world))
    mia.waits_for(lambda one: len(told(world, one, ada)) == 2)
    assert "versucht es nicht mehr" in str(told(world, mia, ada)[-1])
    assert world.timeline(ada).count("payment_failed") == 2


def test_many_at_once_are_one_message_with_a_list(world: World) -> None:
    """Nobody of ours started them: the managers' channel is told, once."""
    price = world.stripe.v1.prices.list({"lookup_keys": [MAIL]}).data[0].id
    customers = [world.contact(VISA) for _ in range(12)]
    elsewhere = stripe.StripeClient(STRIPE_KEY, base_addresses={"api": world.stripe_url})
    for one in customers:
        elsewhere.v1.subscriptions.create({"customer": one.customer, "items": [{"price": price}]})
        breaks(world, world.methods(one)[0])
    a_month_on(world)
    for one in customers:
        world.eventually(lambda one=one: has_failed(world, one), 60)
    priya = world.person("manager")
    place = world.settings.kontor_managers_channel
    assert collects(world) == 1
    message = priya.waits_for(
        lambda one: next((m for m in one.messages if m["channel"] == place and "12 payments failed" in str(m)), None)
    )
    priya.presses("failures.list", message=message)
    priya.presses("failures.more")
    shown = [line.strip("*") for line in priya.text.splitlines()]
    assert len([one for one in customers if one.name in shown]) == 2
    assert collects(world) == 0
    assert "changed_at_stripe" in world.timeline(customers[0]), "somebody else started it there"
