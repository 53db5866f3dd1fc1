"""Slack listeners, one module per capability: read the payload, call one domain function, answer with a view."""

from __future__ import annotations

from handlers import (
    absences,
    billing_contacts,
    change_requests,
    contacts,
    discount_offers,
    dunning,
    help,  # noqa: A004 - the capability is called help
    histories,
    homes,
    invoices,
    plan_changes,
    subscriptions,
)
from handlers.announcements import Announcer
from handlers.router import Router


def register(router: Router, announcer: Announcer) -> None:
    """Every capability; a new one adds its line here."""
    billing_contacts.register(router, announcer)
    absences.register(router)
    change_requests.register(router, announcer)
    contacts.register(router)
    discount_offers.register(router, announcer)
    help.register(router)
    invoices.register(router, announcer)
    plan_changes.register(router, announcer)
    subscriptions.register(router, announcer)
    dunning.register(router, announcer)
    histories.register(router)
    homes.register(router)
