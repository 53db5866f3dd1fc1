"""Looking at invoices, and settling one: payments, crediting, refunds, cancelling."""

from __future__ import annotations

from collections.abc import Callable

from slack_bolt import Ack

from billing.access import Actor
from billing.desk import Desk
from billing.ids import ContactId, SalesInvoiceId
from billing.invoices import copying, correcting, crediting, giving_up, linking, lists, payments, sheets, voiding
from billing.invoices.correcting import CorrectInvoice
from billing.invoices.crediting import CreditInvoice
from billing.invoices.giving_up import GiveUpNumber
from billing.invoices.issuing import SendAgain
from billing.invoices.lists import Part
from billing.invoices.payments import ChargeInvoice, RecordPayment
from billing.invoices.sheets import Act, Sheet
from billing.invoices.voiding import EndInvoice
from billing.operations import Command
from billing.ports import UnitOfWork
from blocks import invoices as views
from blocks.invoices import Id
from blocks.kit import Modal
from blocks.texts import Translator
from handlers.announcements import Links
from handlers.contacts import choose
from handlers.conversation import Screen
from handlers.invoices.drafts import working
from handlers.invoices.places import lay
from handlers.payloads import Call
from handlers.router import Handler, Router

_FORMS: dict[str, tuple[Act, Callable[[Sheet, Translator], Modal]]] = {
    Id.CHARGE: (Act.CHARGE, views.charge_form),
    Id.RECORD: (Act.RECORD, views.record_form),
    Id.VOID: (Act.VOID, views.cancel_form),
    Id.WRITE_OFF: (Act.WRITE_OFF, views.write_off_form),
    Id.CORRECT: (Act.CORRECT, views.correct_form),
    Id.GIVE_UP: (Act.GIVE_UP, views.give_up_form),
}
_PARTS = {Id.OPEN_PART: Part.OPEN, Id.CLOSED_PART: Part.CLOSED, Id.DRAFTS_PART: Part.DRAFTS}


def register(router: Router) -> None:
    for word in ("invoices", "rechnungen"):
        router.command(word)(by_command)
    router.action(Id.LIST)(listed)
    for id_ in _PARTS:
        router.action(id_)(part_chosen)
    router.action(Id.MORE)(turned)
    router.action(Id.MORE_DRAFTS)(turned_drafts)
    router.action(Id.DELETE_TEMPLATE)(template_deleted)
    router.action(Id.SHEET)(opened)
    router.action(Id.DOCUMENT)(linked)
    router.action(Id.REVOKE)(revoked)
    for id_ in _FORMS:
        router.action(id_)(form_opened)
    router.action(Id.CREDIT)(credit_opened)
    router.view(Id.CHARGE_FORM)(_confirms(ChargeInvoice, payments.check_charge))
    router.view(Id.RECORD_FORM)(_confirms(RecordPayment, payments.check_payment))
    router.view(Id.CREDIT_FORM)(_confirms(CreditInvoice, crediting.check))
    router.view(Id.END_FORM)(_confirms(EndInvoice, voiding.check))
    router.view(Id.GIVE_UP_FORM)(_confirms(GiveUpNumber, giving_up.check))
    router.view(Id.CORRECT_FORM)(corrected)
    router.action(Id.SEND_AGAIN)(sent_again)


# Looking


def by_command(call: Call, actor: Actor, desk: Desk, screen: Screen, router: Router, t: Translator) -> None:
    """`/billing invoices NAME`: that customer's; without a name the drafts of everybody."""
    with desk.reading(actor) as uow:
        view = _list_or_choice(uow, call, router, t) if call.text else views.draft_list(lists.drafts(uow), t)
    screen.show(view)


def _list_or_choice(uow: UnitOfWork, call: Call, router: Router, t: Translator) -> Modal:
    chosen = choose(uow, call, t, router)
    if isinstance(chosen, Modal):
        return chosen
    return views.invoice_list(lists.of_contact(uow, chosen, Part.OPEN), t)


def listed(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    with desk.reading(actor) as uow:
        view = views.invoice_list(lists.of_contact(uow, ContactId(call.value), Part.OPEN), t)
    lay(screen, call, view)


def part_chosen(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    with desk.reading(actor) as uow:
        view = views.invoice_list(lists.of_contact(uow, ContactId(call.value), _PARTS[call.id]), t)
    screen.replace(view)


def turned(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    contact, part = ContactId(str(call.metadata.get("contact"))), Part(str(call.metadata.get("part")))
    with desk.reading(actor) as uow:
        view = views.invoice_list(lists.of_contact(uow, contact, part, call.value), t)
    screen.replace(view)


def turned_drafts(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    with desk.reading(actor) as uow:
        view = views.draft_list(lists.drafts(uow, SalesInvoiceId(call.value)), t)
    screen.replace(view)


def template_deleted(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    with desk.writing(actor) as uow:
        copying.delete_template(uow, call.value)
        view = views.draft_list(lists.drafts(uow), t)
    screen.replace(view)


def opened(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    with desk.reading(actor) as uow:
        view = views.sheet(sheets.sheet(uow, call.value), t)
    lay(screen, call, view)


def linked(call: Call, actor: Actor, desk: Desk, screen: Screen, links: Links, t: Translator) -> None:
    """New links to the documents, to look at and to pass on."""
    with desk.writing(actor) as uow:
        found = linking.links(uow, call.value, links.lifetime)
    screen.show(views.document_links(found, links.document, t))


def revoked(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    """A button that asked once more: no link to the documents opens any more."""
    with desk.writing(actor) as uow:
        view = views.links_revoked(linking.revoke_links(uow, call.value), t)
    screen.replace(view)


# Settling


def form_opened(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    """The form of what is to be done, if that may be done."""
    act, form = _FORMS[call.id]
    with desk.reading(actor) as uow:
        sheet = sheets.sheet(uow, call.value)
        view = form(sheets.require(uow, call.value, sheet.contact.id, act), t)
    screen.show(view)


def credit_opened(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    with desk.reading(actor) as uow:
        sheet = sheets.sheet(uow, call.value)
        view = views.credit_form(sheets.require(uow, call.value, sheet.contact.id, crediting.act_for(sheet)), t)
    screen.show(view)


def _confirms(kind: type[Command], check: Callable[..., object]) -> Handler:
    """A submission that becomes an operation. The rules are looked at before, so that mistakes land at their fields."""

    def confirmed(call: Call, ack: Ack, actor: Actor, desk: Desk, t: Translator, trace: str) -> None:
        command = call.parse(kind)
        with desk.reading(actor) as uow:
            check(uow, command)
        desk.accept(command, actor, key=call.key(), reply_to=call.reply_to(), trace=trace)
        ack(response_action="update", view=working(t.language))

    return confirmed


def corrected(call: Call, ack: Ack, actor: Actor, desk: Desk, t: Translator) -> None:
    with desk.writing(actor) as uow:
        invoice = correcting.correct(uow, call.parse(CorrectInvoice))
        view = views.sheet(sheets.sheet(uow, invoice.id), t)
    ack(response_action="update", view=view.to_dict())


def sent_again(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator, trace: str) -> None:
    """A button that asked once more: its view waits for the result."""
    with desk.reading(actor) as uow:
        sheet = sheets.sheet(uow, call.value)
    command = SendAgain(contact=sheet.contact.id, invoice=SalesInvoiceId(sheet.ref))
    desk.accept(command, actor, key=call.key(), reply_to=call.reply_to(), trace=trace)
    screen.replace(views.working(t))
