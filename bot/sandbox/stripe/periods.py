"""Billing periods: boundaries counted from the anchor, so that 31 January, 28 February and 31 March follow each other.

Everything is UTC, as at Stripe; daylight saving has no say.
"""

from __future__ import annotations

import calendar
from datetime import UTC, datetime

DAY = 86_400
_SECONDS = {"day": DAY, "week": 7 * DAY}


def boundary(anchor: int, interval: str, count: int, number: int) -> int:
    """The moment `number` intervals of `count` days, weeks, months or years after the anchor (negative: before).

    A day of the month that does not exist becomes the month's last (docs: "Set the billing cycle date").
    """
    if interval in _SECONDS:
        return anchor + number * count * _SECONDS[interval]
    return add_months(anchor, number * count * (12 if interval == "year" else 1))


def add_months(moment: int, months: int) -> int:
    """The same day and time months later, or the last day of that month."""
    start = datetime.fromtimestamp(moment, UTC)
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    day = min(start.day, calendar.monthrange(year, month + 1)[1])
    return int(start.replace(year=year, month=month + 1, day=day).timestamp())


def next_boundary(anchor: int, interval: str, count: int, after: int) -> int:
    """The first boundary later than `after`."""
    return boundary(anchor, interval, count, _index_after(anchor, interval, count, after))


def previous_boundary(anchor: int, interval: str, count: int, moment: int) -> int:
    """The last boundary not later than `moment`."""
    return boundary(anchor, interval, count, _index_after(anchor, interval, count, moment) - 1)


def _index_after(anchor: int, interval: str, count: int, after: int) -> int:
    longest = {"day": DAY, "week": 7 * DAY, "month": 31 * DAY, "year": 366 * DAY}[interval] * count
    index = (after - anchor) // longest
    while boundary(anchor, interval, count, index) <= after:
        index += 1
    while boundary(anchor, interval, count, index - 1) > after:
        index -= 1
    return index
