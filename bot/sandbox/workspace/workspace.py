"""The workspace as one object: its parts, put together."""

from __future__ import annotations

from pathlib import Path

from bot.sandbox.workspace import manifest as manifests
from bot.sandbox.workspace.changes import Changes
from bot.sandbox.workspace.common import Json, Timestamps, Timing
from bot.sandbox.workspace.delivery import Delivery
from bot.sandbox.workspace.faults import Faults
from bot.sandbox.workspace.loaded import LoadedOptions
from bot.sandbox.workspace.messages import Messages
from bot.sandbox.workspace.modals import Views
from bot.sandbox.workspace.sockets import Sockets
from bot.sandbox.workspace.store import FileStore, NoStore, Store
from bot.sandbox.workspace.tickets import Tickets
from bot.sandbox.workspace.wire import WireLog


class Workspace:
    """One team with one installed app. `url` is where the workspace itself is reached (known from requests)."""

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
        self.tickets = Tickets(timing)
        self.sockets = Sockets()
        self.loaded = LoadedOptions()
        self._store: Store = FileStore(path) if path else NoStore()
        self.messages = Messages(self.clock, self.changes, self._store)
        self.views = Views(self.changes, self._store)
        self.delivery = Delivery(self.app, signing_secret, timing, self.log, self.sockets)

    def reset(self) -> None:
        """As new: no views, no messages but the small talk, no faults, an empty log. Open sockets stay."""
        self.delivery.stop()
        self._store.clear()
        self.faults.clear()
        self.loaded.clear()
        self.log.clear()
        self.views.reset()
        self.messages.reset()
        self.changes.tell("screen", "messages", "home", "log")
