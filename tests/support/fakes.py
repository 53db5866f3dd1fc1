"""Fakes of the domain's ports."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from billing.billing_contacts.model import BillTo
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
from billing.errors import (
    AmountDiffers,
    AmountDue,
    ChangeWaits,
    Declined,
    InvoiceNotOpen,
    Misconfigured,
    PriceChanged,
    SubscriptionChanged,
    UnknownContact,
)
from billing.ids import CustomerId, InvoiceId, OperationId, ScheduleId, SubscriptionId
from billing.money import Money, minor_digits
from billing.plans import Item
from billing.ports import (
    ChangedSubscription,
    ChangeLine,
    ChangeOrder,
    ChangePreview,
    CouponOrder,
    CouponPreview,
    PaymentOrder,
    ScheduledChange,
    SetupLink,
    StartedSubscription,
    SubscriptionOrder,
)
from tests.support.fake_invoices import FakeInvoices


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
    subscriptions: dict[SubscriptionId, Subscription] = field(default_factory=dict)  # those that can be changed
    declines: str | None = None  # by which code the bank refuses every change that costs something
    change_total: Money | None = None  # what a change costs now; None: 10.00 in the subscription's currency
    changed: dict[OperationId, ChangedSubscription] = field(default_factory=dict)
    scheduled: dict[OperationId, ScheduledChange] = field(default_factory=dict)
    discounted: set[OperationId] = field(default_factory=set)  # those that gave a coupon
    bill_to: dict[CustomerId, BillTo] = field(default_factory=dict)  # as it was changed last
    bill_to_by: dict[CustomerId, OperationId] = field(default_factory=dict)
    invoices: FakeInvoices = field(init=False)

    def __post_init__(self) -> None:
        self.invoices = FakeInvoices(self.now)

    paid: dict[OperationId, PaymentOrder] = field(default_factory=dict)

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

    def preview_change(self, order: ChangeOrder) -> ChangePreview:
        self._called("preview_change", order)
        preview = self._previewed(order)
        self._work_is_done()
        return preview

    def change_subscription(
        self, order: ChangeOrder, reviewed: ChangePreview | None, operation: OperationId, accepted_at: datetime
    ) -> ChangedSubscription:
        self._called("change_subscription", order, reviewed, operation, accepted_at)
        if operation not in self.changed:
            self.changed[operation] = self._change(order, reviewed)
        self._work_is_done()
        return self.changed[operation]

    def schedule_change(
        self, order: ChangeOrder, effective_at: datetime, operation: OperationId, accepted_at: datetime
    ) -> ScheduledChange:
        self._called("schedule_change", order, effective_at, operation, accepted_at)
        if operation not in self.scheduled:
            self.scheduled[operation] = self._schedule(order, effective_at)
        self._work_is_done()
        return self.scheduled[operation]

    def release_schedule(self, subscription: SubscriptionId, schedule: ScheduleId) -> Subscription:
        self._called("release_schedule", subscription, schedule)
        there = self.subscriptions[subscription]
        if there.schedule == schedule:
            self.subscriptions[subscription] = there.model_copy(update={"schedule": None})
        self._work_is_done()
        return self.subscriptions[subscription]

    def preview_coupon(self, order: CouponOrder) -> CouponPreview:
        self._called("preview_coupon", order)
        preview = self._discounted(order)
        self._work_is_done()
        return preview

    def apply_coupon(
        self, order: CouponOrder, reviewed: CouponPreview, operation: OperationId, accepted_at: datetime
    ) -> Subscription:
        self._called("apply_coupon", order, reviewed, operation, accepted_at)
        if operation not in self.discounted:
            if self._discounted(order) != reviewed:
                raise PriceChanged
            there = self.subscriptions[order.subscription]
            self.subscriptions[there.id] = there.model_copy(update={"discount": order.coupon})
            self.discounted.add(operation)
        self._work_is_done()
        return self.subscriptions[order.subscription]

    def change_bill_to(
        self, customer: CustomerId, name: str, after: BillTo, replaced_tax_id: str | None, operation: OperationId
    ) -> CustomerSnapshot:
        self._called("change_bill_to", customer, name, after, replaced_tax_id, operation)
        there = self.snapshots.get(customer)
        if there is None:
            raise UnknownContact
        self.bill_to[customer] = after
        self.bill_to_by[customer] = operation
        changed = {"name": name, "email": after.email, "address": after.address}
        self.snapshots[customer] = there.model_copy(update=changed)
        self._work_is_done()
        return self.snapshots[customer]

    def has_bill_to(self, customer: CustomerId, operation: OperationId) -> bool:
        return self.bill_to_by.get(customer) == operation

    def take_back_tax_id(self, customer: CustomerId, operation: OperationId) -> None:
        self._called("take_back_tax_id", customer, operation)

    def pay_invoice(self, order: PaymentOrder, operation: OperationId, accepted_at: datetime) -> CustomerSnapshot:
        """The snapshot has the invoice paid afterwards; the same operation pays once."""
        self._called("pay_invoice", order, operation, accepted_at)
        there = self.snapshots[order.customer]
        invoice = next((one for one in there.invoices if one.id == order.invoice), None)
        if operation not in self.paid:
            if invoice is None or not invoice.status.is_payable:
                raise InvoiceNotOpen
            if invoice.due != order.due:
                raise AmountDue(shown=order.due.amount, due=invoice.due.amount, currency=invoice.due.currency)
            self.paid[operation] = order
            done = {"status": InvoiceStatus.PAID, "due": Money.zero(invoice.due.currency), "next_attempt_at": None}
            others = (one for one in there.invoices if one.id != invoice.id)
            changed = {"payment_method": order.later}
            after = {
                "invoices": (invoice.model_copy(update=done), *others),
                "subscriptions": tuple(
                    one.model_copy(update=changed) if one.id == order.subscription else one
                    for one in there.subscriptions
                ),
            }
            self.snapshots[order.customer] = there.model_copy(update=after)
        self._work_is_done()
        return self.snapshots[order.customer]

    def invoice(self, customer: CustomerId, invoice: InvoiceId) -> Invoice | None:
        self._called("invoice", customer, invoice)
        there = self.snapshots.get(customer)
        return next((one for one in there.invoices if one.id == invoice), None) if there else None

    def keep_what_pays(self, subscription: SubscriptionId) -> None:
        self._called("keep_what_pays", subscription)

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

    def _previewed(self, order: ChangeOrder) -> ChangePreview:
        """One line, no discount and no tax: the total is the line."""
        there = self._as_ordered(order)
        currency = there.amount.currency
        ten = Money(amount=10 * 10 ** minor_digits(currency), currency=currency)
        total = ten if self.change_total is None else self.change_total
        renews_at = there.current_period_end or order.prorated_at + timedelta(days=30)
        plan = order.after[0]
        line = ChangeLine(
            price=plan.price,
            description=f"Remaining time on {plan.price}",
            quantity=plan.quantity,
            amount=total,
            since=order.prorated_at,
            until=renews_at,
        )
        return ChangePreview(
            prorated_at=order.prorated_at,
            lines=(line,),
            discount=Money.zero(currency),
            taxes=(),
            total=total,
            due=max(total, Money.zero(currency)),
            renews_at=renews_at,
            renewal=self._with_items(there, order).amount,
        )

    def _change(self, order: ChangeOrder, reviewed: ChangePreview | None) -> ChangedSubscription:
        preview = self._previewed(order)
        is_later = reviewed is not None and preview.prorated_at > reviewed.prorated_at
        if reviewed is not None and not (preview.asks_at_most(reviewed) if is_later else reviewed == preview):
            raise AmountDiffers(
                reviewed=reviewed.total.amount, charged=preview.total.amount, currency=preview.total.currency
            )
        if self.declines and reviewed and preview.due:
            raise Declined(self.declines)
        after = self._with_items(self.subscriptions[order.subscription], order)
        after = self.subscriptions[after.id] = after.model_copy(update={"schedule": None})
        number = len(self.started) + len(self.changed) + 1
        if order.payment_method:
            after = self.subscriptions[after.id] = after.model_copy(update={"payment_method": order.payment_method})
        invoice = self._paid(preview.due, after.id, number) if reviewed and preview.due else None
        return ChangedSubscription(subscription=after, invoice=invoice)

    def _schedule(self, order: ChangeOrder, effective_at: datetime) -> ScheduledChange:
        there = self._as_ordered(order)
        if there.schedule is not None:
            raise ChangeWaits
        schedule = ScheduleId(f"sub_sched_change_{len(self.scheduled) + 1}")
        waiting = self.subscriptions[there.id] = there.model_copy(update={"schedule": schedule})
        return ScheduledChange(schedule=schedule, effective_at=effective_at, subscription=waiting)

    def _discounted(self, order: CouponOrder) -> CouponPreview:
        """List prices, without tax."""
        there = self._as_ordered(order)
        if there.discount or there.schedule:
            raise SubscriptionChanged
        return CouponPreview(
            renews_at=there.current_period_end or self.now,
            without=there.amount,
            with_it=there.amount - self.catalogue.coupon(order.coupon).off(there.amount),
        )

    def _as_ordered(self, order: ChangeOrder | CouponOrder) -> Subscription:
        """The subscription, which must still be what the order says."""
        there = self.subscriptions.get(order.subscription)
        if there is None or set(self._known_items(there)) != set(order.before):
            raise SubscriptionChanged
        return there

    def _known_items(self, subscription: Subscription) -> Iterator[Item]:
        for item in subscription.items:
            if item.price and self.catalogue.sold(item.price):
                yield Item(price=item.price, quantity=item.quantity)

    def _with_items(self, there: Subscription, order: ChangeOrder) -> Subscription:
        """Items that the catalogue does not know stay, and so does the amount of a price that stays."""
        own = {item.price: item for item in there.items}
        foreign = tuple(item for item in there.items if not item.price or not self.catalogue.sold(item.price))
        after = (
            own[one.price].model_copy(update={"quantity": one.quantity}) if one.price in own else self._sold(one)
            for one in order.after
        )
        return there.model_copy(update={"items": (*after, *foreign)})

    def _sold(self, item: Item) -> SubscriptionItem:
        price = self.catalogue.sold(item.price)
        if price is None:
            raise Misconfigured(price=item.price)
        return SubscriptionItem(
            product=price.label.en, price=price.lookup_key, quantity=item.quantity, unit_amount=price.unit
        )

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
            invoice=None if later else self._first(order, subscription.id, number),
        )

    def _first(self, order: SubscriptionOrder, subscription: SubscriptionId, number: int) -> Invoice:
        """Settled with the balance that the order knows of."""
        invoice = self._paid(order.first_payment, subscription, number)
        return invoice if order.charge is None else invoice.model_copy(update={"paid": order.charge.amount})

    def _paid(self, amount: Money, subscription: SubscriptionId, number: int) -> Invoice:
        return Invoice(
            id=InvoiceId(f"in_first_{number}"),
            number=f"FAKE-{number:04}",
            status=InvoiceStatus.PAID,
            total=amount,
            paid=amount.amount,
            due=Money.zero(amount.currency),
            created_at=self.now,
            subscription=subscription,
            url=f"https://invoice.stripe.example/in_{number}",
        )
