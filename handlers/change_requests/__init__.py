"""Change requests in Slack: deciding them, looking at them, and telling everybody."""

from __future__ import annotations

from handlers.announcements import Announcer
from handlers.change_requests import deciding, listing, tickets
from handlers.router import Router


def register(router: Router, announcer: Announcer) -> None:
    deciding.register(router, announcer)
    listing.register(router)
    tickets.register(router)
