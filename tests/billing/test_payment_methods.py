"""Who sees which details of the methods on file, where the house keeps the proof to itself (HX5, G11)."""

from __future__ import annotations

import csv
import io
from datetime import date
from typing import Any

import pytest

from billing import cards, histories, plan_changes, subscriptions
from billing.access import Actor
from billing.billing_contacts import verifying
from billing.catalogue import BillingContactPolicy, CardDetails
from billing.catalogue.policies import ChangePolicy
from billing.contacts import CardState, PaymentMethod
from billing.dunning import collecting
from billing.dunning.collecting import PayInvoice
from billing.errors import PaymentMethodExpired, WrongCard
from billing.histories import HistoryFilter
from billing.ids import InvoiceId, PaymentMethodId
from billing.invoices import sheets
from billing.plan_changes import ChangePlan, PreviewPlanChange
from billing.roles import Role
from billing.timeline import Entry, Happening
from tests.support import plans
from tests.support.accounts import furnish, says, verifies
from tests.support.failing import fails
from tests.support.failing import invoice as failing_invoice
from tests.support.invoicing import ALEX, MIA, PETRA, REF, InvoiceShop
from tests.support.shop import ADA, ADAS_CARD, NOW, SAM, TODAY, Shop, actor, contact, method

SHOWN, PAYMENTS_ONLY = CardDetails.SHOWN, CardDetails.PAYMENTS_ONLY
CLAIRE = actor(Role.AGENT, Role.SALES, user="U_CLAIRE", name="Claire")

# Mia supports, Sam sells, Petra manages, Alex looks after the program, Claire has two roles.
WHO_SEES = [
    *((SHOWN, person, True) for person in (MIA, SAM, PETRA, ALEX, CLAIRE)),
    *((PAYMENTS_ONLY, person, True) for person in (SAM, PETRA, CLAIRE)),
    *((PAYMENTS_ONLY, person, False) for person in (MIA, ALEX)),
]
BOTH_SETTINGS = [(SHOWN, True), (PAYMENTS_ONLY, False)]


def keeps(shop: Any, setting: CardDetails) -> Any:
    """From now on the house keeps digits and dates to those, or to nobody."""
    shop.sells(billing_contact=BillingContactPolicy(card_details=setting))
    return shop


def shop(setting: CardDetails, *methods: PaymentMethod) -> InvoiceShop:
    made = InvoiceShop()
    made.hires(CLAIRE)
    made.knows(contact(), *(methods or (method(default=True),)))
    keeps(made, setting)
    return made


def details(one: PaymentMethod | None) -> tuple[str, int | None, int | None, CardState | None]:
    assert one
    return one.last4, one.exp_month, one.exp_year, one.state


EVERYTHING = ("4242", 8, 2028, None)
NOTHING = ("", None, None, CardState.GOOD)


def as_seen(sees: bool) -> tuple[str, int | None, int | None, CardState | None]:
    return EVERYTHING if sees else NOTHING


# A card


@pytest.mark.parametrize(
    ("month", "year", "state"),
    [
        (2, 2026, CardState.EXPIRED),
        (12, 2025, CardState.EXPIRED),
        (3, 2026, CardState.EXPIRES),
        (4, 2026, CardState.EXPIRES),
        (5, 2026, CardState.GOOD),
        (3, 2027, CardState.GOOD),
    ],
)
def test_a_card_tells_by_its_date_whether_it_is_good_and_still_does_when_that_is_hidden(
    month: int, year: int, state: CardState
) -> None:
    card = method(exp_month=month, exp_year=year, default=True)
    hidden = card.hidden(TODAY)
    assert card.standing(TODAY) is hidden.standing(TODAY) is state
    assert card.expired(TODAY) is hidden.expired(TODAY) is (state is CardState.EXPIRED)
    assert (hidden.id, hidden.brand, hidden.default, hidden.is_card) == (card.id, card.brand, True, True)
    assert (hidden.last4, hidden.exp_month, hidden.exp_year) == ("", None, None)


def test_in_december_a_card_of_january_expires_soon() -> None:
    assert method(exp_month=1, exp_year=2027).standing(date(2026, 12, 31)) is CardState.EXPIRES


def test_a_debit_has_no_state_and_hides_the_digits_of_its_account() -> None:
    debit = method(brand="sepa_debit", exp_month=None, exp_year=None)
    assert debit.standing(TODAY) is None
    assert details(debit.hidden(TODAY)) == ("", None, None, None)
    assert not debit.hidden(TODAY).is_card


# Who sees what


def test_by_default_everybody_sees_them() -> None:
    """HX5"""
    assert BillingContactPolicy().card_details is SHOWN


@pytest.mark.parametrize(("setting", "person", "sees"), WHO_SEES)
def test_the_card_of_the_customer(setting: CardDetails, person: Actor, sees: bool) -> None:
    """HX5, G11: what the requester has to tell is shown only to who may take payments."""
    with shop(setting).store.reading(person) as uow:
        [found] = cards.card(uow, ADA).methods
    assert details(found) == as_seen(sees)
    assert (found.id, found.brand, found.default) == (ADAS_CARD, "visa", True)


@pytest.mark.parametrize(("setting", "sees"), BOTH_SETTINGS)
def test_what_deserves_attention(setting: CardDetails, sees: bool) -> None:
    soon, over = method("pm_soon", exp_month=4, exp_year=2026), method("pm_over", exp_month=1, exp_year=2026)
    with shop(setting, soon, over).store.reading(MIA) as uow:
        found = {one.concern.value: one.parameters for one in cards.card(uow, ADA).attention}
    digits: dict[str, str | int] = {"last4": "4242"} if sees else {}
    until: dict[str, str | int] = {"month": 4, "year": 2026} if sees else {}
    assert found == {"card_expired": {"brand": "visa"} | digits, "card_expires": {"brand": "visa"} | digits | until}


@pytest.mark.parametrize(("setting", "person", "sees"), WHO_SEES)
def test_the_timeline_on_the_card_in_the_history_and_in_the_file(
    setting: CardDetails, person: Actor, sees: bool
) -> None:
    """H10"""
    house = shop(setting)
    for what in (Happening.PAYMENT_METHOD_ADDED, Happening.INVOICE_CHARGED):
        parameters: dict[str, str | int | None] = {"brand": "visa", "last4": "4242", "number": "K-1"}
        house.rows.timeline.append(Entry(id=what.value, contact=ADA, at=NOW, what=what, parameters=parameters))
    with house.store.reading(person) as uow:
        pages = [cards.card(uow, ADA).timeline, histories.history(uow, ADA).page]
        files = [histories.export(uow, ADA, HistoryFilter()).csv] if person in (PETRA, ALEX) else []
    expected = {"brand": "visa", "number": "K-1"} | ({"last4": "4242"} if sees else {})
    assert [one.parameters for page in pages for one in page.entries] == [expected] * 4
    for file in files:
        lines = list(csv.DictReader(io.StringIO(file)))
        assert ["last4" in line["details"] for line in lines] == [sees, sees]
        assert all("visa" in line["details"] for line in lines)
    assert all(one.parameters["last4"] == "4242" for one in house.rows.timeline), "nothing is lost"


@pytest.mark.parametrize(("setting", "sees"), BOTH_SETTINGS)
def test_a_new_subscription(setting: CardDetails, sees: bool) -> None:
    """H22, H23: the form, the review, and what came of it; the card itself is charged as ever."""
    house = shop(setting)
    command = house.confirmed()
    operation = house.accepts(command, person=MIA)
    house.walks(operation)
    with house.store.reading(MIA) as uow:
        offered = subscriptions.form(uow, ADA).methods
        reviewed = subscriptions.review(uow, house.draft()).method
        started = subscriptions.started(uow, uow.operations.get(operation)).method
    assert [details(one) for one in (*offered, reviewed, started)] == [as_seen(sees)] * 3
    assert len(house.payments.started) == 1


@pytest.mark.parametrize("roles_now", [(Role.AGENT,), ()])
def test_whoever_loses_the_permission_does_not_find_them_in_what_they_did(roles_now: tuple[Role, ...]) -> None:
    """What came of an operation is shown by what its person may see now."""
    house = shop(PAYMENTS_ONLY)
    operation = house.starts()
    for now, expected in ((SAM, EVERYTHING), (SAM.model_copy(update={"roles": frozenset(roles_now)}), NOTHING)):
        with house.store.reading(now) as uow:
            assert details(subscriptions.started(uow, operation).method) == expected


@pytest.mark.parametrize(("setting", "sees"), BOTH_SETTINGS)
def test_a_card_that_expires_before_the_first_payment(setting: CardDetails, sees: bool) -> None:
    """H31: the refusal names what the reader may see."""
    house = shop(setting, method(exp_month=4, exp_year=2026))
    with house.store.reading(MIA) as uow, pytest.raises(PaymentMethodExpired) as refused:
        subscriptions.review(uow, house.draft(start=date(2026, 5, 4)))
    assert refused.value.parameters == {"brand": "visa", "last4": "4242" if sees else None}


@pytest.mark.parametrize(("setting", "sees"), BOTH_SETTINGS)
def test_a_payment_that_failed(setting: CardDetails, sees: bool) -> None:
    """H35: the form and what came of it; the timeline keeps the digits for those who may see them."""
    house = shop(setting)
    fails(house, failing_invoice())
    command = PayInvoice(contact=ADA, invoice=InvoiceId("in_1"), due=4900, payment_method=ADAS_CARD)
    with house.store.reading(MIA) as uow:
        offered = collecting.form(uow, ADA).methods[0]
    operation = house.accepts(command, person=MIA)
    house.walks(operation)
    with house.store.reading(MIA) as uow:
        paid = collecting.collected(uow, uow.operations.get(operation))
    assert [details(one) for one in (offered, paid.method)] == [as_seen(sees)] * 2
    [entry] = [one for one in house.rows.timeline if one.what is Happening.INVOICE_CHARGED]
    assert entry.parameters["last4"] == "4242"


@pytest.mark.parametrize(("setting", "person", "sees"), WHO_SEES)
def test_the_cards_that_an_invoice_can_be_charged_to(setting: CardDetails, person: Actor, sees: bool) -> None:
    """HX10"""
    house = shop(setting)
    house.sends()
    with house.store.reading(person) as uow:
        [found] = sheets.sheet(uow, REF).methods
    assert details(found) == as_seen(sees)


@pytest.mark.parametrize(("setting", "sees"), BOTH_SETTINGS)
def test_a_plan_change(setting: CardDetails, sees: bool) -> None:
    """AX13, AX14, H30: the page, the review, what came of it, and the ways out after a decline."""
    house = plans.has(Shop(catalogue=plans.MAIL), plans.running(), methods=(method(default=True), method("pm_other")))
    house.hires(MIA)
    terms = {"billing_contact": BillingContactPolicy(card_details=setting), "plan_changes": ChangePolicy()}
    house.catalogue = house.store.catalogue = house.payments.catalogue = plans.MAIL.model_copy(update=terms)
    asked = house.accepts(PreviewPlanChange(**plans.draft().model_dump()), person=MIA, key="1")
    house.walks(asked)
    change = ChangePlan(contact=ADA, preview=asked, payment_method=PaymentMethodId("pm_other"))
    made = house.accepts(change, person=MIA, key="2")
    house.walks(made)
    with house.store.reading(MIA) as uow:
        page = plan_changes.overview(uow, ADA).method
        reviewed = plan_changes.reviewed(uow, asked).method
        changed = plan_changes.changed(uow, uow.operations.get(made)).method
        declined = plan_changes.ways_out(uow, uow.operations.get(made))
    found = [page, reviewed, changed, declined.reviewed.method, declined.used, *declined.others]
    assert [details(one) for one in found] == [as_seen(sees)] * 6
    assert changed
    assert changed.id == "pm_other"


# The proof itself


@pytest.mark.parametrize("setting", CardDetails)
def test_the_proof_is_what_it_was(setting: CardDetails) -> None:
    """G11: who may not see the card still types what the requester says, and hears right or wrong."""
    house = Shop()
    furnish(house)
    keeps(house, setting)
    with pytest.raises(WrongCard):
        verifying.verify(house.desk, MIA, says("4243"), "v0")
    with pytest.raises(WrongCard):
        verifying.verify(house.desk, MIA, says(expiry="09/28"), "v1")
    assert verifies(house, key="v2").right
