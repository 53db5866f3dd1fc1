"""Events of Stripe: only with a right and recent signature."""

import hashlib
import hmac
import json
import time

import pytest

from billing.stripe.events import BadSignature, NoEvent, verify

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


def test_a_card_that_was_taken_away_is_about_whose_it_was():
    """Stripe tells the former customer among the previous values only."""
    event = json.loads(body({"id": "pm_1", "object": "payment_method", "customer": None}))
    event["type"], event["data"]["previous_attributes"] = "payment_method.detached", {"customer": "cus_1"}
    payload = json.dumps(event).encode()
    assert verify(payload, sign(payload), SECRET).customer == "cus_1"


def test_a_thin_event_is_kept_although_it_is_about_nothing_of_ours():
    """It has no object and another way to write the time (docs: "Event destinations")."""
    thin = {
        "id": "evt_2",
        "object": "v2.core.event",
        "type": "v1.billing.meter.error_report_triggered",
        "created": "2026-03-10T10:00:00.000Z",
        "related_object": {"id": "mtr_1", "type": "billing.meter", "url": "/v1/billing/meters/mtr_1"},
    }
    payload = json.dumps(thin).encode()
    event = verify(payload, sign(payload), SECRET)
    assert (event.id, event.customer, event.object_id) == ("evt_2", None, "mtr_1")
    assert event.created_at.isoformat() == "2026-03-10T10:00:00+00:00"


@pytest.mark.parametrize(
    "payload",
    [b"", b"{", b"no json", b"null", b"[]", b'"text"', b"{}", b'{"id": "evt_1", "type": "x"}']
    + [json.dumps({"id": "evt_1", "type": "x", "created": created}).encode() for created in (None, "soon", [])]
    + [json.dumps({"id": one, "type": "x", "created": 1}).encode() for one in (None, 5, {})]
    + [json.dumps({"id": "evt_1", "type": "x", "created": 1, "data": data}).encode() for data in ("x", [1], 5)],
)
def test_what_is_signed_but_no_event_is_refused(payload):
    with pytest.raises(NoEvent):
        verify(payload, sign(payload), SECRET)
