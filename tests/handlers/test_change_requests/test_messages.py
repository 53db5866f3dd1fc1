"""News, reminders, deputies and mails: who is told what, in which language, and never twice (A3, A24, A28)."""

from __future__ import annotations

import json
from datetime import date

import pytest
from structlog.testing import capture_logs

from billing import absences, usage
from billing.absences import Away
from billing.catalogue import RaiseByItself, TakesEffect
from billing.change_requests import watching
from billing.change_requests.applying import settle
from billing.change_requests.deciding import supersede
from billing.change_requests.model import Act
from billing.contacts import Account, Subscription, SubscriptionItem, SubscriptionStatus
from billing.ids import LookupKey
from billing.plan_changes import ChangePlan, PreviewPlanChange
from billing.steps import NOBODY
from handlers.usage import reply_to
from tests.support.asking import (
    ADMIN,
    ALEX,
    CATALOGUE,
    MIA,
    PRIYA,
    RUTH,
    SUBSCRIPTION,
    TOM,
    AskingOffice,
    _item,
    customer,
    policy,
    settles_on,
    subscription,
)
from tests.support.memory import Mirrored
from tests.support.plans import PRO_2500
from tests.support.shop import ADA, method
from tests.support.slack import slack_error


@pytest.fixture
def office() -> AskingOffice:
    return AskingOffice()


@pytest.fixture
def filed(office: AskingOffice) -> AskingOffice:
    office.files()
    office.works()
    return office


def told_since(office: AskingOffice, before: int) -> dict[str, list[str]]:
    """Direct messages by person."""
    found: dict[str, list[str]] = {}
    for one in office.slack.called("chat_postMessage")[before:]:
        found.setdefault(one.arguments["channel"], []).append(one.arguments["text"])
    return found


def news(office: AskingOffice) -> dict[str, list[str]]:
    before = len(office.slack.called("chat_postMessage"))
    office.works()
    return told_since(office, before)


def body(mail) -> str:
    return mail.get_body(("plain",)).get_content()


# News


def test_a_question_reaches_who_filed_it_and_the_answer_reaches_the_managers(filed: AskingOffice) -> None:
    filed.does(Act.ASK, PRIYA, "Since when?")
    told = news(filed)
    assert list(told) == ["U_MIA"]
    assert told["U_MIA"][0].startswith("❓ Priya Manager asks")
    filed.does(Act.ANSWER, MIA, "Since May")
    told = news(filed)
    assert list(told) == ["U_PRIYA", "U_RUTH"]
    assert told["U_RUTH"][0].startswith("💬 Mia Agent hat zur Änderung für Ada Lovelace geantwortet")


def test_of_two_approvals_only_the_last_is_news(office: AskingOffice) -> None:
    policy(office, second_approval_above={"EUR": 1})
    office.files()
    office.works()
    office.does(Act.APPROVE, PRIYA)
    assert news(office) == {}
    office.does(Act.APPROVE, RUTH)
    assert list(news(office)) == ["U_MIA"]


def test_what_an_upgrade_supersedes_is_news_to_all_but_who_made_it(filed: AskingOffice) -> None:
    with filed.store.writing(MIA) as uow:
        supersede(uow, SUBSCRIPTION)
    assert list(news(filed)) == ["U_PRIYA", "U_RUTH"]


def test_what_ended_at_stripe_is_news_to_everybody(filed: AskingOffice) -> None:
    settles_on(filed, subscription(status=SubscriptionStatus.CANCELED))
    with filed.store.writing(NOBODY) as uow:
        settle(uow, uow.contacts.get(ADA))
    told = news(filed)
    assert list(told) == ["U_MIA", "U_PRIYA", "U_RUTH"]
    assert "could not be made" in told["U_MIA"][0]
    assert "The subscription has ended." in str(filed.slack.called("chat_postMessage")[-3].arguments["blocks"])


def test_who_has_no_role_any_more_is_told_nothing(filed: AskingOffice) -> None:
    filed.does(Act.REJECT, PRIYA, "no")
    filed.dismisses(MIA)
    assert news(filed) == {}


def test_the_news_is_of_what_was_done_then(filed: AskingOffice) -> None:
    """It comes late: the request has moved on."""
    filed.does(Act.ASK, PRIYA, "Since when?")
    filed.does(Act.WITHDRAW, MIA)
    assert news(filed)["U_MIA"][0].startswith("❓ Priya Manager asks")


# Reminders


def test_a_reminder_says_for_how_long_it_waits(filed: AskingOffice) -> None:
    filed.clock.goes_on(days=2, hours=1)
    watching.remind(filed.store)
    told = news(filed)
    assert list(told) == ["U_PRIYA", "U_RUTH"]
    assert told["U_PRIYA"][0].startswith("⏰ The change for Ada Lovelace has been waiting for 2 days")
    assert told["U_RUTH"][0].startswith("⏰ Die Änderung für Ada Lovelace wartet seit 2 Tagen")


def test_a_reminder_shows_the_cards_anew(filed: AskingOffice) -> None:
    filed.clock.goes_on(days=2)
    watching.remind(filed.store)
    filed.works()
    changed = [one.arguments for one in filed.slack.called("chat_update")]
    assert len(changed) == 4
    assert "It has been waiting for 2 days." in str(changed)


def test_whoever_was_quicker_than_the_reminder_gets_none(filed: AskingOffice) -> None:
    filed.clock.goes_on(days=1)
    watching.remind(filed.store)
    filed.does(Act.REJECT, RUTH, "no")
    assert list(news(filed)) == ["U_MIA"]


def test_a_deputy_gets_a_card_and_may_decide(filed: AskingOffice) -> None:
    with filed.store.writing(PRIYA) as uow:
        absences.begin(uow, Away(first=date(2026, 3, 2), last=date(2026, 3, 31), deputy=TOM.user))
    filed.clock.goes_on(hours=72)
    watching.remind(filed.store)
    told = news(filed)
    assert len(told["U_TOM"]) == 2, "a card and a reminder"
    assert "approver:U_TOM" in [card.place for card in filed.rows.cards.values()]
    filed.does(Act.APPROVE, TOM)
    filed.works()
    assert "Tom Deputy (for Priya Manager)" in str(filed.slack.called("chat_update")[-1].arguments["blocks"])


# Mails


def test_each_step_that_concerns_the_customer_is_one_mail(filed: AskingOffice) -> None:
    filed.does(Act.ASK, PRIYA, "Since when?")
    filed.does(Act.ANSWER, MIA, "Since May")
    filed.does(Act.APPROVE, PRIYA)
    filed.works()
    assert [mail["Subject"] for mail in filed.mails] == [
        "Your request for a change of plan",
        "Your change of plan is approved",
    ]


def test_a_mail_that_is_sent_again_is_the_same_mail(filed: AskingOffice) -> None:
    filed.request_mails.send(f"{filed.request.id}:1")
    first, second = filed.mails
    assert first["Message-ID"] == second["Message-ID"]
    assert body(first) == body(second)


def test_the_mail_is_in_the_customers_language_and_says_what_happens_next(office: AskingOffice) -> None:
    """A28"""
    office.rows.contacts[ADA] = customer(language="de")
    office.files(wished=date(2026, 5, 1), reply_to="chefin@engines.example")
    office.works()
    (mail,) = office.mails
    assert mail["To"].addresses[0].addr_spec == "chefin@engines.example"
    assert mail["Subject"] == "Ihr Antrag auf eine Tarifänderung"
    for fact in (
        "Guten Tag Ada Lovelace",
        "wir haben Ihren Antrag erhalten",
        "Tarif: Mail Pro → Mail Basic",
        "Plätze: 3 → 1",
        "49,00\xa0€ → 25,00\xa0€ pro Monat",
        "frühestens am 01.05.2026",
        "- Automationen",
        "sobald er entschieden ist",
        "Ende eines Abrechnungszeitraums",
    ):
        assert fact in body(mail), fact


def test_where_the_house_does_it_at_once_the_mail_says_so(office: AskingOffice) -> None:
    policy(office, downgrade=TakesEffect.AT_ONCE)
    office.files()
    office.works()
    assert "it takes effect at once" in body(office.mails[0])
    office.does(Act.APPROVE, PRIYA)
    office.works()
    assert [mail["Subject"] for mail in office.mails[1:]] == ["Your plan has changed"]
    assert "will be switched off with the change" in body(office.mails[1])


@pytest.mark.parametrize(
    "wish",
    [{"wished": date(2026, 5, 1)}, {"plan": "mail/pro", "limit": 1000, "seats": 9}],
    ids=["a later day", "dearer in all"],
)
def test_what_waits_all_the_same_is_not_said_to_be_at_once(office: AskingOffice, wish) -> None:
    """K7: a wished day, or fewer contacts (95.00 to 49.00) and six more seats (54.00), which is 8.00 more."""
    policy(office, downgrade=TakesEffect.AT_ONCE)
    bigger = _item(LookupKey("mail-pro-2500-month-eur"))
    settles_on(office, subscription().model_copy(update={"items": (bigger,)}))
    office.files(**wish)
    office.works()
    assert "at the end of a billing period" in body(office.mails[0])


def test_an_address_that_is_none_stops_nothing(office: AskingOffice) -> None:
    office.files(reply_to="a@b@c")
    with capture_logs() as logged:
        office.works()
    assert not office.mails
    assert len(office.rows.cards) == 4
    assert "a@b@c" not in str(logged)


def test_the_html_says_the_same(filed: AskingOffice) -> None:
    html = filed.mails[0].get_body(("html",)).get_content()
    for fact in ("Mail Pro → Mail Basic", "<li>Automations</li>", "We have received your request"):
        assert fact in html


def test_a_name_is_no_markup(office: AskingOffice) -> None:
    office.rows.contacts[ADA] = customer(members=(ADMIN.model_copy(update={"name": "<b>Ada</b>\nBcc: eve@x.example"}),))
    office.files()
    office.works()
    (mail,) = office.mails
    assert "&lt;b&gt;Ada&lt;/b&gt;" in mail.get_body(("html",)).get_content()
    assert mail["Bcc"] is None


# Usage near the limit


def uses(office: AskingOffice, contacts: int, **changes) -> list:
    account = Account(plan="mail/pro", contact_limit=1000, active_contacts=contacts, seats=3)
    office.rows.contacts[ADA] = customer(account=account, **changes)
    office.mails.clear()
    usage.watch(office.store, reply_to)
    office.works()
    return office.mails


def test_a_notice_of_an_earlier_version_is_mailed_and_promises_nothing(office: AskingOffice) -> None:
    """It did not say yet whether the limit rises by itself."""
    uses(office, 900)
    office.mails.clear()
    office.work[usage.PIPELINE](f"{ADA}:90:1767225600")
    assert "Your plan does not change by itself." in body(office.mails[0])


def test_at_80_90_and_100_percent_the_customers_people_get_a_mail_once(office: AskingOffice) -> None:
    """A3, AX6: primary admin and billing contact."""
    assert uses(office, 799) == []
    assert [mail["To"].addresses[0].addr_spec for mail in uses(office, 800)] == [
        "ada@engines.example",
        "bob@engines.example",
    ]
    assert uses(office, 850) == []
    assert len(uses(office, 900)) == 2
    assert [mail["Subject"] for mail in uses(office, 1000)] == ["Your contact limit is reached"] * 2
    assert office.happened().count("usage_notice") == 3


def test_nothing_changes_by_itself(office: AskingOffice) -> None:
    """A3"""
    (mail, _) = uses(office, 1000)
    assert "Your plan does not change by itself." in body(mail)
    assert "has 1,000 active contacts; its limit is 1,000" in body(mail)
    assert not office.rows.operations


def test_the_notice_is_in_the_customers_language(office: AskingOffice) -> None:
    (mail, _) = uses(office, 900, language="de")
    assert mail["Subject"] == "90 % Ihres Kontaktlimits sind genutzt"
    assert "Ihr Tarif ändert sich nicht von selbst." in body(mail)


@pytest.fixture
def agreed(office: AskingOffice) -> AskingOffice:
    """AX5: Ada's limit rises by itself, as Mia was told. Mail Pro is sold for 1,000 and 2,500 contacts."""
    policy(office, raise_by_itself=RaiseByItself.OPT_IN)
    office.rows.mirror[ADA] = Mirrored(methods=(method(default=True),), subscriptions=(subscription(),))
    with office.store.writing(MIA) as uow:
        usage.switch(uow, ADA, on=True)
    return office


def highest() -> Subscription:
    price = CATALOGUE.sold(PRO_2500)
    assert price
    item = SubscriptionItem(product="Mail Pro", price=PRO_2500, quantity=1, unit_amount=price.unit)
    return subscription().model_copy(update={"items": (item,)})


def of_managers(office: AskingOffice) -> dict[str, list[str]]:
    """What they were told, by place; the result of the operation goes to Mia, who agreed."""
    return {place: said for place, said in told_since(office, 0).items() if place != MIA.user}


def test_where_it_was_agreed_the_notice_says_that_it_rises(agreed: AskingOffice) -> None:
    """AX5"""
    (mail, _) = uses(agreed, 900)
    assert "As agreed, the next higher limit will be bought when you reach your limit" in body(mail)


def test_a_reached_limit_is_being_bought_where_it_was_agreed(agreed: AskingOffice) -> None:
    """AX5"""
    mails = uses(agreed, 1000)
    assert [mail["Subject"] for mail in mails] == ["Your contact limit is reached"] * 2
    assert "the next higher limit is being bought" in body(mails[0])
    assert agreed.rows.contacts[ADA].account.contact_limit == 2500
    assert of_managers(agreed) == {}


@pytest.mark.parametrize("contacts", [900, 1000])
def test_nothing_is_said_of_a_purchase_where_there_is_no_higher_limit(agreed: AskingOffice, contacts: int) -> None:
    """AX5: the catalogue has 2,500 at most, and 2,500 were bought."""
    settles_on(agreed, highest())
    (mail, _) = uses(agreed, contacts)
    assert "Your plan does not change by itself." in body(mail)
    assert not agreed.rows.operations


def test_managers_learn_that_there_is_no_higher_limit(agreed: AskingOffice) -> None:
    settles_on(agreed, highest())
    uses(agreed, 900)
    assert of_managers(agreed) == {}
    uses(agreed, 1000)
    assert of_managers(agreed) == {
        "C_MANAGERS": ["The contact limit of Ada Lovelace was not raised."],
        PRIYA.user: ["The contact limit of Ada Lovelace was not raised."],
        RUTH.user: ["Das Kontaktlimit von Ada Lovelace wurde nicht erhöht."],
    }
    assert [mail["Subject"] for mail in agreed.mails] == ["Your contact limit is reached"] * 2


def lost_the_role(office: AskingOffice) -> str:
    """Whoever had confirmed the terms."""
    office.dismisses(MIA)
    return "that was not possible"


def is_declined(office: AskingOffice) -> str:
    office.payments.declines = "card_declined"
    return "the payment was declined"


@pytest.mark.parametrize("happens", [lost_the_role, is_declined])
def test_where_the_purchase_fails_customer_and_managers_are_told(agreed: AskingOffice, happens) -> None:
    """AX5: a mail had said that the limit is being bought."""
    why = happens(agreed)
    mails = uses(agreed, 1000)
    assert sorted(mail["Subject"] for mail in mails) == [
        *["Your contact limit is reached"] * 2,
        *["Your contact limit was not raised"] * 2,
    ]
    said = body(next(mail for mail in mails if "not raised" in mail["Subject"]))
    assert why in said
    assert "This is not tried again by itself: reply to this e-mail" in said
    assert list(of_managers(agreed)) == ["C_MANAGERS", PRIYA.user, RUTH.user]
    assert agreed.rows.contacts[ADA].account.contact_limit == 1000


def test_without_managers_admins_learn_that_the_limit_was_not_raised(agreed: AskingOffice) -> None:
    for one in (PRIYA, RUTH):
        agreed.dismisses(one)
    agreed.slack.fails["chat_postMessage"].append(slack_error("is_archived"))
    settles_on(agreed, highest())
    uses(agreed, 1000)
    assert of_managers(agreed) == {ALEX.user: ["The contact limit of Ada Lovelace was not raised."]}


def test_a_limit_that_was_not_raised_under_an_earlier_version_is_told(agreed: AskingOffice) -> None:
    """Its jobs name a team, too."""
    left = {"contact": ADA, "team": RUTH.team, "moment": 1, "reason": {"key": "HighestLimit"}}
    for place in ("channel", RUTH.user, "customer"):
        agreed.work["limit_not_raised"](json.dumps(left | {"place": place}))
    assert list(of_managers(agreed)) == ["C_MANAGERS", RUTH.user]
    assert [mail["Subject"] for mail in agreed.mails] == ["Your contact limit was not raised"] * 2


def test_a_change_that_a_person_made_answers_that_person_only(agreed: AskingOffice) -> None:
    is_declined(agreed)
    asked = PreviewPlanChange(
        contact=ADA, subscription=SUBSCRIPTION, requester=ADMIN.email, plan="mail/pro", limit=2500, seats=3
    )
    preview = agreed.accepts(asked, person=MIA, key="preview", reply_to=reply_to(MIA.user))
    agreed.works()
    change = ChangePlan(contact=ADA, preview=preview)
    agreed.accepts(change, person=MIA, key="change", reply_to=reply_to(MIA.user))
    agreed.works()
    assert agreed.happened()[-1] == "payment_declined"
    assert (agreed.mails, of_managers(agreed)) == ([], {})


def test_without_known_people_the_customer_is_written_to(office: AskingOffice) -> None:
    (mail,) = uses(office, 900, members=(), email="info@engines.example")
    assert mail["To"].addresses[0].addr_spec == "info@engines.example"


def test_two_crossings_are_two_mails(office: AskingOffice) -> None:
    """Down and up again, some time later."""
    first = uses(office, 800)[0]["Message-ID"]
    uses(office, 100)
    office.clock.goes_on(days=1)
    assert uses(office, 800)[0]["Message-ID"] != first
