"""A customer whose renewal failed, as the mirror and the fake Stripe have it."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from billing.contacts import (
    CustomerSnapshot,
    Invoice,
    InvoiceStatus,
    Subscription,
    SubscriptionItem,
    SubscriptionStatus,
)
from billing.ids import ContactId, CustomerId, EventId, InvoiceId, SubscriptionId
from billing.money import Money
from billing.ports import StripeEvent
from tests.support.shop import ADA, NOW, PLUS_MONTH, SAM, Shop, method

SECOND_CARD = "pm_second"
NEXT_TRY = NOW + timedelta(days=3)


def subscription(number: int = 1, **changes: Any) -> Subscription:
    fields = {
        "id": SubscriptionId(f"sub_{number}"),
        "status": SubscriptionStatus.PAST_DUE,
        "items": (
            SubscriptionItem(
                product="Marketing Plus", price=PLUS_MONTH, quantity=1, unit_amount=Money(amount=4900, currency="EUR")
            ),
        ),
        "interval": "month",
        "started_at": NOW - timedelta(days=60),
    }
    return Subscription(**(fields | changes))


def invoice(number: int = 1, **changes: Any) -> Invoice:
    """49.00 EUR that could not be charged once; the next try is in three days."""
    fields = {
        "id": InvoiceId(f"in_{number}"),
        "number": f"K-{number}",
        "status": InvoiceStatus.OPEN,
        "total": Money(amount=4900, currency="EUR"),
        "due": Money(amount=4900, currency="EUR"),
        "created_at": NOW - timedelta(days=1) + timedelta(minutes=number),
        "subscription": SubscriptionId(f"sub_{number}"),
        "url": f"https://pay.example/in_{number}",
        "attempts": 1,
        "next_attempt_at": NEXT_TRY,
        "decline": "insufficient_funds",
    }
    return Invoice(**(fields | changes))


def fails(shop: Shop, *invoices: Invoice, contact: ContactId = ADA, **changes: Any) -> CustomerSnapshot:
    """From now on Stripe has these invoices, and the mirror, too."""
    theirs = invoices or (invoice(),)
    customer = shop.rows.contacts[contact].customer
    methods = shop.rows.mirror[contact].methods
    if all(one.id != SECOND_CARD for one in methods):
        methods = (*methods, method(SECOND_CARD, last4="4444", brand="mastercard"))
    fields = {
        "customer": CustomerId(customer),
        "name": shop.rows.contacts[contact].name,
        "email": shop.rows.contacts[contact].email,
        "phone": "",
        "currency": "EUR",
        "address": None,
        "language": None,
        "created_at": NOW,
        "balance": Money.zero("EUR"),
        "payment_methods": methods,
        "subscriptions": tuple(subscription(number) for number in range(1, len(theirs) + 1)),
        "invoices": theirs,
    }
    snapshot = CustomerSnapshot(**(fields | changes))
    shop.payments.snapshots[snapshot.customer] = snapshot
    with shop.store.writing(SAM) as uow:
        uow.mirror.replace(contact, snapshot)
    return snapshot


def event(number: int = 1, *, operation: str | None = None, contact: ContactId = ADA, **changes: Any) -> StripeEvent:
    """Of the first failure of that invoice; `operation` is what the subscription's metadata claims."""
    details = {"subscription_details": {"metadata": {"operation": operation} if operation else {}}}
    payload = {
        "number": f"K-{number}",
        "amount_remaining": 4900,
        "currency": "eur",
        "attempt_count": 1,
        "parent": details,
    }
    fields = {
        "id": EventId(f"evt_{number}"),
        "type": "invoice.payment_failed",
        "customer": CustomerId(contact.replace("con_", "cus_")),
        "object_id": f"in_{number}",
        "created_at": NOW - timedelta(minutes=1),
        "payload": json.dumps(payload),
    }
    return StripeEvent(**(fields | changes))
