"""The processes that `test_engine_kills` kills: workers and acceptors on a database, and a folder as the outside world.

Started once as a nursery that has everything imported: a line `start NAME` on its input forks a worker or an acceptor,
`kill NAME` kills it with -9; each is answered with a line. At the end of its input it kills all of them.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from billing.errors import Transient
from billing.ports import Job
from billing.storage.engines import Engines, open_engines
from bot.engine import Engine, Patience, Pipeline, Step, enqueue

BACKLOG = 20  # jobs; acceptors wait while there are more, so that a slow machine is not asked for too much
STEPS = ("check", "perform", "record", "announce")


def append(file: Path, line: str) -> None:
    """In one write, which is whole or not there, also when this process is killed."""
    handle = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(handle, f"{line}\n".encode())
    os.close(handle)


@contextmanager
def writing(engines: Engines) -> Iterator[sa.Connection]:
    with engines.turn(), engines.writer.begin() as connection:
        yield connection


class World:
    """What the steps do: calls go to a file in the order in which they begin, records to our own database."""

    def __init__(self, engines: Engines, folder: Path) -> None:
        self._engines = engines
        self._calls = folder / "calls"

    def check(self, job: str, before: str) -> str:
        append(self._calls, f"{job} check")
        assert before == ""
        with self._engines.reader.begin() as connection:
            found = connection.execute(sa.text("SELECT 1 FROM accepted WHERE job = :job"), {"job": job}).scalar()
        assert found, f"{job} runs without having been accepted"
        return f"checked {job}"

    def perform(self, job: str, before: str) -> str:
        append(self._calls, f"{job} perform")
        assert before == f"checked {job}"
        match random.random():
            case chance if chance < 0.02:
                raise Transient("outage", retry_after=2.0)
            case chance if chance < 0.1:
                raise Transient("busy")
        time.sleep(random.uniform(0, 0.02))
        return f"performed {job}"

    def record(self, job: str, before: str) -> str:
        append(self._calls, f"{job} record")
        assert before == f"performed {job}"
        with writing(self._engines) as connection:
            new = connection.execute(
                sa.text("INSERT INTO recorded (job) VALUES (:job) ON CONFLICT (job) DO NOTHING RETURNING job"),
                {"job": job},
            ).scalar()
            if new:
                connection.execute(sa.text("UPDATE tally SET recorded = recorded + 1"))
        return f"recorded {job}"

    def announce(self, job: str, before: str) -> str:
        append(self._calls, f"{job} announce")
        assert before == f"recorded {job}"
        return ""


def worker(url: str, folder: Path) -> None:
    world = World(open_engines(url, connections=8), folder)
    steps = tuple(Step(name, getattr(world, name)) for name in STEPS)
    pipeline = Pipeline("chaos", steps, failed=lambda job, reference: append(folder / "failed", f"{job} {reference}"))
    Engine(
        url, [pipeline], patience=Patience(first=0.05, faults=()), concurrency=8, polling=0.03, sweeping=0.25
    ).start()
    while wanted():
        time.sleep(0.5)


def acceptor(url: str, folder: Path) -> None:
    engines = open_engines(url, connections=2)
    number = 0
    while wanted():
        time.sleep(random.uniform(0.02, 0.1))
        if backlog(engines) > BACKLOG:
            continue
        number += 1
        job = f"{os.getpid()}-{time.monotonic_ns()}-{number}"
        with writing(engines) as connection:
            connection.execute(sa.text("INSERT INTO accepted (job) VALUES (:job)"), {"job": job})
            enqueue(connection, Job(id=job, name="chaos", argument=job))
        append(folder / "acknowledged", job)


def wanted() -> bool:
    """Whether the nursery lives: if that was killed itself, nobody else ends us."""
    return os.getppid() != 1


def backlog(engines: Engines) -> int:
    with engines.reader.begin() as connection:
        return connection.execute(sa.text("SELECT (SELECT count(*) FROM accepted) - recorded FROM tally")).scalar_one()


def nursery(url: str, folder: Path) -> None:
    """A child that died is our zombie until we take note, so its process id cannot be somebody else's."""
    children: dict[str, int] = {}
    for line in sys.stdin:
        command, name = line.split()
        if command == "start":
            children[name] = fork({"worker": worker, "acceptor": acceptor}[name.rstrip("12")], url, folder)
        else:
            kill(children.pop(name))
        print("done", flush=True)
    for child in children.values():
        kill(child)


def fork(run: Callable[[str, Path], None], url: str, folder: Path) -> int:
    child = os.fork()
    if child == 0:
        random.seed()
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # the nursery's output is for its answers
        try:
            run(url, folder)
        except BaseException:
            traceback.print_exc()
        os._exit(1)
    return child


def kill(child: int) -> None:
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


if __name__ == "__main__":
    nursery(sys.argv[1], Path(sys.argv[2]))
