"""Slack listeners, one module per capability: read the payload, call one domain function, answer with a view."""

from __future__ import annotations

from handlers import absences, change_requests, contacts, help, invoices, plan_changes, subscriptions  # noqa: A004 - one is help
from handlers.announcements import Announcer
from handlers.router import Router


def register(router: Router, announcer: Announcer) -> None:
    """Every capability; a new one adds its line here."""
    absences.register(router)
    change_requests.register(router, announcer)
    contacts.register(router)
    help.register(router)
    invoices.register(router, announcer)
    plan_changes.register(router, announcer)
    subscriptions.register(router, announcer)
