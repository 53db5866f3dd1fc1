"""Changes of a running subscription: simple fields, items with proration, pauses, cancellation at the period's end."""

from __future__ import annotations

from bot.sandbox.stripe.account import DAY, Account
from bot.sandbox.stripe.errors import ApiError, invalid
from bot.sandbox.stripe.lists import page_of_list
from bot.sandbox.stripe.objects import Object, merge_metadata
from bot.sandbox.stripe.routing import Params, route

from . import billing, invoice_drafts, invoicing
from .coupons import keep_discounts, redeem
from .invoice_items import take_pending
from .invoice_lines import item_line
from .payment_methods import own_payment_method
from .prices import interval_of
from .prorations import prorate
from .subscription_assembly import payment_settings, set_cancel_at
from .subscription_items import changed_items, end_of_period, find_item, period_of, set_items, set_period
from .tax_rates import usable

_KNOWN = {
    "billing_cycle_anchor",
    "cancel_at",
    "cancel_at_period_end",
    "cancellation_details",
    "collection_method",
    "days_until_due",
    "default_payment_method",
    "default_tax_rates",
    "description",
    "discounts",
    "items",
    "metadata",
    "off_session",
    "pause_collection",
    "payment_behavior",
    "payment_settings",
    "proration_behavior",
    "proration_date",
    "trial_end",
    "trial_settings",
}


@route("POST", "/v1/subscriptions/{}", "SubscriptionUpdateParams")
def update(account: Account, params: Params, subscription_id: str) -> Object:
    """Change a subscription; what costs or credits follows `proration_behavior` and `payment_behavior`."""
    for name in set(params) - _KNOWN:
        raise invalid(f"The local Stripe does not change {name} of subscriptions.", name)
    subscription = account.get("subscription", subscription_id)
    ended = subscription["status"] in ("canceled", "incomplete_expired")
    if ended and set(params) - {"metadata", "cancellation_details"}:
        raise invalid("A canceled subscription can only update its cancellation_details and metadata.")
    _simple_fields(account, subscription, params)
    if not ended:
        set_cancel_at(account, subscription, params)
        _cancel_at_period_end(account, subscription, params)
        _pause(account, subscription, params)
    if {"items", "billing_cycle_anchor", "trial_end"} & set(params):
        return _change(account, subscription, params)
    return account.save(subscription, "customer.subscription.updated")


def _simple_fields(account: Account, subscription: Object, params: Params) -> None:
    if "default_payment_method" in params:
        wanted = params["default_payment_method"] or None
        if wanted:
            own_payment_method(account, subscription["customer"], wanted, "default_payment_method")
        subscription["default_payment_method"] = wanted
    for name in ("collection_method", "days_until_due"):
        if name in params:
            subscription[name] = params[name]
    if subscription["collection_method"] == "send_invoice" and subscription["days_until_due"] is None:
        raise invalid("If collection_method is set to send_invoice, days_until_due is required.", "days_until_due")
    if subscription["collection_method"] == "charge_automatically":
        subscription["days_until_due"] = None
    if "description" in params:
        subscription["description"] = params["description"] or None
    if "default_tax_rates" in params:
        subscription["default_tax_rates"] = usable(account, params["default_tax_rates"], "default_tax_rates")
    if "discounts" in params:
        found = redeem(account, params["discounts"] or [], subscription["customer"], subscription["currency"])
        subscription["discounts"] = keep_discounts(account, found, subscription=subscription["id"])
    if "payment_settings" in params:
        subscription["payment_settings"] = payment_settings(params["payment_settings"])
    if "trial_settings" in params:
        subscription["trial_settings"]["end_behavior"].update(params["trial_settings"].get("end_behavior") or {})
    for name, value in (params.get("cancellation_details") or {}).items():
        subscription["cancellation_details"][name] = value or None
    subscription["metadata"] = merge_metadata(subscription["metadata"], params.get("metadata"))


def _cancel_at_period_end(account: Account, subscription: Object, params: Params) -> None:
    if "cancel_at_period_end" not in params:
        return
    if params.get("cancel_at"):
        raise invalid("You may only provide one of: cancel_at, cancel_at_period_end.", code="parameters_exclusive")
    wanted = params["cancel_at_period_end"]
    subscription["cancel_at_period_end"] = wanted
    subscription["cancel_at"] = period_of(subscription)[1] if wanted else None
    subscription["canceled_at"] = account.now() if wanted else None
    subscription["cancellation_details"]["reason"] = "cancellation_requested" if wanted else None


def _pause(account: Account, subscription: Object, params: Params) -> None:
    if "pause_collection" not in params:
        return
    pause = params["pause_collection"]
    if not pause:
        subscription["pause_collection"] = None
        return
    resumes_at = pause.get("resumes_at")
    if resumes_at is not None:
        if resumes_at <= account.now():
            raise invalid("resumes_at must be in the future.", "pause_collection[resumes_at]")
        account.plan(resumes_at, "collection.resume", subscription["id"])
    subscription["pause_collection"] = {"behavior": pause["behavior"], "resumes_at": resumes_at}


def _change(account: Account, subscription: Object, params: Params) -> Object:
    """Items, anchor or trial change: work out the new state, what it costs, and take it or leave it."""
    if subscription["status"] == "incomplete":
        raise invalid("A subscription that is incomplete cannot be changed in this way; pay its first invoice first.")
    if subscription["pending_update"] is not None:
        billing.drop_pending_update(account, subscription)
    items = changed_items(account, subscription, params.get("items") or [])
    before = subscription["items"]["data"]
    moment = _proration_date(account, subscription, params)
    prorating = params.get("proration_behavior", "create_prorations")
    ends_trial = subscription["status"] == "trialing" and params.get("trial_end") == "now"
    resets = (
        params.get("billing_cycle_anchor") == {"type": "now"}
        or ends_trial
        or interval_of(items[0]["price"]) != interval_of(before[0]["price"])
    ) and not (subscription["status"] == "trialing" and not ends_trial)
    corrections: list[Object] = []
    if prorating != "none":
        corrections = prorate(account, subscription, items, moment, charge_new=not resets)
    start, end = period_of(subscription)
    after = {**subscription, "status": subscription["status"]}
    set_items(after, items)
    set_period(after, start, end)
    if resets:
        now = account.now()
        after["billing_cycle_anchor"] = now
        set_period(after, now, end_of_period(after, now))
    if ends_trial:
        after.update(status="active", trial_end=account.now())
    elif params.get("trial_end") not in (None, "now"):
        _extend_trial(account, after, int(params["trial_end"]))
    for item in corrections:
        account.add(item, "invoiceitem.created")
    if not resets and not (corrections and prorating == "always_invoice"):
        account.save(after, "customer.subscription.updated")
        if period_of(after)[1] != end:
            billing.plan_renewal(account, after)
        return after
    return invoice_change(account, subscription, after, moment, resets, params.get("payment_behavior"))


def _proration_date(account: Account, subscription: Object, params: Params) -> int:
    start, end = period_of(subscription)
    moment = params.get("proration_date", account.now())
    if not start <= moment <= end:
        raise invalid("Invalid proration date: it must lie within the current period.", "proration_date")
    return int(moment)


def _extend_trial(account: Account, subscription: Object, trial_end: int) -> None:
    now = account.now()
    if not now < trial_end <= now + 731 * DAY:
        raise invalid("trial_end must be in the future, at most two years ahead.", "trial_end")
    subscription.update(
        status="trialing",
        trial_end=trial_end,
        trial_start=subscription["trial_start"] or now,
        billing_cycle_anchor=trial_end,
    )
    set_period(subscription, period_of(subscription)[0], trial_end)
    account.plan(max(now, trial_end - 3 * DAY), "subscription.trial_will_end", subscription["id"])


def invoice_change(
    account: Account, subscription: Object, after: Object, moment: int, resets: bool, behavior: str | None
) -> Object:
    """Invoice a change at once and take it when it is paid; otherwise as `payment_behavior` says."""
    lines = [item_line(account, after, item, period_of(after)) for item in after["items"]["data"]] if resets else []
    pending = behavior == "pending_if_incomplete"
    invoice = billing.subscription_invoice(account, after, lines, "subscription_update", proration_date=moment)
    take_pending(account, invoice, after["currency"], subscription=after["id"])
    invoice_drafts.keep(account, invoice)
    kept = subscription if pending else after
    kept["latest_invoice"] = invoice["id"]
    kept["_pending_invoice"] = invoice["id"] if pending else None
    kept["_pending_items"] = after["items"]["data"] if pending else None
    if not pending:
        billing.spend_once(account, kept, invoice)
    account.save(kept, "customer.subscription.updated")
    if not pending and resets:
        billing.plan_renewal(account, kept)
    if behavior == "default_incomplete" and invoice["collection_method"] == "charge_automatically":
        invoice = invoicing.finalize(account, invoice)
        if invoice["status"] == "open":
            kept = account.get("subscription", kept["id"])
            kept["status"] = "past_due"
            account.save(kept, "customer.subscription.updated")
        return account.get("subscription", kept["id"])
    outcome = billing.settle_now(account, invoice)
    automatic = invoice["collection_method"] == "charge_automatically"
    if not outcome.paid and automatic and behavior == "error_if_incomplete":
        error = outcome.error or ApiError(
            "Your card was declined.", status=402, type="card_error", code="card_declined"
        )
        error.keep = False
        raise error
    kept = account.get("subscription", kept["id"])
    if pending and not outcome.paid and automatic:
        _await_payment(account, kept, resets)
    return account.get("subscription", kept["id"])


def _await_payment(account: Account, subscription: Object, resets: bool) -> None:
    """The update waits for its payment, at most 23 hours (docs: "Pending updates")."""
    expires_at = account.now() + billing.INCOMPLETE_FOR
    subscription["pending_update"] = {
        "billing_cycle_anchor": account.now() if resets else None,
        "cancel_at_period_end": None,
        "discount": None,
        "discounts": None,
        "expires_at": expires_at,
        "metadata": None,
        "subscription_items": subscription["_pending_items"],
        "trial_end": None,
        "trial_from_plan": None,
    }
    account.save(subscription, "customer.subscription.updated")
    account.plan(expires_at, "subscription.pending_update", subscription["id"])


@route("GET", "/v1/subscription_items", "SubscriptionItemListParams")
def list_items(account: Account, params: Params) -> Object:
    subscription = account.get("subscription", params["subscription"], "subscription")
    return page_of_list(subscription["items"]["data"], "/v1/subscription_items", params)


@route("GET", "/v1/subscription_items/{}", "SubscriptionItemRetrieveParams")
def retrieve_item(account: Account, _params: Params, item_id: str) -> Object:
    return find_item(account, item_id)[1]  # type: ignore[no-any-return]  # JSON of ours


_ITEM_FIELDS = ("price", "price_data", "quantity", "metadata", "tax_rates")
_HOW = ("payment_behavior", "proration_behavior", "proration_date")


def _through_update(account: Account, subscription_id: str, entry: Params, params: Params) -> Object:
    for name in set(params) - {*_ITEM_FIELDS, *_HOW, "subscription", "off_session"}:
        raise invalid(f"The local Stripe does not know {name} of subscription items.", name)
    how = {name: params[name] for name in _HOW if name in params}
    return update(account, {"items": [entry], **how}, subscription_id)


@route("POST", "/v1/subscription_items", "SubscriptionItemCreateParams")
def create_item(account: Account, params: Params) -> Object:
    entry = {name: params[name] for name in _ITEM_FIELDS if name in params}
    subscription = account.get("subscription", params["subscription"], "subscription")
    updated = _through_update(account, subscription["id"], entry, params)
    return updated["items"]["data"][-1]  # type: ignore[no-any-return]  # JSON of ours


@route("POST", "/v1/subscription_items/{}", "SubscriptionItemUpdateParams")
def update_item(account: Account, params: Params, item_id: str) -> Object:
    subscription, _ = find_item(account, item_id)
    entry = {name: params[name] for name in _ITEM_FIELDS if name in params}
    _through_update(account, subscription["id"], {"id": item_id, **entry}, params)
    return find_item(account, item_id)[1]  # type: ignore[no-any-return]  # JSON of ours


@route("DELETE", "/v1/subscription_items/{}", "SubscriptionItemDeleteParams")
def delete_item(account: Account, params: Params, item_id: str) -> Object:
    subscription, _ = find_item(account, item_id)
    _through_update(account, subscription["id"], {"id": item_id, "deleted": True}, params)
    return {"id": item_id, "object": "subscription_item", "deleted": True}
