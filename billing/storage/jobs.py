"""Work for the durable engine, given to it on the connection of a transaction."""

from __future__ import annotations

from datetime import timedelta
from typing import NewType, Protocol

from sqlalchemy.engine import Connection

from billing.ports import Job, Origin, StripeEvent


class Enqueue(Protocol):
    """Gives jobs to the engine in the transaction of the connection."""

    def __call__(self, connection: Connection, /, *jobs: Job) -> None: ...


EnqueueFrom = NewType("EnqueueFrom", str)
"""The same as an INSERT of PostgreSQL's, for a statement that itself finds out which jobs there are.

It takes them from a relation `new_jobs` with the texts id, name, argument and trace. None of them is delayed.
"""


def nobody_enqueues(_connection: Connection, /, *jobs: Job) -> None:
    """What a unit that reads has: its transaction ends without a commit that the engine could wait for."""
    raise RuntimeError(f"a unit that only reads gives no work to the engine: {', '.join(job.id for job in jobs)}")


def event_job(event: StripeEvent, own_delay: timedelta) -> Job:
    """Handle the event. One that we caused tells little that is new: it can wait until its whole burst has arrived."""
    delay = own_delay if event.origin is Origin.OURS else timedelta()
    return Job(id=event.id, name="event", argument=event.id, delay=delay)
