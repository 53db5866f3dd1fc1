"""Plans side by side, the customer's own first (A5)."""

from __future__ import annotations

from billing.catalogue import Catalogue, Feature, Plan, Product
from billing.contacts import Contact, Subscription
from billing.ids import ContactId, SubscriptionId
from billing.models import Frozen
from billing.money import Money
from billing.plans.model import Cadence, Package, Range
from billing.plans.offering import limits_for, nearest_limit, plan_prices, seats_for
from billing.plans.reading import cadence_of, package_of


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
