"""What people see when they start a subscription: the form, the review before the money, and every way it can end."""

from blocks.subscriptions.form import form, price_choices
from blocks.subscriptions.ids import Id
from blocks.subscriptions.results import declined, delayed, expired, failed, refused, started, waiting, working
from blocks.subscriptions.review import changed, review

__all__ = [
    "Id",
    "changed",
    "declined",
    "delayed",
    "expired",
    "failed",
    "form",
    "price_choices",
    "refused",
    "review",
    "started",
    "waiting",
    "working",
]
