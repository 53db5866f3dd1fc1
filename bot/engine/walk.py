"""How one job walks its pipeline.

Every try of a step is a DBOS step whose outcome is kept as data, a failed try too. So a walk that is taken up again
replays what was and knows how often it tried, how long it waited and whether it told. It follows that the order of the
calls of `DBOS.run_step` may depend on nothing but kept outcomes.
"""

from __future__ import annotations

import random
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import NoReturn, TypedDict

import sqlalchemy as sa
import structlog
from dbos import DBOS
from dbos import error as dbos_error

from billing.errors import Transient
from bot.engine import metrics
from bot.engine.jobs import Jobs
from bot.engine.pipelines import Patience, Pipeline

SHORT = 1.5  # seconds; shorter waits are slept, longer ones give the place to another job
BROKEN = 60.0  # seconds until a walk that broke for the engine's own reasons is taken up again
FAILED = "failed"
DELAYED = "delayed"

log = structlog.get_logger(__name__)


class PutBack(BaseException):
    """The walk ends here without an outcome; whoever takes the job later goes on.

    Not an Exception: DBOS would keep that as the job's outcome.
    """


class Outcome(TypedDict, total=False):
    """Of one try: an answer, or a reference if the job has failed, or when and why it is tried again."""

    answer: str
    reference: str
    at: float  # seconds since 1970, as the next two
    retry_at: float
    tell_at: float  # before that, tell that it takes longer
    reason: str  # `transient` or `fault`


@dataclass
class Tries:
    """Of one step, up to now."""

    transient: int = 0
    fault: int = 0
    since: float | None = None  # the first of them; seconds since 1970

    def add(self, outcome: Outcome) -> None:
        if outcome["reason"] == "fault":
            self.fault += 1
        else:
            self.transient += 1
        if self.since is None:
            self.since = outcome["at"]


class Walk:
    """One job on its way through its pipeline, in one process."""

    def __init__(
        self,
        pipeline: Pipeline,
        patience: Patience,
        jobs: Jobs,
        stopping: threading.Event,
        *,
        job: str,
        argument: str,
        enqueued_at: float,
        trace: str = "",
    ) -> None:
        self._pipeline = pipeline
        self._patience = patience
        self._jobs = jobs
        self._stopping = stopping
        self._job = job
        self._argument = argument
        self._enqueued_at = enqueued_at
        self._trace = trace
        self._told = False

    def run(self) -> str | None:
        """Walk to the end; the reference if the job failed."""
        names = {"job": self._job, "pipeline": self._pipeline.name, self._pipeline.name: self._argument}
        if self._trace:
            names["trace"] = self._trace
        with structlog.contextvars.bound_contextvars(**names):
            try:
                return self._steps()
            except dbos_error.DBOSWorkflowConflictIDError:
                # Another process took the job over while we lived: our connection broke, not we. It has the say now.
                log.warning("engine_job_lost")
                raise PutBack from None
            except dbos_error.DBOSWorkflowCancelledError:
                raise
            except Exception:
                # Not the step's fault, that is kept as an outcome: the engine's own. The job was accepted, so it stays.
                log.exception("engine_walk_broken", reference=secrets.token_hex(4))
                self._put_back(time.time() + BROKEN)

    def _steps(self) -> str | None:
        answer = ""
        for step in self._pipeline.steps:
            outcome = self._finish(step.name, partial(step.run, self._argument, answer), self._patience.faults)
            if "reference" in outcome:
                return self._fail(outcome["reference"])
            answer = outcome["answer"]
            if step.may_end and not answer:
                return None
        return None

    def _fail(self, reference: str) -> str:
        failed = self._pipeline.failed
        if failed is not None:

            def tell() -> str:
                failed(self._argument, reference)
                return ""

            self._finish(FAILED, tell, faults=None)
        return reference

    def _finish(self, name: str, run: Callable[[], str], faults: tuple[float, ...] | None) -> Outcome:
        """Try until there is an answer, or the faults are used up; with None they are as good as transient."""
        tries = Tries()
        while True:
            self._check_stopping()
            outcome = DBOS.run_step({"name": name}, self._try, name, run, tries, faults)
            if "retry_at" not in outcome:
                return outcome
            tries.add(outcome)
            if "tell_at" in outcome:
                self._until(outcome["tell_at"])
                DBOS.run_step({"name": DELAYED}, self._tell_delayed)
                self._told = True
            self._until(outcome["retry_at"])

    def _try(self, name: str, run: Callable[[], str], tries: Tries, faults: tuple[float, ...] | None) -> Outcome:
        pipeline = self._pipeline.name
        if name == self._pipeline.steps[0].name and tries.since is None:
            metrics.START_SECONDS.labels(pipeline).observe(max(0.0, time.time() - self._enqueued_at))
        with structlog.contextvars.bound_contextvars(step=name), metrics.STEP_SECONDS.labels(pipeline, name).time():
            outcome, result = self._call(run, tries, faults)
        metrics.STEPS.labels(pipeline, name, result).inc()
        if "retry_at" in outcome:
            metrics.RETRIES.labels(pipeline, name, result).inc()
        return outcome

    def _call(self, run: Callable[[], str], tries: Tries, faults: tuple[float, ...] | None) -> tuple[Outcome, str]:
        try:
            return {"answer": run()}, "done"
        except Transient as fault:
            log.info("engine_step_delayed", what=fault.what, retry_after=fault.retry_after)
            return self._after_transient(tries, fault.retry_after), "transient"
        except Exception:
            reference = secrets.token_hex(4)
            log.exception("engine_step_failed", reference=reference)
            return self._after_fault(tries, faults, reference), "fault"

    def _after_transient(self, tries: Tries, retry_after: float | None) -> Outcome:
        now = time.time()
        retry_at = now + wait_before(self._patience, tries.transient, retry_after)
        outcome: Outcome = {"reason": "transient", "at": now, "retry_at": retry_at}
        tell_at = (tries.since or now) + self._patience.told_after
        if self._pipeline.delayed is not None and not self._told and retry_at > tell_at:
            outcome["tell_at"] = tell_at
        return outcome

    def _after_fault(self, tries: Tries, faults: tuple[float, ...] | None, reference: str) -> Outcome:
        if faults is not None and tries.fault >= len(faults):
            return {"reference": reference}
        now = time.time()
        wait = wait_before(self._patience, tries.fault, None) if faults is None else faults[tries.fault]
        return {"reason": "fault", "at": now, "retry_at": now + wait}

    def _tell_delayed(self) -> str:
        if self._pipeline.delayed is not None:
            try:
                self._pipeline.delayed(self._argument)
            except Exception:
                # A courtesy: whoever is not told now will see the result.
                log.exception("engine_delay_not_told")
        return ""

    def _until(self, moment: float) -> None:
        remaining = moment - time.time()
        if remaining > SHORT:
            self._put_back(moment)
        if remaining > 0:
            self._stopping.wait(remaining)
            self._check_stopping()

    def _check_stopping(self) -> None:
        if self._stopping.is_set():
            self._put_back(None)

    def _put_back(self, until: float | None) -> NoReturn:
        try:
            self._jobs.put_back(self._job, until)
        except sa.exc.DBAPIError:
            # The database is away. The job stays ours, and the sweeper will find that it does not run.
            log.warning("engine_job_not_put_back", exc_info=True)
        raise PutBack


def wait_before(patience: Patience, earlier: int, retry_after: float | None) -> float:
    """Seconds to the next try: doubling, at least what the other side asked for; with jitter, lest all come at once."""
    doubled = min(patience.longest, patience.first * 2.0 ** min(earlier, 30)) * random.uniform(0.5, 1.0)  # noqa: S311 - no secret
    asked = (retry_after or 0.0) * random.uniform(1.0, 1.2)  # noqa: S311 - no secret
    return max(doubled, min(patience.longest, asked))
