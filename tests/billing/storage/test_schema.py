"""Migrations: from empty, from every revision with rows in it, and in agreement with the tables in the program."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from billing.billing_contacts.model import digest
from billing.change_requests.model import Act, Decision, RequestFilter, RequestState
from billing.contacts import SubscriptionItem
from billing.invoices.model import Approval, Discount, SalesInvoice, Template
from billing.money import Money
from billing.storage import schema, search_index
from billing.storage.database import Database
from billing.storage.engines import open_engines
from billing.storage.finders import SearchStrength
from billing.storage.tables import metadata
from tests.billing.storage.examples import ACTOR, CATALOGUE, FILER, change_request, contact, sales_invoice

REQUEST = change_request("1", contact(id="con_1", name="Ada Roe"), subscription="sub_3")
INVOICE = sales_invoice("1", contact="con_1", contact_name="Ada Roe")
LESS = Discount(percent=Decimal("12.50"))


def asked(name: str, state: str, *, outdated: bool = False) -> SalesInvoice:
    """A draft that a manager was asked about at noon, with a discount of each kind."""
    one = sales_invoice(name, contact="con_1", details=INVOICE.details.model_copy(update={"discount": LESS}))
    line = one.lines[0].model_copy(update={"discount": Discount(amount=100), "version": 7})
    one = one.model_copy(update={"lines": (line,)})
    at = datetime(2026, 1, 5, 12, tzinfo=UTC)
    filing = Decision(number=1, act=Act.FILE, by=FILER, at=at)
    approval = Approval(
        state=RequestState(state),
        fingerprint="other" if outdated else one.content,
        filed_by=FILER,
        decisions=(filing,),
        nudged_at=at,
    )
    return one.model_copy(update={"approval": approval})


def of_0008(invoice: SalesInvoice) -> str:
    """Its row's body when lines had no list price."""
    return invoice.model_dump_json(exclude={"lines": {"__all__": {"list_price"}}})


ASKED = (asked("asked", "filed"), asked("changed", "filed", outdated=True), asked("granted", "approved"))
TEMPLATE = Template(
    id="tpl_1", team="T1", name="Onboarding", currency="EUR", lines=INVOICE.lines, details=INVOICE.details
)

# Rows as each revision has them, in its own SQL: they must survive all later ones.
FUTURE = datetime(2030, 1, 1, tzinfo=UTC)
ROWS = {
    "0001": (
        "INSERT INTO contacts (id, customer, name, company, email, phone, currency, language, line1, line2,"
        " postal_code, city, state, country, portal, status, active_contacts, seats_used, since, search)"
        " VALUES ('con_1', 'cus_1',"
        " 'Ada Roe', 'Roe Ltd', 'ada@roe.example', '', 'EUR', 'en', '', '', '', '', '', 'GB', 'online', 'active', 0, 0,"
        " '2024-01-01', ' ada roe ltd example 1 ')",
        "INSERT INTO timeline (id, contact, happened_at, what, parameters)"
        " VALUES ('t1', 'con_1', '2026-01-01 10:00:00.000000', 'contact_imported', '{}')",
        "INSERT INTO subscriptions (id, contact, status, product, price, quantity, unit_amount, currency,"
        " billing_interval, interval_count, started_at)"
        " VALUES ('sub_1', 'con_1', 'active', 'Plus', 'plus-month-eur', 3, 1999, 'EUR', 'month', 1,"
        " '2026-01-01 10:00:00.000000')",
    ),
    "0002": (
        "INSERT INTO subscriptions (id, contact, status, sold, currency, by_invoice, billing_interval, interval_count,"
        " started_at) VALUES ('sub_2', 'con_1', 'active',"
        """ '[{"product": "Desk", "price": null, "quantity": 1, "unit_amount": 500}]',"""
        " 'EUR', true, 'month', 1, '2026-01-01 10:00:00.000000')",
    ),
    "0003": (
        "INSERT INTO subscriptions (id, contact, status, sold, currency, by_invoice, billing_interval, interval_count,"
        " started_at, current_period_start, schedule) VALUES ('sub_3', 'con_1', 'active',"
        """ '[{"product": "Chat", "price": null, "quantity": 1, "unit_amount": 500}]',"""
        " 'EUR', true, 'month', 1, '2026-01-02 10:00:00.000000', '2026-02-02 10:00:00.000000', 'sub_sched_1')",
        "INSERT INTO change_requests (id, version, team, contact, subscription, filed_by, state, filed_at, nudged_at,"
        " body) VALUES ('chr_1', 1, 'T1', 'con_1', 'sub_3', 'U1', 'filed', '2026-01-03 10:00:00.000000',"
        f" '2026-01-03 10:00:00.000000', '{REQUEST.model_dump_json()}')",
        "INSERT INTO change_decisions (request, number, act, user_id, by_name, happened_at, note, override)"
        " VALUES ('chr_1', 1, 'file', 'U1', 'Ada', '2026-01-03 10:00:00.000000', '', false)",
        "INSERT INTO change_deciders (request, user_id, team, filed_at)"
        " VALUES ('chr_1', 'U2', 'T1', '2026-01-03 10:00:00.000000')",
        "INSERT INTO change_cards (request, place, channel, ts, shown) VALUES ('chr_1', 'filer:U1', 'D1', '1.2', 1)",
        "INSERT INTO absences (team, user_id, first, last, deputy)"
        " VALUES ('T1', 'U2', '2026-01-01', '2026-01-31', 'U4')",
        "INSERT INTO usage_levels (contact, percent) VALUES ('con_1', 80)",
        "INSERT INTO automatic_raises (contact, team, user_id) VALUES ('con_1', 'T1', 'U1')",
        "INSERT INTO invoices (id, contact, status, total, due, currency, created_at)"
        " VALUES ('in_1', 'con_1', 'open', 100, 100, 'EUR', '2026-01-01 10:00:00.000000')",
        "INSERT INTO balances (contact, amount, currency) VALUES ('con_1', 0, 'EUR')",
        "INSERT INTO stripe_events (id, event_type, customer, created_at, payload)"
        " VALUES ('evt_2', 'invoice.paid', 'cus_1', '2026-01-02 10:00:00.000000', '{}'),"
        " ('evt_1', 'invoice.paid', 'cus_1', '2026-01-01 10:00:00.000000', '{}')",
    ),
    "0006": (
        "INSERT INTO failure_notices (failure, place, team, contact, invoice, amount, currency, failed_at, noted_at)"
        " VALUES ('in_1:retrying', 'U1', 'T1', 'con_1', 'in_1', 100, 'EUR', '2026-01-01 10:00:00.000000',"
        " '2026-01-01 10:00:00.000000')",
        "INSERT INTO reconciliations (id, began_at, customers, created, differing, missed_events, differences)"
        " VALUES ('rec_1', '2026-01-01 10:00:00.000000', 1, 0, 0, 0, '[]')",
    ),
    "0005": (
        "INSERT INTO billing_contact_guards (contact, tries, tries_since) VALUES ('con_1', 2,"
        " '2026-01-03 10:00:00.000000')",
        "INSERT INTO billing_contact_proofs (id, contact, team, user_id, requester, tried_at, is_right, tries_left)"
        " VALUES ('bcp_1', 'con_1', 'T1', 'U1', 'Ada', '2026-01-03 10:00:00.000000', false, 1)",
        "INSERT INTO billing_contact_links (id, contact, purpose, name, email, team, user_id, operation, created_at,"
        " expires_at, uses, attempts) VALUES ('bcl_1', 'con_1', 'edit', 'Ada', 'ada@roe.example', 'T1', 'U1', 'op_1',"
        " '2026-01-03 10:00:00.000000', '2026-01-05 10:00:00.000000', 0, 0)",
        f"INSERT INTO billing_contact_tokens (digest, link) VALUES ('{digest('token')}', 'bcl_1')",
        "INSERT INTO invoice_recipients (contact, position, email) VALUES ('con_1', 0, 'books@roe.example')",
    ),
    "0004": (
        "INSERT INTO document_links (digest, kind, document, contact, issued_at, expires_at)"
        " VALUES ('0123', 'invoice', 'in_1', 'con_1', '2026-01-01 10:00:00.000000', '2026-04-01 10:00:00.000000')",
    ),
    "0007": (
        "INSERT INTO invoices (id, contact, status, total, due, currency, created_at, by_invoice, attempts, paid,"
        " reduced, given_back)"
        " VALUES ('in_8', 'con_1', 'open', 500, 300, 'EUR', '2026-01-04 10:00:00.000000', true, 0, 200, 0, 0)",
        "INSERT INTO sales_invoices (id, version, team, contact, stage, number, stripe, changed_at, reminds_on, body)"
        " VALUES ('inv_1', 1, 'T1', 'con_1', 'draft', NULL, NULL, '2026-01-04 10:00:00.000000', '2026-02-01',"
        f" '{INVOICE.model_dump_json()}')",
        "INSERT INTO invoice_numbers (series, year, last) VALUES ('INV', 2026, 41)",
        "INSERT INTO invoice_templates (id, team, name, body) VALUES ('tpl_1', 'T1', 'Onboarding',"
        f" '{TEMPLATE.model_dump_json()}')",
        "INSERT INTO invoice_cards (invoice, place, channel, ts) VALUES ('inv_1', 'C1', 'C1', '1.2')",
        "INSERT INTO members (contact, position, name, email, rights)"
        " VALUES ('con_1', 0, 'Ada Roe', 'ada@roe.example', '[]'), ('con_1', 1, 'Grace Höpper', 'g@roe.example', '[]')",
    ),
    "0008": (
        "INSERT INTO invoice_numbers (series, year, last) VALUES ('INV', 2027, 6)",
        *(
            "INSERT INTO sales_invoices (id, version, team, contact, stage, changed_at, body)"
            f" VALUES ('{one.id}', 1, 'T1', 'con_1', 'draft', '2026-01-05 12:00:00.000000', '{of_0008(one)}')"
            for one in ASKED
        ),
    ),
    "0009": (
        "INSERT INTO sales_invoices (id, version, team, contact, stage, changed_at, asked_by, asked_at, waits_since,"
        " body) VALUES ('inv_late', 1, 'T1', 'con_1', 'draft', '2026-01-06 12:00:00.000000', 'U1',"
        f" '2026-01-06 12:00:00.000000', '2026-01-06 12:00:00.000000', '{asked('late', 'filed').model_dump_json()}')",
        "INSERT INTO invoice_deputies (invoice, user_id, team, waits_since)"
        " VALUES ('inv_late', 'U4', 'T1', '2026-01-06 12:00:00.000000')",
    ),
    "0010": (
        "INSERT INTO subscriptions (id, contact, status, sold, currency, by_invoice, billing_interval, interval_count,"
        " started_at, anchor) VALUES ('sub_4', 'con_1', 'active',"
        """ '[{"product": "Trial", "price": null, "quantity": 1, "unit_amount": 500}]',"""
        " 'EUR', false, 'month', 1, '2026-01-17 10:00:00.000000', '2026-01-31 10:00:00.000000')",
    ),
    "0011": ("INSERT INTO invoice_recipients (contact, position, email) VALUES ('con_1', 1, 'copy@roe.example')",),
    "0012": ("UPDATE invoices SET refunded = -5 WHERE id = 'in_8'",),
    "0013": ("INSERT INTO turns VALUES ('con_1', 'in_8', 'op_1')",),
}


def store(url: str) -> Database:
    return Database(url, catalogue=CATALOGUE, enqueue=lambda connection, *jobs: None)


@contextmanager
def connected(url: str) -> Iterator[Connection]:
    engines = open_engines(url, connections=1)
    try:
        with engines.writer.begin() as connection:
            yield connection
    finally:
        engines.dispose()


def test_an_empty_database_becomes_current(empty_database_url: str) -> None:
    assert schema.current(empty_database_url) is None
    assert not schema.is_current(empty_database_url)
    schema.migrate(empty_database_url)
    assert schema.current(empty_database_url) == schema.head()
    assert schema.is_current(empty_database_url)
    schema.migrate(empty_database_url)  # again: nothing to do


def differences(url: str) -> list[object]:
    """Between the tables in the program and those in the database."""

    def is_ours(_thing: object, name: str | None, kind: str, _reflected: bool, _other: object) -> bool:
        return kind != "table" or name in metadata.tables

    with connected(url) as connection:
        options = {"include_object": is_ours, "compare_type": True}
        found = compare_metadata(MigrationContext.configure(connection, opts=options), metadata)
    # The trigram index depends on the server, so it is no table's.
    return [one for one in found if "ix_contacts_search" not in str(one)]


@pytest.mark.filterwarnings("ignore:.*expression-based index")  # SQLite does not tell what they are
def test_tables_and_migrations_agree(database_url: str) -> None:
    assert differences(database_url) == []


@pytest.mark.filterwarnings("ignore:.*expression-based index")
@pytest.mark.parametrize("stops", [(), ("0009",)], ids=["at once", "after 0009"])
def test_a_database_that_came_to_0006_without_0005_ends_with_all_tables(
    empty_database_url: str, stops: tuple[str, ...]
) -> None:
    """The order was 0003, document links, 0006 once: what is 0004 now had another number, and there was no 0005."""
    schema.migrate(empty_database_url, "0003")
    scripts = ScriptDirectory(str(schema._MIGRATIONS))
    with connected(empty_database_url) as connection:
        for statement in (*ROWS["0001"][:1], *ROWS["0003"]):
            connection.exec_driver_sql(statement)
        with Operations.context(MigrationContext.configure(connection)):
            for revision in ("0004", "0006"):
                scripts.get_revision(revision).module.upgrade()
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0006'")
    for stop in (*stops, "head"):
        schema.migrate(empty_database_url, stop)
    assert differences(empty_database_url) == []
    with store(empty_database_url) as database, database.writing(ACTOR) as uow:
        assert uow.contacts.get("con_1").name == "Ada Roe"
        uow.billing_contacts.save_recipients("con_1", ("books@roe.example",))
        assert uow.billing_contacts.recipients("con_1") == ("books@roe.example",)


def test_there_are_rows_for_every_revision() -> None:
    assert set(ROWS) == set(schema.revisions())


def test_rows_of_every_revision_survive_the_later_ones(empty_database_url: str) -> None:
    for revision in schema.revisions():
        schema.migrate(empty_database_url, revision)
        with connected(empty_database_url) as connection:
            for statement in ROWS[revision]:
                connection.exec_driver_sql(statement)
    schema.migrate(empty_database_url)
    with store(empty_database_url) as database, database.reading(ACTOR) as uow:
        assert uow.contacts.get("con_1").name == "Ada Roe"
        assert [found.name for found in uow.contacts.find("ada").matches] == ["Ada Roe"]
        for typed in ("hopper", "hoepper", "hoppper"):  # a member, since 0008, and with a spelling mistake
            assert [(found.name, found.member) for found in uow.contacts.find(typed).matches] == [
                ("Ada Roe", "Grace Höpper")
            ]
        assert [entry.id for entry in uow.timeline.page("con_1").entries] == ["t1"]
        chat, desk, plus, trial = sorted(uow.mirror.subscriptions("con_1"), key=lambda one: one.product)
        assert uow.requests.open_for("sub_3") == REQUEST
        assert uow.requests.page(RequestFilter.WAITING_FOR_ME, "T1", "U2", limit=1).requests == (REQUEST,)
        assert [card.ts for card in uow.requests.cards(REQUEST.id)] == ["1.2"]
        assert uow.absences.get("T1", "U2").deputy == "U4"
        assert uow.usage.raises_by_itself("con_1") == ("T1", "U1")
        assert uow.billing_contacts.guard("con_1").tries == 2
        assert uow.billing_contacts.proof("bcp_1").left == 1
        assert uow.billing_contacts.by_token("token").email == "ada@roe.example"
        assert uow.billing_contacts.recipients("con_1") == ("books@roe.example", "copy@roe.example")
        assert uow.invoices.get("inv_1") == INVOICE
        assert uow.invoices.templates("T1") == (TEMPLATE,)
        assert [card.ts for card in uow.invoices.cards("inv_1")] == ["1.2"]
        for wanted, found in (
            (RequestFilter.WAITING_FOR_ME, ["inv_asked", "inv_late"]),
            (RequestFilter.FILED_BY_ME, []),
            (RequestFilter.ALL, ["inv_late", "inv_granted", "inv_changed", "inv_asked"]),
        ):
            assert [one.id for one in uow.invoices.asked(wanted, "T1", "U2", limit=9).invoices] == found
        assert [one.id for one in uow.invoices.for_deputy("T1", "U4", limit=9).invoices] == ["inv_late"]
        assert uow.mirror.whose_invoice("in_8")[1].paid == 200
        assert uow.mirror.whose_invoice("in_8")[1].refunded == -5
    with store(empty_database_url) as database, database.writing(ACTOR) as uow:
        assert (uow.invoices.next_number("INV", 2026), uow.invoices.next_number("INV", 2027)) == (42, 7)
        invoice = uow.mirror.invoice("con_1", "in_1")
        assert invoice is not None
        assert (invoice.by_invoice, invoice.attempts, invoice.failing) == (False, 0, False)
        assert (uow.mirror.covers("con_1"), uow.events.newest("cus_1")) == (0, 2)
        assert uow.events.get("evt_2").position == 2  # the later one
        assert uow.failures.due(FUTURE, FUTURE) == ("U1",)
        assert uow.reconciliations.under_way().id == "rec_1"
    assert plus.items == (
        SubscriptionItem(
            product="Plus", price="plus-month-eur", quantity=3, unit_amount=Money(amount=1999, currency="EUR")
        ),
    )
    assert (plus.by_invoice, desk.by_invoice) == (False, True)
    assert (desk.current_period_start, desk.schedule) == (None, None)
    assert (plus.anchor, trial.anchor) == (None, datetime(2026, 1, 31, 10, tzinfo=UTC))
    assert (chat.current_period_start, chat.schedule) == (datetime(2026, 2, 2, 10, tzinfo=UTC), "sub_sched_1")


def test_several_processes_may_migrate_at_once(empty_database_url: str) -> None:
    failures: list[BaseException] = []

    def migrate() -> None:
        try:
            schema.migrate(empty_database_url)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=migrate) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert schema.is_current(empty_database_url)


def test_the_search_grows_when_the_extension_arrives(trigram_database_url: str) -> None:
    """A database that was made on a server without pg_trgm finds the middle of words after the next `migrate`."""

    def find(typed: str) -> tuple[SearchStrength, list[str]]:
        with store(trigram_database_url) as database, database.reading(ACTOR) as uow:
            return database.search_strength(), [found.name for found in uow.contacts.find(typed).matches]

    with connected(trigram_database_url) as connection:
        connection.execute(text("DROP EXTENSION pg_trgm CASCADE"))
        search_index._execute(connection, search_index._WORDS)
    with store(trigram_database_url) as database, database.writing(ACTOR) as uow:
        uow.contacts.save(contact("Bernd Samuelson"))
    assert find("uelson") == (SearchStrength.WORD_PREFIXES, [])
    assert find("samuel") == (SearchStrength.WORD_PREFIXES, ["Bernd Samuelson"])
    schema.migrate(trigram_database_url)
    assert find("uelson") == (SearchStrength.FULL, ["Bernd Samuelson"])


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE timeline SET what = 'contact_imported'",
        "DELETE FROM timeline",
        "TRUNCATE timeline",
        "UPDATE change_decisions SET note = 'no'",
        "DELETE FROM change_decisions",
        "TRUNCATE change_decisions",
    ],
)
def test_the_database_refuses_to_change_what_happened(database_url: str, change: str) -> None:
    if "TRUNCATE" in change and not database_url.startswith("postgresql"):
        pytest.skip("SQLite has no such statement; another parameter runs it")
    with connected(database_url) as connection:
        for statement in (*ROWS["0001"][:2], *ROWS["0003"][1:3]):
            connection.exec_driver_sql(statement)
    with pytest.raises(Exception, match="append-only"), connected(database_url) as connection:
        connection.execute(text(change))


def test_the_database_refuses_a_second_open_request_about_a_subscription(database_url: str) -> None:
    other = ROWS["0003"][1].replace("'chr_1'", "'chr_2'")
    with connected(database_url) as connection:
        for statement in (ROWS["0001"][0], ROWS["0003"][1], other.replace("'filed'", "'rejected'")):
            connection.exec_driver_sql(statement)
    with pytest.raises(IntegrityError), connected(database_url) as connection:
        connection.exec_driver_sql(other.replace("'chr_2'", "'chr_3'").replace("'filed'", "'scheduled'"))
