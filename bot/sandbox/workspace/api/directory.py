"""Who and where: auth, users, user groups, conversations, and the address for Socket Mode."""

from __future__ import annotations

from urllib.parse import urlsplit

from bot.sandbox.workspace import people
from bot.sandbox.workspace.api.arguments import Arguments, need_scope, page
from bot.sandbox.workspace.common import (
    APP_ID,
    BOT_ID,
    BOT_USER_ID,
    TEAM_ID,
    TEAM_NAME,
    Json,
    Refused,
)
from bot.sandbox.workspace.people import PEOPLE, USER_GROUPS, Channel, UserGroup
from bot.sandbox.workspace.workspace import Workspace

_SCOPE_OF_KIND = {"channel": "channels:read", "private": "groups:read", "im": "im:read"}
_TYPE_OF_KIND = {"channel": "public_channel", "private": "private_channel", "im": "im"}
CONVERSATION_TYPES = {*_TYPE_OF_KIND.values(), "mpim"}
CONVERSATIONS_PAGE = 100


def auth_test(workspace: Workspace, _: Arguments) -> Json:
    return {
        "url": workspace.url,
        "team": TEAM_NAME,
        "user": workspace.app.name.lower(),
        "team_id": TEAM_ID,
        "user_id": BOT_USER_ID,
        "bot_id": BOT_ID,
        "is_enterprise_install": False,
    }


def _user(workspace: Workspace, user: str) -> Json:
    if user == BOT_USER_ID:
        return people.bot_user_json(workspace.app.name)
    if user not in people.BY_ID:
        raise Refused("user_not_found")
    return people.user_json(people.BY_ID[user], with_email="users:read.email" in workspace.app.scopes)


def users_info(workspace: Workspace, arguments: Arguments) -> Json:
    user = _user(workspace, arguments.need("user"))
    if not arguments.flag("include_locale"):
        user.pop("locale")
    return {"user": user}


def users_list(workspace: Workspace, arguments: Arguments) -> Json:
    members = [_user(workspace, person.id) for person in PEOPLE] + [_user(workspace, BOT_USER_ID)]
    if not arguments.flag("include_locale"):
        for member in members:
            member.pop("locale")
    return page(members, arguments, "members")


def users_lookup_by_email(workspace: Workspace, arguments: Arguments) -> Json:
    email = arguments.need("email").lower()
    for person in PEOPLE:
        if person.email == email:
            return {"user": _user(workspace, person.id)}
    raise Refused("users_not_found")


def users_profile_get(workspace: Workspace, arguments: Arguments) -> Json:
    return {"profile": _user(workspace, arguments.get("user") or BOT_USER_ID)["profile"]}


def _group(group: UserGroup, *, with_users: bool) -> Json:
    answer: Json = {
        "id": group.id,
        "team_id": TEAM_ID,
        "is_usergroup": True,
        "is_subteam": True,
        "name": group.name,
        "description": "",
        "handle": group.handle,
        "is_external": False,
        "date_create": 1767225600,
        "date_update": 1767225600,
        "date_delete": 0,
        "auto_type": None,
        "prefs": {"channels": [], "groups": []},
        "user_count": len(group.users),
    }
    return {**answer, "users": group.users} if with_users else answer


def usergroups_list(_: Workspace, arguments: Arguments) -> Json:
    return {"usergroups": [_group(group, with_users=arguments.flag("include_users")) for group in USER_GROUPS]}


def usergroups_users_list(_: Workspace, arguments: Arguments) -> Json:
    wanted = arguments.need("usergroup")
    for group in USER_GROUPS:
        if group.id == wanted:
            return {"users": group.users}
    raise Refused("no_such_subteam")


def conversations_open(workspace: Workspace, arguments: Arguments) -> Json:
    if channel_id := arguments.get("channel"):
        channel = workspace.messages.channel(channel_id)
    else:
        users = [user.strip() for user in (arguments.get("users") or "").split(",") if user.strip()]
        if not users:
            raise Refused("users_list_not_supplied")
        if len(users) > 1:
            raise Refused("not_enough_users" if BOT_USER_ID in users else "method_not_supported_for_channel_type")
        if users[0] not in people.BY_ID:
            raise Refused("user_not_found")
        channel = workspace.messages.channel(users[0])
    return {"channel": people.channel_json(channel) if arguments.flag("return_im") else {"id": channel.id}}


def _readable(workspace: Workspace, arguments: Arguments) -> Channel:
    """A channel that the app may know of; which scope it needs depends on its kind."""
    channel = workspace.messages.channel(arguments.need("channel"))
    need_scope(workspace, _SCOPE_OF_KIND[channel.kind])
    if channel.is_private and BOT_USER_ID not in channel.members:
        raise Refused("channel_not_found")
    return channel


def conversations_info(workspace: Workspace, arguments: Arguments) -> Json:
    return {"channel": people.channel_json(_readable(workspace, arguments))}


def conversations_members(workspace: Workspace, arguments: Arguments) -> Json:
    members = list(_readable(workspace, arguments).members)
    return page(members, arguments, "members", default=CONVERSATIONS_PAGE)


def conversations_list(workspace: Workspace, arguments: Arguments) -> Json:
    types = [kind.strip() for kind in (arguments.get("types") or "public_channel").split(",")]
    if not set(types) <= CONVERSATION_TYPES:
        raise Refused("invalid_types")
    kinds = [kind for kind, type_ in _TYPE_OF_KIND.items() if type_ in types]
    for kind in kinds:
        need_scope(workspace, _SCOPE_OF_KIND[kind])
    visible = [
        people.channel_json(channel)
        for channel in workspace.messages.channels()
        if channel.kind in kinds and (not channel.is_private or BOT_USER_ID in channel.members)
    ]
    return page(visible, arguments, "channels", default=CONVERSATIONS_PAGE)


def apps_connections_open(workspace: Workspace, _: Arguments) -> Json:
    host = urlsplit(workspace.url).netloc
    return {"url": f"ws://{host}/link/?ticket={workspace.sockets.new_ticket()}&app_id={APP_ID}"}
