"""Filing a request: what is kept, who decides, and what may not be filed (A13, A24 to A30, AX4, HX17)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from billing.absences import Away, begin
from billing.catalogue import ReasonCode
from billing.change_requests.filing import request_form
from billing.change_requests.model import Act, Origin, RequestState
from billing.contacts import Account, Member, MemberRight
from billing.errors import (
    ChangeWaits,
    NeedsNoDecision,
    NothingChanges,
    NotPermitted,
    NotReadable,
    NotStaff,
    OnlyManager,
    ReasonMissing,
    RequesterMayNot,
    RequestPending,
    TicketOfAnother,
    TooFewApprovers,
)
from billing.ids import ScheduleId
from billing.plans import Dimension
from billing.roles import Role
from tests.support.asking import (
    ADMIN,
    ALEX,
    MIA,
    NOBODY_OF_US,
    PRIYA,
    REPORTS,
    RUTH,
    TOM,
    AskingShop,
    customer,
    eur,
    policy,
    settles_on,
    subscription,
    wants,
)
from tests.support.shop import ADA, NOW


@pytest.fixture
def shop() -> AskingShop:
    return AskingShop()


def is_away(shop: AskingShop, person, deputy, first=date(2026, 3, 1), last=date(2026, 3, 31)) -> None:
    with shop.store.writing(person) as uow:
        begin(uow, Away(first=first, last=last, deputy=deputy.user))


def test_a_request_keeps_everything_that_is_needed_to_decide_it(shop: AskingShop) -> None:
    """A24, A26, A27, HX17: before and after, what is lost, money, reason, wish, on whose behalf, by whom, when."""
    request = shop.files(wished=date(2026, 5, 1))
    assert (request.state, request.version) == (RequestState.FILED, 1)
    assert (request.before.plan, request.after.plan) == ("mail/pro", "mail/basic")
    assert [one.dimension for one in request.differences] == [Dimension.PLAN, Dimension.SEATS]
    assert [feature.id for feature in request.impact.lost] == ["automations"]
    # 49.00 a month become 25.00
    assert (request.impact.before, request.impact.after) == (eur(4900), eur(2500))
    assert (request.reason, request.remark, request.wished) == ("too_expensive", "The season is over", date(2026, 5, 1))
    assert (request.requester_name, request.requester_email) == ("Ada Lovelace", "ada@engines.example")
    assert (request.filed_by.name, request.filed_at) == ("Mia Agent", NOW)
    assert [one.name for one in request.approvers] == ["Priya Manager", "Ruth Manager"]
    assert shop.happened() == ["request_filed"]


def test_filing_tells_everybody_in_the_same_transaction(shop: AskingShop) -> None:
    request = shop.files()
    assert [(job.name, job.argument) for job in shop.rows.jobs] == [("change_request", f"{request.id}:1")]


def test_the_same_submission_again_is_the_same_request(shop: AskingShop) -> None:
    assert shop.files(key="once") == shop.files(key="once")
    assert len(shop.rows.requests) == len(shop.rows.jobs) == 1


def test_one_request_about_a_subscription_at_a_time(shop: AskingShop) -> None:
    first = shop.files()
    with pytest.raises(RequestPending) as refusal:
        shop.files(key="another", person=TOM)
    assert refusal.value.parameters == {"request": first.id, "by": "Mia Agent", "since": "2026-03-02"}


def test_nothing_is_filed_while_a_change_waits_at_stripe(shop: AskingShop) -> None:
    """HX17: a lower limit without a decision (K3), or a schedule of the Dashboard's; it could not be made then."""
    settles_on(shop, subscription(schedule=ScheduleId("sub_sched_1")))
    with pytest.raises(ChangeWaits):
        shop.files()
    with pytest.raises(ChangeWaits), shop.store.writing(MIA) as uow:
        request_form(uow, wants())
    assert not shop.rows.requests


def test_removing_an_add_on_needs_a_decision_too(shop: AskingShop) -> None:
    """A24"""
    settles_on(shop, subscription(REPORTS))
    request = shop.files(plan="mail/pro", seats=3)
    assert [(one.add_on, one.before, one.after) for one in request.differences] == [("reports", 1, 0)]


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"plan": "mail/pro", "limit": 2500, "seats": 3}, NeedsNoDecision),
        ({"plan": "mail/pro", "limit": 1000, "seats": 3}, NothingChanges),
        ({"reason": ReasonCode.OTHER, "remark": "  "}, ReasonMissing),
        ({"reply_to": "nobody"}, NotReadable),
        ({"requester": "bob@engines.example"}, RequesterMayNot),  # A1, AX4: a billing contact may not
    ],
)
def test_what_may_not_be_filed(shop: AskingShop, changes, refusal) -> None:
    with pytest.raises(refusal):
        shop.files(**changes)
    assert not shop.rows.requests
    assert not shop.rows.jobs


def test_the_missing_words_belong_to_the_remark(shop: AskingShop) -> None:
    with pytest.raises(ReasonMissing) as refusal:
        shop.files(reason=ReasonCode.OTHER, remark="")
    assert refusal.value.reason.field == "remark"


@pytest.mark.parametrize(("person", "refusal"), [(NOBODY_OF_US, NotStaff), (ALEX, NotPermitted)])
def test_only_who_may_file_files(shop: AskingShop, person, refusal) -> None:
    """H16: admins give roles, they do not bill."""
    with pytest.raises(refusal):
        shop.files(person=person)


def test_who_files_is_not_among_the_approvers(shop: AskingShop) -> None:
    """No self-approval."""
    assert [one.name for one in shop.files(person=PRIYA).approvers] == ["Ruth Manager"]


def test_without_an_approver_nothing_is_filed(shop: AskingShop) -> None:
    shop.dismisses(RUTH)
    shop.dismisses(PRIYA)
    with pytest.raises(TooFewApprovers) as refusal:
        shop.files()
    assert refusal.value.parameters == {"needed": 1, "there": 0}


def test_the_only_manager_is_told_that_there_has_to_be_another(shop: AskingShop) -> None:
    """Where two have to agree, one more would not do either: then the numbers say it."""
    shop.dismisses(RUTH)
    with pytest.raises(OnlyManager) as refusal:
        shop.files(person=PRIYA)
    assert refusal.value.who_can == (Role.ADMIN,)
    policy(shop, second_approval_above={"EUR": 1})
    with pytest.raises(TooFewApprovers):
        shop.files(person=PRIYA)


@pytest.mark.parametrize(("above", "needed"), [(2399, 2), (2400, 1)])
def test_above_an_amount_a_second_approver_has_to_agree(shop: AskingShop, above: int, needed: int) -> None:
    """49.00 less 25.00 are 24.00 a month."""
    policy(shop, second_approval_above={"EUR": above})
    assert shop.files().approvals_needed == needed


def test_what_is_lost_counts_at_the_price_that_the_customer_pays(shop: AskingShop) -> None:
    """A24: Pro for 39.00 (by now 49.00) loses Reports for 50.00: 50.00 less, above 45.00."""
    policy(shop, second_approval_above={"EUR": 4500})
    plan, reports = subscription(REPORTS).items
    items = (plan.model_copy(update={"unit_amount": eur(3900)}), reports)
    settles_on(shop, subscription().model_copy(update={"items": items}))
    request = shop.files(plan="mail/pro", seats=3)
    assert (request.impact.difference, request.approvals_needed) == (eur(-5000), 2)


def test_a_second_approver_has_to_be_there(shop: AskingShop) -> None:
    policy(shop, second_approval_above={"EUR": 1})
    shop.dismisses(RUTH)
    with pytest.raises(TooFewApprovers):
        shop.files()


def test_a_wish_for_today_or_earlier_is_no_wish(shop: AskingShop) -> None:
    assert shop.files(wished=date(2026, 3, 2)).wished is None


def test_a_ticket_is_known_as_one(shop: AskingShop) -> None:
    """A29"""
    assert shop.files(origin=Origin.TICKET).origin is Origin.TICKET


def test_a_ticket_is_a_request_of_the_primary_admin_only(shop: AskingShop) -> None:
    """A30: another member was chosen in the form that the ticket had opened."""
    other = Member(name="Pia", email="pia@x.example", rights=frozenset({MemberRight.ADMIN, MemberRight.PURCHASE}))
    shop.knows(customer(members=(ADMIN, other)))
    settles_on(shop, subscription())
    with pytest.raises(TicketOfAnother) as refusal:
        shop.files(origin=Origin.TICKET, requester=other.email)
    assert (refusal.value.reason.field, refusal.value.parameters) == ("requester", {"name": "Pia"})
    assert not shop.rows.requests
    assert shop.files(requester=other.email).origin is Origin.FORM


def test_the_form_says_what_is_lost_and_who_decides(shop: AskingShop) -> None:
    """A4, A26"""
    with shop.store.reading(MIA) as uow:
        form = request_form(uow, wants(remark="The season is over", reply_to=""))
    assert [one.id for one in form.assessment.impact.lost] == ["automations"]
    assert [one.name for one in form.approvers] == ["Priya Manager", "Ruth Manager"]
    assert (form.draft.reply_to, form.today) == (ADMIN.email, date(2026, 3, 2))
    assert form.draft.remark == "The season is over"


def test_a_deputy_is_noted_and_not_asked_while_an_approver_is_there(shop: AskingShop) -> None:
    is_away(shop, PRIYA, TOM)
    request = shop.files()
    assert [(one.name, one.instead_of) for one in request.deputies] == [("Tom Deputy", "Priya Manager")]
    assert request.escalated_at is None
    assert not request.waits_for(TOM.user)


def test_when_no_approver_is_there_the_deputies_are_asked_at_once(shop: AskingShop) -> None:
    is_away(shop, PRIYA, TOM)
    is_away(shop, RUTH, TOM)
    request = shop.files()
    assert request.escalated_at == NOW
    assert request.waits_for(TOM.user)


def test_an_absence_that_is_over_or_begins_later_asks_nobody_else(shop: AskingShop) -> None:
    is_away(shop, PRIYA, TOM, first=date(2026, 3, 3))
    is_away(shop, RUTH, TOM, last=date(2026, 3, 2))
    assert shop.files().escalated_at is None


def test_who_files_is_nobodys_deputy(shop: AskingShop) -> None:
    """Or they would decide their own request."""
    is_away(shop, PRIYA, MIA)
    is_away(shop, RUTH, MIA)
    request = shop.files(person=MIA)
    assert request.deputies == ()
    assert request.escalated_at is None


def test_the_usage_above_the_new_limits_does_not_keep_from_filing(shop: AskingShop) -> None:
    """A4: the manager sees it and decides."""
    shop.knows(customer(account=Account(plan="mail/pro", contact_limit=1000, active_contacts=800, seats=3)))
    settles_on(shop, subscription())
    (above,) = shop.files(limit=500).impact.above
    assert (above.used, above.allowed) == (800, 500)


def test_another_admin_with_purchase_permission_may_ask(shop: AskingShop) -> None:
    """A1, AX4"""
    other = Member(name="Pia", email="pia@x.example", rights=frozenset({MemberRight.ADMIN, MemberRight.PURCHASE}))
    shop.knows(customer(members=(ADMIN, other)))
    settles_on(shop, subscription())
    assert shop.files(requester="PIA@x.example").requester_name == "Pia"


def test_the_first_decision_is_the_filing(shop: AskingShop) -> None:
    (filing,) = shop.files().decisions
    assert (filing.number, filing.act, filing.by.name) == (1, Act.FILE, "Mia Agent")
    assert shop.request.age(NOW + timedelta(hours=5)) == timedelta(hours=5)
    assert shop.request.contact == ADA
