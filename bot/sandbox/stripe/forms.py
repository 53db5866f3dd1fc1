"""Stripe's form encoding: `items[0][price]=p&expand[]=customer` to nested dictionaries and lists."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

from .errors import ApiError

_NAME = re.compile(r"^([^\[\]]+)((?:\[[^\[\]]*\])*)$")
_PART = re.compile(r"\[([^\[\]]*)\]")
_INDEX = re.compile(r"[0-9]{1,9}\Z")
_DEEPEST = 12
_MOST = 5000


def decode(text: str) -> dict[str, Any]:
    """Nested parameters of a query string or body. Lists may be written `a[]=` or `a[0]=`.

    Raises ApiError (400) when the names contradict each other or are no names.
    """
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST, errors="strict")
    except ValueError as error:
        raise ApiError("Invalid request: the parameters could not be read.", replayable=False) from error
    root: dict[str, Any] = {}
    for name, value in pairs:
        _put(root, _path(name), value, name)
    return {key: _lists(value) for key, value in root.items()}


def _path(name: str) -> list[str]:
    match = _NAME.match(name)
    if match is None:
        raise ApiError(f"Invalid parameter name: {name[:100]}", replayable=False)
    path = [match.group(1), *_PART.findall(match.group(2))]
    if len(path) > _DEEPEST:
        raise ApiError(f"Parameter is nested too deeply: {name[:100]}", replayable=False)
    return path


def _put(root: dict[str, Any], path: list[str], value: str, name: str) -> None:
    node = root
    for part in path[:-1]:
        node = node.setdefault(part or str(len(node)), {})
        if not isinstance(node, dict):
            raise ApiError(f"Parameter is both a value and a hash: {name[:100]}", replayable=False)
    last = path[-1] or str(len(node))
    if isinstance(node.get(last), dict):
        raise ApiError(f"Parameter is both a value and a hash: {name[:100]}", replayable=False)
    node[last] = value


def _lists(value: Any) -> Any:
    """Hashes whose keys are all numbers are lists, in the order of the numbers."""
    if not isinstance(value, dict):
        return value
    if value and all(_INDEX.match(key) for key in value):
        return [_lists(value[key]) for key in sorted(value, key=int)]
    return {key: _lists(entry) for key, entry in value.items()}


def flatten(params: dict[str, Any], prefix: str = "") -> dict[str, str]:
    """The reverse, for the wire log: one flat name per value, card data struck out."""
    flat: dict[str, str] = {}
    entries = params.items() if isinstance(params, dict) else enumerate(params)
    for key, value in entries:
        name = f"{prefix}[{key}]" if prefix else str(key)
        if isinstance(value, (dict, list)):
            flat.update(flatten(value, name))  # type: ignore[arg-type]  # a list flattens by its numbers
        else:
            flat[name] = "(not kept)" if name in _SECRET else str(value)
    return flat


_SECRET = {"card[number]", "card[cvc]", "payment_method_data[card][number]", "payment_method_data[card][cvc]"}
