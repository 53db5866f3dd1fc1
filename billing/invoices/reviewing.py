"""The review of an invoice: everything that the customer will get, and what Stripe is told of it (H27, H28)."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, time

from billing.accounts import billable
from billing.contacts import Contact
from billing.errors import (
    BilledInAnotherCurrency,
    DueDateOutOfRange,
    EmptyInvoice,
    FieldMissing,
    NotNow,
    RecipientNotReadable,
    UnknownInvoice,
)
from billing.ids import ContactId, SalesInvoiceId
from billing.invoices.amounts import InvoiceTotals, LineTotal
from billing.invoices.approving import Exceeded, exceeded
from billing.invoices.drafting import amounts
from billing.invoices.model import Approval, InvoiceState, SalesInvoice, Stage
from billing.models import Frozen
from billing.money import minor_digits
from billing.ports import InvoiceOrder, InvoiceOrderLine, UnitOfWork
from billing.roles import Permission


class InvoiceReview(Frozen):
    """The page before an invoice is sent: everything that the customer will get, and what the house says to it."""

    contact: Contact
    invoice: SalesInvoice
    totals: InvoiceTotals
    due_on: date
    reverse_charge: bool
    exceeds: Exceeded | None  # what the person may not grant alone
    approval: Approval | None  # of this very content
    may_send: bool
    mailed: bool = True  # to its recipients, when it is sent (HX15)

    @property
    def fingerprint(self) -> str:
        """A digest of everything the person saw; it changes when any word, amount, tax or date does."""
        seen = (
            self.contact.model_dump_json(include={"name", "company", "address", "tax_id"}),
            *(line.model_dump_json(exclude={"version"}) for line in self.invoice.lines),
            self.invoice.details.model_dump_json(),
            self.totals.model_dump_json(exclude={"lines"}),
            self.due_on.isoformat(),
        )
        return hashlib.sha256("\n".join(seen).encode()).hexdigest()[:32]


def review(uow: UnitOfWork, contact_id: ContactId, invoice_id: SalesInvoiceId) -> InvoiceReview:
    """The page before sending. Raises what keeps anybody from sending it; rights and limits are shown on the page."""
    uow.actor.require(Permission.DRAFT_INVOICE)
    return sendable(uow, contact_id, invoice_id)


def sendable(uow: UnitOfWork, contact_id: ContactId, invoice_id: SalesInvoiceId) -> InvoiceReview:
    """The same without asking for rights; whoever sends it is asked for others."""
    contact = billable(uow, contact_id)
    invoice = uow.invoices.get(invoice_id)
    if invoice.contact != contact_id or invoice.team != uow.actor.team:
        raise UnknownInvoice(invoice=invoice_id)
    if invoice.stage not in (Stage.DRAFT, Stage.SENDING):
        raise NotNow(invoice_state=InvoiceState.SENT.value, number=invoice.number)
    if invoice.stage is Stage.DRAFT and invoice.currency != contact.currency:
        raise BilledInAnotherCurrency(draft=invoice.currency, billed=contact.currency)
    if not invoice.lines:
        raise EmptyInvoice
    if not invoice.details.recipients:
        raise RecipientNotReadable
    filled = {one.id for one in invoice.details.fields}
    for field in uow.catalogue.invoices.fields:
        if field.required and field.id not in filled:
            raise FieldMissing(field.id, (field.name.en, field.name.de))
    due_on = invoice.due(uow.today)
    if due_on < uow.today:
        raise DueDateOutOfRange(first=uow.today.isoformat())
    totals = amounts(uow, contact, invoice)
    return InvoiceReview(
        contact=contact,
        invoice=invoice,
        totals=totals,
        due_on=due_on,
        reverse_charge=uow.catalogue.reverse_charge(contact.address.country, contact.tax_id),
        exceeds=None if invoice.is_granted else exceeded(uow, totals),
        approval=invoice.approval,
        may_send=uow.actor.may(Permission.SEND_INVOICE),
        mailed=uow.catalogue.invoices.tell_customer.received,
    )


def order_for(uow: UnitOfWork, reviewed: InvoiceReview) -> InvoiceOrder:
    """What Stripe is told. It is due when the due day ends in the business's time zone."""
    invoice, zone = reviewed.invoice, uow.catalogue.business.zone
    return InvoiceOrder(
        invoice=invoice.id,
        key=f"{invoice.id}-{invoice.version}",
        customer=reviewed.contact.customer,
        currency=invoice.currency,
        lines=tuple(_order_line(one) for one in reviewed.totals.lines),
        discount=invoice.details.discount,
        due_at=datetime.combine(reviewed.due_on, time(23, 59, 59), zone).astimezone(UTC),
        memo=invoice.details.memo,
        order_number=invoice.details.order_number,
        fields=tuple((one.name, one.value) for one in invoice.details.fields),
        total=reviewed.totals.total,
    )


def _order_line(one: LineTotal) -> InvoiceOrderLine:
    """Stripe's line has the amount; how it came about stands in its words: `3 × Onboarding (150.00 USD, -10 %)`."""
    line, currency = one.line, one.amount.currency
    price = f"{line.unit.decimal():.{minor_digits(currency)}f} {currency}"
    if line.discount and line.discount.percent is not None:
        price += f", -{line.discount.percent.normalize():f} %"
    elif line.discount:
        price += f", -{one.discount.decimal():.{minor_digits(currency)}f} {currency}"
    is_plain = line.quantity == 1 and line.discount is None
    return InvoiceOrderLine(
        id=line.id,
        description=line.description if is_plain else f"{line.quantity.normalize():f} × {line.description} ({price})",
        amount=one.amount,
        tax_rates=tuple(tax.name for tax in one.taxes),
    )
