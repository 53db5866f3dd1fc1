"""What a subscription sells: its items, checked against prices, and their billing periods."""

from __future__ import annotations

from typing import Any

from bot.sandbox.stripe.account import Account, embedded
from bot.sandbox.stripe.errors import ApiError, invalid
from bot.sandbox.stripe.objects import Object, merge_metadata, nested_list
from bot.sandbox.stripe.periods import next_boundary, previous_boundary
from bot.sandbox.stripe.routing import Params

from .prices import amount_for, build, in_currency, interval_of
from .tax_rates import usable

_ITEM_PARAMS = {"id", "price", "price_data", "quantity", "metadata", "tax_rates", "deleted", "clear_usage"}


def price_for(account: Account, sent: Params, currency: str | None, param: str) -> Object:
    """The recurring price of an item; 400 for unknown, archived, one-time or foreign ones."""
    for name in set(sent) - _ITEM_PARAMS:
        raise invalid(f"The local Stripe does not know {name} of subscription items.", f"{param}[{name}]")
    if "price_data" in sent:
        price = build(account, sent["price_data"], prefix=f"{param}[price_data] ")
        price["_hidden"] = True
        account.add(price)
    elif "price" in sent:
        price = account.get("price", sent["price"], f"{param}[price]")
        if not price["active"]:
            raise invalid("The price specified is inactive. This field only accepts active prices.", f"{param}[price]")
    else:
        raise ApiError(f"Missing required param: {param}[price].", param=f"{param}[price]", code="parameter_missing")
    if price["type"] != "recurring":
        raise invalid(
            "The price specified is set to `type=one_time` but this field only accepts prices with `type=recurring`.",
            f"{param}[price]",
        )
    if currency is not None:
        in_currency(price, currency, f"{param}[price]")
    return price


def quantity_of(sent: Params, default: int, param: str) -> int:
    quantity = sent.get("quantity", default)
    if not 0 <= quantity <= 999_999_999:
        raise invalid("Invalid quantity: must be 0 or more.", f"{param}[quantity]", "parameter_invalid_integer")
    return int(quantity)


def new_item(account: Account, subscription_id: str, price: Object, sent: Params, param: str) -> Object:
    """An item without a period yet."""
    shown = embedded(price)
    return {
        "id": account.new_id("si")[:17],
        "object": "subscription_item",
        "billed_until": None,
        "billing_thresholds": None,
        "created": account.now(),
        "current_period_end": 0,
        "current_period_start": 0,
        "discounts": [],
        "metadata": merge_metadata({}, sent.get("metadata")),
        "plan": plan_of(price),
        "price": shown,
        "quantity": quantity_of(sent, 1, param),
        "subscription": subscription_id,
        "tax_rates": usable(account, sent.get("tax_rates"), f"{param}[tax_rates]"),
    }


def plan_of(price: Object) -> Object:
    """The price in the shape of the old plan object, which items still carry."""
    interval, count = interval_of(price)
    return {
        "id": price["id"],
        "object": "plan",
        "active": price["active"],
        "amount": price["unit_amount"],
        "amount_decimal": price["unit_amount_decimal"],
        "billing_scheme": price["billing_scheme"],
        "created": price["created"],
        "currency": price["currency"],
        "interval": interval,
        "interval_count": count,
        "livemode": False,
        "metadata": price["metadata"],
        "meter": None,
        "nickname": price["nickname"],
        "product": price["product"],
        "tiers_mode": price["tiers_mode"],
        "transform_usage": price["transform_quantity"],
        "trial_period_days": price["recurring"]["trial_period_days"],
        "usage_type": "licensed",
    }


def check_together(items: list[Object]) -> None:
    """Items of one subscription recur together and name each price once."""
    if not items:
        raise invalid("A subscription must have at least one active plan or price.", "items")
    if len(items) > 20:
        raise invalid("A subscription has at most 20 items.", "items")
    if len({interval_of(item["price"]) for item in items}) > 1:
        raise invalid(
            "All prices on a subscription must have the same `recurring.interval` and `recurring.interval_count`. If "
            "you meant to update an existing subscription item instead of creating a new one, make sure to include "
            "the item ID in the request.",
            "items",
        )
    prices = [item["price"]["id"] for item in items]
    if len(set(prices)) < len(prices):
        raise invalid("Cannot add multiple subscription items with the same price.", "items")


def changed_items(account: Account, subscription: Object, sent: list[Params]) -> list[Object]:
    """The items after an update: entries with an id change or delete one, entries without add one."""
    items = {item["id"]: {**item} for item in subscription["items"]["data"]}
    for number, entry in enumerate(sent):
        param = f"items[{number}]"
        if "id" not in entry:
            price = price_for(account, entry, subscription["currency"], param)
            item = new_item(account, subscription["id"], price, entry, param)
            items[item["id"]] = item
            continue
        if entry["id"] not in items:
            raise ApiError(f"No such subscription_item: '{entry['id']}'", param=f"{param}[id]", code="resource_missing")
        if entry.get("deleted"):
            del items[entry["id"]]
            continue
        _change(account, items[entry["id"]], entry, subscription["currency"], param)
    check_together(list(items.values()))
    return list(items.values())


def _change(account: Account, item: Object, entry: Params, currency: str, param: str) -> None:
    if ("price" in entry or "price_data" in entry) and entry.get("price") != item["price"]["id"]:
        price = price_for(account, entry, currency, param)
        item["price"], item["plan"] = embedded(price), plan_of(price)
    item["quantity"] = quantity_of(entry, item["quantity"], param)
    if "tax_rates" in entry:
        item["tax_rates"] = usable(account, entry["tax_rates"], f"{param}[tax_rates]")
    item["metadata"] = merge_metadata(item["metadata"], entry.get("metadata"))


def set_items(subscription: Object, items: list[Object]) -> None:
    """Put items into the subscription's list."""
    subscription["items"] = nested_list(items, f"/v1/subscription_items?subscription={subscription['id']}")


def period_of(subscription: Object) -> tuple[int, int]:
    """The current period; all items share it."""
    first = subscription["items"]["data"][0]
    return first["current_period_start"], first["current_period_end"]


def set_period(subscription: Object, start: int, end: int) -> None:
    for item in subscription["items"]["data"]:
        item["current_period_start"], item["current_period_end"] = start, end


def end_of_period(subscription: Object, start: int) -> int:
    """Where the period that begins at `start` ends, counted from the billing cycle anchor."""
    interval, count = interval_of(subscription["items"]["data"][0]["price"])
    return next_boundary(subscription["billing_cycle_anchor"], interval, count, start)


def start_of_period(subscription: Object, moment: int) -> int:
    """Where the full period that contains the moment would have begun."""
    interval, count = interval_of(subscription["items"]["data"][0]["price"])
    return previous_boundary(subscription["billing_cycle_anchor"], interval, count, moment)


def full_amount(account: Account, item: Object, currency: str) -> int:
    """What an item costs for one full period."""
    return amount_for(account.get("price", item["price"]["id"]), item["quantity"], currency)


def find_item(account: Account, item_id: str) -> tuple[Object, Any]:
    """(subscription, item) of an item id; 404 otherwise."""
    for subscription in account.matching("subscription", item=item_id):
        for item in subscription["items"]["data"]:
            if item["id"] == item_id:
                return subscription, item
    raise ApiError(f"Invalid subscription_item id: {item_id}", status=404, param="id", code="resource_missing")
