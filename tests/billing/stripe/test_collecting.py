"""Charging an open invoice at the local Stripe: once, whatever happens on the way (H35), and why one failed."""

from __future__ import annotations

from typing import Any

import pytest
import requests
import stripe

from billing.contacts import Invoice, InvoiceStatus
from billing.errors import AmountDue, Declined, InvoiceNotOpen, Transient
from billing.ids import CustomerId, InvoiceId, OperationId, PaymentMethodId, SubscriptionId
from billing.money import Money
from billing.ports import Origin, PaymentOrder
from billing.stripe.events import from_event
from billing.stripe.payments import StripePayments
from tests.billing.stripe.conftest import KEY, START, LocalStripe

OPERATION = OperationId("op_collects")


class Failing:
    """A customer whose renewal of 19.00 failed, with a second card that works."""

    def __init__(self, local: LocalStripe, payments: StripePayments) -> None:
        self.local = local
        self.payments = payments
        customer = local.customer()
        self.customer = CustomerId(customer.id)
        self.bad = str(customer.invoice_settings.default_payment_method)
        self.good = local.v1.payment_methods.attach("pm_card_mastercard", {"customer": customer.id}).id
        price = local.v1.prices.list({"lookup_keys": ["desk-solo-month-eur"]}).data[0].id
        made = local.v1.subscriptions.create({"customer": customer.id, "items": [{"price": price}]})
        self.subscription = SubscriptionId(made.id)
        local.card(self.bad, "insufficient_funds")
        local.advance(by_months=1)
        local.advance(by_days=1)
        (self.invoice,) = (one for one in self.mirrored() if one.failing)

    def mirrored(self) -> tuple[Invoice, ...]:
        snapshot = self.payments.snapshot(self.customer)
        assert snapshot is not None
        return snapshot.invoices

    def order(self, **changes: Any) -> PaymentOrder:
        fields = {
            "customer": self.customer,
            "invoice": self.invoice.id,
            "due": self.invoice.due,
            "payment_method": PaymentMethodId(self.good),
        }
        return PaymentOrder(**(fields | changes))

    def pays(self, operation: OperationId = OPERATION, **changes: Any) -> Invoice:
        snapshot = self.payments.pay_invoice(self.order(**changes), operation, START)
        return next(one for one in snapshot.invoices if one.id == self.invoice.id)

    def charges(self) -> int:
        """Successful ones, the first payment included."""
        intents = self.local.v1.payment_intents.list({"customer": self.customer}).data
        return sum(one.status == "succeeded" for one in intents)


@pytest.fixture
def failing(local: LocalStripe, payments: StripePayments) -> Failing:
    return Failing(local, payments)


def test_the_mirror_says_why_it_failed_and_when_it_is_tried_again(failing: Failing) -> None:
    """H35: three days after the first attempt."""
    assert (failing.invoice.attempts, failing.invoice.decline) == (1, "insufficient_funds")
    assert failing.invoice.due == Money(amount=1900, currency="EUR")
    assert failing.invoice.next_attempt_at is not None
    assert (failing.invoice.next_attempt_at - failing.invoice.created_at).days == 3
    assert failing.invoice.url
    assert failing.invoice.pdf


def test_another_card_pays_it_once_and_is_kept_when_that_is_wanted(failing: Failing) -> None:
    kept = {"subscription": failing.subscription, "later": failing.good}
    assert failing.pays(**kept).status is InvoiceStatus.PAID
    assert failing.pays(**kept).status is InvoiceStatus.PAID, "the same operation again"
    found = failing.local.v1.subscriptions.retrieve(failing.subscription)
    assert (found.status, found.default_payment_method) == ("active", failing.good)
    assert failing.charges() == 2


def test_what_a_cancelled_subscription_still_owes_is_paid_although_nothing_is_charged_later(failing: Failing) -> None:
    """HX1: after the last try it was cancelled. The money is there; there is no later payment to keep a method for."""
    failing.local.advance(by_days=20)
    assert failing.local.v1.subscriptions.retrieve(failing.subscription).status == "canceled"
    kept = {"subscription": failing.subscription, "later": failing.good}
    assert failing.pays(**kept).status is InvoiceStatus.PAID
    assert failing.pays(**kept).status is InvoiceStatus.PAID, "the same operation again"
    assert failing.charges() == 2


def test_what_was_written_off_is_paid_at_the_amount_that_was_shown(failing: Failing) -> None:
    """HX1: Stripe's settings may do that after the last try."""
    failing.local.v1.invoices.mark_uncollectible(failing.invoice.id)
    (written_off,) = (one for one in failing.mirrored() if one.tried_in_vain)
    assert (written_off.status, written_off.decline) == (InvoiceStatus.UNCOLLECTIBLE, "insufficient_funds")
    with pytest.raises(AmountDue):
        failing.pays(due=Money(amount=1800, currency="EUR"))
    assert failing.pays().status is InvoiceStatus.PAID
    assert failing.charges() == 2


def test_a_declined_card_leaves_it_open_and_the_same_operation_tries_no_second_time(failing: Failing) -> None:
    """H30: one try for each operation; another one may succeed."""
    failing.local.card(failing.good, "lost_card")
    for _ in range(2):
        with pytest.raises(Declined) as declined:
            failing.pays()
        assert declined.value.code == "lost_card"
    attempts = failing.local.v1.invoices.retrieve(failing.invoice.id).attempt_count
    assert attempts == 2  # Stripe's own, and one of ours
    failing.local.card(failing.good, "succeed")
    assert failing.pays(OperationId("op_again")).status is InvoiceStatus.PAID
    assert failing.charges() == 2


def test_a_new_card_that_pays_on_stripes_page_becomes_the_subscriptions(failing: Failing) -> None:
    """HX1; not only the first time, and not for a subscription that has ended."""
    failing.payments.keep_what_pays(failing.subscription)
    failing.payments.keep_what_pays(failing.subscription)
    url = failing.local.v1.invoices.retrieve(failing.invoice.id).hosted_invoice_url
    card = {"number": "4242 4242 4242 4242", "expiry": "12 / 34", "cvc": "123", "name": "Ada"}
    requests.post(url, data=card, timeout=10).raise_for_status()
    found = failing.local.v1.subscriptions.retrieve(failing.subscription)
    assert found.status == "active"
    assert found.default_payment_method not in (None, failing.bad, failing.good)
    failing.local.advance(by_months=1)
    assert failing.charges() == 3, "the next renewal, by the new card"
    failing.local.v1.subscriptions.cancel(failing.subscription)
    failing.payments.keep_what_pays(failing.subscription)


@pytest.mark.parametrize("keeps", [True, False])
def test_a_card_that_is_used_once_is_not_charged_later(failing: Failing, keeps: bool) -> None:
    """Even where Stripe keeps what has paid. Where it does not, nothing is changed."""
    if keeps:
        failing.payments.keep_what_pays(failing.subscription)
    for _ in range(2):
        assert failing.pays(subscription=failing.subscription, later=failing.bad).status is InvoiceStatus.PAID
    found = failing.local.v1.subscriptions.retrieve(failing.subscription)
    assert found.default_payment_method == (failing.bad if keeps else None)


def test_a_method_that_was_taken_away_meanwhile_does_not_hide_that_the_money_came(failing: Failing) -> None:
    failing.payments.keep_what_pays(failing.subscription)
    failing.local.v1.payment_methods.detach(failing.bad)
    paid = failing.pays(subscription=failing.subscription, later=failing.bad)
    assert paid.status is InvoiceStatus.PAID


@pytest.mark.parametrize("fault", ["500_after", "500_kept", "500_after_kept", "cut_after", "500", "429"])
def test_a_lost_answer_is_asked_for_again(failing: Failing, fault: str) -> None:
    failing.local.fault(fault, "/v1/invoices/")
    for _ in range(4):
        try:
            paid = failing.pays()
        except Transient:
            continue
        break
    assert paid.status is InvoiceStatus.PAID
    assert failing.charges() == 2


def test_another_amount_than_was_shown_is_not_charged(failing: Failing) -> None:
    with pytest.raises(AmountDue) as refused:
        failing.pays(due=Money(amount=1800, currency="EUR"))
    assert refused.value.parameters == {"shown": 1800, "due": 1900, "currency": "EUR"}
    assert failing.charges() == 1


def test_what_is_paid_by_then_is_not_charged(failing: Failing) -> None:
    failing.local.v1.invoices.pay(failing.invoice.id, {"paid_out_of_band": True})
    with pytest.raises(InvoiceNotOpen):
        failing.pays()


def test_an_invoice_of_somebody_else_or_of_nobody_is_not_charged(failing: Failing) -> None:
    other = failing.local.customer()
    for wrong in ({"customer": CustomerId(other.id)}, {"invoice": InvoiceId("in_nobody")}):
        with pytest.raises(InvoiceNotOpen):
            failing.pays(**wrong)
    assert failing.payments.invoice(CustomerId(other.id), failing.invoice.id) is None
    assert failing.payments.invoice(failing.customer, InvoiceId("in_nobody")) is None
    found = failing.payments.invoice(failing.customer, failing.invoice.id)
    assert found is not None
    assert found.status is InvoiceStatus.OPEN


# Who caused an event


def origins(local: LocalStripe, type_: str) -> list[Origin]:
    return [from_event(one.to_dict()).origin for one in local.v1.events.list({"type": type_, "limit": 10}).data]


def test_it_is_told_apart_who_caused_an_event(failing: Failing, local: LocalStripe) -> None:
    """What Stripe does by itself has no request; our calls have idempotency keys that begin with words of ours."""
    assert origins(local, "invoice.payment_failed") == [Origin.STRIPE]
    failing.pays()
    assert origins(local, "invoice.paid")[0] is Origin.OURS
    local.v1.customers.update(failing.customer, {"name": "By us"})
    elsewhere = stripe.StripeClient(KEY, base_addresses={"api": local.url})
    elsewhere.v1.customers.update(failing.customer, {"name": "By somebody"})
    assert origins(local, "customer.updated")[:2] == [Origin.ELSEWHERE, Origin.OURS]
