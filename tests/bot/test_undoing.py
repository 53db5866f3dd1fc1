"""What a broken operation has begun at Stripe is taken away before people are told that it broke."""

from __future__ import annotations

import pytest
import structlog
from structlog.testing import capture_logs

from billing.errors import Misconfigured, Transient
from billing.operations import Operation
from bot import app
from bot.app import undo
from tests.support.accounts import changes, furnish, verifies
from tests.support.shop import Shop


@pytest.fixture
def shop() -> Shop:
    made = Shop()
    furnish(made)
    return made


@pytest.fixture
def operation(shop: Shop) -> Operation:
    return changes(shop, verifies(shop))


def test_a_broken_change_is_undone(shop: Shop, operation: Operation) -> None:
    undo(shop.steps, operation.id, "ref")
    assert shop.payments.called("take_back_tax_id") == 1


def test_a_stripe_out_of_reach_is_waited_for(shop: Shop, operation: Operation) -> None:
    shop.payments.fails.append(Transient("Stripe"))
    with pytest.raises(Transient):
        undo(shop.steps, operation.id, "ref")


@pytest.mark.parametrize(
    "error", [ValueError("what Stripe never said before"), Misconfigured(setting="STRIPE_API_KEY")]
)
def test_what_cannot_be_undone_is_logged_under_the_reference_that_people_get(
    shop: Shop, operation: Operation, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "log", structlog.get_logger())  # one that a test before has used stays as it was then
    shop.payments.fails.append(error)
    with capture_logs() as said:
        undo(shop.steps, operation.id, "ref-17")
    assert [(one["event"], one["reference"]) for one in said] == [("operation_not_undone", "ref-17")]


def test_an_operation_that_is_over_stays_as_it_is(shop: Shop, operation: Operation) -> None:
    shop.walks(operation.id)
    undo(shop.steps, operation.id, "ref")
    assert shop.payments.called("take_back_tax_id") == 0
