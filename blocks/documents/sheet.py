"""A document in its buyer's language: every word that stands on it, in the order in which it stands there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from billing.catalogue import is_in_eu
from billing.documents import Document, DocumentKind, Period, Settlement, Stamp
from billing.money import Money
from blocks import readers
from blocks.documents import addresses
from blocks.texts import Translator, later

_CHECK_COUNTRIES = frozenset(["US", "CA"])
_VAT_COUNTRIES = frozenset(["GB", "CH", "NO", "LI", "IS"])  # and the EU


@dataclass(frozen=True)
class Row:
    """What something is called, and what it is."""

    label: str
    value: str
    strong: bool = False


@dataclass(frozen=True)
class Item:
    """One line of the table. Amounts without their currency: the column names it."""

    position: str
    description: str
    details: tuple[str, ...]
    quantity: str
    unit_price: str
    tax: str
    amount: str


@dataclass(frozen=True)
class Sheet:
    """Everything that the template prints. Empty is left out."""

    title: str  # "Invoice"
    number: str
    stamp: str
    stamped: str  # what kind of stamp that is: "paid", "void", "draft"
    sender: str  # one line above the buyer's address
    buyer: tuple[str, ...]
    facts: tuple[Row, ...]
    lead: Row | None  # what is due, said large
    columns: tuple[str, ...]  # the heads of: position, description, quantity, unit price, tax, amount
    items: tuple[Item, ...]
    totals: tuple[Row, ...]
    balance: Row
    notes: tuple[str, ...]
    ways: tuple[Way, ...]
    pay_page: str
    imprint: tuple[tuple[str, ...], ...]  # the seller's particulars, in three columns


@dataclass(frozen=True)
class Way:
    """One way to pay."""

    title: str
    rows: tuple[Row, ...]
    code: bool = False  # the bank's code for a transfer is beside it


def sheet(document: Document) -> Sheet:
    t = readers.on_paper(document)
    return Sheet(
        title=title(document, t),
        number=document.number,
        stamp=_stamp(document, t),
        stamped=document.stamp.value if document.stamp else "",
        sender=" · ".join((document.seller.name, *_seller_lines(document, t))),
        buyer=_buyer(document, t),
        facts=tuple(_facts(document, t)),
        lead=_lead(document, t),
        columns=_columns(document, t),
        items=tuple(_items(document, t)),
        totals=tuple(_totals(document, t)),
        balance=_balance(document, t),
        notes=tuple(_notes(document, t)),
        ways=tuple(_ways(document, t)) if is_to_be_paid(document) else (),
        pay_page=document.payment.page if is_to_be_paid(document) else "",
        imprint=_imprint(document, t),
    )


def title(document: Document, t: Translator) -> str:
    """What the document is called. A German credit note is no `Gutschrift`: § 14 (2) UStG means self-billing by it."""
    match document.kind:
        case DocumentKind.INVOICE:
            return document.title or t("Invoice")
        case DocumentKind.CREDIT_NOTE:
            return t("Credit note")
        case _:
            assert_never(document.kind)


def is_open(document: Document) -> bool:
    """Whether somebody has to pay something."""
    is_owed = document.stamp not in (Stamp.VOID, Stamp.DRAFT)
    return document.kind is DocumentKind.INVOICE and is_owed and document.totals.due.amount > 0


def is_to_be_paid(document: Document) -> bool:
    """Whether the buyer has to do something for that."""
    return is_open(document) and not document.payment.taken_from


def days(period: Period, t: Translator) -> str:
    if period.first == period.last:
        return t.date(period.first)
    return t("{first} to {last}", first=period.first, last=period.last)


def on_paper(document: Document) -> str:
    """The paper of the buyer's country, as CSS calls it."""
    return "letter" if document.buyer.address.country.upper() in addresses.LETTER_PAPER else "A4"


def takes_checks(document: Document) -> bool:
    """Where customers still pay by check, and where the seller wants them mailed to (C6, C19)."""
    remit_to, country = document.payment.remit_to, document.buyer.address.country
    return remit_to is not None and (country in _CHECK_COUNTRIES or country == remit_to.address.country)


def vat_label(country: str, t: Translator) -> str:
    """What the number that a country taxes by is called there."""
    if is_in_eu(country) or country in _VAT_COUNTRIES:
        return t("VAT ID")
    return t("EIN") if country == "US" else t("Tax ID")


# --- who, when, what --------------------------------------------------------------------------------------------------


def _seller_lines(document: Document, t: Translator) -> tuple[str, ...]:
    return addresses.lines(document.seller.address, t, seen_from=document.buyer.address.country)


def _buyer(document: Document, t: Translator) -> tuple[str, ...]:
    buyer = document.buyer
    names = (buyer.company, buyer.name if buyer.name != buyer.company else "")
    return (
        *(name for name in names if name),
        *addresses.lines(buyer.address, t, seen_from=document.seller.address.country),
    )


def _stamp(document: Document, t: Translator) -> str:
    match document.stamp, document.stamped_on:
        case None, _:
            return ""
        case Stamp.DRAFT, _:
            return t("DRAFT")
        case Stamp.PAID, None:
            return t("Paid")
        case Stamp.PAID, on:
            return t("Paid on {day}", day=on)
        case Stamp.VOID, None:
            return t("Void")
        case Stamp.VOID, on:
            return t("Void since {day}", day=on)


def _facts(document: Document, t: Translator) -> list[Row]:
    is_invoice = document.kind is DocumentKind.INVOICE
    corrected, buyer = document.corrects, document.buyer
    rows = [
        Row(t("Invoice number") if is_invoice else t("Credit note number"), document.number, strong=True),
        Row(t("Date of issue"), t.date(document.issued_on)),
    ]
    if corrected:
        rows.append(
            Row(t("Corrects invoice"), t("{number} of {day}", number=corrected.number, day=corrected.issued_on))
        )
    rows += _supply(document, t)
    if is_invoice and document.due_on and document.stamp in (None, Stamp.DRAFT):
        rows.append(Row(t("Due date"), t.date(document.due_on)))
    if document.reference:
        rows.append(Row(t("Your PO number"), document.reference))
    rows += [Row(one.name, one.value) for one in document.fields]
    if buyer.tax_id:
        rows.append(Row(t("Your {id}", id=vat_label(buyer.address.country, t)), buyer.tax_id))
    return rows


def _supply(document: Document, t: Translator) -> list[Row]:
    """§ 14 (4) no. 6 UStG: when it was supplied, also where that was on the day of issue."""
    if document.supplied is None:
        if any(line.period for line in document.lines):
            return []
        return [Row(t("Date of supply"), t.date(document.issued_on))]
    is_one_day = document.supplied.first == document.supplied.last
    return [Row(t("Date of supply") if is_one_day else t("Service period"), days(document.supplied, t))]


def _lead(document: Document, t: Translator) -> Row | None:
    if not is_open(document):
        return None
    amount = t.money(document.totals.due)
    if document.due_on and is_to_be_paid(document):
        return Row(t("Amount due"), t("{amount} by {day}", amount=amount, day=document.due_on))
    return Row(t("Amount due"), amount)


# --- the table --------------------------------------------------------------------------------------------------------


def _columns(document: Document, t: Translator) -> tuple[str, ...]:
    lines = document.lines
    return (
        t("No."),
        t("Description"),
        t("Quantity"),
        t("Unit price") if any(line.unit_price for line in lines) else "",
        t("Tax") if any(line.tax for line in lines) else "",
        t("Amount ({currency})", currency=document.currency),
    )


def _items(document: Document, t: Translator) -> list[Item]:
    return [
        Item(
            position=t.number(line.position),
            description=line.description.strip(),
            details=tuple(
                detail
                for detail in (
                    days(line.period, t) if line.period else "",
                    t("{label}: {amount}", label=line.discount.label, amount=-line.discount.amount)
                    if line.discount
                    else "",
                )
                if detail
            ),
            quantity=f"{t.number(line.quantity)} {line.unit}".strip(),
            unit_price=t.amount(line.unit_price) if line.unit_price else "",
            tax=line.tax,
            amount=t.amount(line.amount),
        )
        for line in document.lines
    ]


def _totals(document: Document, t: Translator) -> list[Row]:
    """How the lines become what is due: what is taken off, net, each tax and its base (§ 14 (4) no. 7 and 8 UStG)."""
    totals, rows = document.totals, []
    if document.discount:
        rows.append(Row(t("Subtotal"), t.money(document.subtotal)))
        rows.append(Row(document.discount.label, t.money(-document.discount.amount)))
    if document.taxes or document.reverse_charge:
        rows.append(Row(t("Net amount"), t.money(totals.net)))
    for tax in document.taxes:
        text = (
            t("{tax} {percent} on {base}, included", tax=tax.label, percent=t.percent(tax.percent), base=tax.base)
            if tax.inclusive
            else t("{tax} {percent} on {base}", tax=tax.label, percent=t.percent(tax.percent), base=tax.base)
        )
        rows.append(Row(text, t.money(tax.amount)))
    if document.reverse_charge:
        rows.append(Row(t("VAT (reverse charge)"), t.money(totals.tax)))
    if is_settled_in_part(document):
        rows.append(Row(t("Total"), t.money(totals.gross), strong=True))
        if totals.paid:
            rows.append(Row(t("Paid"), t.money(-totals.paid)))
        if totals.credited:
            rows.append(Row(t("Credited"), t.money(-totals.credited)))
    return rows


def is_settled_in_part(document: Document) -> bool:
    """Whether the total is not what is due."""
    return document.kind is DocumentKind.INVOICE and bool(document.totals.paid or document.totals.credited)


def _balance(document: Document, t: Translator) -> Row:
    """The last row: what all of it comes to."""
    totals = document.totals
    if document.kind is DocumentKind.CREDIT_NOTE:
        return Row(t("Total credited"), t.money(totals.gross), strong=True)
    if document.stamp is Stamp.VOID:
        return Row(t("Amount due"), t.money(Money.zero(document.currency)), strong=True)
    if is_settled_in_part(document) or not document.totals.due:
        return Row(t("Amount due"), t.money(totals.due), strong=True)
    return Row(t("Total"), t.money(totals.gross), strong=True)


# --- what else has to be said -----------------------------------------------------------------------------------------

_SETTLED = {
    Settlement.REFUND: later("The amount is paid back the way it was paid."),
    Settlement.BALANCE: later("The amount is kept for you and set off against your next invoices."),
    Settlement.LESS_DUE: later("The amount is deducted from what is due on the invoice named above."),
    Settlement.OUTSIDE: later("The amount is given back in another way than through the payment method."),
}
_SETTLED_IN_PART = {
    Settlement.REFUND: later("{amount} is paid back the way it was paid."),
    Settlement.BALANCE: later("{amount} is kept for you and set off against your next invoices."),
    Settlement.LESS_DUE: later("{amount} is deducted from what is due on the invoice named above."),
    Settlement.OUTSIDE: later("{amount} is given back in another way than through the payment method."),
}


def settled(document: Document, t: Translator) -> str:
    """Where the money of a credit note goes; empty for an invoice."""
    if document.settlement is None:
        return ""
    if document.set_off is None:
        return t(_SETTLED[document.settlement])
    first = t(_SETTLED_IN_PART[Settlement.LESS_DUE], amount=document.set_off)
    rest = t(_SETTLED_IN_PART[document.settlement], amount=document.totals.gross - document.set_off)
    return f"{first} {rest}"


def _notes(document: Document, t: Translator) -> list[str]:
    notes = [document.memo.strip()]
    if document.stamp is Stamp.VOID:
        notes.append(t("This invoice was cancelled. Nothing has to be paid."))
    if document.stamp is Stamp.DRAFT:
        notes.append(t("This is a draft and no invoice. Nothing has to be paid yet."))
    notes.append(settled(document, t))
    if document.reverse_charge:
        notes.append(t("Reverse charge: the recipient is liable for the VAT (article 196 of Directive 2006/112/EC)."))
    elif not document.taxes and document.seller.untaxed:
        notes.append(document.seller.untaxed)
    if is_open(document) and document.payment.taken_from:
        notes.append(
            t("You need not do anything: the amount will be taken from {method}.", method=document.payment.taken_from)
        )
    elif document.terms and (is_open(document) or document.stamp is Stamp.DRAFT):
        notes.append(document.terms.strip())
    return [note for note in notes if note]


def _ways(document: Document, t: Translator) -> list[Way]:
    payment, ways = document.payment, []
    if bank := payment.bank:
        rows = [
            Row(t("Account holder"), bank.holder or document.seller.name),
            Row(t("Bank"), bank.bank),
            Row(t("IBAN"), in_fours(bank.iban or "")),
            Row(t("BIC"), bank.bic or ""),
            Row(t("Routing number (ABA)"), bank.routing_number or ""),
            Row(t("Account number"), bank.account_number or ""),
            Row(t("Reference"), document.number),
        ]
        ways.append(Way(t("Bank transfer"), tuple(row for row in rows if row.value), code=has_code(document)))
    if (remit_to := payment.remit_to) and takes_checks(document):
        where = addresses.lines(remit_to.address, t, seen_from=document.buyer.address.country)
        ways.append(
            Way(
                t("Check"),
                (
                    Row(t("Payable to"), remit_to.payee),
                    Row(t("Remit to"), "\n".join(where)),
                    Row(t("Memo"), document.number),
                ),
            )
        )
    return ways


def has_code(document: Document) -> bool:
    """Banking apps read such a code for euros within 999,999,999.99, with a text (EPC069-12)."""
    bank, due = document.payment.bank, document.totals.due
    is_payable = due.currency == "EUR" and 0 < due.amount < 100_000_000_000
    return bank is not None and bank.iban is not None and is_payable and bool(document.number.strip())


def in_fours(iban: str) -> str:
    return " ".join(iban[start : start + 4] for start in range(0, len(iban), 4))


def _imprint(document: Document, t: Translator) -> tuple[tuple[str, ...], ...]:
    seller = document.seller
    columns = (
        (seller.name, *_seller_lines(document, t)),
        (seller.email, seller.phone, seller.website),
        (
            f"{vat_label(seller.address.country, t)}: {seller.vat_id}" if seller.vat_id else "",
            t("Tax number: {number}", number=seller.tax_number) if seller.tax_number else "",
            seller.register_entry,
            t("Managing directors: {names}", names=t.list(seller.directors)) if seller.directors else "",
        ),
    )
    return tuple(tuple(line for line in column if line) for column in columns)
