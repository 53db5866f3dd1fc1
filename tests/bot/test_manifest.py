"""The manifest says what the app does: no command, shortcut or scope more or less."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from slack_sdk import WebClient

import handlers
from blocks.help import help_message
from blocks.texts import Translator
from bot.manifest import COMMANDS, SCOPES, SHORTCUTS, app_manifest
from bot.sandbox.workspace.api import METHODS
from bot.sandbox.workspace.manifest import EVENT_SCOPES
from handlers.router import Kind, Router
from tests.bot import commands
from tests.bot.settings_examples import set_environment
from tests.support.office import Office

ROOT = Path(__file__).parents[2]


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


def test_the_shortcuts_are_those_that_are_answered(router: Router) -> None:
    assert sorted(router.ids(Kind.SHORTCUT)) == sorted(SHORTCUTS)


def test_the_events_that_are_answered_are_the_ones_that_are_asked_for(router: Router) -> None:
    asked = app_manifest("https://kontor.example.com")["settings"].get("event_subscriptions", {}).get("bot_events", [])
    assert sorted(router.ids(Kind.EVENT)) == sorted(asked)


def test_the_words_of_the_usage_hints_are_commands_that_are_answered(router: Router) -> None:
    """A hint reads "[name or e-mail] | subscribe [name] | help [topic]": words outside of brackets are typed."""
    for command in app_manifest("https://kontor.example.com")["features"]["slash_commands"]:
        words = [way.split("[")[0].strip() for way in command["usage_hint"].split("|")]
        assert {word for word in words if word} <= set(router.ids(Kind.COMMAND)), command["command"]


@pytest.mark.parametrize(("command", "language"), [("/billing", "en"), ("/abrechnung", "de")])
def test_a_usage_hint_has_every_command_of_the_help(command: str, language: str) -> None:
    text = str(help_message("", Translator(language)).blocks)
    named = set(re.findall(rf"`{command} ([a-zäöü-]+)", text))
    assert len(named) > 5, "the search is blind"
    hint = COMMANDS[command][1]
    assert named <= {way.split("[")[0].strip() for way in hint.split("|")}


def test_home_is_on_exactly_when_its_event_is_answered(router: Router) -> None:
    home = app_manifest("https://kontor.example.com")["features"]["app_home"]["home_tab_enabled"]
    assert home == ("app_home_opened" in router.ids(Kind.EVENT))


PROGRAM = ("bot", "handlers", "blocks", "billing")
API_NAMES = {name for name in dir(WebClient) if "_" in name and not name.startswith("_")} - {"api_call"}

# Names of the SDK that stand for several methods.
COMPOSED = {"files_upload_v2": ("files.getUploadURLExternal", "files.completeUploadExternal")}


@cache
def called() -> dict[str, set[str]]:
    """The Web API methods that the program's own code calls, by Slack's name, with the files that do it."""
    found: dict[str, set[str]] = {}
    for path in (path for package in PROGRAM for path in (ROOT / package).rglob("*.py")):
        if ROOT / "bot" / "sandbox" in path.parents:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in API_NAMES:
                for name in COMPOSED.get(node.func.attr, (node.func.attr.replace("_", "."),)):
                    found.setdefault(name, set()).add(str(path.relative_to(ROOT)))
    return found


def test_the_local_workspace_plays_every_method_that_is_called() -> None:
    assert {"views.open", "views.update", "chat.postMessage", "usergroups.list"} <= set(called()), "the search is blind"
    assert set(called()) - set(METHODS) == set()


def test_the_scopes_are_exactly_those_that_the_calls_and_events_need() -> None:
    manifest = app_manifest("https://k.example")
    methods = {METHODS[name].scope for name in called()} - {None}
    if "conversations.info" in called():  # Slack wants a scope for each kind of channel
        methods |= {"channels:read", "groups:read"}
    events = manifest["settings"].get("event_subscriptions", {}).get("bot_events", [])
    heard = {EVENT_SCOPES[event] for event in events if event in EVENT_SCOPES}
    # Slack wants `commands` for slash commands and shortcuts alike.
    assert set(SCOPES) == methods | heard | {"commands"}


def test_every_scope_has_its_reason() -> None:
    assert app_manifest("https://k.example")["oauth_config"]["scopes"]["bot"] == list(SCOPES)
    assert all(SCOPES.values())


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
    ran = kontor("manifest")
    assert "https://kontor.example.com/slack/events" in ran.out
    assert "KONTOR_PUBLIC_URL is not set" in ran.err, "that address is nobody's"
    assert json.loads(ran.out), "what is said beside it does not spoil the JSON"
    assert kontor("manifest", "--socket-mode").err == "", "there it needs no address"
