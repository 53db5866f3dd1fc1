"""The desk: what was asked for is written down once, with the job that does it."""

from __future__ import annotations

import pytest

from billing.ids import ContactId
from billing.operations import State, operation_id
from billing.ports import Job
from billing.subscriptions import CreateSubscription
from tests.support.shop import ADA, NOW, SAM, Shop


@pytest.fixture
def shop() -> Shop:
    return Shop()


def test_what_is_accepted_is_a_row_and_a_job(shop: Shop) -> None:
    command = shop.confirmed()
    accepted = shop.desk.accept(command, SAM, key="T1:V1", reply_to="here", trace="abc")
    assert shop.rows.operations == {accepted.id: accepted}
    assert shop.rows.jobs == [Job(id=accepted.id, name="operation", argument=accepted.id, trace="abc")]
    assert accepted.state is State.ACCEPTED
    assert (accepted.contact, accepted.team, accepted.user) == (ADA, SAM.team, SAM.user)
    assert (accepted.reply_to, accepted.trace) == ("here", "abc")
    assert accepted.created_at == accepted.updated_at == NOW
    assert CreateSubscription.model_validate_json(accepted.command) == command


def test_the_same_key_again_is_the_same_operation(shop: Shop) -> None:
    """A double click, Slack's retries, five requests at once."""
    command = shop.confirmed()
    first = shop.desk.accept(command, SAM, key="T1:V1", reply_to="here")
    shop.clock.goes_on(seconds=3)
    again = [shop.desk.accept(command, SAM, key="T1:V1", reply_to="there") for _ in range(4)]
    assert {one.id for one in again} == {first.id}
    assert shop.rows.operations == {first.id: first}
    assert len(shop.rows.jobs) == 1


def test_the_same_key_changes_nothing_even_when_it_asks_for_something_else(shop: Shop) -> None:
    first = shop.desk.accept(shop.confirmed(), SAM, key="T1:V1", reply_to="")
    shop.desk.accept(shop.confirmed(quantity=9), SAM, key="T1:V1", reply_to="")
    shop.walks(first.id)
    assert [one.items[0].quantity for one in shop.rows.mirror[ADA].subscriptions] == [3]


def test_an_accepted_command_that_was_done_is_not_done_again(shop: Shop) -> None:
    command = shop.confirmed()
    first = shop.desk.accept(command, SAM, key="T1:V1", reply_to="")
    shop.walks(first.id)
    shop.walks(shop.desk.accept(command, SAM, key="T1:V1", reply_to="").id)
    assert shop.payments.called("start_subscription") == 1


def test_another_key_is_another_operation(shop: Shop) -> None:
    """H32: the same again, on purpose."""
    command = shop.confirmed()
    shop.desk.accept(command, SAM, key="T1:V1", reply_to="")
    shop.desk.accept(command, SAM, key="T1:V2", reply_to="")
    assert len(shop.rows.operations) == len(shop.rows.jobs) == 2


def test_an_operations_id_comes_from_its_key_alone() -> None:
    assert operation_id("T1:V1") == operation_id("T1:V1")
    assert operation_id("T1:V1") != operation_id("T1:V2")
    assert operation_id("T1:V1").startswith("op_")


def test_rules_are_not_checked_while_a_person_waits(shop: Shop) -> None:
    """They are checked by the operation itself, which can also be told about them."""
    command = shop.confirmed().model_copy(update={"contact": ContactId("con_nobody")})
    accepted = shop.desk.accept(command, SAM, key="T1:V1", reply_to="")
    assert shop.walks(accepted.id) is State.REFUSED
