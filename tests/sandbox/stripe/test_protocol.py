"""Keys, parameters, errors, lists, search, expansion and idempotency, as the official SDK sees them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
import stripe

from tests.sandbox.stripe.local import DAY, Local


def client(local: Local, key: str) -> Any:
    return stripe.StripeClient(key, base_addresses={"api": local.url}, max_network_retries=0).v1


def raw(local: Local, method: str, path: str, **kwargs: Any) -> requests.Response:
    headers = {"Authorization": "Bearer sk_test_x", **kwargs.pop("headers", {})}
    return requests.request(method, local.url + path, headers=headers, timeout=10, **kwargs)


def test_any_test_key_sees_the_one_account(local: Local) -> None:
    customer = client(local, "sk_test_one").customers.create({"name": "Anna"})
    assert client(local, "sk_test_two").customers.retrieve(customer.id).name == "Anna"


def test_live_keys_are_refused_and_told_that_this_is_not_stripe(local: Local) -> None:
    with pytest.raises(stripe.AuthenticationError, match="not Stripe"):
        client(local, "sk_live_secret").customers.list()
    with pytest.raises(stripe.AuthenticationError, match="Invalid API Key"):
        client(local, "hello").customers.list()


@pytest.mark.parametrize(
    ("params", "code", "param"),
    [
        ({"customer": "c", "colour": "red"}, "parameter_unknown", "colour"),
        ({"customer": "c", "items": [{"prize": "p"}]}, "parameter_unknown", "items[0][prize]"),
        ({"items": [{"price": "p", "quantity": "two"}]}, "parameter_invalid_integer", "items[0][quantity]"),
        ({"customer": "c", "collection_method": "by_pigeon"}, None, "collection_method"),
        ({"customer": "c", "off_session": "maybe"}, None, "off_session"),
        ({"customer": "c", "description": ""}, "parameter_invalid_empty", "description"),
        ({"customer": "c", "items": "p"}, None, "items"),
        ({"customer": "cus_unknown", "items": [{"price": "p"}]}, "resource_missing", "customer"),
        ({"items": [{"price": "p"}]}, "parameter_missing", "customer"),
    ],
)  # fmt: skip
def test_parameters_are_checked_by_the_sdks_own_types(
    local: Local, params: dict[str, Any], code: str | None, param: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        local.v1.subscriptions.create(params)
    assert (refused.value.http_status, refused.value.code, refused.value.param) == (400, code, param)


def test_a_missing_required_parameter_is_named(local: Local) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        local.v1.products.create({})
    assert (refused.value.code, refused.value.param) == ("parameter_missing", "name")


def test_unknown_objects_and_addresses_are_404(local: Local) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="No such customer: 'cus_x'") as refused:
        local.v1.customers.retrieve("cus_x")
    assert (refused.value.http_status, refused.value.code) == (404, "resource_missing")
    answer = raw(local, "GET", "/v1/issuing/cards")
    assert answer.status_code == 404
    assert "Unrecognized request URL" in answer.json()["error"]["message"]
    assert answer.headers["Request-Id"].startswith("req_")


def test_pages_are_newest_first_and_go_both_ways(local: Local) -> None:
    made = [local.v1.customers.create({"name": str(number)}).id for number in range(25)][::-1]
    first = local.v1.customers.list({"limit": 10})
    assert [entry.id for entry in first.data] == made[:10]
    assert first.has_more is True
    assert [entry.id for entry in local.v1.customers.list({"limit": 7}).auto_paging_iter()] == made
    back = local.v1.customers.list({"limit": 10, "ending_before": made[12]})
    assert [entry.id for entry in back.data] == made[2:12]
    assert back.has_more is True
    with pytest.raises(stripe.InvalidRequestError):
        local.v1.customers.list({"limit": 101})


def test_lists_are_filtered(local: Local) -> None:
    anna = local.v1.customers.create({"email": "anna@example.com"})
    local.v1.customers.create({"email": "ben@example.com"})
    assert [entry.id for entry in local.v1.customers.list({"email": "anna@example.com"}).data] == [anna.id]
    assert local.v1.customers.list({"created": {"gt": local.now() + 5}}).data == []
    price = local.price(100, lookup_key="basic")
    local.price(200)
    assert [entry.id for entry in local.v1.prices.list({"lookup_keys": ["basic", "none"]}).data] == [price.id]


def test_search_by_email_and_metadata(local: Local) -> None:
    anna = local.v1.customers.create({"email": "Anna@Example.com", "metadata": {"crm": "A-1"}})
    local.v1.customers.create({"email": "ben@example.com", "metadata": {"crm": "A-2"}})

    def found(query: str) -> list[str]:
        return [entry.id for entry in local.v1.customers.search({"query": query}).data]

    assert found('email:"anna@example.com"') == [anna.id]
    assert found('metadata["crm"]:"A-1"') == [anna.id]
    assert len(found('email~"example" AND -metadata["crm"]:"A-9"')) == 2
    assert len(found('metadata["crm"]:"A-1" OR metadata["crm"]:"A-2"')) == 2
    with pytest.raises(stripe.InvalidRequestError, match="parse"):
        found("email is anna")


def test_metadata_is_merged_and_unset(local: Local) -> None:
    customer = local.v1.customers.create({"metadata": {"a": "1", "b": "2"}})
    changed = local.v1.customers.update(customer.id, {"metadata": {"a": "", "c": "3"}})
    assert changed.metadata.to_dict() == {"b": "2", "c": "3"}
    assert local.v1.customers.update(customer.id, {"metadata": ""}).metadata.to_dict() == {}


def test_expansion(local: Local) -> None:
    subscription = local.subscribe(local.customer(), local.price(100), expand=["latest_invoice.payments", "customer"])
    assert subscription.customer.name == "Anna Example"
    assert subscription.latest_invoice.payments.data[0].status == "paid"
    path = "payments.data.payment.payment_intent"
    invoice = local.v1.invoices.retrieve(subscription.latest_invoice.id, {"expand": [path]})
    assert invoice.payments.data[0].payment.payment_intent.status == "succeeded"
    with pytest.raises(stripe.InvalidRequestError, match="more than 4 levels"):
        local.v1.subscriptions.retrieve(subscription.id, {"expand": [f"latest_invoice.{path}"]})
    listed = local.v1.subscriptions.list({"expand": ["data.customer"]})
    assert listed.data[0].customer.email == "anna@example.com"
    assert not hasattr(local.v1.subscriptions.retrieve(subscription.id)["items"].data[0].price, "currency_options")
    with pytest.raises(stripe.InvalidRequestError, match="cannot be expanded"):
        local.v1.subscriptions.retrieve(subscription.id, {"expand": ["mother"]})


def test_the_same_key_replays_the_first_answer(local: Local) -> None:
    first = local.v1.customers.create({"name": "Anna"}, {"idempotency_key": "k"})
    again = local.v1.customers.create({"name": "Anna"}, {"idempotency_key": "k"})
    assert again.id == first.id
    assert again.last_response.headers["Idempotent-Replayed"] == "true"
    assert len(local.v1.customers.list().data) == 1


def test_the_same_key_with_other_parameters_is_an_idempotency_error(local: Local) -> None:
    local.v1.customers.create({"name": "Anna"}, {"idempotency_key": "k"})
    with pytest.raises(stripe.IdempotencyError) as refused:
        local.v1.customers.create({"name": "Ben"}, {"idempotency_key": "k"})
    assert refused.value.http_status == 400


def test_a_decline_is_replayed_a_validation_error_is_not(local: Local) -> None:
    customer = local.customer("pm_card_chargeCustomerFail")
    price = local.price(100)
    params = {"customer": customer.id, "items": [{"price": price.id}], "payment_behavior": "error_if_incomplete"}
    for _ in range(2):
        with pytest.raises(stripe.CardError) as declined:
            local.v1.subscriptions.create(params, {"idempotency_key": "decline"})
        local.break_card(customer, "succeed")
    assert declined.value.headers["Idempotent-Replayed"] == "true"
    with pytest.raises(stripe.InvalidRequestError):
        local.v1.customers.create({"colour": "red"}, {"idempotency_key": "typo"})
    assert local.v1.customers.create({"name": "Anna"}, {"idempotency_key": "typo"}).name == "Anna"


def test_two_at_once_under_one_key_make_one_object(local: Local) -> None:
    local.app.faults.add({"kind": "delay", "seconds": 0.5, "path": "/v1/customers", "next": 1})

    def create(_: int) -> int:
        headers = {"Idempotency-Key": "k"}
        return raw(local, "POST", "/v1/customers", data={"name": "Anna"}, headers=headers).status_code

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(create, range(2))) == [200, 409]
    assert len(local.v1.customers.list().data) == 1


def test_keys_are_forgotten_after_24_hours_of_the_clock(local: Local) -> None:
    first = local.v1.customers.create({"name": "Anna"}, {"idempotency_key": "k"})
    local.app.account.advance_to(local.now() + DAY + 60)
    assert local.v1.customers.create({"name": "Anna"}, {"idempotency_key": "k"}).id != first.id


@pytest.mark.parametrize(
    "body",
    [
        "a[=1", "items[0]=1&items[0][price]=2", "[]=1", "a" + "[b]" * 40 + "=1", "name=%ff%fe", "metadata=x",
        "metadata[a][b]=1", "address=1", "created[gt]=1", "=", "&&&", "name=" + "x" * 6000, "invoice_settings[]=1",
        "balance=99999999999999999999999", "tax_id_data[0][type]=eu_vat", "payment_method[a]=1", "expand=1",
        "expand[][]=",
    ],
)  # fmt: skip
def test_bad_input_is_a_400_never_a_500(local: Local, body: str) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    for path in ("/v1/customers", "/v1/prices", "/v1/subscriptions", "/v1/invoices/create_preview"):
        answer = raw(local, "POST", path, data=body, headers=headers)
        assert answer.status_code in (200, 400), (path, body, answer.text)
        assert "Traceback" not in answer.text


@pytest.mark.parametrize("way", ["detach", "delete"])
def test_a_card_that_was_taken_away_names_its_customer_as_the_former_one_only(local: Local, way: str) -> None:
    customer = local.customer()
    if way == "detach":
        local.v1.payment_methods.detach(local.v1.customers.payment_methods.list(customer.id).data[0].id)
    else:
        local.v1.customers.delete(customer.id)
    (event,) = local.v1.events.list({"type": "payment_method.detached"}).data
    assert event.data.object.customer is None
    assert event.data.previous_attributes.to_dict() == {"customer": customer.id}
