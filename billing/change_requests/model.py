"""What a change request is, its states, and its rows.

    filed ── approve ──> approved ── Stripe has it ──> scheduled ── its day ──> effective
      │ │                    │                             │
      │ └ ask ─> asked       └ Stripe refuses ─> failed    ├ keep ─> kept
      │   <─ answer ┘                                      └ an upgrade ─> superseded
      ├ reject ─> rejected
      └ withdraw ─> withdrawn

Where a downgrade takes effect at once, `approved` leads to `effective`. An upgrade supersedes any open request, fewer
seats an undecided one; whatever ends the subscription at Stripe, or the schedule, ends the request as `failed`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, NamedTuple, Protocol, Self

from pydantic import Field

from billing.catalogue import ReasonCode
from billing.errors import KontorError, NotFound
from billing.ids import ContactId, RequestId, ScheduleId, SubscriptionId, TeamId, UserId
from billing.models import Frozen
from billing.plans import Difference, Impact, Package

LONGEST_NOTE = 1500  # characters of anything that a person writes about a request


class RequestState(StrEnum):
    FILED = "filed"  # waits for the approvers
    ASKED = "asked"  # waits for whoever filed it to answer a question
    APPROVED = "approved"  # decided; Stripe is being told
    SCHEDULED = "scheduled"  # waits at Stripe for its day; the plan can still be kept
    EFFECTIVE = "effective"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    KEPT = "kept"  # approved, and then the customer kept the plan
    SUPERSEDED = "superseded"  # another change came in between
    FAILED = "failed"  # Stripe does not do it (any more)

    @property
    def undecided(self) -> bool:
        return self in (RequestState.FILED, RequestState.ASKED)

    @property
    def open(self) -> bool:
        """Something may still come of it; there is one such request for a subscription at most."""
        return self.undecided or self in (RequestState.APPROVED, RequestState.SCHEDULED)


class Act(StrEnum):
    """What moves a request on."""

    FILE = "file"
    APPROVE = "approve"
    REJECT = "reject"
    ASK = "ask"
    ANSWER = "answer"
    WITHDRAW = "withdraw"
    SCHEDULE = "schedule"  # Stripe has it
    TAKE_EFFECT = "take_effect"
    KEEP = "keep"
    SUPERSEDE = "supersede"
    FAIL = "fail"


class Origin(StrEnum):
    FORM = "form"
    TICKET = "ticket"  # a help ticket's e-mail (A29)


class Person(Frozen):
    """A member of staff, as a request remembers them."""

    user: UserId
    name: str
    instead_of: str | None = None  # the name of the colleague for whom this one decides
    deputy_of: UserId | None = None  # that colleague, where their absence named this one; None: by a right of their own


class Decision(Frozen):
    """One thing that was done with a request: an audit row, never changed. `number` is the version it led to."""

    number: int
    act: Act
    by: Person | None  # None: Stripe, or the program
    at: datetime  # UTC
    note: str = ""
    override: bool = False  # approved although usage is above the new limits (A4)


Note = Annotated[str, Field(max_length=LONGEST_NOTE)]


class ChangeRequest(Frozen):
    """The request with everything that was true when it was filed; later changes of policy do not touch it."""

    id: RequestId
    version: int = 1  # grows by one with everything that is done
    team: TeamId
    contact: ContactId
    contact_name: str
    subscription: SubscriptionId
    filed_by: Person
    filed_at: datetime  # UTC
    origin: Origin = Origin.FORM
    requester_name: str  # the customer's person (A1)
    requester_email: str
    reply_to: str  # the e-mail address that the customer is written to (A28)
    reason: ReasonCode
    remark: Note = ""
    wished: date | None = None  # not before that day, in the business's time zone
    offer_declined: str | None = None  # the code of the coupon that was shown and not taken (HX17)
    before: Package
    after: Package
    differences: tuple[Difference, ...]
    impact: Impact
    approvers: tuple[Person, ...]  # who may decide
    deputies: tuple[Person, ...] = ()  # who may, too, once it was escalated
    approvals_needed: int = 1
    state: RequestState = RequestState.FILED
    decisions: tuple[Decision, ...]  # oldest first; the first is the filing
    effective_at: datetime | None = None  # UTC; known once it is scheduled
    schedule: ScheduleId | None = None
    nudged_at: datetime  # UTC; when the approvers were last told or reminded
    escalated_at: datetime | None = None

    @property
    def approvals(self) -> tuple[Decision, ...]:
        """Those that count: since the last question was answered, everybody may have read more."""
        return tuple(one for one in self.decisions if one.act is Act.APPROVE)

    @property
    def last(self) -> Decision:
        return self.decisions[-1]

    @property
    def deciders(self) -> tuple[Person, ...]:
        """Who may decide now."""
        return self.approvers + (self.deputies if self.escalated_at else ())

    @property
    def agreed(self) -> frozenset[UserId]:
        """Who has agreed, and for whom."""
        people = (one.by for one in self.approvals if one.by)
        return frozenset(user for one in people for user in (one.user, one.deputy_of) if user)

    def may_agree(self, person: Person) -> bool:
        """Whether it would be one agreement more: a deputy's is the one of who is away."""
        return not self.agreed & {person.user, person.deputy_of}

    def decider(self, user: UserId) -> Person | None:
        """As whom that person may decide; of several such, as one whose agreement is still missing."""
        theirs = [one for one in self.deciders if one.user == user]
        return next(filter(self.may_agree, theirs), theirs[0] if theirs else None)

    def waits_for(self, user: UserId) -> bool:
        """Whether this person can move it on now."""
        if self.state is RequestState.ASKED:
            return user == self.filed_by.user
        decider = self.decider(user)
        return self.state is RequestState.FILED and decider is not None and self.may_agree(decider)

    def age(self, now: datetime) -> timedelta:
        return now - self.filed_at

    @property
    def place(self) -> Place:
        return Place(self.filed_at, self.id)


class Conflict(KontorError):
    """The request was moved on by somebody else since it was read: read it again."""


class RequestFilter(StrEnum):
    """What a list shows."""

    WAITING_FOR_ME = "waiting_for_me"
    FILED_BY_ME = "filed_by_me"
    UNDECIDED = "undecided"
    SCHEDULED = "scheduled"
    ALL = "all"

    @property
    def oldest_first(self) -> bool:
        """What waits begins with what has waited longest; everything else with the newest."""
        return self in (RequestFilter.WAITING_FOR_ME, RequestFilter.UNDECIDED)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Place(NamedTuple):
    """Where something stands in a list: by when it was filed, and by its id among what was filed at that instant.

    A list goes on behind a place, whatever became meanwhile of what stood there.
    """

    at: datetime  # UTC
    id: str

    @classmethod
    def read(cls, code: str) -> Self:
        """Raise NotFound for a code that no list gave."""
        microseconds, _, id_ = code.partition(".")
        try:
            return cls(_EPOCH + timedelta(microseconds=int(microseconds)), id_)
        except (ValueError, OverflowError):
            raise NotFound(code) from None

    @property
    def code(self) -> str:
        """Short, for a button."""
        return f"{(self.at - _EPOCH) // timedelta(microseconds=1)}.{self.id}"


class RequestPage(Frozen):
    """A page of a list: oldest first of what waits, newest first of everything else."""

    requests: tuple[ChangeRequest, ...] = ()
    total: int = 0
    following: Place | None = None  # give it back to read the next page; None: this is the end


class Card(Frozen):
    """A copy of a request's card in Slack, kept so that all copies change together."""

    request: RequestId
    place: str  # `channel:C…`, `approver:U…` or `filer:U…`
    channel: str | None = None  # where it was posted; None: it is being posted
    ts: str | None = None
    shown: int = 0  # the version that it shows


class ChangeRequests(Protocol):
    """The rows of requests, of their decisions and of their cards."""

    def add(self, request: ChangeRequest) -> bool:
        """Insert it with its first decision; False, and nothing changed, when the id is known.

        Raises Conflict when another request about this subscription is open.
        """

    def get(self, request: RequestId) -> ChangeRequest:
        """Raise UnknownRequest."""

    def save(self, request: ChangeRequest) -> None:
        """Replace the version before this one, and add the decisions that are new. Raises Conflict if it is another."""

    def note(self, request: ChangeRequest) -> None:
        """Replace the same version: what changed is no decision, as when it was nudged. Raises Conflict."""

    def open_for(self, subscription: SubscriptionId) -> ChangeRequest | None:
        """The one open request about that subscription."""

    def of_contact(self, contact: ContactId, limit: int = 5) -> tuple[ChangeRequest, ...]:
        """Newest first."""

    def page(
        self, wanted: RequestFilter, team: TeamId, user: UserId, *, limit: int, after: Place | None = None
    ) -> RequestPage:
        """What that person sees under that filter."""

    def undecided_since(self, nudged_before: datetime, limit: int) -> tuple[ChangeRequest, ...]:
        """Undecided ones of which nobody was told since then, oldest first."""

    def cards(self, request: RequestId) -> tuple[Card, ...]:
        """All copies, by place."""

    def claim_card(self, card: Card) -> bool:
        """Insert it before it is posted; False when somebody else has claimed or posted it."""

    def save_card(self, card: Card) -> None:
        """Where it was posted, and what it shows."""


class Absence(Frozen):
    """Somebody is out of office, and who decides meanwhile."""

    team: TeamId
    user: UserId
    first: date  # in the business's time zone
    last: date
    deputy: UserId

    def covers(self, day: date) -> bool:
        return self.first <= day <= self.last


class Absences(Protocol):
    """The rows of absences and deputies; one for each person."""

    def get(self, team: TeamId, user: UserId) -> Absence | None: ...

    def save(self, absence: Absence) -> None:
        """Insert or replace the person's."""

    def end(self, team: TeamId, user: UserId) -> None:
        """The person is back."""

    def of_team(self, team: TeamId) -> tuple[Absence, ...]: ...


class UsageLevel(Frozen):
    """The highest of 80, 90 and 100 percent that a contact's usage has reached; 0: below."""

    contact: ContactId
    percent: int
    before: int = 0  # what was noted last


class UsageNotices(Protocol):
    """Contacts near their limit (A3, AX6): who has crossed a level since it was last looked at."""

    def crossed(self, limit: int) -> tuple[UsageLevel, ...]:
        """Contacts whose usage is now at another of the levels 0, 80, 90, 100 than was noted, with the level of now."""

    def save(self, level: UsageLevel) -> None:
        """Note it."""

    def raises_by_itself(self, contact: ContactId) -> tuple[TeamId, UserId] | None:
        """Who of the staff confirmed the terms of AX5 for this account; None: it is switched off."""

    def switch(self, contact: ContactId, team: TeamId, user: UserId | None) -> None:
        """Switch AX5 on, in that person's name, or off."""


def places(request: ChangeRequest, channel: str | None) -> Iterable[str]:
    """Where the request's card belongs: the managers' channel, everybody who may decide, and who filed it (A24)."""
    if channel:
        yield f"channel:{channel}"
    yield from dict.fromkeys(f"approver:{one.user}" for one in request.deciders)
    yield f"filer:{request.filed_by.user}"
