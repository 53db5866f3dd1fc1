"""What the app hears of without being asked: messages, mentions, links, opened Home, its own removal."""

from __future__ import annotations

from collections.abc import Iterator

from bot.sandbox.workspace import links, payloads
from bot.sandbox.workspace.acts.outcome import Outcome
from bot.sandbox.workspace.acts.words import channel_of
from bot.sandbox.workspace.common import BOT_USER_ID, Json
from bot.sandbox.workspace.inputs import NotPossible
from bot.sandbox.workspace.messages import Message, by_person
from bot.sandbox.workspace.people import Channel, Person, im_id
from bot.sandbox.workspace.workspace import Workspace

HOME, MESSAGES = "home", "messages"

_MESSAGE_EVENTS = {"im": ("message.im", "im"), "private": ("message.groups", "group")}


def home(workspace: Workspace, person: Person, tab: str = HOME) -> Outcome:
    """Opening the app's Home, or its Messages tab: Slack sends the same event for both."""
    if not workspace.installed:
        raise NotPossible("the app is not installed")
    if tab == HOME and not workspace.app.home_enabled:
        raise NotPossible("the app has no Home tab (features.app_home.home_tab_enabled)")
    if not workspace.app.hears("app_home_opened"):
        return Outcome()
    channel = workspace.messages.channel(im_id(person.id))
    shown = workspace.views.home(person.id) if tab == HOME else None
    return _tell(workspace, [payloads.app_home_opened(person, channel, tab, shown, workspace.clock.next())])


def message(
    workspace: Workspace, person: Person, reference: str | None, text: str, thread_ts: str | None = None
) -> tuple[Message, Outcome]:
    """An ordinary message, in the channel or in a thread."""
    channel = channel_of(workspace, person, reference)
    if person.id not in channel.members:
        raise NotPossible(f"{person.name} is not in {channel.name}")
    posted = workspace.messages.post(channel.id, by_person(person.id), text, thread_ts=thread_ts)
    told = [payloads.event(inner) for inner in _of_message(workspace, channel, posted)] if workspace.installed else []
    return posted, _tell(workspace, told)


def _of_message(workspace: Workspace, channel: Channel, posted: Message) -> Iterator[Json]:
    """The events of one message. Of links the app hears everywhere, of the rest only where it is a member."""
    app, is_member = workspace.app, BOT_USER_ID in channel.members
    event, channel_type = _MESSAGE_EVENTS.get(channel.kind, ("message.channels", "channel"))
    said = payloads.said(posted, channel)
    if is_member and app.hears(event):
        yield {**said, "channel_type": channel_type}
    if is_member and app.hears("app_mention") and f"<@{BOT_USER_ID}>" in posted.body["text"]:
        yield {**said, "type": "app_mention"}
    found = links.found_in(posted.body["text"], app.unfurl_domains)
    if found and app.hears("link_shared"):
        unfurl_id = workspace.links.tell(posted, found)
        yield payloads.link_shared(posted, channel, found, unfurl_id=unfurl_id, is_member=is_member)


def uninstall(workspace: Workspace) -> Outcome:
    """An administrator removes the app: its token ends, and it hears that at last."""
    workspace.installed = False
    inner = [payloads.tokens_revoked(), payloads.app_uninstalled()]
    return _tell(workspace, [payloads.event(one) for one in inner if workspace.app.hears(one["type"])])


def revoke_tokens(workspace: Workspace) -> Outcome:
    """Only the token ends; what people do still reaches the app, but all its calls are refused."""
    workspace.token_revoked = True
    revoked = payloads.tokens_revoked()
    return _tell(workspace, [payloads.event(revoked)] if workspace.app.hears(revoked["type"]) else [])


def install(workspace: Workspace) -> Outcome:
    workspace.installed, workspace.token_revoked = True, False
    return Outcome()


def _tell(workspace: Workspace, events: list[Json]) -> Outcome:
    """Deliver one after the other; what came of the last one, or of the first that failed."""
    outcome = Outcome()
    for event in events:
        answer = workspace.delivery.event(event)
        if outcome.status in (None, 200):
            outcome = Outcome(answer.status, answer.ms)
    return outcome
