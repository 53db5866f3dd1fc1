"""Inputs: the state that each type of element has in a payload, from the plain value that a person gave."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from bot.sandbox.workspace import people, typed
from bot.sandbox.workspace.common import Json
from bot.sandbox.workspace.limits.surfaces import each_block, elements_of

# The field of the state that holds the element's value; elements not named here (buttons, images) have no state.
STATE_FIELD = {
    "plain_text_input": "value",
    "email_text_input": "value",
    "url_text_input": "value",
    "number_input": "value",
    "static_select": "selected_option",
    "external_select": "selected_option",
    "radio_buttons": "selected_option",
    "users_select": "selected_user",
    "channels_select": "selected_channel",
    "conversations_select": "selected_conversation",
    "checkboxes": "selected_options",
    "multi_static_select": "selected_options",
    "multi_external_select": "selected_options",
    "multi_users_select": "selected_users",
    "multi_channels_select": "selected_channels",
    "multi_conversations_select": "selected_conversations",
    "datepicker": "selected_date",
    "timepicker": "selected_time",
    "datetimepicker": "selected_date_time",
    "rich_text_input": "rich_text_value",
    "file_input": "files",
}
LISTS = ("selected_options", "selected_users", "selected_channels", "selected_conversations", "files")

# The element's own field with which the app fills the state at first.
INITIAL_FIELD = {
    "value": "initial_value",
    "selected_option": "initial_option",
    "selected_options": "initial_options",
    "selected_user": "initial_user",
    "selected_users": "initial_users",
    "selected_channel": "initial_channel",
    "selected_channels": "initial_channels",
    "selected_conversation": "initial_conversation",
    "selected_conversations": "initial_conversations",
    "selected_date": "initial_date",
    "selected_time": "initial_time",
    "selected_date_time": "initial_date_time",
    "rich_text_value": "initial_value",
}

REQUIRED_TEXT = "Please complete this required field."

State = dict[str, dict[str, Json]]


class NotPossible(Exception):
    """A person could not do this in Slack: there is no such element, or it does not take such a value."""


def elements(blocks: Sequence[Json]) -> Iterator[tuple[Json, Json]]:
    """(block, element) for everything a person can use."""
    for _, block in each_block(list(blocks), ""):
        if block["type"] in ("rich_text", "context", "image"):
            continue
        for _, element in elements_of(block):
            if element.get("action_id"):
                yield block, element


def find(blocks: Sequence[Json], action_id: str, block_id: str | None, value: Any = None) -> tuple[Json, Json]:
    """The element; a button may also be told apart from its namesakes by its value."""
    found = [
        (block, element)
        for block, element in elements(blocks)
        if element["action_id"] == action_id and block_id in (None, block["block_id"])
    ]
    if len(found) > 1 and value is not None:
        found = [pair for pair in found if pair[1].get("value") == value]
    if not found:
        raise NotPossible(f"nothing with the action_id {action_id!r} is shown here")
    if len(found) > 1:
        raise NotPossible(f"{len(found)} elements have the action_id {action_id!r}: name the block_id too")
    return found[0]


def state_of(blocks: Sequence[Json], earlier: State | None = None) -> State:
    """The state of all inputs: what `earlier` had for the same block, action and type, else the initial values.

    Slack keeps what a person typed when a view is updated, as long as block_id and action_id stay.
    """
    values: State = {}
    for block, element in elements(blocks):
        kind = element["type"]
        if kind not in STATE_FIELD:
            continue
        before = (earlier or {}).get(block["block_id"], {}).get(element["action_id"])
        state = before if before and before["type"] == kind else initial(element)
        values.setdefault(block["block_id"], {})[element["action_id"]] = state
    return values


def merged(values: State, more: State) -> State:
    """A new state, so that whoever reads the old one meanwhile reads it whole."""
    return {block_id: {**values.get(block_id, {}), **more.get(block_id, {})} for block_id in {**values, **more}}


def initial(element: Json) -> Json:
    name = STATE_FIELD[element["type"]]
    given = element.get(INITIAL_FIELD.get(name, ""))
    return _state(element, given if given is not None else ([] if name in LISTS else None))


def _state(element: Json, value: Any) -> Json:
    state: Json = {"type": element["type"], STATE_FIELD[element["type"]]: value}
    if element["type"] == "timepicker" and element.get("timezone"):
        state["timezone"] = element["timezone"]
    return state


def state_from(element: Json, plain: Any, loaded: Sequence[Json]) -> Json:
    """The state after a person gave `plain`: a text, a date, an option's value, a list of them; None empties it.

    `loaded` are the options that the app sent for an external select. Raises NotPossible.
    """
    name = STATE_FIELD.get(element["type"])
    if name is None:
        raise NotPossible(f"a {element['type']} takes no value")
    if name in LISTS:
        wanted = [] if plain is None else plain if isinstance(plain, list) else [plain]
        most = element.get("max_selected_items")
        if most and len(wanted) > most:
            raise NotPossible(f"at most {most} can be selected")
        return _state(element, [_one(element, name, item, loaded) for item in wanted])
    if plain is None or plain == "":
        return _state(element, None)
    return _state(element, _one(element, name, plain, loaded))


def _one(element: Json, name: str, plain: Any, loaded: Sequence[Json]) -> Any:
    match name:
        case "selected_option" | "selected_options":
            return option_with(plain, [*loaded, *offered(element)])
        case "selected_user" | "selected_users":
            return user_id(plain)
        case "selected_date":
            return _formatted(plain, date.fromisoformat, "a date (YYYY-MM-DD)")
        case "selected_time":
            return _formatted(plain, lambda text: datetime.strptime(text, "%H:%M"), "a time (HH:MM)")  # noqa: DTZ007 - a wall clock time has no zone
        case "selected_date_time":
            return _instant(plain)
        case "selected_channel" | "selected_channels":
            return channel_id(plain, public_only=True)
        case "selected_conversation" | "selected_conversations":
            return channel_id(plain)
        case "rich_text_value":
            return typed.as_rich_text(plain) if isinstance(plain, str) else plain
        case _:
            return plain if name == "files" else str(plain)


def _instant(plain: Any) -> int:
    try:
        return int(plain)
    except (TypeError, ValueError) as error:
        raise NotPossible(f"{plain!r} is not an instant (seconds since 1970)") from error


def _formatted(plain: Any, parse: Any, meaning: str) -> str:
    try:
        parse(str(plain))
    except ValueError as error:
        raise NotPossible(f"{plain!r} is not {meaning}") from error
    return str(plain)


def offered(element: Json) -> list[Json]:
    """The options that stand in the element itself."""
    groups = [option for group in element.get("option_groups", []) for option in group["options"]]
    first = [element["initial_option"]] if element.get("initial_option") else []
    return [*element.get("options", []), *groups, *first, *element.get("initial_options", [])]


def option_with(plain: Any, options: Sequence[Json]) -> Json:
    for option in options:
        if plain == option or plain == option["value"]:
            return option
    for option in options:
        if plain == option["text"]["text"]:
            return option
    raise NotPossible(f"{plain!r} is none of the options: {', '.join(option['value'] for option in options) or 'none'}")


def feedback_with(plain: Any, element: Json) -> Json:
    """The text and value of the thumb that has this value."""
    thumbs = [element["positive_button"], element["negative_button"]]
    for thumb in thumbs:
        if thumb["value"] == plain:
            return {"text": thumb["text"], "value": plain}
    raise NotPossible(f"{plain!r} is neither {thumbs[0]['value']} nor {thumbs[1]['value']}")


def user_id(plain: Any) -> str:
    """A person by id or by role."""
    if plain in people.BY_ID:
        return str(plain)
    if plain in people.BY_ROLE:
        return people.BY_ROLE[plain].id
    raise NotPossible(f"nobody here has the id {plain!r}")


def channel_id(plain: Any, *, public_only: bool = False) -> str:
    """A channel by id or name, or somebody's direct messages with the app by id."""
    for channel in people.CHANNELS:
        if plain in (channel.id, channel.name, f"#{channel.name}") and not (public_only and channel.is_private):
            return channel.id
    if not public_only and plain in {people.im_id(person.id) for person in people.PEOPLE}:
        return str(plain)
    raise NotPossible(f"there is no channel {plain!r} to choose")


def complaint(block: Json, state: Json) -> str | None:
    """What Slack's own client says under an input before it sends anything; None when all is well."""
    element = block["element"]
    value = state[STATE_FIELD[element["type"]]]
    if value is None or value in ("", []):
        return None if block.get("optional") else REQUIRED_TEXT
    match element["type"]:
        case "plain_text_input":
            return _length(element, value)
        case "number_input":
            return _number(element, value)
        case "email_text_input":
            return None if re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", value) else "Please enter a valid email address."
        case "url_text_input":
            return None if re.fullmatch(r"https?://[^\s]+", value) else "Please enter a valid URL."
    return None


def _length(element: Json, value: str) -> str | None:
    low, high = element.get("min_length", 0), element.get("max_length", 3000)
    if len(value) < low:
        return f"Please enter at least {low} characters."
    return f"Please enter no more than {high} characters." if len(value) > high else None


def _number(element: Json, value: str) -> str | None:
    try:
        number = Decimal(value)
    except InvalidOperation:
        return "Please enter a valid number."
    if not number.is_finite():
        return "Please enter a valid number."
    if not element["is_decimal_allowed"] and number != number.to_integral_value():
        return "Please enter a whole number."
    if "min_value" in element and number < Decimal(element["min_value"]):
        return f"Please enter a number of at least {element['min_value']}."
    if "max_value" in element and number > Decimal(element["max_value"]):
        return f"Please enter a number of at most {element['max_value']}."
    return None
