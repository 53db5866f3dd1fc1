"""SX8: card numbers never enter, in whatever way they are typed; what only looks a little like one is let in."""

from __future__ import annotations

import string

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from stdnum import luhn

from billing.errors import CardNumberEntered
from billing.guard import mask_card_numbers, refuse_card_numbers

# Stripe's "Testing" page, and for Maestro the test pages of Braintree and Adyen.
NUMBERS = {
    "visa": "4242424242424242",
    "visa debit": "4000056655665556",
    "visa, 13 digits": "4222222222222",
    "mastercard": "5555555555554444",
    "mastercard, 2 series": "2223003122003222",
    "mastercard debit": "5200828282828210",
    "mastercard prepaid": "5105105105105100",
    "american express": "378282246310005",
    "american express, 34": "371449635398431",
    "discover": "6011111111111117",
    "discover, 60119": "6011000990139424",
    "diners club": "3056930009020004",
    "diners club, 14 digits": "36227206271667",
    "bccard and dinacard": "6555900000604105",
    "jcb": "3566002020360505",
    "unionpay": "6200000000000005",
    "unionpay, 19 digits": "6205500000000000004",
    "maestro": "6304000000000000",
    "maestro, 67": "6771798021000008",
}
VISA = "4242424242424242"


def is_refused(text: str) -> bool:
    try:
        refuse_card_numbers([text])
    except CardNumberEntered:
        return True
    return False


def grouped(number: str, by: str) -> str:
    """In groups of four, as on the card."""
    return by.join(number[first : first + 4] for first in range(0, len(number), 4))


@pytest.mark.parametrize("number", NUMBERS.values(), ids=NUMBERS)
@pytest.mark.parametrize(
    "by",
    [
        "",
        " ",
        "    ",
        ".",
        "-",
        "/",
        "_",
        "\N{NO-BREAK SPACE}",
        "\N{THIN SPACE}",
        "\n",
        "\t",
        "–",
        "—",
        "−",
        "·",
        " - ",
    ],
    ids=lambda by: by.encode("unicode_escape").decode() or "nothing",
)
def test_every_brands_number_is_refused_however_it_is_grouped(number: str, by: str) -> None:
    assert is_refused(grouped(number, by))


@pytest.mark.parametrize("by", [",", ", ", " , ", ":", ";", "|", " | ", "*", ")(", "][", "='"])
def test_other_signs_between_groups_as_on_a_card_do_not_hide_it(by: str) -> None:
    for number in (VISA, NUMBERS["mastercard"], NUMBERS["unionpay, 19 digits"]):
        assert is_refused(f"({grouped(number, by)})")
        assert is_refused(f"1234{by}5678{by}9012{by}{grouped(number, by)}")
    assert is_refused(by.join(("3782", "822463", "10005")))


@pytest.mark.parametrize("expiry", ["1226", "122026", "1226123", "1220261234"])
def test_an_expiry_typed_right_behind_it_does_not_hide_it(expiry: str) -> None:
    assert is_refused(f"{VISA}{expiry}")
    assert not is_refused(f"{VISA}99{expiry}"), "more digits than a card and its expiry have"


@pytest.mark.parametrize("number", NUMBERS.values(), ids=NUMBERS)
@pytest.mark.parametrize(
    "sentence",
    ["{}", "the card is {}.", "Karte:{}", "({})", "card{}please", "12/27 {} 123", "{} 12/27 123", "№{};", "1. {}"],
)
def test_a_number_inside_a_sentence_is_refused(number: str, sentence: str) -> None:
    assert is_refused(sentence.format(grouped(number, " ")))


@pytest.mark.parametrize(
    ("name", "digits"),
    [
        ("full-width", "０１２３４５６７８９"),
        ("arabic", "٠١٢٣٤٥٦٧٨٩"),
        ("persian", "۰۱۲۳۴۵۶۷۸۹"),
        ("devanagari", "०१२३४५६७८९"),
        ("bold", "𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗"),
        ("superscript", "⁰¹²³⁴⁵⁶⁷⁸⁹"),
        ("circled", "⓪①②③④⑤⑥⑦⑧⑨"),
    ],
)
def test_digits_of_every_script_are_digits(name: str, digits: str) -> None:
    assert is_refused(VISA.translate(str.maketrans(string.digits, digits)))


@pytest.mark.parametrize(
    "invisible",
    [
        "\N{ZERO WIDTH SPACE}",
        "\N{ZERO WIDTH JOINER}",
        "\N{WORD JOINER}",
        "\N{SOFT HYPHEN}",
        "\N{LEFT-TO-RIGHT MARK}",
        "\ufeff",
        "\N{COMBINING GRAPHEME JOINER}",
        "\N{VARIATION SELECTOR-16}\N{COMBINING ENCLOSING KEYCAP}",
    ],
    ids=lambda text: text.encode("unicode_escape").decode(),
)
def test_what_cannot_be_seen_does_not_hide_a_number(invisible: str) -> None:
    assert is_refused(invisible.join(VISA))


@given(st.sampled_from(sorted(NUMBERS.values())), st.data())
def test_a_number_split_anywhere_is_refused(number: str, data: st.DataObject) -> None:
    gaps = data.draw(st.lists(st.sampled_from(["", " ", ".", "-"]), min_size=len(number), max_size=len(number)))
    assert is_refused("".join(digit + gap for digit, gap in zip(number, gaps, strict=True)))


@given(st.sampled_from(sorted(NUMBERS.values())), st.text("aeiouAEIOU .,:;!?-", max_size=20))
def test_words_around_a_number_do_not_hide_it(number: str, words: str) -> None:
    assert is_refused(f"{words}{number}{words}")


def test_the_second_of_two_texts_is_read_too() -> None:
    with pytest.raises(CardNumberEntered) as refusal:
        refuse_card_numbers(["SPRING10", grouped(VISA, " ")])
    assert refusal.value.reason.rule == "SX8"


def test_the_refusal_does_not_repeat_the_number() -> None:
    with pytest.raises(CardNumberEntered) as refusal:
        refuse_card_numbers([f"please take {VISA}"])
    assert "4242" not in f"{refusal.value!r}{refusal.value.reason}{refusal.value.__cause__}"


# What is no card number


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Ada Lovelace",
        "4242",  # the last four digits may be said
        "4242 4242 4242 4241",  # fails the Luhn check
        "1234567812345670",  # passes it, but no brand begins so
        "order 4711-0815",
        "2026-000123-4567",
        "KON-0042/2026",
        "+49 30 1234567",
        "+4915101000003",  # as digits alone: Visa, with a right Luhn check
        "+49 151 2345678-0",
        "tel. +1 (415) 555-2671",
        "2026-11-21 17:30:00.123456",
        "20261121173000",
        "1763746200000",  # milliseconds
        "1763746200000000000",  # nanoseconds
        "30.11.2026 - 28.02.2027",
        "30.01.2026–03.02.2026",  # as digits alone: Diners Club, with a right Luhn check
        "11/30/2026 to 02/28/2027",
        "cus_QxY7zAb3kLmN9p",
        "pm_1PzKq2LkdIwHu7ix4242abcd",
        "sub_sched_1PzKq2LkdIwHu7ixAbCdEfGh",
        "DE89 3704 0044 0532 0130 00",
        "GB29 NWBK 6016 1331 9268 19",
        "€1,234.56 and €4,242.42",
        "4,242,424,242,424,242 of them",  # as digits alone: the Visa number
        "42:42:42:42:42:42:42:42",
        "4242, 4242, 4242 and 4242",
        "v1.2.3-20260302.1",
        "192.168.100.200",
    ],
)
def test_what_is_no_card_number_is_let_in(text: str) -> None:
    assert not is_refused(text)


@given(st.text(string.digits, min_size=1, max_size=11))
def test_fewer_than_twelve_digits_are_no_card_number(digits: str) -> None:
    assert not is_refused(digits)


@given(st.text(string.digits, min_size=12, max_size=19).filter(lambda digits: not luhn.is_valid(digits)))
def test_a_number_with_a_wrong_check_digit_is_no_card_number(digits: str) -> None:
    assert not is_refused(digits)


PHONES = st.lists(st.text(string.digits, min_size=2, max_size=5), min_size=2, max_size=4)


@given(PHONES.map(lambda groups: f"+{' '.join(groups)}"[:19]))
@example("+49 4222222222222")
@example("+43 6304 0000 0000")
def test_a_phone_number_with_its_plus_sign_is_no_card_number(phone: str) -> None:
    """E.164: a plus sign and at most 15 digits, grouped as people like."""
    assert not is_refused(phone)


def test_a_plus_sign_does_not_hide_a_card_number() -> None:
    assert is_refused("+4242 4242 4242 4242")
    assert is_refused(f"+{NUMBERS['american express']}"), "no phone number is as long"
    assert is_refused("+49 30 1234567 4242 4242 4242 4242")


@given(st.text(string.digits, min_size=18, max_size=18), st.booleans())
@example("424242424242424200", True)  # the groups after the first are a Visa number
def test_an_iban_is_no_card_number(account: str, in_groups: bool) -> None:
    """ISO 13616: the check digits are 98 less the remainder by 97, with DE as 1314."""
    iban = f"DE{98 - int(account + '131400') % 97:02}{account}"
    assert not is_refused(f"IBAN {grouped(iban, ' ') if in_groups else iban}, thank you")


def test_letters_before_a_card_number_do_not_make_it_an_iban() -> None:
    assert is_refused("DE00 4242 4242 4242 4242 00")


@given(st.datetimes())
def test_a_moment_is_no_card_number(moment) -> None:
    for written in ("%Y-%m-%d %H:%M:%S.%f", "%d.%m.%Y %H:%M", "%Y-%m-%dT%H:%M:%SZ", "%m/%d/%Y"):
        assert not is_refused(moment.strftime(written))


PREFIXES = st.sampled_from(["cus", "pm", "sub", "in", "cs_test", "evt", "sub_sched"])


@given(st.builds("{}_1{}".format, PREFIXES, st.text(string.ascii_letters + string.digits, min_size=14, max_size=24)))
def test_an_id_of_stripes_is_no_card_number(stripe_id: str) -> None:
    assert not is_refused(stripe_id)


def test_a_long_text_is_read_quickly() -> None:
    """A field takes 3,000 characters. Nobody may stop a thread by typing."""
    for text in ("1 " * 1500, "4 " * 1500, "DE12 " * 600, "+1 " * 1000, "1" * 3000):
        assert not is_refused(text)
        assert is_refused(f"{text} x {VISA}")


# Masking, for logs


@pytest.mark.parametrize("number", NUMBERS.values(), ids=NUMBERS)
def test_a_masked_text_holds_the_words_but_not_the_number(number: str) -> None:
    assert mask_card_numbers(f"paid with {grouped(number, '-')} today", "•") == "paid with • today"


def test_every_number_is_masked() -> None:
    assert mask_card_numbers(f"{VISA}, or {NUMBERS['american express']}", "•") == "•, or •"


@given(st.text(string.ascii_letters + " ,.-üß€", max_size=60))
def test_a_text_without_a_number_is_logged_as_it_is(text: str) -> None:
    assert mask_card_numbers(text, "•") == text
