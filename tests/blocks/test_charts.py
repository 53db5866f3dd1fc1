"""The chart on Home: the picture, what it says in words, and how it is drawn with characters."""

from __future__ import annotations

import struct
import zlib
from typing import NamedTuple

import pytest

from blocks.charts import drawn, in_words, picture
from blocks.texts import Translator
from tests.blocks.samples_mirror import days

FORTNIGHT = (0, 300, 0, 0, 0, 0, 0, 0, 0, 0, 100, 0, 0, 200)  # cents, from November 1
BLUE = (0x3A, 0x3D, 0x98, 0xFF)


class Picture(NamedTuple):
    width: int
    height: int
    rows: list[bytes]

    def pixel(self, x: int, y: int) -> tuple[int, ...]:
        return tuple(self.rows[y][4 * x : 4 * x + 4])

    def blue(self, x: int) -> int:
        """How many pixels of the bars' colour are below each other there."""
        return sum(self.pixel(x, y) == BLUE for y in range(self.height))


def decoded(png: bytes) -> Picture:
    """Of PNG what is written here: 8 bits of red, green, blue and opacity, not interlaced (PNG, 9.2: filters)."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height, depth, colours, _, _, interlaced = struct.unpack(">IIBBBBB", png[16:29])
    assert (depth, colours, interlaced) == (8, 6, 0)
    at, data = 8, b""
    while at < len(png):
        (length,), kind = struct.unpack(">I", png[at : at + 4]), png[at + 4 : at + 8]
        data += png[at + 8 : at + 8 + length] if kind == b"IDAT" else b""
        at += length + 12
    raw, rows, above = zlib.decompress(data), [], bytes(4 * width)
    for y in range(height):
        start = y * (4 * width + 1)
        above = _unfiltered(raw[start], raw[start + 1 : start + 1 + 4 * width], above)
        rows.append(above)
    return Picture(width, height, rows)


def _unfiltered(filter_: int, line: bytes, above: bytes) -> bytes:
    done = bytearray(line)
    for n, value in enumerate(line):
        left, corner = (done[n - 4], above[n - 4]) if n >= 4 else (0, 0)
        done[n] = (value + _predicted(filter_, left, above[n], corner)) % 256
    return bytes(done)


def _predicted(filter_: int, left: int, above: int, corner: int) -> int:
    if filter_ == 4:
        guess = left + above - corner
        return min((left, above, corner), key=lambda one: abs(guess - one))
    return (0, left, above, (left + above) // 2)[filter_]


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_picture_is_crisp_and_its_bars_are_as_high_as_the_days(language: str) -> None:
    """600 × 200 at double density.

    A day has (600 - 2 × 24) / 14 = 39.43 CSS pixels, so the middle of day n is at 24 + 39.43 × (n + ½). The highest bar
    is 160 - 72 = 88 CSS pixels or 176 pixels high; a third of it are 58 2/3 and two thirds 117 1/3.
    """
    shown = decoded(picture(days(*FORTNIGHT), language))
    assert (shown.width, shown.height) == (1200, 400)
    heights = [shown.blue(round(2 * (24 + 39.43 * (n + 0.5)))) for n in range(14)]
    assert heights == pytest.approx([0, 176, 0, 0, 0, 0, 0, 0, 0, 0, 58.7, 0, 0, 117.3], abs=2)
    assert shown.pixel(600, 20) == (255, 255, 255, 255), "light on every theme of Slack's"
    assert shown.pixel(0, 0)[3] < 128, "the corners are round"


def test_the_picture_is_another_when_figures_days_or_language_are() -> None:
    fortnight = days(*FORTNIGHT)
    later = tuple(day.model_copy(update={"on": day.on.replace(month=12)}) for day in fortnight)
    pictures = {
        picture(fortnight, "en"),
        picture(fortnight, "de"),
        picture(fortnight, "en_GB"),  # 1 Nov 2026 and not Nov 1, 2026
        picture(later, "en"),
        picture(days(*FORTNIGHT[:-1], 201), "en"),
        picture(days(*[10 * amount for amount in FORTNIGHT]), "en"),  # the same bars, another amount
        picture(days(*[0] * 14), "en"),
    }
    assert len(pictures) == 7


def test_the_same_figures_are_drawn_once() -> None:
    assert picture(days(1, 2, 3), "en") is picture(days(1, 2, 3), "en")


def test_any_money_at_all_is_seen_and_none_is_not() -> None:
    """Of a million cents one is less than a pixel; a bar has at least 3 CSS pixels."""
    shown = decoded(picture(days(0, 1, 10**6), "en"))
    # three days of (600 - 48) / 3 = 184 CSS pixels; middles at 116, 300 and 484
    assert [shown.blue(2 * x) for x in (116, 300, 484)] == pytest.approx([0, 6, 176], abs=1)


@pytest.mark.parametrize(
    ("language", "amounts", "words"),
    [
        # 300 + 100 + 200 = 600
        ("en", FORTNIGHT, "Received in the last 14 days: €6.00 altogether, most on Nov 2, 2026 with €3.00."),
        (
            "de",
            FORTNIGHT,
            "Eingegangen in den letzten 14 Tagen: insgesamt 6,00 €, am meisten am 02.11.2026 mit 3,00 €.",
        ),
        ("en", (0, 0), "Received in the last 2 days: nothing yet."),
        ("de", (0, 0), "Eingegangen in den letzten 2 Tagen: noch nichts."),
    ],
)
def test_the_same_in_words(language: str, amounts: tuple[int, ...], words: str) -> None:
    assert in_words(days(*amounts), Translator(language)).replace("\u00a0", " ") == words


@pytest.mark.parametrize(
    ("amounts", "columns"),
    [
        ((), ""),
        ((0, 0), "▁▁ ▁▁"),
        ((0, 700), "▁▁ ██"),
        ((1, 700), "▂▂ ██"),  # any money at all is above the ground
        ((100, 200, 300, 400, 500, 600, 700), "▂▂ ▃▃ ▄▄ ▅▅ ▆▆ ▇▇ ██"),  # a seventh more each day
        ((350, 700), "▅▅ ██"),
    ],
)
def test_a_column_for_each_day_in_eighths_of_the_highest(amounts: tuple[int, ...], columns: str) -> None:
    assert drawn(days(*amounts)) == columns
