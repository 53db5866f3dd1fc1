"""Collecting an invoice that Stripe could not charge: by a method on file, or by a link to Stripe's page (H35, HX1)."""

from __future__ import annotations

from typing import ClassVar, Literal

from billing.contacts import Contact, CustomerSnapshot, Invoice, PaymentMethod, Subscription
from billing.dunning.failures import FailedPayment, failed, failing
from billing.errors import (
    AmountDue,
    Declined,
    ForeignPaymentMethod,
    InvoiceNotOpen,
    NoPaymentPage,
    NotFailing,
)
from billing.ids import ContactId, CustomerId, InvoiceId, PaymentMethodId, SubscriptionId
from billing.invoices.sheets import settled
from billing.models import Frozen
from billing.money import Money
from billing.operations import Action, Command, Context, Operation, Receipt
from billing.payment_links import may_be_sent
from billing.payment_methods import chosen, seen_in, ways_to_pay
from billing.ports import PaymentOrder, Payments, UnitOfWork
from billing.roles import Permission
from billing.timeline import Entry, Happening

KEEP: Literal["keep"] = "keep"


class PayInvoice(Command):
    """Charge what is still due to a method on file. `due` is the amount that the person was shown, in minor units."""

    kind: ClassVar[str] = "pay_invoice"

    invoice: InvoiceId
    due: int
    payment_method: PaymentMethodId
    keep: tuple[Literal["keep"], ...] = ()  # from now on the subscription is charged to it, too


class SendInvoiceLink(Command):
    """Mail the customer the link to the page of Stripe's on which the invoice can be paid."""

    kind: ClassVar[str] = "send_invoice_link"

    invoice: InvoiceId


class CollectForm(Frozen):
    """What can be done about one invoice; the other open ones are counted."""

    contact: Contact
    failed: FailedPayment
    methods: tuple[PaymentMethod, ...]
    others: int
    link_to: str | None  # the address that a link would go to; None: no link can be sent


class PaymentToCollect(Frozen):
    """What `check` found allowed."""

    contact: Contact
    method: PaymentMethod
    order: PaymentOrder


class Collected(Frozen):
    """The customer as Stripe has it after the payment."""

    snapshot: CustomerSnapshot


class InvoiceCollected(Receipt):
    contact_name: str
    invoice: Invoice
    method: PaymentMethod
    kept: bool
    others: int  # invoices that still fail


class LinkToSend(Frozen):
    contact: Contact
    customer: CustomerId
    invoice: InvoiceId


class Payable(Frozen):
    """The invoice as Stripe has it now, with the page on which it can be paid."""

    invoice: Invoice
    url: str


class InvoiceLinkSent(Receipt):
    contact_name: str
    invoice: Invoice
    url: str
    goes_on: bool  # a subscription does, once it is paid


def form(uow: UnitOfWork, contact_id: ContactId, invoice_id: InvoiceId | None = None) -> CollectForm:
    """What can be done about that invoice, or about the oldest that fails.

    Raises InvoiceNotOpen if there is none, NotFailing for an invoice that is not collected this way.
    """
    uow.actor.require(Permission.CHARGE_INVOICE)
    contact = uow.contacts.get(contact_id)
    every = failing(uow, contact)
    if invoice_id is None and not every:
        raise InvoiceNotOpen(contact=contact.name)
    wanted = failed(uow, contact, _collectable(uow, contact, invoice_id)) if invoice_id else every[0]
    ways = ways_to_pay(uow, contact)
    return CollectForm(
        contact=contact,
        failed=wanted,
        methods=tuple(one for one in ways.methods if one.is_card),
        others=sum(one.invoice.id != wanted.invoice.id for one in every),
        link_to=ways.link_to,
    )


def collected(uow: UnitOfWork, operation: Operation) -> InvoiceCollected:
    """What came of charging it, as the reader may see it."""
    return seen_in(uow, InvoiceCollected.model_validate_json(operation.result or ""))


# Charging it


def check(uow: UnitOfWork, command: PayInvoice) -> PaymentToCollect:
    """Only what fails, at the amount that was shown, and with a card of this very contact."""
    uow.actor.require(Permission.CHARGE_INVOICE)
    contact = uow.contacts.get(command.contact)
    invoice = _collectable(uow, contact, command.invoice)
    if invoice.due.amount != command.due:
        raise AmountDue(shown=command.due, due=invoice.due.amount, currency=invoice.due.currency)
    method = chosen(uow, contact, command.payment_method, uow.today)
    if not method.is_card:
        raise ForeignPaymentMethod(contact=contact.name)
    going_on = _going_on(uow, contact, invoice)
    return PaymentToCollect(
        contact=contact,
        method=method,
        order=PaymentOrder(
            customer=contact.customer,
            invoice=invoice.id,
            due=invoice.due,
            payment_method=method.id,
            subscription=going_on.id if going_on else None,
            later=method.id if KEEP in command.keep else _charged_before(uow, contact, going_on),
        ),
    )


def perform(payments: Payments, context: Context, checked: PaymentToCollect) -> Collected:
    return Collected(snapshot=payments.pay_invoice(checked.order, context.operation, context.created_at))


def record(uow: UnitOfWork, context: Context, checked: PaymentToCollect, outcome: Collected) -> InvoiceCollected:
    uow.mirror.replace(checked.contact.id, outcome.snapshot)
    invoice = next(one for one in outcome.snapshot.invoices if one.id == checked.order.invoice)
    later = {one.id: one.payment_method for one in outcome.snapshot.subscriptions if not one.status.has_ended}
    uow.timeline.append(_entry(uow, context, checked, Happening.INVOICE_CHARGED, invoice.number))
    return InvoiceCollected(
        contact_name=checked.contact.name,
        invoice=invoice,
        method=checked.method,
        kept=later.get(checked.order.subscription or SubscriptionId("")) == checked.method.id,
        others=sum(one.failing for one in outcome.snapshot.invoices),
    )


def declined(uow: UnitOfWork, context: Context, checked: PaymentToCollect, error: Declined) -> None:
    """The bank said no again: the invoice stays open, and the history says so."""
    entry = _entry(uow, context, checked, Happening.PAYMENT_DECLINED, None)
    uow.timeline.append(entry.model_copy(update={"parameters": entry.parameters | {"decline": error.code}}))


PAY = Action(
    command=PayInvoice,
    checked=PaymentToCollect,
    outcome=Collected,
    receipt=InvoiceCollected,
    check=check,
    perform=perform,
    record=record,
    declined=declined,
    subject=lambda uow, command: settled(uow, command.invoice),
)


# Sending a link


def check_link(uow: UnitOfWork, command: SendInvoiceLink) -> LinkToSend:
    contact = uow.contacts.get(command.contact)
    may_be_sent(uow, contact)
    invoice = _collectable(uow, contact, command.invoice)
    return LinkToSend(contact=contact, customer=contact.customer, invoice=invoice.id)


def perform_link(payments: Payments, context: Context, checked: LinkToSend) -> Payable:
    """The page is there since the invoice was finalized. What pays there is charged later, too (HX1)."""
    del context
    invoice = payments.invoice(checked.customer, checked.invoice)
    if invoice is None or not invoice.status.is_payable:
        raise InvoiceNotOpen(contact=checked.contact.name)
    if not invoice.url:
        raise NoPaymentPage(contact=checked.contact.name)
    if invoice.subscription:
        payments.keep_what_pays(invoice.subscription)
    return Payable(invoice=invoice, url=invoice.url)


def record_link(uow: UnitOfWork, context: Context, checked: LinkToSend, outcome: Payable) -> InvoiceLinkSent:
    uow.timeline.append(
        Entry(
            id=f"{context.operation}:{Happening.INVOICE_LINK_SENT}",
            contact=checked.contact.id,
            at=uow.now,
            what=Happening.INVOICE_LINK_SENT,
            by=context.actor.name,
            amount=outcome.invoice.due,
            operation=context.operation,
            stripe_id=outcome.invoice.id,
            parameters={"number": outcome.invoice.number},
        )
    )
    return InvoiceLinkSent(
        contact_name=checked.contact.name,
        invoice=outcome.invoice,
        url=outcome.url,
        goes_on=_going_on(uow, checked.contact, outcome.invoice) is not None,
    )


SEND_LINK = Action(
    command=SendInvoiceLink,
    checked=LinkToSend,
    outcome=Payable,
    receipt=InvoiceLinkSent,
    check=check_link,
    perform=perform_link,
    record=record_link,
)


def _collectable(uow: UnitOfWork, contact: Contact, invoice_id: InvoiceId) -> Invoice:
    """An invoice of this contact's (a form can be forged) that Stripe tried to charge by itself in vain.

    Raises InvoiceNotOpen when nothing is to be paid on it, NotFailing for all others: they have rules of their own.
    """
    invoice = uow.mirror.invoice(contact.id, invoice_id)
    if invoice is None or not invoice.status.is_payable or not invoice.due:
        raise InvoiceNotOpen(contact=contact.name)
    if not invoice.tried_in_vain:
        raise NotFailing
    return invoice


def _going_on(uow: UnitOfWork, contact: Contact, invoice: Invoice) -> Subscription | None:
    """The subscription that it is for, unless that has ended: what it owes can be paid, and nothing comes later."""
    mine = (one for one in uow.mirror.subscriptions(contact.id) if one.id == invoice.subscription)
    return next((one for one in mine if not one.status.has_ended), None)


def _charged_before(uow: UnitOfWork, contact: Contact, going_on: Subscription | None) -> PaymentMethodId | None:
    """Its own method, else the customer's standard one."""
    if going_on is None:
        return None
    if going_on.payment_method:
        return going_on.payment_method
    return next((one.id for one in uow.mirror.payment_methods(contact.id) if one.default), None)


def _entry(uow: UnitOfWork, context: Context, checked: PaymentToCollect, what: Happening, number: str | None) -> Entry:
    amount: Money = checked.order.due
    return Entry(
        id=f"{context.operation}:{what}",
        contact=checked.contact.id,
        at=uow.now,
        what=what,
        by=context.actor.name,
        amount=amount,
        operation=context.operation,
        stripe_id=checked.order.invoice,
        parameters={"number": number, "brand": checked.method.brand, "last4": checked.method.last4},
    )
