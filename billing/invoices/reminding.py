"""Reminders before, on and after the due date (HX19): by the house's schedule, and never for what is paid or void."""

from __future__ import annotations

from datetime import date

from billing.contacts import InvoiceStatus
from billing.ids import SalesInvoiceId
from billing.invoices.model import Conflict, SalesInvoice, Stage
from billing.invoices.sheets import Sheet, as_it_stands
from billing.ports import Job, Store, UnitOfWork
from billing.steps import NOBODY
from billing.timeline import Entry, Happening

PIPELINE = "invoice_reminder"
AT_ONCE = 200  # invoices that are looked at in one transaction


def remind(store: Store) -> int:
    """Hand the reminders that are due to the engine; how many that were.

    Of several days that passed meanwhile only the last one is reminded of. A paid or cancelled invoice loses all that
    were still to come.
    """
    count = 0
    while True:
        with store.writing(NOBODY) as uow:
            due = uow.invoices.to_remind(uow.today, AT_ONCE)
            count += sum(_reminded(uow, invoice) for invoice in due)
        if len(due) < AT_ONCE:
            return count


def _reminded(uow: UnitOfWork, invoice: SalesInvoice) -> bool:
    due_on = invoice.due(uow.today)
    over = (uow.today - due_on).days
    passed = tuple(days for days in invoice.reminders if days <= over)
    waiting = _waits_for_money(uow, invoice)
    coming = tuple(days for days in invoice.reminders if days > over) if waiting else ()
    after = invoice.model_copy(
        update={
            "version": invoice.version + 1,
            "reminders": coming,
            "reminds_on": date.fromordinal(due_on.toordinal() + coming[0]) if coming else None,
        }
    )
    try:
        uow.invoices.save(after)
    except Conflict:
        return False  # somebody is at it; the next look finds it again
    if not waiting or not passed:
        return False
    argument = f"{invoice.id}:{passed[-1]}"
    uow.enqueue(Job(id=f"{argument}:reminder", name=PIPELINE, argument=argument))
    return True


def still_due(uow: UnitOfWork, invoice_id: SalesInvoiceId) -> Sheet | None:
    """The invoice, if it still waits for money: a reminder may come late."""
    invoice = uow.invoices.find(invoice_id)
    return as_it_stands(uow, invoice.id) if invoice and _waits_for_money(uow, invoice) else None


def was_reminded(uow: UnitOfWork, invoice: SalesInvoice, days: int) -> None:
    """The line in the timeline, once for each day of the schedule."""
    uow.timeline.append(
        Entry(
            id=f"{invoice.id}:{days}:{Happening.INVOICE_REMINDED}",
            contact=invoice.contact,
            at=uow.now,
            what=Happening.INVOICE_REMINDED,
            stripe_id=invoice.stripe,
            parameters={"number": invoice.number},
        )
    )


def _waits_for_money(uow: UnitOfWork, invoice: SalesInvoice) -> bool:
    found = uow.mirror.whose_invoice(invoice.stripe) if invoice.stripe else None
    return (
        invoice.stage is Stage.ISSUED
        and found is not None
        and found[1].status is InvoiceStatus.OPEN
        and bool(found[1].due)
    )
