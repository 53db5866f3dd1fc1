"""Tax by the customer's country, with its exceptions by product (HX14) and for businesses in other EU countries."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from pydantic import StrictBool

from billing.catalogue.labels import Country, Id, Label, Percent
from billing.models import Frozen

# fmt: off
_EU = frozenset([
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU",
    "IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
])
# fmt: on
_VAT_PREFIX = {"GR": "EL"}  # where it is not the country's code


class TaxRate(Frozen):
    """A tax as it is charged. `name` is its key in the catalogue and at Stripe."""

    name: str
    label: Label  # "VAT", "USt."
    percent: Decimal
    inclusive: bool  # True: the price contains it
    country: str


class Override(Frozen):
    """Another rate for one product; what it does not say is as in the rate."""

    product: Id
    percent: Percent | None = None
    inclusive: StrictBool | None = None


class Rate(Frozen):
    """A line of the file: a country's tax."""

    id: Id
    country: Country
    name: Label
    percent: Percent
    inclusive: StrictBool = False
    overrides: tuple[Override, ...] = ()

    def for_product(self, product: str) -> TaxRate:
        override = next((one for one in self.overrides if one.product == product), None)
        if override is None:
            return self._as_charged(self.id, self.percent, self.inclusive)
        return self._of(override)

    def all(self) -> Iterator[TaxRate]:
        yield self._as_charged(self.id, self.percent, self.inclusive)
        yield from (self._of(override) for override in self.overrides)

    def _of(self, override: Override) -> TaxRate:
        percent = self.percent if override.percent is None else override.percent
        inclusive = self.inclusive if override.inclusive is None else override.inclusive
        return self._as_charged(f"{self.id}-{override.product}", percent, inclusive)

    def _as_charged(self, name: str, percent: Decimal, inclusive: bool) -> TaxRate:
        return TaxRate(name=name, label=self.name, percent=percent, inclusive=inclusive, country=self.country)


class Tax(Frozen):
    """All rates. A country without one has no tax."""

    reverse_charge: StrictBool = True
    rates: tuple[Rate, ...] = ()


def is_vat_id_of(country: str, tax_id: str | None) -> bool:
    """Whether the tax id is shaped like a VAT number of that EU country; not whether it is registered."""
    return country in _EU and bool(tax_id) and str(tax_id).strip().upper().startswith(_VAT_PREFIX.get(country, country))


def is_in_eu(country: str) -> bool:
    return country in _EU


def crosses_eu_border(seller: str, customer: str) -> bool:
    return seller != customer and {seller, customer} <= _EU
