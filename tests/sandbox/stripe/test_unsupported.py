"""What exists at Stripe but not here is refused by name, never silently left out."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.sandbox.stripe.local import Local


def call(local: Local, method: str, path: str, form: dict[str, Any]) -> requests.Response:
    headers = {"Authorization": "Bearer sk_test_x"}
    sent = {"params": form} if method == "GET" else {"data": form}
    return requests.request(method, f"{local.url}/v1/{path}", headers=headers, timeout=10, **sent)


@pytest.mark.parametrize(
    ("path", "name", "value"),
    [
        ("subscriptions", "plan", "plan_1"), ("invoices", "customer_account", "acct_1"), ("invoices", "due_date", "1"),
        ("charges", "transfer_group", "g"), ("products", "shippable", "true"), ("prices", "recurring[interval]", "day"),
        ("customers", "test_clock[x]", "1"), ("subscription_schedules", "canceled_at", "1"),
        ("checkout/sessions", "payment_link", "plink_1"), ("invoiceitems", "pending", "true"),
        ("events", "delivery_success", "true"), ("billing_portal/configurations", "active", "true"),
    ],
)  # fmt: skip
def test_a_filter_that_does_not_work_is_refused(local: Local, path: str, name: str, value: str) -> None:
    answer = call(local, "GET", path, {name: value})
    assert answer.status_code == 400
    assert answer.json()["error"]["param"].startswith(name.partition("[")[0])


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("customers", {"tax[ip_address]": "127.0.0.1"}),
        ("customers", {"source": "tok_visa"}),
        ("customers/{customer}", {"default_source": "card_1"}),
        ("refunds", {"payment_intent": "pi_1", "reverse_transfer": "true"}),
        ("invoices/{invoice}/pay", {"forgive": "true"}),
        ("payment_intents/{intent}/confirm", {"capture_method": "manual"}),
        ("setup_intents/seti_1/confirm", {"use_stripe_sdk": "true"}),
        ("subscription_schedules/sub_sched_1/cancel", {"prorate": "false"}),
        ("subscription_schedules/sub_sched_1/release", {"preserve_cancel_date": "true"}),
        ("payment_methods", {"type": "card", "card[token]": "tok_visa", "radar_options[session]": "rse_1"}),
        ("test_helpers/test_clocks", {"frozen_time": "1", "customer": "cus_1"}),
    ],
)
def test_a_parameter_that_does_nothing_is_refused(local: Local, path: str, form: dict[str, str]) -> None:
    customer = local.customer()
    invoice = local.v1.invoices.create({"customer": customer.id})
    intent = local.v1.payment_intents.create({"amount": 100, "currency": "eur"})
    answer = call(local, "POST", path.format(customer=customer.id, invoice=invoice.id, intent=intent.id), form)
    assert answer.status_code == 400
    message = answer.json()["error"]["message"]
    assert "The local Stripe" in message
    assert local.v1.invoices.retrieve(invoice.id).status == "draft"
