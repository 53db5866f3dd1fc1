"""What is asked for, shown, reviewed and received when a plan changes."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Literal

from billing.catalogue import AddOn, RecurringPrice
from billing.change_requests.model import ChangeRequest
from billing.contacts import Contact, Invoice, Member, PaymentMethod, Subscription
from billing.ids import OperationId, PaymentMethodId, SubscriptionId
from billing.models import Frozen
from billing.money import Money
from billing.operations import Command, Receipt
from billing.payment_links import Resumption
from billing.plans import Cadence, Difference, Impact, Package, Range
from billing.ports import ChangedSubscription, ChangeOrder, ChangePreview, ScheduledChange, SetupLink


class Way(StrEnum):
    """How a change comes about."""

    AT_ONCE = "at_once"
    PERIOD_END = "period_end"  # a lower limit without a decision (AX3)
    REQUEST = "request"


class PlanChangeDraft(Command):
    """What the form holds: the package that the customer wants, and who of them asked for it."""

    kind: ClassVar[str] = "plan_change_draft"

    subscription: SubscriptionId
    requester: str  # the e-mail address of a member
    plan: str  # "product/plan"
    limit: int | None = None
    seats: int
    add_ons: dict[str, int] = {}

    @property
    def package(self) -> Package:
        return Package(
            plan=self.plan,
            limit=self.limit,
            seats=self.seats,
            add_ons={name: quantity for name, quantity in self.add_ons.items() if quantity},
        )


class Wish(Frozen):
    """Limit, seats and add-ons, as they were wished for or as a form shows them."""

    limit: int | None = None
    seats: int
    add_ons: dict[str, int] = {}


class PlanChoice(PlanChangeDraft):
    """The form while it is filled in: another plan was chosen, so it is about to offer something else.

    What a plan does not have is shown as the nearest that it has; the wish stays, for the plan that is chosen next.
    """

    kind: ClassVar[str] = "plan_choice"

    shown: Wish  # what the form filled in by itself
    wished: Wish

    def draft(self) -> PlanChangeDraft:
        """What is wished for by now: what a person changed in the form, else what was wished for before."""
        add_ons = {
            name: quantity for name, quantity in self.add_ons.items() if quantity != self.shown.add_ons.get(name, 0)
        }
        is_other = self.limit is not None and self.limit != self.shown.limit
        wish = Wish(
            limit=self.limit if is_other else self.wished.limit,
            seats=self.seats if self.seats != self.shown.seats else self.wished.seats,
            add_ons=self.wished.add_ons | add_ons,
        )
        fields = self.model_dump(include={"contact", "subscription", "requester", "plan"})
        return PlanChangeDraft.model_validate(fields | wish.model_dump())


class ComparePlans(Command):
    """The customer's own plan beside others (A5); without others beside those that are nearest."""

    kind: ClassVar[str] = "compare_plans"

    subscription: SubscriptionId | None = None
    others: tuple[str, ...] = ()  # "product/plan"


class PreviewPlanChange(PlanChangeDraft):
    """Ask Stripe what the change would cost. Its receipt is what a person reviews."""

    kind: ClassVar[str] = "preview_plan_change"


class RaiseLimit(PreviewPlanChange):
    """The contact limit is reached, and the account had switched on that it rises by itself (AX5)."""

    kind: ClassVar[str] = "raise_limit"


class ChangePlan(Command):
    """The reviewed change, confirmed. What it is stands in the receipt of the preview, where nobody can forge it."""

    kind: ClassVar[str] = "change_plan"

    preview: OperationId
    payment_method: PaymentMethodId | Literal["link"] | None = None  # from now on; None: the one that was reviewed


class ResumePlanChange(Resumption):
    """Make the change that waited for a payment method."""

    kind: ClassVar[str] = "resume_plan_change"


class NextPayment(Frozen):
    """When the subscription is billed next, and how much (AX13). `amount` is before discount and tax."""

    at: datetime  # UTC
    amount: Money
    total: Money | None  # with tax; None: a discount comes off, and only Stripe knows how long
    balance: Money  # the customer's, of which it is taken first: credit is positive

    @property
    def due(self) -> Money | None:
        """What is charged: the total less the credit, or with what was still to be paid."""
        return self.total.with_amount(max(self.total.amount - self.balance.amount, 0)) if self.total else None


class PlanOverview(Frozen):
    """`/billing plan`: what the customer has (AX13, CX15)."""

    contact: Contact
    subscription: Subscription
    package: Package
    cadence: Cadence
    others: tuple[Subscription, ...]  # the customer's other subscriptions to plans
    request: ChangeRequest | None  # the open one about this subscription
    purchasers: tuple[Member, ...]
    may_change: bool
    raises_by_itself: bool | None  # AX5; None: the policy does not offer it
    next_payment: NextPayment | None  # None: it ends before
    method: PaymentMethod | None  # None: by invoice, or nothing on file


class ChangeForm(Frozen):
    """What the form offers for the plan that is chosen in it."""

    overview: PlanOverview
    draft: PlanChangeDraft  # as the chosen plan allows
    wished: PlanChangeDraft
    plans: tuple[str, ...]  # "product/plan", in the order of the file
    limits: tuple[int, ...]
    seats: Range
    add_ons: tuple[tuple[AddOn, RecurringPrice], ...]


class Assessment(Frozen):
    """What a draft means, with every rule checked. Money now is Stripe's to say: see `PlanChangeReviewed`."""

    contact: Contact
    requester: Member
    subscription: Subscription
    draft: PlanChangeDraft
    before: Package
    after: Package
    differences: tuple[Difference, ...]
    impact: Impact
    way: Way
    cadence: Cadence


class Quote(Frozen):
    """What `check` found allowed, with everything `perform` needs."""

    assessment: Assessment
    order: ChangeOrder
    method: PaymentMethod | None


class PlanChangeReviewed(Receipt):
    """The page before the confirmation (AX14): the change, and what Stripe charges for it."""

    assessment: Assessment
    preview: ChangePreview
    method: PaymentMethod | None  # None: by invoice, or nothing on file
    supersedes: ChangeRequest | None = None  # the open request about this subscription that ends by it

    @property
    def charges(self) -> bool:
        """Money is taken from a payment method now."""
        is_due = self.assessment.way is Way.AT_ONCE and self.preview.due.amount > 0
        return is_due and not self.assessment.subscription.by_invoice

    @property
    def cannot_pay(self) -> bool:
        """Money is due now, and no method is there by itself to take it from (H31): one has to be chosen or added."""
        return self.charges and self.method is None


class DeclinedChange(Frozen):
    """What can be done after the bank said no (H30)."""

    preview: OperationId
    reviewed: PlanChangeReviewed
    used: PaymentMethod | None
    others: tuple[PaymentMethod, ...]  # on file, still good
    link_to: str | None  # the address that a link would go to; None: a link cannot be sent


class Confirmed(Frozen):
    quote: Quote
    reviewed: ChangePreview
    by_link: bool = False  # a link comes first; nothing is changed before a method was added


class ConfirmedLater(Frozen):
    """The waiting change, on the terms that were reviewed, and the session that has the method."""

    waiting: OperationId
    session: str
    confirmed: Confirmed


class Outcome(Frozen):
    changed: ChangedSubscription | None = None
    scheduled: ScheduledChange | None = None
    link: SetupLink | None = None
    added: PaymentMethod | None = None  # the method that the customer added on Stripe's page


class PlanChanged(Receipt):
    """What came of it: DONE, or WAITING with a link, and then the subscription is as it was."""

    assessment: Assessment
    preview: ChangePreview
    method: PaymentMethod | None
    subscription: Subscription
    invoice: Invoice | None
    effective_at: datetime | None = None  # UTC; None: now
    superseded: bool = False  # an open request about this subscription ended by it
    link: SetupLink | None = None
