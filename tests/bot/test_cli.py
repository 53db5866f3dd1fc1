"""The `kontor` command at a terminal: every command, and what it says when something is not as it should be."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

import bot
from billing import imports
from billing.storage.schema import is_current
from bot.engine import is_migrated
from bot.sandbox import stripe as local_stripe
from bot.sandbox.server import running
from tests.bot import commands
from tests.bot.settings_examples import ENVIRONMENT, set_environment

HEADER = "stripe_customer,name,email,country,currency\n"


@pytest.fixture
def kontor(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Iterator[commands.Terminal]:
    set_environment(monkeypatch, tmp_path)
    yield from commands.opened(monkeypatch, capsys)


def test_help_names_every_command(kontor: commands.Terminal) -> None:
    ran = kontor("--help")
    assert ran.code == 0
    for command in (
        *("demo", "serve", "worker", "migrate", "doctor", "manifest"),
        *("sandbox", "contacts", "catalogue", "roles"),
    ):
        assert re.search(rf"\b{command}\b", ran.out), command
    assert "--with-parent" not in kontor("serve", "--help").out


def test_the_module_is_the_same_as_the_command() -> None:
    ran = subprocess.run([sys.executable, "-m", "bot", "--help"], capture_output=True, text=True, check=True)
    assert "doctor" in ran.stdout


def test_a_command_pays_for_no_imports_but_its_own() -> None:
    """The parts of the sandbox start in well under a second only while they load neither Stripe's library nor DBOS."""
    program = "import sys, bot.cli; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert {"stripe", "dbos", "sqlalchemy", "slack_bolt", "prometheus_client", "pydantic"} & set(loaded) == set()


@pytest.mark.parametrize("command", ["serve", "worker", "doctor"])
def test_missing_settings_end_in_one_line_and_no_traceback(
    kontor: commands.Terminal, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    for name in ENVIRONMENT:
        monkeypatch.delenv(name)
    ran = kontor(command)
    assert ran.code == 1
    said = ran.out if command == "doctor" else ran.err
    assert all(name in said for name in ENVIRONMENT)
    assert "Traceback" not in ran.out + ran.err
    if command != "doctor":
        assert ran.err.startswith("kontor: ")
        assert ran.err.count("\n") == 1


def test_migrating_twice_is_fine(kontor: commands.Terminal, tmp_path: Path) -> None:
    assert [kontor("migrate").code for _ in range(2)] == [0, 0]
    url = f"sqlite:///{tmp_path / 'var' / 'kontor.db'}"
    assert is_current(url)
    assert is_migrated(url)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://kontor:geheim@127.0.0.1:1/kontor", "Connection refused"),
        ("sqlite:////proc/nowhere/kontor.db", "No such file or directory"),
    ],
)
@pytest.mark.parametrize("command", [("migrate",), ("serve",), ("contacts", "import", "x.csv"), ("contacts", "sync")])
def test_a_database_that_cannot_be_used_is_one_line(
    kontor: commands.Terminal, monkeypatch: pytest.MonkeyPatch, url: str, said: str, command: tuple[str, ...]
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    ran = kontor(*command)
    assert ran.code == 1
    assert ran.err.startswith("kontor: DATABASE_URL: the database cannot be used: ")
    assert said in ran.err
    assert ran.err.count("\n") == 1
    assert "geheim" not in ran.err


def test_an_empty_database_is_refused_with_the_command_that_helps(kontor: commands.Terminal) -> None:
    for command in (("serve",), ("contacts", "import", "x.csv"), ("contacts", "sync"), ("roles", "list")):
        ran = kontor(*command)
        assert ran.code == 1
        assert "run `kontor migrate`" in ran.err


def test_the_catalogue_is_checked_and_every_mistake_has_its_line(kontor: commands.Terminal, tmp_path: Path) -> None:
    assert "the catalogue is sound" in kontor("catalogue", "check").out
    file = tmp_path / "prices.toml"
    file.write_text("[business]\nname = 7\n")
    ran = kontor("catalogue", "check", str(file))
    assert ran.code == 1
    assert "prices.toml:2: business.name" in ran.err
    assert "Traceback" not in ran.err
    assert "cannot be read" in kontor("catalogue", "check", str(tmp_path / "none.toml")).err
    for text in (f"number = {'1' * 5000}", f"deep = {'[' * 5000}"):
        file.write_text(text)
        ran = kontor("catalogue", "check", str(file))
        assert ran.code == 1
        assert "prices.toml:1: not TOML" in ran.err


def test_a_catalogue_that_windows_wrote_is_read(kontor: commands.Terminal, tmp_path: Path) -> None:
    """Its editors put a mark in front of UTF-8 and end lines their own way."""
    sound = Path(bot.__file__).with_name("catalogue.toml").read_text(encoding="utf-8")
    file = tmp_path / "prices.toml"
    file.write_bytes(sound.replace("\n", "\r\n").encode("utf-8-sig"))
    assert "the catalogue is sound" in kontor("catalogue", "check", str(file)).out


def test_contacts_are_imported_once_however_often_the_file_is(kontor: commands.Terminal, tmp_path: Path) -> None:
    kontor("migrate")
    file = tmp_path / "contacts.csv"
    file.write_text(HEADER + "cus_1,Ada Berger,ada@example.com,DE,EUR\ncus_2,Ben Roe,ben@example.com,US,USD\n")
    assert "2 contacts imported." in kontor("contacts", "import", str(file)).out
    assert kontor("contacts", "import", str(file)).code == 0


def test_a_file_with_mistakes_is_not_imported_and_each_has_its_line(kontor: commands.Terminal, tmp_path: Path) -> None:
    kontor("migrate")
    file = tmp_path / "contacts.csv"
    file.write_text(
        HEADER + "cus_1,Ada,ada@example.com,DE,EUR\ncus_2,Ben,no-address,DE,EUR\ncus_3,,c@example.com,XX,EUR\n"
    )
    ran = kontor("contacts", "import", str(file))
    assert ran.code == 1
    assert "line 3: email is no e-mail address: no-address" in ran.out
    assert "line 4: name is empty" in ran.out
    assert "line 4: country is no country code" in ran.out
    assert "3 mistakes: nothing was imported." in ran.out
    file.write_text(HEADER + "cus_1,Ada,no-address,DE,EUR\n")
    assert "1 mistake: nothing was imported." in kontor("contacts", "import", str(file)).out
    missing = kontor("contacts", "import", str(tmp_path / "none.csv"))
    assert missing.err == f"kontor: there is no file {tmp_path / 'none.csv'}\n"


def test_slack_being_away_is_one_line(kontor: commands.Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    kontor("migrate")
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
    monkeypatch.setenv("SLACK_API_URL", f"http://127.0.0.1:{port}/api/")
    for command in (("roles", "list"), ("roles", "grant", "U1", "agent")):
        ran = kontor(*command)
        assert ran.code == 1
        assert ran.err.splitlines()[-1].startswith("kontor: Slack does not answer: ")
        assert "Traceback" not in ran.err


def test_a_file_where_a_folder_or_a_database_belongs_is_one_line(kontor: commands.Terminal, tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("no database, and longer than the hundred bytes that SQLite looks at first: " + "x" * 100)
    for command in (("demo", "--no-browser", "--data", str(file)), ("sandbox", "stripe", "--data", str(file))):
        ran = kontor(*command)
        assert ran.code == 1
        assert ran.err.startswith("kontor: ")
        assert "Traceback" not in ran.err


def test_settings_in_a_file_that_is_no_text_are_one_line(
    kontor: commands.Terminal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_bytes("KONTOR_PUBLIC_URL=https://müller.example".encode("latin-1"))
    ran = kontor("manifest")
    assert ran.code == 1
    assert ran.err.startswith("kontor: the file .env is not UTF-8")


def test_a_card_number_is_not_printed_back(kontor: commands.Terminal, tmp_path: Path) -> None:
    kontor("migrate")
    file = tmp_path / "contacts.csv"
    file.write_text(f"{HEADER.strip()},4242424242424242\ncus_1,Ada,ada@example.com,DE,EUR,x\n")
    for command in (("sync", "4242 4242 4242 4242"), ("contacts", "import", str(file))):
        ran = kontor(*command)
        assert ran.code == 1
        assert "4242" not in ran.out + ran.err


def test_a_file_that_changes_while_it_is_imported_is_one_line(
    kontor: commands.Terminal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    kontor("migrate")
    file = tmp_path / "contacts.csv"
    file.write_text(HEADER + "cus_1,Ada,ada@example.com,DE,EUR\n")

    def change(*_: object) -> str:
        file.write_text(HEADER + "cus_1,Ada,no-address,DE,EUR\n")
        return "digest"

    monkeypatch.setattr(imports, "_digest", change)
    ran = kontor("contacts", "import", str(file))
    assert ran.code == 1
    assert "was changed while it was read: begin again" in ran.err.replace("\n", " ")


@pytest.mark.parametrize(
    "wrong",
    [
        ("serve", "--port", "0"),
        ("demo", "--port-base", "65535"),
        ("sandbox", "mailbox", "--smtp-port", "99999"),
        ("roles", "grant", "U1", "owner"),
        ("nothing",),
    ],
)
def test_wrong_usage_is_explained_with_exit_code_two(kontor: commands.Terminal, wrong: tuple[str, ...]) -> None:
    ran = kontor(*wrong)
    assert ran.code == 2
    assert "Traceback" not in ran.err


def test_a_key_that_stripe_refuses_is_named(
    kontor: commands.Terminal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The local Stripe takes keys of the test mode only."""
    stripe_app = local_stripe.create_app(path=tmp_path / "stripe.db")
    with closing(stripe_app), running(stripe_app) as url:
        monkeypatch.setenv("STRIPE_API_URL", url)
        monkeypatch.setenv("STRIPE_API_KEY", "sk_live_geheim")
        ran = kontor("catalogue", "push", "--dry-run")
    assert ran.code == 1
    assert ran.err == "kontor: STRIPE_API_KEY: refused; it is wrong, or may not do this\n"
