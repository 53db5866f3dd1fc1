"""A discount for who would otherwise want less (HX17): reviewed, given once, and then no change request is filed.

Which coupon is offered for which reason stands in the catalogue; without such a setting none is. Whoever does not want
it goes on with the request, which notes that the offer was not taken up.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import ClassVar

from dateutil.relativedelta import relativedelta

from billing.catalogue import Coupon, ReasonCode
from billing.change_requests.filing import FileRequest, RequestDraft, RequestForm, is_filed, pending, request_form
from billing.contacts import Subscription
from billing.errors import DiscountRuns, NeedsNoDecision, NoOffer, NotFound, OfferTakenBefore, PriceChanged, Refusal
from billing.ids import OperationId
from billing.models import Frozen
from billing.operations import Action, Command, Context, Receipt
from billing.plan_changes import Assessment, PlanChangeDraft, Way, assess, in_turn, known_items, review_of
from billing.plans import plan_price
from billing.ports import CouponOrder, CouponPreview, Payments, UnitOfWork
from billing.roles import Permission
from billing.timeline import Entry, Happening


class PreviewOffer(RequestDraft):
    """Ask Stripe what the discount means. Holds what was filled in, so that the request can be gone on with."""

    kind: ClassVar[str] = "preview_discount_offer"

    reason: ReasonCode


class TakeOffer(Command):
    """The customer takes the reviewed offer. What it is stands in the receipt of the preview, not to be forged."""

    kind: ClassVar[str] = "take_discount_offer"

    preview: OperationId


class OfferToMake(Frozen):
    """What `check` found allowed, with everything `perform` needs."""

    assessment: Assessment  # of the change that the customer wanted, and does not get by taking the offer
    reason: ReasonCode
    coupon: Coupon
    order: CouponOrder


class OfferReviewed(Receipt):
    """The page before the confirmation."""

    offer: OfferToMake
    preview: CouponPreview


class ConfirmedOffer(Frozen):
    offer: OfferToMake
    reviewed: CouponPreview


class Discounted(Frozen):
    subscription: Subscription


class OfferTaken(Receipt):
    """The discount runs; the plan stays as it is."""

    offer: OfferToMake
    preview: CouponPreview


# The form of the request, with what is offered instead


def form(uow: UnitOfWork, draft: RequestDraft) -> RequestForm:
    """The request's form; once a reason is chosen, with the offer for it."""
    shown = request_form(uow, draft)
    return shown.model_copy(update={"offer": offer_for(uow, shown.assessment, draft.reason)})


def unseen(uow: UnitOfWork, command: FileRequest, key: str) -> RequestForm | None:
    """The form once more, if there is an offer that it did not show: whoever submits quickly does not miss it."""
    if is_filed(uow, key):
        return None
    shown = form(uow, command)
    return shown if shown.offer and shown.offer.code != command.offered else None


def offer_for(uow: UnitOfWork, assessment: Assessment, reason: ReasonCode | None) -> Coupon | None:
    """What this customer is offered for that reason, if anything."""
    try:
        return _offer(uow, assessment, reason) if reason else None
    except Refusal:
        return None


def draft_of(uow: UnitOfWork, preview: OperationId) -> RequestDraft:
    """The request as it was filled in before this person asked for the offer, also if there is none any more.

    Raises PriceChanged for what is no such question of theirs (an id can be forged).
    """
    uow.actor.require(Permission.FILE_CHANGE_REQUEST)
    try:
        asked = uow.operations.get(preview)
    except NotFound:
        raise PriceChanged from None
    is_theirs = (asked.team, asked.user) == (uow.actor.team, uow.actor.user)
    if not is_theirs or asked.kind != PreviewOffer.kind:
        raise PriceChanged
    return RequestDraft.model_validate(PreviewOffer.model_validate_json(asked.command).model_dump())


def reviewed(uow: UnitOfWork, preview: OperationId) -> OfferReviewed:
    """A review that this person asked for and that still holds. Raises PriceChanged."""
    uow.actor.require(Permission.GRANT_OFFER)
    asked = review_of(uow, preview, (PreviewOffer.kind,))
    if asked is None:
        raise PriceChanged
    return OfferReviewed.model_validate_json(asked.result or "")


# What it means, by Stripe


def check_preview(uow: UnitOfWork, command: PreviewOffer) -> OfferToMake:
    """Refuse what is not offered, to whom it is not, and what needs no request to begin with."""
    return _allowed(uow, command, command.reason)


def perform_preview(payments: Payments, context: Context, offer: OfferToMake) -> CouponPreview:
    del context
    return payments.preview_coupon(offer.order)


def record_preview(uow: UnitOfWork, context: Context, offer: OfferToMake, preview: CouponPreview) -> OfferReviewed:
    del uow, context  # nothing happened that would have to be written down
    return OfferReviewed(offer=offer, preview=preview)


PREVIEW = Action(
    command=PreviewOffer,
    checked=OfferToMake,
    outcome=CouponPreview,
    receipt=OfferReviewed,
    check=check_preview,
    perform=perform_preview,
    record=record_preview,
)


# Taking it


def check(uow: UnitOfWork, command: TakeOffer) -> ConfirmedOffer:
    """Refuse what is not what this person reviewed within the last hour (PriceChanged), or may no longer be given."""
    asked = review_of(uow, command.preview, (PreviewOffer.kind,))
    if asked is None or asked.contact != command.contact:
        raise PriceChanged(contact=uow.contacts.get(command.contact).name)
    shown = OfferReviewed.model_validate_json(asked.result or "")
    offer = _allowed(uow, shown.offer.assessment.draft, shown.offer.reason)
    if (offer.coupon, offer.order) != (shown.offer.coupon, shown.offer.order):
        raise PriceChanged(contact=offer.assessment.contact.name)
    return ConfirmedOffer(offer=offer, reviewed=shown.preview)


def perform(payments: Payments, context: Context, checked: ConfirmedOffer) -> Discounted:
    given = payments.apply_coupon(checked.offer.order, checked.reviewed, context.operation, context.created_at)
    return Discounted(subscription=given)


def record(uow: UnitOfWork, context: Context, checked: ConfirmedOffer, outcome: Discounted) -> OfferTaken:
    """Mirror and timeline. No request is filed."""
    assessment = checked.offer.assessment
    uow.mirror.add_subscription(assessment.contact.id, outcome.subscription, None)
    uow.timeline.append(
        Entry(
            id=f"{context.operation}:{Happening.OFFER_TAKEN}",
            contact=assessment.contact.id,
            at=uow.now,
            what=Happening.OFFER_TAKEN,
            by=context.actor.name,
            on_behalf_of=assessment.requester.name,
            operation=context.operation,
            stripe_id=outcome.subscription.id,
            parameters={
                "coupon": checked.offer.coupon.code,
                "plan": assessment.before.plan,
                "reason": checked.offer.reason.value,
            },
        )
    )
    return OfferTaken(offer=checked.offer, preview=checked.reviewed)


TAKE = Action(
    command=TakeOffer,
    checked=ConfirmedOffer,
    outcome=Discounted,
    receipt=OfferTaken,
    check=check,
    perform=perform,
    record=record,
    subject=in_turn,
)


# The rules


def _allowed(uow: UnitOfWork, draft: PlanChangeDraft, reason: ReasonCode) -> OfferToMake:
    """Everything that the request itself needs, and what is offered instead of it."""
    assessment = assess(uow, draft)
    if assessment.way is not Way.REQUEST:
        raise NeedsNoDecision
    coupon = _offer(uow, assessment, reason)
    order = CouponOrder(
        customer=assessment.contact.customer,
        subscription=assessment.subscription.id,
        before=known_items(uow, assessment.subscription),
        coupon=coupon.code,
    )
    return OfferToMake(assessment=assessment, reason=reason, coupon=coupon, order=order)


def _offer(uow: UnitOfWork, assessment: Assessment, reason: ReasonCode) -> Coupon:
    """The first of the house's offers that is valid for what the customer has.

    One discount at a time, and none while a change waits at Stripe: its phases would end it. Raises RequestPending too.
    """
    uow.actor.require(Permission.GRANT_OFFER)
    contact, subscription = assessment.contact, assessment.subscription
    if uow.requests.open_for(subscription.id):
        raise pending(uow, subscription.id)
    coupon = next(_valid(uow, assessment, reason), None)
    if coupon is None or subscription.schedule:
        raise NoOffer(contact=contact.name)
    if coupon.code in _taken(uow, assessment):
        raise OfferTakenBefore(contact=contact.name, coupon=coupon.code)
    if subscription.discount:
        raise DiscountRuns(contact=contact.name, coupon=subscription.discount)
    return coupon


def _valid(uow: UnitOfWork, assessment: Assessment, reason: ReasonCode) -> Iterator[Coupon]:
    """Those for that reason which today may be given for the plan's price, in its currency (H21), and take effect."""
    price = plan_price(uow.catalogue, assessment.subscription)
    for code in uow.catalogue.plan_changes.offered_for(reason):
        coupon = uow.catalogue.coupon(code)
        if coupon.applies_to(price, uow.today) and _reaches(coupon, assessment.subscription, uow.now):
            yield coupon


def _reaches(coupon: Coupon, subscription: Subscription, now: datetime) -> bool:
    """Whether the next payment comes before it ends: three months are over before a year is billed again."""
    if coupon.months is None or subscription.current_period_end is None:
        return True
    return now + relativedelta(months=coupon.months) > subscription.current_period_end


def _taken(uow: UnitOfWork, assessment: Assessment) -> set[str]:
    """The coupons that this customer took instead of a downgrade before."""
    done = uow.operations.done(assessment.contact.id, TakeOffer.kind)
    return {OfferTaken.model_validate_json(one.result or "").offer.coupon.code for one in done}
