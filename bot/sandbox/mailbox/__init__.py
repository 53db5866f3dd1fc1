"""A mailbox on this laptop: an SMTP server on 127.0.0.1 whose mails are shown on a page.

Whatever the bot sends ends here and nowhere else. `serve` is the program, `running` the same for tests, and
`create_app` the page and its control API over a store:

- `GET /control/mails`: every mail, newest first, as JSON (see `store.Mail.as_json`)
- `DELETE /control/mails`: empty the mailbox
- `GET /control/events`: server-sent events, one per change
"""

from __future__ import annotations

from bot.sandbox.mailbox.app import create_app
from bot.sandbox.mailbox.service import Addresses, running, serve
from bot.sandbox.mailbox.store import Limits, Store

__all__ = ["Addresses", "Limits", "Store", "create_app", "running", "serve"]
