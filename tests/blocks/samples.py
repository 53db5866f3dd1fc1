"""Read models for the tests of views: one ordinary customer, and one that is as large and as strange as data can be."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from billing.cards import ENTRIES_ON_CARD, Attention, Concern, ContactCard
from billing.catalogue import Catalogue, Coupon, Duration, Interval, Label, RecurringPrice
from billing.catalogue.files import parse
from billing.contacts import (
    Account,
    Address,
    Contact,
    ContactSummary,
    Invoice,
    InvoiceStatus,
    Member,
    MemberRight,
    PaymentMethod,
    Subscription,
    SubscriptionStatus,
)
from billing.dunning.failures import FailedPayment
from billing.ids import (
    ContactId,
    CustomerId,
    InvoiceId,
    LookupKey,
    OperationId,
    PaymentMethodId,
    SubscriptionId,
    TeamId,
    UserId,
)
from billing.money import Money
from billing.operations import Operation, State
from billing.ports import SetupLink
from billing.previews import Payment, SubscriptionPreview, TaxLine
from billing.roles import Permission
from billing.subscriptions import Review, SubscriptionDraft, SubscriptionForm, SubscriptionStarted
from billing.timeline import Entry, Happening, Page
from blocks.texts import Translator
from tests.support.sold import with_item

NOW = datetime(2026, 11, 21, 17, 30, tzinfo=UTC)
TODAY = date(2026, 11, 21)
EN = Translator("en-US", "Europe/Berlin")
DE = Translator("de-DE", "Europe/Berlin")
BOTH = (EN, DE)

EVIL = "*evil* <!channel> _x_ ~y~ `z` & <https://evil.example|click> :skull: \u202eflipped"
FAMILY = "👨‍👩‍👧‍👦"
HEBREW = "חברה לדוגמה"
LONG = (FAMILY * 20 + HEBREW + " " + EVIL + " ") * 3  # far above 300 characters

CATALOGUE: Catalogue = parse("""
[business]
name = "Brightwell"
legal_name = "Brightwell Software GmbH"
address = { line1 = "Kastanienallee 86", postal_code = "10435", city = "Berlin" }
country = "DE"
timezone = "Europe/Berlin"
currency = "EUR"
currencies = ["EUR"]
support_email = "support@brightwell.example"
reply_to = "billing@brightwell.example"

[[products]]
id = "marketing"
name = { en = "Marketing", de = "Marketing" }
description = { en = "Campaigns", de = "Kampagnen" }

[[products.plans]]
id = "plus"
name = { en = "Marketing Plus", de = "Marketing Plus" }
prices = [{ interval = "month", amounts = { EUR = 4900 } }]
""")


def eur(amount: int) -> Money:
    return Money(amount=amount, currency="EUR")


def contact(**changes: Any) -> Contact:
    fields = {
        "id": ContactId("con_1"),
        "customer": CustomerId("cus_1"),
        "name": "Ada Lovelace",
        "company": "Analytical Engines Ltd",
        "email": "ada@engines.example",
        "phone": "+49 30 1234567",
        "currency": "EUR",
        "address": Address(city="Berlin", country="DE"),
        "account": Account(plan="marketing/plus", active_contacts=6200, contact_limit=10000, seats_used=3, seats=5),
        "members": (
            Member(name="Ada Lovelace", email="ada@engines.example", rights=frozenset({MemberRight.PRIMARY_ADMIN})),
        ),
        "since": date(2024, 3, 1),
    }
    return Contact(**(fields | changes))


def strange_contact() -> Contact:
    return contact(
        name=LONG,
        company=LONG,
        email="x" * 240 + "@engines.example",
        phone="1" * 100,
        address=Address(city=LONG, country="ZZ"),
        members=tuple(Member(name=LONG, email=LONG, rights=frozenset(MemberRight)) for _ in range(30)),
        account=Account(plan="gone/plan", active_contacts=99_999_999, contact_limit=1),
    )


def summary(n: int = 1, **changes: Any) -> ContactSummary:
    fields = {
        "id": ContactId(f"con_{n}"),
        "name": "Ada Lovelace",
        "company": "Engines",
        "email": "ada@e.example",
        "country": "DE",
    }
    return ContactSummary(**(fields | changes))


def price(n: int = 1, *, label: str = "Marketing Plus", unit: Money | None = None, **changes: Any) -> RecurringPrice:
    fields = {
        "lookup_key": LookupKey("marketing-plus-month-eur" if n == 1 else f"price-{n}"),
        "product": "marketing",
        "plan": "plus",
        "label": Label(en=label, de=label),
        "unit": unit or eur(4900),
        "interval": Interval.MONTH,
        "interval_count": 1,
        "minimum": 1,
        "maximum": 99,
    }
    return RecurringPrice(**(fields | changes))


def method(n: int = 1, **changes: Any) -> PaymentMethod:
    fields = {"id": PaymentMethodId(f"pm_{n}"), "brand": "visa", "last4": "4242", "exp_month": 12, "exp_year": 2027}
    return PaymentMethod(**(fields | changes))


COUPON = Coupon(
    code="SPRING10", label=Label(en="10% off", de="10 % Rabatt"), percent=Decimal(10), duration=Duration.FOREVER
)


def payment(on: date) -> Payment:
    """3 × 49.00 = 147.00; 10 % off is 14.70, leaves 132.30; 19 % of it is 25.137, so 25.14; together 157.44."""
    vat = TaxLine(label=Label(en="VAT", de="VAT"), percent=Decimal(19), inclusive=False, amount=eur(2514))
    return Payment(on=on, subtotal=eur(14700), discount=eur(1470), taxes=(vat,), total=eur(15744))


def preview(**changes: Any) -> SubscriptionPreview:
    fields = {
        "price": price(),
        "quantity": 3,
        "coupon": COUPON,
        "starts_now": True,
        "first": payment(TODAY),
        "following": (payment(date(2026, 12, 21)), payment(date(2027, 1, 21)), payment(date(2027, 2, 21))),
    }
    return SubscriptionPreview(**(fields | changes))


def draft(**changes: Any) -> SubscriptionDraft:
    fields = {
        "contact": ContactId("con_1"),
        "price": LookupKey("marketing-plus-month-eur"),
        "quantity": 3,
        "start": TODAY,
        "coupon": "SPRING10",
        "payment_method": PaymentMethodId("pm_1"),
    }
    return SubscriptionDraft(**(fields | changes))


def review(**changes: Any) -> Review:
    return Review(**({"contact": contact(), "draft": draft(), "preview": preview(), "method": method()} | changes))


def form(**changes: Any) -> SubscriptionForm:
    fields = {
        "contact": contact(),
        "prices": (price(), price(2, label="Sales Basic", unit=eur(1900))),
        "methods": (method(default=True), method(2, brand="mastercard", last4="4444")),
        "today": TODAY,
        "latest": date(2027, 11, 22),
        "link_to": "ada@engines.example",
    }
    return SubscriptionForm(**(fields | changes))


def subscription(n: int = 1, **changes: Any) -> Subscription:
    fields = {
        "id": SubscriptionId(f"sub_{n}"),
        "status": SubscriptionStatus.ACTIVE,
        "product": "Marketing Plus",
        "price": LookupKey("marketing-plus-month-eur"),
        "quantity": 3,
        "unit_amount": eur(4900),
        "interval": "month",
        "started_at": NOW,
        "current_period_end": datetime(2026, 12, 21, 12, tzinfo=UTC),
    }
    return Subscription(**with_item(fields | changes))


def invoice(n: int = 1, **changes: Any) -> Invoice:
    fields = {
        "id": InvoiceId(f"in_{n}"),
        "number": f"KON-{n:04d}",
        "status": InvoiceStatus.PAID,
        "total": eur(15744),
        "due": eur(0),
        "created_at": NOW,
        "url": "https://pay.example/in_1",
    }
    return Invoice(**(fields | changes))


LINK = SetupLink(
    session="cs_1", url="https://pay.example/c/cs_1?a=1&b=2", expires_at=datetime(2026, 11, 22, 17, 30, tzinfo=UTC)
)


def receipt(**changes: Any) -> SubscriptionStarted:
    fields = {
        "contact_name": "Ada Lovelace",
        "subscription": subscription(),
        "invoice": invoice(paid=15744),
        "preview": preview(),
        "method": method(),
    }
    return SubscriptionStarted(**(fields | changes))


def waiting_receipt(**changes: Any) -> SubscriptionStarted:
    return receipt(state=State.WAITING, subscription=None, invoice=None, method=None, link=LINK, **changes)


def operation(result: str | None) -> Operation:
    return Operation(
        id=OperationId("op_1"),
        key="key",
        kind="create_subscription",
        contact=ContactId("con_1"),
        team=TeamId("T1"),
        user=UserId("U1"),
        command="{}",
        reply_to="",
        state=State.WAITING,
        result=result,
        created_at=NOW,
        updated_at=NOW,
    )


def entry(what: Happening = Happening.SUBSCRIPTION_STARTED, **changes: Any) -> Entry:
    fields = {
        "id": "e1",
        "contact": ContactId("con_1"),
        "at": NOW,
        "what": what,
        "by": "Mia Agent",
        "amount": eur(15744),
        "parameters": {"product": "marketing-plus-month-eur", "quantity": 3, "start": "2026-11-21"},
    }
    return Entry(**(fields | changes))


def card(**changes: Any) -> ContactCard:
    fields = {
        "contact": contact(),
        "monthly": eur(14700),
        "balance": eur(1000),
        "methods": (method(default=True),),
        "subscriptions": (subscription(),),
        "invoices": (invoice(),),
        "timeline": Page(entries=(entry(),)),
        "waiting": (),
        "attention": (),
        "may": frozenset(Permission),
        "now": NOW,
        "today": TODAY,
    }
    return ContactCard(**(fields | changes))


def strange_card() -> ContactCard:
    """Everything at once, long, and in many copies."""
    everything = {
        "product": LONG[:300],
        "number": LONG[:300],
        "brand": "visa",
        "last4": "4242",
        "until": "2026-12-01T09:00:00+00:00",
        "month": 12,
        "year": 2026,
        "days": 3,
        "what": "contacts",
        "used": 9_000,
        "limit": 10_000,
    }
    return card(
        contact=strange_contact(),
        balance=eur(-123_456_789_012),
        methods=tuple(method(n, brand="new_brand_" + "x" * 300) for n in range(30)),
        subscriptions=tuple(
            subscription(n, product=LONG, discount="C" * 40, status=status)
            for n, status in enumerate([*SubscriptionStatus] * 3)
        ),
        invoices=tuple(
            invoice(n, number=LONG, status=status, url="https://pay.example/" + "x" * 400, due=eur(1), due_at=NOW)
            for n, status in enumerate([*InvoiceStatus] * 3)
        ),
        timeline=Page(
            entries=tuple(entry(what, by=LONG, on_behalf_of=LONG) for what in tuple(Happening)[:ENTRIES_ON_CARD]),
            older="c" * 60,
        ),
        waiting=tuple(
            operation(
                waiting_receipt(preview=preview(price=price(label="P" * 500))).model_dump_json() if n % 2 else None
            )
            for n in range(20)
        ),
        attention=tuple(Attention(concern=concern, parameters=everything, amount=eur(100)) for concern in Concern) * 2,
        failing=(FailedPayment(contact=strange_contact(), invoice=invoice(), subscription=None),) * 20,
    )


# What a person reads


def words(payload: dict[str, Any]) -> str:
    """All texts of a view, a message or an option load, one a line."""
    return "\n".join(_texts(payload))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if value.get("type") in ("plain_text", "mrkdwn"):
            yield value["text"]
        else:
            for inner in value.values():
                yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def elements(payload: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Every interactive element by its action id."""
    found: dict[str, dict[str, Any]] = {}
    for block in payload["blocks"]:
        for element in (block.get("element"), block.get("accessory"), *block.get("elements", [])):
            if isinstance(element, dict) and "action_id" in element:
                found[element["action_id"]] = element
    return found


def metadata(view: dict[str, Any]) -> dict[str, Any]:
    return json.loads(view["private_metadata"])


def option_values(element: dict[str, Any]) -> list[str]:
    return [one["value"] for one in element["options"]]
