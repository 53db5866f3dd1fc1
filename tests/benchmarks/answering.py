"""How quickly Slack has its answer: Bolt's hello-world, `/billing help` and the accepted submission, side by side.

All servers run on this machine and are measured in turn, round after round; a ratio is taken within its round, so that
whatever else the machine does touches both of its sides.
"""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import sqlalchemy as sa

from billing.storage.engines import parse_url
from tests.benchmarks import requests
from tests.benchmarks.load import Order, Result
from tests.benchmarks.servers import ACCEPT_ONLY, HELLO, HELLO_AT_ONCE, KONTOR, started, wait_until_listening
from tests.support.databases import running_postgresql
from tests.support.world import World, sandboxes

CONNECTIONS = (1, 16)
FASTEST = 3000  # requests a second that no server here reaches: so many are signed beforehand
WARM_UP = 0.5  # seconds
VISA = "pm_card_visa"


@dataclass(frozen=True)
class Case:
    """One server and what is asked of it."""

    label: str
    server: str
    request: str  # hello, help or accept
    database: str  # of the world it belongs to; that of a hello-world is not used
    processes: int = 1

    @property
    def accepts(self) -> bool:
        return self.request == "accept"


@dataclass(frozen=True)
class Measured:
    """A case's result in one round."""

    case: Case
    connections: int
    round: int
    result: Result


HELLO_LABEL = "Bolt hello-world"
AT_ONCE_LABEL = "Bolt hello-world, process_before_response"
HELP_LABEL = "/billing help"
ACCEPT_LABEL = "accepted submission"
WORKER_LABEL = "accepted submission, worker beside it"

IN_TURN = tuple(
    case
    for processes in (1, 2)
    for case in (
        Case(HELLO_LABEL, HELLO, "hello", "postgresql", processes),
        Case(AT_ONCE_LABEL, HELLO_AT_ONCE, "hello", "postgresql", processes),
        Case(HELP_LABEL, KONTOR, "help", "postgresql", processes),
        Case(ACCEPT_LABEL, KONTOR, "accept", "postgresql", processes),
        Case(HELP_LABEL, ACCEPT_ONLY, "help", "sqlite", processes),
        Case(ACCEPT_LABEL, ACCEPT_ONLY, "accept", "sqlite", processes),
    )
    if not (case.database == "sqlite" and processes > 1)  # SQLite has one web process
)
BASELINE = next(case for case in IN_TURN if case.label == AT_ONCE_LABEL)
WITH_WORKER = Case(WORKER_LABEL, KONTOR, "accept", "sqlite")


@dataclass(frozen=True)
class Site:
    """A world with the three requests made for it."""

    world: World
    bodies: dict[str, str]
    expected: dict[str, str]

    def accepted(self) -> tuple[int, int]:
        """How many operations there are, and how many jobs of them."""
        engine = sa.create_engine(parse_url(self.world.settings.database_url))
        jobs = "workflow_status" if self.world.settings.on_sqlite else "dbos.workflow_status"
        try:
            with engine.connect() as connection:
                operations = connection.exec_driver_sql("SELECT count(*) FROM operations").scalar_one()
                enqueued = connection.exec_driver_sql(f"SELECT count(*) FROM {jobs} WHERE name = 'operation'")
                return operations, enqueued.scalar_one()
        finally:
            engine.dispose()

    def forget_jobs(self) -> None:
        """Leave nothing for the next worker to do."""
        engine = sa.create_engine(parse_url(self.world.settings.database_url))
        with engine.begin() as connection:
            connection.exec_driver_sql("DELETE FROM workflow_status")
        engine.dispose()


def measure(folder: Path, seconds: float, rounds: int) -> Iterator[Measured]:
    """Every case, accepting only: on SQLite no worker runs beside the web server."""
    with ExitStack() as stack:
        sites = {name: stack.enter_context(_site(name, folder)) for name in ("postgresql", "sqlite")}
        ports: dict[tuple[str, str, int], int] = {}
        for case in IN_TURN:
            key = (case.server, case.database, case.processes)
            if key not in ports:
                environment = sites[case.database].world.environment
                log = folder / f"{case.server}-{case.processes}.log"
                ports[key] = stack.enter_context(started(case.server, environment, case.processes, log))
        for case in IN_TURN:
            port = ports[case.server, case.database, case.processes]
            _load(sites[case.database], case, port, max(CONNECTIONS), WARM_UP)
        for number in range(rounds):
            for connections in CONNECTIONS:
                for case in IN_TURN:
                    port = ports[case.server, case.database, case.processes]
                    result = _load(sites[case.database], case, port, connections, seconds)
                    yield Measured(case, connections, number, result)


def measure_with_worker(folder: Path, seconds: float, rounds: int) -> Iterator[Measured]:
    """`kontor serve` on SQLite as it is: it works off what it accepts, in the same process.

    The local Stripe and Slack, which the work is done at, take their share of the same processors. The worker starts
    anew for each measurement, because the one before leaves it plenty to do; the baseline is measured without it.
    """
    with ExitStack() as stack:
        site = stack.enter_context(_site("sqlite", folder))
        environment = site.world.environment
        baseline = stack.enter_context(started(BASELINE.server, environment, 1, folder / "baseline.log"))
        _load(site, BASELINE, baseline, max(CONNECTIONS), WARM_UP)
        for number in range(rounds):
            for connections in CONNECTIONS:
                result = _load(site, BASELINE, baseline, connections, seconds)
                yield Measured(BASELINE, connections, number, result)
                with started(KONTOR, environment, 1, folder / "worker.log") as port:
                    _load(site, Case(HELP_LABEL, KONTOR, "help", "sqlite"), port, max(CONNECTIONS), WARM_UP)
                    result = _load(site, WITH_WORKER, port, connections, seconds)
                    yield Measured(WITH_WORKER, connections, number, result)
                site.forget_jobs()


@contextmanager
def _site(database: str, folder: Path) -> Iterator[Site]:
    with ExitStack() as stack:
        if database == "sqlite":
            url = f"sqlite:///{folder / f'{secrets.token_hex(4)}.db'}"
        else:
            url = stack.enter_context(running_postgresql())
        world = stack.enter_context(sandboxes(url))
        contact = world.contact(VISA)
        yield Site(
            world,
            bodies={
                "hello": requests.command(world, "/hello-bolt-python"),
                "help": requests.command(world, "/billing", "help"),
                "accept": requests.confirmation(world, contact),
            },
            expected={"hello": "Hi <@", "help": '"blocks"', "accept": '"response_action": "update"'},
        )


def _load(site: Site, case: Case, port: int, connections: int, seconds: float) -> Result:
    """Run the load in its own process. What was answered as accepted must be in the database, as a row and a job."""
    wait_until_listening(port)
    before = site.accepted() if case.accepts else (0, 0)
    order = Order(
        port=port,
        secret=site.world.settings.slack_signing_secret.get_secret_value(),
        body=site.bodies[case.request],
        expect=site.expected[case.request],
        name=secrets.token_hex(4).upper(),
        connections=connections,
        seconds=seconds,
        at_most=int(seconds * FASTEST),
    )
    run = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.load"],
        input=json.dumps(asdict(order)),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    result = Result(**json.loads(run.stdout))
    if case.accepts:
        found = tuple(after - earlier for after, earlier in zip(site.accepted(), before, strict=True))
        assert found == (result.requests, result.requests), f"{result.requests} accepted, rows and jobs: {found}"
    return result
