"""A discount that is offered instead of a downgrade, as Slack sees it (HX17). Sam speaks with Ada, who has Mail Pro."""

from __future__ import annotations

import pytest

from billing.catalogue import ReasonCode
from billing.catalogue.policies import ChangePolicy, DiscountOffer
from billing.operations import State
from tests.support.office import Office
from tests.support.plans import ADMIN, CLERK, MAIL, PRIYA, PRO, SUB, customer, has, running
from tests.support.shop import ADA, actor, coupon
from tests.support.slack import Json, elements, filled, metadata, open_view, slack_error, texts

STAY = coupon("STAY20", percent="20")
OFFERS = (DiscountOffer(coupon="STAY20", reasons=(ReasonCode.TOO_EXPENSIVE,)),)


@pytest.fixture
def office() -> Office:
    made = Office(catalogue=MAIL)
    made.sells(coupons=(*MAIL.coupons, STAY), plan_changes=ChangePolicy(offers=OFFERS))
    who = customer(account={"plan": "mail/pro", "contact_limit": 1000, "seats": 3})
    return has(made, running((PRO, 1)), who=who)


def request_form(office: Office) -> Json:
    """Ada wants Mail Basic with 1,000 contacts."""
    office.types("plan ada")
    office.presses("plan_change.open", SUB, view=open_view(office.shown, 1))
    view = open_view(office.shown, 2)
    office.presses("plan_change.plan", "mail/basic", view=filled(view, plan="mail/basic"), chosen=True)
    reply = office.submits(open_view(office.shown, 2), **{"limit#mail/basic": "1000"})
    return open_view(reply.view, 3, id="V_REQUEST", hash="h_request")


def with_reason(office: Office, reason: str = "too_expensive", **given: str) -> Json:
    """The form after that reason was chosen in it."""
    view = filled(request_form(office), reason=reason, **given)
    office.presses("plan_change.reason", reason, view=view, chosen=True)
    return open_view(office.shown, 3, id="V_REQUEST", hash="h_reason")


def reviewed(office: Office) -> Json:
    """The offer's review, where the form was."""
    view = with_reason(office, remark="The season is over")
    office.presses("discount_offer.preview", "STAY20", view=filled(view, reason="too_expensive"))
    office.works()
    return open_view(office.shown, 3, id="V_REQUEST", hash="h_review")


def test_the_offer_is_shown_after_its_reason_was_chosen(office: Office) -> None:
    """HX17: before that, and for another reason, there is none; what was typed stays."""
    assert "discount_offer.preview" not in elements(request_form(office))
    view = with_reason(office, remark="The season is over")
    assert office.slack.calls[-1].method == "views_update"
    assert "STAY20" in texts(view)
    assert "Can be offered instead" in texts(view)
    assert elements(view)["discount_offer.preview"]["value"] == "STAY20"
    assert elements(view)["plan_change.reason"]["initial_option"]["value"] == "too_expensive"
    assert elements(view)["plan_change.remark"]["initial_value"] == "The season is over"
    assert metadata(view)["offered"] == "STAY20"
    assert "discount_offer.preview" not in elements(with_reason(office, "seasonal"))


def test_where_nothing_is_offered_the_reason_is_not_looked_at_before_the_end(office: Office) -> None:
    def dispatched() -> object:
        blocks = {block.get("block_id"): block for block in request_form(office)["blocks"]}
        return blocks["reason"].get("dispatch_action")

    assert dispatched()
    office.sells(plan_changes=ChangePolicy())
    assert not dispatched()


def test_look_at_the_offer_asks_stripe_and_shows_the_next_payment(office: Office) -> None:
    """49.00 less a fifth are 39.20."""
    view = reviewed(office)
    assert view["callback_id"] == "discount_offer.review"
    words = texts(view)
    for part in ("€49.00 → *€39.20*", "Mar 16, 2026", "STAY20", "Plan: Mail Pro → *Mail Basic*", "no request is filed"):
        assert part in words
    assert metadata(view) == {"contact": ADA, "preview": office.last_operation.id}
    assert office.payments.called("apply_coupon") == 0


def test_give_the_discount_gives_it_and_files_nothing(office: Office) -> None:
    """HX17"""
    reply = office.submits(reviewed(office))
    assert "on its way" in reply.text
    office.works()
    assert "Ada Lovelace has the discount STAY20" in texts(office.shown)
    assert "https://stripe.example/sub_ada" in str(elements(office.shown))
    assert office.happened() == ["offer_taken"]
    assert not office.rows.requests
    office.types("ada")
    assert "Discount STAY20 given instead of a downgrade of Mail Pro" in texts(office.shown)


def test_confirming_five_times_gives_one_discount(office: Office) -> None:
    """A double click, and Slack's retries."""
    view = reviewed(office)
    for _ in range(5):
        office.submits(view)
    office.works()
    assert office.payments.called("apply_coupon") == 1


def test_who_declines_goes_on_with_the_request_which_notes_it(office: Office) -> None:
    """HX17: from the review back to the form as it was filled in, and on the card for those who decide."""
    view = reviewed(office)
    office.presses("discount_offer.back", elements(view)["discount_offer.back"]["value"], view=view)
    assert office.shown["callback_id"] == "plan_change.request"
    assert elements(office.shown)["plan_change.remark"]["initial_value"] == "The season is over"
    again = open_view(office.shown, 3, id="V_REQUEST", hash="h_again")
    reply = office.submits(again, reason="too_expensive", remark="The season is over")
    assert "is filed" in reply.text
    [request] = office.rows.requests.values()
    assert request.offer_declined == "STAY20"
    office.works()
    cards = [one.arguments for one in office.slack.called("chat_postMessage")]
    assert any("discount STAY20" in texts(one["blocks"]) for one in cards)


def test_whoever_submits_at_once_sees_the_offer_before_the_request_is_filed(office: Office) -> None:
    reply = office.submits(request_form(office), reason="too_expensive")
    assert reply.body["response_action"] == "update"
    assert "Can be offered instead" in reply.text
    assert not office.rows.requests
    second = open_view(reply.view, 3, id="V_REQUEST", hash="h_second")
    assert "is filed" in office.submits(second, reason="too_expensive").text
    assert len(office.rows.requests) == 1


def test_an_offer_that_is_gone_by_now_leads_back_to_the_request(office: Office) -> None:
    """What was filled in is not lost."""
    view = filled(with_reason(office, remark="The season is over"), reason="too_expensive")
    office.sells(plan_changes=ChangePolicy())
    office.presses("discount_offer.preview", "STAY20", view=view)
    office.works()
    assert "no discount is offered to Ada Lovelace" in texts(office.shown)
    button = elements(office.shown)["discount_offer.back"]
    office.presses("discount_offer.back", button["value"], view=open_view(office.shown, 3, id="V_REQUEST"))
    assert office.shown["callback_id"] == "plan_change.request"
    assert elements(office.shown)["plan_change.remark"]["initial_value"] == "The season is over"


def test_a_review_that_is_too_old_leads_back_to_the_request(office: Office) -> None:
    view = reviewed(office)
    office.clock.goes_on(hours=2)
    office.submits(view)
    office.works()
    assert "No discount was given" in texts(office.shown)
    office.presses("discount_offer.back", elements(office.shown)["discount_offer.back"]["value"])
    assert office.shown["callback_id"] == "plan_change.request"


def test_another_reason_files_the_request_without_an_offer(office: Office) -> None:
    assert "is filed" in office.submits(with_reason(office, "seasonal"), reason="seasonal").text
    [request] = office.rows.requests.values()
    assert request.offer_declined is None


def test_when_the_modal_is_closed_review_and_result_come_as_direct_messages(office: Office) -> None:
    view = filled(with_reason(office), reason="too_expensive")
    office.presses("discount_offer.preview", "STAY20", view=view)
    office.slack.fails["views_update"].append(slack_error("not_found"))
    office.works()
    assert "The offer for Ada Lovelace can be reviewed" in office.told[-1]
    preview = elements(office.slack.called("chat_postMessage")[-1].arguments)["discount_offer.show_review"]["value"]
    office.presses("discount_offer.show_review", preview)
    assert office.shown["callback_id"] == "discount_offer.review"
    office.submits(open_view(office.shown, 1, id="V_NEW"))
    office.slack.fails["views_update"].append(slack_error("not_found"))
    office.works()
    assert "Ada Lovelace has the discount STAY20" in office.told[-1]


@pytest.mark.parametrize("button", ["discount_offer.show_review", "discount_offer.back"])
def test_the_review_of_somebody_else_is_not_shown(office: Office, button: str) -> None:
    """A button's value can be forged."""
    preview = metadata(reviewed(office))["preview"]
    office.presses(button, preview, person=PRIYA)
    assert office.shown["callback_id"] not in ("discount_offer.review", "plan_change.request")
    office.presses(button, "op_unknown")
    assert office.shown["callback_id"] not in ("discount_offer.review", "plan_change.request")


def test_somebody_without_a_role_gets_nothing(office: Office) -> None:
    view = reviewed(office)
    eve = actor(user="U_EVE", name="Eve")
    office.hires(eve)
    office.submits(view, person=eve)
    office.works()
    assert office.payments.called("apply_coupon") == 0


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [(ADMIN.email, CLERK.email, "may not change the plan"), (SUB, "sub_of_ben", "no running subscription")],
    ids=["requester", "subscription"],
)
def test_what_is_forged_into_the_form_is_refused(office: Office, before: str, after: str, said: str) -> None:
    """Everything in the metadata is checked against our rows."""
    view = filled(with_reason(office), reason="too_expensive")
    view["private_metadata"] = view["private_metadata"].replace(before, after)
    office.presses("discount_offer.preview", "STAY20", view=view)
    office.works()
    assert said in texts(office.shown)
    assert office.last_operation.state is State.REFUSED
    assert not office.payments.calls


def test_a_forged_reason_is_refused(office: Office) -> None:
    view = filled(with_reason(office), reason="because")
    office.presses("discount_offer.preview", "STAY20", view=view)
    assert "cannot be read" in texts(office.shown)
    assert not office.rows.operations


def test_a_stripe_that_does_not_answer_and_what_broke_are_told_of(office: Office) -> None:
    office.submits(reviewed(office))
    office.announcer.delayed(office.last_operation.id)
    assert "Stripe does not answer" in texts(office.shown)
    office.rows.jobs.clear()
    office.steps.fail(office.last_operation.id, "ref-1")
    office.announcer.announce(office.last_operation.id)
    assert "ref-1" in texts(office.shown)
