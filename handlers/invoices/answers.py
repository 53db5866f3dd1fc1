"""What came of the operations about invoices: in the view that waits, or by direct message."""

from __future__ import annotations

from billing.errors import DraftChanged, PriceChanged, Reason
from billing.invoices.crediting import CreditInvoice, InvoiceCredited
from billing.invoices.giving_up import GiveUpNumber
from billing.invoices.issuing import InvoiceSent, IssueInvoice, SendAgain, undelivered
from billing.invoices.payments import ChargeInvoice, InvoicePaid, RecordPayment
from billing.invoices.sending import InvoiceNumbered, SendInvoice
from billing.invoices.voiding import EndInvoice, InvoiceEnded
from billing.operations import Operation, State
from billing.ports import UnitOfWork
from blocks import invoices as views
from blocks import notices, subscriptions
from blocks.answers import Answer
from blocks.texts import Translator
from handlers.announcements import Announcer, Links, News

_COMMANDS = (
    SendInvoice,
    IssueInvoice,
    SendAgain,
    ChargeInvoice,
    RecordPayment,
    CreditInvoice,
    EndInvoice,
    GiveUpNumber,
)
_KINDS = {command.kind: command for command in _COMMANDS}


def register(announcer: Announcer) -> None:
    for kind in _KINDS:
        announcer.presents(kind, present)


def present(uow: UnitOfWork, operation: Operation, t: Translator, links: Links) -> News:
    """The news for the state that the operation ended in."""
    answer = _answer(uow, operation, t, links)
    return News(answer.modal(t), answer.message())


def _answer(uow: UnitOfWork, operation: Operation, t: Translator, links: Links) -> Answer:
    reason = operation.reason or Reason(key=DraftChanged.__name__)
    ref = str(_KINDS[operation.kind].model_validate_json(operation.command).invoice)
    match operation.state:
        case State.DONE | State.WAITING:
            return _success(uow, operation, t, links)
        case State.DECLINED:
            return views.declined(ref, str(reason.parameters.get("code")), t)
        case State.FAILED:
            return notices.broken(str(reason.parameters.get("reference", operation.id)), t)
        case State.ACCEPTED:
            return subscriptions.delayed(t)
        case State.REFUSED | State.EXPIRED:
            again = reason.key in (PriceChanged.__name__, DraftChanged.__name__)
            return views.refused(reason, ref, operation.contact, t, again=again)


def _success(uow: UnitOfWork, operation: Operation, t: Translator, links: Links) -> Answer:
    result, contact = operation.result or "", operation.contact
    match operation.kind:
        case SendInvoice.kind:
            return views.numbered(InvoiceNumbered.model_validate_json(result), contact, t)
        case IssueInvoice.kind | SendAgain.kind:
            missing = undelivered(uow, contact, operation.id)
            receipt = InvoiceSent.model_validate_json(result)
            is_wanted = operation.kind == SendAgain.kind or uow.catalogue.invoices.tell_customer.received
            return views.sent(receipt, contact, t, mailed=links.mailed and is_wanted, undelivered=missing)
        case CreditInvoice.kind:
            missing = undelivered(uow, contact, operation.id)
            credited = InvoiceCredited.model_validate_json(result)
            return views.credited(credited, contact, t, mailed=links.mailed, undelivered=missing)
        case EndInvoice.kind | GiveUpNumber.kind:
            return views.ended(InvoiceEnded.model_validate_json(result), contact, t)
        case _:
            return views.paid(InvoicePaid.model_validate_json(result), contact, t)
