"""The chart on Home, drawn by hand."""

from __future__ import annotations

import pytest

from blocks.homes import chart
from tests.blocks.samples_mirror import days


@pytest.mark.parametrize(
    ("amounts", "drawn"),
    [
        ((), ""),
        ((0, 0), "▁▁ ▁▁"),
        ((0, 700), "▁▁ ██"),
        ((1, 700), "▂▂ ██"),  # any money at all is above the ground
        ((100, 200, 300, 400, 500, 600, 700), "▂▂ ▃▃ ▄▄ ▅▅ ▆▆ ▇▇ ██"),  # a seventh more each day
        ((350, 700), "▅▅ ██"),
    ],
)
def test_a_column_for_each_day_in_eighths_of_the_highest(amounts: tuple[int, ...], drawn: str) -> None:
    assert chart(days(*amounts)) == drawn
