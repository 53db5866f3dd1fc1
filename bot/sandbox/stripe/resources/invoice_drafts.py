"""Invoices before they are finalized: made, worked out, kept."""

from __future__ import annotations

from bot.sandbox.stripe.account import Account
from bot.sandbox.stripe.money import collectable
from bot.sandbox.stripe.objects import Object, id_of, nested_list

from .invoice_lines import total_up


def draft(
    account: Account,
    customer: Object,
    lines: list[Object],
    *,
    currency: str,
    reason: str,
    discounts: list[Object] | None = None,
    subscription: Object | None = None,
    collection_method: str = "charge_automatically",
    days_until_due: int | None = None,
    default_payment_method: str | None = None,
    default_tax_rates: list[Object] | None = None,
    period: tuple[int, int] | None = None,
    proration_date: int | None = None,
    description: str | None = None,
    metadata: dict[str, str] | None = None,
    auto_advance: bool = True,
) -> Object:
    """A draft with its totals worked out, neither kept nor announced (that is `keep`)."""
    now = account.now()
    invoice_id = account.new_id("in")
    for entry in lines:
        entry["invoice"] = invoice_id
    invoice: Object = {
        "id": invoice_id,
        "object": "invoice",
        "account_country": "DE",
        "account_name": "Kontor (local, not Stripe)",
        "account_tax_ids": None,
        "amount_due": 0,
        "amount_overpaid": 0,
        "amount_paid": 0,
        "amount_paid_off_stripe": 0,
        "amount_remaining": 0,
        "amount_shipping": 0,
        "application": None,
        "attempt_count": 0,
        "attempted": False,
        "auto_advance": auto_advance,
        "automatic_tax": {
            "disabled_reason": None,
            "enabled": False,
            "liability": None,
            "provider": None,
            "status": None,
        },
        "automatically_finalizes_at": None,
        "billing_reason": reason,
        "collection_method": collection_method,
        "created": now,
        "currency": currency,
        "custom_fields": customer["invoice_settings"]["custom_fields"],
        "customer": customer["id"],
        "customer_account": None,
        **_customer_fields(account, customer),
        "default_payment_method": default_payment_method,
        "default_source": None,
        "default_tax_rates": default_tax_rates or [],
        "description": description,
        "discounts": [discount["id"] for discount in discounts or []],
        "due_date": None,
        "effective_at": None,
        "ending_balance": None,
        "footer": customer["invoice_settings"]["footer"],
        "from_invoice": None,
        "hosted_invoice_url": None,
        "invoice_pdf": None,
        "issuer": {"type": "self"},
        "last_finalization_error": None,
        "latest_revision": None,
        "lines": nested_list(lines, f"/v1/invoices/{invoice_id}/lines"),
        "livemode": False,
        "metadata": metadata or {},
        "next_payment_attempt": None,
        "number": None,
        "on_behalf_of": None,
        "parent": subscription and _parent(subscription, proration_date),
        "payment_settings": {"default_mandate": None, "payment_method_options": None, "payment_method_types": None},
        "period_end": (period or (now, now))[1],
        "period_start": (period or (now, now))[0],
        "post_payment_credit_notes_amount": 0,
        "pre_payment_credit_notes_amount": 0,
        "receipt_number": None,
        "rendering": None,
        "shipping_cost": None,
        "shipping_details": None,
        "starting_balance": customer["balance"] if customer["currency"] in (None, currency) else 0,
        "statement_descriptor": None,
        "status": "draft",
        "status_transitions": {
            "finalized_at": None,
            "marked_uncollectible_at": None,
            "paid_at": None,
            "voided_at": None,
        },
        "test_clock": account.clock_id,
        "threshold_reason": None,
        "webhooks_delivered_at": None,
        "_days_until_due": days_until_due,
    }
    recompute(account, invoice, discounts)
    return invoice


def follow_customer(account: Account, customer: Object) -> None:
    """Until it is finalized an invoice says of the customer what the customer says (docs: "The Invoice object")."""
    for invoice in account.matching("invoice", customer=customer["id"], status="draft"):
        followed = {**invoice, **_customer_fields(account, customer)}
        if followed != invoice:
            recompute(account, followed)
            account.save(followed, "invoice.updated")


def _customer_fields(account: Account, customer: Object) -> Object:
    return {
        "customer_address": customer["address"],
        "customer_email": customer["email"],
        "customer_name": customer["business_name"] or customer["name"],
        "customer_phone": customer["phone"],
        "customer_shipping": customer["shipping"],
        "customer_tax_exempt": customer["tax_exempt"],
        "customer_tax_ids": [
            {"type": tax_id["type"], "value": tax_id["value"]}
            for tax_id in account.matching("tax_id", customer=customer["id"])
        ],
    }


def _parent(subscription: Object, proration_date: int | None) -> Object:
    details = {"metadata": subscription["metadata"], "subscription": subscription["id"]}
    if proration_date is not None:
        details["subscription_proration_date"] = proration_date
    return {"quote_details": None, "subscription_details": details, "type": "subscription_details"}


def recompute(account: Account, invoice: Object, discounts: list[Object] | None = None) -> None:
    """Totals of a draft from its lines, discounts, tax rates and the customer's balance."""
    if discounts is None:
        discounts = [account.get("discount", id_of(discount)) for discount in invoice["discounts"]]
    total_up(account, invoice, discounts, invoice["default_tax_rates"], invoice["customer_tax_exempt"])
    invoice["amount_due"] = collectable(invoice["total"] + invoice["starting_balance"], invoice["currency"])
    invoice["amount_remaining"] = invoice["amount_due"]


def balance_after(invoice: Object) -> int:
    """The customer's balance once the invoice has used credit up and asked for debt.

    A negative total becomes credit, and what is too little to charge waits (docs: "Customer credit balance").
    """
    return int(invoice["total"] + invoice["starting_balance"] - invoice["amount_due"])


def keep(account: Account, invoice: Object) -> Object:
    """Keep and announce a draft."""
    return account.add(invoice, "invoice.created")
