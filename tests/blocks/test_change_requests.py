"""What is said about a change: of many things the number is counted, and what an add-on's number means is said."""

import pytest

from billing.plans import Dimension
from blocks.change_requests import facts
from blocks.plan_changes import wording
from tests.blocks.samples import DE, EN
from tests.blocks.samples_change_requests import PLANS, PRIYA, A, S, decision, request
from tests.blocks.samples_plan_changes import LimitChange, difference


def asked_and_answered(times):
    acts = (decision(number, A.ANSWER if number % 2 else A.ASK, PRIYA, "x") for number in range(2, 2 + times * 2))
    return request(S.FILED, *acts).decisions


def shown(last, t=EN, times=2):
    return list(facts.trail(asked_and_answered(times), t, last))


def test_an_answer_stands_with_its_question():
    """Of five acts (filed, asked, answered, asked, answered) the last one alone would be an answer to nothing."""
    remark, question, answer = shown(last=1)
    assert "asked" in question
    assert "answered" in answer
    assert remark == "… and 3 earlier steps"
    assert len(shown(last=5)) == 5, "nothing is left out, and nothing said of it"


def test_what_is_left_out_is_counted_in_the_right_form():
    assert shown(last=4)[0] == "… and 1 earlier step"
    assert shown(last=4, t=DE)[0] == "… und 1 früherer Schritt"
    assert shown(last=2, t=DE)[0] == "… und 3 frühere Schritte"


@pytest.mark.parametrize(
    ("seats", "t", "said"),
    [
        (0, EN, "Marketing Plus → Marketing Professional"),
        (1, EN, "Marketing Plus → Marketing Professional and 1 more change"),
        (1, DE, "Marketing Plus → Marketing Professional und 1 weitere Änderung"),
        (2, DE, "Marketing Plus → Marketing Professional und 2 weitere Änderungen"),
    ],
)
def test_a_summary_says_of_what_there_is_more(seats, t, said):
    others = (difference(Dimension.SEATS, before=3, after=1),) * seats
    assert facts.summary(request(differences=(difference(), *others)), PLANS, t) == said


@pytest.mark.parametrize(
    ("before", "after", "german", "english"),
    [
        (1, 0, "fällt weg", "no longer included"),
        (2, 0, "fällt weg", "no longer included"),
        (0, 1, "kommt hinzu", "added"),
        (0, 2, "0 → 2", "0 → 2"),
        (2, 1, "2 → 1", "2 → 1"),
    ],
)
def test_an_add_on_that_comes_or_goes_says_so(before, after, german, english):
    change = difference(Dimension.ADD_ON, add_on="dedicated-ip", before=before, after=after)
    assert [facts.difference(change, PLANS, t)[1] for t in (DE, EN)] == [german, english]
    last = german.rpartition(" → ")[2]
    assert f"*{last}*" in wording.differences([change], PLANS, DE)


def test_a_limit_that_one_of_the_plans_does_not_have_is_no_dash():
    changes = [LimitChange(limit="automations", before=None, after=10)]
    assert list(wording.limits(changes, PLANS, DE)) == ["Automationen: nicht enthalten → 10"]
