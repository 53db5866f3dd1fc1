"""Backdated starts and billing cycle anchors, worked out by hand. Docs: "Backdate subscriptions", "Set the subscription
billing renewal date". The clock starts on 15 January 2026."""

from __future__ import annotations

import pytest
import stripe

from tests.sandbox.stripe.local import Local, day, utc

AHEAD = {"backdate_start_date": utc("2026-01-11"), "billing_cycle_anchor": utc("2026-02-01")}
ITEMIZED = {"type": "flexible", "flexible": {"proration_discounts": "itemized"}}


def preview(local: Local, customer: object, price: object, **details: object) -> object:
    items = [{"price": price.id, "quantity": 1}]
    return local.v1.invoices.create_preview(
        {"customer": customer.id, "subscription_details": {"items": items, **details}}
    )


def test_a_backdated_start_is_charged_up_to_the_anchor_at_every_second_alike(local: Local) -> None:
    # 11 January to 1 February are 21 of 31 days: 3100 x 21 / 31 = 2100
    subscription = local.subscribe(local.customer(), local.price(3100), **AHEAD)
    (invoice,) = local.invoices(subscription)
    (line,) = invoice.lines.data
    assert invoice.total == 2100
    assert (day(line.period.start), day(line.period.end)) == ("2026-01-11", "2026-02-01")
    assert (day(subscription.start_date), day(subscription.billing_cycle_anchor)) == ("2026-01-11", "2026-02-01")
    local.advance_to("2026-03-02")
    assert [(one.total, day(one.created)) for one in local.invoices(subscription)[1:]] == [
        (3100, "2026-02-01"),
        (3100, "2026-03-01"),
    ]


def test_backdated_time_is_split_at_the_boundaries_of_periods(local: Local) -> None:
    # 17 December to 1 January: 15 of 31 days, 1500; then all of January
    local_terms = {**AHEAD, "backdate_start_date": utc("2025-12-17")}
    (invoice,) = local.invoices(local.subscribe(local.customer(), local.price(3100), **local_terms))
    assert [line.amount for line in invoice.lines.data] == [1500, 3100]


def test_a_start_on_a_boundary_is_charged_whole(local: Local) -> None:
    terms = {**AHEAD, "backdate_start_date": utc("2026-01-01")}
    (invoice,) = local.invoices(local.subscribe(local.customer(), local.price(3100), **terms))
    assert [line.amount for line in invoice.lines.data] == [3100]


def test_the_preview_of_a_backdated_start_is_the_first_invoice(local: Local) -> None:
    customer, price = local.customer(), local.price(3100)
    shown = preview(
        local,
        customer,
        price,
        start_date=AHEAD["backdate_start_date"],
        billing_cycle_anchor={"type": "timestamp", "timestamp": AHEAD["billing_cycle_anchor"]},
        billing_mode=ITEMIZED,
    )
    assert shown.total == 2100
    subscription = local.subscribe(customer, price, billing_mode=ITEMIZED, **AHEAD)
    assert local.invoices(subscription)[0].total == shown.total
    assert subscription.billing_mode.flexible.proration_discounts == "itemized"


def test_a_coupon_counts_from_the_backdated_start(local: Local) -> None:
    # one month from 11 January is over on 11 February: the invoice of 1 February has it, that of 1 March has not
    coupon = local.v1.coupons.create({"percent_off": 10, "duration": "repeating", "duration_in_months": 1})
    terms = {**AHEAD, "discounts": [{"coupon": coupon.id}]}
    subscription = local.subscribe(local.customer(), local.price(3100), **terms)
    local.advance_to("2026-03-02")
    assert [one.total for one in local.invoices(subscription)] == [1890, 2790, 3100]


@pytest.mark.parametrize(
    ("terms", "param"),
    [
        ({"backdate_start_date": utc("2026-01-16")}, "backdate_start_date"),
        ({"billing_cycle_anchor": utc("2026-01-14")}, "billing_cycle_anchor"),
        ({"billing_cycle_anchor": utc("2026-02-16")}, "billing_cycle_anchor"),  # more than a month ahead
        ({"billing_mode": {"type": "classic"}}, "billing_mode[type]"),
    ],
)
def test_what_stripe_would_not_take_is_refused(local: Local, terms: dict[str, object], param: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        local.subscribe(local.customer(), local.price(3100), **terms)
    assert refused.value.param == param


def test_a_moment_and_its_type_belong_together(local: Local) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        preview(local, local.customer(), local.price(3100), billing_cycle_anchor={"type": "timestamp"})
    assert refused.value.param == "subscription_details[billing_cycle_anchor]"
