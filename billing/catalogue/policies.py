"""Rules of the house about plan changes, billing contacts and invoices, where the sources leave a choice or contradict
each other.

The default is always what the source document says; the other reading is a setting in the catalogue's file.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field, StrictBool, StrictInt

from billing.catalogue.coupons import Code
from billing.catalogue.labels import Amounts, Id, Label, Percent
from billing.models import Frozen
from billing.money import Money
from billing.roles import PERMISSIONS, Permission, Role


class LowerLimit(StrEnum):
    """How a contact limit is lowered (K3)."""

    REQUEST = "request"  # A13: a manager decides
    SELF_SERVICE = "self_service"  # AX3: at once asked for, effective with the next period


class RaiseByItself(StrEnum):
    """Whether a contact limit that is reached is raised without being asked (K4)."""

    NEVER = "never"  # A3
    OPT_IN = "opt_in"  # AX5: for accounts that switched it on


class Proration(StrEnum):
    """What an upgrade in the middle of a period costs (K5)."""

    DIFFERENCE = "difference"  # the rest of the new plan, less the rest of what was paid for
    FULL_PRICE = "full_price"  # AX1's example: the rest of the new plan, and nothing is credited


class TakesEffect(StrEnum):
    """When an approved downgrade takes effect (K7)."""

    PERIOD_END = "period_end"  # AX2, HX17
    AT_ONCE = "at_once"  # GX8


class ReasonCode(StrEnum):
    """Why a customer wants less (HX17)."""

    TOO_EXPENSIVE = "too_expensive"
    TOO_MANY_CONTACTS = "too_many_contacts"
    FEATURES_NOT_USED = "features_not_used"
    SEASONAL = "seasonal"
    MOVES_TO_COMPETITOR = "moves_to_competitor"
    BOUGHT_BY_MISTAKE = "bought_by_mistake"
    OTHER = "other"  # needs words


class DiscountOffer(Frozen):
    """`[[plan_changes.offers]]`: what is offered to who wants less (HX17)."""

    coupon: Code
    reasons: tuple[ReasonCode, ...] = ()  # empty: whatever the reason

    def is_for(self, reason: ReasonCode) -> bool:
        return not self.reasons or reason in self.reasons


class CorporateChange(StrEnum):
    """How a corporate account changes its billing contact (K6)."""

    SELF_SERVICE = "self_service"  # G14: the billing contact by themselves, or support
    SUPPORT_ONLY = "support_only"  # GX15


class CardDetails(StrEnum):
    """Who sees last four digits and expiry of the cards on file, which a requester proves themselves with (G11)."""

    SHOWN = "shown"  # HX5: everybody who sees the customer
    PAYMENTS_ONLY = "payments_only"  # who may take payments; others see brand and state


Hours = Annotated[StrictInt, Field(ge=1, le=24 * 90)]


class ChangePolicy(Frozen):
    """`[plan_changes]` of the file."""

    lower_limit: LowerLimit = LowerLimit.REQUEST
    raise_by_itself: RaiseByItself = RaiseByItself.NEVER
    proration: Proration = Proration.DIFFERENCE
    downgrade: TakesEffect = TakesEffect.PERIOD_END
    second_approval_above: Amounts = Field(default_factory=dict)  # minor units lost a month; none: one is enough
    remind_after_hours: Hours = 24  # then again and again
    escalate_after_hours: Hours = 72  # then the deputies are asked, too
    offers: tuple[DiscountOffer, ...] = ()  # HX17: optional; the first that a customer can have is made

    def offered_for(self, reason: ReasonCode) -> tuple[str, ...]:
        """The codes of the coupons that are offered for that reason, in the order of the file."""
        return tuple(one.coupon for one in self.offers if one.is_for(reason))

    def approvals_for(self, lost_a_month: Money) -> int:
        """How many managers have to agree when so much is lost every month (a positive amount)."""
        limit = self.second_approval_above.get(lost_a_month.currency)
        return 2 if limit is not None and lost_a_month.amount > limit else 1


# Mailboxes that are read by whoever is on duty (SX7), in English and German; hyphens stand for any sign, or for none.
_ROLE_MAILBOXES = (
    "abteilung", "abuse", "accounting", "accounts", "accounts-payable", "accounts-receivable", "admin", "administrator",
    "ap", "billing", "bookkeeping", "buchhaltung", "contact", "customer-care", "customer-service", "department", "desk",
    "do-not-reply", "einkauf", "empfang", "enquiries", "feedback", "finance", "finanzen", "hallo", "hello", "help",
    "help-desk", "hilfe", "hostmaster", "hotline", "hr", "info", "inquiries", "invoice", "invoices", "it", "kontakt",
    "kreditoren", "kundenbetreuung", "kundendienst", "kundenservice", "mail", "mailbox", "no-reply", "office", "orders",
    "payables", "payments", "payroll", "post", "postmaster", "poststelle", "procurement", "purchasing", "reception",
    "rechnung", "rechnungen", "rechnungswesen", "sales", "security", "sekretariat", "service", "service-desk",
    "support", "team", "verwaltung", "webmaster", "zentrale",
)  # fmt: skip


class BillingContactPolicy(Frozen):
    """`[billing_contact]` of the file: how a billing contact is changed, and by whom."""

    corporate: CorporateChange = CorporateChange.SELF_SERVICE
    tries: Annotated[StrictInt, Field(ge=1, le=10)] = 3  # wrong answers about the card before the account is locked
    lock_hours: Hours = 24
    link_hours: Hours = 48  # as long the customer's own link is good
    report_days: Annotated[StrictInt, Field(ge=1, le=90)] = 30  # as long a change can be reported as a fraud
    role_addresses: tuple[Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")], ...] = _ROLE_MAILBOXES
    verify_tax_id: StrictBool = False  # ask the official service (VIES) about VAT ids of the EU
    card_details: CardDetails = CardDetails.SHOWN


class EditSent(StrEnum):
    """Whether memo, order number and recipients of an invoice can still be changed after a part was paid (K8)."""

    NEVER = "never"  # HX9: only drafts are edited
    UNTIL_PAID = "until_paid"  # what does not change an amount, until nothing remains to be paid


class GrantLimit(Frozen):
    """What a role may grant on its own; above it a manager decides."""

    discount: Percent | None = None  # percent off what the invoice would cost at the catalogue's prices; None: no limit
    total: Amounts = Field(default_factory=dict)  # minor units; a currency that is not named has no limit


MOST_FIELDS = 3  # Stripe takes four on an invoice, and the customer's purchase order number is one
_LONGEST_NAME = 40  # characters, as Stripe takes


def _short(name: Label) -> Label:
    if max(len(name.en), len(name.de)) > _LONGEST_NAME:
        raise ValueError(f"has at most {_LONGEST_NAME} characters in each language")
    return name


ShortLabel = Annotated[Label, AfterValidator(_short)]


class InvoiceField(Frozen):
    """Something of the house's own that is said on invoices: a project, a cost centre (HX15)."""

    id: Id
    name: ShortLabel
    required: StrictBool = False  # without it nothing is sent


class Place(StrEnum):
    """Where the team is told of something."""

    SENDER = "sender"  # who sent the invoice, or started the subscription, by direct message
    CHANNEL = "channel"  # the managers' channel; without one, the managers by direct message


Places = Annotated[tuple[Place, ...], AfterValidator(lambda places: tuple(dict.fromkeys(places)))]


class TeamNotices(Frozen):
    """Where the team is told (HX15); nowhere: it is not."""

    paid: Places = (Place.SENDER,)
    failed: Places = (Place.SENDER,)
    auto_failed: Places = (Place.SENDER, Place.CHANNEL)  # what Stripe charges by itself, and where there is no card
    not_sent: Places = (Place.SENDER, Place.CHANNEL)  # an invoice, or a mail about one


class CustomerNotices(Frozen):
    """What the customer is mailed (HX15)."""

    received: StrictBool = True  # the invoice itself
    paid: StrictBool = True  # thanks for a payment
    failed: StrictBool = True  # a payment that did not go through
    auto_payment: StrictBool = True  # the card on file was charged


def _in_order(days: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(sorted(set(days)))


class InvoicePolicy(Frozen):
    """`[invoices]` of the file."""

    series: Annotated[str, Field(pattern=r"^[A-Z]{1,8}$")] = "INV"  # of the numbers: INV-2026-00001
    due_days: Annotated[StrictInt, Field(ge=0, le=365)] = 14  # HX15
    title: ShortLabel | None = None  # what the document is called unless somebody writes something else; none: Invoice
    fields: Annotated[tuple[InvoiceField, ...], Field(max_length=MOST_FIELDS)] = ()  # HX15
    terms: Label | None = None  # what stands under an invoice unless somebody writes something else
    remind: Annotated[
        tuple[Annotated[StrictInt, Field(ge=-60, le=365)], ...], Field(max_length=10), AfterValidator(_in_order)
    ] = (-3, 0, 7, 14)  # days after the due date; negative: before (HX19)
    edit_sent: EditSent = EditSent.NEVER
    tell_team: TeamNotices = TeamNotices()
    tell_customer: CustomerNotices = CustomerNotices()
    limits: dict[Role, GrantLimit] = Field(default_factory=dict)  # by role; none: no limit

    def limit_of(self, roles: frozenset[Role]) -> GrantLimit | None:
        """The limit of somebody with those roles: managers have none, and of several roles the freest counts.

        Roles that may not send do not free somebody from the limit of one that may.
        """
        if Role.MANAGER in roles:
            return None
        held = roles.intersection(PERMISSIONS[Permission.SEND_INVOICE]) or roles - {Role.ADMIN}
        limits = [self.limits[role] for role in held if role in self.limits]
        if not limits or len(limits) < len(held):
            return None
        discounts = [one.discount for one in limits if one.discount is not None]
        named = set.intersection(*(set(one.total) for one in limits))
        return GrantLimit(
            discount=max(discounts) if len(discounts) == len(limits) else None,
            total={currency: max(one.total[currency] for one in limits) for currency in named},
        )


class AfterLastTry(StrEnum):
    """What Stripe is set up to do with a subscription whose payment failed for the last time (HX1)."""

    UNPAID = "unpaid"  # it stays, and is invoiced on, but nothing is charged
    CANCEL = "cancel"
    PAST_DUE = "past_due"  # it stays overdue


class DunningPolicy(Frozen):
    """`[dunning]` of the file: what people are told. When Stripe tries again is set at Stripe, and read from there."""

    after_last_try: AfterLastTry = AfterLastTry.UNPAID
