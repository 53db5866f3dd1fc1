"""Every state, every act, every person: what is allowed, what is refused, and with which words (A24)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from billing.access import Actor
from billing.change_requests.deciding import decide
from billing.change_requests.model import Act, ChangeRequest, Decision, Person, RequestState
from billing.change_requests.rights import BY_PEOPLE, entitled, offered, possible
from billing.change_requests.states import LEADS_TO, already_decided, move
from billing.contacts import Account, AccountStatus, Member
from billing.errors import (
    AccountNotBillable,
    AlreadyAgreed,
    AlreadyDecided,
    ChangeWaits,
    FilerGone,
    NotApprover,
    NotFiler,
    NotPermitted,
    NotStaff,
    OwnRequest,
    ReasonMissing,
    Refusal,
    RequesterMayNot,
    UnknownRequest,
)
from billing.ids import ScheduleId, TeamId
from billing.steps import NOBODY
from tests.support.asking import (
    ADMIN,
    ALEX,
    MIA,
    NOBODY_OF_US,
    PRIYA,
    RUTH,
    TOM,
    AskingShop,
    customer,
    policy,
    settles_on,
    subscription,
)
from tests.support.shop import NOW

S, A = RequestState, Act
LATER = datetime(2026, 3, 3, tzinfo=UTC)

# Written down a second time, from the drawing in the model, so that a slip in the table is seen.
ALLOWED = {
    S.FILED: {
        A.APPROVE: S.APPROVED,
        A.REJECT: S.REJECTED,
        A.ASK: S.ASKED,
        A.WITHDRAW: S.WITHDRAWN,
        A.SUPERSEDE: S.SUPERSEDED,
        A.FAIL: S.FAILED,
    },
    S.ASKED: {
        A.ANSWER: S.FILED,
        A.REJECT: S.REJECTED,
        A.WITHDRAW: S.WITHDRAWN,
        A.SUPERSEDE: S.SUPERSEDED,
        A.FAIL: S.FAILED,
    },
    S.APPROVED: {
        A.SCHEDULE: S.SCHEDULED,
        A.TAKE_EFFECT: S.EFFECTIVE,
        A.SUPERSEDE: S.SUPERSEDED,
        A.FAIL: S.FAILED,
    },
    S.SCHEDULED: {
        A.TAKE_EFFECT: S.EFFECTIVE,
        A.KEEP: S.KEPT,
        A.SUPERSEDE: S.SUPERSEDED,
        A.FAIL: S.FAILED,
    },
}
OPEN = (S.FILED, S.ASKED, S.APPROVED, S.SCHEDULED)


@pytest.fixture
def shop() -> AskingShop:
    return AskingShop()


def in_state(shop: AskingShop, state: RequestState, **changes) -> ChangeRequest:
    """A request in that state, as if it had come there."""
    filed = shop.files()
    before = filed.model_copy(update={"state": state, **changes})
    shop.rows.requests[filed.id] = before
    return before


@pytest.mark.parametrize("state", S)
@pytest.mark.parametrize("act", A)
def test_from_every_state_every_act_leads_where_the_drawing_says_or_nowhere(
    shop: AskingShop, state: RequestState, act: Act
) -> None:
    before = in_state(shop, state)
    to = ALLOWED.get(state, {}).get(act)
    if to is None:
        with pytest.raises(AlreadyDecided):
            move(before, act, before.approvers[0], LATER, "words")
        return
    after = move(before, act, before.approvers[0], LATER, "words")
    assert (after.state, after.version, after.nudged_at) == (to, before.version + 1, LATER)
    assert after.decisions[:-1] == before.decisions, "an audit row is never changed"
    assert (after.last.number, after.last.act, after.last.at) == (before.version + 1, act, LATER)


def test_what_is_over_leads_nowhere() -> None:
    assert {state for state, _ in LEADS_TO} == set(OPEN)
    assert {state for state in S if state.open} == set(OPEN)
    assert {state for state in S if state.undecided} == {S.FILED, S.ASKED}


@pytest.mark.parametrize("act", [A.REJECT, A.ASK])
@pytest.mark.parametrize("note", ["", "  \n"])
def test_a_no_and_a_question_need_words(shop: AskingShop, act: Act, note: str) -> None:
    with pytest.raises(ReasonMissing):
        move(shop.files(), act, None, LATER, note)


def test_an_answer_needs_words(shop: AskingShop) -> None:
    with pytest.raises(ReasonMissing):
        move(in_state(shop, S.ASKED), A.ANSWER, None, LATER, " ")


def test_words_are_kept_in_their_length(shop: AskingShop) -> None:
    assert len(move(shop.files(), A.ASK, None, LATER, "x" * 9999).last.note) == 1500


# Persons

AS_APPROVER, AS_FILER = (A.APPROVE, A.REJECT, A.ASK), (A.ANSWER, A.WITHDRAW)
ELSEWHERE = PRIYA.model_copy(update={"team": TeamId("T2")})
PEOPLE = {
    "filer": MIA,
    "approver": PRIYA,
    "other approver": RUTH,
    "agent": TOM,
    "admin": ALEX,
    "nobody": NOBODY_OF_US,
    "another team's manager": ELSEWHERE,
}


def expected(who: str, act: Act, state: RequestState) -> type[Refusal] | None:
    """The refusal, or None where it is done."""
    if who == "nobody":
        return NotStaff
    if who == "another team's manager":
        return UnknownRequest
    if act not in ALLOWED.get(state, {}):
        return AlreadyDecided
    if act in AS_FILER:
        return None if who == "filer" else NotFiler
    if who == "filer":
        return OwnRequest
    return None if "approver" in who else NotApprover


@pytest.mark.parametrize("state", S)
@pytest.mark.parametrize("act", BY_PEOPLE)
@pytest.mark.parametrize("who", PEOPLE)
def test_every_person_in_every_state(shop: AskingShop, who: str, act: Act, state: RequestState) -> None:
    """Filer, approvers, agent, admin, nobody, and a manager of another team."""
    before = in_state(shop, state)
    jobs = len(shop.rows.jobs)
    refusal = expected(who, act, state)
    if refusal is None:
        with shop.store.writing(PEOPLE[who]) as uow:
            assert decide(uow, before.id, act, "words").state is ALLOWED[state][act]
        return
    with shop.store.writing(PEOPLE[who]) as uow, pytest.raises(refusal):
        decide(uow, before.id, act, "words")
    assert shop.request == before
    assert len(shop.rows.jobs) == jobs


@pytest.mark.parametrize("state", S)
@pytest.mark.parametrize("who", PEOPLE)
def test_what_is_offered_is_what_is_allowed(shop: AskingShop, who: str, state: RequestState) -> None:
    """A button is shown to nobody who would be refused, and kept from nobody who would not."""
    request, person = in_state(shop, state), PEOPLE[who]
    allowed = [act for act in BY_PEOPLE if expected(who, act, state) is None]
    if state is S.SCHEDULED and who in ("filer", "approver", "other approver", "agent"):
        allowed.append(A.KEEP)
    with shop.store.reading(person) as uow:
        assert list(possible(uow, request)) == allowed


@pytest.mark.parametrize("state", S)
def test_a_channel_is_offered_what_those_who_decide_can_do(shop: AskingShop, state: RequestState) -> None:
    wanted = {S.FILED: AS_APPROVER, S.ASKED: (A.REJECT,), S.SCHEDULED: (A.KEEP,)}
    request = in_state(shop, state)
    with shop.store.reading(NOBODY) as uow:
        assert offered(uow, request) == wanted.get(state, ())


def test_nothing_is_asked_of_who_has_left(shop: AskingShop) -> None:
    """A24: the question is offered to nobody, and a button of before is refused; the rest goes on."""
    request = shop.files()
    shop.dismisses(MIA)
    for person, wanted in ((PRIYA, possible), (NOBODY, offered)):
        with shop.store.reading(person) as uow:
            assert wanted(uow, request) == (A.APPROVE, A.REJECT)
    with pytest.raises(FilerGone) as refusal:
        shop.does(A.ASK, PRIYA, "why?")
    assert refusal.value.parameters == {"by": "Mia Agent", "requester": ADMIN.name}
    assert shop.does(A.APPROVE, PRIYA).state is S.APPROVED


@pytest.mark.parametrize("act", [act for act in A if act not in BY_PEOPLE])
def test_what_only_stripe_or_an_operation_does_cannot_be_decided(shop: AskingShop, act: Act) -> None:
    request = shop.files()
    with shop.store.writing(PRIYA) as uow, pytest.raises(AssertionError):
        decide(uow, request.id, act)


def test_a_role_that_was_taken_away_decides_no_more(shop: AskingShop) -> None:
    """The list of approvers is of then, the right is of now."""
    request = shop.files()
    demoted = Actor(**{**PRIYA.model_dump(), "roles": MIA.roles})
    with shop.store.reading(demoted) as uow, pytest.raises(NotPermitted):
        entitled(uow, request, A.APPROVE)


def test_a_requester_who_lost_the_right_asks_for_nothing_any_more(shop: AskingShop) -> None:
    """A1: the customer's side is checked at the decision, too; it can still be rejected."""
    shop.files()
    other = Member(name="Olga", email="olga@engines.example", rights=ADMIN.rights)
    shop.knows(customer(members=(ADMIN.model_copy(update={"rights": frozenset()}), other)))
    with pytest.raises(RequesterMayNot) as refused:
        shop.does(Act.APPROVE, PRIYA)
    assert refused.value.reason.parameters == {"name": ADMIN.name, "allowed": ("Olga",), "contact": "Ada Lovelace"}
    assert shop.request.version == 1
    assert shop.does(Act.REJECT, PRIYA, "not asked for any more").state is RequestState.REJECTED


def test_for_an_account_that_was_closed_since_nothing_is_approved(shop: AskingShop) -> None:
    """GX3, as when it is filed; it can still be rejected."""
    shop.files()
    shop.knows(customer(account=Account(plan="mail/pro", status=AccountStatus.CLOSED)))
    with pytest.raises(AccountNotBillable):
        shop.does(A.APPROVE, PRIYA)
    assert shop.does(A.REJECT, PRIYA, "The account is closed").state is S.REJECTED


def test_nothing_is_approved_while_another_change_waits_at_stripe(shop: AskingShop) -> None:
    """HX17: one that came after the filing. It could not be made; everything else can be done with the request."""
    shop.files()
    settles_on(shop, subscription(schedule=ScheduleId("sub_sched_1")))
    with pytest.raises(ChangeWaits):
        shop.does(A.APPROVE, PRIYA)
    assert shop.request.state is S.FILED
    settles_on(shop, subscription())
    assert shop.does(A.APPROVE, PRIYA).state is S.APPROVED


def test_who_became_a_manager_afterwards_was_not_asked(shop: AskingShop) -> None:
    request = shop.files()
    promoted = Actor(**{**TOM.model_dump(), "roles": PRIYA.roles})
    with shop.store.reading(promoted) as uow, pytest.raises(NotApprover) as refusal:
        entitled(uow, request, A.APPROVE)
    assert refusal.value.parameters["approvers"] == ("Priya Manager", "Ruth Manager")


@pytest.mark.parametrize("act", AS_APPROVER)
def test_a_deputy_may_decide_once_it_was_escalated(shop: AskingShop, act: Act) -> None:
    request = shop.files()
    deputy = Person(user=TOM.user, name=TOM.name, instead_of="Priya Manager", deputy_of=PRIYA.user)
    noted = request.model_copy(update={"deputies": (deputy,)})
    escalated = noted.model_copy(update={"escalated_at": NOW})
    with shop.store.reading(TOM) as uow:
        with pytest.raises(NotApprover):
            entitled(uow, noted, act)
        assert entitled(uow, escalated, act).instead_of == "Priya Manager"
    shop.rows.requests[request.id] = escalated
    done = shop.does(act, TOM, "words")
    assert done.last.by.instead_of == "Priya Manager"


def test_nobody_agrees_twice(shop: AskingShop) -> None:
    policy(shop, second_approval_above={"EUR": 1})
    shop.files()
    shop.does(A.APPROVE, PRIYA)
    shop.does(A.ASK, RUTH, "why?")
    shop.does(A.ANSWER, MIA, "so")
    with pytest.raises(AlreadyAgreed):
        shop.does(A.APPROVE, PRIYA)
    assert shop.request.state is S.FILED
    assert shop.does(A.APPROVE, RUTH).state is S.APPROVED


def test_the_refusal_says_who_what_when_and_why(shop: AskingShop) -> None:
    shop.files()
    shop.clock.goes_on(hours=2)
    rejected = shop.does(A.REJECT, RUTH, "They signed for a year")
    at = (NOW + timedelta(hours=2)).isoformat()
    said = {"state": "rejected", "by": "Ruth Manager", "at": at, "note": "They signed for a year"}
    assert already_decided(rejected).parameters == said


def test_what_stripe_did_is_said_to_be_stripes(shop: AskingShop) -> None:
    request = in_state(shop, S.APPROVED)
    failed = move(request, A.FAIL, None, LATER, "ScheduleReleased")
    assert already_decided(failed).parameters["by"] == "Stripe"
    assert already_decided(failed).parameters["note"] is None, "it is no sentence"


def test_the_same_act_again_by_the_same_person_changes_nothing(shop: AskingShop) -> None:
    """A double click, or Slack's repetition."""
    shop.files()
    first = shop.does(A.REJECT, PRIYA, "no")
    jobs = len(shop.rows.jobs)
    assert shop.does(A.REJECT, PRIYA, "no, again") == first
    assert len(shop.rows.jobs) == jobs


def test_a_decision_is_one_audit_row_and_its_jobs(shop: AskingShop) -> None:
    request = shop.files()
    shop.does(A.APPROVE, PRIYA, "fine")
    assert shop.request.last == Decision(number=2, act=A.APPROVE, by=request.approvers[0], at=NOW, note="fine")
    assert [(job.name, job.argument) for job in shop.rows.jobs[1:]] == [
        ("change_request", f"{request.id}:2"),
        ("change_request_news", f"{request.id}:2:U_MIA"),
        ("operation", f"op_{request.id}_2"),
    ]
    assert shop.happened() == ["request_filed", "request_approved"]
