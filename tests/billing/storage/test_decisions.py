"""Change requests under load, the audit rows of their decisions, and lists that come from an index."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event

from billing.change_requests.model import Act, Card, Conflict, Decision, Place, RequestFilter, UsageLevel
from billing.change_requests.states import move
from billing.contacts import Account
from billing.ids import TeamId, UserId
from billing.invoices.model import Approval, SalesInvoice
from billing.storage.database import Database
from tests.billing.storage.conftest import Query
from tests.billing.storage.examples import (
    ACTOR,
    BOSS,
    CHIEF,
    DEPUTY,
    FILER,
    NOW,
    change_request,
    contact,
    sales_invoice,
)
from tests.billing.storage.test_database import together

ADA = contact("Ada Roe", account=Account(active_contacts=850, contact_limit=1000))
ONE = change_request("1", ADA)
MANY = 20_000
NUMBERS = {
    "sqlite": f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {MANY}) SELECT i FROM n",
    "postgresql": f"SELECT generate_series(1, {MANY}) AS i",
}
INSTANT = {
    "sqlite": "strftime('%Y-%m-%d %H:%M:%S.000000', 1700000000 + i, 'unixepoch')",
    "postgresql": "to_timestamp(1700000000 + i)",
}
LATER = datetime.fromtimestamp(1_700_000_402, UTC)  # of number 402


@pytest.fixture
def filed(database: Database) -> Database:
    """A database with one request in it."""
    with database.writing(ACTOR) as uow:
        uow.contacts.save(ADA)
        assert uow.requests.add(ONE)
    return database


def tried(work: Callable[[], object]) -> str:
    try:
        return str(work())
    except Conflict:
        return "conflict"


# --- decisions --------------------------------------------------------------------------------------------------------


def test_every_decision_is_a_row_of_its_own(filed: Database, query: Query) -> None:
    at = NOW + timedelta(hours=1)
    asked = move(ONE, Act.ASK, BOSS, at, "why?")
    answered = move(asked, Act.ANSWER, FILER, at, "because")
    approved = move(answered, Act.APPROVE, DEPUTY, at, "they know", override=True)
    failed = move(approved, Act.FAIL, None, at)
    for version in (asked, answered, approved, failed):
        with filed.writing(ACTOR) as uow:
            uow.requests.save(version)
    assert query(
        "SELECT number, act, user_id, by_name, instead_of, note, override FROM change_decisions ORDER BY number"
    ) == [
        (1, "file", "U1", "Ada", None, "", False),
        (2, "ask", "U2", "Ben", None, "why?", False),
        (3, "answer", "U1", "Ada", None, "because", False),
        (4, "approve", "U4", "Dora", "Ben", "they know", True),
        (5, "fail", None, None, None, "", False),
    ]
    assert query("SELECT version, state FROM change_requests") == [(5, "failed")]
    assert query("SELECT count(*) FROM change_deciders") == [(0,)]


def test_a_refused_version_leaves_no_row(filed: Database, query: Query) -> None:
    with filed.writing(ACTOR) as uow:
        uow.requests.save(move(ONE, Act.REJECT, BOSS, NOW, "no"))
        with pytest.raises(Conflict):
            uow.requests.save(move(ONE, Act.APPROVE, CHIEF, NOW))
        uow.requests.add(ONE.model_copy(update={"decisions": (*ONE.decisions, *ONE.decisions)}))
    assert query("SELECT number, act FROM change_decisions ORDER BY number") == [(1, "file"), (2, "reject")]


def test_of_fifty_decisions_at_once_one_wins(filed: Database, query: Query) -> None:
    """All have read the request before the first of them saves."""
    with filed.reading(ACTOR) as uow:
        read = uow.requests.get(ONE.id)

    def decide(number: int) -> str:
        act = Act.APPROVE if number % 2 else Act.REJECT
        after = move(read, act, BOSS.model_copy(update={"name": f"Boss {number}"}), NOW, "words")
        with filed.writing(ACTOR) as uow:
            uow.requests.save(after)
        return after.last.by.name

    answers = together(50, lambda number: tried(lambda: decide(number)))
    (winner,) = [one for one in answers if one != "conflict"]
    assert answers.count("conflict") == 49
    assert query("SELECT number, by_name FROM change_decisions ORDER BY number") == [(1, "Ada"), (2, winner)]
    with filed.reading(ACTOR) as uow:
        kept = uow.requests.get(ONE.id)
    assert (kept.version, kept.last.by.name) == (2, winner)


def test_of_fifty_who_read_and_decide_at_once_one_decides(filed: Database, query: Query) -> None:
    """Each reads in its own transaction: who comes late sees that it is over, or finds another version there."""

    def decide(number: int) -> bool:
        with filed.writing(ACTOR) as uow:
            read = uow.requests.get(ONE.id)
            if read.state.undecided:
                uow.requests.save(move(read, Act.APPROVE if number % 2 else Act.REJECT, BOSS, NOW, "words"))
            return read.state.undecided

    answers = together(50, lambda number: tried(lambda: decide(number)))
    assert answers.count("True") == 1
    assert set(answers) <= {"True", "False", "conflict"}
    assert query("SELECT count(*) FROM change_decisions") == [(2,)]


def test_of_twenty_requests_about_a_subscription_at_once_one_is_filed(filed: Database, query: Query) -> None:
    def file(number: int) -> bool:
        with filed.writing(ACTOR) as uow:
            return uow.requests.add(change_request(f"new-{number}", ADA, subscription="sub_new"))

    answers = together(20, lambda number: tried(lambda: file(number)))
    assert sorted(answers) == ["True", *["conflict"] * 19]
    assert query("SELECT count(*) FROM change_requests WHERE subscription = 'sub_new'") == [(1,)]


def test_a_request_that_is_filed_twenty_times_at_once_is_one(filed: Database, query: Query) -> None:
    def file(_: int) -> bool:
        with filed.writing(ACTOR) as uow:
            return uow.requests.add(change_request("new", ADA))

    assert sorted(together(20, file)) == [False] * 19 + [True]
    assert query("SELECT count(*) FROM change_decisions WHERE request = 'chr_new'") == [(1,)]


def test_of_twenty_who_would_post_a_card_one_may(filed: Database) -> None:
    def claim(_: int) -> bool:
        with filed.writing(ACTOR) as uow:
            return uow.requests.claim_card(Card(request=ONE.id, place="channel:C1"))

    assert sorted(together(20, claim)) == [False] * 19 + [True]


# --- indexes ----------------------------------------------------------------------------------------------------------


@contextmanager
def plans(database: Database) -> Iterator[list[str]]:
    """How the database goes about every statement of the block."""
    is_sqlite = database._engines.is_sqlite
    seen: list[str] = []

    def explain(_c: object, cursor: Any, statement: str, parameters: Any, _x: object, _m: bool) -> None:
        cursor.execute(("EXPLAIN QUERY PLAN " if is_sqlite else "EXPLAIN ") + statement, parameters)
        seen.append(str(cursor.fetchall()))

    event.listen(database._engines.reader, "before_cursor_execute", explain)
    yield seen
    event.remove(database._engines.reader, "before_cursor_execute", explain)


def fill(database: Database, query: Query) -> None:
    """Many requests: one of a hundred is undecided and waits for Ben, one of a hundred is scheduled."""
    kind = database._engines.url.get_backend_name()
    numbers = f"({NUMBERS[kind]}) AS numbers"
    state = "CASE WHEN i % 100 = 1 THEN 'filed' WHEN i % 100 = 2 THEN 'scheduled' ELSE 'effective' END"
    query(
        "INSERT INTO change_requests (id, version, team, contact, subscription, filed_by, state, filed_at, nudged_at,"
        f" body) SELECT 'chr_n' || i, 1, 'T1', '{ADA.id}', 'sub_n' || i, 'U' || (i % 200), {state}, {INSTANT[kind]},"
        f" {INSTANT[kind]}, (SELECT body FROM change_requests WHERE id = '{ONE.id}') FROM {numbers}"
    )
    query(
        "INSERT INTO change_deciders (request, user_id, team, filed_at)"
        " SELECT id, 'U2', team, filed_at FROM change_requests WHERE state = 'filed' AND id LIKE 'chr_n%'"
    )
    query("ANALYZE")


INDEXES = {
    RequestFilter.WAITING_FOR_ME: "ix_change_deciders_team_user_id_filed_at_request",
    RequestFilter.FILED_BY_ME: "ix_change_requests_team_filed_by_filed_at_id",
    RequestFilter.UNDECIDED: "ix_change_requests_undecided",
    RequestFilter.SCHEDULED: "ix_change_requests_scheduled",
    RequestFilter.ALL: "ix_change_requests_team_filed_at_id",
}


def test_every_list_comes_from_an_index(filed: Database, query: Query) -> None:
    """No page sorts what it does not show, the first as little as a later one."""
    fill(filed, query)
    with filed.reading(ACTOR) as uow:
        for wanted, index in INDEXES.items():
            after = uow.requests.page(wanted, "T1", "U2", limit=10).requests[-1].id
            assert after == ONE.id, "all have that body"
            with plans(filed) as seen:
                uow.requests.page(wanted, "T1", "U2", limit=10)
                uow.requests.page(wanted, "T1", "U2", limit=10, after=Place(LATER, "chr_n402"))
            _, first, _, later = seen
            for plan in (first, later):
                assert index in plan, wanted
                assert "Sort" not in plan, wanted
                assert "TEMP B-TREE" not in plan, wanted


def asked(invoice: SalesInvoice) -> SalesInvoice:
    filing = Decision(number=1, act=Act.FILE, by=FILER, at=NOW)
    approval = Approval(fingerprint="", filed_by=FILER, decisions=(filing,), nudged_at=NOW)
    return invoice.model_copy(update={"approval": approval})


ASKED = {
    RequestFilter.WAITING_FOR_ME: "ix_sales_invoices_waiting",
    RequestFilter.UNDECIDED: "ix_sales_invoices_waiting",
    RequestFilter.FILED_BY_ME: "ix_sales_invoices_asked_by",
    RequestFilter.ALL: "ix_sales_invoices_asked",
}


def test_every_list_of_invoices_comes_from_an_index(filed: Database, query: Query) -> None:
    """One of a hundred was asked about, by one of two people, and of those every other one waits."""
    kind = filed._engines.url.get_backend_name()
    one = asked(sales_invoice("1", contact=ADA.id, team="T9"))
    with filed.writing(ACTOR) as uow:
        assert uow.invoices.add(one)
    asked_at = f"CASE WHEN i % 100 = 1 THEN {INSTANT[kind]} END"
    query(
        "INSERT INTO sales_invoices (id, version, team, contact, stage, changed_at, asked_by, asked_at, waits_since,"
        f" body) SELECT 'inv_n' || i, 1, 'T1', '{ADA.id}', 'draft', {INSTANT[kind]},"
        f" CASE WHEN i % 200 = 1 THEN 'U1' WHEN i % 100 = 1 THEN 'U2' END, {asked_at},"
        f" CASE WHEN i % 400 IN (1, 101) THEN {INSTANT[kind]} END,"
        f" (SELECT body FROM sales_invoices WHERE id = '{one.id}') FROM ({NUMBERS[kind]}) AS numbers"
    )
    query("ANALYZE")
    with filed.reading(ACTOR) as uow:
        for wanted, index in ASKED.items():
            with plans(filed) as seen:
                found = uow.invoices.asked(wanted, TeamId("T1"), UserId("U2"), limit=200)
                uow.invoices.asked(wanted, TeamId("T1"), UserId("U2"), limit=10, after=Place(LATER, "inv_n402"))
            # 20,000 / 400 = 50 wait of each of the two, 100 were asked about by each
            expected = {RequestFilter.WAITING_FOR_ME: 50, RequestFilter.ALL: 200}.get(wanted, 100)
            assert (len(found.invoices), found.total) == (expected, expected)
            _, first, _, later = seen
            for plan in (first, later):
                assert index in plan, wanted
                assert "Seq Scan" not in plan, wanted
                assert "TEMP B-TREE" not in plan, wanted


def test_a_deputys_invoices_come_from_an_index(filed: Database, query: Query) -> None:
    """Half of 20,000 are one deputy's, and ten are read."""
    kind = filed._engines.url.get_backend_name()
    one = asked(sales_invoice("1", contact=ADA.id))
    with filed.writing(ACTOR) as uow:
        assert uow.invoices.add(one)
    query(
        "INSERT INTO sales_invoices (id, version, team, contact, stage, changed_at, body)"
        f" SELECT 'inv_n' || i, 1, 'T1', '{ADA.id}', 'draft', {INSTANT[kind]},"
        f" (SELECT body FROM sales_invoices WHERE id = '{one.id}') FROM ({NUMBERS[kind]}) AS numbers"
    )
    query(
        "INSERT INTO invoice_deputies (invoice, user_id, team, waits_since)"
        f" SELECT 'inv_n' || i, 'U' || (i % 2), 'T1', {INSTANT[kind]} FROM ({NUMBERS[kind]}) AS numbers"
    )
    query("ANALYZE")
    with filed.reading(ACTOR) as uow, plans(filed) as seen:
        uow.invoices.for_deputy(TeamId("T1"), UserId("U0"), limit=10)
        uow.invoices.for_deputy(TeamId("T1"), UserId("U0"), limit=10, after=Place(LATER, "inv_n402"))
    _, first, _, later = seen
    for plan in (first, later):
        assert "ix_invoice_deputies_team_user_id_waits_since_invoice" in plan
        assert "Sort" not in plan
        assert "TEMP B-TREE" not in plan


def test_an_open_request_a_contacts_and_those_to_remind_of_are_found_by_an_index(filed: Database, query: Query) -> None:
    fill(filed, query)
    with filed.reading(ACTOR) as uow, plans(filed) as seen:
        uow.requests.open_for("sub_n101")
        uow.requests.of_contact(ADA.id)
        uow.requests.undecided_since(NOW, 10)
    for plan, index in zip(seen, ("open", "contact_filed_at_id", "nudged"), strict=True):
        assert f"ix_change_requests_{index}" in plan
        assert "Sort" not in plan
        assert "TEMP B-TREE" not in plan


def crowd(database: Database, query: Query) -> None:
    """20,000 contacts with a member each: nineteen in twenty use half of what they may, the others are near it."""
    kind = database._engines.url.get_backend_name()
    columns = (
        "customer, name, company, email, phone, currency, language, line1, line2, postal_code, city, state, country,"
        " portal, status, seats_used, since, search"
    )
    values = "'', '', '', '', 'EUR', 'en', '', '', '', '', '', 'DE', 'online', 'active', 0, '2024-01-01', ''"
    query(
        f"INSERT INTO contacts (id, active_contacts, contact_limit, {columns}) SELECT 'con_n' || i,"
        f" CASE WHEN i % 20 = 0 THEN 95 ELSE 50 END, 100, 'cus_n' || i, {values} FROM ({NUMBERS[kind]}) AS numbers"
    )
    query(
        "INSERT INTO members (contact, position, name, email, rights)"
        " SELECT id, 0, '', 'M' || id || '@x.example', '[]' FROM contacts"
    )
    query("ANALYZE")


def test_a_member_is_found_by_an_index(filed: Database, query: Query) -> None:
    crowd(filed, query)
    with filed.reading(ACTOR) as uow, plans(filed) as seen:
        assert [one.id for one in uow.contacts.by_member("mCON_n7@X.example")] == ["con_n7"]
    assert "ix_members_email" in seen[0]


def test_whoever_is_far_from_the_limit_is_not_looked_at(filed: Database, query: Query) -> None:
    """Who is near was noted before, but for one."""
    crowd(filed, query)
    query("INSERT INTO usage_levels SELECT id, 90 FROM contacts WHERE active_contacts = 95")
    query("ANALYZE")
    with filed.reading(ACTOR) as uow, plans(filed) as seen:
        assert uow.usage.crossed(200) == (UsageLevel(contact=ADA.id, percent=80),)
    (plan,) = seen
    assert "ix_contacts_near_limit" in plan
    assert "Seq Scan on contacts" not in plan
    assert "SCAN contacts'" not in plan
