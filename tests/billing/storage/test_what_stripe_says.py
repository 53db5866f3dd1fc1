"""Notices, comparisons, sums over all contacts, filters and the order of events: each kind of store is the same."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from billing.contacts import Contact, InvoiceStatus, Part
from billing.dunning.failures import pass_on
from billing.dunning.model import Notice
from billing.errors import NotFound
from billing.ids import ContactId, CustomerId, EventId, InvoiceId, TeamId, UserId
from billing.money import Money
from billing.overviews import Sum
from billing.ports import Origin, Store, StripeEvent
from billing.reconciliations import Difference, Reconciliation
from billing.roles import Role
from billing.storage.database import Database
from billing.timeline import Happening, Topic, Wanted
from tests.billing.storage.examples import (
    ACTOR,
    NOW,
    contact,
    entry,
    invoice,
    method,
    operation,
    snapshot,
    subscription,
)
from tests.support.failing import invoice as failing

ADA = contact("Ada", id=ContactId("con_ada"), customer=CustomerId("cus_ada"))
BEN = contact("Ben", id=ContactId("con_ben"), customer=CustomerId("cus_ben"))


@pytest.fixture(autouse=True)
def known(store: Store) -> None:
    with store.writing(ACTOR) as uow:
        for one in (ADA, BEN):
            uow.contacts.save(one)


def notice(number: int, place: str = "C1", **changes: Any) -> Notice:
    fields = {
        "failure": f"in_{number}:retrying",
        "place": place,
        "team": TeamId("T1"),
        "contact": ADA.id,
        "invoice": InvoiceId(f"in_{number}"),
        "amount": Money(amount=100 * number, currency="EUR"),
        "failed_at": NOW,
        "noted_at": NOW + timedelta(seconds=number),
    }
    return Notice(**(fields | changes))


# Notices


def test_the_same_failure_is_noted_once_for_each_place(store: Store) -> None:
    with store.writing(ACTOR) as uow:
        assert [uow.failures.add(notice(1)), uow.failures.add(notice(1)), uow.failures.add(notice(1, "U1"))] == [
            True,
            False,
            True,
        ]


def test_a_place_is_due_when_it_is_quiet_or_has_waited_long(store: Store) -> None:
    with store.writing(ACTOR) as uow:
        for number in (1, 50):
            uow.failures.add(notice(number))
        uow.failures.add(notice(2, "U1"))
        at = NOW
        long_ago = at - timedelta(hours=1)
        assert uow.failures.due(at + timedelta(seconds=2), long_ago) == ("U1",)
        assert uow.failures.due(at + timedelta(seconds=50), long_ago) == ("C1", "U1")
        assert uow.failures.due(long_ago, at + timedelta(seconds=1)) == ("C1",)
        assert uow.failures.due(long_ago, long_ago) == ()


def test_a_batch_holds_what_was_untold_and_is_read_by_the_page(store: Store) -> None:
    with store.writing(ACTOR) as uow:
        for number in range(1, 6):
            uow.failures.add(notice(number))
        uow.failures.add(notice(6, amount=Money(amount=7, currency="JPY")))
        uow.failures.add(notice(7, "U1"))
        batch = uow.failures.gather("C1")
    with store.writing(ACTOR) as uow:
        uow.failures.add(notice(8))
        second = uow.failures.gather("C1")
    with store.reading(ACTOR) as uow:
        # 1.00 + 2.00 + 3.00 + 4.00 + 5.00
        assert uow.failures.totals(batch) == (6, (Money(amount=1500, currency="EUR"), Money(amount=7, currency="JPY")))
        first = uow.failures.page(batch, 4)
        rest = uow.failures.page(batch, 4, first.following or 0)
        assert [one.invoice for one in (*first.notices, *rest.notices)] == [f"in_{n}" for n in range(1, 7)]
        assert rest.following is None
        assert uow.failures.page(second, 4).notices == (notice(8),)
        assert uow.failures.page("failures:forged", 4).notices == ()
        assert uow.failures.totals("failures:forged") == (0, ())
        assert uow.failures.due(NOW + timedelta(days=1), NOW) == ("U1",)


def test_a_batch_is_passed_on_to_each_manager_but_for_what_they_were_told(store: Store) -> None:
    """Again, as after a crash, changes nothing."""
    one, two = (ACTOR.model_copy(update={"user": UserId(user)}) for user in ("U2", "U3"))
    with store.writing(ACTOR) as uow:
        for person in (one, two):
            uow.staff.save(person)
            uow.staff.grant(person.team, person.user, Role.MANAGER, "cli")
        for number in range(1, 4):
            uow.failures.add(notice(number))
        uow.failures.add(notice(2, "U2"))
        uow.failures.gather("U2")
        batch = uow.failures.gather("C1")
    for _ in range(2):
        with store.writing(ACTOR) as uow:
            pass_on(uow, batch)
    with store.writing(ACTOR) as uow:
        told = {place: uow.failures.page(uow.failures.gather(place), 9).notices for place in ("U2", "U3")}
    assert {place: [one.invoice for one in notices] for place, notices in told.items()} == {
        "U2": ["in_1", "in_3"],
        "U3": ["in_1", "in_2", "in_3"],
    }


# Comparisons


def test_a_run_is_kept_with_what_it_found(store: Store) -> None:
    found = Difference(contact=ADA.id, parts=(Part.BALANCE, Part.INVOICES), details=True)
    run = Reconciliation(id="rec_1", began_at=NOW, customers=7, created=1, differing=1, differences=(found,))
    done = run.model_copy(update={"finished_at": NOW + timedelta(minutes=1), "missed_events": 2})
    with store.writing(ACTOR) as uow:
        assert (uow.reconciliations.under_way(), uow.reconciliations.last_finished()) == (None, None)
        uow.reconciliations.save(run)
        assert (uow.reconciliations.under_way(), uow.reconciliations.last_finished()) == (run, None)
        uow.reconciliations.save(done)
    later = run.model_copy(update={"id": "rec_2", "began_at": NOW + timedelta(days=1)})
    with store.writing(ACTOR) as uow:
        assert (uow.reconciliations.under_way(), uow.reconciliations.last_finished()) == (None, done)
        uow.reconciliations.save(later)
        assert (uow.reconciliations.under_way(), uow.reconciliations.last_finished()) == (later, done)
        assert uow.reconciliations.get("rec_1") == done
        with pytest.raises(NotFound):
            uow.reconciliations.get("rec_nobody")


# Events and what the mirror covers


def event(number: int, of: Contact = ADA) -> StripeEvent:
    return StripeEvent(
        id=EventId(f"evt_{number}"),
        type="customer.subscription.updated",
        customer=of.customer,
        object_id="sub_1",
        created_at=NOW - timedelta(minutes=number),
        payload="{}",
        previous='{"quantity": 1}',
        origin=Origin.ELSEWHERE,
    )


def test_events_are_numbered_in_the_order_of_arrival(store: Store) -> None:
    for one in (event(1), event(2, BEN), event(3), event(3)):
        store.accept_event(one)
    with store.reading(ACTOR) as uow:
        positions = [uow.events.get(EventId(f"evt_{n}")).position for n in (1, 2, 3)]
        assert positions == sorted(set(positions))
        assert uow.events.newest(ADA.customer) == positions[2]
        assert uow.events.newest(BEN.customer) == positions[1]
        assert uow.events.newest(CustomerId("cus_nobody")) == 0
        kept = uow.events.get(EventId("evt_1"))
        assert (kept.previous, kept.origin) == ('{"quantity": 1}', Origin.ELSEWHERE)


def test_the_mirror_covers_what_its_newest_look_covers(store: Store) -> None:
    with store.writing(ACTOR) as uow:
        assert uow.mirror.covers(ADA.id) == 0
        uow.mirror.replace(ADA.id, snapshot(ADA, covers=5, read_at=NOW))
        assert uow.mirror.covers(ADA.id) == 5
        uow.mirror.replace(ADA.id, snapshot(ADA, read_at=NOW + timedelta(seconds=1)))
        assert uow.mirror.covers(ADA.id) == 5, "a look that did not ask covers no less"
        refused = snapshot(ADA, covers=9, read_at=NOW - timedelta(seconds=1), payment_methods=(method("a"),))
        assert uow.mirror.replace(ADA.id, refused) == frozenset()
        assert uow.mirror.covers(ADA.id) == 5, "what was not recorded covers nothing"
        assert uow.mirror.covers(BEN.id) == 0


def test_what_an_operation_wrote_is_newer_than_what_was_read_before(store: Store) -> None:
    with store.writing(ACTOR) as uow:
        uow.mirror.replace(ADA.id, snapshot(ADA, read_at=NOW - timedelta(hours=1)))
        began = uow.now
    with store.writing(ACTOR) as uow:
        uow.mirror.add_subscription(ADA.id, subscription("mine"), None)
        written = uow.now
    earlier, later = (
        snapshot(ADA, read_at=at) for at in (began - timedelta(seconds=1), written + timedelta(seconds=1))
    )
    with store.writing(ACTOR) as uow:
        assert uow.mirror.is_older(ADA.id, earlier)
        assert not uow.mirror.is_older(ADA.id, later)
        assert not uow.mirror.replace(ADA.id, earlier)
        assert len(uow.mirror.subscriptions(ADA.id)) == 1


def test_it_is_told_which_parts_were_different(store: Store) -> None:
    with store.writing(ACTOR) as uow:
        uow.mirror.replace(ADA.id, snapshot(ADA))
        assert uow.mirror.replace(ADA.id, snapshot(ADA)) == frozenset()
        changed = snapshot(ADA, invoices=(invoice("1"),), balance=Money(amount=5, currency="EUR"))
        assert uow.mirror.replace(ADA.id, changed) == {Part.INVOICES, Part.BALANCE}


def test_invoices_are_found_by_status_and_alone(store: Store) -> None:
    paid = [invoice(f"p{n}", status="paid", created_at=NOW - timedelta(days=n)) for n in range(5)]
    failed = failing(7, subscription=None, due_at=NOW, pdf="https://pay.example/pdf")
    opened = invoice("o", created_at=NOW, by_invoice=True)
    with store.writing(ACTOR) as uow:
        uow.mirror.replace(ADA.id, snapshot(ADA, invoices=(*paid, failed, opened)))
        statuses = frozenset({InvoiceStatus.PAID})
        first = uow.mirror.invoices(ADA.id, 3, statuses=statuses)
        rest = uow.mirror.invoices(ADA.id, 3, first[-1].id, statuses)
        assert [one.id for one in (*first, *rest)] == [one.id for one in paid]
        assert [one.id for one in uow.mirror.open_invoices(ADA.id)] == [failed.id, opened.id]
        assert [one.id for one in uow.mirror.open_invoices(ADA.id, 1)] == [failed.id]
        assert [one.id for one in uow.mirror.open_invoices(ADA.id, 1, failed.id)] == [opened.id]
        assert uow.mirror.open_invoices(ADA.id, 1, opened.id) == ()
        due = failed.due + opened.due
        assert uow.mirror.open_sums(ADA.id) == {due.currency: (2, due)}
        assert uow.mirror.invoice(ADA.id, failed.id) == failed
        assert uow.mirror.invoice(BEN.id, failed.id) is None
        assert set(uow.contacts.known([ADA.id, ContactId("con_nobody")])) == {ADA.id}


# Sums and lists over all contacts


def test_open_invoices_are_summed_by_currency(store: Store) -> None:
    yen = Money(amount=900, currency="JPY")
    past = NOW - timedelta(days=1)
    with store.writing(ACTOR) as uow:
        uow.mirror.replace(
            ADA.id, snapshot(ADA, invoices=(invoice("1", due_at=past), failing(2), invoice("3", due=yen, total=yen)))
        )
        uow.mirror.replace(
            BEN.id,
            snapshot(
                BEN,
                invoices=(
                    invoice("4", due_at=past),
                    failing(5, due=yen, total=yen, due_at=past),
                    failing(6, status=InvoiceStatus.PAID),
                    failing(7, by_invoice=True),
                ),
            ),
        )
        # two of 59.97
        assert uow.overview.overdue(NOW) == (
            Sum(count=2, amount=Money(amount=11994, currency="EUR")),
            Sum(count=1, amount=yen),
        )
        assert uow.overview.failing() == (
            Sum(count=1, amount=Money(amount=4900, currency="EUR")),
            Sum(count=1, amount=yen),
        )
        assert [(who, one.id) for who, one in uow.overview.worst_failing(9)] == [(ADA.id, "in_2"), (BEN.id, "in_5")]
        assert len(uow.overview.worst_failing(1)) == 1


def test_cards_that_run_out_are_counted_over_the_turn_of_the_year(store: Store) -> None:
    cards = [(11, 2026), (12, 2026), (1, 2027), (2, 2027), (12, 2027), (None, None)]
    methods = tuple(method(str(n), exp_month=month, exp_year=year) for n, (month, year) in enumerate(cards))
    with store.writing(ACTOR) as uow:
        uow.mirror.replace(ADA.id, snapshot(ADA, payment_methods=methods))
        assert uow.overview.expiring(date(2026, 12, 15), date(2027, 1, 15)) == 2
        assert uow.overview.expiring(date(2026, 11, 1), date(2026, 11, 30)) == 1


def test_what_was_received_is_summed_in_one_currency_and_time(store: Store) -> None:
    euros, yen = Money(amount=250, currency="EUR"), Money(amount=9, currency="JPY")
    paid = Happening.PAYMENT_SUCCEEDED
    with store.writing(ACTOR) as uow:
        uow.timeline.append(entry("a", ADA, NOW, what=paid, amount=euros))
        uow.timeline.append(entry("b", BEN, NOW + timedelta(hours=1), what=paid, amount=euros))
        uow.timeline.append(entry("c", ADA, NOW, what=paid, amount=yen))
        uow.timeline.append(entry("d", ADA, NOW, what=Happening.PAYMENT_FAILED, amount=euros))
        uow.timeline.append(entry("e", ADA, NOW + timedelta(days=1), what=paid, amount=euros))
        assert uow.overview.received(NOW, NOW + timedelta(days=1), "EUR") == Money(amount=500, currency="EUR")
        assert uow.overview.received(NOW, NOW + timedelta(days=1), "USD") == Money.zero("USD")


def test_what_somebody_did_and_waits_for(store: Store) -> None:
    with store.writing(ACTOR) as uow:
        for number, state in enumerate(("waiting", "done", "waiting")):
            at = NOW + timedelta(minutes=number)
            uow.operations.add(operation(f"k{number}", state=state, created_at=at, contact=ADA.id))
        uow.operations.add(operation("other", user="U2", state="waiting"))
        uow.operations.add(operation("team", team="T2", state="waiting"))
        team, user = ACTOR.team, ACTOR.user
        uow.operations.add(operation("price", kind="preview_plan_change", created_at=NOW + timedelta(minutes=9)))
        assert [one.key for one in uow.overview.latest(team, user, 2)] == ["price", "k2"]
        deeds = uow.overview.latest(team, user, 2, without=("preview_plan_change", "compare_plans"))
        assert [one.key for one in deeds] == ["k2", "k1"]
        count, waiting = uow.overview.waiting(team, user, 1)
        assert (count, [one.key for one in waiting]) == (2, ["k0"])


def test_what_has_only_led_to_something_else_is_left_out(store: Store) -> None:
    """H6: one act is one line, also where it takes two operations; what came to nothing is told."""
    with store.writing(ACTOR) as uow:
        for number, (kind, state) in enumerate(
            [("send_invoice", "done"), ("issue_invoice", "done"), ("send_invoice", "refused"), ("send_invoice", "done")]
        ):
            at = NOW + timedelta(minutes=number)
            uow.operations.add(operation(f"k{number}", kind=kind, state=state, created_at=at))
        found = uow.overview.latest(ACTOR.team, ACTOR.user, 2, preparing={"send_invoice"})
        assert [one.key for one in found] == ["k2", "k1"]
        assert [one.key for one in uow.overview.latest(ACTOR.team, ACTOR.user, 2)] == ["k3", "k2"]


# The timeline


def test_the_timeline_is_filtered_by_kind_and_time(store: Store) -> None:
    with store.writing(ACTOR) as uow:
        for number in range(6):
            what = Happening.PAYMENT_FAILED if number % 2 else Happening.SUBSCRIPTION_STARTED
            uow.timeline.append(entry(f"t{number}", ADA, NOW - timedelta(days=number), what=what))

        def read(wanted: Wanted, limit: int = 2) -> list[str]:
            found, older = [], None
            while True:
                page = uow.timeline.page(ADA.id, limit, older, wanted)
                found += [one.id for one in page.entries]
                older = page.older
                if older is None:
                    return found

        assert read(Wanted(topic=Topic.FAILURES)) == ["t1", "t3", "t5"]
        assert read(Wanted(since=NOW - timedelta(days=2))) == ["t0", "t1", "t2"]
        assert read(Wanted(topic=Topic.OPERATIONS, since=NOW - timedelta(days=2))) == ["t0", "t2"]
        assert read(Wanted(topic=Topic.DECISIONS)) == []


@pytest.mark.parametrize(
    "statement",
    ["UPDATE timeline SET done_by = 'Eve'", "DELETE FROM timeline", "TRUNCATE timeline"],
)
def test_the_database_refuses_to_change_or_delete_what_happened(
    database: Database, query: Any, statement: str, database_url: str
) -> None:
    """H6: append-only, past the program, too."""
    if statement.startswith("TRUNCATE") and database_url.startswith("sqlite"):
        pytest.skip("SQLite has no TRUNCATE; another parameter runs it")
    with database.writing(ACTOR) as uow:
        uow.contacts.save(ADA)
        uow.timeline.append(entry("t1", ADA))
    with pytest.raises(Exception, match="append-only"):
        query(statement)


REPLACED = {
    "sqlite": "INSERT OR REPLACE INTO timeline (position, id, contact, happened_at, what, done_by, parameters) "
    "SELECT position, id, contact, happened_at, what, 'Eve', parameters FROM timeline",
    "postgresql": "INSERT INTO timeline SELECT * FROM timeline ON CONFLICT (id) DO UPDATE SET done_by = 'Eve'",
}


def test_an_entry_cannot_be_replaced_either(database: Database, database_url: str) -> None:
    """H6: SQLite's REPLACE deletes without asking the triggers, unless it is told to."""
    with database.writing(ACTOR) as uow:
        uow.contacts.save(ADA)
        uow.timeline.append(entry("t1", ADA, by="Ada"))
    with pytest.raises(Exception, match="append-only"), database.writing(ACTOR) as uow:
        uow.connection.exec_driver_sql(REPLACED[database_url.partition(":")[0]])
    with database.reading(ACTOR) as uow:
        assert [one.by for one in uow.timeline.page(ADA.id).entries] == ["Ada"]


# Whom the comparison has not seen


def test_only_who_has_something_that_runs_and_was_not_read_since_is_unseen(store: Store) -> None:
    """By their ids at Stripe, so that the next hundred are found behind the last one."""
    later = NOW + timedelta(hours=1)
    ended = subscription("ended", status="canceled")
    people = {
        "a_card": {"payment_methods": (method("a"),)},
        "b_runs": {"subscriptions": (subscription("b"),)},
        "c_ended": {"subscriptions": (ended,)},
        "d_read": {"payment_methods": (method("d"),), "read_at": later},
        "e_waits": {"subscriptions": (subscription("e", status="scheduled"),)},
    }
    with store.writing(ACTOR) as uow:
        for name, fields in people.items():
            one = contact(name, id=ContactId(f"con_{name}"), customer=CustomerId(f"cus_{name}"))
            uow.contacts.save(one)
            uow.mirror.replace(one.id, snapshot(one, **({"read_at": NOW} | fields)))
    with store.reading(ACTOR) as uow:
        assert uow.mirror.unseen(later, None) == ("cus_a_card", "cus_b_runs", "cus_e_waits")
        assert uow.mirror.unseen(later, CustomerId("cus_a_card"), 1) == ("cus_b_runs",)
        assert uow.mirror.unseen(NOW, None) == ()
