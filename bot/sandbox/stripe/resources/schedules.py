"""Subscription schedules: start in the future, change at set dates, then release or cancel.

As at Stripe, the first invoice of a scheduled start is a draft for an hour before it is charged.
"""

from __future__ import annotations

from typing import Any

from bot.sandbox.stripe.account import Account, due
from bot.sandbox.stripe.errors import ApiError, invalid
from bot.sandbox.stripe.lists import page
from bot.sandbox.stripe.objects import Object, merge_metadata
from bot.sandbox.stripe.routing import Params, crud, only, route

from . import billing, invoice_drafts, invoicing
from .schedule_phases import build_phases, default_settings, item_params, new_schedule, subscription_params
from .subscription_assembly import assemble, first_invoice
from .subscription_items import period_of
from .subscription_updates import update as update_subscription

_KNOWN = {"customer", "start_date", "phases", "end_behavior", "default_settings", "metadata", "from_subscription"}


def create(account: Account, params: Params) -> Object:
    for name in set(params) - _KNOWN:
        raise invalid(f"The local Stripe does not know {name} of subscription schedules.", name)
    if "from_subscription" in params:
        return _from_subscription(account, params)
    if "customer" not in params:
        raise ApiError("Missing required param: customer.", param="customer", code="parameter_missing")
    customer = account.get("customer", params["customer"], "customer")
    start = start_of(account, params)
    sent = params.get("phases") or []
    if not sent:
        raise ApiError("Missing required param: phases.", param="phases", code="parameter_missing")
    settings = default_settings(account, customer["id"], params.get("default_settings") or {})
    schedule = new_schedule(account, customer["id"], params, settings)
    schedule["phases"] = build_phases(account, schedule, sent, start)
    account.add(schedule, "subscription_schedule.created")
    if start <= account.now():
        _begin(account, schedule)
    else:
        account.plan(start, "schedule.phase", schedule["id"])
    return account.get("subscription_schedule", schedule["id"])


def start_of(account: Account, params: Params) -> int:
    """`start_date` of a schedule; now, unless it says otherwise. It cannot be in the past here."""
    wanted = params.get("start_date", "now")
    start = account.now() if wanted == "now" else int(wanted)
    if start < account.now():
        raise invalid("The local Stripe starts schedules now or later; start_date lies in the past.", "start_date")
    return start


@due("schedule.phase")
def _phase_due(account: Account, schedule_id: str) -> None:
    """The next phase begins, or the last one ends."""
    schedule = account.find("subscription_schedule", schedule_id)
    if schedule is None or schedule["status"] not in ("not_started", "active"):
        return
    now = account.now()
    if schedule["status"] == "not_started":
        if schedule["phases"][0]["start_date"] == now:
            _begin(account, schedule)
        return
    if (schedule["current_phase"] or {}).get("end_date") != now:
        return
    following = [phase for phase in schedule["phases"] if phase["start_date"] == now]
    if following:
        _enter(account, schedule, following[0])
    elif schedule["end_behavior"] == "cancel":
        subscription = account.get("subscription", schedule["subscription"])
        schedule.update(status="completed", completed_at=now, current_phase=None)
        account.save(schedule)
        account.emit("subscription_schedule.completed", schedule)
        if subscription["status"] != "canceled":
            billing.finish(account, subscription, reason="cancellation_requested")
    else:
        _release(account, schedule)


def _begin(account: Account, schedule: Object) -> None:
    """The first phase: the subscription comes into being."""
    phase = schedule["phases"][0]
    subscription, sold = assemble(account, subscription_params(schedule, phase))
    subscription["schedule"] = schedule["id"]
    invoice = first_invoice(account, subscription, sold)
    invoice_drafts.keep(account, invoice)
    subscription["latest_invoice"] = invoice["id"]
    billing.spend_once(account, subscription, invoice)
    account.store.put(subscription)
    account.emit("customer.subscription.created", subscription)
    billing.plan_renewal(account, subscription)
    schedule.update(status="active", subscription=subscription["id"])
    schedule["current_phase"] = {"start_date": phase["start_date"], "end_date": phase["end_date"]}
    account.save(schedule, "subscription_schedule.updated")
    account.plan(phase["end_date"], "schedule.phase", schedule["id"])
    invoicing.finalize_later(account, invoice)


def _enter(account: Account, schedule: Object, phase: Object) -> None:
    """A later phase: the subscription becomes what the phase says."""
    subscription = account.get("subscription", schedule["subscription"])
    if subscription["status"] not in ("canceled", "incomplete_expired"):
        wanted = subscription_params(schedule, phase)
        for name in ("customer", "currency"):
            del wanted[name]
        wanted["items"] = _item_changes(subscription, wanted["items"])
        update_subscription(account, wanted, subscription["id"])
    schedule["current_phase"] = {"start_date": phase["start_date"], "end_date": phase["end_date"]}
    account.save(schedule, "subscription_schedule.updated")
    account.plan(phase["end_date"], "schedule.phase", schedule["id"])


def _item_changes(subscription: Object, wanted: list[Params]) -> list[Params]:
    """From what it has to what the phase wants: same price stays, else positions are reused, the rest goes."""
    have = list(subscription["items"]["data"])
    changes = []
    for entry in wanted:
        same = next((item for item in have if item["price"]["id"] == entry["price"]), have[0] if have else None)
        if same is not None:
            have.remove(same)
            changes.append({"id": same["id"], **entry})
        else:
            changes.append(entry)
    return changes + [{"id": item["id"], "deleted": True} for item in have]


def _release(account: Account, schedule: Object) -> Object:
    subscription = account.find("subscription", schedule["subscription"] or "")
    if subscription is not None:
        subscription["schedule"] = None
        account.save(subscription, "customer.subscription.updated")
    schedule.update(
        status="released",
        released_at=account.now(),
        released_subscription=schedule["subscription"],
        subscription=None,
        current_phase=None,
    )
    account.save(schedule)
    account.emit("subscription_schedule.released", schedule)
    return schedule


def _from_subscription(account: Account, params: Params) -> Object:
    """A schedule around a running subscription: its current period is the first phase."""
    for name in set(params) - {"from_subscription", "metadata"}:
        raise invalid(f"You cannot set {name} together with from_subscription.", name)
    subscription = account.get("subscription", params["from_subscription"], "from_subscription")
    if subscription["schedule"] is not None:
        raise invalid("You cannot migrate a subscription that is already attached to a schedule.", "from_subscription")
    settings = {
        "collection_method": subscription["collection_method"],
        "invoice_settings": {"days_until_due": subscription["days_until_due"]},
    }
    if subscription["default_payment_method"]:
        settings["default_payment_method"] = subscription["default_payment_method"]
    schedule = new_schedule(
        account, subscription["customer"], params, default_settings(account, subscription["customer"], settings)
    )
    start, end = period_of(subscription)
    sent: Params = {
        "items": [item_params({**item, "price": item["price"]["id"]}) for item in subscription["items"]["data"]],
        "end_date": end,
        "currency": subscription["currency"],
        "default_tax_rates": [rate["id"] for rate in subscription["default_tax_rates"]],
        "discounts": [{"discount": discount} for discount in subscription["discounts"]],
    }
    if subscription["status"] == "trialing":
        sent["trial_end"] = subscription["trial_end"]
    schedule["phases"] = build_phases(account, schedule, [sent], start)
    schedule.update(status="active", subscription=subscription["id"])
    schedule["current_phase"] = {"start_date": start, "end_date": end}
    subscription["schedule"] = schedule["id"]
    account.save(subscription, "customer.subscription.updated")
    account.plan(end, "schedule.phase", schedule["id"])
    return account.add(schedule, "subscription_schedule.created")


def update(account: Account, params: Params, schedule_id: str) -> Object:
    """Replace the phases that have not begun; the current one keeps its start and its items."""
    schedule = account.get("subscription_schedule", schedule_id)
    for name in set(params) - {"phases", "end_behavior", "metadata", "default_settings", "proration_behavior"}:
        raise invalid(f"The local Stripe does not change {name} of subscription schedules.", name)
    if schedule["status"] not in ("not_started", "active"):
        raise invalid(f"You cannot update a schedule that is {schedule['status']}.")
    if "phases" in params:
        _replace_phases(account, schedule, params["phases"])
    if "default_settings" in params:
        schedule["default_settings"] = default_settings(account, schedule["customer"], params["default_settings"])
    schedule["end_behavior"] = params.get("end_behavior", schedule["end_behavior"])
    schedule["metadata"] = merge_metadata(schedule["metadata"], params.get("metadata"))
    return account.save(schedule, "subscription_schedule.updated")


def _replace_phases(account: Account, schedule: Object, sent: list[Params]) -> None:
    if not sent:
        raise invalid("A schedule has at least one phase.", "phases")
    current = schedule["current_phase"]
    start = current["start_date"] if current else int(sent[0].get("start_date") or schedule["phases"][0]["start_date"])
    if not current and start <= account.now():
        raise invalid("The start of a schedule that has not started lies in the future.", "phases[0][start_date]")
    if current and int(sent[0].get("start_date", start)) != start:
        raise invalid("The current phase's start_date cannot be changed.", "phases[0][start_date]")
    phases = build_phases(account, schedule, sent, start)
    if current:
        now_sold = next(phase for phase in schedule["phases"] if phase["start_date"] == start)
        if _sold(now_sold) != _sold(phases[0]):
            raise invalid("The local Stripe changes coming phases only; change the subscription itself.", "phases[0]")
        if phases[0]["end_date"] <= account.now():
            raise invalid("The current phase ends in the future.", "phases[0][end_date]")
        current["end_date"] = phases[0]["end_date"]
    schedule["phases"] = phases
    account.plan(phases[0]["end_date"] if current else start, "schedule.phase", schedule["id"])


def _sold(phase: Object) -> list[tuple[Any, Any]]:
    return [(item["price"], item["quantity"]) for item in phase["items"]]


crud("SubscriptionSchedule", "/v1/subscription_schedules", kind="subscription_schedule", create=create, update=update)


@route("GET", "/v1/subscription_schedules", "SubscriptionScheduleListParams")
def list_schedules(account: Account, params: Params) -> Object:
    waiting = {"status": "not_started"} if params.pop("scheduled", False) else {}
    return page(account, "subscription_schedule", "/v1/subscription_schedules", params, "customer", **waiting)


@route("POST", "/v1/subscription_schedules/{}/cancel", "SubscriptionScheduleCancelParams")
def cancel(account: Account, params: Params, schedule_id: str) -> Object:
    only(params, "canceling a schedule")
    schedule = account.get("subscription_schedule", schedule_id)
    if schedule["status"] not in ("not_started", "active"):
        raise invalid(f"You cannot cancel a schedule that is {schedule['status']}.")
    subscription = account.find("subscription", schedule["subscription"] or "")
    if subscription is not None and subscription["status"] != "canceled":
        billing.finish(account, subscription, reason="cancellation_requested")
    schedule.update(status="canceled", canceled_at=account.now(), current_phase=None)
    account.save(schedule)
    account.emit("subscription_schedule.canceled", schedule)
    return schedule


@route("POST", "/v1/subscription_schedules/{}/release", "SubscriptionScheduleReleaseParams")
def release(account: Account, params: Params, schedule_id: str) -> Object:
    only(params, "releasing a schedule")
    schedule = account.get("subscription_schedule", schedule_id)
    if schedule["status"] not in ("not_started", "active"):
        raise invalid(f"You cannot release a schedule that is {schedule['status']}.")
    return _release(account, schedule)
