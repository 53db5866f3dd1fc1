"""Using elements: buttons, menus, pickers, typed values, and the search in external selects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.sandbox.workspace import inputs, limits, payloads
from bot.sandbox.workspace.acts import uploads
from bot.sandbox.workspace.acts.outcome import Outcome, click_failure, of_click
from bot.sandbox.workspace.acts.surfaces import InMessage, InView, Spot, at
from bot.sandbox.workspace.common import Json
from bot.sandbox.workspace.delivery import Answer
from bot.sandbox.workspace.inputs import NotPossible
from bot.sandbox.workspace.loaded import Key
from bot.sandbox.workspace.people import PEOPLE, Person
from bot.sandbox.workspace.workspace import Workspace

LOADING_FAILED = "Couldn't load results. Try again?"


def press(
    workspace: Workspace,
    person: Person,
    spot: Spot,
    *,
    action_id: str,
    block_id: str | None,
    value: Any,
    confirmed: bool,
) -> Outcome:
    """Click, choose or type. What does not dispatch is only recorded; what asks for confirmation waits for it."""
    where = at(workspace, person, spot, action_id)
    block, element = inputs.find(where.blocks, action_id, block_id, value)
    state, chosen = _chosen(workspace, person, where, (block, element), value)
    if element["type"] == "workflow_button":
        raise NotPossible("a workflow button starts a workflow, and there are none here")
    if block["type"] == "input" and not block.get("dispatch_action"):
        where.record({block["block_id"]: {action_id: state or {}}})
        return Outcome()
    if element.get("confirm") and not confirmed:
        return Outcome(confirm=element["confirm"])
    if state is not None:
        where.record({block["block_id"]: {action_id: state}})
    action = payloads.action(block, element, chosen if state is None else state, workspace.clock.next())
    trigger = workspace.tickets.new_trigger(person.id)
    fields = {**where.fields(), **where.late_answer()}
    return of_click(workspace.delivery.interaction(payloads.block_actions(person, fields, action, trigger)))


def _chosen(
    workspace: Workspace, person: Person, where: InView | InMessage, used: tuple[Json, Json], value: Any
) -> tuple[Json | None, Json]:
    """(state, what else the action says): inputs have a state; of a menu or of two thumbs only the action knows."""
    _, element = used
    if element["type"] == "overflow":
        return None, {"selected_option": inputs.option_with(value, element["options"])}
    if element["type"] == "feedback_buttons":
        return None, inputs.feedback_with(value, element)
    if element["type"] not in inputs.STATE_FIELD:
        return None, {}
    return _state(workspace, person, where, used, value), {}


def _state(
    workspace: Workspace, person: Person, where: InView | InMessage, used: tuple[Json, Json], value: Any
) -> Json:
    """The element's state for a plain value; files that come with it are kept."""
    block, element = used
    if element["type"] == "file_input":
        value = uploads.received(workspace, person, element, value)
    return inputs.state_from(element, value, workspace.loaded.get(_key(person, where, block, element)))


def fill(workspace: Workspace, person: Person, spot: Spot, values: dict[str, Any]) -> None:
    """Type plain values, by block_id, without sending anything."""
    where = at(workspace, person, spot)
    for block_id, value in values.items():
        used = _input(where, block_id)
        where.record({block_id: {used[1]["action_id"]: _state(workspace, person, where, used, value)}})


def _input(where: InView | InMessage, block_id: str) -> tuple[Json, Json]:
    """The one element of the block that has a state."""
    found = [
        (block, element)
        for block, element in inputs.elements(where.blocks)
        if block["block_id"] == block_id and element["type"] in inputs.STATE_FIELD
    ]
    if len(found) != 1:
        shown = [block["block_id"] for block, element in inputs.elements(where.blocks)]
        raise NotPossible(f"no single input in the block {block_id!r}; shown are {', '.join(shown) or 'none'}")
    return found[0]


def options(
    workspace: Workspace, person: Person, spot: Spot, *, action_id: str | None, block_id: str | None, query: str
) -> Json:
    """What a select offers for the typed text: from the app for external ones, else from the workspace itself."""
    where = at(workspace, person, spot)
    block, element = inputs.find(where.blocks, action_id, block_id) if action_id else _input(where, block_id or "")
    match element["type"]:
        case "external_select" | "multi_external_select":
            return _load(workspace, person, where, (block, element), query)
        case "users_select" | "multi_users_select":
            return _own([_option(p.name, p.id) for p in PEOPLE], query)
        case "channels_select" | "multi_channels_select":
            return _own(_conversations(workspace, person, ["public"]), query)
        case "conversations_select" | "multi_conversations_select":
            kinds = element.get("filter", {}).get("include", list(_KINDS.values()))
            return _own(_conversations(workspace, person, kinds), query)
        case _:
            return _own(inputs.offered(element), query)


_KINDS = {"channel": "public", "private": "private", "im": "im"}


def _conversations(workspace: Workspace, person: Person, kinds: Sequence[str]) -> list[Json]:
    return [_option(c.name, c.id) for c in workspace.messages.channels(person.id) if _KINDS[c.kind] in kinds]


def _option(text: str, value: str) -> Json:
    return {"text": {"type": "plain_text", "text": text, "emoji": True}, "value": value}


def _own(offered: list[Json], query: str) -> Json:
    found = [option for option in offered if query.casefold() in option["text"]["text"].casefold()]
    return {"status": None, "ms": 0.0, "error": None, "options": found}


def _load(workspace: Workspace, person: Person, where: InView | InMessage, used: tuple[Json, Json], query: str) -> Json:
    """Ask the app (Slack asks from `min_query_length` characters on) and remember what it offered."""
    block, element = used
    if len(query) < element.get("min_query_length", 3):
        return {"status": None, "ms": 0.0, "error": None, "options": []}
    payload = payloads.block_suggestion(person, where.fields(), block, element, query)
    answer = workspace.delivery.options(payload)
    result: Json = {"status": answer.status, "ms": round(answer.ms, 1), "error": None}
    offered = None if answer.failure else _offer(workspace, person, payload, answer)
    if offered is None:
        return {**result, "error": click_failure(answer) or LOADING_FAILED, "options": []}
    groups = offered.get("option_groups") or []
    loaded = [*(offered.get("options") or []), *(option for group in groups for option in group["options"])]
    workspace.loaded.add(_key(person, where, block, element), loaded)
    return {**result, **offered}


def _offer(workspace: Workspace, person: Person, payload: Json, answer: Answer) -> Json | None:
    """The app's options when Slack would take them."""
    try:
        body = answer.json() or {}
        reasons = [str(problem) for problem in limits.option_problems(body)]
    except ValueError:
        body, reasons = {}, ["the answer is not a JSON object"]
    if reasons:
        workspace.delivery.refuse(f"block_suggestion {payload['action_id']}", payload, answer, reasons, person.id)
        return None
    return {name: body[name] for name in ("options", "option_groups") if body.get(name) is not None}


def _key(person: Person, where: InView | InMessage, block: Json, element: Json) -> Key:
    return person.id, where.id, block["block_id"], element["action_id"]
