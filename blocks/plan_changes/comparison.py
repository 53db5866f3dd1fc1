"""Plans side by side: the customer's own on the left, each of the others on the right (A5)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from billing.catalogue import Catalogue
from billing.plan_changes import COMPARED_AT_ONCE
from billing.plans import Comparison, PlanColumn, plans_for
from blocks import kit, words
from blocks.graphemes import fit
from blocks.plan_changes import wording
from blocks.plan_changes.ids import Id
from blocks.texts import Mrkdwn, Translator, bold, joined

FEATURES = 20  # in one row of two columns


def comparison(shown: Comparison, catalogue: Catalogue, t: Translator) -> kit.Modal:
    """Which plans are compared is chosen at the top."""
    own, *others = shown.columns
    offered = [name for name in plans_for(catalogue, shown.cadence) if name != own.name]
    return kit.Modal(
        title=t("Compare plans"),
        blocks=[
            kit.section(t.rich("For {name}", name=bold(fit(shown.contact_name, 300)))),
            *_menu(offered, others, catalogue, t),
            *(block for other in others for block in _pair(own, other, shown, catalogue, t)),
            kit.context(t("Prices are list prices, before discount and tax.")),
            kit.actions(kit.button(t("Change plan"), Id.CHANGE, value=shown.subscription, style="primary")),
        ],
        callback_id=Id.COMPARISON,
        close=t("Back"),
        metadata={"contact": shown.contact, "subscription": shown.subscription},
    )


def _menu(
    offered: Sequence[str], others: Sequence[PlanColumn], catalogue: Catalogue, t: Translator
) -> Iterator[kit.Block]:
    if not offered:
        yield kit.section(t("There is no other plan in the customer’s currency and billing cycle."))
        return
    options = [kit.option(words.plan_name(catalogue, name, t), name) for name in offered[: kit.SELECT_OPTIONS]]
    menu = kit.multi_select(
        Id.COMPARED,
        options,
        placeholder=t("Choose plans"),
        initial=[one.name for one in others],
        at_most=COMPARED_AT_ONCE,
    )
    yield kit.section(t.rich("*Compare with*"), accessory=menu, block_id="others")


def _pair(
    own: PlanColumn, other: PlanColumn, shown: Comparison, catalogue: Catalogue, t: Translator
) -> Iterator[kit.Block]:
    """Two columns with the same lines, so that they can be read across; on a phone one stands under the other."""
    yield kit.divider()
    yield from kit.columns([(_head(own, shown, catalogue, t, is_own=True), _head(other, shown, catalogue, t))])
    ours, theirs = ({feature.id for feature in one.plan.features} for one in (own, other))
    features = [one for one in shown.features if one.id in ours | theirs]
    for first in range(0, len(features), FEATURES):
        lines = features[first : first + FEATURES]
        left, right = (
            joined(f"{'✅' if line.id in has else '➖'} {fit(line.in_(t.language), 80)}" for line in lines)
            for has in (ours, theirs)
        )
        yield from kit.columns([(left, right)])


def _head(one: PlanColumn, shown: Comparison, catalogue: Catalogue, t: Translator, *, is_own: bool = False) -> Mrkdwn:
    name = bold(fit(one.plan.name.in_(t.language), 150))
    limits = one.plan.limits_for(one.limit)
    return joined(
        [
            joined([name, t("(has now)")], by=" ") if is_own else name,
            wording.price(one.price, shown.cadence, t) if one.price else t("not sold in this billing cycle"),
            t.count("up to {n} contact", "up to {n} contacts", one.limit) if one.limit is not None else "",
            _seats(one, t),
            *(
                t("{limit}: {number}", limit=catalogue.limit_name(name).in_(t.language), number=limits[name])
                for name in shown.limits[:15]
                if name in limits
            ),
        ]
    )


def _seats(one: PlanColumn, t: Translator) -> str:
    if one.seats.least == one.seats.most:
        return t("Seats: {n}", n=one.seats.least)
    return t("Seats: {least} to {most}", least=one.seats.least, most=one.seats.most)
