"""Who is told of what happens to an invoice, and that each is told once (HX15)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from billing.catalogue import Place
from billing.catalogue.policies import CustomerNotices, TeamNotices
from billing.contacts import Invoice, InvoiceStatus
from billing.errors import AmountDiffers, Declined, PriceChanged
from billing.events import COVERED, EventSteps
from billing.ids import CustomerId, EventId
from billing.invoices import issuing, telling
from billing.invoices.crediting import CreditInvoice
from billing.invoices.issuing import IssueInvoice
from billing.invoices.model import Stage
from billing.invoices.payments import ChargeInvoice, RecordPayment
from billing.invoices.telling import Audience, News, Told, ToTell, What
from billing.money import Money
from billing.operations import State
from billing.ports import GiveBack, Origin, PaidBy, StripeEvent
from billing.steps import NOBODY
from tests.support.failing import event as failure
from tests.support.failing import fails
from tests.support.invoicing import PAUL, PETRA, REF, InvoiceShop
from tests.support.shop import ADA, ADAS_CARD, BEN, SAM, TODAY, contact

EVERYWHERE = tuple(Place)


@pytest.fixture
def shop() -> InvoiceShop:
    """Sam has sent an invoice of 535.50."""
    shop = InvoiceShop()
    shop.sends()
    shop.rows.jobs.clear()
    return shop


def told(shop: InvoiceShop) -> list[tuple[What, Audience]]:
    """What has been given to the engine since, and to whom it is to be told."""
    jobs = [job for job in shop.rows.jobs if job.name == telling.PIPELINE]
    shop.rows.jobs = [job for job in shop.rows.jobs if job not in jobs]
    return [(one.news.what, one.audience) for one in (ToTell.model_validate_json(job.argument) for job in jobs)]


def charge(**changes: Any) -> ChargeInvoice:
    return ChargeInvoice(**({"contact": ADA, "invoice": REF, "payment_method": ADAS_CARD, "due": 53550} | changes))


def payment(amount: str = "535.50", due: int = 53550) -> RecordPayment:
    return RecordPayment(
        contact=ADA, invoice=REF, due=due, by=PaidBy.CASH, amount=amount, received_on=TODAY, reference=""
    )


def event(shop: InvoiceShop, type_: str, number: int = 1, **changes: Any) -> StripeEvent:
    """About the invoice that Sam sent."""
    payload, previous = changes.pop("payload", {}), changes.pop("previous", {})
    fields = {
        "id": EventId(f"evt_{number}"),
        "type": type_,
        "customer": CustomerId("cus_ada"),
        "object_id": shop.invoice().stripe,
        "created_at": shop.clock.now,
        "payload": json.dumps({"currency": "eur", "number": "INV-2026-00001", "amount_remaining": 53550} | payload),
        "previous": json.dumps(previous),
    }
    return StripeEvent(**(fields | changes))


def happens(shop: InvoiceShop, one: StripeEvent) -> None:
    shop.store.accept_event(one)
    EventSteps(shop.store, shop.payments).record(one.id, COVERED)


def pays_at_stripe(shop: InvoiceShop, so_far: int = 53550, before: int | None = None, number: int = 1) -> None:
    if before is None:
        happens(shop, event(shop, "invoice.paid", number, payload={"amount_paid": so_far}))
    else:
        change = {"payload": {"amount_paid": so_far}, "previous": {"amount_paid": before}}
        happens(shop, event(shop, "invoice.updated", number, **change))


# Payments


def test_what_somebody_records_is_told_to_sender_and_customer(shop: InvoiceShop) -> None:
    shop.does(payment("100"), person=PETRA)
    assert told(shop) == [(What.PAID, Audience.SENDER), (What.PAID, Audience.CUSTOMER)]


def test_a_card_that_is_charged_is_another_mail(shop: InvoiceShop) -> None:
    shop.does(charge(), person=PETRA)
    assert told(shop) == [(What.CHARGED, Audience.SENDER), (What.CHARGED, Audience.CUSTOMER)]


def test_what_the_customer_pays_on_stripes_page_is_told_the_same(shop: InvoiceShop) -> None:
    pays_at_stripe(shop)
    assert told(shop) == [(What.PAID, Audience.SENDER), (What.PAID, Audience.CUSTOMER)]


def test_the_same_payment_is_told_once_whoever_says_so(shop: InvoiceShop) -> None:
    """The operation; the two events that Stripe makes of one payment, taken for somebody else's; each of them twice."""
    shop.does(payment("100"), person=PETRA)
    assert len(told(shop)) == 2
    for number in (1, 2):
        pays_at_stripe(shop, 10000, before=0, number=number)
    assert told(shop) == []
    pays_at_stripe(shop, 53550, before=10000, number=3)
    pays_at_stripe(shop, 53550, number=4)
    assert len(told(shop)) == 2


def test_a_part_says_how_much_it_was(shop: InvoiceShop) -> None:
    pays_at_stripe(shop, 20000, before=5000)
    first = ToTell.model_validate_json(shop.rows.jobs[-1].argument).news
    assert first.amount == Money(amount=15000, currency="EUR")


def test_what_our_own_call_caused_is_the_operations_to_tell(shop: InvoiceShop) -> None:
    happens(shop, event(shop, "invoice.paid", payload={"amount_paid": 53550}, origin=Origin.OURS))
    assert told(shop) == []


def test_an_invoice_that_was_credited_to_nothing_is_not_paid(shop: InvoiceShop) -> None:
    """Stripe calls it paid, though nobody has."""
    shop.does(
        CreditInvoice(contact=ADA, invoice=REF, due=53550, left=53550, reason="x", give_back=GiveBack.REFUND),
        person=PETRA,
    )
    happens(shop, event(shop, "invoice.paid", payload={"amount_paid": 0}))
    assert told(shop) == []


@pytest.mark.parametrize("changes", [{"object_id": "in_sub"}, {"customer": CustomerId("cus_ben")}])
def test_other_invoices_and_other_customers_are_nobodys_news(shop: InvoiceShop, changes: dict[str, Any]) -> None:
    one = event(shop, "invoice.paid", payload={"amount_paid": 53550}, **changes)
    shop.store.accept_event(one)
    with shop.store.writing(NOBODY) as uow:
        telling.note(uow, one, contact(BEN if "customer" in changes else ADA))
    assert told(shop) == []


# Failures


def test_a_refused_card_is_told(shop: InvoiceShop) -> None:
    shop.payments.invoices.fails.append(Declined("insufficient_funds"))
    assert shop.does(charge(), person=PETRA).state is State.DECLINED
    assert told(shop) == [(What.FAILED, Audience.SENDER), (What.FAILED, Audience.CUSTOMER)]


def test_failures_on_stripes_page_are_told_once_a_day(shop: InvoiceShop) -> None:
    for number in (1, 2, 3):
        happens(shop, event(shop, "invoice.payment_failed", number))
    assert told(shop) == [(What.FAILED, Audience.SENDER), (What.FAILED, Audience.CUSTOMER)]
    shop.clock.goes_on(days=1)
    happens(shop, event(shop, "invoice.payment_failed", 4))
    assert len(told(shop)) == 2


def test_what_was_paid_meanwhile_did_not_fail(shop: InvoiceShop) -> None:
    news = News(what=What.FAILED, invoice=REF)
    assert seen(shop, news) is not None
    shop.does(payment())
    assert seen(shop, news) is None


def test_of_a_cancelled_one_no_failure_is_told(shop: InvoiceShop) -> None:
    there = shop.payments.invoices.there[shop.invoice().stripe]
    with shop.store.writing(SAM) as uow:
        uow.mirror.add_invoice(ADA, there.model_copy(update={"status": InvoiceStatus.VOID}))
    assert seen(shop, News(what=What.FAILED, invoice=REF)) is None


# What could not be sent


def test_a_total_that_differs_is_told_to_the_team_and_not_to_the_customer() -> None:
    shop = InvoiceShop()
    shop.adds()
    shop.payments.invoices.fails.append(AmountDiffers(reviewed=1, charged=2, currency="EUR"))
    shop.does(shop.confirms())
    assert told(shop) == [(What.NOT_SENT, Audience.SENDER), (What.NOT_SENT, Audience.MANAGERS)]


def test_what_can_be_mended_in_the_form_is_told_to_who_tries_it_only() -> None:
    shop = InvoiceShop()
    shop.adds()
    command = shop.confirms()
    shop.adds(description="Travel")
    operation = shop.does(command)
    assert operation.reason == PriceChanged(contact="Ada Lovelace").reason
    assert told(shop) == []


def test_what_breaks_is_told_once_however_often_it_is_said() -> None:
    """A draft, and one that has its number already."""
    shop = InvoiceShop()
    shop.adds()
    operation = shop.accepts(shop.confirms(), key="send")
    for _ in range(2):
        shop.steps.fail(operation, "ref-1")
    assert len(told(shop)) == 2
    shop.walks(shop.accepts(shop.confirms(), key="again"))
    (issue,) = [one for one in shop.rows.operations.values() if one.kind == IssueInvoice.kind]
    for _ in range(2):
        shop.steps.fail(issue.id, "ref-2")
    assert told(shop) == [(What.NOT_SENT, Audience.SENDER), (What.NOT_SENT, Audience.MANAGERS)]


def test_what_has_its_number_and_hangs_is_told_although_stripe_has_a_draft_of_it() -> None:
    """The mirror has Stripe's drafts, too; only what was issued is out."""
    shop = InvoiceShop()
    shop.adds()
    shop.walks(shop.accepts(shop.confirms()))
    numbered = shop.invoice()
    draft = Invoice(
        id=numbered.stripe,
        number=None,
        status=InvoiceStatus.DRAFT,
        total=Money(amount=53550, currency="EUR"),
        due=Money(amount=53550, currency="EUR"),
        created_at=shop.clock.now,
    )
    with shop.store.writing(SAM) as uow:
        uow.mirror.add_invoice(ADA, draft)
    news = News(what=What.NOT_SENT, invoice=REF)
    assert seen(shop, news)
    shop.follows()
    assert shop.invoice().stage is Stage.ISSUED
    assert seen(shop, news) is None


def test_a_draft_that_is_gone_or_was_sent_needs_no_news(shop: InvoiceShop) -> None:
    assert seen(shop, News(what=What.NOT_SENT, invoice=REF)) is None
    assert seen(shop, News(what=What.NOT_SENT, invoice="inv_gone")) is None


def test_a_mail_that_is_refused_is_told_once(shop: InvoiceShop) -> None:
    for _ in range(2):
        with shop.store.writing(NOBODY) as uow:
            issuing.not_mailed(uow, shop.invoice(), "inv_1-7-reminder", ["bad@x.example"])
    assert told(shop) == [(What.NOT_MAILED, Audience.SENDER), (What.NOT_MAILED, Audience.MANAGERS)]


# Switches


@pytest.mark.parametrize(
    ("team", "customer", "expected"),
    [
        ({"paid": ()}, {}, [Audience.CUSTOMER]),
        ({"paid": EVERYWHERE}, {"paid": False}, [Audience.SENDER, Audience.MANAGERS]),
        ({"paid": ()}, {"paid": False}, []),
        ({"failed": (), "not_sent": (), "auto_failed": ()}, {"failed": False}, [Audience.SENDER, Audience.CUSTOMER]),
    ],
)
def test_payments_are_told_where_the_house_wants_it(
    shop: InvoiceShop, team: dict[str, Any], customer: dict[str, Any], expected: list[Audience]
) -> None:
    shop.rules(tell_team=TeamNotices(**team), tell_customer=CustomerNotices(**customer))
    shop.does(payment())
    assert [audience for _, audience in told(shop)] == expected


def test_every_other_notice_has_its_switch(shop: InvoiceShop) -> None:
    team = TeamNotices(paid=EVERYWHERE, failed=(), not_sent=())
    shop.rules(tell_team=team, tell_customer=CustomerNotices(failed=False, auto_payment=False))
    shop.payments.invoices.fails.append(Declined("insufficient_funds"))
    shop.does(charge())
    with shop.store.writing(NOBODY) as uow:
        issuing.not_mailed(uow, shop.invoice(), "op_1", ["bad@x.example"])
    assert told(shop) == []
    shop.does(charge())
    assert told(shop) == [(What.CHARGED, Audience.SENDER), (What.CHARGED, Audience.MANAGERS)]


# Who that is


def seen(shop: InvoiceShop, news: News) -> Told | None:
    with shop.store.reading(NOBODY) as uow:
        return telling.told(uow, news)


def senders(shop: InvoiceShop, **news: Any) -> str | None:
    found = seen(shop, News(what=What.PAID, invoice=REF, **news))
    assert found
    with shop.store.reading(NOBODY) as uow:
        actor = telling.sender(uow, found)
    return actor.user if actor else None


def test_who_did_it_has_the_answer_and_is_not_told(shop: InvoiceShop) -> None:
    assert senders(shop) == SAM.user
    assert senders(shop, by=PETRA.user) == SAM.user
    assert senders(shop, by=SAM.user) is None


def test_somebody_without_a_role_any_more_is_told_nothing(shop: InvoiceShop) -> None:
    shop.dismisses(SAM)
    assert senders(shop) is None


def test_managers_are_those_of_the_invoices_team(shop: InvoiceShop) -> None:
    shop.hires(PETRA.model_copy(update={"team": "T2", "user": "U_FAR"}))
    found = seen(shop, News(what=What.PAID, invoice=REF, by=PAUL.user))
    assert found
    with shop.store.reading(NOBODY) as uow:
        assert [one.user for one in telling.managers(uow, found)] == [PETRA.user]


# What Stripe charges by itself


def starter_and_channel(shop: InvoiceShop, places: tuple[Place, ...], channel: str | None = "C_MANAGERS") -> list[str]:
    """Where a failed renewal of what Sam started is told."""
    shop.rules(tell_team=TeamNotices(auto_failed=places))
    started = shop.starts(key="sub")
    fails(shop)
    steps = EventSteps(shop.store, shop.payments, channel)
    one = failure(operation=started.id)
    shop.store.accept_event(one)
    steps.handle(one.id)
    return sorted(notice.place for notice, _ in shop.rows.notices)


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        (EVERYWHERE, ["C_MANAGERS", "U_SAM"]),
        ((Place.SENDER,), ["U_SAM"]),
        ((Place.CHANNEL,), ["C_MANAGERS"]),
        ((), []),
    ],
)
def test_failed_renewals_have_the_same_switch(places: tuple[Place, ...], expected: list[str]) -> None:
    assert starter_and_channel(InvoiceShop(), places) == expected


def test_without_anybody_else_the_managers_are_told_unless_nobody_is_to_be() -> None:
    assert starter_and_channel(InvoiceShop(), (Place.CHANNEL,), channel=None) == ["U_PAUL", "U_PETRA"]
    assert starter_and_channel(InvoiceShop(), (), channel=None) == []


def test_a_renewal_is_dunnings_to_tell_and_no_second_message(shop: InvoiceShop) -> None:
    fails(shop)
    one = failure()
    shop.store.accept_event(one)
    EventSteps(shop.store, shop.payments, "C_MANAGERS").handle(one.id)
    assert told(shop) == []
    assert len(shop.rows.notices) == 1


@pytest.mark.parametrize("origin", Origin)
def test_managers_hear_of_a_refund_that_failed(shop: InvoiceShop, origin: Origin) -> None:
    """HX20: whoever made it. The event names the payment only, and the history has amount and number."""
    stripe = shop.invoice().stripe
    assert stripe
    shop.payments.invoices.intents["pi_1"] = stripe
    payload = {"amount": 53550, "payment_intent": "pi_1"}
    happens(shop, event(shop, "refund.failed", object_id="re_1", payload=payload, origin=origin))
    assert told(shop) == [(What.REFUND_FAILED, Audience.MANAGERS)]
    (entry,) = [one for one in shop.rows.timeline if one.what == "refund_failed"]
    assert (entry.amount, entry.parameters["number"]) == (Money(amount=53550, currency="EUR"), "INV-2026-00001")
