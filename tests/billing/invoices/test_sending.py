"""Sending: reviewed, agreed with Stripe to the cent, numbered without a gap, issued once, whatever breaks (H28)."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from billing.contacts import InvoiceStatus
from billing.errors import (
    AmountDiffers,
    EmptyInvoice,
    Misconfigured,
    NotNow,
    NumberTaken,
    RecipientNotReadable,
    Transient,
)
from billing.ids import InvoiceId, OperationId
from billing.invoices import giving_up, reviewing
from billing.invoices.giving_up import GiveUpNumber
from billing.invoices.issuing import IssueInvoice, SendAgain
from billing.invoices.model import InvoiceState, Stage
from billing.invoices.sending import SendInvoice
from billing.invoices.sheets import Act
from billing.operations import State
from tests.support.invoicing import ALEX, MIA, PETRA, REF, InvoiceShop
from tests.support.shop import ADA, BEN, SAM, contact


def test_it_is_issued_numbered_and_written_down(shop: InvoiceShop) -> None:
    """450.00 and 19 % are 535.50, due in 14 days at the end of the day in Berlin (summer time by then: 21:59:59)."""
    shop.details(due_days=30)
    invoice = shop.sends()
    assert (invoice.stage, invoice.number, invoice.issued_on, invoice.due_on) == (
        Stage.ISSUED,
        "INV-2026-00001",
        date(2026, 3, 2),
        date(2026, 4, 1),
    )
    (order,) = shop.payments.invoices.orders.values()
    assert order.total.amount == 53550
    assert order.due_at == datetime(2026, 4, 1, 21, 59, 59, tzinfo=UTC)
    assert [one.description for one in order.lines] == ["3 × Onboarding (150.00 EUR)"]
    sheet = shop.sheet()
    assert (sheet.state, sheet.due.amount, sheet.number) == ("sent", 53550, "INV-2026-00001")
    assert shop.happened() == ["invoice_sent"]


def test_lines_say_at_stripe_what_was_taken_off(shop: InvoiceShop) -> None:
    shop.adds(quantity="1", description="Travel")
    shop.adds(quantity="1.5", price="100", discount="10 %")
    shop.adds(quantity="1", price="10", discount="2.50")
    shop.does(shop.confirms())
    (order,) = shop.payments.invoices.orders.values()
    assert [(one.description, one.amount.amount) for one in order.lines] == [
        ("Travel", 15000),
        ("1.5 × Onboarding (100.00 EUR, -10 %)", 13500),
        ("1 × Onboarding (10.00 EUR, -2.50 EUR)", 750),
    ]


def test_numbers_follow_each_other_and_begin_anew_each_year(shop: InvoiceShop) -> None:
    shop.rules(series="RE")
    assert [shop.sends(f"inv_{n}").number for n in (1, 2)] == ["RE-2026-00001", "RE-2026-00002"]
    shop.clock.now = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)  # 2027 in Berlin
    assert shop.sends("inv_3").number == "RE-2027-00001"


def test_what_cannot_be_reviewed(shop: InvoiceShop) -> None:
    shop.details()
    with pytest.raises(EmptyInvoice):
        shop.confirms()
    shop.knows(contact(email=""))
    shop.adds("inv_2")
    with pytest.raises(RecipientNotReadable):
        shop.confirms("inv_2")


def test_an_agent_may_not_send(shop: InvoiceShop) -> None:
    """H16; also when the submission is forged."""
    shop.adds()
    operation = shop.does(shop.confirms(), person=MIA)
    assert (operation.state, operation.reason.key) == (State.REFUSED, "NotPermitted")
    assert shop.invoice().number is None


@pytest.mark.parametrize("change", ["line", "details", "midnight", "address"])
def test_what_changed_since_the_review_is_not_sent(shop: InvoiceShop, change: str) -> None:
    shop.adds()
    command = shop.confirms()
    if change == "line":
        shop.adds()
    elif change == "details":
        shop.details(memo="New")
    elif change == "midnight":
        shop.clock.goes_on(days=1)
    else:
        shop.knows(contact(company="Engines Ltd"))
    operation = shop.does(command)
    assert (operation.state, operation.reason.key) == (State.REFUSED, "PriceChanged")
    assert shop.payments.invoices.orders == {}


def test_a_total_that_stripe_does_not_share_takes_no_number(shop: InvoiceShop) -> None:
    """The draft says why, and is sent when that is mended; the key at Stripe is another one then."""
    shop.adds()
    first = shop.invoice().version
    shop.payments.invoices.fails.append(AmountDiffers(reviewed=53550, charged=45000, currency="EUR"))
    operation = shop.does(shop.confirms())
    assert (operation.state, operation.reason.key) == (State.REFUSED, "AmountDiffers")
    invoice = shop.invoice()
    assert (invoice.stage, invoice.number, invoice.not_sent) == (Stage.DRAFT, None, "AmountDiffers")
    assert invoice.version > first
    shop.does(shop.confirms())
    assert shop.invoice().number == "INV-2026-00001"
    assert shop.invoice().not_sent is None


def test_a_number_stays_with_its_invoice_when_stripe_breaks_in_between(shop: InvoiceShop) -> None:
    """It is being sent, is sent again, and keeps the number; nobody else gets it, and there is no gap."""
    shop.adds()
    operation = shop.accepts(shop.confirms())
    shop.walks(operation)
    shop.payments.invoices.fails.append(Misconfigured(setting="STRIPE_API_KEY"))
    shop.follows()
    invoice = shop.invoice()
    assert (invoice.stage, invoice.number) == (Stage.SENDING, "INV-2026-00001")
    assert shop.sends("inv_2").number == "INV-2026-00002"
    shop.does(SendInvoice(contact=ADA, invoice=REF, fingerprint="whatever was seen"))
    assert (shop.invoice().stage, shop.invoice().number) == (Stage.ISSUED, "INV-2026-00001")
    assert len(shop.payments.invoices.there) == 2


def taken(shop: InvoiceShop) -> None:
    """It has its number, and Stripe says that another invoice has that, too."""
    shop.adds()
    shop.walks(shop.accepts(shop.confirms()))
    shop.payments.invoices.fails.append(NumberTaken(number="INV-2026-00001"))
    shop.follows()


def test_a_number_that_stripe_has_already_is_given_up_with_its_reason(shop: InvoiceShop) -> None:
    """H28: it is never given again, the history says why, and a copy gets the next one."""
    taken(shop)
    assert (shop.invoice().stage, shop.invoice().not_sent) == (Stage.SENDING, "NumberTaken")
    assert [job.argument for job in shop.rows.jobs if "NumberTaken" in job.argument], "somebody is told"
    shop.does(GiveUpNumber(contact=ADA, invoice=REF, note="Used by hand at Stripe"), person=ALEX)
    sheet = shop.sheet()
    assert (sheet.state, sheet.number, sheet.due.amount) == (InvoiceState.VOID, "INV-2026-00001", 0)
    assert set(sheet.acts) == {Act.CLONE, Act.TEMPLATE, Act.REVOKE}
    assert shop.payments.invoices.orders == {}, "no draft is left at Stripe"
    (entry,) = [one for one in shop.rows.timeline if one.what == "number_given_up"]
    assert (entry.by, entry.parameters) == (
        ALEX.name,
        {"number": "INV-2026-00001", "note": "Used by hand at Stripe"},
    )
    assert shop.sends("inv_2").number == "INV-2026-00002"


def test_only_admins_give_a_number_up_and_only_with_a_reason(shop: InvoiceShop) -> None:
    """H16."""
    taken(shop)
    command = GiveUpNumber(contact=ADA, invoice=REF, note="Used by hand")
    for person in (MIA, SAM, PETRA):
        assert shop.does(command, person=person).reason.key == "NotPermitted"
    assert shop.does(command.model_copy(update={"note": " "}), person=ALEX).reason.key == "ReasonMissing"
    assert shop.invoice().stage is Stage.SENDING


def test_a_number_is_not_given_up_while_it_is_on_its_way_or_once_stripe_has_it(shop: InvoiceShop) -> None:
    command = GiveUpNumber(contact=ADA, invoice=REF, note="Too late")
    shop.adds()
    shop.walks(shop.accepts(shop.confirms()))
    with shop.store.reading(ALEX) as uow, pytest.raises(NotNow):
        giving_up.check(uow, command)
    shop.payments.invoices.fails.append(NumberTaken(number="INV-2026-00001"))
    shop.follows()
    stripe = shop.invoice().stripe
    assert stripe
    shop.payments.invoices.issue(stripe, "INV-2026-00001", OperationId("op_unheard"))
    assert shop.does(command, person=ALEX).reason.key == "NotNow"
    assert shop.invoice().stage is Stage.SENDING


def test_a_draft_that_was_deleted_at_stripe_is_made_anew_under_its_number(shop: InvoiceShop) -> None:
    """H28: as it was billed, 535.50."""
    shop.adds()
    shop.walks(shop.accepts(shop.confirms()))
    shop.payments.invoices.orders.clear()
    shop.follows()
    first = shop.invoice()
    assert (first.stage, first.number, first.stripe, first.not_sent) == (
        Stage.SENDING,
        "INV-2026-00001",
        None,
        "DraftGone",
    )
    shop.does(SendInvoice(contact=ADA, invoice=REF, fingerprint="whatever was seen"))
    invoice = shop.invoice()
    assert (invoice.stage, invoice.number, invoice.not_sent) == (Stage.ISSUED, "INV-2026-00001", None)
    assert shop.sheet().due.amount == 53550
    assert shop.rows.invoice_numbers == {("INV", 2026): 1}


def test_every_step_may_run_twice(shop: InvoiceShop) -> None:
    """As after kill -9: one number, one invoice at Stripe, one line in the timeline."""
    shop.adds()
    operation = shop.accepts(shop.confirms())
    checked = shop.steps.check(operation, "")
    shop.payments.invoices.fails.append(Transient("Stripe"))
    with pytest.raises(Transient):
        shop.steps.perform(operation, checked)
    performed = shop.steps.perform(operation, checked)
    assert shop.steps.perform(operation, checked) == performed
    for _ in range(2):
        shop.records(operation, performed)
    issue = OperationId(f"{operation}_i")
    performed = shop.performs(issue)
    for _ in range(2):
        shop.records(issue, performed)
    assert shop.invoice().number == "INV-2026-00001"
    assert shop.rows.invoice_numbers == {("INV", 2026): 1}
    assert shop.happened() == ["invoice_sent"]


def test_two_who_send_at_once_give_one_number(shop: InvoiceShop) -> None:
    """Both were checked before either was recorded."""
    shop.adds()
    first = shop.accepts(shop.confirms(), key="sam")
    second = shop.accepts(shop.confirms(person=PETRA), person=PETRA, key="petra")
    performed = [shop.performs(one) for one in (first, second)]
    for one, outcome in zip((first, second), performed, strict=True):
        shop.records(one, outcome)
    shop.follows()
    assert shop.rows.invoice_numbers == {("INV", 2026): 1}
    assert len(shop.payments.invoices.there) == 1
    assert [shop.rows.operations[one].state for one in (first, second)] == [State.DONE, State.DONE]


def test_a_draft_that_changes_while_stripe_is_asked_is_not_numbered(shop: InvoiceShop) -> None:
    shop.adds()
    operation = shop.accepts(shop.confirms())
    performed = shop.performs(operation)
    shop.adds(person=PETRA)
    shop.records(operation, performed)
    assert shop.rows.operations[operation].state is State.REFUSED
    assert shop.invoice().stage is Stage.DRAFT
    assert shop.rows.invoice_numbers == {}


def test_over_midnight_it_is_due_when_the_review_said(shop: InvoiceShop) -> None:
    """Reviewed and prepared on 2 March, numbered on 3 March: due in 14 days of the review, at Stripe, too."""
    shop.clock.now = datetime(2026, 3, 2, 22, 50, tzinfo=UTC)  # ten to midnight in Berlin
    shop.adds()
    operation = shop.accepts(shop.confirms())
    performed = shop.performs(operation)
    shop.clock.goes_on(minutes=20)
    shop.records(operation, performed)
    shop.follows()
    assert (shop.invoice().issued_on, shop.invoice().due_on) == (date(2026, 3, 3), date(2026, 3, 16))
    assert shop.sheet().stripe.due_at == datetime(2026, 3, 16, 22, 59, 59, tzinfo=UTC)


def test_a_stale_submission_spoils_no_colleagues_send(shop: InvoiceShop) -> None:
    """Petra confirms what Sam has changed since, while Stripe prepares what Sam has confirmed: only hers is refused."""
    shop.adds()
    stale = shop.confirms(person=PETRA)
    shop.adds(description="Travel")
    good = shop.accepts(shop.confirms(), key="sam")
    performed = shop.performs(good)
    refused = shop.accepts(stale, person=PETRA, key="petra")
    shop.walks(refused)
    assert shop.rows.operations[refused].reason.key == "PriceChanged"
    shop.records(good, performed)
    shop.follows()
    assert shop.rows.operations[good].state is State.DONE
    assert (shop.invoice().stage, shop.invoice().number) == (Stage.ISSUED, "INV-2026-00001")


def test_the_second_operation_answers_where_the_first_would_have(shop: InvoiceShop) -> None:
    shop.adds()
    operation = shop.accepts(shop.confirms(), reply_to="the view")
    shop.walks(operation)
    second = shop.rows.operations[OperationId(f"{operation}_i")]
    assert (second.reply_to, second.user) == ("the view", SAM.user)
    with shop.store.reading(SAM) as uow:
        assert uow.operations.is_followed(shop.rows.operations[operation])


def test_forged_submissions(shop: InvoiceShop) -> None:
    """Another customer's contact, an invoice that does not exist, one that was issued already."""
    shop.sends()
    for command, key in (
        (SendInvoice(contact=BEN, invoice=REF, fingerprint=""), "UnknownInvoice"),
        (SendInvoice(contact=ADA, invoice="inv_none", fingerprint=""), "UnknownInvoice"),
        (SendInvoice(contact=ADA, invoice=REF, fingerprint=""), "NotNow"),
        (IssueInvoice(contact=ADA, invoice=REF), "NotNow"),
    ):
        assert shop.does(command).reason.key == key


def test_it_is_sent_again(shop: InvoiceShop) -> None:
    shop.sends()
    assert shop.does(SendAgain(contact=ADA, invoice=REF)).state is State.DONE
    assert shop.happened() == ["invoice_sent", "invoice_sent_again"]
    assert shop.does(SendAgain(contact=ADA, invoice=REF), person=MIA).reason.key == "NotPermitted"


def test_a_voided_invoice_keeps_its_number(shop: InvoiceShop) -> None:
    invoice = shop.sends()
    there = shop.payments.invoices.void(InvoiceId(invoice.stripe or ""), OperationId("op"))
    assert (there.status, there.number) == (InvoiceStatus.VOID, "INV-2026-00001")
    assert shop.sends("inv_2").number == "INV-2026-00002"


def test_the_review_of_what_is_issued_is_refused(shop: InvoiceShop) -> None:
    shop.sends()
    with shop.store.reading(SAM) as uow, pytest.raises(NotNow):
        reviewing.review(uow, ADA, REF)
