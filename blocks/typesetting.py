"""Pages and pictures are set with our fonts only: nothing of the machine's gets in, and nothing is fetched."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import plutoprint

FONTS = Path(__file__).parent / "fonts"
# The first that has a letter draws it.
FAMILIES = (
    "Noto Sans",
    "Noto Sans Hebrew",
    "Noto Sans Arabic",
    "Noto Sans Armenian",
    "Noto Sans Georgian",
    "Noto Sans Thai",
    "Droid Sans Fallback",
    "Kontor Hangul",
    "Noto Emoji",
)
_one_at_a_time = threading.Lock()  # the library's caches of fonts are not made for several threads


@contextmanager
def typesetting(size: plutoprint.PageSize, media: plutoprint.MediaType) -> Iterator[plutoprint.Book]:
    """A book to load and to write; nobody else has one meanwhile."""
    _use_our_fonts()
    with _one_at_a_time:
        book = plutoprint.Book(size, plutoprint.PAGE_MARGINS_NONE, media)
        book.custom_resource_fetcher = _Nothing()
        yield book


class _Nothing(plutoprint.ResourceFetcher):
    """What is set has everything in itself; whatever gets into it, nothing is fetched."""

    def fetch_url(self, url: str) -> plutoprint.ResourceData:
        raise PermissionError(f"documents fetch nothing, also not {url}")


@cache
def _use_our_fonts() -> None:
    plutoprint.plutobook_set_fontconfig_path(FONTS)
