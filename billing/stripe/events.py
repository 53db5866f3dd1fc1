"""Stripe's events: believed only with a right and recent signature (docs: "Verify webhook signatures")."""

from __future__ import annotations

import json
from typing import Any

import stripe

from billing.errors import KontorError
from billing.ids import CustomerId, EventId
from billing.ports import Origin, StripeEvent
from billing.stripe.names import is_ours
from billing.stripe.reading import instant

TOLERANCE_SECONDS = 300


class BadSignature(KontorError):
    """The event does not come from Stripe, or was sent long ago. Nothing of it was read."""


def verify(payload: bytes, signature: str, secret: str, tolerance: int = TOLERANCE_SECONDS) -> StripeEvent:
    """The event in the request's body. Raise BadSignature; `tolerance` is in seconds."""
    try:
        text = payload.decode()
        stripe.WebhookSignature.verify_header(text, signature, secret, tolerance)
    except (stripe.SignatureVerificationError, UnicodeDecodeError) as error:
        raise BadSignature(str(error)) from error
    return from_event(json.loads(text))


def from_event(event: dict[str, Any]) -> StripeEvent:
    """The event as we keep it, from Stripe's JSON."""
    subject = event["data"]["object"]
    return StripeEvent(
        id=EventId(event["id"]),
        type=event["type"],
        customer=_customer(subject),
        object_id=subject.get("id"),
        created_at=instant(event["created"]),
        payload=json.dumps(subject, default=str),  # the library reads decimals as Decimal
        previous=json.dumps(event["data"].get("previous_attributes") or {}, default=str),
        origin=_origin(event.get("request") or {}),
    )


def _origin(request: dict[str, Any]) -> Origin:
    """Stripe tells the call that caused an event, with its idempotency key; none where nobody called."""
    if not request.get("id"):
        return Origin.STRIPE
    return Origin.OURS if is_ours(request.get("idempotency_key") or "") else Origin.ELSEWHERE


def _customer(subject: dict[str, Any]) -> CustomerId | None:
    """The customer that it is about, who may be the object itself."""
    if subject.get("object") == "customer":
        return CustomerId(subject["id"])
    customer = subject.get("customer")
    if isinstance(customer, dict):
        customer = customer.get("id")
    return CustomerId(customer) if customer else None
