"""The import of a file and the sync with Stripe, on both databases: resumed after a crash, they end the same."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from billing.contacts import Account, Address, CustomerSnapshot
from billing.errors import Transient
from billing.ids import CustomerId
from billing.imports import BATCH, UNKNOWN_COUNTRY, FileReport, Phase, contact_id, import_file, sync
from billing.storage.database import Database
from billing.timeline import Happening
from tests.billing.storage.examples import ACTOR, CATALOGUE, NOW, contact, method, snapshot

ROWS = 2 * BATCH + 7


@pytest.fixture
def store(database_url: str) -> Iterator[Database]:
    with Database(
        database_url, catalogue=CATALOGUE, enqueue=lambda connection, *jobs: None, clock=lambda: NOW
    ) as database:
        yield database


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write(tmp_path / "contacts.csv", ROWS)


def write(file: Path, count: int) -> Path:
    with file.open("w") as lines:
        lines.write("stripe_customer,name,country,currency,members\n")
        lines.writelines(f"cus_{n},Person {n},DE,EUR,Ada <ada{n}@x.example>:admin\n" for n in range(count))
    return file


def everybody(store: Database, count: int = ROWS) -> list[str]:
    """The names of those of the file that are there, in its order."""
    with store.reading(ACTOR) as uow:
        known = uow.contacts.by_customers([CustomerId(f"cus_{n}") for n in range(count)])
        assert all(len(one.members) == 1 for one in known.values())
        return [known[CustomerId(f"cus_{n}")].name for n in range(count) if f"cus_{n}" in known]


NAMES = [f"Person {n}" for n in range(ROWS)]


class PowerCut(BaseException):
    """Ends the program in the middle."""


# --- files ------------------------------------------------------------------------------------------------------------


def test_a_file_is_imported_and_told_about(store: Database, file: Path) -> None:
    told: list[tuple[Phase, int, int | None]] = []
    assert import_file(store, ACTOR, file, lambda *progress: told.append(progress)) == FileReport(contacts=ROWS)
    assert everybody(store) == NAMES
    assert [one for one in told if one[0] is Phase.IMPORTING] == [
        (Phase.IMPORTING, BATCH, ROWS),
        (Phase.IMPORTING, 2 * BATCH, ROWS),
        (Phase.IMPORTING, ROWS, ROWS),
    ]
    with store.reading(ACTOR) as uow:
        (entry,) = uow.timeline.page(contact_id(CustomerId("cus_0"))).entries
    assert (entry.what, entry.by) == (Happening.CONTACT_IMPORTED, "Ada")


def test_one_bad_row_and_nothing_is_imported(store: Database, file: Path) -> None:
    with file.open("a") as lines:
        lines.write("cus_x,,DE,EUR,\n")
    report = import_file(store, ACTOR, file)
    assert [problem.line for problem in report.problems] == [ROWS + 2]  # the header is line 1
    assert report.contacts == 0
    assert everybody(store) == []


def test_a_long_list_of_problems_is_counted_and_not_kept(store: Database, tmp_path: Path) -> None:
    file = tmp_path / "bad.csv"
    file.write_text("stripe_customer,name,country,currency\n" + "cus_1,,DE,EUR\n" * 1500)
    report = import_file(store, ACTOR, file)
    # 1,500 rows lack a name. None of them is sound, so none is a duplicate of another.
    assert (len(report.problems), report.further_problems) == (1000, 500)


@pytest.mark.parametrize("survived", [1, 2])
def test_an_import_that_was_killed_goes_on_where_it_was(store: Database, file: Path, survived: int) -> None:
    def cut(phase: Phase, done: int, _total: int | None) -> None:
        if phase is Phase.IMPORTING and done == survived * BATCH:
            raise PowerCut

    with pytest.raises(PowerCut):
        import_file(store, ACTOR, file, cut)
    assert everybody(store) == NAMES[: survived * BATCH]
    assert import_file(store, ACTOR, file) == FileReport(contacts=ROWS, resumed_at=survived * BATCH)
    assert everybody(store) == NAMES


def test_a_batch_that_was_cut_off_leaves_nothing(store: Database, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The power fails between the rows of a batch and its count."""

    def cut(*_: object) -> None:
        raise PowerCut

    with monkeypatch.context() as patched:
        patched.setattr("billing.storage.imports.ImportRows.advance", cut)
        with pytest.raises(PowerCut):
            import_file(store, ACTOR, file)
    assert everybody(store) == []
    assert import_file(store, ACTOR, file) == FileReport(contacts=ROWS)
    assert everybody(store) == NAMES


def test_another_file_starts_at_its_beginning(store: Database, file: Path, tmp_path: Path) -> None:
    def cut(phase: Phase, *_: object) -> None:
        if phase is Phase.IMPORTING:
            raise PowerCut

    with pytest.raises(PowerCut):
        import_file(store, ACTOR, file, cut)
    assert import_file(store, ACTOR, write(tmp_path / "other.csv", ROWS + 1)) == FileReport(contacts=ROWS + 1)


def test_a_file_may_be_imported_again_and_known_contacts_keep_their_ids(store: Database, file: Path) -> None:
    known = contact("Somebody", customer=CustomerId("cus_3"))
    with store.writing(ACTOR) as uow:
        uow.contacts.save(known)
    for _ in range(2):
        assert import_file(store, ACTOR, file) == FileReport(contacts=ROWS)
        assert everybody(store) == NAMES
    with store.reading(ACTOR) as uow:
        assert uow.contacts.get(known.id).name == "Person 3"
        assert uow.timeline.page(known.id).entries == ()  # it was not new
        assert len(uow.timeline.page(contact_id(CustomerId("cus_4"))).entries) == 1


def test_memory_does_not_grow_with_the_file(tmp_path: Path, sqlite_template: Path) -> None:
    """Six times the rows take no more than what remembering six times the customers' ids takes."""

    def peak(count: int) -> int:
        copy = tmp_path / f"{count}.db"
        copy.write_bytes(sqlite_template.read_bytes())
        with Database(f"sqlite:///{copy}", catalogue=CATALOGUE, enqueue=lambda connection, *jobs: None) as store:
            tracemalloc.start()
            try:
                import_file(store, ACTOR, write(tmp_path / f"{count}.csv", count))
                return tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()

    few, many = peak(200), peak(1_200)
    assert many - few < 1_000 * 250  # bytes; a contact alone takes several thousand


# --- Stripe -----------------------------------------------------------------------------------------------------------


class Pages:
    """Stripe's customers by twos; breaks off before a page, if told to."""

    def __init__(self, *customers: CustomerSnapshot, breaks_before: str | None = None) -> None:
        self._customers = customers
        self._breaks_before = breaks_before
        self.asked_after: list[str | None] = []

    def pages(self, after: CustomerId | None) -> Iterator[tuple[CustomerSnapshot, ...]]:
        self.asked_after.append(after)
        names = [one.customer for one in self._customers]
        start = names.index(after) + 1 if after else 0
        for number in range(start, len(names), 2):
            if names[number] == self._breaks_before:
                raise Transient("stripe")
            yield self._customers[number : number + 2]


def stripe(number: int, **fields: object) -> CustomerSnapshot:
    one = contact(f"Person {number}", customer=CustomerId(f"cus_{number}"), email=f"p{number}@x.example")
    return snapshot(one, **fields)


def test_unknown_customers_become_contacts_with_their_mirror(store: Database) -> None:
    new = stripe(1, payment_methods=(method("a"),), language="de", currency=None)
    report = sync(store, ACTOR, Pages(new))
    assert (report.contacts, report.created, report.changed, report.without_country) == (1, 1, 0, ())
    with store.reading(ACTOR) as uow:
        made = uow.contacts.get(contact_id(new.customer))
        assert (made.name, made.email, made.language, made.currency) == ("Person 1", "p1@x.example", "de", "EUR")
        assert made.since.isoformat() == "2026-11-22"  # 23:30 UTC on the 21st is the 22nd in Berlin
        assert uow.mirror.payment_methods(made.id) == (method("a"),)
        assert [entry.what for entry in uow.timeline.page(made.id).entries] == [Happening.CONTACT_IMPORTED]


def test_what_is_ours_stays_and_what_is_stripes_follows(store: Database) -> None:
    ours = contact(
        "Old Name",
        customer=CustomerId("cus_1"),
        company="Roe GmbH",
        language="fr",
        account=Account(plan="plus/pro", seats=3),
        address=Address(country="FR", city="Paris"),
        members=(),
    )
    with store.writing(ACTOR) as uow:
        uow.contacts.save(ours)
    report = sync(store, ACTOR, Pages(stripe(1, phone="+33 1", address=Address(country="DE", city="Bonn"))))
    assert (report.created, report.changed) == (0, 1)
    expected = {
        "name": "Person 1",
        "email": "p1@x.example",
        "phone": "+33 1",
        "address": Address(country="DE", city="Bonn"),
    }
    with store.reading(ACTOR) as uow:
        assert uow.contacts.get(ours.id) == ours.model_copy(update=expected)


def test_a_second_sync_changes_nothing(store: Database) -> None:
    every = [stripe(number) for number in range(5)]
    assert sync(store, ACTOR, Pages(*every)).created == 5
    again = sync(store, ACTOR, Pages(*every))
    assert (again.contacts, again.created, again.changed) == (5, 0, 0)
    moved = sync(store, ACTOR, Pages(*every[:4], stripe(4, payment_methods=(method("a"),))))
    assert (moved.created, moved.changed) == (0, 1)


def test_a_sync_that_broke_off_goes_on_behind_the_last_page(store: Database) -> None:
    every = [stripe(number) for number in range(6)]
    with pytest.raises(Transient):
        sync(store, ACTOR, Pages(*every, breaks_before="cus_4"))
    rest = Pages(*every)
    report = sync(store, ACTOR, rest)
    assert rest.asked_after == ["cus_3"]
    assert (report.contacts, report.resumed_at, report.created) == (6, 4, 2)
    full = Pages(*every)
    assert sync(store, ACTOR, full).created == 0
    assert full.asked_after == [None]  # it had come to its end, so it begins anew


def test_customers_without_name_or_country_are_kept_and_told(store: Database) -> None:
    report = sync(store, ACTOR, Pages(stripe(1, name="", address=None), stripe(2, name="", email="")))
    assert report.without_country == ("cus_1",)
    with store.reading(ACTOR) as uow:
        assert uow.contacts.get(contact_id(CustomerId("cus_1"))).name == "p1@x.example"
        assert uow.contacts.get(contact_id(CustomerId("cus_1"))).address.country == UNKNOWN_COUNTRY
        assert uow.contacts.get(contact_id(CustomerId("cus_2"))).name == "cus_2"


def test_the_same_customer_always_has_the_same_id() -> None:
    """sha256 of `cus_1` begins with these letters, says sha256sum."""
    assert contact_id(CustomerId("cus_1")) == f"con_{SHA256_OF_CUS_1}"


SHA256_OF_CUS_1 = "2908905ede164ca82eb939db"
