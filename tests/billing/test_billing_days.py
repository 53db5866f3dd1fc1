"""H18, H23: what a first payment comes to when the price has a fixed billing day, worked out by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.billing_days import Part, begins, latest_day
from billing.catalogue import Coupon, Duration, Interval, Label, RecurringPrice, TaxRate
from billing.catalogue.prices import Price
from billing.errors import NotABillingDay
from billing.money import Money
from billing.operations import Operation, State
from billing.previews import Cycle, SubscriptionPreview, cycle, preview
from billing.subscriptions import ResumeSubscription, SubscriptionStarted
from tests.support.shop import ADA, SAM, Shop, coupon, marketing, method, price

BERLIN = ZoneInfo("Europe/Berlin")
VAT = TaxRate(name="vat", label=Label(en="VAT", de="USt."), percent=Decimal(19), inclusive=False, country="DE")


def billed_on(day: int, amount: int, currency: str = "EUR", **changes: Any) -> RecurringPrice:
    return price(unit=Money(amount=amount, currency=currency), billing_day=day, **changes)


def shown(
    of: RecurringPrice, start: str, quantity: int = 1, off: Coupon | None = None, *taxes: TaxRate, **more: Any
) -> Any:
    """The review at noon (UTC) of the day on which it starts."""
    day = date.fromisoformat(start)
    terms = {"now": datetime(day.year, day.month, day.day, 12, tzinfo=UTC), "zone": BERLIN}
    return preview(
        price=of, quantity=quantity, start=day, coupon=off, taxes=taxes, reverse_charge=False, **(terms | more)
    )


def first(found: SubscriptionPreview) -> tuple[int, int]:
    """The days that the first payment is for, and of how many."""
    part = found.first.part
    assert part is not None
    return part.days, part.whole


def days(found: SubscriptionPreview) -> list[str]:
    return [one.on.isoformat() for one in (found.first, *found.following)]


def amounts(found: SubscriptionPreview) -> list[int]:
    return [one.total.amount for one in (found.first, *found.following)]


# Amounts


def test_exactly_half_a_month_costs_half() -> None:
    """16 to 30 November are 15 of 30 days: half of 49.00."""
    found = shown(billed_on(1, 4900), "2026-11-16")
    assert found.first.part == Part(first=date(2026, 11, 16), last=date(2026, 11, 30), days=15, whole=30)
    assert amounts(found) == [2450, 4900, 4900, 4900]
    assert days(found) == ["2026-11-16", "2026-12-01", "2027-01-01", "2027-02-01"]
    assert found.starts_now


def test_proration_comes_before_the_discount_and_the_discount_before_the_tax() -> None:
    """3 × 49.00 = 147.00; 10 of 30 days are 49.00; less 10 % are 44.10; 19 % of that is 8.379: 52.48.

    The whole month: 147.00 less 14.70 is 132.30; 19 % is 25.137: 157.44.
    """
    found = shown(billed_on(1, 4900), "2026-11-21", 3, coupon("A", percent="10", duration=Duration.FOREVER), VAT)
    one = found.first
    assert (one.subtotal.amount, one.discount.amount, one.taxes[0].amount.amount) == (4900, 490, 838)
    assert amounts(found) == [5248, 15744, 15744, 15744]


def test_an_amount_off_is_taken_from_the_prorated_amount_and_never_below_zero() -> None:
    """10 of 30 days of 49.00 are 16.33; 5.00 off leaves 11.33; 20.00 off leaves nothing."""
    assert amounts(shown(billed_on(1, 4900), "2026-11-21", 1, coupon("A", amounts={"EUR": 500})))[:2] == [1133, 4900]
    assert amounts(shown(billed_on(1, 4900), "2026-11-21", 1, coupon("A", amounts={"EUR": 2000})))[:2] == [0, 4900]


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [
        (1000, "JPY", 333),  # a third of 1,000 is 333.3
        (500, "JPY", 167),  # 166.67
        (12345, "KWD", 4115),  # exactly
        (12346, "KWD", 4115),  # 4115.33
        (12347, "KWD", 4116),  # 4115.67
    ],
)
def test_other_currencies_are_rounded_to_their_minor_unit(amount: int, currency: str, expected: int) -> None:
    assert shown(billed_on(1, amount, currency), "2026-11-21").first.subtotal == Money(
        amount=expected, currency=currency
    )


def test_half_a_cent_is_rounded_up() -> None:
    """15 of 30 days of 0.05 are 2.5 cents."""
    assert shown(billed_on(1, 5), "2026-11-16").first.total.amount == 3


# The part of a period


def test_on_the_billing_day_itself_a_whole_period_is_paid() -> None:
    found = shown(billed_on(1, 4900), "2026-12-01")
    assert found.first.part is None
    assert found.starts_now
    assert amounts(found) == [4900] * 4
    assert days(found) == ["2026-12-01", "2027-01-01", "2027-02-01", "2027-03-01"]


@pytest.mark.parametrize(
    ("start", "billing_day", "part", "next_ones"),
    [
        ("2027-01-31", 1, (1, 31), ["2027-02-01", "2027-03-01", "2027-04-01"]),
        ("2027-01-31", 28, (28, 31), ["2027-02-28", "2027-03-28", "2027-04-28"]),  # of 28 January to 28 February
        ("2027-01-29", 28, (30, 31), ["2027-02-28", "2027-03-28", "2027-04-28"]),
        ("2028-02-29", 1, (1, 29), ["2028-03-01", "2028-04-01", "2028-05-01"]),
        ("2028-02-29", 28, (28, 29), ["2028-03-28", "2028-04-28", "2028-05-28"]),  # 28 February to 28 March
        ("2027-02-10", 15, (5, 31), ["2027-02-15", "2027-03-15", "2027-04-15"]),  # of 15 January to 15 February
        ("2026-12-31", 1, (1, 31), ["2027-01-01", "2027-02-01", "2027-03-01"]),
        ("2027-03-21", 1, (11, 31), ["2027-04-01", "2027-05-01", "2027-06-01"]),  # clocks change on the 28th: 11 days
        ("2026-10-11", 1, (21, 31), ["2026-11-01", "2026-12-01", "2027-01-01"]),  # and on 25 October
    ],
)
def test_the_part_is_counted_in_whole_days_of_the_running_period(
    start: str, billing_day: int, part: tuple[int, int], next_ones: list[str]
) -> None:
    found = shown(billed_on(billing_day, 4900), start)
    assert first(found) == part
    assert days(found) == [start, *next_ones]


@pytest.mark.parametrize(
    ("interval", "count", "part", "next_ones"),
    [
        # the quarter that ends on 1 December began on 1 September: 30 + 31 + 30 days
        (Interval.MONTH, 3, (10, 91), ["2026-12-01", "2027-03-01", "2027-06-01"]),
        (Interval.YEAR, 1, (10, 365), ["2026-12-01", "2027-12-01", "2028-12-01"]),
    ],
)
def test_quarters_and_years_are_counted_from_the_next_billing_day(
    interval: Interval, count: int, part: tuple[int, int], next_ones: list[str]
) -> None:
    found = shown(billed_on(1, 36500, interval=interval, interval_count=count), "2026-11-21")
    assert first(found) == part
    assert days(found)[1:] == next_ones


def test_a_leap_year_has_366_days() -> None:
    """The year that ends on 1 March 2028 holds 29 February: 10 days of 366.00 are 10.00."""
    found = shown(billed_on(1, 36600, interval=Interval.YEAR), "2028-02-20")
    assert first(found) == (10, 366)
    assert found.first.total.amount == 1000


# Coupons


@pytest.mark.parametrize(
    ("off", "expected"),
    [
        (coupon("A", percent="10"), [True, False, False, False]),
        (coupon("A", percent="10", duration=Duration.REPEATING, months=1), [True, True, False, False]),
        (coupon("A", percent="10", duration=Duration.REPEATING, months=2), [True, True, True, False]),
        (coupon("A", percent="10", duration=Duration.FOREVER), [True] * 4),
    ],
)
def test_the_months_of_a_coupon_count_from_the_start(off: Coupon, expected: list[bool]) -> None:
    """From 21 November: one month is over on 21 December, two on 21 January; billed on 1 December, 1 January ..."""
    found = shown(billed_on(1, 4900), "2026-11-21", 1, off)
    assert [bool(one.discount) for one in (found.first, *found.following)] == expected


# Moments


def when(of: RecurringPrice, start: str, now: str, zone: ZoneInfo = BERLIN) -> Cycle:
    return cycle(of, date.fromisoformat(start), datetime.fromisoformat(now).replace(tzinfo=UTC), zone)


def test_every_second_of_the_day_counts_from_the_same_moment() -> None:
    """The amount does not depend on the second of a click."""
    found = {
        (one.billed_from, one.anchor, one.part)
        for one in (when(billed_on(1, 4900), "2026-11-21", f"2026-11-21T{at}") for at in ("00:02", "08:00", "22:59:59"))
    }
    assert found == {
        (
            datetime(2026, 11, 21, tzinfo=UTC),
            datetime(2026, 12, 1, tzinfo=UTC),
            Part(first=date(2026, 11, 21), last=date(2026, 11, 30), days=10, whole=30),
        )
    }


def test_before_the_day_has_begun_at_stripe_the_day_before_still_counts() -> None:
    """00:30 in Berlin is 23:30 of the day before in UTC; Stripe takes no start in the future."""
    found = when(billed_on(1, 4900), "2026-11-21", "2026-11-20T23:30")
    assert found.billed_from == datetime(2026, 11, 20, tzinfo=UTC)
    assert found.part is not None
    assert found.part.days == 11


def test_early_on_the_billing_day_it_starts_within_the_hour_with_a_whole_period() -> None:
    found = when(billed_on(1, 4900), "2026-12-01", "2026-11-30T23:30")
    assert (found.starts_at, found.part) == (datetime(2026, 12, 1, tzinfo=UTC), None)


def test_west_of_greenwich_the_day_begins_at_midnight_of_the_standard_time() -> None:
    """22:00 in New York on 21 November is 03:00 on the 22nd in UTC: still the 21st."""
    found = when(billed_on(1, 4900), "2026-11-21", "2026-11-22T03:00", ZoneInfo("America/New_York"))
    assert (found.billed_from, found.anchor) == (
        datetime(2026, 11, 21, 5, tzinfo=UTC),
        datetime(2026, 12, 1, 5, tzinfo=UTC),
    )


def test_a_later_start_is_on_a_billing_day() -> None:
    found = when(billed_on(15, 4900), "2027-01-15", "2026-11-21T12:00")
    assert found.starts_at == datetime(2027, 1, 15, tzinfo=UTC)
    assert (found.billed_from, found.anchor, found.part) == (None, None, None)
    with pytest.raises(NotABillingDay) as refused:
        when(billed_on(15, 4900), "2027-01-14", "2026-11-21T12:00")
    assert refused.value.reason.parameters == {"day": 15, "first": "2027-01-15"}


@given(st.sampled_from(sorted(available_timezones())), st.dates(date(2026, 1, 1), date(2027, 12, 31)), st.data())
def test_a_day_begins_at_a_moment_that_has_its_date_here_and_in_utc_all_year_round(
    zone: str, day: date, data: st.DataObject
) -> None:
    moment = begins(day, ZoneInfo(zone)) + timedelta(days=data.draw(st.integers(0, 730)))
    assert moment.astimezone(ZoneInfo(zone)).date() == moment.date()


@given(st.sampled_from(sorted(available_timezones())), st.datetimes(datetime(2026, 1, 2), datetime(2027, 12, 30)))
def test_the_latest_day_has_begun_and_the_next_one_has_not(zone: str, moment: datetime) -> None:
    now = moment.replace(tzinfo=UTC)
    day = latest_day(now, ZoneInfo(zone))
    assert begins(day, ZoneInfo(zone)) < now
    assert begins(day + timedelta(days=1), ZoneInfo(zone)) > now - timedelta(minutes=2)


# The fingerprint, and a customer who takes time


def test_the_fingerprint_changes_with_the_day_but_the_terms_do_not() -> None:
    today, tomorrow = shown(billed_on(1, 4900), "2026-11-21"), shown(billed_on(1, 4900), "2026-11-22")
    assert today.fingerprint != tomorrow.fingerprint
    assert today.terms == tomorrow.terms


@pytest.mark.parametrize(
    "other",
    [
        shown(billed_on(2, 4900), "2026-11-21"),
        shown(billed_on(1, 4901), "2026-11-21"),
        shown(price(unit=Money(amount=4900, currency="EUR")), "2026-11-21"),
        shown(billed_on(1, 4900), "2026-11-21", 2),
        shown(billed_on(1, 4900), "2026-11-21", 1, coupon("A", percent="10")),
        shown(billed_on(1, 4900), "2026-11-21", 1, None, VAT),
    ],
)
def test_the_fingerprint_and_the_terms_change_with_every_term(other: SubscriptionPreview) -> None:
    terms = shown(billed_on(1, 4900), "2026-11-21")
    assert terms.fingerprint != other.fingerprint
    assert terms.terms != other.terms


@given(st.integers(0, 9), st.integers(0, 9), st.sampled_from([None, 1, 2, 3, 12]))
def test_a_later_day_never_asks_for_more_than_was_reviewed_for_it(day: int, later: int, months: int | None) -> None:
    """Also over the billing day, when the whole amount of that day takes the place of the part."""
    off = coupon("A", percent="10", duration=Duration.REPEATING, months=months) if months else None
    reviewed = date(2026, 11, 22) + timedelta(days=day)
    started = reviewed + timedelta(days=later)
    one, other = (shown(billed_on(1, 4900), on.isoformat(), 1, off, VAT) for on in (reviewed, started))
    assert other.asks_at_most(one)
    assert other.terms == one.terms


def test_more_than_was_reviewed_is_noticed() -> None:
    """An earlier start pays for more days."""
    reviewed = shown(billed_on(1, 4900), "2026-11-22")
    assert not shown(billed_on(1, 4900), "2026-11-21").asks_at_most(reviewed)


# The operation


@pytest.fixture
def shop() -> Shop:
    """Its monthly plan is billed on the 10th. It is 2 March 2026, and a month costs 49.00 net."""
    made = Shop()
    products = marketing()
    plan = products.plans[0]
    prices = tuple(
        one.model_copy(update={"billing_day": 10}) if one.interval is Interval.MONTH else one for one in plan.prices
    )
    plans = (plan.model_copy(update={"prices": prices}), *products.plans[1:])
    made.sells(products=(products.model_copy(update={"plans": plans}), *made.catalogue.products[1:]))
    return made


def receipt(done: Operation) -> SubscriptionStarted:
    assert done.result
    return SubscriptionStarted.model_validate_json(done.result)


def resumed(shop: Shop, waiting: Operation) -> Operation:
    session = receipt(waiting).link
    assert session
    shop.payments.methods[session.session] = method("pm_new", last4="4444")
    command = ResumeSubscription(contact=ADA, waiting=waiting.id, session=session.session)
    operation = shop.accepts(command, person=SAM, key="resume")
    shop.walks(operation)
    return shop.rows.operations[operation]


def test_the_order_says_from_when_stripe_shall_count(shop: Shop) -> None:
    """2 to 9 March are 8 of the 28 days from 10 February: 3 × 49.00 × 8 / 28 = 42.00, and 19 % of it: 49.98."""
    shop.starts()
    ((order, *_),) = (call.arguments for call in shop.payments.calls)
    assert order.first_payment == Money(amount=4998, currency="EUR")
    assert (order.starts_at, order.billed_from, order.anchor) == (
        None,
        datetime(2026, 3, 2, tzinfo=UTC),
        datetime(2026, 3, 10, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("days_later", "expected"),
    [
        (0, 4998),  # 8 of 28 days
        (3, 3124),  # 5 of 28 days: 26.25, and 4.9875 tax
        (8, 17493),  # the billing day: 147.00 and 27.93 tax
        (9, 16929),  # 30 of 31 days: 142.258, and 27.0294 tax
    ],
)
def test_a_method_that_comes_later_starts_with_what_is_left_then(shop: Shop, days_later: int, expected: int) -> None:
    """H31: at most what was reviewed: 49.98 before 10 March, 174.93 from then on."""
    waiting = shop.starts(payment_method="link")
    shop.clock.goes_on(days=days_later)
    done = resumed(shop, waiting)
    assert done.state is State.DONE
    assert receipt(done).preview.first.total.amount == expected
    assert shop.payments.calls[-1].arguments[0].first_payment.amount == expected


def test_a_later_start_on_another_day_is_refused_at_the_field(shop: Shop) -> None:
    """H18"""
    with pytest.raises(NotABillingDay) as refused:
        shop.confirmed(start=date(2026, 3, 11))
    assert refused.value.reason.field == "start"
    assert shop.starts(start=date(2026, 4, 10)).state is State.DONE


# The catalogue


@pytest.mark.parametrize("billing_day", [0, 29, 31])
def test_a_billing_day_is_one_that_every_month_has(billing_day: int) -> None:
    with pytest.raises(ValueError, match="billing_day"):
        Price(interval=Interval.MONTH, amounts={"EUR": 100}, billing_day=billing_day)


@pytest.mark.parametrize("interval", [Interval.DAY, Interval.WEEK])
def test_only_months_and_years_have_one(interval: Interval) -> None:
    with pytest.raises(ValueError, match="month or year"):
        Price(interval=interval, amounts={"EUR": 100}, billing_day=1)
