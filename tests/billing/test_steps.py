"""The walk of an operation: what each step passes on, and what is written down when a step runs again."""

from __future__ import annotations

import json

import pytest

from billing.errors import Declined, Misconfigured, NotFound, PriceChanged, Transient
from billing.ids import OperationId
from billing.operations import State
from tests.support.shop import ADA, ADAS_CARD, PLUS_MONTH, SAM, Shop


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
def accepted(shop: Shop) -> OperationId:
    return shop.accepts(shop.confirmed())


def answer(progress: str) -> str:
    return json.loads(progress)["answer"]


def test_the_three_steps_end_in_done(shop: Shop, accepted: OperationId) -> None:
    checked = shop.steps.check(accepted, "")
    assert answer(checked) == "checked"
    performed = shop.steps.perform(accepted, checked)
    assert answer(performed) == "performed"
    assert shop.steps.record(accepted, performed) == "done"
    assert shop.rows.operations[accepted].state is State.DONE


def test_check_asks_nothing_of_stripe_and_writes_nothing(shop: Shop, accepted: OperationId) -> None:
    before = shop.rows.copied()
    shop.steps.check(accepted, "")
    assert not shop.payments.calls
    assert shop.rows == before


def test_perform_writes_nothing(shop: Shop, accepted: OperationId) -> None:
    """Money is never moved inside a database transaction."""
    before = shop.rows.copied()
    shop.performs(accepted)
    assert shop.rows == before


def test_a_refusal_passes_through_to_the_record(shop: Shop) -> None:
    refused = shop.accepts(shop.confirmed().model_copy(update={"quantity": 0}))
    checked = shop.steps.check(refused, "")
    assert answer(checked) == "refused"
    assert shop.steps.perform(refused, checked) == checked
    assert shop.steps.record(refused, checked) == "refused"
    assert shop.rows.operations[refused].reason.key == "QuantityOutOfRange"
    assert shop.rows.operations[refused].result is None
    assert not shop.payments.calls
    assert not shop.rows.timeline


def test_a_decline_passes_through_to_the_record(shop: Shop, accepted: OperationId) -> None:
    """H30"""
    shop.payments.fails.append(Declined("expired_card"))
    performed = shop.performs(accepted)
    assert answer(performed) == "declined"
    assert shop.records(accepted, performed) == "declined"
    assert shop.rows.operations[accepted].reason.parameters == {"code": "expired_card"}
    assert shop.happened() == ["payment_declined"]


@pytest.mark.parametrize("refusal", [PriceChanged(contact="Ada Lovelace"), Misconfigured(price=PLUS_MONTH)])
def test_a_refusal_by_stripe_is_an_answer_too(shop: Shop, accepted: OperationId, refusal: Exception) -> None:
    """H12, H23"""
    shop.payments.fails.append(refusal)
    performed = shop.performs(accepted)
    assert answer(performed) == "refused"
    assert shop.records(accepted, performed) == "refused"
    assert shop.rows.operations[accepted].reason == refusal.reason
    assert not shop.rows.timeline


def test_what_may_be_tried_again_leaves_the_step(shop: Shop, accepted: OperationId) -> None:
    shop.payments.fails.append(Transient("Stripe: 429", retry_after=3))
    with pytest.raises(Transient) as busy:
        shop.performs(accepted)
    assert busy.value.retry_after == 3
    assert shop.rows.operations[accepted].state is State.ACCEPTED


def test_what_nobody_foresaw_leaves_the_step(shop: Shop, accepted: OperationId) -> None:
    shop.payments.fails.append(ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        shop.performs(accepted)
    assert shop.rows.operations[accepted].state is State.ACCEPTED


def test_performing_again_after_a_lost_answer_charges_once(shop: Shop, accepted: OperationId) -> None:
    """The connection broke after Stripe had done the work."""
    shop.payments.fails_after.append(Transient("connection lost"))
    with pytest.raises(Transient):
        shop.performs(accepted)
    assert shop.walks(accepted) is State.DONE
    assert len(shop.payments.started) == 1


def test_every_step_may_run_twice_and_is_written_down_once(shop: Shop, accepted: OperationId) -> None:
    """A crash between a step and the engine's note of it."""
    checked = shop.steps.check(accepted, "")
    assert shop.steps.check(accepted, "") == checked
    performed = shop.steps.perform(accepted, checked)
    assert shop.steps.perform(accepted, checked) == performed
    assert shop.records(accepted, performed) == "done"
    after = shop.rows.copied()
    shop.clock.goes_on(minutes=5)
    assert shop.records(accepted, performed) == "done"
    assert shop.rows == after
    assert shop.happened() == ["subscription_started"]


def test_the_first_outcome_that_is_written_down_stays(shop: Shop, accepted: OperationId) -> None:
    """Two workers walk the same operation, and the second one is told something else."""
    performed = shop.performs(accepted)
    declined = json.dumps(
        json.loads(performed)
        | {"answer": "declined", "outcome": None, "reason": Declined("expired_card").reason.model_dump()}
    )
    assert shop.records(accepted, performed) == "done"
    assert shop.records(accepted, declined) == "done"
    assert shop.happened() == ["subscription_started"]


def test_a_walk_that_begins_anew_after_the_end_does_nothing(shop: Shop, accepted: OperationId) -> None:
    shop.walks(accepted)
    calls = len(shop.payments.calls)
    assert shop.walks(accepted) is State.DONE
    assert len(shop.payments.calls) == calls


def test_a_walk_that_begins_anew_while_it_waits_goes_on_waiting_with_the_same_link(shop: Shop) -> None:
    """H31"""
    waiting = shop.starts(payment_method="link")
    assert shop.walks(waiting.id) is State.WAITING
    assert shop.rows.operations[waiting.id] == waiting
    assert len(shop.payments.links) == 1
    assert shop.happened() == ["payment_link_sent"]


def test_a_record_that_breaks_leaves_nothing_behind(shop: Shop, accepted: OperationId) -> None:
    """Mirror, timeline and state are one transaction."""
    performed = json.loads(shop.performs(accepted))
    outcome = json.loads(performed["outcome"])
    outcome["started"]["subscription"]["status"] = "no such status"
    before = shop.rows.copied()
    with pytest.raises(ValueError, match="status"):
        shop.records(accepted, json.dumps(performed | {"outcome": json.dumps(outcome)}))
    assert shop.rows == before
    assert shop.rows.operations[accepted].state is State.ACCEPTED


def test_what_broke_is_failed_with_the_reference_of_the_log(shop: Shop, accepted: OperationId) -> None:
    shop.steps.fail(accepted, "a1b2c3")
    failed = shop.rows.operations[accepted]
    assert failed.state is State.FAILED
    assert failed.reason.parameters == {"reference": "a1b2c3"}


@pytest.mark.parametrize("state", [State.DONE, State.REFUSED, State.DECLINED, State.EXPIRED])
def test_a_final_state_is_not_left(shop: Shop, accepted: OperationId, state: State) -> None:
    """The announcement may break after everything else was right."""
    with shop.store.writing(SAM) as uow:
        uow.operations.finish(accepted, state)
    shop.steps.fail(accepted, "a1b2c3")
    assert shop.rows.operations[accepted].state is state
    assert shop.walks(accepted) is state
    assert not shop.payments.calls


def test_after_a_failure_nothing_is_done_any_more(shop: Shop, accepted: OperationId) -> None:
    shop.steps.fail(accepted, "a1b2c3")
    assert shop.walks(accepted) is State.FAILED
    assert not shop.payments.calls


def test_an_operation_that_is_not_there_is_no_refusal(shop: Shop) -> None:
    with pytest.raises(NotFound):
        shop.steps.check("op_nobody", "")


def test_the_steps_pass_on_text_that_an_engine_can_keep(shop: Shop, accepted: OperationId) -> None:
    """And the text holds no more of a card than the mirror does (HX5)."""
    performed = shop.performs(accepted)
    assert json.loads(json.loads(performed)["checked"])["order"]["payment_method"] == ADAS_CARD
    assert json.loads(json.loads(performed)["checked"])["contact"]["id"] == ADA


def test_a_link_that_waits_goes_on_waiting_when_only_telling_of_it_fails(shop: Shop) -> None:
    """H31: the customer has the page; whoever adds a card there has the subscription started."""
    waiting = shop.starts(payment_method="link")
    shop.steps.fail(waiting.id, "ref123")
    assert shop.rows.operations[waiting.id] == waiting
