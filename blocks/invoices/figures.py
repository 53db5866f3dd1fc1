"""Lines and sums of an invoice, as the form, the review and the page of an invoice show them."""

from __future__ import annotations

from billing.contacts import Contact, Invoice
from billing.invoices.amounts import InvoiceTotals, LineTotal, TaxTotal
from billing.invoices.model import Discount, SalesInvoice
from billing.money import Money
from blocks import words
from blocks.graphemes import fit
from blocks.texts import Mrkdwn, Translator, bold, joined, link


def line_text(number: int, one: LineTotal, t: Translator) -> Mrkdwn:
    """`1. *Onboarding*` and below it `3 × $150.00, 10% off · 19% VAT · *$405.00*`."""
    line = one.line
    taxes = ", ".join(t.percent(tax.percent) for tax in one.taxes) or t("no tax")
    off = t("{discount} off", discount=discount(line.discount, line.unit.currency, t)) if line.discount else ""
    return joined(
        [
            joined([f"{number}.", bold(fit(line.description, 200))], by=" "),
            joined(
                [
                    t("{quantity} × {price}", quantity=line.quantity, price=line.unit),
                    off,
                    t("tax: {taxes}", taxes=taxes),
                    bold(t.money(one.amount)),
                ],
                by=" · ",
            ),
        ]
    )


def line_row(one: LineTotal, t: Translator) -> tuple[str, str]:
    """`3 × Onboarding, €150.00 each`, what it costs otherwise, what comes off, and what the line comes to."""
    line = one.line
    what = t(
        "{quantity} × {what}, {price} each", quantity=line.quantity, what=fit(line.description, 150), price=line.unit
    )
    listed = line.list_price if line.list_price != line.unit else None
    instead = t("list price {price}", price=listed) if listed else ""
    off = t("{discount} off", discount=discount(line.discount, line.unit.currency, t)) if line.discount else ""
    return ", ".join(part for part in (what, instead, off) if part), t.money(one.amount)


def sum_rows(sums: InvoiceTotals, given: Discount | None, t: Translator) -> list[tuple[str, str]]:
    """Subtotal, discount, each tax, total (GX12)."""
    rows: list[tuple[str, str]] = []
    if sums.discount or sums.taxes:
        rows.append((t("Subtotal"), t.money(sums.subtotal)))
    if sums.discount and given:
        off = discount(given, sums.total.currency, t)
        rows.append((t("Discount ({discount})", discount=off), t.money(-sums.discount)))
    rows += [(_tax(one, t), t.money(one.amount)) for one in sums.taxes]
    rows.append((bold(t("Total")), bold(t.money(sums.total))))
    return rows


def discount(given: Discount, currency: str, t: Translator) -> str:
    """`10%` or `5,00 €`."""
    if given.percent is not None:
        return t.percent(given.percent)
    return t.money(Money(amount=given.amount or 0, currency=currency))


def as_typed(given: Discount | None, currency: str) -> str:
    """What a person may have typed for it."""
    if given is None:
        return ""
    if given.percent is not None:
        return f"{given.percent.normalize():f} %"
    return plain(Money(amount=given.amount or 0, currency=currency))


def plain(amount: Money) -> str:
    """An amount for an input: `1234.50`."""
    return f"{amount.decimal():f}"


def in_another_currency(invoice: SalesInvoice, contact: Contact, t: Translator) -> Mrkdwn:
    """That the draft cannot be sent any more, and what can be done with it."""
    return t.rich(
        "⚠️ *The draft is in {draft}, but the customer is billed in {billed} by now.* It cannot be sent: copy it to a "
        "new draft, or delete it. Amounts are not carried over.",
        draft=invoice.currency,
        billed=contact.currency,
    )


def _tax(one: TaxTotal, t: Translator) -> str:
    return words.tax_line(one.label, one.percent, t, inclusive=one.inclusive)


def next_try(one: Invoice, t: Translator) -> str:
    """When Stripe tries to charge a failing invoice again."""
    if one.next_attempt_at is None:
        return t("no further try")
    return t("next try on {day}", day=t.day_of(one.next_attempt_at))


def title(one: Invoice, t: Translator) -> Mrkdwn:
    """The number of Stripe's invoice, linked to its page."""
    number = one.number or t("without a number")
    return link(one.url, number) if one.url else bold(number)
