"""Every Web API method that is played here: what it does, its scope, its token, its rate limit.

Scopes and tiers are those of Slack's reference pages of the methods.
"""

from __future__ import annotations

from collections.abc import Mapping

from bot.sandbox.workspace.api import chat, directory, files, reactions, scheduling, unfurling, views
from bot.sandbox.workspace.api.arguments import Method
from bot.sandbox.workspace.rates import Tier

METHODS: Mapping[str, Method] = {
    "apps.connections.open": Method(directory.apps_connections_open, token="app", tier=Tier.ONE),
    "auth.test": Method(directory.auth_test, tier=None),
    "chat.delete": Method(chat.delete, "chat:write"),
    "chat.deleteScheduledMessage": Method(scheduling.delete, "chat:write"),
    "chat.getPermalink": Method(chat.get_permalink, tier=None),
    "chat.postEphemeral": Method(chat.post_ephemeral, "chat:write", tier=Tier.FOUR),
    "chat.postMessage": Method(chat.post_message, "chat:write", tier=None, posts=True),
    "chat.scheduleMessage": Method(scheduling.schedule, "chat:write"),
    "chat.scheduledMessages.list": Method(scheduling.listed),
    "chat.unfurl": Method(unfurling.unfurl, "links:write"),
    "chat.update": Method(chat.update, "chat:write"),
    "conversations.info": Method(directory.conversations_info),
    "conversations.list": Method(directory.conversations_list, tier=Tier.TWO),
    "conversations.members": Method(directory.conversations_members, tier=Tier.FOUR),
    "conversations.open": Method(directory.conversations_open, "im:write"),
    "files.completeUploadExternal": Method(files.complete_upload, "files:write", tier=Tier.FOUR),
    "files.getUploadURLExternal": Method(files.get_upload_url, "files:write", tier=Tier.FOUR),
    "files.info": Method(files.info, "files:read", tier=Tier.FOUR),
    "reactions.add": Method(reactions.add, "reactions:write"),
    "reactions.remove": Method(reactions.remove, "reactions:write", tier=Tier.TWO),
    "usergroups.list": Method(directory.usergroups_list, "usergroups:read", tier=Tier.TWO),
    "usergroups.users.list": Method(directory.usergroups_users_list, "usergroups:read", tier=Tier.TWO),
    "users.info": Method(directory.users_info, "users:read", tier=Tier.FOUR),
    "users.list": Method(directory.users_list, "users:read", tier=Tier.TWO),
    "users.lookupByEmail": Method(directory.users_lookup_by_email, "users:read.email"),
    "users.profile.get": Method(directory.users_profile_get, "users.profile:read", tier=Tier.FOUR),
    "views.open": Method(views.open_, tier=Tier.FOUR),
    "views.publish": Method(views.publish, tier=Tier.FOUR),
    "views.push": Method(views.push, tier=Tier.FOUR),
    "views.update": Method(views.update, tier=Tier.FOUR),
}
