"""Socket Mode: the app connects to the workspace, and payloads go over that connection instead of HTTP."""

from __future__ import annotations

import contextlib
import json
import secrets
import threading
import uuid
from typing import Any

from simple_websocket import ConnectionClosed, Server  # type: ignore[import-untyped]  # it ships no types

from bot.sandbox.workspace.common import APP_ID, Json

AT_MOST = 10
NO_ANSWER: Json = {}


class Sockets:
    """The open connections. A payload goes to one of them, in turn."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tickets: set[str] = set()
        self._open: list[Server] = []
        self._turn = 0
        self._sending = threading.Lock()
        self._waiting: dict[str, _Envelope] = {}

    def new_ticket(self) -> str:
        """The secret in the address that apps.connections.open gives out; for one connection."""
        ticket = secrets.token_urlsafe(16)
        with self._lock:
            self._tickets.add(ticket)
        return ticket

    @property
    def connected(self) -> bool:
        with self._lock:
            return bool(self._open)

    def serve(self, environ: Any, ticket: str) -> bool:
        """Speak with one connected app until it goes away. False: the ticket is none of ours, or all ten are taken."""
        with self._lock:
            if ticket not in self._tickets or len(self._open) >= AT_MOST:
                return False
            self._tickets.discard(ticket)
        socket = Server.accept(environ)
        with contextlib.suppress(ConnectionClosed):
            with self._lock:
                self._open.append(socket)
                count = len(self._open)
            socket.send(json.dumps(_hello(count)))
            try:
                while True:
                    self._acknowledged(json.loads(socket.receive()))
            finally:
                with self._lock:
                    self._open.remove(socket)
        return True

    def send(self, kind: str, payload: Json, *, accepts_response: bool, timeout: float, extra: Json) -> Json | None:
        """The app's answer (empty for a bare ack), or None when no ack came in time."""
        envelope = _Envelope()
        message = {
            "envelope_id": envelope.id,
            "type": kind,
            "payload": payload,
            "accepts_response_payload": accepts_response,
            **extra,
        }
        with self._lock:
            if not self._open:
                return None
            socket = self._open[self._turn % len(self._open)]
            self._turn += 1
            self._waiting[envelope.id] = envelope
        try:
            with self._sending:  # two threads must not mix their frames
                socket.send(json.dumps(message))
            return envelope.answer if envelope.arrived.wait(timeout) else None
        except (ConnectionClosed, OSError):
            return None
        finally:
            with self._lock:
                self._waiting.pop(envelope.id, None)

    def close(self) -> None:
        with self._lock:
            sockets = list(self._open)
        for socket in sockets:
            with contextlib.suppress(ConnectionClosed, OSError):
                socket.close()

    def _acknowledged(self, message: Json) -> None:
        with self._lock:
            envelope = self._waiting.get(message.get("envelope_id", ""))
        if envelope:
            envelope.answer = message.get("payload") or NO_ANSWER
            envelope.arrived.set()


class _Envelope:
    def __init__(self) -> None:
        self.id = str(uuid.uuid4())
        self.arrived = threading.Event()
        self.answer: Json = NO_ANSWER


def _hello(connections: int) -> Json:
    return {
        "type": "hello",
        "num_connections": connections,
        "debug_info": {"host": "sandbox", "approximate_connection_time": 18060},
        "connection_info": {"app_id": APP_ID},
    }
