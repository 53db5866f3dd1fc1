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
POST   /control/people/USER/home           {"tab"?} opens the Home tab, or the tab "messages"
POST   /control/people/USER/files          a form with files; answers their ids, for a file input
POST   /control/messages                   {"channel", "user", "text"} a message from anybody, told to nobody
GET    /control/log?after=N                the wire log
GET    /control/events?user=               server-sent events: {"changed": [...], "user", "channel"?}
POST   /control/faults                     {"method", "calls"?, "fault", "retry_after"?}; also GET and DELETE
POST   /control/limits                     {"enforced": true} keeps Slack's rate limits; also GET
GET    /control/scheduled                  the messages that wait for their time
POST   /control/sockets/disconnect         {"reason"?} warning, refresh_requested or link_disabled
POST   /control/app/WHAT                   uninstall, revoke (only the token ends), install
POST   /control/reset                      everything as new
====== =================================== ====================================================================

What a person does answers only once the app's ack is there:
``{"status": 200, "ms": 12.3, "errors": {}, "error": null}``. `status` 0: no answer came; null: nothing was sent
(`confirm` holds the dialog to agree to, `errors` what the inputs lack). Mistakes of the caller are 4xx
``{"error": text}``.

Plain values by type: a text, a number, ``2026-02-28``, ``13:45``, seconds since 1970; an option's value or text; a
person's id or role, a channel's id or name; lists of them; a file as ``{"name", "text"}`` or ``{"id"}``; null empties.
"""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from bot.sandbox.workspace.common import Refused
from bot.sandbox.workspace.control import acting, reading, staging
from bot.sandbox.workspace.control.asked import BadRequest
from bot.sandbox.workspace.inputs import NotPossible
from bot.sandbox.workspace.workspace import Workspace


def blueprint(workspace: Workspace) -> Blueprint:
    control = Blueprint("control", __name__, url_prefix="/control")
    _errors(control)
    for part in (reading, acting, staging):
        part.routes(control, workspace)
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
