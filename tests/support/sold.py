"""Subscriptions of one item, for tests that do not care about more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from billing.contacts import SubscriptionItem


def with_item(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a subscription; what is an item's becomes its one item, unless it has `items`."""
    own = {name: value for name, value in fields.items() if name not in SubscriptionItem.model_fields}
    item = {name: value for name, value in fields.items() if name in SubscriptionItem.model_fields}
    return {"items": (SubscriptionItem(**item),)} | own
