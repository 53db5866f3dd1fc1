"""What every part of the workspace needs: the identity of team and app, Slack's timing, and how a call is refused."""

from __future__ import annotations

import secrets
import string
import threading
import time
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

TEAM_ID = "T07KONTOR01"
TEAM_NAME = "Brightwell Software"
TEAM_DOMAIN = "brightwell-sandbox"
APP_ID = "A07KONTOR01"
BOT_ID = "B07KONTOR01"
BOT_USER_ID = "U07KONTORBT"

# Public on purpose: they open nothing but a workspace that listens on 127.0.0.1 and holds invented data.
SIGNING_SECRET = "sandbox-signing-secret-0123456789"
BOT_TOKEN = "xoxb-sandbox-kontor-bot"
APP_TOKEN = "xapp-1-A07KONTOR01-sandbox"
VERIFICATION_TOKEN = "sandbox-verification-token"


@dataclass(frozen=True)
class Timing:
    """Slack's deadlines in seconds. Tests that would have to wait for minutes pass shorter ones."""

    ack: float = 3.0
    trigger: float = 3.0
    response_url: float = 30 * 60
    event_retries: tuple[float, ...] = (0.0, 60.0, 300.0)


SLACKS_TIMING = Timing()


class Refused(Exception):
    """Slack would answer ``{"ok": false, "error": code}``; `details` are further fields of that answer."""

    def __init__(self, code: str, **details: Any) -> None:
        super().__init__(code)
        self.code = code
        self.details = details

    def answer(self) -> Json:
        return {"ok": False, "error": self.code, **self.details}

    def reasons(self) -> list[str]:
        """The error code followed by what Slack says in detail, for the wire log."""
        metadata = self.details.get("response_metadata", {})
        return [self.code, *metadata.get("messages", [])]


_ALPHABET = string.ascii_uppercase + string.digits


def new_id(prefix: str) -> str:
    """An id as Slack makes them: a letter for the kind and ten capital letters or digits."""
    return prefix + "".join(secrets.choice(_ALPHABET) for _ in range(10))


class Timestamps:
    """Slack's `ts`: seconds with six decimals, never twice the same and never going back."""

    def __init__(self) -> None:
        self._last = 0
        self._lock = threading.Lock()

    def next(self) -> str:
        with self._lock:
            self._last = max(time.time_ns() // 1000, self._last + 1)
            return f"{self._last // 1_000_000}.{self._last % 1_000_000:06d}"

    def never_before(self, ts: str) -> None:
        """Continue after `ts`, which an earlier run of the workspace gave out."""
        seconds, _, micros = ts.partition(".")
        with self._lock:
            self._last = max(self._last, int(seconds) * 1_000_000 + int(micros))
