"""Charges as they are read, and refunds: money that goes back to the card."""

from __future__ import annotations

from bot.sandbox.stripe.account import DAY, Account, due
from bot.sandbox.stripe.errors import ApiError, invalid
from bot.sandbox.stripe.lists import page
from bot.sandbox.stripe.objects import Object, merge_metadata
from bot.sandbox.stripe.routing import Params, only, route


@route("GET", "/v1/charges", "ChargeListParams")
def list_charges(account: Account, params: Params) -> Object:
    return page(account, "charge", "/v1/charges", params, "customer", "payment_intent")


@route("GET", "/v1/charges/{}", "ChargeRetrieveParams")
def retrieve_charge(account: Account, _params: Params, charge_id: str) -> Object:
    return account.get("charge", charge_id)


@route("POST", "/v1/refunds", "RefundCreateParams")
def create_refund(account: Account, params: Params) -> Object:
    """Never more than was paid and not yet given back."""
    only(params, "refunds", "charge", "payment_intent", "amount", "reason", "metadata")
    if "charge" in params:
        charge = account.get("charge", params["charge"], "charge")
    elif "payment_intent" in params:
        intent = account.get("payment_intent", params["payment_intent"], "payment_intent")
        if intent["latest_charge"] is None:
            raise invalid("This PaymentIntent does not have a successful charge to refund.", "payment_intent")
        charge = account.get("charge", intent["latest_charge"])
    else:
        raise invalid("One of the following params should be provided for this request: payment_intent or charge.")
    return refund(account, charge, params.get("amount"), reason=params.get("reason"), metadata=params.get("metadata"))


def refund(
    account: Account,
    charge: Object,
    amount: int | None = None,
    *,
    reason: str | None = None,
    metadata: dict[str, str] | str | None = None,
) -> Object:
    """Give back a charge, or a part of it. Raises 400 beyond what is left."""
    left = charge["amount_captured"] - charge["amount_refunded"]
    wanted = left if amount is None else amount
    if left == 0 and charge["amount_captured"]:
        raise ApiError(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    if wanted <= 0:
        raise invalid("Invalid positive integer", "amount", "parameter_invalid_integer")
    if wanted > left:
        raise invalid(f"Refund amount ({wanted}) is greater than unrefunded amount on charge ({left})", "amount")
    body: Object = {
        "id": account.new_id("re"),
        "object": "refund",
        "amount": wanted,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": account.now(),
        "currency": charge["currency"],
        "customer": charge["customer"],
        "description": None,
        "destination_details": {
            "card": {
                "reference": None,
                "reference_status": "pending",
                "reference_type": "acquirer_reference_number",
                "type": "refund",
            },
            "type": "card",
        },
        "metadata": merge_metadata({}, metadata),
        "payment_intent": charge["payment_intent"],
        "payment_method": charge["payment_method"],
        "reason": reason,
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "succeeded",
        "transfer_reversal": None,
    }
    account.add(body, "refund.created")
    before = {"amount_refunded": charge["amount_refunded"], "refunded": charge["refunded"]}
    charge["amount_refunded"] += wanted
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    account.save(charge)
    account.emit("charge.refunded", charge, before)
    method = account.find("payment_method", charge["payment_method"])
    if method is not None and method.get("_refund_fails"):
        account.plan(account.now() + DAY, "refund.fail", body["id"])
    return body


@due("refund.fail")
def _fail(account: Account, refund_id: str) -> None:
    """The bank sends it back (docs: "Handle failed refunds")."""
    body = account.get("refund", refund_id)
    body.update(status="failed", failure_reason="expired_or_canceled_card")
    account.save(body, "refund.updated")
    account.emit("refund.failed", body)


@route("GET", "/v1/refunds", "RefundListParams")
def list_refunds(account: Account, params: Params) -> Object:
    return page(account, "refund", "/v1/refunds", params, "charge", "payment_intent")


@route("GET", "/v1/refunds/{}", "RefundRetrieveParams")
def retrieve_refund(account: Account, _params: Params, refund_id: str) -> Object:
    return account.get("refund", refund_id)


@route("POST", "/v1/refunds/{}", "RefundUpdateParams")
def update_refund(account: Account, params: Params, refund_id: str) -> Object:
    body = account.get("refund", refund_id)
    body["metadata"] = merge_metadata(body["metadata"], params.get("metadata"))
    return account.save(body, "refund.updated")
