"""One local Stripe with the unmodified official SDK that talks to it, and short words for what tests set up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.sandbox.stripe.app import StripeApp

DAY = 86_400


def utc(text: str) -> int:
    """Unix seconds of `2026-01-15` or `2026-01-15 12:00`."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def day(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d")


@dataclass
class Local:
    """One local Stripe, its address, and what tests need again and again."""

    app: StripeApp
    url: str
    v1: Any

    def now(self) -> int:
        return self.app.account.now()

    def advance_to(self, text: str) -> None:
        self.app.account.advance_to(utc(text))

    def advance(self, days: float) -> None:
        self.app.account.advance_to(self.now() + int(days * DAY))

    def customer(self, card: str | None = "pm_card_visa", **fields: Any) -> Any:
        customer = self.v1.customers.create({"name": "Anna Example", "email": "anna@example.com", **fields})
        if card:
            method = self.v1.payment_methods.attach(card, {"customer": customer.id})
            self.v1.customers.update(customer.id, {"invoice_settings": {"default_payment_method": method.id}})
        return customer

    def price(self, amount: int, interval: str = "month", currency: str = "eur", **fields: Any) -> Any:
        recurring = {} if interval == "once" else {"recurring": {"interval": interval}}
        product = self.v1.products.create({"name": f"Plan {amount}"})
        return self.v1.prices.create(
            {"currency": currency, "unit_amount": amount, "product": product.id, **recurring, **fields}
        )

    def subscribe(self, customer: Any, price: Any, quantity: int = 1, **fields: Any) -> Any:
        return self.v1.subscriptions.create(
            {"customer": customer.id, "items": [{"price": price.id, "quantity": quantity}], **fields}
        )

    def invoices(self, subscription: Any) -> list[Any]:
        """Oldest first."""
        return self.v1.invoices.list({"subscription": subscription.id, "limit": 100}).data[::-1]

    def events(self) -> list[str]:
        return [event.type for event in self.v1.events.list({"limit": 100}).data][::-1]

    def method_of(self, customer: Any) -> str:
        return self.v1.customers.retrieve(customer.id).invoice_settings.default_payment_method

    def break_card(self, customer: Any, behaviour: str = "insufficient_funds") -> None:
        self.app.control.change_card({"payment_method": self.method_of(customer), "behaviour": behaviour})
