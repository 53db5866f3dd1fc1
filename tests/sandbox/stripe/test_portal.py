"""The billing portal: what a customer sees there, and changing the card."""

from __future__ import annotations

from typing import Any

import pytest
import requests
import stripe

from tests.sandbox.stripe.local import Local, day

CARD = {"number": "5555 5555 5555 4444", "expiry": "12 / 34", "cvc": "123", "name": "Anna Example", "add": "1"}


def session(local: Local, customer: Any, **fields: Any) -> Any:
    return local.v1.billing_portal.sessions.create(
        {"customer": customer.id, "return_url": "https://example.com/account", **fields}
    )


def send(url: str, form: dict[str, str]) -> requests.Response:
    return requests.post(url, data=form, allow_redirects=False, timeout=10)


def read(url: str) -> str:
    answer = requests.get(url, timeout=10)
    assert answer.status_code == 200
    return answer.text


def test_the_page_shows_subscriptions_invoices_and_cards(local: Local) -> None:
    customer = local.customer(name="<i>Anna</i>")
    subscription = local.subscribe(customer, local.price(1234), 2)
    made = session(local, customer)
    text = read(made.url)
    for expected in ("not Stripe", "&lt;i&gt;Anna", "2 × Plan 1234", "24.68 EUR / month", "Visa •••• 4242", "in use"):
        assert expected in text
    assert "next on 15 Feb 2026" in text
    assert 'href="https://example.com/account"' in text
    (invoice,) = local.invoices(subscription)
    assert invoice.number in text
    assert invoice.hosted_invoice_url in text
    assert "<script" not in text
    assert "billing_portal.session.created" in local.events()


def test_someone_elses_things_are_not_shown(local: Local) -> None:
    local.subscribe(local.customer(), local.price(7777))
    text = read(session(local, local.customer(card=None)).url)
    assert "No subscriptions" in text
    assert "No card is saved" in text
    assert "77" not in text.partition("Test cards")[0]


def test_a_new_card_is_saved_and_charged_from_now_on(local: Local) -> None:
    customer = local.customer()
    old = local.method_of(customer)
    subscription = local.subscribe(customer, local.price(1000), default_payment_method=old)
    made = session(local, customer)
    answer = send(made.url, CARD)
    assert answer.status_code == 200
    assert "will be charged from now on" in answer.text
    new = local.method_of(customer)
    assert new != old
    assert local.v1.payment_methods.retrieve(new).card.brand == "mastercard"
    assert local.v1.subscriptions.retrieve(subscription.id).default_payment_method == new
    assert {"setup_intent.succeeded", "payment_method.attached", "customer.updated"} <= set(local.events())
    local.advance_to("2026-02-15 02:00")
    newest = local.v1.charges.list({"customer": customer.id}).data[0]
    assert (newest.payment_method, newest.paid) == (new, True)


def test_back_to_the_card_before(local: Local) -> None:
    customer = local.customer()
    old = local.method_of(customer)
    made = session(local, customer)
    send(made.url, CARD)
    assert "Use this card" in read(made.url)
    assert send(made.url, {"use": old}).status_code == 200
    assert local.method_of(customer) == old
    other = local.method_of(local.customer())
    assert send(made.url, {"use": other}).status_code == 400
    assert local.method_of(customer) == old


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"number": "4000 0000 0000 0002"}, "Your card was declined."),
        ({"number": "4539 5787 6362 1486"}, "only the test card numbers"),
        ({"expiry": "12 / 20"}, "expiration year is invalid"),
        ({"cvc": ""}, "security code is invalid"),
    ],
)
def test_a_refused_card_is_explained(local: Local, change: dict[str, str], message: str) -> None:
    customer = local.customer()
    before = local.method_of(customer)
    answer = send(session(local, customer).url, CARD | change)
    assert answer.status_code == 402
    assert message in answer.text
    assert local.method_of(customer) == before
    assert len(local.v1.customers.payment_methods.list(customer.id).data) == 1


@pytest.mark.parametrize(("choice", "cards"), [("approve", 2), ("refuse", 1)])
def test_a_card_that_wants_authentication_gets_it(local: Local, choice: str, cards: int) -> None:
    customer = local.customer()
    before = local.method_of(customer)
    made = session(local, customer)
    answer = send(made.url, CARD | {"number": "4000002500003155"})
    assert answer.status_code == 303
    assert local.method_of(customer) == before
    back = send(local.url + answer.headers["Location"], {"answer": choice})
    text = read(local.url + back.headers["Location"])
    assert ("will be charged from now on" in text) == (choice == "approve")
    assert ("unable to authenticate" in text) == (choice == "refuse")
    assert (local.method_of(customer) != before) == (choice == "approve")
    assert len(local.v1.customers.payment_methods.list(customer.id).data) == cards


def test_a_link_is_secret_and_expires_within_an_hour(local: Local) -> None:
    made = session(local, local.customer())
    assert requests.get(made.url.rpartition("/")[0] + "/guess", timeout=10).status_code == 404
    local.advance(59 / 1440)
    assert requests.get(made.url, timeout=10).status_code == 200
    local.advance(2 / 1440)
    assert requests.get(made.url, timeout=10).status_code == 410
    assert send(made.url, CARD).status_code == 410


def test_a_subscription_that_ends_says_so(local: Local) -> None:
    customer = local.customer()
    subscription = local.subscribe(customer, local.price(1000))
    local.v1.subscriptions.update(subscription.id, {"cancel_at_period_end": True})
    assert "ends 15 Feb 2026" in read(session(local, customer).url)


def test_the_flow_that_changes_the_card_opens_the_form(local: Local) -> None:
    customer = local.customer()
    plain = session(local, customer)
    flow = session(local, customer, flow_data={"type": "payment_method_update"})
    assert (plain.flow, flow.flow.type) == (None, "payment_method_update")
    assert "<details open>" in read(flow.url)
    assert "<details open>" not in read(plain.url)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"flow_data": {"type": "subscription_cancel"}}, "payment_method_update without more"),
        ({"return_url": "nowhere"}, "Not a valid URL"),
        ({"configuration": "bpc_other"}, "No such billing_portal"),
        ({"on_behalf_of": "acct_1"}, "does not know on_behalf_of"),
        ({"customer": "cus_nobody"}, "No such customer"),
    ],
)
def test_what_the_portal_refuses(local: Local, fields: dict[str, Any], message: str) -> None:
    with pytest.raises(stripe.InvalidRequestError, match=message):
        local.v1.billing_portal.sessions.create({"customer": local.customer().id, **fields})


def test_there_is_one_configuration(local: Local) -> None:
    made = session(local, local.customer())
    (only,) = local.v1.billing_portal.configurations.list().data
    assert made.configuration == only.id
    assert only.is_default
    assert only.features.payment_method_update.enabled
    assert not local.v1.billing_portal.configurations.retrieve(only.id).features.subscription_cancel.enabled
    assert session(local, local.customer(), configuration=only.id).configuration == only.id
    with pytest.raises(stripe.InvalidRequestError, match="does not have it"):
        local.v1.billing_portal.configurations.create({"features": {"invoice_history": {"enabled": True}}})


def test_a_renewal_is_announced_a_week_ahead(local: Local) -> None:
    # renewal on 15 February: 7 days before is 8 February
    subscription = local.subscribe(local.customer(), local.price(1000))
    local.advance_to("2026-02-07 23:00")
    assert "invoice.upcoming" not in local.events()
    local.advance_to("2026-02-08 01:00")
    (event,) = local.v1.events.list({"type": "invoice.upcoming"}).data
    about = event.data.object
    assert (about.amount_due, about.parent.subscription_details.subscription) == (1000, subscription.id)
    assert "id" not in about
    assert about.billing_reason == "upcoming"


def test_the_notice_can_be_set_or_switched_off(local: Local) -> None:
    def settings(**sent: Any) -> requests.Response:
        return requests.post(f"{local.url}/control/settings", json=sent, timeout=10)

    assert settings(upcoming_days=3).json() == {"upcoming_days": 3}
    local.subscribe(local.customer(), local.price(1000))
    local.advance_to("2026-02-10")
    assert local.v1.events.list({"type": "invoice.upcoming"}).data == []
    local.advance_to("2026-02-12 01:00")
    (event,) = local.v1.events.list({"type": "invoice.upcoming"}).data
    assert day(event.created) == "2026-02-12"
    assert settings(upcoming_days=0).status_code == 200
    local.advance(40)
    assert len(local.v1.events.list({"type": "invoice.upcoming"}).data) == 1
    for wrong in ({"upcoming_days": 46}, {"upcoming_days": "soon"}, {"colour": 1}, {}):
        assert settings(**wrong).status_code == 400


def test_no_notice_of_what_will_not_come(local: Local) -> None:
    ending = local.subscribe(local.customer(), local.price(1000), cancel_at_period_end=True)
    sent = local.subscribe(
        local.customer(card=None), local.price(1000), collection_method="send_invoice", days_until_due=7
    )
    daily = local.subscribe(local.customer(), local.price(100, "day"))
    local.advance(27)
    assert local.v1.events.list({"type": "invoice.upcoming"}).data == []
    assert {ending.status, sent.status, daily.status} == {"active"}
