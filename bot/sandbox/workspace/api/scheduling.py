"""chat.scheduleMessage and what belongs to it."""

from __future__ import annotations

from bot.sandbox.workspace.api.arguments import Arguments, page
from bot.sandbox.workspace.api.chat import content, metadata_of, writable
from bot.sandbox.workspace.common import BOT_ID, Json, Refused
from bot.sandbox.workspace.scheduled import Scheduled
from bot.sandbox.workspace.workspace import Workspace


def schedule(workspace: Workspace, arguments: Arguments) -> Json:
    """Refused like chat.postMessage, and with ``invalid_time`` and the refusals of Schedule.add."""
    channel = writable(workspace, arguments)
    given = arguments.need("post_at")
    if not given.isdigit():
        raise Refused("invalid_time")
    one = workspace.schedule.add(
        channel.id,
        int(given),
        content(arguments),
        thread_ts=arguments.get("thread_ts"),
        metadata=metadata_of(arguments),
    )
    shown = {"type": "delayed_message", "subtype": "bot_message", "bot_id": BOT_ID, **one.parts}
    return {"channel": channel.id, "scheduled_message_id": one.id, "post_at": one.post_at, "message": shown}


def delete(workspace: Workspace, arguments: Arguments) -> Json:
    """Refused: ``channel_not_found``, ``invalid_scheduled_message_id``."""
    channel = workspace.messages.channel(arguments.need("channel"))
    workspace.schedule.remove(channel.id, arguments.need("scheduled_message_id"))
    return {}


def listed(workspace: Workspace, arguments: Arguments) -> Json:
    """Refused: ``invalid_channel``, and like every list."""
    channel = arguments.get("channel")
    if channel and channel not in {one.id for one in workspace.messages.channels()}:
        raise Refused("invalid_channel")
    oldest, latest = arguments.number("oldest"), arguments.number("latest")
    if oldest is not None and latest is not None and oldest >= latest:
        raise Refused("invalid_arguments")
    waiting = [
        _entry(one)
        for one in workspace.schedule.waiting(channel)
        if (oldest is None or one.post_at >= oldest) and (latest is None or one.post_at <= latest)
    ]
    return page(waiting, arguments, "scheduled_messages", default=100)


def _entry(one: Scheduled) -> Json:
    return {
        "id": one.id,
        "channel_id": one.channel,
        "post_at": one.post_at,
        "date_created": one.date_created,
        "text": one.parts["text"],
    }
