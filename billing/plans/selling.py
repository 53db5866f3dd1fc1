"""From a package to what is sold: prices and quantities, or the refusal of what nobody sells (A8)."""

from __future__ import annotations

from collections.abc import Iterator

from billing.catalogue import Catalogue, Plan, RecurringPrice
from billing.contacts import Subscription
from billing.errors import LimitNotOffered, SeatsOutOfRange, UnknownAddOn, UnknownPlan
from billing.money import Money
from billing.plans.model import Cadence, Item, Package
from billing.plans.offering import add_ons_for, plan_prices, seat_add_on, seats_for
from billing.plans.reading import cadence_of


def items_of(catalogue: Catalogue, package: Package, cadence: Cadence) -> tuple[Item, ...]:
    """The package as it is sold in that cadence: the plan first, then what is added to it.

    Raises UnknownPlan, LimitNotOffered, SeatsOutOfRange or UnknownAddOn for what is not sold like that.
    """
    _, plan = catalogue.plan(package.plan)
    return (
        Item(price=_plan_price(catalogue, package, cadence).lookup_key, quantity=_plan_quantity(plan, package)),
        *_seat_items(catalogue, plan, package, cadence),
        *_add_on_items(catalogue, package, cadence),
    )


def billed(catalogue: Catalogue, subscription: Subscription, after: Package) -> tuple[Money, ...]:
    """The lines of a billing cycle once the subscription is that package, before discount and tax.

    What stays keeps the price at which it was bought, and what the catalogue does not know is billed as before; only
    what is new has the price of the list. Raises what `items_of` raises.
    """
    own = {item.price: item.unit_amount for item in subscription.items}
    items = items_of(catalogue, after, cadence_of(subscription, catalogue))
    sold = ((one, catalogue.sold(one.price)) for one in items)
    foreign = (item.amount for item in subscription.items if not item.price or not catalogue.sold(item.price))
    return (*(own.get(one.price, price.unit) * one.quantity for one, price in sold if price), *foreign)


def _plan_price(catalogue: Catalogue, package: Package, cadence: Cadence) -> RecurringPrice:
    prices = plan_prices(catalogue, package.plan, cadence)
    if not prices:
        raise UnknownPlan(plan=package.plan)
    for price in prices:
        if price.contacts == package.limit:
            return price
    raise LimitNotOffered(limits=tuple(str(price.contacts) for price in prices if price.contacts))


def _plan_quantity(plan: Plan, package: Package) -> int:
    if plan.quantity.maximum == 1:
        return 1
    included = max(plan.seats.included, 1)
    return -(-package.seats // included)  # a started bundle is a whole one


def _seat_items(catalogue: Catalogue, plan: Plan, package: Package, cadence: Cadence) -> Iterator[Item]:
    possible = seats_for(catalogue, package.plan, cadence)
    if package.seats not in possible:
        raise SeatsOutOfRange(minimum=possible.least, maximum=possible.most)
    if plan.quantity.maximum > 1 or package.seats <= plan.seats.included:
        return
    seat = seat_add_on(catalogue, package.plan, cadence)
    assert seat, "without such an add-on the range ends at what is included"
    add_on, price = seat
    more = -(-(package.seats - plan.seats.included) // add_on.seats)
    yield Item(price=price.lookup_key, quantity=more)


def _add_on_items(catalogue: Catalogue, package: Package, cadence: Cadence) -> Iterator[Item]:
    offered = {add_on.id: (add_on, price) for add_on, price in add_ons_for(catalogue, package.plan, cadence)}
    for name, quantity in package.add_ons.items():
        if quantity == 0:
            continue
        if name not in offered:
            raise UnknownAddOn(add_on=name)
        add_on, price = offered[name]
        if not add_on.quantity.minimum <= quantity <= add_on.quantity.maximum:
            raise UnknownAddOn(add_on=name, maximum=add_on.quantity.maximum)
        yield Item(price=price.lookup_key, quantity=quantity)
