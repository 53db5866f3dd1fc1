"""Starting a subscription for a contact (H17 to H33): reviewed, charged once, active only with a valid method.

Without a valid method on file the customer is sent a link to Stripe's page; the operation waits, visibly, and a second
operation (`ResumeSubscription`) finishes it when Stripe tells that the method was added.
"""

from __future__ import annotations

import hashlib
from datetime import date, timedelta
from typing import ClassVar, Literal
from zoneinfo import ZoneInfo

from billing.accounts import open_for_a_plan, reactivate
from billing.catalogue import RecurringPrice
from billing.contacts import Contact, Invoice, PaymentMethod, Subscription
from billing.errors import (
    CouponNotApplicable,
    CurrencyDiffers,
    Declined,
    NothingToSell,
    PriceChanged,
    QuantityOutOfRange,
    StartOutOfRange,
)
from billing.ids import ContactId, LookupKey, OperationId, PaymentMethodId
from billing.models import Frozen
from billing.money import Money
from billing.operations import Action, Command, Context, Operation, Receipt, State
from billing.payment_links import SEND_LINK, Resumption, added_method, end_waiting, may_be_sent, still_waiting
from billing.payment_methods import chosen, seen_in, ways_to_pay
from billing.ports import Payments, SetupLink, StartedSubscription, SubscriptionOrder, UnitOfWork
from billing.previews import SubscriptionPreview, cycle, preview
from billing.roles import Permission
from billing.timeline import Entry, Happening

LATEST_START = timedelta(days=366)


class SubscriptionDraft(Command):
    """What the form holds: everything but the confirmation."""

    kind: ClassVar[str] = "subscription_draft"

    price: LookupKey
    quantity: int
    start: date  # in the business's time zone
    coupon: str | None = None
    payment_method: PaymentMethodId | Literal["link"]


class CreateSubscription(SubscriptionDraft):
    """The confirmed draft. `fingerprint` is that of what the person saw: see `Review`."""

    kind: ClassVar[str] = "create_subscription"

    fingerprint: str


class Review(Frozen):
    """The page before the confirmation (H23)."""

    contact: Contact
    draft: SubscriptionDraft
    preview: SubscriptionPreview
    method: PaymentMethod | None  # None: a link is sent

    @property
    def fingerprint(self) -> str:
        """A digest of everything on the page: whom it is for, the preview, and the way to pay."""
        return _fingerprint(self.draft, self.preview, self.draft.payment_method)

    @property
    def fingerprint_without_method(self) -> str:
        """The same of the form after a decline, in which another way to pay is chosen (H30)."""
        return _fingerprint(self.draft, self.preview, "")


class ResumeSubscription(Resumption):
    """Start the subscription that waited for a payment method."""

    kind: ClassVar[str] = "resume_subscription"


class SubscriptionStarted(Receipt):
    """What came of it. WAITING with a link, or DONE with the subscription."""

    contact_name: str
    subscription: Subscription | None = None
    invoice: Invoice | None = None
    link: SetupLink | None = None
    preview: SubscriptionPreview
    method: PaymentMethod | None = None


class SubscriptionForm(Frozen):
    """What the form offers (H21, H22): products in the contact's currency, methods on file, dates."""

    contact: Contact
    prices: tuple[RecurringPrice, ...]
    methods: tuple[PaymentMethod, ...]
    today: date
    latest: date
    link_to: str | None  # the address a link would go to; None: a link cannot be sent
    draft: SubscriptionDraft | None = None  # what was typed before


class Checked(Frozen):
    """What `check` found allowed, with everything `perform` needs."""

    contact: Contact
    preview: SubscriptionPreview
    order: SubscriptionOrder
    method: PaymentMethod | None  # None: a link is to be sent, or was used


class Outcome(Frozen):
    """What Stripe made of it: started, or a link."""

    started: StartedSubscription | None = None
    link: SetupLink | None = None
    added: PaymentMethod | None = None  # the method that the customer added on Stripe's page


class CheckedResume(Frozen):
    """The waiting operation, still as it was reviewed, and the session that has the method."""

    waiting: OperationId
    session: str
    checked: Checked


# What people look at before


def form(uow: UnitOfWork, contact_id: ContactId, draft: SubscriptionDraft | None = None) -> SubscriptionForm:
    """What the form offers (H21, H22). Refuses contacts that may not be billed and catalogues without a product."""
    uow.actor.require(Permission.CREATE_SUBSCRIPTION)
    contact = open_for_a_plan(uow, contact_id)
    prices = uow.catalogue.recurring_prices(contact.currency)
    if not prices:
        raise NothingToSell(currency=contact.currency)
    ways = ways_to_pay(uow, contact)
    return SubscriptionForm(
        contact=contact,
        prices=prices,
        methods=ways.methods,
        today=uow.today,
        latest=uow.today + LATEST_START,
        link_to=ways.link_to,
        draft=draft,
    )


def review(uow: UnitOfWork, draft: SubscriptionDraft) -> Review:
    """The page before the confirmation (H23): every rule is checked, nothing is started."""
    checked = _allowed(uow, draft)
    shown = Review(contact=checked.contact, draft=draft, preview=checked.preview, method=checked.method)
    return seen_in(uow, shown)


def started(uow: UnitOfWork, operation: Operation) -> SubscriptionStarted:
    """What came of it, as the reader may see it."""
    return seen_in(uow, SubscriptionStarted.model_validate_json(operation.result or ""))


# The operation


def check(uow: UnitOfWork, command: CreateSubscription) -> Checked:
    """Refuse what may not start, and what is not what the person reviewed (PriceChanged).

    A start that midnight has made a day of the past becomes today, and so is reviewed again.
    """
    midnight_passed = command.start == uow.today - timedelta(days=1)
    checked = _allowed(uow, command.model_copy(update={"start": uow.today}) if midnight_passed else command)
    seen = (_fingerprint(command, checked.preview, method) for method in (command.payment_method, ""))
    if command.fingerprint not in seen:
        raise PriceChanged(contact=checked.contact.name)
    return checked


def perform(payments: Payments, context: Context, checked: Checked) -> Outcome:
    """Start it at Stripe, or make the link by which the customer adds a payment method."""
    if checked.method is None:
        return Outcome(link=payments.send_setup_link(checked.order.customer, context.operation, context.created_at))
    return Outcome(started=payments.start_subscription(checked.order, context.operation, context.created_at))


def record(uow: UnitOfWork, context: Context, checked: Checked, outcome: Outcome) -> SubscriptionStarted:
    """Mirror, timeline and receipt."""
    if outcome.link:
        uow.timeline.append(_entry(uow, context, checked, Happening.PAYMENT_LINK_SENT))
    elif outcome.started:
        _record_start(uow, context, checked, outcome.started)
    return SubscriptionStarted(
        state=State.WAITING if outcome.link else State.DONE,
        contact_name=checked.contact.name,
        subscription=outcome.started.subscription if outcome.started else None,
        invoice=outcome.started.invoice if outcome.started else None,
        link=outcome.link,
        preview=checked.preview,
        method=checked.method or outcome.added,
    )


def declined(uow: UnitOfWork, context: Context, checked: Checked, error: Declined) -> None:
    """The bank said no: nothing was started, and the history says so (H30)."""
    charge = checked.preview.charge
    uow.timeline.append(_entry(uow, context, checked, Happening.PAYMENT_DECLINED, charge, decline=error.code))


CREATE = Action(
    command=CreateSubscription,
    checked=Checked,
    outcome=Outcome,
    receipt=SubscriptionStarted,
    check=check,
    perform=perform,
    record=record,
    declined=declined,
)


# The operation that finishes a waiting one


def check_resume(uow: UnitOfWork, command: ResumeSubscription) -> CheckedResume:
    """Only what still waits is started, and only on the terms that were reviewed; the day may be a later one.

    With a fixed billing day a later day has another first payment: it may be smaller than what was reviewed, and on or
    after the billing day as large as the payment that was reviewed for that day, never larger.
    """
    waiting = still_waiting(uow, command, CreateSubscription.kind)
    reviewed = SubscriptionStarted.model_validate_json(waiting.result or "").preview
    wanted = CreateSubscription.model_validate_json(waiting.command)
    checked = _allowed(uow, wanted.model_copy(update={"start": max(wanted.start, uow.today)}))
    if checked.preview.terms != reviewed.terms or not checked.preview.asks_at_most(reviewed):
        raise PriceChanged(contact=checked.contact.name)
    return CheckedResume(waiting=command.waiting, session=command.session, checked=checked)


def perform_resume(payments: Payments, context: Context, checked: CheckedResume) -> Outcome:
    method = added_method(payments, checked.session)
    order = checked.checked.order.model_copy(update={"payment_method": method.id})
    started = payments.start_subscription(order, context.operation, context.created_at)
    return Outcome(started=started, added=method)


def record_resume(uow: UnitOfWork, context: Context, checked: CheckedResume, outcome: Outcome) -> SubscriptionStarted:
    receipt = record(uow, context, checked.checked, outcome)
    uow.operations.finish(checked.waiting, State.DONE, result=receipt.model_dump_json())
    return receipt


def declined_resume(uow: UnitOfWork, context: Context, checked: CheckedResume, error: Declined) -> None:
    """The card on the hosted page was added but not chargeable: what waited is over, a person has to decide anew."""
    declined(uow, context, checked.checked, error)
    uow.operations.finish(checked.waiting, State.DECLINED, reason=error.reason)


RESUME = Action(
    command=ResumeSubscription,
    checked=CheckedResume,
    outcome=Outcome,
    receipt=SubscriptionStarted,
    check=check_resume,
    perform=perform_resume,
    record=record_resume,
    declined=declined_resume,
    refused=end_waiting,
)


# The rules


def _fingerprint(draft: SubscriptionDraft, preview: SubscriptionPreview, method: str) -> str:
    """Neither the contact nor the way to pay stands in the preview, and both travel through the client."""
    return hashlib.sha256(f"{draft.contact}:{method}:{preview.fingerprint}".encode()).hexdigest()[:32]


def _allowed(uow: UnitOfWork, draft: SubscriptionDraft) -> Checked:
    """Every rule about starting a subscription, in the order in which a person would want to hear of them."""
    uow.actor.require(Permission.CREATE_SUBSCRIPTION)
    contact = open_for_a_plan(uow, draft.contact)
    price = uow.catalogue.recurring_price(draft.price)
    if price.unit.currency != contact.currency:
        raise CurrencyDiffers(price=price.unit.currency, contact=contact.currency)
    if not price.minimum <= draft.quantity <= price.maximum:
        raise QuantityOutOfRange(minimum=price.minimum, maximum=price.maximum)
    if not uow.today <= draft.start <= uow.today + LATEST_START:
        raise StartOutOfRange(first=uow.today.isoformat(), last=(uow.today + LATEST_START).isoformat())
    coupon = uow.catalogue.coupon(draft.coupon) if draft.coupon else None
    if coupon and not coupon.applies_to(price, uow.today):
        raise CouponNotApplicable(coupon=coupon.code)
    method = _method(uow, contact, draft)
    zone = ZoneInfo(uow.catalogue.business.timezone)
    taxes = uow.catalogue.taxes_for(contact.address.country, contact.tax_id, price.product)
    shown = preview(
        price=price,
        quantity=draft.quantity,
        start=draft.start,
        coupon=coupon,
        taxes=taxes,
        reverse_charge=uow.catalogue.reverse_charge(contact.address.country, contact.tax_id),
        now=uow.now,
        zone=zone,
        balance=_balance(uow, contact),
    )
    when = cycle(price, draft.start, uow.now, zone)
    order = SubscriptionOrder(
        customer=contact.customer,
        price=price.lookup_key,
        quantity=draft.quantity,
        coupon=coupon.code if coupon else None,
        tax_rates=tuple(rate.name for rate in taxes),
        starts_at=when.starts_at,
        billed_from=when.billed_from,
        anchor=when.anchor,
        payment_method=method.id if method else None,
        first_payment=shown.first.total,
        charge=shown.charge if method and shown.starts_now else None,
    )
    return Checked(contact=contact, preview=shown, order=order, method=method)


def _balance(uow: UnitOfWork, contact: Contact) -> Money | None:
    """With which Stripe settles the contact's next invoice, if there is any."""
    balance = uow.mirror.balance(contact.id)
    return balance if balance and balance.currency == contact.currency else None


def _method(uow: UnitOfWork, contact: Contact, draft: SubscriptionDraft) -> PaymentMethod | None:
    """The method chosen, good until the first payment; None for a link."""
    if draft.payment_method == SEND_LINK:
        may_be_sent(uow, contact)
        return None
    return chosen(uow, contact, draft.payment_method, max(uow.today, draft.start))


# What is written down


def _record_start(uow: UnitOfWork, context: Context, checked: Checked, started: StartedSubscription) -> None:
    uow.mirror.add_subscription(checked.contact.id, started.subscription, started.invoice)
    reactivate(uow, checked.contact.id)
    entry = _entry(uow, context, checked, Happening.SUBSCRIPTION_SCHEDULED)
    if started.invoice:
        entry = _entry(uow, context, checked, Happening.SUBSCRIPTION_STARTED, started.invoice.charge)
    uow.timeline.append(entry.model_copy(update={"stripe_id": started.subscription.id}))


def _entry(
    uow: UnitOfWork, context: Context, checked: Checked, what: Happening, amount: Money | None = None, **more: str
) -> Entry:
    """`amount`: what was charged, or was to be; None: nothing yet, and what the first invoice will come to is told."""
    return Entry(
        id=f"{context.operation}:{what}",
        contact=checked.contact.id,
        at=uow.now,
        what=what,
        by=context.actor.name,
        amount=checked.preview.first.total if amount is None else amount,
        operation=context.operation,
        parameters={
            "product": checked.preview.price.lookup_key,
            "quantity": checked.preview.quantity,
            "start": checked.preview.first.on.isoformat(),
            **more,
        },
    )
