"""Changing a running subscription's plan, contact limit, seats and add-ons (A1 to A23, AX1, AX14, GX8).

Upwards it is done at once: Stripe says what it costs, a person confirms twice, and exactly that is charged. Downwards
it becomes a change request (`billing.change_requests`), unless the catalogue's policy makes a lower limit self-service.
"""

from billing.plan_changes.changing import CHANGE, changed, described, follow, keep_account, ways_out
from billing.plan_changes.model import (
    Assessment,
    ChangeForm,
    ChangePlan,
    ComparePlans,
    Confirmed,
    DeclinedChange,
    NextPayment,
    Outcome,
    PlanChanged,
    PlanChangeDraft,
    PlanChangeReviewed,
    PlanChoice,
    PlanOverview,
    PreviewPlanChange,
    Quote,
    RaiseLimit,
    Way,
    Wish,
)
from billing.plan_changes.pages import COMPARED_AT_ONCE, comparison, form, form_for, overview
from billing.plan_changes.pricing import PREVIEW, RAISE, REVIEW_HOLDS, draft_of, next_limit, reviewed
from billing.plan_changes.rules import assess, known_items, order_for

__all__ = [
    "CHANGE",
    "COMPARED_AT_ONCE",
    "PREVIEW",
    "RAISE",
    "REVIEW_HOLDS",
    "Assessment",
    "ChangeForm",
    "ChangePlan",
    "ComparePlans",
    "Confirmed",
    "DeclinedChange",
    "NextPayment",
    "Outcome",
    "PlanChangeDraft",
    "PlanChangeReviewed",
    "PlanChanged",
    "PlanChoice",
    "PlanOverview",
    "PreviewPlanChange",
    "Quote",
    "RaiseLimit",
    "Way",
    "Wish",
    "assess",
    "changed",
    "comparison",
    "described",
    "draft_of",
    "follow",
    "form",
    "form_for",
    "keep_account",
    "known_items",
    "next_limit",
    "order_for",
    "overview",
    "reviewed",
    "ways_out",
]
