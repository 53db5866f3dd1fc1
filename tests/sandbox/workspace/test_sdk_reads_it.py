"""The official SDK's typed models and Bolt read everything that the workspace sends, and nothing is lost on the way."""

from __future__ import annotations

from typing import Any

import pytest
from slack_bolt import BoltRequest
from slack_bolt.request import payload_utils
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View, ViewStateValue

from tests.sandbox.workspace.counterpart import (
    Json,
    Pair,
    actions,
    button,
    field_of,
    manifest,
    modal,
    opens,
    option,
    records,
    section,
)
from tests.sandbox.workspace.test_more_blocks import RIGHT
from tests.support.person import Person

# Kinds of blocks that version 3.47 of the SDK has no class for.
UNKNOWN_TO_THE_SDK = {"data_table"}
# Of a rich_text_quote and of a rich_text_preformatted.
FIELDS_UNKNOWN_TO_THE_SDK = {"border", "language"}
# Slack's state of these inputs has a field that the SDK's ViewStateValue does not take.
STATES_UNKNOWN_TO_THE_SDK = {"datetimepicker", "file_input", "rich_text_input"}

OPTIONS = [option("Alpha", "a"), option("Beta", "b")]
EVERY_INPUT: dict[str, tuple[Json, Any]] = {
    "plain_text_input": ({}, "some words"),
    "email_text_input": ({}, "ada@example.com"),
    "url_text_input": ({}, "https://example.com"),
    "number_input": ({"is_decimal_allowed": True}, "2.5"),
    "static_select": ({"options": OPTIONS}, "a"),
    "external_select": ({"initial_option": OPTIONS[0]}, "a"),
    "users_select": ({}, "manager"),
    "channels_select": ({}, "#sales"),
    "conversations_select": ({}, "C07APPROVAL"),
    "multi_static_select": ({"options": OPTIONS}, ["a", "b"]),
    "multi_external_select": ({"initial_options": OPTIONS}, ["b"]),
    "multi_users_select": ({}, ["agent", "sales"]),
    "multi_channels_select": ({}, ["C07SALES000"]),
    "multi_conversations_select": ({}, ["C07SALES000", "C07APPROVAL"]),
    "radio_buttons": ({"options": OPTIONS}, "b"),
    "checkboxes": ({"options": OPTIONS}, ["a"]),
    "datepicker": ({}, "2026-02-28"),
    "timepicker": ({}, "13:45"),
    "datetimepicker": ({}, 1767225600),
    "rich_text_input": ({}, "Hello <@U07MIABRNDT>, see https://example.com"),
    "file_input": ({}, [{"name": "a.csv", "text": "x"}]),
}


def everything() -> Json:
    inputs = [field_of(kind, {"type": kind, **more}) for kind, (more, _) in EVERY_INPUT.items()]
    return modal(*inputs, actions(button(value="1")), notify_on_close=True)


def filled() -> Json:
    return {kind: value for kind, (_, value) in EVERY_INPUT.items()}


def known(value: Any) -> Any:
    """Without what the models leave out: fields that are null or an empty list, and two of rich text."""
    if isinstance(value, dict):
        return {
            name: known(inner)
            for name, inner in value.items()
            if inner is not None and inner != [] and name not in FIELDS_UNKNOWN_TO_THE_SDK
        }
    return [known(inner) for inner in value] if isinstance(value, list) else value


def check_blocks(blocks: list[Json]) -> None:
    for block in blocks:
        if block["type"] not in UNKNOWN_TO_THE_SDK:
            parsed = Block.parse(block)
            assert parsed is not None, block["type"]
            assert parsed.to_dict() == known(block)


def check_view(view: Json) -> None:
    check_blocks(view["blocks"])
    readable = {
        block_id: {name: value for name, value in state.items() if value["type"] not in STATES_UNKNOWN_TO_THE_SDK}
        for block_id, state in view["state"]["values"].items()
    }
    parsed = View(**{**view, "state": {"values": {key: state for key, state in readable.items() if state}}})
    parsed.validate_json()
    for name in sorted(View.attributes - {"blocks", "state"}):
        assert known(_plain(getattr(parsed, name))) == view[name] or view[name] is None, name
    for block_id, state in readable.items():
        for action_id, value in state.items():
            read = parsed.state.values[block_id][action_id]  # type: ignore[union-attr]
            assert isinstance(read, ViewStateValue)
            assert read.to_dict() == known(value)


def _plain(value: Any) -> Any:
    return value.to_dict() if hasattr(value, "to_dict") else value


def everywhere(payload: Json, name: str) -> list[Any]:
    """Every value under that name in the payload."""
    found: list[Any] = []
    for key, inner in payload.items():
        found += [inner] if key == name and inner is not None else []
        found += everywhere(inner, name) if isinstance(inner, dict) else []
        found += (
            [one for item in inner if isinstance(item, dict) for one in everywhere(item, name)]
            if isinstance(inner, list)
            else []
        )
    return found


def check(payload: Json) -> None:
    """Views and blocks in typed models; Bolt's context knows team and person."""
    for view in everywhere(payload, "view"):
        check_view(view)
    for blocks in everywhere(payload, "blocks"):
        check_blocks(blocks)
    context = BoltRequest(body=payload, mode="socket_mode").context
    assert context.team_id == "T07KONTOR01"
    assert context.is_enterprise_install is False
    assert context.enterprise_id is None
    if payload.get("event", {}).get("type") not in ("app_uninstalled", "tokens_revoked"):
        assert context.user_id == "U07MIABRNDT"


@pytest.fixture
def pair(pair_with: Any) -> Pair:
    scopes = ("links:read", "im:history", "channels:history", "app_mentions:read", "files:read")
    events = ("link_shared", "message.im", "message.channels", "app_mention", "tokens_revoked", "app_uninstalled")
    made = manifest(*scopes, events=events)
    made["features"]["unfurl_domains"] = ["kontor.example"]
    return pair_with(manifest=made)


def channel_of(payload: Json) -> str | None:
    return BoltRequest(body=payload, mode="socket_mode").context.channel_id


class TestEveryKindOfPayload:
    """Bolt tells each kind apart by these functions; each payload here must be exactly what it is."""

    def is_only(self, payload: Json, *kinds: str) -> None:
        every = ("slash_command", "block_actions", "block_suggestion", "global_shortcut", "message_shortcut")
        every += ("view_submission", "view_closed", "event")
        found = [kind for kind in every if getattr(payload_utils, f"is_{kind}")(payload)]
        assert found == list(kinds)
        check(payload)

    def test_commands_and_shortcuts(self, pair: Pair, mia: Person) -> None:
        records(pair, command="/billing", shortcut="new")
        pair.app.shortcut("bill_customer")(lambda ack: ack())
        message = pair.workspace.says("sales", "#sales", "For <@U07MIABRNDT>: ada@x.example & https://x.example.")
        mia.types("/billing ada", channel="#sales")
        mia.shortcut("new")
        mia.shortcut("bill_customer", message)
        command, everywhere_, on_message = pair.received
        self.is_only(command, "slash_command")
        self.is_only(everywhere_, "global_shortcut")
        self.is_only(on_message, "message_shortcut")
        assert channel_of(command) == channel_of(on_message) == message["channel"]
        kinds = [leaf["type"] for leaf in on_message["message"]["blocks"][0]["elements"][0]["elements"]]
        assert kinds == ["text", "user", "text", "link", "text", "link", "text"]

    def test_actions_and_options_on_every_surface(self, pair: Pair, mia: Person) -> None:
        records(pair, command="/billing", action="go")
        pair.app.options("find")(lambda ack: ack(options=[option("Ada", "c1")]))
        shown = actions(button(value="1"), {"type": "external_select", "action_id": "find", "min_query_length": 0})
        pair.client.chat_postMessage(channel="#sales", text="x", blocks=[shown, *list(RIGHT.values())[:5]])
        pair.client.chat_postEphemeral(channel="#sales", user=mia.id, text="x", blocks=[shown])
        pair.client.views_publish(user_id=mia.id, view={"type": "home", "blocks": [shown]})
        said, whispered = mia.messages[-2:]
        for where in ({"message": said}, {"message": whispered}, {"surface": "home"}):
            assert mia.presses("go", **where).ok  # type: ignore[arg-type]
        for query in ({"channel": "#sales", "ts": said["ts"]}, {"surface": "home"}):
            pair.workspace.get(f"/control/people/{mia.id}/options", action_id="find", query="a", **query)
        for payload in pair.received[:3]:
            self.is_only(payload, "block_actions")
        for payload in pair.received[3:]:
            self.is_only(payload, "block_suggestion")
        assert [payload["container"]["type"] for payload in pair.received] == [
            "message",
            "message",
            "view",
            "message",
            "view",
        ]

    def test_a_modal_with_every_input(self, pair: Pair, mia: Person) -> None:
        opens(pair, everything())
        records(pair, action="go", view="form")
        pair.app.view_closed("form")(lambda ack: ack())
        mia.types("/billing")
        mia.enters(filled())
        mia.presses("go")
        assert mia.submits().ok
        mia.types("/billing")
        mia.closes()
        pressed, submitted, closed = (payload for payload in pair.received if "command" not in payload)
        self.is_only(pressed, "block_actions")
        self.is_only(submitted, "view_submission")
        self.is_only(closed, "view_closed")
        for payload in (pressed, submitted):
            states = payload["view"]["state"]["values"]
            assert {state["it"]["type"] for key, state in states.items()} == set(EVERY_INPUT)
            assert states["rich_text_input"]["it"]["rich_text_value"]["type"] == "rich_text"

    def test_events(self, pair: Pair, mia: Person) -> None:
        records(pair, event="app_home_opened")
        for kind in ("message", "app_mention", "link_shared", "tokens_revoked", "app_uninstalled"):
            pair.app.event(kind)(lambda ack: ack())
        pair.client.views_publish(user_id=mia.id, view={"type": "home", "blocks": [section("Home")]})
        mia.opens_home()
        mia.types("hello")
        mia.types("<@U07KONTORBT> https://kontor.example/1", channel="#sales")
        pair.workspace.post("/control/app/uninstall", {})
        for payload in pair.received:
            self.is_only(payload, "event")
        assert [payload["event"]["type"] for payload in pair.received] == [
            "app_home_opened",
            "message",
            "message",
            "app_mention",
            "link_shared",
            "tokens_revoked",
            "app_uninstalled",
        ]
        assert payload_utils.is_im_message_event(pair.received[1])
        assert not payload_utils.is_im_message_event(pair.received[2])


def test_views_and_messages_in_answers_are_the_same_objects(pair: Pair, mia: Person) -> None:
    opened: list[Json] = []

    @pair.app.command("/billing")
    def billing(ack: Any, body: Json, client: Any) -> None:
        opened.append(client.views_open(trigger_id=body["trigger_id"], view=everything())["view"])
        ack()

    mia.types("/billing")
    check_view(opened[0])
    check_view(pair.client.views_update(view_id=opened[0]["id"], view=everything())["view"])
    check_view(mia.view or {})


@pytest.mark.parametrize("name", [name for name in RIGHT if "container" not in name])
def test_every_kind_of_block_comes_back_from_a_message_as_it_was(pair: Pair, name: str) -> None:
    posted = pair.client.chat_postMessage(channel="#sales", text="x", blocks=[RIGHT[name]])
    check_blocks(posted["message"]["blocks"])
