"""chat.*: messages that appear at once."""

from __future__ import annotations

from bot.sandbox.workspace import people, posting
from bot.sandbox.workspace.api.arguments import Arguments
from bot.sandbox.workspace.common import BOT_USER_ID, Json, Refused
from bot.sandbox.workspace.messages import Message
from bot.sandbox.workspace.people import Channel
from bot.sandbox.workspace.workspace import Workspace


def writable(workspace: Workspace, arguments: Arguments) -> Channel:
    """The channel, if the app may write there; refused: ``channel_not_found``, ``not_in_channel``."""
    channel = workspace.messages.channel(arguments.need("channel"))
    if BOT_USER_ID in channel.members:
        return channel
    if channel.is_private:
        raise Refused("channel_not_found")
    if "chat:write.public" in workspace.app.scopes:
        return channel
    raise Refused("not_in_channel")


def content(arguments: Arguments) -> Json:
    """Text, blocks and attachments, checked and complete; refused like posting.content."""
    return posting.content(
        arguments.get("text"), arguments.structure("blocks"), arguments.structure("attachments") or None
    )


def _own(workspace: Workspace, arguments: Arguments, not_ours: str) -> Message:
    """The app's own message; refused: ``message_not_found`` or `not_ours`. Ephemeral messages cannot be named."""
    channel = workspace.messages.channel(arguments.need("channel"))
    message = workspace.messages.get(channel.id, arguments.need("ts"))
    if message is None or message.only_for:
        raise Refused("message_not_found")
    if message.body["user"] != BOT_USER_ID:
        raise Refused(not_ours)
    return message


def metadata_of(arguments: Arguments) -> Json | None:
    """Refused: ``invalid_metadata_format``."""
    metadata = arguments.structure("metadata")
    if metadata is None:
        return None
    known = isinstance(metadata, dict) and isinstance(metadata.get("event_type"), str)
    if not known or not isinstance(metadata.get("event_payload"), dict):
        raise Refused("invalid_metadata_format")
    return dict(metadata)


def post_message(workspace: Workspace, arguments: Arguments) -> Json:
    channel = writable(workspace, arguments)
    metadata = metadata_of(arguments)
    message = posting.say(
        workspace,
        channel.id,
        content(arguments),
        thread_ts=arguments.get("thread_ts"),
        more={"metadata": metadata} if metadata else None,
    )
    return {"channel": channel.id, "ts": message.ts, "message": message.body}


def update(workspace: Workspace, arguments: Arguments) -> Json:
    """Blocks and attachments that are not sent stay; an empty list takes them away."""
    message = _own(workspace, arguments, "cant_update_message")
    blocks, attachments = arguments.structure("blocks"), arguments.structure("attachments")
    parts = posting.content(arguments.get("text") or message.body.get("text"), blocks, attachments)
    metadata = metadata_of(arguments)
    workspace.messages.change(message, {**parts, **({"metadata": metadata} if metadata else {})})
    return {"channel": message.channel, "ts": message.ts, "text": parts["text"], "message": message.body}


def delete(workspace: Workspace, arguments: Arguments) -> Json:
    message = _own(workspace, arguments, "cant_delete_message")
    workspace.messages.remove(message)
    return {"channel": message.channel, "ts": message.ts}


def post_ephemeral(workspace: Workspace, arguments: Arguments) -> Json:
    channel = writable(workspace, arguments)
    user = arguments.need("user")
    if user not in people.BY_ID or user not in channel.members:
        raise Refused("user_not_in_channel")
    message = posting.say(
        workspace, channel.id, content(arguments), only_for=user, thread_ts=arguments.get("thread_ts")
    )
    return {"message_ts": message.ts}


def get_permalink(workspace: Workspace, arguments: Arguments) -> Json:
    channel = workspace.messages.channel(arguments.need("channel"))
    message = workspace.messages.get(channel.id, arguments.need("message_ts"))
    if message is None:
        raise Refused("message_not_found")
    anchor = message.ts.replace(".", "")
    return {"channel": channel.id, "permalink": f"{workspace.url}archives/{channel.id}/p{anchor}"}
