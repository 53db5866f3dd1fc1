"""A help ticket in a channel becomes a request, by the shortcut in its menu (A29, A30)."""

from __future__ import annotations

from typing import Any

import pytest

from billing.access import Actor
from billing.change_requests.model import Origin
from handlers.router import Kind
from tests.support.asking import ALEX, MIA, AskingOffice
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
    from_menu = {**form, "state": {"values": _values(form, plan="mail/basic")}}
    office.presses("plan_change.plan", "mail/basic", view=from_menu, person=MIA, chosen=True)
    chosen = open_view(office.shown)
    assert elements(chosen)["plan_change.remark"]["initial_value"] == "Please lower our plan"
    reply = office.submits(chosen, person=MIA)
    request = open_view(reply.view, 2)
    assert elements(request)["plan_change.remark"]["initial_value"] == "Please lower our plan"
    office.submits(request, person=MIA, reason="too_expensive")
    assert (office.request.remark, office.request.origin) == ("Please lower our plan", Origin.TICKET)
    office.presses("request.open", office.request.id, person=MIA)
    assert "help ticket" in texts(office.shown)


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
