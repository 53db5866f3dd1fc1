"""The life of an invoice: drafted, finalized, sent, overdue, voided. Paying it is in `collection`."""

from __future__ import annotations

from bot.sandbox.stripe.account import DAY, Account, due
from bot.sandbox.stripe.errors import invalid
from bot.sandbox.stripe.objects import Object, new_id

from . import invoice_drafts
from .balances import change_balance
from .collection import collect
from .invoice_payments import check_no_other_payments, drop_default, request_payment, settle, tell

HOUR = 3600


def finalize(account: Account, invoice: Object) -> Object:
    """Give it a number, apply the customer's balance, open it; with nothing to pay it is paid at once."""
    if invoice["status"] != "draft":
        raise invalid("This invoice is already finalized, you can't re-finalize a non-draft invoice.")
    customer = account.get("customer", invoice["customer"])
    if customer["currency"] not in (None, invoice["currency"]):
        raise invalid(f"The customer is billed in {customer['currency']}; {invoice['currency']} cannot be mixed in.")
    if invoice["number"] is None:
        sequence = customer["next_invoice_sequence"]
        customer["next_invoice_sequence"] = sequence + 1
        invoice["number"] = f"{customer['invoice_prefix']}-{sequence:04d}"
    customer["currency"] = invoice["currency"]
    account.save(customer)
    invoice["starting_balance"] = customer["balance"]
    invoice_drafts.recompute(account, invoice)
    _apply_balance(account, invoice)
    now = account.now()
    secret = new_id("local", 20)
    invoice.update(
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
        request_payment(account, invoice)
    account.save(invoice, "invoice.finalized")
    if invoice["amount_due"] == 0:
        settle(account, invoice)
    elif invoice["collection_method"] == "send_invoice" and invoice["auto_advance"]:
        account.emit("invoice.sent", invoice)
    return invoice


def _apply_balance(account: Account, invoice: Object) -> None:
    ending = invoice_drafts.balance_after(invoice)
    invoice["ending_balance"] = ending
    change = ending - invoice["starting_balance"]
    if change:
        reason = "invoice_too_small" if ending > 0 else "applied_to_invoice"
        _change_balance(account, invoice, change, reason)


def _change_balance(account: Account, invoice: Object, amount: int, reason: str) -> None:
    currency, customer = invoice["currency"], invoice["customer"]
    change_balance(account, customer, amount, reason, currency=currency, invoice=invoice["id"])


def _set_due(account: Account, invoice: Object) -> None:
    if invoice["due_date"] is None:
        days = 30 if invoice["_days_until_due"] is None else invoice["_days_until_due"]
        invoice["due_date"] = account.now() + days * DAY
    account.plan(invoice["due_date"], "invoice.overdue", invoice["id"])


def void(account: Account, invoice: Object) -> Object:
    """Cancel an open invoice for good; credit that it had used is given back. Not once a part of it is paid."""
    if invoice["status"] not in ("open", "uncollectible"):
        raise invalid(f"You can only void open or uncollectible invoices; this one is {invoice['status']}.")
    check_no_other_payments(account, invoice, "void", "open", "paid")
    drop_default(account, invoice, "void_invoice")
    used = invoice["starting_balance"] - (invoice["ending_balance"] or 0)
    if used:
        _change_balance(account, invoice, used, "unapplied_from_invoice")
    invoice.update(status="void", next_payment_attempt=None, auto_advance=False)
    invoice["status_transitions"]["voided_at"] = account.now()
    account.save(invoice)
    account.emit("invoice.voided", invoice)
    tell(account, invoice, "voided")
    return invoice


def mark_uncollectible(account: Account, invoice: Object) -> Object:
    """Give up on an open invoice; it can still be paid."""
    if invoice["status"] != "open":
        raise invalid(f"You can only mark open invoices as uncollectible; this one is {invoice['status']}.")
    check_no_other_payments(account, invoice, "mark uncollectible", "open")
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


@due("invoice.overdue")
def _overdue_due(account: Account, invoice_id: str) -> None:
    invoice = account.find("invoice", invoice_id)
    if invoice is not None and invoice["status"] == "open" and invoice["due_date"] == account.now():
        account.emit("invoice.overdue", invoice)
        tell(account, invoice, "overdue")
