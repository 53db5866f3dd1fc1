"""Messages that wait for their time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

from bot.sandbox.workspace.common import Json, Refused, new_id
from bot.sandbox.workspace.store import Store

DAYS_AHEAD = 120
IN_A_WINDOW = 30
WINDOW_SECONDS = 5 * 60
TOO_LATE_TO_DELETE_SECONDS = 60


@dataclass(frozen=True)
class Scheduled:
    """What will be posted to a channel at `post_at` (seconds since 1970): text, blocks, attachments."""

    id: str
    channel: str
    post_at: int
    date_created: int
    parts: Json
    thread_ts: str | None = None
    metadata: Json | None = None


class Schedule:
    """One thread waits for the next message, while there is any. Every method may be called from any thread."""

    def __init__(self, store: Store, post: Callable[[Scheduled], None]) -> None:
        self._store = store
        self._post = post
        self._changed = threading.Condition()
        self._waiting: dict[str, Scheduled] = {}
        self._waits = False
        for document in store.all("scheduled"):
            self._wait_for(Scheduled(**document))

    def add(
        self, channel: str, post_at: int, parts: Json, *, thread_ts: str | None = None, metadata: Json | None = None
    ) -> Scheduled:
        """Refused: ``time_in_past``, ``time_too_far`` (120 days), ``restricted_too_many`` (30 in five minutes)."""
        now = time.time()
        if post_at <= now:
            raise Refused("time_in_past")
        if post_at > now + DAYS_AHEAD * 24 * 3600:
            raise Refused("time_too_far")
        if _is_crowded([one.post_at for one in self.waiting(channel)] + [post_at]):
            raise Refused("restricted_too_many")
        one = Scheduled(new_id("Q"), channel, post_at, int(now), parts, thread_ts, metadata)
        self._store.put("scheduled", one.id, asdict(one))
        self._wait_for(one)
        return one

    def waiting(self, channel: str | None = None) -> list[Scheduled]:
        """The next one first."""
        with self._changed:
            waiting = [one for one in self._waiting.values() if channel in (None, one.channel)]
        return sorted(waiting, key=_order)

    def remove(self, channel: str, scheduled_id: str) -> None:
        """Refused: ``invalid_scheduled_message_id``, also in the last minute before it is posted."""
        with self._changed:
            one = self._waiting.get(scheduled_id)
            if one is None or one.channel != channel or one.post_at - time.time() < TOO_LATE_TO_DELETE_SECONDS:
                raise Refused("invalid_scheduled_message_id")
            del self._waiting[scheduled_id]
            self._changed.notify_all()
        self._store.remove("scheduled", scheduled_id)

    def clear(self) -> None:
        with self._changed:
            self._waiting.clear()
            self._changed.notify_all()

    def _wait_for(self, one: Scheduled) -> None:
        with self._changed:
            self._waiting[one.id] = one
            if not self._waits:
                self._waits = True
                threading.Thread(target=self._work, name="scheduled-messages", daemon=True).start()
            self._changed.notify_all()

    def _work(self) -> None:
        while one := self._next_due():
            self._store.remove("scheduled", one.id)
            self._post(one)

    def _next_due(self) -> Scheduled | None:
        """Wait for the time of the next one and take it; None once there is none."""
        with self._changed:
            while self._waiting:
                one = min(self._waiting.values(), key=_order)
                pause = one.post_at - time.time()
                if pause <= 0:
                    return self._waiting.pop(one.id)
                self._changed.wait(pause)
            self._waits = False
            return None


def _order(one: Scheduled) -> tuple[int, str]:
    return one.post_at, one.id


def _is_crowded(times: list[int]) -> bool:
    times = sorted(times)
    return any(last - first < WINDOW_SECONDS for first, last in zip(times, times[IN_A_WINDOW:], strict=False))
