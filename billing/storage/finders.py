"""Who has these terms: one way for each kind of index.

A needle is a piece of folded text: `muller` anywhere, or ` mu` at the beginning of a word. A term is what was typed as
one word: needles of which one must be there. All terms must be.

What they share is here; `fts` is for SQLite, `gin` for PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, Protocol

from sqlalchemy import text
from sqlalchemy.engine import Connection

Term = tuple[str, ...]

_COLUMNS = "contacts.id, contacts.name, contacts.company, contacts.email, contacts.country, contacts.search"


class SearchStrength(StrEnum):
    """What the database can do for a search."""

    FULL = "full"  # the middle of a word
    WORD_PREFIXES = "word_prefixes"  # only its beginning: PostgreSQL without the extension pg_trgm


class Match(NamedTuple):
    id: str
    name: str
    company: str
    email: str
    country: str
    search: str


@dataclass(frozen=True)
class Matches:
    """In no order. `complete` is false when there may be others that were not looked at."""

    rows: list[Match]
    complete: bool = True


class Finder(Protocol):
    """Finds contacts on one kind of index."""

    @property
    def strength(self) -> SearchStrength: ...

    def find(self, connection: Connection, terms: Sequence[Term], most: int) -> Matches:
        """At most so many of those who have all the terms."""


def has_terms(terms: Sequence[Term], column: str = "contacts.search") -> tuple[str, dict[str, str]]:
    """The condition and its parameters; no two columns' have the same name.

    Needles are letters, digits and a space, which mean nothing to LIKE.
    """
    name = "needle" if column == "contacts.search" else "other"
    patterns: dict[str, str] = {}
    conditions = []
    for needles in terms:
        names = [f"{name}_{len(patterns) + number}" for number in range(len(needles))]
        patterns |= {name: f"%{needle}%" for name, needle in zip(names, needles, strict=True)}
        conditions.append("(" + " OR ".join(f"{column} LIKE :{each}" for each in names) + ")")
    return " AND ".join(conditions), patterns


def rows(
    connection: Connection, source: str, condition: str, parameters: Mapping[str, object], most: int
) -> list[Match]:
    """The contacts of that source for which the condition is true."""
    statement = text(f"SELECT {_COLUMNS} FROM {source} WHERE {condition} LIMIT {most}")  # noqa: S608 - no input in it
    return [Match(*row) for row in connection.execute(statement, parameters)]
