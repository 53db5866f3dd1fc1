"""Prices: as the file says them (one cadence, many currencies) and as they are sold (one amount with a lookup key)."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, StrictInt, model_validator

from billing.catalogue.labels import Amounts, Label
from billing.ids import LookupKey
from billing.models import Frozen
from billing.money import Money


class Interval(StrEnum):
    """The unit of a billing cycle."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


_LONGEST = {Interval.DAY: 1095, Interval.WEEK: 156, Interval.MONTH: 36, Interval.YEAR: 3}  # Stripe: three years


BillingDay = Annotated[StrictInt, Field(ge=1, le=28)]  # of the month, in the business's time zone; every month has it


class Quantity(Frozen):
    """How many of one price a subscription may have."""

    minimum: Annotated[StrictInt, Field(ge=1)] = 1
    maximum: Annotated[StrictInt, Field(ge=1, le=999_999)] = 999

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.minimum > self.maximum:
            raise ValueError("the minimum must not be above the maximum")
        return self


class Price(Frozen):
    """A line of the file: what is paid every `count` intervals, by currency, in minor units."""

    interval: Interval
    count: Annotated[StrictInt, Field(ge=1)] = 1
    amounts: Annotated[Amounts, Field(min_length=1)]
    billing_day: BillingDay | None = None  # None: the day on which the subscription starts

    @model_validator(mode="after")
    def _has_such_a_day(self) -> Self:
        if self.billing_day and self.interval not in (Interval.MONTH, Interval.YEAR):
            raise ValueError("a billing day belongs to prices by the month or year")
        return self

    @model_validator(mode="after")
    def _at_most_three_years(self) -> Self:
        if self.count > _LONGEST[self.interval]:
            raise ValueError(f"a cycle is at most {_LONGEST[self.interval]} {self.interval}s (three years)")
        return self

    @property
    def cadence(self) -> str:
        """The cycle as a word of the lookup key: `month`, `3month`."""
        return self.interval.value if self.count == 1 else f"{self.count}{self.interval.value}"

    def by_currency(self) -> Iterator[Money]:
        for currency, amount in self.amounts.items():
            yield Money(amount=amount, currency=currency)


class RecurringPrice(Frozen):
    """What a subscription is made of: so much per unit and cycle. The cycle is the product's (H18)."""

    lookup_key: LookupKey
    product: str  # the product's id; of an add-on: the add-on's
    plan: str | None  # None: an add-on
    label: Label  # "Marketing Plus", with the number of contacts where the price depends on it
    unit: Money  # of one, before discount; with or without tax as the country's tax rate says
    interval: Interval
    interval_count: int
    minimum: int  # quantity
    maximum: int  # quantity
    contacts: int | None = None  # the contact tier: up to so many active contacts
    billing_day: int | None = None  # of the month; the first payment is for the rest of the running period


class OneTimePrice(Frozen):
    """What is paid once: a pack of units."""

    lookup_key: LookupKey
    pack: str
    label: Label
    unit: Money


def lookup_key(*parts: str, currency: str) -> LookupKey:
    """The price's name in the catalogue and at Stripe: `marketing-plus-month-eur`."""
    return LookupKey("-".join((*parts, currency.lower())))
