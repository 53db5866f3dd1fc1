"""More amounts worked out by hand, through the official SDK: changes within a period, calendars, currencies, tax,
balances, trials, cancellations. The clock starts on 15 January 2026; every moment is UTC.
"""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.sandbox.stripe.local import DAY, Local, day, utc


def item_of(subscription: Any) -> str:
    return str(subscription["items"].data[0].id)


def change(local: Local, subscription: Any, date: str, **wanted: Any) -> Any:
    """Change the only item as if it were exactly that moment, after moving the clock there."""
    local.advance_to(date)
    how = {name: wanted.pop(name) for name in ("proration_behavior", "billing_cycle_anchor") if name in wanted}
    items = [{"id": item_of(subscription), **wanted}]
    return local.v1.subscriptions.update(subscription.id, {"items": items, "proration_date": utc(date), **how})


def lines(invoice: Any) -> list[int]:
    return [line.amount for line in invoice.lines.data]


class TestChangesWithinAPeriod:
    def test_an_upgrade_at_half_the_period_is_listed_as_unused_and_remaining_time(self, local: Local) -> None:
        # April has 30 days, 15 are left: -(2 x 1500) / 2 = -1500 and (2 x 2500) / 2 = 2500; then 5000 from 1 May on
        local.advance_to("2026-04-01")
        subscription = local.subscribe(local.customer(), local.price(1500), 2)
        change(local, subscription, "2026-04-16", price=local.price(2500).id)
        local.advance_to("2026-05-01 02:00")
        renewal = local.invoices(subscription)[1]
        assert sorted(lines(renewal)) == [-1500, 2500, 5000]
        texts = sorted(line.description for line in renewal.lines.data)
        assert texts[1].startswith("Remaining time on 2 × Plan 2500 after 16 Apr 2026")
        assert texts[2].startswith("Unused time on 2 × Plan 1500 after 16 Apr 2026")
        corrections = [line for line in renewal.lines.data if line.parent.subscription_item_details.proration]
        assert {(day(line.period.start), day(line.period.end)) for line in corrections} == {
            ("2026-04-16", "2026-05-01")
        }

    def test_a_downgrade_and_its_return_on_the_same_day_cost_nothing(self, local: Local) -> None:
        # 20 of 30 days left: -2000 +1000 and, back at once, -1000 +2000: nothing
        local.advance_to("2026-04-01")
        large, small = local.price(3000), local.price(1500)
        subscription = local.subscribe(local.customer(), large)
        change(local, subscription, "2026-04-11", price=small.id)
        change(local, subscription, "2026-04-11", price=large.id)
        local.advance_to("2026-05-01 02:00")
        renewal = local.invoices(subscription)[1]
        assert sorted(lines(renewal)) == [-2000, -1000, 1000, 2000, 3000]
        assert renewal.total == 3000

    def test_fewer_seats_and_then_more_charge_only_the_difference_in_effect(self, local: Local) -> None:
        # 30 days, 300 a seat. 10 seats; 4 after 6 days: -(3000 x 24/30) + 1200 x 24/30 = -2400 + 960;
        # 9 after 21 days: -(1200 x 9/30) + 2700 x 9/30 = -360 + 810. Used: 60 + 60 + 81 = 201 seat-days at 10 = 2010.
        # Paid: 3000 - 1440 + 450 = 2010.
        local.advance_to("2026-04-01")
        subscription = local.subscribe(local.customer(), local.price(300), 10)
        change(local, subscription, "2026-04-07", quantity=4)
        change(local, subscription, "2026-04-22", quantity=9)
        local.advance_to("2026-05-01 02:00")
        first, renewal = local.invoices(subscription)
        assert sorted(lines(renewal)) == [-2400, -360, 810, 960, 2700]
        assert first.total + renewal.total - 2700 == 2010

    def test_fewer_seats_invoiced_at_once_leave_credit_for_the_next_invoice(self, local: Local) -> None:
        # 15 of 30 days left on 4 x 1000: -2000 + 1 x 1000 / 2 = 500, so -1500 of credit; May costs 1000: 500 are left
        local.advance_to("2026-04-01")
        customer = local.customer()
        subscription = local.subscribe(customer, local.price(1000), 4)
        change(local, subscription, "2026-04-16", quantity=1, proration_behavior="always_invoice")
        credit = local.invoices(subscription)[1]
        assert (credit.total, credit.amount_due, credit.status, credit.ending_balance) == (-1500, 0, "paid", -1500)
        local.advance_to("2026-05-01 02:00")
        assert (local.invoices(subscription)[2].amount_due, local.v1.customers.retrieve(customer.id).balance) == (
            0,
            -500,
        )

    def test_thirds_are_rounded_half_up_on_each_line(self, local: Local) -> None:
        # 31 days of January 2027, 10 left: 1000 x 10/31 = 322.58, so -323; 2000 x 10/31 = 645.16, so 645
        local.advance_to("2027-01-01")
        subscription = local.subscribe(local.customer(), local.price(1000))
        change(local, subscription, "2027-01-22", quantity=2, proration_behavior="always_invoice")
        assert lines(local.invoices(subscription)[1]) == [-323, 645]

    def test_half_a_cent_is_rounded_away_from_zero_on_both_lines(self, local: Local) -> None:
        # half of 1001 is 500.5: the credit is -501 and the charge for half of 1003 = 501.5 is 502
        local.advance_to("2026-04-01")
        subscription = local.subscribe(local.customer(), local.price(1001))
        change(local, subscription, "2026-04-16", price=local.price(1003).id, proration_behavior="always_invoice")
        assert lines(local.invoices(subscription)[1]) == [-501, 502]

    def test_discount_and_tax_apply_to_corrections(self, local: Local) -> None:
        # Half of April is left: -1000 + 3000. 10 % off: -900 and 2700. 19 %: -171 and 513. Total 1800 + 342 = 2142.
        local.advance_to("2026-04-01")
        coupon = local.v1.coupons.create({"percent_off": 10, "duration": "forever"})
        rate = local.v1.tax_rates.create({"display_name": "VAT", "percentage": 19, "inclusive": False})
        terms = {"discounts": [{"coupon": coupon.id}], "default_tax_rates": [rate.id]}
        subscription = local.subscribe(local.customer(), local.price(2000), **terms)
        change(local, subscription, "2026-04-16", quantity=3, proration_behavior="always_invoice")
        invoice = local.invoices(subscription)[1]
        assert lines(invoice) == [-1000, 3000]
        assert [cut.amount for cut in invoice.total_discount_amounts] == [200]
        assert (invoice.total_taxes[0].amount, invoice.total) == (342, 2142)


class TestIntervals:
    def test_from_months_to_years_starts_a_new_period_at_once(self, local: Local) -> None:
        # Half of April is left: 500 back, and 10000 for a year from now on
        local.advance_to("2026-04-01")
        subscription = local.subscribe(local.customer(), local.price(1000))
        local.advance_to("2026-04-16")
        yearly = local.price(10_000, "year")
        wanted = {"items": [{"id": item_of(subscription), "price": yearly.id}], "proration_date": utc("2026-04-16")}
        changed = local.v1.subscriptions.update(subscription.id, wanted)
        invoice = local.invoices(subscription)[1]
        assert (sorted(lines(invoice)), invoice.total) == ([-500, 10_000], 9500)
        assert (day(changed.billing_cycle_anchor), day(changed["items"].data[0].current_period_end)) == (
            "2026-04-16",
            "2027-04-16",
        )
        local.advance_to("2027-04-16 02:00")
        assert [day(one.created) for one in local.invoices(subscription)] == ["2026-04-01", "2026-04-16", "2027-04-16"]

    def test_from_years_to_months_credits_the_rest_of_the_year(self, local: Local) -> None:
        # 1 January 2027 to 2028 has 365 days; after 73 days 292 are left: 36500 x 292/365 = 29200 back, 1000 charged
        local.advance_to("2027-01-01")
        customer = local.customer()
        subscription = local.subscribe(customer, local.price(36_500, "year"))
        local.advance_to("2027-03-15")
        wanted = {"items": [{"id": item_of(subscription), "price": local.price(1000).id}]}
        local.v1.subscriptions.update(subscription.id, {**wanted, "proration_date": utc("2027-03-15")})
        invoice = local.invoices(subscription)[1]
        assert sorted(lines(invoice)) == [-29_200, 1000]
        assert local.v1.customers.retrieve(customer.id).balance == -28_200

    def test_without_proration_the_new_interval_is_charged_whole(self, local: Local) -> None:
        subscription = local.subscribe(local.customer(), local.price(1000))
        local.advance_to("2026-02-01")
        wanted = {"items": [{"id": item_of(subscription), "price": local.price(10_000, "year").id}]}
        local.v1.subscriptions.update(subscription.id, {**wanted, "proration_behavior": "none"})
        assert lines(local.invoices(subscription)[1]) == [10_000]

    def test_a_new_anchor_credits_the_rest_of_the_old_period(self, local: Local) -> None:
        # Half of April is left: 1500 of 3000 back; 3000 for 16 April to 16 May
        local.advance_to("2026-04-01")
        subscription = local.subscribe(local.customer(), local.price(3000))
        local.advance_to("2026-04-16")
        wanted = {"billing_cycle_anchor": {"type": "now"}, "proration_date": utc("2026-04-16")}
        changed = local.v1.subscriptions.update(subscription.id, wanted)
        assert sorted(lines(local.invoices(subscription)[1])) == [-1500, 3000]
        assert day(changed["items"].data[0].current_period_end) == "2026-05-16"


class TestCalendar:
    def periods(self, local: Local, subscription: Any) -> list[tuple[str, str]]:
        found = [one.lines.data[0].period for one in local.invoices(subscription)]
        return [(day(period.start), day(period.end)) for period in found]

    def test_the_31st_becomes_the_29th_in_a_leap_year_and_comes_back(self, local: Local) -> None:
        local.advance_to("2028-01-31")
        subscription = local.subscribe(local.customer(), local.price(1000))
        local.advance_to("2028-04-30 02:00")
        assert self.periods(local, subscription) == [
            ("2028-01-31", "2028-02-29"),
            ("2028-02-29", "2028-03-31"),
            ("2028-03-31", "2028-04-30"),
            ("2028-04-30", "2028-05-31"),
        ]

    def test_a_change_in_the_short_february_counts_its_own_days(self, local: Local) -> None:
        # 31 January to 28 February 2026 are 28 days; on 14 February 14 are left: half of 1000 and of 3000
        local.advance_to("2026-01-31")
        subscription = local.subscribe(local.customer(), local.price(1000))
        change(local, subscription, "2026-02-14", price=local.price(3000).id, proration_behavior="always_invoice")
        assert lines(local.invoices(subscription)[1]) == [-500, 1500]

    def test_a_yearly_subscription_of_29_february(self, local: Local) -> None:
        local.advance_to("2028-02-29")
        subscription = local.subscribe(local.customer(), local.price(1000, "year"))
        local.advance_to("2032-02-29 02:00")
        assert [start for start, _ in self.periods(local, subscription)] == [
            "2028-02-29", "2029-02-28", "2030-02-28", "2031-02-28", "2032-02-29",
        ]  # fmt: skip

    def test_the_leap_day_is_a_day_like_any_other(self, local: Local) -> None:
        # 2028 has 366 days; 183 of them are left on 1 July: exactly half of 36600 and of 73200
        local.advance_to("2028-01-01")
        subscription = local.subscribe(local.customer(), local.price(36_600, "year"))
        change(local, subscription, "2028-07-02", quantity=2, proration_behavior="always_invoice")
        # 1 January + 183 days is 2 July (31 + 29 + 31 + 30 + 31 + 30 = 182 days to 1 July)
        assert lines(local.invoices(subscription)[1]) == [-18_300, 36_600]

    def test_daylight_saving_has_no_say(self, local: Local) -> None:
        # Berlin loses an hour on 29 March 2026. In UTC March has 31 days: on the 16th at 12:00 15.5 are left, half.
        local.advance_to("2026-03-01")
        subscription = local.subscribe(local.customer(), local.price(1000))
        local.advance_to("2026-03-16 12:00")
        wanted = {"items": [{"id": item_of(subscription), "quantity": 3}], "proration_behavior": "always_invoice"}
        local.v1.subscriptions.update(subscription.id, {**wanted, "proration_date": utc("2026-03-16 12:00")})
        assert lines(local.invoices(subscription)[1]) == [-500, 1500]
        end = local.v1.subscriptions.retrieve(subscription.id)["items"].data[0].current_period_end
        assert end - utc("2026-03-01") in range(31 * DAY, 31 * DAY + 60)

    def test_weeks_and_days_run_through_the_change_of_the_clocks(self, local: Local) -> None:
        local.advance_to("2026-03-25 22:30")
        weekly = local.subscribe(local.customer(), local.price(700, "week"))
        start = weekly["items"].data[0].current_period_start
        local.advance_to("2026-04-09")
        starts = [one.lines.data[0].period.start - start for one in local.invoices(weekly)]
        assert starts == [0, 7 * DAY, 14 * DAY]


class TestCurrencies:
    def test_yen_are_prorated_to_whole_yen(self, local: Local) -> None:
        # 10 of 30 days left: 1000 / 3 = 333.33, so -333 yen; 5000 / 3 = 1666.67, so 1667 yen
        local.advance_to("2026-04-01")
        subscription = local.subscribe(local.customer(), local.price(1000, currency="jpy"))
        wanted = local.price(5000, currency="jpy").id
        change(local, subscription, "2026-04-21", price=wanted, proration_behavior="always_invoice")
        invoice = local.invoices(subscription)[1]
        assert (invoice.currency, lines(invoice), invoice.total) == ("jpy", [-333, 1667], 1334)

    def test_dinars_are_prorated_to_whole_fils(self, local: Local) -> None:
        # 10 of 30 days left: 10.000 KWD / 3 = 3333.33 fils, so -3333; 20.000 / 3 = 6666.67, so 6667
        local.advance_to("2026-04-01")
        subscription = local.subscribe(local.customer(), local.price(10_000, currency="kwd"))
        change(local, subscription, "2026-04-21", quantity=2, proration_behavior="always_invoice")
        assert lines(local.invoices(subscription)[1]) == [-3333, 6667]

    def test_a_customer_is_billed_in_one_currency(self, local: Local) -> None:
        customer = local.customer()
        local.subscribe(customer, local.price(1000))
        with pytest.raises(stripe.InvalidRequestError, match="cannot be mixed"):
            local.subscribe(customer, local.price(1000, currency="jpy"))


class TestDiscountsTaxAndBalance:
    def test_a_fixed_discount_is_shared_by_the_lines_and_taxed_less(self, local: Local) -> None:
        # 30.00 and 10.00; 8.00 off is 6.00 and 2.00; 7 % of 24.00 = 1.68 and of 8.00 = 0.56; total 32.00 + 2.24
        coupon = local.v1.coupons.create({"amount_off": 800, "currency": "eur", "duration": "once"})
        rate = local.v1.tax_rates.create({"display_name": "VAT", "percentage": 7, "inclusive": False})
        items = [{"price": local.price(3000).id}, {"price": local.price(1000).id}]
        terms = {"discounts": [{"coupon": coupon.id}], "default_tax_rates": [rate.id]}
        subscription = local.v1.subscriptions.create({"customer": local.customer().id, "items": items, **terms})
        (invoice,) = local.invoices(subscription)
        assert [line.discount_amounts[0].amount for line in invoice.lines.data] == [600, 200]
        assert [line.taxes[0].amount for line in invoice.lines.data] == [168, 56]
        assert invoice.total == 3424

    def test_two_discounts_apply_one_after_the_other(self, local: Local) -> None:
        # 100.00 - 20 % = 80.00; then 5.00 off = 75.00
        percent = local.v1.coupons.create({"percent_off": 20, "duration": "forever"})
        fixed = local.v1.coupons.create({"amount_off": 500, "currency": "eur", "duration": "forever"})
        discounts = [{"coupon": percent.id}, {"coupon": fixed.id}]
        (invoice,) = local.invoices(local.subscribe(local.customer(), local.price(10_000), discounts=discounts))
        assert ([cut.amount for cut in invoice.total_discount_amounts], invoice.total) == ([2000, 500], 7500)

    def test_a_whole_discount_leaves_no_tax_and_no_charge(self, local: Local) -> None:
        coupon = local.v1.coupons.create({"percent_off": 100, "duration": "once"})
        rate = local.v1.tax_rates.create({"display_name": "VAT", "percentage": 19, "inclusive": False})
        terms = {"discounts": [{"coupon": coupon.id}], "default_tax_rates": [rate.id]}
        subscription = local.subscribe(local.customer(), local.price(1000), **terms)
        (invoice,) = local.invoices(subscription)
        assert (invoice.total, [tax.amount for tax in invoice.total_taxes], invoice.status) == (0, [0], "paid")
        assert local.v1.charges.list().data == []
        local.advance_to("2026-02-15 02:00")
        assert local.invoices(subscription)[1].total == 1190  # once is over: 10.00 + 19 %

    def test_inclusive_and_exclusive_tax_after_a_discount(self, local: Local) -> None:
        # 2 x 119.00 = 238.00; 50 % off leaves 119.00; 19 % inside is 19.00, net 100.00; 8.875 % of 100.00 on top is
        # 8.875, half up 8.88; total 127.88
        coupon = local.v1.coupons.create({"percent_off": 50, "duration": "forever"})
        inside = local.v1.tax_rates.create({"display_name": "VAT", "percentage": 19, "inclusive": True})
        on_top = local.v1.tax_rates.create({"display_name": "City", "percentage": "8.875", "inclusive": False})
        terms = {"discounts": [{"coupon": coupon.id}], "default_tax_rates": [inside.id, on_top.id]}
        (invoice,) = local.invoices(local.subscribe(local.customer(), local.price(11_900), 2, **terms))
        assert [(tax.amount, tax.tax_behavior) for tax in invoice.total_taxes] == [
            (1900, "inclusive"),
            (888, "exclusive"),
        ]
        assert (invoice.total, invoice.total_excluding_tax) == (12_788, 10_000)

    def test_a_balance_larger_than_the_invoice_pays_several(self, local: Local) -> None:
        # 25.00 of credit; 10.00 a month: 15.00 and 5.00 are left, the third month charges 5.00
        customer = local.customer()
        local.v1.customers.balance_transactions.create(customer.id, {"amount": -2500, "currency": "eur"})
        subscription = local.subscribe(customer, local.price(1000))
        local.advance_to("2026-03-15 02:00")
        found = [(one.total, one.amount_due, one.ending_balance) for one in local.invoices(subscription)]
        assert found == [(1000, 0, -1500), (1000, 0, -500), (1000, 500, 0)]
        assert [charge.amount for charge in local.v1.charges.list().data] == [500]

    def test_what_is_owed_from_before_is_charged_with_the_next_invoice(self, local: Local) -> None:
        customer = local.customer()
        local.v1.customers.balance_transactions.create(customer.id, {"amount": 250, "currency": "eur"})
        (invoice,) = local.invoices(local.subscribe(customer, local.price(1000)))
        assert (invoice.total, invoice.amount_due, invoice.amount_paid, invoice.ending_balance) == (1000, 1250, 1250, 0)


class TestStartsAndEnds:
    def test_a_trial_that_ends_where_the_anchor_stands_bills_the_whole_period(self, local: Local) -> None:
        # The trial ends on 1 February, which is the boundary from then on: nothing is prorated, 3100 for February
        subscription = local.subscribe(local.customer(), local.price(3100), trial_end=utc("2026-02-01"))
        local.advance_to("2026-03-01 02:00")
        assert [one.total for one in local.invoices(subscription)] == [0, 3100, 3100]
        assert [day(one.created) for one in local.invoices(subscription)[1:]] == ["2026-02-01", "2026-03-01"]
        (line,) = local.invoices(subscription)[1].lines.data
        assert (day(line.period.start), day(line.period.end)) == ("2026-02-01", "2026-03-01")

    def test_a_trial_on_a_running_subscription_up_to_its_period_end_charges_nothing_twice(self, local: Local) -> None:
        # Paid up to 15 February; the trial lasts exactly up to there, so the next invoice is that of 15 February
        subscription = local.subscribe(local.customer(), local.price(3100))
        end = subscription["items"].data[0].current_period_end
        local.advance_to("2026-02-01")
        wanted = {"trial_end": end, "proration_behavior": "none"}
        assert local.v1.subscriptions.update(subscription.id, wanted).status == "trialing"
        local.advance_to("2026-02-15 02:00")
        assert [one.total for one in local.invoices(subscription)] == [3100, 3100]
        assert local.v1.subscriptions.retrieve(subscription.id).status == "active"

    def test_a_backdated_start_without_an_anchor_owes_what_has_passed(self, local: Local) -> None:
        # From 1 November to 15 January: November, December and January are billed, 3 x 1000
        terms = {"backdate_start_date": utc("2025-11-01")}
        subscription = local.subscribe(local.customer(), local.price(1000), **terms)
        (invoice,) = local.invoices(subscription)
        assert lines(invoice) == [1000, 1000, 1000]
        item = subscription["items"].data[0]
        assert (day(item.current_period_start), day(item.current_period_end)) == ("2026-01-01", "2026-02-01")

    def test_cancelling_without_proration_keeps_what_was_paid(self, local: Local) -> None:
        customer = local.customer()
        subscription = local.subscribe(customer, local.price(3000))
        local.advance_to("2026-02-01")
        assert local.v1.subscriptions.cancel(subscription.id).status == "canceled"
        assert local.v1.customers.retrieve(customer.id).balance == 0
        assert local.v1.invoice_items.list({"customer": customer.id}).data == []
        local.advance_to("2026-06-01")
        assert len(local.invoices(subscription)) == 1

    def test_cancelling_with_proration_waits_for_an_invoice_unless_it_is_asked_for(self, local: Local) -> None:
        # Half of April is unused: an invoice item of -1500, by the second that it is by then
        local.advance_to("2026-04-01")
        customer = local.customer()
        subscription = local.subscribe(customer, local.price(3000))
        local.advance_to("2026-04-16")
        local.v1.subscriptions.cancel(subscription.id, {"prorate": True})
        (waiting,) = local.v1.invoice_items.list({"customer": customer.id, "pending": True}).data
        assert -1500 <= waiting.amount <= -1499
        assert local.v1.customers.retrieve(customer.id).balance == 0
        made = local.v1.invoices.create({"customer": customer.id, "pending_invoice_items_behavior": "include"})
        final = local.v1.invoices.finalize_invoice(made.id)
        assert (final.total, final.ending_balance) == (waiting.amount, waiting.amount)

    def test_cancelling_at_the_end_of_the_period_gives_nothing_back(self, local: Local) -> None:
        customer = local.customer()
        subscription = local.subscribe(customer, local.price(3000))
        local.v1.subscriptions.update(subscription.id, {"cancel_at_period_end": True})
        local.advance_to("2026-03-01")
        assert local.v1.customers.retrieve(customer.id).balance == 0
        assert [one.total for one in local.invoices(subscription)] == [3000]
