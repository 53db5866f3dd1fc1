"""Texts: complete in both languages, harmless whatever people are called, written as the reader writes."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from string import Formatter

import pytest

from billing.money import Money
from blocks import locales
from blocks.texts import Mrkdwn, Translator, bold, escape, joined, link, one_line
from tests.blocks.samples import EVIL, HEBREW

EN = Translator("en-US", "UTC")
DE = Translator("de-DE", "Europe/Berlin")


def ids(message):
    return message.id if isinstance(message.id, tuple) else (message.id,)


def strings(message):
    return message.string if isinstance(message.string, tuple) else (message.string,)


def placeholders(text):
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_the_catalogue_has_exactly_the_texts_of_the_source():
    wanted = {message.id for message in locales.extract() if message.id}
    there = {message.id for message in locales.read("de") if message.id}
    assert there - wanted == set(), "no longer used"
    assert wanted - there == set(), "run python -m blocks.locales and translate"
    assert len(wanted) > 200


def test_every_text_is_translated_and_none_is_a_guess():
    for message in locales.read("de"):
        if message.id:
            assert not message.fuzzy, message.id
            assert all(text.strip() for text in strings(message)), message.id


def test_a_translation_has_the_placeholders_of_its_source():
    for message in locales.read("de"):
        for text in strings(message) if message.id else ():
            assert placeholders(text) == placeholders(ids(message)[-1]), message.id


def test_a_translation_keeps_the_markup_of_its_source():
    for message in locales.read("de"):
        for text in strings(message) if message.id else ():
            for mark in "*`\n":
                assert text.count(mark) == ids(message)[-1].count(mark), message.id


# Where texts are for customers, who are addressed with "Sie"; all others are for colleagues, with "du".
FOR_CUSTOMERS = ("templates/", "documents/", "billing_contacts/letters.py", "billing_contacts/pages.py")
FOR_CUSTOMERS += ("letters.py", "mails.py", "pages.py")
POLITE = re.compile(r"\b(Ihr(e[mnrs]?)?|Ihnen)\b|[a-zäöüß,] Sie\b")
FAMILIAR = re.compile(r"\b([Dd]u|[Dd]ein(e[mnrs]?)?|[Dd]ir|[Dd]ich|[Ee]uch|[Ee]uer)\b")


def german():
    """Every text with the files that use it."""
    for message in locales.update("de"):
        for text in strings(message) if message.id else ():
            yield text, [file for file, _ in message.locations]


def test_colleagues_are_addressed_with_du_and_customers_with_sie():
    for text, files in german():
        for file in files:
            address = FAMILIAR if file.startswith(FOR_CUSTOMERS) else POLITE
            assert not address.search(text), f"{file}: {text}"


def test_an_approval_has_one_name():
    """ "Genehmigung" for invoices and change requests; "Freigabe" would be another thing to German ears."""
    assert [text for text, _ in german() if re.search("freigabe|freigeb|freigegeb", text, re.IGNORECASE)] == []


def test_texts_inside_f_strings_would_not_be_found():
    """Python's tokens before 3.12 hide them from the extraction, so there must be none."""
    hidden = re.compile(r"""f(["']).*\{(?:self\.)?(?:t|t\.rich|t\.count|later)\(["']""")
    for file in locales.HERE.parent.rglob("*.py"):
        assert not hidden.search(file.read_text()), file


@pytest.mark.parametrize(
    ("locale", "language"),
    [("de-DE", "de"), ("de", "de"), ("de_AT", "de"), ("en-GB", "en"), ("fr-FR", "en"), ("", "en"), ("x/../y", "en")],
)
def test_a_language_we_do_not_speak_is_answered_in_english(locale, language):
    assert Translator(locale).language == language


def test_amounts_are_written_as_the_reader_writes_them():
    assert EN.money(Money(amount=123456, currency="EUR")) == "€1,234.56"
    assert DE.money(Money(amount=123456, currency="EUR")) == "1.234,56\xa0€"
    assert EN.money(Money(amount=5000, currency="JPY")) == "¥5,000"
    assert EN.money(Money(amount=1234, currency="KWD")) == "KWD\xa01.234"
    assert EN.money(Money(amount=-1999, currency="USD")) == "-$19.99"


def test_an_amount_is_never_rounded_away():
    """Stripe counts króna with two decimals, the world without any: 12.50 must not become 13."""
    assert "12.5" in EN.money(Money(amount=1250, currency="ISK"))


def test_an_instant_is_told_in_the_readers_time_zone():
    instant = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    assert DE.datetime(instant) == "01.01.2027, 00:30"
    assert DE.day_of(instant) == "01.01.2027"
    assert EN.datetime(instant).replace("\u202f", " ") == "Dec 31, 2026, 11:30 PM"
    with pytest.raises(ValueError, match="time zone"):
        EN.datetime(instant.replace(tzinfo=None))


@pytest.mark.parametrize("zone", ["", "Nowhere/Land", "/etc/passwd", "../../etc/passwd", "Europe"])
def test_an_unknown_time_zone_is_read_as_utc(zone):
    assert Translator("de", zone).datetime(datetime(2026, 1, 1, 12, tzinfo=UTC)) == "01.01.2026, 12:00"


def test_percent_country_list():
    assert EN.percent(Decimal("8.875")) == "8.875%"
    assert DE.percent(Decimal(19)) == "19\xa0%"
    assert (EN.country("DE"), DE.country("de"), DE.country("QQ")) == ("Germany", "Deutschland", "QQ")
    assert EN.list(["a", "b", "c"]) == "a, b, and c"
    assert DE.either(["a", "b", "c"]) == "a, b oder c"


def test_plural_forms():
    assert [EN.count("{n} customer", "{n} customers", n) for n in (0, 1, 2000)] == [
        "0 customers",
        "1 customer",
        "2,000 customers",
    ]
    assert [DE.count("{n} customer", "{n} customers", n) for n in (0, 1, 2000)] == [
        "0 Kunden",
        "1 Kunde",
        "2.000 Kunden",
    ]


def test_parameters_are_written_by_their_kind():
    text = DE("{amount} on {day}", amount=Money(amount=1, currency="EUR"), day=date(2026, 2, 1))
    assert text == "0,01\xa0€ am 01.02.2026"


def test_markup_in_a_name_is_only_a_strange_name():
    shown = EN.rich("For {name}", name=EVIL)
    assert "<" not in shown
    assert "&lt;!channel&gt;" in shown
    assert not re.search(r"[*~`]", shown)
    assert not re.search(r"(?<!\w)_|_(?!\w)", shown)
    assert not re.search(r":\w+:", shown)
    assert "\u202e" not in shown


def test_underscores_inside_a_word_stay():
    assert escape("ada_lovelace@e_x.example") == "ada_lovelace@e_x.example"


def test_a_name_cannot_begin_a_quote_or_a_line():
    assert not escape(">quoted").startswith((">", "&gt;"))
    assert "\n" not in EN("For {name}", name="a\n>b\r\nc\u2028d")


def test_markup_stays_markup_and_is_not_escaped_twice():
    assert EN.rich("For {name}", name=bold("a & b")) == "For *a &amp; b*"
    assert joined(["a<b", Mrkdwn("*x*"), ""]) == "a&lt;b\n*x*"
    assert bold("  ") == ""


def test_a_template_in_a_parameter_is_not_filled():
    assert EN("For {name}", name="{name} {0} {missing}") == "For {name} {0} {missing}"


def test_right_to_left_writing_does_not_turn_its_neighbours():
    assert one_line(HEBREW) == f"\u2068{HEBREW}\u2069"
    assert one_line("a\u202eb") == "ab"


def test_only_web_addresses_become_links():
    assert link("https://x.example/?a=1&b=<>|", "a>b") == "<https://x.example/?a=1&amp;b=%3C%3E%7C|a&gt;b>"
    assert link("javascript:alert(1)", "click") == "click"


def test_a_missing_parameter_is_told():
    assert EN.template("{a} and {b}", a=1, b=None) is None
    assert EN.template("{a}", a=1, unused=2) == "1"
