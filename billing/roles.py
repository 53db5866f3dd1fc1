"""Roles, permissions, and the one table that says who may do what (H16)."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What a member of staff is for us. One person may have several."""

    AGENT = "agent"
    SALES = "sales"
    MANAGER = "manager"
    ADMIN = "admin"


class Permission(StrEnum):
    FIND_CONTACTS = "find_contacts"
    SEE_CONTACT = "see_contact"
    CREATE_SUBSCRIPTION = "create_subscription"
    SEND_PAYMENT_LINK = "send_payment_link"
    CHANGE_PLAN = "change_plan"
    FILE_CHANGE_REQUEST = "file_change_request"
    GRANT_OFFER = "grant_offer"
    DECIDE_CHANGE_REQUEST = "decide_change_request"
    EXPORT_CHANGE_REQUESTS = "export_change_requests"
    SEE_BILLING_CONTACT = "see_billing_contact"
    CHANGE_BILLING_CONTACT = "change_billing_contact"
    UNLOCK_BILLING_CONTACT = "unlock_billing_contact"
    DRAFT_INVOICE = "draft_invoice"
    SEND_INVOICE = "send_invoice"
    TAKE_PAYMENT = "take_payment"
    REFUND = "refund"
    VOID_INVOICE = "void_invoice"
    GIVE_UP_NUMBER = "give_up_number"
    APPROVE_INVOICE = "approve_invoice"
    CHARGE_INVOICE = "charge_invoice"
    EXPORT_TIMELINE = "export_timeline"
    SEE_BUSINESS = "see_business"
    MANAGE_STAFF = "manage_staff"


_EVERYONE = (Role.AGENT, Role.SALES, Role.MANAGER, Role.ADMIN)

# The one place that says who may do what (H16). Rows: what is done. Columns: who may.
PERMISSIONS: dict[Permission, tuple[Role, ...]] = {
    Permission.FIND_CONTACTS: _EVERYONE,
    Permission.SEE_CONTACT: _EVERYONE,
    Permission.CREATE_SUBSCRIPTION: (Role.SALES, Role.AGENT, Role.MANAGER),
    Permission.SEND_PAYMENT_LINK: (Role.SALES, Role.AGENT, Role.MANAGER),
    Permission.CHANGE_PLAN: (Role.SALES, Role.AGENT, Role.MANAGER),
    Permission.FILE_CHANGE_REQUEST: (Role.SALES, Role.AGENT, Role.MANAGER),
    Permission.GRANT_OFFER: (Role.SALES, Role.AGENT, Role.MANAGER),
    Permission.DECIDE_CHANGE_REQUEST: (Role.MANAGER,),
    Permission.EXPORT_CHANGE_REQUESTS: (Role.MANAGER, Role.ADMIN),
    Permission.SEE_BILLING_CONTACT: (Role.AGENT, Role.SALES, Role.MANAGER),
    Permission.CHANGE_BILLING_CONTACT: (Role.AGENT, Role.MANAGER),
    Permission.UNLOCK_BILLING_CONTACT: (Role.MANAGER,),
    Permission.DRAFT_INVOICE: (Role.SALES, Role.AGENT, Role.MANAGER),
    Permission.SEND_INVOICE: (Role.SALES, Role.MANAGER),
    Permission.TAKE_PAYMENT: (Role.SALES, Role.MANAGER),
    Permission.REFUND: (Role.MANAGER,),
    Permission.VOID_INVOICE: (Role.MANAGER,),
    Permission.GIVE_UP_NUMBER: (Role.ADMIN,),
    Permission.APPROVE_INVOICE: (Role.MANAGER,),
    Permission.CHARGE_INVOICE: (Role.SALES, Role.AGENT, Role.MANAGER),
    Permission.EXPORT_TIMELINE: (Role.MANAGER, Role.ADMIN),
    Permission.SEE_BUSINESS: (Role.MANAGER, Role.ADMIN),
    Permission.MANAGE_STAFF: (Role.ADMIN,),
}
