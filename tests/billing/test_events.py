"""What Stripe tells: handled once, in any order, and believed only about whom it is about."""

from __future__ import annotations

import json
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from billing.contacts import (
    Contact,
    CustomerSnapshot,
    Member,
    MemberRight,
    Subscription,
    SubscriptionItem,
    SubscriptionStatus,
)
from billing.errors import NotFound, Transient
from billing.events import EventSteps
from billing.ids import CustomerId, EventId, OperationId, SubscriptionId
from billing.money import Money
from billing.operations import Operation, State
from billing.payment_links import expire
from billing.ports import Origin, StripeEvent
from billing.subscriptions import SubscriptionStarted
from tests.support.shop import ADA, BEN, NOW, SAM, Shop, contact, method

EUR_49 = Money(amount=4900, currency="EUR")


@pytest.fixture
def shop() -> Shop:
    made = Shop()
    made.payments.snapshots[CustomerId("cus_ada")] = snapshot()
    made.payments.snapshots[CustomerId("cus_ben")] = snapshot("cus_ben")
    return made


@pytest.fixture
def events(shop: Shop) -> EventSteps:
    return EventSteps(shop.store, shop.payments)


def snapshot(customer: str = "cus_ada", **changes: Any) -> CustomerSnapshot:
    fields = {
        "customer": CustomerId(customer),
        "name": "Ada Lovelace",
        "email": "ada@engines.example",
        "phone": "",
        "currency": "EUR",
        "address": None,
        "language": None,
        "created_at": NOW,
        "balance": Money.zero("EUR"),
        "payment_methods": (method("pm_new", last4="4444"),),
    }
    return CustomerSnapshot(**(fields | changes))


def subscription(status: SubscriptionStatus) -> Subscription:
    return Subscription(
        id=SubscriptionId("sub_1"),
        status=status,
        items=(
            SubscriptionItem(
                product="Marketing Plus", price=None, quantity=1, unit_amount=Money(amount=4900, currency="EUR")
            ),
        ),
        interval="month",
        started_at=NOW,
    )


def delivered(shop: Shop, type_: str, payload: dict[str, Any] | None = None, **changes: Any) -> EventId:
    fields = {
        "id": EventId(f"evt_{len(shop.rows.events) + 1}"),
        "type": type_,
        "customer": CustomerId("cus_ada"),
        "object_id": "obj_1",
        "created_at": NOW - timedelta(minutes=1),
        "payload": json.dumps(payload or {}),
    }
    event = StripeEvent(**(fields | changes))
    shop.store.accept_event(event)
    return event.id


def handled(events: EventSteps, event: EventId) -> str:
    return events.record(event, events.fetch(event))


# The mirror


def test_the_mirror_becomes_what_stripe_has(shop: Shop, events: EventSteps) -> None:
    handled(events, delivered(shop, "customer.updated"))
    with shop.store.reading(SAM) as uow:
        assert [one.last4 for one in uow.mirror.payment_methods(ADA)] == ["4444"]


def test_a_late_event_does_not_put_back_an_older_state(shop: Shop, events: EventSteps) -> None:
    """It says that something happened; what is true now is read from Stripe."""
    older = delivered(shop, "customer.subscription.updated", {"status": "active"}, created_at=NOW - timedelta(hours=5))
    newer = delivered(shop, "customer.subscription.deleted", {"status": "canceled"})
    shop.payments.snapshots[CustomerId("cus_ada")] = snapshot(
        subscriptions=(subscription(SubscriptionStatus.CANCELED),)
    )
    for event in (newer, older):
        handled(events, event)
    with shop.store.reading(SAM) as uow:
        assert [one.status for one in uow.mirror.subscriptions(ADA)] == [SubscriptionStatus.CANCELED]


def test_what_an_operation_wrote_meanwhile_is_not_hidden_by_an_earlier_look(shop: Shop, events: EventSteps) -> None:
    """Stripe is looked at once more; until that shows what the operation did, what the operation wrote stays."""
    ada, began = CustomerId("cus_ada"), shop.clock.now
    shop.payments.snapshots[ada] = snapshot(read_at=began)
    handled(events, delivered(shop, "customer.updated"))
    event = delivered(shop, "customer.updated")
    fetched = events.fetch(event)  # without the subscription
    shop.clock.now = began + timedelta(seconds=5)
    started = subscription(SubscriptionStatus.ACTIVE)
    with shop.store.writing(SAM) as uow:
        uow.mirror.add_subscription(ADA, started, None)
    with pytest.raises(Transient):  # this look began too early, too
        events.record(event, fetched)
    with shop.store.reading(SAM) as uow:
        assert uow.mirror.subscriptions(ADA) == (started,)
    shop.payments.snapshots[ada] = snapshot(
        read_at=began + timedelta(seconds=6), subscriptions=(started,), payment_methods=(method("pm_newest"),)
    )
    events.record(event, fetched)
    with shop.store.reading(SAM) as uow:
        assert uow.mirror.subscriptions(ADA) == (started,)
        assert [one.id for one in uow.mirror.payment_methods(ADA)] == ["pm_newest"]


def test_a_late_look_does_not_put_back_the_former_name(shop: Shop, events: EventSteps) -> None:
    """Two changes of the name, handled side by side: whoever looked first and records last looks once more."""
    ada, previous = CustomerId("cus_ada"), json.dumps({"name": "Ada Lovelace"})
    shop.payments.snapshots[ada] = snapshot(name="Ada Byron", read_at=shop.clock.now)
    first = delivered(shop, "customer.updated", previous=previous)
    late = events.fetch(first)
    shop.payments.snapshots[ada] = snapshot(name="Ada King", read_at=shop.clock.now + timedelta(seconds=1))
    handled(events, delivered(shop, "customer.updated", previous=previous))
    events.record(first, late)
    with shop.store.reading(SAM) as uow:
        assert uow.contacts.get(ADA).name == "Ada King"


def test_what_we_told_stripe_is_no_news(shop: Shop, events: EventSteps) -> None:
    """Our operation records it; when it comes to nothing, nothing of it may stand in our rows."""
    shop.payments.snapshots[CustomerId("cus_ada")] = snapshot(name="Eve Next", email="eve@engines.example")
    previous = json.dumps({"name": "Ada Lovelace", "email": "ada@engines.example"})
    handled(events, delivered(shop, "customer.updated", previous=previous, origin=Origin.OURS))
    with shop.store.reading(SAM) as uow:
        assert uow.contacts.get(ADA).email == "ada@engines.example"
    handled(events, delivered(shop, "customer.updated", previous=previous, origin=Origin.ELSEWHERE))
    with shop.store.reading(SAM) as uow:
        assert uow.contacts.get(ADA).email == "eve@engines.example"


BEA = Member(name="Ada Lovelace", email="ada@engines.example", rights=frozenset({MemberRight.BILLING_CONTACT}))
UWE = Member(name="Uwe User", email="uwe@engines.example")


def changed_there(shop: Shop, events: EventSteps, known: Contact, former: dict[str, str], **now: str) -> Contact:
    """Somebody changed it in the Dashboard."""
    shop.knows(known)
    shop.payments.snapshots[CustomerId("cus_ada")] = snapshot(**now)
    handled(events, delivered(shop, "customer.updated", previous=json.dumps(former), origin=Origin.ELSEWHERE))
    with shop.store.reading(SAM) as uow:
        return uow.contacts.get(ADA)


def test_a_company_that_is_renamed_at_stripe_is_the_company(shop: Shop, events: EventSteps) -> None:
    known = contact(company="Engines Ltd", members=(BEA, UWE))
    now = changed_there(shop, events, known, {"name": "Engines Ltd"}, name="Engines Inc")
    assert (now.name, now.company, now.members) == ("Ada Lovelace", "Engines Inc", (BEA, UWE))


def test_a_person_who_is_renamed_at_stripe_is_the_person(shop: Shop, events: EventSteps) -> None:
    """Contact and billing contact, who are one; the company stays."""
    known = contact(company="Engines Ltd", members=(BEA, UWE))
    now = changed_there(shop, events, known, {"name": "Ada Lovelace"}, name="Ada King")
    assert (now.name, now.company) == ("Ada King", "Engines Ltd")
    assert [one.name for one in now.members] == ["Ada King", "Uwe User"]


def test_whose_name_it_was_is_not_guessed(shop: Shop, events: EventSteps) -> None:
    """An address was changed, and the event about the name is still on its way."""
    known = contact(company="Engines Ltd", members=(BEA,))
    now = changed_there(shop, events, known, {"phone": "1"}, name="Engines Inc", phone="2")
    assert (now.name, now.company, now.phone) == ("Ada Lovelace", "Engines Ltd", "2")


def test_an_address_of_the_billing_contact_follows_and_anothers_stays(shop: Shop, events: EventSteps) -> None:
    former = {"email": "ada@engines.example"}
    now = changed_there(shop, events, contact(members=(BEA, UWE)), former, email="ada@king.example")
    assert [one.email for one in now.members] == ["ada@king.example", "uwe@engines.example"]
    books = Member(name="Bea Books", email="bea@engines.example", rights=BEA.rights)
    now = changed_there(shop, events, contact(members=(books, UWE)), former, email="ada@king.example")
    assert now.members == (books, UWE)


BOOKS = Member(name="Bea Books", email="bea@engines.example", rights=BEA.rights)


def test_a_billing_contact_whose_address_is_changed_at_stripe_is_not_taken_for_the_contact(
    shop: Shop, events: EventSteps
) -> None:
    """Stripe has the billing contact's since it was changed here, and the contact has another one."""
    former = {"email": "bea@engines.example"}
    now = changed_there(shop, events, contact(members=(BOOKS, UWE)), former, email="bea@king.example")
    assert (now.name, now.email) == ("Ada Lovelace", "ada@engines.example")
    assert [(one.name, one.email) for one in now.members] == [
        ("Bea Books", "bea@king.example"),
        ("Uwe User", "uwe@engines.example"),
    ]


def test_whose_address_it_was_is_not_guessed(shop: Shop, events: EventSteps) -> None:
    """Two changes, and the event about the second comes first: the one about the first tells whose it was."""
    known = contact(members=(BOOKS,))
    now = changed_there(shop, events, known, {"email": "b@engines.example"}, email="bea@king.example")
    assert (now.email, now.members) == (known.email, known.members)


def test_a_company_that_is_renamed_names_no_person_where_the_billing_contact_is_another_one(
    shop: Shop, events: EventSteps
) -> None:
    """A telephone number was changed, too, and the event about the name is still on its way."""
    known = contact(company="Engines Ltd", members=(BOOKS,))
    now = changed_there(shop, events, known, {"phone": "1"}, name="Engines Inc", phone="2")
    assert (now.name, now.company, now.phone) == ("Ada Lovelace", "Engines Ltd", "2")


def test_an_address_at_stripe_gives_nobody_other_rights(shop: Shop, events: EventSteps) -> None:
    """Who is admin, too, stays that by the former address; the address of another member makes them billing contact."""
    admin = BEA.model_copy(update={"rights": BEA.rights | {MemberRight.ADMIN}})
    former = {"email": "ada@engines.example"}
    now = changed_there(shop, events, contact(members=(admin, UWE)), former, email="new@engines.example")
    assert [(one.email, one.rights) for one in now.members] == [
        ("ada@engines.example", {MemberRight.ADMIN}),
        ("uwe@engines.example", frozenset()),
        ("new@engines.example", BEA.rights),
    ]
    now = changed_there(shop, events, contact(members=(BEA, UWE)), former, email="UWE@engines.example")
    assert [(one.name, one.rights) for one in now.members] == [("Ada Lovelace", frozenset()), ("Uwe User", BEA.rights)]


def test_only_the_customer_that_it_is_about_changes(shop: Shop, events: EventSteps) -> None:
    before = shop.rows.mirror[BEN]
    handled(events, delivered(shop, "customer.updated"))
    assert shop.rows.mirror[BEN] == before


@pytest.mark.parametrize("customer", [None, CustomerId("cus_nobody")])
def test_an_event_about_nobody_that_we_know_changes_nothing(
    shop: Shop, events: EventSteps, customer: CustomerId | None
) -> None:
    event = delivered(shop, "invoice.paid", {"amount_paid": 100, "currency": "eur"}, customer=customer)
    before = shop.rows.copied()
    assert handled(events, event) == ""
    assert shop.rows == before
    assert not shop.payments.calls


def test_a_customer_who_was_deleted_at_stripe_has_nothing_that_runs(shop: Shop, events: EventSteps) -> None:
    """Also a late event about the name does not take it away: who it was is ours to know."""
    ada, left = CustomerId("cus_ada"), subscription(SubscriptionStatus.CANCELED)
    shop.payments.snapshots[ada] = snapshot(subscriptions=(subscription(SubscriptionStatus.ACTIVE),))
    handled(events, delivered(shop, "customer.updated"))
    with shop.store.reading(SAM) as uow:
        before = uow.contacts.get(ADA)
    gone = snapshot(deleted=True, name="", email="", address=None, payment_methods=(), subscriptions=(left,))
    shop.payments.snapshots[ada] = gone
    for event in (
        delivered(shop, "customer.deleted", origin=Origin.ELSEWHERE),
        delivered(shop, "customer.updated", previous='{"email": "old@example.com"}'),
    ):
        handled(events, event)
    with shop.store.reading(SAM) as uow:
        assert uow.mirror.payment_methods(ADA) == ()
        assert uow.mirror.subscriptions(ADA) == (left,)
        assert uow.contacts.get(ADA) == before
        assert uow.timeline.page(ADA).entries[0].parameters["change"] == "customer_deleted"


def test_a_customer_whom_stripe_does_not_know_changes_nothing(shop: Shop, events: EventSteps) -> None:
    event = delivered(shop, "customer.updated")
    shop.payments.snapshots.clear()
    before = shop.rows.copied()
    assert handled(events, event) == ""
    assert shop.rows == before


def test_an_unknown_type_still_brings_the_mirror_up_to_date_but_is_no_history(shop: Shop, events: EventSteps) -> None:
    handled(events, delivered(shop, "a.type.of.next.year"))
    assert shop.rows.mirror[ADA].methods[0].last4 == "4444"
    assert not shop.rows.timeline


def test_stripe_being_away_is_tried_again(shop: Shop, events: EventSteps) -> None:
    shop.payments.fails.append(Transient("Stripe: 503"))
    event = delivered(shop, "customer.updated")
    with pytest.raises(Transient):
        events.fetch(event)
    handled(events, event)
    assert shop.rows.mirror[ADA].methods[0].last4 == "4444"


def test_an_event_that_nobody_delivered_is_a_fault(events: EventSteps) -> None:
    with pytest.raises(NotFound):
        events.fetch("evt_nobody")


# The history


@pytest.mark.parametrize(
    ("type_", "payload", "happening", "amount", "parameters"),
    [
        (
            "invoice.paid",
            {"amount_paid": 17493, "currency": "eur", "number": "K-1"},
            "payment_succeeded",
            Money(amount=17493, currency="EUR"),
            {"number": "K-1"},
        ),
        (
            "invoice.payment_failed",
            {"amount_remaining": 900, "currency": "jpy", "number": "K-2"},
            "payment_failed",
            Money(amount=900, currency="JPY"),
            {"number": "K-2"},
        ),
        (
            "payment_method.attached",
            {"card": {"brand": "visa", "last4": "4242"}},
            "payment_method_added",
            None,
            {"brand": "visa", "last4": "4242"},
        ),
        (
            "payment_method.detached",
            {"sepa_debit": {"last4": "3000"}},
            "payment_method_removed",
            None,
            {"brand": None, "last4": None},
        ),
        ("customer.subscription.deleted", {}, "subscription_ended", None, {"product": None}),
        (
            "customer.subscription.deleted",
            {"items": {"data": [{"price": {"lookup_key": "desk-solo-month-eur"}}]}},
            "subscription_ended",
            None,
            {"product": "desk-solo-month-eur"},
        ),
    ],
)
def test_what_a_person_would_want_to_read_is_in_the_timeline(
    shop: Shop,
    events: EventSteps,
    type_: str,
    payload: dict[str, Any],
    happening: str,
    amount: Money | None,
    parameters: dict[str, str],
) -> None:
    """H10; GX16"""
    event = delivered(shop, type_, payload)
    handled(events, event)
    [entry] = shop.rows.timeline
    id_ = "obj_1:paid:17493" if type_ == "invoice.paid" else event  # Stripe says of one payment twice that it came
    assert (entry.id, entry.contact, entry.what, entry.amount) == (id_, ADA, happening, amount)
    assert entry.parameters == parameters
    assert entry.at == NOW - timedelta(minutes=1)  # when it happened, not when we were told
    assert entry.by is None


def test_an_invoice_of_nothing_is_no_payment(shop: Shop, events: EventSteps) -> None:
    handled(events, delivered(shop, "invoice.paid", {"amount_paid": 0, "currency": "eur"}))
    assert not shop.rows.timeline


PART = {"amount_paid": 10000, "currency": "eur", "number": "K-1"}
WHOLE = {"amount_paid": 53550, "currency": "eur", "number": "K-1"}


@pytest.mark.parametrize("order", [*permutations(("part", "rest", "paid"))])
def test_each_part_of_an_invoice_counts_once_when_it_comes(shop: Shop, events: EventSteps, order: Any) -> None:
    """100.00, then 435.50 of 535.50; Stripe says the last one twice, in any order: 535.50 in all."""
    said = {
        "part": ("invoice.updated", PART, {"amount_paid": 0}),
        "rest": ("invoice.updated", WHOLE, {"amount_paid": 10000}),
        "paid": ("invoice.paid", WHOLE, {}),
    }
    for name in order:
        type_, payload, previous = said[name]
        handled(events, delivered(shop, type_, payload, previous=json.dumps(previous)))
    amounts = [one.amount.amount for one in shop.rows.timeline]
    assert sum(amounts) == 53550
    if order[0] == "part":
        assert amounts == [10000, 43550]
    assert set(shop.happened()) == {"payment_succeeded"}


def test_an_event_that_is_handled_twice_is_one_line(shop: Shop, events: EventSteps) -> None:
    event = delivered(shop, "invoice.paid", {"amount_paid": 17493, "currency": "eur"})
    handled(events, event)
    handled(events, event)
    assert shop.happened() == ["payment_succeeded"]


def test_an_event_that_is_delivered_twice_is_one_job(shop: Shop) -> None:
    first = delivered(shop, "invoice.paid")
    assert not shop.store.accept_event(shop.rows.events[first])
    assert len(shop.rows.jobs) == 1


# The customer's page


@pytest.fixture
def waiting(shop: Shop) -> Operation:
    return shop.starts(payment_method="link")


def session(shop: Shop, type_: str, operation: str | None, **changes: Any) -> EventId:
    metadata = {} if operation is None else {"operation": operation}
    return delivered(shop, type_, {"metadata": metadata}, object_id="cs_test_1", **changes)


def completed(shop: Shop, operation: str | None, **changes: Any) -> EventId:
    return session(shop, "checkout.session.completed", operation, **changes)


def expired(shop: Shop, operation: str | None, **changes: Any) -> EventId:
    return session(shop, "checkout.session.expired", operation, **changes)


def test_a_completed_page_moves_the_waiting_operation_on(shop: Shop, events: EventSteps, waiting: Operation) -> None:
    """H31"""
    event = completed(shop, waiting.id)
    assert handled(events, event) == waiting.id
    found = events.resumption(event, waiting.id)
    assert found is not None
    command, operation, actor = found
    assert (command.contact, command.waiting, command.session) == (ADA, waiting.id, "cs_test_1")
    assert operation == shop.rows.operations[waiting.id]
    assert actor == SAM


def test_the_way_from_the_page_to_the_subscription(shop: Shop, events: EventSteps, waiting: Operation) -> None:
    """H31"""
    link = SubscriptionStarted.model_validate_json(waiting.result or "").link
    assert link is not None
    shop.payments.methods[link.session] = method("pm_new", last4="4444")
    event = completed(shop, waiting.id)
    command, _, actor = events.resumption(event, handled(events, event)) or pytest.fail("nothing to resume")
    assert shop.walks(shop.accepts(command, person=actor, key="session")) is State.DONE
    assert shop.rows.operations[waiting.id].state is State.DONE


def test_an_operation_of_another_customer_in_the_metadata_does_not_count(shop: Shop, events: EventSteps) -> None:
    """H31: metadata can be written by whoever can write at Stripe."""
    bens = shop.starts(contact=BEN, payment_method="link")
    assert handled(events, completed(shop, bens.id)) == ""
    assert handled(events, expired(shop, bens.id)) == ""
    assert shop.rows.operations[bens.id].state is State.WAITING


@pytest.mark.parametrize("claimed", [None, "", "op_nobody", "none"])
def test_a_page_that_belongs_to_no_operation_moves_nothing(
    shop: Shop, events: EventSteps, waiting: Operation, claimed: str | None
) -> None:
    assert handled(events, completed(shop, claimed)) == ""
    assert handled(events, expired(shop, claimed)) == ""
    assert shop.rows.operations[waiting.id] == waiting


def test_metadata_of_nothing_moves_nothing(shop: Shop, events: EventSteps, waiting: Operation) -> None:
    assert handled(events, delivered(shop, "checkout.session.completed", {"metadata": None})) == ""


def test_other_events_move_nothing_whatever_their_metadata_says(
    shop: Shop, events: EventSteps, waiting: Operation
) -> None:
    event = session(shop, "customer.updated", waiting.id)
    assert handled(events, event) == ""
    assert events.resumption(event, waiting.id) is None


def test_a_page_that_expired_ends_the_waiting(shop: Shop, events: EventSteps, waiting: Operation) -> None:
    """H31"""
    event = expired(shop, waiting.id)
    assert handled(events, event) == waiting.id
    assert shop.rows.operations[waiting.id].state is State.EXPIRED
    assert shop.happened() == ["payment_link_sent", "payment_link_expired"]
    assert events.resumption(event, waiting.id) is None


@pytest.mark.parametrize("happens", [completed, expired])
def test_a_crash_after_the_record_gives_the_same_answer_again(
    shop: Shop, events: EventSteps, waiting: Operation, happens: Any
) -> None:
    """Otherwise the next step would not know whom to tell."""
    event = happens(shop, waiting.id)
    assert handled(events, event) == waiting.id
    after = shop.rows.copied()
    assert handled(events, event) == waiting.id
    assert shop.rows == after


def test_a_page_completed_after_the_link_expired_starts_nothing(
    shop: Shop, events: EventSteps, waiting: Operation
) -> None:
    """H31"""
    with shop.store.writing(SAM) as uow:
        expire(uow, waiting)
    event = completed(shop, waiting.id)
    assert handled(events, event) == ""
    assert events.resumption(event, waiting.id) is None


def test_a_late_expiry_of_a_page_that_was_completed_ends_nothing(
    shop: Shop, events: EventSteps, waiting: Operation
) -> None:
    with shop.store.writing(SAM) as uow:
        uow.operations.finish(waiting.id, State.DONE)
    assert handled(events, expired(shop, waiting.id)) == ""
    assert shop.rows.operations[waiting.id].state is State.DONE


def test_somebody_who_is_no_longer_known_resumes_nothing(shop: Shop, events: EventSteps, waiting: Operation) -> None:
    event = completed(shop, waiting.id)
    shop.rows.people.clear()
    assert events.resumption(event, OperationId(waiting.id)) is None
