"""Which executors are alive: each holds a lock that its process's death releases, however it died."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Protocol

import sqlalchemy as sa


class Locks(Protocol):
    """One per executor. Used from one thread at a time."""

    def hold(self) -> None:
        """Take our own lock; call again from time to time, in case it was lost."""

    def gone(self, executor: str) -> AbstractContextManager[bool]:
        """A block in which this executor's lock is ours, if its process is gone; False if it lives."""

    def release(self) -> None: ...


def locks_for(database: sa.Engine, executor: str) -> Locks:
    """The locks that fit the database: a file beside SQLite's, advisory locks on PostgreSQL."""
    if database.dialect.name == "sqlite":
        return FileLocks(Path(f"{database.url.database}.workers"), executor)
    return AdvisoryLocks(database, executor)


class FileLocks:
    """One file for all executors of this machine, one byte of it for each: record locks (POSIX) need no clean-up.

    A process loses its record locks when it closes any handle of the file, so only this class may open it.
    """

    def __init__(self, path: Path, executor: str) -> None:
        self._path = path
        self._executor = executor
        self._file: int | None = None

    def hold(self) -> None:
        if self._file is None:
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        if not self._lock(self._executor):
            raise RuntimeError(f"Another process runs as {self._executor}")

    @contextmanager
    def gone(self, executor: str) -> Iterator[bool]:
        taken = self._lock(executor)
        try:
            yield taken
        finally:
            if taken:
                self._call(fcntl.LOCK_UN, executor)

    def release(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _lock(self, executor: str) -> bool:
        try:
            self._call(fcntl.LOCK_EX | fcntl.LOCK_NB, executor)
        except OSError:
            return False
        return True

    def _call(self, command: int, executor: str) -> None:
        assert self._file is not None, "hold() comes first"
        fcntl.lockf(self._file, command, 1, _number(executor))


class AdvisoryLocks:
    """PostgreSQL's session locks, on a connection of their own.

    The server ends the session of a machine that vanished after about 25 seconds (TCP keep-alive). A pooler between us
    and PostgreSQL must work by session: by transaction it would release the locks.
    """

    _SETTINGS = (
        "SET tcp_keepalives_idle = 10",
        "SET tcp_keepalives_interval = 5",
        "SET tcp_keepalives_count = 3",
    )

    def __init__(self, database: sa.Engine, executor: str) -> None:
        self._database = database
        self._executor = executor
        self._connection: sa.Connection | None = None

    def hold(self) -> None:
        if self._connection is not None:
            try:
                self._connection.execute(sa.text("SELECT 1"))
            except sa.exc.DBAPIError:
                self.release()
            else:
                return
        connection = self._database.connect().execution_options(isolation_level="AUTOCOMMIT")
        connection.detach()
        self._connection = connection
        for setting in self._SETTINGS:
            connection.execute(sa.text(setting))
        if not self._lock(self._executor):
            self.release()
            raise RuntimeError(f"Another session holds the lock of {self._executor}")

    @contextmanager
    def gone(self, executor: str) -> Iterator[bool]:
        taken = self._lock(executor)
        try:
            yield taken
        finally:
            if taken:
                self._call("SELECT pg_advisory_unlock(:number)", executor)

    def release(self) -> None:
        if self._connection is not None:
            with suppress(sa.exc.DBAPIError):
                self._connection.close()
            self._connection = None

    def _lock(self, executor: str) -> bool:
        return self._call("SELECT pg_try_advisory_lock(:number)", executor)

    def _call(self, sql: str, executor: str) -> bool:
        assert self._connection is not None, "hold() comes first"
        return bool(self._connection.execute(sa.text(sql), {"number": _number(executor)}).scalar())


def _number(executor: str) -> int:
    """A 62-bit number: advisory locks and file offsets are signed 64-bit."""
    return int.from_bytes(hashlib.sha256(f"kontor.executor.{executor}".encode()).digest()[:8], "big") >> 2
