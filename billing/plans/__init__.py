"""What a subscription is made of in the catalogue's words, and how one such package differs from another (A4, A5, A8).

Nothing here charges or decides: `plan_changes` does what goes upwards, `change_requests` asks about what goes down.
"""

from billing.plans.comparing import Comparison, PlanColumn, compare
from billing.plans.differing import differences, excess, impact, is_of_account, lowers, needs_decision
from billing.plans.model import (
    Cadence,
    Difference,
    Dimension,
    Direction,
    Excess,
    Impact,
    Item,
    LimitChange,
    Package,
    Range,
)
from billing.plans.offering import add_ons_for, limits_for, nearest_limit, plan_prices, plans_for, seat_price, seats_for
from billing.plans.purchasing import entitled, may_purchase, purchasers
from billing.plans.reading import cadence_of, has_plan, package_of, package_sold, per_month, plan_price
from billing.plans.selling import billed, items_of

__all__ = [
    "Cadence",
    "Comparison",
    "Difference",
    "Dimension",
    "Direction",
    "Excess",
    "Impact",
    "Item",
    "LimitChange",
    "Package",
    "PlanColumn",
    "Range",
    "add_ons_for",
    "billed",
    "cadence_of",
    "compare",
    "differences",
    "entitled",
    "excess",
    "has_plan",
    "impact",
    "is_of_account",
    "items_of",
    "limits_for",
    "lowers",
    "may_purchase",
    "nearest_limit",
    "needs_decision",
    "package_of",
    "package_sold",
    "per_month",
    "plan_price",
    "plan_prices",
    "plans_for",
    "purchasers",
    "seat_price",
    "seats_for",
]
