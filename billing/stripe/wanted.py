"""What the catalogue wants to be at Stripe, as the parameters of Stripe's calls.

`terms` can never be changed there, `looks` can: a difference in terms means another object, in looks an update.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from billing.catalogue import Catalogue, Coupon, Label, OneTimePrice, RecurringPrice, TaxRate
from billing.stripe.names import CATALOGUE, coupon_id, product_id, products_of

Params = dict[str, Any]


class Kind(StrEnum):
    """Stripe's kinds of things that the catalogue makes."""

    PRODUCT = "product"
    PRICE = "price"
    COUPON = "coupon"
    PROMOTION_CODE = "promotion code"
    TAX_RATE = "tax rate"


@dataclass(frozen=True)
class Wanted:
    """One object. `name` is its name in the catalogue."""

    kind: Kind
    name: str
    looks: Params
    terms: Params = field(default_factory=dict)
    said: str = ""  # the terms, for people

    @property
    def params(self) -> Params:
        """Of the call that creates it."""
        return {**self.terms, **self.looks}


def wanted(catalogue: Catalogue, today: date) -> tuple[Wanted, ...]:
    """Everything, in an order in which it can be created. `today` is in the business's time zone."""
    language = catalogue.business.language
    return (
        *_products(catalogue, language),
        *_prices(catalogue, language),
        *(_coupon(catalogue, coupon, language) for coupon in catalogue.coupons),
        *(_promotion_code(catalogue, coupon) for coupon in catalogue.coupons if _is_open(coupon, today)),
        *(_tax_rate(rate, language) for rate in catalogue.tax_rates()),
    )


def _products(catalogue: Catalogue, language: str) -> Iterator[Wanted]:
    for product in catalogue.products:
        for plan in product.plans:
            description = product.description.in_(language) if product.description else None
            yield _product(product_id(product.id, plan.id), plan.name.in_(language), description)
    for add_on in catalogue.add_ons:
        yield _product(product_id(add_on.id), add_on.name.in_(language))
    for pack in catalogue.unit_packs:
        yield _product(product_id(pack.id), pack.name.in_(language))


def _product(name: str, label: str, description: str | None = None) -> Wanted:
    looks: Params = {"name": label, "active": True, "metadata": {CATALOGUE: name}}
    if description:
        looks["description"] = description
    return Wanted(kind=Kind.PRODUCT, name=name, looks=looks, terms={"id": name}, said=label)


def _prices(catalogue: Catalogue, language: str) -> Iterator[Wanted]:
    for price in catalogue.all_recurring_prices():
        recurring = {"interval": price.interval.value, "interval_count": price.interval_count}
        product = product_id(price.product, price.plan) if price.plan else product_id(price.product)
        yield _price(price, price.label, product, recurring, language)
    for pack in catalogue.one_time_prices():
        yield _price(pack, pack.label, product_id(pack.pack), None, language)


def _price(
    price: RecurringPrice | OneTimePrice, label: Label, product: str, recurring: Params | None, language: str
) -> Wanted:
    terms: Params = {
        "product": product,
        "currency": price.unit.currency.lower(),
        "unit_amount": price.unit.amount,
        "lookup_key": price.lookup_key,
    }
    said = f"{price.unit.decimal()} {price.unit.currency}"
    if recurring:
        terms["recurring"] = recurring
        count, interval = recurring["interval_count"], recurring["interval"]
        said += f" every {interval}" if count == 1 else f" every {count} {interval}s"
    looks = {"nickname": label.in_(language), "active": True, "metadata": {CATALOGUE: price.lookup_key}}
    return Wanted(kind=Kind.PRICE, name=price.lookup_key, looks=looks, terms=terms, said=said)


def _coupon(catalogue: Catalogue, coupon: Coupon, language: str) -> Wanted:
    terms: Params = {"id": coupon_id(catalogue, coupon), "duration": coupon.duration.value}
    if coupon.percent is not None:
        terms["percent_off"] = float(coupon.percent)  # the library's type; two decimals survive it
        said = f"{coupon.percent} % off"
    else:
        (currency, amount), *others = ((code.lower(), amount) for code, amount in coupon.amounts.items())
        terms |= {"currency": currency, "amount_off": amount}
        if others:
            terms["currency_options"] = {code: {"amount_off": amount} for code, amount in others}
        said = f"an amount off in {', '.join(coupon.amounts)}"
    if coupon.months:
        terms["duration_in_months"] = coupon.months
    if products := products_of(catalogue, coupon):
        terms["applies_to"] = {"products": list(products)}
    looks = {"name": coupon.label.in_(language), "metadata": {CATALOGUE: coupon.code}}
    return Wanted(kind=Kind.COUPON, name=coupon.code, looks=looks, terms=terms, said=f"{said}, {coupon.duration}")


def _is_open(coupon: Coupon, today: date) -> bool:
    """Stripe knows no first day: the code is made by the first push on that day or later."""
    return (
        coupon.promotion
        and (coupon.starts is None or coupon.starts <= today)
        and (coupon.ends is None or today <= coupon.ends)
    )


def _promotion_code(catalogue: Catalogue, coupon: Coupon) -> Wanted:
    terms: Params = {
        "code": coupon.code,
        "promotion": {"type": "coupon", "coupon": coupon_id(catalogue, coupon)},
    }
    if coupon.ends:
        midnight = datetime.combine(coupon.ends + timedelta(days=1), time(), catalogue.business.zone)
        terms["expires_at"] = int(midnight.timestamp())
    said = f"until {coupon.ends}" if coupon.ends else ""
    looks = {"active": True, "metadata": {CATALOGUE: coupon.code}}
    return Wanted(kind=Kind.PROMOTION_CODE, name=coupon.code, looks=looks, terms=terms, said=said)


def _tax_rate(rate: TaxRate, language: str) -> Wanted:
    return Wanted(
        kind=Kind.TAX_RATE,
        name=rate.name,
        looks={"display_name": rate.label.in_(language), "active": True, "metadata": {CATALOGUE: rate.name}},
        terms={
            "percentage": float(rate.percent),  # the library's type; four decimals survive it
            "inclusive": rate.inclusive,
            "country": rate.country,
        },
        said=f"{rate.percent} % {'inclusive' if rate.inclusive else 'exclusive'}",
    )
