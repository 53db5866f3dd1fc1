"""Events of Stripe: only with a right and recent signature."""

import hashlib
import hmac
import json
import time

import pytest

from billing.stripe.events import BadSignature, verify

SECRET = "whsec_test"
SUBSCRIPTION = {"id": "sub_1", "object": "subscription", "customer": "cus_1", "status": "active"}


def body(subject):
    event = {
        "id": "evt_1",
        "object": "event",
        "type": "customer.subscription.updated",
        "created": 1773136800,
        "data": {"object": subject},
    }
    return json.dumps(event).encode()


def sign(payload, secret=SECRET, at=None):
    at = int(time.time()) if at is None else at
    digest = hmac.new(secret.encode(), f"{at}.".encode() + payload, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


def test_a_signed_event_is_read():
    payload = body(SUBSCRIPTION)
    event = verify(payload, sign(payload), SECRET)
    assert (event.id, event.type) == ("evt_1", "customer.subscription.updated")
    assert (event.customer, event.object_id) == ("cus_1", "sub_1")
    assert event.created_at.isoformat() == "2026-03-10T10:00:00+00:00"
    assert json.loads(event.payload) == SUBSCRIPTION


@pytest.mark.parametrize(
    ("subject", "customer"),
    [
        ({"id": "cus_9", "object": "customer"}, "cus_9"),
        ({"id": "in_1", "object": "invoice", "customer": {"id": "cus_2", "object": "customer"}}, "cus_2"),
        ({"id": "price_1", "object": "price"}, None),
        ({"id": "pm_1", "object": "payment_method", "customer": None}, None),
    ],
)
def test_the_customer_is_the_object_or_in_it(subject, customer):
    payload = body(subject)
    assert verify(payload, sign(payload), SECRET).customer == customer


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "nonsense",
        "t=,v1=",
        "t=x,v1=00",
        sign(body(SUBSCRIPTION), "whsec_other"),
        sign(body({"id": "sub_2"})),
        sign(body(SUBSCRIPTION)).replace("v1=", "v0="),
        sign(body(SUBSCRIPTION), at=int(time.time()) - 3600),
    ],
    ids=["none", "nonsense", "empty", "no numbers", "other secret", "other body", "other scheme", "an hour old"],
)
def test_a_wrong_or_old_signature_is_refused(signature):
    with pytest.raises(BadSignature):
        verify(body(SUBSCRIPTION), signature, SECRET)


def test_a_body_that_is_no_text_is_refused():
    with pytest.raises(BadSignature):
        verify(b"\xff\xfe", sign(b"\xff\xfe"), SECRET)
