"""Deciding in Slack: cards in the channel and as direct messages, buttons, forms, and clicks that come late (A24)."""

from __future__ import annotations

from typing import Any

import pytest

from billing.access import Actor
from billing.change_requests import watching
from billing.change_requests.model import Act, RequestState
from billing.contacts import Account
from billing.errors import SubscriptionChanged, Transient
from billing.ids import ScheduleId
from handlers.router import Kind
from tests.support.asking import (
    ALEX,
    MIA,
    NOBODY_OF_US,
    PRIYA,
    REPORTS,
    RUTH,
    TOM,
    AskingOffice,
    customer,
    policy,
    settles_on,
    subscription,
)
from tests.support.office import Reply
from tests.support.slack import Json, action, elements, interaction, open_view, slack_error, texts

MANAGERS = "C_MANAGERS"


@pytest.fixture
def office() -> AskingOffice:
    return AskingOffice()


@pytest.fixture
def filed(office: AskingOffice) -> AskingOffice:
    """A request that everybody was told of."""
    office.files()
    office.works()
    return office


def shown(office: AskingOffice, place: str) -> Json:
    """The newest version of the card at that place."""
    card = next(one for one in office.rows.cards.values() if one.place == place)
    calls = office.slack.called("chat_postMessage", "chat_update")
    here = [one.arguments for one in calls if _address(one.arguments) == (card.channel, card.ts)]
    posted = [one.arguments for one in calls if "ts" not in one.arguments and one.arguments["channel"] in place]
    return (here or posted)[-1]


def _address(arguments: Json) -> tuple[str, str | None]:
    return arguments["channel"], arguments.get("ts")


def offered(message: Json) -> list[str]:
    return [one.removeprefix("request.") for one in elements(message)]


def clicks(office: AskingOffice, act: str, person: Actor, place: str | None = None, **message: Any) -> Reply:
    """A button in the copy at that place; the person's own by default."""
    known = next((one for one in office.rows.cards.values() if one.place == (place or f"approver:{person.user}")), None)
    channel, ts = (known.channel, known.ts) if known else ("D1", "0.0")
    where = {"channel": {"id": channel}, "message": {"ts": ts, "text": ""}} | message
    body = interaction(person.user, office.trigger(), actions=[action(f"request.{act}", office.request.id)], **where)
    return office.handles(Kind.ACTION, body)


def says(office: AskingOffice, act: str, person: Actor, note: str, *, depth: int = 1) -> Reply:
    """Opens the form of that button, writes, and submits."""
    if depth == 1:
        clicks(office, act, person)
    else:
        office.presses("request.open", office.request.id, person=person)
        office.presses(f"request.{act}", office.request.id, view=open_view(office.shown), person=person)
    return office.submits(open_view(office.shown, depth), person=person, note=note)


PLACES = (f"channel:{MANAGERS}", "approver:U_PRIYA", "approver:U_RUTH", "filer:U_MIA")


# Filed


def test_everybody_concerned_gets_a_card_once(filed: AskingOffice) -> None:
    """A24: the channel, who decides, and who filed it."""
    assert sorted(one.place for one in filed.rows.cards.values()) == sorted(PLACES)
    to = [one.arguments["channel"] for one in filed.slack.called("chat_postMessage")]
    assert to == [MANAGERS, "U_PRIYA", "U_RUTH", "U_MIA"]


def test_a_card_says_what_changes_what_is_lost_money_reason_people(filed: AskingOffice) -> None:
    """A4, A24: 49.00 become 25.00, which is 24.00 less a month."""
    text = texts(shown(filed, "approver:U_PRIYA")["blocks"])
    for fact in (
        "Ada Lovelace",
        "Mail Pro → *Mail Basic*",
        "3 → *1*",
        "Automations",
        "€49.00 → €25.00 per month",
        "-€24.00 a month",
        "too expensive",
        "“The season is over”",
        "ada@engines.example",
        "Mia Agent",
        "Priya Manager or Ruth Manager",
    ):
        assert fact in text, fact


def test_each_reader_gets_their_language(filed: AskingOffice) -> None:
    assert "Änderungsantrag" in texts(shown(filed, "approver:U_RUTH")["blocks"])
    assert "Change request" in texts(shown(filed, "approver:U_PRIYA")["blocks"])
    assert "Change request" in texts(shown(filed, f"channel:{MANAGERS}")["blocks"])


def test_everybody_is_offered_what_they_may_do(filed: AskingOffice) -> None:
    for place in PLACES[:3]:
        assert offered(shown(filed, place)) == ["approve", "reject", "ask", "open"]
    assert offered(shown(filed, "filer:U_MIA")) == ["withdraw", "open"]


def test_dangerous_buttons_ask_first(filed: AskingOffice) -> None:
    """slack.md's fourth rule; reject and ask open a form, which can be left."""
    assert "confirm" in elements(shown(filed, "approver:U_PRIYA"))["request.approve"]
    assert "confirm" in elements(shown(filed, "filer:U_MIA"))["request.withdraw"]


def test_the_customer_gets_a_mail(filed: AskingOffice) -> None:
    """A28"""
    (mail,) = filed.mails
    assert mail["To"].addresses[0].addr_spec == "ada@engines.example"
    assert mail["Message-ID"] == f"<{filed.request.id}.1@testhaus.example>"
    body = mail.get_body(("plain",)).get_content()
    assert "Mail Pro → Mail Basic" in body
    assert "€49.00 → €25.00 per month" in body
    assert "- Automations" in body


def test_the_card_is_posted_once_although_the_job_is_repeated(filed: AskingOffice) -> None:
    before = len(filed.slack.called("chat_postMessage"))
    filed.cards.show(f"{filed.request.id}:1")
    assert len(filed.slack.called("chat_postMessage")) == before


# Decided


def test_an_approval_changes_every_copy_and_tells_who_filed_it(filed: AskingOffice) -> None:
    """slack.md's second rule: the buttons are gone everywhere, and the card says who decided."""
    clicks(filed, "approve", PRIYA)
    filed.works()
    assert filed.request.state is RequestState.SCHEDULED
    for place in PLACES:
        message = shown(filed, place)
        assert offered(message) == ["keep", "open"]
        assert "Priya Manager" in texts(message["blocks"])
    assert filed.told[-1].startswith("👍 Priya Manager has approved")
    assert filed.payments.called("schedule_change") == 1


def home_of(office: AskingOffice, person: Actor) -> str:
    """What was published there last."""
    return texts(
        next(
            one.arguments["view"]
            for one in reversed(office.slack.called("views_publish"))
            if one.arguments["user_id"] == person.user
        )
    )


def test_home_changes_with_the_cards(filed: AskingOffice) -> None:
    """A24: it waits for both managers, then for nobody any more, without anybody pressing Refresh."""
    assert "Ada Lovelace: wartet auf eine Entscheidung" in home_of(filed, RUTH).replace("*", "")
    assert "Ada Lovelace: waiting for a decision" in home_of(filed, MIA).replace("*", "")
    clicks(filed, "approve", PRIYA)
    filed.works()
    for person in (PRIYA, RUTH, MIA):
        assert "Ada Lovelace: wa" not in home_of(filed, person).replace("*", "")


def test_a_home_that_slack_refuses_does_not_keep_the_others_from_theirs(office: AskingOffice) -> None:
    office.files()
    office.slack.fails["views_publish"].append(slack_error("user_disabled"))
    office.works()
    published = [one.arguments["user_id"] for one in office.slack.called("views_publish")]
    assert published == ["U_PRIYA", "U_RUTH"]


def test_a_busy_slack_is_asked_again_for_home(office: AskingOffice) -> None:
    request = office.files()
    office.slack.fails["views_publish"].append(slack_error("ratelimited", status=429))
    with pytest.raises(Transient):
        office.homes.refresh(f"{request.id}:1")
    assert office.homes.refresh(f"{request.id}:1") == ""


def test_who_has_no_role_any_more_has_no_home_to_be_refreshed(office: AskingOffice) -> None:
    request = office.files()
    office.dismisses(RUTH)
    office.homes.refresh(f"{request.id}:1")
    assert [one.arguments["user_id"] for one in office.slack.called("views_publish")] == ["U_MIA", "U_PRIYA"]


def test_the_customer_hears_of_the_day(filed: AskingOffice) -> None:
    clicks(filed, "approve", PRIYA)
    filed.works()
    body = filed.mails[-1].get_body(("plain",)).get_content()
    assert "takes effect on Mar 15, 2026" in body
    assert len(filed.mails) == 2


def test_of_two_managers_one_decides_and_the_other_sees_who(filed: AskingOffice) -> None:
    clicks(filed, "approve", PRIYA)
    clicks(filed, "approve", RUTH)
    assert [one.act for one in filed.request.decisions] == [Act.FILE, Act.APPROVE]
    assert "Zu spät" in texts(filed.shown)
    assert "Priya Manager" in texts(filed.shown)


def test_a_double_click_is_one_decision(filed: AskingOffice) -> None:
    clicks(filed, "approve", PRIYA)
    clicks(filed, "approve", PRIYA)
    assert [one.act for one in filed.request.decisions] == [Act.FILE, Act.APPROVE]
    assert not filed.slack.called("views_open")


def test_a_rejection_needs_a_reason_and_shows_it(filed: AskingOffice) -> None:
    reply = says(filed, "reject", PRIYA, "  ")
    assert reply.errors == {"note": "Please say why in a few words."}
    assert says(filed, "reject", PRIYA, "They signed for a year").body == ""
    filed.works()
    assert filed.request.state is RequestState.REJECTED
    for place in PLACES:
        assert offered(shown(filed, place)) == ["open"]
        assert "They signed for a year" in texts(shown(filed, place)["blocks"])
    assert filed.payments.called("schedule_change") == 0


def test_the_customer_hears_of_a_rejection_without_the_internal_words(filed: AskingOffice) -> None:
    says(filed, "reject", PRIYA, "They never pay")
    filed.works()
    body = filed.mails[-1].get_body(("plain",)).get_content()
    assert "not approved" in body
    assert "never pay" not in body


def test_a_question_waits_for_its_answer(filed: AskingOffice) -> None:
    says(filed, "ask", PRIYA, "How many contacts do they need?")
    filed.works()
    assert offered(shown(filed, "filer:U_MIA")) == ["answer", "withdraw", "open"]
    assert offered(shown(filed, "approver:U_RUTH")) == ["reject", "open"]
    assert "How many contacts" in filed.told[-1]
    assert says_answer(filed, "About 300").body == ""
    filed.works()
    assert offered(shown(filed, "approver:U_RUTH")) == ["approve", "reject", "ask", "open"]
    assert [one for one in filed.told if "About 300" in one]
    assert len(filed.mails) == 1, "questions stay among colleagues"


def test_a_question_that_nobody_could_answer_is_not_asked(filed: AskingOffice) -> None:
    """A24: a card of before still has the button; its refusal says what to do instead. Later cards have none."""
    filed.dismisses(MIA)
    clicks(filed, "ask", PRIYA)
    refused = texts(filed.shown)
    assert "Mia Agent, who filed the request, has no role in Kontor any more" in refused
    assert "ask the customer (Ada Lovelace), or decide without an answer" in refused
    filed.clock.goes_on(hours=24)
    watching.remind(filed.store)
    filed.works()
    for place in PLACES[:3]:
        assert offered(shown(filed, place)) == ["approve", "reject", "open"]
    clicks(filed, "approve", PRIYA)
    assert filed.request.state is RequestState.APPROVED


def says_answer(office: AskingOffice, note: str) -> Reply:
    clicks(office, "answer", MIA, "filer:U_MIA")
    return office.submits(open_view(office.shown), person=MIA, note=note)


def test_who_filed_it_can_withdraw(filed: AskingOffice) -> None:
    clicks(filed, "withdraw", MIA, "filer:U_MIA")
    filed.works()
    assert filed.request.state is RequestState.WITHDRAWN
    assert all(offered(shown(filed, place)) == ["open"] for place in PLACES)
    assert "withdrawn" in filed.mails[-1].get_body(("plain",)).get_content()


def test_with_two_approvals_needed_the_card_counts(office: AskingOffice) -> None:
    policy(office, second_approval_above={"EUR": 1})
    office.files()
    office.works()
    clicks(office, "approve", PRIYA)
    office.works()
    assert office.request.state is RequestState.FILED
    assert "1 of 2 have agreed" in texts(shown(office, f"channel:{MANAGERS}")["blocks"])
    assert offered(shown(office, "approver:U_PRIYA")) == ["reject", "ask", "open"]
    clicks(office, "approve", PRIYA, f"channel:{MANAGERS}")
    assert office.request.state is RequestState.FILED
    clicks(office, "approve", RUTH)
    office.works()
    assert office.request.state is RequestState.SCHEDULED


# Usage above the new limits


@pytest.fixture
def crowded(office: AskingOffice) -> AskingOffice:
    """Ada uses 800 contacts and asks for a limit of 500."""
    office.knows(customer(account=Account(plan="mail/pro", contact_limit=1000, active_contacts=800, seats=3)))
    settles_on(office, subscription())
    office.files(limit=500)
    office.works()
    return office


def test_above_the_limits_an_approval_needs_a_reason(crowded: AskingOffice) -> None:
    """A4"""
    card = shown(crowded, "approver:U_PRIYA")
    assert "800 contacts are in use, 500 would be allowed" in texts(card["blocks"])
    assert "confirm" not in elements(card)["request.approve"]
    clicks(crowded, "approve", PRIYA)
    assert crowded.request.state is RequestState.FILED
    assert "800" in texts(crowded.shown)
    reply = crowded.submits(open_view(crowded.shown), person=PRIYA, note=" ")
    assert "note" in reply.errors
    crowded.submits(open_view(crowded.shown), person=PRIYA, note="They delete 400 this week")
    crowded.works()
    assert crowded.request.state is RequestState.SCHEDULED
    assert "although usage is above the new limits" in texts(shown(crowded, PLACES[0])["blocks"])


# Clicks that are not theirs, or come too late


@pytest.mark.parametrize(
    ("act", "person", "words"),
    [
        ("approve", MIA, "Nobody decides a request that they filed themselves."),
        ("reject", MIA, "Nobody decides a request that they filed themselves."),
        ("approve", TOM, "This request is decided by: Priya Manager and Ruth Manager."),
        ("ask", ALEX, "This request is decided by: Priya Manager and Ruth Manager."),
        ("withdraw", PRIYA, "Only Mia Agent, who filed the request, can do this."),
        ("answer", PRIYA, "Too late"),
        ("approve", NOBODY_OF_US, "no role"),
        ("keep", PRIYA, "Too late"),
    ],
)
def test_who_may_not_is_told_who_may(filed: AskingOffice, act: str, person: Actor, words: str) -> None:
    """slack.md's third rule."""
    clicks(filed, act, person, PLACES[0])
    assert words in texts(filed.shown)
    assert filed.request.version == 1


@pytest.mark.parametrize("act", ["approve", "reject", "ask", "answer", "withdraw", "keep"])
@pytest.mark.parametrize("person", [PRIYA, MIA])
def test_a_late_click_hears_who_decided_what_when_and_why(filed: AskingOffice, act: str, person: Actor) -> None:
    filed.does(Act.REJECT, RUTH, "They signed for a year")
    clicks(filed, act, person, PLACES[0])
    text = texts(filed.shown)
    for fact in ("rejected", "Ruth Manager", "Mar 2, 2026, 11:00", "They signed for a year"):
        assert fact in text


def test_a_form_that_is_submitted_too_late_says_so(filed: AskingOffice) -> None:
    clicks(filed, "reject", PRIYA)
    form = open_view(filed.shown)
    filed.does(Act.APPROVE, RUTH)
    assert "Too late" in filed.submits(form, person=PRIYA, note="no").text
    assert filed.request.state is RequestState.APPROVED


def test_a_forged_value_is_refused(filed: AskingOffice) -> None:
    office = filed
    body = interaction(PRIYA.user, office.trigger(), actions=[action("request.approve", "chr_forged")])
    office.handles(Kind.ACTION, body)
    assert "does not exist" in texts(office.shown)


# Copies that were lost, and old ones


def test_a_copy_that_was_posted_and_not_written_down_is_adopted_by_a_click(filed: AskingOffice) -> None:
    """The program died between posting and writing down, and posted again: both copies change from now on."""
    clicks(filed, "approve", RUTH, message={"ts": "99.9", "text": ""}, channel={"id": "D_RUTH"})
    filed.works()
    changed = {_address(one.arguments) for one in filed.slack.called("chat_update")}
    assert ("D_RUTH", "99.9") in changed
    assert len({one for one in changed if one[0] == "D_RUTH"}) == 2


def test_a_click_in_a_lost_copy_that_comes_too_late_brings_it_up_to_date(filed: AskingOffice) -> None:
    filed.does(Act.REJECT, RUTH, "no")
    filed.works()
    clicks(filed, "approve", PRIYA, message={"ts": "99.9", "text": ""}, channel={"id": "D_PRIYA"})
    filed.works()
    last = filed.slack.called("chat_update")
    (lost,) = [one.arguments for one in last if one.arguments["ts"] == "99.9"]
    assert offered(lost) == ["open"]


def test_a_claimed_copy_without_a_place_is_found_by_a_click(office: AskingOffice) -> None:
    """Posted, killed, and clicked before the job is taken up again: then it is not posted a second time."""
    request = office.files()
    office.rows.jobs.clear()
    office.slack.fails["chat_postMessage"].append(Transient("slack"))
    with pytest.raises(Transient):
        office.cards.show(f"{request.id}:1")
    clicks(office, "ask", PRIYA, message={"ts": "5.5", "text": ""}, channel={"id": MANAGERS})
    office.cards.show(f"{request.id}:1")
    office.works()
    assert [one.arguments["channel"] for one in office.slack.called("chat_postMessage")].count(MANAGERS) == 0
    assert (MANAGERS, "5.5") in {_address(one.arguments) for one in office.slack.called("chat_update")}


def test_where_one_place_fails_the_others_get_their_card(office: AskingOffice) -> None:
    request = office.files()
    office.rows.jobs.clear()
    office.slack.fails["chat_postMessage"].append(slack_error("ratelimited", 429, retry_after="3"))
    with pytest.raises(Transient) as fault:
        office.cards.show(f"{request.id}:1")
    assert fault.value.retry_after == 3
    assert len(office.slack.called("chat_postMessage")) == 3
    office.cards.show(f"{request.id}:1")
    assert len(office.slack.called("chat_postMessage")) == 4


def test_a_job_does_not_post_what_another_is_posting(office: AskingOffice) -> None:
    """The second one finds the claim; the first one looks at the state of now when it has posted."""
    request = office.files()
    office.rows.jobs.clear()
    posted = office.slack.chat_postMessage
    seen = []

    def meanwhile(**message: Any) -> Json:
        if not seen:
            seen.append(message)
            office.does(Act.REJECT, RUTH, "no")
            office.cards.show(f"{request.id}:2")
        return posted(**message)

    office.slack.chat_postMessage = meanwhile  # type: ignore[method-assign]  # Slack is slow
    office.cards.show(f"{request.id}:1")
    calls = office.slack.called("chat_postMessage")
    assert sorted(one.arguments["channel"] for one in calls) == [MANAGERS, "U_MIA", "U_PRIYA", "U_RUTH"]
    assert all(offered(shown(office, place)) == ["open"] for place in PLACES)


def test_an_older_job_shows_the_newer_state(filed: AskingOffice) -> None:
    filed.does(Act.REJECT, RUTH, "no")
    filed.cards.show(f"{filed.request.id}:1")
    assert all(offered(shown(filed, place)) == ["open"] for place in PLACES)


def test_a_message_that_was_deleted_is_posted_anew_with_the_next_change(filed: AskingOffice) -> None:
    filed.slack.fails["chat_update"].append(slack_error("message_not_found"))
    filed.does(Act.ASK, PRIYA, "why?")
    filed.cards.show(f"{filed.request.id}:2")
    filed.does(Act.ANSWER, MIA, "so")
    filed.cards.show(f"{filed.request.id}:3")
    assert [one.arguments["channel"] for one in filed.slack.called("chat_postMessage")].count("approver") == 0
    assert len(filed.slack.called("chat_postMessage")) == 5


# The page


def test_the_page_has_everything_and_decides_in_place(filed: AskingOffice) -> None:
    filed.presses("request.open", filed.request.id, person=PRIYA)
    page = open_view(filed.shown)
    assert "What was done" in texts(page)
    assert {"request.approve", "request.reject", "request.ask", "card.open"} <= elements(page).keys()
    filed.presses("request.approve", filed.request.id, view=page, person=PRIYA)
    assert filed.slack.calls[-1].method == "views_update"
    assert "Approved by Priya Manager" in texts(filed.shown)
    assert "request.approve" not in elements(filed.shown)


def test_from_the_page_a_form_leads_back_to_the_page(filed: AskingOffice) -> None:
    reply = says(filed, "reject", PRIYA, "no", depth=2)
    assert "👎 *Rejected.*" in reply.text
    assert reply.view["clear_on_close"] is True


def test_another_teams_request_does_not_exist(filed: AskingOffice) -> None:
    stranger = PRIYA.model_copy(update={"team": "T2"})
    filed.hires(stranger)
    body = interaction(PRIYA.user, filed.trigger(), actions=[action("request.open", filed.request.id)])
    filed.handles(Kind.ACTION, {**body, "team": {"id": "T2"}})
    assert "does not exist" in texts(filed.shown)


# Keeping the plan


@pytest.fixture
def planned(filed: AskingOffice) -> AskingOffice:
    clicks(filed, "approve", PRIYA)
    filed.works()
    return filed


@pytest.mark.parametrize(("person", "place"), [(MIA, "filer:U_MIA"), (PRIYA, "approver:U_PRIYA"), (TOM, PLACES[0])])
def test_whoever_may_file_can_keep_the_plan(planned: AskingOffice, person: Actor, place: str) -> None:
    """HX17: one click, which asks first."""
    assert "confirm" in elements(shown(planned, PLACES[0]))["request.keep"]
    clicks(planned, "keep", person, place)
    planned.works()
    assert planned.request.state is RequestState.KEPT
    assert planned.payments.subscriptions["sub_ada"].schedule is None
    assert all(offered(shown(planned, place)) == ["open"] for place in PLACES)
    assert any("has called off" in one for one in planned.told)
    assert "was cancelled" in planned.mails[-1].get_body(("plain",)).get_content()


def test_keeping_it_twice_is_keeping_it_once(planned: AskingOffice) -> None:
    clicks(planned, "keep", MIA, "filer:U_MIA")
    clicks(planned, "keep", MIA, "filer:U_MIA")
    planned.works()
    assert [one.act for one in planned.request.decisions].count(Act.KEEP) == 1


def test_from_the_page_the_result_comes_into_the_page(planned: AskingOffice) -> None:
    planned.presses("request.open", planned.request.id, person=MIA)
    planned.presses("request.keep", planned.request.id, view=open_view(planned.shown), person=MIA)
    assert "Stripe is being told" in texts(planned.shown)
    planned.works()
    assert "🔒 *Called off.*" in texts(planned.shown)


def test_admins_do_not_keep_plans(planned: AskingOffice) -> None:
    clicks(planned, "keep", ALEX, PLACES[0])
    assert "Your role does not include: file change requests" in texts(planned.shown)


# What Stripe does not do


def test_a_change_that_stripe_refuses_is_shown_to_everybody(filed: AskingOffice) -> None:
    settles_on(filed, subscription(REPORTS))  # somebody changed it meanwhile
    clicks(filed, "approve", PRIYA)
    filed.works()
    assert filed.request.state is RequestState.FAILED
    for place in PLACES:
        assert "⚠️" in texts(shown(filed, place)["blocks"])
    told = [one for one in filed.told if "could not be made" in one or "war nicht möglich" in one]
    assert len(told) == 3, "who filed it and both managers"
    assert "We could not make the change" in filed.mails[-1].get_body(("plain",)).get_content()


def test_an_operation_for_which_nobody_waits_answers_nowhere(filed: AskingOffice) -> None:
    clicks(filed, "approve", PRIYA)
    (operation,) = filed.rows.operations.values()
    assert operation.reply_to == "{}"
    filed.walks(operation.id)
    before = len(filed.slack.calls)
    assert filed.announcer.announce(operation.id) == ""
    filed.announcer.delayed(operation.id)
    assert len(filed.slack.calls) == before


def test_a_refused_keep_is_said_to_who_clicked(planned: AskingOffice) -> None:
    planned.payments.fails.append(SubscriptionChanged())
    clicks(planned, "keep", MIA, "filer:U_MIA")
    planned.works()
    assert planned.request.state is RequestState.SCHEDULED
    assert "changed in between" in planned.told[-1]


def test_keeping_too_late_says_that_it_is_in_effect(planned: AskingOffice) -> None:
    """The day had come before Stripe was told."""
    lowered = planned.payments.subscriptions["sub_ada"]
    after = subscription().model_copy(
        update={"schedule": ScheduleId("x"), "items": tuple(one for one in _basic(lowered))}
    )
    planned.payments.subscriptions["sub_ada"] = after
    clicks(planned, "keep", MIA, "filer:U_MIA")
    planned.works()
    assert planned.request.state is RequestState.EFFECTIVE
    assert any("is in effect" in one for one in planned.told)


def _basic(before):
    price = before.items[0].model_copy(update={"price": "mail-basic-1000-month-eur", "quantity": 1})
    return (price,)
