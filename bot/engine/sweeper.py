"""Takes jobs over from executors that are gone."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection

import structlog

from bot.engine import metrics
from bot.engine.jobs import Jobs
from bot.engine.locks import Locks

UNCLAIMED = 15.0  # seconds that a job may be ours without running before it counts as dropped

log = structlog.get_logger(__name__)


class Sweeper:
    """A thread that puts back the jobs of every executor whose lock is free.

    Executor ids are never used twice, so a free lock stays free; and a job is put back only while that lock is held, so
    two sweepers do not put the same job back one after the other.
    """

    def __init__(
        self,
        jobs: Jobs,
        locks: Locks,
        running: Callable[[], Collection[str]],
        interval: float,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._jobs = jobs
        self._locks = locks
        self._running = running
        self._interval = interval
        self._clock = clock
        self._idle_since: dict[str, float] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="engine-sweeper", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def sweep(self) -> None:
        """Once; raises what the database raises."""
        self._locks.hold()
        for executor in self._jobs.executors():
            if executor == self._jobs.executor:
                self._put_back_dropped()
                continue
            with self._locks.gone(executor) as gone:
                if gone:
                    self._report(self._jobs.recover(executor), executor)

    def _loop(self) -> None:
        while True:
            try:
                self.sweep()
            except Exception:
                # The database is away; so is everything else that needs it. The next round tries again.
                log.warning("engine_sweep_failed", exc_info=True)
            if self._stop.wait(self._interval):
                return

    def _put_back_dropped(self) -> None:
        """A claim whose answer was lost on the way is ours in the table, but runs nowhere."""
        now = self._clock()
        idle = set(self._jobs.held()) - set(self._running())
        self._idle_since = {job: self._idle_since.get(job, now) for job in idle}
        dropped = [job for job, since in self._idle_since.items() if now - since > UNCLAIMED]
        for job in dropped:
            self._jobs.put_back(job)
        self._report(dropped, self._jobs.executor)

    @staticmethod
    def _report(jobs: list[str], executor: str) -> None:
        if jobs:
            metrics.RECOVERED.inc(len(jobs))
            log.warning("engine_jobs_recovered", executor=executor, jobs=jobs)
