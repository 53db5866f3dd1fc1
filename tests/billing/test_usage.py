"""Usage near the contact limit (A3, AX5, AX6): a crossing is noted once; a limit rises by itself only if agreed."""

from __future__ import annotations

from typing import Any

import pytest

from billing.contacts import AccountStatus
from billing.errors import AccountNotBillable, NobodyMayPurchase, NotPermitted, RaisingNotOffered
from billing.operations import Operation, State
from billing.plan_changes import ChangePlan, PlanChanged, RaiseLimit, overview
from billing.roles import Role
from billing.timeline import Happening
from billing.usage import PIPELINE, switch, watch
from tests.support.plans import BASIC_1000, CLERK, MAIL, customer, has, policy, running
from tests.support.shop import ADA, SAM, Shop, actor


@pytest.fixture
def shop() -> Shop:
    return has(Shop(catalogue=MAIL), running())


def uses(shop: Shop, contacts: int, limit: int | None = 500) -> None:
    known = shop.rows.contacts[ADA]
    account = known.account.model_copy(update={"active_contacts": contacts, "contact_limit": limit})
    shop.rows.contacts[ADA] = known.model_copy(update={"account": account})


def looks(shop: Shop) -> int:
    return watch(shop.store, lambda user: f"to {user}")


def notices(shop: Shop) -> list[dict[str, Any]]:
    return [one.parameters for one in shop.rows.timeline if one.what is Happening.USAGE_NOTICE]


def jobs(shop: Shop) -> list[str]:
    return [job.name for job in shop.rows.jobs]


# Crossings


@pytest.mark.parametrize(
    ("contacts", "percent"),
    [(399, None), (400, 80), (449, 80), (450, 90), (499, 90), (500, 100), (10_000, 100)],
)
def test_the_levels_are_80_90_and_100_percent(shop: Shop, contacts: int, percent: int | None) -> None:
    """A3, AX6: of 500 contacts."""
    uses(shop, contacts)
    assert looks(shop) == (percent is not None)
    expected = [] if percent is None else [{"percent": percent, "used": contacts, "limit": 500}]
    assert notices(shop) == expected
    assert jobs(shop) == [PIPELINE] * len(expected)


def test_each_crossing_is_told_once(shop: Shop) -> None:
    for contacts, told in ((410, 1), (420, 0), (455, 1), (470, 0), (500, 1), (510, 0)):
        uses(shop, contacts)
        assert looks(shop) == told, contacts
        assert looks(shop) == 0
    assert [one["percent"] for one in notices(shop)] == [80, 90, 100]


def test_a_level_that_is_left_downwards_is_noted_but_not_told_and_told_again_when_it_is_crossed_again(
    shop: Shop,
) -> None:
    uses(shop, 455)
    looks(shop)
    uses(shop, 300)
    assert looks(shop) == 0
    shop.clock.goes_on(hours=1)
    uses(shop, 450)
    assert looks(shop) == 1
    assert [one["percent"] for one in notices(shop)] == [90, 90]


def test_an_account_without_a_limit_reaches_none(shop: Shop) -> None:
    uses(shop, 10_000, limit=None)
    assert looks(shop) == 0


def test_a_plan_is_never_changed_by_the_usage_alone(shop: Shop) -> None:
    """A3: the policy does not offer it, whatever was switched on before."""
    shop.rows.automatic_raises[ADA] = (SAM.team, SAM.user)
    uses(shop, 500)
    looks(shop)
    assert not shop.rows.operations


# The switch


def opt_in(shop: Shop) -> Shop:
    """K4: the policy offers it."""
    shop.sells(plan_changes=policy(raise_by_itself="opt_in").plan_changes)
    return shop


def switches(shop: Shop, *, on: bool, person: Any = SAM) -> None:
    with shop.store.writing(person) as uow:
        switch(uow, ADA, on=on)


def test_it_is_switched_on_and_off_in_the_name_of_who_confirmed_the_terms(shop: Shop) -> None:
    """AX5"""
    switches(opt_in(shop), on=True)
    with shop.store.reading(SAM) as uow:
        assert uow.usage.raises_by_itself(ADA) == (SAM.team, SAM.user)
        assert overview(uow, ADA).raises_by_itself is True
    switches(shop, on=False)
    with shop.store.reading(SAM) as uow:
        assert overview(uow, ADA).raises_by_itself is False
    entries = [(one.what, one.by, one.parameters) for one in shop.rows.timeline]
    assert entries == [
        (Happening.RAISING_SWITCHED, "Sam Sales", {"on": 1}),
        (Happening.RAISING_SWITCHED, "Sam Sales", {"on": 0}),
    ]


def test_a_double_click_switches_once(shop: Shop) -> None:
    opt_in(shop)
    for _ in range(2):
        switches(shop, on=True)
        shop.clock.goes_on(seconds=1)
    assert len(shop.rows.timeline) == 1


def test_where_the_policy_does_not_offer_it_it_cannot_be_switched_on(shop: Shop) -> None:
    """K4: the default."""
    with pytest.raises(RaisingNotOffered) as refused:
        switches(shop, on=True)
    assert refused.value.reason.rule == "AX5"
    assert refused.value.reason.who_can == (Role.ADMIN,)


def test_what_is_no_longer_offered_can_still_be_switched_off(shop: Shop) -> None:
    switches(opt_in(shop), on=True)
    shop.sells(plan_changes=MAIL.plan_changes)
    switches(shop, on=False)
    assert ADA not in shop.rows.automatic_raises


def test_somebody_at_the_customer_must_be_there_who_may_purchase(shop: Shop) -> None:
    """A1"""
    has(opt_in(shop), running(), who=customer(members=(CLERK,)))
    with pytest.raises(NobodyMayPurchase):
        switches(shop, on=True)


def test_who_may_not_change_plans_switches_nothing(shop: Shop) -> None:
    """H16"""
    admin = actor(Role.ADMIN, user="U_ADMIN")
    opt_in(shop).hires(admin)
    with pytest.raises(NotPermitted):
        switches(shop, on=True, person=admin)


def test_an_account_that_is_not_active_switches_nothing(shop: Shop) -> None:
    """GX3"""
    has(opt_in(shop), running(), who=customer(account={"status": AccountStatus.SUSPENDED}))
    with pytest.raises(AccountNotBillable):
        switches(shop, on=True)


# Raised by itself


def operations(shop: Shop, kind: str) -> list[Operation]:
    return [one for one in shop.rows.operations.values() if one.kind == kind]


def test_a_reached_limit_is_raised_where_it_was_agreed(shop: Shop) -> None:
    """AX5, K4: to the next one that holds what is used; priced, changed, written down in the name of who agreed."""
    switches(opt_in(shop), on=True)
    uses(shop, 500)
    looks(shop)
    [raise_] = operations(shop, RaiseLimit.kind)
    assert (raise_.user, raise_.reply_to) == (SAM.user, f"to {SAM.user}")
    assert shop.walks(raise_.id) is State.DONE
    [change] = operations(shop, ChangePlan.kind)
    assert change.reply_to == f"to {SAM.user}"
    assert shop.walks(change.id) is State.DONE
    receipt = PlanChanged.model_validate_json(shop.rows.operations[change.id].result)
    assert [item.price for item in receipt.subscription.items] == [BASIC_1000]
    assert shop.rows.contacts[ADA].account.contact_limit == 1000
    happened = [one.what for one in shop.rows.timeline]
    assert happened == [Happening.RAISING_SWITCHED, Happening.USAGE_NOTICE, Happening.PLAN_CHANGED]


def test_it_is_raised_once_for_each_crossing(shop: Shop) -> None:
    switches(opt_in(shop), on=True)
    uses(shop, 500)
    for _ in range(3):
        looks(shop)
    assert len(operations(shop, RaiseLimit.kind)) == 1


def test_the_change_that_follows_is_accepted_once_although_the_step_is_repeated(shop: Shop) -> None:
    """kill -9 after the price was there."""
    switches(opt_in(shop), on=True)
    uses(shop, 500)
    looks(shop)
    [raise_] = operations(shop, RaiseLimit.kind)
    performed = shop.performs(raise_.id)
    for _ in range(2):
        shop.records(raise_.id, performed)
    assert len(operations(shop, ChangePlan.kind)) == 1


@pytest.mark.parametrize("contacts", [450, 499])
def test_a_limit_that_is_only_near_is_not_raised(shop: Shop, contacts: int) -> None:
    switches(opt_in(shop), on=True)
    uses(shop, contacts)
    looks(shop)
    assert not shop.rows.operations


def test_without_the_switch_a_reached_limit_stays(shop: Shop) -> None:
    """A3, K4"""
    opt_in(shop)
    uses(shop, 500)
    assert looks(shop) == 1
    assert not shop.rows.operations


def test_at_the_highest_limit_there_is_only_the_notice(shop: Shop) -> None:
    has(opt_in(shop), running((BASIC_1000, 1)))
    switches(shop, on=True)
    uses(shop, 1000, limit=1000)
    assert looks(shop) == 1
    assert not shop.rows.operations


def test_whoever_lost_the_role_since_raises_nothing(shop: Shop) -> None:
    """H16: it is done in their name, so their rights of now count."""
    switches(opt_in(shop), on=True)
    uses(shop, 500)
    looks(shop)
    shop.dismisses(SAM)
    [raise_] = operations(shop, RaiseLimit.kind)
    assert shop.walks(raise_.id) is State.REFUSED
    assert not shop.payments.calls
