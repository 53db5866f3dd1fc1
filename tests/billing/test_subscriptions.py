"""Starting a subscription: the rules H17 to H33, and their refusals. Sam sells to Ada; Ben is another customer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from billing.catalogue import Duration
from billing.catalogue.taxes import Tax
from billing.contacts import UNKNOWN_COUNTRY, Account, AccountStatus, Address
from billing.errors import (
    AccountNotBillable,
    CountryUnknown,
    CouponNotApplicable,
    CurrencyDiffers,
    Declined,
    ForeignPaymentMethod,
    NoEmailAddress,
    NothingToSell,
    NotPermitted,
    NotRecurring,
    PaymentMethodExpired,
    PriceChanged,
    QuantityOutOfRange,
    Refusal,
    StartOutOfRange,
    UnknownContact,
    UnknownCoupon,
)
from billing.ids import ContactId, OperationId, PaymentMethodId
from billing.money import Money
from billing.operations import Operation, State
from billing.payment_links import expire
from billing.ports import SubscriptionOrder
from billing.roles import Permission, Role
from billing.subscriptions import (
    CreateSubscription,
    ResumeSubscription,
    Review,
    SubscriptionForm,
    SubscriptionStarted,
    form,
    review,
)
from tests.support.fakes import FakePayments
from tests.support.shop import (
    ADA,
    ADAS_CARD,
    ADD_ON_MONTH,
    BEN,
    BENS_CARD,
    PLUS_MONTH,
    PLUS_MONTH_USD,
    PLUS_YEAR,
    SAM,
    TEAM_MONTH,
    TODAY,
    Shop,
    actor,
    contact,
    coupon,
    marketing,
    method,
)


@pytest.fixture
def shop() -> Shop:
    return Shop()


def reviewed(shop: Shop, **changes: Any) -> Review:
    with shop.store.reading(SAM) as uow:
        return review(uow, shop.draft(**changes))


def offered(shop: Shop, customer: ContactId = ADA) -> SubscriptionForm:
    with shop.store.reading(SAM) as uow:
        return form(uow, customer)


def refusal(shop: Shop, **changes: Any) -> Refusal:
    """The same draft is refused at the review and, forged past it, at the check; then nothing was done at Stripe."""
    with pytest.raises(Refusal) as at_review:
        reviewed(shop, **changes)
    forged = CreateSubscription(**shop.draft(**changes).model_dump(), fingerprint="0" * 32)
    operation = shop.accepts(forged, key="forged")
    assert shop.walks(operation) is State.REFUSED
    assert shop.rows.operations[operation].reason == at_review.value.reason
    assert not shop.payments.calls
    assert not shop.rows.timeline
    return at_review.value


# The form


def test_the_form_offers_the_products_in_the_customers_currency(shop: Shop) -> None:
    """H14, H21"""
    assert [one.lookup_key for one in offered(shop).prices] == [PLUS_MONTH, PLUS_YEAR, TEAM_MONTH]
    shop.knows(contact(currency="USD"))
    assert [one.lookup_key for one in offered(shop).prices] == [PLUS_MONTH_USD]


def test_without_a_recurring_product_in_the_currency_there_is_no_form(shop: Shop) -> None:
    """H14"""
    shop.knows(contact(currency="CHF"))
    with pytest.raises(NothingToSell) as refused:
        offered(shop)
    assert refused.value.reason.rule == "H14"
    assert refused.value.reason.parameters == {"currency": "CHF"}
    assert refused.value.reason.who_can == (Role.ADMIN,)


def test_the_form_offers_the_methods_on_file_that_are_still_good(shop: Shop) -> None:
    """H22: the standard one first, without those that expired."""
    shop.knows(
        contact(),
        method("pm_old", exp_month=2, exp_year=2026),
        method("pm_other", exp_month=3, exp_year=2026),
        method("pm_standard", default=True),
        method("pm_debit", brand="sepa_debit", exp_month=None, exp_year=None),
    )
    assert [one.id for one in offered(shop).methods] == ["pm_standard", "pm_other", "pm_debit"]


def test_a_link_is_offered_to_the_customers_address(shop: Shop) -> None:
    """H22"""
    assert offered(shop).link_to == "ada@engines.example"
    shop.knows(contact(email=""))
    assert offered(shop).link_to is None


def test_the_form_fills_the_customer_in_by_itself(shop: Shop) -> None:
    """H5, H8"""
    found = offered(shop)
    assert found.contact.id == ADA
    assert (found.today, found.latest) == (TODAY, date(2027, 3, 3))


def test_an_expired_account_is_active_again_with_the_plan_that_it_buys(shop: Shop) -> None:
    """GX10: and not before: neither by a review, nor by a link, nor by a card that was declined."""
    shop.knows(contact(account=Account(status=AccountStatus.EXPIRED, seats=5)), method())
    offered(shop)
    reviewed(shop)
    shop.starts(key="link", payment_method="link")
    shop.payments.fails.append(Declined("insufficient_funds"))
    assert shop.starts(key="declined").state is State.DECLINED
    assert shop.rows.contacts[ADA].account.status is AccountStatus.EXPIRED
    assert shop.starts(key="good").state is State.DONE
    assert shop.rows.contacts[ADA].account == Account(status=AccountStatus.ACTIVE, seats=5)


def test_a_plan_that_was_bought_by_a_link_makes_an_expired_account_active(shop: Shop, waiting: Operation) -> None:
    """GX10, H31"""
    shop.knows(contact(account=Account(status=AccountStatus.EXPIRED)))
    has_added_a_card(shop, waiting)
    assert resumes(shop, waiting).state is State.DONE
    assert shop.rows.contacts[ADA].account.status is AccountStatus.ACTIVE


def test_an_account_that_was_suspended_meanwhile_stays_so(shop: Shop) -> None:
    """Stripe has the subscription by then; what a manager has decided stays."""
    operation = shop.accepts(shop.confirmed(), key="k")
    performed = shop.performs(operation)
    shop.knows(contact(account=Account(status=AccountStatus.SUSPENDED)), method())
    assert shop.records(operation, performed) == State.DONE
    assert shop.rows.contacts[ADA].account.status is AccountStatus.SUSPENDED


@pytest.mark.parametrize("status", [AccountStatus.SUSPENDED, AccountStatus.CLOSED])
def test_an_account_that_is_not_active_cannot_buy(shop: Shop, status: AccountStatus) -> None:
    """GX3"""
    shop.knows(contact(account=Account(status=status)), method())
    with pytest.raises(AccountNotBillable):
        offered(shop)
    refused = refusal(shop)
    assert isinstance(refused, AccountNotBillable)
    assert refused.reason.rule == "GX3"
    assert refused.reason.parameters == {"contact": "Ada Lovelace", "status": status.value}
    assert refused.reason.who_can == (Role.MANAGER, Role.ADMIN)


# What is refused, wherever it comes from


def test_a_customer_that_does_not_exist_is_refused(shop: Shop) -> None:
    assert isinstance(refusal(shop, contact="con_forged"), UnknownContact)


@pytest.mark.parametrize("forged", [ADD_ON_MONTH, "marketing-plus-month-chf", "", "-", "price_1PzKq2LkdIwHu7ix"])
def test_what_has_no_cycle_of_its_own_cannot_become_a_subscription(shop: Shop, forged: str) -> None:
    """H14, H18: an add-on, a price that nobody sells, a remark in a menu, an id of Stripe's."""
    refused = refusal(shop, price=forged)
    assert isinstance(refused, NotRecurring)
    assert (refused.reason.rule, refused.reason.field) == ("H18", "price")


def test_a_price_in_another_currency_is_refused(shop: Shop) -> None:
    """HX3"""
    refused = refusal(shop, price=PLUS_MONTH_USD)
    assert isinstance(refused, CurrencyDiffers)
    assert refused.reason.parameters == {"price": "USD", "contact": "EUR"}


@pytest.mark.parametrize("quantity", [0, -1, 100, 10**30])
def test_a_quantity_outside_of_what_the_price_allows_is_refused(shop: Shop, quantity: int) -> None:
    """H21"""
    refused = refusal(shop, quantity=quantity)
    assert isinstance(refused, QuantityOutOfRange)
    assert refused.reason.field == "quantity"
    assert refused.reason.parameters == {"minimum": 1, "maximum": 99}


def test_the_least_and_the_most_are_allowed(shop: Shop) -> None:
    """H21"""
    assert reviewed(shop, quantity=1).preview.quantity == 1
    assert reviewed(shop, quantity=99).preview.quantity == 99
    assert isinstance(refusal(shop, price=TEAM_MONTH, quantity=2), QuantityOutOfRange)
    assert reviewed(shop, price=TEAM_MONTH, quantity=3).preview.quantity == 3


@pytest.mark.parametrize(
    "start", [TODAY - timedelta(days=2), TODAY + timedelta(days=367), date(2036, 3, 2), date.min, date.max]
)
def test_a_start_in_the_past_or_too_far_ahead_is_refused(shop: Shop, start: date) -> None:
    """H21"""
    refused = refusal(shop, start=start)
    assert isinstance(refused, StartOutOfRange)
    assert refused.reason.field == "start"
    assert refused.reason.parameters == {"first": "2026-03-02", "last": "2027-03-03"}


def test_today_and_the_last_day_are_allowed(shop: Shop) -> None:
    """H21"""
    assert reviewed(shop, start=TODAY).preview.starts_now
    assert reviewed(shop, start=date(2027, 3, 3)).preview.first.on == date(2027, 3, 3)


def test_today_is_the_business_s_day(shop: Shop) -> None:
    """H21: at 23:30 in UTC it is tomorrow in Berlin."""
    shop.clock.goes_on(hours=13, minutes=30)
    with pytest.raises(StartOutOfRange):
        reviewed(shop, start=date(2026, 3, 2))
    assert reviewed(shop, start=date(2026, 3, 3)).preview.starts_now


def test_a_start_today_that_midnight_made_yesterday_is_reviewed_again(shop: Shop) -> None:
    """H23: every date moved on by a day, so the person sees the new ones before anything starts."""
    command = shop.confirmed(start=TODAY)
    shop.clock.goes_on(hours=13, minutes=30)
    operation = shop.accepts(command)
    assert shop.walks(operation) is State.REFUSED
    assert shop.rows.operations[operation].reason.key == "PriceChanged"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("NOBODY", UnknownCoupon),
        ("   ", UnknownCoupon),
        ("EXPIRED", CouponNotApplicable),
        ("TOMORROW", CouponNotApplicable),
        ("CRMONLY", CouponNotApplicable),
        ("DOLLARS", CouponNotApplicable),
    ],
)
def test_a_coupon_that_does_not_apply_is_refused(shop: Shop, code: str, expected: type[Refusal]) -> None:
    """H21: unknown, out of its days, for another product, for another currency."""
    refused = refusal(shop, coupon=code)
    assert isinstance(refused, expected)
    assert (refused.reason.rule, refused.reason.field) == ("H21", "coupon")


@pytest.mark.parametrize("typed", ["WELCOME20", "welcome20", " Welcome20 "])
def test_a_coupon_is_found_however_it_is_typed(shop: Shop, typed: str) -> None:
    """H21"""
    found = reviewed(shop, coupon=typed).preview
    assert found.coupon is not None
    assert found.coupon.code == "WELCOME20"


def test_a_coupon_counts_on_its_last_day(shop: Shop) -> None:
    """H21"""
    assert reviewed(shop, coupon="LASTDAY").preview.first.discount
    shop.clock.goes_on(days=1)
    assert isinstance(refusal(shop, coupon="LASTDAY"), CouponNotApplicable)


def test_a_coupon_counts_for_the_products_that_it_names(shop: Shop) -> None:
    """H21"""
    assert reviewed(shop, price=TEAM_MONTH, coupon="CRMONLY").preview.first.discount


@pytest.mark.parametrize("forged", [BENS_CARD, "pm_nobody", "", "Link", "LINK"])
def test_a_payment_method_of_somebody_else_is_refused(shop: Shop, forged: str) -> None:
    """H31: a form can be forged."""
    refused = refusal(shop, payment_method=PaymentMethodId(forged))
    assert isinstance(refused, ForeignPaymentMethod)
    assert (refused.reason.rule, refused.reason.field) == ("H31", "payment_method")


def test_a_card_that_ran_out_is_refused(shop: Shop) -> None:
    """H31: good until the last day of its month, so February 2026 is over and March is not."""
    shop.knows(contact(), method("pm_feb", exp_month=2, exp_year=2026), method("pm_mar", exp_month=3, exp_year=2026))
    refused = refusal(shop, payment_method=PaymentMethodId("pm_feb"))
    assert isinstance(refused, PaymentMethodExpired)
    assert refused.reason.parameters == {"brand": "visa", "last4": "4242"}
    assert reviewed(shop, payment_method=PaymentMethodId("pm_mar")).method


def test_a_card_that_will_have_run_out_on_the_first_day_is_refused(shop: Shop) -> None:
    """H31"""
    shop.knows(contact(), method("pm_mar", exp_month=3, exp_year=2026))
    assert reviewed(shop, payment_method="pm_mar", start=date(2026, 3, 31)).method
    assert isinstance(refusal(shop, payment_method="pm_mar", start=date(2026, 4, 1)), PaymentMethodExpired)


def test_a_link_needs_an_address(shop: Shop) -> None:
    """H30"""
    shop.knows(contact(email=""), method())
    refused = refusal(shop, payment_method="link")
    assert isinstance(refused, NoEmailAddress)
    assert (refused.reason.rule, refused.reason.field) == ("H30", "payment_method")


def test_without_the_permission_nothing_can_be_reviewed(shop: Shop) -> None:
    """H16"""
    with shop.store.reading(actor(Role.ADMIN)) as uow, pytest.raises(NotPermitted) as refused:
        review(uow, shop.draft())
    assert refused.value.reason.parameters == {"permission": Permission.CREATE_SUBSCRIPTION.value}


# The review


def test_the_review_shows_the_first_payment_and_the_schedule(shop: Shop) -> None:
    """H23. 3 × 49.00 = 147.00; 20 % off once is 29.40, leaves 117.60; 19 % of it is 22.344, so 22.34: 139.94.
    Then without discount: 19 % of 147.00 is 27.93: 174.93."""
    found = reviewed(shop, coupon="WELCOME20").preview
    assert found.first.total == Money(amount=13994, currency="EUR")
    assert [(one.on.isoformat(), one.total.amount) for one in found.following] == [
        ("2026-04-02", 17493),
        ("2026-05-02", 17493),
        ("2026-06-02", 17493),
    ]
    assert not shop.payments.calls
    assert not shop.rows.operations


def test_tax_is_that_of_the_customers_country_and_of_the_product(shop: Shop) -> None:
    """H15, HX14, CX16. 3 × 19.90 = 59.70; the rate for this product is 7 %: 4.179, so 4.18."""
    assert [one.amount.amount for one in reviewed(shop, price=TEAM_MONTH).preview.first.taxes] == [418]
    shop.knows(contact(address=Address(country="US")), method())
    assert reviewed(shop, price=TEAM_MONTH).preview.first.taxes == ()


def test_a_business_in_another_eu_country_accounts_for_the_tax_itself(shop: Shop) -> None:
    """H15; VAT directive, article 196."""
    shop.knows(contact(address=Address(country="FR"), tax_id="FR40303265045"), method())
    found = reviewed(shop).preview
    assert found.reverse_charge
    assert found.first.total == Money(amount=14700, currency="EUR")


def test_the_cycle_is_the_products_and_no_field_can_change_it(shop: Shop) -> None:
    """H18, H29"""
    assert not {"interval", "interval_count", "cycle"} & CreateSubscription.model_fields.keys()
    assert [one.on.isoformat() for one in reviewed(shop, price=PLUS_YEAR).preview.following][:2] == [
        "2027-03-02",
        "2028-03-02",
    ]


# The start


def receipt(operation: Operation) -> SubscriptionStarted:
    assert operation.result
    return SubscriptionStarted.model_validate_json(operation.result)


def test_a_confirmed_subscription_is_started_as_it_was_reviewed(shop: Shop) -> None:
    """H21 to H23, H31"""
    done = shop.starts(coupon="welcome20")
    assert done.state is State.DONE
    [call] = shop.payments.calls
    order, operation, accepted_at = call.arguments
    assert order.model_dump() == {
        "customer": "cus_ada",
        "price": PLUS_MONTH,
        "quantity": 3,
        "coupon": "WELCOME20",
        "tax_rates": ("de-vat",),
        "starts_at": None,
        "billed_from": None,
        "anchor": None,
        "payment_method": "pm_ada",
        "first_payment": {"amount": 13994, "currency": "EUR"},  # see the review
        "charge": {"amount": 13994, "currency": "EUR"},
    }
    assert operation == done.id
    assert accepted_at == done.created_at


def test_what_was_started_is_seen_at_once_in_the_mirror_and_the_timeline(shop: Shop) -> None:
    """H10"""
    done = shop.starts()
    with shop.store.reading(SAM) as uow:
        [subscription] = uow.mirror.subscriptions(ADA)
        [invoice] = uow.mirror.invoices(ADA)
        [entry] = uow.timeline.page(ADA).entries
    assert subscription == receipt(done).subscription
    assert invoice == receipt(done).invoice
    assert (entry.what, entry.by, entry.operation) == ("subscription_started", "Sam Sales", done.id)
    assert entry.stripe_id == subscription.id
    assert entry.amount == Money(amount=17493, currency="EUR")  # 147.00 and 19 % of it
    assert entry.parameters == {"product": PLUS_MONTH, "quantity": 3, "start": "2026-03-02"}


def test_a_later_start_is_scheduled_and_charges_nothing_today(shop: Shop) -> None:
    """H11, H21"""
    done = shop.starts(start=date(2026, 4, 15))
    assert receipt(done).invoice is None
    assert receipt(done).subscription.started_at.date() == date(2026, 4, 15)
    assert shop.happened() == ["subscription_scheduled"]


def test_a_free_first_payment_today_is_a_start_and_no_plan(shop: Shop) -> None:
    """H21: with a coupon for everything the first payment is 0.00."""
    shop.sells(coupons=(coupon("FREE", percent="100"),))
    done = shop.starts(coupon="FREE")
    assert receipt(done).preview.first.total == Money.zero("EUR")
    assert shop.happened() == ["subscription_started"]


def test_one_customer_can_have_several_subscriptions_each_with_its_own_dates_and_method(shop: Shop) -> None:
    """H32, H33"""
    shop.knows(contact(), method(default=True), method("pm_second"))
    shop.starts(key="1")
    shop.starts(key="2", price=TEAM_MONTH, payment_method="pm_second", start=date(2026, 3, 20))
    shop.starts(key="3")  # even the same product again
    with shop.store.reading(SAM) as uow:
        found = {
            (one.items[0].price, one.payment_method, one.started_at.date()) for one in uow.mirror.subscriptions(ADA)
        }
        count = len(uow.mirror.subscriptions(ADA))
    assert count == 3
    assert found == {
        (PLUS_MONTH, "pm_ada", date(2026, 3, 2)),
        (TEAM_MONTH, "pm_second", date(2026, 3, 20)),
    }


def test_a_decline_starts_nothing_and_is_in_the_history(shop: Shop) -> None:
    """H30"""
    shop.payments.fails.append(Declined("insufficient_funds"))
    done = shop.starts()
    assert done.state is State.DECLINED
    assert done.reason.parameters == {"code": "insufficient_funds"}
    [entry] = shop.rows.timeline
    assert entry.what == "payment_declined"
    assert entry.parameters["decline"] == "insufficient_funds"
    with shop.store.reading(SAM) as uow:
        assert uow.mirror.subscriptions(ADA) == ()


def test_after_a_decline_another_card_can_be_chosen(shop: Shop) -> None:
    """H30"""
    shop.knows(contact(), method(default=True), method("pm_second"))
    shop.payments.fails.append(Declined("insufficient_funds"))
    shop.starts(key="1")
    assert shop.starts(key="2", payment_method="pm_second").state is State.DONE
    assert shop.happened() == ["payment_declined", "subscription_started"]


# What was reviewed is what is charged


def changed_price(shop: Shop) -> None:
    shop.sells(products=(marketing(month=5000), *shop.catalogue.products[1:]))


CHANGES: dict[str, Callable[[Shop], None]] = {
    "price": changed_price,
    "tax": lambda shop: shop.sells(tax=Tax()),
    "country": lambda shop: shop.knows(contact(address=Address(country="US")), method()),
    "coupon": lambda shop: shop.sells(coupons=(coupon("WELCOME20", percent="15"),)),
    "coupon's duration": lambda shop: shop.sells(
        coupons=(coupon("WELCOME20", percent="20", duration=Duration.REPEATING, months=1),)
    ),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_changed_since_the_review_must_be_reviewed_again(shop: Shop, change: Callable[[Shop], None]) -> None:
    """H23"""
    operation = shop.accepts(shop.confirmed(coupon="WELCOME20"))
    change(shop)
    assert shop.walks(operation) is State.REFUSED
    assert shop.rows.operations[operation].reason.key == "PriceChanged"
    assert shop.rows.operations[operation].reason.rule == "H23"
    assert not shop.payments.calls


@pytest.mark.parametrize(
    "forged",
    [
        {"quantity": 4},
        {"price": PLUS_YEAR},
        {"start": date(2026, 3, 3)},
        {"coupon": "WELCOME20"},
        {"fingerprint": "0" * 32},
        {"fingerprint": ""},
    ],
    ids=str,
)
def test_a_confirmation_of_other_terms_than_were_shown_is_refused(shop: Shop, forged: dict[str, Any]) -> None:
    """H23: private metadata travels through the client."""
    operation = shop.accepts(shop.confirmed().model_copy(update=forged))
    assert shop.walks(operation) is State.REFUSED
    assert shop.rows.operations[operation].reason.key == "PriceChanged"
    assert not shop.payments.calls


# The balance


@pytest.mark.parametrize(
    ("balance", "charge"), [(2000, 15493), (-5000, 22493), (20000, 0)], ids=["credit", "owed", "much credit"]
)
def test_the_balance_is_reviewed_charged_and_told(shop: Shop, balance: int, charge: int) -> None:
    """H23. 174.93 - 20.00 = 154.93; 174.93 + 50.00 = 224.93; a credit of 200.00 pays for all of it."""
    shop.has_balance(balance)
    assert reviewed(shop).preview.charge == Money(amount=charge, currency="EUR")
    done = shop.starts()
    assert done.state is State.DONE
    order = shop.payments.calls[-1].arguments[0]
    assert (order.first_payment.amount, order.charge.amount) == (17493, charge)
    [entry] = shop.rows.timeline
    assert entry.amount == Money(amount=charge, currency="EUR")
    assert receipt(done).invoice.charge == entry.amount


def test_a_decline_tells_the_charge_that_was_refused(shop: Shop) -> None:
    """H30. 174.93 - 20.00 = 154.93."""
    shop.has_balance(2000)
    shop.payments.fails.append(Declined("insufficient_funds"))
    shop.starts()
    assert [one.amount for one in shop.rows.timeline] == [Money(amount=15493, currency="EUR")]


@pytest.mark.parametrize("balance", [-5000, 2000])
def test_another_balance_than_at_the_review_is_reviewed_again(shop: Shop, balance: int) -> None:
    """H23"""
    operation = shop.accepts(shop.confirmed())
    shop.has_balance(balance)
    assert shop.walks(operation) is State.REFUSED
    assert shop.rows.operations[operation].reason.key == "PriceChanged"
    assert not shop.payments.calls


@pytest.mark.parametrize(("amount", "currency"), [(0, "EUR"), (2000, "USD")])
def test_no_balance_and_one_in_another_currency_change_nothing(shop: Shop, amount: int, currency: str) -> None:
    before = reviewed(shop).preview
    shop.has_balance(amount, currency)
    assert reviewed(shop).preview == before


def test_what_starts_later_is_charged_with_the_balance_of_then(shop: Shop) -> None:
    """H21, H23: what is known is shown, and nothing is agreed about it."""
    shop.has_balance(2000)
    done = shop.starts(start=date(2026, 4, 15))
    assert receipt(done).preview.charge == Money(amount=15493, currency="EUR")
    assert shop.payments.calls[-1].arguments[0].charge is None
    assert [one.amount for one in shop.rows.timeline] == [Money(amount=17493, currency="EUR")]


def test_what_waits_for_a_link_is_charged_with_the_balance_of_then(shop: Shop) -> None:
    """H23, H31: the credit was used for something else meanwhile."""
    shop.has_balance(2000)
    waiting = shop.starts(key="link", payment_method="link")
    assert receipt(waiting).preview.charge == Money(amount=15493, currency="EUR")
    has_added_a_card(shop, waiting)
    shop.has_balance(0)
    done = resumes(shop, waiting)
    assert done.state is State.DONE
    assert shop.payments.calls[-1].arguments[0].charge is None
    assert receipt(done).invoice.charge == Money(amount=17493, currency="EUR")


@pytest.mark.parametrize("way", ["pm_second", "link"])
def test_another_way_to_pay_than_was_reviewed_is_refused(shop: Shop, way: str) -> None:
    """H23"""
    shop.knows(contact(), method(), method("pm_second"))
    operation = shop.accepts(shop.confirmed().model_copy(update={"payment_method": way}))
    assert shop.walks(operation) is State.REFUSED
    assert shop.rows.operations[operation].reason.key == "PriceChanged"
    assert not shop.payments.calls


@pytest.mark.parametrize(("way", "state"), [("pm_ada", "done"), ("pm_second", "done"), ("link", "waiting")])
def test_the_form_after_a_decline_leaves_the_way_to_pay_open(shop: Shop, way: str, state: str) -> None:
    """H30"""
    shop.knows(contact(), method(), method("pm_second"))
    fingerprint = reviewed(shop).fingerprint_without_method
    retry = shop.confirmed().model_copy(update={"payment_method": way, "fingerprint": fingerprint})
    assert shop.walks(shop.accepts(retry)) == state


@pytest.mark.parametrize("way", ["pm_ben", "link"])
@pytest.mark.parametrize("after_a_decline", [False, True])
def test_another_contact_than_was_reviewed_is_refused(shop: Shop, way: str, *, after_a_decline: bool) -> None:
    """H23: Ben, who has the same terms, is charged nothing and sent nothing that nobody reviewed."""
    shown = reviewed(shop, payment_method="link" if way == "link" else ADAS_CARD)
    seen = shown.fingerprint_without_method if after_a_decline else shown.fingerprint
    forged = shown.draft.model_dump() | {"contact": BEN, "payment_method": way}
    operation = shop.accepts(CreateSubscription(**forged, fingerprint=seen))
    assert shop.walks(operation) is State.REFUSED
    assert shop.rows.operations[operation].reason.key == "PriceChanged"
    assert not shop.payments.calls


def test_stripes_amount_being_another_one_is_a_change_of_price_too(shop: Shop) -> None:
    """H23"""
    shop.payments.fails.append(PriceChanged(contact="Ada Lovelace"))
    done = shop.starts()
    assert done.state is State.REFUSED
    assert done.reason.key == "PriceChanged"


# With a link: it waits, and goes on when the customer has added a method


@pytest.fixture
def waiting(shop: Shop) -> Operation:
    found = shop.starts(key="link", payment_method="link")
    assert found.state is State.WAITING
    return found


def resumes(shop: Shop, waiting: Operation, **changes: Any) -> Operation:
    """Stripe told that the page was completed."""
    fields = {"contact": waiting.contact, "waiting": waiting.id, "session": receipt(waiting).link.session}
    operation = shop.accepts(ResumeSubscription(**(fields | changes)), key="session")
    shop.walks(operation)
    return shop.rows.operations[operation]


def now(shop: Shop, operation: Operation) -> Operation:
    return shop.rows.operations[operation.id]


def has_added_a_card(shop: Shop, waiting: Operation) -> None:
    shop.payments.methods[receipt(waiting).link.session] = method("pm_new", last4="4444")


def test_with_a_link_nothing_starts_before_there_is_a_method(shop: Shop, waiting: Operation) -> None:
    """H31"""
    assert shop.payments.called("start_subscription") == 0
    assert receipt(waiting).link is not None
    assert receipt(waiting).subscription is None
    assert shop.happened() == ["payment_link_sent"]
    with shop.store.reading(SAM) as uow:
        assert [one.id for one in uow.operations.waiting(ADA)] == [waiting.id]


def test_when_the_method_is_there_the_subscription_starts_with_it(shop: Shop, waiting: Operation) -> None:
    """H31"""
    has_added_a_card(shop, waiting)
    done = resumes(shop, waiting)
    assert receipt(done).method.last4 == "4444"
    assert done.state is State.DONE
    assert receipt(done).subscription.payment_method == "pm_new"
    assert now(shop, waiting).state is State.DONE
    assert receipt(now(shop, waiting)).subscription == receipt(done).subscription
    assert shop.happened() == ["payment_link_sent", "subscription_started"]


def test_without_a_method_it_goes_on_waiting(shop: Shop, waiting: Operation) -> None:
    """H31"""
    done = resumes(shop, waiting)
    assert done.reason.key == "NotWaiting"
    assert now(shop, waiting).state is State.WAITING
    assert shop.payments.called("start_subscription") == 0


def test_a_start_that_passed_meanwhile_becomes_today(shop: Shop) -> None:
    """H31: the terms stay, the day may be a later one."""
    waiting = shop.starts(payment_method="link", start=date(2026, 3, 4))
    has_added_a_card(shop, waiting)
    shop.clock.goes_on(days=3)
    done = resumes(shop, waiting)
    assert done.state is State.DONE
    assert receipt(done).preview.first.on == date(2026, 3, 5)
    assert receipt(done).preview.starts_now


def test_a_start_that_is_still_ahead_stays(shop: Shop) -> None:
    """H31"""
    waiting = shop.starts(payment_method="link", start=date(2026, 4, 15))
    has_added_a_card(shop, waiting)
    shop.clock.goes_on(days=3)
    assert receipt(resumes(shop, waiting)).preview.first.on == date(2026, 4, 15)
    assert shop.happened() == ["payment_link_sent", "subscription_scheduled"]


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_changed_while_it_waited_is_not_started(shop: Shop, change: Callable[[Shop], None]) -> None:
    """H23, H31"""
    waiting = shop.starts(payment_method="link", coupon="WELCOME20")
    has_added_a_card(shop, waiting)
    change(shop)
    done = resumes(shop, waiting)
    assert done.state is State.REFUSED
    assert done.reason.key == "PriceChanged"
    assert shop.payments.called("start_subscription") == 0


def test_what_will_not_start_any_more_does_not_wait_any_more(shop: Shop, waiting: Operation) -> None:
    """H31: the page was completed, so no other event comes that could end the waiting."""
    has_added_a_card(shop, waiting)
    changed_price(shop)
    done = resumes(shop, waiting)
    assert now(shop, waiting).state is State.REFUSED
    assert now(shop, waiting).reason == done.reason
    with shop.store.reading(SAM) as uow:
        assert uow.operations.waiting(ADA) == ()


def test_a_role_that_was_taken_away_while_it_waited_is_missing(shop: Shop, waiting: Operation) -> None:
    """H16, H31"""
    has_added_a_card(shop, waiting)
    shop.dismisses(SAM)
    assert resumes(shop, waiting).reason.key == "NotStaff"
    assert shop.payments.called("start_subscription") == 0


def test_an_account_that_was_suspended_while_it_waited_is_not_billed(shop: Shop, waiting: Operation) -> None:
    """GX3, H31"""
    has_added_a_card(shop, waiting)
    shop.knows(contact(account=Account(status=AccountStatus.SUSPENDED)))
    assert resumes(shop, waiting).reason.key == "AccountNotBillable"
    assert shop.payments.called("start_subscription") == 0


def test_who_pays_from_an_unknown_country_is_not_billed(shop: Shop) -> None:
    """H15: without a country nobody knows the tax."""
    shop.knows(contact(address=Address(country=UNKNOWN_COUNTRY)))
    with pytest.raises(CountryUnknown), shop.store.reading(SAM) as uow:
        form(uow, ADA)
    with pytest.raises(CountryUnknown):
        reviewed(shop)


def test_the_operation_of_another_customer_is_not_started_nor_ended(shop: Shop, waiting: Operation) -> None:
    """H31: whose operation it is, is read from its row."""
    has_added_a_card(shop, waiting)
    done = resumes(shop, waiting, contact=BEN)
    assert done.reason.key == "NotWaiting"
    assert now(shop, waiting).state is State.WAITING
    assert shop.payments.called("start_subscription") == 0


def test_what_does_not_wait_any_more_is_not_started(shop: Shop, waiting: Operation) -> None:
    """H31"""
    has_added_a_card(shop, waiting)
    with shop.store.writing(SAM) as uow:
        expire(uow, waiting)
    done = resumes(shop, waiting)
    assert done.reason.key == "NotWaiting"
    assert done.reason.parameters == {"state": "expired"}
    assert shop.payments.called("start_subscription") == 0
    assert now(shop, waiting).state is State.EXPIRED


def test_an_operation_that_never_waited_is_not_started_again(shop: Shop) -> None:
    """H31"""
    done = shop.starts()
    operation = shop.accepts(ResumeSubscription(contact=ADA, waiting=done.id, session="cs_forged"), key="session")
    assert shop.walks(operation) is State.REFUSED
    assert shop.payments.called("start_subscription") == 1


class EmptyAccount(FakePayments):
    """The card can be added but not charged."""

    def start_subscription(self, order: SubscriptionOrder, operation: OperationId, accepted_at: datetime) -> Any:
        raise Declined("insufficient_funds")


def test_a_decline_of_the_new_card_ends_the_waiting(shop: Shop, waiting: Operation) -> None:
    """H30: a person has to decide anew."""
    shop.banks_with(EmptyAccount(shop.catalogue, shop.clock.now))
    has_added_a_card(shop, waiting)
    done = resumes(shop, waiting)
    assert done.state is State.DECLINED
    assert now(shop, waiting).state is State.DECLINED
    assert now(shop, waiting).reason.parameters == {"code": "insufficient_funds"}
    assert shop.happened() == ["payment_link_sent", "payment_declined"]


def test_a_link_that_was_not_used_expires_visibly_and_starts_nothing(shop: Shop, waiting: Operation) -> None:
    """H31"""
    with shop.store.writing(SAM) as uow:
        expire(uow, waiting)
        expire(uow, waiting)
    assert now(shop, waiting).state is State.EXPIRED
    assert shop.happened() == ["payment_link_sent", "payment_link_expired"]


def test_a_link_cannot_expire_what_was_started(shop: Shop) -> None:
    """H31: a final state is never left."""
    done = shop.starts()
    with shop.store.writing(SAM) as uow:
        uow.operations.finish(OperationId(done.id), State.EXPIRED)
    assert now(shop, done).state is State.DONE
