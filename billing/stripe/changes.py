"""What has to change at Stripe, from what is wanted and what is there. Pure: reads nothing, changes nothing.

Running subscriptions are never touched. They refer to their price, coupon and tax rates by id; other terms become other
objects, and the old ones are archived, which only keeps new subscriptions away from them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from billing.stripe.names import CATALOGUE
from billing.stripe.wanted import Kind, Params, Wanted

Object = dict[str, Any]
Found = dict[Kind, list[Object]]


class Action(StrEnum):
    CREATE = "create"
    REPLACE = "replace"  # create one with other terms; another change archives the old one
    UPDATE = "update"
    ARCHIVE = "archive"


@dataclass(frozen=True)
class Change:
    """One call of Stripe's. `str()` says it to a person."""

    action: Action
    kind: Kind
    name: str  # in the catalogue
    params: Params
    target: str | None = None  # Stripe's id of what is updated or archived
    said: str = ""

    def __str__(self) -> str:
        return f"{self.action} {self.kind} {self.name}" + (f": {self.said}" if self.said else "")


def changes(wanted: Iterable[Wanted], found: Found) -> tuple[Change, ...]:
    """The calls, in an order in which each is possible. None when Stripe is as the catalogue wants it."""
    everything = tuple(wanted)
    kept: set[str] = set()
    made = [change for one in everything for change in _towards(one, found[one.kind], kept)]
    gone = list(_archived(found, kept, frozenset((one.kind, one.name) for one in everything)))
    codes_first = [change for change in gone if change.kind is Kind.PROMOTION_CODE]  # a code is free only then
    others = [change for change in gone if change.kind is not Kind.PROMOTION_CODE]
    return (*codes_first, *made, *others)


def _towards(wanted: Wanted, found: list[Object], kept: set[str]) -> Iterator[Change]:
    """What it takes for that one thing to be there. Adds to `kept` what already is what is wanted."""
    candidates = [one for one in found if _is_about(wanted, one)]
    same = [one for one in candidates if _agrees(wanted.terms, one)]
    if not same:
        action = Action.REPLACE if candidates else Action.CREATE
        yield Change(action, wanted.kind, wanted.name, _creation(wanted, candidates), said=wanted.said)
        return
    best = max(same, key=lambda one: bool(one.get("active")))
    kept.add(best["id"])
    looks = {key: value for key, value in wanted.looks.items() if not _agrees({key: value}, best)}
    if looks:
        said = "active again" if "active" in looks else f"new {', '.join(sorted(looks))}"
        yield Change(Action.UPDATE, wanted.kind, wanted.name, looks, target=best["id"], said=said)


def _creation(wanted: Wanted, candidates: list[Object]) -> Params:
    """A lookup key that another price has is taken from it in the same call."""
    if wanted.kind is Kind.PRICE and any(one.get("lookup_key") == wanted.name for one in candidates):
        return {**wanted.params, "transfer_lookup_key": True}
    return wanted.params


def _is_about(wanted: Wanted, found: Object) -> bool:
    """Ours by name, or what has the id, lookup key or code that ours must have."""
    if _name(found) == wanted.name:
        return True
    match wanted.kind:
        case Kind.PRODUCT | Kind.COUPON:
            return bool(found["id"] == wanted.terms["id"])
        case Kind.PRICE:
            return bool(found.get("lookup_key") == wanted.name)
        case Kind.PROMOTION_CODE:
            return bool(found["active"]) and str(found["code"]).upper() == wanted.name
        case Kind.TAX_RATE:
            return False


def _archived(found: Found, kept: set[str], names: frozenset[tuple[Kind, str]]) -> Iterator[Change]:
    """Ours that are active and not wanted. Coupons stay: who has one keeps it, and nobody can redeem it alone."""
    for kind in (Kind.PROMOTION_CODE, Kind.PRICE, Kind.TAX_RATE, Kind.PRODUCT):
        for one in found[kind]:
            name = _name(one) or str(one.get("lookup_key") or one.get("code") or one["id"])
            is_ours = _name(one) is not None or (kind, name) in names
            if one["active"] and is_ours and one["id"] not in kept and not _is_in_the_making(kind, name, names):
                said = f"{one['id']} has other terms" if (kind, name) in names else "not in the catalogue any more"
                yield Change(Action.ARCHIVE, kind, name, {"active": False}, target=one["id"], said=said)


def _is_in_the_making(kind: Kind, name: str, names: frozenset[tuple[Kind, str]]) -> bool:
    """A product of a wanted name is only ever updated."""
    return kind is Kind.PRODUCT and (kind, name) in names


def _name(found: Object) -> str | None:
    name = (found.get("metadata") or {}).get(CATALOGUE)
    return str(name) if name else None


def _agrees(wanted: Params, found: Object) -> bool:
    """Whether the object has those values; what it has beside them does not matter."""
    return all(_equals(value, found.get(key)) for key, value in wanted.items() if key not in _NOT_TOLD)


# Stripe does not tell these again without being asked; a coupon's id stands for its terms.
_NOT_TOLD = {"applies_to", "currency_options"}


def _equals(wanted: object, found: object) -> bool:
    if isinstance(wanted, dict):
        return isinstance(found, dict) and _agrees(wanted, found)
    return wanted == found
