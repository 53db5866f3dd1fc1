"""Charging a card: payment intents and charges. Their endpoints are in `payment_intents`."""

from __future__ import annotations

from dataclasses import dataclass

from bot.sandbox.stripe.account import Account
from bot.sandbox.stripe.cards import AUTHENTICATE, AUTHENTICATE_ONCE, SUCCEED
from bot.sandbox.stripe.errors import ApiError, CardError, invalid
from bot.sandbox.stripe.money import CURRENCIES, LARGEST, MINIMUM, shown, step
from bot.sandbox.stripe.objects import Object, new_id

from .payment_methods import decline


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt to pay ended: paid, declined (with the error), or waiting for the cardholder."""

    paid: bool
    error: CardError | None = None
    action: bool = False


def check_amount(amount: int, currency: str, param: str) -> None:
    """400 for what cannot be charged at once: too little, too much, or parts of the smallest unit in use."""
    if currency not in CURRENCIES:
        raise invalid(f"Invalid currency: {currency}. Stripe currently supports these currencies: usd, eur, ...", param)
    if amount <= 0:
        raise invalid("This value must be greater than or equal to 1.", param, "parameter_invalid_integer")
    check_not_too_small(amount, currency, param)
    if amount > LARGEST:
        raise invalid(f"Amount must be no more than {shown(LARGEST, currency)}.", param, "amount_too_large")
    if amount % step(currency):
        raise invalid(f"Amounts in {currency.upper()} must be divisible by {step(currency)}.", param)


def check_not_too_small(amount: int, currency: str, param: str) -> None:
    """400 for less than the smallest charge of the currency."""
    smallest = MINIMUM.get(currency, 1)
    if amount < smallest:
        raise invalid(f"Amount must be at least {shown(smallest, currency)}.", param, "amount_too_small")


def new_intent(
    account: Account, amount: int, currency: str, customer_id: str | None, *, description: str | None = None
) -> Object:
    """A payment intent that waits for a payment method, kept and announced."""
    intent_id = account.new_id("pi")
    intent: Object = {
        "id": intent_id,
        "object": "payment_intent",
        "amount": amount,
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "application": None,
        "application_fee_amount": None,
        "automatic_payment_methods": None,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": "automatic",
        "client_secret": new_id(f"{intent_id}_secret", 25),
        "confirmation_method": "automatic",
        "created": account.now(),
        "currency": currency,
        "customer": customer_id,
        "customer_account": None,
        "description": description,
        "excluded_payment_method_types": None,
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "metadata": {},
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_configuration_details": None,
        "payment_method_options": {"card": {"installments": None, "request_three_d_secure": "automatic"}},
        "payment_method_types": ["card"],
        "processing": None,
        "receipt_email": None,
        "review": None,
        "setup_future_usage": None,
        "shipping": None,
        "source": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": "requires_payment_method",
        "transfer_data": None,
        "transfer_group": None,
        "_invoice": None,
    }
    return account.add(intent, "payment_intent.created")


def attempt(account: Account, intent: Object, method: Object, *, approved: bool = False) -> Outcome:
    """Charge the card for the intent. `approved` says that the cardholder authenticated the payment."""
    intent["payment_method"] = method["id"]
    rule = method["_on_charge"]
    if not approved and (rule == AUTHENTICATE or (rule == AUTHENTICATE_ONCE and not method["_set_up"])):
        intent["status"] = "requires_action"
        intent["next_action"] = {
            "type": "redirect_to_url",
            "redirect_to_url": {"return_url": None, "url": account.address(f"/authenticate/{intent['id']}")},
        }
        account.save(intent, "payment_intent.requires_action")
        return Outcome(paid=False, action=True)
    intent["next_action"] = None
    if rule in (SUCCEED, AUTHENTICATE, AUTHENTICATE_ONCE):
        _succeed(account, intent, method)
        return Outcome(paid=True)
    return Outcome(paid=False, error=fail(account, intent, method, rule))


def _succeed(account: Account, intent: Object, method: Object) -> None:
    charge = _charge(account, intent, method, failure=None)
    account.add(charge, "charge.succeeded")
    intent.update(
        status="succeeded", amount_received=intent["amount"], latest_charge=charge["id"], last_payment_error=None
    )
    account.save(intent, "payment_intent.succeeded")


def fail(account: Account, intent: Object, method: Object, reason: str) -> CardError:
    """Write the failed charge and return the error that says why."""
    error = decline(reason)
    charge = _charge(account, intent, method, failure=error)
    account.add(charge, "charge.failed")
    error.extra["charge"] = charge["id"]
    shown = {**error.envelope()["error"], "payment_method": {k: v for k, v in method.items() if k[0] != "_"}}
    intent.update(
        status="requires_payment_method",
        payment_method=None,
        latest_charge=charge["id"],
        last_payment_error=shown,
        next_action=None,
    )
    account.save(intent, "payment_intent.payment_failed")
    return error


def _charge(account: Account, intent: Object, method: Object, failure: CardError | None) -> Object:
    charge_id = account.new_id("ch")
    paid = failure is None
    card = method["card"]
    return {
        "id": charge_id,
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": intent["amount"] if paid else 0,
        "amount_refunded": 0,
        "application": None,
        "application_fee": None,
        "application_fee_amount": None,
        "balance_transaction": None,
        "billing_details": method["billing_details"],
        "calculated_statement_descriptor": "KONTOR LOCAL",
        "captured": paid,
        "created": account.now(),
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": intent["description"],
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": None if failure is None else failure.code,
        "failure_message": None if failure is None else failure.message,
        "fraud_details": {},
        "livemode": False,
        "metadata": intent["metadata"],
        "on_behalf_of": None,
        "outcome": {
            "advice_code": None,
            "network_advice_code": None,
            "network_decline_code": None,
            "network_status": "approved_by_network" if paid else "declined_by_network",
            "reason": None if failure is None else failure.decline_code or failure.code,
            "risk_level": "normal",
            "risk_score": 20,
            "seller_message": "Payment complete." if paid else "The bank declined the payment.",
            "type": "authorized" if paid else "issuer_declined",
        },
        "paid": paid,
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": {
            "card": {
                "amount_authorized": intent["amount"],
                "brand": card["brand"],
                "checks": card["checks"],
                "country": card["country"],
                "exp_month": card["exp_month"],
                "exp_year": card["exp_year"],
                "fingerprint": card["fingerprint"],
                "funding": card["funding"],
                "installments": None,
                "last4": card["last4"],
                "mandate": None,
                "network": card["brand"],
                "three_d_secure": None,
                "wallet": None,
            },
            "type": "card",
        },
        "radar_options": {},
        "receipt_email": None,
        "receipt_number": None,
        "receipt_url": account.address(f"/dashboard/{charge_id}") if paid else None,
        "refunded": False,
        "review": None,
        "shipping": None,
        "source": None,
        "source_transfer": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": "succeeded" if paid else "failed",
        "transfer_data": None,
        "transfer_group": None,
    }


def cancel_intent(account: Account, intent: Object, reason: str | None = None) -> Object:
    """Nothing can be paid with it any more."""
    if intent["status"] in ("succeeded", "canceled"):
        raise ApiError(
            f"You cannot cancel this PaymentIntent because it has a status of {intent['status']}.",
            code="payment_intent_unexpected_state",
        )
    intent.update(status="canceled", canceled_at=account.now(), cancellation_reason=reason, next_action=None)
    return account.save(intent, "payment_intent.canceled")
