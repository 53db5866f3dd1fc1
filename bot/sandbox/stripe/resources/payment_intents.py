"""The endpoints of payment intents, and the cardholder's answer where a payment wants authentication."""

from __future__ import annotations

from bot.sandbox.stripe.account import Account
from bot.sandbox.stripe.errors import ApiError, invalid
from bot.sandbox.stripe.lists import page
from bot.sandbox.stripe.objects import Object, merge_metadata
from bot.sandbox.stripe.routing import Params, crud, only, route

from .collection import attempt_payment
from .invoice_payments import intent_changed
from .payment_methods import own_payment_method, resolve
from .payments import attempt, cancel_intent, check_amount, fail, new_intent


def create(account: Account, params: Params) -> Object:
    known = {"amount", "currency", "customer", "description", "metadata", "payment_method", "payment_method_types"}
    known |= {"confirm", "off_session", "automatic_payment_methods", "receipt_email"}
    for name in set(params) - known:
        raise invalid(f"The local Stripe does not know {name} of payment intents.", name)
    check_amount(params["amount"], params["currency"].lower(), "amount")
    if params.get("customer"):
        account.get("customer", params["customer"], "customer")
    intent = new_intent(
        account,
        params["amount"],
        params["currency"].lower(),
        params.get("customer"),
        description=params.get("description"),
    )
    intent["metadata"] = merge_metadata({}, params.get("metadata"))
    if params.get("payment_method"):
        method = resolve(account, params["payment_method"], "payment_method")
        intent.update(payment_method=method["id"], status="requires_confirmation")
    account.save(intent)
    if params.get("confirm"):
        return _confirm(account, intent, params)
    return intent


def _confirm(account: Account, intent: Object, params: Params) -> Object:
    if intent["status"] not in ("requires_payment_method", "requires_confirmation", "requires_action"):
        raise ApiError(
            f"You cannot confirm this PaymentIntent because it has already {intent['status']}.",
            code="payment_intent_unexpected_state",
        )
    token = params.get("payment_method") or intent["payment_method"]
    if token is None:
        raise invalid("You cannot confirm this PaymentIntent because it's missing a payment method.", "payment_method")
    method = resolve(account, token, "payment_method")
    if method["customer"] is not None:
        own_payment_method(account, intent["customer"] or "", method["id"], "payment_method")
    if intent["_invoice"]:
        outcome = attempt_payment(account, account.get("invoice", intent["_invoice"]), method)
    else:
        outcome = attempt(account, intent, method)
        intent_changed(account, intent)
    if outcome.error is not None:
        raise outcome.error
    if outcome.action and params.get("off_session"):
        raise fail(account, account.get("payment_intent", intent["id"]), method, "authentication_required")
    return account.get("payment_intent", intent["id"])


crud("PaymentIntent", "/v1/payment_intents", kind="payment_intent", create=create)


@route("POST", "/v1/payment_intents/{}", "PaymentIntentUpdateParams")
def update(account: Account, params: Params, intent_id: str) -> Object:
    intent = account.get("payment_intent", intent_id)
    for name in set(params) - {"metadata", "description"}:
        raise invalid(f"The local Stripe changes only metadata and description of payment intents, not {name}.", name)
    intent["metadata"] = merge_metadata(intent["metadata"], params.get("metadata"))
    intent["description"] = params.get("description", intent["description"])
    return account.save(intent)


@route("GET", "/v1/payment_intents", "PaymentIntentListParams")
def list_intents(account: Account, params: Params) -> Object:
    return page(account, "payment_intent", "/v1/payment_intents", params, "customer")


@route("POST", "/v1/payment_intents/{}/confirm", "PaymentIntentConfirmParams")
def confirm(account: Account, params: Params, intent_id: str) -> Object:
    only(params, "confirming a payment intent", "payment_method", "off_session", "return_url")
    return _confirm(account, account.get("payment_intent", intent_id), params)


@route("POST", "/v1/payment_intents/{}/cancel", "PaymentIntentCancelParams")
def cancel(account: Account, params: Params, intent_id: str) -> Object:
    intent = account.get("payment_intent", intent_id)
    if intent["_invoice"]:
        raise invalid("This PaymentIntent belongs to an invoice; void the invoice instead.")
    intent = cancel_intent(account, intent, params.get("cancellation_reason"))
    intent_changed(account, intent)
    return intent


def approve(account: Account, intent_id: str, *, approved: bool) -> Object:
    """The cardholder authenticates (or refuses) a payment on the page that the intent's next action links to."""
    intent = account.get("payment_intent", intent_id)
    if intent["status"] != "requires_action":
        return intent
    method = account.get("payment_method", intent["payment_method"])
    if not approved:
        fail(account, intent, method, "authentication_required")
    elif intent["_invoice"]:
        attempt_payment(account, account.get("invoice", intent["_invoice"]), method, approved=True)
    else:
        attempt(account, intent, method, approved=True)
        intent_changed(account, intent)
    return account.get("payment_intent", intent_id)
