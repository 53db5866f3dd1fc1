"""Subscriptions: started, read and ended. Changes are in `subscription_updates`."""

from __future__ import annotations

from typing import Any

from bot.sandbox.stripe.account import DAY, Account
from bot.sandbox.stripe.errors import ApiError, invalid
from bot.sandbox.stripe.lists import page, search
from bot.sandbox.stripe.objects import Object
from bot.sandbox.stripe.routing import Params, crud, route

from . import billing, invoice_drafts, invoicing
from .invoice_items import take_pending
from .prorations import prorate
from .subscription_assembly import assemble, first_invoice


def create(account: Account, params: Params) -> Object:
    """Start a subscription. A declined first payment follows `payment_behavior` (docs: "Create a subscription")."""
    if "customer" not in params:
        raise ApiError("Missing required param: customer.", param="customer", code="parameter_missing")
    subscription, sold = assemble(account, params)
    behavior = params.get("payment_behavior", "allow_incomplete")
    if behavior == "pending_if_incomplete":
        raise invalid("payment_behavior=pending_if_incomplete is for updates only.", "payment_behavior")
    return start(account, subscription, sold, behavior)


def start(account: Account, subscription: Object, sold: list[Object], behavior: str) -> Object:
    """Invoice the first period, collect it, and announce the subscription in the state it got into."""
    subscription_id = subscription["id"]
    trialing = subscription["status"] == "trialing"
    invoice = first_invoice(account, subscription, sold)
    automatic = subscription["collection_method"] == "charge_automatically"
    payable = automatic and invoice["amount_due"] > 0
    if payable and behavior != "default_incomplete":
        billing.require_method(account, invoice)
    if payable and not trialing:
        subscription["status"] = "incomplete"
    invoice_drafts.keep(account, invoice)
    subscription["latest_invoice"] = invoice["id"]
    billing.spend_once(account, subscription, invoice)
    account.store.put(subscription)
    account.emit("customer.subscription.created", subscription)
    if trialing:
        account.plan(
            max(account.now(), subscription["trial_end"] - 3 * DAY), "subscription.trial_will_end", subscription_id
        )
    if not payable or trialing:
        billing.plan_renewal(account, subscription)
    if payable and behavior == "default_incomplete":
        invoicing.finalize(account, invoice)
    else:
        outcome = billing.settle_now(account, invoice)
        if not outcome.paid and payable and behavior == "error_if_incomplete":
            raise _refused(outcome.error)
    subscription = account.get("subscription", subscription_id)
    if subscription["status"] == "incomplete":
        account.plan(account.now() + billing.INCOMPLETE_FOR, "subscription.incomplete", subscription_id)
    return subscription


def _refused(error: ApiError | None) -> ApiError:
    """The 402 of error_if_incomplete: nothing of the subscription stays."""
    if error is None:
        return ApiError(
            "Payment for this subscription requires additional user action before it can be completed successfully. "
            "Payment can be completed using the PaymentIntent associated with `subscription.latest_invoice`.",
            status=402,
            type="card_error",
            code="subscription_payment_intent_requires_action",
        )
    error.keep = False
    error.extra.pop("charge", None)
    return error


crud("Subscription", "/v1/subscriptions", kind="subscription", create=create)


@route("GET", "/v1/subscriptions", "SubscriptionListParams")
def list_subscriptions(account: Account, params: Params) -> Object:
    """Without a status: all that have not been canceled; `all`: all; `ended`: canceled and incomplete_expired."""
    known = {"customer", "status", "price", "collection_method", "created", "limit", "starting_after", "ending_before"}
    known.add("test_clock")
    for name in set(params) - known:
        raise invalid(f"The local Stripe does not filter subscriptions by {name}.", name)
    status = params.pop("status", None)
    extra: dict[str, Any] = {}
    if status is None:
        extra["status"] = ["active", "past_due", "trialing", "incomplete", "unpaid", "paused"]
    elif status == "ended":
        extra["ended"] = True
    elif status != "all":
        extra["status"] = status
    if "customer" not in params or "test_clock" in params:
        extra["test_clock"] = params.get("test_clock")
    filters = ("customer", "price", "collection_method")
    return page(account, "subscription", "/v1/subscriptions", params, *filters, **extra)


@route("GET", "/v1/subscriptions/search", "SubscriptionSearchParams")
def search_subscriptions(account: Account, params: Params) -> Object:
    return search(
        account, "subscription", "/v1/subscriptions/search", params, frozenset({"created", "metadata", "status"})
    )


def end(account: Account, subscription: Object, *, reason: str | None = "cancellation_requested") -> Object:
    """Cancel now. The open first invoice of an incomplete one is voided."""
    incomplete = subscription["status"] == "incomplete"
    subscription = billing.finish(account, subscription, reason=reason)
    invoice = account.find("invoice", subscription["latest_invoice"] or "")
    if incomplete and invoice is not None and invoice["status"] == "open":
        invoicing.void(account, invoice)
    return subscription


@route("DELETE", "/v1/subscriptions/{}", "SubscriptionCancelParams")
def cancel(account: Account, params: Params, subscription_id: str) -> Object:
    """Cancel now; `prorate` credits the unused time, `invoice_now` invoices what waits."""
    subscription = account.get("subscription", subscription_id)
    if subscription["status"] in ("canceled", "incomplete_expired"):
        raise ApiError(f"No such subscription: '{subscription_id}'", status=404, param="id", code="resource_missing")
    details = params.get("cancellation_details") or {}
    subscription["cancellation_details"].update(
        {name: details[name] or None for name in ("comment", "feedback") if name in details}
    )
    if params.get("prorate"):
        for item in prorate(account, subscription, [], account.now()):
            account.add(item, "invoiceitem.created")
    if params.get("invoice_now"):
        invoice = billing.subscription_invoice(account, subscription, [], "subscription_update")
        take_pending(account, invoice, subscription["currency"], subscription=subscription_id)
        if invoice["lines"]["data"]:
            invoice_drafts.keep(account, invoice)
            subscription["latest_invoice"] = invoice["id"]
            account.store.put(subscription)
            billing.settle_now(account, invoice)
    return end(account, subscription)
