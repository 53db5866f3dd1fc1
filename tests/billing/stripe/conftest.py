"""A local Stripe over HTTP, with a small catalogue already pushed to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import pytest
import requests

from billing.catalogue import Catalogue
from billing.catalogue.files import parse
from billing.stripe.client import Connection, Request
from billing.stripe.payments import StripePayments
from billing.stripe.push import Push
from bot.sandbox.server import running
from bot.sandbox.stripe import create_app

START = datetime(2026, 3, 10, 9, tzinfo=UTC)
TODAY = date(2026, 3, 10)
KEY = "sk_test_kontor"

SHOP = """\
[business]
name = "Acme"
legal_name = "Acme GmbH"
address = { line1 = "Weg 1", postal_code = "10115", city = "Berlin" }
country = "DE"
timezone = "Europe/Berlin"
currency = "EUR"
currencies = ["EUR", "JPY"]
support_email = "help@acme.example"
reply_to = "billing@acme.example"

[[products]]
id = "desk"
name = { en = "Desk", de = "Tisch" }

[[products.plans]]
id = "solo"
name = { en = "Desk Solo", de = "Tisch Solo" }
prices = [
    { interval = "month", amounts = { EUR = 1900, JPY = 3000 } },
    { interval = "week", amounts = { EUR = 590, JPY = 900 } },
]

[[unit_packs]]
id = "sms-1000"
name = { en = "1,000 SMS", de = "1.000 SMS" }
unit = { en = "SMS", de = "SMS" }
units = 1000
amounts = { EUR = 7500, JPY = 12000 }

[[tax.rates]]
id = "de-vat"
country = "DE"
name = { en = "VAT", de = "USt." }
percent = 19

[[tax.rates]]
id = "jp-ct"
country = "JP"
name = { en = "Consumption tax", de = "Verbrauchsteuer" }
percent = 10
inclusive = true

[[coupons]]
code = "WELCOME20"
label = { en = "Welcome", de = "Willkommen" }
percent = 20
duration = "repeating"
months = 3
promotion = true

[[coupons]]
code = "TEN"
label = { en = "Ten off", de = "Zehn weniger" }
amounts = { EUR = 1000, JPY = 1500 }
duration = "once"
products = ["desk"]
"""


@dataclass
class LocalStripe:
    """A local Stripe, a connection to it, and what went over the wire."""

    url: str
    connection: Connection
    sent: list[Request] = field(default_factory=list)

    @property
    def v1(self) -> Any:
        return self.connection.client.v1

    def customer(self, card: str | None = "pm_card_visa", **more: Any) -> Any:
        """A customer with that test card as default."""
        made = self.v1.customers.create({"name": "Ada", "email": "ada@example.com", **more})
        if card:
            method = self.v1.payment_methods.attach(card, {"customer": made.id})
            self.v1.customers.update(made.id, {"invoice_settings": {"default_payment_method": method.id}})
        return self.v1.customers.retrieve(made.id)

    def fault(self, kind: str, path: str, count: int = 1, method: str = "POST", **more: Any) -> None:
        order = {"kind": kind, "path": path, "method": method, "next": count, **more}
        requests.post(f"{self.url}/control/faults", json=order, timeout=5).raise_for_status()

    def card(self, payment_method: str, behaviour: str) -> None:
        """From now on the bank says that: a decline code, `authenticate` or `succeed`."""
        order = {"payment_method": payment_method, "behaviour": behaviour}
        requests.post(f"{self.url}/control/card", json=order, timeout=5).raise_for_status()

    def give_coupon(self, customer: str, coupon: str) -> None:
        """Off everything that the customer is billed, as somebody gives it in the Dashboard."""
        order = {"customer": customer, "coupon": coupon}
        requests.post(f"{self.url}/control/coupon", json=order, timeout=5).raise_for_status()

    def advance(self, **by: int) -> None:
        requests.post(f"{self.url}/control/clock", json=by, timeout=30).raise_for_status()

    def calls(self, method: str, path: str) -> list[Request]:
        return [one for one in self.sent if (one.method, one.path) == (method, path)]


@pytest.fixture
def catalogue() -> Catalogue:
    return parse(SHOP)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    app = create_app()
    try:
        with running(app) as url:
            yield url
    finally:
        app.close()


@pytest.fixture
def bare(server: str) -> Iterator[LocalStripe]:
    """Nothing was pushed yet."""
    requests.delete(f"{server}/control/faults", timeout=5).raise_for_status()
    requests.post(f"{server}/control/reset", json={"start_at": int(START.timestamp())}, timeout=5).raise_for_status()
    sent: list[Request] = []
    with Connection(KEY, server, on_request=sent.append) as connection:
        yield LocalStripe(server, connection, sent)


@pytest.fixture
def local(bare: LocalStripe, catalogue: Catalogue) -> LocalStripe:
    push = Push(bare.connection.client, catalogue, TODAY)
    push.apply(push.plan())
    bare.sent.clear()
    return bare


@pytest.fixture
def payments(local: LocalStripe, catalogue: Catalogue) -> StripePayments:
    return StripePayments(
        local.connection.client,
        catalogue,
        success_url="https://kontor.example/added",
        cancel_url="https://kontor.example/cancelled",
        clock=lambda: START,
    )
