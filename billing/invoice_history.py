"""All invoices of a contact, open and paid apart, from the mirror (G25, H9)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from billing.contacts import Contact, Invoice, InvoiceStatus
from billing.ids import ContactId, InvoiceId
from billing.models import Frozen
from billing.ports import UnitOfWork
from billing.roles import Permission

ON_A_PAGE = 10


class Shelf(StrEnum):
    """Which of them."""

    OPEN = "open"  # something is still to be paid, or was given up
    PAID = "paid"
    ALL = "all"


_STATUSES = {
    Shelf.OPEN: frozenset({InvoiceStatus.OPEN, InvoiceStatus.UNCOLLECTIBLE}),
    Shelf.PAID: frozenset({InvoiceStatus.PAID}),
    Shelf.ALL: frozenset[InvoiceStatus](),
}


class InvoiceList(Frozen):
    """A page, newest first."""

    contact: Contact
    shelf: Shelf
    invoices: tuple[Invoice, ...]
    older: InvoiceId | None  # give it back for the next page; None: this is the end
    may_charge: bool
    now: datetime  # UTC


def listing(
    uow: UnitOfWork, contact_id: ContactId, shelf: Shelf = Shelf.OPEN, before: InvoiceId | None = None
) -> InvoiceList:
    """The page behind `before`. Raises NotFound for an invoice that is not this contact's."""
    uow.actor.require(Permission.SEE_CONTACT)
    contact = uow.contacts.get(contact_id)
    found = uow.mirror.invoices(contact_id, ON_A_PAGE + 1, before, _STATUSES[shelf])
    shown = found[:ON_A_PAGE]
    return InvoiceList(
        contact=contact,
        shelf=shelf,
        invoices=shown,
        older=shown[-1].id if len(found) > ON_A_PAGE else None,
        may_charge=uow.actor.may(Permission.CHARGE_INVOICE),
        now=uow.now,
    )


def first_shelf(uow: UnitOfWork, contact_id: ContactId) -> Shelf:
    """Open ones if there are any, else all."""
    return Shelf.OPEN if uow.mirror.open_invoices(contact_id, 1) else Shelf.ALL
