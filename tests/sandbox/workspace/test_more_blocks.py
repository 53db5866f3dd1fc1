"""The rarer kinds of blocks and elements: accepted when they are right, refused with a pointer when they are not."""

from __future__ import annotations

from typing import Any

import pytest

from bot.sandbox.workspace.limits import problems
from tests.sandbox.workspace.counterpart import actions, button, field_of, modal, option, plain, section

Json = dict[str, Any]

IMAGE = {"type": "image", "image_url": "https://x.example/x.png", "alt_text": "A picture"}
THUMBS = {
    "type": "feedback_buttons",
    "action_id": "thumbs",
    "positive_button": {"text": plain("Good"), "value": "up"},
    "negative_button": {"text": plain("Bad"), "value": "down", "accessibility_label": "Mark as bad"},
}
BIN = {"type": "icon_button", "action_id": "bin", "icon": "trash", "text": plain("Delete"), "value": "1"}
WORKFLOW = {
    "type": "workflow_button",
    "action_id": "run",
    "text": plain("Run"),
    "workflow": {
        "trigger": {
            "url": "https://slack.com/shortcuts/Ft1/abc",
            "customizable_input_parameters": [{"name": "who", "value": "Ada"}],
        }
    },
}


def rich(*parts: Json) -> Json:
    return {"type": "rich_text", "elements": list(parts)}


def line(*leaves: Json) -> Json:
    return {"type": "rich_text_section", "elements": list(leaves)}


def word(text: str, **more: Any) -> Json:
    return {"type": "text", "text": text, **more}


def raw(text: str) -> Json:
    return {"type": "raw_text", "text": text}


def card(**more: Any) -> Json:
    return {"type": "card", "title": plain("Card"), **more}


def carousel(*cards: Json) -> Json:
    return {"type": "carousel", "elements": list(cards)}


def container(*blocks: Json, **more: Any) -> Json:
    return {"type": "container", "title": plain("Box"), "child_blocks": list(blocks), **more}


def context_actions(*elements: Json) -> Json:
    return {"type": "context_actions", "elements": list(elements)}


def data_table(*rows: list[Json], **more: Any) -> Json:
    return {"type": "data_table", "caption": "Numbers", "rows": list(rows), **more}


def plan(**more: Any) -> Json:
    return {"type": "plan", "title": "Plan", **more}


EVERY_LEAF = (
    word("Hello", style={"bold": True, "italic": True, "strike": True, "code": True, "underline": True}),
    {"type": "link", "url": "https://x.example", "text": "x"},
    {"type": "user", "user_id": "U07MIABRNDT"},
    {"type": "usergroup", "usergroup_id": "S07BILLAGNT"},
    {"type": "team", "team_id": "T07KONTOR01"},
    {"type": "channel", "channel_id": "C07SALES000"},
    {"type": "emoji", "name": "wave", "skin_tone": 3},
    {"type": "broadcast", "range": "here"},
    {"type": "color", "value": "#F405B3"},
    {"type": "date", "timestamp": 1767225600, "format": "{date_long}", "fallback": "January"},
)
HEADER = [raw("Plan"), raw("Seats")]
ROW = [rich(line(word("Plus"))), {"type": "raw_number", "value": 3, "text": "3"}]

RIGHT = {
    "every leaf of rich text": rich(line(*EVERY_LEAF)),
    "lists, quotes and code": rich(
        {"type": "rich_text_list", "style": "ordered", "elements": [line(word("One"))], "indent": 8, "offset": 2},
        {"type": "rich_text_quote", "elements": [word("So be it")], "border": 1},
        {"type": "rich_text_preformatted", "elements": [word("x = 1")], "language": "python"},
    ),
    "a data table": data_table(HEADER, ROW, page_size=100, row_header_column_index=1),
    "a data table of 101 rows": data_table(HEADER, *[ROW] * 100),
    "a table with numbers": {"type": "table", "rows": [HEADER, ROW], "column_settings": [None, {"align": "right"}]},
    "a card": card(hero_image=IMAGE, icon=IMAGE, subtitle=plain("x"), body=plain("y"), actions=[button()]),
    "ten cards in a carousel": carousel(*[card()] * 10),
    "a container": container(section(), actions(button()), width="wide", icon=IMAGE, has_header_divider=True),
    "a container that opens": container(section(), is_collapsible=True, default_collapsed=True),
    "thumbs and a bin": context_actions(THUMBS, BIN),
    "a workflow": actions(WORKFLOW),
    "a plan": plan(tasks=[{"task_id": "t1", "title": "First", "status": "in_progress"}]),
    "a task": {
        "type": "task_card",
        "task_id": "t1",
        "title": "First",
        "status": "complete",
        "details": rich(line(word("x"))),
        "sources": [{"type": "url", "url": "https://x.example", "text": "x"}],
    },
    "a picture of Slack's": {"type": "image", "alt_text": "x", "slack_file": {"id": "F0123456789"}},
    "markdown": {"type": "markdown", "text": "# Hello"},
}


@pytest.mark.parametrize("block", RIGHT.values(), ids=RIGHT.keys())
def test_what_slack_takes(block: Json) -> None:
    assert problems({"blocks": [block]}) == []


WRONG = {
    "an unknown leaf": (rich(line({"type": "sticker"})), "/0/elements/0/elements/0/type"),
    "a leaf without its id": (rich(line({"type": "user"})), "/0/elements/0/elements/0"),
    "an unknown style": (rich(line(word("x", style={"blink": True}))), "/0/elements/0/elements/0/style"),
    "a broadcast to nobody": (
        rich(line({"type": "broadcast", "range": "all"})),
        "/0/elements/0/elements/0/range",
    ),
    "a color that is none": (rich(line({"type": "color", "value": "red"})), "/0/elements/0/elements/0/value"),
    "text in a list without a line": (
        rich({"type": "rich_text_list", "style": "bullet", "elements": [word("x")]}),
        "/0/elements/0/elements/0/type",
    ),
    "too deep a list": (
        rich({"type": "rich_text_list", "style": "bullet", "elements": [line()], "indent": 9}),
        "/0/elements/0/indent",
    ),
    "a data table without rows below its header": (data_table(HEADER), "/0/rows"),
    "102 rows": (data_table(HEADER, *[ROW] * 101), "/0/rows"),
    "rows of different lengths": (data_table(HEADER, [raw("x")]), "/0/rows/1"),
    "a formatted header": (data_table([rich(line(word("x")))], [raw("x")]), "/0/rows/0/0/type"),
    "a header column that is not there": (
        data_table(HEADER, ROW, row_header_column_index=2),
        "/0/row_header_column_index",
    ),
    "a page of 101": (data_table(HEADER, ROW, page_size=101), "/0/page_size"),
    "a number that is a text": (
        {"type": "table", "rows": [[{"type": "raw_number", "value": "3", "text": "3"}]]},
        "/0/rows/0/0/value",
    ),
    "10,001 characters in a table": ({"type": "table", "rows": [[raw("x" * 2500)] * 4, [raw("x")]]}, "/0/rows"),
    "a card without anything": ({"type": "card", "subtitle": plain("x")}, "/0"),
    "three buttons on a card": (card(actions=[button(f"b{n}") for n in range(3)]), "/0/actions"),
    "eleven cards": (carousel(*[card()] * 11), "/0/elements"),
    "a section in a carousel": (carousel(section()), "/0/elements/0/type"),
    "an action twice on a card": (
        carousel(card(actions=[button("a"), button("a")])),
        "/0/elements/0/actions/1/action_id",
    ),
    "a block twice inside a container": (
        container(section(block_id="a"), section(block_id="a")),
        "/0/child_blocks/1/block_id",
    ),
    "a container in a container": (container(container(section())), "/0/child_blocks/0/type"),
    "a container without a title": ({"type": "container", "child_blocks": [section()]}, "/0"),
    "a collapsed container that cannot open": (container(section(), default_collapsed=True), "/0/default_collapsed"),
    "a divider on what opens": (
        container(section(), is_collapsible=True, has_header_divider=True),
        "/0/has_header_divider",
    ),
    "a thumb without a value": (
        context_actions({**THUMBS, "negative_button": {"text": plain("Bad")}}),
        "/0/elements/0/negative_button",
    ),
    "another icon": (context_actions({**BIN, "icon": "rocket"}), "/0/elements/0/icon"),
    "a button among icons": (context_actions(button()), "/0/elements/0/type"),
    "a workflow without a trigger": (actions({**WORKFLOW, "workflow": {}}), "/0/elements/0/workflow"),
    "a task in an unknown state": (plan(tasks=[{"task_id": "t", "title": "x", "status": "late"}]), "/0/tasks/0/status"),
    "a file": ({"type": "file", "external_id": "x", "source": "remote"}, "/0/type"),
    "a picture from two places": (
        {"type": "image", "alt_text": "x", "slack_file": {"id": "F1", "url": "https://x.example"}},
        "/0/slack_file",
    ),
    "a day that is not in the calendar": (
        actions({"type": "datepicker", "initial_date": "2026-02-30"}),
        "/0/elements/0/initial_date",
    ),
    "more chosen than can be": (
        actions(
            {
                "type": "multi_static_select",
                "options": [option("A", "a"), option("B", "b")],
                "initial_options": [option("A", "a"), option("B", "b")],
                "max_selected_items": 1,
            }
        ),
        "/0/elements/0/initial_options",
    ),
}


@pytest.mark.parametrize(("block", "pointer"), WRONG.values(), ids=WRONG.keys())
def test_what_slack_refuses(block: Json, pointer: str) -> None:
    assert [problem.pointer for problem in problems({"blocks": [block]})] == [f"/blocks{pointer}"]


@pytest.mark.parametrize(
    "block", [carousel(card()), container(section()), context_actions(BIN), data_table(HEADER, ROW), plan()]
)
def test_in_a_modal_they_are_not_allowed(block: Json) -> None:
    assert [problem.pointer for problem in problems(modal(block))] == ["/view/blocks/0/type"]


def test_once_in_a_message() -> None:
    assert [p.pointer for p in problems({"blocks": [plan(), plan()]})] == ["/blocks/1"]
    halves = [data_table([raw("x")], *[[raw("x" * 2500)]] * 2, [raw("x" * 3)]) for _ in range(2)]  # 2 x 5,004
    assert [p.pointer for p in problems({"blocks": halves})] == ["/blocks"]
    assert problems({"blocks": halves[:1]}) == []


def test_a_rich_text_that_is_typed_in_first_is_looked_at_too() -> None:
    field = field_of("note", {"type": "rich_text_input", "initial_value": rich(line({"type": "sticker"}))})
    at = "/view/blocks/0/element/initial_value/elements/0/elements/0/type"
    assert [problem.pointer for problem in problems(modal(field))] == [at]
