"""A request that was filed while nothing worked, or decided just before the end: the next start goes on (A24)."""

from __future__ import annotations

from billing.change_requests.deciding import decide
from billing.change_requests.model import Act, RequestState
from bot.sandbox.server import running
from tests.support.requesting import (
    APPROVALS,
    buttons,
    card,
    cards_of,
    file_request,
    reaches,
    request_now,
    staff,
    with_plan,
)
from tests.support.world import World, sandboxes


def works_until(world: World, condition) -> None:
    """Our program runs, web and engine, until that is so, and ends."""
    engine = world.app.engine()
    engine.start()
    try:
        with running(world.app.web(), int(world.bot_url.rpartition(":")[2])):
            world.eventually(condition, 20)
            world.eventually(lambda: set(world.jobs().values()) == {"SUCCESS"}, 20)
    finally:
        engine.stop()


def test_what_was_filed_before_the_start_is_posted_and_what_was_decided_is_done(empty_database_url: str) -> None:
    """slack.md's second rule: the buttons disappear after a restart, too."""
    with sandboxes(empty_database_url) as world:
        ada = with_plan(world)
        request = file_request(world, ada)
        priya, mia = world.person("manager"), world.person("agent")
        assert cards_of(priya, request) == []
        works_until(world, lambda: cards_of(mia, request) and len(cards_of(priya, request)) == 2)
        assert buttons(card(priya, request)) == ["approve", "reject", "ask"]

        with world.app.desk.writing(staff(world, priya)) as uow:
            decide(uow, request.id, Act.APPROVE)
        assert buttons(card(priya, request)) == ["approve", "reject", "ask"], "nobody was there to change it"
        works_until(world, lambda: request_now(world, request).state is RequestState.SCHEDULED)
        reaches(world, request, RequestState.SCHEDULED)
        for person, channel in ((priya, APPROVALS), (priya, None), (mia, None)):
            assert buttons(card(person, request, channel)) == ["keep"]
        assert len(world.stripe.v1.subscription_schedules.list({"customer": ada.customer}).data) == 1
