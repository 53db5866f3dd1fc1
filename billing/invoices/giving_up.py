"""Giving up the number of an invoice that Stripe does not take: nobody else gets it, the history says why (H28)."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from billing.errors import ReasonMissing
from billing.ids import InvoiceId, SalesInvoiceId
from billing.invoices.model import LONGEST_REASON, Stage
from billing.invoices.sheets import Act, require
from billing.invoices.voiding import InvoiceEnded
from billing.models import Frozen
from billing.operations import Action, Command, Context
from billing.ports import Payments, UnitOfWork
from billing.timeline import Entry, Happening


class GiveUpNumber(Command):
    """The invoice is cancelled without having been at Stripe; a copy of it gets the next number."""

    kind: ClassVar[str] = "give_up_number"

    invoice: SalesInvoiceId
    note: str = Field(max_length=LONGEST_REASON)


class Unsendable(Frozen):
    invoice: SalesInvoiceId
    number: str
    stripe: InvoiceId | None  # the draft there
    note: str


class GivenUp(Frozen):
    """Stripe has no draft any more."""


def check(uow: UnitOfWork, command: GiveUpNumber) -> Unsendable:
    """Raise what `require` raises, and ReasonMissing: a number that is missing has to be explained."""
    invoice = require(uow, command.invoice, command.contact, Act.GIVE_UP).ours
    assert invoice, "only invoices of ours have a number of ours"
    note = " ".join(command.note.split())
    if not note:
        raise ReasonMissing
    return Unsendable(invoice=invoice.id, number=invoice.number or "", stripe=invoice.stripe, note=note)


def perform(payments: Payments, context: Context, checked: Unsendable) -> GivenUp:
    del context  # doing it twice is finding it done
    if checked.stripe:
        payments.invoices.discard(checked.stripe)
    return GivenUp()


def record(uow: UnitOfWork, context: Context, checked: Unsendable, outcome: GivenUp) -> InvoiceEnded:
    del outcome
    invoice = uow.invoices.get(checked.invoice)
    if invoice.stage is Stage.SENDING:
        after = {"version": invoice.version + 1, "stage": Stage.CANCELLED, "stripe": None}
        uow.invoices.save(invoice.model_copy(update=after))
    uow.timeline.append(
        Entry(
            id=f"{invoice.id}:{Happening.NUMBER_GIVEN_UP}",
            contact=invoice.contact,
            at=uow.now,
            what=Happening.NUMBER_GIVEN_UP,
            by=context.actor.name,
            operation=context.operation,
            parameters={"number": checked.number, "note": checked.note},
        )
    )
    return InvoiceEnded(ref=invoice.id, number=checked.number, write_off=False)


GIVE_UP = Action(
    command=GiveUpNumber,
    checked=Unsendable,
    outcome=GivenUp,
    receipt=InvoiceEnded,
    check=check,
    perform=perform,
    record=record,
    subject=lambda _uow, command: command.invoice,
)
