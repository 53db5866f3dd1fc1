"""Starts the four programs of the demo, fills them the first time, and keeps them running until Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import webbrowser
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import requests
from rich.console import Console

from bot.demo.folder import Folder, Webhook
from bot.demo.programs import STRIPE_KEY, DidNotStart, Ports, Program, Programs, programs, webhook_url
from bot.sandbox.server import bind


def run(*, data: Path, port_base: int, browser: bool) -> None:
    """Run the demo until Ctrl-C. Raises PortTaken and CannotStart."""
    out = Console()
    ports = Ports(port_base)
    folder = Folder(data.resolve())
    began = time.monotonic()
    with folder.taken():
        for port in ports.all():
            bind(lambda _environ, _start: [], port).server_close()
        running = programs(folder.path, ports)
        with _until_told_to_stop(out, running):
            _start(out, folder, ports, running)
            _welcome(out, ports, time.monotonic() - began)
            if browser:
                webbrowser.open(ports.url(ports.workspace))
            _watch(out, running.all)


def _start(out: Console, folder: Folder, ports: Ports, running: Programs) -> None:
    """Start what plays Slack and Stripe, fill it the first time, then start the bot."""
    webhook = folder.webhook
    with out.status("Starting the local Slack, Stripe and mailbox") as status:
        if webhook is None:
            from bot.demo.seed import beginning, fill

            folder.forget()
            running.stripe.arguments += ["--start-at", str(beginning())]
            _launch(running.sandbox)
            _wait_for(running.sandbox)
            webhook = fill(folder.path, ports, running.bot.environment, status.update)
        else:
            _launch(running.sandbox)
            _migrate(running.bot)
            _wait_for(running.sandbox)
            webhook = _redirected(webhook, ports)
        folder.keep(webhook)
        running.bot.environment["STRIPE_WEBHOOK_SECRET"] = webhook.secret
        status.update("Starting the bot")
        _launch([running.bot])
        _wait_for([running.bot])


def _launch(some: Iterable[Program]) -> None:
    """All at once: each takes a second or two to come up."""
    for program in some:
        program.launch()


def _wait_for(some: Iterable[Program]) -> None:
    for program in some:
        program.wait_until_healthy()


def _migrate(bot: Program) -> None:
    """The folder may be from an older version of Kontor."""
    done = subprocess.run(
        [sys.executable, "-m", "bot", "migrate"],
        env=os.environ | bot.environment,
        stdout=subprocess.DEVNULL,
        check=False,
    )
    if done.returncode:
        raise DidNotStart("the demo's database could not be brought up to date; what was said stands above")


def _redirected(webhook: Webhook, ports: Ports) -> Webhook:
    """The demo may have other ports than the last time."""
    url = webhook_url(ports)
    if webhook.url != url:
        endpoint = f"{ports.url(ports.stripe)}/v1/webhook_endpoints/{webhook.id}"
        requests.post(endpoint, data={"url": url}, auth=(STRIPE_KEY, ""), timeout=10).raise_for_status()
    return replace(webhook, url=url)


@contextmanager
def _until_told_to_stop(out: Console, running: Programs) -> Iterator[None]:
    """Ctrl-C, SIGTERM and a closed terminal end the demo in order."""
    for told in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(told, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        out.print("Ending ...")
    finally:
        with suppress(KeyboardInterrupt):  # asked for twice
            running.stop()


def _watch(out: Console, running: tuple[Program, ...]) -> None:
    """Start again whatever dies: nothing that was accepted is lost, which anyone may try with kill -9."""
    while True:
        time.sleep(0.5)
        for program in running:
            if program.died:
                out.print(f"The {program.name} has died; it is started again.")
                program.revive()


def _welcome(out: Console, ports: Ports, seconds: float) -> None:
    out.print()
    out.print(f"[bold]Kontor is running[/] (after {seconds:.0f} seconds). Ctrl-C ends it.", highlight=False)
    out.print(f"  Workspace  {ports.url(ports.workspace)}   <- open this one, and type [bold]/billing[/]")
    out.print(f"  Stripe     {ports.url(ports.stripe)}")
    out.print(f"  Mailbox    {ports.url(ports.mailbox)}")
    out.print(f"  Bot        {ports.url(ports.bot)}/metrics", highlight=False)
