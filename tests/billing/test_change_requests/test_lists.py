"""Lists of requests, one request for its reader, and the export (A27, HX17)."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest

from billing.change_requests import lists
from billing.change_requests.deciding import decide
from billing.change_requests.filing import file
from billing.change_requests.model import Act, RequestFilter
from billing.contacts import Account
from billing.errors import NotPermitted, NotStaff, UnknownRequest
from billing.ids import TeamId
from billing.plans import Cadence, Dimension
from billing.steps import NOBODY
from tests.support.asking import (
    ALEX,
    MIA,
    NOBODY_OF_US,
    PRIYA,
    RUTH,
    TOM,
    AskingShop,
    customer,
    settles_on,
    subscription,
    wants,
)
from tests.support.memory import Mirrored
from tests.support.shop import ADA, NOW

F = RequestFilter


@pytest.fixture
def shop() -> AskingShop:
    return AskingShop()


def many(shop: AskingShop, count: int) -> list[str]:
    """Requests of so many customers, an hour between them."""
    made = []
    for number in range(count):
        who = f"con_{number:02}"
        shop.knows(customer(id=who, customer=f"cus_{number:02}", name=f"Customer {number:02}"))
        settles_on(shop, subscription(id=f"sub_{number:02}"), who)
        made.append(shop.files(key=f"key-{number}", contact=who, subscription=f"sub_{number:02}").id)
        shop.clock.goes_on(hours=1)
    return made


def listed(shop: AskingShop, wanted: F, person=PRIYA, after=None) -> lists.RequestList:
    with shop.store.reading(person) as uow:
        return lists.listing(uow, wanted, after)


def test_what_waits_comes_oldest_first_page_by_page(shop: AskingShop) -> None:
    made = many(shop, 10)
    first = listed(shop, F.WAITING_FOR_ME)
    assert [one.id for one in first.page.requests] == made[:8]
    assert (first.page.total, first.waiting) == (10, 10)
    second = listed(shop, F.WAITING_FOR_ME, after=first.page.following)
    assert [one.id for one in second.page.requests] == made[8:]
    assert second.page.following is None


def test_everything_else_comes_newest_first(shop: AskingShop) -> None:
    made = many(shop, 3)
    assert [one.id for one in listed(shop, F.ALL).page.requests] == made[::-1]


def test_each_filter_shows_its_own(shop: AskingShop) -> None:
    made = many(shop, 3)
    with shop.store.writing(PRIYA) as uow:
        decide(uow, made[0], Act.ASK, "why?")
        decide(uow, made[1], Act.REJECT, "no")
    assert [one.id for one in listed(shop, F.WAITING_FOR_ME).page.requests] == [made[2]]
    assert [one.id for one in listed(shop, F.WAITING_FOR_ME, MIA).page.requests] == [made[0]]
    assert [one.id for one in listed(shop, F.UNDECIDED).page.requests] == [made[0], made[2]]
    assert len(listed(shop, F.FILED_BY_ME, MIA).page.requests) == 3
    assert listed(shop, F.FILED_BY_ME, TOM).page.requests == ()
    assert listed(shop, F.SCHEDULED).page.requests == ()


def test_nobody_sees_the_lists_without_a_role(shop: AskingShop) -> None:
    with pytest.raises(NotStaff):
        listed(shop, F.ALL, NOBODY_OF_US)


@pytest.mark.parametrize(
    ("person", "before", "after"),
    [
        (PRIYA, F.UNDECIDED, F.WAITING_FOR_ME),
        (MIA, F.FILED_BY_ME, F.FILED_BY_ME),
        (TOM, F.FILED_BY_ME, F.FILED_BY_ME),
        (ALEX, F.FILED_BY_ME, F.FILED_BY_ME),
    ],
)
def test_the_first_list_is_what_the_person_has_most_to_do_with(shop: AskingShop, person, before, after) -> None:
    with shop.store.reading(person) as uow:
        assert lists.first_filter(uow) is before
    shop.files()
    with shop.store.reading(person) as uow:
        assert lists.first_filter(uow) is after


# One request


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


# The export


def exported(shop: AskingShop, wanted=F.ALL, person=PRIYA) -> list[dict[str, str]]:
    with shop.store.reading(person) as uow:
        return list(csv.DictReader(io.StringIO(lists.export(uow, wanted))))


def test_the_export_has_before_after_people_and_instants(shop: AskingShop) -> None:
    request = shop.files()
    shop.clock.goes_on(hours=1)
    shop.does(Act.REJECT, RUTH, "They signed, for a year")
    (row,) = exported(shop)
    wanted = {
        "request": request.id,
        "state": "rejected",
        "customer": "Ada Lovelace",
        "filed_at": NOW.isoformat(),
        "filed_by": "Mia Agent",
        "requester": "Ada Lovelace",
        "reason": "too_expensive",
        "plan_before": "mail/pro",
        "plan": "mail/basic",
        "seats_before": "3",
        "seats": "1",
        "per_cycle_before": "4900",
        "per_cycle": "2500",
        "currency": "EUR",
        "decided_at": (NOW + timedelta(hours=1)).isoformat(),
        "decided_by": "Ruth Manager",
        "note": "They signed, for a year",
        "override": "False",
    }
    assert {name: row[name] for name in wanted} == wanted


@pytest.mark.parametrize("text", ["=1+1", "+49 30", "-5", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("http://evil")'])
def test_no_spreadsheet_calculates_with_what_people_wrote(shop: AskingShop, text: str) -> None:
    """CSV injection: the name, the remark and the note are other people's."""
    shop.rows.contacts[ADA] = customer(name=text)
    shop.files(remark=text)
    shop.does(Act.ASK, PRIYA, text)
    shop.does(Act.REJECT, PRIYA, text)
    (row,) = exported(shop)
    for name in ("customer", "remark", "note"):
        assert row[name].lstrip().startswith("'") or row[name][0] not in "=+-@\t\r"


def test_the_export_has_all_pages(shop: AskingShop) -> None:
    assert len(exported(shop, F.ALL) + many(shop, 12)) == 12
    assert len(exported(shop, F.UNDECIDED)) == 12


@pytest.mark.parametrize("person", [MIA, TOM])
def test_only_managers_and_admins_export(shop: AskingShop, person) -> None:
    with pytest.raises(NotPermitted):
        exported(shop, person=person)
    with shop.store.writing(person) as uow, pytest.raises(NotPermitted):
        lists.ask_for_export(uow, F.ALL, "key")


def test_an_export_is_asked_for_once(shop: AskingShop) -> None:
    for _ in range(2):
        with shop.store.writing(ALEX) as uow:
            lists.ask_for_export(uow, F.ALL, "key")
    (job,) = shop.rows.jobs
    assert (job.name, job.argument) == ("change_request_export", "T1:U_ALEX:all")


def test_a_request_with_add_ons_names_them(shop: AskingShop) -> None:
    settles_on(shop, subscription("reports-month-eur"))
    with shop.store.writing(MIA) as uow:
        file(uow, wants(), "key")
    assert exported(shop)[0]["add_ons_before"] == "reports 1"
