"""Amounts worked out by hand: discounts, taxes, balance, prorations, calendars, currencies."""

from __future__ import annotations

import pytest
import stripe

from bot.sandbox.stripe.money import inclusive_taxes, percent_of, share, tiered
from bot.sandbox.stripe.periods import boundary
from tests.sandbox.stripe.local import DAY, Local, day, utc


def test_exclusive_tax_comes_on_top_of_what_the_discount_leaves(local: Local) -> None:
    # 3 × 9.99 = 29.97; 15 % off is 4.4955, half up 4.50, leaves 25.47; 19 % of 25.47 is 4.8393, 4.84; total 30.31
    coupon = local.v1.coupons.create({"percent_off": 15, "duration": "forever"})
    rate = local.v1.tax_rates.create({"display_name": "VAT", "percentage": 19, "inclusive": False})
    subscription = local.subscribe(
        local.customer(), local.price(999), 3, discounts=[{"coupon": coupon.id}], default_tax_rates=[rate.id]
    )
    (invoice,) = local.invoices(subscription)
    assert invoice.subtotal == 2997
    assert [entry.amount for entry in invoice.total_discount_amounts] == [450]
    assert [(tax.amount, tax.taxable_amount) for tax in invoice.total_taxes] == [(484, 2547)]
    assert (invoice.total, invoice.total_excluding_tax, invoice.amount_paid) == (3031, 2547, 3031)


def test_inclusive_tax_is_taken_out_and_exclusive_tax_is_added_to_the_rest(local: Local) -> None:
    # 119.00 holds 19 % = 19.00, net 100.00; 5 % exclusive on 100.00 = 5.00; total 119.00 + 5.00 = 124.00
    inside = local.v1.tax_rates.create({"display_name": "VAT", "percentage": 19, "inclusive": True})
    on_top = local.v1.tax_rates.create({"display_name": "City", "percentage": 5, "inclusive": False})
    subscription = local.subscribe(local.customer(), local.price(11900), default_tax_rates=[inside.id, on_top.id])
    (invoice,) = local.invoices(subscription)
    assert [(tax.amount, tax.tax_behavior) for tax in invoice.total_taxes] == [(1900, "inclusive"), (500, "exclusive")]
    assert (invoice.total, invoice.total_excluding_tax, invoice.subtotal_excluding_tax) == (12400, 10000, 10000)


def test_a_fixed_discount_larger_than_the_invoice_leaves_nothing_to_pay(local: Local) -> None:
    coupon = local.v1.coupons.create({"amount_off": 5000, "currency": "eur", "duration": "once"})
    subscription = local.subscribe(local.customer(), local.price(1000), discounts=[{"coupon": coupon.id}])
    (invoice,) = local.invoices(subscription)
    assert (invoice.status, invoice.total, invoice.total_discount_amounts[0].amount) == ("paid", 0, 1000)
    local.advance_to("2026-02-15 02:00")
    assert [entry.total for entry in local.invoices(subscription)] == [0, 1000]


def test_a_whole_discount_needs_no_card(local: Local) -> None:
    coupon = local.v1.coupons.create({"percent_off": 100, "duration": "forever"})
    subscription = local.subscribe(local.customer(card=None), local.price(1000), discounts=[{"coupon": coupon.id}])
    assert subscription.status == "active"
    assert local.invoices(subscription)[0].amount_due == 0


def test_a_repeating_coupon_ends_after_its_months(local: Local) -> None:
    # two months from 15 January: the invoices of 15 January and 15 February, not that of 15 March
    coupon = local.v1.coupons.create({"percent_off": 50, "duration": "repeating", "duration_in_months": 2})
    subscription = local.subscribe(local.customer(), local.price(1000), discounts=[{"coupon": coupon.id}])
    local.advance_to("2026-03-16")
    assert [entry.total for entry in local.invoices(subscription)] == [500, 500, 1000]


def test_credit_is_applied_after_tax_and_what_is_left_waits(local: Local) -> None:
    # 10.00 + 19 % = 11.90; credit 15.00 pays it all, 3.10 stay; the next 11.90 take 3.10 and charge 8.80
    customer = local.customer()
    local.v1.customers.balance_transactions.create(customer.id, {"amount": -1500, "currency": "eur"})
    rate = local.v1.tax_rates.create({"display_name": "VAT", "percentage": 19, "inclusive": False})
    subscription = local.subscribe(customer, local.price(1000), default_tax_rates=[rate.id])
    (first,) = local.invoices(subscription)
    assert (first.total, first.amount_due, first.starting_balance, first.ending_balance) == (1190, 0, -1500, -310)
    assert local.v1.customers.retrieve(customer.id).balance == -310
    local.advance_to("2026-02-15 02:00")
    second = local.invoices(subscription)[1]
    assert (second.amount_due, second.amount_paid, second.ending_balance) == (880, 880, 0)
    amounts = [entry.amount for entry in local.v1.customers.balance_transactions.list(customer.id).data]
    assert amounts == [310, 1190, -1500]


def test_an_upgrade_at_exactly_half_the_period_credits_half_and_charges_half(local: Local) -> None:
    # February 2026 has 28 days; after 14 of them half of 1000 is credited and half of 5000 charged: 2000 now
    local.advance_to("2026-02-01")
    customer = local.customer()
    subscription = local.subscribe(customer, local.price(1000))
    local.advance_to("2026-02-15")
    item = subscription["items"].data[0].id
    wanted = {"items": [{"id": item, "price": local.price(5000).id}], "proration_behavior": "always_invoice"}
    moment = utc("2026-02-15")
    local.v1.subscriptions.update(subscription.id, {**wanted, "proration_date": moment})
    invoice = local.invoices(subscription)[1]
    assert [line.amount for line in invoice.lines.data] == [-500, 2500]
    assert (invoice.total, invoice.status) == (2000, "paid")


def test_two_changes_in_one_period_add_up_to_what_was_used(local: Local) -> None:
    # 30 days of April, 3000 a seat: 1 seat; after 10 days 4 seats (−2000 +8000), after 20 days 2 seats (−4000 +2000).
    # Used: 10 days × 1 + 10 × 4 + 10 × 2 = 70 seat-days of 100 = 7000. Paid: 3000 + 6000 − 2000 = 7000.
    local.advance_to("2026-04-01")
    subscription = local.subscribe(local.customer(), local.price(3000))
    item = subscription["items"].data[0].id
    for date, quantity in (("2026-04-11", 4), ("2026-04-21", 2)):
        local.advance_to(date)
        change = {"items": [{"id": item, "quantity": quantity}], "proration_date": utc(date)}
        local.v1.subscriptions.update(subscription.id, change)
    local.advance_to("2026-05-01 02:00")
    first, renewal = local.invoices(subscription)
    assert first.total == 3000
    assert sorted(line.amount for line in renewal.lines.data) == [-4000, -2000, 2000, 6000, 8000]
    assert renewal.total == 6000 - 2000 + 2 * 3000


def test_a_preview_shows_what_is_charged(local: Local) -> None:
    local.advance_to("2026-04-01")
    subscription = local.subscribe(local.customer(), local.price(3000))
    local.advance_to("2026-04-11")
    details = {
        "items": [{"id": subscription["items"].data[0].id, "quantity": 4}],
        "proration_behavior": "always_invoice",
        "proration_date": utc("2026-04-11"),
    }
    preview = local.v1.invoices.create_preview({"subscription": subscription.id, "subscription_details": details})
    assert preview.total == 6000  # 20 of 30 days: −2000 + 8000
    assert len(local.invoices(subscription)) == 1
    local.v1.subscriptions.update(subscription.id, details)
    assert local.invoices(subscription)[1].total == 6000


def test_a_preview_shows_items_that_are_not_there_yet(local: Local) -> None:
    """Invoices, "invoice_items" of a preview: 500 beside the change, and nothing of it stays."""
    local.advance_to("2026-04-01")
    customer = local.customer()
    subscription = local.subscribe(customer, local.price(3000))
    local.advance_to("2026-04-11")
    details = {
        "items": [{"id": subscription["items"].data[0].id, "quantity": 4}],
        "proration_behavior": "always_invoice",
        "proration_date": utc("2026-04-11"),
    }
    item = {"amount": 500, "currency": "eur", "description": "Setup", "metadata": {"a": "b"}}
    preview = local.v1.invoices.create_preview(
        {"subscription": subscription.id, "subscription_details": details, "invoice_items": [item]}
    )
    assert preview.total == 6500  # 20 of 30 days: -2000 + 8000, and the item
    assert [line.metadata.to_dict() for line in preview.lines.data if line.amount == 500] == [{"a": "b"}]
    assert local.v1.invoice_items.list({"customer": customer.id, "pending": True}).data == []


def test_items_are_previewed_beside_a_running_subscription_only(local: Local) -> None:
    item = {"amount": 500, "currency": "eur"}
    with pytest.raises(stripe.InvalidRequestError, match="running subscription"):
        local.v1.invoices.create_preview({"customer": local.customer().id, "invoice_items": [item]})
    subscription = local.subscribe(local.customer(), local.price(3000))
    with pytest.raises(stripe.InvalidRequestError, match="quantity"):
        local.v1.invoices.create_preview({"subscription": subscription.id, "invoice_items": [{**item, "quantity": 2}]})


def test_a_change_of_interval_starts_a_new_period_now(local: Local) -> None:
    # April, 3000 a month, after 15 of 30 days to 30000 a year: −1500 + 30000, next on 16 April 2027
    local.advance_to("2026-04-01")
    subscription = local.subscribe(local.customer(), local.price(3000))
    local.advance_to("2026-04-16")
    items = [{"id": subscription["items"].data[0].id, "price": local.price(30000, "year").id}]
    changed = local.v1.subscriptions.update(subscription.id, {"items": items, "proration_date": utc("2026-04-16")})
    assert local.invoices(subscription)[1].total == 28500
    assert day(changed["items"].data[0].current_period_end) == "2027-04-16"


def test_no_proration_when_told_so(local: Local) -> None:
    subscription = local.subscribe(local.customer(), local.price(1000))
    local.advance(10)
    change = {"items": [{"id": subscription["items"].data[0].id, "quantity": 3}], "proration_behavior": "none"}
    local.v1.subscriptions.update(subscription.id, change)
    local.advance_to("2026-02-15 02:00")
    assert [entry.total for entry in local.invoices(subscription)] == [1000, 3000]


@pytest.mark.parametrize(("currency", "amount", "percent", "tax"), [("jpy", 1050, 10, 105), ("kwd", 1234, 5, 62)])
def test_currencies_without_or_with_three_decimals(
    local: Local, currency: str, amount: int, percent: int, tax: int
) -> None:
    # 10 % of 1050 yen = 105; 5 % of 1.234 dinars = 61.7 fils, half up 62
    rate = local.v1.tax_rates.create({"display_name": "Tax", "percentage": percent, "inclusive": False})
    subscription = local.subscribe(
        local.customer(), local.price(amount, currency=currency), default_tax_rates=[rate.id]
    )
    (invoice,) = local.invoices(subscription)
    assert (invoice.currency, invoice.total) == (currency, amount + tax)


def test_the_end_of_the_month_comes_back_to_the_31st(local: Local) -> None:
    local.advance_to("2026-01-31")
    subscription = local.subscribe(local.customer(), local.price(1000))
    local.advance_to("2026-05-01")
    starts = [day(entry.lines.data[0].period.start) for entry in local.invoices(subscription)]
    assert starts == ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"]


def test_leap_years_and_daylight_saving() -> None:
    assert day(boundary(utc("2024-01-31"), "month", 1, 1)) == "2024-02-29"
    assert day(boundary(utc("2024-02-29"), "year", 1, 1)) == "2025-02-28"
    assert day(boundary(utc("2024-02-29"), "year", 1, 4)) == "2028-02-29"
    # 29 March 2026 has 23 hours in Berlin; at Stripe a day is 24 hours of UTC
    assert boundary(utc("2026-03-28"), "day", 1, 2) - utc("2026-03-28") == 2 * DAY


def test_a_trial_is_free_and_then_begins_its_first_period(local: Local) -> None:
    subscription = local.subscribe(local.customer(), local.price(1000), trial_period_days=14)
    assert (subscription.status, day(subscription.trial_end)) == ("trialing", "2026-01-29")
    local.advance_to("2026-01-29 02:00")
    assert [entry.total for entry in local.invoices(subscription)] == [0, 1000]
    changed = local.v1.subscriptions.retrieve(subscription.id)
    assert (changed.status, day(changed["items"].data[0].current_period_end)) == ("active", "2026-02-28")
    assert "customer.subscription.trial_will_end" in local.events()


def test_an_anchor_ahead_charges_the_part_up_to_it(local: Local) -> None:
    # 15 January (00:00) to 1 February: 17 of the 31 days from 1 January to 1 February; 3100 × 17 / 31 = 1700
    now = local.now()
    subscription = local.subscribe(local.customer(), local.price(3100), billing_cycle_anchor=utc("2026-02-01"))
    (invoice,) = local.invoices(subscription)
    exact = 3100 * (utc("2026-02-01") - now) / (31 * DAY)
    assert now - utc("2026-01-15") < 60
    assert invoice.total == 1700 == round(exact)


def test_cancelling_with_proration_gives_back_the_unused_time_as_credit(local: Local) -> None:
    # half of 30 days unused: 3000 / 2 = 1500 as credit
    local.advance_to("2026-04-01")
    customer = local.customer()
    subscription = local.subscribe(customer, local.price(3000))
    local.advance_to("2026-04-16")
    local.v1.subscriptions.cancel(subscription.id, {"prorate": True, "invoice_now": True})
    assert local.v1.customers.retrieve(customer.id).balance in (-1500, -1499)


def test_splitting_and_rounding() -> None:
    assert percent_of(250, 1) == 3  # 2.5, half up
    assert percent_of(-250, 1) == -3  # a credit like the debit of its size
    assert percent_of(1000, "8.875") == 89  # 88.75
    assert share(100, [1, 1, 1]) == [34, 33, 33]
    assert inclusive_taxes(11900, [19]) == [1900]
    assert inclusive_taxes(1000, [7]) == [65]  # 1000 × 7 / 107 = 65.42
    tiers = [
        {"up_to": 10, "unit_amount": 500, "flat_amount": None},
        {"up_to": None, "unit_amount": 300, "flat_amount": 1000},
    ]
    assert tiered(12, tiers, "graduated") == 10 * 500 + 2 * 300 + 1000
    assert tiered(12, tiers, "volume") == 12 * 300 + 1000
