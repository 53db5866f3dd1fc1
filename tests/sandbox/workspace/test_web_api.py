"""The Web API: tokens, scopes, arguments, messages, the directory."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.sandbox.workspace import APP_TOKEN
from tests.sandbox.workspace.counterpart import Pair, actions, button, manifest, section
from tests.support.person import Person

SALES, GENERAL, APPROVALS = "C07SALES000", "C07GENERAL0", "C07APPROVAL"


class TestTokens:
    def test_without_one(self, pair: Pair) -> None:
        assert pair.api("auth.test", token=None) == {"ok": False, "error": "not_authed"}

    def test_with_a_wrong_one(self, pair: Pair) -> None:
        assert pair.api("auth.test", token="xoxb-wrong") == {"ok": False, "error": "invalid_auth"}

    def test_of_the_wrong_kind(self, pair: Pair) -> None:
        assert pair.api("auth.test", token=APP_TOKEN)["error"] == "not_allowed_token_type"
        assert pair.api("apps.connections.open")["error"] == "not_allowed_token_type"

    def test_in_a_form(self, pair: Pair) -> None:
        url = f"{pair.workspace.url}/api/auth.test"
        answer = requests.post(url, data={"token": "xoxb-sandbox-kontor-bot"}, timeout=5).json()
        assert (answer["ok"], answer["user_id"], answer["bot_id"]) == (True, "U07KONTORBT", "B07KONTOR01")

    def test_never_stand_in_the_log(self, pair: Pair) -> None:
        requests.post(f"{pair.workspace.url}/api/auth.test", data={"token": "xoxb-secret"}, timeout=5)
        pair.api("auth.test")
        log = str(pair.workspace.log())
        assert "xoxb" not in log


def test_a_scope_that_the_manifest_does_not_ask_for_is_missing(pair: Pair) -> None:
    answer = pair.api("conversations.list")
    assert answer["error"] == "missing_scope"
    assert answer["needed"] == "channels:read"
    assert "chat:write" in answer["provided"].split(",")
    assert pair.api("users.profile.get")["needed"] == "users.profile:read"


def test_without_the_email_scope_profiles_have_no_address(pair_with: Any) -> None:
    narrow = manifest()
    narrow["oauth_config"]["scopes"]["bot"].remove("users:read.email")
    pair = pair_with(manifest=narrow)
    assert "email" not in pair.api("users.info", {"user": "U07MIABRNDT"})["user"]["profile"]
    assert pair.api("users.lookupByEmail", {"email": "mia.brandt@brightwell.example"})["needed"] == "users:read.email"


def test_unknown_methods_and_broken_bodies(pair: Pair) -> None:
    assert pair.api("chat.shout")["error"] == "unknown_method"
    headers = {"Authorization": "Bearer xoxb-sandbox-kontor-bot", "Content-Type": "application/json; charset=utf-8"}
    url = f"{pair.workspace.url}/api/chat.postMessage"
    assert requests.post(url, data="{", headers=headers, timeout=5).json()["error"] == "invalid_json"
    xml = {**headers, "Content-Type": "application/xml"}
    assert requests.post(url, data="<x/>", headers=xml, timeout=5).json()["error"] == "invalid_post_type"
    assert requests.post(url, data="[]", headers=headers, timeout=5).json()["error"] == "json_not_object"


def test_a_missing_argument_is_named(pair: Pair) -> None:
    answer = pair.api("chat.postMessage", {"text": "x"})
    assert answer["error"] == "invalid_arguments"
    assert answer["response_metadata"]["messages"] == ["[ERROR] missing required field: channel"]
    assert pair.api("views.open", {"trigger_id": "x"})["error"] == "invalid_arguments"


class TestMessages:
    def test_post_update_delete(self, pair: Pair, mia: Person) -> None:
        posted = pair.client.chat_postMessage(channel="#sales", text="One", blocks=[section("One")])
        assert posted["channel"] == SALES
        assert posted["message"]["bot_profile"]["name"] == "Kontor"
        pair.client.chat_update(channel=SALES, ts=posted["ts"], text="Two", blocks=[section("Two")])
        shown = mia.messages[-1]
        assert (shown["text"], shown["blocks"][0]["text"]["text"]) == ("Two", "Two")
        assert shown["edited"]["user"] == "U07KONTORBT"
        pair.client.chat_delete(channel=SALES, ts=posted["ts"])
        assert posted["ts"] not in [message["ts"] for message in mia.messages]

    def test_an_update_without_blocks_keeps_them_and_an_empty_list_takes_them_away(
        self, pair: Pair, mia: Person
    ) -> None:
        ts = pair.client.chat_postMessage(channel=SALES, text="One", blocks=[section("One")])["ts"]
        pair.client.chat_update(channel=SALES, ts=ts, text="Two")
        assert mia.messages[-1]["blocks"][0]["text"]["text"] == "One"
        pair.client.chat_update(channel=SALES, ts=ts, text="Three", blocks=[])
        assert not mia.messages[-1].get("blocks")

    def test_direct_messages_are_between_two(self, pair: Pair, mia: Person, priya: Person) -> None:
        channel = pair.client.conversations_open(users=mia.id)["channel"]["id"]
        pair.client.chat_postMessage(channel=channel, text="For Mia")
        pair.client.chat_postMessage(channel=mia.id, text="Also for Mia")
        assert [message["text"] for message in mia.direct_messages] == ["For Mia", "Also for Mia"]
        assert "For Mia" not in [message["text"] for message in priya.messages]

    def test_private_channels_are_for_members(self, pair: Pair, mia: Person) -> None:
        lena = pair.workspace.person("lena.vogt")
        pair.client.chat_postMessage(channel=APPROVALS, text="Decide!")
        assert mia.messages[-1]["text"] == "Decide!"
        assert "Decide!" not in [message["text"] for message in lena.messages]

    @pytest.mark.parametrize(
        ("arguments", "error"),
        [
            ({"channel": "C0NOWHERE", "text": "x"}, "channel_not_found"),
            ({"channel": GENERAL, "text": "x"}, "not_in_channel"),
            ({"channel": SALES}, "no_text"),
            ({"channel": SALES, "text": "x" * 40_001}, "msg_too_long"),
            ({"channel": SALES, "blocks": "{"}, "invalid_arguments"),
            ({"channel": SALES, "blocks": {"type": "section"}}, "invalid_blocks_format"),
            ({"channel": SALES, "blocks": [{"type": "nonsense"}]}, "invalid_blocks"),
            ({"channel": SALES, "text": "x", "blocks": [section()] * 51}, "invalid_blocks"),
            ({"channel": SALES, "attachments": [{"blocks": [section("")]}]}, "invalid_blocks"),
        ],
    )
    def test_what_cannot_be_posted(self, pair: Pair, mia: Person, arguments: Any, error: str) -> None:
        before = len(mia.messages)
        assert pair.api("chat.postMessage", arguments)["error"] == error
        assert len(mia.messages) == before

    def test_the_problem_is_named_by_its_pointer(self, pair: Pair) -> None:
        answer = pair.api("chat.postMessage", {"channel": SALES, "blocks": [section("x" * 3001)]})
        expected = "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"
        assert answer["errors"] == [expected]
        assert answer["response_metadata"]["messages"] == [f"[ERROR] {expected}"]

    def test_what_cannot_be_changed(self, pair: Pair, mia: Person) -> None:
        theirs = pair.workspace.says("sales", "#sales", "Mine")
        where = {"channel": SALES, "ts": theirs["ts"]}
        assert pair.api("chat.update", {**where, "text": "x"})["error"] == "cant_update_message"
        assert pair.api("chat.delete", where)["error"] == "cant_delete_message"
        assert pair.api("chat.update", {"channel": SALES, "ts": "1.2", "text": "x"})["error"] == "message_not_found"
        ephemeral = pair.client.chat_postEphemeral(channel=SALES, user=mia.id, text="x")["message_ts"]
        answer = pair.api("chat.update", {"channel": SALES, "ts": ephemeral, "text": "y"})
        assert answer["error"] == "message_not_found"

    def test_an_ephemeral_message_is_for_one_member(self, pair: Pair, mia: Person, priya: Person) -> None:
        pair.client.chat_postEphemeral(channel=SALES, user=mia.id, text="Psst")
        assert mia.messages[-1]["text"] == "Psst"
        assert "Psst" not in [message["text"] for message in priya.messages]
        answer = pair.api("chat.postEphemeral", {"channel": SALES, "user": "U07GUESTRAY", "text": "x"})
        assert answer["error"] == "user_not_in_channel"

    def test_threads_permalinks_and_reactions(self, pair: Pair, mia: Person) -> None:
        parent = pair.client.chat_postMessage(channel=SALES, text="Parent")["ts"]
        pair.client.chat_postMessage(channel=SALES, text="Child", thread_ts=parent)
        assert mia.messages[-1]["thread_ts"] == parent
        link = pair.client.chat_getPermalink(channel=SALES, message_ts=parent)["permalink"]
        assert link == f"{pair.workspace.url}/archives/{SALES}/p{parent.replace('.', '')}"
        pair.client.reactions_add(channel=SALES, timestamp=parent, name="tada")
        assert mia.messages[-2]["reactions"] == [{"name": "tada", "users": ["U07KONTORBT"], "count": 1}]
        again = pair.api("reactions.add", {"channel": SALES, "timestamp": parent, "name": "tada"})
        assert again["error"] == "already_reacted"

    def test_reactions_are_taken_back_by_who_gave_them(self, pair: Pair, mia: Person) -> None:
        ts = pair.client.chat_postMessage(channel=SALES, text="x")["ts"]
        where = {"channel": SALES, "timestamp": ts}
        pair.client.reactions_add(**where, name="tada")
        pair.client.reactions_add(**where, name=":wave::skin-tone-3:")
        pair.client.reactions_remove(**where, name="tada")
        assert [one["name"] for one in mia.messages[-1]["reactions"]] == ["wave::skin-tone-3"]
        pair.client.reactions_remove(**where, name="wave::skin-tone-3")
        assert "reactions" not in mia.messages[-1]
        assert pair.api("reactions.remove", {**where, "name": "tada"})["error"] == "no_reaction"
        assert pair.api("reactions.add", {**where, "name": "no such!"})["error"] == "invalid_name"
        assert pair.api("reactions.add", {**where, "timestamp": "1.2", "name": "x"})["error"] == "message_not_found"

    def test_one_user_can_give_a_message_23_reactions(self, pair: Pair) -> None:
        ts = pair.client.chat_postMessage(channel=SALES, text="x")["ts"]
        answers = [
            pair.api("reactions.add", {"channel": SALES, "timestamp": ts, "name": f"emoji{n}"}) for n in range(24)
        ]
        assert [answer.get("error") for answer in answers] == [*[None] * 23, "too_many_reactions"]

    def test_ids_and_defaults_are_filled_in(self, pair: Pair, mia: Person) -> None:
        go = button()
        del go["action_id"]
        blocks = [section("*x*"), {"type": "actions", "elements": [go]}]
        pair.client.chat_postMessage(channel=SALES, text="x", blocks=blocks)
        first, second = mia.messages[-1]["blocks"]
        assert first["block_id"]
        assert first["text"] == {"type": "mrkdwn", "text": "*x*", "verbatim": False}
        assert second["elements"][0]["action_id"]
        assert second["elements"][0]["text"]["emoji"] is True

    def test_timestamps_never_repeat(self, pair: Pair) -> None:
        stamps = [pair.client.chat_postMessage(channel=SALES, text=str(n))["ts"] for n in range(20)]
        assert stamps == sorted(set(stamps))


class TestDirectory:
    def test_people_with_locale_and_time_zone(self, pair: Pair) -> None:
        user = pair.client.users_info(user="U07MIABRNDT", include_locale=True)["user"]
        assert (user["locale"], user["tz"], user["profile"]["email"]) == (
            "de-DE",
            "Europe/Berlin",
            "mia.brandt@brightwell.example",
        )
        assert "locale" not in pair.client.users_info(user="U07MIABRNDT")["user"]
        assert pair.client.users_lookupByEmail(email="priya.nair@brightwell.example")["user"]["id"] == "U07PRIYANAR"
        assert pair.api("users.info", {"user": "U0NOBODY"})["error"] == "user_not_found"
        assert pair.api("users.lookupByEmail", {"email": "x@y.example"})["error"] == "users_not_found"
        assert pair.client.users_info(user="U07GUESTRAY")["user"]["is_restricted"] is True

    def test_lists_are_paged(self, pair: Pair) -> None:
        pages = [page["members"] for page in pair.client.users_list(limit=3)]
        assert [len(page) for page in pages] == [3, 3, 2]
        assert len({member["id"] for page in pages for member in page}) == 8

    @pytest.mark.parametrize(
        ("arguments", "error"),
        [
            ({"limit": 0}, "invalid_limit"),
            ({"limit": 1001}, "invalid_limit"),
            ({"limit": "many"}, "invalid_limit"),
            ({"cursor": "3"}, "invalid_cursor"),
            ({"cursor": "bWVtYmVyczo5OQ=="}, "invalid_cursor"),  # members:99, beyond the end
            ({"cursor": "Y2hhbm5lbHM6MQ=="}, "invalid_cursor"),  # channels:1, of another list
            ({"cursor": "bWVtYmVyczox/w=="}, "invalid_cursor"),
        ],
    )
    def test_a_page_that_does_not_exist(self, pair: Pair, arguments: Any, error: str) -> None:
        assert pair.api("users.list", arguments)["error"] == error

    def test_user_groups_hold_the_roles(self, pair: Pair) -> None:
        groups = {group["handle"]: group for group in pair.client.usergroups_list(include_users=True)["usergroups"]}
        assert sorted(groups) == ["billing-admins", "billing-agents", "billing-managers", "billing-sales"]
        agents = groups["billing-agents"]
        assert agents["users"] == ["U07MIABRNDT"]
        assert pair.client.usergroups_users_list(usergroup=agents["id"])["users"] == ["U07MIABRNDT"]
        assert pair.api("usergroups.users.list", {"usergroup": "S0NONE"})["error"] == "no_such_subteam"

    def test_conversations(self, pair_with: Any) -> None:
        pair = pair_with(manifest=manifest("channels:read", "groups:read", "im:read"))
        names = [channel["name"] for channel in pair.client.conversations_list()["channels"]]
        assert names == ["general", "support", "sales", "random"]
        private = pair.client.conversations_list(types="private_channel")["channels"]
        assert [channel["name"] for channel in private] == ["billing-approvals"]
        assert pair.api("conversations.list", {"types": "secret_channel"})["error"] == "invalid_types"
        members = [page["members"] for page in pair.client.conversations_members(channel=GENERAL, limit=4)]
        assert [len(page) for page in members] == [4, 2]
        assert pair.client.conversations_info(channel=GENERAL)["channel"]["is_member"] is False
        assert "U07PRIYANAR" in pair.client.conversations_members(channel=APPROVALS)["members"]
        assert pair.api("conversations.open", {"users": "U0NOBODY"})["error"] == "user_not_found"
        assert pair.api("conversations.open")["error"] == "users_list_not_supplied"


class TestFaults:
    def test_a_rate_limit_says_when_to_come_back(self, pair: Pair, mia: Person) -> None:
        pair.workspace.fails("chat.postMessage", "ratelimited", retry_after=7)
        with pytest.raises(SlackApiError) as caught:
            pair.client.chat_postMessage(channel=SALES, text="x")
        assert caught.value.response.status_code == 429
        assert caught.value.response.headers["Retry-After"] == "7"
        pair.client.chat_postMessage(channel=SALES, text="y")
        assert mia.messages[-1]["text"] == "y"

    def test_a_server_error_for_some_calls(self, pair: Pair) -> None:
        pair.workspace.fails("auth.test", "server_error", calls=2)
        url = f"{pair.workspace.url}/api/auth.test"
        assert [requests.post(url, timeout=5).status_code for _ in range(3)] == [500, 500, 200]

    @pytest.mark.parametrize(("fault", "arrives"), [("cut_before", False), ("cut_after", True)])
    def test_a_cut_connection_before_or_after_the_effect(
        self, pair: Pair, mia: Person, fault: str, arrives: bool
    ) -> None:
        pair.workspace.fails("chat.postMessage", fault)
        # Without the SDK's own retry for lost connections.
        client = WebClient(token=pair.client.token, base_url=pair.client.base_url, retry_handlers=[])
        with pytest.raises(ConnectionError):
            client.chat_postMessage(channel=SALES, text="Cut")
        assert ("Cut" in [message["text"] for message in mia.messages]) is arrives
        assert pair.workspace.refused[-1]["refused"] == [fault]

    def test_they_can_be_called_off(self, pair: Pair) -> None:
        pair.workspace.fails("*", "server_error", calls=99)
        pair.workspace.heals()
        assert pair.api("auth.test")["ok"] is True


def test_a_message_can_hold_buttons_and_metadata(pair: Pair, mia: Person) -> None:
    metadata = {"event_type": "change_request", "event_payload": {"id": "cr_1"}}
    pair.client.chat_postMessage(channel=SALES, text="x", blocks=[actions(button())], metadata=metadata)
    assert mia.messages[-1]["metadata"] == metadata
