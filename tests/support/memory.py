"""The store in memory: one small class for each repository of the domain, and a clock that a test sets.

What is written in a unit of work is there when its block ends, and not at all when the block raises. What is written
while only reading is thrown away, so that a test notices it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime, timedelta

from billing.access import Actor
from billing.catalogue import Catalogue
from billing.contacts import (
    Contact,
    ContactSummary,
    CustomerSnapshot,
    Found,
    Invoice,
    InvoiceStatus,
    Part,
    PaymentMethod,
    Subscription,
    newest,
)
from billing.documents.links import DocumentLink
from billing.dunning.model import Notice
from billing.errors import NotFound, Reason, UnknownContact
from billing.ids import ContactId, CustomerId, EventId, InvoiceId, OperationId, TeamId, UserId
from billing.money import Currency, Money
from billing.operations import Operation, State
from billing.ports import Job, StripeEvent
from billing.reconciliations import Reconciliation
from billing.roles import Role
from billing.timeline import EVERYTHING, Entry, Happening, Page, Wanted, topics
from tests.support.memory_billing_contacts import BillingContactTables, MemoryBillingContacts
from tests.support.memory_documents import MemoryDocumentLinks
from tests.support.memory_invoices import InvoiceTables, MemoryInvoices
from tests.support.memory_overviews import MemoryNotices, MemoryOverview, MemoryReconciliations
from tests.support.memory_requests import MemoryAbsences, MemoryRequests, MemoryUsage, RequestTables


@dataclass
class Clock:
    """It stands still until a test moves it."""

    now: datetime  # UTC

    def __call__(self) -> datetime:
        return self.now

    def goes_on(self, **delta: int) -> None:
        self.now += timedelta(**delta)


@dataclass(frozen=True)
class Mirrored:
    """What the mirror has of one customer."""

    methods: tuple[PaymentMethod, ...] = ()
    subscriptions: tuple[Subscription, ...] = ()
    invoices: tuple[Invoice, ...] = ()
    balance: Money | None = None
    read_at: datetime | None = None
    covers: int = 0


@dataclass
class Rows(RequestTables, BillingContactTables, InvoiceTables):
    """All tables. What they hold is frozen, so a copy of the tables is a copy of everything."""

    people: dict[tuple[TeamId, UserId], Actor] = field(default_factory=dict)
    grants: set[tuple[TeamId, UserId, Role, str]] = field(default_factory=set)
    contacts: dict[ContactId, Contact] = field(default_factory=dict)
    mirror: dict[ContactId, Mirrored] = field(default_factory=dict)
    timeline: list[Entry] = field(default_factory=list)
    operations: dict[OperationId, Operation] = field(default_factory=dict)
    turns: dict[tuple[ContactId, str], OperationId] = field(default_factory=dict)
    events: dict[EventId, StripeEvent] = field(default_factory=dict)
    jobs: list[Job] = field(default_factory=list)  # that are not done yet
    job_ids: set[str] = field(default_factory=set)  # of all that there ever were: each is done once
    notices: list[tuple[Notice, str | None]] = field(default_factory=list)  # with the batch
    reconciliations: dict[str, Reconciliation] = field(default_factory=dict)
    document_links: dict[str, DocumentLink] = field(default_factory=dict)

    def copied(self) -> Rows:
        return Rows(**{one.name: copy(getattr(self, one.name)) for one in fields(self)})


@dataclass
class MemoryStore:
    """`billing.ports.Store`. A test looks into `rows` directly."""

    catalogue: Catalogue
    clock: Clock
    rows: Rows = field(default_factory=Rows)

    @contextmanager
    def reading(self, actor: Actor) -> Iterator[Unit]:
        yield Unit(actor, self.catalogue, self.clock(), self.rows.copied(), reads_only=True)

    @contextmanager
    def writing(self, actor: Actor) -> Iterator[Unit]:
        rows = self.rows.copied()
        yield Unit(actor, self.catalogue, self.clock(), rows)
        self.rows = rows

    def accept(self, operation: Operation) -> bool:
        with self.writing(_NOBODY) as uow:
            return uow.accept(operation)

    def accept_event(self, event: StripeEvent) -> bool:
        if event.id in self.rows.events:
            return False
        self.rows.events[event.id] = event.model_copy(update={"position": len(self.rows.events) + 1})
        self.rows.jobs.append(Job(id=event.id, name="event", argument=event.id))
        return True


@dataclass(frozen=True)
class Unit:
    """`billing.ports.UnitOfWork`."""

    actor: Actor
    catalogue: Catalogue
    now: datetime
    rows: Rows
    reads_only: bool = False

    def enqueue(self, *jobs: Job) -> None:
        if self.reads_only:
            raise RuntimeError("a unit that only reads gives no work to the engine")
        for job in jobs:
            if job.id not in self.rows.job_ids:
                self.rows.job_ids.add(job.id)
                self.rows.jobs.append(job)

    def accept(self, operation: Operation) -> bool:
        if self.reads_only:
            raise RuntimeError("a unit that only reads accepts nothing")
        is_new = self.operations.add(operation)
        if is_new:
            self.enqueue(Job(id=operation.id, name="operation", argument=operation.id, trace=operation.trace))
        return is_new

    @property
    def today(self) -> date:
        return self.now.astimezone(self.catalogue.business.zone).date()

    @property
    def document_links(self) -> MemoryDocumentLinks:
        return MemoryDocumentLinks(self.rows.document_links)

    @property
    def contacts(self) -> MemoryContacts:
        return MemoryContacts(self.rows)

    @property
    def mirror(self) -> MemoryMirror:
        return MemoryMirror(self.rows, self.now)

    @property
    def timeline(self) -> MemoryTimeline:
        return MemoryTimeline(self.rows)

    @property
    def operations(self) -> MemoryOperations:
        return MemoryOperations(self.rows, self.now)

    @property
    def staff(self) -> MemoryStaff:
        return MemoryStaff(self.rows)

    @property
    def events(self) -> MemoryEvents:
        return MemoryEvents(self.rows)

    @property
    def failures(self) -> MemoryNotices:
        return MemoryNotices(self.rows)

    @property
    def reconciliations(self) -> MemoryReconciliations:
        return MemoryReconciliations(self.rows)

    @property
    def overview(self) -> MemoryOverview:
        return MemoryOverview(self.rows)

    @property
    def requests(self) -> MemoryRequests:
        return MemoryRequests(self.rows)

    @property
    def invoices(self) -> MemoryInvoices:
        return MemoryInvoices(self.rows)

    @property
    def absences(self) -> MemoryAbsences:
        return MemoryAbsences(self.rows)

    @property
    def usage(self) -> MemoryUsage:
        return MemoryUsage(self.rows, self.rows.contacts)

    @property
    def billing_contacts(self) -> MemoryBillingContacts:
        return MemoryBillingContacts(self.rows)


@dataclass(frozen=True)
class MemoryContacts:
    rows: Rows

    def get(self, contact: ContactId) -> Contact:
        if contact not in self.rows.contacts:
            raise UnknownContact
        return self.rows.contacts[contact]

    def known(self, some: Collection[ContactId]) -> dict[ContactId, Contact]:
        return {one: self.rows.contacts[one] for one in some if one in self.rows.contacts}

    def by_customer(self, customer: CustomerId) -> Contact | None:
        return next((one for one in self.rows.contacts.values() if one.customer == customer), None)

    def by_member(self, email: str) -> tuple[Contact, ...]:
        wanted = email.casefold()
        found = (
            one
            for one in self.rows.contacts.values()
            if any(member.email.casefold() == wanted for member in one.members)
        )
        return tuple(sorted(found, key=lambda one: one.id)[:10])

    def find(self, text: str, limit: int = 100) -> Found:
        wanted = text.strip().casefold()
        matches = [_summary(one) for one in self.rows.contacts.values() if wanted and wanted in _searched(one)]
        return Found(matches=tuple(matches[:limit]), more=len(matches) > limit)

    def recent(self, user: str, limit: int = 10) -> tuple[ContactSummary, ...]:
        newest_first = sorted(self.rows.operations.values(), key=lambda one: one.created_at, reverse=True)
        contacts = dict.fromkeys(one.contact for one in newest_first if one.user == user)
        return tuple(_summary(self.rows.contacts[one]) for one in list(contacts)[:limit])

    def save(self, contact: Contact) -> None:
        self.rows.contacts[contact.id] = contact


@dataclass(frozen=True)
class MemoryMirror:
    rows: Rows
    now: datetime

    def payment_methods(self, contact: ContactId) -> tuple[PaymentMethod, ...]:
        return tuple(sorted(self._of(contact).methods, key=lambda one: not one.default))

    def subscriptions(self, contact: ContactId) -> tuple[Subscription, ...]:
        newest_first = sorted(self._of(contact).subscriptions, key=lambda one: one.started_at, reverse=True)
        return tuple(sorted(newest_first, key=lambda one: not one.status.runs))

    def invoices(
        self,
        contact: ContactId,
        limit: int = 10,
        before: InvoiceId | None = None,
        statuses: frozenset[InvoiceStatus] = frozenset(),
    ) -> tuple[Invoice, ...]:
        wanted = [one for one in self._of(contact).invoices if not statuses or one.status in statuses]
        newest_first = sorted(wanted, key=lambda one: one.created_at, reverse=True)
        ids = [one.id for one in newest_first]
        first = ids.index(before) + 1 if before else 0
        return tuple(newest_first[first : first + limit])

    def whose_invoice(self, invoice: InvoiceId) -> tuple[ContactId, Invoice] | None:
        for contact, mirrored in self.rows.mirror.items():
            for one in mirrored.invoices:
                if one.id == invoice:
                    return contact, one
        return None

    def add_invoice(self, contact: ContactId, invoice: Invoice) -> None:
        before = self._of(contact)
        after = _advanced(before.invoices, invoice)
        self.rows.mirror[contact] = replace(before, invoices=after, read_at=self._written(before))

    def open_invoices(
        self, contact: ContactId, limit: int = 100, after: InvoiceId | None = None
    ) -> tuple[Invoice, ...]:
        def place(one: Invoice) -> tuple[datetime, str]:
            return one.due_at or one.created_at, one.id

        last = self.invoice(contact, after) if after else None
        waiting = (one for one in self._of(contact).invoices if one.status is InvoiceStatus.OPEN)
        return tuple(sorted((one for one in waiting if last is None or place(one) > place(last)), key=place)[:limit])

    def open_sums(self, contact: ContactId) -> dict[Currency, tuple[int, Money]]:
        found: dict[Currency, tuple[int, Money]] = {}
        for one in self._of(contact).invoices:
            if one.status is InvoiceStatus.OPEN:
                many, sum_ = found.get(one.due.currency, (0, Money.zero(one.due.currency)))
                found[one.due.currency] = many + 1, sum_ + one.due
        return found

    def invoice(self, contact: ContactId, invoice: InvoiceId) -> Invoice | None:
        return next((one for one in self._of(contact).invoices if one.id == invoice), None)

    def balance(self, contact: ContactId) -> Money | None:
        return self._of(contact).balance

    def covers(self, contact: ContactId) -> int:
        return self._of(contact).covers

    def add_subscription(self, contact: ContactId, subscription: Subscription, invoice: Invoice | None) -> None:
        before = self._of(contact)
        self.rows.mirror[contact] = Mirrored(
            methods=before.methods,
            subscriptions=(*(one for one in before.subscriptions if one.id != subscription.id), subscription),
            invoices=_advanced(before.invoices, invoice) if invoice else before.invoices,
            balance=before.balance,
            read_at=self._written(before),
            covers=before.covers,
        )

    def replace(self, contact: ContactId, snapshot: CustomerSnapshot) -> frozenset[Part]:
        before = self._of(contact)
        if self.is_older(contact, snapshot):
            return frozenset()
        self.rows.mirror[contact] = Mirrored(
            methods=snapshot.payment_methods,
            subscriptions=snapshot.subscriptions,
            invoices=newest(before.invoices, snapshot.invoices),
            balance=snapshot.balance,
            read_at=snapshot.read_at,
            covers=max(snapshot.covers, before.covers),
        )
        return frozenset(
            part
            for part, was, now in (
                (Part.PAYMENT_METHODS, before.methods, snapshot.payment_methods),
                (Part.SUBSCRIPTIONS, before.subscriptions, snapshot.subscriptions),
                (Part.INVOICES, before.invoices, newest(before.invoices, snapshot.invoices)),
                (Part.BALANCE, before.balance, snapshot.balance),
            )
            if was != now
        )

    def unseen(self, since: datetime, after: CustomerId | None, limit: int = 100) -> tuple[CustomerId, ...]:
        found = (
            self.rows.contacts[contact].customer
            for contact, one in self.rows.mirror.items()
            if one.read_at and one.read_at < since and (one.methods or any(s.status.runs for s in one.subscriptions))
        )
        return tuple(sorted(one for one in found if after is None or one > after)[:limit])

    def is_older(self, contact: ContactId, snapshot: CustomerSnapshot) -> bool:
        known = self._of(contact).read_at
        return known is not None and snapshot.read_at is not None and snapshot.read_at < known

    def _written(self, before: Mirrored) -> datetime | None:
        """As the rows do: nothing is noted before the first look at Stripe."""
        return max(before.read_at, self.now) if before.read_at else None

    def _of(self, contact: ContactId) -> Mirrored:
        return self.rows.mirror.get(contact, Mirrored())


def _advanced(known: tuple[Invoice, ...], told: Invoice) -> tuple[Invoice, ...]:
    """As the rows do: a later state that is known already stays."""
    there = next((one for one in known if one.id == told.id), told)
    return (*(one for one in known if one.id != told.id), there if there.is_beyond(told) else told)


@dataclass(frozen=True)
class MemoryTimeline:
    rows: Rows

    def append(self, entry: Entry) -> bool:
        if any(one.id == entry.id for one in self.rows.timeline):
            return False
        self.rows.timeline.append(entry)
        return True

    def received(self, invoice: str) -> int:
        paid = (one for one in self.rows.timeline if one.what is Happening.PAYMENT_SUCCEEDED)
        return sum(one.amount.amount for one in paid if one.stripe_id == invoice and one.amount)

    def page(self, contact: ContactId, limit: int = 10, before: str | None = None, wanted: Wanted = EVERYTHING) -> Page:
        theirs = (
            one
            for one in self.rows.timeline
            if one.contact == contact
            and (wanted.topic is None or wanted.topic in topics(one.what))
            and (wanted.since is None or one.at >= wanted.since)
        )
        newest_first = sorted(theirs, key=lambda one: one.at, reverse=True)
        first = int(before) if before else 0
        more = len(newest_first) > first + limit
        return Page(
            entries=tuple(newest_first[first : first + limit]),
            older=str(first + limit) if more else None,
        )


@dataclass(frozen=True)
class MemoryOperations:
    rows: Rows
    now: datetime

    def add(self, operation: Operation) -> bool:
        if any(operation.id == one.id or operation.key == one.key for one in self.rows.operations.values()):
            return False
        self.rows.operations[operation.id] = operation
        return True

    def get(self, operation: OperationId) -> Operation:
        if operation not in self.rows.operations:
            raise NotFound(operation)
        return self.rows.operations[operation]

    def finish(
        self, operation: OperationId, state: State, *, result: str | None = None, reason: Reason | None = None
    ) -> None:
        before = self.get(operation)
        if not before.state.final:
            self.rows.operations[operation] = before.model_copy(
                update={"state": state, "result": result, "reason": reason, "updated_at": self.now}
            )

    def turn(self, contact: ContactId, subject: str) -> OperationId | None:
        holder = self.rows.turns.get((contact, subject))
        return holder if holder and self.get(holder).state is State.ACCEPTED else None

    def take_turn(self, operation: Operation, subject: str) -> bool:
        holder = self.turn(operation.contact, subject)
        if holder is None:
            self.rows.turns[operation.contact, subject] = holder = operation.id
        return holder == operation.id

    def waiting(self, contact: ContactId) -> tuple[Operation, ...]:
        found = [one for one in self.rows.operations.values() if one.contact == contact]
        return tuple(
            sorted((one for one in found if one.state is State.WAITING), key=lambda one: (one.created_at, one.id))
        )

    def under_way(self, contact: ContactId) -> bool:
        return any(one.contact == contact and one.state is State.ACCEPTED for one in self.rows.operations.values())

    def at_work(self, contact: ContactId) -> tuple[Operation, ...]:
        found = [one for one in self.rows.operations.values() if one.contact == contact]
        accepted = (one for one in found if one.state is State.ACCEPTED)
        return tuple(sorted(accepted, key=lambda one: (one.created_at, one.id)))

    def done(self, contact: ContactId, kind: str, ref: str | None = None) -> tuple[Operation, ...]:
        found = [one for one in self.rows.operations.values() if (one.contact, one.kind) == (contact, kind)]
        done = (
            one for one in found if one.state is State.DONE and (ref is None or f'"ref":"{ref}"' in (one.result or ""))
        )
        return tuple(sorted(done, key=lambda one: (one.updated_at, one.id)))

    def is_followed(self, operation: Operation) -> bool:
        return any(
            one.user == operation.user and one.reply_to == operation.reply_to and one.created_at > operation.created_at
            for one in self.rows.operations.values()
        )


@dataclass(frozen=True)
class MemoryStaff:
    rows: Rows

    def get(self, team: TeamId, user: UserId) -> Actor | None:
        person = self.rows.people.get((team, user))
        return person.model_copy(update={"roles": self._roles(team, user)}) if person else None

    def save(self, actor: Actor) -> None:
        self.rows.people[actor.team, actor.user] = actor.model_copy(update={"roles": frozenset()})

    def grant(self, team: TeamId, user: UserId, role: Role, source: str) -> None:
        self.rows.grants.add((team, user, role, source))

    def replace_group(self, team: TeamId, handle: str, role: Role, users: frozenset[UserId]) -> None:
        theirs = {one for one in self.rows.grants if (one[0], one[2], one[3]) == (team, role, handle)}
        self.rows.grants -= theirs
        self.rows.grants |= {(team, user, role, handle) for user in users}

    def dismiss(self, team: TeamId, user: UserId) -> None:
        self.rows.grants = {one for one in self.rows.grants if one[:2] != (team, user)}

    def list(self) -> tuple[Actor, ...]:
        holders = {(team, user) for team, user, _, _ in self.rows.grants}
        people = [self.get(*one) or self._unseen(*one) for one in holders]
        return tuple(sorted(people, key=lambda one: one.name))

    def _unseen(self, team: TeamId, user: UserId) -> Actor:
        return Actor(team=team, user=user, name=user, roles=self._roles(team, user))

    def _roles(self, team: TeamId, user: UserId) -> frozenset[Role]:
        return frozenset(
            role for its_team, its_user, role, _ in self.rows.grants if (its_team, its_user) == (team, user)
        )


@dataclass(frozen=True)
class MemoryEvents:
    rows: Rows

    def get(self, event: EventId) -> StripeEvent:
        if event not in self.rows.events:
            raise NotFound(event)
        return self.rows.events[event]

    def newest(self, customer: CustomerId) -> int:
        return max((one.position for one in self.rows.events.values() if one.customer == customer), default=0)


_NOBODY = Actor(team=TeamId(""), user=UserId(""), name="", roles=frozenset())


def _summary(contact: Contact) -> ContactSummary:
    return ContactSummary(
        id=contact.id,
        name=contact.name,
        company=contact.company,
        email=contact.email,
        country=contact.address.country,
    )


def _searched(contact: Contact) -> str:
    return "\n".join((contact.name, contact.company, contact.email, contact.phone, contact.customer)).casefold()
