"""The schema of a database: where it stands, and moving it to where this program needs it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.engine import Connection

from billing.storage.engines import open_engines
from billing.storage.search_index import strengthen

_MIGRATIONS = Path(__file__).parent / "migrations"
_POSTGRESQL_LOCK = 0x6B6F6E746F72  # "kontor": one migration at a time, from however many machines


def migrate(url: str, revision: str = "head") -> None:
    """Bring the schema up to a revision. Several processes may do it at once: one works, the others find it done."""
    with _alone(url) as connection:
        command.upgrade(_config(connection), revision)
        if _revision(connection) == head():
            strengthen(connection)


def current(url: str) -> str | None:
    """The revision of the database; None when it is empty."""
    engines = open_engines(url, connections=1)
    try:
        with engines.reader.connect() as connection:
            return _revision(connection)
    finally:
        engines.dispose()


def is_current(url: str) -> bool:
    """Whether this program can run on the database."""
    return current(url) == head()


def head() -> str:
    """The revision that this program needs."""
    return str(_script().get_current_head())


def revisions() -> tuple[str, ...]:
    """All of them, oldest first."""
    return tuple(script.revision for script in reversed(list(_script().walk_revisions())))


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _script() -> ScriptDirectory:
    return ScriptDirectory(str(_MIGRATIONS))


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


@contextmanager
def _alone(url: str) -> Iterator[Connection]:
    engines = open_engines(url, connections=1)
    try:
        with engines.turn(), engines.writer.begin() as connection:
            if not engines.is_sqlite:  # there, to write at all is to be alone
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _POSTGRESQL_LOCK})
            yield connection
    finally:
        engines.dispose()
