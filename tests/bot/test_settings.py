"""Settings: what is missing or wrong stops the start with one line that names it and says where to get it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from billing.roles import Role
from bot.settings import LocalSettings, Settings, WrongSettings, load, load_local
from tests.bot.settings_examples import ENVIRONMENT, set_environment


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    set_environment(monkeypatch, tmp_path)


def said() -> str:
    with pytest.raises(WrongSettings) as stopped:
        load()
    text = str(stopped.value)
    assert "\n" not in text
    return text


def test_four_variables_are_enough() -> None:
    settings = load()
    assert settings.database_url == "sqlite:///var/kontor.db"
    assert settings.slack_api_url == "https://slack.com/api/"
    assert settings.stripe_api_url == "https://api.stripe.com"
    assert settings.kontor_stripe_rate == 80
    assert settings.links_last == timedelta(days=90)
    assert settings.kontor_role_groups["billing-sales"] is Role.SALES


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("SLACK_SIGNING_SECRET", "Basic Information > App Credentials > Signing Secret"),
        ("SLACK_BOT_TOKEN", "OAuth & Permissions > Bot User OAuth Token"),
        ("STRIPE_API_KEY", "Developers > API keys"),
        ("STRIPE_WEBHOOK_SECRET", "Developers > Webhooks"),
    ],
)
@pytest.mark.parametrize("value", [None, "", "  "])
def test_a_missing_variable_is_named_with_the_place_where_it_is_found(
    monkeypatch: pytest.MonkeyPatch, name: str, place: str, value: str | None
) -> None:
    monkeypatch.delenv(name)
    if value is not None:
        monkeypatch.setenv(name, value)
    text = said()
    assert text.startswith(f"{name}: ")
    assert place in text
    assert not [other for other in ENVIRONMENT if other != name and other in text]


def test_all_that_is_missing_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ENVIRONMENT:
        monkeypatch.delenv(name)
    text = said()
    assert [name for name in ENVIRONMENT if f"{name}: field required" in text] == list(ENVIRONMENT)


@pytest.mark.parametrize(
    ("name", "value", "hint"),
    [
        ("SLACK_BOT_TOKEN", "xoxp-geheim", "must begin with xoxb-"),
        ("SLACK_APP_TOKEN", "xoxb-geheim", "must begin with xapp-"),
        ("STRIPE_API_KEY", "pk_test_geheim", "must begin with sk_ or rk_"),
        ("STRIPE_WEBHOOK_SECRET", "we_geheim", "must begin with whsec_"),
        ("DATABASE_URL", "mysql://kontor:geheim@db/kontor", "must begin with sqlite:/// or postgresql://"),
        ("DATABASE_URL", "postgresql://kontor:ge/heim@db/kontor", "write @ as %40"),
        ("SLACK_API_URL", "slack.com/geheim", "begins with http:// or https://"),
        ("STRIPE_API_URL", "https://", "begins with http:// or https://"),
        ("KONTOR_PUBLIC_URL", "kontor.geheim", "begins with http:// or https://"),
        ("SMTP_URL", "mail.example.com:geheim", "must begin with smtp:// or smtps://"),
        ("SMTP_URL", "smtp://", "name a host"),
        ("SMTP_URL", "smtp://mail.example.com:99999", "a port that is none"),
        ("SMTP_URL", "smtps://kontor:ge:heim@mail.example.com:x", "write @ as %40"),
        ("DATABASE_URL", "sqlite:///", "must name a file"),
        ("DATABASE_URL", "sqlite:///:memory:", "must name a file"),
        ("KONTOR_MANAGERS_CHANNEL", "#geheim", "must be a channel's id like C0123456789"),
        ("KONTOR_STRIPE_RATE", "0", "greater than 0"),
        ("KONTOR_STRIPE_RATE", "geheim", "number"),
        ("KONTOR_WEB_PROCESSES", "0", "greater than 0"),
        ("KONTOR_WORKER_METRICS_PORT", "70000", "less than 65536"),
        ("KONTOR_DOCUMENT_LINK_DAYS", "0", "greater than 0"),
        ("KONTOR_DOCUMENT_LINK_DAYS", "4000", "less than or equal to 3650"),
        ("KONTOR_LOG_FORMAT", "xml", "'json' or 'text'"),
        ("KONTOR_ROLE_GROUPS", "billing=owner", "agent, sales, manager, admin"),
        ("KONTOR_ROLE_GROUPS", "billing", "handle=role"),
        ("KONTOR_ROLE_GROUPS", "=agent", "handle=role"),
    ],
)
def test_a_wrong_value_is_explained_and_never_repeated(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, hint: str
) -> None:
    monkeypatch.setenv(name, value)
    text = said()
    assert text.startswith(f"{name}: ")
    assert hint in text
    assert "geheim" not in text


def test_groups_are_given_by_handle_with_or_without_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KONTOR_ROLE_GROUPS", "@support=agent, heads=manager,")
    assert load().kontor_role_groups == {"support": Role.AGENT, "heads": Role.MANAGER}


def test_the_old_name_of_postgresql_is_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some platforms hand out `postgres://`, which SQLAlchemy does not know."""
    monkeypatch.setenv("DATABASE_URL", "postgres://kontor:p%40ss@db:5432/kontor")
    assert load().database_url == load_local().database_url == "postgresql://kontor:p%40ss@db:5432/kontor"
    assert not load().on_sqlite


def test_a_file_in_the_folder_is_read_and_the_environment_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("KONTOR_CONCURRENCY=3\nSLACK_SIGNING_SECRET=from-the-file\nUNKNOWN=1\n")
    monkeypatch.delenv("SLACK_SIGNING_SECRET")
    assert load().slack_signing_secret.get_secret_value() == "from-the-file"
    monkeypatch.setenv("SLACK_SIGNING_SECRET", "from-outside")
    assert load().slack_signing_secret.get_secret_value() == "from-outside"
    assert load().kontor_concurrency == 3


def test_spaces_around_a_secret_that_was_copied_do_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", " xoxb-1 \n")
    assert load().slack_bot_token.get_secret_value() == "xoxb-1"


def test_secrets_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMTP_URL", "smtp://kontor:geheim@mail.example.com")
    shown = repr(load()) + str(load())
    assert not [secret for secret in (*ENVIRONMENT.values(), "geheim") if secret in shown]


def test_every_variable_says_what_it_is_for() -> None:
    fields = Settings.model_fields | LocalSettings.model_fields
    assert [name for name, field in fields.items() if not field.description] == []


def test_commands_that_stay_here_need_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ENVIRONMENT:
        monkeypatch.delenv(name)
    assert load_local().database_url == "sqlite:///var/kontor.db"
    monkeypatch.setenv("DATABASE_URL", "oracle://x")
    with pytest.raises(WrongSettings, match="DATABASE_URL"):
        load_local()
