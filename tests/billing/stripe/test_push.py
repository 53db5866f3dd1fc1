"""`kontor catalogue push`: Stripe matches the catalogue, and running subscriptions never change."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from billing.catalogue import load
from billing.catalogue.files import parse
from billing.errors import Misconfigured, Transient
from billing.stripe.changes import Action
from billing.stripe.client import Connection
from billing.stripe.names import CATALOGUE, coupon_id
from billing.stripe.push import Push, PushFailed
from billing.stripe.wanted import Kind
from bot.sandbox.server import running
from bot.sandbox.stripe import create_app
from tests.billing.stripe.conftest import SHOP, TODAY

DEMO = Path(__file__).parents[3] / "bot" / "catalogue.toml"


def push(local, text=SHOP, today=TODAY):
    """Push that catalogue; return what was done."""
    one = Push(local.connection.client, parse(text), today, pause=lambda _: None)
    planned = one.plan()
    one.apply(planned)
    return planned


def said(changes):
    return [(change.action.value, change.kind.value, change.name) for change in changes]


def replaced(old, new):
    assert SHOP.count(old) == 1, old
    return SHOP.replace(old, new)


def price(local, key):
    (found,) = local.v1.prices.list({"lookup_keys": [key]}).data
    return found


def test_an_empty_stripe_gets_everything(bare):
    assert said(push(bare)) == [
        ("create", "product", "desk-solo"),
        ("create", "product", "sms-1000"),
        ("create", "price", "desk-solo-month-eur"),
        ("create", "price", "desk-solo-month-jpy"),
        ("create", "price", "desk-solo-week-eur"),
        ("create", "price", "desk-solo-week-jpy"),
        ("create", "price", "sms-1000-eur"),
        ("create", "price", "sms-1000-jpy"),
        ("create", "coupon", "WELCOME20"),
        ("create", "coupon", "TEN"),
        ("create", "promotion code", "WELCOME20"),
        ("create", "tax rate", "de-vat"),
        ("create", "tax rate", "jp-ct"),
    ]
    month = price(bare, "desk-solo-month-eur")
    assert (month.unit_amount, month.currency, month.recurring.interval) == (1900, "eur", "month")
    assert bare.v1.products.retrieve(month.product).name == "Desk Solo"
    pack = price(bare, "sms-1000-jpy")
    assert (pack.unit_amount, pack.currency, pack.recurring) == (12000, "jpy", None)


def test_a_second_push_has_nothing_to_do_and_writes_nothing(local):
    assert push(local) == ()
    assert {request.method for request in local.sent} == {"GET"}


def test_planning_writes_nothing(bare, catalogue):
    """`--dry-run`."""
    planned = Push(bare.connection.client, catalogue, TODAY).plan()
    assert str(planned[2]) == "create price desk-solo-month-eur: 19.00 EUR every month"
    assert {request.method for request in bare.sent} == {"GET"}
    assert bare.v1.products.list({}).data == []


def test_a_changed_amount_makes_a_new_price_and_running_subscriptions_keep_theirs(local):
    old = price(local, "desk-solo-month-eur")
    customer = local.customer()
    running_one = local.v1.subscriptions.create({"customer": customer.id, "items": [{"price": old.id}]})

    assert said(push(local, replaced("EUR = 1900", "EUR = 2100"))) == [
        ("replace", "price", "desk-solo-month-eur"),
        ("archive", "price", "desk-solo-month-eur"),
    ]

    new = price(local, "desk-solo-month-eur")
    assert (new.unit_amount, new.active) == (2100, True)
    assert new.id != old.id
    assert local.v1.prices.retrieve(old.id).active is False
    still = local.v1.subscriptions.retrieve(running_one.id)
    assert still["items"].data[0].price.id == old.id
    assert still["items"].data[0].price.unit_amount == 1900
    assert push(local, replaced("EUR = 1900", "EUR = 2100")) == ()


def test_an_amount_that_changes_there_and_back_again_is_what_the_file_says(local):
    push(local, replaced("EUR = 1900", "EUR = 2100"))
    push(local)
    assert price(local, "desk-solo-month-eur").unit_amount == 1900
    assert push(local) == ()


def test_other_terms_of_a_coupon_are_another_coupon_with_the_same_code(local, catalogue):
    """Stripe lets nobody change a coupon's percent."""
    before = coupon_id(catalogue, catalogue.coupon("WELCOME20"))
    text = replaced("percent = 20", "percent = 25")
    assert said(push(local, text)) == [
        ("archive", "promotion code", "WELCOME20"),
        ("replace", "coupon", "WELCOME20"),
        ("replace", "promotion code", "WELCOME20"),
    ]
    after = coupon_id(parse(text), parse(text).coupon("WELCOME20"))
    assert local.v1.coupons.retrieve(before).percent_off == 20
    assert local.v1.coupons.retrieve(after).percent_off == 25
    (code,) = local.v1.promotion_codes.list({"active": True}).data
    assert (code.code, code.promotion.coupon) == ("WELCOME20", after)
    assert push(local, text) == ()


def test_another_percentage_of_tax_is_another_rate(local):
    text = replaced("percent = 19", "percent = 16")
    assert said(push(local, text)) == [("replace", "tax rate", "de-vat"), ("archive", "tax rate", "de-vat")]
    rates = [rate for rate in local.v1.tax_rates.list({}).data if rate.metadata[CATALOGUE] == "de-vat"]
    assert sorted((rate.percentage, rate.active) for rate in rates) == [(16.0, True), (19.0, False)]
    # and back again: the old one is used again
    assert said(push(local)) == [("update", "tax rate", "de-vat"), ("archive", "tax rate", "de-vat")]
    assert push(local) == ()


def test_a_new_name_is_an_update(local):
    text = replaced('en = "Desk Solo"', 'en = "Desk Uno"')
    assert said(push(local, text)) == [
        ("update", "product", "desk-solo"),
        *(
            ("update", "price", f"desk-solo-{cycle}-{currency}")
            for cycle in ("month", "week")
            for currency in ("eur", "jpy")
        ),
    ]
    assert local.v1.products.retrieve("desk-solo").name == "Desk Uno"
    assert push(local, text) == ()


def test_what_is_no_longer_sold_is_archived_and_comes_back(local):
    pack = SHOP[SHOP.index("[[unit_packs]]") : SHOP.index("[[tax.rates]]")]
    assert said(push(local, SHOP.replace(pack, ""))) == [
        ("archive", "price", "sms-1000-jpy"),
        ("archive", "price", "sms-1000-eur"),
        ("archive", "product", "sms-1000"),
    ]
    assert price(local, "sms-1000-eur").active is False
    assert said(push(local)) == [
        ("update", "product", "sms-1000"),
        ("update", "price", "sms-1000-eur"),
        ("update", "price", "sms-1000-jpy"),
    ]
    assert push(local) == ()


def test_things_of_other_programs_are_left_alone(local):
    other = local.v1.products.create({"name": "Not ours"})
    other_price = local.v1.prices.create({"product": other.id, "currency": "eur", "unit_amount": 5})
    local.v1.tax_rates.create({"display_name": "X", "percentage": 3, "inclusive": False, "country": "DE"})
    local.v1.coupons.create({"id": "THEIRS", "percent_off": 5, "duration": "once"})
    assert push(local) == ()
    assert local.v1.prices.retrieve(other_price.id).active


def test_a_lookup_key_that_somebody_set_by_hand_is_taken_over(bare):
    product = bare.v1.products.create({"name": "By hand"})
    by_hand = bare.v1.prices.create(
        {"product": product.id, "currency": "eur", "unit_amount": 1, "lookup_key": "desk-solo-month-eur"}
    )
    push(bare)
    assert price(bare, "desk-solo-month-eur").unit_amount == 1900
    assert push(bare) == ()
    assert bare.v1.prices.retrieve(by_hand.id).lookup_key is None


@pytest.mark.parametrize("done", range(13))
def test_a_push_that_is_cut_off_is_finished_by_the_next(bare, catalogue, done):
    first = Push(bare.connection.client, catalogue, TODAY)
    first.apply(first.plan()[:done])
    assert len(push(bare)) == 13 - done
    assert push(bare) == ()


@pytest.mark.parametrize("done", [1, 2])
def test_a_change_that_is_cut_off_is_finished_by_the_next(local, done):
    text = replaced("EUR = 1900", "EUR = 2100")
    first = Push(local.connection.client, parse(text), TODAY)
    first.apply(first.plan()[:done])
    push(local, text)
    assert push(local, text) == ()
    active = local.v1.prices.list({"product": "desk-solo", "active": True, "currency": "eur"}).data
    assert sorted(one.unit_amount for one in active) == [590, 2100]


@pytest.mark.parametrize("happens", [False, True])
def test_an_error_that_stripe_keeps_for_the_key_is_got_over_by_the_next_push(bare, happens):
    bare.fault("500_after_kept" if happens else "500_kept", "/v1/tax_rates")
    with pytest.raises(Transient):
        push(bare)
    push(bare)
    assert push(bare) == ()
    assert len(bare.v1.tax_rates.list({"active": True}).data) == 2


@pytest.mark.parametrize("kind", ["429", "500", "500_after", "cut_before", "cut_after"])
def test_a_push_goes_on_after_a_fault_and_makes_nothing_twice(bare, kind):
    bare.fault(kind, "/v1/prices", 2)
    push(bare)
    assert push(bare) == ()
    assert len(bare.v1.prices.list({"limit": 100}).data) == 6


def test_a_promotion_code_is_open_from_its_first_to_its_last_day(bare):
    text = replaced("months = 3\n", "months = 3\nstarts = 2026-03-12\nends = 2026-03-20\n")

    def is_open():
        return [code.code for code in bare.v1.promotion_codes.list({"active": True}).data]

    push(bare, text, date(2026, 3, 11))
    assert is_open() == []
    push(bare, text, date(2026, 3, 12))
    assert is_open() == ["WELCOME20"]
    (code,) = bare.v1.promotion_codes.list({"active": True}).data
    assert code.expires_at == 1774047600  # 2026-03-21 00:00 in Berlin (UTC+1): 2026-03-20 23:00:00 UTC
    push(bare, text, date(2026, 3, 12) + timedelta(days=9))
    assert is_open() == []


def test_what_stripe_does_not_allow_is_named_with_the_change(bare):
    bare.v1.products.create({"id": "unrelated", "name": "x"})
    bare.v1.coupons.create({"id": "OTHER", "percent_off": 5, "duration": "once"})
    bare.v1.promotion_codes.create({"code": "WELCOME20", "promotion": {"type": "coupon", "coupon": "OTHER"}})
    one = Push(bare.connection.client, parse(SHOP), TODAY)
    planned = [change for change in one.plan() if change.action is not Action.ARCHIVE]
    with pytest.raises(PushFailed, match=r"promotion code WELCOME20") as caught:
        one.apply(planned)
    assert caught.value.change.kind is Kind.PROMOTION_CODE


def test_a_wrong_key_names_the_setting(bare, catalogue):
    with Connection("sk_live_wrong", bare.url) as connection, pytest.raises(Misconfigured) as caught:
        Push(connection.client, catalogue, TODAY).plan()
    assert caught.value.parameters == {"setting": "STRIPE_API_KEY"}


def test_the_pace_is_asked_for_before_every_request(catalogue):
    asked = []
    app = create_app()
    try:
        with running(app) as url, Connection("sk_test_x", url, throttle=lambda: asked.append(1)) as connection:
            one = Push(connection.client, catalogue, TODAY)
            one.apply(one.plan())
            assert len(asked) == 5 + 13  # five lists, thirteen changes
    finally:
        app.close()


def test_the_demo_can_be_pushed(bare):
    one = Push(bare.connection.client, load(DEMO), date(2026, 11, 21))
    one.apply(one.plan())
    assert one.plan() == ()
