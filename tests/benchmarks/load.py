"""The load: so many keep-alive connections to a server on this machine, each with its next request when the last is
answered. A process of its own, with one thread and raw sockets, so that it takes little from the server it measures.

    python -m tests.benchmarks.load < order.json > result.json
"""

from __future__ import annotations

import gc
import json
import selectors
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass

from slack_sdk.signature import SignatureVerifier

PATIENCE = 30.0  # seconds for one answer
BETWEEN_CONNECTIONS = 0.005  # seconds
FRESH = "V0FRESH"  # stands in a body where every request needs an id of its own


@dataclass(frozen=True)
class Order:
    """What to send, and for how long."""

    port: int
    secret: str  # Slack's signing secret
    body: str  # a form, urlencoded
    expect: str  # stands in every right answer
    name: str  # of this run; makes ids that no other run has
    connections: int
    seconds: float
    at_most: int  # requests


@dataclass(frozen=True)
class Result:
    """What came of it. Latencies are in milliseconds, from the first byte sent to the last one read."""

    requests: int
    seconds: float
    median: float
    p99: float
    slowest: float
    cpu: float  # of one core, taken by the load itself: 0.1 is a tenth

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds


def run(order: Order) -> Result:
    """Send until the time or the requests are used up. Raises AssertionError at the first answer that is not right."""
    requests = iter(list(_signed(order)))  # all signed before the clock starts
    expected = order.expect.encode()
    latencies: list[float] = []
    with ExitStack() as stack:
        selector = stack.enter_context(selectors.DefaultSelector())
        connections = list(_connections(order))
        for one in connections:
            stack.callback(one.socket.close)
        cpu, began = time.process_time(), time.perf_counter()
        end = began + order.seconds
        open_ones = 0
        for one, request in zip(connections, requests, strict=False):
            selector.register(one.socket, selectors.EVENT_READ, one)
            one.send(request)
            open_ones += 1
        while open_ones:
            ready = selector.select(PATIENCE)
            assert ready, f"no answer within {PATIENCE} seconds"
            for key, _ in ready:
                answer = key.data.read()
                if answer is None:
                    continue
                latencies.append(time.perf_counter() - key.data.sent_at)
                right = answer.startswith(b"HTTP/1.1 200 ") and expected in answer
                assert right, answer.decode(errors="replace")
                request = next(requests, None) if time.perf_counter() < end else None
                if request is None:
                    open_ones -= 1
                else:
                    key.data.send(request)
        seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    latencies.sort()
    return Result(
        requests=len(latencies),
        seconds=seconds,
        median=1000 * latencies[len(latencies) // 2],
        p99=1000 * latencies[min(len(latencies) - 1, len(latencies) * 99 // 100)],
        slowest=1000 * latencies[-1],
        cpu=cpu / seconds,
    )


def _connections(order: Order) -> Iterator[_Connection]:
    """One after the other: of several that come at once, the process that is awake takes all."""
    for _ in range(order.connections):
        yield _Connection(order.port)
        time.sleep(BETWEEN_CONNECTIONS)


class _Connection:
    """One connection with at most one request under way."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sent_at = 0.0
        self._read = b""

    def send(self, request: bytes) -> None:
        self._read = b""
        self.sent_at = time.perf_counter()
        self.socket.sendall(request)

    def read(self) -> bytes | None:
        """The answer, when all of it is here."""
        piece = self.socket.recv(65536)
        assert piece, f"the server closed the connection after {self._read!r}"
        self._read += piece
        head, found, body = self._read.partition(b"\r\n\r\n")
        return self._read if found and len(body) >= _length(head) else None


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    raise AssertionError(f"an answer without a length: {head!r}")


def _signed(order: Order) -> Iterator[bytes]:
    verifier = SignatureVerifier(order.secret)
    now = str(int(time.time()))  # Slack's signatures are good for five minutes
    for number in range(order.at_most):
        body = order.body.replace(FRESH, f"V{order.name}N{number}")
        signature = verifier.generate_signature(timestamp=now, body=body)
        head = (
            "POST /slack/events HTTP/1.1\r\n"
            f"Host: 127.0.0.1:{order.port}\r\n"
            "User-Agent: Slackbot 1.0 (+https://api.slack.com/robots)\r\n"
            "Accept: application/json,*/*\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(body)}\r\n"
            f"X-Slack-Request-Timestamp: {now}\r\n"
            f"X-Slack-Signature: {signature}\r\n\r\n"
        )
        yield (head + body).encode()


if __name__ == "__main__":
    gc.disable()  # its pauses would be taken for the server's
    json.dump(asdict(run(Order(**json.load(sys.stdin)))), sys.stdout)
