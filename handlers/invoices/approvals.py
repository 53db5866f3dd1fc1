"""Managers grant what is above a limit: their cards, and the buttons on them."""

from __future__ import annotations

from slack_bolt import Ack

from billing.access import Actor
from billing.change_requests.model import Act, RequestState
from billing.desk import Desk
from billing.errors import NoSuchApproval, UnknownInvoice
from billing.ids import ContactId, SalesInvoiceId, UserId
from billing.invoices import approving, nudging, sheets
from billing.invoices.approving import ApprovalView
from billing.invoices.deciders import deciders, entitled
from billing.invoices.model import InvoiceCard
from billing.ports import UnitOfWork
from billing.roles import Permission
from billing.steps import NOBODY
from blocks import invoices as views
from blocks.invoices import Id
from blocks.texts import Translator
from handlers.conversation import Screen
from handlers.payloads import Call
from handlers.posts import Posted, Posts
from handlers.router import Router


def register(router: Router) -> None:
    router.action(Id.APPROVE)(approved)
    router.action(Id.REJECT)(rejecting)
    router.view(Id.REJECT_FORM)(rejected)


def approved(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    """The cards change by themselves: see `ApprovalNews`. The invoice's page is shown anew."""
    with desk.writing(actor) as uow:
        contact = sheets.sheet(uow, call.value).contact.id
        approving.decide(uow, contact, SalesInvoiceId(call.value), Act.APPROVE)
        page = views.sheet(sheets.sheet(uow, call.value), t)
    if call.view_id:
        screen.replace(page)


def rejecting(call: Call, actor: Actor, desk: Desk, screen: Screen, t: Translator) -> None:
    with desk.reading(actor) as uow:
        contact = sheets.sheet(uow, call.value).contact.id
        entitled(uow, uow.invoices.get(SalesInvoiceId(call.value)))
    screen.show(views.reject_form(contact, SalesInvoiceId(call.value), t))


def rejected(call: Call, ack: Ack, actor: Actor, desk: Desk, t: Translator) -> None:
    """From a card the form closes; over the invoice's page it turns into the page as it is now."""
    contact, invoice = ContactId(str(call.metadata.get("contact"))), str(call.metadata.get("invoice"))
    with desk.writing(actor) as uow:
        approving.decide(uow, contact, SalesInvoiceId(invoice), Act.REJECT, str(call.fields.get("note") or ""))
        page = views.sheet(sheets.sheet(uow, invoice), t)
    if call.depth > 1:
        ack(response_action="update", view=page.to_dict())
    else:
        ack()


class ApprovalNews:
    """A step of the engine: every card shows how the approval stands, and who asked hears what became of it."""

    def __init__(self, desk: Desk, posts: Posts) -> None:
        self._desk = desk
        self._posts = posts

    def tell(self, argument: str, _: str = "") -> str:
        """`argument` is the invoice and the version that there is news of; what is shown is how it stands now."""
        invoice = SalesInvoiceId(argument.partition(":")[0])
        with self._desk.reading(NOBODY) as uow:
            try:
                shown = approving.view(uow, invoice)
            except (UnknownInvoice, NoSuchApproval):
                return ""  # thrown away meanwhile
            readers = self._readers(uow, shown)
            known = {card.place: card for card in uow.invoices.cards(invoice)}
        for place, t in readers.items():
            self._show(invoice, shown, place, t, known.get(place))
        return ",".join(readers)

    def remind(self, argument: str, _: str = "") -> str:
        """`argument` is the invoice and the person. What was decided meanwhile is not reminded of."""
        invoice, _, user = argument.partition(":")
        with self._desk.reading(NOBODY) as uow:
            waiting = nudging.still_waiting(uow, SalesInvoiceId(invoice), UserId(user))
        if waiting is None:
            return ""
        shown, person = waiting
        t = Translator(person.locale, person.timezone)
        in_channel = bool(self._posts.managers) and person.may(Permission.APPROVE_INVOICE)
        self._posts.post(person.user, views.approval_reminder(shown, t, in_channel=in_channel))
        return person.user

    def _show(
        self, invoice: SalesInvoiceId, shown: ApprovalView, place: str, t: Translator, known: InvoiceCard | None
    ) -> None:
        message = views.approval_card(shown, t)
        if known:
            self._posts.update(Posted(channel=known.channel, ts=known.ts), message)
            return
        posted = self._posts.post(place, message)
        if posted:
            with self._desk.writing(NOBODY) as uow:
                uow.invoices.save_card(InvoiceCard(invoice=invoice, place=place, channel=posted.channel, ts=posted.ts))

    def _readers(self, uow: UnitOfWork, shown: ApprovalView) -> dict[str, Translator]:
        """The managers' channel or, where there is none, each manager; deputies; and who asked, once it is decided."""
        invoice, filer = shown.invoice, shown.approval.filed_by
        readers: dict[str, Translator] = {}
        if self._posts.managers:
            business = uow.catalogue.business
            readers[self._posts.managers] = Translator(business.language, business.timezone)
        for one in deciders(uow, invoice):
            if not self._posts.managers or not one.may(Permission.APPROVE_INVOICE):
                readers[one.user] = Translator(one.locale, one.timezone)
        asker = uow.staff.get(invoice.team, filer.user)
        if asker and shown.approval.state is not RequestState.FILED:
            readers[filer.user] = Translator(asker.locale, asker.timezone)
        return readers
