"""What becomes of an approved request at Stripe: planned, in effect, kept, superseded, failed (AX2, GX8, GX9, HX17)."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from billing.catalogue import TakesEffect
from billing.change_requests.applying import KeepPlan, effective_at, period_ends, settle
from billing.change_requests.deciding import supersede
from billing.change_requests.model import Act, ChangeRequest, RequestState
from billing.contacts import Account, AccountStatus, SubscriptionStatus
from billing.errors import Misconfigured, Transient
from billing.homes import home
from billing.ids import LookupKey, OperationId, ScheduleId
from billing.operations import State
from billing.plan_changes import ChangePlan
from billing.plans import Dimension
from billing.steps import NOBODY
from tests.support.asking import (
    BASIC,
    CATALOGUE,
    MIA,
    PERIOD_END,
    PRIYA,
    PRO,
    REPORTS,
    SUBSCRIPTION,
    TOM,
    AskingShop,
    _item,
    customer,
    eur,
    policy,
    settles_on,
    subscription,
)
from tests.support.shop import ADA

S = RequestState
PRO_2500 = LookupKey("mail-pro-2500-month-eur")
SEAT = LookupKey("extra-seat-month-eur")


@pytest.fixture
def shop() -> AskingShop:
    return AskingShop()


def approved(shop: AskingShop, **changes) -> OperationId:
    request = shop.files(**changes)
    shop.does(Act.APPROVE, PRIYA)
    return OperationId(f"op_{request.id}_2")


def planned(shop: AskingShop, **changes) -> ChangeRequest:
    shop.walks(approved(shop, **changes))
    return shop.request


def hears(shop: AskingShop, one=None) -> None:
    """An event of Stripe's: the mirror is renewed, then settled."""
    if one:
        settles_on(shop, one)
    with shop.store.writing(NOBODY) as uow:
        settle(uow, uow.contacts.get(ADA))


def basic(**changes):
    return subscription().model_copy(update={"items": (_item(BASIC),), "schedule": None, **changes})


# Approved


def test_it_is_planned_for_the_end_of_the_running_period(shop: AskingShop) -> None:
    """AX2, HX17: no proration, everything is kept until then."""
    request = planned(shop)
    assert (request.state, request.effective_at) == (S.SCHEDULED, PERIOD_END)
    (call,) = [one for one in shop.payments.calls if one.name == "schedule_change"]
    order, at, operation, _ = call.arguments
    assert (order.subscription, at, operation) == (SUBSCRIPTION, PERIOD_END, f"op_{request.id}_2")
    assert [one.price for one in order.before] == [PRO]
    assert [one.price for one in order.after] == [BASIC]
    assert shop.happened() == ["request_filed", "request_approved", "request_scheduled"]


def test_home_does_not_call_it_done_before_it_is(shop: AskingShop) -> None:
    """H6: who gave the last approval sees how things stand with it, which is planned until its day."""
    approved(shop)
    id_ = OperationId(f"op_{shop.request.id}_2")
    seen = []
    for happens in (list, lambda: shop.walks(id_), lambda: hears(shop, basic())):
        happens()
        with shop.store.reading(PRIYA) as uow:
            (did,) = home(uow).did
        seen.append((did.operation.state, did.request))
    assert seen == [(State.ACCEPTED, None), (State.DONE, S.SCHEDULED), (State.DONE, S.EFFECTIVE)]


def test_in_whose_name_stripe_is_told(shop: AskingShop) -> None:
    """Of who gave the last approval; nobody waits in a modal for it."""
    id_ = approved(shop)
    operation = shop.rows.operations[id_]
    assert (operation.user, operation.reply_to, operation.contact) == (PRIYA.user, "{}", ADA)


@pytest.mark.parametrize(
    ("wished", "at"),
    [
        (None, datetime(2026, 3, 15, 9, tzinfo=UTC)),
        (date(2026, 3, 15), datetime(2026, 3, 15, 9, tzinfo=UTC)),
        (date(2026, 3, 16), datetime(2026, 4, 15, 9, tzinfo=UTC)),
        (date(2026, 12, 24), datetime(2027, 1, 15, 9, tzinfo=UTC)),
    ],
)
def test_a_wish_waits_for_the_first_end_of_a_period_from_that_day_on(shop: AskingShop, wished, at) -> None:
    assert planned(shop, wished=wished).effective_at == at


def test_a_period_that_began_on_the_31st_ends_on_the_last_days(shop: AskingShop) -> None:
    one = subscription(
        started_at=datetime(2026, 1, 31, 9, tzinfo=UTC), current_period_end=datetime(2026, 2, 28, 9, tzinfo=UTC)
    )
    ends = period_ends(one)
    assert [next(ends).date() for _ in range(3)] == [date(2026, 2, 28), date(2026, 3, 31), date(2026, 4, 30)]


def test_after_a_trial_the_periods_are_counted_from_its_end(shop: AskingShop) -> None:
    """From 17 to 31 January, then monthly: a wish for 20 March is met on the 31st, not on the 28th."""
    one = subscription(
        started_at=datetime(2026, 1, 17, 9, tzinfo=UTC),
        anchor=datetime(2026, 1, 31, 9, tzinfo=UTC),
        current_period_end=datetime(2026, 2, 28, 9, tzinfo=UTC),
    )
    ends = period_ends(one)
    assert [next(ends).date() for _ in range(3)] == [date(2026, 2, 28), date(2026, 3, 31), date(2026, 4, 30)]
    during_it = one.model_copy(update={"current_period_end": one.anchor})
    assert next(period_ends(during_it)) == one.anchor
    settles_on(shop, one)
    assert planned(shop, wished=date(2026, 3, 20)).effective_at == datetime(2026, 3, 31, 9, tzinfo=UTC)


def test_a_cycle_that_was_moved_counts_from_its_running_period(shop: AskingShop) -> None:
    one = subscription(current_period_end=datetime(2026, 3, 20, 9, tzinfo=UTC))
    ends = period_ends(one)
    assert [next(ends).date() for _ in range(2)] == [date(2026, 3, 20), date(2026, 4, 20)]


def test_a_year_is_a_year(shop: AskingShop) -> None:
    one = subscription(
        interval="year",
        started_at=datetime(2024, 2, 29, 9, tzinfo=UTC),
        current_period_end=datetime(2027, 2, 28, 9, tzinfo=UTC),
    )
    ends = period_ends(one)
    assert [next(ends).date() for _ in range(2)] == [date(2027, 2, 28), date(2028, 2, 29)]


def test_the_wished_day_is_the_businesss(shop: AskingShop) -> None:
    """A period that ends at half past eleven in the evening, UTC, ends on the next day in Berlin."""
    settles_on(shop, subscription(current_period_end=datetime(2026, 3, 14, 23, 30, tzinfo=UTC)))
    request = shop.files(wished=date(2026, 3, 15))
    with shop.store.reading(PRIYA) as uow:
        (mine,) = [one for one in uow.mirror.subscriptions(ADA) if one.id == SUBSCRIPTION]
        assert effective_at(uow, request, mine) == datetime(2026, 3, 14, 23, 30, tzinfo=UTC)


def test_where_the_house_does_it_at_once_it_is_in_effect_at_once(shop: AskingShop) -> None:
    """GX8, K7"""
    policy(shop, downgrade=TakesEffect.AT_ONCE)
    request = planned(shop)
    assert (request.state, request.effective_at) == (S.EFFECTIVE, shop.clock.now)
    assert shop.payments.called("schedule_change") == 0
    assert shop.payments.called("change_subscription") == 1
    account = shop.rows.contacts[ADA].account
    assert (account.plan, account.contact_limit, account.seats) == ("mail/basic", 1000, 1)


def test_at_once_is_not_before_the_day_that_is_wished_for(shop: AskingShop) -> None:
    """K7: the form promises that it never takes effect before that day."""
    policy(shop, downgrade=TakesEffect.AT_ONCE)
    request = planned(shop, wished=date(2026, 3, 10))
    assert (request.state, request.effective_at) == (S.SCHEDULED, PERIOD_END)
    assert shop.payments.called("change_subscription") == 0


def test_at_once_is_not_what_costs_more_in_all(shop: AskingShop) -> None:
    """K7, A17: fewer contacts (95.00 to 49.00), and six more seats (54.00): 8.00 more, which nobody has confirmed."""
    policy(shop, downgrade=TakesEffect.AT_ONCE)
    settles_on(shop, subscription().model_copy(update={"items": (_item(PRO_2500),)}))
    request = planned(shop, plan="mail/pro", limit=1000, seats=9)
    assert request.impact.difference == eur(800)
    assert (request.state, request.effective_at) == (S.SCHEDULED, PERIOD_END)
    assert shop.payments.called("change_subscription") == 0


def test_a_repeated_step_makes_no_second_schedule(shop: AskingShop) -> None:
    operation = approved(shop)
    shop.payments.fails_after.append(Transient("stripe"))
    with pytest.raises(Transient):
        shop.performs(operation)
    shop.walks(operation)
    shop.walks(operation)
    assert len(shop.payments.scheduled) == 1
    assert [one.act for one in shop.request.decisions].count(Act.SCHEDULE) == 1


# It fails


def test_a_subscription_that_changed_meanwhile_fails_it(shop: AskingShop) -> None:
    operation = approved(shop)
    settles_on(shop, subscription(REPORTS))
    assert shop.walks(operation) is State.REFUSED
    assert (shop.request.state, shop.request.last.note) == (S.FAILED, "SubscriptionChanged")
    assert shop.payments.called("schedule_change") == 0


def test_a_subscription_that_was_cancelled_meanwhile_fails_it(shop: AskingShop) -> None:
    """GX9: planning the change would take the cancellation back."""
    operation = approved(shop)
    settles_on(shop, subscription(cancel_at=PERIOD_END))
    assert shop.walks(operation) is State.REFUSED
    assert (shop.request.state, shop.request.last.note) == (S.FAILED, "PlanEnds")
    assert shop.payments.called("schedule_change") == 0


def test_an_account_that_was_closed_meanwhile_fails_it(shop: AskingShop) -> None:
    """GX3"""
    operation = approved(shop)
    shop.knows(customer(account=Account(plan="mail/pro", status=AccountStatus.CLOSED)))
    assert shop.walks(operation) is State.REFUSED
    assert (shop.request.state, shop.request.last.note) == (S.FAILED, "AccountNotBillable")
    assert shop.payments.called("schedule_change") == 0


def test_a_plan_that_stripe_does_not_know_fails_it(shop: AskingShop) -> None:
    operation = approved(shop)
    shop.payments.fails.append(Misconfigured(price=BASIC))
    shop.walks(operation)
    assert (shop.request.state, shop.request.last.note) == (S.FAILED, "Misconfigured")
    assert shop.happened()[-1] == "request_failed"


def test_what_nobody_foresaw_fails_it_too(shop: AskingShop) -> None:
    shop.steps.fail(approved(shop), "ref123")
    assert (shop.request.state, shop.request.last.note, shop.request.last.by) == (S.FAILED, "Failed", None)


def test_what_stripe_has_been_told_stays_planned_when_only_the_telling_of_people_fails(shop: AskingShop) -> None:
    """A24: the mail or the message broke after the schedule was written down; the plan will change all the same."""
    operation = approved(shop)
    shop.walks(operation)
    shop.steps.fail(operation, "ref123")
    assert shop.rows.operations[operation].state is State.DONE
    assert (shop.request.state, shop.request.last.act) == (S.SCHEDULED, Act.SCHEDULE)


def test_an_upgrade_waits_until_it_is_written_down_what_stripe_was_told(shop: AskingShop) -> None:
    """AX2: else the upgrade's own record would meet a request of which nobody knows yet that it is planned."""
    operation = approved(shop)
    performed = shop.performs(operation)
    shop.clock.goes_on(seconds=1)
    later = shop.accepts(ChangePlan(contact=ADA, preview=OperationId("op_preview")), key="upgrade")
    with pytest.raises(Transient):
        shop.steps.check(later, "")
    shop.records(operation, performed)
    shop.clock.goes_on(seconds=1)
    keep = shop.accepts(KeepPlan(contact=ADA, request=shop.request.id), person=MIA, key="keep")
    with pytest.raises(Transient):
        shop.steps.check(keep, "")


def test_what_was_superseded_before_stripe_was_told_stays_superseded(shop: AskingShop) -> None:
    operation = approved(shop)
    with shop.store.writing(TOM) as uow:
        assert supersede(uow, SUBSCRIPTION)
    assert shop.walks(operation) is State.REFUSED
    assert (shop.request.state, shop.request.last.by.name) == (S.SUPERSEDED, "Tom Deputy")
    assert shop.payments.called("schedule_change") == 0


def test_without_a_request_an_upgrade_supersedes_nothing(shop: AskingShop) -> None:
    with shop.store.writing(TOM) as uow:
        assert supersede(uow, SUBSCRIPTION) is False


# Stripe's events


def test_when_stripe_has_made_the_change_it_is_in_effect(shop: AskingShop) -> None:
    planned(shop)
    hears(shop, basic())
    assert (shop.request.state, shop.request.last.by) == (S.EFFECTIVE, None)
    assert shop.rows.contacts[ADA].account.plan == "mail/basic"
    assert shop.happened()[-1] == "request_effective"


def test_with_seats_in_bundles_it_is_in_effect_when_the_bundles_are_there(shop: AskingShop) -> None:
    """A8: five wished for are eight, the three of Pro and a pack of five; so seats do not change with the limit."""
    seat = CATALOGUE.add_on("extra-seat").model_copy(update={"seats": 5})
    shop.sells(add_ons=tuple(seat if one.id == seat.id else one for one in CATALOGUE.add_ons))
    settles_on(shop, subscription().model_copy(update={"items": (_item(PRO_2500), _item(SEAT))}))
    request = planned(shop, plan="mail/pro", limit=1000, seats=5)
    assert [(one.dimension, one.before, one.after) for one in request.differences] == [(Dimension.LIMIT, 2500, 1000)]
    assert request.after.seats == 8
    hears(shop, subscription(SEAT))
    assert shop.request.state is S.EFFECTIVE
    assert shop.rows.contacts[ADA].account.contact_limit == 1000


def test_an_event_in_between_changes_nothing(shop: AskingShop) -> None:
    planned(shop)
    hears(shop)
    assert shop.request.state is S.SCHEDULED


@pytest.mark.parametrize("state", [S.FILED, S.ASKED, S.SCHEDULED])
def test_a_subscription_that_ends_ends_its_request(shop: AskingShop, state: RequestState) -> None:
    """GX9"""
    shop.files()
    if state is S.ASKED:
        shop.does(Act.ASK, PRIYA, "why?")
    if state is S.SCHEDULED:
        shop.does(Act.APPROVE, PRIYA)
        shop.walks(OperationId(f"op_{shop.request.id}_2"))
    hears(shop, subscription(status=SubscriptionStatus.CANCELED))
    assert (shop.request.state, shop.request.last.note) == (S.FAILED, "SubscriptionEnded")


def test_a_schedule_that_was_let_go_at_stripe_fails_it(shop: AskingShop) -> None:
    planned(shop)
    hears(shop, subscription(schedule=None))
    assert (shop.request.state, shop.request.last.note) == (S.FAILED, "ScheduleReleased")


def test_while_an_operation_is_at_work_a_schedule_may_be_gone_for_a_moment(shop: AskingShop) -> None:
    """It is that operation's doing, and it says so itself."""
    request = planned(shop)
    shop.accepts(KeepPlan(contact=ADA, request=request.id), person=MIA, key="keep")
    hears(shop, subscription(schedule=None))
    assert shop.request.state is S.SCHEDULED


def test_what_is_over_is_not_settled_again(shop: AskingShop) -> None:
    planned(shop)
    hears(shop, basic())
    version = shop.request.version
    hears(shop, subscription(status=SubscriptionStatus.CANCELED))
    assert shop.request.version == version


# Kept


def keeps(shop: AskingShop, person=MIA, **changes) -> State:
    command = KeepPlan(contact=changes.get("contact", ADA), request=shop.request.id)
    return shop.walks(shop.accepts(command, person=person, key=f"keep-{len(shop.rows.operations)}"))


def test_the_plan_is_kept_and_the_schedule_let_go(shop: AskingShop) -> None:
    """HX17"""
    request = planned(shop)
    assert keeps(shop) is State.DONE
    assert (shop.request.state, shop.request.last.by.name) == (S.KEPT, "Mia Agent")
    released = [one.arguments for one in shop.payments.calls if one.name == "release_schedule"]
    assert released == [(SUBSCRIPTION, request.schedule)]
    assert shop.happened()[-1] == "request_kept"


@pytest.mark.parametrize("moved_on", [False, True])
def test_only_what_is_planned_can_be_kept(shop: AskingShop, moved_on: bool) -> None:
    shop.files()
    if moved_on:
        shop.does(Act.REJECT, PRIYA, "no")
    assert keeps(shop) is State.REFUSED
    assert shop.payments.called("release_schedule") == 0


def test_another_customers_request_is_not_kept_by_a_forged_command(shop: AskingShop) -> None:
    planned(shop)
    assert keeps(shop, contact="con_ben") is State.REFUSED
    assert shop.request.state is S.SCHEDULED


def test_kept_too_late_it_is_in_effect(shop: AskingShop) -> None:
    planned(shop)
    shop.payments.subscriptions[SUBSCRIPTION] = basic(schedule=ScheduleId("gone"))
    assert keeps(shop) is State.DONE
    assert shop.request.state is S.EFFECTIVE
    assert '"too_late":true' in list(shop.rows.operations.values())[-1].result


def test_an_upgrade_supersedes_what_is_planned(shop: AskingShop) -> None:
    """HX17: a later upgrade takes its place."""
    planned(shop)
    with shop.store.writing(TOM) as uow:
        assert supersede(uow, SUBSCRIPTION)
    assert shop.request.state is S.SUPERSEDED
    assert shop.happened()[-1] == "request_superseded"
