"""What Slack sends becomes plain values; what was typed is looked through for card numbers (SX8); what was forged or
is outdated becomes a refusal that names the field."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from billing.errors import CardNumberEntered, NotReadable
from billing.subscriptions import SubscriptionDraft
from handlers.payloads import Call, ReplyTo, read_command, read_event, read_interaction
from tests.support import slack

VISA = "4242 4242 4242 4242"


def state(**blocks: dict[str, Any]) -> dict[str, Any]:
    return {"values": {block: {f"{block}.input": element} for block, element in blocks.items()}}


def submission(view: dict[str, Any]) -> Call:
    return read_interaction("view", slack.interaction("U1", "t1", view={"callback_id": "form", **view}))


DRAFT = {
    "contact": "con_ada",
    "price": "marketing-plus-month-eur",
    "quantity": "3",
    "start": "2026-03-02",
    "payment_method": "pm_ada",
}


def draft(**changes: Any) -> SubscriptionDraft:
    return Call(kind="view", id="form", team="T1", user="U1", fields=DRAFT | changes).parse(SubscriptionDraft)


# Reading


def test_a_command_is_read() -> None:
    call = read_command(slack.command("  ada lovelace ", "U1", "t1"))
    assert (call.id, call.text, call.team, call.user) == ("/billing", "ada lovelace", "T1", "U1")
    assert (call.channel, call.trigger, call.depth) == ("C1", "t1", 0)


@pytest.mark.parametrize(
    ("element", "expected"),
    [
        ({"type": "plain_text_input", "value": "SPRING10"}, "SPRING10"),
        ({"type": "plain_text_input", "value": None}, None),
        ({"type": "number_input", "value": "3"}, "3"),
        ({"type": "static_select", "selected_option": {"value": "a", "text": {}}}, "a"),
        ({"type": "static_select", "selected_option": None}, None),
        ({"type": "external_select", "selected_option": {"value": "b"}}, "b"),
        ({"type": "radio_buttons", "selected_option": {"value": "c"}}, "c"),
        ({"type": "datepicker", "selected_date": "2026-03-02"}, "2026-03-02"),
        ({"type": "datepicker", "selected_date": None}, None),
        ({"type": "users_select", "selected_user": "U2"}, "U2"),
        ({"type": "checkboxes", "selected_options": [{"value": "x"}, {"value": "y"}]}, ["x", "y"]),
        ({"type": "multi_static_select", "selected_options": []}, []),
    ],
)
def test_every_kind_of_input_becomes_a_plain_value(element: dict[str, Any], expected: Any) -> None:
    assert submission({"state": state(field=element)}).fields == {"field": expected}


def test_a_click_in_a_message_is_read() -> None:
    body = slack.interaction("U1", "t1", actions=[slack.action("card.open", "con_ada", "17.5")], channel={"id": "D1"})
    call = read_interaction("action", body)
    assert (call.id, call.value, call.moment, call.channel) == ("card.open", "con_ada", "17.5", "D1")
    assert call.view_id is None
    assert call.depth == 0


def test_a_choice_in_a_menu_is_read() -> None:
    body = slack.interaction("U1", "t1", actions=[slack.action("finder.contact", "con_ada", chosen=True)])
    assert read_interaction("action", body).value == "con_ada"


def test_a_button_without_a_value_has_an_empty_one() -> None:
    body = slack.interaction("U1", "t1", actions=[{"action_id": "link", "url": "https://stripe.example"}])
    assert read_interaction("action", body).value == ""


def test_an_option_load_is_read() -> None:
    body = slack.interaction("U1", "t1", action_id="finder.contact", value="lov")
    call = read_interaction("options", body)
    assert (call.id, call.text) == ("finder.contact", "lov")


def test_a_message_shortcut_is_read() -> None:
    body = slack.interaction("U1", "t1", callback_id="bill_customer", message={"text": "hi from ada@engines.example"})
    call = read_interaction("shortcut", body)
    assert (call.id, call.text) == ("bill_customer", "hi from ada@engines.example")


def test_an_event_is_read() -> None:
    call = read_event({"team_id": "T1", "event_id": "Ev1", "event": {"type": "app_home_opened", "user": "U1"}})
    assert (call.id, call.user, call.moment) == ("app_home_opened", "U1", "Ev1")


def test_somebody_of_another_workspace_is_of_that_workspace() -> None:
    """In shared channels, Slack sends no team with some payloads."""
    body = {**slack.interaction("U1", "t1"), "team": None}
    body["user"]["team_id"] = "T_OTHER"
    assert read_interaction("action", body).team == "T_OTHER"


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_the_place_of_a_view_in_the_stack_is_known(depth: int) -> None:
    view = slack.open_view({"callback_id": "form", "blocks": []}, depth)
    assert submission(view).depth == depth


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '"text"', "3"])
def test_metadata_that_is_none_of_ours_is_none(text: str) -> None:
    assert submission({"private_metadata": text}).metadata == {}


# Keys


def key(**changes: Any) -> str:
    fields = {"id": "form", "view_id": "V1", "view_hash": "h1", "moment": ""}
    return Call(**({"kind": "view", "team": "T1", "user": "U1"} | fields | changes)).key()


def test_the_same_submission_has_the_same_key_however_often_it_arrives() -> None:
    assert key() == key()


@pytest.mark.parametrize(
    "other", [{"team": "T2"}, {"id": "other"}, {"view_id": "V2"}, {"view_hash": "h2"}, {"moment": "1.1"}], ids=str
)
def test_another_submission_has_another_key(other: dict[str, str]) -> None:
    """The hash is the view's version: after a decline the same view is submitted a second time, on purpose."""
    assert key(**other) != key()


def test_the_answer_goes_to_the_view_and_else_to_the_person() -> None:
    call = Call(kind="view", id="form", team="T1", user="U1", view_id="V1")
    assert ReplyTo.model_validate_json(call.reply_to()) == ReplyTo(user="U1", view="V1")


# Commands


def test_fields_and_metadata_become_a_command() -> None:
    call = Call(
        kind="view",
        id="form",
        team="T1",
        user="U1",
        metadata={"contact": "con_ada", "unknown": "left out"},
        fields={name: value for name, value in DRAFT.items() if name != "contact"} | {"coupon": None},
    )
    command = call.parse(SubscriptionDraft)
    assert (command.contact, command.quantity, command.start, command.coupon) == (
        "con_ada",
        3,
        date(2026, 3, 2),
        None,
    )


def test_what_is_in_the_form_counts_more_than_what_was_in_the_metadata() -> None:
    """After a decline the metadata is the old draft and the form the new method."""
    call = Call(kind="view", id="f", team="T1", user="U1", metadata=DRAFT, fields={"payment_method": "pm_other"})
    assert call.parse(SubscriptionDraft).payment_method == "pm_other"


def test_an_empty_field_leaves_what_the_metadata_says() -> None:
    call = Call(kind="view", id="f", team="T1", user="U1", metadata=DRAFT, fields={"payment_method": None})
    assert call.parse(SubscriptionDraft).payment_method == "pm_ada"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("quantity", "three"),
        ("quantity", "1.5"),
        ("quantity", ""),
        ("quantity", "9" * 5000),
        ("quantity", ["3"]),
        ("start", "tomorrow"),
        ("start", "2026-02-30"),
        ("start", "2026-03-02T10:00:00"),
        ("price", ["a"]),
        ("coupon", 7),
        ("payment_method", ["pm_ada"]),
        ("contact", {"id": "con_ada"}),
    ],
)
def test_what_a_field_cannot_hold_is_a_refusal_that_names_it(field: str, value: Any) -> None:
    """H21: a forged form, or one of an older version."""
    with pytest.raises(NotReadable) as refused:
        draft(**{field: value})
    assert refused.value.reason.field == field
    assert refused.value.__cause__ is None
    assert str(value)[:50] not in refused.value.reason.model_dump_json() or value == ""


@pytest.mark.parametrize("field", sorted(DRAFT))
def test_what_is_missing_is_a_refusal_that_names_it(field: str) -> None:
    call = Call(kind="view", id="f", team="T1", user="U1", fields={**DRAFT, field: None})
    with pytest.raises(NotReadable) as refused:
        call.parse(SubscriptionDraft)
    assert refused.value.reason.field == field


# SX8


def test_a_card_number_in_a_command_is_refused() -> None:
    """SX8"""
    with pytest.raises(CardNumberEntered):
        read_command(slack.command(f"subscribe Ada {VISA}", "U1", "t1"))


@pytest.mark.parametrize("field", ["coupon", "quantity", "any"])
def test_a_card_number_in_a_field_is_refused(field: str) -> None:
    """SX8"""
    with pytest.raises(CardNumberEntered):
        submission({"state": state(**{field: {"type": "plain_text_input", "value": VISA}})})


def test_a_card_number_in_a_search_is_refused() -> None:
    """SX8"""
    with pytest.raises(CardNumberEntered):
        read_interaction("options", slack.interaction("U1", "t1", action_id="finder.contact", value=VISA))


def test_a_card_number_in_a_form_is_refused_at_every_click_in_it() -> None:
    """SX8: Slack sends the whole form with every button."""
    view = {"callback_id": "form", "state": state(coupon={"type": "plain_text_input", "value": VISA})}
    with pytest.raises(CardNumberEntered):
        read_interaction("action", slack.interaction("U1", "t1", view=view, actions=[slack.action("card.open", "x")]))


def test_last_four_digits_are_no_card_number() -> None:
    """SX8"""
    assert read_command(slack.command("4242", "U1", "t1")).text == "4242"


def test_versions_of_a_field_are_that_field_and_entries_are_kept_together() -> None:
    number, nothing = {"type": "number_input", "value": "3"}, {"type": "number_input", "value": None}
    call = submission(
        {
            "state": state(
                **{
                    "seats#mail/pro": number,
                    "add_ons[sms]#mail/pro": number,
                    "add_ons[reports]#mail/pro": {"type": "static_select", "selected_option": {"value": "0"}},
                    "add_ons[empty]#mail/pro": nothing,
                }
            )
        }
    )
    assert call.fields == {"seats": "3", "add_ons": {"sms": "3", "reports": "0"}}


def test_a_card_number_in_an_entry_of_a_field_is_refused() -> None:
    """SX8"""
    typed = {"type": "plain_text_input", "value": VISA}
    with pytest.raises(CardNumberEntered) as refused:
        submission({"state": state(**{"add_ons[sms]#x": typed})})
    assert refused.value.field == "add_ons"
