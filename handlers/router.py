"""Finds the function for an id, in a dictionary and not by asking every listener in turn.

A handler looks like any Bolt handler: it names what it wants as parameters (`ack`, `call`, `actor`, `desk`, `t`, ...).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from enum import StrEnum
from typing import Any, TypeVar

Handler = Callable[..., None]
F = TypeVar("F", bound=Handler)


class Kind(StrEnum):
    """What Slack sends."""

    COMMAND = "command"  # the word after /billing; "" is /billing alone
    SHORTCUT = "shortcut"
    ACTION = "action"
    VIEW = "view"
    OPTIONS = "options"
    EVENT = "event"


class Route:
    """A handler with the names of the arguments it takes."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._wants = tuple(inspect.signature(handler).parameters)

    def __call__(self, arguments: dict[str, Any]) -> None:
        self._handler(**{name: arguments[name] for name in self._wants})


class Router:
    """One per program; each capability registers its own handlers."""

    def __init__(self) -> None:
        self._routes: dict[tuple[Kind, str], Route] = {}

    def find(self, kind: Kind, id_: str) -> Route | None:
        return self._routes.get((kind, id_))

    def ids(self, kind: Kind) -> tuple[str, ...]:
        return tuple(id_ for known, id_ in self._routes if known is kind)

    def command(self, word: str) -> Callable[[F], F]:
        return self._register(Kind.COMMAND, word)

    def shortcut(self, callback_id: str) -> Callable[[F], F]:
        return self._register(Kind.SHORTCUT, callback_id)

    def action(self, action_id: str) -> Callable[[F], F]:
        return self._register(Kind.ACTION, action_id)

    def view(self, callback_id: str) -> Callable[[F], F]:
        return self._register(Kind.VIEW, callback_id)

    def options(self, action_id: str) -> Callable[[F], F]:
        return self._register(Kind.OPTIONS, action_id)

    def event(self, type_: str) -> Callable[[F], F]:
        return self._register(Kind.EVENT, type_)

    def _register(self, kind: Kind, id_: str) -> Callable[[F], F]:
        def register(handler: F) -> F:
            if (kind, id_) in self._routes:
                raise ValueError(f"two handlers for {kind} {id_!r}")
            self._routes[kind, id_] = Route(handler)
            return handler

        return register
