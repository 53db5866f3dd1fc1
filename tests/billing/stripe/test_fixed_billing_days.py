"""The adapter and the local Stripe agree with our own arithmetic about prices with a fixed billing day."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from billing.billing_days import begins
from billing.catalogue.files import parse
from billing.errors import AmountDiffers
from billing.ids import LookupKey, OperationId
from billing.money import Money
from billing.ports import SubscriptionOrder
from billing.previews import cycle, preview
from tests.billing.stripe.conftest import SHOP

OPERATION = OperationId("op_1")
BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)  # the local Stripe's clock, too


SEAT = """
[[products.plans]]
id = "seat"
name = { en = "Desk Seat", de = "Tischplatz" }
prices = [
    { interval = "month", billing_day = 1, amounts = { EUR = 3100, JPY = 3100 } },
    { interval = "month", count = 3, billing_day = 20, amounts = { EUR = 9000, JPY = 9000 } },
]

[[unit_packs]]
"""


@pytest.fixture
def catalogue():
    """The shop of the other tests, with a plan that has billing days."""
    return parse(SHOP.replace("[[unit_packs]]", SEAT, 1))


def reviewed(catalogue, customer, key="desk-seat-month-eur", quantity=1, coupon=None, rates=(), now=NOW, start=None):
    """The order and the review of a subscription, as the domain makes them."""
    price = catalogue.recurring_price(LookupKey(key))
    taxes = tuple(rate for rate in catalogue.tax_rates() if rate.name in rates)
    start = start or now.astimezone(BERLIN).date()
    off = catalogue.coupon(coupon) if coupon else None
    shown = preview(
        price=price, quantity=quantity, start=start, coupon=off, taxes=taxes, reverse_charge=False, now=now, zone=BERLIN
    )
    when = cycle(price, start, now, BERLIN)
    order = SubscriptionOrder(
        customer=customer.id,
        price=price.lookup_key,
        quantity=quantity,
        coupon=coupon,
        tax_rates=rates,
        starts_at=when.starts_at,
        billed_from=when.billed_from,
        anchor=when.anchor,
        payment_method=customer.invoice_settings.default_payment_method,
        first_payment=shown.first.total,
    )
    return order, shown


def started(payments, order):
    return payments.start_subscription(order, OPERATION, NOW)


def invoices(local, customer):
    """Totals and days, oldest first."""
    found = local.v1.invoices.list({"customer": customer.id, "limit": 100}).data[::-1]
    return [(one.total, datetime.fromtimestamp(one.created, UTC).date().isoformat()) for one in found]


def test_the_first_payment_is_the_part_and_the_next_are_whole_on_billing_days(local, payments, catalogue):
    """10 to 31 March are 22 of 31 days: 3 x 31.00 x 22 / 31 = 66.00; less 20 % = 52.80; 19 % of it is 10.032: 62.83.

    A month: 93.00 less 20 % = 74.40; 19 % is 14.136: 88.54. The coupon's three months are over on 10 June.
    """
    customer = local.customer()
    order, shown = reviewed(catalogue, customer, quantity=3, coupon="WELCOME20", rates=("de-vat",))
    found = started(payments, order)
    assert found.invoice.total == Money(amount=6283, currency="EUR")
    assert found.subscription.started_at == begins(date(2026, 3, 10), BERLIN)
    assert found.subscription.current_period_end == begins(date(2026, 4, 1), BERLIN)

    local.advance(by_days=115)  # to 3 July

    # July: 93.00 and 17.67 tax
    assert invoices(local, customer) == [
        (6283, "2026-03-10"),
        (8854, "2026-04-01"),
        (8854, "2026-05-01"),
        (8854, "2026-06-01"),
        (11067, "2026-07-01"),
    ]
    assert [(one.total.amount, one.on.isoformat()) for one in (shown.first, *shown.following)] == invoices(
        local, customer
    )[:4]


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ({"quantity": 2}, 4400),
        ({"coupon": "TEN"}, 1200),  # 22.00 less 10.00
        ({"key": "desk-seat-month-jpy", "rates": ("jp-ct",)}, 2200),
        ({"key": "desk-seat-month-jpy", "coupon": "TEN", "quantity": 2}, 2900),  # 4400 yen less 1500
        # the quarter that ends on 20 March began on 20 December: 10 of 90 days of 90.00
        ({"key": "desk-seat-3month-eur"}, 1000),
    ],
)
def test_stripe_charges_what_was_reviewed(local, payments, catalogue, terms, expected):
    order, shown = reviewed(catalogue, local.customer(), **terms)
    assert shown.first.total.amount == expected
    assert started(payments, order).invoice.total == shown.first.total


@pytest.mark.parametrize("hours", [0, 5, 13])
def test_the_second_of_the_click_makes_no_difference(local, payments, catalogue, hours):
    """Reviewed at 10:00, confirmed later on that day."""
    order, _ = reviewed(catalogue, local.customer())
    local.advance(advance_to=int(NOW.timestamp()) + hours * 3600 + 59)
    assert started(payments, order).invoice.total == Money(amount=2200, currency="EUR")


def test_on_the_billing_day_a_whole_period_is_paid(local, payments, catalogue):
    local.advance(by_days=22)
    now = NOW + timedelta(days=22)  # 1 April
    customer = local.customer()
    order, shown = reviewed(catalogue, customer, now=now)
    assert (shown.first.part, shown.first.total.amount) == (None, 3100)
    assert started(payments, order).invoice.total == shown.first.total
    local.advance(by_days=31)
    assert invoices(local, customer) == [(3100, "2026-04-01"), (3100, "2026-05-01")]


def test_a_later_start_on_a_billing_day_is_scheduled(local, payments, catalogue):
    customer = local.customer()
    order, shown = reviewed(catalogue, customer, start=date(2026, 4, 1))
    assert started(payments, order).subscription.started_at == begins(date(2026, 4, 1), BERLIN)
    local.advance(by_days=54)  # to 3 May
    assert invoices(local, customer) == [(3100, "2026-04-01"), (3100, "2026-05-01")]
    assert [one.on.isoformat() for one in (shown.first, *shown.following)][:2] == ["2026-04-01", "2026-05-01"]


def test_another_amount_than_stripes_starts_nothing(local, payments, catalogue):
    """H23: a part that is counted otherwise would be noticed."""
    customer = local.customer()
    order, _ = reviewed(catalogue, customer)
    with pytest.raises(AmountDiffers):
        started(payments, order.model_copy(update={"first_payment": Money(amount=2201, currency="EUR")}))
    assert local.v1.subscriptions.list({"customer": customer.id, "status": "all"}).data == []
