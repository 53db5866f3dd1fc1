"""The page of the billing contact (G1 to G7, GX1, GX11), whom it may be told, and the invoice recipients."""

from __future__ import annotations

import hashlib
from collections.abc import Collection

from billing.billing_contacts.model import MOST_RECIPIENTS, BillTo, Guard, bill_to, billing_contact
from billing.billing_contacts.people import plain_email
from billing.billing_contacts.rules import changeable, has_self_service, may_be_told, person, stops
from billing.billing_contacts.verifying import MAIL
from billing.contacts import Contact, Member
from billing.errors import NothingToLift, Reason, TooManyRecipients
from billing.ids import ContactId
from billing.models import Frozen
from billing.ports import Job, UnitOfWork
from billing.roles import Permission
from billing.timeline import Entry, Happening

HISTORY = 5
_LOOKED_AT = 50  # entries of the timeline among which the last ones about the billing contact are
_ABOUT_IT = frozenset(
    {
        Happening.BILLING_CONTACT_CHANGED,
        Happening.BILL_TO_CHANGED,
        Happening.BILLING_CONTACT_LINK_SENT,
        Happening.BILLING_CONTACT_REPORTED,
        Happening.BILLING_CONTACT_FROZEN,
        Happening.BILLING_CONTACT_UNFROZEN,
        Happening.CARD_VERIFIED,
        Happening.CARD_NOT_VERIFIED,
        Happening.VERIFICATION_LOCKED,
        Happening.VERIFICATION_UNLOCKED,
        Happening.INVOICE_RECIPIENTS_CHANGED,
    }
)


class Asked(Frozen):
    """Who asks who the billing contact is, and whether they may be told (GX1)."""

    key: str
    name: str | None  # None: somebody who is not listed
    may_be_told: bool


class Overview(Frozen):
    """What the page shows to the staff. Nothing about the card: it is what a requester has to know."""

    contact: Contact
    current: Member
    before: BillTo  # what stands on invoices now
    guard: Guard
    recipients: tuple[str, ...]
    history: tuple[Entry, ...]
    stops: tuple[Reason, ...]  # why it cannot be changed with proof for now
    self_service: bool  # whether a link can be sent
    may: frozenset[Permission]
    asked: Asked | None = None


class RecipientsForm(Frozen):
    contact: Contact
    recipients: tuple[str, ...]


def overview(uow: UnitOfWork, contact_id: ContactId, asked: str | None = None) -> Overview:
    """`asked` is the key of who is asking, when the staff has said so."""
    uow.actor.require(Permission.SEE_BILLING_CONTACT)
    contact = uow.contacts.get(contact_id)
    entries = uow.timeline.page(contact_id, limit=_LOOKED_AT).entries
    return Overview(
        contact=contact,
        current=billing_contact(contact),
        before=bill_to(contact),
        guard=uow.billing_contacts.guard(contact_id),
        recipients=uow.billing_contacts.recipients(contact_id),
        history=tuple(one for one in entries if one.what in _ABOUT_IT)[:HISTORY],
        stops=tuple(one.reason for one in stops(uow, contact)),
        self_service=has_self_service(uow, contact),
        may=frozenset(one for one in Permission if uow.actor.may(one)),
        asked=_asked(contact, asked) if asked else None,
    )


def ask(uow: UnitOfWork, contact_id: ContactId, asked: str, key: str) -> Overview:
    """Note who asks, and answer with what may be told to them (GX1)."""
    shown = overview(uow, contact_id, asked)
    assert shown.asked is not None
    uow.timeline.append(
        Entry(
            id=f"asked:{hashlib.sha256(key.encode()).hexdigest()[:24]}",
            contact=contact_id,
            at=uow.now,
            what=Happening.BILLING_CONTACT_TOLD if shown.asked.may_be_told else Happening.BILLING_CONTACT_NOT_TOLD,
            by=uow.actor.name,
            on_behalf_of=shown.asked.name,
        )
    )
    return shown


def _asked(contact: Contact, key: str) -> Asked:
    member = person(contact, key)
    return Asked(key=key, name=member.name if member else None, may_be_told=may_be_told(contact, key))


# Invoice recipients


def recipients_form(uow: UnitOfWork, contact_id: ContactId) -> RecipientsForm:
    """Refuses what `save_recipients` would refuse whatever is typed."""
    uow.actor.require(Permission.CHANGE_BILLING_CONTACT)
    contact = changeable(uow, contact_id)
    return RecipientsForm(contact=contact, recipients=uow.billing_contacts.recipients(contact_id))


def save_recipients(uow: UnitOfWork, contact_id: ContactId, typed: str, key: str) -> Overview:
    """One address a line. The billing contact is always the main one and is not among them (GX11), and is told.

    Raises NotAnEmail, TooManyRecipients or what stops any change.
    """
    uow.actor.require(Permission.CHANGE_BILLING_CONTACT)
    contact = changeable(uow, contact_id)
    main = billing_contact(contact).email.casefold()
    wanted = [plain_email(line, "recipients") for line in typed.replace(",", "\n").splitlines() if line.strip()]
    unique = tuple({one.casefold(): one for one in wanted if one.casefold() != main}.values())
    if len(unique) > MOST_RECIPIENTS:
        raise TooManyRecipients(most=MOST_RECIPIENTS)
    if unique != uow.billing_contacts.recipients(contact_id):
        uow.billing_contacts.save_recipients(contact_id, unique)
        about = f"recipients:{hashlib.sha256(key.encode()).hexdigest()[:24]}"
        uow.enqueue(Job(id=f"{about}:mail", name=MAIL, argument=f"{about}.{uow.actor.team}.{contact_id}"))
        uow.timeline.append(
            Entry(
                id=about,
                contact=contact_id,
                at=uow.now,
                what=Happening.INVOICE_RECIPIENTS_CHANGED,
                by=uow.actor.name,
                parameters={"recipients": ", ".join(unique) or None},
            )
        )
    return overview(uow, contact_id)


# Lifting


def lift(uow: UnitOfWork, contact_id: ContactId, seen: Collection[str], key: str) -> Overview:
    """A manager has looked at the lock, the freeze or both: those are over, and later ones are not (`Guard.held_by`).

    Raises NothingToLift.
    """
    uow.actor.require(Permission.UNLOCK_BILLING_CONTACT)
    uow.billing_contacts.hold(contact_id)
    held = {one.partition(":")[0] for one in uow.billing_contacts.guard(contact_id).held_by.intersection(seen)}
    lifted = []
    if "freeze" in held and uow.billing_contacts.thaw(contact_id):
        lifted.append(Happening.BILLING_CONTACT_UNFROZEN)
    if "lock" in held and uow.billing_contacts.forgive(contact_id):
        lifted.append(Happening.VERIFICATION_UNLOCKED)
    if not lifted:
        raise NothingToLift
    for what in lifted:
        uow.timeline.append(
            Entry(
                id=f"{what}:{hashlib.sha256(key.encode()).hexdigest()[:24]}",
                contact=contact_id,
                at=uow.now,
                what=what,
                by=uow.actor.name,
            )
        )
    return overview(uow, contact_id)
