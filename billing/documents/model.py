"""What stands on a document, complete and in the reader's language: whoever renders it asks nobody anything.

The particulars are those of § 14 (4) and § 14a UStG, the habits of a US reader included. Amounts are never computed
by whoever renders: they are what was agreed and booked, and a document whose amounts do not add up cannot be built.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from billing.catalogue import BankAccount, Business
from billing.contacts import Address
from billing.models import Frozen
from billing.money import Money, total

Words = Annotated[str, Field(min_length=1)]


class DocumentKind(StrEnum):
    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"


class Stamp(StrEnum):
    """What happened to it since, or has not happened yet: said at the top of the document."""

    DRAFT = "draft"  # it has no number, and nothing is owed by it
    PAID = "paid"
    VOID = "void"


class Settlement(StrEnum):
    """Where the money of a credit note goes."""

    REFUND = "refund"  # back to the payment method
    BALANCE = "balance"  # kept for the customer's next invoices
    LESS_DUE = "less_due"  # less is due on the invoice that it corrects
    OUTSIDE = "outside"  # given back by hand: cash, a transfer


class Period(Frozen):
    """From the first to the last day, both included; one day is a delivery."""

    first: date
    last: date

    @model_validator(mode="after")
    def _forwards(self) -> Self:
        if self.last < self.first:
            raise ValueError("the last day is before the first")
        return self


class Seller(Frozen):
    """Who issues the document: `seller()` makes it from the catalogue's `[business]`."""

    name: Words  # the legal one
    brand: Words
    address: Address
    vat_id: str = ""
    tax_number: str = ""  # Steuernummer, EIN, ...
    register_entry: str = ""
    directors: tuple[str, ...] = ()
    email: str
    phone: str = ""
    website: str = ""
    untaxed: str = ""  # why documents without tax have none, in the document's language (§ 19 UStG, ...)


class Buyer(Frozen):
    """Who is billed. `company` is empty for a person; `name` is empty where only the company is known."""

    name: str = ""
    company: str = ""
    address: Address
    tax_id: str = ""

    @model_validator(mode="after")
    def _somebody(self) -> Self:
        if not (self.name or self.company):
            raise ValueError("a document is for somebody")
        return self


class LineDiscount(Frozen):
    """What is taken off one line or the whole document; `amount` is positive."""

    label: Words  # "Welcome offer (20%)"
    amount: Money


class Line(Frozen):
    """One line. `amount` is after its own discount and before the document's: net, or gross where its tax is inclusive.

    `unit_price * quantity - discount` is `amount` but for rounding (a price per 1,000, part of a period).
    """

    position: int
    description: Words  # may have several lines
    quantity: Decimal = Decimal(1)
    unit: str = ""  # "hours"
    unit_price: Money | None = None  # None: not said, as in a proration
    discount: LineDiscount | None = None
    period: Period | None = None  # where it differs from line to line
    tax: str = ""  # "19%", "19% + 2%"; empty: not taxed
    amount: Money


class DocumentTax(Frozen):
    """One tax on all lines that it counts for. `percent` of `base`, which is always net, is `amount`."""

    label: Words  # "VAT", "USt."
    percent: Decimal
    inclusive: bool
    base: Money
    amount: Money


class Totals(Frozen):
    """`net + taxes = gross`, and `gross - paid - credited = due`. All positive, also on a credit note."""

    net: Money
    tax: Money
    gross: Money
    paid: Money
    credited: Money  # by credit notes and from the customer's balance; negative when a debit balance was added
    due: Money


class RemitTo(Frozen):
    """Whom a check is for, and where it is mailed to (C6, C19)."""

    payee: Words
    address: Address


class PaymentWays(Frozen):
    """How it is to be paid. Everything empty: nothing is to be paid by this document."""

    bank: BankAccount | None = None
    remit_to: RemitTo | None = None
    page: str = ""  # the address of a page to pay on
    taken_from: str = ""  # "Visa •••• 4242": it is collected, nothing has to be done


class DocumentField(Frozen):
    """Something of the seller's own: a project, a cost centre."""

    name: Words
    value: Words


class DocumentReference(Frozen):
    """Another document that this one is about."""

    number: Words
    issued_on: date


class Document(Frozen):
    """Everything that is printed, in the buyer's language. Days are in the business's time zone."""

    kind: DocumentKind
    number: Words
    language: str  # "de", "en-US", ...
    issued_on: date
    supplied: Period | None = None  # service period or delivery; None: on the day of issue
    due_on: date | None = None  # None: nothing is due, or at once
    seller: Seller
    buyer: Buyer
    title: str = ""  # what an invoice is called; empty: Invoice
    reference: str = ""  # the buyer's purchase order
    fields: tuple[DocumentField, ...] = ()
    corrects: DocumentReference | None = None  # of a credit note: the invoice
    settlement: Settlement | None = None  # of a credit note
    set_off: Money | None = None  # the part of a credit note that lowers what is due, where only the rest goes back
    lines: Annotated[tuple[Line, ...], Field(min_length=1)]
    discount: LineDiscount | None = None
    taxes: tuple[DocumentTax, ...] = ()
    reverse_charge: bool = False
    totals: Totals
    memo: str = ""
    terms: str = ""  # "Net 14"
    payment: PaymentWays = PaymentWays()
    stamp: Stamp | None = None
    stamped_on: date | None = None

    @property
    def currency(self) -> str:
        return self.totals.gross.currency

    @property
    def subtotal(self) -> Money:
        """The lines, before the document's discount and taxes that are added."""
        return total((line.amount for line in self.lines), self.currency)

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if {amount.currency for amount in self._amounts()} != {self.currency}:
            raise ValueError("a document has one currency")
        totals = self.totals
        taxes = total((tax.amount for tax in self.taxes), self.currency)
        added = total((tax.amount for tax in self.taxes if not tax.inclusive), self.currency)
        lines = self.subtotal - self.discount.amount if self.discount else self.subtotal
        sums = (
            (taxes, totals.tax),
            (lines + added, totals.gross),
            (totals.net + totals.tax, totals.gross),
            (totals.gross - totals.paid - totals.credited, totals.due),
        )
        if wrong := [f"{found.amount} is not {said.amount}" for found, said in sums if found != said]:
            raise ValueError(f"the amounts do not add up: {'; '.join(wrong)}")
        return self

    @model_validator(mode="after")
    def _tax_is_charged_or_reversed(self) -> Self:
        """§ 14c UStG: whoever shows a tax owes it."""
        if self.reverse_charge and self.totals.tax:
            raise ValueError("the charge is reversed, so no tax is shown")
        return self

    @model_validator(mode="after")
    def _a_credit_note_names_its_invoice(self) -> Self:
        """§ 31 (5) UStDV: a correction names what it corrects."""
        if (self.kind is DocumentKind.CREDIT_NOTE) != (self.corrects is not None):
            raise ValueError("a credit note, and nothing else, corrects an invoice")
        return self

    def _amounts(self) -> Iterator[Money]:
        for line in self.lines:
            yield line.amount
            yield from (amount for amount in (line.unit_price, line.discount and line.discount.amount) if amount)
        if self.discount:
            yield self.discount.amount
        for tax in self.taxes:
            yield from (tax.base, tax.amount)
        totals = self.totals
        yield from (totals.net, totals.tax, totals.gross, totals.paid, totals.credited, totals.due)


def seller(business: Business, language: str) -> Seller:
    """The business as it stands on a document in that language."""
    address = business.address
    return Seller(
        name=business.legal_name,
        brand=business.name,
        address=Address(**address.model_dump(), country=business.country),
        vat_id=business.tax_id or "",
        tax_number=business.tax_number or "",
        register_entry=business.register_entry or "",
        directors=business.directors,
        email=business.reply_to,
        phone=business.phone or "",
        website=business.website or "",
        untaxed=business.untaxed.in_(language) if business.untaxed else "",
    )


def ways_to_pay(business: Business, currency: str, page: str = "") -> PaymentWays:
    """Transfer and check as the business takes them in that currency, and a page to pay on."""
    accounts = {account.currency: account for account in business.bank_accounts}
    main = next((account for account in business.bank_accounts if account.currency is None), None)
    remit_to = None
    if business.remittance:
        address = business.remittance.model_dump(exclude={"name"})
        remit_to = RemitTo(payee=business.remittance.name or business.legal_name, address=Address(**address))
    return PaymentWays(bank=accounts.get(currency, main), remit_to=remit_to, page=page)
