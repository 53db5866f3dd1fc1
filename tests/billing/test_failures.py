"""A failed payment: the people concerned are told once, in the right place; a burst is one message (H35, HX1)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from billing.contacts import InvoiceStatus, SubscriptionStatus
from billing.dunning import failures
from billing.dunning.failures import FailureReport, collect, failing, report, standing
from billing.dunning.model import Stage
from billing.errors import NotFound, NotStaff
from billing.events import EventSteps
from billing.ids import TeamId
from billing.ports import Origin, StripeEvent
from billing.roles import Role
from tests.support.failing import event, fails, invoice, subscription
from tests.support.shop import ADA, BEN, NOW, SAM, Shop, actor

PRIYA = actor(Role.MANAGER, user="U_PRIYA", name="Priya")
MAX = actor(Role.MANAGER, user="U_MAX", name="Max")
ALEX = actor(Role.ADMIN, user="U_ALEX", name="Alex")
CHANNEL = "C_MANAGERS"


@pytest.fixture
def shop() -> Shop:
    made = Shop()
    for one in (PRIYA, MAX, ALEX):
        made.hires(one)
    return made


def handled(shop: Shop, *events: StripeEvent, channel: str | None = None) -> None:
    steps = EventSteps(shop.store, shop.payments, channel)
    for one in events:
        shop.store.accept_event(one)
        steps.record(one.id, steps.fetch(one.id))


def places(shop: Shop) -> list[str]:
    return sorted(notice.place for notice, _ in shop.rows.notices)


def collected(shop: Shop) -> list[str]:
    """The batches that were given to the engine."""
    shop.rows.jobs.clear()
    collect(shop.store)
    return [job.argument for job in shop.rows.jobs if job.name == failures.PIPELINE]


def shown(shop: Shop, batch: str, after: int = 0, person: Any = SAM) -> FailureReport:
    with shop.store.reading(person) as uow:
        return report(uow, batch, after)


# Who is told


def test_whoever_started_the_subscription_is_told_and_the_managers_channel(shop: Shop) -> None:
    started = shop.starts()
    fails(shop)
    handled(shop, event(operation=started.id), channel=CHANNEL)
    assert places(shop) == sorted([SAM.user, CHANNEL])


def test_without_a_channel_only_whoever_started_it_is_told(shop: Shop) -> None:
    started = shop.starts()
    fails(shop)
    handled(shop, event(operation=started.id))
    assert places(shop) == [SAM.user]


def test_without_either_every_manager_is_told(shop: Shop) -> None:
    fails(shop)
    handled(shop, event())
    assert places(shop) == sorted([PRIYA.user, MAX.user])


@pytest.mark.parametrize("claimed", ["op_nobody", "bens"])
def test_what_the_metadata_claims_is_checked(shop: Shop, claimed: str) -> None:
    """Whoever can write at Stripe could have customers' data told to anybody."""
    operation = shop.starts(contact=BEN, payment_method="link", key="ben").id if claimed == "bens" else claimed
    fails(shop)
    handled(shop, event(operation=operation), channel=CHANNEL)
    assert places(shop) == [CHANNEL]


def test_somebody_without_a_role_any_more_is_told_nothing(shop: Shop) -> None:
    started = shop.starts()
    shop.dismisses(SAM)
    fails(shop)
    handled(shop, event(operation=started.id), channel=CHANNEL)
    assert places(shop) == [CHANNEL]


# Once


def test_the_same_failure_is_told_once_however_often_it_arrives(shop: Shop) -> None:
    fails(shop)
    again = event(2, object_id="in_1")
    required = event(3, object_id="in_1", type="invoice.payment_action_required")
    handled(shop, event(), again, required, channel=CHANNEL)
    assert places(shop) == [CHANNEL]


def test_it_is_told_when_it_begins_and_when_stripe_gives_up_and_not_in_between(shop: Shop) -> None:
    fails(shop)
    handled(shop, event(), channel=CHANNEL)
    fails(shop, invoice(attempts=2))
    handled(shop, event(2, object_id="in_1"), channel=CHANNEL)
    assert len(places(shop)) == 1
    fails(shop, invoice(attempts=4, next_attempt_at=None))
    handled(shop, event(3, object_id="in_1"), channel=CHANNEL)
    assert [notice.failure for notice, _ in shop.rows.notices] == ["in_1:retrying", "in_1:given_up"]


def test_fewer_tries_in_stripes_settings_are_told_as_giving_up(shop: Shop) -> None:
    """HX1: settings act on retries under way. There is no failed try then, only an invoice that changed."""
    fails(shop)
    handled(shop, event(), channel=CHANNEL)
    changed = {"object_id": "in_1", "type": "invoice.updated", "previous": '{"next_payment_attempt": 1}'}
    handled(shop, event(2, **changed), channel=CHANNEL)  # another day
    fails(shop, invoice(next_attempt_at=None))
    handled(shop, event(3, **changed | {"origin": Origin.OURS}), event(4, **changed | {"previous": '{"number": "1"}'}))
    assert [notice.failure for notice, _ in shop.rows.notices] == ["in_1:retrying"]
    handled(shop, event(5, **changed), event(6, **changed), channel=CHANNEL)
    assert [notice.failure for notice, _ in shop.rows.notices] == ["in_1:retrying", "in_1:given_up"]


WRITTEN_OFF = {"status": InvoiceStatus.UNCOLLECTIBLE, "attempts": 4, "next_attempt_at": None}


def test_what_stripe_writes_off_after_the_last_try_is_told_as_giving_up(shop: Shop) -> None:
    """HX1: its settings may say so; the look at it comes after both."""
    fails(shop)
    handled(shop, event(), channel=CHANNEL)
    fails(shop, invoice(**WRITTEN_OFF))
    handled(shop, event(2, object_id="in_1"), channel=CHANNEL)
    assert [notice.failure for notice, _ in shop.rows.notices] == ["in_1:retrying", "in_1:given_up"]
    shop.clock.goes_on(minutes=1)
    [batch] = collected(shop)
    [told] = shown(shop, batch).shown
    assert (told.stage, told.invoice.due.amount) == (Stage.GIVEN_UP, 4900)
    assert shop.rows.timeline[0].parameters["decline"] == "insufficient_funds"


def test_whoever_writes_it_off_is_not_told_that_stripe_gave_up(shop: Shop) -> None:
    fails(shop)
    handled(shop, event(), channel=CHANNEL)
    fails(shop, invoice(**WRITTEN_OFF))
    changed = {"object_id": "in_1", "type": "invoice.updated", "previous": '{"next_payment_attempt": 1}'}
    handled(shop, event(2, **changed, origin=Origin.ELSEWHERE), channel=CHANNEL)
    assert [notice.failure for notice, _ in shop.rows.notices] == ["in_1:retrying"]
    shop.clock.goes_on(minutes=1)
    [batch] = collected(shop)
    assert not shown(shop, batch).shown


@pytest.mark.parametrize(
    "now",
    [
        invoice(status=InvoiceStatus.PAID),
        invoice(status=InvoiceStatus.VOID),
        invoice(by_invoice=True),
        invoice(attempts=0),
    ],
)
def test_what_is_not_so_any_more_is_not_told(shop: Shop, now: Any) -> None:
    """An event that comes days late is no alarm."""
    fails(shop, now)
    handled(shop, event(), channel=CHANNEL)
    assert not shop.rows.notices


def test_whoever_tried_it_in_kontor_saw_what_came_of_it(shop: Shop) -> None:
    fails(shop)
    handled(shop, event(origin=Origin.OURS), channel=CHANNEL)
    assert not shop.rows.notices


def test_the_history_says_why_and_when_it_is_tried_again(shop: Shop) -> None:
    fails(shop)
    handled(shop, event())
    [entry] = shop.rows.timeline
    assert entry.parameters == {"number": "K-1", "decline": "insufficient_funds", "next_attempt": "2026-03-05"}


def test_the_history_does_not_give_an_old_attempt_the_reason_of_a_newer_one(shop: Shop) -> None:
    fails(shop, invoice(attempts=2, decline="lost_card"))
    handled(shop, event())
    [entry] = shop.rows.timeline
    assert entry.parameters == {"number": "K-1"}


# Many at once


def test_a_burst_is_one_message_when_it_is_over(shop: Shop) -> None:
    numbers = range(1, 26)
    fails(shop, *(invoice(number) for number in numbers))
    handled(shop, *(event(number) for number in numbers), channel=CHANNEL)
    shop.clock.goes_on(seconds=19)
    assert collected(shop) == []
    shop.clock.goes_on(seconds=1)
    [batch] = collected(shop)
    assert collected(shop) == []
    first = shown(shop, batch)
    assert (first.count, [one.amount for one in first.totals]) == (25, [25 * 4900])
    assert len(first.shown) == 10
    second = shown(shop, batch, first.following or 0)
    third = shown(shop, batch, second.following or 0)
    assert (len(second.shown), len(third.shown), third.following) == (10, 5, None)


def test_nobody_waits_long_for_the_end_of_a_burst(shop: Shop) -> None:
    fails(shop, invoice(1), invoice(2))
    handled(shop, event(1), channel=CHANNEL)
    shop.clock.goes_on(minutes=2)
    handled(shop, event(2), channel=CHANNEL)
    [batch] = collected(shop)
    assert shown(shop, batch).count == 2


def test_what_was_paid_meanwhile_is_left_out_of_the_list(shop: Shop) -> None:
    fails(shop, invoice(1), invoice(2))
    handled(shop, event(1), event(2), channel=CHANNEL)
    shop.clock.goes_on(minutes=1)
    [batch] = collected(shop)
    fails(shop, invoice(1, status=InvoiceStatus.PAID), invoice(2))
    now = shown(shop, batch)
    assert [one.invoice.id for one in now.shown] == ["in_2"]
    assert (now.count, [one.amount for one in now.totals]) == (1, [4900])


def test_what_still_fails_is_shown_although_a_whole_page_before_it_was_paid(shop: Shop) -> None:
    """12 were noted, 10 of them paid before the message: 2 × 49.00 are left."""
    numbers = range(1, 13)
    fails(shop, *(invoice(number) for number in numbers))
    handled(shop, *(event(number) for number in numbers), channel=CHANNEL)
    shop.clock.goes_on(minutes=1)
    [batch] = collected(shop)
    paid = InvoiceStatus.PAID
    fails(shop, *(invoice(number, **{"status": paid} if number <= 10 else {}) for number in numbers))
    now = shown(shop, batch)
    assert [one.invoice.id for one in now.shown] == ["in_11", "in_12"]
    assert (now.count, [one.amount for one in now.totals], now.following) == (2, [9800], None)


def test_the_list_is_for_those_who_may_see_customers_and_of_that_team(shop: Shop) -> None:
    fails(shop)
    handled(shop, event())
    shop.clock.goes_on(minutes=1)
    batch = collected(shop)[0]
    assert shown(shop, batch, person=PRIYA).count == 1
    with pytest.raises(NotStaff):
        shown(shop, batch, person=actor())
    with pytest.raises(NotFound):
        shown(shop, batch, person=actor(Role.MANAGER, team=TeamId("T_OTHER")))
    with pytest.raises(NotFound):
        shown(shop, "failures:forged")


# How it stands


def test_a_subscription_is_active_again_only_when_nothing_else_is_open(shop: Shop) -> None:
    """HX1: Stripe calls it active as soon as the newest invoice is paid."""
    older = invoice(1)
    fails(shop, older, subscriptions=(subscription(1, status=SubscriptionStatus.ACTIVE), subscription(2)))
    with shop.store.reading(SAM) as uow:
        failed = failing(uow, uow.contacts.get(ADA))
        first, second = sorted(uow.mirror.subscriptions(ADA), key=lambda one: one.id)
    assert [one.stage for one in failed] == [Stage.RETRYING]
    assert standing(first, failed).status is SubscriptionStatus.PAST_DUE
    assert standing(first, ()).status is SubscriptionStatus.ACTIVE
    running = second.model_copy(update={"status": SubscriptionStatus.ACTIVE})
    assert standing(running, failed).status is SubscriptionStatus.ACTIVE, "it is paid, and goes on"


@pytest.mark.parametrize(("following", "stage"), [(NOW + timedelta(days=1), Stage.RETRYING), (None, Stage.GIVEN_UP)])
def test_stripe_has_given_up_when_there_is_no_next_try(following: Any, stage: Stage) -> None:
    assert failures.stage(invoice(next_attempt_at=following)) is stage
