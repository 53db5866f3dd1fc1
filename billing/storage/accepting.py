"""Several operations and their jobs, written down on PostgreSQL in one statement.

It is prepared, commits by itself and is one round trip. Two INSERTs in a transaction are four, and each is parsed once
for every row that it inserts. And it is one call of libpq's: psycopg's own way through a statement lets go of Python's
lock at every turn, and then waits for it behind all other threads that answer somebody.
"""

from __future__ import annotations

import json
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
SELECT id FROM added
"""  # noqa: S608 - no input in it
_NAME: Final = b"accept"


class Acceptance:
    """Writes operations down, each with the job that walks it, on a connection of its own; for one thread at a time."""

    def __init__(self, engine: Engine, enqueue: EnqueueFrom) -> None:
        self._engine = engine
        self._sql = _SQL.format(enqueue=enqueue).encode()
        self._held: PoolProxiedConnection | None = None

    def add(self, several: Sequence[Operation]) -> set[OperationId]:
        """Add those that are not known, by id or key; which they were. None may be twice among them.

        Whoever inserts several does it in the order of their ids, so that two who do never wait for each other. Raises
        psycopg's errors; then nothing is added.
        """
        rows = [row_of(one) for one in sorted(several, key=lambda one: one.id)]
        server = self._server()
        result = server.exec_prepared(_NAME, [json.dumps(rows, default=_instant).encode()])
        self._check(server, result, pq.ExecStatus.TUPLES_OK)
        return {OperationId((result.get_value(row, 0) or b"").decode()) for row in range(result.ntuples)}

    def close(self) -> None:
        held, self._held = self._held, None
        if held:
            held.close()

    def _server(self) -> pq.abc.PGconn:
        if self._held is None:
            self._held = self._engine.raw_connection()
            server = _server_of(self._held)
            self._check(server, server.prepare(_NAME, self._sql), pq.ExecStatus.COMMAND_OK)
        return _server_of(self._held)

    def _check(self, server: pq.abc.PGconn, result: pq.abc.PGresult, expected: pq.ExecStatus) -> None:
        if result.status == expected:
            return
        lost = server.status != pq.ConnStatus.OK
        error = psycopg.errors.error_from_result(result)
        self._drop()  # whatever it was, the next begins anew
        if lost:
            self._engine.dispose()  # so are all that wait in the pool
        if lost or isinstance(error, psycopg.errors.InvalidSqlStatementName):  # a pooler may have cleared the session
            raise psycopg.OperationalError(str(error)) from error
        raise error

    def _drop(self) -> None:
        held, self._held = self._held, None
        if held:
            held.invalidate()


def _instant(value: datetime) -> str:
    return utc(value).isoformat()


def _server_of(connection: PoolProxiedConnection) -> pq.abc.PGconn:
    driver: psycopg.Connection | None = connection.driver_connection
    assert driver, "not given back yet"
    return driver.pgconn
