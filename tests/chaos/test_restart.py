"""Stopping and starting the program in the middle of work, as an operator does: what runs is finished, nothing waits
for ever.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from billing.operations import State
from tests.chaos.errands import PAYS, Errand, Witness, confirm, review
from tests.support.world import Bot, World, sandboxes

CREATE = "POST /v1/subscriptions"
PREVIEW = "POST /v1/invoices/create_preview"

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(300)]


@contextmanager
def running(world: World, log: Path) -> Iterator[list[Bot]]:
    """The program's commands, as processes of their own."""
    bots = [Bot(world, log=log)]
    if not world.settings.on_sqlite:
        bots.append(Bot(world, "worker", log=log))
    try:
        start(bots)
        yield bots
    finally:
        for bot in bots:
            bot.kill()


def start(bots: list[Bot]) -> None:
    for bot in bots:
        bot.start()
    bots[0].wait_until_healthy(90)


def stop(bots: list[Bot]) -> None:
    """Workers first: they are what has something under way."""
    assert {bot.stop() for bot in reversed(bots)} == {0}


def ordered(world: World) -> Errand:
    """A review that has just been confirmed."""
    errand = Errand(PAYS, world.contact(*PAYS.cards), world.person("agent"))
    assert errand.person
    review(errand.person, errand)
    confirm(errand.person)
    return errand


def assert_paid_once(world: World, errand: Errand) -> None:
    assert errand.person
    errand.person.waits_for(lambda one: errand.is_shown(one.text), 60)
    assert [one.status for one in world.subscriptions(errand.contact)] == ["active"]
    assert len(world.payments(errand.contact)) == 1
    assert [one.state for one in world.operations(errand.contact)] == [State.DONE]


def test_a_step_under_way_is_finished_before_the_program_ends(empty_database_url: str, tmp_path: Path) -> None:
    """Stripe is asked once: nobody has to repeat what the stopped process was doing."""
    witness = Witness()
    with (
        sandboxes(empty_database_url, witness=witness) as world,
        running(world, tmp_path / "log") as bots,
    ):
        world.stripe_fails("delay", path="/v1/subscriptions", method="POST", seconds=3)
        errand = ordered(world)
        world.eventually(lambda: witness.calls[CREATE], 60)
        stop(bots)
        assert len(world.subscriptions(errand.contact)) == 1
        start(bots)
        assert_paid_once(world, errand)
        assert witness.calls[CREATE] == 1


def test_a_restart_while_stripe_is_away_loses_nothing(empty_database_url: str, tmp_path: Path) -> None:
    witness = Witness()
    with (
        sandboxes(empty_database_url, witness=witness) as world,
        running(world, tmp_path / "log") as bots,
    ):
        world.stripe_fails("500", path="/v1/invoices", share=1, method="POST")
        errand = ordered(world)
        world.eventually(lambda: witness.calls[PREVIEW] > 1, 60)
        stop(bots)
        tried = witness.calls[PREVIEW]
        start(bots)
        world.eventually(lambda: witness.calls[PREVIEW] > tried, 60)
        world.heals()
        assert_paid_once(world, errand)
