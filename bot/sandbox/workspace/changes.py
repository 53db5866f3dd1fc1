"""Who wants to hear that something changed: the open pages, over server-sent events."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Iterator

from bot.sandbox.workspace.common import Json

HEARTBEAT_SECONDS = 15.0


class Changes:
    """Fans small notices out to every listener; a listener that does not read loses the oldest ones."""

    def __init__(self) -> None:
        self._listeners: list[queue.Queue[Json]] = []
        self._lock = threading.Lock()

    def tell(self, *what: str, user: str | None = None, channel: str | None = None) -> None:
        notice: Json = {"changed": list(what), "user": user}
        if channel:
            notice["channel"] = channel
        with self._lock:
            for listener in self._listeners:
                if listener.full():
                    listener.get_nowait()
                listener.put_nowait(notice)

    def stream(self, user: str | None = None) -> Iterator[str]:
        """Server-sent events for one page: everything, or what concerns `user` or nobody in particular."""
        mine: queue.Queue[Json] = queue.Queue(maxsize=1000)
        with self._lock:
            self._listeners.append(mine)
        try:
            yield ": listening\n\n"
            while True:
                try:
                    notice = mine.get(timeout=HEARTBEAT_SECONDS)
                except queue.Empty:
                    yield ": still here\n\n"
                    continue
                if user is None or notice["user"] in (None, user):
                    yield f"data: {json.dumps(notice)}\n\n"
        finally:
            with self._lock:
                self._listeners.remove(mine)
