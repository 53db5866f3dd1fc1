"""What the app wants to say, checked: the same rules for chat methods, response_urls and answers to commands."""

from __future__ import annotations

from typing import Any

from bot.sandbox.workspace import limits, normal
from bot.sandbox.workspace.common import Json, Refused
from bot.sandbox.workspace.limits import Problem
from bot.sandbox.workspace.messages import Message, by_bot
from bot.sandbox.workspace.tickets import ResponseUrl
from bot.sandbox.workspace.workspace import Workspace

TEXT_AT_MOST = 40_000
ATTACHMENTS_AT_MOST = 100


def refusal(code: str, found: list[Problem]) -> Refused:
    """Slack's refusal with one ``[ERROR]`` line for each problem."""
    return Refused(
        code,
        errors=[str(problem) for problem in found],
        response_metadata={"messages": [f"[ERROR] {problem}" for problem in found]},
    )


def content(text: Any, blocks: Any, attachments: Any) -> Json:
    """The parts of a message, complete with ids and defaults.

    Refused: ``no_text``, ``msg_too_long``, ``invalid_blocks``, ``invalid_blocks_format``, ``too_many_attachments``.
    """
    if not text and not blocks and not attachments:
        raise Refused("no_text")
    if text is not None and (not isinstance(text, str) or len(text) > TEXT_AT_MOST):
        raise Refused("msg_too_long")
    if blocks and not isinstance(blocks, list):
        raise Refused("invalid_blocks_format")
    if attachments and (not isinstance(attachments, list) or len(attachments) > ATTACHMENTS_AT_MOST):
        raise Refused("too_many_attachments")
    if found := limits.problems({"blocks": blocks, "attachments": attachments}):
        raise refusal("invalid_blocks", found)
    parts: Json = {"text": text or ""}
    if blocks is not None:
        parts["blocks"] = normal.blocks(blocks)
    if attachments is not None:
        parts["attachments"] = [
            {**attachment, "id": number, **_attachment_blocks(attachment)}
            for number, attachment in enumerate(attachments, start=1)
        ]
    return parts


def _attachment_blocks(attachment: Json) -> Json:
    return {"blocks": normal.blocks(attachment["blocks"])} if attachment.get("blocks") else {}


def say(
    workspace: Workspace,
    channel: str,
    parts: Json,
    *,
    only_for: str | None = None,
    thread_ts: str | None = None,
    more: Json | None = None,
) -> Message:
    """Post what `content` made, as the app."""
    extra = {**(more or {}), **({"attachments": parts["attachments"]} if parts.get("attachments") else {})}
    return workspace.messages.post(
        channel,
        by_bot(workspace.app.name),
        parts["text"],
        blocks=parts.get("blocks"),
        only_for=only_for,
        thread_ts=thread_ts,
        more=extra,
    )


def respond(workspace: Workspace, url: ResponseUrl, body: Json) -> None:
    """A post to a response_url: replaces or deletes the message of the interaction, or says something new.

    Refused like a message; ``invalid_blocks`` and the others.
    """
    original = workspace.messages.get(url.channel, url.message_ts) if url.message_ts else None
    if body.get("delete_original"):
        if original:
            workspace.messages.remove(original)
        return
    parts = content(body.get("text"), body.get("blocks"), body.get("attachments"))
    if body.get("replace_original") and original:
        workspace.messages.change(original, {"blocks": None, "attachments": None, **parts})
        return
    only_for = None if body.get("response_type") == "in_channel" else url.user
    say(workspace, url.channel, parts, only_for=only_for, thread_ts=body.get("thread_ts") or url.thread_ts)
