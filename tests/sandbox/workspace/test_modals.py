"""Modals: the stack, submissions and their answers, updates, closing."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from slack_bolt import BoltResponse

from tests.sandbox.workspace.counterpart import (
    SHORT,
    TOO_LATE,
    Pair,
    actions,
    button,
    field_of,
    modal,
    opens,
    plain,
    section,
)
from tests.support.person import NotAccepted, Person

TEXT = {"type": "plain_text_input"}
TROUBLE = "We had some trouble connecting. Try again?"


def answers(pair: Pair, **answer: Any) -> None:
    """The app answers the submission of the form like this."""
    pair.app.view("form")(lambda ack: ack(**answer))


def answers_exactly(pair: Pair, answer: Any) -> None:
    """The app's answer to a submission, past Bolt's own checks."""

    @pair.app.middleware
    def raw(body: Any, next: Any) -> Any:  # noqa: A002 - Bolt names its arguments
        if body.get("type") != "view_submission":
            return next()
        return BoltResponse(status=200, body=json.dumps(answer))


def pushes(pair: Pair) -> None:
    """The button pushes another view with a button."""

    @pair.app.action("go")
    def go(ack: Any, body: Any, client: Any) -> None:
        ack()
        client.views_push(trigger_id=body["trigger_id"], view=modal(section("Pushed"), actions(button())))


def test_a_submission_carries_the_view_and_closes_it_on_a_bare_ack(pair: Pair, mia: Person) -> None:
    opens(pair, modal(field_of("name", TEXT), private_metadata="kept", external_id="one"))
    answers(pair)
    mia.types("/billing")
    shown = mia.view
    assert shown is not None

    assert mia.submits({"name": "Ada"}).ok
    assert mia.view is None
    payload = pair.received[-1]
    assert payload["type"] == "view_submission"
    assert payload["user"] == {"id": mia.id, "username": "mia.brandt", "name": "mia.brandt", "team_id": "T07KONTOR01"}
    assert payload["team"] == {"id": "T07KONTOR01", "domain": "brightwell-sandbox"}
    assert payload["enterprise"] is None
    assert payload["is_enterprise_install"] is False
    assert payload["response_urls"] == []
    assert payload["trigger_id"]
    view = payload["view"]
    assert view["state"] == {"values": {"name": {"it": {"type": "plain_text_input", "value": "Ada"}}}}
    assert (view["id"], view["hash"], view["root_view_id"]) == (shown["id"], shown["hash"], shown["id"])
    assert view["previous_view_id"] is None
    assert (view["private_metadata"], view["external_id"], view["callback_id"]) == ("kept", "one", "form")
    assert {"app_id", "bot_id", "team_id", "app_installed_team_id"} <= view.keys()


def test_errors_stay_under_their_inputs_until_the_next_try(pair: Pair, mia: Person) -> None:
    opens(pair, modal(field_of("name", TEXT)))
    answers(pair, response_action="errors", errors={"name": "Nobody is called so"})
    mia.types("/billing")
    reply = mia.submits({"name": "X"})
    assert reply.errors == {"name": "Nobody is called so"}
    assert "Nobody is called so" in mia.text
    assert "X" in mia.text.splitlines()


def test_errors_for_blocks_that_are_no_inputs_are_refused(pair: Pair, mia: Person) -> None:
    opens(pair, modal(field_of("name", TEXT)))
    answers(pair, response_action="errors", errors={"nonsense": "?"})
    mia.types("/billing")
    assert mia.submits({"name": "X"}).error == TROUBLE
    assert "nonsense is no input block of this view" in pair.workspace.refused[0]["refused"]


def test_update_replaces_the_view_and_keeps_its_id(pair: Pair, mia: Person) -> None:
    opens(pair, modal(field_of("name", TEXT)))
    answers(pair, response_action="update", view=modal(section("Working ...")))
    mia.types("/billing")
    before = mia.view
    mia.submits({"name": "X"})
    after = mia.view
    assert before is not None
    assert after is not None
    assert after["id"] == before["id"]
    assert after["hash"] != before["hash"]
    assert "Working ..." in mia.text


def test_push_adds_and_closing_returns_to_the_view_below(pair: Pair, mia: Person) -> None:
    opens(pair, modal(field_of("name", TEXT)))
    answers(pair, response_action="push", view=modal(section("Second"), callback_id="second"))
    mia.types("/billing")
    mia.submits({"name": "X"})
    first, second = mia.views
    assert second["previous_view_id"] == first["id"] == second["root_view_id"]
    mia.closes()
    assert [view["id"] for view in mia.views] == [first["id"]]
    assert first["state"]["values"]["name"]["it"]["value"] == "X"


def test_clear_closes_the_whole_stack(pair: Pair, mia: Person) -> None:
    opens(pair, modal(section(), actions(button())))

    @pair.app.action("go")
    def go(ack: Any, body: Any, client: Any) -> None:
        ack()
        client.views_push(trigger_id=body["trigger_id"], view=modal(field_of("name", TEXT)))

    answers(pair, response_action="clear")
    mia.types("/billing")
    mia.presses("go")
    assert len(mia.views) == 2
    mia.submits({"name": "X"})
    assert mia.views == []


@pytest.mark.parametrize(
    "answer",
    [
        {"response_action": "update", "view": {"type": "modal", "title": {"type": "plain_text", "text": "x" * 25}}},
        {"response_action": "update", "view": {"type": "home", "blocks": [section()]}},
        {"response_action": "push"},
        {"response_action": "dance"},
        {"response_action": "errors", "errors": {}},
        {"text": "an answer that belongs to commands"},
    ],
)
def test_an_answer_slack_would_not_take_shows_as_trouble(pair: Pair, mia: Person, answer: Any) -> None:
    opens(pair, modal(field_of("name", TEXT)))
    answers_exactly(pair, answer)
    mia.types("/billing")
    assert mia.submits({"name": "X"}).error == TROUBLE
    assert TROUBLE in mia.text
    assert len(mia.views) == 1
    assert pair.workspace.refused[-1]["what"] == "view_submission form: answer refused"


def test_a_late_or_failed_ack_shows_as_trouble_and_the_modal_can_be_sent_again(pair_with: Any) -> None:
    pair = pair_with(timing=SHORT)
    opens(pair, modal(field_of("name", TEXT)))
    slow = [True]

    @pair.app.view("form")
    def form(ack: Any) -> None:
        if slow.pop() if slow else False:
            time.sleep(TOO_LATE)
        ack()

    mia = pair.workspace.person("agent")
    mia.types("/billing")
    reply = mia.submits({"name": "X"})
    assert (reply.status, reply.error) == (0, TROUBLE)
    assert mia.submits().ok
    assert mia.view is None


def test_a_double_click_sends_the_submission_twice_as_slack_may(pair: Pair, mia: Person) -> None:
    opens(pair, modal(field_of("name", TEXT)))
    both = threading.Barrier(2, timeout=5)

    @pair.app.view("form")
    def form(ack: Any) -> None:
        both.wait()
        ack()

    mia.types("/billing")
    with ThreadPoolExecutor(2) as clicks:
        replies = list(clicks.map(lambda _: mia.submits({"name": "X"}), range(2)))
    assert [reply.ok for reply in replies] == [True, True]
    sent = [payload["view"]["id"] for payload in pair.received if payload.get("type") == "view_submission"]
    assert len(sent) == 2
    assert len(set(sent)) == 1
    assert mia.views == []


def test_an_app_that_does_not_know_the_view_is_trouble_too(pair: Pair, mia: Person) -> None:
    opens(pair, modal(field_of("name", TEXT)))
    mia.types("/billing")
    assert mia.submits({"name": "X"}).error == TROUBLE


def test_a_stack_has_three_views(pair: Pair, mia: Person) -> None:
    opens(pair, modal(section(), actions(button())))
    pushes(pair)
    mia.types("/billing")
    mia.presses("go")
    mia.presses("go")
    assert len(mia.views) == 3
    mia.presses("go")
    assert len(mia.views) == 3
    assert [entry["refused"] for entry in pair.workspace.refused if entry["what"] == "views.push"] == [
        ["push_limit_reached"]
    ]


def test_a_push_without_an_open_modal_is_refused(pair: Pair, mia: Person) -> None:
    pair.app.command("/billing")(lambda ack: ack())
    mia.types("/billing")
    answer = pair.api("views.push", {"trigger_id": pair.received[0]["trigger_id"], "view": modal(section())})
    assert answer == {"ok": False, "error": "not_found"}


class TestUpdates:
    @pytest.fixture
    def shown(self, pair: Pair, mia: Person) -> Any:
        opens(pair, modal(field_of("name", TEXT), field_of("city", TEXT), external_id="ext-1"))
        mia.types("/billing")
        return mia.view

    def test_what_is_typed_stays_where_the_ids_stay(self, pair: Pair, mia: Person, shown: Any) -> None:
        mia.enters({"name": "Ada", "city": "London"})
        view = modal(field_of("name", TEXT), field_of("city2", TEXT))
        answer = pair.api("views.update", {"view_id": shown["id"], "view": view})
        assert answer["ok"] is True
        assert mia.view is not None
        values = mia.view["state"]["values"]
        assert values["name"]["it"]["value"] == "Ada"
        assert values["city2"]["it"]["value"] is None
        assert "city" not in values

    def test_a_stale_hash_is_refused(self, pair: Pair, shown: Any) -> None:
        update = {"view_id": shown["id"], "hash": shown["hash"], "view": modal(section("New"))}
        assert pair.api("views.update", update)["ok"] is True
        assert pair.api("views.update", update)["error"] == "hash_conflict"

    def test_by_external_id(self, pair: Pair, mia: Person, shown: Any) -> None:
        assert pair.api("views.update", {"external_id": "ext-1", "view": modal(section("New"))})["ok"] is True
        assert "New" in mia.text

    def test_an_external_id_is_unique(self, pair: Pair, priya: Person, shown: Any) -> None:
        priya.types("/billing")
        assert priya.views == []
        assert pair.workspace.refused[0]["refused"] == ["duplicate_external_id"]

    def test_a_closed_view_is_not_found(self, pair: Pair, mia: Person, shown: Any) -> None:
        mia.closes()
        answer = pair.api("views.update", {"view_id": shown["id"], "view": modal(section())})
        assert answer["error"] == "not_found"

    def test_one_of_the_ids_is_needed(self, pair: Pair, shown: Any) -> None:
        answer = pair.api("views.update", {"view": modal(section())})
        assert answer["response_metadata"]["messages"] == ["[ERROR] missing required field: view_id"]

    def test_a_modal_stays_a_modal(self, pair: Pair, shown: Any) -> None:
        home = {"type": "home", "blocks": [section()]}
        assert pair.api("views.update", {"view_id": shown["id"], "view": home})["error"] == "invalid_arguments"


class TestClosing:
    def test_the_app_hears_of_it_only_when_it_asked(self, pair: Pair, mia: Person) -> None:
        opens(pair, modal(section(), notify_on_close=True))
        pair.app.view_closed("form")(lambda ack: ack())
        mia.types("/billing")
        assert mia.closes().status == 200
        payload = pair.received[-1]
        assert (payload["type"], payload["is_cleared"]) == ("view_closed", False)
        assert payload["view"]["callback_id"] == "form"

    def test_a_quiet_view_closes_without_a_word(self, pair: Pair, mia: Person) -> None:
        opens(pair, modal(section()))
        mia.types("/billing")
        assert mia.closes().status is None
        assert mia.views == []
        assert len(pair.received) == 1

    def test_clear_on_close_takes_the_whole_stack(self, pair: Pair, mia: Person) -> None:
        opens(pair, modal(section(), actions(button())))

        @pair.app.action("go")
        def go(ack: Any, body: Any, client: Any) -> None:
            ack()
            client.views_push(trigger_id=body["trigger_id"], view=modal(section(), clear_on_close=True))

        mia.types("/billing")
        mia.presses("go")
        mia.closes()
        assert mia.views == []

    def test_all_at_once(self, pair: Pair, mia: Person) -> None:
        opens(pair, modal(section(), actions(button()), notify_on_close=True))
        pushes(pair)
        pair.app.view_closed("form")(lambda ack: ack())
        mia.types("/billing")
        mia.presses("go")
        mia.closes(everything=True)
        assert mia.views == []
        closed = [payload for payload in pair.received if payload.get("type") == "view_closed"]
        assert [payload["is_cleared"] for payload in closed] == [True]

    def test_nothing_open_nothing_to_close_or_submit(self, mia: Person) -> None:
        with pytest.raises(NotAccepted, match="no modal open"):
            mia.closes()
        with pytest.raises(NotAccepted, match="no modal open"):
            mia.submits()

    def test_a_modal_without_submit_cannot_be_submitted(self, pair: Pair, mia: Person) -> None:
        opens(pair, modal(section()))
        mia.types("/billing")
        with pytest.raises(NotAccepted, match="no submit button"):
            mia.submits()


class TestHome:
    def test_opening_it_sends_the_event_and_publishing_shows_it(self, pair: Pair, mia: Person, priya: Person) -> None:
        @pair.app.event("app_home_opened")
        def opened(event: Any, client: Any) -> None:
            client.views_publish(user_id=event["user"], view={"type": "home", "blocks": [section("Welcome")]})

        assert mia.opens_home().status == 200
        event = pair.received[0]
        assert (event["type"], event["event"]["tab"], event["event"]["user"]) == ("event_callback", "home", mia.id)
        assert event["authorizations"][0]["user_id"] == "U07KONTORBT"
        assert "view" not in event["event"]
        assert mia.home_text == "Welcome"
        assert priya.home is None
        mia.opens_home()
        assert pair.received[1]["event"]["view"]["id"] == mia.home["id"]  # type: ignore[index]

    def test_a_button_on_home_carries_its_view(self, pair: Pair, mia: Person) -> None:
        pair.client.views_publish(user_id=mia.id, view={"type": "home", "blocks": [actions(button(value="7"))]})
        pair.app.action("go")(lambda ack: ack())
        assert mia.presses("go").ok
        payload = pair.received[-1]
        assert payload["container"] == {"type": "view", "view_id": payload["view"]["id"]}
        assert payload["view"]["type"] == "home"
        assert "message" not in payload
        assert "response_url" not in payload

    def test_a_stale_hash_and_an_unknown_user_are_refused(self, pair: Pair, mia: Person) -> None:
        view = {"type": "home", "blocks": [section()]}
        published = pair.api("views.publish", {"user_id": mia.id, "view": view})
        again = {"user_id": mia.id, "view": view, "hash": published["view"]["hash"]}
        assert pair.api("views.publish", again)["ok"] is True
        assert pair.api("views.publish", again)["error"] == "hash_conflict"
        assert pair.api("views.publish", {"user_id": "U0NOBODY", "view": view})["error"] == "user_not_found"
        assert pair.api("views.publish", {"user_id": mia.id, "view": modal(section())})["ok"] is False


def test_a_view_that_breaks_limits_is_refused_with_every_pointer(pair: Pair, mia: Person) -> None:
    pair.app.command("/billing")(lambda ack: ack())
    mia.types("/billing")
    view = modal(section("x" * 3001), section(""))
    view["title"] = plain("A title that is longer than it may be")
    answer = pair.api("views.open", {"trigger_id": pair.received[0]["trigger_id"], "view": view})
    assert answer["error"] == "invalid_arguments"
    assert answer["response_metadata"]["messages"] == [
        "[ERROR] must be less than 25 characters [json-pointer:/view/title/text]",
        "[ERROR] must be less than 3001 characters [json-pointer:/view/blocks/0/text/text]",
        "[ERROR] must be more than 0 characters [json-pointer:/view/blocks/1/text/text]",
    ]
    # The refused call has not used the trigger up.
    answer = pair.api("views.open", {"trigger_id": pair.received[0]["trigger_id"], "view": modal(section())})
    assert answer["ok"] is True
