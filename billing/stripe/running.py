"""Running subscriptions as they are at Stripe now, and whether they still are what an order was made for."""

from __future__ import annotations

from collections import Counter

import stripe

from billing.catalogue import Catalogue
from billing.errors import SubscriptionChanged
from billing.ids import SubscriptionId
from billing.plans import Item
from billing.ports import ChangeOrder, CouponOrder
from billing.stripe import reading

EXPANDED = ["discounts", "latest_invoice", "schedule"]


class RunningSubscriptions:
    """One per process; threads may share it."""

    def __init__(self, client: stripe.StripeClient, catalogue: Catalogue) -> None:
        self._client = client
        self._catalogue = catalogue

    def live(self, subscription: SubscriptionId) -> stripe.Subscription:
        return self._client.v1.subscriptions.retrieve(subscription, {"expand": EXPANDED})

    def as_ordered(self, order: ChangeOrder | CouponOrder) -> stripe.Subscription:
        """The subscription, which must still be what the order was made for."""
        live = self.live(order.subscription)
        self.check(order, live)
        return live

    def check(self, order: ChangeOrder | CouponOrder, live: stripe.Subscription) -> None:
        """Raises SubscriptionChanged for another customer's, for other items of the catalogue's, and for one that ends:
        changing it would take its cancellation back (GX9).
        """
        known = [self.sold(item) for item in live["items"].data]
        is_theirs = reading.identifier(live.customer) == order.customer
        ends = live.cancel_at_period_end or live.cancel_at is not None
        if not is_theirs or ends or Counter(one for one in known if one) != Counter(order.before):
            raise SubscriptionChanged

    def sold(self, item: stripe.SubscriptionItem) -> Item | None:
        """What the item is in the catalogue; None for what it does not know."""
        key = reading.price_name(item.price)
        return Item(price=key, quantity=item.quantity or 1) if key and self._catalogue.sold(key) else None
