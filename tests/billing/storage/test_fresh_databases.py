"""A test finds its database as if nobody had had it before."""

from __future__ import annotations

import psycopg
import pytest

from tests.billing.storage.test_schema import ROWS
from tests.support.databases import Spare


def run(url: str, *statements: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            found = connection.execute(statement)
        return found.fetchall() if found.description else []


def count(url: str) -> list[tuple[object, ...]]:
    return run(url, "SELECT (SELECT count(*) FROM contacts), (SELECT count(*) FROM timeline)")


@pytest.fixture
def spare(postgresql_server: str, postgresql_template: str) -> Spare:
    return Spare(postgresql_server, postgresql_template)


def test_rows_are_gone_those_that_nobody_may_delete_too(spare: Spare) -> None:
    with spare.lent() as first:
        run(first, *ROWS["0001"][:2])
        assert count(first) == [(1, 1)]
    with spare.lent() as second:
        assert count(second) == [(0, 0)]
        run(second, *ROWS["0001"][:2])
        assert second == first
    spare.drop()


def test_whoever_is_still_connected_is_sent_away(spare: Spare) -> None:
    with spare.lent() as url:
        forgotten = psycopg.connect(url)
        forgotten.execute(ROWS["0001"][0])  # in a transaction without an end
    with spare.lent() as url:
        assert count(url) == [(0, 0)]
    with pytest.raises(psycopg.OperationalError):
        forgotten.execute("SELECT 1")
    forgotten.close()
    spare.drop()


@pytest.mark.parametrize(
    "change",
    [
        "CREATE TABLE more (id INTEGER)",
        "DROP INDEX ix_contacts_near_limit",
        "ALTER TABLE contacts DROP COLUMN phone",
        "ALTER TABLE timeline DISABLE TRIGGER ALL",
        "ANALYZE",
        "UPDATE alembic_version SET version_num = '0001'",
        "INSERT INTO usage_levels SELECT n::text, 80 FROM generate_series(1, 10000) AS n",
    ],
)
def test_what_is_more_than_rows_takes_another_copy(spare: Spare, change: str) -> None:
    with spare.lent() as first:
        run(first, ROWS["0001"][0], "SET session_replication_role = replica", change)
    with spare.lent() as second:
        assert second != first
        assert count(second) == [(0, 0)]
    spare.drop()
