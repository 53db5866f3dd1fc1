"""`/billing help` (C2, C25)."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from billing.roles import Role
from tests.support.office import Office
from tests.support.shop import actor
from tests.support.slack import elements, texts


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.mark.parametrize("typed", ["help", "HELP", "hilfe", "help  "])
def test_help_is_answered_at_once_and_only_to_the_person(office: Office, typed: str) -> None:
    """C2"""
    reply = office.types(typed)
    assert "/billing subscribe NAME" in reply.text
    assert reply.body.get("response_type", "ephemeral") == "ephemeral"
    assert not office.slack.calls


@pytest.mark.parametrize("typed", ["help subscribe", "help SUBSCRIPTION", "hilfe abo", "help  subscribe"])
def test_a_topic_is_answered_by_its_words(office: Office, typed: str) -> None:
    """C2"""
    assert "Start a subscription" in office.types(typed).text


def test_an_unknown_topic_gets_the_overview(office: Office) -> None:
    """C2"""
    reply = office.types("help quantum chromodynamics")
    assert "no help on “quantum chromodynamics”" in reply.text
    assert "/billing subscribe NAME" in reply.text


def test_somebody_without_a_role_gets_help_too(office: Office) -> None:
    """Help names no customer, and it is where a new colleague begins."""
    office.slack.people["U_NEW"] = {"name": "new"}
    assert "/billing subscribe NAME" in office.types("help", person=actor(user="U_NEW")).text


def test_help_is_in_the_persons_language(office: Office) -> None:
    german = actor(Role.AGENT, user="U_GER", locale="de")
    office.hires(german)
    assert "Ein Abo starten" in office.types("help subscribe", person=german).text


def test_another_topic_takes_the_place_of_the_one_shown(office: Office) -> None:
    """C2"""
    office.presses("help.topic", "subscribe", chosen=True)
    [answer] = office.responses
    assert answer["replace_original"] is True
    assert "Start a subscription" in texts(answer)


@pytest.mark.parametrize(("button", "helpful"), [("help.helpful", True), ("help.not_helpful", False)])
def test_feedback_is_thanked_for_and_counted_by_topic(office: Office, button: str, helpful: bool) -> None:
    """C25"""
    shown = {"blocks": office.types("help subscribe").body["blocks"]}
    with capture_logs() as logged:
        office.presses(button, elements(shown)[button]["value"])
    [answer] = office.responses
    assert answer["replace_original"] is True
    assert "Thank you" in texts(answer)
    assert [(one["topic"], one["helpful"]) for one in logged] == [("subscribe", helpful)]
