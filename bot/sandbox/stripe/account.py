"""The one account that every `sk_test_` key sees: its objects, its clock, its events and its lock."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .errors import invalid, missing
from .objects import API_VERSION, NOUNS, Object, new_id, public
from .store import Store

logger = logging.getLogger(__name__)

DueHandler = Callable[["Account", str], None]
_DUE: dict[str, DueHandler] = {}

DAY = 86_400
TEST_CLOCK = "test_helpers.test_clock"
KEY_LIFETIME = DAY
"""Seconds after which an idempotency key is forgotten (Stripe: "at least 24 hours")."""


def due(kind: str) -> Callable[[DueHandler], DueHandler]:
    """Register what happens when planned work of this kind falls due. It checks itself whether it still applies."""

    def register(handler: DueHandler) -> DueHandler:
        _DUE[kind] = handler
        return handler

    return register


class Account:
    """Every change goes through here. Hold `effect()` around it; it is one transaction and one lock."""

    def __init__(self, path: Path | None = None, start_at: int | None = None, public_url: str | None = None) -> None:
        self.store = Store(path)
        self.public_url = public_url
        self.lock = threading.RLock()
        self.on_event: Callable[[], None] = lambda: None
        self.request_id: str | None = None
        self.idempotency_key: str | None = None
        self.clock_id: str | None = None
        """The test clock in whose time things happen; None: the account's own."""
        self._moment: int | None = None
        self._endpoints: list[Object] | None = None
        if start_at is not None and self.store.fact("offset") is None:
            self._set_offset(start_at)
        self._offset = float(self.store.fact("offset", 0.0))

    def close(self) -> None:
        """Close the file. Nothing may be called afterwards."""
        with self.lock:
            self.store.close()

    # clock

    def now(self) -> int:
        """The time in Unix seconds: real time plus an offset, the moment of the work that is due, or a test clock's."""
        return self._moment if self._moment is not None else int(time.time() + self._offset)

    @property
    def offset(self) -> float:
        """Seconds that the account's clock is ahead of the real time."""
        return self._offset

    def _set_offset(self, moment: int) -> None:
        self._offset = moment - time.time()
        self.store.set_fact("offset", self._offset)

    def advance_to(self, moment: int) -> int:
        """Move the clock forward; what falls due on the way happens in order. Returns how many things happened."""
        with self.lock:
            if moment < self.now():
                raise invalid(f"The clock moves forward only; it is {self.now()} now.", "advance_to")
            happened = self._work_until(moment)
            with self.store.transaction():
                self._set_offset(moment)
                self.store.forget_answers(moment - KEY_LIFETIME)
            return happened

    def catch_up(self) -> None:
        """Do what has fallen due since the last call."""
        with self.lock:
            self._work_until(self.now())

    def plan(self, at: int, kind: str, ref: str) -> None:
        """Have the handler of `kind` called for `ref` when the clock in force reaches `at`."""
        assert kind in _DUE, kind
        self.store.plan(at, kind, ref, self.clock_id or "")

    def _work_until(self, moment: int) -> int:
        """Do what the clock in force has due until then, each in a transaction (or savepoint) of its own."""
        happened, before = 0, self._moment
        while (work := self.store.next_due(moment, self.clock_id or "")) is not None:
            number, at, kind, ref = work
            self._moment = max(at, 0)
            try:
                with self.store.transaction(), self.store.savepoint():
                    self.store.done(number)
                    _DUE[kind](self, ref)
            except Exception:
                logger.exception("due work failed and is dropped: %s of %s", kind, ref)
                with self.store.transaction():
                    self.store.done(number)
            finally:
                self._moment = before
            happened += 1
        return happened

    @contextmanager
    def time_of(self, *ids: str) -> Iterator[None]:
        """Inside, it is the time of the test clock on which the customer lives that one of the ids is about.

        What has fallen due on that clock happens first. Without such a customer it stays the account's time.
        """
        clock = self._clock_of(ids)
        if clock is None:
            yield
            return
        with self.on_clock(clock["id"], clock["frozen_time"]):
            self._work_until(clock["frozen_time"])
            yield

    @contextmanager
    def on_clock(self, clock_id: str, moment: int) -> Iterator[None]:
        """Inside, it is this moment on this test clock."""
        before = self.clock_id, self._moment
        self.clock_id, self._moment = clock_id, moment
        try:
            yield
        finally:
            self.clock_id, self._moment = before

    def advance_clock(self, clock_id: str, moment: int) -> None:
        """Do what falls due on a test clock up to a moment, in order; the account's clock is not touched."""
        with self.on_clock(clock_id, moment):
            self._work_until(moment)

    def _clock_of(self, ids: Sequence[str]) -> Object | None:
        if not self.store.fact("test_clocks"):
            return None
        for object_id in ids:
            body = self.store.get(object_id)
            if body is None and object_id.startswith("si_"):
                body = next(iter(self.matching("subscription", item=object_id)), None)
            if body is not None and isinstance(body.get("customer"), str):
                body = self.store.get(body["customer"])
            clock = body.get("test_clock") if body is not None else None
            if body is not None and body["object"] == TEST_CLOCK:
                return self.find(TEST_CLOCK, object_id)
            if clock is not None:
                return self.find(TEST_CLOCK, clock)
        return None

    @contextmanager
    def effect(self) -> Iterator[None]:
        """The lock and the transaction of one request. What is overdue happens first."""
        with self.lock:
            self._work_until(self.now())
            self._moment = self.now()
            try:
                with self.store.transaction():
                    yield
            finally:
                self._moment = None
                self._endpoints = None
                self.request_id = self.idempotency_key = None

    @contextmanager
    def rehearsal(self, moment: int | None = None) -> Iterator[None]:
        """What happens inside is undone at its end (previews); `moment` has the clock stand there meanwhile."""
        before, self._moment = self._moment, self._moment if moment is None else moment
        try:
            with self.store.savepoint(undo=True):
                yield
        finally:
            self._moment = before

    # objects

    def find(self, kind: str, object_id: str) -> Object | None:
        """The object of that type, or None; deleted ones are not found."""
        body = self.store.get(object_id)
        return body if body is not None and body["object"] == kind and not body.get("deleted") else None

    def get(self, kind: str, object_id: str, param: str = "id") -> Object:
        """The object of that type; raises resource_missing (404 for `id`, else 400 naming the parameter)."""
        body = self.find(kind, object_id)
        if body is None:
            raise missing(NOUNS.get(kind, kind), object_id, param)
        return body

    def matching(self, kind: str, **filters: Any) -> list[Object]:
        """All objects of a type that match, newest first."""
        return self.store.find(kind, filters)

    def add(self, body: Object, event: str | None = None) -> Object:
        """Keep a new object; `event` is the type of the event that tells of it."""
        self.store.put(body)
        if event:
            self.emit(event, body)
        return body

    def save(self, body: Object, event: str | None = None) -> Object:
        """Keep a changed object; an `.updated` event is sent only when something public changed."""
        old = self.store.put(body)
        if event:
            self.emit(event, body, _previous(old, body) if event.endswith(".updated") else None)
        return body

    def new_id(self, prefix: str) -> str:
        """A fresh id with Stripe's prefix of the type."""
        return new_id(prefix)

    # events

    def emit(self, kind: str, body: Object, previous: Object | None = None) -> None:
        """Write an event and queue its deliveries (in the same transaction)."""
        if previous is not None and not previous:
            return
        data: Object = {"object": embedded(body)}
        if previous is not None:
            data["previous_attributes"] = previous
        endpoints = [endpoint for endpoint in self._enabled_endpoints() if _wants(endpoint, kind)]
        event: Object = {
            "id": new_id("evt"),
            "object": "event",
            "account": None,
            "api_version": API_VERSION,
            "context": None,
            "created": self.now(),
            "data": data,
            "livemode": False,
            "pending_webhooks": len(endpoints),
            "request": {"id": self.request_id, "idempotency_key": self.idempotency_key},
            "type": kind,
        }
        self.store.put(event)
        for endpoint in endpoints:
            self.store.enqueue(event["id"], endpoint["id"], time.time())
        if endpoints:
            self.on_event()

    def _enabled_endpoints(self) -> list[Object]:
        if self._endpoints is None:
            found = self.store.find("webhook_endpoint")
            self._endpoints = [endpoint for endpoint in found if endpoint["status"] == "enabled"]
        return self._endpoints

    def forget_endpoints(self) -> None:
        """The endpoints changed: read them again before the next event."""
        self._endpoints = None

    def reset(self, start_at: int | None = None) -> None:
        """Forget everything and set the clock anew."""
        with self.lock:
            self.store.clear()
            self._offset = 0.0
            self._endpoints = None
            if start_at is not None:
                self._set_offset(start_at)

    def address(self, path: str) -> str:
        """A link to one of our pages."""
        return f"{self.public_url or ''}{path}"


_EXPAND_ONLY: dict[str, tuple[str, ...]] = {
    "price": ("tiers", "currency_options"),
    "coupon": ("applies_to", "currency_options"),
}
"""Fields that Stripe shows only when they are expanded."""


def embedded(value: Any) -> Any:
    """An object as it is shown: no private fields, and no fields that only `expand` shows, at any depth."""
    if isinstance(value, dict):
        hidden = _EXPAND_ONLY.get(str(value.get("object")), ())
        shown: Object = {}
        for key, entry in value.items():
            if key[:1] == "_" or key in hidden:
                continue
            shown[key] = embedded(entry) if entry and isinstance(entry, (dict, list)) else entry
        return shown
    if isinstance(value, list):
        return [embedded(entry) for entry in value]
    return value


def _previous(old: Object | None, new: Object) -> Object:
    """The old values of the public fields that changed."""
    old = old or {}
    return {
        key: public(old.get(key))
        for key, value in new.items()
        if key[:1] != "_" and old.get(key) != value and public(old.get(key)) != public(value)
    }


def _wants(endpoint: Object, kind: str) -> bool:
    return "*" in endpoint["enabled_events"] or kind in endpoint["enabled_events"]
