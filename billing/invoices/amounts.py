"""What an invoice comes to, line by line: the arithmetic that Stripe documents, done locally (H27, HX14, GX12).

Quantity times price, less the line's own discount; then the discount of the whole, a percentage of every line or an
amount shared by the lines; then tax on what is left of each line. Every step is rounded half up to a minor unit, for
every line by itself. Inclusive tax is taken out of the amount, exclusive tax comes on top.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal

from billing.catalogue import Label, TaxRate
from billing.invoices.model import Discount, Line
from billing.models import Frozen
from billing.money import Money, round_half_up, total

Rates = Callable[[Line], tuple[TaxRate, ...]]


class TaxTotal(Frozen):
    """One tax on all lines that it counts for. `base` is net of every tax."""

    name: str  # the rate's in the catalogue
    label: Label
    percent: Decimal
    inclusive: bool
    base: Money
    amount: Money


class LineTotal(Frozen):
    """What one line comes to. `gross - discount = amount`; `amount - share` is what is taxed, or contains the tax."""

    line: Line
    gross: Money  # quantity times price
    discount: Money  # the line's own; positive
    amount: Money
    share: Money  # of the discount of the whole; positive
    taxes: tuple[TaxTotal, ...]

    @property
    def full(self) -> Money:
        """At the catalogue's price; what was typed freely at its own."""
        return _times(self.line.quantity, self.line.list_price or self.line.unit)

    @property
    def net(self) -> Money:
        """Without any tax, after all discounts."""
        return (
            self.amount - self.share - total((tax.amount for tax in self.taxes if tax.inclusive), self.amount.currency)
        )

    @property
    def total(self) -> Money:
        """With all taxes, after all discounts."""
        return self.net + total((tax.amount for tax in self.taxes), self.amount.currency)


class InvoiceTotals(Frozen):
    """`subtotal - discount + exclusive taxes = total`."""

    lines: tuple[LineTotal, ...]
    subtotal: Money  # of the lines' amounts
    discount: Money  # of the whole; positive
    taxes: tuple[TaxTotal, ...]
    total: Money

    @property
    def tax(self) -> Money:
        return total((one.amount for one in self.taxes), self.total.currency)

    @property
    def net(self) -> Money:
        """Without any tax (GX12)."""
        return self.total - self.tax

    @property
    def undiscounted(self) -> Money:
        """What the lines would cost at full price, before exclusive tax."""
        return total((one.full for one in self.lines), self.total.currency)

    @property
    def given(self) -> Money:
        """All that is given off the full price, by prices, by lines and as a whole; never negative."""
        return max(self.undiscounted - (self.subtotal - self.discount), self.total.with_amount(0))


def totals(lines: Sequence[Line], discount: Discount | None, rates: Rates, currency: str) -> InvoiceTotals:
    """What those lines come to, with that discount on the whole; `rates` says which taxes a line has."""
    grosses = [gross(line) for line in lines]
    own = [_own_discount(line, amount) for line, amount in zip(lines, grosses, strict=True)]
    amounts = [amount - less for amount, less in zip(grosses, own, strict=True)]
    shares = _shares(discount, amounts, currency)
    found = tuple(
        LineTotal(
            line=line,
            gross=gross_amount,
            discount=less,
            amount=amount,
            share=share,
            taxes=_taxes(amount - share, rates(line)),
        )
        for line, gross_amount, less, amount, share in zip(lines, grosses, own, amounts, shares, strict=True)
    )
    taxes = merged(tax for one in found for tax in one.taxes)
    subtotal, off = total(amounts, currency), total(shares, currency)
    added = total((tax.amount for tax in taxes if not tax.inclusive), currency)
    return InvoiceTotals(lines=found, subtotal=subtotal, discount=off, taxes=taxes, total=subtotal - off + added)


def gross(line: Line) -> Money:
    """Quantity times price, rounded half up."""
    return _times(line.quantity, line.unit)


def _times(quantity: Decimal, price: Money) -> Money:
    return price.with_amount(round_half_up(quantity * price.amount))


def _own_discount(line: Line, amount: Money) -> Money:
    return line.discount.off(amount) if line.discount else amount.with_amount(0)


def _shares(discount: Discount | None, amounts: Sequence[Money], currency: str) -> list[Money]:
    """What the discount of the whole takes off each line: of an amount the largest remainders get what is left over."""
    if discount is None:
        return [Money.zero(currency) for _ in amounts]
    if discount.percent is not None:
        return [amount.percent(discount.percent) for amount in amounts]
    whole = total(amounts, currency)
    off = discount.off(whole).amount
    if not whole.amount:
        return [Money.zero(currency) for _ in amounts]
    return [whole.with_amount(part) for part in split(off, [one.amount for one in amounts])]


def split(amount: int, weights: Sequence[int]) -> list[int]:
    """The amount shared by weight, to the minor unit: the largest remainders get what is left over.

    The weights are not negative, and not all 0.
    """
    whole = sum(weights)
    parts = [amount * weight // whole for weight in weights]
    by_remainder = sorted(range(len(parts)), key=lambda n: (-(amount * weights[n] % whole), n))
    for number in by_remainder[: amount - sum(parts)]:
        parts[number] += 1
    return parts


def _taxes(left: Money, rates: tuple[TaxRate, ...]) -> tuple[TaxTotal, ...]:
    """Inclusive taxes are taken out of what is left of a line; exclusive ones are worked out on the rest."""
    included = sum((rate.percent for rate in rates if rate.inclusive), Decimal(0))
    inside = {
        rate.name: left.with_amount(round_half_up(left.amount * rate.percent / (100 + included)))
        for rate in rates
        if rate.inclusive
    }
    base = left - total(inside.values(), left.currency)
    return tuple(
        TaxTotal(
            name=rate.name,
            label=rate.label,
            percent=rate.percent,
            inclusive=rate.inclusive,
            base=base,
            amount=inside[rate.name] if rate.inclusive else base.percent(rate.percent),
        )
        for rate in rates
    )


def merged(taxes: Iterable[TaxTotal]) -> tuple[TaxTotal, ...]:
    """Each tax once, with what it comes to on all lines."""
    found: dict[str, TaxTotal] = {}
    for tax in taxes:
        before = found.get(tax.name)
        found[tax.name] = (
            before.model_copy(update={"base": before.base + tax.base, "amount": before.amount + tax.amount})
            if before
            else tax
        )
    return tuple(found.values())
