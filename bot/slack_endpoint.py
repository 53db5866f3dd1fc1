"""Where Slack's HTTP requests come in: a few lines of WSGI in front of Flask.

Flask's routing, request and response take longer than our answer to a command, and Python takes milliseconds to unquote
a submission, in which every third character of the JSON is escaped. Both are most of what a quick answer costs.
"""

from __future__ import annotations

from binascii import a2b_qp
from collections.abc import Iterable
from http import HTTPStatus
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from slack_bolt import App, BoltRequest, BoltResponse

PATH = "/slack/events"
_HEADERS = {  # all that Bolt has to know
    "CONTENT_TYPE": "content-type",
    "HTTP_X_SLACK_REQUEST_TIMESTAMP": "x-slack-request-timestamp",
    "HTTP_X_SLACK_SIGNATURE": "x-slack-signature",
}


class SlackEndpoint:
    """Gives what is posted to PATH to Bolt, and everything else to the others."""

    def __init__(self, bolt: App, others: WSGIApplication, *, largest: int) -> None:
        """`largest`: bytes of a request that are read."""
        self._bolt = bolt
        self._others = others
        self._largest = largest

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] != "POST" or environ["PATH_INFO"] != PATH:
            return self._others(environ, start_response)
        answer = self._answer(environ)
        body = answer.body.encode()
        headers = [(name, value) for name, values in answer.headers.items() for value in values]
        start_response(
            f"{answer.status} {HTTPStatus(answer.status).phrase}", [*headers, ("content-length", str(len(body)))]
        )
        return [body]

    def _answer(self, environ: WSGIEnvironment) -> BoltResponse:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        if length > self._largest:
            return BoltResponse(status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        body = environ["wsgi.input"].read(length).decode("utf-8", "replace")
        headers = {name: environ[key] for key, name in _HEADERS.items() if key in environ}
        try:
            request = BoltRequest(body=_unquoted(body), headers=headers)
        except (ValueError, RecursionError):  # no JSON
            return BoltResponse(status=HTTPStatus.BAD_REQUEST)
        request.raw_body = body  # this is what Slack has signed
        return self._bolt.dispatch(request)


def _unquoted(body: str) -> str:
    """The JSON of a form that has nothing but a payload, which Bolt takes as well; any other body as it is."""
    if not body.startswith("payload=%7B") or "&" in body:
        return body
    # As quoted-printable, which is the same with another sign, it is unquoted ten times as fast as by urllib.
    quoted = body.removeprefix("payload=").replace("=", "%3D").replace("+", " ").replace("%", "=")
    return a2b_qp(quoted.encode()).decode("utf-8", "replace")
