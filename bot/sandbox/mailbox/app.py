"""The mailbox's page and control API. Mails are strangers' content: they are shown, never run."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from werkzeug.exceptions import Forbidden, HTTPException, NotFound
from werkzeug.routing import Map, Rule
from werkzeug.utils import send_file, send_from_directory
from werkzeug.wrappers import Request, Response

from bot.sandbox.mailbox.store import Store
from bot.sandbox.server import HOST, WSGIApp

STATIC = Path(__file__).parent / "static"

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
# No scripts, no forms, nothing from other hosts; links open in a new tab when a person clicks them.
MAIL_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; "
    "img-src data:; font-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
_EVENT_PAUSE_S = 2.0

View = Callable[..., Response]


def create_app(store: Store) -> WSGIApp:
    """The WSGI application over a store."""
    views = _Views(store)
    routes = Map(
        [
            Rule("/", endpoint=views.page, methods=["GET"]),
            Rule("/static/<path:name>", endpoint=views.static, methods=["GET"]),
            Rule("/mails/<int:mail>/html", endpoint=views.html, methods=["GET"]),
            Rule("/mails/<int:mail>/attachments/<int:number>", endpoint=views.attachment, methods=["GET"]),
            Rule("/control/mails", endpoint=views.mails, methods=["GET"]),
            Rule("/control/mails", endpoint=views.clear, methods=["DELETE"]),
            Rule("/control/events", endpoint=views.events, methods=["GET"]),
        ]
    )

    @Request.application
    def application(request: Request) -> Response:
        try:
            _require_local(request)
            view, arguments = routes.bind_to_environ(request.environ).match()
            response: Response = view(**arguments)
        except HTTPException as error:
            response = Response(f"{error.code} {error.name}\n", status=error.code, mimetype="text/plain")
        response.headers.setdefault("Content-Security-Policy", PAGE_POLICY)
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["Cache-Control"] = "no-store"
        return response

    return application


def _require_local(request: Request) -> None:
    """Refuse other pages and DNS rebinding: only 127.0.0.1 and localhost, and only their own pages."""
    if urlsplit(f"//{request.host}").hostname not in {HOST, "localhost"}:
        raise Forbidden
    origin = request.headers.get("Origin")
    if origin is not None and origin != request.host_url.rstrip("/"):
        raise Forbidden


class _Views:
    def __init__(self, store: Store) -> None:
        self._store = store

    def page(self) -> Response:
        return self.static("index.html")

    def static(self, name: str) -> Response:
        # Only the path is needed of the environment: these small files are never cached or served in ranges.
        return send_from_directory(STATIC, name, {"REQUEST_METHOD": "GET"})

    def mails(self) -> Response:
        return _json([mail.as_json() for mail in self._store.all()])

    def clear(self) -> Response:
        self._store.clear()
        return _json({"ok": True})

    def html(self, mail: int) -> Response:
        html = self._store.html(mail)
        if html is None:
            raise NotFound
        for file in self._store.attachments(mail).values():
            if file.content_id and file.content_type.startswith("image/"):
                data = base64.b64encode(file.content).decode()
                html = html.replace(f"cid:{file.content_id}", f"data:{file.content_type};base64,{data}")
        body = f'<!doctype html><meta charset="utf-8"><base target="_blank">{html}'
        response = Response(body, mimetype="text/html")
        response.headers["Content-Security-Policy"] = MAIL_POLICY
        return response

    def attachment(self, mail: int, number: int) -> Response:
        file = self._store.attachments(mail).get(number)
        if file is None:
            raise NotFound
        return send_file(
            io.BytesIO(file.content),
            {"REQUEST_METHOD": "GET"},
            mimetype="application/octet-stream",
            as_attachment=True,
            download_name=file.name,
        )

    def events(self) -> Response:
        return Response(self._changes(), mimetype="text/event-stream")

    def _changes(self) -> Iterator[str]:
        seen = self._store.version
        yield "data: 0\n\n"
        while not self._store.closed:
            version = self._store.wait(seen, _EVENT_PAUSE_S)
            yield f"data: {version}\n\n" if version != seen else ": still here\n\n"
            seen = version


def _json(value: Any) -> Response:
    return Response(json.dumps(value), mimetype="application/json")
