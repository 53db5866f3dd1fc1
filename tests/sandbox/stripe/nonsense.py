"""Requests that no sane program sends: parameters by the SDK's own types, spoilt at random. Seeded, so repeatable."""

from __future__ import annotations

import random
import sys
import types
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus

import typing_extensions
from stripe._request_options import RequestOptions

from bot.sandbox.stripe.params import _evaluated
from bot.sandbox.stripe.params import _find as sdk_type

JUNK = [
    "", "0", "-1", "1", "99999999999999999999999", "9" * 5000, "-" + "9" * 18, "9" * 18, "1.5", "1e400", "NaN", "inf",
    "null", "true", "now", "\x00", "a\x00b", "٣", "²", "ÿ", "\U0001f4b8", "' OR 1=1 --", "[]", "{}", "x" * 6000,
    "cus_", "../../etc/passwd", "eur", "usd", "jpy", "kwd", "pm_card_visa", "pm_card_chargeCustomerFail", "unset",
]  # fmt: skip
_ROUND = ["0", "1", "2", "3", "12", "1000", "-5"]
_MOMENT = 1_768_435_200


class Sender:
    """Makes requests of one seed. `ids` are those seen in answers, so that requests get past the first check."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.ids: list[str] = []
        self.fullness = 0.1

    def learn(self, body: Any) -> None:
        """Remember the ids of an answer."""
        for value in _strings(body):
            if "_" in value and len(value) < 40 and value not in self.ids:
                self.ids.append(value)
        del self.ids[: max(0, len(self.ids) - 400)]

    def parameters(self, type_name: str) -> dict[str, Any]:
        """Parameters of one of the SDK's types, mostly of the right shape."""
        self.fullness = self.random.choice([0.0, 0.05, 0.3])
        found = self._typed(Kind.named(type_name), 0)
        return found if isinstance(found, dict) else {}

    def id_of(self, *prefixes: str) -> str:
        """A known id, of the wanted kind more often than not."""
        wanted = [one for one in self.ids if one.startswith(prefixes)]
        if wanted and self.random.random() < 0.9:
            return self.random.choice(wanted)
        return self.random.choice(self.ids) if self.ids and self.random.random() < 0.7 else self.junk()

    def junk(self) -> str:
        return self.random.choice(JUNK)

    def nonsense(self, depth: int = 0) -> Any:
        """Anything at all."""
        if depth > 3 or self.random.random() < 0.4:
            return self.junk()
        if self.random.random() < 0.5:
            return [self.nonsense(depth + 1) for _ in range(self.random.randrange(3))]
        return {self.random.choice(["0", "a", "price", "metadata", "-1", "9" * 30]): self.nonsense(depth + 1)}

    def _typed(self, kind: Kind, depth: int) -> Any:
        found: dict[str, Any] = {}
        for name, field in kind.fields.items():
            required = field.origin is not typing_extensions.NotRequired
            if required or self.random.random() < (0.7 if name in _ESSENTIAL else self.fullness):
                found[name] = self._value(field, name, depth + 1)
        if self.random.random() < 0.02:
            found[self.random.choice(["colour", "0", "metadata", "items", "expand"])] = self.nonsense()
        return found

    def _value(self, kind: Kind, name: str, depth: int) -> Any:
        if depth > 6 or self.random.random() < 0.015:
            return self.nonsense()
        if kind.origin in _WRAPPERS:
            return self._value(self.random.choice(kind.arguments), name, depth)
        if kind.origin in _LITERALS:
            return str(self.random.choice(typing_extensions.get_args(kind.annotation)))
        if kind.origin is list:
            return [self._value(kind.arguments[0], name, depth + 1) for _ in range(self.random.choice([1, 1, 1, 2, 3]))]
        if kind.origin is dict:
            return {self.random.choice(["a", "eur", "usd"]): self._value(kind.arguments[-1], name, depth + 1)}
        return self._typed(kind, depth) if kind.is_hash else self._scalar(kind.annotation, name)

    def _scalar(self, kind: Any, name: str) -> str:
        if kind is bool:
            return self.random.choice(["true", "false"])
        if kind is int:
            if self.random.random() < 0.15:
                return self.junk()
            near = [str(_MOMENT + days * 86_400) for days in (-400, -1, 1, 20, 400)]
            return self.random.choice(near if name.endswith(("_at", "date", "_end", "start", "anchor")) else _ROUND)
        if kind is not str:
            return self.random.choice(["10", "100", "7.7", "0", "-3", self.junk()])
        if name == "currency":
            return self.random.choice(["eur", "eur", "eur", "usd", "jpy", self.junk()])
        if name in ("payment_method", "default_payment_method") and self.random.random() < 0.4:
            return self.random.choice(["pm_card_visa", "pm_card_chargeCustomerFail", "pm_card_authenticationRequired"])
        return (
            self.id_of(*_PREFIXES.get(name, ("",))) if name in _PREFIXES else self.random.choice(["text", self.junk()])
        )


_ESSENTIAL = {
    "amount", "charge", "coupon", "currency", "customer", "items", "invoice", "percent_off", "price", "product",
    "promotion_code", "proration_date", "quantity", "recurring", "subscription", "unit_amount",
}  # fmt: skip
"""Names without which nothing much happens."""

_PREFIXES = {
    "id": ("si_",), "customer": ("cus_",), "price": ("price_",), "product": ("prod_",), "coupon": ("half", "Z"),
    "subscription": ("sub_",), "invoice": ("in_",), "charge": ("ch_",), "payment_intent": ("pi_",),
    "promotion_code": ("promo_",), "discount": ("di_",), "payment_method": ("pm_",), "starting_after": ("",),
    "default_payment_method": ("pm_",), "default_tax_rates": ("txr_",), "tax_rates": ("txr_",),
    "from_subscription": ("sub_",), "schedule": ("sub_sched_",), "ending_before": ("",), "configuration": ("bpc_",),
    "expand": ("",), "invoice_line_item": ("il_",), "credit_note": ("cn_",), "test_clock": ("clock_",),
}  # fmt: skip


@dataclass(frozen=True)
class Kind:
    """An annotation of the SDK's, with the module in which its names mean something."""

    annotation: Any
    module: dict[str, Any]

    @classmethod
    def named(cls, type_name: str) -> Kind:
        typed = sdk_type(type_name)
        return cls(typed, vars(sys.modules[typed.__module__]))

    @property
    def origin(self) -> Any:
        return typing_extensions.get_origin(self.annotation)

    @property
    def arguments(self) -> list[Kind]:
        return [Kind(_evaluated(one, self.module), self.module) for one in typing_extensions.get_args(self.annotation)]

    @property
    def is_hash(self) -> bool:
        return typing_extensions.is_typeddict(self.annotation)

    @property
    def fields(self) -> dict[str, Kind]:
        """Without those that say how to send a request."""
        return {
            name.removesuffix("_"): Kind(_evaluated(one, self.module), self.module)
            for name, one in self.annotation.__annotations__.items()
            if name not in RequestOptions.__annotations__
        }


_WRAPPERS = (typing.Union, types.UnionType, typing_extensions.NotRequired, typing_extensions.Required)
_LITERALS = (typing.Literal, typing_extensions.Literal)


def hashes(type_name: str) -> Iterator[str]:
    """The name of every hash that parameters of a type can hold, down to the fifth level; first the outermost, ``."""
    yield ""
    for name, kind in Kind.named(type_name).fields.items():
        yield from _hashes(kind, name, 0)


def _hashes(kind: Kind, name: str, depth: int) -> Iterator[str]:
    if kind.origin is list:
        yield from _hashes(kind.arguments[0], f"{name}[0]", depth)
    elif kind.origin in _WRAPPERS:
        for argument in kind.arguments:
            yield from _hashes(argument, name, depth)
    elif kind.is_hash and depth < 4:
        yield name
        for inner, field in kind.fields.items():
            yield from _hashes(field, f"{name}[{inner}]", depth + 1)


def encoded(value: Any, name: str = "") -> Iterator[str]:
    """The form encoding of nested parameters, one `name=value` after the other."""
    if isinstance(value, dict):
        for key, entry in value.items():
            yield from encoded(entry, f"{name}[{key}]" if name else key)
    elif isinstance(value, list):
        for number, entry in enumerate(value):
            yield from encoded(entry, f"{name}[{number}]")
    else:
        yield f"{quote_plus(name, safe='[]')}={quote_plus(str(value))}"


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key in ("id", "data", "items", "client_secret", "discounts", "lines", "latest_invoice", "payment_method"):
            if key in value:
                yield from _strings(value[key])
    elif isinstance(value, list):
        for entry in value:
            yield from _strings(entry)


def numbers(type_name: str) -> Iterator[str]:
    """The name of every whole number that parameters of a type can hold, in lists the first one."""
    for name, kind in Kind.named(type_name).fields.items():
        yield from _numbers(kind, name, 0)


def _numbers(kind: Kind, name: str, depth: int) -> Iterator[str]:
    if kind.annotation is int:
        yield name
    elif kind.origin is list:
        yield from _numbers(kind.arguments[0], f"{name}[0]", depth)
    elif kind.origin is dict:
        yield from _numbers(kind.arguments[-1], f"{name}[eur]", depth)
    elif kind.origin in _WRAPPERS:
        for argument in kind.arguments:
            yield from _numbers(argument, name, depth)
    elif kind.is_hash and depth < 3:
        for inner, field in kind.fields.items():
            yield from _numbers(field, f"{name}[{inner}]", depth + 1)
