"""Changing a running subscription's plan, contact limit, seats and add-ons (A1 to A23, AX1, AX14, GX8).

Upwards it is done at once: Stripe says what it costs, a person confirms twice, and exactly that is charged. Downwards
it becomes a change request (`billing.change_requests`), unless the catalogue's policy makes a lower limit self-service.
"""

from billing.plan_changes.calling_off import CALL_OFF, CallOffChange, ChangeCalledOff
from billing.plan_changes.changing import CHANGE, RESUME, changed, described, follow, in_turn, keep_account, ways_out
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
    ResumePlanChange,
    Way,
    Wish,
)
from billing.plan_changes.pages import COMPARED_AT_ONCE, comparison, form, form_for, overview
from billing.plan_changes.pricing import (
    PREVIEW,
    REVIEW_HOLDS,
    declined_operation,
    draft_of,
    review_in,
    review_of,
    reviewed,
)
from billing.plan_changes.raising import RAISE, next_limit
from billing.plan_changes.rules import assess, goes_on, known_items, order_for

__all__ = [
    "CALL_OFF",
    "CHANGE",
    "COMPARED_AT_ONCE",
    "PREVIEW",
    "RAISE",
    "RESUME",
    "REVIEW_HOLDS",
    "Assessment",
    "CallOffChange",
    "ChangeCalledOff",
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
    "ResumePlanChange",
    "Way",
    "Wish",
    "assess",
    "changed",
    "comparison",
    "declined_operation",
    "described",
    "draft_of",
    "follow",
    "form",
    "form_for",
    "goes_on",
    "in_turn",
    "keep_account",
    "known_items",
    "next_limit",
    "order_for",
    "overview",
    "review_in",
    "review_of",
    "reviewed",
    "ways_out",
]
