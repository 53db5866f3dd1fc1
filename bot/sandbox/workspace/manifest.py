"""The app as its manifest describes it: commands, shortcuts, events, scopes, and where payloads go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.sandbox.workspace.common import Json

# The scope without which Slack does not send an event; the others need none.
EVENT_SCOPES: Mapping[str, str] = {
    "app_mention": "app_mentions:read",
    "link_shared": "links:read",
    "message.channels": "channels:history",
    "message.groups": "groups:history",
    "message.im": "im:history",
}


def default_manifest() -> Json:
    """The smallest app that the billing bot can be: two commands, one message shortcut, Home, few scopes."""
    return {
        "display_information": {"name": "Kontor", "description": "Billing from inside Slack"},
        "features": {
            "app_home": {"home_tab_enabled": True, "messages_tab_enabled": True},
            "bot_user": {"display_name": "Kontor", "always_online": True},
            "slash_commands": [
                {"command": "/billing", "description": "Find a contact and bill", "usage_hint": "[name or e-mail]"},
                {"command": "/abrechnung", "description": "Kontakt finden, abrechnen", "usage_hint": "[Name, E-Mail]"},
            ],
            "shortcuts": [
                {
                    "name": "Bill this customer",
                    "type": "message",
                    "callback_id": "bill_customer",
                    "description": "Takes the e-mail address from a message",
                }
            ],
        },
        "oauth_config": {
            "scopes": {
                "bot": ["commands", "chat:write", "im:write", "users:read", "users:read.email", "usergroups:read"]
            }
        },
        "settings": {
            "event_subscriptions": {"bot_events": ["app_home_opened"]},
            "interactivity": {"is_enabled": True},
            "socket_mode_enabled": False,
        },
    }


@dataclass(frozen=True)
class AppConfig:
    """What of a manifest matters to the workspace. The addresses are those to which Slack would post."""

    name: str
    commands: tuple[Json, ...]
    shortcuts: tuple[Json, ...]
    events: frozenset[str]
    scopes: frozenset[str]
    unfurl_domains: tuple[str, ...]
    home_enabled: bool
    interactivity_enabled: bool
    socket_mode_enabled: bool
    default_url: str
    events_url: str
    interactivity_url: str
    options_url: str

    def hears(self, event: str) -> bool:
        """Whether the app subscribed to the event and has the scope that Slack wants for it."""
        return event in self.events and EVENT_SCOPES.get(event) in (None, *self.scopes)

    def command(self, name: str) -> Json | None:
        return next((command for command in self.commands if command["command"] == name), None)

    def shortcut(self, callback_id: str) -> Json | None:
        return next((shortcut for shortcut in self.shortcuts if shortcut["callback_id"] == callback_id), None)


def read(manifest: Json, app_url: str) -> AppConfig:
    """The manifest's own addresses, and `app_url` where it names none."""
    features = manifest.get("features", {})
    settings = manifest.get("settings", {})
    interactivity = settings.get("interactivity", {})
    subscriptions = settings.get("event_subscriptions", {})
    interactivity_url = interactivity.get("request_url") or app_url
    return AppConfig(
        name=manifest.get("display_information", {}).get("name", "App"),
        commands=tuple(features.get("slash_commands", [])),
        shortcuts=tuple(features.get("shortcuts", [])),
        events=frozenset(subscriptions.get("bot_events", [])),
        scopes=frozenset(manifest.get("oauth_config", {}).get("scopes", {}).get("bot", [])),
        unfurl_domains=tuple(features.get("unfurl_domains", [])),
        home_enabled=bool(features.get("app_home", {}).get("home_tab_enabled", False)),
        interactivity_enabled=bool(interactivity.get("is_enabled", False)),
        socket_mode_enabled=bool(settings.get("socket_mode_enabled", False)),
        default_url=app_url,
        events_url=subscriptions.get("request_url") or app_url,
        interactivity_url=interactivity_url,
        options_url=interactivity.get("message_menu_options_url") or interactivity_url,
    )
