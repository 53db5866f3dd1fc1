"""The desk: where a conversation hands in what was asked for and reads what there is."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime

from billing.access import Actor
from billing.operations import Command, Operation, operation_id
from billing.ports import Store, UnitOfWork


class Desk:
    """One per process."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock

    def reading(self, actor: Actor) -> AbstractContextManager[UnitOfWork]:
        return self._store.reading(actor)

    def writing(self, actor: Actor) -> AbstractContextManager[UnitOfWork]:
        return self._store.writing(actor)

    def accept(self, command: Command, actor: Actor, *, key: str, reply_to: str, trace: str = "") -> Operation:
        """Write the command down as an operation and give it to the engine, in one transaction.

        When this returns, a power cut loses nothing; the same key again changes nothing. Rules are checked later, by
        the operation itself. Answers with the operation of that key.
        """
        now = self._clock()
        operation = Operation(
            id=operation_id(key),
            key=key,
            kind=command.kind,
            contact=command.contact,
            team=actor.team,
            user=actor.user,
            command=command.model_dump_json(),
            reply_to=reply_to,
            trace=trace,
            created_at=now,
            updated_at=now,
        )
        self._store.accept(operation)
        return operation
