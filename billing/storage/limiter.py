"""A rate that all processes on one database keep together.

GCRA (the generic cell rate algorithm): one number per name, the instant at which the next call would be due if all were
evenly spaced. Every call moves it by one interval, in one statement, and may go ahead of it by a small tolerance.
"""

from __future__ import annotations

import time

from sqlalchemy import BigInteger, ColumnElement, bindparam, case, cast, extract, func, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection
from sqlalchemy.sql.dml import ReturningInsert

from billing.storage.engines import Engines
from billing.storage.tables import rate_limits

_SECOND = 1_000_000  # microseconds
# A quarter of a second's worth may go at once, so that no second sees more than 1.25 times the rate: at 80 a second
# that is 100, what Stripe allows in live mode (its document "Rate limits").
_TOLERANCE_US = _SECOND // 4


class RateLimiter:
    def __init__(self, engines: Engines) -> None:
        self._engines = engines

    def reserve(self, name: str, per_second: float) -> float:
        """Take the next place in the row; return how many seconds to wait for it."""
        if per_second <= 0:
            raise ValueError("a rate is above zero")
        # A place that a power cut takes back costs nothing, so nobody waits for the disk.
        with self._engines.turn(), self._engines.relaxed.begin() as connection:
            if not self._engines.is_sqlite:
                connection.execute(text("SET LOCAL synchronous_commit = off"))
            wait_us = self._move(connection, name, round(_SECOND / per_second))
        return max(wait_us, 0) / _SECOND

    def _move(self, connection: Connection, name: str, interval_us: int) -> int:
        if self._engines.is_sqlite:
            parameters = {"name": name, "interval": interval_us, "now": time.time_ns() // 1000}
            return int(connection.execute(_ON_SQLITE, parameters).scalar_one())
        return int(connection.execute(_ON_POSTGRESQL, {"name": name, "interval": interval_us}).scalar_one())


def _moved(insert: sqlite.Insert | postgresql.Insert, now: ColumnElement[int]) -> ReturningInsert[int]:
    """Somebody who was idle starts from now; the past is not saved up."""
    due, interval = rate_limits.c.due_us, bindparam("interval", type_=BigInteger)
    from_here = case((due > now, due), else_=now)
    return (
        insert.values(name=bindparam("name"), due_us=now + interval)
        .on_conflict_do_update(index_elements=["name"], set_={"due_us": from_here + interval})
        .returning(due - interval - _TOLERANCE_US - now)
    )


# The clock is the database's where several machines share it, else this machine's. Built once: this is called often.
_ON_SQLITE = _moved(sqlite.insert(rate_limits), bindparam("now", type_=BigInteger))
_ON_POSTGRESQL = _moved(
    postgresql.insert(rate_limits), cast(extract("epoch", func.statement_timestamp()) * _SECOND, BigInteger)
)
