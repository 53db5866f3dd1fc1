"""The arguments of a Web API call, from a form or from JSON."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Request

from bot.sandbox.workspace.common import Json, Refused
from bot.sandbox.workspace.rates import Tier
from bot.sandbox.workspace.workspace import Workspace

PAGE_AT_MOST = 1000
BODY_TYPES = ("application/json", "application/x-www-form-urlencoded", "multipart/form-data", "text/plain")


def missing(name: str) -> Refused:
    return Refused("invalid_arguments", response_metadata={"messages": [f"[ERROR] missing required field: {name}"]})


@dataclass(frozen=True)
class Arguments:
    given: Mapping[str, Any]

    def get(self, name: str) -> str | None:
        value = self.given.get(name)
        return None if value is None or value == "" else str(value)

    def need(self, name: str) -> str:
        """A text; refused: ``invalid_arguments`` when it is not there."""
        value = self.get(name)
        if value is None:
            raise missing(name)
        return value

    def number(self, name: str) -> int | None:
        """A whole number; None when it is not there. Refused: ``invalid_arguments``."""
        value = self.get(name)
        try:
            return None if value is None else int(float(value))
        except ValueError as error:
            text = f"[ERROR] must be an integer [json-pointer:/{name}]"
            raise Refused("invalid_arguments", response_metadata={"messages": [text]}) from error

    def flag(self, name: str) -> bool:
        return str(self.given.get(name, "")).lower() in ("1", "true")

    def structure(self, name: str) -> Any:
        """A list or object, sent as JSON or as JSON in a string; None when it is not there."""
        value = self.given.get(name)
        if value == "":
            return None
        if isinstance(value, str):
            try:
                return json.loads(value)
            except ValueError as error:
                raise Refused(
                    "invalid_arguments", response_metadata={"messages": [f"[ERROR] invalid JSON in argument: {name}"]}
                ) from error
        return value


def read(request: Request) -> Arguments:
    """Refused as by Slack: ``invalid_json``, ``json_not_object``, ``invalid_post_type``."""
    if request.mimetype and request.mimetype not in BODY_TYPES:
        raise Refused("invalid_post_type")
    if request.mimetype == "application/json":
        try:
            body = json.loads(request.get_data(as_text=True) or "{}")
        except ValueError as error:
            raise Refused("invalid_json") from error
        if not isinstance(body, dict):
            raise Refused("json_not_object")
        return Arguments({**request.args.to_dict(), **body})
    return Arguments(request.values.to_dict())


def need_scope(workspace: Workspace, scope: str) -> None:
    """Refused: ``missing_scope``, with the scope that is needed and those that there are."""
    if scope not in workspace.app.scopes:
        raise Refused("missing_scope", needed=scope, provided=",".join(sorted(workspace.app.scopes)))


def page(items: list[Any], arguments: Arguments, name: str, *, default: int = PAGE_AT_MOST) -> Json:
    """One page of a list (`limit`, `cursor`), with the cursor of the next one. A cursor is of use for its list only.

    Refused: ``invalid_limit``, ``invalid_cursor``.
    """
    limit = _whole_number(arguments.get("limit") or str(default))
    if limit is None or not 1 <= limit <= PAGE_AT_MOST:
        raise Refused("invalid_limit")
    start = _start(arguments.get("cursor"), name)
    if start is None or start > len(items):
        raise Refused("invalid_cursor")
    end = start + limit
    return {
        name: items[start:end],
        "response_metadata": {"next_cursor": _cursor(name, end) if end < len(items) else ""},
    }


def _cursor(name: str, start: int) -> str:
    return base64.b64encode(f"{name}:{start}".encode()).decode()


def _start(cursor: str | None, name: str) -> int | None:
    """Where the page begins; None for a cursor that was not given out for this list."""
    if cursor is None:
        return 0
    try:
        listed, _, start = base64.b64decode(cursor, validate=True).decode().partition(":")
    except ValueError:  # neither base64 nor text
        return None
    return _whole_number(start) if listed == name else None


def _whole_number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() else None


@dataclass(frozen=True)
class Method:
    """A Web API method: what it does, which scope the bot token needs, which kind of token it takes, how often it may
    be called a minute (None: Slack has a special limit that nobody meets), and whether it posts to a channel."""

    run: Callable[[Workspace, Arguments], Json]
    scope: str | None = None
    token: str = "bot"
    tier: Tier | None = Tier.THREE
    posts: bool = False
