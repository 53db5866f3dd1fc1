"""Fifty people who decide or claim at the same instant, on both databases: one transition, one audit row."""

from __future__ import annotations

from collections import Counter

import pytest

from billing.access import Actor
from billing.change_requests.cards import claim
from billing.change_requests.deciding import decide, supersede
from billing.change_requests.model import Act, Person
from billing.contacts import Account, Member, MemberRight
from billing.errors import AlreadyAgreed, AlreadyDecided
from billing.roles import Role
from billing.storage.database import Database
from tests.billing.storage.conftest import Query
from tests.billing.storage.examples import ACTOR, change_request, contact
from tests.billing.storage.test_database import together

ROE = Member(name="Roe", email="roe@roe.example", rights=frozenset({MemberRight.PRIMARY_ADMIN}))
ADA = contact("Ada Roe", account=Account(active_contacts=10, contact_limit=5000), members=(ROE,))
MANAGERS = tuple(
    Actor(team="T1", user=f"M{n}", name=f"Manager {n}", roles=frozenset({Role.MANAGER})) for n in range(50)
)
APPROVERS = tuple(Person(user=one.user, name=one.name) for one in MANAGERS)


@pytest.fixture
def filed(database: Database) -> Database:
    with database.writing(ACTOR) as uow:
        uow.contacts.save(ADA)
        assert uow.requests.add(change_request("1", ADA, approvers=APPROVERS))
        assert uow.requests.add(change_request("2", ADA, approvers=APPROVERS, approvals_needed=2))
    return database


def tries(database: Database, number: int, request: str, act: Act) -> str:
    try:
        with database.writing(MANAGERS[number]) as uow:
            return decide(uow, request, act, "words").last.by.name
    except (AlreadyDecided, AlreadyAgreed) as refusal:
        return type(refusal).__name__


def test_of_fifty_managers_one_decides_and_the_others_hear_who(filed: Database, query: Query) -> None:
    """Approvals and rejections at once: one transition, one audit row, one line of history, one set of jobs."""
    acts = (Act.APPROVE, Act.REJECT, Act.APPROVE)
    answers = Counter(together(50, lambda n: tries(filed, n, "chr_1", acts[n % 3])))
    assert answers.pop("AlreadyDecided") == 49
    (winner,) = answers
    ((name, act),) = query("SELECT by_name, act FROM change_decisions WHERE request = 'chr_1' AND number > 1")
    assert name == winner
    assert query("SELECT version FROM change_requests WHERE id = 'chr_1'") == [(2,)]
    jobs = Counter(name for (name,) in query("SELECT name FROM jobs"))
    assert jobs["change_request"] == jobs["change_request_news"] == 1
    assert jobs["operation"] == (act == "approve")
    assert query(f"SELECT count(*) FROM timeline WHERE contact = '{ADA.id}'") == [(1,)]


def test_where_two_have_to_agree_exactly_two_do(filed: Database, query: Query) -> None:
    answers = Counter(together(50, lambda n: tries(filed, n, "chr_2", Act.APPROVE)))
    assert answers["AlreadyDecided"] == 48
    rows = query("SELECT DISTINCT user_id FROM change_decisions WHERE request = 'chr_2' AND act = 'approve'")
    assert len(rows) == 2
    assert query("SELECT state, version FROM change_requests WHERE id = 'chr_2'") == [("approved", 3)]
    assert query("SELECT count(*) FROM jobs WHERE name = 'operation'") == [(1,)]


def test_one_person_who_clicks_fifty_times_decides_once(filed: Database, query: Query) -> None:
    answers = together(50, lambda _: tries(filed, 7, "chr_1", Act.REJECT))
    assert set(answers) == {"Manager 7"}
    assert query("SELECT count(*) FROM change_decisions WHERE request = 'chr_1'") == [(2,)]


def test_an_upgrade_and_fifty_deciders_end_in_one_state(filed: Database, query: Query) -> None:
    """Whoever comes first: an upgrade also ends what was approved a moment before."""

    def one(number: int) -> str:
        if number:
            return tries(filed, number, "chr_1", Act.APPROVE)
        with filed.writing(MANAGERS[0]) as uow:
            return str(supersede(uow, "sub_1"))

    answers = together(50, one)
    assert answers[0] == "True"
    assert query("SELECT state FROM change_requests WHERE id = 'chr_1'") == [("superseded",)]
    acts = [act for (act,) in query("SELECT act FROM change_decisions WHERE request = 'chr_1' ORDER BY number")]
    assert acts in (["file", "supersede"], ["file", "approve", "supersede"])


def test_of_fifty_jobs_one_posts_a_card(filed: Database) -> None:
    def one(number: int) -> bool:
        with filed.writing(ACTOR) as uow:
            return claim(uow, "chr_1", "channel:C1", number + 1) is not None

    assert sorted(together(50, one)) == [False] * 49 + [True]
