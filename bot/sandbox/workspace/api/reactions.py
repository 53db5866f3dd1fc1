"""reactions.*"""

from __future__ import annotations

import re

from bot.sandbox.workspace.api.arguments import Arguments
from bot.sandbox.workspace.common import BOT_USER_ID, Json, Refused
from bot.sandbox.workspace.messages import Message
from bot.sandbox.workspace.workspace import Workspace

NAME = re.compile(r"[a-z0-9_+'-]+(::skin-tone-[2-6])?")
OF_ONE_USER = 23


def _message_and_name(workspace: Workspace, arguments: Arguments) -> tuple[Message, str]:
    """Refused: ``invalid_name``, ``channel_not_found``, ``message_not_found``."""
    name = arguments.need("name").strip(":")
    if not NAME.fullmatch(name):
        raise Refused("invalid_name")
    channel = workspace.messages.channel(arguments.need("channel"))
    message = workspace.messages.get(channel.id, arguments.need("timestamp"))
    if message is None or message.only_for:
        raise Refused("message_not_found")
    return message, name


def _users(message: Message) -> dict[str, list[str]]:
    """Who reacted, by the emoji's name, in the order in which the emoji came."""
    return {reaction["name"]: list(reaction["users"]) for reaction in message.body.get("reactions", [])}


def _keep(workspace: Workspace, message: Message, users: dict[str, list[str]]) -> None:
    reactions = [{"name": name, "users": who, "count": len(who)} for name, who in users.items() if who]
    workspace.messages.annotate(message, reactions=reactions)


def add(workspace: Workspace, arguments: Arguments) -> Json:
    """Refused besides: ``already_reacted``, ``too_many_reactions``."""
    message, name = _message_and_name(workspace, arguments)
    users = _users(message)
    if BOT_USER_ID in users.get(name, []):
        raise Refused("already_reacted")
    if sum(BOT_USER_ID in who for who in users.values()) >= OF_ONE_USER:
        raise Refused("too_many_reactions")
    users.setdefault(name, []).append(BOT_USER_ID)
    _keep(workspace, message, users)
    return {}


def remove(workspace: Workspace, arguments: Arguments) -> Json:
    """Refused besides: ``no_reaction``, also for a reaction of somebody else."""
    message, name = _message_and_name(workspace, arguments)
    users = _users(message)
    if BOT_USER_ID not in users.get(name, []):
        raise Refused("no_reaction")
    users[name].remove(BOT_USER_ID)
    _keep(workspace, message, users)
    return {}
