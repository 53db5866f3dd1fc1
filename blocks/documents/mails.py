"""E-mails that bring a document: the PDF is attached, and a link leads to the page of it.

They are in the document's language. Whoever sends them adds `Date` and `Message-ID`. All raise ValueError when the
recipient's address is none.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from email.message import EmailMessage

from billing.catalogue import Business
from billing.documents import Document, DocumentKind
from billing.money import Money
from blocks import mails, readers, words
from blocks.documents.printing import file_name, pdf
from blocks.documents.sheet import is_open, is_to_be_paid, settled, title
from blocks.texts import Translator


@dataclass(frozen=True)
class Recipient:
    name: str  # empty: nobody knows who reads at that address
    address: str
    user_id: str = ""  # by which they sign in to their portal (G16); empty: they do not


@dataclass(frozen=True)
class Letter:
    """What the template `document_mail` shows around the facts of the document."""

    subject: str
    lead: str
    button: str
    closing: str
    rows: tuple[tuple[str, str], ...]
    paragraphs: tuple[str, ...] = ()


def invoice(document: Document, business: Business, to: Recipient, link: str) -> EmailMessage:
    """A new invoice. `link` is the address of its page."""
    t = readers.buyer(document, business)
    return _mail(
        document,
        business,
        to,
        link,
        subject=t("Your invoice {number} from {business}", number=document.number, business=business.name),
        lead=t("Here is your invoice. It is also attached as a PDF."),
        paragraphs=_how_it_is_paid(document, t),
    )


def reminder(document: Document, business: Business, to: Recipient, link: str, today: date) -> EmailMessage:
    """That an open invoice will be, is or was due: friendly before, matter-of-fact on the day, firm afterwards.

    `today` is in the business's time zone. Raises ValueError for what has no due date.
    """
    if document.due_on is None:
        raise ValueError("what is never due needs no reminder")
    t = readers.buyer(document, business)
    due, late = document.due_on, (today - document.due_on).days
    facts = {"number": document.number, "amount": document.totals.due, "day": due}
    if late < 0:
        subject = t("Invoice {number} is due on {day}", **facts)
        lead = t("A friendly reminder: invoice {number} is due on {day}. {amount} is still to be paid.", **facts)
    elif late == 0:
        subject = t("Invoice {number} is due today", **facts)
        lead = t("Invoice {number} is due today. {amount} is still to be paid.", **facts)
    else:
        subject = t("Invoice {number} is overdue", **facts)
        lead = t.count(
            "Invoice {number} was due on {day}, {n} day ago. {amount} is still to be paid.",
            "Invoice {number} was due on {day}, {n} days ago. {amount} is still to be paid.",
            late,
            **facts,
        )
    return _mail(document, business, to, link, subject=subject, lead=lead, paragraphs=(*_urged(late, t), _crossed(t)))


def credit_note(document: Document, business: Business, to: Recipient, link: str) -> EmailMessage:
    """A new credit note."""
    t = readers.buyer(document, business)
    return _mail(
        document,
        business,
        to,
        link,
        subject=t("Your credit note {number} from {business}", number=document.number, business=business.name),
        lead=t("We have corrected an invoice. The credit note is attached as a PDF."),
        paragraphs=tuple(text for text in (settled(document, t),) if text),
    )


def payment_received(
    document: Document, received: Money | None, business: Business, to: Recipient, link: str
) -> EmailMessage:
    """Thanks for a payment; the document is the invoice as it stands after it.

    `received` is None where it is not known which part of what is paid came last.
    """
    t = readers.buyer(document, business)
    thanks = t("Thank you: your payment of {amount} has arrived.", amount=received) if received else None
    return _mail(
        document,
        business,
        to,
        link,
        subject=t("Your payment for invoice {number}", number=document.number),
        lead=thanks or t("Thank you: your payment has arrived."),
        paragraphs=(_rest(document, t),),
    )


def card_charged(
    document: Document, charged: Money, card: tuple[str, str], business: Business, to: Recipient, link: str
) -> EmailMessage:
    """That the card on file was charged; `card`: its brand as Stripe calls it, and its last four digits."""
    t = readers.buyer(document, business)
    method = words.with_digits(*card, t)
    return _mail(
        document,
        business,
        to,
        link,
        subject=t("Your payment for invoice {number}", number=document.number),
        lead=t("We have charged {amount} to your {card}. Thank you.", amount=charged, card=method),
        paragraphs=(_rest(document, t),),
    )


def payment_failed(document: Document, business: Business, to: Recipient, link: str) -> EmailMessage:
    """That a payment did not go through. Why is the bank's to say, and only to its own customer."""
    t = readers.buyer(document, business)
    return _mail(
        document,
        business,
        to,
        link,
        subject=t("Your payment for invoice {number} failed", number=document.number),
        lead=t("A payment for invoice {number} did not go through. Nothing was charged.", number=document.number),
        paragraphs=(_rest(document, t), *_how_it_is_paid(document, t), _crossed(t)),
    )


# --- parts ------------------------------------------------------------------------------------------------------------


def _rest(document: Document, t: Translator) -> str:
    if is_open(document):
        return t("{amount} is still to be paid.", amount=document.totals.due)
    return t("The invoice is paid in full.")


def _how_it_is_paid(document: Document, t: Translator) -> tuple[str, ...]:
    if not is_open(document):
        return (t("Nothing has to be paid."),)
    if not is_to_be_paid(document):
        return (
            t(
                "You need not do anything: the amount will be taken from {method}.",
                method=document.payment.taken_from,
            ),
        )
    return (t("The invoice says how to pay. Please quote its number."),)


def _urged(late: int, t: Translator) -> tuple[str, ...]:
    if late <= 0:
        return ()
    return (t("Please pay the amount without further delay, or tell us if something stands in the way."),)


def _crossed(t: Translator) -> str:
    return t("If your payment is already on its way, please disregard this e-mail.")


def _rows(document: Document, to: Recipient, t: Translator) -> tuple[tuple[str, str], ...]:
    is_invoice = document.kind is DocumentKind.INVOICE
    rows = [
        (t("Date of issue"), t.date(document.issued_on)),
        (t("Total") if is_invoice else t("Total credited"), t.money(document.totals.gross)),
    ]
    if is_open(document):
        if document.totals.due != document.totals.gross:
            rows.append((t("Amount due"), t.money(document.totals.due)))
        if document.due_on and is_to_be_paid(document):
            rows.append((t("Due date"), t.date(document.due_on)))
    if is_invoice and to.user_id:  # G17
        rows.append((t("Your user id in the portal"), to.user_id))
    return tuple(rows)


def _mail(
    document: Document,
    business: Business,
    to: Recipient,
    link: str,
    *,
    subject: str,
    lead: str,
    paragraphs: tuple[str, ...],
) -> EmailMessage:
    t = readers.buyer(document, business)
    letter = Letter(
        subject=subject,
        lead=lead,
        button=t("View invoice") if document.kind is DocumentKind.INVOICE else t("View credit note"),
        closing=t("Questions? Simply reply to this e-mail."),
        rows=_rows(document, to, t),
        paragraphs=paragraphs,
    )
    mail = mails.compose(
        business,
        name=to.name,
        address=to.address,
        subject=subject,
        template="document_mail",
        t=t,
        to=to,
        letter=letter,
        link=link,
        heading=f"{title(document, t)} {document.number}",
    )
    mail.add_attachment(pdf(document), maintype="application", subtype="pdf", filename=file_name(document))
    return mail
