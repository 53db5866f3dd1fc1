"""Letters about the billing contact, by what their jobs name them: `edit:LINK`, `former:LINK`, `new:OPERATION`,
`locked:PROOF` and `recipients:KEY.TEAM.CONTACT`; and what is done about one that cannot be sent.
"""

from __future__ import annotations

from billing.billing_contacts.changing import BillingContactChanged
from billing.billing_contacts.model import Proof, billing_contact
from billing.billing_contacts.verifying import alert_managers
from billing.errors import NotFound
from billing.ids import ContactId, LinkId, OperationId, ProofId, TeamId
from billing.models import Frozen
from billing.ports import UnitOfWork
from billing.timeline import Entry, Happening


class Letter(Frozen):
    """About whom, and to what address."""

    contact: ContactId
    team: TeamId
    email: str


def letter(uow: UnitOfWork, kind: str, id_: str) -> Letter:
    """Raise NotFound for a kind or a proof that there is not, or LinkUnknown."""
    match kind:
        case "edit" | "former":
            link = uow.billing_contacts.link(LinkId(id_))
            return Letter(contact=link.contact, team=link.team, email=link.email)
        case "new":
            operation = uow.operations.get(OperationId(id_))
            return Letter(contact=operation.contact, team=operation.team, email=receipt(uow, operation.id).after.email)
        case "locked":
            tried = proof(uow, id_)
            to = billing_contact(uow.contacts.get(tried.contact))
            return Letter(contact=tried.contact, team=tried.team, email=to.email)
        case "recipients":
            _, team, of = id_.split(".")
            to = billing_contact(uow.contacts.get(ContactId(of)))
            return Letter(contact=ContactId(of), team=TeamId(team), email=to.email)
        case _:
            raise NotFound(kind)


def not_sent(uow: UnitOfWork, kind: str, id_: str) -> None:
    """Nobody was warned by it: that is in the history, and managers are told, who can reach them another way."""
    lost = letter(uow, kind, id_)
    uow.timeline.append(
        Entry(
            id=f"{kind}:{id_}:{Happening.BILLING_CONTACT_NOT_MAILED}",
            contact=lost.contact,
            at=uow.now,
            what=Happening.BILLING_CONTACT_NOT_MAILED,
            parameters={"email": lost.email or None},
        )
    )
    alert_managers(uow, f"unsent-{kind}:{id_}")


def receipt(uow: UnitOfWork, operation: OperationId) -> BillingContactChanged:
    """What came of the change."""
    return BillingContactChanged.model_validate_json(uow.operations.get(operation).result or "")


def proof(uow: UnitOfWork, id_: str) -> Proof:
    """Raise NotFound."""
    found = uow.billing_contacts.proof(ProofId(id_))
    if found is None:
        raise NotFound(id_)
    return found
