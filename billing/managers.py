"""Who is told what managers have to know: their channel, each of them, or both; where there are none, the admins.

Every place has a job of its own, whose id says what is told and where. So nobody is told again because somebody else
could not be reached, or because the channel turned out to be closed after they had been told directly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from billing.access import Actor
from billing.ports import Job, UnitOfWork
from billing.roles import Role

CHANNEL = "channel"  # instead of a person: the managers' channel

JobAt = Callable[[str], Job]  # at a place: CHANNEL, or a person


def tell(uow: UnitOfWork, job: JobAt, *, each: bool = False) -> None:
    """Have it told in the channel; with `each`, what nobody may overlook, also to each person directly."""
    uow.enqueue(job(CHANNEL))
    if each:
        tell_each(uow, job, responsible(uow))


def tell_each(uow: UnitOfWork, job: JobAt, people: Iterable[Actor]) -> None:
    """Have it told to each of them directly, unless that was done before."""
    uow.enqueue(*(job(one.user) for one in people))


def responsible(uow: UnitOfWork) -> tuple[Actor, ...]:
    """The managers; where there are none, the admins."""
    return having(uow, Role.MANAGER) or having(uow, Role.ADMIN)


def having(uow: UnitOfWork, role: Role) -> tuple[Actor, ...]:
    return tuple(one for one in uow.staff.list() if role in one.roles)
