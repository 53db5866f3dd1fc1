"""The search on SQLite: an FTS5 index of trigrams.

` mu` is a trigram, too, so short words need no other index. The index keeps no positions (a third of the size), hence
the LIKE that looks again. Nothing is ranked: bm25 reads every match, 300 ms for a common word.

It is kept quick among a million contacts by asking little. Of each word the rarest trigrams: those of `gmbh` exclude
nobody whom a rare name has not excluded. The rarest words, and the others only while few entries of the index have to
be read for them. Whether a contact really has all the words is looked at in a bounded number of the newest ones: of
common words that nobody has together it would else read all there is, and the answer is "keep typing" anyway.
"""

from __future__ import annotations

import string
from collections.abc import Iterator, Sequence
from math import prod
from typing import NamedTuple

from sqlalchemy.engine import Connection

from billing.storage.finders import Matches, SearchStrength, Term, has_terms, rows
from billing.storage.folding import trigrams
from billing.storage.samples import Sample, last_number

_MOST_READ = 400_000  # entries of the index, for the words beside the rarest
_MOST_LIKES = 40_000  # needles that are looked for in contacts that have what the index was asked for
_RAREST = 1e-6  # of the contacts: what the sample does not have is there, too
_MOST_TERMS = 3  # that the index is asked for; LIKE looks for the others
_MOST_TRIGRAMS = 3  # of each

_SOURCE = "contact_trigrams JOIN contacts ON contacts.number = contact_trigrams.rowid"
_CONDITION = "contact_trigrams MATCH :asked AND contact_trigrams.rowid BETWEEN :first AND :last"


class _Question(NamedTuple):
    """What the index is asked for one term."""

    share: float  # of the contacts that have it, roughly and at most
    entries: float  # that the index reads for it, per contact
    words: str


class FtsFinder:
    """SQLite."""

    strength = SearchStrength.FULL

    def __init__(self) -> None:
        self._sample = Sample()

    def find(self, connection: Connection, terms: Sequence[Term], most: int) -> Matches:
        self._sample.refresh(connection)
        last = last_number(connection)
        known = sorted(question for needles in terms if (question := self._any_of(needles)))
        asked = list(self._affordable(known, last)) or [self._letter_after(terms)]
        likely = max(_together([question.share for question in asked], 4), _RAREST)
        first = max(1, last - int(_MOST_LIKES / (likely * sum(map(len, terms)))))
        condition, patterns = has_terms(terms)
        words = " AND ".join(question.words for question in asked)
        parameters: dict[str, str | int] = {**patterns, "asked": words, "first": first, "last": last}
        found = rows(connection, _SOURCE, f"{_CONDITION} AND {condition}", parameters, most)
        return Matches(found, complete=first == 1 or len(found) == most)

    def _affordable(self, known: Sequence[_Question], last: int) -> Iterator[_Question]:
        """The rarest, and those beside it for which little has to be read."""
        entries = 0.0
        for number, question in enumerate(known[:_MOST_TERMS]):
            entries += question.entries
            if number == 0 or entries * last <= _MOST_READ:
                yield question

    def _letter_after(self, terms: Sequence[Term]) -> _Question:
        """The index knows no shorter needle than three letters, so the rarest ` m` is ` ma` or ` mb` and so on."""
        share, beginning = min((self._sample.share([needles]), needles[0]) for needles in terms)
        every = (f'"{beginning}{following}"' for following in string.ascii_lowercase + string.digits + " ")
        return _Question(share, share, "(" + " OR ".join(every) + ")")

    def _any_of(self, needles: Term) -> _Question | None:
        """The question for those who have one of the needles."""
        if not all(map(trigrams, needles)):
            return None  # too short to ask for
        rarest = [self._sample.rarest(trigrams(needle), _MOST_TRIGRAMS) for needle in needles]
        each = (" AND ".join(f'"{trigram}"' for trigram in those) for those in rarest)
        return _Question(
            share=sum(_together([self._sample.part(trigram) for trigram in those[:2]], 8) for those in rarest),
            entries=sum(self._sample.part(trigram) for those in rarest for trigram in those),
            words="(" + " OR ".join(f"({those})" for those in each) + ")",
        )


def _together(shares: Sequence[float], affinity: float) -> float:
    """Which part of the contacts has all, at most, when they go together so much more often than by chance."""
    rarest, *others = shares
    return rarest * prod(min(1.0, affinity * share) for share in others)
