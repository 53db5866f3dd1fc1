"""Builders for what Slack shows: typed, within Slack's limits, and quick.

A string is shown letter by letter; only `Mrkdwn` is markup. Display texts that are too long end in an ellipsis, so
views show what matters a second time where it fits. Ids, titles and button words are ours: too long or doubled ones
raise ValueError. Limits: Slack's reference pages on views, blocks, block elements and composition objects.

slack_sdk's model classes are not used: they search `dir()` of every object for validators, which took 1 ms of
processor time for the smallest modal and 4 to 5 ms for a full one, more than all the rest of an answer.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from blocks.graphemes import fit, units
from blocks.texts import Mrkdwn, bold, escape, joined

MODAL_BLOCKS = 100
MESSAGE_BLOCKS = 50
RADIO_OPTIONS = 10
OVERFLOW_OPTIONS = 5
SELECT_OPTIONS = 100
METADATA = 3000
VIEW_BYTES = 250 * 1024


Payload = dict[str, Any]


@dataclass(frozen=True)
class Part:
    """A piece of a view as Slack takes it. Made by the functions below only."""

    payload: Payload

    def to_dict(self) -> Payload:
        return self.payload


class Block(Part):
    """A block of a view or message."""


class Element(Part):
    """Something to press, choose or type in."""


class Option(Part):
    """One choice of a menu or of radio buttons."""

    @property
    def text(self) -> str:
        return str(self.payload["text"]["text"])

    @property
    def value(self) -> str:
        return str(self.payload["value"])


class Group(Part):
    """Options under a label."""


class Confirm(Part):
    """The question before a dangerous button does what it says."""


@dataclass(frozen=True)
class Modal:
    """A modal, checked when it was built; `to_dict()` is what `views.open`, `push` and `update` take."""

    title: str
    blocks: Sequence[Block]
    callback_id: str = "-"
    submit: str | None = None
    close: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)  # ids only: it travels through the client
    clear_on_close: bool = False
    notify_on_close: bool = False
    _payload: Payload = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for words in (self.title, self.submit, self.close):
            if words is not None and not 1 <= units(words) <= 24:
                raise ValueError(f"a modal's title and buttons have 1 to 24 characters: {words!r}")
        _check(self.blocks, MODAL_BLOCKS)
        metadata = json.dumps(self.metadata, separators=(",", ":"), default=str)
        if units(metadata) > METADATA:
            raise ValueError(f"private metadata is longer than {METADATA} characters")
        payload = _object(
            "modal",
            callback_id=self.callback_id,
            title=_plain(self.title, 24),
            submit=_plain(self.submit, 24) if self.submit else None,
            close=_plain(self.close, 24) if self.close else None,
            private_metadata=metadata,
            clear_on_close=self.clear_on_close or None,
            notify_on_close=self.notify_on_close or None,
            blocks=[block.payload for block in self.blocks],
        )
        if len(json.dumps(payload, ensure_ascii=False).encode()) > VIEW_BYTES:
            raise ValueError("the view is larger than 250 KB")
        object.__setattr__(self, "_payload", payload)

    def to_dict(self) -> Payload:
        return self._payload


@dataclass(frozen=True)
class Home:
    """The app's Home tab, as `views.publish` takes it."""

    blocks: Sequence[Block]

    def __post_init__(self) -> None:
        _check(self.blocks, MODAL_BLOCKS)

    def to_dict(self) -> Payload:
        return _object("home", blocks=[block.payload for block in self.blocks])


@dataclass(frozen=True)
class Message:
    """A message: blocks, and the text for notifications and screen readers."""

    text: str
    blocks: Sequence[Block]

    def __post_init__(self) -> None:
        _check(self.blocks, MESSAGE_BLOCKS)

    def to_dict(self) -> Payload:
        """`text` and `blocks`, as `chat.postMessage`, `response_url` and a command's answer take them."""
        return {"text": fit(escape(self.text), 3000, markup=True), "blocks": [block.payload for block in self.blocks]}


@dataclass(frozen=True)
class Choices:
    """The answer to a menu that asks while the person types: groups, each with a label that says what they are."""

    groups: Sequence[Group]

    def to_dict(self) -> Payload:
        return {"option_groups": [one.payload for one in self.groups]}


REMARK = "-"  # the value of an option that only says something


# Blocks


def section(text: str, *, accessory: Element | None = None, block_id: str | None = None) -> Block:
    return _block(
        "section", text=_text(text, 3000), accessory=accessory.payload if accessory else None, block_id=block_id
    )


def fields(pairs: Mapping[str, str]) -> list[Block]:
    """Labels over their values in two columns; as many blocks as ten fields each need. Empty values are left out."""
    return _columns([joined([bold(label), value]) for label, value in pairs.items() if value])


def rows(pairs: Iterable[tuple[str, str]]) -> list[Block]:
    """What it is on the left, how much on the right and in bold: on a phone, where one stands under the other, that
    tells amounts from what they are for. As many blocks as five rows each need.
    """
    return columns((what, much if isinstance(much, Mrkdwn) else bold(much)) for what, much in pairs)


def columns(pairs: Iterable[tuple[str, str]]) -> list[Block]:
    """Two texts beside each other; as many blocks as five pairs each need."""
    return _columns([text for pair in pairs for text in pair])


def header(text: str) -> Block:
    return _block("header", text=_plain(text, 150))


def context(*texts: str) -> Block:
    """Small grey lines; empty ones are left out, at most ten stay."""
    return _block("context", elements=[_text(text, 3000) for text in texts if text][:10])


def divider() -> Block:
    return _block("divider")


def actions(*elements: Element, block_id: str | None = None) -> Block:
    return _block("actions", elements=[one.payload for one in elements], block_id=block_id)


def image(url: str, alt: str) -> Block:
    """A picture at a public address; `alt` is what it says to those who do not see it."""
    return _block("image", image_url=url, alt_text=fit(alt, 2000))


def field_input(
    label: str, element: Element, *, block_id: str, hint: str = "", optional: bool = False, dispatch: bool = False
) -> Block:
    """An input. `block_id` is the command's field name, so that an error lands here.

    `dispatch`: the app hears of it at once, as of a button, when something is chosen in it.
    """
    return _block(
        "input",
        label=_plain(label, 2000),
        element=element.payload,
        block_id=block_id,
        hint=_plain(hint, 2000) if hint else None,
        optional=optional,
        dispatch_action=dispatch or None,
    )


def field_id(name: str, *, key: str = "", version: str = "") -> str:
    """The block id of an input that is not simply a field: `add_ons[sms]` is an entry of one, `limit#plus` a version.

    Slack keeps what was chosen in a block when the view is updated, so an input with other options needs another id.
    """
    entry = f"[{key}]" if key else ""
    return f"{name}{entry}#{version}" if version else f"{name}{entry}"


def field_of(block_id: str) -> tuple[str, str]:
    """The field's name, and the key when it is an entry of one: the way back from `field_id`."""
    name, _, key = block_id.partition("#")[0].partition("[")
    return name, key.removesuffix("]")


# Elements


def button(
    text: str,
    action_id: str,
    *,
    value: str | None = None,
    url: str | None = None,
    style: str | None = None,
    confirm: Confirm | None = None,
) -> Element:
    if value is not None and not 1 <= units(value) <= 2000:
        raise ValueError("a button's value has 1 to 2000 characters")
    return _element(
        "button",
        action_id,
        text=_plain(text, 75),
        value=value,
        url=url,
        style=style,
        confirm=confirm.payload if confirm else None,
    )


def confirm(title: str, text: str, *, yes: str, no: str, danger: bool = False) -> Confirm:
    payload = {
        "title": _plain(title, 100),
        "text": _plain(text, 300),
        "confirm": _plain(yes, 30),
        "deny": _plain(no, 30),
    }
    return Confirm(payload | ({"style": "danger"} if danger else {}))


def option(text: str, value: str, *, description: str = "") -> Option:
    if not 1 <= units(value) <= 150:
        raise ValueError("an option's value has 1 to 150 characters")
    payload = {"text": _plain(text, 75), "value": value}
    return Option(payload | ({"description": _plain(description, 75)} if description else {}))


def group(label: str, options: Sequence[Option]) -> Group:
    return Group({"label": _plain(label, 75), "options": _options(options, SELECT_OPTIONS)})


def select(action_id: str, options: Sequence[Option], *, placeholder: str = "", initial: str | None = None) -> Element:
    """A menu of 1 to 100 options. `initial` is a value; one that is not offered is left out."""
    return _element(
        "static_select",
        action_id,
        options=_options(options, SELECT_OPTIONS),
        placeholder=_plain(placeholder, 150) if placeholder else None,
        initial_option=_chosen(options, initial),
    )


def search(action_id: str, *, placeholder: str, at_least: int = 1, initial: Option | None = None) -> Element:
    """A menu that asks the app while the person types."""
    return _element(
        "external_select",
        action_id,
        placeholder=_plain(placeholder, 150),
        min_query_length=at_least,
        initial_option=initial.payload if initial else None,
    )


def radio(action_id: str, options: Sequence[Option], *, initial: str | None = None) -> Element:
    """At most 10 options."""
    return _element(
        "radio_buttons", action_id, options=_options(options, RADIO_OPTIONS), initial_option=_chosen(options, initial)
    )


def choice(action_id: str, options: Sequence[Option], *, placeholder: str = "", initial: str | None = None) -> Element:
    """Radio buttons while there are few options, a menu when there are more than 10."""
    if len(options) <= RADIO_OPTIONS:
        return radio(action_id, options, initial=initial)
    return select(action_id, options, placeholder=placeholder, initial=initial)


def day_input(action_id: str, *, initial: date | None = None) -> Element:
    return _element("datepicker", action_id, initial_date=initial.isoformat() if initial else None)


def number_input(action_id: str, *, at_least: int, at_most: int, initial: int | None = None) -> Element:
    """Whole numbers. An initial number outside the bounds is moved to the nearer one: Slack would refuse it."""
    start = None if initial is None else min(max(initial, at_least), at_most)
    return _element(
        "number_input",
        action_id,
        is_decimal_allowed=False,
        min_value=str(at_least),
        max_value=str(at_most),
        initial_value=None if start is None else str(start),
    )


def text_input(
    action_id: str,
    *,
    placeholder: str = "",
    initial: str | None = None,
    at_most: int = 150,
    multiline: bool = False,
) -> Element:
    return _element(
        "plain_text_input",
        action_id,
        placeholder=_plain(placeholder, 150) if placeholder else None,
        initial_value=initial or None,
        max_length=at_most,
        multiline=multiline or None,
    )


def checkboxes(action_id: str, options: Sequence[Option], *, initial: Iterable[str] = ()) -> Element:
    """At most 10 options, of which any number may be chosen. `initial` are values."""
    return _element(
        "checkboxes",
        action_id,
        options=_options(options, RADIO_OPTIONS),
        initial_options=_all_chosen(options, initial),
    )


def multi_select(
    action_id: str, options: Sequence[Option], *, placeholder: str = "", initial: Iterable[str] = (), at_most: int = 100
) -> Element:
    """A menu of 1 to 100 options, of which several may be chosen."""
    return _element(
        "multi_static_select",
        action_id,
        options=_options(options, SELECT_OPTIONS),
        placeholder=_plain(placeholder, 150) if placeholder else None,
        initial_options=_all_chosen(options, initial),
        max_selected_items=at_most,
    )


def person_input(action_id: str, *, placeholder: str = "", initial: str | None = None) -> Element:
    """Anybody of the workspace. `initial` is a user's id."""
    return _element(
        "users_select",
        action_id,
        placeholder=_plain(placeholder, 150) if placeholder else None,
        initial_user=initial,
    )


def overflow(action_id: str, options: Sequence[Option], *, confirm: Confirm | None = None) -> Element:
    """The menu behind three dots, at most 5 options."""
    return _element(
        "overflow",
        action_id,
        options=_options(options, OVERFLOW_OPTIONS),
        confirm=confirm.payload if confirm else None,
    )


# Helpers


def _object(kind: str, **fields: object) -> Payload:
    """An object of that type with the fields that have a value."""
    return {"type": kind, **{name: value for name, value in fields.items() if value is not None}}


def _block(kind: str, **fields: object) -> Block:
    return Block(_object(kind, **fields))


def _element(kind: str, action_id: str, **fields: object) -> Element:
    if not 1 <= len(action_id) <= 255:
        raise ValueError(f"an id has 1 to 255 characters: {action_id!r}")
    return Element(_object(kind, action_id=action_id, **fields))


def _plain(text: str, limit: int) -> Payload:
    """Plain text in which `:names:` are emoji, for words of ours and for names in menus."""
    return {"type": "plain_text", "text": fit(text, limit), "emoji": True}


def _text(text: str, limit: int) -> Payload:
    if isinstance(text, Mrkdwn):
        return {"type": "mrkdwn", "text": fit(text, limit, markup=True), "verbatim": True}
    return {"type": "plain_text", "text": fit(text, limit), "emoji": False}


def _columns(texts: Sequence[str]) -> list[Block]:
    """Two columns, read row by row; a block holds ten fields."""
    shown = [_text(text, 2000) for text in texts]
    return [_block("section", fields=shown[first : first + 10]) for first in range(0, len(shown), 10)]


def _options(options: Sequence[Option], at_most: int) -> list[Payload]:
    if not 1 <= len(options) <= at_most:
        raise ValueError(f"1 to {at_most} options are possible here, not {len(options)}")
    if len({one.value for one in options}) != len(options):
        raise ValueError("two options have the same value")
    return [one.payload for one in options]


def _chosen(options: Iterable[Option], value: str | None) -> Payload | None:
    return next((one.payload for one in options if one.value == value), None) if value is not None else None


def _all_chosen(options: Iterable[Option], values: Iterable[str]) -> list[Payload] | None:
    """Those that are offered; None where nothing is, because Slack takes no empty list."""
    wanted = set(values)
    return [one.payload for one in options if one.value in wanted] or None


def _check(blocks: Sequence[Block], at_most: int) -> None:
    if not 1 <= len(blocks) <= at_most:
        raise ValueError(f"1 to {at_most} blocks are possible here, not {len(blocks)}")
    _all_differ("two blocks have the same id", (block.payload.get("block_id") for block in blocks))
    for block in blocks:
        inside = block.payload.get("elements", ())
        _all_differ("two elements of a block have the same id", (element.get("action_id") for element in inside))


def _all_differ(mistake: str, ids: Iterable[str | None]) -> None:
    given = [one for one in ids if one is not None]
    if len(set(given)) != len(given):
        raise ValueError(mistake)
