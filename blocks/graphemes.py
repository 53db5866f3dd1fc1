"""Cutting a text to a length without cutting a character in two: accents, emoji families, flags, markup."""

from __future__ import annotations

import re
import unicodedata

ELLIPSIS = "…"
_JOINER = "\u200d"
_FLAG = re.compile("[\U0001f1e6-\U0001f1ff]+$")
_OPEN_MARKUP = re.compile(r"(?:<[^<>]*|&[a-z]*)$")


def units(text: str) -> int:
    """The length as Slack counts it in the strictest case: in UTF-16 units, so most emoji are two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def fit(text: str, limit: int, *, markup: bool = False) -> str:
    """The text, or as much of it as fits in `limit` units with an ellipsis at its end.

    `markup` keeps Slack's own marks whole: a link or an entity such as `&amp;` is left out rather than cut.
    """
    if units(text) <= limit:
        return text
    end = min(len(text), limit - 1)
    while units(text[:end]) > limit - 1:
        end -= 1
    while end > 0 and not _boundary(text, end):
        end -= 1
    kept = text[:end].rstrip()
    if markup:
        kept = _OPEN_MARKUP.sub("", kept)
    return kept + ELLIPSIS


def _boundary(text: str, at: int) -> bool:
    """Whether a character, as a person sees it, ends before that position."""
    before, after = text[at - 1], text[at]
    if _JOINER in (before, after) or _extends(after):
        return False
    if "\U0001f1e6" <= after <= "\U0001f1ff":  # a flag is two letters: cut only after a whole number of flags
        letters = _FLAG.search(text[:at])
        return letters is None or len(letters.group()) % 2 == 0
    return True


def _extends(character: str) -> bool:
    """Accents, variation selectors and skin tones belong to the character before them."""
    return unicodedata.category(character) in ("Mn", "Me", "Mc") or "\U0001f3fb" <= character <= "\U0001f3ff"
