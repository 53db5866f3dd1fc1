"""Above the limit a manager decides: once, never about the own, and about exactly that draft (H16)."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from billing import absences, approvals
from billing.access import Actor
from billing.catalogue import GrantLimit, InvoicePolicy
from billing.change_requests.model import Absence, Act, RequestFilter, RequestState
from billing.errors import (
    AlreadyDecided,
    NoSuchApproval,
    NotPermitted,
    NotStaff,
    OwnRequest,
    ReasonMissing,
    UnknownInvoice,
)
from billing.ids import SalesInvoiceId
from billing.invoices import approving, drafting, nudging, reviewing
from billing.invoices.approving import AskForApproval
from billing.invoices.model import InvoiceCard, SalesInvoice, Stage
from billing.money import Money
from billing.operations import State
from billing.roles import Role
from tests.support.invoicing import MIA, PAUL, PETRA, REF, InvoiceShop
from tests.support.shop import ADA, BEN, SAM, TEAM_MONTH, TODAY, actor

LIMITS = {Role.SALES: {"discount": Decimal(10), "total": {"EUR": 100_000}}, Role.AGENT: {"discount": Decimal(0)}}


@pytest.fixture
def shop() -> InvoiceShop:
    """Sales may give 10 % and send up to 1,000.00."""
    shop = InvoiceShop()
    shop.rules(limits=LIMITS)
    return shop


def asks(shop: InvoiceShop, *, note: str = "Loyal", person: object = SAM) -> SalesInvoice:
    with shop.store.writing(person) as uow:
        return approving.ask(uow, AskForApproval(contact=ADA, invoice=REF, note=note))


def decides(shop: InvoiceShop, act: Act, *, person: object = PETRA, note: str = "") -> SalesInvoice:
    with shop.store.writing(person) as uow:
        return approving.decide(uow, ADA, REF, act, note)


def test_up_to_the_limit_nobody_is_asked(shop: InvoiceShop) -> None:
    """10 % of 450.00 exactly."""
    shop.adds(discount="10 %")
    shop.does(shop.confirms())
    assert shop.invoice().stage is Stage.ISSUED


@pytest.mark.parametrize(
    ("fields", "whole"),
    [({"discount": "10.01 %"}, ""), ({"discount": "5 %"}, "6 %"), ({"quantity": "6"}, ""), ({}, "45.10")],
)
def test_above_it_the_draft_waits(shop: InvoiceShop, fields: dict[str, str], whole: str) -> None:
    """Discounts of lines and of the whole count together; 6 x 150.00 with tax is 1,071.00; 45.10 of 450.00: 10.02 %."""
    shop.adds(**fields)
    shop.details(discount=whole)
    operation = shop.does(shop.confirms())
    assert (operation.state, operation.reason.key) == (State.REFUSED, "NeedsApproval")
    assert shop.invoice().number is None


@pytest.mark.parametrize(
    ("price", "discount", "is_granted"), [("17.91", "", True), ("17.90", "", False), ("18.90", "6 %", False)]
)
def test_a_price_below_the_catalogues_is_a_discount(
    shop: InvoiceShop, price: str, discount: str, is_granted: bool
) -> None:
    """10 x 19.90 = 199.00 in the catalogue, of which 10 % are 19.90. Asked are 179.10: 10 % off; 179.00: 10.05 %;
    189.00 less 6 % (11.34) = 177.66: 10.72 %. Changing the words does not change what it is.
    """
    shop.adds(item=TEAM_MONTH, description="", quantity="10", price=price, discount=discount)
    shop.adds(line="l1", version=1, description="Other words", quantity="10", price=price, discount=discount)
    assert shop.invoice().lines[0].list_price == Money(amount=1990, currency="EUR")
    operation = shop.does(shop.confirms())
    assert operation.state is (State.DONE if is_granted else State.REFUSED)


def test_what_is_given_off_counts_over_the_whole_invoice(shop: InvoiceShop) -> None:
    """19.90 at 0.10 and 450.00 in free words are 469.90 at full price: 19.80 less, 4.21 %; with 0.10 alone 99.5 %."""
    shop.adds(item=TEAM_MONTH, description="", quantity="1", price="0.10")
    with shop.store.reading(SAM) as uow:
        found = reviewing.review(uow, ADA, REF)
    assert found.exceeds.discount == Decimal("99.5")
    shop.adds()
    assert shop.does(shop.confirms()).state is State.DONE


def test_above_the_catalogues_price_nothing_is_given_off(shop: InvoiceShop) -> None:
    shop.adds(item=TEAM_MONTH, description="", quantity="1", price="29.90")
    with shop.store.reading(SAM) as uow:
        assert reviewing.review(uow, ADA, REF).totals.given.amount == 0


def test_managers_have_no_limit_and_of_several_roles_the_freest_counts(shop: InvoiceShop) -> None:
    shop.adds(discount="50 %")
    both = actor(Role.SALES, Role.AGENT, user="U_BOTH", name="Both")
    shop.hires(both)
    policy = InvoicePolicy(limits=LIMITS)
    assert policy.limit_of(both.roles) == GrantLimit(**LIMITS[Role.SALES])
    assert policy.limit_of(frozenset({Role.SALES, Role.MANAGER})) is None
    shop.does(shop.confirms(person=PETRA), person=PETRA)
    assert shop.invoice().stage is Stage.ISSUED


def test_without_limits_nobody_is_asked() -> None:
    shop = InvoiceShop()
    shop.adds(discount="100 %")
    shop.does(shop.confirms())
    assert shop.invoice().stage is Stage.ISSUED


def test_it_is_asked_granted_and_sent(shop: InvoiceShop) -> None:
    shop.adds(discount="25 %")
    asks(shop)
    assert shop.invoice().approval.state is RequestState.FILED
    decides(shop, Act.APPROVE, note="Fine")
    shop.does(shop.confirms())
    assert shop.invoice().stage is Stage.ISSUED
    assert shop.happened() == ["invoice_approval_asked", "invoice_approved", "invoice_sent"]
    jobs = [job.argument for job in shop.rows.jobs if job.name == approving.PIPELINE]
    assert len(jobs) == len(set(jobs)) == 2


def test_what_was_granted_is_exactly_that_draft(shop: InvoiceShop) -> None:
    """A memo may still change; a line may not."""
    shop.adds(discount="25 %")
    asks(shop)
    decides(shop, Act.APPROVE)
    shop.details(memo="Thanks")
    with shop.store.reading(SAM) as uow:
        assert reviewing.review(uow, ADA, REF).exceeds is None
    shop.adds(price="1000")
    assert shop.does(shop.confirms()).reason.key == "NeedsApproval"


def test_a_draft_that_changed_since_cannot_be_decided(shop: InvoiceShop) -> None:
    shop.adds(discount="25 %")
    asks(shop)
    shop.adds(price="1")
    with pytest.raises(NoSuchApproval):
        decides(shop, Act.APPROVE)
    asks(shop)
    decides(shop, Act.APPROVE)


def test_nobody_grants_what_they_asked_for(shop: InvoiceShop) -> None:
    shop.rules(limits=LIMITS)
    promoted = SAM.model_copy(update={"roles": frozenset({Role.SALES, Role.MANAGER})})
    shop.adds(discount="25 %")
    asks(shop)
    with pytest.raises(OwnRequest):
        decides(shop, Act.APPROVE, person=promoted)


def test_only_managers_decide(shop: InvoiceShop) -> None:
    shop.adds(discount="25 %")
    asks(shop)
    for person in (SAM, MIA):
        with pytest.raises(NotPermitted):
            decides(shop, Act.APPROVE, person=person)


def test_one_decision_wins(shop: InvoiceShop) -> None:
    """The same click twice changes nothing; who comes second hears who was quicker."""
    shop.adds(discount="25 %")
    asks(shop)
    first = decides(shop, Act.APPROVE)
    assert decides(shop, Act.APPROVE) == first
    with pytest.raises(AlreadyDecided) as refusal:
        decides(shop, Act.REJECT, person=PAUL, note="No")
    assert (refusal.value.parameters["state"], refusal.value.parameters["by"]) == ("approved", "Petra Manager")


def test_a_rejection_needs_words_and_may_be_asked_again(shop: InvoiceShop) -> None:
    shop.adds(discount="25 %")
    asks(shop)
    with pytest.raises(ReasonMissing):
        decides(shop, Act.REJECT, note=" ")
    decides(shop, Act.REJECT, note="Too much")
    assert shop.does(shop.confirms()).reason.key == "NeedsApproval"
    asks(shop, note="Please")
    assert shop.invoice().approval.state is RequestState.FILED


def test_the_same_is_asked_once(shop: InvoiceShop) -> None:
    shop.adds(discount="25 %")
    assert asks(shop) == asks(shop)


def test_what_needs_no_approval_is_not_asked(shop: InvoiceShop) -> None:
    shop.adds()
    assert asks(shop).approval is None
    with pytest.raises(NoSuchApproval):
        decides(shop, Act.APPROVE)


# Reminders


def reminded(shop: InvoiceShop) -> list[str]:
    """Who is reminded now, of what has its card."""
    shop.rows.jobs.clear()
    nudging.remind(shop.store)
    return [job.argument for job in shop.rows.jobs if job.name == nudging.PIPELINE]


def waits(shop: InvoiceShop) -> None:
    shop.adds(discount="50 %")
    asks(shop)
    with shop.store.writing(SAM) as uow:
        uow.invoices.save_card(InvoiceCard(invoice=REF, place="C1", channel="C1", ts="1.0"))


def test_what_nobody_decides_is_reminded_of_again_and_again(shop: InvoiceShop) -> None:
    """As change requests are: after 24 hours, and every 24 hours; nobody decides it instead."""
    waits(shop)
    shop.clock.goes_on(hours=23)
    assert reminded(shop) == []
    shop.clock.goes_on(hours=1)
    assert sorted(reminded(shop)) == [f"{REF}:{PAUL.user}", f"{REF}:{PETRA.user}"]
    assert reminded(shop) == []
    shop.clock.goes_on(hours=24)
    assert len(reminded(shop)) == 2
    assert shop.invoice().approval.state is RequestState.FILED


def test_what_nobody_could_be_asked_about_is_reminded_of_as_well(shop: InvoiceShop) -> None:
    """Nobody was there to get a card."""
    for person in (PETRA, PAUL):
        shop.dismisses(person)
    shop.adds(discount="50 %")
    asks(shop)
    shop.hires(PETRA)
    shop.clock.goes_on(hours=24)
    assert reminded(shop) == [f"{REF}:{PETRA.user}"]


def test_all_that_wait_are_looked_at(shop: InvoiceShop, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many are looked at in one transaction."""
    monkeypatch.setattr(nudging, "AT_ONCE", 1)
    for name in ("inv_1", "inv_2", "inv_3"):
        shop.adds(name, discount="50 %")
        with shop.store.writing(SAM) as uow:
            approving.ask(uow, AskForApproval(contact=ADA, invoice=SalesInvoiceId(name)))
    shop.clock.goes_on(hours=24)
    assert len(reminded(shop)) == 6


@pytest.mark.parametrize("what", ["granted", "rejected", "changed", "deleted"])
def test_what_is_decided_or_changed_is_not_reminded_of(shop: InvoiceShop, what: str) -> None:
    waits(shop)
    shop.clock.goes_on(hours=24)
    match what:
        case "granted":
            decides(shop, Act.APPROVE)
        case "rejected":
            decides(shop, Act.REJECT, note="no")
        case "changed":
            shop.adds(description="Travel")
        case _:
            with shop.store.writing(SAM) as uow:
                drafting.delete(uow, ADA, REF)
    assert reminded(shop) == []
    with shop.store.reading(SAM) as uow:
        assert nudging.still_waiting(uow, REF, PETRA.user) is None


def test_who_asked_and_who_is_away_are_not_reminded(shop: InvoiceShop) -> None:
    """Unless everybody is away."""
    waits(shop)
    shop.hires(SAM.model_copy(update={"roles": frozenset({Role.MANAGER})}))
    away(shop, PAUL)
    shop.clock.goes_on(hours=24)
    assert reminded(shop) == [f"{REF}:{PETRA.user}"]
    away(shop, PETRA)
    shop.clock.goes_on(hours=24)
    assert len(reminded(shop)) == 2
    with shop.store.reading(SAM) as uow:
        assert nudging.still_waiting(uow, REF, SAM.user) is None


def away(shop: InvoiceShop, person: Actor, deputy: Actor = SAM) -> None:
    with shop.store.writing(person) as uow:
        uow.absences.save(
            Absence(team=person.team, user=person.user, first=TODAY, last=TODAY + timedelta(days=9), deputy=deputy.user)
        )


# Deputies


def lies(shop: InvoiceShop, *, hours: int) -> list[str]:
    """Nobody decides for so long, looked at every hour; who is reminded, and the cards that are brought up to date."""
    shop.rows.jobs.clear()
    for _ in range(hours):
        shop.clock.goes_on(hours=1)
        nudging.remind(shop.store)
    return [job.argument for job in shop.rows.jobs]


def deputies(shop: InvoiceShop) -> list[tuple[str, str | None]]:
    return [(one.user, one.instead_of) for one in shop.invoice().approval.deputies]


def test_where_no_manager_is_there_the_deputies_are_asked_at_once(shop: InvoiceShop) -> None:
    """Mia stands in for Petra and for Paul, and is asked once."""
    for person in (PETRA, PAUL):
        away(shop, person, MIA)
    waits(shop)
    assert deputies(shop) == [(MIA.user, "Petra Manager")]
    decides(shop, Act.APPROVE, person=MIA)
    last = shop.invoice().approval.last
    assert (last.by.name, last.by.instead_of) == ("Mia Agent", "Petra Manager")
    shop.does(shop.confirms())
    assert shop.invoice().stage is Stage.ISSUED


def test_while_a_manager_is_there_a_deputy_may_not_decide_yet(shop: InvoiceShop) -> None:
    away(shop, PETRA, MIA)
    waits(shop)
    assert deputies(shop) == []
    with pytest.raises(NotPermitted):
        decides(shop, Act.APPROVE, person=MIA)


def test_what_lies_too_long_is_shown_to_deputies_too(shop: InvoiceShop) -> None:
    """72 hours, as change requests; the card is news enough, and from then on the deputy is reminded every 24 hours."""
    away(shop, PETRA, MIA)
    waits(shop)
    assert lies(shop, hours=71) == [f"{REF}:{PAUL.user}"] * 2
    assert deputies(shop) == []
    assert lies(shop, hours=1) == [f"{REF}:{PAUL.user}", f"{REF}:{shop.invoice().version}"]
    assert deputies(shop) == [(MIA.user, "Petra Manager")]
    assert lies(shop, hours=24) == [f"{REF}:{PAUL.user}", f"{REF}:{MIA.user}"]
    with shop.store.reading(SAM) as uow:
        assert nudging.still_waiting(uow, REF, MIA.user)


def test_when_the_last_manager_goes_the_next_look_asks_the_deputy(shop: InvoiceShop) -> None:
    """And who was once asked may decide when the manager is back, too."""
    waits(shop)
    for person in (PETRA, PAUL):
        away(shop, person, MIA)
    assert lies(shop, hours=24) == [f"{REF}:{shop.invoice().version}"]
    with shop.store.writing(PAUL) as uow:
        absences.end(uow)
    decides(shop, Act.REJECT, person=MIA, note="Too much")
    assert shop.invoice().approval.state is RequestState.REJECTED


def test_who_asked_is_nobodys_deputy_about_it(shop: InvoiceShop) -> None:
    for person in (PETRA, PAUL):
        away(shop, person, SAM)
    waits(shop)
    assert deputies(shop) == []
    with pytest.raises(NotPermitted):
        decides(shop, Act.APPROVE, person=SAM)


def test_a_deputy_who_has_left_decides_nothing(shop: InvoiceShop) -> None:
    for person in (PETRA, PAUL):
        away(shop, person, MIA)
    waits(shop)
    with pytest.raises(NotStaff):
        decides(shop, Act.APPROVE, person=MIA.model_copy(update={"roles": frozenset()}))
    shop.dismisses(MIA)
    with shop.store.reading(SAM) as uow:
        assert nudging.still_waiting(uow, REF, MIA.user) is None


def test_a_deputy_finds_it_in_the_list_until_it_is_decided(shop: InvoiceShop) -> None:
    """Others who may not grant do not."""

    def waiting(person: Actor) -> int:
        with shop.store.reading(person) as uow:
            return approvals.listing(uow, RequestFilter.WAITING_FOR_ME).page.total

    for person in (PETRA, PAUL):
        away(shop, person, MIA)
    waits(shop)
    assert [waiting(one) for one in (MIA, PETRA, SAM)] == [1, 1, 0]
    decides(shop, Act.APPROVE, person=MIA)
    assert [waiting(one) for one in (MIA, PETRA, SAM)] == [0, 0, 0]


def test_what_was_sent_meanwhile_is_not_granted(shop: InvoiceShop) -> None:
    """Petra, who has no limit, sends it herself; Paul comes too late."""
    waits(shop)
    shop.does(shop.confirms(person=PETRA), person=PETRA)
    with pytest.raises(NoSuchApproval):
        decides(shop, Act.APPROVE, person=PAUL)
    with shop.store.reading(PAUL) as uow:
        assert approving.view(uow, REF).outdated


def test_forged_decisions(shop: InvoiceShop) -> None:
    shop.adds(discount="25 %")
    asks(shop)
    with shop.store.writing(PETRA) as uow, pytest.raises(UnknownInvoice):
        approving.decide(uow, BEN, REF, Act.APPROVE)
    with pytest.raises(NotPermitted):
        asks(shop, person=MIA)
