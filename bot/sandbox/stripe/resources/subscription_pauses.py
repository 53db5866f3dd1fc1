"""Pausing a subscription outright and resuming it (pausing only its collection is an update: `pause_collection`)."""

from __future__ import annotations

from bot.sandbox.stripe.account import Account
from bot.sandbox.stripe.errors import invalid
from bot.sandbox.stripe.objects import Object
from bot.sandbox.stripe.routing import Params, route

from . import billing, invoice_drafts
from .invoice_items import take_pending
from .prorations import prorate
from .subscription_items import end_of_period, period_of, set_period
from .subscription_updates import invoice_change


@route("POST", "/v1/subscriptions/{}/pause", "SubscriptionPauseParams")
def pause(account: Account, params: Params, subscription_id: str) -> Object:
    """No invoices and no new periods until it is resumed; unused time is credited (docs: "Pause a subscription")."""
    subscription = account.get("subscription", subscription_id)
    if subscription["status"] not in ("active", "trialing", "past_due"):
        raise invalid(f"You cannot pause a subscription that is {subscription['status']}.")
    if subscription["schedule"] is not None:
        raise invalid("You cannot pause a subscription that is attached to a schedule.")
    since = ((params.get("bill_for") or {}).get("unused_time_from") or {"type": "now"})["type"]
    if since != "none":
        moment = period_of(subscription)[0] if since == "item_current_period_start" else account.now()
        for item in prorate(account, subscription, [], moment, charge_new=False):
            account.add(item, "invoiceitem.created")
    if params.get("invoicing_behavior") == "invoice":
        _invoice_now(account, subscription)
        subscription = account.get("subscription", subscription_id)
    subscription["status"] = "paused"
    account.save(subscription, "customer.subscription.updated")
    account.emit("customer.subscription.paused", subscription)
    return subscription


def _invoice_now(account: Account, subscription: Object) -> None:
    invoice = billing.subscription_invoice(account, subscription, [], "subscription_update")
    take_pending(account, invoice, subscription["currency"], subscription=subscription["id"])
    if invoice["lines"]["data"]:
        invoice_drafts.keep(account, invoice)
        subscription["latest_invoice"] = invoice["id"]
        account.store.put(subscription)
        billing.settle_now(account, invoice)


@route("POST", "/v1/subscriptions/{}/resume", "SubscriptionResumeParams")
def resume(account: Account, params: Params, subscription_id: str) -> Object:
    """Go on after a pause, or a trial that ended without a card: a new period starts now and is invoiced."""
    for name in set(params) - {"billing_cycle_anchor", "proration_behavior"}:
        raise invalid(f"The local Stripe does not know {name} of a resumption.", name)
    if (params.get("billing_cycle_anchor") or {"type": "now"})["type"] != "now":
        raise invalid("The local Stripe resumes with a new period from now only.", "billing_cycle_anchor")
    subscription = account.get("subscription", subscription_id)
    if subscription["status"] != "paused":
        raise invalid("Only paused subscriptions can be resumed.")
    now = account.now()
    subscription.update(status="active", billing_cycle_anchor=now)
    if subscription["trial_end"] is not None and subscription["trial_end"] > now:
        subscription["trial_end"] = now
    set_period(subscription, now, end_of_period(subscription, now))
    result = invoice_change(account, subscription, subscription, now, True, "error_if_incomplete")
    account.emit("customer.subscription.resumed", result)
    return result
