"""Verifying the card on file (G11): what the requester says is compared, and only right or wrong is told.

What was said is kept nowhere. Every try takes its number before it is compared, so five tries at once are five tries.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import datetime, timedelta
from functools import partial

from billing import managers
from billing.access import Actor
from billing.billing_contacts.model import Proof
from billing.billing_contacts.rules import card_on_file, changeable, entitled, not_locked
from billing.contacts import Contact, Member, PaymentMethod
from billing.desk import Desk
from billing.errors import NoCardOnFile, NotReadable, VerificationLocked, WrongCard
from billing.ids import ContactId, ProofId
from billing.models import Frozen
from billing.ports import Job, UnitOfWork
from billing.roles import Permission
from billing.timeline import Entry, Happening

MAIL = "billing_contact_mail"  # pipelines; argument: what it is about, and whose id
ALERT = "billing_contact_alert"  # argument: what it is about, and the place of `billing.managers`

_EXPIRY = re.compile(r"(0?[1-9]|1[0-2])\s*[/.\- ]?\s*(?:20)?([0-9]{2})")


class VerificationForm(Frozen):
    """Who may be asking. Nothing about the card: whoever fills it in has to be told by the requester."""

    contact: Contact
    people: tuple[Member, ...]


class CardAnswer(Frozen):
    """What the requester says about the card."""

    contact: ContactId
    requester: str  # `member_key`
    last4: str
    expiry: str  # month and year


def form(uow: UnitOfWork, contact_id: ContactId) -> VerificationForm:
    """What the form offers. Refuses what `verify` would refuse whatever is answered."""
    contact, _ = _verifiable(uow, contact_id)
    return VerificationForm(contact=contact, people=contact.members)


def verify(desk: Desk, actor: Actor, answer: CardAnswer, key: str) -> Proof:
    """Compare, and note the try; the same key is the same try.

    Raises WrongCard or, with the last try, VerificationLocked: after the try was committed.
    """
    with desk.writing(actor) as uow:
        proof = _tried(uow, answer, ProofId("bcp_" + hashlib.sha256(key.encode()).hexdigest()[:24]))
        until = locked_until(uow, proof)
    if proof.right:
        return proof
    if proof.left == 0:
        raise VerificationLocked(until=until.isoformat())
    raise WrongCard(left=proof.left)


def _tried(uow: UnitOfWork, answer: CardAnswer, id_: ProofId) -> Proof:
    contact, card = _verifiable(uow, answer.contact)
    requester = entitled(contact, answer.requester)
    said = _said(answer)
    policy = uow.catalogue.billing_contact
    uow.billing_contacts.hold(contact.id)
    if known := uow.billing_contacts.proof(id_):
        return known
    number = uow.billing_contacts.take_try(contact.id, uow.now, policy.tries, timedelta(hours=policy.lock_hours))
    if number is None:
        until = uow.billing_contacts.guard(contact.id).locked_until
        raise VerificationLocked(until=until.isoformat() if until else None)
    right = hmac.compare_digest(said, _on_file(card))
    proof = Proof(
        id=id_,
        contact=contact.id,
        team=uow.actor.team,
        user=uow.actor.user,
        requester=requester.name,
        at=uow.now,
        right=right,
        left=policy.tries - number,
    )
    uow.billing_contacts.add_proof(proof)
    _note(uow, proof)
    if right:
        uow.billing_contacts.forgive(contact.id)
    elif proof.left == 0:
        _lock(uow, proof)
    return proof


def _verifiable(uow: UnitOfWork, contact_id: ContactId) -> tuple[Contact, PaymentMethod]:
    uow.actor.require(Permission.CHANGE_BILLING_CONTACT)
    contact = changeable(uow, contact_id)
    not_locked(uow, contact.id)
    card = card_on_file(uow.mirror.payment_methods(contact.id))
    if card is None:
        raise NoCardOnFile(contact=contact.name)
    return contact, card


def _said(answer: CardAnswer) -> bytes:
    """As `_on_file`. Raises NotReadable: what cannot be digits of a card is no try."""
    last4 = re.sub(r"[\s•*xX]", "", answer.last4)
    if not re.fullmatch(r"[0-9]{4}", last4):
        raise NotReadable("last4")
    expiry = _EXPIRY.fullmatch(answer.expiry.strip())
    if expiry is None:
        raise NotReadable("expiry")
    return f"{last4} {int(expiry[1]):02} {expiry[2]}".encode()


def _on_file(card: PaymentMethod) -> bytes:
    return f"{card.last4} {card.exp_month or 0:02} {(card.exp_year or 0) % 100:02}".encode()


def _lock(uow: UnitOfWork, proof: Proof) -> None:
    """For everybody; managers and the billing contact are told."""
    until = locked_until(uow, proof)
    uow.billing_contacts.lock(proof.contact, until)
    entry = _entry(uow, proof, Happening.VERIFICATION_LOCKED)
    uow.timeline.append(entry.model_copy(update={"parameters": {"until": until.isoformat()}}))
    uow.enqueue(Job(id=f"{proof.id}:mail", name=MAIL, argument=f"locked:{proof.id}"))
    alert_managers(uow, f"locked:{proof.id}")


def locked_until(uow: UnitOfWork, proof: Proof) -> datetime:
    """How long the lock holds that came of that try, if no manager lifts it."""
    return proof.at + timedelta(hours=uow.catalogue.billing_contact.lock_hours)


def alert_managers(uow: UnitOfWork, about: str) -> None:
    """In their channel and each by direct message: it may be fraud."""
    managers.tell(uow, partial(alert, about), each=True)


def alert(about: str, place: str) -> Job:
    return Job(id=f"{about}:alert:{place}", name=ALERT, argument=f"{about}:{place}")


def _note(uow: UnitOfWork, proof: Proof) -> None:
    happening = Happening.CARD_VERIFIED if proof.right else Happening.CARD_NOT_VERIFIED
    entry = _entry(uow, proof, happening)
    parameters: dict[str, str | int | None] = {} if proof.right else {"left": proof.left}
    uow.timeline.append(entry.model_copy(update={"parameters": parameters}))


def _entry(uow: UnitOfWork, proof: Proof, what: Happening) -> Entry:
    return Entry(
        id=f"{proof.id}:{what}",
        contact=proof.contact,
        at=uow.now,
        what=what,
        by=uow.actor.name,
        on_behalf_of=proof.requester,
    )
