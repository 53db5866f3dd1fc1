"""Slack's requests as they come in: whatever is in a form or in JSON reaches the listener as it was sent."""

from __future__ import annotations

import io
import json
import time
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from slack_bolt import App, BoltRequest, BoltResponse
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.signature import SignatureVerifier

from bot.slack_endpoint import PATH, SlackEndpoint

FORM = "application/x-www-form-urlencoded"


class Noting(App):
    """Takes requests instead of Bolt and says yes."""

    def __init__(self) -> None:
        self.requests: list[BoltRequest] = []

    def dispatch(self, req: BoltRequest) -> BoltResponse:
        self.requests.append(req)
        return BoltResponse(status=200, body={"text": "Grüße"})


def post(bolt: App, body: str, content_type: str = FORM, **environ: str) -> tuple[str, dict[str, str], bytes]:
    said: list[Any] = []
    raw = body.encode()
    endpoint = SlackEndpoint(bolt, lambda _environ, _start: [b"others"], largest=5000)
    answer = endpoint(
        {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": PATH,
            "CONTENT_TYPE": content_type,
            "CONTENT_LENGTH": str(len(raw)),
            "wsgi.input": io.BytesIO(raw),
            **environ,
        },
        lambda status, headers: said.append((status, dict(headers))),
    )
    status, headers = said[0] if said else ("", {})
    return status, headers, b"".join(answer)


@pytest.mark.parametrize(
    "typed",
    [
        "plain",
        'a "quote" \\ and / {[:,]}',
        "50 % + 5 = 55 %22 %2522 &amp; a&b=c",
        "Müller 山田 👍🏽",
        "\n\t",
        "%",
        "+",
        "a=41 _b_ == =3D =\r\n=",
        "  spaces at the end of a line  \n  ",
        "",
    ],
)
def test_a_payload_arrives_as_it_was_sent(typed: str) -> None:
    sent = {"type": "view_submission", "typed": typed, "nested": [{"a": None}, typed]}
    for text in (json.dumps(sent), json.dumps(sent, ensure_ascii=False)):
        for body in (urlencode({"payload": text}), f"payload={quote(text)}", f"payload={quote(text, safe=':,/=')}"):
            bolt = Noting()
            assert post(bolt, body)[0] == "200 OK"
            (request,) = bolt.requests
            assert request.body == sent
            assert request.raw_body == body, "the signature is over what was sent"


def test_a_command_and_an_event_arrive_as_bolt_reads_them() -> None:
    bolt = Noting()
    post(bolt, urlencode({"command": "/billing", "text": "a=b & more", "empty": ""}))
    post(bolt, json.dumps({"type": "event_callback"}), "application/json")
    assert [request.body for request in bolt.requests] == [
        {"command": "/billing", "text": "a=b & more", "empty": ""},
        {"type": "event_callback"},
    ]


def test_the_answer_is_bolts_with_its_length_in_bytes() -> None:
    status, headers, body = post(Noting(), "command=x")
    assert (status, headers["content-type"]) == ("200 OK", "application/json;charset=utf-8")
    assert json.loads(body) == {"text": "Grüße"}
    assert headers["content-length"] == str(len(body))


def test_what_is_too_large_or_no_json_is_refused_and_bolt_never_sees_it() -> None:
    bolt = Noting()
    assert post(bolt, "x" * 5001)[0].startswith("413 ")
    assert post(bolt, "payload=%7Bno json")[0].startswith("400 ")
    assert post(bolt, "payload=" + "[" * 4000)[0].startswith("400 ")
    assert bolt.requests == []


def test_nobody_can_ask_for_bolts_lazy_listeners_from_outside() -> None:
    bolt = Noting()
    post(bolt, "command=x", HTTP_X_SLACK_BOLT_LAZY_ONLY="1")
    assert bolt.requests[0].lazy_only is False


def test_everything_else_goes_to_the_others() -> None:
    assert post(Noting(), "", PATH_INFO="/healthz")[2] == b"others"
    assert post(Noting(), "", REQUEST_METHOD="GET")[2] == b"others"


def test_the_signature_is_checked_over_the_bytes_that_came() -> None:
    secret, heard = "s3cret", []
    known = AuthorizeResult(enterprise_id=None, team_id="T1", bot_token="xoxb-test")
    bolt = App(signing_secret=secret, authorize=lambda: known, process_before_response=True)
    bolt.view("form")(lambda ack, body: (heard.append(body["view"]["id"]), ack()))
    sent = {
        "type": "view_submission",
        "view": {"id": "V1", "type": "modal", "callback_id": "form"},
        "team": {"id": "T1"},
        "user": {"id": "U1"},
    }
    body, moment = urlencode({"payload": json.dumps(sent)}), str(int(time.time()))
    for signed, status in ((body, "200 OK"), (json.dumps(sent), "401 Unauthorized")):
        signature = SignatureVerifier(secret).generate_signature(timestamp=moment, body=signed) or ""
        headers = {"HTTP_X_SLACK_REQUEST_TIMESTAMP": moment, "HTTP_X_SLACK_SIGNATURE": signature}
        assert post(bolt, body, **headers)[0] == status
    assert heard == ["V1"]
