"""What Slack's own client asks of an input before it sends anything, and the states of empty inputs."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.workspace.counterpart import Pair, field_of, modal, opens, option
from tests.support.person import Person

A, B = option("Alpha", "a"), option("Beta", "b")
NUMBER = {"type": "number_input", "is_decimal_allowed": False, "min_value": "1", "max_value": "500"}
REQUIRED = "Please complete this required field."


@pytest.mark.parametrize(
    ("element", "given", "complaint"),
    [
        ({"type": "plain_text_input"}, "", REQUIRED),
        ({"type": "plain_text_input"}, None, REQUIRED),
        ({"type": "plain_text_input", "min_length": 3}, "ab", "Please enter at least 3 characters."),
        ({"type": "plain_text_input", "max_length": 3}, "abcd", "Please enter no more than 3 characters."),
        ({"type": "static_select", "options": [A, B]}, None, REQUIRED),
        ({"type": "checkboxes", "options": [A, B]}, [], REQUIRED),
        ({"type": "datepicker"}, None, REQUIRED),
        (NUMBER, "0", "Please enter a number of at least 1."),
        (NUMBER, 501, "Please enter a number of at most 500."),
        (NUMBER, "2.5", "Please enter a whole number."),
        (NUMBER, "three", "Please enter a valid number."),
        (NUMBER, "NaN", "Please enter a valid number."),
        ({"type": "email_text_input"}, "ada", "Please enter a valid email address."),
        ({"type": "url_text_input"}, "example", "Please enter a valid URL."),
    ],
)
def test_a_wrong_value_is_not_sent(pair: Pair, mia: Person, element: Any, given: Any, complaint: str) -> None:
    opens(pair, modal(field_of("field", element)))
    mia.types("/billing")
    reply = mia.submits({"field": given})
    assert (reply.status, reply.errors) == (None, {"field": complaint})
    assert complaint in mia.text
    assert len(pair.received) == 1


@pytest.mark.parametrize(
    ("element", "given", "state"),
    [
        ({"type": "plain_text_input", "min_length": 3, "max_length": 3}, "abc", {"value": "abc"}),
        (NUMBER, 500, {"value": "500"}),
        ({"type": "number_input", "is_decimal_allowed": True}, "2.5", {"value": "2.5"}),
        ({"type": "email_text_input"}, "ada@example.com", {"value": "ada@example.com"}),
        ({"type": "url_text_input"}, "https://example.com/x", {"value": "https://example.com/x"}),
    ],
)
def test_a_right_value_is_sent_as_text(pair: Pair, mia: Person, element: Any, given: Any, state: Any) -> None:
    opens(pair, modal(field_of("field", element)))
    pair.app.view("form")(lambda ack: ack())
    mia.types("/billing")
    assert mia.submits({"field": given}).ok
    sent = pair.received[-1]["view"]["state"]["values"]["field"]["it"]
    assert sent == {"type": element["type"], **state}


@pytest.mark.parametrize(
    ("element", "empty"),
    [
        ({"type": "plain_text_input"}, {"value": None}),
        ({"type": "number_input", "is_decimal_allowed": True}, {"value": None}),
        ({"type": "static_select", "options": [A]}, {"selected_option": None}),
        ({"type": "external_select"}, {"selected_option": None}),
        ({"type": "radio_buttons", "options": [A]}, {"selected_option": None}),
        ({"type": "checkboxes", "options": [A]}, {"selected_options": []}),
        ({"type": "multi_static_select", "options": [A]}, {"selected_options": []}),
        ({"type": "users_select"}, {"selected_user": None}),
        ({"type": "multi_users_select"}, {"selected_users": []}),
        ({"type": "channels_select"}, {"selected_channel": None}),
        ({"type": "conversations_select"}, {"selected_conversation": None}),
        ({"type": "datepicker"}, {"selected_date": None}),
        ({"type": "timepicker"}, {"selected_time": None}),
        ({"type": "datetimepicker"}, {"selected_date_time": None}),
        ({"type": "rich_text_input"}, {"rich_text_value": None}),
        ({"type": "file_input"}, {"files": []}),
    ],
)
def test_an_optional_input_may_stay_empty(pair: Pair, mia: Person, element: Any, empty: Any) -> None:
    opens(pair, modal(field_of("field", element, optional=True)))
    pair.app.view("form")(lambda ack: ack())
    mia.types("/billing")
    assert mia.submits().ok
    sent = pair.received[-1]["view"]["state"]["values"]["field"]["it"]
    assert sent == {"type": element["type"], **empty}


def test_initial_values_are_what_is_submitted_untouched(pair: Pair, mia: Person) -> None:
    opens(
        pair,
        modal(
            field_of("name", {"type": "plain_text_input", "initial_value": "Ada"}),
            field_of("plan", {"type": "static_select", "options": [A, B], "initial_option": B}),
            field_of("features", {"type": "checkboxes", "options": [A, B], "initial_options": [A, B]}),
            field_of("start", {"type": "datepicker", "initial_date": "2026-02-01"}),
        ),
    )
    pair.app.view("form")(lambda ack: ack())
    mia.types("/billing")
    assert mia.submits().ok
    values = pair.received[-1]["view"]["state"]["values"]
    assert values["name"]["it"]["value"] == "Ada"
    assert values["plan"]["it"]["selected_option"]["value"] == "b"
    assert [chosen["value"] for chosen in values["features"]["it"]["selected_options"]] == ["a", "b"]
    assert values["start"]["it"]["selected_date"] == "2026-02-01"


def test_a_channel_with_a_response_url_gets_one(pair: Pair, mia: Person) -> None:
    select = {"type": "conversations_select", "response_url_enabled": True}
    opens(pair, modal(field_of("where", select)))
    pair.app.view("form")(lambda ack: ack())
    mia.types("/billing")
    mia.submits({"where": "C07SALES000"})
    (url,) = pair.received[-1]["response_urls"]
    assert (url["block_id"], url["action_id"], url["channel_id"]) == ("where", "it", "C07SALES000")
    assert url["response_url"].startswith(pair.workspace.url)
