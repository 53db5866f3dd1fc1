"""`expand`: ids replaced by their objects, and fields that are shown only on request.

Rules from Stripe's "Expanding Responses": four levels deep, lists through `data.`, unknown ones are refused.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .account import Account, embedded
from .errors import invalid
from .objects import Object, page_of

_DEEPEST = 4

Included = Callable[[Account, Object], Any]
_INCLUDED: dict[tuple[str, str], Included] = {}


def included(kind: str, field: str) -> Callable[[Included], Included]:
    """Register a field that an object has only when it is expanded."""

    def register(read: Included) -> Included:
        _INCLUDED[kind, field] = read
        return read

    return register


def render(account: Account, body: Object, paths: list[str]) -> Object:
    """The object as it is answered, with what was asked to be expanded."""
    shown: Object = embedded(body)
    for path in paths:
        parts = path.split(".")
        if len(parts) - (parts[0] == "data") > _DEEPEST:
            raise invalid(f"You cannot expand more than {_DEEPEST} levels of a property ({path}).", "expand")
        if parts[0] == "data" and body.get("object") in ("list", "search_result"):
            for source, target in zip(body["data"], shown["data"], strict=True):
                _expand(account, source, target, parts[1:], path)
        else:
            _expand(account, body, shown, parts, path)
    return shown


def _expand(account: Account, source: Object, shown: Object, parts: list[str], path: str) -> None:
    if not parts:
        return
    name, rest = parts[0], parts[1:]
    value = _read(account, source, name, shown, path)
    if isinstance(value, list):
        pairs = [_loaded(account, entry, path) for entry in value]
        if not isinstance(shown.get(name), list) or any(isinstance(entry, str) for entry in shown[name]):
            shown[name] = [embedded(entry) for entry in pairs]
        for entry, target in zip(pairs, shown[name], strict=True):
            _expand(account, entry, target, rest, path)
    elif isinstance(value, dict):
        if not isinstance(shown.get(name), dict):
            shown[name] = embedded(value)
        _expand(account, value, shown[name], rest, path)
    elif isinstance(value, str):
        loaded = _loaded(account, value, path)
        if not isinstance(shown.get(name), dict):
            shown[name] = embedded(loaded)
        _expand(account, loaded, shown[name], rest, path)
    else:
        shown.setdefault(name, value)


def _read(account: Account, source: Object, name: str, shown: Object, path: str) -> Any:
    read = _INCLUDED.get((source.get("object", ""), name))
    if read is not None and name not in source:
        return read(account, source)
    if name not in source or name.startswith("_"):
        if shown.get("object") == "list" or source.get("object") in _OPTIONAL.get(name, ()):
            return None
        raise invalid(f"This property cannot be expanded ({path}).", "expand")
    return source[name]


_OPTIONAL = {
    "tiers": ("price",),
    "currency_options": ("price", "coupon"),
    "applies_to": ("coupon",),
    "tax": ("customer",),
    "sources": ("customer",),
    "cash_balance": ("customer",),
    "line_items": ("checkout.session",),
}


def _loaded(account: Account, value: Any, path: str) -> Object:
    if isinstance(value, dict):
        return value
    body = account.store.get(value) if isinstance(value, str) else None
    if body is None:
        raise invalid(f"This property cannot be expanded ({path}).", "expand")
    return body


@included("customer", "subscriptions")
def _subscriptions(account: Account, customer: Object) -> Object:
    found = account.matching("subscription", customer=customer["id"], ended=False)
    return page_of(found, f"/v1/customers/{customer['id']}/subscriptions")


@included("customer", "tax_ids")
def _tax_ids(account: Account, customer: Object) -> Object:
    return page_of(account.matching("tax_id", customer=customer["id"]), f"/v1/customers/{customer['id']}/tax_ids")


@included("invoice", "payments")
def _payments(account: Account, invoice: Object) -> Object:
    return page_of(account.matching("invoice_payment", invoice=invoice["id"]), "/v1/invoice_payments")


@included("invoice", "confirmation_secret")
def _confirmation_secret(account: Account, invoice: Object) -> Object | None:
    payments = [entry for entry in account.matching("invoice_payment", invoice=invoice["id"]) if entry["is_default"]]
    intent = account.store.get(payments[0]["payment"]["payment_intent"]) if payments else None
    return None if intent is None else {"client_secret": intent["client_secret"], "type": "payment_intent"}


@included("charge", "refunds")
def _refunds(account: Account, charge: Object) -> Object:
    return page_of(account.matching("refund", charge=charge["id"]), f"/v1/charges/{charge['id']}/refunds")
