"""An approval that nobody decides is reminded of, again and again; it never decides itself."""

from __future__ import annotations

from datetime import datetime, timedelta

from billing.absences import is_away
from billing.access import Actor
from billing.change_requests.model import RequestState
from billing.errors import NoSuchApproval, UnknownInvoice
from billing.ids import SalesInvoiceId, UserId
from billing.invoices import approving
from billing.invoices.approving import ApprovalView
from billing.invoices.deciders import deciders, with_deputies
from billing.invoices.model import Conflict, SalesInvoice
from billing.ports import Job, Store, UnitOfWork
from billing.steps import NOBODY

PIPELINE = "invoice_approval_reminder"  # a message to one person; argument: invoice:user
AT_ONCE = 1_000  # that are looked at in one transaction


def remind(store: Store) -> int:
    """Have the managers reminded of what was asked longer ago than change requests may lie; how many drafts that were.

    Those who are away are left out, unless all are. Where all are, or a draft lies too long, their deputies are asked.
    """
    count, after = 0, None
    while True:
        with store.writing(NOBODY) as uow:
            before = uow.now - timedelta(hours=uow.catalogue.plan_changes.remind_after_hours)
            found = uow.invoices.waiting(AT_ONCE, after)
            count += sum(_nudge(uow, one) for one in found if _lies(one, before=before))
        if len(found) < AT_ONCE:
            return count
        after = found[-1].place


def still_waiting(uow: UnitOfWork, invoice: SalesInvoiceId, user: UserId) -> tuple[ApprovalView, Actor] | None:
    """The approval and that person, if they may still decide it: a reminder may come late."""
    try:
        shown = approving.view(uow, invoice)
    except (UnknownInvoice, NoSuchApproval):
        return None
    if shown.outdated or shown.approval.state is not RequestState.FILED:
        return None
    asked = (one for one in deciders(uow, shown.invoice) if one.user == user)
    return next(((shown, one) for one in asked), None)


def _lies(invoice: SalesInvoice, *, before: datetime) -> bool:
    approval = invoice.approval
    return approval is not None and approval.nudged_at <= before


def _nudge(uow: UnitOfWork, invoice: SalesInvoice) -> bool:
    assert invoice.approval, "only approvals lie"
    approval = with_deputies(uow, invoice.team, invoice.approval).model_copy(update={"nudged_at": uow.now})
    after = invoice.model_copy(update={"version": invoice.version + 1, "approval": approval})
    try:
        uow.invoices.save(after)
    except Conflict:
        return False  # somebody is at it; the next look finds it again
    people = deciders(uow, after)
    there = [one for one in people if not is_away(uow, invoice.team, one.user)] or people
    known = {one.user for one in deciders(uow, invoice)}
    stamp = int(uow.now.timestamp())
    uow.enqueue(
        *(
            Job(id=f"{invoice.id}:{one.user}:{stamp}", name=PIPELINE, argument=f"{invoice.id}:{one.user}")
            for one in there
            if one.user in known
        )
    )
    if len(people) > len(known):  # who is asked just now gets a card, which is news enough
        uow.enqueue(approving.news(after))
    return True
