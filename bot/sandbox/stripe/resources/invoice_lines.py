"""The lines of an invoice and what they add up to."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from bot.sandbox.stripe.account import Account
from bot.sandbox.stripe.money import inclusive_taxes, percent_of, share, shown
from bot.sandbox.stripe.objects import Object

from .prices import amount_for, in_currency


def line(
    account: Account,
    *,
    amount: int,
    currency: str,
    description: str,
    period: tuple[int, int],
    parent: Object,
    price: Object | None = None,
    quantity: int = 1,
    tax_rates: list[Object] | None = None,
    metadata: dict[str, str] | None = None,
    discountable: bool = True,
) -> Object:
    """One line, before discounts and tax."""
    option = in_currency(price, currency) if price else None
    details = parent[parent["type"]]
    return {
        "id": account.new_id("il"),
        "object": "line_item",
        "amount": amount,
        "currency": currency,
        "description": description,
        "discount_amounts": [],
        "discountable": discountable,
        "discounts": [],
        "invoice": None,
        "livemode": False,
        "metadata": metadata or {},
        "parent": parent,
        "period": {"start": period[0], "end": period[1]},
        "pretax_credit_amounts": [],
        "pricing": {
            "price_details": {"price": price["id"], "product": price["product"]},
            "type": "price_details",
            "unit_amount_decimal": option["unit_amount_decimal"],
        }
        if price and option
        else None,
        "quantity": quantity,
        "quantity_decimal": str(quantity),
        "subscription": details.get("subscription"),
        "subtotal": amount,
        "taxes": [],
        "_tax_rates": tax_rates,
    }


def subscription_parent(subscription_id: str, item_id: str, *, proration: bool, invoice_item: str | None) -> Object:
    """Where a line of a subscription comes from."""
    return {
        "invoice_item_details": None,
        "subscription_item_details": {
            "invoice_item": invoice_item,
            "proration": proration,
            "proration_details": {"credited_items": None},
            "subscription": subscription_id,
            "subscription_item": item_id,
        },
        "type": "subscription_item_details",
    }


def item_parent(invoice_item: Object) -> Object:
    """Where a line of an invoice item comes from."""
    about = (invoice_item["parent"] or {}).get("subscription_details") or {}
    if about.get("subscription_item"):
        return subscription_parent(
            about["subscription"],
            about["subscription_item"],
            proration=invoice_item["proration"],
            invoice_item=invoice_item["id"],
        )
    return {
        "invoice_item_details": {
            "invoice_item": invoice_item["id"],
            "proration": invoice_item["proration"],
            "proration_details": {"credited_items": None},
            "subscription": about.get("subscription"),
        },
        "subscription_item_details": None,
        "type": "invoice_item_details",
    }


def item_line(
    account: Account, subscription: Object, item: Object, period: tuple[int, int], *, trial: bool = False
) -> Object:
    """The line of one subscription item for one period."""
    price, quantity, currency = account.get("price", item["price"]["id"]), item["quantity"], subscription["currency"]
    name = product_name(account, price)
    full = amount_for(price, quantity, currency)
    if trial:
        text = f"Free trial for {quantity} × {name}"
    else:
        option = in_currency(price, currency)
        each = shown(option["unit_amount"], currency) if option["unit_amount"] is not None else "tiered"
        text = f"{quantity} × {name} (at {each} / {_every(price)})"
    return line(
        account,
        amount=0 if trial else full,
        currency=currency,
        description=text,
        period=period,
        parent=subscription_parent(subscription["id"], item["id"], proration=False, invoice_item=None),
        price=price,
        quantity=quantity,
        tax_rates=item["tax_rates"] or None,
        metadata=subscription["metadata"],
    )


def _every(price: Object) -> str:
    recurring = price["recurring"]
    count = recurring["interval_count"]
    return recurring["interval"] if count == 1 else f"every {count} {recurring['interval']}s"


def product_name(account: Account, price: Object) -> str:
    product = account.store.get(price["product"]) or {}
    return str(product.get("name", price["product"]))


def day(moment: int) -> str:
    """`5 Nov 2026`, as in the descriptions of prorations."""
    date = datetime.fromtimestamp(moment, UTC)
    return f"{date.day} {date:%b %Y}"


def total_up(account: Account, invoice: Object, discounts: list[Object], rates: list[Object], exempt: str) -> None:
    """Work out discounts and taxes of every line, and the invoice's totals, in place.

    `rates` are the invoice's default tax rates; a line's own take precedence. `exempt` is the customer's `tax_exempt`.
    """
    lines = invoice["lines"]["data"]
    remaining = [entry["amount"] for entry in lines]
    for entry in lines:
        entry["discount_amounts"], entry["taxes"] = [], []
    for discount in discounts:
        _apply_discount(account, discount, lines, remaining, invoice["currency"])
    subtotal_without_tax = 0
    for entry, left in zip(lines, remaining, strict=True):
        own = entry["_tax_rates"] if entry["_tax_rates"] is not None else rates
        entry["taxes"] = taxes_on(left, own, exempt)
        included = [rate["percentage"] for rate in own if rate["inclusive"]] if exempt == "none" else []
        subtotal_without_tax += entry["amount"] - sum(inclusive_taxes(entry["amount"], included))
    invoice["subtotal"] = sum(entry["amount"] for entry in lines)
    invoice["subtotal_excluding_tax"] = subtotal_without_tax
    added = sum_taxes(lines, "exclusive")
    invoice["total"] = sum(remaining) + added
    invoice["total_excluding_tax"] = invoice["total"] - added - sum_taxes(lines, "inclusive")
    invoice["total_discount_amounts"] = [
        {"amount": _discounted(lines, discount["id"]), "discount": discount["id"]} for discount in discounts
    ]
    invoice["total_pretax_credit_amounts"] = [
        {**entry, "credit_balance_transaction": None, "type": "discount"} for entry in invoice["total_discount_amounts"]
    ]
    invoice["total_taxes"] = total_taxes(lines)
    invoice["lines"]["total_count"] = len(lines)


def _apply_discount(
    account: Account, discount: Object, lines: list[Object], remaining: list[int], currency: str
) -> None:
    """A percentage of what is left of each line, or an amount shared by the lines in proportion to what is left.

    An amount never goes below zero and leaves prorations alone: it belongs to the period that was invoiced already.
    """
    coupon = account.store.get(discount["source"]["coupon"]) or {}
    products = (coupon.get("applies_to") or {}).get("products")
    hit = [
        index
        for index, entry in enumerate(lines)
        if entry["discountable"] and (products is None or (_product(entry) in products))
    ]
    if coupon.get("percent_off") is not None:
        cuts = {index: percent_of(remaining[index], coupon["percent_off"]) for index in hit}
    else:
        hit = [index for index in hit if remaining[index] > 0 and not is_proration(lines[index])]
        off = coupon["currency_options"].get(currency, {"amount_off": 0})["amount_off"]
        whole = min(off, sum(remaining[index] for index in hit))
        cuts = dict(zip(hit, share(whole, [remaining[index] for index in hit]), strict=True))
    for index, cut in cuts.items():
        remaining[index] -= cut
        lines[index]["discount_amounts"].append({"amount": cut, "discount": discount["id"]})
        lines[index]["pretax_credit_amounts"] = [
            {**entry, "credit_balance_transaction": None, "type": "discount"}
            for entry in lines[index]["discount_amounts"]
        ]


def _product(entry: Object) -> Any:
    return entry["pricing"]["price_details"]["product"] if entry["pricing"] else None


def is_proration(entry: Object) -> bool:
    """Whether a line corrects a period that was invoiced already."""
    return bool(entry["parent"][entry["parent"]["type"]]["proration"])


def taxes_on(left: int, rates: list[Object], exempt: str) -> list[Object]:
    """Inclusive taxes are taken out of what is left; exclusive ones are worked out on the rest and come on top."""
    if exempt != "none":
        reason = "reverse_charge" if exempt == "reverse" else "customer_exempt"
        return [_tax(rate, 0, 0, reason) for rate in rates]
    inside = [rate for rate in rates if rate["inclusive"]]
    amounts = inclusive_taxes(left, [rate["percentage"] for rate in inside])
    base = left - sum(amounts)
    by_id = {rate["id"]: amount for rate, amount in zip(inside, amounts, strict=True)}
    return [
        _tax(rate, by_id.get(rate["id"], percent_of(base, rate["percentage"])), base, "standard_rated")
        for rate in rates
    ]


def _tax(rate: Object, amount: int, base: int, reason: str) -> Object:
    return {
        "amount": amount,
        "tax_behavior": "inclusive" if rate["inclusive"] else "exclusive",
        "tax_rate_details": {"tax_rate": rate["id"]},
        "taxability_reason": reason,
        "taxable_amount": base,
        "type": "tax_rate_details",
    }


def sum_taxes(lines: list[Object], behaviour: str) -> int:
    return sum(tax["amount"] for entry in lines for tax in entry["taxes"] if tax["tax_behavior"] == behaviour)


def _discounted(lines: list[Object], discount_id: str) -> int:
    return sum(cut["amount"] for entry in lines for cut in entry["discount_amounts"] if cut["discount"] == discount_id)


def total_taxes(lines: list[Object]) -> list[Object]:
    totals: dict[tuple[str, str], Object] = {}
    for entry in lines:
        for tax in entry["taxes"]:
            key = (tax["tax_rate_details"]["tax_rate"], tax["taxability_reason"])
            if key in totals:
                totals[key]["amount"] += tax["amount"]
                totals[key]["taxable_amount"] += tax["taxable_amount"]
            else:
                totals[key] = {**tax}
    return list(totals.values())
