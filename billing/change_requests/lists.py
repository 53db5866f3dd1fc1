"""One request, as its card and its page show it."""

from __future__ import annotations

from datetime import datetime, timedelta

from billing.change_requests.model import Act, ChangeRequest
from billing.change_requests.rights import current, offered, possible, waited_for
from billing.contacts import Account
from billing.errors import UnknownRequest
from billing.ids import RequestId
from billing.models import Frozen
from billing.plans import Cadence, Excess, cadence_of, excess
from billing.ports import UnitOfWork
from billing.roles import Permission
from billing.steps import NOBODY


class RequestView(Frozen):
    """One request as it stands now: what its card shows to everybody, and what it offers to the reader."""

    request: ChangeRequest  # by the rights of now
    may: tuple[Act, ...]  # by the reader, now
    cadence: Cadence | None  # of the subscription; None: nobody knows it any more
    stuck: bool  # nobody is left who may move it on
    above: tuple[Excess, ...]  # usage above the new limits as it is now (A4)
    account: Account
    now: datetime  # UTC
    escalates_after: timedelta


def view(uow: UnitOfWork, request_id: RequestId) -> RequestView:
    """One request, for the actor or, if that is nobody in particular, for all who read a channel.

    Raises UnknownRequest for another team's, NotStaff.
    """
    request = current(uow, uow.requests.get(request_id))
    is_shared = uow.actor.team == NOBODY.team
    if not is_shared:
        uow.actor.require(Permission.SEE_CONTACT)
        if uow.actor.team != request.team:
            raise UnknownRequest(request=request_id)
    about = (one for one in uow.mirror.subscriptions(request.contact) if one.id == request.subscription)
    account = uow.contacts.get(request.contact).account
    return RequestView(
        request=request,
        may=offered(uow, request) if is_shared else possible(uow, request),
        cadence=next(map(cadence_of, about), None),
        stuck=request.state.undecided and not waited_for(uow, request),
        above=excess(request.before, request.after, account) if request.state.undecided else (),
        account=account,
        now=uow.now,
        escalates_after=timedelta(hours=uow.catalogue.plan_changes.escalate_after_hours),
    )
