"""E-mails to customers, in the customer's language, from the business that the catalogue names."""

from __future__ import annotations

from datetime import datetime
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage

from billing.billing_contacts.changing import BillingContactChanged
from billing.billing_contacts.model import Link
from billing.catalogue import Business
from billing.contacts import Contact, Member
from billing.ports import SetupLink
from billing.previews import SubscriptionPreview
from blocks import words
from blocks.graphemes import fit
from blocks.templating import render
from blocks.texts import Translator, one_line


def payment_link(contact: Contact, preview: SubscriptionPreview, link: SetupLink, business: Business) -> EmailMessage:
    """The link by which a customer adds a payment method, with what will be charged then.

    Times are in the business's time zone. Whoever sends it adds `Date` and `Message-ID`. Raises ValueError when the
    customer's e-mail address is none.
    """
    t = Translator(contact.language, business.timezone)
    return _mail(
        contact,
        business,
        subject=t("Please add a payment method for {product}", product=words.product(preview.price, t)),
        template="payment_link",
        t=t,
        product=words.product(preview.price, t),
        preview=preview,
        part_hint=words.part_hint(preview, t),
        price=words.per_cycle(t.money(preview.price.unit), preview.price.interval, preview.price.interval_count, t),
        link=link,
    )


def _mail(to: Contact, business: Business, *, subject: str, template: str, **values: object) -> EmailMessage:
    mail = EmailMessage()
    mail["Subject"] = fit(one_line(subject), 200)
    mail["From"] = _address(business.name, business.support_email)
    mail["Reply-To"] = _address(business.name, business.reply_to)
    mail["To"] = _address(to.name, to.email)
    values |= {"contact": to, "business": business, "subject": subject}
    mail.set_content(render(f"{template}.txt", **values))
    mail.add_alternative(render(f"{template}.html", **values), subtype="html")
    return mail


def _address(name: str, address: str) -> Address:
    """A header's address. Line breaks and control characters cannot get in: they are taken out or refused."""
    try:
        return Address(display_name=fit(one_line(name), 100), addr_spec=address.strip())
    except (HeaderParseError, ValueError, IndexError) as error:
        raise ValueError("this is no e-mail address") from error


# The billing contact


def bill_to_link(contact: Contact, link: Link, url: str, business: Business) -> EmailMessage:
    """The billing contact's own way to change name and address; `url` is the page, good once."""
    t = Translator(contact.language, business.timezone)
    return _mail(
        _addressed(contact, link.name, link.email),
        business,
        subject=t("Your link for changing the billing details"),
        template="bill_to_link",
        t=t,
        account=contact.company or contact.name,
        url=url,
        until=link.expires_at,
    )


def billing_contact_was(
    contact: Contact, receipt: BillingContactChanged, link: Link, url: str, business: Business
) -> EmailMessage:
    """To who was the billing contact: what was changed, and `url`, by which they say that it was not in order."""
    t = Translator(contact.language, business.timezone)
    is_other = receipt.before.email.casefold() != receipt.after.email.casefold()
    return _mail(
        _addressed(contact, link.name, link.email),
        business,
        subject=t("The billing contact was changed") if is_other else t("The billing details were changed"),
        template="billing_contact_was",
        t=t,
        account=receipt.contact_name,
        receipt=receipt,
        is_other=is_other,
        url=url,
        until=link.expires_at,
    )


def billing_contact_is(contact: Contact, receipt: BillingContactChanged, business: Business) -> EmailMessage:
    """To who is the billing contact now."""
    t = Translator(contact.language, business.timezone)
    return _mail(
        _addressed(contact, receipt.after.name, receipt.after.email),
        business,
        subject=t("You are the billing contact now"),
        template="billing_contact_is",
        t=t,
        account=receipt.contact_name,
        receipt=receipt,
    )


def verification_locked(contact: Contact, to: Member, until: datetime, business: Business) -> EmailMessage:
    """To the billing contact: somebody could not tell what is on the card."""
    t = Translator(contact.language, business.timezone)
    return _mail(
        _addressed(contact, to.name, to.email),
        business,
        subject=t("Somebody tried to change your billing contact"),
        template="verification_locked",
        t=t,
        account=contact.company or contact.name,
        until=until,
    )


def _addressed(contact: Contact, name: str, email: str) -> Contact:
    """The contact, with another of its people as who the mail is for."""
    return contact.model_copy(update={"name": name, "email": email})
