"""Slack for tests of handlers: a Web API that remembers its calls and fails on request, and what Slack sends.

The local workspace of the sandbox is stricter and is used by the flow tests; this is for one request at a time.
"""

from __future__ import annotations

import json
from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse

Json = dict[str, Any]


def slack_error(error: str, status: int = 200, **headers: str) -> SlackApiError:
    """What the library raises when Slack answers with an error. Headers: `retry_after="3"`."""
    response = SlackResponse(
        client=None,
        http_verb="POST",
        api_url="https://slack.example/api/",
        req_args={},
        data={"ok": False, "error": error},
        headers={name.replace("_", "-").title(): value for name, value in headers.items()},
        status_code=status,
    )
    return SlackApiError(f"Slack answered {error}", response)


@dataclass(frozen=True)
class Called:
    """One call of a Web API method that was answered."""

    method: str
    arguments: Json


@dataclass
class FakeSlack:
    """The methods of `WebClient` that are called. A trigger opens one modal, as in Slack."""

    people: dict[str, Json] = field(default_factory=dict)  # profiles by user
    groups: dict[str, list[str]] = field(default_factory=dict)  # members by handle
    calls: list[Called] = field(default_factory=list)
    fails: dict[str, deque[Exception]] = field(default_factory=lambda: defaultdict(deque))
    triggers: set[str] = field(default_factory=set)  # those that were used

    def views_open(self, *, trigger_id: str, view: Json) -> None:
        self._called("views_open", trigger_id=trigger_id, view=view)

    def views_push(self, *, trigger_id: str, view: Json) -> None:
        self._called("views_push", trigger_id=trigger_id, view=view)

    def views_update(self, *, view_id: str, view: Json, hash: str | None = None) -> None:  # noqa: A002 - Slack's name
        self._called("views_update", view_id=view_id, view=view, hash=hash)

    def chat_postMessage(self, *, channel: str, text: str, blocks: list[Json]) -> Json:  # noqa: N802 - the library's name
        """A user's direct messages are in the channel that has a D for the U."""
        self._called("chat_postMessage", channel=channel, text=text, blocks=blocks)
        place = f"D{channel[1:]}" if channel.startswith("U") else channel
        return {"ok": True, "channel": place, "ts": f"{len(self.calls)}.0"}

    def chat_update(self, *, channel: str, ts: str, text: str, blocks: list[Json]) -> Json:
        self._called("chat_update", channel=channel, ts=ts, text=text, blocks=blocks)
        return {"ok": True, "channel": channel, "ts": ts}

    def files_upload_v2(self, *, channel: str, filename: str, content: str) -> None:
        self._called("files_upload_v2", channel=channel, filename=filename, content=content)

    def views_publish(self, *, user_id: str, view: Json, hash: str | None = None) -> None:  # noqa: A002 - Slack's name
        self._called("views_publish", user_id=user_id, view=view, hash=hash)

    def users_info(self, *, user: str, include_locale: bool) -> Json:
        self._called("users_info", user=user)
        if user not in self.people:
            raise slack_error("user_not_found")
        return {"user": self.people[user]}

    def usergroups_list(self) -> Json:
        self._called("usergroups_list")
        return {"usergroups": [{"id": f"S_{handle}", "handle": handle} for handle in self.groups]}

    def usergroups_users_list(self, *, usergroup: str) -> Json:
        self._called("usergroups_users_list", usergroup=usergroup)
        return {"users": self.groups[usergroup.removeprefix("S_")]}

    def auth_test(self) -> Json:
        return {"team_id": "T1"}

    def called(self, *methods: str) -> list[Called]:
        return [one for one in self.calls if one.method in methods]

    def _called(self, method: str, **arguments: Any) -> None:
        if self.fails[method]:
            raise self.fails[method].popleft()
        trigger = arguments.get("trigger_id")
        if trigger is not None:
            if not trigger or trigger in self.triggers:
                raise slack_error("exchanged_trigger_id" if trigger else "invalid_trigger_id")
            self.triggers.add(trigger)
        self.calls.append(Called(method, arguments))


# What Slack sends


def open_view(view: Json, depth: int = 1, **changes: Any) -> Json:
    """A view as it comes back from Slack, that high in the stack of modals."""
    below = {1: None, 2: "V_ROOT", 3: "V_MIDDLE"}[depth]
    place = {"id": "V1", "hash": "h1", "root_view_id": "V_ROOT" if below else "V1", "previous_view_id": below}
    return {"private_metadata": "", **view, **place, **changes}


def filled(view: Json, **given: Any) -> Json:
    """The view with what is in its inputs: what the app put there, and what the person gave by block id."""
    values: Json = {}
    for block in view["blocks"]:
        if block["type"] == "input":
            name = block["block_id"]
            values[name] = {block["element"]["action_id"]: _answered(block["element"], given.pop(name, ...))}
    assert not given, f"no such inputs: {sorted(given)}"
    return {**view, "state": {"values": values}}


def _answered(element: Json, given: Any) -> Json:
    match element["type"]:
        case "static_select" | "external_select" | "radio_buttons":
            initial = element.get("initial_option")
            chosen = {"value": given} if isinstance(given, str) else None
            return {"type": element["type"], "selected_option": initial if given is ... else chosen}
        case "checkboxes" | "multi_static_select":
            chosen = [{"value": one} for one in given] if given is not ... else element.get("initial_options", [])
            return {"type": element["type"], "selected_options": chosen}
        case "users_select":
            return {"type": "users_select", "selected_user": element.get("initial_user") if given is ... else given}
        case "datepicker":
            return {"type": "datepicker", "selected_date": element.get("initial_date") if given is ... else given}
        case kind:
            value = element.get("initial_value") if given is ... else given
            return {"type": kind, "value": None if value is None else str(value)}


def command(text: str, user: str, trigger: str) -> Json:
    return {
        "command": "/billing",
        "text": text,
        "team_id": "T1",
        "user_id": user,
        "channel_id": "C1",
        "trigger_id": trigger,
    }


def interaction(user: str, trigger: str, **more: Any) -> Json:
    """The envelope of everything that is clicked."""
    return {"team": {"id": "T1"}, "user": {"id": user, "team_id": "T1"}, "trigger_id": trigger, **more}


def action(action_id: str, value: str | None, moment: str = "1.0", *, chosen: bool = False) -> Json:
    """A button that was pressed or, if `chosen`, an option of a menu that was picked."""
    picked = {"selected_option": {"value": value}} if chosen else {"value": value}
    return {"action_id": action_id, "action_ts": moment, "block_id": "b", **picked}


def texts(value: Any) -> str:
    """All that a person reads in a view, a message or an option load, one text a line."""
    if isinstance(value, dict):
        if value.get("type") in ("plain_text", "mrkdwn"):
            return str(value["text"])
        return "\n".join(filter(None, (texts(inner) for inner in value.values())))
    if isinstance(value, list):
        return "\n".join(filter(None, (texts(inner) for inner in value)))
    return ""


def elements(view: Json) -> dict[str, Json]:
    """Every element that can be used, by its action id."""
    found = {}
    for block in view["blocks"]:
        for element in (block.get("element"), block.get("accessory"), *block.get("elements", [])):
            if isinstance(element, dict) and "action_id" in element:
                found[element["action_id"]] = element
    return found


def metadata(view: Json) -> Json:
    return json.loads(view["private_metadata"] or "{}")
