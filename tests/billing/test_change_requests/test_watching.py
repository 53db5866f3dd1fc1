"""Nothing stalls: reminders, deputies, out of office; and never an automatic yes or no (A24, slack.md's fifth rule)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from billing import absences
from billing.absences import Away
from billing.access import Actor
from billing.change_requests import lists
from billing.change_requests.model import Act, RequestState
from billing.change_requests.watching import remind, still_waiting
from billing.errors import AbsenceImpossible, AlreadyAgreed, AlreadyDecided, NotPermitted
from billing.steps import NOBODY
from tests.support.asking import ALEX, MIA, NOBODY_OF_US, PRIYA, RUTH, TOM, AskingShop, policy

TODAY = date(2026, 3, 2)


@pytest.fixture
def shop() -> AskingShop:
    return AskingShop()


def is_away(shop: AskingShop, person, deputy=TOM, first=TODAY, last=date(2026, 3, 31)) -> None:
    with shop.store.writing(person) as uow:
        absences.begin(uow, Away(first=first, last=last, deputy=deputy.user))


def reminded(shop: AskingShop) -> list[str]:
    """Who is, now; the cards are shown anew."""
    before = len(shop.rows.jobs)
    remind(shop.store)
    jobs = shop.rows.jobs[before:]
    people = [job.argument.partition(":")[2] for job in jobs if job.name == "change_request_reminder"]
    assert [job.name for job in jobs if job.name != "change_request_reminder"] == ["change_request_cards"] * bool(
        people
    )
    return people


def test_who_has_not_decided_for_a_day_is_reminded_and_again_a_day_later(shop: AskingShop) -> None:
    shop.files()
    shop.clock.goes_on(hours=23, minutes=59)
    assert reminded(shop) == []
    shop.clock.goes_on(minutes=1)
    assert reminded(shop) == ["U_PRIYA", "U_RUTH"]
    assert reminded(shop) == [], "once for each time"
    shop.clock.goes_on(hours=24)
    assert reminded(shop) == ["U_PRIYA", "U_RUTH"]


def test_the_hours_are_the_houses(shop: AskingShop) -> None:
    policy(shop, remind_after_hours=2)
    shop.files()
    shop.clock.goes_on(hours=2)
    assert reminded(shop) == ["U_PRIYA", "U_RUTH"]


def test_an_answer_begins_the_wait_anew(shop: AskingShop) -> None:
    shop.files()
    shop.clock.goes_on(hours=20)
    shop.does(Act.ASK, PRIYA, "why?")
    shop.clock.goes_on(hours=20)
    assert reminded(shop) == []
    shop.clock.goes_on(hours=4)
    assert reminded(shop) == ["U_MIA"], "the question waits for who filed it"


def test_what_was_decided_is_over(shop: AskingShop) -> None:
    shop.files()
    shop.does(Act.REJECT, PRIYA, "no")
    shop.clock.goes_on(days=9)
    assert reminded(shop) == []


def test_waiting_decides_nothing(shop: AskingShop) -> None:
    shop.files()
    for _ in range(30):
        shop.clock.goes_on(days=1)
        remind(shop.store)
    assert (shop.request.state, shop.request.version) == (RequestState.FILED, 1)


def test_what_lies_for_three_days_is_shown_to_the_deputies(shop: AskingShop) -> None:
    is_away(shop, PRIYA)
    shop.files()
    shop.clock.goes_on(hours=48)
    assert reminded(shop) == ["U_RUTH"], "who is away is not reminded while others are there"
    shop.clock.goes_on(hours=24)
    assert reminded(shop) == ["U_RUTH", "U_TOM"]
    assert shop.request.waits_for(TOM.user)
    assert shop.does(Act.APPROVE, TOM).last.by.instead_of == "Priya Manager"


def test_when_all_approvers_are_away_the_next_reminder_goes_to_the_deputies(shop: AskingShop) -> None:
    shop.files()
    is_away(shop, PRIYA)
    is_away(shop, RUTH)
    shop.clock.goes_on(hours=24)
    assert reminded(shop) == ["U_TOM"]
    assert shop.request.escalated_at == shop.clock.now


def test_when_nobody_at_all_is_there_everybody_is_reminded(shop: AskingShop) -> None:
    """Two managers who are each other's deputies."""
    is_away(shop, PRIYA, RUTH)
    is_away(shop, RUTH, PRIYA)
    shop.files()
    shop.clock.goes_on(hours=24)
    assert reminded(shop) == ["U_PRIYA", "U_RUTH"]


def test_without_deputies_it_stays_with_the_approvers(shop: AskingShop) -> None:
    shop.files()
    shop.clock.goes_on(days=10)
    assert reminded(shop) == ["U_PRIYA", "U_RUTH"]
    assert shop.request.escalated_at is None


def becomes_manager(shop: AskingShop, person: Actor) -> Actor:
    promoted = person.model_copy(update={"roles": PRIYA.roles})
    shop.hires(promoted)
    return promoted


def loses_role(shop: AskingShop, person: Actor) -> None:
    """And is an agent from then on."""
    shop.dismisses(person)
    shop.hires(person.model_copy(update={"roles": MIA.roles}))


def test_where_nobody_who_was_asked_may_still_decide_managers_of_now_stand_in(shop: AskingShop) -> None:
    """Both lost the role after it was filed; Tom has become a manager, and decides in their place."""
    shop.files()
    for person in (PRIYA, RUTH):
        loses_role(shop, person)
    promoted = becomes_manager(shop, TOM)
    assert reminded(shop) == []
    shop.clock.goes_on(hours=24)
    assert reminded(shop) == ["U_TOM"], "and not those who may not decide any more"
    assert [(one.name, one.instead_of) for one in shop.request.deciders[-1:]] == [("Tom Deputy", "Priya Manager")]
    assert shop.does(Act.APPROVE, promoted).state is RequestState.APPROVED


def test_while_one_of_those_who_were_asked_may_decide_nobody_stands_in(shop: AskingShop) -> None:
    """Who decides was noted when it was filed."""
    shop.files()
    loses_role(shop, PRIYA)
    becomes_manager(shop, TOM)
    shop.clock.goes_on(hours=24)
    assert reminded(shop) == ["U_RUTH"]
    assert shop.request.deputies == ()


def test_where_two_have_to_agree_and_one_is_left_managers_of_now_stand_in(shop: AskingShop) -> None:
    """24.00 less a month, where more than 10.00 needs two."""
    policy(shop, second_approval_above={"EUR": 1000})
    shop.files()
    loses_role(shop, PRIYA)
    promoted = becomes_manager(shop, TOM)
    shop.clock.goes_on(hours=24)
    assert reminded(shop) == ["U_RUTH", "U_TOM"]
    shop.does(Act.APPROVE, RUTH)
    assert shop.does(Act.APPROVE, promoted).state is RequestState.APPROVED


def test_who_filed_it_never_stands_in(shop: AskingShop) -> None:
    shop.files(person=TOM)
    for person in (PRIYA, RUTH):
        loses_role(shop, person)
    becomes_manager(shop, TOM)
    shop.clock.goes_on(hours=24)
    remind(shop.store)
    assert shop.request.deputies == ()
    assert shop.request.state is RequestState.FILED, "it waits for somebody who may"


def test_a_manager_who_stands_in_and_loses_the_role_decides_no_more(shop: AskingShop) -> None:
    shop.files()
    for person in (PRIYA, RUTH):
        loses_role(shop, person)
    becomes_manager(shop, TOM)
    shop.clock.goes_on(hours=24)
    assert reminded(shop) == [TOM.user]
    loses_role(shop, TOM)
    for act in (Act.APPROVE, Act.REJECT):
        with pytest.raises(NotPermitted):
            shop.does(act, TOM, "no")
    assert is_stuck(shop)


def is_stuck(shop: AskingShop) -> bool:
    with shop.store.reading(NOBODY) as uow:
        return lists.view(uow, shop.request.id).stuck


def test_where_nobody_is_left_who_may_decide_the_filer_and_the_admins_learn_of_it(shop: AskingShop) -> None:
    """Nothing stalls in silence: who gives roles can mend it, and then it goes to whom they made a manager."""
    shop.files()
    for person in (PRIYA, RUTH):
        loses_role(shop, person)
    assert is_stuck(shop)
    shop.clock.goes_on(hours=24)
    assert reminded(shop) == [MIA.user, ALEX.user]
    with shop.store.reading(NOBODY) as uow:
        assert still_waiting(uow, shop.request.id, ALEX.user)
        assert still_waiting(uow, shop.request.id, PRIYA.user) is None
    becomes_manager(shop, TOM)
    shop.clock.goes_on(hours=24)
    assert reminded(shop) == [TOM.user]
    assert not is_stuck(shop)


@pytest.mark.parametrize(("act", "state"), [(Act.APPROVE, RequestState.APPROVED), (Act.REJECT, RequestState.REJECTED)])
def test_a_question_whose_reader_has_left_goes_back_to_those_who_decide(shop: AskingShop, act, state) -> None:
    """It cannot be answered any more, so it is decided as if it had not been asked."""
    shop.files()
    shop.does(Act.ASK, PRIYA, "why?")
    shop.dismisses(MIA)
    shop.clock.goes_on(hours=24)
    assert reminded(shop) == [PRIYA.user, RUTH.user]
    assert shop.request.waits_for(PRIYA.user)
    assert shop.does(act, PRIYA, "nobody answers").state is state


def test_such_a_question_needs_no_reminder_before_it_is_decided(shop: AskingShop) -> None:
    shop.files()
    shop.does(Act.ASK, PRIYA, "why?")
    with shop.store.reading(RUTH) as uow:
        assert lists.view(uow, shop.request.id).may == (Act.REJECT,)
    shop.dismisses(MIA)
    with shop.store.reading(RUTH) as uow:
        assert lists.view(uow, shop.request.id).may == (Act.APPROVE, Act.REJECT)
    assert shop.does(Act.APPROVE, RUTH).state is RequestState.APPROVED


def test_a_question_that_can_be_answered_is_not_approved(shop: AskingShop) -> None:
    shop.files()
    shop.does(Act.ASK, PRIYA, "why?")
    with pytest.raises(AlreadyDecided):
        shop.does(Act.APPROVE, RUTH)


def test_such_a_question_goes_to_deputies_and_stand_ins_too(shop: AskingShop) -> None:
    """Nothing stalls: those who were asked are gone as well."""
    shop.files()
    shop.does(Act.ASK, PRIYA, "why?")
    for person in (MIA, PRIYA, RUTH):
        shop.dismisses(person)
    promoted = becomes_manager(shop, TOM)
    shop.clock.goes_on(hours=24)
    assert reminded(shop) == [TOM.user]
    assert shop.does(Act.APPROVE, promoted).state is RequestState.APPROVED


def test_a_deputy_who_filed_it_does_not_decide_it(shop: AskingShop) -> None:
    shop.files(person=TOM)
    is_away(shop, PRIYA, TOM)
    is_away(shop, RUTH, TOM)
    shop.clock.goes_on(hours=24)
    assert reminded(shop) == ["U_PRIYA", "U_RUTH"]
    assert shop.request.deputies == ()


def test_a_reminder_that_comes_late_finds_nobody_waiting(shop: AskingShop) -> None:
    request = shop.files()
    with shop.store.reading(NOBODY) as uow:
        assert still_waiting(uow, request.id, PRIYA.user)
        assert still_waiting(uow, request.id, MIA.user) is None
        assert still_waiting(uow, "chr_gone", PRIYA.user) is None
    shop.does(Act.REJECT, RUTH, "no")
    with shop.store.reading(NOBODY) as uow:
        assert still_waiting(uow, request.id, PRIYA.user) is None


def test_who_has_agreed_is_not_reminded(shop: AskingShop) -> None:
    policy(shop, second_approval_above={"EUR": 1})
    shop.files()
    shop.does(Act.APPROVE, PRIYA)
    shop.clock.goes_on(hours=24)
    assert reminded(shop) == ["U_RUTH"]


def needs_two_with_a_deputy(shop: AskingShop, *absent: Actor) -> None:
    """24.00 less a month, where more than 10.00 needs two; Tom decides for those who are away."""
    policy(shop, second_approval_above={"EUR": 1000})
    for person in absent:
        is_away(shop, person)
    shop.files()
    shop.clock.goes_on(hours=72)
    remind(shop.store)


def test_the_deputy_of_who_has_agreed_is_no_second_one(shop: AskingShop) -> None:
    """A24: two have to agree, and a deputy decides for who is away."""
    needs_two_with_a_deputy(shop, PRIYA)
    shop.does(Act.APPROVE, PRIYA)
    with pytest.raises(AlreadyAgreed) as refusal:
        shop.does(Act.APPROVE, TOM)
    assert refusal.value.parameters == {"name": "Priya Manager"}
    assert not shop.request.waits_for(TOM.user)
    shop.clock.goes_on(hours=24)
    assert reminded(shop) == [RUTH.user]
    assert shop.does(Act.APPROVE, RUTH).state is RequestState.APPROVED


def test_who_is_back_is_no_second_one_after_their_deputy(shop: AskingShop) -> None:
    needs_two_with_a_deputy(shop, PRIYA)
    shop.does(Act.APPROVE, TOM)
    with pytest.raises(AlreadyAgreed) as refusal:
        shop.does(Act.APPROVE, PRIYA)
    assert refusal.value.parameters == {"name": "Tom Deputy"}
    assert shop.does(Act.APPROVE, RUTH).state is RequestState.APPROVED


def test_the_deputy_of_two_agrees_for_the_one_who_has_not(shop: AskingShop) -> None:
    needs_two_with_a_deputy(shop, PRIYA, RUTH)
    shop.does(Act.APPROVE, PRIYA)
    assert shop.request.waits_for(TOM.user)
    done = shop.does(Act.APPROVE, TOM)
    assert (done.state, done.last.by.instead_of) == (RequestState.APPROVED, "Ruth Manager")


def test_the_deputy_of_two_agrees_once(shop: AskingShop) -> None:
    needs_two_with_a_deputy(shop, PRIYA, RUTH)
    shop.does(Act.APPROVE, TOM)
    shop.does(Act.ASK, RUTH, "why?")
    shop.does(Act.ANSWER, MIA, "so")
    with pytest.raises(AlreadyAgreed) as refusal:
        shop.does(Act.APPROVE, TOM)
    assert refusal.value.parameters == {}


def test_an_absence_that_is_over_names_no_deputy(shop: AskingShop) -> None:
    """Neither when it is filed nor when it lies too long."""
    is_away(shop, PRIYA, last=TODAY)
    shop.clock.goes_on(days=1)
    assert shop.files().deputies == ()
    shop.clock.goes_on(hours=72)
    assert reminded(shop) == [PRIYA.user, RUTH.user]
    assert shop.request.deputies == ()


def test_who_was_noted_is_not_asked_once_the_absence_is_over(shop: AskingShop) -> None:
    is_away(shop, PRIYA, last=TODAY + timedelta(days=1))
    assert [one.user for one in shop.files().deputies] == [TOM.user]
    shop.clock.goes_on(hours=72)
    assert reminded(shop) == [PRIYA.user, RUTH.user]
    assert (shop.request.deputies, shop.request.escalated_at) == ((), None)


def test_what_a_deputy_was_asked_stays_with_them(shop: AskingShop) -> None:
    is_away(shop, PRIYA, last=TODAY + timedelta(days=3))
    shop.files()
    shop.clock.goes_on(hours=72)
    assert reminded(shop) == [RUTH.user, TOM.user]
    shop.clock.goes_on(hours=24)
    assert reminded(shop) == [PRIYA.user, RUTH.user, TOM.user]


# Out of office


def current(shop: AskingShop, person=PRIYA):
    with shop.store.reading(person) as uow:
        return absences.current(uow)


def test_an_absence_is_noted_replaced_and_ended(shop: AskingShop) -> None:
    is_away(shop, PRIYA)
    is_away(shop, PRIYA, RUTH, last=date(2026, 3, 5))
    assert (current(shop).deputy, current(shop).last) == (RUTH.user, date(2026, 3, 5))
    with shop.store.writing(PRIYA) as uow:
        absences.end(uow)
    assert current(shop) is None


def test_an_absence_that_is_over_is_none(shop: AskingShop) -> None:
    is_away(shop, PRIYA, last=TODAY)
    assert current(shop) is not None
    shop.clock.goes_on(days=1)
    assert current(shop) is None


@pytest.mark.parametrize(
    ("first", "last", "deputy", "field"),
    [
        (TODAY, TODAY - timedelta(days=1), TOM, "last"),
        (TODAY - timedelta(days=9), TODAY - timedelta(days=1), TOM, "last"),
        (TODAY, TODAY + timedelta(days=367), TOM, "last"),
        (TODAY, TODAY, PRIYA, "deputy"),
        (TODAY, TODAY, NOBODY_OF_US, "deputy"),
    ],
)
def test_what_is_no_absence(shop: AskingShop, first, last, deputy, field) -> None:
    """Days that are over, the wrong way round or too many; oneself or somebody without a role as deputy."""
    with pytest.raises(AbsenceImpossible) as refusal:
        is_away(shop, PRIYA, deputy, first, last)
    assert refusal.value.reason.field == field
    assert current(shop) is None


def test_a_year_is_possible(shop: AskingShop) -> None:
    is_away(shop, PRIYA, TOM, TODAY, TODAY + timedelta(days=366))
    assert current(shop)


@pytest.mark.parametrize("person", [MIA, ALEX])
def test_only_who_decides_needs_a_deputy(shop: AskingShop, person) -> None:
    with pytest.raises(NotPermitted):
        is_away(shop, person)
