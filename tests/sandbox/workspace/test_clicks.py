"""Buttons, menus, pickers and options, in messages and views."""

from __future__ import annotations

import time
from typing import Any

import pytest
import requests

from tests.sandbox.workspace.counterpart import (
    SHORT,
    TOO_LATE,
    Pair,
    actions,
    button,
    field_of,
    manifest,
    modal,
    opens,
    option,
    plain,
    records,
    section,
)
from tests.support.person import NotAccepted, Person

Json = dict[str, Any]
CONFIRM = {"title": plain("Sure?"), "text": plain("It cannot be undone."), "confirm": plain("Yes"), "deny": plain("No")}


def post(pair: Pair, *blocks: Json, channel: str = "C07SALES000", **more: Any) -> Json:
    """A message of the app, as seen by Priya."""
    answer = pair.client.chat_postMessage(channel=channel, text="A message", blocks=list(blocks), **more)
    messages = pair.workspace.person("manager").messages
    return next(message for message in messages if message["ts"] == answer["ts"])


def test_a_button_in_a_message(pair: Pair, priya: Person) -> None:
    message = post(pair, actions(button(value="42", style="primary")))
    pair.app.action("go")(lambda ack: ack())

    assert priya.presses("go", message=message).ok
    payload = pair.received[0]
    assert payload["container"] == {
        "type": "message",
        "message_ts": message["ts"],
        "channel_id": "C07SALES000",
        "is_ephemeral": False,
    }
    assert payload["channel"] == {"id": "C07SALES000", "name": "sales"}
    assert payload["message"]["blocks"] == message["blocks"]
    assert payload["message"]["bot_id"] == "B07KONTOR01"
    assert payload["state"] == {"values": {}}
    (action,) = payload["actions"]
    assert action.pop("action_ts")
    assert action == {
        "type": "button",
        "action_id": "go",
        "block_id": "buttons",
        "text": {"type": "plain_text", "text": "Go", "emoji": True},
        "value": "42",
        "style": "primary",
    }


def test_the_response_url_of_a_button_replaces_or_deletes_its_message(pair: Pair, priya: Person) -> None:
    pair.app.action("go")(lambda ack: ack())
    message = post(pair, actions(button()))
    priya.presses("go", message=message)
    url = pair.received[0]["response_url"]

    requests.post(url, json={"text": "Decided", "replace_original": True}, timeout=5)
    replaced = next(m for m in priya.messages if m["ts"] == message["ts"])
    assert replaced["text"] == "Decided"
    assert "blocks" not in replaced
    requests.post(url, json={"delete_original": True}, timeout=5)
    assert message["ts"] not in [m["ts"] for m in priya.messages]


def test_a_button_in_an_ephemeral_message_has_no_message_and_can_replace_it(pair: Pair, priya: Person) -> None:
    pair.client.chat_postEphemeral(channel="C07SALES000", user=priya.id, text="x", blocks=[actions(button())])
    pair.app.action("go")(lambda ack: ack())
    message = priya.messages[-1]
    priya.presses("go", message=message)
    assert pair.received[0]["container"]["is_ephemeral"] is True
    assert "message" not in pair.received[0]
    requests.post(pair.received[0]["response_url"], json={"text": "New", "replace_original": True}, timeout=5)
    assert priya.messages[-1]["text"] == "New"
    assert priya.messages[-1]["ts"] == message["ts"]


def test_nobody_presses_what_they_cannot_see(pair: Pair, mia: Person) -> None:
    message = post(pair, actions(button()), channel="U07PRIYANAR")
    with pytest.raises(NotAccepted, match="cannot see directmessage"):
        mia.presses("go", message=message)


def test_a_removed_button_is_gone_but_an_outdated_screen_still_has_it(pair: Pair, priya: Person) -> None:
    pair.app.action("go")(lambda ack: ack())
    message = post(pair, actions(button(value="old")))
    pair.client.chat_update(channel=message["channel"], ts=message["ts"], text="Decided", blocks=[section("Decided")])
    with pytest.raises(NotAccepted, match="nothing with the action_id 'go'"):
        priya.presses("go", message=message)
    assert priya.presses("go", message=message, outdated=True).ok
    assert pair.received[0]["actions"][0]["value"] == "old"


def test_a_confirmation_is_asked_before_anything_is_sent(pair: Pair, priya: Person) -> None:
    pair.app.action("go")(lambda ack: ack())
    message = post(pair, actions(button(confirm=CONFIRM)))
    reply = priya.presses("go", message=message, confirmed=False)
    assert reply.status is None
    assert reply.confirm is not None
    assert reply.confirm["title"]["text"] == "Sure?"
    assert pair.received == []
    assert priya.presses("go", message=message).ok
    assert len(pair.received) == 1


def test_failures_of_clicks_are_visible(pair_with: Any) -> None:
    pair = pair_with(timing=SHORT)
    priya = pair.workspace.person("manager")
    message = post(pair, actions(button(), button("slow", value="s")))
    assert priya.presses("go", message=message).error == "This app responded with Status Code 404."

    @pair.app.action("slow")
    def slow(ack: Any) -> None:
        time.sleep(TOO_LATE)
        ack()

    reply = priya.presses("slow", message=message)
    assert (reply.status, reply.error) == (0, "Operation timed out. Apps need to respond within 3 seconds.")


def test_without_interactivity_in_the_manifest_nothing_is_sent(pair_with: Any) -> None:
    silent = manifest()
    silent["settings"]["interactivity"]["is_enabled"] = False
    pair = pair_with(manifest=silent)
    message = post(pair, actions(button()))
    reply = pair.workspace.person("manager").presses("go", message=message)
    assert (reply.status, reply.error) == (0, "This app is not configured to handle interactive responses.")
    assert pair.headers == []


def test_rows_with_the_same_action_are_told_apart_by_block_or_value(pair: Pair, priya: Person) -> None:
    pair.app.action("go")(lambda ack: ack())
    message = post(pair, *(actions(button(value=f"v{n}"), block_id=f"row{n}") for n in range(3)))
    with pytest.raises(NotAccepted, match="3 elements have the action_id"):
        priya.presses("go", message=message)
    priya.presses("go", message=message, block_id="row1")
    priya.presses("go", "v2", message=message)
    assert [payload["actions"][0]["value"] for payload in pair.received] == ["v1", "v2"]


A, B = option("Alpha", "a"), option("Beta", "b")
FILLED_A = {"text": {"type": "plain_text", "text": "Alpha", "emoji": True}, "value": "a"}


@pytest.mark.parametrize(
    ("element", "given", "expected"),
    [
        ({"type": "static_select", "options": [A, B]}, "a", {"selected_option": FILLED_A}),
        ({"type": "static_select", "options": [A, B]}, "Alpha", {"selected_option": FILLED_A}),
        ({"type": "radio_buttons", "options": [A, B]}, "a", {"selected_option": FILLED_A}),
        ({"type": "checkboxes", "options": [A, B]}, ["a"], {"selected_options": [FILLED_A]}),
        ({"type": "checkboxes", "options": [A, B]}, [], {"selected_options": []}),
        ({"type": "multi_static_select", "options": [A, B]}, ["a"], {"selected_options": [FILLED_A]}),
        ({"type": "overflow", "options": [A, B]}, "a", {"selected_option": FILLED_A}),
        ({"type": "datepicker"}, "2026-02-28", {"selected_date": "2026-02-28"}),
        ({"type": "timepicker"}, "13:45", {"selected_time": "13:45"}),
        ({"type": "datetimepicker"}, 1767225600, {"selected_date_time": 1767225600}),
        ({"type": "users_select"}, "manager", {"selected_user": "U07PRIYANAR"}),
        ({"type": "multi_users_select"}, ["U07PRIYANAR"], {"selected_users": ["U07PRIYANAR"]}),
        ({"type": "channels_select"}, "C07SALES000", {"selected_channel": "C07SALES000"}),
        ({"type": "conversations_select"}, "C07SALES000", {"selected_conversation": "C07SALES000"}),
    ],
)
def test_each_kind_of_choice_in_an_actions_block(
    pair: Pair, priya: Person, element: Json, given: Any, expected: Json
) -> None:
    pair.app.action("it")(lambda ack: ack())
    message = post(pair, actions({"action_id": "it", **element}))
    assert priya.presses("it", given, message=message).ok
    (action,) = pair.received[0]["actions"]
    assert expected.items() <= action.items()
    if element["type"] != "overflow":
        assert expected.items() <= pair.received[0]["state"]["values"]["buttons"]["it"].items()


def test_thumbs_and_the_bin_say_what_was_pressed(pair: Pair, priya: Person) -> None:
    records(pair, action="thumbs")
    pair.app.action("bin")(lambda ack: ack())
    thumbs = {
        "type": "feedback_buttons",
        "action_id": "thumbs",
        "positive_button": {"text": plain("Good"), "value": "up"},
        "negative_button": {"text": plain("Bad"), "value": "down"},
    }
    waste = {"type": "icon_button", "action_id": "bin", "icon": "trash", "text": plain("Delete"), "value": "7"}
    message = post(pair, {"type": "context_actions", "block_id": "below", "elements": [thumbs, waste]})
    priya.presses("thumbs", "down", message=message)
    priya.presses("bin", message=message)
    said = [(one["actions"][0]["text"]["text"], one["actions"][0]["value"]) for one in pair.received]
    assert said == [("Bad", "down"), ("Delete", "7")]
    with pytest.raises(NotAccepted, match="neither up nor down"):
        priya.presses("thumbs", "sideways", message=message)


def test_a_button_on_a_card_in_a_carousel(pair: Pair, priya: Person) -> None:
    records(pair, action="go")
    cards = [{"type": "card", "title": plain(n), "actions": [button(value=n)]} for n in ("1", "2")]
    message = post(pair, {"type": "carousel", "elements": cards})
    shown = message["blocks"][0]["elements"]
    assert len({card["block_id"] for card in shown}) == 2
    assert priya.presses("go", "2", message=message).ok
    assert pair.received[0]["actions"][0]["block_id"] == shown[1]["block_id"]


def test_a_workflow_button_is_none_of_the_app_s(pair: Pair, priya: Person) -> None:
    workflow = {"trigger": {"url": "https://slack.com/shortcuts/Ft1/abc"}}
    run = {"type": "workflow_button", "action_id": "run", "text": plain("Run"), "workflow": workflow}
    message = post(pair, actions(run))
    with pytest.raises(NotAccepted, match="workflow"):
        priya.presses("run", message=message)


@pytest.mark.parametrize(
    ("element", "given"),
    [
        ({"type": "datetimepicker"}, "tomorrow"),
        ({"type": "channels_select"}, "C07APPROVAL"),  # private
        ({"type": "channels_select"}, "C0NOWHERE"),
        ({"type": "conversations_select"}, "C0NOWHERE"),
        ({"type": "static_select", "options": [A, B]}, "c"),
        ({"type": "overflow", "options": [A, B]}, "c"),
        ({"type": "datepicker"}, "2026-02-30"),
        ({"type": "timepicker"}, "25:00"),
        ({"type": "users_select"}, "U0NOBODY"),
        ({"type": "multi_static_select", "options": [A, B], "max_selected_items": 1}, ["a", "b"]),
        ({"type": "external_select"}, "never-offered"),
    ],
)
def test_what_a_person_cannot_choose_is_not_sent(pair: Pair, priya: Person, element: Json, given: Any) -> None:
    message = post(pair, actions({"action_id": "it", **element}))
    with pytest.raises(NotAccepted):
        priya.presses("it", given, message=message)
    assert pair.received == []


class TestInputsInModals:
    def test_an_input_sends_nothing_until_the_modal_is_submitted(self, pair: Pair, mia: Person) -> None:
        opens(pair, modal(field_of("date", {"type": "datepicker"})))
        mia.types("/billing")
        assert mia.presses("it", "2026-03-01").status is None
        assert len(pair.received) == 1
        assert mia.view is not None
        assert mia.view["state"]["values"]["date"]["it"]["selected_date"] == "2026-03-01"

    def test_a_dispatching_input_sends_an_action_with_the_views_state(self, pair: Pair, mia: Person) -> None:
        select = {"type": "static_select", "options": [A, B]}
        opens(
            pair, modal(field_of("plan", select, dispatch_action=True), field_of("name", {"type": "plain_text_input"}))
        )
        pair.app.action("it")(lambda ack: ack())
        mia.types("/billing")
        mia.enters({"name": "Ada"})
        assert mia.presses("it", "a", block_id="plan").ok
        payload = pair.received[-1]
        assert payload["container"] == {"type": "view", "view_id": payload["view"]["id"]}
        values = payload["view"]["state"]["values"]
        assert values["plan"]["it"]["selected_option"] == FILLED_A
        assert values["name"]["it"]["value"] == "Ada"
        assert "response_url" not in payload


class TestOptions:
    """External selects ask the app; only what it offered can be chosen."""

    @pytest.fixture
    def finder(self, pair: Pair, mia: Person) -> None:
        opens(pair, modal(field_of("contact", {"type": "external_select", "min_query_length": 2})))
        pair.app.view("form")(lambda ack: ack())
        mia.types("/billing")

    def test_the_query_reaches_the_app_and_an_offered_option_can_be_submitted(
        self, pair: Pair, mia: Person, finder: None
    ) -> None:
        pair.app.options("it")(lambda ack, payload: ack(options=[option(payload["value"].title(), "c1")]))
        assert mia.options("contact", "ada") == [option("Ada", "c1")]
        payload = pair.received[-1]
        assert (payload["type"], payload["value"]) == ("block_suggestion", "ada")
        assert (payload["action_id"], payload["block_id"]) == ("it", "contact")
        assert payload["container"]["view_id"] == payload["view"]["id"]

        with pytest.raises(NotAccepted, match="'c2' is none of the options"):
            mia.submits({"contact": "c2"})
        assert mia.submits({"contact": "c1"}).ok
        state = pair.received[-1]["view"]["state"]["values"]["contact"]["it"]
        assert state == {"type": "external_select", "selected_option": option("Ada", "c1")}

    def test_too_short_a_query_asks_nobody(self, pair: Pair, mia: Person, finder: None) -> None:
        assert mia.options("contact", "a") == []
        assert len(pair.received) == 1

    def test_groups(self, pair: Pair, mia: Person, finder: None) -> None:
        groups = [{"label": plain("Companies"), "options": [A]}, {"label": plain("People"), "options": [B]}]
        pair.app.options("it")(lambda ack: ack(option_groups=groups))
        assert [found["value"] for found in mia.options("contact", "xy")] == ["a", "b"]
        assert mia.picks("contact", "xy") == "a"

    @pytest.mark.parametrize(
        ("offered", "pointer"),
        [
            ([option("x" * 76, "v")], "/options/0/text/text"),
            ([option("x", "v" * 151)], "/options/0/value"),
            ([option("x", str(n)) for n in range(101)], "/options"),
            ([{"text": {"type": "mrkdwn", "text": "*x*"}, "value": "v"}], "/options/0/text/type"),
        ],
    )
    def test_an_answer_that_breaks_limits_is_refused(
        self, pair: Pair, mia: Person, finder: None, offered: Any, pointer: str
    ) -> None:
        pair.app.options("it")(lambda ack: ack(options=offered))
        assert mia.options("contact", "xy") == []
        assert f"[json-pointer:{pointer}]" in pair.workspace.refused[0]["refused"][0]

    def test_a_failure_says_so(self, pair: Pair, mia: Person, finder: None) -> None:
        answer = pair.workspace.get(f"/control/people/{mia.id}/options", block_id="contact", query="xy")
        assert (answer["status"], answer["options"]) == (404, [])
        assert answer["error"]

    def test_channels_are_offered_as_the_menu_says(self, pair: Pair, mia: Person) -> None:
        menus = {
            "channels_select": {},
            "conversations_select": {},
            "multi_conversations_select": {"filter": {"include": ["private"]}},
        }
        opens(pair, modal(*(field_of(kind, {"type": kind, **more}) for kind, more in menus.items())))
        mia.types("/billing")
        offered = {kind: [one["text"]["text"] for one in mia.options(kind)] for kind in menus}
        assert offered["channels_select"] == ["general", "support", "sales", "random"]
        assert set(offered["conversations_select"]) == {
            *offered["channels_select"],
            "billing-approvals",
            "directmessage",
        }
        assert offered["multi_conversations_select"] == ["billing-approvals"]

    def test_people_and_static_options_come_from_the_workspace(self, pair: Pair, mia: Person) -> None:
        select = {"type": "static_select", "options": [A, B]}
        opens(pair, modal(field_of("user", {"type": "users_select"}), field_of("plan", select)))
        mia.types("/billing")
        assert [found["value"] for found in mia.options("user", "priya")] == ["U07PRIYANAR"]
        assert [found["value"] for found in mia.options("plan", "bet")] == ["b"]
        assert len(pair.received) == 1
