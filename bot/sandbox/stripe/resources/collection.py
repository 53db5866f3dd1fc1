"""Collecting an open invoice: with which card, what a decline leads to, and the attempts that follow."""

from __future__ import annotations

from bot.sandbox.stripe.account import DAY, Account, due
from bot.sandbox.stripe.errors import ApiError, CardError, invalid
from bot.sandbox.stripe.objects import Object

from . import payments
from .invoice_payments import credit, intent_of, payments_of, tell
from .payments import Outcome

RETRY_DAYS = "retry_days"  # the setting
RETRY_AFTER_DAYS = [3, 5, 7]
"""Days between attempts on an unpaid invoice (docs: "Smart Retries", the custom schedule's default)."""

_RETRIED = ("subscription_cycle", "subscription_update")


def collect(account: Account, invoice: Object) -> Outcome:
    """Charge an open invoice with the method in force: the invoice's, the subscription's, the customer's."""
    method = method_for(account, invoice)
    if method is None:
        return _failed(account, invoice, no_method())
    return attempt_payment(account, invoice, method)


def no_method() -> ApiError:
    """What Stripe says when there is nothing to charge."""
    return ApiError(
        "This customer has no attached payment source or default payment method. Please consider adding a default "
        "payment method. For more information, visit "
        "https://stripe.com/docs/billing/subscriptions/payment-methods-setting#payment-method-priority.",
        code="resource_missing",
    )


def method_for(account: Account, invoice: Object) -> Object | None:
    """The payment method in force, or None."""
    candidates = [invoice["default_payment_method"]]
    if invoice["parent"]:
        subscription = account.store.get(invoice["parent"]["subscription_details"]["subscription"]) or {}
        candidates.append(subscription.get("default_payment_method"))
    customer = account.get("customer", invoice["customer"])
    candidates.append(customer["invoice_settings"]["default_payment_method"])
    for method_id in candidates:
        if method_id and (method := account.find("payment_method", method_id)) and method["customer"]:
            return method
    return None


def attempt_payment(account: Account, invoice: Object, method: Object, *, approved: bool = False) -> Outcome:
    """One attempt to pay what remains of an open invoice with a card."""
    intent = intent_of(account, invoice)
    assert intent is not None, "an open invoice has a payment intent"
    if invoice["status"] not in ("open", "uncollectible"):
        raise invalid(f"Invoice is already {invoice['status']}")
    invoice["attempt_count"] += 0 if approved else 1
    invoice["attempted"] = True
    outcome = payments.attempt(account, intent, method, approved=approved)
    if outcome.paid:
        _keep(account, invoice, method)
        (default,) = payments_of(account, invoice, default=True)
        credit(account, invoice, default, intent["amount_received"])
        return outcome
    if outcome.action:
        account.save(invoice)
        account.emit("invoice.payment_action_required", invoice)
        tell(account, invoice, "action_required")
        return outcome
    return _failed(account, invoice, outcome.error)


def _keep(account: Account, invoice: Object, method: Object) -> None:
    """With `save_default_payment_method` what has paid becomes the subscription's (API reference, "Subscription")."""
    if not invoice["parent"]:
        return
    subscription = account.find("subscription", invoice["parent"]["subscription_details"]["subscription"])
    if subscription is None or subscription["status"] == "canceled":
        return
    if subscription["payment_settings"]["save_default_payment_method"] != "on_subscription":
        return
    if method["customer"] is None:
        method["customer"] = invoice["customer"]
        account.save(method, "payment_method.attached")
    if subscription["default_payment_method"] != method["id"]:
        subscription["default_payment_method"] = method["id"]
        account.save(subscription, "customer.subscription.updated")


def _failed(account: Account, invoice: Object, error: ApiError | None) -> Outcome:
    """Plan the next attempt; after the last one whoever owns the invoice decides what becomes of it."""
    days = account.store.fact(RETRY_DAYS, RETRY_AFTER_DAYS)
    number = max(1, invoice["attempt_count"])
    exhausted = number > len(days)
    retrying = invoice["auto_advance"] and invoice["billing_reason"] in _RETRIED and not exhausted
    invoice["attempted"] = True
    invoice["attempt_count"] = number
    invoice["_attempted_at"] = account.now()
    invoice["next_payment_attempt"] = account.now() + days[number - 1] * DAY if retrying else None
    account.save(invoice)
    account.emit("invoice.payment_failed", invoice)
    if retrying:
        account.plan(invoice["next_payment_attempt"], "invoice.retry", invoice["id"])
    tell(account, invoice, "exhausted" if exhausted else "failed")
    return Outcome(paid=False, error=error if isinstance(error, CardError) else None)


def plan_anew(account: Account) -> None:
    """Another schedule holds for retries under way, too: they come at other times, or not at all any more."""
    days = account.store.fact(RETRY_DAYS, RETRY_AFTER_DAYS)
    for invoice in account.matching("invoice", status="open"):
        if invoice["next_payment_attempt"] is None or not invoice["attempt_count"]:
            continue
        number = invoice["attempt_count"]
        exhausted = number > len(days)
        following = None if exhausted else max(account.now(), invoice["_attempted_at"] + days[number - 1] * DAY)
        invoice["next_payment_attempt"] = following
        account.save(invoice, "invoice.updated")
        if following is None:
            tell(account, invoice, "exhausted")
        else:
            account.plan(following, "invoice.retry", invoice["id"])


@due("invoice.retry")
def _retry_due(account: Account, invoice_id: str) -> None:
    invoice = account.find("invoice", invoice_id)
    if invoice is not None and invoice["status"] == "open" and invoice["next_payment_attempt"] == account.now():
        if method_for(account, invoice) is None:
            invoice["attempt_count"] += 1
        collect(account, invoice)
