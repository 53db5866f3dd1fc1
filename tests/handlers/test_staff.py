"""The directory: who is behind a Slack user, with roles from our rows and name, language and time zone from Slack."""

from __future__ import annotations

import time

import pytest
from structlog.testing import capture_logs

from billing.access import Actor
from billing.ids import TeamId, UserId
from billing.roles import Role
from handlers import staff
from tests.support.office import Office
from tests.support.shop import SAM, TEAM, actor
from tests.support.slack import slack_error

NELE = {"real_name": "Nele New", "name": "nele", "locale": "de-DE", "tz": "Europe/Berlin"}


@pytest.fixture
def office() -> Office:
    made = Office()
    made.slack.people = {"U_NELE": NELE, "U_SAM": {"name": "sam", "locale": "en-US", "tz": "America/New_York"}}
    return made


def known(office: Office, user: str = "U_NELE") -> Actor:
    return office.directory.actor(TEAM, UserId(user))


def test_somebody_new_is_met_once_and_has_no_role(office: Office) -> None:
    """H16"""
    assert known(office) == actor(user="U_NELE", name="Nele New", locale="de-DE", timezone="Europe/Berlin")
    office.directory.forget()
    known(office)
    assert len(office.slack.called("users_info")) == 1


def test_a_profile_with_nothing_in_it_is_enough(office: Office) -> None:
    office.slack.people["U_BARE"] = {}
    assert known(office, "U_BARE") == actor(user="U_BARE", name="U_BARE", timezone="UTC")


def test_somebody_known_is_not_asked_for(office: Office) -> None:
    assert known(office, SAM.user) == SAM
    assert not office.slack.calls


def test_roles_are_remembered_for_a_moment_and_not_longer(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """H16: only for what is shown; the check of an operation reads the row."""
    assert staff.REMEMBER_SECONDS <= 30
    assert known(office, SAM.user).roles == {Role.SALES}
    office.dismisses(SAM)
    assert known(office, SAM.user).roles == {Role.SALES}
    office.directory.forget()
    monkeypatch.setattr(staff, "REMEMBER_SECONDS", 0.01)
    office.hires(SAM)
    known(office, SAM.user)
    office.dismisses(SAM)
    time.sleep(0.02)
    assert known(office, SAM.user).roles == frozenset()


def test_forgetting_reads_everybody_anew(office: Office) -> None:
    """H16"""
    known(office, SAM.user)
    office.dismisses(SAM)
    office.directory.forget()
    assert known(office, SAM.user).roles == frozenset()


def test_the_same_user_id_in_another_workspace_is_somebody_else(office: Office) -> None:
    """H16"""
    known(office, SAM.user)
    assert office.directory.actor(TeamId("T_OTHER"), SAM.user).roles == frozenset()


# User groups


def test_the_members_of_a_group_have_its_role(office: Office) -> None:
    """H16"""
    office.slack.groups["billing-sales"] = ["U_NELE"]
    assert office.directory.refresh() == 2
    assert known(office).roles == {Role.SALES}
    assert known(office).name == "Nele New"


def test_who_left_the_group_loses_its_role_but_keeps_what_was_granted_otherwise(office: Office) -> None:
    """H16"""
    office.slack.groups["billing-sales"] = ["U_NELE", "U_SAM"]
    office.directory.refresh()
    office.slack.groups["billing-sales"] = []
    office.directory.refresh()
    assert known(office).roles == frozenset()
    assert known(office, SAM.user).roles == {Role.SALES}  # by the command line


def test_who_was_deactivated_keeps_no_role_whoever_gave_it(office: Office) -> None:
    """H16: by the command line and by a group, which may still have them."""
    office.slack.groups["billing-sales"] = ["U_NELE", "U_SAM"]
    with office.store.writing(SAM) as uow:
        uow.staff.grant(TEAM, SAM.user, Role.MANAGER, "cli")
    office.slack.people["U_SAM"]["deleted"] = True
    office.directory.refresh()
    assert known(office, SAM.user).roles == frozenset()
    assert known(office).roles == {Role.SALES}


def test_a_group_that_is_not_there_gives_nobody_a_role(office: Office) -> None:
    office.slack.groups["others"] = ["U_NELE"]
    office.directory.refresh()
    assert known(office).roles == frozenset()


def test_while_slack_does_not_answer_everybody_keeps_the_roles(office: Office) -> None:
    office.slack.groups["billing-sales"] = ["U_NELE"]
    office.directory.refresh()
    for method in ("usergroups_list", "usergroups_users_list"):
        office.slack.fails[method].append(slack_error("ratelimited", 429))
        with pytest.raises(Exception, match="ratelimited"):
            office.directory.refresh()
    assert known(office).roles == {Role.SALES}


def test_profiles_become_what_they_are_at_slack(office: Office) -> None:
    office.directory.refresh()
    found = known(office, SAM.user)
    assert (found.name, found.locale, found.timezone) == ("sam", "en-US", "America/New_York")
    assert found.roles == {Role.SALES}


def test_somebody_whom_slack_does_not_know_does_not_stop_the_others(office: Office) -> None:
    """A role granted by a mistyped id, or somebody who is gone."""
    with office.store.writing(SAM) as uow:
        uow.staff.grant(TEAM, UserId("U_AAA_TYPO"), Role.AGENT, "cli")
    with capture_logs() as logged:
        office.directory.refresh()
    assert known(office, SAM.user).timezone == "America/New_York"
    assert [one["user"] for one in logged] == ["U_AAA_TYPO"]
