"""Payment methods: the documented test cards, created, attached, detached."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.sandbox.stripe.account import Account
from bot.sandbox.stripe.cards import BY_NUMBER, DECLINES, SUCCEED, Card, by_token
from bot.sandbox.stripe.errors import ApiError, CardError, invalid
from bot.sandbox.stripe.lists import page
from bot.sandbox.stripe.objects import Object, address, merge_metadata
from bot.sandbox.stripe.routing import Params, crud, only, route


def create(account: Account, params: Params) -> Object:
    if params.get("type", "card") != "card" or "payment_method" in params:
        raise invalid("The local Stripe knows payment methods of type card only.", "type")
    only(params, "payment methods", "type", "card", "billing_details", "allow_redisplay", "metadata")
    sent = params.get("card") or {}
    if "token" in sent:
        card = by_token(sent["token"])
        if card is None:
            raise ApiError(f"No such token: '{sent['token']}'", param="card[token]", code="resource_missing")
        method = new_method(account, card)
    elif "number" in sent:
        method = from_number(account, sent["number"], sent.get("exp_month", 0), sent.get("exp_year", 0))
    else:
        raise ApiError("Missing required param: card.", param="card", code="parameter_missing")
    _describe(method, params)
    return account.add(method)


def new_method(account: Account, card: Card, exp_month: int = 12, exp_year: int | None = None) -> Object:
    """A payment method of a test card, not kept yet. It expires four years from now unless told otherwise."""
    year = exp_year or datetime.fromtimestamp(account.now(), UTC).year + 4
    return {
        "id": account.new_id("pm"),
        "object": "payment_method",
        "allow_redisplay": "unspecified",
        "billing_details": {
            "address": address({"city": None}),
            "email": None,
            "name": None,
            "phone": None,
            "tax_id": None,
        },
        "card": {
            "brand": card.brand,
            "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "unchecked"},
            "country": card.country,
            "display_brand": card.brand,
            "exp_month": exp_month,
            "exp_year": year,
            "fingerprint": f"local{card.last4}{card.brand}",
            "funding": card.funding,
            "generated_from": None,
            "last4": card.last4,
            "networks": {"available": [card.brand], "preferred": None},
            "regulated_status": "unregulated",
            "three_d_secure_usage": {"supported": True},
            "wallet": None,
        },
        "created": account.now(),
        "customer": None,
        "customer_account": None,
        "livemode": False,
        "metadata": {},
        "type": "card",
        "_on_charge": card.on_charge,
        "_on_attach": card.on_attach,
        "_refund_fails": card.refund_fails,
        "_set_up": "authenticationRequiredSetupForOffSession" in card.names,
    }


def from_number(account: Account, number: str, exp_month: int, exp_year: int) -> Object:
    """The payment method of a typed number; only documented test numbers, and never kept."""
    digits = "".join(number.split()).replace("-", "")
    card = BY_NUMBER.get(digits)
    if card is None:
        raise CardError(
            "Your card was declined. The local Stripe accepts only the test card numbers of Stripe's documentation.",
            code="card_declined",
            decline_code="test_mode_live_card",
            param="card[number]",
        )
    year = exp_year + 2000 if 0 <= exp_year < 100 else exp_year
    today = datetime.fromtimestamp(account.now(), UTC)
    if not 1 <= exp_month <= 12:
        raise _wrong_expiry("month", "exp_month")
    if not today.year <= year <= today.year + 50 or (year, exp_month) < (today.year, today.month):
        raise _wrong_expiry("year", "exp_year")
    return new_method(account, card, exp_month, year)


def _wrong_expiry(part: str, field: str) -> CardError:
    return CardError(
        f"Your card's expiration {part} is invalid.", code=f"invalid_expiry_{part}", param=f"card[{field}]"
    )


def resolve(account: Account, token: str, param: str) -> Object:
    """The payment method of an id, or a new one for a test token such as `pm_card_visa`."""
    card = by_token(token)
    if card is None:
        return account.get("payment_method", token, param)
    return account.add(new_method(account, card))


def attach_to(account: Account, token: str, customer_id: str, param: str = "id") -> Object:
    """Save a card with a customer. Raises CardError where the card refuses that, 400 where another one has it."""
    method = resolve(account, token, param)
    account.get("customer", customer_id, "customer")
    if method["customer"] == customer_id:
        return method
    if method["customer"] is not None or method.get("_detached"):
        raise invalid(
            "The payment method you provided has already been attached to a customer or was previously used without "
            "being attached.",
            "payment_method",
        )
    if method["_on_attach"] != SUCCEED:
        raise decline(method["_on_attach"], keep=False)
    method["customer"] = customer_id
    method["card"]["checks"]["cvc_check"] = "pass"
    return account.save(method, "payment_method.attached")


def own_payment_method(account: Account, customer_id: str, method_id: str, param: str) -> Object:
    """The payment method, if it hangs on this customer; otherwise Stripe's 400."""
    method = account.get("payment_method", method_id, param)
    if method["customer"] != customer_id:
        raise invalid(
            f"The customer does not have a payment method with the ID {method_id}. The payment method must be "
            "attached to the customer.",
            param,
            "resource_missing",
        )
    return method


def decline(reason: str, *, keep: bool = True, **extra: object) -> CardError:
    """The 402 of a decline code."""
    known = DECLINES[reason]
    decline_code = reason if known.code == "card_declined" or reason == "authentication_required" else None
    if known.code == "expired_card":
        decline_code = "expired_card"
    return CardError(known.message, code=known.code, decline_code=decline_code, keep=keep, **extra)


def _describe(method: Object, params: Params) -> None:
    for name in ("name", "email", "phone"):
        if name in (params.get("billing_details") or {}):
            method["billing_details"][name] = params["billing_details"][name] or None
    if "address" in (params.get("billing_details") or {}):
        method["billing_details"]["address"] = address(params["billing_details"]["address"]) or address({"city": None})
    if "allow_redisplay" in params:
        method["allow_redisplay"] = params["allow_redisplay"]
    method["metadata"] = merge_metadata(method["metadata"], params.get("metadata"))


def update(account: Account, params: Params, method_id: str) -> Object:
    method = account.get("payment_method", method_id)
    only(params, "payment methods", "card", "billing_details", "allow_redisplay", "metadata")
    if method["customer"] is None:
        raise invalid("You must save this PaymentMethod to a customer before you can update it.")
    for name in ("exp_month", "exp_year"):
        if name in (params.get("card") or {}):
            method["card"][name] = params["card"][name]
    _describe(method, params)
    return account.save(method, "payment_method.updated")


crud("PaymentMethod", "/v1/payment_methods", kind="payment_method", create=create, update=update)


@route("GET", "/v1/payment_methods", "PaymentMethodListParams")
def list_methods(account: Account, params: Params) -> Object:
    return page(account, "payment_method", "/v1/payment_methods", params, "customer", "type")


@route("POST", "/v1/payment_methods/{}/attach", "PaymentMethodAttachParams")
def attach(account: Account, params: Params, token: str) -> Object:
    if "customer" not in params:
        raise ApiError("Missing required param: customer.", param="customer", code="parameter_missing")
    return attach_to(account, token, params["customer"])


@route("POST", "/v1/payment_methods/{}/detach", "PaymentMethodDetachParams")
def detach(account: Account, _params: Params, method_id: str) -> Object:
    """Take it from its customer for good; defaults that name it are cleared."""
    method = account.get("payment_method", method_id)
    if method["customer"] is None:
        raise invalid("The payment method you provided is not attached to a customer so detachment is impossible.")
    customer = account.get("customer", method["customer"])
    if customer["invoice_settings"]["default_payment_method"] == method_id:
        customer["invoice_settings"]["default_payment_method"] = None
        account.save(customer, "customer.updated")
    for subscription in account.matching("subscription", customer=customer["id"], ended=False):
        if subscription["default_payment_method"] == method_id:
            subscription["default_payment_method"] = None
            account.save(subscription, "customer.subscription.updated")
    return take_away(account, {**method, "_detached": True})


def take_away(account: Account, method: Object) -> Object:
    """The event has the customer among the previous values only."""
    former = method["customer"]
    account.store.put({**method, "customer": None})
    account.emit("payment_method.detached", {**method, "customer": None}, {"customer": former})
    return {**method, "customer": None}
