"""A new subscription from its parameters: checked, dated, kept, with the draft of its first invoice.

The same code serves the creation, the schedules and the previews.
"""

from __future__ import annotations

from bot.sandbox.stripe.account import DAY, Account
from bot.sandbox.stripe.errors import invalid
from bot.sandbox.stripe.objects import Object, merge_metadata
from bot.sandbox.stripe.routing import Params

from . import billing
from .coupons import inherited, keep_discounts, redeem
from .invoice_items import take_pending
from .payment_methods import own_payment_method
from .prices import amount_for, interval_of
from .subscription_items import check_together, end_of_period, new_item, period_of, price_for, set_items, set_period
from .tax_rates import usable

_MOST_LINES = 250

_KNOWN = {
    "add_invoice_items",
    "backdate_start_date",
    "billing_cycle_anchor",
    "billing_mode",
    "cancel_at",
    "cancel_at_period_end",
    "collection_method",
    "currency",
    "customer",
    "days_until_due",
    "default_payment_method",
    "default_tax_rates",
    "description",
    "discounts",
    "invoice_settings",
    "items",
    "metadata",
    "off_session",
    "payment_behavior",
    "payment_settings",
    "proration_behavior",
    "trial_end",
    "trial_period_days",
    "trial_settings",
    "trial_from_plan",
}


def assemble(account: Account, params: Params) -> tuple[Object, list[Object]]:
    """A checked subscription, kept but not announced, and what is sold once with it."""
    for name in set(params) - _KNOWN:
        raise invalid(f"The local Stripe does not know {name} of subscriptions.", name)
    customer = account.get("customer", params["customer"], "customer")
    now = account.now()
    subscription_id = account.new_id("sub")
    sent = params.get("items") or []
    prices = [price_for(account, entry, None, f"items[{number}]") for number, entry in enumerate(sent)]
    currency = _currency(customer, prices, params)
    for number, entry in enumerate(sent):
        price_for(account, {"price": prices[number]["id"]}, currency, f"items[{number}]")
        if entry.get("deleted"):
            raise invalid("A new subscription has nothing to delete.", f"items[{number}][deleted]")
    items = [
        new_item(account, subscription_id, price, entry, f"items[{number}]")
        for number, (price, entry) in enumerate(zip(prices, sent, strict=True))
    ]
    check_together(items)
    collection = params.get("collection_method", "charge_automatically")
    _check_collection(collection, params.get("days_until_due"))
    if params.get("default_payment_method"):
        own_payment_method(account, customer["id"], params["default_payment_method"], "default_payment_method")
    since = params.get("backdate_start_date")
    named = params.get("discounts") or inherited(account, customer)
    discounts = redeem(account, named, customer["id"], currency, since=since)
    subscription: Object = {
        "id": subscription_id,
        "object": "subscription",
        "application": None,
        "application_fee_percent": None,
        "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None},
        "billing_cycle_anchor": now,
        "billing_cycle_anchor_config": None,
        "billing_mode": {**_billing_mode(params.get("billing_mode") or {}), "updated_at": now},
        "billing_schedules": [],
        "billing_thresholds": None,
        "cancel_at": None,
        "cancel_at_period_end": params.get("cancel_at_period_end", False),
        "canceled_at": now if params.get("cancel_at_period_end") else None,
        "cancellation_details": {"comment": None, "feedback": None, "reason": None},
        "collection_method": collection,
        "created": now,
        "currency": currency,
        "customer": customer["id"],
        "customer_account": None,
        "days_until_due": params.get("days_until_due"),
        "default_payment_method": params.get("default_payment_method"),
        "default_source": None,
        "default_tax_rates": usable(account, params.get("default_tax_rates"), "default_tax_rates"),
        "description": params.get("description"),
        "discounts": keep_discounts(account, discounts, subscription=subscription_id),
        "ended_at": None,
        "invoice_settings": {
            "account_tax_ids": None,
            "custom_fields": None,
            "description": None,
            "footer": None,
            "issuer": {"type": "self"},
        },
        "latest_invoice": None,
        "livemode": False,
        "metadata": merge_metadata({}, params.get("metadata")),
        "next_pending_invoice_item_invoice": None,
        "on_behalf_of": None,
        "pause_collection": None,
        "payment_settings": payment_settings(params.get("payment_settings") or {}),
        "pending_invoice_item_interval": None,
        "pending_setup_intent": None,
        "pending_update": None,
        "schedule": None,
        "start_date": now,
        "status": "active",
        "test_clock": account.clock_id,
        "transfer_data": None,
        "trial_end": None,
        "trial_settings": _trial_settings(params.get("trial_settings")),
        "trial_start": None,
        "_proration_behavior": params.get("proration_behavior", "create_prorations"),
    }
    set_items(subscription, items)
    _set_start(account, subscription, params, prices)
    sold = _sold_once(account, params.get("add_invoice_items") or [], currency)
    account.store.put(subscription)
    return subscription, sold


def _currency(customer: Object, prices: list[Object], params: Params) -> str:
    """What was asked for, else what the customer is billed in if the prices have it, else the first price's."""
    if "currency" in params:
        return str(params["currency"].lower())
    if customer["currency"] and all(customer["currency"] in price["currency_options"] for price in prices):
        return str(customer["currency"])
    return str(prices[0]["currency"]) if prices else "usd"


def _billing_mode(sent: Params) -> Object:
    if sent.get("type", "flexible") != "flexible":
        raise invalid("The local Stripe knows the flexible billing mode only.", "billing_mode[type]")
    discounts = (sent.get("flexible") or {}).get("proration_discounts", "included")
    return {"flexible": {"proration_discounts": discounts}, "type": "flexible"}


def _check_collection(method: str, days: int | None) -> None:
    if method == "send_invoice" and days is None:
        raise invalid(
            "If collection_method is set to send_invoice, days_until_due is required.",
            "days_until_due",
            "parameter_missing",
        )
    if method != "send_invoice" and days is not None:
        raise invalid("days_until_due is only valid with collection_method=send_invoice.", "days_until_due")


def payment_settings(sent: Params) -> Object:
    return {
        "payment_method_options": None,
        "payment_method_types": sent.get("payment_method_types") or None,
        "save_default_payment_method": sent.get("save_default_payment_method", "off"),
    }


def _trial_settings(sent: Params | None) -> Object:
    behavior = ((sent or {}).get("end_behavior") or {}).get("missing_payment_method", "create_invoice")
    return {"end_behavior": {"billing_cycle_anchor": None, "missing_payment_method": behavior}}


def _set_start(account: Account, subscription: Object, params: Params, prices: list[Object]) -> None:
    """Start, trial, anchor and the first period."""
    now = account.now()
    backdated = params.get("backdate_start_date")
    if backdated is not None:
        if backdated >= now:
            raise invalid("backdate_start_date must be in the past.", "backdate_start_date")
        _check_backdating(subscription, now - backdated)
        subscription["start_date"] = subscription["billing_cycle_anchor"] = backdated
    trial_end = trial_end_of(params, prices, now)
    if trial_end is not None:
        subscription.update(status="trialing", trial_start=now, trial_end=trial_end, billing_cycle_anchor=trial_end)
        set_period(subscription, now, trial_end)
    anchor = params.get("billing_cycle_anchor")
    if anchor is not None:
        if anchor < now:
            raise invalid("billing_cycle_anchor must be now or in the future.", "billing_cycle_anchor")
        subscription["billing_cycle_anchor"] = anchor
        if anchor > end_of_natural_period(subscription, now):
            raise invalid(
                "billing_cycle_anchor cannot be later than next natural billing date "
                f"({end_of_natural_period(subscription, now)}) for plan",
                "billing_cycle_anchor",
            )
    if trial_end is None:
        begin = subscription["start_date"]
        end = end_of_period(subscription, begin)
        while end <= now:
            end = end_of_period(subscription, end)
        set_period(
            subscription, begin if end_of_period(subscription, begin) == end else _last_before(subscription, now), end
        )
    set_cancel_at(account, subscription, params)


def _check_backdating(subscription: Object, passed: int) -> None:
    """Each period that has passed is a line of the first invoice, and an invoice has at most 250 of them."""
    items = subscription["items"]["data"]
    interval, count = interval_of(items[0]["price"])
    shortest = {"day": DAY, "week": 7 * DAY, "month": 28 * DAY, "year": 365 * DAY}[interval] * count
    if passed // shortest * len(items) > _MOST_LINES:
        raise invalid(f"An invoice has at most {_MOST_LINES} lines; start later.", "backdate_start_date")


def _last_before(subscription: Object, now: int) -> int:
    begin = int(subscription["start_date"])
    while (stop := end_of_period(subscription, begin)) <= now:
        begin = stop
    return begin


def end_of_natural_period(subscription: Object, start: int) -> int:
    """Where a period beginning now would end if it were its own anchor."""
    return end_of_period({**subscription, "billing_cycle_anchor": start}, start)


def trial_end_of(params: Params, prices: list[Object], now: int) -> int | None:
    """The trial's end by `trial_end`, `trial_period_days` or the price; None without a trial."""
    if "trial_end" in params and "trial_period_days" in params:
        raise invalid("You may only provide one of: trial_end, trial_period_days.", code="parameters_exclusive")
    wanted = params.get("trial_end")
    if wanted == "now":
        return None
    if wanted is not None:
        if int(wanted) <= now:
            raise invalid("The trial_end timestamp must be in the future.", "trial_end")
        if int(wanted) > now + 731 * DAY:
            raise invalid("A trial lasts at most two years.", "trial_end")
        return int(wanted)
    days = params.get("trial_period_days")
    if days is None and params.get("trial_from_plan"):
        days = max((price["recurring"]["trial_period_days"] or 0 for price in prices), default=0)
    if days is not None and not 0 <= days <= 730:
        raise invalid("trial_period_days lies between 0 and 730.", "trial_period_days")
    return now + days * DAY if days else None


def set_cancel_at(account: Account, subscription: Object, params: Params) -> None:
    """`cancel_at`: a moment, or the end of the period by name; an empty string takes it back."""
    if "cancel_at" not in params:
        return
    wanted = params["cancel_at"]
    if wanted == "":
        subscription["cancel_at"] = subscription["canceled_at"] = None
        return
    if wanted == "max_billed_until":
        raise invalid("The local Stripe does not know max_billed_until.", "cancel_at")
    moment = period_of(subscription)[1] if wanted in ("max_period_end", "min_period_end") else int(wanted)
    if moment <= account.now():
        raise invalid("cancel_at must be in the future.", "cancel_at")
    subscription["cancel_at"], subscription["canceled_at"] = moment, account.now()
    account.plan(moment, "subscription.cancel", subscription["id"])


def _sold_once(account: Account, sent: list[Params], currency: str) -> list[Object]:
    sold = []
    for number, entry in enumerate(sent):
        param = f"add_invoice_items[{number}]"
        for name in set(entry) - {"price", "quantity", "tax_rates"}:
            raise invalid(f"The local Stripe does not know {name} of add_invoice_items.", f"{param}[{name}]")
        price = account.get("price", entry.get("price", ""), f"{param}[price]")
        if price["type"] != "one_time":
            raise invalid("add_invoice_items takes one-time prices.", f"{param}[price]")
        quantity = entry.get("quantity", 1)
        rates = usable(account, entry.get("tax_rates"), f"{param}[tax_rates]")
        amount = amount_for(price, quantity, currency)
        sold.append({"price": price, "quantity": quantity, "amount": amount, "currency": currency, "tax_rates": rates})
    return sold


def first_invoice(account: Account, subscription: Object, sold: list[Object]) -> Object:
    """The draft of the first invoice, waiting invoice items included."""
    lines = billing.first_lines(account, subscription) + billing.once_lines(account, subscription, sold)
    invoice = billing.subscription_invoice(account, subscription, lines, "subscription_create")
    take_pending(account, invoice, subscription["currency"], subscription=subscription["id"])
    return invoice
