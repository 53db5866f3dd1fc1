"""The phases of a schedule: checked, dated, and as the parameters of a subscription."""

from __future__ import annotations

from bot.sandbox.stripe.account import Account
from bot.sandbox.stripe.errors import invalid
from bot.sandbox.stripe.objects import Object, merge_metadata
from bot.sandbox.stripe.periods import boundary
from bot.sandbox.stripe.routing import Params

from .coupons import redeem
from .payment_methods import own_payment_method
from .prices import interval_of
from .subscription_items import check_together, plan_of, price_for, quantity_of
from .tax_rates import usable

_PHASE = {
    "items",
    "duration",
    "end_date",
    "start_date",
    "discounts",
    "default_tax_rates",
    "default_payment_method",
    "collection_method",
    "invoice_settings",
    "metadata",
    "proration_behavior",
    "currency",
    "description",
    "trial_end",
}


def new_schedule(account: Account, customer_id: str, params: Params, settings: Object) -> Object:
    return {
        "id": account.new_id("sub_sched"),
        "object": "subscription_schedule",
        "application": None,
        "billing_mode": {"flexible": {"proration_discounts": "included"}, "type": "flexible", "updated_at": None},
        "canceled_at": None,
        "completed_at": None,
        "created": account.now(),
        "current_phase": None,
        "customer": customer_id,
        "customer_account": None,
        "default_settings": settings,
        "end_behavior": params.get("end_behavior", "release"),
        "livemode": False,
        "metadata": merge_metadata({}, params.get("metadata")),
        "pause_schedules": [],
        "phases": [],
        "released_at": None,
        "released_subscription": None,
        "status": "not_started",
        "subscription": None,
        "test_clock": account.clock_id,
    }


def default_settings(account: Account, customer_id: str, sent: Params) -> Object:
    known = {"collection_method", "default_payment_method", "description", "invoice_settings", "billing_cycle_anchor"}
    for name in set(sent) - known:
        raise invalid(f"The local Stripe does not know {name} of schedules.", f"default_settings[{name}]")
    if sent.get("default_payment_method"):
        param = "default_settings[default_payment_method]"
        own_payment_method(account, customer_id, sent["default_payment_method"], param)
    return {
        "application_fee_percent": None,
        "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None},
        "billing_cycle_anchor": sent.get("billing_cycle_anchor", "automatic"),
        "billing_thresholds": None,
        "collection_method": sent.get("collection_method", "charge_automatically"),
        "default_payment_method": sent.get("default_payment_method"),
        "description": sent.get("description") or None,
        "invoice_settings": {
            "account_tax_ids": None,
            "custom_fields": None,
            "days_until_due": (sent.get("invoice_settings") or {}).get("days_until_due"),
            "description": None,
            "footer": None,
            "issuer": {"type": "self"},
        },
        "on_behalf_of": None,
        "transfer_data": None,
    }


def build_phases(account: Account, schedule: Object, sent: list[Params], start: int) -> list[Object]:
    """Checked phases, one after the other. A phase without an end lasts one billing period."""
    phases: list[Object] = []
    for number, entry in enumerate(sent):
        param = f"phases[{number}]"
        for name in set(entry) - _PHASE:
            raise invalid(f"The local Stripe does not know {name} of phases.", f"{param}[{name}]")
        begin = phases[-1]["end_date"] if phases else start
        phases.append(_phase(account, schedule, entry, begin, param))
    return phases


def _phase(account: Account, schedule: Object, sent: Params, begin: int, param: str) -> Object:
    items, currency = [], sent.get("currency")
    for number, entry in enumerate(sent["items"]):
        where = f"{param}[items][{number}]"
        price = price_for(account, entry, currency, where)
        currency = currency or price["currency"]
        items.append(
            {
                "billing_thresholds": None,
                "discounts": [],
                "metadata": merge_metadata({}, entry.get("metadata")),
                "plan": plan_of(price)["id"],
                "price": price["id"],
                "quantity": quantity_of(entry, 1, where),
                "tax_rates": usable(account, entry.get("tax_rates"), f"{where}[tax_rates]"),
                "_price": price,
            }
        )
    check_together([{"price": item["_price"]} for item in items])
    end = _phase_end(sent, begin, items[0]["_price"], param)
    if sent.get("default_payment_method"):
        where = f"{param}[default_payment_method]"
        own_payment_method(account, schedule["customer"], sent["default_payment_method"], where)
    discounts = sent.get("discounts") or []
    redeem(account, discounts, schedule["customer"], str(currency), param=f"{param}[discounts]")
    shown = [
        {"coupon": d.get("coupon"), "discount": d.get("discount"), "promotion_code": d.get("promotion_code")}
        for d in discounts
    ]
    return {
        "add_invoice_items": [],
        "application_fee_percent": None,
        "automatic_tax": None,
        "billing_cycle_anchor": None,
        "billing_thresholds": None,
        "collection_method": sent.get("collection_method"),
        "currency": currency,
        "default_payment_method": sent.get("default_payment_method"),
        "default_tax_rates": usable(account, sent.get("default_tax_rates"), f"{param}[default_tax_rates]"),
        "description": sent.get("description") or None,
        "discounts": shown,
        "end_date": end,
        "invoice_settings": sent.get("invoice_settings")
        and {
            "account_tax_ids": None,
            "custom_fields": None,
            "days_until_due": sent["invoice_settings"].get("days_until_due"),
            "description": None,
            "footer": None,
            "issuer": None,
        },
        "items": items,
        "metadata": merge_metadata({}, sent.get("metadata")),
        "on_behalf_of": None,
        "proration_behavior": sent.get("proration_behavior", "create_prorations"),
        "start_date": begin,
        "transfer_data": None,
        "trial_end": sent.get("trial_end"),
    }


def _phase_end(sent: Params, begin: int, price: Object, param: str) -> int:
    if "end_date" in sent:
        if sent["end_date"] == "now" or int(sent["end_date"]) <= begin:
            raise invalid("A phase ends after it starts.", f"{param}[end_date]")
        return int(sent["end_date"])
    duration = sent.get("duration")
    interval, count = interval_of(price)
    if duration:
        interval, count = duration["interval"], duration.get("interval_count", 1)
        if not 1 <= count <= 1000:
            raise invalid("Invalid duration.", f"{param}[duration][interval_count]")
    return boundary(begin, interval, count, 1)


def subscription_params(schedule: Object, phase: Object) -> Params:
    """What a phase says, as the parameters of a new subscription."""
    settings = schedule["default_settings"]
    collection = phase["collection_method"] or settings["collection_method"]
    days = (phase["invoice_settings"] or settings["invoice_settings"])["days_until_due"]
    params: Params = {
        "customer": schedule["customer"],
        "currency": phase["currency"],
        "items": [item_params(item) for item in phase["items"]],
        "collection_method": collection,
        "default_tax_rates": [rate["id"] for rate in phase["default_tax_rates"]],
        "discounts": [_discount_params(discount) for discount in phase["discounts"]],
        "metadata": phase["metadata"],
        "proration_behavior": phase["proration_behavior"],
    }
    if collection == "send_invoice":
        params["days_until_due"] = 30 if days is None else days
    method = phase["default_payment_method"] or settings["default_payment_method"]
    if method:
        params["default_payment_method"] = method
    if phase["trial_end"]:
        params["trial_end"] = phase["trial_end"]
    if phase["description"] or settings["description"]:
        params["description"] = phase["description"] or settings["description"]
    return params


def item_params(item: Object) -> Params:
    rates = [rate["id"] for rate in item["tax_rates"]]
    return {
        "price": item["price"],
        "quantity": item["quantity"],
        "metadata": item["metadata"],
        **({"tax_rates": rates} if rates else {}),
    }


def _discount_params(discount: Object) -> Params:
    return {name: value for name, value in discount.items() if value is not None}
