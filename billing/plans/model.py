"""A package: what a subscription is made of in the catalogue's words; and how one can differ from another (A8)."""

from __future__ import annotations

from enum import StrEnum

from billing.catalogue import Feature, RecurringPrice
from billing.ids import LookupKey
from billing.models import Frozen
from billing.money import Money


class Package(Frozen):
    """The five things that can change (A8): product and plan, contact limit, seats, add-ons."""

    plan: str  # "product/plan"
    limit: int | None = None  # active contacts; None: the plan has no tiers
    seats: int = 1  # all of them, the included ones too
    add_ons: dict[str, int] = {}  # id to quantity; without those that only bring seats


class Item(Frozen):
    """One line of a package as it is sold: so many of one price."""

    price: LookupKey
    quantity: int


class Cadence(Frozen):
    """How often is paid, on which fixed day, and in which currency. A change of plan keeps all of it.

    All items of a subscription share them (HX3). What is billed on a fixed day is not put beside what is billed on
    another one; a price without such a day is billed whenever the rest is.
    """

    interval: str  # day, week, month, year
    count: int
    currency: str
    billing_day: int | None = None  # of the month; None: the day on which it started

    def fits(self, price: RecurringPrice) -> bool:
        is_same = (price.interval, price.interval_count, price.unit.currency) == (
            self.interval,
            self.count,
            self.currency,
        )
        return is_same and price.billing_day in (None, self.billing_day)


class Range(Frozen):
    """From the fewest to the most, both possible."""

    least: int
    most: int

    def __contains__(self, number: int) -> bool:
        return self.least <= number <= self.most


class Direction(StrEnum):
    UP = "up"
    DOWN = "down"


class Dimension(StrEnum):
    """What can change (A8)."""

    PRODUCT = "product"
    PLAN = "plan"
    LIMIT = "limit"
    SEATS = "seats"
    ADD_ON = "add_on"


class Difference(Frozen):
    """One thing that changes. Plans by name ("product/plan"), everything else by number."""

    dimension: Dimension
    direction: Direction
    before: str | int | None
    after: str | int | None
    add_on: str | None = None  # which, when it is one


class LimitChange(Frozen):
    """A limit of the plan, by its id in the catalogue; None where the plan has none of that name."""

    limit: str
    before: int | None
    after: int | None


class Excess(Frozen):
    """What the customer uses beyond a new limit (A4)."""

    what: Dimension  # LIMIT or SEATS
    used: int
    allowed: int


class Impact(Frozen):
    """What a change means for the customer (A4). Amounts are what is billed per cycle, before discount and tax."""

    gained: tuple[Feature, ...]
    lost: tuple[Feature, ...]
    limits: tuple[LimitChange, ...]
    above: tuple[Excess, ...]
    before: Money
    after: Money

    @property
    def difference(self) -> Money:
        """More (positive) or less (negative) per billing cycle."""
        return self.after - self.before
