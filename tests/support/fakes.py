"""Fakes of the domain's ports."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from billing.catalogue import Catalogue
from billing.contacts import (
    CustomerSnapshot,
    Invoice,
    InvoiceStatus,
    PaymentMethod,
    Subscription,
    SubscriptionItem,
    SubscriptionStatus,
)
from billing.ids import CustomerId, InvoiceId, OperationId, SubscriptionId
from billing.money import Money
from billing.ports import SetupLink, StartedSubscription, SubscriptionOrder


@dataclass(frozen=True)
class Call:
    """One call of the port, also one that failed."""

    name: str
    arguments: tuple[object, ...]


@dataclass
class FakePayments:
    """Stripe in memory: idempotent by operation, and going wrong on request.

    `fails` are raised by the next calls, one each, before anything is done; `fails_after` likewise, but after the work
    is done, as when the connection breaks on the way back.
    """

    catalogue: Catalogue
    now: datetime
    fails: deque[Exception] = field(default_factory=deque)
    fails_after: deque[Exception] = field(default_factory=deque)
    calls: list[Call] = field(default_factory=list)
    started: dict[OperationId, StartedSubscription] = field(default_factory=dict)
    links: dict[OperationId, SetupLink] = field(default_factory=dict)
    methods: dict[str, PaymentMethod] = field(default_factory=dict)  # by session: what the customer added
    snapshots: dict[CustomerId, CustomerSnapshot] = field(default_factory=dict)

    def start_subscription(
        self, order: SubscriptionOrder, operation: OperationId, accepted_at: datetime
    ) -> StartedSubscription:
        self._called("start_subscription", order, operation, accepted_at)
        if operation not in self.started:
            self.started[operation] = self._start(order, len(self.started) + 1)
        self._work_is_done()
        return self.started[operation]

    def send_setup_link(self, customer: CustomerId, operation: OperationId, accepted_at: datetime) -> SetupLink:
        self._called("send_setup_link", customer, operation, accepted_at)
        if operation not in self.links:
            session = f"cs_test_{len(self.links) + 1}"
            self.links[operation] = SetupLink(
                session=session,
                url=f"https://checkout.stripe.example/{session}",
                expires_at=self.now + timedelta(hours=24),
            )
        self._work_is_done()
        return self.links[operation]

    def method_from_setup(self, session: str) -> PaymentMethod | None:
        self._called("method_from_setup", session)
        return self.methods.get(session)

    def snapshot(self, customer: CustomerId) -> CustomerSnapshot | None:
        self._called("snapshot", customer)
        return self.snapshots.get(customer)

    def called(self, name: str) -> int:
        """How often."""
        return sum(call.name == name for call in self.calls)

    def _called(self, name: str, *arguments: object) -> None:
        self.calls.append(Call(name, arguments))
        if self.fails:
            raise self.fails.popleft()

    def _work_is_done(self) -> None:
        if self.fails_after:
            raise self.fails_after.popleft()

    def _start(self, order: SubscriptionOrder, number: int) -> StartedSubscription:
        assert order.payment_method, "a subscription starts with a payment method"
        price = self.catalogue.recurring_price(order.price)
        later = order.starts_at is not None
        subscription = Subscription(
            id=SubscriptionId(f"sub_sched_{number}" if later else f"sub_{number}"),
            status=SubscriptionStatus.SCHEDULED if later else SubscriptionStatus.ACTIVE,
            items=(
                SubscriptionItem(
                    product=price.label.en, price=price.lookup_key, quantity=order.quantity, unit_amount=price.unit
                ),
            ),
            interval=price.interval,
            interval_count=price.interval_count,
            discount=order.coupon,
            payment_method=order.payment_method,
            started_at=order.starts_at or self.now,
        )
        return StartedSubscription(
            subscription=subscription,
            invoice=None if later else self._paid(order.first_payment, subscription.id, number),
        )

    def _paid(self, amount: Money, subscription: SubscriptionId, number: int) -> Invoice:
        return Invoice(
            id=InvoiceId(f"in_{number}"),
            number=f"FAKE-{number:04}",
            status=InvoiceStatus.PAID,
            total=amount,
            due=Money.zero(amount.currency),
            created_at=self.now,
            subscription=subscription,
            url=f"https://invoice.stripe.example/in_{number}",
        )
