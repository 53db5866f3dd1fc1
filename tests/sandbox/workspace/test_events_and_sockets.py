"""Slack's retries of events, and Socket Mode with the official client."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from simple_websocket import Client
from slack_bolt import BoltResponse
from slack_bolt.adapter.socket_mode import SocketModeHandler

from bot.sandbox.workspace import APP_TOKEN
from tests.sandbox.workspace.counterpart import SHORT, TOO_LATE, Pair, field_of, modal, opens, option


def wait_until(condition: Any, seconds: float = 5) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.01)


def deliveries(pair: Pair) -> list[dict[str, str]]:
    return [headers for headers in pair.headers if headers["content-type"] == "application/json"]


class TestRetries:
    @pytest.fixture
    def impatient(self, pair_with: Any) -> Pair:
        return pair_with(timing=SHORT)

    def test_a_failed_event_comes_three_times_more_with_number_and_reason(self, impatient: Pair) -> None:
        reply = impatient.workspace.person("agent").opens_home()  # nobody listens: 404
        assert reply.status == 404
        wait_until(lambda: len(deliveries(impatient)) == 4)
        time.sleep(0.2)
        assert [headers.get("x-slack-retry-num") for headers in deliveries(impatient)] == [None, "1", "2", "3"]
        assert {headers["x-slack-retry-reason"] for headers in deliveries(impatient)[1:]} == {"http_error"}
        sent = [entry for entry in impatient.workspace.log() if entry["direction"] == "to_app"]
        ids = {entry["request"]["event_id"] for entry in sent}
        assert len(ids) == 1

    def test_a_late_answer_is_a_timeout_and_the_next_success_ends_it(self, impatient: Pair) -> None:
        seen: list[str] = []

        @impatient.app.event("app_home_opened")
        def opened(body: Any) -> None:
            seen.append(body["event_id"])
            if len(seen) == 1:
                time.sleep(TOO_LATE)

        impatient.workspace.person("agent").opens_home()
        wait_until(lambda: len(seen) == 2)
        time.sleep(0.4)
        assert len(seen) == 2
        assert deliveries(impatient)[1]["x-slack-retry-reason"] == "http_timeout"

    def test_an_event_that_arrives_comes_once(self, impatient: Pair) -> None:
        impatient.app.event("app_home_opened")(lambda ack: ack())
        impatient.workspace.person("agent").opens_home()
        time.sleep(0.4)
        assert len(deliveries(impatient)) == 1

    def test_an_app_can_say_that_it_wants_no_retry(self, impatient: Pair) -> None:
        @impatient.app.middleware
        def broken() -> BoltResponse:
            return BoltResponse(status=500, headers={"X-Slack-No-Retry": "1"})

        assert impatient.workspace.person("agent").opens_home().status == 500
        time.sleep(0.3)
        assert len(deliveries(impatient)) == 1

    def test_a_reset_ends_the_retries(self, pair_with: Any) -> None:
        patient = pair_with()  # Slack's own pauses: the second retry is a minute away
        patient.workspace.person("agent").opens_home()
        wait_until(lambda: len(deliveries(patient)) == 2)
        patient.workspace.resets()
        assert len(deliveries(patient)) == 2


class TestSocketMode:
    """Bolt's SocketModeHandler with the SDK's built-in client."""

    @pytest.fixture
    def socket(self, pair_with: Any) -> Iterator[Pair]:
        pair = pair_with(timing=SHORT)
        quiet = logging.getLogger("socket-mode")
        quiet.setLevel(logging.CRITICAL + 1)
        handler = SocketModeHandler(pair.app, APP_TOKEN, logger=quiet, ping_interval=60)
        handler.client.web_client.base_url = f"{pair.workspace.url}/api/"
        handler.connect()
        wait_until(handler.client.is_connected)
        yield pair
        # The SDK's close() waits for ever if its runner starts the session once more just then.
        handler.client.current_session_runner.event.set()
        handler.close()

    def test_everything_goes_over_the_socket(self, socket: Pair) -> None:
        mia = socket.workspace.person("agent")
        opens(socket, modal(field_of("contact", {"type": "external_select", "min_query_length": 0})))
        socket.app.options("it")(lambda ack: ack(options=[option("Ada", "c1")]))
        socket.app.view("form")(lambda ack: ack(response_action="errors", errors={"contact": "Not her"}))

        assert mia.types("/billing").ok
        assert mia.picks("contact", "") == "c1"
        assert mia.submits().errors == {"contact": "Not her"}
        socket.app.event("app_home_opened")(lambda ack: ack())
        assert mia.opens_home().status == 200
        assert socket.received[-1]["event"]["type"] == "app_home_opened"
        assert socket.headers == []

    def test_no_ack_is_a_timeout(self, socket: Pair) -> None:
        socket.app.command("/billing")(lambda: None)
        assert socket.workspace.person("agent").types("/billing").error == (
            '/billing failed with the error "operation_timeout"'
        )


def test_a_socket_needs_a_ticket(pair: Pair) -> None:
    answer = pair.api("apps.connections.open", token=APP_TOKEN)
    assert answer["url"].startswith(pair.workspace.url.replace("http", "ws") + "/link/?ticket=")
    address = answer["url"].replace("ws://", "http://")
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket"}
    wrong = address.replace("ticket=", "ticket=x")
    assert requests.get(wrong, headers=upgrade, timeout=5).status_code == 403

    client = Client.connect(answer["url"])
    assert json.loads(client.receive(timeout=5))["type"] == "hello"
    client.close()
    # A ticket is for one connection.
    assert requests.get(address, headers=upgrade, timeout=5).status_code == 403
