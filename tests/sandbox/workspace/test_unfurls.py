"""link_shared and chat.unfurl."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.workspace.counterpart import Pair, manifest, section
from tests.support.person import Person

INVOICE = "https://billing.kontor.example/invoices/1"
OTHER = "https://kontor.example/about"


def for_links(*domains: str) -> Any:
    made = manifest("links:read", "links:write", events=("link_shared",))
    made["features"]["unfurl_domains"] = list(domains)
    return made


@pytest.fixture
def linked(pair_with: Any) -> Pair:
    pair = pair_with(manifest=for_links("kontor.example"))
    pair.app.event("link_shared")(lambda ack: ack())
    return pair


@pytest.fixture
def mia(linked: Pair) -> Person:
    return linked.workspace.person("agent")


def shares(mia: Person, text: str = f"See {INVOICE} and {OTHER}", channel: str = "#support") -> Any:
    mia.types(text, channel=channel)
    return mia.messages[-1]


def attachments(mia: Person) -> list[Any]:
    return mia.messages[-1].get("attachments", [])


class TestTheEvent:
    def test_it_names_the_links_of_the_app_s_domains(self, linked: Pair, mia: Person) -> None:
        message = shares(mia, f"{INVOICE}, <{OTHER}|about us>, https://elsewhere.example and https://notkontor.example")
        (event,) = [payload["event"] for payload in linked.received]
        assert event["type"] == "link_shared"
        assert event["links"] == [
            {"domain": "kontor.example", "url": INVOICE},
            {"domain": "kontor.example", "url": OTHER},
        ]
        assert (event["channel"], event["message_ts"], event["user"]) == (message["channel"], message["ts"], mia.id)
        assert (event["is_bot_user_member"], event["source"]) == (True, "conversations_history")
        assert event["unfurl_id"]

    def test_it_comes_from_channels_without_the_app_too(self, linked: Pair, mia: Person) -> None:
        shares(mia, channel="#general")
        assert linked.received[0]["event"]["is_bot_user_member"] is False

    def test_without_the_scope_or_without_a_link_nothing_is_sent(
        self, pair_with: Any, linked: Pair, mia: Person
    ) -> None:
        shares(mia, "No link, and http is missing in kontor.example")
        assert linked.received == []
        narrow = for_links("kontor.example")
        narrow["oauth_config"]["scopes"]["bot"].remove("links:read")
        other = pair_with(manifest=narrow)
        assert other.workspace.person("agent").types(INVOICE, channel="#support").status is None
        assert other.received == []


class TestUnfurling:
    def test_each_address_gets_its_attachment_and_the_next_call_replaces_it(self, linked: Pair, mia: Person) -> None:
        message = shares(mia)
        where = {"channel": message["channel"], "ts": message["ts"]}
        linked.client.chat_unfurl(**where, unfurls={INVOICE: {"blocks": [section("Open")]}, OTHER: {"text": "About"}})
        assert [one["id"] for one in attachments(mia)] == [1, 2]
        assert attachments(mia)[0]["blocks"][0]["text"]["text"] == "Open"
        assert attachments(mia)[1]["from_url"] == OTHER
        linked.client.chat_unfurl(**where, unfurls={INVOICE: {"blocks": [section("Paid")]}})
        assert attachments(mia)[0]["blocks"][0]["text"]["text"] == "Paid"
        assert len(attachments(mia)) == 2
        assert "edited" not in mia.messages[-1]

    def test_by_the_event_s_own_id(self, linked: Pair, mia: Person) -> None:
        shares(mia)
        event = linked.received[0]["event"]
        linked.client.chat_unfurl(
            unfurl_id=event["unfurl_id"], source=event["source"], unfurls={INVOICE: {"text": "Open"}}
        )
        assert attachments(mia)[0]["text"] == "Open"

    def test_an_invitation_to_sign_in_is_for_the_writer_only(self, linked: Pair, mia: Person) -> None:
        message = shares(mia)
        linked.client.chat_unfurl(
            channel=message["channel"],
            ts=message["ts"],
            unfurls={INVOICE: {"text": "x"}},
            user_auth_message="Sign in first",
        )
        assert mia.messages[-1]["text"] == "Sign in first"
        assert mia.messages[-1]["is_ephemeral"] is True

    @pytest.mark.parametrize(
        ("change", "error"),
        [
            ({"channel": None}, "missing_channel"),
            ({"channel": "C0NOWHERE"}, "cannot_find_channel"),
            ({"ts": None}, "missing_ts"),
            ({"ts": "1.2"}, "cannot_find_message"),
            ({"unfurls": None}, "missing_unfurls"),
            ({"unfurls": "{"}, "invalid_unfurls_format"),
            ({"unfurls": "[]"}, "invalid_unfurls_format"),
            ({"unfurls": {"https://kontor.example/other": {"text": "x"}}}, "cannot_unfurl_message"),
            ({"unfurls": {"https://elsewhere.example": {"text": "x"}}}, "cannot_unfurl_url"),
            ({"unfurls": {INVOICE: "x"}}, "cannot_parse_attachment"),
            ({"unfurls": {INVOICE: {"blocks": [{"type": "section"}]}}}, "cannot_parse_attachment"),
        ],
    )
    def test_what_is_refused(self, linked: Pair, mia: Person, change: Any, error: str) -> None:
        message = shares(mia, f"See {INVOICE} and https://elsewhere.example")
        given = {"channel": message["channel"], "ts": message["ts"], "unfurls": {INVOICE: {"text": "x"}}, **change}
        assert linked.api("chat.unfurl", {k: v for k, v in given.items() if v is not None})["error"] == error
        assert attachments(mia) == []

    def test_an_app_without_domains_has_no_such_service(self, pair_with: Any) -> None:
        pair = pair_with(manifest=manifest("links:write"))
        mine = pair.workspace.says("sales", "#sales", INVOICE)
        answer = pair.api(
            "chat.unfurl", {"channel": mine["channel"], "ts": mine["ts"], "unfurls": {INVOICE: {"text": "x"}}}
        )
        assert answer["error"] == "cannot_find_service"
