"""A product that is billed on the 1st: the first payment is for the rest of the month, as reviewed and as charged."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from tests.support.world import World

VISA = "pm_card_visa"


def half_up(value: Decimal) -> int:
    return int(value.quantize(Decimal(1), ROUND_HALF_UP))


def first_payment(today: date) -> tuple[int, int, int]:
    """Days left, days of the month, and 2 x 30.00 for them, less 10 %, with 19 % on top, each line rounded."""
    month_end = (today.replace(day=1) + timedelta(days=32)).replace(day=1)
    left, whole = (month_end - today).days, (month_end - timedelta(days=1)).day
    part = half_up(Decimal(6000 * left) / whole)
    net = part - half_up(Decimal(part) / 10)
    return left, whole, net + half_up(Decimal(net) * 19 / 100)


def days_of(world: World) -> date:
    """Today, as far as it has begun in UTC: the tests run at every hour."""
    return min(datetime.now(UTC).date(), datetime.now(ZoneInfo("Europe/Berlin")).date())


def test_the_rest_of_the_month_is_reviewed_charged_and_followed_by_whole_months(world: World) -> None:
    """H18, H21, H23."""
    ada = world.contact(VISA)
    sam = world.person("manager")
    assert sam.types(f"/billing subscribe {ada.email}").ok
    left, whole, amount = first_payment(days_of(world))
    assert sam.submits({"price": "school-seat-month-eur", "quantity": 2, "coupon": "TEN"}).ok
    assert "on day 1 of the month" in sam.text
    if left < whole:
        assert f"({left} of {whole} days)" in sam.text
    assert f"{amount // 100}.{amount % 100:02}" in sam.text
    assert sam.submits().ok
    sam.waits_for(lambda one: "now runs" in one.text)
    (paid,) = world.payments(ada)
    assert paid.amount == amount
    (subscription,) = world.subscriptions(ada)
    period_end = datetime.fromtimestamp(subscription["items"].data[0].current_period_end, UTC)
    assert (period_end.day, period_end.hour) == (1, 0)


def test_a_later_start_on_another_day_is_refused_at_the_field(world: World) -> None:
    """H18: the form stays, and says when it can start."""
    ada = world.contact(VISA)
    sam = world.person("manager")
    assert sam.types(f"/billing subscribe {ada.email}").ok
    start = (datetime.now(UTC).date() + timedelta(days=62)).replace(day=17)
    reply = sam.submits({"price": "school-seat-month-eur", "quantity": 2, "start": start.isoformat()})
    assert "billed on day 1" in reply.errors["start"]
    assert world.stripe.v1.subscription_schedules.list({"customer": ada.customer}).data == []
