"""What is on offer in a cadence: plans, contact limits, seats and add-ons (A10, A15, A20, A22, AX10)."""

from __future__ import annotations

from collections.abc import Iterator

from billing.catalogue import AddOn, Catalogue, RecurringPrice
from billing.money import Money
from billing.plans.model import Cadence, Range


def plan_prices(catalogue: Catalogue, name: str, cadence: Cadence) -> tuple[RecurringPrice, ...]:
    """The plan's prices in that cadence, one for each contact tier, the lowest first. Empty: not sold like that."""
    product, plan = catalogue.plan(name)
    return tuple(price for price in product.recurring_prices() if price.plan == plan.id and cadence.fits(price))


def plans_for(catalogue: Catalogue, cadence: Cadence) -> tuple[str, ...]:
    """The plans that are sold in that cadence, in the order of the file."""
    return tuple(
        name
        for product in catalogue.products
        for plan in product.plans
        if plan_prices(catalogue, name := f"{product.id}/{plan.id}", cadence)
    )


def limits_for(catalogue: Catalogue, name: str, cadence: Cadence) -> tuple[int, ...]:
    """The contact limits of that plan (A10); empty for a plan without tiers."""
    return tuple(price.contacts for price in plan_prices(catalogue, name, cadence) if price.contacts is not None)


def add_ons_for(catalogue: Catalogue, name: str, cadence: Cadence) -> tuple[tuple[AddOn, RecurringPrice], ...]:
    """The add-ons for that plan in that cadence (A20), with their price; without those that only bring seats."""
    return tuple(_add_on_prices(catalogue, name, cadence, seats=False))


def seats_for(catalogue: Catalogue, name: str, cadence: Cadence) -> Range:
    """How many seats that plan can have: bought with the plan itself, or beside it by an add-on (AX10)."""
    _, plan = catalogue.plan(name)
    if plan.quantity.maximum > 1:
        included = max(plan.seats.included, 1)
        most = plan.quantity.maximum * included
        least = plan.quantity.minimum * included
    else:
        seat = seat_add_on(catalogue, name, cadence)
        least = plan.seats.included
        most = least + (seat[0].quantity.maximum * seat[0].seats if seat else 0)
    return Range(least=least, most=min(most, plan.seats.maximum or most))


def seat_price(catalogue: Catalogue, name: str, cadence: Cadence) -> Money | None:
    """What one more seat costs in that plan per billing cycle; None where there is none to buy."""
    _, plan = catalogue.plan(name)
    if plan.quantity.maximum > 1:
        price = next(iter(plan_prices(catalogue, name, cadence)), None)
        return price.unit if price and plan.seats.included <= 1 else None
    seat = seat_add_on(catalogue, name, cadence)
    return seat[1].unit if seat and seat[0].seats == 1 else None


def _add_on_prices(
    catalogue: Catalogue, name: str, cadence: Cadence, *, seats: bool
) -> Iterator[tuple[AddOn, RecurringPrice]]:
    for add_on in catalogue.add_ons:
        if name in add_on.plans and bool(add_on.seats) is seats:
            yield from ((add_on, price) for price in add_on.recurring_prices() if cadence.fits(price))


def seat_add_on(catalogue: Catalogue, name: str, cadence: Cadence) -> tuple[AddOn, RecurringPrice] | None:
    return next(_add_on_prices(catalogue, name, cadence, seats=True), None)


def nearest_limit(limits: tuple[int, ...], wanted: int | None) -> int | None:
    """The same contact limit or, where a plan does not have it, the next higher one, else its highest."""
    if not limits:
        return None
    return next((limit for limit in sorted(limits) if wanted is None or limit >= wanted), max(limits))
