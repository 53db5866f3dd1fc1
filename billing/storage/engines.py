"""Connections: how each database is opened, and which of its errors may be tried again."""

from __future__ import annotations

import sqlite3
import time
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg
from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.engine import Connection
from sqlalchemy.engine.interfaces import DBAPIConnection, ExceptionContext
from sqlalchemy.exc import ArgumentError, DBAPIError, DisconnectionError
from sqlalchemy.exc import TimeoutError as AllInUse
from sqlalchemy.pool import ConnectionPoolEntry, NullPool, PoolProxiedConnection

from billing.storage.turns import turns_of

UNUSABLE = (DBAPIError, ArgumentError)  # what opening or asking a database may raise: it is not there, or no address
BUSY_TIMEOUT_MS = 30_000  # other processes may write to the same file: a worker, a command
PING_AFTER_SECONDS = 10.0
# A server that has vanished answers nothing, and without these a thread waits a quarter of an hour for it. Seconds, and
# milliseconds for data that is not acknowledged; what stands in the address itself has precedence.
_NOTICED_SOON = {
    "connect_timeout": "3",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "15000",
}
_READS: Final = {"postgresql_readonly": True}
_OLDEST_SQLITE = (3, 35, 0)  # RETURNING; the trigram tokenizer is from 3.34


@dataclass(frozen=True)
class Engines:
    """A database, opened. On SQLite writers and readers have connections of their own."""

    url: URL
    writer: Engine
    reader: Engine
    relaxed: Engine  # for what may be lost in a power cut: a commit does not wait for the disk
    single: Engine | None = None  # PostgreSQL: for who keeps a connection; opens one whenever it is asked

    @property
    def is_sqlite(self) -> bool:
        return self.url.get_backend_name() == "sqlite"

    def turn(self) -> AbstractContextManager[None]:
        """Wait for the right to write."""
        return turns_of(str(self.url.database)) if self.is_sqlite else nullcontext()

    def dispose(self) -> None:
        for engine in {self.writer, self.reader, self.relaxed, self.single}:
            if engine:
                engine.dispose()


def parse_url(text: str) -> URL:
    """The address with our driver, what notices soon that the server is gone, and, for SQLite, the absolute path.

    Raise ValueError for other databases.
    """
    url = make_url(text)
    match url.get_backend_name():
        case "sqlite":
            if not url.database or url.database == ":memory:":
                raise ValueError("SQLite needs a file: other processes have to see it")
            return url.set(database=str(Path(url.database).absolute()))
        case "postgresql" | "postgres":
            return url.set(drivername="postgresql+psycopg", query={**_NOTICED_SOON, **url.query})
        case other:
            raise ValueError(f"{other} is not supported: sqlite:///FILE or postgresql://…")


def open_engines(text: str, *, connections: int = 64) -> Engines:
    """Open it; `connections` is the most that are used at once, and should not be below the number of threads."""
    url = parse_url(text)
    if url.get_backend_name() == "sqlite":
        if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
            raise RuntimeError(f"SQLite {sqlite3.sqlite_version} is too old: 3.35 or later is needed")
        Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
        return Engines(
            url,
            writer=_sqlite(url, begin="BEGIN IMMEDIATE", synchronous="FULL", connections=1),
            reader=_sqlite(url, begin="BEGIN", synchronous="FULL", connections=connections, read_only=True),
            relaxed=_sqlite(url, begin="BEGIN IMMEDIATE", synchronous="NORMAL", connections=1),
        )
    engine = _postgresql(url, connections)
    return Engines(
        url,
        writer=engine,
        reader=engine.execution_options(**_READS),
        relaxed=engine,
        single=create_engine(url, poolclass=NullPool),
    )


def _sqlite(url: URL, *, begin: str, synchronous: str, connections: int, read_only: bool = False) -> Engine:
    engine = create_engine(
        url, pool_size=connections, max_overflow=0, pool_timeout=BUSY_TIMEOUT_MS / 1000, pool_use_lifo=True
    )

    @event.listens_for(engine, "connect")
    def configure(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # BEGIN is ours to say, see below
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute(f"PRAGMA synchronous = {synchronous}")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute("PRAGMA recursive_triggers = ON")  # else REPLACE deletes rows past the triggers that refuse it
        cursor.execute("PRAGMA cache_size = -8000")
        cursor.execute("PRAGMA mmap_size = 4294967296")
        cursor.execute("PRAGMA journal_size_limit = 67108864")
        if read_only:
            cursor.execute("PRAGMA query_only = ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def start(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _postgresql(url: URL, connections: int) -> Engine:
    # Prepared statements are planned without looking at the values, and a search without a hit then took 875 ms
    # instead of 0.7.
    engine = create_engine(
        url,
        pool_size=connections,
        max_overflow=0,
        pool_use_lifo=True,
        isolation_level="READ COMMITTED",
        connect_args={"prepare_threshold": None},
    )
    _ping_after_idling(engine)

    @event.listens_for(engine, "handle_error")
    def leave_a_server_that_only_reads(context: ExceptionContext) -> None:
        """It was demoted, and another one took its place; but whoever wants to read only is told it by any server."""
        if isinstance(context.original_exception, psycopg.errors.ReadOnlySqlTransaction):
            reads = context.connection and context.connection.get_execution_options().items() >= _READS.items()
            context.is_disconnect = not reads

    return engine


def _ping_after_idling(engine: Engine) -> None:
    """Find out that the server went away before a connection is used, but not at every use: a ping is a round trip."""

    @event.listens_for(engine, "checkin")
    def stamp(_connection: DBAPIConnection | None, entry: ConnectionPoolEntry) -> None:
        entry.info["idle_since"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def ping(connection: DBAPIConnection, entry: ConnectionPoolEntry, _proxy: PoolProxiedConnection) -> None:
        if time.monotonic() - entry.info.get("idle_since", time.monotonic()) < PING_AFTER_SECONDS:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise DisconnectionError from error  # the pool opens another


# Connection, rollback, resources, lock, cancelled or shut down, the disk; a transaction that took too long.
_RETRIABLE_SQLSTATES = ("08", "40", "53", "55P03", "57", "58", "25P03", "25P04")
_RETRIABLE_SQLITE = (
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
)


def is_transient(error: DBAPIError | psycopg.Error | AllInUse) -> bool:
    """The same transaction may succeed later: once a connection, the server, the disk or the file is back or free."""
    if isinstance(error, AllInUse):
        return True
    cause: BaseException | None = error
    if isinstance(error, DBAPIError):
        if error.connection_invalidated:
            return True
        cause = error.orig
    if isinstance(cause, psycopg.OperationalError):
        return cause.sqlstate is None or cause.sqlstate.startswith(_RETRIABLE_SQLSTATES)
    if isinstance(cause, sqlite3.Error):
        return getattr(cause, "sqlite_errorcode", 0) & 0xFF in _RETRIABLE_SQLITE
    return False
