"""The clock, faults on request, events with signed deliveries, and the state file."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
import stripe

from bot.sandbox.server import running
from bot.sandbox.stripe import create_app
from tests.sandbox.stripe.local import Local, utc
from tests.sandbox.stripe.receiver import Receiver


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver(refuse=2)
    yield receiver
    receiver.close()


def control(local: Local, method: str, name: str, body: dict[str, object] | None = None) -> requests.Response:
    return requests.request(method, f"{local.url}/control/{name}", json=body, timeout=10)


def test_deliveries_are_signed_and_repeated_until_they_are_taken(local: Local, receiver: Receiver) -> None:
    endpoint = local.v1.webhook_endpoints.create({"url": receiver.url, "enabled_events": ["customer.created"]})
    customer = local.v1.customers.create({"name": "Änne"})
    local.v1.products.create({"name": "not asked for"})
    receiver.wait_for(1)
    body, signature = receiver.bodies[0]
    event = stripe.Webhook.construct_event(body, signature, endpoint.secret)
    assert (event.type, event.data.object.id) == ("customer.created", customer.id)
    assert receiver.calls == 3
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(body + b" ", signature, endpoint.secret)


def test_events_say_what_changed_and_who_asked(local: Local) -> None:
    customer = local.v1.customers.create({"name": "Anna"})
    local.v1.customers.update(customer.id, {"name": "Anne"}, {"idempotency_key": "rename"})
    event = local.v1.events.list({"type": "customer.updated"}).data[0]
    assert event.data.previous_attributes.to_dict() == {"name": "Anna"}
    assert (event.data.object.name, event.request.idempotency_key) == ("Anne", "rename")


def test_the_clock_moves_forward_only(local: Local) -> None:
    before = control(local, "GET", "clock").json()["now"]
    answer = control(local, "POST", "clock", {"advance_to": before + 1000}).json()
    assert before + 1000 <= answer["now"] <= before + 1010
    assert control(local, "POST", "clock", {"advance_to": before}).status_code == 400


@pytest.mark.parametrize("body", ['{"by_days": 2}', ' {"by_days": "2"}', "by_days=2"])
def test_controls_read_json_and_forms_as_curl_sends_them(local: Local, body: str) -> None:
    before, headers = local.now(), {"Content-Type": "application/x-www-form-urlencoded"}
    answer = requests.post(f"{local.url}/control/clock", data=body, headers=headers, timeout=10)
    assert answer.status_code == 200
    assert 0 <= answer.json()["now"] - before - 2 * 86_400 < 60
    wanted = {"delay": "0", "twice": "false", "shuffle": "true"}
    answer = requests.post(f"{local.url}/control/deliveries", data=wanted, timeout=10)
    assert answer.json() == {"delay": 0, "twice": False, "shuffle": True}


def test_three_years_of_renewals_happen_in_order(local: Local) -> None:
    subscription = local.subscribe(local.customer(), local.price(1000))
    local.advance_to("2029-01-15 02:00")
    invoices = local.invoices(subscription)
    assert len(invoices) == 37  # the first and 36 months
    assert [entry.created for entry in invoices] == sorted(entry.created for entry in invoices)
    assert {entry.status for entry in invoices} == {"paid"}


def test_rate_limits_say_when_to_come_back(local: Local) -> None:
    control(local, "POST", "faults", {"kind": "429", "next": 1, "path": "/v1/customers", "retry_after": 3})
    local.v1.products.create({"name": "elsewhere"})
    with pytest.raises(stripe.RateLimitError) as limited:
        local.v1.customers.create({"name": "Anna"}, {"idempotency_key": "k"})
    assert limited.value.headers["Retry-After"] == "3"
    assert local.v1.customers.create({"name": "Anna"}, {"idempotency_key": "k"}).name == "Anna"


@pytest.mark.parametrize(
    ("kind", "made"),
    [("500", 0), ("500_after", 1), ("cut_before", 0), ("cut_after", 1), ("timeout_before", 0), ("timeout_after", 1)],
)
def test_a_retry_under_the_same_key_ends_with_one_customer(local: Local, kind: str, made: int) -> None:
    control(
        local, "POST", "faults", {"kind": kind, "next": 1, "method": "POST", "path": "/v1/customers", "seconds": 0.3}
    )
    with pytest.raises((stripe.APIError, stripe.APIConnectionError)):
        local.v1.customers.create({"name": "Anna"}, {"idempotency_key": "k"})
    assert len(local.v1.customers.list().data) == made
    local.v1.customers.create({"name": "Anna"}, {"idempotency_key": "k"})
    assert len(local.v1.customers.list().data) == 1
    log = control(local, "GET", "requests?path=/v1/customers&method=POST").json()["requests"]
    assert [entry["fault"] for entry in log] == [kind, None]
    assert {entry["idempotency_key"] for entry in log} == {"k"}


def test_a_share_of_calls_fails_until_faults_are_cleared(local: Local) -> None:
    control(local, "POST", "faults", {"kind": "500", "share": 1})
    with pytest.raises(stripe.APIError):
        local.v1.customers.list()
    control(local, "DELETE", "faults")
    assert local.v1.customers.list().data == []
    assert control(local, "POST", "faults", {"kind": "tsunami"}).status_code == 400


def test_reset_forgets_everything(local: Local) -> None:
    local.v1.customers.create({"name": "Anna"})
    control(local, "POST", "reset", {"start_at": utc("2025-06-01")})
    assert local.v1.customers.list().data == []
    assert 0 <= local.now() - utc("2025-06-01") < 60


def test_the_wire_log_keeps_no_card_number(local: Local) -> None:
    card = {"number": "4242424242424242", "exp_month": 12, "exp_year": 2030, "cvc": "123"}
    method = local.v1.payment_methods.create({"type": "card", "card": card})
    assert method.card.last4 == "4242"
    assert "4242424242424242" not in control(local, "GET", "requests").text
    with pytest.raises(stripe.CardError, match="only the test card numbers"):
        local.v1.payment_methods.create({"type": "card", "card": {**card, "number": "4539578763621486"}})


def test_state_outlives_the_program(tmp_path: Path) -> None:
    path = tmp_path / "stripe.db"
    app = create_app(path=path, start_at=utc("2025-01-01"))
    with running(app) as url:
        v1 = stripe.StripeClient("sk_test_x", base_addresses={"api": url}).v1
        customer = v1.customers.create({"name": "Anna"}, {"idempotency_key": "k"})
    app.close()
    app = create_app(path=path, start_at=utc("2020-01-01"))
    with running(app) as url:
        v1 = stripe.StripeClient("sk_test_x", base_addresses={"api": url}).v1
        assert v1.customers.create({"name": "Anna"}, {"idempotency_key": "k"}).id == customer.id
        assert app.account.now() >= utc("2025-01-01")
    app.close()


def test_what_was_answered_survives_kill_9(tmp_path: Path) -> None:
    path = tmp_path / "stripe.db"
    program = (
        "import sys; from pathlib import Path; from bot.sandbox.server import bind\n"
        "from bot.sandbox.stripe import create_app\n"
        "server = bind(create_app(path=Path(sys.argv[1])), 0); print(server.port, flush=True); server.serve_forever()"
    )
    with subprocess.Popen([sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = f"http://127.0.0.1:{int(process.stdout.readline())}"
        v1 = stripe.StripeClient("sk_test_x", base_addresses={"api": url}).v1
        made = [v1.customers.create({"name": str(number)}).id for number in range(20)]
        os.kill(process.pid, signal.SIGKILL)
    app = create_app(path=path)
    with running(app) as url:
        v1 = stripe.StripeClient("sk_test_x", base_addresses={"api": url}).v1
        assert [entry.id for entry in v1.customers.list({"limit": 100}).data] == made[::-1]
    app.close()
