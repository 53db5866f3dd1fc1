"""Bad input is refused in Stripe's words: never a 500, never a stack trace, whatever is sent to whichever address."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from bot.sandbox.stripe import create_app, routing
from bot.sandbox.stripe.app import StripeApp
from tests.sandbox.stripe.local import utc
from tests.sandbox.stripe.nonsense import JUNK, Sender, encoded, hashes, numbers

REQUESTS = int(os.environ.get("KONTOR_FUZZ", "250"))
FORM = "application/x-www-form-urlencoded"
KEY = {"Authorization": "Bearer sk_test_fuzz"}
PREFIX = {
    "customers": "cus_", "subscriptions": "sub_", "invoices": "in_", "invoiceitems": "ii_", "prices": "price_",
    "products": "prod_", "payment_methods": "pm_", "payment_intents": "pi_", "setup_intents": "seti_",
    "charges": "ch_", "refunds": "re_", "promotion_codes": "promo_", "tax_rates": "txr_", "sessions": "cs_",
    "subscription_schedules": "sub_sched_", "subscription_items": "si_", "events": "evt_", "tax_ids": "txi_",
    "webhook_endpoints": "we_", "credit_notes": "cn_", "invoice_payments": "inpay_", "test_clocks": "clock_",
    "balance_transactions": "cbtxn_", "configurations": "bpc_",
}  # fmt: skip


@pytest.fixture
def app() -> Iterator[StripeApp]:
    app = create_app(start_at=utc("2026-01-15"), public_url="http://local")
    yield app
    app.close()


def routes() -> list[tuple[str, tuple[str, ...], str]]:
    """(method, parts of the path, type of its parameters) of everything that /v1 has."""
    return [
        (method, parts, found.params)
        for (method, _), entries in sorted(routing._ROUTES.items())
        for parts, found in sorted(entries, key=lambda entry: entry[0])
    ]


def check(answer: TestResponse, sent: str) -> Any:
    text = answer.get_data(as_text=True)
    assert answer.status_code < 500, (answer.status_code, sent[:2000], text)
    assert "Traceback" not in text, (sent, text)
    return json.loads(text) if text and answer.mimetype == "application/json" else None


def ask(client: Client, method: str, path: str, text: str, **headers: str) -> TestResponse:
    if method == "POST":
        return client.post(path, data=text.encode(), content_type=FORM, headers={**KEY, **headers})
    return client.open(path, method=method, query_string=text, headers={**KEY, **headers})


def setting(client: Client, sender: Sender) -> None:
    """A few proper objects to begin with."""
    for path, body in [
        ("customers", {"name": "Anna", "payment_method": "pm_card_visa"}),
        ("products", {"name": "Team"}),
        ("coupons", {"percent_off": "10", "id": "half_off", "duration": "forever"}),
        ("tax_rates", {"display_name": "VAT", "percentage": "19", "inclusive": "false"}),
    ]:
        sender.learn(check(ask(client, "POST", f"/v1/{path}", "&".join(encoded(body))), path))
    product, customer = sender.id_of("prod_"), next(one for one in sender.ids if one.startswith("cus_"))
    product = next(one for one in sender.ids if one.startswith("prod_"))
    price = {"currency": "eur", "unit_amount": "900", "recurring": {"interval": "month"}, "product": product}
    made = check(ask(client, "POST", "/v1/prices", "&".join(encoded(price))), "price")
    sender.learn(made)
    methods = check(ask(client, "GET", f"/v1/customers/{customer}/payment_methods", ""), "methods")
    body = {
        "customer": customer,
        "items": [{"price": made["id"]}],
        "default_payment_method": methods["data"][0]["id"],
    }
    sender.learn(methods)
    sender.learn(check(ask(client, "POST", "/v1/subscriptions", "&".join(encoded(body))), "subscription"))


@pytest.mark.parametrize("seed", range(3))
def test_whatever_is_sent_is_answered(app: StripeApp, seed: int) -> None:
    """Every route with parameters of its own type, spoilt here and there, in a row on one account."""
    client, sender, all_routes = Client(app), Sender(seed), routes()
    setting(client, sender)
    for number in range(REQUESTS):
        method, parts, type_name = (
            all_routes[number % len(all_routes)] if number < len(all_routes) else sender.random.choice(all_routes)
        )
        path, noun = "", ""
        for part in parts:
            path += "/" + (sender.id_of(PREFIX.get(noun, "")).replace("/", "") if part == "{}" else part)
            noun = part if part != "{}" else noun
        text = "&".join(encoded(sender.parameters(type_name)))
        body = check(ask(client, method, path.replace("\x00", "%00"), text), f"seed {seed}: {method} {path} {text}")
        if isinstance(body, dict) and "error" not in body:
            sender.learn(body)
        if number % 97 == 96:
            app.account.advance_to(app.account.now() + sender.random.choice([3600, 86_400, 20 * 86_400]))


def test_unknown_fields_are_named_at_every_level(app: StripeApp) -> None:
    """`colour` is no field of anything: whichever hash it is put into, it is what the answer complains about."""
    client, tried = Client(app), 0
    for method, parts, type_name in routes():
        for name in hashes(type_name):
            tried += 1
            path, sent = "/" + "/".join("x" if part == "{}" else part for part in parts), f"{name}[colour]"
            sent = sent if name else "colour"
            body = check(ask(client, method, path, f"{sent}=red"), f"{method} {path} {sent}")
            assert (body["error"]["code"], body["error"]["param"]) == ("parameter_unknown", sent), (path, body)
    assert tried > len(routes()) * 2


@pytest.mark.parametrize("seed", range(2))
def test_any_path_method_and_body_is_answered(app: StripeApp, seed: int) -> None:
    client, chance = Client(app), random.Random(seed)
    words = ["v1", "control", "dashboard", "customers", "invoices", "checkout", "sessions", "clock", "faults", "..", ""]
    words += ["%00", "%ff", "{}", "reset", "invoice", "authenticate", "portal", "search", "a" * 3000]
    for _ in range(REQUESTS):
        path = "/" + "/".join(chance.choice(words) for _ in range(chance.randrange(1, 6)))
        method = chance.choice(["GET", "POST", "DELETE", "PUT", "PATCH", "HEAD", "OPTIONS", "BREW"])
        body = chance.choice([b"", b"a=b", b"\xff\xfe\x00", b"{", b"[" * 10_000, b"a[b" * 999, os_bytes(chance)])
        kind = chance.choice([FORM, "application/json", "multipart/form-data; boundary=x", "text/plain", "x", ""])
        headers = {"Authorization": chance.choice(["", "Bearer", "Basic !!", "Bearer sk_test_x", "Bearer \xff"])}
        headers["Idempotency-Key"] = chance.choice(["", "k", "k" * 300, "\xe4", "a b"])
        answer = client.open(path, method=method, data=body, content_type=kind, headers=headers)
        check(answer, f"{method} {path} {kind} {body[:80]!r}")


def os_bytes(chance: random.Random) -> bytes:
    return chance.randbytes(chance.randrange(200))


def test_bodies_that_are_too_much(app: StripeApp) -> None:
    client = Client(app)
    bodies = ["a" + "[b]" * 5000 + "=1", "&".join(f"metadata[k{n}]=v" for n in range(6000)), "name=" + "x" * 2_000_000]
    bodies += ["items[" + "9" * 5000 + "]=1", "items[-1][price]=1", "&".join("a[]=1" for _ in range(5001))]
    for body in bodies:
        answer = ask(client, "POST", "/v1/customers", body)
        assert 400 <= answer.status_code < 500, body[:100]
        assert check(answer, body[:100])["error"]["type"] == "invalid_request_error"


CONTROLS: dict[str, list[str]] = {
    "clock": ["advance_to", "by_days", "by_months"],
    "faults": ["kind", "path", "method", "next", "share", "retry_after", "seconds"],
    "requests": [],
    "card": ["payment_method", "behaviour"],
    "deliveries": ["delay", "twice", "shuffle"],
    "settings": ["after_retries", "retry_days", "upcoming_days"],
    "reset": ["start_at"],
    "nothing": [],
    "": [],
}


@pytest.mark.parametrize("seed", range(2))
def test_controls_take_no_nonsense(app: StripeApp, seed: int) -> None:
    client, chance = Client(app), random.Random(seed)
    values: list[Any] = [*JUNK, 0, -1, 1, 10**30, 1 - 10**11, 10**10, 1.5, True, None, [], {}, [[1]], {"a": 1}]
    values += [float("nan"), float("inf"), "429", "delay", "succeed", "500", 4 * 10**10]
    for _ in range(REQUESTS):
        name, method = chance.choice(list(CONTROLS)), chance.choice(["GET", "POST", "POST", "POST", "DELETE"])
        body = {field: chance.choice(values) for field in CONTROLS[name] if chance.random() < 0.7}
        if chance.random() < 0.1:
            body["colour"] = 1
        text = json.dumps(body)
        if chance.random() < 0.1:
            text = chance.choice(
                ["[" * 100_000, '{"a":', "\x00", '"x"', "1" * 5000, "[1]", '{"advance_to": 1' + "0" * 5000]
            )
        answer = client.open(f"/control/{name}", method=method, data=text, content_type="application/json")
        check(answer, f"{method} {name} {text[:200]}")
        app.faults.clear()
        check(ask(client, "GET", "/v1/customers", ""), "it still answers")


@pytest.mark.parametrize("behaviour", [[], {}, 1, None, "", "x"])
def test_a_behaviour_that_no_card_has_is_refused(app: StripeApp, behaviour: Any) -> None:
    answer = Client(app).post("/control/card", json={"payment_method": "pm_x", "behaviour": behaviour})
    assert (answer.status_code, check(answer, "card")["error"]["param"]) == (400, "behaviour")


EXTREMES = ["-" + "9" * 18, "-1", "0", "253402300800", "9" * 18]


def test_numbers_at_the_edge_in_requests_that_are_otherwise_right(app: StripeApp) -> None:
    """Moments before the calendar begins or after it ends, quantities and amounts beyond all bounds."""
    client = Client(app)

    def post(path: str, sent: dict[str, Any]) -> dict[str, Any]:
        body = check(ask(client, "POST", f"/v1/{path}", "&".join(encoded(sent))), path)
        assert "error" not in body, body
        return dict(body)

    customer = post("customers", {"name": "Anna", "payment_method": "pm_card_visa"})["id"]
    method = check(ask(client, "GET", f"/v1/customers/{customer}/payment_methods", ""), "")["data"][0]["id"]
    recurring = {"interval": "day"}
    price = {"currency": "eur", "unit_amount": "900", "recurring": recurring, "product_data": {"name": "Team"}}
    bought = {"customer": customer, "items": [{"price": post("prices", price)["id"]}], "default_payment_method": method}
    phases = {"phases": [{"items": bought["items"]}]}
    running = post("subscriptions", bought)
    sent = post("invoices", {"customer": customer, "collection_method": "send_invoice", "days_until_due": "3"})["id"]
    post("invoiceitems", {"customer": customer, "amount": "5000", "currency": "eur", "invoice": sent})
    post(f"invoices/{sent}/finalize", {})
    charge = check(ask(client, "GET", "/v1/charges", ""), "")["data"][0]["id"]
    clock = post("test_helpers/test_clocks", {"frozen_time": "1768435200"})["id"]
    requests: list[tuple[str, str, dict[str, Any]]] = [
        ("customers", "CustomerCreateParams", {}),
        (f"customers/{customer}", "CustomerUpdateParams", {}),
        (f"customers/{customer}/balance_transactions", "CustomerBalanceTransactionCreateParams", {"currency": "eur"}),
        ("prices", "PriceCreateParams", {**price, "recurring": {"interval": "year"}}),
        ("coupons", "CouponCreateParams", {"currency": "eur", "duration": "repeating", "duration_in_months": "1"}),
        ("subscriptions", "SubscriptionCreateParams", bought),
        (f"subscriptions/{running['id']}", "SubscriptionUpdateParams", {}),
        (f"subscription_items/{running['items']['data'][0]['id']}", "SubscriptionItemUpdateParams", {}),
        ("subscription_schedules", "SubscriptionScheduleCreateParams", {"customer": customer, **phases}),
        ("invoices", "InvoiceCreateParams", {"customer": customer}),
        ("invoices/create_preview", "InvoiceCreatePreviewParams", {"subscription": running["id"]}),
        ("invoices/create_preview", "InvoiceCreatePreviewParams",
         {"customer": customer, "subscription_details": {"items": bought["items"]}}),
        ("invoiceitems", "InvoiceItemCreateParams", {"customer": customer, "amount": "1", "currency": "eur"}),
        ("payment_intents", "PaymentIntentCreateParams",
         {"currency": "eur", "payment_method": "pm_card_visa", "confirm": "true"}),
        ("refunds", "RefundCreateParams", {"charge": charge}),
        ("credit_notes", "CreditNoteCreateParams", {"invoice": sent}),
        ("checkout/sessions", "checkout.SessionCreateParams", {"mode": "setup", "currency": "eur"}),
        ("test_helpers/test_clocks", "test_helpers.TestClockCreateParams", {}),
        (f"test_helpers/test_clocks/{clock}/advance", "test_helpers.TestClockAdvanceParams", {}),
    ]  # fmt: skip
    for path, type_name, right in requests:
        for name in numbers(type_name):
            for value in EXTREMES:
                others = [pair for pair in encoded(right) if not pair.startswith(f"{name}=")]
                text = "&".join([*others, f"{name}={value}"])
                check(ask(client, "POST", f"/v1/{path}", text), f"{path} {text}")
    app.account.advance_to(app.account.now() + 3 * 86_400)
    assert "error" not in check(ask(client, "GET", "/v1/subscriptions", ""), "it still answers")
