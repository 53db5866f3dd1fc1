"""The review: what is charged today line by line, from when on what, and what is gained (A16, A17, AX1, AX14)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from billing.catalogue import Catalogue, Proration
from billing.errors import NoPaymentMethod
from billing.ids import OperationId
from billing.payment_methods import WaysToPay
from billing.plan_changes import Assessment, PlanChangeReviewed, Way
from billing.ports import ChangeLine, ChangePreview
from blocks import kit, payment_methods, refusals, words
from blocks.graphemes import fit
from blocks.plan_changes import wording
from blocks.plan_changes.ids import Id
from blocks.plan_changes.overview import requested
from blocks.texts import Translator, bold

MOST_LINES = 40  # of proration; more than a subscription can have


def review(
    shown: PlanChangeReviewed, pay_by: WaysToPay, operation: OperationId, catalogue: Catalogue, t: Translator
) -> kit.Modal:
    """The second confirmation. `operation` is the preview's, in whose row stands what is confirmed here.

    Where no method would be charged by itself, one of `pay_by` is chosen.
    """
    assessment, preview = shown.assessment, shown.preview
    options = payment_methods.options(pay_by.methods, pay_by.link_to, t) if shown.cannot_pay else []
    at_once = assessment.way is Way.AT_ONCE
    return kit.Modal(
        title=t("Review purchase") if _is_purchase(shown) else t("Review change"),
        blocks=[
            kit.section(
                t.rich(
                    "For {name}, on behalf of {requester}",
                    name=bold(fit(assessment.contact.name, 300)),
                    requester=fit(assessment.requester.name, 300),
                )
            ),
            kit.section(wording.differences(assessment.differences, catalogue, t)),
            *(_today(preview, catalogue, t) if at_once else _later(shown, t)),
            *kit.fields(
                {
                    t("From {day} on", day=t.day_of(preview.renews_at)): _renewal(assessment, preview, t),
                    t("Payment method"): _method(shown, t),
                    t("Price before discount and tax"): wording.price_change(assessment.impact, assessment.cadence, t),
                }
            ),
            *meaning(assessment, catalogue, t),
            *_superseded(shown, catalogue, t),
            *([payment_methods.choice(options, None, Id.METHOD, t)] if options else []),
            kit.context(*_remarks(shown, catalogue, t)),
            kit.actions(kit.button(t("Change the selection"), Id.EDIT, value=operation)),
        ],
        callback_id=Id.REVIEW,
        submit=_button(shown, options, t),
        close=t("Cancel"),
        metadata={"contact": assessment.contact.id, "preview": operation},
    )


def meaning(assessment: Assessment, catalogue: Catalogue, t: Translator) -> list[kit.Block]:
    """Features that are gained and lost, by name, and limits that are others (A4)."""
    impact = assessment.impact
    return [
        *wording.features(t("Gained"), impact.gained, t, icon="✅"),
        *wording.features(t("Lost"), impact.lost, t, icon="❌"),
        *wording.listed(t("Limits"), wording.limits(impact.limits, catalogue, t)),
    ]


def rows(preview: ChangePreview, catalogue: Catalogue, t: Translator) -> list[tuple[str, str]]:
    """What is charged now: the credit for unused time, the charge for the rest, discount, taxes, total, balance."""
    shown = [(_line(one, catalogue, t), t.money(one.amount)) for one in preview.lines[:MOST_LINES]]
    if preview.discount:
        shown.append((t("Discount"), t.money(-preview.discount)))
    shown += [(words.tax(one, t), t.money(one.amount)) for one in preview.taxes]
    if preview.total.amount < 0:
        return [*shown, (bold(t("Credit to the customer’s balance")), bold(t.money(-preview.total)))]
    if preview.due != preview.total:
        shown.append((t("Taken from the customer’s balance"), t.money(preview.due - preview.total)))
    return [*shown, (bold(t("Charged now")), bold(t.money(preview.due)))]


def _line(one: ChangeLine, catalogue: Catalogue, t: Translator) -> str:
    label = catalogue.label(one.price) if one.price else None
    names = {
        "product": fit(label.in_(t.language) if label else one.description, 300),
        "since": t.day_of(one.since),
        "until": t.day_of(one.until),
    }
    if one.quantity != 1:
        names["product"] = t("{product} × {quantity}", product=names["product"], quantity=one.quantity)
    if one.amount.amount < 0:
        return t("Unused time: {product}, {since} to {until}", **names)
    return t("{product}, {since} to {until}", **names)


def _today(preview: ChangePreview, catalogue: Catalogue, t: Translator) -> list[kit.Block]:
    if not preview.lines:
        return [kit.section(t.rich("*Today nothing is charged.*"))]
    return [kit.header(t("Today")), *kit.rows(rows(preview, catalogue, t))]


def _later(shown: PlanChangeReviewed, t: Translator) -> list[kit.Block]:
    """A lower limit without a decision (K3): everything stays as it is until the period is over (AX2, AX3)."""
    day = t.day_of(shown.preview.renews_at)
    return [
        kit.section(t.rich("*Today nothing changes and nothing is charged.* The lower limit begins on {day}.", day=day))
    ]


def _renewal(assessment: Assessment, preview: ChangePreview, t: Translator) -> str:
    cadence = assessment.cadence
    amount = words.per_cycle(t.money(preview.renewal), cadence.interval, cadence.count, t)
    return t("{amount}, tax and discount included", amount=amount)


def _method(shown: PlanChangeReviewed, t: Translator) -> str:
    if shown.method:
        return words.method(shown.method, t)
    return t("by invoice") if shown.assessment.subscription.by_invoice else t("none on file")


def _superseded(shown: PlanChangeReviewed, catalogue: Catalogue, t: Translator) -> list[kit.Block]:
    """An open request ends by it, which is said before."""
    if shown.supersedes is None:
        return []
    return [
        kit.divider(),
        kit.section(requested(shown.supersedes, catalogue, t)),
        kit.context(t("⏭️ This change takes the place of the request, which then is over.")),
    ]


def _remarks(shown: PlanChangeReviewed, catalogue: Catalogue, t: Translator) -> Iterator[str]:
    preview, way = shown.preview, shown.assessment.way
    if way is Way.PERIOD_END:
        yield t("🗓️ A change upwards before then takes the place of this one.")
        return
    if shown.assessment.subscription.by_invoice and preview.due:
        yield t("🧾 The customer gets an invoice over {amount}.", amount=preview.due)
    elif shown.cannot_pay:
        yield f"💳 {refusals.sentence(NoPaymentMethod(contact=shown.assessment.contact.name).reason, t)}"
    elif preview.due:
        yield t("💳 {amount} is charged as soon as this is confirmed.", amount=preview.due)
    if catalogue.plan_changes.proration is Proration.FULL_PRICE:
        yield t("💶 What was paid for the rest of the old plan is not credited.")
    yield t("🔁 The billing day stays. This price holds for an hour.")


def _button(shown: PlanChangeReviewed, options: Sequence[kit.Option], t: Translator) -> str | None:
    if shown.cannot_pay and not options:
        return None
    return t("Confirm purchase") if _is_purchase(shown) else t("Confirm change")


def _is_purchase(shown: PlanChangeReviewed) -> bool:
    """More is paid from now on; fewer seats, and a lower limit later, are no purchase."""
    is_more = shown.assessment.impact.difference.amount > 0
    return shown.assessment.way is Way.AT_ONCE and (is_more or shown.preview.due.amount > 0)
