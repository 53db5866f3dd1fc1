"""Slack listeners, one module per capability: read the payload, call one domain function, answer with a view."""

from __future__ import annotations

from handlers import billing_contacts, contacts, help, subscriptions  # noqa: A004 - the capability is called help
from handlers.announcements import Announcer
from handlers.router import Router


def register(router: Router, announcer: Announcer) -> None:
    """Every capability; a new one adds its line here."""
    billing_contacts.register(router, announcer)
    contacts.register(router)
    help.register(router)
    subscriptions.register(router, announcer)
