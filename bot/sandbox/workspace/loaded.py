"""The options that the app sent for external selects: only one of those can be chosen."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from bot.sandbox.workspace.common import Json

Key = tuple[str, str, str, str]
KEPT = 1000


class LoadedOptions:
    """By person, surface (a view's id or a message's ts), block and action: everything that was offered there."""

    def __init__(self) -> None:
        self._options: dict[Key, dict[str, Json]] = {}
        self._lock = threading.Lock()

    def add(self, key: Key, options: Sequence[Json]) -> None:
        with self._lock:
            self._options.setdefault(key, {}).update({option["value"]: option for option in options})
            while len(self._options) > KEPT:
                self._options.pop(next(iter(self._options)))

    def get(self, key: Key) -> list[Json]:
        with self._lock:
            return list(self._options.get(key, {}).values())

    def clear(self) -> None:
        with self._lock:
            self._options.clear()
