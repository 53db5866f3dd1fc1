"""Changing a running subscription's plan, contact limit, seats and add-ons (A1 to A23, AX1, AX14, GX8).

Upwards it is done at once: Stripe says what it costs, a person confirms twice, and exactly that is charged. Downwards
it becomes a change request (`billing.change_requests`), unless the catalogue's policy makes a lower limit self-service.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar

from billing.accounts import billable
from billing.catalogue import AddOn, Proration, RecurringPrice
from billing.change_requests.deciding import supersede
from billing.change_requests.model import ChangeRequest
from billing.contacts import Contact, Invoice, Member, PaymentMethod, Subscription, SubscriptionStatus
from billing.errors import (
    Declined,
    ForeignPaymentMethod,
    HighestLimit,
    NeedsDecision,
    NobodyMayPurchase,
    NoPlan,
    NotChangeable,
    NotFound,
    NothingChanges,
    PaymentMethodExpired,
    PlanEnds,
    PriceChanged,
    RequesterMayNot,
    SeatsInUse,
    SubscriptionChanged,
    UsageAboveLimits,
)
from billing.ids import ContactId, OperationId, PaymentMethodId, SubscriptionId
from billing.models import Frozen
from billing.money import Money, total
from billing.operations import Action, Command, Context, Operation, Receipt, State, operation_id
from billing.plans import (
    Cadence,
    Comparison,
    Difference,
    Dimension,
    Impact,
    Item,
    Package,
    Range,
    add_ons_for,
    cadence_of,
    compare,
    differences,
    has_plan,
    impact,
    is_of_account,
    items_of,
    limits_for,
    lowers,
    may_purchase,
    nearest_limit,
    needs_decision,
    package_of,
    plans_for,
    purchasers,
    seats_for,
)
from billing.ports import ChangedSubscription, ChangeOrder, ChangePreview, Payments, ScheduledChange, UnitOfWork
from billing.previews import with_taxes
from billing.roles import Permission
from billing.timeline import Entry, Happening

# A reviewed price is charged within that time, or reviewed again.
REVIEW_HOLDS = timedelta(hours=1)
COMPARED_AT_ONCE = 3  # plans beside the customer's own
_CHANGEABLE = (SubscriptionStatus.ACTIVE, SubscriptionStatus.TRIALING)
_PREVIEWS = ("preview_plan_change", "raise_limit")


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
    payment_method: PaymentMethodId | None = None  # another one than was reviewed, from now on; None: that one


class NextPayment(Frozen):
    """When the subscription is billed next, and how much (AX13). `amount` is before discount and tax."""

    at: datetime  # UTC
    amount: Money
    total: Money | None  # with tax; None: a discount comes off, and only Stripe knows how long


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


class DeclinedChange(Frozen):
    """What can be done after the bank said no (H30)."""

    preview: OperationId
    reviewed: PlanChangeReviewed
    used: PaymentMethod | None
    others: tuple[PaymentMethod, ...]  # on file, still good


class Confirmed(Frozen):
    quote: Quote
    reviewed: ChangePreview


class Outcome(Frozen):
    changed: ChangedSubscription | None = None
    scheduled: ScheduledChange | None = None


class PlanChanged(Receipt):
    """What came of it."""

    assessment: Assessment
    preview: ChangePreview
    method: PaymentMethod | None
    subscription: Subscription
    invoice: Invoice | None
    effective_at: datetime | None = None  # UTC; None: now
    superseded: bool = False  # an open request about this subscription ended by it


# What people look at before


def overview(uow: UnitOfWork, contact_id: ContactId, subscription_id: SubscriptionId | None = None) -> PlanOverview:
    """The plan of one subscription, by default of the one that the account's plan names. Raises NoPlan."""
    uow.actor.require(Permission.SEE_CONTACT)
    contact = uow.contacts.get(contact_id)
    mine = _subscriptions(uow, contact)
    chosen = _chosen(uow, contact, mine, subscription_id)
    return PlanOverview(
        contact=contact,
        subscription=chosen,
        package=package_of(uow.catalogue, chosen),
        cadence=cadence_of(chosen, uow.catalogue),
        others=tuple(one for one in mine if one.id != chosen.id),
        request=uow.requests.open_for(chosen.id),
        purchasers=purchasers(contact),
        may_change=uow.actor.may(Permission.CHANGE_PLAN),
        raises_by_itself=_raises_by_itself(uow, contact),
        next_payment=_next_payment(uow, contact, chosen),
    )


def comparison(uow: UnitOfWork, wanted: ComparePlans) -> Comparison:
    """The customer's plan and up to three others side by side (A5)."""
    shown = overview(uow, wanted.contact, wanted.subscription)
    others = wanted.others or _neighbours(plans_for(uow.catalogue, shown.cadence), shown.package.plan)
    return compare(uow.catalogue, shown.contact, shown.subscription, others[:COMPARED_AT_ONCE])


def form(uow: UnitOfWork, draft: PlanChangeDraft | None, shown: PlanOverview) -> ChangeForm:
    """The form for the plan that the draft names; without a draft for what the customer has.

    Limit, seats and add-ons that the chosen plan does not have become the nearest that it has.
    """
    uow.actor.require(Permission.CHANGE_PLAN)
    billable(uow, shown.contact.id)
    _changeable(uow, shown.subscription)
    if not shown.purchasers:
        raise NobodyMayPurchase(contact=shown.contact.name)
    wanted = draft or _as_it_is(shown)
    plan, cadence = wanted.plan, shown.cadence
    limits, seats = limits_for(uow.catalogue, plan, cadence), seats_for(uow.catalogue, plan, cadence)
    add_ons = add_ons_for(uow.catalogue, plan, cadence)
    offered = {add_on.id: add_on.quantity.maximum for add_on, _ in add_ons}
    fitted = wanted.model_copy(
        update={
            "limit": nearest_limit(limits, wanted.limit),
            "seats": min(max(_wanted_seats(uow, wanted, shown), seats.least), seats.most),
            "add_ons": {name: min(n, offered[name]) for name, n in wanted.add_ons.items() if name in offered},
        }
    )
    return ChangeForm(
        overview=shown,
        draft=fitted,
        wished=wanted,
        plans=plans_for(uow.catalogue, cadence),
        limits=limits,
        seats=seats,
        add_ons=add_ons,
    )


def form_for(uow: UnitOfWork, contact: ContactId, requester: str) -> ChangeForm:
    """The form for what the customer has, as that member asks for a change of it."""
    shown = overview(uow, contact)
    return form(uow, _as_it_is(shown).model_copy(update={"requester": requester}), shown)


def assess(uow: UnitOfWork, draft: PlanChangeDraft) -> Assessment:
    """Every rule about the change, in the order in which a person would want to hear of them; what it would mean."""
    uow.actor.require(Permission.CHANGE_PLAN)
    contact = billable(uow, draft.contact)
    subscription = _chosen(uow, contact, _subscriptions(uow, contact), draft.subscription)
    _changeable(uow, subscription)
    requester = _requester(contact, draft.requester)
    before, after, cadence = (
        package_of(uow.catalogue, subscription),
        draft.package,
        cadence_of(subscription, uow.catalogue),
    )
    items_of(uow.catalogue, after, cadence)
    changes = differences(uow.catalogue, before, after)
    if not changes:
        raise NothingChanges(contact=contact.name)
    meaning = impact(uow.catalogue, subscription, after, contact.account)
    way = _way(uow, changes)
    _leaves_room(meaning, way)
    return Assessment(
        contact=contact,
        requester=requester,
        subscription=subscription,
        draft=PlanChangeDraft.model_validate(draft.model_dump()),
        before=before,
        after=after,
        differences=changes,
        impact=meaning,
        way=way,
        cadence=cadence,
    )


# The operation that asks Stripe for the price


def check_preview(uow: UnitOfWork, command: PreviewPlanChange) -> Quote:
    """Refuse what may not be done at once (NeedsDecision)."""
    assessment = assess(uow, PlanChangeDraft.model_validate(command.model_dump()))
    if assessment.way is Way.REQUEST:
        raise NeedsDecision
    return _quote(uow, assessment, uow.now)


def perform_preview(payments: Payments, context: Context, quote: Quote) -> ChangePreview:
    """The moment is the one at which it was asked, also when the answer takes long."""
    return payments.preview_change(quote.order.model_copy(update={"prorated_at": _second(context.created_at)}))


def record_preview(uow: UnitOfWork, context: Context, quote: Quote, preview: ChangePreview) -> PlanChangeReviewed:
    del context  # nothing happened that would have to be written down
    return PlanChangeReviewed(
        assessment=quote.assessment,
        preview=preview,
        method=quote.method,
        supersedes=uow.requests.open_for(quote.assessment.subscription.id),
    )


PREVIEW = Action(
    command=PreviewPlanChange,
    checked=Quote,
    outcome=ChangePreview,
    receipt=PlanChangeReviewed,
    check=check_preview,
    perform=perform_preview,
    record=record_preview,
)


def record_raise(uow: UnitOfWork, context: Context, quote: Quote, preview: ChangePreview) -> PlanChangeReviewed:
    """The terms were confirmed when it was switched on, so the change itself is accepted in the same transaction."""
    command = ChangePlan(contact=quote.assessment.contact.id, preview=context.operation)
    key = f"{context.operation}:change"
    uow.accept(
        Operation(
            id=operation_id(key),
            key=key,
            kind=command.kind,
            contact=command.contact,
            team=context.actor.team,
            user=context.actor.user,
            command=command.model_dump_json(),
            reply_to=uow.operations.get(context.operation).reply_to,
            created_at=uow.now,
            updated_at=uow.now,
        )
    )
    return record_preview(uow, context, quote, preview)


RAISE = replace(PREVIEW, command=RaiseLimit, record=record_raise)


# The operation that does it


def check(uow: UnitOfWork, command: ChangePlan) -> Confirmed:
    """Refuse what is not what this person reviewed within the last hour (PriceChanged), or may no longer be done."""
    asked = _review_of(uow, command.preview)
    if asked is None or asked.contact != command.contact:
        raise PriceChanged(contact=uow.contacts.get(command.contact).name)
    shown = PlanChangeReviewed.model_validate_json(asked.result or "")
    assessment = assess(uow, shown.assessment.draft)
    if assessment.before != shown.assessment.before or assessment.way is not shown.assessment.way:
        raise PriceChanged(contact=assessment.contact.name)
    if assessment.way is Way.REQUEST:
        raise NeedsDecision
    quote = _quote(uow, assessment, shown.preview.prorated_at)
    if command.payment_method:
        quote = _paid_by(uow, quote, command.payment_method)
    return Confirmed(quote=quote, reviewed=shown.preview)


def perform(payments: Payments, context: Context, checked: Confirmed) -> Outcome:
    order, id_, at = checked.quote.order, context.operation, context.created_at
    assessment = checked.quote.assessment
    if assessment.way is Way.PERIOD_END:
        end = assessment.subscription.current_period_end
        assert end, "what is billed has a period"
        return Outcome(scheduled=payments.schedule_change(order, end, id_, at))
    return Outcome(changed=payments.change_subscription(order, checked.reviewed, id_, at))


def record(uow: UnitOfWork, context: Context, checked: Confirmed, outcome: Outcome) -> PlanChanged:
    """Mirror, account, timeline and receipt; an open request about this subscription is over (superseded)."""
    assessment = checked.quote.assessment
    now_so = outcome.changed.subscription if outcome.changed else outcome.scheduled.subscription  # type: ignore[union-attr]  # one of the two
    invoice = outcome.changed.invoice if outcome.changed else None
    uow.mirror.add_subscription(assessment.contact.id, now_so, invoice)
    if outcome.changed:
        keep_account(uow, assessment.contact.id, assessment.before, assessment.after)
    uow.timeline.append(_entry(uow, context, checked, outcome))
    return PlanChanged(
        assessment=assessment,
        preview=checked.reviewed,
        method=checked.quote.method,
        subscription=now_so,
        invoice=invoice,
        effective_at=outcome.scheduled.effective_at if outcome.scheduled else None,
        superseded=supersede(uow, now_so.id),
    )


def declined(uow: UnitOfWork, context: Context, checked: Confirmed, error: Declined) -> None:
    """The bank said no: nothing was changed, and the history says so."""
    uow.timeline.append(
        Entry(
            id=f"{context.operation}:{Happening.PAYMENT_DECLINED}",
            contact=checked.quote.assessment.contact.id,
            at=uow.now,
            what=Happening.PAYMENT_DECLINED,
            by=context.actor.name,
            on_behalf_of=checked.quote.assessment.requester.name,
            amount=checked.reviewed.due,
            operation=context.operation,
            parameters={"decline": error.code},
        )
    )


def draft_of(uow: UnitOfWork, operation_id: OperationId) -> PlanChangeDraft:
    """What was asked for by an operation of this person: a preview, or the change that followed it."""
    try:
        asked = uow.operations.get(operation_id)
        if asked.kind == ChangePlan.kind:
            asked = uow.operations.get(ChangePlan.model_validate_json(asked.command).preview)
    except NotFound:
        raise SubscriptionChanged from None
    is_theirs = (asked.team, asked.user) == (uow.actor.team, uow.actor.user)
    if not is_theirs or asked.kind not in _PREVIEWS:
        raise SubscriptionChanged
    wanted = PreviewPlanChange.model_validate_json(asked.command)
    return PlanChangeDraft.model_validate(wanted.model_dump())


def reviewed(uow: UnitOfWork, preview: OperationId) -> PlanChangeReviewed:
    """A review that this person asked for and that still holds. Raises PriceChanged."""
    uow.actor.require(Permission.CHANGE_PLAN)
    asked = _review_of(uow, preview)
    if asked is None:
        raise PriceChanged
    return PlanChangeReviewed.model_validate_json(asked.result or "")


def ways_out(uow: UnitOfWork, operation: Operation) -> DeclinedChange:
    """The declined operation's review, and the other methods on file by which the same may be tried again."""
    command = ChangePlan.model_validate_json(operation.command)
    asked = uow.operations.get(command.preview)
    shown = PlanChangeReviewed.model_validate_json(asked.result or "")
    methods = uow.mirror.payment_methods(operation.contact)
    used = next((one for one in methods if one.id == command.payment_method), shown.method)
    others = (one for one in methods if not one.expired(uow.today) and (used is None or one.id != used.id))
    return DeclinedChange(preview=command.preview, reviewed=shown, used=used, others=tuple(others))


CHANGE = Action(
    command=ChangePlan,
    checked=Confirmed,
    outcome=Outcome,
    receipt=PlanChanged,
    check=check,
    perform=perform,
    record=record,
    declined=declined,
)


def keep_account(uow: UnitOfWork, contact_id: ContactId, before: Package, package: Package) -> None:
    """Write into the account what the customer has from now on, if it was the account's plan that changed."""
    contact = uow.contacts.get(contact_id)
    if not is_of_account(before, contact.account):
        return
    account = contact.account.model_copy(
        update={"plan": package.plan, "contact_limit": package.limit, "seats": package.seats}
    )
    uow.contacts.save(contact.model_copy(update={"account": account}))


def follow(uow: UnitOfWork, contact: Contact) -> None:
    """After the mirror was renewed: a contact limit that is another by now, as one lowered at a period's end (AX3)."""
    for one in uow.mirror.subscriptions(contact.id):
        if one.status not in _CHANGEABLE or not has_plan(uow.catalogue, one):
            continue
        package = package_of(uow.catalogue, one)
        if package.plan == contact.account.plan and package.limit not in (None, contact.account.contact_limit):
            keep_account(uow, contact.id, package, package)
            return


def order_for(
    uow: UnitOfWork, subscription: Subscription, contact: Contact, after: Package, at: datetime
) -> ChangeOrder:
    """The change in the terms of the port. `at` is when it is prorated."""
    cadence = cadence_of(subscription, uow.catalogue)
    product = after.plan.partition("/")[0]
    taxes = uow.catalogue.taxes_for(contact.address.country, contact.tax_id, product)
    return ChangeOrder(
        customer=contact.customer,
        subscription=subscription.id,
        before=known_items(uow, subscription),
        after=items_of(uow.catalogue, after, cadence),
        tax_rates=tuple(rate.name for rate in taxes),
        prorated_at=_second(at),
        credits_unused=uow.catalogue.plan_changes.proration is Proration.DIFFERENCE,
    )


def known_items(uow: UnitOfWork, subscription: Subscription) -> tuple[Item, ...]:
    """The items that the catalogue knows; others are none of ours to change."""
    return tuple(
        Item(price=item.price, quantity=item.quantity)
        for item in subscription.items
        if item.price and uow.catalogue.sold(item.price)
    )


def next_limit(uow: UnitOfWork, contact: Contact) -> RaiseLimit:
    """The change to the next higher contact limit that holds what the account uses (AX5). Raises HighestLimit."""
    subscription = _chosen(uow, contact, _subscriptions(uow, contact), None)
    package = package_of(uow.catalogue, subscription)
    limits = limits_for(uow.catalogue, package.plan, cadence_of(subscription, uow.catalogue))
    higher = (limit for limit in sorted(limits) if limit > max(package.limit or 0, contact.account.active_contacts))
    limit = next(higher, None)
    who_may = purchasers(contact)
    if limit is None or not who_may:
        raise HighestLimit(contact=contact.name)
    return RaiseLimit(
        contact=contact.id,
        subscription=subscription.id,
        requester=who_may[0].email,
        plan=package.plan,
        limit=limit,
        seats=package.seats,
        add_ons=package.add_ons,
    )


# The rules


def _subscriptions(uow: UnitOfWork, contact: Contact) -> tuple[Subscription, ...]:
    """The running subscriptions to plans of the catalogue. Raises NoPlan."""
    found = tuple(
        one
        for one in uow.mirror.subscriptions(contact.id)
        if one.status.runs and one.status is not SubscriptionStatus.SCHEDULED and has_plan(uow.catalogue, one)
    )
    if not found:
        raise NoPlan(contact=contact.name)
    return found


def _chosen(
    uow: UnitOfWork, contact: Contact, mine: tuple[Subscription, ...], wanted: SubscriptionId | None
) -> Subscription:
    """The one that is wanted, which must be the contact's (a form can be forged); else that of the account's plan."""
    if wanted is not None:
        found = next((one for one in mine if one.id == wanted), None)
        if found is None:
            raise NoPlan(contact=contact.name)
        return found
    of_account = (one for one in mine if package_of(uow.catalogue, one).plan == contact.account.plan)
    return next(of_account, mine[0])


def _changeable(uow: UnitOfWork, subscription: Subscription) -> None:
    if subscription.status not in _CHANGEABLE:
        raise NotChangeable(subscription_status=subscription.status.value)
    if subscription.cancel_at:
        last = subscription.cancel_at.astimezone(uow.catalogue.business.zone).date()
        raise PlanEnds(last=last.isoformat())


def _requester(contact: Contact, email: str) -> Member:
    """The member, who must be allowed to purchase (A1). The refusal names who is."""
    who_may = purchasers(contact)
    if not who_may:
        raise NobodyMayPurchase(contact=contact.name)
    member = next((one for one in contact.members if one.email.casefold() == email.casefold()), None)
    if member is None or not may_purchase(member):
        raise RequesterMayNot(
            name=member.name if member else email, allowed=tuple(one.name for one in who_may), contact=contact.name
        )
    return member


def _way(uow: UnitOfWork, changes: tuple[Difference, ...]) -> Way:
    if needs_decision(uow.catalogue, changes):
        return Way.REQUEST
    return Way.PERIOD_END if lowers(changes) else Way.AT_ONCE


def _leaves_room(meaning: Impact, way: Way) -> None:
    """What is done without a decision must hold what the customer uses (A15, A4); a manager may decide otherwise."""
    for one in meaning.above if way is not Way.REQUEST else ():
        if one.what is Dimension.SEATS:
            raise SeatsInUse(used=one.used, seats=one.allowed)
        above = UsageAboveLimits(used=one.used, allowed=one.allowed)
        above.field = "limit"  # here there is nobody who could override it
        raise above


def _quote(uow: UnitOfWork, assessment: Assessment, at: datetime) -> Quote:
    order = order_for(uow, assessment.subscription, assessment.contact, assessment.after, at)
    return Quote(assessment=assessment, order=order, method=_method(uow, assessment.subscription, assessment.contact))


def _method(uow: UnitOfWork, subscription: Subscription, contact: Contact) -> PaymentMethod | None:
    """What will be charged: the subscription's own method, else the customer's standard one."""
    if subscription.by_invoice:
        return None
    methods = uow.mirror.payment_methods(contact.id)
    own = next((one for one in methods if one.id == subscription.payment_method), None)
    return own or next((one for one in methods if one.default), None)


def _paid_by(uow: UnitOfWork, quote: Quote, wanted: PaymentMethodId) -> Quote:
    """The quote, paid by another method on file, which must be the contact's own (a form can be forged) and good."""
    contact = quote.assessment.contact
    method = next((one for one in uow.mirror.payment_methods(contact.id) if one.id == wanted), None)
    if method is None:
        raise ForeignPaymentMethod(contact=contact.name)
    if method.expired(uow.today):
        raise PaymentMethodExpired(brand=method.brand, last4=method.last4)
    order = quote.order.model_copy(update={"payment_method": method.id})
    return quote.model_copy(update={"order": order, "method": method})


def _next_payment(uow: UnitOfWork, contact: Contact, subscription: Subscription) -> NextPayment | None:
    """By the catalogue's taxes, line by line as Stripe rounds them; of what waits for that day, if something does."""
    at = subscription.current_period_end
    if at is None or (subscription.cancel_at and subscription.cancel_at <= at):
        return None
    plan, amounts = _billed_next(uow, subscription)
    taxes = uow.catalogue.taxes_for(contact.address.country, contact.tax_id, plan.partition("/")[0])
    currency = subscription.amount.currency
    taxed = total((with_taxes(amount, taxes) for amount in amounts), currency)
    return NextPayment(at=at, amount=total(amounts, currency), total=None if subscription.discount else taxed)


def _wanted_seats(uow: UnitOfWork, wanted: PlanChangeDraft, shown: PlanOverview) -> int:
    """Whoever has just the seats that come with the plan wants those of the other plan, and as many as are in use."""
    own, cadence = shown.package, shown.cadence
    if wanted.plan == own.plan or wanted.seats != seats_for(uow.catalogue, own.plan, cadence).least:
        return wanted.seats
    account = shown.contact.account
    return account.seats_used if is_of_account(own, account) else 0


def _billed_next(uow: UnitOfWork, subscription: Subscription) -> tuple[str, tuple[Money, ...]]:
    """The plan and the lines of the next period: those of a downgrade that begins with it, else those of now."""
    request = uow.requests.open_for(subscription.id)
    if request is None or request.effective_at != subscription.current_period_end:
        return package_of(uow.catalogue, subscription).plan, tuple(item.amount for item in subscription.items)
    own = {item.price: item.unit_amount for item in subscription.items}
    items = items_of(uow.catalogue, request.after, cadence_of(subscription, uow.catalogue))
    sold = ((one, uow.catalogue.sold(one.price)) for one in items)
    amounts = tuple(own.get(one.price, price.unit) * one.quantity for one, price in sold if price)
    foreign = (item.amount for item in subscription.items if not item.price or not uow.catalogue.sold(item.price))
    return request.after.plan, (*amounts, *foreign)


def _neighbours(plans: tuple[str, ...], mine: str) -> tuple[str, ...]:
    """The plans of the same product, those above first; of others where there are none."""
    product = mine.partition("/")[0]
    family = [name for name in plans if name.partition("/")[0] == product]
    above = family[family.index(mine) + 1 :] if mine in family else family
    below = [name for name in family if name not in above and name != mine]
    return tuple([*above, *reversed(below)] or [name for name in plans if name != mine])


def _review_of(uow: UnitOfWork, preview: OperationId) -> Operation | None:
    """The preview that this person asked for, within the last hour; None for anything else, however it came here."""
    try:
        asked = uow.operations.get(preview)
    except NotFound:
        return None
    is_theirs = (asked.team, asked.user) == (uow.actor.team, uow.actor.user)
    is_good = asked.kind in _PREVIEWS and asked.state is State.DONE
    return asked if is_theirs and is_good and uow.now - asked.created_at <= REVIEW_HOLDS else None


def _as_it_is(shown: PlanOverview) -> PlanChangeDraft:
    package = shown.package
    return PlanChangeDraft(
        contact=shown.contact.id,
        subscription=shown.subscription.id,
        requester=shown.purchasers[0].email,
        plan=package.plan,
        limit=package.limit,
        seats=package.seats,
        add_ons=package.add_ons,
    )


def _raises_by_itself(uow: UnitOfWork, contact: Contact) -> bool | None:
    if uow.catalogue.plan_changes.raise_by_itself == "never":
        return None
    return uow.usage.raises_by_itself(contact.id) is not None


def _second(at: datetime) -> datetime:
    """Stripe counts in whole seconds."""
    return at.replace(microsecond=0)


def _entry(uow: UnitOfWork, context: Context, checked: Confirmed, outcome: Outcome) -> Entry:
    assessment = checked.quote.assessment
    what = Happening.PLAN_CHANGED if outcome.changed else Happening.PLAN_CHANGE_SCHEDULED
    return Entry(
        id=f"{context.operation}:{what}",
        contact=assessment.contact.id,
        at=uow.now,
        what=what,
        by=context.actor.name,
        on_behalf_of=assessment.requester.name,
        amount=checked.reviewed.total if outcome.changed else None,
        operation=context.operation,
        stripe_id=assessment.subscription.id,
        parameters=described(assessment.before, assessment.after),
    )


def described(before: Package, after: Package) -> dict[str, str | int | None]:
    """A change as the timeline keeps it."""
    return {
        "plan_before": before.plan,
        "plan": after.plan,
        "limit": after.limit,
        "seats": after.seats,
    }
