"""The billing contact, as Slack sees it: the page, the verification, the change, the link, letters and alerts."""

from __future__ import annotations

import re
from email.message import EmailMessage
from typing import Any

import pytest
from structlog.testing import capture_logs

from billing.billing_contacts import links
from billing.billing_contacts.rules import member_key
from billing.catalogue import BillingContactPolicy
from billing.contacts import Account, AccountStatus, Portal
from billing.errors import Transient, Undeliverable
from billing.operations import State
from billing.roles import Role
from blocks import billing_contacts as views
from blocks.texts import Translator
from handlers.billing_contact_news import BillingContactNews
from handlers.mails import Outbox
from tests.blocks import samples_billing_contacts as samples
from tests.support.accounts import (
    ADMIN,
    CORA,
    HOLDER,
    MIA,
    NEW,
    PIA,
    USER,
    account,
    card,
    changes,
    furnish,
    opens,
    saves,
    sends_link,
    token,
    verifies,
)
from tests.support.office import PAGES, Office, Reply
from tests.support.shop import ADA, SAM, actor
from tests.support.slack import Json, elements, metadata, open_view, slack_error, texts


@pytest.fixture
def office() -> Office:
    made = Office()
    furnish(made)
    return made


def page(office: Office, who: str = "ada@", **more: Any) -> Json:
    office.types(f"billing-contact {who}", person=more.pop("person", MIA))
    return open_view(office.shown, **more)


def questions(office: Office, of: str = ADA) -> Json:
    office.presses("billing_contact.verify", of, view=open_view(office.shown), person=MIA)
    return open_view(office.shown, 2, id="V_QUESTIONS", hash="h_questions")


def answers(office: Office, view: Json, last4: str = "4242", expiry: str = "08/28", **more: Any) -> Reply:
    who = more.pop("who", HOLDER)
    return office.submits(view, person=more.pop("person", MIA), requester=member_key(who), last4=last4, expiry=expiry)


def form(office: Office) -> Json:
    """The form for the new contact, after the card was verified."""
    page(office)
    return open_view(answers(office, questions(office)).view, 2, id="V_FORM", hash="h_form")


def body(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def mails_to(office: Office) -> dict[str, EmailMessage]:
    return {mail["To"].addresses[0].addr_spec: mail for mail in office.mails}


# The page


@pytest.mark.parametrize("typed", ["billing-contact ada@", "BILLING-CONTACT ada@", "abrechnungskontakt ada@"])
def test_the_command_shows_who_it_is(office: Office, typed: str) -> None:
    """G1 to G4"""
    office.types(typed, person=MIA)
    shown = texts(office.shown)
    for text in (
        "Bea Books",
        "bea@engines.example",
        "may change the plan",
        "Lindenstraße 12",
        "online account, active",
    ):
        assert text in shown
    assert metadata(office.shown) == {"contact": ADA}


def test_nothing_of_the_card_is_on_the_page_or_in_the_questions(office: Office) -> None:
    """G11: what the requester has to know is not shown to whoever asks them."""
    page(office)
    seen = str(office.shown) + str(questions(office))
    for secret in ("4242", "2028", "08/28", "visa", "Visa"):
        assert secret not in seen


def test_the_cards_button_opens_the_page(office: Office) -> None:
    office.types("ada@", person=MIA)
    assert "billing_contact.open" in elements(office.shown)
    office.presses("billing_contact.open", ADA, view=open_view(office.shown), person=MIA)
    assert office.slack.calls[-1].method == "views_push"
    assert "Bea Books" in texts(office.shown)


def test_admins_of_ours_get_no_button_and_no_page(office: Office) -> None:
    """GX1, H16"""
    admin = actor(Role.ADMIN, user="U_ROOT")
    office.hires(admin)
    office.types("ada@", person=admin)
    assert "billing_contact.open" not in elements(office.shown)
    assert "see billing contacts" in office.types("billing-contact ada@", person=admin).text


def test_sales_sees_the_page_without_the_ways_to_change_it(office: Office) -> None:
    found = elements(page(office, person=SAM))
    assert not {"billing_contact.verify", "billing_contact.send_link", "billing_contact.recipients"} & set(found)
    assert "billing_contact.why" in found


def test_corporate_accounts_have_a_link_and_online_ones_do_not(office: Office) -> None:
    """G8, G14"""
    assert "billing_contact.send_link" not in elements(page(office))
    found = elements(page(office, "cora"))
    assert "bea@engines.example" in str(found["billing_contact.send_link"]["confirm"])


def test_the_house_may_leave_it_to_support(office: Office) -> None:
    """K6: GX15"""
    office.sells(billing_contact=BillingContactPolicy(corporate="support_only"))
    view = page(office, "cora")
    assert "billing_contact.send_link" not in elements(view)
    assert "no link for corporate accounts" in texts(view)


@pytest.mark.parametrize(
    ("who", "answer"),
    [
        (ADMIN, "✅ *Yes.* Ada Lovelace may be told"),
        (USER, "⛔ *No.* Uwe User may not be told"),
        (None, "⛔ *No.* Somebody"),
    ],
)
def test_who_asks_is_answered_with_yes_or_no(office: Office, who: Any, answer: str) -> None:
    """GX1"""
    key = member_key(who) if who else "-"
    office.presses("billing_contact.asked", key, view=page(office), person=MIA, chosen=True)
    assert office.slack.calls[-1].method == "views_update"
    assert answer in texts(office.shown)
    assert office.happened() == ["billing_contact_told" if who is ADMIN else "billing_contact_not_told"]


def test_an_expired_account_shows_what_comes_first_and_no_way(office: Office) -> None:
    """GX10"""
    opens(office, account(account=Account(status=AccountStatus.EXPIRED)), card())
    view = page(office)
    assert "A plan has to be bought" in texts(view)
    assert "billing_contact.verify" not in elements(view)


# With proof


def test_the_whole_way_with_proof(office: Office) -> None:
    """G8 to G13, G20"""
    view = form(office)
    assert "Carl Card may have the billing contact changed" in texts(view)
    assert set(metadata(view)) == {"contact", "proof"}
    reply = office.submits(view, person=MIA, **NEW)
    assert "on its way" in texts(reply.view)
    assert office.works()[0] == "view"
    shown = texts(office.shown)
    for text in ("Nora New is now the billing contact of Engines Ltd", "bea@engines.example", "From Mar 2, 2026 on"):
        assert text in shown
    assert set(mails_to(office)) == {"bea@engines.example", "nora@engines.example"}


def test_the_form_offers_the_address_on_file_and_no_person(office: Office) -> None:
    """G19"""
    found = elements(form(office))
    assert found["billing_contact.line1"]["initial_value"] == "Lindenstraße 12"
    assert found["billing_contact.country"]["initial_option"]["value"] == "DE"
    assert "initial_value" not in found["billing_contact.name"]
    assert "initial_value" not in found["billing_contact.email"]


def test_a_wrong_answer_is_an_error_at_the_field_and_says_no_more(office: Office) -> None:
    """G11"""
    page(office)
    view = questions(office)
    assert answers(office, view, "0000").errors == {
        "last4": "That is not right. Tries left before this account is locked: 2."
    }
    wrong_expiry = answers(office, {**view, "hash": "h2"}, "4242", "09/28").errors
    assert wrong_expiry == {"last4": "That is not right. Tries left before this account is locked: 1."}
    locked = answers(office, {**view, "hash": "h3"}, "0000").errors
    assert "too many wrong answers" in locked["last4"]
    assert "Who can help: managers." in locked["last4"]


@pytest.mark.parametrize("field", ["last4", "expiry"])
def test_a_whole_card_number_is_refused_unread(office: Office, field: str) -> None:
    """SX8: a client without the field's limit; it is no try, and nowhere."""
    page(office)
    view = questions(office)
    given = {"last4": "4242", "expiry": "08/28"} | {field: "4242 4242 4242 4242"}
    with capture_logs() as logged:
        reply = answers(office, view, **given)
    assert "looks like a card number" in reply.errors[field]
    assert not office.rows.proofs
    assert "4242 4242 4242" not in str(office.rows) + str(logged)


def test_who_may_not_ask_is_refused_with_who_may(office: Office) -> None:
    """G12"""
    page(office)
    errors = answers(office, questions(office), who=USER).errors
    assert "Ada Lovelace and Carl Card" in errors["requester"]


def test_a_lock_is_told_to_managers_and_to_the_billing_contact(office: Office) -> None:
    """G11"""
    office.sells(billing_contact=BillingContactPolicy(tries=1))
    page(office)
    answers(office, questions(office), "0000")
    office.works()
    told = {
        call.arguments["channel"]: texts(call.arguments["blocks"]) for call in office.slack.called("chat_postMessage")
    }
    assert set(told) == {"C_MANAGERS", "U_PIA"}
    for text in told.values():
        assert "Wrong answers about the card of Engines Ltd" in text
        assert "Carl Card could not tell Mia Agent" in text
        assert "4242" not in text
    [mail] = office.mails
    assert mail["To"].addresses[0].addr_spec == "bea@engines.example"
    assert "could not tell what is on the card" in body(mail)


def test_a_manager_lifts_the_lock_from_the_message(office: Office) -> None:
    office.sells(billing_contact=BillingContactPolicy(tries=1))
    page(office)
    answers(office, questions(office), "0000")
    assert "billing_contact.lift" not in elements(page(office))
    assert "cannot be verified before" in texts(office.shown)
    assert elements(page(office, person=PIA))["billing_contact.lift"]["confirm"]
    office.works()
    told = [call.arguments["blocks"] for call in office.slack.called("chat_postMessage")]
    [in_message] = {elements({"blocks": one})["billing_contact.lift"]["value"] for one in told}
    on_page = elements(page(office, person=PIA))["billing_contact.lift"]
    assert on_page["value"] == in_message
    office.presses("billing_contact.lift", in_message, person=PIA)
    assert office.slack.calls[-1].method == "views_open"
    assert "billing_contact.verify" in elements(office.shown)


def test_an_agent_cannot_lift_by_forging_the_button(office: Office) -> None:
    office.presses("billing_contact.lift", ADA, view=page(office), person=MIA)
    assert "Your role does not include: unlock billing contacts" in texts(office.shown)


@pytest.mark.parametrize(
    ("field", "typed", "why"),
    [
        ("name", "Support", "is a team or a role"),
        ("email", "info@engines.example", "is a shared mailbox"),
        ("email", "nora@englnes.example", "looks like one at engines.example"),
        ("postal_code", "1", "One looks like this: 10115"),
        ("country", "-", "There is no such country"),
        ("tax_id", "DE1", "no valid tax id"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(office: Office, field: str, typed: str, why: str) -> None:
    """SX7, G19, GX6"""
    assert why in office.submits(form(office), person=MIA, **(NEW | {field: typed})).errors[field]
    assert not office.rows.operations


def test_everything_that_is_wrong_is_said_at_once(office: Office) -> None:
    wrong = {"name": "Support", "email": "info@engines.example", "city": " ", "postal_code": "1", "tax_id": "DE1"}
    assert office.submits(form(office), person=MIA, **(NEW | wrong)).errors.keys() == wrong.keys()
    assert not office.rows.operations


@pytest.mark.parametrize("forged", [{"proof": "bcp_invented"}, {"contact": "con_ben"}, {"proof": None}])
def test_forged_metadata_changes_nothing(office: Office, forged: dict[str, Any]) -> None:
    """G10"""
    view = form(office)
    hidden = {key: value for key, value in (metadata(view) | forged).items() if value}
    office.submits({**view, "private_metadata": str(hidden).replace("'", '"')}, person=MIA, **NEW)
    assert not office.rows.operations


def test_somebody_elses_proof_is_none(office: Office) -> None:
    reply = office.submits(form(office), person=PIA, **NEW)
    assert "has to be verified first" in texts(reply.view)
    assert not office.rows.operations


def test_a_double_click_is_one_change_with_one_answer(office: Office) -> None:
    view = form(office)
    for _ in range(2):
        assert "on its way" in texts(office.submits(view, person=MIA, **NEW).view)
    office.works()
    assert [one.state for one in office.rows.operations.values()] == [State.DONE]
    assert len(office.mails) == 2


def test_after_a_refusal_the_form_comes_back_filled(office: Office) -> None:
    """The register does not answer: the card needs no second verification."""
    office.sells(billing_contact=BillingContactPolicy(verify_tax_id=True))
    office.register.answers = False
    office.submits(form(office), person=MIA, **NEW, tax_id="DE136695976")
    office.works()
    assert "does not answer at the moment" in texts(office.shown)
    again = elements(office.shown)["billing_contact.again"]["value"]
    office.presses("billing_contact.again", again, view=open_view(office.shown, 2), person=MIA)
    found = elements(office.shown)
    assert found["billing_contact.name"]["initial_value"] == "Nora New"
    assert found["billing_contact.tax_id"]["initial_value"] == "DE136695976"
    reply = office.submits(open_view(office.shown, 3, hash="h9"), person=MIA, tax_id="")
    assert "on its way" in texts(reply.view)
    office.works()
    assert "is now the billing contact" in texts(office.shown)


def test_when_the_window_is_closed_the_answer_is_a_message(office: Office) -> None:
    office.submits(form(office), person=MIA, **NEW)
    office.slack.fails["views_update"].append(slack_error("not_found"))
    assert office.works()[0] == "message"
    assert "is now the billing contact" in office.told[-1]


def test_who_waits_for_a_silent_stripe_is_told_so(office: Office) -> None:
    office.submits(form(office), person=MIA, **NEW)
    office.announcer.delayed(office.last_operation.id)
    assert "keeps trying" in texts(office.shown)
    office.works()
    assert "is now the billing contact" in texts(office.shown)


def test_what_broke_has_a_reference(office: Office) -> None:
    office.submits(form(office), person=MIA, **NEW)
    office.steps.fail(office.last_operation.id, "ref-1")
    office.announcer.announce(office.last_operation.id)
    assert "ref-1" in texts(office.shown)


@pytest.mark.parametrize(("typed", "first"), [("germ", "Germany"), ("DE", "Germany"), ("xyz", "Check the spelling")])
def test_countries_are_found_by_typing(office: Office, typed: str, first: str) -> None:
    [group] = office.searches("billing_contact.country", typed, person=MIA).body["option_groups"]
    assert first in [one["text"]["text"] for one in group["options"]]


def test_countries_have_names_in_the_persons_language(office: Office) -> None:
    german = actor(Role.AGENT, user="U_GER", locale="de")
    office.hires(german)
    [group] = office.searches("billing_contact.country", "deutsch", person=german).body["option_groups"]
    assert [one["value"] for one in group["options"]] == ["DE"]


# By the customer's link


def link_in(mail: EmailMessage) -> str:
    found = re.search(re.escape(PAGES) + r"/(?:edit|report)/([\w-]{43})", body(mail))
    assert found, body(mail)
    return found[1]


def test_the_link_is_mailed_and_never_shown_to_the_staff(office: Office) -> None:
    """G15"""
    view = page(office, "cora")
    office.presses("billing_contact.send_link", CORA, view=view, person=MIA)
    assert "on its way" in texts(office.shown)
    office.works()
    assert "The link is on its way to Bea Books" in texts(office.shown)
    [mail] = office.mails
    assert mail["To"].addresses[0].addr_spec == "bea@engines.example"
    assert link_in(mail) not in str([call.arguments for call in office.slack.calls])


def test_a_mail_that_is_sent_again_works_too(office: Office) -> None:
    """A crash after handing it in: the same message for mail programs, and either address leads to the page."""
    sends_link(office)
    [job] = [one for one in office.rows.jobs if one.name == "billing_contact_mail"]
    office.contact_news.mail(job.argument)
    office.contact_news.mail(job.argument)
    first, second = office.mails
    assert first["Message-ID"] == second["Message-ID"]
    assert link_in(first) != link_in(second)
    assert saves(office, link_in(first)).state is State.ACCEPTED


def test_who_sent_the_link_is_told_when_it_was_used(office: Office) -> None:
    sends_link(office)
    links.hand_in(office.desk, token(office), NEW, '{"user":"U_MIA"}')
    office.works()
    assert any("Changed by Bea Books with the link" in text for text in office.told)


def test_a_link_that_is_refused_says_why(office: Office) -> None:
    office.presses("billing_contact.send_link", ADA, view=page(office), person=MIA)
    office.works()
    assert "not changed with a link" in texts(office.shown)
    assert not office.mails


# Letters


def done(office: Office) -> None:
    changes(office, verifies(office), reply_to='{"user":"U_MIA"}')
    office.works()


def test_the_former_contact_reads_what_changed_and_can_say_no(office: Office) -> None:
    done(office)
    mail = mails_to(office)["bea@engines.example"]
    assert mail["Subject"] == "The billing contact was changed"
    for text in (
        "Nora New has been the billing contact of Engines Ltd",
        "Lindenstraße 12",
        "Kanalstraße 5",
        "tell us at once",
    ):
        assert text in body(mail)
    assert link_in(mail)


def test_the_new_contact_reads_what_they_are(office: Office) -> None:
    """G2 to G4"""
    done(office)
    mail = mails_to(office)["nora@engines.example"]
    assert "you have been the billing contact of Engines Ltd" in body(mail)
    assert "you may change the plan" in body(mail)
    assert "/report/" not in body(mail)


def test_letters_are_in_the_customers_language(office: Office) -> None:
    opens(office, account(language="de"), card())
    done(office)
    former, new = mails_to(office)["bea@engines.example"], mails_to(office)["nora@engines.example"]
    assert former["Subject"] == "Der Abrechnungskontakt wurde geändert"
    assert "Guten Tag Nora New" in body(new)


@pytest.mark.parametrize("address", ["nobody", "bea@engines.example\nBcc: eve@evil.example"])
def test_an_address_on_file_that_is_none_stops_nothing(office: Office, address: str) -> None:
    """Header injection in what was imported long ago."""
    broken = [
        one.model_copy(update={"email": address}) if one.name == "Bea Books" else one for one in account().members
    ]
    opens(office, account(members=tuple(broken)), card())
    with capture_logs() as logged:
        done(office)
    assert set(mails_to(office)) == {"nora@engines.example"}
    assert address not in str(logged)


def test_a_busy_mail_server_is_tried_again(office: Office) -> None:
    def busy(_: EmailMessage) -> None:
        raise Transient("smtp")

    sends_link(office)
    news = BillingContactNews(office.desk, office.posts, Outbox(busy), PAGES)
    [job] = [one for one in office.rows.jobs if one.name == "billing_contact_mail"]
    with pytest.raises(Transient):
        news.mail(job.argument)


def refuses(_: EmailMessage) -> None:
    raise Undeliverable("550 no such user")


def test_a_letter_that_cannot_be_sent_is_in_the_history_and_managers_are_told(office: Office) -> None:
    """It was the former contact's one chance to say that this was not them."""
    done(office)
    news = BillingContactNews(office.desk, office.posts, Outbox(refuses), PAGES)
    [operation] = [one.id for one in office.rows.operations.values() if one.kind == "change_billing_contact"]
    for argument in (f"former:bcl_{operation}", f"new:{operation}") * 2:  # each step twice, as after a crash
        news.mail(argument)
    lost = [one for one in office.rows.timeline if one.what == "billing_contact_not_mailed"]
    assert [one.parameters["email"] for one in lost] == ["bea@engines.example", "nora@engines.example"]
    office.works()
    told = [call.arguments for call in office.slack.called("chat_postMessage")]
    for place in ("C_MANAGERS", "U_PIA"):
        former, new = [texts(one["blocks"]) for one in told if one["channel"] == place and "📭" in texts(one["blocks"])]
        assert "bea@engines.example" in former
        assert "could not say that it was not in order" in former
        assert "nora@engines.example" in new


@pytest.mark.parametrize(("prepare", "kind"), [("link", "edit"), ("lock", "locked"), ("recipients", "recipients")])
def test_every_letter_that_is_lost_says_what_it_was_about(office: Office, prepare: str, kind: str) -> None:
    if prepare == "link":
        sends_link(office)
    elif prepare == "recipients":
        office.presses("billing_contact.recipients", ADA, view=page(office), person=MIA)
        office.submits(open_view(office.shown, 2), person=MIA, recipients="books@engines.example")
    else:
        office.sells(billing_contact=BillingContactPolicy(tries=1))
        page(office)
        answers(office, questions(office), "0000")
    [job] = [one for one in office.rows.jobs if one.argument.startswith(f"{kind}:") and one.name.endswith("mail")]
    BillingContactNews(office.desk, office.posts, Outbox(None), PAGES).mail(job.argument)
    alerts = [one.argument for one in office.rows.jobs if one.argument.startswith(f"unsent-{kind}:")]
    assert [one.rpartition(":")[2] for one in alerts] == ["channel", "U_PIA"]
    office.contact_news.alert(alerts[1])
    assert "could not be sent" in texts(office.slack.called("chat_postMessage")[-1].arguments["blocks"])


def test_without_managers_admins_are_told(office: Office) -> None:
    office.dismisses(PIA)
    office.hires(actor(Role.ADMIN, user="U_ANN", name="Ann Admin"))
    sends_link(office)
    [job] = [one for one in office.rows.jobs if one.name == "billing_contact_mail"]
    BillingContactNews(office.desk, office.posts, Outbox(refuses), PAGES).mail(job.argument)
    alerts = [one.argument.rpartition(":")[2] for one in office.rows.jobs if one.name == "billing_contact_alert"]
    assert alerts == ["channel", "U_ANN"]


def test_the_receipt_does_not_promise_a_letter_that_nobody_gets() -> None:
    t = Translator("en")
    for receipt, mailed, said in (
        (samples.receipt(), True, "gets an e-mail"),
        (samples.receipt(), False, "no mail server is set up"),
        (samples.receipt(before=samples.bill_to(email="")), True, "Nobody was told"),
    ):
        assert said in texts(views.changed(receipt, ADA, t, mailed=mailed).modal(t).to_dict())


def test_without_a_mail_server_no_token_is_made(office: Office) -> None:
    sends_link(office)
    [job] = [one for one in office.rows.jobs if one.name == "billing_contact_mail"]
    with capture_logs() as logged:
        BillingContactNews(office.desk, office.posts, Outbox(None), PAGES).mail(job.argument)
    assert [one["setting"] for one in logged] == ["SMTP_URL"]
    assert not office.rows.tokens


# Alerts


def test_a_report_reaches_managers_in_their_channel_and_directly(office: Office) -> None:
    done(office)
    with office.store.writing(MIA) as uow:
        links.report(uow, link_in(mails_to(office)["bea@engines.example"]), freeze=True)
    office.works()
    told = {
        call.arguments["channel"]: texts(call.arguments["blocks"]) for call in office.slack.called("chat_postMessage")
    }
    for place in ("C_MANAGERS", "U_PIA"):
        for text in ("“This was not me”: Engines Ltd", "nora@engines.example", "Carl Card", "*frozen*"):
            assert text in told[place]


def test_without_a_channel_managers_are_told_directly(office: Office) -> None:
    office.sells(billing_contact=BillingContactPolicy(tries=1))
    page(office)
    answers(office, questions(office), "0000")
    office.posts.managers = None
    office.works()
    assert [call.arguments["channel"] for call in office.slack.called("chat_postMessage")] == ["U_PIA"]


@pytest.mark.parametrize("roles", [Role.MANAGER, Role.ADMIN])
def test_whoever_is_told_directly_is_told_once_where_the_channel_is_archived(office: Office, roles: Role) -> None:
    """Who has become a manager since, too."""
    office.dismisses(PIA)
    office.hires(actor(roles, user="U_ANN", name="Ann"))
    office.sells(billing_contact=BillingContactPolicy(tries=1))
    page(office)
    answers(office, questions(office), "0000")
    office.slack.fails["chat_postMessage"].append(slack_error("is_archived"))
    office.works()
    assert [call.arguments["channel"] for call in office.slack.called("chat_postMessage")] == ["U_ANN"]


# Recipients


def test_recipients_are_listed_and_saved(office: Office) -> None:
    """GX11"""
    office.presses("billing_contact.recipients", ADA, view=page(office), person=MIA)
    view = open_view(office.shown, 2)
    reply = office.submits(view, person=MIA, recipients="books@engines.example\ninfo@engines.example")
    assert "books@engines.example, info@engines.example" in texts(reply.view)
    office.presses("billing_contact.recipients", ADA, view=page(office), person=MIA)
    office.submits(open_view(office.shown, 2, hash="h2"), person=MIA, recipients=None)
    assert "nobody else" in texts(page(office))


@pytest.mark.parametrize(
    ("language", "typed", "says"),
    [
        ("en", "books@engines.example, eve@x.example", "go to you, and to these addresses, too:"),
        ("en", "", "go to you alone"),
        ("de", "books@engines.example", "gehen ab jetzt an Sie und auch an diese Adressen:"),
    ],
)
def test_the_billing_contact_reads_who_else_gets_the_invoices(
    office: Office, language: str, typed: str, says: str
) -> None:
    opens(office, account(language=language), card())
    with office.store.writing(MIA) as uow:
        uow.billing_contacts.save_recipients(ADA, ("old@engines.example",))
    office.presses("billing_contact.recipients", ADA, view=page(office), person=MIA)
    office.submits(open_view(office.shown, 2), person=MIA, recipients=typed)
    office.works()
    mail = mails_to(office)["bea@engines.example"]
    assert says in body(mail)
    assert [one for one in typed.split(", ") if one] == re.findall(r"^\S+@(?:engines|x)\.example$", body(mail), re.M)


def test_a_frozen_account_offers_no_recipients(office: Office) -> None:
    with office.store.writing(MIA) as uow:
        uow.billing_contacts.freeze(ADA, uow.now)
    assert "billing_contact.recipients" not in elements(page(office))


@pytest.mark.parametrize(
    ("typed", "why"),
    [("nobody", "is no e-mail address"), ("\n".join(f"b{n}@x.example" for n in range(6)), "At most 5")],
)
def test_wrong_recipients_are_an_error_at_the_field(office: Office, typed: str, why: str) -> None:
    office.presses("billing_contact.recipients", ADA, view=page(office), person=MIA)
    assert why in office.submits(open_view(office.shown, 2), person=MIA, recipients=typed).errors["recipients"]


# Why not


@pytest.mark.parametrize("typed", ["help why-not ada@", "hilfe warum-nicht ada@", "help WHY ada@"])
def test_why_not_is_answered_for_one_account(office: Office, typed: str) -> None:
    """G30, GX3"""
    opens(office, account(account=Account(status=AccountStatus.EXPIRED)), card())
    reply = office.types(typed, person=MIA)
    assert "For Engines Ltd" in reply.text
    assert "A plan has to be bought" in reply.text
    assert "Ada Lovelace and Carl Card" in reply.text
    assert reply.body.get("response_type", "ephemeral") == "ephemeral"
    assert not office.slack.calls


@pytest.mark.parametrize(("status", "link_first"), [(AccountStatus.ACTIVE, True), (AccountStatus.EXPIRED, False)])
def test_the_link_needs_no_card(office: Office, status: AccountStatus, link_first: bool) -> None:
    """G14, G30: without a card only the way with proof has to wait; an expired account has neither."""
    opens(office, account(CORA, Portal.CORPORATE, account=Account(portal=Portal.CORPORATE, status=status)))
    office.presses("billing_contact.why", CORA, view=page(office), person=MIA)
    said = texts(office.shown)
    assert "No card is on file" in said
    assert (said.index("with a link") < said.index("When that is settled")) is link_first


@pytest.mark.parametrize(
    ("topic", "online", "corporate"),
    [
        ("billing-faq", "Kind of account: online account", "Kind of account: corporate account"),
        ("plan-change", "Ada Lovelace", "through the representative"),
        ("payment-method", "1 payment method is on file", "Bea Books"),
        ("invoice-history", "0 invoices are open", "0 invoices are there"),
        ("reactivate", "nothing to reactivate", "The account is active"),
        ("sign-in", "Billing Center", "stands on every invoice that was e-mailed"),
        ("billing-contact", "Only the billing contact and account admins may be told", "Bea Books"),
        ("account-types", "changed by support only", "edit purchase orders"),
        ("why-not", "support does it", "can change name and address with a link"),
        ("pay-online", "nothing to pay in a portal", "in full or in part"),
    ],
)
def test_each_of_the_ten_topics_answers_for_the_account(
    office: Office, topic: str, online: str, corporate: str
) -> None:
    """G22 to G31"""
    assert online in office.types(f"help {topic} ada@", person=MIA).text
    assert corporate in office.types(f"help {topic} cora", person=MIA).text
    general = office.types(f"help {topic}", person=MIA).text
    assert "Engines Ltd" not in general


def test_the_pages_button_explains_and_other_questions_can_be_chosen(office: Office) -> None:
    view = page(office)
    office.presses("billing_contact.why", ADA, view=view, person=MIA)
    assert office.slack.calls[-1].method == "views_push"
    shown = open_view(office.shown, 2)
    menu = elements(shown)["billing_contact.topic"]["options"]
    assert len(menu) == 10
    office.presses("billing_contact.topic", f"sign-in {ADA}", view=shown, person=MIA, chosen=True)
    assert "Billing Center" in texts(office.shown)


def test_a_name_that_fits_several_asks_who_is_meant(office: Office) -> None:
    office.types("help why-not example", person=MIA)
    assert "Several customers match" in texts(office.shown)


def test_help_about_an_account_is_not_for_everybody(office: Office) -> None:
    office.slack.people["U_NEW"] = {"name": "new"}
    stranger = actor(user="U_NEW")
    assert "no role" in office.types("help why-not ada@", person=stranger).text
    assert "three causes" in office.types("help why-not", person=stranger).text
