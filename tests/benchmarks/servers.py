"""The servers that are measured, each in processes of its own: Bolt's hello-world beside `kontor serve`.

All are the gunicorn that `bot.serving` sets up, with the same threads, so that only the application differs.

    python -m tests.benchmarks.servers hello|hello-at-once|accept-only PORT
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import Flask, Response, request
from slack_bolt import Ack, App
from slack_bolt.adapter.flask import SlackRequestHandler
from slack_sdk import WebClient

from bot import logs, settings
from bot.app import opened
from bot.serving import _Server

START_SECONDS = 60
KONTOR = "kontor"  # `kontor serve` itself
HELLO = "hello"
HELLO_AT_ONCE = "hello-at-once"
ACCEPT_ONLY = "accept-only"


@contextmanager
def started(what: str, environment: Mapping[str, str], processes: int, log: Path) -> Iterator[int]:
    """The server in a group of processes of its own; its port, on which it will listen. It is killed at the end."""
    port = _free_port()
    if what == KONTOR:
        command = ["-m", "bot", "serve", "--port", str(port)]
    else:
        command = ["-m", "tests.benchmarks.servers", what, str(port)]
    variables = {**os.environ, **environment, "KONTOR_WEB_PROCESSES": str(processes)}
    if processes > 1:  # as `kontor serve` does it
        metrics = log.with_suffix(".metrics")
        metrics.mkdir(exist_ok=True)
        variables["PROMETHEUS_MULTIPROC_DIR"] = str(metrics)
    with log.open("ab") as output:
        server = subprocess.Popen(
            [sys.executable, *command],
            env=variables,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        yield port
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def wait_until_listening(port: int) -> None:
    """Raises TimeoutError when nobody does within a minute."""
    until = time.monotonic() + START_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except ConnectionRefusedError:
            if time.monotonic() > until:
                raise TimeoutError(f"nobody listens on port {port}") from None
            time.sleep(0.1)
        else:
            return


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _serve(what: str, port: int) -> None:
    found = settings.load()
    load: dict[str, Callable[[Any], Flask]] = {
        HELLO: lambda _server: hello_world(found, at_once=False),
        HELLO_AT_ONCE: lambda _server: hello_world(found, at_once=True),
        ACCEPT_ONLY: lambda server: server._open.enter_context(opened(found)).web(),
    }
    logs.configure(found.kontor_log_format, found.kontor_log_level)
    server = type("Server", (_Server,), {"load": load[what]})
    server(found, "127.0.0.1", port, socket_mode=False).run()


def hello_world(found: settings.Settings, *, at_once: bool) -> Flask:
    """Slack's own example of a command behind Bolt's own adapter; only the address of Slack differs."""
    bolt = App(
        client=WebClient(found.slack_bot_token.get_secret_value(), base_url=found.slack_api_url),
        signing_secret=found.slack_signing_secret.get_secret_value(),
        process_before_response=at_once,
    )

    @bolt.command("/hello-bolt-python")
    def hello(body: dict[str, Any], ack: Ack) -> None:
        ack(f"Hi <@{body['user_id']}>!")

    web = Flask("hello")
    handler = SlackRequestHandler(bolt)

    @web.post("/slack/events")
    def slack_events() -> Response:
        return handler.handle(request)

    return web


if __name__ == "__main__":
    _serve(sys.argv[1], int(sys.argv[2]))
