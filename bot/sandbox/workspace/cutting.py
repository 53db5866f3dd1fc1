"""Closing a connection without an answer, as a network or a crashing server does."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from flask import Request, Response


class _Cut(Response):
    """A response that never comes: the server sees a lost connection instead."""

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:  # noqa: ARG002 - WSGI's
        connection: Any = environ.get("werkzeug.socket")
        if connection is not None:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        raise ConnectionAbortedError("cut on request")


def cut(_: Request) -> Response:
    return _Cut("", 500)
