"""Three years go by at once: renewals, retries, phases, expiries and ends happen, each in its moment, in order."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest
import stripe

from tests.sandbox.stripe.local import DAY, Local, day, utc

END = "2029-01-15 12:00"


def all_events(local: Local) -> list[Any]:
    """Oldest first."""
    return list(local.v1.events.list({"limit": 100}).auto_paging_iter())[::-1]


def first_of_month(moment: int) -> bool:
    return datetime.fromtimestamp(moment, UTC).day == 1


def test_three_years_of_everything_in_order(local: Local) -> None:
    v1 = local.v1
    good, poor = local.customer(), local.customer(name="Poor")
    monthly, yearly, weekly = local.price(1000), local.price(9000, "year"), local.price(300, "week")
    steady = local.subscribe(good, monthly)
    annual = local.subscribe(good, yearly, 2)
    short = local.subscribe(good, weekly, cancel_at=utc("2026-06-01"))
    late = local.subscribe(poor, monthly, trial_period_days=30)
    phases = [
        {"items": [{"price": monthly.id, "quantity": 1}], "duration": {"interval": "month", "interval_count": 12}},
        {"items": [{"price": monthly.id, "quantity": 5}], "duration": {"interval": "month", "interval_count": 12}},
    ]
    planned = v1.subscription_schedules.create(
        {"customer": good.id, "start_date": utc("2026-03-01"), "end_behavior": "cancel", "phases": phases}
    )
    coupon = v1.coupons.create({"percent_off": 5, "duration": "once", "redeem_by": utc("2027-02-03")})
    session = v1.checkout.sessions.create({"mode": "setup", "currency": "eur", "success_url": "https://example.com"})
    local.break_card(poor)
    local.advance_to(END)

    assert [day(one.created) for one in local.invoices(steady)][-1] == "2029-01-15"
    assert len(local.invoices(steady)) == 37
    assert [day(one.created) for one in local.invoices(annual)] == [
        "2026-01-15", "2027-01-15", "2028-01-15", "2029-01-15",
    ]  # fmt: skip
    ended = v1.subscriptions.retrieve(short.id)
    # weeks from 15 January: the last one begins on 28 May, before it is cancelled on 1 June: 20 invoices
    assert (ended.status, day(ended.ended_at), len(local.invoices(short))) == ("canceled", "2026-06-01", 20)
    # The trial ends on 14 February; attempts on 14, 17, 22 February and 1 March, the last of which cancels.
    dunned = v1.subscriptions.retrieve(late.id)
    assert (dunned.status, day(dunned.ended_at)) == ("canceled", "2026-03-01")
    assert local.invoices(late)[-1].attempt_count == 4
    done = v1.subscription_schedules.retrieve(planned.id)
    assert (done.status, day(done.completed_at)) == ("completed", "2028-03-01")
    totals = [one.total for one in local.invoices(v1.subscriptions.retrieve(done.subscription))]
    assert totals == [1000] * 12 + [5000] * 12
    assert v1.coupons.retrieve(coupon.id).valid is False
    assert v1.checkout.sessions.retrieve(session.id).status == "expired"

    events = all_events(local)
    assert len(events) > 500
    assert all(earlier.created <= later.created for earlier, later in pairwise(events))
    assert {event.type for event in events} >= {
        "invoice.paid", "invoice.payment_failed", "customer.subscription.deleted", "customer.subscription.updated",
        "subscription_schedule.completed", "checkout.session.expired", "coupon.updated",
        "customer.subscription.trial_will_end",
    }  # fmt: skip
    paid = [event.data.object for event in events if event.type == "invoice.paid"]
    assert all(one.status_transitions.paid_at >= one.created for one in paid)


def test_many_small_steps_end_where_one_large_one_does(local: Local) -> None:
    customer = local.customer()
    subscription = local.subscribe(customer, local.price(1000))
    while local.now() < utc("2027-01-16"):
        local.advance(13)
    starts = [one.lines.data[0].period.start for one in local.invoices(subscription)]
    assert [day(start) for start in starts] == [
        "2026-01-15", "2026-02-15", "2026-03-15", "2026-04-15", "2026-05-15", "2026-06-15", "2026-07-15",
        "2026-08-15", "2026-09-15", "2026-10-15", "2026-11-15", "2026-12-15", "2027-01-15",
    ]  # fmt: skip
    assert {one.status for one in local.invoices(subscription)} == {"paid"}


def test_keys_and_links_end_on_the_way(local: Local) -> None:
    session = local.v1.checkout.sessions.create({"mode": "setup", "currency": "eur", "success_url": "https://e.com"})
    assert session.expires_at - local.now() <= DAY
    local.advance(0.9)
    assert local.v1.checkout.sessions.retrieve(session.id).status == "open"
    local.advance(0.2)
    assert local.v1.checkout.sessions.retrieve(session.id).status == "expired"
    with pytest.raises(stripe.InvalidRequestError):
        local.v1.checkout.sessions.expire(session.id)
