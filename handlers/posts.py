"""What the program says in Slack by itself: messages, and later versions of them and of modals.

Raises Transient for what may be tried again, so that the engine's steps can simply call it; what Slack refuses for good
is raised as it comes, except that something is gone, which is an answer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any, TypeVar

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from billing.errors import Transient
from blocks.kit import Home, Message, Modal

T = TypeVar("T")

log = structlog.get_logger(__name__)

# Slack's answers to views.update that mean: nobody looks at this modal any more.
_CLOSED = {"not_found", "view_not_found", "expired_trigger_id", "invalid_arguments_view_id"}
# Slack's answers about a message or place that is not there (any more), or not for us.
_GONE = {
    "message_not_found",
    "cant_update_message",
    "channel_not_found",
    "not_in_channel",
    "is_archived",
    "restricted_action",
    "restricted_action_read_only_channel",
    "restricted_action_thread_only_channel",
    "user_not_found",
    "user_disabled",
}
_TRY_AGAIN = {"ratelimited", "internal_error", "fatal_error", "service_unavailable", "request_timeout"}


@dataclass(frozen=True)
class Posted:
    """Where a message stands, as `chat.update` wants it."""

    channel: str
    ts: str


class Posts:
    """One per process. `managers` is the channel in which managers are told things; None: by direct message only."""

    def __init__(self, client: Callable[[], WebClient], managers: str | None = None) -> None:
        self._client = client
        self.managers = managers

    def post(self, place: str, message: Message) -> Posted | None:
        """A message in a channel or, with a user's id, a direct message; None when there is no way there."""
        answer = self._unless_gone(lambda: self._client().chat_postMessage(channel=place, **message.to_dict()))
        return Posted(channel=answer["channel"], ts=answer["ts"]) if answer else None

    def update(self, posted: Posted, message: Message) -> bool:
        """Another version of the message; False when it is gone."""
        answer = self._unless_gone(
            lambda: self._client().chat_update(channel=posted.channel, ts=posted.ts, **message.to_dict())
        )
        return answer is not None

    def upload(self, channel: str, filename: str, content: str) -> None:
        """A file into a channel; `channel` is an id, also for direct messages (`Posted.channel`)."""
        self._unless_gone(lambda: self._client().files_upload_v2(channel=channel, filename=filename, content=content))

    def update_view(self, view_id: str, view: Modal) -> bool:
        """Another version of an open modal; False when it is closed, or when Slack does not take it."""
        try:
            self.call(lambda: self._client().views_update(view_id=view_id, view=view.to_dict()))
        except SlackApiError as error:
            if error.response.get("error") not in _CLOSED:
                log.warning("view not updated", error=error.response.get("error"))
            return False
        return True

    def publish(self, user: str, home: Home) -> None:
        """The person's Home tab."""
        self.call(lambda: self._client().views_publish(user_id=user, view=home.to_dict()))

    def call(self, call: Callable[[], T]) -> T:
        """Any call of Slack's Web API. Raises Transient when it may be tried again."""
        try:
            return call()
        except SlackApiError as error:
            if error.response.status_code == 429 or error.response.get("error") in _TRY_AGAIN:
                after = error.response.headers.get("Retry-After")
                raise Transient("slack", float(after) if after else None) from error
            if error.response.status_code >= 500:
                raise Transient("slack") from error
            raise
        except (OSError, HTTPException, SlackClientError) as error:
            raise Transient("slack") from error

    def _unless_gone(self, call: Callable[[], Any]) -> Any:
        try:
            return self.call(call)
        except SlackApiError as error:
            if error.response.get("error") not in _GONE:
                raise
            log.warning("message has no place", error=error.response.get("error"))
            return None
