"""What a credit note takes back and the tax in it, worked out by hand (HX20)."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.catalogue import TaxRate
from billing.invoices.amounts import InvoiceTotals, LineTotal, totals
from billing.invoices.taking_back import are_whole, taken
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
    """After 50.00, of what has 19 % only 84.51 of 119.00 is left: taking back that line as it was billed would correct
    24.51 of its 19.00 of tax. Its 119.00 are an amount, shared as 84.51 to 37.99: 119.00 x 84.51 / 122.50 = 82.0954 and
    36.9046. In them are 82.10 x 13.49 / 84.51 = 13.105 and 36.90 x 2.49 / 37.99 = 2.4186 of tax.
    """
    first = takes(VAT_AND_REDUCED, 5000)
    assert not are_whole(VAT_AND_REDUCED, first, {"l10000"})
    second = takes(VAT_AND_REDUCED, 11900, "l10000", before=first)
    assert figures(second) == [(6899, 1311, 8210), (3448, 242, 3690)]
    # 84.51 - 82.10 with 13.49 - 13.11 of tax, 37.99 - 36.90 with 2.49 - 2.42
    assert figures(takes(VAT_AND_REDUCED, 350, before=(*first, *second))) == [(203, 38, 241), (102, 7, 109)]


def test_a_line_after_a_part_of_others_that_are_taxed_alike() -> None:
    """200.00 and 100.00 with 19 % are 357.00. After 119.00 (19.00 of tax) there is more left than the second has."""
    whole = sums(line(20000), line(10000))
    first = takes(whole, 11900)
    assert are_whole(whole, first, {"l10000"})
    second = takes(whole, 11900, "l10000", before=first)
    assert second == whole.lines[1:]
    assert figures(takes(whole, 11900, before=(*first, *second))) == [(10000, 1900, 11900)]


def test_a_cent_of_tax_is_not_corrected_twice() -> None:
    """0.02, 0.03 and 0.04 with 19 % have 0.00, 0.01 and 0.01 of tax: 0.11 with 0.02. Of 0.05 by amount,
    0.02 x 5 / 11 = 0.0091 is 0.01; the two lines with a cent of tax each would make it three.
    """
    whole = sums(line(2), line(3), line(4))
    first = takes(whole, 5)
    assert figures(first) == [(4, 1, 5)]
    assert are_whole(whole, first, {"l4"})
    assert figures(takes(whole, 5, "l4", before=first)) == [(4, 1, 5)]
    assert not are_whole(whole, first, {"l3", "l4"})


def test_no_line_is_taken_back_twice() -> None:
    first = takes(VAT_AND_REDUCED, 11900, "l10000")
    assert not are_whole(VAT_AND_REDUCED, first, {"l10000"})
    assert are_whole(VAT_AND_REDUCED, first, {"l5000"})


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


BILLED = st.lists(
    st.tuples(st.integers(1, 300), st.sampled_from(["auto", "reduced", "included", "none"])), min_size=1, max_size=6
)


@given(BILLED, st.sampled_from([None, "10", "33.33"]), st.lists(st.tuples(st.booleans(), st.integers(1, 63))))
def test_the_notes_come_to_what_was_asked_and_to_no_more_tax_than_was_billed(
    billed: list[tuple[int, str]], off: str | None, asked: list[tuple[bool, int]]
) -> None:
    """However lines and amounts follow each other, and exactly to the invoice when nothing is left of it."""
    lines = [line(unit, tax=tax).model_copy(update={"id": f"l{n}"}) for n, (unit, tax) in enumerate(billed)]
    whole = sums(*lines, off=percent(off) if off else None)
    before: list[LineTotal] = []
    left = whole.total.amount
    for by_lines, number in [*asked, (False, 63)]:
        chosen = {f"l{n}" for n in range(len(lines)) if by_lines and number >> n & 1}
        amount = sum(one.total.amount for one in whole.lines if one.line.id in chosen) or -(-left * number // 63)
        if not 0 < amount <= left or (chosen and not are_whole(whole, before, chosen)):
            continue
        found = takes(whole, amount, *chosen, before=before)
        assert sum(one.total.amount for one in found) == amount
        assert all(one.net.amount >= 0 for one in found)
        before, left = [*before, *found], left - amount
        assert all(corrected(before, name) <= corrected(whole.lines, name) for name in ("vat", "reduced", "included"))
    assert left == 0
    assert all(corrected(before, name) == corrected(whole.lines, name) for name in ("vat", "reduced", "included"))


def corrected(lines: Sequence[LineTotal], name: str) -> int:
    return sum(tax.amount.amount for one in lines for tax in one.taxes if tax.name == name)
