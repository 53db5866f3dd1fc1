"""An operator's chores against the local Slack and Stripe: roles, the catalogue, contacts from Stripe."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from billing.contact_files import Mistake
from bot import chores
from bot.slack import slack_client
from tests.bot import commands
from tests.bot.settings_examples import set_environment
from tests.support.world import World, sandboxes


@pytest.fixture(scope="module")
def parts(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    file = tmp_path_factory.mktemp("chores") / "kontor.db"
    shutil.copyfile(sqlite_template, file)
    with sandboxes(f"sqlite:///{file}") as made:
        yield made


@pytest.fixture
def kontor(
    parts: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Iterator[commands.Terminal]:
    set_environment(monkeypatch, tmp_path, **parts.environment)
    yield from commands.opened(monkeypatch, capsys)


def row(table: str, word: str) -> str:
    return next(line for line in table.splitlines() if word in line)


def test_a_role_is_granted_by_id_and_by_address_and_listed(kontor: commands.Terminal, parts: World) -> None:
    somebody = parts.bystander()
    ran = kontor("roles", "grant", somebody.id, "sales")
    assert ran.out == f"{somebody.name} ({somebody.id}) is sales now.\n"
    email = slack_client(parts.settings).users_info(user=somebody.id)["user"]["profile"]["email"]
    assert "is manager now." in kontor("roles", "grant", email, "manager").out
    assert kontor("roles", "grant", somebody.id, "manager").code == 0, "twice is fine"
    table = kontor("roles", "list").out
    assert "manager, sales" in row(table, somebody.id)
    assert row(table, "create subscription").count("✓") >= 3


@pytest.mark.parametrize("user", ["U0NOBODY", "nobody@example.com"])
def test_a_role_for_somebody_whom_slack_does_not_know_is_refused(kontor: commands.Terminal, user: str) -> None:
    ran = kontor("roles", "grant", user, "agent")
    assert ran.code == 1
    assert ran.err.startswith(f"kontor: Slack does not know {user}\n")


def test_a_push_says_what_it_would_do_and_does_it_only_when_told(
    kontor: commands.Terminal, parts: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert kontor("catalogue", "push").out == "Stripe is as the catalogue wants it.\n"
    text = Path(parts.environment["KONTOR_CATALOGUE"]).read_text(encoding="utf-8")
    (tmp_path / "changed.toml").write_text(text.replace("Desk Team", "Desk Crew"), encoding="utf-8")
    monkeypatch.setenv("KONTOR_CATALOGUE", "changed.toml")
    planned = kontor("catalogue", "push", "--dry-run").out
    assert "update product desk-team: new name" in planned
    assert "Running subscriptions keep their prices." in planned
    assert kontor("catalogue", "push", "--dry-run").out == planned, "nothing was done"
    assert kontor("catalogue", "push", "--yes").out.rstrip().endswith("Done.")
    products = parts.stripe.v1.products.list({"limit": 100}).data
    assert any("Desk Crew" in product.name for product in products)
    assert kontor("catalogue", "push").out == "Stripe is as the catalogue wants it.\n"
    monkeypatch.setenv("KONTOR_CATALOGUE", parts.environment["KONTOR_CATALOGUE"])
    assert kontor("catalogue", "push", "--yes").code == 0


def test_contacts_come_from_stripes_customers_and_again_changes_nothing(
    kontor: commands.Terminal, parts: World
) -> None:
    address = {"country": "DE", "city": "Berlin"}
    parts.stripe.v1.customers.create({"name": "Synced One", "email": "one@example.com", "address": address})
    parts.stripe.v1.customers.create({"name": "Synced Two", "email": "two@example.com"})
    first = kontor("contacts", "sync")
    assert "2 customers seen: 2 new contacts, 0 differed and were mended." in first.out
    assert "Without a country at Stripe, so nothing can be billed to them" in first.out
    again = kontor("contacts", "sync")
    assert "2 customers seen: 0 new contacts, 0 differed and were mended." in again.out


def test_one_contact_is_repaired_by_any_of_its_names(kontor: commands.Terminal, parts: World) -> None:
    ada = parts.contact("pm_card_visa", name="Repaired One")
    parts.stripe.v1.payment_methods.attach("pm_card_mastercard", {"customer": ada.customer})
    first = kontor("sync", ada.email)
    assert "1 customers seen: 0 new contacts, 1 differed and were mended." in first.out
    assert f"{ada.id}: payment_methods" in first.out
    for wanted in (ada.customer, ada.id):
        assert "0 differed" in kontor("sync", wanted).out
    for wanted in ("con_nobody", "cus_nobody", "nobody@example.com"):
        ran = kontor("sync", wanted)
        assert ran.code == 1
        assert f"is known as {wanted}: give an e-mail address" in ran.err


def test_everybody_is_repaired_at_once(kontor: commands.Terminal, parts: World) -> None:
    parts.contact("pm_card_visa", name="Repaired Two")
    assert kontor("sync").code == 0
    assert " 0 differed and were mended." in kontor("sync").out


def test_every_mistake_of_a_file_has_its_sentence() -> None:
    assert set(chores._MISTAKES) == set(Mistake)
