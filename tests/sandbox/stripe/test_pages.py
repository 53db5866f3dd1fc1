"""The pages: saving a card on Checkout, authenticating, paying a hosted invoice, and the dashboard."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.sandbox.stripe.local import Local

CARD = {"number": "4242 4242 4242 4242", "expiry": "12 / 34", "cvc": "123", "name": "Anna"}


def session(local: Local, customer: Any) -> Any:
    return local.v1.checkout.sessions.create(
        {
            "mode": "setup",
            "currency": "eur",
            "customer": customer.id,
            "success_url": "http://127.0.0.1:1/done?session={CHECKOUT_SESSION_ID}",
            "setup_intent_data": {"metadata": {"operation": "7"}},
        }
    )


def send(url: str, form: dict[str, str]) -> requests.Response:
    return requests.post(url, data=form, allow_redirects=False, timeout=10)


def test_a_card_is_saved_on_the_hosted_page(local: Local) -> None:
    customer = local.customer(card=None)
    made = session(local, customer)
    page = requests.get(made.url, timeout=10)
    assert page.status_code == 200
    assert "not Stripe" in page.text
    assert "<script" not in page.text
    answer = send(made.url, CARD)
    assert answer.headers["Location"] == f"http://127.0.0.1:1/done?session={made.id}"
    done = local.v1.checkout.sessions.retrieve(made.id, {"expand": ["setup_intent.payment_method"]})
    assert (done.status, done.setup_intent.status) == ("complete", "succeeded")
    assert done.setup_intent.payment_method.customer == customer.id
    assert done.setup_intent.metadata["operation"] == "7"
    assert {"setup_intent.succeeded", "payment_method.attached", "checkout.session.completed"} <= set(local.events())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"number": "4539 5787 6362 1486"}, "only the test card numbers"),
        ({"number": "4000 0000 0000 0002"}, "Your card was declined."),
        ({"number": "4000 0000 0000 9995"}, "insufficient funds"),
        ({"expiry": "12 / 20"}, "expiration year is invalid"),
        ({"expiry": "13 / 34"}, "expiration month is invalid"),
        ({"expiry": "soon"}, "expiration date is incomplete"),
        ({"cvc": "1"}, "security code is invalid"),
    ],
)
def test_a_refused_card_is_explained_and_the_page_stays(local: Local, change: dict[str, str], message: str) -> None:
    made = session(local, local.customer(card=None))
    answer = send(made.url, CARD | change)
    assert answer.status_code == 402
    assert message in answer.text
    assert (CARD | change)["number"] not in answer.text.partition("</form>")[0].replace(
        'placeholder="4242 4242 4242 4242"', ""
    )
    assert send(made.url, CARD).status_code == 303


def test_a_card_that_wants_authentication_gets_it(local: Local) -> None:
    customer = local.customer(card=None)
    made = session(local, customer)
    answer = send(made.url, CARD | {"number": "4000002500003155"})
    asked = local.url + answer.headers["Location"]
    assert "is it you" in requests.get(asked, timeout=10).text
    assert send(asked, {"answer": "approve"}).status_code == 303
    assert local.v1.checkout.sessions.retrieve(made.id).status == "complete"
    (method,) = local.v1.customers.payment_methods.list(customer.id).data
    subscription = local.subscribe(customer, local.price(100), default_payment_method=method.id)
    assert subscription.status == "active"


def test_refusing_the_authentication_saves_nothing(local: Local) -> None:
    customer = local.customer(card=None)
    made = session(local, customer)
    answer = send(made.url, CARD | {"number": "4000002500003155"})
    send(local.url + answer.headers["Location"], {"answer": "refuse"})
    assert local.v1.checkout.sessions.retrieve(made.id).status == "open"
    assert local.v1.customers.payment_methods.list(customer.id).data == []


def test_a_payment_waits_for_the_cardholder(local: Local) -> None:
    subscription = local.subscribe(local.customer("pm_card_authenticationRequired"), local.price(100))
    assert subscription.status == "incomplete"
    intent = local.v1.payment_intents.list().data[0]
    assert intent.status == "requires_action"
    send(intent.next_action.redirect_to_url.url, {"answer": "approve"})
    assert local.v1.subscriptions.retrieve(subscription.id).status == "active"


def test_a_link_expires(local: Local) -> None:
    made = session(local, local.customer(card=None))
    local.advance(1.1)
    assert local.v1.checkout.sessions.retrieve(made.id).status == "expired"
    assert "expired" in requests.get(made.url, timeout=10).text
    assert "checkout.session.expired" in local.events()


def test_an_invoice_is_paid_on_its_page(local: Local) -> None:
    customer = local.customer(card=None)
    subscription = local.subscribe(customer, local.price(1234), collection_method="send_invoice", days_until_due=7)
    (invoice,) = local.invoices(subscription)
    assert "12.34 EUR" in requests.get(invoice.hosted_invoice_url, timeout=10).text
    assert send(invoice.hosted_invoice_url, CARD | {"number": "4000000000009995"}).status_code == 402
    assert send(invoice.hosted_invoice_url, CARD).status_code == 200
    assert local.v1.invoices.retrieve(invoice.id).status == "paid"
    guessed = invoice.hosted_invoice_url.rpartition("/")[0] + "/guess"
    assert requests.get(guessed, timeout=10).status_code == 404


def test_the_dashboard_shows_every_object_and_moves_the_clock(local: Local) -> None:
    customer = local.customer(name="<b>Änne & Co</b>")
    subscription = local.subscribe(customer, local.price(1000))
    pages = ["", "dashboard/requests"]
    sections = ("customers", "subscriptions", "schedules", "invoices", "payments", "products", "prices", "events")
    pages += [f"dashboard/{name}" for name in sections]
    events = local.v1.events.list({"limit": 100}).data
    pages += [f"dashboard/{name}" for name in {event.data.object.id for event in events} | {events[0].id}]
    for page in pages:
        answer = requests.get(f"{local.url}/{page}", timeout=10)
        assert answer.status_code == 200, page
        assert "<b>Änne" not in answer.text
        assert "not Stripe" in answer.text
    assert "&lt;b&gt;Änne" in requests.get(f"{local.url}/dashboard/{customer.id}", timeout=10).text
    send(f"{local.url}/dashboard/clock", {"by_months": "1"})
    local.advance(0.1)
    assert len(local.invoices(subscription)) == 2
    send(f"{local.url}/dashboard/faults", {"kind": "500", "next": "1", "path": "/v1/products"})
    assert local.app.faults.all()[0]["path"] == "/v1/products"


@pytest.mark.parametrize(
    "path", ["dashboard/nothing", "invoice/in_x/y", "checkout/cs_x", "authenticate/pi_x", "a/b/c/d"]
)
def test_pages_that_do_not_exist_say_so(local: Local, path: str) -> None:
    answer = requests.get(f"{local.url}/{path}", timeout=10)
    assert answer.status_code == 404
    assert "That did not work" in answer.text
