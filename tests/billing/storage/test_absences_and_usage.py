"""Rows of absences and of usage near the limit: the same on SQLite, on PostgreSQL and in memory."""

from __future__ import annotations

from datetime import date

import pytest

from billing.change_requests.model import Absence, UsageLevel
from billing.contacts import Account, Contact
from billing.ports import Store
from tests.billing.storage.examples import ACTOR, contact

AWAY = Absence(team="T1", user="U2", first=date(2026, 12, 1), last=date(2026, 12, 24), deputy="U3")


def using(name: str, used: int, limit: int | None) -> Contact:
    return contact(name, account=Account(active_contacts=used, contact_limit=limit))


def saves(store: Store, *contacts: Contact) -> None:
    with store.writing(ACTOR) as uow:
        for one in contacts:
            uow.contacts.save(one)


def notes(store: Store, *levels: UsageLevel) -> None:
    with store.writing(ACTOR) as uow:
        for one in levels:
            uow.usage.save(one)


def crossed(store: Store, limit: int = 100) -> tuple[UsageLevel, ...]:
    with store.reading(ACTOR) as uow:
        return uow.usage.crossed(limit)


# --- absences ---------------------------------------------------------------------------------------------------------


def test_an_absence_is_there_until_it_ends(store: Store) -> None:
    with store.writing(ACTOR) as uow:
        uow.absences.save(AWAY)
    with store.writing(ACTOR) as uow:
        assert uow.absences.get("T1", "U2") == AWAY
        uow.absences.end("T1", "U2")
        uow.absences.end("T1", "U9")  # never away
    with store.reading(ACTOR) as uow:
        assert uow.absences.get("T1", "U2") is None


def test_a_person_has_one_absence_in_each_workspace(store: Store) -> None:
    longer = AWAY.model_copy(update={"last": date(2027, 1, 6), "deputy": "U4"})
    elsewhere = AWAY.model_copy(update={"team": "T2"})
    with store.writing(ACTOR) as uow:
        for one in (AWAY, elsewhere, longer):
            uow.absences.save(one)
    with store.writing(ACTOR) as uow:
        assert uow.absences.get("T1", "U2") == longer
        uow.absences.end("T1", "U2")
    with store.reading(ACTOR) as uow:
        assert (uow.absences.get("T1", "U2"), uow.absences.get("T2", "U2")) == (None, elsewhere)


def test_the_absences_of_a_team_are_its_own(store: Store) -> None:
    other, elsewhere = AWAY.model_copy(update={"user": "U1"}), AWAY.model_copy(update={"team": "T2"})
    with store.writing(ACTOR) as uow:
        for one in (AWAY, other, elsewhere):
            uow.absences.save(one)
    with store.reading(ACTOR) as uow:
        assert uow.absences.of_team("T1") == (other, AWAY)
        assert uow.absences.of_team("T3") == ()


# --- usage ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("used", "limit", "percent"),
    [
        (0, 1000, 0),
        (799, 1000, 0),  # 79.9
        (800, 1000, 80),
        (899, 1000, 80),  # 89.9
        (900, 1000, 90),
        (999, 1000, 90),  # 99.9
        (1000, 1000, 100),
        (5000, 1000, 100),
        (2, 3, 0),  # 66.7
        (4, 5, 80),
        (1, 1, 100),
        (3_999_999_999, 4_000_000_000, 90),
        (7, None, 0),
        (7, 0, 0),
    ],
)
def test_a_level_is_crossed_in_whole_percent(store: Store, used: int, limit: int | None, percent: int) -> None:
    """Without a limit nothing is crossed."""
    ada = using("Ada", used, limit)
    saves(store, ada)
    assert crossed(store) == ((UsageLevel(contact=ada.id, percent=percent),) if percent else ())


def test_a_crossing_that_was_noted_is_told_no_more(store: Store) -> None:
    ada = using("Ada", 850, 1000)
    saves(store, ada)
    notes(store, *crossed(store))
    assert crossed(store) == ()


@pytest.mark.parametrize(
    ("noted", "used", "now"), [(80, 90, 90), (90, 100, 100), (100, 80, 80), (80, 79, 0), (90, 0, 0)]
)
def test_a_crossing_says_what_was_noted_before(store: Store, noted: int, used: int, now: int) -> None:
    """In both directions, and after it was noted there is nothing to tell."""
    ada = using("Ada", used, 100)
    saves(store, ada)
    notes(store, UsageLevel(contact=ada.id, percent=noted))
    assert crossed(store) == (UsageLevel(contact=ada.id, percent=now, before=noted),)
    notes(store, UsageLevel(contact=ada.id, percent=now))
    assert crossed(store) == ()


@pytest.mark.parametrize("limit", [5000, None, 0])
def test_a_higher_limit_or_none_is_a_crossing_downwards(store: Store, limit: int | None) -> None:
    ada = using("Ada", 950, 1000)
    saves(store, ada)
    notes(store, *crossed(store))
    saves(store, ada.model_copy(update={"account": Account(active_contacts=950, contact_limit=limit)}))
    assert crossed(store) == (UsageLevel(contact=ada.id, percent=0, before=90),)


def test_crossings_are_told_in_parts_until_none_is_left(store: Store) -> None:
    up = [using(f"Up {number}", 9, 10) for number in range(5)]
    down = [using(f"Down {number}", 1, 10) for number in range(4)]
    saves(store, *up, *down)
    notes(store, *(UsageLevel(contact=one.id, percent=80) for one in down))
    told: list[str] = []
    for size in (4, 4, 1, 0):
        levels = crossed(store, limit=4)
        assert len(levels) == size
        told += [level.contact for level in levels]
        notes(store, *levels)
    assert sorted(told) == sorted(one.id for one in (*up, *down))


def test_raising_by_itself_is_switched_on_in_a_persons_name_and_off(store: Store) -> None:
    ada, ben = using("Ada", 0, 10), using("Ben", 0, 10)
    saves(store, ada, ben)
    with store.writing(ACTOR) as uow:
        uow.usage.switch(ada.id, "T1", "U1")
        uow.usage.switch(ada.id, "T1", "U2")
    with store.writing(ACTOR) as uow:
        assert uow.usage.raises_by_itself(ada.id) == ("T1", "U2")
        assert uow.usage.raises_by_itself(ben.id) is None
        uow.usage.switch(ada.id, "T1", None)
        uow.usage.switch(ben.id, "T1", None)  # it was off
    with store.reading(ACTOR) as uow:
        assert uow.usage.raises_by_itself(ada.id) is None
