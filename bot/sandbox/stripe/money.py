"""The arithmetic of invoices: integers in the currency's minor unit, exact fractions in between, rounded once per line.

Order (docs: "Tax rates", "Coupons"): amount of the line, less discounts, then exclusive tax on what is left; inclusive
tax is taken out of it. Percentages are read from their decimal text, never from a binary fraction.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

ZERO_DECIMAL = frozenset(
    ["bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf"]
)
THREE_DECIMAL = frozenset(["bhd", "jod", "kwd", "omr", "tnd"])
WHOLE_UNITS = frozenset(["isk", "ugx"])
"""Written with two decimals that are always zero (docs: "Currencies", special cases)."""

_MINIMUM = """
50 usd 200 aed 50 ars 50 aud 50 brl 50 cad 50 chf 50 cop 1500 czk 250 dkk 50 eur 30 gbp 400 hkd 17500 huf 50 idr 50 ils
50 inr 50 jpy 50 krw 1000 mxn 200 myr 300 nok 50 nzd 50 php 200 pln 200 ron 50 rub 300 sek 50 sgd 1000 thb 50 zar
"""
MINIMUM = {currency: int(amount) for amount, currency in zip(*[iter(_MINIMUM.split())] * 2, strict=True)}
"""The smallest charge per currency (docs: "Minimum and maximum charge amounts"); the table names no others.

Elsewhere Stripe converts to the settlement currency first; there are no exchange rates here, so there is no minimum.
"""
LARGEST = 999_999_999_999
"""Twelve digits, the most that a card is charged at once (same page)."""


def decimals(currency: str) -> int:
    """How many digits the minor unit has (docs: "Currencies")."""
    return 0 if currency in ZERO_DECIMAL else 3 if currency in THREE_DECIMAL else 2


def step(currency: str) -> int:
    """What the amount of a charge must be divisible by: 10 with three decimals, 100 for whole units, else 1."""
    return 100 if currency in WHOLE_UNITS else 10 if currency in THREE_DECIMAL else 1


def collectable(owed: int, currency: str) -> int:
    """What an invoice asks for when that much is owed; the rest is left to the customer's balance.

    Nothing when it is less than the smallest charge; UGX in whole shillings (docs: "Currencies", special cases).
    """
    if currency == "ugx":
        owed = 100 * rounded(Fraction(owed, 100))
    return owed if owed >= max(1, MINIMUM.get(currency, 1)) else 0


def rounded(value: Fraction) -> int:
    """Half up, and a credit is rounded like the debit of the same size (-0.5 is -1)."""
    sign = -1 if value < 0 else 1
    return sign * ((2 * abs(value.numerator) + value.denominator) // (2 * value.denominator))


def fraction(value: Decimal | int | float | str) -> Fraction:
    """Exactly what the decimal text says: 8.875 is 71/8."""
    return Fraction(str(value))


def percent_of(amount: int, percent: float | str) -> int:
    """A percentage of an amount, rounded half up."""
    return rounded(amount * fraction(percent) / 100)


def share(amount: int, weights: Sequence[int]) -> list[int]:
    """Split an amount by weight so that the parts add up to it; the largest remainders get what is left over."""
    total = sum(weights)
    if total <= 0:
        return [0] * len(weights)
    parts = [amount * weight // total for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(amount * weights[i] % total), i))
    for index in by_remainder[: amount - sum(parts)]:
        parts[index] += 1
    return parts


def inclusive_taxes(amount: int, percentages: Sequence[float]) -> list[int]:
    """The taxes contained in an amount, one per rate: amount * rate / (100 + all inclusive rates)."""
    total = 100 + sum((fraction(percent) for percent in percentages), Fraction(0))
    return [rounded(amount * fraction(percent) / total) for percent in percentages]


def tiered(quantity: int, tiers: Sequence[dict[str, int | None]], mode: str) -> int:
    """The price of a quantity: each tier its own units (`graduated`) or all units in the last tier (`volume`)."""
    amount, below = 0, 0
    for tier in tiers:
        up_to = tier["up_to"]
        last = up_to is None or quantity <= up_to
        units = (quantity - below) if last or up_to is None else up_to - below
        if mode == "graduated" and units > 0:
            amount += units * (tier["unit_amount"] or 0) + (tier["flat_amount"] or 0)
        if last:
            if mode == "volume":
                return quantity * (tier["unit_amount"] or 0) + (tier["flat_amount"] or 0)
            return amount
        below = up_to or 0
    return amount


def shown(amount: int, currency: str) -> str:
    """For people: `1,234.50 EUR`."""
    places = decimals(currency)
    value = Decimal(amount).scaleb(-places).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    return f"{value:,} {currency.upper()}"


_COUNTRY_CURRENCIES = """
aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bmd bnd bob brl bsd bwp byn bzd cad cdf chf cny cop crc cve czk
dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gtq gyd hkd hnl htg huf idr ils inr isk jmd kes kgs khr kyd kzt lak lbp
lkr lrd lsl mad mdl mkd mmk mnt mop mur mvr mwk mxn myr mzn nad ngn nio nok npr nzd pab pen pgk php pkr pln qar ron rsd
rub sar sbd scr sek sgd shp sle sos srd std szl thb tjs top try ttd twd tzs uah ugx usd uyu uzs wst xcd yer zar zmw
"""
CURRENCIES = frozenset(_COUNTRY_CURRENCIES.split()) | ZERO_DECIMAL | THREE_DECIMAL
