"""What becomes of a subscription when its invoice is paid, declined, given up or voided."""

from __future__ import annotations

from bot.sandbox.stripe.account import Account
from bot.sandbox.stripe.objects import Object

from .billing import finish, plan_renewal
from .invoice_payments import on_settlement
from .subscription_items import set_items


@on_settlement
def _settled(account: Account, invoice: Object, what: str) -> None:
    """What became of an invoice, seen from its subscription."""
    if not invoice["parent"]:
        return
    subscription = account.find("subscription", invoice["parent"]["subscription_details"]["subscription"])
    if subscription is None or subscription["status"] in ("canceled", "incomplete_expired"):
        return
    if what == "paid":
        _paid(account, subscription, invoice)
    elif what == "voided" and subscription["status"] == "incomplete":
        subscription.update(status="incomplete_expired", ended_at=account.now())
        account.save(subscription, "customer.subscription.updated")
    elif what == "voided" and invoice["id"] == subscription["latest_invoice"] and subscription["status"] == "past_due":
        subscription["status"] = "active"
        account.save(subscription, "customer.subscription.updated")
    elif what in ("failed", "action_required") and subscription["status"] == "active":
        if invoice["id"] != subscription.get("_pending_invoice"):
            subscription["status"] = "past_due"
            account.save(subscription, "customer.subscription.updated")
    elif what == "exhausted":
        _exhausted(account, subscription)


def _paid(account: Account, subscription: Object, invoice: Object) -> None:
    if subscription.get("_pending_invoice") == invoice["id"]:
        set_items(subscription, subscription["_pending_items"])
        subscription["pending_update"] = None
        subscription["_pending_items"] = subscription["_pending_invoice"] = None
        account.save(subscription)
        account.emit("customer.subscription.pending_update_applied", subscription)
    first = invoice["billing_reason"] == "subscription_create"
    if (subscription["status"] == "incomplete" and first) or (
        subscription["status"] in ("past_due", "unpaid") and invoice["id"] == subscription["latest_invoice"]
    ):
        subscription["status"] = "active"
        account.save(subscription, "customer.subscription.updated")
        if first:
            plan_renewal(account, subscription)


def _exhausted(account: Account, subscription: Object) -> None:
    """After the last attempt: cancel (the default), leave unpaid or leave past due, by `POST /control/settings`."""
    wish = account.store.fact("after_retries", "cancel")
    if wish == "cancel":
        finish(account, subscription, reason="payment_failed")
    elif wish == "unpaid" and subscription["status"] != "unpaid":
        subscription["status"] = "unpaid"
        account.save(subscription, "customer.subscription.updated")
