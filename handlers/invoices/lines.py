"""Lines of a draft: a form on top of the form, which shows them afterwards."""

from __future__ import annotations

from slack_bolt import Ack

from billing.access import Actor
from billing.desk import Desk
from billing.ids import ContactId, SalesInvoiceId
from billing.invoices import drafting, lines
from billing.invoices.items import SaveLine
from billing.ports import UnitOfWork
from blocks import invoices as views
from blocks.invoices import Id
from blocks.kit import Modal
from blocks.texts import Translator
from handlers.conversation import Screen
from handlers.payloads import Call
from handlers.posts import Posts
from handlers.router import Router

LAST = 1_000  # a page behind all others: the last one is shown


def register(router: Router) -> None:
    router.action(Id.ADD_LINE)(added)
    router.action(Id.LINE_MENU)(chosen)
    router.action(Id.PAGE)(turned)
    router.action(f"{Id.PAGE}.on")(turned)
    router.view(Id.LINE)(saved)
    router.options(Id.ITEM)(items)
    router.action(Id.ITEM)(picked)


def added(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    contact, invoice = _draft(call)
    with desk.reading(actor) as uow:
        view = views.line_form(lines.line_form(uow, contact, invoice), t, call.view_id or "", LAST)
    screen.show(view)


def chosen(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    """What was chosen in the menu of a line."""
    act, _, line = call.value.partition(":")
    contact, invoice = _draft(call)
    if act == "change":
        with desk.reading(actor) as uow:
            view = views.line_form(lines.line_form(uow, contact, invoice, line), t, call.view_id or "", _page(call))
        screen.show(view)
        return
    with desk.writing(actor) as uow:
        _change(uow, contact, invoice, act, line)
        shown = _form(uow, contact, invoice, _page(call), t)
    screen.replace(shown)


def turned(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    with desk.reading(actor) as uow:
        view = _form(uow, *_draft(call), int(call.value) if call.value.isdecimal() else 0, t)
    screen.replace(view)


def saved(call: Call, ack: Ack, actor: Actor, desk: Desk, posts: Posts, t: Translator) -> None:
    """The line is kept; the form below shows it, and what was typed there stays."""
    command = call.parse(SaveLine)
    with desk.writing(actor) as uow:
        lines.save_line(uow, command)
        below = _form(uow, command.contact, command.invoice, _page(call), t)
    posts.update_view(str(call.metadata.get("form")), below)
    ack()


def items(call: Call, ack: Ack, actor: Actor, desk: Desk, t: Translator) -> None:
    """The menu of things when there are more than a hundred."""
    with desk.reading(actor) as uow:
        offered = lines.line_form(uow, *_draft(call)).items
    ack(**views.item_choices(offered, call.text, t).to_dict())


def picked() -> None:
    """Choosing in a menu of a form does nothing yet; Slack only wants to be told that we know."""


def _change(uow: UnitOfWork, contact: ContactId, invoice: SalesInvoiceId, act: str, line: str) -> None:
    match act:
        case "copy":
            lines.copy_line(uow, contact, invoice, line)
        case "up":
            lines.move_line(uow, contact, invoice, line, -1)
        case "down":
            lines.move_line(uow, contact, invoice, line, 1)
        case "remove":
            lines.remove_line(uow, contact, invoice, line)


def _form(uow: UnitOfWork, contact: ContactId, invoice: SalesInvoiceId, page: int, t: Translator) -> Modal:
    return views.form(drafting.form(uow, contact, invoice), t, page)


def _draft(call: Call) -> tuple[ContactId, SalesInvoiceId]:
    return ContactId(str(call.metadata.get("contact"))), SalesInvoiceId(str(call.metadata.get("invoice")))


def _page(call: Call) -> int:
    page = call.metadata.get("page")
    return page if isinstance(page, int) else 0
