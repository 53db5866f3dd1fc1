"""What will be charged, line by line, before anything starts (H23): the arithmetic that Stripe documents, done locally.

Proration first (of a price with a fixed billing day, see `billing.billing_days`), then discount, then exclusive tax;
inclusive tax taken out of the amount; every line rounded half up to a minor unit. An amount off is taken from the
prorated amount as from any other ("Coupons": off the invoice's subtotal, never below zero).
"""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta

from billing.billing_days import Part, begins, is_billing_day, latest_day, next_billing_day, part_from, periods
from billing.catalogue import Coupon, Duration, Label, RecurringPrice, TaxRate
from billing.errors import NotABillingDay
from billing.models import Frozen
from billing.money import Money, round_half_up, total


class TaxLine(Frozen):
    """One tax on the document: what it is called, its percent, and what it comes to."""

    label: Label  # "VAT", "USt."
    percent: Decimal
    inclusive: bool
    amount: Money


class Payment(Frozen):
    """One payment: when, and how it adds up. `subtotal - discount + exclusive tax = total`."""

    on: date  # in the business's time zone
    subtotal: Money
    discount: Money
    taxes: tuple[TaxLine, ...]
    total: Money
    part: Part | None = None  # what part of a period it is for; None: a whole one


class Cycle(Frozen):
    """When a subscription starts and is billed. The last two are of a fixed billing day that starts now."""

    starts_at: datetime | None  # UTC; None: now
    counts_from: datetime  # UTC; a coupon's months begin here
    payments_at: tuple[datetime, ...]  # UTC; the first four
    part: Part | None = None  # what the first payment is for
    billed_from: datetime | None = None  # UTC; where Stripe begins to count
    anchor: datetime | None = None  # UTC; where the first full period begins


class SubscriptionPreview(Frozen):
    """What a person reviews and confirms. The same input always gives the same fingerprint."""

    price: RecurringPrice
    quantity: int
    coupon: Coupon | None
    starts_now: bool
    first: Payment
    following: tuple[Payment, ...]  # the next three
    reverse_charge: bool = False  # the customer accounts for the tax (EU business abroad)
    balance: Money | None = None  # the customer's, before the first payment; credit is positive. None: nothing

    @property
    def charge(self) -> Money:
        """What the first payment comes to after the balance: less any credit, with what is owed, never negative."""
        nothing = Money.zero(self.first.total.currency)
        return max(self.first.total - (self.balance or nothing), nothing)

    @property
    def left_over(self) -> Money:
        """The credit that is kept for later payments."""
        return self.charge - self.first.total + (self.balance or Money.zero(self.first.total.currency))

    @property
    def fingerprint(self) -> str:
        """A digest of everything the person saw; it changes when any amount, date or term does."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:32]

    @property
    def terms(self) -> str:
        """A digest of the terms without the dates: what must not change while the customer takes their time.

        The balance is no term: other payments of the customer change it meanwhile. With a fixed billing day the amounts
        depend on the dates, and are left out, too: see `asks_at_most`.
        """
        undated = _undated if self.price.billing_day is None else _without_amounts
        following = () if self.price.billing_day else tuple(undated(later) for later in self.following)
        undated_terms = {"first": undated(self.first), "following": following, "starts_now": True, "balance": None}
        return self.model_copy(update=undated_terms).fingerprint

    def asks_at_most(self, reviewed: SubscriptionPreview) -> bool:
        """Whether no payment is larger than the one that was reviewed for that day, or for the last one before it."""
        known = (reviewed.first, *reviewed.following)
        mine = (one for one in (self.first, *self.following) if one.on <= known[-1].on)
        return all(one.total <= _last_before(one.on, known).total for one in mine)


def _undated(one: Payment) -> Payment:
    return one.model_copy(update={"on": date.min})


def _without_amounts(one: Payment) -> Payment:
    nothing = Money.zero(one.total.currency)
    taxes = tuple(tax.model_copy(update={"amount": nothing}) for tax in one.taxes)
    return Payment(on=date.min, subtotal=nothing, discount=nothing, taxes=taxes, total=nothing)


def _last_before(on: date, payments: tuple[Payment, ...]) -> Payment:
    """The last payment on that day or earlier; the first when all are later."""
    return next((one for one in reversed(payments) if one.on <= on), payments[0])


def payment(
    on: date,
    price: RecurringPrice,
    quantity: int,
    coupon: Coupon | None,
    taxes: tuple[TaxRate, ...],
    part: Part | None = None,
) -> Payment:
    """One payment of that many units: its part of the period, then the discount, then each tax on what remains."""
    full = price.unit * quantity
    subtotal = part.of(full) if part else full
    discount = coupon.off(subtotal) if coupon else Money.zero(subtotal.currency)
    net = subtotal - discount
    lines = _tax_lines(net, taxes)
    return Payment(on=on, subtotal=subtotal, discount=discount, taxes=lines, total=net + _added(lines, net), part=part)


def with_taxes(amount: Money, taxes: tuple[TaxRate, ...]) -> Money:
    """The amount of one line with the taxes that come on top of it."""
    return amount + _added(_tax_lines(amount, taxes), amount)


def _tax_lines(net: Money, taxes: tuple[TaxRate, ...]) -> tuple[TaxLine, ...]:
    inclusive = sum((rate.percent for rate in taxes if rate.inclusive), Decimal(0))
    return tuple(
        TaxLine(
            label=rate.label,
            percent=rate.percent,
            inclusive=rate.inclusive,
            amount=_share(net, rate.percent, inclusive),
        )
        for rate in taxes
    )


def _added(lines: tuple[TaxLine, ...], net: Money) -> Money:
    return total((line.amount for line in lines if not line.inclusive), net.currency)


def _share(amount: Money, percent: Decimal, inclusive: Decimal) -> Money:
    """The tax of that percentage: on, or in, an amount that holds `inclusive` percent of tax already."""
    return amount.with_amount(round_half_up(Decimal(amount.amount) * percent / (100 + inclusive)))


def start_instant(on: date, now: datetime, zone: ZoneInfo) -> datetime | None:
    """When a subscription that starts on that day starts: None (now) today, else an instant of that day.

    Stripe counts periods in UTC, so the instant is one whose date in UTC and in the business's zone is the same all
    year round: a start on 1 March must not bill on 29 March because clocks changed.
    """
    if on <= now.astimezone(zone).date():
        return None
    far_east = (zone.utcoffset(datetime.combine(on, time(12))) or timedelta()) >= timedelta(hours=11)
    return datetime.combine(on, time(6 if far_east else 12), UTC)


def cycle(price: RecurringPrice, start: date, now: datetime, zone: ZoneInfo) -> Cycle:
    """When a subscription to that price is billed that starts on that day, today or later (H18, H29).

    Raises NotABillingDay for a later start that does not suit the price's fixed billing day.
    """
    if price.billing_day is None:
        instant = start_instant(start, now, zone)
        return _counted_from(instant or now, instant, price)
    today = latest_day(now, zone)
    if start > today and is_billing_day(start, price):
        instant = begins(start, zone)
        return _counted_from(instant, instant, price)
    if start > now.astimezone(zone).date():
        raise NotABillingDay(day=price.billing_day, first=next_billing_day(start, price).isoformat())
    following = next_billing_day(today, price)
    return Cycle(
        starts_at=None,
        counts_from=begins(today, zone),
        payments_at=(now, *(begins(following, zone) + periods(price, n) for n in range(3))),
        part=part_from(today, price),
        billed_from=begins(today, zone),
        anchor=begins(following, zone),
    )


def _counted_from(first: datetime, starts_at: datetime | None, price: RecurringPrice) -> Cycle:
    return Cycle(starts_at=starts_at, counts_from=first, payments_at=payment_instants(first, price, 4))


def payment_instants(start: datetime, price: RecurringPrice, count: int) -> tuple[datetime, ...]:
    """The first `count` payments from the start on, counted from it: 31 January, 28 February, 31 March."""
    return tuple(start + periods(price, n) for n in range(count))


def preview(
    *,
    price: RecurringPrice,
    quantity: int,
    start: date,
    coupon: Coupon | None,
    taxes: tuple[TaxRate, ...],
    reverse_charge: bool,
    now: datetime,
    zone: ZoneInfo,
    balance: Money | None = None,
) -> SubscriptionPreview:
    """The first payment and the three after it. The cycle is the price's (H18). Raises NotABillingDay, see `cycle`."""
    when = cycle(price, start, now, zone)
    first, *following = (
        payment(
            at.astimezone(zone).date(),
            price,
            quantity,
            coupon if coupon and _counts(coupon, when, at) else None,
            taxes,
            when.part if at == when.payments_at[0] else None,
        )
        for at in when.payments_at
    )
    return SubscriptionPreview(
        price=price,
        quantity=quantity,
        coupon=coupon,
        starts_now=when.starts_at is None,
        first=first,
        following=tuple(following),
        reverse_charge=reverse_charge,
        balance=balance,
    )


def _counts(coupon: Coupon, when: Cycle, at: datetime) -> bool:
    """Whether the coupon still counts for the payment at that moment."""
    if coupon.duration is Duration.FOREVER or at == when.payments_at[0]:
        return True
    if coupon.duration is Duration.ONCE or coupon.months is None:
        return False
    ends: datetime = when.counts_from + relativedelta(months=coupon.months)
    return at < ends
