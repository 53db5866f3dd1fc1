"""What a person does."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request

from bot.sandbox.workspace.acts import clicks, dialogs, events, uploads, words
from bot.sandbox.workspace.control import asked
from bot.sandbox.workspace.control.asked import BadRequest
from bot.sandbox.workspace.workspace import Workspace


def routes(control: Blueprint, workspace: Workspace) -> None:
    @control.post("/people/<user>/command")
    def command(user: str) -> Response:
        body = asked.body()
        outcome = words.command(workspace, asked.person(user), asked.text(body, "text"), body.get("channel"))
        return jsonify(outcome.as_json())

    @control.post("/people/<user>/message")
    def message(user: str) -> Response:
        body = asked.body()
        posted, outcome = events.message(
            workspace, asked.person(user), body.get("channel"), asked.text(body, "text"), body.get("thread_ts")
        )
        return jsonify(**outcome.as_json(), message=posted.seen())

    @control.post("/people/<user>/shortcut")
    def shortcut(user: str) -> Response:
        body = asked.body()
        callback_id = asked.text(body, "callback_id")
        outcome = words.shortcut(workspace, asked.person(user), callback_id, body.get("channel"), body.get("ts"))
        return jsonify(outcome.as_json())

    @control.post("/people/<user>/press")
    def press(user: str) -> Response:
        body = asked.body()
        outcome = clicks.press(
            workspace,
            asked.person(user),
            asked.spot(body),
            action_id=asked.text(body, "action_id"),
            block_id=body.get("block_id"),
            value=body["selected"] if "selected" in body else body.get("value"),
            confirmed=body.get("confirmed") is True,
        )
        return jsonify(outcome.as_json())

    @control.post("/people/<user>/input")
    def type_in(user: str) -> Response:
        body = asked.body()
        clicks.fill(workspace, asked.person(user), asked.spot(body), asked.values(body))
        return jsonify(status=None, ms=0, errors={}, error=None)

    @control.post("/people/<user>/submit")
    def submit(user: str) -> Response:
        return jsonify(dialogs.submit(workspace, asked.person(user), asked.values(asked.body())).as_json())

    @control.post("/people/<user>/close")
    def close(user: str) -> Response:
        everything = asked.body().get("all") is True
        return jsonify(dialogs.close(workspace, asked.person(user), everything=everything).as_json())

    @control.post("/people/<user>/home")
    def home(user: str) -> Response:
        tab = asked.body().get("tab", events.HOME)
        if tab not in (events.HOME, events.MESSAGES):
            raise BadRequest("tab must be home or messages")
        return jsonify(events.home(workspace, asked.person(user), tab).as_json())

    @control.post("/people/<user>/files")
    def upload(user: str) -> Response:
        """A form with files, whose ids can then be given to a file input."""
        person = asked.person(user)
        given = [file for files in request.files.listvalues() for file in files]
        if not given:
            raise BadRequest("a form with at least one file is expected")
        files = [uploads.upload(workspace, person, file.filename or "file", file.read()) for file in given]
        return jsonify(files=[file.as_json(workspace.url) for file in files])
