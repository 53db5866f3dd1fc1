"""The payloads that the app gets, with the fields that Slack's documentation and samples show."""

from __future__ import annotations

import copy
import time
import uuid

from bot.sandbox.workspace import typed
from bot.sandbox.workspace.common import (
    APP_ID,
    BOT_USER_ID,
    TEAM_DOMAIN,
    TEAM_ID,
    VERIFICATION_TOKEN,
    Json,
    new_id,
)
from bot.sandbox.workspace.messages import Message
from bot.sandbox.workspace.modals import View
from bot.sandbox.workspace.people import Channel, Person


def channel_name(channel: Channel) -> str:
    """Slack names private channels and direct messages by their kind only."""
    return {"im": "directmessage", "private": "privategroup"}.get(channel.kind, channel.name)


def _common(kind: str, person: Person) -> Json:
    return {
        "type": kind,
        "token": VERIFICATION_TOKEN,
        "api_app_id": APP_ID,
        "team": {"id": TEAM_ID, "domain": TEAM_DOMAIN},
        "enterprise": None,
        "is_enterprise_install": False,
        "user": {"id": person.id, "username": person.username, "name": person.username, "team_id": TEAM_ID},
    }


def command(person: Person, channel: Channel, *, name: str, text: str, response_url: str, trigger_id: str) -> Json:
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": TEAM_ID,
        "team_domain": TEAM_DOMAIN,
        "channel_id": channel.id,
        "channel_name": channel_name(channel),
        "user_id": person.id,
        "user_name": person.username,
        "command": name,
        "text": text,
        "api_app_id": APP_ID,
        "is_enterprise_install": "false",
        "response_url": response_url,
        "trigger_id": trigger_id,
    }


def global_shortcut(person: Person, callback_id: str, trigger_id: str, action_ts: str) -> Json:
    return {
        **_common("shortcut", person),
        "action_ts": action_ts,
        "callback_id": callback_id,
        "trigger_id": trigger_id,
    }


def message_shortcut(
    person: Person,
    callback_id: str,
    *,
    channel: Channel,
    message: Message,
    url: str,
    trigger_id: str,
    action_ts: str,
) -> Json:
    return {
        **_common("message_action", person),
        "action_ts": action_ts,
        "callback_id": callback_id,
        "trigger_id": trigger_id,
        "response_url": url,
        "message_ts": message.ts,
        "channel": {"id": channel.id, "name": channel_name(channel)},
        "message": _in_payload(message),
    }


def in_view(view: View) -> Json:
    """The fields that say where in a modal or on Home something happened."""
    return {"container": {"type": "view", "view_id": view.id}, "view": view.as_json()}


def in_message(message: Message, shown: Json, channel: Channel) -> Json:
    """The same for a message. An ephemeral message itself is not part of a payload."""
    fields: Json = {
        "container": {
            "type": "message",
            "message_ts": message.ts,
            "channel_id": channel.id,
            "is_ephemeral": message.only_for is not None,
        },
        "channel": {"id": channel.id, "name": channel_name(channel)},
    }
    if "thread_ts" in shown:
        fields["container"]["thread_ts"] = shown["thread_ts"]
    if message.only_for is None:
        fields["message"] = copy.deepcopy(shown)
    return fields


def block_actions(person: Person, where: Json, action: Json, trigger_id: str) -> Json:
    return {**_common("block_actions", person), **where, "trigger_id": trigger_id, "actions": [action]}


_WORDS = ("text", "value")
_PRESSED = ("button", "icon_button")


def action(block: Json, element: Json, chosen: Json, action_ts: str) -> Json:
    """One entry of `actions`: the element, and what was chosen."""
    entry: Json = {
        "type": element["type"],
        "action_id": element["action_id"],
        "block_id": block["block_id"],
        "action_ts": action_ts,
    }
    for name in (*_WORDS, "style", "placeholder", "url", "initial_option", "initial_date", "initial_options"):
        if name in element and (element["type"] in _PRESSED or name not in _WORDS):
            entry[name] = copy.deepcopy(element[name])
    return {**entry, **chosen}


def block_suggestion(person: Person, where: Json, block: Json, element: Json, query: str) -> Json:
    return {
        **_common("block_suggestion", person),
        **where,
        "action_id": element["action_id"],
        "block_id": block["block_id"],
        "value": query,
    }


def view_submission(person: Person, view: View, trigger_id: str, response_urls: list[Json]) -> Json:
    return {
        **_common("view_submission", person),
        "trigger_id": trigger_id,
        "view": view.as_json(),
        "response_urls": response_urls,
    }


def view_closed(person: Person, view: View, *, is_cleared: bool) -> Json:
    return {**_common("view_closed", person), "view": view.as_json(), "is_cleared": is_cleared}


def event(inner: Json) -> Json:
    """The envelope of the Events API."""
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": TEAM_ID,
        "api_app_id": APP_ID,
        "event": inner,
        "type": "event_callback",
        "event_id": new_id("Ev"),
        "event_time": int(time.time()),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": TEAM_ID,
                "user_id": BOT_USER_ID,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": False,
        "event_context": f"4-{new_id('')}",
    }


def app_home_opened(person: Person, channel: Channel, tab: str, home: View | None, event_ts: str) -> Json:
    """`tab` is home or messages; the view is there when Home was published before."""
    inner: Json = {
        "type": "app_home_opened",
        "user": person.id,
        "channel": channel.id,
        "tab": tab,
        "event_ts": event_ts,
    }
    if home:
        inner["view"] = home.as_json()
    return event(inner)


def said(message: Message, channel: Channel) -> Json:
    """The event of a message that a person typed."""
    return {
        "client_msg_id": str(uuid.uuid4()),
        **_in_payload(message),
        "channel": channel.id,
        "event_ts": message.ts,
    }


def _in_payload(message: Message) -> Json:
    """A message as apps get it: what a person typed has markup and is also there as rich text."""
    body = copy.deepcopy(message.body)
    if "bot_id" in body:
        return body
    return {**body, "text": typed.as_text(body["text"]), "blocks": [typed.as_rich_text(body["text"])]}


def link_shared(message: Message, channel: Channel, links: list[Json], *, unfurl_id: str, is_member: bool) -> Json:
    inner: Json = {
        "type": "link_shared",
        "channel": channel.id,
        "is_bot_user_member": is_member,
        "user": message.body["user"],
        "message_ts": message.ts,
        "unfurl_id": unfurl_id,
        "source": "conversations_history",
        "links": links,
        "event_ts": message.ts,
    }
    if "thread_ts" in message.body:
        inner["thread_ts"] = message.body["thread_ts"]
    return inner


def tokens_revoked() -> Json:
    """By the users whose tokens ended: the app has a token for its bot only."""
    return {"type": "tokens_revoked", "tokens": {"oauth": [], "bot": [BOT_USER_ID]}, "event_ts": f"{time.time():.6f}"}


def app_uninstalled() -> Json:
    return {"type": "app_uninstalled", "event_ts": f"{time.time():.6f}"}
