"""The discount that is offered instead of a downgrade: its review, and that it was given (HX17)."""

from __future__ import annotations

from billing.catalogue import Catalogue, Coupon
from billing.discount_offers import OfferReviewed, OfferTaken
from billing.errors import Reason
from billing.ids import ContactId, OperationId
from blocks import kit, refusals, ways, words
from blocks.answers import Answer
from blocks.graphemes import fit
from blocks.plan_changes import wording
from blocks.texts import Mrkdwn, Translator, bold, joined


class Id:
    PREVIEW = ways.TO_OFFER  # button in the form of the request, whose fields it takes along
    REVIEW = "discount_offer.review"  # callback; metadata: contact, preview
    SHOW_REVIEW = "discount_offer.show_review"  # button in a direct message; value: the preview's operation
    BACK = "discount_offer.back"  # button; value: the preview's operation, whose request is gone on with
    OPEN_STRIPE = "discount_offer.open_stripe"  # button with an address; needs only an acknowledgement


def review(shown: OfferReviewed, operation: OperationId, catalogue: Catalogue, t: Translator) -> kit.Modal:
    """What the customer pays with it, before it is given. `operation` is the preview's, in whose row it all stands."""
    assessment = shown.offer.assessment
    return kit.Modal(
        title=t("Review the offer"),
        blocks=[
            kit.section(
                t.rich(
                    "For {name}, on behalf of {requester}",
                    name=bold(fit(assessment.contact.name, 300)),
                    requester=fit(assessment.requester.name, 300),
                )
            ),
            *kit.fields(
                {
                    t("Offer"): named(shown.offer.coupon, t),
                    t("Next payment"): _next(shown, t),
                    t("Reason"): words.change_reason(shown.offer.reason, t),
                    t("Plan"): wording.package(assessment.before, catalogue, t)[:1500],
                }
            ),
            kit.section(t.rich("*The customer wanted instead:*")),
            kit.section(wording.differences(assessment.differences, catalogue, t)),
            kit.context(
                t("🎁 The plan stays as it is, and no request is filed. Nothing is charged or credited now."),
                t("⬇️ If the customer declines, go on with the request; it notes that."),
            ),
            kit.actions(kit.button(t("Go on with the request"), Id.BACK, value=operation)),
        ],
        callback_id=Id.REVIEW,
        submit=t("Give the discount"),
        close=t("Cancel"),
        metadata={"contact": assessment.contact.id, "preview": operation},
    )


def ready(shown: OfferReviewed, operation: OperationId, t: Translator) -> kit.Message:
    """The window was closed before Stripe had answered."""
    name = shown.offer.assessment.contact.name
    return kit.Message(
        text=t("The offer for {name} can be reviewed.", name=name),
        blocks=[
            kit.section(
                t.rich(
                    "🎁 *The offer for {name} can be reviewed:* {offer}",
                    name=fit(name, 300),
                    offer=named(shown.offer.coupon, t),
                )
            ),
            kit.actions(
                kit.button(t("Review"), Id.SHOW_REVIEW, value=operation, style="primary"),
                ways.card(shown.offer.assessment.contact.id, t),
            ),
        ],
    )


def taken(receipt: OfferTaken, t: Translator, stripe_url: str) -> Answer:
    """The discount runs. `stripe_url` is the subscription's page at Stripe."""
    assessment = receipt.offer.assessment
    contact = assessment.contact
    return Answer(
        title=t("Discount given"),
        text=t("{name} has the discount {offer}.", name=contact.name, offer=named(receipt.offer.coupon, t)),
        blocks=[
            kit.section(
                t.rich(
                    "🎁 *{name} has the discount {offer}.* The plan stays as it is, and no request was filed.",
                    name=fit(contact.name, 300),
                    offer=named(receipt.offer.coupon, t),
                )
            ),
            *kit.fields({t("Next payment"): _next(receipt, t)}),
            kit.actions(
                ways.plan(contact.id, t, change=False),
                ways.card(contact.id, t),
                kit.button(t("Open in Stripe"), Id.OPEN_STRIPE, url=stripe_url),
            ),
        ],
    )


def refused(reason: Reason, contact: ContactId, preview: OperationId, t: Translator) -> Answer:
    """A rule said no; the request can be gone on with as it was filled in."""
    said = refusals.sentence(reason, t)
    return Answer(
        title=t("Not possible"),
        text=said,
        blocks=[
            kit.section(joined([t.rich("🚫 *No discount was given.*"), said])),
            kit.actions(
                kit.button(t("Go on with the request"), Id.BACK, value=preview, style="primary"), ways.card(contact, t)
            ),
        ],
        final=False,
    )


def named(coupon: Coupon, t: Translator) -> str:
    """`STAY20 · 20% off for three months`."""
    return f"{coupon.code} · {coupon.label.in_(t.language)}"


def _next(shown: OfferReviewed | OfferTaken, t: Translator) -> Mrkdwn:
    preview = shown.preview
    return t.rich(
        "{before} → *{after}* on {day}, tax included",
        before=preview.without,
        after=preview.with_it,
        day=t.day_of(preview.renews_at),
    )
