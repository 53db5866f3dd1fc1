"""kill -9 while requests are filed and decided: every decision counts once, Stripe is told once, cards end right.

The whole program runs as processes of its own. KONTOR_KILLS says how many kills on each database, KONTOR_SEED repeats
who is killed, aiming at what, and what people decide.
"""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from billing.change_requests.model import Act, ChangeRequest, RequestState
from billing.contacts import Contact
from billing.steps import NOBODY
from tests.chaos.errands import KILLS, PATIENCE, Witness, again
from tests.chaos.test_flow_kills import Fleet, running_fleet, unfinished, until_settled
from tests.support.person import Json, Person
from tests.support.requesting import buttons, cards_of, file_request, request_now, with_plan
from tests.support.world import World, sandboxes

SEED = int(os.environ.get("KONTOR_SEED", random.randrange(1_000_000)))
EACH_KILL = 2  # requests that are filed and decided for each kill
PEOPLE = ("manager", "agent")
SCHEDULE = "POST /v1/subscription_schedules"

# What the killer waits for; the kill comes a moment later. Without a pattern it comes at any time.
INSTANTS = {
    "decide": r"POST /control/people/\w+/press",
    "perform": r"POST /v1/subscription_schedules",
    "post": r"POST /api/chat.postMessage",
    "change": r"POST /api/chat.update",
    "start": None,
    "whenever": None,
}
FAULTS = (
    {"kind": "500_after", "path": "/v1/subscription_schedules", "method": "POST", "share": 0.1},
    {"kind": "cut_after", "path": "/v1/subscription_schedules", "method": "POST", "share": 0.1},
    {"kind": "429", "path": "/v1/subscription_schedules", "method": "POST", "share": 0.1},
)
ENDS = {
    Act.APPROVE: (RequestState.SCHEDULED, [Act.FILE, Act.APPROVE, Act.SCHEDULE], ["keep"]),
    Act.REJECT: (RequestState.REJECTED, [Act.FILE, Act.REJECT], []),
    Act.WITHDRAW: (RequestState.WITHDRAWN, [Act.FILE, Act.WITHDRAW], []),
}
WORDS = {Act.APPROVE: "approved", Act.REJECT: "rejected", Act.WITHDRAW: "withdrawn"}


@dataclass
class Wish:
    """One request, and what becomes of it."""

    act: Act
    contact: Contact
    request: ChangeRequest


def decide(world: World, wish: Wish) -> None:
    """As people do: what had no effect is pressed again, in whatever copy of the card they see."""
    person = world.person("agent" if wish.act is Act.WITHDRAW else "manager")

    def is_decided() -> bool:
        if request_now(world, wish.request).last.act is not Act.FILE:
            return True
        found = [copy for copy in cards_of(person, wish.request) if wish.act.value in buttons(copy)]
        if found:
            press(person, wish.act, found[-1])
        return False

    again(is_decided)
    if person.view:
        person.closes(everything=True)


def press(person: Person, act: Act, copy: Json) -> None:
    if person.view:
        person.closes(everything=True)
    person.presses(f"request.{act.value}", message=copy)
    if act is Act.REJECT and person.view and "note" in str(person.view["blocks"]):
        person.submits({"note": "They signed for a year"})


def kill(fleet: Fleet, witness: Witness, chance: random.Random) -> Counter[str]:
    """So many times, each aimed at something else; what was aimed at."""
    aimed: Counter[str] = Counter()
    for _ in range(KILLS):
        instant = chance.choice(list(INSTANTS))
        victims = chance.choice([(name,) for name in fleet.names] + [fleet.names])
        if instant != "start":
            fleet.wait_until_healthy()
        pattern = INSTANTS[instant]
        if pattern:
            witness.wait_for(pattern, 20)
        time.sleep(chance.uniform(0, 0.1 if pattern else 1.5))
        fleet.kill(victims)
        fleet.start(victims)
        aimed[instant] += 1
    fleet.wait_until_healthy()
    return aimed


def work(world: World, chance: random.Random, until: Callable[[], bool]) -> list[Wish]:
    """Requests are filed and decided, one after the other, until the killing is over."""
    wishes: list[Wish] = []
    while not until() or len(wishes) < EACH_KILL * KILLS:
        contact = with_plan(world)
        wish = Wish(chance.choice(list(ENDS)), contact, file_request(world, contact))
        wishes.append(wish)
        decide(world, wish)
    return wishes


def check(world: World, wish: Wish) -> int:
    """One decision, one schedule at most, every copy that is known shows it; how many copies there are."""
    request = request_now(world, wish.request)
    state, acts, offered = ENDS[wish.act]
    assert request.state is state
    assert [one.act for one in request.decisions] == acts
    schedules = world.stripe.v1.subscription_schedules.list({"customer": wish.contact.customer}).data
    assert [one.status for one in schedules] == ["active"] * (wish.act is Act.APPROVE)
    happened = Counter(world.timeline(wish.contact))
    assert {happened[f"request_{word}"] for word in ("filed", WORDS[wish.act])} == {1}
    with world.app.desk.reading(NOBODY) as uow:
        known = {(card.channel, card.ts): card for card in uow.requests.cards(request.id)}
    assert len(known) >= 3, "the channel, who decides, who filed it"
    copies = {(one["channel"], one["ts"]): one for who in PEOPLE for one in cards_of(world.person(who), request)}
    for address, card in known.items():
        assert address in copies, f"{card.place} was written down and is not there"
        assert buttons(copies[address]) == offered, card.place
        assert card.shown == request.version
    adopt(world, wish, [one for address, one in copies.items() if address not in known])
    return len(copies)


def adopt(world: World, wish: Wish, lost: list[Json]) -> None:
    """A copy that was posted and not written down offers what is over; a click in it is answered, and mends it.

    One that was posted after the decision, and before Stripe knew of it, offers nothing that could be clicked.
    """
    _, _, offered = ENDS[wish.act]
    for copy in lost:
        if not buttons(copy):
            continue
        person = next(one for one in map(world.person, PEOPLE) if copy in cards_of(one, wish.request))
        over = next(name for name in buttons(copy) if name not in offered)
        person.presses(f"request.{over}", message=copy)
        assert person.view, "the click is answered"
        person.closes(everything=True)

        def is_mended(ts: str = copy["ts"], person: Person = person) -> bool:
            return any(one["ts"] == ts and buttons(one) == offered for one in cards_of(person, wish.request))

        world.eventually(is_mended, 30)


@pytest.mark.chaos
@pytest.mark.timeout(600 + 45 * KILLS)
def test_whoever_is_killed_every_decision_is_made_once_and_every_card_shows_it(
    empty_database_url: str, tmp_path: Path
) -> None:
    chance, witness, began = random.Random(SEED), Witness(), time.monotonic()
    print(f"KONTOR_SEED={SEED} KONTOR_KILLS={KILLS} log: {tmp_path / 'log'}", flush=True)
    with sandboxes(empty_database_url, witness=witness) as world, running_fleet(world, tmp_path / "log") as fleet:
        untold = {event.id for event in world.stripe.v1.events.list({"limit": 100}).auto_paging_iter()}
        for fault in FAULTS:
            world.stripe_fails(**fault)
        with ThreadPoolExecutor(1) as pool:
            killing = pool.submit(kill, fleet, witness, random.Random(SEED + 1))
            wishes = work(world, chance, killing.done)
            aimed = killing.result(PATIENCE)
        world.heals()
        until_settled(world, untold)
        copies = sum(check(world, wish) for wish in wishes)
        print(
            f"{KILLS} kills {dict(aimed)} in {time.monotonic() - began:.0f} s: {len(wishes)} requests, "
            f"{sum(wish.act is Act.APPROVE for wish in wishes)} to plan, {witness.calls[SCHEDULE]} calls to plan one, "
            f"{copies} copies of cards, {len(world.jobs())} jobs"
        )
        assert not unfinished(world)
        refused = [entry for entry in world.workspace.refused if entry["direction"] == "from_app"]
        assert {why for entry in refused for why in entry["refused"]} <= {"expired_trigger_id"}
