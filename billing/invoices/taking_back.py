"""What a credit note takes back, line by line, with the tax in it (§ 17 UStG: a smaller price has a smaller tax).

Whole lines are taken back as they were billed, as long as nothing of them was taken back before. An amount is shared
among the invoice's taxes by what of each is not taken back yet, so that all credit notes of an invoice together never
correct more than it had, and exactly that much when nothing is left of it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from decimal import Decimal

from billing.invoices.amounts import InvoiceTotals, LineTotal, TaxTotal, split
from billing.invoices.model import Line
from billing.models import Frozen
from billing.money import Money, round_half_up, total
from billing.ports import CreditOrder

_NO_LINE = ""  # the id of what stands for a part of an amount


class Taken(Frozen):
    """What stands on the document of a credit note; kept, for the customer's taxes may be others tomorrow."""

    issued_on: date  # in the business's time zone
    lines: tuple[LineTotal, ...]


def taken(
    totals: InvoiceTotals, before: Sequence[LineTotal], order: CreditOrder, description: str
) -> tuple[LineTotal, ...]:
    """The lines of a credit note, which come to the order's total. `before`: those of the invoice's earlier ones.

    `description` is that of a line that is a part of the invoice, in the document's language.
    """
    chosen = {one.id for one in order.lines}
    lines = tuple(one for one in totals.lines if one.line.id in chosen) if are_whole(totals, before, chosen) else ()
    for whole in (lines, _untouched(totals, before)):
        if total((one.total for one in whole), order.total.currency) == order.total:
            return whole
    return _parts(totals, before, order.total, description)


def are_whole(totals: InvoiceTotals, before: Sequence[LineTotal], lines: Collection[str]) -> bool:
    """Whether those lines can be taken back as they were billed.

    Not twice; and where an amount was taken back before, it took a part of every line: of what is taxed alike there
    must be as much left as the lines have, and no tax without an amount that it is in.
    """
    chosen = [one for one in totals.lines if one.line.id in lines]
    if {one.line.id for one in before} & {one.line.id for one in chosen}:
        return False
    after = [*before, *chosen]
    left = [_left(totals.lines, after, kind, totals.total.currency) for kind in _kinds(totals)]
    return all(_makes_sense(gross, taxes) for gross, taxes in left)


def _makes_sense(gross: Money, taxes: Sequence[TaxTotal]) -> bool:
    """A tax is a part of its amount, and neither is negative."""
    inside = [one.amount.amount for one in taxes]
    return all(one >= 0 for one in inside) and sum(inside) <= gross.amount


def _untouched(totals: InvoiceTotals, before: Sequence[LineTotal]) -> tuple[LineTotal, ...]:
    """The lines of which nothing was taken back; none once an amount was, for it took a part of each."""
    gone = {one.line.id for one in before}
    return () if _NO_LINE in gone else tuple(one for one in totals.lines if one.line.id not in gone)


def _parts(
    totals: InvoiceTotals, before: Sequence[LineTotal], amount: Money, description: str
) -> tuple[LineTotal, ...]:
    """The amount, tax and all, shared among the lines that are taxed alike: one line for each kind of them."""
    left = [_left(totals.lines, before, kind, amount.currency) for kind in _kinds(totals)]
    weights = [max(0, gross.amount) for gross, _ in left]
    if not any(weights):
        return ()
    shares = [amount.with_amount(share) for share in split(amount.amount, weights)]
    return tuple(
        _part(share, gross, taxes, description) for share, (gross, taxes) in zip(shares, left, strict=True) if share
    )


def _kinds(totals: InvoiceTotals) -> tuple[tuple[str, ...], ...]:
    """The names of the taxes that lines have, once each."""
    return tuple(dict.fromkeys(_rates(one) for one in totals.lines))


def _rates(line: LineTotal) -> tuple[str, ...]:
    return tuple(tax.name for tax in line.taxes)


def _left(
    billed: Sequence[LineTotal], before: Sequence[LineTotal], kind: tuple[str, ...], currency: str
) -> tuple[Money, tuple[TaxTotal, ...]]:
    """What is not taken back yet of the lines with those taxes: with tax, and the taxes in it."""
    own = [one for one in billed if _rates(one) == kind]
    gone = [one for one in before if _rates(one) == kind]

    def tax(lines: Sequence[LineTotal], number: int) -> Money:
        return total((one.taxes[number].amount for one in lines), currency)

    gross = total((one.total for one in own), currency) - total((one.total for one in gone), currency)
    return gross, tuple(
        one.model_copy(update={"amount": tax(own, number) - tax(gone, number)})
        for number, one in enumerate(own[0].taxes)
    )


def _part(share: Money, gross: Money, taxes: tuple[TaxTotal, ...], description: str) -> LineTotal:
    """A part of that gross amount, with the same part of the taxes in it; every tax is rounded half up."""
    inside = [
        share.with_amount(round_half_up(Decimal(one.amount.amount) * share.amount / gross.amount)) for one in taxes
    ]
    base = share - total(inside, share.currency)
    found = tuple(
        one.model_copy(update={"base": base, "amount": amount}) for one, amount in zip(taxes, inside, strict=True)
    )
    amount = share - total((one.amount for one in found if not one.inclusive), share.currency)
    zero = share.with_amount(0)
    line = Line(id=_NO_LINE, version=1, description=description, quantity=Decimal(1), unit=amount)
    return LineTotal(line=line, gross=amount, discount=zero, amount=amount, share=zero, taxes=found)
