"""Notices of failed payments, comparisons with Stripe, and sums over all contacts, in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from billing.contacts import Invoice, InvoiceStatus
from billing.dunning.model import Notice, NoticePage
from billing.errors import NotFound
from billing.ids import ContactId, TeamId, UserId
from billing.money import Money, total
from billing.operations import Operation, State
from billing.overviews import Sum
from billing.reconciliations import Reconciliation
from billing.timeline import Happening


@dataclass(frozen=True)
class MemoryNotices:
    """`billing.dunning.model.Notices`."""

    rows: Any

    def add(self, notice: Notice) -> bool:
        if any((one.failure, one.place) == (notice.failure, notice.place) for one, _ in self.rows.notices):
            return False
        self.rows.notices.append((notice, None))
        return True

    def due(self, quiet_since: datetime, oldest: datetime) -> tuple[str, ...]:
        untold: dict[str, list[datetime]] = {}
        for notice, batch in self.rows.notices:
            if batch is None:
                untold.setdefault(notice.place, []).append(notice.noted_at)
        return tuple(sorted(place for place, at in untold.items() if max(at) <= quiet_since or min(at) <= oldest))

    def gather(self, place: str) -> str:
        batch = f"failures:{place}:{len(self.rows.notices)}"
        self.rows.notices[:] = [
            (notice, batch if known is None and notice.place == place else known) for notice, known in self.rows.notices
        ]
        return batch

    def page(self, batch: str, limit: int, after: int = 0) -> NoticePage:
        theirs = [(n, one) for n, (one, known) in enumerate(self.rows.notices, 1) if known == batch and n > after]
        shown = theirs[:limit]
        return NoticePage(
            notices=tuple(one for _, one in shown), following=shown[-1][0] if len(theirs) > limit else None
        )

    def totals(self, batch: str) -> tuple[int, tuple[Money, ...]]:
        theirs = [one.amount for one, known in self.rows.notices if known == batch]
        return len(theirs), tuple(one.amount for one in _sums(theirs))


@dataclass(frozen=True)
class MemoryReconciliations:
    """`billing.reconciliations.Reconciliations`."""

    rows: Any

    def get(self, run: str) -> Reconciliation:
        if run not in self.rows.reconciliations:
            raise NotFound(run)
        found: Reconciliation = self.rows.reconciliations[run]
        return found

    def under_way(self) -> Reconciliation | None:
        last = self._last(self.rows.reconciliations.values())
        return last if last and last.finished_at is None else None

    def last_finished(self) -> Reconciliation | None:
        return self._last(one for one in self.rows.reconciliations.values() if one.finished_at)

    def save(self, run: Reconciliation) -> None:
        self.rows.reconciliations[run.id] = run

    def _last(self, some: Iterable[Reconciliation]) -> Reconciliation | None:
        return max(some, key=lambda one: (one.began_at, one.id), default=None)


@dataclass(frozen=True)
class MemoryOverview:
    """`billing.overviews.Overview`."""

    rows: Any

    def latest(
        self,
        team: TeamId,
        user: UserId,
        limit: int,
        *,
        preparing: Collection[str] = (),
        without: Collection[str] = (),
    ) -> tuple[Operation, ...]:
        theirs = [
            one
            for one in self.rows.operations.values()
            if (one.team, one.user) == (team, user)
            and one.kind not in without
            and not (one.kind in preparing and one.state is State.DONE)
        ]
        return tuple(sorted(theirs, key=lambda one: one.created_at, reverse=True)[:limit])

    def waiting(self, team: TeamId, user: UserId, limit: int) -> tuple[int, tuple[Operation, ...]]:
        theirs = [one for one in self.latest(team, user, 10**6) if one.state is State.WAITING]
        return len(theirs), tuple(reversed(theirs))[:limit]

    def overdue(self, now: datetime) -> tuple[Sum, ...]:
        return _sums(one.due for _, one in self._open() if one.due_at and one.due_at < now)

    def failing(self) -> tuple[Sum, ...]:
        return _sums(one.due for _, one in self._open() if one.failing)

    def worst_failing(self, limit: int) -> tuple[tuple[ContactId, Invoice], ...]:
        failing = [pair for pair in self._open() if pair[1].failing]
        return tuple(sorted(failing, key=lambda pair: (-pair[1].due.amount, pair[1].id))[:limit])

    def expiring(self, first: date, last: date) -> int:
        months = {(first.year, first.month), (last.year, last.month)}
        methods = (method for mirrored in self.rows.mirror.values() for method in mirrored.methods)
        return sum((one.exp_year, one.exp_month) in months for one in methods)

    def received(self, since: datetime, until: datetime, currency: str) -> Money:
        paid = (
            one.amount
            for one in self.rows.timeline
            if one.what is Happening.PAYMENT_SUCCEEDED and since <= one.at < until and one.amount
        )
        return total((amount for amount in paid if amount.currency == currency), currency)

    def _open(self) -> list[tuple[ContactId, Invoice]]:
        return [
            (contact, invoice)
            for contact, mirrored in self.rows.mirror.items()
            for invoice in mirrored.invoices
            if invoice.status is InvoiceStatus.OPEN
        ]


def _sums(amounts: Iterable[Money]) -> tuple[Sum, ...]:
    every = list(amounts)
    counts = Counter(one.currency for one in every)
    return tuple(
        Sum(count=count, amount=total((one for one in every if one.currency == currency), currency))
        for currency, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    )
