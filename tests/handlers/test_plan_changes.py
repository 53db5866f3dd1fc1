"""Changing a plan, as Slack sees it: the page, the form, the review, the request, and the answers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from billing.access import Actor
from billing.catalogue.policies import ChangePolicy
from billing.change_requests.model import RequestState
from billing.contacts import CustomerSnapshot
from billing.errors import Declined, Transient
from billing.ids import CustomerId, EventId, SubscriptionId
from billing.money import Money
from billing.operations import State
from billing.plan_changes import REVIEW_HOLDS, next_limit
from billing.ports import StripeEvent
from billing.roles import Role
from handlers.payloads import ReplyTo
from tests.support.office import Office, Reply
from tests.support.plans import ADMIN, CLERK, DESK, MAIL, PRIYA, PRO, SUB, customer, has, policy, running
from tests.support.shop import ADA, NOW, SAM, actor, method
from tests.support.slack import Json, elements, filled, metadata, open_view, slack_error, texts


@pytest.fixture
def office() -> Office:
    return has(Office(catalogue=MAIL), running())


def page(office: Office, depth: int = 1, person: Actor = SAM) -> Json:
    office.types("plan ada", person=person)
    return open_view(office.shown, depth)


def form(office: Office, depth: int = 2, plan: str | None = None, person: Actor = SAM) -> Json:
    """The form, open at that height of the stack, for what Ada has or for another plan."""
    office.presses("plan_change.open", SUB, view=page(office, person=person), person=person)
    view = open_view(office.shown, depth)
    if plan is None:
        return view
    office.presses("plan_change.plan", plan, view=filled(view, plan=plan), chosen=True, person=person)
    return open_view(office.shown, depth)


def reviewed(office: Office, **given: Any) -> Json:
    """The review of Mail Pro, where the form was."""
    reply = office.submits(open_view(form(office, plan="mail/pro"), 2, id="V_FORM", hash="h_form"), **given)
    assert not reply.errors, reply.errors
    office.works()
    return open_view(office.shown, 2, id="V_FORM", hash="h_review")


def confirms(office: Office, view: Json, **given: Any) -> Reply:
    reply = office.submits(view, **given)
    office.works()
    return reply


def inputs(view: Json) -> list[str]:
    return [block["block_id"] for block in view["blocks"] if block["type"] == "input"]


# The page


@pytest.mark.parametrize("typed", ["plan ada", "PLAN Ada", "tarif ada"])
def test_the_command_goes_straight_to_the_page(office: Office, typed: str) -> None:
    office.types(typed)
    assert office.shown["callback_id"] == "plan"
    assert metadata(office.shown) == {"contact": ADA, "subscription": SUB}
    words = texts(office.shown)
    assert "Mail Basic" in words
    assert "120 of 500" in words
    assert "€17.85 on Mar 16, 2026" in words
    assert "Ada Admin or Bea Buyer" in words


def test_the_command_without_a_name_opens_the_finder(office: Office) -> None:
    office.types("plan")
    assert office.shown["callback_id"] == "finder"


def test_the_card_has_a_button_to_the_page(office: Office) -> None:
    office.types("ada")
    office.presses("plan.open", ADA, view=open_view(office.shown, 1))
    assert (office.slack.calls[-1].method, office.shown["callback_id"]) == ("views_push", "plan")


def test_a_customer_without_a_plan_has_no_such_button_and_no_page(office: Office) -> None:
    has(office)
    office.types("ada")
    assert "plan.open" not in elements(office.shown)
    assert "no running subscription to a plan" in office.types("plan ada").text


def test_another_plan_of_the_customer_takes_the_place_of_the_one_shown(office: Office) -> None:
    """H33"""
    has(office, running(), running((DESK, 2), id=SubscriptionId("sub_desk")))
    office.presses("plan.other", "sub_desk", view=page(office), chosen=True)
    assert metadata(office.shown)["subscription"] == "sub_desk"
    assert "Desk Team" in texts(office.shown)


def test_a_forged_subscription_has_no_page(office: Office) -> None:
    office.presses("plan.other", "sub_of_ben", view=page(office), chosen=True)
    assert "no running subscription" in texts(office.shown)


def test_who_may_not_change_plans_sees_the_page_without_the_buttons(office: Office) -> None:
    """H16"""
    admin = actor(Role.ADMIN, user="U_ADMIN")
    office.hires(admin)
    shown = page(office, person=admin)
    assert "plan_change.open" not in elements(shown)
    assert "Who can change plans" in texts(shown)
    office.presses("plan_change.open", SUB, view=shown, person=admin)
    assert "Your role does not include: change plans" in texts(office.shown)


def test_a_scheduled_downgrade_can_be_kept_from_the_page(office: Office) -> None:
    """HX17: the open request is shown with its state; what handles the button is the request's own."""
    has(office, running((PRO, 1)), who=customer(account={"plan": "mail/pro"}))
    office.submits(open_view(to_request(office), 2), reason="seasonal")
    [request] = office.rows.requests.values()
    shown = page(office)
    assert "Open request: waiting for a decision" in texts(shown)
    assert "request.keep" not in elements(shown)
    office.rows.requests[request.id] = request.model_copy(update={"state": RequestState.SCHEDULED})
    button = elements(page(office))["request.keep"]
    assert button["value"] == request.id
    assert button["confirm"]["text"]["text"]


# The comparison


def test_plans_are_compared_side_by_side(office: Office) -> None:
    """A5"""
    office.presses("plan.compare", SUB, view=page(office))
    assert office.shown["callback_id"] == "plan.comparison"
    words = texts(office.shown)
    assert "*Mail Basic* (has now)" in words
    assert "➖ Automations" in words
    chosen = open_view(office.shown, 2)
    chosen["state"] = {
        "values": {"others": {"plan.compared": {"selected_options": [{"value": "desk/team"}, {"value": "mail/pro"}]}}}
    }
    office.presses("plan.compared", view=chosen)
    assert "✅ Shared inbox" in texts(office.shown)


def test_an_unknown_plan_in_a_forged_comparison_is_refused(office: Office) -> None:
    office.presses("plan.compare", SUB, view=page(office))
    forged = open_view(office.shown, 2)
    forged["state"] = {"values": {"others": {"plan.compared": {"selected_options": [{"value": "mail/gold"}]}}}}
    office.presses("plan.compared", view=forged)
    assert "This plan is not sold" in texts(office.shown)


# The switch


def test_raising_by_itself_is_switched_on_after_the_terms_and_off_again(office: Office) -> None:
    """AX5, K4"""
    assert "plan.raise" not in elements(page(office))
    office.sells(plan_changes=ChangePolicy(raise_by_itself="opt_in"))
    shown = page(office)
    assert "is bought at once" in elements(shown)["plan.raise"]["confirm"]["text"]["text"]
    office.presses("plan.raise", ADA, view=shown)
    assert office.rows.automatic_raises == {ADA: (SAM.team, SAM.user)}
    office.presses("plan.stop_raising", ADA, view=open_view(office.shown))
    assert office.rows.automatic_raises == {}
    assert "plan.raise" in elements(office.shown)


def test_an_old_page_cannot_switch_on_what_is_no_longer_offered(office: Office) -> None:
    office.presses("plan.raise", ADA, view=page(office))
    assert "does not offer it" in texts(office.shown)
    assert not office.rows.automatic_raises


# The form


def test_the_form_asks_who_and_what(office: Office) -> None:
    """A1, A8"""
    view = form(office)
    assert inputs(view) == ["requester", "plan", "limit#mail/basic", "seats#mail/basic"]
    people = elements(view)["plan_change.requester"]["options"]
    assert [one["value"] for one in people] == [ADMIN.email, "bea@engines.example", CLERK.email]
    assert elements(view)["plan_change.requester"]["initial_option"]["value"] == ADMIN.email


def test_another_plan_in_the_form_offers_what_belongs_to_it(office: Office) -> None:
    """A22: other block ids, because Slack keeps what was chosen in a block."""
    view = form(office, plan="mail/pro")
    assert inputs(view) == ["requester", "plan", "limit#mail/pro", "seats#mail/pro", "add_ons[reports]#mail/pro"]
    assert office.slack.calls[-1].method == "views_update"
    assert metadata(view)["wished"] == {"limit": 500, "seats": 1, "add_ons": {}}


@pytest.mark.parametrize(
    ("given", "block", "word"),
    [
        ({"requester": CLERK.email}, "requester", "Cyril Clerk may not"),
        ({"plan": "mail/gold"}, "plan", "not sold"),
        ({"plan": None}, "plan", "cannot be read"),
        ({"limit#mail/pro": "750"}, "limit#mail/pro", "1,000 and 2,500"),
        ({"seats#mail/pro": "99"}, "seats#mail/pro", "3 to 13"),
        ({"seats#mail/pro": "many"}, "seats#mail/pro", "cannot be read"),
        ({"add_ons[reports]#mail/pro": "2"}, "add_ons[reports]#mail/pro", "cannot be added"),
    ],
    ids=str,
)
def test_a_mistake_is_shown_at_its_field_and_the_form_stays(office: Office, given: Json, block: str, word: str) -> None:
    """A1, A10, A15, A20, A22"""
    reply = office.submits(form(office, plan="mail/pro"), **given)
    assert list(reply.errors) == [block]
    assert word in reply.errors[block]
    assert not office.rows.operations


def test_what_is_there_already_is_no_change(office: Office) -> None:
    assert "what Ada Lovelace has already" in office.submits(form(office)).errors["plan"]


def test_a_card_number_in_a_field_is_refused(office: Office) -> None:
    """SX8"""
    reply = office.submits(form(office, plan="mail/pro"), **{"seats#mail/pro": "4242424242424242"})
    assert "looks like a card number" in reply.text + str(reply.errors)
    assert not office.rows.operations


# Upwards


def test_continue_asks_for_the_price_and_shows_it(office: Office) -> None:
    """A16, AX14: the first confirmation; nothing is charged by it."""
    reply = office.submits(form(office, plan="mail/pro"))
    assert reply.body["response_action"] == "update"
    assert "price is being worked out" in reply.text
    office.works()
    assert office.shown["callback_id"] == "plan_change.review"
    assert office.shown["submit"]["text"] == "Confirm purchase"
    words = texts(office.shown)
    for part in ("Plan: Mail Basic → *Mail Pro*", "Contact limit: 500 → *1,000*", "*€10.00*", "✅ Automations", "Visa"):
        assert part in words
    assert office.payments.called("change_subscription") == 0


def test_confirm_purchase_changes_the_plan(office: Office) -> None:
    """A17, A23, A31: the second confirmation."""
    reply = confirms(office, reviewed(office))
    assert "on its way" in reply.text
    assert "The plan of Ada Lovelace is changed" in texts(office.shown)
    assert "https://stripe.example/sub_ada" in str(elements(office.shown))
    assert office.happened() == ["plan_changed"]


def test_add_ons_are_read_from_their_inputs(office: Office) -> None:
    """A20"""
    view = reviewed(office, **{"add_ons[reports]#mail/pro": "1", "limit#mail/pro": "2500"})
    assert "Reports: *added*" in texts(view)
    assert "Contact limit: 500 → *2,500*" in texts(view)


def test_confirming_five_times_charges_once(office: Office) -> None:
    """A double click, and Slack's retries."""
    view = reviewed(office)
    for _ in range(5):
        office.submits(view)
    office.works()
    assert office.payments.called("change_subscription") == 1


def test_nothing_of_the_review_can_be_forged_but_its_id(office: Office) -> None:
    view = reviewed(office)
    assert metadata(view) == {"contact": ADA, "preview": office.last_operation.id}
    confirms(office, open_view(view, 2, private_metadata='{"contact":"con_ada","preview":"op_of_somebody"}'))
    assert "Nothing was changed and nothing was charged" in texts(office.shown)
    assert office.payments.called("change_subscription") == 0


def test_an_old_review_leads_back_to_the_form_as_it_was_filled_in(office: Office) -> None:
    view = reviewed(office)
    office.clock.now += REVIEW_HOLDS * 2
    confirms(office, view)
    assert "please review again" in texts(office.shown)
    again = elements(office.shown)["plan_change.edit"]
    office.presses("plan_change.edit", again["value"], view=open_view(office.shown, 2))
    assert office.shown["callback_id"] == "plan_change.form"
    assert elements(office.shown)["plan_change.plan"]["initial_option"]["value"] == "mail/pro"


def test_the_selection_can_be_changed_from_the_review(office: Office) -> None:
    view = reviewed(office)
    office.presses("plan_change.edit", elements(view)["plan_change.edit"]["value"], view=view)
    assert elements(office.shown)["plan_change.limit"]["initial_option"]["value"] == "1000"


def test_the_selection_of_somebody_else_is_not_shown(office: Office) -> None:
    """A button's value can be forged."""
    view = reviewed(office)
    preview = elements(view)["plan_change.edit"]["value"]
    office.presses("plan_change.edit", preview, view=view, person=PRIYA)
    assert office.shown["callback_id"] != "plan_change.form"
    office.presses("plan_change.show_review", preview, person=PRIYA)
    assert office.shown["callback_id"] != "plan_change.review"


def test_a_declined_card_keeps_the_modal_and_another_one_can_be_chosen(office: Office) -> None:
    """H30"""
    has(office, running(), methods=(method(default=True), method("pm_other", last4="4444")))
    view = reviewed(office)
    office.payments.fails.append(Declined("insufficient_funds"))
    confirms(office, view)
    words = texts(office.shown)
    assert "not enough money" in words
    assert "Nothing was changed and nothing was charged" in words
    options = elements(office.shown)["plan_change.payment_method"]["options"]
    assert [one["value"] for one in options] == ["pm_other", "link"]
    retry = open_view(office.shown, 2, id="V_FORM", hash="h_declined")
    confirms(office, retry, payment_method="pm_other")
    assert "The plan of Ada Lovelace is changed" in texts(office.shown)
    assert "4444" in texts(office.shown)


def test_without_another_method_the_same_can_be_tried_again(office: Office) -> None:
    view = reviewed(office)
    office.payments.fails.append(Declined("insufficient_funds"))
    confirms(office, view)
    confirms(office, open_view(office.shown, 2, id="V_FORM", hash="h_declined"))
    assert "The plan of Ada Lovelace is changed" in texts(office.shown)


def test_without_another_method_and_without_an_address_the_decline_says_so(office: Office) -> None:
    """H30"""
    has(office, running(), who=customer(email=""))
    view = reviewed(office)
    office.payments.fails.append(Declined("insufficient_funds"))
    confirms(office, view)
    assert "no e-mail address to which a link could go" in texts(office.shown)
    assert "plan_change.payment_method" not in elements(office.shown)


def declined(office: Office) -> Json:
    """The modal after the bank said no."""
    view = reviewed(office)
    office.payments.fails.append(Declined("insufficient_funds"))
    confirms(office, view)
    return open_view(office.shown, 2, id="V_FORM", hash="h_declined")


def test_a_link_that_could_not_be_mailed_is_to_be_passed_on(office: Office) -> None:
    """H31: in the answer and in the history."""
    office.refuses_mails()
    confirms(office, declined(office), payment_method="link")
    assert "Please pass it on" in texts(office.shown)
    assert "https://checkout.stripe.example/cs_test_1" in texts(office.shown)
    assert "on its way" not in texts(office.shown)
    assert office.happened() == ["payment_declined", "payment_link_sent", "link_not_mailed"]


def test_after_a_decline_a_link_can_be_sent_and_the_change_waits_for_it(office: Office) -> None:
    """H30, H31: mailed to the customer, shown to pass it on, and on the card until it was used."""
    confirms(office, declined(office), payment_method="link")
    words = texts(office.shown)
    assert "The link is on its way to Ada Lovelace" in words
    assert "https://checkout.stripe.example/cs_test_1" in words
    assert "At most €10.00 is charged then" in words
    [mail] = office.mails
    plain = mail.get_body(("plain",)).get_content()
    assert mail["To"].addresses[0].addr_spec == "ada@engines.example"
    assert "https://checkout.stripe.example/cs_test_1" in plain
    assert "New plan: Mail Pro, up to 1,000 contacts, 3 seats" in plain
    assert "at most €10.00" in plain
    assert office.happened() == ["payment_declined", "payment_link_sent"]
    assert office.payments.called("change_subscription") == 1, "only the one that was declined"
    office.types("ada")
    assert "The change to *Mail Pro* is made when a payment method was added" in texts(office.shown)


def test_the_mail_with_the_link_is_in_the_customers_language(office: Office) -> None:
    has(office, running(), who=customer(language="de"))
    confirms(office, declined(office), payment_method="link")
    assert office.mails[0]["Subject"] == "Bitte hinterlegen Sie eine Zahlungsmethode für Ihren Tarifwechsel"


def session_is(office: Office, type_: str) -> None:
    """Stripe tells that the customer completed the page, or let it expire."""
    (waiting,) = (one for one in office.rows.operations.values() if one.state is State.WAITING)
    office.payments.snapshots[CustomerId("cus_ada")] = CustomerSnapshot(
        customer=CustomerId("cus_ada"),
        name="Ada Lovelace",
        email="ada@engines.example",
        phone="",
        currency="EUR",
        address=None,
        language=None,
        created_at=NOW,
        balance=Money.zero("EUR"),
        payment_methods=(method("pm_new", last4="4444"),),
        subscriptions=(office.payments.subscriptions[SUB],),
    )
    office.store.accept_event(
        StripeEvent(
            id=EventId(f"evt_{type_}"),
            type=f"checkout.session.{type_}",
            customer=CustomerId("cus_ada"),
            object_id="cs_test_1",
            created_at=NOW,
            payload=json.dumps({"metadata": {"operation": waiting.id}}),
        )
    )
    office.works()


def test_when_the_method_arrives_the_plan_is_changed_and_the_person_is_told(office: Office) -> None:
    """H31"""
    confirms(office, declined(office), payment_method="link")
    office.payments.methods["cs_test_1"] = method("pm_new", last4="4444")
    session_is(office, "completed")
    assert "The plan of Ada Lovelace is changed" in office.told[-1]
    assert "4444" in office.told[-1]
    assert office.rows.contacts[ADA].account.plan == "mail/pro"
    assert not [one for one in office.rows.operations.values() if one.state is State.WAITING]


def test_a_new_card_that_is_declined_is_told_with_the_ways_that_are_left(office: Office) -> None:
    """H30: the button leads to the other ways, and only who asked for it sees them."""
    confirms(office, declined(office), payment_method="link")
    office.payments.methods["cs_test_1"] = method("pm_new", last4="4444")
    office.payments.declines = "insufficient_funds"
    session_is(office, "completed")
    office.payments.declines = None
    assert "was refused" in office.told[-1]
    button = elements(office.slack.called("chat_postMessage")[-1].arguments)["plan_change.pay_otherwise"]
    office.presses("plan_change.pay_otherwise", button["value"], person=PRIYA)
    assert office.shown["callback_id"] != "plan_change.retry"
    office.presses("plan_change.pay_otherwise", button["value"])
    assert office.shown["callback_id"] == "plan_change.retry"
    options = elements(office.shown)["plan_change.payment_method"]["options"]
    assert [one["value"] for one in options] == ["pm_new", "link"]
    retry = open_view(office.shown, 1, id="V_RETRY", hash="h_retry")
    confirms(office, retry, payment_method="pm_new")
    assert "The plan of Ada Lovelace is changed" in texts(office.shown)


def test_a_link_that_was_not_used_is_told_and_nothing_changes(office: Office) -> None:
    """H31"""
    confirms(office, declined(office), payment_method="link")
    office.slack.fails["views_update"].append(slack_error("not_found"))  # the modal was closed long ago
    session_is(office, "expired")
    assert "did not use the payment link in time" in office.told[-1]
    assert "The plan stays as it is" in office.told[-1]
    assert office.rows.contacts[ADA].account.plan == "mail/basic"


def test_without_a_method_on_file_the_review_offers_the_link(office: Office) -> None:
    """H31"""
    office.rows.mirror[ADA] = office.rows.mirror[ADA].__class__(subscriptions=(running(),))
    view = reviewed(office)
    [option] = elements(view)["plan_change.payment_method"]["options"]
    assert option["value"] == "link"
    confirms(office, view, payment_method="link")
    assert "https://checkout.stripe.example/cs_test_1" in texts(office.shown)
    assert office.last_operation.state is State.WAITING


def test_with_neither_method_nor_address_the_review_cannot_be_confirmed(office: Office) -> None:
    """H31"""
    has(office, running(), who=customer(email=""))
    office.rows.mirror[ADA] = office.rows.mirror[ADA].__class__(subscriptions=(running(),))
    view = reviewed(office)
    assert "submit" not in view
    assert "no payment method on file" in texts(view)


def test_another_amount_than_was_reviewed_is_not_charged(office: Office) -> None:
    view = reviewed(office)
    office.payments.change_total = Money(amount=1100, currency="EUR")
    confirms(office, view)
    words = texts(office.shown)
    assert "€11.00" in words
    assert "€10.00" in words
    assert "plan_change.edit" in elements(office.shown)


def test_when_the_modal_is_closed_price_and_result_come_as_direct_messages(office: Office) -> None:
    view = form(office, plan="mail/pro")
    office.submits(view)
    office.slack.fails["views_update"].append(slack_error("not_found"))
    office.works()
    assert "can be reviewed" in office.told[-1]
    message = office.slack.called("chat_postMessage")[-1].arguments
    preview = elements(message)["plan_change.show_review"]["value"]
    office.presses("plan_change.show_review", preview)
    assert office.shown["callback_id"] == "plan_change.review"
    office.submits(open_view(office.shown, 1, id="V_NEW"))
    office.slack.fails["views_update"].append(slack_error("not_found"))
    office.works()
    assert "The plan of Ada Lovelace is changed" in office.told[-1]


def test_a_stripe_that_does_not_answer_is_told_of(office: Office) -> None:
    office.submits(reviewed(office))
    office.announcer.delayed(office.last_operation.id)
    assert "Stripe does not answer" in texts(office.shown)
    assert "Please do not ask for the change a second time" in texts(office.shown)


def test_something_that_broke_is_told_with_its_reference(office: Office) -> None:
    office.submits(reviewed(office))
    office.rows.jobs.clear()
    office.steps.fail(office.last_operation.id, "ref-1")
    office.announcer.announce(office.last_operation.id)
    assert "ref-1" in texts(office.shown)


def test_the_price_waits_for_nothing(office: Office) -> None:
    """Slack wants an answer in three seconds, whatever Stripe does."""
    office.payments.fails.append(Transient("Stripe: 503"))
    assert "worked out" in office.submits(form(office, plan="mail/pro")).text
    assert office.last_operation.state is State.ACCEPTED


def test_by_the_policy_a_lower_limit_is_planned(office: Office) -> None:
    """K3, AX3"""
    office.sells(plan_changes=policy(lower_limit="self_service").plan_changes)
    has(office, running((PRO, 1)), who=customer(account={"plan": "mail/pro", "contact_limit": 2500}))
    office.rows.mirror[ADA] = office.rows.mirror[ADA].__class__(
        methods=(method(default=True),),
        subscriptions=(running(("mail-pro-2500-month-eur", 1)),),  # type: ignore[arg-type]
    )
    office.payments.subscriptions[SUB] = office.rows.mirror[ADA].subscriptions[0]
    office.submits(form(office), **{"limit#mail/pro": "1000"})
    office.works()
    assert "Today nothing changes and nothing is charged" in texts(office.shown)
    assert office.shown["submit"]["text"] == "Confirm change"
    confirms(office, open_view(office.shown, 2, hash="h_review"))
    assert "planned for Mar 16, 2026" in texts(office.shown)
    shown = page(office)
    button = elements(shown)["plan.call_off"]
    assert button["confirm"]["text"]["text"]
    for _ in range(2):
        office.presses("plan.call_off", button["value"], view=shown)
    office.works()
    assert "is called off. The plan stays as it is" in texts(office.shown)
    assert office.payments.called("release_schedule") == 1
    assert "plan.call_off" not in elements(page(office))


def test_a_limit_that_rose_by_itself_is_told_to_who_agreed(office: Office) -> None:
    """AX5: first that it is reached, then what came of it."""
    office.rows.contacts[ADA] = customer(account={"active_contacts": 500})
    with office.store.reading(SAM) as uow:
        command = next_limit(uow, uow.contacts.get(ADA))
    office.accepts(command, key="raise", reply_to=ReplyTo(user=SAM.user).model_dump_json())
    office.works()
    reached, done = office.told
    assert "from 500 to 1,000" in reached
    assert "The plan of Ada Lovelace is changed" in done


# Downwards


def to_request(office: Office) -> Json:
    """Ada has Mail Pro and wants Mail Basic with 1,000 contacts: the request's form."""
    reply = office.submits(form(office, plan="mail/basic"), **{"limit#mail/basic": "1000"})
    assert not reply.errors, reply.errors
    return reply.view


@pytest.fixture
def pro(office: Office) -> Office:
    return has(office, running((PRO, 1)), who=customer(account={"plan": "mail/pro", "contact_limit": 1000, "seats": 3}))


@pytest.mark.parametrize(("depth", "how"), [(1, "push"), (2, "push"), (3, "update")])
def test_the_request_lies_on_the_form_or_takes_its_place(pro: Office, depth: int, how: str) -> None:
    """Slack lets three modals lie on each other."""
    view = open_view(form(pro, plan="mail/basic"), depth)
    assert pro.submits(view, **{"limit#mail/basic": "1000"}).body["response_action"] == how


def test_the_request_shows_what_is_lost_and_asks_why(pro: Office) -> None:
    """A4, A24, A26: 49.00 less 25.00 a month."""
    view = to_request(pro)
    assert inputs(view) == ["reason", "remark", "wished", "reply_to"]
    words = texts(view)
    for part in ("❌ Automations", "-€24.00 a month", "Priya Manager", "Mar 16, 2026"):
        assert part in words
    assert elements(view)["plan_change.reply_to"]["initial_value"] == ADMIN.email
    assert not pro.rows.requests


def test_submitting_it_files_the_request(pro: Office) -> None:
    """A27, A28"""
    reply = pro.submits(
        open_view(to_request(pro), 2), reason="too_expensive", remark="The budget was cut", wished="2026-04-01"
    )
    assert "The request for Ada Lovelace is filed" in reply.text
    assert "Priya Manager" in reply.text
    [request] = pro.rows.requests.values()
    assert (request.after.plan, request.after.limit, request.remark) == ("mail/basic", 1000, "The budget was cut")
    assert request.wished is not None
    assert request.wished.isoformat() == "2026-04-01"
    assert elements(reply.view)["request.open"]["value"] == request.id
    assert pro.happened() == ["request_filed"]
    assert not pro.rows.operations


def test_the_same_submission_twice_files_one_request(pro: Office) -> None:
    view = open_view(to_request(pro), 2)
    replies = [pro.submits(view, reason="seasonal") for _ in range(3)]
    assert all("is filed" in one.text for one in replies)
    assert len(pro.rows.requests) == 1


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"reason": None}, "reason"),
        ({"reason": "just because"}, "reason"),
        ({"reason": "other"}, "remark"),
        ({"reason": "seasonal", "reply_to": "nobody"}, "reply_to"),
        ({"reason": "seasonal", "wished": "soon"}, "wished"),
        ({"reason": "seasonal", "remark": "call 4242 4242 4242 4242"}, "remark"),
    ],
    ids=str,
)
def test_a_mistake_in_the_request_is_shown_at_its_field(pro: Office, given: Json, field: str) -> None:
    """HX17, SX8"""
    reply = pro.submits(open_view(to_request(pro), 2), **given)
    assert list(reply.errors) == [field]
    assert not pro.rows.requests


def test_a_second_request_is_refused_with_who_filed_the_first(pro: Office) -> None:
    view = open_view(to_request(pro), 2)
    pro.submits(view, reason="seasonal")
    reply = pro.submits(open_view(view, 2, hash="another"), reason="seasonal")
    assert "filed by Sam Sales" in reply.text
    assert len(pro.rows.requests) == 1


def test_a_forged_request_is_checked_like_any_other(pro: Office) -> None:
    """Everything in the metadata is assessed again: here a member without the right."""
    view = to_request(pro)
    forged = open_view(view, 2, private_metadata=view["private_metadata"].replace(ADMIN.email, CLERK.email))
    reply = pro.submits(forged, reason="seasonal")
    assert "may not change the plan" in reply.text
    assert not pro.rows.requests
