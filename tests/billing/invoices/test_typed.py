"""What people type: amounts in both ways of writing, quantities, discounts, addresses, and an invoice in one line."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from billing.errors import (
    AmountNotReadable,
    DiscountNotReadable,
    QuantityNotReadable,
    RecipientNotReadable,
    TooManyInvoiceRecipients,
)
from billing.invoices import typed
from billing.invoices.model import Discount

TODAY = date(2026, 3, 2)


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("150", "EUR", 15000),
        ("150.00", "EUR", 15000),
        ("150,5", "EUR", 15050),
        ("1.234,50", "EUR", 123450),
        ("1,234.50", "USD", 123450),
        ("1'234.50", "CHF", 123450),
        ("1 234,50 €", "EUR", 123450),
        ("1.500", "EUR", 150000),  # one and a half thousand
        ("1.500", "KWD", 1500),  # one and a half dinars
        ("0.500", "EUR", 50),
        ("1.234.567", "EUR", 123456700),
        ("2500", "JPY", 2500),
        ("2,500", "JPY", 2500),
        ("$99.90", "USD", 9990),
        ("99 usd", "USD", 9900),
        ("0", "EUR", 0),
    ],
)
def test_amounts(text: str, currency: str, minor: int) -> None:
    found = typed.amount(text, currency)
    assert (found.amount, found.currency) == (minor, currency)


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("", "EUR"),
        ("abc", "EUR"),
        ("-5", "EUR"),
        ("1.2.3", "EUR"),
        ("1,23,456", "EUR"),
        ("10.555,1", "JPY"),
        ("5 USD", "EUR"),
        ("99999999999999", "EUR"),
        ("1.2345", "EUR"),
    ],
)
def test_what_is_no_amount(text: str, currency: str) -> None:
    with pytest.raises(AmountNotReadable):
        typed.amount(text, currency)


def test_quantities() -> None:
    assert [typed.quantity(one) for one in ("3", "1.5", "0,25", "0.125")] == [
        Decimal(3),
        Decimal("1.5"),
        Decimal("0.25"),
        Decimal("0.125"),
    ]
    for wrong in ("", "0", "-1", "x", "1.2345", "1000000"):
        with pytest.raises(QuantityNotReadable):
            typed.quantity(wrong)


def test_discounts() -> None:
    assert typed.discount("", "EUR") is None
    assert typed.discount("0 %", "EUR") is None
    assert typed.discount("12,5 %", "EUR") == Discount(percent=Decimal("12.5"))
    assert typed.discount("5.00", "EUR") == Discount(amount=500)
    for wrong in ("101 %", "1.234 %", "x", "5 USD", "-5"):
        with pytest.raises(DiscountNotReadable):
            typed.discount(wrong, "EUR")


def test_recipients() -> None:
    """GX11: up to five, each once, however they are divided; Slack makes links of addresses."""
    assert typed.recipients("a@x.example; B@x.example,\n A@x.example") == ("a@x.example", "B@x.example")
    assert typed.recipients("<mailto:a@x.example|a@x.example>") == ("a@x.example",)
    five = ", ".join(f"p{n}@x.example" for n in range(5))
    assert len(typed.recipients(five)) == 5
    with pytest.raises(TooManyInvoiceRecipients):
        typed.recipients(f"{five}, p6@x.example")
    for wrong in ("", "nobody", "a@b", "a b@x.example", "a@x.example\r\nBcc: b@x.example"):
        with pytest.raises(RecipientNotReadable):
            typed.recipients(wrong)


def read(text: str, currency: str = "USD") -> typed.TypedInvoice:
    return typed.one_line(text, currency, TODAY)


def shown(found: typed.TypedInvoice) -> list[tuple[str, str, int | None]]:
    return [(f"{one.quantity}", one.description, one.price.amount if one.price else None) for one in found.lines]


def test_the_example_of_the_issue() -> None:
    found = read("ada@example.com 3 x Onboarding 150 USD, due 14d")
    assert found.customer == "ada@example.com"
    assert shown(found) == [("3", "Onboarding", 15000)]
    assert (found.due_days, found.unread) == (14, ())


def test_several_lines_a_discount_a_day_and_an_order_number() -> None:
    found = read("ada berger, 3 x Onboarding 150.00, Travel 49.90; fällig am 31.03.2026, 10 %, PO 4711")
    assert found.customer == "ada berger"
    assert shown(found) == [("3", "Onboarding", 15000), ("1", "Travel", 4990)]
    assert (found.due_on, found.discount, found.order_number) == (
        date(2026, 3, 31),
        Discount(percent=Decimal(10)),
        "4711",
    )


def test_a_name_ends_where_the_first_line_begins() -> None:
    found = read("ada berger 2 x Day on site 800", "EUR")
    assert (found.customer, shown(found)) == ("ada berger", [("2", "Day on site", 80000)])


def test_in_german() -> None:
    found = read("ada@example.com 1,5 x Beratung 120,00 €, fällig in 7 Tagen", "EUR")
    assert shown(found) == [("1.5", "Beratung", 12000)]
    assert found.due_days == 7


def test_a_line_without_a_price() -> None:
    assert shown(read("ada@example.com 2 x SMS")) == [("2", "SMS", None)]


@pytest.mark.parametrize(
    "part", ["blah blah", "3 x Onboarding 150 EUR", "due someday", "99 % off off", "due 2026-13-45", "200 %"]
)
def test_what_is_not_understood_is_handed_back(part: str) -> None:
    """Nothing is guessed, and nothing is lost: another currency than the customer's is no price."""
    found = read(f"ada@example.com 1 x A 1, {part}")
    assert found.unread == (part,)
    assert shown(found) == [("1", "A", 100)]


@pytest.mark.parametrize(
    ("part", "days"),
    [
        ("net 30", 30),
        ("netto 30 Tage", 30),
        ("zahlbar binnen 14 Tagen", 14),
        ("zahlbar innerhalb von 14 Tagen", 14),
        ("due within 7 days", 7),
        ("due on receipt", 0),
        ("sofort fällig", 0),
        ("zahlbar sofort", 0),
    ],
)
def test_when_it_is_due(part: str, days: int) -> None:
    found = read(f"ada@example.com 1 x A 1, {part}")
    assert (found.due_days, found.unread) == (days, ())


def test_a_leap_day_is_one_in_a_leap_year_only() -> None:
    for text in ("29.2.2028", "29.02.28", "2028-02-29"):
        assert read(f"ada@example.com 1 x A 1, fällig am {text}").due_on == date(2028, 2, 29)
    assert read("ada@example.com 1 x A 1, fällig am 29.2.2027").unread == ("fällig am 29.2.2027",)


def test_a_due_day_may_stand_behind_a_line_without_a_comma() -> None:
    for text in ("due 14d", "fällig in 14 Tagen", "due 2026-03-16"):
        found = read(f"ada@example.com 3 x Onboarding 150 {text}")
        assert shown(found) == [("3", "Onboarding", 15000)]
        assert (found.due_days or found.due_on) in (14, date(2026, 3, 16))
    assert shown(read("ada@example.com 3 x Library due 50")) == [("3", "Library due", 5000)]  # 50 of what is not said


@pytest.mark.parametrize("part", ["5 USD off", "discount 5", "minus 5.00 USD", "$5 off", "Rabatt 5,00"])
def test_an_amount_off_the_whole(part: str) -> None:
    assert read(f"ada@example.com 1 x A 10, {part}").discount == Discount(amount=500)


@pytest.mark.parametrize(
    "part",
    [
        "-3 x Onboarding 10",
        "3 x Onboarding -10",
        "0 x Onboarding 10",
        "3 x Onboarding 150 USD and travel 20 USD",
        "3 x Onboarding 120,2 x Travel 49.90",
        f"3 x {'x' * 251} 1",
        f"PO {'x' * 61}",
        "150 % off",
        "5 CHF off",
    ],
)
def test_what_may_be_meant_in_two_ways_is_handed_back(part: str) -> None:
    """A sign, two lines in one, what does not fit: none of it becomes a line by chance."""
    found = read(f"ada@example.com 1 x A 1; {part}")
    assert (found.unread, shown(found)) == ((part,), [("1", "A", 100)])


def test_what_is_said_twice_is_handed_back() -> None:
    found = read("ada@example.com 1 x A 1, 10 %, 20 %, due 14d, due 2026-03-31, PO 1, PO 2")
    assert (found.discount, found.due_days, found.order_number) == (Discount(percent=Decimal(10)), 14, "1")
    assert found.unread == ("20 %", "due 2026-03-31", "PO 2")


def test_yen_and_dinars() -> None:
    assert shown(read("ada@example.com 3 x A ¥1,500", "JPY")) == [("3", "A", 1500)]
    assert shown(read("ada@example.com 3 x A 1.500", "KWD")) == [("3", "A", 1500)]
    assert read("ada@example.com 3 x A 15.5", "JPY").unread == ("3 x A 15.5",)


def test_only_a_customer() -> None:
    assert read("ada berger").customer == "ada berger"
    assert read("").customer == ""
