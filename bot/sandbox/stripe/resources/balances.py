"""A customer's balance with us: credit (negative) or debt, and the transactions that explain it."""

from __future__ import annotations

from bot.sandbox.stripe.account import Account
from bot.sandbox.stripe.errors import invalid
from bot.sandbox.stripe.objects import Object


def change_balance(
    account: Account,
    customer_id: str,
    amount: int,
    reason: str,
    *,
    currency: str,
    description: str | None = None,
    metadata: dict[str, str] | None = None,
    **about: str | None,
) -> Object:
    """Add to a customer's balance (negative: in the customer's favour); returns the transaction that says so."""
    customer = account.get("customer", customer_id)
    if customer["currency"] and customer["currency"] != currency:
        raise invalid(
            f"The customer has a balance and invoices in {customer['currency']}; {currency} cannot be mixed in.",
            "currency",
        )
    customer["currency"] = currency
    customer["balance"] += amount
    customer["invoice_credit_balance"] = {currency: customer["balance"]}
    transaction = {
        "id": account.new_id("cbtxn"),
        "object": "customer_balance_transaction",
        "amount": amount,
        "checkout_session": None,
        "created": account.now(),
        "credit_note": about.get("credit_note"),
        "currency": currency,
        "customer": customer_id,
        "customer_account": None,
        "description": description,
        "ending_balance": customer["balance"],
        "invoice": about.get("invoice"),
        "livemode": False,
        "metadata": metadata or {},
        "type": reason,
    }
    account.save(customer, "customer.updated")
    return account.add(transaction)
