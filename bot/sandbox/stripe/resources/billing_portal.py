"""The billing portal: a page on which a customer sees subscriptions and invoices and changes the card.

There is one configuration, the default; what it allows cannot be changed.
"""

from __future__ import annotations

from bot.sandbox.stripe.account import Account
from bot.sandbox.stripe.errors import ApiError, CardError, invalid
from bot.sandbox.stripe.lists import page
from bot.sandbox.stripe.objects import Object, new_id
from bot.sandbox.stripe.routing import Params, crud, route

from .checkout import typed_card
from .payment_methods import own_payment_method
from .setup_intents import confirm_with, new_setup_intent

LIFETIME = 3600
"""Seconds for which a link works."""
_CONFIGURATION = "billing_portal.configuration"
_SESSION = "billing_portal.session"


@route("POST", "/v1/billing_portal/sessions", "billing_portal.SessionCreateParams")
def create(account: Account, params: Params) -> Object:
    for name in set(params) - {"customer", "return_url", "configuration", "locale", "flow_data"}:
        raise invalid(f"The local Stripe does not know {name} of portal sessions.", name)
    if "customer" not in params:
        raise ApiError("Missing required param: customer.", param="customer", code="parameter_missing")
    customer = account.get("customer", params["customer"], "customer")
    if "return_url" in params and not params["return_url"].startswith(("http://", "https://")):
        raise ApiError("Not a valid URL", param="return_url", code="url_invalid")
    configuration = default_configuration(account)
    if params.get("configuration", configuration["id"]) != configuration["id"]:
        account.get(_CONFIGURATION, params["configuration"], "configuration")
    session_id = account.new_id("bps")
    session: Object = {
        "id": session_id,
        "object": _SESSION,
        "configuration": configuration["id"],
        "created": account.now(),
        "customer": customer["id"],
        "customer_account": None,
        "flow": _flow(params.get("flow_data")),
        "livemode": False,
        "locale": params.get("locale"),
        "on_behalf_of": None,
        "return_url": params.get("return_url"),
        "url": account.address(f"/portal/{session_id}/{(secret := new_id('local', 20))}"),
        "_secret": secret,
        "_setup_intent": None,
    }
    return account.add(session, "billing_portal.session.created")


def _flow(sent: Params | None) -> Object | None:
    """Only the flow that changes the card; it leads back to the portal's page."""
    if sent is None:
        return None
    if sent["type"] != "payment_method_update" or set(sent) != {"type"}:
        raise invalid("The local Stripe knows flows of type=payment_method_update without more.", "flow_data[type]")
    nothing = ("customer_update", "subscription_cancel", "subscription_pause", "subscription_update")
    return {
        "after_completion": {"hosted_confirmation": None, "redirect": None, "type": "portal_homepage"},
        **dict.fromkeys(nothing),
        "subscription_update_confirm": None,
        "type": "payment_method_update",
    }


def default_configuration(account: Account) -> Object:
    """The account's configuration, made when it is first needed."""
    for configuration in account.matching(_CONFIGURATION):
        return configuration
    now = account.now()
    off = {"enabled": False}
    return account.add(
        {
            "id": account.new_id("bpc"),
            "object": _CONFIGURATION,
            "active": True,
            "application": None,
            "business_profile": {"headline": None, "privacy_policy_url": None, "terms_of_service_url": None},
            "created": now,
            "default_return_url": None,
            "features": {
                "customer_update": {"allowed_updates": [], **off},
                "invoice_history": {"enabled": True},
                "payment_method_update": {"enabled": True, "payment_method_configuration": None},
                "subscription_cancel": {
                    "cancellation_reason": {"options": [], **off},
                    "mode": "at_period_end",
                    "proration_behavior": "none",
                    **off,
                },
                "subscription_pause": {"duration": {"interval_options": [], "type": "indefinite"}, **off},
                "subscription_update": {
                    "billing_cycle_anchor": None,
                    "default_allowed_updates": [],
                    "products": [],
                    "proration_behavior": "none",
                    "schedule_at_period_end": {"conditions": []},
                    "trial_update_behavior": "end_trial",
                    **off,
                },
            },
            "is_default": True,
            "livemode": False,
            "login_page": {"url": None, **off},
            "metadata": {},
            "name": None,
            "updated": now,
        },
        "billing_portal.configuration.created",
    )


crud("billing_portal.Configuration", "/v1/billing_portal/configurations", kind=_CONFIGURATION)


@route("GET", "/v1/billing_portal/configurations", "billing_portal.ConfigurationListParams")
def list_configurations(account: Account, params: Params) -> Object:
    for name in set(params) & {"active", "is_default"}:
        raise invalid(f"The local Stripe does not filter configurations by {name}: there is one.", name)
    default_configuration(account)
    return page(account, _CONFIGURATION, "/v1/billing_portal/configurations", params)


def add_card(account: Account, session: Object, form: dict[str, str]) -> CardError | None:
    """Save the card that a person typed and charge it from now on; returns why it was refused.

    It may want authentication first; then it becomes the default when that is done (`take_over`).
    """
    try:
        method = typed_card(account, form)
    except CardError as refusal:
        return refusal
    method["billing_details"]["name"] = form.get("name") or None
    account.add(method)
    intent = new_setup_intent(account, session["customer"])
    session["_setup_intent"] = intent["id"]
    account.save(session)
    refused = confirm_with(account, intent, method)
    take_over(account, session)
    return refused


def take_over(account: Account, session: Object) -> None:
    """Make the card of a finished setup intent the default one."""
    intent = account.find("setup_intent", session["_setup_intent"] or "")
    if intent is None or intent["status"] != "succeeded":
        return
    session["_setup_intent"] = None
    account.save(session)
    make_default(account, session["customer"], intent["payment_method"])


def make_default(account: Account, customer_id: str, method_id: str) -> None:
    """Charge this card from now on, also for subscriptions that had a card of their own."""
    own_payment_method(account, customer_id, method_id, "payment_method")
    customer = account.get("customer", customer_id)
    customer["invoice_settings"]["default_payment_method"] = method_id
    account.save(customer, "customer.updated")
    for subscription in account.matching("subscription", customer=customer_id, ended=False):
        if subscription["default_payment_method"] is not None:
            subscription["default_payment_method"] = method_id
            account.save(subscription, "customer.subscription.updated")
