"""What an interaction lets the app do for a short while: open a view (trigger id), answer later (response_url)."""

from __future__ import annotations

import secrets
import threading
import time
from dataclasses import dataclass, field

from bot.sandbox.workspace.common import Refused, Timing

RESPONSE_URL_USES = 5


@dataclass
class Trigger:
    user: str
    made_at: float
    used: bool = False


@dataclass
class ResponseUrl:
    """Where the late answer goes: the channel, the person who acted and, for a message's button, that message."""

    user: str
    channel: str
    message_ts: str | None = None
    thread_ts: str | None = None
    made_at: float = field(default_factory=time.monotonic)
    uses: int = 0


@dataclass
class Tickets:
    timing: Timing
    _triggers: dict[str, Trigger] = field(default_factory=dict)
    _response_urls: dict[str, ResponseUrl] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def new_trigger(self, user: str) -> str:
        trigger_id = f"{secrets.randbelow(10**12)}.{secrets.randbelow(10**10)}.{secrets.token_hex(16)}"
        now = time.monotonic()
        with self._lock:
            self._triggers = {key: t for key, t in self._triggers.items() if now - t.made_at < 600}
            self._triggers[trigger_id] = Trigger(user, now)
        return trigger_id

    def exchange(self, trigger_id: str) -> str:
        """The person of the trigger id, which is used up by this.

        Refused as by Slack: ``invalid_trigger_id``, ``exchanged_trigger_id``, ``expired_trigger_id``.
        """
        with self._lock:
            trigger = self._triggers.get(trigger_id)
            if trigger is None:
                raise Refused("invalid_trigger_id")
            if trigger.used:
                raise Refused("exchanged_trigger_id")
            if time.monotonic() - trigger.made_at > self.timing.trigger:
                raise Refused("expired_trigger_id")
            trigger.used = True
            return trigger.user

    def new_response_url(self, url: ResponseUrl) -> str:
        """The secret last part of a response_url."""
        key = secrets.token_urlsafe(18)
        now = time.monotonic()
        with self._lock:
            self._response_urls = {
                old: u for old, u in self._response_urls.items() if now - u.made_at < 2 * self.timing.response_url
            }
            self._response_urls[key] = url
        return key

    def use_response_url(self, key: str) -> ResponseUrl:
        """Refused as by Slack: ``expired_url`` after 30 minutes, ``used_url`` after five uses."""
        with self._lock:
            url = self._response_urls.get(key)
            if url is None or time.monotonic() - url.made_at > self.timing.response_url:
                raise Refused("expired_url")
            if url.uses >= RESPONSE_URL_USES:
                raise Refused("used_url")
            url.uses += 1
            return url
