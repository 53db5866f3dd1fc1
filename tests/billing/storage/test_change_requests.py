"""Rows of change requests and their cards: the same on SQLite, on PostgreSQL and in memory."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from billing.change_requests.model import Act, Card, ChangeRequest, Conflict, RequestFilter, RequestState
from billing.change_requests.states import move
from billing.errors import UnknownRequest
from billing.ports import Job, Store
from tests.billing.storage.examples import (
    ACTOR,
    BOSS,
    CHIEF,
    DEPUTY,
    FILER,
    NOW,
    change_request,
    contact,
    operation,
)

ADA, BEN = contact("Ada Roe"), contact("Ben Poe")
ONE = change_request("1", ADA)
REJECTED = move(ONE, Act.REJECT, CHIEF, NOW + timedelta(hours=1), "no")


@pytest.fixture
def known(store: Store) -> Store:
    """A store in which both contacts are."""
    with store.writing(ACTOR) as uow:
        for one in (ADA, BEN):
            uow.contacts.save(one)
    return store


def files(store: Store, *requests: ChangeRequest) -> None:
    with store.writing(ACTOR) as uow:
        for one in requests:
            assert uow.requests.add(one)


def saves(store: Store, request: ChangeRequest) -> None:
    with store.writing(ACTOR) as uow:
        uow.requests.save(request)


def listed(store: Store, wanted: RequestFilter, user: str, **how: Any) -> list[str]:
    """The ids on a page, without their prefix."""
    with store.reading(ACTOR) as uow:
        page = uow.requests.page(wanted, "T1", user, limit=how.pop("limit", 100), **how)
    return [one.id.removeprefix("chr_") for one in page.requests]


# --- one request ------------------------------------------------------------------------------------------------------


def test_a_request_comes_back_as_it_was_filed(known: Store) -> None:
    files(known, ONE)
    with known.reading(ACTOR) as uow:
        assert uow.requests.get(ONE.id) == ONE


def test_filing_the_same_again_changes_nothing(known: Store) -> None:
    files(known, ONE)
    with known.writing(ACTOR) as uow:
        assert not uow.requests.add(ONE.model_copy(update={"remark": "other", "subscription": "sub_other"}))
        assert uow.requests.get(ONE.id) == ONE


def test_an_unknown_request_is_a_refusal(known: Store) -> None:
    with known.reading(ACTOR) as uow, pytest.raises(UnknownRequest):
        uow.requests.get("chr_nothing")


def test_a_subscription_has_one_open_request(known: Store) -> None:
    """The refusal breaks nothing: what is done in the same transaction is kept."""
    files(known, ONE)
    with known.writing(ACTOR) as uow:
        with pytest.raises(Conflict):
            uow.requests.add(change_request("2", BEN, subscription=ONE.subscription))
        assert uow.requests.add(change_request("3", ADA))
    with known.reading(ACTOR) as uow:
        assert uow.requests.open_for(ONE.subscription) == ONE
        assert uow.requests.open_for("sub_3").id == "chr_3"
        with pytest.raises(UnknownRequest):
            uow.requests.get("chr_2")


def test_after_a_decision_the_next_one_may_be_filed(known: Store) -> None:
    files(known, ONE)
    saves(known, REJECTED)
    again = change_request("2", ADA, subscription=ONE.subscription)
    files(known, again)
    with known.reading(ACTOR) as uow:
        assert uow.requests.open_for(ONE.subscription) == again


@pytest.mark.parametrize("state", RequestState)
def test_a_request_is_open_as_long_as_something_may_come_of_it(known: Store, state: RequestState) -> None:
    files(known, ONE)
    there = ONE.model_copy(update={"version": 2, "state": state})
    saves(known, there)
    with known.reading(ACTOR) as uow:
        assert uow.requests.open_for(ONE.subscription) == (there if state.open else None)


def test_the_requests_of_a_contact_come_newest_first(known: Store) -> None:
    every = [change_request(str(number), ADA, NOW + timedelta(hours=number // 2)) for number in range(4)]
    files(known, *every, change_request("b", BEN, NOW + timedelta(days=1)))
    with known.reading(ACTOR) as uow:
        assert uow.requests.of_contact(ADA.id) == tuple(every[::-1])
        assert uow.requests.of_contact(ADA.id, limit=3) == tuple(every[:0:-1])
        assert [one.id for one in uow.requests.of_contact(BEN.id)] == ["chr_b"]


# --- versions ---------------------------------------------------------------------------------------------------------


def test_the_next_version_replaces_the_one_before(known: Store) -> None:
    files(known, ONE)
    asked = move(ONE, Act.ASK, BOSS, NOW + timedelta(hours=1), "why?")
    answered = move(asked, Act.ANSWER, FILER, NOW + timedelta(hours=2), "because")
    for version in (asked, answered):
        saves(known, version)
        with known.reading(ACTOR) as uow:
            assert uow.requests.get(ONE.id) == version


@pytest.mark.parametrize("version", [1, 2, 4])
def test_only_the_version_before_can_be_replaced(known: Store, version: int) -> None:
    """It is at 2: at 3 it can be saved, and nothing else. What was done in that transaction before is kept."""
    files(known, ONE)
    saves(known, REJECTED)
    other = move(ONE, Act.REJECT, BOSS, NOW, "never").model_copy(update={"version": version})
    with known.writing(ACTOR) as uow:
        uow.requests.claim_card(Card(request=ONE.id, place="filer:U1"))
        with pytest.raises(Conflict):
            uow.requests.save(other)
        assert uow.requests.get(ONE.id) == REJECTED
    with known.reading(ACTOR) as uow:
        assert uow.requests.get(ONE.id) == REJECTED
        assert len(uow.requests.cards(ONE.id)) == 1


def test_what_was_never_filed_cannot_be_saved(known: Store) -> None:
    with known.writing(ACTOR) as uow:
        for save in (uow.requests.save, uow.requests.note):
            with pytest.raises(Conflict):
                save(REJECTED)


def test_a_note_keeps_the_version(known: Store) -> None:
    files(known, ONE)
    nudged = ONE.model_copy(update={"nudged_at": NOW + timedelta(days=1), "escalated_at": NOW + timedelta(days=1)})
    with known.writing(ACTOR) as uow:
        uow.requests.note(nudged)
    with known.reading(ACTOR) as uow:
        assert uow.requests.get(ONE.id) == nudged


def test_a_note_about_a_version_that_was_moved_on_is_refused(known: Store) -> None:
    files(known, ONE)
    saves(known, REJECTED)
    with known.writing(ACTOR) as uow:
        with pytest.raises(Conflict):
            uow.requests.note(ONE.model_copy(update={"nudged_at": NOW + timedelta(days=1)}))
        assert uow.requests.get(ONE.id) == REJECTED


def test_nothing_is_kept_of_a_unit_that_fails(known: Store) -> None:
    files(known, ONE)

    def decide_and_fail() -> None:
        with known.writing(ACTOR) as uow:
            uow.requests.save(REJECTED)
            uow.requests.add(change_request("2", ADA))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        decide_and_fail()
    with known.reading(ACTOR) as uow:
        assert uow.requests.get(ONE.id) == ONE
        assert uow.requests.of_contact(ADA.id) == (ONE,)


# --- lists ------------------------------------------------------------------------------------------------------------


def test_a_new_request_waits_for_everybody_who_may_decide_it(known: Store) -> None:
    files(known, ONE.model_copy(update={"deputies": (DEPUTY,)}))
    waits = {user: listed(known, RequestFilter.WAITING_FOR_ME, user) for user in ("U1", "U2", "U3", "U4", "U9")}
    assert waits == {"U1": [], "U2": ["1"], "U3": ["1"], "U4": [], "U9": []}


def test_a_request_that_lies_too_long_waits_for_the_deputies_too(known: Store) -> None:
    files(known, ONE)
    with known.writing(ACTOR) as uow:
        uow.requests.note(ONE.model_copy(update={"deputies": (DEPUTY,), "escalated_at": NOW}))
    assert listed(known, RequestFilter.WAITING_FOR_ME, "U4") == ["1"]
    assert listed(known, RequestFilter.WAITING_FOR_ME, "U2") == ["1"]


def test_a_question_waits_for_who_filed_the_request_and_an_answer_for_the_others_again(known: Store) -> None:
    files(known, ONE)
    asked = move(ONE, Act.ASK, BOSS, NOW, "why?")
    saves(known, asked)
    assert listed(known, RequestFilter.WAITING_FOR_ME, "U1") == ["1"]
    assert listed(known, RequestFilter.WAITING_FOR_ME, "U2") == listed(known, RequestFilter.WAITING_FOR_ME, "U3") == []
    saves(known, move(asked, Act.ANSWER, FILER, NOW, "because"))
    assert listed(known, RequestFilter.WAITING_FOR_ME, "U1") == []
    assert listed(known, RequestFilter.WAITING_FOR_ME, "U2") == listed(known, RequestFilter.WAITING_FOR_ME, "U3")
    assert listed(known, RequestFilter.WAITING_FOR_ME, "U2") == ["1"]


def test_who_has_agreed_already_is_not_waited_for(known: Store) -> None:
    two = ONE.model_copy(update={"approvals_needed": 2})
    files(known, two)
    agreed = move(two, Act.APPROVE, BOSS, NOW)
    saves(known, agreed)
    assert listed(known, RequestFilter.WAITING_FOR_ME, "U2") == []
    assert listed(known, RequestFilter.WAITING_FOR_ME, "U3") == ["1"]
    saves(known, move(agreed, Act.APPROVE, CHIEF, NOW))
    assert listed(known, RequestFilter.WAITING_FOR_ME, "U3") == []


def test_every_list_shows_its_own_in_its_order(known: Store) -> None:
    """What waits begins with the oldest, everything else with the newest; other workspaces see nothing of it."""

    def of(name: str, hours: int, **fields: Any) -> ChangeRequest:
        return change_request(name, ADA, NOW + timedelta(hours=hours), **fields)

    files(known, of("filed", 1), of("theirs", 2, filed_by=BOSS, approvers=(CHIEF,)), of("asked", 3), of("planned", 4))
    files(known, of("no", 5), of("planned2", 6), of("elsewhere", 0, team="T2"))
    saves(known, move(of("asked", 3), Act.ASK, BOSS, NOW, "why?"))
    for name, hours in (("planned", 4), ("planned2", 6)):
        approved = move(of(name, hours), Act.APPROVE, BOSS, NOW)
        saves(known, approved)
        saves(known, move(approved, Act.SCHEDULE, None, NOW, effective_at=NOW + timedelta(days=30)))
    saves(known, move(of("no", 5), Act.REJECT, BOSS, NOW, "no"))

    shown = {wanted: listed(known, wanted, "U1") for wanted in RequestFilter}
    assert shown == {
        RequestFilter.WAITING_FOR_ME: ["asked"],
        RequestFilter.FILED_BY_ME: ["planned2", "no", "planned", "asked", "filed"],
        RequestFilter.UNDECIDED: ["filed", "theirs", "asked"],
        RequestFilter.SCHEDULED: ["planned2", "planned"],
        RequestFilter.ALL: ["planned2", "no", "planned", "asked", "theirs", "filed"],
    }
    assert listed(known, RequestFilter.WAITING_FOR_ME, "U3") == ["filed", "theirs"]
    assert listed(known, RequestFilter.FILED_BY_ME, "U2") == ["theirs"]


@pytest.mark.parametrize("wanted", RequestFilter)
def test_pages_miss_nothing_and_repeat_nothing_at_the_same_instant(known: Store, wanted: RequestFilter) -> None:
    """Ten requests, four of an instant each; ids decide among them."""
    planned = wanted is RequestFilter.SCHEDULED
    every = [
        change_request(
            f"{number:02}",
            ADA,
            NOW + timedelta(seconds=number // 4),
            filed_by=CHIEF,
            approvers=(BOSS,),
            state=RequestState.SCHEDULED if planned else RequestState.FILED,
        )
        for number in range(10)
    ]
    files(known, *every[5:], *every[:5])
    user = "U3" if wanted is RequestFilter.FILED_BY_ME else "U2"
    read, after = [], None
    with known.reading(ACTOR) as uow:
        for size in (3, 3, 3, 1):
            page = uow.requests.page(wanted, "T1", user, limit=3, after=after)
            assert (len(page.requests), page.total) == (size, 10)
            read += page.requests
            after = page.following
    assert after is None
    oldest_first = wanted in (RequestFilter.WAITING_FOR_ME, RequestFilter.UNDECIDED)
    assert read == (every if oldest_first else every[::-1])


def test_a_page_that_holds_exactly_the_rest_is_the_last_one(known: Store) -> None:
    files(known, change_request("1", ADA), change_request("2", ADA))
    with known.reading(ACTOR) as uow:
        assert uow.requests.page(RequestFilter.ALL, "T1", "U1", limit=2).following is None
        assert uow.requests.page(RequestFilter.ALL, "T1", "U1", limit=1).following is not None


def test_what_is_decided_between_two_pages_moves_neither(known: Store) -> None:
    """The last of the first page is decided while somebody looks at it: the second page goes on behind it."""
    every = [change_request(str(number), ADA, NOW + timedelta(hours=number)) for number in range(4)]
    files(known, *every)
    with known.reading(ACTOR) as uow:
        first = uow.requests.page(RequestFilter.WAITING_FOR_ME, "T1", "U2", limit=2)
    saves(known, move(every[1], Act.REJECT, BOSS, NOW, "no"))
    with known.reading(ACTOR) as uow:
        second = uow.requests.page(RequestFilter.WAITING_FOR_ME, "T1", "U2", limit=2, after=first.following)
    assert first.requests + second.requests == tuple(every)
    assert (first.total, second.total) == (4, 3)


def test_a_place_of_another_team_shows_nothing_of_theirs(known: Store) -> None:
    other = change_request("elsewhere", ADA, team="T2")
    files(known, other, change_request("1", ADA, filed_at=NOW - timedelta(hours=1), subscription="sub_x"))
    assert listed(known, RequestFilter.ALL, "U1", after=other.place) == ["1"]


def test_those_of_which_nobody_was_told_come_oldest_first(known: Store) -> None:
    """Asked about at noon: told in the morning and exactly at noon, but not after it, and not what is decided."""

    def told(name: str, hour: int, **fields: Any) -> ChangeRequest:
        return change_request(name, ADA, nudged_at=NOW + timedelta(hours=hour), **fields)

    files(known, told("9", 9), told("8b", 8), told("8a", 8), told("12", 12), told("13", 13), told("7", 7))
    saves(known, move(told("7", 7), Act.REJECT, BOSS, NOW + timedelta(hours=7), "no"))
    saves(known, move(told("9", 9), Act.ASK, BOSS, NOW + timedelta(hours=10), "why?"))
    noon = NOW + timedelta(hours=12)
    with known.reading(ACTOR) as uow:
        assert [one.id for one in uow.requests.undecided_since(noon, 10)] == ["chr_8a", "chr_8b", "chr_9", "chr_12"]
        assert [one.id for one in uow.requests.undecided_since(noon, 2)] == ["chr_8a", "chr_8b"]


# --- cards ------------------------------------------------------------------------------------------------------------


def test_a_place_is_claimed_once_and_then_says_where_the_card_is(known: Store) -> None:
    files(known, ONE, change_request("2", ADA))
    claimed = Card(request=ONE.id, place="filer:U1")
    posted = Card(request=ONE.id, place="filer:U1", channel="D1", ts="17.1", shown=1)
    channel = Card(request=ONE.id, place="channel:C1")
    with known.writing(ACTOR) as uow:
        assert uow.requests.claim_card(claimed)
        assert not uow.requests.claim_card(posted)
        assert uow.requests.cards(ONE.id) == (claimed,)
        uow.requests.save_card(posted)
        assert not uow.requests.claim_card(claimed)
        assert uow.requests.claim_card(channel)
        assert uow.requests.claim_card(claimed.model_copy(update={"request": "chr_2"}))
    with known.reading(ACTOR) as uow:
        assert uow.requests.cards(ONE.id) == (channel, posted)


# --- jobs -------------------------------------------------------------------------------------------------------------


def test_an_operation_is_accepted_once(known: Store) -> None:
    with known.writing(ACTOR) as uow:
        assert uow.accept(operation())
        assert not uow.accept(operation())
    with known.writing(ACTOR) as uow:
        assert not uow.accept(operation(id="op_other"))
        assert uow.operations.under_way("con_1")


def test_a_unit_that_reads_accepts_and_enqueues_nothing(known: Store) -> None:
    with pytest.raises(RuntimeError, match="only reads"), known.reading(ACTOR) as uow:
        uow.enqueue(Job(id="1", name="reminder", argument="a"))
    with pytest.raises(Exception, match=r"only reads|read-?only"), known.reading(ACTOR) as uow:
        uow.accept(operation())
    with known.writing(ACTOR) as uow:
        assert uow.accept(operation())
