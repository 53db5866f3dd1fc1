"""Stripe's list of events, for those that were never delivered. Stripe keeps them for 30 days."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

import stripe

from billing.ports import StripeEvent
from billing.stripe.customers import PAGE
from billing.stripe.events import from_event
from billing.stripe.failures import translated

if TYPE_CHECKING:
    from stripe.params import EventListParams


class StripeEventLog:
    """`billing.syncs.EventLog`."""

    def __init__(self, client: stripe.StripeClient) -> None:
        self._client = client

    def between(self, since: datetime, until: datetime) -> Iterator[tuple[StripeEvent, ...]]:
        """Newest first, a hundred at a time."""
        created = {"gte": int(since.timestamp()), "lte": int(until.timestamp())}
        after: str | None = None
        more = True
        while more:
            params: EventListParams = {"limit": PAGE, "created": created}  # type: ignore[typeddict-item]  # a plain dict
            if after:
                params["starting_after"] = after
            with translated():
                page = self._client.v1.events.list(params)
            yield tuple(from_event(event.to_dict()) for event in page.data)
            more = page.has_more and bool(page.data)
            after = page.data[-1].id if page.data else None
