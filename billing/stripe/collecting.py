"""Charging an open invoice to a method on file (docs: "Pay an invoice").

One try for each operation: a decline is an answer that Stripe keeps, and another try is another operation. The same
call again gets the first answer; once Stripe has forgotten it, an invoice that is no longer open ends the operation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import stripe

from billing.contacts import Invoice, SubscriptionStatus
from billing.errors import AmountDue, InvoiceNotOpen
from billing.ids import CustomerId, InvoiceId, OperationId, PaymentMethodId, SubscriptionId
from billing.ports import PaymentOrder
from billing.stripe import reading
from billing.stripe.failures import is_missing
from billing.stripe.names import OPERATION_KEYS
from billing.stripe.once import create_once

if TYPE_CHECKING:
    from stripe.params import InvoicePayParams

_PAYABLE = ("open", "uncollectible")


class Collecting:
    """One per process; threads may share it. Errors of the library leave as they are: the caller translates them."""

    def __init__(self, client: stripe.StripeClient) -> None:
        self._client = client

    def pay(self, order: PaymentOrder, operation: OperationId) -> None:
        """See `Payments.pay_invoice`."""
        assert operation.startswith(OPERATION_KEYS), "its events would be taken for somebody else's"
        found = self._find(order.customer, order.invoice)
        if found is None:
            raise InvoiceNotOpen
        due = reading.money(found.amount_remaining, found.currency)
        if found.status in _PAYABLE and due != order.due:
            raise AmountDue(shown=order.due.amount, due=due.amount, currency=due.currency)
        params: InvoicePayParams = {"payment_method": order.payment_method, "off_session": True}

        def paid() -> stripe.Invoice | None:
            """The request with the last key is over: paid now means paid by it, or by Stripe, and never again."""
            now = self._find(order.customer, order.invoice)
            return now if now is not None and now.status == "paid" else None

        try:
            create_once(
                operation,
                "pay",
                lambda key: self._client.v1.invoices.pay(order.invoice, params, {"idempotency_key": key}),
                paid,
            )
        except stripe.InvalidRequestError as error:
            if found.status not in _PAYABLE or paid():
                raise InvoiceNotOpen from error
            raise
        if order.subscription and order.later:
            self._charge_later(order.subscription, order.payment_method, order.later)

    def invoice(self, customer: CustomerId, invoice: InvoiceId) -> Invoice | None:
        """See `Payments.invoice`."""
        found = self._find(customer, invoice)
        return reading.invoice(found) if found else None

    def keep_what_pays(self, subscription: SubscriptionId) -> None:
        """See `Payments` (API reference, "Subscription": `save_default_payment_method`)."""
        found = self._client.v1.subscriptions.retrieve(subscription)
        if not SubscriptionStatus(found.status).has_ended:
            self._client.v1.subscriptions.update(
                subscription, {"payment_settings": {"save_default_payment_method": "on_subscription"}}
            )

    def _charge_later(self, subscription: SubscriptionId, used: PaymentMethodId, later: PaymentMethodId) -> None:
        """Whatever Stripe has made of the payment itself. The money has come: no refusal may hide that any more.

        Nothing about a subscription that has ended can be changed; a method that was taken away meanwhile is none.
        """
        found = self._client.v1.subscriptions.retrieve(subscription)
        now = reading.identifier(found.default_payment_method)
        is_as_it_was = used not in (later, now)
        if now == later or is_as_it_was or SubscriptionStatus(found.status).has_ended:
            return
        try:
            self._client.v1.subscriptions.update(subscription, {"default_payment_method": later})
        except stripe.InvalidRequestError as error:
            if not is_missing(error):
                raise

    def _find(self, customer: CustomerId, invoice: InvoiceId) -> stripe.Invoice | None:
        try:
            found = self._client.v1.invoices.retrieve(invoice)
        except stripe.InvalidRequestError as error:
            if is_missing(error):
                return None
            raise
        return found if reading.identifier(found.customer) == customer else None
