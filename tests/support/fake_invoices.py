"""Stripe's invoices in memory: idempotent by operation, and going wrong on request."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime

from billing.contacts import Invoice, InvoiceStatus
from billing.errors import AmountDueChanged, CannotRefund, DraftGone, NotNow, NumberTaken
from billing.ids import InvoiceId, OperationId, PaymentMethodId
from billing.money import Money
from billing.ports import CreditIssued, CreditOrder, GiveBack, InvoiceOrder, ManualPayment


@dataclass
class FakeInvoices:
    """`fails` are raised by the next calls, one each, before anything is done."""

    now: datetime
    fails: deque[Exception] = field(default_factory=deque)
    orders: dict[InvoiceId, InvoiceOrder] = field(default_factory=dict)  # prepared drafts
    there: dict[InvoiceId, Invoice] = field(default_factory=dict)  # what was issued
    done: dict[OperationId, object] = field(default_factory=dict)
    payments: list[ManualPayment] = field(default_factory=list)
    charges: list[tuple[InvoiceId, PaymentMethodId]] = field(default_factory=list)
    by_card: set[InvoiceId] = field(default_factory=set)
    intents: dict[str, InvoiceId] = field(default_factory=dict)  # which payment intent paid which

    def prepare(self, order: InvoiceOrder, operation: OperationId, accepted_at: datetime) -> InvoiceId:
        self._called()
        id_ = InvoiceId(f"in_{order.key}")
        self.orders[id_] = order
        return id_

    def issue(self, invoice: InvoiceId, number: str, operation: OperationId) -> Invoice:
        self._called()
        if invoice not in self.there:
            if invoice not in self.orders:
                raise DraftGone(number=number)
            if number in {one.number for one in self.there.values()}:
                raise NumberTaken(number=number)
            order = self.orders[invoice]
            self.there[invoice] = Invoice(
                id=invoice,
                number=number,
                status=InvoiceStatus.OPEN,
                total=order.total,
                due=order.total,
                created_at=self.now,
                due_at=order.due_at,
                url=f"https://invoice.stripe.example/{invoice}",
            )
        return self.there[invoice]

    def discard(self, invoice: InvoiceId) -> None:
        self._called()
        if invoice in self.there:
            raise NotNow(invoice_state="sent", number=self.there[invoice].number)
        self.orders.pop(invoice, None)

    def charge(self, invoice: InvoiceId, method: PaymentMethodId, due: Money, operation: OperationId) -> Invoice:
        self._called()
        if operation not in self.done:
            there = self._open(invoice)
            if there.due != due:
                raise AmountDueChanged(due=there.due.amount, currency=due.currency)
            self.charges.append((invoice, method))
            self.by_card.add(invoice)
            self.done[operation] = self._paid(there, there.due.amount)
        return self.there[invoice]

    def record_payment(
        self, invoice: InvoiceId, payment: ManualPayment, operation: OperationId, accepted_at: datetime
    ) -> Invoice:
        self._called()
        if operation not in self.done:
            there = self._open(invoice)
            if there.due < payment.amount:
                raise AmountDueChanged(due=there.due.amount, currency=there.due.currency)
            self.payments.append(payment)
            self.done[operation] = self._paid(there, payment.amount.amount)
        return self.there[invoice]

    def credit(
        self, invoice: InvoiceId, order: CreditOrder, operation: OperationId, accepted_at: datetime
    ) -> CreditIssued:
        self._called()
        if operation not in self.done:
            self.done[operation] = self._credited(self.there[invoice], order)
        found = self.done[operation]
        assert isinstance(found, CreditIssued)
        return found

    def paid_with(self, intent: str) -> InvoiceId | None:
        return self.intents.get(intent)

    def void(self, invoice: InvoiceId, operation: OperationId) -> Invoice:
        return self._ended(invoice, InvoiceStatus.VOID)

    def write_off(self, invoice: InvoiceId, operation: OperationId) -> Invoice:
        return self._ended(invoice, InvoiceStatus.UNCOLLECTIBLE)

    def _ended(self, invoice: InvoiceId, status: InvoiceStatus) -> Invoice:
        self._called()
        there = self.there[invoice]
        if there.paid:
            raise NotNow(invoice_state="partly_paid", number=there.number)
        self.there[invoice] = there.model_copy(update={"status": status})
        return self.there[invoice]

    def _credited(self, there: Invoice, order: CreditOrder) -> CreditIssued:
        less = min(order.total.amount, there.due.amount)
        back = order.total.amount - less
        if back and order.give_back is GiveBack.REFUND and there.id not in self.by_card:
            raise CannotRefund
        left = there.due.amount - less
        self.there[there.id] = there.model_copy(
            update={
                "due": there.due.with_amount(left),
                "status": there.status if left else InvoiceStatus.PAID,
                "reduced": there.reduced + less,
                "given_back": there.given_back + back,
            }
        )
        number = f"{there.number}-CN-{len(self.done) + 1:02}"
        return CreditIssued(
            id=f"cn_{len(self.done) + 1}",
            number=number,
            total=order.total,
            given_back=order.total.with_amount(back),
            invoice=self.there[there.id],
        )

    def _open(self, invoice: InvoiceId) -> Invoice:
        there = self.there[invoice]
        if there.status not in (InvoiceStatus.OPEN, InvoiceStatus.UNCOLLECTIBLE):
            raise NotNow(invoice_state=there.status.value, number=there.number)
        return there

    def _paid(self, there: Invoice, amount: int) -> Invoice:
        left = there.due.amount - amount
        self.there[there.id] = there.model_copy(
            update={
                "paid": there.paid + amount,
                "due": there.due.with_amount(left),
                "status": there.status if left else InvoiceStatus.PAID,
            }
        )
        return self.there[there.id]

    def _called(self) -> None:
        if self.fails:
            raise self.fails.popleft()
