"""kill -9 while people work: at any instant of accept, check, perform, record and announce, nothing is lost or doubled.

The whole program runs as processes of its own, on SQLite as one, on PostgreSQL as web and workers; the local Slack and
Stripe and the mailbox live on in the test's process. KONTOR_KILLS says how many kills on each database, KONTOR_SEED
repeats who is killed, aiming at what, and what people do.
"""

from __future__ import annotations

import os
import queue
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from billing.operations import State
from tests.chaos.errands import KILLS, KINDS, PATIENCE, USES_LINK, Errand, Kind, Witness, add_card, check, go
from tests.support.person import Person
from tests.support.world import World, sandboxes

SEED = int(os.environ.get("KONTOR_SEED", random.randrange(1_000_000)))
STAFF = ("agent", "sales", "manager")  # who may start subscriptions
EACH_KILL = 3  # errands that people begin for each kill, beside those that are under way
CREATE = "POST /v1/subscriptions"
LONG = 120.0 + PATIENCE  # seconds after which something counts as stuck

# What the killer waits for; the kill comes a moment later. Without a pattern it comes at any time.
INSTANTS = {
    "accept": r"POST /control/people/\w+/submit",
    "perform": r"POST /v1/(subscriptions|checkout/sessions|invoices/create_preview)",
    "announce": r"POST /api/(views.update|chat.postMessage)",
    "event": r"GET /v1/customers/",
    "start": None,
    "whenever": None,
}
FAULTS = (
    {"kind": "429", "path": "/v1/", "share": 0.02},
    {"kind": "500", "path": "/v1/subscriptions", "share": 0.05},
    {"kind": "500_after", "path": "/v1/subscriptions", "method": "POST", "share": 0.1},
    {"kind": "cut_after", "path": "/v1/subscriptions", "method": "POST", "share": 0.1},
    {"kind": "timeout_after", "path": "/v1/subscriptions", "method": "POST", "share": 0.05, "seconds": 1},
    {"kind": "cut_after", "path": "/v1/checkout/sessions", "method": "POST", "share": 0.2},
    {"kind": "500", "path": "/v1/invoices/create_preview", "share": 0.1},
)


class Fleet:
    """The program's processes: web and worker in one on SQLite, else one web and two workers."""

    def __init__(self, world: World, program: subprocess.Popen[str]) -> None:
        self._world = world
        self._program = program
        self._commands = {"serve": f"serve --port {world.bot_url.rpartition(':')[2]}"}
        if not world.settings.on_sqlite:
            self._commands |= {"worker1": "worker", "worker2": "worker"}

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._commands)

    def start(self, names: Sequence[str]) -> None:
        for name in names:
            self._tell(f"start {name} {self._commands[name]}")

    def kill(self, names: Sequence[str]) -> None:
        for name in names:
            self._tell(f"kill {name}")

    def wait_until_healthy(self) -> None:
        self._world.eventually(lambda: is_healthy(self._world), 60)

    def _tell(self, line: str) -> None:
        assert self._program.stdin is not None
        assert self._program.stdout is not None
        self._program.stdin.write(f"{line}\n")
        self._program.stdin.flush()
        assert self._program.stdout.readline() == "done\n"


@contextmanager
def running_fleet(world: World, log: Path) -> Iterator[Fleet]:
    command = [sys.executable, "-m", "tests.chaos.program"]
    with (
        log.open("w") as output,
        subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=output,
            text=True,
            env=os.environ | world.environment,
        ) as program,
    ):
        fleet = Fleet(world, program)
        fleet.start(fleet.names)
        fleet.wait_until_healthy()
        yield fleet


def is_healthy(world: World) -> bool:
    try:
        return requests.get(f"{world.bot_url}/healthz", timeout=2).ok
    except requests.RequestException:
        return False


class Shift:
    """The people at work: errands are handed out, whoever is free takes the next."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._waiting: queue.Queue[Errand | None] = queue.Queue(maxsize=EACH_KILL + 1)
        self._pool = ThreadPoolExecutor(len(STAFF), thread_name_prefix="staff")
        self._people: list[Future[None]] = [self._pool.submit(self._work, who) for who in STAFF]

    def give(self, errand: Errand | None) -> None:
        """Waits until there are few left over; raises what went wrong with earlier ones."""
        until = time.monotonic() + LONG
        while True:
            for person in self._people:
                if person.done():
                    person.result()
            try:
                self._waiting.put(errand, timeout=1)
            except queue.Full:
                assert time.monotonic() < until, "nobody takes the next errand"
            else:
                return

    def end(self) -> None:
        for _ in STAFF:
            self.give(None)
        for person in self._people:
            person.result(LONG)

    def __enter__(self) -> Shift:
        return self

    def __exit__(self, *_: object) -> None:
        while not self._waiting.empty():
            self._waiting.get_nowait()
        for _ in STAFF:
            self._waiting.put(None)
        self._pool.shutdown()

    def _work(self, who: str) -> None:
        person = self._world.person(who)
        while errand := self._waiting.get():
            go(self._world, person, errand)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Where the program's processes write."""
    return tmp_path / "log"


@pytest.mark.chaos
@pytest.mark.timeout(600 + 45 * KILLS)  # on a machine that does ten other things; alone a kill takes some four seconds
def test_whoever_is_killed_nothing_is_lost_or_charged_twice_and_everybody_is_told(
    empty_database_url: str, log: Path
) -> None:
    chance, witness, began = random.Random(SEED), Witness(), time.monotonic()
    print(f"KONTOR_SEED={SEED} KONTOR_KILLS={KILLS} log: {log}", flush=True)
    aimed: Counter[str] = Counter()
    with sandboxes(empty_database_url, witness=witness) as world, running_fleet(world, log) as fleet:
        untold = {event.id for event in world.stripe.v1.events.list({"limit": 100}).auto_paging_iter()}
        errands = [hand_over(world, chance.choice(KINDS)) for _ in range(EACH_KILL * (KILLS + 1))]
        left = iter(errands)
        for fault in FAULTS:
            world.stripe_fails(**fault)
        with Shift(world) as shift:
            for _ in range(KILLS):
                for _ in range(EACH_KILL):
                    shift.give(next(left))
                instant = chance.choice(list(INSTANTS))
                aimed[instant] += 1
                kill_once(fleet, witness, chance, instant)
            fleet.wait_until_healthy()
            world.heals()
            for errand in left:
                shift.give(errand)
            shift.end()
        for errand in errands:
            if errand.kind is USES_LINK:
                add_card(world, errand.contact)
        until_settled(world, untold)
        told = {person.id: [str(message) for message in person.direct_messages] for person in people(world)}
        operations = [operation for errand in errands for operation in check(world, errand, told)]
        print(
            f"{KILLS} kills {dict(aimed)} in {time.monotonic() - began:.0f} s: {len(operations)} operations, "
            f"{sum(State.DONE in one.kind.states for one in errands)} subscriptions to start, "
            f"{witness.calls[CREATE]} calls to start one, "
            f"{len(world.jobs())} jobs"
        )
        refused = [entry for entry in world.workspace.refused if entry["direction"] == "from_app"]
        assert {why for entry in refused for why in entry["refused"]} <= {"not_found", "expired_trigger_id"}
        assert len(operations) == len(set(operations)) > KILLS


def people(world: World) -> list[Person]:
    return [world.person(who) for who in STAFF]


def hand_over(world: World, kind: Kind) -> Errand:
    return Errand(kind, world.contact(*kind.cards))


def kill_once(fleet: Fleet, witness: Witness, chance: random.Random, instant: str) -> None:
    victims = chance.choice([(name,) for name in fleet.names] + [fleet.names])
    if instant != "start":
        fleet.wait_until_healthy()
    pattern = INSTANTS[instant]
    if pattern:
        witness.wait_for(pattern, 20)
    time.sleep(chance.uniform(0, 0.1 if pattern else 1.5))
    fleet.kill(victims)
    fleet.start(victims)


def until_settled(world: World, untold: set[str]) -> None:
    """All events delivered, all jobs done, all operations at their end; not within a time means stranded.

    `untold` are the events of which nobody was to be told.
    """
    deadline = time.monotonic() + LONG
    undelivered: set[str] = set()
    while True:
        if not unfinished(world):
            events = list(world.stripe.v1.events.list({"limit": 100}).auto_paging_iter())
            undelivered = {one.id for one in events if one.pending_webhooks}
            # Looked at again: what was delivered last has its job by now, and so has what followed from a job.
            if not undelivered and not unfinished(world):
                assert world.is_quiet()
                assert {one.id for one in events} - untold <= world.jobs().keys()
                return
        assert time.monotonic() < deadline, f"undelivered: {undelivered}, stranded: {unfinished(world)}"
        time.sleep(0.5)


def unfinished(world: World) -> dict[str, str]:
    return {job: state for job, state in world.jobs().items() if state != "SUCCESS"}
