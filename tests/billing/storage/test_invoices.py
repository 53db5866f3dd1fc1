"""Rows of our invoices: the same on SQLite, on PostgreSQL and in memory; and numbers without gaps, whatever happens."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import pytest

from billing.change_requests.model import Act, Decision, Person, RequestFilter, RequestState
from billing.contacts import Invoice, InvoiceStatus
from billing.errors import NotFound, UnknownInvoice
from billing.ids import InvoiceId, OperationId, SalesInvoiceId, TeamId, UserId
from billing.invoices import sending
from billing.invoices.model import Approval, Conflict, Details, InvoiceCard, SalesInvoice, Stage, Template
from billing.money import Money
from billing.operations import Context
from billing.ports import Store
from billing.storage.database import Database
from tests.billing.storage.examples import ACTOR, BOSS, FILER, NOW, contact, operation, sales_invoice, snapshot
from tests.support import shop

ADA, BEN = contact("Ada Roe"), contact("Ben Poe")
EUR = {"currency": "EUR"}
LINE = sales_invoice("1").lines[0]


def invoice(name: str, **fields: Any) -> SalesInvoice:
    return sales_invoice(name, **({"contact": ADA.id, "contact_name": ADA.name} | fields))


@pytest.fixture
def known(store: Store) -> Store:
    with store.writing(ACTOR) as uow:
        for one in (ADA, BEN):
            uow.contacts.save(one)
    return store


def adds(store: Store, *invoices: SalesInvoice) -> None:
    with store.writing(ACTOR) as uow:
        for one in invoices:
            assert uow.invoices.add(one)


def test_it_is_read_as_it_was_written(known: Store) -> None:
    one = invoice("1")
    adds(known, one)
    with known.reading(ACTOR) as uow:
        assert uow.invoices.get(one.id) == one
        assert uow.invoices.find("inv_none") is None
        with pytest.raises(UnknownInvoice):
            uow.invoices.get("inv_none")


def test_the_same_id_is_added_once(known: Store) -> None:
    adds(known, invoice("1"))
    with known.writing(ACTOR) as uow:
        assert not uow.invoices.add(invoice("1", contact_name="Other"))
        assert uow.invoices.get("inv_1").contact_name == ADA.name


def test_a_version_is_saved_once(known: Store) -> None:
    one = invoice("1")
    adds(known, one)
    after = one.model_copy(update={"version": 2, "number": "INV-1", "stage": Stage.SENDING, "stripe": "in_1"})
    with known.writing(ACTOR) as uow:
        uow.invoices.save(after)
    with known.writing(ACTOR) as uow:
        with pytest.raises(Conflict):
            uow.invoices.save(after)
        with pytest.raises(Conflict):
            uow.invoices.save(invoice("none", version=2))
    with known.reading(ACTOR) as uow:
        assert uow.invoices.by_stripe("in_1") == after
        assert uow.invoices.of_stripe([InvoiceId("in_1"), InvoiceId("in_2")]) == {"in_1": after}
        assert uow.invoices.of_stripe([]) == {}


def test_only_a_draft_without_a_number_is_deleted(known: Store) -> None:
    adds(known, invoice("1"), invoice("2", number="INV-2", stage=Stage.SENDING), invoice("3", version=3))
    with known.writing(ACTOR) as uow:
        uow.invoices.save_card(InvoiceCard(invoice=SalesInvoiceId("inv_1"), place="C1", channel="C1", ts="1.0"))
    with known.writing(ACTOR) as uow:
        uow.invoices.delete(invoice("1"))
        for kept in (invoice("2"), invoice("3", version=2), invoice("1")):
            with pytest.raises(Conflict):
                uow.invoices.delete(kept)
    with known.reading(ACTOR) as uow:
        assert uow.invoices.find("inv_1") is None
        assert uow.invoices.cards("inv_1") == ()


def test_drafts_are_listed_last_changed_first(known: Store) -> None:
    drafts = [invoice(f"{n}", changed_at=NOW + timedelta(minutes=n)) for n in range(4)]
    others = (
        invoice("ben", contact=BEN.id, changed_at=NOW - timedelta(days=1)),
        invoice("sending", stage=Stage.SENDING, number="INV-1"),
        invoice("issued", stage=Stage.ISSUED, number="INV-2"),
        invoice("team", team="T2"),
    )
    adds(known, *drafts, *others)
    with known.reading(ACTOR) as uow:
        assert [one.id for one in uow.invoices.drafts("T1", 3)] == ["inv_3", "inv_2", "inv_1"]
        assert [one.id for one in uow.invoices.drafts("T1", 9, "inv_1")] == ["inv_0", "inv_ben"]
        mine = {one.id for one in uow.invoices.drafts_of(ADA.id, 9)}
        assert mine == {"inv_0", "inv_1", "inv_2", "inv_3", "inv_sending", "inv_team"}
        assert [one.id for one in uow.invoices.drafts_of(ADA.id, 2)] == ["inv_3", "inv_2"]
        behind = {one.id for one in uow.invoices.drafts_of(ADA.id, 9, "inv_2", team="T1")}
        assert behind == {"inv_0", "inv_1", "inv_sending"}
        assert uow.invoices.count_drafts(ADA.id, "T1") == 5
        with pytest.raises(NotFound):
            uow.invoices.drafts_of(ADA.id, 9, "inv_ben", team="T1")
        with pytest.raises(NotFound):
            uow.invoices.drafts("T1", 9, "inv_none")


def test_who_is_to_be_reminded(known: Store) -> None:
    today = date(2026, 11, 22)
    adds(
        known,
        invoice("today", reminds_on=today),
        invoice("before", reminds_on=today - timedelta(days=3)),
        invoice("later", reminds_on=today + timedelta(days=1)),
        invoice("never"),
    )
    with known.reading(ACTOR) as uow:
        assert [one.id for one in uow.invoices.to_remind(today, 9)] == ["inv_before", "inv_today"]
        assert len(uow.invoices.to_remind(today, 1)) == 1


def test_templates_of_a_team(known: Store) -> None:
    def template(name: str, **fields: Any) -> Template:
        given = {"id": f"tpl_{name}", "team": "T1", "name": name, **EUR, "lines": (LINE,), "details": Details()}
        return Template(**(given | fields))

    with known.writing(ACTOR) as uow:
        for one in (template("B"), template("A"), template("C", team="T2"), template("B")):
            uow.invoices.save_template(one)
        uow.invoices.delete_template("T2", "tpl_B")
    with known.writing(ACTOR) as uow:
        assert uow.invoices.templates("T1") == (template("A"), template("B"))
        uow.invoices.delete_template("T1", "tpl_B")
    with known.reading(ACTOR) as uow:
        assert uow.invoices.templates("T1") == (template("A"),)


def test_cards_are_kept_by_place(known: Store) -> None:
    adds(known, invoice("1"))
    first = InvoiceCard(invoice=SalesInvoiceId("inv_1"), place="C1", channel="C1", ts="1.0")
    with known.writing(ACTOR) as uow:
        uow.invoices.save_card(first)
        uow.invoices.save_card(first.model_copy(update={"ts": "2.0"}))
    with known.reading(ACTOR) as uow:
        assert [one.ts for one in uow.invoices.cards("inv_1")] == ["2.0"]


# --- approvals --------------------------------------------------------------------------------------------------------


def asked(name: str, by: Person = FILER, hours: int = 0, *, outdated: bool = False, **fields: Any) -> SalesInvoice:
    """An invoice that a manager was asked about."""
    one = invoice(name, **{key: value for key, value in fields.items() if key != "state"})
    at = NOW + timedelta(hours=hours)
    approval = Approval(
        state=fields.get("state", RequestState.FILED),
        fingerprint="other" if outdated else one.content,
        filed_by=by,
        decisions=(Decision(number=1, act=Act.FILE, by=by, at=at),),
        nudged_at=at,
    )
    return one.model_copy(update={"approval": approval})


def listed(store: Store, wanted: RequestFilter, user: str = "U2", **how: Any) -> list[str]:
    with store.reading(ACTOR) as uow:
        page = uow.invoices.asked(wanted, TeamId("T1"), UserId(user), **({"limit": 100} | how))
    assert "limit" in how or page.total == len(page.invoices)
    return [one.id.removeprefix("inv_") for one in page.invoices]


def test_what_waits_is_found_with_and_without_a_card(known: Store) -> None:
    """What was decided, changed or sent waits no more; the oldest comes first, a page at a time."""
    adds(
        known,
        asked("new", hours=2),
        asked("old"),
        asked("elsewhere", hours=1, team="T2"),
        asked("changed", outdated=True),
        asked("rejected", state=RequestState.REJECTED),
        asked("sent", stage=Stage.ISSUED, number="INV-1"),
        invoice("unasked"),
    )
    with known.writing(ACTOR) as uow:
        uow.invoices.save_card(InvoiceCard(invoice=invoice("new").id, place="C1", channel="C1", ts="1.0"))
        first = uow.invoices.waiting(2)
        rest = uow.invoices.waiting(2, first[-1].place)
    assert [one.id for one in (*first, *rest)] == ["inv_old", "inv_elsewhere", "inv_new"]


def test_each_list_has_its_own_invoices(known: Store) -> None:
    adds(
        known,
        asked("new", hours=2),
        asked("old", hours=1),
        asked("theirs", BOSS),
        asked("changed", hours=3, outdated=True),
        asked("granted", hours=4, state=RequestState.APPROVED),
        asked("sent", hours=5, stage=Stage.ISSUED, number="INV-1"),
        asked("elsewhere", team="T2"),
        invoice("unasked"),
    )
    every = ["sent", "granted", "changed", "new", "old", "theirs"]
    assert {wanted: listed(known, wanted) for wanted in RequestFilter} == {
        RequestFilter.WAITING_FOR_ME: ["old", "new"],
        RequestFilter.FILED_BY_ME: ["theirs"],
        RequestFilter.UNDECIDED: ["theirs", "old", "new"],
        RequestFilter.SCHEDULED: [],
        RequestFilter.ALL: every,
    }
    assert listed(known, RequestFilter.WAITING_FOR_ME, "U1") == ["theirs"]
    assert listed(known, RequestFilter.FILED_BY_ME, "U1") == every[:-1]


def test_a_draft_waits_from_when_it_is_asked_for_until_it_is_changed(known: Store) -> None:
    one = asked("1")
    adds(known, invoice("1"))
    assert listed(known, RequestFilter.UNDECIDED) == []
    with known.writing(ACTOR) as uow:
        uow.invoices.save(one.model_copy(update={"version": 2}))
    assert listed(known, RequestFilter.UNDECIDED) == ["1"]
    with known.writing(ACTOR) as uow:
        uow.invoices.save(one.model_copy(update={"version": 3, "lines": ()}))
    assert (listed(known, RequestFilter.UNDECIDED), listed(known, RequestFilter.ALL)) == ([], ["1"])


@pytest.mark.parametrize("wanted", [one for one in RequestFilter if one is not RequestFilter.SCHEDULED])
def test_pages_of_invoices_miss_nothing_at_the_same_instant(known: Store, wanted: RequestFilter) -> None:
    """Seven, three of an instant each; ids decide among them."""
    every = [asked(f"{number}", hours=number // 3) for number in range(7)]
    adds(known, *every[4:], *every[:4])
    user = UserId("U1" if wanted is RequestFilter.FILED_BY_ME else "U2")
    read, after = [], None
    with known.reading(ACTOR) as uow:
        for size in (3, 3, 1):
            page = uow.invoices.asked(wanted, TeamId("T1"), user, limit=3, after=after)
            assert (len(page.invoices), page.total) == (size, 7)
            read += page.invoices
            after = page.following
    assert after is None
    assert read == (every if wanted.oldest_first else every[::-1])


def test_deputies_have_a_list_of_what_they_may_decide(known: Store) -> None:
    """Oldest first, page by page; another version of the draft, a decision and its end take it off the list."""

    def asked_of(name: str, *users: str, hours: int = 0, **fields: Any) -> SalesInvoice:
        one = asked(name, hours=hours, **fields)
        people = tuple(Person(user=UserId(user), name=user, instead_of="Ben") for user in users)
        return one.model_copy(update={"approval": one.approval.model_copy(update={"deputies": people})})

    def waiting(user: str, **how: Any) -> list[str]:
        with known.reading(ACTOR) as uow:
            found = uow.invoices.for_deputy(TeamId("T1"), UserId(user), **({"limit": 9} | how))
        assert (found.following is None) == (len(found.invoices) == found.total)
        return [one.id.removeprefix("inv_") for one in found.invoices]

    first, second = asked_of("b", "U4", "U5", hours=1), asked_of("a", "U4", hours=2)
    decided = asked_of("c", "U4", state=RequestState.APPROVED)
    adds(known, second, first, decided, asked_of("d", "U4", outdated=True), asked_of("e", "U4", team="T2"))
    assert (waiting("U4"), waiting("U5"), waiting("U2")) == (["b", "a"], ["b"], [])
    assert waiting("U4", limit=1) == ["b"]
    with known.reading(ACTOR) as uow:
        page = uow.invoices.for_deputy(TeamId("T1"), UserId("U4"), limit=1)
        assert uow.invoices.for_deputy(TeamId("T1"), UserId("U4"), limit=1, after=page.following).invoices == (second,)
    with known.writing(ACTOR) as uow:
        uow.invoices.save(first.model_copy(update={"version": 2, "lines": ()}))
        uow.invoices.delete(second)
    assert (waiting("U4"), waiting("U5")) == ([], [])


def test_the_mirror_knows_what_was_paid(known: Store) -> None:
    def at_stripe(name: str, **fields: Any) -> Invoice:
        given = {"id": f"in_{name}", "number": name, "status": InvoiceStatus.OPEN, "created_at": NOW}
        given |= {"total": Money(amount=100, **EUR), "due": Money(amount=70, **EUR)}
        return Invoice(**(given | fields))

    one = at_stripe("1", paid=20, reduced=10, given_back=5, due_at=NOW)
    with known.writing(ACTOR) as uow:
        uow.mirror.add_invoice(ADA.id, one)
        uow.mirror.add_invoice(ADA.id, at_stripe("2", due_at=NOW - timedelta(days=1)))
        uow.mirror.add_invoice(ADA.id, at_stripe("3", status=InvoiceStatus.PAID))
    with known.reading(ACTOR) as uow:
        assert uow.mirror.whose_invoice("in_1") == (ADA.id, one)
        assert uow.mirror.whose_invoice("in_none") is None
        assert [found.id for found in uow.mirror.open_invoices(ADA.id)] == ["in_2", "in_1"]


def test_operations_at_work(known: Store) -> None:
    with known.writing(ACTOR) as uow:
        for key in ("b", "a"):
            uow.operations.add(operation(key, contact=ADA.id))
        uow.operations.add(operation("done", contact=ADA.id, state="done"))
    with known.reading(ACTOR) as uow:
        assert {one.key for one in uow.operations.at_work(ADA.id)} == {"a", "b"}
        assert uow.operations.at_work(BEN.id) == ()


def test_operations_that_were_done(known: Store) -> None:
    """Of that kind and contact, in the order in which they were done."""
    later = NOW + timedelta(seconds=1)
    with known.writing(ACTOR) as uow:
        uow.operations.add(operation("last", contact=ADA.id, state="done", updated_at=later))
        uow.operations.add(operation("first", contact=ADA.id, state="done"))
        uow.operations.add(operation("refused", contact=ADA.id, state="refused"))
        uow.operations.add(operation("other", contact=ADA.id, state="done", kind="other"))
        for key, ref in (("mine", "inv_1"), ("longer", "inv_11"), ("any", "inv%1")):
            result = f'{{"note":"\\"ref\\":\\"inv_1\\"","ref":"{ref}"}}'
            uow.operations.add(operation(key, contact=ADA.id, state="done", kind="credit", result=result))
        kind = operation("first").kind
    with known.reading(ACTOR) as uow:
        assert [one.key for one in uow.operations.done(ADA.id, kind)] == ["first", "last"]
        assert [one.key for one in uow.operations.done(ADA.id, "credit", "inv_1")] == ["mine"]
        assert [one.key for one in uow.operations.done(ADA.id, "credit", "inv%1")] == ["any"]
        assert uow.operations.done(BEN.id, kind) == ()


# Numbers


class _PowerCut(Exception):
    pass


def breaks(wanted: bool) -> None:
    if wanted:
        raise _PowerCut


def test_a_rollback_gives_the_number_back(known: Store) -> None:
    with known.writing(ACTOR) as uow:
        assert [uow.invoices.next_number("INV", 2026) for _ in range(2)] == [1, 2]
    with pytest.raises(_PowerCut), known.writing(ACTOR) as uow:
        breaks(uow.invoices.next_number("INV", 2026) == 3)
    with known.writing(ACTOR) as uow:
        assert uow.invoices.next_number("INV", 2026) == 3
        assert (uow.invoices.next_number("INV", 2027), uow.invoices.next_number("RE", 2026)) == (1, 1)


@pytest.fixture
def numbering(database_url: str) -> Iterator[Database]:
    with Database(
        database_url, catalogue=shop.CATALOGUE, enqueue=lambda connection, *jobs: None, clock=lambda: NOW
    ) as database:
        with database.writing(ACTOR) as uow:
            uow.contacts.save(ADA)
        yield database


def test_fifty_people_send_at_once_and_some_transactions_break(numbering: Database) -> None:
    """Every third one breaks after it took its number and is tried again: 1 to 50, each once, each with its invoice."""
    count = 50
    with numbering.writing(ACTOR) as uow:
        for n in range(count):
            assert uow.invoices.add(invoice(f"{n:02}"))
            assert uow.operations.add(operation(f"k{n}", contact=ADA.id))
    together = threading.Barrier(count)

    def send(n: int) -> None:
        id_ = operation(f"k{n}").id
        context = Context(operation=id_, actor=ACTOR, created_at=NOW)
        checked = sending.Sendable(
            invoice=SalesInvoiceId(f"inv_{n:02}"), written=invoice(f"{n:02}").written, due_on=NOW.date(), order=None
        )
        outcome = sending.AtStripe(prepared=InvoiceId(f"in_{n:02}"))
        together.wait()
        for wanted in (n % 3 == 0, False):
            try:
                with numbering.writing(ACTOR) as uow:
                    sending.record(uow, context, checked, outcome)
                    breaks(wanted)
            except _PowerCut:
                continue

    with ThreadPoolExecutor(count) as threads:
        list(threads.map(send, range(count)))
    with numbering.reading(ACTOR) as uow:
        made = [uow.invoices.get(f"inv_{n:02}") for n in range(count)]
        issue = [uow.operations.get(OperationId(f"{operation(f'k{n}').id}_i")) for n in range(count)]
    assert sorted(one.number for one in made) == [f"INV-2026-{n:05}" for n in range(1, count + 1)]
    assert {one.kind for one in issue} == {"issue_invoice"}


_DIES = """
import os, sys
from billing.storage.database import Database
from tests.billing.storage.examples import ACTOR, NOW
from tests.support import shop
with Database(sys.argv[1], catalogue=shop.CATALOGUE, enqueue=lambda c, *j: None, clock=lambda: NOW) as database:
    with database.writing(ACTOR) as uow:
        print(uow.invoices.next_number("INV", 2026), flush=True)
        os._exit(9)
"""


def test_a_process_that_dies_with_a_number_leaves_no_gap(numbering: Database, database_url: str) -> None:
    for _ in range(3):
        command = [sys.executable, "-c", _DIES, database_url]
        dead = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
        assert (dead.returncode, dead.stdout.strip()) == (9, "1"), dead.stderr
    with numbering.writing(ACTOR) as uow:
        assert uow.invoices.next_number("INV", 2026) == 1


# The mirror never goes backwards


def mirrored(status: InvoiceStatus, name: str = "1") -> Invoice:
    total = Money(amount=100, **EUR)
    return Invoice(id=InvoiceId(f"in_{name}"), number=name, status=status, total=total, due=total, created_at=NOW)


@pytest.mark.parametrize(
    ("known_status", "read_status", "expected"),
    [
        ("open", "draft", "open"),
        ("paid", "open", "paid"),
        ("void", "open", "void"),
        ("uncollectible", "paid", "paid"),
        ("open", "paid", "paid"),
    ],
)
def test_a_snapshot_that_was_held_up_takes_nothing_back(
    known: Store, known_status: str, read_status: str, expected: str
) -> None:
    """It was read while an operation was at work, and is recorded after it."""
    with known.writing(ACTOR) as uow:
        uow.mirror.add_invoice(ADA.id, mirrored(InvoiceStatus(known_status)))
        uow.mirror.replace(ADA.id, snapshot(ADA, invoices=(mirrored(InvoiceStatus(read_status)),)))
        found = uow.mirror.whose_invoice("in_1")
    assert found
    assert found[1].status == expected


@pytest.mark.parametrize(
    ("known_as", "told", "expected"),
    [
        ({"status": "paid", "paid": 100}, {"status": "open"}, ("paid", 100)),
        ({"status": "open", "paid": 60}, {"status": "open", "paid": 10}, ("open", 60)),
        ({"status": "open", "paid": 10}, {"status": "open", "paid": 60}, ("open", 60)),
        ({"status": "open"}, {"status": "paid", "paid": 100}, ("paid", 100)),
    ],
)
def test_an_operation_that_is_written_down_late_takes_nothing_back(
    known: Store, known_as: dict[str, Any], told: dict[str, Any], expected: tuple[str, int]
) -> None:
    """It told Stripe, and the process died; the customer paid on Stripe's page before another one wrote it down."""
    one = mirrored(InvoiceStatus.OPEN)
    seen, late = (Invoice.model_validate(one.model_dump() | fields) for fields in (known_as, told))
    with known.writing(ACTOR) as uow:
        uow.mirror.replace(ADA.id, snapshot(ADA, invoices=(seen,)))
        uow.mirror.add_invoice(ADA.id, late)
        found = uow.mirror.whose_invoice("in_1")
    assert found
    assert (found[1].status, found[1].paid) == expected


def test_only_drafts_disappear(known: Store) -> None:
    """What was issued after the reading began is not in the snapshot; a draft that is not, was deleted."""
    with known.writing(ACTOR) as uow:
        uow.mirror.add_invoice(ADA.id, mirrored(InvoiceStatus.OPEN, "1"))
        uow.mirror.add_invoice(ADA.id, mirrored(InvoiceStatus.DRAFT, "2"))
        uow.mirror.replace(ADA.id, snapshot(ADA))
        assert [one.id for one in uow.mirror.invoices(ADA.id)] == ["in_1"]
