"""`[invoices]` of the catalogue's file: what it says, and what it refuses with the line of the mistake."""

from __future__ import annotations

from decimal import Decimal

import pytest

from billing.catalogue import Catalogue, CatalogueError, EditSent, Label, Place
from billing.catalogue.files import parse
from billing.roles import Role
from tests.billing.stripe.conftest import SHOP


def policy(text: str) -> Catalogue:
    return parse(f"{SHOP}\n[invoices]\n{text}")


def field(id_: str, name: str = "Project") -> str:
    return f'[[invoices.fields]]\nid = "{id_}"\nname = {{ en = "Project", de = "{name}" }}\n'


def test_what_it_says() -> None:
    found = policy(
        'series = "RE"\ndue_days = 30\nremind = [7, 0, -3, 7]\nedit_sent = "until_paid"\n'
        'terms = { en = "Net 30", de = "30 Tage" }\n'
        'title = { en = "Tax invoice", de = "Rechnung" }\n'
        '[[invoices.fields]]\nid = "project"\nname = { en = "Project", de = "Projekt" }\nrequired = true\n'
        "[invoices.limits.sales]\ndiscount = 12.5\ntotal = { EUR = 100000 }\n"
    ).invoices
    assert (found.series, found.due_days, found.remind, found.edit_sent) == (
        "RE",
        30,
        (-3, 0, 7),
        EditSent.UNTIL_PAID,
    )
    assert found.title == Label(en="Tax invoice", de="Rechnung")
    assert [(one.id, one.name.de, one.required) for one in found.fields] == [("project", "Projekt", True)]
    limit = found.limit_of(frozenset({Role.SALES}))
    assert limit is not None
    assert (limit.discount, limit.total) == (Decimal("12.5"), {"EUR": 100_000})


def test_what_it_says_by_itself() -> None:
    """K8 as the source has it; reminders before, on and after the due date (HX19); nobody has a limit; customers get
    every mail, and who sent an invoice hears of it (HX15).
    """
    found = parse(SHOP).invoices
    assert (found.due_days, found.remind, found.edit_sent) == (14, (-3, 0, 7, 14), EditSent.NEVER)
    assert found.limit_of(frozenset({Role.SALES})) is None
    assert set(found.tell_customer.model_dump().values()) == {True}
    assert (found.tell_team.paid, found.tell_team.not_sent) == ((Place.SENDER,), (Place.SENDER, Place.CHANNEL))


def test_who_is_told_is_said_by_place() -> None:
    """HX15: nowhere is nobody; the same place twice is once."""
    found = policy(
        '[invoices.tell_team]\npaid = []\nfailed = ["channel", "channel"]\n[invoices.tell_customer]\npaid = false\n'
    ).invoices
    assert (found.tell_team.paid, found.tell_team.failed) == ((), (Place.CHANNEL,))
    assert (found.tell_customer.paid, found.tell_customer.received) == (False, True)


def test_a_role_that_may_not_send_frees_nobody_from_a_limit() -> None:
    """Who sells and supports has the limit of who sells, whether supporters have one or not."""
    for agents in ("", "[invoices.limits.agent]\ndiscount = 50\n"):
        found = policy(f"{agents}[invoices.limits.sales]\ndiscount = 20\ntotal = {{ EUR = 50000 }}\n").invoices
        for roles in ({Role.SALES}, {Role.SALES, Role.AGENT}, {Role.SALES, Role.AGENT, Role.ADMIN}):
            limit = found.limit_of(frozenset(roles))
            assert limit is not None
            assert (limit.discount, limit.total) == (Decimal(20), {"EUR": 50_000})
    assert found.limit_of(frozenset({Role.SALES, Role.MANAGER})) is None


@pytest.mark.parametrize(
    "text",
    [
        'series = "re-1"',
        "due_days = 366",
        "remind = [-61]",
        'edit_sent = "always"',
        "[invoices.limits.boss]\ndiscount = 5",
        "[invoices.limits.sales]\ndiscount = 101",
        "nonsense = 1",
        f'title = {{ en = "{"x" * 41}", de = "x" }}',
        field("a") * 2,
        "".join(map(field, "abcd")),
        field("a", "x" * 41),
        field("A"),
        '[invoices.tell_team]\npaid = ["everybody"]',
        "[invoices.tell_customer]\npaid = 1",
        "[invoices.tell_customer]\nsigned = true",
    ],
)
def test_what_it_refuses(text: str) -> None:
    with pytest.raises(CatalogueError):
        policy(text)
