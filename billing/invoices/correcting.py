"""What of a sent invoice may still be changed, where the house allows it (K8): nothing that changes an amount."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from billing.invoices import typed
from billing.invoices.drafting import TRIES
from billing.invoices.model import LONGEST_MEMO, LONGEST_ORDER_NUMBER, Conflict, SalesInvoice, person
from billing.invoices.sheets import Act, require
from billing.operations import Command
from billing.ports import UnitOfWork


class CorrectInvoice(Command):
    """Recipients, memo and order number, as typed."""

    kind: ClassVar[str] = "correct_invoice"

    invoice: str
    recipients: str = Field(max_length=2000)
    memo: str = Field("", max_length=LONGEST_MEMO)
    order_number: str = Field("", max_length=LONGEST_ORDER_NUMBER)


def correct(uow: UnitOfWork, command: CorrectInvoice) -> SalesInvoice:
    """Write it down. The document shows it from now on; Stripe keeps the words of the day on which it was issued.

    Again when something else was written meanwhile, such as that the customer was reminded.
    """
    for attempt in range(TRIES):
        try:
            return _corrected(uow, command)
        except Conflict:
            if attempt == TRIES - 1:
                raise
    raise AssertionError("the last try raises")


def _corrected(uow: UnitOfWork, command: CorrectInvoice) -> SalesInvoice:
    invoice = require(uow, command.invoice, command.contact, Act.CORRECT).ours
    assert invoice, "only invoices of ours are corrected"
    details = invoice.details.model_copy(
        update={
            "recipients": typed.recipients(command.recipients),
            "memo": command.memo.strip(),
            "order_number": command.order_number.strip(),
        }
    )
    after = invoice.model_copy(
        update={
            "version": invoice.version + 1,
            "details": details,
            "changed_by": person(uow.actor.user, uow.actor.name),
            "changed_at": uow.now,
        }
    )
    uow.invoices.save(after)
    return after
