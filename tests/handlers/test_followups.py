"""What an event of Stripe sets in motion: a waiting operation goes on, or somebody is told that its link expired."""

from __future__ import annotations

import json

import pytest

from billing.contacts import CustomerSnapshot
from billing.homes import home
from billing.ids import EventId
from billing.money import Money
from billing.operations import Operation, State
from billing.ports import StripeEvent
from billing.subscriptions import SubscriptionStarted
from tests.support.office import Office
from tests.support.shop import ADA, NOW, SAM, marketing, method


@pytest.fixture
def office() -> Office:
    made = Office()
    made.payments.snapshots["cus_ada"] = CustomerSnapshot(
        customer="cus_ada",
        name="Ada Lovelace",
        email="ada@engines.example",
        phone="",
        currency="EUR",
        address=None,
        language=None,
        created_at=NOW,
        balance=Money.zero("EUR"),
        payment_methods=(method("pm_new"),),
    )
    return made


@pytest.fixture
def waiting(office: Office) -> Operation:
    """The modal in which it began was closed long ago."""
    operation = office.accepts(office.confirmed(payment_method="link"), reply_to='{"user":"U_SAM"}')
    office.works()
    office.slack.calls.clear()
    return office.rows.operations[operation]


def session(operation: Operation) -> str:
    link = SubscriptionStarted.model_validate_json(operation.result or "").link
    assert link
    return link.session


def happens(office: Office, type_: str, waiting: Operation, id_: str = "evt_1") -> None:
    office.store.accept_event(
        StripeEvent(
            id=EventId(id_),
            type=f"checkout.session.{type_}",
            customer="cus_ada",
            object_id=session(waiting),
            created_at=NOW,
            payload=json.dumps({"metadata": {"operation": waiting.id}}),
        )
    )


def now(office: Office, waiting: Operation) -> State:
    return office.rows.operations[waiting.id].state


def test_when_the_customer_has_added_a_card_it_starts_and_the_person_is_told(
    office: Office, waiting: Operation
) -> None:
    """H31"""
    office.payments.methods[session(waiting)] = method("pm_new", last4="4444")
    happens(office, "completed", waiting)
    office.works()
    assert now(office, waiting) is State.DONE
    [news] = office.told
    assert "Marketing Plus" in news
    assert "now runs for" in news
    assert office.slack.calls[-1].arguments["channel"] == SAM.user
    assert office.happened() == ["payment_link_sent", "subscription_started"]


def test_home_has_one_line_for_what_waited_and_went_on(office: Office, waiting: Operation) -> None:
    """H6: one act of the person's, one line; it says how it ended."""
    happens(office, "completed", waiting)
    office.payments.methods[session(waiting)] = method("pm_new")
    office.works()
    with office.store.reading(SAM) as uow:
        (did,) = home(uow).did
    assert (did.operation.id, did.operation.state) == (waiting.id, State.DONE)


def test_the_same_page_completed_twice_starts_one_subscription(office: Office, waiting: Operation) -> None:
    """Two events, or one that is handled again after a crash."""
    office.payments.methods[session(waiting)] = method("pm_new", last4="4444")
    happens(office, "completed", waiting, "evt_1")
    happens(office, "completed", waiting, "evt_2")
    office.works()
    office.follow_ups.run("evt_1", waiting.id)
    office.works()
    assert len(office.payments.started) == 1
    assert len(office.told) == 1


def test_the_log_of_what_goes_on_leads_back_to_the_first_request(office: Office) -> None:
    command = office.confirmed(payment_method="link")
    first = office.desk.accept(command, SAM, key="k", reply_to='{"user":"U_SAM"}', trace="abc123")
    office.works()
    waiting = office.rows.operations[first.id]
    happens(office, "completed", waiting)
    office.works()
    assert office.last_operation.kind == "resume_subscription"
    assert office.last_operation.trace == "abc123"


def test_when_the_link_expired_somebody_is_told_and_nothing_started(office: Office, waiting: Operation) -> None:
    """H31"""
    happens(office, "expired", waiting)
    office.works()
    assert now(office, waiting) is State.EXPIRED
    [news] = office.told
    assert "Ada Lovelace did not use the payment link in time" in news
    assert not office.payments.started


def test_an_expiry_whose_announcement_was_lost_in_a_crash_is_told(office: Office, waiting: Operation) -> None:
    """The steps begin anew after the record."""
    happens(office, "expired", waiting)
    office.events.record("evt_1", office.events.fetch("evt_1"))
    office.works()
    assert len(office.told) == 1


def test_terms_that_changed_while_it_waited_are_offered_for_a_new_review(office: Office, waiting: Operation) -> None:
    """H23, H31"""
    office.payments.methods[session(waiting)] = method("pm_new", last4="4444")
    office.sells(products=(marketing(month=5000), *office.catalogue.products[1:]))
    happens(office, "completed", waiting)
    office.works()
    assert not office.payments.started
    [news] = office.told
    assert "changed since the review" in news
    assert "Review again" in news
    assert now(office, waiting) is State.REFUSED


def test_an_event_that_moves_nothing_tells_nobody(office: Office, waiting: Operation) -> None:
    happens(office, "async_payment_failed", waiting)
    office.works()
    assert not office.told
    assert now(office, waiting) is State.WAITING
    assert office.rows.contacts[ADA]
