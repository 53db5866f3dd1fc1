"""Folding: how a contact's words and a typed text become the same plain letters, so that one finds the other.

Everything is written in `a-z0-9`: accents fall, other scripts are transliterated, punctuation separates words. German
umlauts are written in two ways, so a word with `ae`, `oe` or `ue` is also known without the `e`: "Müller" is `muller`,
"Mueller" is `mueller` and `muller`, and each of "müller", "muller" and "mueller" finds both.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from anyascii import anyascii

from billing.contacts import Contact

_WORD = re.compile("[a-z0-9]+")
_UMLAUT_SPELLED_OUT = re.compile("([aou])e")
_NOT_DIGITS = re.compile(r"\D+")
_TRUNK_ZERO = re.compile(r"\(0\)")  # +49 (0) 30: dialled only inside the country
_PHONE_TYPED = re.compile(r"[\d\s()+/.\-]+")
_SHORTEST_PHONE = 5  # digits; fewer may be a house number or "24/7"
# ITU-T, "List of Recommendation ITU-T E.164 assigned country codes".
_COUNTRY_CODES = """
    1 7 20 27 30-34 36 39 40 41 43-49 51-58 60-66 81 82 84 86 90-95 98 211-213 216 218 220-269 290 291 297-299 350-359
    370-378 380-383 385-387 389 420 421 423 500-509 590-599 670 672-683 685-692 850 852 853 855 856 880 886 960-968
    970-977 992-996 998
"""
_KEEP_THE_ZERO = ("39", "378")  # Italy and San Marino: it is dialled from abroad, too
_STRIPE_PREFIX = "cus_"  # in front of every id, so it tells nothing apart


def words(text: str) -> list[str]:
    """The folded words of a text, in its order."""
    plain = text if text.isascii() else anyascii(text)
    return _WORD.findall(plain.lower().replace("'", "").replace("`", ""))  # O'Brien is one word


def spellings(word: str) -> tuple[str, ...]:
    """The word, and what it is with umlauts for `ae`, `oe` and `ue`."""
    if "ae" in word or "oe" in word or "ue" in word:
        return (word, _UMLAUT_SPELLED_OUT.sub(r"\1", word))
    return (word,)


def phone_digits(text: str) -> str:
    """The digits, without what is dialled before: `+49 (0)30 123` is `4930123`, `030 123` is `30123`."""
    return _NOT_DIGITS.sub("", _TRUNK_ZERO.sub("", text)).lstrip("0")


def with_country_codes(word: str) -> tuple[str, ...]:
    """A phone number as it begins with the code of each country: `30123` is `4930123` in one. None for other words."""
    if not word.isdigit() or len(word) < _SHORTEST_PHONE:
        return ()
    return (*(code + word for code in country_codes()), *(f"{code}0{word}" for code in _KEEP_THE_ZERO))


@cache
def country_codes() -> tuple[str, ...]:
    """Of all telephone numbers. None is the beginning of another."""
    ends = [part.split("-") for part in _COUNTRY_CODES.split()]
    return tuple(str(code) for first, *last in ends for code in range(int(first), int((last or [first])[0]) + 1))


def searchable(contact: Contact) -> str:
    """What a search looks at: every word once, between spaces (so that ` mul` is the beginning of one)."""
    id_ = contact.customer.removeprefix(_STRIPE_PREFIX)
    known = [*spelled(contact.name, contact.company, contact.email), phone_digits(contact.phone), *words(id_)]
    return listed([*known, *(word for member in contact.members for word in spelled(member.name, member.email))])


def spelled(*texts: str) -> list[str]:
    """The folded words of the texts in all their spellings."""
    return [spelling for text in texts for word in words(text) for spelling in spellings(word)]


def listed(every: Iterable[str]) -> str:
    """Words as they stand in the column `search`."""
    return "".join(f" {word}" for word in dict.fromkeys(every) if word) + " "


def name_words(contact: Contact) -> set[str]:
    """The words in which people make spelling mistakes."""
    return set(spelled(contact.name, contact.company, *(member.name for member in contact.members)))


def query_words(text: str) -> list[str]:
    """The folded words of what was typed; a phone number, however it is grouped, is one word."""
    if _PHONE_TYPED.fullmatch(text) and len(digits := phone_digits(text)) >= _SHORTEST_PHONE:
        return [digits]
    return list(dict.fromkeys(words(text.strip().removeprefix(_STRIPE_PREFIX))))


def trigrams(text: str) -> set[str]:
    return {text[start : start + 3] for start in range(len(text) - 2)}
