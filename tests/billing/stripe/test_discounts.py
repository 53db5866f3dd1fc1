"""Coupons for running subscriptions against a local Stripe: what was shown is what comes off, and once (HX17)."""

import pytest

from billing.catalogue.files import parse
from billing.errors import Misconfigured, PriceChanged, SubscriptionChanged
from billing.ids import OperationId
from billing.plans import Item
from billing.ports import CouponOrder
from tests.billing.stripe.conftest import SHOP, START
from tests.billing.stripe.test_payments import until_it_is_done
from tests.billing.stripe.test_plan_changes import BASIC, PLANS, PRO, changed, eur, order_for, paid, running

OFFER = """
[[coupons]]
code = "STAY20"
label = { en = "Staying", de = "Bleiben" }
percent = 20
duration = "repeating"
months = 3
"""
OPERATION = OperationId("op_offer")


@pytest.fixture
def catalogue():
    return parse(SHOP + PLANS + OFFER)


@pytest.fixture
def customer(local):
    return local.customer()


def order(customer, subscription, coupon="STAY20"):
    before = tuple(Item(price=one.price, quantity=one.quantity) for one in subscription.items)
    return CouponOrder(customer=customer.id, subscription=subscription.id, before=before, coupon=coupon)


def discounts(local, subscription):
    return local.v1.subscriptions.retrieve(subscription.id, {"expand": ["discounts"]}).discounts


def test_the_next_payment_with_the_coupon_and_without(local, payments, customer):
    """20.00 and 19 %: 23.80; less a fifth 16.00 and 3.04: 19.04. A preview changes nothing."""
    one = running(local, payments, customer)
    preview = payments.preview_coupon(order(customer, one))
    assert (preview.without, preview.with_it) == (eur(2380), eur(1904))
    assert preview.renews_at == one.current_period_end
    assert discounts(local, one) == []


def test_it_comes_off_the_next_payment_and_nothing_is_charged_now(local, payments, customer):
    one = running(local, payments, customer)
    wanted = order(customer, one)
    given = payments.apply_coupon(wanted, payments.preview_coupon(wanted), OPERATION, START)
    assert given.discount == "STAY20"
    assert given.items == one.items
    assert paid(local, customer) == [2380]
    local.advance(by_days=32)
    assert paid(local, customer) == [1904, 2380]


def test_the_same_operation_again_gives_one_discount(local, payments, customer):
    one = running(local, payments, customer)
    wanted = order(customer, one)
    preview = payments.preview_coupon(wanted)
    for _ in range(3):
        payments.apply_coupon(wanted, preview, OPERATION, START)
    assert len(discounts(local, one)) == 1


@pytest.mark.parametrize("kind", ["cut_after", "500_after", "500_after_kept", "500", "429"])
def test_a_lost_answer_gives_one_discount(local, payments, customer, kind):
    one = running(local, payments, customer)
    wanted = order(customer, one)
    preview = payments.preview_coupon(wanted)
    local.fault(kind, "/v1/subscriptions/")
    until_it_is_done(lambda: payments.apply_coupon(wanted, preview, OPERATION, START))
    assert len(discounts(local, one)) == 1


def test_another_operation_does_not_replace_a_discount(local, payments, customer):
    one = running(local, payments, customer)
    wanted = order(customer, one)
    preview = payments.preview_coupon(wanted)
    payments.apply_coupon(wanted, preview, OPERATION, START)
    with pytest.raises(SubscriptionChanged):
        payments.apply_coupon(wanted, preview, OperationId("op_other"), START)
    with pytest.raises(SubscriptionChanged):
        payments.preview_coupon(wanted)


def test_while_a_schedule_is_in_charge_there_is_no_discount(local, payments, customer):
    """Its phases would end it."""
    one = running(local, payments, customer, price=PRO, total=5950)
    wanted = order(customer, one)
    preview = payments.preview_coupon(wanted)
    payments.schedule_change(order_for(customer, one, [(BASIC, 1)]), one.current_period_end, OperationId("op_d"), START)
    with pytest.raises(SubscriptionChanged):
        payments.apply_coupon(wanted, preview, OPERATION, START)


def test_when_a_change_has_begun_there_can_be_a_discount_again(local, payments, customer):
    """Its schedule is attached for another month, but nothing is still to come of it."""
    one = running(local, payments, customer, price=PRO, total=5950)
    payments.schedule_change(order_for(customer, one, [(BASIC, 1)]), one.current_period_end, OperationId("op_d"), START)
    local.advance(by_days=32)
    (begun,) = payments.snapshot(customer.id).subscriptions
    wanted = order(customer, begun)
    payments.apply_coupon(wanted, payments.preview_coupon(wanted), OPERATION, START)
    assert len(discounts(local, one)) == 1


def test_a_subscription_that_is_another_one_by_now_is_left_alone(local, payments, customer):
    one = running(local, payments, customer)
    wanted = order(customer, one)
    preview = payments.preview_coupon(wanted)
    changed(payments, order_for(customer, one, [(PRO, 1)]), OperationId("op_up"))
    with pytest.raises(SubscriptionChanged):
        payments.apply_coupon(wanted, preview, OPERATION, START)
    assert discounts(local, one) == []


def test_somebody_elses_subscription_is_left_alone(local, payments, customer):
    one = running(local, payments, customer)
    other = local.customer()
    with pytest.raises(SubscriptionChanged):
        payments.preview_coupon(order(other, one))


def test_another_next_payment_than_was_reviewed_is_reviewed_again(local, payments, customer):
    one = running(local, payments, customer)
    wanted = order(customer, one)
    preview = payments.preview_coupon(wanted).model_copy(update={"with_it": eur(1)})
    with pytest.raises(PriceChanged):
        payments.apply_coupon(wanted, preview, OPERATION, START)
    assert discounts(local, one) == []


def test_a_coupon_that_was_never_pushed_is_named(local, payments, customer, catalogue):
    one = running(local, payments, customer)
    local.v1.coupons.delete(next(one.id for one in local.v1.coupons.list().data if one.id.startswith("STAY20")))
    with pytest.raises(Misconfigured):
        payments.preview_coupon(order(customer, one))
