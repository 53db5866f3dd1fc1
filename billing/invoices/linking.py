"""Links to an invoice's documents: given to people to pass on, and all of them taken back."""

from __future__ import annotations

from datetime import timedelta

from billing.documents import DocumentKind
from billing.documents.sharing import issue, revoke
from billing.errors import UnknownInvoice
from billing.invoices.crediting import InvoiceCredited, notes
from billing.invoices.sheets import Act, Sheet, require, sheet
from billing.models import Frozen
from billing.ports import UnitOfWork
from billing.timeline import Entry, Happening

MOST_NOTES = 10  # credit notes of one invoice to which links are given at once, the last ones


class NoteLink(Frozen):
    receipt: InvoiceCredited
    token: str


class InvoiceLinks(Frozen):
    """New links: the tokens of the invoice's document and of those of its last credit notes, oldest first."""

    sheet: Sheet
    token: str
    notes: tuple[NoteLink, ...]
    more: int  # credit notes without a link here


class LinksRevoked(Frozen):
    sheet: Sheet
    count: int


def links(uow: UnitOfWork, ref: str, lifetime: timedelta) -> InvoiceLinks:
    """New links each time, for only digests are kept; they are good for that long.

    Raises UnknownInvoice, also for what Stripe made.
    """
    shown = sheet(uow, ref)
    if shown.ours is None:
        raise UnknownInvoice(invoice=ref)
    contact, issued = shown.contact.id, notes(uow, shown.contact.id, shown.ref)
    return InvoiceLinks(
        sheet=shown,
        token=issue(uow, DocumentKind.INVOICE, shown.ours.id, contact, lifetime),
        notes=tuple(
            NoteLink(receipt=one.receipt, token=issue(uow, DocumentKind.CREDIT_NOTE, one.id, contact, lifetime))
            for one in issued[-MOST_NOTES:]
        ),
        more=max(0, len(issued) - MOST_NOTES),
    )


def revoke_links(uow: UnitOfWork, ref: str) -> LinksRevoked:
    """No link to the invoice or to a credit note of it opens any more. A second time there is nothing to take back, and
    nothing is written down.

    Raises what `require` raises.
    """
    shown = require(uow, ref, sheet(uow, ref).contact.id, Act.REVOKE)
    count = revoke(uow, DocumentKind.INVOICE, shown.ref)
    count += sum(revoke(uow, DocumentKind.CREDIT_NOTE, one.id) for one in notes(uow, shown.contact.id, shown.ref))
    if count:
        uow.timeline.append(
            Entry(
                id=f"{shown.ref}:{Happening.INVOICE_LINKS_REVOKED}:{uow.now.isoformat()}",
                contact=shown.contact.id,
                at=uow.now,
                what=Happening.INVOICE_LINKS_REVOKED,
                by=uow.actor.name,
                stripe_id=shown.stripe.id if shown.stripe else None,
                parameters={"number": shown.number, "count": str(count)},
            )
        )
    return LinksRevoked(sheet=shown, count=count)
