"""Channels and messages: who sees what, what was there before."""

from __future__ import annotations

import copy
import threading
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.workspace import people
from bot.sandbox.workspace.changes import Changes
from bot.sandbox.workspace.common import APP_ID, BOT_ID, BOT_USER_ID, TEAM_ID, Json, Refused, Timestamps
from bot.sandbox.workspace.inputs import State
from bot.sandbox.workspace.people import CHANNELS, PEOPLE, Channel
from bot.sandbox.workspace.store import Store

EARLIER_KEPT = 5


@dataclass(eq=False)
class Message:
    """A message as Slack would show it. An ephemeral one has the only person who sees it.

    `earlier` are the versions before updates, newest first: a phone may still show one of them. `values` is what each
    person chose in its inputs.
    """

    channel: str
    body: Json
    only_for: str | None = None
    earlier: list[Json] = field(default_factory=list)
    values: dict[str, State] = field(default_factory=dict)

    @property
    def ts(self) -> str:
        return str(self.body["ts"])

    def seen(self) -> Json:
        extra: Json = {"channel": self.channel}
        if self.only_for:
            extra["is_ephemeral"] = True
        return {**copy.deepcopy(self.body), **extra}


def by_bot(app_name: str) -> Json:
    """The fields that say that the app wrote a message."""
    return {
        "user": BOT_USER_ID,
        "bot_id": BOT_ID,
        "app_id": APP_ID,
        "team": TEAM_ID,
        "bot_profile": {"id": BOT_ID, "app_id": APP_ID, "name": app_name, "deleted": False, "team_id": TEAM_ID},
    }


def by_person(user: str) -> Json:
    return {"user": user, "team": TEAM_ID}


BY_SLACKBOT: Json = {"user": "USLACKBOT", "username": "Slackbot", "team": TEAM_ID, "failed": True}


class Messages:
    """All messages, oldest first. Every method may be called from any thread."""

    def __init__(self, clock: Timestamps, changes: Changes, store: Store) -> None:
        self._clock = clock
        self._changes = changes
        self._store = store
        self._lock = threading.RLock()
        self._channels = {channel.id: channel for channel in CHANNELS}
        self._channels |= {im.id: im for im in map(people.direct_messages, PEOPLE)}
        self._messages: dict[tuple[str, str], Message] = {}
        self._load()

    def _load(self) -> None:
        for document in self._store.all("message"):
            message = Message(**document)
            self._messages[message.channel, message.ts] = message
            self._clock.never_before(message.ts)
        if not self._messages:
            self._small_talk()

    def _small_talk(self) -> None:
        writers = {person.username: person.id for person in PEOPLE}
        for name, username, text in people.SMALL_TALK:
            self.post(self.channel(f"#{name}").id, by_person(writers[username]), text)

    def reset(self) -> None:
        with self._lock:
            self._messages.clear()
            self._small_talk()

    def channels(self, user: str | None = None) -> list[Channel]:
        """Those that the user sees, direct messages last; all of them for None."""
        return [channel for channel in self._channels.values() if user is None or channel.sees(user)]

    def channel(self, reference: str) -> Channel:
        """By id, ``#name``, name or (direct messages with the app) a person's id; refused: ``channel_not_found``."""
        if reference in self._channels:
            return self._channels[reference]
        if reference in people.BY_ID:
            return self._channels[people.im_id(reference)]
        name = reference.removeprefix("#")
        for channel in self._channels.values():
            if channel.name == name and not channel.person:
                return channel
        raise Refused("channel_not_found")

    def post(
        self,
        channel: str,
        author: Json,
        text: str,
        *,
        blocks: list[Json] | None = None,
        only_for: str | None = None,
        thread_ts: str | None = None,
        more: Json | None = None,
    ) -> Message:
        body: Json = {"type": "message", "ts": self._clock.next(), "text": text, **author, **(more or {})}
        if blocks:
            body["blocks"] = blocks
        if thread_ts:
            body["thread_ts"] = thread_ts
        message = Message(channel, body, only_for)
        with self._lock:
            self._messages[channel, message.ts] = message
            self._keep(message)
        return message

    def change(self, message: Message, changes: Json) -> None:
        """Replace fields of a message; None takes a field away."""
        with self._lock:
            message.earlier = [copy.deepcopy(message.body), *message.earlier][:EARLIER_KEPT]
            edited = {} if message.only_for else {"edited": {"user": BOT_USER_ID, "ts": self._clock.next()}}
            message.body = {k: v for k, v in {**message.body, **changes, **edited}.items() if v is not None}
            self._keep(message)

    def annotate(self, message: Message, **fields: Any) -> None:
        """Set fields without an edit of the message: reactions, unfurled links. Empty ones are taken away."""
        with self._lock:
            message.body = {k: v for k, v in {**message.body, **fields}.items() if k not in fields or v}
            self._keep(message)

    def remove(self, message: Message) -> None:
        with self._lock:
            self._messages.pop((message.channel, message.ts), None)
            self._store.remove("message", f"{message.channel} {message.ts}")
        self._changes.tell("messages", user=message.only_for, channel=message.channel)

    def _keep(self, message: Message) -> None:
        document: dict[str, Any] = {
            "channel": message.channel,
            "body": message.body,
            "only_for": message.only_for,
            "earlier": message.earlier,
        }
        self._store.put("message", f"{message.channel} {message.ts}", document)
        self._changes.tell("messages", user=message.only_for, channel=message.channel)

    def get(self, channel: str, ts: str) -> Message | None:
        with self._lock:
            return self._messages.get((channel, ts))

    def seen_by(self, user: str, channel: str | None = None) -> list[Message]:
        """What the user can read, oldest first, in all channels or in one."""
        with self._lock:
            return [
                message
                for message in self._messages.values()
                if channel in (None, message.channel)
                and message.only_for in (None, user)
                and self._channels[message.channel].sees(user)
            ]
