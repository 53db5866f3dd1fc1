"""`/billing away`: first and last day, deputy; shown again, and ended (A24)."""

from __future__ import annotations

import pytest

from tests.support.asking import MIA, PRIYA, RUTH, TOM, AskingOffice
from tests.support.slack import elements, open_view, texts


@pytest.fixture
def office() -> AskingOffice:
    return AskingOffice()


def opened(office: AskingOffice, person=PRIYA, word: str = "away"):
    office.types(word, person=person)
    return open_view(office.shown)


def saves(office: AskingOffice, person=PRIYA, **given):
    fields = {"first": "2026-03-09", "last": "2026-03-13", "deputy": TOM.user}
    return office.submits(opened(office, person), person=person, **(fields | given))


@pytest.mark.parametrize("word", ["away", "abwesend"])
def test_the_form_begins_today_and_offers_nothing_to_end(office: AskingOffice, word: str) -> None:
    view = opened(office, word=word)
    assert elements(view)["absence.first"]["initial_date"] == "2026-03-02"
    assert "absence.end" not in elements(view)


def test_an_absence_is_noted_and_shown_again(office: AskingOffice) -> None:
    reply = saves(office)
    assert "from Mar 9, 2026 to Mar 13, 2026" in reply.text
    assert "<@U_TOM>" in reply.text
    view = opened(office)
    assert "*Noted:* Mar 9, 2026 to Mar 13, 2026" in texts(view)
    assert elements(view)["absence.deputy"]["initial_user"] == TOM.user
    assert "confirm" in elements(view)["absence.end"]


def test_it_can_be_ended(office: AskingOffice) -> None:
    saves(office)
    office.presses("absence.end", view=opened(office), person=PRIYA)
    assert "Welcome back" in texts(office.shown)
    assert office.rows.absences == {}


@pytest.mark.parametrize(
    ("given", "field"),
    [({"last": "2026-03-08"}, "last"), ({"deputy": PRIYA.user}, "deputy"), ({"last": None}, "last")],
)
def test_what_is_no_absence_is_said_at_its_field(office: AskingOffice, given, field: str) -> None:
    assert saves(office, **given).errors.keys() == {field}
    assert office.rows.absences == {}


def test_who_decides_nothing_needs_no_deputy(office: AskingOffice) -> None:
    assert "decide change requests" in office.types("away", person=MIA).text


def test_it_is_answered_in_the_persons_language(office: AskingOffice) -> None:
    assert "Du bist vom 09.03.2026 bis 13.03.2026 abwesend" in saves(office, RUTH).text
