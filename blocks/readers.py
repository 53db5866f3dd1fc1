"""Who reads a text where it is no member of the staff: their language, and their country's way of writing.

Times are in the business's zone, because customers' zones are not known and a channel has many readers; so they say
whose time it is.
"""

from __future__ import annotations

from billing.catalogue import Business
from billing.contacts import Contact
from billing.documents import Document
from blocks.texts import Translator, locale_in


def customer(contact: Contact, business: Business) -> Translator:
    """For mails to the people of that contact."""
    return Translator(locale_in(contact.language, contact.address.country), business.timezone, says_zone=True)


def buyer(document: Document, business: Business) -> Translator:
    """For mails that bring the document."""
    return Translator(_locale(document), business.timezone, says_zone=True)


def on_paper(document: Document) -> Translator:
    """For what stands on the document: days, and no times."""
    return Translator(_locale(document))


def channel(business: Business) -> Translator:
    """For the managers' channel, where people of several zones read."""
    return Translator(locale_in(business.language, business.country), business.timezone, says_zone=True)


def _locale(document: Document) -> str:
    return locale_in(document.language, document.buyer.address.country)
