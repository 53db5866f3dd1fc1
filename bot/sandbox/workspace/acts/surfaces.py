"""Where a person clicks: the modal on top, Home, or a message."""

from __future__ import annotations

from dataclasses import dataclass

from bot.sandbox.workspace import inputs, payloads
from bot.sandbox.workspace.acts.outcome import response_url
from bot.sandbox.workspace.acts.words import message_of
from bot.sandbox.workspace.common import Json
from bot.sandbox.workspace.inputs import NotPossible, State
from bot.sandbox.workspace.messages import Message
from bot.sandbox.workspace.modals import View
from bot.sandbox.workspace.people import Channel, Person
from bot.sandbox.workspace.tickets import ResponseUrl
from bot.sandbox.workspace.workspace import Workspace


@dataclass(frozen=True)
class Spot:
    """How a caller names a surface. Nothing given: the modal on top, and Home when no modal is open."""

    surface: str | None = None
    channel: str | None = None
    ts: str | None = None
    outdated: bool = False


@dataclass
class InView:
    workspace: Workspace
    view: View

    @property
    def id(self) -> str:
        return self.view.id

    @property
    def blocks(self) -> list[Json]:
        blocks: list[Json] = self.view.body["blocks"]
        return blocks

    @property
    def values(self) -> State:
        return self.view.values

    def record(self, values: State) -> None:
        self.workspace.views.set_values(self.view, values)

    def fields(self) -> Json:
        return payloads.in_view(self.view)

    def late_answer(self) -> Json:
        """Clicks in views have no response_url."""
        return {}


@dataclass
class InMessage:
    """`shown` is what the person's screen shows: the message, or an earlier version of it."""

    workspace: Workspace
    person: Person
    message: Message
    channel: Channel
    shown: Json

    @property
    def id(self) -> str:
        return self.message.ts

    @property
    def blocks(self) -> list[Json]:
        attached = [block for part in self.shown.get("attachments", []) for block in part.get("blocks", [])]
        return [*self.shown.get("blocks", []), *attached]

    @property
    def values(self) -> State:
        kept = self.message.values.get(self.person.id, {})
        return inputs.state_of(self.blocks, kept)

    def record(self, values: State) -> None:
        mine = self.message.values.get(self.person.id, {})
        self.message.values[self.person.id] = inputs.merged(mine, values)

    def fields(self) -> Json:
        return {
            **payloads.in_message(self.message, self.shown, self.channel),
            "state": {"values": self.values},
        }

    def late_answer(self) -> Json:
        thread_ts = self.shown.get("thread_ts")
        url = ResponseUrl(self.person.id, self.channel.id, self.message.ts, thread_ts)
        return {"response_url": response_url(self.workspace, "actions", url)}


def at(workspace: Workspace, person: Person, spot: Spot, action_id: str | None = None) -> InView | InMessage:
    """The surface, or NotPossible. An outdated message is the newest earlier version that still has the action."""
    if spot.ts:
        message = message_of(workspace, person, spot.channel, spot.ts)
        shown = _version(message, action_id) if spot.outdated else message.body
        return InMessage(workspace, person, message, workspace.messages.channel(message.channel), shown)
    view = workspace.views.top(person.id) if spot.surface in (None, "modal") else None
    if view is None and spot.surface in (None, "home"):
        view = workspace.views.home(person.id)
    if view is None:
        raise NotPossible(f"{person.name} has nothing open here")
    return InView(workspace, view)


def _version(message: Message, action_id: str | None) -> Json:
    for body in message.earlier:
        if any(element["action_id"] == action_id for _, element in inputs.elements(body.get("blocks", []))):
            return body
    raise NotPossible("no earlier version of this message has that action")
