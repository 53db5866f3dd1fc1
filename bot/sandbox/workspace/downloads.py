"""The addresses of files: where the app puts the bytes, and where whoever may see a file gets them."""

from __future__ import annotations

from flask import Blueprint, Request, Response, redirect, request
from werkzeug import Response as WerkzeugResponse

from bot.sandbox.workspace.common import TEAM_ID, Refused
from bot.sandbox.workspace.files import File
from bot.sandbox.workspace.workspace import Workspace

SIGN_IN = "/"


def blueprint(workspace: Workspace) -> Blueprint:
    files = Blueprint("files", __name__)

    @files.post("/upload/v1/<secret>")
    def upload(secret: str) -> Response:
        content = _uploaded(request)
        if not workspace.files.uploaded(secret, content):
            return Response("the upload is unknown, done already or not as long as it was said\n", 400)
        return Response(f"OK - {len(content)}", 200, mimetype="text/plain")

    @files.get(f"/files-pri/{TEAM_ID}-<file_id>/<name>")
    @files.get(f"/files-pri/{TEAM_ID}-<file_id>/download/<name>")
    def download(file_id: str, name: str) -> WerkzeugResponse:
        """Like Slack, who is not signed in is sent to the sign-in page instead of getting an error."""
        if not _may_read(workspace, request):
            return redirect(SIGN_IN)
        try:
            file = workspace.files.get(file_id)
        except Refused:
            return Response("no such file\n", 404, mimetype="text/plain")
        return _sent(file, name)

    return files


def _uploaded(call: Request) -> bytes:
    """Raw bytes, or the first file of a form."""
    if call.mimetype == "multipart/form-data":
        return b"".join(file.read() for file in list(call.files.values())[:1])
    return call.get_data()


def _may_read(workspace: Workspace, call: Request) -> bool:
    """The app with its token and the scope files:read, or the workspace's own page, which plays everybody."""
    if call.headers.get("Sec-Fetch-Site") == "same-origin":
        return True
    kind, _, token = call.headers.get("Authorization", "").partition(" ")
    is_app = kind.lower() == "bearer" and token.strip() == workspace.bot_token
    is_valid = workspace.installed and not workspace.token_revoked
    return is_app and is_valid and "files:read" in workspace.app.scopes


def _sent(file: File, name: str) -> Response:
    """Never shown in the page's origin, whatever is in it."""
    response = Response(file.content, 200, mimetype=file.mimetype)
    response.headers.set("Content-Disposition", "attachment", filename=name)
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
