"""What was received day by day: as a picture, in words, and drawn with characters where no picture can be had."""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import lru_cache

import plutoprint

from billing.homes import Day
from billing.models import Frozen
from billing.money import Money
from blocks.templating import render
from blocks.texts import Translator
from blocks.typesetting import FAMILIES, typesetting

WIDTH, HEIGHT = 600, 200  # CSS pixels
DENSITY = 2  # pixels of the picture for each of them
HEIGHTS = "▁▂▃▄▅▆▇█"
COLUMN = 2  # characters
_MARGIN = 24
_TOP, _GROUND = 72, 160  # of the highest bar
_GAP = 0.3  # of a day's width
_LEAST = 3  # height of a bar for any money at all


class Bar(Frozen):
    """A day's bar, in CSS pixels from the upper left corner."""

    x: float
    y: float
    width: float
    height: float


def title(days: Sequence[Day], t: Translator) -> str:
    return t("Received in the last {n} days", n=len(days))


def whole(days: Sequence[Day]) -> Money:
    """At least one day."""
    return sum((day.received for day in days[1:]), days[0].received)


def highest(days: Sequence[Day]) -> Day:
    """At least one day; of several as high the first."""
    return max(days, key=lambda day: day.received.amount)


def in_words(days: Sequence[Day], t: Translator) -> str:
    """What the picture says, for those who do not see it."""
    if not whole(days):
        return t("{title}: nothing yet.", title=title(days, t))
    most = highest(days)
    return t(
        "{title}: {amount} altogether, most on {day} with {most}.",
        title=title(days, t),
        amount=whole(days),
        day=most.on,
        most=most.received,
    )


def drawn(days: Sequence[Day]) -> str:
    """A column for each day, in eighths of the highest; any money at all is above the ground."""
    most = max((day.received.amount for day in days), default=0)
    return " ".join(_column(day.received.amount, most) * COLUMN for day in days)


def _column(amount: int, most: int) -> str:
    if amount <= 0 or most <= 0:
        return HEIGHTS[0]
    return HEIGHTS[max(1, (amount * (len(HEIGHTS) - 1) + most - 1) // most)]


@lru_cache(maxsize=32)  # Slack asks anew each time that somebody opens Home; the figures change seldom
def picture(days: tuple[Day, ...], locale: str) -> bytes:
    """A PNG of WIDTH × HEIGHT at double density. Sums only, nothing of any customer."""
    t = Translator(locale)
    most = highest(days)
    bars = _bars(days)
    source = render(
        "chart.html",
        t=t,
        width=WIDTH,
        height=HEIGHT,
        margin=_MARGIN,
        ground=_GROUND,
        families=", ".join(f"'{family}'" for family in FAMILIES),
        title=title(days, t),
        days=days,
        bars=[bar for bar in bars if bar.height],
        most=most.received if most.received.amount > 0 else None,
        peak=bars[days.index(most)],
    )
    written = io.BytesIO()
    size = plutoprint.PageSize(WIDTH * plutoprint.UNITS_PX, HEIGHT * plutoprint.UNITS_PX)
    with typesetting(size, plutoprint.MEDIA_TYPE_SCREEN) as book:
        book.load_html(source)
        book.write_to_png_stream(written, WIDTH * DENSITY, HEIGHT * DENSITY)
    return written.getvalue()


def _bars(days: Sequence[Day]) -> list[Bar]:
    most = max(highest(days).received.amount, 1)
    room = (WIDTH - 2 * _MARGIN) / len(days)
    bars = []
    for place, day in enumerate(days):
        amount = day.received.amount
        height = max((_GROUND - _TOP) * amount / most, _LEAST) if amount > 0 else 0
        x = _MARGIN + place * room + room * _GAP / 2
        bars.append(Bar(x=round(x, 2), y=round(_GROUND - height, 2), width=round(room * (1 - _GAP), 2), height=height))
    return bars
