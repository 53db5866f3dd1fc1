"""Whether anything may be billed to a contact at all."""

from __future__ import annotations

from billing.contacts import UNKNOWN_COUNTRY, AccountStatus, Contact
from billing.errors import AccountNotBillable, CountryUnknown
from billing.ids import ContactId
from billing.ports import UnitOfWork


def billable(uow: UnitOfWork, contact_id: ContactId) -> Contact:
    """The contact. Raises AccountNotBillable (GX3), or CountryUnknown (H15) when nobody knows the tax."""
    contact = uow.contacts.get(contact_id)
    if contact.account.status is not AccountStatus.ACTIVE:
        raise AccountNotBillable(contact=contact.name, status=contact.account.status.value)
    if contact.address.country == UNKNOWN_COUNTRY:
        raise CountryUnknown(contact=contact.name)
    return contact
