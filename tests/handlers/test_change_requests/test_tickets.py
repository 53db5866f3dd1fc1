"""A help ticket in a channel becomes a request, by the shortcut in its menu (A29, A30)."""

from __future__ import annotations

from typing import Any

import pytest

from billing.access import Actor
from billing.change_requests.model import Origin
from billing.contacts import Member, MemberRight
from handlers.router import Kind
from tests.support.asking import ADMIN, ALEX, MIA, AskingOffice, customer, settles_on, subscription
from tests.support.shop import ADA
from tests.support.slack import elements, filled, interaction, metadata, open_view, texts

MAIL = "From: Ada Lovelace <ada@engines.example>\nPlease lower our plan"


@pytest.fixture
def office() -> AskingOffice:
    return AskingOffice()


def turns(office: AskingOffice, message: str | dict[str, Any], person: Actor = MIA) -> None:
    shown = {"text": message} if isinstance(message, str) else message
    where = {"message": {"ts": "1.1", **shown}, "channel": {"id": "C1"}}
    body = interaction(person.user, office.trigger(), callback_id="request_from_message", **where)
    office.handles(Kind.SHORTCUT, body)


def test_the_primary_admins_mail_leads_to_the_form(office: AskingOffice) -> None:
    turns(office, MAIL)
    assert office.shown["callback_id"] == "plan_change.form"
    assert elements(office.shown)["plan_change.requester"]["initial_option"]["value"] == "ada@engines.example"
    assert elements(office.shown)["plan_change.remark"]["initial_value"] == "Please lower our plan"
    assert metadata(office.shown)["origin"] == "ticket"


def test_what_it_said_goes_with_the_request(office: AskingOffice) -> None:
    """Through another choice in the form, and the request's own form."""
    turns(office, MAIL)
    form = open_view(office.shown)
    office.presses("plan_change.plan", "mail/basic", view=_chosen(form, plan="mail/basic"), person=MIA, chosen=True)
    chosen = open_view(office.shown)
    assert elements(chosen)["plan_change.remark"]["initial_value"] == "Please lower our plan"
    reply = office.submits(chosen, person=MIA)
    request = open_view(reply.view, 2)
    assert elements(request)["plan_change.remark"]["initial_value"] == "Please lower our plan"
    office.submits(request, person=MIA, reason="too_expensive")
    assert (office.request.remark, office.request.origin) == ("Please lower our plan", Origin.TICKET)
    office.presses("request.open", office.request.id, person=MIA)
    assert "help ticket" in texts(office.shown)


def test_the_agent_says_which_of_the_senders_accounts_it_is_about(office: AskingOffice) -> None:
    """A30: Ada is the primary admin of two."""
    office.knows(customer(id="con_aaa", customer="cus_aaa", name="Aardvark"))
    turns(office, MAIL)
    asked = open_view(office.shown)
    assert asked["callback_id"] == "plan_change.account"
    options = elements(asked)["plan_change.contact"]["options"]
    assert {one["value"] for one in options} == {ADA, "con_aaa"}
    form = office.submits(asked, person=MIA, contact=ADA).view
    assert form["callback_id"] == "plan_change.form"
    assert (metadata(form)["contact"], metadata(form)["origin"]) == (ADA, "ticket")
    assert elements(form)["plan_change.remark"]["initial_value"] == "Please lower our plan"


def test_another_requester_than_the_sender_is_refused_at_the_field(office: AskingOffice) -> None:
    """A30"""
    other = Member(name="Pia", email="pia@x.example", rights=frozenset({MemberRight.ADMIN, MemberRight.PURCHASE}))
    office.knows(customer(members=(ADMIN, other)))
    settles_on(office, subscription())
    turns(office, MAIL)
    form = open_view(office.shown)
    office.presses("plan_change.plan", "mail/basic", view=_chosen(form, plan="mail/basic"), person=MIA, chosen=True)
    reply = office.submits(open_view(office.shown), person=MIA, requester=other.email)
    assert "not of Pia" in reply.errors["requester"]


def _chosen(form: dict[str, Any], **given: str) -> dict[str, Any]:
    return {**form, "state": {"values": _values(form, **given)}}


def _values(form: dict[str, Any], **given: str) -> dict[str, Any]:
    values: dict[str, Any] = filled(form, **given)["state"]["values"]
    return values


def test_a_forwarded_mail_is_known_by_what_slack_says_of_it(office: AskingOffice) -> None:
    file = {"filetype": "email", "from": [{"address": "ada@engines.example"}], "plain_text": "Less, please"}
    turns(office, {"text": "", "files": [file]})
    assert elements(office.shown)["plan_change.remark"]["initial_value"] == "Less, please"


def test_a_sender_in_the_text_does_not_help_a_forwarded_mail(office: AskingOffice) -> None:
    """A30: somebody else writes `From: ada@…` into their mail."""
    file = {"filetype": "email", "from": [{"address": "eve@evil.example"}], "plain_text": MAIL}
    turns(office, {"text": MAIL, "files": [file]})
    assert "does not come from the primary admin’s address" in texts(office.shown)


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("From: bob@engines.example\nLess, please", "The primary admin is: Ada Lovelace."),
        ("From: eve@evil.example\nLess, please", "cannot become a request"),
        ("Please lower our plan", "No sender’s address was found"),
    ],
)
def test_other_messages_are_refused_with_the_reason(office: AskingOffice, message: str, words: str) -> None:
    turns(office, message)
    assert words in texts(office.shown)
    assert office.shown["callback_id"] != "plan_change.form"


def test_who_may_not_file_is_told_who_may(office: AskingOffice) -> None:
    turns(office, MAIL, ALEX)
    assert "Your role does not include: file change requests" in texts(office.shown)
