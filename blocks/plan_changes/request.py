"""The request for less: what will be lost, who decides, and what people need to know for it (A4, A24 to A30, HX17)."""

from __future__ import annotations

from collections.abc import Iterator

from billing.catalogue import Catalogue, Proration, ReasonCode
from billing.change_requests.filing import LONGEST_ADDRESS, RequestForm
from billing.change_requests.model import LONGEST_NOTE, ChangeRequest, Person
from billing.plans import per_month
from blocks import kit, ways, words
from blocks.answers import Answer
from blocks.graphemes import fit
from blocks.plan_changes import wording
from blocks.plan_changes.ids import Id
from blocks.plan_changes.review import meaning
from blocks.texts import Translator, bold

NAMED = 20  # managers who are named; the rest is counted


def request(shown: RequestForm, catalogue: Catalogue, t: Translator) -> kit.Modal:
    """The form of A26. Its metadata is the draft; every rule is checked again when it is filed."""
    assessment = shown.assessment
    return kit.Modal(
        title=t("Request account change"),
        blocks=[
            kit.section(
                t.rich(
                    "For {name}, on behalf of {requester}",
                    name=bold(fit(assessment.contact.name, 300)),
                    requester=fit(assessment.requester.name, 300),
                )
            ),
            kit.section(wording.differences(assessment.differences, catalogue, t)),
            *wording.listed(t("Used beyond the new limits"), wording.excess(assessment.impact.above, t)),
            *meaning(assessment, catalogue, t),
            *kit.fields(
                {
                    t("Price before discount and tax"): wording.price_change(assessment.impact, assessment.cadence, t),
                    t("Difference"): wording.monthly_difference(assessment.impact, assessment.cadence, t),
                    t("Takes effect"): _when(shown, catalogue, t),
                    t("Who decides"): _who(shown, t),
                }
            ),
            kit.divider(),
            *_inputs(shown, catalogue, t),
        ],
        callback_id=Id.REQUEST,
        submit=t("Submit request"),
        close=t("Back"),
        metadata={
            **assessment.draft.model_dump(mode="json", exclude_none=True),
            "origin": shown.draft.origin.value,
            "offered": shown.offer.code if shown.offer else None,
        },
    )


def filed(shown: ChangeRequest, t: Translator) -> Answer:
    """It is written down, and everybody who decides is being told."""
    names = deciders(shown.approvers, t)
    return Answer(
        title=t("Request filed"),
        text=t("The request for {name} is filed.", name=shown.contact_name),
        blocks=[
            kit.section(t.rich("📝 *The request for {name} is filed.*", name=fit(shown.contact_name, 300))),
            kit.section(t("It is decided by {names}.", names=names)),
            kit.context(
                t(
                    "You hear of every step by direct message. The customer is answered at {address}.",
                    address=shown.reply_to,
                ),
                t("Until it is decided nothing changes. Another change in between takes the place of the request."),
            ),
            kit.actions(ways.request(shown.id, t), ways.card(shown.contact, t)),
        ],
    )


def deciders(approvers: tuple[Person, ...], t: Translator) -> str:
    """`Priya Nair or Jonas Weber`."""
    people = tuple({one.user: one for one in approvers}.values())
    names = [fit(one.name, 60) for one in people[:NAMED]]
    rest = len(people) - NAMED
    return t.either(names) if rest <= 0 else ", ".join([*names, t("… and {n} more", n=rest)])


def _when(shown: RequestForm, catalogue: Catalogue, t: Translator) -> str:
    """K7: the policy of the house."""
    if shown.at_once:
        is_credited = catalogue.plan_changes.proration is Proration.DIFFERENCE
        return (
            t("as soon as it is approved; unused time is credited") if is_credited else t("as soon as it is approved")
        )
    end = shown.assessment.subscription.current_period_end
    if end is None:
        return t("at the end of the period")
    return t("at the end of the period, {day} at the earliest; everything is kept until then", day=t.day_of(end))


def _who(shown: RequestForm, t: Translator) -> str:
    names = deciders(shown.approvers, t)
    if shown.approvals_needed == 1:
        return names
    return t("{n} of them have to agree: {names}", n=shown.approvals_needed, names=names)


def _inputs(shown: RequestForm, catalogue: Catalogue, t: Translator) -> Iterator[kit.Block]:
    draft = shown.draft
    lost = per_month(shown.assessment.impact.difference, shown.assessment.cadence)
    reasons = [kit.option(words.change_reason(one, t), one.value) for one in ReasonCode]
    yield kit.field_input(
        t("Why does the customer want less?"),
        kit.select(Id.REASON, reasons, placeholder=t("Choose a reason"), initial=draft.reason),
        block_id="reason",
        dispatch=bool(catalogue.plan_changes.offers),
    )
    yield from _offer(shown, t)
    yield kit.field_input(
        t("In the customer’s words"),
        kit.text_input("plan_change.remark", initial=draft.remark, at_most=LONGEST_NOTE, multiline=True),
        block_id="remark",
        optional=True,
        hint=t("Those who decide read this. {amount} a month are at stake.", amount=-lost) if lost.amount < 0 else "",
    )
    yield kit.field_input(
        t("Wished for the day"),
        kit.day_input("plan_change.wished", initial=draft.wished),
        block_id="wished",
        optional=True,
        hint=t("Empty: as early as possible. It never takes effect before that day."),
    )
    yield kit.field_input(
        t("Customer’s e-mail address for answers"),
        kit.text_input("plan_change.reply_to", initial=draft.reply_to[:LONGEST_ADDRESS], at_most=LONGEST_ADDRESS),
        block_id="reply_to",
    )


def _offer(shown: RequestForm, t: Translator) -> Iterator[kit.Block]:
    """What the house offers for that reason, so that the customer stays (HX17)."""
    if shown.offer is None:
        return
    offer = f"{shown.offer.code} · {shown.offer.label.in_(t.language)}"
    yield kit.section(
        t.rich("🎁 *Can be offered instead:* {offer}. The plan stays as it is, and no request is filed.", offer=offer),
        accessory=kit.button(t("Look at the offer"), ways.TO_OFFER, value=shown.offer.code, style="primary"),
        block_id="offer",
    )
    yield kit.context(t("⬇️ If the customer declines, go on with the request; it notes that."))
