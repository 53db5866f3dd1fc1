"""Every answer has the fields that the SDK's resource classes declare as required, at any depth."""

from __future__ import annotations

import typing
from typing import Any

from stripe._object_classes import get_object_class

from tests.sandbox.stripe.local import DAY, Local


def missing_fields(body: Any, declared: Any, where: str) -> list[str]:
    """Names of required fields (not Optional in the SDK's class) that are absent or null."""
    found = []
    inner = getattr(declared, "_inner_class_types", {}) if declared is not None else {}
    for name, kind in (getattr(declared, "__annotations__", {}) if declared is not None else {}).items():
        if name.startswith("_") or typing.get_origin(kind) is typing.ClassVar:
            continue
        if not _optional(kind) and body.get(name) is None:
            found.append(f"{where}.{name}")
    for name, value in body.items():
        for number, entry in enumerate(value if isinstance(value, list) else [value]):
            if isinstance(entry, dict):
                path = f"{where}.{name}[{number}]" if isinstance(value, list) else f"{where}.{name}"
                found += missing_fields(entry, _class_of(entry, inner.get(name)), path)
    return found


def _optional(kind: Any) -> bool:
    if isinstance(kind, str):
        return kind.startswith("Optional[")
    return type(None) in typing.get_args(kind)


def _class_of(entry: dict[str, Any], declared: Any) -> Any:
    kind = entry.get("object")
    if isinstance(kind, str) and kind != "list":
        return get_object_class("V1", kind)
    return declared


def test_each_object_has_all_that_its_class_requires(local: Local) -> None:
    v1 = local.v1
    customer = local.customer()
    v1.customers.tax_ids.create(customer.id, {"type": "eu_vat", "value": "DE123456789"})
    v1.customers.balance_transactions.create(customer.id, {"amount": -100, "currency": "eur"})
    coupon = v1.coupons.create({"percent_off": 10, "duration": "forever"})
    code = v1.promotion_codes.create({"promotion": {"type": "coupon", "coupon": coupon.id}, "code": "WELCOME"})
    rate = v1.tax_rates.create({"display_name": "VAT", "percentage": 19, "inclusive": False})
    price = local.price(2000)
    subscription = local.subscribe(
        customer, price, default_tax_rates=[rate.id], discounts=[{"promotion_code": code.id}]
    )
    local.price(500, "once")
    v1.invoice_items.create({"customer": customer.id, "amount": 700, "currency": "eur", "description": "Setup"})
    v1.subscriptions.update(subscription.id, {"items": [{"id": subscription["items"].data[0].id, "quantity": 3}]})
    schedule = {"items": [{"price": price.id}], "duration": {"interval": "month"}}
    v1.subscription_schedules.create({"customer": customer.id, "start_date": local.now() + DAY, "phases": [schedule]})
    v1.checkout.sessions.create({"mode": "setup", "currency": "eur", "success_url": "https://example.com/ok"})
    v1.setup_intents.create({"customer": customer.id, "payment_method": "pm_card_visa", "confirm": True})
    v1.webhook_endpoints.create({"url": "http://127.0.0.1:9/hook", "enabled_events": ["product.deleted"]})
    charge = v1.charges.list({"customer": customer.id}).data[0]
    v1.refunds.create({"charge": charge.id, "amount": 100})
    local.advance(40)

    seen = set()
    lists = [
        v1.customers, v1.products, v1.prices, v1.coupons, v1.promotion_codes, v1.tax_rates, v1.subscriptions,
        v1.subscription_schedules, v1.invoices, v1.invoice_items, v1.invoice_payments, v1.payment_intents, v1.charges,
        v1.refunds, v1.setup_intents, v1.checkout.sessions, v1.webhook_endpoints, v1.events, v1.payment_methods,
    ]  # fmt: skip
    bodies = [entry.to_dict() for service in lists for entry in service.list({"limit": 100}).data]
    bodies += [entry.to_dict() for entry in v1.customers.tax_ids.list(customer.id).data]
    bodies += [entry.to_dict() for entry in v1.customers.balance_transactions.list(customer.id).data]
    bodies += [v1.subscriptions.retrieve(subscription.id, {"expand": ["discounts"]}).discounts[0].to_dict()]
    bodies += [v1.invoices.create_preview({"customer": customer.id, "subscription": subscription.id}).to_dict()]
    problems = set()
    for body in bodies:
        seen.add(body["object"])
        problems.update(missing_fields(body, get_object_class("V1", body["object"]), body["object"]))
    assert not problems
    assert len(seen) == 22


def test_an_object_that_lacks_a_required_field_is_noticed() -> None:
    complete = {"id": "txr_1", "object": "tax_rate", "active": True, "created": 1, "display_name": "VAT"}
    complete |= {"inclusive": False, "livemode": False, "percentage": 19.0}
    assert missing_fields(complete, get_object_class("V1", "tax_rate"), "tax_rate") == []
    del complete["percentage"]
    assert missing_fields(complete, get_object_class("V1", "tax_rate"), "tax_rate") == ["tax_rate.percentage"]
