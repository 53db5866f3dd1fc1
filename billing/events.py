"""What Stripe tells: each event is handled once, in any order, and the mirror ends equal to Stripe.

An event only says *that* something happened to a customer; what is true now is read from Stripe. So a late or repeated
event can never put back an older state.
"""

from __future__ import annotations

import json
from typing import Any

from billing.access import Actor
from billing.change_requests.applying import settle
from billing.contacts import Contact, CustomerSnapshot
from billing.errors import NotFound
from billing.ids import EventId, OperationId
from billing.money import Money
from billing.operations import Operation, State
from billing.plan_changes import follow
from billing.ports import Payments, Store, StripeEvent, UnitOfWork
from billing.steps import NOBODY
from billing.subscriptions import ResumeSubscription, expire
from billing.timeline import Entry, Happening

SESSION_COMPLETED = "checkout.session.completed"
SESSION_EXPIRED = "checkout.session.expired"


class EventSteps:
    """fetch, record, follow up: each from text to text, for the engine."""

    def __init__(self, store: Store, payments: Payments) -> None:
        self._store = store
        self._payments = payments

    def fetch(self, event_id: str, _: str) -> str:
        """The customer as Stripe has it now; empty when it is not one of our contacts."""
        with self._store.reading(NOBODY) as uow:
            event = uow.events.get(EventId(event_id))
            contact = uow.contacts.by_customer(event.customer) if event.customer else None
        if contact is None:
            return ""
        snapshot = self._payments.snapshot(contact.customer)
        return snapshot.model_dump_json() if snapshot else ""

    def record(self, event_id: str, snapshot: str) -> str:
        """Mirror and timeline in one transaction. Answers with the operation that this event moves on, if any."""
        if not snapshot:
            return ""
        found = CustomerSnapshot.model_validate_json(snapshot)
        with self._store.writing(NOBODY) as uow:
            event = uow.events.get(EventId(event_id))
            contact = uow.contacts.by_customer(found.customer)
            if contact is None:
                return ""
            uow.mirror.replace(contact.id, found)
            settle(uow, uow.contacts.get(contact.id))
            follow(uow, uow.contacts.get(contact.id))
            entry = history(event, contact)
            if entry:
                uow.timeline.append(entry)
            moved = _moved_on(uow, event, contact)
            if moved and event.type == SESSION_EXPIRED:
                expire(uow, moved)
            return moved.id if moved else ""

    def resumption(self, event_id: str, waiting_id: str) -> tuple[ResumeSubscription, Operation, Actor] | None:
        """What to accept now that the customer has added a method: for which operation, in whose name."""
        if not waiting_id:
            return None
        with self._store.reading(NOBODY) as uow:
            event = uow.events.get(EventId(event_id))
            waiting = uow.operations.get(OperationId(waiting_id))
            actor = uow.staff.get(waiting.team, waiting.user)
        if event.type != SESSION_COMPLETED or waiting.state is not State.WAITING or actor is None:
            return None
        command = ResumeSubscription(contact=waiting.contact, waiting=waiting.id, session=event.object_id or "")
        return command, waiting, actor


# In which state an event about the customer's page finds the operation. An expiry that was recorded already must be
# found again: the answer may have been lost in a crash, and somebody has yet to be told.
_FOUND_IN = {SESSION_COMPLETED: (State.WAITING,), SESSION_EXPIRED: (State.WAITING, State.EXPIRED)}


def _moved_on(uow: UnitOfWork, event: StripeEvent, contact: Contact) -> Operation | None:
    """The operation of this very contact that waits for the page; what the metadata claims is checked."""
    states = _FOUND_IN.get(event.type, ())
    claimed = (json.loads(event.payload).get("metadata") or {}).get("operation") if states else None
    if not claimed:
        return None
    try:
        operation = uow.operations.get(OperationId(claimed))
    except NotFound:
        return None
    return operation if operation.contact == contact.id and operation.state in states else None


def history(event: StripeEvent, contact: Contact) -> Entry | None:
    """The line in the timeline, for events that a person would want to read about."""
    payload = json.loads(event.payload)
    match event.type:
        case "invoice.paid" if payload.get("amount_paid"):
            return _line(event, contact, Happening.PAYMENT_SUCCEEDED, "amount_paid", number=payload.get("number"))
        case "invoice.payment_failed":
            return _line(event, contact, Happening.PAYMENT_FAILED, "amount_remaining", number=payload.get("number"))
        case "payment_method.attached" | "payment_method.detached":
            card = payload.get("card") or {}
            added = event.type.endswith("attached")
            happening = Happening.PAYMENT_METHOD_ADDED if added else Happening.PAYMENT_METHOD_REMOVED
            return _line(event, contact, happening, brand=card.get("brand"), last4=card.get("last4"))
        case "customer.subscription.deleted":
            return _line(event, contact, Happening.SUBSCRIPTION_ENDED, product=_sold_first(payload))
        case _:
            return None


def _sold_first(subscription: dict[str, Any]) -> str | None:
    """The lookup key of what the subscription was for; None for a price that has none."""
    items = (subscription.get("items") or {}).get("data") or [{}]
    return (items[0].get("price") or {}).get("lookup_key")


def _line(event: StripeEvent, contact: Contact, what: Happening, amount: str | None = None, **parameters: Any) -> Entry:
    payload = json.loads(event.payload)
    return Entry(
        id=event.id,
        contact=contact.id,
        at=event.created_at,
        what=what,
        amount=Money(amount=payload[amount], currency=payload["currency"]) if amount else None,
        stripe_id=event.object_id,
        parameters=parameters,
    )
