"""Several operations and their jobs, written down on PostgreSQL in one statement.

It is prepared, commits by itself and is one round trip. Two INSERTs in a transaction are four, and each is parsed once
for every row that it inserts. And it is one call of libpq's: psycopg's own way through a statement lets go of Python's
lock at every turn, and then waits for it behind all other threads that answer somebody.
"""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import psycopg
from psycopg import pq
from sqlalchemy import Dialect, Engine
from sqlalchemy.dialects import postgresql
from sqlalchemy.pool import PoolProxiedConnection

from billing.ids import OperationId
from billing.operations import Operation
from billing.storage.jobs import EnqueueFrom
from billing.storage.operations import row_of
from billing.storage.tables import operations, utc

_POSTGRESQL: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]  # comes without types
_COLUMNS = ", ".join(operations.columns.keys())
_TYPED = ", ".join(f"{column.name} {column.type.compile(_POSTGRESQL)}" for column in operations.columns)
_SQL = f"""
WITH added AS (
    INSERT INTO operations ({_COLUMNS}) SELECT {_COLUMNS} FROM json_to_recordset($1) AS given ({_TYPED})
    ON CONFLICT DO NOTHING RETURNING id, trace
), new_jobs AS (
    SELECT id, 'operation' AS name, id AS argument, trace FROM added
), enqueued AS (
    {{enqueue}}
)
SELECT id::text FROM added
"""  # noqa: S608 - no input in it
_LOST: Final = (psycopg.errors.ReadOnlySqlTransaction, psycopg.errors.InvalidSqlStatementName)
CLOSES_WITHIN: Final = 1.0  # seconds


class Acceptance:
    """Writes operations down, each with the job that walks it, on a connection of its own."""

    def __init__(self, engine: Engine, enqueue: EnqueueFrom) -> None:
        """`engine` opens a new connection whenever it is asked for one."""
        self._engine = engine
        self._sql = _SQL.format(enqueue=enqueue).encode()
        self._name = b""  # of the prepared statement: a pooler's session may know those of others
        self._held: PoolProxiedConnection | None = None
        self._in_use = threading.Lock()

    def add(self, several: Sequence[Operation]) -> set[OperationId]:
        """Add those that are not known, by id or key; which they were. None may be twice among them.

        Whoever inserts several does it in the order of their ids, so that two who do never wait for each other. Raises
        psycopg's errors; then nothing is added.
        """
        rows = [row_of(one) for one in sorted(several, key=lambda one: one.id)]
        given = json.dumps(rows, default=_instant).encode()
        with self._in_use:
            try:
                server = self._server()
                result = server.exec_prepared(self._name, [given])
                _check(server, result, pq.ExecStatus.TUPLES_OK)
            except BaseException:
                self._drop()  # whatever it was, the next begins anew
                raise
        return {OperationId((result.get_value(row, 0) or b"").decode()) for row in range(result.ntuples)}

    def close(self) -> None:
        """A connection that somebody still waits for is left to the end of the process."""
        if self._in_use.acquire(timeout=CLOSES_WITHIN):
            try:
                self._drop()
            finally:
                self._in_use.release()

    def _server(self) -> pq.abc.PGconn:
        if self._held is None:
            self._held = self._engine.raw_connection()
            self._name = f"accept_{secrets.token_hex(6)}".encode()
            server = _server_of(self._held)
            _check(server, server.prepare(self._name, self._sql), pq.ExecStatus.COMMAND_OK)
        return _server_of(self._held)

    def _drop(self) -> None:
        held, self._held = self._held, None
        if held:
            held.invalidate()


def _check(server: pq.abc.PGconn, result: pq.abc.PGresult, expected: pq.ExecStatus) -> None:
    if result.status == expected:
        return
    error = psycopg.errors.error_from_result(result)
    # A server that turned read-only has lost its place to another; a pooler may have cleared the session.
    if server.status != pq.ConnStatus.OK or isinstance(error, _LOST):
        raise psycopg.OperationalError(str(error)) from error
    raise error


def _instant(value: datetime) -> str:
    return utc(value).isoformat()


def _server_of(connection: PoolProxiedConnection) -> pq.abc.PGconn:
    driver: psycopg.Connection | None = connection.driver_connection
    assert driver, "not given back yet"
    return driver.pgconn
