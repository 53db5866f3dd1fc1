"""What was billed, as it was when the invoice got its number: a document stays what it was.

The customer may move, get a tax id or another name, and the catalogue may have other taxes tomorrow; what was issued,
and what Stripe asks for, is not changed by that (§ 14 UStG, GoBD).
"""

from __future__ import annotations

from billing.billing_contacts.model import billing_contact
from billing.contacts import Address, Contact
from billing.invoices.amounts import InvoiceTotals
from billing.invoices.model import SalesInvoice
from billing.models import Frozen


class BilledTo(Frozen):
    """The customer, as the document says it."""

    name: str
    company: str
    address: Address
    tax_id: str | None = None


class Billed(Frozen):
    """Kept with the invoice, as JSON."""

    to: BilledTo
    totals: InvoiceTotals
    reverse_charge: bool


def billed(invoice: SalesInvoice) -> Billed | None:
    """None for what has no number yet."""
    return Billed.model_validate_json(invoice.billed) if invoice.billed else None


def billed_to(contact: Contact) -> BilledTo:
    """That customer, as of now: the billing contact (G19) and, where it is billed for somebody else, whom."""
    name = billing_contact(contact).name
    company = contact.company or (contact.name if contact.name != name else "")
    return BilledTo(name=name, company=company, address=contact.address, tax_id=contact.tax_id)
