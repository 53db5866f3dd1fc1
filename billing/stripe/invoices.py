"""Invoices of ours at Stripe: prepared and compared, issued under our number, paid, credited, ended.

Stripe's line has the amount after the line's own discount; the discount of the whole is a coupon of Stripe's, so that
its page shows it, too. Docs: "Invoicing", "Accept partial payments", "Credit notes", "Payment Records".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import stripe

from billing.contacts import Invoice
from billing.errors import (
    AmountDiffers,
    AmountDueChanged,
    CannotCharge,
    CannotRefund,
    DraftGone,
    NothingToCredit,
    NotNow,
    NumberTaken,
)
from billing.ids import InvoiceId, OperationId, PaymentMethodId
from billing.invoices.model import Discount
from billing.money import Money
from billing.ports import CreditIssued, CreditOrder, GiveBack, InvoiceOrder, ManualPayment, PaidBy
from billing.stripe import reading
from billing.stripe.client import CLOCKS_DIFFER
from billing.stripe.customers import PAGE
from billing.stripe.failures import is_missing, translated
from billing.stripe.names import OPERATION, noted
from billing.stripe.once import create_once
from billing.stripe.references import References

if TYPE_CHECKING:
    from stripe.params import CouponCreateParams, CreditNoteCreateParams, InvoiceCreateParams

KEYS_ARE_KEPT = timedelta(hours=23)  # Stripe forgets idempotency keys after 24
INVOICE = "kontor_invoice"  # metadata: our id
KEY = "kontor_key"  # metadata: which content of it
LINE = "kontor_line"  # metadata of a line: its id in our invoice

_PAYABLE = ("open", "uncollectible")
_NO_AMOUNT = ("amount_too_small", "amount_too_large")

# What a payment by hand is called on Stripe's pages.
_CALLED = {PaidBy.CASH: "Cash", PaidBy.CHECK: "Check", PaidBy.TRANSFER: "Bank transfer"}


class StripeInvoices:
    """`billing.ports.InvoiceGateway`. One per process; threads may share it."""

    def __init__(self, client: stripe.StripeClient, references: References, clock: Callable[[], datetime]) -> None:
        self._client = client
        self._references = references
        self._clock = clock
        self._coupons: set[str] = set()  # those that are known to be there

    # --- issuing ------------------------------------------------------------------------------------------------------

    def prepare(self, order: InvoiceOrder, operation: OperationId, accepted_at: datetime) -> InvoiceId:
        """See `InvoiceGateway`. Two calls: the draft, and all of its lines."""
        del operation  # whoever sends the same content finds the same draft
        with translated():
            draft = self._draft(order, accepted_at)
            filled = draft if draft.lines.data else self._filled(order, draft)
            if reading.money(filled.total, filled.currency) != order.total:
                self._discard(filled.id)
                raise AmountDiffers(reviewed=order.total.amount, charged=filled.total, currency=order.currency)
            return InvoiceId(filled.id)

    def issue(self, invoice: InvoiceId, number: str, operation: OperationId) -> Invoice:
        """See `InvoiceGateway`. Whatever was done before is found, however long ago that was."""
        with translated():
            try:
                self._client.v1.invoices.update(invoice, {"number": number})
            except stripe.InvalidRequestError as error:
                if is_missing(error):
                    raise DraftGone(number=number) from error
                found = self._issued(invoice, number)
                if found is None:
                    if error.param == "number":
                        raise NumberTaken(number=number) from error
                    raise
                return reading.invoice(found)
            issued = create_once(
                operation,
                "issue",
                lambda key: self._client.v1.invoices.finalize_invoice(
                    invoice, {"auto_advance": False}, {"idempotency_key": key}
                ),
                lambda: self._issued(invoice, number),
            )
            return reading.invoice(issued)

    def _draft(self, order: InvoiceOrder, accepted_at: datetime) -> stripe.Invoice:
        def find() -> stripe.Invoice | None:
            found = self._client.v1.invoices.list({"customer": order.customer, "status": "draft", "limit": PAGE})
            return next((one for one in found.auto_paging_iter() if noted(one.metadata, KEY) == order.key), None)

        is_late = self._clock() - accepted_at > KEYS_ARE_KEPT
        known = find() if is_late else None
        if known:
            return known
        params = self._params(order)
        return create_once(
            OperationId(order.key),
            "late" if is_late else "draft",
            lambda key: self._client.v1.invoices.create(params, {"idempotency_key": key}),
            find,
        )

    def _params(self, order: InvoiceOrder) -> InvoiceCreateParams:
        """The same order always gives the same parameters: a repetition may be another operation's."""
        params: InvoiceCreateParams = {
            "customer": order.customer,
            "currency": order.currency.lower(),
            "collection_method": "send_invoice",
            "due_date": int(order.due_at.timestamp()),
            "auto_advance": False,
            "pending_invoice_items_behavior": "exclude",
            # "" keeps a coupon of the customer's away
            "discounts": [{"coupon": self._coupon(order.discount, order.currency)}] if order.discount else "",
            "metadata": {INVOICE: order.invoice, KEY: order.key},
        }
        if order.memo:
            params["description"] = order.memo
        named = [("PO", order.order_number), *order.fields] if order.order_number else [*order.fields]
        if named:
            params["custom_fields"] = [{"name": name, "value": value} for name, value in named]
        return params

    def _filled(self, order: InvoiceOrder, draft: stripe.Invoice) -> stripe.Invoice:
        def find() -> stripe.Invoice | None:
            found = self._client.v1.invoices.retrieve(draft.id)
            return found if found.lines.data else None

        return create_once(
            OperationId(order.key),
            "lines",
            lambda key: self._client.v1.invoices.add_lines(
                draft.id,
                {
                    "lines": [
                        {
                            "amount": line.amount.amount,
                            "description": line.description,
                            "tax_rates": [self._references.tax_rate(name) for name in line.tax_rates],
                            "metadata": {LINE: line.id},
                        }
                        for line in order.lines
                    ]
                },
                {"idempotency_key": key},
            ),
            find,
        )

    def _coupon(self, discount: Discount, currency: str) -> str:
        """A coupon for exactly that, once for all invoices."""
        if discount.percent is not None:
            percent = f"{discount.percent.normalize():f}"
            id_ = f"KONTOR-{percent.replace('.', '-')}-PERCENT"
            params: CouponCreateParams = {"name": f"{percent} %", "percent_off": float(discount.percent)}
        else:
            off = Money(amount=discount.amount or 0, currency=currency)
            id_ = f"KONTOR-{off.amount}-{currency}"
            params = {"name": f"{off.decimal()} {currency}", "amount_off": off.amount, "currency": currency.lower()}
        if id_ not in self._coupons:
            try:
                self._client.v1.coupons.create({**params, "id": id_, "duration": "once"})
            except stripe.InvalidRequestError as error:
                if error.code != "resource_already_exists":
                    raise
            self._coupons.add(id_)
        return id_

    def _issued(self, invoice: InvoiceId, number: str) -> stripe.Invoice | None:
        found = self._client.v1.invoices.retrieve(invoice)
        return found if found.status != "draft" and found.number == number else None

    def discard(self, invoice: InvoiceId) -> None:
        """See `InvoiceGateway`."""
        with translated():
            try:
                self._discard(invoice)
            except stripe.InvalidRequestError as error:
                found = self._client.v1.invoices.retrieve(invoice)
                raise NotNow(invoice_state=_state(found), number=found.number) from error

    def _discard(self, draft: str) -> None:
        try:
            self._client.v1.invoices.delete(draft)
        except stripe.InvalidRequestError as error:
            if not is_missing(error):
                raise

    # --- paying -------------------------------------------------------------------------------------------------------

    def charge(self, invoice: InvoiceId, method: PaymentMethodId, due: Money, operation: OperationId) -> Invoice:
        """See `InvoiceGateway`. One try for each operation; what an attempt without an answer paid is found."""

        def paid() -> stripe.Invoice | None:
            found = self._client.v1.invoices.retrieve(invoice)
            return found if found.status == "paid" else None

        def pay(key: str) -> stripe.Invoice:
            return self._client.v1.invoices.pay(
                invoice, {"payment_method": method, "off_session": True}, {"idempotency_key": key}
            )

        with translated():
            live = self._client.v1.invoices.retrieve(invoice)
            if live.status in _PAYABLE and live.amount_remaining != due.amount:
                raise AmountDueChanged(due=live.amount_remaining, currency=due.currency)
            try:
                return reading.invoice(create_once(operation, "charge", pay, paid))
            except stripe.InvalidRequestError as error:
                found = self._refuse_unless(invoice, *_PAYABLE)
                if error.code in _NO_AMOUNT:
                    raise CannotCharge(due=found.amount_remaining, currency=found.currency.upper()) from error
                raise

    def record_payment(
        self, invoice: InvoiceId, payment: ManualPayment, operation: OperationId, accepted_at: datetime
    ) -> Invoice:
        """See `InvoiceGateway`. The payment is reported, then attached; what an earlier attempt attached is found."""
        is_late = self._clock() - accepted_at > KEYS_ARE_KEPT
        with translated():
            live = self._client.v1.invoices.retrieve(invoice)
            too_much = live.amount_remaining < payment.amount.amount  # also once it was attached
            if not (is_late or too_much) or not self._has_record_of(invoice, operation):
                self._refuse_unless(invoice, *_PAYABLE)
                if too_much:
                    raise AmountDueChanged(due=live.amount_remaining, currency=payment.amount.currency)
                self._attach(invoice, payment, operation, accepted_at)
            return reading.invoice(self._client.v1.invoices.retrieve(invoice))

    def _attach(
        self, invoice: InvoiceId, payment: ManualPayment, operation: OperationId, accepted_at: datetime
    ) -> None:
        """A little back in time where it was just now: Stripe takes nothing that its own clock has not come to."""
        moment = int(min(payment.received_at, accepted_at - CLOCKS_DIFFER).timestamp())
        record = create_once(
            operation,
            "report",
            lambda key: self._client.v1.payment_records.report_payment(
                {
                    "amount_requested": {
                        "currency": payment.amount.currency.lower(),
                        "value": payment.amount.amount,
                    },
                    "initiated_at": moment,
                    "outcome": "guaranteed",
                    "guaranteed": {"guaranteed_at": moment},
                    "payment_method_details": {"type": "custom", "custom": {"display_name": _CALLED[payment.by]}},
                    "processor_details": {
                        "type": "custom",
                        "custom": {"payment_reference": payment.reference or operation},
                    },
                    "metadata": {OPERATION: operation},
                },
                {"idempotency_key": key},
            ),
            lambda: None,  # one that is not attached counts for nothing
        )
        create_once(
            operation,
            "attach",
            lambda key: self._client.v1.invoices.attach_payment(
                invoice, {"payment_record": record.id}, {"idempotency_key": key}
            ),
            lambda: self._client.v1.invoices.retrieve(invoice) if self._has_record_of(invoice, operation) else None,
        )

    def _has_record_of(self, invoice: InvoiceId, operation: OperationId) -> bool:
        for one in self._client.v1.invoice_payments.list({"invoice": invoice, "limit": PAGE}).auto_paging_iter():
            record = reading.identifier(getattr(one.payment, "payment_record", None))  # not told of cards
            if record:
                found = self._client.v1.payment_records.retrieve(record)
                if noted(found.metadata, OPERATION) == operation:
                    return True
        return False

    # --- taking back --------------------------------------------------------------------------------------------------

    def credit(
        self, invoice: InvoiceId, order: CreditOrder, operation: OperationId, accepted_at: datetime
    ) -> CreditIssued:
        def find() -> stripe.CreditNote | None:
            found = self._client.v1.credit_notes.list({"invoice": invoice, "limit": PAGE})
            return next((one for one in found.auto_paging_iter() if noted(one.metadata, OPERATION) == operation), None)

        del accepted_at  # looking first is right at any age
        with translated():
            note = find() or self._noted(invoice, order, operation, find)
            after = self._client.v1.invoices.retrieve(invoice)
        return CreditIssued(
            id=note.id,
            number=note.number,
            total=reading.money(note.total, note.currency),
            given_back=reading.money(note.post_payment_amount, note.currency),
            invoice=reading.invoice(after),
        )

    def _noted(
        self,
        invoice: InvoiceId,
        order: CreditOrder,
        operation: OperationId,
        find: Callable[[], stripe.CreditNote | None],
    ) -> stripe.CreditNote:
        """What remains to be paid is lowered first; only the rest is given back."""
        live = self._client.v1.invoices.retrieve(invoice)
        given_back = max(0, order.total.amount - live.amount_remaining)
        params: CreditNoteCreateParams = {
            "invoice": invoice,
            "memo": order.reason,
            "metadata": {OPERATION: operation},
        }
        if order.lines:
            ids = dict(self._line_ids(invoice))
            params["lines"] = [
                {"type": "invoice_line_item", "invoice_line_item": ids[line.id], "amount": line.amount.amount}
                for line in order.lines
                if line.amount  # of nothing, nothing can be credited
            ]
        else:
            params["amount"] = order.total.amount
        if given_back:
            match order.give_back:
                case GiveBack.REFUND:
                    params["refund_amount"] = given_back
                case GiveBack.BALANCE:
                    params["credit_amount"] = given_back
                case GiveBack.OUTSIDE:
                    params["out_of_band_amount"] = given_back
        try:
            return create_once(
                operation,
                "credit",
                lambda key: self._client.v1.credit_notes.create(params, {"idempotency_key": key}),
                find,
            )
        except stripe.InvalidRequestError as error:
            if error.param == "refund_amount":
                raise CannotRefund from error
            raise NothingToCredit from error

    def _line_ids(self, invoice: InvoiceId) -> Iterator[tuple[str, str]]:
        for line in self._client.v1.invoices.line_items.list(invoice, {"limit": PAGE}).auto_paging_iter():
            ours = noted(line.metadata, LINE)
            if ours:
                yield ours, line.id

    def paid_with(self, intent: str) -> InvoiceId | None:
        """See `InvoiceGateway`."""
        with translated():
            found = self._client.v1.invoice_payments.list(
                {"payment": {"type": "payment_intent", "payment_intent": intent}, "limit": 1}
            )
        return next((InvoiceId(str(reading.identifier(one.invoice))) for one in found.data), None)

    # --- ending -------------------------------------------------------------------------------------------------------

    def void(self, invoice: InvoiceId, operation: OperationId) -> Invoice:
        del operation  # doing it twice is finding it done
        return self._ended(invoice, "void", lambda: self._client.v1.invoices.void_invoice(invoice))

    def write_off(self, invoice: InvoiceId, operation: OperationId) -> Invoice:
        del operation
        return self._ended(invoice, "uncollectible", lambda: self._client.v1.invoices.mark_uncollectible(invoice))

    def _ended(self, invoice: InvoiceId, status: str, end: Callable[[], stripe.Invoice]) -> Invoice:
        with translated():
            try:
                return reading.invoice(end())
            except stripe.InvalidRequestError as error:
                found = self._client.v1.invoices.retrieve(invoice)
                if found.status != status:
                    raise NotNow(invoice_state=_state(found), number=found.number) from error
                return reading.invoice(found)

    def _refuse_unless(self, invoice: InvoiceId, *statuses: str) -> stripe.Invoice:
        """The invoice as it is now, if it is in one of them."""
        found = self._client.v1.invoices.retrieve(invoice)
        if found.status not in statuses:
            raise NotNow(invoice_state=_state(found), number=found.number)
        return found


def _state(found: stripe.Invoice) -> str:
    """Stripe's status in our words."""
    if found.status == "open":
        return "partly_paid" if found.amount_paid else "sent"
    return found.status or "draft"
