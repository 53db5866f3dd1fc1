"""views.*"""

from __future__ import annotations

from bot.sandbox.workspace import limits, people, posting
from bot.sandbox.workspace.api.arguments import Arguments, missing
from bot.sandbox.workspace.common import Json, Refused
from bot.sandbox.workspace.modals import View
from bot.sandbox.workspace.workspace import Workspace


def _view(arguments: Arguments, *kinds: str) -> Json:
    """The view that the app sent; refused: ``invalid_arguments`` with every problem, ``view_too_large``."""
    sent = arguments.structure("view")
    if sent is None:
        raise missing("view")
    if not isinstance(sent, dict) or sent.get("type") not in kinds:
        text = f"[ERROR] must be a view of type {' or '.join(kinds)} [json-pointer:/view]"
        raise Refused("invalid_arguments", response_metadata={"messages": [text]})
    if found := limits.problems(sent):
        too_large = [problem for problem in found if problem.text.startswith("view_too_large")]
        raise posting.refusal("view_too_large" if too_large else "invalid_arguments", found)
    return sent


def _answer(view: View) -> Json:
    return {"view": view.as_json()}


def open_(workspace: Workspace, arguments: Arguments) -> Json:
    sent = _view(arguments, "modal")
    return _answer(workspace.views.open(workspace.tickets.exchange(arguments.need("trigger_id")), sent))


def push(workspace: Workspace, arguments: Arguments) -> Json:
    sent = _view(arguments, "modal")
    return _answer(workspace.views.push(workspace.tickets.exchange(arguments.need("trigger_id")), sent))


def update(workspace: Workspace, arguments: Arguments) -> Json:
    sent = _view(arguments, "modal", "home")
    view_id, external_id = arguments.get("view_id"), arguments.get("external_id")
    if view_id is None and external_id is None:
        raise missing("view_id")
    view = workspace.views.find(view_id, external_id)
    return _answer(workspace.views.replace(view, sent, arguments.get("hash")))


def publish(workspace: Workspace, arguments: Arguments) -> Json:
    user = arguments.need("user_id")
    sent = _view(arguments, "home")
    if user not in people.BY_ID:
        raise Refused("user_not_found")
    if not workspace.app.home_enabled:
        raise Refused("not_enabled")
    return _answer(workspace.views.publish(user, sent, arguments.get("hash")))
