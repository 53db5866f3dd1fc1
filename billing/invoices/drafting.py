"""Drafts: opened with the customer filled in, changed by several people, cloned, deleted (H24 to H28)."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from functools import partial
from typing import Annotated, ClassVar

from pydantic import Field

from billing.accounts import billable
from billing.catalogue import InvoiceField, Label, TaxRate
from billing.contacts import Contact, MemberRight
from billing.errors import (
    DraftChanged,
    DueDateOutOfRange,
    NotNow,
    UnknownInvoice,
    UnknownTax,
    refuse_all,
)
from billing.ids import ContactId, SalesInvoiceId, UserId
from billing.invoices import typed
from billing.invoices.amounts import InvoiceTotals, totals
from billing.invoices.model import (
    AUTOMATIC,
    LONGEST_FIELD,
    LONGEST_MEMO,
    LONGEST_ORDER_NUMBER,
    LONGEST_TERMS,
    LONGEST_TITLE,
    MOST_RECIPIENTS,
    UNTAXED,
    Conflict,
    Details,
    FieldValue,
    InvoiceState,
    Line,
    SalesInvoice,
    Stage,
    Template,
    person,
)
from billing.models import Frozen
from billing.money import Currency
from billing.operations import Command
from billing.ports import UnitOfWork
from billing.roles import Permission

LATEST_DUE = timedelta(days=365)
NOT_STAFF = UserId("")
TRIES = 5  # to save over what others save at the same moment
_LOOKED_AT = 20  # unsent invoices of a customer, among which the newest draft is


class SaveDetails(Command):
    """What the form holds beside the lines, as typed. `version` is that of the draft that the person saw."""

    kind: ClassVar[str] = "save_invoice_details"

    invoice: SalesInvoiceId
    version: int
    due_days: int = Field(ge=0, le=365)
    due_on: date | None = None
    discount: str = Field("", max_length=40)
    recipients: str = Field("", max_length=2000)
    memo: str = Field("", max_length=LONGEST_MEMO)
    terms: str = Field("", max_length=LONGEST_TERMS)
    order_number: str = Field("", max_length=LONGEST_ORDER_NUMBER)
    title: str = Field("", max_length=LONGEST_TITLE)
    fields: dict[str, Annotated[str, Field(max_length=LONGEST_FIELD)]] = Field(default_factory=dict)  # by their ids
    language: str = Field("en", pattern=r"^(en|de)$")


class DraftForm(Frozen):
    """What the form shows. An `invoice` of version 0 is not written down yet."""

    contact: Contact
    invoice: SalesInvoice
    totals: InvoiceTotals
    lost_taxes: tuple[Line, ...]  # those that need another tax before it can be sent
    reverse_charge: bool
    today: date
    latest_due: date
    templates: tuple[Template, ...]
    fields: tuple[InvoiceField, ...]  # of the house's own
    may_send: bool
    other: SalesInvoice | None = None  # the draft for the same customer that was changed last, perhaps by a colleague
    unread: tuple[str, ...] = ()  # parts of a typed invoice that were not understood


# Opening


def form(uow: UnitOfWork, contact_id: ContactId, invoice_id: SalesInvoiceId, unread: tuple[str, ...] = ()) -> DraftForm:
    """The form of that draft, or of a new one with that id. Refuses contacts that may not be billed."""
    uow.actor.require(Permission.DRAFT_INVOICE)
    contact = billable(uow, contact_id)
    invoice = uow.invoices.find(invoice_id) or blank(uow, contact, invoice_id)
    editable(uow, invoice, contact_id)
    return DraftForm(
        contact=contact,
        invoice=invoice,
        totals=shown_amounts(uow, contact, invoice),
        lost_taxes=lost_taxes(uow, contact, invoice),
        reverse_charge=uow.catalogue.reverse_charge(contact.address.country, contact.tax_id),
        today=uow.today,
        latest_due=uow.today + LATEST_DUE,
        templates=tuple(one for one in uow.invoices.templates(uow.actor.team) if one.currency == invoice.currency),
        fields=uow.catalogue.invoices.fields,
        may_send=uow.actor.may(Permission.SEND_INVOICE),
        other=_other(uow, invoice),
        unread=unread,
    )


def _other(uow: UnitOfWork, invoice: SalesInvoice) -> SalesInvoice | None:
    """A draft of the team for the same customer: what somebody has begun is not written twice without knowing."""
    newest = uow.invoices.drafts_of(invoice.contact, _LOOKED_AT, team=invoice.team)
    return next((one for one in newest if one.id != invoice.id and one.stage is Stage.DRAFT), None)


def blank(uow: UnitOfWork, contact: Contact, invoice_id: SalesInvoiceId) -> SalesInvoice:
    """A new draft for the contact, not written down: the house's terms, the customer's language and recipients."""
    policy = uow.catalogue.invoices
    language = "de" if contact.language.lower().startswith("de") else "en"
    me = person(uow.actor.user, uow.actor.name)
    return SalesInvoice(
        id=invoice_id,
        version=0,
        team=uow.actor.team,
        contact=contact.id,
        contact_name=contact.name,
        currency=contact.currency,
        created_by=me,
        created_at=uow.now,
        changed_by=me,
        changed_at=uow.now,
        details=Details(
            due_days=policy.due_days,
            title=policy.title.in_(language) if policy.title else "",
            terms=policy.terms.in_(language) if policy.terms else "",
            recipients=_recipients(uow, contact),
            language=language,
        ),
        details_version=0,
    )


def _recipients(uow: UnitOfWork, contact: Contact) -> tuple[str, ...]:
    """The billing contact where the customer named one, else the customer's own address; then those who get invoices,
    too, as far as five allow (GX11). The form shows them.
    """
    named = [one.email for one in contact.members if MemberRight.BILLING_CONTACT in one.rights]
    addresses = (*(named or [contact.email]), *uow.billing_contacts.recipients(contact.id))
    once = {one.strip().casefold(): one.strip() for one in reversed(addresses) if one.strip()}
    return tuple(reversed(once.values()))[:MOST_RECIPIENTS]


def editable(uow: UnitOfWork, invoice: SalesInvoice, contact_id: ContactId) -> None:
    """Raise UnknownInvoice for another team's or another customer's, NotNow for what is no draft any more."""
    if invoice.team != uow.actor.team or invoice.contact != contact_id:
        raise UnknownInvoice(invoice=invoice.id)
    if invoice.stage is not Stage.DRAFT:
        raise NotNow(invoice_state=InvoiceState.SENT.value, number=invoice.number)


# What it comes to


def amounts(uow: UnitOfWork, contact: Contact, invoice: SalesInvoice) -> InvoiceTotals:
    """What the customer would be asked for. Raises UnknownTax."""
    return totals(invoice.lines, invoice.details.discount, lambda line: rates(uow, contact, line), invoice.currency)


def shown_amounts(uow: UnitOfWork, contact: Contact, invoice: SalesInvoice) -> InvoiceTotals:
    """The same where it is only shown: a line whose tax is not known any more has none until another one is chosen."""
    lost = lost_taxes(uow, contact, invoice)
    return totals(
        invoice.lines,
        invoice.details.discount,
        lambda line: () if line in lost else rates(uow, contact, line),
        invoice.currency,
    )


def lost_taxes(uow: UnitOfWork, contact: Contact, invoice: SalesInvoice) -> tuple[Line, ...]:
    """The lines whose tax the catalogue, or the country to which the customer has moved, does not have."""
    return tuple(line for line in invoice.lines if _is_lost(uow, contact, line))


def rates(uow: UnitOfWork, contact: Contact, line: Line) -> tuple[TaxRate, ...]:
    """The taxes of a line: those of the customer's country, unless another of its rates, or none, was chosen (HX14).

    Raises UnknownTax for a rate that the country does not have (any more).
    """
    country = contact.address.country
    if line.tax == UNTAXED or uow.catalogue.reverse_charge(country, contact.tax_id):
        return ()
    if line.tax == AUTOMATIC:
        return uow.catalogue.taxes_for(country, contact.tax_id, line.product)
    for rate in uow.catalogue.tax_rates():
        if rate.name == line.tax and rate.country == country:
            return (rate,)
    raise UnknownTax(tax=line.tax)


def _is_lost(uow: UnitOfWork, contact: Contact, line: Line) -> bool:
    try:
        rates(uow, contact, line)
    except UnknownTax:
        return True
    return False


# Changing


def save_details(uow: UnitOfWork, command: SaveDetails) -> SalesInvoice:
    """Write the form down. Raises DraftChanged when somebody changed the same fields since the person saw them."""

    def changed(invoice: SalesInvoice) -> SalesInvoice:
        details = _details(uow, command, invoice.currency)
        is_anothers = invoice.details_by not in (None, uow.actor.user)
        if invoice.details_version > command.version and is_anothers and invoice.details != details:
            raise DraftChanged(by=invoice.changed_by.name, invoice=invoice.id)
        if invoice.details == details and invoice.version:
            return invoice
        return invoice.model_copy(
            update={"details": details, "details_version": invoice.version + 1, "details_by": uow.actor.user}
        )

    return change(uow, command.contact, command.invoice, changed)


def _details(uow: UnitOfWork, command: SaveDetails, currency: Currency) -> Details:
    policy = uow.catalogue.invoices
    refuse_all(
        partial(_possible_due_date, uow, command),
        partial(typed.discount, command.discount, currency),
        partial(typed.recipients, command.recipients),
    )
    return Details(
        due_days=command.due_days,
        due_on=command.due_on,
        discount=typed.discount(command.discount, currency),
        memo=command.memo.strip(),
        title=_in_language(policy.title, " ".join(command.title.split()), command.language),
        fields=field_values(uow, command.fields, command.language),
        terms=_in_language(policy.terms, command.terms.strip(), command.language),
        order_number=command.order_number.strip(),
        recipients=typed.recipients(command.recipients),
        language=command.language,
    )


def _possible_due_date(uow: UnitOfWork, command: SaveDetails) -> None:
    if command.due_on and not uow.today <= command.due_on <= uow.today + LATEST_DUE:
        raise DueDateOutOfRange(first=uow.today.isoformat(), last=(uow.today + LATEST_DUE).isoformat())


def _in_language(usual: Label | None, text: str, language: str) -> str:
    """What the house usually says follows the document's language; what somebody wrote stays as it is."""
    return usual.in_(language) if usual and text in (usual.en.strip(), usual.de.strip()) else text


def field_values(uow: UnitOfWork, given: Mapping[str, str], language: str) -> tuple[FieldValue, ...]:
    """What was given for the fields that the catalogue has, in its order; others, and empty ones, are left out."""
    values = ((one, " ".join(given.get(one.id, "").split())) for one in uow.catalogue.invoices.fields)
    return tuple(FieldValue(id=one.id, name=one.name.in_(language), value=text) for one, text in values if text)


def change(
    uow: UnitOfWork,
    contact_id: ContactId,
    invoice_id: SalesInvoiceId,
    changed: Callable[[SalesInvoice], SalesInvoice],
) -> SalesInvoice:
    """Change a draft, or write a new one down; again when somebody was quicker, so that nothing of theirs is lost.

    A change that changes nothing leaves the version as it is.
    """
    uow.actor.require(Permission.DRAFT_INVOICE)
    contact = billable(uow, contact_id)
    for attempt in range(TRIES):
        known = uow.invoices.find(invoice_id)
        before = known or blank(uow, contact, invoice_id)
        editable(uow, before, contact_id)
        after = changed(before)
        if known and after == before:
            return before
        try:
            return _save(uow, after, is_new=known is None)
        except Conflict:
            if attempt == TRIES - 1:
                raise
    raise AssertionError("the last try raises")


def readdress(uow: UnitOfWork, contact: ContactId, former: str, new: str) -> int:
    """Drafts that would go to the former address go to the new one, also while a manager is asked; how many (G20)."""
    return sum(_readdressed(uow, one.id, former, new) for one in uow.invoices.drafts_of(contact, sys.maxsize))


def _readdressed(uow: UnitOfWork, invoice_id: SalesInvoiceId, former: str, new: str) -> bool:
    """Whoever has the form open is told, whoever they are, and does not write the former address back."""
    for _ in range(TRIES):
        invoice = uow.invoices.find(invoice_id)
        listed = {one.casefold(): one for one in invoice.details.recipients} if invoice else {}
        if invoice is None or invoice.stage is not Stage.DRAFT or former.casefold() not in listed:
            return False
        instead = {key: new if key == former.casefold() else one for key, one in listed.items()}
        once = {one.casefold(): one for one in instead.values()}
        details = invoice.details.model_copy(update={"recipients": tuple(once.values())})
        changed = {"details": details, "details_version": invoice.version + 1, "details_by": NOT_STAFF}
        try:
            _save(uow, invoice.model_copy(update=changed), is_new=False)
        except Conflict:
            continue
        return True
    raise Conflict(invoice_id)


def _save(uow: UnitOfWork, after: SalesInvoice, *, is_new: bool) -> SalesInvoice:
    after = after.model_copy(
        update={
            "version": after.version + 1,
            "changed_by": person(uow.actor.user, uow.actor.name),
            "changed_at": uow.now,
            "not_sent": None,
        }
    )
    if not is_new:
        uow.invoices.save(after)
    elif not uow.invoices.add(after):
        raise Conflict(after.id)
    return after


def delete(uow: UnitOfWork, contact_id: ContactId, invoice_id: SalesInvoiceId) -> SalesInvoice:
    """Throw a draft away. Raises NotNow once it has a number: numbers have no gaps."""
    uow.actor.require(Permission.DRAFT_INVOICE)
    invoice = uow.invoices.get(invoice_id)
    editable(uow, invoice, contact_id)
    try:
        uow.invoices.delete(invoice)
    except Conflict:
        raise DraftChanged(by=uow.invoices.get(invoice_id).changed_by.name, invoice=invoice_id) from None
    return invoice
