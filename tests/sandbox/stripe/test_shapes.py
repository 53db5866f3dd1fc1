"""Every answer has the shape that the SDK's resource classes declare: each field of each object, nested ones too."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
import stripe

from bot.sandbox.server import running
from bot.sandbox.stripe import create_app, routing
from tests.sandbox.stripe.local import DAY, Local, utc
from tests.sandbox.stripe.shapes import kinds_in, problems


class Recorder:
    """The application, which writes down every answer of the API."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.answers: list[tuple[str, Any]] = []

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        said: list[str] = []

        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            said.append(status)
            return start_response(status, headers, *rest)

        body = b"".join(self.app(environ, start))
        if environ["PATH_INFO"].startswith("/v1/") and said[0].startswith("200"):
            self.answers.append((f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}", json.loads(body)))
        return [body]


@pytest.fixture
def recorded() -> Iterator[tuple[Local, Recorder]]:
    app = create_app(start_at=utc("2026-01-15"))
    recorder = Recorder(app)
    with running(recorder) as url:
        client = stripe.StripeClient("sk_test_shapes", base_addresses={"api": url}, max_network_retries=0)
        yield Local(app, url, client.v1), recorder
    app.close()


def attempt(call: Any, *args: Any) -> None:
    """Something that the card refuses, so that its traces are there to be looked at."""
    with pytest.raises(stripe.CardError):
        call(*args)


def live(local: Local) -> None:
    """A bit of everything, the unpleasant things too."""
    v1 = local.v1
    address = {"line1": "Hauptstr. 1", "city": "Berlin", "country": "DE", "postal_code": "10115"}
    customer = local.customer(address=address, shipping={"name": "Anna", "address": address}, phone="+49301234")
    v1.customers.tax_ids.create(customer.id, {"type": "eu_vat", "value": "DE123456789"})
    v1.customers.balance_transactions.create(customer.id, {"amount": -100, "currency": "eur"})
    rate = v1.tax_rates.create({"display_name": "VAT", "percentage": 19, "inclusive": False, "country": "DE"})
    inside = v1.tax_rates.create({"display_name": "City", "percentage": "8.875", "inclusive": True})
    price, yearly = local.price(2000, currency_options={"usd": {"unit_amount": 2500}}), local.price(9000, "year")
    once = local.price(500, "once")
    tiers = [{"up_to": 5, "unit_amount": 900}, {"up_to": "inf", "unit_amount": 700, "flat_amount": 100}]
    tiered = v1.prices.create({"currency": "eur", "product": price.product, "billing_scheme": "tiered", "tiers": tiers,
                               "tiers_mode": "graduated", "recurring": {"interval": "month"}})  # fmt: skip
    coupons(local, price.product)
    code = v1.promotion_codes.list().data[0]
    terms = {"default_tax_rates": [rate.id, inside.id], "discounts": [{"promotion_code": code.id}]}
    subscription = local.subscribe(customer, price, add_invoice_items=[{"price": once.id}], **terms)
    v1.subscriptions.update(subscription.id, {"items": [{"id": subscription["items"].data[0].id, "quantity": 3}]})
    v1.subscription_items.create({"subscription": subscription.id, "price": tiered.id, "quantity": 7})
    v1.subscriptions.update(subscription.id, {"pause_collection": {"behavior": "void"}})
    v1.subscriptions.update(subscription.id, {"pause_collection": ""})
    trial = local.subscribe(customer, yearly, trial_period_days=20, cancel_at=local.now() + 40 * DAY)
    v1.invoice_items.create({"customer": customer.id, "amount": 700, "currency": "eur", "description": "Setup"})
    schedules(local, customer, price, subscription)
    payments(local, customer, price)
    documents(local, customer)
    v1.subscriptions.cancel(trial.id, {"prorate": True, "cancellation_details": {"feedback": "too_expensive"}})
    local.advance(40)
    local.break_card(customer)
    local.advance(40)


def coupons(local: Local, product: str) -> None:
    v1 = local.v1
    coupon = v1.coupons.create({"percent_off": 10, "duration": "forever", "applies_to": {"products": [product]}})
    v1.coupons.create({"amount_off": 500, "currency": "eur", "duration": "repeating", "duration_in_months": 3,
                       "redeem_by": local.now() + DAY, "max_redemptions": 3})  # fmt: skip
    restrictions = {"first_time_transaction": True, "minimum_amount": 100, "minimum_amount_currency": "eur"}
    promotion = {"promotion": {"type": "coupon", "coupon": coupon.id}, "code": "WELCOME"}
    v1.promotion_codes.create({**promotion, "restrictions": restrictions, "expires_at": local.now() + 9 * DAY})


def schedules(local: Local, customer: Any, price: Any, subscription: Any) -> None:
    v1 = local.v1
    phase = {"items": [{"price": price.id, "quantity": 2}], "duration": {"interval": "month", "interval_count": 2}}
    made = v1.subscription_schedules.create(
        {"customer": customer.id, "start_date": local.now() + DAY, "phases": [phase, {"items": [{"price": price.id}]}]}
    )
    v1.subscription_schedules.retrieve(made.id, {"expand": ["customer"]})
    running_one = v1.subscription_schedules.create({"from_subscription": subscription.id})
    v1.subscription_schedules.release(running_one.id)
    details = {"items": [{"price": price.id, "quantity": 9}]}
    v1.invoices.create_preview({"customer": customer.id, "subscription_details": details})
    v1.invoices.create_preview({"subscription": subscription.id})
    paths = ["latest_invoice.payments", "customer", "discounts", "default_payment_method"]
    v1.subscriptions.retrieve(subscription.id, {"expand": paths})


def payments(local: Local, customer: Any, price: Any) -> None:
    v1 = local.v1
    intent = {"amount": 900, "currency": "eur", "confirm": True}
    v1.payment_intents.create({**intent, "payment_method": "pm_card_visa"})
    v1.payment_intents.create({**intent, "payment_method": "pm_card_authenticationRequired"})
    attempt(v1.payment_intents.create, {**intent, "payment_method": "pm_card_visa_chargeDeclined"})
    v1.payment_intents.cancel(v1.payment_intents.create({"amount": 500, "currency": "eur"}).id)
    v1.setup_intents.create({"customer": customer.id, "payment_method": "pm_card_visa", "confirm": True})
    v1.setup_intents.create({"payment_method": "pm_card_authenticationRequired", "confirm": True})
    attempt(v1.setup_intents.create, {"payment_method": "pm_card_visa_chargeDeclined", "confirm": True})
    session = {"mode": "setup", "currency": "eur", "success_url": "https://example.com/ok", "customer": customer.id}
    v1.checkout.sessions.create(session)
    v1.checkout.sessions.expire(v1.checkout.sessions.create(session).id)
    poor = local.customer("pm_card_chargeCustomerFail")
    v1.subscriptions.retrieve(local.subscribe(poor, price).id, {"expand": ["latest_invoice.confirmation_secret"]})
    pending = local.subscribe(customer, local.price(100))
    local.break_card(customer)
    change = {"items": [{"id": pending["items"].data[0].id, "quantity": 5}], "proration_behavior": "always_invoice"}
    v1.subscriptions.update(pending.id, {**change, "payment_behavior": "pending_if_incomplete"})
    local.break_card(customer, "succeed")
    charge = next(one for one in v1.charges.list({"customer": customer.id}).data if one.paid)
    v1.refunds.create({"charge": charge.id, "amount": 100, "reason": "requested_by_customer"})
    v1.charges.retrieve(charge.id, {"expand": ["refunds", "customer", "payment_intent"]})


def documents(local: Local, customer: Any) -> None:
    """Invoices by hand, credit notes, endpoints, and what is deleted."""
    v1 = local.v1
    terms = {"customer": customer.id, "collection_method": "send_invoice", "days_until_due": 3, "currency": "eur"}
    drafts = [v1.invoices.create(terms) for _ in range(4)]
    for draft in drafts[:3]:
        v1.invoice_items.create({"customer": customer.id, "amount": 5000, "currency": "eur", "invoice": draft.id})
        v1.invoices.finalize_invoice(draft.id)
    v1.invoices.void_invoice(drafts[0].id)
    v1.invoices.mark_uncollectible(drafts[1].id)
    v1.invoices.send_invoice(drafts[2].id)
    v1.credit_notes.create({"invoice": drafts[2].id, "amount": 1000, "reason": "duplicate"})
    v1.invoices.pay(drafts[2].id, {"paid_out_of_band": True})
    v1.credit_notes.create({"invoice": drafts[2].id, "amount": 400, "credit_amount": 400})
    v1.invoices.delete(drafts[3].id)
    endpoint = v1.webhook_endpoints.create({"url": "http://127.0.0.1:9/hook", "enabled_events": ["product.deleted"]})
    v1.webhook_endpoints.update(endpoint.id, {"disabled": True, "description": "off"})
    gone = v1.customers.create({"name": "Gone"})
    v1.customers.delete(gone.id)
    v1.customers.retrieve(gone.id)
    v1.products.delete(v1.products.create({"name": "Gone"}).id)
    v1.coupons.delete(v1.coupons.create({"percent_off": 1, "duration": "once"}).id)
    v1.webhook_endpoints.delete(v1.webhook_endpoints.create({"url": "http://x", "enabled_events": ["*"]}).id)
    if hasattr(v1, "billing_portal"):
        v1.billing_portal.sessions.create({"customer": customer.id, "return_url": "https://example.com"})
    v1.test_helpers.test_clocks.create({"frozen_time": local.now(), "name": "a clock"})


def read_everything(local: Local) -> None:
    """Every list that needs no parameters, each of its objects by itself, and the lists that hang on a customer."""
    v1 = local.v1
    request = stripe.StripeClient("sk_test_shapes", base_addresses={"api": local.url}).raw_request
    plain = {"/".join(parts) for (method, _), e in routing._ROUTES.items() if method == "GET" for parts, _ in e}
    for path in sorted(plain):
        if "{}" in path or f"{path}/{{}}" not in plain or path == "v1/subscription_items":
            continue
        extra = {"status": "all"} if path == "v1/subscriptions" else {}
        listed = request("get", f"/{path}", limit=100, **extra).data
        for entry in listed["data"][:12]:
            request("get", f"/{path}/{entry['id']}")
    for noun in ("customers", "prices", "products", "subscriptions"):
        request("get", f"/v1/{noun}/search", query='metadata["a"]:null', limit=100)
    for customer in v1.customers.list().data:
        for service in (v1.customers.tax_ids, v1.customers.balance_transactions, v1.customers.payment_methods):
            service.list(customer.id)
    for invoice in v1.invoices.list().data:
        v1.invoices.line_items.list(invoice.id)


@pytest.mark.timeout(300)
def test_every_answer_has_the_shape_that_the_sdk_declares(recorded: tuple[Local, Recorder]) -> None:
    local, recorder = recorded
    live(local)
    read_everything(local)
    found: dict[str, str] = {}
    for request, answer in recorder.answers:
        for problem in problems(answer):
            found.setdefault(problem, request)
    found.pop("list.event.data.object.id is missing", None)  # invoice.upcoming tells of an invoice without an id
    found.pop("event.data.object.id is missing", None)
    assert not found
    seen = {kind for _, answer in recorder.answers for kind in kinds_in(answer)}
    assert seen >= {
        "charge", "checkout.session", "coupon", "credit_note", "credit_note_line_item", "customer", "discount",
        "customer_balance_transaction", "event", "invoice", "invoice_payment", "invoiceitem", "line_item", "list",
        "payment_intent", "payment_method", "plan", "price", "product", "promotion_code", "refund", "search_result",
        "setup_intent", "subscription", "subscription_item", "subscription_schedule", "tax_id", "tax_rate",
        "test_helpers.test_clock", "webhook_endpoint", "billing_portal.session", "billing_portal.configuration",
    }  # fmt: skip


RATE: dict[str, Any] = {
    "id": "txr_1", "object": "tax_rate", "active": True, "country": None, "created": 1, "description": None,
    "display_name": "VAT", "effective_percentage": None, "flat_amount": None, "inclusive": False,
    "jurisdiction": None, "jurisdiction_level": None, "livemode": False, "metadata": {"a": "b"}, "percentage": 19.0,
    "rate_type": "percentage", "state": None, "tax_type": None,
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({}, []),
        ({"percentage": "19"}, ["tax_rate.percentage is '19', not float"]),
        ({"created": True}, ["tax_rate.created is True, not int"]),
        ({"rate_type": "guess"}, ["tax_rate.rate_type is 'guess', which is not listed"]),
        ({"colour": "red"}, ["tax_rate.colour is not declared"]),
        ({"metadata": {"a": 1}}, ["tax_rate.metadata.a is 1, not str"]),
        ({"flat_amount": {"amount": 1}}, ["tax_rate.flat_amount.currency is missing"]),
        ({"display_name": None}, ["tax_rate.display_name is None, not str"]),
    ],
)  # fmt: skip
def test_a_wrong_shape_is_noticed(change: dict[str, Any], problem: list[str]) -> None:
    assert problems({**RATE, **change}) == problem
    without = {name: value for name, value in RATE.items() if name != "percentage"}
    assert problems(without) == ["tax_rate.percentage is missing"]
