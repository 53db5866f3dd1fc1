"""Proration: what a change in the middle of a period credits and charges, by the second (docs: "Prorations").

Each changed item gives two lines: the unused time on what it was, and the remaining time on what it is now.
"""

from __future__ import annotations

from fractions import Fraction

from bot.sandbox.stripe.account import Account
from bot.sandbox.stripe.money import rounded
from bot.sandbox.stripe.objects import Object

from .invoice_items import new_item
from .invoice_lines import day, product_name
from .subscription_items import full_amount, period_of


def prorate(
    account: Account, subscription: Object, new_items: list[Object], moment: int, *, charge_new: bool = True
) -> list[Object]:
    """Invoice items, not kept yet, for the change from the subscription's items to `new_items` at a moment.

    `charge_new=False` credits only: the new items are billed for a period of their own.
    """
    start, end = period_of(subscription)
    moment = min(max(moment, start), end)
    remaining = Fraction(end - moment, end - start) if end > start else Fraction(0)
    if subscription["status"] == "trialing" or not remaining:
        return []
    old = {item["id"]: item for item in subscription["items"]["data"]}
    new = {item["id"]: item for item in new_items}
    found = []
    for item_id in [*old, *(item_id for item_id in new if item_id not in old)]:
        before, after = old.get(item_id), new.get(item_id)
        if charge_new and before and after and _same(before, after):
            continue
        if before is not None and before["quantity"]:
            found.append(_item(account, subscription, before, -remaining, (moment, end)))
        if charge_new and after is not None and after["quantity"]:
            found.append(_item(account, subscription, after, remaining, (moment, end)))
    return found


def _same(before: Object, after: Object) -> bool:
    return (before["price"]["id"], before["quantity"]) == (after["price"]["id"], after["quantity"])


def _item(account: Account, subscription: Object, item: Object, part: Fraction, period: tuple[int, int]) -> Object:
    currency, price = subscription["currency"], account.get("price", item["price"]["id"])
    kind = "Unused" if part <= 0 else "Remaining"
    what = f"{item['quantity']} × {product_name(account, price)}"
    body = new_item(
        account,
        account.get("customer", subscription["customer"]),
        {
            "price": price,
            "currency": currency,
            "amount": rounded(full_amount(account, item, currency) * part),
            "quantity": item["quantity"],
        },
        {
            "description": f"{kind} time on {what} after {day(period[0])}",
            "period": {"start": period[0], "end": period[1]},
        },
        proration=True,
        subscription=(subscription["id"], item["id"]),
    )
    body["tax_rates"] = item["tax_rates"]
    return body
