"""Who may have the billing contact changed, and what stops it (G5 to G15, GX1, GX3, GX10)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from billing.billing_contacts.model import MAY_ASK, MAY_KNOW, BillTo, billing_contact
from billing.catalogue import CorporateChange
from billing.contacts import AccountStatus, Contact, Member, PaymentMethod, Portal
from billing.errors import (
    AccountExpired,
    AccountNotActive,
    BillingContactFrozen,
    NoCardOnFile,
    NoSelfService,
    Refusal,
    RequesterNotEntitled,
    TaxWouldChange,
    VerificationLocked,
)
from billing.ids import ContactId
from billing.ports import UnitOfWork


def changeable(uow: UnitOfWork, contact_id: ContactId) -> Contact:
    """The contact. Raises AccountExpired (GX10), AccountNotActive (GX3) or BillingContactFrozen."""
    contact = uow.contacts.get(contact_id)
    for refusal in _stops(uow, contact):
        raise refusal
    return contact


def stops(uow: UnitOfWork, contact: Contact) -> tuple[Refusal, ...]:
    """Everything that stops a change for now, most fundamental first."""
    found = list(_stops(uow, contact))
    if lock := _lock(uow, contact.id):
        found.append(lock)
    if card_on_file(uow.mirror.payment_methods(contact.id)) is None:
        found.append(NoCardOnFile(contact=contact.name))
    return tuple(found)


def _stops(uow: UnitOfWork, contact: Contact) -> Iterator[Refusal]:
    status = contact.account.status
    if status is AccountStatus.EXPIRED:
        yield AccountExpired(contact=contact.name)
    elif status is not AccountStatus.ACTIVE:
        yield AccountNotActive(contact=contact.name, status=status.value)
    if uow.billing_contacts.guard(contact.id).frozen_at is not None:
        yield BillingContactFrozen(contact=contact.name)


def not_locked(uow: UnitOfWork, contact: ContactId) -> None:
    """Raise VerificationLocked after too many wrong answers about the card (G11)."""
    if lock := _lock(uow, contact):
        raise lock


def _lock(uow: UnitOfWork, contact: ContactId) -> VerificationLocked | None:
    guard = uow.billing_contacts.guard(contact)
    until = guard.locked_until if guard.locked(uow.now) else None
    return VerificationLocked(until=until.isoformat()) if until else None


def with_self_service(uow: UnitOfWork, contact: Contact) -> None:
    """Raise NoSelfService for online accounts (G8), and for corporate ones where the house says so (GX15)."""
    if not has_self_service(uow, contact):
        raise NoSelfService(contact=contact.name, portal=contact.account.portal.value)


def has_self_service(uow: UnitOfWork, contact: Contact) -> bool:
    """G14, unless the policy follows GX15 (K6)."""
    policy = uow.catalogue.billing_contact
    return contact.account.portal is Portal.CORPORATE and policy.corporate is CorporateChange.SELF_SERVICE


def entitled(contact: Contact, key: str) -> Member:
    """The person who asks, by `member_key`: the card's holder or a listed account admin (G12)."""
    member = person(contact, key)
    if member is None or member.rights.isdisjoint(MAY_ASK):
        raise RequesterNotEntitled(contact=contact.name, allowed=_may_ask(contact) or None)
    return member


def still_entitled(contact: Contact, name: str) -> None:
    """Raise RequesterNotEntitled when nobody of that name may ask: they verified the card, and lost the right (G12)."""
    if name not in _may_ask(contact):
        raise RequesterNotEntitled(contact=contact.name, allowed=_may_ask(contact) or None)


def _may_ask(contact: Contact) -> tuple[str, ...]:
    return tuple(one.name for one in contact.members if not one.rights.isdisjoint(MAY_ASK))


def may_be_told(contact: Contact, key: str) -> bool:
    """GX1: only billing contacts and account admins learn who the billing contact is."""
    member = person(contact, key)
    return member is not None and not member.rights.isdisjoint(MAY_KNOW)


def user_id(contact: Contact, address: str) -> str:
    """By what the reader of a mail signs in to the Corporate Billing Portal (G15 to G17); empty for others (GX1)."""
    mine = billing_contact(contact).email
    signs_in = contact.account.portal is Portal.CORPORATE and mine.casefold() == address.casefold()
    return mine if signs_in else ""


def person(contact: Contact, key: str) -> Member | None:
    return next((one for one in contact.members if member_key(one) == key), None)


def member_key(member: Member) -> str:
    """A short name for a member in menus; their address stays out of what the client holds."""
    return hashlib.sha256(member.email.casefold().encode()).hexdigest()[:16]


def card_on_file(methods: tuple[PaymentMethod, ...]) -> PaymentMethod | None:
    """The card that the account is charged by: the standard one, else the first (G11)."""
    cards = [one for one in methods if one.last4 and one.exp_month and one.exp_year]
    return next((one for one in cards if one.default), cards[0] if cards else None)


def taxed_as_before(uow: UnitOfWork, contact: Contact, after: BillTo) -> None:
    """Raise TaxWouldChange: running subscriptions keep the tax rates that they were started with (H15)."""
    before = (contact.address.country, contact.tax_id)
    new = (after.address.country, after.tax_id)
    for one in uow.mirror.subscriptions(contact.id):
        sold = uow.catalogue.sold(one.items[0].price) if one.status.runs and one.items[0].price else None
        if sold and uow.catalogue.taxes_for(*before, sold.product) != uow.catalogue.taxes_for(*new, sold.product):
            raise TaxWouldChange(contact.name, "country" if before[0] != new[0] else "tax_id")
