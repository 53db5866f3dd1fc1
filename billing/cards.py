"""The contact card: everything about a contact on one page, and what deserves attention (H5, H6, H9, CX15)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from enum import StrEnum

from billing.billing_contacts.model import Guard
from billing.contacts import AccountStatus, CardState, Contact, Invoice, PaymentMethod, Subscription, SubscriptionStatus
from billing.dunning.failures import FailedPayment, failing, standing
from billing.ids import ContactId
from billing.models import Frozen
from billing.money import Money, total
from billing.operations import Operation
from billing.payment_methods import seen, seen_page
from billing.plans import cadence_of, per_month
from billing.ports import UnitOfWork
from billing.roles import Permission
from billing.timeline import Page

INVOICES_ON_CARD = 5
ENTRIES_ON_CARD = 5


class Concern(StrEnum):
    """What deserves attention, most urgent first."""

    ACCOUNT_EXPIRED = "account_expired"
    ACCOUNT_NOT_ACTIVE = "account_not_active"
    FROZEN = "frozen"
    PROOF_LOCKED = "proof_locked"
    PAYMENT_FAILING = "payment_failing"
    INVOICE_OVERDUE = "invoice_overdue"
    INVOICES_OVERDUE = "invoices_overdue"
    CARD_EXPIRED = "card_expired"
    CARD_EXPIRES = "card_expires"
    NO_PAYMENT_METHOD = "no_payment_method"
    LIMIT_REACHED = "limit_reached"
    LIMIT_NEAR = "limit_near"


_URGENCY = tuple(Concern)


class Attention(Frozen):
    concern: Concern
    parameters: dict[str, str | int] = {}
    amount: Money | None = None


class ContactCard(Frozen):
    """What the card shows. Amounts are in the contact's currency."""

    contact: Contact
    monthly: Money  # monthly recurring revenue, before discount and tax
    balance: Money  # credit is positive
    methods: tuple[PaymentMethod, ...]  # as the reader may see them (G11), like the timeline
    subscriptions: tuple[Subscription, ...]
    invoices: tuple[Invoice, ...]
    timeline: Page
    waiting: tuple[Operation, ...]  # operations that wait for the customer
    failing: tuple[FailedPayment, ...] = ()  # oldest first
    attention: tuple[Attention, ...]
    may: frozenset[Permission]
    now: datetime  # UTC
    today: date  # in the business's time zone


def card(uow: UnitOfWork, contact_id: ContactId, *, older: str | None = None) -> ContactCard:
    """The card of one contact, with the page of the timeline that begins at `older`."""
    uow.actor.require(Permission.SEE_CONTACT)
    contact = uow.contacts.get(contact_id)
    methods = seen(uow, uow.mirror.payment_methods(contact_id))
    failed = failing(uow, contact)
    subscriptions = tuple(standing(one, failed) for one in uow.mirror.subscriptions(contact_id))
    invoices = uow.mirror.invoices(contact_id, limit=INVOICES_ON_CARD)
    return ContactCard(
        contact=contact,
        monthly=monthly_revenue(subscriptions, contact.currency),
        balance=uow.mirror.balance(contact_id) or Money.zero(contact.currency),
        methods=methods,
        subscriptions=subscriptions,
        invoices=invoices,
        timeline=seen_page(uow, uow.timeline.page(contact_id, limit=ENTRIES_ON_CARD, before=older)),
        waiting=uow.operations.waiting(contact_id),
        failing=failed,
        attention=attention(
            contact,
            methods,
            subscriptions,
            uow.mirror.open_invoices(contact_id),
            uow.billing_contacts.guard(contact_id),
            uow.now,
            uow.today,
        ),
        may=frozenset(permission for permission in Permission if uow.actor.may(permission)),
        now=uow.now,
        today=uow.today,
    )


def monthly_revenue(subscriptions: Iterable[Subscription], currency: str) -> Money:
    """What the paying subscriptions in that currency bring in a month; a year counts a twelfth, a week 52 twelfths."""
    return total(
        (
            per_month(one.amount, cadence_of(one))
            for one in subscriptions
            if one.status in (SubscriptionStatus.ACTIVE, SubscriptionStatus.PAST_DUE)
            and one.amount.currency == currency
        ),
        currency,
    )


def attention(
    contact: Contact,
    methods: Iterable[PaymentMethod],
    subscriptions: Iterable[Subscription],
    invoices: Iterable[Invoice],
    guard: Guard,
    now: datetime,
    today: date,
) -> tuple[Attention, ...]:
    """What a person should see before doing anything, most urgent first."""
    found = _concerns(contact, tuple(methods), tuple(subscriptions), tuple(invoices), guard, now, today)
    return tuple(sorted(found, key=lambda one: _URGENCY.index(one.concern)))


def _concerns(
    contact: Contact,
    methods: tuple[PaymentMethod, ...],
    subscriptions: tuple[Subscription, ...],
    invoices: tuple[Invoice, ...],
    guard: Guard,
    now: datetime,
    today: date,
) -> Iterator[Attention]:
    if contact.account.status is AccountStatus.EXPIRED:
        yield Attention(concern=Concern.ACCOUNT_EXPIRED)
    elif contact.account.status is not AccountStatus.ACTIVE:
        yield Attention(concern=Concern.ACCOUNT_NOT_ACTIVE, parameters={"status": contact.account.status.value})
    yield from _about_proofs(guard, now)
    yield from _payments_failing(subscriptions, invoices)
    yield from _overdue(invoices, now)
    yield from _about_methods(methods, subscriptions, today)
    yield from _about_limits(contact)


def _overdue(invoices: tuple[Invoice, ...], now: datetime) -> Iterator[Attention]:
    """The invoice that is overdue; several of a currency are one line, with their number, sum and oldest."""
    since = {one.id: one.due_at for one in invoices if one.due_at and one.overdue(now)}
    late = [one for one in invoices if one.id in since]
    for currency in dict.fromkeys(one.due.currency for one in late):
        mine = [one for one in late if one.due.currency == currency]
        days = (now - min(since[one.id] for one in mine)).days
        due = total((one.due for one in mine), currency)
        if len(mine) > 1:
            parameters: dict[str, str | int] = {"n": len(mine), "days": days}
            yield Attention(concern=Concern.INVOICES_OVERDUE, parameters=parameters, amount=due)
        else:
            parameters = {"number": mine[0].number or mine[0].id, "days": days}
            yield Attention(concern=Concern.INVOICE_OVERDUE, parameters=parameters, amount=due)


def _about_proofs(guard: Guard, now: datetime) -> Iterator[Attention]:
    """Somebody may be after this account: a change was reported, or what is on the card could not be told (G11)."""
    if guard.frozen_at is not None:
        yield Attention(concern=Concern.FROZEN)
    if guard.locked_until is not None and guard.locked(now):
        yield Attention(concern=Concern.PROOF_LOCKED, parameters={"until": guard.locked_until.isoformat()})


def _payments_failing(subscriptions: tuple[Subscription, ...], invoices: tuple[Invoice, ...]) -> Iterator[Attention]:
    """Each open invoice that could not be charged, also of a subscription that has ended over it, and of none.

    Where the mirror has no such invoice of a subscription in arrears, only that the payment fails.
    """
    products = {one.id: one.product for one in subscriptions}
    mine = [one for one in invoices if one.failing]
    for invoice in mine:
        product = products.get(invoice.subscription) if invoice.subscription else None
        about = {"product": product} if product else {"number": invoice.number or invoice.id}
        parameters: dict[str, str | int] = {**about, "decline": invoice.decline or ""}
        if invoice.next_attempt_at:
            parameters["next"] = invoice.next_attempt_at.isoformat()
        yield Attention(concern=Concern.PAYMENT_FAILING, parameters=parameters, amount=invoice.due)
    said = {one.subscription for one in mine}
    for one in subscriptions:
        if one.status in (SubscriptionStatus.PAST_DUE, SubscriptionStatus.UNPAID) and one.id not in said:
            yield Attention(concern=Concern.PAYMENT_FAILING, parameters={"product": one.product})


def _about_methods(
    methods: tuple[PaymentMethod, ...], subscriptions: tuple[Subscription, ...], today: date
) -> Iterator[Attention]:
    if not methods and any(one.status.runs and not one.by_invoice for one in subscriptions):
        yield Attention(concern=Concern.NO_PAYMENT_METHOD)
    for method in methods:
        names: dict[str, str | int] = {"brand": method.brand}
        if method.last4:
            names["last4"] = method.last4
        match method.standing(today):
            case CardState.EXPIRED:
                yield Attention(concern=Concern.CARD_EXPIRED, parameters=names)
            case CardState.EXPIRES:
                until = {"month": method.exp_month, "year": method.exp_year}
                known = {name: number for name, number in until.items() if number}
                yield Attention(concern=Concern.CARD_EXPIRES, parameters=names | known)


def _about_limits(contact: Contact) -> Iterator[Attention]:
    for what, used, limit in (
        ("contacts", contact.account.active_contacts, contact.account.contact_limit),
        ("seats", contact.account.seats_used, contact.account.seats),
    ):
        if not limit or used * 10 < limit * 9:
            continue
        concern = Concern.LIMIT_REACHED if used >= limit else Concern.LIMIT_NEAR
        if concern is Concern.LIMIT_NEAR and what == "seats":
            continue  # seats are bought to be filled
        yield Attention(concern=concern, parameters={"what": what, "used": used, "limit": limit})
