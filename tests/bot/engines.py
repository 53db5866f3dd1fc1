"""What the tests of the engine share: somebody who accepts jobs, steps that note their calls, an engine in a block."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from prometheus_client import REGISTRY

from billing.errors import Transient
from billing.ports import Job
from billing.storage.engines import Engines
from bot.engine import Engine, Patience, Pipeline, Step, enqueue

QUICK = Patience(first=0.02, longest=0.1, told_after=30.0, faults=(0.02, 0.02))


def until(met: Callable[[], object], seconds: float = 20.0) -> None:
    """Wait for something that has to come."""
    deadline = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.01)


class Acceptor:
    """Enqueues like the store, and looks at the engine's table."""

    def __init__(self, engines: Engines) -> None:
        self.engines = engines
        self.table = "workflow_status" if engines.is_sqlite else "dbos.workflow_status"

    def accepts(self, *arguments: str, pipeline: str = "work") -> None:
        with self.transaction() as connection:
            for argument in arguments:
                enqueue(connection, Job(id=f"job-{argument}", name=pipeline, argument=argument))

    @contextmanager
    def transaction(self) -> Iterator[sa.Connection]:
        with self.engines.turn(), self.engines.writer.begin() as connection:
            yield connection

    def all(self, sql: str) -> list[dict[str, Any]]:
        with self.engines.reader.begin() as connection:
            return [dict(row) for row in connection.execute(sa.text(sql.replace("TABLE", self.table))).mappings()]

    def states(self) -> dict[str, str]:
        return {
            row["workflow_uuid"]: row["status"]
            for row in self.all("SELECT workflow_uuid, status FROM TABLE WHERE workflow_uuid LIKE 'job-%'")
        }

    def waits_for(self, **states: str) -> None:
        wanted = {f"job-{argument}": state for argument, state in states.items()}
        until(lambda: wanted.items() <= self.states().items())


@contextmanager
def running(url: str, *pipelines: Pipeline, **options: Any) -> Iterator[Engine]:
    engine = Engine(url, pipelines, **{"patience": QUICK, "polling": 0.02, "sweeping": 0.1, **options})
    engine.start()
    try:
        yield engine
    finally:
        engine.stop()


def pipeline(*runs: Callable[[str, str], str], **options: Any) -> Pipeline:
    names = ["check", "perform", "record", "announce"]
    return Pipeline("work", tuple(Step(name, run) for name, run in zip(names, runs, strict=False)), **options)


class Calls(list[str]):
    """Steps that note their calls."""

    def step(self, name: str, answer: str = "") -> Callable[[str, str], str]:
        def run(argument: str, before: str) -> str:
            self.append(f"{name}({argument}, {before})")
            return answer

        return run

    def transient(self, name: str, times: int, retry_after: float | None = None) -> Callable[[str, str], str]:
        def run(argument: str, before: str) -> str:
            self.append(f"{name}({argument}, {before})")
            if len([call for call in self if call.startswith(name)]) <= times:
                raise Transient("busy", retry_after)
            return ""

        return run


def counted(metric: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(metric, labels) or 0.0
