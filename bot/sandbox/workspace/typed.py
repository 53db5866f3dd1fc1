"""What a person typed, as an app gets it: markup for links, e-mail addresses and mentions, the rest escaped."""

from __future__ import annotations

import re

from bot.sandbox.workspace import normal
from bot.sandbox.workspace.common import Json

# Bare or as in <https://x.example|label>; a full stop or comma behind it is not part of it.
ADDRESS = r"https?://[^\s<>|]*[^\s<>|.,;:!?)]"
_PART = re.compile(
    r"(?P<mention><[@#!][^<>]+>)"
    r"|<(?P<named>(?:https?://|mailto:)[^\s<>|]+)(?:\|[^<>]*)?>"
    rf"|(?P<url>{ADDRESS})"
    r"|(?P<email>[\w.+-]+@[\w-]+(?:\.[\w-]+)+)"
)


def as_text(typed: str) -> str:
    """The `text` of a message: ``<https://x.example>``, ``<mailto:a@x.example|a@x.example>``, ``&amp;``."""
    return "".join(_marked(part) if isinstance(part, re.Match) else _escaped(part) for part in _parts(typed))


def as_rich_text(typed: str) -> Json:
    """The block that Slack's composer makes of the same."""
    elements = [
        _element(part) if isinstance(part, re.Match) else {"type": "text", "text": part} for part in _parts(typed)
    ]
    section = {"type": "rich_text_section", "elements": elements}
    return {"type": "rich_text", "block_id": normal.short_id(), "elements": [section]}


def _parts(typed: str) -> list[str | re.Match[str]]:
    """Plain texts and, between them, what is more than text."""
    parts: list[str | re.Match[str]] = []
    end = 0
    for found in _PART.finditer(typed):
        parts += [typed[end : found.start()], found]
        end = found.end()
    return [part for part in [*parts, typed[end:]] if part]


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _marked(part: re.Match[str]) -> str:
    if part["email"]:
        return f"<mailto:{part['email']}|{part['email']}>"
    return f"<{_escaped(part['url'])}>" if part["url"] else part[0].replace("&", "&amp;")


def _element(part: re.Match[str]) -> Json:
    if part["mention"]:
        return _mention(part["mention"])
    if part["email"]:
        return {"type": "link", "url": f"mailto:{part['email']}", "text": part["email"]}
    return {"type": "link", "url": part["url"] or part["named"]}


def _mention(mention: str) -> Json:
    kind, target = mention[1], mention[2:-1].partition("|")[0]
    match kind:
        case "@":
            return {"type": "user", "user_id": target}
        case "#":
            return {"type": "channel", "channel_id": target}
        case _ if target.startswith("subteam^"):
            return {"type": "usergroup", "usergroup_id": target.removeprefix("subteam^")}
        case _:
            return {"type": "broadcast", "range": target}
