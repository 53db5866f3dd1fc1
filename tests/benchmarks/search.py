"""How fast the contact search is: N contacts, every kind of query, median and 99th percentile, on each database.

    python -m tests.benchmarks.search [--contacts 1000000] [--queries 200] [--databases sqlite,postgresql,trigrams]

The contacts are made up the same way every time. They are written past the units of work, a million in a minute or two,
but made into rows by the storage layer's own functions.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import random
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from sqlalchemy import text

from billing.access import Actor
from billing.contacts import Address, Contact, Member
from billing.ids import ContactId, CustomerId, TeamId, UserId
from billing.storage import schema
from billing.storage.contacts import contact_row, member_rows, spelling_rows
from billing.storage.database import Database
from billing.storage.engines import Engines, open_engines
from billing.storage.folding import name_words
from billing.storage.gin import TRIGRAM_INDEX
from billing.storage.search_index import strengthen
from billing.storage.spelling import is_worth_knowing, stem
from tests.support.databases import running_postgresql, running_postgresql_with_trigrams, trigram_server_binaries


def _words(text: str) -> list[str]:
    return text.split()


_FIRST = _words("""
    Anna Jürgen Søren Émile Björn Chloé Dimitri Elif Fatma Günther Hélène Igor José Katarzyna Łukasz Márta Noël Olga
    Petra Quentin René Stéphanie Tomáš Ursula Václav Wolfgang Xaver Yusuf Zoë Michael Sabine Thomas Andrea Peter
    Claudia Stefan
""")
_LAST = _words("""
    Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Mueller Schäfer Koch Bauer Richter
    Klein Wolf Schröder Neumann Schwarz Zimmermann Braun Krüger Hofmann Hartmann Lange Schmitt Werner Krause Meier
    Lehmann Smith Johnson O'Brien García Rossi Novák Kowalski Nguyễn Jørgensen Lindqvist Papadopoulos Yılmaz Петров
    山田
""")
_KIND = ["GmbH", "AG", "Ltd", "Inc", "SARL", "& Söhne", "Group", "Software", "Solutions", "Logistik"]
_SYLLABLES = _words("""
    ba be bi bo bra cel da dor el fa fen gar gro ha hel in ka kor la len lu ma mer mo na nor o pa per qua ra ri ros
    sa sol ste ta ter ti tor u va ven vi wal xi ya zen zu
""")
_BATCH = 10_000
_ACTOR = Actor(team=TeamId("T1"), user=UserId("U1"), name="Bench", roles=frozenset())
_CATALOGUE: Any = SimpleNamespace(business=SimpleNamespace(timezone="Europe/Berlin", currency="EUR"))


def made_up(count: int) -> Iterator[Contact]:
    """Contacts as a business has them: some names are very common, most companies are not."""
    chance = random.Random(2026)
    for number in range(count):
        first = chance.choice(_FIRST)
        # Every second person has a rare name.
        last = chance.choice(_LAST) if chance.random() < 0.5 else _invented(chance, 3).capitalize()
        company = f"{_invented(chance, chance.choice((2, 3, 3, 4))).capitalize()} {chance.choice(_KIND)}"
        yield Contact(
            id=ContactId(f"con_{number:08d}"),
            customer=CustomerId(f"cus_{chance.getrandbits(80):014x}"),
            name=f"{first} {last}",
            company=company,
            email=f"{first}.{last}@{company.split(maxsplit=1)[0]}.example".lower(),
            phone=f"+49 {chance.randrange(30, 9000)} {chance.randrange(10**5, 10**8)}",
            currency="EUR",
            address=Address(country=chance.choice(("DE", "AT", "CH", "FR", "US"))),
            members=_people(chance, f"{first} {last}", company.split(maxsplit=1)[0].lower()),
            since=date(2020, 1, 1),
        )


def _people(chance: random.Random, name: str, company: str) -> tuple[Member, ...]:
    """The contact and two others of the company."""
    others = [f"{chance.choice(_FIRST)} {chance.choice(_LAST)}" for _ in range(2)]
    return tuple(
        Member(name=one, email=f"{one.replace(' ', '.')}@{company}.example".lower()) for one in (name, *others)
    )


def _invented(chance: random.Random, syllables: int) -> str:
    return "".join(chance.choice(_SYLLABLES) for _ in range(syllables))


def kinds_of_query(count: int, each: int) -> dict[str, list[str]]:
    """So many queries of every kind, from contacts that are there."""
    chance = random.Random(7)
    known = list(itertools.islice(made_up(count), min(count, 20_000)))
    some = [chance.choice(known) for _ in range(each)]

    def middle(word: str) -> str:
        return word[1:-1] if len(word) > 5 else word

    def misspelt(word: str) -> str:
        at = chance.randrange(1, max(len(word) - 2, 2))
        return word[:at] + word[at + 1 : at + 2] + word[at : at + 1] + word[at + 2 :]

    companies = [one.company.split()[0] for one in some]
    return {
        "one letter": [chance.choice("abcdefghijklmnopqrstuvwxyz0123456789") for _ in some],
        "two letters": [one.name[:2] for one in some],
        "two letters, nobody": [chance.choice("qxjyw") + chance.choice("qxjyw") for _ in some],
        "one letter each": [f"{one.name[0]} {one.company[0]}" for one in some],
        "rare letters each": [f"{chance.choice('qxzy')} {chance.choice('qxzy')} {chance.choice('qxzy')}" for _ in some],
        "first name, common": [one.name.split()[0] for one in some],
        "last name": [one.name.split()[1] for one in some],
        "full name": [one.name for one in some],
        "full name, typing": [one.name[: len(one.name.split()[0]) + 3] for one in some],
        "member's full name": [one.members[2].name for one in some],
        "member's e-mail": [one.members[1].email for one in some],
        "company": companies,
        "middle of a word": [middle(word) for word in companies],
        "very common word": [chance.choice(("gmbh", "software", "example", "logistik", "com", "ple")) for _ in some],
        "common words, nobody": [
            chance.choice(("gmbh software", "logistik group ltd", "anna peter olga")) for _ in some
        ],
        "common and rare word": [f"gmbh {one.customer[4:12]}" for one in some],
        "e-mail": [one.email for one in some],
        "phone": [one.phone for one in some],
        "phone, national": [f"0{one.phone[4:]}" for one in some],
        "Stripe id": [one.customer for one in some],
        "nobody": [_invented(chance, 6) for _ in some],
        "LIKE's characters": [chance.choice(("%", "_", "%_%", "a%b", "100%", "\\", "'; --", "_%_")) for _ in some],
        "misspelt last name": [misspelt(one.name.split()[1]) for one in some],
        "misspelt, full name": [f"{one.name.split()[0]} {misspelt(one.name.split()[1])}" for one in some],
        "misspelt company": [misspelt(word) for word in companies],
        "long sentence": ["the quick brown fox jumps over the lazy dog and then some " + one.name for one in some],
    }


def load(url: str, count: int) -> None:
    """Write so many contacts into a migrated, empty database."""
    engines = open_engines(url)
    try:
        (_load_sqlite if engines.is_sqlite else _load_postgresql)(engines, made_up(count))
    finally:
        engines.dispose()


def _load_sqlite(engines: Engines, contacts: Iterable[Contact]) -> None:
    with engines.writer.begin() as connection:
        connection.execute(text("PRAGMA cache_size = -200000"))
        connection.execute(text("DROP TRIGGER contact_trigrams_insert"))
        cursor = connection.connection.cursor()
        stems = _copy(contacts, lambda table, names, rows: _insert_many(cursor, table, names, rows))
        _insert_many(cursor, "contact_spellings", ["spelling", "stem"], _spellings(stems))
        connection.execute(text("INSERT INTO contact_trigrams(contact_trigrams) VALUES ('rebuild')"))
        connection.execute(
            text(
                "CREATE TRIGGER contact_trigrams_insert AFTER INSERT ON contacts BEGIN"
                " INSERT INTO contact_trigrams(rowid, search) VALUES (new.number, new.search); END"
            )
        )


def _insert_many(cursor: Any, table: str, names: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    marks = ", ".join("?" for _ in names)
    cursor.executemany(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})", rows)


def _load_postgresql(engines: Engines, contacts: Iterable[Contact]) -> None:
    with engines.writer.begin() as connection:
        connection.execute(text(f"DROP INDEX IF EXISTS {TRIGRAM_INDEX}"))
        connection.execute(text("DROP TRIGGER IF EXISTS contact_words_insert ON contacts"))
        connection.execute(text("DROP TRIGGER IF EXISTS contact_words_update ON contacts"))
        connection.execute(text("DROP FUNCTION IF EXISTS index_contact_words"))
        connection.execute(text("DROP TABLE IF EXISTS contact_words"))
        cursor = connection.connection.cursor()

        def copy(table: str, names: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
            with cursor.copy(f"COPY {table} ({', '.join(names)}) FROM STDIN") as into:
                for row in rows:
                    into.write_row(row)

        stems = _copy(contacts, copy)
        copy("contact_spellings", ["spelling", "stem"], _spellings(stems))
        connection.execute(text("SET LOCAL maintenance_work_mem = '256MB'"))
        strengthen(connection)
    with engines.writer.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))


def _copy(
    contacts: Iterable[Contact], write: Callable[[str, Sequence[str], Iterable[Sequence[object]]], None]
) -> set[str]:
    """Write the contacts and return the stems of their names."""
    stems: set[str] = set()
    contacts = iter(contacts)
    while batch := list(itertools.islice(contacts, _BATCH)):
        rows = [contact_row(contact) for contact in batch]
        write("contacts", list(rows[0]), [tuple(map(_plain, row.values())) for row in rows])
        people = [row for contact in batch for row in member_rows(contact)]
        write("members", list(people[0]), [tuple(map(_plain, row.values())) for row in people])
        stems |= {stem(word) for contact in batch for word in name_words(contact) if is_worth_knowing(word)}
    return stems


def _plain(value: object) -> object:
    if isinstance(value, list):
        return json.dumps(value)
    return value.isoformat() if isinstance(value, date) else value


def _spellings(stems: set[str]) -> Iterable[tuple[str, str]]:
    return (
        (row["spelling"], row["stem"])
        for row in sorted(spelling_rows(stems), key=lambda row: (row["spelling"], row["stem"]))
    )


def measure(url: str, queries: dict[str, list[str]]) -> Iterator[tuple[str, list[float], int]]:
    """Per kind of query: the times in milliseconds, ascending, and how many found somebody."""
    with Database(url, catalogue=_CATALOGUE, enqueue=lambda connection, *jobs: None) as database:
        for kind, typed in queries.items():
            times, hits = [], 0
            for one in typed:
                start = time.perf_counter()
                with database.reading(_ACTOR) as unit:
                    found = unit.contacts.find(one)
                times.append((time.perf_counter() - start) * 1000)
                hits += bool(found.matches)
            yield kind, sorted(times), hits


@contextlib.contextmanager
def _opened(kind: str) -> Iterator[str]:
    match kind:
        case "sqlite":
            with tempfile.TemporaryDirectory() as directory:
                yield f"sqlite:///{Path(directory) / 'search.db'}"
        case "postgresql":
            with running_postgresql() as url:
                yield url
        case "trigrams":
            binaries = trigram_server_binaries()
            if binaries is None:
                raise SystemExit("no PostgreSQL with pg_trgm on this machine: apt install postgresql")
            with running_postgresql_with_trigrams(binaries) as url:
                yield url
        case _:
            raise SystemExit(f"no such database: {kind}")


def main(argv: Sequence[str] | None = None) -> dict[str, dict[str, dict[str, float]]]:
    """Print the table. Answers with its milliseconds, by database and kind of query."""
    parser = argparse.ArgumentParser(prog="search", description="Latency of the contact search.")
    parser.add_argument("--contacts", type=int, default=1_000_000)
    parser.add_argument("--queries", type=int, default=200, help="of every kind")
    parser.add_argument("--databases", default="sqlite,postgresql,trigrams", help="trigrams: PostgreSQL with pg_trgm")
    options = parser.parse_args(argv)
    queries = kinds_of_query(options.contacts, options.queries)
    numbers: dict[str, dict[str, dict[str, float]]] = {}
    for kind in options.databases.split(","):
        with _opened(kind) as url:
            schema.migrate(url)
            start = time.perf_counter()
            load(url, options.contacts)
            print(f"\n{kind}: {options.contacts:,} contacts, loaded in {time.perf_counter() - start:.0f} s")
            print(f"{'':26}{'found':>7}{'median ms':>11}{'p99 ms':>9}{'max ms':>9}")
            everything: list[float] = []
            for name, times, hits in measure(url, queries):
                everything += times
                numbers.setdefault(kind, {})[name] = _figures(times)
                print(_line(name, times, f"{100 * hits // len(times)} %"))
            everything.sort()
            numbers[kind]["all"] = _figures(everything)
            print(_line("all", everything, ""))
    return numbers


def _figures(times: list[float]) -> dict[str, float]:
    p99 = times[min(len(times) - 1, len(times) * 99 // 100)]
    return {"median": times[len(times) // 2], "p99": p99, "max": times[-1]}


def _line(name: str, times: list[float], found: str) -> str:
    figures = _figures(times)
    return f"{name:26}{found:>7}{figures['median']:11.2f}{figures['p99']:9.2f}{figures['max']:9.2f}"


if __name__ == "__main__":
    main()
