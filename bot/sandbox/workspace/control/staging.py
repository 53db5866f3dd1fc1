"""What no person does: setting a scene, and trouble on request: faults, rate limits, lost connections, a lost app."""

from __future__ import annotations

from dataclasses import asdict

from flask import Blueprint, Response, jsonify

from bot.sandbox.workspace.acts import events
from bot.sandbox.workspace.control import asked
from bot.sandbox.workspace.control.asked import BadRequest
from bot.sandbox.workspace.faults import Fault, Kind
from bot.sandbox.workspace.messages import by_person
from bot.sandbox.workspace.sockets import Reason
from bot.sandbox.workspace.workspace import Workspace


def routes(control: Blueprint, workspace: Workspace) -> None:
    @control.post("/messages")
    def say() -> Response:
        body = asked.body()
        channel = workspace.messages.channel(asked.text(body, "channel"))
        author = by_person(asked.user_id(asked.text(body, "user")))
        message = workspace.messages.post(channel.id, author, asked.text(body, "text"), thread_ts=body.get("thread_ts"))
        return jsonify(message=message.seen())

    @control.get("/faults")
    def faults() -> Response:
        return jsonify(faults=workspace.faults.as_json())

    @control.post("/faults")
    def add_fault() -> Response:
        body = asked.body()
        try:
            kind = Kind(asked.text(body, "fault"))
            calls, retry_after = int(body.get("calls", 1)), int(body.get("retry_after", 1))
        except (TypeError, ValueError) as error:
            raise BadRequest(f"fault must be one of {', '.join(Kind)}; calls and retry_after numbers") from error
        workspace.faults.add(Fault(asked.text(body, "method"), kind, calls, retry_after))
        return jsonify(faults=workspace.faults.as_json())

    @control.delete("/faults")
    def clear_faults() -> Response:
        workspace.faults.clear()
        return jsonify(faults=[])

    @control.get("/limits")
    def limits() -> Response:
        return jsonify(enforced=workspace.rates.enforced)

    @control.post("/limits")
    def set_limits() -> Response:
        on = asked.body().get("enforced")
        if not isinstance(on, bool):
            raise BadRequest("enforced must be true or false")
        workspace.rates.enforce(on=on)
        return jsonify(enforced=on)

    @control.get("/scheduled")
    def scheduled() -> Response:
        return jsonify(scheduled=[asdict(one) for one in workspace.schedule.waiting()])

    @control.post("/sockets/disconnect")
    def disconnect() -> Response:
        try:
            reason = Reason(asked.body().get("reason", Reason.REFRESH_REQUESTED))
        except ValueError as error:
            raise BadRequest(f"reason must be one of {', '.join(Reason)}") from error
        return jsonify(told=workspace.sockets.disconnect(reason))

    @control.post("/app/<what>")
    def app(what: str) -> Response:
        acts = {"uninstall": events.uninstall, "revoke": events.revoke_tokens, "install": events.install}
        if what not in acts:
            raise BadRequest(f"the app can be: {', '.join(acts)}")
        return jsonify(acts[what](workspace).as_json())

    @control.post("/reset")
    def reset() -> Response:
        workspace.reset()
        return jsonify(ok=True)
