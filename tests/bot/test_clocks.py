"""The time that the bot goes by: the machine's, or that of the local Stripe, which can be moved on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import requests

from bot import clocks
from bot.clocks import RemoteClock, clock_at, utcnow
from bot.demo.programs import Ports, bot_environment
from bot.sandbox import stripe as local_stripe
from bot.sandbox.server import running
from bot.settings import Settings

A_MONTH = timedelta(days=31)
A_MOMENT = timedelta(seconds=30)  # for a slow machine


@pytest.fixture
def local() -> Iterator[str]:
    app = local_stripe.create_app()
    try:
        with running(app) as url:
            yield url
    finally:
        app.close()


def move(local: str) -> None:
    requests.post(f"{local}/control/clock", json={"by_days": A_MONTH.days}, timeout=10).raise_for_status()


def ahead(now: datetime) -> timedelta:
    return now - utcnow()


def test_without_an_address_it_is_the_machine_s() -> None:
    assert clock_at(None) is utcnow


def test_the_clock_goes_as_that_of_the_local_stripe_goes(local: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clocks, "ASK_EVERY", 0.0)
    clock = clock_at(f"{local}/control/clock")
    assert abs(ahead(clock())) < A_MOMENT
    move(local)
    assert abs(ahead(clock()) - A_MONTH) < A_MOMENT


def test_between_two_answers_it_goes_on_as_the_last_one_said(local: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clocks, "ASK_EVERY", 3600.0)
    clock = RemoteClock(f"{local}/control/clock")
    first = clock()
    move(local)
    assert timedelta() <= clock() - first < A_MOMENT


@pytest.mark.parametrize("path", ["/control/clock", "/control/nothing", "/"])
def test_while_nobody_says_the_last_difference_counts(local: str, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    """It stopped, or answers something else."""
    monkeypatch.setattr(clocks, "ASK_EVERY", 0.0)
    clock = RemoteClock(f"{local}/control/clock")
    move(local)
    clock()
    clock._url = f"http://127.0.0.1:9{path}" if path == "/control/clock" else f"{local}{path}"
    assert abs(ahead(clock()) - A_MONTH) < A_MOMENT


def test_only_the_demo_asks_for_another_time(tmp_path: Path) -> None:
    ports = Ports(21000)
    assert bot_environment(tmp_path, ports)["KONTOR_CLOCK_URL"] == f"{ports.url(ports.stripe)}/control/clock"
    assert Settings.model_fields["kontor_clock_url"].default is None
