"""The life of subscriptions: first payments, declines, retries, pauses, cancellations, scheduled starts."""

from __future__ import annotations

import pytest
import stripe

from tests.sandbox.stripe.local import DAY, Local, day, utc


def status(local: Local, subscription: object) -> str:
    return local.v1.subscriptions.retrieve(subscription.id).status


@pytest.mark.parametrize(
    ("card", "code", "decline_code"),
    [
        ("pm_card_visa_chargeDeclined", "card_declined", "generic_decline"),
        ("pm_card_visa_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", "expired_card"),
        ("pm_card_chargeDeclinedProcessingError", "processing_error", None),
        ("pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc", None),
    ],
)
def test_cards_that_decline_cannot_be_saved(local: Local, card: str, code: str, decline_code: str | None) -> None:
    customer = local.customer(card=None)
    with pytest.raises(stripe.CardError) as declined:
        local.v1.payment_methods.attach(card, {"customer": customer.id})
    assert (declined.value.http_status, declined.value.code) == (402, code)
    assert declined.value.error.decline_code == decline_code
    assert local.v1.customers.payment_methods.list(customer.id).data == []


@pytest.mark.parametrize("brand", ["visa", "mastercard", "amex", "discover", "jcb", "unionpay"])
def test_cards_of_several_brands_pay(local: Local, brand: str) -> None:
    customer = local.customer(f"pm_card_{brand}")
    assert local.subscribe(customer, local.price(100)).status == "active"
    assert local.v1.payment_methods.retrieve(local.method_of(customer)).card.brand == brand


def test_without_a_card_nothing_starts(local: Local) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="no attached payment source") as refused:
        local.subscribe(local.customer(card=None), local.price(100))
    assert refused.value.code == "resource_missing"
    assert local.v1.subscriptions.list().data == []


def test_error_if_incomplete_leaves_nothing_behind(local: Local) -> None:
    customer = local.customer("pm_card_chargeCustomerFail")
    with pytest.raises(stripe.CardError):
        local.subscribe(customer, local.price(100), payment_behavior="error_if_incomplete")
    assert local.v1.subscriptions.list({"status": "all"}).data == []
    assert local.v1.invoices.list().data == []
    assert local.v1.charges.list().data == []


def test_allow_incomplete_waits_for_another_card(local: Local) -> None:
    customer = local.customer("pm_card_chargeCustomerFail")
    subscription = local.subscribe(customer, local.price(100))
    assert subscription.status == "incomplete"
    good = local.v1.payment_methods.attach("pm_card_visa", {"customer": customer.id})
    paid = local.v1.invoices.pay(subscription.latest_invoice, {"payment_method": good.id})
    assert (paid.status, status(local, subscription)) == ("paid", "active")


def test_default_incomplete_is_paid_by_its_payment_intent(local: Local) -> None:
    customer = local.customer(card=None)
    path = "latest_invoice.confirmation_secret"
    subscription = local.subscribe(customer, local.price(100), payment_behavior="default_incomplete", expand=[path])
    assert subscription.status == "incomplete"
    intent = subscription.latest_invoice.confirmation_secret.client_secret.partition("_secret")[0]
    local.v1.payment_intents.confirm(intent, {"payment_method": "pm_card_visa"})
    assert status(local, subscription) == "active"


def test_an_incomplete_subscription_expires_after_23_hours(local: Local) -> None:
    customer = local.customer("pm_card_chargeCustomerFail")
    subscription = local.subscribe(customer, local.price(100))
    local.advance(22 / 24)
    assert status(local, subscription) == "incomplete"
    local.advance(2 / 24)
    assert status(local, subscription) == "incomplete_expired"
    assert local.invoices(subscription)[0].status == "void"


def test_a_renewal_that_fails_is_retried_and_then_cancels(local: Local) -> None:
    customer = local.customer()
    subscription = local.subscribe(customer, local.price(100))
    local.break_card(customer)
    local.advance_to("2026-02-15 02:00")
    assert status(local, subscription) == "past_due"
    renewal = local.invoices(subscription)[1]
    assert (renewal.status, renewal.attempt_count, day(renewal.next_payment_attempt)) == ("open", 1, "2026-02-18")
    local.advance_to("2026-02-18 02:00")
    assert day(local.invoices(subscription)[1].next_payment_attempt) == "2026-02-23"
    local.advance_to("2026-03-03")
    assert status(local, subscription) == "canceled"
    assert local.invoices(subscription)[1].attempt_count == 4


def test_a_retry_that_succeeds_makes_it_active_again(local: Local) -> None:
    customer = local.customer()
    subscription = local.subscribe(customer, local.price(100))
    local.break_card(customer)
    local.advance_to("2026-02-15 02:00")
    local.break_card(customer, "succeed")
    local.advance_to("2026-02-18 02:00")
    assert status(local, subscription) == "active"
    assert local.invoices(subscription)[1].status == "paid"


def test_after_the_last_retry_it_may_stay_unpaid(local: Local) -> None:
    local.app.control.change_settings({"after_retries": "unpaid"})
    customer = local.customer()
    subscription = local.subscribe(customer, local.price(100))
    local.break_card(customer)
    local.advance_to("2026-03-16")
    assert status(local, subscription) == "unpaid"
    assert local.invoices(subscription)[-1].status == "draft"


def test_send_invoice_is_active_at_once_and_paid_out_of_band(local: Local) -> None:
    customer = local.customer(card=None)
    subscription = local.subscribe(customer, local.price(100), collection_method="send_invoice", days_until_due=14)
    assert subscription.status == "active"
    (invoice,) = local.invoices(subscription)
    assert (invoice.status, day(invoice.due_date)) == ("open", "2026-01-29")
    paid = local.v1.invoices.pay(invoice.id, {"paid_out_of_band": True})
    assert (paid.status, paid.amount_paid_off_stripe) == ("paid", 100)
    assert local.v1.charges.list().data == []


def test_an_invoice_that_is_not_paid_in_time_is_overdue(local: Local) -> None:
    local.subscribe(local.customer(card=None), local.price(100), collection_method="send_invoice", days_until_due=14)
    local.advance(15)
    assert "invoice.overdue" in local.events()


def test_cancel_at_period_end_and_take_it_back(local: Local) -> None:
    subscription = local.subscribe(local.customer(), local.price(100))
    marked = local.v1.subscriptions.update(subscription.id, {"cancel_at_period_end": True})
    assert day(marked.cancel_at) == "2026-02-15"
    assert local.v1.subscriptions.update(subscription.id, {"cancel_at_period_end": False}).cancel_at is None
    local.v1.subscriptions.update(subscription.id, {"cancel_at_period_end": True})
    local.advance_to("2026-02-16")
    ended = local.v1.subscriptions.retrieve(subscription.id)
    assert (ended.status, day(ended.ended_at), len(local.invoices(subscription))) == ("canceled", "2026-02-15", 1)


def test_paused_collection_voids_what_falls_due(local: Local) -> None:
    subscription = local.subscribe(local.customer(), local.price(100))
    pause = {"behavior": "void", "resumes_at": utc("2026-03-01")}
    local.v1.subscriptions.update(subscription.id, {"pause_collection": pause})
    local.advance_to("2026-03-16")
    assert [entry.status for entry in local.invoices(subscription)] == ["paid", "void", "paid"]


def test_a_pending_update_is_applied_when_it_is_paid(local: Local) -> None:
    customer = local.customer()
    subscription = local.subscribe(customer, local.price(1000))
    local.break_card(customer)
    item = subscription["items"].data[0].id
    change = {"items": [{"id": item, "quantity": 5}], "proration_behavior": "always_invoice"}
    changed = local.v1.subscriptions.update(subscription.id, {**change, "payment_behavior": "pending_if_incomplete"})
    assert (changed["items"].data[0].quantity, changed.pending_update.subscription_items[0].quantity) == (1, 5)
    local.break_card(customer, "succeed")
    local.v1.invoices.pay(changed.latest_invoice)
    applied = local.v1.subscriptions.retrieve(subscription.id)
    assert (applied["items"].data[0].quantity, applied.pending_update) == (5, None)


def test_a_declined_upgrade_with_error_if_incomplete_changes_nothing(local: Local) -> None:
    customer = local.customer()
    subscription = local.subscribe(customer, local.price(1000))
    local.break_card(customer)
    change = {"items": [{"id": subscription["items"].data[0].id, "quantity": 5}]}
    how = {"proration_behavior": "always_invoice", "payment_behavior": "error_if_incomplete"}
    with pytest.raises(stripe.CardError):
        local.v1.subscriptions.update(subscription.id, {**change, **how})
    assert local.v1.subscriptions.retrieve(subscription.id)["items"].data[0].quantity == 1
    assert len(local.invoices(subscription)) == 1


def test_a_scheduled_start_begins_on_its_day(local: Local) -> None:
    customer, price = local.customer(), local.price(1000)
    phase = {"items": [{"price": price.id, "quantity": 2}], "duration": {"interval": "month", "interval_count": 1}}
    schedule = local.v1.subscription_schedules.create(
        {"customer": customer.id, "start_date": utc("2026-02-01"), "phases": [phase], "metadata": {"operation": "7"}}
    )
    preview = local.v1.invoices.create_preview(
        {"customer": customer.id, "schedule_details": {"phases": [{**phase, "start_date": utc("2026-02-01")}]}}
    )
    assert (preview.total, day(preview.lines.data[0].period.start)) == (2000, "2026-02-01")
    assert (schedule.status, schedule.subscription) == ("not_started", None)
    local.advance_to("2026-02-01 02:00")
    begun = local.v1.subscription_schedules.retrieve(schedule.id, {"expand": ["subscription"]})
    assert (begun.status, begun.subscription.status) == ("active", "active")
    assert [entry.status for entry in local.invoices(begun.subscription)] == ["paid"]
    local.advance_to("2026-03-01 02:00")
    assert local.v1.subscription_schedules.retrieve(schedule.id).status == "released"
    assert [entry.total for entry in local.invoices(begun.subscription)] == [2000, 2000]


def test_a_schedule_changes_the_subscription_at_the_end_of_its_period(local: Local) -> None:
    small, large = local.price(1000), local.price(5000)
    subscription = local.subscribe(local.customer(), large)
    schedule = local.v1.subscription_schedules.create({"from_subscription": subscription.id})
    current = schedule.phases[0]
    phases = [
        {"items": [{"price": large.id}], "start_date": current.start_date, "end_date": current.end_date},
        {"items": [{"price": small.id}]},
    ]
    local.v1.subscription_schedules.update(schedule.id, {"phases": phases, "end_behavior": "release"})
    local.advance_to("2026-02-15 02:00")
    assert local.v1.subscriptions.retrieve(subscription.id)["items"].data[0].price.id == small.id
    local.advance_to("2026-04-16")
    totals = [entry.total for entry in local.invoices(subscription)]
    assert totals[0] == 5000
    assert totals[-1] == 1000


def test_a_canceled_schedule_never_starts(local: Local) -> None:
    phase = {"items": [{"price": local.price(1000).id}]}
    schedule = local.v1.subscription_schedules.create(
        {"customer": local.customer().id, "start_date": local.now() + DAY, "phases": [phase]}
    )
    local.v1.subscription_schedules.cancel(schedule.id)
    local.advance(3)
    assert local.v1.subscriptions.list({"status": "all"}).data == []


def test_refunds_never_exceed_what_was_paid(local: Local) -> None:
    local.subscribe(local.customer(), local.price(1000))
    charge = local.v1.charges.list().data[0]
    local.v1.refunds.create({"charge": charge.id, "amount": 600})
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded amount"):
        local.v1.refunds.create({"charge": charge.id, "amount": 401})
    local.v1.refunds.create({"charge": charge.id})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        local.v1.refunds.create({"charge": charge.id})
    assert refused.value.code == "charge_already_refunded"


def test_used_up_and_foreign_discounts_are_refused(local: Local) -> None:
    price, customer = local.price(1000), local.customer()
    once = local.v1.coupons.create({"percent_off": 10, "duration": "once", "max_redemptions": 1})
    local.subscribe(customer, price, discounts=[{"coupon": once.id}])
    with pytest.raises(stripe.InvalidRequestError) as refused:
        local.subscribe(customer, local.price(2000), discounts=[{"coupon": once.id}])
    assert refused.value.code == "coupon_expired"
    dollars = local.v1.coupons.create({"amount_off": 100, "currency": "usd", "duration": "once"})
    with pytest.raises(stripe.InvalidRequestError, match="currency"):
        local.subscribe(customer, local.price(3000), discounts=[{"coupon": dollars.id}])


def test_a_void_invoice_gives_its_credit_back_and_cannot_be_paid(local: Local) -> None:
    customer = local.customer(card=None)
    local.v1.customers.balance_transactions.create(customer.id, {"amount": -300, "currency": "eur"})
    subscription = local.subscribe(customer, local.price(1000), collection_method="send_invoice", days_until_due=5)
    (invoice,) = local.invoices(subscription)
    assert invoice.amount_due == 700
    local.v1.invoices.void_invoice(invoice.id)
    assert local.v1.customers.retrieve(customer.id).balance == -300
    with pytest.raises(stripe.InvalidRequestError, match="void"):
        local.v1.invoices.pay(invoice.id)
