"""The mirror filled from Stripe and compared with it, on both databases: resumed after a crash, it ends the same."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.engine import Connection

from billing.contacts import (
    UNKNOWN_COUNTRY,
    Account,
    Address,
    Contact,
    CustomerSnapshot,
    Member,
    Part,
    SubscriptionStatus,
)
from billing.errors import Transient, UnknownContact
from billing.ids import ContactId, CustomerId, EventId
from billing.imports import contact_id
from billing.money import Money
from billing.ports import Job, StripeEvent
from billing.reconciliations import Difference, Reconciliation
from billing.storage.database import Database
from billing.syncs import customer_of, reconcile, sync_one
from billing.timeline import Happening
from tests.billing.storage.examples import ACTOR, CATALOGUE, NOW, contact, method, snapshot, subscription
from tests.support.memory import Clock


@pytest.fixture
def jobs() -> list[Job]:
    return []


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
def store(database_url: str, jobs: list[Job], clock: Clock) -> Iterator[Database]:
    def enqueue(_connection: Connection, /, *some: Job) -> None:
        jobs.extend(some)

    with Database(database_url, catalogue=CATALOGUE, enqueue=enqueue, clock=clock) as database:
        yield database


class Pages:
    """Stripe's customers by twos; breaks off before a page, if told to."""

    def __init__(self, *customers: CustomerSnapshot, breaks_before: str | None = None) -> None:
        self._customers = customers
        self._breaks_before = breaks_before
        self.asked_after: list[str | None] = []
        self.gone: dict[str, CustomerSnapshot] = {}
        self.asked_for: list[str] = []

    def pages(self, after: CustomerId | None) -> Iterator[tuple[CustomerSnapshot, ...]]:
        self.asked_after.append(after)
        names = [one.customer for one in self._customers]
        start = names.index(after) + 1 if after else 0
        for number in range(start, len(names), 2):
            if names[number] == self._breaks_before:
                raise Transient("stripe")
            yield self._customers[number : number + 2]

    def snapshot(self, customer: CustomerId) -> CustomerSnapshot | None:
        """Of those who are on no page any more."""
        self.asked_for.append(customer)
        return self.gone.get(customer)


def stripe(number: int, **fields: object) -> CustomerSnapshot:
    one = contact(f"Person {number}", customer=CustomerId(f"cus_{number}"), email=f"p{number}@x.example")
    return snapshot(one, **fields)


def test_unknown_customers_become_contacts_with_their_mirror(store: Database) -> None:
    new = stripe(1, payment_methods=(method("a"),), language="de", currency=None)
    report = sync(store, ACTOR, Pages(new))
    assert (report.customers, report.created, report.differing, report.without_country) == (1, 1, 0, ())
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
    assert (report.created, report.differing) == (0, 1)
    expected = {
        "name": "Person 1",
        "email": "p1@x.example",
        "phone": "+33 1",
        "address": Address(country="DE", city="Bonn"),
    }
    with store.reading(ACTOR) as uow:
        assert uow.contacts.get(ours.id) == ours.model_copy(update=expected)


def test_what_was_changed_after_the_page_was_read_stays(store: Database, clock: Clock) -> None:
    """Somebody else became billing contact while the night's comparison had Stripe's page in its hands."""
    ada = contact("Ada", customer=CustomerId("cus_1"), email="ada@x.example")
    clock.goes_on(hours=1)
    with store.writing(ACTOR) as uow:
        uow.contacts.save(ada)
        uow.mirror.replace(ada.id, snapshot(ada, read_at=clock.now))
    before = snapshot(contact("Eve", customer=CustomerId("cus_1"), email="eve@x.example"), read_at=NOW)
    assert sync(store, ACTOR, Pages(before)).differing == 0
    with store.reading(ACTOR) as uow:
        assert uow.contacts.get(ada.id) == ada


def test_a_second_sync_changes_nothing(store: Database) -> None:
    every = [stripe(number) for number in range(5)]
    assert sync(store, ACTOR, Pages(*every)).created == 5
    again = sync(store, ACTOR, Pages(*every))
    assert (again.customers, again.created, again.differing) == (5, 0, 0)
    moved = sync(store, ACTOR, Pages(*every[:4], stripe(4, payment_methods=(method("a"),))))
    assert (moved.created, moved.differing) == (0, 1)


def test_a_sync_that_broke_off_goes_on_behind_the_last_page(store: Database) -> None:
    every = [stripe(number) for number in range(6)]
    with pytest.raises(Transient):
        sync(store, ACTOR, Pages(*every, breaks_before="cus_4"))
    rest = Pages(*every)
    report = sync(store, ACTOR, rest)
    assert rest.asked_after == ["cus_3"]
    assert (report.customers, report.resumed_at, report.created) == (6, 4, 6)
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


class Log:
    """Stripe's list of events."""

    def __init__(self, *events: StripeEvent) -> None:
        self._events = events
        self.asked: list[tuple[datetime, datetime]] = []

    def between(self, since: datetime, until: datetime) -> Iterator[tuple[StripeEvent, ...]]:
        self.asked.append((since, until))
        yield tuple(one for one in self._events if since <= one.created_at <= until)


def sync(store: Database, actor: Any, pages: Pages, log: Log | None = None, *, tell: bool = True) -> Reconciliation:
    return reconcile(store, actor, pages, log or Log(), tell=tell)


def event(number: int, customer: str = "cus_1", **changes: Any) -> StripeEvent:
    fields = {
        "id": EventId(f"evt_{number}"),
        "type": "customer.updated",
        "customer": CustomerId(customer),
        "object_id": customer,
        "created_at": NOW - timedelta(minutes=30),
        "payload": "{}",
    }
    return StripeEvent(**(fields | changes))


# --- differences ------------------------------------------------------------------------------------------------------


def test_every_difference_is_mended_written_down_and_told_once(store: Database, jobs: list[Job]) -> None:
    sync(store, ACTOR, Pages(*(stripe(number) for number in range(4))))
    balance = Money(amount=500, currency="EUR")
    changed = stripe(2, payment_methods=(method("a"),), balance=balance)
    renamed = stripe(3, phone="+49 1")
    found = sync(store, ACTOR, Pages(stripe(0), stripe(1), changed, renamed))
    two, three = (contact_id(CustomerId(f"cus_{number}")) for number in (2, 3))
    assert found.differences == (
        Difference(contact=two, parts=(Part.BALANCE, Part.PAYMENT_METHODS)),
        Difference(contact=three, details=True),
    )
    assert [(job.name, job.argument) for job in jobs] == [("reconciliation_notice", f"{found.id}:channel")]
    with store.reading(ACTOR) as uow:
        assert uow.mirror.payment_methods(two) == (method("a"),)
        assert uow.mirror.balance(two) == balance
        assert uow.contacts.get(three).phone == "+49 1"
        kept = uow.reconciliations.get(found.id)
        assert (kept.customers, kept.differing, kept.differences) == (4, 2, found.differences)
        assert kept.finished_at == NOW


def test_nobody_is_told_when_nothing_was_different_or_an_operator_looks(store: Database, jobs: list[Job]) -> None:
    sync(store, ACTOR, Pages(stripe(1)))
    sync(store, ACTOR, Pages(stripe(1)))
    found = sync(store, ACTOR, Pages(stripe(1, payment_methods=(method("a"),))), tell=False)
    assert found.differing == 1
    assert not jobs


def test_what_an_event_is_about_to_mend_is_no_difference(store: Database, jobs: list[Job]) -> None:
    """It was delivered and waits for the engine: nothing went wrong."""
    store.accept_event(event(1))
    sync(store, ACTOR, Pages(stripe(1)))
    with store.writing(ACTOR) as uow:
        uow.mirror.replace(contact_id(CustomerId("cus_1")), stripe(1, covers=uow.events.newest(CustomerId("cus_1"))))
    store.accept_event(event(2))
    jobs.clear()
    found = sync(store, ACTOR, Pages(stripe(1, payment_methods=(method("a"),))))
    assert (found.differing, jobs) == (0, [])
    with store.reading(ACTOR) as uow:
        assert uow.mirror.payment_methods(contact_id(CustomerId("cus_1"))) == (method("a"),)


def test_who_is_not_at_stripe_any_more_is_asked_for_and_mended(store: Database, jobs: list[Job], clock: Clock) -> None:
    """Whoever has nothing that runs is left alone, and so is whom Stripe never knew."""
    running, ended = subscription("one"), subscription("one", status=SubscriptionStatus.CANCELED)
    alive = [
        stripe(1, read_at=NOW, payment_methods=(method("a"),)),
        stripe(2, read_at=NOW, subscriptions=(running,), payment_methods=(method("b"),)),
        stripe(3, read_at=NOW, payment_methods=(method("c"),)),
        stripe(4, read_at=NOW),
    ]
    sync(store, ACTOR, Pages(*alive))
    clock.goes_on(days=1)
    rest = Pages(alive[0].model_copy(update={"read_at": clock.now}))
    nothing = {"name": "", "email": "", "address": None, "currency": None}
    rest.gone["cus_2"] = stripe(2, deleted=True, read_at=clock.now, subscriptions=(ended,), **nothing)
    found = sync(store, ACTOR, rest)
    assert rest.asked_for == ["cus_2", "cus_3"]
    two = contact_id(CustomerId("cus_2"))
    assert found.differences == (Difference(contact=two, parts=(Part.PAYMENT_METHODS, Part.SUBSCRIPTIONS)),)
    assert (found.created, found.without_country, jobs[-1].argument) == (0, (), f"{found.id}:channel")
    with store.reading(ACTOR) as uow:
        assert (uow.mirror.subscriptions(two), uow.mirror.payment_methods(two)) == ((ended,), ())
        assert (uow.contacts.get(two).name, uow.contacts.get(two).email) == ("Person 2", "p2@x.example")
    clock.goes_on(days=1)
    again = Pages(alive[0].model_copy(update={"read_at": clock.now}))
    assert sync(store, ACTOR, again).differing == 0
    assert again.asked_for == ["cus_3"]


def test_more_than_a_hundred_who_are_gone_are_all_asked_for(store: Database, clock: Clock) -> None:
    """By the hundred, each once."""
    sync(store, ACTOR, Pages(*(stripe(n, read_at=NOW, payment_methods=(method(f"m{n}"),)) for n in range(230))))
    clock.goes_on(days=1)
    nobody = Pages()
    nobody.gone = {f"cus_{n}": stripe(n, deleted=True, read_at=clock.now) for n in range(230)}
    assert sync(store, ACTOR, nobody).differing == 230
    assert sorted(nobody.asked_for) == sorted(f"cus_{n}" for n in range(230))


def test_a_deleted_stranger_becomes_no_contact(store: Database) -> None:
    with pytest.raises(UnknownContact):
        sync_one(store, ACTOR, CustomerId("cus_9"), stripe(9, deleted=True))


# --- events that never arrived ----------------------------------------------------------------------------------------


def test_events_that_never_arrived_are_handled_as_if_they_just_had(store: Database, jobs: list[Job]) -> None:
    sync(store, ACTOR, Pages(stripe(1)))
    store.accept_event(event(1))
    jobs.clear()
    found = sync(store, ACTOR, Pages(stripe(1)), Log(event(1), event(2), event(3, "cus_nobody")))
    assert found.missed_events == 1
    assert [(job.name, job.argument) for job in jobs] == [
        ("event", "evt_2"),
        ("event", "evt_3"),
        ("reconciliation_notice", f"{found.id}:channel"),
    ]


def test_the_list_is_read_since_the_run_before_and_not_what_may_be_on_its_way(store: Database, clock: Clock) -> None:
    log = Log()
    sync(store, ACTOR, Pages(), log)
    clock.goes_on(days=2)
    sync(store, ACTOR, Pages(), log)
    clock.goes_on(days=90)
    sync(store, ACTOR, Pages(), log)
    minutes = timedelta(minutes=5)
    later, latest = NOW + timedelta(days=2), NOW + timedelta(days=92)
    assert log.asked == [
        (NOW - timedelta(days=1), NOW - minutes),
        (NOW - timedelta(hours=1), later - minutes),
        (latest - timedelta(days=30), latest - minutes),
    ]


def test_an_interrupted_run_counts_what_it_had_found(store: Database, jobs: list[Job]) -> None:
    every = [stripe(number) for number in range(4)]
    sync(store, ACTOR, Pages(*every))
    changed = [stripe(number, payment_methods=(method(f"m{number}"),)) for number in range(4)]
    with pytest.raises(Transient):
        sync(store, ACTOR, Pages(*changed, breaks_before="cus_2"))
    found = sync(store, ACTOR, Pages(*changed))
    assert (found.customers, found.differing) == (4, 4)
    assert [job.argument for job in jobs] == [f"{found.id}:channel"]


# --- one customer -----------------------------------------------------------------------------------------------------


@pytest.fixture
def ada(store: Database) -> Contact:
    with store.writing(ACTOR) as uow:
        ada = contact("Ada", id=ContactId("con_ada"), customer=CustomerId("cus_ada"), email="ada@x.example")
        uow.contacts.save(ada)
        return ada


@pytest.mark.parametrize("wanted", ["cus_ada", "con_ada", "ada@x.example", "ADA@x.example"])
def test_one_customer_is_found_by_any_id_and_mended(store: Database, ada: Contact, wanted: str) -> None:
    with store.reading(ACTOR) as uow:
        customer = customer_of(uow, wanted)
    assert customer == ada.customer
    found = sync_one(store, ACTOR, customer, snapshot(ada, payment_methods=(method("a"),)))
    assert [one.contact for one in found.differences] == [ada.id]
    with store.reading(ACTOR) as uow:
        assert uow.mirror.payment_methods(ada.id) == (method("a"),)


def test_a_customer_is_found_by_the_address_of_a_member(store: Database, ada: Contact) -> None:
    """The billing contact may have changed since."""
    grace = Member(name="Grace", email="grace@x.example")
    with store.writing(ACTOR) as uow:
        uow.contacts.save(ada.model_copy(update={"members": (grace,)}))
    with store.reading(ACTOR) as uow:
        assert customer_of(uow, "Grace@x.example") == ada.customer


@pytest.mark.parametrize("wanted", ["con_nobody", "nobody@x.example", "Ada"])
def test_nobody_is_guessed(store: Database, ada: Contact, wanted: str) -> None:
    with store.reading(ACTOR) as uow, pytest.raises(UnknownContact):
        customer_of(uow, wanted)
