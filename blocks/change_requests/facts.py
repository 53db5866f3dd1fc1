"""What is said about a change request wherever it is shown: what changes, what it costs, what was decided."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from billing.catalogue import Catalogue
from billing.change_requests.lists import RequestView
from billing.change_requests.model import Act, ChangeRequest, Decision, Person, RequestState
from billing.errors import Reason
from billing.plans import Difference, Dimension
from blocks import refusals, words
from blocks.graphemes import fit
from blocks.plan_changes import wording
from blocks.plan_changes.request import deciders
from blocks.texts import Mrkdwn, Translator, escape, joined, later, one_line

NAMES = 60  # characters of a customer's or colleague's name in a line with others
QUOTED = 600  # characters of what somebody wrote
SHOWN = 8  # features or limits; the rest is counted


# By what was done: an icon, the sentence, and the sentence where nobody of ours did it.
_DONE: Mapping[Act, tuple[str, str, str]] = {
    Act.FILE: ("📝", later("Filed by {who}, {when}"), ""),
    Act.APPROVE: ("👍", later("Approved by {who}, {when}"), ""),
    Act.REJECT: ("👎", later("Rejected by {who}, {when}"), ""),
    Act.ASK: ("❓", later("{who} asked, {when}"), ""),
    Act.ANSWER: ("💬", later("{who} answered, {when}"), ""),
    Act.WITHDRAW: ("↩️", later("Withdrawn by {who}, {when}"), ""),
    Act.SCHEDULE: ("🗓️", "", later("Planned at Stripe, {when}")),
    Act.TAKE_EFFECT: ("✅", "", later("In effect, {when}")),
    Act.KEEP: ("🔒", later("Called off by {who}, {when}"), later("Called off, {when}")),
    Act.SUPERSEDE: (
        "⏭️",
        later("Superseded by another change by {who}, {when}"),
        later("Superseded by another change, {when}"),
    ),
    Act.FAIL: ("⚠️", "", later("Failed, {when}")),
}
# Why it failed, where no refusal says it.
_FAILED = {
    "SubscriptionEnded": later("The subscription has ended."),
    "ScheduleReleased": later("The planned change was cancelled at Stripe."),
    "Failed": later("Something broke on our side."),
}


def summary(request: ChangeRequest, catalogue: Catalogue, t: Translator) -> str:
    """The most important change in one line of plain text: `Marketing Plus → Marketing Starter`."""
    label, change = difference(request.differences[0], catalogue, t)
    more = len(request.differences) - 1
    line = change if request.differences[0].dimension in (Dimension.PLAN, Dimension.PRODUCT) else f"{label}: {change}"
    return t.count("{change} and {n} more change", "{change} and {n} more changes", more, change=line) if more else line


def difference(one: Difference, catalogue: Catalogue, t: Translator) -> tuple[str, str]:
    """What changes, and how: (`Contact limit`, `5,000 → 1,000`)."""
    label, values = wording.difference(one, catalogue, t)
    return label, " → ".join(values)


def changes(request: ChangeRequest, catalogue: Catalogue, t: Translator) -> Mrkdwn:
    """Everything that changes, one line each."""
    shown = wording.differences(request.differences[:SHOWN], catalogue, t)
    return joined([shown, _and_more(len(request.differences), t)])


def money(view: RequestView, t: Translator) -> str:
    """`€95.00 → €25.00 per month`; without the cycle where nobody knows it any more."""
    impact = view.request.impact
    if view.cadence is None:
        return f"{t.money(impact.before)} → {t.money(impact.after)}"
    return wording.price_change(impact, view.cadence, t)


def money_a_month(view: RequestView, t: Translator) -> str:
    """`-€70.00 a month`: less, or now and then more."""
    return wording.monthly_difference(view.request.impact, view.cadence, t) if view.cadence else ""


def lost(request: ChangeRequest, t: Translator) -> Mrkdwn:
    """The features that the customer loses, by name (A4, AX11); nothing where none is."""
    features = request.impact.lost
    if not features:
        return Mrkdwn()
    names = [joined(["•", fit(one_line(one.in_(t.language)), 100)], by=" ") for one in features[:SHOWN]]
    return joined([t.rich("*Will be lost:*"), *names, _and_more(len(features), t)])


def limits(request: ChangeRequest, catalogue: Catalogue, t: Translator) -> Mrkdwn:
    """The plan's other limits that change."""
    if not request.impact.limits:
        return Mrkdwn()
    shown = [f"• {one}" for one in wording.limits(request.impact.limits[:SHOWN], catalogue, t)]
    return joined([t.rich("*Limits of the plan:*"), *shown, _and_more(len(request.impact.limits), t)])


def above(view: RequestView, t: Translator) -> Mrkdwn:
    """What the customer uses beyond the new limits (A4), one line each."""
    return joined(joined(["⚠️", one], by=" ") for one in wording.excess(view.above, t))


def who(view: RequestView, t: Translator) -> Mapping[str, str]:
    """The people, the reason and the wish, as labels with their values (A24, slack.md's eighth rule)."""
    request = view.request
    return {
        t("On behalf of"): _named(request.requester_name, request.requester_email),
        t("Filed by"): _filed(request, t),
        t("Reason"): words.change_reason(request.reason, t),
        t("Wished for"): t("not before {day}", day=request.wished) if request.wished else "",
        t("Offer not taken up"): t("discount {coupon}", coupon=request.offer_declined)
        if request.offer_declined
        else "",
    }


def stands(view: RequestView, t: Translator) -> Mrkdwn:
    """Where it stands, and who has to do something."""
    request = view.request
    match request.state:
        case RequestState.FILED:
            return _waits(view, t)
        case RequestState.ASKED:
            return t.rich("❓ *Waiting for an answer* from {name}", name=fit(request.filed_by.name, NAMES))
        case RequestState.APPROVED:
            return t.rich("👍 *Approved.* Stripe is being told.")
        case RequestState.SCHEDULED:
            return t.rich("🗓️ *Approved, takes effect on {day}.* Until then the plan can be kept.", day=_day(request, t))
        case RequestState.EFFECTIVE:
            return t.rich("✅ *In effect since {day}.*", day=_day(request, t))
        case RequestState.REJECTED:
            return t.rich("👎 *Rejected.* The plan stays as it is.")
        case RequestState.WITHDRAWN:
            return t.rich("↩️ *Withdrawn.* The plan stays as it is.")
        case RequestState.KEPT:
            return t.rich("🔒 *Called off.* The plan is kept.")
        case RequestState.SUPERSEDED:
            return t.rich("⏭️ *Superseded by another change.* This change will not be made.")
        case RequestState.FAILED:
            return joined([t.rich("⚠️ *Failed.*"), failure(request.last.note, t)], by=" ")


def failure(key: str, t: Translator) -> str:
    """Why Stripe did not do it, in a sentence."""
    return t(_FAILED[key]) if key in _FAILED else refusals.sentence(Reason(key=key), t)


def decision(one: Decision, t: Translator) -> Mrkdwn:
    """What was done, by whom, when, and what they wrote."""
    icon, by_somebody, by_nobody = _DONE[one.act]
    text = (by_somebody if one.by else by_nobody) or by_somebody or by_nobody
    done = t.rich(text, who=_person(one.by, t) if one.by else "Stripe", when=one.at)
    remark = t("although usage is above the new limits") if one.override else ""
    note = failure(one.note, t) if one.act is Act.FAIL else one.note
    return joined([joined([icon, joined([done, remark], by=", ")], by=" "), quoted(note, t)])


def quoted(text: str, t: Translator) -> Mrkdwn:
    """What somebody wrote, in quotes; nothing for nothing."""
    return t.rich("“{text}”", text=fit(one_line(text), QUOTED)) if text.strip() else Mrkdwn()


def remark(request: ChangeRequest, t: Translator) -> Mrkdwn:
    """What who filed it wrote."""
    shown = quoted(request.remark, t)
    return t.rich("*Remark:* {remark}", remark=shown) if shown else Mrkdwn()


def trail(decisions: Sequence[Decision], t: Translator, last: int) -> Iterator[Mrkdwn]:
    """What was done with it, the newest at the end; of many the last ones, and no answer without its question."""
    left_out = max(len(decisions) - last, 0)
    if left_out and decisions[left_out].act is Act.ANSWER:
        left_out -= 1
    if left_out:
        yield escape(t.count("… and {n} earlier step", "… and {n} earlier steps", left_out))
    for one in decisions[left_out:]:
        yield decision(one, t)


def _waits(view: RequestView, t: Translator) -> Mrkdwn:
    request = view.request
    if view.stuck:
        return t.rich(
            "🚧 *Nobody is left who may decide it.* {names} had been asked. Once an admin has made somebody a manager, "
            "the next reminder goes to them.",
            names=deciders(request.deciders, t),
        )
    lines = [t.rich("⏳ *Waiting for a decision* by {names}", names=deciders(request.deciders, t))]
    if request.approvals_needed > 1:
        agreed = len(request.approvals)
        lines.append(t.rich("{agreed} of {needed} have agreed.", agreed=agreed, needed=request.approvals_needed))
    waited = request.age(view.now)
    if waited.days:
        lines.append(t.rich("It has been waiting for {age}.", age=words.age(waited, t)))
    if request.escalated_at:
        lines.append(t.rich("Deputies may decide it, too."))
    return joined(lines)


def _filed(request: ChangeRequest, t: Translator) -> str:
    return t("{name}, {when}", name=fit(request.filed_by.name, NAMES), when=request.filed_at)


def _named(name: str, address: str) -> str:
    return " · ".join(fit(one_line(part), 100) for part in (name, address) if part.strip())


def _person(one: Person, t: Translator) -> str:
    name = fit(one.name, NAMES)
    return t("{name} (for {absent})", name=name, absent=fit(one.instead_of, NAMES)) if one.instead_of else name


def _day(request: ChangeRequest, t: Translator) -> str:
    return t.day_of(request.effective_at or request.last.at)


def _and_more(count: int, t: Translator) -> str:
    return t("… and {n} more", n=count - SHOWN) if count > SHOWN else ""
