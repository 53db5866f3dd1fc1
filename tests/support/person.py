"""Acting as people of the local workspace, so that a flow test reads like what a person does.

workspace = Workspace("http://127.0.0.1:8700")
mia = workspace.person("agent")
mia.types("/billing ada")
mia.presses("new_subscription")
mia.submits({"quantity": 3, "start": "2026-02-01"})
assert "Subscription started" in mia.text
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

import requests

Json = dict[str, Any]
T = TypeVar("T")


class NotAccepted(AssertionError):
    """The workspace says that nobody could do this in Slack: nothing is open, there is no such button."""


@dataclass(frozen=True)
class Reply:
    """What came of an act: the app's HTTP status (0: no answer, None: nothing was sent) and what the person saw."""

    status: int | None
    ms: float
    errors: dict[str, str] = field(default_factory=dict)
    error: str | None = None
    confirm: Json | None = None

    @property
    def ok(self) -> bool:
        return self.status == 200 and not self.errors and self.error is None


class Workspace:
    """The local workspace at `url`, over its control API, on connections that are kept."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._connections = requests.Session()
        self._connections.trust_env = False  # no proxy stands before 127.0.0.1

    def person(self, who: str) -> Person:
        """By role (agent, sales, manager, admin) or by Slack id."""
        for data in self.get("/control/people")["people"]:
            if who in (data["id"], data["role"], data["username"]):
                return Person(self, data)
        raise LookupError(who)

    def says(self, who: str, channel: str, text: str) -> Json:
        """A message from somebody, of which the app is not told; answers the message."""
        return self.post("/control/messages", {"channel": channel, "user": who, "text": text})["message"]

    def fails(self, method: str, fault: str, calls: int = 1, retry_after: int = 1) -> None:
        """The next calls of a Web API method meet this fault: ratelimited, server_error, cut_before, cut_after."""
        self.post("/control/faults", {"method": method, "fault": fault, "calls": calls, "retry_after": retry_after})

    def heals(self) -> None:
        self.request("DELETE", "/control/faults")

    def resets(self) -> None:
        self.post("/control/reset", {})

    def log(self, after: int = 0) -> list[Json]:
        return self.get("/control/log", after=after)["entries"]

    @property
    def refused(self) -> list[Json]:
        """Everything in the wire log that Slack would not have taken: an empty list in a healthy test."""
        return [entry for entry in self.log() if entry["refused"]]

    def get(self, path: str, **query: Any) -> Json:
        return self.request("GET", path, params=query)

    def post(self, path: str, body: Json) -> Json:
        return self.request("POST", path, json=body)

    def request(self, method: str, path: str, **more: Any) -> Json:
        response = self._connections.request(method, self.url + path, timeout=30, **more)
        answer = response.json()
        if not response.ok:
            raise NotAccepted(answer["error"])
        return answer


class Person:
    """One person. What they do returns a Reply once the app has answered; what they see is read anew each time."""

    def __init__(self, workspace: Workspace, data: Json) -> None:
        self.workspace = workspace
        self.id: str = data["id"]
        self.name: str = data["name"]
        self.role: str | None = data["role"]

    def __repr__(self) -> str:
        return f"<{self.name}>"

    # What they do

    def types(self, text: str, channel: str | None = None) -> Reply:
        """A slash command, or else an ordinary message; in their direct messages with the app if not told where."""
        if text.startswith("/"):
            return self._act("command", text=text, channel=channel)
        return self._act("message", text=text, channel=channel)

    def shortcut(self, callback_id: str, message: Json | None = None) -> Reply:
        """A global shortcut, or with a message one from that message's menu."""
        where = {"channel": message["channel"], "ts": message["ts"]} if message else {}
        return self._act("shortcut", callback_id=callback_id, **where)

    def presses(
        self,
        action_id: str,
        value: Any = None,
        *,
        block_id: str | None = None,
        message: Json | None = None,
        surface: str | None = None,
        confirmed: bool = True,
        outdated: bool = False,
    ) -> Reply:
        """A button, or a choice in a menu: in `message`, else in the modal on top, else on Home.

        People agree to confirmation dialogs; with `confirmed=False` nothing is sent and the reply has the dialog.
        `outdated`: the person still sees an earlier version of the message.
        """
        where: Json = {"channel": message["channel"], "ts": message["ts"]} if message else {"surface": surface}
        return self._act(
            "press",
            action_id=action_id,
            block_id=block_id,
            value=value,
            confirmed=confirmed,
            outdated=outdated,
            **where,
        )

    def enters(self, values: Json) -> Reply:
        """Plain values into inputs, by block_id, without submitting."""
        self._open_menus(values)
        return self._act("input", values=values)

    def _open_menus(self, values: Json) -> None:
        """Menus that the app fills when they are opened show first what can be chosen."""
        for block in (self.view or {}).get("blocks", []):
            element = block.get("element") or {}
            if block.get("block_id") in values and element.get("min_query_length") == 0:
                self.options(block["block_id"])

    def submits(self, values: Json | None = None) -> Reply:
        """The modal on top, with plain values by block_id; what is not named keeps what it shows."""
        self._open_menus(values or {})
        return self._act("submit", values=values or {})

    def closes(self, *, everything: bool = False) -> Reply:
        return self._act("close", all=everything)

    def opens_home(self) -> Reply:
        return self._act("home")

    def options(self, block_id: str, query: str = "", *, action_id: str | None = None) -> list[Json]:
        """What a select offers for the typed text; groups are flattened. Only offered options can be chosen."""
        answer = self.workspace.get(
            f"/control/people/{self.id}/options", block_id=block_id, query=query, action_id=action_id
        )
        groups = answer.get("option_groups") or []
        return [*answer.get("options", []), *(option for group in groups for option in group["options"])]

    def picks(self, block_id: str, query: str) -> str:
        """Searches in an external select and takes the first hit; answers its value, ready for `submits`."""
        offered = self.options(block_id, query)
        if not offered:
            raise NotAccepted(f"no option for {query!r}")
        value: str = offered[0]["value"]
        self.enters({block_id: value})
        return value

    # What they see

    @property
    def screen(self) -> Json:
        return self.workspace.get(f"/control/people/{self.id}/screen")

    @property
    def views(self) -> list[Json]:
        """The open modals, from the bottom to the top."""
        return self.screen["views"]

    @property
    def view(self) -> Json | None:
        """The modal on top."""
        views = self.views
        return views[-1] if views else None

    @property
    def home(self) -> Json | None:
        return self.screen["home"]

    @property
    def messages(self) -> list[Json]:
        """All that this person can read, oldest first."""
        return self.screen["messages"]

    @cached_property
    def direct_channel(self) -> str:
        """The channel of their direct messages with the app."""
        channels = self.workspace.get("/control/channels", user=self.id)["channels"]
        return next(channel["id"] for channel in channels if channel.get("person") == self.id)

    @property
    def direct_messages(self) -> list[Json]:
        return [message for message in self.messages if message["channel"] == self.direct_channel]

    @property
    def text(self) -> str:
        """Everything that can be read in the modal on top, one text per line, with what is typed in it."""
        screen = self.screen
        if not screen["views"]:
            return ""
        return "\n".join([*texts(screen["views"][-1]), *screen["errors"].values(), screen["notice"] or ""]).strip()

    @property
    def home_text(self) -> str:
        home = self.home
        return "\n".join(texts(home)) if home else ""

    def button(self, action_id: str, message: Json | None = None) -> Json | None:
        """A button, or None when it is not shown."""
        place = message or self.view or self.home or {}
        return next((e for e in _objects(place.get("blocks", [])) if e.get("action_id") == action_id), None)

    def waits_for(self, condition: Callable[[Person], T], seconds: float = 10) -> T:
        """Look again and again until the condition holds; answers what it returned."""
        until = time.monotonic() + seconds
        while True:
            found = condition(self)
            if found:
                return found
            if time.monotonic() > until:
                raise AssertionError(f"{self.name} waited {seconds} s in vain; the modal says:\n{self.text}")
            time.sleep(0.03)

    def _act(self, what: str, **body: Any) -> Reply:
        given = {name: value for name, value in body.items() if value is not None}
        answer = self.workspace.post(f"/control/people/{self.id}/{what}", given)
        return Reply(answer["status"], answer["ms"], answer["errors"], answer["error"], answer.get("confirm"))


def texts(shown: Json) -> list[str]:
    """All texts of a view or message in reading order: titles, blocks, labels, options, buttons, typed values."""
    found = [shown["title"]["text"]] if shown.get("type") == "modal" else []
    if isinstance(shown.get("text"), str):
        found.append(shown["text"])
    found += [node["text"] for node in _objects(shown.get("blocks", [])) if isinstance(node.get("text"), str)]
    typed = [state for block in shown.get("state", {}).get("values", {}).values() for state in block.values()]
    found += [state["value"] for state in typed if isinstance(state.get("value"), str)]
    return found + [shown[name]["text"] for name in ("submit", "close") if shown.get(name)]


# What stands over and under the rest of a block or element.
_ORDER = {"label": 0, "title": 0, "text": 0, "fields": 0, "hint": 2}


def _objects(node: Any) -> Iterator[Json]:
    """Every object inside, in the order in which it is shown."""
    if isinstance(node, dict):
        yield node
        for _, inner in sorted(node.items(), key=lambda item: _ORDER.get(item[0], 1)):
            yield from _objects(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from _objects(inner)
