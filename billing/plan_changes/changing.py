"""The operation that changes it: what was reviewed, confirmed, and done once (A17, A23, A31, H30).

Where no card can be charged the customer is sent a link; `ResumePlanChange` goes on when a method was added (H31).
"""

from __future__ import annotations

from billing.change_requests.deciding import supersede
from billing.contacts import Contact
from billing.errors import Declined, NeedsDecision, NoPaymentMethod, PriceChanged
from billing.ids import ContactId
from billing.money import Money
from billing.operations import Action, Command, Context, Operation, State
from billing.payment_links import SEND_LINK, added_method, end_waiting, may_be_sent, still_waiting
from billing.payment_methods import chosen, seen_in, seen_one, ways_to_pay
from billing.plan_changes.model import (
    ChangePlan,
    Confirmed,
    ConfirmedLater,
    DeclinedChange,
    Outcome,
    PlanChanged,
    PlanChangeReviewed,
    Quote,
    ResumePlanChange,
    Way,
)
from billing.plan_changes.pricing import change_of, quote_of, review_in, review_of
from billing.plan_changes.raising import not_made
from billing.plan_changes.rules import CHANGEABLE, assess
from billing.plans import Package, has_plan, is_of_account, package_of
from billing.ports import ChangedSubscription, Payments, ScheduledChange, UnitOfWork
from billing.timeline import Entry, Happening


def check(uow: UnitOfWork, command: ChangePlan) -> Confirmed:
    """Refuse what is not what this person reviewed within the last hour (PriceChanged), or may no longer be done."""
    asked = review_of(uow, command.preview)
    if asked is None or asked.contact != command.contact:
        raise PriceChanged(contact=uow.contacts.get(command.contact).name)
    shown = PlanChangeReviewed.model_validate_json(asked.result or "")
    assessment = assess(uow, shown.assessment.draft)
    if assessment.before != shown.assessment.before or assessment.way is not shown.assessment.way:
        raise PriceChanged(contact=assessment.contact.name)
    if assessment.way is Way.REQUEST:
        raise NeedsDecision
    quote = quote_of(uow, assessment, shown.preview.prorated_at)
    if command.payment_method == SEND_LINK and shown.charges:
        may_be_sent(uow, assessment.contact)
        return Confirmed(quote=quote.model_copy(update={"method": None}), reviewed=shown.preview, by_link=True)
    if command.payment_method and command.payment_method != SEND_LINK:
        quote = _paid_by(uow, quote, command.payment_method)
    if shown.model_copy(update={"method": quote.method}).cannot_pay:
        raise NoPaymentMethod(contact=assessment.contact.name)
    return Confirmed(quote=quote, reviewed=shown.preview)


def perform(payments: Payments, context: Context, checked: Confirmed) -> Outcome:
    order, id_, at = checked.quote.order, context.operation, context.created_at
    assessment = checked.quote.assessment
    if checked.by_link:
        return Outcome(link=payments.send_setup_link(order.customer, id_, at))
    if assessment.way is Way.PERIOD_END:
        end = assessment.subscription.current_period_end
        assert end, "what is billed has a period"
        return Outcome(scheduled=payments.schedule_change(order, end, id_, at))
    return Outcome(changed=payments.change_subscription(order, checked.reviewed, id_, at))


def record(uow: UnitOfWork, context: Context, checked: Confirmed, outcome: Outcome) -> PlanChanged:
    """Mirror, account, timeline and receipt; an open request about this subscription is over (superseded)."""
    uow.timeline.append(_entry(uow, context, checked, outcome))
    done = outcome.changed or outcome.scheduled
    return PlanChanged(
        state=State.DONE if done else State.WAITING,
        assessment=checked.quote.assessment,
        preview=checked.reviewed,
        method=outcome.added or checked.quote.method,
        subscription=done.subscription if done else checked.quote.assessment.subscription,
        invoice=outcome.changed.invoice if outcome.changed else None,
        effective_at=outcome.scheduled.effective_at if outcome.scheduled else None,
        superseded=_keep(uow, checked, done) if done else False,
        link=outcome.link,
    )


def _keep(uow: UnitOfWork, checked: Confirmed, done: ChangedSubscription | ScheduledChange) -> bool:
    """What is so from now on; whether a request ended by it."""
    assessment = checked.quote.assessment
    invoice = done.invoice if isinstance(done, ChangedSubscription) else None
    uow.mirror.add_subscription(assessment.contact.id, done.subscription, invoice)
    if isinstance(done, ChangedSubscription):
        keep_account(uow, assessment.contact.id, assessment.before, assessment.after)
    return supersede(uow, done.subscription.id)


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
    not_made(uow, change_of(uow, uow.operations.get(context.operation)), error.reason)


def in_turn(uow: UnitOfWork, command: Command) -> str:
    """Whatever changes plans of one contact takes turns, also what lets go of a change that waits at Stripe.

    Only the last change can be found at Stripe by its operation: one that lost its answer would take another, made in
    between, for somebody else's, and say that nothing was done.
    """
    del uow, command
    return "plans"


CHANGE = Action(
    command=ChangePlan,
    checked=Confirmed,
    outcome=Outcome,
    receipt=PlanChanged,
    check=check,
    perform=perform,
    record=record,
    declined=declined,
    refused=not_made,
    subject=in_turn,
)


# The operation that finishes a waiting one


def check_resume(uow: UnitOfWork, command: ResumePlanChange) -> ConfirmedLater:
    """Only what still waits is done, from the same package to the same one, at the prices that were reviewed.

    It is prorated to this moment: the customer pays for the time for which the change counts. Stripe's preview then may
    ask for less than was reviewed, never for more, as it would after a renewal.
    """
    waiting = still_waiting(uow, command, ChangePlan.kind)
    shown = PlanChanged.model_validate_json(waiting.result or "")
    assessment = assess(uow, shown.assessment.draft)
    terms, reviewed = ((one.before, one.way, one.impact.after) for one in (assessment, shown.assessment))
    if terms != reviewed:
        raise PriceChanged(contact=assessment.contact.name)
    quote = quote_of(uow, assessment, max(uow.now, shown.preview.prorated_at))
    return ConfirmedLater(
        waiting=waiting.id, session=command.session, confirmed=Confirmed(quote=quote, reviewed=shown.preview)
    )


def perform_resume(payments: Payments, context: Context, checked: ConfirmedLater) -> Outcome:
    method = added_method(payments, checked.session)
    confirmed = checked.confirmed
    order = confirmed.quote.order.model_copy(update={"payment_method": method.id})
    changed = payments.change_subscription(order, confirmed.reviewed, context.operation, context.created_at)
    return Outcome(changed=changed, added=method)


def record_resume(uow: UnitOfWork, context: Context, checked: ConfirmedLater, outcome: Outcome) -> PlanChanged:
    receipt = record(uow, context, checked.confirmed, outcome)
    uow.operations.finish(checked.waiting, State.DONE, result=receipt.model_dump_json())
    return receipt


def declined_resume(uow: UnitOfWork, context: Context, checked: ConfirmedLater, error: Declined) -> None:
    """The card on the hosted page was added but not chargeable: what waited is over, a person has to decide anew."""
    declined(uow, context, checked.confirmed, error)
    uow.operations.finish(checked.waiting, State.DECLINED, reason=error.reason)


RESUME = Action(
    command=ResumePlanChange,
    checked=ConfirmedLater,
    outcome=Outcome,
    receipt=PlanChanged,
    check=check_resume,
    perform=perform_resume,
    record=record_resume,
    declined=declined_resume,
    refused=end_waiting,
    subject=in_turn,
)


# What came of it, and what can be done after a decline


def changed(uow: UnitOfWork, operation: Operation) -> PlanChanged:
    """What came of it, as the reader may see it."""
    return seen_in(uow, PlanChanged.model_validate_json(operation.result or ""))


def ways_out(uow: UnitOfWork, operation: Operation) -> DeclinedChange:
    """The declined operation's review, and the other ways to pay by which the same may be tried again."""
    command = change_of(uow, operation)
    asked = uow.operations.get(command.preview)
    shown = review_in(uow, asked)
    methods = uow.mirror.payment_methods(operation.contact)
    used = next((seen_one(uow, one) for one in methods if one.id == command.payment_method), shown.method)
    ways = ways_to_pay(uow, uow.contacts.get(operation.contact))
    others = (one for one in ways.methods if used is None or one.id != used.id)
    return DeclinedChange(
        preview=command.preview, reviewed=shown, used=used, others=tuple(others), link_to=ways.link_to
    )


def _paid_by(uow: UnitOfWork, quote: Quote, wanted: str) -> Quote:
    """The quote, paid by another method on file."""
    method = chosen(uow, quote.assessment.contact, wanted, uow.today)
    order = quote.order.model_copy(update={"payment_method": method.id})
    return quote.model_copy(update={"order": order, "method": method})


# The account


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
        if one.status not in CHANGEABLE or not has_plan(uow.catalogue, one):
            continue
        package = package_of(uow.catalogue, one)
        if package.plan == contact.account.plan and package.limit not in (None, contact.account.contact_limit):
            keep_account(uow, contact.id, package, package)
            return


def _entry(uow: UnitOfWork, context: Context, checked: Confirmed, outcome: Outcome) -> Entry:
    assessment = checked.quote.assessment
    what, amount = _happened(checked, outcome)
    return Entry(
        id=f"{context.operation}:{what}",
        contact=assessment.contact.id,
        at=uow.now,
        what=what,
        by=context.actor.name,
        on_behalf_of=assessment.requester.name,
        amount=amount,
        operation=context.operation,
        stripe_id=assessment.subscription.id,
        parameters=described(assessment.before, assessment.after),
    )


def _happened(checked: Confirmed, outcome: Outcome) -> tuple[Happening, Money | None]:
    """What it was, and the money in it; after a link it may be less than was reviewed."""
    if outcome.link:
        return Happening.PAYMENT_LINK_SENT, checked.reviewed.due
    if outcome.changed is None:
        return Happening.PLAN_CHANGE_SCHEDULED, None
    return Happening.PLAN_CHANGED, outcome.changed.invoice.total if outcome.changed.invoice else checked.reviewed.total


def described(before: Package, after: Package) -> dict[str, str | int | None]:
    """A change as the timeline keeps it."""
    return {
        "plan_before": before.plan,
        "plan": after.plan,
        "limit": after.limit,
        "seats": after.seats,
    }
