"""What an invoice of ours is, its states, and its rows.

    draft ── send ──> sending (it has a number) ── Stripe has it ──> issued
                                  └── Stripe never will ──> cancelled

What an issued invoice is beyond that (sent, overdue, partly paid, paid, refunded, void, uncollectible) is worked out
from Stripe's invoice in the mirror: `state`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Protocol, Self

from pydantic import Field, model_validator

from billing.catalogue.labels import Percent
from billing.change_requests.model import Decision, Person, Place, RequestFilter, RequestState
from billing.contacts import Invoice, InvoiceStatus
from billing.errors import KontorError
from billing.ids import ContactId, InvoiceId, OperationId, SalesInvoiceId, TeamId, UserId
from billing.models import Frozen
from billing.money import Currency, Money

MOST_LINES = 100
MOST_RECIPIENTS = 5  # GX11
LONGEST_DESCRIPTION = 250  # characters
LONGEST_MEMO = 500
LONGEST_TERMS = 2000
LONGEST_ORDER_NUMBER = 60
LONGEST_TITLE = 40
LONGEST_FIELD = 140  # as Stripe takes
LONGEST_REASON = 300  # why it was credited, cancelled, written off or never sent
LARGEST = 99_999_999_999  # minor units: of a price, and of what a line comes to

AUTOMATIC = "auto"  # the tax of the customer's country
UNTAXED = "none"


class Discount(Frozen):
    """A percentage, or an amount in minor units of the invoice's currency; never both."""

    percent: Annotated[Percent, Field(gt=0)] | None = None
    amount: Annotated[int, Field(gt=0, le=LARGEST)] | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.percent is None) == (self.amount is None):
            raise ValueError("a discount is a percentage or an amount")
        return self

    def off(self, amount: Money) -> Money:
        """What is taken off: never more than there is."""
        if self.percent is not None:
            return amount.percent(self.percent)
        return min(amount.with_amount(self.amount or 0), amount)


class Line(Frozen):
    """One line: so many of something at a price. `tax` is AUTOMATIC, UNTAXED or the name of a rate."""

    id: str  # unique within the invoice: l1, l2, …; never given again
    version: int  # of the invoice when this line was last changed
    description: Annotated[str, Field(min_length=1, max_length=LONGEST_DESCRIPTION)]
    quantity: Annotated[Decimal, Field(gt=0, le=999_999, max_digits=9, decimal_places=3)]
    unit: Money
    list_price: Money | None = None  # in the catalogue when it was chosen there: what is below it is given away
    product: str = ""  # the product in the catalogue whose tax counts (HX14)
    tax: str = AUTOMATIC
    discount: Discount | None = None


class FieldValue(Frozen):
    """What somebody has filled into a field of the house's own, with its name in the document's language (HX15)."""

    id: str  # in the catalogue
    name: str
    value: Annotated[str, Field(min_length=1, max_length=LONGEST_FIELD)]


class Details(Frozen):
    """Everything of an invoice but its lines. A day (`due_on`) counts before a number of days."""

    due_days: Annotated[int, Field(ge=0, le=365)] = 14
    due_on: date | None = None  # in the business's time zone
    discount: Discount | None = None  # off the whole
    memo: Annotated[str, Field(max_length=LONGEST_MEMO)] = ""
    terms: Annotated[str, Field(max_length=LONGEST_TERMS)] = ""
    order_number: Annotated[str, Field(max_length=LONGEST_ORDER_NUMBER)] = ""  # the customer's purchase order
    title: Annotated[str, Field(max_length=LONGEST_TITLE)] = ""  # of the document; empty: Invoice
    fields: tuple[FieldValue, ...] = ()
    recipients: Annotated[tuple[str, ...], Field(max_length=MOST_RECIPIENTS)] = ()
    language: str = "en"  # of the document and the mails


class Stage(StrEnum):
    """How far our own part is."""

    DRAFT = "draft"
    SENDING = "sending"  # it has its number, Stripe is being told
    ISSUED = "issued"  # Stripe has it
    CANCELLED = "cancelled"  # Stripe never had it; the number is not given again


class Approval(Frozen):
    """What a manager was asked to grant, and what became of it; about exactly that content of the draft.

    The states and acts are those of change requests, of which an approval needs a part. `effective`: it was sent.
    """

    version: int = 1
    state: RequestState = RequestState.FILED
    fingerprint: str  # of what was to be granted
    filed_by: Person
    decisions: tuple[Decision, ...]  # oldest first; the first is the filing
    approvals_needed: int = 1
    deputies: tuple[Person, ...] = ()  # of managers who are away: they may decide, too
    nudged_at: datetime  # UTC

    @property
    def approvals(self) -> tuple[Decision, ...]:
        return tuple(one for one in self.decisions if one.act == "approve")

    @property
    def last(self) -> Decision:
        return self.decisions[-1]

    @property
    def filed_at(self) -> datetime:
        """UTC."""
        return self.decisions[0].at


class SalesInvoice(Frozen):
    """An invoice that staff write for a contact."""

    id: SalesInvoiceId
    version: int = 1  # grows by one with every change
    team: TeamId
    contact: ContactId
    contact_name: str
    currency: Currency
    created_by: Person
    created_at: datetime  # UTC
    changed_by: Person
    changed_at: datetime  # UTC
    lines: Annotated[tuple[Line, ...], Field(max_length=MOST_LINES)] = ()
    lines_made: int = 0  # how many ids of lines were given
    details: Details
    details_version: int = 1  # the version at which the details were last changed
    details_by: UserId | None = None  # by whom
    stage: Stage = Stage.DRAFT
    approval: Approval | None = None
    number: str | None = None  # given once and kept, whatever happens after
    issued_on: date | None = None  # in the business's time zone
    due_on: date | None = None  # in the business's time zone; fixed when it was issued
    billed: str | None = None  # what was billed when it got its number, see `billed`: JSON
    stripe: InvoiceId | None = None
    sent_by: OperationId | None = None  # the operation that gave the number
    not_sent: str | None = None  # the key of the refusal that kept it from being sent
    reminders: tuple[int, ...] = ()  # days after the due date of the reminders that are still to come
    reminds_on: date | None = None  # the next of them

    def line(self, line: str) -> Line | None:
        return next((one for one in self.lines if one.id == line), None)

    def due(self, today: date) -> date:
        """When it is due if it is sent today, or has to be since it was."""
        return self.due_on or self.details.due_on or date.fromordinal(today.toordinal() + self.details.due_days)

    @property
    def content(self) -> str:
        """A digest of what an approval is about: the lines and the discount.

        That of lines without a list price is what it was before there were any: approvals of that time hold.
        """
        lines = [
            line.model_dump_json(exclude={"version"} if line.list_price else {"version", "list_price"})
            for line in self.lines
        ]
        discount = self.details.discount.model_dump_json() if self.details.discount else ""
        return hashlib.sha256("\n".join((self.currency, discount, *lines)).encode()).hexdigest()[:32]

    @property
    def written(self) -> str:
        """A digest of all that people write on it: that it was refused, or is waited for, changes nothing of it."""
        return hashlib.sha256(f"{self.content}\n{self.details.model_dump_json()}".encode()).hexdigest()[:32]

    @property
    def place(self) -> Place:
        """Where it stands among those that a manager was asked about."""
        assert self.approval, "only those have a place"
        return Place(self.approval.filed_at, self.id)

    @property
    def awaits_approval(self) -> bool:
        """A manager was asked about the draft as it is now, and nobody has decided."""
        return self.stage is Stage.DRAFT and self._is_approval_about_this(RequestState.FILED)

    @property
    def is_granted(self) -> bool:
        """A manager has agreed to this very content."""
        return self._is_approval_about_this(RequestState.APPROVED)

    def _is_approval_about_this(self, state: RequestState) -> bool:
        approval = self.approval
        return approval is not None and approval.state is state and approval.fingerprint == self.content


class InvoiceState(StrEnum):
    """What people call it (HX9)."""

    DRAFT = "draft"
    SENDING = "sending"
    SENT = "sent"
    PROCESSING = "processing"
    PARTLY_PAID = "partly_paid"
    PAID = "paid"
    OVERDUE = "overdue"
    VOID = "void"
    UNCOLLECTIBLE = "uncollectible"
    REFUNDED = "refunded"


def state(stage: Stage, stripe: Invoice | None, now: datetime, *, charging: bool = False) -> InvoiceState:
    """The state, from our part and Stripe's invoice. `charging`: a card is being charged for it right now.

    A partly paid invoice that is overdue is partly paid: what is missing is what people ask first, the due date stands
    beside it.
    """
    if stage is not Stage.ISSUED:
        return _UNISSUED[stage]
    if stripe is None:
        return InvoiceState.SENT
    match stripe.status:
        case InvoiceStatus.VOID:
            return InvoiceState.VOID
        case InvoiceStatus.UNCOLLECTIBLE:
            return InvoiceState.UNCOLLECTIBLE
        case InvoiceStatus.PAID:
            back = stripe.given_back + stripe.refunded
            whole = back > 0 and back >= stripe.total.amount - stripe.reduced
            return InvoiceState.REFUNDED if whole else InvoiceState.PAID
        case InvoiceStatus.DRAFT:
            return InvoiceState.SENDING
    if charging:
        return InvoiceState.PROCESSING
    if stripe.paid:
        return InvoiceState.PARTLY_PAID
    return InvoiceState.OVERDUE if stripe.overdue(now) else InvoiceState.SENT


_UNISSUED = {
    Stage.DRAFT: InvoiceState.DRAFT,
    Stage.SENDING: InvoiceState.SENDING,
    Stage.CANCELLED: InvoiceState.VOID,
}


class Conflict(KontorError):
    """Somebody else has changed the invoice since it was read: read it again."""


class Template(Frozen):
    """Lines and details to begin with, without a customer."""

    id: str
    team: TeamId
    name: Annotated[str, Field(min_length=1, max_length=75)]
    currency: Currency
    lines: tuple[Line, ...]
    details: Details


class InvoiceCard(Frozen):
    """A copy of an approval's card in Slack, kept so that all copies change together."""

    invoice: SalesInvoiceId
    place: str  # a channel, or a person
    channel: str
    ts: str


class AskedPage(Frozen):
    """A page of invoices that a manager was asked about, in the order of the filter."""

    invoices: tuple[SalesInvoice, ...] = ()
    total: int = 0
    following: Place | None = None  # give it back to read the next page; None: this is the end


class SalesInvoices(Protocol):
    """The rows of our invoices, of their numbers, of templates and of approval cards."""

    def add(self, invoice: SalesInvoice) -> bool:
        """Insert it; False, and nothing changed, when its id is known."""

    def get(self, invoice: SalesInvoiceId) -> SalesInvoice:
        """Raise UnknownInvoice."""

    def find(self, invoice: SalesInvoiceId) -> SalesInvoice | None: ...

    def by_stripe(self, invoice: InvoiceId) -> SalesInvoice | None: ...

    def save(self, invoice: SalesInvoice) -> None:
        """Replace the version before this one. Raises Conflict if it is another."""

    def delete(self, invoice: SalesInvoice) -> None:
        """Remove that version of a draft without a number. Raises Conflict if it is another."""

    def drafts_of(
        self, contact: ContactId, limit: int, before: SalesInvoiceId | None = None, *, team: TeamId | None = None
    ) -> tuple[SalesInvoice, ...]:
        """Drafts, what is being sent, and numbers that were given up; last changed first. Without a team every team's.

        `before` continues after the last one seen; raises NotFound when there is no such row of that contact.
        """

    def count_drafts(self, contact: ContactId, team: TeamId) -> int:
        """How many `drafts_of` has of that team."""

    def drafts(self, team: TeamId, limit: int, before: SalesInvoiceId | None = None) -> tuple[SalesInvoice, ...]:
        """Everybody's drafts, last changed first; `before` continues after the last one seen."""

    def waiting(self, limit: int, after: Place | None = None) -> tuple[SalesInvoice, ...]:
        """Every team's drafts that wait for a decision, oldest first; those behind that place."""

    def asked(
        self, wanted: RequestFilter, team: TeamId, user: UserId, *, limit: int, after: Place | None = None
    ) -> AskedPage:
        """Those that a manager was asked about. For a manager waits what others asked about; none is scheduled."""

    def for_deputy(self, team: TeamId, user: UserId, *, limit: int, after: Place | None = None) -> AskedPage:
        """Those that wait, and that this person may decide instead of a manager who is away; oldest first."""

    def of_stripe(self, invoices: Iterable[InvoiceId]) -> dict[InvoiceId, SalesInvoice]:
        """Ours among those invoices of Stripe's."""

    def to_remind(self, today: date, limit: int) -> tuple[SalesInvoice, ...]:
        """Those of which a reminder is due."""

    def next_number(self, series: str, year: int) -> int:
        """One more than the last. Whoever else asks waits for this transaction, and a rollback gives it back."""

    def last_number(self, series: str, year: int) -> int:
        """0: none was given."""

    def templates(self, team: TeamId) -> tuple[Template, ...]:
        """By name; at most a hundred."""

    def save_template(self, template: Template) -> None: ...

    def delete_template(self, team: TeamId, template: str) -> None: ...

    def cards(self, invoice: SalesInvoiceId) -> tuple[InvoiceCard, ...]: ...

    def save_card(self, card: InvoiceCard) -> None: ...


def invoice_id(key: str) -> SalesInvoiceId:
    """The same key always gives the same id."""
    return SalesInvoiceId("inv_" + hashlib.sha256(key.encode()).hexdigest()[:24])


def person(user: UserId, name: str) -> Person:
    return Person(user=user, name=name)
