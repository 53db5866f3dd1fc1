"""The programs of the demo: the local Stripe, Slack and mailbox, and the bot, each a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import requests

from bot.sandbox.server import HOST
from bot.sandbox.workspace import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET
from bot.settings import CannotStart

STRIPE_KEY = "sk_test_kontor_demo"
MANAGERS_CHANNEL = "C07APPROVAL"  # #billing-approvals of the local workspace
STARTS_WITHIN = 60.0  # seconds
STOPS_WITHIN = 10.0  # seconds; then it is killed, and goes on with its work at the next start


class DidNotStart(CannotStart):
    """A program of the demo ended or stayed silent; what it said itself stands above."""


@dataclass(frozen=True)
class Ports:
    """The five ports, counted from the first."""

    base: int

    @property
    def workspace(self) -> int:
        return self.base

    @property
    def stripe(self) -> int:
        return self.base + 1

    @property
    def bot(self) -> int:
        return self.base + 2

    @property
    def mailbox(self) -> int:
        return self.base + 3

    @property
    def smtp(self) -> int:
        return self.base + 4

    def url(self, port: int) -> str:
        return f"http://{HOST}:{port}"

    def all(self) -> range:
        return range(self.base, self.base + 5)


@dataclass
class Program:
    """One of the child processes. It ends by itself when we are gone: its standard input is a pipe of ours."""

    name: str
    arguments: list[str]
    health: str
    environment: dict[str, str]
    process: subprocess.Popen[bytes] | None = None

    def launch(self) -> None:
        """Start the process; `wait_until_healthy` says when it answers."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bot", *self.arguments, "--with-parent"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,  # its address, which we say ourselves
            env=os.environ | self.environment,
            start_new_session=True,  # Ctrl-C is ours to pass on, in the right order
        )

    def wait_until_healthy(self) -> None:
        """Raise DidNotStart when that takes too long."""
        deadline = time.monotonic() + STARTS_WITHIN
        while time.monotonic() < deadline:
            if self.died:
                raise DidNotStart(f"the {self.name} ended at its start; what it said stands above")
            try:
                if requests.get(self.health, timeout=2).ok:
                    return
            except requests.RequestException:  # not listening yet, or too busy to answer in time
                pass
            time.sleep(0.05)
        raise DidNotStart(f"the {self.name} did not answer within {STARTS_WITHIN:.0f} seconds")

    def revive(self) -> None:
        """Start it again after it died, when nothing is left that holds its port or its files."""
        self._kill()
        self.launch()
        self.wait_until_healthy()

    def tell_to_stop(self) -> None:
        if self.process is not None and not self.died:
            self.process.send_signal(signal.SIGTERM)

    def stop(self) -> None:
        """End it and everything that it started."""
        self.tell_to_stop()
        if self.process is not None:
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(STOPS_WITHIN)
        self._kill()

    @property
    def died(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def _kill(self) -> None:
        if self.process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)  # its own group: gunicorn's workers outlive their master
        self.process.wait()
        if self.process.stdin:
            self.process.stdin.close()


@dataclass(frozen=True)
class Programs:
    """All four."""

    stripe: Program
    workspace: Program
    mailbox: Program
    bot: Program

    @property
    def sandbox(self) -> tuple[Program, ...]:
        return self.stripe, self.workspace, self.mailbox

    @property
    def all(self) -> tuple[Program, ...]:
        return self.bot, *self.sandbox

    def stop(self) -> None:
        """The bot first, which finishes what it is doing with the others' help."""
        self.bot.stop()
        for program in self.sandbox:
            program.tell_to_stop()
        for program in self.sandbox:
            program.stop()


def programs(data: Path, ports: Ports) -> Programs:
    """The four with their data in that folder, not yet started."""
    return Programs(
        stripe=Program(
            "local Stripe",
            ["sandbox", "stripe", "--port", str(ports.stripe), "--data", str(data / "stripe.db")],
            ports.url(ports.stripe),
            {},
        ),
        workspace=Program(
            "local workspace",
            [
                *("sandbox", "workspace", "--port", str(ports.workspace), "--data", str(data / "workspace.db")),
                *("--app-url", f"{ports.url(ports.bot)}/slack/events"),
            ],
            ports.url(ports.workspace),
            {},
        ),
        mailbox=Program(
            "mailbox",
            [
                *("sandbox", "mailbox", "--port", str(ports.mailbox), "--smtp-port", str(ports.smtp)),
                *("--data", str(data / "mailbox.db")),
            ],
            ports.url(ports.mailbox),
            {},
        ),
        bot=Program(
            "bot",
            ["serve", "--port", str(ports.bot)],
            f"{ports.url(ports.bot)}/healthz",
            bot_environment(data, ports),
        ),
    )


def bot_environment(data: Path, ports: Ports) -> dict[str, str]:
    """The bot's settings, all but the secret of Stripe's webhook, which the local Stripe makes."""
    return {
        "DATABASE_URL": f"sqlite:///{data / 'kontor.db'}",
        "SLACK_SIGNING_SECRET": SIGNING_SECRET,
        "SLACK_BOT_TOKEN": BOT_TOKEN,
        "SLACK_APP_TOKEN": APP_TOKEN,
        "SLACK_API_URL": f"{ports.url(ports.workspace)}/api/",
        "STRIPE_API_KEY": STRIPE_KEY,
        "STRIPE_API_URL": ports.url(ports.stripe),
        "KONTOR_CLOCK_URL": f"{ports.url(ports.stripe)}/control/clock",
        "SMTP_URL": f"smtp://{HOST}:{ports.smtp}",
        "KONTOR_MANAGERS_CHANNEL": MANAGERS_CHANNEL,
        "KONTOR_PUBLIC_URL": ports.url(ports.bot),
        "KONTOR_STRIPE_DASHBOARD": f"{ports.url(ports.stripe)}/dashboard",
        "KONTOR_LOG_FORMAT": "text",
        "KONTOR_LOG_LEVEL": "warning",
    }


def webhook_url(ports: Ports) -> str:
    """Where the local Stripe sends its events."""
    return f"{ports.url(ports.bot)}/stripe/webhook"
