"""The rate that all processes keep together."""

from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from billing.storage.database import Database
from tests.billing.storage.conftest import Query

RATE = 40.0  # a second


def test_a_quarter_of_a_second_may_go_at_once_and_the_others_wait_their_turn(database: Database) -> None:
    """Forty a second: every 25 ms one; eleven calls lie within the first 250 ms."""
    began = time.monotonic()
    waits = [database.reserve("stripe", RATE) for _ in range(51)]
    took = time.monotonic() - began
    assert waits[:11] == [0.0] * 11
    # The 51st is due 50 intervals after the first: at 1.25 s, less the quarter that goes ahead.
    assert 1.0 - took - 0.05 <= waits[-1] <= 1.0 + 0.05
    assert waits == sorted(waits) or took > 0.025


def test_the_past_is_not_saved_up(database: Database, query: Query) -> None:
    database.reserve("stripe", RATE)
    query("UPDATE rate_limits SET due_us = due_us - 2000000")  # as if that had been two seconds ago
    began = time.monotonic()
    at_once = sum(database.reserve("stripe", RATE) == 0.0 for _ in range(60))
    fallen_due = (time.monotonic() - began) * RATE
    assert at_once <= 11 + fallen_due + 1  # not the 80 of two seconds


def test_every_name_has_a_rate_of_its_own(database: Database) -> None:
    """At one in 100 seconds the second waits for nearly as long, however slow this machine is."""
    for _ in range(2):
        database.reserve("stripe", 0.01)
    assert database.reserve("slack", 0.01) == 0.0
    assert database.reserve("slack", 0.01) == pytest.approx(100, abs=20)
    assert database.reserve("stripe", 0.01) == pytest.approx(200, abs=20)


def test_threads_share_it(database: Database) -> None:
    """80 places at 40 a second: the last is due after 79 intervals of 25 ms, 1.975 s, less the quarter."""
    with ThreadPoolExecutor(16) as pool:
        began = time.monotonic()
        due = list(pool.map(lambda _: database.reserve("stripe", RATE) + time.monotonic() - began, range(80)))
    assert 1.6 < max(due) < 2.1 + (time.monotonic() - began)
    assert len({round(one, 4) for one in due}) > 40


def test_processes_share_it(database: Database, database_url: str) -> None:
    other = (
        "import sys\n"
        "from billing.storage.database import Database\n"
        "with Database(sys.argv[1], catalogue=None, enqueue=None) as database:\n"
        "    for _ in range(40): database.reserve('stripe', 1.0)\n"
    )
    subprocess.run([sys.executable, "-c", other, database_url], check=True, timeout=60)
    # Forty places at one a second are taken, so the next is some forty seconds away.
    assert 20 < database.reserve("stripe", 1.0) <= 40


def test_a_rate_is_above_zero(database: Database) -> None:
    with pytest.raises(ValueError, match="above zero"):
        database.reserve("stripe", 0)
