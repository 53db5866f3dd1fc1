"""The search for contacts: what was typed becomes terms, the database finds who has them all.

Spelling mistakes are forgiven only when nothing matches as typed: then the words that are near are searched for.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import ColumnElement, select
from sqlalchemy.engine import Connection

from billing.contacts import ContactSummary, Found
from billing.ids import ContactId
from billing.storage import spelling
from billing.storage.finders import Finder, Match, Matches, Term
from billing.storage.folding import query_words, spellings, words
from billing.storage.tables import contact_spellings, contacts

_SHORTEST_ANYWHERE = 3  # letters; fewer are looked for at the beginning of a word only
_MOST_STEMS = 10  # of one misspelt word
_MOST_WORDS_GUESSED = 4  # a sentence is no misspelt name
_MOST_GUESSES = 200  # contacts that are read to find the near ones


def term(word: str) -> Term:
    """The needles of a typed word. The umlaut of a bare `ue` would be `u`, which is no longer what was typed."""
    return tuple(
        needle if len(needle) >= _SHORTEST_ANYWHERE else f" {needle}"
        for needle in spellings(word)
        if needle == word or len(needle) > 1
    )


class Search:
    """The searches on one connection."""

    def __init__(self, connection: Connection, finder: Finder) -> None:
        self._connection = connection
        self._finder = finder

    def find(self, typed: str, limit: int) -> Found:
        asked = query_words(typed)
        if not asked:
            return Found()
        if known := self._known_by(typed.strip(), limit):
            return Found(matches=tuple(map(_summary, known)))
        exact = self._matching([term(word) for word in asked], limit + 1)
        if exact.rows or not exact.complete:
            return _found(exact, asked[0], limit)
        return _found(self._near(asked), asked[0], limit, guessed=True)

    def _known_by(self, typed: str, limit: int) -> list[Match]:
        """Whose e-mail address or Stripe id that is, to the letter: its parts may be those of many others, too."""
        column = contacts.c
        if "@" in typed:
            # Whoever has capitals in the address is searched for.
            is_it: ColumnElement[bool] = column.email.in_((typed, typed.lower()))
        elif typed.startswith("cus_"):
            is_it = column.customer == typed
        else:
            return []
        columns = (column.id, column.name, column.company, column.email, column.country, column.search)
        statement = select(*columns).where(is_it).order_by(column.name, column.id).limit(limit)
        return [Match(*row) for row in self._connection.execute(statement)]

    def _near(self, asked: list[str]) -> Matches:
        """Those whose words are one mistake away (two for long words) from the ones that were typed."""
        stems = {word: self._stems_near(word) for word in asked[:_MOST_WORDS_GUESSED]}
        if len(asked) > _MOST_WORDS_GUESSED or not any(stems.values()):
            return Matches([])
        candidates = self._matching([term(word) + stems[word] for word in asked], _MOST_GUESSES)
        meant = _words_meant(stems, candidates.rows)
        return Matches([one for one in candidates.rows if all(_has(one.search, meant[word]) for word in asked)])

    def _stems_near(self, word: str) -> Term:
        """The beginnings of words that the typed one may have meant, nearest first."""
        if not spelling.is_forgivable(word):
            return ()
        typed = spelling.stem(word)
        column = contact_spellings.c
        known = select(column.stem).where(column.spelling.in_(spelling.with_one_left_out(typed))).distinct()
        nearest = sorted(self._connection.scalars(known), key=lambda stem: (spelling.distance(typed, stem), stem))
        return tuple(f" {stem}" for stem in nearest[:_MOST_STEMS])

    def _matching(self, terms: list[Term], most: int) -> Matches:
        return self._finder.find(self._connection, terms, most)


def _found(matches: Matches, first_word: str, limit: int, *, guessed: bool = False) -> Found:
    beginnings = tuple(needle.strip() for needle in term(first_word))

    def by_relevance(match: Match) -> tuple[bool, str, str]:
        begins = any(word.startswith(beginnings) for word in words(match.name))
        return (not begins, match.name.casefold(), match.id)

    return Found(
        matches=tuple(_summary(match) for match in sorted(matches.rows[:limit], key=by_relevance)),
        more=len(matches.rows) > limit or not matches.complete,
        guessed=guessed and bool(matches.rows),
    )


def _words_meant(stems: dict[str, Term], candidates: Iterable[Match]) -> dict[str, Term]:
    """For every typed word, what a candidate may have instead of it: the word itself, or a known one that is near."""
    known = {word for match in candidates for word in match.search.split()}
    return {
        typed: term(typed)
        + tuple(
            f" {word} "
            for word in known
            if word.startswith(tuple(stem.strip() for stem in near)) and spelling.is_near(typed, word)
        )
        for typed, near in stems.items()
    }


def _has(search: str, needles: Term) -> bool:
    return any(needle in search for needle in needles)


def _summary(match: Match) -> ContactSummary:
    return ContactSummary(
        id=ContactId(match.id), name=match.name, company=match.company, email=match.email, country=match.country
    )
