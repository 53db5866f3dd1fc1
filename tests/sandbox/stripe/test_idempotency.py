"""Idempotency keys (docs: "Idempotent requests"): what is kept, what is not, for how long, and what the faults do."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests
import stripe

from bot.sandbox.server import running
from bot.sandbox.stripe import create_app
from tests.sandbox.stripe.local import DAY, Local

KEY = {"idempotency_key": "k"}


def fault(local: Local, kind: str, **order: object) -> requests.Response:
    return requests.post(f"{local.url}/control/faults", json={"kind": kind, **order}, timeout=10)


def names(local: Local) -> list[str]:
    return [customer.name for customer in local.v1.customers.list().data]


def test_a_replay_is_the_first_answer_even_when_the_object_has_changed(local: Local) -> None:
    first = local.v1.customers.create({"name": "Anna"}, KEY)
    local.v1.customers.update(first.id, {"name": "Anne"})
    again = local.v1.customers.create({"name": "Anna"}, KEY)
    assert again.to_dict() == first.to_dict()
    assert again.last_response.headers["Original-Request"] == first.last_response.headers["Request-Id"]
    assert names(local) == ["Anne"]


def test_a_refusal_of_the_endpoint_is_replayed_although_it_would_succeed_by_now(local: Local) -> None:
    coupon = {"id": "half", "percent_off": 50, "duration": "once"}
    local.v1.coupons.create(coupon)
    for _ in range(2):
        with pytest.raises(stripe.InvalidRequestError, match="already exists") as refused:
            local.v1.coupons.create(coupon, KEY)
        if local.v1.coupons.list().data:
            local.v1.coupons.delete("half")
    assert refused.value.headers["Idempotent-Replayed"] == "true"


def test_a_declined_card_is_replayed_and_charged_once(local: Local) -> None:
    intent = {"amount": 500, "currency": "eur", "payment_method": "pm_card_visa_chargeDeclined", "confirm": True}
    answers = []
    for _ in range(2):
        with pytest.raises(stripe.CardError) as declined:
            local.v1.payment_intents.create(intent, KEY)
        answers.append((declined.value.http_status, declined.value.code, declined.value.json_body))
    assert answers[0] == answers[1]
    assert len(local.v1.charges.list().data) == 1


@pytest.mark.parametrize(("kind", "made"), [("500_kept", 0), ("500_after_kept", 1)])
def test_an_error_of_stripes_own_is_replayed_for_ever(local: Local, kind: str, made: int) -> None:
    """Only another key gets further, and whether it happened is seen only by looking."""
    fault(local, kind, method="POST", path="/v1/customers")
    for _ in range(3):
        with pytest.raises(stripe.APIError) as failed:
            local.v1.customers.create({"name": "Anna"}, KEY)
        assert failed.value.http_status == 500
    assert failed.value.headers["Idempotent-Replayed"] == "true"
    assert len(names(local)) == made
    local.v1.customers.create({"name": "Anna"}, {"idempotency_key": "another"})
    assert len(names(local)) == made + 1


def test_a_bug_is_replayed_like_stripes_own(local: Local, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(local.app.account, "add", broken)
    with pytest.raises(stripe.APIError):
        local.v1.products.create({"name": "Team"}, KEY)
    monkeypatch.undo()
    with pytest.raises(stripe.APIError) as failed:
        local.v1.products.create({"name": "Team"}, KEY)
    assert failed.value.headers["Idempotent-Replayed"] == "true"
    assert local.v1.products.list().data == []


@pytest.mark.parametrize(
    "params", [{"colour": "red"}, {"balance": "x"}, {"address": "Berlin"}, {"metadata": {"a": {"b": "c"}}}]
)
def test_what_was_wrong_before_anything_began_is_not_kept(local: Local, params: dict[str, Any]) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        local.v1.customers.create(params, KEY)
    assert local.v1.customers.create({"name": "Anna"}, KEY).name == "Anna"


def test_a_rate_limit_is_not_kept(local: Local) -> None:
    fault(local, "429", next=2)
    for _ in range(2):
        with pytest.raises(stripe.RateLimitError):
            local.v1.customers.create({"name": "Anna"}, KEY)
    assert local.v1.customers.create({"name": "Anna"}, KEY).name == "Anna"


def test_a_key_belongs_to_one_address(local: Local) -> None:
    local.v1.customers.create({"name": "Anna"}, KEY)
    with pytest.raises(stripe.IdempotencyError, match="same endpoint"):
        local.v1.products.create({"name": "Anna"}, KEY)
    with pytest.raises(stripe.IdempotencyError, match="same parameters"):
        local.v1.customers.create({"name": "Anna", "metadata": {"a": "b"}}, KEY)


def test_the_order_of_parameters_does_not_matter(local: Local) -> None:
    first = local.v1.customers.create({"name": "Anna", "email": "anna@example.com"}, KEY)
    assert local.v1.customers.create({"email": "anna@example.com", "name": "Anna"}, KEY).id == first.id


def test_keys_are_for_posts_and_have_a_length(local: Local) -> None:
    assert local.v1.customers.list({}, KEY).data == []
    assert local.v1.customers.list({"limit": 5}, KEY).data == []
    with pytest.raises(stripe.IdempotencyError, match="255"):
        local.v1.customers.create({"name": "Anna"}, {"idempotency_key": "k" * 256})
    assert local.v1.customers.create({"name": "Anna"}, {"idempotency_key": "k" * 255}).name == "Anna"


def test_a_key_lives_for_24_hours_of_the_clock(local: Local) -> None:
    first = local.v1.customers.create({"name": "Anna"}, KEY)
    local.app.account.advance_to(local.now() + DAY - 60)
    assert local.v1.customers.create({"name": "Anna"}, KEY).id == first.id
    local.app.account.advance_to(local.now() + 120)
    assert local.v1.customers.create({"name": "Anna"}, KEY).id != first.id


def test_of_many_at_once_one_works_and_the_others_are_told_so(local: Local) -> None:
    fault(local, "delay", seconds=0.5, path="/v1/customers", next=1)

    def create(_: int) -> tuple[int, str]:
        headers = {"Authorization": "Bearer sk_test_x", "Idempotency-Key": "k"}
        answer = requests.post(f"{local.url}/v1/customers", data={"name": "Anna"}, headers=headers, timeout=10)
        return answer.status_code, answer.json().get("error", {}).get("code", "")

    with ThreadPoolExecutor(5) as pool:
        answers = sorted(pool.map(create, range(5)))
    assert answers == [(200, "")] + [(409, "idempotency_key_in_use")] * 4
    assert names(local) == ["Anna"]


def test_keys_outlive_the_program(tmp_path: Path) -> None:
    seen = []
    for _ in range(2):
        app = create_app(path=tmp_path / "stripe.db")
        with running(app) as url:
            v1 = stripe.StripeClient("sk_test_x", base_addresses={"api": url}, max_network_retries=0).v1
            with pytest.raises(stripe.CardError) as declined:
                v1.payment_intents.create({"amount": 500, "currency": "eur", "confirm": True,
                                           "payment_method": "pm_card_visa_chargeDeclined"}, KEY)  # fmt: skip
            seen.append(json.dumps(declined.value.json_body))
        app.close()
    assert seen[0] == seen[1]


class TestFaults:
    def test_the_next_calls_of_a_method_under_a_path(self, local: Local) -> None:
        fault(local, "500", next=2, method="post", path="/v1/customers")
        local.v1.customers.list()
        local.v1.products.create({"name": "Team"})
        for _ in range(2):
            with pytest.raises(stripe.APIError):
                local.v1.customers.create({"name": "Anna"})
        assert local.v1.customers.create({"name": "Anna"}).name == "Anna"
        assert requests.get(f"{local.url}/control/faults", timeout=10).json() == {"faults": []}

    def test_a_share_of_the_calls(self, local: Local) -> None:
        """Of 100 calls a fault with a share of 0.5 hits between 20 and 80, save once in a thousand million runs."""
        fault(local, "500", share=0.5)
        answers = [self.status(local) for _ in range(100)]
        assert set(answers) == {200, 500}
        assert 20 <= answers.count(500) <= 80
        requests.delete(f"{local.url}/control/faults", timeout=10)
        assert {self.status(local) for _ in range(30)} == {200}

    def status(self, local: Local) -> int:
        headers = {"Authorization": "Bearer sk_test_x"}
        return requests.get(f"{local.url}/v1/products", headers=headers, timeout=10).status_code

    def test_orders_stand_beside_each_other(self, local: Local) -> None:
        fault(local, "429", next=1, path="/v1/customers", retry_after=7)
        fault(local, "500", next=1, path="/v1/products")
        listed = requests.get(f"{local.url}/control/faults", timeout=10).json()["faults"]
        assert [(order["kind"], order["path"], order["next"]) for order in listed] == [
            ("429", "/v1/customers", 1),
            ("500", "/v1/products", 1),
        ]
        with pytest.raises(stripe.APIError):
            local.v1.products.list()
        with pytest.raises(stripe.RateLimitError) as limited:
            local.v1.customers.list()
        assert limited.value.headers["Retry-After"] == "7"

    @pytest.mark.parametrize(("kind", "made"), [("cut_before", 0), ("cut_after", 1)])
    def test_a_cut_connection_is_no_answer(self, local: Local, kind: str, made: int) -> None:
        fault(local, kind, method="POST")
        headers = {"Authorization": "Bearer sk_test_x"}
        with pytest.raises(requests.ConnectionError):
            requests.post(f"{local.url}/v1/customers", data={"name": "Anna"}, headers=headers, timeout=10)
        assert len(names(local)) == made

    @pytest.mark.parametrize(("kind", "made"), [("timeout_before", 0), ("timeout_after", 1)])
    def test_a_timeout_is_silence_until_the_client_gives_up(self, local: Local, kind: str, made: int) -> None:
        fault(local, kind, method="POST", seconds=30)
        headers = {"Authorization": "Bearer sk_test_x"}
        with pytest.raises(requests.Timeout):
            requests.post(f"{local.url}/v1/customers", data={"name": "Anna"}, headers=headers, timeout=0.5)
        assert len(names(local)) == made

    @pytest.mark.parametrize(
        "order",
        [{"kind": "500", "share": 2}, {"kind": "500", "share": "NaN"}, {"kind": "500", "next": "many"}, {"kind": "x"},
         {"kind": "delay", "seconds": -1}, {"kind": "500", "colour": 1}, {}, {"kind": "500", "next": 1e400}],
    )  # fmt: skip
    def test_orders_that_make_no_sense_are_refused(self, local: Local, order: dict[str, Any]) -> None:
        body = json.dumps(order)
        answer = requests.post(f"{local.url}/control/faults", data=body, timeout=10)
        assert answer.status_code == 400
        assert answer.json()["error"]["type"] == "invalid_request_error"
        assert requests.get(f"{local.url}/control/faults", timeout=10).json() == {"faults": []}
