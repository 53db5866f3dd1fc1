"""Parameters, checked against the official SDK's own types (`stripe.params`, made from Stripe's OpenAPI description).

A form knows only strings; the types say what they mean. `check` returns the parameters converted (integers, booleans,
lists, hashes) or raises the 400 that Stripe documents: `parameter_unknown`, `parameter_missing`,
`parameter_invalid_integer`, `parameter_invalid_empty`, or a message without a code for booleans, hashes and enums.
Numbers with decimals stay strings, so that nothing is rounded on the way.
"""

from __future__ import annotations

import re
import sys
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib import import_module
from typing import Any, Literal, Union

import typing_extensions
from stripe._request_options import RequestOptions
from stripe._stripe_object import UntypedStripeObject

from .errors import ApiError, missing_param

Check = Callable[[Any, str], Any]
"""Takes the decoded value and its full name; returns the converted value or raises ApiError."""

_INTEGER = re.compile(r"-?[0-9]{1,18}\Z")
_DECIMAL = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,12})?\Z")


@dataclass(frozen=True, slots=True)
class _Field:
    check: Check
    required: bool


def check(type_name: str, params: dict[str, Any]) -> dict[str, Any]:
    """Check and convert by the SDK's type, named like `CustomerCreateParams` or `checkout.SessionCreateParams`."""
    fields = _fields_of(_find(type_name))
    converted: dict[str, Any] = _hash(fields, params, "")
    return converted


def _find(type_name: str) -> Any:
    """The SDK's TypedDict, imported from its own module only (all of them would take seconds)."""
    package, _, name = type_name.rpartition(".")
    module = re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
    path = ".".join(part for part in ("stripe.params", package, f"_{module}") if part)
    return getattr(import_module(path), name)


@cache
def _fields_of(typed: Any) -> dict[str, _Field]:
    namespace = vars(sys.modules[typed.__module__])
    inherited = RequestOptions.__annotations__ if _is_request(typed) else {}
    fields = {}
    for name, annotation in typed.__annotations__.items():
        if name in inherited and name not in _own_names(typed):
            continue
        kind = _evaluated(annotation, namespace)
        required = True
        if typing_extensions.get_origin(kind) is typing_extensions.NotRequired:
            kind, required = _evaluated(typing_extensions.get_args(kind)[0], namespace), False
        elif typing_extensions.get_origin(kind) is typing_extensions.Required:
            kind = _evaluated(typing_extensions.get_args(kind)[0], namespace)
        public_name = name.rstrip("_") if name in ("from_", "in_") else name
        fields[public_name] = _Field(_check_for(kind, namespace), required)
    return fields


def _is_request(typed: Any) -> bool:
    return RequestOptions in getattr(typed, "__orig_bases__", ())


def _own_names(typed: Any) -> set[str]:
    """Names that a type declares besides those of RequestOptions (the SDK never repeats one)."""
    return set(typed.__annotations__) - set(RequestOptions.__annotations__)


def _evaluated(annotation: Any, namespace: dict[str, Any]) -> Any:
    while isinstance(annotation, (str, typing.ForwardRef)):
        text = annotation if isinstance(annotation, str) else annotation.__forward_arg__
        annotation = eval(text, namespace)  # the text is the installed SDK's own source
    return annotation


def _check_for(kind: Any, namespace: dict[str, Any]) -> Check:
    kind = _evaluated(kind, namespace)
    origin, args = typing_extensions.get_origin(kind), typing_extensions.get_args(kind)
    if origin in (Union, types.UnionType):
        return _union([_evaluated(arg, namespace) for arg in args], namespace)
    if origin is Literal or origin is typing_extensions.Literal:
        return _enum([str(arg) for arg in args])
    if origin is list:
        return _list_of(_check_for(args[0], namespace))
    if origin is dict or origin is UntypedStripeObject:
        return _dict_of(_check_for(args[-1], namespace))
    if typing_extensions.is_typeddict(kind):
        return lambda value, name: _hash(_fields_of(kind), value, name)
    return _SCALARS.get(kind, _any)


def _union(kinds: list[Any], namespace: dict[str, Any]) -> Check:
    literals = [arg for kind in kinds if _is_literal(kind) for arg in typing_extensions.get_args(kind)]
    words = [str(word) for word in literals if word != ""]
    unsettable = "" in literals
    others = [kind for kind in kinds if not _is_literal(kind) and not (words and kind is str)]
    others = [kind for kind in others if typing_extensions.get_origin(kind) is not UntypedStripeObject]
    checks = [_check_for(kind, namespace) for kind in others]
    if words and not checks:
        checks = [_enum(words)]

    def check_union(value: Any, name: str) -> Any:
        if value == "" and unsettable:
            return ""
        if isinstance(value, str) and value in words:
            return value
        for attempt, kind in zip(checks, others or [None], strict=False):
            if _fits(value, kind):
                return attempt(value, name)
        return checks[-1](value, name)

    return check_union


def _is_literal(kind: Any) -> bool:
    return typing_extensions.get_origin(kind) in (Literal, typing_extensions.Literal)


def _fits(value: Any, kind: Any) -> bool:
    """Which member of a union a value is meant for: by its shape alone."""
    origin = typing_extensions.get_origin(kind)
    if isinstance(value, dict):
        return typing_extensions.is_typeddict(kind) or origin in (dict, UntypedStripeObject)
    if isinstance(value, list):
        return origin is list
    return kind in _SCALARS


def _hash(fields: Mapping[str, _Field], value: Any, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _wrong(f"Invalid {_short(name)}: must be a hash", name)
    converted = {}
    for key, entry in value.items():
        full = f"{name}[{key}]" if name else key
        field = fields.get(key)
        if field is None:
            raise ApiError(
                f"Received unknown parameter: {full}", param=full, code="parameter_unknown", replayable=False
            )
        converted[key] = field.check(entry, full)
    for key, field in fields.items():
        if field.required and key not in value:
            raise missing_param(f"{name}[{key}]" if name else key)
    return converted


def _list_of(entry_check: Check) -> Check:
    def check_list(value: Any, name: str) -> list[Any]:
        if value == "":
            return []
        if not isinstance(value, list):
            raise _wrong(f"Invalid {_short(name)}: must be an array", name)
        return [entry_check(entry, f"{name}[{index}]") for index, entry in enumerate(value)]

    return check_list


def _dict_of(entry_check: Check) -> Check:
    def check_dict(value: Any, name: str) -> dict[str, Any]:
        if isinstance(value, list):  # {"0": "a"} looks like a list once it is decoded
            value = {str(index): entry for index, entry in enumerate(value)}
        if not isinstance(value, dict):
            raise _wrong(f"Invalid {_short(name)}: must be a hash", name)
        if name == "metadata" or name.endswith("[metadata]"):
            _check_metadata(value, name)
            return {key: entry if isinstance(entry, str) else "" for key, entry in value.items()}
        return {key: entry_check(entry, f"{name}[{key}]") for key, entry in value.items()}

    return check_dict


def _check_metadata(value: dict[str, Any], name: str) -> None:
    """Limits from Stripe's "Metadata": 50 keys, 40 characters each, values of at most 500."""
    if len(value) > 50:
        raise _wrong("You can only have up to 50 metadata keys.", name)
    for key, entry in value.items():
        if not isinstance(entry, str):
            raise _wrong("Metadata values must be strings.", f"{name}[{key}]")
        if len(key) > 40:
            raise _wrong(f"Metadata keys may have up to 40 characters: {key[:60]}", name)
        if len(entry) > 500:
            raise _wrong("Metadata values may have up to 500 characters.", f"{name}[{key}]")


def _enum(words: list[str]) -> Check:
    allowed = ", ".join(words[:-1]) + f" or {words[-1]}" if len(words) > 1 else words[0]

    def check_enum(value: Any, name: str) -> str:
        if not isinstance(value, str) or value not in words:
            raise _wrong(f"Invalid {_short(name)}: must be one of {allowed}", name)
        return value

    return check_enum


def _string(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise _wrong(f"Invalid string: {_shown(value)}", name)
    if value == "":
        raise ApiError(
            f"You passed an empty string for '{name}'. We assume empty values are an attempt to unset a parameter; "
            f"however '{name}' cannot be unset. You should remove '{name}' from your request or supply a non-empty "
            "value.",
            param=name,
            code="parameter_invalid_empty",
            replayable=False,
        )
    if len(value) > 5000:
        raise _wrong(f"Invalid string: {name} must be at most 5000 characters", name)
    return value


def _integer(value: Any, name: str) -> int:
    if not isinstance(value, str) or not _INTEGER.match(value):
        raise ApiError(
            f"Invalid integer: {_shown(value)}", param=name, code="parameter_invalid_integer", replayable=False
        )
    return int(value)


def _boolean(value: Any, name: str) -> bool:
    if value not in ("true", "false"):
        raise _wrong(f"Invalid boolean: {_shown(value)}", name)
    return bool(value == "true")


def _decimal(value: Any, name: str) -> str:
    if not isinstance(value, str) or not _DECIMAL.match(value):
        raise _wrong(f"Invalid decimal: {_shown(value)}", name)
    return value


def _any(value: Any, name: str) -> Any:  # noqa: ARG001 - the shape of every check
    return value


_SCALARS: dict[Any, Check] = {str: _string, int: _integer, bool: _boolean, float: _decimal, Decimal: _decimal}


def _short(name: str) -> str:
    return name.rsplit("[", 1)[-1].rstrip("]")


def _shown(value: Any) -> str:
    return value[:100] if isinstance(value, str) else "a hash or array"


def _wrong(message: str, name: str) -> ApiError:
    return ApiError(message, param=name, replayable=False)
