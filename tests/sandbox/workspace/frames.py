"""A Socket Mode client that shows each frame as it comes.

simple_websocket's own client leaves a frame unread that arrives together with the handshake.
"""

from __future__ import annotations

import json
import socket
from collections import deque
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

from wsproto import ConnectionType, WSConnection
from wsproto.events import CloseConnection, Ping, RejectConnection, Request, TextMessage

SECONDS = 5


class Closed(Exception):
    """The other side ended the connection, or never opened it."""


class Frames:
    """An open connection: `with Frames(url) as frames`."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._socket = socket.create_connection((parts.hostname, parts.port), timeout=SECONDS)
        self._protocol = WSConnection(ConnectionType.CLIENT)
        self._received: deque[Any] = deque()
        self._text = ""
        self._closed = False
        self._write(self._protocol.send(Request(host=parts.netloc, target=f"{parts.path}?{parts.query}")))

    def __enter__(self) -> Frames:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()

    def receive(self) -> Any:
        """The next message; raises Closed."""
        while not self._received:
            if self._closed:
                raise Closed
            self._read()
        return self._received.popleft()

    def send(self, message: Any) -> None:
        self._write(self._protocol.send(TextMessage(json.dumps(message))))

    def acknowledge(self, envelope: Any, payload: Any = None) -> None:
        answer = {"envelope_id": envelope["envelope_id"]}
        self.send(answer if payload is None else {**answer, "payload": payload})

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._write(self._protocol.send(CloseConnection(code=1000)))
        self._socket.close()

    def _write(self, data: bytes) -> None:
        self._socket.sendall(data)

    def _read(self) -> None:
        data = self._socket.recv(65536)
        self._protocol.receive_data(data or None)
        for event in self._protocol.events():
            match event:
                case TextMessage():
                    self._text += event.data
                    if event.message_finished:
                        self._received.append(json.loads(self._text))
                        self._text = ""
                case Ping():
                    self._write(self._protocol.send(event.response()))
                case CloseConnection() | RejectConnection():
                    self._closed = True
