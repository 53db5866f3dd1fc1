"""The way to the app: signed posts (or a socket), three seconds for the answer, events again when it failed."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import requests

from bot.sandbox.workspace.common import Json, Timing
from bot.sandbox.workspace.manifest import AppConfig
from bot.sandbox.workspace.sockets import Sockets
from bot.sandbox.workspace.wire import WireLog

USER_AGENT = "Slackbot 1.0 (+https://api.slack.com/robots)"
FORM = "application/x-www-form-urlencoded"

# The values of x-slack-retry-reason.
TIMEOUT, UNREACHABLE, HTTP_ERROR = "http_timeout", "connection_failed", "http_error"
# The manifest has settings.interactivity.is_enabled off, or the app was removed: nothing was sent.
NOT_ENABLED = "interactivity_not_enabled"


@dataclass(frozen=True)
class Answer:
    """What came back: `status` 0 and a `failure` when nothing did, a `failure` too when it was no 2xx."""

    status: int
    body: str
    ms: float
    failure: str | None = None
    no_retry: bool = False

    def json(self) -> Json | None:
        """The body as an object; None when it is empty. Raises ValueError for anything else."""
        if not self.body.strip():
            return None
        value = json.loads(self.body)
        if not isinstance(value, dict):
            raise ValueError("not an object")  # noqa: TRY004 - one kind of error for everything that is no object
        return value


def sign(secret: str, timestamp: str, body: str) -> str:
    """Slack's v0 signature of a request body."""
    return "v0=" + hmac.new(secret.encode(), f"v0:{timestamp}:{body}".encode(), hashlib.sha256).hexdigest()


class Delivery:
    def __init__(
        self,
        app: AppConfig,
        secret: str,
        timing: Timing,
        log: WireLog,
        sockets: Sockets,
        *,
        is_installed: Callable[[], bool],
    ) -> None:
        self._app = app
        self._secret = secret
        self._timing = timing
        self._log = log
        self._sockets = sockets
        self._is_installed = is_installed
        self._stopped = threading.Event()

    def command(self, form: Json, url: str) -> Answer:
        answer = self._send(url, urlencode(form), FORM, "slash_commands", form, accepts_response=True)
        return self._logged(form["command"], form, answer, form["user_id"])

    def interaction(self, payload: Json) -> Answer:
        accepts = payload["type"] == "view_submission"
        return self._interactive(self._app.interactivity_url, payload, accepts_response=accepts)

    def options(self, payload: Json) -> Answer:
        return self._interactive(self._app.options_url, payload, accepts_response=True)

    def _interactive(self, url: str, payload: Json, *, accepts_response: bool) -> Answer:
        if self._app.interactivity_enabled and self._is_installed():
            body = urlencode({"payload": json.dumps(payload)})
            answer = self._send(url, body, FORM, "interactive", payload, accepts_response=accepts_response)
        else:
            answer = Answer(0, "", 0.0, NOT_ENABLED)
        return self._logged(_what(payload), payload, answer, payload["user"]["id"])

    def event(self, envelope: Json) -> Answer:
        """The first delivery; when it fails, Slack's three further ones go on in the background."""
        answer = self._event(envelope, {})
        if answer.failure and not answer.no_retry:
            threading.Thread(target=self._retry, args=(envelope, answer), name="event-retries", daemon=True).start()
        return answer

    def stop(self) -> None:
        """No more retries of the events that were sent so far."""
        self._stopped.set()
        self._stopped = threading.Event()

    def refuse(self, what: str, request: Any, answer: Answer, reasons: list[str], user: str) -> None:
        """Note that Slack would not have taken the app's answer."""
        self._log.add(
            "to_app",
            f"{what}: answer refused",
            status=answer.status,
            ms=answer.ms,
            request=request,
            response=answer.body,
            refused=reasons,
            user=user,
        )

    def _retry(self, envelope: Json, answer: Answer) -> None:
        stopped = self._stopped
        for number, pause in enumerate(self._timing.event_retries, start=1):
            if stopped.wait(pause):
                return
            headers = {"x-slack-retry-num": str(number), "x-slack-retry-reason": answer.failure or ""}
            answer = self._event(envelope, headers)
            if not answer.failure or answer.no_retry:
                return

    def _event(self, envelope: Json, headers: Mapping[str, str]) -> Answer:
        extra: Json = {"retry_attempt": int(headers.get("x-slack-retry-num", 0))}
        if headers:
            extra["retry_reason"] = headers["x-slack-retry-reason"]
        answer = self._send(
            self._app.events_url,
            json.dumps(envelope),
            "application/json",
            "events_api",
            envelope,
            accepts_response=False,
            headers=headers,
            extra=extra,
        )
        what = f"event {envelope['event']['type']}" + (f" (retry {extra['retry_attempt']})" if headers else "")
        return self._logged(what, envelope, answer, envelope["event"].get("user"))

    def _send(
        self,
        url: str,
        body: str,
        content_type: str,
        kind: str,
        payload: Json,
        *,
        accepts_response: bool,
        headers: Mapping[str, str] | None = None,
        extra: Json | None = None,
    ) -> Answer:
        if self._sockets.connected or self._app.socket_mode_enabled:
            return self._over_socket(kind, payload, accepts_response, extra or {})
        return self._over_http(url, body, content_type, headers or {})

    def _over_socket(self, kind: str, payload: Json, accepts_response: bool, extra: Json) -> Answer:
        started = time.perf_counter()
        if not self._sockets.connected:
            return Answer(0, "", 0.0, UNREACHABLE)
        answer = self._sockets.send(
            kind, payload, accepts_response=accepts_response, timeout=self._timing.ack, extra=extra
        )
        ms = (time.perf_counter() - started) * 1000
        if answer is None:
            return Answer(0, "", ms, TIMEOUT)
        return Answer(200, json.dumps(answer) if answer else "", ms)

    def _over_http(self, url: str, body: str, content_type: str, headers: Mapping[str, str]) -> Answer:
        timestamp = str(int(time.time()))
        started = time.perf_counter()
        try:
            response = requests.post(
                url,
                data=body.encode(),
                headers={
                    "Content-Type": content_type,
                    "User-Agent": USER_AGENT,
                    "X-Slack-Request-Timestamp": timestamp,
                    "X-Slack-Signature": sign(self._secret, timestamp, body),
                    **headers,
                },
                timeout=self._timing.ack,
                allow_redirects=False,
            )
        except requests.Timeout:
            return Answer(0, "", (time.perf_counter() - started) * 1000, TIMEOUT)
        except requests.RequestException:
            return Answer(0, "", (time.perf_counter() - started) * 1000, UNREACHABLE)
        ms = (time.perf_counter() - started) * 1000
        if ms > self._timing.ack * 1000:
            return Answer(0, "", ms, TIMEOUT)
        failure = None if response.ok and response.status_code < 300 else HTTP_ERROR
        return Answer(response.status_code, response.text, ms, failure, response.headers.get("x-slack-no-retry") == "1")

    def _logged(self, what: str, request: Any, answer: Answer, user: str | None) -> Answer:
        refused = [answer.failure] if answer.failure else []
        try:
            response: Any = answer.json()
        except ValueError:
            response = answer.body
        self._log.add(
            "to_app",
            what,
            status=answer.status,
            ms=answer.ms,
            request=request,
            response=response,
            refused=refused,
            user=user,
        )
        return answer


def _what(payload: Json) -> str:
    """The payload's kind and the id by which the app knows it, for the wire log."""
    kind = str(payload["type"])
    match kind:
        case "block_actions":
            return f"{kind} {payload['actions'][0]['action_id']}"
        case "block_suggestion":
            return f"{kind} {payload['action_id']}"
        case "view_submission" | "view_closed":
            return f"{kind} {payload['view']['callback_id']}"
        case _:
            return f"{kind} {payload.get('callback_id', '')}"
