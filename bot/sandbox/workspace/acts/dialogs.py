"""Submitting and closing modals, and what the app's answer to a submission does to the stack."""

from __future__ import annotations

from typing import Any

from bot.sandbox.workspace import inputs, limits, payloads
from bot.sandbox.workspace.acts import clicks
from bot.sandbox.workspace.acts.outcome import Outcome, response_url
from bot.sandbox.workspace.acts.surfaces import Spot
from bot.sandbox.workspace.common import Json, Refused
from bot.sandbox.workspace.delivery import Answer
from bot.sandbox.workspace.inputs import NotPossible
from bot.sandbox.workspace.modals import TROUBLE, View
from bot.sandbox.workspace.people import Person
from bot.sandbox.workspace.tickets import ResponseUrl
from bot.sandbox.workspace.workspace import Workspace


def _top(workspace: Workspace, person: Person) -> View:
    view = workspace.views.top(person.id)
    if view is None:
        raise NotPossible(f"{person.name} has no modal open")
    return view


def submit(workspace: Workspace, person: Person, values: dict[str, Any]) -> Outcome:
    """Type the values and press the modal's submit button. Slack's own client checks the inputs first."""
    view = _top(workspace, person)
    if view.body["submit"] is None:
        raise NotPossible("this modal has no submit button")
    clicks.fill(workspace, person, Spot(surface="modal"), values)
    workspace.views.complain(view, _complaints(view))
    if view.errors:
        return Outcome(errors=dict(view.errors))
    payload = payloads.view_submission(
        person, view, workspace.tickets.new_trigger(person.id), _response_urls(workspace, view)
    )
    answer = workspace.delivery.interaction(payload)
    if answer.failure:
        workspace.views.complain(view, {}, TROUBLE)
        return Outcome(answer.status, answer.ms, error=TROUBLE)
    return _apply(workspace, person, view, payload, answer)


def _complaints(view: View) -> dict[str, str]:
    complaints = {}
    for block, element in inputs.elements(view.body["blocks"]):
        if block["type"] == "input":
            state = view.values[block["block_id"]][element["action_id"]]
            if complaint := inputs.complaint(block, state):
                complaints[block["block_id"]] = complaint
    return complaints


def _response_urls(workspace: Workspace, view: View) -> list[Json]:
    """One for each channel chosen in a menu with `response_url_enabled`."""
    urls = []
    for block, element in inputs.elements(view.body["blocks"]):
        state = view.values.get(block["block_id"], {}).get(element["action_id"], {})
        channel = state.get("selected_channel") or state.get("selected_conversation")
        if element.get("response_url_enabled") and channel:
            urls.append(
                {
                    "block_id": block["block_id"],
                    "action_id": element["action_id"],
                    "channel_id": channel,
                    "response_url": response_url(workspace, "app", ResponseUrl(view.user, channel)),
                }
            )
    return urls


def _apply(workspace: Workspace, person: Person, view: View, payload: Json, answer: Answer) -> Outcome:
    """Do what the app's answer says; what Slack would not take shows as trouble connecting."""
    outcome = Outcome(answer.status, answer.ms)
    try:
        body = answer.json() or {}
        _checked(view, body)
        match body.get("response_action"):
            case None:
                workspace.views.close(view)
            case "errors":
                workspace.views.complain(view, body["errors"])
                outcome.errors = dict(body["errors"])
            case "update":
                workspace.views.replace(view, body["view"])
            case "push":
                workspace.views.push(person.id, body["view"])
            case "clear":
                workspace.views.clear(person.id)
    except (Refused, ValueError) as error:
        reasons = error.reasons() if isinstance(error, Refused) else ["the answer is not a JSON object"]
        workspace.delivery.refuse(f"view_submission {view.body['callback_id']}", payload, answer, reasons, person.id)
        workspace.views.complain(view, {}, TROUBLE)
        outcome.error = TROUBLE
    return outcome


def _checked(view: View, body: Json) -> None:
    """Refused: ``invalid_response`` with its reasons."""
    reasons: list[str] = []
    match body.get("response_action"):
        case None:
            reasons = [f"unknown field {name} in an answer without response_action" for name in body]
        case "clear":
            pass
        case "errors":
            reasons = _error_reasons(view, body.get("errors"))
        case "update" | "push":
            reasons = _view_reasons(body.get("view"))
        case other:
            reasons = [f"unknown response_action {other}"]
    if reasons:
        raise Refused("invalid_response", response_metadata={"messages": reasons})


def _error_reasons(view: View, errors: Any) -> list[str]:
    if not isinstance(errors, dict) or not errors:
        return ["errors must be an object of texts by block_id"]
    known = {block["block_id"] for block in view.body["blocks"] if block["type"] == "input"}
    unknown = [f"{block_id} is no input block of this view" for block_id in errors if block_id not in known]
    empty = [
        f"the error of {key} must be a text" for key, text in errors.items() if not isinstance(text, str) or not text
    ]
    return unknown + empty


def _view_reasons(sent: Any) -> list[str]:
    if not isinstance(sent, dict) or sent.get("type") != "modal":
        return ["view must be a modal"]
    return [str(problem) for problem in limits.problems(sent)]


def close(workspace: Workspace, person: Person, *, everything: bool) -> Outcome:
    """The close button or Esc: back to the view below. The app hears of it if the view asked (`notify_on_close`)."""
    view = _top(workspace, person)
    cleared = everything or bool(view.body["clear_on_close"])
    closing = list(reversed(workspace.views.stack(person.id))) if cleared else [view]
    for one in closing:
        workspace.views.close(one)
    outcome = Outcome()
    for one in closing:
        if one.body["notify_on_close"]:
            answer = workspace.delivery.interaction(payloads.view_closed(person, one, is_cleared=cleared))
            outcome = Outcome(answer.status, answer.ms)
    return outcome
