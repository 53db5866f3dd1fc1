"""Whether anything may be billed to a contact at all, and how an expired account becomes active again."""

from __future__ import annotations

from billing.contacts import UNKNOWN_COUNTRY, AccountStatus, Contact
from billing.errors import AccountNotBillable, CountryUnknown, PlanNeeded
from billing.ids import ContactId
from billing.ports import UnitOfWork

MAY_BUY = (AccountStatus.ACTIVE, AccountStatus.EXPIRED)


def billable(uow: UnitOfWork, contact_id: ContactId) -> Contact:
    """The contact. Raises AccountNotBillable (GX3), PlanNeeded for an expired account (GX10), or CountryUnknown (H15)
    when nobody knows the tax.
    """
    return _billable(uow, contact_id, AccountStatus.ACTIVE)


def open_for_a_plan(uow: UnitOfWork, contact_id: ContactId) -> Contact:
    """As `billable`, but an expired account may buy a plan: that is how it becomes active again (GX10)."""
    return _billable(uow, contact_id, *MAY_BUY)


def reactivate(uow: UnitOfWork, contact_id: ContactId) -> None:
    """A plan was bought: an account that had expired is active (GX10). Others stay what they are."""
    contact = uow.contacts.get(contact_id)
    if contact.account.status is AccountStatus.EXPIRED:
        account = contact.account.model_copy(update={"status": AccountStatus.ACTIVE})
        uow.contacts.save(contact.model_copy(update={"account": account}))


def _billable(uow: UnitOfWork, contact_id: ContactId, *statuses: AccountStatus) -> Contact:
    contact = uow.contacts.get(contact_id)
    if contact.account.status not in statuses:
        if contact.account.status is AccountStatus.EXPIRED:
            raise PlanNeeded(contact=contact.name)
        raise AccountNotBillable(contact=contact.name, status=contact.account.status.value)
    if contact.address.country == UNKNOWN_COUNTRY:
        raise CountryUnknown(contact=contact.name)
    return contact
