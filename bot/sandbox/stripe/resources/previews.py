"""`create_preview`: the invoice of a new subscription, of a change, or of the next renewal.

It is worked out by doing the thing itself and undoing it, so that what is shown is what will be charged.
"""

from __future__ import annotations

from bot.sandbox.stripe.account import Account
from bot.sandbox.stripe.errors import ApiError, invalid, missing_param
from bot.sandbox.stripe.money import collectable
from bot.sandbox.stripe.objects import Object, new_id
from bot.sandbox.stripe.routing import Params, route

from . import billing
from .coupons import keep_discounts, redeem
from .customers import create as create_customer
from .invoice_drafts import balance_after
from .invoice_items import create_item, take_pending
from .invoice_lines import item_line
from .schedule_phases import build_phases, default_settings, new_schedule, subscription_params
from .schedules import start_of
from .subscription_assembly import assemble, first_invoice
from .subscription_items import end_of_period, period_of, set_period
from .subscription_updates import update

_DETAILS = {
    "billing_cycle_anchor",
    "billing_mode",
    "cancel_at",
    "cancel_at_period_end",
    "cancel_now",
    "default_tax_rates",
    "items",
    "proration_behavior",
    "proration_date",
    "trial_end",
    "start_date",
}
_KNOWN = {
    "customer",
    "currency",
    "discounts",
    "subscription",
    "subscription_details",
    "schedule_details",
    "preview_mode",
    "customer_details",
    "invoice_items",
}
_ITEMS = {"amount", "currency", "description", "discountable", "metadata", "period", "tax_rates"}


@route("POST", "/v1/invoices/create_preview", "InvoiceCreatePreviewParams")
def create_preview(account: Account, params: Params) -> Object:
    for name in set(params) - _KNOWN:
        raise invalid(f"The local Stripe does not know {name} of previews.", name)
    if params.get("invoice_items") and "subscription" not in params:
        raise invalid("The local Stripe previews invoice_items of a running subscription only.", "invoice_items")
    details = params.get("subscription_details") or {}
    for name in set(details) - _DETAILS:
        raise invalid(f"The local Stripe does not know {name} of previews.", f"subscription_details[{name}]")
    with account.rehearsal():
        customer_id = _customer(account, params)
        if "schedule_details" in params:
            invoice = _of_schedule(account, params, customer_id)
        elif "subscription" in params:
            invoice = _of_subscription(account, params, details)
        else:
            invoice = _of_new(account, params, details, customer_id)
    return _as_preview(invoice)


def _customer(account: Account, params: Params) -> str:
    if "customer" in params:
        return str(account.get("customer", params["customer"], "customer")["id"])
    if "subscription" in params:
        return str(account.get("subscription", params["subscription"], "subscription")["customer"])
    if "customer_details" in params:
        sent = params["customer_details"]
        return str(
            create_customer(account, {name: sent[name] for name in ("address", "tax_exempt") if name in sent})["id"]
        )
    raise ApiError(
        "You must specify one of: customer, customer_details, subscription.", param="customer", code="parameter_missing"
    )


def _of_new(account: Account, params: Params, details: Params, customer_id: str) -> Object:
    """The first invoice of a subscription that does not exist yet; at its start, if that lies ahead."""
    if not details.get("items"):
        raise ApiError(
            "You must specify subscription_details[items], a subscription or schedule_details.",
            param="subscription_details[items]",
            code="parameter_missing",
        )
    wanted = {name: value for name, value in details.items() if name not in ("proration_date", "cancel_now")}
    anchor = _anchor(wanted.pop("billing_cycle_anchor", None))
    if isinstance(anchor, int):
        wanted["billing_cycle_anchor"] = anchor
    start = wanted.pop("start_date", None)
    if start is not None and start < account.now():
        wanted["backdate_start_date"], start = start, None
    wanted["customer"] = customer_id
    for name in ("currency", "discounts"):
        if params.get(name):
            wanted[name] = params[name]
    with account.rehearsal(int(start) if start else None):
        subscription, sold = assemble(account, wanted)
        return first_invoice(account, subscription, sold)


def _anchor(sent: Params | None) -> int | str | None:
    """A moment, `now`, `unchanged` or nothing; a moment and its type belong together."""
    if sent is None:
        return None
    if (sent["type"] == "timestamp") != ("timestamp" in sent):
        raise invalid(
            "timestamp belongs to type=timestamp, and it needs it.", "subscription_details[billing_cycle_anchor]"
        )
    return int(sent["timestamp"]) if "timestamp" in sent else str(sent["type"])


def _of_schedule(account: Account, params: Params, customer_id: str) -> Object:
    """The first invoice of a schedule, as it will be when its first phase starts."""
    sent = params["schedule_details"]
    for name in set(sent) - {"phases", "end_behavior", "proration_behavior"}:
        raise invalid(f"The local Stripe does not know {name} of previews.", f"schedule_details[{name}]")
    if not sent.get("phases"):
        raise missing_param("schedule_details[phases]")
    start = start_of(account, {"start_date": sent["phases"][0].get("start_date", "now")})
    schedule = new_schedule(account, customer_id, {}, default_settings(account, customer_id, {}))
    phase = build_phases(account, schedule, sent["phases"], start)[0]
    wanted = subscription_params(schedule, phase)
    if params.get("discounts"):
        wanted["discounts"] = params["discounts"]
    with account.rehearsal(start):
        subscription, sold = assemble(account, wanted)
        return first_invoice(account, subscription, sold)


def _of_subscription(account: Account, params: Params, details: Params) -> Object:
    """A change's own invoice when it is invoiced at once, else the next renewal with what waits for it."""
    subscription_id = params["subscription"]
    before = account.get("subscription", subscription_id, "subscription")
    if details.get("cancel_now"):
        raise invalid("The local Stripe does not preview cancellations.", "subscription_details[cancel_now]")
    if "billing_mode" in details:
        raise invalid("The local Stripe does not preview migrations.", "subscription_details[billing_mode]")
    changes = {name: value for name, value in details.items() if name != "start_date"}
    if isinstance(_anchor(changes.get("billing_cycle_anchor")), int):
        raise invalid(
            "A running subscription's anchor changes to `now` or not at all.",
            "subscription_details[billing_cycle_anchor][type]",
        )
    if "discounts" in params:
        found = redeem(account, params["discounts"] or [], before["customer"], before["currency"])
        before["discounts"] = keep_discounts(account, found, subscription=subscription_id)
        account.store.put(before)
    for number, item in enumerate(params.get("invoice_items") or []):
        for name in set(item) - _ITEMS:
            raise invalid(f"The local Stripe does not know {name} of previews.", f"invoice_items[{number}][{name}]")
        create_item(account, {**item, "customer": before["customer"], "subscription": subscription_id})
    if changes:
        update(account, {**changes, "payment_behavior": "default_incomplete"}, subscription_id)
    after = account.get("subscription", subscription_id)
    if after["latest_invoice"] != before["latest_invoice"]:
        return account.get("invoice", after["latest_invoice"])
    return upcoming_invoice(account, after)


def upcoming_invoice(account: Account, subscription: Object) -> Object:
    """The next renewal's invoice with what waits for it; call it in a rehearsal. 404 when there will be none."""
    if subscription["cancel_at_period_end"] or subscription["status"] not in ("active", "trialing", "past_due"):
        raise ApiError("No upcoming invoices for customer", status=404, code="invoice_upcoming_none")
    end = period_of(subscription)[1]
    with account.rehearsal(end):
        if subscription["status"] == "trialing":
            subscription["status"] = "active"
        set_period(subscription, end, end_of_period(subscription, end))
        lines = [
            item_line(account, subscription, item, period_of(subscription)) for item in subscription["items"]["data"]
        ]
        invoice = billing.subscription_invoice(account, subscription, lines, "upcoming")
        take_pending(account, invoice, subscription["currency"], subscription=subscription["id"])
    return invoice


def _as_preview(invoice: Object) -> Object:
    """A draft under an id that names nothing."""
    preview_id = new_id("upcoming_in")
    for entry in invoice["lines"]["data"]:
        entry["invoice"] = preview_id
    invoice.update(
        id=preview_id, status="draft", number=None, hosted_invoice_url=None, invoice_pdf=None, attempted=False
    )
    invoice["amount_due"] = collectable(invoice["total"] + invoice["starting_balance"], invoice["currency"])
    invoice["amount_remaining"] = invoice["amount_due"]
    invoice["amount_paid"] = 0
    invoice["ending_balance"] = balance_after(invoice)
    return invoice
