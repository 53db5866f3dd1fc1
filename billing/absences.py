"""Out of office: who decides meanwhile (A24, H16). Anybody with a role may be a deputy, nobody their own."""

from __future__ import annotations

from datetime import date, timedelta

from billing.change_requests.model import Absence, Person
from billing.errors import AbsenceImpossible
from billing.ids import TeamId, UserId
from billing.models import Frozen
from billing.ports import UnitOfWork
from billing.roles import Permission

LONGEST = timedelta(days=366)


class Away(Frozen):
    """The form, submitted."""

    first: date
    last: date
    deputy: UserId


def current(uow: UnitOfWork) -> Absence | None:
    """The actor's own, if it is not over."""
    uow.actor.require(Permission.DECIDE_CHANGE_REQUEST)
    found = uow.absences.get(uow.actor.team, uow.actor.user)
    return found if found and found.last >= uow.today else None


def begin(uow: UnitOfWork, away: Away) -> Absence:
    """The actor is away from the first to the last day. Raises AbsenceImpossible."""
    uow.actor.require(Permission.DECIDE_CHANGE_REQUEST)
    if away.last < away.first or away.last < uow.today or away.last - away.first > LONGEST:
        error = AbsenceImpossible(problem="days")
        error.field = "last"
        raise error
    someone = uow.staff.get(uow.actor.team, away.deputy)
    if away.deputy == uow.actor.user or someone is None or not someone.roles:
        raise AbsenceImpossible(problem="deputy")
    absence = Absence(team=uow.actor.team, user=uow.actor.user, **away.model_dump())
    uow.absences.save(absence)
    return absence


def end(uow: UnitOfWork) -> None:
    """The actor is back. What the deputy was asked to decide stays with them, too."""
    uow.actor.require(Permission.DECIDE_CHANGE_REQUEST)
    uow.absences.end(uow.actor.team, uow.actor.user)


def is_away(uow: UnitOfWork, team: TeamId, user: UserId) -> bool:
    """Whether that person is out of office today, in the business's time zone."""
    absence = uow.absences.get(team, user)
    return absence is not None and absence.covers(uow.today)


def deputies(uow: UnitOfWork, team: TeamId, people: tuple[Person, ...], filer: UserId) -> tuple[Person, ...]:
    """Whom these people named to decide for them, in absences that are not over: none of themselves, and not `filer`.

    Who is named by two of them is in it twice, each time in the place of another one.
    """
    names = {one.user: one.name for one in people}
    staff = {one.user: one.name for one in uow.staff.list() if one.team == team}
    return tuple(
        Person(user=one.deputy, name=staff[one.deputy], instead_of=names[one.user], deputy_of=one.user)
        for one in uow.absences.of_team(team)
        if one.user in names and one.last >= uow.today and one.deputy in staff and one.deputy not in (*names, filer)
    )
