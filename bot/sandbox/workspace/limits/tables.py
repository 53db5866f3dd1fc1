"""The rules of tables and data tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.sandbox.workspace.limits.checks import (
    Check,
    Found,
    Problem,
    boolean,
    by_type,
    every,
    fields,
    integer,
    items,
    number,
    objects,
    one_of,
    string,
)
from bot.sandbox.workspace.limits.rich_text import RICH_TEXT

CHARACTERS = 10_000

_RAW: dict[str, Check] = {
    "raw_text": fields({"text": string(3000)}),
    "raw_number": fields({"value": number, "text": string(3000)}),
}
_CELL = by_type({**_RAW, "rich_text": RICH_TEXT})
_COLUMN = fields({}, {"align": one_of("left", "center", "right"), "is_wrapped": boolean})


def characters(table: Any) -> int:
    """All that can be read in the cells of a table, in characters."""
    return sum(len(text) for text in _texts(table.get("rows")))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
    elif isinstance(value, dict):
        if isinstance(value.get("text"), str):
            yield value["text"]
        yield from _texts(value.get("elements"))


def _column(value: Any, at: str, found: Found) -> None:
    if value is not None:  # null leaves a column as it is
        _COLUMN(value, at, found)


def _not_too_much(table: Any, at: str, found: Found) -> None:
    if characters(table) > CHARACTERS:
        found.append(Problem(f"{at}/rows", f"must be less than {CHARACTERS + 1} characters in all cells"))


def _rows_alike(table: Any, at: str, found: Found) -> None:
    rows = [row for row in table.get("rows") or [] if isinstance(row, list)]
    for index, row in enumerate(rows):
        if len(row) != len(rows[0]):
            found.append(Problem(f"{at}/rows/{index}", "all rows must have the same number of cells"))


def _plain_header(table: Any, at: str, found: Found) -> None:
    rows = table.get("rows")
    for index, cell in enumerate(objects(rows[0]) if isinstance(rows, list) and rows else []):
        if cell.get("type") == "rich_text":
            found.append(Problem(f"{at}/rows/0/{index}/type", "rich_text is not allowed in the header row"))


def _header_column_exists(table: Any, at: str, found: Found) -> None:
    column, rows = table.get("row_header_column_index"), table.get("rows")
    width = len(rows[0]) if isinstance(rows, list) and rows and isinstance(rows[0], list) else 0
    if isinstance(column, int) and column >= width:
        found.append(Problem(f"{at}/row_header_column_index", f"must be less than {width}"))


TABLE = fields(
    {"rows": items(items(_CELL, 20), 100)},
    {"block_id": string(255), "column_settings": items(_column, 20, 0)},
    also=_not_too_much,
)
DATA_TABLE = fields(
    {"rows": items(items(_CELL, 20), 101, 2), "caption": string(3000)},
    {"block_id": string(255), "page_size": integer(1, 100), "row_header_column_index": integer(0)},
    also=every(_rows_alike, _plain_header, _header_column_exists, _not_too_much),
)
