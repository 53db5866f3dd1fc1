"""The manifest says what the app does: no command, shortcut or scope more or less."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import handlers
from bot.manifest import COMMANDS, SCOPES, SHORTCUT, app_manifest
from bot.sandbox.workspace.api import METHODS
from handlers.router import Kind, Router
from tests.bot import commands
from tests.bot.settings_examples import set_environment
from tests.support.office import Office


@pytest.fixture
def kontor(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Iterator[commands.Terminal]:
    set_environment(monkeypatch, tmp_path)
    yield from commands.opened(monkeypatch, capsys)


@pytest.fixture
def router() -> Router:
    made = Router()
    handlers.register(made, Office().announcer)
    return made


def test_slack_finds_every_request_at_one_address() -> None:
    manifest = app_manifest("https://kontor.example.com/")
    address = "https://kontor.example.com/slack/events"
    assert [command["url"] for command in manifest["features"]["slash_commands"]] == [address, address]
    interactivity = manifest["settings"]["interactivity"]
    assert interactivity["request_url"] == interactivity["message_menu_options_url"] == address


def test_with_socket_mode_no_address_is_needed() -> None:
    text = json.dumps(app_manifest("https://kontor.example.com", socket_mode=True))
    assert "kontor.example.com" not in text
    assert json.loads(text)["settings"]["socket_mode_enabled"] is True


def test_texts_keep_to_slacks_limits() -> None:
    """Slack's reference of the app manifest: name 35, short description 140, usage hint 1000, shortcut name 24."""
    manifest = app_manifest("https://kontor.example.com")
    assert len(manifest["display_information"]["name"]) <= 35
    assert len(manifest["display_information"]["description"]) <= 140
    for command in manifest["features"]["slash_commands"]:
        assert command["command"].startswith("/")
        assert len(command["command"]) <= 32
        assert len(command["description"]) <= 2000
        assert len(command["usage_hint"]) <= 1000
    for shortcut in manifest["features"]["shortcuts"]:
        assert len(shortcut["name"]) <= 24
        assert len(shortcut["description"]) <= 150


def test_the_shortcut_is_one_that_is_answered(router: Router) -> None:
    assert router.ids(Kind.SHORTCUT) == (SHORTCUT,)


def test_the_events_that_are_answered_are_the_ones_that_are_asked_for(router: Router) -> None:
    asked = app_manifest("https://kontor.example.com")["settings"].get("event_subscriptions", {}).get("bot_events", [])
    assert sorted(router.ids(Kind.EVENT)) == sorted(asked)


def test_every_scope_has_its_reason() -> None:
    assert app_manifest("https://k.example")["oauth_config"]["scopes"]["bot"] == list(SCOPES)
    assert all(SCOPES.values())
    needed = {method.scope for method in METHODS.values() if method.scope}
    assert set(SCOPES) - needed <= {"commands", "users:read.email"}, "a scope that no method needs"


def test_the_command_prints_json_and_nothing_else(kontor: commands.Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KONTOR_PUBLIC_URL", "https://billing.example.org")
    ran = kontor("manifest")
    assert (ran.code, ran.err) == (0, "")
    assert json.loads(ran.out) == app_manifest("https://billing.example.org")
    assert [command["command"] for command in json.loads(ran.out)["features"]["slash_commands"]] == list(COMMANDS)
    assert json.loads(kontor("manifest", "--socket-mode").out) == app_manifest("", socket_mode=True)


def test_a_manifest_needs_no_secrets(kontor: commands.Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is what the app is made from that gives them out."""
    for name in ("SLACK_SIGNING_SECRET", "SLACK_BOT_TOKEN", "STRIPE_API_KEY", "STRIPE_WEBHOOK_SECRET"):
        monkeypatch.delenv(name)
    monkeypatch.delenv("KONTOR_PUBLIC_URL", raising=False)
    assert "https://kontor.example.com/slack/events" in kontor("manifest").out
