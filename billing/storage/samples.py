"""A sample of the contacts, by which a search tells what is common from what is rare."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterable, Sequence

from sqlalchemy import text
from sqlalchemy.engine import Connection

from billing.storage.finders import Term
from billing.storage.folding import trigrams

_SIZE = 1_000  # contacts
_LASTS = 600.0  # seconds; then it is taken anew


class Sample:
    """What some contacts, evenly spread, are found by. Until there is one, everything seems rare."""

    def __init__(self) -> None:
        self._searchable: list[str] = []
        self._counts: Counter[str] = Counter()
        self._good_until = 0.0
        self._renewing = threading.Lock()

    def share(self, terms: Sequence[Term]) -> float:
        """Which part of the contacts has all the terms, roughly."""
        having = sum(
            all(any(needle in searchable for needle in needles) for needles in terms) for searchable in self._searchable
        )
        return having / max(len(self._searchable), 1)

    def part(self, trigram: str) -> float:
        """Which part of the contacts has it, roughly."""
        return self._counts[trigram] / max(len(self._searchable), 1)

    def rarest(self, some: Iterable[str], most: int) -> list[str]:
        return sorted(some, key=lambda trigram: (self._counts[trigram], trigram))[:most]

    def refresh(self, connection: Connection) -> None:
        """Take it anew when it is old. While one thread does, others use what is there."""
        if time.monotonic() < self._good_until or not self._renewing.acquire(blocking=False):
            return
        try:
            self._searchable = _take(connection)
            self._counts = Counter(trigram for searchable in self._searchable for trigram in trigrams(searchable))
            self._good_until = time.monotonic() + _LASTS
        finally:
            self._renewing.release()


def last_number(connection: Connection) -> int:
    """The number of the newest contact; 0 when there is none."""
    return int(connection.scalar(text("SELECT max(number) FROM contacts")) or 0)


def _take(connection: Connection) -> list[str]:
    last = last_number(connection)
    numbers = ", ".join(map(str, range(1, last + 1, max(last // _SIZE, 1))))
    if not numbers:
        return []
    return list(connection.scalars(text(f"SELECT search FROM contacts WHERE number IN ({numbers})")))  # noqa: S608 - numbers
