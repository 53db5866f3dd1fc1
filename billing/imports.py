"""Bringing contacts in from a CSV file.

It may be killed at any instant and started again: what is done is counted in the same transaction as the doing, and
doing a thing twice ends in the same rows. It holds one batch in memory at a time, whatever the size of the whole.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import Protocol

from billing.access import Actor
from billing.contact_files import Problem, read_contacts
from billing.contacts import Contact, Contacts
from billing.ids import ContactId, CustomerId
from billing.models import Frozen
from billing.ports import UnitOfWork
from billing.timeline import Entry, Happening, Timeline

BATCH = 100  # contacts in one transaction, so that nobody else waits long to write
MOST_PROBLEMS = 1_000  # that a report lists; the others are counted


class Phase(StrEnum):
    """What the progress is about."""

    CHECKING = "checking"
    IMPORTING = "importing"


Report = Callable[[Phase, int, int | None], None]  # contacts done so far, and how many there are if that is known


class Progress(Frozen):
    """How far an import has come."""

    done: int = 0  # contacts
    resume_after: str | None = None  # where it goes on, when that is not simply the count


class Imports(Protocol):
    """The rows about imports that are under way."""

    def progress(self, import_id: str) -> Progress:
        """Nothing done, when it is new or the last one of this name came to its end."""

    def advance(self, import_id: str, progress: Progress) -> None: ...

    def finish(self, import_id: str, progress: Progress) -> None: ...


class ManyContacts(Contacts, Protocol):
    """Contacts by the batch."""

    def by_customers(self, customers: Collection[CustomerId]) -> dict[CustomerId, Contact]:
        """Those that are known."""

    def save_all(self, every: Sequence[Contact]) -> None: ...


class ManyEntries(Timeline, Protocol):
    """Timeline entries by the batch."""

    def append_all(self, entries: Sequence[Entry]) -> None:
        """Those that are there already stay as they are."""


class ImportUnit(UnitOfWork, Protocol):
    """The unit of work of an import."""

    @property
    def contacts(self) -> ManyContacts: ...
    @property
    def timeline(self) -> ManyEntries: ...
    @property
    def imports(self) -> Imports: ...


class ImportStore(Protocol):
    """Opens them; the storage layer's Database is one."""

    def reading(self, actor: Actor) -> AbstractContextManager[ImportUnit]: ...

    def writing(self, actor: Actor) -> AbstractContextManager[ImportUnit]: ...


class FileChanged(Exception):
    """The file is not what it was when it was checked; nothing more of it is imported."""


class FileReport(Frozen):
    """What came of an import from a file. With problems nothing was imported."""

    contacts: int = 0  # imported by all runs together
    resumed_at: int = 0  # how many of them an interrupted run had done
    problems: tuple[Problem, ...] = ()
    further_problems: int = 0


def contact_id(customer: CustomerId) -> ContactId:
    """The same customer always gives the same id, whoever meets it first."""
    return ContactId("con_" + hashlib.sha256(customer.encode()).hexdigest()[:24])


def import_file(store: ImportStore, actor: Actor, file: Path, report: Report | None = None) -> FileReport:
    """Check the whole file; if it has no mistake, import it. Started again, it goes on where it was interrupted.

    A contact that is known by its Stripe customer is replaced, and keeps its id. Raises FileChanged.
    """
    tell = report or silent
    with store.reading(actor) as uow:
        today = uow.today
    count, problems, further = _check(file, today, tell)
    if problems:
        return FileReport(problems=problems, further_problems=further)
    name = f"csv:{_digest(file)}"
    with store.reading(actor) as uow:
        resumed_at = done = uow.imports.progress(name).done
    contacts = islice(_sound(file, today), resumed_at, None)
    while batch := list(islice(contacts, BATCH)):
        done += len(batch)
        with store.writing(actor) as uow:
            _import(uow, batch)
            uow.imports.advance(name, Progress(done=done))
        tell(Phase.IMPORTING, done, count)
    with store.writing(actor) as uow:
        uow.imports.finish(name, Progress(done=done))
    return FileReport(contacts=done, resumed_at=resumed_at)


def _check(file: Path, today: date, tell: Report) -> tuple[int, tuple[Problem, ...], int]:
    """How many contacts the file has, the problems to show, and how many more there are."""
    count = found = 0
    problems: list[Problem] = []
    for row in read_contacts(file, today, contact_id):
        if isinstance(row, Contact):
            count += 1
            if count % BATCH == 0:
                tell(Phase.CHECKING, count, None)
            continue
        found += 1
        if len(problems) < MOST_PROBLEMS:
            problems.append(row)
    tell(Phase.CHECKING, count, None)
    return count, tuple(problems), found - len(problems)


def _sound(file: Path, today: date) -> Iterator[Contact]:
    """The contacts of a file that was checked."""
    for row in read_contacts(file, today, contact_id):
        if not isinstance(row, Contact):
            raise FileChanged(str(file))
        yield row


def _digest(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _import(uow: ImportUnit, batch: Sequence[Contact]) -> None:
    known = uow.contacts.by_customers([contact.customer for contact in batch])
    contacts = [
        contact.model_copy(update={"id": known[contact.customer].id}) if contact.customer in known else contact
        for contact in batch
    ]
    save(uow, contacts, known)


def save(uow: ImportUnit, contacts: Sequence[Contact], known: Mapping[CustomerId, Contact]) -> None:
    """Save them; new ones begin their timeline with it."""
    uow.contacts.save_all(contacts)
    uow.timeline.append_all(
        [
            Entry(
                id=f"imported:{contact.id}",
                contact=contact.id,
                at=uow.now,
                what=Happening.CONTACT_IMPORTED,
                by=uow.actor.name,
                stripe_id=contact.customer,
            )
            for contact in contacts
            if contact.customer not in known
        ]
    )


def silent(_phase: Phase, _done: int, _total: int | None) -> None:
    """Nobody watches."""
