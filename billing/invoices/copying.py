"""Drafts made from something: another invoice, a template, a line that was typed (H27)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from billing.accounts import billable
from billing.errors import TooManyLines, UnknownInvoice
from billing.ids import ContactId, SalesInvoiceId
from billing.invoices import drafting, typed
from billing.invoices.drafting import LATEST_DUE, change
from billing.invoices.items import Item, offered
from billing.invoices.model import LARGEST, MOST_LINES, Details, Discount, Line, SalesInvoice, Template
from billing.money import Currency, Money
from billing.ports import UnitOfWork
from billing.roles import Permission


def clone(uow: UnitOfWork, source_id: SalesInvoiceId, new_id: SalesInvoiceId) -> SalesInvoice:
    """A draft with the same lines and details; a due date that has passed becomes the usual number of days.

    It is in the customer's currency: where that is another one by now, no amount is carried over.
    """
    source = uow.invoices.get(source_id)
    if source.team != uow.actor.team:
        raise UnknownInvoice(invoice=source_id)
    details = source.details
    if details.due_on and details.due_on < uow.today:
        details = details.model_copy(update={"due_on": None, "due_days": uow.catalogue.invoices.due_days})
    fields = drafting.field_values(uow, {one.id: one.value for one in details.fields}, details.language)
    details = details.model_copy(update={"fields": fields})

    def copied(draft: SalesInvoice) -> SalesInvoice:
        if draft.currency == source.currency:
            return with_lines(draft, source.lines, details)
        lines = [_in_currency(uow, one, draft.currency) for one in source.lines]
        return with_lines(draft, lines, details.model_copy(update={"discount": _percentage(details.discount)}))

    return change(uow, source.contact, new_id, copied)


def _in_currency(uow: UnitOfWork, line: Line, currency: Currency) -> Line:
    """The line at its price in the catalogue; at nothing, for somebody to enter it, where there is none."""
    item = _item(uow, currency, line.description)
    is_priced = item and line.quantity * item.unit.amount <= LARGEST
    listed = item.unit if item and is_priced else None
    prices = {"unit": listed or Money.zero(currency), "list_price": listed}
    return line.model_copy(update={**prices, "discount": _percentage(line.discount)})


def _percentage(discount: Discount | None) -> Discount | None:
    """The discount, if it is the same in every currency."""
    return discount if discount and discount.percent is not None else None


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
    """Keep lines and details of an invoice of ours for later ones, without customer, recipients, order number and
    fields of the house's own.

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
        details=source.details.model_copy(update={"recipients": (), "order_number": "", "fields": (), "due_on": None}),
    )
    uow.invoices.save_template(template)
    return template


def delete_template(uow: UnitOfWork, template: str) -> None:
    """Throw a template of the team away; one that is gone already is no mistake."""
    uow.actor.require(Permission.DRAFT_INVOICE)
    uow.invoices.delete_template(uow.actor.team, template)


def use_template(uow: UnitOfWork, contact_id: ContactId, invoice_id: SalesInvoiceId, template_id: str) -> SalesInvoice:
    """Add a template's lines to a draft, and take its terms and discount. Raises UnknownInvoice for another team's,
    and for one in another currency.
    """
    template = next((one for one in uow.invoices.templates(uow.actor.team) if one.id == template_id), None)
    if template is None:
        raise UnknownInvoice(invoice=template_id)

    def used(draft: SalesInvoice) -> SalesInvoice:
        if template.currency != draft.currency:
            raise UnknownInvoice(invoice=template_id)
        kept = {name: getattr(draft.details, name) for name in ("recipients", "order_number", "fields", "language")}
        details = template.details.model_copy(update=kept)
        return with_lines(draft, template.lines, details)

    return change(uow, contact_id, invoice_id, used)


def from_typed(
    uow: UnitOfWork, contact_id: ContactId, invoice_id: SalesInvoiceId, found: typed.TypedInvoice
) -> tuple[SalesInvoiceId, tuple[str, ...]]:
    """A draft of what was typed in one line, and what of it was not understood.

    A line without a price, or one that is called so with its number, takes the price of the one thing in the catalogue
    of that name; else it is handed back.
    """
    contact = billable(uow, contact_id)
    lines, unread = [], list(found.unread)
    for one in found.lines:
        named = _item(uow, contact.currency, one.called)
        item = named or _item(uow, contact.currency, one.description)
        price = named.unit if named else one.price or (item.unit if item else None)
        if price is None or (one.quantity * price.amount) > LARGEST:
            unread.append(f"{one.quantity} x {one.called}")
            continue
        lines.append(
            Line(
                id="l0",
                version=0,
                description=one.called if named else one.description,
                quantity=one.quantity,
                unit=price,
                list_price=item.unit if item else None,
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


def _item(uow: UnitOfWork, currency: Currency, name: str) -> Item | None:
    """The one thing in the catalogue that is called so in that currency; None for none, or for several."""
    wanted = name.casefold()
    found = [one for one in offered(uow, currency) if wanted in (one.label.en.casefold(), one.label.de.casefold())]
    return found[0] if len(found) == 1 else None
