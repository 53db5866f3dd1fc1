"""What holds for this very account: the facts behind the ten questions that the help answers (G22 to G31)."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from billing.billing_contacts.model import ADMINS, MAY_ASK, billing_contact
from billing.billing_contacts.rules import has_self_service, stops
from billing.contacts import Contact, InvoiceStatus, Member, MemberRight
from billing.errors import Reason
from billing.ids import ContactId
from billing.models import Frozen
from billing.ports import UnitOfWork
from billing.roles import Permission

_INVOICES = 100  # that are looked at for open ones


class Topic(StrEnum):
    """The related topics of the help page, by the word that is typed for them."""

    FAQ = "billing-faq"  # G22
    PLAN = "plan-change"  # G23
    PAYMENT_METHOD = "payment-method"  # G24
    INVOICES = "invoice-history"  # G25
    REACTIVATE = "reactivate"  # G26
    SIGN_IN = "sign-in"  # G27
    WHO = "billing-contact"  # G28
    KINDS = "account-types"  # G29
    WHY_NOT = "why-not"  # G30
    PAY = "pay-online"  # G31


class Explanation(Frozen):
    """The facts; the views make sentences of those that belong to the topic."""

    topic: Topic
    contact: Contact
    current: Member
    stops: tuple[Reason, ...]  # what keeps the billing contact from being changed with proof
    self_service: bool
    admins: tuple[str, ...]  # who may be told, beside the billing contact
    may_ask: tuple[str, ...]  # card holders and admins
    may_purchase: tuple[str, ...]
    invoices: int
    open_invoices: int
    cards: int
    ends_on: date | None  # a cancelled subscription still runs until then


def topic_of(word: str) -> Topic:
    """The topic of that name; the last question for what is none: a forged or outdated menu."""
    return Topic(word) if word in set(Topic) else Topic.WHY_NOT


def explain(uow: UnitOfWork, contact_id: ContactId, topic: Topic) -> Explanation:
    uow.actor.require(Permission.SEE_BILLING_CONTACT)
    contact = uow.contacts.get(contact_id)
    invoices = uow.mirror.invoices(contact_id, limit=_INVOICES)
    ends = [one.cancel_at for one in uow.mirror.subscriptions(contact_id) if one.status.runs and one.cancel_at]
    return Explanation(
        topic=topic,
        contact=contact,
        current=billing_contact(contact),
        stops=tuple(one.reason for one in stops(uow, contact)),
        self_service=has_self_service(uow, contact),
        admins=_names(contact, ADMINS),
        may_ask=_names(contact, MAY_ASK),
        may_purchase=tuple(one.name for one in contact.members if _may_purchase(one)),
        invoices=len(invoices),
        open_invoices=sum(one.status is InvoiceStatus.OPEN for one in invoices),
        cards=len(uow.mirror.payment_methods(contact_id)),
        ends_on=min(ends).astimezone(uow.catalogue.business.zone).date() if ends else None,
    )


def _names(contact: Contact, rights: frozenset[MemberRight]) -> tuple[str, ...]:
    return tuple(one.name for one in contact.members if not one.rights.isdisjoint(rights))


def _may_purchase(member: Member) -> bool:
    """A1: the primary admin, or an admin with purchase permission."""
    return MemberRight.PRIMARY_ADMIN in member.rights or {MemberRight.ADMIN, MemberRight.PURCHASE} <= member.rights
