"""`/billing approvals`: filters, pages, one request, the export (A27)."""

from __future__ import annotations

import csv
import io

import pytest

from billing.change_requests.model import Act
from billing.errors import Transient
from tests.support.asking import ALEX, MIA, NOBODY_OF_US, PRIYA, AskingOffice, customer, settles_on, subscription
from tests.support.slack import elements, metadata, open_view, slack_error, texts


@pytest.fixture
def office() -> AskingOffice:
    return AskingOffice()


def many(office: AskingOffice, count: int) -> None:
    for number in range(count):
        who = f"con_{number:02}"
        office.knows(customer(id=who, customer=f"cus_{number:02}", name=f"Customer {number:02}"))
        settles_on(office, subscription(id=f"sub_{number:02}"), who)
        office.files(key=f"key-{number}", contact=who, subscription=f"sub_{number:02}")
        office.clock.goes_on(hours=1)


@pytest.mark.parametrize("typed", ["approvals", "genehmigungen", "freigaben", "Approvals"])
def test_the_command_shows_what_waits(office: AskingOffice, typed: str) -> None:
    office.files()
    office.clock.goes_on(hours=5)
    office.types(typed, person=PRIYA)
    text = texts(office.shown)
    assert office.shown["callback_id"] == "requests"
    for fact in (
        "*Waiting for me* (1)",
        "Ada Lovelace",
        "Mail Pro → Mail Basic, and 1 more",
        "filed by Mia Agent 5 hours ago",
    ):
        assert fact in text
    assert metadata(office.shown) == {"filter": "waiting_for_me", "trail": []}


def test_nothing_to_do_says_so(office: AskingOffice) -> None:
    office.types("approvals", person=PRIYA)
    assert "No request waits for a decision." in texts(office.shown)
    office.types("approvals", person=MIA)
    assert "You have not filed any request yet." in texts(office.shown)


def test_without_a_role_there_is_no_list(office: AskingOffice) -> None:
    reply = office.types("approvals", person=NOBODY_OF_US)
    assert "no role" in reply.text
    assert not office.slack.calls


def test_another_filter_takes_the_place_of_the_list(office: AskingOffice) -> None:
    office.files()
    office.does(Act.REJECT, PRIYA, "no")
    office.types("approvals", person=PRIYA)
    view = open_view(office.shown)
    office.presses("requests.filter", "all", view=view, person=PRIYA, chosen=True)
    assert office.slack.calls[-1].method == "views_update"
    assert "*All requests* (1)" in texts(office.shown)
    assert "rejected" in texts(office.shown)


def test_pages_can_be_turned_in_both_directions(office: AskingOffice) -> None:
    many(office, 10)
    office.types("approvals", person=PRIYA)
    first = office.shown
    assert "Customer 00" in texts(first)
    further = elements(first)["requests.further"]["value"]
    office.presses("requests.further", further, view=open_view(first), person=PRIYA)
    second = office.shown
    assert "Customer 09" in texts(second)
    assert "Customer 00" not in texts(second)
    assert metadata(second)["trail"] == [further]
    office.presses("requests.back", "waiting_for_me", view=open_view(second), person=PRIYA)
    assert texts(office.shown) == texts(first)


def test_a_button_elsewhere_leads_to_a_list(office: AskingOffice) -> None:
    office.presses("requests.open", "undecided", person=PRIYA)
    assert office.slack.calls[-1].method == "views_open"
    assert "*Undecided* (0)" in texts(office.shown)


# The export


def asks_for_export(office: AskingOffice, person=PRIYA, wanted: str = "all"):
    office.presses("requests.open", "all", person=person)
    view = open_view(office.shown)
    return office.presses("requests.export", wanted, view=view, person=person)


def test_the_file_comes_as_a_direct_message(office: AskingOffice) -> None:
    office.files()
    office.rows.jobs.clear()
    asks_for_export(office)
    assert "comes as a direct message" in texts(office.shown)
    office.works()
    (sent,) = office.slack.called("files_upload_v2")
    assert (sent.arguments["channel"], sent.arguments["filename"]) == (
        "D_PRIYA",
        "change-requests-all-2026-03-02.csv",
    )
    (row,) = csv.DictReader(io.StringIO(sent.arguments["content"]))
    assert row["request"] == office.request.id


def test_who_may_not_export_sees_no_button_and_gets_no_file(office: AskingOffice) -> None:
    office.files()
    office.presses("requests.open", "all", person=MIA)
    assert "requests.export" not in elements(office.shown)
    asks_for_export(office, MIA)
    assert "Your role does not include: export change requests" in texts(office.shown)


def test_admins_export_too(office: AskingOffice) -> None:
    office.files()
    office.rows.jobs.clear()
    asks_for_export(office, ALEX)
    office.works()
    assert office.slack.called("files_upload_v2")


def test_a_right_that_was_taken_away_before_the_file_was_made_makes_none(office: AskingOffice) -> None:
    office.files()
    office.rows.jobs.clear()
    asks_for_export(office)
    office.dismisses(PRIYA)
    office.works()
    assert not office.slack.called("files_upload_v2")
    assert not office.slack.called("chat_postMessage")


def test_a_busy_slack_is_asked_again(office: AskingOffice) -> None:
    office.files()
    office.slack.fails["files_upload_v2"].append(slack_error("ratelimited", 429, retry_after="2"))
    with pytest.raises(Transient):
        office.work["change_request_export"]("T1:U_PRIYA:all")
    office.work["change_request_export"]("T1:U_PRIYA:all")
    assert len(office.slack.called("files_upload_v2")) == 1
