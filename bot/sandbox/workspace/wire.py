"""The wire log: every payload and call with its answer, and what Slack would have refused."""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Sequence
from typing import Any

from bot.sandbox.workspace.changes import Changes
from bot.sandbox.workspace.common import Json

KEPT = 500
KEPT_CHARACTERS = 20_000_000


class WireLog:
    """The last 500 entries (fewer when they are huge), numbered without gaps, without tokens and signatures."""

    def __init__(self, changes: Changes) -> None:
        self._entries: deque[tuple[int, Json]] = deque()
        self._characters = 0
        self._count = 0
        self._lock = threading.Lock()
        self._changes = changes

    def add(
        self,
        direction: str,
        what: str,
        *,
        status: int,
        ms: float,
        request: Any,
        response: Any,
        refused: Sequence[str] = (),
        user: str | None = None,
    ) -> None:
        """`direction` is ``to_app`` or ``from_app``; status 0 means that no answer came."""
        entry: Json = {
            "at": time.time(),
            "direction": direction,
            "what": what,
            "status": status,
            "ms": round(ms, 1),
            "user": user,
            "request": request,
            "response": response,
            "refused": list(refused),
        }
        size = len(json.dumps(entry))
        with self._lock:
            self._count += 1
            self._entries.append((size, {"n": self._count, **entry}))
            self._characters += size
            while len(self._entries) > KEPT or (self._characters > KEPT_CHARACTERS and len(self._entries) > 1):
                self._characters -= self._entries.popleft()[0]
        self._changes.tell("log")

    def after(self, number: int) -> Json:
        with self._lock:
            return {"entries": [entry for _, entry in self._entries if entry["n"] > number], "last": self._count}

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()
            self._characters = 0
