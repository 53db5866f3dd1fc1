"""The workspace as one object: its parts, put together."""

from __future__ import annotations

from pathlib import Path

from bot.sandbox.workspace import manifest as manifests
from bot.sandbox.workspace.changes import Changes
from bot.sandbox.workspace.common import Json, Timestamps, Timing
from bot.sandbox.workspace.delivery import Delivery
from bot.sandbox.workspace.faults import Faults
from bot.sandbox.workspace.files import Files
from bot.sandbox.workspace.links import SharedLinks
from bot.sandbox.workspace.loaded import LoadedOptions
from bot.sandbox.workspace.messages import Messages, by_bot
from bot.sandbox.workspace.modals import Views
from bot.sandbox.workspace.rates import Rates
from bot.sandbox.workspace.scheduled import Schedule, Scheduled
from bot.sandbox.workspace.sockets import Sockets
from bot.sandbox.workspace.store import FileStore, NoStore, Store
from bot.sandbox.workspace.tickets import Tickets
from bot.sandbox.workspace.wire import WireLog


class Workspace:
    """One team with one app, which may be uninstalled (`installed`) or lose its token (`token_revoked`).

    `url` is where the workspace itself is reached (known from requests).
    """

    def __init__(
        self,
        *,
        app_url: str,
        signing_secret: str,
        bot_token: str,
        app_token: str,
        manifest: Json | None,
        path: Path | None,
        timing: Timing,
    ) -> None:
        self.url = ""
        self.timing = timing
        self.bot_token = bot_token
        self.app_token = app_token
        self.app = manifests.read(manifest or manifests.default_manifest(), app_url)
        self.clock = Timestamps()
        self.changes = Changes()
        self.log = WireLog(self.changes)
        self.faults = Faults()
        self.rates = Rates()
        self.tickets = Tickets(timing)
        self.sockets = Sockets()
        self.loaded = LoadedOptions()
        self._store: Store = FileStore(path) if path else NoStore()
        self.messages = Messages(self.clock, self.changes, self._store)
        self.views = Views(self.changes, self._store)
        self.files = Files(self._store)
        self.links = SharedLinks()
        self.schedule = Schedule(self._store, self._post_scheduled)
        self.installed = True
        self.token_revoked = False
        self.delivery = Delivery(
            self.app, signing_secret, timing, self.log, self.sockets, is_installed=lambda: self.installed
        )

    def _post_scheduled(self, one: Scheduled) -> None:
        attachments, metadata = one.parts.get("attachments"), one.metadata
        self.messages.post(
            one.channel,
            by_bot(self.app.name),
            one.parts["text"],
            blocks=one.parts.get("blocks"),
            thread_ts=one.thread_ts,
            more={k: v for k, v in (("attachments", attachments), ("metadata", metadata)) if v},
        )

    def reset(self) -> None:
        """As new: no views, no messages but the small talk, no faults, an empty log. Open sockets stay."""
        self.delivery.stop()
        self.schedule.clear()
        self._store.clear()
        self.installed, self.token_revoked = True, False
        self.rates.enforce(on=False)
        for part in (self.faults, self.loaded, self.files, self.links, self.log):
            part.clear()
        self.views.reset()
        self.messages.reset()
        self.changes.tell("screen", "messages", "home", "log")
