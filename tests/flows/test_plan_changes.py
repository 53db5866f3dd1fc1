"""A plan is changed, as people do it in Slack: reviewed, charged as shown, declined, or asked of managers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
import requests

from billing.contacts import Account, Contact, Member, MemberRight
from billing.ids import LookupKey, OperationId
from billing.money import Money
from billing.operations import State
from billing.ports import SubscriptionOrder
from billing.steps import NOBODY
from bot.sandbox import workspace as local
from tests.support import forged
from tests.support.person import Person
from tests.support.world import World

VISA, MASTERCARD, FAILS = "pm_card_visa", "pm_card_mastercard", "pm_card_chargeCustomerFail"
BASIC = "mail-basic-500-month-eur"  # 15.00
PRO = "mail-pro-1000-month-eur"  # 49.00
MANAGER, SALES = "manager", "sales"


@dataclass
class Customer:
    """Somebody with Mail Basic, 500 contacts, since a moment ago: 15.00 and 19 % are 17.85."""

    contact: Contact
    subscription: str


def customer(world: World, *cards: str, price: str = BASIC, paid: int = 1785, **account: object) -> Customer:
    """Ada may ask for changes, Cyril may not."""
    fields = {"plan": "mail/basic", "contact_limit": 500, "active_contacts": 120, "seats": 1, "seats_used": 1}
    contact = world.contact(
        *(cards or (VISA,)),
        account=Account.model_validate(fields | account),
        members=(
            Member(name="Ada Admin", email="ada.admin@example.com", rights=frozenset({MemberRight.PRIMARY_ADMIN})),
            Member(name="Cyril Clerk", email="cyril@example.com", rights=frozenset({MemberRight.ADMIN})),
        ),
    )
    methods = world.stripe_methods(contact)
    order = SubscriptionOrder(
        customer=contact.customer,
        price=LookupKey(price),
        quantity=1,
        coupon=None,
        tax_rates=("de-vat",),
        starts_at=None,
        payment_method=next(one.id for one in methods if one.card and one.card.last4 == "4242"),  # type: ignore[arg-type]
        first_payment=Money(amount=paid, currency="EUR"),
    )
    started = world.app.payments.start_subscription(order, OperationId(f"op_{contact.id}"), datetime.now(UTC))
    with world.app.desk.writing(NOBODY) as uow:
        uow.mirror.add_subscription(contact.id, started.subscription, started.invoice)
    return Customer(contact, started.subscription.id)


def to_form(world: World, ada: Customer, who: str = MANAGER) -> Person:
    """On the plan page, and from there to the form."""
    person = world.person(who)
    assert person.types(f"/billing plan {ada.contact.email}").ok
    assert person.presses("plan_change.open").ok
    return person


def to_review(world: World, ada: Customer, who: str = MANAGER) -> Person:
    """Mail Pro is chosen, and the price is there."""
    person = to_form(world, ada, who)
    assert person.presses("plan_change.plan", "mail/pro").ok
    reply = person.submits()
    assert reply.ok, reply
    person.waits_for(lambda one: one.view and one.view["callback_id"] == "plan_change.review")
    return person


def ends_with(person: Person, word: str, seconds: float = 15) -> None:
    person.waits_for(lambda one: word in one.text, seconds)


def sold(world: World, ada: Customer) -> dict[str, int]:
    live = world.stripe.v1.subscriptions.retrieve(ada.subscription)
    return {str(item.price.lookup_key): item.quantity or 0 for item in live["items"].data}


def charged(world: World, ada: Customer) -> list[int]:
    return sorted(intent.amount for intent in world.payments(ada.contact))


def test_an_upgrade_is_charged_exactly_as_it_was_shown(world: World) -> None:
    """A8, A16, A17, A22, A23, A31, AX1, AX14: the page, the form, two confirmations, done at once, seen everywhere.

    A moment after the start the whole period is left: -15.00 + 49.00 = 34.00; 19 % of each: -2.85 + 9.31 = 6.46: 40.46.
    From then on 49.00 and 9.31: 58.31.
    """
    ada = customer(world)
    priya = to_review(world, ada)
    assert "Review purchase" in priya.text
    for amount in ("-€15.00", "€49.00", "€6.46", "€40.46", "€58.31"):
        assert amount in priya.text
    assert "Automations" in priya.text, "the feature that is gained"
    assert charged(world, ada) == [1785], "a review charges nothing"
    assert priya.submits().ok
    ends_with(priya, "Plan changed")
    assert sold(world, ada) == {PRO: 1}
    assert charged(world, ada) == [1785, 4046]
    assert "plan_changed" in world.timeline(ada.contact)
    with world.app.desk.reading(NOBODY) as uow:
        account = uow.contacts.get(ada.contact.id).account
    assert (account.plan, account.contact_limit, account.seats) == ("mail/pro", 1000, 3)
    priya.presses("plan.open")
    assert "Mail Pro" in priya.text
    assert world.workspace.refused == []


def test_limit_seats_and_add_on_in_one_change(world: World) -> None:
    """A8, A14, A20: Pro with 2,500 contacts, 5 seats (2 beside the 3 of the plan) and reports.

    95.00 + 2 x 9.00 + 50.00 - 15.00 = 148.00; 19 %: 18.05 + 3.42 + 9.50 - 2.85 = 28.12: 176.12.
    """
    ada = customer(world)
    priya = to_form(world, ada)
    priya.presses("plan_change.plan", "mail/pro")
    chosen = {"limit#mail/pro": "2500", "seats#mail/pro": "5", "add_ons[reports]#mail/pro": "1"}
    assert priya.submits(chosen).ok
    ends_with(priya, "€176.12")
    assert priya.submits().ok
    ends_with(priya, "Plan changed")
    assert sold(world, ada) == {"mail-pro-2500-month-eur": 1, "extra-seat-month-eur": 2, "reports-month-eur": 1}
    assert charged(world, ada) == [1785, 17612]


def test_what_was_chosen_is_not_lost_when_another_plan_is_chosen(world: World) -> None:
    """A22: five seats and reports, then a look at Basic, which has neither, and back."""
    ada = customer(world)
    priya = to_form(world, ada)
    priya.presses("plan_change.plan", "mail/pro")
    priya.enters({"seats#mail/pro": "5", "add_ons[reports]#mail/pro": "1", "limit#mail/pro": "2500"})
    priya.presses("plan_change.plan", "mail/basic")
    priya.waits_for(lambda one: "seats#mail/basic" in str(one.view))
    assert priya.view
    shown = {block["block_id"]: block["element"] for block in priya.view["blocks"] if block["type"] == "input"}
    assert shown["seats#mail/basic"]["initial_value"] == "2"
    assert shown["limit#mail/basic"]["initial_option"]["value"] == "1000"
    assert "add_ons[reports]#mail/basic" not in shown
    priya.presses("plan_change.plan", "mail/pro")
    priya.waits_for(lambda one: "seats#mail/pro" in str(one.view))
    shown = {block["block_id"]: block["element"] for block in priya.view["blocks"] if block["type"] == "input"}
    assert shown["seats#mail/pro"]["initial_value"] == "5"
    assert shown["limit#mail/pro"]["initial_option"]["value"] == "2500"
    assert shown["add_ons[reports]#mail/pro"]["initial_option"]["value"] == "1"


def test_a_double_click_charges_once(world: World) -> None:
    ada = customer(world)
    jonas = to_review(world, ada, SALES)
    payload = forged.submission(
        jonas.id, local.TEAM_ID, "plan_change.review", view_id="V0DOUBLE", metadata=world.metadata(jonas)
    )
    for _ in range(3):
        assert forged.post(world.bot_url, local.SIGNING_SECRET, {"payload": payload}).ok
    world.eventually(lambda: "plan_changed" in world.timeline(ada.contact))
    assert charged(world, ada) == [1785, 4046]
    changes = [one for one in world.operations(ada.contact) if one.kind == "change_plan"]
    assert [one.state for one in changes] == [State.DONE]


@pytest.mark.parametrize("fault", ["429", "500", "500_after", "cut_after"])
def test_whatever_stripe_does_it_is_charged_once(world: World, fault: str) -> None:
    ada = customer(world)
    priya = to_review(world, ada)
    world.stripe_fails(fault, path=f"/v1/subscriptions/{ada.subscription}", method="POST", retry_after=1)
    priya.submits()
    ends_with(priya, "Plan changed", 30)
    assert charged(world, ada) == [1785, 4046]


def test_a_price_that_changed_meanwhile_is_not_charged_but_reviewed_again(world: World) -> None:
    """The price shown is the price charged: at Stripe an item waits for the next invoice."""
    ada = customer(world)
    priya = to_review(world, ada)
    item = {"customer": ada.contact.customer, "amount": 500, "currency": "eur", "subscription": ada.subscription}
    world.stripe.v1.invoice_items.create(item)
    priya.submits()
    ends_with(priya, "Nothing was changed")
    assert sold(world, ada) == {BASIC: 1}
    assert charged(world, ada) == [1785]
    priya.presses("plan_change.edit")
    assert priya.submits().ok
    # 5.00 of the item and its 0.95 of tax: 46.41
    ends_with(priya, "€46.41")
    priya.submits()
    ends_with(priya, "Plan changed")
    assert charged(world, ada) == [1785, 4641]


def test_a_subscription_that_was_changed_at_stripe_meanwhile_is_left_alone(world: World) -> None:
    ada = customer(world)
    priya = to_review(world, ada)
    item = world.stripe.v1.subscriptions.retrieve(ada.subscription)["items"].data[0].id
    bigger = world.stripe.v1.prices.list({"lookup_keys": ["mail-basic-1000-month-eur"]}).data[0].id
    world.stripe.v1.subscriptions.update(
        ada.subscription, {"items": [{"id": item, "price": bigger}], "proration_behavior": "none"}
    )
    priya.submits()
    ends_with(priya, "Nothing was changed")
    assert sold(world, ada) == {"mail-basic-1000-month-eur": 1}
    assert charged(world, ada) == [1785]


def test_a_declined_card_keeps_the_modal_and_another_card_on_file_pays(world: World) -> None:
    """H30: why, that nothing was changed, and the other card; the first one is refused when it is tried again."""
    ada = customer(world, VISA, MASTERCARD)
    visa = next(one.id for one in world.stripe_methods(ada.contact) if one.card and one.card.last4 == "4242")
    other = next(one.id for one in world.stripe_methods(ada.contact) if one.id != visa)
    priya = to_review(world, ada)
    world.breaks_card(visa, "insufficient_funds")
    priya.submits()
    ends_with(priya, "Payment refused")
    assert "not enough money" in priya.text
    assert sold(world, ada) == {BASIC: 1}
    assert "payment_declined" in world.timeline(ada.contact)
    assert priya.submits({"payment_method": other}).ok
    ends_with(priya, "Plan changed")
    assert sold(world, ada) == {PRO: 1}
    assert charged(world, ada) == [1785, 4046]
    assert world.stripe.v1.subscriptions.retrieve(ada.subscription).default_payment_method == other


def test_a_declined_card_is_followed_by_a_link_and_the_change_by_the_new_card(world: World) -> None:
    """H30, H31: the customer adds a card on Stripe's page; the change is made by itself, and paid by that card.

    A moment after the start nearly the whole period is left: not more than the 40.46 that were reviewed.
    """
    ada = customer(world)
    visa = next(one.id for one in world.stripe_methods(ada.contact))
    priya = to_review(world, ada)
    world.breaks_card(visa, "insufficient_funds")
    priya.submits()
    ends_with(priya, "Payment refused")
    assert priya.submits({"payment_method": "link"}).ok
    ends_with(priya, "The link")
    assert sold(world, ada) == {BASIC: 1}
    mail = world.eventually(lambda: next((one for one in world.mails() if ada.contact.email in str(one["to"])), None))
    priya.closes(everything=True)
    card = {"number": "5555555555554444", "expiry": "12/34", "cvc": "123", "name": "Ada", "email": ada.contact.email}
    assert requests.post(world.link_in(mail), data=card, timeout=30).ok
    world.eventually(lambda: sold(world, ada) == {PRO: 1})
    priya.waits_for(lambda one: any("is changed" in str(message) for message in one.direct_messages))
    assert world.waiting(ada.contact) == ()
    first, second = charged(world, ada)
    assert first == 1785
    assert 4030 < second <= 4046
    added = world.stripe.v1.subscriptions.retrieve(ada.subscription, {"expand": ["default_payment_method"]})
    assert added.default_payment_method.card.last4 == "4444"  # type: ignore[union-attr]


def test_whoever_closes_the_modal_gets_the_review_as_a_direct_message(world: World) -> None:
    ada = customer(world)
    priya = to_form(world, ada)
    priya.presses("plan_change.plan", "mail/pro")
    world.stripe_fails("delay", path="/v1/invoices/create_preview", method="POST", seconds=1)
    priya.submits()
    priya.closes(everything=True)
    message = priya.waits_for(lambda one: next((m for m in one.direct_messages if ada.contact.name in str(m)), None))
    assert priya.presses("plan_change.show_review", message=message).ok
    assert "€40.46" in priya.text
    priya.submits()
    ends_with(priya, "Plan changed")


def test_a_member_without_the_right_is_refused_with_the_names_of_those_who_have_it(world: World) -> None:
    """A1"""
    ada = customer(world)
    priya = to_form(world, ada)
    reply = priya.submits({"requester": "cyril@example.com", "limit#mail/basic": "1000"})
    assert "Cyril Clerk may not change the plan" in reply.errors["requester"]
    assert "Ada Admin" in reply.errors["requester"]
    assert not world.operations(ada.contact)


def test_the_subscription_of_somebody_else_is_refused(world: World) -> None:
    """A forged form: the page of one customer with the subscription of another."""
    ada, ben = customer(world), customer(world)
    priya = to_form(world, ada)
    metadata = world.metadata(priya) | {"subscription": ben.subscription}
    draft = {"requester": "ada.admin@example.com", "plan": "mail/basic", "limit": 1000, "seats": 1}
    payload = forged.submission(
        priya.id, local.TEAM_ID, "plan_change.form", view_id="V0FORGED", metadata=metadata | draft
    )
    answer = forged.post(world.bot_url, local.SIGNING_SECRET, {"payload": payload})
    assert "no running subscription to a plan" in answer.text
    assert not world.operations(ada.contact)
    assert not world.operations(ben.contact)
    assert sold(world, ben) == {BASIC: 1}


def test_less_becomes_a_request_that_is_filed(world: World) -> None:
    """A24 to A28, HX17: what is lost, why, by when; nothing is charged or changed."""
    ada = customer(world, price=PRO, paid=5831, plan="mail/pro", contact_limit=1000)
    jonas = to_form(world, ada, SALES)
    jonas.presses("plan_change.plan", "mail/basic")
    assert jonas.submits({"limit#mail/basic": "1000"}).ok
    assert "Änderung beantragen" in jonas.text
    assert "Automationen" in jonas.text, "the feature that is lost"
    assert "24,00" in jonas.text, "49.00 less 25.00 a month"
    assert jonas.submits({"reason": "too_expensive", "remark": "The budget was cut"}).ok
    assert "Antrag gestellt" in jonas.text
    assert "request_filed" in world.timeline(ada.contact)
    with world.app.desk.reading(NOBODY) as uow:
        request = uow.requests.open_for(ada.subscription)  # type: ignore[arg-type]
    assert request is not None
    assert (request.after.plan, request.after.limit, request.remark) == ("mail/basic", 1000, "The budget was cut")
    assert sold(world, ada) == {PRO: 1}
    jonas.closes(everything=True)
    jonas.types(f"/billing plan {ada.contact.email}")
    assert "Offener Antrag" in jonas.text


def test_a_discount_is_taken_instead_of_a_downgrade(world: World) -> None:
    """HX17: 49.00 less a tenth are 44.10, and 8.38 of tax (8.379): 52.48 instead of 58.31; no request is filed."""
    ada = customer(world, price=PRO, paid=5831, plan="mail/pro", contact_limit=1000)
    jonas = to_form(world, ada, SALES)
    jonas.presses("plan_change.plan", "mail/basic")
    assert jonas.submits({"limit#mail/basic": "1000"}).ok
    assert jonas.presses("plan_change.reason", "moves_to_competitor").ok
    assert "Kann stattdessen angeboten werden" in jonas.text
    assert jonas.presses("discount_offer.preview").ok
    ends_with(jonas, "52,48")
    assert "58,31" in jonas.text
    assert jonas.submits().ok
    ends_with(jonas, "hat jetzt den Rabatt TEN")
    live = world.stripe.v1.subscriptions.retrieve(ada.subscription, {"expand": ["discounts"]})
    assert [str(one.source.coupon).partition("_")[0] for one in live.discounts] == ["TEN"]  # type: ignore[union-attr]
    assert sold(world, ada) == {PRO: 1}
    assert charged(world, ada) == [5831]
    assert "offer_taken" in world.timeline(ada.contact)
    with world.app.desk.reading(NOBODY) as uow:
        assert uow.requests.open_for(ada.subscription) is None  # type: ignore[arg-type]


def test_an_upgrade_takes_the_place_of_an_open_request_and_says_so(world: World) -> None:
    ada = customer(world, price=PRO, paid=5831, plan="mail/pro", contact_limit=1000)
    jonas = to_form(world, ada, SALES)
    jonas.presses("plan_change.plan", "mail/basic")
    jonas.submits()
    jonas.submits({"reason": "seasonal"})
    jonas.closes(everything=True)
    priya = to_form(world, ada)
    assert priya.submits({"limit#mail/pro": "2500"}).ok
    ends_with(priya, "takes the place of the request")
    priya.submits()
    ends_with(priya, "this change took its place")
    with world.app.desk.reading(NOBODY) as uow:
        assert uow.requests.open_for(ada.subscription) is None  # type: ignore[arg-type]
    assert "request_superseded" in world.timeline(ada.contact)


def test_the_comparison_shows_plans_side_by_side(world: World) -> None:
    """A5"""
    ada = customer(world)
    priya = world.person(MANAGER)
    priya.types(f"/billing plan {ada.contact.email}")
    priya.presses("plan.compare")
    assert "Mail Pro" in priya.text
    assert "➖ Automations" in priya.text
    assert "✅ Automations" in priya.text
    priya.presses("plan.compared", ["desk/team"])
    assert "✅ Shared inbox" in priya.text
    assert "Automations" not in priya.text.partition("Mail Basic* (has now)")[2]
    priya.presses("plan_change.open")
    assert "Who at the customer asks for it?" in priya.text
