"""The Slack app manifest: what the app is, what it may, and where Slack finds it."""

from __future__ import annotations

from typing import Any

# Each scope with its reason; the README repeats them for whoever installs the app.
SCOPES: dict[str, str] = {
    "commands": "slash commands /billing and /abrechnung, and the message shortcuts",
    "chat:write": "cards of change requests, and answers by direct message when the modal was closed",
    "files:write": "lists as a CSV file, by direct message to who asked for it",
    "users:read": "names, languages and time zones of the staff",
    "users:read.email": "granting roles by e-mail address",
    "usergroups:read": "roles by user group",
    "groups:read": "whether the app is in the managers' channel, for `kontor doctor`",
    "channels:read": "the same for a channel that is not private",
}
COMMANDS = {
    "/billing": (
        "Find a contact and bill it",
        "[name or e-mail] | subscribe [name] | plan [name] | invoice [name] | history [name] | "
        "billing-contact [name] | approvals | "
        "away | help [topic]",
    ),
    "/abrechnung": (
        "Kontakt finden und abrechnen",
        "[Name oder E-Mail] | abo [Name] | tarif [Name] | rechnung [Name] | verlauf [Name] | "
        "abrechnungskontakt [Name] | genehmigungen | "
        "abwesend | hilfe [Thema]",
    ),
}
SHORTCUTS = {
    "bill_customer": ("Bill this customer", "Opens the contact whose e-mail address is in the message"),
    "invoice_customer": ("Invoice this customer", "Begins an invoice for whoever's e-mail address is in the message"),
    "request_from_message": ("File a change request", "Turns the primary admin's e-mail into a change request"),
}
EVENTS = ("app_home_opened",)


def app_manifest(public_url: str, *, socket_mode: bool = False) -> dict[str, Any]:
    """The manifest for the program at that address."""
    endpoint = f"{public_url.rstrip('/')}/slack/events"
    return {
        "display_information": {
            "name": "Kontor",
            "description": "Billing without leaving the conversation",
            "background_color": "#1f4b3f",
        },
        "features": {
            "bot_user": {"display_name": "Kontor", "always_online": True},
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": True,
            },
            "slash_commands": [
                {
                    "command": command,
                    "description": description,
                    "usage_hint": hint,
                    "should_escape": False,
                    **({} if socket_mode else {"url": endpoint}),
                }
                for command, (description, hint) in COMMANDS.items()
            ],
            "shortcuts": [
                {"name": name, "type": "message", "callback_id": callback_id, "description": description}
                for callback_id, (name, description) in SHORTCUTS.items()
            ],
        },
        "oauth_config": {"scopes": {"bot": list(SCOPES)}},
        "settings": {
            "event_subscriptions": {
                **({} if socket_mode else {"request_url": endpoint}),
                "bot_events": list(EVENTS),
            },
            "interactivity": {
                "is_enabled": True,
                **({} if socket_mode else {"request_url": endpoint, "message_menu_options_url": endpoint}),
            },
            "org_deploy_enabled": False,
            "socket_mode_enabled": socket_mode,
            "token_rotation_enabled": False,
        },
    }
