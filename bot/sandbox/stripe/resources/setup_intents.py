"""Setup intents: saving a card for later, with the cardholder's authentication where the card asks for it."""

from __future__ import annotations

from bot.sandbox.stripe.account import Account
from bot.sandbox.stripe.cards import AUTHENTICATE_ONCE, SUCCEED
from bot.sandbox.stripe.errors import ApiError, CardError, invalid
from bot.sandbox.stripe.lists import page
from bot.sandbox.stripe.objects import Object, merge_metadata, new_id
from bot.sandbox.stripe.routing import Params, crud, only, route

from .payment_methods import attach_to, decline, resolve


def new_setup_intent(
    account: Account, customer_id: str | None, *, usage: str = "off_session", metadata: dict[str, str] | None = None
) -> Object:
    """A setup intent that waits for a payment method, kept and announced."""
    intent_id = account.new_id("seti")
    intent: Object = {
        "id": intent_id,
        "object": "setup_intent",
        "application": None,
        "attach_to_self": False,
        "automatic_payment_methods": None,
        "cancellation_reason": None,
        "client_secret": new_id(f"{intent_id}_secret", 25),
        "created": account.now(),
        "customer": customer_id,
        "customer_account": None,
        "description": None,
        "excluded_payment_method_types": None,
        "flow_directions": None,
        "last_setup_error": None,
        "latest_attempt": None,
        "livemode": False,
        "mandate": None,
        "metadata": metadata or {},
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_configuration_details": None,
        "payment_method_options": {
            "card": {"mandate_options": None, "network": None, "request_three_d_secure": "automatic"}
        },
        "payment_method_types": ["card"],
        "single_use_mandate": None,
        "status": "requires_payment_method",
        "usage": usage,
    }
    return account.add(intent, "setup_intent.created")


def confirm_with(account: Account, intent: Object, method: Object, *, authenticated: bool = False) -> CardError | None:
    """Save the card; returns why it could not be saved. Cards that want authentication wait for the cardholder."""
    intent["payment_method"] = method["id"]
    if method["_on_attach"] != SUCCEED:
        error = decline(method["_on_attach"])
        intent.update(status="requires_payment_method", payment_method=None, last_setup_error=error.envelope()["error"])
        account.save(intent, "setup_intent.setup_failed")
        return error
    if method["_on_charge"] == AUTHENTICATE_ONCE and not method["_set_up"] and not authenticated:
        intent["status"] = "requires_action"
        url = account.address(f"/authenticate/{intent['id']}")
        intent["next_action"] = {
            "redirect_to_url": {"return_url": None, "url": url},
            "type": "redirect_to_url",
        }
        account.save(intent, "setup_intent.requires_action")
        return None
    if method["_on_charge"] == AUTHENTICATE_ONCE:
        method["_set_up"] = True
        account.save(method)
    if intent["customer"]:
        attach_to(account, method["id"], intent["customer"])
    intent.update(status="succeeded", last_setup_error=None, next_action=None)
    account.save(intent, "setup_intent.succeeded")
    return None


def approve(account: Account, intent_id: str, *, approved: bool) -> Object:
    """The cardholder authenticates (or refuses) the saving of the card."""
    intent = account.get("setup_intent", intent_id)
    if intent["status"] != "requires_action":
        return intent
    if approved:
        method = account.get("payment_method", intent["payment_method"])
        confirm_with(account, intent, method, authenticated=True)
    else:
        error = CardError(
            "We are unable to authenticate your payment method. Please choose a different payment method and try "
            "again.",
            code="setup_intent_authentication_failure",
        )
        intent.update(
            status="requires_payment_method",
            payment_method=None,
            next_action=None,
            last_setup_error=error.envelope()["error"],
        )
        account.save(intent, "setup_intent.setup_failed")
    return account.get("setup_intent", intent_id)


def create(account: Account, params: Params) -> Object:
    known = {"customer", "payment_method", "confirm", "metadata", "usage", "description", "payment_method_types"}
    known |= {"automatic_payment_methods", "return_url"}
    for name in set(params) - known:
        raise invalid(f"The local Stripe does not know {name} of setup intents.", name)
    if params.get("customer"):
        account.get("customer", params["customer"], "customer")
    intent = new_setup_intent(
        account,
        params.get("customer"),
        usage=params.get("usage", "off_session"),
        metadata=merge_metadata({}, params.get("metadata")),
    )
    intent["description"] = params.get("description")
    if params.get("payment_method"):
        method = resolve(account, params["payment_method"], "payment_method")
        intent.update(payment_method=method["id"], status="requires_confirmation")
    account.save(intent)
    return confirm(account, {}, intent["id"]) if params.get("confirm") else intent


crud("SetupIntent", "/v1/setup_intents", kind="setup_intent", create=create)


@route("GET", "/v1/setup_intents", "SetupIntentListParams")
def list_intents(account: Account, params: Params) -> Object:
    return page(account, "setup_intent", "/v1/setup_intents", params, "customer", "payment_method")


@route("POST", "/v1/setup_intents/{}/confirm", "SetupIntentConfirmParams")
def confirm(account: Account, params: Params, intent_id: str) -> Object:
    only(params, "confirming a setup intent", "payment_method", "return_url")
    intent = account.get("setup_intent", intent_id)
    if intent["status"] in ("succeeded", "canceled"):
        raise ApiError(
            f"You cannot confirm this SetupIntent because it has a status of {intent['status']}.",
            code="setup_intent_unexpected_state",
        )
    token = params.get("payment_method") or intent["payment_method"]
    if token is None:
        raise invalid("You cannot confirm this SetupIntent because it's missing a payment method.", "payment_method")
    error = confirm_with(account, intent, resolve(account, token, "payment_method"))
    if error is not None:
        raise error
    return account.get("setup_intent", intent_id)


@route("POST", "/v1/setup_intents/{}/cancel", "SetupIntentCancelParams")
def cancel(account: Account, params: Params, intent_id: str) -> Object:
    intent = account.get("setup_intent", intent_id)
    if intent["status"] in ("succeeded", "canceled"):
        raise ApiError(
            f"You cannot cancel this SetupIntent because it has a status of {intent['status']}.",
            code="setup_intent_unexpected_state",
        )
    intent.update(status="canceled", cancellation_reason=params.get("cancellation_reason"), next_action=None)
    return account.save(intent, "setup_intent.canceled")
