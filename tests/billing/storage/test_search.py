"""The contact search, on SQLite and on PostgreSQL with and without pg_trgm."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from billing.contacts import Member
from billing.storage.database import Database
from billing.storage.finders import SearchStrength
from billing.storage.folding import (
    country_codes,
    phone_digits,
    query_words,
    searchable,
    with_country_codes,
    words,
)
from billing.storage.spelling import distance, is_near
from tests.billing.storage.examples import ACTOR, CATALOGUE, contact

Find = Callable[..., list[str]]

JURGEN = contact(
    "Jürgen Müller",
    customer="cus_Qx7AbCdEf1",
    company="Größe & Söhne GmbH",
    email="j.mueller@acme-werke.example",
    phone="+49 (0)30 123-4567",
)
OTHERS = (
    contact("Anna Mueller", company="Straße Logistik"),
    contact("Bernd Samuelson", company="O'Brien Ltd", email="info@brien.example"),
    contact("Øyvind Lødrup"),
    contact("Zoë Schmidt", company="100% Natural_Food"),
    contact("Li 山田"),
)


@pytest.fixture(params=["sqlite", "postgresql", "trigrams"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    if request.param == "sqlite":
        shutil.copyfile(request.getfixturevalue("sqlite_template"), tmp_path / "search.db")
        url = f"sqlite:///{tmp_path / 'search.db'}"
    elif request.param == "trigrams":
        url = request.getfixturevalue("trigram_database_url")
    else:
        url = request.getfixturevalue("plain_database_url")
    with Database(url, catalogue=CATALOGUE, enqueue=lambda connection, *jobs: None) as store:
        with store.writing(ACTOR) as uow:
            uow.contacts.save_all((JURGEN, *OTHERS))
        yield store


@pytest.fixture
def find(database: Database) -> Find:
    def run(typed: str) -> list[str]:
        with database.reading(ACTOR) as uow:
            return sorted(found.name for found in uow.contacts.find(typed).matches)

    return run


@pytest.fixture
def find_anywhere(database: Database, find: Find) -> Find:
    if database.search_strength() is SearchStrength.WORD_PREFIXES:
        pytest.skip("only the beginnings of words are found on this server; another parameter runs it")
    return find


@pytest.mark.parametrize(
    ("kept", "typed"),
    [
        ("+49 170 1234567", "0170 1234567"),
        ("+49 170 1234567", "0170/123"),
        ("+49 30 987654", "030/987654"),
        ("+49 (0)30 987654", "(030) 987654"),
        ("+44 20 7946 0018", "020 7946 0018"),
        ("+44 20 7946 0018", "020 7946"),
        ("+1 415 555 0100", "(415) 555-0100"),
        ("+353 1 234 5678", "01 234 5678"),
        ("+39 06 1234 5678", "06 1234 5678"),
        ("030 987654", "030 987654"),
    ],
)
def test_a_phone_number_is_found_as_it_is_dialled_at_home(
    database: Database, find: Find, kept: str, typed: str
) -> None:
    with database.writing(ACTOR) as uow:
        uow.contacts.save(contact("Paula Phone", phone=kept))
    assert find(typed) == ["Paula Phone"]


def test_another_number_of_the_same_country_is_not_found(find: Find) -> None:
    assert find("030 9999999") == []


@pytest.mark.parametrize("typed", ["müller", "Mueller", "MULLER", "mülle", "muell", "Muller"])
def test_an_umlaut_is_found_in_every_spelling(find: Find, typed: str) -> None:
    assert find(typed) == ["Anna Mueller", "Jürgen Müller"]


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("jürgen", "Jürgen Müller"),
        ("Müller Jür", "Jürgen Müller"),
        ("sohne", "Jürgen Müller"),
        ("soehne", "Jürgen Müller"),
        ("grösse", "Jürgen Müller"),
        ("j.mueller@acme-werke.example", "Jürgen Müller"),
        ("acme", "Jürgen Müller"),
        ("werke", "Jürgen Müller"),
        ("cus_Qx7AbCdEf1", "Jürgen Müller"),
        ("qx7abc", "Jürgen Müller"),
        ("+49 30 1234567", "Jürgen Müller"),
        ("0049 30 123 45 67", "Jürgen Müller"),
        ("strasse", "Anna Mueller"),
        ("straße", "Anna Mueller"),
        ("oyvind", "Øyvind Lødrup"),
        ("Øyv lod", "Øyvind Lødrup"),
        ("obrien", "Bernd Samuelson"),
        ("o’brien", "Bernd Samuelson"),
        ("zoe", "Zoë Schmidt"),
        ("zo sch", "Zoë Schmidt"),
        ("z s", "Zoë Schmidt"),
        ("z", "Zoë Schmidt"),
        ("ly", None),
        ("natural_food", "Zoë Schmidt"),
        ("shan", "Li 山田"),
    ],
)
def test_words_are_found_by_their_beginning(find: Find, typed: str, name: str | None) -> None:
    assert find(typed) == ([name] if name else [])


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("chmid", "Zoë Schmidt"),
        ("uelson", "Bernd Samuelson"),
        ("muelson", "Bernd Samuelson"),
        ("7abcde", "Jürgen Müller"),
        ("ernd uel", "Bernd Samuelson"),
    ],
)
def test_the_middle_of_a_word_is_found(find_anywhere: Find, typed: str, name: str) -> None:
    assert find_anywhere(typed) == [name]


@pytest.mark.parametrize("typed", ["", "  ", "%", "_", "%_%", "\\", "'", "--", '"', "@", "🙂"])
def test_signs_alone_find_nobody(find: Find, typed: str) -> None:
    assert find(typed) == []


@pytest.mark.parametrize("typed", ["100%", "100% natural", "n_t_ral%", "natural AND food", 'natural" OR "a'])
def test_signs_mean_nothing_to_the_database(find: Find, typed: str) -> None:
    """`%` and `_` are no wildcards, words of the query language are words."""
    assert find(typed) == (["Zoë Schmidt"] if typed.startswith("100%") else [])


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("schmdit", "Zoë Schmidt"),  # swapped
        ("schmitd", "Zoë Schmidt"),
        ("scmidt", "Zoë Schmidt"),  # missing
        ("schmmidt", "Zoë Schmidt"),  # too many
        ("schnidt", "Zoë Schmidt"),  # wrong
        ("zoe schnidt", "Zoë Schmidt"),
        ("zoe shcmid", "Zoë Schmidt"),  # still being typed
        ("samulesom", "Bernd Samuelson"),  # two mistakes in a long word
    ],
)
def test_spelling_mistakes_are_forgiven(database: Database, typed: str, name: str) -> None:
    with database.reading(ACTOR) as uow:
        found = uow.contacts.find(typed)
    assert [match.name for match in found.matches] == [name]
    assert found.guessed


@pytest.mark.parametrize("typed", ["schmaus", "zoe samuelson", "cus_Qx7AbCdEf2", "4930999", "abd"])
def test_what_is_far_from_everything_finds_nobody(database: Database, typed: str) -> None:
    with database.reading(ACTOR) as uow:
        found = uow.contacts.find(typed)
    assert (found.matches, found.more, found.guessed) == ((), False, False)


def test_a_match_as_typed_keeps_guesses_away(database: Database, find: Find) -> None:
    with database.writing(ACTOR) as uow:
        uow.contacts.save(contact("Zita Schmitt"))
    assert find("schmitt") == ["Zita Schmitt"]


def test_no_match_and_more_than_the_limit_are_told_apart(database: Database) -> None:
    with database.writing(ACTOR) as uow:
        uow.contacts.save_all([contact(f"Petra Nummer{number}") for number in range(12)])
    with database.reading(ACTOR) as uow:
        some, all_, exact, nobody = (
            uow.contacts.find("petra", limit=10),
            uow.contacts.find("petra", limit=50),
            uow.contacts.find("petra", limit=12),
            uow.contacts.find("petrus"),
        )
    assert (len(some.matches), some.more) == (10, True)
    assert (len(all_.matches), all_.more) == (12, False)
    assert (len(exact.matches), exact.more) == (12, False)
    assert (nobody.matches, nobody.more) == ((), False)


def test_a_whole_address_or_stripe_id_is_looked_up_and_not_searched_for(database: Database) -> None:
    """Its parts are in many others: 295 is in 29517, too."""
    alike = [
        contact(f"Ada {number}", email=f"ada29517-{number}@example.com", customer=f"cus_29517{number}")
        for number in (1, 29, 295, 2951)
    ]
    with database.writing(ACTOR) as uow:
        uow.contacts.save_all(alike)
    with database.reading(ACTOR) as uow:
        for typed in ("ada29517-295@example.com", " Ada29517-295@Example.com ", "cus_29517295"):
            assert [one.name for one in uow.contacts.find(typed).matches] == ["Ada 295"]
        assert len(uow.contacts.find("ada29517-29").matches) > 1


def test_an_address_that_is_kept_with_capitals_is_searched_for(database: Database, find: Find) -> None:
    """Looked up is what was typed, and that in small letters; the search, which folds both, finds the others."""
    with database.writing(ACTOR) as uow:
        uow.contacts.save(contact("Quentin Abt", email="Quentin.Abt@Acme-Werke.Example"))
    for typed in ("quentin.abt@acme-werke.example", "QUENTIN.ABT@acme-werke.example", "Quentin.Abt@Acme-Werke.Example"):
        assert find(typed) == ["Quentin Abt"]


def test_nobody_is_listed_twice(find: Find) -> None:
    """Anna Mueller has two words with m: as she is written, and as she would be with an umlaut."""
    assert find("m") == ["Anna Mueller", "Jürgen Müller"]


def test_names_that_begin_with_it_come_first(database: Database) -> None:
    with database.writing(ACTOR) as uow:
        uow.contacts.save_all([contact("Aaron Abt", company="Zoom"), contact("Zoomer Zink")])
    with database.reading(ACTOR) as uow:
        assert [match.name for match in uow.contacts.find("zoom").matches] == ["Zoomer Zink", "Aaron Abt"]


def test_a_new_name_replaces_the_old_one(database: Database, find: Find) -> None:
    with database.writing(ACTOR) as uow:
        uow.contacts.save(JURGEN.model_copy(update={"name": "Jürgen Krämer"}))
    assert find("krämer") == ["Jürgen Krämer"]
    assert find("jurgen mueller") == ["Jürgen Krämer"]  # the e-mail address is still j.mueller@…
    assert find("müller söhne grösse krämer") == ["Jürgen Krämer"]
    with database.writing(ACTOR) as uow:
        uow.contacts.save(JURGEN.model_copy(update={"name": "Jürgen Krämer", "email": ""}))
    assert find("mueller") == ["Anna Mueller"]


BOOKS = Member(name="Felix Größer", email="Felix.Groesser@Acme-Werke.Example")


@pytest.mark.parametrize(
    "typed", ["felix", "Größer", "felix groesser", "felix müller", "FELIX.groesser@acme-werke.example"]
)
def test_an_account_is_found_by_its_people_and_says_whom(database: Database, typed: str) -> None:
    """The billing contact may have changed; whoever calls is still somebody of that account."""
    with database.writing(ACTOR) as uow:
        uow.contacts.save(JURGEN.model_copy(update={"members": (Member(name="Jürgen Müller", email=""), BOOKS)}))
    with database.reading(ACTOR) as uow:
        (found,) = uow.contacts.find(typed).matches
    assert (found.name, found.member) == ("Jürgen Müller", "Felix Größer")


@pytest.mark.parametrize("typed", ["jürgen", "acme", "cus_Qx7AbCdEf1", "+49 30 1234567"])
def test_nobody_is_named_where_the_contact_itself_is_what_was_typed(database: Database, typed: str) -> None:
    with database.writing(ACTOR) as uow:
        uow.contacts.save(JURGEN.model_copy(update={"members": (BOOKS,)}))
    with database.reading(ACTOR) as uow:
        (found,) = uow.contacts.find(typed).matches
    assert found.member == ""


def test_a_misspelt_member_is_near_and_one_who_left_is_gone(database: Database, find: Find) -> None:
    with database.writing(ACTOR) as uow:
        uow.contacts.save(JURGEN.model_copy(update={"members": (BOOKS,)}))
    with database.reading(ACTOR) as uow:
        found = uow.contacts.find("felix grosesr")
    assert found.guessed
    assert [(one.name, one.member) for one in found.matches] == [("Jürgen Müller", "Felix Größer")]
    with database.writing(ACTOR) as uow:
        uow.contacts.save(JURGEN)
    assert find("felix") == []


def test_a_contacts_own_address_counts_before_a_members(database: Database, find: Find) -> None:
    """An accountant may be a member of many accounts, and have one."""
    accountant = Member(name="Anna Mueller", email="anna@books.example")
    with database.writing(ACTOR) as uow:
        uow.contacts.save(JURGEN.model_copy(update={"members": (accountant,)}))
    assert find("anna@books.example") == ["Jürgen Müller"]
    with database.writing(ACTOR) as uow:
        uow.contacts.save(OTHERS[0].model_copy(update={"email": "anna@books.example"}))
    assert find("anna@books.example") == ["Anna Mueller"]


def test_no_country_code_is_the_beginning_of_another() -> None:
    """E.164: else one number could be two."""
    codes = country_codes()
    assert len(set(codes)) == len(codes)
    assert not [(one, other) for one in codes for other in codes if one != other and other.startswith(one)]
    assert {"1", "49", "44", "353", "423", "998"} <= set(codes)


@pytest.mark.parametrize("word", ["1234", "30123a", "muller", ""])
def test_what_is_no_phone_number_gets_no_country_code(word: str) -> None:
    assert with_country_codes(word) == ()


def test_folding() -> None:
    assert words("Größe & Söhne-GmbH (Łódź)") == ["grosse", "sohne", "gmbh", "lodz"]
    assert phone_digits("+49 (0)30 / 123-4567") == "49301234567"
    assert phone_digits("0049 30 1") == "49301"
    assert query_words("+49 (0)30 12") == ["493012"]
    assert query_words("24/7") == ["24", "7"]
    assert searchable(contact("Ann Poe", customer="cus_A1", phone="030 5")) == " ann poe po 305 a1 "


@pytest.mark.parametrize(
    ("typed", "word", "mistakes"),
    [
        ("abc", "abc", 0),
        ("abc", "acb", 1),
        ("abc", "ab", 1),
        ("abc", "abcd", 1),
        ("abc", "xbc", 1),
        ("abc", "cab", 2),
        ("", "ab", 2),
    ],
)
def test_the_distance_counts_mistakes(typed: str, word: str, mistakes: int) -> None:
    assert distance(typed, word) == mistakes


def test_a_short_word_is_forgiven_less() -> None:
    assert is_near("hofman", "hoffmann")  # one is missing, the end is not typed yet
    assert not is_near("hofxan", "hoffmann")
    assert is_near("zimermanm", "zimmermann")
