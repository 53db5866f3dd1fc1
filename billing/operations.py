"""Operations: one billing action each, asked for by a member of staff; durable, idempotent, with a state and a result.

The way of an operation is check, perform, record; the engine outside walks it and survives kill -9 between and within
the steps, so each may run more than once. `check` and `record` get a unit of work and no Stripe; `perform` gets Stripe
and no database. A step answers with data: refusals and declines are answers; only what may be tried again is raised.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeVar

from billing.access import Actor
from billing.errors import Declined, Reason
from billing.ids import ContactId, CustomerId, OperationId, TeamId, UserId
from billing.models import Frozen

if TYPE_CHECKING:
    from billing.ports import Payments, UnitOfWork


class State(StrEnum):
    """Where an operation stands."""

    ACCEPTED = "accepted"  # written down; the engine has it
    WAITING = "waiting"  # for the customer: a link was sent
    DONE = "done"
    REFUSED = "refused"  # a rule said no, nothing was done
    DECLINED = "declined"  # the bank said no, nothing was done
    EXPIRED = "expired"  # the customer did not use the link in time
    FAILED = "failed"  # something broke that we did not foresee; the reference is in the log

    @property
    def final(self) -> bool:
        return self not in (State.ACCEPTED, State.WAITING)


class Command(Frozen):
    """What a member of staff asked for. Subclasses name their `kind` once and are never renamed: rows hold it."""

    kind: ClassVar[str]

    contact: ContactId


class Operation(Frozen):
    """The row."""

    id: OperationId
    key: str  # from Slack: the same submission has the same key
    kind: str
    contact: ContactId
    team: TeamId
    user: UserId
    command: str  # JSON
    reply_to: str  # where to answer; the conversation's own words
    trace: str = ""  # the id of the request that brought it, for the logs
    state: State = State.ACCEPTED
    result: str | None = None  # JSON: the receipt, when DONE or WAITING
    reason: Reason | None = None  # when REFUSED, DECLINED or EXPIRED
    created_at: datetime  # UTC
    updated_at: datetime  # UTC


class Operations(Protocol):
    """The rows of operations."""

    def add(self, operation: Operation) -> bool:
        """Insert it; False, and nothing changed, when its id or key is known already."""

    def get(self, operation: OperationId) -> Operation:
        """Raise NotFound."""

    def finish(
        self, operation: OperationId, state: State, *, result: str | None = None, reason: Reason | None = None
    ) -> None:
        """Move it to a state with what came of it. A final state is never left again."""

    def turn(self, contact: ContactId, subject: str) -> OperationId | None:
        """Which operation that the engine is at work on may change that subject of the contact's now."""

    def take_turn(self, operation: Operation, subject: str) -> bool:
        """Let the operation change the subject until it is finished; False while another one may."""

    def waiting(self, contact: ContactId) -> tuple[Operation, ...]:
        """Those that wait for the customer, oldest first."""

    def under_way(self, contact: ContactId) -> bool:
        """Whether the engine is at work on an operation of that contact."""

    def at_work(self, contact: ContactId) -> tuple[Operation, ...]:
        """Those of that contact that the engine is at work on, oldest first."""

    def done(self, contact: ContactId, kind: str, ref: str | None = None) -> tuple[Operation, ...]:
        """Those of that kind that were done for that contact, in the order in which they were.

        With `ref` only those whose receipt is about that.
        """

    def is_followed(self, operation: Operation) -> bool:
        """Whether a later one answers in the same place: the person has seen what came of this one, and gone on."""


def operation_id(key: str) -> OperationId:
    """The same key always gives the same id, so that whoever is asked twice finds the first."""
    return OperationId("op_" + hashlib.sha256(key.encode()).hexdigest()[:24])


class Context(Frozen):
    """What `perform` and `record` know of their operation."""

    operation: OperationId
    actor: Actor
    created_at: datetime  # UTC; Stripe forgets idempotency keys 24 hours after the first call


class Receipt(Frozen):
    """What came of an operation, as the views need it. Subclasses add the facts."""

    state: State = State.DONE


C = TypeVar("C", bound=Command)
K = TypeVar("K", bound=Frozen)
O = TypeVar("O", bound=Frozen)  # noqa: E741 - C, K, O, R: command, checked, outcome, receipt
R = TypeVar("R", bound=Receipt)


def charges_nothing(uow: UnitOfWork, context: Context, checked: Frozen, error: Declined) -> None:
    """`declined` of an action that asks no bank."""
    del uow, context, checked
    raise AssertionError("nothing is charged here") from error


@dataclass(frozen=True)
class Action(Generic[C, K, O, R]):
    """A capability's use case, as the engine sees it: three functions and the types that pass between them."""

    command: type[C]
    checked: type[K]
    outcome: type[O]
    receipt: type[R]
    check: Callable[[UnitOfWork, C], K]
    perform: Callable[[Payments, Context, K], O]
    record: Callable[[UnitOfWork, Context, K, O], R]
    declined: Callable[[UnitOfWork, Context, K, Declined], None] = charges_nothing
    refused: Callable[[UnitOfWork, C, Reason], None] = lambda _uow, _command, _reason: None
    subject: Callable[[UnitOfWork, C], str | None] = lambda _uow, _command: None
    """What operations of one contact change in turn: the next one is checked when the one before is recorded."""
    look_again: Callable[[UnitOfWork, Context, K], K] | None = None
    """Before every try to tell Stripe: what may have changed since `check`, which can be long ago."""
    undo: Callable[[Payments, OperationId, CustomerId], None] | None = None
    """What `perform` may have begun goes when it comes to nothing. What has taken effect stays; may be called twice."""


AnyAction = Action[Any, Any, Any, Any]
