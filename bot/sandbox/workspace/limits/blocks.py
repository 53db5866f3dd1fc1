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
    every,
    exactly_one,
    fields,
    items,
    one_of,
    pattern,
    plain,
    string,
    text,
)
from bot.sandbox.workspace.limits.elements import (
    ELEMENTS,
    IN_ACTIONS,
    IN_INPUT,
    IN_SECTION,
    SLACK_FILE,
    only,
)
from bot.sandbox.workspace.limits.rich_text import ADDRESS, RICH_TEXT
from bot.sandbox.workspace.limits.tables import DATA_TABLE, TABLE

RICH = by_type({"rich_text": RICH_TEXT})
BLOCK_ID: Mapping[str, Check] = {"block_id": string(255)}
HTTPS = pattern(r"https://.+", "an https address")


def _file_input_cannot_dispatch(block: Any, at: str, found: Found) -> None:
    element = block.get("element")
    if block.get("dispatch_action") and isinstance(element, dict) and element.get("type") == "file_input":
        found.append(Problem(f"{at}/dispatch_action", "not allowed for a file_input"))


IMAGE = by_type(only("image"))

CARD = fields(
    {},
    {
        **BLOCK_ID,
        "hero_image": IMAGE,
        "icon": IMAGE,
        "slack_icon": anything,
        "title": text(150),
        "subtitle": text(150),
        "body": text(200),
        "subtext": text(200),
        "actions": items(by_type(only("button")), 2),
    },
    also=at_least_one("hero_image", "title", "actions", "body"),
)

TASK: Mapping[str, Check] = {
    "details": RICH,
    "output": RICH,
    "sources": items(by_type({"url": fields({"url": ADDRESS, "text": string(3000)})}), 100, 0),
    "status": one_of("pending", "in_progress", "complete", "error"),
}
PLANNED_TASK = fields({"task_id": string(255), "title": string(3000)}, TASK)
TASK_CARD = fields({"task_id": string(255), "title": string(3000)}, {**BLOCK_ID, **TASK})


def _title(value: Any, at: str, found: Found) -> None:
    """A plan's title is a string or a plain_text."""
    (string(3000) if isinstance(value, str) else plain(3000))(value, at, found)


def _inside_a_container(value: Any, at: str, found: Found) -> None:
    by_type({kind: check for kind, check in BLOCKS.items() if kind != "container"})(value, at, found)


def _divider_only_when_open(block: Any, at: str, found: Found) -> None:
    if block.get("is_collapsible") and block.get("has_header_divider"):
        found.append(Problem(f"{at}/has_header_divider", "not allowed when is_collapsible is true"))
    if block.get("default_collapsed") and not block.get("is_collapsible"):
        found.append(Problem(f"{at}/default_collapsed", "only allowed when is_collapsible is true"))


BLOCKS: Mapping[str, Check] = {
    "actions": fields({"elements": items(by_type(only(*IN_ACTIONS)), 25)}, BLOCK_ID),
    "alert": fields(
        {"text": text(3000)},
        {**BLOCK_ID, "level": one_of("default", "info", "warning", "error", "success")},
    ),
    "card": CARD,
    "carousel": fields({"elements": items(by_type({"card": CARD}), 10)}, BLOCK_ID),
    "container": fields(
        {"child_blocks": items(_inside_a_container, 10)},
        {
            **BLOCK_ID,
            "title": plain(150),
            "rich_text_title": RICH,
            "subtitle": text(150),
            "width": one_of("narrow", "standard", "wide", "full"),
            "icon": IMAGE,
            "is_collapsible": boolean,
            "default_collapsed": boolean,
            "has_header_divider": boolean,
        },
        also=every(at_least_one("title", "rich_text_title"), _divider_only_when_open),
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
    "data_table": DATA_TABLE,
    "divider": fields({}, BLOCK_ID),
    "file": fields({"external_id": string(255), "source": one_of("remote")}, BLOCK_ID),
    "header": fields({"text": plain(150)}, BLOCK_ID),
    "image": fields(
        {"alt_text": string(2000)},
        {**BLOCK_ID, "image_url": ADDRESS, "slack_file": SLACK_FILE, "title": plain(2000)},
        also=exactly_one("image_url", "slack_file"),
    ),
    "input": fields(
        {"label": plain(2000), "element": by_type(only(*IN_INPUT))},
        {**BLOCK_ID, "hint": plain(2000), "optional": boolean, "dispatch_action": boolean},
        also=_file_input_cannot_dispatch,
    ),
    "markdown": fields({"text": string(12_000)}, BLOCK_ID),
    "plan": fields({"title": _title}, {**BLOCK_ID, "tasks": items(PLANNED_TASK, 100, 0)}),
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
    "table": TABLE,
    "task_card": TASK_CARD,
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
