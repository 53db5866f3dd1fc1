"""What was done at Stripe and not in Kontor is in the history, and marked as such (H10)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from billing.event_entries import history
from billing.ids import CustomerId, EventId
from billing.money import Money
from billing.ports import Origin, StripeEvent
from billing.timeline import Happening, Topic, happenings, topics
from blocks.timelines import _CHANGES
from tests.support.failing import invoice
from tests.support.shop import NOW, contact

SOLD = {"items": {"data": [{"price": {"lookup_key": "desk-solo-month-eur"}}]}}


def event(type_: str, *, previous: Any = None, payload: Any = None, origin: Origin = Origin.ELSEWHERE) -> StripeEvent:
    return StripeEvent(
        id=EventId("evt_1"),
        type=type_,
        customer=CustomerId("cus_ada"),
        object_id="obj_1",
        created_at=NOW,
        payload=json.dumps(payload or {}),
        previous=json.dumps(previous or {}),
        origin=origin,
    )


@pytest.mark.parametrize(
    ("type_", "previous", "change"),
    [
        ("customer.subscription.created", {}, "subscription_started"),
        ("customer.subscription.updated", {"items": {}, "plan": {}}, "subscription_items"),
        ("customer.subscription.updated", {"quantity": 1}, "subscription_items"),
        ("customer.subscription.updated", {"cancel_at_period_end": False}, "subscription_end"),
        ("customer.subscription.updated", {"pause_collection": None}, "subscription_pause"),
        ("customer.subscription.updated", {"discounts": []}, "subscription_discount"),
        ("customer.subscription.updated", {"default_payment_method": None}, "subscription_payment_method"),
        ("customer.subscription.updated", {"trial_end": 1}, "subscription_trial"),
        ("customer.subscription.updated", {"collection_method": "send_invoice"}, "subscription_collection"),
        ("customer.subscription.paused", {}, "subscription_paused"),
        ("customer.subscription.resumed", {}, "subscription_resumed"),
        ("customer.updated", {"name": "Ada"}, "customer_name"),
        ("customer.updated", {"email": "a@b.example"}, "customer_email"),
        ("customer.updated", {"phone": "1"}, "customer_phone"),
        ("customer.updated", {"address": {}}, "customer_address"),
        ("customer.updated", {"balance": 0}, "customer_balance"),
        ("customer.updated", {"tax_exempt": "none"}, "customer_tax"),
        ("customer.deleted", {}, "customer_deleted"),
        ("invoice.voided", {}, "invoice_voided"),
        ("invoice.marked_uncollectible", {}, "invoice_written_off"),
        ("credit_note.created", {}, "credit_note"),
    ],
)
def test_a_change_made_elsewhere_is_told(type_: str, previous: Any, change: str) -> None:
    entry = history(event(type_, previous=previous, payload=SOLD | {"number": "K-1"}), contact())
    assert entry is not None
    assert entry.what is Happening.CHANGED_AT_STRIPE
    assert entry.by is None
    assert entry.parameters == {"change": change, "product": "desk-solo-month-eur", "number": "K-1"}
    assert change in _CHANGES, "people need a sentence for it"


def test_every_sentence_about_a_change_is_used() -> None:
    changes = {row[2] for mark in test_a_change_made_elsewhere_is_told.pytestmark for row in mark.args[1]}
    assert changes | {"refund"} == set(_CHANGES)


def test_a_refund_made_elsewhere_says_how_much_went_back_this_time_and_of_which_invoice() -> None:
    """HX20: 400.00 of 535.50 had gone back, now all of it has: 135.50."""
    payload = {"amount_refunded": 53550, "currency": "eur"}
    again = event("charge.refunded", previous={"amount_refunded": 40000}, payload=payload)
    entry = history(again, contact(), invoice(1))
    assert entry is not None
    assert (entry.amount, entry.parameters) == (
        Money(amount=13550, currency="EUR"),
        {"change": "refund", "number": "K-1"},
    )
    assert history(again.model_copy(update={"origin": Origin.OURS}), contact(), invoice(1)) is None


@pytest.mark.parametrize("origin", Origin)
def test_a_refund_that_failed_is_told_whoever_made_it(origin: Origin) -> None:
    failed = event("refund.failed", payload={"amount": 53550, "currency": "eur"}, origin=origin)
    entry = history(failed, contact(), invoice(1))
    assert entry is not None
    assert (entry.what, entry.amount, entry.parameters) == (
        Happening.REFUND_FAILED,
        Money(amount=53550, currency="EUR"),
        {"number": "K-1"},
    )


@pytest.mark.parametrize("origin", [Origin.OURS, Origin.STRIPE])
@pytest.mark.parametrize("type_", ["customer.subscription.created", "customer.subscription.updated", "invoice.voided"])
def test_what_kontor_or_stripe_itself_did_is_not_told_as_such(type_: str, origin: Origin) -> None:
    """Our operations write their own entries, and a renewal is no change."""
    assert history(event(type_, previous={"items": {}}, origin=origin), contact()) is None


def test_a_payment_that_failed_in_kontor_is_told_once_by_the_operation() -> None:
    payload = {"amount_remaining": 100, "currency": "eur"}
    for origin, told in ((Origin.OURS, False), (Origin.STRIPE, True), (Origin.ELSEWHERE, True)):
        assert bool(history(event("invoice.payment_failed", payload=payload, origin=origin), contact())) is told


@pytest.mark.parametrize(
    ("origin", "more"), [(Origin.OURS, {"confirms": 1}), (Origin.STRIPE, {}), (Origin.ELSEWHERE, {})]
)
def test_a_payment_that_kontor_has_charged_or_recorded_is_confirmed_and_counts(
    origin: Origin, more: dict[str, int]
) -> None:
    """The operation's own line says who wanted it; what is received in a day is counted by this one."""
    payload = {"amount_paid": 53550, "currency": "eur", "number": "K-1"}
    entry = history(event("invoice.paid", payload=payload, origin=origin), contact())
    assert entry is not None
    assert (entry.what, entry.amount) == (Happening.PAYMENT_SUCCEEDED, Money(amount=53550, currency="EUR"))
    assert entry.parameters == {"number": "K-1", **more}


@pytest.mark.parametrize(
    ("type_", "previous"),
    [
        ("customer.subscription.updated", {"current_period_end": 1, "latest_invoice": "in_1"}),
        ("customer.updated", {"invoice_settings": {}}),
        ("customer.created", {}),
        ("product.updated", {"name": "x"}),
        ("a.type.of.next.year", {"items": {}}),
    ],
)
def test_what_says_nothing_to_people_is_not_told(type_: str, previous: Any) -> None:
    assert history(event(type_, previous=previous), contact()) is None


@pytest.mark.parametrize(("origin", "outside"), [(Origin.ELSEWHERE, 1), (Origin.OURS, None), (Origin.STRIPE, None)])
def test_an_end_says_whether_somebody_ended_it_at_stripe(origin: Origin, outside: int | None) -> None:
    entry = history(event("customer.subscription.deleted", payload=SOLD, origin=origin), contact())
    assert entry is not None
    assert entry.parameters.get("outside") == outside


# The kinds by which the history is filtered


def test_everything_that_happens_is_of_some_kind() -> None:
    assert all(topics(what) for what in Happening)
    assert frozenset().union(*(happenings(topic) for topic in Topic)) == frozenset(Happening)


@pytest.mark.parametrize(
    ("what", "kinds"),
    [
        (Happening.SUBSCRIPTION_STARTED, {Topic.OPERATIONS}),
        (Happening.REQUEST_APPROVED, {Topic.DECISIONS}),
        (Happening.REQUEST_FAILED, {Topic.DECISIONS, Topic.FAILURES}),
        (Happening.PAYMENT_DECLINED, {Topic.OPERATIONS, Topic.FAILURES}),
        (Happening.CHANGED_AT_STRIPE, {Topic.AT_STRIPE}),
    ],
)
def test_what_happens_may_be_of_two_kinds(what: Happening, kinds: set[Topic]) -> None:
    assert set(topics(what)) == kinds
