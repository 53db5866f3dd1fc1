"""What every object has in common: ids, list envelopes, private fields, metadata."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

Object = dict[str, Any]
"""One JSON object as it goes over the wire. Keys that start with an underscore stay inside."""

API_VERSION = "2026-10-28.endive"
"""The API version whose shapes we answer with: the one that the SDK (stripe 16) pins."""

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

NOUNS = {
    "checkout.session": "checkout.session",
    "invoiceitem": "invoiceitem",
    "payment_method": "PaymentMethod",
    "promotion_code": "promotion code",
    "tax_rate": "tax rate",
    "webhook_endpoint": "webhook endpoint",
    "subscription_schedule": "subscription schedule",
    "subscription_item": "subscription item",
}
"""How Stripe's messages call an object type where that differs from the type's own name."""


def new_id(prefix: str, length: int = 24) -> str:
    """A random id such as `cus_Nf8sV2lJt0qYw3` (62^length possibilities, never reused)."""
    return prefix + "_" + "".join(_ALPHABET[byte % 62] for byte in os.urandom(length))


def page_of(data: list[Object], url: str, *, has_more: bool = False) -> Object:
    """The list envelope."""
    return {"object": "list", "data": data, "has_more": has_more, "url": url}


def nested_list(data: Iterable[Object], url: str) -> Object:
    """A list inside an object (subscription items, invoice lines), which also counts."""
    entries = list(data)
    return {"object": "list", "data": entries, "has_more": False, "total_count": len(entries), "url": url}


def public(value: Any) -> Any:
    """The value without private fields, at any depth (a copy)."""
    if isinstance(value, dict):
        return {key: public(entry) for key, entry in value.items() if key[:1] != "_"}
    if isinstance(value, list):
        return [public(entry) for entry in value]
    return value


def merge_metadata(old: dict[str, str] | None, change: dict[str, str] | str | None) -> dict[str, str]:
    """Stripe's rule: keys are merged, an empty value removes its key, an empty string removes all."""
    if change is None:
        return dict(old or {})
    if isinstance(change, str):
        return {}
    merged = {**(old or {}), **change}
    return {key: value for key, value in merged.items() if value != ""}


def id_of(value: Any) -> str:
    """The id of something that is either an id or an embedded object."""
    return str(value["id"]) if isinstance(value, dict) else str(value)


_ADDRESS = ("city", "country", "line1", "line2", "postal_code", "state")


def address(sent: Any) -> Object | None:
    """A full address hash, with null for what was left out; None for an unset one."""
    return {name: (sent or {}).get(name) or None for name in _ADDRESS} if sent else None
