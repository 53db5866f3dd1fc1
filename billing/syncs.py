"""The mirror filled from Stripe and compared with it: everybody, one customer, and the events that never arrived.

A run over everybody may be killed at any instant and started again: how far it came is written in the same transaction
as what it did. It holds one page of customers in memory at a time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol
from zoneinfo import ZoneInfo

from billing import managers
from billing.access import Actor
from billing.contacts import UNKNOWN_COUNTRY, Address, Contact, CustomerSnapshot, from_stripe
from billing.errors import UnknownContact
from billing.ids import ContactId, CustomerId, EventId
from billing.imports import MOST_PROBLEMS, ImportUnit, Phase, Progress, Report, contact_id, save, silent
from billing.ports import Events, Job, StripeEvent, UnitOfWork
from billing.reconciliations import Difference, Reconciliation
from billing.roles import Permission

PIPELINE = "reconciliation_notice"  # argument: the run, and the place of `billing.managers`
KEPT = timedelta(days=30)  # so long Stripe keeps events
FIRST = timedelta(days=1)  # so far the first run looks back for events
OVERLAP = timedelta(hours=1)  # with the run before
ON_THE_WAY = timedelta(minutes=5)  # a younger event may still be delivered
_RUN = "stripe:customers"


class Customers(Protocol):
    """Stripe's customers, as the sync reads them."""

    def pages(self, after: CustomerId | None) -> Iterator[tuple[CustomerSnapshot, ...]]:
        """All customers in Stripe's order, by the page, from behind that one. Raises Transient."""

    def snapshot(self, customer: CustomerId) -> CustomerSnapshot | None:
        """One of them, also a deleted one; None for one that never was. Raises Transient."""


class EventLog(Protocol):
    """Stripe's list of events."""

    def between(self, since: datetime, until: datetime) -> Iterator[tuple[StripeEvent, ...]]:
        """By the page. Raises Transient."""


class ManyEvents(Events, Protocol):
    def known(self, some: Collection[EventId]) -> frozenset[EventId]: ...


class SyncUnit(ImportUnit, Protocol):
    """The unit of work of a sync."""

    @property
    def events(self) -> ManyEvents: ...


class SyncStore(Protocol):
    """Opens them; the storage layer's Database is one."""

    def reading(self, actor: Actor) -> AbstractContextManager[SyncUnit]: ...

    def writing(self, actor: Actor) -> AbstractContextManager[SyncUnit]: ...

    def accept_event(self, event: StripeEvent) -> bool: ...


def reconcile(
    store: SyncStore, actor: Actor, customers: Customers, log: EventLog, report: Report | None = None, *, tell: bool
) -> Reconciliation:
    """Compare every customer with the mirror and mend it, then fetch the events that never arrived.

    Unknown customers become contacts. Account, members, company and language are ours and stay. Who is not among
    Stripe's customers any more is asked for by name: a deleted one has neither cards nor subscriptions. `tell`: have
    admins and managers told if anything was different. Started again, it goes on behind the last page done.
    """
    watched = report or silent
    run, after, since = _begin(store, actor)
    for page in customers.pages(after):
        if not page:
            continue
        with store.writing(actor) as uow:
            run = _page(uow, page, run)
            uow.imports.advance(_RUN, Progress(done=run.customers, resume_after=page[-1].customer))
            uow.reconciliations.save(run)
        watched(Phase.IMPORTING, run.customers, None)
    run = _look_for_the_missing(store, actor, customers, run)
    for events in log.between(since, run.began_at - ON_THE_WAY):
        run = run.model_copy(update={"missed_events": run.missed_events + _fetch_missed(store, actor, events)})
    with store.writing(actor) as uow:
        run = run.model_copy(update={"finished_at": uow.now})
        uow.imports.finish(_RUN, Progress(done=run.customers))
        uow.reconciliations.save(run)
        if tell and run.found_something:
            managers.tell(uow, partial(notice, run.id))
    return run


def notice(run: str, place: str) -> Job:
    return Job(id=f"{run}:{place}", name=PIPELINE, argument=f"{run}:{place}")


def concerned(uow: UnitOfWork) -> tuple[Actor, ...]:
    """Who is told directly where there is no way into the managers' channel: they, and admins in any case."""
    return tuple(one for one in uow.staff.list() if one.may(Permission.SEE_BUSINESS))


def sync_one(store: SyncStore, actor: Actor, customer: CustomerId, snapshot: CustomerSnapshot) -> Reconciliation:
    """One customer. What was different is answered, and not kept. Raises UnknownContact for a deleted stranger."""
    with store.writing(actor) as uow:
        if snapshot.deleted and uow.contacts.by_customer(customer) is None:
            raise UnknownContact(contact=customer)
        return _page(uow, [snapshot], Reconciliation(id=str(customer), began_at=uow.now))


def customer_of(uow: ImportUnit, wanted: str) -> CustomerId:
    """Whom an operator means: by Stripe id, contact id, or an e-mail address of theirs. Raises UnknownContact."""
    if wanted.startswith("cus_"):
        return CustomerId(wanted)
    if wanted.startswith("con_"):
        return uow.contacts.get(ContactId(wanted)).customer
    by_address = [one.id for one in uow.contacts.find(wanted).matches if one.email.casefold() == wanted.casefold()]
    found = by_address or [one.id for one in uow.contacts.by_member(wanted)]
    if len(found) != 1:
        raise UnknownContact(contact=wanted)
    return uow.contacts.get(found[0]).customer


def _begin(store: SyncStore, actor: Actor) -> tuple[Reconciliation, CustomerId | None, datetime]:
    """The run that was interrupted, or a new one; where it goes on, and since when it looks for events."""
    with store.writing(actor) as uow:
        before = uow.reconciliations.last_finished()
        since = max(before.began_at - OVERLAP, uow.now - KEPT) if before else uow.now - FIRST
        run = uow.reconciliations.under_way()
        if run is None:
            run = Reconciliation(id=f"rec_{uow.now:%Y%m%d%H%M%S%f}", began_at=uow.now)
            uow.reconciliations.save(run)
            return run, None, since
        progress = uow.imports.progress(_RUN)
        resumed = run.model_copy(update={"resumed_at": run.customers})
        return resumed, CustomerId(progress.resume_after) if progress.resume_after else None, since


def _look_for_the_missing(
    store: SyncStore, actor: Actor, customers: Customers, before: Reconciliation
) -> Reconciliation:
    """Contacts with something that runs whom no page has shown: their customer was deleted, or never was."""
    run, last = before, None
    while missing := _missing(store, actor, run, last):
        found = [one for one in map(customers.snapshot, missing) if one is not None]
        with store.writing(actor) as uow:
            run = _page(uow, found, run)
            uow.reconciliations.save(run)
        last = missing[-1]
    return run


def _missing(store: SyncStore, actor: Actor, run: Reconciliation, last: CustomerId | None) -> tuple[CustomerId, ...]:
    with store.reading(actor) as uow:
        return uow.mirror.unseen(run.began_at, last)


def _page(uow: SyncUnit, page: Sequence[CustomerSnapshot], before: Reconciliation) -> Reconciliation:
    known = uow.contacts.by_customers([snapshot.customer for snapshot in page])
    contacts = [_merged(uow, snapshot, known.get(snapshot.customer)) for snapshot in page]
    renamed = [contact for contact in contacts if contact != known.get(contact.customer)]
    save(uow, renamed, known)
    changed = {contact.id for contact in renamed if contact.customer in known}
    found: list[Difference] = []
    for contact, snapshot in zip(contacts, page, strict=True):
        covers = uow.mirror.covers(contact.id)  # 0: its events so far came before it was known, and were ignored
        is_behind = 0 < covers < uow.events.newest(contact.customer)
        parts = uow.mirror.replace(contact.id, snapshot)
        if contact.customer in known and not is_behind and (parts or contact.id in changed):
            found.append(Difference(contact=contact.id, parts=tuple(sorted(parts)), details=contact.id in changed))
    abroad = [contact.customer for contact in contacts if contact.address.country == UNKNOWN_COUNTRY]
    return before.model_copy(
        update={
            "customers": before.customers + len(page),
            "created": before.created + len(page) - len(known),
            "differing": before.differing + len(found),
            "differences": (*before.differences, *found)[:MOST_PROBLEMS],
            "without_country": (*before.without_country, *abroad)[:MOST_PROBLEMS],
        }
    )


def _fetch_missed(store: SyncStore, actor: Actor, events: Sequence[StripeEvent]) -> int:
    """Give the events that never arrived to the engine, as if they just had; how many were about our contacts."""
    with store.reading(actor) as uow:
        known = uow.events.known([event.id for event in events])
        ours = uow.contacts.by_customers([event.customer for event in events if event.customer])
    missed = [event for event in events if event.id not in known]
    return sum(store.accept_event(event) and event.customer in ours for event in missed)


def _merged(uow: ImportUnit, snapshot: CustomerSnapshot, known: Contact | None) -> Contact:
    if known:
        is_older = uow.mirror.is_older(known.id, snapshot)  # what an operation has changed since then stays
        return known if is_older else from_stripe(known, snapshot)
    return Contact(
        id=contact_id(snapshot.customer),
        customer=snapshot.customer,
        name=snapshot.name or snapshot.email or snapshot.customer,
        email=snapshot.email,
        phone=snapshot.phone,
        currency=snapshot.currency or uow.catalogue.business.currency,
        language=snapshot.language or "en",
        address=snapshot.address or Address(country=UNKNOWN_COUNTRY),
        since=snapshot.created_at.astimezone(ZoneInfo(uow.catalogue.business.timezone)).date(),
    )
