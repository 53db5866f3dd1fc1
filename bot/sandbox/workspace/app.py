"""The workspace's web server: Web API, response_urls, Socket Mode, control API and the page."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from flask import Flask, Response, redirect, request, send_from_directory
from flask.json.provider import DefaultJSONProvider
from werkzeug import Response as WerkzeugResponse

from bot.sandbox.server import WSGIApp, bind
from bot.sandbox.workspace import api, control, downloads, late
from bot.sandbox.workspace.common import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET, SLACKS_TIMING, Json, Timing
from bot.sandbox.workspace.cutting import cut
from bot.sandbox.workspace.workspace import Workspace

STATIC = Path(__file__).parent / "static"
LOCAL = ("127.0.0.1", "localhost")


def create_app(
    *,
    app_url: str,
    signing_secret: str = SIGNING_SECRET,
    bot_token: str = BOT_TOKEN,
    app_token: str = APP_TOKEN,
    manifest: Json | None = None,
    path: Path | None = None,
    timing: Timing = SLACKS_TIMING,
) -> WSGIApp:
    """A workspace for the app at `app_url`, to which payloads go signed.

    `manifest` is the app's manifest as a dictionary (the default: the billing bot's smallest). With `path`, messages
    and Homes outlive a restart of the workspace. `timing` shortens Slack's deadlines for tests.
    """
    workspace = Workspace(
        app_url=app_url,
        signing_secret=signing_secret,
        bot_token=bot_token,
        app_token=app_token,
        manifest=manifest,
        path=path,
        timing=timing,
    )
    app = Flask(__name__, static_folder=None)
    app.json = _InSlacksOrder(app)
    app.before_request(refuse_strangers)
    app.register_blueprint(api.blueprint(workspace))
    app.register_blueprint(late.blueprint(workspace))
    app.register_blueprint(downloads.blueprint(workspace))
    app.register_blueprint(control.blueprint(workspace))
    _pages(app, workspace)
    return app


def serve(
    port: int,
    *,
    app_url: str,
    signing_secret: str = SIGNING_SECRET,
    bot_token: str = BOT_TOKEN,
    app_token: str = APP_TOKEN,
    manifest: Json | None = None,
    path: Path | None = None,
) -> None:
    """Serve on 127.0.0.1 until interrupted; raises PortTaken."""
    app = create_app(
        app_url=app_url,
        signing_secret=signing_secret,
        bot_token=bot_token,
        app_token=app_token,
        manifest=manifest,
        path=path,
    )
    server = bind(app, port)
    try:
        server.serve_forever()
    finally:
        server.server_close()


class _InSlacksOrder(DefaultJSONProvider):
    """Keys stay as the app sent them: a block is easier to read with its type first."""

    sort_keys = False


def refuse_strangers() -> Response | None:
    """No web page elsewhere may drive the workspace, neither by a name that points here nor across origins."""
    if urlsplit(f"//{request.host}").hostname not in LOCAL:
        return Response("this address is not served here\n", 403, mimetype="text/plain")
    origin = request.headers.get("Origin")
    if origin and origin != f"http://{request.host}":
        return Response("requests from other origins are refused\n", 403, mimetype="text/plain")
    if request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site") and request.path != "/":
        return Response("requests from other sites are refused\n", 403, mimetype="text/plain")
    return None


def _pages(app: Flask, workspace: Workspace) -> None:
    @app.before_request
    def remember_address() -> None:
        if urlsplit(request.host_url).port:
            workspace.url = request.host_url

    @app.get("/")
    def index() -> Response:
        return send_from_directory(STATIC, "index.html", max_age=0)

    @app.get("/static/<path:name>")
    def static(name: str) -> Response:
        return send_from_directory(STATIC, name, max_age=0)

    @app.get("/archives/<channel>/<anchor>")
    def permalink(channel: str, anchor: str) -> WerkzeugResponse:  # noqa: ARG001 - parts of every permalink
        return redirect("/")

    @app.route("/link/", websocket=True)
    def socket_mode() -> Response:
        if not workspace.sockets.serve(request.environ, request.args.get("ticket", "")):
            return Response("no such ticket\n", 403, mimetype="text/plain")
        return cut(request)
