"""Failed payments, the whole history, all invoices, Home, and what a comparison found, as Slack sees them."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from billing import managers, syncs
from billing.contacts import InvoiceStatus, Part, SubscriptionStatus
from billing.dunning import failures
from billing.errors import Declined, Transient
from billing.histories import PIPELINE as EXPORT
from billing.operations import State
from billing.reconciliations import Difference, Reconciliation
from billing.roles import Role
from billing.steps import NOBODY
from billing.timeline import Entry, Happening
from handlers.charts import Chart
from handlers.router import Kind
from tests.support.failing import SECOND_CARD, event, fails, invoice, subscription
from tests.support.office import Office
from tests.support.shop import ADA, BEN, NOW, SAM, actor
from tests.support.slack import Json, elements, metadata, open_view, slack_error, texts

PRIYA = actor(Role.MANAGER, user="U_PRIYA", name="Priya", locale="de-DE")


@pytest.fixture
def office() -> Office:
    made = Office()
    made.hires(PRIYA)
    return made


def failed(office: Office, count: int = 1) -> None:
    """So many invoices of Ada's fail, and the burst is over."""
    numbers = range(1, count + 1)
    fails(office, *(invoice(number) for number in numbers))
    for number in numbers:
        office.store.accept_event(event(number))
    office.works()
    office.clock.goes_on(minutes=1)
    failures.collect(office.store)


def is_passed_on(office: Office) -> None:
    """What there was no place for, when its burst is over."""
    office.works()
    office.clock.goes_on(minutes=1)
    failures.collect(office.store)
    office.works()


# Telling of it


def test_one_failure_is_told_in_full_with_the_ways_on(office: Office) -> None:
    """H35"""
    failed(office)
    assert office.works() == ["C_MANAGERS"]
    [message] = office.told
    assert "The payment of €49.00 by Ada Lovelace failed." in message
    assert "There is not enough money" in message
    assert "Stripe tries again on 5 Mar 2026." in message
    assert "becomes unpaid" in message


def test_the_message_says_that_stripe_wrote_it_off(office: Office) -> None:
    """HX1: its settings may do that after the last try. The message's button opens the form."""
    fails(office, invoice(status=InvoiceStatus.UNCOLLECTIBLE, attempts=4, next_attempt_at=None))
    office.store.accept_event(event())
    is_passed_on(office)
    [message] = office.told
    assert "Stripe will not try again." in message
    assert "The invoice is written off, and can still be paid." in message
    office.presses("collect.open", f"{ADA}:in_1")
    assert "collect.method" in elements(office.shown)


def test_the_message_says_that_the_subscription_has_ended_over_it(office: Office) -> None:
    ended = subscription(status=SubscriptionStatus.CANCELED)
    fails(office, invoice(attempts=4, next_attempt_at=None), subscriptions=(ended,))
    office.store.accept_event(event())
    is_passed_on(office)
    [message] = office.told
    assert "Stripe will not try again. The subscription has ended." in message


def test_a_thousand_failures_are_one_message_with_a_list(office: Office) -> None:
    failed(office, 1000)
    office.works()
    [message] = office.told
    assert "1,000 payments failed" in message
    assert "Together €49,000.00." in message  # 1,000 × 49.00
    blocks = office.slack.called("chat_postMessage")[0].arguments["blocks"]
    button = elements({"blocks": blocks})["failures.list"]
    office.presses("failures.list", button["value"])
    assert texts(office.shown).count("Ada Lovelace") == 10
    older = elements(office.shown)["failures.more"]["value"]
    office.presses("failures.more", older, view=open_view(office.shown))
    assert texts(office.shown).count("Ada Lovelace") == 10


def test_slack_being_away_is_tried_again_and_told_once(office: Office) -> None:
    failed(office)
    office.slack.fails["chat_postMessage"].append(slack_error("ratelimited", 429, retry_after="3"))
    job = office.rows.jobs[0]
    with pytest.raises(Transient):
        office.tellers.tell(job.argument, "")
    office.works()
    assert len(office.told) == 1


def test_nothing_is_told_when_all_was_paid_meanwhile(office: Office) -> None:
    failed(office)
    fails(office, invoice(status=InvoiceStatus.PAID))
    office.works()
    assert office.told == []


def test_a_manager_without_a_channel_is_told_in_their_language(office: Office) -> None:
    fails(office)
    office.posts.managers = None
    office.events._channel = None
    office.store.accept_event(event())
    is_passed_on(office)
    assert "ist fehlgeschlagen" in office.told[0]


@pytest.mark.parametrize("error", ["not_in_channel", "is_archived", "channel_not_found", "restricted_action"])
def test_where_the_channel_cannot_be_written_to_every_manager_is_told(office: Office, error: str) -> None:
    """H35: in their own language."""
    failed(office)
    office.slack.fails["chat_postMessage"].append(slack_error(error))
    is_passed_on(office)
    assert [one.arguments["channel"] for one in office.slack.called("chat_postMessage")] == ["U_PRIYA"]
    assert "ist fehlgeschlagen" in office.told[0]


def test_where_there_are_no_managers_either_the_admins_are_told(office: Office) -> None:
    office.dismisses(PRIYA)
    office.hires(actor(Role.ADMIN, user="U_ALEX", name="Alex"))
    failed(office)
    office.slack.fails["chat_postMessage"].append(slack_error("not_in_channel"))
    is_passed_on(office)
    assert [one.arguments["channel"] for one in office.slack.called("chat_postMessage")] == ["U_ALEX"]


def test_where_there_are_neither_channel_nor_managers_the_admins_are_told(office: Office) -> None:
    office.dismisses(PRIYA)
    office.hires(actor(Role.ADMIN, user="U_ALEX", name="Alex"))
    office.posts.managers = office.events._channel = None
    failed(office)
    office.works()
    assert [one.arguments["channel"] for one in office.slack.called("chat_postMessage")] == ["U_ALEX"]


def test_who_was_told_already_is_not_told_again_because_the_channel_is_closed(office: Office) -> None:
    """Sam is a manager, too, and has started one of the two subscriptions."""
    office.hires(SAM.model_copy(update={"roles": frozenset({Role.SALES, Role.MANAGER})}))
    started = office.starts()
    office.rows.jobs.clear()
    fails(office, invoice(1), invoice(2))
    for one in (event(1, operation=started.id), event(2)):
        office.store.accept_event(one)
    office.works()
    office.slack.calls.clear()
    office.slack.fails["chat_postMessage"].append(slack_error("is_archived"))  # which is the first place that is told
    office.clock.goes_on(minutes=1)
    failures.collect(office.store)
    is_passed_on(office)
    told = [
        (one.arguments["channel"], texts(one.arguments["blocks"])) for one in office.slack.called("chat_postMessage")
    ]
    assert [place for place, _ in told] == [SAM.user, PRIYA.user, SAM.user]
    assert "The payment of €49.00" in told[0][1]
    assert "2 Zahlungen" in told[1][1]
    assert "The payment of €49.00" in told[2][1], "the other one only"


# Collecting


def form(office: Office, **changes: Any) -> Json:
    fails(office, **changes)
    office.presses("collect.open", f"{ADA}:in_1")
    return open_view(office.shown)


def test_the_form_shows_what_is_known_and_offers_the_methods(office: Office) -> None:
    view = form(office)
    assert metadata(view) == {"contact": ADA, "invoice": "in_1", "due": 4900}
    assert [one["value"] for one in elements(view)["collect.method"]["options"]] == ["pm_ada", SECOND_CARD]
    assert "€49.00" in texts(view)
    assert "collect.keep" in elements(view)


def test_the_form_keeps_no_method_for_a_subscription_that_has_ended(office: Office) -> None:
    """HX1: what it still owes can be charged all the same."""
    shown = elements(form(office, subscriptions=(subscription(status=SubscriptionStatus.CANCELED),)))
    assert "collect.method" in shown
    assert "collect.keep" not in shown


def test_it_is_charged_and_the_answer_takes_the_forms_place(office: Office) -> None:
    reply = office.submits(form(office), payment_method=SECOND_CARD)
    assert "on its way" in texts(reply.view)
    assert office.works() == ["view"]
    assert "€49.00 was paid by Ada Lovelace." in texts(office.shown)
    assert "From now on the subscription is charged to" in texts(office.shown)
    assert len(office.payments.paid) == 1


def test_a_decline_offers_the_other_methods_in_the_same_window(office: Office) -> None:
    """H30"""
    office.payments.fails.append(Declined("lost_card"))
    office.submits(form(office), payment_method=SECOND_CARD)
    office.works()
    assert "refused" in texts(office.shown)
    assert [one["value"] for one in elements(office.shown)["collect.method"]["options"]] == ["pm_ada"]
    office.submits(open_view(office.shown, hash="h2"), payment_method="pm_ada")
    office.works()
    assert len(office.payments.paid) == 1


def test_a_double_click_charges_once(office: Office) -> None:
    view = form(office)
    office.submits(view)
    office.submits(view)
    office.works()
    assert len(office.payments.paid) == 1


def test_a_declined_one_that_was_paid_meanwhile_is_not_offered_again(office: Office) -> None:
    office.payments.fails.append(Declined("lost_card"))
    view = form(office)
    office.submits(view)
    fails(office, invoice(status=InvoiceStatus.PAID))
    for job in list(office.rows.jobs):
        office.rows.jobs.remove(job)
        operation = office.rows.operations[job.argument]
        done = operation.model_copy(update={"state": State.DECLINED, "reason": Declined("lost_card").reason})
        office.rows.operations[job.argument] = done
        office.announcer.announce(job.argument)
    assert "Nothing is to be paid" in texts(office.shown)


def test_a_link_is_mailed_and_shown(office: Office) -> None:
    """HX1"""
    view = form(office)
    office.presses("collect.send_link", f"{ADA}:in_1", view=view)
    office.works()
    [mail] = office.mails
    assert "https://pay.example/in_1" in mail.get_body(("plain",)).get_content()
    assert "https://pay.example/in_1" in texts(office.shown)


def test_a_link_that_could_not_be_mailed_is_to_be_passed_on(office: Office) -> None:
    """HX1: in the answer and in the history."""
    office.refuses_mails()
    office.presses("collect.send_link", f"{ADA}:in_1", view=form(office))
    office.works()
    assert "Please pass it on" in texts(office.shown)
    assert "https://pay.example/in_1" in texts(office.shown)
    assert "on its way" not in texts(office.shown)
    assert office.happened()[-2:] == ["invoice_link_sent", "link_not_mailed"]


@pytest.mark.parametrize("value", ["con_nobody:in_1", f"{ADA}:in_nobody", f"{BEN}:in_1", ""])
def test_a_forged_button_is_answered_and_opens_nothing(office: Office, value: str) -> None:
    fails(office)
    office.presses("collect.open", value)
    assert "payment_method" not in str(office.shown)


def test_the_card_says_what_fails_and_leads_to_the_form(office: Office) -> None:
    fails(office)
    office.types("ada")
    assert "The payment of €49.00 for Marketing Plus fails." in texts(office.shown)
    assert elements(office.shown)["collect.open"]["value"] == f"{ADA}:in_1"
    assert elements(office.shown)["invoices.open"]["value"] == ADA


# All invoices


def test_invoices_are_paged_open_and_paid_apart(office: Office) -> None:
    """G25"""
    done = {"status": InvoiceStatus.PAID, "pdf": "https://pay.example/pdf"}
    paid = [invoice(n).model_copy(update=done | {"number": f"P-{n:02}"}) for n in range(2, 25)]
    fails(office, invoice(1), *paid)
    office.presses("invoices.open", ADA)
    assert "K-1" in texts(office.shown)
    assert "P-02" not in texts(office.shown)
    office.presses("invoices.part.closed", ADA, view=open_view(office.shown))
    assert texts(office.shown).count("P-") == 10
    assert "K-1" not in texts(office.shown)
    seen = texts(office.shown)
    for _ in range(2):
        following = elements(office.shown)["invoices.more"]["value"]
        office.presses("invoices.more", following, view=open_view(office.shown))
        seen += texts(office.shown)
    assert all(f"P-{n:02}" in seen for n in range(2, 25))
    assert "invoices.more" not in elements(office.shown)


def test_the_page_of_a_subscriptions_invoice_leads_to_stripe(office: Office) -> None:
    """G25"""
    fails(office, invoice(1).model_copy(update={"pdf": "https://pay.example/pdf", "subscription": "sub_1"}))
    office.presses("invoice.open", "in_1")
    assert "<https://pay.example/pdf|PDF>" in texts(office.shown)


# The whole history


def happens(office: Office, count: int = 30, what: Happening = Happening.PAYMENT_SUCCEEDED, days: int = 0) -> None:
    with office.store.writing(SAM) as uow:
        for number in range(count):
            at = NOW - timedelta(days=days, minutes=number)
            parameters: dict[str, Any] = {"number": f"{what[:4]}-{number:02}"}
            uow.timeline.append(Entry(id=f"{what}{number}", contact=ADA, at=at, what=what, parameters=parameters))


@pytest.mark.parametrize("typed", ["history ada", "verlauf ada"])
def test_the_command_opens_the_history(office: Office, typed: str) -> None:
    happens(office, 1)
    office.types(typed)
    assert office.shown["callback_id"] == "timeline"
    assert "Payment received" in texts(office.shown)


def test_the_history_is_turned_over_and_filtered(office: Office) -> None:
    """H6"""
    happens(office, 30)
    happens(office, 3, Happening.REQUEST_WITHDRAWN, days=40)
    office.presses("timeline.open", ADA)
    assert texts(office.shown).count("Payment received") == 12
    office.presses("timeline.older", elements(office.shown)["timeline.older"]["value"], view=open_view(office.shown))
    office.presses("timeline.older", elements(office.shown)["timeline.older"]["value"], view=open_view(office.shown))
    assert texts(office.shown).count("Payment received") == 6
    assert "timeline.older" not in elements(office.shown)
    office.presses("timeline.newer", ADA, view=open_view(office.shown))
    assert texts(office.shown).count("Payment received") == 12
    office.presses("timeline.topic", "decisions", view=open_view(office.shown), chosen=True)
    assert texts(office.shown).count("withdrawn") == 3
    office.presses("timeline.period", "month", view=open_view(office.shown), chosen=True)
    assert "Nothing of that kind" in texts(office.shown)
    assert metadata(office.shown) == {"contact": ADA, "topic": "decisions", "period": "month", "trail": []}


def test_a_forged_page_is_answered(office: Office) -> None:
    office.presses("timeline.open", ADA)
    office.presses("timeline.topic", "nonsense", view=open_view(office.shown), chosen=True)
    assert "wrong" in texts(office.shown)


def test_who_may_gets_the_history_as_a_file(office: Office) -> None:
    happens(office, 3)
    with office.store.writing(SAM) as uow:
        uow.timeline.append(Entry(id="=1+1", contact=ADA, at=NOW, what=Happening.REQUEST_WITHDRAWN, by="=cmd()"))
    office.presses("timeline.open", ADA, person=PRIYA)
    office.presses("timeline.export", ADA, view=open_view(office.shown), person=PRIYA)
    office.works()
    [upload] = office.slack.called("files_upload_v2")
    assert upload.arguments["channel"] == f"D{PRIYA.user[1:]}"
    lines = upload.arguments["content"].splitlines()
    assert lines[0].startswith("\ufeffat,what,by")
    assert len(lines) == 5
    [strange] = [line for line in lines if "request_withdrawn" in line]
    assert "'=cmd()" in strange
    assert "'=1+1" in strange


def test_who_may_not_export_gets_no_button_and_no_file(office: Office) -> None:
    office.presses("timeline.open", ADA)
    assert "timeline.export" not in elements(office.shown)
    office.presses("timeline.export", ADA, view=open_view(office.shown))
    assert "Your role does not include: export histories." in texts(office.shown)
    assert not office.rows.jobs


def test_a_double_click_is_one_file_and_a_lost_role_none(office: Office) -> None:
    office.presses("timeline.open", ADA, person=PRIYA)
    view = open_view(office.shown)
    for _ in range(2):
        office.presses("timeline.export", ADA, view=view, person=PRIYA)
    assert [job.name for job in office.rows.jobs] == [EXPORT]
    office.dismisses(PRIYA)
    office.works()
    assert not office.slack.called("files_upload_v2")


# Home


def opens_home(office: Office, person: Any = SAM) -> Json:
    office.handles(
        Kind.EVENT, {"team_id": "T1", "event_id": "Ev1", "event": {"type": "app_home_opened", "user": person.user}}
    )
    return office.slack.called("views_publish")[-1].arguments["view"]


def test_home_shows_what_somebody_did_and_what_waits(office: Office) -> None:
    office.starts(payment_method="link")
    fails(office, invoice(due_at=NOW - timedelta(days=2)))
    words = texts(opens_home(office))
    assert "Hello Sam Sales" in words
    assert "Waits for the customer" in words
    assert "*Open invoices of your customers*" in words
    assert "🔴 overdue" in words
    assert "Received in the last" not in words


def test_home_shows_managers_how_the_business_stands(office: Office) -> None:
    with office.store.writing(SAM) as uow:
        for number, days in enumerate((0, 0, 3)):
            uow.timeline.append(
                Entry(
                    id=f"paid{number}",
                    contact=ADA,
                    at=NOW - timedelta(days=days),
                    what=Happening.PAYMENT_SUCCEEDED,
                    amount=invoice().due,
                )
            )
    fails(office, invoice(), invoice(2, due_at=NOW - timedelta(days=1)))
    words = texts(opens_home(office, PRIYA))
    # 3 × 49.00 = 147.00 in all, 2 × 49.00 = 98.00 today; the day with one of two payments is half as high
    assert "147,00\u00a0€ insgesamt, 98,00\u00a0€ heute" in words
    assert " ".join(["▁▁"] * 10 + ["▅▅", "▁▁", "▁▁", "██"]) in words
    assert "98,00\u00a0€ in 2 Rechnungen" in words  # failing
    assert "49,00\u00a0€ in 1 Rechnung\n" in words  # overdue


def images(home: Json) -> list[Json]:
    return [block for block in home["blocks"] if block["type"] == "image"]


def test_where_slack_can_fetch_it_the_chart_is_a_picture() -> None:
    office = Office(charts_address="https://kontor.example/charts")
    office.hires(PRIYA)
    fails(office, invoice())
    home = opens_home(office, PRIYA)
    [image] = images(home)
    token = image["image_url"].removeprefix("https://kontor.example/charts/").removesuffix(".png")
    assert office.charts.opened(token, office.clock()) == Chart("de_DE", office.clock().date())
    assert image["alt_text"] == "Eingegangen in den letzten 14 Tagen: noch nichts."
    assert "▁" not in texts(home)
    assert images(opens_home(office, SAM)) == [], "only for those who may see the business"


@pytest.mark.parametrize("error", ["invalid_blocks", "invalid_arguments"])
def test_a_chart_that_slack_cannot_fetch_does_not_cost_home(error: str) -> None:
    office = Office(charts_address="https://kontor.example/charts")
    office.hires(PRIYA)
    office.slack.fails["views_publish"].append(slack_error(error))
    home = opens_home(office, PRIYA)
    assert images(home) == []
    assert " ".join(["▁▁"] * 14) in texts(home)


def test_another_fault_of_slack_is_not_taken_for_the_chart() -> None:
    office = Office(charts_address="https://kontor.example/charts")
    office.hires(PRIYA)
    office.slack.fails["views_publish"].append(slack_error("fatal_error"))
    office.handles(
        Kind.EVENT, {"team_id": "T1", "event_id": "Ev1", "event": {"type": "app_home_opened", "user": PRIYA.user}}
    )
    assert not office.slack.called("views_publish"), "it was not tried without the picture"
    assert office.observed[-1] == ("event", "failed")


def test_home_of_somebody_without_a_role_shows_nothing_of_anybody(office: Office) -> None:
    office.slack.people["U_NEW"] = {"real_name": "Neu", "locale": "de-DE", "tz": "Europe/Berlin"}
    words = texts(opens_home(office, actor(user="U_NEW")))
    assert "Du hast in Kontor noch keine Rolle" in words
    assert "Ada" not in words


def test_refresh_publishes_again_and_a_button_on_home_opens_a_modal(office: Office) -> None:
    """Home is no modal: nothing can be pushed onto it or shown in its place."""
    office.starts()
    home = {"id": "V_HOME", "hash": "h", **opens_home(office)}
    office.presses("home.refresh", view=home)
    assert len(office.slack.called("views_publish")) == 2
    office.presses("card.open", ADA, view=home)
    assert office.slack.calls[-1].method == "views_open"
    office.presses("no.such.button", view=home)
    assert office.slack.calls[-1].method == "views_open"


# What a comparison found


MISSED = Reconciliation(id="rec_1", began_at=NOW, missed_events=1)


def compared(office: Office, run: Reconciliation = MISSED) -> None:
    office.rows.reconciliations[run.id] = run
    with office.store.writing(NOBODY) as uow:
        managers.tell(uow, partial(syncs.notice, run.id))


def test_what_a_comparison_found_is_one_message_in_the_managers_channel(office: Office) -> None:
    run = Reconciliation(
        id="rec_1",
        began_at=NOW,
        finished_at=NOW,
        customers=100,
        differing=2,
        missed_events=3,
        differences=(Difference(contact=ADA, parts=(Part.INVOICES,)), Difference(contact=BEN, details=True)),
    )
    office.rows.reconciliations[run.id] = run
    compared(office, run)
    office.works()
    assert [one.arguments["channel"] for one in office.slack.called("chat_postMessage")] == ["C_MANAGERS"]
    [message] = office.told
    for words in ("2 customers differed.", "3 events had not arrived.", "Ada Lovelace", "invoices", "name or address"):
        assert words in message


def test_a_comparison_is_told_to_managers_where_their_channel_cannot_be_written_to(office: Office) -> None:
    office.slack.fails["chat_postMessage"].append(slack_error("is_archived"))
    compared(office)
    office.works()
    assert [one.arguments["channel"] for one in office.slack.called("chat_postMessage")] == ["U_PRIYA"]


def test_a_comparison_that_an_earlier_version_left_is_told(office: Office) -> None:
    """Its jobs name the run only."""
    compared(office)
    office.reconciled.tell("rec_1")
    assert [one.arguments["channel"] for one in office.slack.called("chat_postMessage")] == ["C_MANAGERS"]


def test_without_a_channel_every_manager_and_admin_is_told_once(office: Office) -> None:
    office.hires(actor(Role.ADMIN, user="U_ALEX", name="Alex"))
    office.posts.managers = None
    compared(office)
    office.works()
    assert [one.arguments["channel"] for one in office.slack.called("chat_postMessage")] == ["U_ALEX", "U_PRIYA"]
