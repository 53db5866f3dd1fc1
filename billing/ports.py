"""What the domain needs from outside: a unit of work on our rows, and Stripe. Fakes of both are in the tests."""

from __future__ import annotations

import hashlib
import secrets
from contextlib import AbstractContextManager
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Protocol

from billing.access import Actor, Staff
from billing.billing_contacts.model import BillingContacts, BillTo
from billing.catalogue import Catalogue
from billing.change_requests.model import Absences, ChangeRequests, UsageNotices
from billing.contacts import (
    Contacts,
    CustomerSnapshot,
    Invoice,
    Mirror,
    PaymentMethod,
    Subscription,
)
from billing.documents import Document, DocumentKind
from billing.documents.links import DocumentLinks
from billing.dunning.model import Notices
from billing.ids import (
    CustomerId,
    EventId,
    InvoiceId,
    LookupKey,
    OperationId,
    PaymentMethodId,
    SalesInvoiceId,
    ScheduleId,
    SubscriptionId,
)
from billing.invoices.model import Discount, SalesInvoices
from billing.models import Frozen
from billing.money import Currency, Money
from billing.operations import Operation, Operations
from billing.overviews import Overview
from billing.plans import Item
from billing.previews import TaxLine
from billing.reconciliations import Reconciliations
from billing.timeline import Timeline


class UnitOfWork(Protocol):
    """One transaction for one actor. Everything written in it is there, or nothing is."""

    @property
    def actor(self) -> Actor: ...
    @property
    def catalogue(self) -> Catalogue: ...
    @property
    def now(self) -> datetime:
        """UTC."""

    @property
    def today(self) -> date:
        """In the business's time zone."""

    @property
    def contacts(self) -> Contacts: ...
    @property
    def mirror(self) -> Mirror: ...
    @property
    def timeline(self) -> Timeline: ...
    @property
    def operations(self) -> Operations: ...
    @property
    def staff(self) -> Staff: ...
    @property
    def events(self) -> Events: ...
    @property
    def failures(self) -> Notices: ...
    @property
    def reconciliations(self) -> Reconciliations: ...
    @property
    def overview(self) -> Overview: ...
    @property
    def requests(self) -> ChangeRequests: ...
    @property
    def invoices(self) -> SalesInvoices: ...
    @property
    def absences(self) -> Absences: ...
    @property
    def usage(self) -> UsageNotices: ...
    @property
    def billing_contacts(self) -> BillingContacts: ...
    @property
    def document_links(self) -> DocumentLinks: ...

    def enqueue(self, *jobs: Job) -> None:
        """Give work to the engine when, and only when, this transaction commits. The same id is done once."""

    def accept(self, operation: Operation) -> bool:
        """Write an operation down with its job in this transaction; False, and nothing changed, if it is known."""


class Job(Frozen):
    """Work for the engine. The same id is done once, however often it is enqueued."""

    id: str
    name: str  # which pipeline: `operation`, `show_again`, `event`, or one of a capability
    argument: str  # what it is about: an operation's or an event's id
    trace: str = ""  # the id of the request that brought it, for the logs
    delay: timedelta = timedelta()  # before it is begun

    @classmethod
    def of(cls, operation: Operation) -> Job:
        """Walk the operation."""
        return cls(id=operation.id, name="operation", argument=operation.id, trace=operation.trace)

    @classmethod
    def again(cls, operation: Operation) -> Job:
        """Show what came of the operation of that id once more, to whoever asked for it again."""
        another = f"{operation.id}:{secrets.token_hex(6)}"
        return cls(id=another, name="show_again", argument=operation.id, trace=operation.trace)


class Origin(StrEnum):
    """Who caused an event."""

    STRIPE = "stripe"  # by itself: a renewal, a retry, the end of a trial
    OURS = "ours"  # a call of Kontor's
    ELSEWHERE = "elsewhere"  # somebody in the Stripe Dashboard, the customer on a page of Stripe's, another program


class StripeEvent(Frozen):
    """An event as Stripe delivered it; stored once by its id, then handled by the engine."""

    id: EventId
    type: str
    customer: CustomerId | None
    object_id: str | None
    created_at: datetime  # UTC
    payload: str  # the object of the event as JSON, as Stripe sent it
    previous: str = "{}"  # what an update changed, as it was before: JSON
    origin: Origin = Origin.STRIPE
    position: int = 0  # in the order of arrival; the store gives it


class Events(Protocol):
    """The rows of Stripe's events."""

    def get(self, event: EventId) -> StripeEvent:
        """Raise NotFound."""

    def newest(self, customer: CustomerId) -> int:
        """The position of the last event about the customer that has arrived; 0 if there is none."""


class DocumentSource(Protocol):
    """Where documents come from; only their links are kept beside them."""

    def document(self, uow: UnitOfWork, kind: DocumentKind, id_: str) -> Document:
        """The document as it stands now, by the id of what it shows. Raise NotFound."""


class Store(Protocol):
    """Opens units of work. On SQLite writers take turns; readers never wait."""

    def reading(self, actor: Actor) -> AbstractContextManager[UnitOfWork]: ...

    def writing(self, actor: Actor) -> AbstractContextManager[UnitOfWork]:
        """Commits at the end of the block, rolls back on an exception."""

    def accept(self, operation: Operation) -> bool:
        """Write the operation down and give it to the engine, in one transaction; False if it was there already.

        The job's id is the operation's id, its name `operation`, its argument the operation's id. If it was there, the
        job is a small one, `show_again`: the result may have been shown before this submission is answered.
        """

    def accept_event(self, event: StripeEvent) -> bool:
        """The same for an event of Stripe: job id and argument are the event's id, its name `event`.

        An event that a call of Kontor's own caused may wait a little: the burst is then served by one look at Stripe.
        """


class SubscriptionOrder(Frozen):
    """A subscription to be started, in Stripe's terms but not in its library's types."""

    customer: CustomerId
    price: LookupKey
    quantity: int
    coupon: str | None  # the code in the catalogue
    tax_rates: tuple[str, ...]  # names in the catalogue
    starts_at: datetime | None  # UTC; None: now
    billed_from: datetime | None = None  # UTC; of a fixed billing day: from when the first payment counts
    anchor: datetime | None = None  # UTC; of a fixed billing day: when the first full period begins
    payment_method: PaymentMethodId | None  # None: not known yet, a link comes first
    first_payment: Money  # what the person reviewed; Stripe must agree before anything starts
    charge: Money | None = None  # the same after the balance; None: not now, so with the balance of then


class StartedSubscription(Frozen):
    """What Stripe made of an order."""

    subscription: Subscription
    invoice: Invoice | None  # None when it starts later


class SetupLink(Frozen):
    """Stripe's hosted page on which the customer adds a payment method."""

    session: str
    url: str
    expires_at: datetime  # UTC


class ChangeOrder(Frozen):
    """What a running subscription is to become, in the catalogue's terms.

    Items that the catalogue does not know are neither in `before` nor in `after`: they stay as they are. An item whose
    price stays keeps the very price that it has at Stripe, also one that is no longer sold.
    """

    customer: CustomerId
    subscription: SubscriptionId
    before: tuple[Item, ...]  # what it must still be; SubscriptionChanged if not
    after: tuple[Item, ...]
    tax_rates: tuple[str, ...]  # names in the catalogue, of the plan it becomes
    prorated_at: datetime  # UTC, whole seconds; the nearest within the running period counts
    credits_unused: bool = True  # false: the rest of what was paid for is not credited (K5)
    payment_method: PaymentMethodId | None = None  # what it is paid by from now on; None: as before


class ChangeLine(Frozen):
    """One line of what a change costs now: a credit (negative) for unused time, or a charge for the rest."""

    price: LookupKey | None
    description: str  # Stripe's
    quantity: int
    amount: Money  # as on Stripe's line: before tax that is added on top
    since: datetime  # UTC
    until: datetime  # UTC


class ChangePreview(Frozen):
    """What Stripe would charge for a change now, and at the next renewal (AX1, AX14)."""

    prorated_at: datetime
    lines: tuple[ChangeLine, ...]
    discount: Money  # positive
    taxes: tuple[TaxLine, ...]
    total: Money  # of all lines; negative: goes to the customer's balance
    due: Money  # what is charged now, after the balance; never negative
    renews_at: datetime  # UTC
    renewal: Money  # what is charged then, before any balance

    @property
    def fingerprint(self) -> str:
        """A digest of everything the person saw; it changes when any amount, date or term does."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:32]

    def asks_at_most(self, reviewed: ChangePreview) -> bool:
        """Whether nobody pays more than was reviewed, now or at the renewal, which is the same one."""
        is_same_renewal = (self.renews_at, self.renewal) == (reviewed.renews_at, reviewed.renewal)
        return is_same_renewal and self.total <= reviewed.total and self.due <= reviewed.due


class ChangedSubscription(Frozen):
    """What Stripe made of an order."""

    subscription: Subscription
    invoice: Invoice | None  # None: nothing was invoiced now


class ScheduledChange(Frozen):
    """A change that waits at Stripe for its day."""

    schedule: ScheduleId
    effective_at: datetime  # UTC
    subscription: Subscription


class CouponOrder(Frozen):
    """A coupon for a running subscription, which must still be `before` and have no discount."""

    customer: CustomerId
    subscription: SubscriptionId
    before: tuple[Item, ...]
    coupon: str  # the code in the catalogue


class CouponPreview(Frozen):
    """What a subscription's next payment is without a coupon, and with it; taxes included (HX17)."""

    renews_at: datetime  # UTC
    without: Money
    with_it: Money


class InvoiceOrderLine(Frozen):
    """A line as Stripe is told of it: what it comes to after its own discount, before the discount of the whole."""

    id: str  # ours
    description: str
    amount: Money
    tax_rates: tuple[str, ...]  # names in the catalogue


class InvoiceOrder(Frozen):
    """An invoice to be prepared at Stripe. What is sent again under the same `key` is the same invoice there."""

    invoice: SalesInvoiceId
    key: str  # of this very content
    customer: CustomerId
    currency: Currency
    lines: tuple[InvoiceOrderLine, ...]
    discount: Discount | None  # of the whole
    due_at: datetime  # UTC
    memo: str
    order_number: str
    fields: tuple[tuple[str, str], ...] = ()  # name and value of the house's own
    total: Money  # what the person reviewed; Stripe must agree, or nothing is issued


class PaidBy(StrEnum):
    """How money came that did not come by Stripe (HX10)."""

    CASH = "cash"
    CHECK = "check"
    TRANSFER = "transfer"


class ManualPayment(Frozen):
    """Money that came by another way than Stripe."""

    by: PaidBy
    amount: Money
    received_at: datetime  # UTC
    reference: str  # the check's number, the transfer's reference


class GiveBack(StrEnum):
    """Where the money of a paid invoice goes that is credited (HX20)."""

    REFUND = "refund"  # back to the card
    BALANCE = "balance"  # kept for the next invoices
    OUTSIDE = "outside"  # given back by hand: cash, a transfer


class CreditLine(Frozen):
    """A whole line to be taken back: `amount` as Stripe's line has it, which its discounts and taxes follow."""

    id: str  # ours
    amount: Money


class CreditOrder(Frozen):
    """A part of an invoice to be taken back. Without lines it is an amount only, with all taxes."""

    total: Money  # with all taxes, after all discounts
    lines: tuple[CreditLine, ...] = ()
    give_back: GiveBack
    reason: str


class CreditIssued(Frozen):
    """The credit note at Stripe, and its invoice after it."""

    id: str
    number: str
    total: Money
    given_back: Money  # of it; the rest was not paid yet and is no longer asked for
    invoice: Invoice


class InvoiceGateway(Protocol):
    """Invoices at Stripe. Idempotent by the operation, as all of `Payments`."""

    def prepare(self, order: InvoiceOrder, operation: OperationId, accepted_at: datetime) -> InvoiceId:
        """A draft at Stripe with lines, taxes and discount. AmountDiffers, and no draft, when its total is another."""

    def issue(self, invoice: InvoiceId, number: str, operation: OperationId) -> Invoice:
        """Finalise the draft under that number; also when that was done before.

        Raises NumberTaken when another invoice has it, DraftGone when the draft was deleted.
        """

    def discard(self, invoice: InvoiceId) -> None:
        """Delete a draft. Raises NotNow when it is none any more."""

    def charge(self, invoice: InvoiceId, method: PaymentMethodId, due: Money, operation: OperationId) -> Invoice:
        """Charge what remains.

        Raises Declined, AmountDueChanged when that is no longer `due`, NotNow when there is nothing to pay any more.
        """

    def record_payment(
        self, invoice: InvoiceId, payment: ManualPayment, operation: OperationId, accepted_at: datetime
    ) -> Invoice:
        """Count money that came by another way.

        Raises AmountDueChanged when less than that is still to be paid, NotNow when nothing is.
        """

    def credit(
        self, invoice: InvoiceId, order: CreditOrder, operation: OperationId, accepted_at: datetime
    ) -> CreditIssued:
        """Issue a credit note. Raises NothingToCredit beyond what is left, CannotRefund without a card payment."""

    def paid_with(self, intent: str) -> InvoiceId | None:
        """Which invoice that payment intent paid, or a part of it."""

    def void(self, invoice: InvoiceId, operation: OperationId) -> Invoice:
        """Cancel it; also when that was done before. Raises NotNow when something was paid."""

    def write_off(self, invoice: InvoiceId, operation: OperationId) -> Invoice:
        """Give up on it; also when that was done before. Raises NotNow."""


class PaymentOrder(Frozen):
    """An open invoice to be charged to a method on file."""

    customer: CustomerId
    invoice: InvoiceId
    due: Money  # what the person was shown; Stripe must agree
    payment_method: PaymentMethodId
    subscription: SubscriptionId | None = None  # that it is for; None: it has ended, or there is none
    later: PaymentMethodId | None = None  # what its later payments are charged to; None: nothing is on file for them


class Payments(Protocol):
    """Stripe, as the domain needs it.

    Every creating call takes the operation it belongs to: calls are idempotent by it for ever, not just for the 24
    hours that Stripe remembers a key. All raise Transient when it may be tried again.
    """

    @property
    def invoices(self) -> InvoiceGateway: ...

    def start_subscription(
        self, order: SubscriptionOrder, operation: OperationId, accepted_at: datetime
    ) -> StartedSubscription:
        """Start it and charge the first payment, or schedule it.

        Raises Declined when the bank refuses (nothing was started), AmountDiffers when Stripe's amounts are not
        `first_payment` and `charge` (nothing was started), Misconfigured when Stripe does not know price, coupon or
        tax rate.
        """

    def send_setup_link(self, customer: CustomerId, operation: OperationId, accepted_at: datetime) -> SetupLink: ...

    def method_from_setup(self, session: str) -> PaymentMethod | None:
        """The payment method that the customer added on the hosted page; None while they did not."""

    def preview_change(self, order: ChangeOrder) -> ChangePreview:
        """What the change would cost at `prorated_at`; changes nothing.

        Raises SubscriptionChanged when the subscription is no longer `before`, Misconfigured for unknown prices.
        """

    def change_subscription(
        self, order: ChangeOrder, reviewed: ChangePreview | None, operation: OperationId, accepted_at: datetime
    ) -> ChangedSubscription:
        """Change it now, and charge or credit what `reviewed` says. What waits at Stripe by us is let go.

        If `order` is prorated to a later moment than was reviewed, less may be charged, never more. Without `reviewed`
        nothing may be charged: a change that only credits, or does not even that. Raises Declined when the bank
        refuses, AmountDiffers when Stripe's preview is no longer the reviewed one, SubscriptionChanged,
        ScheduledElsewhere; nothing changed then.
        """

    def schedule_change(
        self, order: ChangeOrder, effective_at: datetime, operation: OperationId, accepted_at: datetime
    ) -> ScheduledChange:
        """Have it changed at that moment, an end of its period, without proration (AX2, HX17).

        Raises SubscriptionChanged when it is no longer `before`, ChangeWaits when something waits there already.
        """

    def release_schedule(self, subscription: SubscriptionId, schedule: ScheduleId) -> Subscription:
        """Let a waiting change go: the subscription stays as it is. Also when it was let go before.

        Raises ScheduledElsewhere for a schedule that is not ours, SubscriptionChanged for another subscription's.
        """

    def preview_coupon(self, order: CouponOrder) -> CouponPreview:
        """What the coupon would do to the next payment; changes nothing.

        Raises SubscriptionChanged when the subscription is no longer as ordered, Misconfigured for an unknown coupon.
        """

    def apply_coupon(
        self, order: CouponOrder, reviewed: CouponPreview, operation: OperationId, accepted_at: datetime
    ) -> Subscription:
        """Give the running subscription the coupon; nothing is charged or credited now.

        Raises PriceChanged when Stripe's preview is no longer the reviewed one, SubscriptionChanged.
        """

    def change_bill_to(
        self, customer: CustomerId, name: str, after: BillTo, replaced_tax_id: str | None, operation: OperationId
    ) -> CustomerSnapshot:
        """Have the customer's invoices say so from now on, drafts included; the same again changes nothing.

        `name` is what stands on them: the company where there is one, else the person.
        `replaced_tax_id` is taken away when `after` has another one. Raises UnknownContact for a deleted customer, and
        TaxIdWrong for an id that Stripe does not take; then nothing was changed.
        """

    def has_bill_to(self, customer: CustomerId, operation: OperationId) -> bool:
        """Whether the customer's invoices say what that change wants, and no later one."""

    def take_back_tax_id(self, customer: CustomerId, operation: OperationId) -> None:
        """Take away the tax id that this change has added, unless it has taken effect; one of before stays.

        The same again, and a customer that is gone, is nothing.
        """

    def pay_invoice(self, order: PaymentOrder, operation: OperationId, accepted_at: datetime) -> CustomerSnapshot:
        """Charge an open invoice now; the customer as it is afterwards.

        Raises Declined when the bank refuses (the invoice stays open), AmountDue when another amount is due,
        InvoiceNotOpen when nothing is.
        """

    def invoice(self, customer: CustomerId, invoice: InvoiceId) -> Invoice | None:
        """The invoice as it is now; None if there is none of that customer."""

    def keep_what_pays(self, subscription: SubscriptionId) -> None:
        """From now on the subscription is charged to what has paid an invoice of it last, also to a new card that the
        customer entered on Stripe's page (HX1). Nothing for one that has ended.
        """

    def snapshot(self, customer: CustomerId) -> CustomerSnapshot | None:
        """Everything the mirror keeps, also what is left of a deleted customer; None for an unknown one."""
