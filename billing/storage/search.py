"""The search for contacts: what was typed becomes terms, the database finds who has them all.

Spelling mistakes are forgiven only when nothing matches as typed: then the words that are near are searched for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.engine import Connection

from billing.contacts import ContactSummary, Found
from billing.ids import ContactId
from billing.storage import spelling
from billing.storage.finders import Finder, Match, Matches, Term
from billing.storage.folding import listed, query_words, spelled, spellings, words
from billing.storage.tables import contact_spellings, contacts, members

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
        terms = [term(word) for word in asked]
        if known := self._known_by(typed.strip(), limit):
            return Found(matches=self._summaries(known, terms))
        exact = self._matching(terms, limit + 1)
        if exact.rows or not exact.complete:
            return self._found(exact, terms, limit)
        near, meant = self._near(asked)
        return self._found(near, meant, limit, guessed=True)

    def _found(self, matches: Matches, terms: Sequence[Term], limit: int, *, guessed: bool = False) -> Found:
        beginnings = tuple(needle.strip() for needle in terms[0]) if terms else ()

        def by_relevance(match: Match) -> tuple[bool, str, str]:
            begins = any(word.startswith(beginnings) for word in words(match.name))
            return (not begins, match.name.casefold(), match.id)

        return Found(
            matches=self._summaries(sorted(matches.rows[:limit], key=by_relevance), terms),
            more=len(matches.rows) > limit or not matches.complete,
            guessed=guessed and bool(matches.rows),
        )

    def _summaries(self, matches: Sequence[Match], terms: Sequence[Term]) -> tuple[ContactSummary, ...]:
        named = self._members_meant(matches, terms)
        return tuple(_summary(match, named.get(match.id, "")) for match in matches)

    def _members_meant(self, matches: Sequence[Match], terms: Sequence[Term]) -> Mapping[str, str]:
        """By contact: the first member who has what was typed and the contact's own words have not."""
        lacking: dict[str, list[Term]] = {}
        for match in matches:
            own = listed(spelled(match.name, match.company, match.email))
            if missing := [needles for needles in terms if not _has(own, needles)]:
                lacking[match.id] = missing
        if not lacking:
            return {}
        column = members.c
        statement = (
            select(column.contact, column.name, column.email)
            .where(column.contact.in_(list(lacking)))
            .order_by(column.contact, column.position)
        )
        meant: dict[str, str] = {}
        for row in self._connection.execute(statement):
            theirs = listed(spelled(row.name, row.email))
            if row.contact not in meant and any(_has(theirs, needles) for needles in lacking[row.contact]):
                meant[row.contact] = row.name or row.email
        return meant

    def _known_by(self, typed: str, limit: int) -> list[Match]:
        """Whose e-mail address or Stripe id that is, to the letter: its parts may be those of many others, too.

        A member's address counts where no contact has it.
        """
        column = contacts.c
        if typed.startswith("cus_"):
            return self._those(column.customer == typed, limit)
        if "@" not in typed:
            return []
        # Whoever has capitals in the address is searched for.
        theirs = select(members.c.contact).where(func.lower(members.c.email) == typed.lower())
        return self._those(column.email.in_((typed, typed.lower())), limit) or self._those(column.id.in_(theirs), limit)

    def _those(self, is_it: ColumnElement[bool], limit: int) -> list[Match]:
        column = contacts.c
        columns = (column.id, column.name, column.company, column.email, column.country, column.search)
        statement = select(*columns).where(is_it).order_by(column.name, column.id).limit(limit)
        return [Match(*row) for row in self._connection.execute(statement)]

    def _near(self, asked: list[str]) -> tuple[Matches, list[Term]]:
        """Those whose words are one mistake away (two for long words) from what was typed, and what they may have."""
        stems = {word: self._stems_near(word) for word in asked[:_MOST_WORDS_GUESSED]}
        if len(asked) > _MOST_WORDS_GUESSED or not any(stems.values()):
            return Matches([]), []
        candidates = self._matching([term(word) + stems[word] for word in asked], _MOST_GUESSES)
        meant = _words_meant(stems, candidates.rows)
        terms = [meant[word] for word in asked]
        return Matches([one for one in candidates.rows if all(_has(one.search, needles) for needles in terms)]), terms

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


def _summary(match: Match, member: str) -> ContactSummary:
    return ContactSummary(
        id=ContactId(match.id),
        name=match.name,
        company=match.company,
        email=match.email,
        country=match.country,
        member=member,
    )
