"""The arguments of a Web API call, from a form or from JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Request

from bot.sandbox.workspace.common import Json, Refused
from bot.sandbox.workspace.workspace import Workspace


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

    def flag(self, name: str) -> bool:
        return str(self.given.get(name, "")).lower() in ("1", "true")

    def structure(self, name: str) -> Any:
        """A list or object, sent as JSON or as JSON in a string; None when it is not there."""
        value = self.given.get(name)
        if isinstance(value, str) and value:
            try:
                return json.loads(value)
            except ValueError as error:
                raise Refused(
                    "invalid_arguments", response_metadata={"messages": [f"[ERROR] invalid JSON in argument: {name}"]}
                ) from error
        return value


def read(request: Request) -> Arguments:
    """Refused as by Slack: ``invalid_json``, ``json_not_object``."""
    if request.mimetype == "application/json":
        try:
            body = json.loads(request.get_data(as_text=True) or "{}")
        except ValueError as error:
            raise Refused("invalid_json") from error
        if not isinstance(body, dict):
            raise Refused("json_not_object")
        return Arguments({**request.args.to_dict(), **body})
    return Arguments(request.values.to_dict())


def page(items: list[Json], arguments: Arguments, name: str) -> Json:
    """One page of a list (`limit`, `cursor`), with the cursor of the next one."""
    try:
        start, limit = int(arguments.get("cursor") or 0), int(arguments.get("limit") or 1000)
    except ValueError as error:
        raise Refused("invalid_cursor") from error
    end = start + max(limit, 1)
    return {name: items[start:end], "response_metadata": {"next_cursor": str(end) if end < len(items) else ""}}


@dataclass(frozen=True)
class Method:
    """A Web API method: what it does, which scope the bot token needs, which kind of token it takes."""

    run: Callable[[Workspace, Arguments], Json]
    scope: str | None = None
    token: str = "bot"
