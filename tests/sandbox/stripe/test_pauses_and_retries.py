"""Pauses, retries after a decline, and the corners of periods, discounts, taxes and balance, worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest
import requests
import stripe

from tests.sandbox.stripe.local import Local, day, utc


def status(local: Local, subscription: Any) -> str:
    return str(local.v1.subscriptions.retrieve(subscription.id).status)


def at_april(local: Local, price: int = 3000, **fields: Any) -> Any:
    """A subscription from 1 April, 00:00; April has 30 days."""
    local.advance_to("2026-04-01")
    return local.subscribe(local.customer(), local.price(price), **fields)


def test_a_pause_credits_the_unused_time_and_stops_everything(local: Local) -> None:
    # paused when 10 of 30 days are used: 20 / 30 of 30.00 = 20.00 waits; resumed on 1 June: 30.00 − 20.00 = 10.00
    made = local.v1.test_helpers.test_clocks.create({"frozen_time": utc("2026-04-01")})
    subscription = local.subscribe(local.customer(test_clock=made.id), local.price(3000))
    local.v1.test_helpers.test_clocks.advance(made.id, {"frozen_time": utc("2026-04-11")})
    assert local.v1.subscriptions.pause(subscription.id).status == "paused"
    (item,) = local.v1.invoice_items.list({"customer": subscription.customer, "pending": True}).data
    assert item.amount == -2000
    local.v1.test_helpers.test_clocks.advance(made.id, {"frozen_time": utc("2026-06-01")})
    assert [entry.total for entry in local.invoices(subscription)] == [3000]
    resumed = local.v1.subscriptions.resume(subscription.id)
    period = resumed["items"].data[0]
    assert (resumed.status, day(period.current_period_start), day(period.current_period_end)) == (
        "active", "2026-06-01", "2026-07-01",
    )  # fmt: skip
    assert [entry.total for entry in local.invoices(subscription)] == [3000, 1000]
    assert {"customer.subscription.paused", "customer.subscription.resumed"} <= set(local.events())


def test_a_pause_that_gives_nothing_back_and_one_that_gives_all(local: Local) -> None:
    first, second = at_april(local), local.subscribe(local.customer(), local.price(3000))
    local.advance_to("2026-04-11")
    local.v1.subscriptions.pause(first.id, {"bill_for": {"unused_time_from": {"type": "none"}}})
    whole = {"unused_time_from": {"type": "item_current_period_start"}}
    local.v1.subscriptions.pause(second.id, {"bill_for": whole, "invoicing_behavior": "invoice"})
    assert local.v1.invoice_items.list({"customer": first.customer}).data == []
    assert [entry.total for entry in local.invoices(second)] == [3000, -3000]
    assert local.v1.customers.retrieve(second.customer).balance == -3000


def test_what_cannot_be_paused_or_resumed(local: Local) -> None:
    subscription = at_april(local)
    with pytest.raises(stripe.InvalidRequestError, match="Only paused"):
        local.v1.subscriptions.resume(subscription.id)
    local.v1.subscriptions.pause(subscription.id)
    with pytest.raises(stripe.InvalidRequestError, match="is paused"):
        local.v1.subscriptions.pause(subscription.id)
    with pytest.raises(stripe.InvalidRequestError, match="from now only"):
        local.v1.subscriptions.resume(subscription.id, {"billing_cycle_anchor": {"type": "unchanged"}})
    scheduled = local.subscribe(local.customer(), local.price(100))
    local.v1.subscription_schedules.create({"from_subscription": scheduled.id})
    with pytest.raises(stripe.InvalidRequestError, match="schedule"):
        local.v1.subscriptions.pause(scheduled.id)


@pytest.mark.parametrize("wish", ["cancel", "unpaid", "past_due"])
def test_four_attempts_and_then_what_was_settled(local: Local, wish: str) -> None:
    # 1 May 01:00 and 3, 5 and 7 days later each: 4, 9 and 16 May
    requests.post(f"{local.url}/control/settings", json={"after_retries": wish}, timeout=10)
    subscription = at_april(local)
    local.break_card(local.v1.customers.retrieve(subscription.customer))
    expected = []
    for date in ("2026-05-01", "2026-05-04", "2026-05-09", "2026-05-16"):
        local.advance_to(f"{date} 00:30")
        attempts = len([event for event in local.events() if event == "invoice.payment_failed"])
        assert attempts == len(expected)
        local.advance_to(f"{date} 02:00")
        expected.append(date)
        assert local.invoices(subscription)[1].attempt_count == len(expected)
    assert status(local, subscription) == {"cancel": "canceled"}.get(wish, wish)
    local.advance_to("2026-05-31")
    assert local.invoices(subscription)[1].attempt_count == 4
    assert local.invoices(subscription)[1].status == "open"


def attempts(local: Local, subscription: Any) -> tuple[int, str | None]:
    """How many there were, and when the next one comes."""
    invoice = local.invoices(subscription)[1]
    return invoice.attempt_count, invoice.next_payment_attempt and day(invoice.next_payment_attempt)


def test_another_schedule_holds_for_retries_under_way(local: Local) -> None:
    # failed on 1 May 01:00; 1 day later is 2 May, another 7 days later is 9 May
    subscription = at_april(local)
    local.break_card(local.v1.customers.retrieve(subscription.customer))
    local.advance_to("2026-05-01 02:00")
    assert attempts(local, subscription) == (1, "2026-05-04")
    local.app.control.change_settings({"retry_days": [1, 7]})
    assert attempts(local, subscription) == (1, "2026-05-02")
    local.advance_to("2026-05-02 02:00")
    assert attempts(local, subscription) == (2, "2026-05-09")
    local.advance_to("2026-05-08")
    assert attempts(local, subscription) == (2, "2026-05-09")
    local.advance_to("2026-05-09 02:00")
    assert attempts(local, subscription) == (3, None)
    assert status(local, subscription) == "canceled"


def test_fewer_retries_than_there_were_end_it_at_once(local: Local) -> None:
    subscription = at_april(local)
    local.break_card(local.v1.customers.retrieve(subscription.customer))
    local.advance_to("2026-05-05")  # failed on 1 and 4 May
    local.app.control.change_settings({"after_retries": "unpaid"})
    failed = local.events().count("invoice.payment_failed")
    local.app.control.change_settings({"retry_days": [5]})
    assert attempts(local, subscription) == (2, None)
    assert status(local, subscription) == "unpaid"
    assert local.events().count("invoice.payment_failed") == failed
    (changed, *_) = local.v1.events.list({"type": "invoice.updated"}).data
    assert changed.data.previous_attributes["next_payment_attempt"] is not None


@pytest.mark.parametrize("days", [[], [1, 1, 1, 1], [2], [0], ["1"], [True], "1", None, {}])
def test_no_other_schedule_can_be_set(local: Local, days: Any) -> None:
    answer = requests.post(f"{local.url}/control/settings", json={"retry_days": days}, timeout=10)
    assert answer.status_code == 400


def test_a_good_card_in_time_saves_the_subscription(local: Local) -> None:
    subscription = at_april(local)
    customer = local.v1.customers.retrieve(subscription.customer)
    local.break_card(customer)
    local.advance_to("2026-05-02")
    assert status(local, subscription) == "past_due"
    local.break_card(customer, "succeed")
    local.advance_to("2026-05-04 02:00")
    assert status(local, subscription) == "active"
    assert [entry.status for entry in local.invoices(subscription)] == ["paid", "paid"]


def test_an_upgrade_that_was_declined_is_tried_again(local: Local) -> None:
    # half of April left: −15.00 + 30.00 are declined on 16 April and paid on 19 April
    subscription = at_april(local)
    customer = local.v1.customers.retrieve(subscription.customer)
    local.advance_to("2026-04-16")
    local.break_card(customer)
    item = subscription["items"].data[0].id
    change = {"items": [{"id": item, "quantity": 2}], "proration_behavior": "always_invoice"}
    local.v1.subscriptions.update(subscription.id, {**change, "proration_date": utc("2026-04-16")})
    assert status(local, subscription) == "past_due"
    local.break_card(customer, "succeed")
    local.advance_to("2026-04-19 01:00")
    assert (status(local, subscription), local.invoices(subscription)[1].amount_paid) == ("active", 1500)


def test_a_trial_that_ends_on_the_anchor_begins_a_whole_period(local: Local) -> None:
    # trial to 1 February 00:00, anchor there: nothing before, then the whole of February and March
    subscription = local.subscribe(local.customer(), local.price(2800), trial_end=utc("2026-02-01"))
    local.advance_to("2026-03-01 02:00")
    invoices = local.invoices(subscription)
    assert [entry.total for entry in invoices] == [0, 2800, 2800]
    periods = [(day(e.lines.data[0].period.start), day(e.lines.data[0].period.end)) for e in invoices]
    assert periods == [("2026-01-15", "2026-02-01"), ("2026-02-01", "2026-03-01"), ("2026-03-01", "2026-04-01")]


def test_backdating_charges_the_time_since(local: Local) -> None:
    # started on 1 November, today is 15 January: November, December and January at 10.00; next on 1 February
    subscription = local.subscribe(local.customer(), local.price(1000), backdate_start_date=utc("2025-11-01"))
    (invoice,) = local.invoices(subscription)
    assert [line.amount for line in invoice.lines.data] == [1000, 1000, 1000]
    item = subscription["items"].data[0]
    assert (day(item.current_period_start), day(item.current_period_end)) == ("2026-01-01", "2026-02-01")
    local.advance_to("2026-02-01 02:00")
    assert [entry.total for entry in local.invoices(subscription)] == [3000, 1000]


def test_a_whole_discount_on_top_of_tax_and_debt(local: Local) -> None:
    # 100 % off 50.00: no tax on nothing; the debt of 7.00 is asked for all the same
    customer = local.customer()
    local.v1.customers.balance_transactions.create(customer.id, {"amount": 700, "currency": "eur"})
    coupon = local.v1.coupons.create({"percent_off": 100, "duration": "once"})
    rate = local.v1.tax_rates.create({"display_name": "VAT", "percentage": 19, "inclusive": False})
    subscription = local.subscribe(
        customer, local.price(5000), discounts=[{"coupon": coupon.id}], default_tax_rates=[rate.id]
    )
    (invoice,) = local.invoices(subscription)
    assert (invoice.total, invoice.amount_due, invoice.amount_paid, invoice.ending_balance) == (0, 700, 700, 0)
    assert [tax.amount for tax in invoice.total_taxes] == [0]


def test_a_fixed_discount_does_not_become_credit(local: Local) -> None:
    # 80.00 off two lines of 10.00 and 20.00: 30.00 off, no tax, nothing to pay, no credit
    coupon = local.v1.coupons.create({"amount_off": 8000, "currency": "eur", "duration": "forever"})
    rate = local.v1.tax_rates.create({"display_name": "VAT", "percentage": 19, "inclusive": True})
    customer = local.customer(card=None)
    items = [{"price": local.price(1000).id}, {"price": local.price(2000).id}]
    subscription = local.v1.subscriptions.create(
        {"customer": customer.id, "items": items, "discounts": [{"coupon": coupon.id}], "default_tax_rates": [rate.id]}
    )
    (invoice,) = local.invoices(subscription)
    assert [cut.amount for line in invoice.lines.data for cut in line.discount_amounts] == [1000, 2000]
    assert (invoice.total, invoice.amount_due, invoice.ending_balance) == (0, 0, 0)


def test_inclusive_and_exclusive_tax_after_a_discount(local: Local) -> None:
    # 119.00 less 50 % = 59.50; 19 % inside: 9.50, net 50.00; 5 % on 50.00 on top: 2.50; total 62.00
    coupon = local.v1.coupons.create({"percent_off": 50, "duration": "once"})
    inside = local.v1.tax_rates.create({"display_name": "VAT", "percentage": 19, "inclusive": True})
    on_top = local.v1.tax_rates.create({"display_name": "City", "percentage": 5, "inclusive": False})
    subscription = local.subscribe(
        local.customer(),
        local.price(11900),
        default_tax_rates=[inside.id, on_top.id],
        discounts=[{"coupon": coupon.id}],
    )
    (invoice,) = local.invoices(subscription)
    assert [tax.amount for tax in invoice.total_taxes] == [950, 250]
    assert (invoice.total, invoice.total_excluding_tax, invoice.amount_paid) == (6200, 5000, 6200)


def test_credit_that_outlasts_several_invoices(local: Local) -> None:
    # 25.00 of credit: 10.00, 10.00, and 5.00 of the third; then the card pays
    customer = local.customer()
    local.v1.customers.balance_transactions.create(customer.id, {"amount": -2500, "currency": "eur"})
    subscription = local.subscribe(customer, local.price(1000))
    local.advance_to("2026-04-15 02:00")
    invoices = local.invoices(subscription)
    assert [entry.amount_paid for entry in invoices] == [0, 0, 500, 1000]
    assert [entry.ending_balance for entry in invoices] == [-1500, -500, 0, 0]
    assert local.v1.customers.retrieve(customer.id).balance == 0


def test_a_renewal_too_small_to_charge_waits_for_the_next(local: Local) -> None:
    # 0.40 a month: waits; the second asks for 0.80; the third waits again
    subscription = local.subscribe(local.customer(), local.price(40))
    local.advance_to("2026-03-15 02:00")
    invoices = local.invoices(subscription)
    assert [(e.total, e.amount_due, e.ending_balance) for e in invoices] == [(40, 0, 40), (40, 80, 0), (40, 0, 40)]
    assert [entry.status for entry in invoices] == ["paid", "paid", "paid"]
    assert status(local, subscription) == "active"


def test_a_preview_shows_what_is_too_small(local: Local) -> None:
    details = {"items": [{"price": local.price(40).id}]}
    shown = local.v1.invoices.create_preview({"customer": local.customer().id, "subscription_details": details})
    assert (shown.total, shown.amount_due, shown.ending_balance) == (40, 0, 40)
