"""Operations and Stripe's events as rows."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, exists, select, update
from sqlalchemy.engine import Connection

from billing.errors import NotFound, Reason
from billing.ids import ContactId, CustomerId, EventId, OperationId, TeamId, UserId
from billing.operations import Operation, State
from billing.ports import Origin, StripeEvent
from billing.storage.statements import add
from billing.storage.tables import operations, stripe_events, turns

_OPEN = tuple(state.value for state in State if not state.final)


class OperationRows:
    """`billing.operations.Operations` on one connection."""

    def __init__(self, connection: Connection, now: datetime) -> None:
        self._connection = connection
        self._now = now

    def add(self, operation: Operation) -> bool:
        return self.add_all([operation])

    def add_all(self, several: Sequence[Operation]) -> bool:
        """Insert those whose id and key are not known; whether all were inserted.

        Whoever inserts several does it in the order of their ids, so that two who do never wait for each other.
        """
        return add(self._connection, operations, *map(row_of, sorted(several, key=_id))) == len(several)

    def get(self, operation: OperationId) -> Operation:
        row = self._connection.execute(select(operations).where(operations.c.id == operation)).one_or_none()
        if row is None:
            raise NotFound(operation)
        return operation_of(row)

    def finish(
        self, operation: OperationId, state: State, *, result: str | None = None, reason: Reason | None = None
    ) -> None:
        statement = (
            update(operations)
            .where(operations.c.id == operation, operations.c.state.in_(_OPEN))
            .values(
                state=state.value,
                result=result,
                reason=reason.model_dump_json() if reason else None,
                updated_at=self._now,
            )
        )
        self._connection.execute(delete(turns).where(turns.c.operation == operation))
        if self._connection.execute(statement).rowcount == 0:
            self.get(operation)  # it is final already and stays so, or it is not there: NotFound

    def turn(self, contact: ContactId, subject: str) -> OperationId | None:
        column = turns.c
        statement = (
            select(column.operation)
            .join(operations, operations.c.id == column.operation)
            .where(column.contact == contact, column.subject == subject)
            .where(operations.c.state == State.ACCEPTED.value)
        )
        found = self._connection.scalar(statement)
        return OperationId(found) if found else None

    def take_turn(self, operation: Operation, subject: str) -> bool:
        column = turns.c
        at_work = exists().where(operations.c.id == column.operation, operations.c.state == State.ACCEPTED.value)
        # Finished by a version that knew no turns: it left its own.
        over = delete(turns).where(column.contact == operation.contact, column.subject == subject, ~at_work)
        self._connection.execute(over)
        add(self._connection, turns, {"contact": operation.contact, "subject": subject, "operation": operation.id})
        return self.turn(operation.contact, subject) == operation.id

    def waiting(self, contact: ContactId) -> tuple[Operation, ...]:
        column = operations.c
        statement = (
            select(operations)
            .where(column.contact == contact, column.state == State.WAITING.value)
            .order_by(column.created_at, column.id)
        )
        return tuple(operation_of(row) for row in self._connection.execute(statement))

    def under_way(self, contact: ContactId) -> bool:
        column = operations.c
        at_work = select(column.id).where(column.contact == contact, column.state == State.ACCEPTED.value)
        return self._connection.scalar(at_work.limit(1)) is not None

    def at_work(self, contact: ContactId) -> tuple[Operation, ...]:
        column = operations.c
        at_work = select(operations).where(column.contact == contact, column.state == State.ACCEPTED.value)
        rows = self._connection.execute(at_work.order_by(column.created_at, column.id))
        return tuple(operation_of(row) for row in rows)

    def done(self, contact: ContactId, kind: str, ref: str | None = None) -> tuple[Operation, ...]:
        column = operations.c
        statement = (
            select(operations)
            .where(column.contact == contact, column.state == State.DONE.value, column.kind == kind)
            .order_by(column.updated_at, column.id)
        )
        if ref is not None:
            statement = statement.where(column.result.contains(f'"ref":"{ref}"', autoescape=True))
        return tuple(operation_of(row) for row in self._connection.execute(statement))

    def is_followed(self, operation: Operation) -> bool:
        column = operations.c
        later = select(column.id).where(
            column.user_id == operation.user,
            column.created_at > operation.created_at,
            column.reply_to == operation.reply_to,
        )
        return self._connection.scalar(later.limit(1)) is not None


class EventRows:
    """`billing.ports.Events` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, event: StripeEvent) -> bool:
        """False when it was delivered before."""
        row = {
            "id": event.id,
            "event_type": event.type,
            "customer": event.customer,
            "object_id": event.object_id,
            "created_at": event.created_at,
            "payload": event.payload,
            "previous": event.previous,
            "origin": event.origin.value,
        }
        return bool(add(self._connection, stripe_events, row))

    def get(self, event: EventId) -> StripeEvent:
        row = self._connection.execute(select(stripe_events).where(stripe_events.c.id == event)).one_or_none()
        if row is None:
            raise NotFound(event)
        return StripeEvent(
            id=EventId(row.id),
            type=row.event_type,
            customer=CustomerId(row.customer) if row.customer is not None else None,
            object_id=row.object_id,
            created_at=row.created_at,
            payload=row.payload,
            previous=row.previous,
            origin=Origin(row.origin),
            position=row.position,
        )

    def known(self, some: Collection[EventId]) -> frozenset[EventId]:
        found = select(stripe_events.c.id).where(stripe_events.c.id.in_(some))
        return frozenset(EventId(one) for one in self._connection.scalars(found))

    def newest(self, customer: CustomerId) -> int:
        column = stripe_events.c
        last = select(column.position).where(column.customer == customer).order_by(column.position.desc()).limit(1)
        return self._connection.scalar(last) or 0


def _id(operation: Operation) -> OperationId:
    return operation.id


def row_of(operation: Operation) -> dict[str, Any]:
    """The columns' values."""
    return {
        "id": operation.id,
        "submission_key": operation.key,
        "kind": operation.kind,
        "contact": operation.contact,
        "team": operation.team,
        "user_id": operation.user,
        "command": operation.command,
        "reply_to": operation.reply_to,
        "trace": operation.trace,
        "state": operation.state.value,
        "result": operation.result,
        "reason": operation.reason.model_dump_json() if operation.reason else None,
        "created_at": operation.created_at,
        "updated_at": operation.updated_at,
    }


def operation_of(row: Row[*tuple[Any, ...]]) -> Operation:
    return Operation(
        id=OperationId(row.id),
        key=row.submission_key,
        kind=row.kind,
        contact=ContactId(row.contact),
        team=TeamId(row.team),
        user=UserId(row.user_id),
        command=row.command,
        reply_to=row.reply_to,
        trace=row.trace,
        state=State(row.state),
        result=row.result,
        reason=Reason.model_validate_json(row.reason) if row.reason is not None else None,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
