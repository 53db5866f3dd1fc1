"""A help ticket's e-mail in a Slack channel becomes a change request (A29), if it is the primary admin's (A30)."""

from __future__ import annotations

import re

from billing.change_requests.model import LONGEST_NOTE, Note, Origin
from billing.contacts import Contact, Member, MemberRight
from billing.errors import NoTicket, NotTheAdminsAddress
from billing.ids import ContactId
from billing.models import Frozen
from billing.ports import UnitOfWork
from billing.roles import Permission

# `From: Ada Berger <ada@example.com>`, `Von: ada@example.com`, `*From:* <mailto:ada@example.com|ada@example.com>`
_SENDER = re.compile(
    r"^[>\s*_]*(?:from|von|absender|sender)[*_]*\s*:[*_]*\s*(?:[^<\n]*<)?\s*(?:mailto:)?"
    r"(?P<address>[\w.+'-]+@[\w-]+(?:\.[\w-]+)+)",
    re.IGNORECASE | re.MULTILINE,
)


class Ticket(Frozen):
    """An e-mail: who sent it, and what it says."""

    sender: str
    text: str


class Said(Frozen):
    """What the customer said, and where, as it travels from form to form."""

    remark: Note = ""
    origin: Origin = Origin.FORM


NOTHING_SAID = Said()


class TicketRequest(Frozen):
    """What the form is opened with."""

    contact: Contact
    requester: str  # the primary admin's address
    said: Said


class AccountChoice(Frozen):
    """The form, submitted: which of the customers, where one address is the primary admin's of several."""

    contact: ContactId
    requester: str
    remark: Note = ""


def read(text: str, sender: str | None = None) -> Ticket:
    """The ticket in a message: `sender` is what Slack says of a forwarded e-mail, else a line `From: …` does.

    Raises NoTicket when neither names an address.
    """
    if sender:
        return Ticket(sender=sender.strip(), text=text.strip())
    found = _SENDER.search(text)
    if not found:
        raise NoTicket
    _, _, after = text[found.start() :].lstrip("\n").partition("\n")
    return Ticket(sender=found["address"], text=(text[: found.start()] + after).strip())


def accepted(uow: UnitOfWork, ticket: Ticket) -> tuple[TicketRequest, ...]:
    """What it may become: a request for each customer whose primary admin wrote it (A30).

    Raises NotTheAdminsAddress for everybody else: also for another member, whose name and right do not help here.
    """
    uow.actor.require(Permission.FILE_CHANGE_REQUEST)
    said = Said(remark=ticket.text[:LONGEST_NOTE], origin=Origin.TICKET)
    theirs = uow.contacts.by_member(ticket.sender)
    admins = [(contact, one) for contact in theirs for one in contact.members if _is_admin(one)]
    found = tuple(
        TicketRequest(contact=contact, requester=one.email, said=said)
        for contact, one in admins
        if _is(one.email, ticket.sender)
    )
    if not found:
        raise NotTheAdminsAddress(sender=ticket.sender, admins=tuple(one.name for _, one in admins) or None)
    return found


def chosen(uow: UnitOfWork, choice: AccountChoice) -> TicketRequest:
    """For that one of several customers. Raises NotTheAdminsAddress for one that is not the sender's."""
    found = accepted(uow, Ticket(sender=choice.requester, text=choice.remark))
    for one in found:
        if one.contact.id == choice.contact:
            return one
    raise NotTheAdminsAddress(sender=choice.requester)


def _is_admin(one: Member) -> bool:
    return MemberRight.PRIMARY_ADMIN in one.rights


def _is(known: str, sender: str) -> bool:
    """To the letter but for capitals: a look-alike domain is another domain."""
    return known.strip().casefold() == sender.strip().casefold()
