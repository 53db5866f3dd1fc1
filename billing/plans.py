"""What a subscription is made of in the catalogue's words, and how one such package differs from another (A4, A5, A8).

Nothing here charges or decides: `plan_changes` does what goes upwards, `change_requests` asks about what goes down.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from enum import StrEnum

from billing.catalogue import AddOn, Catalogue, Feature, LowerLimit, Plan, Product, RecurringPrice
from billing.contacts import Account, Contact, Member, MemberRight, Subscription
from billing.errors import LimitNotOffered, NoPlan, SeatsOutOfRange, UnknownAddOn, UnknownPlan
from billing.ids import ContactId, LookupKey, SubscriptionId
from billing.models import Frozen
from billing.money import Money, round_half_up, total


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
    """What a change means for the customer (A4). Amounts are list prices per billing cycle, before discount and tax."""

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


# Reading what there is


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
    plan_price, plan_quantity = _plan_item(catalogue, subscription)
    name = f"{plan_price.product}/{plan_price.plan}"
    _, plan = catalogue.plan(name)
    seats = plan.seats.included * plan_quantity
    add_ons: dict[str, int] = {}
    for item in subscription.items:
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
    return any(True for _ in _plan_items(catalogue, subscription))


def _plan_item(catalogue: Catalogue, subscription: Subscription) -> tuple[RecurringPrice, int]:
    found = next(_plan_items(catalogue, subscription), None)
    if found is None:
        raise NoPlan(subscription=subscription.id)
    return found


def _plan_items(catalogue: Catalogue, subscription: Subscription) -> Iterator[tuple[RecurringPrice, int]]:
    for item in subscription.items:
        price = catalogue.sold(item.price) if item.price else None
        if price and price.plan:
            yield price, item.quantity


# What is on offer


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
        seat = _seat_add_on(catalogue, name, cadence)
        least = plan.seats.included
        most = least + (seat[0].quantity.maximum * seat[0].seats if seat else 0)
    return Range(least=least, most=min(most, plan.seats.maximum or most))


def seat_price(catalogue: Catalogue, name: str, cadence: Cadence) -> Money | None:
    """What one more seat costs in that plan per billing cycle; None where there is none to buy."""
    _, plan = catalogue.plan(name)
    if plan.quantity.maximum > 1:
        price = next(iter(plan_prices(catalogue, name, cadence)), None)
        return price.unit if price and plan.seats.included <= 1 else None
    seat = _seat_add_on(catalogue, name, cadence)
    return seat[1].unit if seat and seat[0].seats == 1 else None


def _add_on_prices(
    catalogue: Catalogue, name: str, cadence: Cadence, *, seats: bool
) -> Iterator[tuple[AddOn, RecurringPrice]]:
    for add_on in catalogue.add_ons:
        if name in add_on.plans and bool(add_on.seats) is seats:
            yield from ((add_on, price) for price in add_on.recurring_prices() if cadence.fits(price))


def _seat_add_on(catalogue: Catalogue, name: str, cadence: Cadence) -> tuple[AddOn, RecurringPrice] | None:
    return next(_add_on_prices(catalogue, name, cadence, seats=True), None)


# From a package to what is sold


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


def amount_of(catalogue: Catalogue, items: tuple[Item, ...], currency: str) -> Money:
    """What these items cost per billing cycle by the list, before discount and tax."""
    return total((price.unit * one.quantity for one in items if (price := catalogue.sold(one.price))), currency)


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
    seat = _seat_add_on(catalogue, package.plan, cadence)
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


# How two packages differ


def differences(catalogue: Catalogue, before: Package, after: Package) -> tuple[Difference, ...]:
    """What changes, the plan first. Seats that come with a plan are no change of their own."""
    return tuple(_differences(catalogue, before, after))


def needs_decision(catalogue: Catalogue, changes: tuple[Difference, ...]) -> bool:
    """Whether a manager has to decide: something goes down that nobody may lower alone (A13, A24; K3)."""
    return any(_is_decided(catalogue, one) for one in changes if one.direction is Direction.DOWN)


def lowers(changes: tuple[Difference, ...]) -> bool:
    """Whether a contact limit goes down, which by AX3 takes effect with the next period."""
    return any(one.dimension is Dimension.LIMIT and one.direction is Direction.DOWN for one in changes)


def _is_decided(catalogue: Catalogue, change: Difference) -> bool:
    match change.dimension:
        case Dimension.SEATS:
            return False  # A15: both directions are self-service
        case Dimension.LIMIT:
            return catalogue.plan_changes.lower_limit is LowerLimit.REQUEST
        case _:
            return True


def _differences(catalogue: Catalogue, before: Package, after: Package) -> Iterator[Difference]:
    if before.plan != after.plan:
        is_same = before.plan.partition("/")[0] == after.plan.partition("/")[0]
        yield Difference(
            dimension=Dimension.PLAN if is_same else Dimension.PRODUCT,
            direction=_direction(catalogue, before.plan, after.plan),
            before=before.plan,
            after=after.plan,
        )
    if before.limit != after.limit and after.limit is not None and before.limit is not None:
        yield _by_number(Dimension.LIMIT, before.limit, after.limit)
    if before.seats != after.seats:
        yield _by_number(Dimension.SEATS, before.seats, after.seats)
    for add_on in dict.fromkeys((*before.add_ons, *after.add_ons)):
        was, will_be = before.add_ons.get(add_on, 0), after.add_ons.get(add_on, 0)
        if was != will_be:
            yield _by_number(Dimension.ADD_ON, was, will_be).model_copy(update={"add_on": add_on})


def _by_number(dimension: Dimension, before: int, after: int) -> Difference:
    return Difference(
        dimension=dimension,
        direction=Direction.UP if after > before else Direction.DOWN,
        before=before,
        after=after,
    )


def _direction(catalogue: Catalogue, before: str, after: str) -> Direction:
    """Within a product the file's order counts. Another product is a step down when a feature is lost by it."""
    product, old = catalogue.plan(before)
    other, new = catalogue.plan(after)
    if product.id == other.id:
        order = [plan.id for plan in product.plans]
        return Direction.UP if order.index(new.id) > order.index(old.id) else Direction.DOWN
    return Direction.DOWN if _missing(old, new) else Direction.UP


def _missing(here: Plan, there: Plan) -> tuple[Feature, ...]:
    """The features that are here and not there."""
    known = {feature.id for feature in there.features}
    return tuple(feature for feature in here.features if feature.id not in known)


def impact(catalogue: Catalogue, subscription: Subscription, after: Package, account: Account) -> Impact:
    """What the change means: features and limits gained and lost, usage above the new limits, money (A4)."""
    before = package_of(catalogue, subscription)
    _, old = catalogue.plan(before.plan)
    _, new = catalogue.plan(after.plan)
    had, has = old.limits_for(before.limit), new.limits_for(after.limit)
    cadence = cadence_of(subscription, catalogue)
    return Impact(
        gained=_missing(new, old),
        lost=_missing(old, new),
        limits=tuple(
            LimitChange(limit=name, before=had.get(name), after=has.get(name))
            for name in dict.fromkeys((*had, *has))
            if had.get(name) != has.get(name)
        ),
        above=excess(before, after, account),
        before=subscription.amount,
        after=amount_of(catalogue, items_of(catalogue, after, cadence), cadence.currency),
    )


def is_of_account(package: Package, account: Account) -> bool:
    """Whether that package is what the account's usage is about: a customer may have other plans beside it."""
    return account.plan in (None, package.plan)


def excess(before: Package, after: Package, account: Account) -> tuple[Excess, ...]:
    """What the account uses beyond the package (A4); nothing where the usage is about another plan."""
    if not is_of_account(before, account):
        return ()
    wanted = (
        (Dimension.LIMIT, account.active_contacts, after.limit),
        (Dimension.SEATS, account.seats_used, after.seats),
    )
    return tuple(
        Excess(what=what, used=used, allowed=allowed)
        for what, used, allowed in wanted
        if allowed is not None and used > allowed
    )


# Who may


def purchasers(contact: Contact) -> tuple[Member, ...]:
    """Who may change the plan: the primary admin, and admins with purchase permission (A1)."""
    return tuple(member for member in contact.members if may_purchase(member))


def may_purchase(member: Member) -> bool:
    return MemberRight.PRIMARY_ADMIN in member.rights or {MemberRight.ADMIN, MemberRight.PURCHASE} <= member.rights


# Comparison


class PlanColumn(Frozen):
    """One plan of a comparison (A5)."""

    name: str  # "product/plan"
    product: Product
    plan: Plan
    limit: int | None  # the tier that is compared
    price: Money | None  # per billing cycle at that tier, before discount and tax; None: not sold like that
    seats: Range


class Comparison(Frozen):
    """Plans side by side: the customer's own first (A5)."""

    contact: ContactId
    contact_name: str
    subscription: SubscriptionId
    cadence: Cadence
    columns: tuple[PlanColumn, ...]
    features: tuple[Feature, ...]  # of all of them, each once
    limits: tuple[str, ...]  # ids, of all of them


def compare(catalogue: Catalogue, contact: Contact, subscription: Subscription, others: tuple[str, ...]) -> Comparison:
    """The customer's plan beside those. Raises UnknownPlan."""
    mine = package_of(catalogue, subscription)
    cadence = cadence_of(subscription, catalogue)
    columns = tuple(_column(catalogue, name, mine, cadence) for name in dict.fromkeys((mine.plan, *others)))
    features = {feature.id: feature for column in columns for feature in column.plan.features}
    limits = dict.fromkeys(name for column in columns for name in column.plan.limits_for(column.limit))
    return Comparison(
        contact=contact.id,
        contact_name=contact.name,
        subscription=subscription.id,
        cadence=cadence,
        columns=columns,
        features=tuple(features.values()),
        limits=tuple(limits),
    )


def _column(catalogue: Catalogue, name: str, mine: Package, cadence: Cadence) -> PlanColumn:
    product, plan = catalogue.plan(name)
    limit = nearest_limit(limits_for(catalogue, name, cadence), mine.limit)
    price = next((one for one in plan_prices(catalogue, name, cadence) if one.contacts == limit), None)
    return PlanColumn(
        name=name,
        product=product,
        plan=plan,
        limit=limit,
        price=price.unit if price else None,
        seats=seats_for(catalogue, name, cadence),
    )


def nearest_limit(limits: tuple[int, ...], wanted: int | None) -> int | None:
    """The same contact limit or, where a plan does not have it, the next higher one, else its highest."""
    if not limits:
        return None
    return next((limit for limit in sorted(limits) if wanted is None or limit >= wanted), max(limits))
