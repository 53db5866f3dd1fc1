"""The catalogues of texts. English is in the source; `python -m blocks.locales` brings the others up to date."""

from __future__ import annotations

import io
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

HERE = Path(__file__).parent
LANGUAGES = ("de",)
_METHODS = [("**.py", "python"), ("templates/**.*", "jinja2.ext:babel_extract")]
# Functions whose first argument is a text (`count` has two).
_KEYWORDS = {"t": None, "rich": None, "later": None, "count": (1, 2)}

_PLURALS = {"de": "nplurals=2; plural=(n != 1);"}
_HEADER = r"""msgid ""
msgstr ""
"Language: {language}\n"
"Plural-Forms: {plurals}\n"
"MIME-Version: 1.0\n"
"Content-Type: text/plain; charset=utf-8\n"
"Content-Transfer-Encoding: 8bit\n"

"""


def extract() -> Catalog:
    """Every text that the source uses, with the files that use it."""
    found = Catalog(project="Kontor", charset="utf-8")
    for file, _, message, comments, context in extract_from_dir(
        HERE.parent, _METHODS, keywords=_KEYWORDS, strip_comment_tags=True
    ):
        found.add(message, locations=[(str(file), 0)], auto_comments=comments, context=context)
    return found


def source(language: str) -> Path:
    return HERE / language / "LC_MESSAGES" / "kontor.po"


def read(language: str) -> Catalog:
    with source(language).open("rb") as file:
        return read_po(file, locale=language)


def update(language: str) -> Catalog:
    """The catalogue with new texts added (still empty) and unused ones removed; nothing is guessed."""
    catalogue = read(language)
    catalogue.update(extract(), no_fuzzy_matching=True, update_header_comment=False, keep_user_comments=False)
    return catalogue


def as_text(language: str, catalogue: Catalog) -> bytes:
    """The file, in the order of the texts; no dates and line numbers, which would change with every edit."""
    written = io.BytesIO()
    write_po(written, catalogue, width=120, sort_output=True, ignore_obsolete=True, no_location=True, omit_header=True)
    header = _HEADER.format(language=language, plurals=_PLURALS[language])
    return header.encode() + written.getvalue()
