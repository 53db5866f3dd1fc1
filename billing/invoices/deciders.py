"""Who may grant an invoice above its sender's limit: managers, and deputies of those who are away (A24, H16)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from billing.absences import is_away
from billing.access import Actor
from billing.change_requests.model import Person
from billing.errors import OwnRequest, Refusal
from billing.ids import TeamId, UserId
from billing.invoices.model import Approval, SalesInvoice, person
from billing.ports import UnitOfWork
from billing.roles import Permission


def entitled(uow: UnitOfWork, invoice: SalesInvoice) -> Person:
    """The actor, as who decides.

    Raises NotStaff, NotPermitted for who is neither a manager nor was asked as a deputy, OwnRequest.
    """
    actor, approval = uow.actor, invoice.approval
    actor.require(Permission.SEE_CONTACT)
    deputies = approval.deputies if approval else ()
    deputy = next((one for one in deputies if one.user == actor.user), None)
    if deputy is None or actor.may(Permission.APPROVE_INVOICE):
        actor.require(Permission.APPROVE_INVOICE)
        deputy = None
    if approval and approval.filed_by.user == actor.user:
        raise OwnRequest
    return deputy or person(actor.user, actor.name)


def may_decide(uow: UnitOfWork, invoice: SalesInvoice) -> bool:
    """Whether it waits, and the actor is one of those for whom it does."""
    if not invoice.awaits_approval:
        return False
    try:
        entitled(uow, invoice)
    except Refusal:
        return False
    return True


def managers(uow: UnitOfWork, team: TeamId, filer: UserId) -> tuple[Actor, ...]:
    """Those of the team, without who asked."""
    return tuple(
        one
        for one in uow.staff.list()
        if one.team == team and one.may(Permission.APPROVE_INVOICE) and one.user != filer
    )


def deciders(uow: UnitOfWork, invoice: SalesInvoice) -> tuple[Actor, ...]:
    """Everybody who may decide now; nobody where nothing was asked."""
    if invoice.approval is None:
        return ()
    asked = managers(uow, invoice.team, invoice.approval.filed_by.user)
    known = {one.user for one in asked}
    found = (uow.staff.get(invoice.team, one.user) for one in invoice.approval.deputies if one.user not in known)
    return (*asked, *(one for one in found if one and one.roles))


def with_deputies(uow: UnitOfWork, team: TeamId, approval: Approval) -> Approval:
    """Where no manager is there, or it lies too long, the deputies of those who are away may decide from now on, too.

    What a deputy was once asked stays with them.
    """
    asked = managers(uow, team, approval.filed_by.user)
    away = [one for one in asked if is_away(uow, team, one.user)]
    too_long = timedelta(hours=uow.catalogue.plan_changes.escalate_after_hours)
    if len(away) < len(asked) and uow.now - approval.filed_at < too_long:
        return approval
    no_deputies = {approval.filed_by.user, *(one.user for one in asked)}
    known = {one.user: one for one in (*_deputies(uow, team, away), *approval.deputies) if one.user not in no_deputies}
    return approval.model_copy(update={"deputies": tuple(known.values())})


def _deputies(uow: UnitOfWork, team: TeamId, away: list[Actor]) -> Iterator[Person]:
    for one in away:
        absence = uow.absences.get(team, one.user)
        deputy = uow.staff.get(team, absence.deputy) if absence else None
        if deputy and deputy.roles:
            yield Person(user=deputy.user, name=deputy.name, instead_of=one.name)
