"""Texts in the reader's language: sentences, amounts, dates, lists.

English source texts are the message ids; German stands in `locales/de/LC_MESSAGES/kontor.po`, read as it is (no
compile step). Whoever calls decides what a text becomes: `t("…")` is plain, `t.rich("…")` is Slack's markup with every
parameter made harmless, so a customer named `*evil* <!channel>` is only a strange name.

New texts get into the catalogue with `python -m blocks.locales`.
"""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import cache
from gettext import GNUTranslations, NullTranslations
from string import Formatter
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime, get_timezone_location
from babel.lists import format_list
from babel.messages.mofile import write_mo
from babel.numbers import format_currency, format_decimal, format_percent

from billing.money import Money, minor_digits
from blocks import locales

LANGUAGES = ("en", *locales.LANGUAGES)


class Mrkdwn(str):
    """Text in Slack's markup. Only this is shown as markup; every other string is shown letter by letter."""

    __slots__ = ()


def later(text: str) -> str:
    """Mark a text for the catalogue where it is written down; it is translated where it is shown."""
    return text


class Translator:
    """One reader's language, way of writing numbers and dates, and time zone.

    `locale` is Slack's (`de-DE`, `en-GB`); a language that we do not speak is answered in English. An unknown time zone
    is read as UTC. `says_zone`: times say where they hold, for readers whose own zone is not known.
    """

    __slots__ = ("_locale", "_messages", "_says_zone", "_zone", "language")

    def __init__(self, locale: str = "en", timezone: str = "UTC", *, says_zone: bool = False) -> None:
        self._says_zone = says_zone
        self._locale = _known_locale(locale)
        self.language: str = self._locale.language
        self._messages = _messages(self.language)
        self._zone = _known_zone(timezone)

    @property
    def locale(self) -> str:
        """The language with its way of writing, as this class takes it: `de_DE`."""
        return str(self._locale)

    def __call__(self, text: str, /, **parameters: object) -> str:
        """Plain text. Parameters lose line breaks and characters that could turn the text around."""
        return self._fill(self._messages.gettext(text), parameters)

    def rich(self, text: str, /, **parameters: object) -> Mrkdwn:
        """Slack's markup. Parameters are shown letter by letter, unless they are markup themselves."""
        return self._fill_rich(self._messages.gettext(text), parameters)

    def count(self, one: str, many: str, number: int, /, **parameters: object) -> str:
        """Plain text in the plural form of the number, which the text may name as `{n}`."""
        return self._fill(self._messages.ngettext(one, many, number), parameters | {"n": number})

    def template(self, text: str, /, **parameters: object) -> str | None:
        """Plain text, or None when a parameter that the text names is missing: for rows that were written long ago."""
        names = {name for _, name, _, _ in Formatter().parse(text) if name}
        if any(parameters.get(name) is None for name in names):
            return None
        return self(text, **{name: parameters[name] for name in names})

    def money(self, amount: Money) -> str:
        """`€19.99` or `19,99 €`. Nothing of the amount is rounded away."""
        text = format_currency(amount.decimal(), amount.currency, locale=self._locale, decimal_quantization=False)
        return _LETTER_BEFORE_DIGIT.sub("\u00a0", text)

    def amount(self, amount: Money) -> str:
        """The number alone, with all of the currency's decimals: for columns whose head names the currency."""
        decimals = minor_digits(amount.currency)
        pattern = f"#,##0.{'0' * decimals}" if decimals else "#,##0"
        return format_decimal(amount.decimal(), pattern, locale=self._locale)

    def number(self, number: int | Decimal) -> str:
        return format_decimal(number, locale=self._locale, decimal_quantization=False)

    def percent(self, percent: Decimal) -> str:
        """`percent` is in percent: 19 is 19 %."""
        return format_percent(percent / 100, locale=self._locale, decimal_quantization=False)

    def date(self, day: dt.date) -> str:
        """`Nov 21, 2026` or `21.11.2026`."""
        return format_date(day, "medium", locale=self._locale)

    def day(self, iso: str) -> str:
        """A day as rows hold it (`2026-11-21`); what is no day stays as it is."""
        try:
            return self.date(dt.date.fromisoformat(iso))
        except ValueError:
            return iso

    def datetime(self, instant: dt.datetime) -> str:
        """Day and minute in the reader's time zone. `instant` must be aware."""
        if instant.tzinfo is None:
            raise ValueError("an instant needs its time zone")
        day = format_date(instant.astimezone(self._zone), "medium", locale=self._locale)
        minute = format_datetime(instant, self._minute_format, tzinfo=self._zone, locale=self._locale)
        if self._says_zone:
            return self._with_place(f"{day}, {minute}", instant)
        return f"{day}, {minute}"

    def day_of(self, instant: dt.datetime) -> str:
        """The day of an instant in the reader's time zone."""
        return self.date(instant.astimezone(self._zone).date())

    def list(self, items: Iterable[object]) -> str:
        """`a, b and c`."""
        return format_list([_text(self, item) for item in items], "standard", locale=self._locale)

    def either(self, items: Iterable[object]) -> str:
        """`a, b or c`."""
        return format_list([_text(self, item) for item in items], "or", locale=self._locale)

    def country(self, code: str) -> str:
        """The country's name; the code itself where nobody knows one."""
        return str(self._locale.territories.get(code.upper(), code))

    def month(self, month: int, year: int) -> str:
        """The month of an expiry as it stands on a card: `12/2027`."""
        return f"{month:02d}/{year}"

    def _with_place(self, moment: str, instant: dt.datetime) -> str:
        """With the city that the time zone is named after; without one, with the distance from Greenwich."""
        if self._zone.key.startswith("Etc/") or "/" not in self._zone.key:
            distance = format_datetime(instant, "ZZZZ", tzinfo=self._zone, locale=self._locale)
            return f"{moment} ({distance})"
        place = get_timezone_location(self._zone, locale=self._locale, return_city=True)
        return self(later("{moment} ({place} time)"), moment=moment, place=place)

    @property
    def _minute_format(self) -> str:
        return str(self._locale.time_formats["short"].pattern)

    def _fill(self, text: str, parameters: Mapping[str, object]) -> str:
        return text.format(**{name: _text(self, value) for name, value in parameters.items()})

    def _fill_rich(self, text: str, parameters: Mapping[str, object]) -> Mrkdwn:
        return Mrkdwn(
            text.format(
                **{
                    name: value if isinstance(value, Mrkdwn) else escape(_text(self, value))
                    for name, value in parameters.items()
                }
            )
        )


def _text(t: Translator, value: object) -> str:
    """A parameter as text: integers and amounts as the reader writes them, everything else in one safe line."""
    match value:
        case bool():
            raise TypeError("a text has no place for a yes or no")
        case int() | Decimal():
            return t.number(value)
        case Money():
            return t.money(value)
        case dt.datetime():
            return t.datetime(value)
        case dt.date():
            return t.date(value)
        case _:
            return one_line(str(value))


# What people type

_TURNING = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
# Slack has no way to quote its formatting characters, so the look-alikes that it does not know take their place.
_LOOKALIKES = str.maketrans({"*": "∗", "~": "∼", "`": "ˋ", "&": "&amp;", "<": "&lt;", ">": "&gt;"})
_UNDERSCORE_AT_EDGE = re.compile(r"(?<![^\W_])_|_(?![^\W_])")
_LETTER_BEFORE_DIGIT = re.compile(r"(?<=[A-Z])(?=\d)")  # CHF 5: CLDR's space between code and number
_EMOJI_NAME = re.compile(r":(?=[\w+'-]+:)")


def one_line(text: str) -> str:
    """The text without line breaks and direction marks; right-to-left writing is kept from turning its neighbours."""
    line = _TURNING.sub("", _CONTROL.sub(" ", text)).strip()
    return f"\u2068{line}\u2069" if _RIGHT_TO_LEFT.search(line) else line


def escape(text: str) -> Mrkdwn:
    """The text as markup that shows it letter by letter: no mention, link, emoji, bold or quote comes out of it."""
    if text.startswith(">"):
        text = "\u2060" + text  # a line that begins with > is a quote
    text = _UNDERSCORE_AT_EDGE.sub("ˍ", text)
    return Mrkdwn(_EMOJI_NAME.sub("∶", text).translate(_LOOKALIKES))


def bold(text: str) -> Mrkdwn:
    """The text in bold, whatever it holds; nothing for an empty one, because two stars would be shown."""
    return Mrkdwn(f"*{escape(one_line(text))}*" if text.strip() else "")


def link(address: str, label: str) -> Mrkdwn:
    """A link. Only web addresses become one."""
    shown = escape(one_line(label))
    if not address.startswith(("https://", "http://")):
        return shown
    safe = address.replace("&", "&amp;").replace("<", "%3C").replace(">", "%3E").replace("|", "%7C")
    return Mrkdwn(f"<{safe}|{shown}>")


def joined(parts: Iterable[str], by: str = "\n") -> Mrkdwn:
    """The parts that are not empty as one text; plain ones are escaped."""
    return Mrkdwn(by.join(part if isinstance(part, Mrkdwn) else escape(part) for part in parts if part))


# Locales and catalogues


def locale_in(language: str, country: str) -> str:
    """The language as that country writes it, `de-AT`; one that has its country already stays.

    English is American only in the United States. Everywhere else it is British: CLDR's English of Italy writes 8.200,
    which whoever reads English as a foreigner there takes for eight.
    """
    if not country or len(language) > len("en"):
        return language
    if language == "en":
        return "en-US" if country == "US" else "en-GB"
    return f"{language}-{country}"


@cache
def _known_locale(name: str) -> Locale:
    for candidate in (name.replace("-", "_"), name.replace("_", "-").partition("-")[0]):
        try:
            locale = Locale.parse(candidate)
        except (UnknownLocaleError, ValueError):
            continue
        if locale.language in LANGUAGES:
            return locale
    return Locale("en")


@cache
def _known_zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a directory's name, an absolute path, an empty name
        return ZoneInfo("UTC")


@cache
def _messages(language: str) -> NullTranslations:
    if language == "en":
        return NullTranslations()
    compiled = io.BytesIO()
    write_mo(compiled, locales.read(language))
    compiled.seek(0)
    return GNUTranslations(compiled)
