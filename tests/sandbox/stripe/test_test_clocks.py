"""Test clocks: customers in a time of their own, advanced in order, the account's clock untouched."""

from __future__ import annotations

from typing import Any

import pytest
import requests
import stripe

from tests.sandbox.stripe.local import DAY, Local, day, utc


def clock(local: Local, at: str = "2026-01-31", **fields: Any) -> Any:
    return local.v1.test_helpers.test_clocks.create({"frozen_time": utc(at), **fields})


def advance(local: Local, made: Any, to: str) -> Any:
    return local.v1.test_helpers.test_clocks.advance(made.id, {"frozen_time": utc(to)})


def test_a_customer_lives_in_the_time_of_its_clock(local: Local) -> None:
    made = clock(local, "2030-03-01 12:00", name="Far ahead")
    assert (made.name, made.status, made.frozen_time) == ("Far ahead", "ready", utc("2030-03-01 12:00"))
    customer = local.customer(test_clock=made.id)
    assert (customer.test_clock, customer.created) == (made.id, utc("2030-03-01 12:00"))
    subscription = local.subscribe(customer, local.price(1000))
    (invoice,) = local.invoices(subscription)
    item = subscription["items"].data[0]
    assert (subscription.test_clock, invoice.test_clock) == (made.id, made.id)
    assert (item.current_period_start, item.current_period_end) == (utc("2030-03-01 12:00"), utc("2030-04-01 12:00"))
    assert invoice.status_transitions.paid_at == utc("2030-03-01 12:00")
    other = local.subscribe(local.customer(), local.price(1000))
    assert (other.test_clock, day(other.created)) == (None, "2026-01-15")


def test_advancing_makes_everything_happen_in_order(local: Local) -> None:
    # 31 January, 28 February, 31 March, and only for who lives there
    made = clock(local)
    subscription = local.subscribe(local.customer(test_clock=made.id), local.price(1000))
    other = local.subscribe(local.customer(), local.price(1000))
    now = local.now()
    advance(local, made, "2026-03-01")
    answer = advance(local, made, "2026-03-31 02:00")
    assert (answer.status, answer.status_details.advancing.target_frozen_time) == ("advancing", utc("2026-03-31 02:00"))
    ready = local.v1.test_helpers.test_clocks.retrieve(made.id)
    assert (ready.status, ready.frozen_time) == ("ready", utc("2026-03-31 02:00"))
    invoices = local.invoices(subscription)
    assert [day(entry.lines.data[0].period.start) for entry in invoices] == ["2026-01-31", "2026-02-28", "2026-03-31"]
    assert [entry.status for entry in invoices] == ["paid", "paid", "paid"]
    paid = [event.created for event in local.v1.events.list({"type": "invoice.paid", "limit": 100}).data]
    assert utc("2026-02-28 01:00") in paid  # the renewal's draft waits an hour
    assert len(local.invoices(other)) == 1
    assert local.now() - now < 60
    assert [name for name in local.events() if name.startswith("test_helpers")] == [
        f"test_helpers.test_clock.{what}" for what in ("created", "advancing", "ready", "advancing", "ready")
    ]  # fmt: skip


def test_the_accounts_clock_does_not_touch_them(local: Local) -> None:
    made = clock(local)
    subscription = local.subscribe(local.customer(test_clock=made.id), local.price(1000))
    local.advance_to("2026-02-10")
    assert len(local.invoices(subscription)) == 1
    assert local.v1.test_helpers.test_clocks.retrieve(made.id).frozen_time == utc("2026-01-31")


def test_a_change_is_prorated_in_the_clocks_time(local: Local) -> None:
    # April has 30 days; ten days in, 2 more seats at 30.00 for 20 of 30 days: −20.00 + 60.00
    made = clock(local, "2026-04-01")
    subscription = local.subscribe(local.customer(test_clock=made.id), local.price(3000))
    advance(local, made, "2026-04-11")
    item = subscription["items"].data[0].id
    local.v1.subscription_items.update(item, {"quantity": 3, "proration_behavior": "always_invoice"})
    first, change = local.invoices(subscription)
    assert [line.amount for line in change.lines.data] == [-2000, 6000]
    assert (first.created, change.created) == (utc("2026-04-01"), utc("2026-04-11"))


def test_a_decline_is_retried_and_ends_the_subscription(local: Local) -> None:
    # renewal on 1 May, charged an hour later and declined; again 3, 5 and 7 days after the attempt before
    made = clock(local, "2026-04-01")
    customer = local.customer(test_clock=made.id)
    subscription = local.subscribe(customer, local.price(3000))
    local.break_card(customer)
    for to, attempts, status in (
        ("2026-05-01 02:00", 1, "past_due"),
        ("2026-05-04 02:00", 2, "past_due"),
        ("2026-05-09 02:00", 3, "past_due"),
        ("2026-05-16 02:00", 4, "canceled"),
    ):
        advance(local, made, to)
        assert local.invoices(subscription)[1].attempt_count == attempts
        assert local.v1.subscriptions.retrieve(subscription.id).status == status
    assert local.v1.subscriptions.retrieve(subscription.id).ended_at == utc("2026-05-16 01:00")


def test_a_trial_ends_on_the_clock(local: Local) -> None:
    made = clock(local, "2026-04-01")
    subscription = local.subscribe(local.customer(test_clock=made.id), local.price(3000), trial_period_days=10)
    advance(local, made, "2026-04-09")
    assert "customer.subscription.trial_will_end" in local.events()
    advance(local, made, "2026-04-11 02:00")
    assert local.v1.subscriptions.retrieve(subscription.id).status == "active"
    assert [entry.total for entry in local.invoices(subscription)] == [0, 3000]


def test_a_scheduled_start_waits_for_the_clock(local: Local) -> None:
    made = clock(local, "2026-04-01")
    customer = local.customer(test_clock=made.id)
    phase = {"items": [{"price": local.price(1000).id}], "duration": {"interval": "month"}}
    schedule = local.v1.subscription_schedules.create(
        {"customer": customer.id, "start_date": utc("2026-05-01"), "phases": [phase]}
    )
    assert (schedule.test_clock, schedule.status) == (made.id, "not_started")
    advance(local, made, "2026-05-01 02:00")
    assert local.v1.subscription_schedules.retrieve(schedule.id).status == "active"


def test_pages_know_the_clocks_time(local: Local) -> None:
    made = clock(local, "2030-04-01")
    sub = local.subscribe(
        local.customer(card=None, test_clock=made.id),
        local.price(900),
        collection_method="send_invoice",
        days_until_due=7,
    )
    (invoice,) = local.invoices(sub)
    card = {"number": "4242424242424242", "expiry": "12 / 34", "cvc": "123"}
    assert requests.post(invoice.hosted_invoice_url, data=card, timeout=10).status_code == 200
    assert local.v1.invoices.retrieve(invoice.id).status_transitions.paid_at == utc("2030-04-01")


def test_how_far_a_clock_goes(local: Local) -> None:
    made = clock(local, "2026-01-31")
    with pytest.raises(stripe.InvalidRequestError, match="must be after"):
        advance(local, made, "2026-01-31")
    with pytest.raises(stripe.InvalidRequestError, match="two years"):
        advance(local, made, "2028-03-01")
    advance(local, made, "2026-02-01")
    customer = local.customer(test_clock=made.id)
    local.subscribe(customer, local.price(1000, "year"))
    local.subscribe(customer, local.price(1000))
    with pytest.raises(stripe.InvalidRequestError, match="two intervals"):
        advance(local, made, "2026-04-01 00:01")
    assert advance(local, made, "2026-04-01").status == "advancing"


def test_lists_leave_them_out_unless_asked(local: Local) -> None:
    made = clock(local)
    inside, outside = local.customer(test_clock=made.id), local.customer()
    subscription = local.subscribe(inside, local.price(100))
    assert [entry.id for entry in local.v1.customers.list().data] == [outside.id]
    assert [entry.id for entry in local.v1.customers.list({"test_clock": made.id}).data] == [inside.id]
    assert local.v1.subscriptions.list().data == []
    for wanted in ({"test_clock": made.id}, {"customer": inside.id}):
        assert [entry.id for entry in local.v1.subscriptions.list(wanted).data] == [subscription.id]
    assert [entry.id for entry in local.v1.test_helpers.test_clocks.list().data] == [made.id]


def test_deleting_a_clock_deletes_its_customers(local: Local) -> None:
    made = clock(local)
    customer = local.customer(test_clock=made.id)
    subscription = local.subscribe(customer, local.price(100))
    gone = local.v1.test_helpers.test_clocks.delete(made.id)
    assert gone.deleted
    assert local.v1.customers.retrieve(customer.id).deleted
    assert local.v1.subscriptions.retrieve(subscription.id).status == "canceled"
    assert "test_helpers.test_clock.deleted" in local.events()
    with pytest.raises(stripe.InvalidRequestError, match="No such"):
        advance(local, made, "2026-02-01")


def test_a_clock_deletes_itself_after_thirty_days(local: Local) -> None:
    made = clock(local)
    assert made.deletes_after == made.created + 30 * DAY
    customer = local.customer(test_clock=made.id)
    local.advance(31)
    assert local.v1.customers.retrieve(customer.id).deleted
    assert local.v1.test_helpers.test_clocks.list().data == []


def test_what_is_refused(local: Local) -> None:
    made = clock(local)
    for _ in range(3):
        local.customer(card=None, test_clock=made.id)
    with pytest.raises(stripe.InvalidRequestError, match="at most 3 customers"):
        local.customer(card=None, test_clock=made.id)
    with pytest.raises(stripe.InvalidRequestError, match=r"No such test_helpers\.test_clock"):
        local.customer(card=None, test_clock="clock_nothing")
    with pytest.raises(stripe.InvalidRequestError, match="new customers"):
        clock(local, customer=local.customer(card=None).id)
