"""A store on each kind of database, with a table in the place of the durable engine."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.engine import Connection

from billing.ports import Job, Store
from billing.storage.database import Database
from billing.storage.jobs import EnqueueFrom
from tests.billing.storage.examples import CATALOGUE, NOW
from tests.support.memory import Clock, MemoryStore

Query = Callable[[str], list[tuple[object, ...]]]


def enqueue(connection: Connection, /, *jobs: Job) -> None:
    connection.execute(text("INSERT INTO jobs VALUES (:id, :name, :argument)"), [job.model_dump() for job in jobs])


ENQUEUE_FROM = EnqueueFrom("INSERT INTO jobs SELECT id, name, argument FROM new_jobs")


@pytest.fixture
def query(database_url: str) -> Iterator[Query]:
    """Look past the store, on a connection of one's own."""
    url = make_url(database_url)
    engine = create_engine(url.set(drivername="postgresql+psycopg") if url.drivername == "postgresql" else url)

    def run(sql: str) -> list[tuple[object, ...]]:
        with engine.begin() as connection:
            result = connection.execute(text(sql))
            return [tuple(row) for row in result] if result.returns_rows else []

    yield run
    engine.dispose()


@pytest.fixture
def database(database_url: str, query: Query) -> Iterator[Database]:
    query("CREATE TABLE jobs (id VARCHAR PRIMARY KEY, name VARCHAR, argument VARCHAR)")
    with Database(
        database_url, catalogue=CATALOGUE, enqueue=enqueue, enqueue_from=ENQUEUE_FROM, clock=lambda: NOW
    ) as store:
        yield store
    query("DROP TABLE jobs")


@pytest.fixture(params=["sqlite", "postgresql", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Each kind of store, the one in memory too: the other tests of the domain rely on it to be no different."""
    if request.param == "memory":
        yield MemoryStore(CATALOGUE, Clock(NOW))
        return
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'kontor.db'}"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), tmp_path / "kontor.db")
    else:
        url = request.getfixturevalue("plain_database_url")
    with Database(url, catalogue=CATALOGUE, enqueue=lambda connection, *jobs: None, clock=lambda: NOW) as store:
        yield store
