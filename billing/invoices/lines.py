"""Lines of a draft: from the catalogue or in free text; added, changed, moved and removed (H27).

Everybody's changes of different lines stand beside each other; only who changes a line that another has just changed
is told so.
"""

from __future__ import annotations

from functools import partial

from billing.accounts import billable
from billing.catalogue import TaxRate
from billing.contacts import Contact
from billing.errors import DraftChanged, LineNeedsText, LineTooLarge, NotReadable, TooManyLines, refuse_all
from billing.ids import ContactId, SalesInvoiceId
from billing.invoices import typed
from billing.invoices.drafting import blank, change, editable, rates
from billing.invoices.items import Item, SaveLine, offered
from billing.invoices.model import AUTOMATIC, LARGEST, MOST_LINES, Line, SalesInvoice
from billing.models import Frozen
from billing.money import Currency, Money
from billing.ports import UnitOfWork
from billing.roles import Permission


class LineForm(Frozen):
    """What the form of one line offers: the catalogue, and the taxes of the customer's country (HX14)."""

    contact: Contact
    invoice: SalesInvoiceId
    currency: Currency  # of the draft: what is typed is read in it
    line: Line | None  # None: a new one
    items: tuple[Item, ...]
    taxes: tuple[TaxRate, ...]  # empty where the charge is reversed, or the country has none
    language: str  # of the document


def line_form(
    uow: UnitOfWork, contact_id: ContactId, invoice_id: SalesInvoiceId, line_id: str | None = None
) -> LineForm:
    """The form of a new line or of that one. Raises DraftChanged when somebody has removed it."""
    uow.actor.require(Permission.DRAFT_INVOICE)
    contact = billable(uow, contact_id)
    invoice = uow.invoices.find(invoice_id) or blank(uow, contact, invoice_id)
    editable(uow, invoice, contact_id)
    line = invoice.line(line_id) if line_id else None
    if line_id and line is None:
        raise DraftChanged(by=invoice.changed_by.name, invoice=invoice_id)
    if line is None and len(invoice.lines) >= MOST_LINES:
        raise TooManyLines(most=MOST_LINES)
    country = contact.address.country
    reversed_ = uow.catalogue.reverse_charge(country, contact.tax_id)
    return LineForm(
        contact=contact,
        invoice=invoice_id,
        currency=invoice.currency,
        line=line,
        items=offered(uow, invoice.currency),
        taxes=() if reversed_ else tuple(one for one in uow.catalogue.tax_rates() if one.country == country),
        language=invoice.details.language,
    )


def save_line(uow: UnitOfWork, command: SaveLine) -> SalesInvoice:
    """Add the line, or put it in the place of the one that it was.

    What comes from the catalogue needs neither words nor price. Raises what the fields refuse, UnknownTax,
    TooManyLines, and DraftChanged when somebody changed that very line since it was seen.
    """
    contact = billable(uow, command.contact)

    def changed(invoice: SalesInvoice) -> SalesInvoice:
        item = next((one for one in offered(uow, invoice.currency) if one.key == command.item), None)
        if command.item and item is None:
            raise NotReadable("item")
        before = invoice.line(command.line) if command.line else None
        if command.line and (before is None or before.version > command.version):
            raise DraftChanged(by=invoice.changed_by.name, invoice=invoice.id)
        if before is None and len(invoice.lines) >= MOST_LINES:
            raise TooManyLines(most=MOST_LINES)
        number = invoice.lines_made + (before is None)
        line = _line(command, item, before, invoice, f"l{number}")
        rates(uow, contact, line)
        lines = tuple(line if one == before else one for one in invoice.lines) if before else (*invoice.lines, line)
        return invoice.model_copy(update={"lines": lines, "lines_made": number})

    return change(uow, command.contact, command.invoice, changed)


def remove_line(uow: UnitOfWork, contact_id: ContactId, invoice_id: SalesInvoiceId, line_id: str) -> SalesInvoice:
    """Take a line away; one that is gone already is no mistake."""

    def changed(invoice: SalesInvoice) -> SalesInvoice:
        return invoice.model_copy(update={"lines": tuple(one for one in invoice.lines if one.id != line_id)})

    return change(uow, contact_id, invoice_id, changed)


def copy_line(uow: UnitOfWork, contact_id: ContactId, invoice_id: SalesInvoiceId, line_id: str) -> SalesInvoice:
    """The same line once more, right behind it."""

    def changed(invoice: SalesInvoice) -> SalesInvoice:
        if len(invoice.lines) >= MOST_LINES:
            raise TooManyLines(most=MOST_LINES)
        number = invoice.lines_made + 1
        lines: list[Line] = []
        for one in invoice.lines:
            lines.append(one)
            if one.id == line_id:
                lines.append(one.model_copy(update={"id": f"l{number}", "version": invoice.version + 1}))
        return invoice.model_copy(update={"lines": tuple(lines), "lines_made": number})

    return change(uow, contact_id, invoice_id, changed)


def move_line(
    uow: UnitOfWork, contact_id: ContactId, invoice_id: SalesInvoiceId, line_id: str, by: int
) -> SalesInvoice:
    """One place up (-1) or down (1); at the end it stays."""

    def changed(invoice: SalesInvoice) -> SalesInvoice:
        ids = [one.id for one in invoice.lines]
        if line_id not in ids or not 0 <= ids.index(line_id) + by < len(ids):
            return invoice
        place, lines = ids.index(line_id), list(invoice.lines)
        lines.insert(place + by, lines.pop(place))
        return invoice.model_copy(update={"lines": tuple(lines)})

    return change(uow, contact_id, invoice_id, changed)


def _line(
    command: SaveLine,
    item: Item | None,
    before: Line | None,
    invoice: SalesInvoice,
    new_id: str,
) -> Line:
    refuse_all(
        partial(_words, command, item, invoice),
        partial(typed.quantity, command.quantity),
        partial(_unit, command, item, invoice),
        partial(typed.discount, command.discount, invoice.currency),
    )
    unit, many = _unit(command, item, invoice), typed.quantity(command.quantity)
    if many * unit.amount > LARGEST:
        raise LineTooLarge(most=LARGEST, currency=unit.currency)
    return Line(
        id=before.id if before else new_id,
        version=invoice.version + 1,
        description=_words(command, item, invoice)[:250],
        quantity=many,
        unit=unit,
        list_price=item.unit if item else before.list_price if before else None,
        product=item.product if item else before.product if before else "",
        tax=command.tax or AUTOMATIC,
        discount=typed.discount(command.discount, invoice.currency),
    )


def _words(command: SaveLine, item: Item | None, invoice: SalesInvoice) -> str:
    words = " ".join(command.description.split()) or (item.label.in_(invoice.details.language) if item else "")
    if not words:
        raise LineNeedsText
    return words


def _unit(command: SaveLine, item: Item | None, invoice: SalesInvoice) -> Money:
    return item.unit if item and not command.price.strip() else typed.amount(command.price, invoice.currency)
