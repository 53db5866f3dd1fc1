"""Contacts: who is billed, their account and members, and what Stripe has of them (the mirror)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Protocol

from anyascii import anyascii
from pydantic import Field

from billing.ids import ContactId, CustomerId, InvoiceId, LookupKey, PaymentMethodId, ScheduleId, SubscriptionId
from billing.models import Frozen
from billing.money import Currency, Money, total

_WORD = re.compile(r"\w+")
UNKNOWN_COUNTRY = "ZZ"  # ISO 3166 leaves it free for this; Unicode calls it "unknown region"


class Portal(StrEnum):
    """How the customer manages billing at home (G7)."""

    ONLINE = "online"
    CORPORATE = "corporate"


class AccountStatus(StrEnum):
    ACTIVE = "active"
    SUSPENDED = "suspended"
    EXPIRED = "expired"
    CLOSED = "closed"


class MemberRight(StrEnum):
    """What a member of the customer's organisation is there (A1, G1, G12)."""

    PRIMARY_ADMIN = "primary_admin"
    ADMIN = "admin"
    PURCHASE = "purchase"
    CARD_HOLDER = "card_holder"
    BILLING_CONTACT = "billing_contact"


class Member(Frozen):
    name: str
    email: str
    rights: frozenset[MemberRight] = frozenset()


class Address(Frozen):
    line1: str = ""
    line2: str = ""
    postal_code: str = ""
    city: str = ""
    state: str = ""
    country: str  # ISO 3166-1 alpha-2


class Account(Frozen):
    """What the contact has with us."""

    portal: Portal = Portal.ONLINE
    status: AccountStatus = AccountStatus.ACTIVE
    plan: str | None = None  # "product/plan" in the catalogue
    active_contacts: int = 0
    contact_limit: int | None = None
    seats_used: int = 0
    seats: int | None = None


class Contact(Frozen):
    """The customer that is billed: one person or company, one Stripe customer."""

    id: ContactId
    customer: CustomerId
    name: str
    company: str = ""
    email: str = ""
    phone: str = ""
    currency: Currency
    language: str = "en"
    address: Address
    tax_id: str | None = None
    account: Account = Account()
    members: tuple[Member, ...] = ()
    since: date


class ContactSummary(Frozen):
    """One line of a search result."""

    id: ContactId
    name: str
    company: str
    email: str
    country: str
    member: str = ""  # whose name or address was found, if it is neither the contact's nor the company's


class Found(Frozen):
    """What a search found: "no match" is an empty `matches`, "keep typing" is `more`."""

    matches: tuple[ContactSummary, ...] = ()
    more: bool = False  # there are more than the limit
    guessed: bool = False  # nothing matched as typed; these are near in spelling

    def meant(self, typed: str) -> ContactSummary | None:
        """Whom somebody means who typed that; None where they have to say.

        The only one that was found; the only one whose name or address is just that; or the only one who has all of it
        as whole words, not as parts of others: "ada" is Ada Berger, though it stands in Papadakis, too.
        """
        if self.guessed:
            return None
        named, words = typed.casefold(), _words(typed)
        just_that = [one for one in self.matches if named in (one.email.casefold(), one.name.casefold())]
        with_words = [one for one in self.matches if words <= _words(one.name, one.company, one.email, one.member)]
        for found in (self.matches, just_that, () if self.more else with_words):
            if len(found) == 1:
                return found[0]
        return None


def _words(*texts: str) -> set[str]:
    return {word for text in texts for word in _WORD.findall(anyascii(text).casefold())}


class CardState(StrEnum):
    """Whether a card can still be charged, as far as its date tells."""

    GOOD = "good"
    EXPIRES = "expires"  # at the end of this month or of the next
    EXPIRED = "expired"


class PaymentMethod(Frozen):
    """A method on file: brand, last four digits and expiry, never more (HX5); see `hidden` for less."""

    id: PaymentMethodId
    brand: str  # visa, mastercard, sepa_debit, ...
    last4: str
    exp_month: int | None = None
    exp_year: int | None = None
    default: bool = False
    state: CardState | None = None  # only where digits and date are hidden: what the date would tell

    @property
    def is_card(self) -> bool:
        """Only cards run out, and only they say at once whether they pay: a debit takes days."""
        return self.exp_month is not None or self.state is not None

    def standing(self, today: date) -> CardState | None:
        """A card is good until the last day of its month. None: it never runs out."""
        if self.exp_month is None or self.exp_year is None:
            return self.state
        months_left = (self.exp_year - today.year) * 12 + self.exp_month - today.month
        if months_left < 0:
            return CardState.EXPIRED
        return CardState.EXPIRES if months_left <= 1 else CardState.GOOD

    def expired(self, today: date) -> bool:
        return self.standing(today) is CardState.EXPIRED

    def hidden(self, today: date) -> PaymentMethod:
        """The same for who may see neither digits nor date (G11): which kind it is, and whether it is still good."""
        return PaymentMethod(id=self.id, brand=self.brand, last4="", default=self.default, state=self.standing(today))


class SubscriptionStatus(StrEnum):
    """Stripe's statuses, and `scheduled` for one that starts later."""

    SCHEDULED = "scheduled"
    TRIALING = "trialing"
    ACTIVE = "active"
    PAST_DUE = "past_due"
    UNPAID = "unpaid"
    PAUSED = "paused"
    INCOMPLETE = "incomplete"
    INCOMPLETE_EXPIRED = "incomplete_expired"
    CANCELED = "canceled"

    @property
    def runs(self) -> bool:
        """It will be billed again."""
        return self in _RUNNING

    @property
    def has_ended(self) -> bool:
        """For good: nothing about it can be changed any more."""
        return self in (SubscriptionStatus.CANCELED, SubscriptionStatus.INCOMPLETE_EXPIRED)


_RUNNING = {
    SubscriptionStatus.SCHEDULED,
    SubscriptionStatus.TRIALING,
    SubscriptionStatus.ACTIVE,
    SubscriptionStatus.PAST_DUE,
}


class SubscriptionItem(Frozen):
    """One line of a subscription: so many of one price."""

    product: str  # what a person calls it: "Marketing Plus"
    price: LookupKey | None  # None: a price that is not in our catalogue
    quantity: int
    unit_amount: Money  # per interval, before discount and tax

    @property
    def amount(self) -> Money:
        return self.unit_amount * self.quantity


class Subscription(Frozen):
    """A running or past subscription, as Stripe has it."""

    id: SubscriptionId
    status: SubscriptionStatus
    items: Annotated[tuple[SubscriptionItem, ...], Field(min_length=1)]  # what was sold first, then what was added
    interval: str  # day, week, month, year; the same for all items
    interval_count: int = 1
    by_invoice: bool = False  # the customer is sent invoices; nothing is charged by itself
    discount: str | None = None  # the coupon's code
    payment_method: PaymentMethodId | None = None  # None: the customer's default
    started_at: datetime  # UTC
    anchor: datetime | None = None  # UTC; its periods are counted from there: the end of a trial, a fixed billing day
    current_period_start: datetime | None = None  # UTC
    current_period_end: datetime | None = None  # UTC
    cancel_at: datetime | None = None  # UTC
    schedule: ScheduleId | None = None  # a change that waits at Stripe for its day

    @property
    def product(self) -> str:
        """What a person calls it: by what was sold first."""
        return self.items[0].product

    @property
    def amount(self) -> Money:
        """Per interval, before discount and tax."""
        return total((item.amount for item in self.items), self.items[0].unit_amount.currency)


class InvoiceStatus(StrEnum):
    DRAFT = "draft"
    OPEN = "open"
    PAID = "paid"
    VOID = "void"
    UNCOLLECTIBLE = "uncollectible"

    @property
    def is_payable(self) -> bool:
        """What was written off can still be paid (docs: "How invoicing works")."""
        return self in (InvoiceStatus.OPEN, InvoiceStatus.UNCOLLECTIBLE)


class Invoice(Frozen):
    """An invoice, as Stripe has it."""

    id: InvoiceId
    number: str | None
    status: InvoiceStatus
    total: Money
    due: Money  # what is still to be paid
    created_at: datetime  # UTC
    due_at: datetime | None = None  # UTC
    subscription: SubscriptionId | None = None
    url: str | None = None  # Stripe's hosted page
    paid: int = 0  # minor units of what was paid, by whatever way
    reduced: int = 0  # minor units that credit notes took off before they were paid
    given_back: int = 0  # minor units that credit notes gave back after they were paid (HX20)
    refunded: int = 0  # minor units that cards got back without a credit note; below zero: a credit note's came back

    @property
    def left_to_credit(self) -> Money:
        """What nobody has taken back yet."""
        return self.total.with_amount(self.total.amount - self.reduced - self.given_back - max(0, self.refunded))

    @property
    def charge(self) -> Money:
        """What was paid and what is still to be paid: its total after the customer's balance."""
        return self.due.with_amount(self.paid + self.due.amount)

    @property
    def progress(self) -> int:
        """How far it has come: an issued invoice is never a draft again, a paid one never open."""
        return _LIFE.index(self.status)

    def is_beyond(self, other: Invoice) -> bool:
        """Whether it is a later state of that invoice: what was paid or credited stays so."""
        settled = self.paid + self.reduced + self.given_back
        return (self.progress, settled) > (other.progress, other.paid + other.reduced + other.given_back)

    pdf: str | None = None  # the document, at Stripe
    by_invoice: bool = False  # the customer is sent it; nothing is charged by itself
    attempts: int = 0  # at charging it by itself
    next_attempt_at: datetime | None = None  # UTC; None: Stripe will not try again
    decline: str | None = None  # why the last attempt failed: the bank's code

    @property
    def failing(self) -> bool:
        """Stripe tried to charge it and could not (HX1)."""
        return self.status is InvoiceStatus.OPEN and self.tried_in_vain

    @property
    def tried_in_vain(self) -> bool:
        """The same, also where Stripe wrote it off after the last try, as its settings may say."""
        return self.status.is_payable and not self.by_invoice and self.attempts > 0

    def overdue(self, now: datetime) -> bool:
        return self.status is InvoiceStatus.OPEN and self.due_at is not None and self.due_at < now


# From the beginning to the end. What was written off can still be paid or cancelled.
_LIFE = (
    InvoiceStatus.DRAFT,
    InvoiceStatus.OPEN,
    InvoiceStatus.UNCOLLECTIBLE,
    InvoiceStatus.PAID,
    InvoiceStatus.VOID,
)


def newest(known: Iterable[Invoice], read: Iterable[Invoice]) -> tuple[Invoice, ...]:
    """The invoices as they were read, but for those that are known to be further: whoever read them was held up.

    A draft that was not read is gone; anything else was issued after the reading began.
    """
    there = {one.id: one for one in known}
    found = {one.id: one for one in read}
    kept = (one for one in there.values() if one.id not in found and one.status is not InvoiceStatus.DRAFT)
    further = (
        there[one.id] if one.id in there and one.progress < there[one.id].progress else one for one in found.values()
    )
    return (*kept, *further)


class Part(StrEnum):
    """Of what the mirror keeps of a customer."""

    PAYMENT_METHODS = "payment_methods"
    SUBSCRIPTIONS = "subscriptions"
    INVOICES = "invoices"
    BALANCE = "balance"


class CustomerSnapshot(Frozen):
    """Everything that the mirror keeps of one Stripe customer, read at one time."""

    customer: CustomerId
    deleted: bool = False  # at Stripe: who it was is not told any more, and nothing runs
    read_at: datetime | None = None  # UTC, before the first look at Stripe; None: newer than everything
    covers: int = 0  # the newest event of the customer that had arrived before the first look; 0: not asked
    name: str
    email: str
    phone: str
    currency: Currency | None  # None: nothing was ever billed
    address: Address | None
    language: str | None
    created_at: datetime  # UTC
    balance: Money  # credit is positive: what we owe the customer
    payment_methods: tuple[PaymentMethod, ...] = ()
    subscriptions: tuple[Subscription, ...] = ()
    invoices: tuple[Invoice, ...] = ()  # newest first


def billed_as(contact: Contact) -> str:
    """The one name that Stripe has: the company where there is one, else the person."""
    return contact.company or contact.name


def called_at(contact: Contact, address: str) -> str:
    """Who reads mails there: the member with that address, else the contact; empty for an address of nobody known."""
    if member := next((one for one in contact.members if _same(one.email, address)), None):
        return member.name
    return contact.name if _same(contact.email, address) else ""


def from_stripe(
    contact: Contact, found: CustomerSnapshot, former_name: str | None = None, former_email: str | None = None
) -> Contact:
    """What Stripe knows better, laid over what we have; account, language and the members' rights are ours.

    `former_name`, `former_email`: the customer's at Stripe before, where an event tells of a change of them. Of a
    deleted customer Stripe knows nothing, and the contact stays as it was.
    """
    if found.deleted:
        return contact
    now = contact.model_copy(
        update={
            **_names(contact, found.name, former_name),
            "email": _own_email(contact, found.email, former_email),
            "phone": found.phone,
            "address": found.address or contact.address,
            "currency": found.currency or contact.currency,
        }
    )
    return now.model_copy(update={"members": _followed(contact, now, found.email, former_email)})


def _names(contact: Contact, new: str, former: str | None) -> dict[str, str]:
    """Stripe has one name where we have two. Whether it was the company's or the person's, only what it was before
    can tell; where that is not known either, both stay until the event comes.
    """
    if not new or new in (contact.name, contact.company):
        return {}
    if contact.company and former == contact.company:
        return {"company": new}
    is_known = not contact.company or former == contact.name or _holder(contact) is None
    return {"name": new} if is_known else {}


def _own_email(contact: Contact, new: str, former: str | None) -> str:
    """Stripe has one address, too: that of the billing contact, once somebody was made that (G20). Then the contact's
    own stays as it is, and an address that replaces neither waits for the event about it.
    """
    holder = _holder(contact)
    if holder is None or _same(holder.email, contact.email) or _same(former, contact.email):
        return new
    return contact.email if former is not None or _same(new, holder.email) else new


def _followed(before: Contact, now: Contact, new: str, former: str | None) -> tuple[Member, ...]:
    """The billing contact has the new name and address, where the former ones were theirs (G1).

    Whoever has other rights keeps them under the address that they have them by: Stripe gives nobody any. No address
    is listed twice.
    """
    right = frozenset({MemberRight.BILLING_CONTACT})
    holder = _holder(now)
    if holder is None:
        return now.members
    name = now.name if holder.name == before.name else holder.name
    was_theirs = _same(holder.email, before.email) or _same(holder.email, former)
    if not new or _same(new, holder.email) or not was_theirs:
        return _with(now.members, holder, Member(name=name, email=holder.email, rights=holder.rights))
    there = next((one for one in now.members if _same(one.email, new)), None)
    moved = Member(name=name, email=new, rights=right)
    if there is None and holder.rights == right:
        return _with(now.members, holder, moved)
    members = _with(now.members, holder, holder.model_copy(update={"rights": holder.rights - right}))
    if there is None:
        return (*members, moved)
    return _with(members, there, there.model_copy(update={"rights": there.rights | right}))


def _holder(contact: Contact) -> Member | None:
    return next((one for one in contact.members if MemberRight.BILLING_CONTACT in one.rights), None)


def _same(one: str | None, other: str | None) -> bool:
    """Whether it is the same address, however it is capitalised."""
    return one is not None and other is not None and one.casefold() == other.casefold()


def _with(members: tuple[Member, ...], former: Member, new: Member) -> tuple[Member, ...]:
    return tuple(new if one is former else one for one in members)


class Contacts(Protocol):
    """The rows about contacts and their members."""

    def get(self, contact: ContactId) -> Contact:
        """Raise UnknownContact."""

    def known(self, some: Collection[ContactId]) -> dict[ContactId, Contact]:
        """Those of them that there are."""

    def by_customer(self, customer: CustomerId) -> Contact | None: ...

    def by_member(self, email: str) -> tuple[Contact, ...]:
        """Those who have a member with that e-mail address, however it is capitalised; at most ten."""

    def find(self, text: str, limit: int = 100) -> Found:
        """Search by name, company, e-mail, phone and Stripe id: prefix and middle of a word, accents folded.

        A whole e-mail address or Stripe id that somebody has finds nobody else. Spelling mistakes are forgiven only
        when nothing matched as typed. An empty text finds nobody.
        """

    def recent(self, user: str, limit: int = 10) -> tuple[ContactSummary, ...]:
        """The contacts this member of staff acted on last, newest first."""

    def save(self, contact: Contact) -> None:
        """Insert, or replace the one with the same id, members included."""


class Mirror(Protocol):
    """The local copy of what Stripe has. Read by everybody, written when Stripe told us."""

    def payment_methods(self, contact: ContactId) -> tuple[PaymentMethod, ...]:
        """The default first."""

    def subscriptions(self, contact: ContactId) -> tuple[Subscription, ...]:
        """Running ones first, newest first within."""

    def invoices(
        self,
        contact: ContactId,
        limit: int = 10,
        before: InvoiceId | None = None,
        statuses: frozenset[InvoiceStatus] = frozenset(),
    ) -> tuple[Invoice, ...]:
        """Newest first; `before` continues after the last one seen. Without `statuses`: all."""

    def open_invoices(
        self, contact: ContactId, limit: int = 100, after: InvoiceId | None = None
    ) -> tuple[Invoice, ...]:
        """Those that wait for a payment, by the day on which they were to be paid (GX12).

        `after` continues after the last one seen; when that is open no more, its place still counts.
        """

    def open_sums(self, contact: ContactId) -> dict[Currency, tuple[int, Money]]:
        """How many wait for a payment, and what they come to, by currency."""

    def invoice(self, contact: ContactId, invoice: InvoiceId) -> Invoice | None: ...

    def whose_invoice(self, invoice: InvoiceId) -> tuple[ContactId, Invoice] | None:
        """That invoice, and whose it is."""

    def add_invoice(self, contact: ContactId, invoice: Invoice) -> None:
        """Insert or replace what an operation has issued or settled, unless a later state of it is known."""

    def balance(self, contact: ContactId) -> Money | None: ...

    def covers(self, contact: ContactId) -> int:
        """The position of the newest event that the mirror of this contact is known to contain; 0: of none."""

    def unseen(self, since: datetime, after: CustomerId | None, limit: int = 100) -> tuple[CustomerId, ...]:
        """Customers with something that runs or could be charged whose mirror was not read since then, by id."""

    def is_older(self, contact: ContactId, snapshot: CustomerSnapshot) -> bool:
        """Whether it was read before the mirror was last written, by a later snapshot or by an operation."""

    def add_subscription(self, contact: ContactId, subscription: Subscription, invoice: Invoice | None) -> None:
        """Insert or replace what an operation has just created."""

    def replace(self, contact: ContactId, snapshot: CustomerSnapshot) -> frozenset[Part]:
        """Make the mirror of this contact equal to the snapshot; tell what was different.

        A snapshot that was read before the one that the mirror has changes nothing: whoever read it was held up.
        """
