"""Cells of CSV files that people open in a spreadsheet."""

from __future__ import annotations

# A spreadsheet takes text with one of these in front for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def harmless(text: str) -> str:
    """Text that no spreadsheet calculates with."""
    return f"'{text}" if text.startswith(_FORMULA) else text
