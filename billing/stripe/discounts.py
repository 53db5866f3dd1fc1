"""Giving running subscriptions a coupon (docs: "Coupons and promotion codes", "Modify subscriptions")."""

from __future__ import annotations

from typing import TYPE_CHECKING

import stripe

from billing.contacts import Subscription
from billing.errors import PriceChanged, SubscriptionChanged
from billing.ids import OperationId
from billing.ports import CouponOrder, CouponPreview
from billing.stripe import reading
from billing.stripe.customers import StripeCustomers
from billing.stripe.names import noted
from billing.stripe.once import create_once
from billing.stripe.references import References
from billing.stripe.running import EXPANDED, RunningSubscriptions

if TYPE_CHECKING:
    from stripe.params import InvoiceCreatePreviewParams, SubscriptionUpdateParams

DISCOUNTED_BY = "discounted_by"  # metadata of a subscription: the operation that gave it a coupon last


class Discounts:
    """One per process; threads may share it. Errors of the library leave as they are: the caller translates them."""

    def __init__(
        self,
        client: stripe.StripeClient,
        running: RunningSubscriptions,
        references: References,
        customers: StripeCustomers,
    ) -> None:
        self._client = client
        self._running = running
        self._references = references
        self._customers = customers

    def preview(self, order: CouponOrder) -> CouponPreview:
        """See `Payments.preview_coupon`."""
        live = self._free(order)
        with_it = self._renewal(order, self._references.coupon(order.coupon))
        without = self._renewal(order, None)
        return CouponPreview(
            renews_at=reading.instant(live["items"].data[0].current_period_end),
            without=reading.money(without.total, without.currency),
            with_it=reading.money(with_it.total, with_it.currency),
        )

    def apply(self, order: CouponOrder, reviewed: CouponPreview, operation: OperationId) -> Subscription:
        """See `Payments.apply_coupon`. A repetition finds it by the operation in the subscription's metadata."""
        given = self._given_by(order, operation)
        if given is None:
            if self.preview(order) != reviewed:
                raise PriceChanged
            params: SubscriptionUpdateParams = {
                "discounts": [{"coupon": self._references.coupon(order.coupon)}],
                "proration_behavior": "none",
                "metadata": {DISCOUNTED_BY: operation},
                "expand": EXPANDED,
            }
            given = create_once(
                operation,
                "discount",
                lambda key: self._client.v1.subscriptions.update(order.subscription, params, {"idempotency_key": key}),
                lambda: self._given_by(order, operation),
            )
        return reading.subscription(given, self._customers.product_name)

    def _free(self, order: CouponOrder) -> stripe.Subscription:
        """The subscription as ordered; SubscriptionChanged also where a discount is there by now, or a change waits."""
        live = self._running.as_ordered(order)
        schedule = reading.schedule_of(live)
        if live.discounts or (schedule and reading.waits(schedule)):
            raise SubscriptionChanged
        return live

    def _given_by(self, order: CouponOrder, operation: OperationId) -> stripe.Subscription | None:
        live = self._running.live(order.subscription)
        return live if noted(live.metadata, DISCOUNTED_BY) == operation else None

    def _renewal(self, order: CouponOrder, coupon: str | None) -> stripe.Invoice:
        """The next invoice, with that coupon or with no discount."""
        params: InvoiceCreatePreviewParams = {"subscription": order.subscription}
        if coupon:
            params["discounts"] = [{"coupon": coupon}]
        return self._client.v1.invoices.create_preview(params)
