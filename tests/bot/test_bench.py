"""The benchmark's own parts, with tiny numbers: nothing here says how quick anything is."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from slack_sdk.signature import SignatureVerifier

from tests.benchmarks import documents, report
from tests.benchmarks.answering import ACCEPT_LABEL, AT_ONCE_LABEL, HELLO_LABEL, Case, Measured
from tests.benchmarks.load import FRESH, Order, Result, run

SECRET = "s3cret"


class Listening(ThreadingHTTPServer):
    daemon_threads = True
    bodies: list[str]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Listening

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        stamp, signature = self.headers["X-Slack-Request-Timestamp"], self.headers["X-Slack-Signature"]
        self.server.bodies.append(body)
        self.send_response(200 if SignatureVerifier(SECRET).is_valid(body, stamp, signature) else 401)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Listening]:
    listening = Listening(("127.0.0.1", 0), Handler)
    listening.bodies = []
    thread = threading.Thread(target=listening.serve_forever, args=(0.01,))
    thread.start()
    yield listening
    listening.shutdown()
    thread.join()
    listening.server_close()


def order(server: Listening, secret: str = SECRET, connections: int = 3) -> Order:
    port = server.server_address[1]
    return Order(port, secret, f"payload={FRESH}", "ok", "RUN", connections, seconds=10, at_most=20)


def test_every_request_is_signed_has_an_id_of_its_own_and_is_counted(server: Listening) -> None:
    result = run(order(server))
    assert result.requests == 20
    assert sorted(server.bodies) == sorted(f"payload=VRUNN{number}" for number in range(20))
    assert 0 < result.median <= result.p99 <= result.slowest


def test_a_wrong_answer_ends_the_run(server: Listening) -> None:
    with pytest.raises(AssertionError, match="401"):
        run(order(server, "another secret", connections=1))


def test_ratios_are_taken_within_a_round_and_aims_judged_by_their_median() -> None:
    hello, at_once, accept = (
        Case(HELLO_LABEL, "hello", "hello", "postgresql"),
        Case(AT_ONCE_LABEL, "hello-at-once", "hello", "postgresql"),
        Case(ACCEPT_LABEL, "kontor", "accept", "postgresql"),
    )
    measured = [
        Measured(case, 16, number, Result(rate, 1, median, p99, p99, 0.1))
        for number, figures in enumerate(
            # requests in a second, median and 99th percentile in milliseconds
            (
                ((800, 20, 40), (1000, 16, 30), (600, 30, 90)),
                ((400, 40, 80), (500, 32, 60), (200, 80, 160)),
                ((80, 200, 99), (100, 160, 99), (55, 220, 95)),
            )
        )
        for case, (rate, median, p99) in zip((hello, at_once, accept), figures, strict=True)
    ]
    row = next(row for row in report.rows(measured) if row.case == accept)
    assert row.share == report.Spread(0.55, 0.4, 0.6)  # 600/1000, 200/500, 55/100
    assert row.slower == report.Spread(1.5, 1.1, 2.0)  # 30/20, 80/40, 220/200
    assert row.aims == {"p99 < 100 ms": True, "share ≥ 0.5": True}


def test_a_case_of_documents_is_measured_in_a_process_of_its_own() -> None:
    numbers = documents.main(["--seconds", "0.01"])
    assert set(numbers) == {"1 line", "100 lines"}
    for found in numbers.values():
        assert found["a_second"] > 0
        assert found["peak_mb"] >= found["before_mb"] > 0
    assert numbers["100 lines"]["kilobytes"] > numbers["1 line"]["kilobytes"]
