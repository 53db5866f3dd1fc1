"""An agent finds a contact and starts a subscription, as people do it in Slack."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import requests

from billing.contacts import Account, AccountStatus, Contact
from billing.operations import State
from tests.support.person import Person
from tests.support.world import World

VISA, MASTERCARD, FAILS = "pm_card_visa", "pm_card_mastercard", "pm_card_chargeCustomerFail"
STARTED = "läuft"  # Mia reads German


def to_review(world: World, contact: Contact, who: str = "agent", **fields: object) -> Person:
    """Up to the page before the confirmation."""
    person = world.person(who)
    assert person.types(f"/billing subscribe {contact.email}").ok
    reply = person.submits({"price": "desk-team-month-eur", "quantity": 3, **fields})
    assert reply.ok, reply
    return person


def ends_with(person: Person, word: str, seconds: float = 30) -> None:
    person.waits_for(lambda one: word in one.text, seconds)


def test_a_subscription_is_started_from_the_card_and_shown_everywhere(world: World) -> None:
    """H4, H5, H10, H20 to H23: found, filled in, reviewed, started; at Stripe, on the card and in the timeline."""
    ada = world.contact(VISA)
    mia = world.person("agent")
    mia.types(f"/billing {ada.email}")
    assert ada.name in mia.text
    mia.presses("subscription.open")
    assert mia.submits({"price": "desk-team-month-eur", "quantity": 3, "coupon": "ten"}).ok
    # 3 x 20.00 = 60.00; 10 % off = 6.00; 54.00 + 19 % = 54.00 + 10.26 = 64.26
    assert "64,26" in mia.text
    assert mia.submits().ok
    ends_with(mia, STARTED)
    (subscription,) = world.subscriptions(ada)
    assert (subscription.status, subscription["items"].data[0].quantity) == ("active", 3)
    (payment,) = world.payments(ada)
    assert payment.amount == 6426
    assert "subscription_started" in world.timeline(ada)
    world.eventually(lambda: "payment_succeeded" in world.timeline(ada))
    mia.presses("card.open")
    assert "Desk Team" in mia.text
    assert world.workspace.refused == []


def test_a_start_in_the_future_is_scheduled_and_charges_nothing_today(world: World) -> None:
    """H11, H21: the review names the day, Stripe has a schedule, no payment is made."""
    ada = world.contact(VISA)
    day = (datetime.now(UTC) + timedelta(days=40)).date()
    sam = to_review(world, ada, "manager", start=day.isoformat())
    assert sam.submits().ok
    ends_with(sam, "starts on")
    (schedule,) = world.stripe.v1.subscription_schedules.list({"customer": ada.customer}).data
    assert datetime.fromtimestamp(schedule.phases[0].start_date, UTC).date() == day
    assert world.payments(ada) == []
    assert "subscription_scheduled" in world.timeline(ada)


def test_a_declined_card_keeps_the_modal_and_offers_the_other_cards(world: World) -> None:
    """H30, H31: why in plain words, nothing started; the other card then works, and there is one subscription."""
    ada = world.contact(FAILS, VISA)
    mia = to_review(world, ada)
    assert mia.submits().ok
    ends_with(mia, "abgelehnt")
    assert world.subscriptions(ada) == []
    assert "payment_declined" in world.timeline(ada)
    good = next(one for one in world.methods(ada) if one in str(mia.view))
    assert mia.submits({"payment_method": good}).ok
    ends_with(mia, STARTED)
    (subscription,) = world.subscriptions(ada)
    assert subscription.default_payment_method == good
    assert len(world.payments(ada)) == 1


def test_a_card_that_is_declined_twice_is_refused_twice(world: World) -> None:
    """Every try is an operation of its own, although it comes from the same modal."""
    ada = world.contact(FAILS, FAILS, VISA)
    jonas = to_review(world, ada, "sales")
    jonas.submits()
    ends_with(jonas, "abgelehnt")
    good, second, first = (method.id for method in world.stripe_methods(ada))  # newest first
    used = [one for one in (first, second, good) if one not in str(jonas.view)]
    assert len(used) == 1, "the card that was refused is not offered again"
    bad = next(one for one in (first, second) if one not in used)
    jonas.submits({"payment_method": bad})
    jonas.waits_for(lambda one: used[0] in str(one.view) and bad not in str(one.view))
    jonas.submits({"payment_method": good})
    ends_with(jonas, STARTED)
    assert len(world.subscriptions(ada)) == 1


def test_with_a_link_it_waits_visibly_and_starts_when_the_method_arrives(world: World) -> None:
    """H22, H31: the customer gets a mail, adds a card on Stripe's page; the agent is told by direct message."""
    ada = world.contact(language="de")
    mia = to_review(world, ada, payment_method="link")
    mia.submits()
    ends_with(mia, "Der Link ist unterwegs")
    (waiting,) = world.eventually(lambda: world.waiting(ada))
    assert world.subscriptions(ada) == []
    mail = world.eventually(lambda: next((one for one in world.mails() if ada.email in str(one["to"])), None))
    mia.presses("card.open")
    assert "Desk Team" in mia.text, "the card shows what waits"
    link = world.link_in(mail)
    card = {"number": "4242424242424242", "expiry": "12/34", "cvc": "123", "name": "Ada", "email": ada.email}
    done = requests.post(link, data=card, timeout=30)
    assert done.ok, done.text
    assert "4242424242424242" not in done.text
    world.eventually(lambda: [one.status for one in world.subscriptions(ada)] == ["active"])
    mia.waits_for(lambda one: any(STARTED in str(message) for message in one.direct_messages))
    assert world.operation(waiting.id).state is State.DONE
    assert len(world.payments(ada)) == 1


def test_a_link_that_is_not_used_in_time_starts_nothing_and_somebody_is_told(world: World) -> None:
    """H31: Stripe's page closes after its time; the operation ends, the agent hears of it."""
    ada = world.contact()
    mia = to_review(world, ada, payment_method="link")
    mia.submits()
    ends_with(mia, "Der Link ist unterwegs")
    (waiting,) = world.eventually(lambda: world.waiting(ada))
    mia.closes(everything=True)
    world.expire_link(ada)
    world.eventually(lambda: world.operation(waiting.id).state is State.EXPIRED)
    mia.waits_for(lambda one: any(ada.name in str(message) for message in one.direct_messages))
    assert world.subscriptions(ada) == []
    assert "payment_link_expired" in world.timeline(ada)


def test_whoever_closes_the_modal_gets_the_result_as_a_direct_message(world: World) -> None:
    ada = world.contact(VISA)
    mia = to_review(world, ada)
    world.stripe_fails("delay", path="/v1/subscriptions", method="POST", seconds=1)
    mia.submits()
    mia.closes(everything=True)
    mia.waits_for(lambda one: any(ada.name in str(m) and STARTED in str(m) for m in one.direct_messages))
    assert len(world.subscriptions(ada)) == 1


def test_a_contact_may_have_several_subscriptions_with_methods_of_their_own(world: World) -> None:
    """H32, H33."""
    ada = world.contact(VISA, MASTERCARD)
    methods = [one.id for one in world.stripe_methods(ada)]
    for price, method in zip(("desk-team-month-eur", "desk-team-year-eur"), methods, strict=True):
        mia = to_review(world, ada, price=price, payment_method=method)
        mia.submits()
        ends_with(mia, STARTED)
        mia.closes(everything=True)
    assert {one.default_payment_method for one in world.subscriptions(ada)} == set(methods)


@pytest.mark.parametrize("fault", ["429", "500", "500_after", "cut_before", "cut_after"])
def test_whatever_stripe_does_there_is_one_subscription_and_one_message(world: World, fault: str) -> None:
    """Answered 429 or 500, or cut off after the work was done."""
    ada = world.contact(VISA)
    mia = to_review(world, ada)
    world.stripe_fails(fault, path="/v1/subscriptions", method="POST", retry_after=1)
    mia.submits()
    ends_with(mia, STARTED, 30)
    assert len(world.subscriptions(ada)) == 1
    assert len(world.payments(ada)) == 1
    assert not any(ada.name in str(message) for message in mia.direct_messages)


def test_nothing_starts_when_stripe_would_charge_another_amount_than_was_reviewed(world: World) -> None:
    """H23: the price shown is the price charged. At Stripe an item waits for the next invoice."""
    ada = world.contact(VISA)
    mia = to_review(world, ada)
    world.surcharge(ada)
    mia.submits()
    # 3 x 20.00 + 19 % = 71.40 was reviewed; with 5.00 of setup fee and its tax it would be 77.35
    ends_with(mia, "77,35")
    assert "71,40" in mia.text
    assert world.subscriptions(ada) == []
    assert world.payments(ada) == []


@pytest.mark.parametrize(
    ("owed", "charged", "shown", "paid"),
    [
        (5000, [12140], ("Owed from before\n*€50.00*", "*Charged now*\n*€121.40*"), "€121.40, paid"),
        (-2000, [5140], ("Credit balance\n*-€20.00*", "*Charged now*\n*€51.40*"), "€51.40, paid"),
        (-10000, [], ("*Charged now*\n*€0.00*", "€28.60 of the credit is kept"), "nothing is charged"),
    ],
    ids=["owed", "credit", "much credit"],
)
def test_the_balance_is_shown_and_exactly_that_is_charged(
    world: World, owed: int, charged: list[int], shown: tuple[str, str], paid: str
) -> None:
    """H23. 71.40 and 50.00 owed are 121.40; less 20.00 of credit 51.40; of 100.00 of credit 28.60 are left."""
    ada = world.contact(VISA)
    world.stripe.v1.customers.balance_transactions.create(ada.customer, {"amount": owed, "currency": "eur"})
    world.eventually(lambda: world.balance(ada))
    priya = to_review(world, ada, "manager")
    for line in shown:
        assert line in priya.text
    priya.submits()
    ends_with(priya, "now runs")
    assert paid in priya.text
    assert [one.amount for one in world.payments(ada)] == charged
    assert [one.status for one in world.subscriptions(ada)] == ["active"]


def test_nothing_starts_for_an_account_that_is_suspended(world: World) -> None:
    """GX3: refused with the reason, before a form is filled in."""
    ada = world.contact(VISA, account=Account(status=AccountStatus.SUSPENDED))
    priya = world.person("manager")
    priya.types(f"/billing subscribe {ada.email}")
    shown = priya.text or str(priya.messages[-1])
    assert "suspended" in shown


@pytest.mark.parametrize(
    ("field", "value", "word"),
    [
        ("quantity", 501, "500"),
        ("start", "2020-01-01", "between"),
        ("start", "2099-01-01", "between"),
        ("coupon", "NEVER", "NEVER"),
    ],
)
def test_a_wrong_field_is_told_at_the_field(world: World, field: str, value: object, word: str) -> None:
    """H21: the form stays, with the reason at the field."""
    ada = world.contact(VISA)
    priya = world.person("manager")
    priya.types(f"/billing subscribe {ada.email}")
    reply = priya.submits({"price": "desk-team-month-eur", "quantity": 3, field: value})
    assert word in reply.errors[field]


def test_both_commands_and_both_languages(world: World) -> None:
    ada = world.contact(VISA)
    priya, jonas = world.person("manager"), world.person("sales")
    priya.types(f"/abrechnung subscribe {ada.email}")
    jonas.types(f"/billing abo {ada.email}")
    assert "New subscription" in priya.text
    assert "Neues Abo" in jonas.text
