"""What a manager has to grant: a discount or a total above what the sender's role may give.

The draft waits as a draft. States, acts and audit rows are those of change requests: nobody grants what they asked
for, one decision wins, and a draft that is changed afterwards has to be granted anew.
"""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from pydantic import Field

from billing.catalogue.policies import GrantLimit
from billing.change_requests.model import LONGEST_NOTE, Decision, RequestState
from billing.change_requests.model import Act as Move
from billing.change_requests.states import move
from billing.errors import NoSuchApproval, UnknownInvoice
from billing.ids import ContactId, SalesInvoiceId
from billing.invoices.amounts import InvoiceTotals
from billing.invoices.deciders import entitled, with_deputies
from billing.invoices.drafting import amounts, editable, shown_amounts
from billing.invoices.model import Approval, Conflict, SalesInvoice, person
from billing.models import Frozen
from billing.money import Money
from billing.operations import Command
from billing.ports import Job, UnitOfWork
from billing.roles import Permission
from billing.timeline import Entry, Happening

PIPELINE = "invoice_approval"
TRIES = 5


class Exceeded(Frozen):
    """What is above the person's limit; one of both at least."""

    discount: Decimal | None = None  # percent that is given
    discount_limit: Decimal | None = None
    total: Money | None = None
    total_limit: Money | None = None


class AskForApproval(Command):
    """The sender asks a manager, and says why."""

    kind: ClassVar[str] = "ask_for_approval"

    invoice: SalesInvoiceId
    note: str = Field("", max_length=LONGEST_NOTE)


class ApprovalView(Frozen):
    """An approval as it stands, for its card."""

    invoice: SalesInvoice
    approval: Approval
    totals: InvoiceTotals
    exceeds: Exceeded | None  # what the one who asked may not give; None: not any more
    outdated: bool  # the draft is no longer what was asked about, or was sent or thrown away


def exceeded(uow: UnitOfWork, totals: InvoiceTotals) -> Exceeded | None:
    """What of it the actor may not grant alone; None when nothing is. A discount is measured from the full price."""
    return _above(uow.catalogue.invoices.limit_of(uow.actor.roles), totals)


def _above(limit: GrantLimit | None, totals: InvoiceTotals) -> Exceeded | None:
    if limit is None:
        return None
    full, given = totals.undiscounted.amount, totals.given.amount
    percent = Decimal(given * 100) / full if full else Decimal(0)
    too_cheap = limit.discount is not None and percent > limit.discount
    most = limit.total.get(totals.total.currency)
    too_much = most is not None and totals.total.amount > most
    if not too_cheap and not too_much:
        return None
    return Exceeded(
        discount=percent.quantize(Decimal("0.01")).normalize() if too_cheap else None,
        discount_limit=limit.discount if too_cheap else None,
        total=totals.total if too_much else None,
        total_limit=totals.total.with_amount(most) if too_much and most is not None else None,
    )


def ask(uow: UnitOfWork, command: AskForApproval) -> SalesInvoice:
    """File what has to be granted. The same content twice is asked once; what was rejected may be asked again."""
    uow.actor.require(Permission.SEND_INVOICE)
    for attempt in range(TRIES):
        try:
            return _asked(uow, command)
        except Conflict:
            if attempt == TRIES - 1:
                raise
    raise AssertionError("the last try raises")


def _asked(uow: UnitOfWork, command: AskForApproval) -> SalesInvoice:
    invoice = uow.invoices.get(command.invoice)
    editable(uow, invoice, command.contact)
    totals = amounts(uow, uow.contacts.get(invoice.contact), invoice)
    if invoice.awaits_approval or invoice.is_granted or not exceeded(uow, totals):
        return invoice
    me = person(uow.actor.user, uow.actor.name)
    filing = Decision(number=1, act=Move.FILE, by=me, at=uow.now, note=command.note.strip())
    approval = Approval(fingerprint=invoice.content, filed_by=me, decisions=(filing,), nudged_at=uow.now)
    return _saved(uow, invoice, with_deputies(uow, invoice.team, approval), Happening.INVOICE_APPROVAL_ASKED)


def decide(
    uow: UnitOfWork, contact_id: ContactId, invoice_id: SalesInvoiceId, act: Move, note: str = ""
) -> SalesInvoice:
    """Grant or reject, as the actor; a rejection needs words.

    Raises NotStaff, NotPermitted, OwnRequest, AlreadyDecided, ReasonMissing; NoSuchApproval when the draft was changed
    or sent since.
    The same decision by the same person again changes nothing.
    """
    for attempt in range(TRIES):
        invoice = uow.invoices.get(invoice_id)
        approval = invoice.approval
        if invoice.team != uow.actor.team or invoice.contact != contact_id:
            raise UnknownInvoice(invoice=invoice_id)
        me = entitled(uow, invoice)
        if approval is None:
            raise NoSuchApproval
        last = approval.last
        if last.act is act and last.by and last.by.user == me.user:
            return invoice
        if approval.state is RequestState.FILED and not invoice.awaits_approval:
            raise NoSuchApproval
        after = move(approval, act, me, uow.now, note)
        happened = Happening.INVOICE_APPROVED if act is Move.APPROVE else Happening.INVOICE_REJECTED
        try:
            return _saved(uow, invoice, after, happened)
        except Conflict:
            if attempt == TRIES - 1:
                raise
    raise AssertionError("the last try raises")


def view(uow: UnitOfWork, invoice_id: SalesInvoiceId) -> ApprovalView:
    """What the card shows. Raises NoSuchApproval for a draft that nobody asked about."""
    invoice = uow.invoices.get(invoice_id)
    if invoice.approval is None:
        raise NoSuchApproval
    totals = shown_amounts(uow, uow.contacts.get(invoice.contact), invoice)
    asker = uow.staff.get(invoice.team, invoice.approval.filed_by.user)
    return ApprovalView(
        invoice=invoice,
        approval=invoice.approval,
        totals=totals,
        exceeds=_above(uow.catalogue.invoices.limit_of(asker.roles), totals) if asker else None,
        outdated=_is_outdated(invoice, invoice.approval),
    )


def news(invoice: SalesInvoice) -> Job:
    """The job that brings all cards up to date, and posts those that are missing."""
    version = f"{invoice.id}:{invoice.version}"
    return Job(id=f"{invoice.id}:approval:{invoice.version}", name=PIPELINE, argument=version)


def _is_outdated(invoice: SalesInvoice, approval: Approval) -> bool:
    is_open = approval.state is RequestState.FILED
    return approval.fingerprint != invoice.content or (is_open and not invoice.awaits_approval)


def _saved(uow: UnitOfWork, invoice: SalesInvoice, approval: Approval, happened: Happening) -> SalesInvoice:
    """The approval, its line in the timeline, and the job that tells the people concerned."""
    after = invoice.model_copy(update={"version": invoice.version + 1, "approval": approval})
    uow.invoices.save(after)
    last = approval.last
    uow.timeline.append(
        Entry(
            id=f"{invoice.id}:{approval.fingerprint[:8]}:{after.version}",
            contact=invoice.contact,
            at=uow.now,
            what=happened,
            by=last.by.name if last.by else None,
            parameters={"note": last.note or None},
        )
    )
    uow.enqueue(news(after))
    return after
