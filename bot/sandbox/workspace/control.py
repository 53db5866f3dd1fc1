"""The control API: a program, or the page, acts as a person. JSON over HTTP under ``/control``.

``USER`` is a Slack user id or a role word (agent, sales, manager, admin).

====== =================================== ====================================================================
GET    /control/people                     who is here, the team and the app
GET    /control/commands                   slash commands and shortcuts of the manifest
GET    /control/channels?user=             channels and direct messages, with their members
GET    /control/channels/ID/messages?user= what that person reads there, oldest first
GET    /control/people/USER/screen         views (bottom to top), Home, messages, notice and errors of the top view
GET    /control/people/USER/options        ?action_id=&block_id=&query= what a select offers
POST   /control/people/USER/command        {"text", "channel"?}
POST   /control/people/USER/message        {"channel", "text", "thread_ts"?}
POST   /control/people/USER/shortcut       {"callback_id", "channel"?, "ts"?}
POST   /control/people/USER/press          {"action_id", "block_id"?, "value"?, "confirmed"?, "ts"?, "channel"?,
                                           "surface"?, "outdated"?}
POST   /control/people/USER/input          {"values": {BLOCK_ID: plain value}} types without sending
POST   /control/people/USER/submit         {"values": {BLOCK_ID: plain value}}
POST   /control/people/USER/close          {"all"?}
POST   /control/people/USER/home           opens the Home tab
POST   /control/messages                   {"channel", "user", "text"} a message from anybody, told to nobody
GET    /control/log?after=N                the wire log
GET    /control/events?user=               server-sent events: {"changed": [...], "user", "channel"?}
POST   /control/faults                     {"method", "calls"?, "fault", "retry_after"?}; also GET and DELETE
POST   /control/reset                      everything as new
====== =================================== ====================================================================

What a person does answers only once the app's ack is there:
``{"status": 200, "ms": 12.3, "errors": {}, "error": null}``. `status` 0: no answer came; null: nothing was sent
(`confirm` holds the dialog to agree to, `errors` what the inputs lack). Mistakes of the caller are 4xx
``{"error": text}``.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request

from bot.sandbox.workspace import people
from bot.sandbox.workspace.acts import clicks, dialogs, words
from bot.sandbox.workspace.acts.surfaces import Spot
from bot.sandbox.workspace.common import (
    APP_ID,
    BOT_ID,
    BOT_USER_ID,
    TEAM_DOMAIN,
    TEAM_ID,
    TEAM_NAME,
    Json,
    Refused,
)
from bot.sandbox.workspace.faults import Fault, Kind
from bot.sandbox.workspace.inputs import NotPossible
from bot.sandbox.workspace.messages import by_person
from bot.sandbox.workspace.people import PEOPLE, Channel, Person
from bot.sandbox.workspace.workspace import Workspace


class BadRequest(Exception):
    """The caller's mistake: something is missing or of the wrong type."""


def _body() -> Json:
    body = request.get_json(silent=True) if request.get_data() else {}
    if not isinstance(body, dict):
        raise BadRequest("the body must be a JSON object")
    return body


def _text(body: Json, name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise BadRequest(f"{name} is missing")
    return value


def _values(body: Json) -> dict[str, Any]:
    values = body.get("values", {})
    if not isinstance(values, dict):
        raise BadRequest("values must be an object of plain values by block_id")
    return values


def _person(reference: str) -> Person:
    return people.BY_ID[_user_id(reference)]


def _user_id(reference: str) -> str:
    by_name = {person.username: person.id for person in PEOPLE}
    found = people.BY_ROLE[reference].id if reference in people.BY_ROLE else by_name.get(reference, reference)
    if found not in people.BY_ID:
        raise NotPossible(f"nobody here is {reference!r}")
    return found


def blueprint(workspace: Workspace) -> Blueprint:
    control = Blueprint("control", __name__, url_prefix="/control")
    _errors(control)
    _reading(control, workspace)
    _acting(control, workspace)
    _staging(control, workspace)
    return control


def _errors(control: Blueprint) -> None:
    @control.errorhandler(BadRequest)
    def bad_request(error: BadRequest) -> tuple[Response, int]:
        return jsonify(error=str(error)), 400

    @control.errorhandler(NotPossible)
    def not_possible(error: NotPossible) -> tuple[Response, int]:
        return jsonify(error=str(error)), 409

    @control.errorhandler(Refused)
    def refused(error: Refused) -> tuple[Response, int]:
        return jsonify(error=error.code), 404


def _reading(control: Blueprint, workspace: Workspace) -> None:
    @control.get("/people")
    def everybody() -> Response:
        return jsonify(
            people=[_person_json(person) for person in PEOPLE],
            team={"id": TEAM_ID, "name": TEAM_NAME, "domain": TEAM_DOMAIN},
            app={
                "id": APP_ID,
                "name": workspace.app.name,
                "bot_id": BOT_ID,
                "bot_user_id": BOT_USER_ID,
                "has_home": workspace.app.home_enabled,
            },
        )

    @control.get("/commands")
    def commands() -> Response:
        return jsonify(
            commands=[
                {name: command.get(name, "") for name in ("command", "description", "usage_hint")}
                for command in workspace.app.commands
            ],
            shortcuts=list(workspace.app.shortcuts),
        )

    @control.get("/channels")
    def channels() -> Response:
        user = request.args.get("user")
        seen = workspace.messages.channels(_user_id(user) if user else None)
        return jsonify(channels=[_channel_json(channel) for channel in seen])

    @control.get("/channels/<channel_id>/messages")
    def messages(channel_id: str) -> Response:
        user = _user_id(request.args.get("user") or "admin")
        channel = workspace.messages.channel(channel_id)
        return jsonify(messages=[message.seen() for message in workspace.messages.seen_by(user, channel.id)])

    @control.get("/people/<user>/screen")
    def screen(user: str) -> Response:
        return jsonify(_screen(workspace, _person(user)))

    @control.get("/people/<user>/options")
    def options(user: str) -> Response:
        given = request.args
        if not given.get("action_id") and not given.get("block_id"):
            raise BadRequest("action_id or block_id is missing")
        return jsonify(
            clicks.options(
                workspace,
                _person(user),
                _spot(given.to_dict()),
                action_id=given.get("action_id"),
                block_id=given.get("block_id"),
                query=given.get("query", ""),
            )
        )

    @control.get("/log")
    def log() -> Response:
        return jsonify(workspace.log.after(request.args.get("after", 0, int)))

    @control.get("/events")
    def events() -> Response:
        user = request.args.get("user")
        stream = workspace.changes.stream(_user_id(user) if user else None)
        return Response(stream, mimetype="text/event-stream", headers={"Cache-Control": "no-store"})


def _acting(control: Blueprint, workspace: Workspace) -> None:
    @control.post("/people/<user>/command")
    def command(user: str) -> Response:
        body = _body()
        outcome = words.command(workspace, _person(user), _text(body, "text"), body.get("channel"))
        return jsonify(outcome.as_json())

    @control.post("/people/<user>/message")
    def message(user: str) -> Response:
        body = _body()
        posted, outcome = words.message(
            workspace, _person(user), body.get("channel"), _text(body, "text"), body.get("thread_ts")
        )
        return jsonify(**outcome.as_json(), message=posted.seen())

    @control.post("/people/<user>/shortcut")
    def shortcut(user: str) -> Response:
        body = _body()
        callback_id = _text(body, "callback_id")
        outcome = words.shortcut(workspace, _person(user), callback_id, body.get("channel"), body.get("ts"))
        return jsonify(outcome.as_json())

    @control.post("/people/<user>/press")
    def press(user: str) -> Response:
        body = _body()
        outcome = clicks.press(
            workspace,
            _person(user),
            _spot(body),
            action_id=_text(body, "action_id"),
            block_id=body.get("block_id"),
            value=body["selected"] if "selected" in body else body.get("value"),
            confirmed=body.get("confirmed") is True,
        )
        return jsonify(outcome.as_json())

    @control.post("/people/<user>/input")
    def type_in(user: str) -> Response:
        body = _body()
        clicks.fill(workspace, _person(user), _spot(body), _values(body))
        return jsonify(status=None, ms=0, errors={}, error=None)

    @control.post("/people/<user>/submit")
    def submit(user: str) -> Response:
        return jsonify(dialogs.submit(workspace, _person(user), _values(_body())).as_json())

    @control.post("/people/<user>/close")
    def close(user: str) -> Response:
        everything = _body().get("all") is True
        return jsonify(dialogs.close(workspace, _person(user), everything=everything).as_json())

    @control.post("/people/<user>/home")
    def home(user: str) -> Response:
        return jsonify(words.home(workspace, _person(user)).as_json())


def _staging(control: Blueprint, workspace: Workspace) -> None:
    @control.post("/messages")
    def say() -> Response:
        body = _body()
        channel = workspace.messages.channel(_text(body, "channel"))
        author = by_person(_user_id(_text(body, "user")))
        message = workspace.messages.post(channel.id, author, _text(body, "text"), thread_ts=body.get("thread_ts"))
        return jsonify(message=message.seen())

    @control.get("/faults")
    def faults() -> Response:
        return jsonify(faults=workspace.faults.as_json())

    @control.post("/faults")
    def add_fault() -> Response:
        body = _body()
        try:
            kind = Kind(_text(body, "fault"))
            calls, retry_after = int(body.get("calls", 1)), int(body.get("retry_after", 1))
        except (TypeError, ValueError) as error:
            raise BadRequest(f"fault must be one of {', '.join(Kind)}; calls and retry_after numbers") from error
        workspace.faults.add(Fault(_text(body, "method"), kind, calls, retry_after))
        return jsonify(faults=workspace.faults.as_json())

    @control.delete("/faults")
    def clear_faults() -> Response:
        workspace.faults.clear()
        return jsonify(faults=[])

    @control.post("/reset")
    def reset() -> Response:
        workspace.reset()
        return jsonify(ok=True)


def _spot(given: Json) -> Spot:
    return Spot(
        surface=given.get("surface"),
        channel=given.get("channel"),
        ts=given.get("ts"),
        outdated=given.get("outdated") in (True, "true"),
    )


def _screen(workspace: Workspace, person: Person) -> Json:
    stack, home = workspace.views.stack(person.id), workspace.views.home(person.id)
    return {
        "views": [view.as_json() for view in stack],
        "home": home.as_json() if home else None,
        "messages": [message.seen() for message in workspace.messages.seen_by(person.id)],
        "notice": stack[-1].notice if stack else None,
        "errors": stack[-1].errors if stack else {},
    }


def _person_json(person: Person) -> Json:
    return {
        "id": person.id,
        "name": person.name,
        "first_name": person.first_name,
        "username": person.username,
        "role": person.role,
        "title": person.title,
        "email": person.email,
        "locale": person.locale,
        "tz": person.tz,
        "is_guest": person.is_guest,
        "color": person.color,
    }


def _channel_json(channel: Channel) -> Json:
    answer: Json = {
        "id": channel.id,
        "name": channel.name,
        "type": channel.kind,
        "topic": channel.topic,
        "members": list(channel.members),
    }
    if channel.person:
        answer |= {"user": BOT_USER_ID, "person": channel.person}
    return answer
