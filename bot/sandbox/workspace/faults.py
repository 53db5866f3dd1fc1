"""Trouble on request: the next calls of a Web API method fail in a chosen way."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from enum import StrEnum

from bot.sandbox.workspace.common import Json


class Kind(StrEnum):
    RATE_LIMITED = "ratelimited"
    SERVER_ERROR = "server_error"
    CUT_BEFORE = "cut_before"
    CUT_AFTER = "cut_after"


@dataclass
class Fault:
    """`calls` more calls of `method` (``*``: any) meet this fault. The two cuts close the connection without an
    answer, before or after the call has had its effect."""

    method: str
    kind: Kind
    calls: int
    retry_after: int

    def as_json(self) -> Json:
        return {"method": self.method, "fault": self.kind, "calls": self.calls, "retry_after": self.retry_after}


class Faults:
    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._faults.append(fault)

    def take(self, method: str) -> Fault | None:
        """The fault that this call meets, counted as used."""
        with self._lock:
            for fault in self._faults:
                if fault.method in (method, "*"):
                    fault.calls -= 1
                    if fault.calls <= 0:
                        self._faults.remove(fault)
                    return fault
        return None

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()

    def as_json(self) -> list[Json]:
        with self._lock:
            return [fault.as_json() for fault in self._faults]
