"""Rows of contacts, the mirror, the timeline, operations and staff: what goes in comes out, and the rules of each."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event

from billing.contacts import Account, Address, InvoiceStatus, Member, MemberRight, SubscriptionStatus
from billing.errors import NotFound, Reason, UnknownContact
from billing.money import Money
from billing.operations import State
from billing.ports import Store
from billing.roles import Role
from billing.storage.database import Database
from tests.billing.storage.conftest import Query
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
from tests.billing.storage.test_database import together

FULL = contact(
    "Ada Roe",
    company="Roe GmbH",
    email="ada@roe.example",
    phone="+49 30 1",
    currency="KWD",
    language="de",
    address=Address(line1="Weg 1", line2="Hof", postal_code="10115", city="Berlin", state="BE", country="DE"),
    tax_id="DE1",
    account=Account(
        portal="corporate",
        status="suspended",
        plan="plus/pro",
        active_contacts=3,
        contact_limit=5,
        seats_used=1,
        seats=2,
    ),
    members=(
        Member(name="B", email="b@x.example", rights=frozenset({MemberRight.PRIMARY_ADMIN, MemberRight.PURCHASE})),
        Member(name="A", email="a@x.example"),
    ),
)
PLAIN = contact("Ben Poe")


@pytest.fixture
def known(database: Database) -> Database:
    """A database in which both contacts are."""
    with database.writing(ACTOR) as uow:
        uow.contacts.save_all([FULL, PLAIN])
    return database


# --- contacts ---------------------------------------------------------------------------------------------------------


def test_a_contact_comes_back_as_it_was_saved(known: Database) -> None:
    with known.reading(ACTOR) as uow:
        assert uow.contacts.get(FULL.id) == FULL
        assert uow.contacts.get(PLAIN.id) == PLAIN
        assert uow.contacts.by_customer(FULL.customer) == FULL


def test_saving_again_replaces_members_and_all(known: Database) -> None:
    changed = FULL.model_copy(update={"name": "Ada Poe", "members": FULL.members[1:], "tax_id": None})
    with known.writing(ACTOR) as uow:
        uow.contacts.save(changed)
    with known.reading(ACTOR) as uow:
        assert uow.contacts.get(FULL.id) == changed
        assert uow.contacts.get(PLAIN.id) == PLAIN


def test_an_unknown_contact_is_a_refusal(known: Database) -> None:
    with known.reading(ACTOR) as uow:
        with pytest.raises(UnknownContact):
            uow.contacts.get("con_nobody")
        assert uow.contacts.by_customer("cus_nobody") is None


def test_a_contact_is_found_by_its_members_address_however_it_is_capitalised(store: Store) -> None:
    eve = Member(name="Eve", email="Eve.Day@Roe.example")
    both = [
        contact(name, id=f"con_{name}", members=(Member(name="Other", email="other@x.example"), eve, eve))
        for name in ("a", "b")
    ]
    with store.writing(ACTOR) as uow:
        for one in (*reversed(both), PLAIN, FULL):
            uow.contacts.save(one)
    with store.reading(ACTOR) as uow:
        for typed in ("eve.day@roe.example", "EVE.DAY@ROE.EXAMPLE", "Eve.Day@Roe.example"):
            assert uow.contacts.by_member(typed) == tuple(both)
        assert uow.contacts.by_member("a@x.example") == (FULL,)
        for nobody in ("eve.day@roe", "eve_day@roe.example", "%", "", "ada@roe.example"):
            assert uow.contacts.by_member(nobody) == ()


def test_of_many_contacts_with_the_same_member_ten_are_found(store: Store) -> None:
    eve = Member(name="Eve", email="eve@roe.example")
    many = [contact(str(number), id=f"con_{number:02}", members=(eve,)) for number in range(12)]
    with store.writing(ACTOR) as uow:
        for one in many:
            uow.contacts.save(one)
    with store.reading(ACTOR) as uow:
        assert uow.contacts.by_member(eve.email) == tuple(many[:10])


def test_recent_contacts_are_those_one_acted_on_last(known: Database) -> None:
    for minutes, (who, whom) in enumerate([("U1", FULL), ("U1", PLAIN), ("U1", FULL), ("U2", PLAIN)]):
        at = NOW + timedelta(minutes=minutes)
        known.accept(operation(str(minutes), user=who, contact=whom.id, created_at=at, updated_at=at))
    known.accept(operation("forged", contact="con_nobody"))
    with known.reading(ACTOR) as uow:
        assert [one.name for one in uow.contacts.recent("U1")] == ["Ada Roe", "Ben Poe"]
        assert [one.name for one in uow.contacts.recent("U1", limit=1)] == ["Ada Roe"]
        assert [one.name for one in uow.contacts.recent("U2")] == ["Ben Poe"]
        assert uow.contacts.recent("U3") == ()


# --- the mirror -------------------------------------------------------------------------------------------------------


def test_the_mirror_becomes_what_stripe_has(known: Database) -> None:
    first = snapshot(
        FULL,
        balance=Money(amount=-250, currency="KWD"),
        payment_methods=(
            method("a"),
            method("b", default=True),
            method("c", brand="sepa_debit", exp_month=None, exp_year=None),
        ),
        subscriptions=(
            subscription("old", status="canceled", started_at=NOW - timedelta(days=1)),
            subscription("run", started_at=NOW - timedelta(days=9), discount="SPRING", cancel_at=NOW, price=None),
            subscription(
                "changes",
                started_at=NOW - timedelta(days=10),
                anchor=NOW - timedelta(days=9),
                current_period_start=NOW - timedelta(days=9),
                current_period_end=NOW + timedelta(days=21),
                schedule="sub_sched_1",
            ),
            subscription("late", status="scheduled", started_at=NOW + timedelta(days=9)),
        ),
        invoices=(invoice("2"), invoice("1", created_at=NOW - timedelta(days=1), due_at=None, url="https://x.example")),
    )
    with known.writing(ACTOR) as uow:
        assert uow.mirror.replace(FULL.id, first)
    with known.reading(ACTOR) as uow:
        mirror = uow.mirror
        assert [one.id for one in mirror.payment_methods(FULL.id)] == ["pm_b", "pm_a", "pm_c"]
        assert set(mirror.payment_methods(FULL.id)) == set(first.payment_methods)
        assert [one.id for one in mirror.subscriptions(FULL.id)] == [
            "sub_late",
            "sub_run",
            "sub_changes",
            "sub_old",
        ]
        assert set(mirror.subscriptions(FULL.id)) == set(first.subscriptions)
        assert mirror.invoices(FULL.id) == first.invoices
        assert mirror.balance(FULL.id) == Money(amount=-250, currency="KWD")
        assert mirror.balance(PLAIN.id) is None
        assert mirror.payment_methods(PLAIN.id) == mirror.subscriptions(PLAIN.id) == mirror.invoices(PLAIN.id) == ()


def test_the_same_snapshot_again_changes_nothing(known: Database) -> None:
    one = snapshot(FULL, payment_methods=(method("a"),), subscriptions=(subscription("a"),), invoices=(invoice("1"),))
    with known.writing(ACTOR) as uow:
        assert uow.mirror.replace(FULL.id, one)
        assert not uow.mirror.replace(FULL.id, one)


@pytest.mark.parametrize(
    "change",
    [
        {"balance": Money(amount=1, currency="EUR")},
        {"payment_methods": ()},
        {"payment_methods": (method("a", default=True),)},
        {"subscriptions": (subscription("a", status=SubscriptionStatus.PAST_DUE),)},
        {"subscriptions": (subscription("a"), subscription("b"))},
        {"subscriptions": (subscription("a", current_period_start=NOW),)},
        {"subscriptions": (subscription("a", schedule="sub_sched_1"),)},
        {"invoices": (invoice("1", status=InvoiceStatus.PAID, due=Money(amount=0, currency="EUR")),)},
    ],
)
def test_every_difference_is_noticed_and_removed(known: Database, change: dict[str, object]) -> None:
    one = snapshot(FULL, payment_methods=(method("a"),), subscriptions=(subscription("a"),), invoices=(invoice("1"),))
    other = one.model_copy(update=change)
    with known.writing(ACTOR) as uow:
        uow.mirror.replace(FULL.id, one)
        assert uow.mirror.replace(FULL.id, other)
        assert not uow.mirror.replace(FULL.id, other)
        assert set(uow.mirror.payment_methods(FULL.id)) == set(other.payment_methods)
        assert set(uow.mirror.subscriptions(FULL.id)) == set(other.subscriptions)
        assert uow.mirror.invoices(FULL.id) == other.invoices
        assert uow.mirror.balance(FULL.id) == other.balance


def test_what_an_operation_created_is_there_at_once_and_once(known: Database) -> None:
    started = subscription("new")
    with known.writing(ACTOR) as uow:
        uow.mirror.add_subscription(FULL.id, started, invoice("1"))
        uow.mirror.add_subscription(FULL.id, started, None)
        assert uow.mirror.subscriptions(FULL.id) == (started,)
        assert uow.mirror.invoices(FULL.id) == (invoice("1"),)


def test_invoices_are_paged_even_when_they_are_of_one_instant(known: Database) -> None:
    every = tuple(invoice(str(number)) for number in range(9, 0, -1))
    with known.writing(ACTOR) as uow:
        uow.mirror.replace(FULL.id, snapshot(FULL, invoices=every))
        first = uow.mirror.invoices(FULL.id, limit=4)
        second = uow.mirror.invoices(FULL.id, limit=4, before=first[-1].id)
        third = uow.mirror.invoices(FULL.id, limit=4, before=second[-1].id)
        with pytest.raises(NotFound):
            uow.mirror.invoices(PLAIN.id, before=first[-1].id)  # somebody else's
    assert first + second + third == every


# --- the timeline -----------------------------------------------------------------------------------------------------


def test_an_entry_told_twice_is_one_entry(known: Database) -> None:
    told = entry(
        "t1",
        FULL,
        by="Ada",
        on_behalf_of="Ben",
        amount=Money(amount=0, currency="JPY"),
        operation="op_1",
        stripe_id="sub_1",
        parameters={"quantity": 3, "product": "Plus", "coupon": None},
    )
    with known.writing(ACTOR) as uow:
        assert uow.timeline.append(told)
        assert not uow.timeline.append(told.model_copy(update={"by": "Mallory"}))
        assert uow.timeline.page(FULL.id).entries == (told,)
        assert uow.timeline.page(PLAIN.id).entries == ()


def test_pages_miss_nothing_and_repeat_nothing_at_the_same_instant(known: Database) -> None:
    every = [entry(f"t{number}", FULL, NOW + timedelta(seconds=number // 4)) for number in range(10)]
    with known.writing(ACTOR) as uow:
        uow.timeline.append_all(every)
    read, cursor = [], None
    with known.reading(ACTOR) as uow:
        for size in (3, 3, 3, 1):
            page = uow.timeline.page(FULL.id, limit=3, before=cursor)
            assert len(page.entries) == size
            read += page.entries
            cursor = page.older
    assert cursor is None
    assert read == every[::-1]


def test_an_entry_that_comes_between_two_pages_moves_neither(known: Database) -> None:
    every = [entry(f"t{number}", FULL) for number in range(4)]
    with known.writing(ACTOR) as uow:
        uow.timeline.append_all(every)
        first = uow.timeline.page(FULL.id, limit=2)
        uow.timeline.append(entry("newer", FULL, NOW + timedelta(seconds=1)))
        second = uow.timeline.page(FULL.id, limit=2, before=first.older)
    assert [one.id for one in first.entries + second.entries] == ["t3", "t2", "t1", "t0"]


@pytest.mark.parametrize("cursor", ["", "x", "!!!", "MjAyNi0wMS0wMQ==", "MjAyNi0wMS0wMS8x"])
def test_a_cursor_that_we_did_not_give_is_not_found(known: Database, cursor: str) -> None:
    """The last two are `2026-01-01` and `2026-01-01/1`: no place, no time zone."""
    with known.reading(ACTOR) as uow, pytest.raises(NotFound):
        uow.timeline.page(FULL.id, before=cursor)


NUMBERS = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 99999) SELECT i FROM n",
    "postgresql": "SELECT generate_series(0, 99999) AS i",
}
INSTANT = {
    "sqlite": "strftime('%Y-%m-%d %H:%M:%S.000000', 1700000000 + i, 'unixepoch')",
    "postgresql": "to_timestamp(1700000000 + i)",
}


def test_a_page_deep_in_a_long_timeline_comes_from_the_index(known: Database, query: Query) -> None:
    """100,000 entries: no page sorts or reads what is newer than itself."""
    kind = known._engines.url.get_backend_name()
    query(
        "INSERT INTO timeline (id, contact, happened_at, what, parameters)"
        f" SELECT 't' || i, '{FULL.id}', {INSTANT[kind]}, 'contact_imported', '{{}}' FROM ({NUMBERS[kind]}) AS numbers"
    )
    query("ANALYZE")
    plans: list[str] = []

    def explain(_c: object, cursor: Any, statement: str, parameters: Any, _x: object, _m: bool) -> None:
        cursor.execute(("EXPLAIN QUERY PLAN " if kind == "sqlite" else "EXPLAIN ") + statement, parameters)
        plans.append(str(cursor.fetchall()))

    with known.reading(ACTOR) as uow:
        page = uow.timeline.page(FULL.id, limit=60_000)
        event.listen(known._engines.reader, "before_cursor_execute", explain)
        deep = uow.timeline.page(FULL.id, limit=10, before=page.older)
        event.remove(known._engines.reader, "before_cursor_execute", explain)
    assert [one.id for one in deep.entries] == [f"t{number}" for number in range(39_999, 39_989, -1)]
    (plan,) = plans
    assert "ix_timeline_contact_happened_at_position" in plan
    assert "Sort" not in plan
    assert "TEMP B-TREE" not in plan


# --- operations -------------------------------------------------------------------------------------------------------


def test_a_final_state_is_never_left(known: Database) -> None:
    waiting, reason = operation("w"), Reason(key="UnknownCoupon", rule="H21", parameters={"coupon": "X"})
    with known.writing(ACTOR) as uow:
        uow.operations.add(waiting)
        uow.operations.finish(waiting.id, State.WAITING, result='{"link": 1}')
        assert uow.operations.get(waiting.id).state is State.WAITING
        uow.operations.finish(waiting.id, State.REFUSED, reason=reason)
        uow.operations.finish(waiting.id, State.DONE, result="{}")
        uow.operations.finish(waiting.id, State.WAITING)
        kept = uow.operations.get(waiting.id)
    assert (kept.state, kept.reason, kept.result, kept.updated_at) == (State.REFUSED, reason, None, NOW)


def test_an_unknown_operation_or_event_is_not_found(known: Database) -> None:
    with known.writing(ACTOR) as uow:
        for look in (
            lambda: uow.operations.get("op_x"),
            lambda: uow.operations.finish("op_x", State.DONE),
            lambda: uow.events.get("evt_x"),
        ):
            with pytest.raises(NotFound):
                look()


def test_those_that_wait_for_the_customer_come_oldest_first(known: Database) -> None:
    with known.writing(ACTOR) as uow:
        for name, minutes in (("late", 2), ("early", 1), ("done", 0)):
            one = operation(name, contact=FULL.id, created_at=NOW + timedelta(minutes=minutes))
            uow.operations.add(one)
            uow.operations.finish(one.id, State.DONE if name == "done" else State.WAITING)
        uow.operations.add(operation("accepted", contact=FULL.id))
        assert [one.key for one in uow.operations.waiting(FULL.id)] == ["early", "late"]
        assert uow.operations.waiting(PLAIN.id) == ()


def test_an_operation_is_under_way_while_the_engine_has_it(known: Database) -> None:
    """Not while it waits for the customer, and not when it is over."""
    one = operation("one", contact=FULL.id)
    with known.writing(ACTOR) as uow:
        assert not uow.operations.under_way(FULL.id)
        uow.operations.add(one)
        assert uow.operations.under_way(FULL.id)
        assert not uow.operations.under_way(PLAIN.id)
        uow.operations.finish(one.id, State.WAITING)
        assert not uow.operations.under_way(FULL.id)
        uow.operations.finish(one.id, State.DONE)
        assert not uow.operations.under_way(FULL.id)


# --- staff ------------------------------------------------------------------------------------------------------------


def test_roles_come_from_grants_and_not_from_what_was_saved(known: Database) -> None:
    with known.writing(ACTOR) as uow:
        assert uow.staff.get("T1", "U9") is None
        uow.staff.save(ACTOR.model_copy(update={"user": "U9", "name": "Eve", "roles": frozenset({Role.ADMIN})}))
        assert uow.staff.get("T1", "U9").roles == frozenset()
        uow.staff.grant("T1", "U9", Role.AGENT, "cli")
        uow.staff.grant("T1", "U9", Role.AGENT, "cli")
        uow.staff.save(
            ACTOR.model_copy(update={"user": "U9", "name": "Eva", "locale": "de", "timezone": "Europe/Berlin"})
        )
        eva = uow.staff.get("T1", "U9")
        assert (eva.name, eva.roles, eva.locale, eva.timezone) == ("Eva", {Role.AGENT}, "de", "Europe/Berlin")
        assert uow.staff.get("T2", "U9") is None


def test_a_group_gives_its_role_to_exactly_its_users(known: Database) -> None:
    def holders() -> dict[str, set[Role]]:
        return {actor.user: set(actor.roles) for actor in uow.staff.list()}

    with known.writing(ACTOR) as uow:
        uow.staff.grant("T1", "U1", Role.SALES, "cli")
        uow.staff.replace_group("T1", "sales-team", Role.SALES, frozenset({"U1", "U2", "U3"}))
        uow.staff.replace_group("T1", "bosses", Role.MANAGER, frozenset({"U2"}))
        assert holders() == {"U1": {Role.SALES}, "U2": {Role.SALES, Role.MANAGER}, "U3": {Role.SALES}}
        uow.staff.replace_group("T1", "sales-team", Role.SALES, frozenset({"U4"}))
        # U1 keeps what the command line gave, U2 what the other group gave.
        assert holders() == {"U1": {Role.SALES}, "U2": {Role.MANAGER}, "U4": {Role.SALES}}
        uow.staff.replace_group("T1", "sales-team", Role.SALES, frozenset())
        assert holders() == {"U1": {Role.SALES}, "U2": {Role.MANAGER}}


def test_who_is_dismissed_has_no_role_and_stays_known(known: Database) -> None:
    with known.writing(ACTOR) as uow:
        for team, user in (("T1", "U1"), ("T1", "U2"), ("T2", "U1")):
            uow.staff.save(ACTOR.model_copy(update={"team": team, "user": user}))
            uow.staff.grant(team, user, Role.SALES, "cli")
            uow.staff.replace_group(team, "bosses", Role.MANAGER, frozenset({user}))
        uow.staff.grant("T1", "U2", Role.MANAGER, "cli")
        uow.staff.dismiss("T1", "U1")
        assert uow.staff.get("T1", "U1").roles == frozenset()
        assert [(one.team, one.user) for one in uow.staff.list()] == [("T1", "U2"), ("T2", "U1")]


def test_staff_is_listed_by_name(known: Database) -> None:
    with known.writing(ACTOR) as uow:
        for user, name in (("U1", "Zoe"), ("U2", "ada"), ("U3", "Ben")):
            uow.staff.save(ACTOR.model_copy(update={"user": user, "name": name}))
            uow.staff.grant("T1", user, Role.AGENT, "cli")
        uow.staff.grant("T1", "U0", Role.ADMIN, "cli")  # never seen
        assert [actor.name for actor in uow.staff.list()] == ["ada", "Ben", "U0", "Zoe"]


def test_an_amount_without_a_currency_is_refused_by_the_database(known: Database, query: Query) -> None:
    with pytest.raises(Exception, match="amount_has_currency"):
        query(
            "INSERT INTO timeline (id, contact, happened_at, what, amount, parameters)"
            f" VALUES ('t', '{FULL.id}', '2026-01-01 10:00:00.000000', 'contact_imported', 5, '{{}}')"
        )


def test_a_snapshot_that_was_held_up_does_not_put_back_what_was(known: Database) -> None:
    """Events end in the state that Stripe has, in whatever order they are recorded."""
    older = snapshot(FULL, payment_methods=(method("a"),), read_at=NOW)
    newer = snapshot(FULL, payment_methods=(method("b"),), read_at=NOW + timedelta(milliseconds=1))
    with known.writing(ACTOR) as uow:
        assert uow.mirror.replace(FULL.id, newer)
    with known.writing(ACTOR) as uow:
        assert not uow.mirror.replace(FULL.id, older)
        assert uow.mirror.payment_methods(FULL.id) == newer.payment_methods
        assert uow.mirror.replace(FULL.id, older.model_copy(update={"read_at": NOW + timedelta(seconds=1)}))


def test_one_operation_at_a_time_has_the_turn_to_change_a_subject(store: Store) -> None:
    first, second = operation("first"), operation("second")
    with store.writing(ACTOR) as uow:
        uow.operations.add(first)
        uow.operations.add(second)
        assert uow.operations.turn(first.contact, "in_1") is None
        assert uow.operations.take_turn(first, "in_1")
        assert uow.operations.take_turn(first, "in_1"), "after a crash once more"
        assert not uow.operations.take_turn(second, "in_1")
        assert uow.operations.take_turn(second, "in_2"), "another subject"
    with store.reading(ACTOR) as uow:
        assert uow.operations.turn(first.contact, "in_1") == first.id
        assert uow.operations.turn(contact("Ben Poe").id, "in_1") is None
    with store.writing(ACTOR) as uow:
        uow.operations.finish(first.id, State.WAITING)
        assert uow.operations.turn(first.contact, "in_1") is None
        assert uow.operations.take_turn(second, "in_1")


def test_a_turn_that_an_older_version_left_behind_is_over(database: Database, query: Query) -> None:
    first, second = operation("first"), operation("second")
    for one in (first, second):
        database.accept(one)
    with database.writing(ACTOR) as uow:
        assert uow.operations.take_turn(first, "in_1")
    query(f"UPDATE operations SET state = 'done' WHERE id = '{first.id}'")
    with database.writing(ACTOR) as uow:
        assert uow.operations.take_turn(second, "in_1")
    assert query("SELECT operation FROM turns") == [(second.id,)]


def test_of_many_who_take_the_turn_at_once_one_has_it(database: Database) -> None:
    many = [operation(f"key-{number}") for number in range(12)]
    for one in many:
        database.accept(one)

    def take(number: int) -> bool:
        with database.writing(ACTOR) as uow:
            return uow.operations.take_turn(many[number], "in_1")

    assert sorted(together(len(many), take)) == [False] * 11 + [True]
