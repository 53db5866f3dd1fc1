"""One world for the flow tests of a module, on SQLite and on PostgreSQL."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from tests.support.databases import fresh_database
from tests.support.world import World
from tests.support.world import world as running_world


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("world")
    if request.param == "sqlite":
        file = folder / "kontor.db"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), file)
        with running_world(f"sqlite:///{file}") as made:
            yield made
        return
    server, template = request.getfixturevalue("postgresql_server"), request.getfixturevalue("postgresql_template")
    with fresh_database(server, template=template) as url, running_world(url) as made:
        yield made


@pytest.fixture
def world(running: World) -> Iterator[World]:
    """The world of the module, healed of faults, with everybody's modals closed."""
    yield running
    running.heals()
    for who in ("agent", "sales", "manager", "admin"):
        person = running.person(who)
        if person.view:
            person.closes(everything=True)
