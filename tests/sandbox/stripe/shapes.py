"""Whether an answer has the shape that the official SDK's resource classes declare, at any depth.

Stricter than a type checker: a value of an open enumeration (`Literal[...] | str`) must be one of those listed, and a
field that the class does not declare is an invention.
"""

from __future__ import annotations

import typing
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, ForwardRef, Literal, Union

from stripe import ListObject, SearchResultObject, StripeObject
from stripe._object_classes import get_object_class
from stripe._stripe_object import UntypedStripeObject

_ENVELOPES = {"list": ListObject, "search_result": SearchResultObject}
_OTHER_NAMES = {"CardResource": "Card"}
"""What the SDK imports under another name."""


def problems(body: Any, where: str = "") -> list[str]:
    """What is wrong with an answer; its `object` says what it claims to be."""
    kind = body.get("object")
    if kind in _ENVELOPES:
        return list(_envelope(body, None, where or kind))
    if body.get("deleted"):
        return [] if set(body) == {"id", "object", "deleted"} else [f"{where or kind}: deleted, yet more than its id"]
    return list(_of_class(body, get_object_class("V1", kind), where or kind))


def _of_class(body: dict[str, Any], declared: Any, where: str) -> Iterator[str]:
    if "object" in body and declared.__name__ == "StripeObject":
        yield f"{where}: the SDK does not know {body['object']}"
        return
    fields = _fields(declared)
    for name, kind in fields.items():
        if name not in body:
            if type(None) not in typing.get_args(kind):
                yield f"{where}.{name} is missing"
        else:
            yield from _fits(body[name], kind, f"{where}.{name}")
    for name in body.keys() - fields.keys():
        yield f"{where}.{name} is not declared"


def _fields(declared: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for base in reversed(declared.__mro__):
        if issubclass(base, StripeObject) and base is not StripeObject:
            own = {name.removesuffix("_"): kind for name, kind in vars(base).get("__annotations__", {}).items()}
            found |= {n: k for n, k in own.items() if n[:1] != "_" and typing.get_origin(k) is not typing.ClassVar}
    return found


def _fits(value: Any, kind: Any, where: str) -> Iterator[str]:
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    if origin is Union:
        yield from _one_of(value, args, where)
    elif origin is Literal:
        if value not in args:
            yield f"{where} is {value!r}, which is not listed"
    elif origin is list:
        yield from _list(value, args[0], where)
    elif origin in (ListObject, SearchResultObject):
        yield from _envelope(value, args[0], where)
    elif origin is UntypedStripeObject or kind is UntypedStripeObject:
        yield from _free_hash(value, args[0] if args else Any, where)
    elif isinstance(kind, (str, ForwardRef)):
        yield from _named(value, kind if isinstance(kind, str) else kind.__forward_arg__, where)
    elif isinstance(kind, type) and issubclass(kind, StripeObject):
        yield from _of_class(value, kind, where) if isinstance(value, dict) else [f"{where} is no hash"]
    elif kind is not Any and not _is_scalar(value, kind):
        yield f"{where} is {value!r}, not {getattr(kind, '__name__', kind)}"


def _list(value: Any, kind: Any, where: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{where} is no list"
        return
    for number, entry in enumerate(value):
        yield from _fits(entry, kind, f"{where}[{number}]")


def _free_hash(value: Any, kind: Any, where: str) -> Iterator[str]:
    """Metadata and the like, and what an event is about."""
    if not isinstance(value, dict):
        yield f"{where} is no hash"
    elif isinstance(value.get("object"), str):
        yield from problems(value, where)
    else:
        for name, entry in value.items():
            yield from _fits(entry, kind, f"{where}.{name}")


def _one_of(value: Any, kinds: tuple[Any, ...], where: str) -> Iterator[str]:
    literals = [kind for kind in kinds if typing.get_origin(kind) is Literal]
    kinds = tuple(kind for kind in kinds if not (literals and kind is str))
    if value is None and type(None) in kinds:
        return
    attempts = [list(_fits(value, kind, where)) for kind in kinds if kind is not type(None)]
    yield from min(attempts, key=len)


def _named(value: Any, name: str, where: str) -> Iterator[str]:
    """An object that another module of the SDK declares."""
    if not isinstance(value, dict) or not isinstance(value.get("object"), str):
        yield f"{where} is no {name}"
        return
    declared = get_object_class("V1", value["object"])
    if declared.__name__ != _OTHER_NAMES.get(name, name):
        yield f"{where} is a {value['object']}, not a {name}"
    elif not value.get("deleted"):
        yield from _of_class(value, declared, where)


def _envelope(value: Any, entries: Any, where: str) -> Iterator[str]:
    """A list or a page of search results, with what is in it."""
    if not isinstance(value, dict) or value.get("object") not in _ENVELOPES:
        yield f"{where} is no list"
        return
    for name, kind in (("data", list), ("has_more", bool), ("url", str)):
        if not isinstance(value.get(name), kind):
            yield f"{where}.{name} is {value.get(name)!r}"
    allowed = {"object", "data", "has_more", "url", "total_count"}
    for name in value.keys() - (allowed | ({"next_page"} if value["object"] == "search_result" else set())):
        yield f"{where}.{name} is not declared"
    for entry in value["data"]:
        path = f"{where}.{entry['object']}"
        yield from problems(entry, path) if entries is None else _fits(entry, entries, path)


def _is_scalar(value: Any, kind: Any) -> bool:
    if kind is Decimal:
        return isinstance(value, str) and bool(Decimal(value).is_finite())
    if kind is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(kind, type) and isinstance(value, kind)


def kinds_in(body: Any) -> Iterator[str]:
    """Every object type that an answer holds."""
    if isinstance(body, dict):
        if isinstance(body.get("object"), str):
            yield body["object"]
        for value in body.values():
            yield from kinds_in(value)
    elif isinstance(body, list):
        for value in body:
            yield from kinds_in(value)
