"""Requests decided by people in Slack, and what becomes of them at Stripe (A13, A24 to A31, AX2, GX9, HX17)."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from billing.change_requests.model import Act, ChangeRequest, RequestState
from billing.contacts import Contact
from billing.roles import Role
from tests.support.person import Person
from tests.support.requesting import (
    APPROVALS,
    BASIC,
    PRO,
    buttons,
    card,
    cards_of,
    file_request,
    move_stripe,
    promote,
    reaches,
    request_now,
    staff,
    with_plan,
)
from tests.support.world import World

S = RequestState


@pytest.fixture
def alex(world: World) -> Iterator[Person]:
    """A second manager."""
    person = promote(world)
    yield person
    actor = staff(world, person)
    with world.app.desk.writing(actor) as uow:
        uow.staff.replace_group(actor.team, "cli", Role.MANAGER, frozenset())
    world.app.directory.forget()


def everybody(world: World) -> list[tuple[Person, str | None]]:
    """Who sees a copy of the card, and where."""
    priya = world.person("manager")
    return [(priya, APPROVALS), (priya, None), (world.person("agent"), None)]


def all_offer(world: World, request, offered: list[str]) -> None:
    for person, channel in everybody(world):
        world.eventually(lambda p=person, c=channel: buttons(card(p, request, c)) == offered)


def sold(world: World, contact: Contact) -> list[str]:
    (subscription,) = world.subscriptions(contact)
    return [item.price.lookup_key for item in subscription["items"].data]


def mails(world: World, contact: Contact) -> list[str]:
    return [one["subject"] for one in world.mails() if contact.email in str(one["to"])]


def test_approved_in_the_channel_it_is_planned_for_the_end_of_the_period(world: World) -> None:
    """A24, A28, AX2: cards in the channel and as direct messages, one schedule, mails, history."""
    ada = with_plan(world)
    request = file_request(world, ada)
    priya, mia = world.person("manager"), world.person("agent")
    assert buttons(card(priya, request, APPROVALS)) == ["approve", "reject", "ask"]
    assert buttons(card(priya, request)) == ["approve", "reject", "ask"]
    assert buttons(card(mia, request)) == ["withdraw"]
    world.eventually(lambda: len(mails(world, ada)) == 1)

    reply = priya.presses("request.approve", message=card(priya, request, APPROVALS), confirmed=False)
    assert reply.confirm, "it asks first"
    assert priya.presses("request.approve", message=card(priya, request, APPROVALS)).ok
    planned = reaches(world, request, S.SCHEDULED)
    all_offer(world, request, ["keep"])
    (schedule,) = world.stripe.v1.subscription_schedules.list({"customer": ada.customer}).data
    assert (schedule.id, schedule.status) == (planned.schedule, "active")
    assert sold(world, ada) == [PRO], "until then everything stays as it is"
    assert "Priya Nair" in str(card(mia, request))
    mia.waits_for(lambda one: any("Priya Nair hat die Änderung" in str(m) for m in one.direct_messages))
    world.eventually(lambda: len(mails(world, ada)) == 2)
    history = world.timeline(ada)
    assert {"request_filed", "request_approved", "request_scheduled"} <= set(history)
    assert world.workspace.refused == []


def test_rejected_with_a_reason_everybody_reads_it(world: World) -> None:
    ada = with_plan(world)
    request = file_request(world, ada)
    priya = world.person("manager")
    assert priya.presses("request.reject", message=card(priya, request)).ok
    assert priya.submits({"note": "They signed for a year"}).ok
    assert priya.view is None
    reaches(world, request, S.REJECTED)
    for person, channel in everybody(world):
        world.eventually(lambda p=person, c=channel: "They signed for a year" in str(card(p, request, c)))
    all_offer(world, request, [])
    assert world.stripe.v1.subscription_schedules.list({"customer": ada.customer}).data == []
    world.eventually(lambda: len(mails(world, ada)) == 2)


def test_of_two_managers_at_once_one_decides_and_the_other_sees_who(world: World, alex: Person) -> None:
    """Exactly one transition and one audit row."""
    request = file_request(world, with_plan(world))
    priya = world.person("manager")
    copies = [(priya, card(priya, request, APPROVALS)), (alex, card(alex, request))]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda one: one[0].presses("request.approve", message=one[1]), copies))
    done = reaches(world, request, S.SCHEDULED)
    assert [one.act for one in done.decisions] == [Act.FILE, Act.APPROVE, Act.SCHEDULE]
    winner = done.decisions[1].by
    assert winner
    loser = alex if winner.user == priya.id else priya
    text = loser.waits_for(lambda one: one.text)
    assert f"({winner.name}," in text
    assert "Too late" in text
    world.eventually(lambda: buttons(card(alex, request)) == ["keep"])


def test_a_question_goes_back_and_forth(world: World) -> None:
    request = file_request(world, with_plan(world))
    priya, mia = world.person("manager"), world.person("agent")
    priya.presses("request.ask", message=card(priya, request))
    assert priya.submits({"note": "Since when?"}).ok
    mia.waits_for(lambda one: buttons(card(one, request)) == ["answer", "withdraw"])
    assert buttons(card(priya, request, APPROVALS)) == ["reject"]
    mia.presses("request.answer", message=card(mia, request))
    assert "Since when?" in mia.text
    assert mia.submits({"note": "Since May"}).ok
    priya.waits_for(lambda one: buttons(card(one, request)) == ["approve", "reject", "ask"])
    assert "Since May" in str(card(priya, request))
    assert priya.presses("request.approve", message=card(priya, request)).ok
    reaches(world, request, S.SCHEDULED)


def test_withdrawn_it_is_over_and_a_new_one_can_be_filed(world: World) -> None:
    ada = with_plan(world)
    request = file_request(world, ada)
    mia = world.person("agent")
    assert mia.presses("request.withdraw", message=card(mia, request)).ok
    reaches(world, request, S.WITHDRAWN)
    all_offer(world, request, [])
    assert file_request(world, ada).id != request.id


def test_a_click_in_an_old_card_is_answered_with_who_decided(world: World) -> None:
    """slack.md's third rule: somebody still sees the card of before."""
    request = file_request(world, with_plan(world))
    priya, mia = world.person("manager"), world.person("agent")
    old = card(priya, request)
    mia.presses("request.withdraw", message=card(mia, request))
    priya.waits_for(lambda one: buttons(card(one, request)) == [])
    priya.presses("request.approve", message=old, outdated=True)
    assert "Too late" in priya.text
    assert "Mia Brandt" in priya.text
    assert request_now(world, request).state is S.WITHDRAWN


def test_kept_after_all_the_schedule_is_let_go(world: World) -> None:
    """HX17: one click while it is possible."""
    ada = with_plan(world)
    request = file_request(world, ada)
    priya, mia = world.person("manager"), world.person("agent")
    priya.presses("request.approve", message=card(priya, request))
    reaches(world, request, S.SCHEDULED)
    mia.waits_for(lambda one: buttons(card(one, request)) == ["keep"])
    assert mia.presses("request.keep", message=card(mia, request)).ok
    reaches(world, request, S.KEPT)
    all_offer(world, request, [])
    (schedule,) = world.stripe.v1.subscription_schedules.list({"customer": ada.customer}).data
    assert schedule.status == "released"
    assert sold(world, ada) == [PRO]
    world.eventually(lambda: len(mails(world, ada)) == 3)


def test_what_is_let_go_at_stripe_itself_is_shown_to_everybody(world: World) -> None:
    """Cancelled at Stripe: the request fails, visibly."""
    ada = with_plan(world)
    request = file_request(world, ada)
    priya = world.person("manager")
    priya.presses("request.approve", message=card(priya, request))
    planned = reaches(world, request, S.SCHEDULED)
    world.eventually(world.is_quiet)
    world.stripe.v1.subscription_schedules.release(planned.schedule)
    reaches(world, request, S.FAILED)
    for person, channel in everybody(world):
        wanted = "bei Stripe abgesagt" if person.name == "Mia Brandt" else "cancelled at Stripe"
        world.eventually(lambda p=person, c=channel, w=wanted: w in str(card(p, request, c)))
    all_offer(world, request, [])


def test_an_upgrade_supersedes_what_is_planned(world: World) -> None:
    """HX17: and says so; the schedule is let go."""
    ada = with_plan(world)
    request = file_request(world, ada)
    priya, jonas = world.person("manager"), world.person("sales")
    priya.presses("request.approve", message=card(priya, request))
    reaches(world, request, S.SCHEDULED)
    assert jonas.types(f"/billing plan {ada.email}").ok
    jonas.presses("plan_change.open")
    assert jonas.submits({"limit#mail/pro": "2500"}).ok
    jonas.waits_for(lambda one: one.view and one.view["callback_id"] == "plan_change.review")
    jonas.submits()
    reaches(world, request, S.SUPERSEDED)
    world.eventually(lambda: "Superseded by another change by Jonas Weber" in str(card(priya, request)))
    all_offer(world, request, [])
    assert sold(world, ada) == ["mail-pro-2500-month-eur"]
    (schedule,) = world.stripe.v1.subscription_schedules.list({"customer": ada.customer}).data
    assert schedule.status == "released"


def test_a_help_ticket_becomes_a_request(world: World) -> None:
    """A29, A30: from the primary admin's e-mail over the form to the managers' card."""
    ada = with_plan(world)
    mia, priya = world.person("agent"), world.person("manager")
    message = world.workspace.says(mia.id, "C07SUPPORT0", f"From: Ada <{ada.email}>\nWe need less from May on")
    assert mia.shortcut("request_from_message", message | {"channel": "C07SUPPORT0"}).ok
    mia.presses("plan_change.plan", "mail/basic")
    assert mia.submits().ok
    assert mia.submits({"reason": "seasonal"}).ok
    assert "Antrag gestellt" in mia.text
    mia.closes(everything=True)
    with world.app.desk.reading(staff(world, mia)) as uow:
        (request,) = uow.requests.of_contact(ada.id)
    assert "We need less from May on" in str(card(priya, request, APPROVALS))
    stranger = world.workspace.says(mia.id, "C07SUPPORT0", "From: eve@evil.example\nWe need less")
    mia.shortcut("request_from_message", stranger | {"channel": "C07SUPPORT0"})
    assert "Hauptadmin" in mia.text


def test_usage_above_the_new_limit_needs_a_reason(world: World) -> None:
    """A4"""
    request = file_request(world, with_plan(world, used=800), limit=500)
    priya = world.person("manager")
    assert "800 contacts are in use" in str(card(priya, request))
    priya.presses("request.approve", message=card(priya, request))
    assert request_now(world, request).state is S.FILED
    assert priya.submits({"note": "They clean up"}).ok
    reaches(world, request, S.SCHEDULED)
    assert request_now(world, request).decisions[1].override


def test_the_list_leads_to_the_page_and_the_page_decides(world: World) -> None:
    """A27: `/billing approvals`."""
    request = file_request(world, with_plan(world))
    priya = world.person("manager")
    card(priya, request)
    assert priya.types("/billing approvals").ok
    assert "Waiting for me" in priya.text
    priya.presses("request.open", block_id=world.block_of(priya, "request.open", request.id))
    assert "What was done" in priya.text
    priya.presses("request.reject")
    assert priya.submits({"note": "no"}).ok
    assert "Rejected" in priya.text
    reaches(world, request, S.REJECTED)
    all_offer(world, request, [])


def test_the_export_comes_as_a_file(world: World) -> None:
    request = file_request(world, with_plan(world))
    priya = world.person("manager")
    priya.types("/billing approvals")
    priya.presses("requests.filter", "all")
    assert priya.presses("requests.export").ok
    assert "direct message" in priya.text
    found = priya.waits_for(lambda one: [m for m in one.direct_messages if m.get("files")])
    (file,) = found[-1]["files"]
    assert file["name"].startswith("change-requests-all-")
    in_the_browser = {"Sec-Fetch-Site": "same-origin"}
    content = requests.get(file["url_private"], headers=in_the_browser, timeout=10).text
    assert content.startswith("request,state,customer,")
    assert request.id in content
    mia = world.person("agent")
    mia.types("/billing genehmigungen")
    assert mia.button("requests.export") is None


def test_out_of_office_can_be_noted_and_ended(world: World) -> None:
    priya, jonas = world.person("manager"), world.person("sales")
    assert priya.types("/billing away").ok
    assert priya.submits({"last": "2026-01-01", "deputy": jonas.id}).errors["last"]
    assert priya.submits({"first": "2027-01-04", "last": "2027-01-08", "deputy": jonas.id}).ok
    assert "out of office" in priya.text
    priya.closes(everything=True)
    priya.types("/billing away")
    assert "Noted" in priya.text
    priya.presses("absence.end")
    assert "Welcome back" in priya.text


# What follows moves the local Stripe's clock, so it comes last.


def test_when_its_day_comes_the_plan_is_the_new_one(world: World) -> None:
    """AX2: at the period's end, told by Stripe's events; and the next request takes the same way."""
    ada = with_plan(world)
    priya, mia = world.person("manager"), world.person("agent")
    request = planned_and_due(world, ada)
    all_offer(world, request, [])
    assert sold(world, ada) == [BASIC]
    world.eventually(lambda: mails(world, ada)[-1:] != [] and len(mails(world, ada)) == 3)
    with world.app.desk.reading(staff(world, priya)) as uow:
        assert uow.contacts.get(ada.id).account.plan == "mail/basic"
    assert len(cards_of(priya, request)) == 2

    assert mia.types(f"/billing plan {ada.email}").ok
    assert "Stripe" not in mia.text, "nothing waits there any more"
    planned_and_due(world, ada, limit=500)
    assert sold(world, ada) == ["mail-basic-500-month-eur"]


def test_what_started_later_can_be_lowered_in_its_first_period(world: World) -> None:
    """AX2: Stripe began it by a schedule, which stays attached until the period ends."""
    ada = with_plan(world, in_days=1)
    assert world.subscriptions(ada)[0].schedule
    planned_and_due(world, ada)
    assert sold(world, ada) == [BASIC]


def planned_and_due(world: World, contact: Contact, **changes: object) -> ChangeRequest:
    """Filed, approved, and its day has come."""
    request = file_request(world, contact, **changes)
    priya = world.person("manager")
    priya.presses("request.approve", message=card(priya, request))
    reaches(world, request, S.SCHEDULED)
    move_stripe(world, by_months=1)
    move_stripe(world, by_days=1)
    return reaches(world, request, S.EFFECTIVE)
