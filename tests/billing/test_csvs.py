"""What people typed is text in a spreadsheet, too."""

from __future__ import annotations

import pytest

from billing.csvs import harmless


@pytest.mark.parametrize(
    "text",
    ["=HYPERLINK(1)", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠SUM(A1)"],
)
def test_no_cell_is_a_formula(text: str) -> None:
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "Ada", "1=1", "2026-11-26", "Ada @ Engines"])
def test_other_text_stays(text: str) -> None:
    assert harmless(text) == text
