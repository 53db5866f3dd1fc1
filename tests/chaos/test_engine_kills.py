"""kill -9 at random instants, of workers and of those who accept: nothing acknowledged is lost, nothing recorded twice.

KONTOR_KILLS says how many kills on each database, KONTOR_SEED repeats who is killed and when.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.engine import migrate_engine

KILLS = int(os.environ.get("KONTOR_KILLS", "12"))
SEED = int(os.environ.get("KONTOR_SEED", random.randrange(1_000_000)))
STEPS = ("check", "perform", "record", "announce")
TABLES = (
    "CREATE TABLE accepted (job TEXT PRIMARY KEY)",
    "CREATE TABLE recorded (job TEXT PRIMARY KEY)",
    "CREATE TABLE tally (recorded INTEGER NOT NULL)",
    "INSERT INTO tally VALUES (0)",
)


class Nursery:
    """Starts workers and acceptors, and kills them."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def start(self, *names: str) -> None:
        self._tell("start", names)

    def kill(self, *names: str) -> None:
        self._tell("kill", names)

    def _tell(self, command: str, names: tuple[str, ...]) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        for name in names:
            self._process.stdin.write(f"{command} {name}\n")
            self._process.stdin.flush()
            assert self._process.stdout.readline() == "done\n"


@contextmanager
def nursery(url: str, folder: Path) -> Iterator[Nursery]:
    command = [sys.executable, str(Path(__file__).with_name("engine_process.py")), url, str(folder)]
    with (
        (folder / "log").open("w") as log,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True) as process,
    ):
        yield Nursery(process)


def lines(file: Path) -> list[str]:
    return file.read_text().split("\n")[:-1] if file.exists() else []


def rows(database: sa.Engine, sql: str) -> list[str]:
    with database.connect() as connection:
        return list(connection.execute(sa.text(sql)).scalars())


@pytest.mark.chaos
@pytest.mark.timeout(180 + 20 * KILLS)  # on a machine that does ten other things; alone it takes about a second each
def test_whoever_is_killed_every_accepted_job_walks_all_its_steps(empty_database_url: str, tmp_path: Path) -> None:
    url = empty_database_url
    table = "workflow_status" if url.startswith("sqlite") else "dbos.workflow_status"
    migrate_engine(url)
    database = sa.create_engine(sa.make_url(url) if "sqlite" in url else url.replace("://", "+psycopg://", 1))
    with database.begin() as connection:
        for statement in TABLES:
            connection.execute(sa.text(statement))

    chance = random.Random(SEED)
    print(f"KONTOR_SEED={SEED} KONTOR_KILLS={KILLS}")
    with nursery(url, tmp_path) as processes:
        processes.start("worker1", "worker2", "acceptor")
        for _ in range(KILLS):
            if chance.random() < 0.8:  # the others are killed while they start
                seen = len(lines(tmp_path / "calls"))
                until(lambda: len(lines(tmp_path / "calls")) > seen, "nobody works", 60)  # noqa: B023 - called at once
            time.sleep(chance.uniform(0.0, 0.6))
            victims = chance.choice(
                [["worker1"], ["worker2"], ["acceptor"], ["worker1", "worker2"], ["worker1", "worker2", "acceptor"]]
            )
            processes.kill(*victims)
            processes.start(*victims)
        processes.kill("acceptor")
        until_quiet(database, table, tmp_path / "calls")

    accepted = set(rows(database, "SELECT job FROM accepted"))
    assert set(lines(tmp_path / "acknowledged")) <= accepted
    assert len(accepted) > KILLS
    assert set(rows(database, f"SELECT workflow_uuid FROM {table} WHERE status = 'SUCCESS' AND name = 'chaos'")) == (
        accepted
    )
    assert lines(tmp_path / "failed") == []
    assert set(rows(database, "SELECT job FROM recorded")) == accepted
    assert rows(database, "SELECT recorded FROM tally") == [len(accepted)]

    calls: dict[str, list[int]] = defaultdict(list)
    for line in lines(tmp_path / "calls"):
        job, step = line.split()
        calls[job].append(STEPS.index(step))
    assert set(calls) == accepted
    for job, steps in calls.items():
        # A step that was under way is repeated; one whose answer was kept never is, and none is left out.
        assert steps == sorted(steps), job
        assert set(steps) == {0, 1, 2, 3}, job
    # The kills did hit work: jobs were finished by others than the two that began.
    assert len(rows(database, f"SELECT DISTINCT executor_id FROM {table} WHERE name = 'chaos'")) > 2
    database.dispose()


def until(met: Callable[[], object], otherwise: str, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.1)


def until_quiet(database: sa.Engine, table: str, calls: Path) -> None:
    """Wait until nothing is left to do. A minute without any call means that what is left is stranded."""
    seen, since = 0, time.monotonic()
    while left := rows(database, f"SELECT workflow_uuid FROM {table} WHERE status NOT IN ('SUCCESS', 'ERROR')"):
        if len(lines(calls)) > seen:
            seen, since = len(lines(calls)), time.monotonic()
        assert time.monotonic() - since < 60, f"stranded: {left}"
        time.sleep(0.1)
