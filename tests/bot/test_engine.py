"""The durable engine on both databases: what is accepted is done once, in order, whatever is slow or broken."""

from __future__ import annotations

import json
import re
import threading
import time
from datetime import timedelta
from typing import Any

import pytest
import structlog
from dbos import DBOSClient, DBOSPortableJSONSerializer
from structlog.testing import capture_logs

from billing.errors import Transient
from billing.ports import Job
from bot.engine import ENQUEUE_FROM, Patience, Pipeline, Step, enqueue
from bot.engine.database import connect
from bot.engine.jobs import APPLICATION, QUEUE, VERSION
from bot.engine.walk import wait_before
from tests.bot.engines import Acceptor, Calls, counted, pipeline, running, until

# Walking


def test_a_job_walks_its_steps_in_order_and_each_gets_the_answer_before(engine_url: str, acceptor: Acceptor) -> None:
    calls = Calls()
    with running(
        engine_url, pipeline(calls.step("check", '{"a":1}'), calls.step("perform", "ok"), calls.step("record"))
    ):
        acceptor.accepts("one")
        acceptor.waits_for(one="SUCCESS")
    assert calls == ["check(one, )", 'perform(one, {"a":1})', "record(one, ok)"]


@pytest.mark.parametrize(
    ("answer", "walked"), [("", ["check(one, )"]), ("op_1", ["check(one, )", "perform(one, op_1)"])]
)
def test_an_empty_answer_ends_the_walk_where_it_may(
    engine_url: str, acceptor: Acceptor, answer: str, walked: list[str]
) -> None:
    calls = Calls()
    steps = (Step("check", calls.step("check", answer), may_end=True), Step("perform", calls.step("perform")))
    with running(engine_url, Pipeline("work", steps)):
        acceptor.accepts("one")
        acceptor.waits_for(one="SUCCESS")
    assert calls == walked


def test_a_job_with_a_delay_begins_no_earlier(engine_url: str, acceptor: Acceptor) -> None:
    calls = Calls()
    with acceptor.transaction() as connection:
        for name, delay in (("tomorrow", timedelta(days=1)), ("soon", timedelta(milliseconds=50))):
            enqueue(connection, Job(id=f"job-{name}", name="work", argument=name, delay=delay))
    with running(engine_url, pipeline(calls.step("check"))):
        acceptor.waits_for(soon="SUCCESS")
    assert acceptor.states()["job-tomorrow"] == "DELAYED"
    assert calls == ["check(soon, )"]


def test_a_rolled_back_transaction_enqueues_nothing(engine_url: str, acceptor: Acceptor) -> None:
    calls = Calls()

    def accept_and_fail() -> None:
        with acceptor.transaction() as connection:
            enqueue(connection, Job(id="job-lost", name="work", argument="lost"))
            raise ZeroDivisionError

    with running(engine_url, pipeline(calls.step("check"))):
        with pytest.raises(ZeroDivisionError):
            accept_and_fail()
        acceptor.accepts("kept")
        acceptor.waits_for(kept="SUCCESS")
    assert calls == ["check(kept, )"]
    assert "job-lost" not in acceptor.states()


def test_the_same_id_is_done_once_however_often_it_is_enqueued(engine_url: str, acceptor: Acceptor) -> None:
    calls = Calls()
    acceptor.accepts("one", "one")
    with running(engine_url, pipeline(calls.step("check"))):
        acceptor.accepts("one")
        acceptor.waits_for(one="SUCCESS")
        acceptor.accepts("one", "two")
        acceptor.waits_for(two="SUCCESS")
    assert calls == ["check(one, )", "check(two, )"]


def test_our_row_is_the_row_that_dbos_writes(engine_url: str, acceptor: Acceptor) -> None:
    database = connect(engine_url)
    client = DBOSClient(
        system_database_engine=database, serializer=DBOSPortableJSONSerializer(), application_name=APPLICATION
    )
    client.enqueue(
        {
            "workflow_name": "work",
            "queue_name": QUEUE,
            "queue_partition_key": "work",
            "workflow_id": "job-theirs",
            "app_version": VERSION,
        },
        "x",
        1.5,
    )
    database.dispose()
    acceptor.accepts("ours")
    theirs, ours = (
        acceptor.all(f"SELECT * FROM TABLE WHERE workflow_uuid = 'job-{name}'")[0] for name in ("theirs", "ours")
    )
    different = {column for column in theirs if theirs[column] != ours[column]}
    # The token tells DBOS's own retried insert from a duplicate; the inputs have a table of their own in its Python
    # and stand in the row in its SQL, and both are read. Its attributes are a JSON null, ours none.
    assert different <= {"workflow_uuid", "created_at", "updated_at", "creator_xid", "inputs", "attributes"}


def test_the_row_is_the_same_for_a_statement_that_finds_out_which_jobs_there_are(
    engine_url: str, acceptor: Acceptor
) -> None:
    """Their inputs are compared as JSON: the database's has other spaces."""
    if acceptor.engines.is_sqlite:
        pytest.skip("PostgreSQL only; another parameter runs it")
    trace = 'a "trace" \\ ü'
    with acceptor.transaction() as connection:
        enqueue(connection, Job(id="job-usual", name="work", argument="x", trace=trace))
        connection.exec_driver_sql(
            "WITH new_jobs AS (SELECT 'job-other' AS id, 'work' AS name, 'x' AS argument, %(trace)s::text AS trace)"
            + ENQUEUE_FROM,
            {"trace": trace},
        )
    usual, other = (
        acceptor.all(f"SELECT * FROM TABLE WHERE workflow_uuid = 'job-{name}'")[0] for name in ("usual", "other")
    )
    assert {column for column in usual if usual[column] != other[column]} <= {
        "workflow_uuid",
        "created_at",
        "updated_at",
        "inputs",
    }
    (_, first, _), (_, second, _) = (json.loads(row["inputs"])["positionalArgs"] for row in (usual, other))
    assert json.loads(other["inputs"]) == {"positionalArgs": ["x", second, trace], "namedArgs": {}}
    assert 0 <= second - first < 60
    assert other["created_at"] == other["updated_at"] == pytest.approx(1000 * second, abs=1)


def test_jobs_under_a_former_name_are_walked_from_the_beginning(engine_url: str, acceptor: Acceptor) -> None:
    """One was begun, with a step that is none any more; one was taken by an engine that did not know the name."""
    calls = Calls()
    former = Pipeline("earlier", (Step("fetch", calls.step("fetch")), Step("record", calls.transient("record", 10**6))))
    with running(engine_url, former):
        acceptor.accepts("begun", pipeline="earlier")
        until(lambda: any(call.startswith("record") for call in calls))
    acceptor.accepts("fresh", pipeline="earlier")
    with running(engine_url, pipeline(calls.step("other"))):
        until(lambda: acceptor.states()["job-fresh"] == "PENDING")
    calls.clear()
    with running(engine_url, pipeline(calls.step("handle"), formerly="earlier")):
        acceptor.waits_for(begun="SUCCESS", fresh="SUCCESS")
    assert sorted(calls) == ["handle(begun, )", "handle(fresh, )"]
    assert {row["name"] for row in acceptor.all("SELECT name FROM TABLE WHERE workflow_uuid LIKE 'job-%'")} == {"work"}


def test_what_a_step_logs_carries_the_job(engine_url: str, acceptor: Acceptor) -> None:
    seen: list[dict[str, Any]] = []

    def check(_argument: str, _before: str) -> str:
        seen.append(structlog.contextvars.get_contextvars())
        return ""

    with running(engine_url, pipeline(check)):
        acceptor.accepts("one")
        acceptor.waits_for(one="SUCCESS")
    assert seen == [{"job": "job-one", "pipeline": "work", "work": "one", "step": "check"}]
    assert structlog.contextvars.get_contextvars() == {}


def test_steps_are_counted_and_the_way_to_the_first_is_timed(engine_url: str, acceptor: Acceptor) -> None:
    calls = Calls()
    done = {"pipeline": "work", "step": "check", "result": "done"}
    retried = {"pipeline": "work", "step": "check", "reason": "transient"}
    before = (
        counted("kontor_engine_steps_total", **done),
        counted("kontor_engine_retries_total", **retried),
        counted("kontor_engine_start_seconds_count", pipeline="work"),
        counted("kontor_engine_step_seconds_count", pipeline="work", step="check"),
    )
    with running(engine_url, pipeline(calls.transient("check", times=2))):
        acceptor.accepts("one")
        acceptor.waits_for(one="SUCCESS")
    after = (
        counted("kontor_engine_steps_total", **done),
        counted("kontor_engine_retries_total", **retried),
        counted("kontor_engine_start_seconds_count", pipeline="work"),
        counted("kontor_engine_step_seconds_count", pipeline="work", step="check"),
    )
    # One success after two failed tries, one start, three tries timed.
    assert [b - a for a, b in zip(before, after, strict=True)] == [1, 2, 1, 3]


def test_dbos_prints_nothing(engine_url: str, acceptor: Acceptor, capfd: pytest.CaptureFixture[str]) -> None:
    with capture_logs(), running(engine_url, pipeline(Calls().step("check"))):
        acceptor.accepts("one")
        acceptor.waits_for(one="SUCCESS")
    assert capfd.readouterr() == ("", "")


# Trying again


def test_a_transient_fault_is_tried_again_and_earlier_steps_are_not(engine_url: str, acceptor: Acceptor) -> None:
    calls = Calls()
    with running(engine_url, pipeline(calls.step("check"), calls.transient("perform", times=6), calls.step("record"))):
        acceptor.accepts("one")
        acceptor.waits_for(one="SUCCESS")
    assert calls == ["check(one, )", *["perform(one, )"] * 7, "record(one, )"]


def test_retry_after_is_respected(engine_url: str, acceptor: Acceptor) -> None:
    times: list[float] = []

    def check(_argument: str, _before: str) -> str:
        times.append(time.monotonic())
        if len(times) == 1:
            raise Transient("rate", retry_after=0.7)
        return ""

    with running(engine_url, pipeline(check), patience=Patience(first=0.02)):
        acceptor.accepts("one")
        acceptor.waits_for(one="SUCCESS")
    assert times[1] - times[0] >= 0.69


def test_no_wait_is_longer_than_the_longest(engine_url: str, acceptor: Acceptor) -> None:
    calls = Calls()
    started = time.monotonic()
    with running(
        engine_url, pipeline(calls.transient("check", times=1, retry_after=3600.0)), patience=Patience(longest=0.3)
    ):
        acceptor.accepts("one")
        acceptor.waits_for(one="SUCCESS")
    assert time.monotonic() - started < 10


def test_waits_double_with_jitter() -> None:
    patience = Patience(first=0.5, longest=300.0)
    # 0.5 s doubled n times, of which jitter takes at most half: 0.5, 1, 2, 4 ... and never more than 300.
    for earlier, most in enumerate([0.5, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]):
        waits = {wait_before(patience, earlier, None) for _ in range(50)}
        assert most / 2 <= min(waits) < max(waits) <= most
    assert 300 * 0.5 <= wait_before(patience, 5000, None) <= 300
    # Retry-After is a lower bound, spread upwards by at most a fifth.
    assert 60 <= wait_before(patience, 0, 60.0) <= 72
    assert wait_before(patience, 0, 7200.0) == 300


def test_a_person_is_told_once_that_it_takes_longer(engine_url: str, acceptor: Acceptor) -> None:
    calls, told = Calls(), []
    work = pipeline(
        calls.transient("check", times=4),
        calls.transient("perform", times=4),
        delayed=lambda argument: told.append((argument, len(calls))),
    )
    with running(engine_url, work, patience=Patience(first=0.2, longest=0.2, told_after=0.25)):
        acceptor.accepts("one")
        acceptor.waits_for(one="SUCCESS")
    # Tries at 0, then every 0.1 to 0.2 s: after 0.25 s two or three were made, and the fifth comes after 0.4 s.
    assert [argument for argument, _ in told] == ["one"]
    assert 2 <= told[0][1] <= 4


def test_a_short_delay_is_not_worth_a_word_and_a_failed_word_does_no_harm(engine_url: str, acceptor: Acceptor) -> None:
    calls, told = Calls(), []

    def delayed(argument: str) -> None:
        told.append(argument)
        raise ConnectionError

    with running(engine_url, pipeline(calls.transient("check", times=2), delayed=delayed)):
        acceptor.accepts("short")
        acceptor.waits_for(short="SUCCESS")
        assert told == []
    calls.clear()
    with running(
        engine_url, pipeline(calls.transient("check", times=2), delayed=delayed), patience=Patience(0.2, 0.2, 0.0)
    ):
        acceptor.accepts("long")
        acceptor.waits_for(long="SUCCESS")
    assert told == ["long"]


def test_a_job_that_waits_leaves_its_place_to_others(engine_url: str, acceptor: Acceptor) -> None:
    calls = Calls()

    def check(argument: str, _before: str) -> str:
        calls.append(argument)
        if argument == "slow" and calls.count("slow") == 1:
            raise Transient("busy", retry_after=2.5)
        return ""

    with running(engine_url, pipeline(check), concurrency=1, patience=Patience()):
        acceptor.accepts("slow")
        acceptor.waits_for(slow="DELAYED")
        acceptor.accepts("quick")
        acceptor.waits_for(quick="SUCCESS", slow="DELAYED")
        acceptor.waits_for(slow="SUCCESS")
    assert calls == ["slow", "quick", "slow"]


def test_a_pipeline_that_has_its_hands_full_does_not_hold_up_another(engine_url: str, acceptor: Acceptor) -> None:
    """`concurrency` counts for each pipeline by itself."""
    calls = Calls()
    go_on = threading.Event()
    under_way: list[str] = []

    def slow(argument: str, _before: str) -> str:
        under_way.append(argument)
        assert go_on.wait(20)
        return ""

    other = Pipeline("other", (Step("check", calls.step("check")),))
    with running(engine_url, pipeline(slow), other, concurrency=2):
        acceptor.accepts("one", "two", "three")
        until(lambda: len(under_way) == 2)
        acceptor.accepts("theirs", pipeline="other")
        acceptor.waits_for(theirs="SUCCESS")
        assert len(under_way) == 2
        go_on.set()
        acceptor.waits_for(one="SUCCESS", two="SUCCESS", three="SUCCESS")
    assert calls == ["check(theirs, )"]


# Failing


def test_a_fault_is_tried_three_times_and_then_somebody_is_told_the_reference(
    engine_url: str, acceptor: Acceptor
) -> None:
    calls, told = Calls(), []

    def perform(argument: str, before: str) -> str:
        calls.append(f"perform({argument}, {before})")
        raise ZeroDivisionError

    work = pipeline(
        calls.step("check", "secret"), perform, calls.step("record"), failed=lambda *given: told.append(given)
    )
    with capture_logs() as logs, running(engine_url, work):
        acceptor.accepts("one")
        acceptor.waits_for(one="SUCCESS")
    assert calls == ["check(one, )", *["perform(one, secret)"] * 3]
    failures = [entry for entry in logs if entry["event"] == "engine_step_failed"]
    assert len(failures) == 3
    assert all(entry["exc_info"] for entry in failures)
    assert told == [("one", failures[-1]["reference"])]
    assert re.fullmatch("[0-9a-f]{8}", told[0][1])
    assert "secret" not in str(logs)


def test_a_fault_that_passes_does_no_harm(engine_url: str, acceptor: Acceptor) -> None:
    calls, told = Calls(), []

    def check(_argument: str, _before: str) -> str:
        calls.append("check")
        if len(calls) < 3:
            raise ZeroDivisionError
        return ""

    with running(engine_url, pipeline(check, calls.step("perform"), failed=lambda *given: told.append(given))):
        acceptor.accepts("one")
        acceptor.waits_for(one="SUCCESS")
    assert calls == ["check", "check", "check", "perform(one, )"]
    assert told == []


def test_telling_of_a_failure_is_repeated_until_it_succeeds(engine_url: str, acceptor: Acceptor) -> None:
    told: list[tuple[str, str]] = []

    def check(_argument: str, _before: str) -> str:
        raise ZeroDivisionError

    def failed(argument: str, reference: str) -> None:
        told.append((argument, reference))
        if len(told) < 6:
            raise Transient("slack") if len(told) % 2 else RuntimeError

    with running(engine_url, pipeline(check, failed=failed)):
        acceptor.accepts("one")
        acceptor.waits_for(one="SUCCESS")
    assert len(told) == 6
    assert len(set(told)) == 1


def test_a_failed_job_without_anybody_to_tell_just_ends(engine_url: str, acceptor: Acceptor) -> None:
    def check(_argument: str, _before: str) -> str:
        raise ZeroDivisionError

    with running(engine_url, pipeline(check)):
        acceptor.accepts("one")
        acceptor.waits_for(one="SUCCESS")


def test_a_walk_that_breaks_for_the_engines_own_reasons_keeps_its_job(engine_url: str, acceptor: Acceptor) -> None:
    def check(_argument: str, _before: str) -> Any:
        return object()  # cannot be kept

    with capture_logs() as logs, running(engine_url, pipeline(check)):
        acceptor.accepts("one")
        acceptor.waits_for(one="DELAYED")
    assert [entry["event"] for entry in logs if entry["log_level"] == "error"] == ["engine_walk_broken"]
