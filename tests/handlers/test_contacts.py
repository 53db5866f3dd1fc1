"""Finding a customer, and the card: `/billing`, the message shortcut, the search while typing, the pages."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from billing.money import Money
from billing.roles import Role
from billing.timeline import Entry, Happening
from blocks.kit import REMARK
from handlers.router import Kind
from tests.support.office import Office
from tests.support.shop import ADA, BEN, NOW, SAM, actor, contact
from tests.support.slack import elements, interaction, metadata, open_view, texts


@pytest.fixture
def office() -> Office:
    return Office()


def is_card_of(office: Office, name: str) -> bool:
    return office.shown["callback_id"] == "card" and name in texts(office.shown)


# /billing


def test_the_command_alone_opens_the_finder(office: Office) -> None:
    """H1"""
    office.types("")
    assert office.shown["callback_id"] == "finder"
    assert [one.method for one in office.slack.calls] == ["views_open"]


def test_the_finder_shows_the_customers_whom_this_person_worked_on_last(office: Office) -> None:
    """H5"""
    office.starts(key="1")
    office.types("")
    assert "Ada Lovelace" in texts(office.shown)
    assert "Ben Byron" not in texts(office.shown)


@pytest.mark.parametrize("typed", ["ada", "ADA LOVELACE", "  lovelace  ", "ada@engines.example", "cus_ada"])
def test_a_name_that_fits_one_customer_opens_the_card(office: Office, typed: str) -> None:
    """H1, H5"""
    office.types(typed)
    assert is_card_of(office, "Ada Lovelace")


def test_a_name_that_fits_several_asks_who_is_meant(office: Office) -> None:
    office.types("example")
    assert "Several customers match" in texts(office.shown)
    assert {"Ada Lovelace", "Ben Byron"} <= {line.strip("*") for line in texts(office.shown).splitlines()}


def test_a_name_that_is_exactly_one_of_several_opens_that_card(office: Office) -> None:
    office.knows(contact("con_2", name="Ada Lovelace-King", email="king@engines.example"))
    office.types("ada lovelace")
    assert is_card_of(office, "ada@engines.example")
    office.types("ada")
    assert "Several customers match" in texts(office.shown)


@pytest.mark.parametrize("typed", ["ada", "history ada", "subscribe Ada"])
def test_who_has_the_word_is_meant_and_nobody_who_has_it_inside_another(office: Office, typed: str) -> None:
    office.knows(contact("con_2", name="George Papadakis", email="george@sails.example"))
    office.types(typed)
    assert "Who is meant?" not in texts(office.shown)
    assert "Ada Lovelace" in texts(office.shown)


def test_the_search_while_typing_still_offers_everybody(office: Office) -> None:
    office.knows(contact("con_2", name="George Papadakis", email="george@sails.example"))
    assert "George Papadakis" in str(office.searches("finder.contact", "ada").body)


@pytest.mark.parametrize(
    ("typed", "callback_id", "said"),
    [
        ("subscribe example", "subscription.form", "Ada Lovelace"),
        ("plan example", None, "Ada Lovelace"),
        ("history example", None, "Ada Lovelace"),
        ("billing-contact example", None, "Ada Lovelace"),
        ("invoices example", None, "Ada Lovelace"),
        ("invoice example", "invoice.form", "Ada Lovelace"),
        ("invoice example 3 x Onboarding 150.00, due 14d", "invoice.form", "Onboarding"),
        ("invoice 3 x Onboarding 150.00", "invoice.form", "Onboarding"),
        ("invoice", "invoice.form", "Ada Lovelace"),
        ("help sign-in example", None, "Ada Lovelace"),
        ("help sign-in n", None, "Ada Lovelace"),  # a name that is a part of the topic
    ],
)
def test_whoever_is_chosen_is_whom_the_command_is_about(
    office: Office, typed: str, callback_id: str | None, said: str
) -> None:
    """H24: nothing of what was typed is lost because it had to be asked who is meant."""
    office.types(typed)
    asked = office.shown
    assert asked["callback_id"] == "finder"
    office.presses("card.open", ADA, view=open_view(asked))
    assert said in texts(office.shown)
    assert not is_card_of(office, "Ada Lovelace")
    if callback_id:
        assert office.shown["callback_id"] == callback_id


def test_whoever_is_found_below_the_choice_is_meant_too(office: Office) -> None:
    office.types("plan example")
    office.presses("finder.contact", BEN, view=open_view(office.shown))
    assert "Ben Byron" in texts(office.shown)
    assert not is_card_of(office, "Ben Byron")


def test_a_choice_that_was_forged_leads_nowhere_that_could_not_be_typed(office: Office) -> None:
    office.types("plan example")
    asked = open_view(office.shown)
    for forged in ({"command": "no-such", "text": "{who}"}, {"command": 7, "text": []}, {"command": "plan"}):
        reply = office.presses("card.open", ADA, view={**asked, "private_metadata": json.dumps(forged)})
        assert reply.body is not None


def test_a_very_long_line_is_not_kept_and_the_card_is_shown(office: Office) -> None:
    office.types(f"invoice example 3 x {'x' * 2100}")
    office.presses("card.open", ADA, view=open_view(office.shown))
    assert is_card_of(office, "Ada Lovelace")


def test_a_name_of_nobody_is_said_to_be_so(office: Office) -> None:
    office.types("zuse")
    assert "No customer matches" in texts(office.shown)


@pytest.mark.parametrize(("typed", "meant"), [("subscrib ada", "subscribe"), ("hlep", "help"), ("hilf", "hilfe")])
def test_a_mistyped_command_gets_the_nearest_one(office: Office, typed: str, meant: str) -> None:
    office.types(typed)
    assert f"Did you mean the command `/billing {meant}`?" in texts(office.shown)


def test_a_name_far_from_any_command_is_not_taken_for_one(office: Office) -> None:
    office.types("zuse")
    assert "Did you mean" not in texts(office.shown)


def test_who_may_not_see_customers_is_told_so(office: Office) -> None:
    """H16"""
    office.slack.people["U_NEW"] = {"name": "new"}
    for typed in ("", "ada", "zuse"):
        reply = office.types(typed, person=actor(user="U_NEW"))
        assert "no role in Kontor" in reply.text
    assert not office.slack.called("views_open")


# The message shortcut


@pytest.mark.parametrize(
    "message",
    [
        "please bill ada@engines.example today",
        "<mailto:ada@engines.example|ada@engines.example>",
        "From: Ada Lovelace <ada@engines.example>, Cc: nobody@nowhere.example",
        "ADA@ENGINES.EXAMPLE!",
        "(ada@engines.example).",
    ],
)
def test_the_shortcut_takes_the_address_out_of_the_message(office: Office, message: str) -> None:
    """H1, H4"""
    office.bills_from(message)
    assert is_card_of(office, "Ada Lovelace")


@pytest.mark.parametrize("message", ["please bill Ada", "", "mail me @ home"])
def test_without_an_address_the_shortcut_opens_the_finder(office: Office, message: str) -> None:
    office.bills_from(message)
    assert office.shown["callback_id"] == "finder"
    assert "There is no e-mail address in this message." in texts(office.shown)


def test_the_finder_without_a_message_gives_no_hint(office: Office) -> None:
    office.types("")
    assert "in this message" not in texts(office.shown)


def test_a_message_with_addresses_of_several_customers_asks_who_is_meant(office: Office) -> None:
    """H1: each once, however often it stands there."""
    office.bills_from(
        "From ada@engines.example to ben@byron.example, cc <mailto:ADA@engines.example|ADA@engines.example>"
    )
    assert "This message names several customers." in texts(office.shown)
    rows = [block["accessory"]["value"] for block in office.shown["blocks"] if block.get("accessory")]
    assert rows == [ADA, BEN]
    office.presses("card.open", BEN, view=open_view(office.shown))
    assert is_card_of(office, "Ben Byron")


def test_of_several_addresses_only_one_may_be_a_customers(office: Office) -> None:
    office.bills_from("From help@acme.example to ada@engines.example, cc zuse@computers.example")
    assert is_card_of(office, "Ada Lovelace")


def test_addresses_of_nobody_are_named_above_the_finder(office: Office) -> None:
    office.bills_from("From help@acme.example, cc zuse@computers.example")
    assert office.shown["callback_id"] == "finder"
    assert "No customer has one of these addresses: help@acme.example, zuse@computers.example" in texts(office.shown)


def test_who_sent_an_e_mail_that_was_forwarded_counts(office: Office) -> None:
    mail = {"filetype": "email", "from": [{"address": "ben@byron.example"}], "plain_text": "Please send me the bill"}
    body = interaction(SAM.user, office.trigger(), callback_id="bill_customer", message={"text": "", "files": [mail]})
    office.handles(Kind.SHORTCUT, body)
    assert is_card_of(office, "Ben Byron")


def test_a_message_full_of_addresses_is_not_looked_up_without_end(office: Office) -> None:
    crowd = [f"nobody{n}@crowd.example" for n in range(15)]
    office.bills_from(" ".join(["ada@engines.example", "ben@byron.example", *crowd]))
    assert "7 more addresses were not looked up." in texts(office.shown)


def test_an_address_of_nobody_is_said_to_be_so(office: Office) -> None:
    office.bills_from("zuse@computers.example")
    assert "No customer matches *“zuse@computers.example”*" in texts(office.shown)


def test_the_shortcut_is_for_staff_only(office: Office) -> None:
    """H16"""
    office.slack.people["U_NEW"] = {"name": "new"}
    office.bills_from("ada@engines.example", person=actor(user="U_NEW"))
    assert "no role in Kontor" in texts(office.shown)
    assert "Lovelace" not in texts(office.shown)


# The search


def test_the_search_offers_who_fits(office: Office) -> None:
    [group] = office.searches("finder.contact", "love").body["option_groups"]
    assert [one["value"] for one in group["options"]] == [ADA]
    assert group["label"]["text"] == "1 customer"


def test_no_match_and_too_many_are_told_apart(office: Office) -> None:
    [group] = office.searches("finder.contact", "zuse").body["option_groups"]
    assert group["label"]["text"] == "No match for “zuse”"
    for number in range(101):
        office.knows(contact(f"con_{number}", name=f"Many {number}"))
    [group] = office.searches("finder.contact", "many").body["option_groups"]
    assert group["label"]["text"] == "More than 100 match: keep typing"
    assert len(group["options"]) == 100


def test_the_search_is_for_staff_only(office: Office) -> None:
    """H16"""
    office.slack.people["U_NEW"] = {"name": "new"}
    (group,) = office.searches("finder.contact", "ada", person=actor(user="U_NEW")).body["option_groups"]
    assert group["label"]["text"] == "No role yet"
    assert [one["value"] for one in group["options"]] == [REMARK]


def test_a_card_number_in_the_search_is_refused_where_it_was_typed(office: Office) -> None:
    """SX8"""
    (group,) = office.searches("finder.contact", "4242 4242 4242 4242").body["option_groups"]
    assert group["label"]["text"] == "No card numbers, please"
    (remark,) = group["options"]
    assert remark["text"]["text"].startswith("That looks like a card number. It was not stored.")
    assert remark["value"] == REMARK


def test_choosing_a_customer_shows_the_card_in_the_finders_place(office: Office) -> None:
    office.types("")
    office.presses("finder.contact", ADA, view=open_view(office.shown), chosen=True)
    assert office.slack.calls[-1].method == "views_update"
    assert is_card_of(office, "Ada Lovelace")


def test_choosing_the_remark_that_nobody_was_found_does_nothing(office: Office) -> None:
    office.types("")
    reply = office.presses("finder.contact", "-", view=open_view(office.shown), chosen=True)
    assert reply.body == ""
    assert [one.method for one in office.slack.calls] == ["views_open"]


# The card


@pytest.mark.parametrize("in_modal", [True, False], ids=["in a modal", "in a message"])
def test_a_button_shows_the_card(office: Office, in_modal: bool) -> None:
    office.types("")
    office.presses("card.open", BEN, view=open_view(office.shown) if in_modal else None)
    assert is_card_of(office, "Ben Byron")


@pytest.mark.parametrize("forged", ["con_nobody", "", None])
def test_a_button_with_a_forged_customer_is_refused(office: Office, forged: str | None) -> None:
    office.presses("card.open", forged)
    assert "does not exist" in texts(office.shown)


def test_the_card_has_no_button_for_what_this_person_may_not_do(office: Office) -> None:
    """H16"""
    office.types("ada")
    assert "subscription.open" in elements(office.shown)
    admin = actor(Role.ADMIN, user="U_ADMIN")
    office.hires(admin)
    office.types("ada", person=admin)
    assert "subscription.open" not in elements(office.shown)


def test_the_button_is_not_the_check(office: Office) -> None:
    """H16"""
    admin = actor(Role.ADMIN, user="U_ADMIN")
    office.hires(admin)
    office.presses("subscription.open", ADA, person=admin)
    assert "Your role does not include: start subscriptions" in texts(office.shown)
    assert "support agents" in texts(office.shown)  # who can


def test_the_history_is_turned_page_by_page_and_back(office: Office) -> None:
    """H6, H9"""
    for number in range(12):
        office.rows.timeline.append(
            Entry(
                id=f"e{number}",
                contact=ADA,
                at=NOW + timedelta(minutes=number),
                what=Happening.PAYMENT_SUCCEEDED,
                amount=Money(amount=10000 + number, currency="EUR"),
                parameters={"number": f"K-{number}"},
            )
        )

    def on_page() -> list[int]:
        return [number for number in range(12) if f"€100.{number:02}" in texts(office.shown)]

    def turns(button: str) -> None:
        office.presses(button, elements(office.shown)[button]["value"], view=open_view(office.shown))

    office.types("ada")
    assert on_page() == [7, 8, 9, 10, 11]
    assert "card.newer" not in elements(office.shown)
    turns("card.older")
    assert on_page() == [2, 3, 4, 5, 6]
    turns("card.older")
    assert on_page() == [0, 1]
    assert "card.older" not in elements(office.shown)
    turns("card.newer")
    assert on_page() == [2, 3, 4, 5, 6]
    turns("card.newer")
    assert on_page() == [7, 8, 9, 10, 11]
    assert metadata(office.shown)["contact"] == ADA
    assert {result for _, result in office.observed} == {"ok"}


def test_the_card_of_a_forged_customer_cannot_be_turned(office: Office) -> None:
    office.types("ada")
    forged = open_view(office.shown, private_metadata='{"contact":"con_nobody","trail":[]}')
    office.presses("card.older", "5", view=forged)
    assert "does not exist" in texts(office.shown)
