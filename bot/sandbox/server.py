"""One small threaded HTTP server for every part of the sandbox, for a command line and for tests alike."""

from __future__ import annotations

import errno
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

WSGIApp = Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]]

HOST = "127.0.0.1"


class PortTaken(Exception):
    """Another program listens on the port already."""

    def __init__(self, port: int) -> None:
        super().__init__(f"port {port} on {HOST} is taken by another program; stop it or choose another port")
        self.port = port


class _QuietKeepAlive(WSGIRequestHandler):
    """HTTP/1.1, so that clients keep their connection, and no line per request on the terminal."""

    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - the name is werkzeug's
        pass


def bind(app: WSGIApp, port: int) -> BaseWSGIServer:
    """Listen on 127.0.0.1 (port 0: any free one); raise PortTaken when somebody else does."""
    try:
        listener = socket.create_server((HOST, port))  # werkzeug would print advice and exit when it is taken
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PortTaken(port) from error
        raise
    with listener:
        return make_server(HOST, port, app, threaded=True, request_handler=_QuietKeepAlive, fd=listener.fileno())


@contextmanager
def running(app: WSGIApp, port: int = 0) -> Iterator[str]:
    """Serve in a background thread for the length of a with-block; yields the base address."""
    server = bind(app, port)
    # The interval is how long stopping takes at most, not how long a request waits.
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), name=f"sandbox-{server.port}", daemon=True)
    thread.start()
    try:
        yield f"http://{HOST}:{server.port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)
