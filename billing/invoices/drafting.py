"""Drafts: opened with the customer filled in, changed by several people, cloned, deleted (H24 to H28)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import ClassVar

from pydantic import Field

from billing.accounts import billable
from billing.catalogue import TaxRate
from billing.contacts import Contact, MemberRight
from billing.errors import (
    DraftChanged,
    DueDateOutOfRange,
    NotNow,
    TooManyLines,
    UnknownInvoice,
    UnknownTax,
)
from billing.ids import ContactId, SalesInvoiceId
from billing.invoices import typed
from billing.invoices.amounts import InvoiceTotals, totals
from billing.invoices.items import Item, offered
from billing.invoices.model import (
    AUTOMATIC,
    LONGEST_MEMO,
    LONGEST_ORDER_NUMBER,
    LONGEST_TERMS,
    MOST_LINES,
    MOST_RECIPIENTS,
    UNTAXED,
    Conflict,
    Details,
    InvoiceState,
    Line,
    SalesInvoice,
    Stage,
    Template,
    person,
)
from billing.models import Frozen
from billing.operations import Command
from billing.ports import UnitOfWork
from billing.roles import Permission

LATEST_DUE = timedelta(days=365)
TRIES = 5  # to save over what others save at the same moment


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
    language: str = Field("en", pattern=r"^(en|de)$")


class DraftForm(Frozen):
    """What the form shows. An `invoice` of version 0 is not written down yet."""

    contact: Contact
    invoice: SalesInvoice
    totals: InvoiceTotals
    reverse_charge: bool
    today: date
    latest_due: date
    templates: tuple[Template, ...]
    may_send: bool
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
        totals=amounts(uow, contact, invoice),
        reverse_charge=uow.catalogue.reverse_charge(contact.address.country, contact.tax_id),
        today=uow.today,
        latest_due=uow.today + LATEST_DUE,
        templates=tuple(one for one in uow.invoices.templates(uow.actor.team) if one.currency == contact.currency),
        may_send=uow.actor.may(Permission.SEND_INVOICE),
        unread=unread,
    )


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
            terms=policy.terms.in_(language) if policy.terms else "",
            recipients=_recipients(contact),
            language=language,
        ),
        details_version=0,
    )


def _recipients(contact: Contact) -> tuple[str, ...]:
    """The billing contact where the customer named one, else the customer's own address (GX11)."""
    named = [one.email for one in contact.members if MemberRight.BILLING_CONTACT in one.rights]
    addresses = named or [contact.email]
    return tuple(dict.fromkeys(one.strip() for one in addresses if one.strip()))[:MOST_RECIPIENTS]


def editable(uow: UnitOfWork, invoice: SalesInvoice, contact_id: ContactId) -> None:
    """Raise UnknownInvoice for another team's or another customer's, NotNow for what is no draft any more."""
    if invoice.team != uow.actor.team or invoice.contact != contact_id:
        raise UnknownInvoice(invoice=invoice.id)
    if invoice.stage is not Stage.DRAFT:
        raise NotNow(invoice_state=InvoiceState.SENT.value, number=invoice.number)


# What it comes to


def amounts(uow: UnitOfWork, contact: Contact, invoice: SalesInvoice) -> InvoiceTotals:
    return totals(invoice.lines, invoice.details.discount, lambda line: rates(uow, contact, line), invoice.currency)


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


def content(invoice: SalesInvoice) -> str:
    """A digest of what an approval is about: the lines and the discount."""
    lines = [line.model_dump_json(exclude={"version"}) for line in invoice.lines]
    discount = invoice.details.discount.model_dump_json() if invoice.details.discount else ""
    return hashlib.sha256("\n".join((invoice.currency, discount, *lines)).encode()).hexdigest()[:32]


# Changing


def save_details(uow: UnitOfWork, command: SaveDetails) -> SalesInvoice:
    """Write the form down. Raises DraftChanged when somebody changed the same fields since the person saw them."""
    details = _details(uow, command)

    def changed(invoice: SalesInvoice) -> SalesInvoice:
        is_anothers = invoice.details_by not in (None, uow.actor.user)
        if invoice.details_version > command.version and is_anothers and invoice.details != details:
            raise DraftChanged(by=invoice.changed_by.name, invoice=invoice.id)
        if invoice.details == details and invoice.version:
            return invoice
        return invoice.model_copy(
            update={"details": details, "details_version": invoice.version + 1, "details_by": uow.actor.user}
        )

    return change(uow, command.contact, command.invoice, changed)


def _details(uow: UnitOfWork, command: SaveDetails) -> Details:
    contact = uow.contacts.get(command.contact)
    if command.due_on and not uow.today <= command.due_on <= uow.today + LATEST_DUE:
        raise DueDateOutOfRange(first=uow.today.isoformat(), last=(uow.today + LATEST_DUE).isoformat())
    return Details(
        due_days=command.due_days,
        due_on=command.due_on,
        discount=typed.discount(command.discount, contact.currency),
        memo=command.memo.strip(),
        terms=command.terms.strip(),
        order_number=command.order_number.strip(),
        recipients=typed.recipients(command.recipients),
        language=command.language,
    )


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


# Drafts from something


def clone(uow: UnitOfWork, source_id: SalesInvoiceId, new_id: SalesInvoiceId) -> SalesInvoice:
    """A draft with the same lines and details; a due date that has passed becomes the usual number of days."""
    source = uow.invoices.get(source_id)
    if source.team != uow.actor.team:
        raise UnknownInvoice(invoice=source_id)
    details = source.details
    if details.due_on and details.due_on < uow.today:
        details = details.model_copy(update={"due_on": None, "due_days": uow.catalogue.invoices.due_days})
    return change(uow, source.contact, new_id, lambda draft: with_lines(draft, source.lines, details))


def with_lines(draft: SalesInvoice, lines: Iterable[Line], details: Details) -> SalesInvoice:
    """The draft with those lines under ids of its own, after those that it has."""
    added = tuple(
        line.model_copy(update={"id": f"l{draft.lines_made + number}", "version": draft.version + 1})
        for number, line in enumerate(lines, 1)
    )
    if len(draft.lines) + len(added) > MOST_LINES:
        raise TooManyLines(most=MOST_LINES)
    return draft.model_copy(
        update={
            "lines": (*draft.lines, *added),
            "lines_made": draft.lines_made + len(added),
            "details": details,
            "details_version": draft.version + 1,
        }
    )


def save_template(uow: UnitOfWork, source_id: SalesInvoiceId, name: str) -> Template:
    """Keep lines and details of an invoice of ours for later ones, without customer, recipients and order number.

    It takes the place of the one of that name.
    """
    uow.actor.require(Permission.DRAFT_INVOICE)
    source = uow.invoices.get(source_id)
    if source.team != uow.actor.team:
        raise UnknownInvoice(invoice=source_id)
    called = " ".join(name.split())[:75] or source.contact_name[:75] or source.id
    template = Template(
        id="tpl_" + hashlib.sha256(f"{source.team}:{called.casefold()}".encode()).hexdigest()[:24],
        team=source.team,
        name=called,
        currency=source.currency,
        lines=source.lines,
        details=source.details.model_copy(update={"recipients": (), "order_number": "", "due_on": None}),
    )
    uow.invoices.save_template(template)
    return template


def delete_template(uow: UnitOfWork, template: str) -> None:
    """Throw a template of the team away; one that is gone already is no mistake."""
    uow.actor.require(Permission.DRAFT_INVOICE)
    uow.invoices.delete_template(uow.actor.team, template)


def use_template(uow: UnitOfWork, contact_id: ContactId, invoice_id: SalesInvoiceId, template_id: str) -> SalesInvoice:
    """Add a template's lines to a draft, and take its terms and discount. Raises UnknownInvoice for another team's."""
    template = next((one for one in uow.invoices.templates(uow.actor.team) if one.id == template_id), None)
    contact = uow.contacts.get(contact_id)
    if template is None or template.currency != contact.currency:
        raise UnknownInvoice(invoice=template_id)

    def used(draft: SalesInvoice) -> SalesInvoice:
        kept = {"recipients": draft.details.recipients, "order_number": draft.details.order_number}
        details = template.details.model_copy(update={**kept, "language": draft.details.language})
        return with_lines(draft, template.lines, details)

    return change(uow, contact_id, invoice_id, used)


def from_typed(
    uow: UnitOfWork, contact_id: ContactId, invoice_id: SalesInvoiceId, found: typed.TypedInvoice
) -> tuple[SalesInvoiceId, tuple[str, ...]]:
    """A draft of what was typed in one line, and what of it was not understood.

    A line without a price takes that of the one thing in the catalogue that is called so; else it is handed back.
    """
    contact = billable(uow, contact_id)
    lines, unread = [], list(found.unread)
    for one in found.lines:
        item = _item(uow, contact, one.description)
        price = one.price or (item.unit if item else None)
        if price is None:
            unread.append(f"{one.quantity} x {one.description}")
            continue
        lines.append(
            Line(
                id="l0",
                version=0,
                description=one.description,
                quantity=one.quantity,
                unit=price,
                product=item.product if item else "",
            )
        )
    if not uow.today <= (found.due_on or uow.today) <= uow.today + LATEST_DUE:
        unread.append(found.due_on.isoformat() if found.due_on else "")
        found = found.model_copy(update={"due_on": None})
    if (found.due_days or 0) > LATEST_DUE.days:
        unread.append(str(found.due_days))
        found = found.model_copy(update={"due_days": None})

    def filled(draft: SalesInvoice) -> SalesInvoice:
        given: dict[str, object] = {"due_on": found.due_on, "due_days": found.due_days, "discount": found.discount}
        given["order_number"] = found.order_number or None
        details = draft.details.model_copy(update={name: one for name, one in given.items() if one is not None})
        return with_lines(draft, lines, details)

    if lines or found.due_on or found.due_days is not None or found.discount or found.order_number:
        change(uow, contact_id, invoice_id, filled)
    return invoice_id, tuple(unread)


def _item(uow: UnitOfWork, contact: Contact, name: str) -> Item | None:
    """The one thing in the catalogue that is called so in the customer's currency; None for none, or for several."""
    wanted = name.casefold()
    found = [one for one in offered(uow, contact) if wanted in (one.label.en.casefold(), one.label.de.casefold())]
    return found[0] if len(found) == 1 else None
