"""The store: opens units of work, and writes down what was accepted together with the job that does it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from types import TracebackType

import psycopg
from sqlalchemy import text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as AllInUse

from billing.access import Actor
from billing.catalogue import Catalogue
from billing.errors import Transient
from billing.operations import Operation
from billing.ports import Job, StripeEvent
from billing.storage.accepting import Acceptance
from billing.storage.batches import Batches
from billing.storage.engines import is_transient, open_engines
from billing.storage.finders import SearchStrength
from billing.storage.jobs import Enqueue, EnqueueFrom, event_job, nobody_enqueues
from billing.storage.limiter import RateLimiter
from billing.storage.operations import EventRows, OperationRows
from billing.storage.search_index import finder
from billing.storage.units import Unit

PAUSE = 0.5  # seconds before the second attempt: a server that restarts is soon back, and Slack waits for three


def utcnow() -> datetime:
    return datetime.now(UTC)


class Database:
    """`billing.ports.Store` on SQLite (`sqlite:///FILE`) or PostgreSQL (`postgresql://…`).

    `enqueue` gives jobs to the durable engine on the connection it is handed, so that each commits with the row it is
    about; a job whose id is known is not run again. Whatever may be tried again is raised as Transient.
    """

    def __init__(
        self,
        url: str,
        *,
        catalogue: Catalogue,
        enqueue: Enqueue,
        enqueue_from: EnqueueFrom | None = None,
        clock: Callable[[], datetime] = utcnow,
        connections: int = 64,
        own_delay: timedelta = timedelta(),
    ) -> None:
        """`enqueue_from`: does what `enqueue` does; with it, PostgreSQL accepts operations in one statement.

        `own_delay`: how long the events that our own calls caused wait before they are handled.
        """
        self._engines = open_engines(url, connections=connections)
        self._catalogue = catalogue
        self._enqueue = enqueue
        self._clock = clock
        self._own_delay = own_delay
        self._acceptance: Acceptance | None = None
        if enqueue_from and self._engines.single:
            self._acceptance = Acceptance(self._engines.single, enqueue_from)
        self._accepting = Batches(self._accept, concerns_all=Transient)
        self._limiter = RateLimiter(self._engines)
        with self._reader() as connection:
            self._finder = finder(connection)

    def __enter__(self) -> Database:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        if self._acceptance:
            self._acceptance.close()
        self._engines.dispose()

    @contextmanager
    def reading(self, actor: Actor) -> Iterator[Unit]:
        with self._reader() as connection:
            yield self._unit(connection, actor, nobody_enqueues, writes=False)

    @contextmanager
    def writing(self, actor: Actor) -> Iterator[Unit]:
        with self._writer() as connection:
            yield self._unit(connection, actor, self._enqueue, writes=True)

    def accept(self, operation: Operation) -> bool:
        return self._accepting.do(operation)

    def _accept(self, operations: Sequence[Operation]) -> list[bool]:
        """Once more when the connection was lost: it is not asked before every use, and then the server is back.

        Whether the first attempt was committed does not matter: the operations' keys are known then.
        """
        if len({one.key for one in operations}) < len(operations):
            raise _SomeAreKnown
        try:
            return self._accept_once(operations)
        except Transient:
            time.sleep(PAUSE)
            return self._accept_once(operations)

    def _accept_once(self, operations: Sequence[Operation]) -> list[bool]:
        if self._acceptance is None:
            return self._accept_in_transaction(operations)
        with _faults():
            new = self._acceptance.add(operations)
        known = [one for one in operations if one.id not in new]
        if known:
            with self._writer() as connection:
                self._enqueue(connection, *map(Job.again, known))
        return [one.id in new for one in operations]

    def _accept_in_transaction(self, operations: Sequence[Operation]) -> list[bool]:
        with self._writer() as connection:
            are_new = OperationRows(connection, self._clock()).add_all(operations)
            if not are_new and len(operations) > 1:
                raise _SomeAreKnown
            self._enqueue(connection, *map(Job.of if are_new else Job.again, operations))
        return [are_new] * len(operations)

    def accept_event(self, event: StripeEvent) -> bool:
        with self._writer() as connection:
            is_new = EventRows(connection).add(event)
            if is_new:
                self._enqueue(connection, event_job(event, self._own_delay))
        return is_new

    def reserve(self, name: str, per_second: float) -> float:
        """Take the next place among what all processes may do `per_second` times; return the seconds to wait for it."""
        with _faults():
            return self._limiter.reserve(name, per_second)

    def search_strength(self) -> SearchStrength:
        """What the search can do on this database."""
        return self._finder.strength

    def ping(self) -> None:
        """Raise Transient when the database does not answer."""
        with self._reader() as connection:
            connection.execute(text("SELECT 1"))

    def turn(self) -> AbstractContextManager[None]:
        """The right to write, for others of this process that write to the same SQLite file; nothing on PostgreSQL."""
        return self._engines.turn()

    def _unit(self, connection: Connection, actor: Actor, engine: Enqueue, *, writes: bool) -> Unit:
        return Unit(
            connection=connection,
            actor=actor,
            catalogue=self._catalogue,
            now=self._clock(),
            finder=self._finder,
            engine=engine,
            writes=writes,
        )

    @contextmanager
    def _reader(self) -> Iterator[Connection]:
        with _faults(), self._engines.reader.begin() as connection:
            yield connection

    @contextmanager
    def _writer(self) -> Iterator[Connection]:
        with self._engines.turn(), _faults(), self._engines.writer.begin() as connection:
            yield connection


class _SomeAreKnown(Exception):
    """Nothing of the batch is accepted; each is tried alone, and then it shows which."""


@contextmanager
def _faults() -> Iterator[None]:
    try:
        yield
    except (DBAPIError, psycopg.Error, AllInUse) as error:
        if is_transient(error):
            raise Transient("database") from error
        raise
