"""The control API: who is here, the wire log, live notices, resets, and who may use it at all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import requests

from bot.sandbox.server import bind, running
from bot.sandbox.workspace import create_app
from bot.sandbox.workspace.changes import Changes
from bot.sandbox.workspace.wire import WireLog
from tests.sandbox.workspace.counterpart import Pair, actions, button, modal, opens, section
from tests.support.person import NotAccepted, Person, Workspace


def test_four_people_have_roles_and_one_bystander_is_a_guest(pair: Pair) -> None:
    answer = pair.workspace.get("/control/people")
    roles = {person["role"]: (person["name"], person["locale"], person["tz"]) for person in answer["people"]}
    assert roles["agent"] == ("Mia Brandt", "de-DE", "Europe/Berlin")
    assert roles["sales"] == ("Jonas Weber", "de-DE", "Europe/Berlin")
    assert roles["manager"] == ("Priya Nair", "en-GB", "Europe/London")
    assert roles["admin"] == ("Alex Moreno", "en-US", "America/New_York")
    assert [person["name"] for person in answer["people"] if person["is_guest"]] == ["Ray Okafor"]
    assert answer["app"]["name"] == "Kontor"


def test_commands_and_shortcuts_of_the_manifest(pair: Pair) -> None:
    answer = pair.workspace.get("/control/commands")
    assert [command["command"] for command in answer["commands"]] == ["/billing", "/abrechnung"]
    assert answer["commands"][0]["usage_hint"] == "[name or e-mail]"
    assert [(s["type"], s["callback_id"]) for s in answer["shortcuts"]] == [
        ("message", "bill_customer"),
        ("global", "new"),
    ]


def test_channels_with_plausible_messages(pair: Pair, mia: Person) -> None:
    channels = {c["name"]: c for c in pair.workspace.get("/control/channels", user="agent")["channels"]}
    assert list(channels) == ["general", "support", "sales", "billing-approvals", "random", "directmessage"]
    assert channels["billing-approvals"]["type"] == "private"
    messages = pair.workspace.get(f"/control/channels/{channels['general']['id']}/messages", user="agent")["messages"]
    assert len(messages) == 2
    assert all(message["channel"] == channels["general"]["id"] for message in messages)


def test_the_wire_log_has_both_directions(pair: Pair, mia: Person) -> None:
    opens(pair, modal(section()))
    mia.types("/billing ada")
    entries = [e for e in pair.workspace.log() if e["what"] != "auth.test"]
    assert [(e["direction"], e["what"], e["status"]) for e in entries] == [
        ("from_app", "views.open", 200),
        ("to_app", "/billing", 200),
    ]
    assert entries[1]["request"]["text"] == "ada"
    assert entries[0]["response"]["view"]["type"] == "modal"
    assert pair.workspace.log(after=entries[0]["n"])[0]["what"] == "/billing"


def test_the_log_is_bounded() -> None:
    log = WireLog(Changes())
    for number in range(505):
        log.add("from_app", str(number), status=200, ms=1, request={}, response={})
    entries = log.after(0)["entries"]
    assert [entry["n"] for entry in entries] == list(range(6, 506))
    assert log.after(504) == {"entries": entries[-1:], "last": 505}


def test_huge_entries_push_out_older_ones() -> None:
    log = WireLog(Changes())
    for number in range(30):
        log.add("from_app", str(number), status=200, ms=1, request="x" * 1_000_000, response=None)
    entries = log.after(0)["entries"]
    assert [entry["what"] for entry in entries] == [str(number) for number in range(11, 30)]


def test_a_permalink_leads_to_the_page(pair: Pair) -> None:
    ts = pair.client.chat_postMessage(channel="#sales", text="x")["ts"]
    link = pair.client.chat_getPermalink(channel="C07SALES000", message_ts=ts)["permalink"]
    answer = requests.get(link, timeout=5, allow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")


def test_a_reset_forgets_everything_but_the_small_talk(pair: Pair, mia: Person) -> None:
    opens(pair, modal(section()))
    mia.types("/billing")
    pair.client.chat_postMessage(channel="#sales", text="Gone soon")
    pair.client.views_publish(user_id=mia.id, view={"type": "home", "blocks": [section()]})
    pair.workspace.resets()
    assert mia.views == []
    assert mia.home is None
    assert len(mia.messages) == 5
    assert pair.workspace.log() == []


def test_changes_are_told_live_to_whom_they_concern(pair: Pair, mia: Person, priya: Person) -> None:
    url = f"{pair.workspace.url}/control/events?user={mia.id}"
    with requests.get(url, stream=True, timeout=10) as stream:
        lines = stream.iter_lines(chunk_size=1, decode_unicode=True)
        assert next(lines) == ": listening"
        pair.client.chat_postEphemeral(channel="#sales", user=priya.id, text="For Priya")
        pair.client.chat_postMessage(channel="#sales", text="For all")
        notices = []
        for line in lines:
            if line.startswith("data: "):
                notices.append(json.loads(line.removeprefix("data: ")))
            if any(notice["changed"] == ["messages"] for notice in notices):
                break
    assert {"changed": ["messages"], "user": None, "channel": "C07SALES000"} in notices
    assert not any(notice["user"] == priya.id for notice in notices)


class TestStrangers:
    """No web page elsewhere may drive the workspace."""

    @pytest.mark.parametrize(
        "headers",
        [
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
            {"Origin": "http://127.0.0.1:1"},
            {"Host": "evil.example"},
            {"Host": "127.0.0.1.evil.example:8700"},
            {"Sec-Fetch-Site": "cross-site"},
        ],
    )
    @pytest.mark.parametrize(
        "path",
        [
            "/control/people/agent/home",
            "/control/reset",
            "/control/app/uninstall",
            "/api/auth.test",
            "/actions/guessed",
            "/upload/v1/guessed",
        ],
    )
    def test_are_refused(self, pair: Pair, path: str, headers: dict[str, str]) -> None:
        assert requests.post(f"{pair.workspace.url}{path}", headers=headers, timeout=5).status_code == 403

    @pytest.mark.parametrize(
        "path", ["/control/people/agent/screen", "/control/log", "/control/events", "/static/main.js"]
    )
    def test_cannot_read_either(self, pair: Pair, path: str) -> None:
        for headers in ({"Host": "evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
            assert requests.get(f"{pair.workspace.url}{path}", headers=headers, timeout=5).status_code == 403

    def test_get_no_permission_to_read_from_the_answer(self, pair: Pair) -> None:
        answer = requests.get(f"{pair.workspace.url}/control/people", timeout=5)
        assert not [name for name in answer.headers if name.lower().startswith("access-control-")]

    def test_on_other_machines_cannot_connect(self) -> None:
        server = bind(create_app(app_url="http://127.0.0.1:9/slack/events"), 0)
        try:
            assert server.socket.getsockname()[0] == "127.0.0.1"
        finally:
            server.server_close()

    def test_the_page_itself_is_not_one(self, pair: Pair) -> None:
        headers = {"Origin": pair.workspace.url, "Sec-Fetch-Site": "same-origin"}
        answer = requests.get(f"{pair.workspace.url}/control/people", headers=headers, timeout=5)
        assert answer.status_code == 200

    def test_localhost_is_the_same_place(self, pair: Pair) -> None:
        port = pair.workspace.url.rsplit(":", 1)[1]
        headers = {"Host": f"localhost:{port}"}
        assert requests.get(f"{pair.workspace.url}/control/people", headers=headers, timeout=5).status_code == 200

    def test_files_outside_the_page_s_folder_are_not_served(self, pair: Pair) -> None:
        answer = requests.get(f"{pair.workspace.url}/static/%2e%2e/app.py", timeout=5)
        assert answer.status_code == 404


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/control/people/nobody/home", {}, 409),
        ("/control/people/agent/command", {}, 400),
        ("/control/people/agent/press", {"action_id": "go"}, 409),
        ("/control/people/agent/submit", {"values": []}, 400),
        ("/control/people/agent/command", [], 400),
        ("/control/messages", {"channel": "#nowhere", "user": "agent", "text": "x"}, 404),
        ("/control/faults", {"method": "*", "fault": "earthquake"}, 400),
        ("/control/limits", {"enforced": "yes"}, 400),
        ("/control/sockets/disconnect", {"reason": "boredom"}, 400),
        ("/control/people/agent/home", {"tab": "about"}, 400),
    ],
)
def test_mistakes_of_the_caller_are_told(pair: Pair, path: str, body: Any, status: int) -> None:
    answer = requests.post(pair.workspace.url + path, json=body, timeout=5)
    assert (answer.status_code, bool(answer.json()["error"])) == (status, True)


class TestMemory:
    """With a path, what was said and published outlives the workspace's own restart."""

    def test_messages_and_homes_are_there_after_a_restart(self, pair_with: Any, tmp_path: Path) -> None:
        path = tmp_path / "var" / "workspace.sqlite"
        first = pair_with(path=path)
        mia = first.workspace.person("agent")
        posted = first.client.chat_postMessage(channel="#sales", text="Kept", blocks=[actions(button(value="1"))])
        gone = first.client.chat_postMessage(channel="#sales", text="Gone")
        first.client.chat_delete(channel=gone["channel"], ts=gone["ts"])
        first.client.chat_postEphemeral(channel="#sales", user=mia.id, text="For Mia")
        first.client.chat_update(channel=posted["channel"], ts=posted["ts"], text="Kept and changed")
        home = {"type": "home", "blocks": [section("Home")]}
        view_id = first.client.views_publish(user_id=mia.id, view=home)["view"]["id"]
        before = mia.screen

        changed = {"type": "home", "blocks": [section("Home, changed")]}
        first.client.views_update(view_id=view_id, view=changed)
        before["home"] = mia.home

        second = pair_with(path=path)
        again = second.workspace.person("agent")
        assert again.screen == before
        assert second.client.views_update(view_id=view_id, view=home)["ok"]
        second.app.action("go")(lambda ack: ack())
        message = next(m for m in again.messages if m["ts"] == posted["ts"])
        assert again.presses("go", message=message).ok
        newer = second.client.chat_postMessage(channel="#sales", text="Newer")
        assert newer["ts"] > posted["ts"]

    def test_without_a_path_it_starts_anew(self) -> None:
        app = create_app(app_url="http://127.0.0.1:9/slack/events")
        with running(app) as url:
            workspace = Workspace(url)
            mia = workspace.person("agent")
            assert len(mia.messages) == 5
            with pytest.raises(NotAccepted):
                mia.closes()
            reply = mia.types("/billing")  # the app is not running
            assert (reply.status, reply.error) == (0, '/billing failed with the error "dispatch_failed"')
