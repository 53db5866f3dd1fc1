"""Small checks that are put together into the rules of blocks and elements.

A check takes a value, its JSON pointer and the list to which it adds what is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.sandbox.workspace.common import Json


@dataclass(frozen=True)
class Problem:
    """One thing that Slack refuses; `pointer` as in Slack's answers, such as ``/view/blocks/0/text``."""

    pointer: str
    text: str

    def __str__(self) -> str:
        return f"{self.text} [json-pointer:{self.pointer}]"


Found = list[Problem]
Check = Callable[[Any, str, Found], None]


def string(at_most: int, at_least: int = 1) -> Check:
    def check(value: Any, at: str, found: Found) -> None:
        if not isinstance(value, str):
            found.append(Problem(at, "must be a string"))
        elif len(value) < at_least:
            found.append(Problem(at, f"must be more than {at_least - 1} characters"))
        elif len(value) > at_most:
            found.append(Problem(at, f"must be less than {at_most + 1} characters"))

    return check


def pattern(expression: str, meaning: str) -> Check:
    compiled = re.compile(expression)

    def check(value: Any, at: str, found: Found) -> None:
        if not isinstance(value, str) or not compiled.fullmatch(value):
            found.append(Problem(at, f"must be {meaning}"))

    return check


def integer(at_least: int, at_most: int | None = None) -> Check:
    def check(value: Any, at: str, found: Found) -> None:
        if isinstance(value, bool) or not isinstance(value, int):
            found.append(Problem(at, "must be an integer"))
        elif value < at_least:
            found.append(Problem(at, f"must be greater than {at_least - 1}"))
        elif at_most is not None and value > at_most:
            found.append(Problem(at, f"must be less than {at_most + 1}"))

    return check


def number(value: Any, at: str, found: Found) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        found.append(Problem(at, "must be a number"))


def boolean(value: Any, at: str, found: Found) -> None:
    if not isinstance(value, bool):
        found.append(Problem(at, "must be a boolean"))


def one_of(*allowed: str) -> Check:
    def check(value: Any, at: str, found: Found) -> None:
        if value not in allowed:
            found.append(Problem(at, f"must be a valid enum value ({', '.join(allowed)})"))

    return check


def anything(value: Any, at: str, found: Found) -> None:
    """Accepts every value: for fields whose inside is not ours to judge."""


def items(check_item: Check, at_most: int, at_least: int = 1) -> Check:
    def check(value: Any, at: str, found: Found) -> None:
        if not isinstance(value, list):
            found.append(Problem(at, "must be an array"))
            return
        if len(value) < at_least:
            found.append(Problem(at, f"no fewer than {at_least} items allowed"))
        if len(value) > at_most:
            found.append(Problem(at, f"no more than {at_most} items allowed"))
        for index, item in enumerate(value):
            check_item(item, f"{at}/{index}", found)

    return check


def fields(
    required: Mapping[str, Check], optional: Mapping[str, Check] | None = None, *, also: Check | None = None
) -> Check:
    """An object with these fields and no others; `also` looks at the whole object afterwards."""
    known = {**required, **(optional or {})}

    def check(value: Any, at: str, found: Found) -> None:
        if not isinstance(value, dict):
            found.append(Problem(at, "must be an object"))
            return
        for name in required:
            if value.get(name) is None:
                found.append(Problem(at, f"missing required field: {name}"))
        for name, inner in value.items():
            if name == "type" or inner is None:
                continue
            if name in known:
                known[name](inner, f"{at}/{name}", found)
            else:
                found.append(Problem(at, f"invalid additional property: {name}"))
        if also:
            also(value, at, found)

    return check


def by_type(kinds: Mapping[str, Check]) -> Check:
    """An object whose ``type`` says which check it must pass."""

    def check(value: Any, at: str, found: Found) -> None:
        if not isinstance(value, dict):
            found.append(Problem(at, "must be an object"))
        elif "type" not in value:
            found.append(Problem(at, "missing required field: type"))
        elif value["type"] not in kinds:
            found.append(Problem(f"{at}/type", f"unsupported type: {value['type']}"))
        else:
            kinds[value["type"]](value, at, found)

    return check


def text(at_most: int, *kinds: str) -> Check:
    """A text object, ``plain_text`` or ``mrkdwn`` unless `kinds` says otherwise."""
    inner: dict[str, Check] = {
        "plain_text": fields({"text": string(at_most)}, {"emoji": boolean}),
        "mrkdwn": fields({"text": string(at_most)}, {"verbatim": boolean}),
    }
    return by_type({kind: inner[kind] for kind in kinds or inner})


def plain(at_most: int) -> Check:
    return text(at_most, "plain_text")


def exactly_one(*names: str) -> Check:
    def check(value: Any, at: str, found: Found) -> None:
        if sum(value.get(name) is not None for name in names) != 1:
            found.append(Problem(at, f"needs exactly one of: {', '.join(names)}"))

    return check


def at_least_one(*names: str) -> Check:
    def check(value: Any, at: str, found: Found) -> None:
        if all(value.get(name) is None for name in names):
            found.append(Problem(at, f"missing required field: {' or '.join(names)}"))

    return check


def every(*checks: Check) -> Check:
    def check(value: Any, at: str, found: Found) -> None:
        for one in checks:
            one(value, at, found)

    return check


def objects(value: Any) -> list[Json]:
    """The objects in a list, or nothing where it is no list."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
