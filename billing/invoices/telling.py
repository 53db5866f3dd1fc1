"""Who is told of what happens to an invoice of ours (HX15): its sender, the managers' channel, and its customer.

Each is told once, whoever brings the news, Stripe's event or our own operation: the job that tells has an id made from
what happened. Who did it sees the answer to that, and is not told again. Of what Stripe charges by itself, for
subscriptions, `billing.dunning` tells.
"""

from __future__ import annotations

import json
from enum import StrEnum

from billing.access import Actor
from billing.catalogue import InvoicePolicy, Place
from billing.contacts import Contact, Invoice, InvoiceStatus
from billing.errors import AmountDiffers, DraftGone, Misconfigured, NumberTaken, Reason
from billing.ids import InvoiceId, SalesInvoiceId, UserId
from billing.invoices.model import SalesInvoice, Stage
from billing.invoices.sheets import Sheet, as_it_stands
from billing.managers import CHANNEL, responsible
from billing.models import Frozen
from billing.money import Money
from billing.payment_methods import sees_details
from billing.ports import Job, Origin, StripeEvent, UnitOfWork
from billing.roles import Permission

PIPELINE = "invoice_notice"  # argument: a `ToTell`

# What keeps an invoice from being sent that nobody can mend in its form: the others are told to who tries.
_NOT_IN_THE_FORM = frozenset(
    {AmountDiffers.__name__, Misconfigured.__name__, NumberTaken.__name__, DraftGone.__name__, "Failed"}
)


class What(StrEnum):
    """What happened to it."""

    PAID = "paid"  # the customer has paid, or somebody has recorded it
    CHARGED = "charged"  # its card on file was charged
    FAILED = "failed"  # a payment did not go through
    NOT_SENT = "not_sent"
    REFUND_FAILED = "refund_failed"  # what went back did not arrive
    NOT_MAILED = "not_mailed"  # a mail about it could not be delivered


class Audience(StrEnum):
    SENDER = "sender"  # by direct message
    MANAGERS = "managers"  # in their channel
    CUSTOMER = "customer"  # by mail


class News(Frozen):
    """What is to be told. What stands at Stripe is not in it: that is read when it is told."""

    what: What
    invoice: SalesInvoiceId  # or Stripe's, of a refund that failed
    amount: Money | None = None  # of the payment; None: it is not known which part of what is paid came last
    brand: str | None = None  # of the card
    last4: str | None = None
    decline: str = ""  # the bank's code
    addresses: tuple[str, ...] = ()  # that got no mail
    reason: Reason | None = None  # why it was not sent
    by: UserId | None = None  # who did it, and has the answer


class ToTell(Frozen):
    """The argument of a job."""

    id: str  # of what happened
    audience: Audience
    news: News
    place: str = CHANNEL  # of `billing.managers`; any other audience has one only

    def told_at(self, place: str) -> Job:
        argument = self.model_copy(update={"place": place}).model_dump_json()
        id_ = f"{self.id}:{self.audience}" if place == CHANNEL else f"{self.id}:{place}"
        return Job(id=id_, name=PIPELINE, argument=argument)


class Told(Frozen):
    """News with the invoice as it stands now."""

    news: News
    sheet: Sheet
    by: str  # the name of who did it; empty: a customer, or Stripe


def tell(uow: UnitOfWork, happened: str, news: News) -> None:
    """Have everybody told whom the house wants to be told; `happened` names what did, whoever says so."""
    for audience in _audiences(uow.catalogue.invoices, news.what):
        uow.enqueue(ToTell(id=happened, audience=audience, news=news).told_at(CHANNEL))


def _audiences(policy: InvoicePolicy, what: What) -> tuple[Audience, ...]:
    team, customer = policy.tell_team, policy.tell_customer
    match what:
        case What.PAID:
            places, is_mailed = team.paid, customer.paid
        case What.CHARGED:
            places, is_mailed = team.paid, customer.auto_payment
        case What.FAILED:
            places, is_mailed = team.failed, customer.failed
        case What.NOT_SENT | What.NOT_MAILED:
            places, is_mailed = team.not_sent, False
        case What.REFUND_FAILED:
            return (Audience.MANAGERS,)  # they alone give money back
    told = [_AUDIENCES[place] for place in places]
    return (*told, Audience.CUSTOMER) if is_mailed else tuple(told)


_AUDIENCES = {Place.SENDER: Audience.SENDER, Place.CHANNEL: Audience.MANAGERS}


# What happens


def paid(uow: UnitOfWork, stripe: InvoiceId, paid_so_far: int, news: News) -> None:
    """Money has come. How much came so far names the payment: Stripe's event and our operation say the same of it."""
    tell(uow, f"{stripe}:paid:{paid_so_far}", news)


def note(uow: UnitOfWork, event: StripeEvent, contact: Contact) -> None:
    """What Stripe says of an invoice of ours; what our own operation did, it tells by itself."""
    if event.origin is Origin.OURS or not event.type.startswith("invoice."):
        return
    stripe = InvoiceId(event.object_id or "")
    invoice = uow.invoices.by_stripe(stripe)
    if invoice is None or invoice.contact != contact.id:
        return
    payload, before = json.loads(event.payload), json.loads(event.previous)
    so_far = payload.get("amount_paid") or 0
    match event.type:
        case "invoice.payment_failed":
            happened = f"{stripe}:failed:{event.created_at.date()}"  # whoever tries all day long is told of it once
            tell(uow, happened, News(what=What.FAILED, invoice=invoice.id))
        case "invoice.updated" if so_far > before.get("amount_paid", so_far):
            amount = Money(amount=so_far - before["amount_paid"], currency=invoice.currency)
            paid(uow, stripe, so_far, News(what=What.PAID, invoice=invoice.id, amount=amount))
        case "invoice.paid" if so_far:
            paid(uow, stripe, so_far, News(what=What.PAID, invoice=invoice.id))
        case _:
            pass


def refund_failed(uow: UnitOfWork, event: StripeEvent, stripe: Invoice) -> None:
    """The bank has sent back what was to go to the customer, of whichever invoice (HX20)."""
    ours, payload = uow.invoices.by_stripe(stripe.id), json.loads(event.payload)
    ref = ours.id if ours else SalesInvoiceId(stripe.id)
    amount = Money(amount=payload["amount"], currency=payload["currency"])
    tell(uow, f"{event.object_id}:failed", News(what=What.REFUND_FAILED, invoice=ref, amount=amount))


def not_sent(uow: UnitOfWork, invoice: SalesInvoice, reason: Reason) -> None:
    """Where nobody can help it in the form: what Stripe says, what is set up wrong, what broke."""
    if reason.key in _NOT_IN_THE_FORM:
        try_ = reason.parameters.get("reference") or invoice.version
        by = uow.operations.get(invoice.sent_by).user if invoice.sent_by else None
        tell(uow, f"{invoice.id}:not_sent:{try_}", News(what=What.NOT_SENT, invoice=invoice.id, reason=reason, by=by))


# Telling it


def told(uow: UnitOfWork, news: News, reader: Actor | None = None) -> Told | None:
    """As that person may see it; without one as anybody may, in a channel for instance: who reads there, only Slack
    knows (G11).

    None for what is no longer so: a draft that is gone or was sent, and a failed payment that was made good.
    """
    if uow.invoices.find(news.invoice) is None and news.what is not What.REFUND_FAILED:
        return None
    sheet = as_it_stands(uow, news.invoice)
    still_fails = sheet.stripe is not None and sheet.stripe.status is InvoiceStatus.OPEN and bool(sheet.due)
    is_out = sheet.ours is not None and sheet.ours.stage is Stage.ISSUED
    if (news.what is What.FAILED and not still_fails) or (news.what is What.NOT_SENT and is_out):
        return None
    who = uow.staff.get(sheet.ours.team, news.by) if sheet.ours and news.by else None
    sees_digits = sees_details(reader or uow.actor, uow.catalogue)
    shown = news if sees_digits else news.model_copy(update={"last4": None})
    return Told(news=shown, sheet=sheet, by=who.name if who else "")


def sender(uow: UnitOfWork, told_: Told) -> Actor | None:
    """Who sent the invoice, if they may still see it and did not do it themselves."""
    ours = told_.sheet.ours
    if ours is None or ours.sent_by is None:
        return None
    operation = uow.operations.get(ours.sent_by)
    actor = uow.staff.get(operation.team, operation.user)
    if actor is None or actor.user == told_.news.by or not actor.may(Permission.SEE_CONTACT):
        return None
    return actor


def managers(uow: UnitOfWork, told_: Told) -> tuple[Actor, ...]:
    """Who is told where there is no way into the channel: those of the invoice's team, but for who did it, and for
    who is told as its sender.
    """
    ours, is_told = told_.sheet.ours, {told_.news.by}
    if Audience.SENDER in _audiences(uow.catalogue.invoices, told_.news.what) and (sender_ := sender(uow, told_)):
        is_told.add(sender_.user)
    return tuple(one for one in responsible(uow) if (ours is None or one.team == ours.team) and one.user not in is_told)
