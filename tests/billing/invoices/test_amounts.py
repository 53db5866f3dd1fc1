"""What an invoice comes to, worked out by hand: discounts of lines and of the whole, taxes, currencies (H27, HX14)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from billing.catalogue import Label, TaxRate
from billing.invoices.amounts import InvoiceTotals, totals
from billing.invoices.model import Discount, Line
from billing.money import Money


def rate(name: str, percent: str, *, inclusive: bool = False) -> TaxRate:
    return TaxRate(
        name=name, label=Label(en=name, de=name), percent=Decimal(percent), inclusive=inclusive, country="DE"
    )


VAT, REDUCED, INCLUDED = rate("vat", "19"), rate("reduced", "7"), rate("included", "10", inclusive=True)
RATES = {"auto": (VAT,), "reduced": (REDUCED,), "included": (INCLUDED,), "none": ()}


def line(
    unit: int, quantity: str = "1", *, tax: str = "auto", off: Discount | None = None, currency: str = "EUR"
) -> Line:
    return Line(
        id=f"l{unit}",
        version=1,
        description="Something",
        quantity=Decimal(quantity),
        unit=Money(amount=unit, currency=currency),
        tax=tax,
        discount=off,
    )


def sums(*lines: Line, off: Discount | None = None, currency: str = "EUR") -> InvoiceTotals:
    return totals(lines, off, lambda one: RATES[one.tax], currency)


def percent(text: str) -> Discount:
    return Discount(percent=Decimal(text))


def figures(found: InvoiceTotals) -> tuple[int, int, int, int]:
    """Subtotal, discount of the whole, tax, total."""
    return found.subtotal.amount, found.discount.amount, found.tax.amount, found.total.amount


def test_quantity_times_price_and_tax_on_top() -> None:
    """3 x 150.00 = 450.00; 19 % = 85.50."""
    assert figures(sums(line(15000, "3"))) == (45000, 0, 8550, 53550)


def test_a_part_of_a_unit_is_rounded_half_up() -> None:
    """0.333 x 9.99 = 3.32667 -> 3.33; 19 % of 3.33 = 0.6327 -> 0.63. And 0.5 x 0.05 = 0.025 -> 0.03."""
    assert figures(sums(line(999, "0.333"))) == (333, 0, 63, 396)
    assert figures(sums(line(5, "0.5", tax="none"))) == (3, 0, 0, 3)


def test_a_line_takes_off_its_own_discount_first() -> None:
    """49.90 less 10 % is 44.91; 100.00 less 25.00 is 75.00; together 119.91; tax 8.5329 -> 8.53 and 14.25."""
    found = sums(line(4990, off=percent("10")), line(10000, off=Discount(amount=2500)))
    assert figures(found) == (11991, 0, 853 + 1425, 11991 + 2278)
    assert [one.discount.amount for one in found.lines] == [499, 2500]


def test_a_discount_is_never_more_than_there_is() -> None:
    assert figures(sums(line(1000, off=Discount(amount=5000)))) == (0, 0, 0, 0)
    assert figures(sums(line(1000), off=Discount(amount=5000))) == (1000, 1000, 0, 0)
    assert figures(sums(line(1000), off=percent("100"))) == (1000, 1000, 0, 0)


def test_a_percentage_of_the_whole_is_rounded_for_each_line() -> None:
    """10 % of 3 lines of 0.05 is 0.005 each: 0.01 each, 0.03 together and not 0.02."""
    found = sums(line(5, tax="none"), line(5, tax="none"), line(5, tax="none"), off=percent("10"))
    assert figures(found) == (15, 3, 0, 12)


def test_an_amount_off_the_whole_is_shared_to_the_cent() -> None:
    """10.00 off 33.33 + 33.33 + 33.34: 3.333, 3.333, 3.334; the largest remainder gets the missing cent."""
    found = sums(line(3333, tax="none"), line(3333, tax="none"), line(3334, tax="none"), off=Discount(amount=1000))
    assert [one.share.amount for one in found.lines] == [333, 333, 334]
    assert figures(found) == (10000, 1000, 0, 9000)


def test_several_rates_on_one_invoice() -> None:
    """100.00 at 19 %, 50.00 at 7 %, 10.00 untaxed; 10 % off: 90.00 -> 17.10, 45.00 -> 3.15; 144.00 + 20.25."""
    found = sums(line(10000), line(5000, tax="reduced"), line(1000, tax="none"), off=percent("10"))
    assert figures(found) == (16000, 1600, 2025, 16425)
    assert [(one.name, one.base.amount, one.amount.amount) for one in found.taxes] == [
        ("vat", 9000, 1710),
        ("reduced", 4500, 315),
    ]
    assert found.net.amount == 14400


def test_inclusive_tax_is_taken_out() -> None:
    """110.00 with 10 % inside: 10.00 tax, 100.00 net. 0.99: 0.99 * 10 / 110 = 0.09."""
    found = sums(line(11000, tax="included"))
    assert figures(found) == (11000, 0, 1000, 11000)
    assert found.net.amount == 10000
    assert sums(line(99, tax="included")).tax.amount == 9


def test_two_taxes_on_one_line() -> None:
    """Two taxes on top of 10.01, both on the same base: 5 % = 0.5005 -> 0.50, 9.975 % = 0.9985 -> 1.00."""
    gst, qst = rate("gst", "5"), rate("qst", "9.975")
    found = totals([line(1001)], None, lambda _: (gst, qst), "EUR")
    assert figures(found) == (1001, 0, 150, 1151)


def test_without_decimals() -> None:
    """3 x 333 JPY = 999; 10 % inside = 90.8 -> 91; 5 % off = 49.95 -> 50, left 949, tax 86.27 -> 86."""
    yen = line(333, "3", tax="included", currency="JPY")
    assert figures(sums(yen, currency="JPY")) == (999, 0, 91, 999)
    assert figures(sums(yen, off=percent("5"), currency="JPY")) == (999, 50, 86, 949)


def test_with_three_decimals() -> None:
    """1.5 x 5.550 KWD = 8.325; 5 % on top = 0.41625 -> 0.416."""
    found = totals([line(5550, "1.5", currency="KWD")], None, lambda _: (rate("kw", "5"),), "KWD")
    assert figures(found) == (8325, 0, 416, 8741)


def test_what_was_given_counts_every_discount() -> None:
    """100.00 less 10 % is 90.00, and 10 % off the whole is 81.00: 19.00 of 100.00 were given."""
    found = sums(line(10000, off=percent("10")), off=percent("10"))
    assert (found.undiscounted.amount, found.given.amount) == (10000, 1900)


def test_of_nothing() -> None:
    assert figures(sums(off=Discount(amount=100))) == (0, 0, 0, 0)
    assert figures(sums(line(0), off=Discount(amount=100))) == (0, 0, 0, 0)


@pytest.mark.parametrize("count", [7, 99, 100])
def test_shares_always_add_up(count: int) -> None:
    found = sums(*(line(1 + n * 37, tax="none") for n in range(count)), off=Discount(amount=1001))
    assert sum(one.share.amount for one in found.lines) == min(1001, found.subtotal.amount)
    assert all(0 <= one.share.amount <= one.amount.amount for one in found.lines)
