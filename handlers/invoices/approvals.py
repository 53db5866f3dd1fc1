"""Managers grant what is above a limit: their cards, and the buttons on them."""

from __future__ import annotations

from collections.abc import Iterable

from slack_bolt import Ack

from billing.access import Actor
from billing.change_requests.model import Act, RequestState
from billing.desk import Desk
from billing.errors import NoSuchApproval, UnknownInvoice
from billing.ids import ContactId, SalesInvoiceId, UserId
from billing.invoices import approving, nudging, sheets
from billing.invoices.approving import ApprovalView
from billing.invoices.deciders import entitled, managers
from billing.invoices.model import InvoiceCard
from billing.managers import having
from billing.ports import UnitOfWork
from billing.roles import Permission, Role
from billing.steps import NOBODY
from blocks import invoices as views
from blocks import readers
from blocks.invoices import Id
from blocks.texts import Translator
from handlers.conversation import Screen
from handlers.managers import Managers
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
        self._managers = Managers(desk, posts)

    def tell(self, argument: str, _: str = "") -> str:
        """`argument` is the invoice and the version that there is news of; what is shown is how it stands now.

        It goes to the managers' channel or, where there is no way into one, to each manager; to deputies; and to who
        asked, once it is decided. Who has a card already sees it change.
        """
        invoice = SalesInvoiceId(argument.partition(":")[0])
        with self._desk.reading(NOBODY) as uow:
            try:
                shown = approving.view(uow, invoice)
            except (UnknownInvoice, NoSuchApproval):
                return ""  # thrown away meanwhile
            known = {card.place: card for card in uow.invoices.cards(invoice)}
            asked = managers(uow, shown.invoice.team, shown.approval.filed_by.user) or having(uow, Role.ADMIN)
            others = self._others(uow, shown, known)
        there: dict[str, bool] = {}

        def show(place: str, t: Translator) -> bool:
            there[place] = self._show(invoice, shown, place, t, known.get(place))
            return there[place]

        if not self._managers.in_channel(show):
            for one in asked:
                show(one.user, Translator(one.locale, one.timezone))
        for place, t in others.items():
            if place not in there:
                show(place, t)
        return ",".join(there)

    def remind(self, argument: str, _: str = "") -> str:
        """`argument` is the invoice and the person. What was decided meanwhile is not reminded of.

        Who was never shown its card, because nobody could be asked at that time, gets that.
        """
        invoice, _, user = argument.partition(":")
        with self._desk.reading(NOBODY) as uow:
            waiting = nudging.still_waiting(uow, SalesInvoiceId(invoice), UserId(user))
            known = {card.place for card in uow.invoices.cards(SalesInvoiceId(invoice))}
        if waiting is None:
            return ""
        shown, person = waiting
        t = Translator(person.locale, person.timezone)
        in_channel = self._posts.managers in known and person.may(Permission.APPROVE_INVOICE)
        if in_channel or person.user in known:
            self._posts.post(person.user, views.approval_reminder(shown, t, in_channel=in_channel))
        else:
            self._show(SalesInvoiceId(invoice), shown, person.user, t, None)
        return person.user

    def _show(
        self, invoice: SalesInvoiceId, shown: ApprovalView, place: str, t: Translator, known: InvoiceCard | None
    ) -> bool:
        """Post or change it; False where there is no way there."""
        message = views.approval_card(shown, t, to_asker=place == shown.approval.filed_by.user)
        if known:
            return self._posts.update(Posted(channel=known.channel, ts=known.ts), message)
        posted = self._posts.post(place, message)
        if posted:
            with self._desk.writing(NOBODY) as uow:
                uow.invoices.save_card(InvoiceCard(invoice=invoice, place=place, channel=posted.channel, ts=posted.ts))
        return posted is not None

    def _others(self, uow: UnitOfWork, shown: ApprovalView, known: Iterable[str]) -> dict[str, Translator]:
        """Who gets a card beside the managers: deputies, who asked, once it is decided, and whoever has one."""
        approval, business = shown.approval, uow.catalogue.business
        users = [one.user for one in approval.deputies]
        if approval.state is not RequestState.FILED:
            users.append(approval.filed_by.user)
        speaking: dict[str, Translator] = {}
        for place in dict.fromkeys((*users, *known)):
            person = uow.staff.get(shown.invoice.team, UserId(place))
            if person and person.roles:
                speaking[place] = Translator(person.locale, person.timezone)
            elif place in known:
                speaking[place] = readers.channel(business)
        return speaking
