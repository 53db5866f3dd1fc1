"""The search on SQLite: an FTS5 index of trigrams.

` mu` is a trigram, too, so short words need no other index. The index keeps no positions (a third of the size), hence
the LIKE that looks again. Nothing is ranked: bm25 reads every match, 300 ms for a common word.

Two things keep it quick among a million contacts. The index is asked for the rarest trigrams only: those of `gmbh`
exclude nobody whom a rare name has not excluded. And when all words are common, it is asked about the newest contacts
only: of two common words that nobody has together it would read all there is, and the answer is "keep typing" anyway.
"""

from __future__ import annotations

import string
from collections.abc import Iterator, Sequence

from sqlalchemy.engine import Connection

from billing.storage.finders import Match, Matches, SearchStrength, Term, has_terms, rows
from billing.storage.folding import trigrams
from billing.storage.samples import Sample, last_number

_NEWEST = 250_000  # contacts, among which common words are looked for
_RARE = 50  # of the sample's thousand; what is rarer is looked for everywhere
_MOST_TERMS = 3  # that the index is asked for; LIKE looks for the others
_MOST_TRIGRAMS = 3  # of each

_SOURCE = "contact_trigrams JOIN contacts ON contacts.number = contact_trigrams.rowid"
_CONDITION = "contact_trigrams MATCH :asked AND contact_trigrams.rowid BETWEEN :first AND :last"


class FtsFinder:
    """SQLite."""

    strength = SearchStrength.FULL

    def __init__(self) -> None:
        self._sample = Sample()

    def find(self, connection: Connection, terms: Sequence[Term], most: int) -> Matches:
        self._sample.refresh(connection)
        asked = sorted(question for needles in terms if (question := self._any_of(needles)))
        is_rare = bool(asked) and asked[0][0] <= _RARE
        last = last_number(connection)
        first = 1 if is_rare else max(last - _NEWEST + 1, 1)
        condition, patterns = has_terms(terms)
        found: dict[str, Match] = {}
        for words in [_all_of(asked)] if asked else _any_letter_after(terms[0][0]):
            parameters: dict[str, str | int] = {**patterns, "asked": words, "first": first, "last": last}
            some = rows(connection, _SOURCE, f"{_CONDITION} AND {condition}", parameters, most)
            found |= {match.id: match for match in some}
            if len(found) >= most:
                break
        return Matches(list(found.values())[:most], complete=first == 1 or len(found) >= most)

    def _any_of(self, needles: Term) -> tuple[int, str] | None:
        """How many have one of the needles, roughly, and the question for them."""
        if not all(map(trigrams, needles)):
            return None  # too short to ask for
        rarest = [self._sample.rarest(trigrams(needle), _MOST_TRIGRAMS) for needle in needles]
        count = sum(self._sample.count(those[0]) for those in rarest)
        each = (" AND ".join(f'"{trigram}"' for trigram in those) for those in rarest)
        return count, "(" + " OR ".join(f"({those})" for those in each) + ")"


def _any_letter_after(beginning: str) -> Iterator[str]:
    """The index knows no shorter needle than three letters, so ` m` is ` ma`, ` mb` and so on, one after the other."""
    return (f'"{beginning}{following}"' for following in string.ascii_lowercase + string.digits + " ")


def _all_of(asked: list[tuple[int, str]]) -> str:
    return " AND ".join(question for _, question in asked[:_MOST_TERMS])
