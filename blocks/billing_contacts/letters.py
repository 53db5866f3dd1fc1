"""E-mails about the billing contact, in the customer's language. All raise ValueError when the address is none."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from email.message import EmailMessage

from billing.billing_contacts.changing import BillingContactChanged
from billing.billing_contacts.model import Link, billing_contact
from billing.catalogue import Business
from billing.contacts import Contact, Member
from blocks import readers
from blocks.mails import compose


def bill_to_link(contact: Contact, link: Link, url: str, business: Business) -> EmailMessage:
    """The billing contact's own way to change name and address; `url` is the page, good once."""
    t = readers.customer(contact, business)
    return compose(
        business,
        name=link.name,
        address=link.email,
        subject=t("Your link for changing the billing details"),
        template="bill_to_link",
        t=t,
        reader=link.name,
        account=contact.company or contact.name,
        url=url,
        until=link.expires_at,
    )


def billing_contact_was(
    contact: Contact, receipt: BillingContactChanged, link: Link, url: str, business: Business
) -> EmailMessage:
    """To who was the billing contact: what was changed, and `url`, by which they say that it was not in order."""
    t = readers.customer(contact, business)
    is_other = receipt.before.email.casefold() != receipt.after.email.casefold()
    return compose(
        business,
        name=link.name,
        address=link.email,
        subject=t("The billing contact was changed") if is_other else t("The billing details were changed"),
        template="billing_contact_was",
        t=t,
        reader=link.name,
        account=receipt.contact_name,
        receipt=receipt,
        is_other=is_other,
        url=url,
        until=link.expires_at,
    )


def billing_contact_is(contact: Contact, receipt: BillingContactChanged, business: Business) -> EmailMessage:
    """To who is the billing contact now."""
    t = readers.customer(contact, business)
    return compose(
        business,
        name=receipt.after.name,
        address=receipt.after.email,
        subject=t("You are the billing contact now"),
        template="billing_contact_is",
        t=t,
        reader=receipt.after.name,
        account=receipt.contact_name,
        receipt=receipt,
    )


def recipients_are(contact: Contact, recipients: Sequence[str], business: Business) -> EmailMessage:
    """To the billing contact: who else gets the invoices from now on."""
    t = readers.customer(contact, business)
    to = billing_contact(contact)
    return compose(
        business,
        name=to.name,
        address=to.email,
        subject=t("The recipients of your invoices were changed"),
        template="invoice_recipients",
        t=t,
        reader=to.name,
        account=contact.company or contact.name,
        recipients=recipients,
    )


def verification_locked(contact: Contact, to: Member, until: datetime, business: Business) -> EmailMessage:
    """To the billing contact: somebody could not tell what is on the card."""
    t = readers.customer(contact, business)
    return compose(
        business,
        name=to.name,
        address=to.email,
        subject=t("Somebody tried to change your billing contact"),
        template="verification_locked",
        t=t,
        reader=to.name,
        account=contact.company or contact.name,
        until=until,
    )
