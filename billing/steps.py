"""The walk of an operation through check, perform and record, each from text to text so that an engine can keep it.

A step that said no is remembered as an answer, and the later steps pass it on; `record` writes what came of it.
Only Transient and unforeseen exceptions leave a step.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import takewhile
from typing import Literal

from billing.access import Actor
from billing.errors import Declined, NotFound, Reason, Refusal, Transient
from billing.ids import OperationId, TeamId, UserId
from billing.models import Frozen
from billing.operations import AnyAction, Context, Operation, State
from billing.ports import Payments, Store, UnitOfWork

# Who reads rows when nobody acts yet; may nothing.
NOBODY = Actor(team=TeamId(""), user=UserId(""), name="Kontor", roles=frozenset())


TURN_SECONDS = 0.3  # until it is looked again whether the earlier operation is done


class Progress(Frozen):
    """What the steps so far came to."""

    answer: Literal["checked", "performed", "refused", "declined", "finished"]
    checked: str | None = None  # JSON
    outcome: str | None = None  # JSON
    reason: Reason | None = None


class OperationSteps:
    """check, perform, record, for every kind of command that there is an action for."""

    def __init__(self, store: Store, payments: Payments, actions: Mapping[str, AnyAction]) -> None:
        self._store = store
        self._payments = payments
        self._actions = actions

    def check(self, operation_id: str, _: str) -> str:
        """What the rules say. Raises Transient while an earlier operation changes the same subject."""
        operation, actor = self._load(operation_id)
        if operation.state.final:
            return Progress(answer="finished").model_dump_json()
        action = self._actions[operation.kind]
        command = action.command.model_validate_json(operation.command)
        try:
            with self._store.reading(actor) as uow:
                subject = action.subject(uow, command)
            if subject is not None:
                with self._store.writing(actor) as uow:
                    self._take_turn(uow, operation, subject)
            with self._store.reading(actor) as uow:
                checked = action.check(uow, command)
        except Refusal as refusal:
            return Progress(answer="refused", reason=refusal.reason).model_dump_json()
        return Progress(answer="checked", checked=checked.model_dump_json()).model_dump_json()

    def perform(self, operation_id: str, previous: str) -> str:
        progress = Progress.model_validate_json(previous)
        if progress.answer != "checked" or progress.checked is None:
            return previous
        operation, actor = self._load(operation_id)
        action, context = self._actions[operation.kind], _context(operation, actor)
        checked = action.checked.model_validate_json(progress.checked)
        if action.look_again:
            with self._store.reading(actor) as uow:
                checked = action.look_again(uow, context, checked)
        try:
            outcome = action.perform(self._payments, context, checked)
        except Declined as error:
            done = progress.model_copy(update={"answer": "declined", "reason": error.reason})
        except Refusal as refusal:
            reason = self._undone(operation_id, refusal).reason
            done = progress.model_copy(update={"answer": "refused", "reason": reason})
        else:
            done = progress.model_copy(update={"answer": "performed", "outcome": outcome.model_dump_json()})
        return done.model_dump_json()

    def record(self, operation_id: str, previous: str) -> str:
        """Everything that is written down about the result, in one transaction. Answers with the final state."""
        progress = Progress.model_validate_json(previous)
        operation, actor = self._load(operation_id)
        if operation.state is not State.ACCEPTED:
            return operation.state.value
        action = self._actions[operation.kind]
        context = _context(operation, actor)
        with self._store.writing(actor) as uow:
            match progress.answer:
                case "performed":
                    receipt = action.record(
                        uow,
                        context,
                        action.checked.model_validate_json(progress.checked or ""),
                        action.outcome.model_validate_json(progress.outcome or ""),
                    )
                    state: State = receipt.state
                    uow.operations.finish(operation.id, state, result=receipt.model_dump_json())
                case "declined":
                    state = State.DECLINED
                    code = str(progress.reason.parameters["code"]) if progress.reason else ""
                    checked = action.checked.model_validate_json(progress.checked or "")
                    action.declined(uow, context, checked, Declined(code))
                    uow.operations.finish(operation.id, state, reason=progress.reason)
                case _:
                    state = State.REFUSED
                    if progress.reason:
                        action.refused(uow, action.command.model_validate_json(operation.command), progress.reason)
                    uow.operations.finish(operation.id, state, reason=progress.reason)
        return state.value

    def undo(self, operation_id: str) -> None:
        """Take away what `perform` has begun and what takes no effect. Nothing for an operation that is over.

        Called before it is over, so that the next one on the same subject finds nothing half done.
        """
        with self._store.reading(NOBODY) as uow:
            operation = uow.operations.get(OperationId(operation_id))
            undo = self._actions[operation.kind].undo
            if undo is None or operation.state is not State.ACCEPTED:
                return
            customer = uow.contacts.get(operation.contact).customer
        undo(self._payments, operation.id, customer)

    def fail(self, operation_id: str, reference: str) -> None:
        """Something broke that nobody foresaw: say so in the row; the reference leads to the log.

        When the result was written down before, only telling people of it broke, and the result stands.
        """
        reason = Reason(key="Failed", parameters={"reference": reference})
        with self._store.writing(NOBODY) as uow:
            operation = uow.operations.get(OperationId(operation_id))
            if operation.state is not State.ACCEPTED:
                return
            action = self._actions[operation.kind]
            action.refused(uow, action.command.model_validate_json(operation.command), reason)
            uow.operations.finish(operation.id, State.FAILED, reason=reason)

    def _undone(self, operation_id: str, refusal: Refusal) -> Refusal:
        """What is to be told: why nothing came of it, or why what was begun is still there."""
        try:
            self.undo(operation_id)
        except Refusal as worse:
            return worse
        return refusal

    def _take_turn(self, uow: UnitOfWork, operation: Operation, subject: str) -> None:
        """One at a time changes a subject: what is checked here must still hold when Stripe is told.

        Whoever was accepted earlier goes first. That alone is not enough: an operation bears the time at which it was
        asked for, and one that was asked for earlier may be written down, by another process, later.
        """
        if uow.operations.turn(operation.contact, subject) == operation.id:
            return  # taken before a crash
        for earlier in takewhile(lambda one: one.id != operation.id, uow.operations.at_work(operation.contact)):
            action = self._actions[earlier.kind]
            if action.subject(uow, action.command.model_validate_json(earlier.command)) == subject:
                raise Transient("an earlier operation", retry_after=TURN_SECONDS)
        if not uow.operations.take_turn(operation, subject):
            raise Transient("another operation", retry_after=TURN_SECONDS)

    def _load(self, operation_id: str) -> tuple[Operation, Actor]:
        with self._store.reading(NOBODY) as uow:
            operation = uow.operations.get(OperationId(operation_id))
            actor = uow.staff.get(operation.team, operation.user)
        if actor is None:
            raise NotFound(f"staff {operation.user}")
        return operation, actor


def _context(operation: Operation, actor: Actor) -> Context:
    return Context(operation=operation.id, actor=actor, created_at=operation.created_at)
