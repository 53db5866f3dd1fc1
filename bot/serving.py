"""Running web and worker processes."""

from __future__ import annotations

import errno
import gc
import signal
import socket
import threading
from contextlib import ExitStack
from types import FrameType
from typing import Any

import structlog
from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger
from prometheus_client import start_http_server
from slack_bolt.adapter.socket_mode import SocketModeHandler

from billing.catalogue import load
from bot.app import OldSchema, opened, schema_is_current
from bot.sandbox.server import PortTaken
from bot.settings import Settings, WrongSettings

log = structlog.get_logger(__name__)
ENGINE_STOPS_WITHIN = 20.0  # seconds for steps under way


class _Logs(Logger):  # type: ignore[misc]  # gunicorn comes without types
    """Gunicorn's records go the way of all others."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        for logger in (self.error_log, self.access_log):
            logger.handlers.clear()
            logger.propagate = True


class _Server(BaseApplication):  # type: ignore[misc]  # gunicorn comes without types
    """Gunicorn with threads, set up by us. Each worker process opens its own everything, after the fork."""

    def __init__(self, settings: Settings, host: str, port: int, *, socket_mode: bool) -> None:
        self._settings = settings
        self._address = f"{host}:{port}"
        self._socket_mode = socket_mode
        self._open = ExitStack()
        super().__init__()

    def load_config(self) -> None:
        for name, value in {
            "bind": self._address,
            "workers": self._settings.kontor_web_processes,
            "threads": self._settings.kontor_web_threads,
            "worker_class": "gthread",
            "keepalive": 75,
            "graceful_timeout": int(ENGINE_STOPS_WITHIN) + 5,
            "loglevel": "warning",
            "logger_class": _Logs,
            "worker_exit": self._close,
        }.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        app = self._open.enter_context(opened(self._settings))
        if self._settings.on_sqlite:
            engine = app.engine()
            engine.start()
            app.refresh_staff_soon()
            self._open.callback(engine.stop, ENGINE_STOPS_WITHIN)
        if self._socket_mode:
            token = self._settings.slack_app_token
            assert token is not None, "checked before the fork"
            sockets = SocketModeHandler(app.bolt, token.get_secret_value())
            sockets.connect()  # type: ignore[no-untyped-call]  # Bolt's adapter comes without types
            self._open.callback(sockets.close)
        web = app.web()
        gc.collect()
        gc.freeze()  # what was loaded stays for good; looking through it held up an answer for a sixth of a second
        log.info("serving", listening=self._address, socket_mode=self._socket_mode)
        return web

    def _close(self, _server: Any, _worker: Any) -> None:
        self._open.close()


def serve(settings: Settings, *, host: str, port: int, socket_mode: bool) -> None:
    """Answer Slack and Stripe until told to stop. Raises what a person at the terminal can mend."""
    if settings.on_sqlite and settings.kontor_web_processes > 1:
        raise WrongSettings("KONTOR_WEB_PROCESSES: more than one web process needs PostgreSQL; set DATABASE_URL")
    if socket_mode and settings.slack_app_token is None:
        raise WrongSettings("SLACK_APP_TOKEN: field required for --socket-mode (Basic Information > App-Level Tokens)")
    if not schema_is_current(settings.database_url):
        raise OldSchema
    load(settings.kontor_catalogue)  # each process reads it for itself, but only here somebody sees the mistakes
    _refuse_taken(host, port)
    _Server(settings, host, port, socket_mode=socket_mode).run()


def work(settings: Settings) -> None:
    """Perform what was accepted until told to stop (SIGTERM, SIGINT); steps under way are finished first."""
    if settings.on_sqlite:
        raise WrongSettings("DATABASE_URL: on SQLite `kontor serve` does the worker's part; a worker needs PostgreSQL")
    stop = threading.Event()

    def end(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    with opened(settings) as app:
        if settings.kontor_worker_metrics_port:
            _refuse_taken("127.0.0.1", settings.kontor_worker_metrics_port)
            start_http_server(settings.kontor_worker_metrics_port, addr="127.0.0.1")
        engine = app.engine()
        engine.start()
        app.refresh_staff_soon()
        log.info("working", concurrency=settings.kontor_concurrency)
        stop.wait()
        engine.stop(ENGINE_STOPS_WITHIN)


def _refuse_taken(host: str, port: int) -> None:
    """Gunicorn tries a taken port for seconds and then says little; we say it at once."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise PortTaken(port) from error
            raise WrongSettings(f"cannot listen on {host}:{port}: {error.strerror}") from error
