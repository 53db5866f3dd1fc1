"""What the demo leaves in its folder, so that the next start goes on where the last one ended."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from bot.settings import CannotStart


@dataclass(frozen=True)
class Webhook:
    """The local Stripe's endpoint that sends to the bot."""

    id: str
    url: str
    secret: str


@dataclass(frozen=True)
class Folder:
    """The webhook is written last: when it is there, the demo is filled."""

    path: Path

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Ours alone for the length of a with-block. Raises CannotStart when another demo runs on it."""
        self.path.mkdir(parents=True, exist_ok=True)
        with (self.path / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise CannotStart(f"another demo runs on {self.path}; end it or choose another folder") from None
            yield

    @property
    def webhook(self) -> Webhook | None:
        """None while the demo is not filled."""
        return Webhook(**json.loads(self._file.read_text())) if self._file.exists() else None

    def keep(self, webhook: Webhook) -> None:
        self._file.write_text(json.dumps(asdict(webhook)))

    def forget(self) -> None:
        """Remove what an interrupted filling left."""
        for file in self.path.glob("*.db*"):
            file.unlink()

    @property
    def _file(self) -> Path:
        return self.path / "webhook.json"
