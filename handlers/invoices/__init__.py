"""Invoices: written, reviewed and sent, looked at and settled, granted by managers, and the mails that bring them."""

from __future__ import annotations

from handlers.announcements import Announcer
from handlers.invoices import answers, approvals, drafts, lines, settling
from handlers.router import Router


def register(router: Router, announcer: Announcer) -> None:
    drafts.register(router)
    lines.register(router)
    settling.register(router)
    approvals.register(router)
    answers.register(announcer)
