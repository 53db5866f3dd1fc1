"""The engine in a worker process: DBOS set up for us, the sweeper beside it, and an orderly end."""

from __future__ import annotations

import os
import secrets
import socket
import threading
import time
from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import structlog
from dbos import DBOS, DBOSClient, DBOSConfig, DBOSPortableJSONSerializer
from sqlalchemy import Engine as Database
from sqlalchemy.exc import DBAPIError

from bot.engine.database import SCHEMA, connect, is_migrated, quiet_dbos
from bot.engine.jobs import APPLICATION, QUEUE, VERSION, Jobs
from bot.engine.locks import locks_for
from bot.engine.pipelines import Patience, Pipeline, Schedule
from bot.engine.sweeper import Sweeper
from bot.engine.walk import Walk

FINISHED = ["SUCCESS", "ERROR", "CANCELLED"]
BATCH = 500  # finished jobs that are forgotten in one transaction

log = structlog.get_logger(__name__)


class SchemaOutdated(Exception):
    """The engine's tables are missing or old; `kontor migrate` makes them."""


class AlreadyRunning(Exception):
    """DBOS knows one configuration per process, so there is one engine."""


_one_per_process = threading.Lock()


class Engine:
    """Takes jobs and walks them. One per process; start it after forking.

    On SQLite there is one process; on PostgreSQL there may be many, on any number of machines.
    """

    def __init__(
        self,
        database_url: str,
        pipelines: Sequence[Pipeline],
        schedules: Sequence[Schedule] = (),
        *,
        patience: Patience | None = None,
        concurrency: int = 16,
        polling: float = 0.05,
        sweeping: float = 2.0,
        keep: timedelta = timedelta(days=30),
    ) -> None:
        """`concurrency`: jobs of one pipeline at a time in this process. `polling`, `sweeping`: seconds between looks
        for new jobs and for processes that are gone. `keep`: how long finished jobs are remembered."""
        self._url = database_url
        self._pipelines = tuple(pipelines)
        self._schedules = (*schedules, Schedule("forget_finished_jobs", "17 3 * * *", self.forget_finished))
        self._patience = patience or Patience()
        self._concurrency = concurrency
        self._polling = polling
        self._keep = keep
        self._started = False
        self._stopping = threading.Event()
        self.executor = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self._database = connect(database_url)
        self._jobs = Jobs(self._database, self.executor)
        self._locks = locks_for(self._database, self.executor)
        self._sweeper = Sweeper(self._jobs, self._locks, self._running, sweeping)
        self._client: DBOSClient | None = None
        self._dbos: DBOS | None = None

    def start(self) -> None:
        """Begin to take jobs. Raises SchemaOutdated or AlreadyRunning."""
        quiet_dbos()
        if not is_migrated(self._url):
            raise SchemaOutdated
        if not _one_per_process.acquire(blocking=False):
            raise AlreadyRunning
        self._started = True
        try:
            self._locks.hold()
            self._launch()
        except BaseException:
            self.stop()
            raise
        self._sweeper.start()
        log.info("engine_started", executor=self.executor, pipelines=[p.name for p in self._pipelines])

    def _launch(self) -> None:
        self._dbos = DBOS(config=self._config())
        self._client = _client(self._database)
        self._client.register_queue(
            QUEUE, partition_worker_concurrency=self._concurrency, polling_interval_sec=self._polling
        )
        self._drop_other_queues(self._client)
        for pipeline in self._pipelines:
            self._register(pipeline)
            if pipeline.formerly:
                self._jobs.rename(pipeline.formerly, pipeline.name)
        ticks = {schedule: self._register_tick(schedule) for schedule in self._schedules}
        DBOS.launch()
        DBOS.apply_schedules(
            [{"schedule_name": s.name, "workflow_fn": tick, "schedule": s.cron} for s, tick in ticks.items()]
        )
        self._drop_other_schedules()

    def stop(self, timeout: float = 20.0) -> None:
        """Take no more jobs, let steps under way finish for `timeout` seconds, leave the rest to others.

        A step that takes longer keeps this engine's lock, so that nobody repeats it before this process has ended.
        """
        if not self._started or self._stopping.is_set():
            return
        self._stopping.set()
        self._sweeper.stop()
        if self._dbos is not None:
            for event in self._dbos.background_thread_stop_events:
                event.set()
            idle = self._wait_until_idle(timeout)
            DBOS.destroy(destroy_registry=True)
            if not idle:
                log.warning("engine_stopped_with_steps_under_way", executor=self.executor)
                return
            with suppress(DBAPIError):  # the next process will find them
                self._jobs.recover(self.executor)
        self._locks.release()
        self._database.dispose()
        _one_per_process.release()
        log.info("engine_stopped", executor=self.executor)

    def forget_finished(self) -> None:
        """Delete finished jobs that are older than `keep`."""
        assert self._client is not None, "start() comes first"
        before = (datetime.now(UTC) - self._keep).isoformat()
        while old := self._client.list_workflows(
            status=FINISHED, completed_before=before, limit=BATCH, load_input=False, load_output=False
        ):
            self._client.delete_workflows([job.workflow_id for job in old])

    def _config(self) -> DBOSConfig:
        return {
            "name": APPLICATION,
            "application_version": VERSION,
            "executor_id": self.executor,
            "system_database_engine": self._database,
            "dbos_system_schema": SCHEMA,
            "run_migrations": False,
            "serializer": DBOSPortableJSONSerializer(),
            "log_level": "WARNING",
            # We use none of the messages that these two threads carry; they may be slow, but must end soon.
            "notification_coalesce_sec": 0.2,
            "notification_listener_polling_interval_sec": 0.2,
        }

    def _register(self, pipeline: Pipeline) -> None:
        def walk(argument: str, enqueued_at: float, trace: str = "") -> str | None:
            job = DBOS.workflow_id
            assert job is not None
            walk = Walk(
                pipeline,
                self._patience,
                self._jobs,
                self._stopping,
                job=job,
                argument=argument,
                enqueued_at=enqueued_at,
                trace=trace,
            )
            return walk.run()

        # No limit to how often a job is taken up: each time is a process that died, and the job was accepted.
        DBOS.workflow(name=pipeline.name, max_recovery_attempts=None)(walk)

    def _register_tick(self, schedule: Schedule) -> Any:
        def tick(_scheduled_at: str, _context: None) -> None:
            DBOS.run_step({"name": schedule.name}, partial(_run_scheduled, schedule))

        return DBOS.workflow(name=f"schedule.{schedule.name}", max_recovery_attempts=None)(tick)

    def _drop_other_queues(self, client: DBOSClient) -> None:
        for queue in client.list_queues():
            if queue.name != QUEUE:
                self._jobs.move_from(queue.name)
                client.delete_queue(queue.name)

    def _drop_other_schedules(self) -> None:
        ours = {schedule.name for schedule in self._schedules}
        for schedule in DBOS.list_schedules():
            if schedule["schedule_name"] not in ours:
                DBOS.delete_schedule(schedule["schedule_name"])

    def _running(self) -> Collection[str]:
        # DBOS's own account, which ends when a job's outcome is written, later than our function does.
        return self._dbos._active_workflows_set.activeList() if self._dbos is not None else ()

    def _wait_until_idle(self, timeout: float) -> bool:
        deadline = time.monotonic() + timeout
        while self._running():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.01)
        return True


def _run_scheduled(schedule: Schedule) -> str:
    with structlog.contextvars.bound_contextvars(schedule=schedule.name):
        try:
            schedule.run()
        except Exception:
            log.exception("engine_schedule_failed", reference=secrets.token_hex(4))
    return ""


def _client(database: Database) -> DBOSClient:
    return DBOSClient(
        system_database_engine=database,
        dbos_system_schema=SCHEMA,
        serializer=DBOSPortableJSONSerializer(),
        application_name=APPLICATION,
    )
