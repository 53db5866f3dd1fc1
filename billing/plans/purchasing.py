"""Who at the customer may change the plan (A1, AX4, AX9)."""

from __future__ import annotations

from billing.contacts import Contact, Member, MemberRight
from billing.errors import NobodyMayPurchase, RequesterMayNot


def purchasers(contact: Contact) -> tuple[Member, ...]:
    """Who may change the plan: the primary admin, and admins with purchase permission (A1)."""
    return tuple(member for member in contact.members if may_purchase(member))


def may_purchase(member: Member) -> bool:
    return MemberRight.PRIMARY_ADMIN in member.rights or {MemberRight.ADMIN, MemberRight.PURCHASE} <= member.rights


def entitled(contact: Contact, email: str) -> Member:
    """The member of that address, who must be allowed to purchase (A1). The refusal names who is.

    Raises NobodyMayPurchase or RequesterMayNot.
    """
    who_may = purchasers(contact)
    if not who_may:
        raise NobodyMayPurchase(contact=contact.name)
    member = next((one for one in contact.members if one.email.casefold() == email.casefold()), None)
    if member is None or not may_purchase(member):
        raise RequesterMayNot(
            name=member.name if member else email, allowed=tuple(one.name for one in who_may), contact=contact.name
        )
    return member
