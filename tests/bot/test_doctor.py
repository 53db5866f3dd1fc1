"""`kontor doctor`: each setting is checked against what really runs, and each thing that is broken is named."""

from __future__ import annotations

import errno
import os
import shutil
import socket
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot import doctor
from bot.sandbox.server import running
from tests.bot import commands
from tests.bot.settings_examples import set_environment
from tests.support.world import World, sandboxes


@pytest.fixture(scope="module")
def parts(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The sandboxes, and our pages at the public address."""
    file = tmp_path_factory.mktemp("doctor") / "kontor.db"
    shutil.copyfile(sqlite_template, file)
    with sandboxes(f"sqlite:///{file}") as made, running(made.app.web(), int(made.bot_url.rpartition(":")[2])):
        yield made


@pytest.fixture
def kontor(
    parts: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Iterator[commands.Terminal]:
    set_environment(monkeypatch, tmp_path, **parts.environment)
    yield from commands.opened(monkeypatch, capsys)
    parts.heals()


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port: int = other.getsockname()[1]
        return port


def found() -> dict[str, Any]:
    return {finding.subject: finding for finding in doctor.examine()}


def test_where_everything_runs_everything_is_well(kontor: commands.Terminal) -> None:
    ran = kontor("doctor")
    assert ran.code == 0, ran.out
    assert "✗" not in ran.out
    assert {name: finding.good for name, finding in found().items()} == {
        "settings": True,
        "DATABASE_URL": True,
        "search": True,
        "KONTOR_CATALOGUE": True,
        "SLACK_BOT_TOKEN": True,
        "Slack scopes": True,
        "KONTOR_ROLE_GROUPS": True,
        "KONTOR_MANAGERS_CHANNEL": True,
        "SLACK_APP_TOKEN": True,
        "STRIPE_API_KEY": True,
        "Stripe's products and prices": True,
        "numbers of invoices": True,
        "STRIPE_WEBHOOK_SECRET": True,
        "SMTP_URL": True,
        "KONTOR_PUBLIC_URL": True,
    }


@pytest.mark.parametrize(
    ("name", "value", "subject", "said"),
    [
        ("DATABASE_URL", "sqlite:///empty.db", "DATABASE_URL", "run `kontor migrate`"),
        ("DATABASE_URL", "postgresql://u:geheim@127.0.0.1:1/x", "DATABASE_URL", "Connection refused"),
        ("KONTOR_CATALOGUE", "nowhere.toml", "KONTOR_CATALOGUE", "cannot be read"),
        ("SLACK_BOT_TOKEN", "xoxb-geheim", "SLACK_BOT_TOKEN", "invalid_auth"),
        ("KONTOR_MANAGERS_CHANNEL", "C07GENERAL0", "KONTOR_MANAGERS_CHANNEL", "not in #general: invite it"),
        ("KONTOR_MANAGERS_CHANNEL", "C07NOWHERE0", "KONTOR_MANAGERS_CHANNEL", "is the app invited"),
        ("SLACK_APP_TOKEN", "xapp-geheim", "SLACK_APP_TOKEN", "invalid_auth"),
        ("SLACK_API_URL", "http://127.0.0.1:{closed}/api/", "SLACK_BOT_TOKEN", "/api/ does not answer ({refused})"),
        ("STRIPE_API_KEY", "sk_live_geheim", "STRIPE_API_KEY", "refuses live keys"),
        ("STRIPE_API_URL", "http://127.0.0.1:{closed}", "STRIPE_API_KEY", "{closed} does not answer ({refused})"),
        ("STRIPE_API_URL", "http://127.0.0.1:{closed}", "Stripe's products and prices", "does not answer ({refused})"),
        ("SMTP_URL", "smtp://127.0.0.1:{closed}", "SMTP_URL", "127.0.0.1:{closed} does not answer ({refused})"),
        (
            "SMTP_URL",
            "smtps://kontor:geheim@127.0.0.1:{closed}",
            "SMTP_URL",
            "127.0.0.1:{closed} does not answer ({refused})",
        ),
        ("KONTOR_PUBLIC_URL", "http://127.0.0.1:{closed}", "KONTOR_PUBLIC_URL", "{closed} does not answer ({refused})"),
        ("KONTOR_PUBLIC_URL", "http://127.0.0.1:{closed}", "STRIPE_WEBHOOK_SECRET", "no endpoint at Stripe sends to"),
    ],
)
def test_what_is_broken_is_named_and_the_rest_is_still_checked(
    kontor: commands.Terminal, monkeypatch: pytest.MonkeyPatch, name: str, value: str, subject: str, said: str
) -> None:
    there = {"closed": closed_port(), "refused": os.strerror(errno.ECONNREFUSED)}
    monkeypatch.setenv(name, value.format(**there))
    findings = found()
    assert findings[subject].good is False
    assert said.format(**there) in findings[subject].text
    assert "geheim" not in "".join(finding.text for finding in findings.values())
    assert "Traceback" not in findings[subject].text
    assert "KONTOR_PUBLIC_URL" in findings, "the last check was made"
    ran = kontor("doctor")
    assert ran.code == 1
    assert "✗" in ran.out
    assert ran.err == "", "the table says it all"


def test_every_setting_and_every_mistake_has_a_line(
    kontor: commands.Terminal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """And the catalogue's are told once, though several checks need it."""
    text = Path(os.environ["KONTOR_CATALOGUE"]).read_text(encoding="utf-8")
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(text.replace("percent = ", "percent = 1").replace("[invoices]", "[voices]"), encoding="utf-8")
    monkeypatch.setenv("KONTOR_CATALOGUE", str(wrong))
    findings = list(doctor.examine())
    told = [finding for finding in findings if "wrong.toml" in finding.text]
    assert len(told) > 1
    assert {finding.subject for finding in told} == {"KONTOR_CATALOGUE"}
    assert not [finding for finding in findings if "\n" in finding.text]
    monkeypatch.setenv("STRIPE_API_KEY", "pk_test_1")
    monkeypatch.setenv("KONTOR_MANAGERS_CHANNEL", "#billing-approvals")
    settings = {finding.subject: finding.text for finding in doctor.examine()}
    assert settings.keys() == {"STRIPE_API_KEY", "KONTOR_MANAGERS_CHANNEL"}
    assert settings["KONTOR_MANAGERS_CHANNEL"].startswith("must be a channel's id like C0123456789")


def test_a_catalogue_that_was_not_pushed_is_seen(
    kontor: commands.Terminal, monkeypatch: pytest.MonkeyPatch, parts: World, tmp_path: Path
) -> None:
    text = Path(parts.environment["KONTOR_CATALOGUE"]).read_text(encoding="utf-8")
    changed = tmp_path / "changed.toml"
    changed.write_text(text.replace("Desk Team", "Desk Crew"), encoding="utf-8")
    monkeypatch.setenv("KONTOR_CATALOGUE", str(changed))
    finding = found()["Stripe's products and prices"]
    assert finding.good is False
    assert "run `kontor catalogue push`" in finding.text


def test_a_mail_server_that_would_get_the_password_in_the_clear_is_seen(
    kontor: commands.Terminal, monkeypatch: pytest.MonkeyPatch, parts: World
) -> None:
    """It answers, and no mail would ever go out."""
    host = parts.environment["SMTP_URL"].removeprefix("smtp://")
    monkeypatch.setenv("SMTP_URL", f"smtp://kontor:geheim@{host}")
    finding = found()["SMTP_URL"]
    assert finding.good is False
    assert "STARTTLS" in finding.text
    assert "geheim" not in finding.text


def test_an_endpoint_that_is_not_told_everything_is_seen(kontor: commands.Terminal, parts: World) -> None:
    """A subscription that waits for a card would wait for ever."""
    endpoints = parts.stripe.v1.webhook_endpoints
    (endpoint,) = endpoints.list().data
    heard = [event for event in doctor.NEEDED_EVENTS if event != "checkout.session.completed"]
    endpoints.update(endpoint.id, {"enabled_events": heard})
    finding = found()["STRIPE_WEBHOOK_SECRET"]
    assert finding.good is False
    assert finding.text.endswith(": checkout.session.completed")
    endpoints.update(endpoint.id, {"enabled_events": [*doctor.NEEDED_EVENTS]})
    assert found()["STRIPE_WEBHOOK_SECRET"].good is True
    endpoints.update(endpoint.id, {"enabled_events": ["*"]})


def test_the_register_of_vat_ids_is_asked_for_where_the_catalogue_wants_it(
    kontor: commands.Terminal, monkeypatch: pytest.MonkeyPatch, parts: World, tmp_path: Path
) -> None:
    monkeypatch.setenv("KONTOR_VIES_URL", f"http://127.0.0.1:{closed_port()}")
    assert "KONTOR_VIES_URL" not in found()
    text = Path(parts.environment["KONTOR_CATALOGUE"]).read_text(encoding="utf-8")
    strict = tmp_path / "strict.toml"
    strict.write_text(f"{text}\n[billing_contact]\nverify_tax_id = true\n", encoding="utf-8")
    monkeypatch.setenv("KONTOR_CATALOGUE", str(strict))
    assert found()["KONTOR_VIES_URL"].good is False


def test_no_mail_server_is_a_warning_and_no_fault(kontor: commands.Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SMTP_URL")
    assert found()["SMTP_URL"].good is None
    assert kontor("doctor").code == 0


def test_missing_scopes_are_listed(kontor: commands.Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "SCOPES", doctor.SCOPES | {"reactions:write": "thumbs"})
    finding = found()["Slack scopes"]
    assert (finding.good, finding.text) == (False, "missing: reactions:write")


def test_a_group_that_slack_does_not_have_is_a_warning(
    kontor: commands.Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody gets a role by it; they may be granted one by one instead."""
    monkeypatch.setenv("KONTOR_ROLE_GROUPS", "billing-agents=agent,biling-sales=sales")
    finding = found()["KONTOR_ROLE_GROUPS"]
    assert (finding.good, finding.text) == (None, "Slack has no group @biling-sales")
    assert kontor("doctor").code == 0


def test_stripe_being_busy_is_said_and_is_no_traceback(kontor: commands.Terminal, parts: World) -> None:
    parts.stripe_fails("500", path="/v1/webhook_endpoints")
    parts.stripe_fails("429", path="/v1/products", times=20)
    findings = found()
    assert findings["STRIPE_API_KEY"].good is False
    assert findings["Stripe's products and prices"].good is False
    assert "try again later" in findings["Stripe's products and prices"].text


def test_numbers_that_stripe_has_and_nobody_gave_here(kontor: commands.Terminal, parts: World) -> None:
    """As after a restored backup (H28)."""
    customer = parts.stripe.v1.customers.create({"name": "Ada"})
    year = datetime.now(ZoneInfo("Europe/Berlin")).year
    draft = parts.stripe.v1.invoices.create({"customer": customer.id, "number": f"RE-{year}-00007"})
    try:
        finding = found()["numbers of invoices"]
    finally:
        parts.stripe.v1.invoices.delete(draft.id)
    assert finding.good is False
    assert f"RE-{year}-00007" in finding.text
