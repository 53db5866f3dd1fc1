"""One request for its reader (A24, A4)."""

from __future__ import annotations

import pytest

from billing.change_requests import lists
from billing.change_requests.model import Act
from billing.contacts import Account
from billing.errors import NotStaff, UnknownRequest
from billing.ids import TeamId
from billing.plans import Cadence, Dimension
from billing.steps import NOBODY
from tests.support.asking import MIA, NOBODY_OF_US, PRIYA, TOM, AskingShop, customer
from tests.support.memory import Mirrored
from tests.support.shop import ADA


@pytest.fixture
def shop() -> AskingShop:
    return AskingShop()


def view(shop: AskingShop, person=PRIYA) -> lists.RequestView:
    with shop.store.reading(person) as uow:
        return lists.view(uow, shop.request.id)


def test_a_view_is_the_readers(shop: AskingShop) -> None:
    shop.files()
    assert view(shop).may == (Act.APPROVE, Act.REJECT, Act.ASK)
    assert view(shop, MIA).may == (Act.WITHDRAW,)
    assert view(shop, TOM).may == ()
    assert view(shop, NOBODY).may == (Act.APPROVE, Act.REJECT, Act.ASK), "for a channel"
    assert view(shop).cadence == Cadence(interval="month", count=1, currency="EUR")


def test_the_usage_is_the_one_of_now(shop: AskingShop) -> None:
    """A4: not the one of when it was filed; what is decided does not warn any more."""
    shop.files(limit=500)
    assert view(shop).above == ()
    shop.rows.contacts[ADA] = customer(account=Account(plan="mail/pro", contact_limit=1000, active_contacts=501))
    (above,) = view(shop).above
    assert (above.what, above.used, above.allowed) == (Dimension.LIMIT, 501, 500)
    shop.does(Act.REJECT, PRIYA, "no")
    assert view(shop).above == ()


def test_a_subscription_that_nobody_knows_any_more_has_no_cycle(shop: AskingShop) -> None:
    shop.files()
    shop.rows.mirror[ADA] = Mirrored()
    assert view(shop).cadence is None


def test_another_teams_request_does_not_exist(shop: AskingShop) -> None:
    shop.files()
    with pytest.raises(UnknownRequest):
        view(shop, PRIYA.model_copy(update={"team": TeamId("T2")}))


def test_without_a_role_there_is_no_view(shop: AskingShop) -> None:
    shop.files()
    with pytest.raises(NotStaff):
        view(shop, NOBODY_OF_US)
