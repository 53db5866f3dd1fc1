"""Links in what people write: those of the app's domains, and what the app may say about them."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable
from urllib.parse import urlsplit

from bot.sandbox.workspace import typed
from bot.sandbox.workspace.common import Json, new_id
from bot.sandbox.workspace.messages import Message

ADDRESS = re.compile(typed.ADDRESS)


def found_in(text: str, domains: Iterable[str]) -> list[Json]:
    """``{"domain", "url"}`` for each address in the text that belongs to one of the domains or lies under one."""
    known = [domain.lower() for domain in domains]
    links = []
    for url in dict.fromkeys(ADDRESS.findall(text)):
        host = (urlsplit(url).hostname or "").lower()
        domain = next((one for one in known if host == one or host.endswith(f".{one}")), None)
        if domain:
            links.append({"domain": domain, "url": url})
    return links


class SharedLinks:
    """The links that the app was told of: only those it may unfurl, by channel and ts or by the event's unfurl_id."""

    def __init__(self) -> None:
        self._told: dict[str, tuple[Message, frozenset[str]]] = {}
        self._lock = threading.Lock()

    def tell(self, message: Message, links: list[Json]) -> str:
        """Note them; answers the unfurl_id."""
        unfurl_id = f"{message.channel}.{message.ts}.{new_id('').lower()}"
        with self._lock:
            self._told[unfurl_id] = (message, frozenset(link["url"] for link in links))
        return unfurl_id

    def of(self, unfurl_id: str) -> Message | None:
        with self._lock:
            return self._told.get(unfurl_id, (None, None))[0]

    def was_told(self, message: Message, url: str) -> bool:
        with self._lock:
            return any(told is message and url in urls for told, urls in self._told.values())

    def clear(self) -> None:
        with self._lock:
            self._told.clear()
