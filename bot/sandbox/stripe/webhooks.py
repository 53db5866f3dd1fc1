"""Signed deliveries of events, retried with back-off until the endpoint answers 2xx.

The signature carries the real time, because receivers compare it with theirs (docs: "Verify webhook signatures").
Back-off is 0.5 s doubling to a minute, for three days; Stripe's own takes hours between attempts.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import logging
import random
import threading
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from .account import Account, embedded

logger = logging.getLogger(__name__)

_THREADS = 4
_TIMEOUT = 10.0
_MOST_ATTEMPTS = 4300  # three days at a minute each
_TICK = 1.0


@dataclass(slots=True)
class Manners:
    """How deliveries behave on request: later, twice, shuffled."""

    delay: float = 0
    twice: bool = False
    shuffle: bool = False


def back_off(attempt: int) -> float:
    """Seconds after a failed attempt (the first is 0) until the next one: half of one, doubling to a minute."""
    return min(60.0, 0.5 * 2.0 ** min(attempt, 10))


def sign(payload: str, secret: str, timestamp: int) -> str:
    """The Stripe-Signature header of a payload."""
    digest = hmac.new(secret.encode(), f"{timestamp}.{payload}".encode(), hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={digest}"


class Deliveries:
    """Threads that send what is queued, and that let the clock's work happen while nobody calls."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.manners = Manners()
        self._wake = threading.Condition()
        self._stopped = False
        self._threads: list[threading.Thread] = []
        account.on_event = self._notify

    def start(self) -> None:
        """Start the threads (once)."""
        if not self._threads:
            with self.account.lock:
                self.account.store.hurry_deliveries(time.time())
            names = [(self._tick, "stripe-clock")] + [(self._send, f"stripe-webhooks-{n}") for n in range(_THREADS)]
            self._threads = [threading.Thread(target=run, name=name, daemon=True) for run, name in names]
            for thread in self._threads:
                thread.start()

    def stop(self) -> None:
        """Stop the threads; what is queued stays queued."""
        with self._wake:
            self._stopped = True
            self._wake.notify_all()
        for thread in self._threads:
            thread.join(timeout=_TIMEOUT + 1)

    def _notify(self) -> None:
        with self._wake:
            self._wake.notify_all()

    def _tick(self) -> None:
        while not self._stopped:
            self.account.catch_up()
            with self._wake:
                if not self._stopped:
                    self._wake.wait(_TICK)

    def _send(self) -> None:
        while not self._stopped:
            try:
                wait = self._send_one()
            except Exception:
                logger.exception("a delivery failed in the local Stripe itself")
                wait = 1.0
            if wait:
                with self._wake:
                    if not self._stopped:
                        self._wake.wait(wait)

    def _send_one(self) -> float:
        """Send what is due; returns how long nothing will be."""
        now = time.time()
        with self.account.lock:
            claimed = self.account.store.claim_delivery(now - self.manners.delay, now + _TIMEOUT * 3)
            if claimed is None:
                at = self.account.store.next_delivery_at()
                return 5.0 if at is None else min(5.0, max(0.01, at + self.manners.delay - now))
            number, event_id, endpoint_id, attempt = claimed
            event, endpoint = self.account.store.get(event_id), self.account.store.get(endpoint_id)
        if event is None or endpoint is None or endpoint["status"] != "enabled":
            with self.account.lock:
                self.account.store.drop_delivery(number)
            return 0
        if self.manners.shuffle:
            time.sleep(random.random() * 0.3)
        payload = json.dumps(embedded(event))
        accepted = post(endpoint["url"], payload, endpoint["_secret"])
        if accepted and self.manners.twice:
            post(endpoint["url"], payload, endpoint["_secret"])
        with self.account.lock:
            if accepted:
                self._delivered(number, event_id)
            elif attempt >= _MOST_ATTEMPTS:
                self.account.store.drop_delivery(number)
            else:
                later = time.time() + back_off(attempt) - self.manners.delay
                self.account.store.retry_delivery(number, attempt + 1, later)
        return 0

    def _delivered(self, number: int, event_id: str) -> None:
        store = self.account.store
        with store.transaction():
            store.drop_delivery(number)
            event = store.get(event_id)
            if event is not None:
                event["pending_webhooks"] = max(0, event["pending_webhooks"] - 1)
                store.put(event)


def post(url: str, payload: str, secret: str) -> bool:
    """One delivery; whether it was answered 2xx."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Stripe/1.0 (local stand-in, not Stripe)",
        "Stripe-Signature": sign(payload, secret, int(time.time())),
    }
    try:
        connection = kind(parts.netloc, timeout=_TIMEOUT)
    except (ValueError, http.client.InvalidURL):
        return False
    try:
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", target or "/", payload.encode(), headers)
        return 200 <= connection.getresponse().status < 300
    except (OSError, http.client.HTTPException, ValueError):
        return False
    finally:
        connection.close()
