"""Starting a subscription, as Slack sees it: the form, the review, the confirmation, and the answer."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from structlog.testing import capture_logs

from billing.catalogue import Plan, Product
from billing.catalogue.prices import Price
from billing.contacts import Account, AccountStatus
from billing.errors import Declined, Misconfigured, Transient
from billing.operations import State
from billing.roles import Role
from blocks.kit import REMARK
from handlers.payloads import ReplyTo
from tests.support.office import Office, Reply
from tests.support.shop import (
    ADA,
    ADAS_CARD,
    BENS_CARD,
    PLUS_MONTH,
    PLUS_MONTH_USD,
    SAM,
    TEAM_MONTH,
    actor,
    contact,
    coupon,
    marketing,
    method,
)
from tests.support.slack import Json, elements, filled, metadata, open_view, slack_error, texts


@pytest.fixture
def office() -> Office:
    return Office()


def form(office: Office, depth: int = 1) -> Json:
    """The form, open at that height of the stack."""
    office.types("subscribe ada")
    return open_view(office.shown, depth)


def reviewed(office: Office, depth: int = 1, **given: Any) -> Json:
    """The review, as it lies on the form."""
    reply = office.submits(form(office, depth), **({"price": PLUS_MONTH, "quantity": 3} | given))
    assert not reply.errors, reply.errors
    return open_view(reply.view, min(depth + 1, 3), id="V_REVIEW", hash="h_review")


def confirms(office: Office, view: Json, **given: Any) -> Reply:
    reply = office.submits(view, **given)
    office.works()
    return reply


# The form


@pytest.mark.parametrize("typed", ["subscribe ada", "SUBSCRIBE Ada", "abo ada"])
def test_the_command_goes_straight_to_the_form(office: Office, typed: str) -> None:
    """H1, H5"""
    office.types(typed)
    assert office.shown["callback_id"] == "subscription.form"
    assert "Ada Lovelace" in texts(office.shown)
    assert metadata(office.shown) == {"contact": ADA}


def test_the_command_with_a_name_that_fits_several_asks_who_is_meant(office: Office) -> None:
    office.types("subscribe example")
    assert "Several customers match" in texts(office.shown)


def test_the_command_without_a_name_opens_the_finder(office: Office) -> None:
    office.types("subscribe")
    assert office.shown["callback_id"] == "finder"


@pytest.mark.parametrize(
    ("depth", "method"), [(0, "views_open"), (1, "views_push"), (2, "views_push"), (3, "views_update")]
)
def test_the_cards_button_opens_the_form(office: Office, depth: int, method: str) -> None:
    office.types("ada")
    office.presses("subscription.open", ADA, view=open_view(office.shown, depth) if depth else None)
    assert office.slack.calls[-1].method == method
    assert office.shown["callback_id"] == "subscription.form"


def test_the_form_asks_for_what_can_be_chosen_and_for_no_cycle(office: Office) -> None:
    """H18, H21, H22, H29"""
    inputs = [block["block_id"] for block in form(office)["blocks"] if block["type"] == "input"]
    assert inputs == ["price", "quantity", "start", "coupon", "payment_method"]
    assert elements(office.shown)["subscription.start"]["initial_date"] == "2026-03-02"
    methods = elements(office.shown)["subscription.payment_method"]["options"]
    assert [one["value"] for one in methods] == [ADAS_CARD, "link"]


def test_an_expired_account_gets_the_form_and_its_card_says_so(office: Office) -> None:
    """GX10"""
    office.knows(contact(account=Account(status=AccountStatus.EXPIRED)), method())
    office.types("ada")
    assert "a plan has to be bought, then it is active again" in texts(office.shown)
    assert "New subscription" in str(office.shown)
    office.types("subscribe ada")
    assert "subscription.payment_method" in elements(office.shown)


@pytest.mark.parametrize("status", [AccountStatus.SUSPENDED, AccountStatus.CLOSED])
def test_an_account_that_is_not_active_gets_no_form(office: Office, status: AccountStatus) -> None:
    """GX3"""
    office.knows(contact(account=Account(status=status)), method())
    reply = office.types("subscribe ada")
    assert f"The account of Ada Lovelace is {status.value}" in reply.text
    assert not office.slack.calls


def many_products(office: Office) -> None:
    plans = tuple(
        Plan(
            id=f"p{n}",
            name={"en": f"Plan {n}", "de": f"Plan {n}"},
            prices=(Price(interval="month", amounts={"EUR": n}),),
        )
        for n in range(1, 121)
    )
    office.sells(products=(Product(id="many", name={"en": "Many", "de": "Viele"}, plans=plans),), coupons=())


def test_more_than_a_hundred_products_are_searched_by_typing(office: Office) -> None:
    """H21"""
    many_products(office)
    view = form(office)
    assert elements(view)["subscription.price"]["type"] == "external_select"
    [group] = office.searches("subscription.price", "plan 77", view=view).body["option_groups"]
    assert [one["value"] for one in group["options"]] == ["many-p77-month-eur"]
    [group] = office.searches("subscription.price", "plan", view=view).body["option_groups"]
    assert group["label"]["text"] == "More than 100 products: keep typing"
    [group] = office.searches("subscription.price", "zuse", view=view).body["option_groups"]
    assert "No product matches" in group["label"]["text"]
    reply = office.submits(view, price=group["options"][0]["value"])
    assert list(reply.errors) == ["price"]


def test_a_search_for_a_product_in_a_forged_form_finds_nothing(office: Office) -> None:
    many_products(office)
    with capture_logs():
        for forged in ("{}", '{"contact":"con_nobody"}'):
            view = open_view(form(office), private_metadata=forged)
            (group,) = office.searches("subscription.price", "plan", view=view).body["option_groups"]
            assert [one["value"] for one in group["options"]] == [REMARK]


# The review


@pytest.mark.parametrize(("depth", "how"), [(1, "push"), (2, "push"), (3, "update")])
def test_the_review_lies_on_the_form_or_takes_its_place(office: Office, depth: int, how: str) -> None:
    """H23: Slack lets three modals lie on each other."""
    reply = office.submits(form(office, depth), price=PLUS_MONTH, quantity=3)
    assert reply.body["response_action"] == how


def test_the_review_shows_every_amount_and_date(office: Office) -> None:
    """H23. 3 × 49.00 = 147.00; 20 % off is 29.40, leaves 117.60; 19 % of it is 22.344, so 22.34: 139.94. Later
    147.00 and 27.93: 174.93."""
    words = texts(reviewed(office, coupon="welcome20"))
    for amount in ("€147.00", "-€29.40", "€22.34", "€139.94", "€174.93"):
        assert amount in words
    for day in ("Mar 2, 2026", "Apr 2, 2026", "May 2, 2026", "Jun 2, 2026"):
        assert day in words
    assert "VAT, 19%" in words
    assert not office.payments.calls
    assert not office.rows.operations


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"quantity": 0}, "quantity"),
        ({"quantity": -1}, "quantity"),
        ({"quantity": 100}, "quantity"),
        ({"quantity": "9" * 400}, "quantity"),
        ({"quantity": "three"}, "quantity"),
        ({"quantity": None}, "quantity"),
        ({"price": TEAM_MONTH, "quantity": 2}, "quantity"),
        ({"start": "2026-03-01"}, "start"),
        ({"start": "2036-03-02"}, "start"),
        ({"start": "soon"}, "start"),
        ({"start": None}, "start"),
        ({"coupon": "NOBODY"}, "coupon"),
        ({"coupon": "EXPIRED"}, "coupon"),
        ({"coupon": "CRMONLY"}, "coupon"),
        ({"price": "sms-month-eur"}, "price"),
        ({"price": PLUS_MONTH_USD}, "price"),
        ({"price": None}, "price"),
        ({"payment_method": BENS_CARD}, "payment_method"),
    ],
    ids=str,
)
def test_a_mistake_is_shown_at_its_field_and_the_form_stays(office: Office, given: Json, field: str) -> None:
    """H14, H21, H31, HX3"""
    reply = office.submits(form(office), **({"price": PLUS_MONTH} | given))
    assert list(reply.errors) == [field]
    assert reply.errors[field]
    assert not office.rows.operations


def test_a_mistake_is_explained_in_the_persons_language(office: Office) -> None:
    german = actor(Role.SALES, user="U_GER", locale="de")
    office.hires(german)
    view = form(office)
    english = office.submits(view, price=PLUS_MONTH, coupon="NOBODY").errors["coupon"]
    translated = office.submits(view, price=PLUS_MONTH, coupon="NOBODY", person=german).errors["coupon"]
    assert "NOBODY" in translated
    assert translated != english


@pytest.mark.parametrize(
    "forged", ['{"contact":"con_nobody"}', '{"contact":null}', "{}", "no JSON", '{"contact":["x"]}']
)
def test_a_form_with_a_forged_customer_is_refused(office: Office, forged: str) -> None:
    reply = office.submits(open_view(form(office), private_metadata=forged), price=PLUS_MONTH)
    assert reply.body["response_action"] == "push"
    assert "Not possible" in reply.text
    assert not office.rows.operations


# The confirmation


def test_confirming_starts_the_subscription(office: Office) -> None:
    """H21 to H23"""
    reply = confirms(office, reviewed(office))
    assert reply.body["response_action"] == "update"
    assert "on its way" in reply.text
    assert "now runs for *Ada Lovelace*" in texts(office.shown)
    assert "https://stripe.example/sub_1" in str(elements(office.shown))
    assert office.happened() == ["subscription_started"]


def test_the_answer_goes_to_the_view_that_was_confirmed(office: Office) -> None:
    office.submits(reviewed(office))
    reply_to = ReplyTo.model_validate_json(office.last_operation.reply_to)
    assert reply_to == ReplyTo(user=SAM.user, view="V_REVIEW")


def test_confirming_waits_for_nothing(office: Office) -> None:
    """Slack wants an answer in three seconds, whatever Stripe does."""
    view = reviewed(office)
    office.payments.fails.append(Transient("Stripe: 503"))
    assert "on its way" in office.submits(view).text
    assert not office.payments.calls
    assert office.last_operation.state is State.ACCEPTED


def test_the_same_confirmation_five_times_is_one_subscription(office: Office) -> None:
    """A double click, and Slack's retries."""
    view = reviewed(office)
    replies = [office.submits(view) for _ in range(5)]
    assert {reply.body["response_action"] for reply in replies} == {"update"}
    office.works()
    assert len(office.rows.operations) == 1
    assert len(office.payments.started) == 1


def test_confirming_the_same_again_on_purpose_is_a_second_subscription(office: Office) -> None:
    """H32"""
    for view_id in ("V_1", "V_2"):
        confirms(office, {**reviewed(office), "id": view_id})
    assert len(office.payments.started) == 2


def test_a_later_start_is_scheduled(office: Office) -> None:
    """H11, H21"""
    confirms(office, reviewed(office, start="2026-04-15"))
    assert "starts on Apr 15, 2026" in texts(office.shown)


def test_with_a_link_it_waits_visibly_and_the_customer_gets_a_mail(office: Office) -> None:
    """H30, H31"""
    confirms(office, reviewed(office, payment_method="link"))
    assert "starts by itself as soon as the customer has added a payment method" in texts(office.shown)
    assert "https://checkout.stripe.example/cs_test_1" in texts(office.shown)
    assert len(office.mails) == 1
    office.types("ada")
    assert "Marketing Plus" in texts(office.shown)
    assert not office.payments.started


FORGED = {
    "somebody else's card": {"payment_method": BENS_CARD},
    "another quantity": {"quantity": 1},
    "another customer": {"contact": "con_ben"},
    "another customer with the own card": {"contact": "con_ben", "payment_method": BENS_CARD},
    "another customer and a link": {"contact": "con_ben", "payment_method": "link"},
    "a link": {"payment_method": "link"},
    "nobody": {"contact": "con_nobody"},
    "another price": {"price": TEAM_MONTH},
    "another currency": {"price": PLUS_MONTH_USD},
    "a coupon": {"coupon": "WELCOME20"},
    "another day": {"start": "2026-03-03"},
    "another fingerprint": {"fingerprint": "0" * 32},
    "a start long ago": {"start": "2000-01-01"},
}


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED)
def test_forged_metadata_of_the_review_is_refused_and_nothing_is_done(office: Office, forged: Json) -> None:
    """H16, H23, H31: private metadata travels through the client."""
    view = reviewed(office)
    confirms(office, {**view, "private_metadata": json.dumps(metadata(view) | forged)})
    assert office.last_operation.state is State.REFUSED
    assert not office.payments.calls
    assert not office.rows.timeline


def test_a_review_without_a_fingerprint_is_refused(office: Office) -> None:
    """H23"""
    view = reviewed(office)
    kept = {name: value for name, value in metadata(view).items() if name != "fingerprint"}
    reply = office.submits({**view, "private_metadata": json.dumps(kept)})
    assert "Not possible" in reply.text
    assert not office.rows.operations


def test_who_lost_the_role_between_review_and_confirmation_is_refused(office: Office) -> None:
    """H16"""
    view = reviewed(office)
    office.dismisses(SAM)
    confirms(office, view)
    assert "no role in Kontor" in texts(office.shown)
    assert not office.payments.calls


# What comes of it


def test_a_price_that_changed_since_the_review_is_shown_again_and_can_be_confirmed(office: Office) -> None:
    """H23. 3 × 50.00 = 150.00 and 19 % of it 28.50: 178.50."""
    view = reviewed(office)
    office.sells(products=(marketing(month=5000), *office.catalogue.products[1:]))
    confirms(office, view)
    assert "Something changed since the review" in texts(office.shown)
    assert "€178.50" in texts(office.shown)
    assert not office.payments.calls
    confirms(office, open_view(office.shown, hash="h_again"))
    assert "€178.50, paid" in texts(office.shown)
    assert len(office.payments.started) == 1


def test_a_decline_keeps_the_modal_open_and_another_card_can_be_chosen(office: Office) -> None:
    """H30"""
    office.knows(contact(), method(default=True), method("pm_second", last4="4444"))
    office.payments.fails.append(Declined("insufficient_funds"))
    confirms(office, reviewed(office))
    assert office.shown["callback_id"] == "subscription.retry"
    assert "not enough money" in texts(office.shown)
    confirms(office, open_view(office.shown, hash="h_declined"), payment_method="pm_second")
    assert "now runs for" in texts(office.shown)
    assert office.last_operation.state is State.DONE
    assert office.happened() == ["payment_declined", "subscription_started"]


def test_a_link_that_could_not_be_mailed_is_to_be_passed_on(office: Office) -> None:
    """H31: in the answer and in the history."""
    office.refuses_mails()
    confirms(office, reviewed(office, payment_method="link"))
    assert "Please pass it on" in texts(office.shown)
    assert "https://checkout.stripe.example/cs_test_1" in texts(office.shown)
    assert "on its way" not in texts(office.shown)
    assert office.happened() == ["payment_link_sent", "link_not_mailed"]


def test_after_a_decline_a_link_can_be_sent(office: Office) -> None:
    """H30"""
    office.payments.fails.append(Declined("expired_card"))
    confirms(office, reviewed(office))
    confirms(office, open_view(office.shown, hash="h_declined"), payment_method="link")
    assert office.last_operation.state is State.WAITING
    assert len(office.mails) == 1


def test_a_declined_card_forged_into_the_second_try_is_still_checked(office: Office) -> None:
    """H31"""
    office.payments.fails.append(Declined("expired_card"))
    confirms(office, reviewed(office))
    confirms(office, open_view(office.shown, hash="h_declined"), payment_method=BENS_CARD)
    assert office.last_operation.reason.key == "ForeignPaymentMethod"
    assert not office.payments.started


def closed(office: Office) -> None:
    """The modal was closed before the result came."""
    office.slack.fails["views_update"].append(slack_error("not_found"))


def test_when_the_modal_was_closed_a_decline_comes_with_a_button_that_opens_the_form_again(office: Office) -> None:
    """H30"""
    office.payments.fails.append(Declined("expired_card"))
    view = reviewed(office, coupon="WELCOME20", start="2026-03-02")
    closed(office)
    confirms(office, view)
    [message] = office.slack.called("chat_postMessage")
    button = elements(message.arguments)["subscription.choose_method"]
    office.presses("subscription.choose_method", button["value"])
    assert office.shown["callback_id"] == "subscription.form"
    again = filled(office.shown)["state"]["values"]
    assert again["quantity"]["subscription.quantity"]["value"] == "3"
    assert again["coupon"]["subscription.coupon"]["value"] == "WELCOME20"


def test_when_the_modal_was_closed_a_changed_price_can_be_reviewed_again(office: Office) -> None:
    """H23"""
    view = reviewed(office)
    office.sells(coupons=(coupon("OTHER", percent="5"),), products=(marketing(month=5000),))
    closed(office)
    confirms(office, view)
    [message] = office.slack.called("chat_postMessage")
    button = elements(message.arguments)["subscription.review_again"]
    office.presses("subscription.review_again", button["value"])
    assert office.shown["callback_id"] == "subscription.form"


def test_a_start_that_passed_before_the_button_was_pressed_is_today(office: Office) -> None:
    """H21"""
    office.payments.fails.append(Declined("expired_card"))
    view = reviewed(office)
    closed(office)
    confirms(office, view)
    office.clock.goes_on(days=2)
    office.presses("subscription.choose_method", office.last_operation.id)
    assert elements(office.shown)["subscription.start"]["initial_date"] == "2026-03-04"


def test_a_button_with_a_forged_operation_is_answered(office: Office) -> None:
    with capture_logs():
        office.presses("subscription.choose_method", "op_forged")
    assert "Something went wrong" in texts(office.shown)


def test_a_decline_whose_customer_may_not_be_billed_any_more_says_that(office: Office) -> None:
    """GX3: what was asked for is not even allowed to be asked for again."""
    office.payments.fails.append(Declined("expired_card"))
    operation = office.accepts(office.confirmed(), reply_to='{"user":"U_SAM","view":"V1"}')
    office.walks(operation)
    office.knows(contact(account=Account(status=AccountStatus.CLOSED)), method())
    office.announcer.announce(operation)
    assert "is closed" in texts(office.shown)


def test_a_catalogue_that_stripe_does_not_know_names_the_admins(office: Office) -> None:
    """H12"""
    office.payments.fails.append(Misconfigured(price=PLUS_MONTH))
    confirms(office, reviewed(office))
    assert "The product list and Stripe do not agree" in texts(office.shown)
    assert "admins" in texts(office.shown)


@pytest.mark.parametrize("action_id", ["subscription.open_stripe"])
def test_a_button_with_an_address_needs_only_an_acknowledgement(office: Office, action_id: str) -> None:
    assert office.presses(action_id).body == ""
    assert not office.slack.calls


@pytest.mark.parametrize(("locale", "title"), [("en", "Subscription started"), ("de", "Abo gestartet")])
def test_the_whole_way_in_the_persons_language(office: Office, locale: str, title: str) -> None:
    person = actor(Role.SALES, user="U_LOCAL", locale=locale)
    office.hires(person)
    office.types("abo ada", person=person)
    reply = office.submits(open_view(office.shown), price=PLUS_MONTH, person=person)
    office.submits(open_view(reply.view, 2), person=person)
    office.works()
    assert office.shown["title"]["text"] == title


def test_the_history_names_who_did_it(office: Office) -> None:
    """H10"""
    confirms(office, reviewed(office))
    [entry] = office.rows.timeline
    assert (entry.by, entry.parameters["start"]) == ("Sam Sales", date(2026, 3, 2).isoformat())
