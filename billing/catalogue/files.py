"""Reading `catalogue.toml`: every mistake at once, each with its line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path as File
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from billing.catalogue.checks import check
from billing.catalogue.lines import Path, lines_of, nearest
from billing.catalogue.model import Catalogue
from billing.catalogue.shapes import keys_at

_AT_LINE = re.compile(r" \(at line (\d+), column (\d+)\)$")

# What pydantic says, where a person who edits prices would not understand it.
_PLAIN = {
    "missing": "is missing",
    "model_type": "must be a table",
    "model_attributes_type": "must be a table",
    "dict_type": "must be a table",
    "tuple_type": "must be an array",
    "int_type": "must be a whole number (amounts are in the minor unit: 1999 is 19.99 EUR, and 1999 JPY)",
    "string_type": "must be a text in quotation marks",
    "bool_type": "must be true or false",
    "string_too_short": "must not be empty",
    "too_short": "must not be empty",  # all that has a least length may have one
    "decimal_type": "must be a number",
    "date_type": "must be a day without quotation marks, as in 2026-12-31",
}
_PATTERNS = {
    r"^[a-z0-9]+(-[a-z0-9]+)*$": "must be small letters, digits and single hyphens, as in marketing-plus",
    r"^[A-Za-z0-9]+(-[A-Za-z0-9]+)*$": "must be letters, digits and single hyphens, as in WELCOME20",
    r"^[0-9]{4,17}$": "must be an account's number, 4 to 17 digits in quotation marks",
    r"^[A-Z]{1,8}$": "must be 1 to 8 capital letters, as in INV",
    r"^[A-Z]{2}$": "must be a country's code of two capital letters (ISO 3166-1), as in DE",
    r"^[^@\s]+@[^@\s]+\.[^@\s]+$": "must be an e-mail address",
}


class CatalogueError(Exception):
    """The file cannot be used. `mistakes` are all that were found, in the order of lines."""

    def __init__(self, mistakes: tuple[str, ...]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes


def load(path: File) -> Catalogue:
    """Read and check the file. Raise CatalogueError with `FILE:LINE: where: what is wrong` for every mistake.

    A file that cannot be read has no line.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise CatalogueError((f"{path}: cannot be read: {error.strerror}",)) from error
    except UnicodeDecodeError as error:
        raise CatalogueError((f"{path}: cannot be read: it is not UTF-8 ({error.reason})",)) from error
    return parse(text, path.name)


def parse(text: str, name: str = "catalogue.toml") -> Catalogue:
    """The catalogue that the text describes. Raises as `load`."""
    try:
        data = tomllib.loads(text, parse_float=Decimal)
    except RecursionError as error:
        raise CatalogueError((f"{name}:1: not TOML: nested too deeply",)) from error
    except ValueError as error:
        raise CatalogueError((_syntax(error, text, name),)) from error
    found = list(check(data))
    catalogue = None
    try:
        catalogue = Catalogue.model_validate(data)
    except ValidationError as error:
        found += _in_words(error.errors(include_url=False))
    if catalogue is None or found:
        raise CatalogueError(_by_line(found, data, lines_of(text), name))
    return catalogue


def _syntax(error: ValueError, text: str, name: str) -> str:
    message = str(error)
    at = _AT_LINE.search(message)
    line = int(at.group(1)) if at else text.rstrip().count("\n") + 1
    return f"{name}:{line}: not TOML: {_AT_LINE.sub('', message)}"


def _by_line(found: list[tuple[Path, str]], data: dict[str, Any], lines: dict[Path, int], name: str) -> tuple[str, ...]:
    mistakes = sorted({(nearest(lines, path), named(path, data), what) for path, what in found})
    return tuple(f"{name}:{line}: {where}: {what}" for line, where, what in mistakes)


def _in_words(errors: list[ErrorDetails]) -> Iterator[tuple[Path, str]]:
    """What is empty only because of the mistakes inside of it is none."""
    inside = {error["loc"][:depth] for error in errors for depth in range(len(error["loc"]))}
    for error in errors:
        if error["type"] != "too_short" or error["loc"] not in inside:
            path = tuple(part for part in error["loc"] if part != "[key]")
            yield path, _what(error, path)


def _what(error: ErrorDetails, path: Path) -> str:
    kind = error["type"]
    if kind == "extra_forbidden":
        return _unknown_key(str(path[-1]), keys_at(Catalogue, path[:-1]))
    if kind == "value_error":
        return str(error["ctx"]["error"])
    if kind == "string_pattern_mismatch":
        return _with_value(_PATTERNS[error["ctx"]["pattern"]], error)
    if kind in _PLAIN:
        return _PLAIN[kind]
    return _with_value(error["msg"].replace("Input should", "must"), error)


def _with_value(what: str, error: ErrorDetails) -> str:
    value = error["input"]
    return f"{what}; it is {value}" if isinstance(value, str | int | Decimal) else what


def _unknown_key(key: str, allowed: tuple[str, ...]) -> str:
    near = get_close_matches(key, allowed, 1)
    guess = f"did you mean {near[0]}? " if near else ""
    return f"is not known here; {guess}allowed: {', '.join(allowed)}"


def named(path: Path, data: Any) -> str:
    """The path as a person writes it: `products[marketing].plans[plus].prices[2].amounts.EUR`, counted from 1."""
    return "".join(_parts(path, data)).lstrip(".") or "the file"


def _parts(path: Path, data: Any) -> Iterator[str]:
    for part in path:
        data = _inside(data, part)
        if isinstance(part, str):
            yield f".{part}"
            continue
        own = data.get("id", data.get("code")) if isinstance(data, dict) else None
        yield f"[{own if isinstance(own, str) else part + 1}]"


def _inside(data: Any, part: str | int) -> Any:
    if isinstance(data, dict):
        return data.get(str(part))
    if isinstance(data, list) and isinstance(part, int) and part < len(data):
        return data[part]
    return None
