"""One look at Stripe serves everybody who asks about the same customer at the same time."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from billing.ids import CustomerId

REMEMBERED = 64  # customers; a burst is about few at a time


class Look(NamedTuple):
    """What was seen, and the newest event of the customer that had arrived before."""

    covers: int
    text: str


NOTHING = Look(0, "")


@dataclass
class _Customer:
    turn: threading.Lock = field(default_factory=threading.Lock)
    last: Look = NOTHING


class SharedLooks:
    """Threads take turns for each customer; whoever waited takes what was seen meanwhile, if it is new enough.

    New enough means: the look began after the event that one asks for had arrived. Positions are given in the order of
    arrival, so no clock is involved.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._customers: OrderedDict[CustomerId, _Customer] = OrderedDict()

    def at(self, customer: CustomerId, position: int, look: Callable[[], Look]) -> str:
        """What Stripe shows of the customer, seen after the event at that position arrived."""
        known = self._known(customer)
        with known.turn:
            if known.last.covers < position:
                known.last = look()
            return known.last.text

    def _known(self, customer: CustomerId) -> _Customer:
        with self._guard:
            known = self._customers.setdefault(customer, _Customer())
            self._customers.move_to_end(customer)
            if len(self._customers) > REMEMBERED:
                self._customers.popitem(last=False)
            return known
