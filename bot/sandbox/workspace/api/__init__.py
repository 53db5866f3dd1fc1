"""The Web API: ``POST /api/<method>`` with the token, the scopes, the errors and the faults of Slack."""

from __future__ import annotations

import json
import time

from flask import Blueprint, Request, Response, request

from bot.sandbox.workspace.api import arguments as reading
from bot.sandbox.workspace.api.arguments import Arguments, Method, need_scope
from bot.sandbox.workspace.api.methods import METHODS
from bot.sandbox.workspace.common import Json, Refused
from bot.sandbox.workspace.cutting import cut
from bot.sandbox.workspace.faults import Fault, Kind
from bot.sandbox.workspace.workspace import Workspace

__all__ = ["METHODS", "blueprint"]

SECRET_ARGUMENTS = ("token",)
RATE_LIMITED = "ratelimited"


def blueprint(workspace: Workspace) -> Blueprint:
    api = Blueprint("api", __name__)

    @api.route("/api/<name>", methods=["GET", "POST"])
    def call(name: str) -> Response:
        return answer_call(workspace, name, request)

    return api


def answer_call(workspace: Workspace, name: str, call: Request) -> Response:
    started = time.perf_counter()
    fault = workspace.faults.take(name)
    given: Json = {}
    if fault and fault.kind is not Kind.CUT_AFTER:
        response, refused = _failed(fault), [fault.kind.value]
    else:
        answer, given = _run(workspace, name, call)
        response = cut(call) if fault else _response(workspace, answer)
        refused = answer.pop("_reasons", []) + ([fault.kind.value] if fault else [])
    workspace.log.add(
        "from_app",
        name,
        status=0 if fault and fault.kind in (Kind.CUT_BEFORE, Kind.CUT_AFTER) else response.status_code,
        ms=(time.perf_counter() - started) * 1000,
        request=given,
        response=None if fault else json.loads(response.get_data(as_text=True)),
        refused=refused,
    )
    return response


def _failed(fault: Fault) -> Response:
    """The answer of a call that fails before it has any effect."""
    match fault.kind:
        case Kind.RATE_LIMITED:
            return _too_many(fault.retry_after)
        case Kind.SERVER_ERROR:
            return Response("Internal Server Error", 500, mimetype="text/plain")
        case _:
            return cut(request)


def _run(workspace: Workspace, name: str, call: Request) -> tuple[Json, Json]:
    """(answer, arguments without secrets)."""
    given: Json = {}
    try:
        arguments = reading.read(call)
        given = {key: value for key, value in arguments.given.items() if key not in SECRET_ARGUMENTS}
        method = _method(name)
        _check_token(workspace, method, call, arguments)
        _check_rate(workspace, name, method, arguments)
        return {"ok": True, **method.run(workspace, arguments)}, given
    except Refused as refused:
        return {**refused.answer(), "_reasons": refused.reasons()}, given


def _method(name: str) -> Method:
    if name not in METHODS:
        raise Refused("unknown_method", req_method=name)
    return METHODS[name]


def _check_token(workspace: Workspace, method: Method, call: Request, arguments: Arguments) -> None:
    """Refused: ``not_authed``, ``invalid_auth``, ``not_allowed_token_type``, ``account_inactive`` (a bot's token after
    the app was removed), ``missing_scope``."""
    kind, _, token = call.headers.get("Authorization", "").partition(" ")
    token = token.strip() if kind.lower() == "bearer" else arguments.get("token") or ""
    if not token:
        raise Refused("not_authed")
    tokens = {"bot": workspace.bot_token, "app": workspace.app_token}
    if token not in tokens.values():
        raise Refused("invalid_auth")
    if token != tokens[method.token]:
        raise Refused("not_allowed_token_type")
    if method.token == "bot" and (workspace.token_revoked or not workspace.installed):
        raise Refused("account_inactive")
    if method.scope:
        need_scope(workspace, method.scope)


def _check_rate(workspace: Workspace, name: str, method: Method, arguments: Arguments) -> None:
    """Refused: ``ratelimited`` with the seconds to wait, while the workspace keeps Slack's rates."""
    wait = workspace.rates.called(name, method.tier) if method.tier else None
    if wait is None and method.posts:
        wait = workspace.rates.posted(arguments.get("channel") or "")
    if wait is not None:
        raise Refused(RATE_LIMITED, retry_after=wait)


def _response(workspace: Workspace, answer: Json) -> Response:
    if answer.get("error") == RATE_LIMITED:
        return _too_many(answer["retry_after"])
    response = _plain_json({key: value for key, value in answer.items() if key != "_reasons"}, 200)
    response.headers["X-OAuth-Scopes"] = ",".join(sorted(workspace.app.scopes))
    return response


def _too_many(seconds: int) -> Response:
    response = _plain_json({"ok": False, "error": RATE_LIMITED}, 429)
    response.headers["Retry-After"] = str(seconds)
    return response


def _plain_json(answer: Json, status: int) -> Response:
    return Response(json.dumps(answer), status, mimetype="application/json")
