"""What time it is: the machine's clock, or the local Stripe's, which can be moved on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import requests

ASK_EVERY = 0.2  # seconds
ASK_WITHIN = 2.0  # seconds; somebody who is busy moving the clock is not waited for

Clock = Callable[[], datetime]


def utcnow() -> datetime:
    return datetime.now(UTC)


def clock_at(url: str | None) -> Clock:
    """The clock at that address; the machine's where there is none."""
    return RemoteClock(url) if url else utcnow


class RemoteClock:
    """The machine's clock, put forward or back by what somebody else's differs from it. Threads may share it.

    The difference is asked for (`{"offset": seconds}`), not the time: so it goes on smoothly between two answers.
    While nobody answers the last difference counts, at first none.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._ahead = timedelta()
        self._good_until = 0.0
        self._asking = threading.Lock()

    def __call__(self) -> datetime:
        if time.monotonic() >= self._good_until and self._asking.acquire(blocking=not self._good_until):
            try:
                self._ask()
            finally:
                self._asking.release()
        return utcnow() + self._ahead

    def _ask(self) -> None:
        try:
            answer = requests.get(self._url, timeout=ASK_WITHIN)
            self._ahead = timedelta(seconds=answer.json()["offset"])
        except (requests.RequestException, KeyError, TypeError, ValueError):
            pass  # it stops and starts as it likes
        self._good_until = time.monotonic() + ASK_EVERY
