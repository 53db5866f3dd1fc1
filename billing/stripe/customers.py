"""Reading customers with everything that the mirror keeps of them: one, or all in pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import stripe

from billing.catalogue import Catalogue
from billing.contacts import CustomerSnapshot, Invoice, Subscription
from billing.ids import CustomerId
from billing.money import Money
from billing.stripe import reading
from billing.stripe.failures import is_missing, translated

if TYPE_CHECKING:
    from stripe.params import InvoiceListParams

T = TypeVar("T")

PAGE = 100  # the most that Stripe gives at once
_NOT_REFUNDED = ("failed", "canceled")
READERS = 8  # of one page's customers at a time; the pace is kept by the connection


class StripeCustomers:
    """Reads; never writes. All methods raise Transient when it may be tried again."""

    def __init__(
        self,
        client: stripe.StripeClient,
        catalogue: Catalogue,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`clock`: the one by which the mirror's own changes are written down."""
        self._client = client
        self._catalogue = catalogue
        self._clock = clock
        self._product_names: dict[str, str] = {}

    def snapshot(self, customer: CustomerId) -> CustomerSnapshot | None:
        """Everything the mirror keeps, also what is left of a deleted customer; None for an unknown one."""
        began = self._clock()
        with translated():
            try:
                found = self._client.v1.customers.retrieve(customer)
            except stripe.InvalidRequestError as error:
                if is_missing(error):
                    return None
                raise
            return self._read_deleted(began, customer) if getattr(found, "deleted", False) else self._read(began, found)

    def pages(self, after: CustomerId | None = None) -> Iterator[tuple[CustomerSnapshot, ...]]:
        """All customers, newest first, a hundred at a time; `after` is the last one of the page before.

        When that one was deleted meanwhile, nobody can say where it stood, and the reading begins anew.
        """
        with ThreadPoolExecutor(READERS, thread_name_prefix="stripe-customers") as readers:
            more = True
            while more:
                began = self._clock()
                with translated():
                    page = self._page(after)
                    snapshots = tuple(readers.map(partial(self._read, began), page.data))
                if snapshots:
                    yield snapshots
                    after = snapshots[-1].customer
                more = page.has_more and bool(snapshots)

    def _page(self, after: CustomerId | None) -> stripe.ListObject[stripe.Customer]:
        if after is None:
            return self._client.v1.customers.list({"limit": PAGE})
        try:
            return self._client.v1.customers.list({"limit": PAGE, "starting_after": after})
        except stripe.InvalidRequestError as error:
            if is_missing(error):
                return self._page(None)
            raise

    def product_name(self, price: stripe.Price) -> str:
        """What a person calls it, in the language of our names at Stripe; also for prices that are no longer sold."""
        label = self._catalogue.label(price.lookup_key) if price.lookup_key else None
        if label:
            return label.in_(self._catalogue.business.language)
        product = reading.identifier(price.product) or ""
        if product not in self._product_names:
            self._product_names[product] = self._client.v1.products.retrieve(product).name
        return self._product_names[product]

    def _read(self, began: datetime, customer: stripe.Customer) -> CustomerSnapshot:
        settings = customer.invoice_settings
        default = reading.identifier(settings.default_payment_method) if settings else None
        methods = self._client.v1.customers.payment_methods.list(customer.id, {"limit": PAGE})
        currency = customer.currency.upper() if customer.currency else None
        return CustomerSnapshot(
            customer=CustomerId(customer.id),
            read_at=began,
            name=customer.name or "",
            email=customer.email or "",
            phone=customer.phone or "",
            currency=currency,
            address=reading.address(customer.address),
            language=next(iter(customer.preferred_locales or ()), None),
            created_at=reading.instant(customer.created),
            # Stripe's balance is what the customer owes.
            balance=Money(amount=-(customer.balance or 0), currency=currency or self._catalogue.business.currency),
            payment_methods=reading.payment_methods(methods.auto_paging_iter(), default),
            subscriptions=(*self._scheduled(customer.id), *self._subscriptions(customer.id)),
            invoices=tuple(self._invoices(customer.id)),
        )

    def _read_deleted(self, began: datetime, customer: CustomerId) -> CustomerSnapshot:
        """Cards are gone and subscriptions ended; what was invoiced stays (API reference, "Delete a customer")."""
        return CustomerSnapshot(
            customer=customer,
            deleted=True,
            read_at=began,
            name="",
            email="",
            phone="",
            currency=None,
            address=None,
            language=None,
            created_at=began,  # not told any more, and asked only for who becomes a contact
            balance=Money(amount=0, currency=self._catalogue.business.currency),
            subscriptions=_as_far_as_kept(self._subscriptions(customer)),
            invoices=_as_far_as_kept(self._invoices(customer)),
        )

    def _invoices(self, customer: str) -> Iterator[Invoice]:
        """Why a charge failed, and what went back, lies too deep to come with the list."""
        params: InvoiceListParams = {"customer": customer, "limit": PAGE, "expand": ["data.payments"]}
        listed = list(self._client.v1.invoices.list(params).auto_paging_iter())
        went_back = self._refunded(customer) if any(one.amount_paid for one in listed) else {}
        for found in listed:
            invoice = reading.invoice(found)
            if invoice.tried_in_vain:
                invoice = invoice.model_copy(update={"decline": self._decline(found.id)})
            refunded = sum(went_back.get(intent, 0) for intent in reading.intents(found))
            if refunded or invoice.given_back:
                invoice = invoice.model_copy(update={"refunded": refunded - self._noted(found.id)})
            yield invoice

    def _refunded(self, customer: str) -> dict[str, int]:
        """What went back of each payment intent, in minor units; a refund that failed does not count."""
        sums: dict[str, int] = {}
        for charge in self._client.v1.charges.list({"customer": customer, "limit": PAGE}).auto_paging_iter():
            intent = reading.identifier(charge.payment_intent)
            if charge.amount_refunded and intent:
                refunds = self._client.v1.refunds.list({"charge": charge.id, "limit": PAGE}).auto_paging_iter()
                sums[intent] = sum(one.amount for one in refunds if one.status not in _NOT_REFUNDED)
        return sums

    def _noted(self, invoice: str) -> int:
        """What the credit notes of an invoice say of refunds, in minor units."""
        notes = self._client.v1.credit_notes.list({"invoice": invoice, "limit": PAGE}).auto_paging_iter()
        return sum(one.amount_refunded for note in notes if note.status == "issued" for one in note.refunds)

    def _decline(self, invoice: str) -> str | None:
        expanded = ["payments.data.payment.payment_intent"]
        return reading.decline_of(self._client.v1.invoices.retrieve(invoice, {"expand": expanded}))

    def _subscriptions(self, customer: str) -> Iterator[Subscription]:
        found = self._client.v1.subscriptions.list(
            {"customer": customer, "status": "all", "limit": PAGE, "expand": ["data.discounts", "data.schedule"]}
        )
        for subscription in found.auto_paging_iter():
            yield reading.subscription(subscription, self.product_name)

    def _scheduled(self, customer: str) -> Iterator[Subscription]:
        found = self._client.v1.subscription_schedules.list(
            {"customer": customer, "limit": PAGE, "expand": ["data.phases.items.price"]}
        )
        for schedule in found.auto_paging_iter():
            if schedule.status == "not_started":  # one that has begun is among the subscriptions
                yield reading.scheduled(schedule, self.product_name)


def _as_far_as_kept(some: Iterator[T]) -> tuple[T, ...]:
    """All of them; none where Stripe does not list them any more, because their customer is gone."""
    try:
        return tuple(some)
    except stripe.InvalidRequestError as error:
        if is_missing(error):
            return ()
        raise
