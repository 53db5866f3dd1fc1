"""Socket Mode: the app connects to the workspace, and payloads go over that connection instead of HTTP."""

from __future__ import annotations

import contextlib
import json
import secrets
import threading
import uuid
from enum import StrEnum
from typing import Any

from simple_websocket import ConnectionClosed, Server  # type: ignore[import-untyped]  # it ships no types

from bot.sandbox.workspace.common import APP_ID, Json

AT_MOST = 10
HOST = "sandbox"
NO_ANSWER: Json = {}


class Reason(StrEnum):
    """Why Slack ends a connection."""

    WARNING = "warning"
    REFRESH_REQUESTED = "refresh_requested"
    LINK_DISABLED = "link_disabled"


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
            self._waiting[envelope.id] = envelope
        try:
            delivered = self._to_one(message)
            return envelope.answer if delivered and envelope.arrived.wait(timeout) else None
        finally:
            with self._lock:
                self._waiting.pop(envelope.id, None)

    def _to_one(self, message: Json) -> bool:
        """Send over the connection whose turn it is, or the next one where that is gone."""
        with self._lock:
            turn = self._turn % len(self._open) if self._open else 0
            sockets = [*self._open[turn:], *self._open[:turn]]
            self._turn += 1
        return any(self._sent(socket, message) for socket in sockets)

    def _sent(self, socket: Server, message: Json) -> bool:
        try:
            with self._sending:  # two threads must not mix their frames
                socket.send(json.dumps(message))
        except (ConnectionClosed, OSError):
            return False
        return True

    def disconnect(self, reason: Reason) -> int:
        """Tell every connected app that it should connect anew; how many there were.

        A warning leaves ten seconds, which are not counted here; the other two end the connection.
        """
        with self._lock:
            sockets = list(self._open)
        for socket in sockets:
            self._sent(socket, {"type": "disconnect", "reason": reason, "debug_info": {"host": HOST}})
            if reason is not Reason.WARNING:
                self._end(socket)
        return len(sockets)

    @staticmethod
    def _end(socket: Server) -> None:
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
        "debug_info": {"host": HOST, "approximate_connection_time": 18060},
        "connection_info": {"app_id": APP_ID},
    }
