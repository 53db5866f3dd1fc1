"""Faults on request: the next N calls, or a share of them, go wrong in a chosen way."""

from __future__ import annotations

import random
import select
import socket
import threading
import time
from dataclasses import asdict, dataclass
from typing import Any

from .errors import ApiError, invalid

KINDS = {
    "429": "answered 429 with Retry-After; nothing happens",
    "500": "answered 500 on the way in; nothing happens",
    "500_after": "happens, but is answered 500 on the way out",
    "500_kept": "fails with 500; nothing happens, and the same key replays the 500 as Stripe does",
    "500_after_kept": "happens, but is answered 500, and the same key replays the 500 as Stripe does",
    "timeout_before": "no answer; nothing happens",
    "timeout_after": "happens, but there is no answer",
    "cut_before": "connection cut; nothing happens",
    "cut_after": "happens, but the connection is cut",
    "delay": "happens, answered `seconds` later (the idempotency key is in use meanwhile)",
}


@dataclass(slots=True)
class Fault:
    """One order: `kind` for calls of `method` under `path`, `next` times or for a `share` of them."""

    kind: str
    path: str = "/v1/"
    method: str = ""
    next: int | None = None
    share: float | None = None
    retry_after: float = 1
    seconds: float = 90
    hits: int = 0

    def matches(self, method: str, path: str) -> bool:
        if (self.method and self.method != method) or not path.startswith(self.path):
            return False
        if self.next is not None:
            return self.next > self.hits
        return random.random() < (self.share or 0)


class Faults:
    """The orders in force. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._orders: list[Fault] = []

    def add(self, wanted: dict[str, Any]) -> Fault:
        """Take an order from JSON or a form; raises ApiError for one that makes no sense."""
        fault = _parse(wanted)
        with self._lock:
            self._orders.append(fault)
        return fault

    def clear(self) -> None:
        with self._lock:
            self._orders.clear()

    def all(self) -> list[dict[str, Any]]:
        with self._lock:
            return [asdict(order) for order in self._orders]

    def strike(self, method: str, path: str) -> Fault | None:
        """The fault that hits this call, if one does; counts it."""
        with self._lock:
            for order in self._orders:
                if order.matches(method, path):
                    order.hits += 1
                    if order.next is not None and order.hits >= order.next:
                        self._orders.remove(order)
                    return order
        return None


def _parse(wanted: dict[str, Any]) -> Fault:
    unknown = set(wanted) - {"kind", "path", "method", "next", "share", "retry_after", "seconds"}
    if unknown:
        raise invalid(f"Received unknown parameter: {sorted(unknown)[0]}", sorted(unknown)[0], "parameter_unknown")
    if str(wanted.get("kind")) not in KINDS:
        raise invalid(f"Invalid kind: must be one of {', '.join(KINDS)}", "kind")
    try:
        fault = Fault(
            kind=str(wanted["kind"]),
            path=str(wanted.get("path") or "/v1/"),
            method=str(wanted.get("method") or "").upper(),
            next=int(wanted["next"]) if wanted.get("next") not in (None, "") else None,
            share=float(wanted["share"]) if wanted.get("share") not in (None, "") else None,
            retry_after=float(wanted.get("retry_after") or 1),
            seconds=float(wanted.get("seconds") or 90),
        )
    except (TypeError, ValueError, OverflowError) as error:
        raise invalid("next, share, retry_after and seconds are numbers.") from error
    if fault.next is None and fault.share is None:
        fault.next = 1
    if fault.share is not None and not 0 <= fault.share <= 1:
        raise invalid("share lies between 0 and 1.", "share")
    if not 0 <= fault.seconds <= 3600 or not 0 <= fault.retry_after <= 3600 or (fault.next or 0) < 0:
        raise invalid("next is not negative; seconds and retry_after lie between 0 and 3600.")
    return fault


class Unanswered(Exception):
    """The client gets no answer: its connection is closed, after a while or at once."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


def before(fault: Fault | None) -> None:
    """What a fault does before the effect."""
    match fault.kind if fault else None:
        case "429":
            assert fault is not None
            raise ApiError(
                "Request rate limit exceeded. Learn more about rate limits here https://stripe.com/docs/rate-limits.",
                status=429,
                code="rate_limit",
                replayable=False,
                headers={"Retry-After": f"{fault.retry_after:g}"},
            )
        case "500":
            raise server_error()
        case "timeout_before":
            assert fault is not None
            raise Unanswered(fault.seconds)
        case "cut_before":
            raise Unanswered(0)


def within(fault: Fault | None) -> None:
    """What a fault does when the endpoint has begun to work."""
    if fault is not None and fault.kind == "500_kept":
        raise server_error(replayable=True)


def after(fault: Fault | None) -> None:
    """What a fault does after the effect."""
    match fault.kind if fault else None:
        case "500_after":
            raise server_error()
        case "timeout_after":
            assert fault is not None
            raise Unanswered(fault.seconds)
        case "cut_after":
            raise Unanswered(0)


def server_error(*, replayable: bool = False) -> ApiError:
    message = "An unknown error occurred (a fault that was asked for)."
    return ApiError(message, status=500, type="api_error", replayable=replayable)


def hold(connection: socket.socket | None, seconds: float) -> None:
    """Keep silent until the time is over or the client has gone, then cut the connection."""
    until = time.monotonic() + seconds
    while connection is not None and (left := until - time.monotonic()) > 0:
        readable, _, _ = select.select([connection], [], [], min(left, 0.5))
        if readable:
            break
    if connection is not None:
        try:
            connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            return
