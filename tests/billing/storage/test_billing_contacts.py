"""Guards, proofs, links and recipients: the same on SQLite, on PostgreSQL and in memory; and when many come at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from threading import Barrier
from typing import Any, TypeVar

import pytest

from billing.access import Actor
from billing.billing_contacts import changing, links, verifying
from billing.billing_contacts.changing import ChangeBillingContact, ChangeBillTo
from billing.billing_contacts.model import Guard, Link, Proof, Purpose
from billing.contacts import Account, Address, Contact, CustomerSnapshot, Portal
from billing.desk import Desk
from billing.errors import LinkUnknown, Refusal, VerificationLocked, WrongCard
from billing.ids import ContactId, CustomerId, LinkId, OperationId, ProofId, TeamId, UserId
from billing.money import Money
from billing.ports import Store
from billing.roles import Role
from billing.storage.database import Database
from tests.billing.storage.conftest import Query, enqueue
from tests.billing.storage.examples import ACTOR, NOW
from tests.support.accounts import HOLDER, MIA, NEW, PEOPLE, card, says
from tests.support.shop import CATALOGUE

T = TypeVar("T")
ADA = Contact(
    id=ContactId("con_ada"),
    customer=CustomerId("cus_ada"),
    name="Ada Lovelace",
    email="ada@engines.example",
    currency="EUR",
    address=Address(line1="Lindenstraße 12", postal_code="10969", city="Berlin", country="DE"),
    account=Account(portal=Portal.CORPORATE),
    members=PEOPLE,
    since=date(2024, 1, 15),
)
OP, OTHER = OperationId("op_1"), OperationId("op_2")
DAY = timedelta(hours=24)


def link(**changes: Any) -> Link:
    fields = {
        "id": LinkId("bcl_1"),
        "contact": ADA.id,
        "purpose": Purpose.EDIT,
        "name": "Bea Books",
        "email": "bea@engines.example",
        "team": TeamId("T1"),
        "user": UserId("U1"),
        "operation": OP,
        "created_at": NOW,
        "expires_at": NOW + timedelta(hours=48),
    }
    return Link(**(fields | changes))


def proof(**changes: Any) -> Proof:
    fields = {
        "id": ProofId("bcp_1"),
        "contact": ADA.id,
        "team": TeamId("T1"),
        "user": UserId("U1"),
        "requester": "Carl Card",
        "at": NOW,
        "right": True,
        "left": 2,
    }
    return Proof(**(fields | changes))


@pytest.fixture
def known(store: Store) -> Store:
    with store.writing(ACTOR) as uow:
        uow.contacts.save(ADA)
    return store


# --- rows -------------------------------------------------------------------------------------------------------------


def test_an_account_without_a_row_is_unguarded(known: Store) -> None:
    with known.reading(ACTOR) as uow:
        assert uow.billing_contacts.guard(ADA.id) == Guard()


def test_tries_are_numbered_and_end(known: Store) -> None:
    with known.writing(ACTOR) as uow:
        taken = [uow.billing_contacts.take_try(ADA.id, NOW, 3, DAY) for _ in range(5)]
        assert taken == [1, 2, 3, None, None]
        assert uow.billing_contacts.guard(ADA.id) == Guard(tries=3, tries_since=NOW)


def test_a_lock_gives_no_try_until_it_is_over(known: Store) -> None:
    with known.writing(ACTOR) as uow:
        uow.billing_contacts.take_try(ADA.id, NOW, 3, DAY)
        uow.billing_contacts.lock(ADA.id, NOW + timedelta(hours=2))
        later = NOW + timedelta(hours=2)
        assert uow.billing_contacts.take_try(ADA.id, later - timedelta(seconds=1), 3, DAY) is None
        assert uow.billing_contacts.take_try(ADA.id, later, 3, DAY) == 1
        assert uow.billing_contacts.guard(ADA.id) == Guard(tries=1, tries_since=later)


def test_tries_of_long_ago_are_forgotten(known: Store) -> None:
    with known.writing(ACTOR) as uow:
        uow.billing_contacts.take_try(ADA.id, NOW, 3, DAY)
        uow.billing_contacts.take_try(ADA.id, NOW + timedelta(hours=23), 3, DAY)
        assert uow.billing_contacts.take_try(ADA.id, NOW + DAY, 3, DAY) == 1


def test_forgiving_says_whether_there_was_a_lock(known: Store) -> None:
    with known.writing(ACTOR) as uow:
        assert not uow.billing_contacts.forgive(ADA.id)
        uow.billing_contacts.take_try(ADA.id, NOW, 3, DAY)
        assert not uow.billing_contacts.forgive(ADA.id)
        uow.billing_contacts.take_try(ADA.id, NOW, 3, DAY)
        uow.billing_contacts.lock(ADA.id, NOW + DAY)
        assert uow.billing_contacts.forgive(ADA.id)
        assert uow.billing_contacts.guard(ADA.id) == Guard()


def test_a_freeze_is_lifted_once(known: Store) -> None:
    with known.writing(ACTOR) as uow:
        assert not uow.billing_contacts.thaw(ADA.id)
        uow.billing_contacts.freeze(ADA.id, NOW)
        assert uow.billing_contacts.guard(ADA.id).frozen_at == NOW
        assert uow.billing_contacts.thaw(ADA.id)
        assert not uow.billing_contacts.thaw(ADA.id)


def test_one_change_at_a_time(known: Store) -> None:
    with known.writing(ACTOR) as uow:
        assert uow.billing_contacts.begin(ADA.id, OP)
        assert not uow.billing_contacts.begin(ADA.id, OTHER)
        uow.billing_contacts.end(ADA.id, OTHER)  # not theirs to end
        assert uow.billing_contacts.guard(ADA.id).changing == OP
        uow.billing_contacts.end(ADA.id, OP)
        assert uow.billing_contacts.begin(ADA.id, OTHER)


def test_a_proof_is_noted_once_and_used_once(known: Store) -> None:
    with known.writing(ACTOR) as uow:
        assert uow.billing_contacts.add_proof(proof())
        assert not uow.billing_contacts.add_proof(proof(right=False))
        assert uow.billing_contacts.proof(ProofId("bcp_1")) == proof()
        assert uow.billing_contacts.proof(ProofId("bcp_2")) is None
        assert uow.billing_contacts.use_proof(ProofId("bcp_1"), OP)
        assert not uow.billing_contacts.use_proof(ProofId("bcp_1"), OTHER)
        assert not uow.billing_contacts.use_proof(ProofId("bcp_2"), OP)
        uow.billing_contacts.give_back(OTHER)
        assert uow.billing_contacts.proof(ProofId("bcp_1")) == proof(used_by=OP)
        uow.billing_contacts.give_back(OP)
        assert uow.billing_contacts.proof(ProofId("bcp_1")) == proof()


def test_a_link_is_found_by_any_of_its_tokens(known: Store) -> None:
    with known.writing(ACTOR) as uow:
        uow.billing_contacts.add_link(link())
        uow.billing_contacts.add_link(link(name="the same step again"))
        for token in ("one", "two"):
            uow.billing_contacts.add_token(token, LinkId("bcl_1"))
            assert uow.billing_contacts.by_token(token) == link()
        for missing in (lambda: uow.billing_contacts.by_token("three"), lambda: uow.billing_contacts.link(LinkId("x"))):
            with pytest.raises(LinkUnknown):
                missing()


def test_a_link_is_used_once_until_it_is_given_back(known: Store) -> None:
    with known.writing(ACTOR) as uow:
        uow.billing_contacts.add_link(link())
        assert uow.billing_contacts.use_link(LinkId("bcl_1"), OP, NOW)
        assert not uow.billing_contacts.use_link(LinkId("bcl_1"), OTHER, NOW)
        assert uow.billing_contacts.link(LinkId("bcl_1")) == link(used_at=NOW, used_by=OP, uses=1)
        uow.billing_contacts.give_back(OP)
        assert uow.billing_contacts.link(LinkId("bcl_1")) == link(uses=1)
        assert uow.billing_contacts.use_link(LinkId("bcl_1"), None, NOW)
        assert uow.billing_contacts.link(LinkId("bcl_1")) == link(used_at=NOW, uses=2)


def test_attempts_are_numbered(known: Store) -> None:
    with known.writing(ACTOR) as uow:
        uow.billing_contacts.add_link(link())
        assert [uow.billing_contacts.attempt(LinkId("bcl_1")) for _ in range(3)] == [1, 2, 3]


def test_a_freeze_calls_off_what_is_under_way_and_has_a_name(known: Store) -> None:
    """Lock and freeze are named alike by whoever kept the instant and by whoever reads the row."""
    until = NOW + DAY
    with known.writing(ACTOR) as uow:
        uow.billing_contacts.begin(ADA.id, OP)
        uow.billing_contacts.freeze(ADA.id, NOW)
        uow.billing_contacts.lock(ADA.id, until)
        guard = uow.billing_contacts.guard(ADA.id)
    assert guard.changing is None
    assert guard.held_by == Guard(frozen_at=NOW).held_by | Guard(locked_until=until).held_by
    assert len(guard.held_by) == 2


def test_proofs_are_voided_and_other_accounts_are_not(known: Store) -> None:
    """Also the one that a change gives back later."""
    with known.writing(ACTOR) as uow:
        uow.contacts.save(ADA.model_copy(update={"id": ContactId("con_ben"), "customer": CustomerId("cus_ben")}))
        for id_, contact in (("bcp_1", ADA.id), ("bcp_2", ADA.id), ("bcp_3", "con_ben")):
            uow.billing_contacts.add_proof(proof(id=ProofId(id_), contact=ContactId(contact)))
        uow.billing_contacts.use_proof(ProofId("bcp_2"), OP)
        uow.billing_contacts.void_proofs(ADA.id)
        uow.billing_contacts.give_back(OP)
        found = [uow.billing_contacts.proof(ProofId(f"bcp_{n}")) for n in (1, 2, 3)]
    assert [one.right for one in found if one] == [False, False, True]


def test_links_to_edit_are_counted_and_closed_and_reports_are_not(known: Store) -> None:
    with known.writing(ACTOR) as uow:
        uow.billing_contacts.add_link(link())
        uow.billing_contacts.add_link(link(id=LinkId("bcl_2"), created_at=NOW - DAY))
        uow.billing_contacts.add_link(link(id=LinkId("bcl_3"), purpose=Purpose.REPORT))
        uow.billing_contacts.use_link(LinkId("bcl_2"), OP, NOW)
        assert uow.billing_contacts.links_since(ADA.id, NOW) == 1
        assert uow.billing_contacts.links_since(ADA.id, NOW - DAY) == 2
        uow.billing_contacts.close_links(ADA.id, NOW)
        ends = [uow.billing_contacts.link(LinkId(f"bcl_{n}")).expires_at for n in (1, 2, 3)]
        assert ends == [NOW, NOW, NOW + timedelta(hours=48)]


def test_recipients_stay_in_order(known: Store) -> None:
    with known.writing(ACTOR) as uow:
        assert uow.billing_contacts.recipients(ADA.id) == ()
        for wanted in (("b@x.example", "a@x.example"), ("c@x.example",), ()):
            uow.billing_contacts.save_recipients(ADA.id, wanted)
            assert uow.billing_contacts.recipients(ADA.id) == wanted


# --- many at once -----------------------------------------------------------------------------------------------------

STAFF = Actor(**(MIA.model_dump() | {"roles": frozenset({Role.AGENT, Role.MANAGER})}))


@pytest.fixture
def databases(database_url: str, query: Query) -> Any:
    """Two stores on one database, as two processes have them, with Ada's account and card."""
    query("CREATE TABLE jobs (id VARCHAR PRIMARY KEY, name VARCHAR, argument VARCHAR)")
    made = [Database(database_url, catalogue=CATALOGUE, enqueue=enqueue, clock=lambda: NOW) for _ in range(2)]
    with made[0].writing(STAFF) as uow:
        uow.staff.save(STAFF)
        uow.contacts.save(ADA)
        snapshot = CustomerSnapshot(
            customer=ADA.customer,
            name="",
            email="",
            phone="",
            currency="EUR",
            address=None,
            language=None,
            created_at=NOW,
            balance=Money.zero("EUR"),
            payment_methods=(card(),),
        )
        uow.mirror.replace(ADA.id, snapshot)
    yield made
    for one in made:
        one.close()


def at_once(acts: list[Callable[[], T]]) -> list[T | Refusal]:
    """What came of each; all begin together."""
    barrier = Barrier(len(acts))

    def act(one: Callable[[], T]) -> T | Refusal:
        barrier.wait()
        try:
            return one()
        except Refusal as refusal:
            return refusal

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(act, acts))


def verify(database: Database, last4: str, key: str) -> Proof:
    return verifying.verify(Desk(database, lambda: NOW), STAFF, says(last4, of=ADA.id, who=HOLDER), key)


def test_five_wrong_answers_at_once_are_three_tries(databases: list[Database], query: Query) -> None:
    """G11: whatever comes at once, over all processes: two are told "wrong", and everything after is locked."""
    came = at_once([lambda n=n: verify(databases[n % 2], "0000", f"k{n}") for n in range(5)])
    assert sorted(type(one).__name__ for one in came) == ["VerificationLocked"] * 3 + ["WrongCard"] * 2
    assert query("SELECT count(*) FROM billing_contact_proofs") == [(3,)]
    assert len(query("SELECT id FROM jobs WHERE name = 'billing_contact_mail'")) == 1
    with pytest.raises(VerificationLocked):
        verify(databases[1], "4242", "right")


def test_guessing_in_parallel_gets_no_fourth_answer(databases: list[Database], query: Query) -> None:
    """The right digits among many: at most three were compared at all."""
    guesses = ["0001", "0002", "0003", "0004", "4242", "0005", "0006", "0007"]
    came = at_once([lambda n=n, g=g: verify(databases[n % 2], g, f"k{n}") for n, g in enumerate(guesses)])
    compared = [one for one in came if isinstance(one, Proof | WrongCard)]
    (wrong,) = query("SELECT count(*) FROM billing_contact_proofs WHERE NOT is_right")[0]
    # A right answer forgives those before it, so at most two wrong ones came before it and three after.
    assert len(compared) <= 5
    assert wrong <= 5 if any(isinstance(one, Proof) for one in came) else wrong == 3


def test_the_same_try_at_once_is_one(databases: list[Database], query: Query) -> None:
    came = at_once([lambda n=n: verify(databases[n % 2], "0000", "same") for n in range(4)])
    assert {one.parameters["left"] for one in came if isinstance(one, WrongCard)} == {2}
    assert query("SELECT tries FROM billing_contact_guards") == [(1,)]
    assert query("SELECT count(*) FROM timeline") == [(1,)]


def by_support(database: Database, number: int) -> str:
    given = verify(database, "4242", f"v{number}")
    command = ChangeBillingContact(contact=ADA.id, proof=given.id, **NEW)
    with database.writing(STAFF) as uow:
        return changing.accept(uow, command, key=f"c{number}", reply_to="{}").id


def test_link_and_support_at_once_are_one_change(databases: list[Database], query: Query) -> None:
    """Whichever is accepted first goes on alone, and the other one has used nothing up."""
    with databases[0].writing(STAFF) as uow:
        uow.billing_contacts.add_link(link(team=STAFF.team, user=STAFF.user))
        uow.billing_contacts.add_token("secret", LinkId("bcl_1"))
    desk = Desk(databases[1], lambda: NOW)
    came = at_once(
        [
            lambda: by_support(databases[0], 1),
            lambda: links.hand_in(desk, "secret", NEW, "{}").id,
            lambda: by_support(databases[1], 2),
        ]
    )
    assert [type(one).__name__ for one in came].count("BillToChanging") == 2
    assert query("SELECT count(*) FROM operations") == [(1,)]
    used = "SELECT used_by FROM billing_contact_links UNION ALL SELECT used_by FROM billing_contact_proofs"
    assert len([row for row in query(used) if row[0] is not None]) == 1


def test_the_same_page_submitted_at_once_is_one_change(databases: list[Database], query: Query) -> None:
    with databases[0].writing(STAFF) as uow:
        uow.billing_contacts.add_link(link(team=STAFF.team, user=STAFF.user))
    command = ChangeBillTo(contact=ADA.id, link=LinkId("bcl_1"), **NEW)

    def submit(database: Database) -> str:
        with database.writing(STAFF) as uow:
            return changing.accept(uow, command, key="bcl_1:0", reply_to="{}").id

    came = at_once([lambda n=n: submit(databases[n % 2]) for n in range(4)])
    assert len(set(map(str, came))) == 1
    assert query("SELECT count(*) FROM operations") == [(1,)]
    assert query("SELECT uses FROM billing_contact_links") == [(1,)]


def test_two_reports_at_once_are_one(databases: list[Database], query: Query) -> None:
    with databases[0].writing(STAFF) as uow:
        uow.billing_contacts.add_link(link(purpose=Purpose.REPORT))
        uow.billing_contacts.add_token("secret", LinkId("bcl_1"))

    def report(database: Database) -> str:
        with database.writing(STAFF) as uow:
            return links.report(uow, "secret", freeze=True).id

    came = at_once([lambda n=n: report(databases[n % 2]) for n in range(3)])
    assert sorted(type(one).__name__ for one in came) == ["LinkUsed", "LinkUsed", "str"]
    assert query("SELECT count(*) FROM timeline") == [(2,)]
