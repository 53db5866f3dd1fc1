"""The adapter against a local Stripe over HTTP: one subscription per operation, whatever happens on the way."""

from datetime import UTC, datetime, timedelta

import pytest
import requests

from billing.catalogue.files import parse
from billing.contacts import InvoiceStatus, SubscriptionItem, SubscriptionStatus
from billing.errors import AmountDiffers, Declined, ForeignPaymentMethod, Misconfigured, Transient, UnknownContact
from billing.ids import LookupKey, OperationId
from billing.money import Money
from billing.ports import SubscriptionOrder
from billing.stripe.client import Connection
from billing.stripe.payments import StripePayments
from tests.billing.stripe.conftest import KEY, SHOP, START

OPERATION = OperationId("op_1")
MONTH = LookupKey("desk-solo-month-eur")


def eur(amount):
    return Money(amount=amount, currency="EUR")


def order_for(customer, **changes):
    """One desk a month, 19.00 and 19 % on top: 1900 + 361 = 2261."""
    order = SubscriptionOrder(
        customer=customer.id,
        price=MONTH,
        quantity=1,
        coupon=None,
        tax_rates=("de-vat",),
        starts_at=None,
        payment_method=customer.invoice_settings.default_payment_method or "pm_none",
        first_payment=eur(2261),
    )
    return order.model_copy(update=changes)


def about(instant, expected):
    """The local Stripe's clock runs on while a test does."""
    return expected <= instant < expected + timedelta(minutes=1)


def subscriptions(local, customer):
    return local.v1.subscriptions.list({"customer": customer.id, "status": "all"}).data


def start(payments, order, accepted_at=START):
    return payments.start_subscription(order, OPERATION, accepted_at)


def until_it_is_done(call):
    """As the engine does: again after every Transient. Answers with the result and the number of tries."""
    for tries in range(1, 10):
        try:
            return call(), tries
        except Transient:
            continue
    raise AssertionError("never done")


# --- the way that goes well -------------------------------------------------------------------------------------------


def test_a_subscription_starts_and_its_first_payment_is_made(local, payments):
    """H21, H22, H33."""
    customer = local.customer()
    started = start(payments, order_for(customer))
    one = started.subscription
    assert one.status is SubscriptionStatus.ACTIVE
    assert one.items == (SubscriptionItem(product="Desk Solo", price=MONTH, quantity=1, unit_amount=eur(1900)),)
    assert (one.interval, one.interval_count) == ("month", 1)
    assert one.payment_method == customer.invoice_settings.default_payment_method
    assert about(one.started_at, START)
    assert about(one.current_period_end, datetime(2026, 4, 10, 9, tzinfo=UTC))
    assert started.invoice.status is InvoiceStatus.PAID
    assert (started.invoice.total, started.invoice.due) == (eur(2261), eur(0))
    assert started.invoice.subscription == one.id
    (at_stripe,) = subscriptions(local, customer)
    assert at_stripe.id == one.id
    assert at_stripe.metadata["operation"] == OPERATION


def test_a_coupon_and_a_quantity_are_in_the_first_payment(local, payments):
    """3 × 19.00 = 57.00, less 20 % = 45.60, and 19 % of that is 8.664: 54.26."""
    customer = local.customer()
    started = start(payments, order_for(customer, quantity=3, coupon="WELCOME20", first_payment=eur(5426)))
    assert started.invoice.total == eur(5426)
    assert (started.subscription.items[0].quantity, started.subscription.discount) == (3, "WELCOME20")


def test_an_amount_off_in_a_currency_without_decimals_and_with_tax_inside(local, payments):
    """2 × 3000 yen less 1500 is 4500; the 10 % are in it."""
    customer = local.customer()
    order = order_for(
        customer,
        price=LookupKey("desk-solo-month-jpy"),
        quantity=2,
        coupon="TEN",
        tax_rates=("jp-ct",),
        first_payment=Money(amount=4500, currency="JPY"),
    )
    assert start(payments, order).invoice.total == Money(amount=4500, currency="JPY")


def test_a_later_start_is_scheduled_and_begins_by_itself(local, payments):
    """H11, H21."""
    customer = local.customer()
    begins = datetime(2026, 4, 1, 12, tzinfo=UTC)
    order = order_for(customer, starts_at=begins, coupon="WELCOME20", first_payment=eur(1809))  # 1520 + 289 (288.8)
    started = start(payments, order)
    assert started.invoice is None
    assert started.subscription.status is SubscriptionStatus.SCHEDULED
    assert started.subscription.started_at == begins
    assert started.subscription.discount == "WELCOME20"
    assert started.subscription.payment_method == order.payment_method
    assert payments.snapshot(customer.id).subscriptions == (started.subscription,)
    assert subscriptions(local, customer) == []

    local.advance(by_days=60)  # to 9 May: paid on 1 April and on 1 May

    (one,) = payments.snapshot(customer.id).subscriptions
    assert (one.status, one.started_at) == (SubscriptionStatus.ACTIVE, begins)
    paid = [invoice.total for invoice in payments.snapshot(customer.id).invoices]
    assert paid == [eur(1809), eur(1809)]
    assert start(payments, order).subscription.id == started.subscription.id
    assert len(subscriptions(local, customer)) == 1


def test_several_subscriptions_for_one_customer(local, payments):
    """H32, H33."""
    customer = local.customer()
    for operation in ("op_a", "op_b"):
        payments.start_subscription(order_for(customer), OperationId(operation), START)
    assert len(subscriptions(local, customer)) == 2


# --- never two --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["429", "500", "500_after", "cut_before", "cut_after"])
@pytest.mark.parametrize("starts_at", [None, datetime(2026, 4, 1, 12, tzinfo=UTC)])
def test_a_fault_is_transient_and_the_repetition_makes_one(local, payments, kind, starts_at):
    customer = local.customer()
    path = "/v1/subscription_schedules" if starts_at else "/v1/subscriptions"
    local.fault(kind, path)
    started, tries = until_it_is_done(lambda: start(payments, order_for(customer, starts_at=starts_at)))
    assert tries == 2
    assert payments.snapshot(customer.id).subscriptions == (started.subscription,)


@pytest.mark.parametrize("happens", [False, True])
@pytest.mark.parametrize("starts_at", [None, datetime(2026, 4, 1, 12, tzinfo=UTC)])
@pytest.mark.parametrize(("count", "needed"), [(1, 2), (3, 3)])  # the second of three errors hits a replay
def test_an_error_that_stripe_keeps_for_the_key_is_got_over(local, payments, happens, starts_at, count, needed):
    """Stripe gives the same 500 again for 24 hours. What it did then is found, and only what it did not do is done."""
    customer = local.customer()
    path = "/v1/subscription_schedules" if starts_at else "/v1/subscriptions"
    local.fault("500_after_kept" if happens else "500_kept", path, count)
    started, tries = until_it_is_done(lambda: start(payments, order_for(customer, starts_at=starts_at)))
    assert tries == (2 if happens else needed)
    assert payments.snapshot(customer.id).subscriptions == (started.subscription,)


def test_a_new_key_is_only_used_after_a_replayed_error(local, payments):
    """A fresh 500 says nothing about whether the work goes on behind it."""
    customer = local.customer()
    local.fault("500", "/v1/subscriptions")
    with pytest.raises(Transient):
        start(payments, order_for(customer))
    assert len(local.calls("POST", "/v1/subscriptions")) == 1


@pytest.mark.parametrize("later", [timedelta(0), timedelta(hours=25), timedelta(days=40)])
def test_a_repetition_finds_what_was_made_however_late(local, payments, later):
    """Stripe forgets keys after 24 hours; the operation in the metadata stays."""
    customer = local.customer()
    first = start(payments, order_for(customer))
    local.advance(by_days=later.days + 1)
    again = start(payments, order_for(customer))
    assert again.subscription.id == first.subscription.id
    assert len(local.calls("POST", "/v1/subscriptions")) == 1


def test_a_repetition_after_prices_changed_still_answers_with_what_was_made(local, payments):
    customer = local.customer()
    first = start(payments, order_for(customer))
    again = start(payments, order_for(customer, first_payment=eur(9999)))
    assert again.subscription.id == first.subscription.id


def test_a_repetition_after_somebody_cancelled_makes_no_second_one(local, payments):
    customer = local.customer()
    first = start(payments, order_for(customer))
    local.v1.subscriptions.cancel(first.subscription.id)
    again = start(payments, order_for(customer))
    assert again.subscription.id == first.subscription.id
    assert again.subscription.status is SubscriptionStatus.CANCELED


def test_other_parameters_under_the_same_key_make_no_second_one(local, payments):
    """The answer to the first call was lost, and the payment method of the order is another one by now."""
    customer = local.customer()
    other = local.v1.payment_methods.attach("pm_card_mastercard", {"customer": customer.id}).id
    local.fault("cut_after", "/v1/subscriptions")
    with pytest.raises(Transient):
        start(payments, order_for(customer))
    assert start(payments, order_for(customer, payment_method=other)).subscription.payment_method != other
    assert len(subscriptions(local, customer)) == 1


# --- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("behaviour", "code"),
    [
        ("generic_decline", "generic_decline"),
        ("insufficient_funds", "insufficient_funds"),
        ("expired_card", "expired_card"),
        ("authenticate", "authentication_required"),
    ],
)
def test_a_declined_card_starts_nothing_and_another_card_may_be_chosen(local, payments, behaviour, code):
    """H30, H31."""
    customer = local.customer()
    order = order_for(customer)
    local.card(order.payment_method, behaviour)
    for _ in range(2):  # also when it is repeated
        with pytest.raises(Declined) as caught:
            start(payments, order)
        assert caught.value.code == code
    assert subscriptions(local, customer) == []
    other = local.v1.payment_methods.attach("pm_card_mastercard", {"customer": customer.id}).id
    payments.start_subscription(order.model_copy(update={"payment_method": other}), OperationId("op_2"), START)
    assert len(subscriptions(local, customer)) == 1


def test_another_first_payment_than_reviewed_starts_nothing(local, payments):
    """H23: the price shown is the price charged."""
    customer = local.customer()
    with pytest.raises(AmountDiffers):
        start(payments, order_for(customer, first_payment=eur(2260)))
    assert subscriptions(local, customer) == []
    assert local.calls("POST", "/v1/subscriptions") == []


def owes(local, customer, amount):
    """Stripe's balance is what the customer owes."""
    local.v1.customers.balance_transactions.create(customer.id, {"amount": amount, "currency": "eur"})


@pytest.mark.parametrize(
    ("owed", "charge", "paid", "afterwards"),
    [
        (5000, 7261, 7261, 0),
        (-2000, 261, 261, 0),
        (-10000, 0, 0, 7739),
        (-2231, 30, 0, -30),
    ],
    ids=["owed", "credit", "much credit", "too little to charge"],
)
def test_the_balance_is_charged_or_used_as_reviewed(local, payments, owed, charge, paid, afterwards):
    """H23, H31. 22.61 + 50.00 = 72.61; 22.61 - 20.00 = 2.61; 100.00 - 22.61 = 77.39 are left, and nothing is charged;
    22.61 - 22.31 = 0.30 is less than the 0.50 that can be charged, and is owed from now on."""
    customer = local.customer()
    owes(local, customer, owed)
    started = start(payments, order_for(customer, charge=eur(charge)))
    assert started.subscription.status is SubscriptionStatus.ACTIVE
    assert started.invoice.status is InvoiceStatus.PAID
    assert (started.invoice.total, started.invoice.charge) == (eur(2261), eur(paid))
    assert sum(one.amount for one in local.v1.payment_intents.list({"customer": customer.id}).data) == paid
    assert payments.snapshot(customer.id).balance == eur(afterwards)


@pytest.mark.parametrize("owed", [5000, -2000, -10000])
def test_another_balance_than_reviewed_starts_nothing(local, payments, owed):
    """H23: the price shown is the price charged."""
    customer = local.customer()
    owes(local, customer, owed)
    with pytest.raises(AmountDiffers) as refused:
        start(payments, order_for(customer, charge=eur(2261)))
    assert refused.value.reason.parameters["charged"] == max(2261 + owed, 0)
    assert subscriptions(local, customer) == []
    assert payments.snapshot(customer.id).balance == eur(-owed)


def test_a_payment_method_of_somebody_else_starts_nothing(local, payments):
    mine, theirs = local.customer(), local.customer()
    with pytest.raises(ForeignPaymentMethod):
        start(payments, order_for(mine, payment_method=theirs.invoice_settings.default_payment_method))
    assert subscriptions(local, mine) == []


def test_a_customer_that_stripe_does_not_know(local, payments):
    order = order_for(local.customer()).model_copy(update={"customer": "cus_gone"})
    with pytest.raises(UnknownContact):
        start(payments, order)


@pytest.mark.parametrize(
    ("old", "new", "changes", "what"),
    [
        ("EUR = 1900", "EUR = 2000", {}, {"price": "desk-solo-month-eur"}),
        ("percent = 20", "percent = 25", {"coupon": "WELCOME20"}, {"coupon": "WELCOME20"}),
        ("percent = 19", "percent = 16", {}, {"tax_rate": "de-vat"}),
    ],
)
def test_a_catalogue_that_was_not_pushed_is_named(local, old, new, changes, what):
    """H12, H15: the message says what Stripe does not know."""
    assert SHOP.count(old) == 1
    payments = StripePayments(
        local.connection.client,
        parse(SHOP.replace(old, new)),
        success_url="https://x.example",
        cancel_url="https://x.example",
    )
    customer = local.customer()
    with pytest.raises(Misconfigured) as caught:
        start(payments, order_for(customer, **changes))
    assert caught.value.parameters == what
    assert subscriptions(local, customer) == []


def test_what_was_remembered_and_archived_since_is_looked_up_again(local, payments):
    """Somebody archived the price and made another with the same amount."""
    customer = local.customer()
    payments.start_subscription(order_for(customer), OperationId("op_0"), START)
    (old,) = local.v1.prices.list({"lookup_keys": [MONTH]}).data
    new = local.v1.prices.create(
        {
            "product": old.product,
            "currency": "eur",
            "unit_amount": 1900,
            "recurring": {"interval": "month"},
            "lookup_key": MONTH,
            "transfer_lookup_key": True,
        }
    )
    local.v1.prices.update(old.id, {"active": False})
    start(payments, order_for(customer))
    assert {one["items"].data[0].price.id for one in subscriptions(local, customer)} == {old.id, new.id}


def test_looking_up_is_done_once(local, payments):
    customer = local.customer()
    for operation in ("op_a", "op_b", "op_c"):
        payments.start_subscription(order_for(customer, coupon="WELCOME20", first_payment=eur(1809)), operation, START)
    assert len(local.calls("GET", "/v1/prices")) == 1
    assert len(local.calls("GET", "/v1/tax_rates")) == 1


def test_a_pause_that_stripe_asks_for_is_passed_on(local, payments):
    customer = local.customer()
    local.fault("429", "/v1/subscriptions", retry_after=7)
    with pytest.raises(Transient) as caught:
        start(payments, order_for(customer))
    assert caught.value.retry_after == 7


def test_a_stripe_that_is_not_there_is_transient(catalogue):
    with Connection(KEY, "http://127.0.0.1:9") as connection:  # the discard port: nobody listens
        payments = StripePayments(connection.client, catalogue, success_url="https://x", cancel_url="https://x")
        with pytest.raises(Transient):
            payments.snapshot("cus_1")


def test_a_wrong_key_names_the_setting(bare, catalogue):
    with Connection("sk_live_wrong", bare.url) as connection:
        payments = StripePayments(connection.client, catalogue, success_url="https://x", cancel_url="https://x")
        with pytest.raises(Misconfigured) as caught:
            payments.snapshot("cus_1")
    assert caught.value.parameters == {"setting": "STRIPE_API_KEY"}


def test_every_request_is_told_with_stripes_id_and_without_parameters(local, payments):
    customer = local.customer()
    local.sent.clear()
    start(payments, order_for(customer))
    assert [(one.method, one.path) for one in local.sent] == [
        ("GET", "/v1/subscriptions"),
        ("GET", "/v1/prices"),
        ("GET", "/v1/tax_rates"),
        ("POST", "/v1/invoices/create_preview"),
        ("POST", "/v1/subscriptions"),
    ]
    assert all(one.request_id.startswith("req_") and one.status == 200 for one in local.sent)


# --- a link to add a payment method -----------------------------------------------------------------------------------


def test_a_link_is_made_once_and_gives_the_method_that_was_added(local, payments):
    """H22, H30."""
    customer = local.customer(card=None)
    link = payments.send_setup_link(customer.id, OPERATION, START)
    assert link.url.startswith("http")
    assert about(link.expires_at, START + timedelta(hours=24))
    assert payments.send_setup_link(customer.id, OPERATION, START) == link
    assert payments.method_from_setup(link.session) is None
    typed = {"number": "4242 4242 4242 4242", "expiry": "12 / 34", "cvc": "123"}
    requests.post(link.url, data=typed, timeout=10, allow_redirects=False)
    (added,) = payments.snapshot(customer.id).payment_methods
    found = payments.method_from_setup(link.session)
    assert (found.id, found.brand, found.last4) == (added.id, "visa", "4242")
    assert start(payments, order_for(customer, payment_method=added.id)).subscription.payment_method == added.id
    assert local.v1.checkout.sessions.retrieve(link.session).metadata["operation"] == OPERATION


@pytest.mark.parametrize("kind", ["429", "500_after", "cut_after"])
def test_a_fault_makes_no_second_link(local, payments, kind):
    customer = local.customer(card=None)
    local.fault(kind, "/v1/checkout/sessions")
    _, tries = until_it_is_done(lambda: payments.send_setup_link(customer.id, OPERATION, START))
    assert tries == 2
    assert len(local.v1.checkout.sessions.list({"customer": customer.id}).data) == 1


def test_a_link_after_23_hours_is_the_old_one_or_follows_one_that_ran_out(local, catalogue):
    now = [START]
    payments = StripePayments(
        local.connection.client,
        catalogue,
        success_url="https://x.example",
        cancel_url="https://x.example",
        clock=lambda: now[0],
    )
    customer = local.customer(card=None)
    first = payments.send_setup_link(customer.id, OPERATION, START)
    now[0] = START + timedelta(hours=23, minutes=30)
    assert payments.send_setup_link(customer.id, OPERATION, START).session == first.session
    now[0] = START + timedelta(hours=26)
    local.advance(by_days=2)
    second = payments.send_setup_link(customer.id, OPERATION, START)
    assert second.session != first.session
    assert payments.send_setup_link(customer.id, OPERATION, START) == second


# --- reading ----------------------------------------------------------------------------------------------------------


def test_a_snapshot_has_everything_and_of_cards_only_what_may_be_shown(local, payments):
    """HX5."""
    customer = local.customer(
        phone="+49 30 1",
        address={"country": "DE", "city": "Berlin", "line1": "Weg 1", "postal_code": "10115"},
        preferred_locales=["de"],
    )
    other = local.v1.payment_methods.attach("pm_card_mastercard", {"customer": customer.id}).id
    local.v1.customers.balance_transactions.create(customer.id, {"amount": -500, "currency": "eur"})
    # The credit is used for the first payment; the amount that was reviewed stays the document's total.
    start(payments, order_for(customer))
    found = payments.snapshot(customer.id)
    assert (found.name, found.email, found.phone, found.language) == ("Ada", "ada@example.com", "+49 30 1", "de")
    assert (found.address.city, found.address.country, found.currency) == ("Berlin", "DE", "EUR")
    assert found.balance == eur(0)
    assert [method.default for method in found.payment_methods] == [True, False]
    assert found.payment_methods[0].brand == "visa"
    assert found.payment_methods[0].last4 == "4242"
    assert found.payment_methods[1].id == other
    assert [[item.price for item in one.items] for one in found.subscriptions] == [[MONTH]]
    assert [(one.status, one.total) for one in found.invoices] == [(InvoiceStatus.PAID, eur(2261))]


def test_what_was_added_to_a_subscription_is_an_item_of_it(local, payments):
    customer = local.customer()
    month = {"currency": "eur", "recurring": {"interval": "month"}, "product_data": {"name": "Old thing"}}
    plan, seat = (local.v1.prices.create({**month, "unit_amount": amount}).id for amount in (1900, 900))
    items = [{"price": plan}, {"price": seat, "quantity": 4}]
    terms = {"collection_method": "send_invoice", "days_until_due": 14}
    local.v1.subscriptions.create({"customer": customer.id, "items": items, **terms})
    (one,) = payments.snapshot(customer.id).subscriptions
    assert [(item.quantity, item.unit_amount) for item in one.items] == [(1, eur(1900)), (4, eur(900))]
    assert one.amount == eur(5500)  # 19 + 4 x 9
    assert one.by_invoice


def test_credit_is_positive(local, payments):
    customer = local.customer()
    local.v1.customers.balance_transactions.create(customer.id, {"amount": -500, "currency": "eur"})
    assert payments.snapshot(customer.id).balance == eur(500)


def test_an_unknown_customer_has_no_snapshot(payments):
    assert payments.snapshot("cus_unknown") is None


def test_a_price_that_is_not_in_the_catalogue_has_its_products_name(local, payments):
    customer = local.customer()
    product = local.v1.products.create({"name": "Old thing"})
    price = local.v1.prices.create(
        {"product": product.id, "currency": "eur", "unit_amount": 700, "recurring": {"interval": "year"}}
    )
    local.v1.subscriptions.create({"customer": customer.id, "items": [{"price": price.id, "quantity": 2}]})
    (one,) = payments.snapshot(customer.id).subscriptions
    assert (one.product, one.items[0].price, one.items[0].quantity, one.interval) == ("Old thing", None, 2, "year")
