"""Change requests as rows: the frozen request as JSON, and beside it what lists look at.

A version is saved once: who comes second finds another one there (Conflict). Decisions are added, never changed;
triggers in the database see to that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, delete, func, select, tuple_, update
from sqlalchemy.engine import Connection

from billing.change_requests.model import Card, ChangeRequest, Conflict, Decision, Place, RequestFilter, RequestPage
from billing.errors import UnknownRequest
from billing.ids import ContactId, RequestId, SubscriptionId, TeamId, UserId
from billing.storage.statements import add, upsert
from billing.storage.tables import (
    OPEN,
    SCHEDULED,
    UNDECIDED,
    change_cards,
    change_deciders,
    change_decisions,
    change_requests,
)

_BODY = change_requests.c.body
_Listed = Select[str, datetime, str]  # the body, and what the list is ordered by


class RequestRows:
    """`billing.change_requests.model.ChangeRequests` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, request: ChangeRequest) -> bool:
        if not add(self._connection, change_requests, _row(request)):
            if self._connection.scalar(select(change_requests.c.id).where(change_requests.c.id == request.id)) is None:
                raise Conflict(request.subscription)
            return False
        self._decided(request, request.decisions)
        self._await(request)
        return True

    def get(self, request: RequestId) -> ChangeRequest:
        body = self._connection.scalar(select(_BODY).where(change_requests.c.id == request))
        if body is None:
            raise UnknownRequest(request=request)
        return ChangeRequest.model_validate_json(body)

    def save(self, request: ChangeRequest) -> None:
        before = request.version - 1
        self._replace(request, before)
        self._decided(request, [one for one in request.decisions if one.number > before])

    def note(self, request: ChangeRequest) -> None:
        self._replace(request, request.version)

    def open_for(self, subscription: SubscriptionId) -> ChangeRequest | None:
        statement = select(_BODY).where(change_requests.c.subscription == subscription, OPEN)
        body = self._connection.scalar(statement)
        return ChangeRequest.model_validate_json(body) if body is not None else None

    def of_contact(self, contact: ContactId, limit: int = 5) -> tuple[ChangeRequest, ...]:
        column = change_requests.c
        statement = (
            select(_BODY)
            .where(column.contact == contact)
            .order_by(column.filed_at.desc(), column.id.desc())
            .limit(limit)
        )
        return tuple(self._read(statement))

    def page(
        self, wanted: RequestFilter, team: TeamId, user: UserId, *, limit: int, after: Place | None = None
    ) -> RequestPage:
        listed = _listed(wanted, team, user)
        total = self._connection.scalar(listed.with_only_columns(func.count(), maintain_column_froms=True)) or 0
        _, at, id_ = listed.selected_columns
        if after is not None:
            seen = tuple_(*after)
            listed = listed.where(tuple_(at, id_) > seen if wanted.oldest_first else tuple_(at, id_) < seen)
        order = (at, id_) if wanted.oldest_first else (at.desc(), id_.desc())
        found = tuple(self._read(listed.order_by(*order).limit(limit + 1)))
        shown = found[:limit]
        return RequestPage(requests=shown, total=total, following=shown[-1].place if len(found) > limit else None)

    def undecided_since(self, nudged_before: datetime, limit: int) -> tuple[ChangeRequest, ...]:
        column = change_requests.c
        statement = select(_BODY).where(UNDECIDED, column.nudged_at <= nudged_before)
        return tuple(self._read(statement.order_by(column.nudged_at, column.id).limit(limit)))

    def cards(self, request: RequestId) -> tuple[Card, ...]:
        column = change_cards.c
        rows = self._connection.execute(select(change_cards).where(column.request == request).order_by(column.place))
        return tuple(_card(row) for row in rows)

    def claim_card(self, card: Card) -> bool:
        return bool(add(self._connection, change_cards, card.model_dump()))

    def save_card(self, card: Card) -> None:
        self._connection.execute(upsert(self._connection, change_cards, "request", "place"), card.model_dump())

    def _replace(self, request: ChangeRequest, version: int) -> None:
        """Whoever else replaces that version waits for this transaction, and then finds another one there."""
        column = change_requests.c
        statement = update(change_requests).where(column.id == request.id, column.version == version)
        if self._connection.execute(statement.values(_row(request))).rowcount == 0:
            raise Conflict(request.id)
        self._connection.execute(delete(change_deciders).where(change_deciders.c.request == request.id))
        self._await(request)

    def _await(self, request: ChangeRequest) -> None:
        people = dict.fromkeys((*(one.user for one in request.deciders), request.filed_by.user))
        rows = [
            {"request": request.id, "user_id": user, "team": request.team, "filed_at": request.filed_at}
            for user in people
            if request.waits_for(user)
        ]
        if rows:
            add(self._connection, change_deciders, *rows)

    def _decided(self, request: ChangeRequest, decisions: Iterable[Decision]) -> None:
        if rows := [_decision_row(request.id, one) for one in decisions]:
            self._connection.execute(change_decisions.insert(), rows)

    def _read(self, statement: Select[*tuple[Any, ...]]) -> Iterator[ChangeRequest]:
        return map(ChangeRequest.model_validate_json, self._connection.scalars(statement))


def _listed(wanted: RequestFilter, team: TeamId, user: UserId) -> _Listed:
    """What is in that list. What waits is in its own table, with an index that has the order."""
    column, waiting = change_requests.c, change_deciders.c
    if wanted is RequestFilter.WAITING_FOR_ME:
        for_me = select(_BODY, waiting.filed_at, waiting.request).join_from(change_deciders, change_requests)
        return for_me.where(waiting.team == team, waiting.user_id == user)
    listed = select(_BODY, column.filed_at, column.id).where(column.team == team)
    match wanted:
        case RequestFilter.FILED_BY_ME:
            return listed.where(column.filed_by == user)
        case RequestFilter.UNDECIDED:
            return listed.where(UNDECIDED)
        case RequestFilter.SCHEDULED:
            return listed.where(SCHEDULED)
        case RequestFilter.ALL:
            return listed


def _row(request: ChangeRequest) -> dict[str, Any]:
    return {
        "id": request.id,
        "version": request.version,
        "team": request.team,
        "contact": request.contact,
        "subscription": request.subscription,
        "filed_by": request.filed_by.user,
        "state": request.state.value,
        "filed_at": request.filed_at,
        "nudged_at": request.nudged_at,
        "body": request.model_dump_json(),
    }


def _decision_row(request: RequestId, decision: Decision) -> dict[str, Any]:
    by = decision.by
    return {
        "request": request,
        "number": decision.number,
        "act": decision.act.value,
        "user_id": by.user if by else None,
        "by_name": by.name if by else None,
        "instead_of": by.instead_of if by else None,
        "happened_at": decision.at,
        "note": decision.note,
        "override": decision.override,
    }


def _card(row: Row[*tuple[Any, ...]]) -> Card:
    return Card(request=RequestId(row.request), place=row.place, channel=row.channel, ts=row.ts, shown=row.shown)
