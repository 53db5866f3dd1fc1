"""Telling people what came of an operation: once, in the modal or by direct message, in their language."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from http.client import IncompleteRead
from typing import Any
from urllib.error import URLError

import pytest
from structlog.testing import capture_logs

from billing.errors import Declined, NotFound, Transient
from billing.ids import OperationId
from billing.operations import State
from billing.roles import Role
from handlers.payloads import ReplyTo
from tests.support.office import Office
from tests.support.shop import SAM, actor, contact, method
from tests.support.slack import elements, slack_error, texts

VIEW = ReplyTo(user=SAM.user, view="V1").model_dump_json()


@pytest.fixture
def office() -> Office:
    return Office()


def recorded(office: Office, *, reply_to: str = VIEW, person: Any = SAM, **changes: Any) -> OperationId:
    operation = office.accepts(office.confirmed(**changes), person=person, reply_to=reply_to)
    office.walks(operation)
    return operation


def test_the_result_is_in_the_modal(office: Office) -> None:
    assert office.announcer.announce(recorded(office)) == "view"
    [update] = office.slack.calls
    assert (update.method, update.arguments["view_id"]) == ("views_update", "V1")
    assert "Subscription started" in texts(update.arguments["view"])


def test_a_result_is_not_held_up_by_the_version_of_the_view(office: Office) -> None:
    """The waiting view has a hash that nobody told us."""
    office.announcer.announce(recorded(office))
    assert office.slack.calls[0].arguments["hash"] is None


@pytest.mark.parametrize("error", ["not_found", "view_not_found"])
def test_when_the_modal_was_closed_the_person_gets_a_direct_message(office: Office, error: str) -> None:
    office.slack.fails["views_update"].append(slack_error(error))
    with capture_logs() as logged:
        assert office.announcer.announce(recorded(office)) == "message"
    [message] = office.slack.calls
    assert message.arguments["channel"] == SAM.user
    assert "now runs for" in office.told[0]
    assert not logged


def test_when_slack_does_not_take_the_view_there_is_a_message_and_a_line_in_the_log(office: Office) -> None:
    office.slack.fails["views_update"].append(slack_error("invalid_blocks"))
    with capture_logs() as logged:
        assert office.announcer.announce(recorded(office)) == "message"
    assert [one["error"] for one in logged] == ["invalid_blocks"]


def test_without_a_view_there_is_a_message(office: Office) -> None:
    operation = recorded(office, reply_to=ReplyTo(user=SAM.user).model_dump_json())
    assert office.announcer.announce(operation) == "message"
    assert not office.slack.called("views_update")


@pytest.mark.parametrize(
    ("error", "retry_after"),
    [
        (slack_error("ratelimited", 429, retry_after="7"), 7),
        (slack_error("ratelimited", 429), None),
        (slack_error("internal_error"), None),
        (slack_error("service_unavailable", 503), None),
        (slack_error("Received a response in a non-JSON format", 502), None),
        (URLError("no route"), None),
        (TimeoutError(), None),
        (ConnectionResetError(), None),
        (IncompleteRead(b""), None),
    ],
    ids=repr,
)
@pytest.mark.parametrize("reply_to", [VIEW, ReplyTo(user=SAM.user).model_dump_json()], ids=["view", "message"])
def test_what_may_be_tried_again_is_tried_again_later(
    office: Office, reply_to: str, error: Exception, retry_after: float | None
) -> None:
    operation = recorded(office, reply_to=reply_to)
    method = "views_update" if "V1" in reply_to else "chat_postMessage"
    office.slack.fails[method].append(error)
    with pytest.raises(Transient) as busy:
        office.announcer.announce(operation)
    assert busy.value.retry_after == retry_after
    assert not office.slack.calls
    office.announcer.announce(operation)
    assert len(office.slack.calls) == 1


def test_a_message_that_slack_refuses_for_good_is_a_fault(office: Office) -> None:
    """Trying again would not help; the engine's log has it."""
    operation = recorded(office, reply_to=ReplyTo(user=SAM.user).model_dump_json())
    office.slack.fails["chat_postMessage"].append(slack_error("account_inactive"))
    with pytest.raises(Exception, match="account_inactive"):
        office.announcer.announce(operation)


def test_announcing_again_does_nothing_at_stripe(office: Office) -> None:
    operation = recorded(office)
    before, calls = office.rows.copied(), len(office.payments.calls)
    office.announcer.announce(operation)
    office.announcer.announce(operation)
    assert office.rows == before
    assert len(office.payments.calls) == calls


@pytest.mark.parametrize(("locale", "words"), [("en", "now runs for"), ("de", "läuft jetzt")])
def test_the_news_are_in_the_persons_language(office: Office, locale: str, words: str) -> None:
    person = actor(Role.SALES, user="U_LOCAL", locale=locale)
    office.hires(person)
    office.announcer.announce(recorded(office, person=person))
    assert words in texts(office.shown)
    assert ("€174.93" in texts(office.shown)) == (locale == "en")


# The waiting view


def test_the_result_waits_until_the_waiting_view_is_on_the_screen() -> None:
    """Slack shows the waiting view when our acknowledgement arrives, and would cover a result that was there before."""
    office = Office(settle_seconds=0.2)  # by its own clock, on a day long past
    operation = recorded(office)
    began = time.monotonic()
    office.announcer.announce(operation)
    assert 0.1 < time.monotonic() - began < 0.6


@pytest.mark.parametrize("reply_to", [VIEW, ReplyTo(user=SAM.user).model_dump_json()], ids=["old", "message"])
def test_an_older_operation_and_a_message_do_not_wait(reply_to: str) -> None:
    office = Office(settle_seconds=30)
    operation = recorded(office, reply_to=reply_to)
    office.clock.now += timedelta(minutes=1 if reply_to == VIEW else 0)
    began = time.monotonic()
    office.announcer.announce(operation)
    assert time.monotonic() - began < 5


def test_a_clock_that_runs_ahead_does_not_make_anybody_wait_longer() -> None:
    office = Office(settle_seconds=0.1)
    operation = recorded(office, payment_method="link")
    row = office.rows.operations[operation]
    office.rows.operations[operation] = row.model_copy(update={"created_at": datetime(2099, 1, 1, tzinfo=UTC)})
    began = time.monotonic()
    office.announcer.announce(operation)
    assert time.monotonic() - began < 2


# While Stripe does not answer


def test_when_stripe_does_not_answer_the_modal_says_so(office: Office) -> None:
    operation = office.accepts(office.confirmed(), reply_to=VIEW)
    office.announcer.delayed(operation)
    assert "Stripe does not answer at the moment" in texts(office.shown)


def test_without_a_modal_nobody_is_bothered_about_a_delay(office: Office) -> None:
    operation = office.accepts(office.confirmed(), reply_to=ReplyTo(user=SAM.user).model_dump_json())
    office.announcer.delayed(operation)
    assert not office.slack.calls


# Every end has its words


def test_a_decline_offers_the_other_ways_to_pay(office: Office) -> None:
    """H30"""
    office.knows(contact(), method(default=True), method("pm_second", last4="4444"))
    office.payments.fails.append(Declined("insufficient_funds"))
    office.announcer.announce(recorded(office))
    assert "not enough money" in texts(office.shown)
    options = elements(office.shown)["subscription.payment_method"]["options"]
    assert [one["value"] for one in options] == ["pm_second", "link"]


def test_what_broke_is_told_with_its_reference(office: Office) -> None:
    operation = office.accepts(office.confirmed(), reply_to=VIEW)
    office.steps.fail(operation, "a1b2c3")
    office.announcer.announce(operation)
    assert "a1b2c3" in texts(office.shown)


def test_who_lost_the_role_meanwhile_is_told_so_and_nothing_about_the_customer(office: Office) -> None:
    """H16"""
    operation = office.accepts(office.confirmed(), reply_to=VIEW)
    office.dismisses(SAM)
    assert office.walks(operation) is State.REFUSED
    office.announcer.announce(operation)
    assert "no role in Kontor" in texts(office.shown)
    assert "Ada" not in texts(office.shown)


def test_an_operation_of_nobody_is_a_fault(office: Office) -> None:
    operation = recorded(office)
    office.rows.people.clear()
    with pytest.raises(NotFound):
        office.announcer.announce(operation)


def test_an_answer_that_is_repeated_does_not_cover_what_the_person_went_on_to(office: Office) -> None:
    """Whoever was declined and then paid must not be asked to pay again."""
    declined = recorded(office)
    office.clock.goes_on(seconds=9)
    office.accepts(office.confirmed(quantity=7), reply_to=VIEW, key="another submission")
    assert office.announcer.announce(declined) == "seen"
    assert office.announcer.show_again(declined) == ""
    assert office.slack.calls == []


def test_a_result_that_the_waiting_view_may_have_covered_is_shown_again(office: Office) -> None:
    """Slack had no answer to the first submission, so it was pressed again just when the result came."""
    assert office.announcer.show_again(recorded(office)) == "view"
    [update] = office.slack.calls
    assert (update.method, update.arguments["view_id"]) == ("views_update", "V1")
    assert "Subscription started" in texts(update.arguments["view"])


def test_what_is_shown_again_is_shown_to_nobody_who_closed_the_modal(office: Office) -> None:
    """They have their direct message."""
    office.slack.fails["views_update"].append(slack_error("not_found"))
    office.announcer.show_again(recorded(office))
    assert not office.slack.called("chat_postMessage")


def test_while_an_operation_is_under_way_nothing_is_shown_again(office: Office) -> None:
    assert office.announcer.show_again(office.accepts(office.confirmed(), reply_to=VIEW)) == ""
    assert office.slack.calls == []
