"""What is told about failed payments, and to whom, as rows have it (H35)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Protocol

from billing.contacts import Invoice
from billing.ids import ContactId, InvoiceId, TeamId
from billing.models import Frozen
from billing.money import Money


class Stage(StrEnum):
    """Where the collection of an invoice stands."""

    RETRYING = "retrying"  # Stripe will try again
    GIVEN_UP = "given_up"  # Stripe will not


def stage(invoice: Invoice) -> Stage:
    return Stage.RETRYING if invoice.failing and invoice.next_attempt_at else Stage.GIVEN_UP


class Notice(Frozen):
    """What somebody is told. The same failure is told once at each place."""

    failure: str  # the invoice and its stage
    place: str  # a user or a channel in Slack
    team: TeamId
    contact: ContactId
    invoice: InvoiceId
    amount: Money  # what was to be paid
    failed_at: datetime  # UTC
    noted_at: datetime  # UTC


class NoticePage(Frozen):
    """Some notices of a batch, in the order in which they were noted."""

    notices: tuple[Notice, ...] = ()
    following: int | None = None  # give it back for the next page


class Notices(Protocol):
    """The rows of what is told about failed payments."""

    def add(self, notice: Notice) -> bool:
        """False if that failure was noted for that place before."""

    def due(self, quiet_since: datetime, oldest: datetime) -> tuple[str, ...]:
        """The places that have something untold, the last of it noted before `quiet_since` or the first before
        `oldest`."""

    def gather(self, place: str) -> str:
        """Make everything untold for that place one batch; its name."""

    def page(self, batch: str, limit: int, after: int = 0) -> NoticePage: ...

    def totals(self, batch: str) -> tuple[int, tuple[Money, ...]]:
        """How many, and the sum in each currency, the largest number of failures first."""
