"""chat.unfurl: what the app shows under a message that links to one of its domains."""

from __future__ import annotations

from typing import Any

from bot.sandbox.workspace import limits, normal, posting
from bot.sandbox.workspace.api.arguments import Arguments
from bot.sandbox.workspace.common import APP_ID, BOT_ID, Json, Refused
from bot.sandbox.workspace.messages import Message
from bot.sandbox.workspace.workspace import Workspace

SOURCES = ("composer", "conversations_history")
INVITATION = "Sign in to see more of the links that you share."


def unfurl(workspace: Workspace, arguments: Arguments) -> Json:
    """Attach to each linked address what the app says about it; a second call replaces the first.

    Refused: ``missing_channel``, ``missing_ts``, ``missing_unfurls``, ``invalid_unfurls_format``,
    ``cannot_find_service``, ``cannot_find_channel``, ``cannot_find_message``, ``cannot_unfurl_message``,
    ``cannot_unfurl_url`` and ``cannot_parse_attachment``.
    """
    message = _message(workspace, arguments)
    unfurls = _unfurls(arguments)
    if not workspace.app.unfurl_domains:
        raise Refused("cannot_find_service")
    for url in unfurls:
        if url not in message.body["text"]:
            raise Refused("cannot_unfurl_message")
        if not workspace.links.was_told(message, url):
            raise Refused("cannot_unfurl_url")
    earlier = {one.get("from_url"): one for one in message.body.get("attachments", [])}
    shown = {**earlier, **{url: _attachment(url, sent) for url, sent in unfurls.items()}}
    attachments = [{**one, "id": number} for number, one in enumerate(shown.values(), start=1)]
    workspace.messages.annotate(message, attachments=attachments)
    _invite(workspace, message, arguments)
    return {}


def _message(workspace: Workspace, arguments: Arguments) -> Message:
    if (unfurl_id := arguments.get("unfurl_id")) and arguments.get("source") in SOURCES:
        message = workspace.links.of(unfurl_id)
    else:
        message = workspace.messages.get(_channel(workspace, arguments), _ts(arguments))
    if message is None or message.only_for:
        raise Refused("cannot_find_message")
    return message


def _channel(workspace: Workspace, arguments: Arguments) -> str:
    reference = arguments.get("channel")
    if reference is None:
        raise Refused("missing_channel")
    try:
        return workspace.messages.channel(reference).id
    except Refused as refused:
        raise Refused("cannot_find_channel") from refused


def _ts(arguments: Arguments) -> str:
    ts = arguments.get("ts")
    if ts is None:
        raise Refused("missing_ts")
    return ts


def _unfurls(arguments: Arguments) -> Json:
    if not arguments.given.get("unfurls"):
        raise Refused("missing_unfurls")
    try:
        unfurls = arguments.structure("unfurls")
    except Refused as refused:
        raise Refused("invalid_unfurls_format") from refused
    if not isinstance(unfurls, dict):
        raise Refused("invalid_unfurls_format")
    return unfurls


def _attachment(url: str, sent: Any) -> Json:
    """The attachment of one address; refused: ``cannot_parse_attachment``."""
    if not isinstance(sent, dict) or not sent:
        raise Refused("cannot_parse_attachment")
    if found := limits.problems({"attachments": [sent]}):
        raise posting.refusal("cannot_parse_attachment", found)
    blocks = {"blocks": normal.blocks(sent["blocks"])} if sent.get("blocks") else {}
    ours = {"from_url": url, "app_unfurl_url": url, "is_app_unfurl": True, "app_id": APP_ID, "bot_id": BOT_ID}
    return {"fallback": url, **sent, **blocks, **ours}


def _invite(workspace: Workspace, message: Message, arguments: Arguments) -> None:
    """The invitation to sign in with the app, which only the writer of the message sees."""
    text, blocks = arguments.get("user_auth_message"), arguments.structure("user_auth_blocks")
    if not (text or blocks or arguments.flag("user_auth_required") or arguments.get("user_auth_url")):
        return
    link = arguments.get("user_auth_url")
    words = text or (f"<{link}|{INVITATION}>" if link else INVITATION)
    posting.say(workspace, message.channel, posting.content(words, blocks, None), only_for=message.body["user"])
