"""The import of a file, on both databases: resumed after a crash, it ends the same."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from billing.ids import CustomerId
from billing.imports import BATCH, FileReport, Phase, contact_id, import_file
from billing.storage.database import Database
from billing.timeline import Happening
from tests.billing.storage.examples import ACTOR, CATALOGUE, NOW, contact

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
    # 1,500 rows lack a name, and 1,499 of them are about the first one's customer: 2,999.
    assert (len(report.problems), report.further_problems) == (1000, 1999)


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
            gc.collect()
            gc.freeze()  # the more there is of other tests, the longer cycles would lie around
            usual = gc.get_threshold()
            gc.set_threshold(100, 1, 1)
            tracemalloc.start()
            try:
                import_file(store, ACTOR, write(tmp_path / f"{count}.csv", count))
                return tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()
                gc.set_threshold(*usual)
                gc.unfreeze()

    few, many = peak(200), peak(1_200)
    assert many - few < 1_000 * 500  # bytes; a contact alone takes several thousand


def test_the_same_customer_always_has_the_same_id() -> None:
    """sha256 of `cus_1` begins with these letters, says sha256sum."""
    assert contact_id(CustomerId("cus_1")) == f"con_{SHA256_OF_CUS_1}"


SHA256_OF_CUS_1 = "2908905ede164ca82eb939db"
