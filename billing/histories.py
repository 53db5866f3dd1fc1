"""The history of a contact: the timeline by kind and time, paged, and as CSV for those who may (H6, H10)."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import timedelta
from enum import StrEnum

from billing.access import Actor
from billing.contacts import Contact
from billing.csvs import harmless
from billing.ids import ContactId, TeamId, UserId
from billing.models import Frozen
from billing.payment_methods import seen_page
from billing.ports import Job, UnitOfWork
from billing.roles import Permission
from billing.timeline import Entry, Page, Topic, Wanted

PIPELINE = "history_export"
ON_A_PAGE = 12
AT_ONCE = 1_000  # entries that are read for a file at a time
EXPORTED = 100_000  # entries of a file, the newest


class Period(StrEnum):
    """How far back."""

    ALL = "all"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


_DAYS = {Period.MONTH: 30, Period.QUARTER: 90, Period.YEAR: 365}


class HistoryFilter(Frozen):
    topic: Topic | None = None  # None: everything
    period: Period = Period.ALL


class History(Frozen):
    """A page of it."""

    contact: Contact
    wanted: HistoryFilter
    page: Page
    may_export: bool


class Export(Frozen):
    """A file that was asked for."""

    team: TeamId
    user: UserId
    contact: ContactId
    wanted: HistoryFilter


class ExportedHistory(Frozen):
    contact: Contact
    csv: str
    entries: int


def history(
    uow: UnitOfWork, contact_id: ContactId, wanted: HistoryFilter | None = None, older: str | None = None
) -> History:
    """The page that begins at `older`; the newest without."""
    uow.actor.require(Permission.SEE_CONTACT)
    shown = wanted or HistoryFilter()
    return History(
        contact=uow.contacts.get(contact_id),
        wanted=shown,
        page=seen_page(uow, uow.timeline.page(contact_id, ON_A_PAGE, older, _filter(uow, shown))),
        may_export=uow.actor.may(Permission.EXPORT_TIMELINE),
    )


def may_export(actor: Actor) -> bool:
    return actor.may(Permission.EXPORT_TIMELINE)


def order(uow: UnitOfWork, contact_id: ContactId, wanted: HistoryFilter, key: str) -> None:
    """Have the file made and handed to the actor. The same key twice is one file. Raises NotPermitted."""
    actor: Actor = uow.actor
    actor.require(Permission.EXPORT_TIMELINE)
    uow.contacts.get(contact_id)
    export_ = Export(team=actor.team, user=actor.user, contact=contact_id, wanted=wanted)
    uow.enqueue(Job(id=f"{PIPELINE}:{key}", name=PIPELINE, argument=export_.model_dump_json()))


def export(uow: UnitOfWork, contact_id: ContactId, wanted: HistoryFilter) -> ExportedHistory:
    """CSV in English, amounts in minor units, instants in UTC, the newest first. Raises NotPermitted."""
    uow.actor.require(Permission.EXPORT_TIMELINE)
    contact = uow.contacts.get(contact_id)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(_COLUMNS)
    count = 0
    for entry in _all(uow, contact_id, wanted):
        writer.writerow(_row(entry))
        count += 1
    return ExportedHistory(contact=contact, csv=out.getvalue(), entries=count)


_COLUMNS = ("at", "what", "by", "on_behalf_of", "amount", "currency", "stripe_id", "operation", "details", "id")


def _all(uow: UnitOfWork, contact: ContactId, wanted: HistoryFilter) -> Iterator[Entry]:
    before: str | None = None
    for _ in range(EXPORTED // AT_ONCE):
        page = seen_page(uow, uow.timeline.page(contact, AT_ONCE, before, _filter(uow, wanted)))
        yield from page.entries
        before = page.older
        if before is None:
            return


def _row(entry: Entry) -> list[str]:
    values = (
        entry.at.isoformat(),
        entry.what.value,
        entry.by,
        entry.on_behalf_of,
        entry.amount.amount if entry.amount else None,
        entry.amount.currency if entry.amount else None,
        entry.stripe_id,
        entry.operation,
        json.dumps(entry.parameters, ensure_ascii=False) if entry.parameters else None,
        entry.id,
    )
    return [harmless("" if value is None else str(value)) for value in values]


def _filter(uow: UnitOfWork, wanted: HistoryFilter) -> Wanted:
    days = _DAYS.get(wanted.period)
    return Wanted(topic=wanted.topic, since=uow.now - timedelta(days=days) if days else None)
