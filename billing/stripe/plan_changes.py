"""Changing running subscriptions at Stripe: what it costs, doing it now, and having it done at a period's end.

Follows "Prorations" (a change is prorated to a given second, so the reviewed amount is the charged one), "Preview
invoices", "Modify subscriptions" (`error_if_incomplete`: a declined card leaves everything as it was) and "Subscription
schedules" (`from_subscription` takes no other parameter, so the phases come with a second call).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import stripe

from billing.catalogue import Catalogue, Label
from billing.contacts import Invoice
from billing.errors import AmountDiffers, ChangeWaits, Refusal, ScheduledElsewhere, SubscriptionChanged
from billing.ids import LookupKey, OperationId, ScheduleId, SubscriptionId
from billing.money import Money
from billing.plans import Item
from billing.ports import ChangedSubscription, ChangeLine, ChangeOrder, ChangePreview, ScheduledChange
from billing.previews import TaxLine
from billing.stripe import reading
from billing.stripe.client import CLOCKS_DIFFER
from billing.stripe.customers import StripeCustomers
from billing.stripe.names import CATALOGUE, OPERATION, noted
from billing.stripe.once import create_once
from billing.stripe.references import References
from billing.stripe.running import EXPANDED, RunningSubscriptions

if TYPE_CHECKING:
    from stripe.params import InvoiceCreatePreviewParams, SubscriptionScheduleUpdateParams, SubscriptionUpdateParams

CHANGED_BY = "changed_by"  # metadata of a subscription: the operation that changed it last
NOT_CREDITED = "not_credited"  # metadata of an item that makes up for a credit: of which line of the invoice
Params = dict[str, Any]


class PlanChanges:
    """One per process; threads may share it. Errors of the library leave as they are: the caller translates them."""

    def __init__(
        self,
        client: stripe.StripeClient,
        catalogue: Catalogue,
        running: RunningSubscriptions,
        references: References,
        customers: StripeCustomers,
    ) -> None:
        self._client = client
        self._running = running
        self._catalogue = catalogue
        self._references = references
        self._customers = customers

    def preview(self, order: ChangeOrder) -> ChangePreview:
        """See `Payments.preview_change`."""
        live = self._running.as_ordered(order)
        return self._preview(_within_period(order, live), live)

    def change(self, order: ChangeOrder, reviewed: ChangePreview | None, operation: OperationId) -> ChangedSubscription:
        """See `Payments.change_subscription`.

        A waiting schedule is let go after the change was paid, so that a declined card leaves it as it was. A
        repetition finds the change by the operation in the subscription's metadata, and lets go of what is still there.
        """
        changed = self._changed_by(order.subscription, operation)
        if changed is None:
            try:
                changed = self._change(order, reviewed, operation)
            except (stripe.CardError, stripe.InvalidRequestError, Refusal):
                self._leave_credits(order, operation)
                raise
        attached = _of_ours(changed)
        if attached:
            self._let_go(attached.id)
            changed = self._running.live(order.subscription)
        return ChangedSubscription(
            subscription=reading.subscription(changed, self._customers.product_name), invoice=_invoice_of(changed)
        )

    def _change(
        self, order: ChangeOrder, reviewed: ChangePreview | None, operation: OperationId
    ) -> stripe.Subscription:
        """What nobody reviewed is not prorated at all where unused time is not credited (K5)."""
        is_prorated = reviewed is not None or order.credits_unused
        live = self._running.as_ordered(order)
        order = _within_period(order, live)
        _of_ours(live)
        if is_prorated and not any(self._waiting(order, operation)):
            _agree(self._preview(order, live), reviewed)
        if reviewed and not order.credits_unused:
            self._take_back_credits(order, live, reviewed, operation)
        params: SubscriptionUpdateParams = {
            "items": self._items(order, live),
            "default_tax_rates": self._tax_rates(order),
            "proration_behavior": "always_invoice" if is_prorated else "none",
            "payment_behavior": "error_if_incomplete",
            "off_session": True,
            "metadata": {CHANGED_BY: operation},
            "expand": EXPANDED,
        }
        if is_prorated:
            params["proration_date"] = int(order.prorated_at.timestamp())
        if order.payment_method:
            params["default_payment_method"] = order.payment_method
        return create_once(
            operation,
            "change",
            lambda key: self._client.v1.subscriptions.update(order.subscription, params, {"idempotency_key": key}),
            lambda: self._changed_by(order.subscription, operation),
        )

    def schedule(
        self, order: ChangeOrder, effective_at: datetime, operation: OperationId, accepted_at: datetime
    ) -> ScheduledChange:
        """See `Payments.schedule_change`.

        One of which nothing is still to come makes room. A schedule that Stripe does not let us fill is let go: it
        would keep every later change away.
        """

        def find() -> stripe.SubscriptionSchedule | None:
            attached = reading.schedule_of(self._running.live(order.subscription))
            return attached if attached and _may_be_of(attached, operation, accepted_at) else None

        live = self._running.live(order.subscription)
        attached = reading.schedule_of(live)
        if attached is None or not _may_be_of(attached, operation, accepted_at):
            self._running.check(order, live)
            if attached and reading.waits(attached):
                raise ChangeWaits
            if attached:
                self._let_go(attached.id)
        after = {"items": list(self._after(order, live)), "default_tax_rates": self._tax_rates(order)}
        schedule = find() or create_once(
            operation,
            "schedule",
            lambda key: self._client.v1.subscription_schedules.create(
                {"from_subscription": order.subscription}, {"idempotency_key": key}
            ),
            find,
        )
        if noted(schedule.metadata, OPERATION) != operation:
            params = _phases(live, after, schedule, effective_at, operation)
            try:
                schedule = self._client.v1.subscription_schedules.update(schedule.id, params)
            except stripe.InvalidRequestError:
                self._let_go(schedule.id)
                raise
        return ScheduledChange(
            schedule=ScheduleId(schedule.id),
            effective_at=reading.instant(schedule.phases[-1].start_date),
            subscription=reading.subscription(self._running.live(order.subscription), self._customers.product_name),
        )

    def release(self, subscription: SubscriptionId, schedule: ScheduleId) -> stripe.Subscription:
        """See `Payments.release_schedule`."""
        found = self._client.v1.subscription_schedules.retrieve(schedule)
        if reading.identifier(found.subscription or found.released_subscription) != subscription:
            raise SubscriptionChanged
        if noted(found.metadata, OPERATION) is None:
            raise ScheduledElsewhere
        self._let_go(schedule)
        return self._running.live(subscription)

    def _let_go(self, schedule: str) -> None:
        """Also when that was done before."""
        if self._client.v1.subscription_schedules.retrieve(schedule).status in ("active", "not_started"):
            self._client.v1.subscription_schedules.release(schedule)

    # --- what is there ------------------------------------------------------------------------------------------------

    def _changed_by(self, subscription: SubscriptionId, operation: OperationId) -> stripe.Subscription | None:
        live = self._running.live(subscription)
        return live if noted(live.metadata, CHANGED_BY) == operation else None

    # --- what it costs ------------------------------------------------------------------------------------------------

    def _preview(self, order: ChangeOrder, live: stripe.Subscription) -> ChangePreview:
        now = self._prorated(order, live)
        if not order.credits_unused:
            now = self._prorated(order, live, list(_taken_back(now)))
        details: Params = {"items": self._items(order, live), "default_tax_rates": self._tax_rates(order)}
        renewal = self._invoice(order, details | {"proration_behavior": "none"})
        currency = now.currency
        lines = tuple(self._lines(now, live, order))
        is_invoiced = any(_is_proration(line) for line in now.lines.data)
        zero = Money.zero(currency)
        return ChangePreview(
            prorated_at=order.prorated_at,
            lines=lines if is_invoiced else (),
            discount=_sum(now.total_discount_amounts, currency) if is_invoiced else zero,
            taxes=tuple(self._taxes(now)) if is_invoiced else (),
            total=reading.money(now.total, currency) if is_invoiced else zero,
            due=reading.money(now.amount_due, currency) if is_invoiced else zero,
            renews_at=reading.instant(live["items"].data[0].current_period_end),
            renewal=reading.money(renewal.total, currency),
        )

    def _prorated(
        self, order: ChangeOrder, live: stripe.Subscription, taken_back: Sequence[Params] = ()
    ) -> stripe.Invoice:
        """The change's own invoice, with items that are not at Stripe yet."""
        details: Params = {
            "items": self._items(order, live),
            "default_tax_rates": self._tax_rates(order),
            "proration_behavior": "always_invoice",
            "proration_date": int(order.prorated_at.timestamp()),
        }
        return self._invoice(order, details, taken_back)

    def _invoice(self, order: ChangeOrder, details: Params, items: Sequence[Params] = ()) -> stripe.Invoice:
        params: InvoiceCreatePreviewParams = {
            "subscription": order.subscription,
            "subscription_details": details,  # type: ignore[typeddict-item]  # put together from two parts
        }
        if items:
            params["invoice_items"] = [*items]  # type: ignore[list-item]  # as `_taken_back` makes them
        return self._client.v1.invoices.create_preview(params)

    # --- the other reading of K5: unused time is not credited ---------------------------------------------------------

    def _take_back_credits(
        self, order: ChangeOrder, live: stripe.Subscription, reviewed: ChangePreview, operation: OperationId
    ) -> None:
        """Stripe's prorations always credit; items that wait for the change's invoice make up for it, one for each."""
        for item in _taken_back(self._prorated(order, live)):
            self._take_back(order, item, operation)
        found, expected = self._prorated(order, live).total, reviewed.total.amount
        is_agreed = found <= expected if order.prorated_at > reviewed.prorated_at else found == expected
        if not is_agreed:
            raise AmountDiffers(reviewed=expected, charged=found, currency=reviewed.total.currency)

    def _take_back(self, order: ChangeOrder, item: Params, operation: OperationId) -> None:
        line = item["metadata"][NOT_CREDITED]
        params: Any = item | {
            "customer": order.customer,
            "subscription": order.subscription,
            "metadata": {NOT_CREDITED: line, OPERATION: operation},
        }
        create_once(
            operation,
            f"not_credited-{line}",
            lambda key: self._client.v1.invoice_items.create(params, {"idempotency_key": key}),
            lambda: next(
                (one for one in self._waiting(order, operation) if noted(one.metadata, NOT_CREDITED) == line), None
            ),
        )

    def _leave_credits(self, order: ChangeOrder, operation: OperationId) -> None:
        """Nothing was changed, so nothing of it may wait for the next invoice."""
        for item in [*self._waiting(order, operation)]:
            self._client.v1.invoice_items.delete(item.id)

    def _waiting(self, order: ChangeOrder, operation: OperationId) -> Iterator[stripe.InvoiceItem]:
        """Those of an earlier attempt, and of this one."""
        if order.credits_unused:
            return
        pending = self._client.v1.invoice_items.list({"customer": order.customer, "pending": True, "limit": 100})
        for item in pending.auto_paging_iter():
            if noted(item.metadata, OPERATION) == operation and noted(item.metadata, NOT_CREDITED):
                yield item

    def _lines(self, invoice: stripe.Invoice, live: stripe.Subscription, order: ChangeOrder) -> Iterator[ChangeLine]:
        names = {item.price.id: reading.price_name(item.price) for item in live["items"].data}
        names |= {price: key for key, price in self._prices(order).items()}
        uncredited = set() if order.credits_unused else _uncredited(invoice)
        for line in invoice.lines.data:
            price = _price_of(line)
            if noted(line.metadata, NOT_CREDITED) or (_is_proration(line) and price in uncredited):
                continue  # these come to nothing
            yield ChangeLine(
                price=names.get(price) if price else None,
                description=line.description or "",
                quantity=line.quantity or 1,
                amount=reading.money(line.amount, line.currency),
                since=reading.instant(line.period.start),
                until=reading.instant(line.period.end),
            )

    def _taxes(self, invoice: stripe.Invoice) -> Iterator[TaxLine]:
        for tax in invoice.total_taxes or ():
            id_ = tax.tax_rate_details.tax_rate if tax.tax_rate_details else None
            if id_ is None:
                continue
            rate = self._client.v1.tax_rates.retrieve(id_)
            ours = next(
                (one for one in self._catalogue.tax_rates() if one.name == noted(rate.metadata, CATALOGUE)), None
            )
            yield TaxLine(
                label=ours.label if ours else Label(en=rate.display_name, de=rate.display_name),
                percent=ours.percent if ours else Decimal(str(rate.percentage)),
                inclusive=rate.inclusive,
                amount=reading.money(tax.amount, invoice.currency),
            )

    # --- what is sent -------------------------------------------------------------------------------------------------

    def _prices(self, order: ChangeOrder) -> dict[LookupKey, str]:
        """Stripe's ids of the prices that are new in the order."""
        kept = {one.price for one in order.before}
        return {one.price: self._references.price(one.price) for one in order.after if one.price not in kept}

    def _tax_rates(self, order: ChangeOrder) -> list[str]:
        return [self._references.tax_rate(name) for name in order.tax_rates]

    def _items(self, order: ChangeOrder, live: stripe.Subscription) -> list[Any]:
        """The changes by item. What keeps its price keeps its item; so does the plan when it becomes another."""
        ids = self._prices(order)
        there = [(item.id, known) for item in live["items"].data if (known := self._running.sold(item))]
        wanted = {one.price: one.quantity for one in order.after}
        changes: list[Params] = []
        gone: list[tuple[str, Item]] = []
        for id_, known in there:
            quantity = wanted.pop(known.price, None)
            if quantity is None:
                gone.append((id_, known))
            elif quantity != known.quantity:
                changes.append({"id": id_, "quantity": quantity})
        plans = [id_ for id_, known in gone if self._is_plan(known.price)]
        for price, quantity in wanted.items():
            sold: Params = {"price": ids[price], "quantity": quantity}
            if plans and self._is_plan(price):
                sold["id"] = plans.pop()
            changes.append(sold)
        replaced = {change["id"] for change in changes if "id" in change}
        return changes + [{"id": id_, "deleted": True} for id_, _ in gone if id_ not in replaced]

    def _is_plan(self, price: LookupKey) -> bool:
        sold = self._catalogue.sold(price)
        return sold is not None and sold.plan is not None

    def _after(self, order: ChangeOrder, live: stripe.Subscription) -> Iterator[Params]:
        """Everything that it consists of then: what was ordered, and what the catalogue does not know."""
        kept = {known.price: item.price.id for item in live["items"].data if (known := self._running.sold(item))}
        ids = kept | self._prices(order)
        for one in order.after:
            yield {"price": ids[one.price], "quantity": one.quantity}
        for item in live["items"].data:
            if self._running.sold(item) is None:
                yield {"price": item.price.id, "quantity": item.quantity}


def _phases(
    live: stripe.Subscription,
    after: Params,
    schedule: stripe.SubscriptionSchedule,
    effective_at: datetime,
    operation: OperationId,
) -> SubscriptionScheduleUpdateParams:
    """What it is until that moment, then what was ordered: for one cycle, and on and on as a subscription.

    Phases are replaced as a whole, so the first one says all that is so now, and to when a trial lasts.
    """
    now = schedule.phases[0]
    recurring = live["items"].data[0].price.recurring
    assert recurring, "a subscription's prices are recurring"
    discounts = [{"discount": id_} for one in live.discounts if (id_ := reading.identifier(one))] or ""
    trial: Params = {"trial_end": live.trial_end} if live.status == "trialing" else {}
    phases: list[Any] = [
        {
            "start_date": now.start_date,
            "end_date": int(effective_at.timestamp()),
            "items": [{"price": item.price.id, "quantity": item.quantity} for item in live["items"].data],
            "default_tax_rates": [rate.id for rate in live.default_tax_rates or ()],
            **trial,
            "discounts": discounts,
            "proration_behavior": "none",
        },
        {
            "duration": {"interval": recurring.interval, "interval_count": recurring.interval_count},
            **after,
            "discounts": discounts,
            "proration_behavior": "none",
        },
    ]
    return {"phases": phases, "end_behavior": "release", "metadata": {OPERATION: operation}}


def _within_period(order: ChangeOrder, live: stripe.Subscription) -> ChangeOrder:
    """Prorated within the running period, as Stripe insists: our clock may be a little before or behind its own."""
    items = live["items"].data
    begin = max(reading.instant(item.current_period_start) for item in items)
    end = min(reading.instant(item.current_period_end) for item in items)
    at = max(begin, min(order.prorated_at, end - timedelta(seconds=1)))
    return order.model_copy(update={"prorated_at": at})


def _agree(found: ChangePreview, reviewed: ChangePreview | None) -> None:
    """Stripe's preview must be what the person reviewed, or at a later moment not more than that.

    Without a review nothing may be charged.
    """
    if reviewed is None:
        is_agreed = found.total.amount <= 0
    elif found.prorated_at > reviewed.prorated_at:
        is_agreed = found.asks_at_most(reviewed)
    else:
        is_agreed = found.fingerprint == reviewed.fingerprint
    if not is_agreed:
        expected = reviewed.total.amount if reviewed else 0
        raise AmountDiffers(reviewed=expected, charged=found.total.amount, currency=found.total.currency)


def _of_ours(live: stripe.Subscription) -> stripe.SubscriptionSchedule | None:
    """The schedule that is attached to it. ScheduledElsewhere while something of somebody else's is still to come."""
    attached = reading.schedule_of(live)
    if attached and noted(attached.metadata, OPERATION) is None and reading.waits(attached):
        raise ScheduledElsewhere
    return attached


def _may_be_of(schedule: stripe.SubscriptionSchedule, operation: OperationId, accepted_at: datetime) -> bool:
    """Ours, or what our first call made before the second one could say so."""
    said = noted(schedule.metadata, OPERATION)
    is_fresh = reading.instant(schedule.created) >= accepted_at - CLOCKS_DIFFER
    return said == operation or (said is None and len(schedule.phases) == 1 and is_fresh)


def _is_proration(line: stripe.InvoiceLineItem) -> bool:
    parent = line.parent
    details = (parent.subscription_item_details or parent.invoice_item_details) if parent else None
    return bool(details and details.proration)


def _price_of(line: stripe.InvoiceLineItem) -> str | None:
    details = line.pricing.price_details if line.pricing else None
    return reading.identifier(details.price) if details else None


def _uncredited(invoice: stripe.Invoice) -> set[str | None]:
    """The prices of which there will be less: their credit, less what is charged for those that stay."""
    sums: Counter[str | None] = Counter()
    for line in invoice.lines.data:
        if _is_proration(line):
            sums[_price_of(line)] += line.amount
    return {price for price, amount in sums.items() if amount < 0}


def _taken_back(invoice: stripe.Invoice) -> Iterator[Params]:
    """For each line of a credit the item that makes up for it, tax included, unless it is on the invoice already."""
    there = {noted(line.metadata, NOT_CREDITED) for line in invoice.lines.data}
    uncredited = _uncredited(invoice)
    for line in invoice.lines.data:
        key = f"{_price_of(line)}:{'credit' if line.amount < 0 else 'charge'}"
        if _is_proration(line) and _price_of(line) in uncredited and key not in there:
            yield {
                "amount": -line.amount,
                "currency": line.currency,
                "description": f"Not credited: {line.description or line.id}",
                "metadata": {NOT_CREDITED: key},
            }


def _invoice_of(changed: stripe.Subscription) -> Invoice | None:
    """The invoice that the change made, if it made one."""
    latest = changed.latest_invoice
    if not isinstance(latest, stripe.Invoice) or latest.billing_reason != "subscription_update":
        return None
    return reading.invoice(latest)


def _sum(amounts: Iterable[Any] | None, currency: str) -> Money:
    return Money(amount=sum(one.amount for one in amounts or ()), currency=currency)
