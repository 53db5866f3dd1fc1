"""Collecting an open invoice: charged once, at the amount that was shown, to a method of the customer's (H30, H35)."""

from __future__ import annotations

from typing import Any

import pytest

from billing.contacts import InvoiceStatus, SubscriptionStatus
from billing.dunning.collecting import InvoiceCollected, InvoiceLinkSent, PayInvoice, SendInvoiceLink, form
from billing.errors import (
    AmountDue,
    Declined,
    ForeignPaymentMethod,
    InvoiceNotOpen,
    NoEmailAddress,
    NoPaymentPage,
    NotFailing,
    NotPermitted,
    PaymentMethodExpired,
    Transient,
)
from billing.ids import InvoiceId, PaymentMethodId
from billing.money import Money
from billing.operations import Operation, State
from billing.roles import Role
from tests.support.failing import SECOND_CARD, fails, invoice, subscription
from tests.support.shop import ADA, BEN, BENS_CARD, SAM, Shop, actor, contact, method

EUR_49 = Money(amount=4900, currency="EUR")


@pytest.fixture
def shop() -> Shop:
    made = Shop()
    fails(made)
    return made


def command(**changes: Any) -> PayInvoice:
    fields = {
        "contact": ADA,
        "invoice": InvoiceId("in_1"),
        "due": 4900,
        "payment_method": PaymentMethodId(SECOND_CARD),
        "keep": ("keep",),
    }
    return PayInvoice(**(fields | changes))


def done(shop: Shop, what: Any, **more: Any) -> Operation:
    operation = shop.accepts(what, **more)
    shop.walks(operation)
    return shop.rows.operations[operation]


def test_the_form_offers_the_oldest_failing_invoice_and_the_methods_that_are_good(shop: Shop) -> None:
    """A debit would be under way for days, and nothing may be said to be paid before."""
    expired, debit = method("pm_old", exp_year=2020), method("pm_debit", exp_month=None, exp_year=None)
    shop.knows(contact(), method(default=True), expired, debit)
    fails(shop, invoice(2), invoice(1), invoice(3, attempts=0))
    with shop.store.reading(SAM) as uow:
        shown = form(uow, ADA)
    assert (shown.failed.invoice.id, shown.others) == ("in_1", 1)
    assert [one.id for one in shown.methods] == ["pm_ada", SECOND_CARD]
    assert shown.link_to == "ada@engines.example"


def test_there_is_no_form_when_nothing_fails_or_the_role_does_not_allow_it(shop: Shop) -> None:
    with shop.store.reading(SAM) as uow, pytest.raises(InvoiceNotOpen):
        form(uow, BEN)
    with shop.store.reading(actor(Role.ADMIN)) as uow, pytest.raises(NotPermitted):
        form(uow, ADA)


def test_it_is_charged_and_written_down(shop: Shop) -> None:
    found = done(shop, command())
    receipt = InvoiceCollected.model_validate_json(found.result or "")
    assert (found.state, receipt.invoice.status, receipt.kept, receipt.others) == (
        State.DONE,
        InvoiceStatus.PAID,
        True,
        0,
    )
    [order] = shop.payments.paid.values()
    assert (order.invoice, order.due, order.payment_method) == ("in_1", EUR_49, SECOND_CARD)
    assert (order.subscription, order.later) == ("sub_1", SECOND_CARD)
    [entry] = shop.rows.timeline
    assert (entry.what.value, entry.amount, entry.by) == ("invoice_charged", EUR_49, "Sam Sales")
    with shop.store.reading(SAM) as uow:
        assert not uow.mirror.open_invoices(ADA)


@pytest.mark.parametrize("before", ["pm_its_own", None])
def test_the_method_is_kept_only_when_that_was_chosen(shop: Shop, before: str | None) -> None:
    """Otherwise later payments are charged to what they were charged to before, whatever Stripe would make of it."""
    fails(shop, subscriptions=(subscription(payment_method=before),))
    receipt = InvoiceCollected.model_validate_json(done(shop, command(keep=())).result or "")
    [order] = shop.payments.paid.values()
    assert (order.subscription, order.later, receipt.kept) == ("sub_1", before or "pm_ada", False)


def test_nothing_is_kept_for_a_subscription_that_has_ended(shop: Shop) -> None:
    """HX1: it was cancelled after the last try; Stripe would refuse to change it after the money had come."""
    fails(shop, subscriptions=(subscription(status=SubscriptionStatus.CANCELED),))
    receipt = InvoiceCollected.model_validate_json(done(shop, command()).result or "")
    [order] = shop.payments.paid.values()
    assert (order.subscription, receipt.kept, receipt.invoice.status) == (None, False, InvoiceStatus.PAID)


def test_a_declined_card_leaves_it_open_and_in_the_history(shop: Shop) -> None:
    """H30"""
    shop.payments.fails.append(Declined("lost_card"))
    found = done(shop, command())
    assert found.state is State.DECLINED
    assert shop.happened() == ["payment_declined"]
    with shop.store.reading(SAM) as uow:
        assert [one.id for one in uow.mirror.open_invoices(ADA)] == ["in_1"]


def test_an_answer_that_was_lost_is_asked_for_again_and_charges_once(shop: Shop) -> None:
    operation = shop.accepts(command())
    shop.payments.fails_after.append(Transient("Stripe: gone"))
    with pytest.raises(Transient):
        shop.performs(operation)
    assert shop.walks(operation) is State.DONE
    assert len(shop.payments.paid) == 1


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"due": 4899}, AmountDue),
        ({"invoice": InvoiceId("in_nobody")}, InvoiceNotOpen),
        ({"payment_method": PaymentMethodId(BENS_CARD)}, ForeignPaymentMethod),
        ({"contact": BEN, "payment_method": PaymentMethodId(BENS_CARD)}, InvoiceNotOpen),
        ({"payment_method": PaymentMethodId("pm_old")}, PaymentMethodExpired),
        ({"payment_method": PaymentMethodId("pm_debit")}, ForeignPaymentMethod),
    ],
)
def test_what_is_forged_or_outdated_charges_nothing(shop: Shop, changes: Any, refusal: type[Exception]) -> None:
    debit = method("pm_debit", exp_month=None, exp_year=None)
    shop.knows(contact(), method(default=True), method("pm_old", exp_year=2020), debit)
    fails(shop)
    found = done(shop, command(**changes))
    assert (found.state, found.reason and found.reason.key) == (State.REFUSED, refusal.__name__)
    assert not shop.payments.paid


@pytest.mark.parametrize("status", [InvoiceStatus.PAID, InvoiceStatus.VOID, InvoiceStatus.DRAFT])
def test_only_an_open_invoice_is_charged(shop: Shop, status: InvoiceStatus) -> None:
    fails(shop, invoice(status=status))
    found = done(shop, command())
    assert found.reason
    assert found.reason.key == "InvoiceNotOpen"


def test_what_stripe_wrote_off_after_the_last_try_can_still_be_collected(shop: Shop) -> None:
    """HX1: from its message; it fails no more, so the form opens another one by itself."""
    written_off = invoice(status=InvoiceStatus.UNCOLLECTIBLE, attempts=4, next_attempt_at=None)
    fails(shop, written_off, invoice(2))
    with shop.store.reading(SAM) as uow:
        shown = form(uow, ADA, InvoiceId("in_1"))
        assert (shown.failed.invoice.id, shown.others) == ("in_1", 1)
        assert form(uow, ADA).failed.invoice.id == "in_2"
    assert done(shop, SendInvoiceLink(contact=ADA, invoice=InvoiceId("in_1"))).state is State.DONE
    assert done(shop, command(), key="pay").state is State.DONE
    assert [one.invoice for one in shop.payments.paid.values()] == ["in_1"]


@pytest.mark.parametrize("what", [command(), SendInvoiceLink(contact=ADA, invoice=InvoiceId("in_1"))])
@pytest.mark.parametrize("sound", [{"by_invoice": True}, {"attempts": 0}])
def test_what_stripe_did_not_try_in_vain_is_not_collected_here(shop: Shop, what: Any, sound: dict[str, Any]) -> None:
    """H35: an invoice that was sent is settled by its own rules, of which a forged form knows none."""
    fails(shop, invoice(**sound))
    found = done(shop, what)
    assert (found.state, found.reason and found.reason.key) == (State.REFUSED, NotFailing.__name__)
    assert not shop.payments.calls
    assert not shop.rows.timeline


def test_what_was_paid_at_stripe_meanwhile_is_refused_there(shop: Shop) -> None:
    """The mirror did not know yet."""
    snapshot = shop.payments.snapshots[shop.rows.contacts[ADA].customer]
    paid = (invoice(status=InvoiceStatus.PAID),)
    shop.payments.snapshots[snapshot.customer] = snapshot.model_copy(update={"invoices": paid})
    found = done(shop, command())
    assert found.reason
    assert found.reason.key == "InvoiceNotOpen"


def test_who_may_not_charge_is_refused(shop: Shop) -> None:
    """H16"""
    alex = actor(Role.ADMIN, user="U_ALEX")
    shop.hires(alex)
    found = done(shop, command(), person=alex)
    assert found.reason
    assert found.reason.key == "NotPermitted"


# The link


def test_a_link_is_to_the_page_of_the_invoice_as_stripe_has_it_now(shop: Shop) -> None:
    """HX1"""
    found = done(shop, SendInvoiceLink(contact=ADA, invoice=InvoiceId("in_1")))
    assert InvoiceLinkSent.model_validate_json(found.result or "").url == "https://pay.example/in_1"
    assert shop.happened() == ["invoice_link_sent"]
    assert [one.arguments for one in shop.payments.calls if one.name == "keep_what_pays"] == [("sub_1",)]


@pytest.mark.parametrize(
    ("status", "goes_on"), [(SubscriptionStatus.PAST_DUE, True), (SubscriptionStatus.CANCELED, False)]
)
def test_it_is_said_whether_a_subscription_goes_on(shop: Shop, status: SubscriptionStatus, goes_on: bool) -> None:
    """One that was cancelled after the last try still owes, and stays cancelled."""
    fails(shop, subscriptions=(subscription(status=status),))
    found = done(shop, SendInvoiceLink(contact=ADA, invoice=InvoiceId("in_1")))
    assert InvoiceLinkSent.model_validate_json(found.result or "").goes_on is goes_on


@pytest.mark.parametrize(
    ("at_stripe", "refusal"),
    [(invoice(status=InvoiceStatus.PAID), InvoiceNotOpen), (invoice(url=None), NoPaymentPage)],
)
def test_no_link_for_what_cannot_be_paid_there(shop: Shop, at_stripe: Any, refusal: type[Exception]) -> None:
    snapshot = shop.payments.snapshots[shop.rows.contacts[ADA].customer]
    shop.payments.snapshots[snapshot.customer] = snapshot.model_copy(update={"invoices": (at_stripe,)})
    found = done(shop, SendInvoiceLink(contact=ADA, invoice=InvoiceId("in_1")))
    assert found.reason
    assert found.reason.key == refusal.__name__
    assert not shop.rows.timeline


def test_no_link_without_an_address(shop: Shop) -> None:
    shop.rows.contacts[ADA] = contact(email="")
    found = done(shop, SendInvoiceLink(contact=ADA, invoice=InvoiceId("in_1")))
    assert found.reason
    assert found.reason.key == NoEmailAddress.__name__
