"""The CSV file of a contact import: its columns, and every mistake that a row can have, with its line.

One contact a row, the columns in any order, UTF-8, separated by commas or semicolons. Needed are `stripe_customer`,
`name`, `country` and `currency`; an empty cell of another column means its default. `members` lists people as
`Ada Roe <ada@example.com>:primary_admin+purchase; Ben Poe <ben@example.com>:admin`.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from babel import Locale
from babel.localedata import locale_identifiers
from babel.numbers import list_currencies

from billing.contacts import Account, AccountStatus, Address, Contact, Member, MemberRight, Portal
from billing.errors import CardNumberEntered
from billing.guard import refuse_card_numbers
from billing.ids import ContactId, CustomerId
from billing.models import Frozen

_ADDRESS = ("line1", "line2", "postal_code", "city", "state", "country")
_ACCOUNT = ("portal", "status", "plan", "active_contacts", "contact_limit", "seats_used", "seats")
_CONTACT = ("name", "company", "email", "phone", "currency", "language", "tax_id", "since", "members")
COLUMNS = ("stripe_customer", *_CONTACT, *_ADDRESS, *_ACCOUNT)
_NEEDED = ("stripe_customer", "name", "country", "currency")

_EMAIL = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s.,;<>]+")
_MEMBER = re.compile(r"(?P<name>[^<>]+?)\s*<(?P<email>[^<>]*)>\s*(?::(?P<rights>.*))?")
_CUSTOMER = re.compile(r"cus_\w+")
_DIGIT = re.compile(r"\d")
_UNSTORABLE = re.compile("[\0\udc80-\udcff]")  # PostgreSQL takes no NUL; the others were no UTF-8
_SHORTEST_CARD_NUMBER = 12  # digits
_LONGEST_NUMBER = 12  # digits
_SHOWN = 60  # letters of a wrong value

# Two letters in Unicode's list of territories that are no country: groups, pseudo-locales, reserved codes.
_NO_COUNTRIES = {"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"}


class Mistake(StrEnum):
    """What can be wrong. The command line has a sentence for each."""

    UNKNOWN_COLUMN = "unknown_column"
    MISSING_COLUMN = "missing_column"
    REPEATED_COLUMN = "repeated_column"
    NUMBER_OF_CELLS = "number_of_cells"
    UNREADABLE = "unreadable"
    BAD_ENCODING = "bad_encoding"
    MISSING = "missing"
    DUPLICATE = "duplicate"
    CARD_NUMBER = "card_number"
    WRONG_CUSTOMER = "wrong_customer"
    WRONG_EMAIL = "wrong_email"
    UNKNOWN_COUNTRY = "unknown_country"
    UNKNOWN_CURRENCY = "unknown_currency"
    UNKNOWN_LANGUAGE = "unknown_language"
    WRONG_CHOICE = "wrong_choice"
    WRONG_NUMBER = "wrong_number"
    WRONG_DATE = "wrong_date"
    WRONG_MEMBER = "wrong_member"


class Problem(Frozen):
    """A mistake in the file."""

    line: int  # on which its row begins; the header is line 1
    mistake: Mistake
    column: str | None = None
    value: str = ""  # what stands there, cut; never a card number


class Wrong(ValueError):
    """A cell is not what its column needs."""

    def __init__(self, mistake: Mistake) -> None:
        super().__init__(mistake)
        self.mistake = mistake


Identify = Callable[[CustomerId], ContactId]


def read_contacts(file: Path, today: date, identify: Identify) -> Iterator[Contact | Problem]:
    """Every row, as the contact it describes or as what is wrong with it. Without `since` it began today."""
    with file.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as lines:
        delimiter = _delimiter(lines.readline())
        lines.seek(0)
        rows = _numbered(lines, delimiter)
        _, header = next(rows, (1, []))
        if isinstance(header, Problem):
            yield header
            return
        columns = [name.strip().lower() for name in header]
        if problems := list(_check_header(columns)):
            yield from problems
            return
        customers: set[str] = set()
        for line, cells in rows:
            yield from (
                [cells] if isinstance(cells, Problem) else _read_row(line, columns, cells, customers, today, identify)
            )


def _delimiter(header: str) -> str:
    return ";" if header.count(";") > header.count(",") else ","


def _numbered(lines: Iterable[str], delimiter: str) -> Iterator[tuple[int, list[str] | Problem]]:
    """The rows with the line on which each begins (a quoted cell may hold line breaks). Ends at what is no CSV."""
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    line = 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield line, Problem(line=line, mistake=Mistake.UNREADABLE, value=str(error))
            return
        if cells:
            yield line, cells
        line = reader.line_num + 1


def _check_header(columns: list[str]) -> Iterator[Problem]:
    for name in columns:
        if name not in COLUMNS:
            yield Problem(
                line=1, mistake=Mistake.UNKNOWN_COLUMN, column=name.encode(errors="replace").decode()[:_SHOWN]
            )
        elif columns.count(name) > 1:
            yield Problem(line=1, mistake=Mistake.REPEATED_COLUMN, column=name)
    for name in _NEEDED:
        if name not in columns:
            yield Problem(line=1, mistake=Mistake.MISSING_COLUMN, column=name)


def _read_row(
    line: int, columns: list[str], cells: list[str], customers: set[str], today: date, identify: Identify
) -> Iterator[Contact | Problem]:
    if len(cells) != len(columns):
        yield Problem(line=line, mistake=Mistake.NUMBER_OF_CELLS, value=str(len(cells)))
        return
    row = dict.fromkeys(COLUMNS, "") | {column: cell.strip() for column, cell in zip(columns, cells, strict=True)}
    values: dict[str, Any] = {}
    problems = []
    for column, text in row.items():
        try:
            values[column] = _read_cell(column, text)
        except Wrong as wrong:
            is_showable = wrong.mistake not in (Mistake.CARD_NUMBER, Mistake.BAD_ENCODING)
            shown = text[:_SHOWN] if is_showable else ""
            problems.append(Problem(line=line, mistake=wrong.mistake, column=column, value=shown))
    customer = row["stripe_customer"]
    if customer in customers:
        problems.append(
            Problem(line=line, mistake=Mistake.DUPLICATE, column="stripe_customer", value=customer[:_SHOWN])
        )
    elif all(one.column != "stripe_customer" for one in problems):
        customers.add(customer)
    if problems:
        yield from problems
    else:
        yield _contact(values, today, identify)


def _contact(values: dict[str, Any], today: date, identify: Identify) -> Contact:
    return Contact(
        **_some(values | {"since": values["since"] or today}, _CONTACT),
        id=identify(values["stripe_customer"]),
        customer=values["stripe_customer"],
        address=Address(**_some(values, _ADDRESS)),
        account=Account(**_some(values, _ACCOUNT)),
    )


def _some(values: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: values[name] for name in names}


def _read_cell(column: str, text: str) -> Any:
    if _UNSTORABLE.search(text):
        raise Wrong(Mistake.BAD_ENCODING)
    if len(_DIGIT.findall(text)) >= _SHORTEST_CARD_NUMBER:
        try:
            refuse_card_numbers([text])
        except CardNumberEntered as error:
            raise Wrong(Mistake.CARD_NUMBER) from error
    if not text and column in _NEEDED:
        raise Wrong(Mistake.MISSING)
    return _PARSERS.get(column, str)(text)


def _customer(text: str) -> CustomerId:
    if not _CUSTOMER.fullmatch(text):
        raise Wrong(Mistake.WRONG_CUSTOMER)
    return CustomerId(text)


def _email(text: str) -> str:
    if text and not _EMAIL.fullmatch(text):
        raise Wrong(Mistake.WRONG_EMAIL)
    return text


def _country(text: str) -> str:
    if text.upper() not in _countries():
        raise Wrong(Mistake.UNKNOWN_COUNTRY)
    return text.upper()


def _currency(text: str) -> str:
    if text.upper() not in list_currencies():
        raise Wrong(Mistake.UNKNOWN_CURRENCY)
    return text.upper()


def _language(text: str) -> str:
    if text and text.replace("-", "_") not in _languages():
        raise Wrong(Mistake.UNKNOWN_LANGUAGE)
    return text or "en"


def _choice(kind: type[StrEnum], default: StrEnum) -> Callable[[str], StrEnum]:
    def read(text: str) -> StrEnum:
        if text and text not in list(kind):
            raise Wrong(Mistake.WRONG_CHOICE)
        return kind(text or default)

    return read


def _number(text: str) -> int | None:
    if text and not (text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER):
        raise Wrong(Mistake.WRONG_NUMBER)
    return int(text) if text else None


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise Wrong(Mistake.WRONG_DATE) from error


def _members(text: str) -> tuple[Member, ...]:
    return tuple(_member(one.strip()) for one in text.split(";") if one.strip())


def _member(text: str) -> Member:
    parts = _MEMBER.fullmatch(text)
    if parts is None or not _EMAIL.fullmatch(parts["email"]):
        raise Wrong(Mistake.WRONG_MEMBER)
    try:
        rights = frozenset(MemberRight(right.strip()) for right in (parts["rights"] or "").split("+") if right.strip())
    except ValueError as error:
        raise Wrong(Mistake.WRONG_MEMBER) from error
    return Member(name=parts["name"], email=parts["email"], rights=rights)


# Columns that are not here hold any text.
_PARSERS: dict[str, Callable[[str], Any]] = {
    "stripe_customer": _customer,
    "email": _email,
    "country": _country,
    "currency": _currency,
    "language": _language,
    "tax_id": lambda text: text or None,
    "portal": _choice(Portal, Portal.ONLINE),
    "status": _choice(AccountStatus, AccountStatus.ACTIVE),
    "plan": lambda text: text or None,
    "active_contacts": lambda text: _number(text) or 0,
    "contact_limit": _number,
    "seats_used": lambda text: _number(text) or 0,
    "seats": _number,
    "since": _date,
    "members": _members,
}


@cache
def _countries() -> frozenset[str]:
    territories = map(str, Locale("en").territories)
    return frozenset(code for code in territories if len(code) == 2 and code.isalpha()) - _NO_COUNTRIES


@cache
def _languages() -> frozenset[str]:
    return frozenset(locale_identifiers())
