"""The search on PostgreSQL: a GIN index of trigrams, which LIKE uses, when the server has the extension pg_trgm.

Without it, a table of all words finds their beginnings only, and a bounded number of contacts is looked at. So a phone
number that was typed without the code of its country is looked for with each of them.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.engine import Connection

from billing.storage.finders import Matches, SearchStrength, Term, has_terms, rows
from billing.storage.folding import with_country_codes
from billing.storage.samples import Sample, last_number

TRIGRAM_INDEX = "ix_contacts_search_trigrams"

_COMMON = 0.02  # of the contacts; then enough are found by reading the first of them
_MUCH = 0.15  # of the contacts have one or the other needle: the index reads an entry for each
_MOST_LIKES = 200_000  # needles that are looked for in the newest contacts then
_MANY = 0.01  # of the contacts; too many to look again for long terms that the index was not asked for
_FEW = 2  # needles of a term that the index is asked for, too, when another term is rarer
_NOT_IN_INDEX = "(contacts.search || '')"
_MOST_WORDS = 2_000  # that are looked at without trigrams
_MOST_SPELLINGS = 20  # of one word, with those that it may have been meant for


class TrigramFinder:
    """PostgreSQL with pg_trgm.

    The planner takes two common words that nobody has together for common, too, and reads the whole table in vain.
    So it is told: through the table for what is common, through the trigrams for what is not. Where a large part of
    the index would have to be read, only the newest contacts are looked at: of common words that nobody has together
    the answer is "keep typing" anyway.
    """

    strength = SearchStrength.FULL

    def __init__(self) -> None:
        self._sample = Sample()

    def find(self, connection: Connection, terms: Sequence[Term], most: int) -> Matches:
        self._sample.refresh(connection)
        condition, patterns = has_terms(terms)
        if self._sample.share(terms) >= _COMMON:
            connection.execute(_WAY, {"table": "on", "index": "off"})
            return Matches(rows(connection, "contacts", condition, patterns, most))
        by_rarity = sorted(terms, key=self._entries)
        asked = self._affordable(by_rarity)
        others = [term for term in by_rarity if term not in asked]
        if asked and (not others or self._entries(by_rarity[0]) < _MANY):
            connection.execute(_WAY, {"table": "off", "index": "on"})
            condition, patterns = has_terms(asked)
            looked_at, its_patterns = has_terms(others, _NOT_IN_INDEX)
            condition += f" AND {looked_at}" if looked_at else ""
            return Matches(rows(connection, "contacts", condition, patterns | its_patterns, most))
        connection.execute(_WAY, {"table": "off", "index": "off"})
        first = last_number(connection) - _MOST_LIKES // sum(map(len, terms))
        found = rows(connection, "contacts", f"number > :first AND {condition}", {**patterns, "first": first}, most)
        return Matches(found, complete=first <= 0 or len(found) == most)

    def _affordable(self, by_rarity: Sequence[Term]) -> list[Term]:
        """The rarest, and those beside it for which little has to be read; none when all are common."""
        asked: list[Term] = []
        entries = 0.0
        for term in by_rarity:
            entries += self._entries(term)
            if entries < _MUCH and (not asked or len(term) <= _FEW):
                asked.append(term)
        return asked

    def _entries(self, needles: Term) -> float:
        """What the index reads for that term, per contact, roughly."""
        return sum(self._sample.share([(needle,)]) for needle in needles)


# For this transaction only.
_WAY = text("SELECT set_config('enable_seqscan', :table, true), set_config('enable_bitmapscan', :index, true)")


class WordFinder:
    """PostgreSQL without pg_trgm: looks at those who have the rarest term, and keeps those who have the others, too."""

    strength = SearchStrength.WORD_PREFIXES

    def find(self, connection: Connection, terms: Sequence[Term], most: int) -> Matches:
        beginnings = [_beginnings(needles) for needles in terms]
        count, rarest = min((_count(connection, term), term) for term in beginnings)
        if count == 0:
            return Matches([])
        others, patterns = has_terms([term for term in beginnings if term != rarest])
        numbers, parameters = _numbers(rarest)
        condition = f"contacts.number IN ({numbers})" + (f" AND {others}" if others else "")
        found = rows(connection, "contacts", condition, {**patterns, **parameters}, most)
        return Matches(found, complete=count < _MOST_WORDS or len(found) == most)


# `{` comes behind every letter and digit in the order "C", which is that of the column.
_OF_MANY = f"""
    SELECT found.number FROM unnest(CAST(:beginnings AS text[])) AS beginning CROSS JOIN LATERAL (
        SELECT number FROM contact_words
        WHERE word >= beginning COLLATE "C" AND word < beginning || '{{' COLLATE "C" LIMIT {_MOST_WORDS}
    ) AS found LIMIT {_MOST_WORDS}
"""  # noqa: S608 - no input in it


def _beginnings(needles: Term) -> Term:
    """Of the words that are meant: a number that was typed as it is dialled at home is kept with its country's code."""
    typed = [needle.strip() for needle in needles]
    return tuple(f" {each}" for word in typed for each in (word, *with_country_codes(word)))


def _count(connection: Connection, term: Term) -> int:
    numbers, parameters = _numbers(term)
    statement = text(f"SELECT count(*) FROM ({numbers}) AS those")  # noqa: S608 - no input in it
    return int(connection.execute(statement, parameters).scalar_one())


def _numbers(term: Term) -> tuple[str, dict[str, object]]:
    """The bounded question for contacts that have a word with one of these beginnings.

    With OR instead of UNION ALL the server would first read all of them, and then keep the bounded number. Of the many
    beginnings of a phone number few are anybody's, so there one short question is planned faster than a long one.
    """
    if len(term) > _MOST_SPELLINGS:
        return _OF_MANY, {"beginnings": [needle.strip() for needle in term]}
    patterns: dict[str, object] = {f"word_{number}": f"{needle.strip()}%" for number, needle in enumerate(term)}
    each = (f"SELECT number FROM contact_words WHERE word LIKE :{name}" for name in patterns)  # noqa: S608 - no input
    every = " UNION ALL ".join(each)
    return f"SELECT number FROM ({every}) AS every_one LIMIT {_MOST_WORDS}", patterns  # noqa: S608 - no input
