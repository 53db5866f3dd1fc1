"""The counterpart of the workspace: a small Bolt app on a port of its own, and short words for views and blocks."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import requests
from flask import Flask, request
from slack_bolt import App
from slack_bolt.adapter.flask import SlackRequestHandler
from slack_sdk import WebClient

from bot.sandbox.server import WSGIApp, bind
from bot.sandbox.workspace import BOT_TOKEN, SIGNING_SECRET, Timing, create_app, default_manifest
from tests.support.person import Workspace

Json = dict[str, Any]


@dataclass
class Pair:
    """The workspace (seen through its control API) and the app: its Bolt object, client and received payloads."""

    workspace: Workspace
    app: App
    client: WebClient
    received: list[Json] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    handler: Any = None  # Socket Mode's, where a test connects one

    def api(self, method: str, body: Json | None = None, token: str | None = BOT_TOKEN, **more: Any) -> Json:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return requests.post(
            f"{self.workspace.url}/api/{method}", json=body or {}, headers=headers, timeout=10, **more
        ).json()


def manifest(*scopes: str, events: tuple[str, ...] = ()) -> Json:
    """The default manifest with more scopes and events, and a global shortcut."""
    made = default_manifest()
    made["oauth_config"]["scopes"]["bot"] += scopes
    made["settings"]["event_subscriptions"]["bot_events"] += events
    made["features"]["shortcuts"].append({"name": "New", "type": "global", "callback_id": "new", "description": "x"})
    return made


@contextmanager
def served(app: WSGIApp) -> Iterator[str]:
    """Like `running`, but gone at once: there are two servers to stop after each of many tests."""
    server = bind(app, 0)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)


@contextmanager
def started(**options: Any) -> Iterator[Pair]:
    """Both servers for the length of a with-block; the options go to create_app."""
    flask = Flask("counterpart")
    parts: dict[str, Any] = {}

    @flask.post("/slack/events")
    def slack_events() -> Any:
        pair: Pair = parts["pair"]
        pair.headers.append({name.lower(): value for name, value in request.headers.items()})
        return parts["handler"].handle(request)

    options = {"manifest": manifest("reactions:write"), **options}
    with (
        served(flask) as app_url,
        served(create_app(app_url=f"{app_url}/slack/events", **options)) as url,
    ):
        client = WebClient(token=BOT_TOKEN, base_url=f"{url}/api/")
        quiet = logging.getLogger("counterpart")
        quiet.setLevel(logging.CRITICAL)
        app = App(client=client, signing_secret=SIGNING_SECRET, process_before_response=True, logger=quiet)
        pair = Pair(Workspace(url), app, client)

        @app.middleware
        def remember(body: Json, next: Callable[[], None]) -> None:  # noqa: A002 - Bolt names its arguments
            pair.received.append(body)
            next()

        parts.update(pair=pair, handler=SlackRequestHandler(app))
        yield pair


# Long enough for a busy machine, short enough to wait for.
SHORT = Timing(ack=1.0, trigger=1.0, response_url=0.5, event_retries=(0.0, 0.05, 0.1))
TOO_LATE = 1.5


def wait_until(condition: Callable[[], Any], seconds: float = 5) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.01)


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def section(text: str = "Hello", **more: Any) -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}, **more}


def field_of(block_id: str, element: Json, **more: Any) -> Json:
    """An input block whose element has the action_id "it"."""
    return {
        "type": "input",
        "block_id": block_id,
        "label": plain(block_id.title()),
        "element": {"action_id": "it", **element},
        **more,
    }


def modal(*blocks: Json, **more: Any) -> Json:
    view = {"type": "modal", "callback_id": "form", "title": plain("Form"), "blocks": list(blocks), **more}
    if any(block["type"] == "input" for block in blocks):
        view.setdefault("submit", plain("Send"))
    return view


def button(action_id: str = "go", **more: Any) -> Json:
    return {"type": "button", "action_id": action_id, "text": plain("Go"), **more}


def actions(*elements: Json, block_id: str = "buttons") -> Json:
    return {"type": "actions", "block_id": block_id, "elements": list(elements)}


def option(text: str, value: str) -> Json:
    return {"text": plain(text), "value": value}


def opens(pair: Pair, view: Json) -> None:
    """/billing opens this view."""

    @pair.app.command("/billing")
    def billing(ack: Any, body: Json, client: WebClient) -> None:
        client.views_open(trigger_id=body["trigger_id"], view=view)
        ack()


def records(pair: Pair, **listeners: str) -> None:
    """Acknowledge actions, views, events ... by name: records(pair, action="go", view="form")."""
    for kind, name in listeners.items():
        getattr(pair.app, kind)(name)(lambda ack: ack())
