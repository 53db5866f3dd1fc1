"""H23: what will be charged and when, worked out by hand from Stripe's documented rules."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.catalogue import Coupon, Duration, Interval, Label, RecurringPrice, TaxRate
from billing.money import Money
from billing.previews import Payment, SubscriptionPreview, payment, payment_instants, preview, start_instant, with_taxes
from tests.support.shop import coupon, price

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 3, 2, 11, 0, tzinfo=UTC)  # noon in Berlin


def monthly(amount: int, currency: str = "EUR") -> RecurringPrice:
    return price(unit=Money(amount=amount, currency=currency))


def every(count: int, interval: Interval) -> RecurringPrice:
    return price(interval=interval, interval_count=count)


def tax(percent: str, *, inclusive: bool = False, name: str = "vat") -> TaxRate:
    return TaxRate(
        name=name, label=Label(en="VAT", de="USt."), percent=Decimal(percent), inclusive=inclusive, country="DE"
    )


def pay(price: RecurringPrice, quantity: int = 1, off: Coupon | None = None, *taxes: TaxRate) -> Payment:
    return payment(date(2026, 3, 2), price, quantity, off, taxes)


def amounts(paid: Payment) -> tuple[int, int, list[int], int]:
    """Subtotal, discount, each tax, total."""
    return paid.subtotal.amount, paid.discount.amount, [one.amount.amount for one in paid.taxes], paid.total.amount


def shown(**changes: Any) -> SubscriptionPreview:
    terms = {
        "price": price(),
        "quantity": 1,
        "start": date(2026, 3, 2),
        "coupon": None,
        "taxes": (),
        "reverse_charge": False,
        "now": NOON,
        "zone": BERLIN,
    }
    return preview(**(terms | changes))


def days(found: SubscriptionPreview) -> list[str]:
    return [one.on.isoformat() for one in (found.first, *found.following)]


# The amounts of one payment


def test_a_payment_without_discount_and_tax_is_price_by_quantity() -> None:
    """3 × 49.00 = 147.00"""
    assert amounts(pay(monthly(4900), 3)) == (14700, 0, [], 14700)


def test_exclusive_tax_comes_on_top() -> None:
    """19 % of 49.00 is 9.31; together 58.31."""
    assert amounts(pay(monthly(4900), 1, None, tax("19"))) == (4900, 0, [931], 5831)


def test_discount_comes_before_exclusive_tax() -> None:
    """3 × 49.00 = 147.00; 20 % off is 29.40, leaves 117.60; 19 % of that is 22.344, so 22.34; together 139.94."""
    assert amounts(pay(monthly(4900), 3, coupon("A", percent="20"), tax("19"))) == (14700, 2940, [2234], 13994)


def test_inclusive_tax_is_taken_out_of_the_amount() -> None:
    """20 % in 120.00 is 120.00 × 20/120 = 20.00; the customer pays 120.00."""
    assert amounts(pay(monthly(12000), 1, None, tax("20", inclusive=True))) == (12000, 0, [2000], 12000)


def test_discount_comes_before_inclusive_tax() -> None:
    """120.00 less 25 % is 90.00, which holds 90.00 × 20/120 = 15.00."""
    assert amounts(pay(monthly(12000), 1, coupon("A", percent="25"), tax("20", inclusive=True))) == (
        12000,
        3000,
        [1500],
        9000,
    )


def test_exclusive_tax_is_counted_on_what_remains_without_the_inclusive_one() -> None:
    """110.00 with 10 % inside is 100.00 and 10.00; 5 % on 100.00 is 5.00; the customer pays 115.00."""
    paid = pay(monthly(11000), 1, None, tax("10", inclusive=True, name="in"), tax("5", name="on"))
    assert amounts(paid) == (11000, 0, [1000, 500], 11500)


def test_two_inclusive_taxes_share_the_amount() -> None:
    """112.00 with 5 % and 7 % inside is 100.00, 5.00 and 7.00."""
    paid = pay(monthly(11200), 1, None, tax("5", inclusive=True, name="a"), tax("7", inclusive=True, name="b"))
    assert amounts(paid) == (11200, 0, [500, 700], 11200)


@pytest.mark.parametrize(
    ("amount", "percent", "expected"),
    [
        (250, "5", 13),  # 12.5
        (249, "5", 12),  # 12.45
        (251, "5", 13),  # 12.55
        (1, "50", 1),  # 0.5
        (1, "49", 0),  # 0.49
        (4995, "8.875", 443),  # New York: 443.30625
        (4999, "9.975", 499),  # Quebec: 498.65025
    ],
)
def test_exclusive_tax_is_rounded_half_up(amount: int, percent: str, expected: int) -> None:
    assert amounts(pay(monthly(amount), 1, None, tax(percent))) == (amount, 0, [expected], amount + expected)


def test_inclusive_tax_is_rounded_half_up() -> None:
    """19 % in 1.00 is 15.966, so 16; 25 % in 0.03 is 0.6, so 1; 100 % in 0.01 is 0.5, so 1."""
    for amount, percent, expected in ((100, "19", 16), (3, "25", 1), (1, "100", 1)):
        assert amounts(pay(monthly(amount), 1, None, tax(percent, inclusive=True))) == (amount, 0, [expected], amount)


def test_a_discount_in_percent_is_rounded_half_up_on_the_whole_document() -> None:
    """3 × 0.35 = 1.05; 10 % is 10.5 cents, so 11. Each unit by itself would give 3 × 4 = 12."""
    assert amounts(pay(monthly(35), 3, coupon("A", percent="10"))) == (105, 11, [], 94)


def test_yen_have_no_smaller_unit() -> None:
    """3 × ¥3,333 = ¥9,999; 10 % is 999.9, so ¥1,000; leaves ¥8,999; 10 % tax on it is 899.9, so ¥900: ¥9,899."""
    assert amounts(pay(monthly(3333, "JPY"), 3, coupon("A", percent="10"), tax("10"))) == (9999, 1000, [900], 9899)


def test_kuwaiti_dinars_have_a_thousand_fils() -> None:
    """KWD 12.345: 10 % off is 1.2345, so 1.235; leaves 11.110; 5 % tax is 0.5555, so 0.556: 11.666."""
    paid = pay(monthly(12345, "KWD"), 1, coupon("A", percent="10"), tax("5"))
    assert amounts(paid) == (12345, 1235, [556], 11666)
    assert paid.total.decimal() == Decimal("11.666")


def test_an_amount_off_is_taken_from_the_whole_document_once() -> None:
    """2 × 49.00 = 98.00; 5.00 off, not 5.00 each; leaves 93.00."""
    assert amounts(pay(monthly(4900), 2, coupon("A", amounts={"EUR": 500}))) == (9800, 500, [], 9300)


def test_a_coupon_larger_than_the_amount_makes_it_free_but_not_negative() -> None:
    """49.00 less 100.00 is 0.00, with no tax."""
    paid = pay(monthly(4900), 1, coupon("A", amounts={"EUR": 10000}), tax("19"), tax("5", inclusive=True, name="b"))
    assert amounts(paid) == (4900, 4900, [0, 0], 0)


def test_a_hundred_percent_off_is_free() -> None:
    assert amounts(pay(monthly(4900), 7, coupon("A", percent="100"), tax("19"))) == (34300, 34300, [0], 0)


def test_the_largest_order_adds_up_exactly() -> None:
    """999,999 × 999,999.99: no float could hold the cents. 999,999 × 99,999,999 = 99,999,899,000,001."""
    assert pay(monthly(99_999_999), 999_999).total.amount == 99_999_899_000_001


@given(
    amount=st.integers(1, 99_999_999),
    quantity=st.integers(1, 999),
    off=st.one_of(st.none(), st.decimals("0.01", 100, places=2)),
    inclusive=st.decimals(0, 30, places=3),
    exclusive=st.decimals(0, 30, places=3),
)
def test_the_lines_always_add_up_to_the_total(
    amount: int, quantity: int, off: Decimal | None, inclusive: Decimal, exclusive: Decimal
) -> None:
    """A person can check the review with a pencil: subtotal - discount + exclusive tax = total."""
    paid = pay(
        monthly(amount),
        quantity,
        coupon("A", percent=str(off)) if off else None,
        tax(str(inclusive), inclusive=True, name="in"),
        tax(str(exclusive), name="on"),
    )
    subtotal, discount, (inside, on_top), total = amounts(paid)
    assert subtotal - discount + on_top == total
    assert 0 <= discount <= subtotal
    assert 0 <= inside <= subtotal - discount
    assert on_top >= 0


# How long a coupon counts


def discounted(off: Coupon, cycle: RecurringPrice, start: date = date(2026, 3, 2)) -> list[bool]:
    """Which of the four payments have the discount."""
    found = shown(price=cycle, coupon=off, start=start)
    return [bool(one.discount) for one in (found.first, *found.following)]


def repeating(months: int) -> Coupon:
    return coupon("A", percent="10", duration=Duration.REPEATING, months=months)


MONTHLY = every(1, Interval.MONTH)
QUARTERLY = every(3, Interval.MONTH)
YEARLY = every(1, Interval.YEAR)
WEEKLY = every(1, Interval.WEEK)


def test_a_coupon_for_once_counts_for_the_first_payment_only() -> None:
    assert discounted(coupon("A", percent="10"), MONTHLY) == [True, False, False, False]


def test_a_coupon_for_ever_counts_for_every_payment() -> None:
    assert discounted(coupon("A", percent="10", duration=Duration.FOREVER), YEARLY) == [True] * 4


@pytest.mark.parametrize(
    ("months", "cycle", "expected"),
    [
        (1, MONTHLY, [True, False, False, False]),
        (2, MONTHLY, [True, True, False, False]),
        (3, MONTHLY, [True, True, True, False]),  # the fourth payment is on the day on which three months are over
        (4, MONTHLY, [True, True, True, True]),
        (3, QUARTERLY, [True, False, False, False]),  # the second is on that day
        (4, QUARTERLY, [True, True, False, False]),
        (6, QUARTERLY, [True, True, False, False]),
        (3, YEARLY, [True, False, False, False]),
        (12, YEARLY, [True, False, False, False]),
        (13, YEARLY, [True, True, False, False]),
        (24, YEARLY, [True, True, False, False]),
        (1, every(2, Interval.WEEK), [True, True, True, False]),  # 2, 16 and 30 March; 13 April is past 2 April
    ],
)
def test_a_repeating_coupon_counts_for_payments_before_its_months_are_over(
    months: int, cycle: RecurringPrice, expected: list[bool]
) -> None:
    assert discounted(repeating(months), cycle) == expected


@pytest.mark.parametrize("start", [date(2026, 3, 2), date(2026, 5, 31), date(2026, 8, 31), date(2026, 3, 29)])
def test_three_months_are_three_monthly_payments_from_any_day(start: date) -> None:
    """Also from 31 August, when three months end on 30 November; and over the change of clocks."""
    assert discounted(repeating(3), MONTHLY, start) == [True, True, True, False]


# When


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("2027-01-31", ["2027-01-31", "2027-02-28", "2027-03-31", "2027-04-30"]),
        ("2028-01-31", ["2028-01-31", "2028-02-29", "2028-03-31", "2028-04-30"]),
        ("2028-01-30", ["2028-01-30", "2028-02-29", "2028-03-30", "2028-04-30"]),
        ("2027-01-29", ["2027-01-29", "2027-02-28", "2027-03-29", "2027-04-29"]),
        ("2026-08-31", ["2026-08-31", "2026-09-30", "2026-10-31", "2026-11-30"]),
        ("2026-12-31", ["2026-12-31", "2027-01-31", "2027-02-28", "2027-03-31"]),
    ],
)
def test_a_month_without_the_day_bills_on_its_last_and_the_next_one_on_the_day_again(
    start: str, expected: list[str]
) -> None:
    """Stripe's "Billing cycles": the anchor stays the 31st."""
    first = datetime.fromisoformat(start).replace(hour=12, tzinfo=UTC)
    assert [at.date().isoformat() for at in payment_instants(first, MONTHLY, 4)] == expected


def test_a_year_from_29_february_bills_on_28_february_until_the_next_leap_year() -> None:
    first = datetime(2028, 2, 29, 12, tzinfo=UTC)
    assert [at.date().isoformat() for at in payment_instants(first, YEARLY, 5)] == [
        "2028-02-29",
        "2029-02-28",
        "2030-02-28",
        "2031-02-28",
        "2032-02-29",
    ]


@pytest.mark.parametrize(
    ("cycle", "expected"),
    [
        (every(1, Interval.DAY), ["2026-03-27", "2026-03-28", "2026-03-29", "2026-03-30"]),
        (every(10, Interval.DAY), ["2026-03-27", "2026-04-06", "2026-04-16", "2026-04-26"]),
        (WEEKLY, ["2026-03-27", "2026-04-03", "2026-04-10", "2026-04-17"]),
        (every(2, Interval.WEEK), ["2026-03-27", "2026-04-10", "2026-04-24", "2026-05-08"]),
        (QUARTERLY, ["2026-03-27", "2026-06-27", "2026-09-27", "2026-12-27"]),
        (YEARLY, ["2026-03-27", "2027-03-27", "2028-03-27", "2029-03-27"]),
        (every(2, Interval.YEAR), ["2026-03-27", "2028-03-27", "2030-03-27", "2032-03-27"]),
    ],
    ids=lambda one: f"{one.interval_count} {one.interval}" if isinstance(one, RecurringPrice) else "",
)
def test_the_cycle_is_the_products(cycle: RecurringPrice, expected: list[str]) -> None:
    """H18, H29. The clocks change on 29 March."""
    assert days(shown(price=cycle, start=date(2026, 3, 27))) == expected


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Pacific/Auckland", "Pacific/Norfolk"])
@pytest.mark.parametrize("start", [date(2027, 3, 1), date(2027, 3, 29), date(2027, 9, 29), date(2027, 10, 31)])
def test_a_planned_start_bills_on_the_same_day_of_the_month_whatever_the_clocks_do(zone: str, start: date) -> None:
    """Stripe counts in UTC: midnight in Berlin on 1 March would be 28 February there, and bill on 28 March."""
    found = shown(start=start, zone=ZoneInfo(zone))
    for one in (found.first, *found.following):
        last_of_month = (one.on.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)
        assert one.on.day == min(start.day, last_of_month.day)


@given(st.sampled_from(sorted(available_timezones())), st.dates(date(2026, 3, 4), date(2027, 3, 3)), st.data())
def test_a_planned_starts_instant_has_the_same_date_here_and_in_utc_all_year_round(
    zone: str, start: date, data: st.DataObject
) -> None:
    instant = start_instant(start, NOON, ZoneInfo(zone))
    assert instant is not None
    later = instant + timedelta(days=data.draw(st.integers(0, 730)))
    assert later.astimezone(ZoneInfo(zone)).date() == later.date()
    assert instant.date() == start


def test_a_start_today_is_now() -> None:
    found = shown(start=date(2026, 3, 2))
    assert found.starts_now
    assert start_instant(date(2026, 3, 2), NOON, BERLIN) is None
    assert days(found) == ["2026-03-02", "2026-04-02", "2026-05-02", "2026-06-02"]


def test_a_start_tomorrow_is_not_now() -> None:
    found = shown(start=date(2026, 3, 3))
    assert not found.starts_now
    assert start_instant(date(2026, 3, 3), NOON, BERLIN) == datetime(2026, 3, 3, 12, tzinfo=UTC)
    assert days(found)[0] == "2026-03-03"


def test_today_is_the_business_s_day_when_it_is_still_yesterday_in_utc() -> None:
    """23:30 in UTC on 2 March is 00:30 in Berlin on the 3rd."""
    late = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)
    assert shown(start=date(2026, 3, 3), now=late).starts_now
    assert not shown(start=date(2026, 3, 4), now=late).starts_now
    assert shown(start=date(2026, 3, 3), now=late).first.on == date(2026, 3, 3)


def test_today_is_the_business_s_day_when_it_is_tomorrow_in_utc() -> None:
    """02:00 in UTC on 2 March is 21:00 in New York on the 1st."""
    early = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
    new_york = ZoneInfo("America/New_York")
    assert shown(start=date(2026, 3, 1), now=early, zone=new_york).starts_now
    assert not shown(start=date(2026, 3, 2), now=early, zone=new_york).starts_now


def test_a_start_now_near_midnight_shows_the_days_on_which_stripe_will_charge() -> None:
    """00:30 in Berlin on 1 February is 31 January in UTC. Stripe's month from there ends on 28 February at 23:30, and
    the one after on 31 March at 23:30, which is 01:30 on 1 April in summer time."""
    late = datetime(2026, 1, 31, 23, 30, tzinfo=UTC)
    assert days(shown(start=date(2026, 2, 1), now=late)) == ["2026-02-01", "2026-03-01", "2026-04-01", "2026-05-01"]


# The fingerprint


def test_the_same_terms_have_the_same_fingerprint() -> None:
    assert shown().fingerprint == shown().fingerprint


def test_the_fingerprint_survives_being_written_down() -> None:
    terms = shown(coupon=repeating(3), taxes=(tax("8.875"), tax("20", inclusive=True, name="b")))
    again = SubscriptionPreview.model_validate_json(terms.model_dump_json())
    assert again.fingerprint == terms.fingerprint
    assert again.terms == terms.terms


def test_the_minutes_between_review_and_confirmation_do_not_change_it() -> None:
    assert shown(now=NOON + timedelta(minutes=5)).fingerprint == shown().fingerprint


@pytest.mark.parametrize(
    ("balance", "charge", "left"),
    [(None, 4900, 0), (2000, 2900, 0), (-5000, 9900, 0), (4900, 0, 0), (10000, 0, 5100)],
)
def test_the_balance_makes_another_charge_of_the_first_payment(balance: int | None, charge: int, left: int) -> None:
    """H23. Of 49.00: 49.00 - 20.00 = 29.00; 49.00 + 50.00 = 99.00; 100.00 - 49.00 = 51.00 are left."""
    owned = None if balance is None else Money(amount=balance, currency="EUR")
    found = shown(balance=owned)
    assert (found.charge.amount, found.left_over.amount) == (charge, left)
    assert found.first.total == shown().first.total
    assert (found.fingerprint == shown().fingerprint) == (balance is None)
    assert found.terms == shown().terms


TERMS: dict[str, dict[str, Any]] = {
    "the price": {"price": monthly(4901)},
    "the currency": {"price": monthly(4900, "USD")},
    "the product": {"price": price("marketing-plus-year-eur", unit=price().unit, interval=Interval.MONTH)},
    "the name": {"price": price(label=Label(en="Other", de="Anderes"))},
    "the cycle": {"price": YEARLY},
    "the cycle's count": {"price": every(2, Interval.MONTH)},
    "the quantity": {"quantity": 2},
    "a coupon": {"coupon": coupon("A", percent="10")},
    "a coupon that takes off nothing more": {"coupon": coupon("FREE", amounts={"EUR": 1})},
    "a tax": {"taxes": (tax("19"),)},
    "a tax of nothing": {"taxes": (tax("0"),)},
    "a tax inside the price": {"taxes": (tax("19", inclusive=True),)},
    "the reverse charge": {"reverse_charge": True},
}


@pytest.mark.parametrize("changes", TERMS.values(), ids=TERMS)
def test_the_fingerprint_and_the_terms_change_with_every_term(changes: dict[str, Any]) -> None:
    assert shown(**changes).fingerprint != shown().fingerprint
    assert shown(**changes).terms != shown().terms


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (repeating(2), repeating(3)),
        (repeating(3), coupon("A", percent="10")),
        (repeating(3), coupon("B", percent="10", duration=Duration.REPEATING, months=3)),
        (coupon("A", percent="10"), coupon("A", percent="11")),
        (coupon("A", percent="10", duration=Duration.FOREVER), repeating(36)),  # the same in the four payments shown
    ],
)
def test_the_fingerprint_and_the_terms_change_with_every_term_of_the_coupon(one: Coupon, other: Coupon) -> None:
    assert shown(coupon=one).fingerprint != shown(coupon=other).fingerprint
    assert shown(coupon=one).terms != shown(coupon=other).terms


def test_another_day_changes_the_fingerprint_but_not_the_terms() -> None:
    """While a customer takes the time to add a card, only the days may move (H31)."""
    later = shown(start=date(2026, 4, 15))
    assert later.fingerprint != shown().fingerprint
    assert later.terms == shown().terms


def test_starting_now_and_later_on_the_same_day_are_not_the_same() -> None:
    """One is charged at once, the other at noon."""
    now = shown(start=date(2026, 3, 3), now=NOON + timedelta(days=1))
    later = shown(start=date(2026, 3, 3))
    assert days(now) == days(later)
    assert now.fingerprint != later.fingerprint


@pytest.mark.parametrize(
    ("amount", "taxes", "total"),
    [
        (1500, (), 1500),
        (1500, (tax("19"),), 1785),
        (1950, (tax("19"),), 2321),  # 370.5 is 371
        (1500, (tax("19", inclusive=True),), 1500),
        (1500, (tax("5"), tax("9.975")), 1725),  # 75 and 149.625, which is 150
    ],
    ids=str,
)
def test_a_line_with_the_taxes_on_top_of_it(amount: int, taxes: tuple[TaxRate, ...], total: int) -> None:
    assert with_taxes(Money(amount=amount, currency="EUR"), taxes) == Money(amount=total, currency="EUR")
