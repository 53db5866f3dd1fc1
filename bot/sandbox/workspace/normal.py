"""What an app sends, as Slack gives it back: ids where there were none, the defaults spelled out."""

from __future__ import annotations

import copy
import secrets
from typing import Any

from bot.sandbox.workspace.common import APP_ID, BOT_ID, TEAM_ID, Json
from bot.sandbox.workspace.limits.surfaces import each_block, elements_of

WITHOUT_ACTION = ("image", "plain_text", "mrkdwn")
WITHOUT_BLOCK_ID = ("markdown",)


def short_id() -> str:
    return secrets.token_urlsafe(4)[:5]


def blocks(sent: list[Json]) -> list[Json]:
    """A copy of the blocks with every id and default that Slack fills in."""
    filled = copy.deepcopy(sent)
    for _, block in each_block(filled, ""):
        if block["type"] not in WITHOUT_BLOCK_ID:
            block.setdefault("block_id", short_id())
        if block["type"] == "input":
            block.setdefault("optional", False)
            block.setdefault("dispatch_action", False)
        if block["type"] != "rich_text":
            for _, element in elements_of(block):
                if element["type"] not in WITHOUT_ACTION:
                    element.setdefault("action_id", short_id())
    _texts(filled)
    return filled


def _texts(value: Any) -> None:
    if isinstance(value, list):
        for item in value:
            _texts(item)
    elif isinstance(value, dict):
        if value.get("type") == "plain_text":
            value.setdefault("emoji", True)
        elif value.get("type") == "mrkdwn":
            value.setdefault("verbatim", False)
        for inner in value.values():
            _texts(inner)


def view(sent: Json) -> Json:
    """A view with the fields that the app gave and Slack's defaults; the id, hash and place in the stack are set by
    whoever shows it."""
    filled = {
        "team_id": TEAM_ID,
        "type": sent["type"],
        "blocks": blocks(sent["blocks"]),
        "private_metadata": sent.get("private_metadata") or "",
        "callback_id": sent.get("callback_id") or "",
        "external_id": sent.get("external_id") or "",
        "title": copy.deepcopy(sent.get("title")) or {"type": "plain_text", "text": "View Title"},
        "close": copy.deepcopy(sent.get("close")),
        "submit": copy.deepcopy(sent.get("submit")),
        "clear_on_close": bool(sent.get("clear_on_close")),
        "notify_on_close": bool(sent.get("notify_on_close")),
        "submit_disabled": bool(sent.get("submit_disabled")),
        "app_id": APP_ID,
        "app_installed_team_id": TEAM_ID,
        "bot_id": BOT_ID,
    }
    for name in ("title", "close", "submit"):
        _texts(filled[name])
    return filled
