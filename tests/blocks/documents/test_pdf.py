"""The PDF as whoever opens it reads it: every particular, on the right paper, on every page, in every script.

Amounts and their arithmetic are worked out in `samples_documents`.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import segno
from fontTools.ttLib import TTFont
from pypdf import PdfReader

from billing.contacts import Address
from billing.documents import Buyer, Document, DocumentField, Line, LineDiscount, PaymentWays, Period, Settlement, Stamp
from blocks.documents import file_name, page, pdf
from blocks.typesetting import FONTS
from tests.blocks.samples_documents import (
    PAGE,
    american,
    credit_note,
    german,
    long_invoice,
    money,
    reversed_charge,
    tax,
    totals,
)

A4, LETTER = (595, 842), (612, 792)  # points


def read(document: Document) -> PdfReader:
    return PdfReader(io.BytesIO(pdf(document)))


@dataclass(frozen=True)
class Text:
    """What is printed, in the order in which it is read aloud.

    Where a line breaks and how far letters are apart is the printer's business, so spaces do not count.
    """

    letters: str

    def __contains__(self, words: str) -> bool:
        return _letters(words) in self.letters


def _letters(text: str) -> str:
    return re.sub(r"\s+", "", text)


def text_of(reader: PdfReader, number: int | None = None) -> Text:
    """The text of one page, or of all."""
    pages = reader.pages if number is None else [reader.pages[number]]
    return Text(_letters("".join(one.extract_text() for one in pages)))


def printed(document: Document) -> Text:
    return text_of(read(document))


def one_line(amount: int, **changes: Any) -> Document:
    """An invoice over one line without tax."""
    line = Line(position=1, description="Beratung", unit_price=money(amount), amount=money(amount))
    return german(**{"lines": (line,), "taxes": (), "totals": totals(amount, 0), **changes})


# --- what has to stand there ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "particular",
    [
        pytest.param(
            "Brightwell Software GmbH Kastanienallee 86 10435 Berlin", id="no. 1: name and address of the seller"
        ),
        pytest.param(
            "Müller & Söhne Maschinenbau GmbH Jürgen Groß Große Straße 12 49074 Osnabrück", id="no. 1: and of the buyer"
        ),
        pytest.param("USt-IdNr.: DE136695976", id="no. 2: VAT id"),
        pytest.param("Steuernummer: 37/123/45678", id="no. 2: tax number"),
        pytest.param("Ausstellungsdatum 26.11.2026", id="no. 3: date of issue"),
        pytest.param("Rechnungsnummer RE-2026-0042", id="no. 4: number"),
        pytest.param("1 Marketing Plus, monatlich", id="no. 5: what"),
        pytest.param("12 Stück 8,50 7 % 102,00", id="no. 5: how much"),
        pytest.param("Leistungszeitraum 01.11.2026 bis 30.11.2026", id="no. 6: time of supply"),
        pytest.param("Nettobetrag 1.425,00 €", id="no. 7: net"),
        pytest.param("Treuerabatt (10 %): -147,00 €", id="no. 7: reduction agreed beforehand"),
        pytest.param("USt. 19 % auf 1.323,00 € 251,37 €", id="no. 8: the first rate, its base and its tax"),
        pytest.param("USt. 7 % auf 102,00 € 7,14 €", id="no. 8: the second"),
        pytest.param("Gesamt 1.683,51 €", id="gross"),
        pytest.param("Amtsgericht Charlottenburg, HRB 123456 B", id="§ 35a GmbHG: register"),
        pytest.param("Geschäftsführung: Dr. Johanna Lindner und Mehmet Yıldız", id="§ 35a GmbHG: directors"),
    ],
)
def test_a_german_invoice_has_every_particular_of_paragraph_14_ustg(particular: str) -> None:
    assert particular in printed(german())


def test_a_german_invoice_says_how_it_is_paid() -> None:
    text = printed(german())
    assert "Rechnung RE-2026-0042 Zu zahlen: 1.683,51 € bis 10.12.2026" in text
    assert "IBAN DE89 3704 0044 0532 0130 00" in text
    assert "BIC COBADEFFXXX" in text
    assert "Verwendungszweck RE-2026-0042" in text
    assert "Zahlbar ohne Abzug." in text
    assert "Ihre Bestellnummer PO-7781" in text
    assert "Ihre USt-IdNr. DE811907980" in text
    assert "Scheck" not in text  # nobody pays by check there


def test_a_document_says_what_the_house_calls_it_and_its_own_fields() -> None:
    """HX15. Also a value of 140 letters without a space, which stays on the page."""
    project = DocumentField(name="Projekt", value="Apollo <11>")
    number = DocumentField(name="K" * 40, value="4" * 140)
    document = german(title="Steuerrechnung", fields=(project, number))
    text = printed(document)
    for words in ("Steuerrechnung RE-2026-0042", "Projekt Apollo <11>", "K" * 40, "4" * 140, "Seite 1 / 1"):
        assert words in text
    assert file_name(document) == "Steuerrechnung-RE-2026-0042.pdf"
    html = page(document, download="x.pdf")
    assert "Apollo &lt;11&gt;" in html
    assert "Projekt Apollo <11>" in printed(credit_note(fields=(project,)))


def test_an_american_invoice_reads_as_one_does_there() -> None:
    text = printed(american())
    assert "Compiler Works, Inc. Grace Hopper 1 Market Street Suite 500 San Francisco, CA 94105 UNITED STATES" in text
    assert "Due date Dec 10, 2026" in text
    assert "Your PO number 4500012345" in text
    assert "Your EIN 12-3456789" in text
    assert "Date of supply Nov 24, 2026" in text
    assert (
        "2 Onboarding workshop Import of contacts, two automations, training of the team 8.5 hours 120.00 1,020.00"
        in text
    )
    assert "Subtotal $3,520.00 Welcome offer (10%) -$352.00 Total $3,168.00 Paid -$500.00 Amount due $2,668.00" in text
    assert "Amount due: $2,668.00 by Dec 10, 2026" in text
    assert "Thank you for your business! Net 14." in text
    assert "Payable to Brightwell Software GmbH Remit to P.O. Box 1200 New York, NY 10119 Memo RE-2026-0043" in text
    assert "Routing number (ABA) 021000021 Account number 000123456789" in text
    assert "Berlin GERMANY" in text  # the seller's, abroad from there
    assert "IBAN" not in text


def test_a_reversed_charge_is_said_in_the_words_of_the_law() -> None:
    """§ 14a (5) UStG; both VAT ids are there."""
    text = printed(reversed_charge())
    assert "Steuerschuldnerschaft des Leistungsempfängers" in text
    assert "Ihre USt-IdNr. ATU12345678" in text
    assert "USt-IdNr.: DE136695976" in text
    assert "1010 Wien ÖSTERREICH" in text
    assert "Nettobetrag € 500,00 USt. (Reverse Charge) € 0,00 Gesamt € 500,00" in text


def test_a_credit_note_names_its_invoice_and_is_no_self_billing() -> None:
    """§ 31 (5) UStDV, § 14 (2) UStG: `Gutschrift` would be an invoice that the customer writes."""
    text = printed(credit_note())
    assert "Rechnungskorrektur GS-2026-0007" in text
    assert "Zur Rechnung RE-2026-0042 vom 26.11.2026" in text
    assert "Nettobetrag 100,00 € USt. 19 % auf 100,00 € 19,00 € Gutgeschriebener Betrag 119,00 €" in text
    assert "auf dem Weg erstattet, auf dem er bezahlt wurde" in text
    assert "Überweisung" not in text
    assert "Zu zahlen" not in text


@pytest.mark.parametrize(
    ("settlement", "words"),
    [
        (Settlement.BALANCE, "bleibt als Guthaben stehen"),
        (Settlement.LESS_DUE, "vom offenen Betrag der oben genannten Rechnung abgezogen"),
        (Settlement.OUTSIDE, "auf anderem Weg als über die Zahlungsmethode zurückgegeben"),
    ],
)
def test_a_credit_note_says_where_the_money_goes(settlement: Settlement, words: str) -> None:
    assert words in printed(credit_note(settlement=settlement))


@pytest.mark.parametrize(
    ("settlement", "words"),
    [
        (Settlement.REFUND, "99,00 € werden auf dem Weg erstattet"),
        (Settlement.BALANCE, "99,00 € bleiben als Guthaben stehen"),
        (Settlement.OUTSIDE, "99,00 € werden auf anderem Weg"),
    ],
)
def test_a_credit_note_says_what_is_set_off_and_what_goes_back(settlement: Settlement, words: str) -> None:
    """119.00: 20.00 were still due, 99.00 go back."""
    text = printed(credit_note(settlement=settlement, set_off=money(2000)))
    assert "20,00 € werden vom offenen Betrag der oben genannten Rechnung abgezogen" in text
    assert words in text


def test_inclusive_tax_is_said_to_be_included() -> None:
    """119.00 contain 19 percent: 100.00 net and 19.00 tax."""
    line = Line(position=1, description="Buch", unit_price=money(11900), tax="19 %", amount=money(11900))
    text = printed(german(lines=(line,), taxes=(tax("19", 10000, 1900, inclusive=True),), totals=totals(10000, 1900)))
    assert "Nettobetrag 100,00 € USt. 19 % auf 100,00 €, enthalten 19,00 € Gesamt 119,00 €" in text


def test_without_tax_the_seller_says_why() -> None:
    why = "Kein Ausweis von Umsatzsteuer (§ 19 UStG)."
    seller = german().seller.model_copy(update={"untaxed": why})
    assert why in printed(one_line(10000, seller=seller))
    assert why not in printed(german(seller=seller))


def test_without_a_period_the_day_of_issue_is_the_day_of_supply() -> None:
    assert "Leistungsdatum 26.11.2026" in printed(german(supplied=None))


def test_lines_may_each_have_their_own_period() -> None:
    """Then no other is made up for the whole."""
    line = Line(
        position=1,
        description="Beratung",
        period=Period(first=date(2026, 10, 1), last=date(2026, 10, 31)),
        amount=money(10000),
    )
    text = printed(one_line(10000, lines=(line,), supplied=None))
    assert "Beratung 01.10.2026 bis 31.10.2026" in text
    assert "Leistungsdatum" not in text


# --- paid, void, collected --------------------------------------------------------------------------------------------


def test_a_paid_invoice_says_when_and_asks_for_nothing() -> None:
    text = printed(one_line(10000, totals=totals(10000, 0, paid=10000), stamp=Stamp.PAID, stamped_on=date(2026, 12, 1)))
    assert "Bezahlt am 01.12.2026" in text
    assert "Gesamt 100,00 € Bezahlt -100,00 € Zu zahlen 0,00 €" in text
    assert "Überweisung" not in text
    assert "Fällig am" not in text


def test_a_void_invoice_says_so_and_asks_for_nothing() -> None:
    text = printed(one_line(10000, stamp=Stamp.VOID, stamped_on=date(2026, 12, 1)))
    assert "Storniert am 01.12.2026" in text
    assert "Diese Rechnung wurde storniert. Es ist nichts zu zahlen." in text
    assert "Zu zahlen 0,00 €" in text
    assert "Überweisung" not in text


def test_a_draft_says_on_every_page_that_it_is_none_and_asks_for_nothing() -> None:
    """What was agreed still stands there, to be looked at: the total, when it will be due, and the terms."""
    line = one_line(10000).lines[0]
    many = tuple(line.model_copy(update={"position": number}) for number in range(1, 61))
    draft = one_line(600000, lines=many, stamp=Stamp.DRAFT)
    written = read(draft)
    assert len(written.pages) > 1
    assert all("ENTWURF" in text_of(written, number) for number in range(len(written.pages)))
    text, html = printed(draft), page(draft, download="x.pdf")
    assert "Dies ist ein Entwurf und keine Rechnung. Es ist noch nichts zu bezahlen." in text
    for asked in ("Zu zahlen", "Überweisung", "IBAN", "Online bezahlen"):
        assert asked not in text
    assert "<svg" not in html
    assert 'class="stamp draft">ENTWURF<' in html
    assert "Fällig am" in text
    assert "Gesamt 6.000,00 €" in text
    assert "Zahlbar ohne Abzug" in text


def test_what_is_collected_asks_nobody_to_pay() -> None:
    text = printed(one_line(10000, payment=PaymentWays(taken_from="Visa •••• 4242", page=PAGE)))
    assert "Sie müssen nichts tun: Der Betrag wird von Visa •••• 4242 abgebucht." in text
    assert "Online bezahlen" not in text
    assert "Zahlbar ohne Abzug" not in text


def test_credited_amounts_lower_what_is_due() -> None:
    """100.00 less 30.00 by a credit note, less 20.00 paid: 50.00."""
    text = printed(one_line(10000, totals=totals(10000, 0, paid=2000, credited=3000)))
    assert "Gesamt 100,00 € Bezahlt -20,00 € Gutgeschrieben -30,00 € Zu zahlen 50,00 €" in text


# --- amounts ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("currency", "amount", "bare", "whole"),
    [
        ("JPY", 123456, "123,456", "¥123,456"),
        ("KWD", 1234500, "1,234.500", "KWD 1,234.500"),
        ("USD", -500, "-5.00", "-$5.00"),
    ],
)
def test_every_currency_has_its_decimals(currency: str, amount: int, bare: str, whole: str) -> None:
    line = Line(position=1, description="Item", unit_price=money(amount, currency), amount=money(amount, currency))
    text = printed(american(lines=(line,), discount=None, totals=totals(amount, 0, currency=currency)))
    assert f"Amount ({currency})" in text
    assert f"Item 1 {bare} {bare}" in text
    assert f"Total {whole}" in text


def test_a_line_may_be_negative() -> None:
    """100.00 less a credit of 25.00 for unused time is 75.00."""
    lines = (
        Line(position=1, description="Neu", unit_price=money(10000), amount=money(10000)),
        Line(position=2, description="Nicht genutzte Zeit", amount=money(-2500)),
    )
    text = printed(one_line(7500, lines=lines))
    assert "2 Nicht genutzte Zeit 1 -25,00" in text
    assert "Gesamt 75,00 €" in text


# --- pages ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("country", "size"), [("DE", A4), ("JP", A4), ("GB", A4), ("US", LETTER), ("CA", LETTER), ("MX", LETTER)]
)
def test_the_paper_is_that_of_the_buyers_country(country: str, size: tuple[int, int]) -> None:
    buyer = Buyer(name="Ada", address=Address(country=country))
    box = read(german(buyer=buyer)).pages[0].mediabox
    assert (round(box.width), round(box.height)) == size


def width_of(text: str, size: float) -> float:
    """How wide our font sets it, in points."""
    with TTFont(FONTS / "NotoSans-Regular.ttf", lazy=True) as font:
        letters, advances = font.getBestCmap(), font["hmtx"]
        return sum(advances[letters[ord(char)]][0] for char in text) * size / font["head"].unitsPerEm


def test_the_columns_of_the_foot_stand_apart() -> None:
    """By 4 mm at the least where a line is as long as the seller's e-mail address."""
    begins: dict[str, tuple[float, float]] = {}

    def seen(text: str, _matrix: object, at: list[float], *_font: object) -> None:
        begins[text.strip()] = (at[4], at[0])  # from the left, and the size of the letters

    read(german()).pages[0].extract_text(visitor_text=seen)
    address = german().seller.email
    left, size = begins[address]
    right, _ = begins[f"USt-IdNr.: {german().seller.vat_id}"]
    assert right - left - width_of(address, size) > 4 / 25.4 * 72


def test_a_hundred_lines_are_all_there_in_order_with_their_sum() -> None:
    """100 × 10.00 are 1,000.00; 19 percent are 190.00."""
    text = printed(long_invoice(100))
    positions = [int(number) for number in re.findall(r"LeistungNummer(\d+?)110,0019%10,00", text.letters)]
    assert positions == list(range(1, 101))
    assert "Nettobetrag 1.000,00 € USt. 19 % auf 1.000,00 € 190,00 € Gesamt 1.190,00 €" in text


def test_every_page_is_numbered_and_repeats_what_it_is_about() -> None:
    reader = read(long_invoice(100))
    count = len(reader.pages)
    assert count >= 4
    for number in range(count):
        text = text_of(reader, number)
        assert f"Seite {number + 1} / {count}" in text
        assert "USt-IdNr.: DE136695976" in text
        assert ("Brightwell · Rechnung RE-2026-0042" in text) == (number > 0)  # the first has it in large
        if "Leistung Nummer" in text:
            assert "Pos. Bezeichnung Menge Einzelpreis Steuer Betrag (EUR)" in text


def test_one_line_is_one_page() -> None:
    assert len(read(one_line(10000)).pages) == 1


def test_a_description_without_spaces_stays_on_the_paper() -> None:
    endless = "x" * 400
    line = Line(position=1, description=endless, unit_price=money(100), amount=money(100))
    document = one_line(100, lines=(line,))
    text = printed(document)
    assert endless in text
    assert f"{endless} 1 1,00 1,00" in text  # the amounts were not pushed over the edge


def test_a_description_that_is_longer_than_a_page_goes_on_on_the_next() -> None:
    lines = "\n".join(f"Absatz {n}." for n in range(1, 121))
    reader = read(one_line(100, lines=(Line(position=1, description=lines, amount=money(100)),)))
    assert len(reader.pages) > 1
    assert [int(n) for n in re.findall(r"Absatz(\d+)\.", text_of(reader).letters)] == list(range(1, 121))


# --- names are only names ---------------------------------------------------------------------------------------------

EVIL = "</style><script>alert(1)</script><img src='file:///etc/passwd'>\"; } body { display: none } {{ 7*7 }} \\"


def test_a_name_that_looks_like_code_is_printed_as_it_is() -> None:
    document = one_line(
        10000, number=EVIL, buyer=Buyer(company=EVIL, address=Address(line1=EVIL, city=EVIL, country="DE")), memo=EVIL
    )
    assert printed(document).letters.count(_letters(EVIL)) >= 5  # number twice, company, address, memo
    html = page(document, download="x.pdf")
    assert "<script" not in html
    assert "<img" not in html
    assert html.count("</style>") == 1


# --- the file ---------------------------------------------------------------------------------------------------------


def test_the_same_document_is_the_same_file() -> None:
    assert pdf(german()) == pdf(german())
    assert pdf(american()) == pdf(american())


def test_the_file_says_what_it_is_in_which_language() -> None:
    reader = read(american())
    assert reader.metadata is not None
    assert reader.metadata.title == "Invoice RE-2026-0043"
    assert reader.metadata.author == "Brightwell Software GmbH"
    assert reader.root_object["/Lang"] == "en-US"
    assert reader.root_object["/ViewerPreferences"]["/DisplayDocTitle"]
    assert read(german()).root_object["/Lang"] == "de"


@pytest.mark.parametrize(
    ("document", "name"),
    [
        (german(), "Rechnung-RE-2026-0042.pdf"),
        (american(), "Invoice-RE-2026-0043.pdf"),
        (credit_note(), "Rechnungskorrektur-GS-2026-0007.pdf"),
        (german(number='a/../b"; x=\r\ny'), "Rechnung-a-b-x-y.pdf"),
    ],
)
def test_a_files_name_is_good_everywhere(document: Document, name: str) -> None:
    assert file_name(document) == name


def test_all_fonts_are_in_the_file() -> None:
    """Also on a machine that has none the letters are the same."""
    for font in fonts(read(german())):
        assert "/FontFile2" in font["/FontDescriptor"]


def fonts(reader: PdfReader) -> list[Any]:
    found = []
    for one in reader.pages:
        for font in one["/Resources"]["/Font"].values():
            whole = font.get_object()
            found.append(whole["/DescendantFonts"][0].get_object() if "/DescendantFonts" in whole else whole)
    return found


def test_a_discount_of_the_document_is_between_lines_and_net() -> None:
    """200.00 less 10 percent is 180.00; 19 percent of it are 34.20; together 214.20."""
    line = Line(position=1, description="Beratung", quantity=Decimal(2), unit_price=money(10000), amount=money(20000))
    text = printed(
        german(
            lines=(line,),
            discount=LineDiscount(label="Rabatt 10 %", amount=money(2000)),
            taxes=(tax("19", 18000, 3420),),
            totals=totals(18000, 3420),
        )
    )
    assert "Zwischensumme 200,00 € Rabatt 10 % -20,00 € Nettobetrag 180,00 €" in text
    assert "Nettobetrag 180,00 € USt. 19 % auf 180,00 € 34,20 € Gesamt 214,20 €" in text


# --- the code for banking apps ----------------------------------------------------------------------------------------


def test_the_code_holds_the_transfer_as_banks_define_it() -> None:
    """EPC069-12, version 2: service tag, version, UTF-8, SCT, BIC, name, IBAN, amount, purpose, reference, text."""
    data = (
        "BCD\n002\n1\nSCT\nCOBADEFFXXX\nBrightwell Software GmbH\nDE89370400440532013000\nEUR1683.51\n\n\nRE-2026-0042"
    )
    code = segno.make_qr(data.encode(), error="m", boost_error=False)
    assert code.svg_inline(border=0, scale=2, omitsize=True) in page(german(), download="x.pdf")


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(american(), id="no IBAN, no euros"),
        pytest.param(one_line(10000, totals=totals(10000, 0, paid=10000)), id="nothing due"),
        pytest.param(one_line(100_000_000_000), id="more than the code can say"),
        pytest.param(german(payment=PaymentWays()), id="no account"),
        pytest.param(credit_note(), id="a credit note"),
    ],
)
def test_no_code_where_there_is_nothing_to_scan(document: Document) -> None:
    assert "<svg" not in page(document, download="x.pdf")
