"""Typing: slash commands and shortcuts."""

from __future__ import annotations

from bot.sandbox.workspace import payloads, posting
from bot.sandbox.workspace.acts.outcome import Outcome, of_click, response_url
from bot.sandbox.workspace.common import Json, Refused
from bot.sandbox.workspace.delivery import TIMEOUT, Answer
from bot.sandbox.workspace.inputs import NotPossible
from bot.sandbox.workspace.messages import BY_SLACKBOT, Message
from bot.sandbox.workspace.people import Channel, Person, im_id
from bot.sandbox.workspace.tickets import ResponseUrl
from bot.sandbox.workspace.workspace import Workspace


def channel_of(workspace: Workspace, person: Person, reference: str | None) -> Channel:
    """The channel a person is in; their direct messages with the app when none is named."""
    try:
        channel = workspace.messages.channel(reference or im_id(person.id))
    except Refused as refused:
        raise NotPossible(f"there is no channel {reference!r}") from refused
    if not channel.sees(person.id):
        raise NotPossible(f"{person.name} cannot see {channel.name}")
    return channel


def command(workspace: Workspace, person: Person, text: str, reference: str | None) -> Outcome:
    """A slash command; the answer in its ack becomes a message, a failure becomes Slackbot's text."""
    name, _, rest = text.strip().partition(" ")
    known = workspace.app.command(name) if workspace.installed else None
    if known is None:
        raise NotPossible(f"{name} is not a valid command. In Slack, all slash commands need an app that owns them.")
    channel = channel_of(workspace, person, reference)
    url = ResponseUrl(person.id, channel.id)
    form = payloads.command(
        person,
        channel,
        name=name,
        text=rest.strip(),
        response_url=response_url(workspace, "commands", url),
        trigger_id=workspace.tickets.new_trigger(person.id),
    )
    answer = workspace.delivery.command(form, known.get("url") or workspace.app.default_url)
    failure = _command_failure(name, answer) or _say_answer(workspace, name, form, answer, url)
    if failure:
        workspace.messages.post(channel.id, BY_SLACKBOT, failure, only_for=person.id)
    return Outcome(answer.status, answer.ms, error=failure)


def _command_failure(name: str, answer: Answer) -> str | None:
    if answer.failure is None:
        return None
    reason = "operation_timeout" if answer.failure == TIMEOUT else "dispatch_failed"
    return f'{name} failed with the error "{reason}"'


def _say_answer(workspace: Workspace, name: str, form: Json, answer: Answer, url: ResponseUrl) -> str | None:
    """Show what the ack says; returns the failure that the person sees when Slack would not take it."""
    try:
        body = answer.json()
    except ValueError:
        body = {"text": answer.body}
    if not body or not ({"text", "blocks", "attachments"} & body.keys()):
        return None
    try:
        posting.respond(workspace, url, {**body, "replace_original": False, "delete_original": False})
    except Refused as refused:
        workspace.delivery.refuse(name, form, answer, refused.reasons(), url.user)
        return f'{name} failed with the error "{refused.code}"'
    return None


def shortcut(workspace: Workspace, person: Person, callback_id: str, reference: str | None, ts: str | None) -> Outcome:
    """A global shortcut, or with `ts` a shortcut on that message."""
    known = workspace.app.shortcut(callback_id) if workspace.installed else None
    if known is None:
        raise NotPossible(f"the app has no shortcut {callback_id!r}")
    if (known["type"] == "message") != bool(ts):
        raise NotPossible(f"{callback_id} is a {known['type']} shortcut")
    trigger, action_ts = workspace.tickets.new_trigger(person.id), workspace.clock.next()
    if not ts:
        return of_click(
            workspace.delivery.interaction(payloads.global_shortcut(person, callback_id, trigger, action_ts))
        )
    message = message_of(workspace, person, reference, ts)
    channel = workspace.messages.channel(message.channel)
    url = response_url(workspace, "app", ResponseUrl(person.id, channel.id, message.ts))
    payload = payloads.message_shortcut(
        person, callback_id, channel=channel, message=message, url=url, trigger_id=trigger, action_ts=action_ts
    )
    return of_click(workspace.delivery.interaction(payload))


def message_of(workspace: Workspace, person: Person, reference: str | None, ts: str) -> Message:
    channel = channel_of(workspace, person, reference).id if reference else None
    for message in workspace.messages.seen_by(person.id, channel):
        if message.ts == ts:
            return message
    raise NotPossible(f"{person.name} sees no message {ts}")
