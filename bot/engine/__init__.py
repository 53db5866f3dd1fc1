"""The durable engine: work that was accepted is done, whatever dies in between.

A `Pipeline` is a row of steps; a job walks it once. Whoever accepts work calls `enqueue` inside its own transaction, so
the job exists exactly when the row does. An `Engine` in every worker process takes jobs and walks them; the answer of
each step is kept, so after kill -9 the walk goes on behind the last step whose answer was kept. The step that was under
way runs again: steps must be idempotent.

The engine is DBOS Transact, a library that keeps its tables in our database; only this package knows it.
"""

from bot.engine.database import is_migrated, migrate_engine
from bot.engine.jobs import ENQUEUE_FROM, enqueue
from bot.engine.pipelines import Patience, Pipeline, Schedule, Step
from bot.engine.worker import Engine, SchemaOutdated

__all__ = [
    "ENQUEUE_FROM",
    "Engine",
    "Patience",
    "Pipeline",
    "Schedule",
    "SchemaOutdated",
    "Step",
    "enqueue",
    "is_migrated",
    "migrate_engine",
]
