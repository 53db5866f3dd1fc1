"""What Stripe's errors mean for an operation (docs: "Error handling", "Error codes", "Idempotent requests").

card_error (402)                        Declined: the bank said no, or wants the customer to be there
no answer, 429, 409, 5xx                Transient
key wrong (401) or not allowed (403)    Misconfigured, with the name of the setting
the payment method is not there         ForeignPaymentMethod
the customer is not there               UnknownContact
anything else                           stays as it is: nobody foresaw it
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import stripe

from billing.errors import Declined, ForeignPaymentMethod, KontorError, Misconfigured, Transient, UnknownContact

API_KEY = "STRIPE_API_KEY"
_CONFLICT = 409

# The payment method would be good if the customer were there to prove who they are.
_WANTS_THE_CUSTOMER = {
    "authentication_required",
    "subscription_payment_intent_requires_action",
    "invoice_payment_intent_requires_action",
    "payment_intent_authentication_failure",
}


@contextmanager
def translated() -> Iterator[None]:
    """Raise the errors of the domain instead of the library's."""
    try:
        yield
    except stripe.StripeError as error:
        meaning = _meaning(error)
        if meaning is None:
            raise
        raise meaning from error


def is_server_error(error: stripe.StripeError) -> bool:
    return error.http_status is not None and error.http_status >= 500


def is_missing(error: stripe.StripeError) -> bool:
    return isinstance(error, stripe.InvalidRequestError) and error.code == "resource_missing"


def _meaning(error: stripe.StripeError) -> KontorError | None:
    match error:
        case stripe.CardError():
            return Declined(_decline_code(error))
        case stripe.RateLimitError():
            return Transient(_what(error), retry_after=_retry_after(error))
        case stripe.APIConnectionError():
            return Transient(_what(error))
        case stripe.AuthenticationError() | stripe.PermissionError():
            return Misconfigured(setting=API_KEY)
        case stripe.InvalidRequestError() if is_missing(error):
            return _missing(error)
    if is_server_error(error) or error.http_status == _CONFLICT:
        return Transient(_what(error), retry_after=_retry_after(error))
    return None


def _decline_code(error: stripe.CardError) -> str:
    """The bank's reason where there is one, else Stripe's own code for what is wrong with the card."""
    code = error.code or "card_declined"
    if code in _WANTS_THE_CUSTOMER:
        return "authentication_required"
    body = error.json_body if isinstance(error.json_body, dict) else {}
    return str(body.get("error", {}).get("decline_code") or code)


def _missing(error: stripe.InvalidRequestError) -> KontorError | None:
    parameter = error.param or ""
    if parameter.endswith("default_payment_method]") or parameter == "default_payment_method":
        return ForeignPaymentMethod()
    return UnknownContact() if parameter == "customer" else None


def _what(error: stripe.StripeError) -> str:
    return f"Stripe: {type(error).__name__} {error.http_status or ''} {error.request_id or ''}".rstrip()


def _retry_after(error: stripe.StripeError) -> float | None:
    headers = {name.lower(): value for name, value in (error.headers or {}).items()}
    try:
        return float(headers["retry-after"])
    except (KeyError, ValueError):  # none, or a date, which Stripe does not send
        return None
