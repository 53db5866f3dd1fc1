"""Files handed to a person in Slack, in their direct messages with the app."""

from __future__ import annotations

from collections.abc import Callable

from slack_sdk import WebClient

from blocks.kit import Message
from handlers.posts import Posts


class Files:
    """One per process.

    A file needs a channel's id, and the app learns that of a direct message by posting one: the message says what the
    file is. Bytes go to an address of Slack's that is asked for first; the library does these three calls in one.
    """

    def __init__(self, client: Callable[[], WebClient], posts: Posts) -> None:
        self._client = client
        self._posts = posts

    def hand_over(self, user: str, message: Message, name: str, content: str) -> bool:
        """Post the message and the file under it; False when there is no way to the person. Raises Transient."""
        posted = self._posts.post(user, message)
        if posted is None:
            return False
        self._posts.call(
            lambda: self._client().files_upload_v2(
                channel=posted.channel, filename=name, title=name, content=content.encode("utf-8-sig")
            )
        )
        return True
