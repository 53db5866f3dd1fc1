"""Failed payments: telling of them, the list, and collecting what is open."""

from __future__ import annotations

from functools import cache
from typing import Any

from slack_bolt import Ack

from billing.access import Actor
from billing.desk import Desk
from billing.dunning import collecting, failures
from billing.dunning.collecting import InvoiceLinkSent, PayInvoice, SendInvoiceLink
from billing.errors import Reason, Refusal
from billing.ids import ContactId, InvoiceId, UserId
from billing.operations import Operation, State
from billing.payment_links import was_mailed
from billing.ports import UnitOfWork
from billing.steps import NOBODY
from blocks import dunning as views
from blocks import notices, subscriptions
from blocks.answers import Answer
from blocks.dunning import Id
from blocks.texts import Translator
from handlers.announcements import Announcer, Links, News
from handlers.conversation import Screen
from handlers.managers import Managers
from handlers.payloads import Call
from handlers.posts import Posted, Posts
from handlers.router import Router


def register(router: Router, announcer: Announcer) -> None:
    router.action(Id.OPEN)(opened)
    router.action(Id.SEND_LINK)(sent_link)
    router.action(Id.LIST)(listed)
    router.action(Id.OLDER)(turned)
    router.view(Id.FORM)(confirmed)
    for kind in (PayInvoice.kind, SendInvoiceLink.kind):
        announcer.presents(kind, present)


# Collecting


def opened(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    """From a card, a list or a message."""
    contact, invoice = _about(call)
    with desk.reading(actor) as uow:
        view = views.form(collecting.form(uow, contact, invoice), uow.catalogue, t)
    screen.show(view)


def confirmed(call: Call, ack: Ack, actor: Actor, desk: Desk, t: Translator, trace: str) -> None:
    command = call.parse(PayInvoice)
    desk.accept(command, actor, key=call.key(), reply_to=call.reply_to(), trace=trace)
    ack(response_action="update", view=_working(t.language))


def sent_link(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator, trace: str) -> None:
    contact, invoice = _about(call)
    command = SendInvoiceLink(contact=contact, invoice=invoice or InvoiceId(""))
    desk.accept(command, actor, key=call.key(), reply_to=call.reply_to(), trace=trace)
    screen.replace(subscriptions.working(t))


@cache
def _working(language: str) -> dict[str, Any]:
    return subscriptions.working(Translator(language)).to_dict()


def present(uow: UnitOfWork, operation: Operation, t: Translator, links: Links) -> News:
    """The news for the state that the operation ended in."""
    del links
    try:
        answer = _answer(uow, operation, t)
    except Refusal as refusal:  # it was paid meanwhile: there is nothing to try again
        answer = views.refused(refusal.reason, operation.contact, t)
    return News(answer.modal(t), answer.message())


def _answer(uow: UnitOfWork, operation: Operation, t: Translator) -> Answer:
    reason = operation.reason or Reason(key="")
    match operation.state:
        case State.DONE if operation.kind == PayInvoice.kind:
            return views.collected(collecting.collected(uow, operation), operation.contact, t)
        case State.DONE | State.WAITING:
            sent = InvoiceLinkSent.model_validate_json(operation.result or "")
            return views.link_sent(sent, operation.contact, t, mailed=was_mailed(uow, operation))
        case State.DECLINED:
            command = PayInvoice.model_validate_json(operation.command)
            again = collecting.form(uow, command.contact, command.invoice)
            return views.declined(again, command.payment_method, str(reason.parameters["code"]), uow.catalogue, t)
        case State.REFUSED | State.EXPIRED:
            return views.refused(reason, operation.contact, t)
        case State.FAILED:
            return notices.broken(str(reason.parameters.get("reference", operation.id)), t)
        case State.ACCEPTED:
            return views.delayed(t)


# The list behind a message


def listed(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    with desk.reading(actor) as uow:
        view = views.listing(failures.report(uow, call.value), uow.catalogue, t)
    screen.show(view)


def turned(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    batch, _, after = call.value.rpartition(":")
    with desk.reading(actor) as uow:
        view = views.listing(failures.report(uow, batch, int(after)), uow.catalogue, t)
    screen.replace(view)


class Tellers:
    """Posts what was collected for a place."""

    def __init__(self, desk: Desk, posts: Posts) -> None:
        self._desk = desk
        self._posts = posts
        self._managers = Managers(desk, posts)

    def tell(self, batch: str, _: str) -> str:
        """Nothing is told of what was paid meanwhile. Answers for whom it was."""
        with self._desk.reading(NOBODY) as uow:
            place, team = failures.place_of(uow, batch)
            report = failures.told(uow, batch)
            catalogue, person = uow.catalogue, uow.staff.get(team, UserId(place))
        if not report.shown:
            return ""

        def show(where: str, t: Translator) -> Posted | None:
            return self._posts.post(where, views.message(report, catalogue, t))

        if person:
            show(place, Translator(person.locale, person.timezone))
        elif not self._managers.in_channel(show):
            with self._desk.writing(NOBODY) as uow:
                failures.pass_on(uow, batch)
        return place


def _about(call: Call) -> tuple[ContactId, InvoiceId | None]:
    contact, _, invoice = call.value.partition(":")
    return ContactId(contact), InvoiceId(invoice) if invoice else None
