"""What is known about changes of billing contacts: guards of accounts, proofs, links, recipients, and their rows."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from billing.contacts import Address, Contact, Member, MemberRight
from billing.ids import ContactId, LinkId, OperationId, ProofId, TeamId, UserId
from billing.models import Frozen

PROOF_HOLDS = timedelta(minutes=30)  # from the right answer to the submission of the new contact
MOST_RECIPIENTS = 5  # beside the billing contact (GX11)
LINKS_A_DAY = 5
ATTEMPTS_PER_LINK = 20

# Who may ask for a change, and be told who the billing contact is (G12, GX1).
ADMINS = frozenset({MemberRight.PRIMARY_ADMIN, MemberRight.ADMIN})
MAY_ASK = ADMINS | {MemberRight.CARD_HOLDER}
MAY_KNOW = ADMINS | {MemberRight.BILLING_CONTACT}


class BillTo(Frozen):
    """Who invoices go to: a person, where they are, and the tax id (G14, G19). Changed together."""

    name: str
    email: str
    address: Address
    tax_id: str | None = None


class Guard(Frozen):
    """What keeps the billing contact of an account from being changed. All of it holds for everybody."""

    tries: int = 0  # wrong answers about the card since `tries_since`
    tries_since: datetime | None = None  # UTC
    locked_until: datetime | None = None  # UTC
    frozen_at: datetime | None = None  # UTC
    changing: OperationId | None = None  # the change that is under way

    def locked(self, now: datetime) -> bool:
        return self.locked_until is not None and now < self.locked_until

    @property
    def held_by(self) -> frozenset[str]:
        """Names of this lock and this freeze: others, of later, have other names."""
        held = {"lock": self.locked_until, "freeze": self.frozen_at}
        return frozenset(f"{what}:{at.isoformat()}" for what, at in held.items() if at)


class Proof(Frozen):
    """One try to verify the card on file. What was said about the card is not kept."""

    id: ProofId
    contact: ContactId
    team: TeamId
    user: UserId  # of the staff, who asked
    requester: str  # the name of the customer's person
    at: datetime  # UTC
    right: bool
    left: int = 0  # tries before the account is locked, after this one
    used_by: OperationId | None = None


class Purpose(StrEnum):
    """What a link is good for, and for nothing else."""

    EDIT = "edit"  # the billing contact changes "Bill to"
    REPORT = "report"  # the former one says: this was not me


class Link(Frozen):
    """A link in a mail. The token in its address is kept as a digest only."""

    id: LinkId
    contact: ContactId
    purpose: Purpose
    name: str  # of who gets it
    email: str
    team: TeamId
    user: UserId  # of the staff member who sent it, or whose operation it tells of
    operation: OperationId  # that made it
    created_at: datetime  # UTC
    expires_at: datetime  # UTC
    used_at: datetime | None = None  # UTC
    used_by: OperationId | None = None  # the change it was used for
    uses: int = 0  # it is given back when the change was refused
    attempts: int = 0  # submissions, also those that were refused


class BillingContacts(Protocol):
    """The rows. Every method that changes one is a single statement that others wait for, on both databases."""

    def guard(self, contact: ContactId) -> Guard: ...

    def hold(self, contact: ContactId) -> None:
        """Wait for whoever else holds this account's guard; what is read from then on stays so until the end."""

    def take_try(self, contact: ContactId, now: datetime, most: int, forgotten_after: timedelta) -> int | None:
        """Count one more try, and answer with its number; None when the account is locked.

        Tries and locks that are over are forgotten first. Whoever comes second waits until this transaction ends.
        """

    def lock(self, contact: ContactId, until: datetime) -> None: ...

    def forgive(self, contact: ContactId) -> bool:
        """Forget tries and lock; whether there was a lock."""

    def freeze(self, contact: ContactId, at: datetime) -> None:
        """Nothing is changed any more, and the change that is under way is called off: it is not `changing`."""

    def thaw(self, contact: ContactId) -> bool:
        """Whether it was frozen."""

    def begin(self, contact: ContactId, operation: OperationId) -> bool:
        """Let this change, and no other one, go on; False while another one is under way."""

    def end(self, contact: ContactId, operation: OperationId) -> None:
        """It is over. What it used, proof or link, stays used."""

    def give_back(self, operation: OperationId) -> None:
        """Nothing came of the change: its proof or link may be used again."""

    def add_proof(self, proof: Proof) -> bool:
        """False when that try was noted before."""

    def proof(self, proof: ProofId) -> Proof | None: ...

    def use_proof(self, proof: ProofId, operation: OperationId) -> bool:
        """False when it was used before."""

    def void_proofs(self, contact: ContactId) -> None:
        """None of them is right any more, also when the change that it was used for gives it back."""

    def add_link(self, link: Link) -> None: ...

    def link(self, link: LinkId) -> Link:
        """Raise LinkUnknown."""

    def add_token(self, token: str, link: LinkId) -> None:
        """A mail may be sent twice, each with its own token; all lead to the one link."""

    def by_token(self, token: str) -> Link:
        """Raise LinkUnknown."""

    def attempt(self, link: LinkId) -> int:
        """Count a submission, and answer with its number."""

    def use_link(self, link: LinkId, operation: OperationId | None, now: datetime) -> bool:
        """False when it was used before."""

    def links_since(self, contact: ContactId, since: datetime) -> int:
        """How many links to edit were sent from then on."""

    def close_links(self, contact: ContactId, now: datetime) -> None:
        """Links to edit expire, also those that a change which comes to nothing will give back."""

    def recipients(self, contact: ContactId) -> tuple[str, ...]:
        """The addresses that get invoices beside the billing contact, in the order they were given."""

    def save_recipients(self, contact: ContactId, recipients: tuple[str, ...]) -> None: ...


def digest(token: str) -> str:
    """What is kept of a token. It has 256 random bits, so there is nothing to guess and no salt is needed."""
    return hashlib.sha256(token.encode()).hexdigest()


def billing_contact(contact: Contact) -> Member:
    """Who the billing contact is; where nobody is listed, the person or company that is billed (G1)."""
    for member in contact.members:
        if MemberRight.BILLING_CONTACT in member.rights:
            return member
    return Member(name=contact.name, email=contact.email, rights=frozenset({MemberRight.BILLING_CONTACT}))


def bill_to(contact: Contact) -> BillTo:
    """What is on file now."""
    now = billing_contact(contact)
    return BillTo(name=now.name, email=now.email, address=contact.address, tax_id=contact.tax_id)


def with_bill_to(contact: Contact, new: BillTo) -> Contact:
    """The contact after the change: the new person has the right, whoever had it keeps their others (G2 to G4).

    The contact is called and written to as before, unless that was the former billing contact's name and address. A
    name of which nothing tells that it is a person's stays, too, unless only it is corrected.
    """
    former = billing_contact(contact)
    is_person = bool(contact.company) or former in contact.members or former.email.casefold() == new.email.casefold()
    is_them = is_person and contact.name == former.name
    was_theirs = is_them or contact.email.casefold() == former.email.casefold()
    members = []
    is_listed = False
    for member in contact.members:
        rights = member.rights - {MemberRight.BILLING_CONTACT}
        name = member.name
        if member.email.casefold() == new.email.casefold() and not is_listed:
            is_listed, rights, name = True, rights | {MemberRight.BILLING_CONTACT}, new.name
        members.append(Member(name=name, email=member.email, rights=rights))
    if not is_listed:
        members.append(Member(name=new.name, email=new.email, rights=frozenset({MemberRight.BILLING_CONTACT})))
    return contact.model_copy(
        update={
            "name": new.name if is_them else contact.name,
            "email": new.email if was_theirs else contact.email,
            "address": new.address,
            "tax_id": new.tax_id,
            "members": tuple(members),
        }
    )
