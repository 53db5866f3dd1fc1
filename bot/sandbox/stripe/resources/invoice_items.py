"""Invoice items: what waits for a customer's next invoice, or is put on a draft."""

from __future__ import annotations

from bot.sandbox.stripe.account import Account
from bot.sandbox.stripe.errors import ApiError, invalid
from bot.sandbox.stripe.lists import page
from bot.sandbox.stripe.objects import Object, merge_metadata
from bot.sandbox.stripe.routing import Params, crud, route

from . import invoice_drafts
from .invoice_lines import item_parent, line, product_name
from .prices import amount_for, build
from .tax_rates import usable


def pending_lines(
    account: Account, customer_id: str, currency: str, *, subscription: str | None = None
) -> list[Object]:
    """Lines of the invoice items that wait for the customer's next invoice, oldest first."""
    waiting = [item for item in account.matching("invoiceitem", pending=customer_id) if item["currency"] == currency]
    if subscription is not None:
        waiting = [item for item in waiting if _subscription(item) in (None, subscription)]
    return [_line_of(account, item) for item in reversed(waiting)]


def _subscription(item: Object) -> str | None:
    return ((item["parent"] or {}).get("subscription_details") or {}).get("subscription")


def _line_of(account: Account, item: Object) -> Object:
    entry = line(
        account,
        amount=item["amount"],
        currency=item["currency"],
        description=item["description"] or "",
        period=(item["period"]["start"], item["period"]["end"]),
        parent=item_parent(item),
        price=account.store.get(item["pricing"]["price_details"]["price"]) if item["pricing"] else None,
        quantity=item["quantity"],
        tax_rates=item["tax_rates"] or None,
        metadata=item["metadata"],
        discountable=item["discountable"],
    )
    entry["_item"] = item["id"]
    return entry


def take_pending(account: Account, invoice: Object, currency: str, *, subscription: str | None = None) -> None:
    """Move what waits for this customer onto a draft."""
    add_lines(account, invoice, pending_lines(account, invoice["customer"], currency, subscription=subscription))


def add_lines(account: Account, invoice: Object, lines: list[Object]) -> None:
    """Put lines of invoice items on a draft and work its totals out again."""
    for entry in lines:
        entry["invoice"] = invoice["id"]
        if item := account.find("invoiceitem", entry.get("_item", "")):
            item["invoice"] = invoice["id"]
            account.save(item)
    invoice["lines"]["data"] += lines
    invoice_drafts.recompute(account, invoice)


def create_item(account: Account, params: Params) -> Object:
    known = {"customer", "amount", "currency", "description", "discountable", "invoice", "metadata", "period"}
    known |= {"pricing", "price_data", "quantity", "subscription", "tax_rates"}
    for name in set(params) - known:
        raise invalid(f"The local Stripe does not know {name} of invoice items.", name)
    if "customer" not in params:
        raise ApiError("Missing required param: customer.", param="customer", code="parameter_missing")
    customer = account.get("customer", params["customer"], "customer")
    invoice = account.get("invoice", params["invoice"], "invoice") if "invoice" in params else None
    if invoice is not None and (invoice["status"] != "draft" or invoice["customer"] != customer["id"]):
        raise ApiError("You can only add items to this customer's draft invoices.", code="invoice_not_editable")
    item = new_item(account, customer, _priced(account, params, customer), params)
    if "subscription" in params:
        subscription = account.get("subscription", params["subscription"], "subscription")
        item["parent"] = _item_parent(subscription["id"], None)
    account.add(item, "invoiceitem.created")
    if invoice is not None:
        add_lines(account, invoice, [_line_of(account, item)])
        account.save(invoice, "invoice.updated")
        item = account.get("invoiceitem", item["id"])
    return item


def add_new(account: Account, invoice: Object, sent: list[Params]) -> None:
    """Make an invoice item of each and put them on the draft, in that order."""
    customer = account.get("customer", invoice["customer"])
    items = [new_item(account, customer, _priced(account, params, customer), params) for params in sent]
    for item in items:
        account.add(item, "invoiceitem.created")
    add_lines(account, invoice, [_line_of(account, item) for item in items])


def _priced(account: Account, params: Params, customer: Object) -> Object:
    """Amount, currency, price and quantity of what is sold once."""
    quantity = params.get("quantity", 1)
    if "pricing" in params:
        price = account.get("price", params["pricing"].get("price", ""), "pricing[price]")
        if price["type"] != "one_time":
            raise invalid("The price specified is recurring; invoice items take one-time prices.", "pricing[price]")
        currency = str(params.get("currency") or customer["currency"] or price["currency"]).lower()
        if currency not in price["currency_options"]:
            currency = price["currency"]
        amount = amount_for(price, quantity, currency)
        return {"price": price, "currency": currency, "amount": amount, "quantity": quantity}
    if "price_data" in params:
        price = build(account, params["price_data"], prefix="price_data ")
        price["_hidden"] = True
        account.add(price)
        amount = amount_for(price, quantity, price["currency"])
        return {"price": price, "currency": price["currency"], "amount": amount, "quantity": quantity}
    if "amount" not in params:
        raise ApiError("Missing required param: amount.", param="amount", code="parameter_missing")
    currency = str(params.get("currency") or customer["currency"] or "usd").lower()
    return {"price": None, "currency": currency, "amount": params["amount"], "quantity": 1}


def _item_parent(subscription_id: str, item_id: str | None) -> Object:
    details = {"subscription": subscription_id, "subscription_item": item_id}
    return {"subscription_details": details, "type": "subscription_details"}


def new_item(
    account: Account,
    customer: Object,
    sold: Object,
    params: Params,
    *,
    proration: bool = False,
    subscription: tuple[str, str] | None = None,
) -> Object:
    """An invoice item, not kept yet."""
    price, now = sold["price"], account.now()
    period = params.get("period") or {"start": now, "end": now}
    return {
        "id": account.new_id("ii"),
        "object": "invoiceitem",
        "amount": sold["amount"],
        "currency": sold["currency"],
        "customer": customer["id"],
        "customer_account": None,
        "date": now,
        "description": params.get("description") or (product_name(account, price) if price else None),
        "discountable": params.get("discountable", True),
        "discounts": [],
        "invoice": None,
        "livemode": False,
        "metadata": merge_metadata({}, params.get("metadata")),
        "net_amount": sold["amount"],
        "parent": _item_parent(*subscription) if subscription else None,
        "period": {"start": period["start"], "end": period["end"]},
        "pricing": {
            "price_details": {"price": price["id"], "product": price["product"]},
            "type": "price_details",
            "unit_amount_decimal": price["currency_options"][sold["currency"]]["unit_amount_decimal"],
        }
        if price
        else None,
        "proration": proration,
        "proration_details": {"credited_items": None, "discount_amounts": []} if proration else None,
        "quantity": sold["quantity"],
        "quantity_decimal": str(sold["quantity"]),
        "tax_rates": usable(account, params.get("tax_rates"), "tax_rates"),
        "test_clock": account.clock_id,
    }


def update_item(account: Account, params: Params, item_id: str) -> Object:
    item = account.get("invoiceitem", item_id)
    for name in set(params) - {"amount", "description", "metadata", "discountable"}:
        raise invalid(f"The local Stripe does not change {name} of invoice items.", name)
    if item["invoice"] is not None:
        raise ApiError("This item is on an invoice already; it cannot be changed.", code="invoice_not_editable")
    for name in ("amount", "description", "discountable"):
        if name in params:
            item[name] = params[name]
    item["metadata"] = merge_metadata(item["metadata"], params.get("metadata"))
    return account.save(item)


crud("InvoiceItem", "/v1/invoiceitems", kind="invoiceitem", create=create_item, update=update_item)


@route("GET", "/v1/invoiceitems", "InvoiceItemListParams")
def list_items(account: Account, params: Params) -> Object:
    pending = params.pop("pending", False)
    if pending and "customer" not in params:
        raise invalid("The local Stripe lists pending items of one customer only.", "pending")
    extra = {"pending": params["customer"]} if pending else {}
    return page(account, "invoiceitem", "/v1/invoiceitems", params, "customer", "invoice", **extra)


@route("DELETE", "/v1/invoiceitems/{}", "InvoiceItemDeleteParams")
def delete_item(account: Account, _params: Params, item_id: str) -> Object:
    item = account.get("invoiceitem", item_id)
    if item["invoice"] is not None:
        raise ApiError("This item is on an invoice already; it cannot be deleted.", code="invoice_not_editable")
    account.emit("invoiceitem.deleted", item)
    account.store.remove(item_id)
    return {"id": item_id, "object": "invoiceitem", "deleted": True}
