"""Words that the views of plan changes share: packages, differences, features, limits, money."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from billing.catalogue import Catalogue, Feature
from billing.money import Money
from billing.plans import Cadence, Difference, Dimension, Excess, Impact, LimitChange, Package, per_month
from blocks import kit, words
from blocks.graphemes import fit
from blocks.texts import Mrkdwn, Translator, bold, escape, joined, later

LONGEST_LIST = 2500  # characters of a list in one section

_EXCESSES = {
    Dimension.LIMIT: later("{used} contacts are in use, {allowed} would be allowed"),
    Dimension.SEATS: later("{used} seats are in use, {allowed} would be allowed"),
}


def package(one: Package, catalogue: Catalogue, t: Translator) -> str:
    """`Marketing Plus, up to 5,000 contacts, 3 seats, Dedicated IP address`."""
    parts = [words.plan_name(catalogue, one.plan, t)]
    if one.limit is not None:
        parts.append(t.count("up to {n} contact", "up to {n} contacts", one.limit))
    parts.append(t.count("{n} seat", "{n} seats", one.seats))
    parts += add_ons(one, catalogue, t)
    return ", ".join(parts)


def add_ons(one: Package, catalogue: Catalogue, t: Translator) -> list[str]:
    """`Dedicated IP address × 2`."""
    shown = ((words.add_on_name(catalogue, name, t), quantity) for name, quantity in one.add_ons.items())
    return [
        name if quantity == 1 else t("{product} × {quantity}", product=name, quantity=quantity)
        for name, quantity in shown
    ]


def differences(changes: Iterable[Difference], catalogue: Catalogue, t: Translator) -> Mrkdwn:
    """What changes, one a line."""
    return joined(_difference(one, catalogue, t) for one in changes)


def difference(one: Difference, catalogue: Catalogue, t: Translator) -> tuple[str, tuple[str, ...]]:
    """What changes: from what to what, or that an add-on goes or comes, because "1 → 0" says neither."""
    match one.dimension:
        case Dimension.PLAN | Dimension.PRODUCT:
            before, after = (words.plan_name(catalogue, str(plan), t) for plan in (one.before, one.after))
            return t("Plan"), (before, after)
        case Dimension.LIMIT:
            return t("Contact limit"), (_number(one.before, t), _number(one.after, t))
        case Dimension.SEATS:
            return t("Seats"), (_number(one.before, t), _number(one.after, t))
        case Dimension.ADD_ON:
            return words.add_on_name(catalogue, one.add_on or "", t), _add_on(one, t)


def _add_on(one: Difference, t: Translator) -> tuple[str, ...]:
    if not one.after:
        return (t("no longer included"),)
    if not one.before and one.after == 1:
        return (t("added"),)
    return _number(one.before, t), _number(one.after, t)


def _difference(one: Difference, catalogue: Catalogue, t: Translator) -> Mrkdwn:
    label, (*before, after) = difference(one, catalogue, t)
    shown = [*(escape(fit(part, 200)) for part in before), bold(fit(after, 200))]
    return t.rich("• {label}: {change}", label=fit(label, 200), change=joined(shown, by=" → "))


def _number(value: str | int | None, t: Translator) -> str:
    return t.number(int(value or 0))


def features(title: str, some: Iterable[Feature], t: Translator, *, icon: str) -> list[kit.Block]:
    """The features by name, under a title; as many sections as they need. Nothing without a feature."""
    return listed(title, (joined([icon, one.in_(t.language)], by=" ") for one in some))


def listed(title: str, lines: Iterable[str]) -> list[kit.Block]:
    """Lines under a title, in as many sections as they need; nothing without a line."""
    sections: list[list[str]] = []
    room = 0
    for line in lines:
        shown = Mrkdwn(fit(line, 400, markup=True)) if isinstance(line, Mrkdwn) else escape(fit(line, 400))
        if room < len(shown):
            sections.append([] if sections else [bold(title)])
            room = LONGEST_LIST
        sections[-1].append(shown)
        room -= len(shown)
    return [kit.section(joined(one)) for one in sections]


def limits(changes: Iterable[LimitChange], catalogue: Catalogue, t: Translator) -> Iterator[str]:
    """`Automations: 50 → 500`; in words where a plan has none of that name."""
    for one in changes:
        yield t(
            "{limit}: {before} → {after}",
            limit=catalogue.limit_name(one.limit).in_(t.language),
            before=_or_none(one.before, t),
            after=_or_none(one.after, t),
        )


def _or_none(value: int | None, t: Translator) -> str:
    return t("not included") if value is None else t.number(value)


def excess(above: Iterable[Excess], t: Translator) -> list[Mrkdwn]:
    """What is used beyond the new limits, one a line."""
    return [t.rich(_EXCESSES[one.what], used=one.used, allowed=one.allowed) for one in above]


def price(amount: Money, cadence: Cadence, t: Translator) -> str:
    """`€49.00 per month`, and of another cycle what it comes to in a month."""
    shown = words.per_cycle(t.money(amount), cadence.interval, cadence.count, t)
    if (cadence.interval, cadence.count) == ("month", 1):
        return shown
    return t("{price} ({monthly} a month)", price=shown, monthly=per_month(amount, cadence))


def price_change(impact: Impact, cadence: Cadence, t: Translator) -> str:
    """`€49.00 → €95.00 per month`, before discount and tax."""
    before = t.money(impact.before)
    return f"{before} → {price(impact.after, cadence, t)}"


def monthly_difference(impact: Impact, cadence: Cadence, t: Translator) -> str:
    """`+€46.00 a month`."""
    difference = per_month(impact.difference, cadence)
    sign = "+" if difference.amount > 0 else ""
    return t("{sign}{amount} a month", sign=sign, amount=difference)
