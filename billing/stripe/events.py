"""Stripe's events: believed only with a right and recent signature (docs: "Verify webhook signatures")."""

from __future__ import annotations

import json
from datetime import datetime
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


class NoEvent(KontorError):
    """It comes from Stripe, or from somebody who has the secret, but it is no event."""


def verify(payload: bytes, signature: str, secret: str, tolerance: int = TOLERANCE_SECONDS) -> StripeEvent:
    """The event in the request's body. Raise BadSignature or NoEvent; `tolerance` is in seconds."""
    try:
        text = payload.decode()
        stripe.WebhookSignature.verify_header(text, signature, secret, tolerance)
    except (stripe.SignatureVerificationError, UnicodeDecodeError) as error:
        raise BadSignature(str(error)) from error
    try:
        return from_event(json.loads(text))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise NoEvent(type(error).__name__) from error


def from_event(event: dict[str, Any]) -> StripeEvent:
    """The event as we keep it, from Stripe's JSON.

    Thin events have no object in them, only a reference to one: none of them is about what we have, and they are kept
    like others that we know nothing of (docs: "Event destinations").
    """
    data = event.get("data") or {}
    subject = data.get("object") or event.get("related_object") or {}
    before = data.get("previous_attributes") or {}
    return StripeEvent(
        id=EventId(event["id"]),
        type=event["type"],
        customer=_customer(subject) or _customer(before),  # of a card that was taken away only the former one is told
        object_id=subject.get("id"),
        created_at=_moment(event["created"]),
        payload=json.dumps(subject, default=str),  # the library reads decimals as Decimal
        previous=json.dumps(before, default=str),
        origin=_origin(event.get("request") or {}),
    )


def _moment(created: int | str) -> datetime:
    """Seconds or, in thin events, ISO 8601."""
    return datetime.fromisoformat(created) if isinstance(created, str) else instant(created)


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
