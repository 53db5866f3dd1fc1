"""Where views of invoices are laid: a form needs room for another one on top of it."""

from __future__ import annotations

from billing.ids import SalesInvoiceId
from billing.invoices.model import invoice_id
from blocks.kit import Modal
from handlers.conversation import STACK, Screen
from handlers.payloads import Call


def lay(screen: Screen, call: Call, view: Modal) -> None:
    """Over the customer's card, but in the place of any other view of invoices: one level always stays free."""
    if call.depth < STACK - 1:
        screen.show(view)
    else:
        screen.replace(view)


def new_id(call: Call) -> SalesInvoiceId:
    """The id of a new draft: the same for every delivery of the click or command."""
    return invoice_id(f"{call.key()}:{call.trigger}" if call.kind == "command" else call.key())
