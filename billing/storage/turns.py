"""Writers take turns: SQLite lets one write at a time, and waiting in a queue beats asking again and again."""

from __future__ import annotations

import threading
from collections import deque
from types import TracebackType


class FairLock:
    """A mutual exclusion lock that is given in the order of asking.

    `threading.Lock` gives it to whoever wakes first, so under load somebody starves; SQLite's own busy handler sleeps
    and asks again, which is worse.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._held = False
        self._queue: deque[threading.Lock] = deque()

    def __enter__(self) -> None:
        with self._guard:
            if not self._held:
                self._held = True
                return
            turn = threading.Lock()
            turn.acquire()
            self._queue.append(turn)
        turn.acquire()  # released by whoever holds the lock now

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._guard:
            if self._queue:
                self._queue.popleft().release()
            else:
                self._held = False


_locks: dict[str, FairLock] = {}
_locks_guard = threading.Lock()


def turns_of(file: str) -> FairLock:
    """The one lock of this process for that database file."""
    with _locks_guard:
        return _locks.setdefault(file, FairLock())
