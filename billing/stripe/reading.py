"""From Stripe's objects to ours."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime

import stripe

from billing.contacts import (
    Address,
    Invoice,
    InvoiceStatus,
    PaymentMethod,
    Subscription,
    SubscriptionItem,
    SubscriptionStatus,
)
from billing.ids import InvoiceId, LookupKey, PaymentMethodId, ScheduleId, SubscriptionId
from billing.money import Money
from billing.stripe.names import CATALOGUE, code_of, noted

ProductName = Callable[[stripe.Price], str]


def instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def instant_or_none(seconds: int | None) -> datetime | None:
    return None if seconds is None else instant(seconds)


def identifier(reference: object) -> str | None:
    """The id of what may be an id or the object itself."""
    if reference is None or isinstance(reference, str):
        return reference
    return str(reference.id)  # type: ignore[attr-defined]  # every expandable object of Stripe's has an id


def money(amount: int | None, currency: str) -> Money:
    return Money(amount=amount or 0, currency=currency)


def address(found: stripe.Customer.Address | None) -> Address | None:
    """None without a country: such an address says nothing about tax."""
    if found is None or not found.country:
        return None
    return Address(
        line1=found.line1 or "",
        line2=found.line2 or "",
        postal_code=found.postal_code or "",
        city=found.city or "",
        state=found.state or "",
        country=found.country,
    )


def payment_methods(found: Iterable[stripe.PaymentMethod], default: str | None) -> tuple[PaymentMethod, ...]:
    """The default first, then as Stripe has them: newest first."""
    methods = [payment_method(method, default) for method in found]
    return tuple(sorted(methods, key=lambda method: not method.default))


def payment_method(method: stripe.PaymentMethod, default: str | None = None) -> PaymentMethod:
    """Brand, last four and expiry: nothing else of a card is ever read (HX5)."""
    if card := getattr(method, "card", None):
        brand, last4, month, year = card.brand, card.last4, card.exp_month, card.exp_year
    else:
        details = getattr(method, method.type, None)
        brand, last4, month, year = method.type, getattr(details, "last4", None) or "", None, None
    return PaymentMethod(
        id=PaymentMethodId(method.id),
        brand=brand,
        last4=last4,
        exp_month=month,
        exp_year=year,
        default=method.id == default,
    )


def subscription(found: stripe.Subscription, product_name: ProductName) -> Subscription:
    """All items of a subscription have one interval and one period. Needs its schedule expanded."""
    schedule = schedule_of(found)
    items = found["items"].data
    recurring = items[0].price.recurring
    method = identifier(found.default_payment_method)
    return Subscription(
        id=SubscriptionId(found.id),
        status=SubscriptionStatus(found.status),
        items=tuple(_item(item.price, item.quantity, product_name) for item in items),
        interval=recurring.interval if recurring else "month",
        interval_count=recurring.interval_count if recurring else 1,
        by_invoice=found.collection_method == "send_invoice",
        discount=_code(found.discounts),
        payment_method=PaymentMethodId(method) if method else None,
        started_at=instant(found.start_date),
        anchor=instant(found.billing_cycle_anchor),
        current_period_start=instant_or_none(items[0].current_period_start),
        current_period_end=instant_or_none(items[0].current_period_end),
        cancel_at=instant_or_none(found.cancel_at),
        schedule=ScheduleId(schedule.id) if schedule and waits(schedule) else None,
    )


def schedule_of(found: stripe.Subscription) -> stripe.SubscriptionSchedule | None:
    """The schedule that is attached to it, which must be expanded."""
    schedule = found.schedule
    assert not isinstance(schedule, str), "the call has to ask for it"
    return schedule


def waits(schedule: stripe.SubscriptionSchedule) -> bool:
    """Whether something of it is still to come: a phase, or an end that is more than being released.

    One whose last phase runs stays attached until that ends, and changes nothing any more ("Subscription schedules").
    """
    current = schedule.current_phase
    is_last = current is not None and current.start_date == schedule.phases[-1].start_date
    return not is_last or schedule.end_behavior != "release"


def scheduled(found: stripe.SubscriptionSchedule, product_name: ProductName) -> Subscription:
    """A subscription that has not begun. Needs the prices of its first phase expanded."""
    phase = found.phases[0]
    prices = [(_expanded(item.price), item.quantity) for item in phase["items"]]
    recurring = prices[0][0].recurring
    method = identifier(phase.default_payment_method) or identifier(found.default_settings.default_payment_method)
    coupon = next((identifier(discount.coupon) for discount in phase.discounts), None)
    return Subscription(
        id=SubscriptionId(found.id),
        status=SubscriptionStatus.SCHEDULED,
        items=tuple(_item(price, quantity, product_name) for price, quantity in prices),
        interval=recurring.interval if recurring else "month",
        interval_count=recurring.interval_count if recurring else 1,
        by_invoice=(phase.collection_method or found.default_settings.collection_method) == "send_invoice",
        discount=code_of(coupon) if coupon else None,
        payment_method=PaymentMethodId(method) if method else None,
        started_at=instant(phase.start_date),
    )


def _item(price: stripe.Price, quantity: int | None, product_name: ProductName) -> SubscriptionItem:
    return SubscriptionItem(
        product=product_name(price),
        price=price_name(price),
        quantity=1 if quantity is None else quantity,
        unit_amount=money(price.unit_amount, price.currency),
    )


def price_name(price: stripe.Price) -> LookupKey | None:
    """Its name in the catalogue: the lookup key or, when a newer price has that now, what the push noted on it."""
    name = price.lookup_key or noted(price.metadata, CATALOGUE)
    return LookupKey(name) if name else None


def _expanded(price: object) -> stripe.Price:
    assert isinstance(price, stripe.Price), "the call has to ask for it"
    return price


def invoice(found: stripe.Invoice) -> Invoice:
    details = found.parent.subscription_details if found.parent else None
    subscription_id = identifier(details.subscription) if details else None
    return Invoice(
        id=InvoiceId(found.id),
        number=found.number,
        status=InvoiceStatus(found.status or "draft"),
        total=money(found.total, found.currency),
        due=money(found.amount_remaining, found.currency),
        created_at=instant(found.created),
        due_at=instant_or_none(found.due_date),
        subscription=SubscriptionId(subscription_id) if subscription_id else None,
        url=found.hosted_invoice_url,
        paid=found.amount_paid or 0,
        reduced=found.pre_payment_credit_notes_amount or 0,
        given_back=found.post_payment_credit_notes_amount or 0,
        pdf=found.invoice_pdf,
        by_invoice=found.collection_method == "send_invoice",
        attempts=found.attempt_count or 0,
        next_attempt_at=instant_or_none(found.next_payment_attempt),
    )


def intents(found: stripe.Invoice) -> Iterator[str]:
    """The payment intents by which it is paid; needs `payments` expanded."""
    for payment in found.payments.data if found.payments else ():
        intent = identifier(getattr(payment.payment, "payment_intent", None))  # not told of payments by hand
        if intent:
            yield intent


def decline_of(found: stripe.Invoice) -> str | None:
    """Why its last payment failed; needs `payments.data.payment.payment_intent` expanded."""
    for payment in found.payments.data if found.payments else ():
        intent = payment.payment.payment_intent
        if payment.is_default and isinstance(intent, stripe.PaymentIntent) and intent.last_payment_error:
            error = intent.last_payment_error
            return error.decline_code or error.code
    return None


def _code(discounts: Iterable[object]) -> str | None:
    """The code of the first discount, which must be expanded."""
    for discount in discounts:
        if isinstance(discount, stripe.Discount):
            coupon = identifier(discount.source.coupon)
            return code_of(coupon) if coupon else None
    return None
