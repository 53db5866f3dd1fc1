"""The search on PostgreSQL: a GIN index of trigrams, which LIKE uses, when the server has the extension pg_trgm.

Without it, a table of all words finds their beginnings only, and a bounded number of contacts is looked at.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.engine import Connection

from billing.storage.finders import Matches, SearchStrength, Term, has_terms, rows
from billing.storage.samples import Sample

TRIGRAM_INDEX = "ix_contacts_search_trigrams"

_COMMON = 0.02  # of the contacts; then enough are found by reading the first of them
_MOST_WORDS = 2_000  # that are looked at without trigrams


class TrigramFinder:
    """PostgreSQL with pg_trgm.

    The planner takes two common words that nobody has together for common, too, and reads the whole table in vain.
    So it is told: through the table for what is common, through the index for what is not.
    """

    strength = SearchStrength.FULL

    def __init__(self) -> None:
        self._sample = Sample()

    def find(self, connection: Connection, terms: Sequence[Term], most: int) -> Matches:
        self._sample.refresh(connection)
        is_common = self._sample.share(terms) >= _COMMON
        connection.execute(_WAY, {"table": "on" if is_common else "off", "index": "off" if is_common else "on"})
        condition, patterns = has_terms(terms)
        return Matches(rows(connection, "contacts", condition, patterns, most))


# For this transaction only.
_WAY = text("SELECT set_config('enable_seqscan', :table, true), set_config('enable_bitmapscan', :index, true)")


class WordFinder:
    """PostgreSQL without pg_trgm: looks at those who have the rarest term, and keeps those who have the others, too."""

    strength = SearchStrength.WORD_PREFIXES

    def find(self, connection: Connection, terms: Sequence[Term], most: int) -> Matches:
        beginnings = [tuple(f" {needle.strip()}" for needle in needles) for needles in terms]
        count, rarest = min((_count(connection, term), term) for term in beginnings)
        if count == 0:
            return Matches([])
        condition, patterns = has_terms(beginnings)
        numbers, parameters = _numbers(rarest)
        is_candidate = f"contacts.number IN ({numbers})"
        found = rows(connection, "contacts", f"{is_candidate} AND {condition}", patterns | parameters, most)
        return Matches(found, complete=count < _MOST_WORDS or len(found) == most)


def _count(connection: Connection, term: Term) -> int:
    numbers, parameters = _numbers(term)
    statement = text(f"SELECT count(*) FROM ({numbers}) AS those")  # noqa: S608 - no input in it
    return int(connection.execute(statement, parameters).scalar_one())


def _numbers(term: Term) -> tuple[str, dict[str, str]]:
    """The bounded question for contacts that have a word with one of these beginnings.

    With OR instead of UNION ALL the server would first read all of them, and then keep the bounded number.
    """
    patterns = {f"word_{number}": f"{needle.strip()}%" for number, needle in enumerate(term)}
    each = (f"SELECT number FROM contact_words WHERE word LIKE :{name}" for name in patterns)  # noqa: S608 - no input
    every = " UNION ALL ".join(each)
    return f"SELECT number FROM ({every}) AS every_one LIMIT {_MOST_WORDS}", patterns  # noqa: S608 - no input
