"""Checkout sessions in setup mode: a hosted page on which a customer saves a card."""

from __future__ import annotations

from bot.sandbox.stripe.account import DAY, Account, due
from bot.sandbox.stripe.errors import ApiError, CardError, invalid
from bot.sandbox.stripe.lists import page
from bot.sandbox.stripe.objects import Object, merge_metadata, new_id
from bot.sandbox.stripe.routing import Params, crud, route

from .customers import create as create_customer
from .payment_methods import from_number
from .setup_intents import confirm_with, new_setup_intent

_KNOWN = {
    "mode",
    "customer",
    "customer_email",
    "customer_creation",
    "success_url",
    "cancel_url",
    "currency",
    "metadata",
    "setup_intent_data",
    "payment_method_types",
    "client_reference_id",
    "locale",
    "expires_at",
    "ui_mode",
    "billing_address_collection",
    "custom_text",
}


def create(account: Account, params: Params) -> Object:
    if params.get("mode") != "setup":
        raise invalid("The local Stripe knows Checkout sessions of mode=setup only.", "mode")
    for name in set(params) - _KNOWN:
        raise invalid(f"The local Stripe does not know {name} of Checkout sessions.", name)
    if params.get("ui_mode", "hosted_page") != "hosted_page":
        raise invalid("The local Stripe knows hosted pages only.", "ui_mode")
    if "success_url" not in params:
        raise ApiError("Missing required param: success_url.", param="success_url", code="parameter_missing")
    for name in ("success_url", "cancel_url"):
        if name in params and not params[name].startswith(("http://", "https://")):
            raise ApiError("Not a valid URL", param=name, code="url_invalid")
    if "currency" not in params and not params.get("payment_method_types"):
        raise ApiError("Missing required param: currency.", param="currency", code="parameter_missing")
    customer = account.get("customer", params["customer"], "customer") if "customer" in params else None
    expires_at = params.get("expires_at", account.now() + DAY)
    if not account.now() + 1800 <= expires_at <= account.now() + DAY:
        raise invalid("expires_at lies between 30 minutes and 24 hours from now.", "expires_at")
    data = params.get("setup_intent_data") or {}
    intent = new_setup_intent(
        account, customer["id"] if customer else None, metadata=merge_metadata({}, data.get("metadata"))
    )
    intent["description"] = data.get("description")
    account.save(intent)
    session_id = new_id("cs_test", 58)
    session: Object = {
        "id": session_id,
        "object": "checkout.session",
        "adaptive_pricing": None,
        "after_expiration": None,
        "allow_promotion_codes": None,
        "amount_subtotal": None,
        "amount_total": None,
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "billing_address_collection": params.get("billing_address_collection"),
        "branding_settings": None,
        "cancel_url": params.get("cancel_url"),
        "client_reference_id": params.get("client_reference_id"),
        "client_secret": None,
        "collected_information": None,
        "consent": None,
        "consent_collection": None,
        "created": account.now(),
        "currency": params.get("currency"),
        "currency_conversion": None,
        "custom_fields": [],
        "custom_text": {
            "after_submit": None,
            "shipping_address": None,
            "submit": None,
            "terms_of_service_acceptance": None,
        },
        "customer": customer and customer["id"],
        "customer_account": None,
        "customer_creation": params.get("customer_creation"),
        "customer_details": customer and _details(customer),
        "customer_email": params.get("customer_email"),
        "discounts": None,
        "excluded_payment_method_types": None,
        "expires_at": expires_at,
        "integration_identifier": None,
        "invoice": None,
        "invoice_creation": None,
        "livemode": False,
        "locale": params.get("locale"),
        "metadata": merge_metadata({}, params.get("metadata")),
        "mode": "setup",
        "origin_context": None,
        "payment_intent": None,
        "payment_link": None,
        "payment_method_collection": "always",
        "payment_method_configuration_details": None,
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": ["card"],
        "payment_status": "no_payment_required",
        "permissions": None,
        "phone_number_collection": {"enabled": False},
        "recovered_from": None,
        "saved_payment_method_options": None,
        "setup_intent": intent["id"],
        "shipping_address_collection": None,
        "shipping_cost": None,
        "shipping_options": [],
        "status": "open",
        "submit_type": None,
        "subscription": None,
        "success_url": params["success_url"],
        "total_details": None,
        "ui_mode": "hosted_page",
        "url": account.address(f"/checkout/{session_id}"),
        "wallet_options": None,
    }
    account.plan(expires_at, "checkout.expire", session_id)
    return account.add(session)


def _details(customer: Object) -> Object:
    return {
        "address": customer["address"],
        "business_name": customer["business_name"],
        "email": customer["email"],
        "individual_name": customer["individual_name"],
        "name": customer["name"],
        "phone": customer["phone"],
        "tax_exempt": customer["tax_exempt"],
        "tax_ids": [],
    }


crud("checkout.Session", "/v1/checkout/sessions", kind="checkout.session", create=create)


@route("GET", "/v1/checkout/sessions", "checkout.SessionListParams")
def list_sessions(account: Account, params: Params) -> Object:
    filters = ("customer", "status", "subscription", "payment_intent")
    return page(account, "checkout.session", "/v1/checkout/sessions", params, *filters)


@route("POST", "/v1/checkout/sessions/{}", "checkout.SessionUpdateParams")
def update(account: Account, params: Params, session_id: str) -> Object:
    session = account.get("checkout.session", session_id)
    for name in set(params) - {"metadata"}:
        raise invalid(f"The local Stripe changes only metadata of Checkout sessions, not {name}.", name)
    session["metadata"] = merge_metadata(session["metadata"], params.get("metadata"))
    return account.save(session)


@route("POST", "/v1/checkout/sessions/{}/expire", "checkout.SessionExpireParams")
def expire(account: Account, _params: Params, session_id: str) -> Object:
    session = account.get("checkout.session", session_id)
    if session["status"] != "open":
        raise invalid(f"Only open Checkout Sessions can be expired; this one is {session['status']}.")
    return _expire(account, session)


def _expire(account: Account, session: Object) -> Object:
    session.update(status="expired", url=None)
    account.save(session)
    account.emit("checkout.session.expired", session)
    return session


@due("checkout.expire")
def _expire_due(account: Account, session_id: str) -> None:
    session = account.find("checkout.session", session_id)
    if session is not None and session["status"] == "open":
        _expire(account, session)


def submit(account: Account, session_id: str, form: dict[str, str]) -> tuple[Object, CardError | None]:
    """What a person typed on the hosted page. Returns the session and why the card was refused, if it was.

    The setup intent may want authentication afterwards; then the session stays open until `complete`.
    """
    session = account.get("checkout.session", session_id)
    if session["status"] != "open":
        return session, None
    try:
        method = typed_card(account, form)
    except CardError as refusal:
        return session, refusal
    method["billing_details"]["name"] = form.get("name") or None
    account.add(method)
    if session["customer"] is None:
        email = form.get("email") or session["customer_email"]
        sent = {"email": email} if email else {}
        customer = create_customer(account, {**sent, **({"name": form["name"]} if form.get("name") else {})})
        session["customer"], session["customer_details"] = customer["id"], _details(customer)
        account.save(session)
    intent = account.get("setup_intent", session["setup_intent"])
    intent["customer"] = session["customer"]
    error = confirm_with(account, intent, method)
    return (session, error) if error else (complete(account, session_id), None)


def typed_card(account: Account, form: dict[str, str]) -> Object:
    """The payment method of the fields `number`, `expiry` and `cvc` of a hosted page; raises CardError."""
    month, _, year = form.get("expiry", "").replace(" ", "").partition("/")
    if not (month.isascii() and month.isdigit() and year.isascii() and year.isdigit()):
        raise CardError("Your card's expiration date is incomplete (MM / YY).", code="invalid_expiry_month")
    cvc = form.get("cvc", "").strip()
    if not (cvc.isascii() and cvc.isdigit() and len(cvc) in (3, 4)):
        raise CardError("Your card's security code is invalid.", code="invalid_cvc")
    return from_number(account, form.get("number", ""), int(month[:4]), int(year[:4]))


def complete(account: Account, session_id: str) -> Object:
    """The session is complete once its setup intent has succeeded; otherwise it stays as it is."""
    session = account.get("checkout.session", session_id)
    intent = account.get("setup_intent", session["setup_intent"])
    if session["status"] == "open" and intent["status"] == "succeeded":
        session.update(status="complete", url=None)
        account.save(session)
        account.emit("checkout.session.completed", session)
    return session
