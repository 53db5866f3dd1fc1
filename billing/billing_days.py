"""Prices with a fixed billing day: when their periods begin, and what part of one a first payment is for.

What Stripe documents, and what follows from it:

- "Set the subscription billing renewal date": with a `billing_cycle_anchor` every full period is aligned with that
  moment, and the time up to the first full one is invoiced at once, prorated. `billing_cycle_anchor_config` "does not
  support anchoring on a backdated start date", hence the moment and not the config.
- "Backdate subscriptions": with `backdate_start_date`, a moment in the past, that time begins there and not with the
  request. So the amount does not depend on the second of a click. A coupon's months count from there, too.
- "Customize subscription proration calculations": Stripe prorates by the second. Both moments are therefore at one
  hour of UTC, whole days apart: 10 of 30 days are exactly a third, whatever the clocks do in between.
- "Compare classic and flexible billing mode": flexible mode splits backdated time at the boundaries of the periods
  that the anchor makes, classic mode takes an imagined period from the start on. The former is meant here, and asked
  for by name. How long the first, incomplete period counts is not spelled out for flexible mode; we read it as the
  period that ends at the anchor. Should Stripe read it otherwise, its preview differs and nothing is started.
- A schedule has no anchor ahead of its start ("Create a schedule": `automatic` or `phase_start`), so a start that lies
  ahead is on a billing day.
"""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta

from billing.catalogue import RecurringPrice
from billing.models import Frozen
from billing.money import Money, round_half_up

# Stripe's clock and ours may differ a little: what is "in the past" for us must be so for Stripe.
_CLOCKS_DIFFER = timedelta(minutes=1)


class Part(Frozen):
    """What part of a billing period a payment is for: its first and last day, and how many of how many days."""

    first: date
    last: date
    days: int
    whole: int

    def of(self, full: Money) -> Money:
        """The share of a full period's amount, rounded half up to a minor unit."""
        return full.with_amount(round_half_up(Decimal(full.amount) * self.days / self.whole))


def periods(price: RecurringPrice, count: int) -> relativedelta:
    """The length of so many billing periods."""
    match price.interval:
        case "day":
            return relativedelta(days=price.interval_count * count)
        case "week":
            return relativedelta(weeks=price.interval_count * count)
        case "month":
            return relativedelta(months=price.interval_count * count)
        case "year":
            return relativedelta(years=price.interval_count * count)
        case _:
            raise ValueError(f"no interval of Stripe's: {price.interval}")


def is_billing_day(day: date, price: RecurringPrice) -> bool:
    return day.day == price.billing_day


def next_billing_day(day: date, price: RecurringPrice) -> date:
    """The first day of the first full period after the one that starts on `day`.

    From a billing day on that is a whole period later. From another day on it is the next billing day of the calendar,
    also for quarterly and yearly prices: their cycle is counted from there.
    """
    assert price.billing_day is not None
    if is_billing_day(day, price):
        return day + periods(price, 1)
    this_month = day.replace(day=price.billing_day)
    return this_month if this_month > day else this_month + relativedelta(months=1)


def part_from(day: date, price: RecurringPrice) -> Part | None:
    """What is left of the running period on that day; None on a billing day, when a whole period is paid."""
    if is_billing_day(day, price):
        return None
    end = next_billing_day(day, price)
    return Part(first=day, last=end - timedelta(days=1), days=(end - day).days, whole=(end - _before(end, price)).days)


def _before(end: date, price: RecurringPrice) -> date:
    """Where the period that ends there would have begun. A billing day is the 28th at most, so every month has it."""
    return end - periods(price, 1)


def begins(day: date, zone: ZoneInfo) -> datetime:
    """When that day begins for Stripe: at one hour of UTC all year round, at which it is the same day there and here.

    East of Greenwich that is midnight of UTC (01:00 or 02:00 in Berlin), west of it midnight of the standard time.
    """
    return datetime.combine(day, time(_hour(day.year, zone)), UTC)


def latest_day(now: datetime, zone: ZoneInfo) -> date:
    """The last day that has begun in that sense: in the first hours of a calendar day it is still the one before."""
    return (now - timedelta(hours=_hour(now.year, zone)) - _CLOCKS_DIFFER).astimezone(UTC).date()


def _hour(year: int, zone: ZoneInfo) -> int:
    noons = (datetime(year, month, 1, 12, tzinfo=zone) for month in range(1, 13))
    offsets = (noon.utcoffset() or timedelta() for noon in noons)
    return max(0, math.ceil(-min(offsets) / timedelta(hours=1)))
