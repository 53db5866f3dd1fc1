"""The document of an invoice: what its customer gets, as it stands now; of a draft, what the customer would get."""

from __future__ import annotations

from billing import documents
from billing.catalogue import Label
from billing.contacts import InvoiceStatus
from billing.documents import Document, DocumentKind, Stamp
from billing.errors import NotFound, UnknownInvoice
from billing.invoices.amounts import InvoiceTotals, LineTotal
from billing.invoices.model import Discount
from billing.invoices.sheets import Sheet, as_it_stands
from billing.money import Money
from billing.ports import UnitOfWork

_DISCOUNT = Label(en="Discount", de="Rabatt")


class InvoiceDocuments:
    """`billing.ports.DocumentSource` for invoices of ours."""

    def document(self, uow: UnitOfWork, kind: DocumentKind, id_: str) -> Document:
        if kind is not DocumentKind.INVOICE:
            raise NotFound(id_)
        try:
            return document(uow, as_it_stands(uow, id_))
        except UnknownInvoice as error:
            raise NotFound(id_) from error


def document(uow: UnitOfWork, sheet: Sheet) -> Document:
    """What is printed. Raises NotFound for what Stripe made, and for a draft without a line."""
    ours, totals = sheet.ours, sheet.totals
    if ours is None or totals is None or not totals.lines:
        raise NotFound(sheet.ref)
    contact, business, details = sheet.contact, uow.catalogue.business, ours.details
    is_open = sheet.stripe is None or sheet.stripe.status is InvoiceStatus.OPEN
    page = (sheet.stripe.url or "") if sheet.stripe else ""
    return Document(
        kind=DocumentKind.INVOICE,
        number=ours.number or f"{uow.catalogue.invoices.series}-{uow.today.year}-…",
        language=details.language,
        issued_on=ours.issued_on or uow.today,
        due_on=sheet.due_on,
        seller=documents.seller(business, details.language),
        buyer=documents.Buyer(
            name=contact.name if contact.name != contact.company else "",
            company=contact.company,
            address=contact.address,
            tax_id=contact.tax_id or "",
        ),
        reference=details.order_number,
        lines=tuple(_line(number, one, details.language) for number, one in enumerate(totals.lines, 1)),
        discount=_discount(details.discount, totals.discount, details.language),
        taxes=tuple(
            documents.DocumentTax(
                label=one.label.in_(details.language),
                percent=one.percent,
                inclusive=one.inclusive,
                base=one.base,
                amount=one.amount,
            )
            for one in totals.taxes
        ),
        reverse_charge=uow.catalogue.reverse_charge(contact.address.country, contact.tax_id),
        totals=_totals(sheet, totals),
        memo=details.memo,
        terms=details.terms,
        payment=documents.ways_to_pay(business, ours.currency, page) if is_open else documents.PaymentWays(),
        stamp=_stamp(sheet),
    )


def _line(number: int, one: LineTotal, language: str) -> documents.Line:
    return documents.Line(
        position=number,
        description=one.line.description,
        quantity=one.line.quantity,
        unit_price=one.line.unit,
        discount=_discount(one.line.discount, one.discount, language),
        tax=" + ".join(f"{tax.percent.normalize():f}%" for tax in one.taxes),
        amount=one.amount,
    )


def _discount(given: Discount | None, off: Money, language: str) -> documents.LineDiscount | None:
    if given is None or not off:
        return None
    percent = f" ({given.percent.normalize():f}%)" if given.percent is not None else ""
    return documents.LineDiscount(label=_DISCOUNT.in_(language) + percent, amount=off)


def _totals(sheet: Sheet, totals: InvoiceTotals) -> documents.Totals:
    """What was paid and what is due is Stripe's to say; whatever else is missing was credited."""
    gross = totals.total
    paid = gross.with_amount(sheet.stripe.paid if sheet.stripe else 0)
    due = sheet.due if sheet.stripe else gross
    return documents.Totals(
        net=totals.net, tax=totals.tax, gross=gross, paid=paid, credited=gross - paid - due, due=due
    )


def _stamp(sheet: Sheet) -> Stamp | None:
    match sheet.stripe.status if sheet.stripe else None:
        case InvoiceStatus.PAID:
            return Stamp.PAID
        case InvoiceStatus.VOID:
            return Stamp.VOID
        case _:
            return None
