"""Amounts: integers in the currency's minor unit. What a minor unit is, is Stripe's "Supported currencies"."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from billing.money import CurrencyMismatch, Money, minor_digits, round_half_up, total


def eur(amount: int) -> Money:
    return Money(amount=amount, currency="EUR")


@pytest.mark.parametrize(
    ("currency", "amount", "major"),
    [
        ("EUR", 1999, "19.99"),
        ("JPY", 1999, "1999"),
        ("KRW", 1999, "1999"),
        ("KWD", 1990, "1.990"),
        ("BHD", 1990, "1.990"),
    ],
)
def test_an_amount_is_whole_minor_units_of_its_currency(currency: str, amount: int, major: str) -> None:
    assert Money(amount=amount, currency=currency).decimal() == Decimal(major)


@pytest.mark.parametrize("currency", ["ISK", "UGX", "HUF", "TWD"])
def test_stripe_counts_two_decimals_where_the_currency_has_none_any_more(currency: str) -> None:
    """Special cases: "to charge 5 UGX, provide an amount value of 500"."""
    assert Money(amount=500, currency=currency).decimal() == 5


@pytest.mark.parametrize("currency", ["AFN", "ALL", "LAK", "LBP", "MMK", "RSD", "SOS", "YER"])
def test_currencies_whose_coins_are_out_of_use_still_have_two_decimals_at_stripe(currency: str) -> None:
    """Unicode's table, which is about cash and habit, has none for these. 490.00 shown as 49,000 is a wrong price."""
    assert minor_digits(currency) == 2


@pytest.mark.parametrize(
    "currency",
    ["BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"],
)
def test_zero_decimal_currencies_have_no_minor_unit(currency: str) -> None:
    assert minor_digits(currency) == 0


@pytest.mark.parametrize("currency", ["BHD", "JOD", "KWD", "OMR", "TND"])
def test_three_decimal_currencies_have_thousandths(currency: str) -> None:
    assert minor_digits(currency) == 3


@pytest.mark.parametrize(
    ("amount", "percent", "expected"),
    [
        (1250, "10", 125),
        (1255, "10", 126),  # 125.5
        (1254, "10", 125),  # 125.4
        (-1255, "10", -126),  # -125.5: halves go away from zero, so a credit note mirrors its invoice
        (333, "33.33", 111),  # 110.9889
        (1, "50", 1),  # 0.5
        (1, "49.99", 0),  # 0.4999
    ],
)
def test_a_percentage_is_rounded_half_up_to_a_minor_unit(amount: int, percent: str, expected: int) -> None:
    assert eur(amount).percent(Decimal(percent)) == eur(expected)


@given(st.integers(-(10**9), 10**9), st.decimals(0, 100, places=4))
def test_a_percentage_is_never_off_by_more_than_half_a_minor_unit(amount: int, percent: Decimal) -> None:
    exact = Decimal(amount) * percent / 100
    assert abs(eur(amount).percent(percent).amount - exact) <= Decimal("0.5")


@given(st.integers(-(10**12), 10**12))
def test_a_whole_number_is_not_rounded(amount: int) -> None:
    assert round_half_up(Decimal(amount)) == amount


def test_sums_keep_their_currency() -> None:
    assert eur(1999) + eur(1) == eur(2000)
    assert eur(1999) - eur(2000) == eur(-1)
    assert eur(1999) * 3 == eur(5997)
    assert -eur(1999) == eur(-1999)
    assert total([eur(1), eur(2), eur(3)], "EUR") == eur(6)
    assert total([], "JPY") == Money.zero("JPY")
    assert not Money.zero("EUR")
    assert eur(1) < eur(2) <= eur(2)


@pytest.mark.parametrize(
    "mix",
    [
        lambda one, other: one + other,
        lambda one, other: one - other,
        lambda one, other: one < other,
        lambda one, other: one <= other,
        lambda one, other: total([one, other], "EUR"),
    ],
    ids=["+", "-", "<", "<=", "total"],
)
def test_two_currencies_never_meet_in_one_sum(mix) -> None:
    with pytest.raises(CurrencyMismatch):
        mix(eur(1), Money(amount=1, currency="USD"))


def test_a_currency_is_read_in_any_case_and_kept_in_capitals() -> None:
    """Stripe writes it small, ISO 4217 large."""
    assert Money(amount=1, currency="eur") == eur(1)


@pytest.mark.parametrize("currency", ["", "EU", "EURO", "€", "E1R", "ÄÖÜ"])
def test_what_is_no_currency_code_is_refused(currency: str) -> None:
    with pytest.raises(ValidationError):
        Money(amount=1, currency=currency)


@pytest.mark.parametrize("amount", [19.99, "19.99", None])
def test_a_fraction_of_a_minor_unit_is_refused(amount: object) -> None:
    with pytest.raises(ValidationError):
        Money(amount=amount, currency="EUR")
