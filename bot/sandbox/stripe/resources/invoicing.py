"""The life of an invoice: drafted, finalized, collected, paid, retried, voided. The endpoints are in `invoices`."""

from __future__ import annotations

from collections.abc import Callable

from bot.sandbox.stripe.account import DAY, Account, due
from bot.sandbox.stripe.errors import ApiError, CardError, invalid
from bot.sandbox.stripe.objects import Object, new_id

from . import invoice_drafts, payments
from .balances import change_balance
from .payments import Outcome

HOUR = 3600
RETRY_AFTER_DAYS = (3, 5, 7)
"""Days between attempts on an unpaid invoice (docs: "Smart Retries", the custom schedule's default)."""

Listener = Callable[[Account, Object, str], None]
_LISTENERS: list[Listener] = []


def on_settlement(listener: Listener) -> Listener:
    """Register who is told when an invoice becomes `paid`, `failed`, `action_required`, `exhausted` or `voided`."""
    _LISTENERS.append(listener)
    return listener


def _tell(account: Account, invoice: Object, what: str) -> None:
    for listener in _LISTENERS:
        listener(account, invoice, what)


def finalize(account: Account, invoice: Object) -> Object:
    """Give it a number, apply the customer's balance, open it; with nothing to pay it is paid at once."""
    if invoice["status"] != "draft":
        raise invalid("This invoice is already finalized, you can't re-finalize a non-draft invoice.")
    customer = account.get("customer", invoice["customer"])
    if customer["currency"] not in (None, invoice["currency"]):
        raise invalid(f"The customer is billed in {customer['currency']}; {invoice['currency']} cannot be mixed in.")
    sequence = customer["next_invoice_sequence"]
    customer["next_invoice_sequence"] = sequence + 1
    customer["currency"] = invoice["currency"]
    account.save(customer)
    invoice["starting_balance"] = customer["balance"]
    invoice_drafts.recompute(account, invoice)
    _apply_balance(account, invoice)
    now = account.now()
    secret = new_id("local", 20)
    invoice.update(
        number=f"{customer['invoice_prefix']}-{sequence:04d}",
        status="open",
        effective_at=now,
        automatically_finalizes_at=None,
        hosted_invoice_url=account.address(f"/invoice/{invoice['id']}/{secret}"),
        invoice_pdf=account.address(f"/invoice/{invoice['id']}/{secret}/pdf"),
        _secret=secret,
    )
    invoice["status_transitions"]["finalized_at"] = now
    if invoice["collection_method"] == "send_invoice":
        _set_due(account, invoice)
    if invoice["amount_due"] > 0:
        _request_payment(account, invoice)
    account.save(invoice, "invoice.finalized")
    if invoice["amount_due"] == 0:
        _mark_paid(account, invoice)
    elif invoice["collection_method"] == "send_invoice" and invoice["auto_advance"]:
        account.emit("invoice.sent", invoice)
    return invoice


def _apply_balance(account: Account, invoice: Object) -> None:
    """Credit is used up and debt is asked for; a negative total becomes credit (docs: "Customer credit balance")."""
    ending = min(0, invoice["total"] + invoice["starting_balance"])
    invoice["ending_balance"] = ending
    change = ending - invoice["starting_balance"]
    if change:
        change_balance(
            account,
            invoice["customer"],
            change,
            "applied_to_invoice",
            currency=invoice["currency"],
            invoice=invoice["id"],
        )


def _set_due(account: Account, invoice: Object) -> None:
    if invoice["due_date"] is None:
        days = 30 if invoice["_days_until_due"] is None else invoice["_days_until_due"]
        invoice["due_date"] = account.now() + days * DAY
    account.plan(invoice["due_date"], "invoice.overdue", invoice["id"])


def _request_payment(account: Account, invoice: Object) -> None:
    intent = payments.new_intent(
        account,
        invoice["amount_due"],
        invoice["currency"],
        invoice["customer"],
        description="Subscription invoice" if invoice["parent"] else "Payment for Invoice",
    )
    intent["_invoice"] = invoice["id"]
    account.save(intent)
    account.add(
        {
            "id": account.new_id("inpay"),
            "object": "invoice_payment",
            "amount_paid": None,
            "amount_requested": invoice["amount_due"],
            "created": account.now(),
            "currency": invoice["currency"],
            "invoice": invoice["id"],
            "is_default": True,
            "livemode": False,
            "payment": {"payment_intent": intent["id"], "type": "payment_intent"},
            "status": "open",
            "status_transitions": {"canceled_at": None, "paid_at": None},
        }
    )


def intent_of(account: Account, invoice: Object) -> Object | None:
    """The payment intent behind an open or paid invoice."""
    for payment in account.matching("invoice_payment", invoice=invoice["id"]):
        return account.get("payment_intent", payment["payment"]["payment_intent"])
    return None


def collect(account: Account, invoice: Object) -> Outcome:
    """Charge an open invoice with the method in force: the invoice's, the subscription's, the customer's."""
    method = method_for(account, invoice)
    if method is None:
        return _failed(account, invoice, no_method())
    return attempt_payment(account, invoice, method)


def no_method() -> ApiError:
    """What Stripe says when there is nothing to charge."""
    return ApiError(
        "This customer has no attached payment source or default payment method. Please consider adding a default "
        "payment method. For more information, visit "
        "https://stripe.com/docs/billing/subscriptions/payment-methods-setting#payment-method-priority.",
        code="resource_missing",
    )


def method_for(account: Account, invoice: Object) -> Object | None:
    """The payment method in force, or None."""
    candidates = [invoice["default_payment_method"]]
    if invoice["parent"]:
        subscription = account.store.get(invoice["parent"]["subscription_details"]["subscription"]) or {}
        candidates.append(subscription.get("default_payment_method"))
    customer = account.get("customer", invoice["customer"])
    candidates.append(customer["invoice_settings"]["default_payment_method"])
    for method_id in candidates:
        if method_id and (method := account.find("payment_method", method_id)) and method["customer"]:
            return method
    return None


def attempt_payment(account: Account, invoice: Object, method: Object, *, approved: bool = False) -> Outcome:
    """One attempt to pay an open invoice with a card."""
    intent = intent_of(account, invoice)
    assert intent is not None, "an open invoice has a payment intent"
    if invoice["status"] not in ("open", "uncollectible"):
        raise invalid(f"Invoice is already {invoice['status']}")
    invoice["attempt_count"] += 0 if approved else 1
    invoice["attempted"] = True
    outcome = payments.attempt(account, intent, method, approved=approved)
    if outcome.paid:
        _mark_paid(account, invoice)
        return outcome
    if outcome.action:
        account.save(invoice)
        account.emit("invoice.payment_action_required", invoice)
        _tell(account, invoice, "action_required")
        return outcome
    return _failed(account, invoice, outcome.error)


def _failed(account: Account, invoice: Object, error: ApiError | None) -> Outcome:
    """Plan the next attempt; after the last one whoever owns the invoice decides what becomes of it."""
    number = max(1, invoice["attempt_count"])
    exhausted = number > len(RETRY_AFTER_DAYS)
    retrying = invoice["auto_advance"] and invoice["billing_reason"] == "subscription_cycle" and not exhausted
    invoice["attempted"] = True
    invoice["attempt_count"] = number
    invoice["next_payment_attempt"] = account.now() + RETRY_AFTER_DAYS[number - 1] * DAY if retrying else None
    account.save(invoice)
    account.emit("invoice.payment_failed", invoice)
    if retrying:
        account.plan(invoice["next_payment_attempt"], "invoice.retry", invoice["id"])
    _tell(account, invoice, "exhausted" if exhausted else "failed")
    return Outcome(paid=False, error=error if isinstance(error, CardError) else None)


def _mark_paid(account: Account, invoice: Object, *, out_of_band: bool = False) -> None:
    now = account.now()
    invoice.update(
        status="paid",
        amount_paid=invoice["amount_due"],
        amount_remaining=0,
        attempted=True,
        next_payment_attempt=None,
    )
    if out_of_band:
        invoice["amount_paid_off_stripe"] = invoice["amount_due"]
    invoice["status_transitions"]["paid_at"] = now
    for payment in account.matching("invoice_payment", invoice=invoice["id"]):
        payment.update(status="canceled" if out_of_band else "paid")
        payment["amount_paid"] = None if out_of_band else payment["amount_requested"]
        payment["status_transitions"]["canceled_at" if out_of_band else "paid_at"] = now
        account.save(payment, None if out_of_band else "invoice_payment.paid")
    account.save(invoice)
    account.emit("invoice.paid", invoice)
    account.emit("invoice.payment_succeeded", invoice)
    _tell(account, invoice, "paid")


def pay_out_of_band(account: Account, invoice: Object) -> None:
    """A check or a bank transfer paid it (docs: "Pay an invoice", paid_out_of_band)."""
    intent = intent_of(account, invoice)
    if intent is not None and intent["status"] not in ("succeeded", "canceled"):
        payments.cancel_intent(account, intent, "automatic")
    _mark_paid(account, invoice, out_of_band=True)


def void(account: Account, invoice: Object) -> Object:
    """Cancel an open invoice for good; credit that it had used is given back."""
    if invoice["status"] not in ("open", "uncollectible"):
        raise invalid(f"You can only void open or uncollectible invoices; this one is {invoice['status']}.")
    intent = intent_of(account, invoice)
    if intent is not None and intent["status"] not in ("succeeded", "canceled"):
        payments.cancel_intent(account, intent, "void_invoice")
    for payment in account.matching("invoice_payment", invoice=invoice["id"]):
        payment["status"] = "canceled"
        payment["status_transitions"]["canceled_at"] = account.now()
        account.save(payment)
    used = invoice["starting_balance"] - (invoice["ending_balance"] or 0)
    if used:
        change_balance(
            account,
            invoice["customer"],
            used,
            "unapplied_from_invoice",
            currency=invoice["currency"],
            invoice=invoice["id"],
        )
    invoice.update(status="void", next_payment_attempt=None, auto_advance=False)
    invoice["status_transitions"]["voided_at"] = account.now()
    account.save(invoice)
    account.emit("invoice.voided", invoice)
    _tell(account, invoice, "voided")
    return invoice


def mark_uncollectible(account: Account, invoice: Object) -> Object:
    """Give up on an open invoice; it can still be paid."""
    if invoice["status"] != "open":
        raise invalid(f"You can only mark open invoices as uncollectible; this one is {invoice['status']}.")
    invoice.update(status="uncollectible", next_payment_attempt=None, auto_advance=False)
    invoice["status_transitions"]["marked_uncollectible_at"] = account.now()
    account.save(invoice)
    account.emit("invoice.marked_uncollectible", invoice)
    return invoice


def finalize_later(account: Account, invoice: Object) -> None:
    """Renewal invoices stay drafts for an hour, so that something can be added (docs: "Invoice lifecycle")."""
    invoice["automatically_finalizes_at"] = account.now() + HOUR
    account.save(invoice)
    account.plan(invoice["automatically_finalizes_at"], "invoice.finalize", invoice["id"])


@due("invoice.finalize")
def _finalize_due(account: Account, invoice_id: str) -> None:
    invoice = account.find("invoice", invoice_id)
    if invoice is None or invoice["status"] != "draft" or not invoice["auto_advance"]:
        return
    invoice = finalize(account, invoice)
    if invoice["status"] == "open" and invoice["collection_method"] == "charge_automatically":
        collect(account, invoice)


@due("invoice.retry")
def _retry_due(account: Account, invoice_id: str) -> None:
    invoice = account.find("invoice", invoice_id)
    if invoice is not None and invoice["status"] == "open" and invoice["next_payment_attempt"] == account.now():
        if method_for(account, invoice) is None:
            invoice["attempt_count"] += 1
        collect(account, invoice)


@due("invoice.overdue")
def _overdue_due(account: Account, invoice_id: str) -> None:
    invoice = account.find("invoice", invoice_id)
    if invoice is not None and invoice["status"] == "open" and invoice["due_date"] == account.now():
        account.emit("invoice.overdue", invoice)
        _tell(account, invoice, "overdue")
