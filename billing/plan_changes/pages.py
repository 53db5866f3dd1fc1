"""What people look at before anything changes: the plan page, the comparison, the form (A5, A8, AX13)."""

from __future__ import annotations

from billing.accounts import billable
from billing.contacts import Contact, Subscription
from billing.errors import NobodyMayPurchase
from billing.ids import ContactId, SubscriptionId
from billing.money import Money, total
from billing.payment_methods import seen_in
from billing.plan_changes.model import ChangeForm, ComparePlans, NextPayment, PlanChangeDraft, PlanOverview
from billing.plan_changes.pricing import method_of
from billing.plan_changes.rules import changeable, chosen_subscription, plan_subscriptions
from billing.plans import (
    Comparison,
    add_ons_for,
    billed,
    cadence_of,
    compare,
    is_of_account,
    limits_for,
    nearest_limit,
    package_of,
    plans_for,
    purchasers,
    seats_for,
)
from billing.ports import UnitOfWork
from billing.previews import with_taxes
from billing.roles import Permission

COMPARED_AT_ONCE = 3  # plans beside the customer's own


def overview(uow: UnitOfWork, contact_id: ContactId, subscription_id: SubscriptionId | None = None) -> PlanOverview:
    """The plan of one subscription, by default of the one that the account's plan names. Raises NoPlan."""
    uow.actor.require(Permission.SEE_CONTACT)
    contact = uow.contacts.get(contact_id)
    mine = plan_subscriptions(uow, contact)
    chosen = chosen_subscription(uow, contact, mine, subscription_id)
    shown = PlanOverview(
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
        method=method_of(uow, chosen, contact),
    )
    return seen_in(uow, shown)


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
    changeable(uow, shown.subscription)
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


def _next_payment(uow: UnitOfWork, contact: Contact, subscription: Subscription) -> NextPayment | None:
    """By the catalogue's taxes, line by line as Stripe rounds them; of what waits for that day, if something does."""
    at = subscription.current_period_end
    if at is None or (subscription.cancel_at and subscription.cancel_at <= at):
        return None
    plan, amounts = _billed_next(uow, subscription)
    taxes = uow.catalogue.taxes_for(contact.address.country, contact.tax_id, plan.partition("/")[0])
    currency = subscription.amount.currency
    taxed = total((with_taxes(amount, taxes) for amount in amounts), currency)
    known = uow.mirror.balance(contact.id)
    return NextPayment(
        at=at,
        amount=total(amounts, currency),
        total=None if subscription.discount else taxed,
        balance=known if known and known.currency == currency else Money.zero(currency),
    )


def _billed_next(uow: UnitOfWork, subscription: Subscription) -> tuple[str, tuple[Money, ...]]:
    """The plan and the lines of the next period: those of a downgrade that begins with it, else those of now."""
    request = uow.requests.open_for(subscription.id)
    if request is None or request.effective_at != subscription.current_period_end:
        return package_of(uow.catalogue, subscription).plan, tuple(item.amount for item in subscription.items)
    return request.after.plan, billed(uow.catalogue, subscription, request.after)


def _wanted_seats(uow: UnitOfWork, wanted: PlanChangeDraft, shown: PlanOverview) -> int:
    """Whoever has just the seats that come with the plan wants those of the other plan, and as many as are in use."""
    own, cadence = shown.package, shown.cadence
    if wanted.plan == own.plan or wanted.seats != seats_for(uow.catalogue, own.plan, cadence).least:
        return wanted.seats
    account = shown.contact.account
    return account.seats_used if is_of_account(own, account) else 0


def _neighbours(plans: tuple[str, ...], mine: str) -> tuple[str, ...]:
    """The plans of the same product, those above first; of others where there are none."""
    product = mine.partition("/")[0]
    family = [name for name in plans if name.partition("/")[0] == product]
    above = family[family.index(mine) + 1 :] if mine in family else family
    below = [name for name in family if name not in above and name != mine]
    return tuple([*above, *reversed(below)] or [name for name in plans if name != mine])


def form_for(uow: UnitOfWork, contact: ContactId, requester: str) -> ChangeForm:
    """The form for what the customer has, as that member asks for a change of it."""
    shown = overview(uow, contact)
    return form(uow, _as_it_is(shown).model_copy(update={"requester": requester}), shown)


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
