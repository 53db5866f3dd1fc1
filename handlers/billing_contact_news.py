"""Letters and alerts about the billing contact: steps of the engine that may be repeated."""

from __future__ import annotations

from email.message import EmailMessage
from functools import partial

from billing.billing_contacts import letters as domain
from billing.billing_contacts.links import new_token
from billing.billing_contacts.model import Link, Purpose, billing_contact
from billing.billing_contacts.verifying import alert, locked_until
from billing.desk import Desk
from billing.errors import NotFound
from billing.ids import LinkId, OperationId
from billing.ports import UnitOfWork
from billing.steps import NOBODY
from blocks import billing_contacts as views
from blocks.billing_contacts import letters
from blocks.kit import Message
from blocks.texts import Translator
from handlers.mails import Outbox
from handlers.managers import Managers
from handlers.posts import Posts


class BillingContactNews:
    """`pages` is the address under which the customer's own pages are."""

    def __init__(self, desk: Desk, posts: Posts, outbox: Outbox, pages: str) -> None:
        self._desk = desk
        self._outbox = outbox
        self._managers = Managers(desk, posts)
        self._pages = pages

    def mail(self, argument: str, _: str = "") -> str:
        """One letter; `argument` says of what: `edit:LINK`, `former:LINK`, `new:OPERATION`, `locked:PROOF` or
        `recipients:KEY.TEAM.CONTACT`.
        """
        kind, _, id_ = argument.partition(":")

        def compose() -> EmailMessage:
            with self._desk.writing(NOBODY) as uow:
                return self._letter(uow, kind, id_)

        if not self._outbox.send(argument.replace(":", "-"), compose, about=argument):
            with self._desk.writing(NOBODY) as uow:
                domain.not_sent(uow, kind, id_)
        return ""

    def alert(self, argument: str, _: str = "") -> str:
        """One message to managers: `locked:PROOF:PLACE`, `reported:LINK:PLACE`, or `unsent-` and a letter as `mail` has
        it, `:PLACE`; a place being `channel` or a user.
        """
        about, _, place = argument.rpartition(":")
        self._managers.deliver(place, partial(self._alert, about), partial(alert, about))
        return ""

    def _letter(self, uow: UnitOfWork, kind: str, id_: str) -> EmailMessage:
        business = uow.catalogue.business
        match kind:
            case "edit":
                link = uow.billing_contacts.link(LinkId(id_))
                return letters.bill_to_link(uow.contacts.get(link.contact), link, self._address(uow, link), business)
            case "former":
                link = uow.billing_contacts.link(LinkId(id_))
                receipt = domain.receipt(uow, link.operation)
                contact = uow.contacts.get(link.contact)
                return letters.billing_contact_was(contact, receipt, link, self._address(uow, link), business)
            case "new":
                operation = uow.operations.get(OperationId(id_))
                contact = uow.contacts.get(operation.contact)
                return letters.billing_contact_is(contact, domain.receipt(uow, operation.id), business)
            case "locked":
                proof = domain.proof(uow, id_)
                contact = uow.contacts.get(proof.contact)
                return letters.verification_locked(
                    contact, billing_contact(contact), locked_until(uow, proof), business
                )
            case "recipients":
                contact = uow.contacts.get(domain.letter(uow, kind, id_).contact)
                return letters.recipients_are(contact, uow.billing_contacts.recipients(contact.id), business)
            case _:
                raise NotFound(kind)

    def _address(self, uow: UnitOfWork, link: Link) -> str:
        """A fresh token each time: what was mailed is kept as a digest only, and both addresses lead to the link."""
        page = "edit" if link.purpose is Purpose.EDIT else "report"
        return f"{self._pages}/{page}/{new_token(uow, link.id)}"

    def _alert(self, about: str, t: Translator) -> Message:
        kind, _, id_ = about.partition(":")
        with self._desk.reading(NOBODY) as uow:
            if kind.startswith("unsent-"):
                letter = kind.removeprefix("unsent-")
                lost = domain.letter(uow, letter, id_)
                return views.letter_not_sent(uow.contacts.get(lost.contact), letter, lost.email, t)
            if kind == "locked":
                proof = domain.proof(uow, id_)
                contact = uow.contacts.get(proof.contact)
                who = uow.staff.get(proof.team, proof.user)
                name = who.name if who else proof.user
                return views.locked(contact, proof, name, locked_until(uow, proof), t)
            link = uow.billing_contacts.link(LinkId(id_))
            return views.frozen_report(
                uow.contacts.get(link.contact),
                link,
                domain.receipt(uow, link.operation),
                t,
                frozen_at=uow.billing_contacts.guard(link.contact).frozen_at,
            )
