"""What subscriptions are made of, what is on offer, and how packages differ (A4, A5, A8, A10, A15, A20, AX10)."""

from __future__ import annotations

from typing import Any

import pytest

from billing.catalogue import Catalogue
from billing.catalogue.prices import Quantity
from billing.contacts import Account, Member, MemberRight, Subscription, SubscriptionItem
from billing.errors import LimitNotOffered, NoPlan, SeatsOutOfRange, UnknownAddOn, UnknownPlan
from billing.ids import LookupKey
from billing.money import Money
from billing.plans import (
    Cadence,
    Dimension,
    Direction,
    Package,
    Range,
    add_ons_for,
    billed,
    cadence_of,
    compare,
    differences,
    excess,
    has_plan,
    impact,
    is_of_account,
    items_of,
    limits_for,
    lowers,
    may_purchase,
    nearest_limit,
    needs_decision,
    package_of,
    per_month,
    plan_prices,
    plans_for,
    purchasers,
    seat_price,
    seats_for,
)
from tests.support.plans import (
    ADMIN,
    BASIC,
    BASIC_1000,
    BUYER,
    CLERK,
    DESK,
    MAIL,
    PRO,
    PRO_2500,
    REPORTS,
    SEAT,
    customer,
    policy,
    running,
)

MONTHLY = Cadence(interval="month", count=1, currency="EUR")
BASIC_PLAN = Package(plan="mail/basic", limit=500, seats=1)
PRO_PLAN = Package(plan="mail/pro", limit=1000, seats=3)


def eur(amount: int) -> Money:
    return Money(amount=amount, currency="EUR")


# Reading what there is


def test_a_subscription_is_a_plan_a_limit_seats_and_add_ons() -> None:
    """A8: three seats of the plan and two beside it; seats are no add-on of their own."""
    found = package_of(MAIL, running((PRO_2500, 1), (SEAT, 2), (REPORTS, 1)))
    assert found == Package(plan="mail/pro", limit=2500, seats=5, add_ons={"reports": 1})


def test_a_plan_sold_by_the_seat_has_as_many_seats_as_were_bought() -> None:
    assert package_of(MAIL, running((DESK, 12))) == Package(plan="desk/team", seats=12)


def test_a_subscription_without_a_plan_of_the_catalogue_is_none() -> None:
    foreign = SubscriptionItem(product="Old", price=None, quantity=1, unit_amount=eur(100))
    old = running(items=(foreign,))
    assert not has_plan(MAIL, old)
    with pytest.raises(NoPlan):
        package_of(MAIL, old)


def test_items_that_the_catalogue_does_not_know_are_no_part_of_the_package() -> None:
    foreign = SubscriptionItem(product="Old", price=None, quantity=1, unit_amount=eur(100))
    mixed = running(items=(*running((PRO, 1)).items, foreign))
    assert package_of(MAIL, mixed) == PRO_PLAN
    assert mixed.amount == eur(5000)


@pytest.mark.parametrize(
    ("interval", "count", "amount", "month"),
    [
        ("month", 1, 1900, 1900),
        ("month", 3, 5700, 1900),
        ("year", 1, 20000, 1667),  # 1666.67
        ("week", 1, 590, 2557),  # 590 x 52 / 12 = 2556.67
        ("day", 1, 12, 365),  # 12 x 365 / 12
    ],
)
def test_money_per_month(interval: str, count: int, amount: int, month: int) -> None:
    assert per_month(eur(amount), Cadence(interval=interval, count=count, currency="EUR")) == eur(month)


# What is on offer


def test_only_plans_of_the_same_billing_cycle_and_currency_are_offered() -> None:
    """HX3: all products of one subscription share billing frequency and currency."""
    assert plans_for(MAIL, MONTHLY) == ("desk/team", "mail/basic", "mail/pro")
    assert plans_for(MAIL, Cadence(interval="year", count=1, currency="USD")) == ("desk/team",)
    assert plans_for(MAIL, Cadence(interval="week", count=1, currency="EUR")) == ()


def test_a_plan_with_a_fixed_billing_day_is_offered_to_who_is_billed_on_that_day_only() -> None:
    """H18: the school is billed on the 1st; a change of plan moves no billing day."""
    school = running((LookupKey("school-seat-month-eur"), 2))
    assert "school/seat" in plans_for(MAIL, cadence_of(school, MAIL))
    assert "mail/pro" in plans_for(MAIL, cadence_of(school, MAIL))
    assert "school/seat" not in plans_for(MAIL, cadence_of(running(), MAIL))


def test_limits_are_the_tiers_of_the_plan() -> None:
    """A10"""
    assert limits_for(MAIL, "mail/basic", MONTHLY) == (500, 1000)
    assert limits_for(MAIL, "desk/team", MONTHLY) == ()
    assert [one.lookup_key for one in plan_prices(MAIL, "mail/basic", MONTHLY)] == [BASIC, BASIC_1000]


@pytest.mark.parametrize(
    ("plan", "least", "most"),
    [
        ("mail/basic", 1, 2),  # one is included, at most two by the plan
        ("mail/pro", 3, 13),  # three are included, ten can be added
        ("desk/team", 1, 500),  # bought with the plan itself
    ],
)
def test_how_many_seats_a_plan_can_have(plan: str, least: int, most: int) -> None:
    """AX10"""
    assert seats_for(MAIL, plan, MONTHLY) == Range(least=least, most=most)


def test_without_a_seat_to_add_in_that_cycle_there_are_those_of_the_plan() -> None:
    yearly = Cadence(interval="year", count=1, currency="EUR")
    assert seats_for(MAIL, "mail/pro", yearly) == Range(least=3, most=3)
    assert seat_price(MAIL, "mail/pro", yearly) is None


@pytest.mark.parametrize(("plan", "amount"), [("mail/pro", 900), ("desk/team", 2000)])
def test_what_one_more_seat_costs(plan: str, amount: int) -> None:
    assert seat_price(MAIL, plan, MONTHLY) == eur(amount)


def test_add_ons_are_those_of_the_plan_without_seats() -> None:
    """A20"""
    assert [add_on.id for add_on, _ in add_ons_for(MAIL, "mail/pro", MONTHLY)] == ["reports"]
    assert add_ons_for(MAIL, "mail/basic", MONTHLY) == ()


@pytest.mark.parametrize(
    ("wanted", "nearest"), [(None, 500), (1, 500), (500, 500), (501, 1000), (1000, 1000), (9000, 1000)]
)
def test_the_nearest_limit_is_the_next_higher_one_else_the_highest(wanted: int | None, nearest: int) -> None:
    assert nearest_limit((500, 1000), wanted) == nearest
    assert nearest_limit((), wanted) is None


# From a package to what is sold


def test_a_package_becomes_what_is_sold() -> None:
    package = Package(plan="mail/pro", limit=2500, seats=5, add_ons={"reports": 1})
    items = items_of(MAIL, package, MONTHLY)
    assert [(one.price, one.quantity) for one in items] == [(PRO_2500, 1), (SEAT, 2), (REPORTS, 1)]


def test_seats_of_a_plan_sold_by_the_seat_are_its_quantity() -> None:
    (item,) = items_of(MAIL, Package(plan="desk/team", seats=7), MONTHLY)
    assert (item.price, item.quantity) == (DESK, 7)


def bundles() -> Catalogue:
    """The desk is sold in bundles of five seats."""
    desk, *others = MAIL.products
    (team,) = desk.plans
    bundle = team.model_copy(
        update={
            "seats": team.seats.model_copy(update={"included": 5}),
            "quantity": Quantity(minimum=1, maximum=4),
        }
    )
    return MAIL.model_copy(update={"products": (desk.model_copy(update={"plans": (bundle,)}), *others)})


def test_a_started_bundle_of_seats_is_a_whole_one() -> None:
    """Seven seats in bundles of five are two bundles, and then there are ten."""
    assert seats_for(bundles(), "desk/team", MONTHLY) == Range(least=5, most=20)
    (item,) = items_of(bundles(), Package(plan="desk/team", seats=7), MONTHLY)
    assert item.quantity == 2
    assert package_of(bundles(), running((DESK, 2))).seats == 10


@pytest.mark.parametrize(
    ("package", "refusal"),
    [
        ({"plan": "mail/gold"}, UnknownPlan),
        ({"plan": "school/seat", "limit": None}, UnknownPlan),
        ({"plan": "desk/team", "limit": 5}, LimitNotOffered),
        ({"limit": 750}, LimitNotOffered),
        ({"limit": None}, LimitNotOffered),
        ({"seats": 0}, SeatsOutOfRange),
        ({"seats": 3}, SeatsOutOfRange),
        ({"add_ons": {"reports": 1}}, UnknownAddOn),
        ({"plan": "mail/pro", "limit": 1000, "seats": 3, "add_ons": {"reports": 2}}, UnknownAddOn),
        ({"plan": "mail/pro", "limit": 1000, "seats": 3, "add_ons": {"reports": -1}}, UnknownAddOn),
        ({"add_ons": {"nonsense": 1}}, UnknownAddOn),
    ],
    ids=str,
)
def test_what_is_not_sold_like_that_is_refused(package: dict[str, Any], refusal: type[Exception]) -> None:
    """A10, A20, A22, AX10"""
    with pytest.raises(refusal):
        items_of(MAIL, BASIC_PLAN.model_copy(update=package), MONTHLY)


def test_a_plan_that_is_not_sold_in_the_billing_cycle_is_refused() -> None:
    with pytest.raises(UnknownPlan):
        items_of(MAIL, BASIC_PLAN, Cadence(interval="year", count=1, currency="EUR"))


def test_an_add_on_of_which_none_is_wanted_is_none() -> None:
    wanted = PRO_PLAN.model_copy(update={"add_ons": {"reports": 0, "unknown": 0}})
    assert items_of(MAIL, wanted, MONTHLY) == items_of(MAIL, PRO_PLAN, MONTHLY)


# How packages differ


def changed(before: Package, after: Package) -> list[tuple[Dimension, Direction]]:
    return [(one.dimension, one.direction) for one in differences(MAIL, before, after)]


def test_the_order_in_the_file_says_which_plan_is_higher() -> None:
    assert changed(BASIC_PLAN, PRO_PLAN.model_copy(update={"limit": 500, "seats": 1})) == [
        (Dimension.PLAN, Direction.UP)
    ]
    assert (Dimension.PLAN, Direction.DOWN) in changed(PRO_PLAN, BASIC_PLAN)


def test_another_product_is_a_step_down_when_a_feature_is_lost_by_it() -> None:
    """A4: the desk has no campaigns; School has no features at all, so nothing is lost by leaving it."""
    desk, school = Package(plan="desk/team", seats=1), Package(plan="school/seat", seats=1)
    assert changed(BASIC_PLAN, desk) == [(Dimension.PRODUCT, Direction.DOWN)]
    assert changed(school, desk) == [(Dimension.PRODUCT, Direction.UP)]


def test_each_dimension_has_its_direction() -> None:
    before = PRO_PLAN.model_copy(update={"add_ons": {"reports": 1}, "seats": 5})
    after = PRO_PLAN.model_copy(update={"limit": 2500, "seats": 4})
    assert changed(before, after) == [
        (Dimension.LIMIT, Direction.UP),
        (Dimension.SEATS, Direction.DOWN),
        (Dimension.ADD_ON, Direction.DOWN),
    ]
    assert changed(before, before) == []


@pytest.mark.parametrize(
    ("before", "after", "decided"),
    [
        (BASIC_PLAN, PRO_PLAN, False),
        (PRO_PLAN, BASIC_PLAN, True),  # A24
        (BASIC_PLAN.model_copy(update={"limit": 1000}), BASIC_PLAN, True),  # A13
        (PRO_PLAN.model_copy(update={"seats": 5}), PRO_PLAN, False),  # A15
        (PRO_PLAN.model_copy(update={"add_ons": {"reports": 1}}), PRO_PLAN, True),  # A24
        # Up and down in one go: what goes down decides.
        (PRO_PLAN.model_copy(update={"limit": 2500}), PRO_PLAN.model_copy(update={"seats": 5}), True),
    ],
)
def test_what_goes_down_is_decided_except_seats(before: Package, after: Package, decided: bool) -> None:
    """A13, A15, A24"""
    assert needs_decision(MAIL, differences(MAIL, before, after)) is decided


def test_a_lower_limit_can_be_self_service_by_the_policy() -> None:
    """K3, AX3"""
    lower = differences(MAIL, BASIC_PLAN.model_copy(update={"limit": 1000}), BASIC_PLAN)
    assert lowers(lower)
    assert needs_decision(MAIL, lower)
    assert not needs_decision(policy(lower_limit="self_service"), lower)
    assert needs_decision(policy(lower_limit="self_service"), differences(MAIL, PRO_PLAN, BASIC_PLAN))


# What a change means


def test_the_impact_names_features_limits_usage_and_money() -> None:
    """A4: from Pro with 2,500 contacts to Basic with 500; 700 contacts and two seats are in use."""
    account = Account(plan="mail/pro", active_contacts=700, seats_used=2)
    found = impact(MAIL, running((PRO_2500, 1)), BASIC_PLAN, account)
    assert [one.id for one in found.lost] == ["automations"]
    assert found.gained == ()
    assert [(one.what, one.used, one.allowed) for one in found.above] == [
        (Dimension.LIMIT, 700, 500),
        (Dimension.SEATS, 2, 1),
    ]
    assert (found.before, found.after, found.difference) == (eur(9500), eur(1500), eur(-8000))


def old_price(amount: int) -> Subscription:
    """Pro, bought when it had another price, with Reports for 50.00."""
    one = running((PRO, 1), (REPORTS, 1))
    plan, reports = one.items
    return one.model_copy(update={"items": (plan.model_copy(update={"unit_amount": eur(amount)}), reports)})


def test_what_stays_keeps_the_price_at_which_it_was_bought() -> None:
    """A4: Pro for 39.00 (by now 49.00) and Reports for 50.00 are 89.00; without Reports 39.00 are left, 50.00 less."""
    found = impact(MAIL, old_price(3900), PRO_PLAN, Account())
    assert (found.before, found.after, found.difference) == (eur(8900), eur(3900), eur(-5000))


def test_what_is_new_has_the_price_of_the_list() -> None:
    """From Pro for 39.00 and Reports for 50.00 to Pro for 2,500 contacts at 95.00, with two seats more at 9.00."""
    after = Package(plan="mail/pro", limit=2500, seats=5, add_ons={"reports": 1})
    assert billed(MAIL, old_price(3900), after) == (eur(9500), eur(2 * 900), eur(5000))


def test_what_the_catalogue_does_not_know_is_billed_as_before() -> None:
    """A4: Pro for 49.00 beside a training for 300.00 are 349.00; Basic for 15.00 beside it 315.00, 34.00 less."""
    one = running((PRO, 1))
    training = SubscriptionItem(product="Training", price=None, quantity=2, unit_amount=eur(15000))
    found = impact(MAIL, one.model_copy(update={"items": (*one.items, training)}), BASIC_PLAN, Account())
    assert (found.before, found.after, found.difference) == (eur(34900), eur(31500), eur(-3400))


def test_usage_is_about_the_accounts_plan_only() -> None:
    """Whoever has 12 seats of the desk in use may still have a mail plan with one seat."""
    account = Account(plan="desk/team", active_contacts=9000, seats_used=12)
    assert excess(PRO_PLAN, BASIC_PLAN, account) == ()
    assert not is_of_account(PRO_PLAN, account)
    assert is_of_account(PRO_PLAN, Account())
    assert len(excess(PRO_PLAN, BASIC_PLAN, Account(active_contacts=9000, seats_used=12))) == 2


# Who may


def test_the_primary_admin_and_admins_with_purchase_permission_may() -> None:
    """A1, AX9"""
    assert purchasers(customer()) == (ADMIN, BUYER)
    assert not may_purchase(CLERK)
    only_purchase = Member(name="Dora", email="d@e.example", rights=frozenset({MemberRight.PURCHASE}))
    assert not may_purchase(only_purchase), "purchase permission is an admin's"


# Comparison


def test_plans_are_compared_at_the_customers_limit_or_the_next_higher_one() -> None:
    """A5: Ada has 500 contacts; Pro begins at 1,000. The own plan comes first and only once."""
    found = compare(MAIL, customer(), running(), ("mail/pro", "mail/basic", "desk/team"))
    assert [(one.name, one.limit, one.price) for one in found.columns] == [
        ("mail/basic", 500, eur(1500)),
        ("mail/pro", 1000, eur(4900)),
        ("desk/team", None, eur(2000)),
    ]
    assert [one.id for one in found.features] == ["campaigns", "automations", "inbox"]
    assert found.columns[1].seats == Range(least=3, most=13)


def test_a_plan_that_is_not_sold_in_the_billing_cycle_has_no_price_in_a_comparison() -> None:
    weekly = running(interval="week")
    found = compare(MAIL, customer(), weekly, ("mail/pro",))
    assert cadence_of(weekly).interval == "week"
    assert [one.price for one in found.columns] == [None, None]


def test_an_unknown_plan_cannot_be_compared() -> None:
    with pytest.raises(UnknownPlan):
        compare(MAIL, customer(), running(), ("mail/gold",))
