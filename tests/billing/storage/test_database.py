"""Units of work and the accept path."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

import psycopg
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError, StatementError

from billing.errors import Transient, UnknownContact
from billing.operations import State
from billing.ports import Job, Origin, StripeEvent
from billing.storage import engines
from billing.storage.database import Database
from billing.storage.jobs import EnqueueFrom
from billing.storage.turns import FairLock
from tests.billing.storage.conftest import Query, enqueue
from tests.billing.storage.examples import ACTOR, CATALOGUE, NOW, contact, operation

EVENT = StripeEvent(
    id="evt_1", type="invoice.paid", customer="cus_1", object_id="in_1", created_at=NOW, payload='{"id": "in_1"}'
)


T = TypeVar("T")


SLOWLY = EnqueueFrom("INSERT INTO jobs SELECT id, name, argument FROM new_jobs, pg_sleep(2)")


def together(count: int, work: Callable[[int], T]) -> list[T]:
    """Do it in so many threads that all start at the same instant."""
    barrier = threading.Barrier(count)

    def one(number: int) -> T:
        barrier.wait()
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def test_what_was_accepted_is_there_with_its_job(database: Database, query: Query) -> None:
    accepted = operation("T1-V1")
    assert database.accept(accepted)
    with database.reading(ACTOR) as uow:
        assert uow.operations.get(accepted.id) == accepted
    assert query("SELECT id, name, argument FROM jobs") == [(accepted.id, "operation", accepted.id)]


def test_fifty_submissions_of_one_form_at_once_are_one_operation_and_one_job(database: Database, query: Query) -> None:
    answers = together(50, lambda _: database.accept(operation("T1-V1")))
    assert sorted(answers) == [False] * 49 + [True]
    assert query("SELECT count(*) FROM operations") == [(1,)]
    assert query("SELECT count(*) FROM jobs WHERE name = 'operation'") == [(1,)]


def test_whoever_submits_again_is_shown_the_result_again(database: Database, query: Query) -> None:
    """With a job of its own for every time: each is answered with a waiting view."""
    accepted = operation("T1-V1")
    for _ in range(3):
        database.accept(accepted)
    jobs = query("SELECT id, argument FROM jobs WHERE name = 'show_again'")
    assert len({job for job, _ in jobs}) == 2
    assert {argument for _, argument in jobs} == {accepted.id}


def test_an_operation_is_followed_by_a_later_one_from_the_same_place(database: Database) -> None:
    first = operation("T1-V1", reply_to='{"view": "V1"}')
    later = first.created_at + timedelta(seconds=1)
    for key, changes in {
        "elsewhere": {"reply_to": '{"view": "V2"}', "created_at": later},
        "somebody else": {"user": "U2", "created_at": later},
        "earlier": {"created_at": first.created_at - timedelta(seconds=1)},
    }.items():
        database.accept(operation(key, **({"reply_to": first.reply_to} | changes)))
    database.accept(first)
    with database.reading(ACTOR) as uow:
        assert not uow.operations.is_followed(first)
    database.accept(operation("T1-V1-again", reply_to=first.reply_to, created_at=later))
    with database.reading(ACTOR) as uow:
        assert uow.operations.is_followed(first)


def test_the_key_alone_makes_it_the_same_operation(database: Database, query: Query) -> None:
    assert database.accept(operation("T1-V1"))
    assert not database.accept(operation("T1-V1", id="op_other"))
    assert query("SELECT count(*) FROM jobs WHERE name = 'operation'") == [(1,)]


def test_of_many_submissions_at_once_each_key_is_accepted_once(database: Database, query: Query) -> None:
    """They share transactions as it happens; none notices, and a known one among them spoils nothing."""
    database.accept(operation("known"))
    keys = [*(f"new-{number}" for number in range(20)), *["known"] * 5, *["twice"] * 5]
    accepted = together(len(keys), lambda number: (keys[number], database.accept(operation(keys[number]))))
    new = sorted(key for key, is_new in accepted if is_new)
    assert new == sorted([*(f"new-{number}" for number in range(20)), "twice"])
    assert query("SELECT count(*) FROM jobs WHERE name = 'operation'") == [(22,)]
    assert query("SELECT count(*) FROM jobs WHERE name = 'show_again'") == [(9,)]


def test_nothing_is_accepted_when_the_engine_does_not_take_the_job(database_url: str, query: Query) -> None:
    def broken(connection: object, /, *jobs: object) -> None:
        raise OSError("no engine")

    with (
        Database(database_url, catalogue=CATALOGUE, enqueue=broken) as store,
        pytest.raises(OSError, match="no engine"),
    ):
        store.accept(operation())
    assert query("SELECT count(*) FROM operations") == [(0,)]


@pytest.mark.parametrize(("origin", "seconds"), [(Origin.OURS, 2), (Origin.STRIPE, 0), (Origin.ELSEWHERE, 0)])
def test_events_that_our_own_calls_caused_wait_for_the_rest_of_their_burst(
    database_url: str, origin: Origin, seconds: int
) -> None:
    jobs: list[Job] = []
    with Database(
        database_url,
        catalogue=CATALOGUE,
        enqueue=lambda _, /, *some: jobs.extend(some),
        own_delay=timedelta(seconds=2),
    ) as store:
        store.accept_event(EVENT.model_copy(update={"origin": origin}))
    assert [job.delay for job in jobs] == [timedelta(seconds=seconds)]


def test_an_event_is_stored_once_however_often_it_is_delivered(database: Database, query: Query) -> None:
    assert [database.accept_event(EVENT), database.accept_event(EVENT)] == [True, False]
    assert query("SELECT id, name, argument FROM jobs") == [("evt_1", "event", "evt_1")]
    with database.reading(ACTOR) as uow:
        assert uow.events.get(EVENT.id) == EVENT.model_copy(update={"position": 1})


def test_a_unit_of_work_is_there_as_a_whole_or_not_at_all(database: Database) -> None:
    ada, ben = contact("Ada Roe"), contact("Ben Poe")
    with database.writing(ACTOR) as uow:
        uow.contacts.save(ada)

    def write_and_fail() -> None:
        with database.writing(ACTOR) as uow:
            uow.contacts.save(ben)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_and_fail()
    with database.reading(ACTOR) as uow:
        assert uow.contacts.get(ada.id) == ada
        with pytest.raises(UnknownContact):
            uow.contacts.get(ben.id)


def test_nothing_can_be_written_in_a_unit_that_reads(database: Database) -> None:
    with pytest.raises(DBAPIError, match=r"readonly|read-only"), database.reading(ACTOR) as uow:
        uow.contacts.save(contact())


def test_today_is_the_day_in_the_business_and_not_in_greenwich(database: Database) -> None:
    """23:30 UTC on the 21st is 0:30 on the 22nd in Berlin."""
    with database.reading(ACTOR) as uow:
        assert uow.now == datetime(2026, 11, 21, 23, 30, tzinfo=UTC)
        assert uow.today == date(2026, 11, 22)


def test_a_naive_instant_is_refused(database: Database) -> None:
    with pytest.raises((StatementError, ValueError), match="time zone"):
        database.accept(operation(created_at=datetime(2026, 1, 1)))


def test_instants_come_back_in_utc(database: Database) -> None:
    eastern = datetime.fromisoformat("2026-07-01T20:00:00.123456-04:00")
    database.accept(operation(created_at=eastern))
    with database.reading(ACTOR) as uow:
        read = uow.operations.get(operation().id).created_at
    assert read == datetime(2026, 7, 2, 0, 0, 0, 123456, tzinfo=UTC)
    assert read.tzinfo is UTC


def test_writers_under_load_all_get_their_turn(database: Database, query: Query) -> None:
    """Thirty threads write while others read; nobody is told that the database is locked."""

    def write(number: int) -> None:
        for turn in range(4):
            with database.writing(ACTOR) as uow:
                uow.contacts.save(contact(f"Person {number} {turn}"))
                uow.operations.add(operation(f"{number}-{turn}"))

    def read(_: int) -> None:
        for _turn in range(20):
            with database.reading(ACTOR) as uow:
                uow.contacts.find("person")

    together(40, lambda number: write(number) if number < 30 else read(number))
    assert query("SELECT count(*) FROM contacts") == [(120,)]


def test_who_reads_a_contact_and_saves_it_undoes_nobody_elses_change(database: Database) -> None:
    """Ten threads count the same contact's usage up, fifty altogether; none of it is lost."""
    with database.writing(ACTOR) as uow:
        uow.contacts.save(contact())

    def count_up(_: int) -> None:
        for _turn in range(5):
            with database.writing(ACTOR) as uow:
                ada = uow.contacts.get(contact().id)
                account = ada.account.model_copy(update={"active_contacts": ada.account.active_contacts + 1})
                uow.contacts.save(ada.model_copy(update={"account": account}))

    together(10, count_up)
    with database.reading(ACTOR) as uow:
        counted = uow.contacts.get(contact().id).account.active_contacts
    assert counted == contact().account.active_contacts + 50


def test_a_reader_does_not_wait_for_a_writer(database: Database) -> None:
    with database.writing(ACTOR) as writing:
        writing.contacts.save(contact())
        start = time.monotonic()
        with database.reading(ACTOR) as reading:
            assert reading.contacts.find("ada").matches == ()
        assert time.monotonic() - start < 5  # a busy handler would wait for 30 s


def test_two_units_that_read_and_write_the_same_contact_lose_nothing(database: Database) -> None:
    with database.writing(ACTOR) as uow:
        uow.contacts.save(contact())

    def finish(number: int) -> None:
        with database.writing(ACTOR) as uow:
            uow.operations.add(operation(str(number)))
            uow.operations.finish(operation(str(number)).id, State.DONE, result="{}")

    together(10, finish)
    with database.reading(ACTOR) as uow:
        assert {uow.operations.get(operation(str(number)).id).state for number in range(10)} == {State.DONE}


def test_a_connection_that_idled_is_asked_before_it_is_used(
    database: Database, query: Query, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not database_url.startswith("postgresql"):
        pytest.skip("a file does not hang up; another parameter runs it")
    monkeypatch.setattr(engines, "PING_AFTER_SECONDS", 0.0)
    database.accept(operation())
    query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    assert not database.accept(operation())


def test_a_lost_connection_may_be_tried_again(database: Database, query: Query, database_url: str) -> None:
    if not database_url.startswith("postgresql"):
        pytest.skip("a file does not hang up; another parameter runs it")

    def lose_the_connection() -> None:
        with database.reading(ACTOR) as uow:
            query(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            uow.contacts.find("ada")

    with pytest.raises(Transient):
        lose_the_connection()
    assert database.accept(operation())


def test_what_is_accepted_first_after_the_server_restarted_is_accepted(
    database: Database, query: Query, database_url: str
) -> None:
    """The connections broke a moment ago, so nobody asked whether they are still there."""
    if not database_url.startswith("postgresql"):
        pytest.skip("a file does not hang up; another parameter runs it")
    database.accept(operation("before"))
    barrier = threading.Barrier(5)

    def read_with_the_others(_number: int) -> None:
        with database.reading(ACTOR) as uow:
            uow.contacts.find("ada")
            barrier.wait(10)

    together(5, read_with_the_others)
    query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    assert database.accept(operation("after"))
    assert query("SELECT count(*) FROM jobs WHERE name = 'operation'") == [(2,)]


def test_a_connection_that_breaks_twice_is_told(plain_database_url: str) -> None:
    attempts = 0

    def hang_up(connection: Connection, /, *jobs: Job) -> None:
        nonlocal attempts
        attempts += 1
        connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    with (
        Database(plain_database_url, catalogue=CATALOGUE, enqueue=hang_up) as store,
        pytest.raises(Transient),
    ):
        store.accept(operation())
    assert attempts == 2


@pytest.mark.parametrize(
    ("job", "error"),
    [("pg_terminate_backend(pg_backend_pid())", Transient), ("1 / (0 * length(id))", psycopg.errors.DivisionByZero)],
)
def test_a_statement_that_fails_accepts_nothing_and_the_next_is_accepted(
    database: Database, query: Query, database_url: str, job: str, error: type[Exception]
) -> None:
    if not database_url.startswith("postgresql"):
        pytest.skip("PostgreSQL accepts in one statement; another parameter runs it")
    broken = EnqueueFrom(f"INSERT INTO jobs SELECT ({job})::text FROM new_jobs WHERE argument = 'op_1'")
    with Database(database_url, catalogue=CATALOGUE, enqueue=enqueue, enqueue_from=broken) as store:
        for _ in range(2):
            with pytest.raises(error):
                store.accept(operation("T1-V1", id="op_1"))
            assert query("SELECT count(*) FROM operations") == [(0,)]
        assert store.accept(operation("T1-V2", id="op_2"))
    assert query("SELECT id FROM operations") == [("op_2",)]


def test_a_session_that_a_pooler_cleared_is_taken_up_again(database: Database, query: Query, database_url: str) -> None:
    if not database_url.startswith("postgresql"):
        pytest.skip("PostgreSQL accepts with a prepared statement; another parameter runs it")
    database.accept(operation("before"))
    assert database._acceptance
    database._acceptance._server().exec_(b"DISCARD ALL")
    assert database.accept(operation("after"))
    assert query("SELECT count(*) FROM jobs WHERE name = 'operation'") == [(2,)]


def test_a_held_connection_that_is_closed_already_is_replaced(database: Database, database_url: str) -> None:
    """libpq has no result for it, so psycopg raises by itself."""
    if not database_url.startswith("postgresql"):
        pytest.skip("PostgreSQL accepts on a connection of its own; another parameter runs it")
    database.accept(operation("before"))
    assert database._acceptance
    database._acceptance._server().finish()
    assert database.accept(operation("after"))


def test_two_sessions_that_a_pooler_gives_the_same_connection_do_not_meet_in_names(
    database_url: str, database: Database
) -> None:
    if not database_url.startswith("postgresql"):
        pytest.skip("PostgreSQL accepts with a prepared statement; another parameter runs it")
    database.accept(operation("before"))
    acceptance = database._acceptance
    assert acceptance
    first, held = acceptance._name, acceptance._held
    acceptance._held = None
    assert database.accept(operation("after"))
    assert acceptance._name != first
    assert held
    held.close()


def test_closing_leaves_alone_who_still_waits_for_the_server(database: Database, database_url: str) -> None:
    """The connection is in use by another thread: to free it would free what that thread works on."""
    if not database_url.startswith("postgresql"):
        pytest.skip("SQLite's turn ends with the writer; another parameter runs it")
    database.accept(operation("before"))
    blocker = create_engine(engines.parse_url(database_url))
    with ThreadPoolExecutor(1) as threads:
        with blocker.begin() as connection:
            connection.execute(text("LOCK TABLE operations IN ACCESS EXCLUSIVE MODE"))
            waiting = threads.submit(database.accept, operation("during"))
            while not database._acceptance._in_use.locked():  # type: ignore[union-attr]  # PostgreSQL has one
                time.sleep(0.01)
            database.close()
            assert not waiting.done()
        assert waiting.result(10)
    blocker.dispose()
    database.close()


@pytest.mark.parametrize("setting", ["default_transaction_read_only = on", "statement_timeout = 400"])
def test_what_the_server_will_not_take_for_a_while_may_be_tried_again(
    database: Database, query: Query, database_url: str, setting: str
) -> None:
    """It was demoted, or somebody limits the time: what is written then is no failure for good."""
    if not database_url.startswith("postgresql"):
        pytest.skip("settings of PostgreSQL; another parameter runs it")
    name = engines.parse_url(database_url).database
    query(f'ALTER DATABASE "{name}" SET {setting}')
    try:
        with Database(database_url, catalogue=CATALOGUE, enqueue=enqueue, enqueue_from=SLOWLY) as store:
            with pytest.raises(Transient):
                store.accept(operation("T1-V1"))
            query(f'ALTER DATABASE "{name}" RESET ALL')
            assert store.accept(operation("T1-V1"))
    finally:
        query(f'ALTER DATABASE "{name}" RESET ALL')


def test_a_unit_on_a_server_that_turned_read_only_may_be_tried_again(database: Database, database_url: str) -> None:
    """On another connection: that server stays as it is."""
    if not database_url.startswith("postgresql"):
        pytest.skip("a file does not change its place; another parameter runs it")
    used: list[Any] = []

    def write() -> None:
        with database.writing(ACTOR) as uow:
            uow.connection.execute(text("SET TRANSACTION READ ONLY"))
            used.append(uow.connection.connection.driver_connection)
            uow.operations.add(operation())

    with pytest.raises(Transient):
        write()
    assert used[0].closed


def test_no_connection_left_may_be_tried_again(database_url: str) -> None:
    with Database(database_url, catalogue=CATALOGUE, enqueue=enqueue, connections=1) as store:
        store._engines.reader.pool._timeout = 0.05  # type: ignore[attr-defined]  # a queue's
        with store.reading(ACTOR), pytest.raises(Transient), store.reading(ACTOR):
            pass


def test_what_the_database_does_not_take_spoils_nothing_for_those_who_wait_with_it(
    database: Database, query: Query
) -> None:
    def accept(number: int) -> bool:
        try:
            one = operation(f"T1-V{number}")
            return database.accept(one.model_copy(update={"reply_to": None}) if number == 3 else one)
        except (DBAPIError, psycopg.Error):
            return False

    assert together(8, accept) == [number != 3 for number in range(8)]
    assert query("SELECT count(*) FROM jobs WHERE name = 'operation'") == [(7,)]


def test_an_operation_accepted_in_a_unit_has_its_job_once(database: Database, query: Query) -> None:
    accepted = operation("T1-V1")
    with database.writing(ACTOR) as uow:
        assert uow.accept(accepted)
        assert not uow.accept(accepted)
    with database.writing(ACTOR) as uow:
        assert not uow.accept(accepted.model_copy(update={"id": "op_other"}))
        assert uow.operations.get(accepted.id) == accepted
    assert query("SELECT id, name, argument FROM jobs") == [(accepted.id, "operation", accepted.id)]


def test_the_engine_gets_jobs_when_the_unit_commits_and_else_not(database: Database, query: Query) -> None:
    with database.writing(ACTOR) as uow:
        uow.enqueue(Job(id="1", name="reminder", argument="a"), Job(id="2", name="reminder", argument="b"))
        assert query("SELECT count(*) FROM jobs") == [(0,)]  # seen from outside

    def enqueue_and_fail() -> None:
        with database.writing(ACTOR) as uow:
            uow.enqueue(Job(id="3", name="reminder", argument="c"))
            uow.accept(operation())
            raise RuntimeError

    with pytest.raises(RuntimeError):
        enqueue_and_fail()
    assert query("SELECT id, name, argument FROM jobs ORDER BY id") == [("1", "reminder", "a"), ("2", "reminder", "b")]
    assert query("SELECT count(*) FROM operations") == [(0,)]


def test_a_unit_that_reads_gives_the_engine_nothing(database: Database, query: Query) -> None:
    with pytest.raises(RuntimeError, match="only reads"), database.reading(ACTOR) as uow:
        uow.enqueue(Job(id="1", name="reminder", argument="a"))
    with pytest.raises(DBAPIError, match=r"readonly|read-only"), database.reading(ACTOR) as uow:
        uow.accept(operation())
    assert query("SELECT count(*) FROM jobs") == [(0,)]


def test_a_fair_lock_is_given_in_the_order_of_asking() -> None:
    lock, order = FairLock(), []
    threads = []

    def ask(number: int) -> None:
        with lock:
            order.append(number)

    with lock:
        for number in range(8):
            thread = threading.Thread(target=ask, args=(number,))
            thread.start()
            threads.append(thread)
            while len(lock._queue) <= number:  # the only way to know that it asked
                time.sleep(0.001)
    for thread in threads:
        thread.join()
    assert order == list(range(8))


def test_both_kinds_of_database_are_answering(database: Database) -> None:
    database.ping()


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://localhost/kontor"])
def test_other_databases_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"file|not supported"):
        Database(url, catalogue=CATALOGUE, enqueue=lambda connection, *jobs: None)


def test_a_server_that_vanished_is_noticed_soon_unless_the_address_says_otherwise(plain_database_url: str) -> None:
    mark = "&" if "?" in plain_database_url else "?"
    opened = engines.open_engines(f"{plain_database_url}{mark}keepalives_idle=77")
    try:
        with opened.writer.connect() as connection:
            assert connection.connection.driver_connection
            used = connection.connection.driver_connection.info.get_parameters()
    finally:
        opened.dispose()
    assert used["keepalives_idle"] == "77"
    idle, interval, count = 10, int(used["keepalives_interval"]), int(used["keepalives_count"])
    assert idle + interval * count <= 30  # seconds
    assert int(used["connect_timeout"]) <= 30
    assert int(used["tcp_user_timeout"]) <= 30_000
