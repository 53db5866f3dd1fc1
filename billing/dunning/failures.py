"""A failed payment: the people concerned are told once, in the right place; a thousand at once are one message (H35).

What is told lies in rows until its place has been quiet for a moment, so that a burst becomes one message and a crash
loses none of it. An invoice is told at most twice: when charging it began to fail, and when Stripe has given up.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from itertools import product

from billing.catalogue import AfterLastTry, Place
from billing.contacts import Contact, Invoice, Subscription, SubscriptionStatus
from billing.dunning.model import Notice, NoticePage, Stage, stage
from billing.errors import NotFound
from billing.ids import InvoiceId, OperationId, TeamId
from billing.managers import responsible
from billing.models import Frozen
from billing.money import Money, total
from billing.ports import Job, Origin, Store, StripeEvent, UnitOfWork
from billing.roles import Permission
from billing.steps import NOBODY

PIPELINE = "failure_notice"
QUIET = timedelta(seconds=20)  # so long nothing more came: the burst is over
LONGEST = timedelta(minutes=2)  # nobody waits longer for the end of a burst
ON_A_PAGE = 10
FAILED = ("invoice.payment_failed", "invoice.payment_action_required")
CHANGED = "invoice.updated"


class FailedPayment(Frozen):
    """A failed payment as it stands now."""

    contact: Contact
    invoice: Invoice
    subscription: Subscription | None
    skipped: bool = False  # there was no method that could have been charged (HX15)

    @property
    def stage(self) -> Stage:
        return stage(self.invoice)


class FailureReport(Frozen):
    """A batch as it stands now; what was paid meanwhile is left out of the list, and no page is empty but the last."""

    batch: str
    count: int  # that were noted; where this page shows all that still fail, those
    totals: tuple[Money, ...]
    shown: tuple[FailedPayment, ...]
    following: int | None = None
    afterwards: AfterLastTry


def note(uow: UnitOfWork, event: StripeEvent, contact: Contact, channel: str | None) -> None:
    """Have the people concerned told of what this event says, if it is still so.

    `channel` is the managers' channel. Whoever tried a payment in Kontor sees what came of it there. Fewer tries in
    Stripe's settings hold for those under way, too (HX1): then Stripe gives up without another one.
    """
    is_about_tries = event.type == CHANGED and "next_payment_attempt" in json.loads(event.previous)
    if event.origin is Origin.OURS or not (event.type in FAILED or is_about_tries):
        return
    invoice = uow.mirror.invoice(contact.id, InvoiceId(event.object_id or ""))
    if invoice is None or not invoice.tried_in_vain or (is_about_tries and stage(invoice) is not Stage.GIVEN_UP):
        return
    if not invoice.failing and event.origin is not Origin.STRIPE:  # whoever wrote it off knows
        return
    for team, place in concerned(uow, event, contact, channel):
        uow.failures.add(
            Notice(
                failure=f"{invoice.id}:{stage(invoice)}",
                place=place,
                team=team,
                contact=contact.id,
                invoice=invoice.id,
                amount=invoice.due,
                failed_at=event.created_at,
                noted_at=uow.now,
            )
        )


def concerned(
    uow: UnitOfWork, event: StripeEvent, contact: Contact, channel: str | None
) -> tuple[tuple[TeamId, str], ...]:
    """Whoever started the subscription, and the managers' channel, as far as the house wants that (HX15).

    Without either whoever is responsible, unless nobody is to be told.
    """
    wanted = uow.catalogue.invoices.tell_team.auto_failed
    starter = _starter(uow, event, contact) if Place.SENDER in wanted else None
    places = [starter] if starter else []
    if channel and Place.CHANNEL in wanted:
        places.append((starter[0] if starter else TeamId(""), channel))
    if places or not wanted:
        return tuple(places)
    return tuple((one.team, one.user) for one in responsible(uow))


def collect(store: Store, quiet: timedelta = QUIET, longest: timedelta = LONGEST) -> int:
    """Give what is due at a place to the engine as one message; how many messages that were."""
    with store.writing(NOBODY) as uow:
        places = uow.failures.due(uow.now - quiet, uow.now - longest)
        for place in places:
            batch = uow.failures.gather(place)
            uow.enqueue(Job(id=batch, name=PIPELINE, argument=batch))
    return len(places)


def pass_on(uow: UnitOfWork, batch: str) -> None:
    """There is no way into the channel: each who is responsible is told, but for what they were told before."""
    count, _ = uow.failures.totals(batch)
    for notice, one in product(uow.failures.page(batch, count).notices, responsible(uow)):
        uow.failures.add(notice.model_copy(update={"place": one.user, "team": one.team, "noted_at": uow.now}))


def report(uow: UnitOfWork, batch: str, after: int = 0, limit: int = ON_A_PAGE) -> FailureReport:
    """A page of what a message was about, for whoever may see customers of that team. Raises NotFound."""
    uow.actor.require(Permission.SEE_CONTACT)
    if place_of(uow, batch)[1] not in ("", uow.actor.team):
        raise NotFound(batch)
    return told(uow, batch, after, limit)


def told(uow: UnitOfWork, batch: str, after: int = 0, limit: int = ON_A_PAGE) -> FailureReport:
    """The same for the program itself, which posts the message."""
    count, totals = uow.failures.totals(batch)
    if not count:
        raise NotFound(batch)
    page = uow.failures.page(batch, limit, after)
    while not (shown := tuple(_as_it_stands(uow, page))) and page.following is not None:
        page = uow.failures.page(batch, limit, page.following)
    if after == 0 and page.following is None:  # these are all: what was paid meanwhile does not count
        count, totals = len(shown), _sums(shown)
    return FailureReport(
        batch=batch,
        count=count,
        totals=totals,
        shown=shown,
        following=page.following,
        afterwards=uow.catalogue.dunning.after_last_try,
    )


def place_of(uow: UnitOfWork, batch: str) -> tuple[str, TeamId]:
    """Where a batch is told: a user of that team, or a channel. Raises NotFound."""
    notices = uow.failures.page(batch, 1).notices
    if not notices:
        raise NotFound(batch)
    return notices[0].place, notices[0].team


def failing(uow: UnitOfWork, contact: Contact) -> tuple[FailedPayment, ...]:
    """The invoices of a contact that Stripe could not charge, oldest first."""
    return tuple(failed(uow, contact, one) for one in uow.mirror.open_invoices(contact.id) if one.failing)


def standing(subscription: Subscription, every: tuple[FailedPayment, ...]) -> Subscription:
    """The subscription as people should see it: active again only when none of its invoices is open (HX1).

    Stripe calls it active as soon as the newest invoice is paid.
    """
    is_owed = any(one.invoice.subscription == subscription.id for one in every)
    if subscription.status is SubscriptionStatus.ACTIVE and is_owed:
        return subscription.model_copy(update={"status": SubscriptionStatus.PAST_DUE})
    return subscription


def _as_it_stands(uow: UnitOfWork, page: NoticePage) -> Iterator[FailedPayment]:
    for notice in page.notices:
        invoice = uow.mirror.invoice(notice.contact, notice.invoice)
        if invoice is not None and (invoice.failing or _is_given_up(notice, invoice)):
            yield failed(uow, uow.contacts.get(notice.contact), invoice)


def _is_given_up(notice: Notice, invoice: Invoice) -> bool:
    """Whether that is what the notice tells: Stripe may have written it off."""
    return invoice.tried_in_vain and notice.failure == f"{invoice.id}:{Stage.GIVEN_UP}"


def _sums(shown: tuple[FailedPayment, ...]) -> tuple[Money, ...]:
    currencies = dict.fromkeys(one.invoice.due.currency for one in shown)
    return tuple(
        total((one.invoice.due for one in shown if one.invoice.due.currency == currency), currency)
        for currency in currencies
    )


def failed(uow: UnitOfWork, contact: Contact, invoice: Invoice) -> FailedPayment:
    """What is known beside the invoice itself."""
    mine = (one for one in uow.mirror.subscriptions(contact.id) if one.id == invoice.subscription)
    has_method = bool(uow.mirror.payment_methods(contact.id))
    return FailedPayment(
        contact=contact,
        invoice=invoice,
        subscription=next(mine, None),
        skipped=invoice.decline is None and not has_method,
    )


def _starter(uow: UnitOfWork, event: StripeEvent, contact: Contact) -> tuple[TeamId, str] | None:
    """Who started the subscription, as its metadata claims and our rows confirm; None if they may not see it now."""
    details = (json.loads(event.payload).get("parent") or {}).get("subscription_details") or {}
    claimed = (details.get("metadata") or {}).get("operation")
    if not claimed:
        return None
    try:
        operation = uow.operations.get(OperationId(claimed))
    except NotFound:
        return None
    actor = uow.staff.get(operation.team, operation.user)
    if operation.contact != contact.id or actor is None or not actor.may(Permission.SEE_CONTACT):
        return None
    return operation.team, operation.user
