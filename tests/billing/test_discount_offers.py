"""A discount instead of a downgrade (HX17): every rule and every refusal. Mia speaks with Ada, who has Mail Pro."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from billing.access import Actor
from billing.catalogue import Duration, ReasonCode
from billing.catalogue.policies import DiscountOffer
from billing.change_requests.filing import RequestDraft, file
from billing.contacts import AccountStatus, Member
from billing.discount_offers import OfferReviewed, OfferTaken, PreviewOffer, TakeOffer, draft_of, form, reviewed, unseen
from billing.errors import ChangeWaits, NotStaff, PriceChanged, Transient
from billing.ids import OperationId, ScheduleId, SubscriptionId
from billing.operations import Operation, State
from billing.roles import Role
from tests.support.asking import (
    ADMIN,
    BOOKKEEPER,
    MIA,
    PRIYA,
    SUBSCRIPTION,
    AskingShop,
    customer,
    eur,
    policy,
    settles_on,
    subscription,
    wants,
)
from tests.support.shop import ADA, BEN, actor, coupon

STAY = coupon("STAY20", percent="20")
CRM_ONLY = coupon("CRM", percent="50", products=("desk",))
DOLLARS = coupon("DOLLARS", amounts={"USD": 500})
OVER = coupon("OVER", percent="10", ends=date(2026, 3, 1))


def offering(shop: AskingShop, *offers: DiscountOffer) -> AskingShop:
    """From now on the house offers these; by default 20 % for those who find it too expensive."""
    shop.sells(coupons=(*shop.catalogue.coupons, STAY, CRM_ONLY, DOLLARS, OVER))
    policy(shop, offers=offers or (offer("STAY20", ReasonCode.TOO_EXPENSIVE),))
    return shop


def offer(code: str, *reasons: ReasonCode) -> DiscountOffer:
    return DiscountOffer(coupon=code, reasons=reasons)


@pytest.fixture
def shop() -> AskingShop:
    return offering(AskingShop())


def draft(**changes: Any) -> RequestDraft:
    return RequestDraft(**(wants().model_dump(exclude={"offered"}) | changes))


def offered(shop: AskingShop, person: Actor = MIA, **changes: Any) -> str | None:
    with shop.store.reading(person) as uow:
        shown = form(uow, draft(**changes))
    return shown.offer.code if shown.offer else None


def previews(shop: AskingShop, *, person: Actor = MIA, key: str = "preview", **changes: Any) -> Operation:
    operation = shop.accepts(PreviewOffer(**draft(**changes).model_dump()), person=person, key=key)
    shop.walks(operation)
    return shop.rows.operations[operation]


def takes(shop: AskingShop, preview: str, *, person: Actor = MIA, key: str = "take", **changes: Any) -> Operation:
    operation = shop.accepts(TakeOffer(**({"contact": ADA, "preview": preview} | changes)), person=person, key=key)
    shop.walks(operation)
    return shop.rows.operations[operation]


def refusal(operation: Operation) -> str:
    assert operation.state is State.REFUSED, operation
    assert operation.reason
    return operation.reason.key


# What is offered


def test_without_a_setting_nothing_is_offered() -> None:
    """HX17: the offer is optional, and the source's default is none."""
    assert offered(AskingShop()) is None


def test_an_offer_is_shown_once_its_reason_is_chosen(shop: AskingShop) -> None:
    """HX17"""
    assert offered(shop, reason=None) is None
    assert offered(shop, reason=ReasonCode.SEASONAL) is None
    assert offered(shop, reason=ReasonCode.TOO_EXPENSIVE) == "STAY20"


def test_an_offer_without_reasons_is_for_every_reason(shop: AskingShop) -> None:
    policy(shop, offers=(offer("STAY20"),))
    assert {offered(shop, reason=one) for one in ReasonCode} == {"STAY20"}


def test_the_first_offer_that_the_customer_can_have_is_made(shop: AskingShop) -> None:
    """H21: not what is for another product, another currency or another time."""
    policy(shop, offers=tuple(offer(code) for code in ("CRM", "DOLLARS", "OVER", "STAY20", "TEN")))
    assert offered(shop) == "STAY20"
    policy(shop, offers=tuple(offer(code) for code in ("CRM", "DOLLARS", "OVER")))
    assert offered(shop) is None
    assert refusal(previews(shop)) == "NoOffer"


@pytest.mark.parametrize(
    ("ends", "is_offered"),
    [(datetime(2026, 6, 2, 9, tzinfo=UTC), True), (datetime(2026, 6, 2, 10, tzinfo=UTC), False)],
    ids=["before", "after"],
)
def test_a_discount_that_is_over_before_the_next_payment_is_no_offer(
    shop: AskingShop, ends: datetime, is_offered: bool
) -> None:
    """Three months from now, 2 March at ten o'clock; of a year more is left."""
    shop.sells(coupons=(coupon("STAY20", percent="20", duration=Duration.REPEATING, months=3),))
    settles_on(shop, subscription(interval="month", interval_count=1, current_period_end=ends))
    assert offered(shop) == ("STAY20" if is_offered else None)
    if not is_offered:
        assert refusal(previews(shop)) == "NoOffer"


def test_whoever_submits_before_the_offer_was_shown_sees_it_first(shop: AskingShop) -> None:
    """The page is refreshed a moment after the reason was chosen."""
    with shop.store.reading(MIA) as uow:
        found = unseen(uow, wants(), "key")
        assert found is not None
        assert found.offer == STAY
        assert unseen(uow, wants(offered="STAY20"), "key") is None
        assert unseen(uow, wants(reason=ReasonCode.SEASONAL), "key") is None


def test_what_was_filed_already_is_not_offered_anything_more(shop: AskingShop) -> None:
    """Slack repeats the submission."""
    shop.files(key="key", offered="STAY20")
    with shop.store.reading(MIA) as uow:
        assert unseen(uow, wants(), "key") is None


# The request that is gone on with


def test_the_request_notes_which_offer_was_declined(shop: AskingShop) -> None:
    """HX17"""
    assert shop.files(offered="STAY20").offer_declined == "STAY20"


@pytest.mark.parametrize("claimed", ["TEN", "FREE", None])
def test_an_offer_that_the_house_does_not_make_was_not_declined(shop: AskingShop, claimed: str | None) -> None:
    """A form can be forged."""
    assert shop.files(offered=claimed).offer_declined is None


def test_the_request_can_be_gone_on_with_as_it_was_filled_in(shop: AskingShop) -> None:
    asked = previews(shop, remark="The season is over", wished=date(2026, 5, 1))
    with shop.store.reading(MIA) as uow:
        assert draft_of(uow, asked.id) == draft(remark="The season is over", wished=date(2026, 5, 1))
    with shop.store.reading(PRIYA) as uow, pytest.raises(PriceChanged):
        draft_of(uow, asked.id)
    with shop.store.reading(MIA) as uow, pytest.raises(PriceChanged):
        draft_of(uow, OperationId("op_unknown"))


# The review


def test_the_review_says_what_the_next_payment_becomes(shop: AskingShop) -> None:
    """49.00 less a fifth, 9.80, are 39.20; this Stripe knows no tax. Nothing has happened yet."""
    shown = OfferReviewed.model_validate_json(previews(shop).result or "")
    assert (shown.preview.without, shown.preview.with_it) == (eur(4900), eur(3920))
    assert shown.offer.coupon == STAY
    assert shown.offer.assessment.requester == ADMIN
    assert not shop.rows.timeline
    assert not shop.rows.requests
    assert shop.rows.mirror[ADA].subscriptions[0].discount is None


def test_a_review_can_be_looked_at_again_by_who_asked_for_it(shop: AskingShop) -> None:
    asked = previews(shop)
    with shop.store.reading(MIA) as uow:
        assert reviewed(uow, asked.id).offer.coupon == STAY
    with shop.store.reading(PRIYA) as uow, pytest.raises(PriceChanged):
        reviewed(uow, asked.id)
    shop.dismisses(MIA)
    with shop.store.reading(actor(user="U_MIA")) as uow, pytest.raises(NotStaff):
        reviewed(uow, asked.id)


# Taking it


def test_the_discount_is_given_written_down_and_no_request_is_filed(shop: AskingShop) -> None:
    """HX17"""
    done = takes(shop, previews(shop).id)
    assert done.state is State.DONE, done.reason
    assert OfferTaken.model_validate_json(done.result or "").offer.coupon == STAY
    assert shop.payments.subscriptions[SUBSCRIPTION].discount == "STAY20"
    assert shop.rows.mirror[ADA].subscriptions[0].discount == "STAY20"
    assert shop.rows.mirror[ADA].subscriptions[0].items == subscription().items, "the plan stays"
    [entry] = shop.rows.timeline
    assert (entry.what.value, entry.by, entry.on_behalf_of) == ("offer_taken", "Mia Agent", "Ada Lovelace")
    assert entry.parameters == {"coupon": "STAY20", "plan": "mail/pro", "reason": "too_expensive"}
    assert not shop.rows.requests


def test_the_same_confirmation_twice_gives_one_discount(shop: AskingShop) -> None:
    preview = previews(shop)
    for _ in range(3):
        assert takes(shop, preview.id).state is State.DONE
    assert shop.payments.called("apply_coupon") == 1


def test_a_crash_between_stripe_and_our_rows_gives_one_discount(shop: AskingShop) -> None:
    operation = shop.accepts(TakeOffer(contact=ADA, preview=previews(shop).id), person=MIA, key="take")
    shop.performs(operation)
    assert shop.walks(operation) is State.DONE
    assert len(shop.payments.discounted) == 1
    assert shop.happened() == ["offer_taken"]


def test_what_was_taken_before_is_not_given_again(shop: AskingShop) -> None:
    """HX17: also when that discount is over; in the form it is not shown any more."""
    takes(shop, previews(shop).id)
    settles_on(shop, subscription())
    assert offered(shop) is None
    assert refusal(previews(shop, key="again")) == "OfferTakenBefore"


def test_two_who_looked_at_it_at_once_give_one_discount(shop: AskingShop) -> None:
    """Both reviews were good when they were made."""
    first, second = previews(shop, key="mia"), previews(shop, person=PRIYA, key="priya")
    assert takes(shop, first.id, key="take-1").state is State.DONE
    assert refusal(takes(shop, second.id, person=PRIYA, key="take-2")) == "OfferTakenBefore"
    assert shop.payments.called("apply_coupon") == 1


def test_two_at_once_of_whom_one_is_at_stripe_already_give_one_discount(shop: AskingShop) -> None:
    """The second waits until it is recorded that the first was given."""
    first = shop.accepts(TakeOffer(contact=ADA, preview=previews(shop, key="a").id), person=MIA, key="take-1")
    shop.clock.goes_on(seconds=1)
    second = shop.accepts(TakeOffer(contact=ADA, preview=previews(shop, key="b").id), person=MIA, key="take-2")
    performed = shop.performs(first)
    with pytest.raises(Transient):
        shop.steps.check(second, "")
    shop.records(first, performed)
    shop.walks(second)
    assert refusal(shop.rows.operations[second]) == "OfferTakenBefore"
    assert len(shop.payments.discounted) == 1


def test_a_discount_that_runs_is_not_replaced(shop: AskingShop) -> None:
    settles_on(shop, subscription(discount="TEN"))
    assert offered(shop) is None
    assert refusal(previews(shop)) == "DiscountRuns"


def test_while_a_change_waits_at_stripe_nothing_is_offered(shop: AskingShop) -> None:
    """Its phases would end the discount."""
    settles_on(shop, subscription(schedule=ScheduleId("sub_sched_1")))
    with pytest.raises(ChangeWaits):  # the form itself
        offered(shop)
    assert refusal(previews(shop)) == "NoOffer"


def test_while_a_request_is_open_nothing_is_offered(shop: AskingShop) -> None:
    """Whoever had the form open meanwhile hears who filed it."""
    preview = previews(shop)
    with shop.store.writing(PRIYA) as uow:
        file(uow, wants(), "filed meanwhile")
    assert refusal(takes(shop, preview.id)) == "RequestPending"
    assert shop.payments.called("apply_coupon") == 0


@pytest.mark.parametrize(
    ("lie", "key"),
    [
        ({"subscription": SubscriptionId("sub_of_ben")}, "NoPlan"),
        ({"requester": BOOKKEEPER.email}, "RequesterMayNot"),
        ({"reason": ReasonCode.SEASONAL}, "NoOffer"),
        ({"plan": "mail/pro", "seats": 4}, "NeedsNoDecision"),
        ({"plan": "mail/pro", "seats": 3}, "NothingChanges"),
    ],
    ids=str,
)
def test_what_is_forged_into_the_form_is_refused(shop: AskingShop, lie: dict[str, Any], key: str) -> None:
    """HX17, A1: not the customer's, not for that reason, and not without a downgrade."""
    assert refusal(previews(shop, **lie)) == key
    assert not shop.payments.calls


def test_who_may_not_grant_discounts_is_not_shown_any_and_gives_none(shop: AskingShop) -> None:
    """H16: an admin keeps the program running."""
    admin = actor(Role.ADMIN, user="U_ALEX", name="Alex Admin")
    assert refusal(previews(shop, person=admin)) == "NotPermitted"
    assert refusal(takes(shop, previews(shop, key="mia").id, person=admin)) == "PriceChanged"
    assert shop.payments.called("apply_coupon") == 0


def test_a_role_that_was_taken_away_since_is_missed(shop: AskingShop) -> None:
    preview = previews(shop)
    shop.dismisses(MIA)
    assert refusal(takes(shop, preview.id)) == "NotStaff"


def test_rights_that_the_customers_person_lost_since_are_missed(shop: AskingShop) -> None:
    """A1"""
    preview = previews(shop)
    other = Member(name="Olga", email="olga@engines.example", rights=ADMIN.rights)
    shop.rows.contacts[ADA] = customer(members=(other, BOOKKEEPER))
    assert refusal(takes(shop, preview.id)) == "RequesterMayNot"


def test_a_suspended_account_gets_none(shop: AskingShop) -> None:
    """GX3"""
    preview = previews(shop)
    account = customer().account.model_copy(update={"status": AccountStatus.SUSPENDED})
    shop.rows.contacts[ADA] = customer(account=account)
    assert refusal(takes(shop, preview.id)) == "AccountNotBillable"


@pytest.mark.parametrize("what", ["somebody else's", "another customer's", "old", "no preview", "of another kind"])
def test_only_what_this_person_reviewed_within_the_hour_is_given(shop: AskingShop, what: str) -> None:
    """Ids can be forged."""
    preview = previews(shop)
    match what:
        case "somebody else's":
            done = takes(shop, preview.id, person=PRIYA)
        case "another customer's":
            done = takes(shop, preview.id, contact=BEN)
        case "old":
            shop.clock.goes_on(hours=1, seconds=1)
            done = takes(shop, preview.id)
        case "no preview":
            done = takes(shop, "op_unknown")
        case _:
            done = takes(shop, takes(shop, preview.id, key="first").id)
    assert refusal(done) == "PriceChanged"
    assert shop.payments.called("apply_coupon") == (what == "of another kind")


def test_terms_that_changed_since_are_reviewed_again(shop: AskingShop) -> None:
    """H23: the coupon is another by now, or another one is offered."""
    preview = previews(shop)
    less = coupon("STAY20", percent="5")
    shop.sells(coupons=tuple(less if one.code == "STAY20" else one for one in shop.catalogue.coupons))
    assert refusal(takes(shop, preview.id, key="terms")) == "PriceChanged"
    offering(shop, offer("TEN"))
    assert refusal(takes(shop, preview.id, key="another")) == "PriceChanged"
    policy(shop, offers=())
    assert refusal(takes(shop, preview.id, key="none")) == "NoOffer"


def test_another_amount_at_stripe_is_reviewed_again(shop: AskingShop) -> None:
    """H23: the price shown is the price charged."""
    preview = previews(shop)
    dearer = subscription().items[0].model_copy(update={"unit_amount": eur(5900)})
    shop.payments.subscriptions[SUBSCRIPTION] = subscription(items=(dearer,))
    assert refusal(takes(shop, preview.id)) == "PriceChanged"
    assert shop.happened() == []
