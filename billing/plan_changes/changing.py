"""The operation that changes it: what was reviewed, confirmed, and done once (A17, A23, A31, H30)."""

from __future__ import annotations

from billing.change_requests.deciding import supersede
from billing.contacts import Contact
from billing.errors import (
    Declined,
    ForeignPaymentMethod,
    NeedsDecision,
    NoPaymentMethod,
    PaymentMethodExpired,
    PriceChanged,
)
from billing.ids import ContactId, PaymentMethodId
from billing.operations import Action, Command, Context, Operation
from billing.plan_changes.model import (
    ChangePlan,
    Confirmed,
    DeclinedChange,
    Outcome,
    PlanChanged,
    PlanChangeReviewed,
    Quote,
    Way,
)
from billing.plan_changes.pricing import quote_of, review_of
from billing.plan_changes.rules import CHANGEABLE, assess
from billing.plans import Package, has_plan, is_of_account, package_of
from billing.ports import Payments, UnitOfWork
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
    if command.payment_method:
        quote = _paid_by(uow, quote, command.payment_method)
    if shown.model_copy(update={"method": quote.method}).cannot_pay:
        raise NoPaymentMethod(contact=assessment.contact.name)
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


def changed(uow: UnitOfWork, command: Command) -> str:
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
    subject=changed,
)


def ways_out(uow: UnitOfWork, operation: Operation) -> DeclinedChange:
    """The declined operation's review, and the other methods on file by which the same may be tried again."""
    command = ChangePlan.model_validate_json(operation.command)
    asked = uow.operations.get(command.preview)
    shown = PlanChangeReviewed.model_validate_json(asked.result or "")
    methods = uow.mirror.payment_methods(operation.contact)
    used = next((one for one in methods if one.id == command.payment_method), shown.method)
    others = (one for one in methods if not one.expired(uow.today) and (used is None or one.id != used.id))
    return DeclinedChange(preview=command.preview, reviewed=shown, used=used, others=tuple(others))


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
