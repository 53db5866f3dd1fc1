"""Whatever Stripe delivers, in any order, any number of times, late or never: the mirror ends equal to Stripe (H10).

Histories are random: people and Stripe act, events arrive between any two acts, a look at Stripe may be held up before
it is recorded. What never arrived is found by the comparison. Local Stripe, both databases.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any

import pytest
import stripe
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.engine import Connection

from billing.access import Actor
from billing.catalogue import Catalogue
from billing.contacts import Address, Contact, CustomerSnapshot
from billing.event_entries import history
from billing.events import EventSteps
from billing.ids import ContactId, CustomerId, TeamId, UserId
from billing.ports import Job, StripeEvent
from billing.storage.database import Database
from billing.stripe.events import from_event
from billing.stripe.payments import StripePayments
from billing.syncs import reconcile
from billing.timeline import Happening
from tests.billing.stripe.conftest import START, LocalStripe

PAID = Happening.PAYMENT_SUCCEEDED
ACTOR = Actor(team=TeamId("T1"), user=UserId("U1"), name="Kontor", roles=frozenset())
CARDS = ("pm_card_visa", "pm_card_mastercard", "pm_card_amex")
ACTS = (
    "subscribe",
    "change quantity",
    "cancel at the end",
    "cancel now",
    "add a card",
    "remove a card",
    "card breaks",
    "month on",
    "pay what is open",
    "credit",
    "rename",
    "delete the customer",
    "nothing of ours",
)

# How long a random history is, and how many there are.
SHORT = settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
LONG = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


@dataclass
class History:
    """Two customers, what happens to them at Stripe, and what of it has arrived."""

    local: LocalStripe
    store: Database
    steps: EventSteps
    jobs: list[Job]
    chance: Random
    contacts: list[Contact] = field(default_factory=list)
    happened: dict[str, StripeEvent] = field(default_factory=dict)
    to_deliver: list[StripeEvent] = field(default_factory=list)
    lost: int = 0
    fetched: list[tuple[str, str]] = field(default_factory=list)
    newest: str | None = None  # event that was looked at

    def begin(self) -> None:
        self.newest = next((one.id for one in self.local.v1.events.list({"limit": 1}).data), None)
        for number in range(2):
            customer = self.local.customer(name=f"Ada {number}")
            contact = Contact(
                id=ContactId(f"con_{customer.id}"),
                customer=CustomerId(customer.id),
                name=f"Ada {number}",
                email="ada@example.com",
                currency="EUR",
                address=Address(country="DE"),
                since=START.date(),
            )
            with self.store.writing(ACTOR) as uow:
                uow.contacts.save(contact)
            self.contacts.append(contact)
        self.look()

    def act(self, what: str) -> None:
        """Something happens at Stripe; what is not possible just now does not."""
        customer = self.chance.choice(self.contacts).customer
        with suppress(stripe.StripeError):
            self._act(what, customer)
        self.look()

    def _act(self, what: str, customer: str) -> None:  # noqa: PLR0912 - a case for each of ACTS
        v1 = self.local.v1
        running = v1.subscriptions.list({"customer": customer}).data
        methods = v1.customers.payment_methods.list(customer).data
        match what:
            case "subscribe":
                price = v1.prices.list({"lookup_keys": ["desk-solo-month-eur"]}).data[0].id
                v1.subscriptions.create({"customer": customer, "items": [{"price": price, "quantity": 2}]})
            case "change quantity" if running:
                item = running[0]["items"].data[0]
                change = {"id": item.id, "quantity": item.quantity + 1}
                v1.subscriptions.update(running[0].id, {"items": [change]})
            case "cancel at the end" if running:
                v1.subscriptions.update(running[0].id, {"cancel_at_period_end": True})
            case "cancel now" if running:
                v1.subscriptions.cancel(running[0].id)
            case "add a card":
                v1.payment_methods.attach(self.chance.choice(CARDS), {"customer": customer})
            case "remove a card" if methods:
                v1.payment_methods.detach(methods[0].id)
            case "card breaks" if methods:
                self.local.card(methods[-1].id, "insufficient_funds")
            case "month on":
                self.local.advance(by_months=1)
            case "pay what is open":
                for invoice in v1.invoices.list({"customer": customer, "status": "open"}).data:
                    v1.invoices.pay(invoice.id, {"paid_out_of_band": True})
            case "credit":
                v1.customers.balance_transactions.create(customer, {"amount": -500, "currency": "eur"})
            case "rename":
                v1.customers.update(customer, {"name": f"Ada {self.chance.random()}"})
            case "delete the customer":
                v1.customers.delete(customer)
            case "nothing of ours":
                v1.customers.create({"name": "Somebody else"})
                v1.products.create({"name": "Nothing"})

    def look(self) -> None:
        """What Stripe would deliver now: each event once, twice or never."""
        params = {"limit": 100, "ending_before": self.newest} if self.newest else {"limit": 100}
        found = {one.id: one for one in self.local.v1.events.list(params).auto_paging_iter()}
        for event in sorted(map(_read, found.values()), key=lambda one: one.id):
            self.happened[event.id] = event
            times = self.chance.choice((0, 1, 1, 1, 2))
            self.lost += times == 0
            self.to_deliver += [event] * times
        self.newest = self.local.v1.events.list({"limit": 1}).data[0].id

    def pages(self, after: CustomerId | None) -> Iterator[tuple[CustomerSnapshot, ...]]:
        """Stripe's customers, as the comparison reads them: these two, not those of earlier histories."""
        del after
        found = (self.snapshot(one.customer) for one in self.contacts)
        yield tuple(one for one in found if one is not None and not one.deleted)

    def snapshot(self, customer: CustomerId) -> CustomerSnapshot | None:
        return self.steps._payments.snapshot(customer)

    def forget(self) -> None:
        """Nothing of theirs goes on when the clock moves in the next history."""
        for contact in self.contacts:
            for one in self.local.v1.subscriptions.list({"customer": contact.customer}).data:
                self.local.v1.subscriptions.cancel(one.id)

    def between(self, since: datetime, until: datetime) -> Iterator[tuple[StripeEvent, ...]]:
        """Stripe's list of events, as the comparison reads it; the clock here is not the program's."""
        del since, until
        yield tuple(self.happened.values())

    def progress(self, steps: int) -> None:
        """Some deliveries and some steps of the engine, in any order."""
        for _ in range(steps):
            match self.chance.randrange(3):
                case 0 if self.to_deliver:
                    self.store.accept_event(self._any(self.to_deliver))
                case 1 if self.jobs:
                    event = self._any(self.jobs).argument
                    self.fetched.append((event, self.steps.fetch(event)))
                case 2 if self.fetched:
                    event, fetched = self._any(self.fetched)
                    self.steps.record(event, fetched)
                    if self.chance.random() < 0.1:
                        self.steps.record(event, fetched)  # after a crash

    def end(self) -> None:
        """Everything that was delivered is handled."""
        while self.to_deliver or self.jobs or self.fetched:
            self.progress(1)

    def _any(self, some: list[Any]) -> Any:
        return some.pop(self.chance.randrange(len(some)))


def _read(event: Any) -> StripeEvent:
    return from_event(event.to_dict())


@pytest.fixture
def jobs() -> list[Job]:
    return []


@pytest.fixture
def store(database_url: str, catalogue: Catalogue, jobs: list[Job]) -> Iterator[Database]:
    def enqueue(_connection: Connection, /, *some: Job) -> None:
        jobs.extend(one for one in some if one.name == "event")

    with Database(database_url, catalogue=catalogue, enqueue=enqueue) as database:
        yield database


def lives_through(
    data: st.DataObject, local: LocalStripe, store: Database, jobs: list[Job], payments: StripePayments, longest: int
) -> None:
    acts = data.draw(st.lists(st.sampled_from(ACTS), min_size=3, max_size=longest))
    chance = Random(data.draw(st.integers(0, 10**6)))  # what it is asked depends on what happens
    jobs.clear()
    lived = History(local, store, EventSteps(store, payments), jobs, chance)
    try:
        lived.begin()
        for act in acts:
            lived.act(act)
            lived.progress(chance.randrange(6))
        lived.end()
        if not lived.lost:
            is_equal(lived, payments)
        reconcile(store, ACTOR, lived, lived, tell=True)
        lived.end()
        is_equal(lived, payments)
        tells_everything_once(lived)
        again = reconcile(store, ACTOR, lived, lived, tell=True)
        assert (again.differing, again.missed_events) == (0, 0)
    finally:
        lived.forget()


def is_equal(lived: History, payments: StripePayments) -> None:
    for contact in lived.contacts:
        snapshot = payments.snapshot(contact.customer)
        assert snapshot is not None
        with lived.store.reading(ACTOR) as uow:
            assert set(uow.mirror.payment_methods(contact.id)) == set(snapshot.payment_methods)
            assert set(map(repr, uow.mirror.subscriptions(contact.id))) == set(map(repr, snapshot.subscriptions))
            assert set(map(repr, uow.mirror.invoices(contact.id, limit=1000))) == set(map(repr, snapshot.invoices))
            assert uow.mirror.balance(contact.id) == snapshot.balance
            assert snapshot.deleted or uow.contacts.get(contact.id).name == snapshot.name


def tells_everything_once(lived: History) -> None:
    """An entry for each event; of payments as many parts as were seen one by one, together what Stripe got."""
    for contact in lived.contacts:
        happened = [one for one in lived.happened.values() if one.customer == contact.customer]
        lines = [entry for one in happened if (entry := history(one, contact))]
        with lived.store.reading(ACTOR) as uow:
            entries = uow.timeline.page(contact.id, limit=1000).entries
        received: Counter[str] = Counter()
        for one in entries:
            if one.what is PAID and one.amount:
                received[one.id.partition(":")[0]] += one.amount.amount
        wanted = {
            one.object_id: json.loads(one.payload)["amount_paid"] for one in happened if one.type == "invoice.paid"
        }
        assert received == Counter(wanted)
        others = sorted(one.id for one in entries if one.what is not PAID)
        assert others == sorted(one.id for one in lines if one.what is not PAID)


@given(st.data())
@SHORT
def test_the_mirror_ends_equal_to_stripe(
    local: LocalStripe, store: Database, jobs: list[Job], payments: StripePayments, data: st.DataObject
) -> None:
    lives_through(data, local, store, jobs, payments, longest=8)


@pytest.mark.chaos
@pytest.mark.timeout(600)
@given(st.data())
@LONG
def test_the_mirror_ends_equal_to_stripe_after_long_histories(
    local: LocalStripe, store: Database, jobs: list[Job], payments: StripePayments, data: st.DataObject
) -> None:
    lives_through(data, local, store, jobs, payments, longest=25)


def test_events_that_wait_together_are_served_by_one_look(
    local: LocalStripe, store: Database, jobs: list[Job], payments: StripePayments
) -> None:
    """One look after the last of them had arrived shows what all of them are about."""
    lived = History(local, store, EventSteps(store, payments), jobs, Random(1))
    lived.begin()
    for act in ("subscribe", "subscribe", "add a card", "month on", "credit"):
        lived.act(act)
    for event in lived.happened.values():
        store.accept_event(event)
    ours = [one for one in lived.happened.values() if any(one.customer == c.customer for c in lived.contacts)]
    assert len(ours) > 20
    local.sent.clear()
    lived.to_deliver.clear()
    lived.end()
    looks = [len(local.calls("GET", f"/v1/customers/{one.customer}")) for one in lived.contacts]
    assert looks == [1, 1]
    is_equal(lived, payments)


def test_a_card_that_is_no_standard_one_and_was_taken_away_is_gone(
    local: LocalStripe, store: Database, jobs: list[Job], payments: StripePayments
) -> None:
    """Nothing but the event about the card tells of it, and that names the customer only as the former one."""
    lived = History(local, store, EventSteps(store, payments), jobs, Random(1))
    lived.begin()
    ada = lived.contacts[0]
    second = local.v1.payment_methods.attach("pm_card_amex", {"customer": ada.customer})
    lived.look()
    local.v1.payment_methods.detach(second.id)
    lived.look()
    lived.to_deliver = list(lived.happened.values())
    lived.end()
    is_equal(lived, payments)
    with store.reading(ACTOR) as uow:
        (removed,) = (one for one in uow.timeline.page(ada.id).entries if one.what is Happening.PAYMENT_METHOD_REMOVED)
    assert removed.parameters == {"brand": "amex", "last4": "0005"}
