"""E-mails to customers, in the customer's language, from the business that the catalogue names."""

from __future__ import annotations

from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage

from billing.catalogue import Business, Catalogue
from billing.contacts import Contact, Invoice
from billing.plan_changes import PlanChanged
from billing.ports import SetupLink
from billing.previews import SubscriptionPreview
from blocks import readers, words
from blocks.graphemes import fit
from blocks.plan_changes import wording
from blocks.templating import render
from blocks.texts import one_line


def payment_link(contact: Contact, preview: SubscriptionPreview, link: SetupLink, business: Business) -> EmailMessage:
    """The link by which a customer adds a payment method, with what will be charged then.

    Times are in the business's time zone. Whoever sends it adds `Date` and `Message-ID`. Raises ValueError when the
    customer's e-mail address is none.
    """
    t = readers.customer(contact, business)
    return compose(
        business,
        name=contact.name,
        address=contact.email,
        subject=t("Please add a payment method for {product}", product=words.product(preview.price, t)),
        template="payment_link",
        contact=contact,
        t=t,
        product=words.product(preview.price, t),
        preview=preview,
        hints=[one for one in (words.part_hint(preview, t), words.balance_hint(preview, t)) if one],
        price=words.per_cycle(t.money(preview.price.unit), preview.price.interval, preview.price.interval_count, t),
        link=link,
    )


def plan_change_link(contact: Contact, receipt: PlanChanged, link: SetupLink, catalogue: Catalogue) -> EmailMessage:
    """The link by which a customer adds a method for a change of plan. Raises ValueError as `payment_link` does."""
    business = catalogue.business
    t = readers.customer(contact, business)
    preview, cadence = receipt.preview, receipt.assessment.cadence
    return compose(
        business,
        name=contact.name,
        address=contact.email,
        subject=t("Please add a payment method for the change of your plan"),
        template="plan_change_link",
        contact=contact,
        t=t,
        plan=wording.package(receipt.assessment.after, catalogue, t),
        preview=preview,
        renewal=words.per_cycle(t.money(preview.renewal), cadence.interval, cadence.count, t),
        link=link,
    )


def invoice_link(contact: Contact, invoice: Invoice, url: str, business: Business) -> EmailMessage:
    """The page on which an invoice that could not be charged can be paid. Raises ValueError as `payment_link` does."""
    t = readers.customer(contact, business)
    return compose(
        business,
        name=contact.name,
        address=contact.email,
        subject=t("Please pay invoice {number}", number=invoice.number or ""),
        template="invoice_link",
        contact=contact,
        t=t,
        invoice=invoice,
        url=url,
    )


def compose(
    business: Business, *, name: str, address: str, subject: str, template: str, **values: object
) -> EmailMessage:
    """A mail from the business in both forms of the template. Raises ValueError when the address is none."""
    mail = EmailMessage()
    mail["Subject"] = fit(one_line(subject), 200)
    mail["From"] = _address(business.name, business.support_email)
    mail["Reply-To"] = _address(business.name, business.reply_to)
    mail["To"] = _address(name, address)
    values |= {"business": business, "subject": subject}
    mail.set_content(render(f"{template}.txt", **values))
    mail.add_alternative(render(f"{template}.html", **values), subtype="html")
    return mail


def _address(name: str, address: str) -> Address:
    """A header's address. Line breaks and control characters cannot get in: they are taken out or refused."""
    try:
        return Address(display_name=fit(one_line(name), 100), addr_spec=address.strip())
    except (HeaderParseError, ValueError, IndexError) as error:
        raise ValueError("this is no e-mail address") from error
