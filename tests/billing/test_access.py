"""Who may (H16): permissions hang on roles, in one table, and are read anew when the operation is checked."""

from __future__ import annotations

import pytest

from billing.access import Actor
from billing.cards import card
from billing.contacts import Contact
from billing.errors import NotPermitted, NotStaff
from billing.ids import TeamId, UserId
from billing.operations import State
from billing.roles import PERMISSIONS, Permission, Role
from billing.subscriptions import form, review
from tests.support.shop import ADA, SAM, Shop, actor


@pytest.mark.parametrize(
    ("permission", "may"),
    [
        (Permission.FIND_CONTACTS, {"agent", "sales", "manager", "admin"}),
        (Permission.SEE_CONTACT, {"agent", "sales", "manager", "admin"}),
        (Permission.CREATE_SUBSCRIPTION, {"agent", "sales", "manager"}),
        (Permission.SEND_PAYMENT_LINK, {"agent", "sales", "manager"}),
        (Permission.MANAGE_STAFF, {"admin"}),
    ],
)
@pytest.mark.parametrize("role", Role)
def test_a_role_may_exactly_what_the_table_says(permission: Permission, may: set[str], role: Role) -> None:
    """H16"""
    assert actor(role).may(permission) == (role.value in may)


def test_every_permission_has_a_row_and_somebody_who_has_it() -> None:
    """H16: a permission that nobody has could only be refused."""
    assert set(PERMISSIONS) == set(Permission)
    assert all(PERMISSIONS.values())


def test_several_roles_add_up() -> None:
    """H16"""
    both = actor(Role.ADMIN, Role.SALES)
    assert both.may(Permission.MANAGE_STAFF)
    assert both.may(Permission.CREATE_SUBSCRIPTION)


def test_a_refusal_names_the_permission_and_who_has_it() -> None:
    """H16"""
    with pytest.raises(NotPermitted) as refusal:
        actor(Role.ADMIN).require(Permission.CREATE_SUBSCRIPTION)
    reason = refusal.value.reason
    assert reason.rule == "H16"
    assert reason.parameters == {"permission": "create_subscription"}
    assert set(reason.who_can) == {Role.SALES, Role.AGENT, Role.MANAGER}


@pytest.mark.parametrize("permission", Permission)
def test_somebody_without_any_role_is_sent_to_an_admin(permission: Permission) -> None:
    """H16"""
    with pytest.raises(NotStaff) as refusal:
        actor().require(permission)
    assert refusal.value.reason.who_can == (Role.ADMIN,)


@pytest.mark.parametrize(
    "read", [card, form, lambda uow, one: review(uow, Shop().draft())], ids=["card", "form", "review"]
)
def test_nobody_without_a_role_sees_a_customer(read) -> None:
    """H16"""
    with Shop().store.reading(actor()) as uow, pytest.raises(NotStaff):
        read(uow, ADA)


def test_who_may_not_start_a_subscription_is_not_shown_the_form() -> None:
    """H16"""
    with Shop().store.reading(actor(Role.ADMIN)) as uow, pytest.raises(NotPermitted):
        form(uow, ADA)


def test_the_card_offers_only_what_this_person_may_do() -> None:
    """H16"""
    with Shop().store.reading(actor(Role.ADMIN)) as uow:
        assert Permission.CREATE_SUBSCRIPTION not in card(uow, ADA).may
    with Shop().store.reading(actor(Role.AGENT)) as uow:
        assert Permission.CREATE_SUBSCRIPTION in card(uow, ADA).may


def test_a_role_that_was_taken_away_after_the_confirmation_is_missing_at_the_check() -> None:
    """H16: hiding a button is not a check."""
    shop = Shop()
    operation = shop.accepts(shop.confirmed())
    shop.dismisses(SAM)
    assert shop.walks(operation) is State.REFUSED
    assert shop.rows.operations[operation].reason.key == "NotStaff"
    assert not shop.payments.calls


def test_a_role_that_was_changed_after_the_confirmation_is_checked_as_it_is_now() -> None:
    """H16"""
    shop = Shop()
    operation = shop.accepts(shop.confirmed())
    shop.dismisses(SAM)
    shop.hires(actor(Role.ADMIN))
    assert shop.walks(operation) is State.REFUSED
    assert shop.rows.operations[operation].reason.key == "NotPermitted"
    assert not shop.payments.calls


def test_what_a_person_claims_about_the_own_roles_does_not_count() -> None:
    """H16: the roles in an actor that comes with a request are not those that the check believes."""
    shop = Shop()
    stranger = actor(Role.MANAGER, user="U_EVE")
    with shop.store.writing(stranger) as uow:
        uow.staff.save(stranger)
    operation = shop.accepts(shop.confirmed(), person=stranger)
    assert shop.walks(operation) is State.REFUSED
    assert shop.rows.operations[operation].reason.key == "NotStaff"


def test_a_role_of_one_workspace_is_none_in_another() -> None:
    """H16"""
    shop = Shop()
    namesake = SAM.model_copy(update={"team": TeamId("T_OTHER")})
    with shop.store.writing(namesake) as uow:
        uow.staff.save(namesake)
        found = uow.staff.get(TeamId("T_OTHER"), UserId(SAM.user))
    assert isinstance(found, Actor)
    assert found.roles == frozenset()


def test_a_customers_data_is_not_in_a_refusal_about_rights() -> None:
    """H16: who may not see the customer learns nothing by being refused."""
    shop = Shop()
    customer: Contact = shop.rows.contacts[ADA]
    with shop.store.reading(actor()) as uow, pytest.raises(NotStaff) as refusal:
        form(uow, ADA)
    assert customer.name not in refusal.value.reason.model_dump_json()
