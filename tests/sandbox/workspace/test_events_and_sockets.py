"""Slack's retries of events, and Socket Mode with the official client."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import requests
from slack_bolt import BoltResponse
from slack_bolt.adapter.socket_mode import SocketModeHandler

from bot.sandbox.workspace import APP_TOKEN
from tests.sandbox.workspace.counterpart import SHORT, TOO_LATE, Pair, field_of, modal, opens, option, wait_until
from tests.sandbox.workspace.frames import Closed, Frames


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
        pair.handler = handler
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

    def test_slack_asks_for_a_new_connection_and_nothing_is_lost(self, socket: Pair) -> None:
        socket.app.command("/billing")(lambda ack: ack())
        mia = socket.workspace.person("agent")
        first = socket.handler.client.current_session
        assert socket.workspace.post("/control/sockets/disconnect", {}) == {"told": 1}
        wait_until(lambda: socket.handler.client.current_session is not first and socket.handler.client.is_connected())
        wait_until(lambda: mia.types("/billing").ok)

    def test_the_sdk_takes_a_warning_as_a_wish_for_a_new_connection(self, socket: Pair) -> None:
        first = socket.handler.client.current_session
        assert socket.workspace.post("/control/sockets/disconnect", {"reason": "warning"}) == {"told": 1}
        wait_until(lambda: socket.handler.client.current_session is not first and socket.handler.client.is_connected())


class TestFrames:
    """What goes over the wire, frame by frame."""

    @staticmethod
    def connected(pair: Pair) -> Frames:
        frames = Frames(pair.api("apps.connections.open", token=APP_TOKEN)["url"])
        hello = frames.receive()
        assert (hello["type"], hello["connection_info"]) == ("hello", {"app_id": "A07KONTOR01"})
        return frames

    @staticmethod
    def types(pair: Pair) -> threading.Thread:
        thread = threading.Thread(target=pair.workspace.person("agent").types, args=["/billing ada"])
        thread.start()
        return thread

    def test_an_envelope_says_what_it_is_and_takes_its_ack(self, pair: Pair) -> None:
        with self.connected(pair) as frames:
            typing = self.types(pair)
            envelope = frames.receive()
            assert set(envelope) == {"envelope_id", "type", "payload", "accepts_response_payload"}
            assert (envelope["type"], envelope["accepts_response_payload"]) == ("slash_commands", True)
            assert envelope["payload"]["text"] == "ada"
            frames.acknowledge({"envelope_id": "another"}, {"text": "There"})
            frames.acknowledge(envelope, {"text": "Here"})
            typing.join(timeout=5)
        assert pair.workspace.person("agent").messages[-1]["text"] == "Here"

    def test_events_are_retried_over_the_socket(self, pair_with: Any) -> None:
        pair = pair_with(timing=SHORT)
        with self.connected(pair) as frames:
            pair.workspace.person("agent").opens_home()
            first, second = frames.receive(), frames.receive()
            assert (first["retry_attempt"], second["retry_attempt"]) == (0, 1)
            assert second["retry_reason"] == "http_timeout"
            assert first["payload"]["event_id"] == second["payload"]["event_id"]
            pair.workspace.resets()

    def test_connections_take_turns(self, pair: Pair) -> None:
        with self.connected(pair) as one, self.connected(pair) as other:
            for frames in (one, other, one):
                typing = self.types(pair)
                frames.acknowledge(frames.receive())
                typing.join(timeout=5)
        assert [entry["status"] for entry in pair.workspace.log() if entry["what"] == "/billing"] == [200] * 3

    def test_a_connection_that_is_gone_is_passed_over(self, pair: Pair) -> None:
        with self.connected(pair) as gone, self.connected(pair) as other:
            gone.close()
            for _ in range(2):
                typing = self.types(pair)
                other.acknowledge(other.receive())
                typing.join(timeout=5)
        assert [entry["status"] for entry in pair.workspace.log() if entry["what"] == "/billing"] == [200] * 2

    def test_a_warning_leaves_the_connection_open(self, pair: Pair) -> None:
        with self.connected(pair) as frames:
            pair.workspace.post("/control/sockets/disconnect", {"reason": "warning"})
            assert (frames.receive()["reason"]) == "warning"
            typing = self.types(pair)
            frames.acknowledge(frames.receive())
            typing.join(timeout=5)

    @pytest.mark.parametrize("reason", ["refresh_requested", "link_disabled"])
    def test_the_end_is_announced_with_its_reason(self, pair: Pair, reason: str) -> None:
        with self.connected(pair) as frames:
            pair.workspace.post("/control/sockets/disconnect", {"reason": reason})
            message = frames.receive()
            assert (message["type"], message["reason"]) == ("disconnect", reason)
            assert message["debug_info"]["host"]
            with pytest.raises(Closed):
                frames.receive()

    def test_ten_connections_are_the_most(self, pair: Pair) -> None:
        with ExitStack() as stack:
            for _ in range(10):
                stack.enter_context(self.connected(pair))
            eleventh = stack.enter_context(Frames(pair.api("apps.connections.open", token=APP_TOKEN)["url"]))
            with pytest.raises(Closed):
                eleventh.receive()

    @pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Host": "evil.example"}])
    def test_no_page_elsewhere_may_connect(self, pair: Pair, headers: dict[str, str]) -> None:
        url = pair.api("apps.connections.open", token=APP_TOKEN)["url"].replace("ws://", "http://")
        upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Key": "x", **headers}
        assert requests.get(url, headers=upgrade, timeout=5).status_code == 403


def test_a_socket_needs_a_ticket(pair: Pair) -> None:
    answer = pair.api("apps.connections.open", token=APP_TOKEN)
    assert answer["url"].startswith(pair.workspace.url.replace("http", "ws") + "/link/?ticket=")
    address = answer["url"].replace("ws://", "http://")
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket"}
    wrong = address.replace("ticket=", "ticket=x")
    assert requests.get(wrong, headers=upgrade, timeout=5).status_code == 403

    with Frames(answer["url"]) as frames:
        assert frames.receive()["type"] == "hello"
    # A ticket is for one connection.
    assert requests.get(address, headers=upgrade, timeout=5).status_code == 403
