"""Usage near the contact limit: a notice at 80, 90 and 100 percent, once per crossing; nothing changes by itself (A3).

Unless the policy offers it and the account switched it on with its terms confirmed (AX5, K4): then the next higher
limit is bought when the limit is reached, in the name of the member of staff who confirmed.
"""

from __future__ import annotations

from collections.abc import Callable

from billing.accounts import billable
from billing.catalogue import RaiseByItself
from billing.change_requests.model import UsageLevel
from billing.contacts import Contact, Member, MemberRight
from billing.errors import NobodyMayPurchase, RaisingNotOffered, Refusal
from billing.ids import ContactId, TeamId, UserId
from billing.operations import Operation, operation_id
from billing.plan_changes import next_limit
from billing.plan_changes.raising import not_raised
from billing.plans import purchasers
from billing.ports import Job, Store, UnitOfWork
from billing.roles import Permission
from billing.steps import NOBODY
from billing.timeline import Entry, Happening

ReplyTo = Callable[[UserId], str]
PIPELINE = "usage_notice"  # argument: contact:percent:moment:rises; the moment tells one crossing from the next
REACHED = 100  # percent
AT_ONCE = 200  # contacts in one transaction


def watch(store: Store, reply_to: ReplyTo) -> int:
    """Note every crossing, and have the account's people told of those upwards; how many were told.

    `reply_to` says where an operation for AX5 answers: to whom confirmed its terms.
    """
    told = 0
    while True:
        with store.writing(NOBODY) as uow:
            levels = uow.usage.crossed(AT_ONCE)
            told += sum(_crossed(uow, level, reply_to) for level in levels)
        if len(levels) < AT_ONCE:
            return told


def told_of(contact: Contact) -> tuple[Member, ...]:
    """Who gets the notice (A3): primary admin and billing contact, or the customer where none is known."""
    rights = frozenset({MemberRight.PRIMARY_ADMIN, MemberRight.BILLING_CONTACT})
    people = (one for one in contact.members if one.rights & rights)
    by_address = {one.email.casefold(): one for one in people}
    return tuple(by_address.values()) or (Member(name=contact.name, email=contact.email),)


def switch(uow: UnitOfWork, contact_id: ContactId, *, on: bool) -> None:
    """Switch it on or off that a reached limit is raised (AX5), in the actor's name.

    Raises NotPermitted where the role does not include changing plans, RaisingNotOffered where the policy does not
    offer it, NobodyMayPurchase. What is so already stays so, without a second line in the timeline.
    """
    uow.actor.require(Permission.CHANGE_PLAN)
    contact = billable(uow, contact_id)
    if on and uow.catalogue.plan_changes.raise_by_itself is RaiseByItself.NEVER:
        raise RaisingNotOffered
    if on and not purchasers(contact):
        raise NobodyMayPurchase(contact=contact.name)
    if on is (uow.usage.raises_by_itself(contact_id) is not None):
        return
    uow.usage.switch(contact_id, uow.actor.team, uow.actor.user if on else None)
    what = Happening.RAISING_SWITCHED
    uow.timeline.append(
        Entry(
            id=f"{contact_id}:{what}:{int(on)}:{uow.now.isoformat()}",
            contact=contact_id,
            at=uow.now,
            what=what,
            by=uow.actor.name,
            parameters={"on": int(on)},
        )
    )


def _crossed(uow: UnitOfWork, level: UsageLevel, reply_to: ReplyTo) -> bool:
    uow.usage.save(level)
    if level.percent <= level.before:
        return False
    contact = uow.contacts.get(level.contact)
    id_ = f"{contact.id}:{Happening.USAGE_NOTICE}:{level.percent}:{uow.now.isoformat()}"
    uow.timeline.append(
        Entry(
            id=id_,
            contact=contact.id,
            at=uow.now,
            what=Happening.USAGE_NOTICE,
            parameters={
                "percent": level.percent,
                "used": contact.account.active_contacts,
                "limit": contact.account.contact_limit,
            },
        )
    )
    rises = _raise(uow, contact, id_, reply_to) if level.percent >= REACHED else _can_be_raised(uow, contact)
    about = f"{contact.id}:{level.percent}:{int(uow.now.timestamp())}:{int(rises)}"
    uow.enqueue(Job(id=id_, name=PIPELINE, argument=about))
    return True


def _agreed(uow: UnitOfWork, contact: Contact) -> tuple[TeamId, UserId] | None:
    """Who of the staff confirmed the terms of AX5; None: it was not agreed, or is offered no more."""
    is_offered = uow.catalogue.plan_changes.raise_by_itself is not RaiseByItself.NEVER
    return uow.usage.raises_by_itself(contact.id) if is_offered else None


def _can_be_raised(uow: UnitOfWork, contact: Contact) -> bool:
    """Whether the limit will be raised once it is reached: it was agreed, and there is a higher one."""
    if _agreed(uow, contact) is None:
        return False
    try:
        next_limit(uow, contact)
    except Refusal:
        return False
    return True


def _raise(uow: UnitOfWork, contact: Contact, key: str, reply_to: ReplyTo) -> bool:
    """Whether it is being raised: only if it was agreed. Where it cannot be, managers are told: they have to decide."""
    agreed = _agreed(uow, contact)
    if agreed is None:
        return False
    team, user = agreed
    try:
        command = next_limit(uow, contact)
    except Refusal as refusal:
        not_raised(uow, contact.id, refusal.reason, to_customer=False)
        return False
    uow.accept(
        Operation(
            id=operation_id(key),
            key=key,
            kind=command.kind,
            contact=contact.id,
            team=team,
            user=user,
            command=command.model_dump_json(),
            reply_to=reply_to(user),
            created_at=uow.now,
            updated_at=uow.now,
        )
    )
    return True
