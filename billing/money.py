"""Amounts of money: integers in the currency's minor unit, with the currency beside them. No float, anywhere."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated

from pydantic import AfterValidator

from billing.models import Frozen


class CurrencyMismatch(ValueError):
    """Two currencies met in one sum; a programming error, never a person's."""


def _currency_code(value: str) -> str:
    if len(value) != 3 or not value.isascii() or not value.isalpha():
        raise ValueError("a currency is an ISO 4217 code of three letters")
    return value.upper()


Currency = Annotated[str, AfterValidator(_currency_code)]

# Stripe's document "Supported currencies". Not ISO 4217 or Unicode's table: Stripe has two decimals where others have
# none (ISK, UGX, HUF, RSD, ...).
# fmt: off
_NO_DECIMALS = frozenset([
    "BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF",
])
_THREE_DECIMALS = frozenset(["BHD", "JOD", "KWD", "OMR", "TND"])
# fmt: on


def minor_digits(currency: str) -> int:
    """How many decimal places the currency has: 2 for EUR, 0 for JPY, 3 for KWD."""
    if currency in _NO_DECIMALS:
        return 0
    return 3 if currency in _THREE_DECIMALS else 2


class Money(Frozen):
    """An amount in minor units of a currency: `Money(amount=1999, currency="EUR")` is 19.99 euros."""

    amount: int
    currency: Currency

    @classmethod
    def zero(cls, currency: str) -> Money:
        return cls(amount=0, currency=currency)

    def __add__(self, other: Money) -> Money:
        return self.with_amount(self.amount + self._same(other).amount)

    def __sub__(self, other: Money) -> Money:
        return self.with_amount(self.amount - self._same(other).amount)

    def __neg__(self) -> Money:
        return self.with_amount(-self.amount)

    def __mul__(self, count: int) -> Money:
        return self.with_amount(self.amount * count)

    def __lt__(self, other: Money) -> bool:
        return self.amount < self._same(other).amount

    def __le__(self, other: Money) -> bool:
        return self.amount <= self._same(other).amount

    def __bool__(self) -> bool:
        return self.amount != 0

    def with_amount(self, amount: int) -> Money:
        """The same currency with another amount in minor units."""
        return Money(amount=amount, currency=self.currency)

    def percent(self, percent: Decimal) -> Money:
        """That percentage of the amount, rounded half up to a minor unit (as Stripe rounds a line)."""
        return self.with_amount(round_half_up(Decimal(self.amount) * percent / 100))

    def decimal(self) -> Decimal:
        """The amount in major units: 19.99."""
        return Decimal(self.amount).scaleb(-minor_digits(self.currency))

    def _same(self, other: Money) -> Money:
        if other.currency != self.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency} in one sum")
        return other


def round_half_up(value: Decimal) -> int:
    """Round to a whole minor unit; halves away from zero."""
    return int(value.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def total(amounts: Iterable[Money], currency: str) -> Money:
    """The sum of the amounts in that currency; zero of nothing."""
    return sum(amounts, Money.zero(currency))
