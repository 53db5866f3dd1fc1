"""The rules of each block by itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.sandbox.workspace.limits.checks import (
    Check,
    Found,
    Problem,
    anything,
    at_least_one,
    boolean,
    by_type,
    exactly_one,
    fields,
    integer,
    items,
    one_of,
    pattern,
    plain,
    string,
    text,
)
from bot.sandbox.workspace.limits.elements import ADDRESS, ELEMENTS, IN_ACTIONS, IN_INPUT, IN_SECTION, only

BLOCK_ID: Mapping[str, Check] = {"block_id": string(255)}
HTTPS = pattern(r"https://.+", "an https address")


def _file_input_cannot_dispatch(block: Any, at: str, found: Found) -> None:
    element = block.get("element")
    if block.get("dispatch_action") and isinstance(element, dict) and element.get("type") == "file_input":
        found.append(Problem(f"{at}/dispatch_action", "not allowed for a file_input"))


RICH_TEXT_PARTS: Mapping[str, Check] = {
    "rich_text_section": fields({"elements": items(anything, 3000, 0)}),
    "rich_text_list": fields(
        {"elements": items(anything, 3000), "style": one_of("bullet", "ordered")},
        {"indent": integer(0, 8), "offset": integer(0), "border": integer(0, 1)},
    ),
    "rich_text_preformatted": fields(
        {"elements": items(anything, 3000, 0)}, {"border": integer(0, 1), "language": string(100)}
    ),
    "rich_text_quote": fields({"elements": items(anything, 3000, 0)}, {"border": integer(0, 1)}),
}
RICH_TEXT = fields({"elements": items(by_type(RICH_TEXT_PARTS), 3000, 0)}, BLOCK_ID)

TABLE_CELL = by_type({"raw_text": fields({"text": string(3000)}), "rich_text": RICH_TEXT})
COLUMN = fields({}, {"align": one_of("left", "center", "right"), "is_wrapped": boolean})


def _column(value: Any, at: str, found: Found) -> None:
    if value is not None:  # null leaves a column as it is
        COLUMN(value, at, found)


BLOCKS: Mapping[str, Check] = {
    "actions": fields({"elements": items(by_type(only(*IN_ACTIONS)), 25)}, BLOCK_ID),
    "alert": fields(
        {"text": text(3000)},
        {**BLOCK_ID, "level": one_of("default", "info", "warning", "error", "success")},
    ),
    "card": fields(
        {},
        {
            **BLOCK_ID,
            "hero_image": anything,
            "icon": anything,
            "slack_icon": anything,
            "title": text(150),
            "subtitle": text(150),
            "body": text(200),
            "subtext": text(200),
            "actions": items(by_type(only("button")), 2),
        },
        also=at_least_one("hero_image", "title", "actions", "body"),
    ),
    "context": fields(
        {
            "elements": items(
                by_type({"image": ELEMENTS["image"], **{kind: text(3000, kind) for kind in ("plain_text", "mrkdwn")}}),
                10,
            )
        },
        BLOCK_ID,
    ),
    "context_actions": fields({"elements": items(by_type(only("feedback_buttons", "icon_button")), 5)}, BLOCK_ID),
    "divider": fields({}, BLOCK_ID),
    "header": fields({"text": plain(150)}, BLOCK_ID),
    "image": fields(
        {"alt_text": string(2000)},
        {**BLOCK_ID, "image_url": ADDRESS, "slack_file": anything, "title": plain(2000)},
        also=exactly_one("image_url", "slack_file"),
    ),
    "input": fields(
        {"label": plain(2000), "element": by_type(only(*IN_INPUT))},
        {**BLOCK_ID, "hint": plain(2000), "optional": boolean, "dispatch_action": boolean},
        also=_file_input_cannot_dispatch,
    ),
    "markdown": fields({"text": string(12_000)}, BLOCK_ID),
    "rich_text": RICH_TEXT,
    "section": fields(
        {},
        {
            **BLOCK_ID,
            "text": text(3000),
            "fields": items(text(2000), 10),
            "accessory": by_type(only(*IN_SECTION)),
            "expand": boolean,
        },
        also=at_least_one("text", "fields"),
    ),
    "table": fields(
        {"rows": items(items(TABLE_CELL, 20), 100)}, {**BLOCK_ID, "column_settings": items(_column, 20, 0)}
    ),
    "video": fields(
        {"alt_text": string(2000), "title": plain(199), "thumbnail_url": ADDRESS, "video_url": HTTPS},
        {
            **BLOCK_ID,
            "author_name": string(49),
            "description": plain(199),
            "provider_name": string(255),
            "provider_icon_url": ADDRESS,
            "title_url": HTTPS,
        },
    ),
}
