"""Writing an invoice: the form, its drafts and templates, the review, and the confirmation that sends it."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from typing import Any

from slack_bolt import Ack

from billing.access import Actor
from billing.desk import Desk
from billing.documents import DocumentKind
from billing.documents.sharing import issue
from billing.ids import ContactId, SalesInvoiceId
from billing.invoices import approving, copying, drafting, reviewing, sheets, typed
from billing.invoices.approving import AskForApproval
from billing.invoices.drafting import SaveDetails
from billing.invoices.sending import SendInvoice
from billing.ports import UnitOfWork
from blocks import invoices as views
from blocks.finder import PLACE, Onward
from blocks.invoices import Id
from blocks.kit import Modal
from blocks.texts import Translator
from handlers.announcements import Links
from handlers.contacts import choose, choose_in_message
from handlers.conversation import STACK, Screen
from handlers.invoices.places import lay, new_id
from handlers.payloads import Call
from handlers.router import Router

SHORTCUT = "invoice_customer"
PREVIEW = timedelta(hours=1)  # how long the link to a draft's document is good


def register(router: Router) -> None:
    for word in ("invoice", "rechnung"):
        router.command(word)(by_command)
    router.shortcut(SHORTCUT)(from_message)
    router.action(Id.NEW)(opened)
    router.action(Id.EDIT)(edited)
    router.action(Id.DRAFT_CHANGED)(edited)
    router.action(Id.CLONE)(cloned)
    router.action(Id.TEMPLATE)(template_used)
    router.action(Id.SAVE)(saved)
    router.action(Id.DELETE)(deleted)
    router.action(Id.TO_TEMPLATE)(template_named)
    router.view(Id.TEMPLATE_FORM)(template_saved)
    router.view(Id.FORM)(reviewed)
    router.action(Id.TO_REVIEW)(opened_review)
    router.action(Id.KEEP)(kept)
    router.view(Id.REVIEW)(confirmed)
    router.view(Id.ASK)(asked)
    router.action(Id.OPEN_PAGE)(followed_link)
    router.action(f"{Id.OPEN_PAGE}.pdf")(followed_link)


# To the form


def by_command(call: Call, actor: Actor, desk: Desk, screen: Screen, router: Router, t: Translator) -> None:
    """`/billing invoice NAME`, or a whole invoice in one line: to the form, filled from what was typed."""
    customer, rest = typed.split_customer(call.text)
    with desk.reading(actor) as uow:
        chosen = choose(uow, call, t, router, customer)
        if isinstance(chosen, Modal):
            view = chosen
        elif not rest:
            view = views.form(drafting.form(uow, chosen, new_id(call)), t)
    if rest and not isinstance(chosen, Modal):
        with desk.writing(actor) as uow:
            view = _typed(uow, call, chosen, t)
    screen.show(view)


def from_message(call: Call, actor: Actor, desk: Desk, screen: Screen, router: Router, t: Translator) -> None:
    """The message shortcut: an invoice for whoever's e-mail address stands in the message; else a modal that asks."""
    with desk.reading(actor) as uow:
        found = choose_in_message(uow, call, t, router, Onward("invoice", PLACE))
        view = found if isinstance(found, Modal) else views.form(drafting.form(uow, found, new_id(call)), t)
    screen.show(view)


def opened(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    with desk.reading(actor) as uow:
        view = views.form(drafting.form(uow, ContactId(call.value), new_id(call)), t)
    lay(screen, call, view)


def edited(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    with desk.reading(actor) as uow:
        sheet = sheets.sheet(uow, call.value)
        view = views.form(drafting.form(uow, sheet.contact.id, SalesInvoiceId(call.value)), t)
    lay(screen, call, view)


def cloned(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    with desk.writing(actor) as uow:
        copy = copying.clone(uow, SalesInvoiceId(call.value), new_id(call))
        view = views.form(drafting.form(uow, copy.contact, copy.id), t)
    lay(screen, call, view)


def template_used(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    contact, invoice = _named(call)
    with desk.writing(actor) as uow:
        copying.use_template(uow, contact, invoice, call.value)
        view = views.form(drafting.form(uow, contact, invoice), t)
    screen.replace(view)


def _typed(uow: UnitOfWork, call: Call, contact_id: ContactId, t: Translator) -> Modal:
    contact = uow.contacts.get(contact_id)
    found = typed.one_line(call.text, contact.currency, uow.today)
    invoice, unread = copying.from_typed(uow, contact_id, new_id(call), found)
    return views.form(drafting.form(uow, contact_id, invoice, unread), t)


# Drafts


def saved(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    with desk.writing(actor) as uow:
        invoice = drafting.save_details(uow, call.parse(SaveDetails))
        view = views.sheet(sheets.sheet(uow, invoice.id), t, saved=True)
    screen.replace(view)


def deleted(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    with desk.writing(actor) as uow:
        sheet = sheets.sheet(uow, call.value)
        drafting.delete(uow, sheet.contact.id, SalesInvoiceId(call.value))
    screen.replace(views.deleted(sheet.contact.id, t).modal(t))


def kept(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    with desk.reading(actor) as uow:
        view = views.sheet(sheets.sheet(uow, call.value), t, saved=True)
    screen.replace(view)


def template_named(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    with desk.reading(actor) as uow:
        view = views.template_form(sheets.sheet(uow, call.value), t)
    screen.show(view)


def template_saved(call: Call, ack: Ack, actor: Actor, desk: Desk, t: Translator) -> None:
    with desk.writing(actor) as uow:
        name = str(call.fields.get("name") or "")
        template = copying.save_template(uow, _named(call)[1], name)
    ack(response_action="update", view=views.template_saved(template, t).modal(t).to_dict())


# Review and send


def reviewed(call: Call, ack: Ack, actor: Actor, desk: Desk, links: Links, t: Translator) -> None:
    """The form was filled in: keep it, and show what the customer will get before anything is sent (H28)."""
    command = call.parse(SaveDetails)
    with desk.writing(actor) as uow:
        drafting.save_details(uow, command)
        view = _review(uow, command.contact, command.invoice, links, t)
    lay_on = "push" if call.depth < STACK else "update"
    ack(response_action=lay_on, view=view.to_dict())


def opened_review(call: Call, actor: Actor, desk: Desk, screen: Screen, links: Links, t: Translator) -> None:
    with desk.writing(actor) as uow:
        sheet = sheets.sheet(uow, call.value)
        view = _review(uow, sheet.contact.id, SalesInvoiceId(call.value), links, t)
    screen.show(view)


def confirmed(call: Call, ack: Ack, actor: Actor, desk: Desk, t: Translator, trace: str) -> None:
    command = call.parse(SendInvoice)
    desk.accept(command, actor, key=call.key(), reply_to=call.reply_to(), trace=trace)
    ack(response_action="update", view=working(t.language))


def asked(call: Call, ack: Ack, actor: Actor, desk: Desk, t: Translator) -> None:
    """Above the person's limit: a manager is asked, the invoice waits as a draft."""
    command = call.parse(AskForApproval)
    with desk.writing(actor) as uow:
        approving.ask(uow, command)
        shown = reviewing.review(uow, command.contact, command.invoice)
    ack(response_action="update", view=views.asked(shown, t).modal(t).to_dict())


def followed_link() -> None:
    """A button with an address: the browser opens it, Slack only wants to be told that we know."""


def _review(uow: UnitOfWork, contact: ContactId, invoice: SalesInvoiceId, links: Links, t: Translator) -> Modal:
    shown = reviewing.review(uow, contact, invoice)
    token = issue(uow, DocumentKind.INVOICE, invoice, contact, PREVIEW)
    return views.review(shown, t, links.document(token))


@cache
def working(language: str) -> dict[str, Any]:
    """Made once for each language: it says nothing about anybody."""
    return views.working(Translator(language)).to_dict()


def _named(call: Call) -> tuple[ContactId, SalesInvoiceId]:
    """The draft that a form is about, as its metadata says; the domain checks that they belong together."""
    return ContactId(str(call.metadata.get("contact"))), SalesInvoiceId(str(call.metadata.get("invoice")))
