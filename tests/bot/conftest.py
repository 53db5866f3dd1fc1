"""Databases with the engine's tables."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from billing.storage.engines import open_engines
from bot.engine import migrate_engine
from tests.bot.engines import Acceptor
from tests.support.databases import fresh_database


@pytest.fixture(scope="session")
def engine_template(postgresql_server: str) -> Iterator[str]:
    """A PostgreSQL database with the engine's tables, to copy."""
    with fresh_database(postgresql_server) as url:
        migrate_engine(url)
        yield str(sa.make_url(url).database)


@pytest.fixture(params=["sqlite", "postgresql"])
def engine_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A fresh database with the engine's tables and no others."""
    if request.param == "sqlite":
        migrate_engine(f"sqlite:///{tmp_path / 'engine.db'}")
        yield f"sqlite:///{tmp_path / 'engine.db'}"
        return
    server, template = request.getfixturevalue("postgresql_server"), request.getfixturevalue("engine_template")
    with fresh_database(server, template=template) as url:
        yield url


@pytest.fixture
def acceptor(engine_url: str) -> Iterator[Acceptor]:
    engines = open_engines(engine_url, connections=4)
    yield Acceptor(engines)
    engines.dispose()
