"""The connection to Stripe: the official library's client with our time limits, our pace and a log of every request."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import requests
import stripe
from requests.adapters import HTTPAdapter

from billing.stripe.names import OTHER_KEYS, is_ours

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 60.0  # a first payment may wait for a bank
CONNECTIONS = 64
CLOCKS_DIFFER = timedelta(minutes=1)  # Stripe's and ours, at most
KEY_HEADER = "Idempotency-Key"


@dataclass(frozen=True)
class Request:
    """One request as the log needs it. Holds no parameters: they are customers' data."""

    method: str
    path: str
    status: int | None  # None: no answer came
    request_id: str | None  # Stripe's, as in its own log
    seconds: float
    replayed: bool = False  # Stripe answered from memory, by the idempotency key


OnRequest = Callable[[Request], None]
Throttle = Callable[[], None]


class Connection:
    """A client and the sockets under it. Threads may share it; close it at the end.

    `throttle` is called before every request and returns when the next one may go. Nothing is repeated here: whoever
    calls knows what a repetition means.
    """

    def __init__(
        self,
        api_key: str,
        api_url: str | None = None,
        *,
        throttle: Throttle | None = None,
        on_request: OnRequest | None = None,
    ) -> None:
        self._session = requests.Session()
        adapter = HTTPAdapter(pool_maxsize=CONNECTIONS)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)
        self.client = stripe.StripeClient(
            api_key,
            base_addresses={"api": api_url} if api_url else None,
            max_network_retries=0,
            http_client=_Paced(self._session, throttle, on_request),
        )

    def close(self) -> None:
        self._session.close()

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Paced(stripe.RequestsClient):
    def __init__(self, session: requests.Session, throttle: Throttle | None, on_request: OnRequest | None) -> None:
        super().__init__(timeout=(CONNECT_SECONDS, ANSWER_SECONDS), session=session)
        self._throttle = throttle
        self._on_request = on_request

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
        *,
        _usage: list[str] | None = None,
    ) -> tuple[Any, int, Mapping[str, str]]:
        if self._throttle:
            self._throttle()
        headers = _signed(headers)
        began = time.monotonic()
        status: int | None = None
        answered: Mapping[str, str] = {}
        try:
            body, status, answered = super().request(method, url, headers, post_data)
        finally:
            self._tell(method, url, status, answered, time.monotonic() - began)
        return body, status, answered

    def _tell(self, method: str, url: str, status: int | None, headers: Mapping[str, str], seconds: float) -> None:
        if self._on_request:
            self._on_request(
                Request(
                    method=method.upper(),
                    path=urlsplit(url).path,
                    status=status,
                    request_id=headers.get("Request-Id"),
                    seconds=seconds,
                    replayed=was_replayed(headers),
                )
            )


def _signed(headers: Mapping[str, str] | None) -> Mapping[str, str] | None:
    """The library makes up a key where we give none. Stripe tells it in the events that the call causes, so with a
    beginning of ours a change that we made is told from one that was made elsewhere.
    """
    key = (headers or {}).get(KEY_HEADER)
    if headers is None or key is None or is_ours(key):
        return headers
    return {**headers, KEY_HEADER: f"{OTHER_KEYS}{key}"}


def was_replayed(headers: Mapping[str, str]) -> bool:
    """Whether Stripe answered with what it had kept for the idempotency key."""
    return next((value for name, value in headers.items() if name.lower() == "idempotent-replayed"), "") == "true"
