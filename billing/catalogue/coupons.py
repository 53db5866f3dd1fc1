"""Coupons and promotion codes: what is taken off, for how long, on what and when."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, Field, StrictInt, model_validator

from billing.catalogue.labels import Amounts, Id, Label
from billing.catalogue.prices import RecurringPrice
from billing.models import Frozen
from billing.money import CurrencyMismatch, Money


class Duration(StrEnum):
    """For which payments a coupon counts, in Stripe's words."""

    ONCE = "once"
    REPEATING = "repeating"
    FOREVER = "forever"


Code = Annotated[str, Field(pattern=r"^[A-Za-z0-9]+(-[A-Za-z0-9]+)*$", max_length=40), AfterValidator(str.upper)]
Day = Annotated[date, Field(strict=True)]


class Coupon(Frozen):
    """A percentage, or an amount in each of some currencies, off the whole document."""

    code: Code
    label: Label
    percent: Annotated[Decimal, Field(gt=0, le=100, max_digits=5, decimal_places=2)] | None = None
    amounts: Amounts = Field(default_factory=dict)  # minor units
    duration: Duration
    months: Annotated[StrictInt, Field(ge=1, le=36)] | None = None  # of `repeating`
    products: tuple[Id, ...] = ()  # empty: all
    starts: Day | None = None  # the first day, in the business's time zone
    ends: Day | None = None  # the last day
    promotion: bool = False  # customers may type the code themselves on Stripe's pages

    @model_validator(mode="after")
    def _short_name(self) -> Self:
        if len(self.label.en) > 40 or len(self.label.de) > 40:
            raise ValueError("the label is a coupon's name on invoices, of at most 40 characters (Stripe)")
        return self

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if (self.percent is None) == (not self.amounts):
            raise ValueError("a coupon has either a percent or amounts")
        if (self.duration is Duration.REPEATING) != (self.months is not None):
            raise ValueError("months belong to the duration repeating, and it needs them")
        if self.starts and self.ends and self.ends < self.starts:
            raise ValueError("the last day is before the first")
        return self

    def amount(self, currency: str) -> Money | None:
        """What it takes off in that currency; None for a percentage and for a currency that it is not made for."""
        amount = self.amounts.get(currency)
        return None if amount is None else Money(amount=amount, currency=currency)

    def off(self, subtotal: Money) -> Money:
        """What is taken off: never more than there is, a percentage rounded half up to a minor unit.

        Raises CurrencyMismatch for an amount that is not set in that currency: see `applies_to`.
        """
        if self.percent is not None:
            return subtotal.percent(self.percent)
        amount = self.amount(subtotal.currency)
        if amount is None:
            raise CurrencyMismatch(f"{self.code} takes nothing off {subtotal.currency}")
        return min(amount, subtotal)

    def applies_to(self, price: RecurringPrice, today: date) -> bool:
        """Whether it may be given for that price today (H21)."""
        return (
            (not self.products or price.product in self.products)
            and (self.percent is not None or price.unit.currency in self.amounts)
            and (self.starts is None or self.starts <= today)
            and (self.ends is None or today <= self.ends)
        )
