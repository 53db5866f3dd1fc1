"""What subscriptions and invoices do together: first invoices, renewals, and what a payment changes."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from bot.sandbox.stripe.account import DAY, Account, due
from bot.sandbox.stripe.money import rounded
from bot.sandbox.stripe.objects import Object, id_of

from . import collection, invoice_drafts, invoicing
from .invoice_items import take_pending
from .invoice_lines import item_line, line, product_name
from .invoicing import HOUR
from .payments import Outcome
from .subscription_items import end_of_period, period_of, set_period, start_of_period

INCOMPLETE_FOR = 23 * HOUR
"""How long the first payment may take (docs: "Subscription statuses")."""


def discounts_in_force(account: Account, subscription: Object) -> list[Object]:
    """The subscription's discounts that have not ended."""
    found = [account.get("discount", id_of(discount)) for discount in subscription["discounts"]]
    return [discount for discount in found if discount["end"] is None or discount["end"] > account.now()]


def subscription_invoice(
    account: Account, subscription: Object, lines: list[Object], reason: str, *, proration_date: int | None = None
) -> Object:
    """A draft for the subscription with its own defaults (discounts, tax, method, due days)."""
    return invoice_drafts.draft(
        account,
        account.get("customer", subscription["customer"]),
        lines,
        currency=subscription["currency"],
        reason=reason,
        discounts=discounts_in_force(account, subscription),
        subscription=subscription,
        collection_method=subscription["collection_method"],
        days_until_due=subscription["days_until_due"],
        default_tax_rates=subscription["default_tax_rates"],
        period=period_of(subscription),
        proration_date=proration_date,
        description=subscription["invoice_settings"]["description"],
    )


def first_lines(account: Account, subscription: Object) -> list[Object]:
    """The lines of the first invoice: a free trial, a part period up to the anchor, or full periods since the start."""
    start, end = period_of(subscription)
    items = subscription["items"]["data"]
    if subscription["status"] == "trialing":
        return [item_line(account, subscription, item, (start, end), trial=True) for item in items]
    lines: list[Object] = []
    begin = subscription["start_date"]
    while begin < end:
        stop = min(end_of_period(subscription, begin), end)
        whole = stop - start_of_period(subscription, begin)
        if begin == start_of_period(subscription, begin):
            lines += [item_line(account, subscription, item, (begin, stop)) for item in items]
        elif subscription["_proration_behavior"] != "none":
            part = Fraction(stop - begin, whole)
            lines += [_part_line(account, subscription, item, part, (begin, stop)) for item in items]
        begin = stop
    return lines


def _part_line(account: Account, subscription: Object, item: Object, part: Fraction, period: tuple[int, int]) -> Object:
    entry = item_line(account, subscription, item, period)
    entry["amount"] = entry["subtotal"] = rounded(entry["amount"] * part)
    return entry


def once_lines(account: Account, subscription: Object, sold: list[Object]) -> list[Object]:
    """Lines of `add_invoice_items`: things sold once with the first invoice."""
    now = account.now()
    return [
        line(
            account,
            amount=entry["amount"],
            currency=entry["currency"],
            description=product_name(account, entry["price"]),
            period=(now, now),
            parent={
                "invoice_item_details": {
                    "invoice_item": account.new_id("ii"),
                    "proration": False,
                    "proration_details": {"credited_items": None},
                    "subscription": subscription["id"],
                },
                "subscription_item_details": None,
                "type": "invoice_item_details",
            },
            price=entry["price"],
            quantity=entry["quantity"],
            tax_rates=entry["tax_rates"] or None,
        )
        for entry in sold
    ]


def spend_once(account: Account, subscription: Object, invoice: Object) -> None:
    """A discount of duration `once` is gone when it took something off an invoice; ended ones go, too."""
    kept = []
    for discount_id in subscription["discounts"]:
        discount = account.get("discount", discount_id)
        coupon = account.store.get(discount["source"]["coupon"]) or {}
        taken = any(e["amount"] for e in invoice["total_discount_amounts"] if e["discount"] == discount_id)
        ended = discount["end"] is not None and discount["end"] <= account.now()
        if ended or (taken and coupon.get("duration") == "once"):
            account.emit("customer.discount.deleted", discount)
        else:
            kept.append(discount_id)
    subscription["discounts"] = kept


def settle_now(account: Account, invoice: Object) -> Outcome:
    """Finalize and, when it is charged automatically, pay at once."""
    invoice = invoicing.finalize(account, invoice)
    if invoice["status"] == "paid":
        return Outcome(paid=True)
    if invoice["collection_method"] == "send_invoice":
        return Outcome(paid=False)
    return collection.collect(account, invoice)


Planned = Callable[[Account, Object], None]
_PLANNED: list[Planned] = []


def on_renewal_planned(listener: Planned) -> Planned:
    """Register who is told that a subscription's next renewal is planned."""
    _PLANNED.append(listener)
    return listener


def plan_renewal(account: Account, subscription: Object) -> None:
    """The renewal happens when the current period ends."""
    account.plan(period_of(subscription)[1], "subscription.renewal", subscription["id"])
    for listener in _PLANNED:
        listener(account, subscription)


@due("subscription.renewal")
def _renew(account: Account, subscription_id: str) -> None:
    subscription = account.find("subscription", subscription_id)
    if subscription is None or subscription["status"] not in ("active", "past_due", "trialing", "unpaid"):
        return
    end = period_of(subscription)[1]
    if end != account.now():
        return
    if subscription["cancel_at_period_end"]:
        finish(account, subscription, reason="cancellation_requested")
        return
    if subscription["status"] == "trialing":
        if not _leave_trial(account, subscription):
            return
        subscription["status"] = "active"
    set_period(subscription, end, end_of_period(subscription, end))
    lines = [item_line(account, subscription, item, period_of(subscription)) for item in subscription["items"]["data"]]
    invoice = subscription_invoice(account, subscription, lines, "subscription_cycle")
    take_pending(account, invoice, subscription["currency"], subscription=subscription_id)
    invoice_drafts.keep(account, invoice)
    subscription["latest_invoice"] = invoice["id"]
    spend_once(account, subscription, invoice)
    account.save(subscription, "customer.subscription.updated")
    plan_renewal(account, subscription)
    _advance(account, subscription, invoice)


def _advance(account: Account, subscription: Object, invoice: Object) -> None:
    """Let a renewal invoice go its way, or what a pause or an unpaid subscription makes of it."""
    pause = (subscription["pause_collection"] or {}).get("behavior")
    if subscription["status"] == "unpaid" or pause == "keep_as_draft":
        invoice["auto_advance"] = False
        account.save(invoice)
    elif pause in ("void", "mark_uncollectible"):
        invoice = invoicing.finalize(account, invoice)
        if invoice["status"] == "open":
            (invoicing.void if pause == "void" else invoicing.mark_uncollectible)(account, invoice)
    else:
        invoicing.finalize_later(account, invoice)


def _leave_trial(account: Account, subscription: Object) -> bool:
    """What happens at a trial's end without a payment method; True when the subscription goes on."""
    behavior = subscription["trial_settings"]["end_behavior"]["missing_payment_method"]
    probe = {
        "default_payment_method": subscription["default_payment_method"],
        "customer": subscription["customer"],
        "parent": None,
    }
    if behavior == "create_invoice" or collection.method_for(account, probe) is not None:
        return True
    if behavior == "cancel":
        finish(account, subscription, reason="cancellation_requested")
    else:
        subscription["status"] = "paused"
        account.save(subscription, "customer.subscription.updated")
        account.emit("customer.subscription.paused", subscription)
    return False


@due("subscription.trial_will_end")
def _trial_will_end(account: Account, subscription_id: str) -> None:
    subscription = account.find("subscription", subscription_id)
    if subscription is None or subscription["status"] != "trialing":
        return
    if subscription["trial_end"] - 3 * DAY <= account.now():
        account.emit("customer.subscription.trial_will_end", subscription)


@due("subscription.cancel")
def _cancel_due(account: Account, subscription_id: str) -> None:
    subscription = account.find("subscription", subscription_id)
    if subscription is None or subscription["cancel_at"] != account.now():
        return
    if subscription["status"] not in ("canceled", "incomplete_expired"):
        finish(account, subscription, reason="cancellation_requested")


@due("subscription.incomplete")
def _incomplete_due(account: Account, subscription_id: str) -> None:
    """The first payment did not come in time."""
    subscription = account.find("subscription", subscription_id)
    if subscription is not None and subscription["status"] == "incomplete":
        invoice = account.get("invoice", subscription["latest_invoice"])
        if invoice["status"] == "open":
            invoicing.void(account, invoice)


@due("collection.resume")
def _resume_due(account: Account, subscription_id: str) -> None:
    subscription = account.find("subscription", subscription_id)
    if subscription is not None and (subscription["pause_collection"] or {}).get("resumes_at") == account.now():
        subscription["pause_collection"] = None
        account.save(subscription, "customer.subscription.updated")


@due("subscription.pending_update")
def _pending_update_due(account: Account, subscription_id: str) -> None:
    subscription = account.find("subscription", subscription_id)
    if subscription is None or (subscription["pending_update"] or {}).get("expires_at") != account.now():
        return
    drop_pending_update(account, subscription)
    account.emit("customer.subscription.pending_update_expired", subscription)


def drop_pending_update(account: Account, subscription: Object) -> None:
    """Forget an update whose payment did not come, and void its invoice."""
    invoice = account.find("invoice", subscription.get("_pending_invoice") or "")
    subscription["pending_update"] = None
    subscription["_pending_items"] = subscription["_pending_invoice"] = None
    account.save(subscription)
    if invoice is not None and invoice["status"] == "open":
        invoicing.void(account, invoice)


def finish(account: Account, subscription: Object, *, reason: str | None) -> Object:
    """End a subscription now. Open invoices stay, but are no longer collected by themselves."""
    now = account.now()
    subscription["status"] = "canceled"
    subscription["canceled_at"] = subscription["canceled_at"] or now
    subscription["ended_at"] = now
    if reason is not None:
        subscription["cancellation_details"]["reason"] = reason
    account.save(subscription)
    account.emit("customer.subscription.deleted", subscription)
    for invoice in account.matching("invoice", subscription=subscription["id"], status=["open", "draft"]):
        invoice.update(auto_advance=False, next_payment_attempt=None)
        account.save(invoice)
    return subscription


def require_method(account: Account, invoice: Object) -> None:
    """A charge that is due now needs something to charge: Stripe's 400 otherwise."""
    if invoice["amount_due"] > 0 and collection.method_for(account, invoice) is None:
        raise collection.no_method()
