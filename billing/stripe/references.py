"""From the catalogue's names to Stripe's ids: prices by lookup key, coupons by id, tax rates by metadata."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeVar

import stripe

from billing.catalogue import Catalogue, RecurringPrice, TaxRate
from billing.errors import Misconfigured
from billing.ids import LookupKey
from billing.stripe.failures import is_missing
from billing.stripe.names import CATALOGUE, coupon_id, noted

T = TypeVar("T")

FRESH_SECONDS = 600.0


@dataclass(frozen=True)
class Reference:
    """What an order names, as Stripe calls it."""

    price: str
    coupon: str | None
    tax_rates: tuple[str, ...]


@dataclass
class _Known:
    """What was found, and when it is looked up again."""

    until: float
    prices: dict[LookupKey, str] = field(default_factory=dict)
    coupons: dict[str, str] = field(default_factory=dict)
    tax_rates: dict[str, str] = field(default_factory=dict)


class References:
    """Looks things up and remembers them for ten minutes. Raises Misconfigured for what is not at Stripe, or is there
    with other terms than in the catalogue: `kontor catalogue push` was forgotten.
    """

    def __init__(
        self, client: stripe.StripeClient, catalogue: Catalogue, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._catalogue = catalogue
        self._clock = clock
        self._known = _Known(until=0)

    def forget(self) -> None:
        """Stripe refused something that was remembered: look again next time."""
        self._known = _Known(until=self._clock() + FRESH_SECONDS)

    def resolve(self, price: LookupKey, coupon: str | None, tax_rates: tuple[str, ...]) -> Reference:
        known = self._fresh()
        return Reference(
            price=_remembered(known.prices, price, self._price),
            coupon=_remembered(known.coupons, coupon, self._coupon) if coupon else None,
            tax_rates=tuple(_remembered(known.tax_rates, name, self._tax_rate) for name in tax_rates),
        )

    def price(self, lookup_key: LookupKey) -> str:
        """Stripe's id of a recurring price, of a plan or an add-on."""
        return _remembered(self._fresh().prices, lookup_key, self._price)

    def coupon(self, code: str) -> str:
        """Stripe's id of a coupon, by its code in the catalogue."""
        return _remembered(self._fresh().coupons, code, self._coupon)

    def tax_rate(self, name: str) -> str:
        return _remembered(self._fresh().tax_rates, name, self._tax_rate)

    def _fresh(self) -> _Known:
        if self._known.until <= self._clock():
            self.forget()
        return self._known

    def _price(self, lookup_key: LookupKey) -> str:
        wanted = self._catalogue.sold(lookup_key)
        if wanted is None:
            raise Misconfigured(price=lookup_key)
        for price in self._client.v1.prices.list({"lookup_keys": [lookup_key], "active": True}).data:
            if _is_same_price(price, wanted):
                return price.id
        raise Misconfigured(price=lookup_key)

    def _coupon(self, code: str) -> str:
        wanted = coupon_id(self._catalogue, self._catalogue.coupon(code))
        try:
            return self._client.v1.coupons.retrieve(wanted).id
        except stripe.InvalidRequestError as error:
            if is_missing(error):
                raise Misconfigured(coupon=code) from error
            raise

    def _tax_rate(self, name: str) -> str:
        wanted = next((rate for rate in self._catalogue.tax_rates() if rate.name == name), None)
        for rate in self._client.v1.tax_rates.list({"active": True, "limit": 100}).auto_paging_iter():
            if wanted and is_same_rate(rate, wanted):
                return rate.id
        raise Misconfigured(tax_rate=name)


def _is_same_price(price: stripe.Price, wanted: RecurringPrice) -> bool:
    return (
        price.unit_amount == wanted.unit.amount
        and price.currency.upper() == wanted.unit.currency
        and price.recurring is not None
        and price.recurring.interval == wanted.interval
        and price.recurring.interval_count == wanted.interval_count
    )


def is_same_rate(rate: stripe.TaxRate, wanted: TaxRate) -> bool:
    """Whether it is that tax rate of ours, with the same terms."""
    return (
        noted(rate.metadata, CATALOGUE) == wanted.name
        and Decimal(str(rate.percentage)) == wanted.percent
        and rate.inclusive == wanted.inclusive
        and rate.country == wanted.country
    )


K = TypeVar("K")


def _remembered(known: dict[K, str], key: K, look_up: Callable[[K], str]) -> str:
    if key not in known:
        known[key] = look_up(key)
    return known[key]
