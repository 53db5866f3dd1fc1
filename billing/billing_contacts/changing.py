"""Changing the billing contact and "Bill to" (G14 to G20): by support with proof, or by the customer's own link.

Whichever is accepted first goes on alone: proof or link is used up, and the account is held, in the transaction that
accepts the operation. When the change comes to nothing, both are given back.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from typing import TypeVar

from billing.billing_contacts.model import PROOF_HOLDS, BillTo, Link, Purpose, bill_to, billing_contact, with_bill_to
from billing.billing_contacts.people import checked_email, checked_name
from billing.billing_contacts.places import (
    TaxRegister,
    checked_address,
    checked_tax_id,
    eu_prefix,
)
from billing.billing_contacts.rules import changeable, not_locked, still_entitled, taxed_as_before, with_self_service
from billing.billing_contacts.verifying import MAIL
from billing.catalogue import is_in_eu
from billing.contacts import Address, Contact, CustomerSnapshot, MemberRight, billed_as
from billing.errors import (
    BillingContactFrozen,
    BillToChanging,
    BillToUnchanged,
    LinkExpired,
    LinkUnknown,
    LinkUsed,
    Reason,
    TaxIdNotRegistered,
    VerificationNeeded,
    refuse_all,
)
from billing.ids import ContactId, CustomerId, LinkId, OperationId, ProofId, TeamId, UserId
from billing.invoices.drafting import readdress
from billing.models import Frozen
from billing.operations import Action, AnyAction, Command, Context, Operation, Receipt, operation_id
from billing.ports import Job, Payments, UnitOfWork
from billing.roles import Permission
from billing.timeline import Entry, Happening


class NewBillTo(Command):
    """What a form holds, as it was typed."""

    name: str
    email: str
    line1: str
    line2: str = ""
    postal_code: str = ""
    city: str
    state: str = ""
    country: str
    tax_id: str = ""


class ChangeBillingContact(NewBillTo):
    """By support, for a requester who has verified the card."""

    kind = "change_billing_contact"

    proof: ProofId


class ChangeBillTo(NewBillTo):
    """By the billing contact of a corporate account, with a link."""

    kind = "change_bill_to"

    link: LinkId


class BillToForm(Frozen):
    """The form for support, after the card was verified. `draft` is what was typed before."""

    contact: Contact
    proof: ProofId
    requester: str
    before: BillTo
    draft: NewBillTo | None = None


class Change(Frozen):
    """What was found allowed."""

    contact: Contact
    before: BillTo
    after: BillTo
    requester: str  # the customer's person in whose name it is done
    by_link: bool
    asks_register: bool  # whether the VAT id is looked up
    called_off: bool = False  # by a freeze, after it was found allowed


class Changed(Frozen):
    """What Stripe has now."""

    snapshot: CustomerSnapshot


class BillingContactChanged(Receipt):
    """`next_invoice` is the first renewal that goes to the new contact; None: nothing renews by itself."""

    contact_name: str  # the company, or the name before
    before: BillTo
    after: BillTo
    requester: str
    by_link: bool
    effective_on: date  # in the business's time zone
    next_invoice: date | None
    drafts: int  # open drafts, Stripe's and our own, that say so from now on


# The form


def form(uow: UnitOfWork, contact_id: ContactId, proof_id: ProofId, draft: NewBillTo | None = None) -> BillToForm:
    """Refuses what `accept` would refuse whatever is typed."""
    uow.actor.require(Permission.CHANGE_BILLING_CONTACT)
    contact = changeable(uow, contact_id)
    requester = _proven(uow, contact, proof_id)
    return BillToForm(contact=contact, proof=proof_id, requester=requester, before=bill_to(contact), draft=draft)


# Accepting


def accept(uow: UnitOfWork, command: ChangeBillingContact | ChangeBillTo, **where: str) -> Operation:
    """Write it down, use up what it is allowed by, and hold the account, all or nothing.

    `where`: key, reply_to and trace, as for `Desk.accept`. Raises every refusal of a rule, with its field, and
    BillToChanging or LinkUsed when somebody was quicker. The same key again has the first answer shown again.
    """
    team, user = _in_whose_name(uow, command)
    operation = Operation(
        id=operation_id(where["key"]),
        key=where["key"],
        kind=command.kind,
        contact=command.contact,
        team=team,
        user=user,
        command=command.model_dump_json(),
        reply_to=where["reply_to"],
        trace=where.get("trace", ""),
        created_at=uow.now,
        updated_at=uow.now,
    )
    if not uow.accept(operation):
        if uow.operations.get(operation.id).command != operation.command:  # another change under the same key
            raise LinkUsed if isinstance(command, ChangeBillTo) else VerificationNeeded
        uow.enqueue(Job.again(operation))
        return operation
    _assess(uow, command)
    if not _use(uow, command, operation.id):
        raise LinkUsed if isinstance(command, ChangeBillTo) else VerificationNeeded
    if not uow.billing_contacts.begin(command.contact, operation.id):
        raise BillToChanging
    return operation


def _in_whose_name(uow: UnitOfWork, command: ChangeBillingContact | ChangeBillTo) -> tuple[TeamId, UserId]:
    if isinstance(command, ChangeBillTo):
        link = uow.billing_contacts.link(command.link)
        return link.team, link.user
    return uow.actor.team, uow.actor.user


def _use(uow: UnitOfWork, command: ChangeBillingContact | ChangeBillTo, operation: OperationId) -> bool:
    if isinstance(command, ChangeBillTo):
        return uow.billing_contacts.use_link(command.link, operation, uow.now)
    return uow.billing_contacts.use_proof(command.proof, operation)


# The operation


def check_by_support(uow: UnitOfWork, command: ChangeBillingContact) -> Change:
    """Everything again, and that this is what the proof was used for."""
    change = _assess(uow, command)
    proof = uow.billing_contacts.proof(command.proof)
    if proof is None or proof.used_by is None:
        raise VerificationNeeded
    return change


def check_by_link(uow: UnitOfWork, command: ChangeBillTo) -> Change:
    change = _assess(uow, command)
    if uow.billing_contacts.link(command.link).used_by is None:
        raise LinkUsed
    return change


def look_again(uow: UnitOfWork, context: Context, checked: Change) -> Change:
    """Stripe may be out of reach for hours, and a freeze does not wait for it."""
    is_held = uow.billing_contacts.guard(checked.contact.id).changing == context.operation
    return checked.model_copy(update={"called_off": not is_held})


def perform(register: TaxRegister, payments: Payments, context: Context, checked: Change) -> Changed:
    """Ask the register first, where that is switched on; then tell Stripe, to whom the same again is nothing new.

    What was called off is refused, unless an earlier try has told Stripe: that is finished.
    """
    customer, after = checked.contact.customer, checked.after
    if checked.called_off and not payments.has_bill_to(customer, context.operation):
        raise BillingContactFrozen(contact=checked.contact.name)
    if checked.asks_register and after.tax_id:
        prefix = eu_prefix(after.address.country)
        if not register.knows(prefix, after.tax_id.removeprefix(prefix)):
            raise TaxIdNotRegistered(tax_id=after.tax_id)
    name = billed_as(with_bill_to(checked.contact, after))
    return Changed(
        snapshot=payments.change_bill_to(customer, name, after, checked.before.tax_id, context.operation),
    )


def undo(payments: Payments, operation: OperationId, customer: CustomerId) -> None:
    """The tax id is at Stripe before anything else of the change is. When that comes to nothing, the id goes."""
    payments.take_back_tax_id(customer, operation)


def _turn(uow: UnitOfWork, command: Command) -> str:
    """One after the other: a lifted freeze lets a new change begin before the one it stopped is over at Stripe."""
    del uow, command
    return "bill_to"


def record(uow: UnitOfWork, context: Context, checked: Change, outcome: Changed) -> BillingContactChanged:
    """Rows, mirror, history; letters to the former and the new one; and other links of the former one are over."""
    contact = uow.contacts.get(checked.contact.id)
    before, after = checked.before, checked.after
    uow.contacts.save(with_bill_to(contact, after))
    uow.mirror.replace(contact.id, outcome.snapshot)
    uow.timeline.append(_entry(uow, context, checked))
    uow.billing_contacts.close_links(contact.id, uow.now)
    uow.billing_contacts.end(contact.id, context.operation)
    if before.email:
        _write_to_the_former(uow, context, checked)
    drafts = sum(one.status == "draft" for one in outcome.snapshot.invoices)
    if before.email.casefold() != after.email.casefold():
        drafts += readdress(uow, contact.id, before.email, after.email)
        uow.enqueue(Job(id=f"{context.operation}:new", name=MAIL, argument=f"new:{context.operation}"))
    return BillingContactChanged(
        contact_name=billed_as(contact),
        before=before,
        after=after,
        requester=checked.requester,
        by_link=checked.by_link,
        effective_on=uow.today,
        next_invoice=_next_invoice(uow, contact.id),
        drafts=drafts,
    )


def refused_by_support(uow: UnitOfWork, command: ChangeBillingContact, reason: Reason) -> None:
    del reason
    proof = uow.billing_contacts.proof(command.proof)
    _give_back(uow, command.contact, proof.used_by if proof else None)


def refused_by_link(uow: UnitOfWork, command: ChangeBillTo, reason: Reason) -> None:
    del reason
    _give_back(uow, command.contact, uow.billing_contacts.link(command.link).used_by)


def _give_back(uow: UnitOfWork, contact: ContactId, operation: OperationId | None) -> None:
    if operation is not None:
        uow.billing_contacts.give_back(operation)
        uow.billing_contacts.end(contact, operation)


C = TypeVar("C", ChangeBillingContact, ChangeBillTo)


def actions(register: TaxRegister) -> dict[str, AnyAction]:
    """Both ways, with the register that VAT ids are looked up in."""

    def action(
        command: type[C], check: Callable[[UnitOfWork, C], Change], refused: Callable[[UnitOfWork, C, Reason], None]
    ) -> AnyAction:
        return Action(
            command=command,
            checked=Change,
            outcome=Changed,
            receipt=BillingContactChanged,
            check=check,
            perform=partial(perform, register),
            record=record,
            refused=refused,
            subject=_turn,
            look_again=look_again,
            undo=undo,
        )

    return {
        ChangeBillingContact.kind: action(ChangeBillingContact, check_by_support, refused_by_support),
        ChangeBillTo.kind: action(ChangeBillTo, check_by_link, refused_by_link),
    }


# The rules


def _assess(uow: UnitOfWork, command: ChangeBillingContact | ChangeBillTo) -> Change:
    """Every rule but that proof and link are used once."""
    by_link = isinstance(command, ChangeBillTo)
    if isinstance(command, ChangeBillTo):
        contact = changeable(uow, command.contact)
        requester = usable_link(uow, uow.billing_contacts.link(command.link), command.contact).name
    else:
        uow.actor.require(Permission.CHANGE_BILLING_CONTACT)
        contact = changeable(uow, command.contact)
        requester = _proven(uow, contact, command.proof)
    before = bill_to(contact)
    after = _checked(uow, contact, before, command)
    if after == before:
        raise BillToUnchanged(contact=contact.name)
    taxed_as_before(uow, contact, after)
    is_new_id = after.tax_id is not None and after.tax_id != before.tax_id
    return Change(
        contact=contact,
        before=before,
        after=after,
        requester=requester,
        by_link=by_link,
        asks_register=is_new_id and is_in_eu(after.address.country) and uow.catalogue.billing_contact.verify_tax_id,
    )


def _checked(uow: UnitOfWork, contact: Contact, before: BillTo, command: NewBillTo) -> BillTo:
    """The fields as they are kept. Who stays the billing contact keeps a name and address that is no person's, and
    nobody gives the primary admin another name than the one that is listed.
    """
    typed = Address(**{part: getattr(command, part) for part in Address.model_fields})
    refuse_all(
        partial(_person, uow, contact, before, command),
        partial(checked_address, typed),
        partial(_tax_id, before, command),
    )
    name, email = _person(uow, contact, before, command)
    return BillTo(name=name, email=email, address=checked_address(typed), tax_id=_tax_id(before, command))


def _person(uow: UnitOfWork, contact: Contact, before: BillTo, command: NewBillTo) -> tuple[str, str]:
    """Name and address."""
    if (command.name.strip(), command.email.strip()) == (before.name, before.email):
        return before.name, before.email
    policy, business = uow.catalogue.billing_contact, uow.catalogue.business
    name = partial(checked_name, _as_listed(contact, command.email.strip(" ")) or command.name, policy)
    email = partial(checked_email, command.email, contact, business, policy)
    refuse_all(name, email)
    return name(), email()


def _tax_id(before: BillTo, command: NewBillTo) -> str | None:
    country = command.country.strip().upper()
    keeps_id = command.tax_id.strip() == (before.tax_id or "") and country == before.address.country
    return before.tax_id if keeps_id else checked_tax_id(command.tax_id, country)


def _as_listed(contact: Contact, email: str) -> str:
    """The name of the primary admin, if that is their address."""
    admins = (one for one in contact.members if MemberRight.PRIMARY_ADMIN in one.rights)
    return next((one.name for one in admins if one.email.casefold() == email.casefold()), "")


def _proven(uow: UnitOfWork, contact: Contact, proof_id: ProofId) -> str:
    """Who has verified the card: for this contact, to this member of the staff. What a form claims is looked up.

    Before it is used a proof holds for half an hour; an operation that uses it may take longer. It is worth nothing
    while wrong answers of later lock the account, and to who may not ask any more (G11, G12).
    """
    proof = uow.billing_contacts.proof(proof_id)
    if proof is None or not proof.right or proof.contact != contact.id:
        raise VerificationNeeded
    if (proof.team, proof.user) != (uow.actor.team, uow.actor.user):
        raise VerificationNeeded
    if proof.used_by is None and proof.at + PROOF_HOLDS <= uow.now:
        raise VerificationNeeded
    not_locked(uow, contact.id)
    still_entitled(contact, proof.requester)
    return proof.requester


def usable_link(uow: UnitOfWork, link: Link, contact_id: ContactId) -> Link:
    """A link to edit that still fits: this account, self-service, and it went to who is billing contact now.

    Raises LinkUnknown, LinkExpired or NoSelfService. Whether it was used is another question.
    """
    if link.purpose is not Purpose.EDIT or link.contact != contact_id:
        raise LinkUnknown
    contact = uow.contacts.get(link.contact)
    if link.used_by is None and link.expires_at <= uow.now:
        raise LinkExpired
    if link.email.casefold() != billing_contact(contact).email.casefold():
        raise LinkExpired
    with_self_service(uow, contact)
    return link


# What is written down


def _entry(uow: UnitOfWork, context: Context, checked: Change) -> Entry:
    before, after = checked.before, checked.after
    is_new = (before.name, before.email) != (after.name, after.email)
    what = Happening.BILLING_CONTACT_CHANGED if is_new else Happening.BILL_TO_CHANGED
    return Entry(
        id=f"{context.operation}:{what}",
        contact=checked.contact.id,
        at=uow.now,
        what=what,
        by=checked.requester if checked.by_link else context.actor.name,
        on_behalf_of=None if checked.by_link else checked.requester,
        operation=context.operation,
        parameters={"before": in_one_line(before), "after": in_one_line(after)},
    )


def in_one_line(one: BillTo) -> str:
    """`Ada Lovelace, ada@engines.example, Lindenstraße 12, 10969 Berlin, DE, DE136695976`."""
    at = one.address
    town = " ".join(part for part in (at.postal_code, at.city) if part)
    parts = (one.name, one.email, at.line1, at.line2, town, at.state, at.country, one.tax_id or "")
    return ", ".join(part for part in parts if part)


def _write_to_the_former(uow: UnitOfWork, context: Context, checked: Change) -> None:
    """With a link that says: this was not me."""
    link = Link(
        id=LinkId(f"bcl_{context.operation}"),
        contact=checked.contact.id,
        purpose=Purpose.REPORT,
        name=checked.before.name,
        email=checked.before.email,
        team=context.actor.team,
        user=context.actor.user,
        operation=context.operation,
        created_at=uow.now,
        expires_at=uow.now + timedelta(days=uow.catalogue.billing_contact.report_days),
    )
    uow.billing_contacts.add_link(link)
    uow.enqueue(Job(id=f"{context.operation}:former", name=MAIL, argument=f"former:{link.id}"))


def _next_invoice(uow: UnitOfWork, contact: ContactId) -> date | None:
    ends = [one.current_period_end for one in uow.mirror.subscriptions(contact) if one.status.runs]
    first = min((end for end in ends if end and end > uow.now), default=None)
    return first.astimezone(uow.catalogue.business.zone).date() if first else None
