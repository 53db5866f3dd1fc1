"""Slash commands, shortcuts, their answers and failures."""

from __future__ import annotations

import time
from typing import Any

import pytest
import requests

from tests.sandbox.workspace.counterpart import SHORT, TOO_LATE, Pair, manifest, modal, section
from tests.support.person import NotAccepted, Person

COMMAND_FIELDS = {
    "token",
    "team_id",
    "team_domain",
    "channel_id",
    "channel_name",
    "user_id",
    "user_name",
    "command",
    "text",
    "api_app_id",
    "is_enterprise_install",
    "response_url",
    "trigger_id",
}


def test_a_command_arrives_with_all_fields_and_its_answer_is_seen_by_this_person_only(
    pair: Pair, mia: Person, priya: Person
) -> None:
    @pair.app.command("/billing")
    def billing(ack: Any, command: Any) -> None:
        ack(f"You typed {command['text']}")

    reply = mia.types("/billing  ada@example.com ", channel="#support")

    assert reply.ok
    assert set(pair.received[0]) == COMMAND_FIELDS
    assert pair.received[0]["text"] == "ada@example.com"
    assert pair.received[0]["channel_name"] == "support"
    assert mia.messages[-1]["text"] == "You typed ada@example.com"
    assert mia.messages[-1]["is_ephemeral"] is True
    assert "You typed ada@example.com" not in [message["text"] for message in priya.messages]


def test_an_answer_in_channel_is_seen_by_everybody(pair: Pair, mia: Person, priya: Person) -> None:
    @pair.app.command("/billing")
    def billing(ack: Any) -> None:
        ack(response_type="in_channel", text="Done", blocks=[section("*Done*")])

    mia.types("/billing", channel="#support")
    assert priya.messages[-1]["blocks"][0]["text"]["text"] == "*Done*"
    assert "is_ephemeral" not in priya.messages[-1]


def test_private_channels_and_direct_messages_have_their_kind_as_name(pair: Pair, mia: Person) -> None:
    pair.app.command("/billing")(lambda ack: ack())
    mia.types("/billing", channel="#billing-approvals")
    mia.types("/billing")
    assert [command["channel_name"] for command in pair.received] == ["privategroup", "directmessage"]


def test_an_answer_that_breaks_a_limit_is_refused_and_logged(pair: Pair, mia: Person) -> None:
    @pair.app.command("/billing")
    def billing(ack: Any) -> None:
        ack(text="x", blocks=[section("y" * 3001)])

    reply = mia.types("/billing")
    assert reply.error == '/billing failed with the error "invalid_blocks"'
    assert "[json-pointer:/blocks/0/text/text]" in pair.workspace.refused[0]["refused"][1]


def test_a_late_ack_is_a_visible_failure(pair_with: Any) -> None:
    pair = pair_with(timing=SHORT)

    @pair.app.command("/billing")
    def billing(ack: Any) -> None:
        time.sleep(TOO_LATE)
        ack()

    mia = pair.workspace.person("agent")
    reply = mia.types("/billing")
    assert (reply.status, reply.error) == (0, '/billing failed with the error "operation_timeout"')
    assert mia.messages[-1]["text"] == reply.error
    assert mia.messages[-1]["username"] == "Slackbot"
    assert pair.workspace.refused[0]["refused"] == ["http_timeout"]


def test_an_app_that_answers_with_an_error_or_not_at_all_is_a_visible_failure(pair: Pair, mia: Person) -> None:
    reply = mia.types("/billing")  # nobody listens: Bolt answers 404
    assert (reply.status, reply.error) == (404, '/billing failed with the error "dispatch_failed"')


def test_an_unknown_command_does_not_reach_the_app(pair: Pair, mia: Person) -> None:
    with pytest.raises(NotAccepted, match="/nonsense is not a valid command"):
        mia.types("/nonsense")
    assert pair.received == []


def test_requests_are_signed_so_that_bolt_accepts_them_and_a_wrong_secret_does_not_pass(pair_with: Any) -> None:
    pair = pair_with(signing_secret="another-secret")
    pair.app.command("/billing")(lambda ack: ack())
    assert pair.workspace.person("agent").types("/billing").status == 401


def test_a_message_shortcut_carries_the_message(pair: Pair, mia: Person) -> None:
    pair.app.shortcut("bill_customer")(lambda ack: ack())
    message = pair.workspace.says("sales", "#support", "Invoice for ada@lovelace.example please")

    assert mia.shortcut("bill_customer", message).ok
    payload = pair.received[0]
    assert payload["type"] == "message_action"
    assert payload["message"]["text"] == "Invoice for <mailto:ada@lovelace.example|ada@lovelace.example> please"
    assert payload["message_ts"] == message["ts"]
    assert payload["channel"] == {"id": message["channel"], "name": "support"}
    assert payload["response_url"].startswith("http://127.0.0.1:")
    assert payload["trigger_id"]


def test_a_global_shortcut_has_no_channel(pair: Pair, mia: Person) -> None:
    pair.app.shortcut("new")(lambda ack: ack())
    assert mia.shortcut("new").ok
    assert pair.received[0]["type"] == "shortcut"
    assert "channel" not in pair.received[0]


def test_shortcuts_are_used_where_they_belong(pair: Pair, mia: Person) -> None:
    message = pair.workspace.says("sales", "#support", "Hello")
    with pytest.raises(NotAccepted, match="new is a global shortcut"):
        mia.shortcut("new", message)
    with pytest.raises(NotAccepted, match="bill_customer is a message shortcut"):
        mia.shortcut("bill_customer")
    with pytest.raises(NotAccepted, match="no shortcut 'other'"):
        mia.shortcut("other")


def test_a_guest_cannot_see_other_channels(pair: Pair) -> None:
    ray = pair.workspace.person("ray.okafor")
    channels = pair.workspace.get("/control/channels", user=ray.id)["channels"]
    assert [channel["name"] for channel in channels] == ["support", "directmessage"]
    with pytest.raises(NotAccepted, match="cannot see general"):
        ray.types("/billing", channel="#general")


class TestLateAnswers:
    """response_url: five uses in thirty minutes."""

    @pytest.fixture
    def url(self, pair: Pair, mia: Person) -> str:
        pair.app.command("/billing")(lambda ack: ack())
        mia.types("/billing", channel="#sales")
        return pair.received[0]["response_url"]

    def test_it_takes_five_answers(self, url: str, mia: Person, priya: Person) -> None:
        before = len(priya.messages)
        answers = [requests.post(url, json={"text": f"Answer {n}"}, timeout=5) for n in range(6)]
        assert [answer.status_code for answer in answers] == [200] * 5 + [404]
        assert answers[-1].json() == {"ok": False, "error": "used_url"}
        assert [message["text"] for message in mia.messages[-5:]] == [f"Answer {n}" for n in range(5)]
        assert len(priya.messages) == before

    def test_in_channel_is_for_everybody(self, url: str, priya: Person) -> None:
        requests.post(url, json={"text": "For all", "response_type": "in_channel"}, timeout=5)
        assert priya.messages[-1]["text"] == "For all"

    def test_blocks_are_checked(self, pair: Pair, url: str) -> None:
        answer = requests.post(url, json={"blocks": [{"type": "section"}]}, timeout=5)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_blocks")
        assert requests.post(url, data="nonsense", timeout=5).json()["error"] == "invalid_payload"
        assert requests.post(url, json={}, timeout=5).json()["error"] == "no_text"

    def test_it_expires(self, pair_with: Any) -> None:
        pair = pair_with(timing=SHORT)
        pair.app.command("/billing")(lambda ack: ack())
        pair.workspace.person("agent").types("/billing")
        time.sleep(0.6)
        answer = requests.post(pair.received[0]["response_url"], json={"text": "Too late"}, timeout=5)
        assert (answer.status_code, answer.json()["error"]) == (404, "expired_url")


def test_messages_of_people_reach_an_app_that_subscribed(pair_with: Any) -> None:
    scopes = ("im:history", "channels:history", "app_mentions:read")
    pair = pair_with(manifest=manifest(*scopes, events=("message.im", "message.channels", "app_mention")))
    pair.app.event("message")(lambda ack: ack())
    pair.app.event("app_mention")(lambda ack: ack())
    mia = pair.workspace.person("agent")

    mia.types("Hello there")
    mia.types("Hi <@U07KONTORBT>", channel="#support")
    mia.types("not for the bot", channel="#general")
    events = [payload["event"] for payload in pair.received]
    assert [(event["type"], event.get("channel_type")) for event in events] == [
        ("message", "im"),
        ("message", "channel"),
        ("app_mention", None),
    ]


def test_a_modal_can_be_opened_only_within_three_seconds_and_once(pair_with: Any) -> None:
    pair = pair_with(timing=SHORT)
    pair.app.command("/billing")(lambda ack: ack())
    mia = pair.workspace.person("agent")
    mia.types("/billing")
    mia.types("/billing")
    first, second = (command["trigger_id"] for command in pair.received)
    view = modal(section())

    assert pair.api("views.open", {"trigger_id": first, "view": view})["ok"] is True
    assert pair.api("views.open", {"trigger_id": first, "view": view})["error"] == "exchanged_trigger_id"
    time.sleep(TOO_LATE)
    assert pair.api("views.open", {"trigger_id": second, "view": view})["error"] == "expired_trigger_id"
    assert pair.api("views.open", {"trigger_id": "1.2.abc", "view": view})["error"] == "invalid_trigger_id"
