"""Random sequences of what people and Stripe do: whatever happens, the rules hold at every step (A24)."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from billing.change_requests.applying import KEEP, KeepPlan
from billing.change_requests.model import Act, RequestState
from billing.change_requests.watching import remind
from billing.errors import Refusal
from billing.operations import State
from billing.steps import OperationSteps
from tests.support.asking import ALEX, MIA, NOBODY_OF_US, PRIYA, RUTH, TOM, AskingShop, policy, settles_on, subscription

PEOPLE = (MIA, PRIYA, RUTH, TOM, ALEX, NOBODY_OF_US)
ACTS = (Act.APPROVE, Act.REJECT, Act.ASK, Act.ANSWER, Act.WITHDRAW)


class Life(RuleBasedStateMachine):
    """One request, and everybody at once."""

    @initialize(needed=st.sampled_from([1, 2]), filer=st.sampled_from([MIA, TOM]))
    def is_filed(self, needed: int, filer) -> None:
        self.shop = AskingShop()
        if needed == 2:
            policy(self.shop, second_approval_above={"EUR": 1})
        self.filer = filer
        self.before = self.shop.files(person=filer)

    @rule(act=st.sampled_from(ACTS), person=st.sampled_from(PEOPLE), note=st.sampled_from(["", "words"]))
    def somebody_acts(self, act: Act, person, note: str) -> None:
        try:
            self.shop.does(act, person, note)
        except Refusal:
            assert self.shop.request == self.before, "a refusal changes nothing"

    @rule()
    def the_engine_works(self) -> None:
        for operation in [*self.shop.rows.operations.values()]:
            if operation.state is State.ACCEPTED:
                self.shop.walks(operation.id)

    @precondition(lambda self: self.shop.request.state is RequestState.APPROVED)
    @rule()
    def somebody_changes_it_at_stripe(self) -> None:
        settles_on(self.shop, subscription().model_copy(update={"items": ()}))

    @rule(person=st.sampled_from(PEOPLE))
    def somebody_keeps_the_plan(self, person) -> None:
        """It takes turns with what Stripe is being told."""
        self.the_engine_works()
        key = f"keep-{len(self.shop.rows.operations)}"
        steps = OperationSteps(self.shop.store, self.shop.payments, {KeepPlan.kind: KEEP})
        request = self.shop.request
        operation = self.shop.accepts(KeepPlan(contact=request.contact, request=request.id), person=person, key=key)
        steps.record(operation, steps.perform(operation, steps.check(operation, "")))

    @rule(hours=st.integers(1, 100))
    def time_passes(self, hours: int) -> None:
        self.shop.clock.goes_on(hours=hours)
        undecided = self.shop.request.state
        remind(self.shop.store)
        assert self.shop.request.state is undecided, "waiting decides nothing"

    @invariant()
    def the_rules_hold(self) -> None:
        now, before = self.shop.request, self.before
        self.before = now
        assert now.decisions[: len(before.decisions)] == before.decisions, "audit rows are only added"
        assert [one.number for one in now.decisions] == list(range(1, now.version + 1))
        if not before.state.open:
            assert now.state is before.state, "what is over stays over"
        by = {one.act: one.by for one in now.decisions if one.by}
        for act in (Act.APPROVE, Act.REJECT, Act.ASK):
            if act in by:
                assert by[act].user in (PRIYA.user, RUTH.user)
                assert by[act].user != self.filer.user
        if now.state in (RequestState.APPROVED, RequestState.SCHEDULED, RequestState.KEPT):
            assert len({one.by.user for one in now.approvals if one.by}) >= now.approvals_needed
        assert self.shop.payments.called("schedule_change") <= 1, "Stripe is told once"
        assert all(one.note for one in now.decisions if one.act in (Act.REJECT, Act.ASK, Act.ANSWER))


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
