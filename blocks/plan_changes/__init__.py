"""What people see of a customer's plan and its changes: page, comparison, form, review, request, results."""

from blocks.plan_changes.comparison import comparison
from blocks.plan_changes.form import accounts, form
from blocks.plan_changes.ids import Id
from blocks.plan_changes.overview import plan
from blocks.plan_changes.request import filed, request
from blocks.plan_changes.results import (
    called_off,
    changed,
    changing,
    declined,
    delayed,
    expired,
    not_raised,
    priced,
    pricing,
    raising,
    refused,
    waiting,
)
from blocks.plan_changes.review import review

__all__ = [
    "Id",
    "accounts",
    "called_off",
    "changed",
    "changing",
    "comparison",
    "declined",
    "delayed",
    "expired",
    "filed",
    "form",
    "not_raised",
    "plan",
    "priced",
    "pricing",
    "raising",
    "refused",
    "request",
    "review",
    "waiting",
]
