"""The way of a request to /v1: key, parameters, idempotency, effect, answer."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import logging
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from . import faults, forms, params, routing
from .account import KEY_LIFETIME, Account
from .errors import ApiError
from .expand import render
from .faults import Fault, Faults
from .objects import API_VERSION, new_id

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Request:
    """What of an HTTP request matters here."""

    method: str
    path: str
    query: str
    body: str
    authorization: str
    idempotency_key: str | None


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: str
    request_id: str
    headers: dict[str, str] = field(default_factory=dict)


class Api:
    """Answers /v1 requests for one account and keeps the wire log."""

    def __init__(self, account: Account, orders: Faults) -> None:
        self.account = account
        self.faults = orders
        self.log: deque[dict[str, Any]] = deque(maxlen=5000)
        self._in_use: set[str] = set()
        self._in_use_lock = threading.Lock()

    def handle(self, request: Request) -> Answer:
        """Answer a request; raises faults.Unanswered when a fault says that the client hears nothing."""
        request_id = new_id("req", 14)
        entry: dict[str, Any] = {
            "time": time.time(),
            "method": request.method,
            "path": request.path,
            "params": {},
            "idempotency_key": request.idempotency_key,
            "status": None,
            "request_id": request_id,
            "fault": None,
        }
        self.log.append(entry)
        try:
            answer = self._answer(request, request_id, entry)
        except ApiError as error:
            answer = _refusal(error, request_id)
        except faults.Unanswered:
            entry["status"] = 0
            raise
        except Exception:
            answer = _own_mistake(request, request_id)
        entry["status"] = answer.status
        return answer

    def _answer(self, request: Request, request_id: str, entry: dict[str, Any]) -> Answer:
        _authenticate(request.authorization)
        sent = forms.decode(request.query if request.method in ("GET", "DELETE") else request.body)
        if request.method == "DELETE" and request.body:
            sent.update(forms.decode(request.body))
        entry["params"] = forms.flatten(sent)
        found = routing.resolve(request.method, request.path)
        if found is None:
            raise ApiError(
                f"Unrecognized request URL ({request.method}: {request.path}). The local Stripe does not have it; "
                "see https://docs.stripe.com/api for what Stripe has.",
                status=404,
                replayable=False,
            )
        fault = self.faults.strike(request.method, request.path)
        entry["fault"] = fault.kind if fault else None
        faults.before(fault)
        key = request.idempotency_key if request.method == "POST" else None
        if key is None:
            answer = self._effect(request, found, sent, request_id, None, fault)
        else:
            answer = self._once(request, found, sent, request_id, key, fault)
        faults.after(fault)
        return answer

    def _once(
        self,
        request: Request,
        found: tuple[routing.Route, list[str]],
        sent: dict[str, Any],
        request_id: str,
        key: str,
        fault: Fault | None,
    ) -> Answer:
        if not 1 <= len(key) <= 255:
            raise ApiError("Idempotency keys have between 1 and 255 characters.", type="idempotency_error")
        with self._in_use_lock:
            if key in self._in_use:
                raise ApiError(
                    f"There is currently another in-progress request using this Idempotent Key: {key}. "
                    "(That probably means you submitted twice, and the other request is still going through.) "
                    "Please try again later.",
                    status=409,
                    type="idempotency_error",
                    code="idempotency_key_in_use",
                )
            self._in_use.add(key)
        try:
            return self._effect(request, found, sent, request_id, key, fault)
        finally:
            with self._in_use_lock:
                self._in_use.discard(key)

    def _replayed(self, key: str, request: Request, fingerprint: str) -> Answer | None:
        kept = self.account.store.answer(key, self.account.now() - KEY_LIFETIME)
        if kept is None:
            return None
        if kept[0] != fingerprint:
            same_path = kept[0].partition(" ")[0] == fingerprint.partition(" ")[0]
            what = "with the same parameters" if same_path else "for the same endpoint"
            raise ApiError(
                f"Keys for idempotent requests can only be used {what} they were first used "
                f"{'with' if same_path else f'for (not {request.path})'}. Try using a key other than '{key}' if you "
                "meant to execute a different request.",
                type="idempotency_error",
            )
        return Answer(kept[1], kept[2], kept[3], {"Idempotent-Replayed": "true"})

    def _effect(
        self,
        request: Request,
        found: tuple[routing.Route, list[str]],
        sent: dict[str, Any],
        request_id: str,
        key: str | None,
        fault: Fault | None,
    ) -> Answer:
        """Check, do and answer in one transaction, which also keeps the answer under its idempotency key.

        Kept is whatever the endpoint answered, refusals and errors of its own included, because Stripe does that
        (docs: "Idempotent requests"); what was refused before it began to work is not.
        """
        if fault is not None and fault.kind == "delay":
            time.sleep(min(fault.seconds, 60))
        (endpoint, ids), account = found, self.account
        fingerprint = _fingerprint(request.path, sent)
        with account.effect():
            if key is not None and (replayed := self._replayed(key, request, fingerprint)) is not None:
                return replayed
            checked = params.check(endpoint.params, sent)
            expand = checked.pop("expand", [])
            account.request_id, account.idempotency_key = request_id, key
            try:
                with account.time_of(*ids, *_named(checked)), account.store.savepoint():
                    faults.within(fault)
                    body = render(account, endpoint.endpoint(account, checked, *ids), expand)
                answer = Answer(200, json.dumps(body), request_id)
            except ApiError as error:
                answer = _refusal(error, request_id)
                if not error.replayable:
                    key = None
            except Exception:
                answer = _own_mistake(request, request_id)
            if fault is not None and fault.kind == "500_after_kept":
                answer = _refusal(faults.server_error(), request_id)
            if key is not None:
                account.store.keep_answer(key, fingerprint, answer.status, answer.body, request_id, account.now())
            return answer


_ABOUT = ("customer", "subscription", "from_subscription", "invoice", "payment_intent", "charge", "test_clock")


def _named(checked: dict[str, Any]) -> list[str]:
    """The objects that a request's parameters are about: they say in whose time it happens."""
    return [checked[name] for name in _ABOUT if isinstance(checked.get(name), str)]


def _refusal(error: ApiError, request_id: str) -> Answer:
    return Answer(error.status, json.dumps(error.envelope()), request_id, error.headers)


def _own_mistake(request: Request, request_id: str) -> Answer:
    """Called while an exception that nobody expected is handled."""
    logger.exception("the local Stripe could not answer %s %s", request.method, request.path)
    bug = ApiError("The local Stripe has a bug here; its log says more.", status=500, type="api_error")
    return _refusal(bug, request_id)


def _fingerprint(path: str, sent: dict[str, Any]) -> str:
    digest = hashlib.sha256(json.dumps(sent, sort_keys=True).encode()).hexdigest()
    return f"{path} {digest}"


def _authenticate(header: str) -> None:
    """Any test key sees the one account; a live key is refused before anything else is read."""
    key = _key(header)
    if not key:
        raise ApiError(
            "You did not provide an API key. You need to provide your API key in the Authorization header, using "
            "Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
            status=401,
        )
    if key.startswith(("sk_live_", "rk_live_")):
        raise ApiError(
            "This is not Stripe but a local stand-in for development: it refuses live keys. Use a key that starts "
            "with sk_test_, and treat the live key as disclosed if this address is not yours.",
            status=401,
        )
    if not key.startswith(("sk_test_", "rk_test_")) or len(key) > 255:
        raise ApiError(f"Invalid API Key provided: {key[:8]}****", status=401)


def _key(header: str) -> str:
    scheme, _, rest = header.partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(rest, validate=True).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    return ""


def headers_of(answer: Answer, key: str | None) -> list[tuple[str, str]]:
    """The headers that Stripe sends with every answer."""
    headers = [
        ("Content-Type", "application/json"),
        ("Request-Id", answer.request_id),
        ("Stripe-Version", API_VERSION),
        ("Cache-Control", "no-cache, no-store"),
        *answer.headers.items(),
    ]
    if key is not None and key.isascii() and key.isprintable():
        headers.append(("Idempotency-Key", key))
        if "Idempotent-Replayed" in answer.headers:
            headers.append(("Original-Request", answer.request_id))
    return headers
