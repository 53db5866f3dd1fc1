"""Messages for later: chat.scheduleMessage, chat.scheduledMessages.list, chat.deleteScheduledMessage."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.workspace.scheduled import Scheduled
from bot.sandbox.workspace.store import FileStore
from tests.sandbox.workspace.counterpart import Pair, section, wait_until
from tests.support.person import Person

SALES = "C07SALES000"
HOUR, DAY = 3600, 24 * 3600


def in_seconds(seconds: int) -> int:
    return int(time.time()) + seconds


def schedules(pair: Pair, seconds: int, text: str = "Later", **more: Any) -> str:
    return pair.client.chat_scheduleMessage(channel=SALES, post_at=in_seconds(seconds), text=text, **more)[
        "scheduled_message_id"
    ]


def test_it_is_posted_at_its_time_and_not_before(pair: Pair, mia: Person) -> None:
    answer = pair.client.chat_scheduleMessage(
        channel="#sales", post_at=in_seconds(2), text="Good morning", blocks=[section("Good morning")]
    )
    assert answer["channel"] == SALES
    assert answer["scheduled_message_id"].startswith("Q")
    assert answer["message"]["type"] == "delayed_message"
    assert mia.messages[-1]["text"] != "Good morning"
    wait_until(lambda: mia.messages[-1]["text"] == "Good morning")
    shown = mia.messages[-1]
    assert float(shown["ts"]) >= answer["post_at"]
    assert (shown["user"], shown["blocks"][0]["text"]["text"]) == ("U07KONTORBT", "Good morning")
    assert pair.client.chat_scheduledMessages_list()["scheduled_messages"] == []


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"post_at": "soon"}, "invalid_time"),
        ({"post_at": 1}, "time_in_past"),
        ({"post_at": in_seconds(121 * DAY)}, "time_too_far"),
        ({"post_at": in_seconds(HOUR), "text": ""}, "no_text"),
        ({"post_at": in_seconds(HOUR), "blocks": [{"type": "section"}]}, "invalid_blocks"),
        ({"post_at": in_seconds(HOUR), "channel": "C07GENERAL0"}, "not_in_channel"),
        ({"post_at": in_seconds(HOUR), "channel": "C0NOWHERE"}, "channel_not_found"),
        ({"post_at": in_seconds(HOUR), "metadata": {"event_type": "x"}}, "invalid_metadata_format"),
        ({}, "invalid_arguments"),
    ],
)
def test_what_cannot_be_scheduled(pair: Pair, arguments: Any, error: str) -> None:
    given = {"channel": SALES, "text": "Later", **arguments}
    assert pair.api("chat.scheduleMessage", given)["error"] == error


def test_thirty_in_five_minutes_and_channel(pair: Pair) -> None:
    """Slack's page on chat.scheduleMessage: no more than 30 within five minutes to the same channel."""
    start = in_seconds(HOUR)
    post = {"channel": SALES, "text": "x"}
    for number in range(30):
        assert pair.api("chat.scheduleMessage", {**post, "post_at": start + number})["ok"]
    one_more = {**post, "post_at": start + 299}
    assert pair.api("chat.scheduleMessage", one_more)["error"] == "restricted_too_many"
    assert pair.api("chat.scheduleMessage", {**one_more, "channel": "#support"})["ok"]
    assert pair.api("chat.scheduleMessage", {**post, "post_at": start + 300})["ok"]


class TestLists:
    def test_the_next_one_comes_first_and_pages_follow(self, pair: Pair) -> None:
        later, sooner = schedules(pair, 2 * HOUR, "Later"), schedules(pair, HOUR, "Sooner")
        first = pair.client.chat_scheduledMessages_list(limit=1)
        assert [one["id"] for one in first["scheduled_messages"]] == [sooner]
        assert first["scheduled_messages"][0]["text"] == "Sooner"
        cursor = first["response_metadata"]["next_cursor"]
        second = pair.client.chat_scheduledMessages_list(limit=1, cursor=cursor)
        assert [one["id"] for one in second["scheduled_messages"]] == [later]
        assert second["response_metadata"]["next_cursor"] == ""

    def test_by_channel_and_time(self, pair: Pair) -> None:
        one, other = schedules(pair, HOUR), schedules(pair, 3 * HOUR)

        def ids(**more: Any) -> list[str]:
            return [m["id"] for m in pair.api("chat.scheduledMessages.list", more)["scheduled_messages"]]

        assert ids(latest=in_seconds(2 * HOUR)) == [one]
        assert ids(oldest=in_seconds(2 * HOUR), channel=SALES) == [other]
        assert ids(channel="C07SUPPORT0") == []
        assert pair.api("chat.scheduledMessages.list", {"channel": "C0NOWHERE"})["error"] == "invalid_channel"
        assert pair.api("chat.scheduledMessages.list", {"oldest": 2, "latest": 1})["error"] == "invalid_arguments"


class TestDeleting:
    def test_a_deleted_one_is_gone(self, pair: Pair) -> None:
        pair.client.chat_deleteScheduledMessage(channel=SALES, scheduled_message_id=schedules(pair, HOUR))
        assert pair.client.chat_scheduledMessages_list()["scheduled_messages"] == []

    def test_not_in_its_last_minute_not_twice_and_not_in_another_channel(self, pair: Pair) -> None:
        late, other = schedules(pair, 30), schedules(pair, HOUR)
        tries = [(SALES, late), ("C07SUPPORT0", other), (SALES, "Q0NOTHING"), (SALES, other), (SALES, other)]
        errors = [
            pair.api("chat.deleteScheduledMessage", {"channel": channel, "scheduled_message_id": id_}).get("error")
            for channel, id_ in tries
        ]
        assert errors == [*["invalid_scheduled_message_id"] * 3, None, "invalid_scheduled_message_id"]


def test_a_restart_does_not_forget_them_and_posts_what_became_due(pair_with: Any, tmp_path: Path) -> None:
    path = tmp_path / "workspace.db"
    kept = schedules(pair_with(path=path), HOUR, "Kept")
    due = Scheduled("Q0WASDUE00", SALES, in_seconds(-5), in_seconds(-60), {"text": "Due"})
    FileStore(path).put("scheduled", due.id, asdict(due))
    again = pair_with(path=path)
    mia = again.workspace.person("agent")
    wait_until(lambda: [message["text"] for message in mia.messages].count("Due") == 1)
    assert [one["id"] for one in again.workspace.get("/control/scheduled")["scheduled"]] == [kept]
    assert [document["id"] for document in FileStore(path).all("scheduled")] == [kept]


def test_a_reset_forgets_them(pair: Pair) -> None:
    schedules(pair, HOUR)
    pair.workspace.resets()
    assert pair.workspace.get("/control/scheduled")["scheduled"] == []
