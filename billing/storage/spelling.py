"""Spelling mistakes: which known words a typed one may have meant.

Two words one mistake apart (a letter wrong, missing, too many, or two swapped) become equal when each loses the right
letter. So every known word is kept under itself and with each one letter left out, and a typed word finds it by a few
exact look-ups, on any database. Only the first letters (the stem) are kept: that is enough to find candidates, keeps
the table small, and also works while the end of the word is still being typed. The whole word decides afterwards.
"""

from __future__ import annotations

STEM = 6
_SHORTEST = 4  # a mistake in three letters leaves too little
_FORGIVES_TWO = 8  # letters, from which on two mistakes are forgiven (at most one of them in the stem)


def stem(word: str) -> str:
    return word[:STEM]


def with_one_left_out(text: str) -> set[str]:
    """The text itself, and every text that lacks one of its letters."""
    return {text} | {text[:position] + text[position + 1 :] for position in range(len(text))}


def is_forgivable(word: str) -> bool:
    """Numbers and short words are meant as they are typed."""
    return len(word) >= _SHORTEST and word.isalpha()


def is_worth_knowing(word: str) -> bool:
    """A word of which a forgivable one may be a misspelling: one letter shorter is still possible."""
    return len(word) >= _SHORTEST - 1 and word.isalpha()


def is_near(typed: str, word: str) -> bool:
    """The typed word is the known one, or its beginning, with one mistake; with two if it is long."""
    allowed = 2 if len(typed) >= _FORGIVES_TWO else 1
    return min(_distances(typed, word[: len(typed) + allowed], allowed)) <= allowed


def distance(first: str, second: str) -> int:
    """How many mistakes lie between two words; two neighbours swapped are one (optimal string alignment)."""
    return _distances(first, second)[-1]


def _distances(first: str, second: str, allowed: int | None = None) -> list[int]:
    """From the first word to each beginning of the second; not further than it takes to see that none is allowed."""
    before, above = [0], list(range(len(second) + 1))
    for i, letter in enumerate(first, start=1):
        row = [i]
        for j, other in enumerate(second, start=1):
            cost = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == second[j - 2] and first[i - 2] == other:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        if allowed is not None and min(row) > allowed and min(above) > allowed:  # a swap looks back two rows
            return row
        before, above = above, row
    return above
