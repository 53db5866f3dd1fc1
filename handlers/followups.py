"""What an event of Stripe sets in motion: a waiting operation goes on, or somebody is told that its link expired."""

from __future__ import annotations

from billing.desk import Desk
from billing.events import EventSteps
from billing.ids import OperationId
from billing.operations import State
from billing.steps import NOBODY
from handlers.announcements import Announcer
from handlers.payloads import ReplyTo


class FollowUps:
    """The last step of handling an event."""

    def __init__(self, desk: Desk, events: EventSteps, announcer: Announcer) -> None:
        self._desk = desk
        self._events = events
        self._announcer = announcer

    def run(self, event_id: str, waiting_id: str) -> str:
        resumption = self._events.resumption(event_id, waiting_id)
        if resumption:
            command, waiting, actor = resumption
            reply_to = ReplyTo(user=waiting.user).model_dump_json()
            key = f"session:{command.session}"
            return self._desk.accept(command, actor, key=key, reply_to=reply_to, trace=waiting.trace).id
        with self._desk.reading(NOBODY) as uow:
            expired = uow.operations.get(OperationId(waiting_id)).state is State.EXPIRED
        return self._announcer.announce(waiting_id) if expired else ""
