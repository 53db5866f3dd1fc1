"""Cells of CSV files that people open in a spreadsheet."""

from __future__ import annotations

# A spreadsheet takes text with one of these in front for a formula (OWASP, "CSV Injection"), in Japanese also the wide.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def harmless(text: str) -> str:
    """Text that no spreadsheet calculates with."""
    return f"'{text}" if text.startswith(_FORMULA) else text
