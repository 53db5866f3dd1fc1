"""An endpoint for events: it keeps what it takes, and refuses as often as it is told."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Receiver:
    def __init__(self, refuse: int = 0) -> None:
        self.bodies: list[tuple[bytes, str]] = []
        self.calls = 0
        self.refuse = refuse
        self._lock = threading.Lock()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                refused = receiver.take(body, self.headers["Stripe-Signature"])
                self.send_response(500 if refused else 204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()

    def take(self, body: bytes, signature: str) -> bool:
        """Whether it is refused."""
        with self._lock:
            self.calls += 1
            if self.calls <= self.refuse:
                return True
            self.bodies.append((body, signature))
            return False

    @property
    def events(self) -> list[dict[str, Any]]:
        with self._lock:
            return [json.loads(body) for body, _ in self.bodies]

    def wait_for(self, count: int) -> None:
        until = time.monotonic() + 20
        while len(self.bodies) < count and time.monotonic() < until:
            time.sleep(0.02)
        assert len(self.bodies) >= count

    def wait_for_calls(self, count: int) -> None:
        until = time.monotonic() + 20
        while self.calls < count and time.monotonic() < until:
            time.sleep(0.02)
        assert self.calls >= count

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
