"""From a running subscription to its package, its cadence and its plan (A8, AX13)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from billing.catalogue import Catalogue, RecurringPrice
from billing.contacts import Subscription, SubscriptionItem
from billing.errors import NoPlan
from billing.money import Money, round_half_up
from billing.plans.model import Cadence, Item, Package


def cadence_of(subscription: Subscription, catalogue: Catalogue | None = None) -> Cadence:
    """With the fixed billing day, which only the catalogue knows, where it matters what may be sold beside it."""
    sold = (catalogue.sold(item.price) for item in subscription.items if item.price) if catalogue else ()
    return Cadence(
        interval=subscription.interval,
        count=subscription.interval_count,
        currency=subscription.amount.currency,
        billing_day=next((price.billing_day for price in sold if price and price.billing_day), None),
    )


def per_month(amount: Money, cadence: Cadence) -> Money:
    """What an amount per billing cycle comes to in a month: of a year a twelfth, of a week 52 twelfths."""
    per_year = {"day": 365, "week": 52, "month": 12, "year": 1}[cadence.interval]
    return amount.with_amount(round_half_up(Decimal(amount.amount * per_year) / (12 * cadence.count)))


def package_of(catalogue: Catalogue, subscription: Subscription) -> Package:
    """What the subscription is made of. Raises NoPlan when none of its items is a plan of the catalogue."""
    _plan_item(catalogue, subscription)
    return package_sold(catalogue, subscription.items)


def package_sold(catalogue: Catalogue, items: Sequence[Item | SubscriptionItem]) -> Package:
    """The package that these items are; one of them is a plan. Seats are those that are sold: whole bundles."""
    plan_price, plan_quantity = next(_plan_items(catalogue, items))
    name = f"{plan_price.product}/{plan_price.plan}"
    _, plan = catalogue.plan(name)
    seats = plan.seats.included * plan_quantity
    add_ons: dict[str, int] = {}
    for item in items:
        price = catalogue.sold(item.price) if item.price else None
        if price is None or price.plan is not None:
            continue
        add_on = catalogue.add_on(price.product)
        if add_on.seats:
            seats += add_on.seats * item.quantity
        else:
            add_ons[add_on.id] = add_ons.get(add_on.id, 0) + item.quantity
    return Package(plan=name, limit=plan_price.contacts, seats=seats, add_ons=add_ons)


def plan_price(catalogue: Catalogue, subscription: Subscription) -> RecurringPrice:
    """The catalogue's price of its plan. Raises NoPlan."""
    return _plan_item(catalogue, subscription)[0]


def has_plan(catalogue: Catalogue, subscription: Subscription) -> bool:
    """Whether it is for a plan that the catalogue knows."""
    return any(True for _ in _plan_items(catalogue, subscription.items))


def _plan_item(catalogue: Catalogue, subscription: Subscription) -> tuple[RecurringPrice, int]:
    found = next(_plan_items(catalogue, subscription.items), None)
    if found is None:
        raise NoPlan(subscription=subscription.id)
    return found


def _plan_items(catalogue: Catalogue, items: Iterable[Item | SubscriptionItem]) -> Iterator[tuple[RecurringPrice, int]]:
    for item in items:
        price = catalogue.sold(item.price) if item.price else None
        if price and price.plan:
            yield price, item.quantity
