"""What Stripe tells: each event is handled once, in any order, and the mirror ends equal to Stripe.

An event only says *that* something happened to a customer; what is true now is read from Stripe. So a late or repeated
event can never put back an older state.
"""

from __future__ import annotations

import json
from functools import partial

from billing.access import Actor
from billing.change_requests.applying import settle
from billing.contacts import Contact, CustomerSnapshot, from_stripe
from billing.dunning.failures import note
from billing.errors import NotFound, Transient
from billing.event_entries import REFUND_FAILED, REFUNDS, history
from billing.ids import CustomerId, EventId, InvoiceId, OperationId
from billing.invoices import telling
from billing.looks import Look, SharedLooks
from billing.operations import Operation, State
from billing.payment_links import Resumption, expire
from billing.plan_changes import ChangePlan, ResumePlanChange, follow
from billing.ports import Origin, Payments, Store, StripeEvent, UnitOfWork
from billing.steps import NOBODY
from billing.subscriptions import CreateSubscription, ResumeSubscription

SESSION_COMPLETED = "checkout.session.completed"
SESSION_EXPIRED = "checkout.session.expired"
CUSTOMER_UPDATED = "customer.updated"
# What goes on when the customer has added a payment method: by what waits, the operation that finishes it.
RESUMPTIONS: dict[str, type[Resumption]] = {
    CreateSubscription.kind: ResumeSubscription,
    ChangePlan.kind: ResumePlanChange,
}
PAID = ("invoice.paid", "invoice.updated")
COVERED = "covered"  # instead of a snapshot: the mirror shows already what the event is about
_CONTACT_DETAILS = {"name", "email", "phone", "address"}


class EventSteps:
    """handle and, if an operation moves on, `resumption`: from text to text, for the engine."""

    def __init__(self, store: Store, payments: Payments, managers_channel: str | None = None) -> None:
        self._store = store
        self._payments = payments
        self._channel = managers_channel
        self._looks = SharedLooks()

    def handle(self, event_id: str, _: str = "") -> str:
        """Bring mirror and timeline up to date; answers with the operation that this event moves on, if any.

        Raises Transient when an operation wrote meanwhile. Reading Stripe is no step of its own: what was read before
        a crash is not worth keeping.
        """
        return self.record(event_id, self.fetch(event_id))

    def fetch(self, event_id: str) -> str:
        """The customer as Stripe has it now; empty when it is not one of our contacts.

        Events about the same customer that wait together are served by one look: whatever looked at Stripe after this
        event had arrived shows what it is about, too.
        """
        with self._store.reading(NOBODY) as uow:
            event = uow.events.get(EventId(event_id))
            contact = uow.contacts.by_customer(event.customer) if event.customer else None
            if contact is None:
                return ""
            if event.type != CUSTOMER_UPDATED and uow.mirror.covers(contact.id) >= event.position:
                return COVERED
        return self._looks.at(contact.customer, event.position, partial(self._look, contact.customer))

    def _look(self, customer: CustomerId) -> Look:
        """Which events have arrived is asked before Stripe is: it may only be understated."""
        with self._store.reading(NOBODY) as uow:
            covers = uow.events.newest(customer)
        snapshot = self._payments.snapshot(customer)
        text = snapshot.model_copy(update={"covers": covers}).model_dump_json() if snapshot else ""
        return Look(covers, text)

    def record(self, event_id: str, fetched: str) -> str:
        """Mirror and timeline in one transaction. Answers with the operation that this event moves on, if any."""
        if not fetched:
            return ""
        fetched = self._renewed(event_id, fetched)
        refunded = self._refunded(event_id)
        with self._store.writing(NOBODY) as uow:
            event = uow.events.get(EventId(event_id))
            contact = uow.contacts.by_customer(event.customer) if event.customer else None
            if contact is None:
                return ""
            if fetched != COVERED:
                found = CustomerSnapshot.model_validate_json(fetched)
                uow.mirror.replace(contact.id, found)
                if _hides_something(uow, event, contact, found):
                    raise Transient("mirror")  # an operation wrote just now: look once more
                contact = uow.contacts.get(contact.id)  # as it is now that nobody else can record a snapshot of it
                settle(uow, contact)
                follow(uow, uow.contacts.get(contact.id))
                _renamed(uow, event, uow.contacts.get(contact.id), found)
            about = uow.mirror.invoice(contact.id, refunded or InvoiceId(event.object_id or ""))
            received = 0
            if event.type in PAID and event.object_id:
                uow.contacts.get(contact.id)  # held: nobody else notes a part of the payment meanwhile
                received = uow.timeline.received(event.object_id)
            entry = history(event, contact, about, received)
            if entry:
                uow.timeline.append(entry)
            note(uow, event, contact, self._channel)
            telling.note(uow, event, contact)
            if event.type == REFUND_FAILED and about:
                telling.refund_failed(uow, event, about)
            moved = _moved_on(uow, event, contact)
            if moved and event.type == SESSION_EXPIRED:
                expire(uow, moved)
            return moved.id if moved else ""

    def _refunded(self, event_id: str) -> InvoiceId | None:
        """Of which invoice money went back, or failed to: Stripe's event names only the payment."""
        with self._store.reading(NOBODY) as uow:
            event = uow.events.get(EventId(event_id))
        intent = json.loads(event.payload).get("payment_intent") if event.type in REFUNDS else None
        return self._payments.invoices.paid_with(intent) if intent else None

    def _renewed(self, event_id: str, fetched: str) -> str:
        """Another look at Stripe, where an operation has written since the first one: that did not show it."""
        if fetched == COVERED:
            return fetched
        with self._store.reading(NOBODY) as uow:
            event = uow.events.get(EventId(event_id))
            contact = uow.contacts.by_customer(event.customer) if event.customer else None
            hides = contact and _hides_something(uow, event, contact, CustomerSnapshot.model_validate_json(fetched))
        return self._look(contact.customer).text or fetched if contact and hides else fetched

    def resumption(self, event_id: str, waiting_id: str) -> tuple[Resumption, Operation, Actor] | None:
        """What to accept now that the customer has added a method: for which operation, in whose name."""
        with self._store.reading(NOBODY) as uow:
            event = uow.events.get(EventId(event_id))
            waiting = uow.operations.get(OperationId(waiting_id))
            actor = uow.staff.get(waiting.team, waiting.user)
        if event.type != SESSION_COMPLETED or waiting.state is not State.WAITING or actor is None:
            return None
        resumed = RESUMPTIONS[waiting.kind]
        return resumed(contact=waiting.contact, waiting=waiting.id, session=event.object_id or ""), waiting, actor


# In which state an event about the customer's page finds the operation. An expiry that was recorded already must be
# found again: the answer may have been lost in a crash, and somebody has yet to be told.
_FOUND_IN = {SESSION_COMPLETED: (State.WAITING,), SESSION_EXPIRED: (State.WAITING, State.EXPIRED)}


def _hides_something(uow: UnitOfWork, event: StripeEvent, contact: Contact, found: CustomerSnapshot) -> bool:
    """Older than what is known, which does not show this event either: an operation wrote it, no later snapshot.

    Names and addresses are not part of the mirror: only the newest look may say what they are.
    """
    if not uow.mirror.is_older(contact.id, found):
        return False
    return event.type == CUSTOMER_UPDATED or uow.mirror.covers(contact.id) < event.position


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


def _renamed(uow: UnitOfWork, event: StripeEvent, contact: Contact, found: CustomerSnapshot) -> None:
    """Name, e-mail, phone and address are Stripe's when they were changed there."""
    if event.type != CUSTOMER_UPDATED or event.origin is Origin.OURS:
        return
    previous = json.loads(event.previous)
    if _CONTACT_DETAILS.isdisjoint(previous):
        return
    now = from_stripe(contact, found, previous.get("name"), previous.get("email"))
    if now != contact:
        uow.contacts.save(now)
