"""files.*: the upload in three steps (address, bytes, completion)."""

from __future__ import annotations

import re
from typing import Any

from bot.sandbox.workspace.api.arguments import Arguments, missing
from bot.sandbox.workspace.common import BOT_USER_ID, Json, Refused
from bot.sandbox.workspace.files import LARGEST_BYTES, File
from bot.sandbox.workspace.messages import by_bot
from bot.sandbox.workspace.workspace import Workspace

ALT_TEXT_AT_MOST = 1000
CHANNELS_AT_MOST = 100
CHANNEL = re.compile(r"[CGDZ][A-Z0-9]{8,}")


def get_upload_url(workspace: Workspace, arguments: Arguments) -> Json:
    """Refused: ``missing_argument`` (no length, or 0), ``file_upload_size_restricted``, ``alt_txt_too_large``."""
    name, length = arguments.need("filename"), arguments.number("length")
    if not length or length < 0:
        raise Refused("missing_argument")
    if length > LARGEST_BYTES:
        raise Refused("file_upload_size_restricted")
    alt_txt = arguments.get("alt_txt")
    if alt_txt and len(alt_txt) > ALT_TEXT_AT_MOST:
        raise Refused("alt_txt_too_large")
    file = workspace.files.expect(BOT_USER_ID, name.replace("/", "_"), length, alt_txt)
    return {"upload_url": f"{workspace.url}upload/v1/{file.secret}", "file_id": file.id}


def complete_upload(workspace: Workspace, arguments: Arguments) -> Json:
    """Share the files in the channels, in one message each; without a channel they stay private.

    Refused: ``invalid_arguments``, ``channel_not_found``, ``not_in_channel`` (chat:write.public is no help here),
    ``channels_limit_exceeded``, ``file_not_found``.
    """
    wanted = _wanted(arguments)
    channels = _channels(workspace, arguments)
    if not all(workspace.files.is_ready(one["id"]) for one in wanted):
        raise Refused("file_not_found")
    files = [workspace.files.complete(one["id"], one.get("title"), channels) for one in wanted]
    for channel in channels:
        _share(workspace, channel, files, arguments)
    return {"files": [file.as_json(workspace.url) for file in files]}


def _wanted(arguments: Arguments) -> list[Json]:
    wanted = arguments.structure("files")
    if not wanted:
        raise missing("files")
    if not isinstance(wanted, list) or not all(isinstance(one, dict) and one.get("id") for one in wanted):
        raise _wrong("must be an array of objects with an id", "/files")
    return wanted


def _channels(workspace: Workspace, arguments: Arguments) -> list[str]:
    one, many = arguments.get("channel_id"), arguments.get("channels")
    if one and not CHANNEL.fullmatch(one):
        raise _wrong("input must match regex pattern: ^[CGDZ][A-Z0-9]{8,}$", "/channel_id")
    references = [one] if one else [name.strip() for name in (many or "").split(",") if name.strip()]
    if len(references) > CHANNELS_AT_MOST:
        raise Refused("channels_limit_exceeded")
    return [_joined(workspace, reference) for reference in references]


def _joined(workspace: Workspace, reference: str) -> str:
    channel = workspace.messages.channel(reference)
    if BOT_USER_ID not in channel.members:
        raise Refused("channel_not_found" if channel.is_private else "not_in_channel")
    return channel.id


def _share(workspace: Workspace, channel: str, files: list[File], arguments: Arguments) -> None:
    workspace.messages.post(
        channel,
        by_bot(workspace.app.name),
        arguments.get("initial_comment") or "",
        thread_ts=arguments.get("thread_ts"),
        more={"files": [file.as_json(workspace.url) for file in files], "upload": False},
    )


def info(workspace: Workspace, arguments: Arguments) -> Json:
    """Refused: ``file_not_found``."""
    file = workspace.files.get(arguments.need("file"))
    return {"file": file.as_json(workspace.url), "comments": [], "response_metadata": {"next_cursor": ""}}


def _wrong(text: str, pointer: str) -> Refused:
    messages: list[Any] = [f"[ERROR] {text} [json-pointer:{pointer}]"]
    return Refused("invalid_arguments", response_metadata={"messages": messages})
