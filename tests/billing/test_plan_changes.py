"""Changing plans: every rule and every refusal (A1 to A31, AX1 to AX14). Sam and Priya change Ada's mail plan."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from billing.access import Actor
from billing.catalogue import Catalogue, ReasonCode
from billing.change_requests.filing import FileRequest, file
from billing.change_requests.model import ChangeRequest, RequestState
from billing.contacts import UNKNOWN_COUNTRY, AccountStatus, Address, InvoiceStatus, Subscription, SubscriptionStatus
from billing.errors import (
    AccountNotBillable,
    ChangeWaits,
    CountryUnknown,
    Declined,
    HighestLimit,
    KontorError,
    LimitNotOffered,
    NeedsDecision,
    NobodyMayPurchase,
    NoPlan,
    NotChangeable,
    NothingChanges,
    NotPermitted,
    NotStaff,
    PlanEnds,
    PriceChanged,
    RequesterMayNot,
    RequestScheduled,
    SeatsInUse,
    SeatsOutOfRange,
    SubscriptionChanged,
    UnknownAddOn,
    UnknownPlan,
    UsageAboveLimits,
)
from billing.ids import ContactId, LookupKey, OperationId, ScheduleId, SubscriptionId
from billing.money import Money
from billing.operations import Operation, State
from billing.plan_changes import (
    REVIEW_HOLDS,
    CallOffChange,
    ChangeCalledOff,
    ChangeForm,
    ChangePlan,
    ComparePlans,
    PlanChanged,
    PlanChangeDraft,
    PlanChangeReviewed,
    PlanChoice,
    PlanOverview,
    PreviewPlanChange,
    ResumePlanChange,
    Way,
    Wish,
    assess,
    comparison,
    draft_of,
    follow,
    form,
    next_limit,
    overview,
    reviewed,
    ways_out,
)
from billing.plans import Package
from billing.ports import ChangeOrder
from billing.roles import Role
from billing.subscriptions import ResumeSubscription
from billing.timeline import Happening
from tests.support.plans import (
    ADMIN,
    BASIC,
    BASIC_1000,
    BUYER,
    CLERK,
    DESK,
    MAIL,
    PERIOD_END,
    PRIYA,
    PRO,
    PRO_2500,
    REPORTS,
    SEAT,
    SUB,
    customer,
    draft,
    has,
    policy,
    running,
)
from tests.support.shop import ADA, ADAS_CARD, BEN, BENS_CARD, SAM, Shop, actor, method


@pytest.fixture
def shop() -> Shop:
    return has(Shop(catalogue=MAIL), running())


def eur(amount: int) -> Money:
    return Money(amount=amount, currency="EUR")


def page(shop: Shop, subscription: str | None = None, person: Actor = SAM) -> PlanOverview:
    with shop.store.reading(person) as uow:
        return overview(uow, ADA, SubscriptionId(subscription) if subscription else None)


def offered(shop: Shop, wanted: PlanChangeDraft | None = None) -> ChangeForm:
    with shop.store.reading(SAM) as uow:
        return form(uow, wanted, overview(uow, ADA))


def refused(shop: Shop, error: type[KontorError], **changes: Any) -> Any:
    """The draft is refused when the form is submitted and, forged past it, by the operation; nothing reaches Stripe."""
    person = changes.pop("person", SAM)
    with shop.store.reading(person) as uow, pytest.raises(error) as raised:
        assess(uow, draft(**changes))
    forged = PreviewPlanChange(**draft(**changes).model_dump())
    operation = shop.accepts(forged, person=person, key=f"forged {changes}")
    assert shop.walks(operation) is State.REFUSED
    assert shop.rows.operations[operation].reason == raised.value.reason  # type: ignore[attr-defined]
    assert not shop.payments.calls
    return raised.value


def previewed(shop: Shop, *, person: Actor = SAM, key: str = "preview", **changes: Any) -> OperationId:
    operation = shop.accepts(PreviewPlanChange(**draft(**changes).model_dump()), person=person, key=key)
    assert shop.walks(operation) is State.DONE, shop.rows.operations[operation].reason
    return operation


def review_of(shop: Shop, preview: OperationId) -> PlanChangeReviewed:
    return PlanChangeReviewed.model_validate_json(shop.rows.operations[preview].result)


def confirms(
    shop: Shop, preview: str, *, person: Actor = SAM, contact: ContactId = ADA, key: str = "change", **more: Any
) -> Operation:
    operation = shop.accepts(ChangePlan(contact=contact, preview=preview, **more), person=person, key=key)
    shop.walks(operation)
    return shop.rows.operations[operation]


def receipt_of(operation: Operation) -> PlanChanged:
    assert operation.state is State.DONE, operation.reason
    return PlanChanged.model_validate_json(operation.result or "")


def changes(shop: Shop, **wanted: Any) -> PlanChanged:
    return receipt_of(confirms(shop, previewed(shop, **wanted)))


def requested(shop: Shop) -> ChangeRequest:
    """Sam has filed a request for less."""
    wanted = draft(plan="mail/basic", limit=500, seats=1)
    command = FileRequest(**wanted.model_dump(), reason=ReasonCode.SEASONAL, reply_to="ada@engines.example")
    with shop.store.writing(SAM) as uow:
        return file(uow, command, "filed")


def planned(shop: Shop) -> ChangeRequest:
    """Pro with two seats more is going to be Basic: the request is approved, and waits at Stripe."""
    items = ((PRO, 1), (SEAT, 2))
    has(shop, running(*items), who=customer(account={"plan": "mail/pro"}))
    request = requested(shop).model_copy(update={"state": RequestState.SCHEDULED, "effective_at": PERIOD_END})
    has(shop, running(*items, schedule=ScheduleId("sub_sched_1")), who=shop.rows.contacts[ADA])
    shop.rows.requests[request.id] = request
    return request


# The page


def test_the_page_shows_what_the_customer_has(shop: Shop) -> None:
    """AX13, CX15: 15.00 and 19 % are 17.85, on 16 March."""
    shown = page(shop)
    assert shown.package == Package(plan="mail/basic", limit=500, seats=1)
    assert shown.purchasers == (ADMIN, BUYER)
    assert shown.may_change
    assert shown.request is None
    assert shown.raises_by_itself is None
    assert shown.next_payment is not None
    assert (shown.next_payment.at, shown.next_payment.amount) == (PERIOD_END, eur(1500))
    assert shown.next_payment.total == eur(1785)


def test_tax_is_rounded_line_by_line(shop: Shop) -> None:
    """49.00 and 5 x 9.00 = 45.00: 9.31 + 8.55 = 17.86, so 111.86."""
    has(shop, running((PRO, 1), (SEAT, 5)))
    following = page(shop).next_payment
    assert following is not None
    assert following.total == eur(4900 + 4500 + 931 + 855)


@pytest.mark.parametrize(("balance", "due"), [(2000, 3831), (-500, 6331), (9000, 0)])
def test_the_next_payment_is_taken_from_the_customers_credit_first(shop: Shop, balance: int, due: int) -> None:
    """AX13: 49.00 with 9.31 of tax are 58.31; less 20.00 of credit 38.31, with 5.00 from earlier 63.31."""
    has(shop, running((PRO, 1)))
    mirrored = shop.rows.mirror[ADA]
    shop.rows.mirror[ADA] = replace(mirrored, balance=eur(balance))
    following = page(shop).next_payment
    assert following is not None
    assert (following.total, following.due) == (eur(5831), eur(due))


def test_the_page_shows_what_is_charged(shop: Shop) -> None:
    """AX13"""
    assert page(shop).method == shop.rows.mirror[ADA].methods[0]
    has(shop, running(by_invoice=True))
    assert page(shop).method is None


def test_with_a_discount_only_stripe_knows_the_next_amount(shop: Shop) -> None:
    has(shop, running(discount="TEN"))
    following = page(shop).next_payment
    assert following is not None
    assert (following.amount, following.total) == (eur(1500), None)


def test_what_ends_with_the_period_is_not_paid_again(shop: Shop) -> None:
    """GX9"""
    has(shop, running(cancel_at=PERIOD_END))
    assert page(shop).next_payment is None


def test_the_next_payment_is_that_of_a_downgrade_which_begins_then(shop: Shop) -> None:
    has(shop, running((PRO, 1)), who=customer(account={"plan": "mail/pro"}))
    request = requested(shop)
    scheduled = request.model_copy(update={"state": RequestState.SCHEDULED, "effective_at": PERIOD_END})
    shop.rows.requests[request.id] = scheduled
    shown = page(shop)
    assert shown.request == scheduled
    assert shown.next_payment is not None
    assert shown.next_payment.total == eur(1785)  # of Mail Basic


def test_the_page_shows_the_plan_of_the_account_and_the_others_beside_it(shop: Shop) -> None:
    """H33: a customer may have several plans."""
    has(shop, running((DESK, 2), id=SubscriptionId("sub_desk")), running())
    assert page(shop).subscription.id == SUB
    assert [one.id for one in page(shop).others] == ["sub_desk"]
    assert page(shop, "sub_desk").package.plan == "desk/team"


@pytest.mark.parametrize(
    "subscriptions",
    [(), (running(status=SubscriptionStatus.CANCELED),), (running(status=SubscriptionStatus.SCHEDULED),)],
    ids=["none", "ended", "not yet"],
)
def test_without_a_running_plan_there_is_no_page(shop: Shop, subscriptions: tuple[Subscription, ...]) -> None:
    has(shop, *subscriptions)
    with pytest.raises(NoPlan):
        page(shop)


def test_an_admin_sees_the_page_but_changes_nothing(shop: Shop) -> None:
    """H16"""
    admin = actor(Role.ADMIN, user="U_ADMIN")
    shop.hires(admin)
    assert not page(shop, person=admin).may_change
    refused(shop, NotPermitted, person=admin)


def test_nobody_without_a_role_sees_the_page(shop: Shop) -> None:
    with pytest.raises(NotStaff):
        page(shop, person=actor(user="U_NOBODY"))


# The comparison


def test_the_plan_is_compared_with_those_above_it_first(shop: Shop) -> None:
    """A5"""
    with shop.store.reading(SAM) as uow:
        assert [one.name for one in comparison(uow, ComparePlans(contact=ADA)).columns] == ["mail/basic", "mail/pro"]


def test_at_most_three_others_are_compared(shop: Shop) -> None:
    wanted = ("mail/pro", "desk/team", "school/seat", "mail/basic", "mail/gold")
    with shop.store.reading(SAM) as uow:
        found = comparison(uow, ComparePlans(contact=ADA, subscription=SUB, others=wanted))
    assert [one.name for one in found.columns] == ["mail/basic", "mail/pro", "desk/team", "school/seat"]


def test_a_plan_without_a_family_is_compared_with_the_others(shop: Shop) -> None:
    has(shop, running((DESK, 2)), who=customer(account={"plan": "desk/team"}))
    with shop.store.reading(SAM) as uow:
        found = comparison(uow, ComparePlans(contact=ADA))
    assert [one.name for one in found.columns] == ["desk/team", "mail/basic", "mail/pro"]


# The form


def test_the_form_begins_with_what_the_customer_has(shop: Shop) -> None:
    shown = offered(shop)
    assert shown.draft.package == Package(plan="mail/basic", limit=500, seats=1)
    assert shown.draft.requester == ADMIN.email
    assert shown.limits == (500, 1000)
    assert shown.add_ons == ()


def test_the_form_offers_what_belongs_to_the_plan_that_is_chosen_in_it(shop: Shop) -> None:
    """A22: Pro has no 500 contacts and no single seat; the nearest take their place."""
    shown = offered(shop, draft(limit=500, seats=1, add_ons={"reports": 7, "gone": 1}))
    assert shown.draft.package == Package(plan="mail/pro", limit=1000, seats=3, add_ons={"reports": 1})
    assert shown.limits == (1000, 2500)
    assert [add_on.id for add_on, _ in shown.add_ons] == ["reports"]
    assert (shown.wished.limit, shown.wished.add_ons) == (500, {"reports": 7, "gone": 1})


def test_seats_that_come_with_the_plan_follow_the_plan(shop: Shop) -> None:
    """From Pro with its three seats to Basic: one seat, which is in use, and no second one that would be paid for."""
    has(shop, running((PRO, 1)), who=customer(account={"plan": "mail/pro", "seats": 3}))
    assert offered(shop, draft(plan="mail/basic", limit=1000, seats=3)).draft.seats == 1
    has(shop, running((PRO, 1)), who=customer(account={"plan": "mail/pro", "seats": 3, "seats_used": 2}))
    assert offered(shop, draft(plan="mail/basic", limit=1000, seats=3)).draft.seats == 2


def choice(**changes: Any) -> PlanChoice:
    """Pro is shown, with the nearest of what is wished for: 500 contacts, 7 seats, one report."""
    fields = {
        **draft().model_dump(),
        "shown": Wish(limit=1000, seats=7, add_ons={"reports": 1}),
        "wished": Wish(limit=500, seats=7, add_ons={"reports": 1, "extra": 2}),
        "seats": 7,
        "add_ons": {"reports": 1},
    }
    return PlanChoice(**(fields | changes))


def test_what_the_form_filled_in_by_itself_is_not_what_was_wished_for() -> None:
    wanted = choice().draft()
    assert (wanted.limit, wanted.seats, wanted.add_ons) == (500, 7, {"reports": 1, "extra": 2})


def test_what_a_person_changed_in_the_form_is_wished_for_from_then_on() -> None:
    wanted = choice(limit=2500, seats=4, add_ons={"reports": 0}).draft()
    assert (wanted.limit, wanted.seats, wanted.add_ons) == (2500, 4, {"reports": 0, "extra": 2})


def test_a_form_without_limits_keeps_the_one_that_was_wished_for() -> None:
    assert choice(limit=None).draft().limit == 500


@pytest.mark.parametrize(
    ("who", "subscription", "error"),
    [
        (customer(account={"status": AccountStatus.SUSPENDED}), running(), AccountNotBillable),
        (customer(address=Address(country=UNKNOWN_COUNTRY)), running(), CountryUnknown),
        (customer(members=(CLERK,)), running(), NobodyMayPurchase),
        (customer(), running(status=SubscriptionStatus.PAST_DUE), NotChangeable),
        (customer(), running(cancel_at=PERIOD_END), PlanEnds),
    ],
    ids=["suspended", "no country", "nobody may", "past due", "ends"],
)
def test_where_nothing_can_be_changed_there_is_no_form(
    shop: Shop, who: Any, subscription: Subscription, error: type[Exception]
) -> None:
    """GX3, GX9, H15, HX3, A1"""
    has(shop, subscription, who=who)
    with pytest.raises(error):
        offered(shop)
    refused(shop, error)  # type: ignore[arg-type]


# The rules


def test_the_primary_admin_and_an_admin_with_purchase_permission_may_ask(shop: Shop) -> None:
    """A1; addresses are compared however they are capitalised."""
    for email in (ADMIN.email, BUYER.email, "ADA@Engines.Example"):
        with shop.store.reading(SAM) as uow:
            assert assess(uow, draft(requester=email)).requester in (ADMIN, BUYER)


@pytest.mark.parametrize(("email", "name"), [(CLERK.email, "Cyril Clerk"), ("eve@evil.example", "eve@evil.example")])
def test_nobody_else_may_and_the_refusal_names_who_can(shop: Shop, email: str, name: str) -> None:
    """A1"""
    refusal = refused(shop, RequesterMayNot, requester=email)
    assert refusal.reason.field == "requester"
    assert refusal.reason.parameters == {"name": name, "allowed": ("Ada Admin", "Bea Buyer"), "contact": "Ada Lovelace"}


@pytest.mark.parametrize(
    ("wanted", "error", "field"),
    [
        ({"plan": "mail/basic", "limit": 500, "seats": 1}, NothingChanges, "plan"),
        ({"plan": "mail/gold"}, UnknownPlan, "plan"),
        ({"plan": "school/seat", "limit": None, "seats": 1}, UnknownPlan, "plan"),
        ({"limit": 500}, LimitNotOffered, "limit"),
        ({"seats": 2}, SeatsOutOfRange, "seats"),
        ({"seats": 14}, SeatsOutOfRange, "seats"),
        ({"add_ons": {"reports": 2}}, UnknownAddOn, "add_ons"),
        ({"add_ons": {"extra-seat": 1}}, UnknownAddOn, "add_ons"),
        ({"subscription": "sub_of_ben"}, NoPlan, None),
    ],
    ids=str,
)
def test_what_is_not_offered_is_refused_at_its_field(
    shop: Shop, wanted: dict[str, Any], error: type[KontorError], field: str | None
) -> None:
    """A8, A10, A20, A22, AX10"""
    assert refused(shop, error, **wanted).reason.field == field


def test_the_subscription_of_another_customer_is_not_changed(shop: Shop) -> None:
    """A form can be forged."""
    bens = running(id=SubscriptionId("sub_ben"))
    shop.rows.mirror[BEN] = shop.rows.mirror[ADA].__class__(subscriptions=(bens,))
    shop.payments.subscriptions[bens.id] = bens
    refused(shop, NoPlan, subscription="sub_ben")


@pytest.mark.parametrize(
    ("before", "wanted", "way"),
    [
        (((BASIC, 1),), {}, Way.AT_ONCE),
        (((BASIC, 1),), {"plan": "mail/basic", "limit": 1000, "seats": 1}, Way.AT_ONCE),
        (((BASIC, 1),), {"plan": "mail/basic", "limit": 500, "seats": 2}, Way.AT_ONCE),
        (((PRO, 1),), {"add_ons": {"reports": 1}}, Way.AT_ONCE),
        (((PRO, 1), (SEAT, 2)), {"seats": 4}, Way.AT_ONCE),  # A15: fewer seats
        (((PRO, 1), (REPORTS, 1)), {}, Way.REQUEST),  # A24: an add-on less
        (((PRO_2500, 1),), {}, Way.REQUEST),  # A13: fewer contacts
        (((PRO, 1),), {"plan": "mail/basic", "seats": 1}, Way.REQUEST),  # A24: a lower plan
        (((BASIC, 1),), {"plan": "desk/team", "limit": None, "seats": 1}, Way.REQUEST),  # features are lost
        (((PRO_2500, 1),), {"seats": 5}, Way.REQUEST),  # up and down in one go
    ],
    ids=str,
)
def test_upwards_is_done_at_once_and_downwards_is_decided(
    shop: Shop, before: tuple[tuple[LookupKey, int], ...], wanted: dict[str, Any], way: Way
) -> None:
    """A13, A15, A23, A24"""
    has(shop, running(*before))
    with shop.store.reading(SAM) as uow:
        assert assess(uow, draft(**wanted)).way is way


def test_what_needs_a_decision_has_no_price_to_confirm(shop: Shop) -> None:
    """A24"""
    has(shop, running((PRO_2500, 1)))
    operation = shop.accepts(PreviewPlanChange(**draft().model_dump()), key="down")
    assert shop.walks(operation) is State.REFUSED
    assert shop.rows.operations[operation].reason == NeedsDecision().reason
    assert not shop.payments.calls


def test_seats_in_use_cannot_be_given_back(shop: Shop) -> None:
    """A15, AX10"""
    has(shop, running((PRO, 1), (SEAT, 3)), who=customer(account={"plan": "mail/pro", "seats_used": 5}))
    refusal = refused(shop, SeatsInUse, seats=4)
    assert refusal.reason.field == "seats"
    assert refusal.reason.parameters == {"used": 5, "seats": 4}
    with shop.store.reading(SAM) as uow:
        assert assess(uow, draft(seats=5)).way is Way.AT_ONCE


def test_seats_in_use_are_those_of_the_accounts_plan(shop: Shop) -> None:
    """Twelve desks are in use; the mail plan beside them has seats of its own."""
    has(shop, running((PRO, 1), (SEAT, 3)), who=customer(account={"plan": "desk/team", "seats_used": 12}))
    with shop.store.reading(SAM) as uow:
        assert assess(uow, draft(seats=4)).way is Way.AT_ONCE


def self_service(shop: Shop, contacts: int = 120) -> Shop:
    """K3, AX3: a lower contact limit without a decision. Ada has Basic with 1,000 contacts."""
    shop.sells(plan_changes=policy(lower_limit="self_service").plan_changes)
    return has(
        shop, running((BASIC_1000, 1)), who=customer(account={"contact_limit": 1000, "active_contacts": contacts})
    )


LOWER = {"plan": "mail/basic", "limit": 500, "seats": 1}


def test_by_the_policy_a_lower_limit_takes_effect_with_the_next_period(shop: Shop) -> None:
    """K3, AX2, AX3: nothing is charged now, the account keeps its limit until then."""
    receipt = changes(self_service(shop), **LOWER)
    assert receipt.assessment.way is Way.PERIOD_END
    assert (receipt.effective_at, receipt.invoice) == (PERIOD_END, None)
    assert shop.payments.called("schedule_change") == 1
    assert shop.payments.called("change_subscription") == 0
    assert shop.rows.contacts[ADA].account.contact_limit == 1000
    [entry] = shop.rows.timeline
    assert (entry.what, entry.amount) == (Happening.PLAN_CHANGE_SCHEDULED, None)


def test_the_account_follows_when_the_lower_limit_has_begun(shop: Shop) -> None:
    """K3: Stripe has changed it at the period's end, and the mirror was renewed."""
    self_service(shop)
    has(shop, running((BASIC, 1)), who=shop.rows.contacts[ADA])
    with shop.store.writing(SAM) as uow:
        follow(uow, uow.contacts.get(ADA))
    assert shop.rows.contacts[ADA].account.contact_limit == 500


def calls_off(shop: Shop, *, person: Actor = SAM, **changes: Any) -> Operation:
    command = CallOffChange(**({"contact": ADA, "subscription": SUB} | changes))
    operation = shop.accepts(command, person=person, key=f"call off {changes}")
    shop.walks(operation)
    return shop.rows.operations[operation]


def test_a_lower_limit_that_waits_can_be_called_off(shop: Shop) -> None:
    """K3, HX17"""
    changes(self_service(shop), **LOWER)
    done = calls_off(shop)
    assert done.state is State.DONE, done.reason
    assert not ChangeCalledOff.model_validate_json(done.result or "").too_late
    assert shop.payments.subscriptions[SUB].schedule is None
    assert shop.rows.mirror[ADA].subscriptions[0].schedule is None
    assert shop.happened() == ["plan_change_scheduled", "plan_change_called_off"]
    again = calls_off(shop, contact=ADA)
    assert (again.state, again.reason and again.reason.key) == (State.REFUSED, "SubscriptionChanged")


def test_called_off_too_late_the_lower_limit_is_in_effect(shop: Shop) -> None:
    """K3: Stripe was quicker; the account follows."""
    changes(self_service(shop), **LOWER)
    shop.payments.subscriptions[SUB] = running((BASIC, 1))
    assert ChangeCalledOff.model_validate_json(calls_off(shop).result or "").too_late
    assert shop.rows.contacts[ADA].account.contact_limit == 500
    assert shop.happened() == ["plan_change_scheduled"]


@pytest.mark.parametrize(
    ("lie", "key"),
    [({"subscription": SubscriptionId("sub_of_ben")}, "NoPlan"), ({"contact": BEN}, "NoPlan")],
    ids=["subscription", "contact"],
)
def test_what_waits_for_somebody_else_is_not_called_off(shop: Shop, lie: dict[str, Any], key: str) -> None:
    """A form can be forged."""
    changes(self_service(shop), **LOWER)
    done = calls_off(shop, **lie)
    assert (done.state, done.reason and done.reason.key) == (State.REFUSED, key)
    assert shop.payments.called("release_schedule") == 0


def test_who_may_not_change_plans_calls_nothing_off(shop: Shop) -> None:
    """H16"""
    changes(self_service(shop), **LOWER)
    admin = actor(Role.ADMIN, user="U_ADMIN")
    shop.hires(admin)
    done = calls_off(shop, person=admin)
    assert (done.state, done.reason and done.reason.key) == (State.REFUSED, "NotPermitted")


def test_what_a_request_waits_with_is_kept_by_its_own_button(shop: Shop) -> None:
    planned(shop)
    assert calls_off(shop).state is State.REFUSED
    assert shop.payments.called("release_schedule") == 0


def test_by_the_policy_a_lower_limit_must_hold_what_is_used(shop: Shop) -> None:
    """A4, K3: nobody decides, so nobody can override."""
    refusal = refused(self_service(shop, contacts=700), UsageAboveLimits, **LOWER)
    assert refusal.reason.field == "limit"


def test_by_the_policy_a_lower_plan_is_decided_all_the_same(shop: Shop) -> None:
    shop.sells(plan_changes=policy(lower_limit="self_service").plan_changes)
    has(shop, running((PRO, 1)))
    with shop.store.reading(SAM) as uow:
        assert assess(uow, draft(**LOWER)).way is Way.REQUEST


# The price


def test_the_price_is_stripes_for_the_moment_in_which_it_was_asked(shop: Shop) -> None:
    """AX1, AX14"""
    preview = previewed(shop)
    shown = review_of(shop, preview)
    assert shown.preview.total == eur(1000)  # what this Stripe says
    assert shown.preview.prorated_at == shop.clock.now
    assert shown.method == method(default=True)
    [call] = shop.payments.calls
    order = call.arguments[0]
    assert isinstance(order, ChangeOrder)
    assert [(one.price, one.quantity) for one in order.before] == [(BASIC, 1)]
    assert [(one.price, one.quantity) for one in order.after] == [(PRO, 1)]
    assert order.tax_rates == ("de-vat",)
    assert not shop.rows.timeline, "nothing has happened yet"


def test_by_the_policy_unused_time_is_not_credited(shop: Shop) -> None:
    """K5"""
    shop.sells(plan_changes=policy(proration="full_price").plan_changes)
    previewed(shop)
    assert shop.payments.calls[0].arguments[0].credits_unused is False  # type: ignore[attr-defined]


def test_the_moment_counts_whole_seconds(shop: Shop) -> None:
    shop.clock.now = datetime(2026, 3, 2, 10, 0, 5, 999_999, tzinfo=UTC)
    assert review_of(shop, previewed(shop)).preview.prorated_at == datetime(2026, 3, 2, 10, 0, 5, tzinfo=UTC)


def test_what_is_paid_by_is_the_subscriptions_own_method_else_the_standard_one(shop: Shop) -> None:
    other = method("pm_other", last4="4444")
    cards = (method(default=True), other)
    has(shop, running(payment_method="pm_other"), methods=cards)
    assert review_of(shop, previewed(shop, key="own")).method == other
    has(shop, running(), methods=cards)
    assert review_of(shop, previewed(shop, key="standard")).method == cards[0]
    has(shop, running(by_invoice=True), methods=cards)
    assert review_of(shop, previewed(shop, key="invoice")).method is None


def test_the_review_says_which_request_it_takes_the_place_of(shop: Shop) -> None:
    has(shop, running((PRO, 1)), who=customer(account={"plan": "mail/pro"}))
    request = requested(shop)
    assert review_of(shop, previewed(shop, limit=2500)).supersedes == request


# Doing it


def test_a_confirmed_change_is_done_and_written_down(shop: Shop) -> None:
    """A17, A23, A31"""
    receipt = changes(shop)
    assert [item.price for item in receipt.subscription.items] == [PRO]
    assert receipt.invoice is not None
    assert (receipt.invoice.status, receipt.invoice.total) == (InvoiceStatus.PAID, eur(1000))
    account = shop.rows.contacts[ADA].account
    assert (account.plan, account.contact_limit, account.seats) == ("mail/pro", 1000, 3)
    assert shop.rows.mirror[ADA].subscriptions[0] == receipt.subscription
    [entry] = shop.rows.timeline
    assert (entry.what, entry.by, entry.on_behalf_of) == (Happening.PLAN_CHANGED, "Sam Sales", "Ada Admin")
    assert entry.amount == eur(1000)
    assert entry.parameters == {"plan_before": "mail/basic", "plan": "mail/pro", "limit": 1000, "seats": 3}


def test_a_plan_beside_the_accounts_one_leaves_the_account_alone(shop: Shop) -> None:
    """H33"""
    has(shop, running(), who=customer(account={"plan": "desk/team", "seats": 12}))
    changes(shop)
    account = shop.rows.contacts[ADA].account
    assert (account.plan, account.seats) == ("desk/team", 12)


def test_fewer_seats_are_credited_and_nothing_is_charged(shop: Shop) -> None:
    """A15"""
    has(shop, running((PRO, 1), (SEAT, 2)), who=customer(account={"plan": "mail/pro", "seats": 5}))
    shop.payments.change_total = eur(-900)
    receipt = changes(shop, seats=4)
    assert receipt.invoice is None
    assert shop.rows.contacts[ADA].account.seats == 4


def test_the_same_confirmation_twice_changes_once(shop: Shop) -> None:
    preview = previewed(shop)
    for _ in range(2):
        assert confirms(shop, preview, key="one click").state is State.DONE
    assert shop.payments.called("change_subscription") == 1


def test_a_review_that_was_confirmed_already_changes_nothing_more(shop: Shop) -> None:
    """The same page submitted from another window."""
    preview = previewed(shop)
    confirms(shop, preview, key="first")
    second = confirms(shop, preview, key="second")
    assert (second.state, second.reason and second.reason.key) == (State.REFUSED, "NothingChanges")
    assert shop.payments.called("change_subscription") == 1


def test_a_crash_between_stripe_and_our_rows_changes_once(shop: Shop) -> None:
    preview = previewed(shop)
    operation = shop.accepts(ChangePlan(contact=ADA, preview=preview), key="change")
    shop.performs(operation)
    assert shop.walks(operation) is State.DONE
    assert len(shop.payments.changed) == 1


# What is confirmed must be what was reviewed


def assert_reviewed_again(shop: Shop, operation: Operation, done_before: int = 0) -> None:
    assert operation.state is State.REFUSED
    assert operation.reason is not None
    assert operation.reason.key == PriceChanged.__name__
    assert shop.payments.called("change_subscription") == done_before


def test_a_review_holds_for_an_hour(shop: Shop) -> None:
    preview = previewed(shop)
    shop.clock.now += REVIEW_HOLDS
    assert confirms(shop, preview).state is State.DONE


def test_an_old_review_is_done_again(shop: Shop) -> None:
    preview = previewed(shop)
    shop.clock.now += REVIEW_HOLDS + timedelta(seconds=1)
    assert_reviewed_again(shop, confirms(shop, preview))


def test_a_review_of_somebody_else_is_no_review(shop: Shop) -> None:
    """The id in the metadata can be forged."""
    assert_reviewed_again(shop, confirms(shop, previewed(shop), person=PRIYA))


def test_a_review_for_another_customer_is_no_review(shop: Shop) -> None:
    assert_reviewed_again(shop, confirms(shop, previewed(shop), contact=BEN))


def test_an_operation_of_another_kind_is_no_review(shop: Shop) -> None:
    done = confirms(shop, previewed(shop), key="first")
    assert_reviewed_again(shop, confirms(shop, done.id, key="second"), done_before=1)
    assert_reviewed_again(shop, confirms(shop, "op_unknown", key="third"), done_before=1)


def test_a_review_that_was_refused_is_no_review(shop: Shop) -> None:
    refused_one = shop.accepts(PreviewPlanChange(**draft(requester=CLERK.email).model_dump()), key="refused")
    shop.walks(refused_one)
    assert_reviewed_again(shop, confirms(shop, refused_one))


def test_a_subscription_that_changed_since_is_reviewed_again(shop: Shop) -> None:
    preview = previewed(shop)
    has(shop, running((BASIC_1000, 1)))
    assert_reviewed_again(shop, confirms(shop, preview))


def test_a_policy_that_changed_since_is_reviewed_again(shop: Shop) -> None:
    """K3: what was a change for the period's end became one that is decided."""
    preview = previewed(self_service(shop), **LOWER)
    shop.sells(plan_changes=MAIL.plan_changes)
    assert_reviewed_again(shop, confirms(shop, preview))


def test_rights_that_were_taken_since_are_missed(shop: Shop) -> None:
    """A1, H16: both sides are checked again."""
    preview = previewed(shop)
    has(shop, running(), who=customer(members=(CLERK, BUYER)))
    refusal = confirms(shop, preview, key="customer")
    assert refusal.reason is not None
    assert refusal.reason.key == RequesterMayNot.__name__
    has(shop, running())
    shop.dismisses(SAM)
    refusal = confirms(shop, preview, key="staff")
    assert refusal.reason is not None
    assert refusal.reason.key == NotStaff.__name__
    assert shop.payments.called("change_subscription") == 0


def test_another_amount_at_stripe_is_not_charged(shop: Shop) -> None:
    """AX1: the price shown is the price charged."""
    preview = previewed(shop)
    shop.payments.change_total = eur(1001)
    operation = confirms(shop, preview)
    assert (operation.state, operation.reason and operation.reason.key) == (State.REFUSED, "AmountDiffers")
    assert shop.rows.contacts[ADA].account.plan == "mail/basic"
    assert not shop.rows.timeline


def test_another_subscription_at_stripe_is_left_alone(shop: Shop) -> None:
    preview = previewed(shop)
    shop.payments.subscriptions[SUB] = running((BASIC_1000, 1))
    operation = confirms(shop, preview)
    assert (operation.state, operation.reason and operation.reason.key) == (State.REFUSED, "SubscriptionChanged")


def test_a_declined_card_changes_nothing_and_the_history_says_so(shop: Shop) -> None:
    """H30"""
    preview = previewed(shop)
    shop.payments.fails.append(Declined("insufficient_funds"))
    operation = confirms(shop, preview)
    assert operation.state is State.DECLINED
    assert shop.rows.contacts[ADA].account.plan == "mail/basic"
    [entry] = shop.rows.timeline
    assert (entry.what, entry.amount) == (Happening.PAYMENT_DECLINED, eur(1000))
    assert entry.parameters == {"decline": "insufficient_funds"}


def test_after_a_decline_another_method_on_file_can_pay(shop: Shop) -> None:
    """H30: not the one that was refused, none that expired."""
    good, old = method("pm_good", last4="4444"), method("pm_old", exp_year=2020)
    has(shop, running(), methods=(method(default=True), good, old))
    preview = previewed(shop)
    shop.payments.fails.append(Declined("insufficient_funds"))
    declined = confirms(shop, preview, key="first")
    with shop.store.reading(SAM) as uow:
        ways = ways_out(uow, declined)
    assert (ways.preview, ways.used, ways.others) == (preview, method(default=True), (good,))
    receipt = receipt_of(confirms(shop, preview, key="second", payment_method="pm_good"))
    assert receipt.method == good
    order = shop.payments.calls[-1].arguments[0]
    assert isinstance(order, ChangeOrder)
    assert order.payment_method == "pm_good"


@pytest.mark.parametrize(("wanted", "key"), [(BENS_CARD, "ForeignPaymentMethod"), ("pm_old", "PaymentMethodExpired")])
def test_a_method_that_is_foreign_or_expired_cannot_pay(shop: Shop, wanted: str, key: str) -> None:
    has(shop, running(), methods=(method(default=True), method("pm_old", exp_year=2020)))
    operation = confirms(shop, previewed(shop), payment_method=wanted)
    assert (operation.state, operation.reason and operation.reason.key) == (State.REFUSED, key)
    assert shop.payments.called("change_subscription") == 0


def test_without_another_method_the_reviewed_one_pays(shop: Shop) -> None:
    assert receipt_of(confirms(shop, previewed(shop), payment_method=ADAS_CARD)).method == method(default=True)


def test_without_any_method_on_file_nothing_is_charged(shop: Shop) -> None:
    """H31: the review says so; what is forged past it is refused. By invoice, or without money due, it goes on."""
    shop.rows.mirror[ADA] = shop.rows.mirror[ADA].__class__(subscriptions=(running(),))
    preview = previewed(shop)
    assert review_of(shop, preview).cannot_pay
    operation = confirms(shop, preview)
    assert (operation.state, operation.reason and operation.reason.key) == (State.REFUSED, "NoPaymentMethod")
    assert shop.payments.called("change_subscription") == 0
    shop.payments.change_total = eur(0)
    assert confirms(shop, previewed(shop, key="nothing due"), key="free").state is State.DONE


def test_whoever_pays_by_invoice_needs_no_method(shop: Shop) -> None:
    has(shop, running(by_invoice=True))
    shop.rows.mirror[ADA] = shop.rows.mirror[ADA].__class__(subscriptions=(running(by_invoice=True),))
    assert receipt_of(confirms(shop, previewed(shop))).method is None


# With a link: it waits, and goes on when the customer has added a method


@pytest.fixture
def waiting(shop: Shop) -> Operation:
    """At 11 o'clock a change for 10.00 was reviewed, the card was declined, and a link was sent."""
    preview = previewed(shop)
    shop.payments.fails.append(Declined("insufficient_funds"))
    confirms(shop, preview, key="declined")
    found = confirms(shop, preview, key="link", payment_method="link")
    assert found.state is State.WAITING, found.reason
    return found


def resumes(shop: Shop, waiting: Operation, **changes: Any) -> Operation:
    """Stripe told that the page was completed."""
    fields = {"contact": ADA, "waiting": waiting.id, "session": "cs_test_1"}
    operation = shop.accepts(ResumePlanChange(**(fields | changes)), key="session")
    shop.walks(operation)
    return shop.rows.operations[operation]


def has_added_a_card(shop: Shop) -> None:
    shop.payments.methods["cs_test_1"] = method("pm_new", last4="4444")


def now(shop: Shop, operation: Operation) -> Operation:
    return shop.rows.operations[operation.id]


def test_with_a_link_nothing_is_changed_before_there_is_a_method(shop: Shop, waiting: Operation) -> None:
    """H31"""
    receipt = PlanChanged.model_validate_json(waiting.result or "")
    assert receipt.link is not None
    assert (receipt.method, receipt.invoice, receipt.superseded) == (None, None, False)
    assert receipt.subscription == running()
    assert shop.rows.contacts[ADA].account.plan == "mail/basic"
    assert shop.happened() == ["payment_declined", "payment_link_sent"]
    assert not shop.payments.changed


def test_when_the_method_is_there_the_change_is_made_and_paid_by_it(shop: Shop, waiting: Operation) -> None:
    """H31: prorated to then; three hours later this Stripe asks for 9.90 instead of the 10.00 that were reviewed."""
    has_added_a_card(shop)
    shop.clock.goes_on(hours=3)
    shop.payments.change_total = eur(990)
    receipt = receipt_of(resumes(shop, waiting))
    assert receipt.method == method("pm_new", last4="4444")
    assert receipt.subscription.payment_method == "pm_new"
    assert receipt.invoice is not None
    assert receipt.invoice.total == eur(990)
    order = shop.payments.calls[-1].arguments[0]
    assert isinstance(order, ChangeOrder)
    assert order.prorated_at == shop.clock.now
    assert shop.rows.contacts[ADA].account.plan == "mail/pro"
    assert now(shop, waiting).state is State.DONE
    assert type(receipt).model_validate_json(now(shop, waiting).result or "") == receipt
    assert shop.happened() == ["payment_declined", "payment_link_sent", "plan_changed"]
    assert shop.rows.timeline[-1].amount == eur(990)


def test_more_than_was_reviewed_is_not_charged_later(shop: Shop, waiting: Operation) -> None:
    """The price shown is the most that is charged, as where the period was renewed in between."""
    has_added_a_card(shop)
    shop.clock.goes_on(hours=3)
    shop.payments.change_total = eur(1001)
    done = resumes(shop, waiting)
    assert (done.state, done.reason and done.reason.key) == (State.REFUSED, "AmountDiffers")
    assert now(shop, waiting).state is State.REFUSED
    assert not shop.payments.changed


def test_without_a_method_it_goes_on_waiting(shop: Shop, waiting: Operation) -> None:
    """H31"""
    done = resumes(shop, waiting)
    assert (done.state, done.reason and done.reason.key) == (State.REFUSED, "NotWaiting")
    assert now(shop, waiting).state is State.WAITING


def test_a_subscription_that_changed_while_it_waited_is_reviewed_again(shop: Shop, waiting: Operation) -> None:
    has_added_a_card(shop)
    has(shop, running((BASIC_1000, 1)))
    done = resumes(shop, waiting)
    assert (done.state, done.reason and done.reason.key) == (State.REFUSED, "PriceChanged")
    assert now(shop, waiting).reason == done.reason, "nothing else would end the waiting"


def test_a_list_price_that_changed_while_it_waited_is_reviewed_again(shop: Shop, waiting: Operation) -> None:
    """AX1: 49.00 a month were reviewed; the renewal would be another."""
    has_added_a_card(shop)
    dearer = MAIL.model_dump_json().replace('"EUR":4900', '"EUR":5900')
    shop.sells(products=Catalogue.model_validate_json(dearer).products)
    done = resumes(shop, waiting)
    assert (done.state, done.reason and done.reason.key) == (State.REFUSED, "PriceChanged")


def test_rights_that_were_taken_while_it_waited_are_missed(shop: Shop, waiting: Operation) -> None:
    """A1"""
    has_added_a_card(shop)
    has(shop, running(), who=customer(members=(CLERK, BUYER)))
    done = resumes(shop, waiting)
    assert done.reason is not None
    assert done.reason.key == RequesterMayNot.__name__


@pytest.mark.parametrize(
    ("contact", "key"), [(BEN, "link"), (ADA, "preview"), (ADA, "declined")], ids=["contact", "kind", "state"]
)
def test_a_forged_session_changes_nothing(shop: Shop, waiting: Operation, contact: ContactId, key: str) -> None:
    """What Stripe's metadata claims is checked against our rows."""
    has_added_a_card(shop)
    claimed = next(one for one in shop.rows.operations.values() if one.key == key)
    done = resumes(shop, claimed, contact=contact)
    assert (done.state, done.reason and done.reason.key) == (State.REFUSED, "NotWaiting")
    assert now(shop, waiting).state is State.WAITING
    assert not shop.payments.changed


def test_a_subscriptions_session_does_not_change_a_plan(shop: Shop, waiting: Operation) -> None:
    """Each resumption goes on with what is its own."""
    has_added_a_card(shop)
    operation = shop.accepts(ResumeSubscription(contact=ADA, waiting=waiting.id, session="cs_test_1"), key="other")
    assert shop.walks(operation) is State.REFUSED
    assert now(shop, waiting).state is State.WAITING


def test_a_new_card_that_is_declined_ends_the_waiting(shop: Shop, waiting: Operation) -> None:
    """H30: a person has to decide anew, and sees the ways that are left."""
    has_added_a_card(shop)
    shop.payments.declines = "insufficient_funds"
    done = resumes(shop, waiting)
    assert done.state is State.DECLINED
    assert now(shop, waiting).state is State.DECLINED
    with shop.store.reading(SAM) as uow:
        ways = ways_out(uow, done)
        assert draft_of(uow, done.id) == draft()
    assert (ways.others, ways.link_to) == ((), "ada@engines.example")


def test_a_crash_between_stripe_and_our_rows_changes_once_after_a_link(shop: Shop, waiting: Operation) -> None:
    has_added_a_card(shop)
    operation = shop.accepts(ResumePlanChange(contact=ADA, waiting=waiting.id, session="cs_test_1"), key="session")
    shop.performs(operation)
    assert shop.walks(operation) is State.DONE
    assert len(shop.payments.changed) == 1


def test_without_an_address_no_link_is_sent(shop: Shop) -> None:
    """H30"""
    has(shop, running(), who=customer(email=""))
    operation = confirms(shop, previewed(shop), payment_method="link")
    assert (operation.state, operation.reason and operation.reason.key) == (State.REFUSED, "NoEmailAddress")
    assert shop.payments.called("send_setup_link") == 0


def test_where_nothing_is_charged_no_link_is_needed(shop: Shop) -> None:
    """A forged choice: fewer seats are credited, whatever pays."""
    has(shop, running((PRO, 1), (SEAT, 2)), who=customer(account={"plan": "mail/pro", "seats": 5}))
    shop.payments.change_total = eur(-900)
    assert confirms(shop, previewed(shop, seats=4), payment_method="link").state is State.DONE
    assert shop.payments.called("send_setup_link") == 0


# Requests and upgrades


def test_an_upgrade_supersedes_an_open_request(shop: Shop) -> None:
    has(shop, running((PRO, 1)), who=customer(account={"plan": "mail/pro"}))
    request = requested(shop)
    assert changes(shop, limit=2500).superseded
    assert shop.rows.requests[request.id].state is RequestState.SUPERSEDED


def test_without_a_request_nothing_is_superseded(shop: Shop) -> None:
    assert not changes(shop).superseded


def test_an_upgrade_lets_a_scheduled_downgrade_go(shop: Shop) -> None:
    request = planned(shop)
    assert changes(shop, limit=2500).subscription.schedule is None
    assert shop.rows.requests[request.id].state is RequestState.SUPERSEDED


def test_less_does_not_call_a_planned_downgrade_off(shop: Shop) -> None:
    """HX17: nobody asked for the plan to be kept. The refusal names the day; more of anything goes through."""
    request = planned(shop)
    refusal = refused(shop, RequestScheduled, plan="mail/pro", limit=1000, seats=4)
    assert refusal.reason.parameters == {"day": "2026-03-16"}
    assert shop.rows.requests[request.id].state is RequestState.SCHEDULED
    assert shop.payments.subscriptions[SUB].schedule
    assert changes(shop, plan="mail/pro", limit=2500, seats=4).superseded


def test_less_that_was_reviewed_before_it_was_planned_is_not_done(shop: Shop) -> None:
    has(shop, running((PRO, 1), (SEAT, 2)), who=customer(account={"plan": "mail/pro"}))
    preview = previewed(shop, plan="mail/pro", limit=1000, seats=4)
    planned(shop)
    done = confirms(shop, preview)
    assert (done.state, done.reason and done.reason.key) == (State.REFUSED, "RequestScheduled")
    assert shop.payments.called("change_subscription") == 0


def test_less_does_not_call_a_lower_limit_off(shop: Shop) -> None:
    """K3: neither a still lower limit nor fewer seats, while one waits without a decision."""
    self_service(shop)
    has(shop, running((BASIC_1000, 1), (SEAT, 1), schedule=ScheduleId("sub_sched_1")), who=shop.rows.contacts[ADA])
    refused(shop, ChangeWaits, plan="mail/basic", limit=1000, seats=1)
    refused(shop, ChangeWaits, plan="mail/basic", limit=500, seats=2)


# What was asked for before


def test_the_form_is_shown_again_as_it_was_filled_in(shop: Shop) -> None:
    preview = previewed(shop, add_ons={"reports": 1})
    change = confirms(shop, preview)
    with shop.store.reading(SAM) as uow:
        assert draft_of(uow, preview) == draft_of(uow, change.id) == draft(add_ons={"reports": 1})


def test_nobody_sees_what_somebody_else_asked_for(shop: Shop) -> None:
    """The id on a button can be forged."""
    preview = previewed(shop)
    with shop.store.reading(PRIYA) as uow:
        with pytest.raises(SubscriptionChanged):
            draft_of(uow, preview)
        with pytest.raises(PriceChanged):
            reviewed(uow, preview)
    with shop.store.reading(SAM) as uow, pytest.raises(SubscriptionChanged):
        draft_of(uow, OperationId("op_unknown"))


def test_a_review_that_still_holds_can_be_looked_at_again(shop: Shop) -> None:
    preview = previewed(shop)
    with shop.store.reading(SAM) as uow:
        assert reviewed(uow, preview) == review_of(shop, preview)
    shop.clock.now += REVIEW_HOLDS * 2
    with shop.store.reading(SAM) as uow, pytest.raises(PriceChanged):
        reviewed(uow, preview)


# The next limit (AX5)


@pytest.mark.parametrize(
    ("price", "contacts", "limit"), [(BASIC, 500, 1000), (PRO, 1000, 2500), (PRO, 2499, 2500), (PRO, 0, 2500)]
)
def test_the_next_limit_is_the_lowest_that_holds_what_is_used(
    shop: Shop, price: LookupKey, contacts: int, limit: int
) -> None:
    plan = "mail/basic" if price == BASIC else "mail/pro"
    has(shop, running((price, 1)), who=customer(account={"plan": plan, "active_contacts": contacts}))
    with shop.store.reading(SAM) as uow:
        command = next_limit(uow, uow.contacts.get(ADA))
    assert (command.limit, command.plan, command.requester) == (limit, plan, ADMIN.email)


@pytest.mark.parametrize(
    "who", [customer(account={"active_contacts": 1000}), customer(members=(CLERK,))], ids=["too many", "nobody may"]
)
def test_without_a_higher_limit_or_anybody_who_may_there_is_none(shop: Shop, who: Any) -> None:
    has(shop, running(), who=who)
    with shop.store.reading(SAM) as uow, pytest.raises(HighestLimit):
        next_limit(uow, uow.contacts.get(ADA))
