"""Slack's limits, each just kept and just broken. The numbers are those of Slack's reference pages."""

from __future__ import annotations

from typing import Any

import pytest

from bot.sandbox.workspace.limits import option_problems, problems
from tests.sandbox.workspace.counterpart import actions, button, field_of, modal, option, plain, section

Json = dict[str, Any]
CONFIRM = {"title": plain("Sure?"), "text": plain("Really"), "confirm": plain("Yes"), "deny": plain("No")}


def mrkdwn(length: int) -> Json:
    return {"type": "mrkdwn", "text": "x" * length}


def sized(length: int) -> Json:
    return plain("x" * length)


def select(**more: Any) -> Json:
    return {"type": "static_select", "action_id": "s", "options": [option("A", "a")], **more}


def options(count: int) -> list[Json]:
    return [option(f"Option {n}", f"v{n}") for n in range(count)]


def pointers(shown: Json) -> list[str]:
    return [problem.pointer for problem in problems(shown)]


def header(length: int) -> Json:
    return {"type": "header", "text": sized(length)}


def context(count: int) -> Json:
    return {"type": "context", "elements": [mrkdwn(3)] * count}


def fields(count: int, length: int = 3) -> Json:
    return {"type": "section", "fields": [mrkdwn(length)] * count}


def table(rows: int, columns: int) -> Json:
    return {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}] * columns] * rows}


def confirming(**more: Any) -> Json:
    return actions(button(confirm={**CONFIRM, **more}))


AT_THE_LIMIT = [
    pytest.param(lambda over: section("x" * (3000 + over)), "/0/text/text", id="section text"),
    pytest.param(lambda over: fields(10 + over), "/0/fields", id="section fields"),
    pytest.param(lambda over: fields(1, 2000 + over), "/0/fields/0/text", id="field text"),
    pytest.param(lambda over: header(150 + over), "/0/text/text", id="header"),
    pytest.param(lambda over: context(10 + over), "/0/elements", id="context elements"),
    pytest.param(
        lambda over: actions(*(button(f"b{n}") for n in range(25 + over))), "/0/elements", id="actions elements"
    ),
    pytest.param(lambda over: actions(button(text=sized(75 + over))), "/0/elements/0/text/text", id="button text"),
    pytest.param(lambda over: actions(button(value="x" * (2000 + over))), "/0/elements/0/value", id="button value"),
    pytest.param(
        lambda over: actions(button(url="https://" + "x" * (2992 + over))), "/0/elements/0/url", id="button address"
    ),
    pytest.param(lambda over: actions(button("x" * (255 + over))), "/0/elements/0/action_id", id="action_id"),
    pytest.param(lambda over: section(block_id="x" * (255 + over)), "/0/block_id", id="block_id"),
    pytest.param(
        lambda over: confirming(title=sized(100 + over)), "/0/elements/0/confirm/title/text", id="confirm title"
    ),
    pytest.param(lambda over: confirming(text=sized(300 + over)), "/0/elements/0/confirm/text/text", id="confirm text"),
    pytest.param(
        lambda over: confirming(deny=sized(30 + over)), "/0/elements/0/confirm/deny/text", id="confirm button"
    ),
    pytest.param(lambda over: actions(select(options=options(100 + over))), "/0/elements/0/options", id="options"),
    pytest.param(
        lambda over: actions(select(options=[option("x" * (75 + over), "v")])),
        "/0/elements/0/options/0/text/text",
        id="option text",
    ),
    pytest.param(
        lambda over: actions(select(options=[option("x", "v" * (150 + over))])),
        "/0/elements/0/options/0/value",
        id="option value",
    ),
    pytest.param(
        lambda over: actions(select(placeholder=sized(150 + over))),
        "/0/elements/0/placeholder/text",
        id="placeholder",
    ),
    pytest.param(
        lambda over: actions({"type": "overflow", "action_id": "o", "options": options(5 + over)}),
        "/0/elements/0/options",
        id="overflow options",
    ),
    pytest.param(
        lambda over: actions({"type": "radio_buttons", "action_id": "r", "options": options(10 + over)}),
        "/0/elements/0/options",
        id="radio options",
    ),
    pytest.param(
        lambda over: actions({"type": "checkboxes", "action_id": "c", "options": options(10 + over)}),
        "/0/elements/0/options",
        id="checkbox options",
    ),
    pytest.param(lambda over: table(100 + over, 1), "/0/rows", id="table rows"),
    pytest.param(lambda over: table(1, 20 + over), "/0/rows/0", id="table columns"),
    pytest.param(lambda over: {"type": "markdown", "text": "x" * (12_000 + over)}, "/0/text", id="markdown"),
]


@pytest.mark.parametrize(("block", "pointer"), AT_THE_LIMIT)
def test_a_block_at_its_limit_passes_and_one_over_does_not(block: Any, pointer: str) -> None:
    assert problems({"blocks": [block(0)]}) == []
    assert f"/blocks{pointer}" in pointers({"blocks": [block(1)]})


@pytest.mark.parametrize(
    ("name", "limit"), [("title", 24), ("submit", 24), ("close", 24), ("private_metadata", 3000), ("callback_id", 255)]
)
def test_a_modal_s_own_fields(name: str, limit: int) -> None:
    def with_length(length: int) -> Json:
        return modal(section(), **{name: sized(length) if name in ("title", "submit", "close") else "x" * length})

    at = f"/view/{name}" + ("/text" if limit == 24 else "")
    assert problems(with_length(limit)) == []
    assert pointers(with_length(limit + 1)) == [at]


def test_counts_of_blocks() -> None:
    assert problems({"blocks": [section()] * 50}) == []
    assert pointers({"blocks": [section()] * 51}) == ["/blocks"]
    assert problems(modal(*[section()] * 100)) == []
    assert pointers(modal(*[section()] * 101)) == ["/view/blocks"]
    assert pointers({"type": "home", "blocks": [section()] * 101}) == ["/view/blocks"]
    assert pointers(modal()) == ["/view/blocks"]


def test_a_view_of_more_than_250_kilobytes() -> None:
    large = modal(*[section("ü" * 2900)] * 45)  # 45 x 5,800 bytes
    assert [problem.text for problem in problems(large)] == ["view_too_large: more than 250 KB"]
    assert problems(modal(*[section("ü" * 2900)] * 43)) == []


def test_inputs_need_a_submit_button() -> None:
    view = modal(field_of("name", {"type": "plain_text_input"}))
    assert problems(view) == []
    del view["submit"]
    assert pointers(view) == ["/view"]


def test_ids_that_must_differ() -> None:
    twice = {"blocks": [section(block_id="a"), section(block_id="b"), section(block_id="a")]}
    assert pointers(twice) == ["/blocks/2/block_id"]
    assert pointers({"blocks": [actions(button("a"), button("a"))]}) == ["/blocks/0/elements/1/action_id"]
    rows = [actions(button("a"), block_id="1"), actions(button("a"), block_id="2")]
    assert problems({"blocks": rows}) == []
    without_ids = [{"type": "divider"}, {"type": "divider"}, section(block_id="None")]
    assert problems({"blocks": without_ids}) == []


NUMBER = {"type": "number_input", "is_decimal_allowed": False}


@pytest.mark.parametrize(
    ("shown", "pointer"),
    [
        ({"blocks": [{"type": "nonsense"}]}, "/blocks/0/type"),
        ({"blocks": [{"text": plain("x")}]}, "/blocks/0"),
        ({"blocks": ["x"]}, "/blocks/0"),
        ({"blocks": {"type": "section"}}, "/blocks"),
        ({"blocks": [{"type": "section"}]}, "/blocks/0"),
        ({"blocks": [section(colour="red")]}, "/blocks/0"),
        ({"blocks": [section("")]}, "/blocks/0/text/text"),
        ({"blocks": [{"type": "header", "text": mrkdwn(3)}]}, "/blocks/0/text/type"),
        ({"blocks": [section(accessory={"type": "plain_text_input"})]}, "/blocks/0/accessory/type"),
        ({"blocks": [actions(button(style="green"))]}, "/blocks/0/elements/0/style"),
        ({"blocks": [actions(button(text=mrkdwn(3)))]}, "/blocks/0/elements/0/text/type"),
        ({"blocks": [actions({"type": "button", "action_id": "x"})]}, "/blocks/0/elements/0"),
        (
            {"blocks": [actions(select(option_groups=[{"label": plain("G"), "options": [option("B", "b")]}]))]},
            "/blocks/0/elements/0",
        ),
        ({"blocks": [actions(select(options=[]))]}, "/blocks/0/elements/0/options"),
        ({"blocks": [actions(select(options=[option("A", "a"), option("B", "a")]))]}, "/blocks/0/elements/0"),
        ({"blocks": [actions(select(initial_option=option("B", "b")))]}, "/blocks/0/elements/0/initial_option"),
        (
            {"blocks": [actions({"type": "datepicker", "initial_date": "01.02.2026"})]},
            "/blocks/0/elements/0/initial_date",
        ),
        ({"blocks": [actions({"type": "timepicker", "initial_time": "7:00"})]}, "/blocks/0/elements/0/initial_time"),
        ({"blocks": [{"type": "image", "alt_text": "x"}]}, "/blocks/0"),
        ({"blocks": [{"type": "image", "image_url": "https://x.example/x.png"}]}, "/blocks/0"),
        (modal(field_of("n", {**NUMBER, "min_value": "5", "max_value": "1"})), "/view/blocks/0/element/min_value"),
        (modal(field_of("n", {**NUMBER, "min_value": 5})), "/view/blocks/0/element/min_value"),
        (modal(field_of("n", {**NUMBER, "initial_value": "1.5"})), "/view/blocks/0/element/initial_value"),
        (modal(field_of("n", {"type": "number_input"})), "/view/blocks/0/element"),
        (
            modal(field_of("n", {"type": "plain_text_input", "min_length": 5, "max_length": 4})),
            "/view/blocks/0/element/min_length",
        ),
        (
            modal(field_of("n", {"type": "plain_text_input", "max_length": 3001})),
            "/view/blocks/0/element/max_length",
        ),
        (modal(field_of("n", button())), "/view/blocks/0/element/type"),
        (modal(field_of("n", {"type": "file_input"}, dispatch_action=True)), "/view/blocks/0/dispatch_action"),
        (modal(section(), id="V1"), "/view"),
        ({"type": "home", "blocks": [section()], "title": plain("x")}, "/view"),
        ({"type": "workflow_step", "blocks": [section()]}, "/view/type"),
    ],
)
def test_what_is_not_allowed_is_named_by_its_pointer(shown: Json, pointer: str) -> None:
    assert pointers(shown) == [pointer]


@pytest.mark.parametrize(
    ("block", "surface", "pointer"),
    [
        (table(1, 1), "modal", "/view/blocks/0/type"),
        (table(1, 1), "home", "/view/blocks/0/type"),
        ({"type": "markdown", "text": "x"}, "modal", "/view/blocks/0/type"),
        ({"type": "alert", "text": plain("x")}, "message", "/blocks/0/type"),
        (field_of("n", {"type": "email_text_input"}), "message", "/blocks/0/element/type"),
        (field_of("n", {"type": "url_text_input"}), "home", "/view/blocks/0/element/type"),
        (field_of("n", {**NUMBER}), "home", "/view/blocks/0/element/type"),
        (field_of("n", {"type": "file_input"}), "message", "/blocks/0/element/type"),
        (
            actions({"type": "conversations_select", "response_url_enabled": True}),
            "modal",
            "/view/blocks/0/elements/0/response_url_enabled",
        ),
    ],
)
def test_surfaces(block: Json, surface: str, pointer: str) -> None:
    shown = {"message": {"blocks": [block]}, "modal": modal(block), "home": {"type": "home", "blocks": [block]}}
    assert pointers(shown[surface]) == [pointer]


def test_once_in_a_payload() -> None:
    focused = [field_of(name, {"type": "plain_text_input", "focus_on_load": True}) for name in ("a", "b")]
    assert pointers(modal(*focused)) == ["/view/blocks/1/element/focus_on_load"]
    assert pointers({"blocks": [table(1, 1), table(1, 1)]}) == ["/blocks/1"]
    halves = [{"type": "markdown", "text": "x" * 6001}] * 2
    assert pointers({"blocks": halves}) == ["/blocks"]


def test_attachments_are_looked_at_too() -> None:
    assert pointers({"attachments": [{"text": "x"}, {"blocks": [header(151)]}]}) == [
        "/attachments/1/blocks/0/text/text"
    ]


def test_answers_to_option_loads() -> None:
    assert option_problems({"options": options(100)}) == []
    assert option_problems({"options": []}) == []
    assert [str(p) for p in option_problems({"options": options(101)})] == [
        "no more than 100 items allowed [json-pointer:/options]"
    ]
    group = {"label": sized(76), "options": options(1)}
    assert [p.pointer for p in option_problems({"option_groups": [group]})] == ["/option_groups/0/label/text"]
    assert [p.pointer for p in option_problems({})] == [""]


def test_every_element_in_a_plain_form_passes() -> None:
    menus = [
        {"type": f"{many}{kind}_select", "action_id": f"{many}{kind}"}
        for many in ("", "multi_")
        for kind in ("external", "users", "channels", "conversations")
    ]
    chosen = [
        select(),
        {"type": "multi_static_select", "action_id": "ms", "options": options(3)},
        {"type": "datepicker", "action_id": "d", "initial_date": "2026-02-01"},
        {"type": "timepicker", "action_id": "t", "initial_time": "09:30"},
        {"type": "datetimepicker", "action_id": "dt", "initial_date_time": 1767225600},
        {"type": "overflow", "action_id": "o", "options": options(2)},
    ]
    assert problems(modal(actions(*menus, *chosen))) == []
    typed = ("plain_text_input", "email_text_input", "url_text_input", "rich_text_input", "file_input")
    assert problems(modal(*(field_of(kind, {"type": kind}) for kind in typed), field_of("n", NUMBER))) == []
    others = [
        {"type": "divider"},
        header(10),
        context(2),
        {"type": "image", "image_url": "https://x.example/x.png", "alt_text": "x", "title": plain("x")},
        {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "x"}]}]},
        {
            "type": "video",
            "alt_text": "x",
            "title": plain("x"),
            "thumbnail_url": "https://x.example/x.png",
            "video_url": "https://x.example/v",
        },
    ]
    assert problems({"blocks": [*others, table(2, 2)]}) == []
