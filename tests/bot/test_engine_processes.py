"""The engine as a process among others: starting, stopping, taking over from the dead, the clock."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from dbos import DBOSClient
from structlog.testing import capture_logs

from billing.errors import Transient
from bot.engine import (
    Engine,
    Patience,
    Schedule,
    SchemaOutdated,
    is_migrated,
    migrate_engine,
)
from bot.engine.database import connect
from bot.engine.jobs import APPLICATION, QUEUE, Jobs
from bot.engine.locks import locks_for
from bot.engine.sweeper import UNCLAIMED, Sweeper
from bot.engine.worker import AlreadyRunning
from tests.bot.engines import Acceptor, Calls, counted, pipeline, running, until

# Stopping and starting


def test_after_a_restart_the_walk_goes_on_behind_the_last_kept_answer(engine_url: str, acceptor: Acceptor) -> None:
    calls = Calls()

    def busy(_argument: str, _before: str) -> str:
        calls.append("busy")
        raise Transient("busy", retry_after=1.0)

    with running(engine_url, pipeline(calls.step("check", "kept"), busy), patience=Patience()):
        acceptor.accepts("one")
        until(lambda: "busy" in calls)
    acceptor.waits_for(one="ENQUEUED")
    with running(engine_url, pipeline(calls.step("check"), calls.step("perform"))):
        acceptor.waits_for(one="SUCCESS")
    assert calls == ["check(one, )", "busy", "perform(one, kept)"]


def test_stopping_lets_the_step_under_way_finish_and_leaves_the_rest(engine_url: str, acceptor: Acceptor) -> None:
    calls = Calls()
    entered, go_on = threading.Event(), threading.Event()

    def perform(argument: str, before: str) -> str:
        entered.set()
        assert go_on.wait(20)
        return "performed"

    with running(engine_url, pipeline(calls.step("check"), perform, calls.step("record"))) as engine:
        acceptor.accepts("one")
        assert entered.wait(20)
        stopping = threading.Thread(target=engine.stop)
        stopping.start()
        time.sleep(0.2)
        assert stopping.is_alive()
        go_on.set()
        stopping.join(20)
    assert calls == ["check(one, )"]
    acceptor.waits_for(one="ENQUEUED")
    with running(engine_url, pipeline(calls.step("check"), calls.step("perform"), calls.step("record"))):
        acceptor.waits_for(one="SUCCESS")
    assert calls == ["check(one, )", "record(one, performed)"]


def test_what_is_left_in_another_queue_is_done_and_the_queue_is_gone(engine_url: str, acceptor: Acceptor) -> None:
    """As an earlier version left it, which had a queue for each pipeline."""
    calls = Calls()
    database = connect(engine_url)
    client = DBOSClient(system_database_engine=database, application_name=APPLICATION)
    client.register_queue("work")
    for argument, status in {"waiting": "ENQUEUED", "held": "PENDING", "done": "SUCCESS"}.items():
        acceptor.accepts(argument)
        with acceptor.transaction() as connection:
            connection.execute(
                sa.text(
                    f"UPDATE {acceptor.table} SET queue_name = 'work', queue_partition_key = NULL,"
                    " status = :status, executor_id = 'gone' WHERE workflow_uuid = :id"
                ),
                {"status": status, "id": f"job-{argument}"},
            )
    with running(engine_url, pipeline(calls.step("check"))):
        acceptor.waits_for(waiting="SUCCESS", held="SUCCESS")
        assert [queue.name for queue in client.list_queues()] == [QUEUE]
    database.dispose()
    assert sorted(calls) == ["check(held, )", "check(waiting, )"]


def test_there_is_one_engine_per_process(engine_url: str) -> None:
    with running(engine_url, pipeline(Calls().step("check"))):
        second = Engine(engine_url, [])
        with pytest.raises(AlreadyRunning):
            second.start()
        second.stop()


def test_an_engine_does_not_start_without_its_tables_and_does_not_make_them(empty_database_url: str) -> None:
    assert not is_migrated(empty_database_url)
    engine = Engine(empty_database_url, [])
    with pytest.raises(SchemaOutdated):
        engine.start()
    engine.stop()
    assert not is_migrated(empty_database_url)
    if empty_database_url.startswith("sqlite"):
        assert not Path(empty_database_url.removeprefix("sqlite:///")).exists()
    migrate_engine(empty_database_url)
    migrate_engine(empty_database_url)
    assert is_migrated(empty_database_url)


# Processes that are gone

HOLD = """
import sys
from bot.engine.database import connect
from bot.engine.locks import locks_for
locks_for(connect(sys.argv[1]), sys.argv[2]).hold()
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def process_holding(url: str, executor: str) -> Iterator[subprocess.Popen[str]]:
    """Another process that lives under this name."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, url, executor], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def hold(acceptor: Acceptor, executor: str, *arguments: str) -> None:
    """As if this executor had claimed the jobs."""
    for argument in arguments:
        acceptor.accepts(argument)
        with acceptor.transaction() as connection:
            connection.execute(
                sa.text(
                    f"UPDATE {acceptor.table} SET status = 'PENDING', executor_id = :executor, owner_xid = 'x',"
                    " started_at_epoch_ms = 1 WHERE workflow_uuid = :id"
                ),
                {"executor": executor, "id": f"job-{argument}"},
            )


def test_jobs_of_a_process_that_is_gone_are_taken_over_and_those_of_a_living_one_are_not(
    engine_url: str, acceptor: Acceptor
) -> None:
    calls = Calls()
    hold(acceptor, "gone", "one", "two")
    hold(acceptor, "alive", "theirs")
    before = counted("kontor_engine_recovered_jobs_total")
    with process_holding(engine_url, "alive") as process, running(engine_url, pipeline(calls.step("check"))):
        acceptor.waits_for(one="SUCCESS", two="SUCCESS")
        time.sleep(0.5)  # five more sweeps
        assert acceptor.states()["job-theirs"] == "PENDING"
        assert sorted(calls) == ["check(one, )", "check(two, )"]
        process.kill()
        process.wait()
        acceptor.waits_for(theirs="SUCCESS")
    assert counted("kontor_engine_recovered_jobs_total") - before == 3


def test_a_claim_that_runs_nowhere_is_put_back_after_a_while(engine_url: str, acceptor: Acceptor) -> None:
    hold(acceptor, "me", "dropped", "running")
    now = 100.0
    database = connect(engine_url)
    locks = locks_for(database, "me")
    sweeper = Sweeper(Jobs(database, "me"), locks, lambda: ["job-running"], 1.0, clock=lambda: now)
    sweeper.sweep()
    now += UNCLAIMED
    sweeper.sweep()
    assert acceptor.states() == {"job-dropped": "PENDING", "job-running": "PENDING"}
    now += 1
    sweeper.sweep()
    assert acceptor.states() == {"job-dropped": "ENQUEUED", "job-running": "PENDING"}
    locks.release()
    database.dispose()


def test_putting_back_touches_only_jobs_that_are_ours(engine_url: str, acceptor: Acceptor) -> None:
    hold(acceptor, "other", "theirs")
    database = connect(engine_url)
    Jobs(database, "me").put_back("job-theirs")
    assert acceptor.states() == {"job-theirs": "PENDING"}
    database.dispose()


def test_a_job_that_was_taken_over_while_we_lived_is_left_to_the_other(engine_url: str, acceptor: Acceptor) -> None:
    calls = Calls()
    entered, go_on = threading.Event(), threading.Event()

    def check(argument: str, before: str) -> str:
        calls.append("check")
        if not entered.is_set():
            entered.set()
            assert go_on.wait(20)
            return "too late"
        return "in time"

    with capture_logs() as logs, running(engine_url, pipeline(check, calls.step("perform"))) as engine:
        acceptor.accepts("one")
        assert entered.wait(20)
        database = connect(engine_url)
        Jobs(database, engine.executor).put_back("job-one")
        database.dispose()
        acceptor.waits_for(one="SUCCESS")
        go_on.set()
        until(lambda: "engine_job_lost" in [entry["event"] for entry in logs])
    assert calls == ["check", "check", "perform(one, in time)"]


# The clock and the broom


def test_a_schedule_runs_and_one_that_fails_runs_again(engine_url: str) -> None:
    ticks: list[str] = []

    def broken() -> None:
        ticks.append("broken")
        raise ZeroDivisionError

    schedules = [
        Schedule("fine", "* * * * * *", lambda: ticks.append("fine")),
        Schedule("broken", "* * * * * *", broken),
    ]
    with capture_logs() as logs, running(engine_url, pipeline(Calls().step("check")), schedules=schedules):
        until(lambda: ticks.count("fine") >= 2 and ticks.count("broken") >= 2)
    assert len([entry for entry in logs if entry["event"] == "engine_schedule_failed"]) >= 2


def test_a_schedule_that_is_no_longer_there_is_forgotten(engine_url: str, acceptor: Acceptor) -> None:
    table = "workflow_schedules" if engine_url.startswith("sqlite") else "dbos.workflow_schedules"

    def names() -> set[str]:
        return {row["schedule_name"] for row in acceptor.all(f"SELECT schedule_name FROM {table}")}

    with running(engine_url, schedules=[Schedule("old", "0 0 1 1 *", lambda: None)]):
        assert names() == {"old", "forget_finished_jobs"}
    with running(engine_url, schedules=[Schedule("new", "0 0 1 1 *", lambda: None)]):
        assert names() == {"new", "forget_finished_jobs"}


def test_finished_jobs_are_forgotten_after_a_while_and_others_are_not(engine_url: str, acceptor: Acceptor) -> None:
    calls = Calls()

    def check(argument: str, _before: str) -> str:
        if argument == "waiting":
            raise Transient("busy", retry_after=100)
        return ""

    with running(engine_url, pipeline(check), patience=Patience(), keep=timedelta(seconds=2)) as engine:
        acceptor.accepts("old", "waiting")
        acceptor.waits_for(old="SUCCESS", waiting="DELAYED")
        engine.forget_finished()
        assert set(acceptor.states()) == {"job-old", "job-waiting"}
        time.sleep(2.1)
        acceptor.accepts("new")
        acceptor.waits_for(new="SUCCESS")
        engine.forget_finished()
        assert set(acceptor.states()) == {"job-new", "job-waiting"}
        outcomes = acceptor.table.replace("workflow_status", "operation_outputs")
        assert {row["workflow_uuid"] for row in acceptor.all(f"SELECT workflow_uuid FROM {outcomes}")} == {
            "job-new",
            "job-waiting",
        }
    assert calls == []
