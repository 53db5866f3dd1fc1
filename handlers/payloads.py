"""What Slack sends, read once into plain values. No other module digs in a payload."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from billing.errors import NotReadable, together
from billing.guard import refuse_card_numbers
from billing.ids import TeamId, UserId
from billing.models import Frozen
from blocks.kit import field_of

C = TypeVar("C", bound=Frozen)


class ReplyTo(Frozen):
    """Where the answer to an operation goes: the view it came from or, when that was closed, the person.

    Without a person nobody waits for an answer: what came of it is told by its capability, as on a request's cards.
    """

    user: UserId | None = None
    view: str | None = None


class Call(BaseModel):
    """One request from Slack: who, where, and what was given."""

    model_config = ConfigDict(frozen=True)

    kind: str
    id: str  # which command, action or view
    team: TeamId
    user: UserId
    text: str = ""  # typed after the command, or searched for
    sender: str | None = None  # of the e-mail that was forwarded into the message, as Slack says
    value: str = ""  # of the button pressed or the option picked
    channel: str | None = None
    message: str | None = None  # timestamp of the message that was clicked in, or that a shortcut is about
    trigger: str | None = None
    view_id: str | None = None  # of the modal that was clicked in; Home is none
    view_hash: str | None = None
    depth: int = 0  # of the view in the stack of modals: 1 is the first
    moment: str = ""  # the action's timestamp, which tells one click from the next
    metadata: dict[str, Any] = {}
    fields: dict[str, Any] = {}  # plain values by name, see `blocks.kit.field_id`
    locale: str | None = None

    def key(self) -> str:
        """The same submission has the same key, however often it arrives: the hash is the view's version."""
        return f"{self.team}:{self.id}:{self.view_id}:{self.view_hash}:{self.moment}"

    def reply_to(self) -> str:
        """Where the answer goes, as the operation's row keeps it."""
        return ReplyTo(user=self.user, view=self.view_id).model_dump_json()

    def parse(self, command: type[C], **more: object) -> C:
        """The fields and the view's metadata as a command, or as any form. Raises a refusal that names the field."""
        known = command.model_fields.keys()
        given = {**self.metadata, **{name: value for name, value in self.fields.items() if value is not None}, **more}
        try:
            return command.model_validate({name: value for name, value in given.items() if name in known})
        except ValidationError as error:
            fields = dict.fromkeys(str(one["loc"][0]) for one in error.errors())
            raise together(map(NotReadable, fields)) from None


def read_command(body: Mapping[str, Any]) -> Call:
    text = str(body.get("text", "")).strip()
    refuse_card_numbers([text])
    return Call(
        kind="command",
        id=str(body.get("command", "")),
        team=body["team_id"],
        user=body["user_id"],
        text=text,
        channel=body.get("channel_id"),
        trigger=body.get("trigger_id"),
    )


def read_interaction(kind: str, body: Mapping[str, Any]) -> Call:
    """A shortcut, an action, a submission or an option load."""
    view = body.get("view") or {}
    modal = {} if view.get("type") == "home" else view
    action = (body.get("actions") or [{}])[0]
    given = [*_fields(view.get("state", {}).get("values", {}))]
    typed = str(body.get("value", ""))  # an option load
    sender, message = _said_by(body.get("message") or {})
    refuse_card_numbers([typed])
    for name, _, value in given:
        if isinstance(value, str):
            refuse_card_numbers([value], field=name)
    return Call(
        kind=kind,
        id=str(action.get("action_id") or body.get("action_id") or body.get("callback_id") or view.get("callback_id")),
        team=(body.get("team") or {}).get("id") or body["user"]["team_id"],
        user=body["user"]["id"],
        text=typed or message,
        sender=sender,
        value=str(_plain(action) or ""),
        channel=(body.get("channel") or {}).get("id"),
        message=(body.get("message") or {}).get("ts"),
        trigger=body.get("trigger_id"),
        view_id=modal.get("id"),
        view_hash=modal.get("hash"),
        depth=depth_of(modal),
        moment=str(action.get("action_ts", "")),
        metadata=_metadata(view.get("private_metadata")),
        fields=_collected(given),
    )


def _said_by(message: Mapping[str, Any]) -> tuple[str | None, str]:
    """The sender and the text of the e-mail that was forwarded into Slack; else nobody, and the message's text."""
    for file in message.get("files") or []:
        addresses = [one.get("address") for one in file.get("from") or []]
        if file.get("filetype") == "email" and addresses:
            return str(addresses[0]), str(file.get("plain_text") or file.get("subject") or "")
    return None, str(message.get("text", ""))


def depth_of(view: Mapping[str, Any]) -> int:
    """Where a modal lies in the stack: 1 is the first, 0 is none."""
    if not view:
        return 0
    below = view.get("previous_view_id")
    if not below:
        return 1
    return 2 if below == view.get("root_view_id") else 3


def _metadata(text: str | None) -> dict[str, Any]:
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _fields(values: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> Iterator[tuple[str, str, Any]]:
    """Name, key (of an entry of a field) and value of every input."""
    for block, elements in values.items():
        for element in elements.values():
            yield *field_of(block), _plain(element)


def _collected(given: Iterable[tuple[str, str, Any]]) -> dict[str, Any]:
    """By name; the entries of a field together, without those that are empty."""
    fields: dict[str, Any] = {}
    for name, key, value in given:
        if not key:
            fields[name] = value
        elif value is not None:
            fields.setdefault(name, {})[key] = value
    return fields


def _plain(element: Mapping[str, Any]) -> Any:
    """The value of any input or button, whatever Slack calls it for that kind."""
    for one in ("selected_option", "selected_date", "selected_user", "value"):
        if element.get(one) is not None:
            found = element[one]
            return found["value"] if isinstance(found, Mapping) else found
    if "selected_options" in element:
        return [option["value"] for option in element["selected_options"]]
    return None


def read_event(body: Mapping[str, Any]) -> Call:
    event = body["event"]
    return Call(
        kind="event",
        id=event["type"],
        team=body["team_id"],
        user=event.get("user", ""),
        text=str(event.get("text", "")),
        channel=event.get("channel"),
        moment=str(body.get("event_id", "")),
    )
