"""What must agree across the file. Looks at plain data, so that it works while other things are wrong there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Any

from billing.catalogue.lines import Path

Mistake = tuple[Path, str]
Entry = tuple[Path, dict[str, Any]]
Data = dict[str, Any]


def check(data: Data) -> Iterator[Mistake]:
    """Every disagreement, in no particular order."""
    yield from _duplicates(data)
    yield from _references(data)
    yield from _currencies(data)


def entries(data: Data, *names: str) -> Iterator[Entry]:
    """Every table in the arrays of that name, arrays inside arrays: `entries(data, "products", "plans")`."""
    found: list[Entry] = [((), data)]
    for name in names:
        found = [inner for outer in found for inner in _tables(outer, name)]
    yield from found


def _tables(outer: Entry, name: str) -> Iterator[Entry]:
    path, table = outer
    inner = table.get(name)
    if isinstance(inner, dict):
        yield (*path, name), inner
    if isinstance(inner, list):
        yield from (((*path, name, n), one) for n, one in enumerate(inner) if isinstance(one, dict))


def _texts(value: Any) -> Iterator[tuple[int, str]]:
    if isinstance(value, list):
        yield from ((n, one) for n, one in enumerate(value) if isinstance(one, str))


# --- the same thing twice ---------------------------------------------------------------------------------------------


def _duplicates(data: Data) -> Iterator[Mistake]:
    yield from _twice((((*path, "id"), _name(one)) for path, one in entries(data, "products")), "product")
    for path, product in entries(data, "products"):
        plans = (((*path, *at, "id"), _name(one)) for at, one in entries(product, "plans"))
        yield from _twice(plans, "plan of this product")
        for at, plan in entries(product, "plans"):
            features = (((*path, *at, *inner, "id"), _name(one)) for inner, one in entries(plan, "features"))
            yield from _twice(features, "feature of this plan")
            tiers = (
                ((*path, *at, *inner, "contacts"), _number(one, "contacts")) for inner, one in entries(plan, "tiers")
            )
            yield from _twice(tiers, "tier of this plan")
    yield from _twice((((*path, "months"), _number(one, "months")) for path, one in entries(data, "prepay")), "term")
    yield from _twice(
        (((*path, "code"), _name(one, "code").upper()) for path, one in entries(data, "coupons")), "coupon"
    )
    yield from _twice(_tax_names(data), "tax rate")
    yield from _twice((((*path, "id"), _name(one)) for path, one in entries(data, "invoices", "fields")), "field")
    yield from _twice(_names_at_stripe(data), "name of a plan, add-on or unit pack")
    yield from _twice(_cadences(data), "price for this cycle")


def _twice(named: Iterable[tuple[Path, str]], what: str) -> Iterator[Mistake]:
    seen: set[str] = set()
    for path, name in named:
        if name in seen:
            yield path, f"there is already a {what} {name.split('/')[-1]}"
        elif name:
            seen.add(name)


def _name(table: Data, key: str = "id") -> str:
    value = table.get(key)
    return value if isinstance(value, str) else ""


def _number(table: Data, key: str) -> str:
    value = table.get(key)
    return str(value) if isinstance(value, int) else ""


def _tax_names(data: Data) -> Iterator[tuple[Path, str]]:
    for path, rate in entries(data, "tax", "rates"):
        yield (*path, "id"), _name(rate)
        for at, override in entries(rate, "overrides"):
            if _name(override, "product"):
                yield (*path, *at, "product"), f"{_name(rate)}-{_name(override, 'product')}"


def _names_at_stripe(data: Data) -> Iterator[tuple[Path, str]]:
    """Plans, add-ons and packs are Stripe's products, and the beginnings of lookup keys."""
    for path, product in entries(data, "products"):
        plans = {_name(plan): (*path, *at, "id") for at, plan in entries(product, "plans")}
        yield from ((at, f"{_name(product)}-{plan}") for plan, at in plans.items() if plan)
    for name in ("add_ons", "unit_packs"):
        yield from (((*path, "id"), _name(one)) for path, one in entries(data, name))


def _cadences(data: Data) -> Iterator[tuple[Path, str]]:
    for path, owner in _priced(data):
        yield from (
            ((*path, *at), f"{path}/{price.get('count', 1)} {price.get('interval')}")
            for at, price in entries(owner, "prices")
        )


# --- what is named somewhere must exist -------------------------------------------------------------------------------


def _references(data: Data) -> Iterator[Mistake]:
    products = {_name(one) for _, one in entries(data, "products")}
    plans = {
        f"{_name(product)}/{_name(plan)}"
        for _, product in entries(data, "products")
        for _, plan in entries(product, "plans")
    }
    for path, add_on in entries(data, "add_ons"):
        for n, plan in _texts(add_on.get("plans")):
            yield from _known(plan, plans, (*path, "plans", n), "plan")
    for path, coupon in entries(data, "coupons"):
        for n, product in _texts(coupon.get("products")):
            yield from _known(product, products, (*path, "products", n), "product")
    coupons = {_name(one, "code").upper() for _, one in entries(data, "coupons")}
    for path, offer in entries(data, "plan_changes", "offers"):
        yield from _known(_name(offer, "coupon").upper(), coupons, (*path, "coupon"), "coupon")
    for path, override in entries(data, "tax", "rates", "overrides"):
        yield from _known(_name(override, "product"), products, (*path, "product"), "product")


def _known(name: str, names: set[str], path: Path, what: str) -> Iterator[Mistake]:
    if name and name not in names:
        near = get_close_matches(name, names, 1)
        there = f"did you mean {near[0]}?" if near else f"there are: {', '.join(sorted(names))}"
        yield path, f"there is no {what} {name}; {there}"


# --- currencies -------------------------------------------------------------------------------------------------------


def _currencies(data: Data) -> Iterator[Mistake]:
    business = data.get("business")
    if not isinstance(business, dict):
        return
    sold = {text.upper() for _, text in _texts(business.get("currencies"))}
    main = _name(business, "currency").upper()
    if main and sold and main not in sold:
        yield ("business", "currencies"), f"the business's own currency {main} is missing"
    if not sold:
        return
    for path, amounts in _all_amounts(data):
        yield from _twice_in_capitals(path, amounts)
        yield from (
            ((*path, code), f"the business does not sell in this currency; allowed: {', '.join(sorted(sold))}")
            for code in amounts
            if len(code) == 3 and code.upper() not in sold
        )
        if path[0] != "coupons" and (missing := sold - {code.upper() for code in amounts} - _left_out(data, path)):
            yield path, f"an amount is missing in {', '.join(sorted(missing))}, in which the business sells"


def _twice_in_capitals(path: Path, amounts: Data) -> Iterator[Mistake]:
    spelled: dict[str, list[str]] = defaultdict(list)
    for code in amounts:
        spelled[code.upper()].append(code)
    for codes in spelled.values():
        if len(codes) > 1:
            yield (*path, codes[1]), f"there is already an amount in {codes[0]}"


def _left_out(data: Data, path: Path) -> set[str]:
    """The currencies that the product, add-on or pack at that path says it is not sold in."""
    owner = data[str(path[0])][path[1]]
    return {text.upper() for _, text in _texts(owner.get("not_sold_in"))}


def _all_amounts(data: Data) -> Iterator[tuple[Path, Data]]:
    for path, owner in _priced(data):
        yield from (((*path, *at), price) for at, price in entries(owner, "prices", "amounts"))
    yield from entries(data, "unit_packs", "amounts")
    yield from entries(data, "coupons", "amounts")


def _priced(data: Data) -> Iterator[Entry]:
    """Everything that has `prices`."""
    yield from entries(data, "products", "plans")
    yield from entries(data, "products", "plans", "tiers")
    yield from entries(data, "add_ons")
