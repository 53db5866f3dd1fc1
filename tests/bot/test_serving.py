"""`kontor serve`, `worker` and the sandbox parts as processes: what stops their start, and how they end."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import requests

from tests.bot import commands
from tests.bot.settings_examples import ENVIRONMENT, set_environment


@pytest.fixture
def kontor(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Iterator[commands.Terminal]:
    set_environment(monkeypatch, tmp_path)
    yield from commands.opened(monkeypatch, capsys)


@contextmanager
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield other.getsockname()[1]


def free_port() -> int:
    with taken_port() as port:
        return port


def test_a_taken_port_is_said_at_once(kontor: commands.Terminal) -> None:
    kontor("migrate")
    with taken_port() as port:
        for command in (
            ("serve", "--port", str(port)),
            ("sandbox", "workspace", "--port", str(port)),
            ("sandbox", "stripe", "--port", str(port)),
            ("sandbox", "mailbox", "--port", str(port), "--smtp-port", str(free_port())),
            ("sandbox", "mailbox", "--port", str(free_port()), "--smtp-port", str(port)),
            ("demo", "--no-browser", "--port-base", str(port)),
        ):
            ran = kontor(*command)
            assert ran.code == 1, command
            assert ran.err == (
                f"kontor: port {port} on 127.0.0.1 is taken by another program; stop it or choose another port\n"
            ), command


def test_an_address_that_is_not_ours_is_explained(kontor: commands.Terminal) -> None:
    kontor("migrate")
    ran = kontor("serve", "--host", "192.0.2.1")
    assert (ran.code, ran.err.count("\n")) == (1, 1)
    assert ran.err.startswith("kontor: cannot listen on 192.0.2.1:8702: ")


def test_several_processes_need_postgresql(kontor: commands.Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", "set by the command otherwise")
    monkeypatch.setenv("KONTOR_WEB_PROCESSES", "2")
    ran = kontor("serve")
    assert ran.code == 1
    assert "KONTOR_WEB_PROCESSES: more than one web process needs PostgreSQL" in ran.err


def test_a_worker_needs_postgresql(kontor: commands.Terminal) -> None:
    ran = kontor("worker")
    assert ran.code == 1
    assert "a worker needs PostgreSQL" in ran.err


def test_socket_mode_needs_its_token(kontor: commands.Terminal) -> None:
    ran = kontor("serve", "--socket-mode")
    assert ran.code == 1
    assert ran.err.startswith("kontor: SLACK_APP_TOKEN: ")
    assert "App-Level Tokens" in ran.err


def test_a_catalogue_with_mistakes_stops_the_start(
    kontor: commands.Terminal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    kontor("migrate")
    (tmp_path / "prices.toml").write_text("[business]\nname = 7\n")
    monkeypatch.setenv("KONTOR_CATALOGUE", "prices.toml")
    ran = kontor("serve", "--port", str(free_port()))
    assert ran.code == 1
    assert "prices.toml:2: business.name" in ran.err


@contextmanager
def process(*arguments: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    started = subprocess.Popen(
        [sys.executable, "-m", "bot", *arguments],
        env=os.environ | ENVIRONMENT | environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield started
    finally:
        with suppress(ProcessLookupError):
            os.killpg(started.pid, signal.SIGKILL)
        started.communicate()


def wait_for(url: str) -> None:
    until = time.monotonic() + 60
    while True:
        try:
            requests.get(url, timeout=2).raise_for_status()
        except requests.RequestException:
            assert time.monotonic() < until, "it does not answer"
            time.sleep(0.05)
        else:
            return


def test_serving_logs_json_and_ends_with_its_work_done_when_told(kontor: commands.Terminal, tmp_path: Path) -> None:
    kontor("migrate")
    port = free_port()
    slack = {"SLACK_API_URL": f"http://127.0.0.1:{free_port()}/"}
    with process("serve", "--port", str(port), KONTOR_LOG_FORMAT="json", **slack) as serving:
        wait_for(f"http://127.0.0.1:{port}/readyz")
        assert "kontor_slack_request_seconds" in requests.get(f"http://127.0.0.1:{port}/metrics", timeout=5).text
        serving.terminate()
        _, told = serving.communicate(timeout=60)
        assert serving.returncode == 0
    lines = [json.loads(line) for line in told.splitlines()]
    events = [line["event"] for line in lines]
    assert {"engine_started", "serving", "engine_stopped"} <= set(events)
    assert [line for line in lines if line["logger"].startswith("slack_bolt")] == []
    assert not [secret for secret in ENVIRONMENT.values() if secret in told]


def test_what_was_started_by_another_program_ends_with_it() -> None:
    """Its standard input is a pipe, which the system closes however that program dies."""
    port = free_port()
    with process("sandbox", "stripe", "--port", str(port), "--with-parent") as sandbox:
        wait_for(f"http://127.0.0.1:{port}/")
        assert sandbox.stdin
        sandbox.stdin.close()
        sandbox.stdin = None
        sandbox.wait(10)
        assert sandbox.returncode == -signal.SIGTERM
        assert sandbox.stderr
        assert sandbox.stderr.read() == ""
