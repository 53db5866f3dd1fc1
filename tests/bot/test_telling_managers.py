"""What managers are told, by the engine that we run, on both databases: each once, whatever is closed or broken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from billing import managers
from billing.desk import Desk
from billing.ports import Job
from billing.roles import Role
from billing.steps import NOBODY
from billing.storage.database import Database
from blocks import kit
from blocks.kit import Message
from bot.engine import Pipeline, Step, enqueue, migrate_engine
from handlers.managers import Managers
from handlers.posts import Posts
from tests.bot.engines import running, until
from tests.support.shop import CATALOGUE, NOW, actor
from tests.support.slack import FakeSlack, Json, slack_error

PEOPLE = tuple(actor(Role.MANAGER, user=f"U_{number}", name=f"Manager {number}") for number in range(3))


class Archived(FakeSlack):
    """The managers' channel is archived."""

    def chat_postMessage(self, *, channel: str, **message: Any) -> Json:  # noqa: N802 - the library's name
        if channel == "C_MANAGERS":
            raise slack_error("is_archived")
        return super().chat_postMessage(channel=channel, **message)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    migrate_engine(database_url)
    with Database(database_url, catalogue=CATALOGUE, enqueue=enqueue, clock=lambda: NOW) as made:
        with made.writing(NOBODY) as uow:
            for one in PEOPLE:
                uow.staff.save(one)
                uow.staff.grant(one.team, one.user, Role.MANAGER, "cli")
        yield made


def job(about: str, place: str) -> Job:
    return Job(id=f"{about}:{place}", name="news", argument=f"{about}:{place}")


@pytest.mark.parametrize("each", [True, False], ids=["each", "in_the_channel"])
def test_where_the_channel_is_archived_each_is_told_once(database_url: str, database: Database, each: bool) -> None:
    """Also of those who were told already, and of whom Slack had no time for."""
    slack = Archived()
    slack.fails["chat_postMessage"].append(slack_error("ratelimited", 429, retry_after="0.05"))
    there = Managers(Desk(database, lambda: NOW), Posts(lambda: slack, "C_MANAGERS"))  # type: ignore[arg-type]

    def tell(argument: str, _: str) -> str:
        about, _, place = argument.partition(":")
        there.deliver(place, lambda t: Message(text=about, blocks=[kit.divider()]), partial(job, about))
        return ""

    told = {one.user for one in PEOPLE}
    with running(database_url, Pipeline("news", (Step("tell", tell),))):
        with database.writing(NOBODY) as uow:
            managers.tell(uow, partial(job, "first"), each=each)
        until(lambda: {one.arguments["channel"] for one in slack.calls} == told)
        tell("first:channel", "")  # as after a crash
        with database.writing(NOBODY) as uow:
            managers.tell(uow, partial(job, "second"))
        until(lambda: len([one for one in slack.calls if one.arguments["text"] == "second"]) == len(told))
    said = Counter((one.arguments["channel"], one.arguments["text"]) for one in slack.calls)
    assert said == Counter((user, text) for user in told for text in ("first", "second"))


def test_nothing_to_tell_is_no_job(database: Database) -> None:
    """Nobody is left: neither managers nor admins."""
    with database.writing(NOBODY) as uow:
        managers.tell_each(uow, partial(job, "first"), ())
