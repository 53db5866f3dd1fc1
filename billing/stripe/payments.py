"""Stripe as the domain needs it: the port `Payments`, with the official library."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

import stripe

from billing.billing_contacts.model import BillTo
from billing.catalogue import Catalogue
from billing.contacts import CustomerSnapshot, Invoice, PaymentMethod, Subscription
from billing.errors import AmountDiffers, UnknownContact
from billing.ids import CustomerId, InvoiceId, OperationId, ScheduleId, SubscriptionId
from billing.ports import (
    ChangedSubscription,
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
from billing.stripe import reading
from billing.stripe.bill_to import change_bill_to, has_bill_to, take_back_tax_id
from billing.stripe.collecting import Collecting
from billing.stripe.customers import PAGE, StripeCustomers
from billing.stripe.discounts import Discounts
from billing.stripe.failures import translated
from billing.stripe.invoices import StripeInvoices
from billing.stripe.names import OPERATION, noted
from billing.stripe.once import create_once
from billing.stripe.plan_changes import PlanChanges
from billing.stripe.references import Reference, References
from billing.stripe.running import RunningSubscriptions

if TYPE_CHECKING:
    from stripe.params import (
        InvoiceCreatePreviewParams,
        SubscriptionCreateParams,
        SubscriptionScheduleCreateParams,
    )

T = TypeVar("T", stripe.Subscription, stripe.SubscriptionSchedule)

# Stripe forgets idempotency keys 24 hours after the first call; after this long we no longer count on them.
KEYS_ARE_KEPT = timedelta(hours=23)


class StripePayments:
    """One per process; threads may share it."""

    def __init__(
        self,
        client: stripe.StripeClient,
        catalogue: Catalogue,
        *,
        success_url: str,
        cancel_url: str,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`success_url` and `cancel_url` are where the customer lands after adding a payment method, or not."""
        self._client = client
        self._catalogue = catalogue
        self._success_url = success_url
        self._cancel_url = cancel_url
        self._clock = clock
        self._customers = StripeCustomers(client, catalogue, clock)
        self._references = References(client, catalogue, time.monotonic)
        self.invoices = StripeInvoices(client, self._references, clock)
        running = RunningSubscriptions(client, catalogue)
        self._changes = PlanChanges(client, catalogue, running, self._references, self._customers)
        self._discounts = Discounts(client, running, self._references, self._customers)
        self._collecting = Collecting(client)

    # --- subscriptions ------------------------------------------------------------------------------------------------

    def start_subscription(
        self, order: SubscriptionOrder, operation: OperationId, accepted_at: datetime
    ) -> StartedSubscription:
        """See `Payments`. Looks first for what an earlier attempt made, however long ago that was.

        So a repetition never meets a preview that changed after the subscription began.
        """
        del accepted_at  # looking first is right at any age
        if order.payment_method is None:
            raise ValueError("a subscription starts with a payment method on file (H31)")
        with translated():
            start = self._start_now if order.starts_at is None else self._start_later
            return start(order, operation)

    def _start_now(self, order: SubscriptionOrder, operation: OperationId) -> StartedSubscription:
        def find() -> stripe.Subscription | None:
            return self._subscription_of(order.customer, operation)

        found = find()
        if found is None:
            params = _subscription_params(order, operation, self._agreed(order))
            found = create_once(
                operation,
                "subscription",
                lambda key: self._client.v1.subscriptions.create(params, {"idempotency_key": key}),
                find,
            )
        return self._started(found)

    def _start_later(self, order: SubscriptionOrder, operation: OperationId) -> StartedSubscription:
        def find() -> stripe.SubscriptionSchedule | None:
            return self._schedule_of(order.customer, operation)

        found = find()
        if found is None:
            price = self._catalogue.recurring_price(order.price)
            cycle = (price.interval.value, price.interval_count)
            params = _schedule_params(order, operation, self._agreed(order), cycle)
            found = create_once(
                operation,
                "schedule",
                lambda key: self._client.v1.subscription_schedules.create(params, {"idempotency_key": key}),
                find,
            )
        return StartedSubscription(
            subscription=reading.scheduled(found, self._customers.product_name),
            invoice=None,
        )

    def _started(self, found: stripe.Subscription) -> StartedSubscription:
        latest = found.latest_invoice
        return StartedSubscription(
            subscription=reading.subscription(found, self._customers.product_name),
            invoice=reading.invoice(latest) if isinstance(latest, stripe.Invoice) else None,
        )

    def _agreed(self, order: SubscriptionOrder) -> Reference:
        """What the order names at Stripe, when Stripe's own preview is what the person reviewed. Else AmountDiffers."""
        reference = self._references.resolve(order.price, order.coupon, order.tax_rates)
        try:
            preview = self._preview(order, reference)
        except stripe.InvalidRequestError:
            # What was remembered may have been archived since: look again, once.
            self._references.forget()
            reference = self._references.resolve(order.price, order.coupon, order.tax_rates)
            preview = self._preview(order, reference)
        # Of what is too little to charge Stripe asks nothing now, and adds it to the balance: that is no difference.
        charge = max(preview.total + preview.starting_balance, 0)
        for reviewed, found in ((order.charge, charge), (order.first_payment, preview.total)):
            if reviewed is not None and reviewed != reading.money(found, preview.currency):
                self._references.forget()
                raise AmountDiffers(reviewed=reviewed.amount, charged=found, currency=reviewed.currency)
        return reference

    def _preview(self, order: SubscriptionOrder, reference: Reference) -> stripe.Invoice:
        """The first payment as Stripe would charge it. A later start changes nothing about the amount.

        With a fixed billing day it counts from the moment from which the subscription will: the amount is the same at
        every second of the day.
        """
        params: InvoiceCreatePreviewParams = {
            "customer": order.customer,
            "currency": order.first_payment.currency.lower(),
            "subscription_details": {
                "items": [{"price": reference.price, "quantity": order.quantity}],
                "default_tax_rates": list(reference.tax_rates),
            },
        }
        if order.billed_from and order.anchor:
            params["subscription_details"] |= {
                "start_date": int(order.billed_from.timestamp()),
                "billing_cycle_anchor": {"type": "timestamp", "timestamp": int(order.anchor.timestamp())},
                "proration_behavior": "create_prorations",
                "billing_mode": {"type": "flexible", "flexible": {"proration_discounts": "itemized"}},
            }
        if reference.coupon:
            params["discounts"] = [{"coupon": reference.coupon}]
        return self._client.v1.invoices.create_preview(params)

    def _subscription_of(self, customer: CustomerId, operation: OperationId) -> stripe.Subscription | None:
        """Also one that was cancelled since: the operation is done all the same."""
        found = self._client.v1.subscriptions.list(
            {
                "customer": customer,
                "status": "all",
                "limit": PAGE,
                "expand": ["data.discounts", "data.latest_invoice", "data.schedule"],
            }
        )
        return _made_by(operation, found.auto_paging_iter())

    def _schedule_of(self, customer: CustomerId, operation: OperationId) -> stripe.SubscriptionSchedule | None:
        found = self._client.v1.subscription_schedules.list(
            {"customer": customer, "limit": PAGE, "expand": ["data.phases.items.price"]}
        )
        return _made_by(operation, found.auto_paging_iter())

    # --- changes of running subscriptions -----------------------------------------------------------------------------

    def preview_change(self, order: ChangeOrder) -> ChangePreview:
        with translated():
            return self._changes.preview(order)

    def change_subscription(
        self, order: ChangeOrder, reviewed: ChangePreview | None, operation: OperationId, accepted_at: datetime
    ) -> ChangedSubscription:
        """See `Payments`. Looks first for what an earlier attempt did, however long ago that was."""
        del accepted_at
        with translated():
            return self._changes.change(order, reviewed, operation)

    def schedule_change(
        self, order: ChangeOrder, effective_at: datetime, operation: OperationId, accepted_at: datetime
    ) -> ScheduledChange:
        with translated():
            return self._changes.schedule(order, effective_at, operation, accepted_at)

    def release_schedule(self, subscription: SubscriptionId, schedule: ScheduleId) -> Subscription:
        with translated():
            return reading.subscription(self._changes.release(subscription, schedule), self._customers.product_name)

    def preview_coupon(self, order: CouponOrder) -> CouponPreview:
        with translated():
            return self._discounts.preview(order)

    def apply_coupon(
        self, order: CouponOrder, reviewed: CouponPreview, operation: OperationId, accepted_at: datetime
    ) -> Subscription:
        """See `Payments`. Looks first for what an earlier attempt did, however long ago that was."""
        del accepted_at
        with translated():
            return self._discounts.apply(order, reviewed, operation)

    # --- open invoices ------------------------------------------------------------------------------------------------

    def pay_invoice(self, order: PaymentOrder, operation: OperationId, accepted_at: datetime) -> CustomerSnapshot:
        del accepted_at
        with translated():
            self._collecting.pay(order, operation)
        snapshot = self.snapshot(order.customer)
        if snapshot is None:
            raise UnknownContact
        return snapshot

    def invoice(self, customer: CustomerId, invoice: InvoiceId) -> Invoice | None:
        with translated():
            return self._collecting.invoice(customer, invoice)

    def keep_what_pays(self, subscription: SubscriptionId) -> None:
        with translated():
            self._collecting.keep_what_pays(subscription)

    # --- payment methods ----------------------------------------------------------------------------------------------

    def send_setup_link(self, customer: CustomerId, operation: OperationId, accepted_at: datetime) -> SetupLink:
        """A page of Stripe's for the customer to add a card on; it is good for 24 hours.

        After 23 hours an earlier page is looked for: one that ran out is followed by a new one.
        """

        def find() -> stripe.checkout.Session | None:
            made = self._sessions_of(customer, operation)
            return next((session for session in made if session.status != "expired"), None)

        with translated():
            is_late = self._clock() - accepted_at > KEYS_ARE_KEPT
            found = find() if is_late else None
            if found is None:
                call = f"setup-{len(self._sessions_of(customer, operation))}" if is_late else "setup"
                found = create_once(operation, call, lambda key: self._create_session(customer, operation, key), find)
        return SetupLink(session=found.id, url=found.url or "", expires_at=reading.instant(found.expires_at))

    def method_from_setup(self, session: str) -> PaymentMethod | None:
        """The payment method that the customer added on the hosted page; None while they did not."""
        with translated():
            found = self._client.v1.checkout.sessions.retrieve(session, {"expand": ["setup_intent.payment_method"]})
        intent = found.setup_intent
        if not isinstance(intent, stripe.SetupIntent) or intent.status != "succeeded":
            return None
        method = intent.payment_method
        return reading.payment_method(method) if isinstance(method, stripe.PaymentMethod) else None

    def change_bill_to(
        self, customer: CustomerId, name: str, after: BillTo, replaced_tax_id: str | None, operation: OperationId
    ) -> CustomerSnapshot:
        """See `Payments`. Setting the same values again has no other effect, so there is no idempotency key."""
        with translated():
            change_bill_to(self._client, customer, name, after, replaced_tax_id, operation)
        snapshot = self.snapshot(customer)
        if snapshot is None:
            raise UnknownContact
        return snapshot

    def has_bill_to(self, customer: CustomerId, operation: OperationId) -> bool:
        """See `Payments`."""
        with translated():
            return has_bill_to(self._client, customer, operation)

    def take_back_tax_id(self, customer: CustomerId, operation: OperationId) -> None:
        """See `Payments`."""
        with translated():
            take_back_tax_id(self._client, customer, operation)

    def snapshot(self, customer: CustomerId) -> CustomerSnapshot | None:
        """Everything the mirror keeps, also what is left of a deleted customer; None for an unknown one."""
        return self._customers.snapshot(customer)

    def _create_session(self, customer: CustomerId, operation: OperationId, key: str) -> stripe.checkout.Session:
        """Stripe offers what suits the currency. Without `expires_at`, for the parameters of a repetition must be those
        of the first call, and 24 hours is the default.
        """
        currency = self._client.v1.customers.retrieve(customer).currency or self._catalogue.business.currency
        return self._client.v1.checkout.sessions.create(
            {
                "mode": "setup",
                "customer": customer,
                "currency": currency.lower(),
                "success_url": self._success_url,
                "cancel_url": self._cancel_url,
                "metadata": {OPERATION: operation},
                "setup_intent_data": {"metadata": {OPERATION: operation}},
            },
            {"idempotency_key": key},
        )

    def _sessions_of(self, customer: CustomerId, operation: OperationId) -> list[stripe.checkout.Session]:
        found = self._client.v1.checkout.sessions.list({"customer": customer, "limit": PAGE})
        return [one for one in found.auto_paging_iter() if noted(one.metadata, OPERATION) == operation]


def _subscription_params(
    order: SubscriptionOrder, operation: OperationId, reference: Reference
) -> SubscriptionCreateParams:
    """Nothing is started unless the first payment succeeds (H30, H31)."""
    params: SubscriptionCreateParams = {
        "customer": order.customer,
        "items": [{"price": reference.price, "quantity": order.quantity}],
        "default_tax_rates": list(reference.tax_rates),
        "default_payment_method": str(order.payment_method),
        "collection_method": "charge_automatically",
        "payment_behavior": "error_if_incomplete",
        "off_session": True,
        "metadata": {OPERATION: operation},
        "expand": ["discounts", "latest_invoice"],
    }
    if reference.coupon:
        params["discounts"] = [{"coupon": reference.coupon}]
    if order.billed_from and order.anchor:
        # See `billing.billing_days`. Itemized: prorated amount and discount are two lines, each rounded by itself.
        params["backdate_start_date"] = int(order.billed_from.timestamp())
        params["billing_cycle_anchor"] = int(order.anchor.timestamp())
        params["proration_behavior"] = "create_prorations"
        params["billing_mode"] = {"type": "flexible", "flexible": {"proration_discounts": "itemized"}}
    return params


def _schedule_params(
    order: SubscriptionOrder, operation: OperationId, reference: Reference, cycle: tuple[str, int]
) -> SubscriptionScheduleCreateParams:
    """One phase of one cycle, and then on and on as an ordinary subscription."""
    assert order.starts_at is not None
    interval, count = cycle
    return {
        "customer": order.customer,
        "start_date": int(order.starts_at.timestamp()),
        "end_behavior": "release",
        "default_settings": {
            "collection_method": "charge_automatically",
            "default_payment_method": str(order.payment_method),
        },
        "phases": [
            {
                "items": [{"price": reference.price, "quantity": order.quantity}],
                "duration": {"interval": interval, "interval_count": count},
                "default_tax_rates": list(reference.tax_rates),
                "discounts": [{"coupon": reference.coupon}] if reference.coupon else "",
                "metadata": {OPERATION: operation},
            }
        ],
        "metadata": {OPERATION: operation},
        "expand": ["phases.items.price"],
    }


def _made_by(operation: OperationId, objects: Iterable[T]) -> T | None:
    return next((one for one in objects if noted(one.metadata, OPERATION) == operation), None)
