"""What a credit note takes back and the tax in it, worked out by hand (HX20)."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from billing.catalogue import TaxRate
from billing.invoices.amounts import InvoiceTotals, LineTotal, totals
from billing.invoices.taking_back import taken
from billing.money import Money
from billing.ports import CreditLine, CreditOrder, GiveBack
from tests.billing.invoices.test_amounts import line, percent, rate, sums

VAT_AND_REDUCED = sums(line(10000), line(5000, tax="reduced"))  # 119.00 and 53.50 are 172.50


def takes(whole: InvoiceTotals, amount: int, *lines: str, before: Sequence[LineTotal] = ()) -> tuple[LineTotal, ...]:
    order = CreditOrder(
        total=whole.total.with_amount(amount),
        lines=tuple(CreditLine(id=one, amount=whole.total) for one in lines),
        give_back=GiveBack.REFUND,
        reason="",
    )
    return taken(whole, before, order, "Part of invoice 1")


def figures(found: Sequence[LineTotal]) -> list[tuple[int, int, int]]:
    """Net, tax and total of each line."""
    return [(one.net.amount, sum(tax.amount.amount for tax in one.taxes), one.total.amount) for one in found]


def test_the_whole_invoice_is_taken_back_as_it_was_billed() -> None:
    assert takes(VAT_AND_REDUCED, 17250) == VAT_AND_REDUCED.lines


def test_an_amount_contains_its_tax() -> None:
    """35.50 of 535.50: 35.50 x 85.50 / 535.50 = 5.668 is 5.67 of tax in it."""
    (part,) = found = takes(sums(line(15000, "3")), 3550)
    assert figures(found) == [(2983, 567, 3550)]
    assert (part.amount.amount, part.taxes[0].base.amount, part.line.description) == (2983, 2983, "Part of invoice 1")


def test_the_rest_makes_the_sums_whole() -> None:
    """450.00 - 29.83 = 420.17 and 85.50 - 5.67 = 79.83."""
    whole = sums(line(15000, "3"))
    assert figures(takes(whole, 50000, before=takes(whole, 3550))) == [(42017, 7983, 50000)]


def test_an_amount_is_shared_by_what_is_taxed_alike() -> None:
    """50.00 x 119.00 / 172.50 = 34.4928 and 50.00 x 53.50 / 172.50 = 15.5072: 34.49 and 15.51. In them are
    34.49 x 19 / 119 = 5.507 and 15.51 x 3.50 / 53.50 = 1.0147 of tax.
    """
    found = takes(VAT_AND_REDUCED, 5000)
    assert figures(found) == [(2898, 551, 3449), (1450, 101, 1551)]
    # 119.00 - 34.49 = 84.51 with 13.49 of tax, 53.50 - 15.51 = 37.99 with 2.49
    assert figures(takes(VAT_AND_REDUCED, 12250, before=found)) == [(7102, 1349, 8451), (3550, 249, 3799)]


def test_a_line_is_taken_back_and_then_the_other_ones() -> None:
    first = takes(VAT_AND_REDUCED, 11900, "l10000")
    assert first == VAT_AND_REDUCED.lines[:1]
    assert takes(VAT_AND_REDUCED, 5350, before=first) == VAT_AND_REDUCED.lines[1:]


def test_an_amount_after_a_line_comes_from_the_others() -> None:
    """20.00 x 3.50 / 53.50 = 1.308."""
    first = takes(VAT_AND_REDUCED, 11900, "l10000")
    assert figures(takes(VAT_AND_REDUCED, 2000, before=first)) == [(1869, 131, 2000)]


def test_a_line_of_which_a_part_was_taken_before() -> None:
    """50.00 and the line of 119.00 leave 3.50, which is not taken from what is more than gone: 3.50 x 2.49 / 37.99."""
    before = (*takes(VAT_AND_REDUCED, 5000), *takes(VAT_AND_REDUCED, 11900, "l10000"))
    assert figures(takes(VAT_AND_REDUCED, 350, before=before)) == [(327, 23, 350)]


def test_inclusive_tax_stays_in_the_amount() -> None:
    """110.00 with 10 % in it: of 33.00 are 3.00 tax."""
    (part,) = found = takes(sums(line(11000, tax="included")), 3300)
    assert figures(found) == [(3000, 300, 3300)]
    assert part.amount.amount == 3300


def test_two_taxes_on_a_line() -> None:
    """100.00 with 5 % and 9.975 % is 114.98. Half of it, 57.49, has 2.50 and 4.99."""
    both = (rate("gst", "5"), rate("qst", "9.975"))

    def rates(_: object) -> tuple[TaxRate, ...]:
        return both

    (part,) = takes(totals([line(10000)], None, rates, "EUR"), 5749)
    assert [tax.amount.amount for tax in part.taxes] == [250, 499]
    assert (part.net.amount, part.total.amount) == (5000, 5749)


def test_untaxed_and_without_minor_units() -> None:
    assert figures(takes(sums(line(1000, tax="none", currency="JPY"), currency="JPY"), 333)) == [(333, 0, 333)]


def test_the_discount_of_the_whole_is_taken_back_with_a_line() -> None:
    """100.00 less 10 % is 90.00, tax 17.10."""
    (found,) = takes(sums(line(10000), off=percent("10")), 10710)
    assert (found.amount.amount, found.share.amount, found.total.amount) == (10000, 1000, 10710)


def test_of_nothing_nothing_is_taken() -> None:
    assert takes(sums(line(1000, off=percent("100"))), 100) == ()


@pytest.mark.parametrize("amount", [1, 2, 3, 99, 8627, 17249])
def test_whatever_is_taken_back_the_parts_come_to_it(amount: int) -> None:
    first = takes(VAT_AND_REDUCED, amount)
    rest = takes(VAT_AND_REDUCED, 17250 - amount, before=first)
    for found, whole in ((first, amount), (rest, 17250 - amount)):
        assert sum(one.total.amount for one in found) == whole
    taxes = [tax.amount.amount for one in (*first, *rest) for tax in one.taxes]
    assert sum(taxes) == 1900 + 350
    assert Money(amount=17250, currency="EUR") == VAT_AND_REDUCED.total
