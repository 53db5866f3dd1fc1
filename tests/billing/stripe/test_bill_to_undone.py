"""A change of "Bill to" that comes to nothing after its tax id was added at Stripe leaves nothing there (G20)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from billing.contacts import Contact
from billing.errors import Transient
from billing.ids import OperationId
from billing.operations import Operation, State
from billing.steps import NOBODY
from tests.support.accounts import account, card, changes, furnish, verifies
from tests.support.shop import Shop

ID, OTHER = "DE136695976", "DE129273398"
THEIRS = "FR40303265045"  # added by somebody in the Dashboard


@dataclass
class Desk:
    """Ada's account with a customer at the local Stripe, and the steps that an engine would walk."""

    local: Any
    shop: Shop
    ada: Contact

    checked: dict[str, str] = field(default_factory=dict)  # by operation; as the engine keeps it

    def change(self, key: str = "c1", tax_id: str = ID, **fields: str) -> Operation:
        self.shop.clock.now += timedelta(minutes=1)
        return changes(self.shop, verifies(self.shop, key=f"v-{key}"), key=key, tax_id=tax_id, **fields)

    def performs(self, operation: Operation) -> str:
        if operation.id not in self.checked:
            self.checked[operation.id] = self.shop.steps.check(operation.id, "")
        return self.shop.steps.perform(operation.id, self.checked[operation.id])

    def is_cut_off(self, operation: Operation, after: int, kind: str = "cut_before") -> None:
        """Performed up to the connection's end, after so many calls that change something."""
        path = f"/v1/customers/{self.ada.customer}"
        self.local.fault("delay", path, count=after, seconds=0.01)
        self.local.fault(kind, path)
        with pytest.raises(Transient):
            self.performs(operation)

    def freezes(self) -> None:
        with self.shop.store.writing(NOBODY) as uow:
            uow.billing_contacts.freeze(self.ada.id, uow.now)

    def thaws(self) -> None:
        with self.shop.store.writing(NOBODY) as uow:
            uow.billing_contacts.thaw(self.ada.id)

    def ends(self, operation: Operation) -> State:
        return State(self.shop.records(operation.id, self.performs(operation)))

    @property
    def tax_ids(self) -> list[str]:
        return sorted(one.value for one in self.local.v1.customers.tax_ids.list(self.ada.customer).data)

    @property
    def customer(self) -> Any:
        return self.local.v1.customers.retrieve(self.ada.customer)


@pytest.fixture
def desk(local: Any, payments: Any) -> Desk:
    shop = Shop()
    furnish(shop)
    shop.banks_with(payments)
    ada = account(customer=local.customer().id)
    shop.knows(ada, card())
    local.v1.customers.tax_ids.create(ada.customer, {"type": "eu_vat", "value": THEIRS})
    return Desk(local, shop, ada)


ADDED = 2  # calls: the customer is told what is being added, and it is added


def test_a_change_that_was_called_off_takes_its_tax_id_away_and_no_other(desk: Desk) -> None:
    before = desk.customer
    change = desk.change()
    desk.is_cut_off(change, after=ADDED)
    assert desk.tax_ids == [ID, THEIRS]
    desk.freezes()
    assert desk.ends(change) is State.REFUSED
    assert desk.tax_ids == [THEIRS]
    assert desk.customer == before


def test_a_tax_id_of_before_the_change_stays(desk: Desk) -> None:
    desk.local.v1.customers.tax_ids.create(desk.ada.customer, {"type": "eu_vat", "value": ID})
    change = desk.change()
    desk.is_cut_off(change, after=0)
    desk.freezes()
    assert desk.ends(change) is State.REFUSED
    assert desk.tax_ids == [ID, THEIRS]


@pytest.mark.parametrize("method", ["DELETE", "POST"])
@pytest.mark.parametrize("kind", ["cut_before", "cut_after"])
def test_taking_it_away_may_be_interrupted_anywhere(desk: Desk, kind: str, method: str) -> None:
    """As kill -9 between any two calls, and between the last one and the engine's own note."""
    change = desk.change()
    desk.is_cut_off(change, after=ADDED)
    desk.freezes()
    desk.local.fault(kind, f"/v1/customers/{desk.ada.customer}", method=method)
    with pytest.raises(Transient):
        desk.performs(change)
    desk.performs(change)
    assert desk.ends(change) is State.REFUSED
    assert desk.tax_ids == [THEIRS]


def test_somebody_may_have_taken_it_away_already(desk: Desk) -> None:
    change = desk.change()
    desk.is_cut_off(change, after=ADDED)
    for one in desk.local.v1.customers.tax_ids.list(desk.ada.customer).data:
        desk.local.v1.customers.tax_ids.delete(desk.ada.customer, one.id)
    desk.freezes()
    assert desk.ends(change) is State.REFUSED
    assert desk.tax_ids == []


def test_a_customer_that_is_gone_has_nothing_to_take_away(desk: Desk) -> None:
    change = desk.change()
    desk.is_cut_off(change, after=ADDED)
    desk.local.v1.customers.delete(desk.ada.customer)
    assert desk.ends(change) is State.REFUSED


def test_what_took_effect_keeps_its_tax_id(desk: Desk) -> None:
    """The change was told, its answer was lost, and then it was called off: also where only the tax id is new."""
    same = {"name": "Bea Books", "email": "bea@engines.example", **desk.ada.address.model_dump()}
    change = desk.change(**same)
    desk.is_cut_off(change, after=ADDED, kind="cut_after")
    desk.freezes()
    assert desk.ends(change) is State.DONE
    assert desk.tax_ids == [ID, THEIRS]
    assert desk.shop.rows.contacts[desk.ada.id].tax_id == ID


def test_a_change_that_broke_takes_its_tax_id_away(desk: Desk) -> None:
    change = desk.change()
    desk.is_cut_off(change, after=ADDED)
    desk.shop.steps.undo(change.id)
    desk.shop.steps.fail(change.id, "ref")
    desk.shop.steps.undo(change.id)
    assert desk.tax_ids == [THEIRS]


def test_a_change_that_broke_after_it_took_effect_keeps_its_tax_id(desk: Desk) -> None:
    change = desk.change()
    desk.performs(change)
    desk.shop.steps.undo(change.id)
    assert desk.tax_ids == [ID, THEIRS]


def test_the_next_change_waits_until_that_is_done(desk: Desk) -> None:
    """A manager lifts the freeze while Stripe does not answer; the new change has the same tax id."""
    stopped = desk.change()
    desk.is_cut_off(stopped, after=ADDED)
    desk.freezes()
    desk.thaws()
    following = desk.change(key="c2")
    with pytest.raises(Transient):
        desk.performs(following)
    assert desk.ends(stopped) is State.REFUSED
    assert desk.ends(following) is State.DONE
    assert desk.tax_ids == [ID, THEIRS]


@pytest.mark.parametrize(("tax_id", "left"), [(OTHER, [OTHER, THEIRS]), (ID, [ID, THEIRS]), ("", [THEIRS])])
def test_what_could_not_be_taken_away_goes_with_the_next_change(desk: Desk, tax_id: str, left: list[str]) -> None:
    change = desk.change()
    desk.is_cut_off(change, after=ADDED)
    desk.shop.steps.fail(change.id, "ref")
    assert desk.ends(desk.change(key="c2", tax_id=tax_id)) is State.DONE
    assert desk.tax_ids == left


def test_what_another_change_is_adding_is_not_taken_away(desk: Desk) -> None:
    desk.is_cut_off(desk.change(), after=ADDED)
    desk.shop.payments.take_back_tax_id(desk.ada.customer, OperationId("op_another"))
    assert desk.tax_ids == [ID, THEIRS]
