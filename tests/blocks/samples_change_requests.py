"""Read models of change requests for the tests of views: an ordinary one in every state, and one as large as can be."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from billing.approvals import ApprovalList, ApprovalPage, Asked
from billing.change_requests.lists import RequestView
from billing.change_requests.model import (
    LONGEST_NOTE,
    Absence,
    Act,
    ChangeRequest,
    Decision,
    Origin,
    Person,
    RequestFilter,
    RequestState,
)
from billing.change_requests.rights import BY_APPROVERS
from billing.change_requests.states import LEADS_TO
from billing.change_requests.tickets import Said, TicketRequest
from billing.contacts import Account
from billing.ids import RequestId, ScheduleId, TeamId, UserId
from billing.plans import Cadence, Difference, Dimension, Direction, Excess, LimitChange
from tests.blocks import samples_plan_changes as sold
from tests.blocks.samples import LONG, NOW, contact, eur

PLANS = sold.PLANS
MONTHLY = Cadence(interval="month", count=1, currency="EUR")
MIA = Person(user=UserId("U1"), name="Mia Brandt")
PRIYA = Person(user=UserId("U2"), name="Priya Nair")
JONAS = Person(user=UserId("U3"), name="Jonas Weber", instead_of="Sam Okoye")
EFFECTIVE_AT = datetime(2026, 12, 15, 9, 0, tzinfo=UTC)
S, A = RequestState, Act


def decision(number: int, act: Act, by: Person | None = PRIYA, note: str = "", **more: Any) -> Decision:
    return Decision(number=number, act=act, by=by, at=NOW + timedelta(hours=number), note=note, **more)


def request(state: RequestState = S.FILED, *done: Decision, **changes: Any) -> ChangeRequest:
    """Professional becomes Plus, with what was done after the filing."""
    fields = {
        "state": state,
        "decisions": (decision(1, A.FILE, MIA, "The season is over"), *done),
        "version": len(done) + 1,
        "remark": "The season is over",
        "impact": sold.impact(gained=(), lost=sold.impact().gained, before=eur(18700), after=eur(4900)),
    }
    return sold.request(**(fields | changes))


def view(one: ChangeRequest | None = None, **changes: Any) -> RequestView:
    shown = one or request()
    fields = {
        "request": shown,
        "may": tuple(act for act in (*BY_APPROVERS, A.KEEP) if (shown.state, act) in LEADS_TO),
        "cadence": MONTHLY,
        "stuck": False,
        "above": (),
        "account": Account(),
        "now": NOW + timedelta(hours=3),
        "escalates_after": timedelta(hours=72),
    }
    return RequestView(**(fields | changes))


APPROVED = decision(2, A.APPROVE)
PLANNED = {"effective_at": EFFECTIVE_AT, "schedule": ScheduleId("sub_sched_1")}
SCHEDULED = decision(3, A.SCHEDULE, None)

# One of every state, as people meet it.
STATES: dict[RequestState, RequestView] = {
    one.state: view(one)
    for one in (
        request(),
        request(S.ASKED, decision(2, A.ASK, PRIYA, "Since when?"), wished=date(2027, 1, 1)),
        request(S.APPROVED, decision(2, A.APPROVE, JONAS, "They clean up", override=True)),
        request(S.SCHEDULED, APPROVED, SCHEDULED, **PLANNED),
        request(S.EFFECTIVE, APPROVED, SCHEDULED, decision(4, A.TAKE_EFFECT, None), **PLANNED),
        request(S.REJECTED, decision(2, A.REJECT, PRIYA, "They signed for a year")),
        request(S.WITHDRAWN, decision(2, A.WITHDRAW, MIA)),
        request(S.KEPT, APPROVED, SCHEDULED, decision(4, A.KEEP, MIA), **PLANNED),
        request(S.SUPERSEDED, decision(2, A.SUPERSEDE, PRIYA)),
        request(S.FAILED, APPROVED, SCHEDULED, decision(4, A.FAIL, None, "ScheduleReleased"), **PLANNED),
    )
}
ENDED = view(request(S.FAILED, decision(2, A.FAIL, None, "SubscriptionEnded")))
BROKEN = view(request(S.FAILED, APPROVED, decision(3, A.FAIL, None, "SubscriptionChanged")))
CALLED_OFF = view(request(S.KEPT, APPROVED, SCHEDULED, decision(4, A.KEEP, None), **PLANNED))
ANSWERED = view(request(S.FILED, decision(2, A.ASK, PRIYA, "Since when?"), decision(3, A.ANSWER, MIA, "Since May")))
FORGOTTEN = view(cadence=None)  # nobody knows the subscription any more
FOR_NOBODY = view(may=())
FOR_FILER = view(may=(A.WITHDRAW,))
ABOVE = view(
    above=(
        Excess(what=Dimension.LIMIT, used=4610, allowed=2500),
        Excess(what=Dimension.SEATS, used=5, allowed=1),
    )
)

# The most data

TALK = tuple(
    decision(number, A.ASK if number % 2 else A.ANSWER, Person(user=UserId("U2"), name=LONG), LONG[:LONGEST_NOTE])
    for number in range(2, 90)
)
LARGE = view(
    request(
        S.FILED,
        *TALK,
        id=RequestId("chr_" + "x" * 60),
        team=TeamId("T1"),
        contact_name=LONG,
        requester_name=LONG,
        requester_email="x" * 250,
        reply_to="x" * 250,
        remark=LONG[:LONGEST_NOTE],
        filed_by=Person(user=UserId("U1"), name=LONG),
        origin=Origin.TICKET,
        wished=date(2027, 1, 1),
        impact=sold.LARGE_IMPACT.model_copy(
            update={
                "lost": sold.MANY,
                "limits": tuple(LimitChange(limit=f"l{n}", before=None, after=10**9) for n in range(40)),
            }
        ),
        differences=(
            *sold.UPWARDS * 8,
            Difference(dimension=Dimension.ADD_ON, direction=Direction.DOWN, before=9, after=0, add_on="gone"),
        ),
        approvers=tuple(Person(user=UserId(f"U{n}"), name=LONG) for n in range(60)),
        deputies=(JONAS,),
        escalated_at=NOW,
        approvals_needed=2,
    ),
    above=ABOVE.above,
    may=(A.APPROVE, A.REJECT, A.ASK, A.ANSWER, A.WITHDRAW, A.KEEP),
    now=NOW + timedelta(days=40),
)


def listed(wanted: RequestFilter, *shown: Asked, **changes: Any) -> ApprovalList:
    fields = {
        "wanted": wanted,
        "page": ApprovalPage(shown=shown, total=len(shown)),
        "waiting": 0,
        "reader": UserId("U2"),
        "may_export": True,
        "now": NOW + timedelta(hours=3),
    }
    return ApprovalList(**(fields | changes))


FULL_LIST = listed(
    RequestFilter.WAITING_FOR_ME,
    waiting=123_456,
    page=ApprovalPage(shown=(LARGE.request,) * 8, total=123_456, following="9" * 17 + ".chr_" + "x" * 60),
)
TICKET = Said(remark=LONG[:LONGEST_NOTE], origin=Origin.TICKET)


def tickets(count: int) -> tuple[TicketRequest, ...]:
    """One, for so many customers of the same primary admin."""
    return tuple(
        TicketRequest(contact=contact(id=f"con_{one}", name=LONG), requester="ada@example.com", said=TICKET)
        for one in range(count)
    )


ABSENCE = Absence(
    team=TeamId("T1"), user=UserId("U2"), first=date(2026, 12, 21), last=date(2027, 1, 3), deputy=UserId("U3")
)
