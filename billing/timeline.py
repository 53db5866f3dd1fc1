"""The timeline: everything that happened to a contact, append-only."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Protocol

from billing.ids import ContactId, OperationId
from billing.models import Frozen
from billing.money import Money


class Happening(StrEnum):
    """What can happen. The texts layer has a sentence for each."""

    SUBSCRIPTION_STARTED = "subscription_started"
    SUBSCRIPTION_SCHEDULED = "subscription_scheduled"
    SUBSCRIPTION_ENDED = "subscription_ended"
    PAYMENT_LINK_SENT = "payment_link_sent"
    LINK_NOT_MAILED = "link_not_mailed"
    PAYMENT_LINK_EXPIRED = "payment_link_expired"
    PAYMENT_METHOD_ADDED = "payment_method_added"
    PAYMENT_METHOD_REMOVED = "payment_method_removed"
    PAYMENT_DECLINED = "payment_declined"
    PAYMENT_SUCCEEDED = "payment_succeeded"
    PAYMENT_FAILED = "payment_failed"
    PLAN_CHANGED = "plan_changed"
    PLAN_CHANGE_SCHEDULED = "plan_change_scheduled"
    PLAN_CHANGE_CALLED_OFF = "plan_change_called_off"
    OFFER_TAKEN = "offer_taken"
    REQUEST_FILED = "request_filed"
    REQUEST_APPROVED = "request_approved"
    REQUEST_REJECTED = "request_rejected"
    REQUEST_ASKED = "request_asked"
    REQUEST_ANSWERED = "request_answered"
    REQUEST_WITHDRAWN = "request_withdrawn"
    REQUEST_SCHEDULED = "request_scheduled"
    REQUEST_EFFECTIVE = "request_effective"
    REQUEST_KEPT = "request_kept"
    REQUEST_SUPERSEDED = "request_superseded"
    REQUEST_FAILED = "request_failed"
    USAGE_NOTICE = "usage_notice"
    RAISING_SWITCHED = "raising_switched"
    BILLING_CONTACT_CHANGED = "billing_contact_changed"
    BILL_TO_CHANGED = "bill_to_changed"
    BILLING_CONTACT_LINK_SENT = "billing_contact_link_sent"
    BILLING_CONTACT_NOT_MAILED = "billing_contact_not_mailed"
    BILLING_CONTACT_TOLD = "billing_contact_told"
    BILLING_CONTACT_NOT_TOLD = "billing_contact_not_told"
    BILLING_CONTACT_REPORTED = "billing_contact_reported"
    BILLING_CONTACT_FROZEN = "billing_contact_frozen"
    BILLING_CONTACT_UNFROZEN = "billing_contact_unfrozen"
    CARD_VERIFIED = "card_verified"
    CARD_NOT_VERIFIED = "card_not_verified"
    VERIFICATION_LOCKED = "verification_locked"
    VERIFICATION_UNLOCKED = "verification_unlocked"
    INVOICE_RECIPIENTS_CHANGED = "invoice_recipients_changed"
    INVOICE_SENT = "invoice_sent"
    INVOICE_SENT_AGAIN = "invoice_sent_again"
    INVOICE_NOT_MAILED = "invoice_not_mailed"
    INVOICE_LINKS_REVOKED = "invoice_links_revoked"
    INVOICE_REMINDED = "invoice_reminded"
    INVOICE_CHARGED = "invoice_charged"
    PAYMENT_RECORDED = "payment_recorded"
    INVOICE_CREDITED = "invoice_credited"
    INVOICE_REFUNDED = "invoice_refunded"
    INVOICE_NOT_REFUNDED = "invoice_not_refunded"
    REFUND_FAILED = "refund_failed"
    INVOICE_VOIDED = "invoice_voided"
    INVOICE_WRITTEN_OFF = "invoice_written_off"
    NUMBER_GIVEN_UP = "number_given_up"
    INVOICE_APPROVAL_ASKED = "invoice_approval_asked"
    INVOICE_APPROVED = "invoice_approved"
    INVOICE_REJECTED = "invoice_rejected"
    CONTACT_IMPORTED = "contact_imported"
    INVOICE_LINK_SENT = "invoice_link_sent"
    CHANGED_AT_STRIPE = "changed_at_stripe"


class Topic(StrEnum):
    """By which the timeline can be filtered."""

    OPERATIONS = "operations"
    PAYMENTS = "payments"
    FAILURES = "failures"
    DECISIONS = "decisions"
    MAILS = "mails"
    AT_STRIPE = "at_stripe"


_TOPICS: dict[Happening, tuple[Topic, ...]] = {
    Happening.PAYMENT_SUCCEEDED: (Topic.PAYMENTS,),
    Happening.INVOICE_CHARGED: (Topic.OPERATIONS, Topic.PAYMENTS),
    Happening.PAYMENT_RECORDED: (Topic.OPERATIONS, Topic.PAYMENTS),
    Happening.INVOICE_CREDITED: (Topic.OPERATIONS, Topic.PAYMENTS),
    Happening.INVOICE_REFUNDED: (Topic.OPERATIONS, Topic.PAYMENTS),
    Happening.INVOICE_NOT_REFUNDED: (Topic.OPERATIONS, Topic.FAILURES),
    Happening.REFUND_FAILED: (Topic.PAYMENTS, Topic.FAILURES),
    Happening.INVOICE_SENT: (Topic.OPERATIONS, Topic.MAILS),
    Happening.INVOICE_SENT_AGAIN: (Topic.OPERATIONS, Topic.MAILS),
    Happening.INVOICE_LINKS_REVOKED: (Topic.OPERATIONS,),
    Happening.INVOICE_REMINDED: (Topic.MAILS,),
    Happening.BILLING_CONTACT_NOT_MAILED: (Topic.MAILS, Topic.FAILURES),
    Happening.INVOICE_NOT_MAILED: (Topic.MAILS, Topic.FAILURES),
    Happening.INVOICE_APPROVAL_ASKED: (Topic.DECISIONS,),
    Happening.INVOICE_APPROVED: (Topic.DECISIONS,),
    Happening.INVOICE_REJECTED: (Topic.DECISIONS,),
    Happening.PAYMENT_FAILED: (Topic.FAILURES,),
    Happening.PAYMENT_DECLINED: (Topic.OPERATIONS, Topic.FAILURES),
    Happening.REQUEST_FAILED: (Topic.DECISIONS, Topic.FAILURES),
    Happening.PAYMENT_LINK_EXPIRED: (Topic.FAILURES,),
    Happening.LINK_NOT_MAILED: (Topic.MAILS, Topic.FAILURES),
    Happening.PAYMENT_LINK_SENT: (Topic.OPERATIONS, Topic.MAILS),
    Happening.INVOICE_LINK_SENT: (Topic.OPERATIONS, Topic.MAILS),
    Happening.USAGE_NOTICE: (Topic.MAILS,),
    Happening.CHANGED_AT_STRIPE: (Topic.AT_STRIPE,),
    Happening.PAYMENT_METHOD_ADDED: (Topic.AT_STRIPE,),
    Happening.PAYMENT_METHOD_REMOVED: (Topic.AT_STRIPE,),
    Happening.SUBSCRIPTION_ENDED: (Topic.AT_STRIPE,),
}


def topics(what: Happening) -> tuple[Topic, ...]:
    """What kind of thing it is; most are what a member of staff did."""
    if what.startswith("request_"):
        return _TOPICS.get(what, (Topic.DECISIONS,))
    return _TOPICS.get(what, (Topic.OPERATIONS,))


def happenings(topic: Topic) -> frozenset[Happening]:
    """Everything of that kind."""
    return frozenset(one for one in Happening if topic in topics(one))


class Entry(Frozen):
    """One thing that happened."""

    id: str  # unique; the same thing told twice is one entry
    contact: ContactId
    at: datetime  # UTC
    what: Happening
    by: str | None = None  # the staff member's name; None: the customer, or Stripe by itself
    on_behalf_of: str | None = None
    amount: Money | None = None
    operation: OperationId | None = None
    stripe_id: str | None = None
    parameters: dict[str, str | int | None] = {}


class Page(Frozen):
    """A page of the timeline, newest first."""

    entries: tuple[Entry, ...] = ()
    older: str | None = None  # give it back to read the next page; None: this is the end


class Wanted(Frozen):
    """A filter: what kind of thing, and since when."""

    topic: Topic | None = None  # None: everything
    since: datetime | None = None  # UTC


EVERYTHING = Wanted()


class Timeline(Protocol):
    """The rows of the timeline. There is no way to change or delete one."""

    def append(self, entry: Entry) -> bool:
        """False if an entry with this id is there already."""

    def received(self, invoice: str) -> int:
        """Minor units that it says of payments for that invoice of Stripe's."""

    def page(self, contact: ContactId, limit: int = 10, before: str | None = None, wanted: Wanted = EVERYTHING) -> Page:
        """Raise NotFound for a `before` that was never given out."""
