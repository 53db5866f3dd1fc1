"""Documents for the tests of views, files and mails: one German and one American invoice, and what changes in them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from billing.catalogue import Business
from billing.contacts import Address
from billing.documents import (
    Buyer,
    Document,
    DocumentKind,
    DocumentReference,
    DocumentTax,
    Line,
    LineDiscount,
    PaymentWays,
    Period,
    Settlement,
    Totals,
    seller,
    ways_to_pay,
)
from billing.money import Money

BUSINESS = Business.model_validate(
    {
        "name": "Brightwell",
        "legal_name": "Brightwell Software GmbH",
        "address": {"line1": "Kastanienallee 86", "postal_code": "10435", "city": "Berlin"},
        "country": "DE",
        "tax_id": "DE136695976",
        "tax_number": "37/123/45678",
        "register_entry": "Amtsgericht Charlottenburg, HRB 123456 B",
        "directors": ["Dr. Johanna Lindner", "Mehmet Yıldız"],
        "phone": "+49 30 5550 1234",
        "website": "www.brightwell.example",
        "timezone": "Europe/Berlin",
        "currency": "EUR",
        "currencies": ["EUR", "USD"],
        "support_email": "support@brightwell.example",
        "reply_to": "billing@brightwell.example",
        "bank_accounts": [
            {"bank": "Musterbank Berlin", "iban": "DE89 3704 0044 0532 0130 00", "bic": "COBADEFFXXX"},
            {
                "bank": "First Example Bank",
                "currency": "USD",
                "account_number": "000123456789",
                "routing_number": "021000021",
            },
        ],
        "remittance": {
            "line1": "P.O. Box 1200",
            "postal_code": "10119",
            "city": "New York",
            "state": "NY",
            "country": "US",
        },
    }
)
NOVEMBER = Period(first=date(2026, 11, 1), last=date(2026, 11, 30))
PAGE = "https://pay.example/i/1"


def money(amount: int, currency: str = "EUR") -> Money:
    return Money(amount=amount, currency=currency)


def totals(net: int, tax: int, *, paid: int = 0, credited: int = 0, currency: str = "EUR") -> Totals:
    gross = net + tax
    return Totals(
        net=money(net, currency),
        tax=money(tax, currency),
        gross=money(gross, currency),
        paid=money(paid, currency),
        credited=money(credited, currency),
        due=money(gross - paid - credited, currency),
    )


def tax(percent: str, base: int, amount: int, *, label: str = "USt.", inclusive: bool = False) -> DocumentTax:
    return DocumentTax(
        label=label, percent=Decimal(percent), inclusive=inclusive, base=money(base), amount=money(amount)
    )


def german(**changes: Any) -> Document:
    """Two rates: 3 × 490.00 less 147.00 is 1,323.00 at 19 percent, and 12 × 8.50 is 102.00 at 7 percent.

    Net 1,425.00; tax 251.37 + 7.14 = 258.51; gross 1,683.51.
    """
    fields: dict[str, Any] = {
        "kind": DocumentKind.INVOICE,
        "number": "RE-2026-0042",
        "language": "de",
        "issued_on": date(2026, 11, 26),
        "supplied": NOVEMBER,
        "due_on": date(2026, 12, 10),
        "seller": seller(BUSINESS, "de"),
        "buyer": Buyer(
            name="Jürgen Groß",
            company="Müller & Söhne Maschinenbau GmbH",
            address=Address(line1="Große Straße 12", postal_code="49074", city="Osnabrück", country="DE"),
            tax_id="DE811907980",
        ),
        "reference": "PO-7781",
        "lines": (
            Line(
                position=1,
                description="Marketing Plus, monatlich",
                quantity=Decimal(3),
                unit_price=money(49000),
                discount=LineDiscount(label="Treuerabatt (10 %)", amount=money(14700)),
                tax="19 %",
                amount=money(132300),
            ),
            Line(
                position=2,
                description="Handbuch „Kampagnen, die ankommen“",
                quantity=Decimal(12),
                unit="Stück",
                unit_price=money(850),
                tax="7 %",
                amount=money(10200),
            ),
        ),
        "taxes": (tax("19", 132300, 25137), tax("7", 10200, 714)),
        "totals": totals(142500, 25851),
        "terms": "Zahlbar ohne Abzug.",
        "payment": ways_to_pay(BUSINESS, "EUR"),
    }
    return Document(**{**fields, **changes})


def american(**changes: Any) -> Document:
    """2 × 1,250.00 and 8.5 hours at 120.00 = 1,020.00 are 3,520.00; less 10 percent, 352.00, is 3,168.00; no tax.

    500.00 are paid already: 2,668.00 are due.
    """
    fields: dict[str, Any] = {
        "kind": DocumentKind.INVOICE,
        "number": "RE-2026-0043",
        "language": "en-US",
        "issued_on": date(2026, 11, 26),
        "supplied": Period(first=date(2026, 11, 24), last=date(2026, 11, 24)),
        "due_on": date(2026, 12, 10),
        "seller": seller(BUSINESS, "en-US"),
        "buyer": Buyer(
            name="Grace Hopper",
            company="Compiler Works, Inc.",
            address=Address(
                line1="1 Market Street",
                line2="Suite 500",
                postal_code="94105",
                city="San Francisco",
                state="CA",
                country="US",
            ),
            tax_id="12-3456789",
        ),
        "reference": "4500012345",
        "lines": (
            Line(
                position=1,
                description="Marketing Plus, yearly",
                quantity=Decimal(2),
                unit_price=money(125000, "USD"),
                amount=money(250000, "USD"),
            ),
            Line(
                position=2,
                description="Onboarding workshop\nImport of contacts, two automations, training of the team",
                quantity=Decimal("8.5"),
                unit="hours",
                unit_price=money(12000, "USD"),
                amount=money(102000, "USD"),
            ),
        ),
        "discount": LineDiscount(label="Welcome offer (10%)", amount=money(35200, "USD")),
        "totals": totals(316800, 0, paid=50000, currency="USD"),
        "memo": "Thank you for your business!",
        "terms": "Net 14.",
        "payment": ways_to_pay(BUSINESS, "USD", PAGE),
    }
    return Document(**{**fields, **changes})


def reversed_charge() -> Document:
    """An Austrian business accounts for the tax itself: 500.00 net is 500.00."""
    return german(
        buyer=Buyer(
            company="Alpen Software OG",
            address=Address(line1="Graben 1", postal_code="1010", city="Wien", country="AT"),
            tax_id="ATU12345678",
        ),
        lines=(Line(position=1, description="Beratung", unit_price=money(50000), amount=money(50000)),),
        taxes=(),
        reverse_charge=True,
        totals=totals(50000, 0),
    )


def credit_note(**changes: Any) -> Document:
    """Half of one seat is given back: 100.00 net, 19.00 tax."""
    fields: dict[str, Any] = {
        "kind": DocumentKind.CREDIT_NOTE,
        "number": "GS-2026-0007",
        "due_on": None,
        "corrects": DocumentReference(number="RE-2026-0042", issued_on=date(2026, 11, 26)),
        "settlement": Settlement.REFUND,
        "lines": (
            Line(
                position=1,
                description="Marketing Plus, Gutschrift",
                unit_price=money(10000),
                tax="19 %",
                amount=money(10000),
            ),
        ),
        "taxes": (tax("19", 10000, 1900),),
        "totals": totals(10000, 1900),
        "payment": PaymentWays(),
    }
    return german(**{**fields, **changes})


def long_invoice(lines: int = 100) -> Document:
    """That many lines of 10.00 with 19 percent on top."""
    net = 1000 * lines
    return german(
        lines=tuple(
            Line(position=n, description=f"Leistung Nummer {n}", unit_price=money(1000), tax="19 %", amount=money(1000))
            for n in range(1, lines + 1)
        ),
        taxes=(tax("19", net, net * 19 // 100),),
        totals=totals(net, net * 19 // 100),
    )
