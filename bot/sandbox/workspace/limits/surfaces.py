"""The rules of whole views and messages: counts, surfaces, ids that must differ, sizes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from bot.sandbox.workspace.common import Json
from bot.sandbox.workspace.limits.blocks import BLOCKS
from bot.sandbox.workspace.limits.checks import (
    Check,
    Found,
    Problem,
    anything,
    boolean,
    by_type,
    exactly_one,
    fields,
    items,
    objects,
    plain,
    string,
)
from bot.sandbox.workspace.limits.elements import OPTION, OPTION_GROUP

VIEW_BYTES = 250 * 1024
MARKDOWN_TOTAL = 12_000
BLOCKS_AT_MOST = {"message": 50, "modal": 100, "home": 100}

# A block or element that is not named here may stand on every surface.
BLOCK_SURFACES: Mapping[str, tuple[str, ...]] = {
    "alert": ("modal",),
    "card": ("message", "home"),
    "context_actions": ("message",),
    "markdown": ("message",),
    "table": ("message",),
}
ELEMENT_SURFACES: Mapping[str, tuple[str, ...]] = {
    "datetimepicker": ("message", "modal"),
    "email_text_input": ("modal",),
    "file_input": ("modal",),
    "number_input": ("modal",),
    "rich_text_input": ("modal", "home"),
    "url_text_input": ("modal",),
    "workflow_button": ("message",),
}

_SHARED: Mapping[str, Check] = {
    "blocks": anything,  # looked at with their surface below
    "private_metadata": string(3000, 0),
    "callback_id": string(255, 0),
    "external_id": string(255, 0),
}
_MODAL = fields(
    {"title": plain(24), "blocks": anything},
    {
        **_SHARED,
        "submit": plain(24),
        "close": plain(24),
        "clear_on_close": boolean,
        "notify_on_close": boolean,
        "submit_disabled": boolean,
    },
)
_HOME = fields({"blocks": anything}, _SHARED)
_VIEWS: Mapping[str, Check] = {"modal": _MODAL, "home": _HOME}


def problems(view_or_message: Json) -> list[Problem]:
    """Everything in a view (``type`` modal or home) or a message (``blocks``, ``attachments``) that Slack refuses."""
    found: Found = []
    if "type" in view_or_message and view_or_message["type"] != "message":
        by_type(_VIEWS)(view_or_message, "/view", found)
        _blocks(view_or_message.get("blocks"), "/view/blocks", view_or_message["type"], found)
        _submit_with_inputs(view_or_message, found)
        if len(json.dumps(view_or_message, ensure_ascii=False).encode()) > VIEW_BYTES:
            found.append(Problem("/view", "view_too_large: more than 250 KB"))
        return found
    if view_or_message.get("blocks"):
        _blocks(view_or_message["blocks"], "/blocks", "message", found)
    for index, attachment in enumerate(objects(view_or_message.get("attachments"))):
        if attachment.get("blocks"):
            _blocks(attachment["blocks"], f"/attachments/{index}/blocks", "message", found)
    return found


def option_problems(answer: Json) -> list[Problem]:
    """Everything in the answer to an option load that Slack refuses: at most 100 options, or groups of options."""
    found: Found = []
    fields(
        {},
        {"options": items(OPTION, 100, 0), "option_groups": items(OPTION_GROUP, 100, 0)},
        also=exactly_one("options", "option_groups"),
    )(answer, "", found)
    return found


def _submit_with_inputs(view: Json, found: Found) -> None:
    has_inputs = any(block.get("type") == "input" for block in objects(view.get("blocks")))
    if view["type"] == "modal" and has_inputs and not view.get("submit"):
        found.append(Problem("/view", "missing required field: submit (the view has input blocks)"))


def _blocks(blocks: Any, at: str, surface: str, found: Found) -> None:
    items(by_type(BLOCKS), BLOCKS_AT_MOST.get(surface, 100))(blocks, at, found)
    _surfaces(blocks, at, surface, found)
    _block_ids(blocks, at, found)
    for index, block in enumerate(objects(blocks)):
        _action_ids(block, f"{at}/{index}", found)
    _once(blocks, at, surface, found)


def elements_of(block: Json) -> Iterator[tuple[str, Json]]:
    """(pointer inside the block, element) for each place that can hold an interactive element."""
    for name in ("element", "accessory"):
        if isinstance(block.get(name), dict):
            yield f"/{name}", block[name]
    for name in ("elements", "actions"):
        for index, element in enumerate(objects(block.get(name))):
            yield f"/{name}/{index}", element


def _surfaces(blocks: Any, at: str, surface: str, found: Found) -> None:
    for index, block in enumerate(objects(blocks)):
        kind = block.get("type")
        if surface not in BLOCK_SURFACES.get(str(kind), (surface,)):
            found.append(Problem(f"{at}/{index}/type", f"block type {kind} is not allowed on a {surface}"))
        for inside, element in elements_of(block):
            kind = element.get("type")
            if surface not in ELEMENT_SURFACES.get(str(kind), (surface,)):
                found.append(
                    Problem(f"{at}/{index}{inside}/type", f"element type {kind} is not allowed on a {surface}")
                )
            if element.get("response_url_enabled") and not (surface == "modal" and block.get("type") == "input"):
                found.append(Problem(f"{at}/{index}{inside}/response_url_enabled", "only in an input block of a modal"))


def _block_ids(blocks: Any, at: str, found: Found) -> None:
    seen: set[str] = set()
    for index, block in enumerate(objects(blocks)):
        block_id = block.get("block_id")
        if block_id in seen:
            found.append(Problem(f"{at}/{index}/block_id", f"block_id {block_id} is used more than once"))
        if isinstance(block_id, str):
            seen.add(block_id)


def _action_ids(block: Json, at: str, found: Found) -> None:
    seen: set[str] = set()
    for inside, element in elements_of(block):
        action_id = element.get("action_id")
        if action_id in seen:
            found.append(Problem(f"{at}{inside}/action_id", f"action_id {action_id} is used more than once in a block"))
        if isinstance(action_id, str):
            seen.add(action_id)


def _once(blocks: Any, at: str, surface: str, found: Found) -> None:
    """What a payload may hold once or up to a sum: focus, tables, markdown."""
    everything = [(f"{at}/{i}{inside}", e) for i, b in enumerate(objects(blocks)) for inside, e in elements_of(b)]
    for pointer, _ in [(p, e) for p, e in everything if e.get("focus_on_load") is True][1:]:
        found.append(Problem(f"{pointer}/focus_on_load", "only one element may have focus_on_load"))
    tables = [index for index, block in enumerate(objects(blocks)) if block.get("type") == "table"]
    for index in tables[1:] if surface == "message" else ():
        found.append(Problem(f"{at}/{index}", "only one table is allowed per message"))
    markdown = sum(len(str(b.get("text", ""))) for b in objects(blocks) if b.get("type") == "markdown")
    if markdown > MARKDOWN_TOTAL:
        found.append(Problem(at, f"markdown blocks must be less than {MARKDOWN_TOTAL + 1} characters in total"))
