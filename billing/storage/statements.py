"""INSERT with ON CONFLICT: the same words on both databases, from two places in SQLAlchemy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

_INSERT: Mapping[str, Callable[[Table], sqlite.Insert | postgresql.Insert]] = {
    "sqlite": sqlite.insert,
    "postgresql": postgresql.insert,
}


def insert(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    return _INSERT[connection.dialect.name](table)


def insert_or_ignore(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """Nothing happens to a row that is there already, by whichever unique key."""
    return insert(connection, table).on_conflict_do_nothing()


def add(connection: Connection, table: Table, *rows: Mapping[str, Any]) -> int:
    """Insert those rows of which no unique key is there already; how many were."""
    return connection.execute(_add(connection.dialect.name, table), rows).rowcount


@cache
def _add(dialect: str, table: Table) -> sqlite.Insert | postgresql.Insert:
    """Made once: making it takes longer than running it, and whoever is accepted waits for it."""
    statement = _INSERT[dialect](table).on_conflict_do_nothing()
    # For an INSERT the count is not kept by default, and is -1 once the cursor is closed.
    return statement.execution_options(preserve_rowcount=True)


def upsert(
    connection: Connection, table: Table, *key: str, keep: tuple[str, ...] = ()
) -> sqlite.Insert | postgresql.Insert:
    """Insert, or replace every column but the key and those to be kept."""
    return _upsert(connection.dialect.name, table, key, keep)


@cache
def _upsert(
    dialect: str, table: Table, key: tuple[str, ...], keep: tuple[str, ...]
) -> sqlite.Insert | postgresql.Insert:
    """Made once, too: a mirror that is written anew takes four of them."""
    statement = _INSERT[dialect](table)
    replaced = {
        column.name: statement.excluded[column.name]
        for column in table.columns
        if column.name not in key and column.name not in keep
    }
    return statement.on_conflict_do_update(index_elements=key, set_=replaced)
