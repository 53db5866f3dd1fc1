"""Change requests, absences and usage notices in memory. What the tables hold is frozen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from billing.change_requests.model import (
    Absence,
    Card,
    ChangeRequest,
    Conflict,
    Place,
    RequestFilter,
    RequestPage,
    RequestState,
    UsageLevel,
)
from billing.contacts import Contact
from billing.errors import UnknownRequest
from billing.ids import ContactId, RequestId, SubscriptionId, TeamId, UserId

_LEVELS = (100, 90, 80)


@dataclass
class RequestTables:
    requests: dict[RequestId, ChangeRequest] = field(default_factory=dict)
    cards: dict[tuple[RequestId, str], Card] = field(default_factory=dict)
    absences: dict[tuple[TeamId, UserId], Absence] = field(default_factory=dict)
    usage_levels: dict[ContactId, int] = field(default_factory=dict)
    automatic_raises: dict[ContactId, tuple[TeamId, UserId]] = field(default_factory=dict)


@dataclass(frozen=True)
class MemoryRequests:
    rows: RequestTables

    def add(self, request: ChangeRequest) -> bool:
        if request.id in self.rows.requests:
            return False
        if request.state.open and self.open_for(request.subscription):
            raise Conflict(request.subscription)
        self.rows.requests[request.id] = request
        return True

    def get(self, request: RequestId) -> ChangeRequest:
        if request not in self.rows.requests:
            raise UnknownRequest(request=request)
        return self.rows.requests[request]

    def save(self, request: ChangeRequest) -> None:
        self._replace(request, request.version - 1)

    def note(self, request: ChangeRequest) -> None:
        self._replace(request, request.version)

    def open_for(self, subscription: SubscriptionId) -> ChangeRequest | None:
        mine = (one for one in self.rows.requests.values() if one.subscription == subscription)
        return next((one for one in mine if one.state.open), None)

    def of_contact(self, contact: ContactId, limit: int = 5) -> tuple[ChangeRequest, ...]:
        mine = (one for one in self.rows.requests.values() if one.contact == contact)
        return tuple(sorted(mine, key=lambda one: one.place, reverse=True)[:limit])

    def page(
        self, wanted: RequestFilter, team: TeamId, user: UserId, *, limit: int, after: Place | None = None
    ) -> RequestPage:
        listed = [one for one in self.rows.requests.values() if one.team == team and _is_in(wanted, one, user)]
        rest = sorted(listed, key=lambda one: one.place, reverse=not wanted.oldest_first)
        if after is not None:
            rest = [one for one in rest if (one.place > after if wanted.oldest_first else one.place < after)]
        shown = tuple(rest[:limit])
        return RequestPage(requests=shown, total=len(listed), following=shown[-1].place if len(rest) > limit else None)

    def undecided_since(self, nudged_before: datetime, limit: int) -> tuple[ChangeRequest, ...]:
        lying = (one for one in self.rows.requests.values() if one.state.undecided and one.nudged_at <= nudged_before)
        return tuple(sorted(lying, key=lambda one: (one.nudged_at, one.id))[:limit])

    def cards(self, request: RequestId) -> tuple[Card, ...]:
        mine = (card for card in self.rows.cards.values() if card.request == request)
        return tuple(sorted(mine, key=lambda card: card.place))

    def claim_card(self, card: Card) -> bool:
        if (card.request, card.place) in self.rows.cards:
            return False
        self.save_card(card)
        return True

    def save_card(self, card: Card) -> None:
        self.rows.cards[card.request, card.place] = card

    def _replace(self, request: ChangeRequest, version: int) -> None:
        known = self.rows.requests.get(request.id)
        if known is None or known.version != version:
            raise Conflict(request.id)
        self.rows.requests[request.id] = request


@dataclass(frozen=True)
class MemoryAbsences:
    rows: RequestTables

    def get(self, team: TeamId, user: UserId) -> Absence | None:
        return self.rows.absences.get((team, user))

    def save(self, absence: Absence) -> None:
        self.rows.absences[absence.team, absence.user] = absence

    def end(self, team: TeamId, user: UserId) -> None:
        self.rows.absences.pop((team, user), None)

    def of_team(self, team: TeamId) -> tuple[Absence, ...]:
        theirs = (one for one in self.rows.absences.values() if one.team == team)
        return tuple(sorted(theirs, key=lambda one: one.user))


@dataclass(frozen=True)
class MemoryUsage:
    rows: RequestTables
    contacts: Mapping[ContactId, Contact]

    def crossed(self, limit: int) -> tuple[UsageLevel, ...]:
        return tuple(self._crossed())[:limit]

    def save(self, level: UsageLevel) -> None:
        self.rows.usage_levels[level.contact] = level.percent

    def raises_by_itself(self, contact: ContactId) -> tuple[TeamId, UserId] | None:
        return self.rows.automatic_raises.get(contact)

    def switch(self, contact: ContactId, team: TeamId, user: UserId | None) -> None:
        if user is None:
            self.rows.automatic_raises.pop(contact, None)
        else:
            self.rows.automatic_raises[contact] = (team, user)

    def _crossed(self) -> Iterable[UsageLevel]:
        for id_, contact in sorted(self.contacts.items()):
            used, most = contact.account.active_contacts, contact.account.contact_limit
            percent = next((level for level in _LEVELS if most and used * 100 // most >= level), 0)
            before = self.rows.usage_levels.get(id_, 0)
            if percent != before:
                yield UsageLevel(contact=id_, percent=percent, before=before)


def _is_in(wanted: RequestFilter, request: ChangeRequest, user: UserId) -> bool:
    match wanted:
        case RequestFilter.WAITING_FOR_ME:
            return request.waits_for(user)
        case RequestFilter.FILED_BY_ME:
            return request.filed_by.user == user
        case RequestFilter.UNDECIDED:
            return request.state.undecided
        case RequestFilter.SCHEDULED:
            return request.state is RequestState.SCHEDULED
        case RequestFilter.ALL:
            return True
