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
    "charge.refunded": "refund",
}


def history(event: StripeEvent, contact: Contact, failed: Invoice | None = None) -> Entry | None:
    """The line in the timeline, if the event is worth one. `failed` is the invoice of a failed payment as it is now."""
    payload = json.loads(event.payload)
    match event.type:
        case "invoice.paid" if payload.get("amount_paid"):
            return _line(event, contact, Happening.PAYMENT_SUCCEEDED, "amount_paid", number=payload.get("number"))
        case "invoice.payment_failed" if event.origin is not Origin.OURS:  # our operation says so itself
            more = _attempt(payload, failed)
            return _line(
                event, contact, Happening.PAYMENT_FAILED, "amount_remaining", number=payload.get("number"), **more
            )
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
