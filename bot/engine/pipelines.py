"""What the engine walks, as its callers describe it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """One step: from the job's argument and the previous step's answer ("" before the first) to an answer, all text.

    It may run more than once and must then come to the same. Raising `billing.errors.Transient` means: try again later,
    for as long as it takes. Any other exception is a fault: it is tried a few times more, then the job has failed.
    """

    name: str
    run: Callable[[str, str], str]
    may_end: bool = False  # an empty answer: there is nothing more to do, the steps behind it are not walked


@dataclass(frozen=True)
class Pipeline:
    """The steps of one kind of job. `name` is the `name` of its jobs.

    Steps are known by their place: add, remove or reorder them only under a new pipeline name, and name the one before
    in `formerly`. Jobs that it left are walked anew.
    """

    name: str
    steps: tuple[Step, ...]
    delayed: Callable[[str], None] | None = None  # once, when a job has waited a while, so that a person can be told
    failed: Callable[[str, str], None] | None = None  # argument and reference; repeated until it succeeds
    formerly: str = ""


@dataclass(frozen=True)
class Schedule:
    """Something done by the clock, once over all processes. What raises is logged and waits for the next time."""

    name: str
    cron: str  # five fields, or six with seconds first; UTC
    run: Callable[[], None]


@dataclass(frozen=True)
class Patience:
    """How long to wait before trying again. Seconds."""

    first: float = 0.5  # after the first transient fault; doubles with each further one
    longest: float = 300.0  # between two tries, whatever Retry-After says
    told_after: float = 10.0  # waiting in one step for so long calls `Pipeline.delayed`
    faults: tuple[float, ...] = (2.0, 8.0)  # before the second and third try after a fault; then the job has failed
