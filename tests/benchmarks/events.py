"""How many of Stripe's events are stored and handled a second, how long a backlog takes, and a page of history.

    python -m tests.benchmarks.events [--events 2000] [--full] [--databases sqlite,postgresql] [--stripe-ms 20]

`--full` is a backlog of 100,000 events. Stripe is a stand-in that answers each look at a customer after so many
milliseconds, as long as the real one takes for its fastest answer; what is measured is everything on our side. Eight
events about a customer come together, as of a renewal. SQLite has one process; on PostgreSQL one and two are measured.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text

from billing.access import Actor
from billing.catalogue import load
from billing.contacts import Address, Contact, CustomerSnapshot
from billing.events import EventSteps
from billing.ids import ContactId, CustomerId, EventId, TeamId, UserId
from billing.money import Money
from billing.ports import StripeEvent
from billing.roles import Role
from billing.storage import schema
from billing.storage.database import Database
from billing.timeline import Entry, Happening, Topic, Wanted
from bot import logs
from bot.engine import Engine, Pipeline, Step, enqueue, migrate_engine
from tests.support.databases import running_postgresql

CATALOGUE = Path("tests/support/catalogue.toml")
TOGETHER = 8  # events about one customer
ENTRIES = 100_000  # of the contact whose history is read
BACKLOG = 100_000
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
ACTOR = Actor(team=TeamId("T1"), user=UserId("U1"), name="Bench", roles=frozenset({Role.MANAGER}))


class Stripe:
    """The one call that handling an event makes."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.looks = 0

    def snapshot(self, customer: CustomerId) -> CustomerSnapshot:
        self.looks += 1
        began = datetime.now(UTC)
        time.sleep(self._seconds)
        return CustomerSnapshot(
            customer=customer,
            read_at=began,
            name="Ada",
            email="ada@example.com",
            phone="",
            currency="EUR",
            address=None,
            language=None,
            created_at=NOW,
            balance=Money.zero("EUR"),
        )


def main(argv: Sequence[str] | None = None) -> dict[str, Any]:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.events", description="How quick events are.")
    parser.add_argument("--events", type=int, default=2_000, help="in the backlog")
    parser.add_argument("--full", action="store_true", help=f"a backlog of {BACKLOG:,}")
    parser.add_argument("--databases", default="sqlite,postgresql")
    parser.add_argument("--stripe-ms", type=float, default=20.0, help="that Stripe takes for one look at a customer")
    parser.add_argument("--work", metavar="URL", help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    logs.configure("text", "warning")
    if options.work:
        return _work(options.work, options.stripe_ms / 1000)
    count = BACKLOG if options.full else options.events
    found: dict[str, Any] = {}
    for kind in options.databases.split(","):
        found[kind] = list(_measure(kind, count, options.stripe_ms))
    return found


def _measure(kind: str, count: int, stripe_ms: float) -> Iterator[dict[str, Any]]:
    for processes in (1, 2) if kind == "postgresql" else (1,):
        with _database(kind) as url:
            _contacts(url, count // TOGETHER)
            stored = _store(url, count)
            handled = _handle(url, count, processes, stripe_ms)
            row = {"database": kind, "processes": processes, "events": count, "stored_a_second": stored, **handled}
            if processes == 1:
                row |= _history(url)
            sys.stdout.write(json.dumps(row) + "\n")
            sys.stdout.flush()
            yield row


@contextlib.contextmanager
def _database(kind: str) -> Iterator[str]:
    with contextlib.ExitStack() as stack:
        if kind == "sqlite":
            url = f"sqlite:///{stack.enter_context(tempfile.TemporaryDirectory(prefix='kontor-bench-'))}/kontor.db"
        else:
            url = stack.enter_context(running_postgresql())
        schema.migrate(url)
        migrate_engine(url)
        yield url


def _opened(url: str) -> Database:
    return Database(url, catalogue=load(CATALOGUE), enqueue=enqueue)


def _contacts(url: str, count: int) -> None:
    with _opened(url) as store:
        for first in range(0, count, 1000):
            with store.writing(ACTOR) as uow:
                uow.contacts.save_all([_contact(number) for number in range(first, min(first + 1000, count))])


def _contact(number: int) -> Contact:
    return Contact(
        id=ContactId(f"con_{number}"),
        customer=CustomerId(f"cus_{number}"),
        name=f"Ada {number}",
        currency="EUR",
        address=Address(country="DE"),
        since=date(2026, 1, 1),
    )


def _store(url: str, count: int) -> float:
    """As the webhook does it: a row and a job in one transaction each."""
    with _opened(url) as store:
        began = time.perf_counter()
        for number in range(count):
            store.accept_event(
                StripeEvent(
                    id=EventId(f"evt_{number}"),
                    type="invoice.paid" if number % TOGETHER == 0 else "customer.subscription.updated",
                    customer=CustomerId(f"cus_{number // TOGETHER}"),
                    object_id=f"in_{number}",
                    created_at=NOW,
                    payload=json.dumps({"amount_paid": 4900, "currency": "eur", "number": f"K-{number}"}),
                )
            )
        return round(count / (time.perf_counter() - began))


def _handle(url: str, count: int, processes: int, stripe_ms: float) -> dict[str, Any]:
    """So many worker processes drain the backlog; the largest of their memories."""
    command = [sys.executable, "-m", "tests.benchmarks.events", "--work", url, "--stripe-ms", str(stripe_ms)]
    began = time.perf_counter()
    workers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(processes)]
    told = [json.loads(worker.communicate()[0].splitlines()[-1]) for worker in workers]
    return {
        "handled_a_second": round(count / max(one["seconds"] for one in told)),
        "drained_in_seconds": round(time.perf_counter() - began, 1),
        "looks_at_stripe": sum(one["looks"] for one in told),
        "memory_mb": max(one["memory_mb"] for one in told),
    }


def _work(url: str, seconds: float) -> dict[str, Any]:
    """Until nothing is left; from when the engine has started."""
    payments: Any = Stripe(seconds)
    with _opened(url) as store:
        steps = EventSteps(store, payments)
        pipeline = Pipeline("event", (Step("handle", steps.handle, may_end=True), Step("follow_up", _nothing_follows)))
        engine = Engine(url, [pipeline])
        engine.start()
        began = time.perf_counter()
        try:
            while _left(url):
                time.sleep(0.1)
            took = time.perf_counter() - began
        finally:
            engine.stop()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    found = {"seconds": took, "looks": payments.looks, "memory_mb": memory}
    sys.stdout.write(json.dumps(found) + "\n")
    return found


def _nothing_follows(_event: str, _moved: str) -> str:
    raise AssertionError("none of these events moves an operation on")


def _left(url: str) -> bool:
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    table = "dbos.workflow_status" if url.startswith("postgresql") else "workflow_status"
    open_ones = f"SELECT 1 FROM {table} WHERE name = 'event' AND status NOT IN ('SUCCESS', 'ERROR') LIMIT 1"
    try:
        with engine.connect() as connection:
            return connection.execute(text(open_ones)).first() is not None
    finally:
        engine.dispose()


def _history(url: str) -> dict[str, float]:
    """Milliseconds (median of 50) for a page of the history of a contact that has a hundred thousand entries."""
    owner = _contact(10**9)
    whats = [one for one in Happening if one is not Happening.REQUEST_FAILED]
    with _opened(url) as store:
        with store.writing(ACTOR) as uow:
            uow.contacts.save(owner)
        for first in range(0, ENTRIES, 5000):
            with store.writing(ACTOR) as uow:
                uow.timeline.append_all([_entry(owner, n, whats) for n in range(first, first + 5000)])
        with store.reading(ACTOR) as uow:
            deep = uow.timeline.page(owner.id, ENTRIES // 2).older
        return {
            "page_ms": _median_ms(store, owner, None, Wanted()),
            "page_in_the_middle_ms": _median_ms(store, owner, deep, Wanted()),
            "page_of_a_kind_ms": _median_ms(store, owner, None, Wanted(topic=Topic.DECISIONS)),
            "page_since_ms": _median_ms(store, owner, None, Wanted(since=NOW - timedelta(days=30))),
        }


def _entry(owner: Contact, number: int, whats: Sequence[Happening]) -> Entry:
    return Entry(
        id=f"e{number}", contact=owner.id, at=NOW - timedelta(minutes=number), what=whats[number % len(whats)], by="Ada"
    )


def _median_ms(store: Database, owner: Contact, before: str | None, wanted: Wanted) -> float:
    times = []
    for _ in range(50):
        with store.reading(ACTOR) as uow:
            began = time.perf_counter()
            uow.timeline.page(owner.id, 12, before, wanted)
            times.append(time.perf_counter() - began)
    return round(1000 * statistics.median(times), 2)


if __name__ == "__main__":
    main()
