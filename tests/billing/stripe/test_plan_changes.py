"""Changes of running subscriptions against a local Stripe: the price shown is the price charged, and once."""

from datetime import UTC, datetime, timedelta

import pytest
import stripe

from billing.catalogue.files import parse
from billing.contacts import InvoiceStatus
from billing.errors import (
    AmountDiffers,
    ChangeWaits,
    Declined,
    Misconfigured,
    ScheduledElsewhere,
    SubscriptionChanged,
    Transient,
)
from billing.ids import LookupKey, OperationId, SubscriptionId
from billing.money import Money
from billing.plans import Item
from billing.ports import ChangeOrder, SubscriptionOrder
from billing.stripe.push import Push
from tests.billing.stripe.conftest import SHOP, START, TODAY
from tests.billing.stripe.test_payments import until_it_is_done

PLANS = """
[[products]]
id = "mail"
name = { en = "Mail", de = "Mail" }
not_sold_in = ["JPY"]

[[products.plans]]
id = "basic"
name = { en = "Mail Basic", de = "Mail Basic" }
quantity = { maximum = 1 }

[[products.plans.tiers]]
contacts = 500
prices = [{ interval = "month", amounts = { EUR = 2000 } }]

[[products.plans.tiers]]
contacts = 1000
prices = [{ interval = "month", amounts = { EUR = 3000 } }]

[[products.plans]]
id = "pro"
name = { en = "Mail Pro", de = "Mail Pro" }
quantity = { maximum = 1 }

[[products.plans.tiers]]
contacts = 1000
prices = [{ interval = "month", amounts = { EUR = 5000 } }]

[[products]]
id = "club"
name = { en = "Club", de = "Club" }
not_sold_in = ["JPY"]

[[products.plans]]
id = "member"
name = { en = "Club Member", de = "Clubmitglied" }
prices = [{ interval = "year", amounts = { EUR = 20000 } }]

[[add_ons]]
id = "extra-seat"
name = { en = "Extra seat", de = "Platz" }
plans = ["mail/basic", "mail/pro"]
seats = 1
not_sold_in = ["JPY"]
prices = [{ interval = "month", amounts = { EUR = 1000 } }]
"""
BASIC = LookupKey("mail-basic-500-month-eur")
BIGGER = LookupKey("mail-basic-1000-month-eur")
PRO = LookupKey("mail-pro-1000-month-eur")
SEAT = LookupKey("extra-seat-month-eur")
DESK_JPY = LookupKey("desk-solo-month-jpy")
OPERATION = OperationId("op_change")


@pytest.fixture
def catalogue():
    return parse(SHOP + PLANS)


def eur(amount):
    return Money(amount=amount, currency="EUR")


@pytest.fixture
def customer(local):
    return local.customer()


def running(local, payments, customer, price=BASIC, quantity=1, taxes=("de-vat",), total=2380, **more):
    """A subscription that starts now; 20.00 and 19 % are 23.80."""
    order = SubscriptionOrder(
        customer=customer.id,
        price=price,
        quantity=quantity,
        coupon=None,
        tax_rates=taxes,
        starts_at=None,
        payment_method=customer.invoice_settings.default_payment_method,
        first_payment=eur(total),
    )
    started = payments.start_subscription(order.model_copy(update=more), OperationId("op_start"), START)
    return started.subscription


def half_of(subscription):
    """The middle of the running period."""
    begin, end = subscription.current_period_start, subscription.current_period_end
    return begin + (end - begin) / 2


def order_for(customer, subscription, after, at=None, taxes=("de-vat",)):
    return ChangeOrder(
        customer=customer.id,
        subscription=subscription.id,
        before=tuple(Item(price=one.price, quantity=one.quantity) for one in subscription.items),
        after=tuple(Item(price=price, quantity=quantity) for price, quantity in after),
        tax_rates=taxes,
        prorated_at=at or half_of(subscription),
    )


def changed(payments, order, operation=OPERATION):
    return payments.change_subscription(order, payments.preview_change(order), operation, START)


def sold(local, subscription):
    live = local.v1.subscriptions.retrieve(subscription.id)
    return {item.price.lookup_key: item.quantity for item in live["items"].data}


def paid(local, customer):
    intents = local.v1.payment_intents.list({"customer": customer.id}).data
    return sorted(intent.amount for intent in intents if intent.status == "succeeded")


# --- what it costs ----------------------------------------------------------------------------------------------------


def test_a_higher_plan_at_half_the_period_costs_half_the_difference(local, payments, customer):
    """AX1, K5: half of 50.00 less half of 20.00 is 15.00, and 19 % of it 2.85: 17.85. From then on 59.50."""
    one = running(local, payments, customer)
    preview = payments.preview_change(order_for(customer, one, [(PRO, 1)]))
    assert {(line.price, line.amount) for line in preview.lines} == {(BASIC, eur(-1000)), (PRO, eur(2500))}
    assert [(tax.percent, tax.amount) for tax in preview.taxes] == [(19, eur(285))]
    assert (preview.total, preview.due) == (eur(1785), eur(1785))
    assert (preview.renews_at, preview.renewal) == (one.current_period_end, eur(5950))


def test_a_preview_changes_nothing(local, payments, customer):
    one = running(local, payments, customer)
    payments.preview_change(order_for(customer, one, [(PRO, 1)]))
    assert sold(local, one) == {BASIC: 1}
    assert paid(local, customer) == [2380]


def test_tier_and_seats_in_one_change(local, payments, customer):
    """Half of (30.00 - 20.00) and half of two seats at 10.00: 5.00 + 10.00 = 15.00, with 19 % 17.85."""
    one = running(local, payments, customer)
    preview = payments.preview_change(order_for(customer, one, [(BIGGER, 1), (SEAT, 2)]))
    assert preview.total == eur(1785)
    assert preview.renewal == eur(5950)  # (30.00 + 20.00) x 1.19


def test_fewer_seats_are_credited_to_the_balance(local, payments, customer):
    """Half a month of two seats: 10.00 and 19 % are 11.90, which the customer is owed."""
    one = running(local, payments, customer)
    more = changed(payments, order_for(customer, one, [(BASIC, 1), (SEAT, 2)]), OperationId("op_more")).subscription
    order = order_for(customer, more, [(BASIC, 1)])
    preview = payments.preview_change(order)
    assert (preview.total, preview.due) == (eur(-1190), eur(0))
    payments.change_subscription(order, preview, OPERATION, START)
    assert local.v1.customers.retrieve(customer.id).balance == -1190


def test_a_balance_is_used_before_the_card(local, payments, customer):
    """17.85 less 5.00 of credit: 12.85."""
    one = running(local, payments, customer)
    local.v1.customers.balance_transactions.create(customer.id, {"amount": -500, "currency": "eur"})
    preview = payments.preview_change(order_for(customer, one, [(PRO, 1)]))
    assert (preview.total, preview.due) == (eur(1785), eur(1285))


def test_yen_have_no_decimals(local, payments, customer):
    """Three more desks at 3,000 for half a month: 4,500; the tax is in it."""
    one = running(
        local,
        payments,
        customer,
        price=DESK_JPY,
        taxes=("jp-ct",),
        first_payment=Money(amount=3000, currency="JPY"),
    )
    preview = payments.preview_change(order_for(customer, one, [(DESK_JPY, 4)], taxes=("jp-ct",)))
    assert preview.total == Money(amount=4500, currency="JPY")


def test_a_month_that_began_on_the_31st_is_counted_to_the_28th(local, payments, customer):
    """From 31 January to 28 February are 28 days; 7 of them remain on the 21st: a quarter."""
    local.advance(advance_to=int(datetime(2027, 1, 31, 9, tzinfo=UTC).timestamp()))
    one = running(local, payments, customer)
    begin, end = one.current_period_start, one.current_period_end
    assert (begin.day, end.day, end.month) == (31, 28, 2)
    preview = payments.preview_change(order_for(customer, one, [(PRO, 1)], at=end - timedelta(days=7)))
    # A quarter of 20.00 and of 50.00: -5.00 and 12.50; 19 % of each: -0.95 and 2.375, which is 2.38.
    assert preview.total == eur(-500 + 1250 - 95 + 238)


# --- doing it ---------------------------------------------------------------------------------------------------------


def test_what_was_shown_is_charged_and_the_plan_is_another_one(local, payments, customer):
    """A23, A31: the same item becomes the other plan, at once."""
    one = running(local, payments, customer)
    result = changed(payments, order_for(customer, one, [(PRO, 1)]))
    assert sold(local, one) == {PRO: 1}
    assert paid(local, customer) == [1785, 2380]
    assert (result.invoice.status, result.invoice.total) == (InvoiceStatus.PAID, eur(1785))
    assert [item.price for item in result.subscription.items] == [PRO]


def test_the_same_operation_again_changes_nothing_more(local, payments, customer):
    one = running(local, payments, customer)
    order = order_for(customer, one, [(PRO, 1)])
    preview = payments.preview_change(order)
    first = payments.change_subscription(order, preview, OPERATION, START)
    again = payments.change_subscription(order, preview, OPERATION, START)
    assert again == first
    assert paid(local, customer) == [1785, 2380]


@pytest.mark.parametrize("kind", ["cut_after", "500_after_kept", "500", "429"])
def test_a_lost_answer_charges_once(local, payments, customer, kind):
    one = running(local, payments, customer)
    order = order_for(customer, one, [(PRO, 1)])
    preview = payments.preview_change(order)
    local.fault(kind, f"/v1/subscriptions/{one.id}")
    _, tries = until_it_is_done(lambda: payments.change_subscription(order, preview, OPERATION, START))
    assert tries > 1
    assert paid(local, customer) == [1785, 2380]


def test_a_declined_card_changes_nothing(local, payments, customer):
    """H30."""
    one = running(local, payments, customer)
    order = order_for(customer, one, [(PRO, 1)])
    preview = payments.preview_change(order)
    local.card(customer.invoice_settings.default_payment_method, "insufficient_funds")
    with pytest.raises(Declined) as refused:
        payments.change_subscription(order, preview, OPERATION, START)
    assert refused.value.code == "insufficient_funds"
    assert sold(local, one) == {BASIC: 1}
    assert local.v1.invoice_items.list({"customer": customer.id, "pending": True}).data == []


def test_another_price_than_was_reviewed_is_not_charged(local, payments, customer):
    """The price shown is the price charged."""
    one = running(local, payments, customer)
    order = order_for(customer, one, [(PRO, 1)])
    reviewed = payments.preview_change(order)
    local.v1.invoice_items.create({"customer": customer.id, "amount": 500, "currency": "eur", "subscription": one.id})
    with pytest.raises(AmountDiffers):
        payments.change_subscription(order, reviewed, OPERATION, START)
    assert sold(local, one) == {BASIC: 1}


def test_without_a_review_nothing_may_be_charged(local, payments, customer):
    one = running(local, payments, customer)
    with pytest.raises(AmountDiffers):
        payments.change_subscription(order_for(customer, one, [(PRO, 1)]), None, OPERATION, START)


def test_a_subscription_that_is_another_one_by_now_is_left_alone(local, payments, customer):
    """Somebody changed it in the Dashboard."""
    one = running(local, payments, customer)
    order = order_for(customer, one, [(PRO, 1)])
    item = local.v1.subscriptions.retrieve(one.id)["items"].data[0].id
    bigger = local.v1.prices.list({"lookup_keys": [BIGGER]}).data[0].id
    local.v1.subscriptions.update(one.id, {"items": [{"id": item, "price": bigger}]})
    with pytest.raises(SubscriptionChanged):
        payments.preview_change(order)


def test_a_subscription_that_was_cancelled_is_left_alone(local, payments, customer):
    """GX9: a schedule or a change would take the cancellation back."""
    one = running(local, payments, customer, price=PRO, total=5950)
    order = order_for(customer, one, [(BASIC, 1)])
    local.v1.subscriptions.update(one.id, {"cancel_at_period_end": True})
    with pytest.raises(SubscriptionChanged):
        payments.schedule_change(order, one.current_period_end, OPERATION, START)
    with pytest.raises(SubscriptionChanged):
        payments.change_subscription(order, None, OPERATION, START)
    live = local.v1.subscriptions.retrieve(one.id)
    assert live.cancel_at_period_end
    assert live.schedule is None


def test_somebody_elses_subscription_is_left_alone(local, payments, customer):
    one = running(local, payments, customer)
    order = order_for(local.customer(), one, [(PRO, 1)])
    with pytest.raises(SubscriptionChanged):
        payments.preview_change(order)


def test_a_price_that_is_no_longer_sold_is_recognised_and_kept(local, payments, customer, catalogue):
    """The catalogue is dearer now: the old price keeps its amount, its seats cost the new one."""
    one = running(local, payments, customer)
    dearer = parse((SHOP + PLANS).replace("EUR = 2000", "EUR = 2200"))
    push = Push(local.connection.client, dearer, TODAY)
    push.apply(push.plan())
    snapshot = payments.snapshot(customer.id)
    (item,) = snapshot.subscriptions[0].items
    assert (item.price, item.unit_amount) == (BASIC, eur(2000))
    changed(payments, order_for(customer, snapshot.subscriptions[0], [(BASIC, 1), (SEAT, 1)]))
    amounts = {i.price.unit_amount for i in local.v1.subscriptions.retrieve(one.id)["items"].data}
    assert amounts == {2000, 1000}


# --- later ------------------------------------------------------------------------------------------------------------


def scheduled(payments, customer, subscription, operation=OPERATION):
    order = order_for(customer, subscription, [(BASIC, 1)])
    return payments.schedule_change(order, subscription.current_period_end, operation, START)


def test_a_downgrade_waits_for_the_end_of_the_period(local, payments, customer):
    """AX2, HX17: nothing is prorated, the next payment is the new one: 23.80."""
    one = running(local, payments, customer, price=PRO, total=5950)
    waiting = scheduled(payments, customer, one)
    assert waiting.effective_at == one.current_period_end
    assert waiting.subscription.schedule == waiting.schedule
    assert sold(local, one) == {PRO: 1}
    local.advance(by_days=32)
    assert sold(local, one) == {BASIC: 1}
    assert paid(local, customer) == [2380, 5950]


def test_scheduling_again_is_one_schedule(local, payments, customer):
    one = running(local, payments, customer, price=PRO, total=5950)
    first, again = scheduled(payments, customer, one), scheduled(payments, customer, one)
    assert first.schedule == again.schedule
    assert len(local.v1.subscription_schedules.list({"customer": customer.id}).data) == 1


@pytest.mark.parametrize("path", ["/v1/subscription_schedules", "/v1/subscription_schedules/"])
def test_a_schedule_that_was_half_made_is_finished(local, payments, customer, path):
    one = running(local, payments, customer, price=PRO, total=5950)
    local.fault("cut_after", path)
    with pytest.raises(Transient):
        scheduled(payments, customer, one)
    scheduled(payments, customer, one)
    (schedule,) = local.v1.subscription_schedules.list({"customer": customer.id}).data
    assert len(schedule.phases) == 2


def test_another_operation_does_not_take_over_a_schedule(local, payments, customer):
    one = running(local, payments, customer, price=PRO, total=5950)
    waiting = scheduled(payments, customer, one)
    with pytest.raises(ChangeWaits):
        scheduled(payments, customer, one, OperationId("op_other"))
    assert local.v1.subscriptions.retrieve(one.id).schedule == waiting.schedule


def mirrored(payments, customer):
    (one,) = payments.snapshot(customer.id).subscriptions
    return one


def test_a_change_that_has_begun_waits_no_longer_and_makes_room_for_the_next(local, payments, customer):
    """AX2: its phase runs for a month. Pro 59.50, then Basic for 1,000 at 35.70, then Basic at 23.80 (19 % in each)."""
    one = running(local, payments, customer, price=PRO, total=5950)
    order = order_for(customer, one, [(BIGGER, 1)])
    payments.schedule_change(order, one.current_period_end, OPERATION, START)
    local.advance(by_days=32)
    assert local.v1.subscriptions.retrieve(one.id).schedule, "Stripe keeps it attached"
    begun = mirrored(payments, customer)
    assert begun.schedule is None
    waiting = scheduled(payments, customer, begun, OperationId("op_second"))
    assert mirrored(payments, customer).schedule == waiting.schedule
    local.advance(by_days=31)
    assert sold(local, one) == {BASIC: 1}
    assert paid(local, customer) == [2380, 3570, 5950]


@pytest.mark.parametrize("path", ["/v1/subscription_schedules", "/v1/subscription_schedules/"])
@pytest.mark.parametrize("times", [1, 2])
def test_making_room_survives_lost_answers(local, payments, customer, path, times):
    """Also when what was let go, or made, was not answered."""
    one = running(local, payments, customer, price=PRO, total=5950)
    scheduled(payments, customer, one)
    local.advance(by_days=32)
    begun = mirrored(payments, customer)
    for _ in range(times):
        local.fault("cut_after", path)
    order = order_for(customer, begun, [(BIGGER, 1)])
    waiting, tries = until_it_is_done(
        lambda: payments.schedule_change(order, begun.current_period_end, OperationId("op_second"), START)
    )
    assert tries > 1
    attached = local.v1.subscriptions.retrieve(one.id).schedule
    assert attached == waiting.schedule
    assert len(local.v1.subscription_schedules.retrieve(attached).phases) == 2


def test_what_started_later_can_be_lowered_in_its_first_period(local, payments, customer):
    """Its start was a schedule, too: attached to the end of the first period, and nothing is still to come of it."""
    begins = START + timedelta(days=2)
    order = SubscriptionOrder(
        customer=customer.id,
        price=PRO,
        quantity=1,
        coupon=None,
        tax_rates=("de-vat",),
        starts_at=begins,
        payment_method=customer.invoice_settings.default_payment_method,
        first_payment=eur(5950),
    )
    payments.start_subscription(order, OperationId("op_start"), START)
    local.advance(by_days=3)
    one = mirrored(payments, customer)
    assert one.schedule is None
    assert local.v1.subscriptions.retrieve(one.id).schedule
    waiting = scheduled(payments, customer, one)
    assert waiting.effective_at == one.current_period_end
    local.advance(by_days=31)
    assert sold(local, one) == {BASIC: 1}


def test_a_trial_goes_on_to_its_end(local, payments, customer):
    """Fourteen days, then the lower plan; its periods are counted from there."""
    (price,) = local.v1.prices.list({"lookup_keys": [PRO]}).data
    ends = int((START + timedelta(days=14)).timestamp())
    made = local.v1.subscriptions.create({"customer": customer.id, "items": [{"price": price.id}], "trial_end": ends})
    one = mirrored(payments, customer)
    assert one.anchor == one.current_period_end == START + timedelta(days=14)
    order = order_for(customer, one, [(BASIC, 1)], taxes=())
    waiting = payments.schedule_change(order, one.current_period_end, OPERATION, START)
    schedule = local.v1.subscription_schedules.retrieve(waiting.schedule)
    assert [phase.trial_end for phase in schedule.phases] == [ends, None]
    assert local.v1.subscriptions.retrieve(made.id).trial_end == ends
    local.advance(by_days=15)
    assert sold(local, one) == {BASIC: 1}
    assert paid(local, customer) == [2000]


def elsewhere(local, one, **more):
    """A schedule that was made in the Dashboard: from the next period on Basic for 1,000 contacts."""
    made = local.v1.subscription_schedules.create({"from_subscription": one.id})
    now = made.phases[0]
    (price,) = local.v1.prices.list({"lookup_keys": [BIGGER]}).data
    first = {
        "start_date": now.start_date,
        "end_date": now.end_date,
        "items": [{"price": item.price, "quantity": item.quantity} for item in now["items"]],
    }
    phases = [first, {"items": [{"price": price.id}], "duration": {"interval": "month"}}]
    return local.v1.subscription_schedules.update(made.id, {"phases": phases} | more)


def test_a_foreign_schedule_is_left_alone(local, payments, customer):
    """Somebody made it in the Dashboard: neither changed at once nor at the period's end, and not let go either."""
    one = running(local, payments, customer, price=PRO, total=5950)
    schedule = elsewhere(local, one)
    assert mirrored(payments, customer).schedule == schedule.id
    order = order_for(customer, one, [(BASIC, 1)])
    with pytest.raises(ScheduledElsewhere):
        payments.change_subscription(order, None, OPERATION, START)
    with pytest.raises(ChangeWaits):
        scheduled(payments, customer, one)
    with pytest.raises(ScheduledElsewhere):
        payments.release_schedule(one.id, schedule.id)
    live = local.v1.subscriptions.retrieve(one.id)
    assert (live.schedule, sold(local, one)) == (schedule.id, {PRO: 1})


def test_a_foreign_schedule_of_which_nothing_is_to_come_is_in_nobodys_way(local, payments, customer):
    one = running(local, payments, customer, price=PRO, total=5950)
    elsewhere(local, one)
    local.advance(by_days=32)
    begun = mirrored(payments, customer)
    assert begun.schedule is None
    changed(payments, order_for(customer, begun, [(PRO, 1)]))
    assert local.v1.subscriptions.retrieve(one.id).schedule is None


def test_a_schedule_that_ends_a_subscription_waits_to_its_end(local, payments, customer):
    one = running(local, payments, customer, price=PRO, total=5950)
    schedule = elsewhere(local, one, end_behavior="cancel")
    local.advance(by_days=32)
    assert mirrored(payments, customer).schedule == schedule.id


def test_what_is_another_subscriptions_is_not_let_go(local, payments, customer):
    one = running(local, payments, customer, price=PRO, total=5950)
    waiting = scheduled(payments, customer, one)
    with pytest.raises(SubscriptionChanged):
        payments.release_schedule(SubscriptionId("sub_other"), waiting.schedule)
    assert local.v1.subscriptions.retrieve(one.id).schedule == waiting.schedule


def test_the_plan_can_be_kept_until_then(local, payments, customer):
    """HX17; letting go twice is letting go."""
    one = running(local, payments, customer, price=PRO, total=5950)
    waiting = scheduled(payments, customer, one)
    for _ in range(2):
        kept = payments.release_schedule(SubscriptionId(one.id), waiting.schedule)
        assert kept.schedule is None
    local.advance(by_days=32)
    assert sold(local, one) == {PRO: 1}


def test_an_upgrade_lets_a_waiting_downgrade_go(local, payments, customer):
    """A later upgrade supersedes it."""
    one = running(local, payments, customer, price=BIGGER, total=3570)
    scheduled(payments, customer, one)
    result = changed(payments, order_for(customer, one, [(PRO, 1)]), OperationId("op_up"))
    assert result.subscription.schedule is None
    local.advance(by_days=32)
    assert sold(local, one) == {PRO: 1}


# --- more by hand -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("begins", "days_left", "of"),
    [
        (datetime(2027, 1, 31, 9, tzinfo=UTC), 14, 28),  # to 28 February
        (datetime(2028, 1, 31, 9, tzinfo=UTC), 7.25, 29),  # to 29 February of a leap year
        (datetime(2027, 8, 31, 9, tzinfo=UTC), 15, 30),  # to 30 September
        (datetime(2027, 12, 31, 9, tzinfo=UTC), 15.5, 31),  # to 31 January
    ],
    ids=["february", "leap year", "september", "december"],
)
def test_a_plan_a_tier_and_seats_together_at_the_end_of_a_month(local, payments, customer, begins, days_left, of):
    """From Basic with two seats to Pro with five.

    Half a period: -10.00 - 10.00 + 25.00 + 25.00 = 30.00; 19 % of each: -1.90 - 1.90 + 4.75 + 4.75 = 5.70: 35.70.
    A quarter: -5.00 - 5.00 + 12.50 + 12.50 = 15.00; -0.95 twice, and twice 2.375, which is 2.38: 2.86: 17.86.
    """
    local.advance(advance_to=int(begins.timestamp()))
    one = running(local, payments, customer)
    both = changed(payments, order_for(customer, one, [(BASIC, 1), (SEAT, 2)], at=begins), OperationId("op_seats"))
    end = both.subscription.current_period_end
    assert (end - begins).days == of
    preview = payments.preview_change(
        order_for(customer, both.subscription, [(PRO, 1), (SEAT, 5)], at=end - timedelta(days=days_left))
    )
    assert preview.total == eur(3570 if days_left * 2 == of else 1786)
    assert preview.renewal == eur(11900)  # (50.00 + 50.00) x 1.19


def test_a_year_is_prorated_by_its_days(local, payments, customer):
    """Two more members at 200.00 a year, 73 of 365 days before its end, which is a fifth: 80.00 and 19 %: 95.20."""
    year = LookupKey("club-member-year-eur")
    one = running(local, payments, customer, price=year, total=23800)
    at = one.current_period_end - timedelta(days=73)
    assert payments.preview_change(order_for(customer, one, [(year, 3)], at=at)).total == eur(9520)


def test_another_method_on_file_pays_and_stays(local, payments, customer):
    """H30: after a decline; the subscription is paid by it from then on."""
    one = running(local, payments, customer)
    other = local.v1.payment_methods.attach("pm_card_mastercard", {"customer": customer.id}).id
    local.card(customer.invoice_settings.default_payment_method, "insufficient_funds")
    order = order_for(customer, one, [(PRO, 1)])
    preview = payments.preview_change(order)
    with pytest.raises(Declined):
        payments.change_subscription(order, preview, OperationId("op_first"), START)
    by_other = order.model_copy(update={"payment_method": other})
    result = payments.change_subscription(by_other, preview, OperationId("op_second"), START)
    assert result.subscription.payment_method == other
    assert paid(local, customer) == [1785, 2380]


def test_another_method_that_is_declined_does_not_stay(local, payments, customer):
    one = running(local, payments, customer)
    other = local.v1.payment_methods.attach("pm_card_mastercard", {"customer": customer.id}).id
    local.card(other, "insufficient_funds")
    order = order_for(customer, one, [(PRO, 1)]).model_copy(update={"payment_method": other})
    with pytest.raises(Declined):
        payments.change_subscription(order, payments.preview_change(order), OPERATION, START)
    live = local.v1.subscriptions.retrieve(one.id)
    assert live.default_payment_method == customer.invoice_settings.default_payment_method


@pytest.mark.parametrize("seconds", [3, 31 * 86_400], ids=["a clock behind", "a clock of another month"])
def test_before_the_period_its_first_second_counts(local, payments, customer, seconds):
    """Stripe takes no other: the whole period is left, -20.00 + 50.00, and 19 % of each line: -3.80 + 9.50: 35.70."""
    one = running(local, payments, customer)
    begin = one.current_period_start
    order = order_for(customer, one, [(PRO, 1)], at=begin - timedelta(seconds=seconds))
    preview = payments.preview_change(order)
    assert (preview.prorated_at, preview.total) == (begin, eur(3570))
    assert payments.change_subscription(order, preview, OPERATION, START).invoice.total == eur(3570)


def test_after_the_period_its_last_second_counts(local, payments, customer):
    """A clock ahead of Stripe's, a moment before the renewal: nothing of the period is left to pay for."""
    one = running(local, payments, customer)
    order = order_for(customer, one, [(PRO, 1)], at=one.current_period_end + timedelta(seconds=3))
    preview = payments.preview_change(order)
    assert preview.prorated_at == one.current_period_end - timedelta(seconds=1)
    assert (preview.total, preview.renewal) == (eur(0), eur(5950))
    payments.change_subscription(order, preview, OPERATION, START)
    assert sold(local, one) == {PRO: 1}


def test_what_was_reviewed_before_a_renewal_is_reviewed_again(local, payments, customer):
    """A17: after it the whole of another period would have to be paid."""
    one = running(local, payments, customer)
    order = order_for(customer, one, [(PRO, 1)])
    reviewed = payments.preview_change(order)
    local.advance(by_months=1)
    with pytest.raises(AmountDiffers):
        payments.change_subscription(order, reviewed, OPERATION, START)
    assert sold(local, one) == {BASIC: 1}


def later(order, **by):
    return order.model_copy(update={"prorated_at": order.prorated_at + timedelta(**by)})


def test_a_later_moment_costs_what_is_left_then_and_never_more(local, payments, customer):
    """H31: reviewed at half of a month, made when a quarter is left: 30.00 x 1/4 = 7.50 and 19 % of each line.

    -5.00 and 12.50: -0.95 + 2.38 (2.375): 8.93, where 17.85 were reviewed.
    """
    one = running(local, payments, customer)
    order = order_for(customer, one, [(PRO, 1)])
    reviewed = payments.preview_change(order)
    quarter = (one.current_period_end - one.current_period_start) / 4
    result = payments.change_subscription(later(order, seconds=quarter.total_seconds()), reviewed, OPERATION, START)
    assert (reviewed.total, result.invoice.total) == (eur(1785), eur(893))


def test_at_a_later_moment_more_than_was_reviewed_is_not_charged(local, payments, customer):
    """An item waits at Stripe for the next invoice: 5.00 and 19 % more than what is left after a day."""
    one = running(local, payments, customer)
    order = order_for(customer, one, [(PRO, 1)])
    reviewed = payments.preview_change(order)
    item = {"customer": customer.id, "amount": 500, "currency": "eur", "subscription": one.id}
    local.v1.invoice_items.create(item)
    with pytest.raises(AmountDiffers):
        payments.change_subscription(later(order, days=1), reviewed, OPERATION, START)
    assert sold(local, one) == {BASIC: 1}


# --- K5, the other reading: the rest of what was paid for is not credited ---------------------------------------------


@pytest.fixture
def uncredited(local, payments, customer):
    """To Pro at half of the period: half of 50.00 and 19 % of it, 4.75: 29.75; as half of $149 is $74.50 in AX1."""
    one = running(local, payments, customer)
    return order_for(customer, one, [(PRO, 1)]).model_copy(update={"credits_unused": False})


def waiting(local, customer):
    return local.v1.invoice_items.list({"customer": customer.id, "pending": True}).data


def test_without_credit_the_rest_of_the_new_plan_is_charged_in_full(local, payments, customer, uncredited):
    """AX1, K5"""
    preview = payments.preview_change(uncredited)
    assert [(line.price, line.amount) for line in preview.lines] == [(PRO, eur(2500))]
    assert (preview.total, preview.due, preview.renewal) == (eur(2975), eur(2975), eur(5950))
    assert waiting(local, customer) == []
    result = payments.change_subscription(uncredited, preview, OPERATION, START)
    assert result.invoice.total == eur(2975)
    assert paid(local, customer) == [2380, 2975]
    assert waiting(local, customer) == []


@pytest.mark.parametrize(
    ("seats", "after"), [([], 2380), ([(SEAT, 1)], 3570), ([(SEAT, 2)], 4760)], ids=["none", "one", "two"]
)
def test_fewer_seats_without_credit_cost_and_give_nothing(local, payments, customer, seats, after):
    """K5: of three; those that stay are not paid twice, at a moment at which every line is rounded."""
    one = running(local, payments, customer)
    more = changed(payments, order_for(customer, one, [(BASIC, 1), (SEAT, 3)]), OperationId("op_more")).subscription
    at = more.current_period_end - timedelta(days=7, seconds=12_345)
    order = order_for(customer, more, [(BASIC, 1), *seats], at=at).model_copy(update={"credits_unused": False})
    preview = payments.preview_change(order)
    assert (preview.lines, preview.total, preview.renewal) == ((), eur(0), eur(after))
    payments.change_subscription(order, preview, OPERATION, START)
    assert local.v1.customers.retrieve(customer.id).balance == 0


def test_more_seats_without_credit_are_charged_for_the_new_ones_only(local, payments, customer):
    """K5: from one to three for half a period: two halves of 10.00 and 19 %: 11.90; nothing goes, nothing is lost."""
    one = running(local, payments, customer)
    first = changed(payments, order_for(customer, one, [(BASIC, 1), (SEAT, 1)]), OperationId("op_one")).subscription
    order = order_for(customer, first, [(BASIC, 1), (SEAT, 3)]).model_copy(update={"credits_unused": False})
    assert payments.preview_change(order).total == eur(1190)


def test_without_credit_a_decided_downgrade_at_once_neither_charges_nor_credits(local, payments, customer):
    """K5 and K7, both in the other reading: nobody reviewed a price, and what was paid for is not given back."""
    one = running(local, payments, customer, price=PRO, total=5950)
    order = order_for(customer, one, [(BASIC, 1)]).model_copy(update={"credits_unused": False})
    result = payments.change_subscription(order, None, OPERATION, START)
    assert result.invoice is None
    assert sold(local, one) == {BASIC: 1}
    assert paid(local, customer) == [5950]
    assert waiting(local, customer) == []
    assert local.v1.customers.retrieve(customer.id).balance == 0


def test_without_credit_a_later_moment_costs_what_is_left_then(local, payments, customer, uncredited):
    """H31, K5: reviewed at half, made when a quarter is left: a quarter of 50.00 and 19 % of it, 2.38: 14.88."""
    preview = payments.preview_change(uncredited)
    at = later(uncredited, seconds=(preview.renews_at - uncredited.prorated_at).total_seconds() / 2)
    assert payments.change_subscription(at, preview, OPERATION, START).invoice.total == eur(1488)


@pytest.mark.parametrize("path", ["/v1/invoiceitems", "/v1/subscriptions/"])
@pytest.mark.parametrize("kind", ["cut_after", "500_after_kept", "500", "429"])
def test_without_credit_a_lost_answer_charges_once(local, payments, customer, uncredited, kind, path):
    preview = payments.preview_change(uncredited)
    local.fault(kind, path)
    until_it_is_done(lambda: payments.change_subscription(uncredited, preview, OPERATION, START))
    assert paid(local, customer) == [2380, 2975]
    assert waiting(local, customer) == []


def test_without_credit_a_declined_card_leaves_nothing_for_the_next_invoice(local, payments, customer, uncredited):
    """H30"""
    preview = payments.preview_change(uncredited)
    local.card(customer.invoice_settings.default_payment_method, "insufficient_funds")
    with pytest.raises(Declined):
        payments.change_subscription(uncredited, preview, OPERATION, START)
    assert waiting(local, customer) == []


def test_without_credit_another_amount_leaves_nothing_for_the_next_invoice(local, payments, customer, uncredited):
    preview = payments.preview_change(uncredited)
    with pytest.raises(AmountDiffers):
        payments.change_subscription(uncredited, preview.model_copy(update={"total": eur(1)}), OPERATION, START)
    assert waiting(local, customer) == []


def test_without_credit_a_change_in_between_leaves_nothing_for_the_next_invoice(local, payments, customer, uncredited):
    """K5: the change was not done, and before it is tried again somebody changes the subscription in the Dashboard."""
    preview = payments.preview_change(uncredited)
    local.fault("500", f"/v1/subscriptions/{uncredited.subscription}")
    with pytest.raises(Transient):
        payments.change_subscription(uncredited, preview, OPERATION, START)
    assert len(waiting(local, customer)) == 1
    item = local.v1.subscriptions.retrieve(uncredited.subscription)["items"].data[0].id
    bigger = local.v1.prices.list({"lookup_keys": [BIGGER]}).data[0].id
    update = {"items": [{"id": item, "price": bigger}], "proration_behavior": "none"}
    local.v1.subscriptions.update(uncredited.subscription, update)
    with pytest.raises(SubscriptionChanged):
        payments.change_subscription(uncredited, preview, OPERATION, START)
    assert waiting(local, customer) == []


# --- what could not be told to the end --------------------------------------------------------------------------------


def test_a_change_that_cannot_be_planned_leaves_no_schedule(local, payments, customer):
    """A tax rate was not pushed yet: nothing may be attached that would keep every later change away."""
    one = running(local, payments, customer, price=PRO, total=5950)
    order = order_for(customer, one, [(BASIC, 1)])
    with pytest.raises(Misconfigured):
        payments.schedule_change(
            order.model_copy(update={"tax_rates": ("at-vat",)}), one.current_period_end, OPERATION, START
        )
    assert local.v1.subscriptions.retrieve(one.id).schedule is None
    assert scheduled(payments, customer, one, OperationId("op_second")).subscription.schedule


def test_a_change_whose_day_is_over_leaves_no_schedule(local, payments, customer):
    """Stripe could not be told for so long that the period's end has passed: it says no, and all is as it was."""
    one = running(local, payments, customer, price=PRO, total=5950)
    order = order_for(customer, one, [(BASIC, 1)])
    past = one.current_period_start - timedelta(days=1)
    for _ in range(2):
        with pytest.raises(stripe.InvalidRequestError):
            payments.schedule_change(order, past, OPERATION, START)
    assert local.v1.subscriptions.retrieve(one.id).schedule is None
