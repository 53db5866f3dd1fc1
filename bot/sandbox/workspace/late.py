"""response_urls: the app's answers after the ack, up to five in half an hour."""

from __future__ import annotations

import json
import time

from flask import Blueprint, Response, request

from bot.sandbox.workspace import posting
from bot.sandbox.workspace.common import Json, Refused
from bot.sandbox.workspace.workspace import Workspace

PATHS = ("/commands/<key>", "/actions/<key>", "/app/<key>")


def blueprint(workspace: Workspace) -> Blueprint:
    late = Blueprint("late", __name__)

    def respond(key: str) -> Response:
        started = time.perf_counter()
        body, refused = _take(workspace, key)
        if refused is None:
            response = Response("ok", 200, mimetype="text/plain")
        else:
            gone = refused.code in ("expired_url", "used_url")
            answer = refused.answer()
            response = Response(json.dumps(answer), 404 if gone else 400, mimetype="application/json")
        workspace.log.add(
            "from_app",
            "response_url",
            status=response.status_code,
            ms=(time.perf_counter() - started) * 1000,
            request=body,
            response=response.get_data(as_text=True),
            refused=refused.reasons() if refused else [],
        )
        return response

    for path in PATHS:
        late.add_url_rule(path, endpoint=path.split("/")[1], view_func=respond, methods=["POST"])
    return late


def _take(workspace: Workspace, key: str) -> tuple[Json, Refused | None]:
    body: Json = {}
    try:
        body = _read()
        posting.respond(workspace, workspace.tickets.use_response_url(key), body)
    except Refused as refused:
        return body, refused
    return body, None


def _read() -> Json:
    try:
        body = json.loads(request.form.get("payload") or request.get_data(as_text=True))
    except ValueError as error:
        raise Refused("invalid_payload") from error
    if not isinstance(body, dict):
        raise Refused("invalid_payload")
    return body
