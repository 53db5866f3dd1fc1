"""The rules of whole views and messages: counts, surfaces, ids that must differ, sizes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bot.sandbox.workspace.common import Json
from bot.sandbox.workspace.limits import tables
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
    "carousel": ("message", "home"),
    "container": ("message", "home"),
    "context_actions": ("message",),
    "data_table": ("message",),
    "file": (),  # only in what Slack itself returns
    "markdown": ("message",),
    "plan": ("message",),
    "table": ("message",),
    "task_card": ("message",),
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

# Where a block holds other blocks.
CHILDREN: Mapping[str, str] = {"carousel": "elements", "container": "child_blocks"}
Blocks = Sequence[tuple[str, Json]]

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
    shown = list(each_block(blocks, at))
    _surfaces(shown, surface, found)
    _block_ids(shown, found)
    for pointer, block in shown:
        _action_ids(block, pointer, found)
    _once(shown, at, surface, found)


def each_block(blocks: Any, at: str) -> Iterator[tuple[str, Json]]:
    """(pointer, block) for each block and for those inside a container or carousel."""
    for index, block in enumerate(blocks if isinstance(blocks, list) else ()):
        if isinstance(block, dict):
            yield f"{at}/{index}", block
            if inside := CHILDREN.get(str(block.get("type"))):
                yield from each_block(block.get(inside), f"{at}/{index}/{inside}")


def elements_of(block: Json) -> Iterator[tuple[str, Json]]:
    """(pointer inside the block, element) for each place that can hold an interactive element."""
    for name in ("element", "accessory"):
        if isinstance(block.get(name), dict):
            yield f"/{name}", block[name]
    for name in ("elements", "actions"):
        if name != CHILDREN.get(str(block.get("type"))):
            for index, element in enumerate(objects(block.get(name))):
                yield f"/{name}/{index}", element


def _surfaces(shown: Blocks, surface: str, found: Found) -> None:
    forbidden: tuple[str, ...] = ()
    for at, block in shown:
        kind = block.get("type")
        if at.startswith(forbidden):
            continue  # the block around it is refused already
        if surface not in BLOCK_SURFACES.get(str(kind), (surface,)):
            found.append(Problem(f"{at}/type", f"block type {kind} is not allowed on a {surface}"))
            forbidden += (f"{at}/",)
            continue
        for inside, element in elements_of(block):
            kind = element.get("type")
            if surface not in ELEMENT_SURFACES.get(str(kind), (surface,)):
                found.append(Problem(f"{at}{inside}/type", f"element type {kind} is not allowed on a {surface}"))
            if element.get("response_url_enabled") and not (surface == "modal" and block.get("type") == "input"):
                found.append(Problem(f"{at}{inside}/response_url_enabled", "only in an input block of a modal"))


def _block_ids(shown: Blocks, found: Found) -> None:
    seen: set[str] = set()
    for at, block in shown:
        block_id = block.get("block_id")
        if block_id in seen:
            found.append(Problem(f"{at}/block_id", f"block_id {block_id} is used more than once"))
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


def _once(shown: Blocks, at: str, surface: str, found: Found) -> None:
    """What a payload may hold once or up to a sum: focus, tables, plans, markdown."""
    focused = [
        f"{pointer}{inside}"
        for pointer, block in shown
        for inside, element in elements_of(block)
        if element.get("focus_on_load") is True
    ]
    for pointer in focused[1:]:
        found.append(Problem(f"{pointer}/focus_on_load", "only one element may have focus_on_load"))
    for kind in ("table", "plan"):
        for pointer in _of_kind(shown, kind)[1:] if surface == "message" else ():
            found.append(Problem(pointer, f"only one {kind} is allowed per message"))
    markdown = sum(len(str(block.get("text", ""))) for _, block in shown if block.get("type") == "markdown")
    if markdown > MARKDOWN_TOTAL:
        found.append(Problem(at, f"markdown blocks must be less than {MARKDOWN_TOTAL + 1} characters in total"))
    _cells(shown, at, found)


def _of_kind(shown: Blocks, kind: str) -> list[str]:
    return [pointer for pointer, block in shown if block.get("type") == kind]


def _cells(shown: Blocks, at: str, found: Found) -> None:
    """One table that is too large says so itself; here are several that are too large together."""
    sizes = [tables.characters(block) for _, block in shown if block.get("type") in ("table", "data_table")]
    if len(sizes) > 1 and max(sizes) <= tables.CHARACTERS < sum(sizes):
        found.append(Problem(at, f"tables must be less than {tables.CHARACTERS + 1} characters in total"))
