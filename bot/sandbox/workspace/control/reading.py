"""What there is: people, channels, messages, a person's screen, the wire log."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request

from bot.sandbox.workspace.acts import clicks
from bot.sandbox.workspace.common import APP_ID, BOT_ID, BOT_USER_ID, TEAM_DOMAIN, TEAM_ID, TEAM_NAME, Json
from bot.sandbox.workspace.control import asked
from bot.sandbox.workspace.control.asked import BadRequest
from bot.sandbox.workspace.people import PEOPLE, Channel, Person
from bot.sandbox.workspace.workspace import Workspace


def routes(control: Blueprint, workspace: Workspace) -> None:
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
        seen = workspace.messages.channels(asked.user_id(user) if user else None)
        return jsonify(channels=[_channel_json(channel) for channel in seen])

    @control.get("/channels/<channel_id>/messages")
    def messages(channel_id: str) -> Response:
        user = asked.user_id(request.args.get("user") or "admin")
        channel = workspace.messages.channel(channel_id)
        return jsonify(messages=[message.seen() for message in workspace.messages.seen_by(user, channel.id)])

    @control.get("/people/<user>/screen")
    def screen(user: str) -> Response:
        return jsonify(_screen(workspace, asked.person(user)))

    @control.get("/people/<user>/options")
    def options(user: str) -> Response:
        given = request.args
        if not given.get("action_id") and not given.get("block_id"):
            raise BadRequest("action_id or block_id is missing")
        return jsonify(
            clicks.options(
                workspace,
                asked.person(user),
                asked.spot(given.to_dict()),
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
        stream = workspace.changes.stream(asked.user_id(user) if user else None)
        return Response(stream, mimetype="text/event-stream", headers={"Cache-Control": "no-store"})


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
