"""What a comparison with Stripe found and mended."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from billing.contacts import Part
from billing.ids import ContactId, CustomerId
from billing.models import Frozen


class Difference(Frozen):
    """A contact whose mirror was not what Stripe had, although no event about it was under way."""

    contact: ContactId
    parts: tuple[Part, ...] = ()
    details: bool = False  # name, e-mail, phone, address or currency


class Reconciliation(Frozen):
    """One run over all customers. What was different is mended."""

    id: str
    began_at: datetime  # UTC
    finished_at: datetime | None = None  # UTC
    customers: int = 0  # seen
    resumed_at: int = 0  # how many of them an interrupted run had seen
    created: int = 0  # contacts that were new
    differing: int = 0  # contacts
    missed_events: int = 0  # events about our contacts that had never arrived
    differences: tuple[Difference, ...] = ()  # the first thousand
    without_country: tuple[CustomerId, ...] = ()  # theirs is unknown: taxes cannot be told

    @property
    def found_something(self) -> bool:
        return bool(self.differing or self.missed_events)


class Reconciliations(Protocol):
    """The rows of these runs."""

    def get(self, run: str) -> Reconciliation:
        """Raise NotFound."""

    def under_way(self) -> Reconciliation | None:
        """The last one, if it did not come to its end."""

    def last_finished(self) -> Reconciliation | None: ...

    def save(self, run: Reconciliation) -> None: ...
