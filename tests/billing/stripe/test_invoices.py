"""Invoices of ours at Stripe: prepared, compared, issued, paid, credited, ended; each once, whatever breaks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from itertools import count
from typing import Any, TypeVar

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing.catalogue import Catalogue
from billing.contacts import Invoice, InvoiceStatus
from billing.errors import (
    AmountDiffers,
    AmountDueChanged,
    CannotCharge,
    CannotRefund,
    Declined,
    DraftGone,
    NothingToCredit,
    NotNow,
    NumberTaken,
    Transient,
)
from billing.ids import CustomerId, InvoiceId, OperationId, PaymentMethodId, SalesInvoiceId
from billing.invoices.amounts import totals
from billing.invoices.model import Discount, Line
from billing.money import Money
from billing.ports import (
    CreditLine,
    CreditOrder,
    GiveBack,
    InvoiceOrder,
    InvoiceOrderLine,
    ManualPayment,
    PaidBy,
)
from billing.stripe.invoices import StripeInvoices
from billing.stripe.payments import StripePayments
from tests.billing.stripe.conftest import START, LocalStripe

T = TypeVar("T")

_keys = count(1)
OPERATION = OperationId("op_1")
DUE = datetime(2026, 3, 24, 22, 59, 59, tzinfo=UTC)


def eur(amount: int) -> Money:
    return Money(amount=amount, currency="EUR")


def line(id_: str, amount: int, *tax_rates: str) -> InvoiceOrderLine:
    return InvoiceOrderLine(id=id_, description=f"Line {id_}", amount=eur(amount), tax_rates=tax_rates)


def order(customer: Any, total: int, *lines: InvoiceOrderLine, **more: Any) -> InvoiceOrder:
    fields = {"memo": "", "order_number": "", "discount": None, "key": "inv_1-1"}
    return InvoiceOrder(
        **(fields | more),
        invoice=SalesInvoiceId("inv_1"),
        customer=CustomerId(customer.id),
        currency="EUR",
        lines=lines,
        due_at=DUE,
        total=eur(total),
    )


def issued(local: LocalStripe, payments: StripePayments, total: int = 11900, **more: Any) -> Invoice:
    """One line of 100.00 with 19 % VAT: 119.00, unless other lines are given."""
    customer = more.pop("customer", None) or local.customer()
    lines = more.pop("lines", (line("l1", 10000, "de-vat"),))
    prepared = payments.invoices.prepare(order(customer, total, *lines, **more), OPERATION, START)
    return payments.invoices.issue(prepared, "INV-2026-00001", OPERATION)


def test_an_invoice_is_issued_under_our_number_for_our_total(local: LocalStripe, payments: StripePayments) -> None:
    """100.00 + 50.00, 10 % off the whole: 90.00 + 45.00; 19 % of 90.00 is 17.10, the second line is untaxed: 152.10."""
    customer = local.customer()
    wanted = order(
        customer,
        15210,
        line("l1", 10000, "de-vat"),
        line("l2", 5000),
        discount=Discount(percent=Decimal(10)),
        memo="Thank you",
        order_number="PO-7",
    )
    prepared = payments.invoices.prepare(wanted, OPERATION, START)
    found = payments.invoices.issue(prepared, "INV-2026-00001", OPERATION)
    assert (found.number, found.status, found.total, found.due) == (
        "INV-2026-00001",
        InvoiceStatus.OPEN,
        eur(15210),
        eur(15210),
    )
    assert found.due_at == DUE
    there = local.v1.invoices.retrieve(prepared)
    assert [one.description for one in there.lines.data] == ["Line l1", "Line l2"]
    assert there.description == "Thank you"
    assert there.custom_fields[0].value == "PO-7"
    assert there.collection_method == "send_invoice"


def test_a_coupon_of_the_customer_takes_nothing_off_an_invoice_without_a_discount(
    local: LocalStripe, payments: StripePayments
) -> None:
    """100.00 with 19 % VAT is 119.00, also for a customer with 20 % off at Stripe: only what was reviewed is sent."""
    customer = local.customer()
    local.v1.coupons.create({"id": "LOYAL", "percent_off": 20, "duration": "forever"})
    local.give_coupon(customer.id, "LOYAL")
    inheriting = local.v1.invoices.create({"customer": customer.id, "currency": "eur"})
    assert [one.source.coupon for one in local.v1.invoices.retrieve(inheriting.id, {"expand": ["discounts"]}).discounts]
    assert issued(local, payments, customer=customer).total == eur(11900)


def test_a_number_that_another_invoice_has_is_refused(local: LocalStripe, payments: StripePayments) -> None:
    """The draft stays, and is deleted when the number is given up."""
    customer = local.customer()
    local.v1.invoices.create({"customer": customer.id, "currency": "eur", "number": "INV-2026-00001"})
    prepared = payments.invoices.prepare(order(customer, 11900, line("l1", 10000, "de-vat")), OPERATION, START)
    with pytest.raises(NumberTaken):
        payments.invoices.issue(prepared, "INV-2026-00001", OPERATION)
    for _ in range(2):
        payments.invoices.discard(prepared)
    with pytest.raises(DraftGone):
        payments.invoices.issue(prepared, "INV-2026-00002", OPERATION)


def test_what_was_issued_is_not_discarded(local: LocalStripe, payments: StripePayments) -> None:
    found = issued(local, payments)
    with pytest.raises(NotNow):
        payments.invoices.discard(found.id)
    assert local.v1.invoices.retrieve(found.id).status == "open"


def test_an_amount_off_the_whole_is_shared_as_stripe_shares_it(local: LocalStripe, payments: StripePayments) -> None:
    """10.00 off 33.33 + 66.67: 3.333 and 6.667, so 3.33 and 6.67; 19 % of 30.00 is 5.70 and of 60.00 is 11.40."""
    found = issued(
        local,
        payments,
        total=9000 + 570 + 1140,
        lines=(line("l1", 3333, "de-vat"), line("l2", 6667, "de-vat")),
        discount=Discount(amount=1000),
    )
    assert found.total == eur(10710)


def test_fields_stand_at_stripe_beside_the_order_number(local: LocalStripe, payments: StripePayments) -> None:
    """HX15: four in all, Stripe's limit."""
    fields = (("Project", "Apollo"), ("Cost centre", "4711"), ("N" * 40, "v" * 140))
    found = issued(local, payments, order_number="PO-7", fields=fields)
    there = local.v1.invoices.retrieve(found.id).custom_fields or []
    assert [(one.name, one.value) for one in there] == [("PO", "PO-7"), *fields]


PRICES = st.lists(st.tuples(st.integers(1, 3_000), st.sampled_from(["de-vat", "jp-ct", None])), min_size=1, max_size=8)
DISCOUNTS = st.one_of(
    st.none(),
    st.decimals("0.01", "100", places=2).map(lambda percent: Discount(percent=percent)),
    st.integers(1, 5_000).map(lambda amount: Discount(amount=amount)),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(priced=PRICES, discount=DISCOUNTS, currency=st.sampled_from(["EUR", "JPY", "KWD"]))
def test_our_total_is_stripes_whatever_the_lines(
    local: LocalStripe,
    payments: StripePayments,
    catalogue: Catalogue,
    priced: list[tuple[int, str | None]],
    discount: Discount | None,
    currency: str,
) -> None:
    """To the minor unit: `prepare` would refuse, and the numbers say the same once more."""
    rates = {one.name: one for one in catalogue.tax_rates()}
    lines = [billed(n, unit, tax, currency) for n, (unit, tax) in enumerate(priced)]
    ours = totals(lines, discount, lambda one: (rates[one.tax],) if one.tax in rates else (), currency)
    wanted = order(
        local.customer(),
        0,
        *(
            InvoiceOrderLine(
                id=one.line.id,
                description=one.line.description,
                amount=one.amount,
                tax_rates=tuple(tax.name for tax in one.taxes),
            )
            for one in ours.lines
        ),
        discount=discount,
        key=f"inv-{next(_keys)}",
    ).model_copy(update={"currency": currency, "total": ours.total})
    prepared = payments.invoices.prepare(wanted, OPERATION, START)
    assert local.v1.invoices.retrieve(prepared).total == ours.total.amount


def billed(number: int, unit: int, tax: str | None, currency: str) -> Line:
    price = Money(amount=unit, currency=currency)
    return Line(id=f"l{number}", version=1, description="Work", quantity=Decimal("1.5"), unit=price, tax=tax or "none")


def test_an_invoice_with_another_total_at_stripe_is_not_issued(local: LocalStripe, payments: StripePayments) -> None:
    """Totals equal Stripe's to the cent, or the invoice is not sent; nothing of it stays there."""
    customer = local.customer()
    with pytest.raises(AmountDiffers) as refusal:
        payments.invoices.prepare(order(customer, 11901, line("l1", 10000, "de-vat")), OPERATION, START)
    assert refusal.value.parameters == {"reviewed": 11901, "charged": 11900, "currency": "EUR"}
    assert local.v1.invoices.list({"customer": customer.id}).data == []


def repeated(call: Callable[[], T]) -> T:
    """As the engine does it: for as long as it is transient."""
    for _ in range(5):
        try:
            return call()
        except Transient:
            continue
    return call()


@pytest.mark.parametrize("lost", [1, 2, 3, 4])
def test_lost_answers_make_no_second_invoice(local: LocalStripe, payments: StripePayments, lost: int) -> None:
    """The first one, two, three and all four calls take effect, and no answer comes: it is tried again each time."""
    customer = local.customer()
    wanted = order(customer, 11900, line("l1", 10000, "de-vat"))
    local.fault("cut_after", "/v1/invoices", lost)
    for _ in range(lost):
        with pytest.raises(Transient):
            payments.invoices.issue(payments.invoices.prepare(wanted, OPERATION, START), "INV-2026-1", OPERATION)
    found = payments.invoices.issue(payments.invoices.prepare(wanted, OPERATION, START), "INV-2026-1", OPERATION)
    made = local.v1.invoices.list({"customer": customer.id}).data
    assert [(one.id, one.number, one.total) for one in made] == [(found.id, "INV-2026-1", 11900)]
    assert len(made[0].lines.data) == 1


KEPT = ("500_kept", "500_after_kept")  # Stripe repeats these errors for the same key


@pytest.mark.parametrize("calls", [1, 2, 3, 4])
@pytest.mark.parametrize("fault", KEPT)
def test_errors_that_stripe_keeps_make_no_second_invoice(
    local: LocalStripe, payments: StripePayments, fault: str, calls: int
) -> None:
    customer = local.customer()
    wanted = order(customer, 11900, line("l1", 10000, "de-vat"))
    local.fault(fault, "/v1/invoices", calls)
    prepared = repeated(lambda: payments.invoices.prepare(wanted, OPERATION, START))
    found = repeated(lambda: payments.invoices.issue(prepared, "INV-2026-1", OPERATION))
    made = local.v1.invoices.list({"customer": customer.id}).data
    assert [(one.id, one.number, one.total, one.status) for one in made] == [(found.id, "INV-2026-1", 11900, "open")]
    assert len(made[0].lines.data) == 1


@pytest.mark.parametrize("fault", KEPT)
@pytest.mark.parametrize(
    ("end", "call", "status"),
    [
        (StripeInvoices.write_off, "mark_uncollectible", InvoiceStatus.UNCOLLECTIBLE),
        (StripeInvoices.void, "void", InvoiceStatus.VOID),
    ],
)
def test_errors_that_stripe_keeps_do_not_keep_an_invoice_from_its_end(
    local: LocalStripe, payments: StripePayments, fault: str, end: Any, call: str, status: InvoiceStatus
) -> None:
    found = issued(local, payments)
    local.fault(fault, f"/v1/invoices/{found.id}/{call}")
    assert repeated(partial(end, payments.invoices, found.id, OPERATION)).status is status


@pytest.mark.parametrize("fault", KEPT)
def test_errors_that_stripe_keeps_credit_once(local: LocalStripe, payments: StripePayments, fault: str) -> None:
    """119.00, of which 19.00 are credited: 100.00 remain."""
    found = issued(local, payments)
    local.fault(fault, "/v1/credit_notes")
    note = repeated(lambda: payments.invoices.credit(found.id, credit(1900), OPERATION, START))
    assert (note.total, note.invoice.due) == (eur(1900), eur(10000))
    assert len(local.v1.credit_notes.list({"invoice": found.id}).data) == 1


def test_two_who_send_at_once_have_one_draft_at_stripe(local: LocalStripe, payments: StripePayments) -> None:
    customer = local.customer()
    wanted = order(customer, 11900, line("l1", 10000, "de-vat"))
    first = payments.invoices.prepare(wanted, OPERATION, START)
    assert payments.invoices.prepare(wanted, OperationId("op_2"), START) == first


def test_after_a_day_an_earlier_draft_is_found(local: LocalStripe, payments: StripePayments) -> None:
    customer = local.customer()
    wanted = order(customer, 11900, line("l1", 10000, "de-vat"))
    first = payments.invoices.prepare(wanted, OPERATION, START)
    local.sent.clear()
    assert payments.invoices.prepare(wanted, OPERATION, START - timedelta(hours=24)) == first
    assert not local.calls("POST", "/v1/invoices")


def test_what_was_issued_keeps_its_number_when_it_is_voided(local: LocalStripe, payments: StripePayments) -> None:
    found = issued(local, payments)
    gone = payments.invoices.void(found.id, OPERATION)
    assert (gone.status, gone.number) == (InvoiceStatus.VOID, "INV-2026-00001")
    assert payments.invoices.void(found.id, OPERATION) == gone


def test_the_card_on_file_pays_it_once(local: LocalStripe, payments: StripePayments) -> None:
    customer = local.customer()
    card = PaymentMethodId(customer.invoice_settings.default_payment_method)
    found = issued(local, payments, customer=customer)
    paid = payments.invoices.charge(found.id, card, found.due, OPERATION)
    assert (paid.status, paid.paid, paid.due) == (InvoiceStatus.PAID, 11900, eur(0))
    assert payments.invoices.charge(found.id, card, found.due, OPERATION) == paid
    with pytest.raises(NotNow):
        payments.invoices.charge(found.id, card, found.due, OperationId("op_2"))
    assert [one.amount for one in local.v1.charges.list({"customer": customer.id}).data] == [11900]


@pytest.mark.parametrize("fault", ["500_after_kept", "500_after", "cut_after", "429"])
def test_a_charge_whose_answer_was_lost_is_found(local: LocalStripe, payments: StripePayments, fault: str) -> None:
    """It is paid once, and whoever charged it hears that it is paid, not that it cannot be."""
    customer = local.customer()
    card = PaymentMethodId(customer.invoice_settings.default_payment_method)
    found = issued(local, payments, customer=customer)
    local.fault(fault, f"/v1/invoices/{found.id}/pay")
    paid = repeated(lambda: payments.invoices.charge(found.id, card, found.due, OPERATION))
    assert paid.status is InvoiceStatus.PAID
    assert [one.amount for one in local.v1.charges.list({"customer": customer.id}).data] == [11900]


def test_what_is_due_must_still_be_what_the_person_saw(local: LocalStripe, payments: StripePayments) -> None:
    """The customer transferred a part after the check: 119.00 - 50.00 would be charged, and 119.00 written down."""
    customer = local.customer()
    card = PaymentMethodId(customer.invoice_settings.default_payment_method)
    found = issued(local, payments, customer=customer)
    payments.invoices.record_payment(found.id, manual(5000), OperationId("op_transfer"), START)
    with pytest.raises(AmountDueChanged) as refused:
        payments.invoices.charge(found.id, card, found.due, OPERATION)
    assert refused.value.reason.parameters == {"due": 6900, "currency": "EUR"}
    with pytest.raises(AmountDueChanged):
        payments.invoices.record_payment(found.id, manual(6901), OperationId("op_check"), START)
    assert local.v1.invoices.retrieve(found.id).amount_remaining == 6900
    assert local.v1.charges.list({"customer": customer.id}).data == []


def test_a_declined_card_leaves_it_open(local: LocalStripe, payments: StripePayments) -> None:
    customer = local.customer("pm_card_chargeCustomerFail")
    card = PaymentMethodId(customer.invoice_settings.default_payment_method)
    found = issued(local, payments, customer=customer)
    with pytest.raises(Declined):
        payments.invoices.charge(found.id, card, found.due, OPERATION)
    assert local.v1.invoices.retrieve(found.id).status == "open"


def manual(amount: int, by: PaidBy = PaidBy.CHECK) -> ManualPayment:
    return ManualPayment(by=by, amount=eur(amount), received_at=START, reference="4711")


def test_an_amount_that_no_card_is_charged_with_is_refused(local: LocalStripe, payments: StripePayments) -> None:
    """Of 119.00 are 118.90 paid: 0.10 EUR is below Stripe's least charge. Cash still pays it."""
    customer = local.customer()
    card = PaymentMethodId(customer.invoice_settings.default_payment_method)
    found = issued(local, payments, customer=customer)
    for operation, amount in (("op_cash", 11890), ("op_rest", 10)):
        if amount == 10:
            with pytest.raises(CannotCharge):
                payments.invoices.charge(found.id, card, eur(amount), OPERATION)
        cash = ManualPayment(by=PaidBy.CASH, amount=eur(amount), received_at=START, reference="")
        after = payments.invoices.record_payment(found.id, cash, OperationId(operation), START)
    assert after.status is InvoiceStatus.PAID


def test_an_invoice_of_nothing_is_paid_at_once(local: LocalStripe, payments: StripePayments) -> None:
    """A discount of more than there is: Stripe asks for nothing, and calls it paid."""
    found = issued(local, payments, 0, discount=Discount(amount=999_999))
    assert (found.status, found.total, found.due, found.paid) == (InvoiceStatus.PAID, eur(0), eur(0), 0)


def test_a_part_by_check_and_the_rest_by_transfer(local: LocalStripe, payments: StripePayments) -> None:
    """119.00: 50.00 by check leaves 69.00."""
    found = issued(local, payments)
    partly = payments.invoices.record_payment(found.id, manual(5000), OPERATION, START)
    assert (partly.status, partly.paid, partly.due) == (InvoiceStatus.OPEN, 5000, eur(6900))
    again = payments.invoices.record_payment(found.id, manual(5000), OPERATION, START)
    assert again.due == eur(6900)
    rest = payments.invoices.record_payment(found.id, manual(6900, PaidBy.TRANSFER), OperationId("op_2"), START)
    assert (rest.status, rest.paid) == (InvoiceStatus.PAID, 11900)
    with pytest.raises(NotNow):
        payments.invoices.record_payment(found.id, manual(100), OperationId("op_3"), START)


def test_a_clock_ahead_of_stripe_s_keeps_no_payment_from_being_recorded(
    local: LocalStripe, payments: StripePayments
) -> None:
    """Stripe takes none of a moment to which its own clock has not come. Ours is half a minute ahead."""
    found = issued(local, payments)
    now = requests.get(f"{local.url}/control/clock", timeout=5).json()["now"]
    ours = datetime.fromtimestamp(now, UTC) + timedelta(seconds=30)
    just_now = manual(11900).model_copy(update={"received_at": ours})
    assert payments.invoices.record_payment(found.id, just_now, OPERATION, ours).status is InvoiceStatus.PAID


def test_after_a_day_a_payment_that_was_recorded_is_found(local: LocalStripe, payments: StripePayments) -> None:
    found = issued(local, payments)
    payments.invoices.record_payment(found.id, manual(5000), OPERATION, START)
    late = payments.invoices.record_payment(found.id, manual(5000), OPERATION, START - timedelta(hours=24))
    assert late.due == eur(6900)


@pytest.mark.parametrize("fault", ["500_after_kept", "500_after", "cut_after", "429"])
@pytest.mark.parametrize("call", ["/v1/payment_records/report_payment", "/v1/invoices/{invoice}/attach_payment"])
@pytest.mark.parametrize("amount", [5000, 11900])
def test_a_payment_whose_record_was_not_confirmed_counts_once(
    local: LocalStripe, payments: StripePayments, fault: str, call: str, amount: int
) -> None:
    found = issued(local, payments)
    local.fault(fault, call.format(invoice=found.id))
    after = repeated(lambda: payments.invoices.record_payment(found.id, manual(amount), OPERATION, START))
    assert after.paid == amount
    assert len(local.v1.invoice_payments.list({"invoice": found.id, "status": "paid"}).data) == 1


def credit(total: int, give_back: GiveBack = GiveBack.REFUND, *lines: CreditLine) -> CreditOrder:
    return CreditOrder(total=eur(total), lines=lines, give_back=give_back, reason="Too much")


def test_a_credit_on_an_open_invoice_asks_for_less(local: LocalStripe, payments: StripePayments) -> None:
    found = issued(local, payments)
    note = payments.invoices.credit(found.id, credit(1900), OPERATION, START)
    assert (note.total, note.given_back) == (eur(1900), eur(0))
    assert (note.invoice.due, note.invoice.reduced) == (eur(10000), 1900)
    assert payments.invoices.credit(found.id, credit(1900), OPERATION, START) == note


def test_a_line_takes_its_tax_and_its_discount_with_it(local: LocalStripe, payments: StripePayments) -> None:
    """The second line is 50.00, less 10 %, plus 19 %: 45.00 + 8.55 = 53.55 of 160.65."""
    found = issued(
        local,
        payments,
        total=16065,
        lines=(line("l1", 10000, "de-vat"), line("l2", 5000, "de-vat")),
        discount=Discount(percent=Decimal(10)),
    )
    second = CreditLine(id="l2", amount=eur(5000))
    note = payments.invoices.credit(found.id, credit(5355, GiveBack.REFUND, second), OPERATION, START)
    assert (note.total, note.invoice.due) == (eur(5355), eur(10710))
    with pytest.raises(NothingToCredit):
        payments.invoices.credit(found.id, credit(5355, GiveBack.REFUND, second), OperationId("op_2"), START)


def test_a_line_that_came_to_nothing_is_credited_with_others(local: LocalStripe, payments: StripePayments) -> None:
    """Discounted by 100 %: Stripe takes no line of 0.00."""
    found = issued(local, payments, lines=(line("l1", 10000, "de-vat"), line("l2", 0, "de-vat")))
    chosen = (CreditLine(id="l1", amount=eur(10000)), CreditLine(id="l2", amount=eur(0)))
    note = payments.invoices.credit(found.id, credit(11900, GiveBack.REFUND, *chosen), OPERATION, START)
    assert (note.total, note.invoice.due) == (eur(11900), eur(0))


def test_a_refund_goes_back_to_the_card(local: LocalStripe, payments: StripePayments) -> None:
    customer = local.customer()
    card = PaymentMethodId(customer.invoice_settings.default_payment_method)
    found = issued(local, payments, customer=customer)
    payments.invoices.charge(found.id, card, found.due, OPERATION)
    note = payments.invoices.credit(found.id, credit(11900), OperationId("op_2"), START)
    assert (note.given_back, note.invoice.given_back) == (eur(11900), 11900)
    (charge,) = local.v1.charges.list({"customer": customer.id}).data
    assert charge.amount_refunded == 11900
    with pytest.raises(NothingToCredit):
        payments.invoices.credit(found.id, credit(1), OperationId("op_3"), START)


def paid_by(local: LocalStripe, payments: StripePayments, card: str) -> tuple[CustomerId, Invoice]:
    """119.00, paid by that card."""
    customer = local.customer(card)
    found = issued(local, payments, customer=customer)
    method = PaymentMethodId(customer.invoice_settings.default_payment_method)
    return CustomerId(customer.id), payments.invoices.charge(found.id, method, found.due, OPERATION)


def mirrored(payments: StripePayments, customer: CustomerId) -> Invoice:
    snapshot = payments.snapshot(customer)
    assert snapshot
    return snapshot.invoices[0]


def test_what_was_refunded_in_the_dashboard_is_not_given_back_again(
    local: LocalStripe, payments: StripePayments
) -> None:
    """119.00 were paid, 40.00 went back without a credit note, 30.00 with one: 49.00 are left (HX20)."""
    customer, invoice = paid_by(local, payments, "pm_card_visa")
    (charge,) = local.v1.charges.list({"customer": customer}).data
    local.v1.refunds.create({"charge": charge.id, "amount": 4000})
    payments.invoices.credit(invoice.id, credit(3000), OperationId("op_2"), START)
    found = mirrored(payments, customer)
    assert (found.given_back, found.refunded, found.left_to_credit) == (3000, 4000, eur(4900))
    assert payments.invoices.paid_with(charge.payment_intent) == invoice.id
    assert payments.invoices.paid_with("pi_other") is None


def test_a_refund_that_failed_did_not_arrive(local: LocalStripe, payments: StripePayments) -> None:
    """119.00 went back with a credit note, and the bank sends them back a day later: nothing of it is with her."""
    customer, invoice = paid_by(local, payments, "pm_card_refundFail")
    payments.invoices.credit(invoice.id, credit(11900), OperationId("op_2"), START)
    assert mirrored(payments, customer).refunded == 0
    local.advance(by_days=1)
    found = mirrored(payments, customer)
    assert (found.given_back, found.refunded, found.left_to_credit) == (11900, -11900, eur(0))
    (failed,) = [one for one in local.v1.events.list({"limit": 20}).data if one.type == "refund.failed"]
    assert failed.data.object.payment_intent


def test_what_no_card_paid_cannot_go_back_to_one(local: LocalStripe, payments: StripePayments) -> None:
    found = issued(local, payments)
    payments.invoices.record_payment(found.id, manual(11900), OPERATION, START)
    with pytest.raises(CannotRefund):
        payments.invoices.credit(found.id, credit(1000), OperationId("op_2"), START)
    note = payments.invoices.credit(found.id, credit(1000, GiveBack.BALANCE), OperationId("op_3"), START)
    assert note.given_back == eur(1000)
    outside = payments.invoices.credit(found.id, credit(1000, GiveBack.OUTSIDE), OperationId("op_4"), START)
    assert outside.invoice.given_back == 2000


def test_what_was_partly_paid_is_not_voided(local: LocalStripe, payments: StripePayments) -> None:
    found = issued(local, payments)
    payments.invoices.record_payment(found.id, manual(100), OPERATION, START)
    with pytest.raises(NotNow) as refusal:
        payments.invoices.void(found.id, OPERATION)
    assert refusal.value.parameters["invoice_state"] == "partly_paid"


def test_what_was_written_off_can_still_be_paid(local: LocalStripe, payments: StripePayments) -> None:
    found = issued(local, payments)
    assert payments.invoices.write_off(found.id, OPERATION).status is InvoiceStatus.UNCOLLECTIBLE
    assert payments.invoices.record_payment(found.id, manual(11900), OPERATION, START).status is InvoiceStatus.PAID


def test_a_number_is_never_two_invoices(local: LocalStripe, payments: StripePayments) -> None:
    issued(local, payments)
    other = payments.invoices.prepare(
        order(local.customer(), 11900, line("l1", 10000, "de-vat"), key="inv_2-1"), OperationId("op_2"), START
    )
    with pytest.raises(NumberTaken):
        payments.invoices.issue(InvoiceId(other), "INV-2026-00001", OperationId("op_2"))


def test_a_hundred_lines_are_four_calls(local: LocalStripe, payments: StripePayments) -> None:
    """The draft, its lines, the number, the finalisation; the tax rate was looked up before."""
    customer = local.customer()
    payments.invoices.prepare(order(customer, 119, line("l1", 100, "de-vat"), key="inv_0-1"), OPERATION, START)
    local.sent.clear()
    lines = tuple(line(f"l{n}", 1000, "de-vat") for n in range(1, 101))  # 1000.00 + 190.00
    prepared = payments.invoices.prepare(order(customer, 119000, *lines), OperationId("op_2"), START)
    payments.invoices.issue(prepared, "INV-2026-00009", OperationId("op_2"))
    assert len(local.sent) == 4
