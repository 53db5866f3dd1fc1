"""How two packages differ, which way, who decides it, and what it means for the customer (A4, A13, A24)."""

from __future__ import annotations

from collections.abc import Iterator

from billing.catalogue import Catalogue, Feature, LowerLimit, Plan
from billing.contacts import Account, Subscription
from billing.money import total
from billing.plans.model import Difference, Dimension, Direction, Excess, Impact, LimitChange, Package
from billing.plans.reading import package_of
from billing.plans.selling import billed


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
        after=total(billed(catalogue, subscription, after), subscription.amount.currency),
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
