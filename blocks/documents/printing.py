"""From a document to a page for the browser, and to a PDF.

The same document always gives the same bytes: nothing in them comes from the clock or from the machine, whose fonts
are not used either. Fonts for all scripts that we know are in `blocks/fonts`.
"""

from __future__ import annotations

import html
import io
import re
import unicodedata
from functools import cache

import plutoprint
import segno.helpers
from anyascii import anyascii
from fontTools.ttLib import TTFont
from markupsafe import Markup
from pypdf import PdfReader, PdfWriter
from pypdf.generic import BooleanObject, DictionaryObject, NameObject, TextStringObject

from billing.documents import Document
from blocks import readers
from blocks.documents.sheet import has_code, on_paper, sheet, title
from blocks.templating import render
from blocks.texts import one_line
from blocks.typesetting import FAMILIES, FONTS, typesetting

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_LONG_WORD = re.compile(r"\S{24}(?=\S)")
_PLAIN = " -.,:@/+"


def page(document: Document, *, download: str) -> str:
    """The document for a browser, with a link to its PDF at the address `download`."""
    return _html(document, download=download)


def pdf(document: Document) -> bytes:
    """The document as PDF, on the paper of the buyer's country."""
    t = readers.on_paper(document)
    source = _in_our_letters(_html(document, download=""))
    letter = on_paper(document) == "letter"
    size = plutoprint.PAGE_SIZE_LETTER if letter else plutoprint.PAGE_SIZE_A4
    written = io.BytesIO()
    with typesetting(size, plutoprint.MEDIA_TYPE_PRINT) as book:
        book.load_html(source)
        day = document.issued_on.strftime("%Y-%m-%dT00:00:00Z")
        for name, value in (
            (plutoprint.PDF_METADATA_TITLE, one_line(f"{title(document, t)} {document.number}")),
            (plutoprint.PDF_METADATA_AUTHOR, one_line(document.seller.name)),
            (plutoprint.PDF_METADATA_CREATOR, "Kontor"),
            (plutoprint.PDF_METADATA_CREATION_DATE, day),
            (plutoprint.PDF_METADATA_MODIFICATION_DATE, day),
        ):
            book.set_metadata(name, value)
        book.write_to_pdf_stream(written)
    return _with_language(written, document.language)


def file_name(document: Document, extension: str = "pdf") -> str:
    """`Rechnung-RE-2026-0001.pdf`: letters, digits and hyphens only, good on every system and in every header."""
    name = f"{title(document, readers.on_paper(document))} {document.number}"
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return f"{re.sub('[^A-Za-z0-9]+', '-', plain).strip('-')}.{extension}"


@cache
def _our_letters() -> frozenset[int]:
    """The code points that our fonts can draw."""
    letters: set[int] = set()
    for file in FONTS.glob("*.ttf"):
        with TTFont(file, lazy=True) as font:
            letters.update(font.getBestCmap())
    return frozenset(letters)


def _in_our_letters(text: str) -> str:
    """The text with Latin letters in the place of those that no font has: better than the gap that would be there."""
    strange = {char for char in set(text) if ord(char) not in _our_letters() and unicodedata.category(char)[0] != "C"}
    return text.translate({ord(char): html.escape(anyascii(char)) for char in strange}) if strange else text


def _html(document: Document, *, download: str) -> str:
    t = readers.on_paper(document)
    view = sheet(document)
    source = render(
        "document.html",
        document=document,
        view=view,
        t=t,
        download=download,
        paper=on_paper(document),
        families=", ".join(css_text(family) for family in FAMILIES),
        breakable=breakable,
        css_text=css_text,
        css_lines=css_lines,
        code=_transfer_code(document) if any(way.code for way in view.ways) else "",
    )
    return _CONTROL.sub("", source)


def breakable(text: str) -> Markup:
    """The text for HTML; words that are too long for their column may be broken, and no others."""
    return Markup("<wbr>").join(_LONG_WORD.sub(r"\g<0>\0", text).split("\0"))


def css_text(text: str) -> str:
    """The text as CSS writes it: whatever it holds, it ends neither the text nor the style sheet."""
    return '"' + "".join(char if char.isalnum() or char in _PLAIN else f"\\{ord(char):x} " for char in text) + '"'


def css_lines(lines: tuple[str, ...]) -> str:
    return ' "\\a " '.join(css_text(line) for line in lines) or '""'


def _transfer_code(document: Document) -> str:
    """The code that banking apps read a transfer from ("GiroCode", EPC069-12), as a picture."""
    bank = document.payment.bank
    assert has_code(document)
    assert bank is not None
    assert bank.iban is not None
    holder = (bank.holder or document.seller.name)[:70]
    code = segno.helpers.make_epc_qr(
        name=holder,
        iban=bank.iban,
        bic=bank.bic,
        amount=document.totals.due.decimal(),
        text=" ".join(document.number.split())[:140],
        encoding="utf-8",
    )
    return str(code.svg_inline(border=0, scale=2, omitsize=True))


def _with_language(written: io.BytesIO, language: str) -> bytes:
    """The PDF with its language and its title in the window's bar, which whoever reads it aloud needs."""
    writer = PdfWriter(clone_from=PdfReader(written))
    writer.root_object[NameObject("/Lang")] = TextStringObject(language)
    shown = DictionaryObject({NameObject("/DisplayDocTitle"): BooleanObject(True)})
    writer.root_object[NameObject("/ViewerPreferences")] = shown
    finished = io.BytesIO()
    writer.write(finished)
    return finished.getvalue()
