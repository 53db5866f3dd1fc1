"""What waits for whom, requests and invoices in one list, and the export (A27, HX17, H16)."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from datetime import timedelta
from decimal import Decimal

import pytest

from billing import approvals, homes
from billing.access import Actor
from billing.catalogue import InvoicePolicy
from billing.change_requests.deciding import decide
from billing.change_requests.filing import file
from billing.change_requests.model import Act, Place, RequestFilter
from billing.errors import NotFound, NotPermitted, NotStaff
from billing.ids import SalesInvoiceId
from billing.invoices import approving, drafting, lines
from billing.invoices.approving import AskForApproval
from billing.invoices.items import SaveLine
from billing.invoices.model import Stage
from billing.roles import Role
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
from tests.support.shop import ADA, NOW, SAM

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


def listed(shop: AskingShop, wanted: F, person=PRIYA, after=None) -> approvals.ApprovalList:
    with shop.store.reading(person) as uow:
        return approvals.listing(uow, wanted, after)


def test_what_waits_comes_oldest_first_page_by_page(shop: AskingShop) -> None:
    made = many(shop, 10)
    first = listed(shop, F.WAITING_FOR_ME)
    assert [one.id for one in first.page.shown] == made[:8]
    assert (first.page.total, first.waiting) == (10, 10)
    second = listed(shop, F.WAITING_FOR_ME, after=first.page.following)
    assert [one.id for one in second.page.shown] == made[8:]
    assert second.page.following is None


def test_everything_else_comes_newest_first(shop: AskingShop) -> None:
    made = many(shop, 3)
    assert [one.id for one in listed(shop, F.ALL).page.shown] == made[::-1]


def test_each_filter_shows_its_own(shop: AskingShop) -> None:
    made = many(shop, 3)
    with shop.store.writing(PRIYA) as uow:
        decide(uow, made[0], Act.ASK, "why?")
        decide(uow, made[1], Act.REJECT, "no")
    assert [one.id for one in listed(shop, F.WAITING_FOR_ME).page.shown] == [made[2]]
    assert [one.id for one in listed(shop, F.WAITING_FOR_ME, MIA).page.shown] == [made[0]]
    assert [one.id for one in listed(shop, F.UNDECIDED).page.shown] == [made[0], made[2]]
    assert len(listed(shop, F.FILED_BY_ME, MIA).page.shown) == 3
    assert listed(shop, F.FILED_BY_ME, TOM).page.shown == ()
    assert listed(shop, F.SCHEDULED).page.shown == ()


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
        assert approvals.first_filter(uow) is before
    shop.files()
    with shop.store.reading(person) as uow:
        assert approvals.first_filter(uow) is after


# The export


def exported(shop: AskingShop, wanted=F.ALL, person=PRIYA) -> list[dict[str, str]]:
    with shop.store.reading(person) as uow:
        return list(csv.DictReader(io.StringIO(approvals.export(uow, wanted))))


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
        approvals.ask_for_export(uow, F.ALL, "key")


def test_an_export_is_asked_for_once(shop: AskingShop) -> None:
    for _ in range(2):
        with shop.store.writing(ALEX) as uow:
            approvals.ask_for_export(uow, F.ALL, "key")
    (job,) = shop.rows.jobs
    assert (job.name, job.argument) == ("change_request_export", "T1:U_ALEX:all")


def test_a_request_with_add_ons_names_them(shop: AskingShop) -> None:
    settles_on(shop, subscription("reports-month-eur"))
    with shop.store.writing(MIA) as uow:
        file(uow, wants(), "key")
    assert exported(shop)[0]["add_ons_before"] == "reports 1"


# Invoices above a limit, among the requests


LIMITS = InvoicePolicy(limits={Role.SALES: {"discount": Decimal(10)}})


def writes(shop: AskingShop, name: str, person: Actor = SAM, **fields: str) -> SalesInvoiceId:
    """A draft for Ada: 3 x Onboarding at 150.00, 25 % off."""
    ref = SalesInvoiceId(f"inv_{name}")
    given = {"description": "Onboarding", "quantity": "3", "price": "150.00", "discount": "25 %"} | fields
    with shop.store.writing(person) as uow:
        lines.save_line(uow, SaveLine(contact=ADA, invoice=ref, **given))
    return ref


def asks(shop: AskingShop, name: str, person: Actor = SAM) -> SalesInvoiceId:
    """The person asks a manager about a draft, and an hour goes by."""
    shop.sells(invoices=LIMITS)
    ref = writes(shop, name, person)
    with shop.store.writing(person) as uow:
        approving.ask(uow, AskForApproval(contact=ADA, invoice=ref, note="Loyal"))
    shop.clock.goes_on(hours=1)
    return ref


def grants(shop: AskingShop, ref: SalesInvoiceId, act: Act, person: Actor = PRIYA) -> None:
    with shop.store.writing(person) as uow:
        approving.decide(uow, ADA, ref, act, "because")


def ids_of(shown: Sequence[approvals.Asked]) -> list[str]:
    return [one.place.id for one in shown]


def ids(found: approvals.ApprovalList) -> list[str]:
    return ids_of(found.page.shown)


def test_invoices_stand_among_the_requests_by_when_they_were_filed(shop: AskingShop) -> None:
    first = asks(shop, "b")
    (second,) = many(shop, 1)
    third = asks(shop, "a")
    assert ids(listed(shop, F.WAITING_FOR_ME)) == [first, second, third]
    assert ids(listed(shop, F.ALL)) == [third, second, first]
    assert listed(shop, F.UNDECIDED, TOM).page.total == 3


@pytest.mark.parametrize("wanted", [F.WAITING_FOR_ME, F.UNDECIDED, F.ALL])
def test_pages_of_both_kinds_miss_nothing_and_repeat_nothing(shop: AskingShop, wanted: F) -> None:
    """Nine of each kind: pages of eight, eight and two, and the number is always that of all."""
    made = []
    for number in range(9):
        made.append(asks(shop, f"{number}"))
        who = f"con_{number:02}"
        shop.knows(customer(id=who, customer=f"cus_{number:02}"))
        settles_on(shop, subscription(id=f"sub_{number:02}"), who)
        made.append(shop.files(key=f"key-{number}", contact=who, subscription=f"sub_{number:02}").id)
    read, after = [], None
    for size in (8, 8, 2):
        found = listed(shop, wanted, after=after)
        assert (len(found.page.shown), found.page.total) == (size, 18)
        read += ids(found)
        after = found.page.following
    assert after is None
    assert read == (made if wanted.oldest_first else made[::-1])


def test_a_page_goes_on_behind_a_draft_that_was_thrown_away(shop: AskingShop) -> None:
    made = [asks(shop, f"{number}") for number in range(9)]
    first = listed(shop, F.WAITING_FOR_ME)
    with shop.store.writing(SAM) as uow:
        drafting.delete(uow, ADA, made[7])
    assert ids(listed(shop, F.WAITING_FOR_ME, after=first.page.following)) == [made[8]]


@pytest.mark.parametrize("after", ["", "x", "inv_1", "1e3.inv_1", "9" * 40 + ".inv_1"])
def test_a_place_that_no_list_gave_is_not_found(shop: AskingShop, after: str) -> None:
    with pytest.raises(NotFound):
        listed(shop, F.ALL, after=after)


def test_a_place_says_to_the_microsecond_where_it_is() -> None:
    place = Place(NOW + timedelta(microseconds=1), "inv_1.2")
    assert Place.read(place.code) == place


def test_an_invoice_waits_for_managers_and_not_for_who_asked(shop: AskingShop) -> None:
    """Nobody grants what they asked for, and who may not grant is not asked."""
    ref = asks(shop, "1")
    promoted = SAM.model_copy(update={"roles": frozenset({Role.SALES, Role.MANAGER})})
    assert ids(listed(shop, F.WAITING_FOR_ME, PRIYA)) == [ref]
    for person in (promoted, SAM, MIA, TOM, ALEX):
        found = listed(shop, F.WAITING_FOR_ME, person)
        assert (found.page.shown, found.waiting) == ((), 0)
    assert ids(listed(shop, F.FILED_BY_ME, SAM)) == [ref]
    assert ids(listed(shop, F.FILED_BY_ME, PRIYA)) == []


def test_a_waiting_invoice_is_what_a_manager_has_most_to_do_with(shop: AskingShop) -> None:
    asks(shop, "1")
    for person, wanted in ((PRIYA, F.WAITING_FOR_ME), (SAM, F.FILED_BY_ME)):
        with shop.store.reading(person) as uow:
            assert approvals.first_filter(uow) is wanted


def granted(shop: AskingShop, ref: SalesInvoiceId) -> None:
    grants(shop, ref, Act.APPROVE)


def rejected(shop: AskingShop, ref: SalesInvoiceId) -> None:
    grants(shop, ref, Act.REJECT)


def changed(shop: AskingShop, ref: SalesInvoiceId) -> None:
    writes(shop, ref.removeprefix("inv_"), description="Travel")


def changed_after_it_was_granted(shop: AskingShop, ref: SalesInvoiceId) -> None:
    granted(shop, ref)
    changed(shop, ref)


def sent_by_a_manager(shop: AskingShop, ref: SalesInvoiceId) -> None:
    there = shop.rows.sales_invoices[ref]
    shop.rows.sales_invoices[ref] = there.model_copy(update={"stage": Stage.ISSUED})


@pytest.mark.parametrize(
    ("what", "is_outdated"),
    [
        (granted, False),
        (rejected, False),
        (changed, True),
        (changed_after_it_was_granted, True),
        (sent_by_a_manager, True),
    ],
)
def test_what_is_decided_or_changed_waits_for_nobody_and_stays_in_sight(
    shop: AskingShop, what: Callable[[AskingShop, SalesInvoiceId], None], is_outdated: bool
) -> None:
    ref = asks(shop, "1")
    what(shop, ref)
    assert listed(shop, F.WAITING_FOR_ME).page.total == 0
    assert listed(shop, F.UNDECIDED).page.total == 0
    (mine,) = listed(shop, F.FILED_BY_ME, SAM).page.shown
    assert ids(listed(shop, F.ALL)) == [ref]
    assert mine.is_outdated is is_outdated
    assert not mine.is_undecided


def test_no_invoice_is_planned(shop: AskingShop) -> None:
    """What is granted is sent by whoever asked."""
    granted(shop, asks(shop, "1"))
    assert listed(shop, F.SCHEDULED).page.total == 0


def test_the_amount_is_what_the_customer_would_pay(shop: AskingShop) -> None:
    """3 x 150.00 less 25 % is 337.50, and 19 % tax on it 64.13."""
    asks(shop, "1")
    (one,) = listed(shop, F.WAITING_FOR_ME).page.shown
    assert (one.total.amount, one.total.currency) == (40163, "EUR")
    assert one.age(shop.clock.now) == timedelta(hours=1)


def test_a_line_whose_tax_is_gone_does_not_close_the_list(shop: AskingShop) -> None:
    """It was taken out of the catalogue since: 337.50 is left, without tax."""
    ref = asks(shop, "1")
    there = shop.rows.sales_invoices[ref]
    gone = tuple(line.model_copy(update={"tax": "gone"}) for line in there.lines)
    shop.rows.sales_invoices[ref] = there.model_copy(update={"lines": gone})
    (one,) = listed(shop, F.ALL).page.shown
    assert one.total.amount == 33750


def test_the_export_has_invoices_too(shop: AskingShop) -> None:
    """3 x 150.00 less 25 % is 337.50, and 19 % tax on it 64.13; asked for three hours ago."""
    ref = asks(shop, "1")
    request = shop.files()
    shop.clock.goes_on(hours=2)
    last, first = exported(shop)
    wanted = {
        "kind": "invoice",
        "request": ref,
        "state": "filed",
        "customer": "Ada Lovelace",
        "filed_at": NOW.isoformat(),
        "filed_by": "Sam Sales",
        "remark": "Loyal",
        "invoice_total": "40163",
        "currency": "EUR",
        "hours_undecided": "3",
        "decided_by": "",
        "plan": "",
    }
    assert {name: first[name] for name in wanted} == wanted
    assert (last["kind"], last["request"], last["hours_undecided"]) == ("change_request", request.id, "2")
    grants(shop, ref, Act.REJECT)
    shop.does(Act.REJECT, PRIYA, "no")
    for row, note in zip(exported(shop), ("no", "because"), strict=True):
        assert (row["state"], row["decided_by"], row["note"]) == ("rejected", "Priya Manager", note)
        assert row["hours_undecided"] == ""
    changed(shop, ref)
    assert exported(shop)[1]["state"] == "outdated"


# Home


def at_home(shop: AskingShop, person: Actor) -> homes.Home:
    with shop.store.reading(person) as uow:
        return homes.home(uow)


def test_home_shows_the_oldest_of_both_kinds_and_counts_all(shop: AskingShop) -> None:
    """H6: three invoices and three requests, of which five are shown."""
    invoices = [asks(shop, f"{number}") for number in range(3)]
    requests = many(shop, 3)
    shown = at_home(shop, PRIYA)
    assert ids_of(shown.to_decide) == [*invoices, *requests][:5]
    assert shown.to_decide_count == 6
    assert (at_home(shop, TOM).to_decide, at_home(shop, TOM).to_decide_count) == ((), 0)


def test_home_keeps_what_the_reader_asked_for_until_it_is_sent(shop: AskingShop) -> None:
    """What was granted or rejected is the reader's to go on with; what was sent is done."""
    made = [asks(shop, f"{number}") for number in range(4)]
    granted(shop, made[0])
    rejected(shop, made[1])
    sent_by_a_manager(shop, made[2])
    shown = at_home(shop, SAM)
    assert ids_of(shown.filed) == [made[3], made[1], made[0]]
    assert shown.filed_count == 3
    assert at_home(shop, PRIYA).filed == ()


def test_home_shows_an_undecided_request_behind_many_decided_ones(shop: AskingShop) -> None:
    made = many(shop, 7)
    with shop.store.writing(PRIYA) as uow:
        for one in made[1:]:
            decide(uow, one, Act.REJECT, "no")
    assert ids_of(at_home(shop, MIA).filed) == made[:1]
