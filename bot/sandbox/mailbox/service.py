"""SMTP in, page out: both servers together, for a command line and for tests."""

from __future__ import annotations

import asyncio
import errno
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from bot.sandbox.mailbox.app import create_app
from bot.sandbox.mailbox.store import Store
from bot.sandbox.server import HOST, PortTaken, bind
from bot.sandbox.server import running as http_running


@dataclass(frozen=True)
class Addresses:
    """Where a running mailbox is reached."""

    page: str
    smtp_host: str
    smtp_port: int


class _Deliver:
    """aiosmtpd's handler: every mail to any recipient is accepted and stored."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: ARG002, N802 - the names are aiosmtpd's
        raw = envelope.content
        content = raw if isinstance(raw, bytes) else str(raw or "").encode()
        await asyncio.to_thread(self._store.add, content, envelope.mail_from or "", list(envelope.rcpt_tos))
        return "250 OK"


@contextmanager
def _smtp(store: Store, port: int) -> Iterator[int]:
    """Receive mails in a background thread; yields the port. Raises PortTaken."""
    loop = asyncio.new_event_loop()
    connections: set[SMTP] = set()

    def connection() -> SMTP:
        smtp = SMTP(
            _Deliver(store),
            data_size_limit=store.limits.mail,
            enable_SMTPUTF8=True,
            hostname="mailbox.localhost",
            timeout=60,
            loop=loop,
        )
        connections.add(smtp)
        return smtp

    thread = threading.Thread(target=_run, args=(loop,), name="sandbox-smtp", daemon=True)
    thread.start()
    try:
        server = asyncio.run_coroutine_threadsafe(loop.create_server(connection, HOST, port), loop).result()
    except OSError as error:
        _end(loop, thread)
        if error.errno == errno.EADDRINUSE:
            raise PortTaken(port) from error
        raise
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        asyncio.run_coroutine_threadsafe(_stop(server, connections), loop).result(timeout=5)
        _end(loop, thread)


def _run(loop: asyncio.AbstractEventLoop) -> None:
    """The thread's whole life; the loop starts and ends in it, whatever other loop the caller may have."""
    try:
        loop.run_forever()
        loop.run_until_complete(loop.shutdown_default_executor())
    finally:
        loop.close()


def _end(loop: asyncio.AbstractEventLoop, thread: threading.Thread) -> None:
    loop.call_soon_threadsafe(loop.stop)
    thread.join(timeout=5)


async def _stop(server: asyncio.Server, connections: set[SMTP]) -> None:
    server.close()
    for smtp in connections:
        if smtp.transport is not None:
            smtp.transport.close()
    tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await server.wait_closed()


@contextmanager
def running(store: Store | None = None) -> Iterator[Addresses]:
    """Both servers on free ports for the length of a with-block; a store of its own unless one is given."""
    mails = store or Store()
    try:
        with _smtp(mails, 0) as smtp_port, http_running(create_app(mails)) as page:
            yield Addresses(page, HOST, smtp_port)
    finally:
        mails.close()


def serve(port: int, smtp_port: int, path: Path | None = None) -> None:
    """Run until interrupted: the page on `port`, SMTP on `smtp_port`; a file at `path` keeps mails across restarts."""
    store = Store(path)
    try:
        server = bind(create_app(store), port)
        try:
            with _smtp(store, smtp_port):
                server.serve_forever()
        finally:
            server.server_close()
    finally:
        store.close()
