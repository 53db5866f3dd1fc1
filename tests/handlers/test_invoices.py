"""Invoices as Slack sees them: the form and its lines, the review, the answers, the buttons, forged ones too."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from flask import Flask

from billing import absences
from billing.absences import Away
from billing.catalogue import InvoiceField, InvoicePolicy, Label
from billing.change_requests.model import RequestState
from billing.contacts import Invoice, InvoiceStatus, Portal
from billing.errors import AmountDiffers, Declined, Undeliverable
from billing.invoices import approving, lines, nudging, reminding
from billing.invoices.approving import AskForApproval
from billing.invoices.items import SaveLine
from billing.invoices.model import Stage
from billing.invoices.printing import InvoiceDocuments
from billing.money import Money
from billing.roles import Role
from bot.pages.documents import document_pages
from handlers.router import Kind
from tests.support.accounts import account
from tests.support.office import LINKS_LAST, Office
from tests.support.shop import ADA, ADAS_CARD, BEN, SAM, TEAM_MONTH, actor
from tests.support.slack import Json, elements, filled, metadata, open_view, slack_error, texts

MIA = actor(Role.AGENT, user="U_MIA", name="Mia Agent")
PETRA = actor(Role.MANAGER, user="U_PETRA", name="Petra Manager")


def eur(amount: int) -> Money:
    return Money(amount=amount, currency="EUR")


_hashes = count(1)  # of views: another one each time that it is shown


@pytest.fixture
def office() -> Office:
    office = Office()
    for person in (MIA, PETRA):
        office.hires(person)
    return office


def form(office: Office, text: str = "invoice ada 3 x Onboarding 150.00") -> Json:
    office.types(text)
    return open_view(office.shown, id="V_FORM", hash="h_form")


def drafted(office: Office) -> Any:
    return list(office.rows.sales_invoices.values())[-1]


def reviewed(office: Office, **given: Any) -> Json:
    reply = office.submits(form(office), **given)
    return open_view(reply.view, 2, id="V_REVIEW", hash="h_review")


def sent(office: Office) -> Any:
    office.submits(reviewed(office))
    office.works()
    return drafted(office)


def page(office: Office, ref: str, person: Any = SAM) -> Json:
    office.presses("invoice.open", ref, person=person)
    return open_view(office.shown, id="V_PAGE", hash="h_page")


def submitted(office: Office, button: str, person: Any = SAM, **given: Any) -> Any:
    """The form behind a button of the invoice's page, filled in."""
    office.presses(button, drafted(office).id, view=page(office, drafted(office).id, person), person=person)
    return office.submits(open_view(office.shown, 2, id="V_OP", hash=f"h{next(_hashes)}"), person=person, **given)


# Opening


@pytest.mark.parametrize("text", ["invoice ada", "rechnung ada", "INVOICE Ada"])
def test_the_command_opens_the_form_with_the_customer_filled_in(office: Office, text: str) -> None:
    """H24 to H26."""
    office.types(text)
    assert office.shown["callback_id"] == "invoice.form"
    assert "Ada Lovelace" in texts(office.shown)
    assert metadata(office.shown)["contact"] == ADA
    assert office.rows.sales_invoices == {}


def test_a_whole_invoice_in_one_line(office: Office) -> None:
    view = form(office, "invoice ada@engines.example 3 x Onboarding 150 EUR, due 30d, nonsense here")
    assert "Onboarding" in texts(view)
    assert "“nonsense here”" in texts(view)
    assert elements(view)["invoice.due_days"]["initial_value"] == "30"


def test_the_button_on_the_card_and_the_message_open_the_same_form(office: Office) -> None:
    office.types("ada")
    office.presses("invoice.new", ADA, view=open_view(office.shown))
    assert office.slack.calls[-1].method == "views_push"
    assert office.shown["callback_id"] == "invoice.form"
    office.bills_from("please bill ada@engines.example", callback_id="invoice_customer")
    assert office.shown["callback_id"] == "invoice.form"
    office.bills_from("no address", callback_id="invoice_customer")
    assert office.shown["callback_id"] == "finder"
    assert "There is no e-mail address in this message." in texts(office.shown)


def test_the_choice_among_those_whom_a_message_names_leads_to_the_form(office: Office) -> None:
    office.bills_from("ada@engines.example, ben@byron.example", callback_id="invoice_customer")
    office.presses("card.open", BEN, view=open_view(office.shown))
    assert office.shown["callback_id"] == "invoice.form"
    assert "Ben Byron" in texts(office.shown)


def test_a_click_that_arrives_twice_begins_one_draft(office: Office) -> None:
    ids = set()
    for _ in range(2):
        office.types("ada")
        office.presses("invoice.new", ADA, view=open_view(office.shown))
        ids.add(metadata(office.shown)["invoice"])
    assert len(ids) == 1


def test_there_is_always_room_for_a_line_on_top_of_the_form(office: Office) -> None:
    office.presses("invoice.new", ADA, view=open_view(form(office), 2))
    assert office.slack.calls[-1].method == "views_update"


# Lines


def test_a_line_is_added_and_shown_in_the_form_below(office: Office) -> None:
    view = form(office, "invoice ada")
    office.presses("invoice.add_line", view=view)
    line = open_view(office.shown, 2, id="V_LINE")
    assert metadata(line)["form"] == "V_FORM"
    reply = office.submits(line, description="Travel", quantity="2", price="49.90")
    assert reply.body in (None, "")
    (update,) = office.slack.called("views_update")
    assert update.arguments["view_id"] == "V_FORM"
    assert "Travel" in texts(update.arguments["view"])
    assert "€99.80" in texts(update.arguments["view"])


@pytest.mark.parametrize(
    ("field", "value"), [("price", "abc"), ("quantity", "-1"), ("discount", "x"), ("description", None)]
)
def test_what_cannot_be_read_is_told_at_its_field(office: Office, field: str, value: str | None) -> None:
    office.presses("invoice.add_line", view=form(office, "invoice ada"))
    given = {"description": "Travel", "quantity": "1", "price": "1"} | {field: value}
    reply = office.submits(open_view(office.shown, 2), **given)
    assert list(reply.errors) == [field]
    assert office.rows.sales_invoices == {}


def test_everything_that_is_wrong_with_a_line_is_told_at_once(office: Office) -> None:
    office.presses("invoice.add_line", view=form(office, "invoice ada"))
    reply = office.submits(open_view(office.shown, 2), description=None, quantity="-1", price="abc", discount="x")
    assert reply.errors.keys() == {"description", "quantity", "price", "discount"}


@pytest.mark.parametrize(("act", "left"), [("remove", 0), ("copy", 2), ("up", 1), ("down", 1)])
def test_the_menu_of_a_line(office: Office, act: str, left: int) -> None:
    view = form(office)
    office.presses("invoice.line_menu", f"{act}:l1", view=view, chosen=True)
    assert len(drafted(office).lines) == left
    assert office.slack.calls[-1].arguments["view_id"] == "V_FORM"


def test_a_line_is_changed_in_its_form(office: Office) -> None:
    office.presses("invoice.line_menu", "change:l1", view=form(office), chosen=True)
    assert elements(office.shown)["invoice.price"]["initial_value"] == "150.00"
    office.submits(open_view(office.shown, 2), price="99")
    assert drafted(office).lines[0].unit.amount == 9900


def test_a_line_that_another_has_changed_is_not_overwritten(office: Office) -> None:
    """The answer says who, and leads to the draft as it is now."""
    view = form(office)
    office.presses("invoice.line_menu", "change:l1", view=view, chosen=True)
    mine = open_view(office.shown, 2)
    office.presses("invoice.line_menu", "change:l1", view=view, chosen=True, person=PETRA)
    office.submits(open_view(office.shown, 2), price="99", person=PETRA)
    reply = office.submits(mine, price="1")
    assert "Petra Manager" in texts(reply.view)
    office.presses("invoice.draft_changed", drafted(office).id, view=open_view(reply.view, 2))
    assert "€99.00" in texts(office.shown)


def test_a_hundred_lines_are_shown_page_by_page(office: Office) -> None:
    many = ", ".join(f"1 x Day{n} 1.00" for n in range(45))
    view = form(office, f"invoice ada@engines.example {many}")
    assert "Day19" in texts(view)
    assert "Day20" not in texts(view)
    office.presses("invoice.page.on", "1", view=view)
    assert "Day20" in texts(office.shown)
    assert metadata(office.shown)["page"] == 1
    office.presses("invoice.page", "0", view=open_view(office.shown))
    assert "Day19" in texts(office.shown)


def test_the_menu_of_things_while_typing(office: Office) -> None:
    reply = office.searches("invoice.item", "crm", view=form(office))
    assert "CRM Team" in texts(reply.body)
    office.presses("invoice.item", "anything", view=form(office), chosen=True)  # is answered


# Drafts


def test_it_is_kept_as_a_draft_and_nothing_is_sent(office: Office) -> None:
    """H28: two acts."""
    view = form(office)
    office.presses("invoice.save", drafted(office).id, view={**view, "state": filled_state(view, memo="Hello")})
    assert "draft is saved" in texts(office.shown)
    assert (drafted(office).details.memo, drafted(office).stage) == ("Hello", Stage.DRAFT)
    assert office.rows.operations == {}


def filled_state(view: Json, **given: Any) -> Json:
    return filled(view, **given)["state"]


def test_drafts_are_listed_copied_kept_as_templates_and_deleted(office: Office) -> None:
    form(office)
    first = drafted(office).id
    office.types("invoices")
    assert "*Draft: Ada Lovelace*" in texts(office.shown)
    assert "draft" not in texts(office.shown).replace("Drafts", ""), "its name has said so"
    office.presses("invoice.clone", first, view=page(office, first))
    assert office.shown["callback_id"] == "invoice.form"
    assert len(office.rows.sales_invoices) == 2
    office.presses("invoice.to_template", first, view=page(office, first))
    reply = office.submits(open_view(office.shown, 2), name="Onboarding")
    assert "Onboarding" in texts(reply.view)
    office.types("invoices")
    assert "Onboarding" in texts(office.shown)
    view = form(office, "invoice ben")
    office.presses("invoice.template", next(iter(office.rows.invoice_templates)), view=view, chosen=True)
    assert len(drafted(office).lines) == 1
    office.presses("invoices.delete_template", next(iter(office.rows.invoice_templates)), view=view)
    assert office.rows.invoice_templates == {}
    office.presses("invoice.delete", first, view=page(office, first))
    assert first not in office.rows.sales_invoices
    assert "deleted" in texts(office.shown)


# Review and send


def test_the_review_shows_every_amount_and_a_link_to_the_document(office: Office) -> None:
    """450.00, 10 % off: 405.00; 19 % are 76.95: 481.95."""
    view = reviewed(office, discount="10 %", recipients="a@x.example, b@x.example", memo="Thanks")
    shown = texts(view)
    for expected in ("€450.00", "-€45.00", "€76.95", "€481.95", "a@x.example", "b@x.example", "Thanks"):
        assert expected in shown
    link = elements(view)["invoice.open_page"]["url"]
    assert link.startswith("https://kontor.example/d/")
    assert office.rows.operations == {}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("discount", "x"),
        ("recipients", "nobody"),
        ("recipients", ",".join(f"{n}@x.example" for n in range(6))),
        ("due_on", "2020-01-01"),
    ],
)
def test_the_form_tells_at_the_field(office: Office, field: str, value: str) -> None:
    assert list(office.submits(form(office), **{field: value}).errors) == [field]


def test_the_form_tells_everything_at_once(office: Office) -> None:
    """And keeps nothing of it."""
    wrong = {"discount": "abc", "recipients": "quatsch", "due_on": "2020-01-01"}
    assert office.submits(form(office), **wrong).errors.keys() == wrong.keys()


def test_a_field_of_the_houses_own_is_asked_for_in_the_readers_language(office: Office) -> None:
    """HX15: what is missing is told at its input, what was typed comes back in the review."""
    centre = InvoiceField(id="centre", name=Label(en="Cost centre", de="Kostenstelle"), required=True)
    office.sells(invoices=InvoicePolicy(fields=(centre,)))
    shown = form(office)
    (asked,) = [block for block in shown["blocks"] if block.get("block_id") == "fields[centre]"]
    assert (asked["label"]["text"], asked["optional"]) == ("Cost centre", False)
    reply = office.submits(shown, **{"fields[centre]": None})
    assert reply.errors == {"fields[centre]": "Every invoice needs this: Cost centre."}
    assert "4711" in texts(office.submits(shown, **{"fields[centre]": "4711"}).view)
    (kept,) = drafted(office).details.fields
    assert (kept.name, kept.value) == ("Cost centre", "4711")


def test_a_forged_field_is_left_out_or_told(office: Office) -> None:
    office.sells(
        invoices=InvoicePolicy(fields=(InvoiceField(id="centre", name=Label(en="Cost centre", de="Kostenstelle")),))
    )
    shown = form(office)
    assert office.submits(shown, **{"fields[centre]": "x" * 141}).errors.keys() == {"fields[centre]"}
    (asked,) = [block for block in shown["blocks"] if block.get("block_id") == "fields[centre]"]
    asked["block_id"] = "fields[other]"
    assert office.submits(shown, **{"fields[other]": "x"}).errors == {}
    assert drafted(office).details.fields == ()


def test_a_draft_of_a_colleague_is_mentioned_and_one_click_away(office: Office) -> None:
    """Ada's, not Ben's; and what was sent is none any more."""
    office.types("invoice ada 3 x Onboarding 150.00", person=MIA)
    office.types("invoice ben")
    assert "draft for this customer already" not in texts(office.shown)
    view = form(office, "invoice ada")
    assert "There is a draft for this customer already, last changed by Mia Agent" in texts(view)
    office.presses("invoice.open", drafted(office).id, view=view)
    assert "Onboarding" in texts(office.shown)
    office.clock.goes_on(seconds=1)
    office.types("invoice ada 1 x Training 10.00")
    office.types("invoice ada")
    assert "There is a draft for this customer already, last changed by Sam Sales" in texts(office.shown)


def test_what_was_sent_is_no_draft_that_is_mentioned(office: Office) -> None:
    sent(office)
    assert "draft for this customer already" not in texts(form(office, "invoice ada"))


def test_an_invoice_without_a_line_is_not_reviewed(office: Office) -> None:
    assert "no line yet" in texts(office.submits(form(office, "invoice ada")).view)


def test_it_is_sent_and_mailed_to_every_recipient(office: Office) -> None:
    view = reviewed(office, recipients="a@x.example, b@x.example")
    assert "on its way" in texts(office.submits(view).view)
    office.works()
    assert "INV-2026-00001" in texts(office.shown)
    assert office.slack.calls[-1].arguments["view_id"] == "V_REVIEW"
    assert sorted(str(mail["To"]) for mail in office.mails) == [
        "a@x.example",
        "b@x.example",
    ]
    assert len({mail["Message-ID"] for mail in office.mails}) == 2
    assert all(len(list(mail.iter_attachments())) == 1 for mail in office.mails)


@pytest.mark.parametrize(("portal", "told"), [(Portal.CORPORATE, ["bea@engines.example"]), (Portal.ONLINE, [])])
def test_the_billing_contact_finds_the_user_id_of_the_portal_in_the_mail(
    office: Office, portal: Portal, told: list[str]
) -> None:
    """G16, G17; nobody else who gets the invoice learns whose it is (GX1)."""
    office.rows.contacts[ADA] = account(portal=portal)
    office.submits(reviewed(office, recipients="bea@engines.example, b@x.example"))
    office.works()
    said = {mail["To"].addresses[0].addr_spec: mail.get_body(("plain",)).get_content() for mail in office.mails}
    assert sorted(said) == ["b@x.example", "bea@engines.example"]
    assert [to for to, text in said.items() if f"Your user id in the portal: {to}" in text] == told
    assert "bea@" not in said["b@x.example"]


def test_a_mail_greets_who_reads_it(office: Office) -> None:
    """The member with that address, the contact at their own; nobody by the name of another one."""
    office.rows.contacts[ADA] = account(email="office@engines.example", name="Engines Office")
    office.submits(reviewed(office, recipients="BEA@engines.example, office@engines.example, b@x.example"))
    office.works()
    said = {str(mail["To"]): mail.get_body(("plain",)).get_content().splitlines()[0] for mail in office.mails}
    assert said == {
        "Bea Books <BEA@engines.example>": "Hello Bea Books,",
        "Engines Office <office@engines.example>": "Hello Engines Office,",
        "b@x.example": "Hello,",
    }


def test_sending_is_one_line_of_home_and_of_the_history(office: Office) -> None:
    """H6, H10: two operations of ours are one act of the person's."""
    sent(office)
    event = {"type": "app_home_opened", "user": SAM.user}
    office.handles(Kind.EVENT, {"team_id": "T1", "event_id": "Ev1", "event": event})
    shown = texts(office.slack.called("views_publish")[-1].arguments["view"])
    assert shown.count("Sending an invoice: Ada Lovelace") == 1
    assert office.happened().count("invoice_sent") == 1


def test_an_address_that_the_mail_server_refuses_is_told(office: Office) -> None:
    """HX15: in the answer and in the history; the others get theirs."""

    def server(mail: Any) -> None:
        if "bad@" in str(mail["To"]):
            raise Undeliverable("550")
        office.mails.append(mail)

    office.outbox._send = server
    office.submits(reviewed(office, recipients="bad@x.example, good@x.example"))
    office.works()
    assert "No mail could be sent to: bad@x.example" in texts(office.shown)
    assert [str(mail["To"]) for mail in office.mails] == ["good@x.example"]
    assert "invoice_not_mailed" in office.happened()


def test_the_same_submission_sends_once(office: Office) -> None:
    view = reviewed(office)
    for _ in range(2):
        office.submits(view)
    office.works()
    assert office.rows.invoice_numbers == {("INV", 2026): 1}
    assert len(office.mails) == 1


def test_a_closed_window_is_answered_by_direct_message(office: Office) -> None:
    office.submits(reviewed(office))
    office.slack.fails["views_update"].append(slack_error("not_found"))
    office.works()
    assert any("INV-2026-00001" in text for text in office.told)


def test_a_total_that_differs_says_both_amounts(office: Office) -> None:
    view = reviewed(office)
    office.submits(view)
    office.payments.invoices.fails.append(AmountDiffers(reviewed=53550, charged=45000, currency="EUR"))
    office.works()
    assert "€450.00" in texts(office.shown)
    assert "€535.50" in texts(office.shown)
    assert drafted(office).number is None


def test_an_agent_reviews_and_cannot_send(office: Office) -> None:
    """Not by a button, and not by a forged submission."""
    form(office)
    office.presses("invoice.to_review", drafted(office).id, view=page(office, drafted(office).id, MIA), person=MIA)
    view = office.shown
    assert "submit" not in view
    office.submits(open_view(view, 2), person=MIA)
    office.works()
    assert drafted(office).stage is Stage.DRAFT


def test_above_the_limit_managers_are_asked_in_their_channel(office: Office) -> None:
    office.sells(invoices={"limits": {"sales": {"discount": 10}}})
    reply = office.submits(form(office), discount="25 %")
    ask = open_view(reply.view, 2, id="V_ASK")
    assert ask["callback_id"] == "invoice.ask"
    office.submits(ask, note="A loyal customer")
    office.works()
    (card,) = office.slack.called("chat_postMessage")
    assert card.arguments["channel"] == "C_MANAGERS"
    assert "A loyal customer" in texts(card.arguments["blocks"])
    office.presses("invoice.approve", drafted(office).id, person=SAM)
    assert drafted(office).approval.state is RequestState.FILED  # not by whoever asked
    office.presses("invoice.approve", drafted(office).id, person=PETRA)
    office.works()
    assert drafted(office).approval.state is RequestState.APPROVED
    (update,) = office.slack.called("chat_update")
    assert "invoice.approve" not in json.dumps(update.arguments["blocks"])
    assert office.slack.called("chat_postMessage")[-1].arguments["channel"] == SAM.user


def test_the_card_shows_what_it_costs_in_the_catalogue(office: Office) -> None:
    """3 x 19.90 = 59.70 at full price; 3 x 10.00 are asked: 29.70 is given off."""
    office.sells(invoices={"limits": {"sales": {"discount": 10}}})
    form(office)
    line = SaveLine(
        contact=ADA, invoice=drafted(office).id, item=TEAM_MONTH, quantity="3", price="10", line="l1", version=1
    )
    with office.store.writing(SAM) as uow:
        lines.save_line(uow, line)
        approving.ask(uow, AskForApproval(contact=ADA, invoice=drafted(office).id))
    office.works()
    (card,) = office.slack.called("chat_postMessage")
    for fact in ("€59.70", "€29.70", "list price €19.90"):
        assert fact in texts(card.arguments["blocks"])


def opens_home(office: Office, person: Any) -> str:
    event = {"type": "app_home_opened", "user": person.user}
    office.handles(Kind.EVENT, {"team_id": "T1", "event_id": "Ev1", "event": event})
    return home_of(office, person)


def home_of(office: Office, person: Any) -> str:
    """As it was published last."""
    shown = [one for one in office.slack.called("views_publish") if one.arguments["user_id"] == person.user]
    return texts(shown[-1].arguments["view"]) if shown else ""


def asked_for(office: Office) -> None:
    """Sam asks for an invoice of 450.00 with 25 % off: 337.50, with 19 % 401.63."""
    office.sells(invoices=InvoicePolicy(limits={Role.SALES: {"discount": "10"}}))
    office.submits(reviewed(office, discount="25 %"), note="Loyal")


def test_what_is_to_be_granted_is_in_the_list_and_on_home(office: Office) -> None:
    """With its amount, who asked and how long ago, and the way to its page (A27, H6)."""
    asked_for(office)
    office.clock.goes_on(hours=5)
    office.types("approvals", person=PETRA)
    assert "*Waiting for me* (1)" in texts(office.shown)
    for shown in (texts(office.shown), opens_home(office, PETRA)):
        for fact in ("Ada Lovelace", "Invoice of €401.63", "filed by Sam Sales 5 hours ago"):
            assert fact in shown
    assert elements(office.shown)["invoice.open"]["value"] == drafted(office).id
    office.types("approvals", person=SAM)
    assert "*Filed by me* (1)" in texts(office.shown)
    assert "*Your requests*" in opens_home(office, SAM)
    assert "Waits for your decision" not in home_of(office, SAM)


def test_where_there_is_no_way_into_the_channel_each_manager_is_asked(office: Office) -> None:
    """It is archived, or nobody has invited the app; later versions of the card find them, too."""
    asked_for(office)
    office.slack.fails["chat_postMessage"].append(slack_error("is_archived"))
    office.works()
    places = [one.arguments["channel"] for one in office.slack.called("chat_postMessage")]
    assert places == [PETRA.user]
    office.slack.fails["chat_postMessage"].append(slack_error("is_archived"))
    office.presses("invoice.approve", drafted(office).id, person=PETRA)
    office.works()
    (update,) = office.slack.called("chat_update")
    assert "*Petra Manager*: approved" in texts(update.arguments["blocks"])


def test_where_the_only_manager_asks_the_admins_learn_of_it(office: Office) -> None:
    """There is no way into the channel, and nobody is left who could decide."""
    office.dismisses(PETRA)
    office.hires(actor(Role.ADMIN, user="U_ANN", name="Ann"))
    asked_for(office)
    office.hires(SAM.model_copy(update={"roles": frozenset({Role.MANAGER})}))
    office.slack.fails["chat_postMessage"].append(slack_error("is_archived"))
    office.works()
    assert [one.arguments["channel"] for one in office.slack.called("chat_postMessage")] == ["U_ANN"]


def test_who_was_not_there_to_be_asked_is_shown_the_card_instead_of_a_reminder(office: Office) -> None:
    """Nobody had a card; the day after that the reminder says where it is."""
    office.slack.fails["chat_postMessage"].append(slack_error("channel_not_found"))
    office.dismisses(PETRA)
    asked_for(office)
    office.works()
    assert office.rows.invoice_cards == {}
    office.hires(PETRA)
    for said in ("invoice.approve", "Its card is further up in these messages"):
        office.clock.goes_on(hours=24)
        nudging.remind(office.store)
        office.works()
        (*_, last) = office.slack.called("chat_postMessage")
        assert last.arguments["channel"] == PETRA.user
        assert said in json.dumps(last.arguments["blocks"])


def test_a_deputy_gets_a_card_of_their_own_and_decides_with_it(office: Office) -> None:
    """The managers' channel has its card, too, and both say who decided for whom."""
    with office.store.writing(PETRA) as uow:
        absences.begin(uow, Away(first=uow.today, last=uow.today, deputy=MIA.user))
    asked_for(office)
    office.works()
    places = [one.arguments["channel"] for one in office.slack.called("chat_postMessage")]
    assert sorted(places) == ["C_MANAGERS", MIA.user]
    assert "Invoice of €401.63" in home_of(office, MIA)
    office.presses("invoice.reject", drafted(office).id, person=MIA)
    assert office.shown["callback_id"] == "invoice.reject_form"
    office.presses("invoice.approve", drafted(office).id, person=MIA)
    office.works()
    assert drafted(office).approval.state is RequestState.APPROVED
    for update in office.slack.called("chat_update"):
        assert "*Mia Agent (for Petra Manager)*: approved" in texts(update.arguments["blocks"])
    assert len(office.slack.called("chat_update")) == 2


def test_where_the_channel_cannot_be_written_to_managers_get_cards_of_their_own(office: Office) -> None:
    """Not who asked. Once the app is in the channel, its card is there, too, and all of them change."""
    office.hires(actor(Role.MANAGER, user="U_MAX", name="Max"))
    office.slack.fails["chat_postMessage"].append(slack_error("not_in_channel"))
    asked_for(office)
    office.works()
    cards = office.slack.called("chat_postMessage")
    assert sorted(one.arguments["channel"] for one in cards) == ["U_MAX", PETRA.user]
    assert "invoice.approve" in json.dumps(cards[0].arguments["blocks"])
    office.slack.calls.clear()
    office.clock.goes_on(hours=25)
    nudging.remind(office.store)
    office.works()
    assert all("further up in these messages" in told for told in office.told)
    office.slack.calls.clear()
    office.presses("invoice.approve", drafted(office).id, person=PETRA)
    office.works()
    assert sorted(one.arguments["channel"] for one in office.slack.called("chat_update")) == ["D_MAX", "D_PETRA"]
    assert [one.arguments["channel"] for one in office.slack.called("chat_postMessage")] == ["C_MANAGERS", SAM.user]


def test_the_form_of_a_rejection_is_for_those_who_may_reject(office: Office) -> None:
    asked_for(office)
    office.presses("invoice.reject", drafted(office).id, person=MIA)
    assert "Your role does not include" in texts(office.shown)


def test_the_page_decides_too_for_those_who_may(office: Office) -> None:
    """The button on Home and in the list leads there. Who asked sees that it waits, and no button."""
    asked_for(office)
    page(office, drafted(office).id)
    assert "Sam Sales asks for an approval" in texts(office.shown)
    assert "invoice.approve" not in elements(office.shown)
    view = page(office, drafted(office).id, PETRA)
    office.presses("invoice.approve", drafted(office).id, view=view, person=PETRA)
    assert drafted(office).approval.state is RequestState.APPROVED
    assert office.slack.calls[-1].method == "views_update"
    assert "asks for an approval" not in texts(office.shown)


def test_a_rejection_over_the_page_shows_the_page_as_it_is_then(office: Office) -> None:
    asked_for(office)
    office.presses("invoice.reject", drafted(office).id, view=page(office, drafted(office).id, PETRA), person=PETRA)
    reply = office.submits(open_view(office.shown, 2), person=PETRA, note="Too much")
    assert drafted(office).approval.state is RequestState.REJECTED
    assert "asks for an approval" not in texts(reply.view)


def test_home_of_everybody_concerned_shows_what_was_decided(office: Office) -> None:
    asked_for(office)
    office.works()
    assert "waiting for a decision" in home_of(office, PETRA)
    assert "waiting for a decision" in home_of(office, SAM)
    assert not home_of(office, MIA)
    office.presses("invoice.approve", drafted(office).id, person=PETRA)
    office.works()
    assert "waiting for a decision" not in home_of(office, PETRA)
    assert "*Ada Lovelace*: approved" in home_of(office, SAM)


def test_a_draft_that_was_thrown_away_refreshes_no_home(office: Office) -> None:
    asked_for(office)
    office.rows.sales_invoices.clear()
    office.works()
    assert not office.slack.called("views_publish")


def test_managers_are_reminded_of_what_nobody_decides(office: Office) -> None:
    office.sells(invoices=InvoicePolicy(limits={Role.SALES: {"discount": "10"}}))
    review = reviewed(office, discount="50 %")
    office.submits(review, note="Loyal")
    office.works()
    office.slack.calls.clear()
    office.clock.goes_on(hours=25)
    nudging.remind(office.store)
    office.works()
    (told,) = office.slack.called("chat_postMessage")
    assert told.arguments["channel"] == PETRA.user
    said = texts(told.arguments["blocks"])
    for part in ("The invoice for Ada Lovelace still waits for a decision.", "Sam Sales asked for it", "channel"):
        assert part in said


def test_the_managers_card_says_what_is_above_the_askers_limit(office: Office) -> None:
    office.sells(invoices=InvoicePolicy(limits={Role.SALES: {"discount": "20"}}))
    office.submits(reviewed(office, discount="30 %"), note="Loyal")
    office.works()
    (told,) = office.slack.called("chat_postMessage")
    assert "30% are given off, 20% may be given without asking." in texts(told.arguments["blocks"])


def test_who_asked_goes_on_from_the_message_that_it_is_approved(office: Office) -> None:
    asked_for(office)
    office.presses("invoice.approve", drafted(office).id, person=PETRA)
    office.works()
    told = [one for one in office.slack.called("chat_postMessage") if one.arguments["channel"] == SAM.user][-1]
    assert told.arguments["text"] == "Approved: invoice for Ada Lovelace"
    assert "asks for an approval" not in texts(told.arguments["blocks"])
    assert "invoice.to_review" in elements(told.arguments)
    others = [one for one in office.slack.called("chat_update") if one.arguments["channel"] != "D_SAM"]
    assert others
    assert not any("invoice.to_review" in elements(one.arguments) for one in others)
    office.presses("invoice.to_review", drafted(office).id)
    assert "Approved by Petra Manager" in texts(office.shown)


def test_a_rejection_says_why(office: Office) -> None:
    office.sells(invoices={"limits": {"sales": {"discount": 10}}})
    office.submits(open_view(office.submits(form(office), discount="25 %").view, 2))
    office.works()
    office.presses("invoice.reject", drafted(office).id, person=PETRA)
    assert list(office.submits(open_view(office.shown), person=PETRA, note="").errors) == ["note"]
    office.submits(open_view(office.shown), person=PETRA, note="Too much")
    office.works()
    assert "Too much" in office.told[-1]
    office.presses("invoice.to_review", drafted(office).id, view=page(office, drafted(office).id))
    assert "did not approve it: Too much" in texts(office.shown)


# One invoice


def test_a_payment_by_check_is_recorded(office: Office) -> None:
    sent(office)
    office.mails.clear()
    reply = submitted(office, "invoice.record", by="check", amount="100.00")
    assert list(reply.errors) == ["reference"]
    submitted(office, "invoice.record", by="check", amount="100.00", reference="4711")
    office.works()
    assert "€435.50 is still to be paid" in texts(office.shown)
    (mail,) = office.mails
    assert "INV-2026-00001" in mail["Subject"]


@pytest.mark.parametrize(
    ("field", "value"), [("amount", "9999"), ("amount", "x"), ("received_on", "2030-01-01"), ("by", None)]
)
def test_a_payment_tells_at_its_field(office: Office, field: str, value: str | None) -> None:
    sent(office)
    given = {"by": "check", "amount": "1", "reference": "1"} | {field: value}
    assert list(submitted(office, "invoice.record", **given).errors) == [field]


def test_everything_that_is_wrong_with_a_payment_is_told_at_once(office: Office) -> None:
    sent(office)
    reply = submitted(office, "invoice.record", by="check", amount="9999", received_on="2030-01-01", reference=" ")
    assert reply.errors.keys() == {"amount", "received_on", "reference"}


def test_the_card_is_charged_or_declined(office: Office) -> None:
    sent(office)
    office.payments.invoices.fails.append(Declined("insufficient_funds"))
    submitted(office, "invoice.charge")
    office.works()
    assert "The card was refused" in texts(office.shown)
    submitted(office, "invoice.charge", payment_method=ADAS_CARD)
    office.clock.goes_on(seconds=1)
    office.works()
    assert office.payments.invoices.charges


@pytest.mark.parametrize(
    ("button", "given"),
    [
        ("invoice.charge", {}),
        ("invoice.record", {"by": "check", "amount": "1", "reference": "1"}),
        ("invoice.credit", {"amount": "1", "reason": "Goodwill"}),
    ],
)
def test_a_form_that_is_no_longer_right_leads_to_the_invoice(office: Office, button: str, given: Any) -> None:
    """Somebody has recorded 100.00 of 535.50 while it was filled in."""
    sent(office)
    office.presses(button, drafted(office).id, view=page(office, drafted(office).id, PETRA), person=PETRA)
    form_ = open_view(office.shown, 2)
    submitted(office, "invoice.record", by="check", amount="100.00", reference="4711")
    office.clock.goes_on(seconds=1)
    office.works()
    reply = office.submits(form_, person=PETRA, **given)
    assert "€435.50 is still to be paid. Please look again." in texts(reply.view)
    office.presses("invoice.open", elements(reply.view)["invoice.open"]["value"], view=reply.view, person=PETRA)
    assert "€435.50" in texts(office.shown)


def test_a_manager_credits_refunds_and_cancels(office: Office) -> None:
    sent(office)
    submitted(office, "invoice.credit", PETRA, amount="35.50", reason="Goodwill")
    office.works()
    assert "€35.50" in texts(office.shown)
    reply = submitted(office, "invoice.void", PETRA, reason="Typed twice")
    assert "on its way" in texts(reply.view)
    office.works()
    assert "keeps its number" in texts(office.shown)
    office.types("history ada", person=PETRA)
    assert "Invoice INV-2026-00001 cancelled: Typed twice" in texts(office.shown)


def test_of_a_paid_invoice_no_form_says_that_nothing_is_still_to_be_paid(office: Office) -> None:
    sent(office)
    submitted(office, "invoice.charge")
    office.works()
    view = page(office, drafted(office).id, PETRA)
    office.presses("invoice.credit", drafted(office).id, view=view, person=PETRA)
    assert "Ada Lovelace, nothing is left to be paid of €535.50" in texts(office.shown)


@pytest.mark.parametrize("button", ["invoice.void", "invoice.write_off"])
def test_cancelling_and_writing_off_want_a_reason(office: Office, button: str) -> None:
    """HX9: nothing happens before it is given."""
    sent(office)
    assert "reason" in submitted(office, button, PETRA, reason=" ").errors
    office.works()
    assert all(one.status is InvoiceStatus.OPEN for one in office.payments.invoices.there.values())


def test_it_is_written_off(office: Office) -> None:
    sent(office)
    submitted(office, "invoice.write_off", PETRA, reason="Insolvent")
    office.works()
    assert "written off" in texts(office.shown)


def test_it_is_sent_again(office: Office) -> None:
    sent(office)
    office.mails.clear()
    office.presses("invoice.send_again", drafted(office).id, view=page(office, drafted(office).id))
    office.works()
    assert len(office.mails) == 1


@pytest.mark.parametrize(
    "button", ["invoice.void", "invoice.write_off", "invoice.credit", "invoice.charge", "invoice.record"]
)
def test_who_may_not_is_told_and_nothing_happens(office: Office, button: str) -> None:
    """Forged buttons of an agent."""
    sent(office)
    before = dict(office.payments.invoices.there)
    office.presses(button, drafted(office).id, view=page(office, drafted(office).id, MIA), person=MIA)
    office.works()
    assert "Your role does not include" in texts(office.shown)
    assert office.payments.invoices.there == before


def test_forged_metadata_meets_the_same_rules(office: Office) -> None:
    """Another customer's id beside the invoice: it does not exist there."""
    sent(office)
    office.presses("invoice.record", drafted(office).id, view=page(office, drafted(office).id))
    forged = open_view(office.shown, 2)
    forged["private_metadata"] = json.dumps(metadata(forged) | {"contact": BEN})
    reply = office.submits(forged, by="cash", amount="1")
    assert "does not exist" in texts(reply.view)
    assert office.payments.invoices.payments == []


def test_the_document_and_a_link_to_pass_on(office: Office) -> None:
    sent(office)
    office.presses("invoice.document", drafted(office).id, view=page(office, drafted(office).id))
    assert "https://kontor.example/d/" in texts(office.shown)


def test_links_are_good_for_as_long_as_the_settings_say(office: Office) -> None:
    """Those that are mailed, and those that people pass on; the preview's for an hour."""
    sent(office)
    office.presses("invoice.document", drafted(office).id, view=page(office, drafted(office).id))
    kept = office.rows.document_links.values()
    assert [one.expires_at - one.issued_at for one in kept] == [timedelta(hours=1), LINKS_LAST, LINKS_LAST]
    office.clock.goes_on(days=30)
    (linked,) = re.findall(r"https://kontor.example(/d/[\w-]+)", str(office.mails[-1].get_body(("plain",))))
    assert client(office).get(linked).status_code == 404


# Credit notes and links


def credit_mailed(office: Office, **given: Any) -> Any:
    """A credit note over 35.50 of an invoice with two recipients, and nothing but its mails."""
    office.submits(reviewed(office, recipients="a@x.example, b@x.example"))
    office.works()
    office.mails.clear()
    submitted(office, "invoice.credit", PETRA, **({"amount": "35.50", "reason": "Goodwill"} | given))
    office.works()
    return office.last_operation


def client(office: Office) -> Any:
    """A browser that knows no more than the address."""
    app = Flask(__name__)
    app.register_blueprint(document_pages(office.store, InvoiceDocuments(), office.catalogue.business))
    return app.test_client()


def path(address: str) -> str:
    return address.removeprefix("https://kontor.example")


def mailed_links(office: Office) -> list[str]:
    texts_ = [mail.get_body(("plain",)).get_content() for mail in office.mails]
    return [found for text in texts_ for found in re.findall(r"https://kontor\.example/d/[\w-]+", text)]


def test_a_credit_note_is_mailed_to_every_recipient(office: Office) -> None:
    """35.50 x 19 / 119 = 5.668 is 5.67 of tax; 29.83 without it."""
    operation = credit_mailed(office)
    assert "It goes to a@x.example and b@x.example." in texts(office.shown)
    assert [str(mail["To"]) for mail in office.mails] == [
        "a@x.example",
        "b@x.example",
    ]
    assert [str(mail["Message-ID"]).split("@")[0] for mail in office.mails] == [
        f"<{operation.id}-1",
        f"<{operation.id}-2",
    ]
    for mail in office.mails:
        assert "INV-2026-00001-CN-" in str(mail["Subject"])
        (pdf,) = mail.iter_attachments()
        assert pdf.get_content().startswith(b"%PDF-")
    first, second = mailed_links(office)
    assert first != second
    page_ = client(office).get(path(first))
    assert page_.status_code == 200
    for text in ("€35.50", "€29.83", "€5.67", "INV-2026-00001", "Goodwill"):
        assert text in page_.text
    assert client(office).get(f"{path(second)}/credit-note.pdf").data.startswith(b"%PDF-")


def test_a_repeated_step_mails_under_the_same_ids(office: Office) -> None:
    operation = credit_mailed(office)
    office.mailer.send(operation.id, "done")
    assert len(office.mails) == 4
    assert len({mail["Message-ID"] for mail in office.mails}) == 2


def test_a_credit_that_is_refused_is_not_mailed(office: Office) -> None:
    credit_mailed(office, amount="35.50")
    office.mails.clear()
    reply = submitted(office, "invoice.credit", PETRA, amount="535.50", reason="Too much")
    office.works()
    assert reply.errors
    assert office.mails == []


def test_of_stripes_own_invoice_no_document_is_mailed(office: Office) -> None:
    theirs = Invoice(
        id="in_sub", number="S-1", status="open", total=eur(1000), due=eur(1000), created_at=office.clock.now
    )
    office.payments.invoices.there[theirs.id] = theirs
    with office.store.writing(PETRA) as uow:
        uow.mirror.add_invoice(ADA, theirs)
    office.presses("invoice.credit", "in_sub", view=page(office, "in_sub", PETRA), person=PETRA)
    office.submits(open_view(office.shown, 2), person=PETRA, amount="10", reason="x")
    office.works()
    assert "€10.00" in texts(office.shown)
    assert "It goes to" not in texts(office.shown)
    assert office.mails == []
    assert office.rows.document_links == {}


def test_the_page_leads_to_the_credit_notes(office: Office) -> None:
    credit_mailed(office)
    office.presses("invoice.document", drafted(office).id, view=page(office, drafted(office).id))
    shown = texts(office.shown)
    assert "Credit notes" in shown
    invoice, note = re.findall(r"https://kontor\.example/d/[\w-]+(?=\|)", shown)
    assert "INV-2026-00001-CN-" in client(office).get(path(note)).text
    assert client(office).get(f"{path(invoice)}/invoice.pdf").status_code == 200


def test_all_links_are_revoked(office: Office) -> None:
    """Those of mails and those that were passed on; a second click changes nothing, and a new link opens again."""
    credit_mailed(office)
    office.presses("invoice.document", drafted(office).id, view=page(office, drafted(office).id))
    old = [*mailed_links(office), *re.findall(r"https://kontor\.example/d/[\w-]+(?=\|)", texts(office.shown))]
    assert [client(office).get(path(one)).status_code for one in old] == [200] * 4
    view = open_view(office.shown, 2)
    office.presses("invoice.revoke", drafted(office).id, view=view)
    # one of the review, two of the invoice's mails, two of the credit note's, two of the page
    assert "7 links were revoked" in texts(office.shown)
    assert office.slack.calls[-1].method == "views_update"
    for one in old:
        for ending in ("", "/invoice.pdf", "/credit-note.pdf"):
            assert client(office).get(path(one) + ending).status_code == 404
    office.presses("invoice.revoke", drafted(office).id, view=view)
    assert "All links were revoked before" in texts(office.shown)
    assert office.happened().count("invoice_links_revoked") == 1
    office.mails.clear()
    office.presses("invoice.send_again", drafted(office).id, view=page(office, drafted(office).id))
    office.works()
    assert {client(office).get(path(one)).status_code for one in mailed_links(office)} == {200}


def test_an_agent_revokes_nothing(office: Office) -> None:
    sent(office)
    office.presses("invoice.document", drafted(office).id, view=page(office, drafted(office).id, MIA), person=MIA)
    assert "invoice.revoke" not in elements(office.shown)
    office.presses("invoice.revoke", drafted(office).id, view=open_view(office.shown, 2), person=MIA)
    assert "Your role does not include" in texts(office.shown)
    assert not any(one.revoked_at for one in office.rows.document_links.values())


def test_lists_are_split_and_lead_to_the_invoice(office: Office) -> None:
    """GX12, G25."""
    sent(office)
    office.types("invoices ada")
    assert "INV-2026-00001" in texts(office.shown)
    for button, words in (("invoices.part.closed", "There are none"), ("invoices.part.drafts", "There are none")):
        office.presses(button, ADA, view=open_view(office.shown))
        assert words in texts(office.shown)
    office.presses("invoices.open", ADA, view=open_view(office.shown))
    assert "1 open invoice, €535.50" in texts(office.shown)
    office.types("rechnungen nobody")
    assert "No customer matches" in texts(office.shown)


def test_a_correction_where_the_house_allows_it(office: Office) -> None:
    """K8."""
    sent(office)
    assert "invoice.correct" not in elements(page(office, drafted(office).id))
    office.sells(invoices={"edit_sent": "until_paid"})
    reply = submitted(office, "invoice.correct", recipients="new@x.example")
    assert "new@x.example" in texts(reply.view)


def test_reminders_go_out_and_stop(office: Office) -> None:
    """HX19."""
    sent(office)
    office.mails.clear()
    office.clock.goes_on(days=14)
    reminding.remind(office.store)
    office.works()
    (mail,) = office.mails
    assert "due today" in mail["Subject"]
    assert office.happened().count("invoice_reminded") == 1
    office.clock.goes_on(days=7)
    reminding.remind(office.store)
    submitted(office, "invoice.void", PETRA, reason="Typed twice")
    office.rows.jobs.reverse()  # it is cancelled before the reminder is written
    office.works()
    assert len(office.mails) == 1


def test_in_german(office: Office) -> None:
    jonas = actor(Role.SALES, user="U_JONAS", name="Jonas", locale="de-DE")
    office.hires(jonas)
    office.types("rechnung ada@engines.example 1,5 x Beratung 120,00 €, fällig in 7 Tagen", person=jonas)
    assert "180,00\xa0€" in texts(office.shown)
    assert elements(office.shown)["invoice.due_days"]["initial_value"] == "7"
