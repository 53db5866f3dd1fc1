"""Card numbers never enter (SX8): what a person types is looked through before anything is done with it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

from stdnum import iban, luhn

from billing.errors import CardNumberEntered

# Runs of digits in groups, with at most four spaces, dots, hyphens or slashes between the groups. Other signs divide
# times, amounts and lists as well: there the groups are as long as on a card, and the signs between them the same.
_DIVIDERS = r"\s.·•\-−_/‐-―"
_RUN = re.compile(
    rf"(?<!\d)(?:\d{{4}}(?P<by>\W{{0,2}}[^\w{_DIVIDERS}]\W{{0,2}})\d{{4,6}}(?:(?P=by)\d{{3,6}})+(?!\d)"
    rf"|\d+(?:[{_DIVIDERS}]{{1,4}}\d+)*)"
)
_GROUP = re.compile(r"\d+")
# How numbers of the card brands begin, and how long they are (ISO/IEC 7812; the brands' published ranges).
_CARD = re.compile(
    r"4\d{12}(?:\d{3})?(?:\d{3})?"  # Visa
    r"|(?:5[1-5]|2[2-7])\d{14}"  # Mastercard
    r"|3[47]\d{13}"  # American Express
    r"|3(?:0[0-5]|[689]\d)\d{11}(?:\d{2,5})?"  # Diners Club
    r"|35\d{14}"  # JCB
    r"|6(?:011|4[4-9]\d|5\d\d)\d{12}(?:\d{3})?"  # Discover
    r"|62\d{14,17}"  # UnionPay
    r"|(?:5018|5020|5038|5[6-8]\d\d|6304|67\d\d)\d{8,15}"  # Maestro
)
_EXPIRY = re.compile(r"(?:0[1-9]|1[0-2])(?:20)?\d\d(?:\d{3,4})?")  # behind the number without a space, and its code
# What may hold digits that look like a card's and are none. No phone number is as long as American Express's.
# E.164: a plus and at most 15 digits.
_PHONE = re.compile(r"\+(?!3[47]\d{13})(?:\d[\s.()\-/‐-―]{0,2}){6,15}(?![\s.()\-/‐-―]{0,2}\d)")
_DAY = re.compile(r"(?<!\d)(?:[0-2]?\d|3[01])([./-])(?:[0-2]?\d|3[01])\1(?:19|20)\d\d(?!\d)")
_IBAN = re.compile(r"(?i)\b(?=([A-Z]{2}\d{2}(?:\s?[A-Z0-9]){11,30}))")


def refuse_card_numbers(texts: Iterable[str], field: str | None = None) -> None:
    """Raise CardNumberEntered when any of the texts (of that field) holds one. The number itself is kept nowhere."""
    for text in texts:
        if any(_card_numbers(_plain(text))):
            raise CardNumberEntered(field)


def mask_card_numbers(text: str, mask: str) -> str:
    """The text with every card number replaced, for logs."""
    plain = _plain(text)
    spans = list(_card_numbers(plain))
    if not spans:
        return text
    for start, end in reversed(spans):
        plain = plain[:start] + mask + plain[end:]
    return plain


def _plain(text: str) -> str:
    """Digits of every script and shape as 0 to 9, and nothing invisible or combining between them."""
    visible = (char for char in text if unicodedata.category(char) not in ("Cf", "Mn", "Me"))
    return "".join(str(unicodedata.digit(char)) if char.isdigit() else char for char in visible)


def _card_numbers(text: str) -> Iterator[tuple[int, int]]:
    """Where card numbers stand: whole groups of digits that together look like one and pass the Luhn check."""
    searched = _without_lookalikes(text)
    for run in _RUN.finditer(searched):
        groups = list(_GROUP.finditer(searched, run.start(), run.end()))
        first = 0
        while first < len(groups):
            last = _longest_card(groups, first)
            if last is None:
                first += 1
                continue
            yield groups[first].start(), groups[last].end()
            first = last + 1


def _longest_card(groups: list[re.Match[str]], first: int) -> int | None:
    digits, found = groups[first].group(), None
    if len(digits) > 19:
        return first if _is_card_with_expiry(digits) else None
    for last in range(first, len(groups)):
        digits = digits if last == first else digits + groups[last].group()
        if len(digits) > 19:
            break
        if _is_card(digits):
            found = last
    return found


def _is_card(digits: str) -> bool:
    return len(digits) >= 12 and _CARD.fullmatch(digits) is not None and luhn.is_valid(digits)


def _is_card_with_expiry(digits: str) -> bool:
    return any(_is_card(digits[:end]) and _EXPIRY.fullmatch(digits[end:]) for end in (14, 15, 16, 19))


def _without_lookalikes(text: str) -> str:
    """The text, as long as before, with phone numbers, days and IBANs crossed out."""
    for pattern in (_PHONE, _DAY):
        text = pattern.sub(lambda found: "x" * len(found.group()), text)
    for start, end in _ibans(text):
        text = text[:start] + "x" * (end - start) + text[end:]
    return text


def _ibans(text: str) -> Iterator[tuple[int, int]]:
    """Where IBANs stand (ISO 13616): with right check digits and the country's length, as whole words."""
    for found in _IBAN.finditer(text):
        start, longest = found.span(1)
        ends = (end for end in range(longest, start + 14, -1) if not text[end : end + 1].isalnum())
        end = next((end for end in ends if iban.is_valid(text[start:end])), None)
        if end is not None:
            yield start, end
