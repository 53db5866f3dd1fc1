"""The rules of block elements and of the objects inside them (options, confirmation dialogs)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from bot.sandbox.workspace.limits.checks import (
    Check,
    Found,
    Problem,
    anything,
    boolean,
    by_type,
    every,
    exactly_one,
    fields,
    integer,
    items,
    objects,
    one_of,
    pattern,
    plain,
    string,
    text,
)
from bot.sandbox.workspace.limits.rich_text import ADDRESS, RICH_TEXT

TIME = pattern(r"([01]\d|2[0-3]):[0-5]\d", "a time formatted as HH:mm")
NUMBER = pattern(r"-?\d+(\.\d+)?", "a number in a string")
USER = pattern(r"[UW][A-Z0-9]+", "a valid user ID")
CHANNEL = pattern(r"[CG][A-Z0-9]+", "a valid channel ID")
SLACK_FILE = fields({}, {"id": string(255), "url": ADDRESS}, also=exactly_one("id", "url"))
STYLE = one_of("primary", "danger")
PLACEHOLDER = plain(150)

CONFIRM = fields({"title": plain(100), "text": text(300), "confirm": plain(30), "deny": plain(30)}, {"style": STYLE})

OPTION = fields({"text": plain(75), "value": string(150)}, {"description": plain(75)})
OVERFLOW_OPTION = fields({"text": plain(75), "value": string(150)}, {"description": plain(75), "url": ADDRESS})
CHOICE_OPTION = fields({"text": text(75), "value": string(150)}, {"description": text(75)})
OPTION_GROUP = fields({"label": plain(75), "options": items(OPTION, 100)})
DISPATCH = fields({"trigger_actions_on": items(one_of("on_enter_pressed", "on_character_entered"), 2)})
FILTER = fields(
    {},
    {
        "include": items(one_of("im", "mpim", "private", "public"), 4),
        "exclude_external_shared_channels": boolean,
        "exclude_bot_users": boolean,
    },
)

THUMB = fields({"text": plain(75), "value": string(2000)}, {"accessibility_label": string(75)})
PARAMETER = fields({"name": string(255), "value": anything})
WORKFLOW = fields({"trigger": fields({"url": ADDRESS}, {"customizable_input_parameters": items(PARAMETER, 100, 0)})})

_CHOSEN: Mapping[str, Check] = {"action_id": string(255), "confirm": CONFIRM, "focus_on_load": boolean}
_TYPED: Mapping[str, Check] = {
    "action_id": string(255),
    "placeholder": PLACEHOLDER,
    "focus_on_load": boolean,
    "dispatch_action_config": DISPATCH,
}
_MENU: Mapping[str, Check] = {**_CHOSEN, "placeholder": PLACEHOLDER}
_MULTI: Mapping[str, Check] = {**_MENU, "max_selected_items": integer(1)}


def _date(value: Any, at: str, found: Found) -> None:
    try:
        date.fromisoformat(value if isinstance(value, str) and len(value) == 10 else "")
    except ValueError:
        found.append(Problem(at, "must be a date formatted as YYYY-MM-DD"))


def _no_more_than_can_be_chosen(element: Any, at: str, found: Found) -> None:
    at_most = element.get("max_selected_items")
    for name, chosen in element.items():
        too_many = isinstance(chosen, list) and isinstance(at_most, int) and len(chosen) > at_most
        if name.startswith("initial_") and too_many:
            found.append(Problem(f"{at}/{name}", f"no more than {at_most} items allowed (max_selected_items)"))


def _options_of(element: Any) -> list[Any]:
    groups = [option for group in objects(element.get("option_groups")) for option in objects(group.get("options"))]
    return [*objects(element.get("options")), *groups]


def initial_is_an_option(element: Any, at: str, found: Found) -> None:
    """What is chosen at first must be one of the options, exactly."""
    offered = _options_of(element)
    if (one := element.get("initial_option")) is not None and one not in offered:
        found.append(Problem(f"{at}/initial_option", "must be one of the provided options"))
    for index, one in enumerate(objects(element.get("initial_options"))):
        if one not in offered:
            found.append(Problem(f"{at}/initial_options/{index}", "must be one of the provided options"))


def values_differ(element: Any, at: str, found: Found) -> None:
    values = [option.get("value") for option in _options_of(element)]
    if len(values) != len(set(map(str, values))):
        found.append(Problem(at, "option values must be unique"))


def _decimal(value: Any) -> Decimal | None:
    try:
        return Decimal(value) if isinstance(value, str) else None
    except InvalidOperation:
        return None


def _number_bounds(element: Any, at: str, found: Found) -> None:
    low, high = _decimal(element.get("min_value")), _decimal(element.get("max_value"))
    initial = _decimal(element.get("initial_value"))
    if low is not None and high is not None and low > high:
        found.append(Problem(f"{at}/min_value", "must be less than or equal to max_value"))
    for number, name in ((low, "min_value"), (high, "max_value"), (initial, "initial_value")):
        whole = number is None or number == number.to_integral_value()
        if element.get("is_decimal_allowed") is False and not whole:
            found.append(Problem(f"{at}/{name}", "must be an integer when is_decimal_allowed is false"))
    if initial is not None and ((low is not None and initial < low) or (high is not None and initial > high)):
        found.append(Problem(f"{at}/initial_value", "must be between min_value and max_value"))


def _length_bounds(element: Any, at: str, found: Found) -> None:
    low, high = element.get("min_length"), element.get("max_length")
    initial = element.get("initial_value")
    if isinstance(low, int) and isinstance(high, int) and low > high:
        found.append(Problem(f"{at}/min_length", "must be less than or equal to max_length"))
    if isinstance(initial, str) and isinstance(high, int) and len(initial) > high:
        found.append(Problem(f"{at}/initial_value", f"must be less than {high + 1} characters"))


_CHOICES = every(initial_is_an_option, values_differ)
_MENU_CHOICES = every(exactly_one("options", "option_groups"), initial_is_an_option, values_differ)

ELEMENTS: Mapping[str, Check] = {
    "button": fields(
        {"text": plain(75)},
        {
            **_CHOSEN,
            "value": string(2000),
            "url": ADDRESS,
            "style": STYLE,
            "accessibility_label": string(75),
        },
    ),
    "workflow_button": fields(
        {"text": plain(75), "workflow": WORKFLOW, "action_id": string(255)},
        {"style": STYLE, "accessibility_label": string(75)},
    ),
    "icon_button": fields(
        {"icon": one_of("trash"), "text": plain(75)},
        {
            "action_id": string(255),
            "value": string(2000),
            "confirm": CONFIRM,
            "accessibility_label": string(75),
            "visible_to_user_ids": items(USER, 100, 0),
        },
    ),
    "feedback_buttons": fields({"positive_button": THUMB, "negative_button": THUMB}, {"action_id": string(255)}),
    "overflow": fields({"options": items(OVERFLOW_OPTION, 5)}, {**_CHOSEN}, also=values_differ),
    "checkboxes": fields(
        {"options": items(CHOICE_OPTION, 10)}, {**_CHOSEN, "initial_options": items(CHOICE_OPTION, 10)}, also=_CHOICES
    ),
    "radio_buttons": fields(
        {"options": items(CHOICE_OPTION, 10)}, {**_CHOSEN, "initial_option": CHOICE_OPTION}, also=_CHOICES
    ),
    "static_select": fields(
        {},
        {
            **_MENU,
            "options": items(OPTION, 100),
            "option_groups": items(OPTION_GROUP, 100),
            "initial_option": OPTION,
        },
        also=_MENU_CHOICES,
    ),
    "external_select": fields({}, {**_MENU, "initial_option": OPTION, "min_query_length": integer(0)}),
    "users_select": fields({}, {**_MENU, "initial_user": USER}),
    "channels_select": fields({}, {**_MENU, "initial_channel": CHANNEL, "response_url_enabled": boolean}),
    "conversations_select": fields(
        {},
        {
            **_MENU,
            "initial_conversation": string(255),
            "default_to_current_conversation": boolean,
            "response_url_enabled": boolean,
            "filter": FILTER,
        },
    ),
    "multi_static_select": fields(
        {},
        {
            **_MULTI,
            "options": items(OPTION, 100),
            "option_groups": items(OPTION_GROUP, 100),
            "initial_options": items(OPTION, 100),
        },
        also=every(_MENU_CHOICES, _no_more_than_can_be_chosen),
    ),
    "multi_external_select": fields(
        {},
        {**_MULTI, "initial_options": items(OPTION, 100), "min_query_length": integer(0)},
        also=_no_more_than_can_be_chosen,
    ),
    "multi_users_select": fields({}, {**_MULTI, "initial_users": items(USER, 100)}, also=_no_more_than_can_be_chosen),
    "multi_channels_select": fields(
        {}, {**_MULTI, "initial_channels": items(CHANNEL, 100)}, also=_no_more_than_can_be_chosen
    ),
    "multi_conversations_select": fields(
        {},
        {
            **_MULTI,
            "initial_conversations": items(string(255), 100),
            "default_to_current_conversation": boolean,
            "filter": FILTER,
        },
        also=_no_more_than_can_be_chosen,
    ),
    "datepicker": fields({}, {**_MENU, "initial_date": _date}),
    "timepicker": fields({}, {**_MENU, "initial_time": TIME, "timezone": string(255)}),
    "datetimepicker": fields({}, {**_CHOSEN, "initial_date_time": integer(1_000_000_000, 9_999_999_999)}),
    "plain_text_input": fields(
        {},
        {
            **_TYPED,
            "initial_value": string(3000, 0),
            "multiline": boolean,
            "min_length": integer(0, 3000),
            "max_length": integer(1, 3000),
        },
        also=_length_bounds,
    ),
    "email_text_input": fields({}, {**_TYPED, "initial_value": string(3000, 0)}),
    "url_text_input": fields({}, {**_TYPED, "initial_value": string(3000, 0)}),
    "number_input": fields(
        {"is_decimal_allowed": boolean},
        {**_TYPED, "initial_value": NUMBER, "min_value": NUMBER, "max_value": NUMBER},
        also=_number_bounds,
    ),
    "rich_text_input": fields({}, {**_TYPED, "initial_value": by_type({"rich_text": RICH_TEXT})}),
    "file_input": fields(
        {}, {"action_id": string(255), "filetypes": items(string(50), 50), "max_files": integer(1, 10)}
    ),
    "image": fields(
        {"alt_text": string(2000)},
        {"image_url": ADDRESS, "slack_file": SLACK_FILE},
        also=exactly_one("image_url", "slack_file"),
    ),
}

SELECTS = tuple(name for name in ELEMENTS if name.endswith("_select"))
PICKERS = ("datepicker", "timepicker", "datetimepicker")
CHOICES = ("checkboxes", "radio_buttons")

IN_ACTIONS = ("button", "workflow_button", "overflow", *CHOICES, *SELECTS, *PICKERS, "rich_text_input")
IN_SECTION = ("image", "button", "workflow_button", "overflow", *CHOICES, *SELECTS, *PICKERS)
IN_INPUT = (
    *CHOICES,
    *SELECTS,
    *PICKERS,
    "plain_text_input",
    "email_text_input",
    "url_text_input",
    "number_input",
    "rich_text_input",
    "file_input",
)


def only(*names: str) -> Mapping[str, Check]:
    return {name: ELEMENTS[name] for name in names}
