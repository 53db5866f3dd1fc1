"""One invoice as it stands now, and what this person may do with it: the table of states, acts and permissions (HX9).

Also invoices that Stripe made by itself, for subscriptions: they are seen, charged, credited; HX10 keeps payments by
hand away from them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum

from billing.catalogue import EditSent
from billing.contacts import Contact, Invoice, InvoiceStatus, PaymentMethod
from billing.errors import ManualPaymentNotPossible, NotNow, UnknownInvoice
from billing.ids import ContactId, InvoiceId, SalesInvoiceId
from billing.invoices.amounts import InvoiceTotals
from billing.invoices.billed import Billed, billed
from billing.invoices.deciders import may_decide
from billing.invoices.drafting import shown_amounts
from billing.invoices.model import InvoiceState, SalesInvoice, Stage, state
from billing.models import Frozen
from billing.money import Money
from billing.payment_methods import ways_to_pay
from billing.ports import UnitOfWork
from billing.roles import Permission


class Act(StrEnum):
    """What can be done with an invoice."""

    EDIT = "edit"
    SEND = "send"
    DELETE = "delete"
    SEND_AGAIN = "send_again"
    CHARGE = "charge"
    RECORD = "record"
    CREDIT = "credit"  # less is to be paid
    REFUND = "refund"  # what was paid goes back
    VOID = "void"
    WRITE_OFF = "write_off"
    CLONE = "clone"
    TEMPLATE = "template"
    GIVE_UP = "give_up"  # the number of what Stripe does not take
    REVOKE = "revoke"  # every link to its documents
    CORRECT = "correct"  # memo, order number and recipients of a sent one (K8)


S = InvoiceState
_COPIES = (Act.CLONE, Act.TEMPLATE)
_KEPT = (*_COPIES, Act.REVOKE)
_UNPAID = (Act.SEND_AGAIN, Act.CHARGE, Act.RECORD, Act.CREDIT, Act.VOID, Act.WRITE_OFF, *_KEPT)

# What a state allows. A partly paid invoice cannot be voided at Stripe: it is credited instead.
ALLOWED: Mapping[InvoiceState, tuple[Act, ...]] = {
    S.DRAFT: (Act.EDIT, Act.SEND, Act.DELETE, *_COPIES),
    S.SENDING: (Act.SEND, Act.GIVE_UP, Act.REVOKE),  # again, when something unforeseen kept Stripe from being told
    S.SENT: (*_UNPAID, Act.CORRECT),
    S.OVERDUE: (*_UNPAID, Act.CORRECT),
    S.PARTLY_PAID: (Act.SEND_AGAIN, Act.CHARGE, Act.RECORD, Act.CREDIT, Act.WRITE_OFF, Act.CORRECT, *_KEPT),
    S.PROCESSING: (Act.SEND_AGAIN, *_KEPT),
    S.PAID: (Act.SEND_AGAIN, Act.REFUND, *_KEPT),
    S.UNCOLLECTIBLE: (Act.CHARGE, Act.RECORD, Act.VOID, *_KEPT),
    S.VOID: _KEPT,
    S.REFUNDED: (Act.SEND_AGAIN, *_KEPT),
}

NEEDS: Mapping[Act, Permission] = {
    Act.EDIT: Permission.DRAFT_INVOICE,
    Act.SEND: Permission.SEND_INVOICE,
    Act.DELETE: Permission.DRAFT_INVOICE,
    Act.SEND_AGAIN: Permission.SEND_INVOICE,
    Act.CHARGE: Permission.TAKE_PAYMENT,
    Act.RECORD: Permission.TAKE_PAYMENT,
    Act.CREDIT: Permission.REFUND,
    Act.REFUND: Permission.REFUND,
    Act.VOID: Permission.VOID_INVOICE,
    Act.WRITE_OFF: Permission.VOID_INVOICE,
    Act.GIVE_UP: Permission.GIVE_UP_NUMBER,
    Act.CLONE: Permission.DRAFT_INVOICE,
    Act.TEMPLATE: Permission.DRAFT_INVOICE,
    Act.REVOKE: Permission.SEND_INVOICE,
    Act.CORRECT: Permission.SEND_INVOICE,
}

# What needs an invoice of ours: of Stripe's own there is no draft, no document and no recipient here.
_OURS_ONLY = (
    Act.EDIT,
    Act.SEND,
    Act.DELETE,
    Act.SEND_AGAIN,
    Act.CLONE,
    Act.TEMPLATE,
    Act.REVOKE,
    Act.CORRECT,
    Act.GIVE_UP,
)


class Sheet(Frozen):
    """One invoice. `ours` is None for an invoice that Stripe made, `stripe` is None for one that was not issued."""

    contact: Contact
    ours: SalesInvoice | None
    stripe: Invoice | None
    state: InvoiceState
    billed: Billed | None = None  # of ours, once it has its number
    totals: InvoiceTotals | None  # of ours
    total: Money
    due: Money  # what is still to be paid
    due_on: date | None
    acts: tuple[Act, ...]  # what this person may do now
    may_decide: bool = False  # this person may grant or reject it now
    methods: tuple[PaymentMethod, ...]  # cards on file that are good, as the reader may see them
    now: datetime  # UTC
    today: date  # in the business's time zone

    @property
    def ref(self) -> str:
        """What names it in buttons: our id or, for Stripe's own, Stripe's."""
        return self.ours.id if self.ours else self.stripe_id

    @property
    def stripe_id(self) -> InvoiceId:
        """Stripe's id, of what was issued."""
        if self.stripe is None:
            raise NotNow(invoice_state=self.state.value)
        return self.stripe.id

    @property
    def number(self) -> str | None:
        return (self.ours.number if self.ours else None) or (self.stripe.number if self.stripe else None)

    @property
    def by_subscription(self) -> bool:
        return self.stripe is not None and self.stripe.subscription is not None


def sheet(uow: UnitOfWork, ref: str) -> Sheet:
    """The invoice of that id, ours or Stripe's, for people to look at. Raises UnknownInvoice."""
    uow.actor.require(Permission.SEE_CONTACT)
    return _sheet(uow, ref, looks_for_charges=True)


def as_it_stands(uow: UnitOfWork, ref: str) -> Sheet:
    """The same without asking for rights: for what the program sends to the customer by itself."""
    return _sheet(uow, ref, looks_for_charges=False)


def _sheet(uow: UnitOfWork, ref: str, *, looks_for_charges: bool) -> Sheet:
    ours, stripe, contact_id = _found(uow, ref)
    contact = uow.contacts.get(contact_id)
    refs = {ref, ours.id if ours else ref, stripe.id if stripe else ref}
    charging = looks_for_charges and _is_charging(uow, contact_id, refs)
    found = state(ours.stage if ours else Stage.ISSUED, stripe, uow.now, charging=charging)
    kept = billed(ours) if ours else None
    totals = kept.totals if kept else shown_amounts(uow, contact, ours) if ours else None
    total = stripe.total if stripe else totals.total if totals else Money.zero(contact.currency)
    zone = uow.catalogue.business.zone
    day = stripe.due_at.astimezone(zone).date() if stripe and stripe.due_at else None
    return Sheet(
        contact=contact,
        ours=ours,
        stripe=stripe,
        state=found,
        billed=kept,
        totals=totals,
        total=total,
        due=stripe.due if stripe and stripe.status in _OPEN else total.with_amount(0),
        due_on=ours.due(uow.today) if ours else day,
        acts=tuple(act for act in Act if allows(uow, found, ours, stripe, act) and uow.actor.may(NEEDS[act])),
        may_decide=ours is not None and may_decide(uow, ours),
        methods=tuple(one for one in ways_to_pay(uow, contact).methods if one.is_card),
        now=uow.now,
        today=uow.today,
    )


def _is_charging(uow: UnitOfWork, contact: ContactId, refs: set[str]) -> bool:
    """Whether a card is being charged for the invoice, by whichever of its names."""
    at_work = (one.command for one in uow.operations.at_work(contact) if one.kind == CHARGING)
    return any(f'"{ref}"' in command for command in at_work for ref in refs)


CHARGING = "charge_invoice"  # the kind of the operation that charges a card
_OPEN = (InvoiceStatus.OPEN, InvoiceStatus.UNCOLLECTIBLE)


def _found(uow: UnitOfWork, ref: str) -> tuple[SalesInvoice | None, Invoice | None, ContactId]:
    ours = uow.invoices.find(SalesInvoiceId(ref)) or uow.invoices.by_stripe(InvoiceId(ref))
    if ours and uow.actor.team not in ("", ours.team):
        raise UnknownInvoice(invoice=ref)
    mirrored = uow.mirror.whose_invoice(ours.stripe if ours and ours.stripe else InvoiceId(ref))
    if ours:
        return ours, mirrored[1] if mirrored else None, ours.contact
    if mirrored is None:
        raise UnknownInvoice(invoice=ref)
    return None, mirrored[1], mirrored[0]


def settled(uow: UnitOfWork, ref: str) -> str:
    """What operations on one invoice have in common, whichever of its two ids they name it by (`Action.subject`)."""
    ours = uow.invoices.by_stripe(InvoiceId(ref))
    return ours.id if ours else ref


def allows(uow: UnitOfWork, found: InvoiceState, ours: SalesInvoice | None, stripe: Invoice | None, act: Act) -> bool:
    """Whether the invoice allows it to anybody: by its state, and by what made it."""
    if act not in ALLOWED[found] or (act in _OURS_ONLY and ours is None):
        return False
    if act is Act.RECORD and stripe is not None and stripe.subscription is not None:
        return False
    if act is Act.REFUND:
        return stripe is not None and bool(stripe.left_to_credit)
    if act is Act.GIVE_UP:
        return ours is not None and ours.not_sent is not None
    if act is Act.CORRECT:
        return uow.catalogue.invoices.edit_sent is EditSent.UNTIL_PAID
    return True


def require(uow: UnitOfWork, ref: str, contact: ContactId, act: Act) -> Sheet:
    """The invoice, if this person may do that with it now: the same rules for buttons and for forged submissions.

    Raises UnknownInvoice (also for another customer's), NotPermitted, ManualPaymentNotPossible (HX10) or NotNow.
    """
    uow.actor.require(NEEDS[act])
    found = _sheet(uow, ref, looks_for_charges=False)  # who comes later waits for its turn, see `steps`
    if found.contact.id != contact:
        raise UnknownInvoice(invoice=ref)
    if act is Act.RECORD and found.by_subscription:
        raise ManualPaymentNotPossible
    if act not in found.acts:
        raise NotNow(invoice_state=found.state.value, number=found.number)
    return found
