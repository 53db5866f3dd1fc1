"""The WSGI application: the API under /v1, controls under /control, pages for people everywhere else."""

from __future__ import annotations

import json
import logging
import socket
from collections.abc import Iterable
from pathlib import Path
from wsgiref.types import StartResponse, WSGIEnvironment

from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request as HttpRequest
from werkzeug.wrappers import Response

from . import resources
from .account import Account
from .api import Api, Request, headers_of
from .control import Control
from .errors import ApiError
from .faults import Faults, Unanswered, hold
from .pages import Pages
from .webhooks import Deliveries

logger = logging.getLogger(__name__)
assert resources

_LARGEST_BODY = 1_000_000


class StripeApp:
    """One local Stripe. `close()` stops its threads and closes its file."""

    def __init__(self, *, path: Path | None = None, start_at: int | None = None, public_url: str | None = None) -> None:
        self.account = Account(path, start_at, public_url)
        self.faults = Faults()
        self.api = Api(self.account, self.faults)
        self.deliveries = Deliveries(self.account)
        self.control = Control(self.account, self.faults, self.api, self.deliveries)
        self.pages = Pages(self.account, self.control)

    def close(self) -> None:
        self.deliveries.stop()
        self.account.close()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        connection = environ.get("werkzeug.socket")
        if isinstance(connection, socket.socket):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.deliveries.start()
        request = HttpRequest(environ)
        request.max_content_length = _LARGEST_BODY
        if self.account.public_url is None:
            self.account.public_url = f"{request.scheme}://{request.host}"
        try:
            response = self._respond(request)
        except Unanswered as fault:
            hold(connection if isinstance(connection, socket.socket) else None, fault.seconds)
            response = Response(status=504)
        except HTTPException as error:
            response = _refused(error)
        except Exception:
            logger.exception("the local Stripe could not answer %s %s", request.method, request.path)
            response = Response("The local Stripe has a bug here; its log says more.", status=500)
        return response(environ, start_response)

    def _respond(self, request: HttpRequest) -> Response:
        if request.path.startswith("/v1/") or request.path == "/v1":
            return self._api(request)
        if request.path.startswith("/control/"):
            return self.control.respond(request)
        return self.pages.respond(request)

    def _api(self, request: HttpRequest) -> Response:
        key = request.headers.get("Idempotency-Key")
        answer = self.api.handle(
            Request(
                method=request.method,
                path=request.path,
                query=request.query_string.decode("latin-1"),
                body=request.get_data(cache=False).decode("utf-8", "replace"),
                authorization=request.headers.get("Authorization", ""),
                idempotency_key=key,
            )
        )
        return Response(answer.body, status=answer.status, headers=headers_of(answer, key))


def _refused(error: HTTPException) -> Response:
    """What the HTTP layer itself refuses (a body that is too large, say), in Stripe's envelope."""
    refusal = ApiError(error.description or error.name, status=error.code or 400)
    return Response(json.dumps(refusal.envelope(), indent=2), status=refusal.status, mimetype="application/json")
