"""What is paid towards an invoice: its default payment, further ones, and the moment in which it is settled.

Every finalized invoice with something to pay has a default payment, whose payment intent asks for all that remains.
Others can be attached to pay a part (docs: "Accept partial payments").
"""

from __future__ import annotations

from collections.abc import Callable

from bot.sandbox.stripe.account import Account
from bot.sandbox.stripe.errors import ApiError, invalid
from bot.sandbox.stripe.objects import Object

from . import payments
from .balances import change_balance

Listener = Callable[[Account, Object, str], None]
_LISTENERS: list[Listener] = []


def on_settlement(listener: Listener) -> Listener:
    """Register who is told when an invoice becomes `paid`, `failed`, `action_required`, `exhausted` or `voided`."""
    _LISTENERS.append(listener)
    return listener


def tell(account: Account, invoice: Object, what: str) -> None:
    """Tell everyone who wants to know what became of an invoice."""
    for listener in _LISTENERS:
        listener(account, invoice, what)


def request_payment(account: Account, invoice: Object) -> None:
    """The default payment and its payment intent, over all that remains."""
    intent = payments.new_intent(
        account,
        invoice["amount_due"],
        invoice["currency"],
        invoice["customer"],
        description="Subscription invoice" if invoice["parent"] else "Payment for Invoice",
    )
    intent["_invoice"] = invoice["id"]
    account.save(intent)
    _add(account, invoice, "payment_intent", intent["id"], invoice["amount_due"], is_default=True)


def _add(
    account: Account, invoice: Object, kind: str, payment_id: str, amount: int, *, is_default: bool = False
) -> Object:
    return account.add(
        {
            "id": account.new_id("inpay"),
            "object": "invoice_payment",
            "amount_paid": None,
            "amount_requested": amount,
            "created": account.now(),
            "currency": invoice["currency"],
            "invoice": invoice["id"],
            "is_default": is_default,
            "livemode": False,
            "payment": {kind: payment_id, "type": kind},
            "status": "open",
            "status_transitions": {"canceled_at": None, "paid_at": None},
        }
    )


def payments_of(account: Account, invoice: Object, *, default: bool | None = None) -> list[Object]:
    """The payments of an invoice, newest first; all, the default one only, or the others only."""
    found = account.matching("invoice_payment", invoice=invoice["id"])
    return [payment for payment in found if default is None or payment["is_default"] is default]


def intent_of(account: Account, invoice: Object) -> Object | None:
    """The payment intent of the default payment; None when there was never anything to pay."""
    for payment in payments_of(account, invoice, default=True):
        return account.get("payment_intent", payment["payment"]["payment_intent"])
    return None


def attach_intent(account: Account, invoice: Object, intent: Object) -> None:
    """Let a payment intent pay a part of the invoice; one that has succeeded already counts at once."""
    _check_open(invoice)
    if intent["_invoice"] or intent.get("_attached"):
        raise invalid("This PaymentIntent is attached to an invoice already.", "payment_intent")
    if (intent["customer"], intent["currency"]) != (invoice["customer"], invoice["currency"]):
        raise invalid(
            "The PaymentIntent must have the same customer and the same currency as the invoice.", "payment_intent"
        )
    if intent["status"] == "canceled":
        raise invalid("A PaymentIntent that is canceled cannot be attached.", "payment_intent")
    if intent["amount"] > invoice["amount_remaining"]:
        raise invalid(
            f"The PaymentIntent's amount ({intent['amount']}) is greater than the amount remaining on the invoice "
            f"({invoice['amount_remaining']}).",
            "payment_intent",
        )
    payment = _add(account, invoice, "payment_intent", intent["id"], intent["amount"])
    intent["_attached"] = payment["id"]
    account.save(intent)
    intent_changed(account, intent)


def attach_record(account: Account, invoice: Object, record: Object) -> None:
    """Let a reported payment (a check, a bank transfer) pay a part of the invoice, or more than the rest of it."""
    _check_open(invoice)
    if record["_attached"]:
        raise invalid("This PaymentRecord is attached to an invoice already.", "payment_record")
    asked = record["amount_requested"]
    if asked["currency"] != invoice["currency"]:
        raise invalid("The PaymentRecord must have the same currency as the invoice.", "payment_record")
    if (record["customer_details"] or {}).get("customer") not in (None, invoice["customer"]):
        raise invalid("The PaymentRecord belongs to another customer than the invoice.", "payment_record")
    if record["amount_failed"]["value"] or record["amount_canceled"]["value"]:
        raise invalid("A PaymentRecord that failed or was canceled cannot be attached.", "payment_record")
    payment = _add(account, invoice, "payment_record", record["id"], asked["value"])
    record["_attached"] = payment["id"]
    account.save(record)
    record_changed(account, record)


def _check_open(invoice: Object) -> None:
    if invoice["status"] not in ("open", "uncollectible"):
        raise invalid(f"Payments can only be attached to open invoices; this one is {invoice['status']}.")
    if invoice["parent"] and invoice["collection_method"] == "charge_automatically":
        raise invalid("Partial payments aren't supported for subscription invoices that are charged automatically.")


def intent_changed(account: Account, intent: Object) -> None:
    """A payment intent that may be attached to an invoice has succeeded or was canceled."""
    payment = account.find("invoice_payment", intent.get("_attached") or "")
    if payment is None or payment["status"] != "open":
        return
    if intent["status"] == "succeeded":
        credit(account, account.get("invoice", payment["invoice"]), payment, intent["amount_received"])
    elif intent["status"] == "canceled":
        _cancel(account, payment)


def record_changed(account: Account, record: Object) -> None:
    """A reported payment that may be attached to an invoice is guaranteed, or has failed or was canceled."""
    payment = account.find("invoice_payment", record["_attached"] or "")
    if payment is None or payment["status"] != "open":
        return
    guaranteed = record["amount_guaranteed"]["value"]
    if guaranteed:
        credit(account, account.get("invoice", payment["invoice"]), payment, guaranteed, off_stripe=True)
    elif record["amount_failed"]["value"] or record["amount_canceled"]["value"]:
        _cancel(account, payment)


def credit(account: Account, invoice: Object, payment: Object, amount: int, *, off_stripe: bool = False) -> None:
    """Money has arrived: count it, and settle the invoice once nothing remains.

    What is more than remains becomes the customer's credit (docs: the invoice's `amount_overpaid`).
    """
    payment.update(status="paid", amount_paid=amount)
    payment["status_transitions"]["paid_at"] = account.now()
    account.save(payment, "invoice_payment.paid")
    applied = min(amount, invoice["amount_remaining"])
    _count(invoice, applied, off_stripe=off_stripe)
    if amount > applied:
        _overpay(account, invoice, amount - applied, off_stripe=off_stripe)
    if invoice["amount_remaining"] or invoice["status"] == "paid":
        keep_in_step(account, invoice)
        account.save(invoice, "invoice.updated")
    else:
        settle(account, invoice)


def _count(invoice: Object, amount: int, *, off_stripe: bool) -> None:
    invoice["amount_paid"] += amount
    invoice["amount_remaining"] -= amount
    if off_stripe:
        invoice["amount_paid_off_stripe"] += amount


def _overpay(account: Account, invoice: Object, excess: int, *, off_stripe: bool) -> None:
    invoice["amount_overpaid"] += excess
    if off_stripe:
        invoice["amount_paid_off_stripe"] += excess
    currency, customer = invoice["currency"], invoice["customer"]
    change_balance(account, customer, -excess, "invoice_overpaid", currency=currency, invoice=invoice["id"])
    account.emit("invoice.overpaid", invoice)


def pay_out_of_band(account: Account, invoice: Object) -> None:
    """A check or a bank transfer paid what remained (docs: "Pay an invoice", paid_out_of_band)."""
    _count(invoice, invoice["amount_remaining"], off_stripe=True)
    settle(account, invoice)


def keep_in_step(account: Account, invoice: Object) -> None:
    """The default payment asks for what remains (docs: the invoice payment's `is_default`)."""
    for payment in payments_of(account, invoice, default=True):
        if payment["status"] != "open":
            continue
        intent = account.get("payment_intent", payment["payment"]["payment_intent"])
        intent["amount"] = payment["amount_requested"] = invoice["amount_remaining"]
        account.save(intent)
        account.save(payment)


def settle(account: Account, invoice: Object) -> None:
    """Nothing remains to be paid: the invoice is paid, and its default payment is not needed if it is still open."""
    invoice.update(status="paid", attempted=True, next_payment_attempt=None)
    invoice["status_transitions"]["paid_at"] = account.now()
    drop_default(account, invoice, "automatic")
    account.save(invoice)
    account.emit("invoice.paid", invoice)
    account.emit("invoice.payment_succeeded", invoice)
    tell(account, invoice, "paid")


def drop_default(account: Account, invoice: Object, reason: str) -> None:
    """Cancel the default payment and its payment intent, if nobody has paid it."""
    for payment in payments_of(account, invoice, default=True):
        if payment["status"] == "open":
            _cancel(account, payment)
            payments.cancel_intent(account, account.get("payment_intent", payment["payment"]["payment_intent"]), reason)


def _cancel(account: Account, payment: Object) -> None:
    payment["status"] = "canceled"
    payment["status_transitions"]["canceled_at"] = account.now()
    account.save(payment)


def check_no_other_payments(account: Account, invoice: Object, what: str, *states: str) -> None:
    """400 when payments besides the default one are in one of the states (docs: "Invoice payment statuses")."""
    others = [payment for payment in payments_of(account, invoice, default=False) if payment["status"] in states]
    if others:
        raise ApiError(f"You cannot {what} an invoice that has {' or '.join(states)} payments.")
