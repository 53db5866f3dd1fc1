"""The CSV file of an import: what a row becomes, and every mistake with its line."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from billing.contact_files import Mistake, Problem, read_contacts
from billing.contacts import Account, Address, Contact, Member, MemberRight
from billing.imports import contact_id

TODAY = date(2026, 11, 21)
HEADER = "stripe_customer,name,country,currency"


def read(tmp_path: Path, text: str | bytes) -> list[Contact | Problem]:
    file = tmp_path / "contacts.csv"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return list(read_contacts(file, TODAY, contact_id))


def mistakes(tmp_path: Path, text: str | bytes) -> list[tuple[int, Mistake, str | None]]:
    rows = read(tmp_path, text)
    return [(row.line, row.mistake, row.column) for row in rows if isinstance(row, Problem)]


def test_a_full_row_becomes_the_contact_it_describes(tmp_path: Path) -> None:
    header = (
        "stripe_customer,name,company,email,phone,country,line1,line2,postal_code,city,state,currency,language,tax_id,"
        "portal,status,plan,active_contacts,contact_limit,seats_used,seats,since,members"
    )
    row = (
        "cus_1,Ada Roe,Roe GmbH,ada@roe.example,+49 30 1234567,de,Weg 1,Hof,10115,Berlin,BE,eur,de,DE123456789,"
        "corporate,suspended,plus/pro,12,500,2,5,2021-02-03,"
        '"Ben Poe <ben@roe.example>:primary_admin+purchase; Cy Doe <cy@roe.example>: admin;Di Low <di@roe.example>"'
    )
    assert read(tmp_path, f"{header}\n{row}\n") == [
        Contact(
            id=contact_id("cus_1"),
            customer="cus_1",
            name="Ada Roe",
            company="Roe GmbH",
            email="ada@roe.example",
            phone="+49 30 1234567",
            currency="EUR",
            language="de",
            address=Address(line1="Weg 1", line2="Hof", postal_code="10115", city="Berlin", state="BE", country="DE"),
            tax_id="DE123456789",
            account=Account(
                portal="corporate",
                status="suspended",
                plan="plus/pro",
                active_contacts=12,
                contact_limit=500,
                seats_used=2,
                seats=5,
            ),
            members=(
                Member(
                    name="Ben Poe",
                    email="ben@roe.example",
                    rights=frozenset({MemberRight.PRIMARY_ADMIN, MemberRight.PURCHASE}),
                ),
                Member(name="Cy Doe", email="cy@roe.example", rights=frozenset({MemberRight.ADMIN})),
                Member(name="Di Low", email="di@roe.example"),
            ),
            since=date(2021, 2, 3),
        )
    ]


def test_what_is_left_out_has_its_default(tmp_path: Path) -> None:
    (row,) = read(tmp_path, f"{HEADER}\ncus_1,Ada,DE,EUR\n")
    assert row == Contact(
        id=contact_id("cus_1"), customer="cus_1", name="Ada", currency="EUR", address=Address(country="DE"), since=TODAY
    )


@pytest.mark.parametrize(
    "text",
    [
        f"\ufeff{HEADER}\r\ncus_1,Ada,DE,EUR\r\n\r\ncus_2,Ben,AT,EUR",  # as a spreadsheet writes it
        "Name;Stripe_Customer;COUNTRY;currency\nAda;cus_1;DE;EUR\nBen;cus_2;AT;EUR\n",  # as a German one does
        f'{HEADER}\n"cus_1"," Ada ",DE,EUR\ncus_2,Ben,AT,EUR\n',
    ],
)
def test_files_of_spreadsheets_are_read(tmp_path: Path, text: str) -> None:
    assert [row.name for row in read(tmp_path, text) if isinstance(row, Contact)] == ["Ada", "Ben"]


@pytest.mark.parametrize(
    ("column", "value", "mistake"),
    [
        ("country", "XX", Mistake.UNKNOWN_COUNTRY),
        ("country", "Germany", Mistake.UNKNOWN_COUNTRY),
        ("country", "EU", Mistake.UNKNOWN_COUNTRY),
        ("country", "", Mistake.MISSING),
        ("name", "   ", Mistake.MISSING),
        ("stripe_customer", "", Mistake.MISSING),
        ("stripe_customer", "sub_1", Mistake.WRONG_CUSTOMER),
        ("currency", "EURO", Mistake.UNKNOWN_CURRENCY),
        ("email", "ada@", Mistake.WRONG_EMAIL),
        ("email", "a b@c.example", Mistake.WRONG_EMAIL),
        ("language", "klingon", Mistake.UNKNOWN_LANGUAGE),
        ("portal", "web", Mistake.WRONG_CHOICE),
        ("status", "frozen", Mistake.WRONG_CHOICE),
        ("seats", "-1", Mistake.WRONG_NUMBER),
        ("seats", "1.5", Mistake.WRONG_NUMBER),
        ("active_contacts", "many", Mistake.WRONG_NUMBER),
        ("contact_limit", "9" * 30, Mistake.WRONG_NUMBER),
        ("contact_limit", "٣", Mistake.WRONG_NUMBER),
        ("since", "31.12.2024", Mistake.WRONG_DATE),
        ("since", "2023-02-29", Mistake.WRONG_DATE),
        ("members", "Ben Poe", Mistake.WRONG_MEMBER),
        ("members", "Ben <ben>", Mistake.WRONG_MEMBER),
        ("members", "Ben <ben@x.example>:king", Mistake.WRONG_MEMBER),
        # Stripe's test card 4242 4242 4242 4242, wherever it is written.
        ("name", "Ada 4242 4242 4242 4242", Mistake.CARD_NUMBER),
        ("phone", "4242424242424242", Mistake.CARD_NUMBER),
        ("plan", "4242-4242-4242-4242", Mistake.CARD_NUMBER),
    ],
)
def test_a_wrong_cell_is_named_with_its_line(tmp_path: Path, column: str, value: str, mistake: Mistake) -> None:
    row = {"stripe_customer": "cus_1", "name": "Ada", "country": "DE", "currency": "EUR"} | {column: value}
    text = f"{','.join(row)}\n{','.join(row.values())}\n"
    assert mistakes(tmp_path, text) == [(2, mistake, column)]


def test_a_card_number_is_not_shown_again(tmp_path: Path) -> None:
    (problem,) = read(tmp_path, f"{HEADER}\ncus_1,4242 4242 4242 4242,DE,EUR\n")
    assert "4242" not in repr(problem)


def test_every_mistake_of_a_row_is_told_at_once(tmp_path: Path) -> None:
    assert mistakes(tmp_path, f"{HEADER}\ncus_1,,XX,XXX1\n") == [
        (2, Mistake.MISSING, "name"),
        (2, Mistake.UNKNOWN_CURRENCY, "currency"),
        (2, Mistake.UNKNOWN_COUNTRY, "country"),
    ]


def test_a_customer_may_stand_in_one_row_only(tmp_path: Path) -> None:
    text = f"{HEADER}\ncus_1,Ada,DE,EUR\ncus_2,Ben,DE,EUR\ncus_1,Cy,DE,EUR\n"
    assert mistakes(tmp_path, text) == [(4, Mistake.DUPLICATE, "stripe_customer")]


def test_a_customer_who_stands_in_two_rows_is_named_whatever_else_is_wrong_in_them(tmp_path: Path) -> None:
    text = f"{HEADER}\ncus_1,,DE,EUR\ncus_1,Ben,DE,EUR\ncus_1,Cy,XX,EUR\n"
    assert mistakes(tmp_path, text) == [
        (2, Mistake.MISSING, "name"),
        (3, Mistake.DUPLICATE, "stripe_customer"),
        (4, Mistake.UNKNOWN_COUNTRY, "country"),
        (4, Mistake.DUPLICATE, "stripe_customer"),
    ]


def test_what_is_no_customer_is_no_customer_twice(tmp_path: Path) -> None:
    text = f"{HEADER}\n1,Ada,DE,EUR\n1,Ben,DE,EUR\n"
    wrong = (Mistake.WRONG_CUSTOMER, "stripe_customer")
    assert mistakes(tmp_path, text) == [(2, *wrong), (3, *wrong)]


def test_lines_are_counted_as_an_editor_counts_them(tmp_path: Path) -> None:
    """A quoted name with a line break fills lines 2 and 3, line 4 is empty."""
    assert mistakes(tmp_path, f'{HEADER}\ncus_1,"Ada\nRoe",DE,EUR\n\ncus_2,,DE,EUR\n') == [(5, Mistake.MISSING, "name")]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("stripe_customer,name,country,currency,shoe_size", [(1, Mistake.UNKNOWN_COLUMN, "shoe_size")]),
        ("stripe_customer,name,country", [(1, Mistake.MISSING_COLUMN, "currency")]),
        ("stripe_customer,name,name,country,currency", [(1, Mistake.REPEATED_COLUMN, "name")] * 2),
    ],
)
def test_the_header_is_checked_first(tmp_path: Path, header: str, expected: list[object]) -> None:
    assert mistakes(tmp_path, f"{header}\nrubbish\n") == expected


def test_an_empty_file_lacks_its_columns(tmp_path: Path) -> None:
    assert {mistake for _, mistake, _ in mistakes(tmp_path, "")} == {Mistake.MISSING_COLUMN}


def test_a_row_with_another_number_of_cells(tmp_path: Path) -> None:
    assert mistakes(tmp_path, f"{HEADER}\ncus_1,Ada,DE\n") == [(2, Mistake.NUMBER_OF_CELLS, None)]


def test_another_encoding_is_told_and_not_guessed(tmp_path: Path) -> None:
    """Latin 1, as old spreadsheets write it."""
    text = f"{HEADER}\ncus_1,Ada,DE,EUR\ncus_2,Jürgen,DE,EUR\n".encode("latin-1")
    assert mistakes(tmp_path, text) == [(3, Mistake.BAD_ENCODING, "name")]


def test_what_is_no_csv_is_told(tmp_path: Path) -> None:
    """The quotation mark is never closed."""
    assert mistakes(tmp_path, f'{HEADER}\ncus_1,"Ada,DE,EUR\n') == [(2, Mistake.UNREADABLE, None)]


def test_what_no_database_stores_is_told(tmp_path: Path) -> None:
    assert mistakes(tmp_path, f"{HEADER}\ncus_1,A\0da,DE,EUR\n") == [(2, Mistake.BAD_ENCODING, "name")]
