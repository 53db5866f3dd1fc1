"""The contact card: everything about a contact on one page, and what deserves attention (H5, H6, H9, CX15)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from billing.billing_contacts.model import Guard
from billing.cards import Attention, Concern, ContactCard, attention, card, monthly_revenue
from billing.contacts import (
    Account,
    AccountStatus,
    Invoice,
    InvoiceStatus,
    PaymentMethod,
    Subscription,
    SubscriptionStatus,
)
from billing.errors import NotPermitted, UnknownContact
from billing.ids import ContactId, InvoiceId, SubscriptionId
from billing.money import Money
from billing.roles import PERMISSIONS, Permission, Role
from billing.timeline import Entry, Happening
from tests.support.memory import Mirrored
from tests.support.shop import ADA, BEN, NOW, SAM, TODAY, Shop, contact, method
from tests.support.sold import with_item


def eur(amount: int) -> Money:
    return Money(amount=amount, currency="EUR")


def subscription(unit: Money, interval: str = "month", **changes: Any) -> Subscription:
    fields = {
        "id": SubscriptionId("sub_1"),
        "status": SubscriptionStatus.ACTIVE,
        "product": "Marketing Plus",
        "price": None,
        "quantity": 1,
        "unit_amount": unit,
        "interval": interval,
        "started_at": NOW,
    }
    return Subscription(**with_item(fields | changes))


def invoice(number: int = 1, **changes: Any) -> Invoice:
    fields = {
        "id": InvoiceId(f"in_{number}"),
        "number": f"K-{number}",
        "status": InvoiceStatus.OPEN,
        "total": eur(4900),
        "due": eur(4900),
        "created_at": NOW - timedelta(days=30) + timedelta(hours=number),
        "due_at": NOW - timedelta(days=3),
    }
    return Invoice(**(fields | changes))


def shown(shop: Shop, customer: ContactId = ADA, older: str | None = None) -> ContactCard:
    with shop.store.reading(SAM) as uow:
        return card(uow, customer, older=older)


# Monthly recurring revenue


@pytest.mark.parametrize(
    ("one", "monthly"),
    [
        (subscription(eur(4900)), 4900),
        (subscription(eur(4900), quantity=3), 14700),
        (subscription(eur(13900), interval_count=3), 4633),  # 46.333...
        (subscription(eur(49000), "year"), 4083),  # 40.833...
        (subscription(eur(18), "year"), 2),  # 1.5 cents
        (subscription(eur(98000), "year", interval_count=2), 4083),  # 980.00 / 24
        (subscription(eur(500), "week"), 2167),  # 5.00 × 52 / 12 = 21.666...
        (subscription(eur(1000), "week", interval_count=2), 2167),
        (subscription(eur(100), "day"), 3042),  # 1.00 × 365 / 12 = 30.4166...
    ],
)
def test_revenue_is_counted_by_the_month(one: Subscription, monthly: int) -> None:
    """CX15"""
    assert monthly_revenue([one], "EUR") == eur(monthly)


def test_only_what_pays_counts_and_only_in_the_customers_currency() -> None:
    paying = {SubscriptionStatus.ACTIVE, SubscriptionStatus.PAST_DUE}
    everything = [subscription(eur(100), status=status) for status in SubscriptionStatus]
    dollars = subscription(Money(amount=999, currency="USD"))
    assert monthly_revenue([*everything, dollars], "EUR") == eur(100 * len(paying))
    assert monthly_revenue([], "JPY") == Money.zero("JPY")


# What deserves attention


GUARD = Guard()


def concerns(
    *,
    account: Account | None = None,
    methods: tuple[PaymentMethod, ...] = (),
    subscriptions: tuple[Subscription, ...] = (),
    invoices: tuple[Invoice, ...] = (),
    guard: Guard = GUARD,
    today: date = TODAY,
) -> list[Attention]:
    customer = contact(account=account or Account())
    return list(attention(customer, methods, subscriptions, invoices, guard, NOW, today))


def test_a_healthy_contact_needs_no_attention() -> None:
    account = Account(active_contacts=899, contact_limit=1000, seats_used=4, seats=5)
    assert concerns(account=account, methods=(method(),), subscriptions=(subscription(eur(100)),)) == []


def test_an_account_that_has_expired_is_said_first() -> None:
    """GX10"""
    found = concerns(account=Account(status=AccountStatus.EXPIRED), invoices=(invoice(),))
    assert found[0] == Attention(concern=Concern.ACCOUNT_EXPIRED)


@pytest.mark.parametrize("status", [AccountStatus.SUSPENDED, AccountStatus.CLOSED])
def test_an_account_that_is_not_active_is_said_first(status: AccountStatus) -> None:
    """GX3"""
    found = concerns(account=Account(status=status), invoices=(invoice(),))
    assert found[0] == Attention(concern=Concern.ACCOUNT_NOT_ACTIVE, parameters={"status": status.value})


@pytest.mark.parametrize("status", [SubscriptionStatus.PAST_DUE, SubscriptionStatus.UNPAID])
def test_a_failing_payment_is_said(status: SubscriptionStatus) -> None:
    found = concerns(methods=(method(),), subscriptions=(subscription(eur(100), status=status),))
    assert found == [Attention(concern=Concern.PAYMENT_FAILING, parameters={"product": "Marketing Plus"})]


@pytest.mark.parametrize("status", SubscriptionStatus)
def test_an_invoice_that_could_not_be_charged_is_said_whatever_became_of_its_subscription(
    status: SubscriptionStatus,
) -> None:
    """HX1: it ends after the last try where Stripe's settings say so, and the money is still owed."""
    owed = invoice(due_at=None, attempts=4, decline="expired_card", subscription=SubscriptionId("sub_1"))
    found = concerns(methods=(method(),), subscriptions=(subscription(eur(100), status=status),), invoices=(owed,))
    expected = {"product": "Marketing Plus", "decline": "expired_card"}
    assert found == [Attention(concern=Concern.PAYMENT_FAILING, parameters=expected, amount=eur(4900))]


def test_an_invoice_of_no_subscription_that_could_not_be_charged_is_said_by_its_number() -> None:
    found = concerns(invoices=(invoice(due_at=None, attempts=1), invoice(2, due_at=None)))
    expected = {"number": "K-1", "decline": ""}
    assert found == [Attention(concern=Concern.PAYMENT_FAILING, parameters=expected, amount=eur(4900))]


def test_the_arrears_of_one_subscription_do_not_hide_those_of_another() -> None:
    owed = invoice(due_at=None, attempts=1, subscription=SubscriptionId("sub_1"))
    unpaid = [subscription(eur(100), status=SubscriptionStatus.UNPAID, id=f"sub_{number}") for number in (1, 2)]
    found = concerns(methods=(method(),), subscriptions=tuple(unpaid), invoices=(owed,))
    assert [one.amount for one in found] == [eur(4900), None]


def test_a_freeze_and_a_lock_are_said() -> None:
    """G11: somebody may be after the account, so that comes before money; a lock that is over is silent."""
    until = NOW + timedelta(hours=1)
    found = concerns(guard=Guard(frozen_at=NOW, locked_until=until), invoices=(invoice(due_at=None, attempts=1),))
    assert [one.concern for one in found] == [Concern.FROZEN, Concern.PROOF_LOCKED, Concern.PAYMENT_FAILING]
    assert found[1].parameters == {"until": until.isoformat()}
    assert concerns(guard=Guard(locked_until=NOW)) == []


def test_the_card_says_that_the_account_is_frozen() -> None:
    shop = Shop()
    with shop.store.writing(SAM) as uow:
        uow.billing_contacts.freeze(ADA, NOW)
    assert Concern.FROZEN in [one.concern for one in shown(shop).attention]


def test_an_overdue_invoice_is_said_with_its_days_and_what_is_still_due() -> None:
    [found] = concerns(invoices=(invoice(due=eur(2900)),))
    assert found.concern is Concern.INVOICE_OVERDUE
    assert found.parameters["number"] == "K-1"
    assert found.amount == eur(2900)


def test_several_overdue_invoices_are_one_line_with_their_number_sum_and_oldest() -> None:
    """29.00 + 12.50 = 41.50, the older one three days ago; another currency is another line."""
    days = [timedelta(days=number) for number in (1, 3, 2)]
    late = [
        invoice(id=f"in_{number}", due=due, due_at=NOW - ago)
        for number, (due, ago) in enumerate(
            zip((eur(2900), eur(1250), Money(amount=700, currency="USD")), days, strict=True)
        )
    ]
    assert concerns(invoices=tuple(late)) == [
        Attention(concern=Concern.INVOICE_OVERDUE, parameters={"number": "K-1", "days": 2}, amount=late[2].due),
        Attention(concern=Concern.INVOICES_OVERDUE, parameters={"n": 2, "days": 3}, amount=eur(4150)),
    ]


@pytest.mark.parametrize(
    "fine",
    [
        invoice(due_at=NOW + timedelta(seconds=1)),
        invoice(due_at=NOW),
        invoice(due_at=None),
        invoice(status=InvoiceStatus.PAID),
        invoice(status=InvoiceStatus.VOID),
        invoice(status=InvoiceStatus.DRAFT),
    ],
    ids=["not yet", "this instant", "no day", "paid", "void", "draft"],
)
def test_an_invoice_that_is_not_overdue_is_not_said(fine: Invoice) -> None:
    assert concerns(invoices=(fine,)) == []


@pytest.mark.parametrize(
    ("month", "year", "expected"),
    [
        (2, 2026, Concern.CARD_EXPIRED),
        (12, 2025, Concern.CARD_EXPIRED),
        (3, 2026, Concern.CARD_EXPIRES),  # this month: good until its last day
        (4, 2026, Concern.CARD_EXPIRES),  # next month
        (5, 2026, None),
        (3, 2027, None),
    ],
)
def test_a_card_is_said_from_the_month_before_it_expires(month: int, year: int, expected: Concern | None) -> None:
    """H9"""
    found = concerns(methods=(method(exp_month=month, exp_year=year),))
    assert [one.concern for one in found] == ([expected] if expected else [])


def test_in_december_next_month_is_in_the_next_year() -> None:
    """H9"""
    in_december = date(2026, 12, 31)
    assert [one.concern for one in concerns(methods=(method(exp_month=1, exp_year=2027),), today=in_december)] == [
        Concern.CARD_EXPIRES
    ]
    assert concerns(methods=(method(exp_month=2, exp_year=2027),), today=in_december) == []


def test_a_debit_without_an_expiry_never_expires() -> None:
    assert concerns(methods=(method(brand="sepa_debit", exp_month=None, exp_year=None),)) == []


@pytest.mark.parametrize("status", SubscriptionStatus)
def test_a_running_subscription_without_any_method_is_said(status: SubscriptionStatus) -> None:
    """H17"""
    runs = {"scheduled", "trialing", "active", "past_due"}
    found = [one.concern for one in concerns(subscriptions=(subscription(eur(100), status=status),))]
    assert (Concern.NO_PAYMENT_METHOD in found) == (status.value in runs)


def test_who_pays_by_invoice_needs_no_payment_method() -> None:
    assert concerns(subscriptions=(subscription(eur(100), by_invoice=True),)) == []


@pytest.mark.parametrize(
    ("used", "limit", "expected"),
    [
        (899, 1000, None),
        (900, 1000, Concern.LIMIT_NEAR),
        (999, 1000, Concern.LIMIT_NEAR),
        (1000, 1000, Concern.LIMIT_REACHED),
        (1001, 1000, Concern.LIMIT_REACHED),
        (5, None, None),
        (0, 0, None),
    ],
)
def test_the_limit_of_contacts_is_said_from_nine_tenths_on(
    used: int, limit: int | None, expected: Concern | None
) -> None:
    """AX6"""
    found = concerns(account=Account(active_contacts=used, contact_limit=limit))
    assert [one.concern for one in found] == ([expected] if expected else [])


def test_seats_are_said_only_when_all_are_taken() -> None:
    assert concerns(account=Account(seats_used=9, seats=10)) == []
    [found] = concerns(account=Account(seats_used=10, seats=10))
    assert found == Attention(concern=Concern.LIMIT_REACHED, parameters={"what": "seats", "used": 10, "limit": 10})


def test_the_most_urgent_is_said_first() -> None:
    found = concerns(
        account=Account(status=AccountStatus.SUSPENDED, active_contacts=95, contact_limit=100, seats_used=5, seats=5),
        methods=(method(exp_month=3, exp_year=2026), method("pm_old", exp_month=1, exp_year=2026)),
        subscriptions=(subscription(eur(100), status=SubscriptionStatus.PAST_DUE),),
        invoices=(invoice(),),
    )
    assert [one.concern for one in found] == [
        Concern.ACCOUNT_NOT_ACTIVE,
        Concern.PAYMENT_FAILING,
        Concern.INVOICE_OVERDUE,
        Concern.CARD_EXPIRED,
        Concern.CARD_EXPIRES,
        Concern.LIMIT_REACHED,
        Concern.LIMIT_NEAR,
    ]


# The card


def test_the_card_shows_everything_about_this_contact_and_nothing_about_others() -> None:
    """H6, H9, HX5"""
    shop = Shop()
    shop.starts(key="1")
    shop.starts(key="2", payment_method="link")
    shop.starts(key="3", contact=BEN, payment_method="pm_ben")
    found = shown(shop)
    assert found.contact.name == "Ada Lovelace"
    assert [one.id for one in found.methods] == ["pm_ada"]
    assert [one.id for one in found.subscriptions] == ["sub_1"]
    assert [one.id for one in found.invoices] == ["in_first_1"]
    assert {one.what for one in found.timeline.entries} == {"subscription_started", "payment_link_sent"}
    assert [one.contact for one in found.waiting] == [ADA]
    assert found.monthly == eur(14700)
    assert (found.now, found.today) == (NOW, TODAY)


def test_a_contact_that_never_bought_anything_has_a_card_too() -> None:
    shop = Shop()
    shop.knows(contact(currency="USD"))
    found = shown(shop)
    assert found.balance == found.monthly == Money.zero("USD")
    assert (found.methods, found.subscriptions, found.invoices, found.timeline.entries) == ((), (), (), ())


def test_long_lists_are_cut_to_pages_and_the_older_ones_can_be_reached() -> None:
    shop = Shop()
    shop.rows.mirror[ADA] = Mirrored(
        invoices=tuple(invoice(number, status=InvoiceStatus.PAID) for number in range(8)), balance=eur(-250)
    )
    for hour in range(7):
        entry = Entry(
            id=f"e{hour}", contact=ADA, at=NOW + timedelta(hours=hour), what=Happening.PAYMENT_SUCCEEDED, amount=eur(1)
        )
        shop.rows.timeline.append(entry)
    first = shown(shop)
    assert [one.number for one in first.invoices] == ["K-7", "K-6", "K-5", "K-4", "K-3"]
    assert [one.id for one in first.timeline.entries] == ["e6", "e5", "e4", "e3", "e2"]
    second = shown(shop, older=first.timeline.older)
    assert [one.id for one in second.timeline.entries] == ["e1", "e0"]
    assert second.timeline.older is None
    assert first.balance == eur(-250)


def test_today_on_the_card_is_the_business_s_day() -> None:
    shop = Shop()
    shop.clock.now = datetime(2026, 3, 31, 22, 30, tzinfo=UTC)  # 00:30 in Berlin, in summer time
    assert shown(shop).today == date(2026, 4, 1)


def test_the_card_names_what_this_person_may_do() -> None:
    """H16"""
    assert shown(Shop()).may == {one for one, roles in PERMISSIONS.items() if Role.SALES in roles}


def test_an_unknown_contact_has_no_card() -> None:
    with pytest.raises(UnknownContact):
        shown(Shop(), ContactId("con_nobody"))


def test_the_card_is_refused_before_the_contact_is_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """H16: who may not see customers does not learn who exists."""
    monkeypatch.setitem(PERMISSIONS, Permission.SEE_CONTACT, (Role.ADMIN,))
    with pytest.raises(NotPermitted):
        shown(Shop(), ContactId("con_nobody"))
