"""Which of Stripe's events a person would want to read about, and what the timeline says of them (H10)."""

from __future__ import annotations

import json
from typing import Any

from billing.contacts import Contact, Invoice
from billing.money import Money
from billing.ports import Origin, StripeEvent
from billing.timeline import Entry, Happening

# What somebody may have changed about a subscription or a customer, by Stripe's name for it. What is not here changes
# by itself with these, or says nothing to people.
_SUBSCRIPTION = {
    "items": "items",
    "quantity": "items",
    "plan": "items",
    "cancel_at": "end",
    "cancel_at_period_end": "end",
    "pause_collection": "pause",
    "discounts": "discount",
    "default_payment_method": "payment_method",
    "trial_end": "trial",
    "collection_method": "collection",
}
_CUSTOMER = {
    "name": "name",
    "email": "email",
    "phone": "phone",
    "address": "address",
    "balance": "balance",
    "tax_exempt": "tax",
}
_AS_A_WHOLE = {
    "customer.deleted": "customer_deleted",
    "customer.subscription.created": "subscription_started",
    "customer.subscription.paused": "subscription_paused",
    "customer.subscription.resumed": "subscription_resumed",
    "invoice.voided": "invoice_voided",
    "invoice.marked_uncollectible": "invoice_written_off",
    "credit_note.created": "credit_note",
}


REFUND_FAILED = "refund.failed"
REFUNDS = ("charge.refunded", REFUND_FAILED)


def history(event: StripeEvent, contact: Contact, about: Invoice | None = None, received: int = 0) -> Entry | None:
    """The line in the timeline, if the event is worth one.

    `about` is the invoice that it is about, as it is now; `received`: what the timeline says already of payments for
    it, in minor units.
    """
    payload = json.loads(event.payload)
    match event.type:
        case "invoice.paid":
            return _paid(event, contact, received)
        case "invoice.updated" if "amount_paid" in json.loads(event.previous):
            return _paid(event, contact, received)
        case "invoice.payment_failed" if event.origin is not Origin.OURS:  # our operation says so itself
            more = _attempt(payload, about)
            return _line(
                event, contact, Happening.PAYMENT_FAILED, "amount_remaining", number=payload.get("number"), **more
            )
        case "refund.failed":  # whoever gave it back
            return _line(event, contact, Happening.REFUND_FAILED, "amount", number=about.number if about else None)
        case "charge.refunded" if event.origin is Origin.ELSEWHERE:
            return _refunded(event, contact, about)
        case "payment_method.attached" | "payment_method.detached":
            card = payload.get("card") or {}
            added = event.type.endswith("attached")
            happening = Happening.PAYMENT_METHOD_ADDED if added else Happening.PAYMENT_METHOD_REMOVED
            return _line(event, contact, happening, brand=card.get("brand"), last4=card.get("last4"))
        case "customer.subscription.deleted":
            entry = _line(event, contact, Happening.SUBSCRIPTION_ENDED, product=_sold_first(payload))
            outside: dict[str, str | int | None] = {"outside": 1} if event.origin is Origin.ELSEWHERE else {}
            return entry.model_copy(update={"parameters": entry.parameters | outside})
        case _ if event.origin is Origin.ELSEWHERE:
            return _changed_elsewhere(event, contact, payload)
        case _:
            return None


def _changed_elsewhere(event: StripeEvent, contact: Contact, payload: dict[str, Any]) -> Entry | None:
    """What was done at Stripe and not in Kontor."""
    before = json.loads(event.previous)
    match event.type:
        case "customer.subscription.updated":
            change = _first_of(_SUBSCRIPTION, before)
            return _elsewhere(event, contact, f"subscription_{change}", payload) if change else None
        case "customer.updated":
            change = _first_of(_CUSTOMER, before)
            return _elsewhere(event, contact, f"customer_{change}", payload) if change else None
        case known if known in _AS_A_WHOLE:
            return _elsewhere(event, contact, _AS_A_WHOLE[known], payload)
        case _:
            return None


def _paid(event: StripeEvent, contact: Contact, received: int) -> Entry | None:
    """What came that is not told yet: a part of the invoice, or the rest; in whichever order Stripe says so.

    What an operation of ours has charged or recorded has a line of its own: this one `confirms` it, and is what counts.
    """
    payload = json.loads(event.payload)
    so_far = payload.get("amount_paid") or 0
    if so_far <= received:
        return None
    ours: dict[str, Any] = {"confirms": 1} if event.origin is Origin.OURS else {}
    entry = _line(event, contact, Happening.PAYMENT_SUCCEEDED, number=payload.get("number"), **ours)
    amount = Money(amount=so_far - received, currency=payload["currency"])
    return entry.model_copy(update={"id": f"{event.object_id}:paid:{so_far}", "amount": amount})


def _refunded(event: StripeEvent, contact: Contact, about: Invoice | None) -> Entry:
    """How much went back this time, and of which invoice (HX20)."""
    payload, before = json.loads(event.payload), json.loads(event.previous).get("amount_refunded")
    entry = _line(event, contact, Happening.CHANGED_AT_STRIPE, change="refund", number=about.number if about else None)
    if before is None:
        return entry
    amount = Money(amount=payload["amount_refunded"] - before, currency=payload["currency"])
    return entry.model_copy(update={"amount": amount})


def _first_of(known: dict[str, str], before: dict[str, Any]) -> str | None:
    return next((name for key, name in known.items() if key in before), None)


def _elsewhere(event: StripeEvent, contact: Contact, change: str, payload: dict[str, Any]) -> Entry:
    return _line(
        event,
        contact,
        Happening.CHANGED_AT_STRIPE,
        change=change,
        product=_sold_first(payload),
        number=payload.get("number"),
    )


def _attempt(payload: dict[str, Any], failed: Invoice | None) -> dict[str, Any]:
    """Why it failed and when it is tried again, if the mirror still shows that very attempt."""
    if failed is None or not failed.tried_in_vain or failed.attempts != payload.get("attempt_count"):
        return {}
    following = {"next_attempt": failed.next_attempt_at.date().isoformat()} if failed.next_attempt_at else {}
    return {**({"decline": failed.decline} if failed.decline else {}), **following}


def _sold_first(subscription: dict[str, Any]) -> str | None:
    """The lookup key of what the subscription was for; None for a price that has none."""
    items = (subscription.get("items") or {}).get("data") or [{}]
    return (items[0].get("price") or {}).get("lookup_key")


def _line(event: StripeEvent, contact: Contact, what: Happening, amount: str | None = None, **parameters: Any) -> Entry:
    payload = json.loads(event.payload)
    return Entry(
        id=event.id,
        contact=contact.id,
        at=event.created_at,
        what=what,
        amount=Money(amount=payload[amount], currency=payload["currency"]) if amount else None,
        stripe_id=event.object_id,
        parameters=parameters,
    )
