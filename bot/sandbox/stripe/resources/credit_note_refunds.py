"""How a credit note gives back what was paid: refunds made with it, refunds that it names, credit, other ways."""

from __future__ import annotations

from bot.sandbox.stripe.account import Account
from bot.sandbox.stripe.errors import invalid, missing_param
from bot.sandbox.stripe.objects import Object
from bot.sandbox.stripe.routing import Params

from .invoice_payments import payments_of
from .refunds import refund

_AMOUNTS = ("refund_amount", "credit_amount", "out_of_band_amount")


def check_given_back(account: Account, invoice: Object, note: Object, params: Params, linked: list[Object]) -> None:
    """The ways of giving back add up to the post-payment amount, and no money is given back twice."""
    for name in _AMOUNTS:
        if params.get(name, 0) < 0:
            raise invalid(f"{name} is not negative.", name, "parameter_invalid_integer")
    new = sum(params.get(name, 0) for name in _AMOUNTS)
    named = sum(entry["amount_refunded"] for entry in linked)
    if new + named != note["post_payment_amount"]:
        raise invalid(
            f"The sum of credit_amount, refund_amount, refunds and out_of_band_amount ({new + named}) must equal the "
            f"credit note's post-payment amount ({note['post_payment_amount']}).",
            "credit_amount",
        )
    elsewhere = _refunded(account, invoice) - _named(account.matching("credit_note", invoice=invoice["id"])) - named
    paid = invoice["total"] - invoice["pre_payment_credit_notes_amount"] - invoice["amount_remaining"]
    left = paid - invoice["post_payment_credit_notes_amount"] - named - elsewhere
    if new > max(0, left):
        raise invalid(
            f"{new} would be given back, but only {max(0, left)} of what was paid is left: name the refunds that were "
            "made already in refunds.",
            "refunds",
        )


def _refunded(account: Account, invoice: Object) -> int:
    cards = sum(int(charge["amount_refunded"]) for charge in charges_of(account, invoice))
    return cards + sum(int(record["amount_refunded"]["value"]) for record in _records_of(account, invoice))


def _named(notes: list[Object]) -> int:
    return sum(
        int(entry["amount_refunded"]) for note in notes for entry in note["refunds"] if note["status"] == "issued"
    )


def charges_of(account: Account, invoice: Object) -> list[Object]:
    """The charges that paid the invoice, or a part of it."""
    paid = [payment["payment"] for payment in payments_of(account, invoice) if payment["status"] == "paid"]
    intents = [account.get("payment_intent", p["payment_intent"]) for p in paid if p["type"] == "payment_intent"]
    return [account.get("charge", intent["latest_charge"]) for intent in intents]


def _records_of(account: Account, invoice: Object) -> list[Object]:
    paid = [payment["payment"] for payment in payments_of(account, invoice) if payment["status"] == "paid"]
    return [account.get("payment_record", p["payment_record"]) for p in paid if p["type"] == "payment_record"]


def refund_now(account: Account, invoice: Object, amount: int) -> Object:
    """Refund the invoice's charge; which one, must be clear."""
    charges = charges_of(account, invoice)
    if not charges:
        raise invalid("The invoice was not paid by a charge that could be refunded.", "refund_amount")
    if len(charges) > 1:
        raise invalid(
            "Several charges paid this invoice: create the refunds yourself and name them in refunds.", "refund_amount"
        )
    left = charges[0]["amount_captured"] - charges[0]["amount_refunded"]
    if amount > left:
        raise invalid(f"refund_amount ({amount}) is greater than what is left of the charge ({left}).", "refund_amount")
    made = refund(account, charges[0], amount)
    return {"amount_refunded": amount, "payment_record_refund": None, "refund": made["id"], "type": "refund"}


def link_refunds(account: Account, invoice: Object, issued: list[Object], sent: list[Params]) -> list[Object]:
    """The refunds that a credit note names, each at most as far as no other credit note has named it."""
    linked: list[Object] = []
    taken = [entry for note in issued for entry in note["refunds"]]
    for number, entry in enumerate(sent):
        param = f"refunds[{number}]"
        of_record = entry.get("type", "refund") == "payment_record_refund"
        found = _of_record(account, invoice, entry, param) if of_record else _of_charge(account, invoice, entry, param)
        same = ("type", "refund", "payment_record_refund")
        before = sum(t["amount_refunded"] for t in taken + linked if all(t[name] == found[name] for name in same))
        left = found["amount_refunded"] - before
        amount = entry.get("amount_refunded", left)
        if not 0 < amount <= left:
            raise invalid(
                f"amount_refunded ({amount}) lies between 1 and what no credit note has of this refund ({left}).",
                f"{param}[amount_refunded]",
            )
        linked.append({**found, "amount_refunded": amount})
    return linked


def _of_charge(account: Account, invoice: Object, entry: Params, param: str) -> Object:
    if "refund" not in entry:
        raise missing_param(f"{param}[refund]")
    made = account.get("refund", entry["refund"], f"{param}[refund]")
    if made["charge"] not in {charge["id"] for charge in charges_of(account, invoice)}:
        raise invalid("This refund does not belong to a payment of the invoice.", f"{param}[refund]")
    return {
        "amount_refunded": made["amount"],
        "payment_record_refund": None,
        "refund": made["id"],
        "type": "refund",
    }


def _of_record(account: Account, invoice: Object, entry: Params, param: str) -> Object:
    if "payment_record_refund" not in entry:
        raise missing_param(f"{param}[payment_record_refund]")
    wanted = entry["payment_record_refund"]
    where = f"{param}[payment_record_refund]"
    record = account.get("payment_record", wanted["payment_record"], f"{where}[payment_record]")
    if record["id"] not in {found["id"] for found in _records_of(account, invoice)}:
        raise invalid("This payment record does not belong to a payment of the invoice.", f"{where}[payment_record]")
    if wanted["refund_group"] not in record["_refund_groups"]:
        raise invalid(f"No such refund group: '{wanted['refund_group']}'", f"{where}[refund_group]")
    return {
        "amount_refunded": record["_refund_groups"][wanted["refund_group"]],
        "payment_record_refund": {**wanted},
        "refund": None,
        "type": "payment_record_refund",
    }
