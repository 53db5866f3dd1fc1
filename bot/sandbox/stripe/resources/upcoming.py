"""`invoice.upcoming`: some days before a renewal is charged, an event says what it will be.

Seven days, unless `POST /control/settings {"upcoming_days": n}` says otherwise (docs: "Subscription webhooks"; the
Dashboard's "Upcoming renewal events"). The invoice in it has no id yet.
"""

from __future__ import annotations

from bot.sandbox.stripe.account import DAY, Account, due
from bot.sandbox.stripe.errors import ApiError
from bot.sandbox.stripe.objects import Object

from .billing import on_renewal_planned
from .previews import upcoming_invoice
from .subscription_items import period_of

UPCOMING_DAYS = 7


@on_renewal_planned
def _plan(account: Account, subscription: Object) -> None:
    end = period_of(subscription)[1]
    notice = end - account.store.fact("upcoming_days", UPCOMING_DAYS) * DAY
    if account.now() < notice < end:
        account.plan(notice, "invoice.upcoming", f"{subscription['id']} {end}")


@due("invoice.upcoming")
def _upcoming_due(account: Account, ref: str) -> None:
    subscription_id, _, end = ref.partition(" ")
    subscription = account.find("subscription", subscription_id)
    if subscription is None or period_of(subscription)[1] != int(end):
        return
    if subscription["collection_method"] != "charge_automatically":
        return
    try:
        with account.rehearsal():
            invoice = upcoming_invoice(account, subscription)
    except ApiError:  # there will be no invoice: it ends, or is paused
        return
    del invoice["id"]
    account.emit("invoice.upcoming", invoice)
