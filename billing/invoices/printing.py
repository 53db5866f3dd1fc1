"""The documents of an invoice: what was billed, and what became of it since; of a draft, what the customer would get.

A credit note is a document of its own, by the id of the operation that issued it.
"""

from __future__ import annotations

from decimal import Decimal

from babel.numbers import format_percent

from billing import documents
from billing.catalogue import Label
from billing.contacts import InvoiceStatus
from billing.documents import (
    Buyer,
    Document,
    DocumentField,
    DocumentKind,
    DocumentReference,
    DocumentTax,
    Period,
    Settlement,
    Stamp,
)
from billing.errors import NotFound, UnknownInvoice
from billing.ids import OperationId, SalesInvoiceId
from billing.invoices.amounts import InvoiceTotals, LineTotal, TaxTotal, merged
from billing.invoices.billed import BilledTo, billed, billed_to
from billing.invoices.crediting import CreditInvoice, InvoiceCredited
from billing.invoices.model import Details, Discount
from billing.invoices.sheets import Sheet, as_it_stands
from billing.money import Money, total
from billing.operations import State
from billing.ports import GiveBack, UnitOfWork

_DISCOUNT = Label(en="Discount", de="Rabatt")


class InvoiceDocuments:
    """`billing.ports.DocumentSource` for invoices of ours and their credit notes."""

    def document(self, uow: UnitOfWork, kind: DocumentKind, id_: str) -> Document:
        if kind is DocumentKind.CREDIT_NOTE:
            return credit_note(uow, OperationId(id_))
        try:
            return document(uow, as_it_stands(uow, id_))
        except UnknownInvoice as error:
            raise NotFound(id_) from error


def document(uow: UnitOfWork, sheet: Sheet) -> Document:
    """What is printed. Raises NotFound for what Stripe made, and for a draft without a line."""
    ours, totals = sheet.ours, sheet.totals
    if ours is None or totals is None or not totals.lines:
        raise NotFound(sheet.ref)
    business, details, kept = uow.catalogue.business, ours.details, sheet.billed
    to = kept.to if kept else billed_to(sheet.contact)
    is_open = bool(ours.number) and (sheet.stripe is None or sheet.stripe.status is InvoiceStatus.OPEN)
    page = (sheet.stripe.url or "") if sheet.stripe else ""
    return Document(
        kind=DocumentKind.INVOICE,
        number=ours.number or f"{uow.catalogue.invoices.series}-{uow.today.year}-…",
        language=details.language,
        issued_on=ours.issued_on or uow.today,
        due_on=sheet.due_on,
        seller=documents.seller(business, details.language),
        buyer=_buyer(to),
        title=details.title,
        reference=details.order_number,
        fields=_fields(details),
        lines=tuple(_line(number, one, details.language) for number, one in enumerate(totals.lines, 1)),
        discount=_discount(details.discount, totals.discount, details.language),
        taxes=_taxes(totals.taxes, details.language),
        reverse_charge=kept.reverse_charge if kept else uow.catalogue.reverse_charge(to.address.country, to.tax_id),
        totals=_totals(sheet, totals),
        memo=details.memo,
        terms=details.terms,
        payment=documents.ways_to_pay(business, ours.currency, page) if is_open else documents.PaymentWays(),
        stamp=_stamp(sheet),
    )


def credit_note(uow: UnitOfWork, id_: OperationId) -> Document:
    """What is printed of a credit note. Raises NotFound for an operation that issued none, or one that is Stripe's."""
    operation = uow.operations.get(id_)
    if operation.kind != CreditInvoice.kind or operation.state is not State.DONE:
        raise NotFound(id_)
    receipt = InvoiceCredited.model_validate_json(operation.result or "")
    ours, taken = uow.invoices.find(SalesInvoiceId(receipt.ref)), receipt.taken
    if taken is None or ours is None or not ours.number or not ours.issued_on:
        raise NotFound(id_)
    kept = billed(ours)
    to = kept.to if kept else billed_to(uow.contacts.get(ours.contact))
    language, currency = ours.details.language, ours.currency
    taxes = merged(tax for one in taken.lines for tax in one.taxes)
    tax, gross = total((one.amount for one in taxes), currency), total((one.total for one in taken.lines), currency)
    lowered = receipt.total - receipt.given_back
    return Document(
        kind=DocumentKind.CREDIT_NOTE,
        number=receipt.note,
        language=language,
        issued_on=taken.issued_on,
        supplied=Period(first=ours.issued_on, last=ours.issued_on),
        seller=documents.seller(uow.catalogue.business, language),
        buyer=_buyer(to),
        reference=ours.details.order_number,
        fields=_fields(ours.details),
        corrects=DocumentReference(number=ours.number, issued_on=ours.issued_on),
        settlement=_GOES[receipt.give_back] if receipt.given_back else Settlement.LESS_DUE,
        set_off=lowered if lowered and receipt.given_back else None,
        lines=tuple(_line(number, one, language) for number, one in enumerate(taken.lines, 1)),
        discount=_discount(ours.details.discount, total((one.share for one in taken.lines), currency), language),
        taxes=_taxes(taxes, language),
        reverse_charge=kept.reverse_charge
        if kept
        else not tax and uow.catalogue.reverse_charge(to.address.country, to.tax_id),
        totals=documents.Totals(
            net=gross - tax,
            tax=tax,
            gross=gross,
            paid=gross.with_amount(0),
            credited=gross.with_amount(0),
            due=gross,
        ),
        memo=" ".join(CreditInvoice.model_validate_json(operation.command).reason.split()),
    )


_GOES = {
    GiveBack.REFUND: Settlement.REFUND,
    GiveBack.BALANCE: Settlement.BALANCE,
    GiveBack.OUTSIDE: Settlement.OUTSIDE,
}


def _fields(details: Details) -> tuple[DocumentField, ...]:
    return tuple(DocumentField(name=one.name, value=one.value) for one in details.fields)


def _buyer(to: BilledTo) -> Buyer:
    return Buyer(
        name=to.name if to.name != to.company else "", company=to.company, address=to.address, tax_id=to.tax_id or ""
    )


def _taxes(taxes: tuple[TaxTotal, ...], language: str) -> tuple[DocumentTax, ...]:
    return tuple(
        DocumentTax(
            label=one.label.in_(language),
            percent=one.percent,
            inclusive=one.inclusive,
            base=one.base,
            amount=one.amount,
        )
        for one in taxes
    )


def _line(number: int, one: LineTotal, language: str) -> documents.Line:
    return documents.Line(
        position=number,
        description=one.line.description,
        quantity=one.line.quantity,
        unit_price=one.line.unit,
        discount=_discount(one.line.discount, one.discount, language),
        tax=" + ".join(_percent(tax.percent, language) for tax in one.taxes),
        amount=one.amount,
    )


def _discount(given: Discount | None, off: Money, language: str) -> documents.LineDiscount | None:
    if given is None or not off:
        return None
    percent = f" ({_percent(given.percent, language)})" if given.percent is not None else ""
    return documents.LineDiscount(label=_DISCOUNT.in_(language) + percent, amount=off)


def _percent(percent: Decimal, language: str) -> str:
    """`8.1%` or `8,1 %`."""
    return format_percent(percent / 100, locale=language, decimal_quantization=False)


def _totals(sheet: Sheet, totals: InvoiceTotals) -> documents.Totals:
    """What was paid and what is due is Stripe's to say; whatever else is missing was credited."""
    gross = totals.total
    paid = gross.with_amount(sheet.stripe.paid if sheet.stripe else 0)
    due = sheet.due if sheet.stripe else gross
    return documents.Totals(
        net=totals.net, tax=totals.tax, gross=gross, paid=paid, credited=gross - paid - due, due=due
    )


def _stamp(sheet: Sheet) -> Stamp | None:
    if sheet.ours and not sheet.ours.number:
        return Stamp.DRAFT
    match sheet.stripe.status if sheet.stripe else None:
        case InvoiceStatus.PAID:
            return Stamp.PAID
        case InvoiceStatus.VOID:
            return Stamp.VOID
        case _:
            return None
