"""Sums and lists over all contacts, for Home."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import Protocol

from billing.contacts import Invoice
from billing.ids import ContactId, TeamId, UserId
from billing.models import Frozen
from billing.money import Money
from billing.operations import Operation


class Sum(Frozen):
    """So many, and their amount in one currency."""

    count: int
    amount: Money


class Overview(Protocol):
    """Questions over all contacts. Each reads an index that holds little else than what it asks for."""

    def latest(
        self,
        team: TeamId,
        user: UserId,
        limit: int,
        *,
        preparing: Collection[str] = (),
        without: Collection[str] = (),
    ) -> tuple[Operation, ...]:
        """What that person asked for, newest first; operations of the kinds `without` do not count.

        `preparing`: kinds of which one that is done has led to another operation, which is the one that people know.
        """

    def waiting(self, team: TeamId, user: UserId, limit: int) -> tuple[int, tuple[Operation, ...]]:
        """How many of that person's wait for a customer, and the oldest of them."""

    def overdue(self, now: datetime) -> tuple[Sum, ...]: ...

    def failing(self) -> tuple[Sum, ...]: ...

    def worst_failing(self, limit: int) -> tuple[tuple[ContactId, Invoice], ...]:
        """The largest amounts, whatever the currency."""

    def expiring(self, first: date, last: date) -> int:
        """Payment methods that run out in a month from that of `first` to that of `last`."""

    def received(self, since: datetime, until: datetime, currency: str) -> Money:
        """What customers paid in that time."""
