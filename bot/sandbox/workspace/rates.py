"""Slack's rate limits, kept when they are asked for: so many calls of a method a minute, a message a second."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable
from enum import IntEnum

MINUTE = 60.0
POSTING_SECONDS = 1.0


class Tier(IntEnum):
    """Calls of one method a minute. Slack promises at least these; here they are exact."""

    ONE = 1
    TWO = 20
    THREE = 50
    FOUR = 100


class Rates:
    """Counts calls by method (and posts by channel) once `enforced` is switched on."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._calls: dict[str, deque[float]] = {}
        self._lock = threading.Lock()
        self._enforced = False

    @property
    def enforced(self) -> bool:
        return self._enforced

    def enforce(self, *, on: bool) -> None:
        """Counting starts anew each time."""
        with self._lock:
            self._enforced = on
            self._calls.clear()

    def called(self, method: str, tier: Tier) -> int | None:
        """Count a call; the whole seconds to wait when it is one too many."""
        return self._count(method, int(tier), MINUTE)

    def posted(self, channel: str) -> int | None:
        """Count a message to a channel: one a second, whatever method says it."""
        return self._count(f"#{channel}", 1, POSTING_SECONDS)

    def _count(self, what: str, at_most: int, seconds: float) -> int | None:
        with self._lock:
            if not self._enforced:
                return None
            now = self._clock()
            calls = self._calls.setdefault(what, deque())
            while calls and now - calls[0] >= seconds:
                calls.popleft()
            if len(calls) >= at_most:
                return max(math.ceil(seconds - (now - calls[0])), 1)
            calls.append(now)
            return None
