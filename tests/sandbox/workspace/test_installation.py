"""The app's life in the workspace: removed, without a token, back again; and its tabs."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.workspace.counterpart import Pair, actions, button, manifest, records
from tests.support.person import NotAccepted, Person


@pytest.fixture
def leaving(pair_with: Any) -> Pair:
    pair = pair_with(manifest=manifest(events=("app_uninstalled", "tokens_revoked")))
    pair.app.event("app_uninstalled")(lambda ack: ack())
    pair.app.event("tokens_revoked")(lambda ack: ack())
    return pair


@pytest.fixture
def mia(leaving: Pair) -> Person:
    return leaving.workspace.person("agent")


def app(pair: Pair, what: str) -> Any:
    return pair.workspace.post(f"/control/app/{what}", {})


def test_an_uninstalled_app_hears_it_and_is_gone(leaving: Pair, mia: Person) -> None:
    assert app(leaving, "uninstall")["status"] == 200
    revoked, uninstalled = (payload["event"] for payload in leaving.received)
    assert (revoked["type"], revoked["tokens"]) == ("tokens_revoked", {"oauth": [], "bot": ["U07KONTORBT"]})
    assert uninstalled["type"] == "app_uninstalled"
    assert leaving.api("auth.test")["error"] == "account_inactive"
    for act in (lambda: mia.types("/billing"), lambda: mia.shortcut("new"), mia.opens_home):
        with pytest.raises(NotAccepted):
            act()
    assert mia.types("just talking", channel="#support").status is None
    app(leaving, "install")
    records(leaving, command="/billing")
    assert mia.types("/billing").ok
    assert leaving.api("auth.test")["ok"]


def test_its_old_buttons_no_longer_reach_it(leaving: Pair, mia: Person) -> None:
    records(leaving, action="go")
    leaving.client.chat_postMessage(channel="#sales", text="x", blocks=[actions(button())])
    app(leaving, "uninstall")
    before = len(leaving.received)
    reply = mia.presses("go", message=mia.messages[-1])
    assert (reply.status, bool(reply.error)) == (0, True)
    assert len(leaving.received) == before


def test_a_revoked_token_is_refused_while_people_still_see_the_app(leaving: Pair, mia: Person) -> None:
    records(leaving, command="/billing")
    app(leaving, "revoke")
    assert [payload["event"]["type"] for payload in leaving.received] == ["tokens_revoked"]
    assert mia.types("/billing").ok
    assert leaving.api("chat.postMessage", {"channel": "#sales", "text": "x"})["error"] == "account_inactive"
    leaving.workspace.resets()
    assert leaving.api("auth.test")["ok"]


def test_an_app_that_did_not_subscribe_hears_nothing(pair: Pair) -> None:
    assert app(pair, "uninstall")["status"] is None
    assert pair.received == []
    with pytest.raises(NotAccepted, match="uninstall, revoke, install"):
        app(pair, "explode")


def test_the_messages_tab_is_told_as_well(pair: Pair, mia: Person) -> None:
    records(pair, event="app_home_opened")
    person = pair.workspace.person("agent")
    assert pair.workspace.post(f"/control/people/{person.id}/home", {"tab": "messages"})["status"] == 200
    event = pair.received[0]["event"]
    assert (event["tab"], event["channel"], "view" in event) == ("messages", person.direct_channel, False)
    with pytest.raises(NotAccepted):
        pair.workspace.post(f"/control/people/{person.id}/home", {"tab": "about"})


@pytest.mark.parametrize(
    ("event", "scope"),
    [("message.im", "im:history"), ("app_mention", "app_mentions:read"), ("message.channels", "channels:history")],
)
def test_an_event_without_its_scope_is_not_sent(pair_with: Any, event: str, scope: str) -> None:
    where = None if event == "message.im" else "#support"
    text = "Hello <@U07KONTORBT>"
    deaf = pair_with(manifest=manifest(events=(event,)))
    assert deaf.workspace.person("agent").types(text, channel=where).status is None
    hearing = pair_with(manifest=manifest(scope, events=(event,)))
    hearing.app.event(event.partition(".")[0])(lambda ack: ack())
    assert hearing.workspace.person("agent").types(text, channel=where).status == 200
    assert len(hearing.received) == 1
