"""Every letter of the scripts that we say we cover is really drawn, on a machine without any fonts of its own."""

from __future__ import annotations

import io
from functools import cache

import plutoprint
import pytest
from pypdf import PdfReader

from billing.contacts import Address
from billing.documents import Buyer
from blocks.documents import pdf
from blocks.typesetting import FAMILIES, FONTS
from tests.blocks.samples_documents import german

# By the font that has to draw it: what customers are called.
SCRIPTS = {
    "NotoSans-Regular": "Łódź Gdańsk Škoda Ørsted Þór İstanbul Nguyễn Ελληνική Εταιρεία Київ Ђорђевић €£₽₴ उदाहरण",
    "NotoSansHebrew": "חברה לדוגמה בע״מ",
    "NotoSansArabic": "شركة المثال المحدودة پژوهش",
    "NotoSansArmenian": "Հայաստան Ընկերություն",
    "NotoSansGeorgian": "საქართველო",
    "NotoSansThai": "บริษัท ตัวอย่าง จำกัด",
    "DroidSansFallback": "株式会社例 東京ビル ひらがな 示例有限公司 範例股份",
    "KontorHangul": "주식회사 예시",
    "NotoEmoji": "🎉🚀💶👩🏽🇩🇪",
}
BLANK = "\u00a0"
NOBODY_HAS_IT = "\u1200"  # Ethiopic: not among our fonts


@cache
def drawn(text: str, weight: int = 400) -> bytes:
    """The text as a picture."""
    plutoprint.plutobook_set_fontconfig_path(FONTS)
    book = plutoprint.Book(plutoprint.PageSize(90, 60), plutoprint.PAGE_MARGINS_NONE, plutoprint.MEDIA_TYPE_PRINT)
    families = ", ".join(f"'{family}'" for family in FAMILIES)
    book.load_html(f'<body style="font: {weight} 40px {families}; margin: 0">{text}</body>')
    picture = io.BytesIO()
    book.write_to_png_stream(picture)
    return picture.getvalue()


@pytest.mark.parametrize("weight", [400, 600])
@pytest.mark.parametrize(("font", "text"), SCRIPTS.items())
def test_every_letter_is_drawn(font: str, text: str, weight: int) -> None:
    boxes = {drawn(NOBODY_HAS_IT, weight), drawn(BLANK, weight)}
    for letter in set(text) - {" "}:
        assert drawn(letter, weight) not in boxes, f"U+{ord(letter):04X}"


@pytest.mark.parametrize(("font", "text"), SCRIPTS.items())
def test_its_font_is_in_the_file_and_no_other_draws_it(font: str, text: str) -> None:
    document = german(buyer=Buyer(name=text, address=Address(country="DE")))
    names = {str(one["/BaseFont"]).partition("+")[2] for one in _fonts(pdf(document))}
    expected = {"NotoSans-Regular", "NotoSans-SemiBold"} | {name for name in names if name.startswith(font)}
    assert names == expected
    assert any(name.startswith(font) for name in names)


def _fonts(file: bytes) -> list[dict[str, object]]:
    pages = PdfReader(io.BytesIO(file)).pages
    return [font.get_object() for page in pages for font in page["/Resources"]["/Font"].values()]


@pytest.mark.parametrize(("name", "in_latin"), [("ሰላም ንግድ", "selam"), ("ঢাকা", "dhaka")])
def test_letters_that_no_font_has_are_written_in_latin(name: str, in_latin: str) -> None:
    document = german(buyer=Buyer(name=name, address=Address(country="DE")))
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf(document))).pages)
    assert in_latin in text.lower()


def test_fonts_come_with_their_licences() -> None:
    told = (FONTS / "README.md").read_text()
    for font in FONTS.glob("*.ttf"):
        assert font.name.split("-")[0].removesuffix(".ttf")[:8] in told
    assert "SIL OPEN FONT LICENSE" in (FONTS / "OFL.txt").read_text()
    assert "Apache License" in (FONTS / "APACHE.txt").read_text()


def test_a_letter_that_no_font_has_would_be_noticed() -> None:
    assert drawn("\u1208") in (drawn(NOBODY_HAS_IT), drawn(BLANK))
    assert drawn("\u1208") != drawn("A")
